"""A content coding that turns lower case into upper case and back."""

from __future__ import annotations

from hookline.plugins import Decoder


class SwapCase(Decoder):
    name = "acme-swapcase"

    def decode(self, data: bytes) -> bytes:
        return data.swapcase()
