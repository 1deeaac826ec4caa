"""The two parsers side by side: the same bytes, cut anywhere, must mean the same to both.

What they make of them is `test_parser.py`'s business. A difference here is a defect whichever of
them is right: with one parser a response would be read, with the other refused, or worse, end
somewhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline import RemoteProtocolError
from hookline_http11._parser import ResponseParser
from hookline_http11._protocol import create_parser

PARSERS = [create_parser("httptools"), create_parser("h11")]

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REFUSED = ("refused",)


def outcome(parser: ResponseParser, method: str, pieces: list[bytes]) -> object:
    """All that a connection can see of a response, once the stream has ended."""
    parser.start(method)
    try:
        for piece in pieces:
            parser.feed(piece)
        parser.feed_eof()
    except RemoteProtocolError:
        return REFUSED
    return (
        parser.head,
        b"".join(parser.body),
        parser.trailers,
        parser.is_complete,
        parser.keeps_alive,
        parser.has_excess,
    )


def every_split(stream: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and in two at every position."""
    yield [stream]
    yield [stream[index : index + 1] for index in range(len(stream))]
    for position in range(1, len(stream)):
        yield [stream[:position], stream[position:]]


def assert_same(method: str, stream: bytes, splits: Iterator[list[bytes]]) -> object:
    expected: object = None
    for pieces in splits:
        for parser_class in PARSERS:
            found = outcome(parser_class(), method, pieces)
            if expected is None:
                expected = found
            assert found == expected, (parser_class.__name__, method, pieces)
    return expected


VALID = [
    OK + b"Content-Length: 5\r\n\r\nhello",
    OK + b"Server: a b\r\nX:\r\nx: \t c \t\r\nContent-Length:  5 \r\nY:d\r\n\r\nhello",
    OK + b"Content-Length: 0\r\n\r\n",
    OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nab",
    OK + b"Upgrade: h2,h2c\r\nConnection: Upgrade, Keep-Alive\r\nContent-Length: 2\r\n\r\nab",
    OK + b"\r\nuntil the connection closes\r\n",
    OK + b"\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nold",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold",
    # A piece of it may begin like another head.
    b"HTTP/1.0 200 OK\r\nVia: HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na",
    b"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\na",
    b"HTTP/1.1 404 Not Found \xfc\t\r\nContent-Length: 1\r\n\r\na",
    b"HTTP/1.1 999 No\r\nContent-Length: 1\r\n\r\na",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
    CONTINUE + OK + b"Content-Length: 1\r\n\r\na",
    CONTINUE + b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + CHUNKED + b"0\r\n\r\n",
    b"HTTP/1.1 104 x\r\nA: b\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na",
    b"HTTP/1.1 100 x\r\nConnection: close\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na",
    b"HTTP/1.0 100 x\r\nContent-Length: 0\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"5\r\nhello\r\nA\r\n0123456789\r\n000\r\n\r\n",
    CHUNKED + b'1;a\r\na\r\n1;b=c;d\r\nb\r\n0;e="f \\" g"\r\n\r\n',
    CHUNKED + b"1 ;a\r\na\r\n1  \r\nb\r\n0\t\r\n\r\n",
    CHUNKED + b"0000000000000000000000001\r\na\r\n0\r\n\r\n",
    CHUNKED + b"0\r\nX-Sum: 1\r\nY: \r\n\r\n",
    OK + b"transfer-encoding: CHUNKED \r\nConnection: close\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"\r\n" + OK + b"Content-Length: 1\r\n\r\na",
    b"\n\r\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na\r\n\n",
]

ODD = [
    # What follows the end.
    OK + b"Content-Length: 1\r\n\r\nab",
    OK + b"Content-Length: 1\r\n\r\n\r\n\r\n",
    OK + b"Content-Length: 1\r\n\r\na" + OK + b"A: b\r\nContent-Length: 1\r\n\r\nb",
    OK + b"Content-Length: 1\r\n\r\naHTTP/1.1 200 O\0K\r\n",
    OK + b"Content-Length: 1\r\nConnection: close\r\n\r\nab",
    b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na\r\nb",
    CHUNKED + b"0\r\n\r\n0\r\n\r\n",
    CHUNKED + b"0\r\nA: b\r\n\r\n\r\n" + CONTINUE,
    CHUNKED + b"0\r\nA: b\r\n\r\n" + CONTINUE + OK + b"C: d\r\nContent-Length: 0\r\n\r\n",
    CHUNKED + b"0\r\n\r\n" + CHUNKED + b"1\r\na\r\n0\r\nE: f\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\nhello",
    b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 101 x\r\n\r\n\x81\x05hello",
    b"HTTP/1.1 101 x\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n" + OK + b"\r\n",
    b"HTTP/1.1 101 x\r\nContent-Length: 5\r\n\r\n\r\n",
    CONTINUE + b"HTTP/1.1 101 x\r\n\r\n\0",
    # Status lines.
    b"hello",
    b"",
    b"\r\n",
    b"HTTP/1.",
    b" " + OK + b"\r\n",
    b"http/1.1 200 OK\r\n\r\n",
    b"HTTP/2.0 200 OK\r\n\r\n",
    b"HTTP/0.9 200 OK\r\n\r\n",
    b"HTTP/1.2 200 OK\r\n\r\n",
    b"HTTP/1.1 2000 OK\r\n\r\n",
    b"HTTP/1.1 20 OK\r\n\r\n",
    b"HTTP/1.1 099 OK\r\n\r\n",
    b"HTTP/1.1  200 OK\r\n\r\n",
    b"HTTP/1.1\t200 OK\r\n\r\n",
    b"HTTP/1.1 200\tOK\r\n\r\n",
    b"HTTP/1.1 200OK\r\n\r\n",
    b"HTTP/1.1 \r\n\r\n",
    b"HTTP/1.1 200 \0\r\n\r\n",
    b"HTTP/1.1 200 a\x01\r\n\r\n",
    b"HTTP/1.1 200 a\x7f\r\n\r\n",
    b"HTTP/1.1 200 a\rb\r\n\r\n",
    b"HTTP/1.1 200 OK\n\n",
    b"HTTP/1.1 200 OK\r\r\n\r\n",
    b"RTSP/1.0 200 OK\r\n\r\n",
    b"ICE/1.0 200 OK\r\n\r\n",
    CONTINUE + b"RTSP/1.0 200 OK\r\n\r\n",
    CONTINUE + b"hello",
    CONTINUE + b"HTTP/2.0 200 OK\r\n\r\n",
    # Headers.
    OK + b"A: b\r\n c\r\n\r\n",
    OK + b"A: b\r\n\tc\r\n\r\n",
    OK + b" A: b\r\n\r\n",
    OK + b"A: b\nC: d\r\n\r\n",
    OK + b"A: b\n\n",
    OK + b"A: b\rC: d\r\n\r\n",
    OK + b"A: b\r\r\n\r\n",
    OK + b"A: b\0c\r\n\r\n",
    OK + b"A: b\x01c\r\n\r\n",
    OK + b"A: \x0bb\r\n\r\n",
    OK + b"A: b\x7f\r\n\r\n",
    OK + b"A : b\r\n\r\n",
    OK + b"A\t: b\r\n\r\n",
    OK + b"A b: c\r\n\r\n",
    OK + b"A\r\n\r\n",
    OK + b": b\r\n\r\n",
    OK + b"A\x80: b\r\n\r\n",
    OK + b"A(: b\r\n\r\n",
    OK + b"\0: b\r\n\r\n",
    OK + b"\rA: b\r\n\r\n",
    OK + b"A: b\r\n\rC: d\r\n\r\n",
    # Framing.
    OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
    OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    OK + b"Content-Length: 2, 2\r\n\r\nab",
    OK + b"Content-Length: 2,\r\n\r\nab",
    OK + b"Content-Length: +2\r\n\r\nab",
    OK + b"Content-Length: -2\r\n\r\nab",
    OK + b"Content-Length: 0x2\r\n\r\nab",
    OK + b"Content-Length: 2 2\r\n\r\nab",
    OK + b"Content-Length:\r\n\r\nab",
    OK + b"Content-Length: 18446744073709551615\r\n\r\nab",
    OK + b"Content-Length: 18446744073709551616\r\n\r\nab",
    OK + b"Content-Length: 000000000000000000002\r\n\r\nab",
    OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding: identity\r\n\r\nab",
    OK + b"Transfer-Encoding: \r\n\r\nab",
    OK + b"Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding: chun\r\n ked\r\n\r\n0\r\n\r\n",
    OK + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 100 x\r\nContent-Length: 5\r\n\r\n" + OK + b"\r\n",
    b"HTTP/1.1 199 x\r\nTransfer-Encoding: chunked\r\n\r\n" + OK + b"\r\n",
    # Chunks.
    CHUNKED + b"zz\r\n",
    CHUNKED + b"\r\n",
    CHUNKED + b" 1\r\na\r\n0\r\n\r\n",
    CHUNKED + b"+1\r\na\r\n0\r\n\r\n",
    CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1_0\r\na\r\n0\r\n\r\n",
    CHUNKED + b"ffffffffffffffff\r\na",
    CHUNKED + b"10000000000000000\r\na",
    CHUNKED + b"-1\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1\na\n0\n\n",
    CHUNKED + b"1\r\na\n0\r\n\r\n",
    CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
    CHUNKED + b"2\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1\r\na0\r\n\r\n",
    CHUNKED + b"1\ra\r\n0\r\n\r\n",
    CHUNKED + b"1;\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1;;a\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1;=\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1;a=b\"\"\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1;a=\"\"b\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1; a\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1;a = b\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1;a\nb\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1;a\0\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1;\x80\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1;a=\"\r\na\r\n0\r\n\r\n",
    CHUNKED + b"0\r\nA: b\r\n c\r\n\r\n",
    CHUNKED + b"0\r\nA: b\n\r\n\r\n",
    CHUNKED + b"0\r\n\n",
    CHUNKED + b"0\r\n A: b\r\n\r\n",
    CHUNKED + b"0\r\nA\r\n\r\n",
    CHUNKED + b"0\r\nA: \x01\r\n\r\n",
    CHUNKED + b"0\r\nContent-Length: 2\r\n\r\n",
    CHUNKED + b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    CHUNKED + b"0\r\nConnection: close\r\nUpgrade: x\r\n\r\n",
]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "CONNECT"])
@pytest.mark.parametrize("stream", VALID)
def test_valid_streams_mean_the_same_however_they_are_cut(stream: bytes, method: str) -> None:
    found = assert_same(method, stream, every_split(stream))

    assert found != REFUSED


@pytest.mark.parametrize("method", ["GET", "HEAD", "CONNECT"])
@pytest.mark.parametrize("stream", ODD)
def test_odd_streams_mean_the_same_however_they_are_cut(stream: bytes, method: str) -> None:
    assert_same(method, stream, every_split(stream))


TEMPLATES = [
    b"HTTP/1.1 20%b OK\r\n\r\n",
    b"HTTP/1.1%b200 OK\r\n\r\n",
    b"HTTP/1.%b 200 OK\r\n\r\n",
    b"HTTP/1.1 200%bOK\r\n\r\n",
    b"HTTP/1.1 200 O%bK\r\n\r\n",
    OK + b"%bA: b\r\n\r\n",
    OK + b"A%b: b\r\n\r\n",
    OK + b"A:%bb\r\n\r\n",
    OK + b"A: b%b\r\n\r\n",
    OK + b"A: b\r%b\r\n",
    OK + b"A: b\r\n\r%b",
    OK + b"Connection: close%b\r\nContent-Length: 0\r\n\r\n",
    OK + b"Content-Length: 1%b\r\n\r\na",
    OK + b"Content-Length: 0\r\n\r\n%b",
    OK + b"Transfer-Encoding: chunked%b\r\n\r\n0\r\n\r\n",
    CHUNKED + b"1%b\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1;%b\r\na\r\n0\r\n\r\n",
    CHUNKED + b"1;a=%b\r\na\r\n0\r\n\r\n",
    CHUNKED + b'1;a="%b"\r\na\r\n0\r\n\r\n',
    CHUNKED + b'1;a="\\%b"\r\na\r\n0\r\n\r\n',
    CHUNKED + b"1\r%ba\r\n0\r\n\r\n",
    CHUNKED + b"1\r\na%b\n0\r\n\r\n",
    CHUNKED + b"1\r\na\r%b0\r\n\r\n",
    CHUNKED + b"0\r\n%b\r\n",
    CHUNKED + b"0\r\nA: b%b\r\n\r\n",
    CHUNKED + b"0\r\n\r%b",
    CHUNKED + b"0\r\n\r\n%b",
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_byte_means_the_same_in_every_place(template: bytes) -> None:
    for byte in range(256):
        stream = template.replace(b"%b", bytes([byte]))
        cut = template.index(b"%b")
        assert_same("GET", stream, iter([[stream], [stream[:cut], stream[cut:]]]))


def test_every_status_means_the_same() -> None:
    for status in range(1000):
        for framing in (b"", b"Content-Length: 1\r\n", b"Transfer-Encoding: chunked\r\n"):
            for rest in (b"", b"1\r\na\r\n0\r\n\r\n", OK + b"Content-Length: 0\r\n\r\n"):
                stream = b"HTTP/1.1 %03d x\r\n%b\r\n%b" % (status, framing, rest)
                for method in ("GET", "HEAD", "CONNECT"):
                    assert_same(method, stream, iter([[stream]]))


# What grammars trip over, to be put where it does not belong.
TOKENS = [
    b"\r\n", b"\r", b"\n", b"\0", b" ", b"\t", b":", b";", b"=", b",", b'"', b"\\", b"0", b"1",
    b"f", b"+", b"-", b"\x01", b"\x0b", b"\x7f", b"\x80", b"\xff", OK, CONTINUE, b"HTTP/1.0",
    b"HTTP/2.0", b"HTTP/1.1 101 x\r\n\r\n", b"HTTP/1.1 204 x\r\n\r\n", b" 099 ", b" 999 ",
    b"A : b\r\n", b" a\r\n", b"A:\r\n", b"A: b \t\r\n",
    b"Content-Length: 5\r\n", b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
    b"Connection: close\r\n", b"Connection: keep-alive\r\n",
    b"Connection: upgrade\r\nUpgrade: x\r\n",
    b"5\r\nhello\r\n", b"0\r\n\r\n", b"0\r\n", b"10000000000000000\r\n",
    b";a=b", b";a", b" ;a", b"0 \r\n",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid stream with something inserted, removed, replaced, repeated or spliced in."""
    stream = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(stream)))
        end = min(len(stream), start + draw(st.integers(0, 8)))
        middle = draw(
            st.one_of(
                st.sampled_from(TOKENS),
                st.binary(max_size=2),
                st.just(stream[start:end] * 2),
            )
        )
        rest = stream[end:] if draw(st.integers(0, 5)) else draw(st.sampled_from(VALID))[end:]
        stream = stream[:start] + middle + rest
    return stream


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(
    stream=mutated(),
    method=st.sampled_from(["GET", "GET", "GET", "HEAD", "CONNECT"]),
    cuts=st.lists(st.integers(0, 200), max_size=5),
)
def test_mutated_streams_mean_the_same(stream: bytes, method: str, cuts: list[int]) -> None:
    positions = [0, *sorted({cut for cut in cuts if 0 < cut < len(stream)}), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(positions)]
    single = [stream[index : index + 1] for index in range(len(stream))]

    assert_same(method, stream, iter([[stream], pieces, single]))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(streams=st.lists(st.one_of(mutated(), st.sampled_from(VALID)), min_size=2, max_size=4))
def test_what_came_before_does_not_matter(streams: list[bytes]) -> None:
    """A parser is used again after anything that it did not refuse, and then is as good as new."""
    for parser_class in PARSERS:
        used = parser_class()
        for stream in streams:
            found = outcome(used, "GET", [stream])
            assert found == outcome(parser_class(), "GET", [stream])
            if found == REFUSED:
                used = parser_class()
