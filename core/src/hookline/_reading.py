"""Reading a response's body: what a raw piece goes through, and who asks for the next one.

Knows decoders, text and the size of pieces. Where raw pieces come from, and what state a response
is in, is the response's business.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, AnyStr, Generic, NoReturn, cast

from ._drive import drive
from ._errors import RequestError, ResponseTooLarge
from ._streams import AsyncByteStream, SyncByteStream
from ._text import Chunker, LineDecoder, TextDecoder

if TYPE_CHECKING:
    from ._bounds import Meter
    from ._models import Response
    from .plugins.interfaces import Decoder


class _Pipeline:
    """What a raw piece goes through: content codings, text, pieces of the size asked for.

    Lazy: nothing is decoded before somebody asks for it, so that a piece which explodes is never
    there as a whole.
    """

    __slots__ = ("_decoder", "_meter", "_splitter", "_text")

    def __init__(
        self,
        decoder: Decoder | None,
        text: TextDecoder | None,
        splitter: Chunker[Any] | LineDecoder,
        meter: Meter | None,
    ) -> None:
        self._decoder = decoder
        self._text = text
        self._splitter = splitter
        self._meter = meter

    def feed(self, raw: bytes) -> Iterator[Any]:
        if self._meter is not None:
            self._meter.receive(len(raw))
        if self._decoder is None:
            yield from self._split(raw)
        else:
            for decoded in self._decoder.pieces(raw):
                yield from self._split(decoded)

    def flush(self) -> Iterator[Any]:
        if self._decoder is not None:
            for decoded in self._decoder.last_pieces():
                yield from self._split(decoded)
        if self._text is not None and (last := self._text.flush()):
            yield from self._splitter.feed(cast("Any", last))
        yield from self._splitter.flush()

    def _split(self, decoded: Any) -> list[Any]:
        if self._meter is not None:
            self._meter.hand_out(len(decoded))
        return self._splitter.feed(decoded if self._text is None else self._text.decode(decoded))


def check_side(stream: SyncByteStream | AsyncByteStream, *, is_async: bool) -> None:
    if is_async and not isinstance(stream, AsyncByteStream):
        raise RuntimeError("Attempted to call an async iterator on an sync stream.")
    if not is_async and not isinstance(stream, SyncByteStream):
        raise RuntimeError("Attempted to call a sync iterator on an async stream.")


class PullPieces(Generic[AnyStr]):
    """Pulls the pieces of a response's body, one after the other, whatever they are made of.

    An object rather than a generator: one that is left in the middle, by a `break`, leaves nothing
    behind that an event loop would have to finish.
    """

    def __init__(
        self, response: Response, kind: str, chunk_size: int | None = None, *, is_async: bool
    ) -> None:
        self._response = response
        self._kind = kind
        self._is_async = is_async
        self._splitter: Any = LineDecoder() if kind == "lines" else Chunker(chunk_size)
        # Whether pieces are handed on as they come, once it is known that nothing is done to them.
        self._is_direct = kind in ("raw", "bytes") and chunk_size is None
        self._pipeline: _Pipeline
        self._receive: Callable[[], Awaitable[bytes]] | None = None
        self._ready: Iterator[AnyStr] = iter(())
        self._is_over = False

    async def pull(self) -> AnyStr | None:
        """The next piece, or None at the end."""
        response = self._response
        try:
            while (piece := next(self._ready, None)) is None:
                if self._is_over:
                    return None
                if self._receive is None:
                    self._begin()
                elif self._is_direct:
                    raw: Any = await self._receive()
                    if raw:
                        response._num_bytes_downloaded += len(raw)
                        return raw  # type: ignore[no-any-return]
                    self._is_over = True
                    await response._abandon(is_async=self._is_async)
                else:
                    await self._advance(self._receive)
        except RequestError as exc:
            response._attach(exc)
            if isinstance(exc, ResponseTooLarge):
                # Whoever reads on gets no good end.
                self._ready = iter(partial(_raise, exc), None)
                await response._abandon(is_async=self._is_async)
            raise
        return piece

    def _begin(self) -> None:
        response = self._response
        bounds = response._bounds
        if self._kind != "raw" and hasattr(response, "_content"):
            self._is_over = True
            if bounds is not None:
                response._check_whole(bounds)
            if self._kind == "lines":
                self._ready = iter(cast("Any", response.text.splitlines()))
            else:
                whole = response._content if self._kind == "bytes" else response.text
                self._ready = iter(self._splitter.feed(whole) + self._splitter.flush())
            return
        decoder = None if self._kind == "raw" else response._decoder()
        text = None
        if self._kind in ("text", "lines"):
            text = TextDecoder(response.encoding or "utf-8")
        receive = response._open(is_async=self._is_async)
        meter = None
        if bounds is not None:
            meter = response._meter(bounds, is_coded=decoder is not None)
        self._pipeline = _Pipeline(decoder, text, self._splitter, meter)
        self._is_direct = self._is_direct and decoder is None and meter is None
        self._receive = receive

    async def _advance(self, receive: Callable[[], Awaitable[bytes]]) -> None:
        response = self._response
        raw = await receive()
        if raw:
            response._num_bytes_downloaded += len(raw)
            self._ready = self._pipeline.feed(raw)
        else:
            self._is_over = True
            await response._abandon(is_async=self._is_async)
            self._ready = self._pipeline.flush()


def _raise(exc: Exception) -> NoReturn:
    raise exc


class Pieces(PullPieces[AnyStr], Iterator[AnyStr]):
    """The pieces, for a `for` loop."""

    def __init__(self, response: Response, kind: str, chunk_size: int | None = None) -> None:
        super().__init__(response, kind, chunk_size, is_async=False)

    def __next__(self) -> AnyStr:
        piece = drive(self.pull())
        if piece is None:
            raise StopIteration
        return piece

    def close(self) -> None:
        """For `contextlib.closing`: give up the response."""
        drive(self._response._abandon(is_async=False))


class AsyncPieces(PullPieces[AnyStr], AsyncIterator[AnyStr]):
    """The pieces, for an `async for` loop."""

    def __init__(self, response: Response, kind: str, chunk_size: int | None = None) -> None:
        super().__init__(response, kind, chunk_size, is_async=True)

    async def __anext__(self) -> AnyStr:
        piece = await self.pull()
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """For `contextlib.aclosing`: give up the response."""
        await self._response._abandon(is_async=True)
