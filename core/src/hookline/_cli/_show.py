"""A body on a terminal: readable, as it comes where its type allows, and never as raw bytes.

Knows how much of a body has to be there before it can be shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from .._text import TextDecoder
from ._output import Output
from ._pretty import highlighted, kind_of, looks_binary
from ._text import size, visible

if TYPE_CHECKING:
    from .._models import Response

# Text without a structure of its own: the beginning makes sense without the end.
_SHOWN_AS_IT_COMES = frozenset({"", "text", "lines"})


def show_body(response: Response, output: Output) -> None:
    """Print a body that was not read yet."""
    kind = kind_of(response.headers.get("content-type", ""))
    pieces = (piece for piece in response.iter_bytes() if piece)
    first = next(pieces, None)
    if first is None:
        return
    if kind == "binary" or looks_binary(first):
        _summarise(response, first, pieces, output)
    elif kind in _SHOWN_AS_IT_COMES:
        _show_as_it_comes(response, first, pieces, output)
    else:
        text = b"".join((first, *pieces)).decode(response.encoding or "utf-8", "replace")
        output.text(highlighted(visible(text), kind, output.paint), end=_line_end(text))


def _show_as_it_comes(
    response: Response, first: bytes, pieces: Iterator[bytes], output: Output
) -> None:
    decoder = TextDecoder(response.encoding or "utf-8")
    shown = ""
    try:
        for piece in chain([first], pieces):
            text = decoder.decode(piece)
            output.text(visible(text), end="")
            shown = text or shown
    finally:
        # What else there is to say begins in a line of its own.
        rest = decoder.flush()
        output.text(visible(rest), end=_line_end(rest or shown))


def _summarise(response: Response, first: bytes, pieces: Iterator[bytes], output: Output) -> None:
    """Say what is not shown. All of it is read: its length is often known in no other way."""
    length = len(first) + sum(len(piece) for piece in pieces)
    mime = response.headers.get("content-type", "").partition(";")[0].strip()
    what = f", {visible(mime)}" if mime else ""
    text = f"<{size(length)} of binary data{what}; --download FILE saves it>"
    output.text(output.paint(text, "faint"))


def _line_end(text: str) -> str:
    """What a terminal's next line begins after."""
    return "" if text.endswith("\n") else "\n"
