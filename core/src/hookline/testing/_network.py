"""A network without sockets: who answers there is decided by a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Union

from .._backends import load_backend
from ..plugins.interfaces import Deadline, Network, NetworkStream, Waiter
from ._streams import ScriptedStream
from ._world import World

Peer = Callable[[str], Union[ScriptedStream, BaseException]]


class ScriptedNetwork(Network):
    """A fake of the network that connectors are given, and of the backend that a pool runs on.

    `peer` is called with the address of each connection ("host:port", or the path of a socket) and
    returns the stream to it, or an exception that is raised instead. By default, everything
    connects, and is silent. `names` are what `resolve` answers: 192.0.2.1 (RFC 5737) by default.

    `connected` has the addresses, and `streams` what was returned for them.
    """

    def __init__(
        self,
        world: World,
        peer: Peer | None = None,
        *,
        names: tuple[str, ...] | BaseException = ("192.0.2.1",),
    ) -> None:
        self.is_async = world.mode.is_async
        self.connected: list[str] = []
        self.streams: list[ScriptedStream] = []
        self._world = world
        self._peer = peer
        self._names = names

    def create_waiter(self) -> Waiter:
        """Something to wait on, once."""
        return create_waiter(self._world)

    async def connect_tcp(self, host: str, port: int, deadline: Deadline) -> NetworkStream:
        """A stream to the peer at that address. Raises what the peer's function returned."""
        return await self._connect(f"{host}:{port}", deadline)

    async def connect_unix(self, path: str, deadline: Deadline) -> NetworkStream:
        """A stream to the peer at that path. Raises what the peer's function returned."""
        return await self._connect(path, deadline)

    async def _connect(self, address: str, deadline: Deadline) -> NetworkStream:
        self.connected.append(address)
        await self._world.pause()
        found = ScriptedStream(world=self._world) if self._peer is None else self._peer(address)
        if isinstance(found, BaseException):
            raise found
        self.streams.append(found)
        return found

    async def resolve(self, host: str, port: int, deadline: Deadline) -> list[str]:
        """The addresses in `names`. Raises it where it is an exception."""
        await self._world.pause()
        if isinstance(self._names, BaseException):
            raise self._names
        return list(self._names)

    async def sleep(self, seconds: float) -> None:
        """Put the world's clock forward. Nobody waits."""
        await self._world.sleep(seconds)

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call a function, at once. It is what a pool asks of its backend."""
        callback()


def create_waiter(world: World) -> Waiter:
    """What a fake hands out to wait on."""
    backend = load_backend(_BACKENDS[world.mode.name])()
    return _Waiter(backend.create_waiter(), world)


_BACKENDS = {"sync": "sync", "asyncio": "asyncio", "trio": "anyio"}

# What ends a test that would hang, in seconds: no test takes that long.
_LIMIT = 20.0


class _Waiter(Waiter):
    """A real one where several calls share a world; where there is one, nobody sets it later."""

    __slots__ = ("_is_set", "_waiter", "_world")

    def __init__(self, waiter: Waiter, world: World) -> None:
        self._waiter = waiter
        self._world = world
        self._is_set = False

    async def wait(self, timeout: float | None) -> bool:
        if self._is_set:
            await self._world.pause()
            return True
        if not self._world.is_shared:
            await self._world.nothing_comes(timeout, "Waiter.wait()")
            return self._is_set
        limit = _LIMIT if timeout is None else min(timeout, _LIMIT)
        return await self._waiter.wait(limit)

    def set(self) -> None:
        self._is_set = True
        self._waiter.set()
