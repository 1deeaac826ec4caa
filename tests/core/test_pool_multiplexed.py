"""The pool, where a connection serves many: sharing, making, joining, and giving way.

The protocol is HTTP/2 in its standard form; `tests/http2` is about what it does itself.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from typing import Any

import pytest

import hookline
import hookline._pool
from support.http2 import (
    MAX_STREAMS,
    Gone,
    Peer,
    answering,
    http2_server,
    keep_answering,
)
from support.modes import Mode
from support.raw import Conversation, raw_server
from support.tasks import cancel_once, until

ONE_CONNECTION = hookline.Limits(max_connections=1)


def pool_of(client: Any) -> Any:
    return client._transport._pool


def books(client: Any) -> tuple[int, int, int]:
    """What the pool has on its books: open, idle, waiting."""
    pool = pool_of(client)
    assert pool._idle_count == sum(len(idle) for idle in pool._idle.values())
    assert pool._idle_count <= len(pool._connections) <= pool._open
    shared = [connection for line in pool._shared.values() for connection in line]
    assert len(set(shared)) == len(shared)
    assert all(connection.in_use < connection.protocol.capacity for connection in shared)
    return pool._open, pool._idle_count, len(pool._waiting)


def client_of(mode: Mode, **settings: Any) -> Any:
    settings.setdefault("timeout", 10)
    return mode.client(http1=False, http2=True, **settings)


class Held:
    """A script that answers "/held" when it is let go, and everything else at once."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(self, peer: Peer) -> None:
        peer.start()
        while True:
            asked = peer.request()
            if asked.path == "/held":
                peer.send(peer.head(asked.id))
                assert self.go_on.wait(10)
                peer.data(asked.id, b"held", ends=True)
            else:
                peer.respond(asked.id, asked.path.encode())


# -- Sharing --------------------------------------------------------------------------------


async def test_requests_that_begin_together_make_one_connection(mode: Mode) -> None:
    seen: list[str] = []

    class Watcher(hookline.plugins.EventHook):
        name = "watcher"

        def connection_opened(self, connection: Any) -> None:
            seen.append(f"opened {connection.protocol}")

        def connection_closed(self, connection: Any) -> None:
            seen.append(f"closed {connection.protocol}")

    with http2_server(answering) as server:
        async with client_of(mode, event_hooks=[Watcher()]) as client:
            results = await mode.together(*[lambda: client.get(server.url)] * 30)
            assert [result.text for result in results] == ["/"] * 30
            assert books(client) == (1, 1, 0)
            assert pool_of(client)._making == {}
            assert pool_of(client)._shared == {}

        assert server.connections == 1
        assert seen == ["opened http2", "closed http2"]


async def test_connection_in_use_is_shared_before_another_is_made(mode: Mode) -> None:
    script = Held()
    with http2_server(script) as server:
        async with client_of(mode) as client:
            async with client.stream("GET", server.url + "other") as response:
                await response.aread()
                async with client.stream("GET", server.url + "held") as held:
                    assert books(client) == (1, 0, 0)
                    script.go_on.set()
                    assert (await client.get(server.url + "beside")).text == "/beside"
                    await held.aread()
            assert books(client) == (1, 1, 0)

        assert server.connections == 1


async def test_idle_connection_takes_many_again(mode: Mode) -> None:
    with http2_server(answering) as server:
        async with client_of(mode) as client:
            for _ in range(3):
                results = await mode.together(*[lambda: client.get(server.url)] * 10)
                assert [result.text for result in results] == ["/"] * 10
                assert books(client) == (1, 1, 0)

        assert server.connections == 1


async def test_server_that_speaks_http11_only_serves_many_at_once_all_the_same(
    mode: Mode, tls_server: str, authority: Any
) -> None:
    async with mode.client(http2=True, verify=authority.ca_file, timeout=30) as client:
        for _ in range(2):
            # Each has a connection of its own, or the barrier would never open.
            calls = [lambda: client.get(tls_server + "/barrier/20")] * 20
            results = await mode.together(*calls)
            assert [result.status_code for result in results] == [200] * 20
            assert {result.http_version for result in results} == {"HTTP/1.1"}
        assert books(client) == (20, 20, 0)
        assert pool_of(client)._making == {}


async def test_server_that_speaks_http11_only_is_held_to_the_limits(
    mode: Mode, tls_server: str, authority: Any
) -> None:
    limits = hookline.Limits(max_connections=3)
    async with mode.client(
        http2=True, verify=authority.ca_file, limits=limits, timeout=30
    ) as client:
        calls = [lambda: client.get(tls_server + "/yields/3")] * 20
        results = await mode.together(*calls)
        assert [result.status_code for result in results] == [200] * 20
        opened, idle, waiting = books(client)
        assert (opened, waiting) == (idle, 0)
        assert opened <= 3


# -- Other origins --------------------------------------------------------------------------


async def test_idle_connection_gives_way_to_another_origin(mode: Mode) -> None:
    with http2_server(answering) as one, http2_server(answering) as other:
        async with client_of(mode, limits=ONE_CONNECTION) as client:
            for server in (one, other) * 2:
                assert (await client.get(server.url)).text == "/"
                assert books(client) == (1, 1, 0)

        assert (one.connections, other.connections) == (2, 2)


async def test_busy_connection_does_not_give_way(mode: Mode) -> None:
    script = Held()
    with http2_server(script) as one, http2_server(answering) as other:
        async with client_of(mode, limits=ONE_CONNECTION) as client:
            async with client.stream("GET", one.url + "held") as held:
                timeout = hookline.Timeout(10, pool=0.01)
                with pytest.raises(hookline.PoolTimeout, match="1 of 1 are in use"):
                    await client.get(other.url, timeout=timeout)
                script.go_on.set()
                assert await held.aread() == b"held"
            assert (await client.get(other.url)).text == "/"
            assert books(client) == (1, 1, 0)

        assert (one.connections, other.connections) == (1, 1)


async def test_connection_whose_last_exchange_ends_goes_to_who_waits_for_another_origin(
    mode: Mode,
) -> None:
    script = Held()
    with http2_server(script) as one, http2_server(answering) as other:
        async with client_of(mode, limits=ONE_CONNECTION) as client:

            async def hold() -> bytes:
                async with client.stream("GET", one.url + "held") as held:
                    await until(mode, lambda: books(client)[2] == 1)
                    script.go_on.set()
                    return bytes(await held.aread())

            async def wait() -> str:
                await until(mode, lambda: bool(pool_of(client)._connections))
                return str((await client.get(other.url)).text)

            assert await mode.together(hold, wait) == [b"held", "/"]
            assert books(client) == (1, 1, 0)


async def test_many_origins_share_few_connections(mode: Mode) -> None:
    limits = hookline.Limits(max_connections=2)
    with (
        http2_server(answering) as one,
        http2_server(answering) as two,
        http2_server(answering) as three,
    ):
        async with client_of(mode, limits=limits, timeout=30) as client:
            urls = [one.url, two.url, three.url] * 10
            results = await mode.together(*[lambda url=url: client.get(url) for url in urls])
            assert [result.text for result in results] == ["/"] * 30
            opened, idle, waiting = books(client)
            assert (opened, waiting) == (idle, 0)
            assert opened <= 2


# -- Time -----------------------------------------------------------------------------------


async def test_expired_connection_is_not_used_again(mode: Mode) -> None:
    limits = hookline.Limits(keepalive_expiry=0)
    with http2_server(answering) as server:
        async with client_of(mode, limits=limits) as client:
            for _ in range(3):
                assert (await client.get(server.url)).text == "/"

        assert server.connections == 3


async def test_connection_that_others_use_does_not_expire(mode: Mode) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        held = peer.request()
        peer.send(peer.head(held.id))
        for asked in (peer.request() for _ in range(3)):
            peer.respond(asked.id, asked.path.encode())
        peer.data(held.id, b"held", ends=True)
        peer.receive_to_end()

    limits = hookline.Limits(keepalive_expiry=0)
    with http2_server(script) as server:
        async with client_of(mode, limits=limits) as client:
            async with client.stream("GET", server.url + "held") as held:
                for _ in range(3):
                    assert (await client.get(server.url)).text == "/"
                assert await held.aread() == b"held"

        assert server.connections == 1


async def test_expired_connection_is_offered_to_nobody(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread could begin an exchange on it just before it is closed."""
    with http2_server(answering) as server:
        async with client_of(mode) as client:
            await client.get(server.url)
            pool = pool_of(client)
            offered = []
            discard = pool._discard

            def watch(connection: Any) -> None:
                offered.append(dict(pool._shared))
                discard(connection)

            monkeypatch.setattr(pool, "_discard", watch)
            now = hookline._pool.time.monotonic
            monkeypatch.setattr(hookline._pool.time, "monotonic", lambda: now() + 1000)
            await client.get(server.url)
            monkeypatch.undo()

    assert offered == [{}]


async def test_no_connection_is_kept_where_none_may_be(mode: Mode) -> None:
    limits = hookline.Limits(max_keepalive_connections=0)
    with http2_server(answering) as server:
        async with client_of(mode, limits=limits) as client:
            for _ in range(3):
                assert (await client.get(server.url)).text == "/"
                assert books(client) == (0, 0, 0)


# -- Making a connection that many wait for -------------------------------------------------


async def test_each_of_many_has_its_own_error_where_nobody_answers(mode: Mode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refusing = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    async with client_of(mode) as client:
        results = await mode.together(*[lambda: client.get(refusing)] * 20)
        assert [type(result) for result in results] == [hookline.ConnectError] * 20
        assert len({id(result) for result in results}) == 20
        assert len({id(result.request) for result in results}) == 20
        assert books(client) == (0, 0, 0)
        assert pool_of(client)._making == {}


@pytest.mark.parametrize("places", [1, 3, 100])
async def test_each_of_many_has_its_own_timeout_where_nobody_shakes_hands(
    places: int, mode: Mode
) -> None:
    limits = hookline.Limits(max_connections=places)
    with raw_server(lambda conversation: [conversation.receive_to_end()]) as silent:
        url = silent.url.replace("http://", "https://")
        timeout = hookline.Timeout(10, connect=0.05)
        async with client_of(mode, limits=limits, timeout=timeout) as client:
            results = await mode.together(*[lambda: client.get(url)] * 6)
            assert [type(result) for result in results] == [hookline.ConnectTimeout] * 6
            assert books(client) == (0, 0, 0)


@pytest.mark.parametrize("places", [1, 2])
async def test_who_waits_to_join_waits_no_longer_than_its_own_timeouts_say(
    places: int, mode: Mode
) -> None:
    limits = hookline.Limits(max_connections=places)
    with raw_server(lambda conversation: [conversation.receive_to_end()]) as silent:
        url = silent.url.replace("http://", "https://")
        async with client_of(mode, limits=limits) as client:

            async def make() -> Any:
                return await client.get(url, timeout=hookline.Timeout(10, connect=0.3))

            async def join() -> Any:
                await until(mode, lambda: bool(pool_of(client)._making))
                timeout = hookline.Timeout(10, connect=0.02, pool=0.01)
                return await client.get(url, timeout=timeout)

            made, joined = await mode.together(make, join)
            assert type(made) is hookline.ConnectTimeout
            # Whether it goes on to try for itself is not the point here: it does not hang.
            assert type(joined) in (hookline.ConnectTimeout, hookline.PoolTimeout)
            assert books(client) == (0, 0, 0)


async def test_joiners_of_a_failed_connection_try_for_themselves(mode: Mode) -> None:
    """The server is there from the second connection on."""

    def script(peer: Peer) -> None:
        peer.start()
        keep_answering(peer)

    with http2_server(script) as server:
        transport = mode.transport(http1=False, http2=True)
        connect = transport._pool._connector.connect
        attempts = []

        async def failing_once(*arguments: Any) -> Any:
            attempts.append(len(transport._pool._making))
            if len(attempts) == 1:
                await until_all_wait()
                raise hookline.ConnectError("not yet")
            return await connect(*arguments)

        async def until_all_wait() -> None:
            await until(mode, lambda: any(len(j) == 7 for j in list(pool._making.values())))

        pool = transport._pool
        pool._connector.connect = failing_once
        async with mode.client(transport=transport, timeout=10) as client:
            results = await mode.together(*[lambda: client.get(server.url)] * 8)
            failed = [result for result in results if isinstance(result, Exception)]
            assert [str(exc) for exc in failed] == ["not yet"]
            assert [r.text for r in results if r not in failed] == ["/"] * 7
            opened, idle, waiting = books(client)
            assert (opened, waiting) == (idle, 0)


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_cancelled_maker_makes_room_for_the_next(name: str, authority: Any) -> None:
    """The first connection is stuck in its TLS handshake."""
    mode = Mode(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert, authority.server_key)
    context.set_alpn_protocols(["h2"])
    connections: list[Conversation] = []

    def script(conversation: Conversation) -> None:
        connections.append(conversation)
        if len(connections) == 1:
            conversation.receive_to_end()
            return
        with context.wrap_socket(conversation.socket, server_side=True) as wrapped:
            conversation.socket = wrapped
            try:
                answering(Peer(conversation))
            except (Gone, ConnectionError):
                pass

    async def scenario(url: str) -> None:
        async with client_of(mode, verify=authority.ca_file) as client:
            pool = pool_of(client)

            def all_wait() -> bool:
                making = list(pool._making.values())
                return bool(connections) and any(len(joiners) == 5 for joiners in making)

            async def maker() -> bool:
                return await cancel_once(mode, lambda: client.get(url), all_wait)

            async def join() -> Any:
                await until(mode, lambda: bool(pool._making))
                return await client.get(url)

            cancelled, *results = await mode.together(maker, *[join] * 5)
            assert cancelled is True
            assert [getattr(result, "text", result) for result in results] == ["/"] * 5
            assert books(client) == (1, 1, 0)

    with raw_server(script) as server:
        mode.run(scenario, url=server.url.replace("http://127.0.0.1", "https://localhost"))
        assert server.connections == 2


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_joiners_go_on_where_the_first_request_is_cancelled_before_the_settings_came(
    name: str,
) -> None:
    mode = Mode(name)
    begun, cancelled = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.meet()
        asked = peer.request()
        begun.set()
        if len(server.peers) == 1:
            assert peer.reset_of(asked.id) == 8
            assert cancelled.wait(10)
        peer.settings({MAX_STREAMS: 10})
        if asked.id not in peer.resets:
            peer.respond(asked.id, asked.path.encode())
        keep_answering(peer)

    async def scenario(url: str) -> None:
        async with client_of(mode) as client:
            pool = pool_of(client)

            def all_wait() -> bool:
                making = list(pool._making.values())
                return begun.is_set() and any(len(joiners) == 5 for joiners in making)

            async def first() -> bool:
                was_cancelled = await cancel_once(mode, lambda: client.get(url), all_wait)
                cancelled.set()
                return was_cancelled

            async def join() -> Any:
                await until(mode, lambda: bool(pool._making))
                return await client.get(url + "joined")

            was_cancelled, *results = await mode.together(first, *[join] * 5)
            assert was_cancelled is True
            assert [getattr(result, "text", result) for result in results] == ["/joined"] * 5
            opened, idle, waiting = books(client)
            assert (opened, waiting) == (idle, 0)

    with http2_server(script) as server:
        mode.run(scenario, url=server.url)


@pytest.mark.parametrize("turns", range(1, 12))
@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_room_that_is_handed_to_a_cancelled_waiter_goes_to_the_next(name: str, turns: int) -> None:
    mode = Mode(name)

    def script(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 1})
        peer.send(peer.head(peer.request().id))
        keep_answering(peer)

    async def scenario(url: str) -> None:
        async with client_of(mode, limits=ONE_CONNECTION) as client:
            pool = pool_of(client)
            held = await client.send(client.build_request("GET", url), stream=True)
            left = turns
            released = []

            async def doomed() -> bool:
                def is_over() -> bool:
                    nonlocal left
                    if released:
                        left -= 1
                    return left < 0

                return await cancel_once(mode, lambda: client.get(url), is_over)

            async def second() -> Any:
                await until(mode, lambda: len(pool._waiting) == 1)
                return await client.get(url + "second")

            async def release() -> None:
                await until(mode, lambda: len(pool._waiting) == 2)
                await held.aclose()
                released.append(True)

            _, result, _ = await mode.together(doomed, second, release)
            assert result.text == "/second"
            assert (await client.get(url)).text == "/"
            assert books(client) == (1, 1, 0)

    with http2_server(script) as server:
        mode.run(scenario, url=server.url)


def test_pool_that_is_closed_while_many_wait_to_join_ends_them_all() -> None:
    async def scenario(url: str) -> list[Any]:
        client = hookline.AsyncClient(http1=False, http2=True, timeout=None)
        tasks = [asyncio.create_task(client.get(url)) for _ in range(5)]
        pool = client._transport._pool
        while not begun.is_set() or not any(len(j) == 4 for j in pool._making.values()):
            await asyncio.sleep(0)
        await client.aclose()
        return await asyncio.gather(*tasks, return_exceptions=True)

    begun = threading.Event()

    def script(peer: Peer) -> None:
        peer.meet()
        peer.request()
        begun.set()
        peer.receive_to_end()

    with http2_server(script) as server:
        results = asyncio.run(scenario(server.url))

    kinds = sorted(type(result).__name__ for result in results)
    assert kinds == ["ReadError"] + ["RuntimeError"] * 4
