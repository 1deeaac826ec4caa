"""What a header block from a server says, and whether it may say that (RFC 9113 section 8).

Knows fields. Which stream they belong to, and what has come on it before, is in `_native.py`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ._codec import Fields

# Section 8.2.1. A colon is for pseudo-header fields, and the one that a response has is dealt with
# by itself. Names are looked at together, one to a line.
_NAMES: Final = re.compile(rb"(?:[\x21-\x39\x3b-\x40\x5b-\x7e]+\n)*")
_STATUS: Final = re.compile(rb"[1-9][0-9]{2}")
# The same section: a value contains none of these, and no white space is around it. Values are
# looked at together, too, each between line feeds.
_NEVER_IN_VALUES: Final = (b"\0", b"\r", b"\n ", b"\n\t", b" \n", b"\t\n")

# Section 8.2.2.
_OF_THE_CONNECTION: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
)
_SPECIAL: Final = _OF_THE_CONNECTION | {b"content-length", b"te"}


class Message(NamedTuple):
    """A header block, understood: the head of a response, or the trailers of one.

    `status` is 0 where the block has none, as trailers must not. `length` is the Content-Length.
    `flaw` says what is wrong with it, whichever of the two it is. Messages are remembered and
    given out again: `fields` must be left as they are.
    """

    fields: Fields
    status: int
    length: int | None
    flaw: str


def read_message(fields: Fields) -> Message:
    """Check fields, and find in them what the connection has to know."""
    status = 0
    rest = fields
    if fields and fields[0][0] == b":status":
        value = fields[0][1]
        if not _STATUS.fullmatch(value):
            return Message(fields, 0, None, "its :status is not a three-digit number")
        status = int(value)
        if status == 101:
            # Section 8.6.
            return Message(fields, status, None, "it switches protocols")
        rest = fields[1:]
    names = [name for name, _ in rest]
    length: int | None = None
    flaw = ""
    if not _are_clean(rest, names):
        flaw = _find_flaw(rest)
    elif not _SPECIAL.isdisjoint(names):
        length, flaw = _read_special(rest)
    return Message(fields, status, length, flaw)


def _are_clean(fields: Fields, names: list[bytes]) -> bool:
    lines = b"\n".join([*names, b""])
    if lines.count(b"\n") != len(names) or not _NAMES.fullmatch(lines):
        return False
    lines = b"\n".join([b"", *[value for _, value in fields], b""])
    if lines.count(b"\n") != len(fields) + 1:
        return False
    return all(sequence not in lines for sequence in _NEVER_IN_VALUES)


def _find_flaw(fields: Fields) -> str:
    for field in fields:
        name = field[0]
        if not _are_clean([field], [name]):
            if name.startswith(b":"):
                return f"pseudo-header field {name!r} is out of place"
            if _are_clean([(name, b"")], [name]):
                return f"the value of {name!r} contains what it must not"
            return f"{name!r} is no field name"
    raise AssertionError("unreachable")


def _read_special(fields: Fields) -> tuple[int | None, str]:
    length: int | None = None
    for name, value in fields:
        if name == b"content-length":
            try:
                number = int(value) if value.isdigit() else -1
            except ValueError:
                # More digits than Python converts.
                number = -1
            if number < 0:
                return None, "its Content-Length is no number"
            if length is not None and length != number:
                return None, "it has several Content-Lengths"
            length = number
        elif name in _OF_THE_CONNECTION or (name == b"te" and value.lower() != b"trailers"):
            return None, f"{name!r} has no place in HTTP/2"
    return length, ""
