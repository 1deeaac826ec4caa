"""Content codings that take a package: br (RFC 7932) and zstd (RFC 8878), where one is installed.

Knows which packages there are, and loads them with the first body that needs them. Without one, the
coding is neither registered nor asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from ._decoders import MOST_AT_ONCE
from ._errors import DecodingError
from .plugins.interfaces import Decoder

# Best first. The packages of each have the same interface, but for one method's name.
_BROTLI: tuple[str, ...] = ("brotli", "brotlicffi")
_ZSTD: tuple[str, ...] = ("zstandard", "backports.zstd")
if sys.version_info >= (3, 14):
    _ZSTD = ("compression.zstd", *_ZSTD)

# Where a package cannot stop in the middle, it gets so many bytes at a time. In zstd, four bytes
# may stand for 128 KiB (RFC 8878 section 3.1.1.2.2): these are 16 MiB at the most. In br it is some
# 13 bytes for 16 MiB (RFC 7932 section 9.2), and these are 80 MiB; brotli 1.2 can stop.
_ZSTD_SLICE = 512
_BROTLI_SLICE = 64


class BrotliDecoder(Decoder):
    """br, as the package brotli or brotlicffi decodes it."""

    name: ClassVar[str] = "br"

    def __init__(self) -> None:
        self._brotli: Any = _load(_BROTLI)
        self._decompressor = self._brotli.Decompressor()
        self._decompress = (
            getattr(self._decompressor, "decompress", None) or self._decompressor.process
        )
        self._can_stop = hasattr(self._decompressor, "can_accept_more_data")
        self._has_begun = False

    def decode(self, data: bytes) -> bytes:
        """The decoded form of the next piece."""
        return self._process(data) if data else b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The same, piece by piece."""
        if not self._can_stop:
            for start in range(0, len(data), _BROTLI_SLICE):
                yield self._process(data[start : start + _BROTLI_SLICE])
            return
        # A piece may be nearly twice as large as it was asked for.
        while data or self._has_begun:
            piece = self._process(data, output_buffer_limit=MOST_AT_ONCE // 2)
            if not piece:
                return
            yield piece
            data = b""

    def _process(self, data: bytes, **limit: int) -> bytes:
        self._has_begun = True
        try:
            decoded: bytes = self._decompress(data, **limit)
        except self._brotli.error as exc:
            raise DecodingError(str(exc)) from exc
        return decoded

    def flush(self) -> bytes:
        """Nothing is ever left; raises DecodingError where the data was cut off."""
        if self._has_begun and not self._decompressor.is_finished():
            raise DecodingError("Brotli data is incomplete")
        return b""


class ZstdDecoder(Decoder):
    """zstd, several frames after one another included (RFC 8878 section 3.1)."""

    name: ClassVar[str] = "zstd"

    def __init__(self) -> None:
        self._zstd: Any = _load(_ZSTD)
        decompressor = self._zstd.ZstdDecompressor()
        # zstandard makes one for each frame; of the others, each is for one.
        self._new_frame = getattr(decompressor, "decompressobj", self._zstd.ZstdDecompressor)
        self._frame = self._new_frame()
        self._can_stop = hasattr(self._frame, "needs_input")
        self._has_begun = False

    def decode(self, data: bytes) -> bytes:
        """The decoded form of the next piece."""
        return b"".join(self._decoded(data))

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The same, piece by piece."""
        if self._can_stop:
            return self._decoded(data, MOST_AT_ONCE)
        starts = range(0, len(data), _ZSTD_SLICE)
        return (
            piece for start in starts for piece in self._decoded(data[start : start + _ZSTD_SLICE])
        )

    def _decoded(self, data: bytes, *most: int) -> Iterator[bytes]:
        while data:
            self._has_begun = True
            if self._frame.eof:
                self._frame = self._new_frame()
            while True:
                try:
                    piece = self._frame.decompress(data, *most)
                except self._zstd.ZstdError as exc:
                    raise DecodingError(str(exc)) from exc
                if piece:
                    yield piece
                if not most or self._frame.eof or self._frame.needs_input:
                    break
                data = b""
            data = self._frame.unused_data if self._frame.eof else b""

    def flush(self) -> bytes:
        """Nothing is ever left; raises DecodingError where the data was cut off."""
        if self._has_begun and not self._frame.eof:
            raise DecodingError("Zstandard data is incomplete")
        return b""


def available() -> list[type[Decoder]]:
    """The codings whose package is installed. None of them is imported."""
    return [
        decoder
        for decoder, modules in ((BrotliDecoder, _BROTLI), (ZstdDecoder, _ZSTD))
        if any(_is_installed(module) for module in modules)
    ]


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        # A parent that is missing, or something odd that a program put into sys.modules.
        return False


def _load(modules: tuple[str, ...]) -> Any:
    for module in modules[:-1]:
        try:
            return import_module(module)
        except ImportError:
            pass
    return import_module(modules[-1])
