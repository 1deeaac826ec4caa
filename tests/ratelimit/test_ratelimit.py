"""Rates and numbers: who starts when, who waits for whom, and that every place is given back."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
import trio

import hookline
import hookline_ratelimit._gate
from hookline._backends import load_backend
from hookline.plugins import Middleware, Send
from hookline_ratelimit import RateLimit
from hookline_ratelimit._gate import Gate, Limit
from support.modes import Mode
from support.processes import in_child
from support.raw import LIMIT, Conversation, raw_server
from support.tasks import after_turns

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Clock:
    """Time that passes when somebody sleeps, and not otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()

    async def sleep(self: object, seconds: float) -> None:
        clock.sleep(seconds)

    for name in ("sync", "asyncio", "anyio"):
        monkeypatch.setattr(load_backend(name), "sleep", sleep)
    monkeypatch.setattr(
        hookline_ratelimit._gate, "time", SimpleNamespace(monotonic=clock.monotonic)
    )
    return clock


def answering(*responses: hookline.Response) -> hookline.MockTransport:
    answers = list(responses)

    def handler(request: hookline.Request) -> hookline.Response:
        return answers.pop(0) if answers else hookline.Response(200, text="ok")

    return hookline.MockTransport(handler)


async def gets(
    mode: Mode,
    clock: Clock,
    middleware: Any,
    *urls: str,
    responses: tuple[hookline.Response, ...] = (),
    **arguments: Any,
) -> list[float]:
    """When each of the requests started."""
    starts = []
    transport = answering(*responses)
    async with mode.client(transport=transport, middleware=[middleware]) as client:
        for url in urls:
            await client.get(url, **arguments)
            starts.append(clock.now - 1000.0)
    return starts


A, B = "http://a.test/", "http://b.test/"


async def test_requests_start_at_the_rate(mode: Mode, clock: Clock) -> None:
    starts = await gets(mode, clock, RateLimit(2, burst=1), A, A, A, A)

    assert starts == [0.0, 0.5, 1.0, 1.5]


async def test_burst_starts_at_once_and_the_rate_holds_after_it(mode: Mode, clock: Clock) -> None:
    starts = await gets(mode, clock, RateLimit(3, per=60), *[A] * 6)

    assert starts == pytest.approx([0, 0, 0, 20, 40, 60])


async def test_burst_comes_back_with_time(mode: Mode, clock: Clock) -> None:
    limit = RateLimit(1, burst=2)
    first = await gets(mode, clock, limit, A, A, A)
    clock.now += 100
    second = await gets(mode, clock, limit, A, A, A)

    assert first == [0, 0, 1]
    assert [start - 101 for start in second] == [0, 0, 1]


async def test_origins_have_their_own_rates(mode: Mode, clock: Clock) -> None:
    starts = await gets(mode, clock, RateLimit(1), A, B, A, B, "http://a.test:80/x")

    assert starts == [0, 0, 1, 1, 2]


async def test_origins_may_be_limited_otherwise(mode: Mode, clock: Clock) -> None:
    limit = RateLimit(1, origins={"http://a.test": {"rate": 10, "burst": 1}, "http://b.test": None})

    starts = await gets(mode, clock, limit, B, B, B, A, A, A)

    assert starts == pytest.approx([0, 0, 0, 0, 0.1, 0.2])


async def test_request_whose_time_is_too_far_off_is_refused_at_once(
    mode: Mode, clock: Clock
) -> None:
    limit = RateLimit(1, per=100, burst=1, max_wait=50)

    with pytest.raises(hookline.PoolTimeout, match=r"may start in 100\.0 s, .* than the 50 s"):
        await gets(mode, clock, limit, A, A)

    assert clock.naps == []


async def test_refused_request_takes_no_turn(mode: Mode, clock: Clock) -> None:
    limit = RateLimit(1, per=100, burst=1, max_wait=50)
    for _ in range(3):
        with pytest.raises(hookline.PoolTimeout):
            await gets(mode, clock, limit, A, A, A)
    clock.now = 1100.0

    assert await gets(mode, clock, limit, A) == [100.0]


async def test_total_of_the_call_covers_the_wait(mode: Mode, clock: Clock) -> None:
    limit = RateLimit(1, per=100, burst=1, max_wait=None)

    with pytest.raises(hookline.PoolTimeout, match="longer than the"):
        await gets(mode, clock, limit, A, A, timeout=hookline.Timeout(5, total=60))


@pytest.mark.parametrize("status", [429, 503])
async def test_server_that_asks_for_a_pause_gets_one(mode: Mode, clock: Clock, status: int) -> None:
    busy = hookline.Response(status, headers={"Retry-After": "30"})

    starts = await gets(mode, clock, RateLimit(10), A, B, A, responses=(busy,))

    assert starts == [0, 0, 30]


async def test_pause_is_bounded(mode: Mode, clock: Clock) -> None:
    busy = hookline.Response(429, headers={"Retry-After": "9" * 400})
    limit = RateLimit(10, max_retry_after=45)

    assert await gets(mode, clock, limit, A, A, responses=(busy,)) == [0, 45]


async def test_pause_is_not_heard_where_that_was_asked_for(mode: Mode, clock: Clock) -> None:
    busy = hookline.Response(429, headers={"Retry-After": "30"})
    limit = RateLimit(10, respect_retry_after=False)

    assert await gets(mode, clock, limit, A, A, responses=(busy,)) == [0, 0]


# -- How many at once -----------------------------------------------------------------------


class Meeting:
    """A server whose answers wait until `size` requests are there, and that counts them."""

    def __init__(self, size: int) -> None:
        self.barrier = threading.Barrier(size)
        self.lock = threading.Lock()
        self.inside = 0
        self.most = 0

    def __call__(self, conversation: Conversation) -> None:
        while conversation.receive_head():
            with self.lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            self.barrier.wait(LIMIT)
            with self.lock:
                self.inside -= 1
            conversation.send(OK)


async def test_so_many_are_on_their_way_and_no_more(mode: Mode) -> None:
    meeting = Meeting(3)
    with raw_server(meeting) as server:
        async with mode.client(middleware=[RateLimit(concurrency=3)]) as client:
            responses = await mode.together(*[lambda: client.get(server.url)] * 12)

    assert [response.status_code for response in responses] == [200] * 12
    assert meeting.most == 3


async def test_place_is_held_until_the_body_is_over(mode: Mode) -> None:
    limit = RateLimit(concurrency=1, max_wait=0)

    def script(conversation: Conversation) -> None:
        while conversation.receive_head():
            conversation.send(OK)

    with raw_server(script) as server:
        async with mode.client(middleware=[limit]) as client:
            async with client.stream("GET", server.url) as response:
                with pytest.raises(hookline.PoolTimeout, match="1 requests are on their way"):
                    await client.get(server.url)
                await response.aread()
                assert (await client.get(server.url)).status_code == 200
            async with client.stream("GET", server.url):
                pass
            assert (await client.get(server.url)).status_code == 200


async def test_place_comes_back_after_an_error(mode: Mode) -> None:
    limit = RateLimit(concurrency=1, max_wait=0)

    def script(conversation: Conversation) -> None:
        conversation.receive_head()

    with raw_server(script) as server:
        async with mode.client(middleware=[limit]) as client:
            for _ in range(3):
                with pytest.raises(hookline.RemoteProtocolError):
                    await client.get(server.url)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_place_comes_back_from_a_response_that_nobody_closed(mode: Mode) -> None:
    limit = RateLimit(concurrency=1, max_wait=0)

    def script(conversation: Conversation) -> None:
        while conversation.receive_head():
            conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")

    with raw_server(script) as server:
        async with mode.client(middleware=[limit]) as client:
            for _ in range(3):
                request = client.build_request("GET", server.url)
                response = await client.send(request, stream=True)
                del response
                gc.collect()


@pytest.mark.parametrize("turns", range(0, 30, 3))
@pytest.mark.parametrize("mode", ["asyncio", "trio"], indirect=True)
async def test_cancelled_request_leaves_its_place(mode: Mode, turns: int) -> None:
    limit = RateLimit(concurrency=1, max_wait=LIMIT)

    def script(conversation: Conversation) -> None:
        while conversation.receive_head():
            conversation.send(OK)

    with raw_server(script) as server:
        async with mode.client(middleware=[limit]) as client:

            async def two() -> None:
                await mode.together(*[lambda: client.get(server.url)] * 2)

            await after_turns(mode, turns, two)
            assert (await client.get(server.url)).status_code == 200

    (gate,) = limit._gates.values() or [None]
    assert gate is None or (gate._active, len(gate._waiting)) == (0, 0)


def test_sixty_four_threads_share_a_limit() -> None:
    limit = RateLimit(concurrency=5)
    transport = answering()
    with hookline.Client(transport=transport, middleware=[limit]) as client:
        threads = [
            threading.Thread(target=lambda: [client.get(A) for _ in range(20)]) for _ in range(64)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)

    (gate,) = limit._gates.values()
    assert (gate._active, len(gate._waiting), len(gate._left)) == (0, 0, 0)


def test_leaving_never_waits_for_the_lock() -> None:
    """The garbage collector may leave while this very thread holds it."""
    gate = Gate(Limit(concurrency=1), A)
    gate._active = 1
    with gate._lock:
        gate.leave()
        assert gate._active == 1
    gate._settle()

    assert gate._active == 0


def test_gates_of_many_origins_are_not_kept(clock: Clock) -> None:
    limit = RateLimit(1)
    with hookline.Client(transport=answering(), middleware=[limit]) as client:
        for number in range(3000):
            clock.now += 1
            client.get(f"http://host{number}.test/")

    assert len(limit._gates) <= 1024


async def test_it_is_there_by_name(mode: Mode, clock: Clock) -> None:
    spec = {"name": "ratelimit", "options": {"rate": 1}}

    assert await gets(mode, clock, spec, A, A) == [0, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "nothing is limited"),
        ({"rate": 0}, "rate: expected a number > 0, not 0"),
        ({"rate": "1"}, "rate: expected a number, not '1'"),
        ({"rate": 1, "per": -1}, "per: expected a number > 0, not -1"),
        ({"rate": 1, "burst": 0}, "burst: expected a whole number >= 1, not 0"),
        ({"concurrency": True}, "concurrency: expected a whole number >= 1, not True"),
        ({"rate": 1, "max_wait": -1}, "max_wait: expected seconds >= 0 or None, not -1"),
        ({"origins": {"example.org": {}}}, "expected an origin such as"),
        ({"origins": {A: {"rtae": 1}}}, "unknown limit 'rtae'. There are: burst"),
        ({"origins": {A: 5}}, "are a mapping or None, not 5"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        RateLimit(**options)


# -- Several loops, several processes -------------------------------------------------------


def test_place_passes_from_one_event_loop_to_another() -> None:
    """Two loops in two threads share a client; whoever waits is woken in its own."""
    limit = RateLimit(concurrency=1, max_wait=LIMIT)
    started = threading.Event()
    go_on = threading.Event()

    def script(conversation: Conversation) -> None:
        while conversation.receive_head():
            started.set()
            assert go_on.wait(LIMIT)
            # No connection outlives its loop.
            conversation.send(OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))

    async def call(client: hookline.AsyncClient, url: str) -> int:
        return (await client.get(url)).status_code

    statuses: list[int] = []
    with raw_server(script) as server:
        client = hookline.AsyncClient(middleware=[limit], timeout=LIMIT)

        def first() -> None:
            statuses.append(asyncio.run(call(client, server.url)))

        def second() -> None:
            assert started.wait(LIMIT)
            statuses.append(trio.run(call, client, server.url))

        def release() -> None:
            while not (limit._gates and any(gate._waiting for gate in limit._gates.values())):
                time.sleep(0)
            go_on.set()

        threads = [threading.Thread(target=run) for run in (first, second, release)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        asyncio.run(client.aclose())

    assert statuses == [200, 200]


async def test_sleeping_takes_no_buffer(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand requests that wait for their turn are a thousand small objects."""
    made: list[int] = []
    real = bytearray

    class Counted(real):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(len(self))

    monkeypatch.setattr("hookline._backends.asyncio.bytearray", Counted, raising=False)

    class Sleepy(Middleware):
        name = "sleepy"
        stage = "hop"

        async def handle(self, request: hookline.Request, send: Send) -> hookline.Response:
            for _ in range(100):
                await send.sleep(0)
                send.create_waiter().set()
            return await send(request)

    async with mode.client(transport=answering(), middleware=[Sleepy()]) as client:
        await client.get(A)

    assert made == []


def test_child_process_has_its_own_places() -> None:
    limit = RateLimit(concurrency=1, max_wait=0)
    with hookline.Client(transport=answering(), middleware=[limit]) as client:
        client.get(A)
        (gate,) = limit._gates.values()
        gate._active = 1

        def child() -> int:
            return client.get(A).status_code

        with gate._lock:
            # Whoever held it in the parent is not there to give it back.
            assert in_child(child) == 200


def test_it_travels() -> None:
    limit = RateLimit(2)
    twin = pickle.loads(pickle.dumps(limit))

    with hookline.Client(transport=answering(), middleware=[copy.deepcopy(twin)]) as client:
        assert client.get(A).status_code == 200


@pytest.mark.parametrize(
    "value", ["00:00:99999999999999999999 GMT", "Mon, 01 Jan 99999 00:00:00 GMT", "1e400", ""]
)
async def test_hostile_retry_after_takes_no_place(mode: Mode, clock: Clock, value: str) -> None:
    limit = RateLimit(concurrency=1, max_wait=0, max_retry_after=None)
    busy = hookline.Response(429, headers={"Retry-After": value})

    assert await gets(mode, clock, limit, A, A, responses=(busy,)) == [0, 0]
