"""The application behind the real server of the tests (ASGI)."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from support.digest_server import DigestServer

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

GREETING = b"Hello, world!"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Route by the first segment of the path; the rest of it is the argument."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    _, name, *rest = scope["path"].split("/", 2)
    route = ROUTES.get(name, not_found)
    await route(scope, receive, send, rest[0] if rest else "")


async def respond(
    send: Send,
    body: bytes = b"",
    status: int = 200,
    headers: list[tuple[bytes, bytes]] | None = None,
) -> None:
    fields = [(b"content-length", b"%d" % len(body)), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def read_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body
        body += message["body"]
        if not message.get("more_body"):
            return body


async def greeting(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /: a short text."""
    await respond(send, GREETING, headers=[(b"content-type", b"text/plain; charset=utf-8")])


async def sized(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /bytes/N: N bytes with a Content-Length."""
    await respond(send, b"x" * int(argument))


async def hinted(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /hints: an early hint, where the server can send one; then a short text."""
    if "http.response.early_hint" in scope["extensions"]:
        await send({"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]})
    await respond(send, GREETING)


async def trailed(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /trailers: a short text, and a trailer after it, where the server can send one."""
    can_trail = "http.response.trailers" in scope["extensions"]
    head = {"type": "http.response.start", "status": 200, "headers": []}
    await send({**head, "trailers": can_trail})
    await send({"type": "http.response.body", "body": GREETING})
    if can_trail:
        await send({"type": "http.response.trailers", "headers": [(b"x-checksum", b"4a1f")]})


async def streamed(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /chunks/N: N chunks, "chunk 0\\n" and so on, without a length."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for number in range(int(argument)):
        body = b"chunk %d\n" % number
        await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def events(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /events/N: N server-sent events."""
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(int(argument)):
        event = b'event: tick\nid: %d\ndata: {"number": %d}\n\n' % (number, number)
        await send({"type": "http.response.body", "body": event, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def echo(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """ANY /echo: what was received, as JSON."""
    body = await read_body(receive)
    seen = {
        "method": scope["method"],
        "path": scope["raw_path"].decode("ascii"),
        "query": scope["query_string"].decode("ascii"),
        "headers": [[part.decode("latin-1") for part in header] for header in scope["headers"]],
        "body": body.decode("latin-1"),
        # Over a Unix socket there is neither.
        "client_host": scope["client"][0] if scope["client"] else None,
        "client_port": scope["client"][1] if scope["client"] else None,
        "scheme": scope["scheme"],
        "http_version": scope["http_version"],
    }
    answer = json.dumps(seen).encode("utf-8")
    await respond(send, answer, headers=[(b"content-type", b"application/json")])


async def port(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /port: the client's port, which tells connections apart."""
    await respond(send, b"%d" % scope["client"][1])


async def with_status(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /status/N: an empty response with that status."""
    await respond(send, status=int(argument))


async def redirect(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """ANY /redirect/N?to=URL: a redirect with that status."""
    await read_body(receive)
    to = dict(parse_qsl(scope["query_string"].decode("ascii")))["to"]
    await respond(send, status=int(argument), headers=[(b"location", to.encode("ascii"))])


async def never(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /never: no response at all, until the client goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def stalls(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /stalls: a head and one chunk, then nothing until the client goes away."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"something", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


async def pauses(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /yields/N: an answer after N turns of the server's event loop, to let others overtake."""
    for _ in range(int(argument)):
        await asyncio.sleep(0)
    await respond(send, b"%d" % scope["client"][1])


async def barrier(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /barrier/N: answers when N requests are here at the same time, to all of them."""
    _arrived.append(asyncio.get_running_loop().create_future())
    here = _arrived[-1]
    if len(_arrived) == int(argument):
        for arrived in _arrived:
            arrived.set_result(None)
        _arrived.clear()
    await here
    await respond(send, b"%d" % scope["client"][1])


_arrived: list[asyncio.Future[None]] = []


async def encoded(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /encoded/CODING: the greeting a thousand times, compressed."""
    plain = GREETING * 1000
    if argument == "gzip":
        body = gzip.compress(plain)
    elif argument == "deflate":
        body = zlib.compress(plain)
    else:
        body = zlib.compress(plain)[2:-4]
        argument = "deflate"
    await respond(send, body, headers=[(b"content-encoding", argument.encode("ascii"))])


async def set_cookies(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /cookies?a=1&b=2: a Set-Cookie for each."""
    pairs = parse_qsl(scope["query_string"].decode("ascii"))
    headers = [(b"set-cookie", f"{name}={value}; Path=/".encode("ascii")) for name, value in pairs]
    await respond(send, headers=headers)


async def basic_auth(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """GET /basic: 200 for user:password, 401 with a challenge for anything else."""
    given = dict(scope["headers"]).get(b"authorization")
    if given == b"Basic dXNlcjpwYXNzd29yZA==":
        await respond(send, b"welcome")
    else:
        challenge = (b"www-authenticate", b'Basic realm="tests"')
        await respond(send, b"who is it?", status=401, headers=[challenge])


async def digest_auth(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    """ANY /digest/QOP: the body as JSON for user:password, 401 with a challenge otherwise."""
    body = await read_body(receive)
    server = _digest_servers.setdefault(argument, DigestServer(qop=argument))
    given = dict(scope["headers"]).get(b"authorization")
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    verdict = server.check(
        scope["method"],
        target.decode("ascii"),
        None if given is None else given.decode("latin-1"),
        body,
    )
    headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in verdict.headers]
    answer = {"body": body.decode("latin-1")} if verdict.status == 200 else verdict.reason
    await respond(send, json.dumps(answer).encode("utf-8"), verdict.status, headers)


_digest_servers: dict[str, DigestServer] = {}


async def not_found(scope: Scope, receive: Receive, send: Send, argument: str) -> None:
    await respond(send, b"not found", status=404)


ROUTES = {
    "": greeting,
    "barrier": barrier,
    "basic": basic_auth,
    "bytes": sized,
    "chunks": streamed,
    "cookies": set_cookies,
    "digest": digest_auth,
    "echo": echo,
    "encoded": encoded,
    "events": events,
    "hints": hinted,
    "never": never,
    "port": port,
    "redirect": redirect,
    "stalls": stalls,
    "status": with_status,
    "trailers": trailed,
    "yields": pauses,
}
