"""starlette's TestClient: requests, cookies, redirects, uploads, a WebSocket, and the lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

happened: list[str] = []


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    happened.append("up")
    yield
    happened.append("down")


async def home(request: Request) -> Response:
    return JSONResponse({"query": str(request.query_params), "cookies": request.cookies})


async def login(request: Request) -> Response:
    response = RedirectResponse("/?from=login", 303)
    response.set_cookie("sid", "1")
    return response


async def upload(request: Request) -> Response:
    form = await request.form()
    file = form["file"]
    assert not isinstance(file, str)
    answer = {"name": file.filename, "size": len(await file.read()), "field": form["field"]}
    await form.close()
    return JSONResponse(answer)


async def stream(request: Request) -> Response:
    return StreamingResponse((str(n) for n in range(5)), media_type="text/plain")


async def broken(request: Request) -> Response:
    raise LookupError("broken")


async def websocket(socket: WebSocket) -> None:
    await socket.accept(subprotocol="chat")
    await socket.send_json({"path": socket.url.path, "said": await socket.receive_text()})
    await socket.close(4000)


app = Starlette(
    routes=[
        Route("/", home),
        Route("/login", login, methods=["POST"]),
        Route("/upload", upload, methods=["POST"]),
        Route("/stream", stream),
        Route("/broken", broken),
        WebSocketRoute("/ws", websocket),
    ],
    lifespan=lifespan,
)

with TestClient(app) as client:
    assert happened == ["up"]
    assert isinstance(client, httpx.Client)
    assert issubclass(TestClient, httpx2.Client)
    assert client.get("/", params={"a": "1"}).json() == {"query": "a=1", "cookies": {}}
    response = client.post("/login")
    assert response.url == "http://testserver/?from=login"
    assert [hop.status_code for hop in response.history] == [303]
    assert response.json()["cookies"] == {"sid": "1"}
    assert client.post("/login", follow_redirects=False).status_code == 303
    client.cookies.clear()
    client.cookies["mine"] = "2"
    assert client.get("/").json()["cookies"] == {"mine": "2"}
    sent = client.post("/upload", data={"field": "x"}, files={"file": ("a.txt", b"12345")})
    assert sent.json() == {"name": "a.txt", "size": 5, "field": "x"}
    with client.stream("GET", "/stream") as response:
        assert "".join(response.iter_text()) == "01234"
    assert client.get("/stream").text == "01234"
    assert client.get("http://testserver/nowhere").status_code == 404
    with pytest.raises(LookupError):
        client.get("/broken")
    with client.websocket_connect("/ws", subprotocols=["chat"]) as session:
        assert session.accepted_subprotocol == "chat"
        session.send_text("hi")
        assert session.receive_json() == {"path": "/ws", "said": "hi"}
        with pytest.raises(WebSocketDisconnect) as closed:
            session.receive_text()
        assert closed.value.code == 4000
assert happened == ["up", "down"]
assert TestClient(app, raise_server_exceptions=False).get("/broken").status_code == 500
