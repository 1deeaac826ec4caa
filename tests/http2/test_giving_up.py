"""Exchanges that end before their time: what the server hears of it, and what neighbours do not."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest
from hyperframe import frame as frames

import hookline
from support.http2 import CANCEL, MAX_STREAMS, Peer, answering, http2_server, keep_answering
from support.modes import Mode
from support.tasks import after_turns, cancel_once, until

ONE_CONNECTION = hookline.Limits(max_connections=1)


def protocol_of(client: Any) -> Any:
    """The one connection of a client."""
    (connection,) = client._transport._pool._connections
    return connection.protocol


def has_reader(client: Any) -> bool:
    connections = client._transport._pool._connections
    return any(connection.protocol._is_reading for connection in list(connections))


def waits_for_reset(peer: Peer) -> None:
    """Heads, and a piece of a body; the rest of a connection's life is answering."""
    peer.start()
    asked = peer.request()
    peer.send(peer.head(asked.id))
    peer.data(asked.id, b"some")
    assert peer.reset_of(asked.id) == CANCEL
    keep_answering(peer)


# -- Closed early ---------------------------------------------------------------------------


async def test_response_that_is_closed_early_resets_its_stream_and_nothing_else(
    mode: Mode, connect: Any
) -> None:
    with http2_server(waits_for_reset) as server:
        async with connect() as client:
            async with client.stream("GET", server.url):
                pass
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1
        assert server.peers[0].resets == {1: CANCEL}


async def test_response_that_is_closed_in_the_middle_resets_its_stream(
    mode: Mode, connect: Any
) -> None:
    with http2_server(waits_for_reset) as server:
        async with connect() as client:
            async with client.stream("GET", server.url) as response:
                async for piece in response.aiter_raw():
                    assert piece == b"some"
                    break
            with pytest.raises(hookline.StreamConsumed):
                await response.aread()
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_response_that_was_read_resets_nothing(mode: Mode, connect: Any) -> None:
    with http2_server(answering) as server:
        async with connect() as client:
            for _ in range(5):
                async with client.stream("GET", server.url) as response:
                    await response.aread()
                await client.post(server.url, content=b"abc")

        assert server.peers[0].resets == {}


async def test_three_hundred_responses_in_a_row_are_closed_early_on_one_connection(
    mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 100})
        for _ in range(300):
            asked = peer.request()
            peer.send(peer.head(asked.id))
            peer.data(asked.id, b"some")
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            for _ in range(300):
                async with client.stream("GET", server.url):
                    pass
            assert (await client.get(server.url + "next")).text == "/next"
            assert protocol_of(client)._exchanges == {}

        assert server.connections == 1
        assert server.peers[0].resets == {2 * n + 1: CANCEL for n in range(300)}


async def test_what_arrives_for_abandoned_streams_is_acknowledged(mode: Mode, connect: Any) -> None:
    """Or the connection's window would shrink with each of them, until it stalls."""
    rounds, size = 100, 1 << 20
    piece = bytes(65_536)

    def script(peer: Peer) -> None:
        peer.start()
        for _ in range(rounds):
            asked = peer.request()
            peer.send(peer.head(asked.id))
            for _ in range(size // len(piece)):
                # The stream's window is what the client gave it; the connection's has to be.
                while peer.windows[0] < len(piece):
                    peer.receive()
                peer.windows[0] -= len(piece)
                peer.data(asked.id, piece)
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            for _ in range(rounds):
                async with client.stream("GET", server.url):
                    pass
            assert (await client.get(server.url + "next")).text == "/next"

        peer = server.peers[0]
        granted = sum(
            frame.window_increment
            for frame in peer.seen
            if isinstance(frame, frames.WindowUpdateFrame) and frame.stream_id == 0
        )
        assert server.connections == 1
        # All of it came back, but for what is not worth a frame yet.
        window = 16 * 1024 * 1024
        assert rounds * size <= granted + 65_535 <= rounds * size + window


# -- Garbage --------------------------------------------------------------------------------


async def test_garbage_collected_response_resets_its_stream_and_gives_its_place_back(
    mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 1})
        asked = peer.request()
        peer.send(peer.head(asked.id))
        # With the next request at the latest.
        assert peer.request().path == "/next"
        assert peer.resets == {asked.id: CANCEL}
        peer.respond(asked.id + 2, b"next")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(limits=ONE_CONNECTION) as client:
            request = client.build_request("GET", server.url)
            response = await client.send(request, stream=True)
            with pytest.warns(ResourceWarning, match="neither read to its end nor closed"):
                del response
                gc.collect()
            assert (await client.get(server.url + "next")).text == "next"

        assert server.connections == 1


async def test_garbage_collected_response_lets_in_who_waits(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 1})
        peer.send(peer.head(peer.request().id))
        peer.respond(peer.request().id, b"next")
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect(limits=ONE_CONNECTION) as client:
            request = client.build_request("GET", server.url)
            held = [await client.send(request, stream=True)]

            async def drop_once_somebody_waits() -> None:
                await until(mode, lambda: bool(client._transport._pool._waiting))
                with pytest.warns(ResourceWarning):
                    held.clear()
                    gc.collect()

            result, _ = await mode.together(
                lambda: client.get(server.url), drop_once_somebody_waits
            )
            assert result.text == "next"


def test_response_that_is_garbage_while_the_connection_is_locked_is_let_go(engine: str) -> None:
    """The collector comes by in any thread, at any moment."""
    with http2_server(waits_for_reset) as server:
        protocols = [{"name": "http2", "options": {"engine": engine}}]
        with hookline.Client(protocols=protocols) as client:
            held = [client.send(client.build_request("GET", server.url), stream=True)]
            with pytest.warns(ResourceWarning):
                with protocol_of(client)._lock, client._transport._pool._lock:
                    held.clear()
                    gc.collect()
            assert client.get(server.url + "next").text == "/next"


# -- Timeouts -------------------------------------------------------------------------------


def answers_all_but_one(peer: Peer) -> None:
    """Waits for two requests, lets "/slow" time out, and answers the other after that."""
    peer.start()
    asked = {one.path: one.id for one in peer.requests(2)}
    assert peer.reset_of(asked["/slow"]) == CANCEL
    peer.respond(asked["/other"], b"other")
    keep_answering(peer)


@pytest.mark.parametrize("who", ["reader", "sleeper"])
async def test_read_timeout_is_that_of_one_stream(who: str, mode: Mode, connect: Any) -> None:
    with http2_server(answers_all_but_one) as server:
        async with connect() as client:
            # Whoever comes first reads for both.
            async def slow() -> Any:
                if who == "sleeper":
                    await until(mode, lambda: has_reader(client))
                timeout = hookline.Timeout(10, read=0.05)
                return await client.get(server.url + "slow", timeout=timeout)

            async def other() -> Any:
                if who == "reader":
                    await until(mode, lambda: has_reader(client))
                return await client.get(server.url + "other")

            failed, result = await mode.together(slow, other)
            assert type(failed) is hookline.ReadTimeout
            assert str(failed) == "No data came within 0.05 s."
            assert str(failed.request.url) == server.url + "slow"
            assert result.text == "other"

            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_read_timeout_in_the_middle_of_a_body_is_that_of_one_stream(
    mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = {one.path: one.id for one in peer.requests(2)}
        for number in asked.values():
            peer.send(peer.head(number))
            peer.data(number, b"some")
        assert peer.reset_of(asked["/slow"]) == CANCEL
        peer.data(asked["/other"], b" more", ends=True)
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:

            async def slow() -> Any:
                timeout = hookline.Timeout(10, read=0.05)
                return await client.get(server.url + "slow", timeout=timeout)

            failed, result = await mode.together(slow, lambda: client.get(server.url + "other"))
            assert type(failed) is hookline.ReadTimeout
            assert result.text == "some more"
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_streams_with_no_news_time_out_while_others_are_busy(
    mode: Mode, connect: Any
) -> None:
    """What comes for others is no progress of one's own."""
    timed_out = threading.Event()

    def script(peer: Peer) -> None:
        peer.start()
        asked = {one.path: one.id for one in peer.requests(2)}
        peer.send(peer.head(asked["/busy"]))
        peer.conversation.socket.settimeout(0.002)
        while asked["/silent"] not in peer.resets:
            peer.data(asked["/busy"], b".")
            try:
                peer.receive()
            except TimeoutError:
                pass
        peer.conversation.socket.settimeout(10)
        timed_out.set()
        peer.data(asked["/busy"], b"", ends=True)
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:

            async def silent() -> Any:
                timeout = hookline.Timeout(10, read=0.1)
                return await client.get(server.url + "silent", timeout=timeout)

            failed, busy = await mode.together(silent, lambda: client.get(server.url + "busy"))

    assert type(failed) is hookline.ReadTimeout
    assert set(busy.text) == {"."}
    assert timed_out.is_set()


async def test_everybody_may_time_out_at_once(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        numbers = [asked.id for asked in peer.requests(10)]
        assert {peer.reset_of(number) for number in numbers} == {CANCEL}
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            timeout = hookline.Timeout(10, read=0.05)
            calls = [lambda: client.get(server.url, timeout=timeout)] * 10
            results = await mode.together(*calls)
            assert [type(result) for result in results] == [hookline.ReadTimeout] * 10
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


# -- Cancellation ---------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["reader", "sleeper"])
@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_cancelled_request_resets_its_stream_and_its_neighbour_reads_on(
    name: str, who: str, engine: str
) -> None:
    mode = Mode(name)

    async def scenario(url: str) -> None:
        protocols = [{"name": "http2", "options": {"engine": engine}}]
        async with mode.client(protocols=protocols) as client:

            def both_wait() -> bool:
                return has_reader(client) and len(protocol_of(client)._sleeping) == 1

            async def slow() -> None:
                if who == "sleeper":
                    await until(mode, lambda: has_reader(client))
                get = lambda: client.get(url + "slow")  # noqa: E731
                assert await cancel_once(mode, get, both_wait)

            async def other() -> Any:
                if who == "reader":
                    await until(mode, lambda: has_reader(client))
                return await client.get(url + "other")

            problem, result = await mode.together(slow, other)
            assert problem is None
            assert result.text == "other"
            assert (await client.get(url + "next")).text == "/next"

    with http2_server(answers_all_but_one) as server:
        mode.run(scenario, url=server.url)
        assert server.connections == 1


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_role_of_the_reader_that_goes_to_a_cancelled_request_goes_to_the_next(
    name: str, engine: str
) -> None:
    mode = Mode(name)

    def script(peer: Peer) -> None:
        peer.start()
        asked = {one.path: one.id for one in peer.requests(3)}
        peer.respond(asked["/reader"], b"reader")
        assert peer.reset_of(asked["/doomed"]) == CANCEL
        peer.respond(asked["/last"], b"last")
        peer.receive_to_end()

    async def scenario(url: str) -> None:
        protocols = [{"name": "http2", "options": {"engine": engine}}]
        async with mode.client(protocols=protocols, limits=ONE_CONNECTION) as client:
            is_read: list[bool] = []

            def sleepers() -> int:
                connections = client._transport._pool._connections
                return sum(len(connection.protocol._sleeping) for connection in connections)

            async def reader() -> Any:
                response = await client.get(url + "reader")
                # The first who sleeps was woken to read on, and has not run since.
                is_read.append(True)
                return response.text

            async def doomed() -> bool:
                await until(mode, lambda: has_reader(client))
                get = lambda: client.get(url + "doomed")  # noqa: E731
                return await cancel_once(mode, get, lambda: bool(is_read))

            async def last() -> Any:
                await until(mode, lambda: sleepers() == 1)
                return (await client.get(url + "last")).text

            assert await mode.together(reader, doomed, last) == ["reader", True, "last"]

    with http2_server(script) as server:
        mode.run(scenario, url=server.url)


@pytest.mark.parametrize("turns", [*range(12), 15, 20, 30, 50])
@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_reader_may_be_cancelled_at_any_turn_and_neighbours_lose_nothing(
    name: str, turns: int, engine: str
) -> None:
    mode = Mode(name)
    body = b"".join(b"%07d " % number for number in range(30_000))

    def script(peer: Peer) -> None:
        peer.start()
        sent: dict[int, int] = {}
        while True:
            while peer.asked:
                asked = peer.asked.popleft()
                peer.send(peer.head(asked.id))
                sent[asked.id] = 0
            for number in [n for n in sent if n not in peer.resets]:
                piece = body[sent[number] : sent[number] + 5000]
                sent[number] += len(piece)
                peer.data(number, piece, ends=not piece)
                if not piece:
                    del sent[number]
            if not sent.keys() - peer.resets.keys():
                peer.receive()

    async def scenario(url: str) -> None:
        protocols = [{"name": "http2", "options": {"engine": engine}}]
        async with mode.client(protocols=protocols, limits=ONE_CONNECTION) as client:
            get = lambda: client.get(url)  # noqa: E731
            doomed = lambda: after_turns(mode, turns, get)  # noqa: E731
            results = await mode.together(doomed, get, doomed, get, doomed)
            assert all(result in (True, False) for result in results[::2])
            assert [result.content == body for result in results[1::2]] == [True, True]
            assert (await client.get(url)).content == body
            assert protocol_of(client)._exchanges == {}
            assert protocol_of(client)._sleeping == {}

    with http2_server(script) as server:
        mode.run(scenario, url=server.url)
