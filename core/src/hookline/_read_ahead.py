"""A stream with a beginning: for connectors that may have read further than their own business."""

from __future__ import annotations

from .plugins.interfaces import Buffer, NetworkStream


class ReadAhead(NetworkStream):
    """`stream`, of which `ahead` was received already: that comes first.

    For connectors: what came in one piece with the end of a proxy's answer is the other side's.
    """

    __slots__ = ("_ahead", "_stream")

    def __init__(self, stream: NetworkStream, ahead: bytes) -> None:
        self._stream = stream
        self._ahead = ahead

    async def receive(self, timeout: float | None) -> bytes:
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        return await self._stream.receive(timeout)

    def write(self, data: Buffer) -> bool:
        return self._stream.write(data)

    async def writable(self, timeout: float | None) -> None:
        await self._stream.writable(timeout)

    def close(self) -> None:
        self._ahead = b""
        self._stream.close()

    def has_input(self) -> bool:
        return bool(self._ahead) or self._stream.has_input()

    def get_extra_info(self, name: str) -> object:
        return self._stream.get_extra_info(name)
