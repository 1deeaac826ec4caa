"""The floor: what the sockets themselves cost, with no HTTP client on top.

Sends fixed bytes and reads until the known number of bytes has arrived. It keeps
no pool, builds no request, parses no response and sets no timeout, so no client
can be below it for long. What a client costs beyond it is the client.

There are two for asyncio. asyncio reads into a new object of 256 KiB each time for an
`asyncio.Protocol`, which most clients build on: in some processes the allocator has
that at hand and in others it asks the kernel for it, which triples the cost of a
small request. An `asyncio.BufferedProtocol` brings its own buffer and has no such luck,
good or bad.

The status and the body's length are still looked at, as they are for every
client: an error page is not a fast answer.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)

from target import AsyncFetch, Fetch, Fetched, Target, upload

_OK = b"HTTP/1.1 200 "

# What a buffer holds at most: a download goes through it again and again.
_BUFFER = 256 * 1024


def request_bytes(authority: str, path: str, method: str = "GET", framing: str = "") -> bytes:
    """A request with the headers that a client sends by default."""
    return (
        f"{method} {path} HTTP/1.1\r\n"
        f"Host: {authority}\r\n"
        "Accept: */*\r\n"
        "Accept-Encoding: gzip, deflate\r\n"
        "Connection: keep-alive\r\n"
        "User-Agent: hookline-benchmarks-floor\r\n"
        f"{framing}\r\n"
    ).encode("ascii")


@contextmanager
def _connection(target: Target) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", target.port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sock


@contextmanager
def blocking(target: Target) -> Iterator[Fetch]:
    """A blocking socket and a buffer for each thread, used again for each response."""
    request = request_bytes(target.authority, target.path)
    expected = target.head_length + target.body_length
    size = min(expected + 4096, _BUFFER)
    local = threading.local()

    with ExitStack() as stack:

        def fetch() -> Fetched:
            try:
                sock, buffer = local.mine
            except AttributeError:
                sock, buffer = stack.enter_context(_connection(target)), bytearray(size)
                local.mine = sock, buffer
            sock.sendall(request)
            received = sock.recv_into(buffer)
            status = 200 if buffer.startswith(_OK) else 0
            while received < expected:
                count = sock.recv_into(buffer)
                if not count:
                    raise ConnectionError("the server closed the connection")
                received += count
            return status, received - target.head_length

        yield fetch


@contextmanager
def uploading(target: Target) -> Iterator[Fetch]:
    """One blocking socket; the pieces leave in chunks, as they must without a length."""
    framing = "Transfer-Encoding: chunked\r\n"
    request = request_bytes(target.authority, target.path, "POST", framing)
    buffer = bytearray(_BUFFER)

    with _connection(target) as sock:

        def fetch() -> Fetched:
            sock.sendall(request)
            for piece in upload():
                sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            sock.sendall(b"0\r\n\r\n")
            # The body's three bytes come with the head.
            received = sock.recv_into(buffer)
            head = buffer.index(b"\r\n\r\n") + 4
            return 200 if buffer.startswith(_OK) else 0, received - head

        yield fetch


class _Connection(asyncio.BaseProtocol):
    """One connection: write, then a plain future that the last byte resolves."""

    def __init__(self, target: Target) -> None:
        self._loop = asyncio.get_running_loop()
        self._request = request_bytes(target.authority, target.path)
        self._head_length = target.head_length
        self._expected = target.head_length + target.body_length
        self._received = 0
        self._status = 0

    def fetch(self) -> asyncio.Future[Fetched]:
        self._received = 0
        self._waiter: asyncio.Future[Fetched] = self._loop.create_future()
        self._transport.write(self._request)
        return self._waiter

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionError("the server closed the connection"))

    def close(self) -> None:
        self._transport.abort()


class _PlainConnection(_Connection, asyncio.Protocol):
    """The event loop brings the bytes, in an object that it makes for each read."""

    def data_received(self, data: bytes) -> None:
        if not self._received:
            self._status = 200 if data.startswith(_OK) else 0
        self._received += len(data)
        if self._received >= self._expected:
            self._waiter.set_result((self._status, self._received - self._head_length))


class _BufferedConnection(_Connection, asyncio.BufferedProtocol):
    """The event loop reads into one buffer, again and again."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._buffer = bytearray(min(self._expected + 4096, _BUFFER))

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if not self._received:
            self._status = 200 if self._buffer.startswith(_OK) else 0
        self._received += nbytes
        if self._received >= self._expected:
            self._waiter.set_result((self._status, self._received - self._head_length))


@asynccontextmanager
async def _connected(
    make_connection: Callable[[Target], _Connection], target: Target
) -> AsyncIterator[list[AsyncFetch]]:
    """A connection for each worker: nothing is shared, so nothing is waited for."""
    loop = asyncio.get_running_loop()
    context: ssl.SSLContext | None = None
    if target.authority_file is not None:
        context = ssl.create_default_context(cafile=target.authority_file)
    connections: list[_Connection] = []
    try:
        for _ in range(target.concurrency):
            _, connection = await loop.create_connection(
                lambda: make_connection(target),
                "127.0.0.1",
                target.port,
                ssl=context,
                server_hostname=None if context is None else "localhost",
            )
            connections.append(connection)
        yield [connection.fetch for connection in connections]
    finally:
        for connection in connections:
            connection.close()


def plain(target: Target) -> AbstractAsyncContextManager[list[AsyncFetch]]:
    return _connected(_PlainConnection, target)


def buffered(target: Target) -> AbstractAsyncContextManager[list[AsyncFetch]]:
    return _connected(_BufferedConnection, target)
