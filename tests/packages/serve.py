"""The services that real packages are clients of, in one application: `python serve.py`.

Each is as small as the package's test needs, and answers in the shape of the real one. Prints its
port when it listens, and ends when its standard input closes, so that it cannot outlive the tests.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

# How often something was asked for: what is to fail first, or to be asked for once, is counted.
SEEN: Counter[str] = Counter()


def events(*items: Any, names: bool = False) -> StreamingResponse:
    """Server-sent events, each in a piece of its own."""

    async def pieces() -> AsyncIterator[bytes]:
        for item in items:
            data = item if isinstance(item, str) else json.dumps(item)
            name = f"event: {item['type']}\n" if names else ""
            yield f"{name}data: {data}\n\n".encode()
            await asyncio.sleep(0)

    return StreamingResponse(pieces(), media_type="text/event-stream")


async def until_gone(request: Request) -> Response:
    """Answer nothing until the client has had enough."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response()


# -- OpenAI ---------------------------------------------------------------------------------


def completion(kind: str, **choice: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": kind,
        "created": 1,
        "model": "hook-1",
        "choices": [{"index": 0, "finish_reason": None, **choice}],
    }


async def openai_chat(request: Request) -> Response:
    asked = await request.json()
    if request.headers["authorization"] != "Bearer sk-test":
        return JSONResponse({"error": {"message": "bad key"}}, 401)
    said = asked["messages"][-1]["content"]
    if said == "slow":
        return await until_gone(request)
    if said.startswith("flaky"):
        SEEN[said] += 1
        if SEEN[said] % 3:
            headers = {"retry-after-ms": "1"}
            return JSONResponse({"error": {"message": "busy"}}, 503, headers=headers)
    if asked.get("stream"):
        chunks = [
            completion("chat.completion.chunk", delta={"content": word}) for word in said.split()
        ]
        return events(*chunks, "[DONE]")
    retries = request.headers["x-stainless-retry-count"]
    message = {"role": "assistant", "content": f"{said} ({retries})"}
    return JSONResponse(completion("chat.completion", message=message))


async def openai_files(request: Request) -> Response:
    form = await request.form()
    file = form["file"]
    assert not isinstance(file, str)
    body = await file.read()
    answer = {
        "id": hashlib.sha256(body).hexdigest(),
        "object": "file",
        "bytes": len(body),
        "created_at": 1,
        "filename": file.filename,
        "purpose": form["purpose"],
        "status": "processed",
    }
    return JSONResponse(answer)


async def openai_content(request: Request) -> Response:
    return Response(bytes(range(256)) * 1024, media_type="application/octet-stream")


# -- Anthropic ------------------------------------------------------------------------------


async def anthropic_messages(request: Request) -> Response:
    asked = await request.json()
    assert request.headers["authorization"] == "Bearer ak-test"
    said = asked["messages"][-1]["content"]
    if said == "refuse":
        error = {"type": "invalid_request_error", "message": "no"}
        return JSONResponse({"type": "error", "error": error}, 400)
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": said}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    if not asked.get("stream"):
        return JSONResponse(message)
    empty = {"type": "text", "text": ""}
    return events(
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": empty},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": f"{word} "},
            }
            for word in said.split()
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 2},
        },
        {"type": "message_stop"},
        names=True,
    )


# -- Hugging Face Hub -----------------------------------------------------------------------

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONTENT = b'{"layers": 3}\n'


async def hub_file(request: Request) -> Response:
    if request.path_params["file"] != "config.json":
        return Response("Entry not found", 404, headers={"x-error-code": "EntryNotFound"})
    headers = {
        "etag": f'"{hashlib.sha1(CONTENT).hexdigest()}"',
        "x-repo-commit": COMMIT,
        "accept-ranges": "bytes",
    }
    SEEN[f"hub {request.method}"] += 1
    return Response(CONTENT, headers=headers, media_type="application/json")


async def hub_model(request: Request) -> Response:
    answer = {
        "_id": "1",
        "id": "acme/tiny",
        "sha": COMMIT,
        "private": False,
        "siblings": [{"rfilename": "config.json"}],
        "tags": [],
        "downloads": 7,
    }
    return JSONResponse(answer)


async def hub_models(request: Request) -> Response:
    """Two pages: the second by a `Link` header."""
    page = int(request.query_params.get("page", "1"))
    headers = {}
    if page == 1:
        headers["link"] = f'<{request.url.include_query_params(page=2)}>; rel="next"'
    return JSONResponse([{"_id": str(page), "id": f"acme/tiny-{page}"}], headers=headers)


# -- OAuth 2 --------------------------------------------------------------------------------


async def oauth_token(request: Request) -> Response:
    form = await request.form()
    assert request.headers["authorization"].startswith("Basic ")
    SEEN["tokens"] += 1
    if form["grant_type"] == "refresh_token":
        assert form["refresh_token"] == "again"
    # The first one is over at once.
    answer = {
        "access_token": f"{form['grant_type']}-{SEEN['tokens']}",
        "token_type": "Bearer",
        "expires_in": 3600 if form["grant_type"] == "refresh_token" else -10,
        "refresh_token": "again",
    }
    return JSONResponse(answer)


async def echo(request: Request) -> Response:
    """What was asked, as JSON."""
    answer = {
        "method": request.method,
        "path": request.url.path,
        "query": request.url.query,
        "headers": dict(request.headers),
        "body": (await request.body()).decode(),
    }
    return JSONResponse(answer)


async def guarded(request: Request) -> Response:
    given = request.headers.get("authorization", "")
    return JSONResponse({"authorization": given}, 200 if given else 401)


# -- Elasticsearch, PostgREST, caching, retrying, events ------------------------------------


async def elastic(request: Request) -> Response:
    headers = {"x-elastic-product": "Elasticsearch"}
    if request.url.path.endswith("/missing"):
        return JSONResponse({"error": "index_not_found"}, 404, headers=headers)
    body = await request.body()
    answer = {"took": 1, "query": json.loads(body) if body else None}
    return JSONResponse(answer, headers=headers)


TABLE = [{"id": 1, "name": "perch"}, {"id": 2, "name": "pike"}]


async def postgrest(request: Request) -> Response:
    if request.method == "POST":
        row = await request.json()
        assert request.headers["prefer"] == "return=representation"
        return JSONResponse([{"id": 3, **row}], 201)
    if request.path_params["table"] != "fish":
        error = {"code": "42P01", "message": "no such table", "details": None, "hint": None}
        return JSONResponse(error, 404)
    wanted = request.query_params.get("id")
    rows = [row for row in TABLE if wanted in (None, f"eq.{row['id']}")]
    return JSONResponse(rows, headers={"content-range": f"0-{len(rows) - 1}/{len(rows)}"})


async def graphql(request: Request) -> Response:
    asked = await request.json()
    assert "fish(id: $id)" in asked["query"]
    fish = {"name": "perch", "query": "fish", "variables": asked["variables"]}
    return JSONResponse({"data": {"fish": fish}})


async def cached(request: Request) -> Response:
    SEEN[request.url.path] += 1
    if request.headers.get("if-none-match") == '"1"':
        return Response(status_code=304, headers={"etag": '"1"'})
    age = request.query_params.get("age", "3600")
    headers = {"cache-control": f"max-age={age}", "etag": '"1"'}
    return Response(f"fresh {SEEN[request.url.path]}", headers=headers)


async def seen(request: Request) -> Response:
    return JSONResponse(SEEN[request.query_params["what"]])


async def flaky(request: Request) -> Response:
    SEEN[request.url.path] += 1
    return Response(status_code=503 if SEEN[request.url.path] % 3 else 200)


async def sse(request: Request) -> Response:
    return events({"type": "first", "n": 1}, {"type": "second", "n": 2}, names=True)


# -- WebSocket ------------------------------------------------------------------------------


async def websocket(socket: WebSocket) -> None:
    await socket.accept(subprotocol="echo" if "echo" in socket.scope["subprotocols"] else None)
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") == "close":
                await socket.close(4001, "as you wish")
                return
            if (text := message.get("text")) is not None:
                await socket.send_text(text)
            else:
                await socket.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        pass


async def refused(socket: WebSocket) -> None:
    await socket.close()


ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
app = Starlette(
    routes=[
        Route("/openai/chat/completions", openai_chat, methods=["POST"]),
        Route("/openai/files", openai_files, methods=["POST"]),
        Route("/openai/files/{id}/content", openai_content),
        Route("/anthropic/v1/messages", anthropic_messages, methods=["POST"]),
        Route("/hub/api/models", hub_models),
        Route("/hub/api/models/acme/tiny", hub_model),
        Route("/hub/acme/tiny/resolve/main/{file}", hub_file),
        Route("/oauth/token", oauth_token, methods=["POST"]),
        Route("/guarded", guarded, methods=ANY),
        Route("/echo", echo, methods=ANY),
        Route("/elastic/{path:path}", elastic, methods=ANY),
        Route("/rest/{table}", postgrest, methods=["GET", "POST"]),
        Route("/graphql", graphql, methods=["POST"]),
        Route("/cached/{name}", cached),
        Route("/flaky/{name}", flaky, methods=ANY),
        Route("/seen", seen),
        Route("/sse", sse),
        WebSocketRoute("/ws", websocket),
        WebSocketRoute("/ws-refused", refused),
    ]
)


def main() -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    config = uvicorn.Config(
        app, log_level="error", access_log=False, ws="wsproto", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)

    def stop_with_parent() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=stop_with_parent, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
