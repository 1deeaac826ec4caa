"""httpcore's pools, as packages patch them: what is put in their place is asked instead of ours.

Mocking packages (respx, pytest-httpx2) replace `handle_request` of httpcore's `ConnectionPool` and
its kin, below httpx. There is no httpcore below hookline. So the classes here notice when a method
of theirs is replaced, and from then on the default transports hand every request over in httpcore's
shape, and take a response in that shape back. What was replaced, called to let a request pass,
sends it as hookline does. While nothing is replaced, no request comes by here.

The classes cannot be used to make connections: packages that want to need the real httpcore.
"""

from __future__ import annotations

import threading
from abc import ABC
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import hookline
from hookline._drive import drive
from hookline._loops import LoopPools
from hookline._network_stream import AsyncNetworkStream as HooklineAsyncNetworkStream
from hookline._network_stream import SyncNetworkStream as HooklineNetworkStream
from hookline._pool import ConnectionPool as HooklinePool
from hookline._streams import AsyncIteratorByteStream, IteratorByteStream
from hookline.transports.http import AsyncHTTPTransport, HTTPTransport

from ._core_models import URL, Request, Response
from ._private import proxy_of

T = TypeVar("T", bound="_Interface")

_METHODS = ("handle_request", "handle_async_request")
_lock = threading.Lock()


class _Patchable(type):
    """The type of classes that want to know when one of their methods is replaced."""

    # Whether it is a pool that goes through an HTTP proxy; None for what is no pool.
    _is_proxied: bool | None

    def __setattr__(cls, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in _METHODS:
            _follow_patches()

    def __delattr__(cls, name: str) -> None:
        super().__delattr__(name)
        if name in _METHODS:
            _follow_patches()

    def __instancecheck__(cls, instance: object) -> bool:
        # `transport._pool` is what packages have in hand.
        if type(instance) is HooklinePool and cls._is_proxied is not None:
            return not cls._is_proxied or proxy_of(instance) is not None
        return super().__instancecheck__(instance)


class _Interface(metaclass=_Patchable):
    """What sends the requests of one transport, as the transport itself would."""

    _is_proxied: ClassVar[bool | None] = None
    _transport: Any

    def __init__(self, *args: object, **kwargs: object) -> None:
        raise TypeError(
            f"httpcore.{type(self).__name__} makes no connections: httpcore is hookline here. For "
            "packages that use httpcore by itself, leave that name as it is: "
            'hookline.compat.alias("httpx", "httpx2").'
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._transport!r}>"


class HTTPConnection(_Interface):
    """Stands for the connections of a `Client`."""

    def handle_request(self, request: Request) -> Response:
        """Send a request as hookline does."""
        send = self._transport.__dict__["_send"]
        return _shaped_response(drive(send(_own_request(request))))


class ConnectionPool(_Interface):
    """Stands for the pool of a `Client`."""

    _is_proxied = False

    def handle_request(self, request: Request) -> Response:
        """Send a request over a connection."""
        return _over(HTTPConnection, self._transport).handle_request(request)


class HTTPProxy(ConnectionPool):
    """Stands for a pool of connections through an HTTP proxy."""

    _is_proxied = True


class AsyncHTTPConnection(_Interface):
    """Stands for the connections of an `AsyncClient`."""

    async def handle_async_request(self, request: Request) -> Response:
        """Send a request as hookline does."""
        loops: LoopPools = self._transport.__dict__["_loops"]
        here = loops.here
        if here.look() is not here.loop:
            here = loops.move()
        return _shaped_response(await here.send(_own_request(request)))


class AsyncConnectionPool(_Interface):
    """Stands for the pool of an `AsyncClient`."""

    _is_proxied = False

    async def handle_async_request(self, request: Request) -> Response:
        """Send a request over a connection."""
        return await _over(AsyncHTTPConnection, self._transport).handle_async_request(request)


class AsyncHTTPProxy(AsyncConnectionPool):
    """Stands for a pool of connections through an HTTP proxy."""

    _is_proxied = True


class NetworkStream(ABC):  # noqa: B024 (a subclass may leave out what its users do not call)
    """What `response.extensions["network_stream"]` is, and a base class for others of its kind."""


class AsyncNetworkStream(ABC):  # noqa: B024
    """As `NetworkStream`, for `AsyncClient`."""


NetworkStream.register(HooklineNetworkStream)
AsyncNetworkStream.register(HooklineAsyncNetworkStream)


# -- Following the patches ------------------------------------------------------------------


class _Diversion:
    """In place of what a transport sends by: asks what stands for its pool.

    A data descriptor of the class goes before what the instance has under that name, so that every
    transport is diverted, and none is changed. Below `handle_request`, which others replace, too.
    """

    def __init__(self, name: str, divert: Callable[[Any], object]) -> None:
        self.name = name
        self._divert = divert

    def __get__(self, transport: Any, owner: type) -> Any:
        return self if transport is None else self._divert(transport)

    def __set__(self, transport: Any, value: object) -> None:
        transport.__dict__[self.name] = value


def _diverted_send(transport: HTTPTransport) -> object:
    kind = ConnectionPool if proxy_of(transport._pool) is None else HTTPProxy
    pool = _over(kind, transport)

    async def send(request: hookline.Request) -> hookline.Response:
        return _own_response(pool.handle_request(_shaped_request(request)))

    return send


class _DivertedLoops:
    """The pools of all event loops at once, and what to send by in each of them."""

    loop = None

    def __init__(self, transport: AsyncHTTPTransport) -> None:
        self._loops: LoopPools = transport.__dict__["_loops"]
        kind = AsyncConnectionPool if proxy_of(self._loops.newest) is None else AsyncHTTPProxy
        self._pool = _over(kind, transport)
        self.here = self

    def look(self) -> None:
        """Whatever is running, it is here."""

    async def send(self, request: hookline.Request) -> hookline.Response:
        """Ask what stands for the pool."""
        return _own_response(await self._pool.handle_async_request(_shaped_request(request)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loops, name)


_DIVERSIONS: dict[type, tuple[_Diversion, tuple[_Patchable, ...]]] = {
    HTTPTransport: (
        _Diversion("_send", _diverted_send),
        (HTTPConnection, ConnectionPool, HTTPProxy),
    ),
    AsyncHTTPTransport: (
        _Diversion("_loops", _DivertedLoops),
        (AsyncHTTPConnection, AsyncConnectionPool, AsyncHTTPProxy),
    ),
}
_ORIGINALS = {
    (kind, name): vars(kind).get(name)
    for _, kinds in _DIVERSIONS.values()
    for kind in kinds
    for name in _METHODS
}


def _follow_patches() -> None:
    """Divert the transports of which something is replaced, and no others."""
    with _lock:
        for transport, (diversion, kinds) in _DIVERSIONS.items():
            is_patched = any(
                vars(kind).get(name) is not _ORIGINALS[kind, name]
                for kind in kinds
                for name in _METHODS
            )
            if is_patched:
                setattr(transport, diversion.name, diversion)
            elif diversion.name in vars(transport):
                delattr(transport, diversion.name)


# -- From one shape to the other ------------------------------------------------------------


def _over(kind: type[T], transport: object) -> T:
    interface = kind.__new__(kind)
    interface._transport = transport
    return interface


def _shaped_request(request: hookline.Request) -> Request:
    url = request.url
    shaped = Request(
        request.method,
        URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=dict(request.extensions),
    )
    shaped._source = (shaped.url, url)
    return shaped


def _own_request(request: Request) -> hookline.Request:
    shaped, url = request._source or (None, None)
    if url is None or request.url is not shaped:
        url = hookline.URL(bytes(request.url).decode("ascii"))
    return hookline.Request(
        request.method.decode("ascii"),
        url,
        headers=request.headers,
        stream=_own_stream(request.stream),
        extensions=request.extensions,
    )


def _shaped_response(response: hookline.Response) -> Response:
    return Response(
        response.status_code,
        headers=response.headers.raw,
        content=response.stream,
        extensions=dict(response.extensions),
    )


def _own_response(response: object) -> hookline.Response:
    if not isinstance(response, Response):
        raise TypeError(
            f"What replaced a method of httpcore's returned {response!r}; expected a "
            "httpcore.Response."
        )
    return hookline.Response(
        response.status,
        headers=response.headers,
        stream=_own_stream(response.stream),
        extensions=dict(response.extensions),
    )


def _own_stream(stream: Any) -> hookline.SyncByteStream | hookline.AsyncByteStream:
    if isinstance(stream, (hookline.SyncByteStream, hookline.AsyncByteStream)):
        return stream
    if hasattr(stream, "__aiter__"):
        return AsyncIteratorByteStream(stream)
    return IteratorByteStream(stream)
