"""Tunnels through an HTTP proxy: what CONNECT says, and everything that can be answered to it."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import hookline
from hookline import Proxy, Request, Response
from hookline._drive import drive
from hookline._tunnel import Handshake
from hookline.plugins import Deadline, ReadAhead
from support.fake_stream import FakeStream
from support.modes import Mode
from support.proxies import DIGEST_CHALLENGE, ESTABLISHED, ScriptedProxy, has_digest, header
from support.raw import Conversation, RawServer, answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT = 0.15
BASIC = "Basic dXNlcjpzZWNyZXQ="


def proxy_url(server: RawServer, scheme: str = "http") -> str:
    host = "localhost" if scheme == "https" else "127.0.0.1"
    return f"{scheme}://{host}:{server.address[1]}"


def refusing(answer: bytes) -> Callable[[Conversation], None]:
    """A proxy that reads a CONNECT and answers it like this, and closes."""

    def script(conversation: Conversation) -> None:
        assert conversation.receive_head().startswith(b"CONNECT ")
        conversation.send(answer)

    return script


async def ask(mode: Mode, proxy: Any, url: str = "https://origin.test/", **settings: Any) -> Any:
    async with mode.client(proxy=proxy, **settings) as client:
        return await client.get(url)


# -- What is said ---------------------------------------------------------------------------


async def test_https_goes_through_a_tunnel(mode: Mode, tls_server: str, authority: Any) -> None:
    proxy = ScriptedProxy()
    with raw_server(proxy) as server:
        response = await ask(
            mode, proxy_url(server), tls_server + "/echo", verify=authority.ca_file
        )

    target = tls_server.removeprefix("https://").encode()
    assert response.json()["scheme"] == "https"
    assert proxy.heads == [b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (target, target)]


async def test_http_goes_through_a_tunnel_where_that_is_asked_for(mode: Mode, server: str) -> None:
    proxy = ScriptedProxy()
    with raw_server(proxy) as raw:
        response = await ask(mode, Proxy(proxy_url(raw), tunnel=True), server + "/echo?a=b")

    assert response.json()["path"] == "/echo"
    assert response.json()["query"] == "a=b"
    assert [head.split(b"\r\n")[0] for head in proxy.heads] == [
        b"CONNECT %b HTTP/1.1" % server.removeprefix("http://").encode()
    ]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://origin.test/path?query#fragment", "origin.test:443"),
        ("https://user:secret@origin.test:8443/", "origin.test:8443"),
        ("https://[::1]/", "[::1]:443"),
        ("https://[2001:db8::1]:8443/", "[2001:db8::1]:8443"),
        ("https://münchen.de/", "xn--mnchen-3ya.de:443"),
    ],
)
async def test_connect_names_host_and_port(mode: Mode, url: str, target: str) -> None:
    heads: list[bytes] = []

    def script(conversation: Conversation) -> None:
        heads.append(conversation.receive_head())
        conversation.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with raw_server(script) as server:
        with pytest.raises(hookline.ProxyError, match="403 Forbidden") as caught:
            await ask(mode, proxy_url(server), url)

    assert heads == [f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()]
    assert f"refused the tunnel to {target}: 403 Forbidden." in str(caught.value)


async def test_proxy_gets_its_headers_and_credentials_and_the_origin_neither(
    mode: Mode, tls_server: str, authority: Any
) -> None:
    proxy = ScriptedProxy()
    with raw_server(proxy) as server:
        through = Proxy(
            proxy_url(server),
            auth=("user", "secret"),
            headers={"X-For-Proxy": "1", "User-Agent": "tunneller"},
        )
        response = await ask(
            mode,
            through,
            tls_server + "/echo",
            verify=authority.ca_file,
            headers={"Proxy-Authorization": "for nobody", "X-For-Origin": "2"},
        )

    (head,) = proxy.heads
    at_origin = dict(response.json()["headers"])
    assert header(head, "X-For-Proxy") == "1"
    assert header(head, "User-Agent") == "tunneller"
    assert header(head, "Proxy-Authorization") == BASIC
    assert header(head, "X-For-Origin") is None
    assert at_origin["x-for-origin"] == "2"
    assert "x-for-proxy" not in at_origin
    assert "proxy-authorization" not in at_origin
    # What the user set is still what the user sees.
    assert response.request.headers["Proxy-Authorization"] == "for nobody"


async def test_host_for_the_proxy_may_be_given(mode: Mode) -> None:
    heads: list[bytes] = []

    def script(conversation: Conversation) -> None:
        heads.append(conversation.receive_head())

    with raw_server(script) as server:
        with pytest.raises(hookline.ProxyError):
            await ask(mode, Proxy(proxy_url(server), headers={"host": "other.test"}))

    assert heads == [b"CONNECT origin.test:443 HTTP/1.1\r\nhost: other.test\r\n\r\n"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Bad": "secret\r\nX-Smuggled: 1"},
        {"X Bad": "secret"},
        {"X-Bad": "it's \0 secret"},
        {"Content-Length": "5"},
    ],
)
async def test_headers_that_cannot_be_sent_are_not_sent_and_not_quoted(
    mode: Mode, headers: dict[str, str]
) -> None:
    received: list[bytes] = []

    def script(conversation: Conversation) -> None:
        received.append(conversation.receive_to_end())

    with raw_server(script) as server:
        with pytest.raises(hookline.LocalProtocolError, match="cannot be sent") as caught:
            await ask(mode, Proxy(proxy_url(server), headers=headers))

    assert received == [b""]
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_tunnel_is_kept_and_used_again(mode: Mode, tls_server: str, authority: Any) -> None:
    proxy = ScriptedProxy()
    with raw_server(proxy) as server:
        async with mode.client(proxy=proxy_url(server), verify=authority.ca_file) as client:
            ports = {(await client.get(tls_server + "/port")).text for _ in range(3)}

    assert len(ports) == len(proxy.heads) == 1


async def test_every_origin_has_a_tunnel_of_its_own(mode: Mode, server: str) -> None:
    proxy = ScriptedProxy()
    with raw_server(answering(OK)) as other, raw_server(proxy) as raw:
        async with mode.client(proxy=Proxy(proxy_url(raw), tunnel=True)) as client:
            for url in (server + "/port", other.url, server + "/port"):
                await client.get(url)

    assert len(proxy.heads) == 2


# -- A success ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 200 Connection established\r\n\r\n",
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 299 Whatever\r\nVia: 1.1 x\r\n\r\n",
        # RFC 9110 section 9.3.6: a success has no body, whatever these say.
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" * 16 + b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
@pytest.mark.parametrize("split", [False, True], ids=["whole", "byte by byte"])
async def test_success_opens_the_tunnel(mode: Mode, answer: bytes, split: bool) -> None:
    def script(conversation: Conversation) -> None:
        assert conversation.receive_head().startswith(b"CONNECT ")
        conversation.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in [answer[i : i + 1] for i in range(len(answer))] if split else [answer]:
            conversation.send(piece)
        assert conversation.receive_head().startswith(b"GET / HTTP/1.1\r\nHost: origin.test\r\n")
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        response = await ask(mode, Proxy(proxy_url(server), tunnel=True), "http://origin.test/")

    assert response.text == "ok"


async def test_bytes_behind_the_answer_belong_to_the_tunnel(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        assert conversation.receive_head().startswith(b"CONNECT ")
        # An origin that speaks first, in one piece with the answer.
        conversation.send(ESTABLISHED + OK[:10])
        assert conversation.receive_head().startswith(b"GET ")
        conversation.send(OK[10:])
        conversation.receive_to_end()

    with raw_server(script) as server:
        response = await ask(mode, Proxy(proxy_url(server), tunnel=True), "http://origin.test/")

    assert response.text == "ok"


def test_what_was_read_ahead_comes_first() -> None:
    async def main() -> None:
        below = FakeStream(b"later", b"")
        stream = ReadAhead(below, b"first")

        assert stream.has_input()
        assert await stream.receive(1) == b"first"
        assert not stream.has_input()
        assert await stream.receive(1) == b"later"
        assert stream.write(b"sent")
        assert below.wire == b"sent"
        assert stream.get_extra_info("socket") is None
        stream.close()
        assert below.is_closed

    Mode("sync").run(main)


# -- A refusal ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status_line", "message"),
    [
        (b"403 Forbidden", "403 Forbidden"),
        (b"502 Bad Gateway", "502 Bad Gateway"),
        (b"504", "504 Gateway Timeout"),
        (b"301 Moved", "301 Moved"),
        (b"404 Se\xc3\xb1or \x1b[31m".replace(b"\x1b", b""), "404 Seor [31m"),
        (b"999 Odd", "999 Odd"),
    ],
)
async def test_refusal_is_a_proxy_error_with_its_status(
    mode: Mode, status_line: bytes, message: str
) -> None:
    answer = b"HTTP/1.1 " + status_line + b"\r\nContent-Length: 6\r\n\r\nsorry!"
    with raw_server(refusing(answer)) as server:
        with pytest.raises(hookline.ProxyError) as caught:
            await ask(mode, proxy_url(server))

    where = proxy_url(server)
    assert str(caught.value) == (
        f"The proxy {where} refused the tunnel to origin.test:443: {message}."
    )
    assert caught.value.status_code == int(status_line[:3])
    assert str(caught.value.request.url) == "https://origin.test/"


async def test_refusal_for_want_of_credentials_says_how_to_give_them(mode: Mode) -> None:
    answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with raw_server(refusing(answer)) as server:
        with pytest.raises(hookline.ProxyError) as caught:
            await ask(mode, proxy_url(server))

    assert str(caught.value).endswith(
        "407 Proxy Authentication Required. Give it credentials: "
        "hookline.Proxy(url, auth=(user, password))."
    )
    assert caught.value.status_code == 407


async def test_refused_credentials_are_not_quoted(mode: Mode) -> None:
    answer = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
    with raw_server(refusing(answer)) as server:
        url = proxy_url(server).replace("://", "://user:secret@")
        with pytest.raises(hookline.ProxyError) as caught:
            await ask(mode, url)

    assert "It did not accept the credentials that it was given." in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "user" not in str(caught.value)


# -- Misbehaviour ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "it closed the connection before its answer was complete"),
        (b"HTTP/1.1 200 O", "it closed the connection before its answer was complete"),
        (b"HTTP/1.1 200 OK\r\nVia: x\r\n", "it closed the connection before its answer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "it closed the connection before its answer"),
        (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", "its answer is not HTTP (illegal status line)"),
        (b"HTTP/1.1 OK\r\n\r\n", "its answer is not HTTP (illegal status line)"),
        (b"\x05\x00\r\n\r\n", "its answer is not HTTP (illegal status line)"),
        (b"\x15\x03\x03\x00\x02\x02\x0a\r\n\r\n", "its answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "its answer is not HTTP (illegal header line)"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "its answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "its answer is not HTTP (Receive buffer too"),
        (b"x" * 200_000, "its answer is not HTTP (Receive buffer too long)"),
        (b"HTTP/1.1 102 Processing\r\n\r\n" * 17, "it sent more than 16 informational responses"),
        # Our own question, sent back.
        (b"CONNECT x:1 HTTP/1.1\r\nProxy-Authorization: " + BASIC.encode() + b"\r\n\r\n",
         "its answer is not HTTP (illegal status line)"),
        (b"HTTP/1.1 200 OK\r\n" + BASIC.encode() + b"\r\n\r\n",
         "its answer is not HTTP (illegal header line)"),
    ],
)  # fmt: skip
async def test_answer_that_is_none_is_a_proxy_error(
    mode: Mode, answer: bytes, message: str
) -> None:
    with raw_server(refusing(answer)) as server:
        with pytest.raises(hookline.ProxyError) as caught:
            await ask(mode, Proxy(proxy_url(server), auth=("user", "secret")))

    assert f"The proxy {proxy_url(server)} made no tunnel: {message}" in str(caught.value)
    assert caught.value.status_code is None
    # Neither in the message nor in what a traceback shows of its cause.
    error: BaseException | None = caught.value
    while error is not None:
        assert BASIC not in str(error)
        assert "dXNlcjpzZWNyZXQ" not in repr(error)
        error = error.__cause__


async def test_reset_is_a_proxy_error_with_its_cause(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        assert conversation.receive_head().startswith(b"CONNECT ")
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        conversation.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        conversation.close()

    with raw_server(script) as server:
        with pytest.raises(hookline.ProxyError, match="the connection broke") as caught:
            await ask(mode, proxy_url(server))

    assert isinstance(caught.value.__cause__, hookline.ReadError)


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"],
    ids=["none", "half", "informational"],
)
async def test_proxy_that_does_not_answer_is_a_connect_timeout(mode: Mode, answer: bytes) -> None:
    def script(conversation: Conversation) -> None:
        assert conversation.receive_head()
        conversation.send(answer)
        conversation.receive_to_end()

    with raw_server(script) as server:
        with pytest.raises(hookline.ConnectTimeout, match="did not answer CONNECT in time") as info:
            await ask(mode, proxy_url(server), timeout=hookline.Timeout(5, connect=SHORT))

    assert proxy_url(server) in str(info.value)


async def test_proxy_that_drips_does_not_move_the_deadline(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        assert conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 OK\r\n")
        with contextlib.suppress(OSError):
            # Each of these alone comes in time.
            while True:
                conversation.send(b"X: x\r\n")
                conversation.socket.settimeout(SHORT / 10)
                with contextlib.suppress(TimeoutError):
                    if not conversation.socket.recv(1):
                        return

    with raw_server(script) as server:
        with pytest.raises(hookline.ConnectTimeout):
            await ask(mode, proxy_url(server), timeout=hookline.Timeout(5, connect=SHORT))


def test_deadline_that_is_over_is_over_even_where_the_answer_is_there() -> None:
    stream = FakeStream(ESTABLISHED)
    request = Request("CONNECT", "http://proxy.test", extensions={"target": b"origin.test:443"})
    with pytest.raises(hookline.ConnectTimeout):
        drive(Handshake(stream, "http://proxy.test", Deadline(0)).ask(request))

    assert stream.receives == 0


async def test_tls_in_a_tunnel_that_stalls_is_a_connect_timeout(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        assert conversation.receive_head()
        conversation.send(ESTABLISHED)
        conversation.receive_to_end()

    with raw_server(script) as server:
        with pytest.raises(hookline.ConnectTimeout, match=r"handshake with origin\.test timed out"):
            await ask(mode, proxy_url(server), timeout=hookline.Timeout(5, connect=SHORT))


@pytest.mark.parametrize("tunnelled", [True, False], ids=["tunnel", "forward"])
async def test_proxy_that_refuses_connections_is_named(mode: Mode, tunnelled: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = "https://origin.test/" if tunnelled else "http://origin.test/"
    with pytest.raises(hookline.ConnectError) as caught:
        await ask(mode, f"http://user:secret@127.0.0.1:{port}", url)

    assert str(caught.value).startswith(f"The proxy http://127.0.0.1:{port} cannot be reached: ")
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


async def test_failures_leave_no_connection_and_no_place_taken(mode: Mode) -> None:
    limits = hookline.Limits(max_connections=1)
    with raw_server(refusing(b"HTTP/1.1 503 No\r\n\r\n")) as server:
        async with mode.client(proxy=proxy_url(server), limits=limits) as client:
            for _ in range(3):
                with pytest.raises(hookline.ProxyError):
                    await client.get("https://origin.test/")
            transport = client._transport_for_url(hookline.URL("https://origin.test/"))

            assert transport._pool._open == 0
    assert server.connections == 3


# -- Authentication by challenge -------------------------------------------------------------


class Puzzle(hookline.Auth):
    """Answers a challenge with the challenge: what Digest does, in short."""

    scheme = "puzzle"

    def __init__(self, *, wants_body: bool = False) -> None:
        self.requires_response_body = wants_body
        self.seen: list[tuple[int, str | None, bytes | None]] = []

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        for _ in range(3):
            response = yield request
            body = response.content if self.requires_response_body else None
            challenge = response.headers.get("WWW-Authenticate")
            self.seen.append((response.status_code, challenge, body))
            if response.status_code != 401:
                return
            request.headers["Authorization"] = f"Puzzle {challenge}"


def challenge(number: int, *extra: bytes, body: bytes = b"") -> bytes:
    lines = [b"HTTP/1.1 407 Proxy Authentication Required", b"Proxy-Authenticate: p%d" % number]
    return b"\r\n".join([*lines, *extra, b"", body])


@contextmanager
def puzzling(answers: list[bytes], closes: bool = False) -> Iterator[tuple[RawServer, list[str]]]:
    """A proxy that gives these answers, then opens the tunnel, and what it was shown each time."""
    shown: list[str] = []
    left = list(answers)

    def before(conversation: Conversation, head: bytes) -> bool:
        shown.append(f"{server.connections}: {header(head, 'Proxy-Authorization')}")
        if not left:
            return True
        conversation.send(left.pop(0))
        if closes:
            conversation.close()
        return False

    def script(conversation: Conversation) -> None:
        with contextlib.suppress(OSError):
            proxy(conversation)

    proxy = ScriptedProxy(before)
    with raw_server(script) as server:
        yield server, shown


CHUNKED = b"Transfer-Encoding: chunked"
EMPTY = b"Content-Length: 0"


@pytest.mark.parametrize(
    "answer",
    [
        challenge(1, EMPTY),
        challenge(1, b"Content-Length: 5", body=b"sorry"),
        challenge(1, b"Content-Length: 60000", body=b"x" * 60_000),
        challenge(1, CHUNKED, body=b"5\r\nsorry\r\n0\r\n\r\n"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + challenge(1, EMPTY),
    ],
    ids=["empty", "length", "long", "chunked", "informational"],
)
async def test_challenge_is_answered_on_the_same_connection(
    mode: Mode, server: str, answer: bytes
) -> None:
    auth = Puzzle()
    with puzzling([answer]) as (raw, shown):
        proxy = Proxy(proxy_url(raw), auth=auth, tunnel=True)
        response = await ask(mode, proxy, server + "/echo", headers={"Authorization": "for origin"})

    assert shown == ["1: None", "1: Puzzle p1"]
    assert auth.seen == [(401, "p1", None), (200, None, None)]
    at_origin = dict(response.json()["headers"])
    assert at_origin["authorization"] == "for origin"
    assert "proxy-authorization" not in at_origin


@pytest.mark.parametrize(
    "answer",
    [
        challenge(1),
        challenge(1, b"Connection: close", EMPTY),
        challenge(1, b"Proxy-Connection: close", b"Content-Length: 5", body=b"sorry"),
        challenge(1, EMPTY).replace(b"HTTP/1.1", b"HTTP/1.0"),
        challenge(1, b"Content-Length: 200000", body=b"x" * 200_000),
        challenge(1, EMPTY) + OK,
    ],
    ids=["unframed", "close", "proxy close", "HTTP/1.0", "too long", "more behind it"],
)
async def test_challenge_is_answered_on_a_new_connection_where_the_old_one_is_of_no_use(
    mode: Mode, server: str, answer: bytes
) -> None:
    with puzzling([answer]) as (raw, shown):
        proxy = Proxy(proxy_url(raw), auth=Puzzle(), tunnel=True)
        response = await ask(mode, proxy, server + "/port")

    assert response.status_code == 200
    assert shown == ["1: None", "2: Puzzle p1"]


async def test_connection_that_ends_without_a_word_after_a_challenge_is_replaced(
    mode: Mode, server: str
) -> None:
    with puzzling([challenge(1, EMPTY)], closes=True) as (raw, shown):
        proxy = Proxy(proxy_url(raw), auth=Puzzle(), tunnel=True)
        response = await ask(mode, proxy, server + "/port")

    assert response.status_code == 200
    assert shown == ["1: None", "2: Puzzle p1"]


async def test_several_rounds_are_several_questions(mode: Mode, server: str) -> None:
    answers = [challenge(1, EMPTY), challenge(2, b"Connection: close", EMPTY)]
    with puzzling(answers) as (raw, shown):
        proxy = Proxy(proxy_url(raw), auth=Puzzle(), tunnel=True)
        await ask(mode, proxy, server + "/port")

    assert shown == ["1: None", "1: Puzzle p1", "2: Puzzle p2"]


async def test_challenge_without_end_ends_with_the_flow(mode: Mode) -> None:
    with puzzling([challenge(number, EMPTY) for number in range(9)]) as (raw, shown):
        with pytest.raises(hookline.ProxyError, match="did not accept the credentials") as caught:
            await ask(mode, Proxy(proxy_url(raw), auth=Puzzle()))

    assert caught.value.status_code == 407
    assert len(shown) == 3


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (challenge(1, b"Content-Length: 5", body=b"sorry"), b"sorry"),
        (challenge(1, b"Connection: close", b"Content-Length: 5", body=b"sorry"), b"sorry"),
        (challenge(1, body=b"until the end"), b"until the end"),
        (challenge(1, CHUNKED, body=b"5\r\nsorry\r\n0\r\n\r\n"), b"sorry"),
    ],
)
async def test_flow_that_wants_bodies_gets_them(mode: Mode, answer: bytes, body: bytes) -> None:
    auth = Puzzle(wants_body=True)
    forbidden = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
    with puzzling([answer, forbidden], closes=True) as (raw, _):
        with pytest.raises(hookline.ProxyError, match="403 Forbidden"):
            await ask(mode, Proxy(proxy_url(raw), auth=auth))

    assert auth.seen == [(401, "p1", body), (403, None, b"no")]


async def test_challenge_that_is_cut_off_is_a_proxy_error(mode: Mode) -> None:
    with puzzling([challenge(1, b"Content-Length: 5", body=b"so")], closes=True) as (raw, _):
        with pytest.raises(hookline.ProxyError, match="made no tunnel: its answer is not HTTP"):
            await ask(mode, Proxy(proxy_url(raw), auth=Puzzle()))


async def test_challenge_that_stalls_is_a_connect_timeout(mode: Mode) -> None:
    with puzzling([challenge(1, b"Content-Length: 5", body=b"so")]) as (raw, _):
        with pytest.raises(hookline.ConnectTimeout):
            await ask(
                mode,
                Proxy(proxy_url(raw), auth=Puzzle()),
                timeout=hookline.Timeout(5, connect=SHORT),
            )


async def test_digest_makes_a_tunnel(mode: Mode, server: str) -> None:
    def before(conversation: Conversation, head: bytes) -> bool:
        if not has_digest(head, "secret"):
            conversation.send(DIGEST_CHALLENGE)
            return False
        return True

    proxy = ScriptedProxy(before)
    with raw_server(proxy) as raw:
        through = Proxy(proxy_url(raw), auth=hookline.DigestAuth("user", "secret"), tunnel=True)
        async with mode.client(proxy=through) as client:
            assert (await client.get(server + "/port")).status_code == 200

        assert len(proxy.heads) == 2
        through = Proxy(proxy_url(raw), auth=hookline.DigestAuth("user", "wrong"), tunnel=True)
        with pytest.raises(hookline.ProxyError, match="did not accept the credentials"):
            await ask(mode, through, server + "/port")


async def test_digest_that_was_learned_is_sent_at_once(mode: Mode, server: str) -> None:
    def before(conversation: Conversation, head: bytes) -> bool:
        if not has_digest(head, "secret"):
            conversation.send(DIGEST_CHALLENGE)
            return False
        return True

    proxy = ScriptedProxy(before)
    with raw_server(answering(OK)) as other, raw_server(proxy) as raw:
        auth = hookline.DigestAuth("user", "secret")
        async with mode.client(proxy=Proxy(proxy_url(raw), auth=auth, tunnel=True)) as client:
            for url in (server + "/port", other.url):
                assert (await client.get(url)).status_code == 200

    # The question without credentials, and one for each tunnel.
    assert len(proxy.heads) == 3


async def test_flow_that_fails_closes_the_connection(mode: Mode) -> None:
    class Failing(hookline.Auth):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            yield request
            raise LookupError("no ticket")

    received: list[bytes] = []

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(challenge(1, EMPTY))
        received.append(conversation.receive_to_end())

    with raw_server(script) as server:
        with pytest.raises(LookupError, match="no ticket"):
            await ask(mode, Proxy(proxy_url(server), auth=Failing()))

    assert received == [b""]


# -- TLS to the proxy -----------------------------------------------------------------------


@pytest.fixture
def proxy_context(authority: Any) -> ssl.SSLContext:
    """The server side of TLS with a scripted proxy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert, authority.server_key)
    return context


async def test_tls_in_tls(
    mode: Mode, tls_server: str, authority: Any, proxy_context: ssl.SSLContext
) -> None:
    offered: list[str | None] = []
    proxy_context.set_alpn_protocols(["h2", "http/1.1"])

    def before(conversation: Conversation, head: bytes) -> bool:
        assert isinstance(conversation.socket, ssl.SSLSocket)
        offered.append(conversation.socket.selected_alpn_protocol())
        return True

    context = hookline.create_ssl_context(authority.ca_file)
    with raw_server(ScriptedProxy(before, context=proxy_context)) as server:
        proxy = Proxy(proxy_url(server, "https"), ssl_context=context)
        async with mode.client(proxy=proxy, verify=authority.ca_file) as client:
            first = await client.get(tls_server + "/bytes/300000")
            second = await client.post(tls_server + "/echo", content=b"x" * 300_000)

    assert first.content == b"x" * 300_000
    assert second.json()["body"] == "x" * 300_000
    # The context offers nothing, and nothing is chosen.
    # Whatever the context offers to others.
    assert offered == ["http/1.1"]


async def test_default_context_offers_the_proxy_http11_alone(
    mode: Mode,
    tls_server: str,
    authority: Any,
    proxy_context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offered: list[str | None] = []
    proxy_context.set_alpn_protocols(["h2", "http/1.1"])
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)

    def before(conversation: Conversation, head: bytes) -> bool:
        assert isinstance(conversation.socket, ssl.SSLSocket)
        offered.append(conversation.socket.selected_alpn_protocol())
        return True

    with raw_server(ScriptedProxy(before, context=proxy_context)) as server:
        response = await ask(mode, proxy_url(server, "https"), tls_server + "/port")

    assert response.status_code == 200
    assert offered == ["http/1.1"]


@pytest.mark.parametrize("url", ["https://origin.test/", "http://origin.test/"])
async def test_proxys_certificate_is_checked_whatever_verify_says(
    mode: Mode, url: str, authority: Any, proxy_context: ssl.SSLContext
) -> None:
    proxy = ScriptedProxy(context=proxy_context)
    with raw_server(proxy) as server:
        for verify in (False, authority.ca_file):
            with pytest.raises(hookline.ConnectError) as caught:
                await ask(mode, proxy_url(server, "https"), url, verify=verify)

            assert f"The proxy {proxy_url(server, 'https')} cannot be reached: " in str(
                caught.value
            )
            assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)

    assert proxy.heads == []


async def test_origins_certificate_is_checked_inside_the_tunnel(
    mode: Mode, tls_server: str, authority: Any, proxy_context: ssl.SSLContext
) -> None:
    context = hookline.create_ssl_context(authority.ca_file)
    with raw_server(ScriptedProxy(context=proxy_context)) as server:
        proxy = Proxy(proxy_url(server, "https"), ssl_context=context)
        with pytest.raises(hookline.ConnectError, match="certificate of localhost was refused"):
            await ask(mode, proxy, tls_server + "/port")


async def test_tls_with_a_proxy_that_stalls_is_a_connect_timeout(mode: Mode) -> None:
    with raw_server(lambda conversation: conversation.receive_to_end() and None) as server:
        with pytest.raises(hookline.ConnectTimeout, match="cannot be reached: The TLS handshake"):
            await ask(mode, proxy_url(server, "https"), timeout=hookline.Timeout(5, connect=SHORT))
