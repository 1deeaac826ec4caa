"""Content codings: what is built in, and how several of them are undone one after the other.

Knows bytes in and bytes out (RFC 9110 section 8.4). Text is in `_text.py`; how much may come out is
in `_bounds.py`.

A few bytes may decode to gigabytes. So every decoder here also gives what it has in pieces of a
bounded size, each made when it is asked for: whoever takes them one by one can stop in time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar

from ._errors import DecodingError
from .plugins.interfaces import Decoder

# The largest piece, in bytes. What ordinary data decodes to, as it arrives, is less.
MOST_AT_ONCE = 1 << 20
# How much is handed to zlib at a time: each time that it stops early, it copies the rest.
_SLICE = 65_536
# How many codings are undone for one body. Nobody applies more than two for a good reason; curl and
# urllib3 stop at five, too.
_MOST_CODINGS = 5


class GZipDecoder(Decoder):
    """gzip (RFC 1952), several members after one another included.

    What follows a complete member and is not another one is passed over, as gzip(1), browsers and
    httpx do.
    """

    name: ClassVar[str] = "gzip"

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        # Whether a member was complete, and nothing of another has come out yet.
        self._may_be_over = False
        self._is_over = False

    def decode(self, data: bytes) -> bytes:
        """The decoded form of the next piece."""
        return b"".join(self._decoded(data, 0))

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The same, piece by piece."""
        return self._decoded(data, MOST_AT_ONCE)

    def _decoded(self, data: bytes, most: int) -> Iterator[bytes]:
        for part in _slices(data):
            while part and not self._is_over:
                if self._inflate.eof:
                    # RFC 1952 section 2.2: a file is a series of members. Zeros are padding.
                    part = part.lstrip(b"\0")
                    if not part:
                        break
                    self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
                    self._may_be_over = True
                try:
                    for piece in _inflated(self._inflate, part, most):
                        self._may_be_over = False
                        yield piece
                except zlib.error as exc:
                    if not self._may_be_over:
                        raise DecodingError(str(exc)) from exc
                    self._is_over = True
                part = self._inflate.unused_data

    def flush(self) -> bytes:
        """What is left at the end of the body."""
        if self._is_over:
            return b""
        try:
            return self._inflate.flush()
        except zlib.error as exc:
            raise DecodingError(str(exc)) from exc


class DeflateDecoder(Decoder):
    """deflate: a zlib stream (RFC 1950), or the bare deflate data that some servers send."""

    name: ClassVar[str] = "deflate"

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj()
        # What came before there were two bytes, which tell the two forms apart; None from then on.
        self._start: bytes | None = b""

    def decode(self, data: bytes) -> bytes:
        """The decoded form of the next piece."""
        return b"".join(self._decoded(data, 0))

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The same, piece by piece."""
        return self._decoded(data, MOST_AT_ONCE)

    def _decoded(self, data: bytes, most: int) -> Iterator[bytes]:
        may_be_bare = self._start is not None
        if self._start is not None:
            data = self._start + data
            if len(data) < 2:
                self._start = data
                return
            self._start = None
        for part in _slices(data):
            try:
                for piece in _inflated(self._inflate, part, most):
                    may_be_bare = False
                    yield piece
            except zlib.error as exc:
                if not may_be_bare:
                    raise DecodingError(str(exc)) from exc
                self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
                try:
                    yield from _inflated(self._inflate, part, most)
                except zlib.error as again:
                    raise DecodingError(str(again)) from again
            may_be_bare = False

    def flush(self) -> bytes:
        """What is left at the end of the body."""
        try:
            return self._inflate.flush()
        except zlib.error as exc:
            raise DecodingError(str(exc)) from exc


def _slices(data: bytes) -> Iterator[bytes]:
    if len(data) <= _SLICE:
        yield data
    else:
        for start in range(0, len(data), _SLICE):
            yield data[start : start + _SLICE]


def _inflated(inflate: zlib._Decompress, data: bytes, most: int) -> Iterator[bytes]:
    """What zlib makes of a piece, in pieces of at most so many bytes; 0 for all that there is."""
    while True:
        piece = inflate.decompress(data, most)
        if piece:
            yield piece
        data = inflate.unconsumed_tail
        # A full piece may have left something inside, even where no input is left.
        if inflate.eof or (not data and (not most or len(piece) < most)):
            return


class MultiDecoder(Decoder):
    """Several codings, undone in the reverse of the order in which they were applied."""

    name: ClassVar[str] = "multi"

    def __init__(self, applied: list[Decoder]) -> None:
        self._decoders = applied[::-1]

    def decode(self, data: bytes) -> bytes:
        """The decoded form of the next piece."""
        for decoder in self._decoders:
            data = decoder.decode(data)
        return data

    def flush(self) -> bytes:
        """What is left at the end of the body."""
        data = b""
        for decoder in self._decoders:
            data = decoder.decode(data) + decoder.flush() if data else decoder.flush()
        return data

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """As `decode`: each coding pulls what it needs from the one before it."""
        pieces: Iterator[bytes] = iter((data,))
        for decoder in self._decoders:
            pieces = _through(decoder, pieces)
        return pieces

    def last_pieces(self) -> Iterator[bytes]:
        """As `flush`."""
        pieces: Iterator[bytes] = iter(())
        for decoder in self._decoders:
            pieces = _to_the_end(decoder, pieces)
        return pieces


def _through(decoder: Decoder, pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield from decoder.pieces(piece)


def _to_the_end(decoder: Decoder, pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield from _through(decoder, pieces)
    yield from decoder.last_pieces()


def _made(make: Callable[[], Decoder], coding: str) -> Decoder:
    """A decoder; one of a plugin's is named where it breaks."""
    if getattr(make, "__module__", "").startswith("hookline."):
        return make()
    from ._plugin_decoder import PluginDecoder

    return PluginDecoder(make, coding)


def decoder_for(
    content_encoding: str, known: Mapping[str, Callable[[], Decoder]]
) -> Decoder | None:
    """A decoder for a Content-Encoding value, or None where there is nothing to undo.

    Codings that nobody registered are passed over, as httpx does: the user then sees the bytes as
    they came. Raises DecodingError where there are too many: each may blow up what the next one
    gets.
    """
    decoders = []
    for name in content_encoding.split(","):
        coding = name.strip().lower()
        make = known.get(coding)
        if make is not None:
            decoders.append(_made(make, coding))
    if not decoders:
        return None
    if len(decoders) > _MOST_CODINGS:
        raise DecodingError(
            f"The body was encoded {len(decoders)} times over; at most {_MOST_CODINGS} content "
            "codings are undone."
        )
    return decoders[0] if len(decoders) == 1 else MultiDecoder(decoders)
