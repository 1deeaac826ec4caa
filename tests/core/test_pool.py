"""The pool: reuse, limits, fairness, time, and what becomes of places whose owner goes away."""

from __future__ import annotations

import asyncio
import gc
import random
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trio
import trio.testing

import hookline
from hookline._backends.sync import SyncBackend
from hookline._drive import drive
from support.modes import Mode, breathe
from support.raw import Conversation, answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def pool_of(client: Any) -> Any:
    return client._transport._pool


def books(client: Any) -> tuple[int, int, int]:
    """What the pool has on its books: open, idle, waiting."""
    pool = pool_of(client)
    assert pool._idle_count == sum(len(idle) for idle in pool._idle.values())
    assert pool._idle_count <= len(pool._connections) <= pool._open
    return pool._open, pool._idle_count, len(pool._waiting)


# -- Reuse ----------------------------------------------------------------------------------


async def test_one_connection_serves_one_request_after_the_other(mode: Mode, server: str) -> None:
    async with mode.client() as client:
        ports = {(await client.get(server + "/port")).text for _ in range(10)}

        assert len(ports) == 1
        assert books(client) == (1, 1, 0)


async def test_unread_response_keeps_its_connection_until_it_is_closed(
    mode: Mode, server: str
) -> None:
    async with mode.client() as client:
        async with client.stream("GET", server + "/chunks/20000"):
            assert books(client) == (1, 0, 0)

        assert books(client) == (0, 0, 0)


async def test_drained_stream_gives_its_connection_back(mode: Mode, server: str) -> None:
    async with mode.client() as client:
        async with client.stream("GET", server + "/chunks/20000") as response:
            pieces = [piece async for piece in response.aiter_bytes()]
            assert books(client) == (1, 1, 0)

    assert b"".join(pieces).endswith(b"chunk 19999\n")


async def test_the_connection_used_last_is_used_first(mode: Mode, server: str) -> None:
    async with mode.client() as client:
        async with client.stream("GET", server + "/chunks/2000") as first:
            second = (await client.get(server + "/port")).text
            await first.aread()
        # The first one came back later.
        third = (await client.get(server + "/port")).text

    assert third != second


async def test_connection_that_the_server_closes_is_not_reused(mode: Mode) -> None:
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    with raw_server(answering(closing)) as server:
        async with mode.client() as client:
            for _ in range(3):
                await client.get(server.url)
            assert books(client) == (0, 0, 0)

        assert server.connections == 3


async def test_idle_connection_closed_by_server_is_not_reused(mode: Mode) -> None:
    closed = threading.Event()

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(OK)
        conversation.close()
        closed.set()

    with raw_server(script) as server:
        async with mode.client() as client:
            for _ in range(3):
                closed.clear()
                assert (await client.get(server.url)).text == "ok"
                assert closed.wait(10)
                await let_the_loop_notice(mode)

        assert server.connections == 3


async def let_the_loop_notice(mode: Mode) -> None:
    """Give an event loop the turns in which it sees what has already happened to its sockets."""
    for _ in range(3):
        if mode.name == "asyncio":
            await asyncio.sleep(0)
        elif mode.name == "trio":
            await trio.lowlevel.checkpoint()


def test_unsolicited_response_is_seen_although_the_loop_was_busy() -> None:
    """asyncio: what the system holds for an idle connection counts, delivered or not."""
    sent = threading.Event()

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(OK)
        conversation.receive_exactly(0)
        go_on.wait(10)
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        sent.set()
        conversation.receive_to_end()

    go_on = threading.Event()

    async def scenario(url: str) -> list[str]:
        async with hookline.AsyncClient() as client:
            first = await client.get(url)
            # Not one turn of the loop from here to the next request.
            go_on.set()
            assert sent.wait(10)
            second = await client.get(url)
            return [first.text, second.text]

    with raw_server(script) as server:
        assert asyncio.run(scenario(server.url)) == ["ok", "ok"]
        assert server.connections == 2


async def test_unsolicited_bytes_on_an_idle_connection_end_it(mode: Mode) -> None:
    sent = threading.Event()

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(OK)
        go_on.wait(10)
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        sent.set()
        conversation.receive_to_end()

    go_on = threading.Event()
    with raw_server(script) as server:
        async with mode.client() as client:
            first = await client.get(server.url)
            go_on.set()
            assert sent.wait(10)
            await let_the_loop_notice(mode)
            second = await client.get(server.url)

        assert (first.text, second.text) == ("ok", "ok")
        assert server.connections == 2


async def test_expired_connection_is_not_reused(mode: Mode, server: str) -> None:
    limits = hookline.Limits(keepalive_expiry=0)
    async with mode.client(limits=limits) as client:
        ports = {(await client.get(server + "/port")).text for _ in range(3)}

    assert len(ports) == 3


async def test_surplus_idle_connections_are_closed_oldest_first(mode: Mode, server: str) -> None:
    limits = hookline.Limits(max_connections=10, max_keepalive_connections=2)
    async with mode.client(limits=limits) as client:
        url = server + "/barrier/6"
        results = await mode.together(*[lambda: client.get(url)] * 6)
        assert all(result.status_code == 200 for result in results), results
        assert books(client) == (2, 2, 0)


async def test_no_connection_is_kept_where_none_may_be(mode: Mode, server: str) -> None:
    limits = hookline.Limits(max_keepalive_connections=0)
    async with mode.client(limits=limits) as client:
        ports = {(await client.get(server + "/port")).text for _ in range(3)}
        assert books(client) == (0, 0, 0)

    assert len(ports) == 3


# -- Limits and waiting ---------------------------------------------------------------------


async def test_max_connections_is_never_exceeded(mode: Mode, server: str) -> None:
    limits = hookline.Limits(max_connections=3)
    async with mode.client(limits=limits) as client:
        url = server + "/yields/5"
        results = await mode.together(*[lambda: client.get(url)] * 30)
        assert [result.status_code for result in results] == [200] * 30
        assert len({result.text for result in results}) <= 3
        assert books(client) == (3, 3, 0)


async def test_pool_timeout_says_how_full_the_pool_is(mode: Mode, server: str) -> None:
    limits = hookline.Limits(max_connections=1)
    timeout = hookline.Timeout(5, pool=0.01)
    async with mode.client(limits=limits, timeout=timeout) as client:
        async with client.stream("GET", server + "/chunks/20000"):
            with pytest.raises(hookline.PoolTimeout, match="1 of 1 are in use") as caught:
                await client.get(server + "/port")
        assert str(caught.value.request.url) == server + "/port"

        assert (await client.get(server + "/port")).status_code == 200


async def test_idle_connection_of_another_origin_gives_up_its_place(
    mode: Mode, server: str
) -> None:
    limits = hookline.Limits(max_connections=1)
    async with mode.client(limits=limits) as client:
        for url in (server, server.replace("127.0.0.1", "localhost")) * 2:
            assert (await client.get(url + "/port")).status_code == 200
            assert books(client) == (1, 1, 0)


async def test_waiting_request_of_another_origin_gets_the_place_of_a_released_connection(
    mode: Mode, server: str
) -> None:
    limits = hookline.Limits(max_connections=1)
    other = server.replace("127.0.0.1", "localhost")
    async with mode.client(limits=limits) as client:
        urls = [server, other] * 8
        calls = [lambda url=url: client.get(url + "/yields/3") for url in urls]
        results = await mode.together(*calls)

        assert [result.status_code for result in results] == [200] * 16
        assert books(client) == (1, 1, 0)


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_waiters_are_served_in_the_order_in_which_they_came(name: str, server: str) -> None:
    mode = Mode(name)
    served: list[int] = []

    async def scenario() -> None:
        limits = hookline.Limits(max_connections=1)
        async with mode.client(limits=limits) as client:

            async def call(number: int) -> None:
                await client.get(server + "/port")
                served.append(number)

            # Tasks may start in any order (trio sees to that): they queue in ours.
            await in_order(mode, [lambda number=number: call(number) for number in range(20)])

    mode.run(scenario)

    assert served == list(range(20))


async def in_order(mode: Mode, calls: list[Callable[[], Awaitable[None]]]) -> None:
    """Start tasks one after the other, each only when the one before it has got somewhere."""
    if mode.name == "asyncio":
        await asyncio.gather(*(call() for call in calls))
        return
    async with trio.open_nursery() as nursery:
        for call in calls:
            nursery.start_soon(call)
            await trio.testing.wait_all_tasks_blocked()


async def test_closing_the_pool_fails_those_who_wait(mode: Mode, server: str) -> None:
    limits = hookline.Limits(max_connections=1)
    client = mode.client(limits=limits)
    pool = pool_of(client)

    async def close_once_somebody_waits() -> None:
        while not pool._waiting:
            await breathe(mode)
        await client.aclose()

    async def hold() -> None:
        async with client.stream("GET", server + "/stalls") as response:
            async for _ in response.aiter_bytes():
                pass

    async def wait() -> None:
        while not pool._connections:
            await breathe(mode)
        await client.get(server + "/port")

    held, waited, _ = await mode.together(hold, wait, close_once_somebody_waits)

    assert isinstance(held, hookline.TransportError)
    assert isinstance(waited, RuntimeError)
    assert books(client) == (0, 0, 0)


# -- Failures give the place back -----------------------------------------------------------


async def test_refused_connections_give_their_places_back(mode: Mode, server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refusing = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    limits = hookline.Limits(max_connections=2)
    async with mode.client(limits=limits) as client:
        for _ in range(5):
            with pytest.raises(hookline.ConnectError, match="refused"):
                await client.get(refusing)
        assert books(client) == (0, 0, 0)
        assert (await client.get(server + "/port")).status_code == 200


async def test_timeouts_and_garbage_give_their_places_back(mode: Mode, server: str) -> None:
    limits = hookline.Limits(max_connections=2)
    with raw_server(answering(b"hello, this is not HTTP\r\n\r\n")) as garbage:
        async with mode.client(limits=limits) as client:
            for _ in range(4):
                with pytest.raises(hookline.ReadTimeout):
                    await client.get(server + "/never", timeout=hookline.Timeout(5, read=0.01))
                with pytest.raises(hookline.RemoteProtocolError):
                    await client.get(garbage.url)
                with pytest.raises(hookline.LocalProtocolError):
                    await client.get(server, headers={"X": "a\nb"})
            assert books(client) == (0, 0, 0)
            assert (await client.get(server + "/port")).status_code == 200


async def test_failed_connection_is_tried_again_as_often_as_asked(mode: Mode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refusing = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    attempts: list[str] = []

    transport = mode.transport(retries=1)
    connect = transport._pool._connector.connect

    async def counting(*arguments: Any) -> Any:
        attempts.append("attempt")
        return await connect(*arguments)

    transport._pool._connector.connect = counting
    async with mode.client(transport=transport) as client:
        with pytest.raises(hookline.ConnectError):
            await client.get(refusing)

    assert len(attempts) == 2


def test_abandoned_response_warns_and_gives_its_place_back(server: str) -> None:
    limits = hookline.Limits(max_connections=1)
    with hookline.Client(limits=limits) as client:
        request = client.build_request("GET", server + "/chunks/20000")
        response = client.send(request, stream=True)
        assert books(client) == (1, 0, 0)
        with pytest.warns(ResourceWarning, match="neither read to its end nor closed"):
            del response
            gc.collect()

        assert client.get(server + "/port").status_code == 200
        assert books(client) == (1, 1, 0)


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_abandoned_response_lets_a_waiter_in(name: str, server: str) -> None:
    mode = Mode(name)

    async def scenario() -> None:
        limits = hookline.Limits(max_connections=1)
        async with mode.client(limits=limits) as client:
            request = client.build_request("GET", server + "/chunks/20000")
            held = [await client.send(request, stream=True)]

            async def drop_once_somebody_waits() -> None:
                while not pool_of(client)._waiting:
                    await breathe(mode)
                with pytest.warns(ResourceWarning):
                    held.clear()
                    gc.collect()

            result, _ = await mode.together(
                lambda: client.get(server + "/port"), drop_once_somebody_waits
            )
            assert result.status_code == 200
            assert books(client) == (1, 1, 0)

    mode.run(scenario)


def test_waiter_may_be_woken_by_the_garbage_collector_in_its_own_thread() -> None:
    waiter = SyncBackend().create_waiter()
    woken = []

    class Garbage:
        def __del__(self) -> None:
            waiter.set()
            woken.append(True)

    garbage = Garbage()
    garbage.cycle = garbage  # type: ignore[attr-defined]
    del garbage
    gc.collect()
    waiter.set()

    assert woken == [True]
    assert drive(waiter.wait(0)) is True
    assert drive(SyncBackend().create_waiter().wait(0)) is False


def test_response_abandoned_inside_the_lock_is_let_go_after_it(server: str) -> None:
    limits = hookline.Limits(max_connections=1)
    with hookline.Client(limits=limits, timeout=hookline.Timeout(5, pool=5)) as client:
        request = client.build_request("GET", server + "/chunks/20000")
        held = [client.send(request, stream=True)]
        with pytest.warns(ResourceWarning):
            with pool_of(client)._lock:
                held.clear()
                gc.collect()
        assert books(client)[0] == 1
        assert client.get(server + "/port").status_code == 200


# -- Cancellation ---------------------------------------------------------------------------


@contextmanager
def no_socket_left_over() -> Iterator[None]:
    """No socket object of ours survives the block open."""
    before = {id(obj) for obj in open_sockets()}
    yield
    gc.collect()
    assert [obj for obj in open_sockets() if id(obj) not in before] == []


def open_sockets() -> list[socket.socket]:
    return [
        obj for obj in gc.get_objects() if isinstance(obj, socket.socket) and obj.fileno() != -1
    ]


class Storm:
    """Five hundred requests over ten connections, cancelled at random turns of the event loop."""

    TASKS = 500

    def __init__(self, mode: Mode, urls: list[str], seed: int) -> None:
        self.mode = mode
        self.urls = urls
        self.random = random.Random(seed)
        self.outcomes = {"done": 0, "cancelled": 0}
        self.turns = [self.random.randrange(1, 400) for _ in range(self.TASKS)]

    async def request(self, client: Any, number: int) -> None:
        url = self.urls[number % len(self.urls)]
        try:
            if number % 3:
                response = await client.get(url)
                assert response.status_code == 200
            else:
                async with client.stream("GET", url) as response:
                    async for _ in response.aiter_bytes(chunk_size=100):
                        await breathe(self.mode)
            self.outcomes["done"] += 1
        except BaseException:
            self.outcomes["cancelled"] += 1
            raise

    async def run_asyncio(self, client: Any) -> None:
        tasks = [asyncio.create_task(self.request(client, n)) for n in range(self.TASKS)]

        async def cancel(task: asyncio.Task[None], turns: int) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()

        cancellers = [
            asyncio.create_task(cancel(task, turns))
            for task, turns in zip(tasks, self.turns, strict=True)
        ]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*cancellers)
        unexpected = [
            result
            for result in results
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError)
        ]
        assert unexpected == []

    async def run_trio(self, client: Any) -> None:
        async def cancelled_after(number: int, turns: int) -> None:
            async with trio.open_nursery() as nursery:

                async def cancel() -> None:
                    for _ in range(turns):
                        await trio.lowlevel.checkpoint()
                    nursery.cancel_scope.cancel()

                nursery.start_soon(cancel)
                await self.request(client, number)

        async with trio.open_nursery() as nursery:
            for number, turns in enumerate(self.turns):
                nursery.start_soon(cancelled_after, number, turns)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_pool_is_whole_after_five_hundred_cancellations(
    name: str, secure: bool, seed: int, server: str, tls_server: str, authority: Any
) -> None:
    mode = Mode(name)
    base = tls_server if secure else server
    urls = [base + path for path in ("/port", "/chunks/50", "/yields/10", "/bytes/300000")]
    if not secure:
        # Two origins, so that places change hands between them.
        urls += [url.replace("127.0.0.1", "localhost") for url in urls]
    storm = Storm(mode, urls, seed)

    async def scenario() -> None:
        limits = hookline.Limits(max_connections=10, max_keepalive_connections=10)
        timeout = hookline.Timeout(30, pool=60)
        async with mode.client(limits=limits, timeout=timeout, verify=authority.ca_file) as client:
            await (storm.run_asyncio if name == "asyncio" else storm.run_trio)(client)
            opened, idle, waiting = books(client)
            assert (opened, waiting) == (idle, 0)

            # Each of the ten places is there again, at the same time.
            timeout = hookline.Timeout(30, pool=20)
            calls = [lambda: client.get(base + "/barrier/10", timeout=timeout)] * 10
            results = await mode.together(*calls)
            assert [getattr(result, "status_code", result) for result in results] == [200] * 10
            assert books(client) == (10, 10, 0)
        assert books(client) == (0, 0, 0)

    with no_socket_left_over():
        mode.run(scenario)

    # A storm in which nothing was cancelled, or everything, would show nothing.
    assert storm.outcomes["cancelled"] >= 50, storm.outcomes
    assert sum(storm.outcomes.values()) == Storm.TASKS


@pytest.mark.parametrize("turns", range(1, 12))
@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_place_that_is_handed_to_a_cancelled_waiter_goes_to_the_next(
    name: str, turns: int, server: str
) -> None:
    mode = Mode(name)

    async def scenario() -> None:
        limits = hookline.Limits(max_connections=1)
        async with mode.client(limits=limits, timeout=hookline.Timeout(10)) as client:
            pool = pool_of(client)
            request = client.build_request("GET", server + "/chunks/20000")
            held = await client.send(request, stream=True)
            if name == "asyncio":
                doomed = asyncio.create_task(client.get(server + "/port"))
                while not pool._waiting:
                    await asyncio.sleep(0)
                second = asyncio.create_task(client.get(server + "/port"))
                while len(pool._waiting) < 2:
                    await asyncio.sleep(0)
                await held.aclose()
                for _ in range(turns):
                    await asyncio.sleep(0)
                doomed.cancel()
                assert (await second).status_code == 200
                await asyncio.gather(doomed, return_exceptions=True)
            else:
                scope = trio.CancelScope()
                results = []

                async def first() -> None:
                    with scope:
                        await client.get(server + "/port")

                async def then() -> None:
                    results.append(await client.get(server + "/port"))

                async with trio.open_nursery() as nursery:
                    nursery.start_soon(first)
                    while not pool._waiting:
                        await trio.lowlevel.checkpoint()
                    nursery.start_soon(then)
                    while len(pool._waiting) < 2:
                        await trio.lowlevel.checkpoint()
                    await held.aclose()
                    for _ in range(turns):
                        await trio.lowlevel.checkpoint()
                    scope.cancel()
                assert results[0].status_code == 200
            assert books(client)[2] == 0
            assert (await client.get(server + "/port")).status_code == 200

    mode.run(scenario)


def test_threads_share_a_client(server: str) -> None:
    limits = hookline.Limits(max_connections=4)
    failures: list[object] = []

    with hookline.Client(limits=limits, timeout=30) as client:

        def work(number: int) -> None:
            for index in range(25):
                size = number * 25 + index
                content = client.get(f"{server}/bytes/{size}").content
                if content != b"x" * size:
                    failures.append((size, len(content)))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert books(client)[0] <= 4
        assert books(client)[2] == 0

    assert failures == []
