"""httpcore._sync: the synchronous side."""

from .connection import HTTPConnection
from .connection_pool import ConnectionPool
from .http_proxy import HTTPProxy

__all__ = ["ConnectionPool", "HTTPConnection", "HTTPProxy"]
