"""`hookline new-plugin NAME --kind KIND`: write the package of a new plugin."""

from __future__ import annotations

from pathlib import Path

import click

# The kinds, for the help: what makes them loads when there is something to make.
KINDS = (
    "middleware",
    "transport",
    "connector",
    "protocol",
    "auth-scheme",
    "event-hook",
    "decoder",
    "tls-context",
)


@click.command("new-plugin")
@click.argument("name")
@click.option(
    "--kind",
    required=True,
    type=click.Choice(KINDS),
    metavar="KIND",
    help=f"{', '.join(KINDS[:-1])} or {KINDS[-1]}.",
)
@click.option(
    "--into",
    "folder",
    default=".",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where to make the package's folder; here, without it.",
)
def new_plugin(name: str, kind: str, folder: Path) -> None:
    """Write the package of a new plugin, NAME, into a new folder, hookline-NAME.

    It has one class, which works as it is, and a test that holds it to the contract of its kind.
    """
    from ._new_plugin import NewPluginError, write_plugin

    try:
        root = write_plugin(name, kind, folder)
    except (NewPluginError, OSError) as exc:
        raise click.UsageError(str(exc), click.get_current_context()) from exc
    for file in sorted(each for each in root.rglob("*") if each.is_file()):
        click.echo(f"  {file.relative_to(root.parent)}")
    click.echo(
        f"\nInstall it and run its tests:\n\n"
        f"  cd {root}\n"
        f"  pip install --editable . --group test\n"
        f"  python -m pytest\n"
    )
