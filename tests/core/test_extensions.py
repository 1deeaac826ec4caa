"""`extensions` of requests and responses in every mode: `trace`, `sni_hostname`, `network_stream`.
What they have in common with httpx's is compared in tests/compat."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import hookline
from support.modes import Mode, breathe
from support.raw import Conversation, answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"
UPGRADE = {"Connection": "Upgrade", "Upgrade": "echo"}
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"


class Called:
    """Calls a stream's methods in the way of its mode."""

    def __init__(self, mode: Mode, stream: Any) -> None:
        self.stream = stream
        self._mode = mode

    async def __call__(self, name: str, *arguments: Any) -> Any:
        result = getattr(self.stream, name)(*arguments)
        return await result if self._mode.is_async else result


# -- network_stream -------------------------------------------------------------------------


def echoing(conversation: Conversation) -> None:
    if conversation.receive_head():
        conversation.send(SWITCH + b"ahead")
        while data := conversation.socket.recv(1000):
            conversation.send(data.upper())


async def test_stream_belongs_to_the_program_after_an_upgrade(mode: Mode) -> None:
    with raw_server(echoing) as server:
        async with mode.client() as client:
            async with client.stream("GET", server.url, headers=UPGRADE) as response:
                call = Called(mode, response.extensions["network_stream"])
                assert [await call("read", 3), await call("read", 9)] == [b"ahe", b"ad"]
                await call("write", b"hello")
                assert await call("read", 100, 5.0) == b"HELLO"
                with pytest.raises(hookline.ReadTimeout):
                    await call("read", 100, 0.01)
                pool = client._transport._pool
                assert len(pool._connections) == 1
            # It was no use for anybody else.
            assert len(pool._connections) == pool._open == 0
            with pytest.raises((hookline.ReadError, hookline.WriteError)):
                await call("write", b"x")
                await call("read", 1)


async def test_stream_can_be_closed_before_its_response(mode: Mode) -> None:
    with raw_server(echoing) as server:
        async with mode.client() as client:
            async with client.stream("GET", server.url, headers=UPGRADE) as response:
                call = Called(mode, response.extensions["network_stream"])
                await call("aclose" if mode.is_async else "close")
            assert client._transport._pool._open == 0


async def test_every_response_brings_facts_of_its_connection(mode: Mode) -> None:
    with raw_server(answering(OK, OK)) as server:
        async with mode.client() as client:
            streams = [
                (await client.get(server.url)).extensions["network_stream"] for _ in range(2)
            ]

            assert streams[0] is streams[1]
            assert streams[0].get_extra_info("server_addr") == server.address
            assert streams[0].get_extra_info("ssl_object") is None


async def test_tls_can_be_started_on_a_stream(mode: Mode, authority: Any) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert, authority.server_key)
    trusting = ssl.create_default_context(cafile=authority.ca_file)

    def tunnel(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 Established\r\n\r\n")
        with context.wrap_socket(conversation.socket, server_side=True) as secure:
            secure.sendall(secure.recv(100).upper())
            # Until the other side has gone.
            try:
                secure.recv(1)
            except OSError:
                pass

    with raw_server(tunnel) as server:
        async with mode.client() as client:
            target = {"target": b"localhost:443"}
            async with client.stream("CONNECT", server.url, extensions=target) as response:
                call = Called(mode, response.extensions["network_stream"])
                secure = Called(mode, await call("start_tls", trusting, "localhost", 5.0))
                await secure("write", b"hello")
                assert await secure("read", 100) == b"HELLO"
                assert secure.stream.get_extra_info("ssl_object").version() is not None
        # So that an event loop closes what it was told to.
        await breathe(mode)


# -- trace ------------------------------------------------------------------------------------


def listener(mode: Mode, events: list[str], failing: str = "") -> dict[str, Any]:
    def note(event: str, info: dict[str, Any]) -> None:
        events.append(event)
        if event == failing:
            raise ZeroDivisionError(event)

    return {"trace": mode.function(note)}


HTTP11 = [
    f"http11.{step}.{event}"
    for step in (
        "send_request_headers",
        "send_request_body",
        "receive_response_headers",
        "receive_response_body",
        "response_closed",
    )
    for event in ("started", "complete")
]
CONNECTING = ["connection.connect_tcp.started", "connection.connect_tcp.complete"]
RESOLVING = ["connection.resolve_host.started", "connection.resolve_host.complete"]


async def test_steps_of_a_request_are_told_in_order(mode: Mode) -> None:
    with raw_server(answering(OK, CHUNKED + b"0\r\n\r\n")) as server:
        async with mode.client() as client:
            for expected in (CONNECTING + HTTP11, HTTP11):
                events: list[str] = []
                extensions = listener(mode, events)
                await client.post(server.url, content=b"abc", extensions=extensions)
                assert events == expected


async def test_response_that_is_given_up_is_told_to_be_closed(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(CHUNKED)
        conversation.receive_to_end()

    events: list[str] = []
    with raw_server(script) as server:
        async with mode.client() as client:
            extensions = listener(mode, events)
            async with client.stream("GET", server.url, extensions=extensions) as response:
                async for _ in response.aiter_raw():
                    break
            assert client._transport._pool._open == 0

    assert events[-4:] == HTTP11[-4:]


async def test_failure_is_told_with_its_exception(mode: Mode) -> None:
    failures: list[Any] = []

    def note(event: str, info: dict[str, Any]) -> None:
        if event.endswith("failed"):
            failures.append((event, type(info["exception"]).__name__))

    extensions = {"trace": mode.function(note)}
    broken = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(broken)

    with raw_server(script) as server:
        async with mode.client() as client:
            with pytest.raises(hookline.RemoteProtocolError):
                await client.get(server.url, extensions=extensions)

    assert failures == [("http11.receive_response_body.failed", "RemoteProtocolError")]


@pytest.mark.parametrize("event", [*CONNECTING, *HTTP11])
async def test_callback_that_raises_ends_the_request_and_leaks_nothing(
    mode: Mode, event: str
) -> None:
    events: list[str] = []
    # More than comes in one piece.
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
    with raw_server(answering(large, OK)) as server:
        async with mode.client(limits=hookline.Limits(max_connections=1), timeout=5) as client:
            with pytest.raises(ZeroDivisionError):
                await client.get(server.url, extensions=listener(mode, events, event))
            assert events[-1] in (event, event.rpartition(".")[0] + ".failed", HTTP11[-1])
            # The one place in the pool is free.
            with raw_server(answering(OK)) as another:
                assert (await client.get(another.url)).text == "ok"
            assert client._transport._pool._open == 1


async def test_every_protocol_can_be_traced(mode: Mode, h2_server: str, authority: Any) -> None:
    events: list[str] = []
    async with mode.client(http2=True, verify=authority.ca_file) as client:
        extensions = listener(mode, events)
        response = await client.post(h2_server + "/echo", content=b"abc", extensions=extensions)

    assert response.json()["body"] == "abc"
    assert events == [
        CONNECTING[0], *RESOLVING, CONNECTING[1],
        "connection.start_tls.started",
        "connection.start_tls.complete",
        *[event.replace("http11", "http2") for event in HTTP11],
    ]  # fmt: skip


async def test_name_that_is_looked_up_is_told_with_its_addresses(mode: Mode, server: str) -> None:
    seen: dict[str, Any] = {}
    extensions = {"trace": mode.function(lambda event, info: seen.update({event: info}))}
    port = int(server.rpartition(":")[2])
    async with mode.client() as client:
        await client.get(f"http://localhost:{port}/", extensions=extensions)

    assert [event for event in seen if event.startswith("connection.")] == [
        CONNECTING[0], *RESOLVING, CONNECTING[1]
    ]  # fmt: skip
    started = seen[RESOLVING[0]]
    assert (started["host"], started["port"]) == ("localhost", port)
    assert 0 < started["timeout"] <= 5
    assert "127.0.0.1" in seen[RESOLVING[1]]["return_value"]


async def test_name_that_is_not_found_is_told_with_the_exception(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: dict[str, Any] = {}

    def getaddrinfo(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    def note(event: str, info: dict[str, Any]) -> None:
        if event.endswith(".failed"):
            failed[event] = info["exception"]

    async with mode.client() as client:
        with pytest.raises(hookline.ConnectError) as caught:
            await client.get("http://no.test/", extensions={"trace": mode.function(note)})

    assert list(failed) == ["connection.resolve_host.failed", "connection.connect_tcp.failed"]
    assert set(failed.values()) == {caught.value}


async def test_traced_request_sends_the_same_bytes(mode: Mode) -> None:
    seen: list[bytes] = []

    def script(conversation: Conversation) -> None:
        while head := conversation.receive_head():
            seen.append(head + conversation.receive_exactly(3 if b"POST" in head else 0))
            conversation.send(OK)

    with raw_server(script) as server:
        async with mode.client() as client:
            for method, content in (("GET", None), ("POST", b"abc")):
                for extensions in ({}, listener(mode, [])):
                    await client.request(method, server.url, content=content, extensions=extensions)

    assert seen[0] == seen[1]
    assert seen[2] == seen[3]


# -- sni_hostname -------------------------------------------------------------------------------


@contextmanager
def naming_server(authority: Any) -> Iterator[tuple[str, list[Any]]]:
    """A server over TLS, and the name in each handshake."""
    names: list[Any] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert, authority.server_key)
    context.sni_callback = lambda _, name, __: names.append(name)

    def serve(conversation: Conversation) -> None:
        with context.wrap_socket(conversation.socket, server_side=True) as secure:
            while True:
                try:
                    data = secure.recv(65536)
                except OSError:
                    return
                if not data:
                    return
                secure.sendall(OK)

    with raw_server(serve) as server:
        yield f"https://127.0.0.1:{server.address[1]}/", names


async def test_connections_are_kept_by_the_name_in_their_handshake(
    mode: Mode, authority: Any
) -> None:
    with naming_server(authority) as (url, names):
        async with mode.client(verify=authority.ca_file) as client:
            for name in ("localhost", None, "localhost", None):
                extensions = {} if name is None else {"sni_hostname": name}
                assert (await client.get(url, extensions=extensions)).text == "ok"
        # So that an event loop closes what it was told to.
        await breathe(mode)

    # The URL's own host is an address, which a handshake has no name for.
    assert names == ["localhost", None]


async def test_name_in_the_handshake_is_no_matter_without_tls(mode: Mode) -> None:
    with raw_server(answering(OK, OK)) as server:
        async with mode.client() as client:
            for extensions in ({"sni_hostname": "localhost"}, {}):
                assert (await client.get(server.url, extensions=extensions)).text == "ok"

        assert server.connections == 1


async def test_name_that_is_no_text_is_refused(mode: Mode) -> None:
    async with mode.client() as client:
        with pytest.raises(TypeError, match=r'extensions\["sni_hostname"\]: expected a str'):
            await client.get("https://example.org/", extensions={"sni_hostname": b"localhost"})
