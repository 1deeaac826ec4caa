"""httpx._transports.mock: answers from a function."""

from hookline.transports.mock import MockTransport

__all__ = ["MockTransport"]
