"""`python -m hookline`: what is installed, as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import sys

from .plugins import PluginManager
from .plugins._manager import PluginInfo


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m hookline")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    plugins = commands.add_parser(
        "plugins",
        help="list the installed plugins and what each registers",
        description="List the installed plugins and what each registers. Exits with 1 where one "
        "failed to load, or where two claim the same name.",
    )
    plugins.add_argument("--json", action="store_true", help="print JSON, tracebacks included")
    options = parser.parse_args(argv)

    import warnings

    with warnings.catch_warnings():
        # The table says it already.
        warnings.simplefilter("ignore", RuntimeWarning)
        infos = PluginManager.discover(strict=False).plugins()
    if options.json:
        print(json.dumps([info._asdict() for info in infos], indent=2))
    else:
        print(_table(infos))
    return 1 if any(info.status in ("failed", "clash") for info in infos) else 0


def _table(infos: list[PluginInfo]) -> str:
    rows = [("PLUGIN", "DISTRIBUTION", "VERSION", "STATUS", "REGISTERS, OR WHY NOT")]
    for info in infos:
        what = "; ".join(
            [
                f"{slot.replace('_', ' ')}: {', '.join(names)}"
                for slot, names in info.registers.items()
            ]
            # One line per plugin, whatever its exception looks like.
            + ([" ".join(info.error.split())] if info.error else [])
        )
        rows.append((info.name, info.distribution, info.version, info.status, what))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
