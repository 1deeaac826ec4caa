"""Bodies: streams of each kind, and the reader that pulls them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import pytest

from hookline import AsyncByteStream, ByteStream, StreamConsumed, SyncByteStream
from hookline._streams import (
    AsyncIteratorByteStream,
    Body,
    BodyReader,
    IteratorByteStream,
    UnattachedStream,
)
from support.modes import Mode


class Recorder(Body):
    """A body of pieces that counts how often it was closed."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.closed = 0

    async def receive(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def close(self) -> None:
        self.closed += 1


async def pieces_of(mode: Mode, stream: Any) -> list[bytes]:
    """All pieces, as this mode iterates."""
    if mode.is_async:
        return [piece async for piece in stream]
    return list(stream)


def stream_of(mode: Mode, pieces: Iterable[Any]) -> Any:
    body = mode.body(pieces)
    return AsyncIteratorByteStream(body) if mode.is_async else IteratorByteStream(body)


async def received(reader: BodyReader) -> list[bytes]:
    pieces = []
    while piece := await reader.receive():
        pieces.append(piece)
    return pieces


# -- Streams --------------------------------------------------------------------------------


async def test_bytes_can_be_read_any_number_of_times(mode: Mode) -> None:
    stream = ByteStream(b"body")

    assert [await pieces_of(mode, stream) for _ in range(2)] == [[b"body"], [b"body"]]


async def test_body_is_written_once_and_iterates_in_every_mode(mode: Mode) -> None:
    body = Recorder(b"one", b"two")

    assert await pieces_of(mode, body) == [b"one", b"two"]
    assert await pieces_of(mode, body) == []
    assert isinstance(body, SyncByteStream)
    assert isinstance(body, AsyncByteStream)


async def test_asynchronous_closing_of_a_body_is_closing(mode: Mode) -> None:
    body = Recorder()
    if mode.is_async:
        await body.aclose()
    else:
        body.close()

    assert body.closed == 1


async def test_generator_is_consumed_by_its_first_reader(mode: Mode) -> None:
    stream = stream_of(mode, [b"one", b"two"])

    assert await pieces_of(mode, stream) == [b"one", b"two"]
    with pytest.raises(StreamConsumed):
        await pieces_of(mode, stream)


async def test_iterable_that_begins_anew_can_be_read_again(mode: Mode) -> None:
    class Anew:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"body"])

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"body"

    stream: Any = AsyncIteratorByteStream(Anew()) if mode.is_async else IteratorByteStream(Anew())

    assert [await pieces_of(mode, stream) for _ in range(2)] == [[b"body"], [b"body"]]


async def test_file_is_read_by_size(mode: Mode) -> None:
    class AsyncFile:
        def __init__(self, data: bytes) -> None:
            self.file = io.BytesIO(data)

        async def aread(self, size: int) -> bytes:
            return self.file.read(size)

        def __aiter__(self) -> AsyncIterator[bytes]:
            raise NotImplementedError

    data = b"line\n" * 30_000
    stream: Any
    if mode.is_async:
        stream = AsyncIteratorByteStream(AsyncFile(data))
    else:
        stream = IteratorByteStream(io.BytesIO(data))
    pieces = await pieces_of(mode, stream)

    assert [len(piece) for piece in pieces] == [65_536, 65_536, 18_928]
    assert b"".join(pieces) == data
    if mode.is_async:
        # Going back to its start would be a wait of its own, and has no agreed name.
        with pytest.raises(StreamConsumed):
            await pieces_of(mode, stream)


def test_file_is_read_again_from_where_it_was() -> None:
    file = io.BytesIO(b"header|body")
    file.seek(7)
    stream = IteratorByteStream(file)

    assert [list(stream) for _ in range(3)] == [[b"body"]] * 3


def test_file_that_cannot_go_back_is_consumed_by_its_first_reader() -> None:
    class Pipe(io.BytesIO):
        def tell(self) -> int:
            raise io.UnsupportedOperation("tell")

    class Silent:
        def __init__(self) -> None:
            self.pieces = [b"body", b""]

        def read(self, size: int) -> bytes:
            return self.pieces.pop(0)

        def __iter__(self) -> Iterator[bytes]:
            raise AssertionError

    for file in (Pipe(b"body"), Silent()):
        stream = IteratorByteStream(file)  # type: ignore[arg-type]
        assert list(stream) == [b"body"]
        with pytest.raises(StreamConsumed):
            list(stream)


@pytest.mark.parametrize("cls", [SyncByteStream, AsyncByteStream])
async def test_base_classes_say_what_subclasses_implement(mode: Mode, cls: type[Any]) -> None:
    stream = cls()

    if cls is SyncByteStream:
        stream.close()
        with pytest.raises(NotImplementedError, match="'__iter__' method must be implemented"):
            next(iter(stream))
    else:
        await stream.aclose()
        with pytest.raises(NotImplementedError, match="'__aiter__' method must be implemented"):
            await anext(stream.__aiter__())


def test_unattached_stream_is_of_both_kinds() -> None:
    stream = UnattachedStream()

    assert isinstance(stream, SyncByteStream)
    assert isinstance(stream, AsyncByteStream)
    stream.close()


# -- The reader -----------------------------------------------------------------------------


async def test_reader_pulls_pieces_until_the_end_and_beyond(mode: Mode) -> None:
    stream = stream_of(mode, [b"", b"one", bytearray(b"two"), b"", memoryview(b"three"), b""])
    reader = BodyReader(stream, is_async=mode.is_async)

    assert await received(reader) == [b"one", b"two", b"three"]
    assert await reader.receive() == b""


async def test_reader_makes_bytes_of_what_may_change_later(mode: Mode) -> None:
    reader = BodyReader(stream_of(mode, [bytearray(b"one")]), is_async=mode.is_async)

    assert type(await reader.receive()) is bytes


@pytest.mark.parametrize("piece", ["text", 1, None, [b"a"]])
async def test_reader_refuses_what_is_no_bytes_and_names_it(mode: Mode, piece: Any) -> None:
    reader = BodyReader(stream_of(mode, [b"good", piece]), is_async=mode.is_async)
    first = await reader.receive()

    assert first == b"good"
    with pytest.raises(TypeError) as caught:
        await reader.receive()
    assert str(caught.value) == (
        f"A request body yields bytes, not {piece!r} ({type(piece).__name__}). Encode text first."
    )
    await reader.close()


async def test_reader_that_is_closed_early_finishes_the_users_generator(mode: Mode) -> None:
    finished = []

    def pieces() -> Iterator[bytes]:
        try:
            yield b"one"
            yield b"two"
        finally:
            finished.append(True)

    async def async_pieces() -> AsyncIterator[bytes]:
        try:
            yield b"one"
            yield b"two"
        finally:
            finished.append(True)

    stream: SyncByteStream | AsyncByteStream
    if mode.is_async:
        stream = AsyncIteratorByteStream(async_pieces())
    else:
        stream = IteratorByteStream(pieces())
    reader = BodyReader(stream, is_async=mode.is_async)
    await reader.receive()
    await reader.close()
    await reader.close()

    assert finished == [True]
    assert await reader.receive() == b""


async def test_closing_a_reader_leaves_the_users_file_open(mode: Mode) -> None:
    file = io.BytesIO(b"body")
    stream = ByteStream(b"body") if mode.is_async else IteratorByteStream(file)
    reader = BodyReader(stream, is_async=mode.is_async)
    await reader.receive()
    await reader.close()

    assert not file.closed


async def test_reader_passes_on_what_a_body_raises(mode: Mode) -> None:
    def failing() -> Iterator[bytes]:
        yield b"one"
        raise ZeroDivisionError

    reader = BodyReader(stream_of(mode, failing()), is_async=mode.is_async)
    await reader.receive()

    with pytest.raises(ZeroDivisionError):
        await reader.receive()
