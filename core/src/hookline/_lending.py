"""A network as a connector of somebody else's gets it: what it opened and left open can be closed.

Knows which streams were handed out. Loaded where a connector is not core's own.
"""

from __future__ import annotations

from .plugins.interfaces import Deadline, Network, NetworkStream, Waiter


class Lending(Network):
    """Another network, for one attempt to connect."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._streams: list[NetworkStream] = []
        self.is_async = network.is_async

    def take_back(self) -> None:
        """The attempt has failed: nothing of it stays open. An event loop would keep a socket that
        nobody closes for as long as it runs."""
        for stream in self._streams:
            stream.close()

    def create_waiter(self) -> Waiter:
        """As the network."""
        return self._network.create_waiter()

    async def sleep(self, seconds: float) -> None:
        """As the network."""
        await self._network.sleep(seconds)

    async def connect_tcp(self, host: str, port: int, deadline: Deadline) -> NetworkStream:
        """As the network."""
        stream = await self._network.connect_tcp(host, port, deadline)
        self._streams.append(stream)
        return stream

    async def resolve(self, host: str, port: int, deadline: Deadline) -> list[str]:
        """As the network."""
        return await self._network.resolve(host, port, deadline)

    async def connect_unix(self, path: str, deadline: Deadline) -> NetworkStream:
        """As the network."""
        stream = await self._network.connect_unix(path, deadline)
        self._streams.append(stream)
        return stream
