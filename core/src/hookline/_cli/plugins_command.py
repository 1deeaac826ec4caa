"""`hookline plugins`."""

from __future__ import annotations

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, tracebacks included.")
def plugins(as_json: bool) -> int:
    """List the installed plugins: for each kind the names that can be used, their classes, and the
    distributions that brought them. Then those that are blocked or failed to load, and why.

    Exits with 1 where one failed to load, or where two claim the same name.
    """
    from ._listing import list_plugins, terminal_width

    return list_plugins(as_json=as_json, width=terminal_width())
