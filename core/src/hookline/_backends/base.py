"""What a backend offers to the shared code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..plugins.interfaces import Network

SocketOption = tuple[int, int, Any]


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
        self.socket_options = tuple(socket_options or ())

    async def sleep(self, seconds: float) -> None:
        """Wait for a time."""
        raise NotImplementedError

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Have a function called where this backend runs. May be called from any thread."""
        raise NotImplementedError
