"""Blocking sockets. Every method is `async def` and never suspends; see `hookline/_drive.py`.

The kernel keeps the timeouts (SO_RCVTIMEO and SO_SNDTIMEO): a socket with a timeout of Python's own
is polled before every call, which would double the system calls of a request. Both are set again
only when the number changes.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from .._errors import ConnectTimeout, ReadError, ReadTimeout, WriteError, WriteTimeout
from .._timeout import Deadline
from ..plugins.interfaces import NetworkStream
from ._dial import Address, dial, dial_unix, numeric_addresses, resolution_failed
from .base import Backend, Waiter

# One receive takes what is there, up to this much.
_RECEIVE_SIZE = 65_536


class SyncStream(NetworkStream):
    """A connected, blocking socket."""

    __slots__ = ("_poll", "_receive_timeout", "_send_timeout", "_socket")

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(True)
        self._socket = sock
        self._receive_timeout: float | None = None
        self._send_timeout: float | None = None
        self._poll: Any = None

    async def receive(self, timeout: float | None) -> bytes:
        if timeout != self._receive_timeout:
            self._set_timeout(socket.SO_RCVTIMEO, timeout)
            self._receive_timeout = timeout
        try:
            return self._socket.recv(_RECEIVE_SIZE)
        except BlockingIOError as exc:
            raise ReadTimeout(f"No data came within {timeout} s.") from exc
        except OSError as exc:
            raise ReadError(f"Reading failed: {exc}") from exc

    async def send(self, data: bytes, timeout: float | None) -> None:
        if timeout != self._send_timeout:
            self._set_timeout(socket.SO_SNDTIMEO, timeout)
            self._send_timeout = timeout
        try:
            self._socket.sendall(data)
        except BlockingIOError as exc:
            raise WriteTimeout(f"The server took no data for {timeout} s.") from exc
        except OSError as exc:
            raise WriteError(f"Writing failed: {exc}") from exc

    def close(self) -> None:
        sock = self._socket
        try:
            # Another thread may be blocked in this socket: closing alone would not wake it.
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        sock.close()

    def has_input(self) -> bool:
        if self._poll is None:
            self._poll = input_poll(self._socket)
        return bool(self._poll.poll(0))

    def get_extra_info(self, name: str) -> Any:
        return socket_info(self._socket, name)

    def _set_timeout(self, option: int, seconds: float | None) -> None:
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, option, _kernel_timeout(seconds))
        except OSError as exc:
            raise ReadError(f"The connection is closed: {exc}") from exc


class _ThreadWaiter(Waiter):
    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    async def wait(self, timeout: float | None) -> bool:
        return self._event.wait(timeout)

    def set(self) -> None:
        self._event.set()


class SyncBackend(Backend):
    """The network for `Client`."""

    is_async = False

    async def connect_tcp(self, host: str, port: int, deadline: Deadline) -> NetworkStream:
        addresses = numeric_addresses(host, port)
        if addresses is None:
            addresses = _resolve(host, port, deadline)
        return SyncStream(await dial(host, port, addresses, self, deadline, _wait_writable))

    async def connect_unix(self, path: str, deadline: Deadline) -> NetworkStream:
        return SyncStream(await dial_unix(path, self, deadline))

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251 (blocking is this backend's business)

    def call_soon(self, callback: Callable[[], None]) -> None:
        callback()

    def create_waiter(self) -> Waiter:
        return _ThreadWaiter()


def socket_info(sock: socket.socket, name: str) -> Any:
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


def _kernel_timeout(seconds: float | None) -> bytes:
    """A `struct timeval`, or the milliseconds that Windows takes; zero stands for no limit."""
    if seconds is None:
        seconds = 0.0
    else:
        # The smallest wait that is not "for ever": a deadline that is over must time out.
        seconds = max(seconds, 0.001)
    if sys.platform == "win32":
        return struct.pack("L", int(seconds * 1000))
    whole = int(seconds)
    return struct.pack("ll", whole, int((seconds - whole) * 1_000_000))


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

    def poll(self, milliseconds: int) -> list[socket.socket]:
        return select.select([self._socket], [], [], milliseconds / 1000)[0]


async def _wait_writable(
    socks: Sequence[socket.socket], timeout: float | None
) -> list[socket.socket]:
    if hasattr(select, "poll"):
        poll = select.poll()
        for sock in socks:
            poll.register(sock, select.POLLOUT)
        milliseconds = None if timeout is None else int(timeout * 1000) + 1
        ready = {fd for fd, _ in poll.poll(milliseconds)}
        return [sock for sock in socks if sock.fileno() in ready]
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
    thread.join(deadline.remaining())
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
