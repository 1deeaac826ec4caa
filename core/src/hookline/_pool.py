"""The connection pool. Knows origins, idle connections and who waits. Never touches a byte.

The rules it lives by:

- A connection is in one of three places: idle (indexed by origin), with the request that holds it,
  or being made. `_open` counts all three, and never exceeds `max_connections`.
- Whoever is waiting is served first come, first served. A connection that becomes free goes to the
  first in the queue: as it is if the origin is the same, as permission to open another if not. So
  while anybody waits, nothing is idle, and taking an idle connection overtakes nobody.
- Every hand-over happens under the lock and is undone where its receiver was cancelled meanwhile:
  a place in the pool always belongs to somebody who will give it back.
- The lock is held for dictionary work only: never while a socket is asked, made or closed. It is
  the same lock in asynchronous mode, where nobody can contend for it and it costs less than a
  pretended one.
- Nothing is scanned on the way of a request. Idle connections of other origins are only looked at
  when a new connection has to be made.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ._errors import ConnectError, ConnectTimeout, PoolTimeout, UnsupportedProtocol
from ._streams import BodyReader, ByteStream
from ._timeout import Deadline
from .plugins.interfaces import ConnectionInfo

if TYPE_CHECKING:
    import ssl

    from ._backends.base import Backend, Waiter
    from ._limits import Limits
    from ._models import Request, Response
    from ._observers import Observers
    from ._timeout import TimeoutDict
    from ._url import Origin
    from ._wiring import Protocols
    from .plugins.interfaces import Connector, Protocol

# The first wait before a connection is tried again; each further one doubles. httpx's figure.
_RETRY_DELAY = 0.5

# A request that came without a client carries no timeout at all.
_NO_TIMEOUT: TimeoutDict = {}


class Connection:
    """One connection as the pool sees it: where to, who speaks over it, until when it keeps."""

    __slots__ = ("expires_at", "is_shut", "origin", "pool", "protocol")

    def __init__(self, pool: ConnectionPool, origin: Origin, protocol: Protocol) -> None:
        self.pool = pool
        self.origin = origin
        self.protocol = protocol
        self.expires_at = 0.0
        self.is_shut = False
        protocol.on_release = self._release
        protocol.on_abandon = self._abandon

    @property
    def info(self) -> ConnectionInfo:
        """What observers get to see."""
        return ConnectionInfo(self.origin, self.protocol.name)

    def _release(self) -> None:
        self.pool._release(self)

    def _abandon(self) -> None:
        self.pool._abandon(self)

    def __repr__(self) -> str:
        return f"<Connection {self.origin} {self.protocol!r}>"


class _Ticket:
    """A place in the queue. `granted` says whether its turn came; `connection` what it brought."""

    __slots__ = ("connection", "granted", "origin", "waiter")

    def __init__(self, origin: Origin, waiter: Waiter) -> None:
        self.origin = origin
        self.waiter = waiter
        self.granted = False
        self.connection: Connection | None = None

    def grant(self, connection: Connection | None) -> None:
        self.granted = True
        self.connection = connection
        self.waiter.set()


class ConnectionPool:
    """Connections by origin, within limits. Runs on one backend.

    `protocols` makes the protocol for a new stream, from its ALPN result; `get_ssl_context` is
    asked at the first https connection.
    """

    def __init__(
        self,
        *,
        make_backend: Callable[[], Backend],
        connector: Connector,
        protocols: Protocols,
        get_ssl_context: Callable[[], ssl.SSLContext],
        limits: Limits,
        retries: int = 0,
        observers: Observers | None = None,
    ) -> None:
        self._make_backend = make_backend
        self._backend: Backend | None = None
        self._connector = connector
        self._protocols = protocols
        self._get_ssl_context = get_ssl_context
        self._max_open = _unlimited(limits.max_connections)
        self._max_idle = min(_unlimited(limits.max_keepalive_connections), self._max_open)
        self._expiry = _unlimited(limits.keepalive_expiry)
        self._retries = retries
        self._observers = observers

        self._lock = threading.Lock()
        self._idle: dict[Origin, deque[Connection]] = {}
        self._idle_count = 0
        self._open = 0
        self._connections: set[Connection] = set()
        self._waiting: OrderedDict[_Ticket, None] = OrderedDict()
        # Connections whose response was garbage collected: see `_abandon`.
        self._abandoned: deque[Connection] = deque()
        self._is_closed = False

    # -- The way of a request ---------------------------------------------------------------

    async def handle(self, request: Request) -> Response:
        """Send a request over a connection of the pool, and return the response."""
        origin = request.url.origin
        timeout: TimeoutDict = request.extensions.get("timeout") or _NO_TIMEOUT
        stream = request.stream
        connection = self._take(origin)
        if connection is None:
            connection = await self._obtain(origin, timeout)
        try:
            body = (
                stream._stream
                if type(stream) is ByteStream
                else BodyReader(stream, is_async=self._backend.is_async)  # type: ignore[union-attr]
            )
            return await connection.protocol.exchange(request, body, timeout)
        except BaseException:
            self._discard(connection)
            raise

    def _take(self, origin: Origin) -> Connection | None:
        """An idle connection that can be used again, if there is one: the one used last."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                if not idle:
                    return None
                connection = idle.pop()
                self._idle_count -= 1
            if self._abandoned:
                self._reap()
            if connection.expires_at > time.monotonic() and connection.protocol.is_reusable():
                return connection
            self._discard(connection)

    async def _obtain(self, origin: Origin, timeout: TimeoutDict) -> Connection:
        """A new connection, or the first that becomes free."""
        if origin.scheme not in ("http", "https") or not origin.host:
            raise _unsupported(origin)
        if self._backend is None:
            self._backend = self._make_backend()
        self._reap()
        ticket = None
        with self._lock:
            if self._is_closed:
                raise RuntimeError("The connection pool is closed.")
            outdated = self._pop_expired()
            evicted = None
            if self._open < self._max_open:
                self._open += 1
            else:
                # An idle connection of another origin gives up its place.
                evicted = self._pop_oldest_idle()
                if evicted is None:
                    ticket = _Ticket(origin, self._backend.create_waiter())
                    self._waiting[ticket] = None
                else:
                    self._connections.discard(evicted)
        self._reap()
        for connection in outdated:
            self._discard(connection)
        if evicted is not None:
            self._shut(evicted)
        if ticket is not None:
            handed_over = await self._wait(ticket, timeout.get("pool"))
            if handed_over is not None:
                if handed_over.protocol.is_reusable():
                    return handed_over
                # It died on the way here. Its place is still ours.
                with self._lock:
                    self._connections.discard(handed_over)
                self._shut(handed_over)
        try:
            return await self._connect(origin, timeout)
        except BaseException:
            self._free_place()
            raise

    async def _wait(self, ticket: _Ticket, timeout: float | None) -> Connection | None:
        """Queue. Returns a connection, or None for a place to open one in."""
        try:
            await ticket.waiter.wait(timeout)
        except BaseException:
            if not self._withdraw(ticket):
                # Our turn came in the same moment: pass it on.
                if ticket.connection is None:
                    self._free_place()
                else:
                    self._release(ticket.connection)
            raise
        if self._withdraw(ticket):
            raise PoolTimeout(
                f"No connection became free within {timeout} s: {self._open} of "
                f"{self._max_open} are in use, {len(self._waiting)} more requests are waiting."
            )
        if self._is_closed:
            if ticket.connection is None:
                self._free_place()
            raise RuntimeError("The connection pool was closed while a request waited for it.")
        return ticket.connection

    def _withdraw(self, ticket: _Ticket) -> bool:
        """Leave the queue; False where the ticket's turn has come already."""
        with self._lock:
            if ticket.granted:
                return False
            del self._waiting[ticket]
            return True

    async def _connect(self, origin: Origin, timeout: TimeoutDict) -> Connection:
        """A new connection to an origin. Its place in the pool is taken already."""
        protocol = await self._establish_or_retry(origin, timeout.get("connect"))
        connection = Connection(self, origin, protocol)
        with self._lock:
            is_closed = self._is_closed
            if not is_closed:
                self._connections.add(connection)
        if is_closed:
            protocol.close()
            raise RuntimeError("The connection pool was closed while a connection was made.")
        if self._observers is not None:
            self._observers.emit("connection_opened", connection.info)
        return connection

    async def _establish_or_retry(self, origin: Origin, seconds: float | None) -> Protocol:
        assert self._backend is not None
        attempt = 0
        while True:
            try:
                return await self._establish(origin, Deadline(seconds))
            except (ConnectError, ConnectTimeout):
                if attempt >= self._retries:
                    raise
            # The first retry is immediate: most refusals are over by then.
            if attempt:
                await self._backend.sleep(_RETRY_DELAY * 2 ** (attempt - 1))
            attempt += 1

    async def _establish(self, origin: Origin, deadline: Deadline) -> Protocol:
        assert self._backend is not None
        # Whatever is missing on our side is found before anything is sent to the other.
        self._protocols.resolve()
        context = self._get_ssl_context() if origin.scheme == "https" else None
        stream = await self._connector.connect(origin, self._backend, deadline)
        try:
            alpn = None
            if context is not None:
                from ._tls_stream import start_tls

                tls = await start_tls(stream, context, origin.host, deadline)
                stream, alpn = tls, tls.alpn
            return self._protocols.make(stream, alpn)
        except BaseException:
            stream.close()
            raise

    # -- Coming back ------------------------------------------------------------------------

    def _release(self, connection: Connection) -> None:
        """An exchange is over. Called by the protocol, and by whoever could not use a hand-over."""
        if connection.protocol.is_closed:
            self._discard(connection)
            return
        surplus: Connection | None = None
        with self._lock:
            if self._is_closed or connection not in self._connections:
                surplus = connection
            elif self._waiting:
                ticket, _ = self._waiting.popitem(last=False)
                if ticket.origin == connection.origin:
                    ticket.grant(connection)
                else:
                    self._connections.discard(connection)
                    surplus = connection
                    ticket.grant(None)
            else:
                if self._idle_count >= self._max_idle:
                    # With room for none, the connection itself is the surplus.
                    surplus = self._pop_oldest_idle() or connection
                    self._drop(surplus)
                if surplus is not connection:
                    connection.expires_at = time.monotonic() + self._expiry
                    idle = self._idle.get(connection.origin)
                    if idle is None:
                        idle = self._idle[connection.origin] = deque()
                    idle.append(connection)
                    self._idle_count += 1
        if self._abandoned:
            self._reap()
        if surplus is not None:
            self._shut(surplus)

    def _discard(self, connection: Connection) -> None:
        """Close a connection and give its place away. Harmless where that was done before."""
        with self._lock:
            self._drop(connection)
        if self._abandoned:
            self._reap()
        self._shut(connection)

    def _abandon(self, connection: Connection) -> None:
        """As `_discard`, for the garbage collector: it calls from any thread at any moment, even
        from inside the lock, and so may neither wait for the lock nor touch an event loop."""
        self._abandoned.append(connection)
        if self._backend is not None:
            with suppress(RuntimeError):
                self._backend.call_soon(self._reap)

    def _reap(self) -> None:
        while self._abandoned:
            if not self._lock.acquire(blocking=False):
                # Whoever holds it looks here when it is released.
                return
            try:
                connection = self._abandoned.popleft()
                self._drop(connection)
            except IndexError:
                return
            finally:
                self._lock.release()
            self._shut(connection)

    def _free_place(self) -> None:
        with self._lock:
            self._pass_on_place()
        self._reap()

    def close(self) -> None:
        """Close every connection, those in use as well, and refuse further requests."""
        with self._lock:
            self._is_closed = True
            connections = list(self._connections)
            self._connections.clear()
            self._open -= len(connections)
            self._idle.clear()
            self._idle_count = 0
            waiting = list(self._waiting)
            self._waiting.clear()
            for ticket in waiting:
                self._open += 1
                ticket.grant(None)
        for connection in connections:
            self._shut(connection)

    def __repr__(self) -> str:
        return (
            f"<ConnectionPool: {self._open} open, {self._idle_count} idle, "
            f"{len(self._waiting)} waiting>"
        )

    # -- With the lock held -----------------------------------------------------------------

    def _drop(self, connection: Connection) -> None:
        """Take a connection off the books, once."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._pass_on_place()

    def _pass_on_place(self) -> None:
        if self._waiting:
            ticket, _ = self._waiting.popitem(last=False)
            ticket.grant(None)
        else:
            self._open -= 1

    def _pop_oldest_idle(self) -> Connection | None:
        """The idle connection of some other origin that was there first. Origins without idle
        connections are forgotten in passing, so that looking for one never takes long twice."""
        while self._idle:
            origin, idle = next(iter(self._idle.items()))
            if idle:
                self._idle_count -= 1
                return idle.popleft()
            del self._idle[origin]
        return None

    def _pop_expired(self) -> list[Connection]:
        expired: list[Connection] = []
        if self._idle_count:
            now = time.monotonic()
            for idle in self._idle.values():
                while idle and idle[0].expires_at <= now:
                    expired.append(idle.popleft())
            self._idle_count -= len(expired)
        return expired

    # -- Without it -------------------------------------------------------------------------

    def _shut(self, connection: Connection) -> None:
        connection.protocol.close()
        if not connection.is_shut:
            connection.is_shut = True
            if self._observers is not None:
                self._observers.emit("connection_closed", connection.info)


def _unlimited(value: Any) -> Any:
    return float("inf") if value is None else value


def _unsupported(origin: Origin) -> UnsupportedProtocol:
    if not origin.scheme:
        return UnsupportedProtocol("Request URL is missing an 'http://' or 'https://' protocol.")
    if origin.scheme not in ("http", "https"):
        return UnsupportedProtocol(f"Request URL has an unsupported protocol '{origin.scheme}://'.")
    return UnsupportedProtocol(f"Request URL '{origin.scheme}:' has no host.")
