"""What a backend offers to the shared code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Union

from .._errors import ConnectError
from .._timeout import Deadline
from ..plugins.interfaces import Network, NetworkStream
from ._dial import Address, hosts_of, numeric_addresses

# What `setsockopt` takes.
SocketOption = Union[
    tuple[int, int, int], tuple[int, int, Union[bytes, bytearray]], tuple[int, int, None, int]
]


# A system takes the last 16 bits of what is larger, which is somebody else's port.
_LARGEST_PORT = 65_535


class Backend(Network):
    """A network, and things to wait on.

    `local_address` is the address that connections go out from; `socket_options` are arguments of
    `setsockopt`, applied to each socket before it connects.
    """

    def __init__(
        self,
        *,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> None:
        self.local_address = local_address
        self.socket_options: tuple[SocketOption, ...] = tuple(socket_options or ())

    async def connect_tcp(self, host: str, port: int, deadline: Deadline) -> NetworkStream:
        if not 0 <= port <= _LARGEST_PORT:
            raise ConnectError(
                f"Could not connect to {host}:{port}: there is no port {port}, the largest is "
                f"{_LARGEST_PORT}."
            )
        addresses = numeric_addresses(host, port)
        if addresses is None:
            addresses = await self.look_up(host, port, deadline)
        return await self.dial(host, port, addresses, deadline)

    async def resolve(self, host: str, port: int, deadline: Deadline) -> list[str]:
        return hosts_of(host, await self.look_up(host, port, deadline))

    async def look_up(self, host: str, port: int, deadline: Deadline) -> Sequence[Address]:
        """Ask the resolver. Raises ConnectTimeout and ConnectError."""
        raise NotImplementedError

    async def dial(
        self, host: str, port: int, addresses: Sequence[Address], deadline: Deadline
    ) -> NetworkStream:
        """Connect to the first address that answers. Raises ConnectTimeout and ConnectError."""
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        """Wait for a time."""
        raise NotImplementedError

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Have a function called where this backend runs. May be called from any thread."""
        raise NotImplementedError
