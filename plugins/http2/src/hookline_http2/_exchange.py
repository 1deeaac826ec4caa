"""One request and its response on one stream: what is known of it so far.

Knows state. Who changes it holds the connection's lock; who waits for a change is in
`_protocol.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hookline import LocalProtocolError

from ._codec import Fields

if TYPE_CHECKING:
    from hookline.plugins import BodyReader


class Upload:
    """A request's body on its way out: what was pulled and not sent, and where more comes from."""

    __slots__ = ("_length", "_pulled", "is_cut", "is_done", "pending", "reader")

    def __init__(self, content: bytes, reader: BodyReader | None, length: int | None) -> None:
        self.pending: memoryview = memoryview(content)
        self.reader = reader
        self._length = length
        self._pulled = len(content)
        # Whether all of it was sent, or the rest is not wanted; and whether it was the latter.
        self.is_done: bool = False
        self.is_cut: bool = False
        self._check()

    async def pull(self) -> None:
        """Get the next piece. Afterwards either something is pending or there is no reader."""
        assert self.reader is not None
        piece = await self.reader.receive()
        if not piece:
            self.reader = None
        self.pending = memoryview(piece)
        self._pulled += len(piece)
        self._check()

    async def stop(self) -> None:
        """The rest is not wanted: let the body's generator run its `finally` blocks."""
        self.is_done = self.is_cut = True
        reader, self.reader = self.reader, None
        # One that was never begun may still be sent with another request.
        if reader is not None and reader.is_started:
            await reader.close()

    def _check(self) -> None:
        if self._length is None:
            return
        if self._pulled > self._length:
            raise LocalProtocolError(
                f"Too much data for declared Content-Length: at least {self._pulled} bytes for "
                f"{self._length}."
            )
        if self.reader is None and self._pulled < self._length:
            raise LocalProtocolError(
                f"Too little data for declared Content-Length: {self._pulled} bytes for "
                f"{self._length}."
            )


class Exchange:
    """What has come for one stream."""

    __slots__ = (
        "_hold",
        "failure",
        "has_news",
        "head",
        "informational",
        "informational_size",
        "is_ended",
        "is_returned",
        "pieces",
        "status",
        "stream_id",
        "trailers",
        "unacknowledged",
        "upload",
    )

    def __init__(self, upload: Upload) -> None:
        self.stream_id: int = 0
        self.upload: Upload = upload
        self.status: int = 0
        self.head: Fields | None = None
        # The 1xx responses that have come, to be told of; None where nobody wants to know.
        self.informational: list[tuple[int, Fields]] | None = None
        self.informational_size: int = 0
        self.trailers: Fields | None = None
        self.pieces: list[bytes] = []
        # Of what came, how much the peer does not know yet that it was read.
        self.unacknowledged: int = 0
        # The peer has finished.
        self.is_ended: bool = False
        # Why there will be no more.
        self.failure: Exception | None = None
        # Something changed since the exchange last looked.
        self.has_news: bool = False
        # The response is with the caller.
        self.is_returned: bool = False
        # What the exchange holds of the pool: whoever takes it away gives that back.
        self._hold = [True]

    @property
    def has_final_word(self) -> bool:
        """Whether the response makes the rest of the request's body unnecessary: it is complete, or
        an error."""
        return self.is_ended or self.status >= 400

    def let_go(self) -> bool:
        """Whether it is for the caller to tell the pool that the exchange is over: once. Any thread
        may ask at any moment, the garbage collector's among them, so that a flag would not do."""
        try:
            return self._hold.pop()
        except IndexError:
            return False

    def take(self) -> bytes:
        """What has come of the body."""
        pieces = self.pieces
        self.pieces = []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
