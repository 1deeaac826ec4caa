"""What goes wrong, in one line on the standard error, and the exit status for it.

A wrong command line or configuration ends with 2, like any other usage error: nothing was sent.
What happens to a request ends with 1.
"""

from __future__ import annotations

import errno

import click

from .._errors import ConfigError, HTTPError, InvalidURL, PluginError, TooManyRedirects
from . import EXTRA, EXTRA_PACKAGES
from ._text import one_line

FAILED = 1


class Refused(click.ClickException):
    """The command line, or what it names, cannot be used; nothing was sent."""

    exit_code = 2

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(map(one_line, lines)))


def refused(exc: Exception) -> Refused:
    """What building a client or a request raised, as an error of whoever asked for that."""
    if isinstance(exc, ConfigError):
        return Refused(*str(exc).split("\n"))
    return Refused(f"{_kind(exc)}: {_words(exc)}")


def sentence(exc: BaseException) -> str:
    """A failure in one line: "ConnectError: Could not connect to ..."."""
    if isinstance(exc, ModuleNotFoundError) and exc.name in EXTRA_PACKAGES:
        return f"The package {exc.name!r} is missing: {EXTRA}"
    kind = _kind(exc)
    if not isinstance(exc, (HTTPError, InvalidURL, PluginError, OSError)):
        # Somebody's mistake, and it was not planned for: ours, or a plugin's.
        return one_line(f"Unexpected {kind}: {_words(exc)} (--traceback shows where)")
    if isinstance(exc, TooManyRedirects):
        return one_line(f"{kind}: {_words(exc)} The last one led to {exc.request.url._masked()}.")
    return one_line(f"{kind}: {_words(exc)}")


def is_broken_pipe(exc: BaseException) -> bool:
    """Whether nobody reads our output any more, which is for click to end quietly."""
    return isinstance(exc, OSError) and exc.errno == errno.EPIPE


def _kind(exc: BaseException) -> str:
    return type(exc).__name__


def _words(exc: BaseException) -> str:
    if isinstance(exc, OSError) and exc.strerror:
        return f"{exc.filename}: {exc.strerror}" if exc.filename else exc.strerror
    return str(exc) or "without a message"
