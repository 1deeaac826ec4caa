"""httpx._models: messages, headers and cookies."""

from hookline._cookies import Cookies
from hookline._headers import Headers
from hookline._models import Request, Response

__all__ = ["Cookies", "Headers", "Request", "Response"]
