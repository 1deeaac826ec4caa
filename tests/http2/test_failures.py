"""Servers that break off: what is raised, what it says, and what was delivered before."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import hookline
from hookline_http2._codec import ERROR_NAMES
from support.http2 import CANCEL, NO_ERROR, REFUSED_STREAM, Peer, http2_server, keep_answering
from support.modes import Mode
from support.tasks import until


async def test_close_before_the_response_is_an_error(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        peer.request()
        peer.finish()

    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(
                hookline.RemoteProtocolError, match="The server closed the HTTP/2 connection"
            ) as caught:
                await client.get(server.url)
            assert str(caught.value.request.url) == server.url
            assert client._transport._pool._open == 0

        # It may have acted on the request: nothing is sent again.
        assert server.connections == 1


async def test_close_before_anything_is_an_error(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.finish()

    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="closed the HTTP/2 connection"):
                await client.get(server.url)

        assert server.connections == 1


@pytest.mark.parametrize("ending", ["fin", "reset"])
async def test_what_came_before_the_end_is_delivered_first(
    ending: str, mode: Mode, connect: Any
) -> None:
    read = threading.Event()

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        peer.data(asked.id, b"one")
        peer.data(asked.id, b"two")
        assert read.wait(10)
        if ending == "fin":
            peer.data(asked.id, b"three")
            peer.finish()
        else:
            peer.cut()

    with http2_server(script) as server:
        async with connect() as client:
            async with client.stream("GET", server.url) as response:
                received = b""
                with pytest.raises(hookline.TransportError) as caught:
                    async for piece in response.aiter_raw():
                        received += piece
                        if received == b"onetwo":
                            read.set()
            assert client._transport._pool._open == 0

    if ending == "fin":
        assert received == b"onetwothree"
        assert type(caught.value) is hookline.RemoteProtocolError
        assert str(caught.value) == "The server closed the HTTP/2 connection."
    else:
        assert received == b"onetwo"
        assert isinstance(caught.value, (hookline.ReadError, hookline.RemoteProtocolError))


async def test_end_of_the_connection_is_everybodys(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        peer.requests(10)
        peer.finish()

    with http2_server(script) as server:
        async with connect() as client:
            results = await mode.together(*[lambda: client.get(server.url)] * 10)
            assert [str(r) for r in results] == ["The server closed the HTTP/2 connection."] * 10
            # Each has an exception of its own, which knows its request.
            assert len({id(result) for result in results}) == 10
            assert all(result.request.method == "GET" for result in results)
            assert client._transport._pool._open == 0


@pytest.mark.parametrize(
    ("code", "name"), [*enumerate(ERROR_NAMES), (0x100, "unknown error 0x100")]
)
async def test_reset_names_its_error_code(code: int, name: str, mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        for _ in range(6):
            peer.reset(peer.request().id, code)
            if code != REFUSED_STREAM:
                break
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError) as caught:
                await client.get(server.url)
            said = "refused" if code == REFUSED_STREAM else "reset"
            assert str(caught.value) == f"The server {said} the stream ({name})."
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


@pytest.mark.parametrize("code", [NO_ERROR, CANCEL])
async def test_reset_in_the_middle_of_a_body_comes_after_what_was_sent(
    code: int, mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        peer.data(asked.id, b"some")
        peer.reset(asked.id, code)
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            async with client.stream("GET", server.url) as response:
                received = []
                with pytest.raises(hookline.RemoteProtocolError, match="reset the stream"):
                    async for piece in response.aiter_raw():
                        received.append(piece)  # noqa: PERF401
                assert received == [b"some"]
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_neighbours_of_a_reset_stream_do_not_notice(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.requests(3)
        peer.reset(asked[1].id, CANCEL)
        for one in (asked[2], asked[0]):
            peer.respond(one.id, one.path.encode())
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            calls = [lambda n=n: client.get(f"{server.url}{n}") for n in range(3)]
            results = await mode.together(*calls)
            assert sum(isinstance(r, hookline.RemoteProtocolError) for r in results) == 1
            assert sum(getattr(r, "text", "") == f"/{n}" for n, r in enumerate(results)) == 2


# -- Closing on our side --------------------------------------------------------------------


async def test_closing_the_client_ends_all_exchanges(mode: Mode, connect: Any) -> None:
    count = 5

    def script(peer: Peer) -> None:
        peer.start()
        for asked in peer.requests(count):
            peer.send(peer.head(asked.id))
        all_there.set()
        peer.receive_to_end()

    all_there = threading.Event()
    with http2_server(script) as server:
        client = connect(timeout=None)

        async def close() -> None:
            await until(mode, all_there.is_set)
            await client.aclose()

        results = await mode.together(*[lambda: client.get(server.url)] * count, close)

        assert [type(result) for result in results[:-1]] == [hookline.ReadError] * count, results
        assert all("closed" in str(result) for result in results[:-1]), results
        assert client._transport._pool._open == 0
        assert server.connections == 1


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_closing_the_client_while_nobody_reads_ends_all_exchanges(name: str, engine: str) -> None:
    """In the moment between two readers, closing must not leave the others asleep."""
    mode = Mode(name)

    def script(peer: Peer) -> None:
        peer.start()
        first, *_ = peer.requests(4)
        peer.respond(first.id, b"first")
        peer.receive_to_end()

    async def scenario(url: str) -> list[Any]:
        protocols = [{"name": "http2", "options": {"engine": engine}}]
        client = mode.client(protocols=protocols, timeout=None)

        async def get_and_close() -> str:
            response = await client.get(url)
            # Without letting anybody else run.
            await client.aclose()
            return str(response.text)

        async def get() -> Any:
            await until(mode, lambda: bool(client._transport._pool._making))
            return await client.get(url)

        return await mode.together(get_and_close, get, get, get)

    with http2_server(script) as server:
        first, *others = mode.run(scenario, url=server.url)

    assert first == "first"
    assert [type(other) for other in others] == [hookline.ReadError] * 3


async def test_closed_client_takes_no_requests(mode: Mode, connect: Any) -> None:
    with http2_server(lambda peer: None) as server:
        client = connect()
        await client.aclose()
        with pytest.raises(RuntimeError, match="closed"):
            await client.get(server.url)


async def test_response_that_is_read_after_the_client_was_closed_is_an_error(
    mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        peer.send(peer.head(peer.request().id))
        peer.receive_to_end()

    with http2_server(script) as server:
        client = connect()
        request = client.build_request("GET", server.url)
        response = await client.send(request, stream=True)
        await client.aclose()
        with pytest.raises(hookline.ReadError, match="closed"):
            await response.aread()


async def test_response_that_is_complete_outlives_its_client(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        peer.data(asked.id, b"all of it", ends=True)
        peer.respond(peer.request().id, b"second")
        peer.receive_to_end()

    with http2_server(script) as server:
        client = connect()
        response = await client.send(client.build_request("GET", server.url), stream=True)
        # Whoever reads takes in what came for all.
        assert (await client.get(server.url)).text == "second"
        await client.aclose()
        assert await response.aread() == b"all of it"
