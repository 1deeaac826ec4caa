"""`hookline config`: check a configuration file, show what it would build, print its schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from .._errors import ConfigError

FAILED = 1

_FILE = click.argument("file", required=False, metavar="[FILE]")


@click.group(no_args_is_help=True)
def config() -> None:
    """Check configuration files, and show what they would build.

    Without a FILE, it is the one that the environment variable HOOKLINE_CONFIG names.
    """


@config.command()
@_FILE
@click.option(
    "--without-secrets", is_flag=True, help="Do not look whether the secrets are where they should."
)
def check(file: str | None, without_secrets: bool) -> int:
    """Check a configuration file: every client in it, and everything that can be known without
    making one.

    Lists what is wrong on the standard error, and exits with 1 then.
    """
    from ..config import check as check_config

    problems = check_config(file, secrets=not without_secrets)
    for problem in problems:
        click.echo(str(problem), err=True)
    if not problems:
        click.echo("Nothing is wrong with it.")
    return FAILED if problems else 0


@config.command()
@_FILE
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(file: str | None, name: str | None, as_json: bool) -> int:
    """Show what a configuration would build: layer by layer, in the order in which a request passes
    them, with the distribution that each comes from.

    Nothing is made, and no secret is read or shown.
    """
    from .._errors import ConfigError
    from ..config import show as show_config

    try:
        layers = show_config(file, name)
    except ConfigError as exc:
        return _refuse(exc)
    if as_json:
        click.echo(json.dumps([layer._asdict() for layer in layers], indent=2))
    else:
        click.echo("\n".join(map(str, layers)))
    return 0


@config.command()
@click.option("--open", "is_open", is_flag=True, help="Let names pass that are not installed here.")
@click.option("--core", is_flag=True, help="Of core alone, and open: this is what is published.")
def schema(is_open: bool, core: bool) -> int:
    """Print the JSON Schema of configuration files, with the options of every installed plugin: for
    editors."""
    from ..config import schema as schema_of
    from ..plugins import PluginManager

    document = schema_of(plugins=PluginManager() if core else None, is_open=is_open or core)
    click.echo(json.dumps(document, indent=2))
    return 0


def _refuse(exc: ConfigError) -> int:
    for problem in exc.errors:
        click.echo(str(problem), err=True)
    return FAILED
