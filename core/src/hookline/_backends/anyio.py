"""trio, and whatever else anyio runs on.

Plain non-blocking sockets, and anyio only where there is something to wait for: data that is there
already costs no cancel scope and no checkpoint.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import anyio.lowlevel

from .. import _fork
from .._errors import ConnectTimeout, ReadError, ReadTimeout, WriteError, WriteTimeout
from .._timeout import Deadline
from ..plugins.interfaces import NetworkStream, Waiter
from ._dial import Address, dial, dial_unix, resolution_failed
from .base import Backend
from .sync import _RECEIVE_SIZE, SyncStream


class AnyioStream(SyncStream):
    """A connected, non-blocking socket: what never waits is the synchronous stream's."""

    __slots__ = ()

    async def receive(self, timeout: float | None) -> bytes:
        while True:
            try:
                return self._socket.recv(_RECEIVE_SIZE)
            except BlockingIOError:
                pass
            except OSError as exc:
                raise ReadError(f"Reading failed: {exc}") from exc
            try:
                with anyio.move_on_after(timeout) as scope:
                    await anyio.wait_readable(self._socket)
            except (anyio.ClosedResourceError, OSError, ValueError) as exc:
                raise ReadError(f"Reading failed: {_reason(exc)}") from exc
            if scope.cancelled_caught:
                raise ReadTimeout(f"No data came within {timeout} s.")

    async def writable(self, timeout: float | None) -> None:
        try:
            with anyio.move_on_after(timeout) as scope:
                await anyio.wait_writable(self._socket)
        except (anyio.ClosedResourceError, OSError, ValueError) as exc:
            raise WriteError(f"Writing failed: {_reason(exc)}") from exc
        if scope.cancelled_caught:
            raise WriteTimeout(f"The server took no data for {timeout} s.")

    def close(self) -> None:
        sock = self._socket
        if sock.fileno() == -1:
            return
        self._unsent.clear()
        if self._generation == _fork.generation:
            try:
                # Wakes whoever waits for this socket; needs an event loop, which may be gone.
                anyio.notify_closing(sock)
            except RuntimeError:
                pass
        sock.close()


class _EventWaiter(Waiter):
    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = anyio.Event()

    async def wait(self, timeout: float | None) -> bool:
        with anyio.move_on_after(timeout):
            await self._event.wait()
        return self._event.is_set()

    def set(self) -> None:
        self._event.set()


class AnyioBackend(Backend):
    """The network for `AsyncClient` under trio."""

    is_async = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._token = anyio.lowlevel.current_token()

    async def look_up(self, host: str, port: int, deadline: Deadline) -> Sequence[Address]:
        return await _resolve(host, port, deadline)

    async def dial(
        self, host: str, port: int, addresses: Sequence[Address], deadline: Deadline
    ) -> NetworkStream:
        self._token = anyio.lowlevel.current_token()
        return AnyioStream(await dial(host, port, addresses, self, deadline, _wait_writable))

    async def connect_unix(self, path: str, deadline: Deadline) -> NetworkStream:
        self._token = anyio.lowlevel.current_token()
        return AnyioStream(await dial_unix(path, self, deadline))

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

    def call_soon(self, callback: Callable[[], None]) -> None:
        native = self._token.native_token
        if hasattr(native, "run_sync_soon"):
            # trio's token.
            native.run_sync_soon(callback)
        else:
            native.call_soon_threadsafe(callback)  # type: ignore[attr-defined]

    def create_waiter(self) -> Waiter:
        # A client may outlive one run: whom `call_soon` is to reach is in this one.
        self._token = anyio.lowlevel.current_token()
        return _EventWaiter()


def _reason(exc: Exception) -> str:
    return str(exc) or "the connection was closed meanwhile"


async def _wait_writable(
    socks: Sequence[socket.socket], timeout: float | None
) -> list[socket.socket]:
    ready: list[socket.socket] = []

    async def watch(sock: socket.socket) -> None:
        await anyio.wait_writable(sock)
        ready.append(sock)
        tasks.cancel_scope.cancel()

    with anyio.move_on_after(timeout):
        async with anyio.create_task_group() as tasks:
            for sock in socks:
                tasks.start_soon(watch, sock)
    return ready


async def _resolve(host: str, port: int, deadline: Deadline) -> Sequence[Address]:
    try:
        with anyio.fail_after(deadline.remaining()):
            return await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as exc:
        raise ConnectTimeout(f"Resolving the host {host!r} timed out.") from exc
    except (OSError, UnicodeError) as exc:
        raise resolution_failed(host, exc) from exc
