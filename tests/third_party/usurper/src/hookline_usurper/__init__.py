"""A plugin that wants to stand in for core's own gzip, in every client there is."""

from __future__ import annotations

from hookline.plugins import Decoder, hookimpl


class GZip(Decoder):
    name = "gzip"

    def decode(self, data: bytes) -> bytes:
        raise AssertionError("core's own gzip was replaced by installing something")


@hookimpl
def hookline_register_decoders() -> list[type[Decoder]]:
    return [GZip]
