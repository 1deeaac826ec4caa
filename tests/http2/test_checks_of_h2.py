"""Every check that h2 makes of what a server sends, and that our own engine makes it, too.

`CHECKS` is the list: requests and frames that break one rule, and what comes of it. h2, hyperframe
and hpack are searched for places that raise something; each of them is reached by one of these rows
or is among `NOT_CHECKS`, with the reason why it is none. So a check that a new version of h2 makes
shows here, and so does one that ours leaves out.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import h2.connection
import h2.frame_buffer
import h2.settings
import h2.stream
import h2.utilities
import h2.windows
import hpack.hpack
import hpack.huffman_table
import hpack.table
import hyperframe.frame
import pytest

from support.http2_frames import (
    ACK,
    ALTSVC,
    COMPRESSION_ERROR,
    CONNECT_PROTOCOL,
    CONTINUATION,
    DATA,
    END_HEADERS,
    ENHANCE_YOUR_CALM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE,
    FRAME_SIZE_ERROR,
    GOAWAY,
    HAS_PRIORITY,
    HEADERS,
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
    headers,
    priority,
    request,
    rst_stream,
    settings,
    window_update,
)
from support.http2_scripts import Opened

GET, POST, HEAD = Opened(b"GET", True), Opened(b"POST", False), Opened(b"HEAD", True)
LARGEST = 2**31 - 1
TOO_LARGE = 65_537


class End(NamedTuple):
    """What a broken rule ends: the connection or one stream; and the error's code."""

    what: str
    code: int


def connection(code: int) -> End:
    return End("connection", code)


def stream(code: int) -> End:
    return End("stream", code)


class Check(NamedTuple):
    """What breaks a rule, and what ours makes of it; and h2, where that is something else, which
    `DEVIATIONS` has a reason for."""

    turns: list[Opened | bytes]
    ours: End
    theirs: End | None = None


def head(*fields: tuple[bytes, bytes], end: bool = False) -> list[Opened | bytes]:
    """A response to a GET with these fields, too."""
    return [GET, headers(1, [*OK, *fields], end=end)]


def coded(block_: bytes) -> list[Opened | bytes]:
    """A response to a GET with that after its status."""
    return [GET, headers(1, b"\x88" + block_)]


BROKEN_FRAME = connection(FRAME_SIZE_ERROR)
BROKEN_RULE = connection(PROTOCOL_ERROR)
BROKEN_WINDOW = connection(FLOW_CONTROL_ERROR)


def malformed(turns: list[Opened | bytes]) -> Check:
    """A message that is wrong: RFC 9113 section 8.1.1 has its stream end, h2 the connection."""
    return Check(turns, stream(PROTOCOL_ERROR), BROKEN_RULE)


def compression(block_: bytes) -> Check:
    """RFC 9113 section 4.3; h2 calls it a PROTOCOL_ERROR."""
    return Check(coded(block_), connection(COMPRESSION_ERROR), BROKEN_RULE)


def broken(code: int, *turns: Opened | bytes) -> Check:
    return Check(list(turns), connection(code))


# After SETTINGS of both sides.
CHECKS: dict[str, Check] = {
    # -- Frames: h2.frame_buffer, hyperframe ---------------------------------------------------
    "a frame larger than allowed": broken(
        FRAME_SIZE_ERROR, GET, headers(1), data(1, bytes(TOO_LARGE))
    ),
    **{
        f"frame {kind} on stream 0": broken(PROTOCOL_ERROR, GET, frame(kind, 4, 0, payload))
        for kind, payload in [
            (DATA, b"x"),
            (HEADERS, block(OK)),
            (PRIORITY, bytes(5)),
            (RST_STREAM, bytes(4)),
            (PUSH_PROMISE, b"\0\0\0\2"),
            (CONTINUATION, b""),
        ]
    },
    **{
        f"frame {kind} on a stream": broken(PROTOCOL_ERROR, GET, frame(kind, 0, 1, bytes(size)))
        for kind, size in [(SETTINGS, 0), (PING, 8), (GOAWAY, 8)]
    },
    "DATA without the length of its padding": broken(
        FRAME_SIZE_ERROR, GET, headers(1), frame(DATA, PADDED, 1)
    ),
    "DATA that is shorter than its padding": broken(
        PROTOCOL_ERROR, GET, headers(1), frame(DATA, PADDED, 1, b"\3ab")
    ),
    "HEADERS without the length of their padding": broken(
        FRAME_SIZE_ERROR, GET, frame(HEADERS, PADDED | END_HEADERS, 1)
    ),
    "HEADERS that are shorter than their padding": broken(
        PROTOCOL_ERROR, GET, frame(HEADERS, PADDED | END_HEADERS, 1, b"\2a")
    ),
    "HEADERS without room for their priority": broken(
        FRAME_SIZE_ERROR, GET, frame(HEADERS, HAS_PRIORITY | END_HEADERS, 1, bytes(4))
    ),
    "PRIORITY that is too short": broken(FRAME_SIZE_ERROR, GET, frame(PRIORITY, 0, 1, bytes(4))),
    "PRIORITY that is too long": broken(FRAME_SIZE_ERROR, GET, frame(PRIORITY, 0, 1, bytes(6))),
    "RST_STREAM that is too short": broken(
        FRAME_SIZE_ERROR, GET, frame(RST_STREAM, 0, 1, bytes(3))
    ),
    "RST_STREAM that is too long": broken(FRAME_SIZE_ERROR, GET, frame(RST_STREAM, 0, 1, bytes(5))),
    "SETTINGS of half a setting": broken(FRAME_SIZE_ERROR, GET, frame(SETTINGS, 0, 0, bytes(9))),
    "an acknowledgement with settings": Check(
        [GET, settings((1, 1), flags=ACK)], BROKEN_FRAME, BROKEN_RULE
    ),
    "PING that is too short": broken(FRAME_SIZE_ERROR, GET, frame(PING, 0, 0, bytes(7))),
    "PING that is too long": broken(FRAME_SIZE_ERROR, GET, frame(PING, 0, 0, bytes(9))),
    "GOAWAY that is too short": broken(FRAME_SIZE_ERROR, GET, frame(GOAWAY, 0, 0, bytes(7))),
    "WINDOW_UPDATE that is too short": broken(
        FRAME_SIZE_ERROR, GET, frame(WINDOW_UPDATE, 0, 1, bytes(3))
    ),
    "WINDOW_UPDATE that is too long": broken(
        FRAME_SIZE_ERROR, GET, frame(WINDOW_UPDATE, 0, 0, bytes(5))
    ),
    "WINDOW_UPDATE by nothing": broken(PROTOCOL_ERROR, GET, window_update(0, 0)),
    "WINDOW_UPDATE of a stream by nothing": malformed([POST, window_update(1, 0)]),
    "ALTSVC without a length": broken(FRAME_SIZE_ERROR, GET, frame(ALTSVC, 0, 0, b"\0")),
    "ALTSVC that is too short": broken(FRAME_SIZE_ERROR, GET, frame(ALTSVC, 0, 0, b"\0\2a")),
    "PUSH_PROMISE without a length of padding": Check(
        [GET, frame(PUSH_PROMISE, PADDED | END_HEADERS, 1)], BROKEN_RULE, BROKEN_FRAME
    ),
    "PUSH_PROMISE that is too short": Check(
        [GET, frame(PUSH_PROMISE, END_HEADERS, 1, bytes(3))], BROKEN_RULE, BROKEN_FRAME
    ),
    "PUSH_PROMISE that is shorter than its padding": broken(
        PROTOCOL_ERROR, GET, frame(PUSH_PROMISE, PADDED | END_HEADERS, 1, b"\7\0\0\0\2a")
    ),
    "PUSH_PROMISE of no stream": broken(
        PROTOCOL_ERROR, GET, frame(PUSH_PROMISE, END_HEADERS, 1, bytes(4))
    ),
    "PUSH_PROMISE of a client's stream": broken(
        PROTOCOL_ERROR, GET, frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\3")
    ),
    "PUSH_PROMISE where it is not allowed": broken(
        PROTOCOL_ERROR, GET, frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + block(request()))
    ),
    "a header block that something interrupts": broken(
        PROTOCOL_ERROR, GET, headers(1, flags=0), frame(PING, 0, 0, bytes(8))
    ),
    "a header block that something unknown interrupts": broken(
        PROTOCOL_ERROR, GET, headers(1, flags=0), frame(0xFA, 0, 1)
    ),
    "a header block that goes on elsewhere": broken(
        PROTOCOL_ERROR, GET, GET, headers(1, flags=0), frame(CONTINUATION, END_HEADERS, 3)
    ),
    "a header block in too many frames": Check(
        [GET, headers(1, flags=0), *[frame(CONTINUATION, 0, 1)] * 64],
        connection(ENHANCE_YOUR_CALM),
        BROKEN_RULE,
    ),
    # -- Connections: h2.connection, h2.settings, h2.windows -----------------------------------
    "DATA before any request": broken(PROTOCOL_ERROR, data(1, b"x")),
    "RST_STREAM before any request": broken(PROTOCOL_ERROR, rst_stream(1)),
    "HEADERS before any request": broken(PROTOCOL_ERROR, headers(1)),
    "CONTINUATION before any request": broken(
        PROTOCOL_ERROR, frame(CONTINUATION, END_HEADERS, 1)
    ),
    "DATA on a stream that was never opened": broken(PROTOCOL_ERROR, GET, data(3, b"x")),
    "DATA on a server's stream": broken(PROTOCOL_ERROR, GET, data(2, b"x")),
    "WINDOW_UPDATE on a stream that was never opened": broken(
        PROTOCOL_ERROR, GET, window_update(3, 1)
    ),
    "HEADERS on a stream that was never opened": broken(PROTOCOL_ERROR, GET, headers(3)),
    "HEADERS on a server's stream": broken(PROTOCOL_ERROR, GET, headers(2)),
    "HEADERS after the end": broken(STREAM_CLOSED, GET, headers(1, end=True), headers(1)),
    "HEADERS after the end, with others since": broken(
        STREAM_CLOSED, GET, headers(1, end=True), GET, headers(3), headers(1)
    ),
    "CONTINUATION of nothing": broken(PROTOCOL_ERROR, GET, frame(CONTINUATION, END_HEADERS, 1)),
    "CONTINUATION of a block that is complete": broken(
        PROTOCOL_ERROR, GET, headers(1), frame(CONTINUATION, END_HEADERS, 1)
    ),
    "CONTINUATION of nothing, after the end": Check(
        # The third request has h2 clean up.
        [GET, headers(1, end=True), GET, GET, frame(CONTINUATION, END_HEADERS, 1)],
        BROKEN_RULE,
        connection(STREAM_CLOSED),
    ),
    "PRIORITY of a stream on itself": broken(PROTOCOL_ERROR, GET, priority(1, 1)),
    "HEADERS of a stream that depends on itself": broken(
        PROTOCOL_ERROR,
        GET,
        frame(HEADERS, HAS_PRIORITY | END_HEADERS, 1, b"\0\0\0\1\0" + block(OK)),
    ),
    "DATA beyond the connection's window": broken(
        FLOW_CONTROL_ERROR, GET, GET, headers(1), headers(3),
        data(1, bytes(60_000)), data(3, bytes(60_000)),
    ),
    "padding beyond the connection's window": broken(
        FLOW_CONTROL_ERROR, GET, GET, headers(1), headers(3),
        data(1, bytes(60_000)), data(3, bytes(39_990), padding=9), data(3, padding=0),
    ),
    "DATA beyond a stream's window": Check(
        [GET, headers(1), data(1, bytes(60_000)), data(1, bytes(6_000))],
        stream(FLOW_CONTROL_ERROR),
        BROKEN_WINDOW,
    ),
    "padding beyond a stream's window": Check(
        [GET, headers(1), data(1, bytes(65_000)), data(1, bytes(529), padding=6)],
        stream(FLOW_CONTROL_ERROR),
        BROKEN_WINDOW,
    ),
    "a window for us that is too large": broken(
        FLOW_CONTROL_ERROR, GET, window_update(0, LARGEST - 65_534)
    ),
    "a stream's window for us that is too large": Check(
        [POST, window_update(1, LARGEST - 65_534)], stream(FLOW_CONTROL_ERROR)
    ),
    "an initial window that makes one too large": broken(
        FLOW_CONTROL_ERROR, POST, window_update(1, LARGEST - 65_535), settings((WINDOW, 65_536))
    ),
    "an initial window that is too large": broken(FLOW_CONTROL_ERROR, settings((WINDOW, 2**31))),
    "a server that allows for pushes": broken(PROTOCOL_ERROR, settings((PUSH, 1))),
    "a setting that is neither yes nor no": broken(PROTOCOL_ERROR, settings((PUSH, 2))),
    "a frame size that is too small": broken(PROTOCOL_ERROR, settings((FRAME_SIZE, 16_383))),
    "a frame size that is too large": broken(PROTOCOL_ERROR, settings((FRAME_SIZE, 2**24))),
    "extended CONNECT, neither yes nor no": broken(PROTOCOL_ERROR, settings((CONNECT_PROTOCOL, 2))),
    # -- Streams: h2.stream ---------------------------------------------------------------------
    "DATA before the head": malformed([GET, data(1, b"x")]),
    "DATA between two heads": malformed(
        [GET, headers(1, [(b":status", b"103")]), data(1, b"x")]
    ),
    "DATA after the end": Check(
        [POST, headers(1, end=True), data(1, b"x")], stream(STREAM_CLOSED)
    ),
    "HEADERS after the end, while we send": Check(
        [POST, headers(1, end=True), headers(1)], stream(STREAM_CLOSED)
    ),
    "1xx after the head": malformed([*head(), headers(1, [(b":status", b"103")])]),
    "1xx that is the end": malformed([GET, headers(1, [(b":status", b"103")], end=True)]),
    "trailers that are not the end": malformed([*head(), headers(1, [(b"a", b"b")])]),
    "a second head": malformed([*head(), headers(1, OK, end=True)]),
    "a length that is no number": malformed(head((b"content-length", b"x"))),
    "a length with a sign": malformed(head((b"content-length", b"+5"))),
    "a length that is nothing": malformed(head((b"content-length", b""))),
    "a length in other digits": malformed(head((b"content-length", b"\xd9\xa5"))),
    "a length of more digits than Python takes": malformed(
        head((b"content-length", b"1" * 5000))
    ),
    "two lengths": malformed(head((b"content-length", b"5"), (b"content-length", b"6"))),
    "a length of trailers that is no number": malformed(
        [*head(), headers(1, [(b"content-length", b"x")], end=True)]
    ),
    "more DATA than the length": malformed(
        [*head((b"content-length", b"5")), data(1, b"123"), data(1, b"456")]
    ),
    "less DATA than the length": malformed(
        [*head((b"content-length", b"5")), data(1, b"123"), data(1, b"4", end=True)]
    ),
    "DATA for HEAD": malformed([HEAD, headers(1), data(1, b"x")]),
    # -- Fields: h2.utilities -------------------------------------------------------------------
    "a name in upper case": malformed(head((b"Date", b"a"))),
    **{
        f"a name with byte {byte}": malformed(head((b"a%cb" % byte, b"a")))
        for byte in (*range(0x21), 0x3A, 0x7F, 0x80, 0xFF)
    },
    "a name that ends with a colon": malformed(head((b"a:", b"a"))),
    "a pseudo-header field with two colons": malformed(head((b":a:b", b"a"))),
    **{
        f"a value with byte {byte}": malformed(head((b"a", b"b%cb" % byte)))
        for byte in (0, 0x0A, 0x0D)
    },
    **{
        f"a value that is {value!r}": malformed(head((b"a", value)))
        for value in (b" b", b"b ", b"\tb", b"b\t", b" ", b"\t", b"\n", b"\r", b"\0")
    },
    "a status with white space": malformed([GET, headers(1, [(b":status", b"200 ")])]),
    "a name of nothing": malformed(head((b"", b"a"))),
    "te": malformed(head((b"te", b"gzip"))),
    **{
        name.decode(): malformed(head((name, b"close")))
        for name in (
            b"connection",
            b"keep-alive",
            b"proxy-connection",
            b"transfer-encoding",
            b"upgrade",
        )
    },
    "trailers with a field of the connection": malformed(
        [*head(), headers(1, [(b"upgrade", b"h2c")], end=True)]
    ),
    "no status": malformed([GET, headers(1, [(b"a", b"b")])]),
    "no fields": malformed([GET, headers(1, b"")]),
    "two statuses": malformed(head((b":status", b"200"))),
    "a status after a field": malformed([GET, headers(1, [(b"a", b"b"), *OK])]),
    "an unknown pseudo-header field": malformed(head((b":a", b"b"))),
    **{
        f"a request's {name.decode()}": malformed(head((name, b"/")))
        for name in (b":path", b":method", b":scheme", b":authority", b":protocol")
    },
    "a pseudo-header field in trailers": malformed(
        [*head(), headers(1, [(b":path", b"/")], end=True)]
    ),
    # -- Header blocks: hpack -------------------------------------------------------------------
    "an integer of too many bytes": compression(b"\xff\x80\x80\x80\x80\x80\x01"),
    "a length of too many bytes": compression(b"\x00\x7f\x80\x80\x80\x80\x80\x80\x01"),
    "an integer that ends early": compression(b"\xff\x80"),
    "an index of 0": compression(b"\x80"),
    "an index beyond the table": compression(b"\xbe"),
    "a name's index beyond the table": compression(b"\x7f\x20\x01a"),
    "a name's index beyond the table, not indexed": compression(b"\x0f\x50\x01a"),
    "a name's index beyond the table, never indexed": compression(b"\x1f\x50\x01a"),
    "a name that ends early": compression(b"\x40\x05ab"),
    "a value that ends early": compression(b"\x40\x01a\x05b"),
    "a field without a value": compression(b"\x40\x01a"),
    "a size of the table after a field": compression(b"\x20"),
    "a size of the table that is too large": Check(
        [GET, headers(1, b"\x3f\xe2\x1f\x88")], connection(COMPRESSION_ERROR), BROKEN_RULE
    ),
    "Huffman code that ends within a symbol": compression(b"\x00\x01a\x81\x00"),
    "Huffman padding of more than seven bits": compression(b"\x00\x01a\x82\x1f\xff"),
    "Huffman padding that is not of ones": compression(b"\x00\x01a\x81\x18"),
    "Huffman code with an end of string": compression(b"\x00\x01a\x84\xff\xff\xff\xff"),
    "Huffman code with an end of string after a symbol": compression(
        b"\x00\x01a\x85\x1f\xff\xff\xff\xff"
    ),
    "Huffman code of a name that is broken": compression(b"\x00\x81\x00\x01a"),
    "fields of too many bytes": Check(
        # One entry, inserted once and indexed many times.
        coded(b"\x40\x01a\x7f\x81\x17" + b"b" * 3072 + b"\xbe" * 40),
        connection(ENHANCE_YOUR_CALM),
    ),
}  # fmt: skip


def outcome(name: str, turns: list[Opened | bytes]) -> End | None:
    """What an engine makes of it, each frame by itself."""
    engine = Engine(name)
    engine.feed(settings(), settings(flags=ACK))
    end: End | None = None
    for turn in turns:
        assert end is None
        if isinstance(turn, Opened):
            engine.open(turn.method, end=turn.end)
            continue
        for event in engine.feed(turn):
            if event[0] == "reset" and event[3]:
                end = stream(event[2])
        if engine.error is not None:
            end = connection(engine.error)
    return end


@pytest.mark.parametrize("name", CHECKS)
def test_ours_makes_this_check_of_h2s(name: str) -> None:
    check = CHECKS[name]

    assert outcome("native", check.turns) == check.ours
    assert outcome("h2", check.turns) == (check.theirs or check.ours)


# -- That the list is complete ----------------------------------------------------------------

MODULES = [
    h2.connection,
    h2.frame_buffer,
    h2.settings,
    h2.stream,
    h2.utilities,
    h2.windows,
    hpack.hpack,
    hpack.huffman_table,
    hpack.table,
    hyperframe.frame,
]

# Places that say nothing about what a server has sent: functions, or what they say.
NOT_CHECKS = {
    "what we ask for": {
        "AltSvcFrame.__init__",
        "H2Connection._get_stream_by_id: NoSuchStreamError(-1)",
        "H2Connection.acknowledge_received_data",
        "H2Connection.advertise_alternative_service",
        "H2Connection.get_next_available_stream_id",
        "H2Connection.increment_flow_control_window",
        "H2Connection.ping",
        "H2Connection.prioritize",
        "H2Connection.push_stream",
        "H2Connection.send_data",
        "H2Connection.send_headers",
        "H2ConnectionStateMachine.process_input: ValueError",
        "H2Stream.send_headers",
        "H2StreamStateMachine.process_input: ValueError",
        "H2StreamStateMachine.response_sent",
        "H2StreamStateMachine.send_alt_svc",
        "H2StreamStateMachine.send_informational_response",
        "H2StreamStateMachine.send_on_closed_stream",
        "H2StreamStateMachine.send_push_on_closed_stream",
        "H2StreamStateMachine.send_push_promise",
        "PingFrame.serialize_body",
        "Settings.__init__",
        "Settings.__setitem__",
        "SettingsFrame.__init__",
        "WindowManager.window_opened",
        "_add_frame_priority",
        "_dict_to_iterable",
        "decode_integer: ValueError",
        "encode_integer",
    },
    "what a client sends to a server": {
        "FrameBuffer.add_data",
        "_check_path_header.inner",
        "_check_pseudo_header_field_acceptability: Encountered connect-request-only",
        "_check_pseudo_header_field_acceptability: Encountered response-only",
        "_check_pseudo_header_field_acceptability: Ordinary CONNECT",
        "_validate_host_authority_header",
    },
    # Where ours allows for none at all: "HEADERS on a server's stream", "PUSH_PROMISE where ...".
    "streams that a server opens": {
        "H2Connection._receive_frame: StreamIDTooLow",
        "H2Connection._receive_headers_frame: Max inbound streams",
        "H2Connection._receive_push_promise_frame: Attempted to push on closed stream",
        "H2Connection._receive_push_promise_frame: Cannot recursively push",
        "H2StreamStateMachine.recv_push_on_closed_stream",
        "H2StreamStateMachine.recv_push_promise",
    },
    "what cannot come to pass": {
        "Decoder._assert_valid_table_size",
        "Decoder.decode: Unable to decode headers as UTF-8",
        "Frame.parse_body",
        "Frame.parse_frame_header",
        "Frame.serialize_body",
        "H2Connection._receive_naked_continuation",
        "H2Stream.receive_continuation",
        "H2StreamStateMachine.process_input: ProtocolError(err)",
        "RstStreamFrame.parse_body: Invalid RST_STREAM body",
        "Settings.__getitem__",
    },
    "no error": {"FrameBuffer.__next__: StopIteration"},
}


class Place(NamedTuple):
    """Where something is raised: the module's file, the function, the line, and what it says."""

    path: str
    function: str
    line: int
    text: str


def places(path: str) -> Iterator[Place]:
    """Whatever a module raises."""

    def walk(node: ast.AST, names: tuple[str, ...], above: str) -> Iterator[Place]:
        before = ""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                yield from walk(child, (*names, child.name), "")
                continue
            said = ast.unparse(child) if isinstance(child, ast.stmt | ast.expr) else ""
            if isinstance(child, ast.Raise):
                # A message mostly stands in the line before; who raises anew says what.
                yield Place(path, ".".join(names), child.lineno, f"{above} {before} {said}")
            caught = child.type if isinstance(child, ast.ExceptHandler) else None
            yield from walk(child, names, ast.unparse(caught) if caught else above)
            before = said

    return walk(ast.parse(Path(path).read_text(encoding="utf-8")), (), "")


def is_exempt(place: Place) -> bool:
    for function, _, text in (each.partition(": ") for each in set().union(*NOT_CHECKS.values())):
        if place.function == function and text in place.text:
            return True
    return False


def test_no_check_of_h2s_is_missing() -> None:
    files = {str(module.__file__) for module in MODULES}
    reached: set[tuple[str, int]] = set()

    def trace(frame_: FrameType, what: str, _: Any) -> Any:
        path = frame_.f_code.co_filename
        if path not in files:
            return None
        if what == "line":
            reached.add((path, frame_.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        for check in CHECKS.values():
            outcome("h2", check.turns)
    finally:
        sys.settrace(before)
    missing = [
        place
        for path in sorted(files)
        for place in places(path)
        if (path, place.line) not in reached and not is_exempt(place)
    ]

    assert [place[1:] for place in missing] == []
