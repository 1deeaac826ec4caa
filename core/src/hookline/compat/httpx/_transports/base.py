"""httpx._transports.base: the base classes."""

from hookline.transports.base import AsyncBaseTransport, BaseTransport

__all__ = ["AsyncBaseTransport", "BaseTransport"]
