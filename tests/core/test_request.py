"""`Request`: what its arguments become, and its body."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from hookline import (
    URL,
    AsyncByteStream,
    ByteStream,
    InvalidURL,
    Request,
    RequestNotRead,
    StreamClosed,
    StreamConsumed,
    SyncByteStream,
)
from support.modes import Mode

HERE = "http://example.org/"


async def read(mode: Mode, request: Request) -> bytes:
    return await request.aread() if mode.is_async else request.read()


async def sent(mode: Mode, request: Request) -> bytes:
    """The body as a transport pulls it."""
    if mode.is_async:
        assert isinstance(request.stream, AsyncByteStream)
        return b"".join([piece async for piece in request.stream])
    assert isinstance(request.stream, SyncByteStream)
    return b"".join(request.stream)


# -- The head -------------------------------------------------------------------------------


def test_request_has_a_method_in_capitals_a_url_and_headers() -> None:
    request = Request("get", "http://example.org/path", headers={"X-A": "1"})

    assert request.method == "GET"
    assert request.url == URL("http://example.org/path")
    assert request.headers.raw == [(b"Host", b"example.org"), (b"X-A", b"1")]
    assert request.extensions == {}
    assert request.content == b""


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://example.org", "example.org"),
        ("http://example.org:80", "example.org"),
        ("http://example.org:8080", "example.org:8080"),
        ("https://user:secret@example.org:80", "example.org:80"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("http://münchen.de", "xn--mnchen-3ya.de"),
        ("/relative", None),
    ],
)
def test_host_header_follows_from_the_url(url: str, host: str | None) -> None:
    assert host == Request("GET", url).headers.get("Host")


def test_host_header_of_the_users_own_stays_in_its_place() -> None:
    request = Request("GET", HERE, headers=[("X", "1"), ("host", "other.test")])

    assert request.headers.raw == [(b"X", b"1"), (b"host", b"other.test")]


@pytest.mark.parametrize(
    ("params", "url"),
    [
        (None, "http://example.org/?a=1#top"),
        ({}, "http://example.org/#top"),
        ({"b": "2"}, "http://example.org/?b=2#top"),
        ([("b", "2"), ("b", None)], "http://example.org/?b=2&b=#top"),
    ],
)
def test_params_replace_the_query_of_the_url(params: Any, url: str) -> None:
    assert url == str(Request("GET", "http://example.org/?a=1#top", params=params).url)


@pytest.mark.parametrize(
    ("arguments", "raw"),
    [
        ({"method": "GET"}, [(b"Host", b"example.org")]),
        ({"method": "DELETE"}, [(b"Host", b"example.org")]),
        ({"method": "POST"}, [(b"Host", b"example.org"), (b"Content-Length", b"0")]),
        ({"method": "put"}, [(b"Host", b"example.org"), (b"Content-Length", b"0")]),
        ({"method": "PATCH"}, [(b"Host", b"example.org"), (b"Content-Length", b"0")]),
        (
            {"method": "POST", "content": b"abc"},
            [(b"Host", b"example.org"), (b"Content-Length", b"3")],
        ),
        (
            {"method": "GET", "content": [b"abc"]},
            [(b"Host", b"example.org"), (b"Transfer-Encoding", b"chunked")],
        ),
        (
            {"method": "POST", "json": 1, "headers": {"content-type": "application/x"}},
            [
                (b"Host", b"example.org"),
                (b"content-type", b"application/x"),
                (b"Content-Length", b"1"),
            ],
        ),
        (
            {"method": "POST", "content": [b"abc"], "headers": {"content-length": "3"}},
            [(b"Host", b"example.org"), (b"content-length", b"3")],
        ),
        (
            {"method": "POST", "content": b"abc", "headers": {"transfer-encoding": "chunked"}},
            [(b"Host", b"example.org"), (b"transfer-encoding", b"chunked")],
        ),
        (
            {"method": "POST", "headers": {"transfer-encoding": "chunked"}},
            [(b"Host", b"example.org"), (b"transfer-encoding", b"chunked")],
        ),
    ],
)
def test_framing_headers_are_added_where_the_user_gave_none(
    arguments: dict[str, Any], raw: list[tuple[bytes, bytes]]
) -> None:
    assert raw == Request(url=HERE, **arguments).headers.raw


def test_extensions_are_copied() -> None:
    extensions = {"timeout": {"read": 1.0}}
    request = Request("GET", HERE, extensions=extensions)
    request.extensions["other"] = 1

    assert request.extensions == {"timeout": {"read": 1.0}, "other": 1}
    assert extensions == {"timeout": {"read": 1.0}}


def test_headers_are_copied() -> None:
    headers = Request("GET", HERE).headers
    Request("GET", "http://other.test/", headers=headers).headers["X"] = "1"

    assert headers.raw == [(b"Host", b"example.org")]


def test_repr_masks_the_password() -> None:
    request = Request("GET", "http://user:secret@example.org/?a=1")

    assert repr(request) == "<Request('GET', 'http://user:[secure]@example.org/?a=1')>"


# -- The body -------------------------------------------------------------------------------


async def test_body_of_bytes_is_there_and_can_be_sent_again(mode: Mode) -> None:
    request = Request("POST", HERE, content=b"body")

    assert request.content == b"body"
    assert await read(mode, request) == b"body"
    assert [await sent(mode, request), await sent(mode, request)] == [b"body", b"body"]


async def test_streaming_body_is_there_once_it_was_read(mode: Mode) -> None:
    request = Request("POST", HERE, content=mode.body([b"one ", b"", bytearray(b"two")]))
    with pytest.raises(RequestNotRead):
        _ = request.content
    body = await read(mode, request)

    assert body == b"one two"
    assert request.content == b"one two"
    assert isinstance(request.stream, ByteStream)
    assert [await sent(mode, request), await sent(mode, request)] == [b"one two", b"one two"]
    assert request.headers["transfer-encoding"] == "chunked"


async def test_generator_can_be_sent_once(mode: Mode) -> None:
    request = Request("POST", HERE, content=mode.body([b"body"]))
    await sent(mode, request)

    with pytest.raises(StreamConsumed):
        await sent(mode, request)
    with pytest.raises(StreamConsumed):
        await read(mode, request)


def test_list_of_bytes_can_be_sent_again() -> None:
    request = Request("POST", HERE, content=[b"one ", b"two"])
    assert isinstance(request.stream, SyncByteStream)

    assert [b"".join(request.stream), b"".join(request.stream)] == [b"one two", b"one two"]


async def test_body_of_the_other_kind_is_refused(mode: Mode) -> None:
    async def asynchronous() -> Any:
        yield b"body"

    request = Request("POST", HERE, content=asynchronous() if not mode.is_async else iter([b"a"]))

    with pytest.raises(RuntimeError, match=r"iterator on an? "):
        await read(mode, request)


@pytest.mark.parametrize("piece", ["text", 1, None, ["a"]])
async def test_piece_of_the_wrong_type_is_refused_and_named(mode: Mode, piece: Any) -> None:
    request = Request("POST", HERE, content=mode.body([b"good", piece]))

    with pytest.raises(TypeError) as caught:
        await read(mode, request)

    assert f"yields bytes, not {piece!r} ({type(piece).__name__})." in str(caught.value)


async def test_generator_finishes_when_its_body_is_refused(mode: Mode) -> None:
    finished = []

    def pieces() -> Iterator[Any]:
        try:
            yield "text"
        finally:
            finished.append(True)

    async def async_pieces() -> Any:
        try:
            yield "text"
        finally:
            finished.append(True)

    request = Request("POST", HERE, content=async_pieces() if mode.is_async else pieces())
    with pytest.raises(TypeError):
        await read(mode, request)

    assert finished == [True]


async def test_what_a_body_raises_passes_through(mode: Mode) -> None:
    def failing() -> Iterator[bytes]:
        yield b"some"
        raise ZeroDivisionError

    request = Request("POST", HERE, content=mode.body(failing()))

    with pytest.raises(ZeroDivisionError):
        await read(mode, request)


def test_text_file_is_refused_when_it_is_read() -> None:
    with pytest.raises(TypeError, match="Encode text first"):
        Request("POST", HERE, content=io.StringIO("text")).read()  # type: ignore[arg-type]


def test_stream_is_taken_as_it_is_without_headers() -> None:
    stream = ByteStream(b"body")
    request = Request("POST", HERE, headers={"X": "1"}, stream=stream)

    assert request.stream is stream
    assert request.headers.raw == [(b"X", b"1")]
    assert request.read() == b"body"


# -- Pickling -------------------------------------------------------------------------------


def test_request_survives_pickling_with_its_body() -> None:
    request = Request("POST", HERE, json={"a": 1}, extensions={"unpicklable": lambda: None})
    copy = pickle.loads(pickle.dumps(request))

    assert (copy.method, copy.url, copy.headers) == ("POST", HERE, request.headers)
    assert copy.content == b'{"a":1}'
    assert copy.read() == b'{"a":1}'
    assert b"".join(copy.stream) == b'{"a":1}'
    assert copy.extensions == {}


async def test_streaming_body_does_not_travel_unless_it_was_read(mode: Mode) -> None:
    unread = pickle.loads(pickle.dumps(Request("POST", HERE, content=mode.body([b"body"]))))
    request = Request("POST", HERE, content=mode.body([b"body"]))
    await read(mode, request)

    assert pickle.loads(pickle.dumps(request)).content == b"body"
    with pytest.raises(RequestNotRead):
        _ = unread.content
    with pytest.raises(StreamClosed):
        await read(mode, unread)


# -- Bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("method", None),
        ("method", 1),
        ("method", b"GET"),
        ("url", None),
        ("url", 1),
        ("url", b"http://example.org/"),
        ("params", 1),
        ("headers", 1),
        ("headers", "X: 1"),
        ("cookies", 1),
        ("cookies", "a=1"),
        ("content", 1),
        ("content", {"a": 1}),
        ("data", 1),
        ("extensions", 1),
        ("extensions", "ab"),
    ],
)
def test_arguments_of_the_wrong_type_are_refused_and_named(argument: str, value: Any) -> None:
    arguments: dict[str, Any] = {"method": "GET", "url": HERE, argument: value}

    with pytest.raises(TypeError) as caught:
        Request(**arguments)

    assert repr(value) in str(caught.value)


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(InvalidURL, match="Invalid port: 'x'"):
        Request("GET", "http://example.org:x/")
