"""`httpcore` and `httpcore2`, where `hookline.compat.alias` was called: what packages take from it.

The exceptions are hookline's own, so that what catches them catches ours. The messages and the
pools are for packages that replace httpcore's methods: see `hookline/compat/_core_pools.py`.
"""

from ._async import AsyncConnectionPool, AsyncHTTPConnection, AsyncHTTPProxy
from ._backends.base import AsyncNetworkStream, NetworkStream
from ._exceptions import (
    ConnectError,
    ConnectionNotAvailable,
    ConnectTimeout,
    LocalProtocolError,
    NetworkError,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    TimeoutException,
    UnsupportedProtocol,
    WriteError,
    WriteTimeout,
)
from ._models import URL, Origin, Request, Response
from ._sync import ConnectionPool, HTTPConnection, HTTPProxy

# The versions of which this has the names.
__version__ = {"httpcore2": "2.16.2"}.get(__name__, "1.0.9")

__all__ = [
    "URL",
    "AsyncConnectionPool",
    "AsyncHTTPConnection",
    "AsyncHTTPProxy",
    "AsyncNetworkStream",
    "ConnectError",
    "ConnectTimeout",
    "ConnectionNotAvailable",
    "ConnectionPool",
    "HTTPConnection",
    "HTTPProxy",
    "LocalProtocolError",
    "NetworkError",
    "NetworkStream",
    "Origin",
    "PoolTimeout",
    "ProtocolError",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "Request",
    "Response",
    "TimeoutException",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
]


def __getattr__(name: str) -> object:
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r} (it is hookline, by hookline.compat.alias; "
        'packages that use httpcore by itself need the real one: alias("httpx", "httpx2"))'
    )
