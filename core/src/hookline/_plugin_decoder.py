"""What stands between a plugin's decoder and a response: what goes wrong is told with its name.

Loaded with the first body that needs one; core's own decoders are used as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .plugins.interfaces import Decoder


class PluginDecoder(Decoder):
    """Does what the decoder does that `make` makes for a content coding.

    What that raises goes on as it is, with a note; what is no bytes is a TypeError.
    """

    def __init__(self, make: Callable[[], Decoder], coding: str) -> None:
        # Options make it a partial of the class.
        self._class: Any = getattr(make, "func", make)
        self._coding = coding
        try:
            self._decoder = make()
        except Exception as exc:
            self._blame(exc)
            raise

    def decode(self, data: bytes) -> bytes:
        """The decoded form of the next piece."""
        return self._whole("decode", data)

    def flush(self) -> bytes:
        """What is left at the end of the body."""
        return self._whole("flush")

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """As `decode`, piece by piece."""
        return self._each("pieces", data)

    def last_pieces(self) -> Iterator[bytes]:
        """As `flush`, piece by piece."""
        return self._each("last_pieces")

    def _whole(self, method: str, *data: bytes) -> bytes:
        return self._checked(method, self._call(getattr(self._decoder, method), *data))

    def _each(self, method: str, *data: bytes) -> Iterator[bytes]:
        pieces = self._call(getattr(self._decoder, method), *data)
        if not hasattr(pieces, "__iter__"):
            raise self._wrong(method, pieces, "an iterator")
        pieces = iter(pieces)
        while (piece := self._call(next, pieces, self)) is not self:
            yield self._checked(method, piece)

    def _call(self, function: Callable[..., Any], *arguments: object) -> Any:
        try:
            return function(*arguments)
        except Exception as exc:
            self._blame(exc)
            raise

    def _checked(self, method: str, decoded: object) -> bytes:
        if isinstance(decoded, bytes):
            return decoded
        if isinstance(decoded, (bytearray, memoryview)):
            return bytes(decoded)
        raise self._wrong(method, decoded, "bytes")

    def _wrong(self, method: str, decoded: object, expected: str) -> TypeError:
        from ._blame import wrong_type

        expected = f"{expected} from {method}() (content coding {self._coding!r})"
        return wrong_type("decoder", self._class, decoded, expected)

    def _blame(self, exc: Exception) -> None:
        from ._blame import blame_even

        blame_even(exc, "decoder", self._class, f" (content coding {self._coding!r})")
