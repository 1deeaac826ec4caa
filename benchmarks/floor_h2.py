"""The floor for HTTP/2: h2, a socket and TLS, with no HTTP client on top.

h2 is the state machine that Python's HTTP/2 clients are built on, hookline's second engine among
them. What is here does nothing but move bytes between it and a socket: it opens the
streams of its workers, acknowledges what it receives, and resolves a plain future for each
response. It builds no request, times nothing out and keeps no pool. What a client on h2 costs
beyond it is the client; a client with an engine of its own can be below it.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from target import AsyncFetch, Fetch, Fetched, Target

# As large as hookline's, so that nobody waits for a window.
_WINDOW = 4 * 1024 * 1024
_CONNECTION_WINDOW = 16 * 1024 * 1024


class _Engine:
    """h2 with the few calls that both floors make."""

    def __init__(self, target: Target) -> None:
        import h2.config
        import h2.connection
        import h2.events
        import h2.exceptions
        import h2.settings

        self._events = h2.events
        self._over = h2.exceptions.StreamClosedError
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                normalize_inbound_headers=False,
            )
        )
        codes = h2.settings.SettingCodes
        self.h2.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                codes.ENABLE_PUSH: 0,
                codes.INITIAL_WINDOW_SIZE: _WINDOW,
                codes.MAX_FRAME_SIZE: 65_536,
            },
        )
        self.h2.max_inbound_frame_size = 65_536
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(_CONNECTION_WINDOW - 65_535)
        self._fields = [
            (b":method", b"GET"),
            (b":authority", target.authority.encode("ascii")),
            (b":scheme", b"https"),
            (b":path", target.path.encode("ascii")),
            (b"accept", b"*/*"),
            (b"accept-encoding", b"gzip, deflate"),
            (b"user-agent", b"hookline-benchmarks-floor"),
        ]
        self._unread: dict[int, int] = {}
        self._all_unread = 0
        self._responses: dict[int, list[int]] = {}

    def request(self) -> int:
        stream_id: int = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream_id, self._fields, end_stream=True)
        self._responses[stream_id] = [0, 0]
        return stream_id

    def receive(self, data: bytes) -> Iterator[tuple[int, Fetched]]:
        """The streams that have ended, with what they brought."""
        events = self._events
        for event in self.h2.receive_data(data):
            if isinstance(event, events.DataReceived):
                self._responses[event.stream_id][1] += len(event.data)
                self._acknowledge(event.stream_id, event.flow_controlled_length)
            elif isinstance(event, events.ResponseReceived):
                self._responses[event.stream_id][0] = int(event.headers[0][1])
            elif isinstance(event, events.StreamEnded):
                status, length = self._responses.pop(event.stream_id)
                self._unread.pop(event.stream_id, None)
                yield event.stream_id, (status, length)

    def _acknowledge(self, stream_id: int, size: int) -> None:
        """As its user should: a window is opened again when half of it is used."""
        self._all_unread += size
        if self._all_unread >= _CONNECTION_WINDOW // 2:
            self.h2.increment_flow_control_window(self._all_unread)
            self._all_unread = 0
        unread = self._unread.get(stream_id, 0) + size
        if unread >= _WINDOW // 2:
            try:
                self.h2.increment_flow_control_window(unread, stream_id)
            except self._over:
                # Its end has come in the same read.
                pass
            unread = 0
        self._unread[stream_id] = unread


def _context(target: Target) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=target.authority_file)
    context.set_alpn_protocols(["h2"])
    return context


@contextmanager
def blocking(target: Target) -> Iterator[Fetch]:
    """One blocking TLS socket, one request at a time."""
    engine = _Engine(target)
    plain = socket.create_connection(("127.0.0.1", target.port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with _context(target).wrap_socket(plain, server_hostname="localhost") as sock:

        def fetch() -> Fetched:
            engine.request()
            while True:
                if output := engine.h2.data_to_send():
                    sock.sendall(output)
                data = sock.recv(65_536)
                if not data:
                    raise ConnectionError("the server closed the connection")
                for _, fetched in engine.receive(data):
                    return fetched

        yield fetch


class _Connection(asyncio.Protocol):
    """One connection, as many streams as there are workers."""

    def __init__(self, target: Target) -> None:
        self._engine = _Engine(target)
        self._loop = asyncio.get_running_loop()
        self._waiters: dict[int, asyncio.Future[Fetched]] = {}

    def fetch(self) -> asyncio.Future[Fetched]:
        waiter: asyncio.Future[Fetched] = self._loop.create_future()
        self._waiters[self._engine.request()] = waiter
        self._flush()
        return waiter

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for stream_id, fetched in self._engine.receive(data):
            self._waiters.pop(stream_id).set_result(fetched)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        for waiter in self._waiters.values():
            waiter.set_exception(exc or ConnectionError("the server closed the connection"))

    def close(self) -> None:
        self._transport.abort()

    def _flush(self) -> None:
        if output := self._engine.h2.data_to_send():
            self._transport.write(output)


@asynccontextmanager
async def awaited(target: Target) -> AsyncIterator[list[AsyncFetch]]:
    """One connection for all workers."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: _Connection(target), "127.0.0.1", target.port,
        ssl=_context(target), server_hostname="localhost",
    )  # fmt: skip
    try:
        yield [connection.fetch] * target.concurrency
    finally:
        connection.close()
