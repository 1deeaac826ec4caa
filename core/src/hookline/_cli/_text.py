"""Text as it may be shown: without control characters, without credentials, in units for people.

A server chooses what is in a head and in a body, and a terminal obeys what it is sent: nothing of
theirs reaches it that is not a character to be seen.
"""

from __future__ import annotations

import re

from .._headers import _SENSITIVE

SECURE = "[secure]"

# C0 and DEL have pictures; C1 has none, nor have the marks that change the direction of text, so
# that what is read is not what is there, further line ends, and tags, which nobody sees.
_VISIBLE = {code: 0x2400 + code for code in range(0x20)}
_VISIBLE[0x7F] = 0x2421
del _VISIBLE[0x09], _VISIBLE[0x0A]
_CONTROLS: dict[int, int | str] = {
    **_VISIBLE,
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},
    **{
        code: f"\\u{code:04x}"
        for code in (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
    },
    **{code: f"\\U{code:08x}" for code in range(0xE0000, 0xE0080)},
}

# Headers of a request whose values are as good as a password, beside those that a configuration
# takes from where secrets are kept.
_SECRET = re.compile(
    r"authorization$|cookie|token|secret|passw|api[-_]?key|credential", re.IGNORECASE
)


def visible(text: str) -> str:
    """Text for a terminal: line ends and tabs as they are, other controls as something to see."""
    if text.isprintable():
        return text
    return text.replace("\r\n", "\n").translate(_CONTROLS)


def one_line(text: str) -> str:
    """The same in one line."""
    return visible(" ".join(text.split()))


def masked(name: str, value: str) -> str:
    """The value of a request's header, without its secret."""
    if not _SECRET.search(name) and name.lower() not in _SENSITIVE:
        return value
    scheme, space, rest = value.partition(" ")
    if name.lower().endswith("authorization") and rest:
        # What kind of credentials they were is no secret, and often the question.
        return f"{scheme}{space}{SECURE}"
    return SECURE


def fields(raw: list[tuple[bytes, bytes]], *, reveal: bool = True) -> list[tuple[str, str]]:
    """A head's fields as text: of a request, without credentials unless they are to be revealed."""
    pairs = [(_decoded(name), _decoded(value)) for name, value in raw]
    return pairs if reveal else [(name, masked(name, value)) for name, value in pairs]


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("iso-8859-1")


def size(number: int) -> str:
    """A number of bytes: "1 byte", "12.3 kB", "4.0 MB"."""
    if number < 1000:
        return f"{number} byte" if number == 1 else f"{number} bytes"
    amount = float(number)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        # 999 950 is 1.0 MB, not 1000.0 kB.
        if amount < 999.95 or unit == "TB":
            break
    return f"{amount:.1f} {unit}"


def duration(seconds: float) -> str:
    """A time: "0.03 ms", "12.0 ms", "1.50 s"."""
    if seconds < 0.000995:
        return f"{seconds * 1000:.2f} ms"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.99995 else f"{seconds:.2f} s"
