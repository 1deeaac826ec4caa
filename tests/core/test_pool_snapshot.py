"""`client.connections()`: what a pool holds at one moment, for who looks."""

from __future__ import annotations

import dataclasses
import pickle
import sys
import threading
from types import FrameType
from typing import Any

import pytest

import hookline
from hookline.plugins import Connector
from support.modes import Mode
from support.raw import LIMIT, Conversation, raw_server
from support.tasks import until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def many(conversation: Conversation) -> None:
    while head := conversation.receive_head():
        if b"/stalls" in head:
            conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf")
        else:
            conversation.send(OK)


# -- One connection -------------------------------------------------------------------------


async def test_a_client_without_connections_has_none(mode: Mode) -> None:
    async with mode.client() as client:
        pool = client.connections()

    assert pool == hookline.PoolSnapshot()
    assert (len(pool), list(pool), pool.open, pool.waiting) == (0, [], 0, 0)
    assert (pool.idle, pool.active, pool.connecting) == (0, 0, 0)
    assert repr(pool) == "<Pool: 0 open (0 idle, 0 active, 0 connecting), 0 waiting>"


async def test_a_connection_tells_what_it_is_and_does(mode: Mode) -> None:
    with raw_server(many) as server:
        origin = hookline.URL(server.url).origin
        async with mode.client() as client:
            async with client.stream("GET", f"{server.url}stalls") as response:
                (busy,) = client.connections()
                stream = response.extensions["network_stream"]
                addresses = [stream.get_extra_info(f"{end}_addr") for end in ("client", "server")]
            after = client.connections()
            for _ in range(2):
                await client.get(server.url)
            pool = client.connections()
        closed = client.connections()

    assert busy == hookline.ConnectionSnapshot(
        origin=origin,
        protocol="HTTP/1.1",
        state="active",
        exchanges=1,
        capacity=1,
        requests=1,
        via=None,
        local_address=addresses[0],
        peer_address=server.address,
    )
    assert addresses[1] == server.address
    # It was left before its response was complete.
    assert after == closed == hookline.PoolSnapshot()
    assert (pool[0].state, pool[0].exchanges, pool[0].requests) == ("idle", 0, 2)
    assert pool[-1] is pool[:1][0] is pool.connections[0]
    assert (pool.open, pool.idle, pool.active) == (1, 1, 0)
    assert repr(busy) == f"<HTTP/1.1 to {origin}, active, 1 request>"
    assert repr(pool) == (
        "<Pool: 1 open (1 idle, 0 active, 0 connecting), 0 waiting\n"
        f"  <HTTP/1.1 to {origin}, idle, 2 requests>>"
    )


async def test_of_http2_it_tells_how_many_share_it(
    mode: Mode, h2_server: str, authority: Any
) -> None:
    async with mode.client(verify=authority.ca_file, http2=True) as client:
        await client.get(f"{h2_server}/bytes/5")
        async with client.stream("GET", f"{h2_server}/stalls"):
            async with client.stream("GET", f"{h2_server}/stalls"):
                (connection,) = client.connections()

    assert connection.protocol == "HTTP/2"
    assert connection.state == "active"
    assert (connection.exchanges, connection.requests) == (2, 3)
    assert connection.capacity > 2
    assert repr(connection) == (
        f"<HTTP/2 to {hookline.URL(h2_server).origin}, active, "
        f"2 of {connection.capacity} exchanges, 3 requests>"
    )


async def test_a_snapshot_stays_what_it_was(mode: Mode) -> None:
    with raw_server(many) as server:
        async with mode.client() as client:
            await client.get(server.url)
            pool = client.connections()
            await client.get(server.url)
            later = client.connections()

    assert (pool[0].requests, later[0].requests) == (1, 2)
    for value, name in ((pool, "waiting"), (pool[0], "state")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, None)
    assert pickle.loads(pickle.dumps(pool)) == pool
    assert hash(pool) == hash(pickle.loads(pickle.dumps(pool)))


# -- Those that are being made, and those who wait ------------------------------------------


class Gate(Connector):
    """Connects when it is told to."""

    name = "gate"

    def __init__(self, host: str, port: int) -> None:
        self.to = host, port
        self.waiters: list[Any] = []
        self.is_open = False

    async def connect(self, origin: Any, network: Any, deadline: Any) -> Any:
        if not self.is_open:
            self.waiters.append(network.create_waiter())
            await self.waiters[-1].wait(LIMIT)
        return await network.connect_tcp(*self.to, deadline)

    def open(self) -> None:
        self.is_open = True
        for waiter in self.waiters:
            waiter.set()


async def test_it_tells_of_connections_that_are_made_and_of_requests_that_wait(
    mode: Mode,
) -> None:
    seen: list[hookline.PoolSnapshot] = []
    with raw_server(many) as server:
        gate = Gate(*server.address)
        limits = hookline.Limits(max_connections=2)
        async with mode.client(proxy=gate, limits=limits) as client:

            async def get() -> None:
                await client.get("http://example.org/", timeout=LIMIT)

            async def look() -> None:
                await until(mode, lambda: client.connections().waiting == 3)
                await until(mode, lambda: len(gate.waiters) == 2)
                seen.append(client.connections())
                gate.open()

            results = await mode.together(*[get] * 5, look)
            assert results == [None] * 6
            after = client.connections()

    (pool,) = seen
    assert (pool.open, pool.connecting, pool.waiting) == (2, 2, 3)
    assert set(pool) == {
        hookline.ConnectionSnapshot(
            hookline.Origin("http", "example.org", 80), None, "connecting", 0, 1
        )
    }
    assert repr(pool[0]) == "<Connection to http://example.org, connecting>"
    assert (after.open, after.connecting, after.waiting) == (2, 0, 0)


async def test_a_connection_that_could_not_be_made_is_not_there(mode: Mode) -> None:
    class Failing(Connector):
        name = "failing"

        async def connect(self, origin: Any, network: Any, deadline: Any) -> Any:
            raise hookline.ConnectError("There is no way.")

    async with mode.client(proxy=Failing()) as client:
        with pytest.raises(hookline.ConnectError):
            await client.get("http://example.org/")

        assert client.connections() == hookline.PoolSnapshot()


# -- Where it goes --------------------------------------------------------------------------


async def test_it_names_the_proxy_without_its_credentials(mode: Mode) -> None:
    with raw_server(many) as server:
        url = f"http://user:secret@127.0.0.1:{server.address[1]}"
        async with mode.client(proxy=url) as client:
            await client.get("http://example.org/")
            (connection,) = client.connections()

    assert connection.origin == hookline.Origin("http://example.org/")
    assert connection.via == f"http://127.0.0.1:{server.address[1]}"
    assert connection.peer_address == server.address
    assert repr(connection) == (
        f"<HTTP/1.1 to http://example.org via {connection.via}, idle, 1 request>"
    )


async def test_it_names_the_socket_that_it_goes_through(mode: Mode, tmp_path: Any) -> None:
    import socket

    path = str(tmp_path / "socket")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    with raw_server(many, listener):
        async with mode.client(transport=mode.transport(uds=path)) as client:
            await client.get("http://example.org/")
            (connection,) = client.connections()

    assert connection.via == connection.peer_address == path


async def test_it_tells_of_every_transport_that_can_tell(mode: Mode) -> None:
    with raw_server(many) as server, raw_server(many) as other:
        shared = mode.transport()
        mounts = {
            "all://mock.test": hookline.MockTransport(lambda _: hookline.Response(200)),
            "all://localhost": shared,
            "all://another.test": shared,
            "all://none.test": None,
        }
        async with mode.client(mounts=mounts) as client:
            await client.get(server.url)
            await client.get(f"http://localhost:{other.address[1]}/")
            pool = client.connections()

    assert pool.open == len(pool) == 2
    assert {connection.origin.host for connection in pool} == {"127.0.0.1", "localhost"}


async def test_the_pool_by_its_name_tells_too(mode: Mode) -> None:
    with raw_server(many) as server:
        async with mode.client(transport="pool") as client:
            await client.get(server.url)

            assert client.connections().idle == 1


def test_what_a_transport_of_ones_own_calls_connections_is_its_own_business() -> None:
    class Counting(hookline.BaseTransport):
        def __init__(self) -> None:
            self.connections = 5

    class Listing(hookline.BaseTransport):
        def connections(self) -> list[int]:
            return [1, 2]

    for transport in (Counting(), Listing()):
        assert hookline.Client(transport=transport).connections() == hookline.PoolSnapshot()


# -- From anywhere, at no cost --------------------------------------------------------------


def test_it_can_be_asked_from_any_thread_at_any_time() -> None:
    with raw_server(many) as server, hookline.Client() as client:
        stop = threading.Event()
        failures: list[BaseException] = []

        def request() -> None:
            try:
                for _ in range(50):
                    client.get(server.url)
            except BaseException as exc:
                failures.append(exc)

        def look() -> None:
            try:
                while not stop.is_set():
                    pool = client.connections()
                    assert 0 <= len(pool) <= pool.open <= 4
            except BaseException as exc:
                failures.append(exc)

        requesting = [threading.Thread(target=request) for _ in range(4)]
        looking = [threading.Thread(target=look) for _ in range(2)]
        for thread in [*requesting, *looking]:
            thread.start()
        for thread in requesting:
            thread.join(LIMIT)
        stop.set()
        for thread in looking:
            thread.join(LIMIT)

    assert failures == []


def test_looking_costs_a_request_nothing() -> None:
    entered: list[str] = []

    def profile(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_globals.get("__name__", "").startswith("hookline"):
            entered.append(frame.f_code.co_qualname)

    def one(client: hookline.Client, url: str) -> list[str]:
        entered.clear()
        sys.setprofile(profile)
        try:
            client.get(url)
        finally:
            sys.setprofile(None)
        return entered.copy()

    with raw_server(many) as server, hookline.Client() as client:
        for _ in range(3):
            client.get(server.url)
        before = one(client, server.url)
        client.connections()
        after = one(client, server.url)

    assert before == after
