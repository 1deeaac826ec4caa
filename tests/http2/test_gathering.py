"""Requests that begin together on one loop are written together, whatever becomes of who writes."""

from __future__ import annotations

from typing import Any

import pytest

from hookline_http2 import HTTP2
from support.http2 import HEADERS, Peer, answering, http2_server
from support.modes import Mode
from support.tasks import cancel_once, until


def protocol_of(client: Any) -> Any:
    (connection,) = client._transport._pool._connections
    return connection.protocol


def heads_in(output: bytes) -> int:
    found = position = 0
    while position < len(output):
        found += output[position + 3] == HEADERS
        position += 9 + int.from_bytes(output[position : position + 3])
    return found


def settings_for(engine: str) -> Any:
    return {"protocols": [{"name": "http2", "options": {"engine": engine}}], "timeout": 10}


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_requests_that_begin_together_are_written_together(
    name: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = Mode(name)
    heads: list[int] = []
    write = HTTP2._write

    def counting(self: HTTP2, data: bytes) -> bool:
        if not data.startswith(b"PRI") and heads_in(data):
            heads.append(heads_in(data))
        return write(self, data)

    def script(peer: Peer) -> None:
        peer.start()
        peer.respond(peer.request().id)
        for asked in peer.requests(20):
            peer.respond(asked.id, asked.path.encode())
        peer.receive_to_end()

    async def scenario(url: str) -> None:
        async with mode.client(**settings_for(engine)) as client:
            await client.get(url)
            monkeypatch.setattr(HTTP2, "_write", counting)
            calls = [lambda n=n: client.get(f"{url}{n}") for n in range(20)]
            results = await mode.together(*calls)
            assert [result.text for result in results] == [f"/{n}" for n in range(20)]
            # The first is alone, and does not wait.
            assert heads == [1, 19]

    with http2_server(script) as server:
        mode.run(scenario, url=server.url)
        assert server.connections == 1


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_who_writes_for_others_may_be_cancelled_before(name: str, engine: str) -> None:
    mode = Mode(name)

    def script(peer: Peer) -> None:
        peer.start()
        asked = {one.path: one.id for one in peer.requests(3)}
        peer.reset_of(asked["/doomed"])
        for path in ("/first", "/last"):
            peer.respond(asked[path], path.encode())
        peer.receive_to_end()

    async def scenario(url: str) -> None:
        async with mode.client(**settings_for(engine)) as client:

            async def several_turns(seconds: float) -> None:
                # One would be over before the test has seen it.
                for _ in range(5):
                    await mode.breathe()

            def is_gathering() -> bool:
                connections = client._transport._pool._connections
                return any(connection.protocol._is_gathering for connection in connections)

            async def first() -> str:
                return str((await client.get(url + "first")).text)

            async def doomed() -> bool:
                await until(mode, lambda: bool(client._transport._pool._connections))
                await until(mode, lambda: len(protocol_of(client)._exchanges) == 1)
                protocol_of(client).network.sleep = several_turns
                return await cancel_once(mode, lambda: client.get(url + "doomed"), is_gathering)

            async def last() -> str:
                await until(mode, lambda: bool(client._transport._pool._connections))
                await until(mode, lambda: len(protocol_of(client)._exchanges) == 2)
                return str((await client.get(url + "last")).text)

            assert await mode.together(first, doomed, last) == ["/first", True, "/last"]
            assert not is_gathering()

    with http2_server(script) as server:
        mode.run(scenario, url=server.url)


async def test_a_request_whose_body_is_not_complete_is_written_at_once(
    mode: Mode, connect: Any
) -> None:
    with http2_server(answering) as server:
        async with connect() as client:
            calls = [
                *[lambda: client.post(server.url, content=bytes(200_000))] * 3,
                *[lambda: client.post(server.url, content=mode.body([b"one", b"two"]))] * 3,
                *[lambda: client.get(server.url)] * 3,
            ]
            results = await mode.together(*calls)

    assert [result.text for result in results] == ["/ 200000"] * 3 + ["/ 6"] * 3 + ["/"] * 3
