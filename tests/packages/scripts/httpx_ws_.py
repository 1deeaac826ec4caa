"""httpx-ws: WebSockets over real connections in both modes and under trio, and over ASGI."""

import asyncio
import sys

import httpx
import pytest
import trio
from httpx_ws import (
    WebSocketDisconnect,
    WebSocketNetworkError,
    WebSocketUpgradeError,
    aconnect_ws,
    connect_ws,
)
from httpx_ws.transport import ASGIWebSocketTransport
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

URL = sys.argv[1]
LARGE = bytes(range(256)) * 1000


def sync() -> None:
    with httpx.Client() as client, connect_ws(f"{URL}/ws", client, subprotocols=["echo"]) as ws:
        assert ws.subprotocol == "echo"
        assert ws.response is not None
        assert ws.response.status_code == 101
        ws.send_text("hi")
        assert ws.receive_text() == "hi"
        ws.send_bytes(LARGE)
        received = b""
        while len(received) < len(LARGE):
            received += ws.receive_bytes()
        assert received == LARGE
        assert ws.ping().wait(5)
        ws.send_text("close")
        with pytest.raises(WebSocketDisconnect) as closed:
            ws.receive()
        assert (closed.value.code, closed.value.reason) == (4001, "as you wish")
    with pytest.raises(WebSocketUpgradeError) as refused, connect_ws(f"{URL}/ws-refused"):
        pass
    assert refused.value.response.status_code == 403
    # The connection goes away below the session: it catches httpcore's errors, which are ours.
    with connect_ws(f"{URL}/ws", keepalive_ping_interval_seconds=None) as ws:
        ws.stream.close()
        with pytest.raises((WebSocketNetworkError, WebSocketDisconnect)):
            ws.receive()


async def asynchronous() -> None:
    async with httpx.AsyncClient() as client:
        async with aconnect_ws(f"{URL}/ws", client) as ws:
            await ws.send_json({"a": 1})
            assert await ws.receive_json() == {"a": 1}
            event = await ws.ping()
            await event.wait()
        # The client is as good as new.
        assert (await client.get(f"{URL}/echo")).status_code == 200


async def websocket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(f"{socket.url.path} {await socket.receive_text()}")
    await socket.close()


async def over_asgi() -> None:
    app = Starlette(routes=[WebSocketRoute("/ws", websocket)])
    async with (
        ASGIWebSocketTransport(app) as transport,
        httpx.AsyncClient(transport=transport) as client,
        aconnect_ws("http://server/ws", client) as ws,
    ):
        await ws.send_text("hi")
        assert await ws.receive_text() == "/ws hi"


sync()
asyncio.run(asynchronous())
trio.run(asynchronous)
asyncio.run(over_asgi())
