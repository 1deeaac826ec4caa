"""Request bodies, and servers that answer before they have all of one."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hyperframe import frame as frames

import hookline
from support.http2 import (
    CANCEL,
    DATA,
    END_STREAM,
    INITIAL_WINDOW,
    INTERNAL_ERROR,
    MAX_STREAMS,
    NO_ERROR,
    Asked,
    Peer,
    answering,
    http2_server,
    keep_answering,
    raw_frame,
)
from support.modes import Mode
from support.tasks import cancel_once


class Endless:
    """Pieces of a body without an end, and whether its generator was finished."""

    def __init__(self, size: int = 10_000) -> None:
        self.size = size
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            while True:
                yield bytes(self.size)
        finally:
            self.is_closed = True


def endless(mode: Mode) -> tuple[Any, Endless]:
    """A body for a mode's client, and what tells whether it was finished."""
    pieces = Endless()
    if not mode.is_async:
        return iter(pieces), pieces

    async def asynchronous() -> Any:
        # Without `mode.body`, so that closing this generator closes the one inside at once.
        inner = iter(pieces)
        try:
            for piece in inner:
                yield piece
        finally:
            inner.close()  # type: ignore[attr-defined]

    return asynchronous(), pieces


# -- Whole bodies ---------------------------------------------------------------------------


async def test_bodies_of_all_kinds_arrive(mode: Mode, connect: Any) -> None:
    with http2_server(answering) as server:
        async with connect() as client:
            bodies = {
                "/none": (b"", ""),
                "/bytes": (b"abc", " 3"),
                "/generator": (mode.body([b"abc", b"", b"defg"]), " 7"),
                "/large": (bytes(300_000), " 300000"),
                "/pieces": (mode.body([bytes(70_000)] * 5), " 350000"),
                "/empty-generator": (mode.body([]), ""),
                "/empty-pieces": (mode.body([b"", b""]), ""),
            }
            for path, (content, size) in bodies.items():
                response = await client.post(server.url[:-1] + path, content=content)
                assert response.text == path + size

        assert server.connections == 1


async def test_request_without_a_body_ends_with_its_head(mode: Mode, connect: Any) -> None:
    with http2_server(answering) as server:
        async with connect() as client:
            await client.get(server.url)
            await client.post(server.url)
            await client.post(server.url, content=mode.body([]))

    assert server.peers[0].count(frames.DataFrame) == 0


async def test_small_body_goes_out_with_its_head(mode: Mode, connect: Any) -> None:
    """One frame each, and the end is said in the last one that carries anything."""
    with http2_server(answering) as server:
        async with connect() as client:
            await client.post(server.url, content=b"abc")

    (data,) = [frame for frame in server.seen if isinstance(frame, frames.DataFrame)]
    assert data.data == b"abc"
    assert "END_STREAM" in data.flags


async def test_real_server_gets_twenty_megabytes_back_and_forth(
    mode: Mode, h2_server: str, authority: Any
) -> None:
    async with mode.client(http2=True, verify=authority.ca_file, timeout=60) as client:
        body = b"0123456789abcdef" * 65_536 * 4
        response = await client.post(h2_server + "/echo", content=mode.body([body] * 2))
        assert response.json()["body"].encode() == body * 2
        assert (await client.get(h2_server + "/bytes/20000000")).content == b"x" * 20_000_000


async def test_body_that_fails_at_once_leaves_no_trace(mode: Mode, connect: Any) -> None:
    def pieces() -> Any:
        raise OSError("no such file")
        yield b""

    with http2_server(answering) as server:
        async with connect() as client:
            await client.get(server.url)
            with pytest.raises(OSError, match="no such file"):
                await client.post(server.url, content=mode.body(pieces()))
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1
        assert server.peers[0].resets == {}
        assert server.peers[0].ended == {1, 3}


async def test_body_that_fails_later_resets_its_stream_alone(mode: Mode, connect: Any) -> None:
    def pieces() -> Any:
        yield b"one"
        raise OSError("disk is gone")

    with http2_server(answering) as server:
        async with connect() as client:
            with pytest.raises(OSError, match="disk is gone"):
                await client.post(server.url, content=mode.body(pieces()))
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1
        assert server.peers[0].resets == {1: CANCEL}


@pytest.mark.parametrize("first", [True, False], ids=["at-once", "later"])
async def test_body_of_text_is_a_type_error(first: bool, mode: Mode, connect: Any) -> None:
    pieces: list[Any] = ["text"] if first else [b"bytes", "text"]
    with http2_server(answering) as server:
        async with connect() as client:
            with pytest.raises(TypeError, match="A request body yields bytes, not 'text'"):
                await client.post(server.url, content=mode.body(pieces))
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.peers[0].resets == ({} if first else {1: CANCEL})


@pytest.mark.parametrize(
    ("pieces", "length", "message"),
    [
        ([b"abcdef"], 3, "Too much data for declared Content-Length: at least 6 bytes for 3."),
        ([b"ab", b"cdef"], 3, "Too much data for declared Content-Length: at least 6 bytes for 3."),
        ([b"ab"], 3, "Too little data for declared Content-Length: 2 bytes for 3."),
        ([], 3, "Too little data for declared Content-Length: 0 bytes for 3."),
    ],
)
@pytest.mark.parametrize("kind", ["bytes", "generator"])
async def test_body_is_held_to_its_content_length(
    kind: str, pieces: list[bytes], length: int, message: str, mode: Mode, connect: Any
) -> None:
    closed = []

    def generator() -> Any:
        try:
            yield from pieces
        finally:
            closed.append(True)

    content = b"".join(pieces) if kind == "bytes" else mode.body(generator())
    with http2_server(answering) as server:
        async with connect() as client:
            headers = {"Content-Length": str(length)}
            with pytest.raises(hookline.LocalProtocolError) as caught:
                await client.post(server.url, content=content, headers=headers)
            assert str(caught.value) == message
            gc.collect()
            assert closed == ([True] if kind == "generator" else [])
            assert (await client.get(server.url + "next")).text == "/next"

        # Nothing was sent where that could be known at once; else the server hears of it.
        is_late = kind == "generator" and pieces[:1] == [b"ab"]
        assert server.connections == 1
        assert server.peers[0].resets == ({1: CANCEL} if is_late else {})
        assert server.peers[0].ended == {3 if is_late else 1}


# -- Early answers --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bytes", "generator"])
async def test_complete_error_ends_the_upload_and_is_returned(
    kind: str, mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start()
        asked = peer.request()
        peer.respond(asked.id, b"too large", 413)
        assert peer.reset_of(asked.id) == CANCEL
        keep_answering(peer)

    body, pieces = endless(mode)
    with http2_server(script) as server:
        async with connect() as client:
            content = bytes(10_000_000) if kind == "bytes" else body
            response = await client.post(server.url, content=content)
            assert (response.status_code, response.text) == (413, "too large")
            assert pieces.is_closed is (kind == "generator")
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1
        assert server.peers[0].ended == {3}


@pytest.mark.parametrize("kind", ["bytes", "generator"])
async def test_error_whose_body_comes_later_ends_the_upload(
    kind: str, mode: Mode, connect: Any
) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id, status=413))
        assert go_on.wait(10)
        peer.data(asked.id, b"too large", ends=True)
        # The stream is not left half open: it would count against the peer's limit.
        assert peer.reset_of(asked.id) == CANCEL
        keep_answering(peer)

    body, pieces = endless(mode)
    with http2_server(script) as server:
        async with connect() as client:
            content = bytes(10_000_000) if kind == "bytes" else body
            async with client.stream("POST", server.url, content=content) as response:
                assert response.status_code == 413
                assert pieces.is_closed is (kind == "generator")
                go_on.set()
                assert await response.aread() == b"too large"
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_early_errors_take_no_place_from_later_requests(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start({MAX_STREAMS: 10})
        for _ in range(50):
            asked = peer.request()
            peer.send(peer.head(asked.id, status=413))
            # In a frame of its own, so that the upload was stopped before it, or not.
            peer.data(asked.id, b"too large", ends=True)
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            for _ in range(50):
                response = await client.post(server.url, content=bytes(40_000))
                assert response.status_code == 413
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_complete_success_ends_the_upload(mode: Mode, connect: Any) -> None:
    """RFC 9113 section 8.1: the server may answer before it has all of a request."""

    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start()
        asked = peer.request()
        peer.respond(asked.id, b"enough")
        peer.reset(asked.id, NO_ERROR)
        keep_answering(peer)

    body, pieces = endless(mode)
    with http2_server(script) as server:
        async with connect() as client:
            response = await client.post(server.url, content=body)
            assert (response.status_code, response.text) == (200, "enough")
            assert pieces.is_closed
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_response_that_ends_while_it_is_read_ends_the_upload(
    mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        while len(peer.bodies.get(asked.id, b"")) < 500_000:
            peer.receive()
        peer.data(asked.id, b"enough", ends=True)
        assert peer.reset_of(asked.id) == CANCEL
        keep_answering(peer)

    body, pieces = endless(mode)
    with http2_server(script) as server:
        async with connect() as client:
            async with client.stream("POST", server.url, content=body) as response:
                assert not pieces.is_closed
                assert await response.aread() == b"enough"
                assert pieces.is_closed
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_reset_without_error_after_a_complete_response_is_none(
    mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        for _ in range(3):
            asked = peer.request()
            peer.send(
                peer.head(asked.id),
                raw_frame(DATA, END_STREAM, asked.id, b"ok"),
                raw_frame(3, 0, asked.id, bytes(4)),
            )
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            for content in (b"", bytes(1_000_000), mode.body([bytes(50_000)] * 20)):
                assert (await client.post(server.url, content=content)).text == "ok"
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


def echo(peer: Peer, asked: Asked) -> None:
    """Send back what comes, piece by piece, while it comes."""
    peer.send(peer.head(asked.id))
    peer.windows.setdefault(asked.id, peer.client_settings[4])
    unsent = b""
    while unsent or asked.id not in peer.ended:
        size = min(peer.windows[asked.id], peer.windows[0], len(unsent), 16_384)
        if size > 0:
            peer.windows[asked.id] -= size
            peer.windows[0] -= size
            peer.data(asked.id, unsent[:size])
            unsent = unsent[size:]
            continue
        if asked.id not in peer.ended or unsent:
            peer.receive()
            unsent += peer.bodies.pop(asked.id, b"")
    peer.data(asked.id, b"", ends=True)


@pytest.mark.parametrize("kind", ["bytes", "generator"])
async def test_response_is_read_while_the_upload_goes_on(
    kind: str, mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        for _ in range(2):
            echo(peer, peer.request())
        keep_answering(peer)

    body = b"".join(b"%07d " % number for number in range(250_000))
    pieces = [body[start : start + 30_000] for start in range(0, len(body), 30_000)]
    with http2_server(script) as server:
        async with connect(window=65_535) as client:
            for streamed in (False, True):
                content = body if kind == "bytes" else mode.body(pieces)
                if streamed:
                    async with client.stream("POST", server.url, content=content) as response:
                        received = [piece async for piece in response.aiter_raw()]
                else:
                    response = await client.post(server.url, content=content)
                    received = [response.content]
                assert b"".join(received) == body
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1
        assert server.peers[0].resets == {}


async def test_server_that_does_not_read_before_it_is_read_from_gets_its_upload(
    mode: Mode, engine: str
) -> None:
    """Both sides have windows without end and little room in their sockets, and the server does one
    thing at a time: whoever only writes waits for ever."""
    small = [(socket.SOL_SOCKET, option, 16_384) for option in (socket.SO_SNDBUF, socket.SO_RCVBUF)]

    def script(peer: Peer) -> None:
        for option in small:
            peer.conversation.socket.setsockopt(*option)
        peer.start({INITIAL_WINDOW: 2**31 - 1})
        peer.window(0, 2**31 - 1 - 65_535)
        peer.grants = False
        peer.respond(peer.request().id, b"first")
        echo(peer, peer.request())
        peer.receive_to_end()

    body = bytes(200_000)
    protocols = [{"name": "http2", "options": {"engine": engine}}]
    transport = mode.transport(protocols=protocols, socket_options=small)
    with http2_server(script) as server:
        async with mode.client(transport=transport, timeout=10) as client:
            # The settings are known from here on.
            assert (await client.get(server.url)).text == "first"
            assert (await client.post(server.url, content=body)).content == body


async def test_response_whose_head_comes_first_is_returned_before_the_upload_is_over(
    mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        echo(peer, peer.request())
        peer.receive_to_end()

    pulled = []

    def pieces() -> Any:
        for number in range(100):
            pulled.append(number)
            yield b"%05d" % number * 2000

    with http2_server(script) as server:
        async with connect() as client:
            async with client.stream("POST", server.url, content=mode.body(pieces())) as response:
                assert response.status_code == 200
                assert len(pulled) < 100
                received = await response.aread()
            assert received == b"".join(b"%05d" % number * 2000 for number in range(100))


async def test_closing_a_response_early_ends_its_upload(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        assert peer.reset_of(asked.id) == CANCEL
        keep_answering(peer)

    body, _ = endless(mode)
    with http2_server(script) as server:
        async with connect() as client:
            async with client.stream("POST", server.url, content=body) as response:
                assert response.status_code == 200
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1
        assert server.peers[0].ended == {3}


async def test_reset_during_an_upload_is_an_error_that_ends_it(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.reset(asked.id, INTERNAL_ERROR)
        keep_answering(peer)

    body, pieces = endless(mode)
    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(
                hookline.RemoteProtocolError,
                match=r"The server reset the stream \(INTERNAL_ERROR\)",
            ):
                await client.post(server.url, content=body)
            assert pieces.is_closed
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_failing_to_read_a_response_ends_its_upload(mode: Mode, connect: Any) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        assert go_on.wait(10)
        peer.reset(asked.id, INTERNAL_ERROR)
        keep_answering(peer)

    body, pieces = endless(mode)
    with http2_server(script) as server:
        async with connect() as client:
            async with client.stream("POST", server.url, content=body) as response:
                go_on.set()
                with pytest.raises(hookline.RemoteProtocolError, match="INTERNAL_ERROR"):
                    await response.aread()
                assert pieces.is_closed
            assert (await client.get(server.url + "next")).text == "/next"


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_cancelled_upload_finishes_its_generator(name: str, engine: str) -> None:
    mode = Mode(name)

    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start()
        assert peer.reset_of(peer.request().id) == CANCEL
        keep_answering(peer)

    async def scenario(url: str) -> None:
        body, pieces = endless(mode)
        protocols = [{"name": "http2", "options": {"engine": engine}}]
        async with mode.client(protocols=protocols) as client:

            def is_stuck() -> bool:
                connections = client._transport._pool._connections
                return any(c.protocol._is_reading for c in connections)

            assert await cancel_once(mode, lambda: client.post(url, content=body), is_stuck)
            assert pieces.is_closed
            assert (await client.get(url + "next")).text == "/next"

    with http2_server(script) as server:
        mode.run(scenario, url=server.url)
        assert server.connections == 1
