"""httpx._decoders: content codings, text and lines."""

from types import MappingProxyType

from hookline._compression import BrotliDecoder
from hookline._compression import ZstdDecoder as ZStandardDecoder
from hookline._decoders import DeflateDecoder, GZipDecoder, MultiDecoder
from hookline._errors import DecodingError
from hookline._text import LineDecoder, TextDecoder
from hookline._wiring import manager_or_default
from hookline.plugins.interfaces import Decoder as ContentDecoder

__all__ = [
    "BrotliDecoder",
    "ContentDecoder",
    "DecodingError",
    "DeflateDecoder",
    "GZipDecoder",
    "IdentityDecoder",
    "LineDecoder",
    "MultiDecoder",
    "TextDecoder",
    "ZStandardDecoder",
]


class IdentityDecoder(ContentDecoder):
    """A body that is not encoded."""

    def decode(self, data: bytes) -> bytes:
        """The piece as it is."""
        return data

    def flush(self) -> bytes:
        """Nothing is ever left."""
        return b""


def __getattr__(name: str) -> object:
    if name == "SUPPORTED_DECODERS":
        # To be read: a coding is added by a plugin.
        known = manager_or_default(None).registry.decoder_classes
        return MappingProxyType({"identity": IdentityDecoder, **known})
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
