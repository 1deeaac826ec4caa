"""`extensions={"upload_progress": callback}`: telling how much of a request's body was sent.

Knows what a protocol pulls of a body. A protocol pulls the next piece when the one before is on its
way, so that every protocol can be watched, and none has to do anything for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._callbacks import call_back, checked_callback
from ._streams import CHUNK_SIZE, BodyReader

if TYPE_CHECKING:
    from ._models import Request


class UploadProgress:
    """Whom to tell of one request's body. Raises TypeError where that is no function."""

    def __init__(self, callback: Any, request: Request, *, is_async: bool) -> None:
        self._callback: Callable[[int, int | None], Any]
        self._callback = checked_callback("upload_progress", callback)
        self._is_async = is_async
        length = request.headers._get(b"content-length")
        self._total = int(length) if length is not None and length.isdigit() else None

    def watch(self, body: bytes | BodyReader) -> bytes | BodyReader:
        """The body as a protocol is to pull it; one that is empty as it is, and not watched."""
        return _WatchedReader(body, self) if body else body

    async def tell(self, sent: int, total: int | None) -> None:
        """So much was handed over."""
        total = self._total if total is None else total
        await call_back("upload_progress", self._callback, sent, total, is_async=self._is_async)


class _WatchedReader(BodyReader):
    """A request's body that tells how far it was pulled. Bytes are handed over in pieces."""

    __slots__ = ("_body", "_progress", "_sent")

    def __init__(self, body: bytes | BodyReader, progress: UploadProgress) -> None:
        self._body = body
        self._progress = progress
        self._sent = 0

    @property
    def is_started(self) -> bool:  # type: ignore[override]
        """Bytes can always be sent again."""
        return not isinstance(self._body, bytes) and self._body.is_started

    async def receive(self) -> bytes:
        body = self._body
        await self._progress.tell(self._sent, len(body) if isinstance(body, bytes) else None)
        if isinstance(body, bytes):
            piece = body[self._sent : self._sent + CHUNK_SIZE]
        else:
            piece = await body.receive()
        self._sent += len(piece)
        return piece

    async def close(self) -> None:
        if not isinstance(self._body, bytes):
            await self._body.close()
