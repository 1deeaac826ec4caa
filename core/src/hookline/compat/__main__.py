"""`python -m hookline.compat`: run a program in which httpx means hookline, without touching it."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from . import alias

USAGE = """\
usage: python -m hookline.compat PROGRAM [ARGUMENT ...]
       python -m hookline.compat -m MODULE [ARGUMENT ...]

Run a program in which `import httpx`, httpx2, httpcore and httpcore2 mean hookline.
PROGRAM is a file, such as a script or an installed command; MODULE is what `python -m` takes."""


def main(argv: list[str]) -> int:
    """Run what the arguments name; return the exit status of what cannot be run."""
    if argv[:1] in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    by_module = argv[:1] == ["-m"]
    rest = argv[1:] if by_module else argv
    if not rest or rest[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 2
    alias()
    program = rest[0]
    sys.argv = rest
    if by_module:
        # Python has put the working directory first, as it does for its own -m.
        runpy.run_module(program, run_name="__main__", alter_sys=True)
        return 0
    if not Path(program).is_file():
        print(f"python -m hookline.compat: there is no file {program!r}.", file=sys.stderr)
        return 2
    if not sys.flags.safe_path:
        sys.path[0] = str(Path(program).resolve().parent)
    runpy.run_path(program, run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
