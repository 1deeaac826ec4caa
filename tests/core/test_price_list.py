"""What each feature costs a warm request, counted: entries into functions, in Python and in C.

Counts need no quiet machine, and one that grows is a regression whoever measures it. The server is
in memory, so that nothing is counted but hookline; what the sockets add is in test_request_path.py.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

import pytest

import hookline
from hookline.plugins import (
    Connector,
    Deadline,
    EventHook,
    Middleware,
    Network,
    NetworkStream,
    PluginManager,
    Send,
)
from hookline.plugins.interfaces import Buffer
from support.plugins import Plugin

MODES = ("sync", "asyncio")

URL = "http://here.test/"
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
# A body of which the end has not come.
PART = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nok"

UNLIMITED = hookline.Limits(max_connections=None, max_keepalive_connections=None)


class Answering(NetworkStream):
    """A connection to a server that answers at once."""

    __slots__ = ("_answer", "_is_patient")

    def __init__(self, *, is_patient: bool) -> None:
        self._is_patient = is_patient
        self._answer = WHOLE

    def write(self, data: Buffer) -> bool:
        self._answer = PART if b"GET /part " in data else WHOLE
        return True

    async def receive(self, timeout: float | None) -> bytes:
        if self._is_patient:
            await asyncio.sleep(0)
        return self._answer

    async def writable(self, timeout: float | None) -> None:
        raise AssertionError("nothing was ever kept")

    def has_input(self) -> bool:
        return False

    def close(self) -> None:
        pass

    @property
    def is_closed(self) -> bool:
        return False


class InMemory(Connector):
    """Connects to `Answering`, whatever the origin; with `is_patient`, other tasks run before each
    answer."""

    name = "in-memory"

    def __init__(self, *, is_patient: bool = False) -> None:
        self._is_patient = is_patient

    async def connect(
        self, origin: hookline.Origin, network: Network, deadline: Deadline
    ) -> NetworkStream:
        return Answering(is_patient=self._is_patient)


class CallLayer(Middleware):
    name = "call-layer"

    async def handle(self, request: hookline.Request, send: Send) -> hookline.Response:
        return await send(request)


class HopLayer(CallLayer):
    name = "hop-layer"
    stage = "hop"


class Observer(EventHook):
    name = "observer"

    def request_started(self, request: hookline.Request) -> None:
        pass


# -- Counting -------------------------------------------------------------------------------


class Entries(NamedTuple):
    """The functions that were entered: those in Python, and those in C. A coroutine counts each
    time that it is resumed."""

    python: Counter[str]
    c: Counter[str]

    @property
    def total(self) -> int:
        return self.python.total() + self.c.total()

    def __sub__(self, other: Entries) -> Entries:
        return Entries(self.python - other.python, self.c - other.c)


@contextmanager
def counting() -> Iterator[Entries]:
    entries = Entries(Counter(), Counter())

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            entries.python[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            entries.c[getattr(argument, "__qualname__", repr(argument))] += 1

    # A collection may call anything.
    gc.disable()
    sys.setprofile(profile)
    try:
        yield entries
    finally:
        sys.setprofile(None)
        gc.enable()
        # How it ends.
        entries.python.subtract(["_GeneratorContextManager.__exit__", "counting"])
        entries.c.subtract(["next", "setprofile"])


def make_client(
    mode: str,
    *,
    limits: hookline.Limits = UNLIMITED,
    is_patient: bool = False,
    **options: Any,
) -> Any:
    connector = InMemory(is_patient=is_patient)
    if mode == "sync":
        transport = hookline.HTTPTransport(proxy=connector, limits=limits)
        return hookline.Client(transport=transport, **options)
    asynchronous = hookline.AsyncHTTPTransport(proxy=connector, limits=limits)
    return hookline.AsyncClient(transport=asynchronous, **options)


def warm_get(
    mode: str, client: Any, *, others: Iterable[str] = (), held: Iterable[str] = ()
) -> Entries:
    """What a warm GET enters: after one each from `others`, and with an unfinished response each
    from `held`."""
    if mode == "sync":
        with client:
            for url in others:
                client.get(url)
            responses = [client.send(client.build_request("GET", u), stream=True) for u in held]
            for _ in range(3):
                client.get(URL)
            with counting() as entries:
                client.get(URL)
            for response in responses:
                response.close()
        return entries

    async def main() -> Entries:
        async with client:
            for url in others:
                await client.get(url)
            responses = [
                await client.send(client.build_request("GET", url), stream=True) for url in held
            ]
            for _ in range(3):
                await client.get(URL)
            with counting() as entries:
                await client.get(URL)
            for response in responses:
                await response.aclose()
        return entries

    return asyncio.run(main())


def with_cookies(mode: str, others: int) -> Any:
    client = make_client(mode)
    client.cookies.set("a", "1", domain="here.test")
    for number in range(others):
        client.cookies.set("a", "1", domain=f"other-{number}.test")
    return client


def with_mounts(mode: str, mounts: int) -> Any:
    def never(request: hookline.Request) -> hookline.Response:
        raise AssertionError

    elsewhere = hookline.MockTransport(never)
    return make_client(
        mode, mounts={f"http://other-{number}.test": elsewhere for number in range(mounts)}
    )


def with_plugins(mode: str, plugins: int) -> Any:
    manager = PluginManager.discover()
    for number in range(plugins):
        layer = type("Layer", (HopLayer,), {"name": f"layer-{number}"})
        observer = type("Observer", (Observer,), {"name": f"observer-{number}"})
        manager.register(Plugin(layer, observer), f"plugin-{number}")
    return make_client(mode, plugins=manager)


def with_hook_functions(mode: str) -> Any:
    def hook(response: hookline.Response) -> None:
        pass

    async def async_hook(response: hookline.Response) -> None:
        pass

    return make_client(mode, event_hooks={"response": [hook if mode == "sync" else async_hook]})


# -- The prices -----------------------------------------------------------------------------

# Entries into Python functions and into C functions, of a warm GET that uses nothing. Those in
# Python are the list in test_request_path.py, and the parser's callbacks.
BARE = {"sync": (60, 50), "asyncio": (58, 49)}


class Price(NamedTuple):
    """What a feature adds to that, in Python and in C; `asyncio` where it is not the same."""

    client: Callable[[str], Any]
    sync: tuple[int, int]
    asyncio: tuple[int, int] | None = None

    def budget(self, mode: str) -> tuple[int, int]:
        return self.asyncio if mode == "asyncio" and self.asyncio else self.sync


PRICES = {
    # Whether the jar has any (it is a generator of three levels), the remembered header, and a
    # header set.
    "a cookie, and 50 for other hosts": Price(lambda mode: with_cookies(mode, 50), (14, 12)),
    # The flow is a generator around a generator, each entered twice; under asyncio the loop takes
    # note of an asynchronous one.
    "basic auth": Price(
        lambda mode: make_client(mode, auth=("user", "password")), (10, 13), (13, 15)
    ),
    # Its own frame, the one around it, the way on, and what closes what it leaves behind.
    "a hop middleware": Price(lambda mode: make_client(mode, middleware=[HopLayer()]), (4, 4)),
    # As above, and put around each call anew: what lies within depends on the call.
    "a call middleware": Price(lambda mode: make_client(mode, middleware=[CallLayer()]), (7, 4)),
    # One event is emitted to it, and another one to nobody.
    "an event hook": Price(lambda mode: make_client(mode, event_hooks=[Observer()]), (5, 2)),
    "a function as event hook": Price(with_hook_functions, (2, 1), (2, 0)),
    # A clock is read at the start, and before each of the two waits.
    "a total timeout": Price(
        lambda mode: make_client(mode, timeout=hookline.Timeout(5.0, total=10.0)), (13, 13)
    ),
    # Places by host are counted when a connection opens and closes.
    "a limit for each host": Price(
        lambda mode: make_client(mode, limits=hookline.Limits(max_connections_per_host=4)), (0, 0)
    ),
    # One look-up by origin, however many there are.
    "50 mounts that don't match": Price(lambda mode: with_mounts(mode, 50), (2, 1)),
    # Installing gives names, and nothing else.
    "20 plugins that nobody named": Price(lambda mode: with_plugins(mode, 20), (0, 0)),
}


def over(entries: Entries, budget: tuple[int, int]) -> str:
    """What there is to say of entries beyond a budget, which is nothing if there are none."""
    python, c = budget
    if entries.python.total() <= python and entries.c.total() <= c:
        return ""
    return (
        f"{entries.python.total()} entries in Python for {python}, {entries.c.total()} in C for "
        f"{c}: {sorted(entries.python.elements())}, {sorted(entries.c.elements())}"
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_request_that_uses_nothing_has_its_price(mode: str) -> None:
    assert over(warm_get(mode, make_client(mode)), BARE[mode]) == ""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("feature", PRICES)
def test_each_feature_costs_what_it_does_and_no_more(feature: str, mode: str) -> None:
    price = PRICES[feature]

    added = warm_get(mode, price.client(mode)) - warm_get(mode, make_client(mode))

    assert over(added, price.budget(mode)) == ""


# -- What must not grow ---------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("feature", [with_cookies, with_mounts, with_plugins])
def test_cost_does_not_grow_with_what_is_for_others(
    feature: Callable[[str, int], Any], mode: str
) -> None:
    few, many = (warm_get(mode, feature(mode, number)) for number in (1, 60))

    assert many == few


@pytest.mark.parametrize("mode", MODES)
def test_cost_does_not_grow_with_idle_connections_to_other_origins(mode: str) -> None:
    others = [f"http://other-{number}.test/" for number in range(1000)]

    assert warm_get(mode, make_client(mode), others=others) == warm_get(mode, make_client(mode))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("host", ["here.test", "other.test"])
def test_cost_does_not_grow_with_connections_in_use(host: str, mode: str) -> None:
    held = [f"http://{host}/part"] * 300

    assert warm_get(mode, make_client(mode), held=held) == warm_get(mode, make_client(mode))


@pytest.mark.parametrize("mode", MODES)
def test_cost_does_not_grow_with_requests_that_were_made(mode: str) -> None:
    many = [f"{URL}{number}" for number in range(300)]

    assert warm_get(mode, make_client(mode), others=many) == warm_get(mode, make_client(mode))


@pytest.mark.parametrize("per_host", [None, 2])
def test_cost_does_not_grow_with_those_who_wait_for_a_connection(per_host: int | None) -> None:
    limits = hookline.Limits(max_connections=2, max_connections_per_host=per_host)

    async def cost(tasks: int) -> int:
        async with make_client("asyncio", limits=limits, is_patient=True, timeout=None) as client:
            await client.get(URL)
            with counting() as entries:
                await asyncio.gather(*(client.get(URL) for _ in range(tasks)))
        return entries.total

    few, more, many = (asyncio.run(cost(tasks)) for tasks in (50, 100, 400))

    # For each of them what it is for those before, whatever the whole takes to begin and to end.
    assert (many - more) / 300 == pytest.approx((more - few) / 50, rel=0.005)


@pytest.mark.parametrize("mode", MODES)
def test_price_that_has_gone_down_is_written_down(mode: str) -> None:
    """So that it cannot creep up again."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip("later versions enter fewer functions: comprehensions have no frame there")

    bare = warm_get(mode, make_client(mode))
    used = {feature: warm_get(mode, price.client(mode)) - bare for feature, price in PRICES.items()}

    assert (bare.python.total(), bare.c.total()) == BARE[mode]
    assert {name: (each.python.total(), each.c.total()) for name, each in used.items()} == {
        feature: price.budget(mode) for feature, price in PRICES.items()
    }
