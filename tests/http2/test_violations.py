"""Frames that a server must not send, and strange ones that it may.

What exactly an engine objects to is its own business, and whether a stream pays for it or the whole
connection. That it is a RemoteProtocolError with the right code's name in it, that the server is
told, and that the next request is served, is the same for all.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hyperframe import frame as frames

import hookline
from hookline_http2._codec import ERROR_NAMES
from support.http2 import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Peer,
    answering,
    http2_server,
    keep_answering,
    raw_frame,
)
from support.modes import Mode

Build = Callable[[Peer], bytes]

# The request is on stream 1.
BOTH = END_STREAM | END_HEADERS
STATUS = (b":status", b"200")
WINDOW_OF_ALL = 2**31 - 1


def number(value: int) -> bytes:
    return struct.pack(">I", value)


def setting(*pairs: tuple[int, int]) -> bytes:
    payload = b"".join(struct.pack(">HI", *pair) for pair in pairs)
    return raw_frame(SETTINGS, 0, 0, payload)


def head(*fields: tuple[bytes, bytes], flags: int = END_HEADERS) -> Build:
    """A head that says exactly this."""
    return lambda peer: raw_frame(HEADERS, flags, 1, peer.block(fields))


def after_head(build: Build | bytes, *fields: tuple[bytes, bytes]) -> Build:
    """Something that follows a good head."""
    return lambda peer: peer.head(1, fields) + (build if isinstance(build, bytes) else build(peer))


def block(data: bytes) -> bytes:
    """A head of which the compressed form is exactly this."""
    return raw_frame(HEADERS, BOTH, 1, data)


def trailers(*fields: tuple[bytes, bytes], flags: int = BOTH) -> Build:
    return after_head(lambda peer: raw_frame(HEADERS, flags, 1, peer.block(fields)))


PROTOCOL = {"PROTOCOL_ERROR"}
SIZE = {"FRAME_SIZE_ERROR"}
# A size that leaves no room for a field is told either way.
SIZE_OR_PROTOCOL = SIZE | PROTOCOL
WINDOW = {"FLOW_CONTROL_ERROR"}
# h2 calls these by the general name.
COMPRESSION = {"COMPRESSION_ERROR", "PROTOCOL_ERROR"}

VIOLATIONS: dict[str, tuple[set[str], Build | bytes]] = {
    # RFC 9113 section 5.1.1 and 6: which stream a frame may be on.
    "data-on-no-stream": (PROTOCOL, raw_frame(DATA, 0, 0, b"x")),
    "headers-on-no-stream": (PROTOCOL, lambda p: raw_frame(HEADERS, BOTH, 0, p.block([STATUS]))),
    "headers-on-even-stream": (PROTOCOL, lambda p: raw_frame(HEADERS, BOTH, 2, p.block([STATUS]))),
    "headers-on-idle-stream": (PROTOCOL, lambda p: raw_frame(HEADERS, BOTH, 99, p.block([STATUS]))),
    "data-on-even-stream": (PROTOCOL, raw_frame(DATA, 0, 2, b"x")),
    "data-on-idle-stream": (PROTOCOL, raw_frame(DATA, 0, 99, b"x")),
    "reset-on-no-stream": (PROTOCOL, raw_frame(RST_STREAM, 0, 0, number(8))),
    "reset-on-idle-stream": (PROTOCOL, raw_frame(RST_STREAM, 0, 99, number(8))),
    "settings-on-stream": (PROTOCOL, raw_frame(SETTINGS, 0, 1)),
    "ping-on-stream": (PROTOCOL, raw_frame(PING, 0, 1, bytes(8))),
    "goaway-on-stream": (PROTOCOL, raw_frame(GOAWAY, 0, 1, bytes(8))),
    "window-on-idle-stream": (PROTOCOL, raw_frame(WINDOW_UPDATE, 0, 99, number(1))),
    "priority-on-no-stream": (PROTOCOL, raw_frame(PRIORITY, 0, 0, bytes(5))),
    # Sections 4.2 and 6: sizes.
    "frame-too-large": (SIZE, after_head(raw_frame(DATA, 0, 1, bytes(65_537)))),
    "headers-too-large": (SIZE, raw_frame(HEADERS, BOTH, 1, bytes(65_537))),
    "reset-of-three-bytes": (SIZE_OR_PROTOCOL, raw_frame(RST_STREAM, 0, 1, bytes(3))),
    "reset-of-five-bytes": (SIZE_OR_PROTOCOL, raw_frame(RST_STREAM, 0, 1, bytes(5))),
    "settings-of-five-bytes": (SIZE_OR_PROTOCOL, raw_frame(SETTINGS, 0, 0, bytes(5))),
    "settings-ack-with-settings": (SIZE_OR_PROTOCOL, raw_frame(SETTINGS, ACK, 0, bytes(6))),
    "ping-of-seven-bytes": (SIZE_OR_PROTOCOL, raw_frame(PING, 0, 0, bytes(7))),
    "ping-of-nine-bytes": (SIZE_OR_PROTOCOL, raw_frame(PING, 0, 0, bytes(9))),
    "goaway-of-four-bytes": (SIZE_OR_PROTOCOL, raw_frame(GOAWAY, 0, 0, bytes(4))),
    "window-of-three-bytes": (SIZE_OR_PROTOCOL, raw_frame(WINDOW_UPDATE, 0, 0, bytes(3))),
    "window-of-five-bytes": (SIZE_OR_PROTOCOL, raw_frame(WINDOW_UPDATE, 0, 0, bytes(5))),
    "data-all-padding": (SIZE_OR_PROTOCOL, after_head(raw_frame(DATA, PADDED, 1, b"\x05abcd"))),
    "data-without-padding-length": (SIZE_OR_PROTOCOL, after_head(raw_frame(DATA, PADDED, 1))),
    "headers-all-padding": (SIZE_OR_PROTOCOL, raw_frame(HEADERS, BOTH | PADDED, 1, b"\x09abcd")),
    # Section 6.5.2: values of settings.
    "push-enabled-by-server": (PROTOCOL, setting((2, 2))),
    "initial-window-too-large": (WINDOW, setting((4, 2**31))),
    "max-frame-too-small": (PROTOCOL, setting((5, 16_383))),
    "max-frame-too-large": (PROTOCOL, setting((5, 2**24))),
    # Section 6.6 and 8.4: we have said that we want none.
    "push-promise": (
        PROTOCOL,
        lambda p: raw_frame(
            PUSH_PROMISE, END_HEADERS, 1,
            number(2) + p.block([
                (b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"a"), (b":path", b"/")
            ]),
        ),
    ),
    # Section 6.9: windows.
    "window-of-nothing": (PROTOCOL, raw_frame(WINDOW_UPDATE, 0, 0, number(0))),
    "stream-window-of-nothing": (PROTOCOL, raw_frame(WINDOW_UPDATE, 0, 1, number(0))),
    "window-overflow": (WINDOW, raw_frame(WINDOW_UPDATE, 0, 0, number(WINDOW_OF_ALL))),
    "stream-window-overflow": (WINDOW, raw_frame(WINDOW_UPDATE, 0, 1, number(WINDOW_OF_ALL))),
    "window-overflow-by-settings": (
        WINDOW, raw_frame(WINDOW_UPDATE, 0, 1, number(1000)) + setting((4, WINDOW_OF_ALL))
    ),
    # Section 6.10: header blocks in one piece.
    "continuation-of-nothing": (PROTOCOL, raw_frame(CONTINUATION, END_HEADERS, 1)),
    "continuation-on-other-stream": (
        PROTOCOL, raw_frame(HEADERS, END_STREAM, 1) + raw_frame(CONTINUATION, END_HEADERS, 3)
    ),
    "data-within-header-block": (
        PROTOCOL, raw_frame(HEADERS, END_STREAM, 1) + raw_frame(DATA, 0, 1, b"x")
    ),
    "ping-within-header-block": (
        PROTOCOL, raw_frame(HEADERS, END_STREAM, 1) + raw_frame(PING, 0, 0, bytes(8))
    ),
    # RFC 7541.
    "index-of-nothing": (COMPRESSION, block(b"\x80")),
    "index-beyond-the-table": (COMPRESSION, block(b"\xff\xff\x0f")),
    "integer-without-end": (COMPRESSION, block(b"\xff" + b"\xff" * 30)),
    "string-without-end": (COMPRESSION, block(b"\x00\x7fabc")),
    "bad-huffman": (COMPRESSION, block(b"\x88\x00\x84\xff\xff\xff\xff\x01a")),
    "table-too-large": (COMPRESSION, block(b"\x3f\xe1\xff\xff\x0f\x88")),
    # Section 8: malformed messages.
    "uppercase-name": (PROTOCOL, head(STATUS, (b"X-Upper", b"a"))),
    "name-with-space": (PROTOCOL, head(STATUS, (b"a b", b"a"))),
    "name-with-colon": (PROTOCOL, head(STATUS, (b"a:b", b"a"))),
    "no-status": (PROTOCOL, head((b"server", b"x"))),
    "two-statuses": (PROTOCOL, head(STATUS, STATUS)),
    "status-after-field": (PROTOCOL, head((b"server", b"x"), STATUS)),
    "unknown-pseudo-field": (PROTOCOL, head(STATUS, (b":version", b"2"))),
    "field-of-a-request": (PROTOCOL, head(STATUS, (b":path", b"/"))),
    "field-of-the-connection": (PROTOCOL, head(STATUS, (b"connection", b"close"))),
    "transfer-encoding": (PROTOCOL, head(STATUS, (b"transfer-encoding", b"chunked"))),
    "value-with-newline": (PROTOCOL, head(STATUS, (b"x", b"a\nb"))),
    "value-with-return": (PROTOCOL, head(STATUS, (b"x", b"a\rb"))),
    "value-with-nul": (PROTOCOL, head(STATUS, (b"x", b"a\0b"))),
    "value-with-space-around": (PROTOCOL, head(STATUS, (b"x", b" a"))),
    "status-of-words": (PROTOCOL, head((b":status", b"abc"), flags=BOTH)),
    "status-of-two-digits": (PROTOCOL, head((b":status", b"20"), flags=BOTH)),
    "status-with-sign": (PROTOCOL, head((b":status", b"+20"), flags=BOTH)),
    "status-with-underscore": (PROTOCOL, head((b":status", b"2_0"), flags=BOTH)),
    "status-of-nothing": (PROTOCOL, head((b":status", b""), flags=BOTH)),
    "status-below-100": (PROTOCOL, head((b":status", b"099"), flags=BOTH)),
    "end-with-informational": (PROTOCOL, head((b":status", b"103"), flags=BOTH)),
    "data-before-head": (PROTOCOL, raw_frame(DATA, 0, 1, b"x")),
    "data-after-informational": (
        PROTOCOL, lambda p: p.head(1, status=103) + raw_frame(DATA, 0, 1, b"x")
    ),
    "end-before-head": (PROTOCOL, raw_frame(DATA, END_STREAM, 1)),
    "too-much-data": (
        PROTOCOL, after_head(raw_frame(DATA, END_STREAM, 1, b"abcdef"), (b"content-length", b"5"))
    ),
    "too-little-data": (
        PROTOCOL, after_head(raw_frame(DATA, END_STREAM, 1, b"abcd"), (b"content-length", b"5"))
    ),
    "trailers-that-do-not-end": (PROTOCOL, trailers((b"x", b"a"), flags=END_HEADERS)),
    "trailers-with-status": (PROTOCOL, trailers((b"x", b"a"), STATUS)),
    "uppercase-trailer": (PROTOCOL, trailers((b"X", b"a"))),
}  # fmt: skip

# What h2 takes for a reset of a stream that it has forgotten.
PASSED_BY_H2 = {"reset-on-idle-stream"}


@pytest.mark.parametrize("name", VIOLATIONS)
async def test_violation_is_named_and_the_next_request_is_served(
    name: str, mode: Mode, engine: str, connect: Any
) -> None:
    codes, build = VIOLATIONS[name]
    if name in PASSED_BY_H2 and engine != "native":
        pytest.skip("the engine's library passes this")

    def script(peer: Peer) -> None:
        peer.start()
        assert peer.request().id == 1
        peer.send(build if isinstance(build, bytes) else build(peer))
        keep_answering(peer)

    with http2_server(script, answering) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError) as caught:
                await client.get(server.url)
            assert type(caught.value) is hookline.RemoteProtocolError
            named = {code for code in ERROR_NAMES if f"({code})" in str(caught.value)}
            assert named
            assert named <= codes
            assert (await client.get(server.url + "next")).text == "/next"
            assert len(client._transport._pool._connections) == 1

    told = {
        ERROR_NAMES[frame.error_code]
        for frame in server.peers[0].seen
        if isinstance(frame, (frames.GoAwayFrame, frames.RstStreamFrame))
    }
    # Closing a connection with unread input resets it, which may overtake what was said before.
    assert not told or told & codes


STRANGE: dict[str, Build | bytes] = {
    "unknown-frame": raw_frame(0x42, 0xFF, 0, b"whatever"),
    "unknown-frame-on-stream": raw_frame(0x42, 0, 1, b"whatever"),
    "unknown-frame-on-idle-stream": raw_frame(0x42, 0, 98, b"whatever"),
    "undefined-flags": raw_frame(PING, 0xFE, 0, bytes(8)),
    "reserved-bit": raw_frame(PING, 0, 1 << 31, bytes(8)),
    "unknown-setting": setting((0x4242, 1)),
    "repeated-setting": setting((3, 5), (3, 6)),
    "priority": raw_frame(PRIORITY, 0, 1, bytes(5)),
    "priority-of-idle-stream": raw_frame(PRIORITY, 0, 97, bytes(5)),
    "ping-answer-to-nothing": raw_frame(PING, ACK, 0, bytes(8)),
    "altsvc": raw_frame(10, 0, 1, b"\x00\x00h2=\":443\""),
    "origin": raw_frame(12, 0, 0, b"\x00\x03abc"),
    "push-is-off": setting((2, 0)),
    "informational": lambda p: p.head(1, status=103),
    "two-informational": lambda p: p.head(1, status=100) + p.head(1, [(b"link", b"a")], status=103),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
async def test_what_is_strange_but_allowed_changes_nothing(
    name: str, mode: Mode, connect: Any
) -> None:
    strange = STRANGE[name]

    def script(peer: Peer) -> None:
        peer.start()
        peer.request()
        peer.send(strange if isinstance(strange, bytes) else strange(peer))
        peer.respond(1, b"fine")
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            response = await client.get(server.url)
            assert (response.status_code, response.text) == (200, "fine")
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_head_may_be_padded_prioritised_and_in_pieces(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        peer.request()
        block = peer.block([STATUS, (b"x", b"a" * 100)])
        priority = struct.pack(">IB", 0, 15)
        flags = PADDED | 0x20
        peer.send(
            raw_frame(HEADERS, flags, 1, b"\x07" + priority + block[:10] + bytes(7)),
            raw_frame(CONTINUATION, 0, 1, block[10:11]),
            raw_frame(CONTINUATION, 0, 1),
            raw_frame(CONTINUATION, END_HEADERS, 1, block[11:]),
            raw_frame(DATA, PADDED, 1, b"\x03body\0\0\0"),
            raw_frame(DATA, END_STREAM, 1),
        )
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            response = await client.get(server.url)
            assert response.headers["x"] == "a" * 100
            assert response.text == "body"
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_frames_may_arrive_byte_by_byte(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        message = (
            peer.head(asked.id, [(b"x", b"y")])
            + raw_frame(PING, 0, 0, bytes(8))
            + raw_frame(DATA, 0, asked.id, b"one")
            + raw_frame(DATA, END_STREAM, asked.id, b"two")
        )
        for index in range(len(message)):
            peer.send(message[index : index + 1])
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            response = await client.get(server.url)
            assert (response.text, response.headers["x"]) == ("onetwo", "y")


async def test_frames_after_the_end_of_a_stream_do_not_spoil_its_response(
    mode: Mode, connect: Any
) -> None:
    """It is the server's own later requests that may suffer for them."""
    read = threading.Event()

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.respond(asked.id, b"first")
        assert read.wait(10)
        peer.data(asked.id, b"more")
        peer.send(raw_frame(WINDOW_UPDATE, 0, asked.id, number(1)))
        peer.reset(asked.id, 8)
        keep_answering(peer)

    with http2_server(script, answering) as server:
        async with connect() as client:
            assert (await client.get(server.url)).text == "first"
            read.set()
            assert (await client.get(server.url + "next")).text == "/next"
