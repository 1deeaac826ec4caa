"""The connection pool. Knows routes, connections with room, and who waits. Never touches a byte.

The rules it lives by:

- A route is what a connection is good for: an origin, or everything that one proxy forwards.
- A connection is idle, in use, or being made. `_open` counts all three, and never exceeds
  `max_connections`; nor do those of one route exceed `max_connections_per_host`, which the queue
  counts where there is such a limit. A connection that takes several exchanges at once is one, and
  has room for more while it is found in `_shared`; `in_use` counts its exchanges, up to the
  protocol's `capacity`.
- Whoever is waiting is served first come, first served. A connection that becomes idle goes to the
  first in the queue: as it is if the route is the same, as permission to open another if not. Those
  whose route has all the connections that it may have are passed over, and keep their turn: only a
  connection of that route can serve them. So while anybody waits whom it could serve, nothing is
  idle, and taking an idle connection overtakes nobody. Room on a connection that others still use
  cannot serve another route: it goes to the first of its own.
- Where a connection may turn out to be one for many, the first request makes it, and those that
  come meanwhile wait to join, until the peer has said how many it takes. If it cannot be made, each
  of them tries on its own: nobody waits for a second failure that is not theirs.
- A request that a peer certainly has not processed is sent again over another connection. So is,
  once, one that may be repeated and got no answer, because a kept connection broke. The idle ones
  of its route are closed first: what happened to one has happened to them.
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
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from ._errors import (
    CertificateError,
    ConnectError,
    ConnectTimeout,
    NotProcessed,
    PoolTimeout,
    TransportError,
    UnsupportedProtocol,
)
from ._network_stream import AsyncNetworkStream, SyncNetworkStream
from ._queue import Joiners, LimitedQueue, Queue, Ticket, Verdict
from ._streams import BodyReader, ByteStream
from ._timeout import Deadline
from .plugins.interfaces import ConnectionInfo, Connector, NetworkStream

if TYPE_CHECKING:
    import ssl

    from ._backends.base import Backend
    from ._lending import Lending
    from ._limits import Limits
    from ._models import Request, Response
    from ._observers import Observers
    from ._progress import UploadProgress
    from ._timeout import TimeoutDict
    from ._trace import Trace
    from ._url import Origin
    from ._wiring import Protocols
    from .plugins.interfaces import Protocol

# The first wait before a connection is tried again; each further one doubles. httpx's figure.
_RETRY_DELAY = 0.5

# How often one request is sent again because it was not processed. A server that is restarted says
# so once on each connection; one that keeps saying it is not going to change its mind.
_REPLAYS = 5

# Routes that were seen to take one exchange at a time. Bounded: they come from outside.
_SINGLE_KEPT = 1024

# A request that came without a client carries no timeout at all.
_NO_TIMEOUT: TimeoutDict = {}


class Connection:
    """One connection as the pool sees it: where to, who speaks over it, for how many."""

    __slots__ = (
        "expires_at",
        "in_use",
        "is_shut",
        "joiners",
        "network_stream",
        "origin",
        "pool",
        "protocol",
        "route",
        "stream",
    )

    def __init__(
        self, pool: ConnectionPool, route: Origin, origin: Origin, protocol: Protocol
    ) -> None:
        self.pool = pool
        self.route = route
        self.origin = origin
        self.protocol = protocol
        # As it was when the connection was made.
        self.stream = protocol.stream
        self.expires_at = 0.0
        # The exchange that it was made for.
        self.in_use = 1
        self.is_shut = False
        # Who waits to share it, until its capacity is known.
        self.joiners: Joiners | None = None
        # What programs get to see of it, with every response.
        is_async = pool._backend.is_async  # type: ignore[union-attr]
        self.network_stream = (AsyncNetworkStream if is_async else SyncNetworkStream)(protocol)
        protocol.on_release = self._release
        protocol.on_abandon = self._abandon
        protocol.on_capacity = self._capacity_changed

    @property
    def info(self) -> ConnectionInfo:
        """What observers get to see."""
        return ConnectionInfo(self.origin, self.protocol.name)

    def _release(self) -> None:
        self.pool._release(self)

    def _abandon(self) -> None:
        self.pool._abandon(self)

    def _capacity_changed(self) -> None:
        self.pool._capacity_changed(self)

    def __repr__(self) -> str:
        return f"<Connection {self.origin} {self.protocol!r}>"


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
        kind = type(connector)
        self._is_own_connector = kind.__module__.startswith("hookline.")
        self._is_adapting = kind.route is not Connector.route or kind.adapt is not Connector.adapt
        self._protocols = protocols
        self._get_ssl_context = get_ssl_context
        self._max_open = _unlimited(limits.max_connections)
        self._max_per_host = limits.max_connections_per_host
        self._max_idle = min(_unlimited(limits.max_keepalive_connections), self._max_open)
        self._expiry = _unlimited(limits.keepalive_expiry)
        self._retries = retries
        self._observers = observers
        self._is_closed = False
        self._begin()
        from ._fork import after_fork

        after_fork(self, ConnectionPool._after_fork)

    def _begin(self) -> None:
        """With no connections, and nobody who waits for one."""
        self._lock = threading.Lock()
        self._idle: dict[Origin, deque[Connection]] = {}
        self._idle_count = 0
        # In use, with room for more. A dict of None is a set that keeps its order.
        self._shared: dict[Origin, dict[Connection, None]] = {}
        self._open = 0
        self._connections: set[Connection] = set()
        # To where others are being made, for who looks at the pool.
        self._connecting: dict[object, Origin] = {}
        most = self._max_per_host
        self._waiting = Queue() if most is None else LimitedQueue(most)
        self._making: dict[Origin, Joiners] = {}
        self._single: set[Origin] = set()
        # Connections of which a response was garbage collected: see `_abandon`.
        self._abandoned: deque[Connection] = deque()

    def _after_fork(self) -> None:
        """In a child process, where the connections are the parent's."""
        inherited = self._connections
        self._begin()
        self._backend = None
        failure: Exception | None = None
        for connection in inherited:
            connection.is_shut = True
            try:
                connection.protocol.after_fork()
            except Exception as exc:
                failure = exc
        if failure is not None:
            raise failure

    # -- The way of a request ---------------------------------------------------------------

    async def handle(self, request: Request) -> Response:
        """Send a request over a connection of the pool, and return the response."""
        origin = route = request.url.origin
        if self._is_adapting:
            route = self._connector.route(origin)
            request = self._connector.adapt(request)
        extensions = request.extensions
        timeout: TimeoutDict = extensions.get("timeout") or _NO_TIMEOUT
        trace: Trace | None = None
        progress: UploadProgress | None = None
        if len(extensions) > 1 or timeout is _NO_TIMEOUT:
            # Hardly any request brings more than its timeout.
            route = _server_named(route, extensions.get("sni_hostname"))
            if (callback := extensions.get("trace")) is not None:
                trace = self._trace(callback)
            if (tell := extensions.get("upload_progress")) is not None:
                progress = self._progress(tell, request)
            if "expect_continue" in extensions:
                from ._expect import expecting

                request = expecting(request)
        stream = request.stream
        body: bytes | BodyReader | None = None
        replays = 0
        lost: TransportError | None = None
        while True:
            connection = self._take(route)
            is_new = connection is None
            if connection is None:
                try:
                    connection = await self._obtain(route, origin, timeout, trace)
                except TransportError as exc:
                    if lost is not None:
                        from ._replay import explain

                        explain(exc, lost)
                    raise
            try:
                if body is None:
                    body = (
                        stream._stream
                        if type(stream) is ByteStream
                        else BodyReader(stream, is_async=self._backend.is_async)  # type: ignore[union-attr]
                    )
                sent = body if progress is None else progress.watch(body)
                response = await (
                    connection.protocol.exchange(request, sent, timeout)
                    if trace is None
                    else trace.exchange(connection.protocol, request, sent, timeout)
                )
            except NotProcessed as exc:
                self._give_up(connection)
                if "expect_continue" in extensions:
                    from ._expect import unexpecting

                    request = unexpecting(request, exc)
                if type(body) is BodyReader and body.is_started:
                    if getattr(stream, "_is_generator", True):
                        raise NotProcessed(
                            f"{exc} It cannot be sent again: its body was read in part."
                        ) from exc
                    # A list, or a file that goes back to where it was: a new reader starts over.
                    body = None
                # Old connections that turn out to be over do not count: there are only so many.
                replays += is_new or connection.protocol.capacity > 0
                if replays > _REPLAYS:
                    raise
            except BaseException as exc:
                self._give_up(connection)
                if isinstance(exc, TransportError) and exc.is_unanswered:
                    from ._replay import start_over

                    body = start_over(request, body, exc, lost)
                    lost = exc
                    self._discard_idle(route)
                else:
                    if lost is not None:
                        from ._replay import explain

                        explain(exc, lost)
                    if type(body) is bytes and len(extensions) <= 1:
                        # Nothing of the program's ran: neither its body nor a callback.
                        from ._blame import blame

                        blame(exc, "protocol", connection.protocol)
                    raise
            else:
                try:
                    response.extensions["network_stream"] = connection.network_stream
                except AttributeError:
                    from ._blame import wrong_type

                    self._discard(connection)
                    raise wrong_type(
                        "protocol", connection.protocol, response, "a hookline.Response"
                    ) from None
                if trace is not None:
                    await trace.receive(response)
                return response

    def _trace(self, callback: Any) -> Trace:
        from ._trace import Trace

        if self._backend is None:
            self._backend = self._make_backend()
        return Trace(callback, is_async=self._backend.is_async)

    def _progress(self, callback: Any, request: Request) -> UploadProgress:
        from ._progress import UploadProgress

        if self._backend is None:
            self._backend = self._make_backend()
        return UploadProgress(callback, request, is_async=self._backend.is_async)

    def _take(self, route: Origin) -> Connection | None:
        """A connection with room, if there is one: of the idle ones, the one used last."""
        while True:
            with self._lock:
                shared = self._pick_shared(route) if self._shared else None
                connection: Connection | None = None
                is_fresh = False
                if shared is None and (idle := self._idle.get(route)):
                    connection = idle.pop()
                    self._idle_count -= 1
                    connection.in_use = 1
                    is_fresh = connection.expires_at > time.monotonic()
                    if is_fresh and connection.protocol.capacity > 1:
                        self._shared.setdefault(route, {})[connection] = None
            if self._abandoned:
                self._reap()
            if connection is None:
                return shared
            try:
                if is_fresh and connection.protocol.is_reusable():
                    return connection
            except BaseException as exc:
                self._discard(connection)
                from ._blame import blame

                blame(exc, "protocol", connection.protocol)
                raise
            self._discard(connection)

    async def _obtain(
        self, route: Origin, origin: Origin, timeout: TimeoutDict, trace: Trace | None
    ) -> Connection:
        """A new connection, or the first that has room."""
        if origin.scheme not in ("http", "https") or not origin.host:
            raise _unsupported(origin)
        if self._backend is None:
            self._backend = self._make_backend()
        self._reap()
        may_share = self._protocols.may_share(origin.scheme)
        may_join = True
        patience = timeout.get("pool")
        deadline = Deadline(patience)
        has_place = False
        while True:
            # What was in use may be idle by now.
            if self._idle.get(route) and (idle := self._take(route)) is not None:
                if has_place:
                    self._free_place(route)
                return idle
            ticket: Ticket | None = None
            joiners: Joiners | None = None
            shared: Connection | None = None
            evicted: list[Connection] = []
            is_late = False
            with self._lock:
                is_closed = self._is_closed
                if may_share and not is_closed:
                    shared = self._pick_shared(route)
                    joiners = self._making.get(route)
                if is_closed or shared is not None:
                    if has_place:
                        self._pass_on_place(route)
                elif joiners is not None and may_join:
                    if has_place:
                        self._pass_on_place(route)
                        has_place = False
                    ticket = Ticket(route, self._backend.create_waiter(), joiners)
                else:
                    if not has_place:
                        has_place = self._get_place(route, evicted)
                    if not has_place:
                        # Another thread may have given one back just now.
                        is_late = bool(self._idle.get(route))
                    if is_late:
                        pass
                    elif not has_place:
                        ticket = Ticket(route, self._backend.create_waiter(), self._waiting)
                    elif may_share and joiners is None and route not in self._single:
                        joiners = self._making[route] = Joiners()
                    else:
                        joiners = None
            self._reap()
            for connection in evicted:
                self._shut(connection)
            if is_closed:
                raise RuntimeError("The connection pool is closed.")
            if shared is not None:
                return shared
            if is_late:
                continue
            if ticket is None:
                return await self._connect(route, origin, timeout, joiners, trace)
            verdict = await self._wait(ticket, deadline, patience)
            if isinstance(verdict, Connection):
                # Others use it, or it has just become idle.
                if verdict.in_use > 1 or verdict.protocol.is_reusable():
                    return verdict
                # It died on the way here. Its place may still be ours.
                with self._lock:
                    has_place = verdict in self._connections
                    self._forget(verdict)
                self._shut(verdict)
            else:
                has_place = verdict is Verdict.PLACE
                may_join = may_join and verdict is not Verdict.ALONE

    def _get_place(self, route: Origin, evicted: list[Connection]) -> bool:
        """Room for one more connection, with the lock held: what gave way to it is `evicted`."""
        for connection in self._pop_expired():
            self._drop(connection)
            evicted.append(connection)
        if not self._waiting.has_room(route):
            return False
        if self._open < self._max_open:
            self._open += 1
            self._waiting.occupy(route)
            return True
        # An idle connection of another route gives up its place.
        connection_or_none = self._pop_oldest_idle()
        if connection_or_none is None:
            return False
        self._forget(connection_or_none)
        self._pass_place(connection_or_none.route, route)
        evicted.append(connection_or_none)
        return True

    async def _wait(
        self, ticket: Ticket, deadline: Deadline, patience: float | None
    ) -> Connection | Verdict:
        """Stand in line until the ticket's turn."""
        try:
            await ticket.waiter.wait(deadline.remaining())
        except BaseException:
            if not self._withdraw(ticket):
                # Our turn came in the same moment: pass it on.
                if isinstance(ticket.verdict, Connection):
                    self._release(ticket.verdict)
                elif ticket.verdict is Verdict.PLACE:
                    self._free_place(ticket.route)
            raise
        if self._withdraw(ticket):
            if ticket.line is not self._waiting:
                # It is not the pool's fault that another request's connection takes its time.
                return Verdict.ALONE
            raise PoolTimeout(self._fullness(ticket.route, patience))
        verdict = ticket.verdict
        assert verdict is not None
        if self._is_closed:
            if verdict is Verdict.PLACE:
                self._free_place(ticket.route)
            raise RuntimeError("The connection pool was closed while a request waited for it.")
        return verdict

    def _fullness(self, route: Origin, patience: float | None) -> str:
        """Which limit kept a request waiting."""
        waiting = self._waiting
        if waiting.has_room(route):
            return (
                f"No connection became free within {patience} s: {self._open} of {self._max_open} "
                f"are in use (max_connections), {len(waiting)} more requests are waiting."
            )
        most = self._max_per_host
        return (
            f"No connection to {route.scheme}://{route.host}:{route.port} became free within "
            f"{patience} s: {most} of {most} are in use (max_connections_per_host), "
            f"{waiting.waiting_for(route)} more requests are waiting for one."
        )

    def _withdraw(self, ticket: Ticket) -> bool:
        """Leave the line; False where the ticket's turn has come already."""
        try:
            with self._lock:
                if ticket.verdict is not None:
                    return False
                ticket.line.remove(ticket)
                return True
        finally:
            self._reap()

    async def _connect(
        self,
        route: Origin,
        origin: Origin,
        timeout: TimeoutDict,
        joiners: Joiners | None,
        trace: Trace | None,
    ) -> Connection:
        """A new connection to an origin. Its place in the pool is taken already.

        `joiners` wait to share it, if it can be shared.
        """
        attempt = object()
        with self._lock:
            self._connecting[attempt] = origin
        try:
            protocol = await self._establish_or_retry(route, origin, timeout, trace)
        except BaseException as exc:
            with self._lock:
                self._connecting.pop(attempt, None)
                if joiners is not None:
                    # Whoever gave up makes room for the next to try; what failed may fail again.
                    failed = isinstance(exc, Exception)
                    self._dismiss(route, joiners, Verdict.ALONE if failed else Verdict.AGAIN)
                self._pass_on_place(route)
            self._reap()
            raise
        connection = Connection(self, route, origin, protocol)
        protocol.network = self._backend  # type: ignore[assignment]
        with self._lock:
            self._connecting.pop(attempt, None)
            is_closed = self._is_closed
            if is_closed:
                self._pass_on_place(route)
            else:
                self._connections.add(connection)
            if joiners is not None:
                if protocol.is_multiplexed:
                    connection.joiners = joiners
                else:
                    if len(self._single) >= _SINGLE_KEPT:
                        self._single.clear()
                    self._single.add(route)
                    self._dismiss(route, joiners, Verdict.AGAIN)
        self._reap()
        if is_closed:
            protocol.close()
            raise RuntimeError("The connection pool was closed while a connection was made.")
        if self._observers is not None:
            self._observers.emit("connection_opened", connection.info)
        return connection

    async def _establish_or_retry(
        self, route: Origin, origin: Origin, timeout: TimeoutDict, trace: Trace | None
    ) -> Protocol:
        assert self._backend is not None
        attempt = 0
        while True:
            deadline = Deadline(timeout.get("connect"))
            try:
                return await self._establish(route, origin, deadline, trace)
            except CertificateError:
                # It will be no better the next time.
                raise
            except (ConnectError, ConnectTimeout):
                if attempt >= self._retries:
                    raise
            # The first retry is immediate: most refusals are over by then.
            if attempt:
                delay = _RETRY_DELAY * 2 ** (attempt - 1)
                left = timeout.get("total")
                await self._backend.sleep(delay if left is None else min(delay, left))
            attempt += 1

    async def _establish(
        self, route: Origin, origin: Origin, deadline: Deadline, trace: Trace | None
    ) -> Protocol:
        assert self._backend is not None
        # Whatever is missing on our side is found before anything is sent to the other.
        self._protocols.resolve()
        context = self._get_ssl_context() if origin.scheme == "https" else None
        network = self._backend if trace is None else trace.network(self._backend)
        lending: Lending | None = None
        if not self._is_own_connector:
            from ._lending import Lending

            network = lending = Lending(network)
        connecting = self._connector.connect(origin, network, deadline)
        if trace is not None:
            connecting = trace.connecting(self._connector, origin, deadline.remaining(), connecting)
        try:
            stream = await connecting
        except BaseException as exc:
            if lending is not None:
                lending.take_back()
            from ._blame import blame

            blame(exc, "connector", self._connector)
            raise
        if not isinstance(stream, NetworkStream):
            if lending is not None:
                lending.take_back()
            from ._blame import wrong_type

            raise wrong_type(
                "connector", self._connector, stream, "a hookline.plugins.NetworkStream"
            )
        try:
            alpn = None
            if context is not None:
                from ._tls_stream import start_tls

                server_name = _server_name(route, origin)
                offered = self._protocols.alpn
                handshake = start_tls(stream, context, server_name, deadline, offered)
                if trace is not None:
                    handshake = trace.start_tls(
                        context, server_name, deadline.remaining(), handshake
                    )
                tls = await handshake
                stream, alpn = tls, tls.alpn
            return self._protocols.make(stream, alpn)
        except BaseException:
            stream.close()
            raise

    # -- Coming back ------------------------------------------------------------------------

    def _release(self, connection: Connection) -> None:
        """An exchange is over. Called by the protocol, and by whoever could not use a hand-over."""
        surplus: Connection | None = None
        with self._lock:
            connection.in_use -= 1
            if self._is_closed or connection not in self._connections:
                surplus = connection
            elif connection.protocol.is_closed:
                self._drop(connection)
                surplus = connection
            elif connection.in_use > 0:
                self._share_out(connection)
            elif connection.protocol.capacity < 1:
                # It finished what it had, and takes no more.
                self._drop(connection)
                surplus = connection
            elif self._waiting or connection.protocol.is_multiplexed:
                surplus = self._hand_on(connection)
            else:
                surplus = self._keep(connection)
        if self._abandoned:
            self._reap()
        if surplus is not None:
            self._shut(surplus)

    def _hand_on(self, connection: Connection) -> Connection | None:
        """Whom an idle connection goes to, with the lock held. Returns one to be shut, if any."""
        if connection.joiners is not None or connection.route in self._shared:
            self._unshare(connection)
            self._settle(connection, Verdict.AGAIN)
        ticket = self._waiting.take_for_connection(connection.route)
        if ticket is None:
            return self._keep(connection)
        if ticket.route == connection.route:
            connection.in_use = 1
            ticket.grant(connection)
            if connection.protocol.capacity > 1:
                self._share_out(connection)
            return None
        self._forget(connection)
        self._pass_place(connection.route, ticket.route)
        ticket.grant(Verdict.PLACE)
        return connection

    def _keep(self, connection: Connection) -> Connection | None:
        """Keep a connection idle, with the lock held. Returns the one that gives way, if any."""
        surplus: Connection | None = None
        if self._idle_count >= self._max_idle:
            # With room for none, the connection itself is the surplus.
            surplus = self._pop_oldest_idle() or connection
            self._drop(surplus)
        if surplus is not connection:
            connection.expires_at = time.monotonic() + self._expiry
            idle = self._idle.get(connection.route)
            if idle is None:
                idle = self._idle[connection.route] = deque()
            idle.append(connection)
            self._idle_count += 1
        return surplus

    def _capacity_changed(self, connection: Connection) -> None:
        """A connection takes more exchanges than before, or fewer. Called by the protocol."""
        with self._lock:
            if connection in self._connections and connection.in_use > 0:
                self._share_out(connection)
        self._reap()

    def _give_up(self, connection: Connection) -> None:
        """An exchange has failed. So has its connection, unless that one serves others too."""
        if connection.protocol.is_multiplexed:
            self._release(connection)
        else:
            self._discard(connection)

    def _discard(self, connection: Connection) -> None:
        """Close a connection and give its place away. Harmless where that was done before."""
        with self._lock:
            self._drop(connection)
        if self._abandoned:
            self._reap()
        self._shut(connection)

    def _discard_idle(self, route: Origin) -> None:
        """Close what is idle, as nobody should trust it any more."""
        with self._lock:
            idle = self._idle.pop(route, None) or ()
            self._idle_count -= len(idle)
            for connection in idle:
                self._drop(connection)
        self._reap()
        for connection in idle:
            self._shut(connection)

    def _abandon(self, connection: Connection) -> None:
        """An exchange is over, says the garbage collector: it calls from any thread at any moment,
        even from inside the lock, and so may neither wait for the lock nor touch an event loop."""
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
                is_shared = connection.protocol.is_multiplexed
                if not is_shared:
                    self._drop(connection)
            except IndexError:
                return
            finally:
                self._lock.release()
            if is_shared:
                self._release(connection)
            else:
                self._shut(connection)

    def _free_place(self, route: Origin) -> None:
        with self._lock:
            self._pass_on_place(route)
        self._reap()

    def refuse(self) -> None:
        """Take no further requests."""
        with self._lock:
            self._is_closed = True

    def close(self) -> None:
        """Close every connection, those in use as well, and refuse further requests."""
        with self._lock:
            self._is_closed = True
            connections = list(self._connections)
            self._connections.clear()
            self._open -= len(connections)
            self._idle.clear()
            self._idle_count = 0
            self._shared.clear()
            for connection in connections:
                self._waiting.vacate(connection.route)
            while self._waiting:
                ticket = self._waiting.take()
                self._open += 1
                self._waiting.occupy(ticket.route)
                ticket.grant(Verdict.PLACE)
            for route, joiners in list(self._making.items()):
                self._dismiss(route, joiners, Verdict.AGAIN)
        for connection in connections:
            self._shut(connection)

    def __repr__(self) -> str:
        return (
            f"<ConnectionPool: {self._open} open, {self._idle_count} idle, "
            f"{len(self._waiting)} waiting>"
        )

    # -- With the lock held -----------------------------------------------------------------

    def _drop(self, connection: Connection) -> None:
        """Take a connection off the books, once, and pass its place on."""
        if connection in self._connections:
            self._forget(connection)
            self._pass_on_place(connection.route)

    def _forget(self, connection: Connection) -> None:
        """Take a connection off the books. Its place is the caller's."""
        self._connections.discard(connection)
        if connection.protocol.is_multiplexed:
            self._unshare(connection)
            self._settle(connection, Verdict.ALONE)

    def _pass_on_place(self, route: Origin) -> None:
        """A route has one place less: it is for the first whom it may serve."""
        self._waiting.vacate(route)
        ticket = self._waiting.take_for_place()
        if ticket is None:
            self._open -= 1
        else:
            self._waiting.occupy(ticket.route)
            ticket.grant(Verdict.PLACE)

    def _pass_place(self, route: Origin, other: Origin) -> None:
        """A place was one route's, and is another's."""
        self._waiting.vacate(route)
        self._waiting.occupy(other)

    def _pick_shared(self, route: Origin) -> Connection | None:
        """A connection that others use and that has room: the one longest in use, so that others
        may become idle."""
        shared = self._shared.get(route)
        if not shared:
            return None
        connection = next(iter(shared))
        connection.in_use += 1
        if connection.in_use >= connection.protocol.capacity:
            self._unshare(connection)
        return connection

    def _unshare(self, connection: Connection) -> None:
        shared = self._shared.get(connection.route)
        if shared is not None:
            shared.pop(connection, None)
            if not shared:
                del self._shared[connection.route]

    def _share_out(self, connection: Connection) -> None:
        """Give the room on a connection in use to those who wait for it; what is left is offered to
        whoever comes."""
        capacity = connection.protocol.capacity
        joiners = connection.joiners
        if joiners is not None:
            while joiners and connection.in_use < capacity:
                connection.in_use += 1
                joiners.take().grant(connection)
            self._settle(connection, Verdict.AGAIN if capacity > 0 else Verdict.ALONE)
        while connection.in_use < capacity:
            ticket = self._waiting.take_of(connection.route)
            if ticket is None:
                self._shared.setdefault(connection.route, {})[connection] = None
                return
            connection.in_use += 1
            ticket.grant(connection)
        self._unshare(connection)

    def _settle(self, connection: Connection, verdict: Verdict) -> None:
        """Nobody joins a connection any more: those who still wait for it go their ways."""
        if connection.joiners is not None:
            self._dismiss(connection.route, connection.joiners, verdict)
            connection.joiners = None

    def _dismiss(self, route: Origin, joiners: Joiners, verdict: Verdict) -> None:
        if self._making.get(route) is joiners:
            del self._making[route]
        while joiners:
            joiners.take().grant(verdict)

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
        if expired or len(self._idle) > self._idle_count:
            # Routes without idle connections are forgotten, or a crawler would grow for ever.
            self._idle = {route: idle for route, idle in self._idle.items() if idle}
        return expired

    # -- Without it -------------------------------------------------------------------------

    def _shut(self, connection: Connection) -> None:
        try:
            connection.protocol.close()
        finally:
            # Whatever the protocol made of it: an event loop keeps a socket that nobody closes.
            connection.stream.close()
        if not connection.is_shut:
            connection.is_shut = True
            if self._observers is not None:
                self._observers.emit("connection_closed", connection.info)


def _server_named(route: Origin, name: object) -> Origin:
    """The route of connections that were made with another name in the TLS handshake: one more
    field keeps them apart from those that were not."""
    if name is None or route.scheme != "https":
        return route
    if not isinstance(name, str):
        raise TypeError(f'extensions["sni_hostname"]: expected a str, not {name!r}.')
    return cast("Origin", (*route, name))


def _server_name(route: Origin, origin: Origin) -> str:
    """The name in the TLS handshake, which the certificate is checked against."""
    return cast("str", route[3]) if len(route) > 3 else origin.host


def _unlimited(value: Any) -> Any:
    return float("inf") if value is None else value


def _unsupported(origin: Origin) -> UnsupportedProtocol:
    if not origin.scheme:
        return UnsupportedProtocol("Request URL is missing an 'http://' or 'https://' protocol.")
    if origin.scheme not in ("http", "https"):
        return UnsupportedProtocol(f"Request URL has an unsupported protocol '{origin.scheme}://'.")
    return UnsupportedProtocol(f"Request URL '{origin.scheme}:' has no host.")
