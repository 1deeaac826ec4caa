"""Requests that an HTTP proxy forwards: what it is sent, and who shares connections to it."""

from __future__ import annotations

import ssl
from collections.abc import Generator
from typing import Any

import pytest

import hookline
from hookline import Proxy, Request, Response
from hookline._proxy_connectors import HTTPProxyConnector
from hookline.plugins import Connector
from support.modes import Mode
from support.proxies import DIGEST_CHALLENGE, ScriptedProxy, has_digest, header
from support.raw import Conversation, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BASIC = "Basic dXNlcjpzZWNyZXQ="


class Forwarder:
    """A script for `raw_server`: answers each request, and remembers what it was sent."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []

    def __call__(self, conversation: Conversation) -> None:
        while head := conversation.receive_head():
            self.heads.append(head)
            length = header(head, "Content-Length")
            self.bodies.append(conversation.receive_exactly(int(length)) if length else b"")
            conversation.send(self._answers.pop(0) if self._answers else OK)

    @property
    def lines(self) -> list[str]:
        return [head.split(b"\r\n")[0].decode() for head in self.heads]


# -- What is sent ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "target", "host"),
    [
        ("http://origin.test", "http://origin.test/", "origin.test"),
        ("http://origin.test:80/a?b=c#d", "http://origin.test/a?b=c", "origin.test"),
        ("http://origin.test:8080/a%20b", "http://origin.test:8080/a%20b", "origin.test:8080"),
        ("http://user:secret@origin.test/?", "http://origin.test/?", "origin.test"),
        ("http://[::1]:81/x", "http://[::1]:81/x", "[::1]:81"),
        ("http://münchen.de/ü", "http://xn--mnchen-3ya.de/%C3%BC", "xn--mnchen-3ya.de"),
    ],
)
async def test_request_line_has_the_whole_url(mode: Mode, url: str, target: str, host: str) -> None:
    forwarder = Forwarder()
    with raw_server(forwarder) as server:
        async with mode.client(proxy=server.url) as client:
            response = await client.get(url)

    assert forwarder.lines == [f"GET {target} HTTP/1.1"]
    assert header(forwarder.heads[0], "Host") == host
    assert response.text == "ok"
    assert response.url == hookline.URL(url)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (b"/raw//path", b"http://origin.test/raw//path"),
        (b"*", b"http://origin.test"),
        (b"http://elsewhere.test/", b"http://elsewhere.test/"),
    ],
)
async def test_target_that_the_user_chose_is_kept(
    mode: Mode, chosen: bytes, expected: bytes
) -> None:
    forwarder = Forwarder()
    with raw_server(forwarder) as server:
        async with mode.client(proxy=server.url) as client:
            await client.request("OPTIONS", "http://origin.test/", extensions={"target": chosen})

    assert forwarder.lines == [f"OPTIONS {expected.decode()} HTTP/1.1"]


async def test_bodies_are_forwarded(mode: Mode) -> None:
    forwarder = Forwarder()
    with raw_server(forwarder) as server:
        async with mode.client(proxy=server.url) as client:
            await client.post("http://origin.test/", content=b"small")
            await client.post(
                "http://origin.test/",
                content=mode.body([b"in ", b"pieces"]),
                headers={"Content-Length": "9"},
            )
            await client.post("http://origin.test/", content=b"x" * 300_000)

    assert forwarder.bodies == [b"small", b"in pieces", b"x" * 300_000]


async def test_headers_are_added_where_the_request_has_none(mode: Mode) -> None:
    forwarder = Forwarder()
    with raw_server(forwarder) as server:
        proxy = Proxy(
            server.url,
            auth=("user", "secret"),
            headers={"X-Proxy": "1", "User-Agent": "proxys", "Host": "proxys"},
        )
        async with mode.client(proxy=proxy, headers={"User-Agent": "clients"}) as client:
            response = await client.get(
                "http://origin.test/", headers={"Proxy-Authorization": "users", "X-Own": "2"}
            )

    (head,) = forwarder.heads
    assert header(head, "X-Proxy") == "1"
    assert header(head, "X-Own") == "2"
    assert header(head, "User-Agent") == "clients"
    assert header(head, "Host") == "origin.test"
    # The proxy's own credentials go before what was set for want of them.
    assert header(head, "Proxy-Authorization") == BASIC
    # The user's request is as it was.
    assert response.request.headers["Proxy-Authorization"] == "users"
    assert "X-Proxy" not in response.request.headers
    assert "target" not in response.request.extensions


async def test_credentials_that_were_set_as_a_header_reach_the_proxy(mode: Mode) -> None:
    forwarder = Forwarder()
    with raw_server(forwarder) as server:
        async with mode.client(proxy=server.url) as client:
            await client.get("http://origin.test/", headers={"Proxy-Authorization": "Custom x"})

    assert header(forwarder.heads[0], "Proxy-Authorization") == "Custom x"


async def test_credentials_are_on_every_request_and_never_in_sight(mode: Mode) -> None:
    forwarder = Forwarder(b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n")
    with raw_server(forwarder) as server:
        url = server.url.replace("://", "://user:secret@")
        async with mode.client(proxy=url, follow_redirects=True) as client:
            response = await client.get("http://origin.test/")

    assert [header(head, "Proxy-Authorization") for head in forwarder.heads] == [BASIC, BASIC]
    for seen in (response, *response.history):
        assert "Proxy-Authorization" not in seen.request.headers


@pytest.mark.parametrize("status", [b"407 Proxy Authentication Required", b"502 Bad Gateway"])
async def test_refusal_of_a_forwarded_request_is_a_response(mode: Mode, status: bytes) -> None:
    answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nno"
    with raw_server(Forwarder(answer)) as server:
        async with mode.client(proxy=server.url) as client:
            response = await client.get("http://origin.test/")

    assert response.status_code == int(status[:3])
    assert response.text == "no"


# -- Connections ----------------------------------------------------------------------------


async def test_every_origin_has_connections_of_its_own(mode: Mode) -> None:
    forwarder = Forwarder()
    with raw_server(forwarder) as server:
        async with mode.client(proxy=server.url) as client:
            for name in ("a", "b", "a", "b"):
                await client.get(f"http://{name}.test/")

    assert server.connections == 2
    assert len(forwarder.heads) == 4


async def test_connections_are_shared_where_that_is_asked_for(mode: Mode) -> None:
    forwarder = Forwarder()
    with raw_server(forwarder) as server:
        options = {"proxy": server.url, "share_connections": True}
        proxy = {"name": "http-proxy", "options": options}
        async with mode.client(proxy=proxy) as client:
            for name in ("a", "b", "c", "a"):
                await client.get(f"http://{name}.test:8{ord(name)}/")

    assert server.connections == 1
    assert [line.split("/")[2] for line in forwarder.lines] == [
        "a.test:897", "b.test:898", "c.test:899", "a.test:897",
    ]  # fmt: skip


async def test_forwarded_and_tunnelled_do_not_share(
    mode: Mode, server: str, tls_server: str, authority: Any
) -> None:
    proxy = ScriptedProxy()
    forwarder = Forwarder()

    def script(conversation: Conversation) -> None:
        first = conversation.receive_head()
        conversation._unread = first + conversation._unread
        (proxy if first.startswith(b"CONNECT ") else forwarder)(conversation)

    with raw_server(script) as raw:
        async with mode.client(proxy=raw.url, verify=authority.ca_file) as client:
            for _ in range(2):
                await client.get("http://origin.test/")
                assert (await client.get(tls_server + "/port")).status_code == 200

    assert raw.connections == 2
    assert len(forwarder.heads) == 2
    assert len(proxy.heads) == 1


async def test_tls_to_the_proxy_carries_forwarded_requests(mode: Mode, authority: Any) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert, authority.server_key)
    forwarder = Forwarder()

    def script(conversation: Conversation) -> None:
        with context.wrap_socket(conversation.socket.dup(), server_side=True) as wrapped:
            forwarder(Conversation(wrapped))

    with raw_server(script) as server:
        proxy = Proxy(
            f"https://localhost:{server.address[1]}",
            ssl_context=hookline.create_ssl_context(authority.ca_file),
        )
        async with mode.client(proxy=proxy) as client:
            responses = [await client.get(f"http://a.test/{name}") for name in "bc"]

    assert [response.text for response in responses] == ["ok", "ok"]
    assert forwarder.lines == ["GET http://a.test/b HTTP/1.1", "GET http://a.test/c HTTP/1.1"]
    assert server.connections == 1


# -- Authentication by challenge -------------------------------------------------------------

CHALLENGE = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: p%d\r\n"
    b"Content-Length: 5\r\n\r\nsorry"
)


class Puzzle(hookline.Auth):
    """Answers a challenge with the challenge and the request line: what Digest does, in short."""

    scheme = "puzzle"

    def __init__(self, *, wants_bodies: bool = False) -> None:
        self.requires_request_body = self.requires_response_body = wants_bodies
        self.bodies: list[tuple[bytes, bytes]] = []

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        for _ in range(3):
            response = yield request
            if self.requires_response_body:
                self.bodies.append((request.content, response.content))
            if response.status_code != 401:
                return
            challenge = response.headers["WWW-Authenticate"]
            target = request.extensions["target"].decode()
            request.headers["Authorization"] = f"Puzzle {challenge} {target}"


async def test_challenge_to_a_forwarded_request_is_answered(mode: Mode) -> None:
    forwarder = Forwarder(CHALLENGE % 1)
    with raw_server(forwarder) as server:
        proxy = Proxy(server.url, auth=Puzzle(), headers={"X-Proxy": "1"})
        async with mode.client(proxy=proxy, auth=("user", "secret")) as client:
            response = await client.post("http://origin.test/a?b", content=b"body")

    assert response.text == "ok"
    assert response.history == []
    assert forwarder.lines == ["POST http://origin.test/a?b HTTP/1.1"] * 2
    assert forwarder.bodies == [b"body", b"body"]
    assert [header(head, "Proxy-Authorization") for head in forwarder.heads] == [
        None,
        "Puzzle p1 http://origin.test/a?b",
    ]
    # What is for the origin is on both.
    assert [header(head, "Authorization") for head in forwarder.heads] == [BASIC, BASIC]
    assert [header(head, "X-Proxy") for head in forwarder.heads] == ["1", "1"]
    assert server.connections == 1
    assert "Proxy-Authorization" not in response.request.headers
    assert response.request.headers["Authorization"] == BASIC
    assert response.elapsed.total_seconds() >= 0


async def test_challenges_without_end_come_back_as_the_last_response(mode: Mode) -> None:
    forwarder = Forwarder(*(CHALLENGE % number for number in range(9)))
    with raw_server(forwarder) as server:
        async with mode.client(proxy=Proxy(server.url, auth=Puzzle())) as client:
            response = await client.get("http://origin.test/")

    assert response.status_code == 407
    assert response.text == "sorry"
    assert len(forwarder.heads) == 3


async def test_flow_that_wants_bodies_gets_those_of_both_sides(mode: Mode) -> None:
    auth = Puzzle(wants_bodies=True)
    forwarder = Forwarder(CHALLENGE % 1)
    with raw_server(forwarder) as server:
        async with mode.client(proxy=Proxy(server.url, auth=auth)) as client:
            response = await client.post(
                "http://origin.test/",
                content=mode.body([b"up", b"load"]),
                headers={"Content-Length": "6"},
            )

    assert auth.bodies == [(b"upload", b"sorry"), (b"upload", b"ok")]
    assert forwarder.bodies == [b"upload", b"upload"]
    assert response.text == "ok"


async def test_response_to_an_authenticated_request_can_be_streamed(mode: Mode) -> None:
    forwarder = Forwarder(CHALLENGE % 1, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nin pieces")
    with raw_server(forwarder) as server:
        async with mode.client(proxy=Proxy(server.url, auth=Puzzle())) as client:
            async with client.stream("GET", "http://origin.test/") as response:
                pieces = [piece async for piece in response.aiter_bytes(4)]

    assert pieces == [b"in p", b"iece", b"s"]


async def test_digest_is_for_the_whole_url(mode: Mode) -> None:
    forwarder = Forwarder(DIGEST_CHALLENGE)
    with raw_server(forwarder) as server:
        proxy = Proxy(server.url, auth=hookline.DigestAuth("user", "secret"))
        async with mode.client(proxy=proxy) as client:
            responses = [await client.get(f"http://{name}.test/x?y") for name in "ab"]

    assert [response.text for response in responses] == ["ok", "ok"]
    assert forwarder.lines[1:] == [
        "GET http://a.test/x?y HTTP/1.1",
        "GET http://b.test/x?y HTTP/1.1",
    ]
    assert [has_digest(head, "secret") for head in forwarder.heads] == [False, True, True]


async def test_flow_that_fails_closes_the_connection(mode: Mode) -> None:
    class Failing(hookline.Auth):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            yield request
            raise LookupError("no ticket")

    with raw_server(Forwarder(CHALLENGE % 1)) as server:
        async with mode.client(proxy=Proxy(server.url, auth=Failing())) as client:
            with pytest.raises(LookupError, match="no ticket"):
                await client.get("http://origin.test/")
            transport = client._transport_for_url(hookline.URL("http://origin.test/"))

            assert transport._pool._idle_count == transport._pool._open


async def test_scheme_that_needs_no_challenge_sends_one_request(mode: Mode) -> None:
    forwarder = Forwarder()
    with raw_server(forwarder) as server:
        proxy = Proxy(server.url, auth=hookline.BasicAuth("user", "secret"))
        async with mode.client(proxy=proxy) as client:
            await client.get("http://origin.test/")

    assert [header(head, "Proxy-Authorization") for head in forwarder.heads] == [BASIC]


# -- The connector by itself ----------------------------------------------------------------


@pytest.mark.parametrize("shares", [False, True])
@pytest.mark.parametrize("tunnel", [False, True])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_routes_and_requests_follow_from_scheme_and_tunnel(
    scheme: str, tunnel: bool, shares: bool
) -> None:
    proxy = Proxy("https://proxy.test", tunnel=tunnel)
    connector: Connector = HTTPProxyConnector(proxy, share_connections=shares)
    origin = hookline.Origin(scheme, "origin.test", 8080)
    request = Request("GET", f"{scheme}://origin.test:8080/path")
    forwards = scheme == "http" and not tunnel

    assert connector.route(origin) == (
        hookline.Origin("http", "proxy.test", 443) if forwards and shares else origin
    )
    assert (connector.adapt(request) is request) is not forwards


def test_adapting_twice_is_adapting_once() -> None:
    connector = HTTPProxyConnector(
        Proxy("http://proxy.test", auth=("user", "secret"), headers={"X-Proxy": "1"})
    )
    request = Request("POST", "http://origin.test/path", content=b"body")
    before = (request.headers.raw, dict(request.extensions))
    once = connector.adapt(request)
    twice = connector.adapt(once)

    assert (request.headers.raw, request.extensions) == before
    assert twice.headers.raw == once.headers.raw
    assert twice.extensions == once.extensions == {"target": b"http://origin.test/path"}
    assert twice.content == b"body"
    assert twice.stream is request.stream
