"""The default transports: a connection pool, as httpx's classes and as a named transport."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, TypeVar

from .._backends import load_backend, running_backend
from .._connectors import DirectConnector, UnixConnector
from .._drive import drive
from .._limits import DEFAULT_LIMITS, Limits
from .._wiring import Protocols, build_connector, ssl_context_getter
from .base import AsyncBaseTransport, BaseTransport, Transport

if TYPE_CHECKING:
    from .._backends.base import Backend, SocketOption
    from .._introspection import PoolSnapshot
    from .._models import Request, Response
    from .._observers import Observers
    from .._pool import ConnectionPool
    from .._types import CertTypes, ProtocolTypes, ProxyArgument, VerifyTypes
    from ..plugins import PluginManager
    from ..plugins.interfaces import Connector

H = TypeVar("H", bound="HTTPTransport")
A = TypeVar("A", bound="AsyncHTTPTransport")
P = TypeVar("P", bound="PoolTransport")


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
        self._settings = _Settings(
            verify, cert, trust_env, http1, http2, limits, proxy, uds, local_address, retries,
            tuple(socket_options or ()), protocols, observers, plugins,
        )  # fmt: skip
        self._start()

    def _start(self) -> None:
        self._pool = _pool_maker(self._settings, "sync")()
        self._send = _sender(self._pool, is_async=False)

    def handle_request(self, request: Request) -> Response:
        """Send a request over a connection of the pool."""
        return drive(self._send(request))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def connections(self) -> PoolSnapshot:
        """The connections of this moment. Asks nothing of the peers, and waits for nobody."""
        from .._introspection import snapshot

        return snapshot([self._pool])

    def __getstate__(self) -> dict[str, Any]:
        from .._pickling import transport_state

        return transport_state(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        from .._pickling import restore_transport

        restore_transport(self, state)

    def __copy__(self: H) -> H:
        from .._pickling import copied

        return copied(self)

    def __deepcopy__(self: H, memo: dict[int, Any]) -> H:
        from .._pickling import deeply_copied

        return deeply_copied(self, memo)


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
        self._settings = _Settings(
            verify, cert, trust_env, http1, http2, limits, proxy, uds, local_address, retries,
            tuple(socket_options or ()), protocols, observers, plugins, _known_backend(backend),
        )  # fmt: skip
        self._start()

    def _start(self) -> None:
        from .._loops import LoopPools

        backend = self._settings.backend
        make = _pool_maker(self._settings, backend)
        self._loops = LoopPools(make, partial(_sender, is_async=True), backend)

    @property
    def _pool(self) -> ConnectionPool:
        """The pool of the event loop that came last."""
        return self._loops.newest

    async def handle_async_request(self, request: Request) -> Response:
        """Send a request over a connection of the pool."""
        loops = self._loops
        here = loops.here
        if here.look() is not here.loop:
            here = loops.move()
        return await here.send(request)

    async def aclose(self) -> None:
        """Close all connections, those of other event loops too."""
        self._loops.close()

    def connections(self) -> PoolSnapshot:
        """The connections of this moment, in all event loops. Asks nothing of the peers, and waits
        for nobody."""
        from .._introspection import snapshot

        return snapshot(self._loops.pools())

    def __getstate__(self) -> dict[str, Any]:
        from .._pickling import transport_state

        return transport_state(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        from .._pickling import restore_transport

        restore_transport(self, state)

    def __copy__(self: A) -> A:
        from .._pickling import copied

        return copied(self)

    def __deepcopy__(self: A, memo: dict[int, Any]) -> A:
        from .._pickling import deeply_copied

        return deeply_copied(self, memo)


class PoolTransport(Transport):
    """The default transport by its name, `{"name": "pool", "options": {...}}`, for either client.

    What the options leave open is as the client has it.

    - `verify`, `cert`, `trust_env`, `http1`, `http2`, `limits`, `protocols`: as for `Client`.
    - `proxy`: what all requests go through.
    - `uds`: a Unix domain socket to connect to, whatever the URL's host is.
    - `local_address`: the address to connect from.
    - `retries`: how often a failed connection is tried again; requests are not repeated.
    - `socket_options`: arguments of `setsockopt`, applied before a socket connects.
    - `backend`: "asyncio" or "anyio", for an asynchronous client.
    """

    name: ClassVar[str] = "pool"

    def __init__(
        self,
        *,
        verify: VerifyTypes = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        proxy: ProxyArgument | None = None,
        uds: str | os.PathLike[str] | None = None,
        local_address: str | None = None,
        retries: int = 0,
        socket_options: Iterable[SocketOption] | None = None,
        protocols: Sequence[ProtocolTypes] | None = None,
        backend: Literal["asyncio", "anyio"] | None = None,
        observers: Observers | None = None,
        plugins: PluginManager | None = None,
    ) -> None:
        options: dict[str, Any] = {
            "verify": verify,
            "cert": cert,
            "trust_env": trust_env,
            "http1": http1,
            "http2": http2,
            "limits": limits,
            "proxy": proxy,
            "uds": None if uds is None else os.fspath(uds),
            "local_address": local_address,
            "retries": retries,
            "socket_options": None if socket_options is None else tuple(socket_options),
            "protocols": protocols,
            "observers": observers,
            "plugins": plugins,
        }
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

    def connections(self) -> PoolSnapshot:
        """The connections of this moment, of both pools."""
        return self._sync.connections() + self._async.connections()

    def __copy__(self: P) -> P:
        from .._pickling import copied

        return copied(self)


class _Settings(NamedTuple):
    """What a transport was made with: all that a copy of it needs."""

    verify: VerifyTypes
    cert: CertTypes | None
    trust_env: bool
    http1: bool
    http2: bool
    limits: Limits
    proxy: ProxyArgument | None
    uds: str | None
    local_address: str | None
    retries: int
    socket_options: tuple[SocketOption, ...]
    protocols: Sequence[ProtocolTypes] | None
    observers: Observers | None
    plugins: PluginManager | None
    backend: str | None = None


def _pool_maker(settings: _Settings, backend: str | None) -> Callable[[], ConnectionPool]:
    """What makes pools with these settings, which are checked here."""
    from .._pool import ConnectionPool

    verify, cert, trust_env = settings.verify, settings.cert, settings.trust_env
    limits, retries, plugins = settings.limits, settings.retries, settings.plugins
    proxy, uds = settings.proxy, settings.uds
    protocols = Protocols(
        http1=settings.http1, http2=settings.http2, named=settings.protocols, plugins=plugins
    )
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
    return partial(
        ConnectionPool,
        make_backend=partial(_make_backend, settings, backend),
        connector=connector,
        protocols=protocols,
        get_ssl_context=ssl_context_getter(verify, cert, trust_env, protocols, plugins),
        limits=limits,
        retries=retries,
        observers=settings.observers,
    )


def _sender(
    pool: ConnectionPool, *, is_async: bool
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """What sends a request: the pool itself, unless a proxy has to be answered."""
    connector = pool._connector
    if type(connector) in (DirectConnector, UnixConnector):
        return pool.handle
    from .._proxy_connectors import HTTPProxyConnector

    if not isinstance(connector, HTTPProxyConnector):
        return pool.handle
    return connector.authenticating(pool.handle, is_async=is_async)


def _make_backend(settings: _Settings, name: str | None) -> Backend:
    cls = load_backend(name or running_backend())
    return cls(local_address=settings.local_address, socket_options=settings.socket_options)


def _known_backend(name: str | None) -> str | None:
    if name not in (None, "asyncio", "anyio"):
        raise ValueError(f"backend: expected 'asyncio', 'anyio' or None, not {name!r}.")
    return name
