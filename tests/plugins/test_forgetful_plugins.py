"""Connectors and protocols that leave a connection open: the pool closes what it lent them."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import hookline
from hookline.plugins import Connector
from hookline_http11._protocol import HTTP11
from support.modes import Mode
from support.raw import LIMIT, Conversation, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Broken(Exception):
    pass


class Ends:
    """A server's script, which knows when its clients have closed their connections."""

    def __init__(self) -> None:
        self._closed = threading.Semaphore(0)

    def __call__(self, conversation: Conversation) -> None:
        while conversation.receive_head():
            conversation.send(OK)
        self._closed.release()

    def wait(self) -> bool:
        return self._closed.acquire(timeout=LIMIT)


@pytest.mark.parametrize("how", ["raises", "returns", "is stopped"])
async def test_what_a_connector_opened_and_left_open_is_closed(mode: Mode, how: str) -> None:
    class Leaving(Connector):
        name = "leaving"
        stop: Any = None

        async def connect(self, origin: Any, network: Any, deadline: Any) -> Any:
            self.left = await network.connect_tcp(origin.host, origin.port, deadline)
            if how == "is stopped":
                await self.stop()
            if how == "raises":
                raise Broken

    ends = Ends()
    connector = Leaving()
    with raw_server(ends) as server:
        async with mode.client(proxy=connector) as client:

            async def call(stop: Any) -> Any:
                connector.stop = stop
                return await client.get(server.url)

            if how == "is stopped":
                assert await mode.interruptible(call) == (True, None)
            else:
                with pytest.raises((Broken, TypeError)):
                    await client.get(server.url)
            await mode.breathe()

            assert ends.wait()
            assert client.connections() == hookline.PoolSnapshot()


@pytest.mark.parametrize("how", ["does nothing", "raises"])
async def test_a_connection_that_its_protocol_does_not_close_is_closed(
    mode: Mode, how: str
) -> None:
    class Leaving(HTTP11):
        name = "leaving"

        def close(self) -> None:
            if how == "raises":
                raise Broken

    ends = Ends()
    with raw_server(ends) as server:
        client = mode.client(protocols=[Leaving], limits=hookline.Limits(max_connections=1))
        await client.get(server.url)
        try:
            await client.aclose()
        except Broken:
            assert how == "raises"
        await mode.breathe()

        assert ends.wait()
        assert client.connections() == hookline.PoolSnapshot()


async def test_a_protocol_that_cannot_say_whether_it_is_reusable_is_named_and_closed(
    mode: Mode,
) -> None:
    class Unsure(HTTP11):
        name = "unsure"

        def is_reusable(self) -> bool:
            raise Broken

    ends = Ends()
    with raw_server(ends) as server:
        limits = hookline.Limits(max_connections=1)
        async with mode.client(protocols=[Unsure], limits=limits) as client:
            await client.get(server.url)
            with pytest.raises(Broken) as caught:
                await client.get(server.url)
            pool = client.connections()
            assert (await client.get(server.url)).text == "ok"
            await mode.breathe()

            assert pool == hookline.PoolSnapshot()
            assert ends.wait()

    (note,) = caught.value.__notes__
    assert note.startswith("It was raised in the protocol ")
    assert note.endswith(".Unsure.")
