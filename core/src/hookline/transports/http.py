"""The default transports: a connection pool, as httpx's classes and as a named transport."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .._backends import load_backend, running_backend
from .._backends.base import Backend, SocketOption
from .._connectors import DirectConnector, UnixConnector
from .._drive import drive
from .._limits import DEFAULT_LIMITS, Limits
from .._pool import ConnectionPool
from .._wiring import Protocols, build_connector, ssl_context_getter
from .base import AsyncBaseTransport, BaseTransport, Transport

if TYPE_CHECKING:
    from .._models import Request, Response
    from .._observers import Observers
    from .._types import CertTypes, ProtocolTypes, ProxyArgument, VerifyTypes
    from ..plugins import PluginManager
    from ..plugins.interfaces import Connector


class HTTPTransport(BaseTransport):
    """The transport that `Client` uses: a connection pool.

    - `verify`, `cert`, `trust_env`, `http1`, `http2`, `limits`: as for `Client`.
    - `proxy`: what all requests go through: a URL, a `Proxy`, a connector, or a table with the name
      of one.
    - `uds`: a Unix domain socket to connect to, whatever the URL's host is.
    - `local_address`: the address to connect from.
    - `retries`: how often a failed connection is tried again; requests are not repeated.
    - `socket_options`: arguments of `setsockopt`, applied before a socket connects.
    - `protocols`: instead of `http1` and `http2`, the protocols by name, table or class:
      `[{"name": "http11", "options": {"parser": "h11"}}]`.

    Raises ValueError for `uds` together with `proxy`, and otherwise what `Client` raises.
    """

    def __init__(
        self,
        verify: VerifyTypes = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        proxy: ProxyArgument | None = None,
        uds: str | None = None,
        local_address: str | None = None,
        retries: int = 0,
        socket_options: Iterable[SocketOption] | None = None,
        *,
        protocols: Sequence[ProtocolTypes] | None = None,
        observers: Observers | None = None,
        plugins: PluginManager | None = None,
    ) -> None:
        self._pool = _build_pool(
            _backend_maker("sync", local_address, socket_options),
            Protocols(http1=http1, http2=http2, named=protocols, plugins=plugins),
            verify, cert, trust_env, limits, proxy, uds, retries, observers, plugins,
        )  # fmt: skip
        self._send = self._pool.handle if proxy is None else _sender(self._pool, is_async=False)

    def handle_request(self, request: Request) -> Response:
        """Send a request over a connection of the pool."""
        return drive(self._send(request))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class AsyncHTTPTransport(AsyncBaseTransport):
    """The transport that `AsyncClient` uses. The arguments are `HTTPTransport`'s, and:

    - `backend`: "asyncio" or "anyio"; None finds out when the first request is made.
    """

    def __init__(
        self,
        verify: VerifyTypes = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        proxy: ProxyArgument | None = None,
        uds: str | None = None,
        local_address: str | None = None,
        retries: int = 0,
        socket_options: Iterable[SocketOption] | None = None,
        *,
        protocols: Sequence[ProtocolTypes] | None = None,
        observers: Observers | None = None,
        plugins: PluginManager | None = None,
        backend: str | None = None,
    ) -> None:
        self._pool = _build_pool(
            _backend_maker(_known_backend(backend), local_address, socket_options),
            Protocols(http1=http1, http2=http2, named=protocols, plugins=plugins),
            verify, cert, trust_env, limits, proxy, uds, retries, observers, plugins,
        )  # fmt: skip
        self._send = self._pool.handle if proxy is None else _sender(self._pool, is_async=True)

    async def handle_async_request(self, request: Request) -> Response:
        """Send a request over a connection of the pool."""
        return await self._send(request)

    async def aclose(self) -> None:
        """Close all connections."""
        self._pool.close()


class PoolTransport(Transport):
    """The default transport by its name, `{"name": "pool", "options": {...}}`, for either client.

    The options are `HTTPTransport`'s.
    """

    name: ClassVar[str] = "pool"

    def __init__(self, *, backend: str | None = None, **options: Any) -> None:
        # Both are cheap until they are used, and most programs use one.
        self._sync = HTTPTransport(**options)
        self._async = AsyncHTTPTransport(backend=backend, **options)

    def handle_request(self, request: Request) -> Response:
        """Send a request over a connection of the synchronous pool."""
        return self._sync.handle_request(request)

    async def handle_async_request(self, request: Request) -> Response:
        """Send a request over a connection of the asynchronous pool."""
        return await self._async.handle_async_request(request)

    def close(self) -> None:
        """Close the synchronous pool."""
        self._sync.close()

    async def aclose(self) -> None:
        """Close the asynchronous pool."""
        await self._async.aclose()


def _build_pool(
    make_backend: Callable[[], Backend],
    protocols: Protocols,
    verify: VerifyTypes,
    cert: CertTypes | None,
    trust_env: bool,
    limits: Limits,
    proxy: ProxyArgument | None,
    uds: str | None,
    retries: int,
    observers: Observers | None,
    plugins: PluginManager | None,
) -> ConnectionPool:
    if not isinstance(limits, Limits):
        raise TypeError(f"limits: expected hookline.Limits, not {limits!r}.")
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise ValueError(f"retries: expected a whole number >= 0, not {retries!r}.")
    connector: Connector
    if proxy is None:
        connector = DirectConnector() if uds is None else UnixConnector(uds)
    elif uds is None:
        connector = build_connector(proxy, trust_env=trust_env, plugins=plugins)
    else:
        raise ValueError(
            "uds and proxy: a proxy cannot be reached through a Unix socket of the origin's. Give "
            "one of the two."
        )
    return ConnectionPool(
        make_backend=make_backend,
        connector=connector,
        protocols=protocols,
        get_ssl_context=ssl_context_getter(verify, cert, trust_env, protocols, plugins),
        limits=limits,
        retries=retries,
        observers=observers,
    )


def _sender(
    pool: ConnectionPool, *, is_async: bool
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """What sends a request: the pool itself, unless a proxy has to be answered."""
    from .._proxy_connectors import HTTPProxyConnector

    connector = pool._connector
    if not isinstance(connector, HTTPProxyConnector):
        return pool.handle
    return connector.authenticating(pool.handle, is_async=is_async)


def _backend_maker(
    name: str | None,
    local_address: str | None,
    socket_options: Iterable[SocketOption] | None,
) -> Callable[[], Backend]:
    options = tuple(socket_options or ())

    def make() -> Backend:
        cls = load_backend(name or running_backend())
        return cls(local_address=local_address, socket_options=options)

    return make


def _known_backend(name: str | None) -> str | None:
    if name not in (None, "asyncio", "anyio"):
        raise ValueError(f"backend: expected 'asyncio', 'anyio' or None, not {name!r}.")
    return name
