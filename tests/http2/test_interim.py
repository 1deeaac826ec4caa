"""What comes around a response: 1xx responses, the wait for one of them, trailers, and what is told
of an upload. With each engine. HTTP/1.1 is in tests/core."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hyperframe import frame as frames

import hookline
from support.http2 import (
    CANCEL,
    END_HEADERS,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    HEADERS,
    Asked,
    Peer,
    answering,
    http2_server,
    keep_answering,
    raw_frame,
)
from support.modes import Mode

# Longer than the server waits for the client, where it is to end by what the server does.
LONG, SHORT = 60, 0.01
LINK = [(b"link", b"</a.css>"), (b"link", b"</b.js>")]
HINTS = (103, [("link", "</a.css>"), ("link", "</b.js>")])


class Heard(list[Any]):
    """A callback that keeps what it is told."""

    def __call__(self, response: hookline.InformationalResponse) -> None:
        self.append((response.status_code, response.headers.multi_items()))


# -- 1xx responses ----------------------------------------------------------------------------


@pytest.mark.parametrize("is_coroutine_function", [False, True])
@pytest.mark.parametrize("in_one_piece", [False, True])
async def test_each_is_told_in_order(
    mode: Mode, connect: Any, in_one_piece: bool, is_coroutine_function: bool
) -> None:
    if is_coroutine_function and not mode.is_async:
        pytest.skip("refused, as for HTTP/1.1")
    heard = Heard()

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.body(asked.id)
        informational = [peer.head(asked.id, LINK, 103), peer.head(asked.id, [], 102)] * 2
        if in_one_piece:
            peer.send(*informational, peer.head(asked.id, ends=True))
        else:
            for frame in informational:
                peer.send(frame)
            peer.respond(asked.id)
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            callback: Any = mode.function(heard) if is_coroutine_function else heard
            extensions = {"informational": callback}
            response = await client.post(server.url, content=b"abc", extensions=extensions)

    assert response.status_code == 200
    assert "link" not in response.headers
    assert heard == [HINTS, (102, [])] * 2


async def test_each_request_is_told_of_its_own(mode: Mode, connect: Any) -> None:
    """Whoever reads the connection: what the callback does, it does in its request's task."""
    barrier = threading.Barrier(2, timeout=10)
    threads: dict[str, set[int]] = {"/a": set(), "/b": set()}
    heard: dict[str, list[Any]] = {"/a": [], "/b": []}

    def script(peer: Peer) -> None:
        peer.start({3: 10})
        answered = peer.request()
        peer.respond(answered.id)
        requests = peer.requests(2)
        for asked in requests:
            peer.send(peer.head(asked.id, [(b"for", asked.path.encode())], 103))
        barrier.wait()
        for asked in requests:
            peer.send(peer.head(asked.id, [(b"for", asked.path.encode())], 102))
            peer.respond(asked.id, asked.path.encode())
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            # So that the second does not open a connection of its own.
            await client.get(server.url)

            async def get(path: str) -> Any:
                def told(response: Any) -> None:
                    threads[path].add(threading.get_ident())
                    heard[path].append((response.status_code, response.headers["for"]))
                    if len(heard["/a"]) == len(heard["/b"]) == 1:
                        barrier.wait()

                extensions = {"informational": told}
                response = await client.get(server.url[:-1] + path, extensions=extensions)
                threads[path].add(threading.get_ident())
                return response.text

            texts = await mode.together(lambda: get("/a"), lambda: get("/b"))

    assert texts == ["/a", "/b"]
    assert heard == {path: [(103, path), (102, path)] for path in ("/a", "/b")}
    assert all(len(idents) == 1 for idents in threads.values())


async def test_it_is_told_while_a_body_is_sent(mode: Mode, connect: Any) -> None:
    heard = Heard()

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id, LINK, 103))
        peer.body(asked.id)
        peer.respond(asked.id)
        peer.receive_to_end()

    def pieces() -> Iterator[bytes]:
        # More of it until the hint was heard, if it ever is.
        for _ in range(100_000):
            if heard:
                break
            yield b"..."

    with http2_server(script) as server:
        async with connect() as client:
            content = mode.body(pieces())
            extensions = {"informational": heard}
            response = await client.post(server.url, content=content, extensions=extensions)

    assert response.status_code == 200
    assert heard == [HINTS]


async def test_callback_that_raises_resets_its_stream_alone(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id, LINK, 103))
        assert peer.reset_of(asked.id) == CANCEL
        keep_answering(peer)

    def told(_: Any) -> None:
        raise ZeroDivisionError

    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(ZeroDivisionError):
                await client.get(server.url, extensions={"informational": told})
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_how_much_of_them_there_may_be_is_bounded(
    mode: Mode, connect: Any, engine: str
) -> None:
    heard = Heard()

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        # Small on the wire, all but the first: it is in the table then.
        for _ in range(40):
            peer.send(peer.head(asked.id, [(b"x", b"y" * 3000)], 103))
        assert peer.reset_of(asked.id) == ENHANCE_YOUR_CALM
        keep_answering(peer)

    with http2_server(script, answering) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="longer than 102400 bytes"):
                await client.get(server.url, extensions={"informational": heard})
            assert (await client.get(server.url + "next")).text == "/next"

        # h2 takes a 1xx response that comes after the reset for a breach of the connection's rules.
        assert server.connections == 1 or engine in ("h2", "jh2")
    assert len(heard) < 40


@pytest.mark.parametrize("status", [b"1xx", b"1000", b"1", b"10 "])
async def test_status_that_is_no_number_is_refused(mode: Mode, connect: Any, status: bytes) -> None:
    heard = Heard()

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        block = peer.block([(b":status", status)])
        peer.send(raw_frame(HEADERS, END_HEADERS, asked.id, block))
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="PROTOCOL_ERROR"):
                await client.get(server.url, extensions={"informational": heard})

    assert heard == []


@pytest.mark.parametrize(
    "field", [(b"Upper", b"x"), (b"a", b"b\nc"), (b":path", b"/"), (b"a", b"\0")]
)
async def test_fields_keep_the_grammar_of_headers(
    mode: Mode, connect: Any, field: tuple[bytes, bytes]
) -> None:
    heard = Heard()

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id, [field], 103))
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="PROTOCOL_ERROR"):
                await client.get(server.url, extensions={"informational": heard})

    assert heard == []


async def test_101_is_never_told(mode: Mode, connect: Any) -> None:
    """There is none in HTTP/2 (RFC 9113 section 8.6): passed over, or refused."""
    heard = Heard()

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id, [], 101))
        peer.respond(asked.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            with contextlib.suppress(hookline.RemoteProtocolError):
                await client.get(server.url, extensions={"informational": heard})

    assert heard == []


# -- Expect: 100-continue ----------------------------------------------------------------------


class Pieces:
    """A body, and whether any of it was asked for."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.pulled = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.pulled += 1
            yield piece

    def generator(self, mode: Mode) -> Any:
        return mode.body(iter(self))


def expecting(peer: Peer) -> Asked:
    """A request that waits, as far as it has come."""
    asked = peer.request()
    assert asked[b"expect"] == b"100-continue"
    assert not asked.is_ended
    # Whatever was sent with the head is there before the answer to a PING.
    peer.ping()
    peer.receive_until(lambda frame: isinstance(frame, frames.PingFrame))
    assert peer.count(frames.DataFrame, asked.id) == 0
    return asked


@pytest.mark.parametrize("kind", ["bytes", "generator", "large"])
async def test_body_is_sent_when_it_is_asked_for(mode: Mode, connect: Any, kind: str) -> None:
    pieces = Pieces(b"abc", b"def")
    expected = bytes(300_000) if kind == "large" else b"abcdef"

    def script(peer: Peer) -> None:
        peer.start()
        asked = expecting(peer)
        assert pieces.pulled == 0
        peer.send(peer.head(asked.id, [], 103), peer.head(asked.id, [], 100))
        assert peer.body(asked.id) == expected
        peer.respond(asked.id, b"ok")
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect(timeout=60) as client:
            content = pieces.generator(mode) if kind == "generator" else expected
            extensions = {"expect_continue": LONG}
            response = await client.post(server.url, content=content, extensions=extensions)
            assert response.text == "ok"
            assert "expect" not in response.request.headers
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1
        assert server.peers[0].resets == {}


@pytest.mark.parametrize("by_header", [False, True])
async def test_server_that_takes_no_notice_gets_the_body_after_the_wait(
    mode: Mode, connect: Any, by_header: bool
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        assert asked[b"expect"].lower() == b"100-continue"
        assert peer.body(asked.id) == b"abc"
        # Too late, and no matter.
        peer.send(peer.head(asked.id, [], 100))
        peer.respond(asked.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(timeout=60) as client:
            response = await client.post(
                server.url,
                content=b"abc",
                headers={"Expect": "100-Continue"} if by_header else {},
                extensions={"expect_continue": SHORT},
            )

    assert response.text == "ok"


async def test_without_a_wait_everything_is_sent_at_once(mode: Mode, connect: Any) -> None:
    """What httpx does with the header."""

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        assert asked[b"expect"] == b"100-continue"
        assert peer.body(asked.id) == b"abc"
        peer.respond(asked.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(timeout=60) as client:
            response = await client.post(
                server.url,
                content=b"abc",
                headers={"Expect": "100-continue"},
                extensions={"expect_continue": False},
            )

    assert response.text == "ok"


async def test_request_without_a_body_expects_nothing(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        assert asked[b"expect"] is None
        assert asked.is_ended
        peer.respond(asked.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(timeout=60) as client:
            response = await client.post(server.url, extensions={"expect_continue": LONG})

    assert response.text == "ok"


@pytest.mark.parametrize("status", [200, 302, 403, 413])
@pytest.mark.parametrize("ends_with_head", [True, False])
async def test_body_is_not_sent_after_a_final_response(
    mode: Mode, connect: Any, status: int, ends_with_head: bool
) -> None:
    pieces = Pieces(b"abc")

    def script(peer: Peer) -> None:
        peer.start()
        for _ in range(2):
            asked = expecting(peer)
            if ends_with_head:
                peer.respond(asked.id, b"final", status)
            else:
                peer.send(peer.head(asked.id, [], status))
                peer.ping()
                peer.receive_until(lambda frame: isinstance(frame, frames.PingFrame))
                peer.data(asked.id, b"final", ends=True)
            # Half a request was sent, and the rest is not to come.
            assert peer.reset_of(asked.id) == CANCEL
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect(timeout=60) as client:
            for content in (b"abc", pieces.generator(mode)):
                extensions = {"expect_continue": LONG}
                response = await client.post(server.url, content=content, extensions=extensions)
                assert (response.status_code, response.text) == (status, "final")
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1
        assert server.peers[0].count(frames.DataFrame) == 0
    assert pieces.pulled == 0


async def test_body_that_was_not_sent_is_there_for_the_next_request(
    mode: Mode, connect: Any
) -> None:
    pieces = Pieces(b"abc")

    def script(peer: Peer) -> None:
        peer.start()
        asked = expecting(peer)
        peer.respond(asked.id, b"", 307, [(b"location", b"/there")])
        asked = expecting(peer)
        assert asked.path == "/there"
        peer.send(peer.head(asked.id, [], 100))
        assert peer.body(asked.id) == b"abc"
        peer.respond(asked.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(timeout=60, follow_redirects=True) as client:
            response = await client.post(
                server.url,
                content=pieces.generator(mode),
                extensions={"expect_continue": LONG},
            )

    assert response.text == "ok"
    assert pieces.pulled == 1


async def test_request_is_repeated_without_an_expectation_that_failed(
    mode: Mode, connect: Any
) -> None:
    pieces = Pieces(b"abc")

    def script(peer: Peer) -> None:
        peer.start()
        for _ in range(2):
            asked = expecting(peer)
            peer.respond(asked.id, b"no", 417)
            again = peer.request()
            assert again[b"expect"] is None
            rest = [field for field in asked.fields if field[0] != b"expect"]
            assert again.fields == rest
            assert peer.body(again.id) == b"abc"
            peer.respond(again.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(timeout=60) as client:
            for content in (b"abc", pieces.generator(mode)):
                extensions = {"expect_continue": LONG}
                response = await client.post(server.url, content=content, extensions=extensions)
                assert response.text == "ok"

        # The connection is as good as before.
        assert server.connections == 1
    assert pieces.pulled == 1


async def test_417_to_a_header_of_the_users_own_is_the_users(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        peer.respond(expecting(peer).id, b"no", 417)
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(timeout=60) as client:
            headers = {"Expect": "100-continue"}
            response = await client.post(server.url, content=b"abc", headers=headers)

    assert (response.status_code, response.text) == (417, "no")


async def test_others_go_on_while_one_waits(mode: Mode, connect: Any) -> None:
    answered = threading.Event()

    def script(peer: Peer) -> None:
        peer.start({3: 10})
        peer.respond(peer.request().id)
        requests = {asked.path: asked for asked in peer.requests(2)}
        peer.respond(requests["/other"].id, b"other")
        assert answered.wait(10)
        waiting = requests["/waiting"]
        assert peer.count(frames.DataFrame, waiting.id) == 0
        peer.send(peer.head(waiting.id, [], 100))
        assert peer.body(waiting.id) == b"abc"
        peer.respond(waiting.id, b"waited")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(timeout=60) as client:
            await client.get(server.url)

            async def waiting() -> Any:
                extensions = {"expect_continue": LONG}
                url = server.url + "waiting"
                return (await client.post(url, content=b"abc", extensions=extensions)).text

            async def other() -> Any:
                text = (await client.get(server.url + "other")).text
                answered.set()
                return text

            assert await mode.together(waiting, other) == ["waited", "other"]


# -- Trailers -------------------------------------------------------------------------------------


def trailers(peer: Peer, stream_id: int, *fields: tuple[bytes, bytes]) -> bytes:
    return raw_frame(HEADERS, END_STREAM | END_HEADERS, stream_id, peer.block(fields))


SUMS = [(b"x-sum", b"1"), (b"x-sum", b"2"), (b"set-cookie", b"a=b"), (b"content-encoding", b"br")]


@pytest.mark.parametrize("in_one_piece", [False, True])
@pytest.mark.parametrize("body", [b"", b"body"])
async def test_fields_after_the_body_are_kept_apart(
    mode: Mode, connect: Any, body: bytes, in_one_piece: bool
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        parts = [peer.head(asked.id, [(b"x-sum", b"head")])]
        if body:
            parts.append(raw_frame(0, 0, asked.id, body))
        parts.append(trailers(peer, asked.id, *SUMS))
        for sent in [b"".join(parts)] if in_one_piece else parts:
            peer.send(sent)
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            response = await client.get(server.url)
            assert response.content == body
            assert response.trailers.raw == SUMS
            assert response.extensions["trailers"] is response.trailers
            assert response.headers.raw == [(b"x-sum", b"head")]
            assert len(client.cookies) == 0
            other = await client.get(server.url + "next")
            assert other.text == "/next"
            assert len(other.trailers) == 0
            assert "trailers" not in other.extensions

        assert server.connections == 1


async def test_streaming_response_has_them_at_its_end(mode: Mode, connect: Any) -> None:
    read = threading.Event()

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        peer.data(asked.id, b"body")
        assert read.wait(10)
        peer.send(trailers(peer, asked.id, *SUMS))
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            async with client.stream("GET", server.url) as response:
                async for piece in response.aiter_raw():
                    assert piece == b"body"
                    assert len(response.trailers) == 0
                    read.set()
                assert response.trailers.raw == SUMS


@pytest.mark.parametrize(
    "field", [(b":status", b"200"), (b"Upper", b"x"), (b"a", b"b\r\n"), (b":path", b"/")]
)
async def test_trailers_keep_the_grammar_of_headers(
    mode: Mode, connect: Any, field: tuple[bytes, bytes]
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id), trailers(peer, asked.id, field))
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="PROTOCOL_ERROR"):
                await client.get(server.url)


async def test_trailers_change_no_length(mode: Mode, connect: Any) -> None:
    """RFC 9110 section 6.5.1. Frames say where a body ends; a Content-Length after it says nothing
    to anybody."""

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        peer.data(asked.id, b"body")
        peer.send(trailers(peer, asked.id, (b"content-length", b"1")))
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            try:
                response = await client.get(server.url)
            except hookline.RemoteProtocolError:
                pass
            else:
                assert response.content == b"body"
                assert "content-length" not in response.headers
            assert (await client.get(server.url + "next")).text == "/next"


# -- Upload progress ------------------------------------------------------------------------------


async def test_progress_is_no_further_than_the_server_lets_it(mode: Mode, connect: Any) -> None:
    told: list[int] = []

    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start()
        asked = peer.request()
        allowed = 65_535
        while asked.id not in peer.ended:
            peer.receive()
            assert told[-1] <= allowed
            peer.window(0, 16_384)
            peer.window(asked.id, 16_384)
            allowed += 16_384
        peer.respond(asked.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            extensions = {"upload_progress": lambda sent, total: told.append(sent)}
            response = await client.post(server.url, content=bytes(300_000), extensions=extensions)

    assert response.text == "ok"
    assert told == [0, 65_536, 131_072, 196_608, 262_144, 300_000]
