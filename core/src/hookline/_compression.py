"""Content codings that take a package: br (RFC 7932) and zstd (RFC 8878), where one is installed.

Knows which packages there are, and loads them with the first body that needs them. Without one, the
coding is neither registered nor asked for.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from ._errors import DecodingError
from .plugins.interfaces import Decoder

# Best first. The packages of each have the same interface, but for one method's name.
_BROTLI: tuple[str, ...] = ("brotli", "brotlicffi")
_ZSTD: tuple[str, ...] = ("zstandard", "backports.zstd")
if sys.version_info >= (3, 14):
    _ZSTD = ("compression.zstd", *_ZSTD)


class BrotliDecoder(Decoder):
    """br, as the package brotli or brotlicffi decodes it."""

    name: ClassVar[str] = "br"

    def __init__(self) -> None:
        self._brotli: Any = _load(_BROTLI)
        self._decompressor = self._brotli.Decompressor()
        self._decompress = (
            getattr(self._decompressor, "decompress", None) or self._decompressor.process
        )
        self._has_begun = False

    def decode(self, data: bytes) -> bytes:
        """The decoded form of the next piece."""
        if not data:
            return b""
        self._has_begun = True
        try:
            decoded: bytes = self._decompress(data)
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
        self._frame = self._new_frame()
        self._has_begun = False

    def _new_frame(self) -> Any:
        decompressor = self._zstd.ZstdDecompressor()
        # zstandard has one more step; from there on the two are the same.
        return getattr(decompressor, "decompressobj", lambda: decompressor)()

    def decode(self, data: bytes) -> bytes:
        """The decoded form of the next piece."""
        decoded = b""
        while data:
            self._has_begun = True
            if self._frame.eof:
                self._frame = self._new_frame()
            try:
                decoded += self._frame.decompress(data)
            except self._zstd.ZstdError as exc:
                raise DecodingError(str(exc)) from exc
            data = self._frame.unused_data if self._frame.eof else b""
        return decoded

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
