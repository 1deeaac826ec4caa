"""What users pass as a body: the headers that it brings, and its bytes."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from hookline import ByteStream
from hookline._content import encode_request, encode_response
from hookline._streams import AsyncByteStream, SyncByteStream
from support.modes import Mode

FORM = "application/x-www-form-urlencoded"


def sync_bytes(stream: SyncByteStream | AsyncByteStream) -> bytes:
    assert isinstance(stream, SyncByteStream)
    return b"".join(stream)


def generator() -> Iterator[bytes]:
    yield b"one "
    yield b"two"


async def async_generator() -> AsyncIterator[bytes]:
    yield b"one "
    yield b"two"


@pytest.mark.parametrize(
    ("arguments", "headers", "body"),
    [
        ({}, {}, b""),
        ({"content": b""}, {}, b""),
        ({"content": ""}, {}, b""),
        ({"content": b"bytes"}, {}, b"bytes"),
        ({"content": bytearray(b"bytes")}, {}, b"bytes"),
        ({"content": memoryview(b"bytes")}, {}, b"bytes"),
        ({"content": "snow ☃"}, {}, "snow ☃".encode()),
        ({"content": [b"one ", b"two"]}, {"Transfer-Encoding": "chunked"}, b"one two"),
        ({"content": io.BytesIO(b"file")}, {}, b"file"),
        ({"data": {}}, {}, b""),
        ({"data": {"a": "b c"}}, {"Content-Type": FORM}, b"a=b+c"),
        (
            {"data": {"a": ["1", 2, None, True], "é": 1.5}},
            {"Content-Type": FORM},
            b"a=1&a=2&a=&a=true&%C3%A9=1.5",
        ),
        ({"data": b"raw"}, {}, b"raw"),
        ({"data": "raw"}, {}, b"raw"),
        ({"data": [b"raw"]}, {"Transfer-Encoding": "chunked"}, b"raw"),
        (
            {"json": {"a": ["é", 1, None]}},
            {"Content-Type": "application/json"},
            '{"a":["é",1,null]}'.encode(),
        ),
        ({"json": 0}, {"Content-Type": "application/json"}, b"0"),
        ({"json": ""}, {"Content-Type": "application/json"}, b'""'),
        ({"content": b"c", "data": {"d": "1"}, "json": 1}, {}, b"c"),
        (
            {"data": {"d": "1"}, "json": 1},
            {"Content-Type": FORM},
            b"d=1",
        ),
    ],
)
def test_request_bodies_bring_their_headers(
    arguments: dict[str, Any], headers: dict[str, str], body: bytes
) -> None:
    if body and "Transfer-Encoding" not in headers:
        headers = headers | {"Content-Length": str(len(body))}
    brought, stream = encode_request(**arguments)

    assert headers == brought
    assert body == sync_bytes(stream)


@pytest.mark.parametrize(
    ("arguments", "headers", "body"),
    [
        ({}, {}, b""),
        ({"content": b"bytes"}, {"Content-Length": "5"}, b"bytes"),
        ({"content": [b"a", b"b"]}, {"Transfer-Encoding": "chunked"}, b"ab"),
        (
            {"text": "é"},
            {"Content-Length": "2", "Content-Type": "text/plain; charset=utf-8"},
            "é".encode(),
        ),
        (
            {"html": "<p>"},
            {"Content-Length": "3", "Content-Type": "text/html; charset=utf-8"},
            b"<p>",
        ),
        (
            {"json": {"a": 1}},
            {"Content-Length": "7", "Content-Type": "application/json"},
            b'{"a":1}',
        ),
    ],
)
def test_response_bodies_bring_their_headers(
    arguments: dict[str, Any], headers: dict[str, str], body: bytes
) -> None:
    brought, stream = encode_response(**arguments)

    assert headers == brought
    assert body == sync_bytes(stream)


@pytest.mark.parametrize("argument", ["content", "data"])
async def test_generators_are_chunked_whichever_argument_brings_them(
    mode: Mode, argument: str
) -> None:
    if mode.is_async:
        headers, stream = encode_request(**{argument: async_generator()})
        assert isinstance(stream, AsyncByteStream)
        pieces = [piece async for piece in stream]
    else:
        headers, stream = encode_request(**{argument: generator()})
        assert isinstance(stream, SyncByteStream)
        pieces = list(stream)

    assert headers == {"Transfer-Encoding": "chunked"}
    assert pieces == [b"one ", b"two"]


def test_file_counts_from_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(4)
        headers, stream = encode_request(content=file)
        body = sync_bytes(stream)
    in_memory = io.BytesIO(b"0123456789")
    in_memory.seek(8)

    assert headers == {"Content-Length": "6"}
    assert body == b"456789"
    assert encode_request(content=in_memory)[0] == {"Content-Length": "2"}
    assert in_memory.read() == b"89"


def test_file_without_a_length_is_chunked() -> None:
    class Pipe(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            return 0

    headers, _ = encode_request(content=Pipe())

    assert headers == {"Transfer-Encoding": "chunked"}


def test_file_is_read_in_large_pieces_whatever_its_lines() -> None:
    _, stream = encode_request(content=io.BytesIO(b"line\n" * 20_000))
    assert isinstance(stream, SyncByteStream)

    assert [len(piece) for piece in stream] == [65_536, 34_464]


@pytest.mark.parametrize("content", [1, 1.5, True, object(), {"a": 1}, {}])
def test_content_of_the_wrong_type_is_refused_and_named(content: Any) -> None:
    for encode in (encode_request, encode_response):
        with pytest.raises(TypeError) as caught:
            encode(content=content)

        assert f"not {content!r} ({type(content).__name__})." in str(caught.value)


@pytest.mark.parametrize("data", [1, 1.5, object()])
def test_data_of_the_wrong_type_is_refused_and_named(data: Any) -> None:
    with pytest.raises(TypeError) as caught:
        encode_request(data=data)

    assert f"not {data!r} ({type(data).__name__})." in str(caught.value)


@pytest.mark.parametrize("argument", ["text", "html"])
@pytest.mark.parametrize("value", [b"bytes", 1, ["a"]])
def test_text_of_the_wrong_type_is_refused_and_named(argument: str, value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        encode_response(**{argument: value})

    assert f"{argument}: expected a str, not {value!r} ({type(value).__name__})." == str(
        caught.value
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_has_no_word_for_some_floats(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_request(json={"a": number})


def test_json_refuses_what_it_cannot_write() -> None:
    with pytest.raises(TypeError, match="set is not JSON serializable"):
        encode_request(json={"a": {1}})


def test_empty_body_is_one_shared_stream() -> None:
    _, first = encode_request()
    _, second = encode_request(data={})

    assert first is second
    assert isinstance(first, ByteStream)
