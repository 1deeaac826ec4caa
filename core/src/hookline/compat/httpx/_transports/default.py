"""httpx._transports.default: requests over the network."""

from hookline.transports.http import AsyncHTTPTransport, HTTPTransport

__all__ = ["AsyncHTTPTransport", "HTTPTransport"]
