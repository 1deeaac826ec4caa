"""Server-sent events: those of httpx2, which has them too."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.compare import (
    MODES,
    Call,
    Outcome,
    Raises,
    differs,
    examples,
    plain,
    same,
)
from support.recorder import OK, Recorder

TYPE = "text/event-stream"


def reading(
    pieces: Sequence[bytes], mode: str = "sync", content_type: str | None = TYPE, **more: Any
) -> Call:
    """A call: the events in a response that arrives in these pieces, and what ended them."""

    def call(library: Any) -> Any:
        content: Any = asynchronous(pieces) if mode == "async" else iter(pieces)
        response = library.Response(
            200,
            headers={} if content_type is None else {"Content-Type": content_type},
            content=content,
            request=library.Request("GET", "http://h/"),
        )
        source = library.EventSource(response, **more)
        return asyncio.run(read_async(source)) if mode == "async" else all_of(source)

    return call


async def asynchronous(pieces: Iterable[bytes]) -> Any:
    for piece in pieces:
        yield piece


def in_plain(event: Any) -> Any:
    return [event.event, event.data, event.id, event.retry]


def all_of(source: Any) -> Any:
    events: list[Any] = []
    try:
        for event in source:
            events.append(in_plain(event))  # noqa: PERF401
    except Exception as exc:
        return [events, plain(exc), str(getattr(exc, "request", None))]
    return events


async def read_async(source: Any) -> Any:
    events: list[Any] = []
    try:
        async for event in source:
            events.append(in_plain(event))  # noqa: PERF401
    except Exception as exc:
        return [events, plain(exc), str(getattr(exc, "request", None))]
    return events


# -- The format -------------------------------------------------------------------------------

CONTENTS = [
    b"",
    b"data: a\n\n",
    b"data:a\n\n",
    b"data:  a \n\n",
    b"data: a\ndata: b\ndata\n\n",
    b"data\n\ndata\ndata\n\ndata:",
    b"data: a:b\n\n",
    b"event: e\ndata: 1\n\ndata: 2\n\n",
    b"event:\ndata: 1\n\n",
    b"id: 1\ndata: a\n\ndata: b\n\n",
    b"id: 1\ndata: a\n\nid\ndata: b\n\n",
    b"id: 1\0\ndata: a\n\n",
    b"retry: 10\ndata: a\n\ndata: b\n\n",
    b"retry: 1x\ndata: a\n\n",
    b"retry:\ndata: a\n\n",
    b": comment\n:\ndata: a\n: another\n\n",
    b": comment\n\n:\n\n",
    b"nothing: a\nDATA: b\n data: c\n\n",
    b"data: a\n\ndata: incomplete\n",
    b"data: a\n\ndata: incomplete",
    b"data: a\r\rdata: b\r\n\r\ndata: c\n\r\n",
    b"\n\r\n\rdata: a\n\n\n\n",
    "data: a\u2028b\x0b\x85c\n\n".encode(),
    b"data: \xff\xe2\x98\n\n",
    "data: ☃\n\n".encode(),
    b"event: done\n\n",
    b"id: 5\n\nretry: 7\n\n",
    b"id: \0\n\nretry: x\n\n",
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("content", CONTENTS, ids=repr)
def test_events_are_read_alike(content: bytes, mode: str) -> None:
    same(reading([content], mode), httpx2)
    same(reading([content[index : index + 1] for index in range(len(content))], mode), httpx2)


def ends_in_a_lone_cr(content: bytes) -> bool:
    return content.endswith(b"\r")


LINES = st.sampled_from(
    [
        b"data: a", b"data", b"data:\xe2\x98\x83", b"event: e", b"id: 1", b"id", b"retry: 5",
        b"retry: x", b": c", b"", b"da", b"ta: \xe2\x98",
    ]
) | st.binary(max_size=8)  # fmt: skip
STREAMS = st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r", b"\r\n", b"\n\n", b""]))).map(
    lambda lines: b"".join(line + end for line, end in lines)
)


@examples(400)
@given(content=STREAMS, cuts=st.lists(st.integers(0, 60), max_size=5), mode=st.sampled_from(MODES))
def test_any_stream_is_read_alike(content: bytes, cuts: list[int], mode: str) -> None:
    edges = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    pieces = [content[begin:end] for begin, end in itertools.pairwise(edges)]

    same(
        reading(pieces, mode),
        httpx2,
        except_for={
            "sse-final-cr": lambda theirs, ours: ends_in_a_lone_cr(content),
            "sse-retry": lambda theirs, ours: b"retry" in content,
            "sse-byte-order-mark": lambda theirs, ours: content.startswith(b"\xef\xbb\xbf"),
        },
    )


@pytest.mark.parametrize("limit", [1, 6, 7, 8, 20, 100, None])
def test_size_of_an_event_is_limited_alike(limit: int | None) -> None:
    for content in (
        b"data: a\n\n",
        b"data: a\ndata: b\n\n" * 2,
        b": a comment that is long\n" * 3 + b"data: a\n\n",
        b"data: " + b"x" * 200 + b"\n\n",
        b"data: " + b"x" * 200,
        "data: ☃\n\n".encode(),
    ):
        for pieces in ([content], [content[at : at + 5] for at in range(0, len(content), 5)]):
            same(reading(pieces, max_event_size=limit), httpx2, except_for={"sse-limit": uncounted})


def uncounted(theirs: Outcome, ours: Outcome) -> bool:
    """A comment that arrives in parts counts for them; one that arrives whole does not."""
    return "byte limit" in str(theirs.value) and ours.value == [["message", "a", "", None]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "content_type",
    [
        TYPE, "Text/Event-Stream; charset=utf-8", "text/event-stream ;x=y", "text/plain", None,
        "text/event-streams", "", "application/json; x=text/event-stream",
    ],
)  # fmt: skip
def test_content_type_is_looked_at_alike(content_type: str | None, mode: str) -> None:
    same(reading([b"data: a\n\n"], mode, content_type), httpx2)


# -- Requests for events ------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
EVENTS = HEAD + b"Content-Length: 18\r\n\r\ndata: a\n\ndata: b\n\n"

STEPS: list[dict[str, Any]] = [
    {},
    {"headers": {"Accept": "x/y"}},
    {"headers": {"accept": "x/y", "X": "1"}},
    {"headers": [("X", "1"), ("cache-control", "no-cache"), ("x", "2")]},
    {"params": {"a": "b"}},
    {"method": "POST", "json": {"a": 1}},
    {"method": "POST", "data": {"a": "b"}, "headers": {"Cookie": "c=d"}},
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("answer", [EVENTS, OK, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"])
@pytest.mark.parametrize("step", STEPS, ids=str)
def test_requests_are_written_alike(
    step: dict[str, Any], answer: bytes, mode: str, recorder: Recorder
) -> None:
    def call(library: Any) -> Any:
        with recorder.script(answer) as transcript:
            if mode == "sync":
                with library.Client(trust_env=False, verify=False) as client:
                    with client.sse(recorder.url, **step) as source:
                        status, read = source.response.status_code, all_of(source)
            else:

                async def run() -> Any:
                    async with library.AsyncClient(trust_env=False, verify=False) as client:
                        async with client.sse(recorder.url, **step) as source:
                            return source.response.status_code, await read_async(source)

                status, read = asyncio.run(run())
        return [transcript.wire, status, read]

    same(call, httpx2)


# -- What differs on purpose --------------------------------------------------------------------


def events_of(content: bytes, content_type: str = TYPE, **more: Any) -> Call:
    def call(library: Any) -> Any:
        return [event[1:] for event in reading([content], "sync", content_type, **more)(library)]

    return call


def test_byte_order_mark_is_no_part_of_the_first_line() -> None:
    call = events_of(b"\xef\xbb\xbfdata: a\n\n")
    differs("sse-byte-order-mark", call, httpx2, theirs=[], ours=[["a", "", None]])


@pytest.mark.parametrize("value", ["-1", "+1", " 1", "1 ", "1_0", "\u0661"])
def test_retry_is_a_number_of_ascii_digits(value: str) -> None:
    call = events_of(f"retry:  {value}\ndata: a\n\n".encode())
    theirs = [["a", "", int(value)]]
    differs("sse-retry", call, httpx2, theirs=theirs, ours=[["a", "", None]])


def test_event_that_is_not_ended_is_none() -> None:
    call = events_of(b"data: a\n\ndata: b\r")
    theirs = [["a", "", None], ["b", "", None]]
    differs("sse-final-cr", call, httpx2, theirs=theirs, ours=[["a", "", None]])


def test_events_are_utf_8_whatever_the_header_says() -> None:
    call = events_of("data: é\n\n".encode(), f"{TYPE}; charset=latin-1")
    differs("sse-utf-8", call, httpx2, theirs=[["Ã©", "", None]], ours=[["é", "", None]])


def test_response_needs_no_request() -> None:
    def call(library: Any) -> Any:
        response = library.Response(200, headers={"Content-Type": TYPE}, content=b"data: a\n\n")
        return [event.data for event in library.EventSource(response)]

    differs("sse-without-request", call, httpx2, theirs=Raises("RuntimeError"), ours=["a"])


@pytest.mark.parametrize("limit", [0, -1, "5", 1.5, True])
def test_limit_that_makes_no_sense_is_refused(limit: Any) -> None:
    def call(library: Any) -> Any:
        response = library.Response(200, headers={"Content-Type": TYPE}, content=b"")
        return library.EventSource(response, max_event_size=limit) is not None

    refused = Raises("ValueError", "max_event_size: expected a whole number")
    differs("chunk-size-values", call, httpx2, theirs=True, ours=refused)
