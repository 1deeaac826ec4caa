"""`main`: which command is meant, and how each of them ends.

Knows click, the names of the commands and the exit status of everything that can happen. Sends no
request: `_request.py` does, and loads when there is one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from . import COMMANDS
from ._options import OPTIONS, SECTIONS, SectionedOption

# 128 + SIGINT, as shells say it.
INTERRUPTED = 130


class Main(click.Command):
    """A request, unless the first argument is the name of a command."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line. Exits, unless `standalone_mode` is False."""

        def run() -> Any:
            return super(Main, self).main(
                args,
                prog_name,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )

        return sys.exit(_status_of(run)) if standalone_mode else run()

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of the command that is meant."""
        if args and (command := load_command(args[0])) is not None:
            name = f"{info_name} {args[0]}"
            return command.make_context(name, args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that is meant."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help, in sections."""
        self.format_usage(ctx, formatter)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self.help or "")
        for section in SECTIONS:
            records = [
                record
                for parameter in self.get_params(ctx)
                if isinstance(parameter, SectionedOption) and parameter.section == section
                and (record := parameter.get_help_record(ctx)) is not None
            ]  # fmt: skip
            with formatter.section(section):
                formatter.write_dl(records)
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in known_commands()])
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self.epilog or "")


def known_commands() -> list[str]:
    """The names of the commands that are there."""
    from importlib.util import find_spec

    return [
        name
        for name, place in COMMANDS.items()
        if find_spec(f"{__package__}.{place.module}") is not None
    ]


def load_command(name: str) -> click.Command | None:
    """The command of that name, or None."""
    if name not in COMMANDS or name not in known_commands():
        return None
    from importlib import import_module

    place = COMMANDS[name]
    command: click.Command = getattr(
        import_module(f"{__package__}.{place.module}"), place.attribute
    )
    return command


def _status_of(run: Callable[[], Any]) -> int:
    """Run a command; the exit status that its end means."""
    try:
        result = run()
    except click.Abort:
        return INTERRUPTED
    except click.UsageError as exc:
        path = "hookline" if exc.ctx is None else exc.ctx.command_path
        # The whole help is what somebody gets who asked for nothing.
        hint = "" if isinstance(exc, click.exceptions.NoArgsIsHelpError) else _hint(path)
        click.echo(f"{exc.format_message()}{hint}", err=True)
        return exc.exit_code
    except click.ClickException as exc:
        click.echo(exc.format_message(), err=True)
        return exc.exit_code
    return result if isinstance(result, int) else 0


def _hint(path: str) -> str:
    return f" See '{path} --help'."


def _request(**options: Any) -> int:
    from ._request import run

    return run(**options)


main = Main(
    "hookline",
    params=OPTIONS,
    callback=_request,
    no_args_is_help=True,
    help=(
        "Send an HTTP request and show the response. A terminal gets the head and a readable body; "
        "a pipe or a file gets the body alone, byte for byte. Everything else goes to the standard "
        "error."
    ),
    epilog=(
        "Exit status: 0 for a response with a status of 2xx; 1 for any other response, and where "
        "none came; 2 where the command line is wrong and nothing was sent; 130 after Ctrl-C."
    ),
    add_help_option=False,
    options_metavar="[OPTIONS]",
)
"""The command line, as a click command: `hookline.main(["https://example.org/"])`. Exits."""
