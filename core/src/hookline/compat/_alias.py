"""What makes other names mean hookline: one finder, first in line, for the names it was told.

Knows `sys.meta_path` and `sys.modules`. What the modules hold is in the folders beside this file:
`httpx` for httpx and httpx2, `httpcore` for httpcore and httpcore2. They are packages like any
other, loaded under the name that was asked for, so that Python itself finds their submodules.

A name of which the real package is loaded already is refused: some of the program would go on with
classes that are not ours, and `isinstance` and `except` would miss each other's.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import FunctionType, ModuleType, TracebackType

_HERE = Path(__file__).parent
_FOLDERS = {
    "httpx": _HERE / "httpx",
    "httpx2": _HERE / "httpx",
    "httpcore": _HERE / "httpcore",
    "httpcore2": _HERE / "httpcore",
}

# How many of those who imported the real package an error names.
_IMPORTERS_NAMED = 5


class _Finder(MetaPathFinder):
    """Finds the names that are aliased. Their submodules are found by their `__path__`."""

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The module that stands in for a name, or None where it is none of ours."""
        if fullname not in self.names:
            return None
        folder = _FOLDERS[fullname]
        return spec_from_file_location(
            fullname, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )


_finder = _Finder()
_lock = threading.Lock()


class Alias:
    """Names that mean hookline, until `undo()` or the end of a `with` block.

    `names` are those that this call added: what was aliased before is not undone with it.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self.names: frozenset[str] = names

    def undo(self) -> None:
        """Let the names mean what is installed again, for imports from here on.

        Modules that have imported one keep what they have. May be called twice.
        """
        with _lock:
            names, self.names = self.names, frozenset()
            _finder.names -= names
            if not _finder.names and _finder in sys.meta_path:
                sys.meta_path.remove(_finder)
            for loaded in list(sys.modules):
                if loaded.partition(".")[0] in names:
                    del sys.modules[loaded]

    def __enter__(self) -> Alias:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.undo()

    def __repr__(self) -> str:
        return f"<Alias {', '.join(sorted(self.names)) or 'of nothing'}>"


def alias(*names: str) -> Alias:
    """Make `import httpx` and its kin mean hookline in this process, whoever imports them.

    `names` are any of "httpx", "httpx2", "httpcore" and "httpcore2"; all four, where none is given.
    Packages that use httpcore by itself, to make connections, need the real one: leave "httpcore"
    away for them, `alias("httpx", "httpx2")`. "httpcore" goes with "httpx" alone, "httpcore2" with
    "httpx2".

    Returns what undoes it: a context manager with `undo()`. Calling it again adds what is not
    aliased yet, and nothing else. It is for programs and for tests; libraries should not call it.

    Raises RuntimeError, and changes nothing, where the real package is loaded already: the call has
    to come before anything imports it. Raises ValueError for other names.
    """
    for name in names:
        if name not in _FOLDERS:
            raise ValueError(
                f"alias: there is no {name!r} to stand in for; expected {', '.join(_FOLDERS)}."
            )
    with _lock:
        wanted = _finder.names.union(names or _FOLDERS)
        for below, above in (("httpcore", "httpx"), ("httpcore2", "httpx2")):
            if below in wanted and above not in wanted:
                raise ValueError(
                    f"alias: {below!r} cannot be aliased without {above!r}, which makes its "
                    "connections by it."
                )
        added = wanted - _finder.names
        real = [name for name in sorted(added) if sys.modules.get(name) is not None]
        if real:
            raise RuntimeError(_too_late(real))
        _finder.names = wanted
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
    return Alias(added)


def alias_httpx() -> None:
    """Make `import httpx`, httpx2, httpcore and httpcore2 mean hookline: `hookline.compat.alias()`
    under the name that httpx2 has for it.

    It has to be called before anything imports them, and raises RuntimeError otherwise. Calling it
    again does nothing.
    """
    alias()


def _too_late(real: list[str]) -> str:
    found = []
    for name in real:
        importers = _importers(name)
        more = len(importers) - _IMPORTERS_NAMED
        by = ", ".join(importers[:_IMPORTERS_NAMED]) + (f" and {more} more" if more > 0 else "")
        found.append(f"{name} (imported by {by})" if by else name)
    return (
        f"Cannot alias what is loaded already: {'; '.join(found)}. Call hookline.compat.alias() "
        "before anything imports it: at the top of the main module, or in sitecustomize.py. Or run "
        "the program by `python -m hookline.compat program.py`, and tests by "
        "`pytest -p hookline.compat.pytest_plugin` (conftest.py comes after pytest's plugins)."
    )


def _importers(name: str) -> list[str]:
    """The loaded modules that hold a package, or something from it: the first of each package, in
    the order of loading."""
    found: dict[str, str] = {}
    for importer, module in list(sys.modules.items()):
        package = importer.partition(".")[0]
        if package in _FOLDERS or package in found or not issubclass(type(module), ModuleType):
            continue
        # Not by attributes: some modules load themselves, or others, when they are looked at.
        contents = list(object.__getattribute__(module, "__dict__").values())
        if any(_comes_from(name, value) for value in contents):
            found[package] = importer
    return list(found.values())


def _comes_from(name: str, value: object) -> bool:
    kind = type(value)
    if issubclass(kind, ModuleType):
        origin = object.__getattribute__(value, "__dict__").get("__name__")
    elif issubclass(kind, type):
        origin = type.__getattribute__(value, "__dict__").get("__module__")
    elif kind is FunctionType:
        origin = value.__module__
    else:
        return False
    return isinstance(origin, str) and origin.partition(".")[0] == name
