"""How many streams a peer takes at once, and what becomes of requests beyond that."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

import hookline
from support.http2 import (
    MAX_STREAMS,
    REFUSED_STREAM,
    Peer,
    answering,
    http2_server,
    keep_answering,
)
from support.modes import Mode
from support.tasks import until

ONE_CONNECTION = hookline.Limits(max_connections=1)


def books(client: Any) -> tuple[int, int, int]:
    """What the pool has on its books: open, idle, waiting."""
    pool = client._transport._pool
    return pool._open, pool._idle_count, len(pool._waiting)


class Holding:
    """A script that sends heads at once, and bodies when it is told to go on."""

    def __init__(self, limit: int, requests: int) -> None:
        self.limit = limit
        self.requests = requests
        self.go_on = threading.Event()

    def __call__(self, peer: Peer) -> None:
        peer.start({MAX_STREAMS: self.limit})
        held = []
        for _ in range(self.requests):
            held.append(peer.request().id)
            peer.send(peer.head(held[-1]))
        assert self.go_on.wait(10)
        for number in held:
            peer.data(number, b"held", ends=True)
        keep_answering(peer)


async def test_request_beyond_the_limit_opens_another_connection(mode: Mode, connect: Any) -> None:
    has_come = threading.Event()

    def full(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 2})
        asked = peer.requests(2)
        # Only now, so that both streams are taken when the third request comes.
        assert has_come.wait(10)
        for one in asked:
            peer.respond(one.id, b"first")
        peer.receive_to_end()

    def next_one(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 2})
        asked = peer.request()
        has_come.set()
        peer.respond(asked.id, b"second")
        peer.receive_to_end()

    with http2_server(full, next_one) as server:
        async with connect() as client:
            results = await mode.together(*[lambda: client.get(server.url)] * 3)
            assert sorted(result.text for result in results) == ["first", "first", "second"]
            assert books(client) == (2, 2, 0)

        assert server.connections == 2


async def test_request_beyond_the_limit_of_the_only_connection_obeys_its_pool_timeout(
    mode: Mode, connect: Any
) -> None:
    script = Holding(limit=2, requests=2)
    with http2_server(script) as server:
        async with connect(limits=ONE_CONNECTION) as client:
            async with (
                client.stream("GET", server.url) as first,
                client.stream("GET", server.url) as second,
            ):
                timeout = hookline.Timeout(10, pool=0.01)
                with pytest.raises(hookline.PoolTimeout, match="1 of 1 are in use"):
                    await client.get(server.url, timeout=timeout)
                assert books(client) == (1, 0, 0)
                script.go_on.set()
                assert await first.aread() == await second.aread() == b"held"
            assert (await client.get(server.url + "third", timeout=timeout)).text == "/third"

        assert server.connections == 1


@pytest.mark.parametrize("ending", ["read", "closed"])
async def test_stream_that_ends_serves_who_waits(ending: str, mode: Mode, connect: Any) -> None:
    script = Holding(limit=2, requests=2)
    with http2_server(script) as server:
        async with connect(limits=ONE_CONNECTION) as client:

            async def hold() -> None:
                async with (
                    client.stream("GET", server.url) as first,
                    client.stream("GET", server.url) as second,
                ):
                    are_held.append(True)
                    await until(mode, lambda: books(client)[2] == 1)
                    script.go_on.set()
                    if ending == "closed":
                        await first.aclose()
                        served.append((await third()).text)
                    else:
                        await first.aread()
                    await second.aread()

            async def third() -> Any:
                return await client.get(server.url + "third")

            async def wait() -> None:
                await until(mode, lambda: bool(are_held))
                served.append((await third()).text)

            are_held: list[bool] = []
            served: list[str] = []
            assert await mode.together(hold, wait) == [None, None]

        assert set(served) == {"/third"}
        assert server.connections == 1


async def test_limit_of_one_serves_one_request_after_the_other(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 1})
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect(limits=ONE_CONNECTION) as client:
            calls = [lambda n=n: client.get(f"{server.url}{n}") for n in range(30)]
            results = await mode.together(*calls)

        assert [result.text for result in results] == [f"/{n}" for n in range(30)]
        assert server.connections == 1


async def test_raised_limit_lets_those_in_who_wait(mode: Mode, connect: Any) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 1})
        first = peer.request()
        peer.send(peer.head(first.id))
        assert go_on.wait(10)
        peer.settings({MAX_STREAMS: 3})
        # Both at once, beside the first one.
        for asked in reversed(peer.requests(2)):
            peer.respond(asked.id, b"let in")
        peer.data(first.id, b"first", ends=True)
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(limits=ONE_CONNECTION) as client:

            async def hold() -> bytes:
                async with client.stream("GET", server.url) as response:
                    return bytes(await response.aread())

            async def wait() -> str:
                await until(mode, lambda: books(client)[0] == 1)
                return str((await client.get(server.url)).text)

            async def raise_it() -> None:
                await until(mode, lambda: books(client)[2] == 2)
                go_on.set()

            results = await mode.together(hold, wait, wait, raise_it)

    assert results == [b"first", "let in", "let in", None]


async def test_lowered_limit_holds_for_the_next_requests(mode: Mode, connect: Any) -> None:
    def first(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 3})
        asked = peer.requests(3)
        peer.settings({MAX_STREAMS: 1})
        for one in asked:
            peer.respond(one.id, b"first")
        (one,) = peer.requests(1)
        assert second_has_come.wait(10)
        peer.respond(one.id, b"first")
        peer.receive_to_end()
        assert peer.asked == type(peer.asked)()

    def second(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        second_has_come.set()
        peer.respond(asked.id, b"second")
        peer.receive_to_end()

    second_has_come = threading.Event()
    with http2_server(first, second) as server:
        async with connect() as client:
            results = await mode.together(*[lambda: client.get(server.url)] * 3)
            assert [result.text for result in results] == ["first"] * 3

            results = await mode.together(*[lambda: client.get(server.url)] * 2)
            assert sorted(result.text for result in results) == ["first", "second"]


async def test_peer_that_names_no_limit_gets_a_hundred_at_once(mode: Mode, connect: Any) -> None:
    has_come = threading.Event()

    def full(peer: Peer) -> None:
        peer.start()
        asked = peer.requests(100)
        assert has_come.wait(10)
        for one in asked:
            peer.respond(one.id, b"first")
        peer.receive_to_end()

    def next_one(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 2**32 - 1})
        asked = peer.request()
        has_come.set()
        peer.respond(asked.id, b"second")
        peer.receive_to_end()

    with http2_server(full, next_one) as server:
        async with connect() as client:
            results = await mode.together(*[lambda: client.get(server.url)] * 101)
            capacities = {c.protocol.capacity for c in client._transport._pool._connections}

    assert sorted(result.text for result in results) == ["first"] * 100 + ["second"]
    assert capacities == {100}


async def test_second_stream_waits_for_the_settings_of_the_peer(mode: Mode, connect: Any) -> None:
    all_wait = threading.Event()

    def script(peer: Peer) -> None:
        peer.meet()
        first = peer.request()
        assert all_wait.wait(10)
        # Whatever was sent on loopback is here.
        peer.conversation.socket.setblocking(False)
        try:
            unread = peer.conversation.socket.recv(65536, socket.MSG_PEEK)
        except BlockingIOError:
            unread = b""
        peer.conversation.socket.settimeout(10)
        assert b"\x01\x05" not in unread
        assert not peer.asked
        peer.settings({MAX_STREAMS: 4})
        asked = peer.requests(3)
        for one in (first, *asked):
            peer.respond(one.id, b"ok")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            pool = client._transport._pool

            async def tell() -> None:
                await until(mode, lambda: any(len(j) == 3 for j in list(pool._making.values())))
                all_wait.set()

            results = await mode.together(*[lambda: client.get(server.url)] * 4, tell)
            assert [result.text for result in results[:4]] == ["ok"] * 4

        assert server.connections == 1


# -- Refused --------------------------------------------------------------------------------


async def test_refused_request_is_sent_again(mode: Mode, connect: Any) -> None:
    bodies = []

    def script(peer: Peer) -> None:
        peer.start()
        for _ in range(3):
            asked = peer.request()
            bodies.append(peer.body(asked.id))
            peer.reset(asked.id, REFUSED_STREAM)
        asked = peer.request()
        bodies.append(peer.body(asked.id))
        peer.respond(asked.id, b"taken")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            response = await client.post(server.url, content=b"payload")

        assert response.text == "taken"
        assert bodies == [b"payload"] * 4
        assert server.connections == 1


async def test_neighbours_of_a_refused_request_do_not_notice(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.requests(4)
        peer.reset(asked[1].id, REFUSED_STREAM)
        again = peer.request()
        for one in (asked[0], again, asked[2], asked[3]):
            peer.respond(one.id, one.path.encode())
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            calls = [lambda n=n: client.get(f"{server.url}{n}") for n in range(4)]
            results = await mode.together(*calls)

    assert [result.text for result in results] == ["/0", "/1", "/2", "/3"]


async def test_request_that_is_refused_again_and_again_fails(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        while True:
            peer.reset(peer.request().id, REFUSED_STREAM)

    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="REFUSED_STREAM") as caught:
                await client.get(server.url)
            assert books(client) == (1, 1, 0)

    assert type(caught.value).__name__ == "NotProcessed"
    # The first time, and five more.
    assert len(server.peers[0].ended) == 6


async def test_refused_body_that_was_begun_cannot_be_sent_again(mode: Mode, connect: Any) -> None:
    closed = []

    def pieces() -> Any:
        try:
            yield b"one"
            yield b"two"
        finally:
            closed.append(True)

    def script(peer: Peer) -> None:
        peer.start()
        peer.reset(peer.request().id, REFUSED_STREAM)
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(
                hookline.RemoteProtocolError,
                match=r"refused the stream \(REFUSED_STREAM\)\. It cannot be sent again",
            ):
                await client.post(server.url, content=mode.body(pieces()))
            assert closed == [True]
            assert (await client.get(server.url + "next")).text == "/next"


async def test_refusal_after_the_head_of_the_response_is_an_error(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        peer.reset(asked.id, REFUSED_STREAM)
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="REFUSED_STREAM") as caught:
                await client.get(server.url)

        assert type(caught.value) is hookline.RemoteProtocolError
        assert len(server.peers[0].ended) == 1


async def test_peer_that_takes_no_streams_at_all_is_given_up(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 0})
        peer.reset(peer.request().id, REFUSED_STREAM)
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="REFUSED_STREAM"):
                await client.get(server.url)
            assert books(client) == (0, 0, 0)

        assert server.connections == 6


async def test_request_that_was_sent_before_a_limit_of_none_is_still_answered(
    mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 0})
        peer.respond(peer.request().id, b"ok")
        peer.receive_to_end()
        assert not peer.asked

    with http2_server(script) as server:
        async with connect() as client:
            results = await mode.together(*[lambda: client.get(server.url)] * 3)
            assert [result.text for result in results] == ["ok"] * 3
            assert books(client) == (0, 0, 0)

        assert server.connections == 3


async def test_identifiers_that_run_out_mean_a_new_connection(mode: Mode, connect: Any) -> None:
    """2**30 requests: less than a fortnight at a thousand a second."""
    with http2_server(answering) as server:
        async with connect() as client:
            await client.get(server.url)
            (connection,) = client._transport._pool._connections
            codec = connection.protocol._codec
            if hasattr(codec, "_h2"):
                codec._h2.highest_outbound_stream_id = 2**31 - 3
            else:
                codec._last_id = 2**31 - 3
            responses = [await client.get(f"{server.url}{n}") for n in range(4)]
            assert connection not in client._transport._pool._connections

    assert [response.text for response in responses] == ["/0", "/1", "/2", "/3"]
    assert [response.extensions["stream_id"] for response in responses] == [2**31 - 1, 1, 3, 5]
    assert server.connections == 2
