"""A connector that goes to one place, whatever the origin: a test double, a port forward."""

from __future__ import annotations

from hookline import Origin
from hookline.plugins import Connector, Deadline, Network, NetworkStream


class Elsewhere(Connector):
    name = "acme-elsewhere"

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        return await network.connect_tcp(self._host, self._port, deadline)
