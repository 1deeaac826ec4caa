"""`Limits(max_connections_per_host=)`: never exceeded, in nobody's way, and given back by whoever
goes away.

Most of it runs over a protocol in memory, so that a test decides how long everything takes.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

import hookline
from hookline._queue import LimitedQueue, Queue, Ticket, Verdict
from hookline._url import Origin
from hookline.plugins import Connector, Deadline, Network, NetworkStream, Protocol, Waiter
from support.modes import Mode, breathe
from support.tasks import cancel_once, until

A, B, C = (Origin("http", host, 80) for host in ("a.example", "b.example", "c.example"))
URLS = ["http://a.example/", "http://b.example/", "http://c.example/"]


# -- The setting ----------------------------------------------------------------------------


def test_limit_per_host_is_none_unless_it_is_given() -> None:
    assert hookline.Limits().max_connections_per_host is None
    assert hookline.Limits(max_connections_per_host=3).max_connections_per_host == 3


def test_limit_per_host_takes_part_in_equality_and_repr_where_it_is_set() -> None:
    limits = hookline.Limits(max_connections_per_host=3)

    assert limits == hookline.Limits(max_connections_per_host=3)
    assert hash(limits) == hash(hookline.Limits(max_connections_per_host=3))
    assert limits != hookline.Limits()
    assert repr(limits) == (
        "Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=5.0, "
        "max_connections_per_host=3)"
    )
    assert "per_host" not in repr(hookline.Limits())


@pytest.mark.parametrize(
    ("value", "error"), [("3", TypeError), (1.5, TypeError), (True, TypeError), (-1, ValueError)]
)
def test_limit_per_host_that_makes_no_sense_is_refused_and_named(
    value: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match="max_connections_per_host: expected a"):
        hookline.Limits(max_connections_per_host=value)


# -- The line -------------------------------------------------------------------------------


class Deaf(Waiter):
    """Somebody whom nobody wakes."""

    def set(self) -> None:
        pass


def ticket(queue: Queue, route: Origin) -> Ticket:
    return Ticket(route, Deaf(), queue)


def test_route_with_all_its_places_is_passed_over_and_keeps_its_turn() -> None:
    queue = LimitedQueue(1)
    queue.occupy(A)
    first, second, third = ticket(queue, A), ticket(queue, B), ticket(queue, A)

    assert queue.take_for_place() is second
    queue.occupy(B)
    assert queue.take_for_place() is None
    late = ticket(queue, C)
    queue.vacate(A)
    assert queue.take_for_place() is first
    queue.occupy(A)
    assert queue.take_for_place() is late
    assert list(queue) == [third]


def test_idle_connection_serves_its_own_route_although_that_is_full() -> None:
    queue = LimitedQueue(1)
    queue.occupy(A)
    first, second, third = ticket(queue, C), ticket(queue, A), ticket(queue, B)

    assert queue.take_for_connection(A) is first
    assert queue.take_for_connection(A) is second
    assert queue.take_for_connection(A) is third
    assert queue.take_for_connection(A) is None


def test_those_who_come_and_go_leave_nothing_behind() -> None:
    queue = LimitedQueue(1)
    for _ in range(10_000):
        queue.remove(ticket(queue, A))
    for number in range(10_000):
        queue.remove(ticket(queue, Origin("http", f"{number}.example", 80)))

    assert len(queue._fronts) < 20
    assert queue._by_route == {}
    assert queue._places == {}


class Model:
    """The same by searching a list."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.waiting: list[Ticket] = []
        self.places: list[Origin] = []

    def has_room(self, route: Origin) -> bool:
        return self.places.count(route) < self.most

    def take(self, fits: Callable[[Origin], bool]) -> Ticket | None:
        found = next((one for one in self.waiting if fits(one.route)), None)
        if found is not None:
            self.waiting.remove(found)
        return found


routes = st.sampled_from([A, B, C])
steps = st.one_of(
    st.tuples(st.sampled_from(["add", "take_of", "for_connection", "occupy"]), routes),
    st.tuples(st.sampled_from(["for_place", "take"]), st.none()),
    st.tuples(st.sampled_from(["leave", "vacate"]), st.integers(0, 10)),
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(most=st.integers(0, 3), script=st.lists(steps, max_size=80))
def test_the_limited_queue_is_a_list_that_is_searched_for_who_may_be_served(
    most: int, script: list[tuple[str, Any]]
) -> None:
    queue, model = LimitedQueue(most), Model(most)
    for step, argument in script:
        if step == "add":
            model.waiting.append(ticket(queue, argument))
        elif step == "take" and model.waiting:
            assert queue.take() is model.waiting.pop(0)
        elif step == "take_of":
            expected = model.take(lambda route, wanted=argument: route == wanted)
            assert queue.take_of(argument) is expected
        elif step == "for_connection":
            expected = model.take(lambda route, own=argument: route == own or model.has_room(route))
            assert queue.take_for_connection(argument) is expected
        elif step == "for_place":
            assert queue.take_for_place() is model.take(model.has_room)
        elif step == "occupy" and model.has_room(argument):
            queue.occupy(argument)
            model.places.append(argument)
        elif step == "vacate" and model.places:
            queue.vacate(model.places.pop(argument % len(model.places)))
        elif step == "leave" and model.waiting:
            queue.remove(model.waiting.pop(argument % len(model.waiting)))
        assert list(queue) == model.waiting
        assert [queue.has_room(route) for route in (A, B, C)] == [
            model.has_room(route) for route in (A, B, C)
        ]
        assert queue.waiting_for(A) == sum(one.route == A for one in model.waiting)
        assert len(queue._fronts) <= 2 * 3 + 17


# -- A pool in memory -----------------------------------------------------------------------


class World:
    """What the connections of one test have in common: who may go on, and what was seen."""

    def __init__(self, mode: Mode, per_connection: int = 1) -> None:
        self.mode = mode
        self.per_connection = per_connection
        self.random = random.Random(1)
        self.turns: Callable[[], int] = lambda: 0
        self.fails: Callable[[], bool] = lambda: False
        # A path that is in here is not answered before it is taken out.
        self.held: set[str] = set()
        self.answered: list[str] = []
        self.pool: Any = None
        self.busiest: dict[Origin, int] = {}

    def client(self, timeout: Any = 20, **limits: Any) -> Any:
        world = self

        class InMemory(Protocol):
            name: ClassVar[str] = "memory"
            alpn: ClassVar[str] = "memory"
            is_multiplexed: ClassVar[bool] = self.per_connection > 1

            def __init__(self, stream: NetworkStream) -> None:
                super().__init__(stream)
                self.gone = False

            async def exchange(self, request: Any, body: Any, timeout: Any) -> hookline.Response:
                await world.go_by()
                if self.is_multiplexed and self.capacity == 1:
                    self.capacity = world.per_connection
                    self.on_capacity()
                try:
                    path = request.url.path
                    await until(world.mode, lambda: path not in world.held)
                    await world.go_by()
                    if world.fails():
                        raise hookline.ReadError("The world is like that.")
                except BaseException:
                    if not self.is_multiplexed:
                        self.gone = True
                    raise
                world.answered.append(str(request.url))
                self.gone = self.gone or world.fails()
                self.on_release()
                return hookline.Response(200, stream=hookline.ByteStream(b"ok"))

            @property
            def is_closed(self) -> bool:
                return self.gone

            def is_reusable(self) -> bool:
                return not self.gone

            def close(self) -> None:
                self.gone = True

        class Reachable(Connector):
            name: ClassVar[str] = "memory"

            async def connect(
                self, origin: Origin, network: Network, deadline: Deadline
            ) -> NetworkStream:
                await world.go_by()
                if world.fails():
                    raise hookline.ConnectError("Nobody is there.")
                return Nothing()

        client = self.mode.client(
            proxy=Reachable(),
            protocols=[InMemory],
            limits=hookline.Limits(**limits),
            timeout=timeout,
        )
        (transport,) = client._mounts.values()
        self.pool = transport._pool
        return client

    async def go_by(self) -> None:
        self.check()
        for _ in range(self.turns()):
            await breathe(self.mode)
            self.check()

    def check(self) -> None:
        """The pool's rules, at this very moment."""
        pool = self.pool
        with pool._lock:
            queue = pool._waiting
            places = dict(queue._places)
            assert sum(places.values()) == pool._open
            assert all(places[route] > 0 for route in places)
            for connection in pool._connections:
                places[connection.route] -= 1
            assert min(places.values(), default=0) >= 0, "a connection without a place"
            for route, count in queue._places.items():
                self.busiest[route] = max(self.busiest.get(route, 0), count)
            assert max(self.busiest.values(), default=0) <= queue._most
            assert pool._open <= pool._max_open
            if queue._front() is not None:
                assert pool._open == pool._max_open, "somebody waits, and there is room"
                assert pool._idle_count == 0, "somebody waits for what is idle"
            for route in queue._by_route:
                assert not pool._idle.get(route), "an idle connection, and somebody waits for it"

    def assert_at_rest(self) -> None:
        self.check()
        pool = self.pool
        assert pool._open == pool._idle_count == len(pool._connections)
        assert len(pool._waiting) == 0
        assert pool._making == {}
        assert sum(pool._waiting._places.values()) == pool._open


class Nothing(NetworkStream):
    """A stream that nobody reads."""

    def close(self) -> None:
        pass


async def test_limit_holds_per_origin_and_not_across(mode: Mode) -> None:
    world = World(mode)
    world.turns = lambda: 3
    async with world.client(max_connections_per_host=2) as client:
        calls = [lambda url=url: client.get(url) for url in URLS * 10]
        results = await mode.together(*calls)

        assert [getattr(result, "text", result) for result in results] == ["ok"] * 30
        assert world.busiest == {A: 2, B: 2, C: 2}
        world.assert_at_rest()


async def test_full_host_blocks_nobody_else(mode: Mode) -> None:
    world = World(mode)
    async with world.client(max_connections_per_host=1) as client:
        world.held = {"/held"}

        async def let_go_after_the_others() -> None:
            await until(mode, lambda: len(world.pool._waiting) == 3)
            for url in URLS[1:] * 3:
                assert (await client.get(url)).text == "ok"
            world.held.clear()

        async def queue_up() -> Any:
            await until(mode, lambda: world.pool._open == 1)
            return await client.get(URLS[0])

        results = await mode.together(
            lambda: client.get(URLS[0] + "held"), *[queue_up] * 3, let_go_after_the_others
        )

        assert [getattr(result, "text", result) for result in results] == ["ok"] * 4 + [None]
        world.assert_at_rest()


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_those_who_can_be_served_are_served_in_order(name: str) -> None:
    mode = Mode(name)

    async def scenario() -> list[str]:
        world = World(mode)
        world.held = {"/held-a", "/held-b"}

        async def start(begin: Callable[[Callable[[], Any]], object]) -> None:
            # Both places are taken by requests that are held; everybody else waits, in this order.
            for path in ["held-a", "held-b", "a1", "c1", "a2", "b1", "c2", "a3"]:
                before = len(world.pool._waiting) + world.pool._open
                url = f"http://{path.removeprefix('held-')[0]}.example/{path}"
                begin(lambda url=url: client.get(url))
                await until(mode, lambda n=before: len(world.pool._waiting) + world.pool._open > n)
            world.held = {"/held-b"}
            await until(mode, lambda: len(world.answered) == 6)
            world.held = set()

        async with world.client(max_connections=2, max_connections_per_host=1) as client:
            if mode.name == "asyncio":
                tasks: list[Any] = []
                await start(lambda call: tasks.append(asyncio.ensure_future(call())))
                await asyncio.gather(*tasks)
            else:
                async with trio.open_nursery() as nursery:
                    await start(nursery.start_soon)
            world.assert_at_rest()
        return [url.rpartition("/")[2] for url in world.answered]

    # The one place that is free goes from hand to hand. b1 was before c2 and a3, and waits for the
    # only connection that its host may have.
    assert mode.run(scenario) == ["held-a", "a1", "c1", "a2", "c2", "a3", "held-b", "b1"]


async def test_pool_timeout_says_that_it_was_the_host_that_was_full(mode: Mode) -> None:
    world = World(mode)
    timeout = hookline.Timeout(20, pool=0.01)
    async with world.client(timeout, max_connections=9, max_connections_per_host=1) as client:
        world.held = {"/held"}

        async def overflow() -> None:
            await until(mode, lambda: world.pool._open == 1)
            with pytest.raises(hookline.PoolTimeout) as caught:
                await client.get(URLS[0])
            world.held.clear()
            assert str(caught.value) == (
                "No connection to http://a.example:80 became free within 0.01 s: 1 of 1 are in use "
                "(max_connections_per_host), 0 more requests are waiting for one."
            )

        results = await mode.together(lambda: client.get(URLS[0] + "held"), overflow)
        assert [getattr(result, "text", result) for result in results] == ["ok", None]
        world.assert_at_rest()


async def test_pool_timeout_says_that_it_was_the_pool_that_was_full(mode: Mode) -> None:
    world = World(mode)
    timeout = hookline.Timeout(20, pool=0.01)
    async with world.client(timeout, max_connections=1, max_connections_per_host=1) as client:
        world.held = {"/held"}

        async def overflow() -> None:
            await until(mode, lambda: world.pool._open == 1)
            with pytest.raises(hookline.PoolTimeout) as caught:
                await client.get(URLS[1])
            world.held.clear()
            assert str(caught.value) == (
                "No connection became free within 0.01 s: 1 of 1 are in use (max_connections), 0 "
                "more requests are waiting."
            )

        results = await mode.together(lambda: client.get(URLS[0] + "held"), overflow)
        assert [getattr(result, "text", result) for result in results] == ["ok", None]


async def test_connection_for_many_counts_as_one(mode: Mode) -> None:
    world = World(mode, per_connection=4)
    world.turns = lambda: 2
    async with world.client(max_connections_per_host=2) as client:
        calls = [lambda url=url: client.get(url) for url in URLS[:2] * 20]
        results = await mode.together(*calls)

        assert [getattr(result, "text", result) for result in results] == ["ok"] * 40
        assert set(world.busiest) == {A, B}
        world.assert_at_rest()


async def test_closing_the_pool_fails_those_who_wait_for_a_host(mode: Mode) -> None:
    world = World(mode)
    client = world.client(max_connections_per_host=1)
    world.held = {"/held"}

    async def queue_up() -> Any:
        await until(mode, lambda: world.pool._open == 1)
        return await client.get(URLS[0])

    async def close_then_let_go() -> None:
        await until(mode, lambda: len(world.pool._waiting) == 2)
        await client.aclose()
        world.held.clear()

    results = await mode.together(
        lambda: client.get(URLS[0] + "held"), *[queue_up] * 2, close_then_let_go
    )

    assert [type(result) for result in results[1:3]] == [RuntimeError] * 2
    assert world.pool._open == 0
    assert world.pool._waiting._places == {}


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_who_is_cancelled_while_it_connects_lets_the_next_of_its_host_in(name: str) -> None:
    mode = Mode(name)

    async def scenario() -> None:
        world = World(mode)
        world.turns = lambda: 1000
        async with world.client(max_connections_per_host=1) as client:

            async def follow() -> None:
                await until(mode, lambda: len(world.pool._waiting) == 1)

            async def doomed() -> None:
                assert await cancel_once(
                    mode, lambda: client.get(URLS[0]), lambda: len(world.pool._waiting) == 1
                )
                world.turns = lambda: 0

            async def next_one() -> Any:
                await until(mode, lambda: world.pool._open == 1)
                return await client.get(URLS[0])

            results = await mode.together(doomed, next_one, follow)
            assert getattr(results[1], "text", results) == "ok"
            world.assert_at_rest()

    mode.run(scenario)


# -- A storm --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("per_connection", [1, 3])
@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_books_are_right_at_every_turn_of_a_storm(
    name: str, per_connection: int, seed: int
) -> None:
    """Requests to three hosts, of which some fail, some find a connection gone, and many are
    cancelled at a random turn. The rules are looked at whenever anything goes on."""
    mode = Mode(name)
    dice = random.Random(seed)
    outcomes = {"done": 0, "failed": 0, "cancelled": 0}

    async def scenario() -> None:
        world = World(mode, per_connection)
        world.turns = lambda: dice.randrange(4)
        world.fails = lambda: dice.random() < 0.1
        most, per_host = dice.choice([(3, 1), (4, 2), (5, 3), (100, 2)])
        client = world.client(max_connections=most, max_connections_per_host=per_host)
        async with client:

            async def one(number: int) -> None:
                # Half of all go to the first host, so that its line is long.
                url = URLS[0] if dice.random() < 0.5 else dice.choice(URLS)
                doom = dice.randrange(1, 60)
                left = doom if dice.random() < 0.5 else 10**9

                def is_over() -> bool:
                    nonlocal left
                    left -= 1
                    return left < 0

                async def call() -> None:
                    try:
                        await client.get(url)
                    except hookline.TransportError:
                        outcomes["failed"] += 1
                    else:
                        outcomes["done"] += 1

                if await cancel_once(mode, call, is_over):
                    outcomes["cancelled"] += 1

            results = await mode.together(*[lambda n=n: one(n) for n in range(300)])
            assert [result for result in results if result is not None] == []
            world.assert_at_rest()

            # Every place is there again.
            world.fails = lambda: False
            results = await mode.together(*[lambda url=url: client.get(url) for url in URLS * 20])
            assert [getattr(result, "text", result) for result in results] == ["ok"] * 60
            world.assert_at_rest()
        assert world.pool._open == 0
        assert world.pool._waiting._places == {}

    mode.run(scenario)

    assert min(outcomes.values()) >= 5, outcomes


def test_threads_never_exceed_the_limit_and_never_get_stuck() -> None:
    mode = Mode("sync")
    world = World(mode)
    failures: list[object] = []

    with world.client(max_connections=4, max_connections_per_host=2).wrapped as client:

        def work(number: int) -> None:
            for index in range(60):
                try:
                    client.get(URLS[(number + index) % 3])
                except Exception as exc:
                    failures.append(exc)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        world.assert_at_rest()

    assert failures == []
    assert max(world.busiest.values()) <= 2


class LateLock:
    """A lock, before which something happens once."""

    def __init__(self, lock: Any, before: Callable[[], None], entries: int) -> None:
        self._lock = lock
        self._before = before
        self._left = entries
        self._thread = threading.current_thread()

    def __enter__(self) -> None:
        if threading.current_thread() is self._thread:
            self._left -= 1
            if not self._left:
                self._before()
        self._lock.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self._lock.release()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lock, name)


def test_connection_that_another_thread_gives_back_in_the_last_moment_is_not_waited_for() -> None:
    world = World(Mode("sync"))
    world.held = {"/held"}
    timeout = hookline.Timeout(20, pool=0.05)
    with world.client(timeout, max_connections_per_host=1).wrapped as client:
        other = threading.Thread(target=lambda: client.get(URLS[0] + "held"))
        other.start()
        while world.pool._open == 0:
            threading.Event().wait(0.001)

        def give_back() -> None:
            world.held.clear()
            other.join()
            assert world.pool._idle_count == 1

        # First it looks for an idle connection, and then for a place.
        world.pool._lock = LateLock(world.pool._lock, give_back, entries=2)
        assert client.get(URLS[0]).text == "ok"
        world.assert_at_rest()

    assert world.answered == [URLS[0] + "held", URLS[0]]


def test_without_a_limit_nothing_is_counted() -> None:
    with hookline.Client() as client:
        queue = client._transport._pool._waiting  # type: ignore[attr-defined]

    assert type(queue) is Queue
    queue.occupy(A)
    assert queue.has_room(A)
    assert queue.take_for_place() is None
    assert queue.take_for_connection(A) is None
    one = ticket(queue, A)
    assert queue.take_for_connection(B) is one
    one.grant(Verdict.PLACE)
    assert one.verdict is Verdict.PLACE
