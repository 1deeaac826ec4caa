"""The options of `hookline URL`: those of httpx's command line, in their meanings, and our own.

Knows what can be said of a value by looking at it. Opens and reads nothing but what click does.
"""

from __future__ import annotations

from typing import Any

import click

SECTIONS = ("The request", "The connection", "The answer", "Other options")
_REQUEST, _CONNECTION, _ANSWER, _OTHER = SECTIONS


class SectionedOption(click.Option):
    """An option that stands in one section of the help."""

    def __init__(self, *declarations: str, section: str, **settings: Any) -> None:
        super().__init__(declarations, **settings)
        self.section = section


def _commands(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """What a shell may offer in the place of the URL."""
    from ._app import known_commands

    return [name for name in known_commands() if name.startswith(incomplete)]


def _header_line(
    context: click.Context, parameter: click.Parameter, lines: tuple[str, ...]
) -> list[tuple[str, str]]:
    pairs = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            # It may be a secret in the wrong place.
            raise click.BadParameter('expected "NAME: VALUE".', context, parameter)
        pairs.append((name.strip(), value.strip()))
    return pairs


def _credentials(
    context: click.Context, parameter: click.Parameter, value: tuple[str, str] | None
) -> tuple[str, str] | None:
    if value is not None and value[1] == "-":
        return value[0], click.prompt("Password", hide_input=True, err=True)
    return value


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from .._version import __version__

        click.echo(f"hookline {__version__}")
        context.exit()


def _help(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(context.get_help())
        context.exit()


_PAIR = (str, str)

OPTIONS: list[click.Parameter] = [
    click.Argument(["url"], shell_complete=_commands),
    # -- The request ------------------------------------------------------------------------
    SectionedOption(
        "-m", "--method", section=_REQUEST, metavar="METHOD",
        help="GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS or any other. Without it, GET, or POST "
        "where there is a body.",
    ),
    SectionedOption(
        "-p", "--params", section=_REQUEST, type=_PAIR, multiple=True, metavar="NAME VALUE",
        help="Add a parameter to the query. May be repeated, as all that take NAME and VALUE.",
    ),
    SectionedOption(
        "-h", "--headers", section=_REQUEST, type=_PAIR, multiple=True, metavar="NAME VALUE",
        help="Add a header.",
    ),
    SectionedOption(
        "-H", "--header", "header_lines", section=_REQUEST, multiple=True,
        metavar='"NAME: VALUE"', callback=_header_line,
        help="Add a header, as curl writes it.",
    ),
    SectionedOption(
        "--cookies", section=_REQUEST, type=_PAIR, multiple=True, metavar="NAME VALUE",
        help="Add a cookie.",
    ),
    SectionedOption(
        "-c", "--content", section=_REQUEST, metavar="TEXT",
        help="The body, as it is; - reads it from the standard input.",
    ),
    SectionedOption(
        "-j", "--json", section=_REQUEST, metavar="JSON",
        help="The body, as JSON; - reads it from the standard input.",
    ),
    SectionedOption(
        "-d", "--data", section=_REQUEST, type=_PAIR, multiple=True, metavar="NAME VALUE",
        help="Add a field to a form.",
    ),
    SectionedOption(
        "-f", "--files", section=_REQUEST, type=(str, click.File("rb")), multiple=True,
        metavar="NAME FILE",
        help="Add a file to a form; - is the standard input.",
    ),
    # -- The connection -----------------------------------------------------------------------
    SectionedOption(
        "--auth", section=_CONNECTION, type=_PAIR, default=None, metavar="USER PASSWORD",
        callback=_credentials,
        help="User name and password; - asks for the password.",
    ),
    SectionedOption(
        "--auth-scheme", section=_CONNECTION, metavar="NAME",
        help="How --auth is used: basic (as it is without this option), digest, auto (whichever "
        "the server asks for), or another that is installed.",
    ),
    SectionedOption(
        "--proxy", section=_CONNECTION, metavar="URL",
        help="Send the request through a proxy.",
    ),
    SectionedOption(
        "--timeout", section=_CONNECTION, type=float, metavar="SECONDS",
        help="How long to wait for a connection, and for each piece of data. [5.0]",
    ),
    SectionedOption(
        "--follow-redirects", section=_CONNECTION, is_flag=True,
        help="Go where redirects lead.",
    ),
    SectionedOption(
        "--no-verify", section=_CONNECTION, is_flag=True,
        help="Do not check the server's certificate.",
    ),
    SectionedOption(
        "--http2", section=_CONNECTION, is_flag=True,
        help="Speak HTTP/2 where the server does.",
    ),
    SectionedOption(
        "--config", section=_CONNECTION, metavar="FILE|NAME|FILE:NAME",
        help="Start from a client of a configuration file: the default one of FILE, or the one of "
        "that name in FILE or in the file that HOOKLINE_CONFIG names.",
    ),
    # -- The answer -------------------------------------------------------------------------
    SectionedOption(
        "-o", "--output", "--download", "download", section=_ANSWER, metavar="FILE",
        help="Save the body. A directory takes it under the name that the server gives, or the "
        "URL; - is the standard output.",
    ),
    SectionedOption(
        "-O", "remote_name", section=_ANSWER, is_flag=True,
        help="The same as --download . (a dot).",
    ),
    SectionedOption(
        "--format", "output_format", section=_ANSWER, default="auto",
        type=click.Choice(["auto", "pretty", "body", "json"]), metavar="FORMAT",
        help="What is printed: body (the body, byte for byte), pretty (the head, and the body made "
        "readable), json (all of it as one object, for scripts). Without it, pretty on a terminal "
        "and body elsewhere.",
    ),
    SectionedOption(
        "-v", "--verbose", section=_ANSWER, is_flag=True,
        help="Show the connection and the request, too.",
    ),
    SectionedOption(
        "--trace", section=_ANSWER, is_flag=True,
        help="Show where the time went.",
    ),
    SectionedOption(
        "--reveal", section=_ANSWER, is_flag=True,
        help="Show credentials that are sent; otherwise they read [secure].",
    ),
    SectionedOption(
        "--color", section=_ANSWER, default="auto",
        type=click.Choice(["auto", "always", "never"]), metavar="WHEN",
        help="always, never, or auto: on a terminal, unless NO_COLOR is set.",
    ),
    # -- Other options ----------------------------------------------------------------------
    SectionedOption(
        "--traceback", section=_OTHER, is_flag=True,
        help="Show the whole traceback of an error.",
    ),
    SectionedOption(
        "--version", section=_OTHER, is_flag=True, is_eager=True, expose_value=False,
        callback=_version, help="Show the version.",
    ),
    SectionedOption(
        "--help", section=_OTHER, is_flag=True, is_eager=True, expose_value=False,
        callback=_help, help="Show this page.",
    ),
]  # fmt: skip
