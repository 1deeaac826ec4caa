"""Responses from bytes: the rules, which both parsers keep."""

from __future__ import annotations

import pytest

from hookline import RemoteProtocolError
from hookline.plugins.interfaces import Item
from hookline_http11._parser import MAX_HEAD_SIZE, Head, ResponseParser
from hookline_http11._protocol import create_parser

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(params=["httptools", "h11"])
def parser(request: pytest.FixtureRequest) -> ResponseParser:
    made = create_parser(request.param)()
    made.start("GET")
    return made


def items(*pairs: tuple[bytes, bytes]) -> list[Item]:
    return [(name, name.lower(), value) for name, value in pairs]


def body(parser: ResponseParser) -> bytes:
    return b"".join(parser.body)


def head(parser: ResponseParser) -> Head:
    assert parser.head is not None
    return parser.head


def refused(parser: ResponseParser, data: bytes) -> str:
    """Feed what must be refused at once, without waiting for more. Returns the message."""
    with pytest.raises(RemoteProtocolError) as caught:
        parser.feed(data)
    return str(caught.value)


# -- Choosing one --------------------------------------------------------------------------------


def test_auto_is_httptools() -> None:
    assert create_parser("auto") is create_parser("httptools")


def test_auto_is_h11_where_there_is_no_httptools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "hookline_http11._httptools", None)

    assert create_parser("auto") is create_parser("h11")
    with pytest.raises(ModuleNotFoundError):
        create_parser("httptools")


def test_unknown_parser_is_named() -> None:
    with pytest.raises(ValueError, match="expected 'auto', 'httptools' or 'h11', not 'llhttp'"):
        create_parser("llhttp")


# -- Heads ---------------------------------------------------------------------------------------


def test_nothing_is_known_before_the_head_is_complete(parser: ResponseParser) -> None:
    parser.feed(OK + b"Content-Length: 5\r\n")

    assert parser.head is None
    assert not parser.is_complete


def test_headers_keep_their_order_and_case(parser: ResponseParser) -> None:
    parser.feed(OK + b"X-lower: 1\r\nSERVER: a\r\nx-LOWER: 2\r\nContent-Length: 0\r\n\r\n")

    assert parser.head == Head(
        200,
        b"OK",
        b"1.1",
        items((b"X-lower", b"1"), (b"SERVER", b"a"), (b"x-LOWER", b"2"), (b"Content-Length", b"0")),
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"X: a", b"a"),
        (b"X:a", b"a"),
        (b"X:  a  ", b"a"),
        (b"X:\ta\t", b"a"),
        (b"X: \t a b\tc \t ", b"a b\tc"),
        (b"X:", b""),
        (b"X: ", b""),
        (b"X: \t ", b""),
        (b"X: :", b":"),
        (b"X: \x80\xff", b"\x80\xff"),
        ("X: \u00fc".encode(), "\u00fc".encode()),
    ],
)
def test_values_have_no_white_space_around_them(
    parser: ResponseParser, line: bytes, value: bytes
) -> None:
    parser.feed(OK + line + b"\r\nContent-Length: 0\r\n\r\n")

    assert head(parser).items[0] == (b"X", b"x", value)


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (b"HTTP/1.1 200 OK", 200, b"OK"),
        (b"HTTP/1.1 404 Not Found", 404, b"Not Found"),
        (b"HTTP/1.1 200", 200, b""),
        (b"HTTP/1.1 200 ", 200, b""),
        (b"HTTP/1.1 200  a ", 200, b" a "),
        (b"HTTP/1.1 500 a\tb", 500, b"a\tb"),
        (b"HTTP/1.1 500 \xfc", 500, b"\xfc"),
        (b"HTTP/1.0 503 Busy", 503, b"Busy"),
        # RFC 9110 section 15: a class we know, a code we do not; and one of no class (LinkedIn's).
        (b"HTTP/1.1 299 x", 299, b"x"),
        (b"HTTP/1.1 999 Denied", 999, b"Denied"),
    ],
)
def test_status_line(parser: ResponseParser, line: bytes, status: int, reason: bytes) -> None:
    parser.feed(line + b"\r\nContent-Length: 0\r\n\r\n")

    assert head(parser).status_code == status
    assert head(parser).reason == reason
    assert parser.is_complete


@pytest.mark.parametrize("lines", [b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\r\n\n\r\r\n"])
def test_empty_lines_before_the_head_are_skipped(parser: ResponseParser, lines: bytes) -> None:
    parser.feed(lines + OK + b"Content-Length: 0\r\n\r\n")

    assert parser.is_complete
    assert not parser.has_excess


@pytest.mark.parametrize(
    "start",
    [
        b"hello",
        b"<html>",
        b"\x16\x03\x01",
        b" HTTP/1.1 200 OK",
        b"http/1.1 200 OK",
        b"ICY 200 OK",
        b"RTSP/1.0 200 OK",
        b"ICE/1.0 200 OK",
        b"HTTP/2.0 200 OK",
        b"HTTP/0.9 200 OK",
        b"HTTP/3",
        b"HTTP/11",
        b"SSH-2.0-OpenSSH",
        b"\0",
    ],
)
def test_what_does_not_begin_like_http_1_is_refused_at_once(
    parser: ResponseParser, start: bytes
) -> None:
    refused(parser, start)


@pytest.mark.parametrize(
    "line",
    [
        b"HTTP/1.2 200 OK",
        b"HTTP/1.10 200 OK",
        b"HTTP/1. 200 OK",
        b"HTTP/1.1200 OK",
        b"HTTP/1.1\t200 OK",
        b"HTTP/1.1  200 OK",
        b"HTTP/1.1 OK",
        b"HTTP/1.1 ",
        b"HTTP/1.1",
        b"HTTP/1.1 2 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 200OK",
        b"HTTP/1.1 200\tOK",
        b"HTTP/1.1 -20 OK",
        b"HTTP/1.1 2a0 OK",
        b"HTTP/1.1 000 OK",
        b"HTTP/1.1 099 OK",
        b"HTTP/1.1 200 O\0K",
        b"HTTP/1.1 200 O\x01K",
        b"HTTP/1.1 200 O\x0bK",
        b"HTTP/1.1 200 O\x7fK",
        b"HTTP/1.1 200 O\rK",
        b"HTTP/1.1 200 O\nK",
    ],
)
def test_malformed_status_line_is_refused_at_its_end(parser: ResponseParser, line: bytes) -> None:
    refused(parser, line + b"\r\n")


@pytest.mark.parametrize(
    "line",
    [
        b"X",
        b": a",
        b"X : a",
        b"X\t: a",
        b" X: a",
        b"\tX: a",
        b"X Y: a",
        b"X\0: a",
        b"X(: a",
        b'"X": a',
        b"X\xfc: a",
        b"X: a\0b",
        b"X: a\x01b",
        b"X: a\x0bb",
        b"X: a\x1bb",
        b"X: a\x7fb",
        b"X: a\rb",
        b"X: a\r",
        b"X: a\nY: b",
        b"X: a\r\n b",
        b"X: a\r\n\tb",
        b"Content-Length : 5",
    ],
)
def test_malformed_header_is_refused_at_the_end_of_its_line(
    parser: ResponseParser, line: bytes
) -> None:
    refused(parser, OK + b"A: b\r\n" + line + b"\r\n")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        OK + b"A: b\n",
        OK + b"A: b\r\n\n",
        OK + b"\rA",
    ],
)
def test_bare_line_feed_and_bare_carriage_return_are_refused_at_once(
    parser: ResponseParser, data: bytes
) -> None:
    refused(parser, data)


# -- Framing -------------------------------------------------------------------------------------


def test_body_with_a_length(parser: ResponseParser) -> None:
    parser.feed(OK + b"Content-Length: 5\r\n\r\nhe")
    assert not parser.is_complete
    parser.feed(b"llo")

    assert body(parser) == b"hello"
    assert parser.is_complete
    assert parser.keeps_alive
    assert not parser.has_excess


@pytest.mark.parametrize("value", [b"0", b"000", b" 0 ", b"\t0\t"])
def test_body_of_length_zero(parser: ResponseParser, value: bytes) -> None:
    parser.feed(OK + b"Content-Length:" + value + b"\r\n\r\n")

    assert body(parser) == b""
    assert parser.is_complete


@pytest.mark.parametrize("value", [b"00005", b"00000000000000000005"])
def test_length_with_leading_zeros(parser: ResponseParser, value: bytes) -> None:
    parser.feed(OK + b"Content-Length: " + value + b"\r\n\r\nhello")

    assert parser.is_complete
    assert body(parser) == b"hello"


def test_largest_length_is_what_64_bits_hold(parser: ResponseParser) -> None:
    parser.feed(OK + b"Content-Length: 18446744073709551615\r\n\r\nx")

    assert head(parser)
    assert not parser.is_complete


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"+5",
        b"-5",
        b"5.0",
        b"0x5",
        b"5 5",
        b"5,5",
        b"2, 2",
        b"five",
        b"18446744073709551616",
        b"99999999999999999999",
        b"000000000000000000005",
        b"\xb2",
    ],
)
def test_content_length_that_is_no_number_is_refused(parser: ResponseParser, value: bytes) -> None:
    refused(parser, OK + b"Content-Length: " + value + b"\r\n\r\n")


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 2\r\nContent-Length: 2\r\n",
        b"Content-Length: 2\r\ncontent-length: 3\r\n",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_framing_headers_that_come_twice_are_refused(
    parser: ResponseParser, headers: bytes
) -> None:
    refused(parser, OK + headers + b"\r\n")


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: +5\r\n",
        b"Content-Length: 2, 2\r\n",
        b"Content-Length: 18446744073709551616\r\n",
        b"Content-Length: 2\r\nContent-Length: 2\r\n",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 2\r\n",
    ],
)
def test_wrong_framing_is_refused_at_the_end_of_its_line(
    parser: ResponseParser, lines: bytes
) -> None:
    refused(parser, OK + lines)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"gzip",
        b"identity",
        b"gzip, chunked",
        b"chunked, gzip",
        b"chunked, chunked",
        b"chunked,",
        b",chunked",
        b"chunked;a=b",
        b"xchunked",
        b"chunkedx",
        b"chunked\t",
        b"unknown",
    ],
)
def test_transfer_encoding_other_than_chunked_is_refused(
    parser: ResponseParser, value: bytes
) -> None:
    refused(parser, OK + b"Transfer-Encoding: " + value + b"\r\n\r\n")


@pytest.mark.parametrize("value", [b"chunked", b"Chunked", b"CHUNKED", b" chunked  ", b"\tchunked"])
def test_chunked_in_any_case(parser: ResponseParser, value: bytes) -> None:
    parser.feed(OK + b"Transfer-Encoding:" + value + b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n")

    assert body(parser) == b"hello"
    assert head(parser).items == items((b"Transfer-Encoding", value.strip()))


def test_chunked_in_http_1_0_is_refused(parser: ResponseParser) -> None:
    message = refused(parser, b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")

    assert message == "The response has Transfer-Encoding in HTTP/1.0."


def test_body_until_close(parser: ResponseParser) -> None:
    parser.feed(OK + b"\r\nHTTP/1.1 ")
    parser.feed(b"200 OK\r\n\r\n")
    assert not parser.is_complete
    parser.feed_eof()

    assert body(parser) == b"HTTP/1.1 200 OK\r\n\r\n"
    assert parser.is_complete
    assert not parser.keeps_alive
    assert not parser.has_excess


def test_empty_body_until_close(parser: ResponseParser) -> None:
    parser.feed(OK + b"\r\n")
    parser.feed_eof()

    assert body(parser) == b""
    assert parser.is_complete


@pytest.mark.parametrize("method", ["HEAD", "GET", "CONNECT", "POST"])
@pytest.mark.parametrize("status", [b"204", b"304"])
@pytest.mark.parametrize(
    "framing", [b"", b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n"]
)
def test_204_and_304_have_no_body(
    parser: ResponseParser, method: str, status: bytes, framing: bytes
) -> None:
    parser.start(method)
    parser.feed(b"HTTP/1.1 " + status + b" x\r\n" + framing + b"\r\n")

    assert parser.is_complete
    assert parser.keeps_alive
    assert not parser.has_excess


@pytest.mark.parametrize("status", [b"200", b"404", b"500"])
@pytest.mark.parametrize(
    "framing", [b"", b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n"]
)
def test_response_to_head_has_no_body(
    parser: ResponseParser, status: bytes, framing: bytes
) -> None:
    parser.start("HEAD")
    parser.feed(b"HTTP/1.1 " + status + b" x\r\n" + framing + b"\r\n")

    assert parser.is_complete
    assert parser.keeps_alive
    assert not parser.has_excess


@pytest.mark.parametrize("framing", [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_body_after_head_is_excess(parser: ResponseParser, framing: bytes) -> None:
    parser.start("HEAD")
    parser.feed(OK + framing + b"\r\n5\r\nhello\r\n0\r\n\r\n")

    assert parser.is_complete
    assert body(parser) == b""
    assert parser.has_excess


def test_tunnel_begins_after_connect(parser: ResponseParser) -> None:
    parser.start("CONNECT")
    parser.feed(b"HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n")

    assert parser.is_complete
    assert not parser.keeps_alive


def test_refused_tunnel_has_a_body(parser: ResponseParser) -> None:
    parser.start("CONNECT")
    parser.feed(b"HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\nhello")

    assert body(parser) == b"hello"
    assert parser.keeps_alive


# -- Chunks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        b"5",
        b"05",
        b"00000000000000000000000000000005",
        b"5;a",
        b"5;a=b",
        b'5;a="b c\\"d;\\\xff"',
        b"5;a;b=c",
        b"5;a=b;c",
        # RFC 9112 section 7.1.1 has white space before the semicolon; at the end of the line it
        # comes from servers that print sizes in a fixed width.
        b"5 ;a",
        b"5   ",
        b"5\t",
    ],
)
def test_chunk_sizes_and_extensions(parser: ResponseParser, line: bytes) -> None:
    parser.feed(CHUNKED + line + b"\r\nhello\r\n0\r\n\r\n")

    assert body(parser) == b"hello"
    assert parser.is_complete
    assert parser.keeps_alive
    assert not parser.has_excess


def test_chunk_sizes_are_hexadecimal_in_either_case(parser: ResponseParser) -> None:
    parser.feed(CHUNKED + b"a\r\n0123456789\r\nB\r\nabcdefghijk\r\n000;x\r\n\r\n")

    assert body(parser) == b"0123456789abcdefghijk"
    assert parser.is_complete


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" 5",
        b"+5",
        b"-5",
        b"0x5",
        b"5_0",
        b"g",
        b"5 5",
        b"5,",
        b"5;",
        b"5; a",
        b"5;a b",
        b"5;a= b",
        b'5;a="b',
        b'5;a="b"c',
        b"5;\0",
        b"5;a\0",
        b"5;a\x01",
        b'5;a="\x01"',
        b"5;\xff",
        b"5;a\rb",
        b"5;a\nb",
        b"10000000000000000",
        b"fffffffffffffffff",
    ],
)
def test_malformed_chunk_line_is_refused_at_its_end(parser: ResponseParser, line: bytes) -> None:
    refused(parser, CHUNKED + line + b"\r\n")


@pytest.mark.parametrize(
    "rest",
    [
        b"5\n",
        b"5\rh",
        b"5;a\n",
        b"5\r\nhellox",
        b"5\r\nhello\n",
        b"5\r\nhello\rx",
        b"5\r\nhello0\r\n\r\n",
        b"0\n",
        b"0\r\n\n",
        b"0\r\n\rx",
        b"zz",
    ],
)
def test_malformed_chunk_framing_is_refused_at_once(parser: ResponseParser, rest: bytes) -> None:
    refused(parser, CHUNKED + rest)


def test_pieces_before_a_malformed_chunk_are_there(parser: ResponseParser) -> None:
    parser.feed(CHUNKED + b"5\r\nhello\r\n")
    assert body(parser) == b"hello"

    refused(parser, b"x")


def test_trailers(parser: ResponseParser) -> None:
    parser.feed(CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1 \r\nx-sum:\r\n\r\n")

    assert parser.is_complete
    assert parser.trailers == items((b"X-Sum", b"1"), (b"x-sum", b""))
    assert head(parser).items == items((b"Transfer-Encoding", b"chunked"))


@pytest.mark.parametrize(
    "line",
    [b"A", b": b", b"A : b", b" A: b", b"A: b\r\n c", b"A: b\nC: d", b"A: \0", b"A\x80: b"],
)
def test_malformed_trailer_is_refused_at_the_end_of_its_line(
    parser: ResponseParser, line: bytes
) -> None:
    refused(parser, CHUNKED + b"0\r\n" + line + b"\r\n")


@pytest.mark.parametrize("line", [b"Content-Length: 5", b"Transfer-Encoding: chunked"])
def test_framing_in_trailers_is_refused(parser: ResponseParser, line: bytes) -> None:
    refused(parser, CHUNKED + b"0\r\n" + line + b"\r\n\r\n")


# -- Keeping the connection ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "headers", "keeps_alive"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: keep-alive\r\n", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"Connection: Close\r\n", False),
        (b"1.1", b"Connection: keep-alive, close\r\n", False),
        (b"1.1", b"Connection: close\r\nConnection: keep-alive\r\n", False),
        (b"1.1", b"Connection: Upgrade, Keep-Alive\r\nUpgrade: h2,h2c\r\n", True),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True),
        (b"1.0", b"Connection: Keep-Alive\r\n", True),
        (b"1.0", b"Connection: close\r\n", False),
        (b"1.0", b"Connection: close\r\nConnection: keep-alive\r\n", False),
        (b"1.0", b"Connection: a\r\nConnection: keep-alive\r\n", True),
    ],
)
def test_connection_is_kept_where_both_version_and_header_say_so(
    parser: ResponseParser, version: bytes, headers: bytes, keeps_alive: bool
) -> None:
    parser.feed(b"HTTP/" + version + b" 200 OK\r\n" + headers + b"Content-Length: 2\r\n\r\nab")

    assert parser.is_complete
    assert head(parser).version == version
    assert parser.keeps_alive is keeps_alive


@pytest.mark.parametrize(
    "response",
    [
        OK + b"Content-Length: 2\r\n\r\nab",
        OK + b"Content-Length: 0\r\n\r\n",
        CHUNKED + b"2\r\nab\r\n0\r\n\r\n",
        CHUNKED + b"0\r\nA: b\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    ],
)
@pytest.mark.parametrize("excess", [b"x", b"\0", OK, CHUNKED + b"0\r\n\r\n", b"\r\n\r\nHTTP/1.1"])
def test_bytes_after_the_end_are_excess(
    parser: ResponseParser, response: bytes, excess: bytes
) -> None:
    parser.feed(response + excess)
    at_once = (parser.head, body(parser), parser.trailers)
    assert parser.is_complete
    assert parser.has_excess

    parser.start("GET")
    parser.feed(response)
    assert not parser.has_excess
    parser.feed(excess)

    assert parser.has_excess
    assert (parser.head, body(parser), parser.trailers) == at_once


@pytest.mark.parametrize("lines", [b"\r\n", b"\n", b"\r", b"\r\n\r\n"])
def test_empty_lines_after_the_end_are_no_excess(parser: ResponseParser, lines: bytes) -> None:
    parser.feed(OK + b"Content-Length: 2\r\n\r\nab" + lines)
    assert not parser.has_excess
    parser.feed(lines)
    assert not parser.has_excess

    parser.start("GET")
    parser.feed(lines + OK + b"Content-Length: 2\r\n\r\ncd")
    assert body(parser) == b"cd"


FIRST = [
    OK + b"Content-Length: 2\r\n\r\nab",
    OK + b"Content-Length: 0\r\n\r\n",
    OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nab",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab",
    CHUNKED + b"2\r\nab\r\n0\r\nX: y\r\n\r\n",
    OK + b"Content-Length: 2\r\n\r\nabc",
    CHUNKED + b"0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Le",
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\nabc",
]


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("is_split", [False, True])
def test_one_parser_parses_one_response_after_the_other(
    parser: ResponseParser, first: bytes, is_split: bool
) -> None:
    for piece in [first[:10], first[10:]] if is_split else [first]:
        parser.feed(piece)
    assert parser.is_complete

    parser.start("GET")
    assert parser.head is None
    assert parser.body == []
    assert parser.trailers == []
    assert not parser.is_complete
    assert not parser.has_excess
    assert not parser.keeps_alive

    parser.feed(b"HTTP/1.1 404 Not Found\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n")
    parser.feed(b"2\r\ncd\r\n0\r\n\r\n")
    assert parser.head == Head(
        404, b"Not Found", b"1.1", items((b"A", b"b"), (b"Transfer-Encoding", b"chunked"))
    )
    assert body(parser) == b"cd"
    assert parser.trailers == []
    assert parser.is_complete
    assert parser.keeps_alive
    assert not parser.has_excess


def test_long_body_does_not_disturb_the_next_response(parser: ResponseParser) -> None:
    parser.feed(OK + b"Content-Length: 6\r\n\r\nab")
    parser.feed(b"cdef")
    parser.start("HEAD")
    parser.feed(OK + b"Content-Length: 6\r\n\r\n")
    parser.start("GET")
    parser.feed(OK + b"Content-Length: 1\r\n\r\nx")

    assert parser.is_complete
    assert body(parser) == b"x"
    assert not parser.has_excess


# -- Informational responses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "informational",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
        b"HTTP/1.1 100\r\n\r\n\r\n\r\nHTTP/1.1 102 x\r\n\r\nHTTP/1.1 103 x\r\nA: b\r\n\r\n",
        # RFC 9110 section 15.2: any of them, known or not.
        b"HTTP/1.1 104 Upload Resumption Supported\r\nUpload-Offset: 5\r\n\r\n",
        b"HTTP/1.1 199 x\r\n\r\n",
        b"HTTP/1.0 100 Continue\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
    ],
)
@pytest.mark.parametrize("is_split", [False, True])
def test_informational_responses_are_skipped(
    parser: ResponseParser, informational: bytes, is_split: bool
) -> None:
    final = OK + b"C: d\r\nContent-Length: 2\r\n\r\nab"
    if is_split:
        parser.feed(informational)
        assert parser.head is None
        assert not parser.is_complete
        parser.feed(final)
    else:
        parser.feed(informational + final)

    assert parser.head == Head(200, b"OK", b"1.1", items((b"C", b"d"), (b"Content-Length", b"2")))
    assert body(parser) == b"ab"
    assert parser.is_complete
    assert parser.keeps_alive
    assert not parser.has_excess


@pytest.mark.parametrize("framing", [b"Content-Length: 5", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("status", [b"100", b"103", b"199"])
def test_informational_response_with_a_body_is_refused(
    parser: ResponseParser, status: bytes, framing: bytes
) -> None:
    message = refused(parser, b"HTTP/1.1 " + status + b" x\r\n" + framing + b"\r\n\r\n")

    assert message == "An informational response announces a body."


def test_another_protocol_after_an_informational_response_is_refused(
    parser: ResponseParser,
) -> None:
    refused(parser, b"HTTP/1.1 100 Continue\r\n\r\nRTSP/1.0 200 OK\r\n\r\n")


@pytest.mark.parametrize("headers", [b"", b"Upgrade: websocket\r\nConnection: Upgrade\r\n"])
@pytest.mark.parametrize("framing", [b"", b"Content-Length: 5\r\n"])
def test_101_ends_the_message_and_the_connection_as_we_know_it(
    parser: ResponseParser, headers: bytes, framing: bytes
) -> None:
    response = b"HTTP/1.1 101 Switching Protocols\r\n" + headers + framing + b"\r\n"
    parser.feed(response)
    assert head(parser).status_code == 101
    assert parser.is_complete
    assert not parser.keeps_alive
    assert not parser.has_excess

    parser.start("GET")
    parser.feed(b"HTTP/1.1 100 Continue\r\n\r\n" + response + b"\x81\x05hello")
    assert head(parser).status_code == 101
    assert parser.is_complete
    assert not parser.keeps_alive
    assert parser.has_excess


# -- Bounds --------------------------------------------------------------------------------------


def test_largest_head(parser: ResponseParser) -> None:
    filler = b"x" * (MAX_HEAD_SIZE - len(OK) - len(b"A: \r\nContent-Length: 2\r\n\r\n"))
    data = OK + b"A: " + filler + b"\r\nContent-Length: 2\r\n\r\n"
    assert len(data) == MAX_HEAD_SIZE

    parser.feed(data + b"ab")
    assert parser.is_complete

    parser.start("GET")
    parser.feed(data[:70000])
    parser.feed(data[70000:] + b"a")
    parser.feed(b"b")
    assert parser.is_complete
    assert body(parser) == b"ab"


@pytest.mark.parametrize("size", [1, 1000, 65536, 1_000_000])
@pytest.mark.parametrize(
    ("start", "flood"),
    [
        (OK, b"A: b\r\n"),
        (OK + b"A: ", b"x"),
        (b"HTTP/1.1 200 ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_endless_head_is_refused(
    parser: ResponseParser, start: bytes, flood: bytes, size: int
) -> None:
    piece = flood * (size // len(flood) + 1)
    parser.feed(start)

    fed = 0
    with pytest.raises(RemoteProtocolError, match=r"^The response's head is longer than 102400 by"):
        while fed < 3_000_000:
            parser.feed(piece)
            fed += len(piece)

    assert fed <= MAX_HEAD_SIZE


def test_head_is_too_long_even_if_it_ends_in_the_same_piece(parser: ResponseParser) -> None:
    message = refused(parser, OK + b"A: " + b"x" * MAX_HEAD_SIZE + b"\r\n\r\n")

    assert message == "The response's head is longer than 102400 bytes."


def test_headers_are_counted(parser: ResponseParser) -> None:
    parser.feed(OK + b"A:b\r\n" * 1999 + b"Content-Length: 0\r\n\r\n")
    assert parser.is_complete

    parser.start("GET")
    message = refused(parser, OK + b"A:b\r\n" * 2000 + b"Content-Length: 0\r\n\r\n")

    assert message == "The response has 2001 headers, which are more than 2000."


def test_trailers_are_counted(parser: ResponseParser) -> None:
    message = refused(parser, CHUNKED + b"0\r\n" + b"A:b\r\n" * 2001 + b"\r\n")

    assert message == "The response has 2001 headers, which are more than 2000."


def test_bounds_can_be_changed(parser: ResponseParser) -> None:
    parser.max_head_size, parser.max_headers = 200, 2

    message = refused(parser, OK + b"A: b\r\nB: c\r\nC: d\r\n\r\n")
    assert message == "The response has 3 headers, which are more than 2."

    parser.start("GET")
    message = refused(parser, OK + b"A: " + b"x" * 200 + b"\r\n\r\n")
    assert message == "The response's head is longer than 200 bytes."

    parser.start("GET")
    parser.feed(CHUNKED)
    message = refused(parser, b"1;" + b"x" * 200)
    assert message == "The response's chunked body has more than 200 bytes around it."


def test_body_does_not_count_for_the_head(parser: ResponseParser) -> None:
    parser.feed(OK + b"Content-Length: 300000\r\n\r\n" + b"\r\n\r\n" * 75000)

    assert parser.is_complete
    assert len(body(parser)) == 300000


@pytest.mark.parametrize("size", [1000, 65536])
@pytest.mark.parametrize(("start", "flood"), [(b"5;a", b"a"), (b"0\r\n", b"A: b\r\n"), (b"", b"0")])
def test_endless_extensions_and_trailers_are_refused(
    parser: ResponseParser, start: bytes, flood: bytes, size: int
) -> None:
    piece = flood * (size // len(flood) + 1)
    parser.feed(CHUNKED + start)

    fed = 0
    with pytest.raises(RemoteProtocolError, match="more than 102400 bytes around it"):
        while fed < 3_000_000:
            parser.feed(piece)
            fed += len(piece)

    assert fed <= MAX_HEAD_SIZE


def test_trailers_are_too_long_even_if_they_end_in_the_same_piece(parser: ResponseParser) -> None:
    message = refused(parser, CHUNKED + b"0\r\nA: " + b"x" * MAX_HEAD_SIZE + b"\r\n\r\n")

    assert message == "The headers after the response's body are longer than 102400 bytes."


def test_endless_body_is_not_bounded(parser: ResponseParser) -> None:
    parser.feed(CHUNKED)
    for _ in range(30):
        parser.feed(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        parser.body.clear()
    parser.feed(b"0\r\n\r\n")

    assert parser.is_complete


# -- The end of the stream -----------------------------------------------------------------------

WHOLE = b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize("end", range(len(WHOLE)))
def test_end_of_stream_inside_a_response_with_a_length(parser: ResponseParser, end: int) -> None:
    if end:
        parser.feed(WHOLE[:end])

    with pytest.raises(RemoteProtocolError) as caught:
        parser.feed_eof()

    missing = len(WHOLE) - end
    assert str(caught.value) == (
        "Server disconnected without sending a response."
        if not end
        else "Server disconnected in the middle of a response's head."
        if missing > 5
        else "peer closed connection without sending complete message body "
        f"({missing} bytes are missing)"
    )


CHUNKS = b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n"


@pytest.mark.parametrize("end", range(len(CHUNKS)))
def test_end_of_stream_inside_a_chunked_response(parser: ResponseParser, end: int) -> None:
    parser.feed(CHUNKED + CHUNKS[:end])

    with pytest.raises(RemoteProtocolError) as caught:
        parser.feed_eof()

    assert str(caught.value) == (
        "peer closed connection without sending complete message body (incomplete chunked read)"
    )


def test_end_of_stream_after_the_end_is_fine(parser: ResponseParser) -> None:
    parser.feed(WHOLE)
    parser.feed_eof()

    assert parser.is_complete
    assert parser.keeps_alive


# -- Interruptions -------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [b"Content-Length: 2", b"Transfer-Encoding: chunked"])
def test_keyboard_interrupt_while_parsing_stays_one(
    header: bytes, parser: ResponseParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(parser, "_begin_body", interrupt)

    with pytest.raises(KeyboardInterrupt):
        parser.feed(OK + header + b"\r\n\r\n")


# -- Lines that are remembered -------------------------------------------------------------------


def test_lines_that_are_remembered_are_bounded_and_no_secrets() -> None:
    from hookline_http11 import _httptools

    parser = _httptools.HttptoolsParser()
    for number in range(3 * _httptools._LINES_KEPT):
        parser.start("GET")
        parser.feed(
            b"HTTP/1.1 200 OK%d\r\nDate: %d\r\nServer: %s%d\r\nX-Auth-Token: %d\r\n"
            b"Content-Length: %d\r\n\r\n" % (number, number, b"x" * 300, number, number, number)
        )
        assert parser.head is not None
        assert len(parser.head.items) == 4

    for known in (_httptools._known_statuses, _httptools._known_headers, _httptools._known_framing):
        assert 0 < len(known) <= _httptools._LINES_KEPT
        assert max(map(len, known)) <= _httptools._LONGEST_LINE_KEPT
    # What may be a secret stays with its connection.
    assert not any(b"token" in line.lower() for line in _httptools._known_headers)
    assert 0 < len(parser._own_headers) <= _httptools._OWN_LINES_KEPT


def test_parser_that_had_chunks_and_has_none_any_more_takes_the_short_way_again() -> None:
    from hookline_http11 import _httptools

    parser = _httptools.HttptoolsParser()
    ways = []
    for framing, body in [
        (b"Transfer-Encoding: chunked", b"2\r\nhi\r\n0\r\n\r\n"),
        (b"Content-Length: 2", b"hi"),
        (b"Content-Length: 2", b"hi"),
        (b"Transfer-Encoding: chunked", b"2\r\nhi\r\n0\r\n\r\n"),
    ]:
        ways.append(parser._was_chunked)
        parser.start("GET")
        parser.feed(OK + framing + b"\r\n\r\n" + body)

        assert parser.is_complete
        assert b"".join(parser.body) == b"hi"
    assert ways == [False, True, False, False]


def test_head_of_known_lines_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from hookline_http11 import _httptools

    parser = _httptools.HttptoolsParser()
    for _ in range(2):
        parser.start("GET")
        parser.feed(OK + b"Server: a\r\nContent-Length: 2\r\n\r\nhi")

        assert parser.is_complete
        assert parser.body == [b"hi"]
        assert parser._llhttp is None
        monkeypatch.setattr(_httptools, "_learn_header", None)
        monkeypatch.setattr(_httptools, "_learn_status", None)
