"""Requests over HTTP/2 by the thousand, cancelled at random, while servers misbehave."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest

import hookline
from support.http2 import INTERNAL_ERROR, REFUSED_STREAM, Peer, http2_server
from support.modes import Mode, breathe
from support.raw import LIMIT
from support.tasks import after_turns
from support.waits import Waits, all_waits, no_socket_left_over

TASKS = 300
SPARED = 30


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_connections_are_whole_after_three_hundred_cancellations(
    name: str, connections: int, seed: int, engine: str, h2_server: str, authority: Any
) -> None:
    mode = Mode(name)
    dice = random.Random(seed)
    outcomes = {"done": 0, "cancelled": 0}
    paths = ["/port", "/chunks/50", "/yields/10", "/bytes/200000", "/echo/upload"]

    async def request(client: Any, number: int) -> None:
        url = h2_server + paths[number % len(paths)]
        if url.endswith("upload"):
            body = bytes([number % 250]) * 70_000
            content = body if number % 2 else mode.body([body[:30_000], body[30_000:]])
            response = await client.post(url, content=content)
            assert response.json()["body"].encode("latin-1") == body
        elif number % 3:
            response = await client.get(url)
            assert response.status_code == 200
            if url.endswith("200000"):
                assert response.content == b"x" * 200_000
        else:
            async with client.stream("GET", url) as response:
                async for _ in response.aiter_bytes(chunk_size=1000):
                    await breathe(mode)

    async def doomed(client: Any, number: int, turns: int) -> None:
        cancelled = await after_turns(mode, turns, lambda: request(client, number))
        outcomes["cancelled" if cancelled else "done"] += 1

    async def scenario() -> None:
        limits = hookline.Limits(max_connections=connections)
        protocols = [{"name": "http2", "options": {"engine": engine}}]
        async with mode.client(
            limits=limits, protocols=protocols, timeout=60, verify=authority.ca_file
        ) as client:
            pool = client._transport._pool
            # One loop does in a turn what takes another many: all orders of magnitude alike.
            turns = [int(1000 ** dice.random()) for _ in range(TASKS)]
            calls = [lambda n=n, t=t: doomed(client, n, t) for n, t in enumerate(turns)]
            # Some in between are left alone: those must succeed.
            spared = [lambda n=n: request(client, n) for n in range(SPARED)]
            for number, call in enumerate(spared):
                calls.insert(number * (TASKS // SPARED), call)
            results = await mode.together(*calls)
            assert results == [None] * (TASKS + SPARED)
            assert (len(pool._waiting), pool._making) == (0, {})
            assert len(pool._connections) == pool._idle_count == pool._open <= connections
            for connection in pool._connections:
                assert connection.in_use == 0
                assert connection.protocol._exchanges == {}
                assert connection.protocol._sleeping == {}
                assert not connection.protocol._is_reading

            # As many as before, at the same time, over what is left.
            calls = [lambda: client.get(h2_server + "/barrier/100")] * 100
            results = await mode.together(*calls)
            assert [getattr(result, "status_code", result) for result in results] == [200] * 100

    with no_socket_left_over():
        mode.run(scenario)

    # A storm in which nothing was cancelled would show nothing.
    assert outcomes["cancelled"] >= 30, outcomes
    assert sum(outcomes.values()) == TASKS


@pytest.mark.parametrize("seed", range(3))
def test_threads_that_time_out_and_close_early_leave_the_connection_whole(
    seed: int, engine: str, h2_server: str, authority: Any
) -> None:
    problems: list[object] = []
    outcomes = {"read": 0, "closed": 0, "timed out": 0}
    limits = hookline.Limits(max_connections=1)
    protocols = [{"name": "http2", "options": {"engine": engine}}]
    with hookline.Client(
        limits=limits, protocols=protocols, timeout=60, verify=authority.ca_file
    ) as client:
        pool = client._transport._pool

        def work(number: int) -> None:
            dice = random.Random(seed * 100 + number)
            for _ in range(30):
                size = dice.randrange(300_000)
                what = dice.choice(list(outcomes))
                read = dice.random() / 1000 if what == "timed out" else 60
                timeout = hookline.Timeout(60, read=read)
                try:
                    with client.stream(
                        "GET", f"{h2_server}/bytes/{size}", timeout=timeout
                    ) as response:
                        if what != "closed" and response.read() != b"x" * size:
                            problems.append((size, len(response.content)))
                except hookline.ReadTimeout:
                    if what != "timed out":
                        problems.append(what)
                except BaseException as exc:
                    problems.append(exc)
                outcomes[what] += 1

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert problems == []
        assert (pool._open, pool._idle_count, len(pool._waiting)) == (1, 1, 0)
        (connection,) = pool._connections
        assert connection.in_use == 0
        assert connection.protocol._exchanges == {}
        assert connection.protocol._sleeping == {}
        assert client.get(h2_server + "/bytes/100000").content == b"x" * 100_000
    assert min(outcomes.values()) > 20


# -- With faults ----------------------------------------------------------------------------

STORM = 2_000
WORKERS = 24
# A body of several frames, which fits into the client's windows.
PIECE = 10_000
LARGE = 10 * PIECE
# One request's fault is its own with these; with the others, it is its neighbours' as well.
OWN_FAULTS = ("reset", "half", "refuse", "silent")
ALL_FAULTS = (*OWN_FAULTS, "goaway", "cut")


def fickle(peer: Peer) -> None:
    """Do what the path says."""
    peer.start()
    while True:
        while peer.asked:
            asked = peer.asked.popleft()
            what, number = asked.path.strip("/"), asked.id
            if what == "ok":
                peer.respond(number, b"ok")
            elif what == "large":
                peer.send(peer.head(number))
                for _ in range(LARGE // PIECE):
                    peer.data(number, bytes(PIECE))
                peer.data(number, b"", ends=True)
            elif what == "reset":
                peer.reset(number, INTERNAL_ERROR)
            elif what == "half":
                peer.send(peer.head(number))
                peer.data(number, b"half")
                peer.reset(number, INTERNAL_ERROR)
            elif what == "refuse":
                peer.reset(number, REFUSED_STREAM)
            elif what == "goaway":
                peer.goaway(number)
                peer.finish()
                return
            elif what == "cut":
                peer.cut()
                return
            else:
                assert what == "silent"
        peer.receive()


def test_two_thousand_cancels_and_faults_leave_the_connections_whole(
    mode: Mode, h2c_server: str
) -> None:
    outcomes = dict.fromkeys(["stopped", "failed", "given up", "answered"], 0)
    lock = threading.Lock()
    problems: list[object] = []

    async def call(client: Any, url: str, what: str) -> None:
        outcome = "answered"
        timeout = hookline.Timeout(LIMIT, read=0.01 if what == "silent" else LIMIT)
        try:
            if what == "given up":
                outcome = what
                async with client.stream("GET", f"{url}large", timeout=timeout) as response:
                    async for _ in response.aiter_bytes(chunk_size=1000):
                        break
            else:
                response = await client.get(url + what, timeout=timeout)
                if response.content != (bytes(LARGE) if what == "large" else b"ok"):
                    problems.append((what, response.content[:50]))
        except (hookline.NetworkError, hookline.RemoteProtocolError, hookline.ReadTimeout):
            outcome = "failed"
        with lock:
            outcomes[outcome] += 1

    async def work(client: Any, url: str, number: int) -> None:
        dice = random.Random(number)
        while outcomes["stopped"] + outcomes["failed"] + outcomes["given up"] < STORM:
            faults = ALL_FAULTS if dice.random() < 0.2 else OWN_FAULTS
            what = dice.choice(["ok", "large", "given up", dice.choice(faults)])
            at = dice.randrange(1, 6) if dice.random() < 0.6 else None
            waits = Waits(mode, at, dice.choice(["before", "after"]))
            if await waits.run(lambda what=what: call(client, url, what)):
                with lock:
                    outcomes["stopped"] += 1

    async def scenario(url: str) -> None:
        limits = hookline.Limits(max_connections=3)
        async with mode.client(protocols=["http2"], limits=limits, timeout=LIMIT) as client:
            results = await mode.together(
                *[lambda number=number: work(client, url, number) for number in range(WORKERS)]
            )
            assert results == [None] * WORKERS
            assert problems == []
            pool = client._transport._pool
            assert (len(pool._waiting), pool._making) == (0, {})
            assert len(pool._connections) == pool._idle_count == pool._open <= 3
            for connection in pool._connections:
                assert connection.in_use == 0
                assert connection.protocol._exchanges == {}
                assert connection.protocol._sleeping == {}
                assert not connection.protocol._is_reading

            calls = [lambda: client.get(h2c_server + "/barrier/50")] * 50
            results = await mode.together(*calls)
            assert [getattr(result, "status_code", result) for result in results] == [200] * 50
        assert client.connections() == hookline.PoolSnapshot()

    with no_socket_left_over(), all_waits(), http2_server(fickle) as server:
        mode.run(scenario, url=server.url)

    print(f"storm over HTTP/2 in {mode}: {outcomes}")
    # One in which nothing was stopped, or nothing failed, would show nothing.
    assert min(outcomes.values()) > 100
