"""Bodies in pieces, in both directions, and server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import assert_type

import hookline
from hookline import AsyncByteStream, Body, ByteStream, EventSource, ServerSentEvent, SyncByteStream


def download(client: hookline.Client, url: str, path: Path) -> int:
    with client.stream("GET", url) as response, path.open("wb") as file:
        for piece in response.iter_bytes(chunk_size=65536):
            assert_type(piece, bytes)
            file.write(piece)
        return response.num_bytes_downloaded


def tail(client: hookline.Client, url: str) -> Iterator[str]:
    with client.stream("GET", url, timeout=hookline.Timeout(5.0, read=None)) as response:
        for line in response.iter_lines():
            yield line.upper()


def pieces(response: hookline.Response) -> None:
    for raw in response.iter_raw(chunk_size=5):
        assert_type(raw, bytes)
    for text in response.iter_text():
        assert_type(text, str)


def upload(client: hookline.Client, url: str, path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"head"
        yield path.read_bytes()

    client.post(url, content=pieces())
    client.post(url, data=pieces())
    client.post(url, content=bytearray(b"..."))
    client.post(url, content=memoryview(b"..."))
    client.post(url, content=[b"a", b"b"])
    with path.open("rb") as file:
        client.post(url, content=file)
    client.post(url, content=Counted(b"..."))


class Counted(SyncByteStream):
    """A stream of one's own."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.reads = 0

    def __iter__(self) -> Iterator[bytes]:
        self.reads += 1
        yield self.content

    def close(self) -> None:
        self.content = b""


class Delayed(AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"later"

    async def aclose(self) -> None:
        return None


class Once(Body):
    def __init__(self) -> None:
        self.left = [b"once"]

    async def receive(self) -> bytes:
        return self.left.pop() if self.left else b""

    def close(self) -> None:
        self.left.clear()


def streams() -> list[SyncByteStream | AsyncByteStream]:
    responses = [
        hookline.Response(200, stream=Counted(b"a")),
        hookline.Response(200, stream=Delayed()),
        hookline.Response(200, stream=Once()),
        hookline.Response(200, stream=ByteStream(b"a")),
    ]
    return [response.stream for response in responses]


def events(client: hookline.Client) -> Iterator[str]:
    with client.sse("https://weather.example/events", max_event_size=None) as source:
        assert_type(source, EventSource)
        for event in source:
            assert_type(event, ServerSentEvent)
            assert_type(event.event, str)
            assert_type(event.retry, int | None)
            payload: dict[str, float] = event.json()
            yield f"{event.id} {event.data} {payload['celsius']}"
        source.response.raise_for_status()


async def aevents(client: hookline.AsyncClient) -> list[ServerSentEvent]:
    async with client.sse("https://weather.example/events") as source:
        return [event async for event in source]
