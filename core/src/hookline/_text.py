"""Bytes to text, text to lines, and either to pieces of a size: all of it incremental.

Knows nothing of responses. Each class takes the next piece and gives what it can.
"""

from __future__ import annotations

import codecs
from typing import AnyStr, Generic


class TextDecoder:
    """Decodes bytes in pieces; what is no text in the encoding becomes U+FFFD.

    UTF-16 and UTF-32 that do not say their byte order are little-endian, as browsers take them.
    """

    def __init__(self, encoding: str = "utf-8") -> None:
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")

    def decode(self, data: bytes) -> str:
        """The text of the next piece, without a character that is still incomplete."""
        return self._decoded(data, False)

    def flush(self) -> str:
        """What is left at the end."""
        return self._decoded(b"", True)

    def _decoded(self, data: bytes, is_end: bool) -> str:
        try:
            return self._decoder.decode(data, is_end)
        except UnicodeError:
            # Some raise whatever `errors` is: these two where there is no byte order mark, and
            # iso2022_jp_ext where an escape sequence is too long for it.
            name = codecs.lookup(self._encoding).name
            if name not in ("utf-16", "utf-32"):
                self._decoder.reset()
                return "\ufffd"
            data = self._decoder.getstate()[0] + data
            self._decoder = codecs.getincrementaldecoder(f"{name}-le")(errors="replace")
            return self._decoder.decode(data, is_end)


class LineDecoder:
    """Splits text into lines as `str.splitlines` does, over any number of pieces."""

    def __init__(self) -> None:
        # A line that is not complete, in parts: joining them only once keeps long lines linear.
        self._partial: list[str] = []
        # A trailing "\r" may be half of a "\r\n".
        self._held_cr = False

    def feed(self, text: str) -> list[str]:
        """The lines that this piece completes."""
        if self._held_cr:
            text = "\r" + text
            self._held_cr = False
        if text.endswith("\r"):
            self._held_cr = True
            text = text[:-1]
        if not text:
            return []

        ends_a_line = text[-1] in _LINE_ENDS
        lines = text.splitlines()
        if len(lines) == 1 and not ends_a_line:
            self._partial.append(lines[0])
            return []
        if self._partial:
            lines[0] = "".join(self._partial) + lines[0]
            self._partial = []
        if not ends_a_line:
            self._partial = [lines.pop()]
        return lines

    def flush(self) -> list[str]:
        """The last line, where no line end follows it."""
        if not self._partial and not self._held_cr:
            return []
        line = "".join(self._partial)
        self._partial = []
        self._held_cr = False
        return [line]


# What `str.splitlines` splits at.
_LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


class Chunker(Generic[AnyStr]):
    """Cuts pieces to one size, the last one excepted; a size of None leaves them as they come."""

    def __init__(self, size: int | None) -> None:
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
            raise ValueError(f"chunk_size: expected a whole number >= 1 or None, not {size!r}.")
        self._size = size
        self._held: list[AnyStr] = []
        self._held_length = 0

    def feed(self, piece: AnyStr) -> list[AnyStr]:
        """The full pieces that are there now."""
        if not piece:
            return []
        size = self._size
        if size is None:
            return [piece]
        self._held.append(piece)
        self._held_length += len(piece)
        if self._held_length < size:
            return []
        whole = piece[:0].join(self._held)
        full = len(whole) - len(whole) % size
        rest = whole[full:]
        self._held = [rest] if rest else []
        self._held_length = len(rest)
        return [whole[start : start + size] for start in range(0, full, size)]

    def flush(self) -> list[AnyStr]:
        """What is left at the end."""
        held, self._held, self._held_length = self._held, [], 0
        return [held[0][:0].join(held)] if held else []
