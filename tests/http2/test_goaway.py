"""Servers that go away: GOAWAY, with and without exchanges under way, and plain closing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import hookline
from support.http2 import (
    CANCEL,
    ENHANCE_YOUR_CALM,
    INTERNAL_ERROR,
    NO_ERROR,
    Peer,
    answering,
    http2_server,
    keep_answering,
    raw_frame,
)
from support.modes import Mode
from support.tasks import until

# -- With exchanges under way ---------------------------------------------------------------


async def test_streams_that_the_server_has_taken_are_finished_and_the_others_sent_again(
    mode: Mode, connect: Any
) -> None:
    def leaving(peer: Peer) -> None:
        peer.start()
        first, *others = peer.requests(4)
        del others
        peer.goaway(first.id)
        peer.send(peer.head(first.id))
        peer.data(first.id, b"finished ")
        peer.data(first.id, first.path.encode(), ends=True)
        peer.receive_to_end()

    with http2_server(leaving, answering) as server:
        async with connect() as client:
            calls = [lambda n=n: client.get(f"{server.url}{n}") for n in range(4)]
            results = await mode.together(*calls)
            texts = {result.text for result in results}
            assert len([text for text in texts if text.startswith("finished /")]) == 1
            assert {text.removeprefix("finished ") for text in texts} == {"/0", "/1", "/2", "/3"}
            assert len(client._transport._pool._connections) == 1

        # The connection is closed by us as soon as nobody uses it any more.
        assert server.connections == 2
        assert [asked.path for asked in server.peers[1].asked] == []


async def test_new_requests_go_elsewhere_while_old_ones_are_finished(
    mode: Mode, connect: Any
) -> None:
    go_on = threading.Event()

    def leaving(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        peer.goaway(asked.id)
        peer.data(asked.id, b"begun, ")
        assert go_on.wait(10)
        peer.data(asked.id, b"finished", ends=True)
        peer.receive_to_end()
        assert not peer.asked

    with http2_server(leaving, answering) as server:
        async with connect() as client:
            async with client.stream("GET", server.url) as response:
                pieces = response.aiter_raw()
                assert await anext(pieces) == b"begun, "
                for n in range(3):
                    assert (await client.get(f"{server.url}{n}")).text == f"/{n}"
                assert len(client._transport._pool._connections) == 2
                go_on.set()
                assert [piece async for piece in pieces] == [b"finished"]
            assert len(client._transport._pool._connections) == 1

        assert server.connections == 2


async def test_bodies_that_are_there_are_sent_again(mode: Mode, connect: Any) -> None:
    def leaving(peer: Peer) -> None:
        peer.start()
        peer.body(peer.request().id)
        peer.goaway(0)
        peer.finish()

    with http2_server(leaving, answering) as server:
        async with connect() as client:
            response = await client.post(server.url, content=bytes(200_000))
            assert response.text == "/ 200000"
            response = await client.put(server.url + "json", json={"a": 1})
            assert response.text == "/json 7"

        assert server.connections == 2


async def test_body_from_a_generator_that_has_not_begun_is_sent_over_another_connection(
    mode: Mode, connect: Any
) -> None:
    leaving = Then(lambda peer: peer.goaway(1))
    with http2_server(leaving, answering) as server:
        async with connect() as client:
            assert (await client.get(server.url)).text == "first"
            leaving.act()
            response = await client.post(server.url, content=mode.body([b"one", b"two"]))
            assert response.text == "/ 6"

        assert server.connections == 2


async def test_body_from_a_generator_that_has_begun_is_a_clear_error(
    mode: Mode, connect: Any
) -> None:
    def leaving(peer: Peer) -> None:
        peer.start()
        peer.request()
        peer.goaway(0)
        peer.receive_to_end()

    closed = []

    def pieces() -> Any:
        try:
            while True:
                yield bytes(10_000)
        finally:
            closed.append(True)

    with http2_server(leaving, answering) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError) as caught:
                await client.post(server.url, content=mode.body(pieces()))
            assert closed == [True]
            assert (await client.get(server.url + "next")).text == "/next"

    assert str(caught.value) == (
        "The server closed the connection (NO_ERROR) before it processed the request. "
        "It cannot be sent again: its body was read in part."
    )


async def test_upload_that_the_server_has_taken_is_finished(mode: Mode, connect: Any) -> None:
    def leaving(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.goaway(asked.id)
        peer.respond(asked.id, b"%d" % len(peer.body(asked.id)))
        peer.receive_to_end()

    with http2_server(leaving) as server:
        async with connect() as client:
            response = await client.post(server.url, content=mode.body([bytes(50_000)] * 6))
            assert response.text == "300000"


async def test_server_may_name_fewer_streams_in_a_second_goaway(mode: Mode, connect: Any) -> None:
    """RFC 9113 section 6.8: a graceful shutdown names all of them first."""

    def leaving(peer: Peer) -> None:
        peer.start()
        first, second, third = peer.requests(3)
        peer.goaway(2**31 - 1)
        peer.respond(first.id, first.path.encode())
        peer.goaway(second.id)
        peer.respond(second.id, second.path.encode())
        peer.receive_to_end()
        assert third.id not in peer.resets

    with http2_server(leaving, answering) as server:
        async with connect() as client:
            calls = [lambda n=n: client.get(f"{server.url}{n}") for n in range(3)]
            results = await mode.together(*calls)

        assert [result.text for result in results] == ["/0", "/1", "/2"]
        assert server.connections == 2


async def test_goaway_with_an_error_names_it_to_whom_it_leaves_unanswered(
    mode: Mode, connect: Any
) -> None:
    def leaving(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.goaway(asked.id, ENHANCE_YOUR_CALM)
        peer.finish()

    with http2_server(leaving) as server:
        async with connect() as client:
            with pytest.raises(
                hookline.RemoteProtocolError,
                match=r"The server closes the connection \(ENHANCE_YOUR_CALM\)",
            ):
                await client.get(server.url)
            assert client._transport._pool._open == 0


async def test_goaway_in_the_middle_of_a_body_names_its_error_where_the_body_is_cut(
    mode: Mode, connect: Any
) -> None:
    read = threading.Event()

    def leaving(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        peer.data(asked.id, b"some")
        assert read.wait(10)
        peer.goaway(asked.id, INTERNAL_ERROR)
        peer.finish()

    with http2_server(leaving) as server:
        async with connect() as client:
            async with client.stream("GET", server.url) as response:
                pieces = response.aiter_raw()
                assert await anext(pieces) == b"some"
                read.set()
                with pytest.raises(hookline.RemoteProtocolError, match="INTERNAL_ERROR"):
                    await anext(pieces)


async def test_unknown_error_code_is_given_as_a_number(mode: Mode, connect: Any) -> None:
    def leaving(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.goaway(asked.id, 0xBEEF)
        peer.finish()

    with http2_server(leaving) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="unknown error 0xbeef"):
                await client.get(server.url)


async def test_server_that_goes_away_each_time_is_given_up(mode: Mode, connect: Any) -> None:
    def leaving(peer: Peer) -> None:
        peer.start()
        peer.request()
        peer.goaway(0)
        peer.finish()

    with http2_server(leaving) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="before it processed"):
                await client.get(server.url)
            assert client._transport._pool._open == 0

        assert server.connections == 6


async def test_closing_one_early_is_still_said_after_a_goaway(mode: Mode, connect: Any) -> None:
    def leaving(peer: Peer) -> None:
        peer.start()
        asked = peer.requests(2)
        peer.goaway(asked[-1].id)
        for one in asked:
            peer.send(peer.head(one.id))
        assert peer.reset_of(asked[0].id) == CANCEL
        peer.data(asked[1].id, b"finished", ends=True)
        peer.receive_to_end()

    with http2_server(leaving) as server:
        async with connect() as client:

            async def close() -> None:
                async with client.stream("GET", server.url):
                    pass

            async def read() -> str:
                await until(mode, lambda: client._transport._pool._open == 1)
                return str((await client.get(server.url)).text)

            results = await mode.together(close, read)

    assert results in ([None, "finished"], ["finished", None])


# -- Idle -----------------------------------------------------------------------------------


class Then:
    """A script that answers one request, does something when it is told to, and answers on."""

    def __init__(self, action: Callable[[Peer], None]) -> None:
        self._action = action
        self._go_on = threading.Event()
        self._done = threading.Event()

    def __call__(self, peer: Peer) -> None:
        peer.start()
        peer.respond(peer.request().id, b"first")
        assert self._go_on.wait(10)
        self._action(peer)
        self._done.set()
        # The action may have closed the socket.
        if peer.conversation.socket.fileno() != -1:
            keep_answering(peer)

    def act(self) -> None:
        """Have it done."""
        self._go_on.set()
        assert self._done.wait(10)


@pytest.mark.parametrize(
    "action",
    [
        lambda peer: peer.conversation.socket.shutdown(1),
        lambda peer: peer.goaway(1),
        lambda peer: peer.goaway(1, ENHANCE_YOUR_CALM),
        lambda peer: (peer.goaway(1), peer.conversation.socket.shutdown(1)),
        lambda peer: peer.cut(),
        lambda peer: peer.send(raw_frame(0, 0, 0, b"DATA on no stream")),
    ],
    ids=["fin", "goaway", "goaway-error", "goaway-fin", "reset", "violation"],
)
async def test_idle_connection_that_is_over_is_noticed_before_it_is_used(
    action: Any, mode: Mode, connect: Any
) -> None:
    script = Then(action)
    with http2_server(script, answering) as server:
        async with connect() as client:
            assert (await client.get(server.url)).text == "first"
            script.act()
            # A body that cannot be sent twice shows that it was not sent once.
            response = await client.post(server.url + "next", content=mode.body([b"once"]))
            assert response.text == "/next 4"
            assert len(client._transport._pool._connections) == 1

        assert server.connections == 2
        assert len(server.peers[0].bodies) == 0


@pytest.mark.parametrize(
    "action",
    [
        lambda peer: peer.ping(),
        lambda peer: peer.settings({3: 50}),
        lambda peer: peer.settings({}),
        lambda peer: peer.window(0, 1000),
        lambda peer: peer.window(1, 1000),
        lambda peer: peer.reset(1, NO_ERROR),
        lambda peer: peer.send(raw_frame(2, 0, 1, bytes(5))),
        lambda peer: peer.send(raw_frame(10, 0, 0, b"\x00\x03abcdef")),
        lambda peer: peer.send(raw_frame(12, 0, 0, b"\x00\x03abcdef")),
        lambda peer: peer.send(raw_frame(0x21, 0, 0, b"")),
        lambda peer: [peer.ping() for _ in range(100)],
    ],
    ids=[
        "ping", "settings", "no-settings", "window", "stream-window", "reset", "priority",
        "altsvc", "origin", "unknown", "hundred-pings",
    ],
)  # fmt: skip
async def test_idle_connection_on_which_the_server_talks_is_used_again(
    action: Any, mode: Mode, connect: Any
) -> None:
    script = Then(action)
    with http2_server(script) as server:
        async with connect() as client:
            assert (await client.get(server.url)).text == "first"
            script.act()
            response = await client.post(server.url + "next", content=mode.body([b"once"]))
            assert response.text == "/next 4"

        assert server.connections == 1


async def test_pings_are_answered(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        for n in range(5):
            peer.ping(b"%08d" % n)
        answers = [peer.receive_until(lambda f: f.type == 6) for _ in range(5)]
        assert [answer.opaque_data for answer in answers] == [b"%08d" % n for n in range(5)]
        assert all("ACK" in answer.flags for answer in answers)
        peer.respond(asked.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            assert (await client.get(server.url)).text == "ok"


async def test_any_number_of_idle_connections_may_turn_out_to_be_over(
    mode: Mode, connect: Any
) -> None:
    """A server that is restarted closes all of them."""
    count = 12
    everybody = threading.Barrier(count)
    over = threading.Semaphore(0)
    go_on = threading.Event()

    def leaving(peer: Peer) -> None:
        peer.start({3: 1})
        asked = peer.request()
        everybody.wait(10)
        peer.respond(asked.id, b"first")
        assert go_on.wait(10)
        peer.conversation.socket.shutdown(1)
        over.release()
        peer.receive_to_end()

    with http2_server(*[leaving] * count, answering) as server:
        async with connect() as client:
            results = await mode.together(*[lambda: client.get(server.url)] * count)
            assert [result.text for result in results] == ["first"] * count
            go_on.set()
            for _ in range(count):
                assert over.acquire(timeout=10)
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == count + 1


async def test_closing_the_client_says_goodbye(mode: Mode, connect: Any) -> None:
    with http2_server(answering) as server:
        async with connect() as client:
            await client.get(server.url)

    last = server.peers[0].seen[-1]
    assert (last.type, last.error_code) == (7, NO_ERROR)
