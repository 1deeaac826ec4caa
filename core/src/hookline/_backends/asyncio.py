"""asyncio: one `asyncio.BufferedProtocol` per connection, and nothing else.

A buffered protocol, because for a plain one asyncio allocates a quarter of a megabyte per read, and
gives most of it back. Reads go into one buffer that all connections of a loop share, and are copied
out at their true size.

No task, no cancel scope and no timer object per read. Data goes straight into the future that the
reader waits for. Each connection has one timer for its reads: it is left running when a read ends,
and when it fires it looks at the present deadline and, mostly, sets itself again. So a busy
connection touches the loop's timer heap once per timeout period instead of twice per read.
"""

from __future__ import annotations

import asyncio
import math
import select
import socket
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, cast

from .. import _fork
from .._errors import ConnectError, ConnectTimeout, ReadError, ReadTimeout, WriteError, WriteTimeout
from .._timeout import Deadline, again
from ..plugins.interfaces import Buffer, NetworkStream, Waiter
from ._dial import Address, dial, dial_unix, resolution_failed
from .base import Backend
from .sync import input_poll, socket_info

# One read takes what is there, up to this much.
_RECEIVE_SIZE = 262_144
# How long a thread watches sockets where the loop cannot, in seconds, before it is asked again.
_MOMENT = 0.1
# Unread data beyond this stops the transport from reading: the peer then feels that we are slow.
_HIGH_WATER = 262_144


class AsyncioStream(NetworkStream, asyncio.BufferedProtocol):
    """A connection of the running event loop."""

    __slots__ = (
        "_buffer",
        "_drained",
        "_ended",
        "_error",
        "_generation",
        "_loop",
        "_lost",
        "_poll",
        "_read_by",
        "_reader",
        "_reading_paused",
        "_socket",
        "_timer",
        "_transport",
        "_unread",
        "_unread_size",
        "_writing_paused",
        "_written",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, buffer: memoryview, sock: socket.socket
    ) -> None:
        self._loop = loop
        self._buffer = buffer
        self._socket = sock
        self._generation = _fork.generation
        self._poll: Any = None
        self._transport: asyncio.Transport
        self._unread: deque[bytes] = deque()
        self._unread_size = 0
        self._reading_paused = False
        self._reader: asyncio.Future[bytes] | None = None
        self._read_by = math.inf
        self._timer: asyncio.TimerHandle | None = None
        # The peer has finished; whatever is unread still counts.
        self._ended = False
        self._lost = False
        self._error: Exception | None = None
        self._writing_paused = False
        self._written = 0
        self._drained: asyncio.Future[None] | None = None

    # -- For the shared code ------------------------------------------------------------------

    async def receive(self, timeout: float | None) -> bytes:
        if self._unread:
            return self._take()
        if self._ended:
            if self._error is not None:
                raise ReadError(f"Reading failed: {self._error}") from self._error
            return b""
        if asyncio._get_running_loop() is not self._loop:
            raise ReadError(_elsewhere(self._loop))
        reader: asyncio.Future[bytes] = self._loop.create_future()
        self._reader = reader
        if timeout is None:
            self._read_by = math.inf
        else:
            self._read_by = by = self._loop.time() + timeout
            timer = self._timer
            if timer is None:
                self._timer = self._loop.call_at(by, self._on_timer)
            elif timer.when() > by:
                timer.cancel()
                self._timer = self._loop.call_at(by, self._on_timer)
        try:
            return await reader
        except asyncio.CancelledError:
            # What came in the same moment is the next reader's.
            if reader.done() and not reader.cancelled() and reader.exception() is None:
                self._give_back(reader.result())
            raise
        finally:
            self._reader = None

    def write(self, data: Buffer) -> bool:
        if self._lost or self._transport.is_closing():
            raise WriteError("The connection was closed by the server.") from self._error
        if data:
            self._written += len(data)
            self._transport.write(data)
        return not self._writing_paused

    async def writable(self, timeout: float | None) -> None:
        taken = self._taken
        try:
            while self._writing_paused:
                self._drained = self._loop.create_future()
                if await _in_time(self._loop, self._drained, again(timeout)):
                    break
                # The timeout is for a wait without any progress, whatever others write meanwhile.
                earlier, taken = taken, self._taken
                if taken <= earlier:
                    raise WriteTimeout(f"The server took no data for {timeout} s.")
        finally:
            self._drained = None
        if self._lost:
            raise WriteError("The connection was closed by the server.") from self._error

    def close(self) -> None:
        self._lost = self._ended = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = self._loop
        if self._generation != _fork.generation:
            # The loop is a parent's, in another process.
            self._socket.close()
        elif loop.is_closed():
            self._close_without_loop()
        elif loop.is_running() and asyncio._get_running_loop() is not loop:
            try:
                loop.call_soon_threadsafe(self._transport.abort)
            except RuntimeError:
                # It was closed in the same moment.
                self._close_without_loop()
        else:
            self._transport.abort()

    def has_input(self) -> bool:
        if self._ended or self._unread or asyncio._get_running_loop() is not self._loop:
            return True
        # The loop may not have looked since: ask the system.
        if self._poll is None:
            self._poll = input_poll(self._socket)
        return bool(self._poll.poll(0))

    def get_extra_info(self, name: str) -> object:
        return socket_info(self._socket, name)

    # -- For the event loop -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(self._buffer[:nbytes])
        reader = self._reader
        if reader is not None and not reader.done():
            reader.set_result(data)
            return
        self._unread.append(data)
        self._unread_size += len(data)
        if self._unread_size > _HIGH_WATER and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        self._ended = True
        reader = self._reader
        if reader is not None and not reader.done():
            reader.set_result(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = self._lost = True
        self._error = exc
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        reader = self._reader
        if reader is not None and not reader.done():
            if exc is None:
                reader.set_result(b"")
            else:
                error = ReadError(f"Reading failed: {exc}")
                error.__cause__ = exc
                reader.set_exception(error)
        self.resume_writing()

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        drained = self._drained
        if drained is not None and not drained.done():
            drained.set_result(None)

    # -- Helpers ------------------------------------------------------------------------------

    def _close_without_loop(self) -> None:
        if self._socket.fileno() == -1:
            # It was lost while the loop ran, or closed before: the transport has heard of it.
            return
        self._socket.close()
        # What asyncio's loop would call: else the transport remarks on itself when it is
        # collected. Other loops have no such method.
        end = getattr(self._transport, "_call_connection_lost", None)
        if end is not None:
            self._reading_paused = False
            with suppress(RuntimeError):
                # Whoever still waits in that loop cannot be woken.
                end(None)

    def _take(self) -> bytes:
        data = self._unread.popleft()
        self._unread_size -= len(data)
        if self._reading_paused and not self._unread:
            self._reading_paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()
        return data

    @property
    def _taken(self) -> int:
        """How many bytes the peer has taken so far."""
        return self._written - self._transport.get_write_buffer_size()

    def _give_back(self, data: bytes) -> None:
        if data:
            self._unread.appendleft(data)
            self._unread_size += len(data)

    def _on_timer(self) -> None:
        self._timer = None
        reader = self._reader
        if reader is None or reader.done() or self._read_by == math.inf:
            return
        if self._loop.time() >= self._read_by:
            reader.set_exception(ReadTimeout("No data came within the read timeout."))
        else:
            self._timer = self._loop.call_at(self._read_by, self._on_timer)


class _FutureWaiter(Waiter):
    __slots__ = ("_future", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()

    async def wait(self, timeout: float | None) -> bool:
        return await _in_time(self._loop, self._future, timeout)

    def set(self) -> None:
        if not self._future.done():
            try:
                self._future.set_result(None)
            except RuntimeError:
                # The loop was closed while its tasks still waited: nobody is left to be woken.
                pass


class AsyncioBackend(Backend):
    """The network for `AsyncClient` under asyncio."""

    is_async = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._loop = asyncio.get_running_loop()
        # Made for the first connection: there are backends that only sleep.
        self._buffer: memoryview | None = None

    def _here(self) -> asyncio.AbstractEventLoop:
        """The running loop. A client may outlive one: its connections are found unusable then, and
        new ones belong to the next, with a buffer of their own."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._buffer = None
        return loop

    async def look_up(self, host: str, port: int, deadline: Deadline) -> Sequence[Address]:
        return await _resolve(asyncio.get_running_loop(), host, port, deadline)

    async def dial(
        self, host: str, port: int, addresses: Sequence[Address], deadline: Deadline
    ) -> NetworkStream:
        sock = await dial(host, port, addresses, self, deadline, _wait_writable)
        return await self._stream(sock)

    async def connect_unix(self, path: str, deadline: Deadline) -> NetworkStream:
        return await self._stream(await dial_unix(path, self, deadline))

    async def _stream(self, sock: socket.socket) -> AsyncioStream:
        loop = self._here()
        # Where reads complete later than they start (Windows' proactor), the buffer cannot be
        # shared.
        is_shared = not hasattr(loop, "_proactor")
        buffer = self._buffer if is_shared else None
        if buffer is None:
            buffer = memoryview(bytearray(_RECEIVE_SIZE))
            if is_shared:
                self._buffer = buffer
        try:
            _, stream = await loop.create_connection(
                lambda: AsyncioStream(loop, buffer, sock), sock=sock
            )
        except OSError as exc:
            sock.close()
            raise ConnectError(f"The connection broke at once: {exc}") from exc
        except BaseException:
            sock.close()
            raise
        return stream

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(callback)

    def create_waiter(self) -> Waiter:
        return _FutureWaiter()


def _elsewhere(loop: asyncio.AbstractEventLoop) -> str:
    if loop.is_closed():
        return "The event loop that the connection was made in has ended."
    return (
        "The connection belongs to another event loop. Read a streaming response where its "
        "request was made."
    )


async def _in_time(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[None], timeout: float | None
) -> bool:
    """Wait for a future; False where the timeout came first."""
    if timeout is None:
        await future
        return True
    timed_out = False

    def give_up() -> None:
        nonlocal timed_out
        if not future.done():
            timed_out = True
            future.set_result(None)

    timer = loop.call_later(timeout, give_up)
    try:
        await future
    finally:
        timer.cancel()
    return not timed_out


async def _wait_writable(
    socks: Sequence[socket.socket], timeout: float | None
) -> list[socket.socket]:
    loop = asyncio.get_running_loop()
    changed: asyncio.Future[None] = loop.create_future()
    ready: list[socket.socket] = []

    def on_writable(sock: socket.socket) -> None:
        ready.append(sock)
        loop.remove_writer(sock)
        if not changed.done():
            changed.set_result(None)

    try:
        for sock in socks:
            loop.add_writer(sock, on_writable, sock)
        await _in_time(loop, changed, timeout)
    except NotImplementedError:
        # Windows' proactor cannot watch sockets: a thread does, for a moment at a time, so that it
        # is not left behind for long.
        moment = _MOMENT if timeout is None else min(timeout, _MOMENT)
        watch = partial(select.select, [], socks, socks, moment)
        _, writable, failed = await loop.run_in_executor(None, watch)
        return [sock for sock in socks if sock in writable or sock in failed]
    finally:
        for sock in socks:
            with suppress(NotImplementedError):
                loop.remove_writer(sock)
    return ready


async def _resolve(
    loop: asyncio.AbstractEventLoop, host: str, port: int, deadline: Deadline
) -> Sequence[Address]:
    try:
        async with asyncio.timeout(deadline.remaining()):
            return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as exc:
        raise ConnectTimeout(f"Resolving the host {host!r} timed out.") from exc
    except (OSError, UnicodeError) as exc:
        raise resolution_failed(host, exc) from exc
