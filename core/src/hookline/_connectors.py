"""Connectors of core: the direct one, and the one through a Unix domain socket. The one through an
HTTP proxy is in `_proxy_connectors.py`.

Know how to reach an origin. What is spoken over the stream is not their business.
"""

from __future__ import annotations

import os
from typing import ClassVar

from ._timeout import Deadline
from ._url import Origin
from .plugins.interfaces import Connector, Network, NetworkStream


class DirectConnector(Connector):
    """Connects to the origin's host and port."""

    name: ClassVar[str] = "direct"

    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        """A TCP connection to the origin."""
        return await network.connect_tcp(origin.host, origin.port, deadline)


class UnixConnector(Connector):
    """Connects to a Unix domain socket, whatever the origin: `{"name": "unix", "options": {"path":
    "/run/docker.sock"}}`."""

    name: ClassVar[str] = "unix"

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = self.via = os.fspath(path)

    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        """A connection to the socket."""
        return await network.connect_unix(self._path, deadline)
