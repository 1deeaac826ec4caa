"""`Response`: status, text, and the ways to read a body."""

from __future__ import annotations

import contextlib
import gzip
import json
import pickle
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

import hookline
from hookline import DecodingError, HTTPStatusError, Request, Response
from support.modes import AsAsync, Mode

REQUEST = Request("GET", "https://example.org/")


def streaming(mode: Mode, *pieces: bytes, **arguments: Any) -> Any:
    """A response whose body comes in pieces, in the shape that shared tests use."""
    response = Response(200, content=mode.body(pieces), **arguments)
    return response if mode.is_async else AsAsync(response)


async def collected(pieces: Any) -> list[Any]:
    return [piece async for piece in pieces]


# -- The head -------------------------------------------------------------------------------


def test_response_made_by_hand_has_been_read() -> None:
    response = Response(200, content=b"Hello, world!", request=REQUEST)

    assert response.status_code == 200
    assert response.reason_phrase == "OK"
    assert response.http_version == "HTTP/1.1"
    assert response.headers.raw == [(b"Content-Length", b"13")]
    assert response.content == b"Hello, world!"
    assert response.text == "Hello, world!"
    assert response.request is REQUEST
    assert response.url == "https://example.org/"
    assert response.is_closed
    assert response.is_stream_consumed
    assert response.history == []
    assert response.next_request is None
    assert repr(response) == "<Response [200 OK]>"


@pytest.mark.parametrize(
    ("status", "true"),
    [
        (100, {"is_informational"}),
        (200, {"is_success"}),
        (299, {"is_success"}),
        (304, {"is_redirect"}),
        (399, {"is_redirect"}),
        (404, {"is_client_error", "is_error"}),
        (500, {"is_server_error", "is_error"}),
        (599, {"is_server_error", "is_error"}),
        (600, set()),
        (0, set()),
    ],
)
def test_status_answers_questions(status: int, true: set[str]) -> None:
    questions = [
        "is_informational",
        "is_success",
        "is_redirect",
        "is_client_error",
        "is_server_error",
        "is_error",
    ]
    response = Response(status)

    assert true == {question for question in questions if getattr(response, question)}


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (301, {"Location": "/"}, True),
        (308, {"location": "/"}, True),
        (302, {}, False),
        (300, {"Location": "/"}, False),
        (304, {"Location": "/"}, False),
        (201, {"Location": "/"}, False),
    ],
)
def test_only_redirects_with_a_location_lead_somewhere(
    status: int, headers: dict[str, str], expected: bool
) -> None:
    assert expected == Response(status, headers=headers).has_redirect_location


def test_reason_and_version_come_from_the_wire() -> None:
    extensions = {"reason_phrase": b"Caf\xe9", "http_version": b"HTTP/2"}
    response = Response(200, extensions=extensions)

    assert response.reason_phrase == "Caf"
    assert response.http_version == "HTTP/2"
    assert Response(499).reason_phrase == ""
    assert Response(299, extensions={"reason_phrase": b""}).reason_phrase == ""


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (
            101,
            {},
            "Informational response '101 Switching Protocols' for url 'https://example.org/'\n",
        ),
        (
            303,
            {"location": "https://other.org"},
            (
                "Redirect response '303 See Other' for url 'https://example.org/'\n"
                "Redirect location: 'https://other.org'\n"
            ),
        ),
        (304, {}, "Redirect response '304 Not Modified' for url 'https://example.org/'\n"),
        (404, {}, "Client error '404 Not Found' for url 'https://example.org/'\n"),
        (500, {}, "Server error '500 Internal Server Error' for url 'https://example.org/'\n"),
        (600, {}, "Invalid status code '600 ' for url 'https://example.org/'\n"),
    ],
)
def test_raise_for_status_says_what_happened_and_where_to_read_on(
    status: int, headers: dict[str, str], message: str
) -> None:
    response = Response(status, headers=headers, request=REQUEST)

    with pytest.raises(HTTPStatusError) as caught:
        response.raise_for_status()

    assert str(caught.value) == (
        f"{message}For more information check: "
        f"https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/{status}"
    )
    assert caught.value.request is REQUEST
    assert caught.value.response is response


def test_raise_for_status_keeps_the_password_to_itself() -> None:
    response = Response(404, request=Request("GET", "https://user:secret@example.org/"))

    with pytest.raises(HTTPStatusError, match=r"for url 'https://user:\[secure\]@example.org/'"):
        response.raise_for_status()


def test_raise_for_status_returns_a_success() -> None:
    response = Response(204, request=REQUEST)

    assert response.raise_for_status() is response


def test_response_without_a_request_says_so() -> None:
    response = Response(200)

    with pytest.raises(RuntimeError, match="request instance has not been set"):
        _ = response.request
    with pytest.raises(RuntimeError, match="request instance has not been set"):
        _ = response.url
    with pytest.raises(RuntimeError, match="Cannot call `raise_for_status`"):
        response.raise_for_status()
    response.request = REQUEST
    assert response.url == REQUEST.url


@pytest.mark.parametrize(
    ("header", "links"),
    [
        (None, {}),
        ("", {}),
        (
            "<https://example.org/2>; rel=next",
            {"next": {"url": "https://example.org/2", "rel": "next"}},
        ),
        (
            "<a?b,c>; rel=\"next\"; title='x', <d> ; rel=prev",
            {
                "next": {"url": "a?b,c", "rel": "next", "title": "x"},
                "prev": {"url": "d", "rel": "prev"},
            },
        ),
        ("<a>", {"a": {"url": "a"}}),
        ("<a>; nonsense; rel=x", {"a": {"url": "a"}}),
    ],
)
def test_links_are_found_by_their_relation(header: str | None, links: dict[str, Any]) -> None:
    headers = {} if header is None else {"Link": header}

    assert links == Response(200, headers=headers).links


# -- Text -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body", "charset", "text"),
    [
        (None, "Euro: €".encode(), None, "Euro: €"),
        ("text/plain", "Euro: €".encode(), None, "Euro: €"),
        ("text/plain; charset=UTF-8", "é".encode(), "utf-8", "é"),
        ('text/plain; charset="latin-1"', "é".encode("latin-1"), "latin-1", "é"),
        # Single quotes are none; Python knows the encoding all the same.
        ("text/plain; charset='latin-1'", "é".encode("latin-1"), "'latin-1'", "é"),
        ("text/plain;x=y;Charset = latin-1 ;z", "é".encode("latin-1"), "latin-1", "é"),
        ("text/plain; charset=shift_jis", "日本".encode("shift_jis"), "shift_jis", "日本"),
        ("text/plain; xcharset=latin-1", "é".encode(), None, "é"),
        ("text/plain; charset=", "é".encode(), "", "é"),
        ("text/plain; charset=unheard-of", "é".encode(), "unheard-of", "é"),
        # Codecs of Python's that are no text encodings, or cannot replace.
        ("text/plain; charset=base64", "é".encode(), "base64", "é"),
        ("text/plain; charset=idna", "é".encode(), "idna", "é"),
        ("text/plain; charset=undefined", "é".encode(), "undefined", "é"),
        ("text/plain; charset=a\0b", "é".encode(), "a\0b", "é"),
        ("text/plain; charset=utf-8", b"\xff", "utf-8", "\ufffd"),
        ("text/plain; charset=ascii", "é".encode(), "ascii", "\ufffd\ufffd"),
    ],
)
def test_text_is_decoded_as_the_content_type_says(
    content_type: str | None, body: bytes, charset: str | None, text: str
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    response = Response(200, headers=headers, content=body)

    assert charset == response.charset_encoding
    assert text == response.text


@pytest.mark.parametrize(
    ("default", "encoding"),
    [("latin-1", "latin-1"), (lambda body: "latin-1", "latin-1"), (lambda body: None, "utf-8")],
)
def test_default_encoding_stands_in_for_a_charset(
    default: str | Callable[[bytes], str | None], encoding: str
) -> None:
    response = Response(200, content="é".encode("latin-1"), default_encoding=default)

    assert encoding == response.encoding
    assert response.text == "é".encode("latin-1").decode(encoding, "replace")


def test_encoding_may_be_set_until_the_text_was_used() -> None:
    response = Response(200, content="é".encode("latin-1"))
    response.encoding = "latin-1"

    assert response.text == "é"
    with pytest.raises(ValueError, match="after `text` has been accessed"):
        response.encoding = "utf-8"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-be"])
def test_json_is_read_in_every_unicode_encoding(encoding: str) -> None:
    response = Response(200, content=json.dumps({"é": [1, None]}).encode(encoding))

    assert response.json() == {"é": [1, None]}


def test_json_passes_its_arguments_on_and_raises_as_json_does() -> None:
    assert Response(200, content=b"[1.5]").json(parse_float=str) == ["1.5"]
    with pytest.raises(json.JSONDecodeError):
        Response(200, content=b"<html>").json()


# -- Reading --------------------------------------------------------------------------------


async def test_streaming_response_is_read_once_and_kept(mode: Mode) -> None:
    response = streaming(mode, b"Hello, ", b"", b"world!")
    before = (response.is_closed, response.is_stream_consumed, response.num_bytes_downloaded)
    with pytest.raises(hookline.ResponseNotRead):
        _ = response.content
    with pytest.raises(hookline.ResponseNotRead):
        _ = response.text
    body = await response.aread()

    assert before == (False, False, 0)
    assert body == b"Hello, world!"
    assert await response.aread() == response.content == body
    assert response.is_closed
    assert response.is_stream_consumed
    assert response.num_bytes_downloaded == 13


@pytest.mark.parametrize(
    ("method", "chunk_size", "expected"),
    [
        ("aiter_raw", None, [b"ab\nc", b"d\xc3", b"\xa9\n"]),
        ("aiter_raw", 3, [b"ab\n", b"cd\xc3", b"\xa9\n"]),
        ("aiter_bytes", None, [b"ab\nc", b"d\xc3", b"\xa9\n"]),
        ("aiter_bytes", 4, [b"ab\nc", b"d\xc3\xa9\n"]),
        ("aiter_bytes", 100, [b"ab\ncd\xc3\xa9\n"]),
        ("aiter_text", None, ["ab\nc", "d", "é\n"]),
        ("aiter_text", 2, ["ab", "\nc", "dé", "\n"]),
    ],
)
async def test_body_comes_in_pieces(
    mode: Mode, method: str, chunk_size: int | None, expected: list[Any]
) -> None:
    response = streaming(mode, b"ab\nc", b"d\xc3", b"\xa9\n")
    pieces = await collected(getattr(response, method)(chunk_size))

    assert expected == pieces
    assert response.is_closed
    assert response.num_bytes_downloaded == 8


async def test_body_comes_in_lines(mode: Mode) -> None:
    response = streaming(mode, b"one\r", b"\ntw", b"o\n\n", b"three")

    assert await collected(response.aiter_lines()) == ["one", "two", "", "three"]


@pytest.mark.parametrize("body", [b"", b"abcdef"])
@pytest.mark.parametrize("chunk_size", [None, 3])
async def test_body_that_was_read_comes_in_pieces_again_and_again(
    mode: Mode, body: bytes, chunk_size: int | None
) -> None:
    response = streaming(mode, *([body] if body else []))
    await response.aread()
    twice = [await collected(response.aiter_bytes(chunk_size)) for _ in range(2)]
    texts = await collected(response.aiter_text(chunk_size))
    size = chunk_size or 100

    assert twice == [[body[i : i + size] for i in range(0, len(body), size)]] * 2
    assert texts == [piece.decode() for piece in twice[0]]
    with pytest.raises(hookline.StreamConsumed):
        await collected(response.aiter_raw())


async def test_body_cannot_be_streamed_twice(mode: Mode) -> None:
    response = streaming(mode, b"body")
    await collected(response.aiter_bytes())

    with pytest.raises(hookline.StreamConsumed):
        await collected(response.aiter_bytes())
    with pytest.raises(hookline.StreamConsumed):
        await response.aread()


async def test_body_cannot_be_read_after_close(mode: Mode) -> None:
    response = streaming(mode, b"body")
    await response.aclose()
    await response.aclose()

    assert response.is_closed
    with pytest.raises(hookline.StreamClosed):
        await response.aread()
    with pytest.raises(hookline.StreamClosed):
        await collected(response.aiter_lines())


async def test_reading_may_stop_early(mode: Mode) -> None:
    response = streaming(mode, b"one", b"two", b"three")
    async for piece in response.aiter_bytes():
        first = piece
        break
    await response.aclose()

    assert first == b"one"
    assert response.is_closed
    assert response.num_bytes_downloaded == 3


def test_closing_the_pieces_closes_the_response() -> None:
    response = Response(200, content=iter([b"one", b"two"]))
    with contextlib.closing(response.iter_bytes()) as pieces:  # type: ignore[type-var]
        first = next(pieces)

    assert first == b"one"
    assert response.is_closed


async def test_closing_a_generator_s_response_finishes_the_generator(mode: Mode) -> None:
    finished = []

    def pieces() -> Iterator[bytes]:
        try:
            yield b"one"
            yield b"two"
        finally:
            finished.append(True)

    async def async_pieces() -> Any:
        try:
            yield b"one"
            yield b"two"
        finally:
            finished.append(True)

    made = Response(200, content=async_pieces() if mode.is_async else pieces())
    response: Any = made if mode.is_async else AsAsync(made)
    async for _ in response.aiter_bytes():
        break
    await response.aclose()

    assert finished == [True]


def test_response_of_the_other_kind_is_refused() -> None:
    async def asynchronous() -> Any:
        yield b"body"

    generator = asynchronous()
    response = Response(200, content=generator)

    with pytest.raises(RuntimeError, match="sync iterator on an async stream"):
        response.read()
    with pytest.raises(RuntimeError, match="sync iterator on an async stream"):
        next(response.iter_bytes())
    with pytest.raises(RuntimeError, match="sync close on an async stream"):
        response.close()


@pytest.mark.parametrize("chunk_size", [0, -1, "1", 1.5])
def test_chunk_size_that_is_none_is_refused_and_named(chunk_size: Any) -> None:
    response = Response(200, content=b"body")

    for method in (response.iter_raw, response.iter_bytes, response.iter_text):
        with pytest.raises(ValueError) as caught:
            method(chunk_size)

        assert repr(chunk_size) in str(caught.value)


# -- Content codings ------------------------------------------------------------------------


def encoded(data: bytes) -> dict[str, bytes]:
    return {
        "gzip": gzip.compress(data),
        "deflate": zlib.compress(data),
        "gzip, deflate": zlib.compress(gzip.compress(data)),
        "identity": data,
        "unheard-of": data,
    }


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, deflate", "identity", "unheard-of"])
async def test_codings_are_undone_but_for_raw(mode: Mode, coding: str) -> None:
    plain = b"test 123\n" * 100
    body = encoded(plain)[coding]
    headers = {"Content-Encoding": coding}
    halves = (body[:20], body[20:])

    at_once = Response(200, headers=headers, content=body)
    assert at_once.content == plain
    # It was made here, not downloaded.
    assert at_once.num_bytes_downloaded == 0
    assert await streaming(mode, *halves, headers=headers).aread() == plain
    assert await collected(streaming(mode, *halves, headers=headers).aiter_raw()) == list(halves)
    lines = await collected(streaming(mode, *halves, headers=headers).aiter_lines())
    assert lines == ["test 123"] * 100
    assert at_once.headers["Content-Encoding"] == coding


async def test_no_piece_is_empty_where_a_coding_ends_with_the_last_full_one(mode: Mode) -> None:
    body = gzip.compress(b"abcdef")
    response = streaming(mode, body[:-8], body[-8:], headers={"Content-Encoding": "gzip"})

    assert await collected(response.aiter_bytes(3)) == [b"abc", b"def"]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_body_that_does_not_decode_is_an_error_with_its_request(
    mode: Mode, coding: str
) -> None:
    headers = {"Content-Encoding": coding}
    response = streaming(mode, b"plain text", headers=headers, request=REQUEST)

    with pytest.raises(DecodingError) as caught:
        await response.aread()

    assert caught.value.request is REQUEST
    assert isinstance(caught.value.__cause__, zlib.error)
    with pytest.raises(DecodingError):
        Response(200, headers=headers, content=b"plain text")


# -- The rest -------------------------------------------------------------------------------


def test_elapsed_needs_an_end() -> None:
    response = Response(200, content=iter([b"body"]))

    with pytest.raises(RuntimeError, match=r"'\.elapsed' may only be accessed after"):
        _ = response.elapsed
    response.elapsed = timedelta(seconds=1)
    assert response.elapsed == timedelta(seconds=1)


def test_response_survives_pickling_with_its_body() -> None:
    response = Response(
        200,
        headers={"Content-Type": "text/plain; charset=latin-1"},
        content="é".encode("latin-1"),
        request=REQUEST,
        extensions={"unpicklable": lambda: None},
        history=[Response(302)],
    )
    copy = pickle.loads(pickle.dumps(response))

    assert copy.status_code == 200
    assert copy.headers == response.headers
    assert copy.text == "é"
    assert copy.read() == "é".encode("latin-1")
    assert copy.request.url == REQUEST.url
    assert copy.extensions == {}
    assert copy.is_closed
    assert [earlier.status_code for earlier in copy.history] == [302]


async def test_unread_body_does_not_travel(mode: Mode) -> None:
    copy = pickle.loads(pickle.dumps(Response(200, content=mode.body([b"body"]))))

    assert copy.is_closed
    with pytest.raises(hookline.ResponseNotRead):
        _ = copy.content
    with pytest.raises(hookline.StreamClosed):
        await (copy if mode.is_async else AsAsync(copy)).aread()


def test_history_is_copied() -> None:
    history = [Response(301)]
    Response(200, history=history).history.append(Response(302))

    assert len(history) == 1


def test_header_that_was_given_wins_over_the_body_s() -> None:
    response = Response(200, headers={"content-type": "x/y", "content-length": "99"}, json=1)

    assert response.headers.raw == [(b"content-type", b"x/y"), (b"content-length", b"99")]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("status_code", "200"),
        ("status_code", None),
        ("status_code", 200.0),
        ("headers", 1),
        ("content", 1),
        ("content", {"a": 1}),
        ("text", b"bytes"),
        ("html", 1),
    ],
)
def test_arguments_of_the_wrong_type_are_refused_and_named(argument: str, value: Any) -> None:
    arguments: dict[str, Any] = {"status_code": 200, argument: value}

    with pytest.raises(TypeError) as caught:
        Response(**arguments)

    assert repr(value) in str(caught.value)
