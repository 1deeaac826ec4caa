"""`main` where the extra `cli` is not installed. Standard library only."""

from __future__ import annotations

import sys
from typing import NoReturn

from . import EXTRA


def main() -> NoReturn:
    """Say what the command line needs; list the plugins where that is what was asked for."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["plugins"] and set(arguments[1:]) <= {"--json"}:
        from ._listing import list_plugins

        sys.exit(list_plugins(as_json="--json" in arguments))
    print(
        "The command line of hookline needs packages that are not installed. Install them with:\n"
        f"  {EXTRA}",
        file=sys.stderr,
    )
    sys.exit(1)
