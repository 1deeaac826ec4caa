"""Where everything is printed: the answer on standard output, all the rest on standard error.

Knows whether somebody looks (a terminal) or something reads (a pipe, a file), and decides what that
means: a format, and colours. Knows nothing of HTTP.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import Any

import click

from ._pretty import Paint, colored, plain

# Where there is no terminal to ask.
_WIDTH = 80


class Output:
    """The two streams, and how to write to each.

    `format` is what was asked for, "auto" decided: "pretty", "body" or "json". `paint` colours text
    for the standard output, `paint_note` for the standard error.
    """

    def __init__(self, wanted_format: str = "auto", color: str = "auto") -> None:
        self.is_terminal = _is_terminal(sys.stdout)
        self.notes_are_seen = _is_terminal(sys.stderr)
        self.format = wanted_format
        if wanted_format == "auto":
            self.format = "pretty" if self.is_terminal else "body"
        self.paint = _paint(color, self.is_terminal)
        self.paint_note = _paint(color, self.notes_are_seen)

    @property
    def width(self) -> int:
        """The columns of the terminal."""
        return shutil.get_terminal_size((_WIDTH, 24)).columns

    def text(self, text: str, *, end: str = "\n") -> None:
        """Print text to the standard output."""
        _write(sys.stdout, text + end, is_colored=self.paint is colored)

    def note(self, text: str = "") -> None:
        """Print a line to the standard error, after all that was printed before."""
        sys.stdout.flush()
        _write(sys.stderr, text + "\n", is_colored=self.paint_note is colored)

    def bytes(self, data: bytes) -> None:
        """Write bytes to the standard output as they are, at once: who reads may be waiting."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def can_show(self, text: str) -> bool:
        """Whether the standard error has the characters of a text."""
        try:
            text.encode(getattr(sys.stderr, "encoding", None) or "ascii")
        except UnicodeEncodeError:
            return False
        return True


def _write(stream: Any, text: str, *, is_colored: bool) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    # A terminal without the characters is no reason to fail.
    text = text.encode(encoding, "backslashreplace").decode(encoding)
    click.echo(text, file=stream, nl=False, color=is_colored)


def _is_terminal(stream: Any) -> bool:
    isatty: Callable[[], bool] | None = getattr(stream, "isatty", None)
    return isatty is not None and isatty()


def _paint(color: str, is_terminal: bool) -> Paint:
    if color == "auto":
        # https://no-color.org: set, to whatever but nothing.
        wanted = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    else:
        wanted = color == "always"
    return colored if wanted else plain
