"""Proxies that misbehave, on real sockets, in each mode: what is raised, and that nothing leaks."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trio

import hookline
from hookline import Proxy
from support.modes import Mode
from support.raw import LIMIT, Conversation, RawServer, answering, raw_server
from support.socks import (
    CONNECTED,
    NO_AUTH,
    PASSWORD,
    USE_PASSWORD,
    USER,
    WELCOME,
    read_greeting,
    read_message,
    socks_script,
)

URL = "http://example.org/"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT = hookline.Timeout(LIMIT, connect=0.05)

STEPS = ["method selection", "authentication", "connect"]
ANSWERS = [USE_PASSWORD, WELCOME, CONNECTED]


def proxy_at(server: RawServer) -> Proxy:
    return Proxy(f"socks5h://127.0.0.1:{server.address[1]}", auth=(USER, PASSWORD))


def pool_of(client: Any) -> Any:
    return client._transport_for_url(hookline.URL(URL))._pool


class Hold:
    """A script's end: says that it got there, and that the client closed the connection."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.closed = threading.Event()

    def __call__(self, conversation: Conversation) -> None:
        self.reached.set()
        assert conversation.receive_to_end() == b""
        self.closed.set()


def silent_at(number: int, begun: bytes, hold: Hold) -> Callable[[Conversation], None]:
    """A script that answers so many messages, begins the next answer, and says no more."""

    def then(conversation: Conversation) -> None:
        if number == 0:
            read_greeting(conversation)
        else:
            read_message(conversation)
        conversation.send(begun)
        hold(conversation)

    return socks_script(*ANSWERS[:number], then=then)


# -- Wrong answers --------------------------------------------------------------------------


async def test_answer_that_ends_at_any_byte_is_a_proxy_error(mode: Mode) -> None:
    cuts = [(number, at) for number in range(3) for at in range(len(ANSWERS[number]))]
    scripts = iter([socks_script(*ANSWERS[:number], ANSWERS[number][:at]) for number, at in cuts])
    messages = []
    with raw_server(lambda conversation: next(scripts)(conversation)) as server:
        async with mode.client(proxy=proxy_at(server)) as client:
            for _ in cuts:
                with pytest.raises(hookline.ProxyError) as caught:
                    await client.get(URL)
                messages.append(str(caught.value))
        where = f"SOCKS5 proxy 127.0.0.1:{server.address[1]}"

    assert messages == [
        f"{where}, {STEPS[number]}: it closed the connection before its answer was complete."
        for number, _ in cuts
    ]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([b"\x04\x00"], "method selection: its answer has the version 4, not 5"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "method selection: its answer has the version 72"),
        ([b"\x05\xff"], "method selection: no acceptable methods"),
        ([b"\x05\x01"], "method selection: it chose a method that was not offered"),
        ([USE_PASSWORD + b"x" * 1000], "method selection: it sent"),
        ([USE_PASSWORD, b"\x05\x00"], "authentication: its answer has the version 5, not 1"),
        ([USE_PASSWORD, b"\x01\x01"], "authentication: user name and password were refused"),
        ([NO_AUTH, b"\x04" + CONNECTED[1:]], "connect: its answer has the version 4, not 5"),
        ([NO_AUTH, b"\x05\x02\x00\x01" + bytes(6)], "connect: connection not allowed by ruleset"),
        ([NO_AUTH, b"\x05\x5b\x00\x01" + bytes(6)], r"connect: refused with a code .* \(0x5b\)"),
        ([NO_AUTH, b"\x05\x00\x00\x02" + bytes(6)], "connect: its answer has an address of an un"),
    ],
)
def test_wrong_answer_is_a_proxy_error_and_closes_the_connection(
    mode: Mode, answers: list[bytes], message: str
) -> None:
    # The script waits for the client to close, where a real proxy would close itself.
    closed = threading.Event()

    def then(conversation: Conversation) -> None:
        conversation.receive_to_end()
        closed.set()

    async def scenario(server: RawServer) -> None:
        async with mode.client(proxy=proxy_at(server)) as client:
            with pytest.raises(hookline.ProxyError, match=message) as caught:
                await client.get(URL)
            # Out of the pool's books as well: the next attempt is a new connection.
            assert pool_of(client)._open == 0
        assert str(caught.value.request.url) == URL
        assert PASSWORD not in str(caught.value)

    with raw_server(socks_script(*answers, then=then)) as server:
        mode.run(scenario, server=server)
        assert closed.wait(LIMIT)


# -- Right answers, oddly delivered ---------------------------------------------------------


async def test_answers_may_come_byte_by_byte(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        conversation.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        read_greeting(conversation)
        for answer in ANSWERS:
            for at in range(len(answer)):
                conversation.send(answer[at : at + 1])
            if answer is not CONNECTED:
                read_message(conversation)
        answering(OK)(conversation)

    with raw_server(script) as server:
        async with mode.client(proxy=proxy_at(server)) as client:
            assert (await client.get(URL)).text == "ok"


async def test_bytes_behind_the_last_answer_are_the_origins(mode: Mode) -> None:
    with raw_server(
        socks_script(NO_AUTH, CONNECTED + OK[:20], then=answering(OK[20:], OK))
    ) as server:
        async with mode.client(proxy=proxy_at(server)) as client:
            first = await client.get(URL)
            second = await client.get(URL)

    assert (first.text, second.text) == ("ok", "ok")
    assert server.connections == 1


# -- No answers -----------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "size"), [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 9)])
def test_proxy_that_stops_answering_is_a_connect_timeout(
    mode: Mode, number: int, size: int
) -> None:
    hold = Hold()

    async def scenario(server: RawServer) -> None:
        async with mode.client(proxy=proxy_at(server), timeout=SHORT) as client:
            # The step is asserted without a clock, in test_handshake.py.
            with pytest.raises(hookline.ConnectTimeout, match=r"SOCKS5 proxy 127\.0\.0\.1:"):
                await client.get(URL)

    with raw_server(silent_at(number, ANSWERS[number][:size], hold)) as server:
        mode.run(scenario, server=server)


async def test_timeout_covers_tls_with_the_origin(mode: Mode) -> None:
    hold = threading.Event()

    def then(conversation: Conversation) -> None:
        hold.wait(LIMIT)

    try:
        with raw_server(socks_script(NO_AUTH, CONNECTED, then=then)) as server:
            async with mode.client(proxy=proxy_at(server), timeout=SHORT) as client:
                with pytest.raises(hookline.ConnectTimeout):
                    await client.get("https://example.org/")
            hold.set()
    finally:
        hold.set()


@contextmanager
def deaf_address() -> Iterator[tuple[str, int]]:
    """An address that neither accepts nor refuses: the queue of its listener is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        try:
            for _ in range(8):
                sock = socket.socket()
                waiting.append(sock)
                sock.setblocking(False)
                assert sock.connect_ex(listener.getsockname()) in (0, errno.EINPROGRESS)
            yield listener.getsockname()
        finally:
            for sock in waiting:
                sock.close()


async def test_proxy_that_never_accepts_is_a_connect_timeout_that_names_it(mode: Mode) -> None:
    with deaf_address() as (host, port):
        async with mode.client(proxy=f"socks5h://{host}:{port}", timeout=SHORT) as client:
            with pytest.raises(
                hookline.ConnectTimeout, match=f"SOCKS5 proxy {host}:{port} cannot be reached"
            ):
                await client.get(URL)


async def test_proxy_that_is_not_there_is_a_connect_error_that_names_it(mode: Mode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        where = f"127.0.0.1:{closed.getsockname()[1]}"
    async with mode.client(proxy=f"socks5h://{where}") as client:
        with pytest.raises(hookline.ConnectError, match=f"SOCKS5 proxy {where} cannot be reached"):
            await client.get(URL)


# -- Cancellation ---------------------------------------------------------------------------


async def cancel_asyncio(request: Callable[[], Any], reached: threading.Event) -> None:
    task = asyncio.create_task(request())
    assert await asyncio.to_thread(reached.wait, LIMIT)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel_trio(request: Callable[[], Any], reached: threading.Event) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(request)
        assert await trio.to_thread.run_sync(reached.wait, LIMIT)
        nursery.cancel_scope.cancel()
    assert nursery.cancel_scope.cancelled_caught


@pytest.mark.parametrize("mode", ["asyncio", "trio"], indirect=True)
@pytest.mark.parametrize("number", range(3), ids=STEPS)
def test_cancelled_handshake_closes_the_connection(mode: Mode, number: int) -> None:
    hold = Hold()
    cancel = cancel_asyncio if mode.name == "asyncio" else cancel_trio

    async def scenario(server: RawServer) -> None:
        async with mode.client(proxy=proxy_at(server), timeout=None) as client:
            await cancel(lambda: client.get(URL), hold.reached)
            assert pool_of(client)._open == 0

    with raw_server(silent_at(number, ANSWERS[number][:1], hold)) as server:
        mode.run(scenario, server=server)
        assert hold.closed.wait(LIMIT)
