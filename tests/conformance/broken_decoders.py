"""Decoders that break a rule each."""

from __future__ import annotations

import functools
import zlib
from typing import Any

from hookline import DecodingError
from hookline.plugins import Decoder
from hookline.testing import DecoderSuite

from .cases import breaks as _breaks

breaks = functools.partial(_breaks, DecoderSuite, encode=lambda self, data: zlib.compress(data))


class Good(Decoder):
    """Breaks no rule but that of its pieces' size: what the others derive from."""

    name = "x-zlib"

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj()

    def decode(self, data: bytes) -> bytes:
        try:
            return self._inflate.decompress(data)
        except zlib.error as exc:
            raise DecodingError(str(exc)) from exc


@breaks("test_needs_no_arguments", "cannot be made without arguments", make=lambda self: Level(1))
class Level(Good):
    def __init__(self, level: int) -> None:
        super().__init__()


@breaks("test_pieces_are_cut_anywhere", "in pieces of 1, was decoded to")
class ExpectsAll(Good):
    def decode(self, data: bytes) -> bytes:
        try:
            return zlib.decompress(data)
        except zlib.error:
            return b""


@breaks("test_wrong_data_is_a_decoding_error", "raise error: Error -3")
class RaisesTheLibrarys(Good):
    def decode(self, data: bytes) -> bytes:
        return self._inflate.decompress(data)


@breaks("test_wrong_data_is_a_decoding_error", "lost what it was raised because of")
class LosesTheCause(Good):
    def decode(self, data: bytes) -> bytes:
        try:
            return self._inflate.decompress(data)
        except zlib.error:
            raise DecodingError("wrong")  # noqa: B904 (that is what is wrong)


@breaks("test_cut_off_data_is_told", "as if that were all")
class MissesNothing(Good):
    pass


@breaks("test_pieces_are_bounded", "were decoded to a piece of")
class AllAtOnce(Good):
    pass


@breaks("test_bodies_do_not_know_each_other", "was decoded to")
class SharesItsState(Good):
    _pending: Any = []

    def decode(self, data: bytes) -> bytes:
        self._pending.append(data)
        if len(self._pending) < 3:
            return b""
        whole = b"".join(self._pending)
        self._pending.clear()
        try:
            return super().decode(whole)
        except DecodingError:
            return b"?"

    def flush(self) -> bytes:
        whole = b"".join(self._pending)
        self._pending.clear()
        try:
            return super().decode(whole)
        except DecodingError:
            return b"?"
