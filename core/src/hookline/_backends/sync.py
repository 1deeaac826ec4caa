"""Sockets that block. Every method is `async def` and never suspends; see `hookline/_drive.py`.

Sockets are non-blocking, and polled where they would block. A timeout of Python's own would poll
before every call, a send included; one of the kernel's (SO_RCVTIMEO) costs nothing, but starts anew
whenever a signal arrives, so that a program with a timer would wait for ever.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .. import _fork
from .._errors import ConnectTimeout, ReadError, ReadTimeout, WriteError, WriteTimeout
from .._timeout import Deadline
from ..plugins.interfaces import Buffer, NetworkStream, Waiter
from ._dial import Address, dial, dial_unix, resolution_failed
from .base import Backend

# One receive takes what is there, up to this much. More would cost less where data comes faster
# than it is read, and more than twice as much in some processes: above 128 KiB, the C library may
# ask the kernel for memory, and give it back, with each receive.
_RECEIVE_SIZE = 65_536
# Seconds. What is longer is waited for in pieces, so that Python comes by to see to its signals:
# one that arrives between its last look and the system call, or in another thread, interrupts no
# call, and on Windows none does. The price is a system call in each second of waiting.
_LONGEST_WAIT = 1.0


class SyncStream(NetworkStream):
    """A connected, non-blocking socket that is polled where it would block."""

    __slots__ = ("_generation", "_poll", "_socket", "_unsent")

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._generation = _fork.generation
        self._poll = input_poll(sock)
        # What the peer has not taken yet.
        self._unsent: deque[memoryview] = deque()

    async def receive(self, timeout: float | None) -> bytes:
        # As `_first` says, without its frame on the way of every response.
        first = _LONGEST_WAIT if timeout is None or timeout > _LONGEST_WAIT else timeout
        milliseconds = first * 1000
        while True:
            # A response is hardly ever there already, so that asking first is the shorter way.
            if not self._poll.poll(milliseconds) and not self._has_input_in_the_end(timeout):
                raise ReadTimeout(f"No data came within {timeout} s.")
            try:
                return self._socket.recv(_RECEIVE_SIZE)
            except BlockingIOError:
                continue
            except OSError as exc:
                raise ReadError(f"Reading failed: {exc}") from exc

    def _has_input_in_the_end(self, timeout: float | None) -> bool:
        """The rest of a wait for input, of which the first piece is over."""
        for seconds in _rest(timeout):
            if self._socket.fileno() == -1:
                # Its number may be another socket's by now.
                raise ReadError("The connection was closed while it was read from.")
            if self._poll.poll(seconds * 1000):
                return True
        return False

    def write(self, data: Buffer) -> bool:
        if self._unsent:
            return self._write_more(data)
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as exc:
            raise WriteError(f"Writing failed: {exc}") from exc
        if sent == len(data):
            return True
        self._unsent.append(memoryview(data)[sent:])
        return False

    def _write_more(self, data: Buffer) -> bool:
        """`write`, where something was kept: in order, as far as the peer takes it."""
        unsent = self._unsent
        if data:
            unsent.append(memoryview(data))
        try:
            while unsent:
                sent = self._socket.send(unsent[0])
                if sent < len(unsent[0]):
                    unsent[0] = unsent[0][sent:]
                    return False
                unsent.popleft()
        except BlockingIOError:
            return False
        except OSError as exc:
            raise WriteError(f"Writing failed: {exc}") from exc
        return True

    async def writable(self, timeout: float | None) -> None:
        try:
            writable = await _wait_writable([self._socket], timeout)
        except (OSError, ValueError) as exc:
            raise WriteError("The connection was closed while it was written to.") from exc
        if not writable:
            raise WriteTimeout(f"The server took no data for {timeout} s.")

    def close(self) -> None:
        sock = self._socket
        self._unsent.clear()
        if self._generation == _fork.generation:
            try:
                # Another thread may be waiting for this socket: closing alone would not wake it.
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        sock.close()

    def has_input(self) -> bool:
        # The number of a closed descriptor may be another's by now.
        return self._socket.fileno() == -1 or bool(self._poll.poll(0))

    def get_extra_info(self, name: str) -> object:
        return socket_info(self._socket, name)


class _ThreadWaiter(Waiter):
    """A lock that is released to wake the waiter.

    Not a `threading.Event`: that runs Python code under a lock of its own, where the garbage
    collector may come by, find an abandoned response and give its place to this very waiter.
    """

    __slots__ = ("_is_set", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self._is_set = False

    async def wait(self, timeout: float | None) -> bool:
        if self._lock.acquire(timeout=_first(timeout)):
            return True
        return any(self._lock.acquire(timeout=seconds) for seconds in _rest(timeout))

    def set(self) -> None:
        # Called under the pool's lock, so that nobody comes between these two lines.
        if not self._is_set:
            self._is_set = True
            self._lock.release()


class SyncBackend(Backend):
    """The network for `Client`."""

    is_async = False

    async def look_up(self, host: str, port: int, deadline: Deadline) -> Sequence[Address]:
        return _resolve(host, port, deadline)

    async def dial(
        self, host: str, port: int, addresses: Sequence[Address], deadline: Deadline
    ) -> NetworkStream:
        return SyncStream(await dial(host, port, addresses, self, deadline, _wait_writable))

    async def connect_unix(self, path: str, deadline: Deadline) -> NetworkStream:
        return SyncStream(await dial_unix(path, self, deadline))

    async def sleep(self, seconds: float) -> None:
        # Blocking is this backend's business.
        time.sleep(_first(seconds))  # noqa: ASYNC251
        for piece in _rest(seconds):
            time.sleep(piece)  # noqa: ASYNC251

    def call_soon(self, callback: Callable[[], None]) -> None:
        callback()

    def create_waiter(self) -> Waiter:
        return _ThreadWaiter()


def socket_info(sock: socket.socket, name: str) -> object:
    """What `NetworkStream.get_extra_info` says of a socket."""
    try:
        if name == "socket":
            return sock
        if name == "client_addr":
            return sock.getsockname()
        if name == "server_addr":
            return sock.getpeername()
    except OSError:
        # Closed, or no longer connected.
        return None
    return None


def input_poll(sock: socket.socket) -> Any:
    """An object whose `poll(0)` says, without waiting, whether there is input."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return poll
    return _SelectPoll(sock)


class _SelectPoll:
    """`select.poll` for one socket where there is only `select.select` (Windows)."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def poll(self, milliseconds: float) -> list[socket.socket]:
        if self._socket.fileno() == -1:
            # There is something to be had of it: an error.
            return [self._socket]
        return select.select([self._socket], [], [], milliseconds / 1000)[0]


def _first(timeout: float | None) -> float:
    """The first piece of a wait, in seconds; all of it where it is not long."""
    return _LONGEST_WAIT if timeout is None or timeout > _LONGEST_WAIT else timeout


def _rest(timeout: float | None) -> Iterator[float]:
    """The other pieces of a wait, now that the first is over. What one of them took too long, the
    next ones have less."""
    while timeout is None:
        yield _LONGEST_WAIT
    end = time.monotonic() + timeout - _LONGEST_WAIT
    while (left := end - time.monotonic()) > 0:
        yield min(left, _LONGEST_WAIT)


async def _wait_writable(
    socks: Sequence[socket.socket], timeout: float | None
) -> list[socket.socket]:
    writable = _writable(socks, _first(timeout))
    for seconds in _rest(timeout):
        if writable:
            break
        writable = _writable(socks, seconds)
    return writable


def _writable(socks: Sequence[socket.socket], timeout: float) -> list[socket.socket]:
    if hasattr(select, "poll"):
        poll = select.poll()
        # By number, as it is now: another thread may close the socket meanwhile.
        watched = {sock.fileno(): sock for sock in socks}
        for number in watched:
            poll.register(number, select.POLLOUT)
        return [watched[number] for number, _ in poll.poll(int(timeout * 1000) + 1)]
    # Windows reports a failed attempt among the exceptional conditions.
    _, writable, failed = select.select([], socks, socks, timeout)
    return [sock for sock in socks if sock in writable or sock in failed]


def _resolve(host: str, port: int, deadline: Deadline) -> Sequence[Address]:
    """Look a name up, in a thread where there is a deadline: nothing else can interrupt the
    system's resolver. A look-up that comes too late ends on its own, unheard."""
    if deadline.remaining() is None:
        return _look_up(host, port)
    answer: list[Any] = []

    def look_up() -> None:
        try:
            answer.append(_look_up(host, port))
        except BaseException as exc:
            answer.append(exc)

    thread = threading.Thread(target=look_up, name=f"hookline-resolve-{host}", daemon=True)
    thread.start()
    left = deadline.remaining()
    thread.join(_first(left))
    for seconds in _rest(left):
        if not thread.is_alive():
            break
        thread.join(seconds)
    if not answer:
        raise ConnectTimeout(f"Resolving the host {host!r} timed out.")
    if isinstance(answer[0], BaseException):
        raise answer[0]
    found: Sequence[Address] = answer[0]
    return found


def _look_up(host: str, port: int) -> Sequence[Address]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise resolution_failed(host, exc) from exc
