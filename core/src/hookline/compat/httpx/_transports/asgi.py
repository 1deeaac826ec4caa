"""httpx._transports.asgi: requests to an ASGI application."""

from hookline.transports.asgi import ASGITransport

__all__ = ["ASGITransport"]
