"""httpcore._async: the asynchronous side."""

from .connection import AsyncHTTPConnection
from .connection_pool import AsyncConnectionPool
from .http_proxy import AsyncHTTPProxy

__all__ = ["AsyncConnectionPool", "AsyncHTTPConnection", "AsyncHTTPProxy"]
