"""What a pool holds at one moment, for who looks: `client.connections()`.

Knows records that never change. Takes them from a pool under its lock, and asks the sockets for
their addresses after it: neither waits for anybody. Nothing here runs while a request is on its
way; the pool counts for itself alone, and this reads what it has counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex, overload

from ._url import Origin

if TYPE_CHECKING:
    from ._pool import ConnectionPool
    from .plugins.interfaces import Protocol

ConnectionState = Literal["idle", "active", "connecting"]

# ALPN identifiers (RFC 7301) by the names that people know; a protocol without one has its own.
_NAMES = {"http/1.1": "HTTP/1.1", "h2": "HTTP/2", "h3": "HTTP/3"}


@dataclass(frozen=True, slots=True)
class ConnectionSnapshot:
    """One connection of a pool, at one moment.

    - `origin`: whom it was made to talk to.
    - `protocol`: what is spoken over it, "HTTP/1.1" or "HTTP/2"; None while it is being made.
    - `state`: "idle", "active" or "connecting".
    - `exchanges`: how many requests use it now, and `capacity` how many can at a time.
    - `requests`: how many were sent over it so far; None where its protocol does not count them.
    - `via`: what it goes through: a proxy's URL without credentials, or the path of a Unix domain
      socket. None for a direct one.
    - `local_address`, `peer_address`: those of the socket, as `getsockname` and `getpeername` have
      them. The peer may be a proxy. None where there is no socket yet, or any more.
    """

    origin: Origin
    protocol: str | None
    state: ConnectionState
    exchanges: int
    capacity: int
    requests: int | None = None
    via: str | None = None
    local_address: object = None
    peer_address: object = None

    def __repr__(self) -> str:
        parts: list[str] = [self.state]
        if self.capacity != 1 or self.exchanges > 1:
            parts.append(f"{self.exchanges} of {self.capacity} exchanges")
        if self.requests is not None:
            parts.append(f"{self.requests} request{'' if self.requests == 1 else 's'}")
        via = "" if self.via is None else f" via {self.via}"
        return f"<{self.protocol or 'Connection'} to {self.origin}{via}, {', '.join(parts)}>"


@dataclass(frozen=True, slots=True)
class PoolSnapshot(Sequence[ConnectionSnapshot]):
    """The connections of a client or a transport, at one moment: a sequence of
    `ConnectionSnapshot`s.

    - `connections`: the same, as a tuple.
    - `open`: how many places are taken, which is what `Limits(max_connections=)` bounds: idle
      connections, active ones, those that are being made, and those whose turn has just come.
    - `waiting`: how many requests wait for a connection.
    """

    connections: tuple[ConnectionSnapshot, ...] = ()
    open: int = 0
    waiting: int = 0

    @property
    def idle(self) -> int:
        """How many connections are idle."""
        return self._count("idle")

    @property
    def active(self) -> int:
        """How many connections are in use."""
        return self._count("active")

    @property
    def connecting(self) -> int:
        """How many connections are being made."""
        return self._count("connecting")

    def _count(self, state: ConnectionState) -> int:
        return sum(connection.state == state for connection in self.connections)

    def __len__(self) -> int:
        return len(self.connections)

    @overload
    def __getitem__(self, index: SupportsIndex) -> ConnectionSnapshot: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[ConnectionSnapshot, ...]: ...

    def __getitem__(
        self, index: SupportsIndex | slice
    ) -> ConnectionSnapshot | tuple[ConnectionSnapshot, ...]:
        return self.connections[index]

    def __iter__(self) -> Iterator[ConnectionSnapshot]:
        return iter(self.connections)

    def __add__(self, other: PoolSnapshot) -> PoolSnapshot:
        return PoolSnapshot(
            self.connections + other.connections,
            self.open + other.open,
            self.waiting + other.waiting,
        )

    def __repr__(self) -> str:
        listed = "".join(f"\n  {connection!r}" for connection in self.connections)
        return (
            f"<Pool: {self.open} open ({self.idle} idle, {self.active} active, "
            f"{self.connecting} connecting), {self.waiting} waiting{listed}>"
        )


def snapshot(pools: Sequence[ConnectionPool]) -> PoolSnapshot:
    """What some pools hold together."""
    total = PoolSnapshot()
    for pool in pools:
        total += _snapshot(pool)
    return total


def snapshot_of(transports: Sequence[Any]) -> PoolSnapshot:
    """What some transports hold together, of those that can tell."""
    total = PoolSnapshot()
    seen: set[int] = set()
    for transport in transports:
        tell = getattr(transport, "connections", None)
        if id(transport) in seen or not callable(tell):
            continue
        seen.add(id(transport))
        told = tell()
        if isinstance(told, PoolSnapshot):
            total += told
    return total


def _snapshot(pool: ConnectionPool) -> PoolSnapshot:
    via = pool._connector.via
    with pool._lock:
        made = [(each.origin, each.protocol, each.in_use) for each in pool._connections]
        connecting = list(pool._connecting.values())
        opened = pool._open
        waiting = len(pool._waiting) + sum(len(line) for line in pool._making.values())
    records = [_record(*each, via) for each in made]
    records += [
        ConnectionSnapshot(origin, None, "connecting", 0, 1, via=via) for origin in connecting
    ]
    return PoolSnapshot(tuple(records), opened, waiting)


def _record(origin: Origin, protocol: Protocol, in_use: int, via: str | None) -> ConnectionSnapshot:
    stream = protocol.stream
    return ConnectionSnapshot(
        origin=origin,
        protocol=_NAMES.get(protocol.alpn, protocol.name),
        state="active" if in_use > 0 else "idle",
        exchanges=in_use,
        capacity=protocol.capacity,
        requests=protocol.request_count,
        via=via,
        local_address=stream.get_extra_info("client_addr"),
        peer_address=stream.get_extra_info("server_addr"),
    )
