"""The streaming primitives: bodies, in both directions, and how they are pulled.

Three ideas live here.

- `SyncByteStream` and `AsyncByteStream` are what users and transports exchange, as in httpx:
  things to iterate over, with `close()` or `aclose()`.
- A `Body` is a stream with `receive()` and `close()`, written once: it iterates both ways. Response
  bodies that hookline makes are Bodies. `close()` is a plain call, so that cleaning up under
  cancellation never waits.
- A `BodyReader` pulls a request's body for a protocol, whichever way the body iterates.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

from ._drive import drive
from ._errors import StreamClosed, StreamConsumed

# What an iterator of a file-like object reads at a time: large enough that the cost per piece does
# not matter, small enough that nobody notices the memory.
CHUNK_SIZE = 65_536


# What a body yields at its end, and nothing that a generator could yield.
_END = object()


class SyncByteStream:
    """A body that is iterated over synchronously. Subclasses implement `__iter__`."""

    def __iter__(self) -> Iterator[bytes]:
        raise NotImplementedError("The '__iter__' method must be implemented.")
        yield b""

    def close(self) -> None:
        """Release what the stream holds. May be called twice."""


class AsyncByteStream:
    """A body that is iterated over asynchronously. Subclasses implement `__aiter__`."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        raise NotImplementedError("The '__aiter__' method must be implemented.")
        yield b""

    async def aclose(self) -> None:
        """Release what the stream holds. May be called twice."""


class ByteStream(AsyncByteStream, SyncByteStream):
    """A body that is there already, as bytes. It can be read any number of times."""

    __slots__ = ("_stream",)

    def __init__(self, stream: bytes) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield self._stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._stream


class Body(SyncByteStream, AsyncByteStream):
    """A body that arrives piece by piece. Subclasses implement `receive` and `close`.

    `receive()` returns the next piece, and `b""` when the body is complete; it raises a
    TransportError where the body cannot be completed. `close()` lets go of whatever the body holds,
    at any time and more than once, without waiting.
    """

    async def receive(self) -> bytes:
        """The next piece of the body, or b"" at its end."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the connection."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """As `close`."""
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        while piece := drive(self.receive()):
            yield piece

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if piece := await self.receive():
            return piece
        raise StopAsyncIteration


class IteratorByteStream(SyncByteStream):
    """A body that a synchronous iterable yields, files included."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream
        self._is_consumed = False
        self._is_generator = isinstance(stream, Iterator) and not hasattr(stream, "read")

    def __iter__(self) -> Iterator[bytes]:
        if self._is_consumed and self._is_generator:
            raise StreamConsumed()
        read = getattr(self._stream, "read", None)
        if read is not None:
            self._to_start()
        self._is_consumed = True
        if read is None:
            yield from self._stream
        else:
            # By size, not by line: iterating over a file splits it at its line ends.
            while piece := read(CHUNK_SIZE):
                yield piece

    def _to_start(self) -> None:
        """Where a file was read from the first time: a redirect, or an answer to a challenge, sends
        all of it again."""
        stream: Any = self._stream
        try:
            if not self._is_consumed:
                self._start = stream.tell()
            else:
                stream.seek(self._start)
        except (AttributeError, OSError, ValueError) as exc:
            if self._is_consumed:
                raise StreamConsumed() from exc


class AsyncIteratorByteStream(AsyncByteStream):
    """A body that an asynchronous iterable yields, asynchronous files included."""

    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream
        self._is_consumed = False
        self._is_generator = isinstance(stream, AsyncIterator) and not hasattr(stream, "aread")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = getattr(self._stream, "aread", None)
        if self._is_consumed and (self._is_generator or read is not None):
            raise StreamConsumed()
        self._is_consumed = True
        if read is not None:
            while piece := await read(CHUNK_SIZE):
                yield piece
            return
        pieces = aiter(self._stream)
        try:
            async for piece in pieces:
                yield piece
        finally:
            # `async for` does not finish a generator that it leaves early, as `yield from` would.
            if (aclose := getattr(pieces, "aclose", None)) is not None:
                await aclose()


class UnattachedStream(SyncByteStream, AsyncByteStream):
    """What takes a body's place when its message was pickled: the body did not travel along."""

    def __iter__(self) -> Iterator[bytes]:
        raise StreamClosed()
        yield b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        raise StreamClosed()
        yield b""


class BodyReader:
    """Pulls a request's body piece by piece: `await reader.receive()`, b"" at the end.

    Made by the pool for bodies that are not there as bytes. Pieces are checked: what is not bytes
    raises TypeError, empty pieces are skipped. What the body itself raises passes through.
    """

    __slots__ = ("_next", "_pieces", "is_started")

    def __init__(self, stream: SyncByteStream | AsyncByteStream, *, is_async: bool) -> None:
        self._pieces: Any
        # Whether a piece was asked for: what is gone cannot be sent again.
        self.is_started: bool = False
        if is_async:
            assert isinstance(stream, AsyncByteStream)
            self._pieces = stream.__aiter__()
            self._next = self._next_async
        else:
            assert isinstance(stream, SyncByteStream)
            self._pieces = iter(stream)
            self._next = self._next_sync

    async def receive(self) -> bytes:
        """The next piece of the body, or b"" at its end."""
        self.is_started = True
        while True:
            piece = await self._next()
            if piece is _END:
                return b""
            if not isinstance(piece, (bytes, bytearray, memoryview)):
                raise TypeError(
                    f"A request body yields bytes, not {piece!r} ({type(piece).__name__}). "
                    "Encode text first."
                )
            if piece:
                return piece if isinstance(piece, bytes) else bytes(piece)

    async def close(self) -> None:
        """Let the body's generator run its `finally` blocks; used where it is left early."""
        if aclose := getattr(self._pieces, "aclose", None):
            await aclose()
        elif close := getattr(self._pieces, "close", None):
            close()

    async def _next_sync(self) -> object:
        return next(self._pieces, _END)

    async def _next_async(self) -> object:
        return await anext(self._pieces, _END)
