"""Content codings: what is built in, and how several of them are undone one after the other.

Knows bytes in and bytes out (RFC 9110 section 8.4). Text is in `_text.py`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import ClassVar

from ._errors import DecodingError
from .plugins.interfaces import Decoder


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
        decoded = b""
        while data and not self._is_over:
            if self._inflate.eof:
                # RFC 1952 section 2.2: a file is a series of members. Zeros are padding.
                data = data.lstrip(b"\0")
                if not data:
                    break
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
                self._may_be_over = True
            try:
                piece = self._inflate.decompress(data)
            except zlib.error as exc:
                if not self._may_be_over:
                    raise DecodingError(str(exc)) from exc
                self._is_over = True
                break
            if piece:
                self._may_be_over = False
                decoded = decoded + piece if decoded else piece
            data = self._inflate.unused_data
        return decoded

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
        if self._start is not None:
            data = self._start + data
            if len(data) < 2:
                self._start = data
                return b""
            self._start = None
            try:
                return self._inflate.decompress(data)
            except zlib.error:
                self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._inflate.decompress(data)
        except zlib.error as exc:
            raise DecodingError(str(exc)) from exc

    def flush(self) -> bytes:
        """What is left at the end of the body."""
        try:
            return self._inflate.flush()
        except zlib.error as exc:
            raise DecodingError(str(exc)) from exc


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


def decoder_for(content_encoding: str, known: Mapping[str, type[Decoder]]) -> Decoder | None:
    """A decoder for a Content-Encoding value, or None where there is nothing to undo.

    Codings that nobody registered are passed over, as httpx does: the user then sees the bytes as
    they came.
    """
    decoders = []
    for name in content_encoding.split(","):
        cls = known.get(name.strip().lower())
        if cls is not None:
            decoders.append(cls())
    if not decoders:
        return None
    return decoders[0] if len(decoders) == 1 else MultiDecoder(decoders)
