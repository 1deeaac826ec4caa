"""Our own engine against frames: what it tells, what it answers, and what it refuses.

Where h2 refuses the same, and where not, is `test_engines_differential.py`'s business.
"""

from __future__ import annotations

import struct
from typing import Any

import pytest

from hookline import RemoteProtocolError
from hookline_http2._codec import MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE
from hookline_http2._native import NativeCodec
from support.http2_frames import (
    ACK,
    ALTSVC,
    CANCEL,
    COMPRESSION_ERROR,
    CONNECT_PROTOCOL,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE,
    FRAME_SIZE_ERROR,
    GOAWAY,
    HAS_PRIORITY,
    HEADERS,
    INTERNAL_ERROR,
    LIST_SIZE,
    MAX_STREAMS,
    NO_ERROR,
    OK,
    PADDED,
    PING,
    PRIORITY,
    PROTOCOL_ERROR,
    PUSH,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    STREAM_CLOSED,
    WINDOW,
    WINDOW_UPDATE,
    Engine,
    block,
    data,
    frame,
    goaway,
    headers,
    priority,
    rst_stream,
    settings,
    started,
    window_update,
)

LARGEST = 2**31 - 1
NOTHING = ("control",)


def with_length(length: object) -> list[tuple[bytes, bytes]]:
    return [*OK, (b"content-length", str(length).encode())]


def long(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


# -- What it tells ----------------------------------------------------------------------------


def test_a_response_is_told_piece_by_piece() -> None:
    engine = started()
    stream = engine.open()

    assert engine.feed(
        headers(stream, [(b":status", b"103"), (b"link", b"</a>")]),
        headers(stream, [*OK, (b"a", b"b")]),
        data(stream, b"one"),
        data(stream, b"two", padding=4),
        headers(stream, [(b"c", b"d")], end=True),
    ) == [
        ("informational", stream, [(b":status", b"103"), (b"link", b"</a>")]),
        ("head", stream, [*OK, (b"a", b"b")]),
        ("data", stream, b"one", 3),
        ("data", stream, b"two", 8),
        ("trailers", stream, [(b"c", b"d")]),
        ("end", stream),
    ]
    assert engine.answers() == []


def test_an_end_comes_with_a_head_or_with_data() -> None:
    engine = started()
    first, second, third = engine.open(), engine.open(), engine.open()

    assert engine.feed(headers(first, end=True)) == [("head", first, OK), ("end", first)]
    assert engine.feed(headers(second), data(second, b"x", end=True)) == [
        ("head", second, OK),
        ("data", second, b"x", 1),
        ("end", second),
    ]
    assert engine.feed(headers(third), data(third, end=True)) == [
        ("head", third, OK),
        ("end", third),
    ]


def test_padding_counts_and_is_told_of_where_there_is_nothing_else() -> None:
    engine = started()
    stream = engine.open()

    assert engine.feed(headers(stream), data(stream, padding=3), data(stream, padding=0)) == [
        ("head", stream, OK),
        ("data", stream, b"", 4),
        NOTHING,
        ("data", stream, b"", 1),
        NOTHING,
    ]
    assert engine.feed(data(stream, padding=2, end=True)) == [
        ("data", stream, b"", 3),
        ("end", stream),
    ]


def test_a_header_block_may_be_padded_carry_a_priority_and_come_in_pieces() -> None:
    engine = started()
    stream = engine.open()
    coded = block([*OK, (b"a", b"b")])
    flags = PADDED | HAS_PRIORITY | END_STREAM
    payload = b"\x03" + long(0) + b"\x10" + coded[:4] + b"\0\0\0"

    assert engine.feed(
        frame(HEADERS, flags, stream, payload),
        frame(CONTINUATION, 0, stream),
        frame(CONTINUATION, 0, stream, coded[4:7]),
        frame(CONTINUATION, END_HEADERS, stream, coded[7:]),
    ) == [("head", stream, [*OK, (b"a", b"b")]), ("end", stream)]


def test_frames_that_carry_nothing_are_told_of_as_such() -> None:
    engine = started()
    stream = engine.open()

    assert engine.feed(
        frame(PING, 0, 0, b"12345678"),
        frame(PING, ACK, 0, b"12345678"),
        settings(flags=ACK),
        priority(stream),
        priority(1001, 3),
        frame(ALTSVC, 0, 0, b"\0\1ah2"),
        frame(0xBE, 0xEF, 12, b"whatever"),
        headers(stream),
        data(stream),
    ) == [NOTHING] * 7 + [("head", stream, OK), NOTHING]
    (pong,) = engine.answers()
    assert (pong.type, pong.flags, pong.opaque_data) == (PING, {"ACK"}, b"12345678")


def test_undefined_flags_and_the_reserved_bit_mean_nothing() -> None:
    engine = started()
    stream = engine.open()

    assert engine.feed(
        frame(HEADERS, 0xD2 | END_HEADERS, stream | 1 << 31, block(OK)),
        frame(DATA, 0xF6, stream | 1 << 31, b"x"),
        frame(WINDOW_UPDATE, 0xFF, stream, long(1 << 31 | 5)),
        frame(GOAWAY, 0xFF, 1 << 31, long(1 << 31 | 7, NO_ERROR)),
    ) == [
        ("head", stream, OK),
        ("data", stream, b"x", 1),
        ("window", stream),
        ("goaway", 7, NO_ERROR),
    ]


def test_the_frames_before_a_broken_one_are_told_of_first() -> None:
    engine = started()
    stream = engine.open()

    events = engine.feed(
        headers(stream, end=True) + frame(PING, 0, 1, bytes(8)) + window_update(0, 1)
    )

    assert events == [("head", stream, OK), ("end", stream)]
    assert engine.error == PROTOCOL_ERROR


def test_an_error_says_goodbye_once_and_stays() -> None:
    engine = started()
    engine.feed(frame(PING, 0, 0, b"short"))
    assert engine.error == FRAME_SIZE_ERROR

    with pytest.raises(RemoteProtocolError, match=r"\(FRAME_SIZE_ERROR\): PING of a wrong size"):
        engine.codec.receive(settings())
    engine.codec.say_goodbye(NO_ERROR)

    (goodbye,) = engine.answers()
    assert (goodbye.type, goodbye.error_code, goodbye.last_stream_id) == (
        GOAWAY,
        FRAME_SIZE_ERROR,
        0,
    )


# -- Settings ---------------------------------------------------------------------------------


def test_settings_are_acknowledged_and_their_limits_kept() -> None:
    engine = Engine()
    assert engine.codec.max_streams == 100

    assert engine.feed(settings((MAX_STREAMS, 3), (LIST_SIZE, 1), (CONNECT_PROTOCOL, 1))) == [
        ("settings", 3)
    ]
    assert [found.flags for found in engine.answers() if found.type == SETTINGS] == [set(), {"ACK"}]
    assert engine.feed(settings((MAX_STREAMS, 2**32 - 1))) == [("settings", 100)]
    assert engine.feed(settings((MAX_STREAMS, 0), (0xABCD, 7))) == [("settings", 0)]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([(PUSH, 1)], PROTOCOL_ERROR),
        ([(PUSH, 2)], PROTOCOL_ERROR),
        ([(WINDOW, 2**31)], FLOW_CONTROL_ERROR),
        ([(FRAME_SIZE, 16_383)], PROTOCOL_ERROR),
        ([(FRAME_SIZE, 2**24)], PROTOCOL_ERROR),
        ([(CONNECT_PROTOCOL, 2)], PROTOCOL_ERROR),
        # Each is looked at (section 6.5.3).
        ([(PUSH, 1), (PUSH, 0)], PROTOCOL_ERROR),
    ],
)
def test_a_setting_that_must_not_be_is_refused(values: list[tuple[int, int]], code: int) -> None:
    engine = Engine()

    assert engine.feed(settings((PUSH, 0)), settings(*values)) == [("settings", 100)]
    assert engine.error == code
    assert engine.answers()[-1].error_code == code


def test_the_first_frame_is_settings() -> None:
    for first in (frame(PING, 0, 0, bytes(8)), settings(flags=ACK), frame(0xF0, 0, 0)):
        engine = Engine()
        assert engine.feed(first) == []
        assert engine.error == PROTOCOL_ERROR


def test_an_answer_in_http1_is_called_that() -> None:
    codec = Engine().codec

    with pytest.raises(RemoteProtocolError, match=r"HTTP/1\.1"):
        codec.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n")


# -- Connection errors ------------------------------------------------------------------------

# Stream 1 is open, 3 was answered, 5 was never opened.
BROKEN: dict[str, tuple[bytes, int]] = {
    "too large": (struct.pack(">IBI", (MAX_FRAME_SIZE + 1) << 8, 0, 1), FRAME_SIZE_ERROR),
    "DATA on no stream": (data(0, b"x"), PROTOCOL_ERROR),
    "DATA on the server's stream": (data(2, b"x"), PROTOCOL_ERROR),
    "DATA on an idle stream": (data(5, b"x"), PROTOCOL_ERROR),
    "DATA padded without a length": (frame(DATA, PADDED, 1), FRAME_SIZE_ERROR),
    "DATA of padding that is too long": (frame(DATA, PADDED, 1, b"\2a"), PROTOCOL_ERROR),
    "DATA beyond the connection's window": (
        headers(1) + data(1, bytes(60_000)) + data(1, bytes(60_000)),
        FLOW_CONTROL_ERROR,
    ),
    "HEADERS on no stream": (headers(0), PROTOCOL_ERROR),
    "HEADERS on the server's stream": (headers(2), PROTOCOL_ERROR),
    "HEADERS on an idle stream": (headers(5), PROTOCOL_ERROR),
    "HEADERS on an idle stream, to be continued": (headers(5, flags=0), PROTOCOL_ERROR),
    "HEADERS after the end": (headers(3), STREAM_CLOSED),
    "HEADERS padded without a length": (headers(1, b"", PADDED), FRAME_SIZE_ERROR),
    "HEADERS of padding that is too long": (headers(1, b"\2a", PADDED), PROTOCOL_ERROR),
    "HEADERS of padding alone": (headers(1, b"\2aa", PADDED | END_HEADERS), PROTOCOL_ERROR),
    "HEADERS of padding over a priority": (
        headers(1, b"\1" + bytes(5), PADDED | HAS_PRIORITY | END_HEADERS),
        PROTOCOL_ERROR,
    ),
    "HEADERS without room for a priority": (
        headers(1, bytes(4), HAS_PRIORITY | END_HEADERS),
        FRAME_SIZE_ERROR,
    ),
    "HEADERS that depend on themselves": (
        headers(1, long(1 << 31 | 1) + b"\0" + block(OK), HAS_PRIORITY | END_HEADERS),
        PROTOCOL_ERROR,
    ),
    "HPACK of a missing index": (headers(1, b"\xbe"), COMPRESSION_ERROR),
    "HPACK of index 0": (headers(1, b"\x88\x80\x01a"), COMPRESSION_ERROR),
    "HPACK that ends early": (headers(1, b"\x00\x05a"), COMPRESSION_ERROR),
    "HPACK of a table that is too large": (headers(1, b"\x3f\xe2\x1f"), COMPRESSION_ERROR),
    "HPACK with a late table size": (headers(1, b"\x88\x20"), COMPRESSION_ERROR),
    "HPACK of broken Huffman code": (headers(1, b"\x88\x00\x01a\x81\x00"), COMPRESSION_ERROR),
    "more fields than allowed": (
        # One entry, inserted once and indexed many times.
        headers(1, b"\x88\x40\x01a\x7f\x81\x17" + bytes(3072).replace(b"\0", b"b") + b"\xbe" * 40),
        ENHANCE_YOUR_CALM,
    ),
    "a header block without an end": (
        headers(1, b"", 0) + frame(CONTINUATION, 0, 1) * 64,
        ENHANCE_YOUR_CALM,
    ),
    "a header block of too many bytes": (
        headers(1, b"", 0) + frame(CONTINUATION, 0, 1, bytes(MAX_FRAME_SIZE)) * 7,
        ENHANCE_YOUR_CALM,
    ),
    "a header block with PING inside": (headers(1, flags=0) + frame(PING, 0, 0), PROTOCOL_ERROR),
    "a header block with something unknown inside": (
        headers(1, flags=0) + frame(0xF0, 0, 1),
        PROTOCOL_ERROR,
    ),
    "a header block continued elsewhere": (
        headers(1, flags=0) + frame(CONTINUATION, END_HEADERS, 3),
        PROTOCOL_ERROR,
    ),
    "CONTINUATION of nothing": (frame(CONTINUATION, END_HEADERS, 1), PROTOCOL_ERROR),
    "CONTINUATION after the end of a block": (
        headers(1) + frame(CONTINUATION, END_HEADERS, 1),
        PROTOCOL_ERROR,
    ),
    "PRIORITY of no stream": (priority(0, 1), PROTOCOL_ERROR),
    "PRIORITY that is too short": (frame(PRIORITY, 0, 1, bytes(4)), FRAME_SIZE_ERROR),
    "PRIORITY that is too long": (frame(PRIORITY, 0, 1, bytes(6)), FRAME_SIZE_ERROR),
    "PRIORITY that depends on itself": (priority(1, 1), PROTOCOL_ERROR),
    "RST_STREAM on no stream": (rst_stream(0), PROTOCOL_ERROR),
    "RST_STREAM on an idle stream": (rst_stream(5), PROTOCOL_ERROR),
    "RST_STREAM on the server's stream": (rst_stream(2), PROTOCOL_ERROR),
    "RST_STREAM that is too short": (frame(RST_STREAM, 0, 1, bytes(3)), FRAME_SIZE_ERROR),
    "RST_STREAM that is too long": (frame(RST_STREAM, 0, 1, bytes(5)), FRAME_SIZE_ERROR),
    "SETTINGS on a stream": (frame(SETTINGS, 0, 1), PROTOCOL_ERROR),
    "SETTINGS of half a setting": (frame(SETTINGS, 0, 0, bytes(7)), FRAME_SIZE_ERROR),
    "SETTINGS acknowledged with more": (settings((1, 1), flags=ACK), FRAME_SIZE_ERROR),
    "PUSH_PROMISE": (frame(PUSH_PROMISE, END_HEADERS, 1, long(2) + block(OK)), PROTOCOL_ERROR),
    "PING on a stream": (frame(PING, 0, 1, bytes(8)), PROTOCOL_ERROR),
    "PING that is too short": (frame(PING, 0, 0, bytes(7)), FRAME_SIZE_ERROR),
    "PING that is too long": (frame(PING, ACK, 0, bytes(9)), FRAME_SIZE_ERROR),
    "GOAWAY on a stream": (frame(GOAWAY, 0, 1, bytes(8)), PROTOCOL_ERROR),
    "GOAWAY that is too short": (frame(GOAWAY, 0, 0, bytes(7)), FRAME_SIZE_ERROR),
    "WINDOW_UPDATE on an idle stream": (window_update(5, 1), PROTOCOL_ERROR),
    "WINDOW_UPDATE on the server's stream": (window_update(2, 1), PROTOCOL_ERROR),
    "WINDOW_UPDATE that is too short": (frame(WINDOW_UPDATE, 0, 1, bytes(3)), FRAME_SIZE_ERROR),
    "WINDOW_UPDATE that is too long": (frame(WINDOW_UPDATE, 0, 0, bytes(5)), FRAME_SIZE_ERROR),
    "WINDOW_UPDATE by nothing": (window_update(0, 0), PROTOCOL_ERROR),
    "WINDOW_UPDATE beyond the largest window": (window_update(0, LARGEST), FLOW_CONTROL_ERROR),
    "initial window beyond the largest window": (
        window_update(1, LARGEST - 65_535) + settings((WINDOW, 65_536)),
        FLOW_CONTROL_ERROR,
    ),
    "ALTSVC without a length": (frame(ALTSVC, 0, 0, b"\0"), FRAME_SIZE_ERROR),
    "ALTSVC that is too short": (frame(ALTSVC, 0, 0, b"\0\2a"), FRAME_SIZE_ERROR),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_the_connections_rules_ends_it(name: str) -> None:
    stream, code = BROKEN[name]
    engine = started()
    assert [engine.open(end=False), engine.open()] == [1, 3]
    engine.feed(headers(3, end=True))

    engine.feed(stream)

    assert engine.error == code
    (goodbye,) = [found for found in engine.answers() if found.type != SETTINGS]
    assert (goodbye.type, goodbye.error_code) == (GOAWAY, code)


# -- Stream errors ----------------------------------------------------------------------------

HEAD = [headers(1)]
MALFORMED: dict[str, tuple[list[bytes], str]] = {
    "no status": ([headers(1, [(b"a", b"b")])], "without :status"),
    "no fields": ([headers(1, b"")], "without :status"),
    "an empty status": ([headers(1, [(b":status", b"")])], "three-digit"),
    "a word for a status": ([headers(1, [(b":status", b"abc")])], "three-digit"),
    "a signed status": ([headers(1, [(b":status", b"+20")])], "three-digit"),
    "a status with a phrase": ([headers(1, [(b":status", b"200 OK")])], "three-digit"),
    "a status below 100": ([headers(1, [(b":status", b"099")])], "three-digit"),
    "another protocol": ([headers(1, [(b":status", b"101")])], "switches"),
    "two statuses": ([headers(1, [*OK, *OK])], "':status' is out of place"),
    "a late status": ([headers(1, [(b"a", b"b"), *OK])], "':status' is out of place"),
    "a request's pseudo-header": ([headers(1, [*OK, (b":path", b"/")])], "':path' is out of place"),
    "an unknown pseudo-header": ([headers(1, [*OK, (b":a", b"/")])], "':a' is out of place"),
    "a name without characters": ([headers(1, [*OK, (b"", b"b")])], "b'' is no field name"),
    "a name with a capital": ([headers(1, [*OK, (b"aB", b"b")])], "b'aB' is no field name"),
    "a name with a blank": ([headers(1, [*OK, (b"a b", b"b")])], "b'a b' is no field name"),
    "a name with a colon": ([headers(1, [*OK, (b"a:b", b"b")])], "b'a:b' is no field name"),
    "a name with a line feed": ([headers(1, [*OK, (b"a\nb", b"b")])], "is no field name"),
    "a name that ends in one": ([headers(1, [*OK, (b"a\n", b"b")])], "is no field name"),
    "a name in Latin-1": ([headers(1, [*OK, (b"\xe9", b"b")])], "is no field name"),
    "a name with DEL": ([headers(1, [*OK, (b"\x7f", b"b")])], "is no field name"),
    "a value with NUL": ([headers(1, [*OK, (b"a", b"b\0")])], "the value of b'a'"),
    "a value with CR": ([headers(1, [*OK, (b"a", b"b\rc")])], "the value of b'a'"),
    "a value with LF": ([headers(1, [*OK, (b"a", b"b\nc")])], "the value of b'a'"),
    "a value of LF": ([headers(1, [*OK, (b"a", b"\n")])], "the value of b'a'"),
    "a value after a blank": ([headers(1, [*OK, (b"a", b" b")])], "the value of b'a'"),
    "a value before a blank": ([headers(1, [*OK, (b"a", b"b ")])], "the value of b'a'"),
    "a value after a tab": ([headers(1, [*OK, (b"a", b"\tb")])], "the value of b'a'"),
    "a value before a tab": ([headers(1, [*OK, (b"a", b"b\t")])], "the value of b'a'"),
    "Connection": ([headers(1, [*OK, (b"connection", b"close")])], "b'connection' has no place"),
    "Keep-Alive": ([headers(1, [*OK, (b"keep-alive", b"5")])], "b'keep-alive' has no place"),
    "Proxy-Connection": ([headers(1, [*OK, (b"proxy-connection", b"a")])], "has no place"),
    "Transfer-Encoding": ([headers(1, [*OK, (b"transfer-encoding", b"a")])], "has no place"),
    "Upgrade": ([headers(1, [*OK, (b"upgrade", b"h2c")])], "b'upgrade' has no place"),
    "TE": ([headers(1, [*OK, (b"te", b"gzip")])], "b'te' has no place"),
    "a length in words": ([headers(1, with_length("ten"))], "Content-Length is no number"),
    "a signed length": ([headers(1, with_length("+1"))], "Content-Length is no number"),
    "a list of lengths": ([headers(1, with_length("1, 1"))], "Content-Length is no number"),
    "no length at all": ([headers(1, with_length(""))], "Content-Length is no number"),
    "two lengths": (
        [headers(1, [*with_length(1), (b"content-length", b"2")])],
        "several Content-Lengths",
    ),
    "a wrong length in a 103": (
        [headers(1, [(b":status", b"103"), (b"content-length", b"x")])],
        "Content-Length is no number",
    ),
    "a 103 at the end": ([headers(1, [(b":status", b"103")], end=True)], "not final"),
    "DATA before the head": ([data(1, b"x")], "before its head"),
    "DATA after a 103": (
        [headers(1, [(b":status", b"103")]), data(1, b"x")],
        "before its head",
    ),
    "more than the length": ([headers(1, with_length(2)), data(1, b"abc")], "more DATA than its"),
    "more than the length, later": (
        [headers(1, with_length(2)), data(1, b"ab"), data(1, b"c", end=True)],
        "more DATA than its",
    ),
    "less than the length": (
        [headers(1, with_length(2)), data(1, b"a", end=True)],
        "less DATA than its",
    ),
    "nothing of the length": ([headers(1, with_length(2), end=True)], "less DATA than its"),
    "less than the length, and trailers": (
        [headers(1, with_length(2)), data(1, b"a"), headers(1, [(b"a", b"b")], end=True)],
        "less DATA than its",
    ),
    "DATA of a 204": ([headers(1, [(b":status", b"204")]), data(1, b"x")], "more DATA than its"),
    "DATA of a 304": (
        [headers(1, [(b":status", b"304"), (b"content-length", b"1")]), data(1, b"x")],
        "more DATA than its",
    ),
    "a second head": ([*HEAD, headers(1, end=True)], "second head"),
    "a 103 after the head": ([*HEAD, headers(1, [(b":status", b"103")])], "second head"),
    "trailers before the end": ([*HEAD, headers(1, [(b"a", b"b")])], "trailers before its end"),
    "trailers with a pseudo-header": (
        [*HEAD, headers(1, [(b":path", b"/")], end=True)],
        "':path' is out of place",
    ),
    "trailers with a capital": ([*HEAD, headers(1, [(b"A", b"/")], end=True)], "no field name"),
    "WINDOW_UPDATE by nothing": ([window_update(1, 0)], "WINDOW_UPDATE by nothing"),
}
OTHERWISE: dict[str, tuple[list[bytes], int, str]] = {
    "DATA beyond the stream's window": (
        [*HEAD, data(1, bytes(40_000)), data(1, bytes(30_000))],
        FLOW_CONTROL_ERROR,
        "more DATA than its window",
    ),
    "padding beyond the stream's window": (
        [*HEAD, data(1, bytes(40_000)), data(1, bytes(25_400), padding=200)],
        FLOW_CONTROL_ERROR,
        "more DATA than its window",
    ),
    "WINDOW_UPDATE beyond the largest window": (
        [window_update(1, LARGEST)],
        FLOW_CONTROL_ERROR,
        "too large",
    ),
    "DATA after the end": ([headers(1, end=True), data(1, b"x")], STREAM_CLOSED, "after its end"),
    "HEADERS after the end": (
        [headers(1, end=True), headers(1)],
        STREAM_CLOSED,
        "after its end",
    ),
}
STREAM_ERRORS = {
    **{name: (frames, PROTOCOL_ERROR, flaw) for name, (frames, flaw) in MALFORMED.items()},
    **OTHERWISE,
}


@pytest.mark.parametrize("name", STREAM_ERRORS)
def test_what_breaks_a_streams_rules_ends_that_stream_alone(name: str) -> None:
    frames, code, flaw = STREAM_ERRORS[name]
    engine = started()
    # It is still sending, so that the stream is there after the server's end.
    stream, other = engine.open(b"POST", end=False), engine.open()
    assert (stream, other) == (1, 3)

    events = engine.feed(*frames)

    assert engine.error is None
    resets = [event for event in events if event[0] == "reset"]
    assert resets == [("reset", stream, code, True)]
    assert [event for event in events[events.index(resets[0]) + 1 :] if event[0] != "data"] == []
    assert isinstance(engine.codec, NativeCodec)
    assert flaw in engine.codec.flaw
    (reset,) = engine.answers()
    assert (reset.type, reset.stream_id, reset.error_code) == (RST_STREAM, stream, code)
    assert engine.feed(headers(other, end=True)) == [("head", other, OK), ("end", other)]


def test_data_that_is_refused_counts_for_the_connection() -> None:
    engine = started()
    stream = engine.open()

    assert engine.feed(data(stream, b"early", padding=2)) == [
        ("reset", stream, PROTOCOL_ERROR, True),
        ("data", stream, b"", 8),
    ]


@pytest.mark.parametrize("status", [b"200", b"404", b"599", b"999"])
def test_any_status_of_three_digits_is_a_response(status: bytes) -> None:
    engine = started()
    stream = engine.open()

    assert engine.feed(headers(stream, [(b":status", status)])) == [
        ("head", stream, [(b":status", status)])
    ]


FINE: dict[str, tuple[bytes, list[bytes]]] = {
    "no body for HEAD": (b"HEAD", [headers(1, with_length(5), end=True)]),
    "an empty body for HEAD": (b"HEAD", [headers(1, with_length(5)), data(1, end=True)]),
    "no body of a 304": (
        b"GET",
        [headers(1, [(b":status", b"304"), (b"content-length", b"5")]), data(1, end=True)],
    ),
    "a length that two agree on": (
        b"GET",
        [headers(1, [*with_length(1), (b"content-length", b"1")]), data(1, b"x", end=True)],
    ),
    "a tunnel": (b"CONNECT", [headers(1, with_length(1)), data(1, b"xyz")]),
    "TE: trailers": (b"GET", [headers(1, [*OK, (b"te", b"Trailers")], end=True)]),
    "strange names and values": (
        b"GET",
        [headers(1, [*OK, (b'a"(),/;<=>?@[\\]{}', b"\x01 \xff\t\x7f"), (b"b", b"")], end=True)],
    ),
    "trailers of nothing": (b"GET", [headers(1, with_length(0)), headers(1, b"", end=True)]),
    "no length in trailers": (
        b"GET",
        [headers(1, with_length(1)), data(1, b"x"), headers(1, [(b"a", b"b")], end=True)],
    ),
}


@pytest.mark.parametrize("name", FINE)
def test_what_is_fine_is_not_refused(name: str) -> None:
    method, frames = FINE[name]
    engine = started()
    engine.open(method)

    kinds = {event[0] for event in engine.feed(*frames)}

    assert "head" in kinds
    assert "reset" not in kinds
    assert engine.error is None


def test_data_for_head_is_refused() -> None:
    engine = started()
    stream = engine.open(b"HEAD")

    events = engine.feed(headers(stream, with_length(1)), data(stream, b"x", end=True))

    assert ("reset", stream, PROTOCOL_ERROR, True) in events


# -- Streams that are over --------------------------------------------------------------------


def late(stream: int) -> list[bytes]:
    # What is decoded is an entry of the table: those that come later refer to it.
    return [
        headers(stream, b"\x88\x40\x01a\x01b"),
        data(stream, b"xy", padding=1),
        data(stream),
        window_update(stream, 1),
        rst_stream(stream),
        headers(stream, [(b"A", b"malformed")]),
    ]


LATE = [NOTHING, ("data", 1, b"", 4), NOTHING, NOTHING, NOTHING, NOTHING]


def test_frames_for_a_stream_that_we_have_reset_are_counted_and_ignored() -> None:
    engine = started()
    stream, other = engine.open(), engine.open()
    engine.codec.reset(stream, CANCEL)
    engine.codec.reset(stream, CANCEL)
    assert [found.error_code for found in engine.answers()] == [CANCEL]

    assert engine.feed(*late(stream)) == LATE
    assert engine.answers() == []
    # The table is where the server thinks that it is.
    assert engine.feed(headers(other, b"\x88\xbe")) == [("head", other, [*OK, (b"a", b"b")])]


def test_frames_for_a_stream_that_the_server_has_reset_are_counted_and_ignored() -> None:
    engine = started()
    stream = engine.open()

    assert engine.feed(rst_stream(stream, INTERNAL_ERROR)) == [
        ("reset", stream, INTERNAL_ERROR, False)
    ]
    assert engine.feed(*late(stream)) == LATE
    assert engine.error is None
    assert engine.answers() == []


def test_data_that_is_ignored_still_has_to_fit_the_connections_window() -> None:
    engine = started()
    stream = engine.open()
    engine.codec.reset(stream, CANCEL)

    engine.feed(data(stream, bytes(60_000)))
    assert engine.error is None
    engine.feed(data(stream, bytes(60_000)))
    assert engine.error == FLOW_CONTROL_ERROR


def test_a_stream_that_we_still_send_on_is_over_when_we_have_finished() -> None:
    engine = started()
    stream = engine.open(b"POST", end=False)
    engine.feed(headers(stream, end=True))
    assert engine.codec.room(stream) == 65_535

    engine.codec.send_data(stream, b"x", is_end=True)

    assert engine.codec.room(stream) == 0
    engine.feed(headers(stream))
    assert engine.error == STREAM_CLOSED


def test_data_after_the_end_is_counted_and_ignored() -> None:
    engine = started()
    stream = engine.open()

    assert engine.feed(headers(stream, end=True), data(stream, b"x"), data(stream))[2:] == [
        ("data", stream, b"", 1),
        NOTHING,
    ]
    assert engine.answers() == []


def test_many_resets_are_remembered_in_little_memory() -> None:
    engine = started()
    last = 0
    for _ in range(5000):
        last = engine.open()
        engine.codec.reset(last, CANCEL)
    answered = engine.open()
    engine.feed(headers(answered, end=True))
    engine.codec.take_output()

    assert isinstance(engine.codec, NativeCodec)
    assert len(engine.codec._resets) == 1024
    assert not engine.codec._streams
    # The first and the last of them are known to be reset, or taken for it.
    assert engine.feed(headers(1), headers(last)) == [NOTHING, NOTHING]
    engine.feed(headers(answered))
    assert engine.error == STREAM_CLOSED


def test_streams_that_end_leave_nothing() -> None:
    engine = started()
    for _ in range(2000):
        engine.feed(headers(engine.open(), end=True))

    assert isinstance(engine.codec, NativeCodec)
    assert not engine.codec._streams
    assert not engine.codec._resets


def test_a_goaway_ends_the_streams_that_were_not_taken_and_no_others() -> None:
    engine = started()
    first, second = engine.open(), engine.open()

    assert engine.feed(goaway(first), headers(second), headers(first, end=True)) == [
        ("goaway", first, NO_ERROR),
        NOTHING,
        ("head", first, OK),
        ("end", first),
    ]
    assert engine.feed(goaway(0, ENHANCE_YOUR_CALM)) == [("goaway", 0, ENHANCE_YOUR_CALM)]


# -- In pieces --------------------------------------------------------------------------------


def test_a_large_frame_is_passed_on_as_it_arrives() -> None:
    engine = started()
    stream = engine.open()
    engine.feed(headers(stream, with_length(1000)))
    whole = data(stream, bytes(range(250)) * 4, padding=100, end=True)

    # As long as it might be padding, nothing.
    assert engine.feed(whole[:9], whole[9:265]) == []
    assert engine.feed(whole[265:266]) == [("data", stream, whole[10:266], 256 + 101)]
    assert engine.feed(whole[266:400], whole[400:1010]) == [
        ("data", stream, whole[266:400], 134),
        ("data", stream, whole[400:1010], 610),
    ]
    assert engine.feed(whole[1010:1109]) == []
    assert engine.feed(whole[1109:] + window_update(0, 1)) == [("end", stream), ("window", 0)]


def test_a_frame_counts_once_however_it_arrives() -> None:
    engine = started()
    stream = engine.open()
    whole = data(stream, bytes(60_000), padding=255)

    events = engine.feed(headers(stream), *[whole[i : i + 1] for i in range(len(whole))])

    assert sum(event[3] for event in events if event[0] == "data") == 60_256
    engine.feed(data(stream, bytes(65_535 - 60_256)))
    assert engine.error is None
    events = engine.feed(data(stream, b"x"))
    assert events[0] == ("reset", stream, FLOW_CONTROL_ERROR, True)


def test_a_frame_that_will_be_too_much_is_refused_when_it_begins() -> None:
    engine = started()
    stream = engine.open()
    engine.feed(headers(stream, with_length(500)))
    whole = data(stream, bytes(600), end=True)

    assert engine.feed(whole[:300]) == [
        ("reset", stream, PROTOCOL_ERROR, True),
        ("data", stream, b"", 291),
    ]
    assert engine.feed(whole[300:]) == [("data", stream, b"", 309)]


def test_a_stream_may_be_reset_while_a_frame_of_it_arrives() -> None:
    engine = started()
    stream = engine.open()
    whole = data(stream, bytes(600), end=True)
    engine.feed(headers(stream), whole[:500])

    engine.codec.reset(stream, CANCEL)

    assert engine.feed(whole[500:], frame(PING, 0, 0, bytes(8))) == [
        ("data", stream, b"", 109),
        NOTHING,
    ]


def test_a_stream_may_be_reset_from_within() -> None:
    engine = started()
    stream = engine.open()

    def on_data(*arguments: Any) -> None:
        engine.codec.reset(stream, CANCEL)

    engine.handler.on_data = on_data  # type: ignore[method-assign]

    assert engine.feed(headers(stream), data(stream, b"x", end=True)) == [("head", stream, OK)]
    assert [found.type for found in engine.answers()] == [RST_STREAM]


def test_a_frame_that_is_too_large_is_refused_by_its_header() -> None:
    engine = started()
    engine.open()

    engine.feed(struct.pack(">IBI", (MAX_FRAME_SIZE + 1) << 8 | HEADERS, 0, 1))

    assert engine.error == FRAME_SIZE_ERROR


def test_the_largest_frame_is_not_too_large() -> None:
    engine = started()
    stream = engine.open()
    coded = block(OK)
    coded += block([(b"a", bytes(MAX_FRAME_SIZE - len(coded) - 7).replace(b"\0", b"b"))])
    assert len(coded) == MAX_FRAME_SIZE

    assert [event[0] for event in engine.feed(headers(stream, coded))] == ["head"]


@pytest.mark.parametrize(("excess", "error"), [(0, None), (1, ENHANCE_YOUR_CALM)])
def test_header_fields_may_take_the_room_that_was_promised(excess: int, error: int | None) -> None:
    """RFC 9113 section 6.5.2: 32 bytes for each field, and its name and value."""
    engine = started()
    stream = engine.open()
    left = MAX_HEADER_LIST_SIZE - 32 - len(b":status200") - 32 - len(b"a") + excess
    coded = block([*OK, (b"a", b"b" * left)])
    first, second = coded[:MAX_FRAME_SIZE], coded[MAX_FRAME_SIZE:]

    events = engine.feed(
        headers(stream, first, 0), frame(CONTINUATION, END_HEADERS, stream, second)
    )

    assert engine.error == error
    assert len(events) == 1 - excess
