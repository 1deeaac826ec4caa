"""Windows, in both directions: small ones, growing ones, ones that shrink, and who feels it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hyperframe import frame as frames

import hookline
from support.http2 import (
    CANCEL,
    DATA,
    END_STREAM,
    INITIAL_WINDOW,
    MAX_FRAME,
    PADDED,
    Peer,
    http2_server,
    keep_answering,
    raw_frame,
)
from support.modes import Mode
from support.tasks import until

MEGABYTES_20 = 20 * 1024 * 1024
STREAM_WINDOW = 4 * 1024 * 1024


def data_sizes(peer: Peer) -> list[int]:
    return [len(frame.data) for frame in peer.seen if isinstance(frame, frames.DataFrame)]


# -- Up -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bytes", "generator"])
async def test_large_body_goes_through_small_windows(kind: str, mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        total = 0
        while asked.id not in peer.ended:
            peer.receive()
            total += len(peer.bodies.pop(asked.id, b""))
        peer.respond(asked.id, b"%d" % total)
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            piece = bytes(1024 * 1024)
            content = piece * 20 if kind == "bytes" else mode.body([piece] * 20)
            response = await client.post(server.url, content=content)
            assert response.text == str(MEGABYTES_20)

    assert max(data_sizes(server.peers[0])) <= 16_384


async def test_windows_are_never_overrun(mode: Mode, connect: Any) -> None:
    """The windows grow in odd steps, one at a time; what comes is counted against both."""
    body = b"".join(b"%07d " % number for number in range(30_000))

    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start({INITIAL_WINDOW: 1})
        # The settings are known from here on.
        peer.respond(peer.request().id, b"first")
        asked = peer.request()
        stream, connection = 1, 65_535
        received = b""
        step = 1
        while asked.id not in peer.ended:
            frame = peer.receive()
            if not isinstance(frame, frames.DataFrame):
                continue
            stream -= len(frame.data)
            connection -= len(frame.data)
            assert min(stream, connection) >= 0
            received += frame.data
            if not stream:
                step = step * 2 + 1
                stream += step
                peer.window(asked.id, step)
            if connection < 1000:
                connection += 30_001
                peer.window(0, 30_001)
        assert received == body
        peer.respond(asked.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            assert (await client.get(server.url)).text == "first"
            assert (await client.post(server.url, content=body)).text == "ok"


async def test_window_that_shrinks_below_nothing_is_waited_for(mode: Mode, connect: Any) -> None:
    """RFC 9113 section 6.9.2: a change of the initial window counts for streams that are open."""

    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start()
        asked = peer.request()
        while len(peer.bodies.get(asked.id, b"")) < 65_535:
            peer.receive()
        # From 0 to -64535 on this stream; the connection's is not affected.
        peer.settings({INITIAL_WINDOW: 1000})
        peer.window(0, 1_000_000)
        peer.window(asked.id, 64_535)
        peer.window(asked.id, 10)
        data = peer.receive_until(lambda frame: isinstance(frame, frames.DataFrame))
        assert len(data.data) == 10
        # And it grows by settings, too.
        peer.settings({INITIAL_WINDOW: 1_000_000})
        body = peer.body(asked.id)
        peer.respond(asked.id, b"%d" % len(body))
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            response = await client.post(server.url, content=bytes(200_000))
            assert response.text == "200000"


async def test_window_of_nothing_is_waited_for(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start({INITIAL_WINDOW: 0})
        peer.respond(peer.request().id, b"first")
        asked = peer.request()
        peer.ping()
        # The answer to the PING comes after whatever the client sends on its own account.
        peer.receive_until(lambda frame: isinstance(frame, frames.PingFrame))
        assert peer.count(frames.DataFrame) == 0
        peer.window(asked.id, 3)
        assert peer.body(asked.id) == b"abc"
        peer.respond(asked.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            # The settings are known from here on.
            assert (await client.get(server.url)).text == "first"
            assert (await client.post(server.url, content=b"abc")).text == "ok"


async def test_body_of_no_bytes_needs_no_window(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start({INITIAL_WINDOW: 3})
        peer.respond(peer.request().id, b"first")
        peer.grants = False
        asked = peer.request()
        # What is left to say is the end of the stream.
        assert peer.body(asked.id) == b"abc"
        peer.respond(asked.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            assert (await client.get(server.url)).text == "first"
            assert (await client.post(server.url, content=mode.body([b"abc"]))).text == "ok"


async def test_uploads_share_the_window_of_the_connection(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.grants = False
        # Only the connection's window is scarce.
        peer.start({INITIAL_WINDOW: 2**31 - 1})
        received = 0
        while len(peer.ended) < 4:
            frame = peer.receive()
            if isinstance(frame, frames.DataFrame):
                received += len(frame.data)
                assert received <= 65_535 + granted[0]
                if received >= granted[0] + 60_000:
                    granted[0] += 60_000
                    peer.window(0, 60_000)
        for number in sorted(peer.ended):
            peer.respond(number, b"%d" % len(peer.bodies[number]))
        peer.receive_to_end()

    granted = [0]
    with http2_server(script) as server:
        async with connect() as client:
            sizes = [100_000, 200_000, 300_000, 400_000]
            calls = [lambda s=s: client.post(server.url, content=bytes(s)) for s in sizes]
            results = await mode.together(*calls)

        assert [result.text for result in results] == [str(size) for size in sizes]
        assert server.connections == 1


@pytest.mark.parametrize(("size", "largest"), [(16_384, 16_384), (40_000, 40_000)])
async def test_frames_are_as_large_as_the_server_allows(
    size: int, largest: int, mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start({MAX_FRAME: size, INITIAL_WINDOW: 1_000_000})
        peer.window(0, 1_000_000)
        peer.respond(peer.request().id, b"first")
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            await client.get(server.url)
            assert (await client.post(server.url, content=bytes(300_000))).text == "/ 300000"

    assert max(data_sizes(server.peers[0])) == largest


@pytest.mark.parametrize("scarce", ["stream", "connection"])
async def test_server_that_never_makes_room_is_a_write_timeout(
    scarce: str, mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start()
        if scarce == "connection":
            peer.settings({INITIAL_WINDOW: 2**31 - 1})
        else:
            peer.window(0, 2**30)
        asked = {one.path: one.id for one in peer.requests(2)}
        assert peer.reset_of(asked["/stuck"]) == CANCEL
        peer.respond(asked["/other"], b"other")
        # For what was sent and nobody read.
        peer.window(0, 65_535)
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:

            async def stuck() -> Any:
                timeout = hookline.Timeout(10, write=0.05)
                content = bytes(1_000_000)
                return await client.post(server.url + "stuck", content=content, timeout=timeout)

            failed, other = await mode.together(stuck, lambda: client.get(server.url + "other"))
            assert type(failed) is hookline.WriteTimeout
            assert str(failed) == "The server made no room for 0.05 s."
            assert other.text == "other"
            assert (await client.post(server.url + "next", content=b"abc")).text == "/next 3"

        assert server.connections == 1


async def test_stuck_upload_blocks_nobody_else(mode: Mode, connect: Any) -> None:
    served = threading.Event()

    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start()
        peer.window(0, 2**30)
        stuck = peer.request()
        for _ in range(20):
            peer.respond(peer.request().id, b"served")
        assert served.wait(10)
        peer.window(stuck.id, 10_000_000)
        peer.respond(stuck.id, b"%d" % len(peer.body(stuck.id)))
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:

            async def others() -> list[str]:
                pool = client._transport._pool
                await until(mode, lambda: any(c.protocol._exchanges for c in pool._connections))
                texts = [(await client.get(server.url)).text for _ in range(20)]
                served.set()
                return texts

            stuck, texts = await mode.together(
                lambda: client.post(server.url, content=bytes(1_000_000)), others
            )
            assert stuck.text == "1000000"
            assert texts == ["served"] * 20

        assert server.connections == 1


# -- Down -----------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [65_535, None], ids=["small", "default"])
async def test_large_response_comes_through_the_window(
    window: int | None, mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        assert peer.client_settings[INITIAL_WINDOW] == (window or STREAM_WINDOW)
        for _ in range(2):
            asked = peer.request()
            peer.send(peer.head(asked.id))
            peer.send_body(asked.id, bytes(MEGABYTES_20))
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(window=window) as client:
            assert len((await client.get(server.url)).content) == MEGABYTES_20
            async with client.stream("GET", server.url) as response:
                total = 0
                async for piece in response.aiter_raw():
                    total += len(piece)
            assert total == MEGABYTES_20

        assert server.connections == 1


async def test_response_that_nobody_reads_blocks_nobody_else(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        unread = []
        for _ in range(3):
            asked = peer.request()
            unread.append(asked)
            peer.send(peer.head(asked.id))
            # Each window is filled to the brim.
            peer.send_body(asked.id, bytes(STREAM_WINDOW), ends=False)
        for _ in range(2):
            asked = peer.request()
            peer.send(peer.head(asked.id))
            peer.send_body(asked.id, bytes(MEGABYTES_20))
        for asked in unread:
            assert peer.windows[asked.id] == 0
            peer.send_body(asked.id, b"the rest")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            async with (
                client.stream("GET", server.url) as first,
                client.stream("GET", server.url) as second,
                client.stream("GET", server.url) as third,
            ):
                for _ in range(2):
                    assert len((await client.get(server.url)).content) == MEGABYTES_20
                for response in (first, second, third):
                    content = await response.aread()
                    assert len(content) == STREAM_WINDOW + len(b"the rest")
                    assert content.endswith(b"the rest")

        assert server.connections == 1


async def test_padding_counts_and_is_given_back(mode: Mode, connect: Any) -> None:
    rounds, padding = 2000, 200

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        window = peer.client_settings[INITIAL_WINDOW]
        peer.windows[asked.id] = window
        payload = bytes([padding]) + b"x" + bytes(padding)
        for _ in range(rounds):
            while min(peer.windows[asked.id], peer.windows[0]) < len(payload):
                peer.receive()
            peer.windows[asked.id] -= len(payload)
            peer.windows[0] -= len(payload)
            peer.send(raw_frame(DATA, PADDED, asked.id, payload))
        peer.send(raw_frame(DATA, END_STREAM, asked.id))
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(window=65_535) as client:
            assert (await client.get(server.url)).content == b"x" * rounds


async def test_response_that_is_over_is_no_reason_for_a_window(mode: Mode, connect: Any) -> None:
    """What a stream that has ended was owed would be a frame for nothing."""
    done = threading.Event()

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        peer.send_body(asked.id, bytes(60_000))
        done.set()
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect(window=65_535) as client:
            async with client.stream("GET", server.url) as response:
                assert done.wait(10)
                assert len(await response.aread()) == 60_000
            assert (await client.get(server.url + "next")).text == "/next"

    assert server.peers[0].count(frames.WindowUpdateFrame, 1) <= 1
