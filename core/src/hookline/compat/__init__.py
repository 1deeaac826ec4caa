"""hookline under the names of httpx: for packages that were written for those.

    import hookline.compat

    hookline.compat.alias()

From here on, `import httpx`, httpx2, httpcore and httpcore2 mean hookline in this process, whoever
imports them. Nothing happens before that call, and `undo()` takes it back. Without touching a
program: `python -m hookline.compat program.py`, and for its tests
`pytest -p hookline.compat.pytest_plugin`.
"""

from ._alias import Alias, alias, alias_httpx

__all__ = ["Alias", "alias", "alias_httpx"]
