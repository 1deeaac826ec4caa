"""What one request costs, counted: calls, sends, objects. No clocks.

The budget is part of the design (docs/architecture.md): what a request does not use leaves no frame
on its way.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

import pytest

import hookline
from hookline.plugins import EventHook, Middleware, PluginManager, hookimpl
from hookline_http11._protocol import HTTP11
from support.modes import Mode
from support.raw import answering, raw_server

# The Python functions that a GET on a warm connection enters, in order, once for the response's
# head and body arriving together. This list is the design: if a change makes it longer, it has to
# be worth it.
SYNC_PATH = [
    "Client.get",
    "Client.request",
    "BaseClient.build_request",
    "Timeout.as_dict",
    "BaseClient._merge_url",
    "parse_url",
    "BaseClient._merge_queryparams",
    "QueryParams.__bool__",
    "BaseClient._merge_headers",
    "BaseClient._merge_cookies",
    "Request.__init__",
    "parse_url",
    "Headers.__init__",
    "Cookies.__bool__",
    "Request._prepare",
    "Headers._has",
    "URL.netloc",
    "Client.send",
    "drive",
    "BaseClient._send",
    "BaseClient._request_auth",
    "BaseClient._exchange",
    "BaseClient._dispatch",
    "Client._call_transport",
    "BaseClient._transport_for_url",
    "HTTPTransport.handle_request",
    "drive",
    "ConnectionPool.handle",
    "URL.origin",
    "ConnectionPool._take",
    "HTTP11.is_reusable",
    "SyncStream.has_input",
    "HTTP11.exchange",
    "Serialiser.head",
    "URL.raw_path",
    "ResponseParser.start",
    "HttptoolsParser._begin",
    "HTTP11._write_whole",
    "SyncStream.write",
    "SyncStream.receive",
    "ResponseParser.feed",
    "HttptoolsParser._feed_head",
    "HttptoolsParser._take_known_head",
    "ResponseParser._begin_body",
    "ResponseParser._take",
    "HTTP11._end_exchange",
    "Connection._release",
    "ConnectionPool._release",
    "HTTP11.is_closed",
    "ConnectionPool._keep",
    "ByteStream.__init__",
    "Response._from_wire",
    "Headers._of",
    "Headers._has",
    "Response.has_redirect_location",
    "Response._read",
    "Response._decoder",
    "Headers._get",
    "Response._finish",
]


@pytest.fixture
def one_piece() -> Iterator[str]:
    """The URL of a server whose responses arrive whole: one write each, on a real socket."""
    ok = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
    with raw_server(answering(*[ok] * 10)) as server:
        yield server.url


@contextmanager
def calls_recorded() -> Iterator[list[str]]:
    """The qualified names of hookline's functions that are entered, and of pluggy's."""
    entered: list[str] = []

    def profile(frame: FrameType, event: str, argument: object) -> None:
        if event != "call":
            return
        module = frame.f_globals.get("__name__", "")
        if module.startswith(("hookline", "pluggy")):
            # A coroutine is entered anew at each resumption; that is not another call.
            if frame.f_lasti > 0 and frame.f_code.co_flags & 0x80 and id(frame) in seen:
                return
            seen.add(id(frame))
            keep.append(frame)
            entered.append(frame.f_code.co_qualname)

    seen: set[int] = set()
    # So that no frame's identity is used again while we count.
    keep: list[FrameType] = []
    sys.setprofile(profile)
    try:
        yield entered
    finally:
        sys.setprofile(None)


def record_a_warm_get(client: hookline.Client, url: str) -> list[str]:
    for _ in range(3):
        client.get(url)
    with calls_recorded() as entered:
        client.get(url)
    return entered


def test_a_warm_get_enters_exactly_these_functions(one_piece: str) -> None:
    with hookline.Client() as client:
        entered = record_a_warm_get(client, one_piece)

    assert entered == SYNC_PATH


def test_a_warm_get_never_meets_pluggy_or_the_registry(one_piece: str) -> None:
    with hookline.Client() as client:
        entered = record_a_warm_get(client, one_piece)

    assert entered
    assert [n for n in entered if "Registry" in n or "Manager" in n or "Hook" in n] == []


def test_the_asynchronous_path_is_the_same_code(one_piece: str) -> None:
    entered: list[str] = []

    async def main() -> None:
        async with hookline.AsyncClient() as client:
            for _ in range(3):
                await client.get(one_piece)
            with calls_recorded() as recorded:
                await client.get(one_piece)
            entered.extend(recorded)

    asyncio.run(main())

    translated = {
        "Client.get": "AsyncClient.get",
        "Client.request": "AsyncClient.request",
        "Client.send": "AsyncClient.send",
        "Client._call_transport": "AsyncClient._call_transport",
        "HTTPTransport.handle_request": "AsyncHTTPTransport.handle_async_request",
        "SyncStream.has_input": "AsyncioStream.has_input",
        "SyncStream.write": "AsyncioStream.write",
        "SyncStream.receive": "AsyncioStream.receive",
    }
    # Called by the event loop when data arrives, between receive() and feed().
    loop_calls = {"AsyncioStream.get_buffer", "AsyncioStream.buffer_updated"}
    expected = [translated.get(name, name) for name in SYNC_PATH if name != "drive"]

    assert [name for name in entered if name not in loop_calls] == expected


class Idle(Middleware):
    name = "idle"


class Nosy(EventHook):
    name = "nosy"

    def request_started(self, request: hookline.Request) -> None:
        raise AssertionError


def test_plugins_that_are_registered_but_not_named_leave_no_frame(one_piece: str) -> None:
    class Plugin:
        @hookimpl
        def hookline_register_middleware(self) -> list[type[Middleware]]:
            return [Idle]

        @hookimpl
        def hookline_register_event_hooks(self) -> list[type[EventHook]]:
            return [Nosy]

        @hookimpl
        def hookline_register_protocols(self) -> list[type[HTTP11]]:
            return [HTTP11]

    manager = PluginManager()
    manager.register(Plugin(), "idle")
    with hookline.Client(plugins=manager) as client:
        entered = record_a_warm_get(client, one_piece)

    assert entered == SYNC_PATH


@pytest.mark.parametrize("others", [1, 50])
def test_path_is_the_same_whatever_else_the_pool_holds(others: int, one_piece: str) -> None:
    limits = hookline.Limits(max_connections=100, max_keepalive_connections=100)
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with ExitStack() as stack:
        client = stack.enter_context(hookline.Client(limits=limits))
        for number in range(others):
            client.get(stack.enter_context(raw_server(answering(ok))).url)
            assert client._transport._pool._idle_count == number + 1  # type: ignore[attr-defined]
        entered = record_a_warm_get(client, one_piece)
        client.close()

    assert entered == SYNC_PATH


# -- System calls ---------------------------------------------------------------------------


class CountingSocket(socket.socket):
    """Counts what the stream asks of its socket."""

    counts: dict[str, int]

    def recv(self, *arguments: Any) -> bytes:
        self.counts["recv"] += 1
        return super().recv(*arguments)

    def send(self, *arguments: Any) -> int:
        self.counts["send"] += 1
        return super().send(*arguments)

    def setsockopt(self, *arguments: Any) -> None:
        self.counts["setsockopt"] += 1
        return super().setsockopt(*arguments)


def count_socket_calls(client: hookline.Client) -> dict[str, int]:
    """Replace the socket of the client's one connection by one that counts."""
    (connection,) = client._transport._pool._connections  # type: ignore[attr-defined]
    stream = connection.protocol.stream
    counting = CountingSocket(fileno=stream._socket.detach())
    counting.counts = {"recv": 0, "send": 0, "setsockopt": 0}
    stream._socket = counting
    return counting.counts


REQUESTS: dict[str, Callable[[hookline.Client, str], hookline.Response]] = {
    "get": lambda client, url: client.get(url + "/port"),
    "post of bytes": lambda client, url: client.post(url + "/echo", content=b"x" * 1000),
    "post of json": lambda client, url: client.post(url + "/echo", json={"a": [1, 2, 3]}),
    "post of a form": lambda client, url: client.post(url + "/echo", data={"a": "b"}),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_on_a_warm_connection_makes_one_send(kind: str, server: str) -> None:
    with hookline.Client() as client:
        for _ in range(2):
            REQUESTS[kind](client, server)
        counts = count_socket_calls(client)
        assert REQUESTS[kind](client, server).status_code == 200

    assert counts["send"] == 1
    assert counts["setsockopt"] == 0


def test_a_small_generator_upload_makes_two_sends(server: str) -> None:
    with hookline.Client() as client:
        client.get(server + "/port")
        counts = count_socket_calls(client)
        response = client.post(server + "/echo", content=iter([b"all of it"]))

    # Head and first piece together; then the end of the body, which only its end can tell.
    assert response.json()["body"] == "all of it"
    assert counts["send"] == 2


async def test_asynchronous_requests_make_one_send_too(mode: Mode, server: str) -> None:
    if mode.name == "sync":
        pytest.skip("counted by its socket above")
    async with mode.client() as client:
        await client.get(server + "/port")
        (connection,) = client._transport._pool._connections
        stream = connection.protocol.stream
        sent: list[bytes] = []
        original = type(stream).write

        def write(self: Any, data: bytes) -> bool:
            sent.append(data)
            return original(self, data)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(stream), "write", write)
            await client.post(server + "/echo", json={"a": 1})

    assert len(sent) == 1
    assert sent[0].endswith(b'\r\n\r\n{"a":1}')


# -- Imports --------------------------------------------------------------------------------


def modules_after(program: str) -> set[str]:
    output = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return set(output.split())


def test_import_loads_nothing_that_a_first_request_might_not_need() -> None:
    heavy = {
        "anyio", "asyncio", "certifi", "email.message", "h11", "hookline_http11", "http.client",
        "http.cookiejar", "httptools", "idna", "importlib.metadata", "pluggy", "ssl", "trio",
        "urllib.request",
    }  # fmt: skip

    loaded = modules_after("import hookline") - modules_after("")

    assert loaded & heavy == set()


def test_a_plain_http_client_loads_no_tls_and_no_event_loop() -> None:
    loaded = modules_after("import hookline; hookline.Client().close()") - modules_after("")

    assert loaded & {"anyio", "asyncio", "certifi", "h11", "http.cookiejar", "ssl", "trio"} == set()


def test_default_tls_context_is_built_once_per_process(tls_server: str, authority: Any) -> None:
    contexts = []
    for _ in range(2):
        with hookline.Client(verify=authority.ca_file) as client:
            client.get(tls_server + "/port")
            contexts.append(client._transport._pool._get_ssl_context())  # type: ignore[attr-defined]

    assert contexts[0] is contexts[1]
