"""Servers that send without end: what they may send is bounded, and what it costs is little."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hyperframe import frame as frames

import hookline
from support.http2 import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    INITIAL_WINDOW,
    PADDED,
    PING,
    PRIORITY,
    SETTINGS,
    WINDOW_UPDATE,
    Peer,
    answering,
    http2_server,
    keep_answering,
    raw_frame,
)
from support.modes import Mode

# More than any of the bounds, by a lot; a client that takes so many takes any number.
MANY = 100_000


def flood(peer: Peer, frame: bytes) -> None:
    """Send a frame again and again, until the client goes away: that ends the script."""
    for _ in range(MANY // 100):
        peer.send(frame * 100)
    # All of it fits into what the systems keep.
    peer.receive_to_end()


FLOODS: dict[str, bytes] = {
    "ping": raw_frame(PING, 0, 0, bytes(8)),
    "ping-ack": raw_frame(PING, ACK, 0, bytes(8)),
    "settings": raw_frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 100)),
    "empty-settings": raw_frame(SETTINGS, 0, 0),
    "window-update": raw_frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)),
    "stream-window-update": raw_frame(WINDOW_UPDATE, 0, 1, struct.pack(">I", 1)),
    "priority": raw_frame(PRIORITY, 0, 1, bytes(5)),
    "unknown": raw_frame(0x42, 0, 0, b"x"),
    "altsvc": raw_frame(10, 0, 0, b'\x00\x01ah2=":443"'),
}

AFTER_HEAD: dict[str, bytes] = {
    "empty-data": raw_frame(DATA, 0, 1),
    "padding": raw_frame(DATA, PADDED, 1, b"\x03" + bytes(3)),
}


@pytest.mark.parametrize("name", [*FLOODS, *AFTER_HEAD])
async def test_flood_of_frames_that_carry_nothing_ends_the_connection(
    name: str, mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        peer.request()
        if name in AFTER_HEAD:
            peer.send(peer.head(1))
        flood(peer, FLOODS.get(name) or AFTER_HEAD[name])

    with http2_server(script, answering) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="ENHANCE_YOUR_CALM"):
                await client.get(server.url)
            assert (await client.get(server.url + "next")).text == "/next"
            assert len(client._transport._pool._connections) == 1


async def test_flood_of_informational_responses_ends_the_connection(
    mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        peer.request()
        # Indexed from the second on: always the same bytes.
        peer.send(peer.head(1, [(b"link", b"</a>")], status=103))
        flood(peer, peer.head(1, [(b"link", b"</a>")], status=103))

    with http2_server(script, answering) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="ENHANCE_YOUR_CALM"):
                await client.get(server.url)
            assert (await client.get(server.url + "next")).text == "/next"


@pytest.mark.parametrize("size", [0, 1, 1000], ids=["empty", "byte", "kilobyte"])
async def test_flood_of_continuations_ends_the_connection(
    size: int, mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        peer.request()
        peer.send(raw_frame(HEADERS, END_STREAM, 1, b"\x88"))
        # The beginning of one endless value, in many pieces.
        flood(peer, raw_frame(CONTINUATION, 0, 1, b"\x00"[:size] * size))

    with http2_server(script, answering) as server:
        async with connect() as client:
            with pytest.raises(
                hookline.RemoteProtocolError, match=r"PROTOCOL_ERROR|ENHANCE_YOUR_CALM"
            ):
                await client.get(server.url)
            assert (await client.get(server.url + "next")).text == "/next"


def long_value(peer: Peer) -> bytes:
    return peer.block([(b":status", b"200"), (b"x", b"v" * 110_000)])


def many_fields(peer: Peer) -> bytes:
    fields = [(b"x-%d" % index, b"v" * 40) for index in range(3000)]
    return peer.block([(b":status", b"200"), *fields])


def many_references(peer: Peer) -> bytes:
    # One field into the table, then a byte for each time it is meant: RFC 7541 section 7.3.
    return peer.block([(b":status", b"200"), (b"bomb", b"b" * 4000)]) + b"\xbe" * 15_000


@pytest.mark.parametrize("build", [long_value, many_fields, many_references])
@pytest.mark.parametrize("where", ["head", "trailers"])
async def test_header_list_that_is_too_large_ends_the_connection(
    where: str, build: Callable[[Peer], bytes], mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        peer.request()
        assert peer.client_settings[6] == 102_400
        if where == "trailers":
            peer.send(peer.head(1))
        block = build(peer)
        pieces = [block[start : start + 16_000] for start in range(0, len(block), 16_000)]
        for index, piece in enumerate(pieces):
            flags = END_HEADERS if index == len(pieces) - 1 else 0
            kind = CONTINUATION
            if not index:
                kind, flags = HEADERS, flags | END_STREAM
            peer.send(raw_frame(kind, flags, 1, piece))
        keep_answering(peer)

    with http2_server(script, answering) as server:
        async with connect() as client:
            with pytest.raises(
                hookline.RemoteProtocolError, match=r"ENHANCE_YOUR_CALM|PROTOCOL_ERROR"
            ):
                await client.get(server.url)
            assert (await client.get(server.url + "next")).text == "/next"


@pytest.mark.parametrize(
    "start", [b"\xff", b"\x7f", b"\x0f", b"\x3f", b"\x00\x7f", b"\x00\x01a\xff"], ids=bytes.hex
)
async def test_number_in_a_head_that_never_ends_ends_the_connection(
    start: bytes, mode: Mode, connect: Any
) -> None:
    """An index, a size or a length of 100,000 bytes (RFC 7541 section 5.1), which would take time
    by the square of that to make out."""

    def script(peer: Peer) -> None:
        peer.start()
        peer.request()
        endless = b"\x88" + start + b"\xff" * 100_000
        pieces = [endless[at : at + 16_000] for at in range(0, len(endless), 16_000)]
        peer.send(raw_frame(HEADERS, END_STREAM, 1, pieces[0]))
        for piece in pieces[1:-1]:
            peer.send(raw_frame(CONTINUATION, 0, 1, piece))
        peer.send(raw_frame(CONTINUATION, END_HEADERS, 1, pieces[-1]))
        peer.receive_to_end()

    with http2_server(script, answering) as server:
        async with connect() as client:
            with pytest.raises(
                hookline.RemoteProtocolError,
                match=r"COMPRESSION_ERROR|PROTOCOL_ERROR|ENHANCE_YOUR_CALM",
            ):
                await client.get(server.url)
            assert (await client.get(server.url + "next")).text == "/next"


async def test_large_heads_within_the_bounds_are_fine(mode: Mode, connect: Any) -> None:
    fields = [(b"x-%d" % index, b"v" * 900) for index in range(90)]

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        block = peer.block([(b":status", b"200"), *fields])
        peer.send(raw_frame(HEADERS, 0, asked.id, block[:16_000]))
        rest = [block[start : start + 16_000] for start in range(16_000, len(block), 16_000)]
        for piece in rest:
            flags = END_HEADERS if piece is rest[-1] else 0
            peer.send(raw_frame(CONTINUATION, flags, asked.id, piece))
        peer.data(asked.id, b"fine", ends=True)
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            response = await client.get(server.url)
            assert response.text == "fine"
            assert response.headers.raw == [*fields]


async def test_large_request_heads_are_sent_in_pieces(mode: Mode, connect: Any) -> None:
    headers = {f"x-{index}": "v" * 900 for index in range(60)}

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        assert all(asked[name.encode()] == value.encode() for name, value in headers.items())
        peer.respond(asked.id, b"understood")
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            assert (await client.get(server.url, headers=headers)).text == "understood"
            assert (await client.get(server.url + "next")).text == "/next"

    assert server.peers[0].count(frames.ContinuationFrame) >= 1


# -- What looks like a flood and is none ----------------------------------------------------


async def test_frames_that_carry_nothing_are_no_flood_where_others_come_in_between(
    mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        for _ in range(5):
            peer.send(*[raw_frame(PING, 0, 0, bytes(8))] * 900)
            peer.data(asked.id, b"x")
        peer.data(asked.id, b"", ends=True)
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            assert (await client.get(server.url)).text == "xxxxx"

    # Answers that the server had no room for yet when the client was closed are nobody's loss.
    assert server.peers[0].count(frames.PingFrame) > 0


async def test_windows_that_are_given_back_in_small_steps_are_no_flood(
    mode: Mode, connect: Any
) -> None:
    """All of a body may be on its way when the server begins to read it, bit by bit."""

    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start({INITIAL_WINDOW: 1_000_000})
        peer.window(0, 1_000_000)
        peer.respond(peer.request().id, b"first")
        asked = peer.request()
        assert len(peer.body(asked.id)) == 300_000
        for _ in range(3000):
            peer.window(0, 100)
            peer.window(asked.id, 100)
        peer.respond(asked.id, b"read")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            await client.get(server.url)
            assert (await client.post(server.url, content=bytes(300_000))).text == "read"


async def test_flood_on_an_idle_connection_costs_nobody_a_request(mode: Mode, connect: Any) -> None:
    go_on, flooded = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.start()
        peer.respond(peer.request().id, b"first")
        assert go_on.wait(10)
        peer.send(*[raw_frame(PING, 0, 0, bytes(8))] * 2000)
        flooded.set()
        peer.receive_to_end()

    with http2_server(script, answering) as server:
        async with connect() as client:
            assert (await client.get(server.url)).text == "first"
            go_on.set()
            assert flooded.wait(10)
            response = await client.post(server.url + "next", content=mode.body([b"once"]))
            assert response.text == "/next 4"

        assert server.connections == 2
