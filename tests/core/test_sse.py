"""Server-sent events: the format, its bounds, and `client.sse`."""

from __future__ import annotations

import asyncio
import itertools
import pickle
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hookline
from hookline import EventSource, Response, ServerSentEvent, SSEError
from hookline._sse import EventParser
from support.modes import Mode
from support.raw import Conversation, answering, raw_server

HERE = "http://example.org/"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

Event = ServerSentEvent


def parsed(*pieces: bytes, limit: int | None = None) -> list[ServerSentEvent]:
    parser = EventParser(limit)
    for piece in pieces:
        parser.feed(piece)
    return list(parser.events)


def stream_of(content: bytes, content_type: str | None = "text/event-stream") -> Response:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return Response(200, headers=headers, content=content)


@asynccontextmanager
async def events(mode: Mode, client: Any, *arguments: Any, **named: Any) -> AsyncIterator[Any]:
    """`client.sse`, in AsyncClient's shape."""
    if mode.is_async:
        async with client.sse(*arguments, **named) as source:
            yield source
    else:
        with client.wrapped.sse(*arguments, **named) as source:
            yield source


async def all_of(mode: Mode, source: Any) -> list[ServerSentEvent]:
    return [event async for event in source] if mode.is_async else list(source)


# -- The format -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"data: a\n\n", [Event(data="a")]),
        (b"data:a\n\n", [Event(data="a")]),
        (b"data:  a \n\n", [Event(data=" a ")]),
        (b"data: a\ndata: b\ndata\n\n", [Event(data="a\nb\n")]),
        (b"data\n\ndata\ndata\n\ndata:", [Event(), Event(data="\n")]),
        (b"data: a:b\n\n", [Event(data="a:b")]),
        (b"event: e\ndata: 1\n\ndata: 2\n\n", [Event("e", "1"), Event(data="2")]),
        (b"event:\ndata: 1\n\n", [Event(data="1")]),
        (b"id: 1\ndata: a\n\ndata: b\n\n", [Event(data="a", id="1"), Event(data="b", id="1")]),
        (
            b"id: 1\ndata: a\n\nid\ndata: b\n\n",
            [Event(data="a", id="1"), Event(data="b", id="")],
        ),
        (b"id: 1\0\ndata: a\n\n", [Event(data="a")]),
        (b"retry: 10\ndata: a\n\ndata: b\n\n", [Event(data="a", retry=10), Event(data="b")]),
        (b"retry: 1x\ndata: a\n\n", [Event(data="a")]),
        (b"retry: -1\ndata: a\n\n", [Event(data="a")]),
        (b"retry:\ndata: a\n\n", [Event(data="a")]),
        ("retry: \u0661\ndata: a\n\n".encode(), [Event(data="a")]),
        (b": comment\n:\ndata: a\n: another\n\n", [Event(data="a")]),
        (b": comment\n\n:\n\n", []),
        (b"nothing: a\nDATA: b\n data: c\n\n", []),
        (b"data: a\n\ndata: incomplete\n", [Event(data="a")]),
        (b"data: a\r\rdata: b\r\n\r\ndata: c\n\r\n", [Event(data=letter) for letter in "abc"]),
        (b"\n\r\n\rdata: a\n\n\n\n", [Event(data="a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event(data="a")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [Event(data="a")]),
        ("data: a\u2028b\x0b\x85c\n\n".encode(), [Event(data="a\u2028b\x0b\x85c")]),
        (b"data: \xff\xe2\x98\n\n", [Event(data="\ufffd\ufffd")]),
        ("data: ☃\n\n".encode(), [Event(data="☃")]),
        # Not events for browsers, but for httpx2, and for servers that write them.
        (b"event: done\n\n", [Event("done")]),
        (b"id: 5\n\nretry: 7\n\n", [Event(id="5"), Event(id="5", retry=7)]),
        (b"id: \0\n\nretry: x\n\n", []),
    ],
)
def test_events_are_read(content: bytes, expected: list[ServerSentEvent]) -> None:
    assert parsed(content) == expected
    assert parsed(*(content[index : index + 1] for index in range(len(content)))) == expected
    for index in range(len(content)):
        assert parsed(content[:index], b"", content[index:]) == expected


LINES = st.sampled_from(
    [b"data: a", b"data", b"data:\xe2\x98\x83", b"event: e", b"id: 1", b"id", b"retry: 5", b": c"]
) | st.binary(max_size=8)
STREAMS = st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r", b"\r\n", b"\n\n"]))).map(
    lambda lines: b"".join(line + end for line, end in lines)
)


@settings(max_examples=300, deadline=None)
@given(content=STREAMS, cuts=st.lists(st.integers(0, 60), max_size=6))
def test_events_do_not_depend_on_how_they_arrive(content: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(content)]
    pieces = [content[begin:end] for begin, end in itertools.pairwise(edges)]

    assert parsed(*pieces) == parsed(content)


def test_an_event_is_a_value() -> None:
    event = ServerSentEvent("added", '{"a": [1]}', "7", 3000)

    assert event.json() == {"a": [1]}
    assert event == ServerSentEvent("added", '{"a": [1]}', "7", 3000)
    assert len({event, ServerSentEvent("added", '{"a": [1]}', "7", 3000)}) == 1
    assert pickle.loads(pickle.dumps(event)) == event
    assert repr(event) == (
        "ServerSentEvent(event='added', data='{\"a\": [1]}', id='7', retry=3000)"
    )
    with pytest.raises(AttributeError):
        event.data = "other"  # type: ignore[misc]


# -- Bounds ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (b"data: " + b"a" * 20 + b"\n\n", 26),
        (b"data: a\ndata: b\n\n" * 5, 14),
        (b"nothing: a\ndata: b\n\n", 17),
        (b": a comment that is long\n" * 5 + b"data: a\n\n", 7),
    ],
)
def test_event_may_be_as_large_as_the_limit_and_no_larger(content: bytes, size: int) -> None:
    for pieces in ([content], [content[index : index + 1] for index in range(len(content))]):
        assert parsed(*pieces, limit=size) == parsed(content)
        with pytest.raises(SSEError, match=f"Server-sent event exceeded the {size - 1} byte limit"):
            parsed(*pieces, limit=size - 1)


def test_line_that_never_ends_is_refused_before_it_does() -> None:
    parser = EventParser(1000)
    with pytest.raises(SSEError, match="exceeded the 1000 byte limit"):
        for _ in range(1001):
            parser.feed(b"x")


def test_line_in_many_pieces_is_put_together_once() -> None:
    """Who joins what there is with each piece that comes has copied six terabytes in the end: that
    takes longer than the process is given."""
    code = (
        "from hookline._sse import EventParser\n"
        "parser = EventParser(None)\n"
        "for piece in [b'data: ', *[b'x' * 32] * 600_000, b'\\n\\n']:\n"
        "    parser.feed(piece)\n"
        "assert len(parser.events[0].data) == 32 * 600_000\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_comment_that_never_ends_is_not_kept() -> None:
    parser = EventParser(1000)
    parser.feed(b":")
    for _ in range(100):
        parser.feed(b"x" * 1000)
    parser.feed(b"\ndata: a\n\n")

    assert sum(map(len, parser._held)) == 0
    assert list(parser.events) == [Event(data="a")]


def test_events_before_the_one_that_is_too_large_are_delivered() -> None:
    source = EventSource(stream_of(b"data: a\n\ndata: b\n\ndata: " + b"c" * 100), max_event_size=50)
    received = []
    with pytest.raises(SSEError, match="50 byte limit"):
        for event in source:
            received.append(event.data)  # noqa: PERF401

    assert received == ["a", "b"]


def test_limit_is_one_mebibyte_unless_it_is_set() -> None:
    large = stream_of(b"data: " + b"x" * (1024 * 1024 - 6) + b"\n\n")
    too_large = stream_of(b"data: " + b"x" * (1024 * 1024 - 5) + b"\n\n")

    assert len(next(iter(EventSource(large))).data) == 1024 * 1024 - 6
    with pytest.raises(SSEError, match="1048576 byte limit"):
        next(iter(EventSource(too_large)))
    assert next(iter(EventSource(too_large, max_event_size=None))).data


@pytest.mark.parametrize("limit", [0, -1, 1.5, "1", True])
def test_limit_that_makes_no_sense_is_refused(limit: Any) -> None:
    with pytest.raises(ValueError, match="max_event_size: expected a whole number >= 1 or None"):
        EventSource(stream_of(b""), max_event_size=limit)


# -- The response ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    ["text/event-stream", "Text/Event-Stream; charset=utf-8", "text/event-stream ;x=y"],
)
def test_content_type_of_events_is_accepted(content_type: str) -> None:
    source = EventSource(stream_of(b"data: a\n\n", content_type))

    assert list(source) == [Event(data="a")]


@pytest.mark.parametrize(
    ("content_type", "named"),
    [
        ("text/plain; charset=utf-8", "text/plain"),
        ("text/event-streams", "text/event-streams"),
        (None, ""),
    ],
)
async def test_other_content_type_is_refused(
    mode: Mode, content_type: str | None, named: str
) -> None:
    transport = hookline.MockTransport(lambda request: stream_of(b"data: a\n\n", content_type))
    async with mode.client(transport=transport) as client:
        async with events(mode, client, HERE) as source:
            with pytest.raises(SSEError) as caught:
                await all_of(mode, source)

    assert str(caught.value) == (
        f"Expected response with content type 'text/event-stream', got {named!r}."
    )
    assert caught.value.request.url == HERE
    assert isinstance(caught.value, hookline.TransportError)


async def test_request_asks_for_events(mode: Mode) -> None:
    asked = []

    def answer(request: hookline.Request) -> Response:
        asked.append(request)
        return stream_of(b"data: a\n\n")

    transport = hookline.MockTransport(answer)
    async with mode.client(transport=transport, headers={"X-A": "1"}) as client:
        async with events(mode, client, HERE) as source:
            assert await all_of(mode, source) == [Event(data="a")]
        own = {"accept": "text/event-stream, text/plain", "X-B": "2"}
        async with events(
            mode, client, HERE, method="POST", json={"q": 1}, headers=own, params={"a": "b"}
        ):
            pass

    first, second = asked
    assert (first.method, second.method) == ("GET", "POST")
    assert first.headers["accept"] == "text/event-stream"
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["x-a"] == "1"
    assert second.headers["accept"] == "text/event-stream, text/plain"
    assert second.headers["x-b"] == "2"
    assert (second.content, str(second.url)) == (b'{"q":1}', f"{HERE}?a=b")


async def test_status_is_up_to_the_caller(mode: Mode) -> None:
    transport = hookline.MockTransport(
        lambda request: Response(
            404, headers={"Content-Type": "text/event-stream"}, content=b"data: a\n\n"
        )
    )
    async with mode.client(transport=transport) as client:
        async with events(mode, client, HERE) as source:
            with pytest.raises(hookline.HTTPStatusError):
                source.response.raise_for_status()

            assert await all_of(mode, source) == [Event(data="a")]


async def test_events_arrive_while_the_server_still_writes(mode: Mode) -> None:
    was_read = threading.Semaphore(1)

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(HEAD)
        for number in range(3):
            assert was_read.acquire(timeout=20)
            event = b"id: %d\ndata: x\n\n" % number
            conversation.send(b"%x\r\n%b\r\n" % (len(event), event))
        conversation.receive_to_end()

    received = []
    with raw_server(script) as server:
        async with mode.client() as client:
            async with events(mode, client, server.url) as source:
                each = aiter(source) if mode.is_async else iter(source)
                for _ in range(3):
                    event = await anext(each) if mode.is_async else next(each)
                    received.append(event.id)
                    was_read.release()
            # The stream goes on; leaving it is fine.
            assert source.response.is_closed

    assert received == ["0", "1", "2"]


async def test_silence_between_two_events_is_a_read_timeout(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(HEAD + b"9\r\ndata: a\n\n\r\n")
        conversation.receive_to_end()

    timeout = hookline.Timeout(5.0, read=0.05)
    with raw_server(script) as server:
        async with mode.client() as client:
            async with events(mode, client, server.url, timeout=timeout) as source:
                with pytest.raises(hookline.ReadTimeout):
                    await all_of(mode, source)


async def test_connection_is_kept_after_the_last_event(mode: Mode) -> None:
    answer = HEAD + b"9\r\ndata: a\n\n\r\n0\r\n\r\n"
    with raw_server(answering(answer, answer)) as server:
        async with mode.client() as client:
            for _ in range(2):
                async with events(mode, client, server.url) as source:
                    assert await all_of(mode, source) == [Event(data="a")]

        assert server.connections == 1


async def test_events_can_be_read_once(mode: Mode) -> None:
    answer = HEAD + b"9\r\ndata: a\n\n\r\n0\r\n\r\n"
    with raw_server(answering(answer)) as server:
        async with mode.client() as client:
            async with events(mode, client, server.url) as source:
                await all_of(mode, source)
                with pytest.raises(hookline.StreamConsumed):
                    await all_of(mode, source)


def test_compressed_events_are_decoded() -> None:
    import gzip

    headers = {"Content-Type": "text/event-stream", "Content-Encoding": "gzip"}
    response = Response(200, headers=headers, content=gzip.compress(b"data: a\n\n"))

    assert list(EventSource(response)) == [Event(data="a")]


def test_source_says_where_from() -> None:
    assert repr(EventSource(stream_of(b""))) == "EventSource(<Response [200 OK]>)"


def test_events_under_the_other_kind_of_client_are_refused() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"data: a\n\n"

    response = Response(200, headers={"Content-Type": "text/event-stream"}, content=pieces())

    async def read() -> list[ServerSentEvent]:
        return [event async for event in EventSource(response)]

    with pytest.raises(RuntimeError, match=r"async iterator on an? sync stream"):
        asyncio.run(read())


# -- QUERY ----------------------------------------------------------------------------------


async def test_query_is_a_method_with_a_body(mode: Mode, server: str) -> None:
    async with mode.client(follow_redirects=True) as client:
        plain = await client.query(f"{server}/echo", json={"q": 1})
        # As the draft has it: only 303 turns it into a GET.
        moved = [
            await client.query(f"{server}/redirect/{status}?to=/echo", content=b"q")
            for status in (301, 302, 303, 307, 308)
        ]

    assert (plain.json()["method"], plain.json()["body"]) == ("QUERY", '{"q":1}')
    assert [response.json()["method"] for response in moved] == [
        "QUERY",
        "QUERY",
        "GET",
        "QUERY",
        "QUERY",
    ]
    assert moved[0].json()["body"] == "q"


def test_query_is_a_function_too(server: str) -> None:
    response = hookline.query(f"{server}/echo", content=b"q")

    assert response.json()["method"] == "QUERY"
    assert ["content-length", "0"] in hookline.query(f"{server}/echo").json()["headers"]
