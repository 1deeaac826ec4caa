"""httpx._transports.wsgi: requests to a WSGI application."""

from hookline.transports.wsgi import WSGITransport

__all__ = ["WSGITransport"]
