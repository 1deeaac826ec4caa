"""hookline: an HTTP client for Python that you can take apart.

    import hookline

    response = hookline.get("https://example.org/")
    response.raise_for_status()

The API is httpx's. Behind it are a small core and plugins: protocols, connectors, transports,
middleware, authentication, event hooks and content codings, found through entry points and chosen
by name. `hookline.plugins` is where plugin authors start.
"""

from ._api import delete, get, head, options, patch, post, put, query, request, stream
from ._auth import Auth, BasicAuth, BearerAuth, FunctionAuth
from ._client import USE_CLIENT_DEFAULT
from ._clients import AsyncClient, Client
from ._cookies import Cookies
from ._errors import (
    CertificateError,
    CloseError,
    ConfigError,
    ConnectError,
    ConnectTimeout,
    CookieConflict,
    DecodingError,
    DuplicateName,
    HTTPError,
    HTTPStatusError,
    InvalidURL,
    LocalProtocolError,
    NetworkError,
    PluginError,
    PluginLoadError,
    PluginNotFound,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    RequestError,
    RequestNotRead,
    ResponseNotRead,
    ResponseTooLarge,
    SSEError,
    StreamClosed,
    StreamConsumed,
    StreamError,
    TimeoutException,
    TooManyRedirects,
    TransportError,
    UnsupportedProtocol,
    WriteError,
    WriteTimeout,
)
from ._headers import Headers
from ._limits import Limits
from ._models import Request, Response
from ._proxy import Proxy
from ._query import QueryParams
from ._streams import AsyncByteStream, Body, ByteStream, SyncByteStream
from ._timeout import Timeout
from ._url import URL, Origin
from ._version import __description__, __title__, __version__
from .transports.base import AsyncBaseTransport, BaseTransport
from .transports.http import AsyncHTTPTransport, HTTPTransport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hookline_digest_auth import DigestAuth as DigestAuth

    from ._cli import main as main
    from ._codes import codes as codes
    from ._interim import InformationalResponse as InformationalResponse
    from ._introspection import ConnectionSnapshot as ConnectionSnapshot
    from ._introspection import PoolSnapshot as PoolSnapshot
    from ._negotiate import NegotiatedAuth as NegotiatedAuth
    from ._netrc import NetRCAuth as NetRCAuth
    from ._sse import EventSource as EventSource
    from ._sse import ServerSentEvent as ServerSentEvent
    from ._tls import create_ssl_context as create_ssl_context
    from .compat import alias_httpx as alias_httpx
    from .transports.asgi import ASGITransport as ASGITransport
    from .transports.mock import MockTransport as MockTransport
    from .transports.wsgi import WSGITransport as WSGITransport

__all__ = [
    "URL",
    "USE_CLIENT_DEFAULT",
    "ASGITransport",
    "AsyncBaseTransport",
    "AsyncByteStream",
    "AsyncClient",
    "AsyncHTTPTransport",
    "Auth",
    "BaseTransport",
    "BasicAuth",
    "BearerAuth",
    "Body",
    "ByteStream",
    "CertificateError",
    "Client",
    "CloseError",
    "ConfigError",
    "ConnectError",
    "ConnectTimeout",
    "ConnectionSnapshot",
    "CookieConflict",
    "Cookies",
    "DecodingError",
    "DigestAuth",
    "DuplicateName",
    "EventSource",
    "FunctionAuth",
    "HTTPError",
    "HTTPStatusError",
    "HTTPTransport",
    "Headers",
    "InformationalResponse",
    "InvalidURL",
    "Limits",
    "LocalProtocolError",
    "MockTransport",
    "NegotiatedAuth",
    "NetRCAuth",
    "NetworkError",
    "Origin",
    "PluginError",
    "PluginLoadError",
    "PluginNotFound",
    "PoolSnapshot",
    "PoolTimeout",
    "ProtocolError",
    "Proxy",
    "ProxyError",
    "QueryParams",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "Request",
    "RequestError",
    "RequestNotRead",
    "Response",
    "ResponseNotRead",
    "ResponseTooLarge",
    "SSEError",
    "ServerSentEvent",
    "StreamClosed",
    "StreamConsumed",
    "StreamError",
    "SyncByteStream",
    "Timeout",
    "TimeoutException",
    "TooManyRedirects",
    "TransportError",
    "UnsupportedProtocol",
    "WSGITransport",
    "WriteError",
    "WriteTimeout",
    "__description__",
    "__title__",
    "__version__",
    "alias_httpx",
    "codes",
    "create_ssl_context",
    "delete",
    "get",
    "head",
    "main",
    "options",
    "patch",
    "post",
    "put",
    "query",
    "request",
    "stream",
]


# What most programs do without, and where it is.
_ON_FIRST_USE = {
    "ASGITransport": ".transports.asgi",
    "ConnectionSnapshot": "._introspection",
    "EventSource": "._sse",
    "InformationalResponse": "._interim",
    "MockTransport": ".transports.mock",
    "NegotiatedAuth": "._negotiate",
    "NetRCAuth": "._netrc",
    "PoolSnapshot": "._introspection",
    "ServerSentEvent": "._sse",
    "WSGITransport": ".transports.wsgi",
    "alias_httpx": ".compat",
    "codes": "._codes",
    "main": "._cli",
}


def _named(value: object) -> object:
    """A class under the name that programs import it by: for tracebacks, reprs and pickles."""
    if isinstance(value, type):
        value.__module__ = __name__
    return value


for _name in __all__:
    _named(globals().get(_name))


def _load(name: str) -> object:
    if module := _ON_FIRST_USE.get(name):
        from importlib import import_module

        value = _named(getattr(import_module(module, __name__), name))
        globals()[name] = value
        return value
    if name == "create_ssl_context":
        # `ssl` takes longer to import than the rest of hookline, and http needs none of it.
        from ._tls import create_ssl_context

        return create_ssl_context
    if name == "DigestAuth":
        # A plugin's, under the name that programs know from httpx. Not asked of the registry: a
        # plugin may want it while it is loaded itself, which is while the registry is made.
        try:
            from hookline_digest_auth import DigestAuth
        except ModuleNotFoundError as exc:
            if exc.name != "hookline_digest_auth":
                raise
            raise PluginNotFound(
                "hookline.DigestAuth is part of hookline-digest-auth, which is not installed: "
                'pip install "hookline-digest-auth".'
            ) from exc
        return DigestAuth
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if not TYPE_CHECKING:
    # Checkers know every name from the imports above, and are to complain about others.
    __getattr__ = _load
