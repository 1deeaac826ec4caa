"""Connecting sockets, the same way in every mode: RFC 8305 (Happy Eyeballs), one deadline.

Knows addresses and non-blocking sockets. How to wait for one of several sockets to become writable
is handed in by the backend.
"""

from __future__ import annotations

import errno
import os
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from .._errors import ConnectError, ConnectTimeout
from .._timeout import Deadline

if TYPE_CHECKING:
    from .base import Backend

# (family, type, protocol, canonical name, address), as getaddrinfo gives them.
Address = tuple[int, int, int, str, Any]
# Wait until one of the sockets is writable, or the seconds are over; return those that are.
WaitWritable = Callable[[Sequence[socket.socket], "float | None"], Awaitable[list[socket.socket]]]

# RFC 8305 section 5: the head start of each address over the next.
_ATTEMPT_DELAY = 0.25
# A listener's queue is full, on a Unix socket: there is no readiness to wait for, only another try.
_BACKLOG_RETRY = 0.01

_UNDER_WAY = {errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", -1)}


def numeric_addresses(host: str, port: int) -> Sequence[Address] | None:
    """The address of a host that is an IP address already; None for a name.

    Looks nothing up, so that it can be called anywhere.
    """
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        return None


def hosts_of(host: str, addresses: Sequence[Address]) -> list[str]:
    """The IP addresses alone, each once."""
    found = dict.fromkeys(address[4][0] for address in addresses)
    if not found:
        raise resolution_failed(host, OSError("it has no address"))
    return list(found)


def resolution_failed(host: str, exc: Exception) -> ConnectError:
    """The error for a name that does not resolve."""
    reason = getattr(exc, "strerror", None) or exc
    return ConnectError(f"Could not resolve the host {host!r}: {reason}")


async def dial(
    host: str,
    port: int,
    addresses: Sequence[Address],
    backend: Backend,
    deadline: Deadline,
    wait_writable: WaitWritable,
) -> socket.socket:
    """A connected, non-blocking socket to the first address that answers.

    The attempts overlap: the next address starts when the last one failed, or has not answered
    within a quarter of a second. Whatever happens, no other socket is left open.
    """
    queue = deque(_alternate_families(addresses))
    pending: list[socket.socket] = []
    failures: list[OSError] = []
    connected: socket.socket | None = None
    try:
        while queue or pending:
            if queue:
                address = queue.popleft()
                try:
                    sock, done = _start(address, backend)
                except OSError as exc:
                    failures.append(exc)
                    continue
                pending.append(sock)
                if done:
                    connected = sock
                    return sock
            remaining = deadline.remaining()
            wait = remaining
            if queue:
                wait = _ATTEMPT_DELAY if remaining is None else min(remaining, _ATTEMPT_DELAY)
            for sock in await wait_writable(pending, wait):
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code == 0:
                    connected = sock
                    return sock
                failures.append(OSError(code, os.strerror(code)))
                pending.remove(sock)
                sock.close()
            if deadline.has_expired:
                raise ConnectTimeout(f"Connecting to {host}:{port} timed out.")
        cause = failures[0] if failures else OSError(f"{host} has no address")
        raise ConnectError(f"Could not connect to {host}:{port}: {cause}") from cause
    finally:
        for sock in pending:
            if sock is not connected:
                sock.close()


async def dial_unix(path: str, backend: Backend, deadline: Deadline) -> socket.socket:
    """A connected, non-blocking Unix domain socket."""
    if not hasattr(socket, "AF_UNIX"):
        raise ConnectError(f"Could not connect to {path!r}: no Unix domain sockets on this system.")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connected = False
    try:
        sock.setblocking(False)
        for option in backend.socket_options:
            sock.setsockopt(*option)
        while True:
            try:
                sock.connect(path)
            except BlockingIOError:
                if deadline.has_expired:
                    raise ConnectTimeout(f"Connecting to {path!r} timed out.") from None
                await backend.sleep(_BACKLOG_RETRY)
            except OSError as exc:
                raise ConnectError(f"Could not connect to {path!r}: {exc}") from exc
            else:
                connected = True
                return sock
    finally:
        if not connected:
            sock.close()


def _start(address: Address, backend: Backend) -> tuple[socket.socket, bool]:
    """Begin to connect; say whether that was enough."""
    family, kind, protocol, _, target = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        # Requests are written whole: waiting to fill a segment only ever delays them.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option in backend.socket_options:
            sock.setsockopt(*option)
        if backend.local_address is not None:
            sock.bind((backend.local_address, 0))
        code = sock.connect_ex(target)
        if code == 0:
            return sock, True
        if code in _UNDER_WAY:
            return sock, False
        raise OSError(code, os.strerror(code))
    except BaseException:
        sock.close()
        raise


def _alternate_families(addresses: Sequence[Address]) -> list[Address]:
    """RFC 8305 section 4: the resolver's order, but families in turn, so that a network on which
    one of them is broken costs one attempt."""
    if not addresses:
        return []
    first = addresses[0][0]
    preferred = deque(address for address in addresses if address[0] == first)
    others = deque(address for address in addresses if address[0] != first)
    ordered: list[Address] = []
    while preferred or others:
        ordered += [family.popleft() for family in (preferred, others) if family]
    return ordered
