"""A body that passes through and is handed over when it was complete, if it was not too long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from hookline import AsyncByteStream, Body
from hookline.plugins import BodyReader


class Tee(Body):
    """`stream`, whichever way it iterates. At its end `store` is called with the whole body, as
    long as that is not more than `limit` bytes; a body that breaks off or is given up is not kept.
    """

    def __init__(
        self,
        stream: Any,
        limit: int,
        store: Callable[[bytes], Awaitable[None]],
        *,
        is_async: bool,
    ) -> None:
        self._stream = stream
        self._reader = BodyReader(stream, is_async=is_async)
        self._limit = limit
        self._store = store
        self._pieces: list[bytes] | None = []
        self._size = 0

    async def receive(self) -> bytes:
        """The next piece, b"" at the end."""
        piece = await self._reader.receive()
        if self._pieces is None:
            return piece
        if not piece:
            pieces, self._pieces = self._pieces, None
            await self._store(b"".join(pieces))
            return piece
        self._size += len(piece)
        if self._size > self._limit:
            self._pieces = None
        else:
            self._pieces.append(piece)
        return piece

    def close(self) -> None:
        """Close the stream within. Nothing is kept."""
        self._pieces = None
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()

    async def aclose(self) -> None:
        """Close the stream within, as an asynchronous one is closed."""
        self._pieces = None
        await self._reader.close()
        if isinstance(self._stream, AsyncByteStream):
            await self._stream.aclose()
