"""The pool against a model: hypothesis chooses what requests, servers and the clock do, step by step.

The pool and HTTP/1.1 are the real ones. The network is scripted, and time stands still until
somebody lets it pass. In the asynchronous machine the test itself is the event loop: it resumes, or
cancels, whichever request hypothesis picks, at whichever await that stands.
"""  # noqa: E501

from __future__ import annotations

import asyncio
import random
import types
from collections.abc import Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import hookline
import hookline._pool
import hookline._timeout
from hookline._drive import drive
from hookline.plugins import Connector, NetworkStream
from hookline.plugins.interfaces import Waiter

MOST = 2
EXPIRY = 30.0
TIMEOUT = {"connect": 5.0, "read": 7.0, "write": 7.0, "pool": 11.0}

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
# What a server does with a request, by its path: the pieces that it sends, and how that ends.
PLANS: dict[str, tuple[list[bytes], str]] = {
    "ok": ([HEAD + b"body"], "kept"),
    "pieces": ([HEAD[:9], HEAD[9:] + b"bo", b"dy"], "kept"),
    "last": ([b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"], "eof"),
    "eof": ([], "eof"),
    "reset": ([], "reset"),
    "cut-head": ([HEAD[:20]], "eof"),
    "cut-body": ([HEAD + b"bo"], "reset"),
    "garbage": ([b"nothing of HTTP\r\n\r\n"], "kept"),
    "excess": ([HEAD + b"body and more"], "kept"),
    "hang": ([], "hang"),
    "stall": ([HEAD + b"b"], "hang"),
}
EXPECTED = (
    hookline.RemoteProtocolError,
    hookline.ReadError,
    hookline.WriteError,
    hookline.ReadTimeout,
    hookline.PoolTimeout,
    hookline.ConnectError,
    hookline.ConnectTimeout,
)


class World:
    """The network and the clock, for one pool."""

    def __init__(self, *, is_async: bool, retries: int = 0) -> None:
        self.is_async = is_async
        self.now = 1000.0
        self.streams: list[Stream] = []
        # How attempts to connect end, in their order; "made" where nothing is left.
        self.connects: list[str] = []
        self.connector = Scripted(self)
        limits = hookline.Limits(
            max_connections=MOST, max_keepalive_connections=2, keepalive_expiry=EXPIRY
        )
        transport = hookline.HTTPTransport(limits=limits, proxy=self.connector, retries=retries)
        self.pool: Any = transport._pool
        self.pool._make_backend = lambda: Backend(self)

    def monotonic(self) -> float:
        return self.now

    async def wait(self, seconds: float | None, is_over: Any = lambda: False) -> bool:
        """Wait until something is true; False where the time was over first."""
        by = None if seconds is None else self.now + seconds
        while not is_over():
            if by is not None and self.now >= by:
                return False
            if self.is_async:
                await turn()
            else:
                assert by is not None, "a thread would wait for ever"
                self.now = by
        return True

    def request(self, plan: str, host: str = "a") -> hookline.Request:
        return hookline.Request("GET", f"http://{host}/{plan}", extensions={"timeout": TIMEOUT})

    @property
    def open_streams(self) -> list[Stream]:
        return [stream for stream in self.streams if not stream.is_closed]


@types.coroutine
def turn() -> Generator[None, None, None]:
    """Let the event loop, which is the test, do something else."""
    yield


class Backend:
    def __init__(self, world: World) -> None:
        self._world = world
        self.is_async = world.is_async

    def create_waiter(self) -> Waiter:
        return Bell(self._world)

    async def sleep(self, seconds: float) -> None:
        await self._world.wait(seconds)

    def call_soon(self, callback: Any) -> None:
        callback()


class Bell(Waiter):
    def __init__(self, world: World) -> None:
        self._world = world
        self._is_set = False

    async def wait(self, timeout: float | None) -> bool:
        return await self._world.wait(timeout, lambda: self._is_set)

    def set(self) -> None:
        self._is_set = True


class Scripted(Connector):
    name = "scripted"

    def __init__(self, world: World) -> None:
        self._world = world

    async def connect(self, origin: Any, network: Any, deadline: Any) -> NetworkStream:
        how = self._world.connects.pop(0) if self._world.connects else "made"
        if how == "hang":
            await self._world.wait(deadline.remaining())
            raise hookline.ConnectTimeout("Nobody is there.")
        if self._world.is_async:
            await turn()
        if how == "refused":
            raise hookline.ConnectError("Nobody listens.")
        stream = Stream(self._world)
        self._world.streams.append(stream)
        return stream


class Stream(NetworkStream):
    def __init__(self, world: World) -> None:
        self._world = world
        self.is_closed = False
        # Whether the server has gone, or speaks unasked.
        self.is_dead = False
        self._pieces: list[bytes] = []
        self._end = "kept"
        self.used_at = world.now

    def write(self, data: Any) -> bool:
        assert not self.is_closed
        assert self._world.now - self.used_at < EXPIRY, "a connection was used after its time"
        self.used_at = self._world.now
        if self.is_dead:
            raise hookline.WriteError("Broken pipe.")
        plan = bytes(data).split(b" ")[1].decode().strip("/")
        pieces, self._end = PLANS[plan]
        self._pieces = list(pieces)
        return True

    async def receive(self, timeout: float | None) -> bytes:
        assert not self.is_closed
        if self._world.is_async:
            await turn()
            if self.is_closed:
                raise hookline.ReadError("Closed meanwhile.")
        self.used_at = self._world.now
        if self._pieces:
            return self._pieces.pop(0)
        if self.is_dead or self._end == "eof":
            return b""
        if self._end == "reset":
            raise hookline.ReadError("Reset.")
        assert self._end == "hang", "a client waits for what nobody will send"
        await self._world.wait(timeout)
        raise hookline.ReadTimeout("Too slow.")

    def has_input(self) -> bool:
        return self.is_dead

    def close(self) -> None:
        self.is_closed = True


@contextmanager
def in_time_of(world: World) -> Iterator[None]:
    """The pool's clock is the world's."""
    fake: Any = types.SimpleNamespace(monotonic=world.monotonic)
    modules: Any = (hookline._pool, hookline._timeout)
    real = [module.time for module in modules]
    for module in modules:
        module.time = fake
    try:
        yield
    finally:
        for module, time in zip(modules, real, strict=True):
            module.time = time


def check_books(world: World, making: int) -> None:
    """What must be true at every moment."""
    pool = world.pool
    idle = [connection for queue in pool._idle.values() for connection in queue]
    assert 0 <= pool._open <= MOST
    assert pool._idle_count == len(idle) == len(set(idle)) <= 2
    assert pool._connections.issuperset(idle)
    assert len(pool._connections) <= pool._open <= len(pool._connections) + making
    for connection in idle:
        assert not connection.protocol.is_closed
        assert not connection.protocol._is_busy
    for connection in pool._connections:
        assert not connection.is_shut
    if pool._waiting:
        assert pool._open == MOST, "somebody waits although there is room"
        assert not idle, "somebody waits although a connection is idle"


class Task:
    """A request on its way, and then its body."""

    def __init__(self, world: World, request: hookline.Request) -> None:
        self._world = world
        self._coroutine: Coroutine[Any, Any, None] | None = self._run(request)
        self.body: Any = None
        self.reads = False

    async def _run(self, request: hookline.Request) -> None:
        response = await self._world.pool.handle(request)
        if not isinstance(response.stream, hookline.ByteStream):
            self.body = response.stream
            # The program has the response, and does as it likes.
            while not self.reads:
                await turn()
            while await self.body.receive():
                pass
            self.body = None

    @property
    def is_over(self) -> bool:
        return self._coroutine is None

    def step(self, throwing: BaseException | None = None) -> None:
        assert self._coroutine is not None
        try:
            if throwing is None:
                self._coroutine.send(None)
            else:
                self._coroutine.throw(throwing)
                raise AssertionError("a cancelled request goes on")
        except StopIteration:
            self._coroutine = None
        except asyncio.CancelledError:
            self._coroutine = None
            self.close_body()
        except EXPECTED:
            self._coroutine = None
        except BaseException:
            self._coroutine = None
            raise

    def close_body(self) -> None:
        if self.body is not None:
            self.body.close()
            self.body = None

    def stop(self) -> None:
        if self._coroutine is not None:
            self.step(asyncio.CancelledError())


picks = st.integers(0, 30)


class AsyncPool(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World(is_async=True, retries=1)
        self.tasks: list[Task] = []
        self._time = in_time_of(self.world)
        self._time.__enter__()

    @rule(plan=st.sampled_from(sorted(PLANS)), host=st.sampled_from("aab"), count=st.integers(1, 4))
    def begin(self, plan: str, host: str, count: int) -> None:
        for _ in range(min(count, 12 - len(self.tasks))):
            self.tasks.append(Task(self.world, self.world.request(plan, host)))
            self.tasks[-1].step()
            self._forget()

    @precondition(lambda self: self.tasks)
    @rule(pick=picks, steps=st.integers(1, 6))
    def resume(self, pick: int, steps: int) -> None:
        task = self.tasks[pick % len(self.tasks)]
        for _ in range(steps):
            if not task.is_over:
                task.step()
        self._forget()

    @precondition(lambda self: self.tasks)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        self.tasks[pick % len(self.tasks)].stop()
        self._forget()

    @precondition(lambda self: self.tasks)
    @rule(pick=picks)
    def read_on(self, pick: int) -> None:
        self.tasks[pick % len(self.tasks)].reads = True

    @rule(seconds=st.sampled_from([0.1, 1.0, 6.0, 12.0, 31.0, 300.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.world.now += seconds

    @rule(how=st.lists(st.sampled_from(["made", "refused", "hang"]), max_size=3))
    def expect_connects(self, how: list[str]) -> None:
        self.world.connects[:] = how

    @precondition(lambda self: self.world.open_streams)
    @rule(pick=picks)
    def server_goes(self, pick: int) -> None:
        streams = self.world.open_streams
        streams[pick % len(streams)].is_dead = True

    def _forget(self) -> None:
        self.tasks = [task for task in self.tasks if not task.is_over]

    @invariant()
    def books_are_right(self) -> None:
        check_books(self.world, len(self.tasks))

    def teardown(self) -> None:
        try:
            self._finish()
        finally:
            self._time.__exit__(None, None, None)

    def _finish(self) -> None:
        """Everybody comes to an end, all places are there, and nothing is left open."""
        world, pool = self.world, self.world.pool
        for _ in range(400):
            world.now += 1.0
            for task in self.tasks:
                task.reads = True
                task.step()
            self._forget()
            if not self.tasks:
                break
        assert self.tasks == []
        assert len(pool._waiting) == 0
        assert pool._open == len(pool._connections) == pool._idle_count == len(world.open_streams)

        world.connects.clear()
        last = [Task(world, world.request("pieces", "c")) for _ in range(MOST)]
        for task in last:
            while task.body is None:
                task.step()
        assert (pool._open, pool._idle_count, len(pool._waiting)) == (MOST, 0, 0)
        for task in last:
            task.stop()
        assert (pool._open, len(world.open_streams)) == (0, 0)
        pool.close()


class SyncPool(RuleBasedStateMachine):
    """The same in one thread: nothing suspends, and what waits lets the time pass."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(is_async=False, retries=1)
        self.held: list[Any] = []
        self._time = in_time_of(self.world)
        self._time.__enter__()

    @rule(plan=st.sampled_from(sorted(PLANS)), host=st.sampled_from("ab"))
    def request(self, plan: str, host: str) -> None:
        began = self.world.now
        try:
            response = drive(self.world.pool.handle(self.world.request(plan, host)))
        except EXPECTED as exc:
            limit = 7.0 if isinstance(exc, hookline.ReadTimeout) else 11.0
            assert self.world.now - began <= limit + 10.0
        else:
            if not isinstance(response.stream, hookline.ByteStream):
                self.held.append(response.stream)

    @precondition(lambda self: self.held)
    @rule(pick=picks, reads=st.booleans())
    def end(self, pick: int, reads: bool) -> None:
        body = self.held.pop(pick % len(self.held))
        try:
            while reads and drive(body.receive()):
                pass
        except EXPECTED:
            pass
        finally:
            body.close()

    let_time_pass = rule(seconds=st.sampled_from([0.1, 1.0, 12.0, 31.0]))(
        lambda self, seconds: AsyncPool.let_time_pass(self, seconds)
    )

    @rule(how=st.lists(st.sampled_from(["made", "refused", "hang"]), max_size=3))
    def expect_connects(self, how: list[str]) -> None:
        self.world.connects[:] = how

    @precondition(lambda self: self.world.open_streams)
    @rule(pick=picks)
    def server_goes(self, pick: int) -> None:
        streams = self.world.open_streams
        streams[pick % len(streams)].is_dead = True

    @invariant()
    def books_are_right(self) -> None:
        check_books(self.world, 0)

    def teardown(self) -> None:
        pool, world = self.world.pool, self.world
        try:
            for body in self.held:
                body.close()
            world.connects.clear()
            requests = [world.request("pieces", "c") for _ in range(MOST)]
            bodies = [drive(pool.handle(request)).stream for request in requests]
            assert (pool._open, pool._idle_count) == (MOST, 0)
            for body in bodies:
                body.close()
            assert (pool._open, world.open_streams) == (0, [])
        finally:
            self._time.__exit__(None, None, None)


_settings = settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True)

TestAsyncPool = AsyncPool.TestCase
TestAsyncPool.settings = _settings
TestSyncPool = SyncPool.TestCase
TestSyncPool.settings = _settings


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_an_hour_of_faults_expiries_retries_and_timeouts_leaves_the_pool_whole(
    is_async: bool,
) -> None:
    """Thousands of requests in an hour that is over in a second."""
    world = World(is_async=is_async, retries=2)
    dice = random.Random(7)
    pool = world.pool
    outcomes = {"answered": 0, "failed": 0, "cancelled": 0}
    tasks: list[Task] = []

    def sync_request(request: hookline.Request) -> None:
        try:
            response = drive(pool.handle(request))
            if not isinstance(response.stream, hookline.ByteStream):
                try:
                    while dice.random() < 0.9 and drive(response.stream.receive()):
                        pass
                finally:
                    response.stream.close()
            outcomes["answered"] += 1
        except EXPECTED:
            outcomes["failed"] += 1

    with in_time_of(world):
        end = world.now + 3600
        while world.now < end:
            world.connects[:] = dice.choices(["made", "refused", "hang"], [20, 2, 1], k=2)
            for stream in world.open_streams:
                if dice.random() < 0.05:
                    stream.is_dead = True
            plan = dice.choice(["ok"] * 10 + sorted(PLANS))
            request = world.request(plan, dice.choice("abcdef"))
            if is_async:
                tasks.append(Task(world, request))
                tasks[-1].reads = True
                dice.shuffle(tasks)
                for task in tasks:
                    if not task.is_over and dice.random() < 0.05:
                        task.stop()
                        outcomes["cancelled"] += 1
                        continue
                    for _ in range(dice.randrange(8)):
                        if not task.is_over:
                            task.step()
                    outcomes["answered"] += task.is_over
                tasks = [task for task in tasks if not task.is_over]
            else:
                sync_request(request)
            check_books(world, len(tasks))
            # Mostly busy, at times quiet for longer than connections are kept.
            world.now += dice.choice([0.0, 0.1, 1.0, 1.0, 40.0 if dice.random() < 0.02 else 0.5])
        for task in tasks:
            task.stop()
        assert len(pool._waiting) == 0
        assert pool._open == len(pool._connections) == pool._idle_count == len(world.open_streams)

        bodies = []
        world.connects.clear()
        for _ in range(MOST):
            task = Task(world, world.request("pieces", "z"))
            while task.body is None:
                task.step()
            bodies.append(task)
        assert pool._open == MOST
        for task in bodies:
            task.close_body()
            task.stop()
        pool.close()
        assert world.open_streams == []
    assert sum(outcomes.values()) > 2000 or not is_async, outcomes
    assert outcomes["answered"] > 100
