"""A call that is stopped at any of its waits leaves the pool whole, and nothing behind.

Each route is gone again and again: stopped at its first wait, at its second, and so on, until it
comes to its end unstopped. Which waits there are is not listed: see `support/waits.py`. How many
there were is printed; `pytest tests/core/test_cancellation.py -rP` shows it.
"""

from __future__ import annotations

import random
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar, NamedTuple
from urllib.parse import quote, urlsplit

import pytest
import trio

import hookline
from hookline._drive import drive
from support.faults import GARBAGE, cut
from support.modes import NAMES, Mode
from support.proxies import DIGEST_CHALLENGE, ScriptedProxy, has_digest, pump
from support.raw import LIMIT, Conversation, raw_server
from support.socks import CONNECTED, USE_PASSWORD, WELCOME, socks_script
from support.tasks import until
from support.waits import Moment, Waits, all_waits, no_socket_left_over, tasks_of

# Nothing here waits that long: it is what ends a test that would hang.
TIMEOUT = hookline.Timeout(LIMIT, pool=2 * LIMIT)
# The size of a body that comes in several pieces, in every mode.
LARGE = 400_000
# A call that has more waits than this has none that end.
MOST_WAITS = 200


class Servers(NamedTuple):
    """What routes lead to: real servers, plain, with TLS and with HTTP/2."""

    plain: str
    tls: str
    h2: str
    authority: Any


@pytest.fixture(autouse=True)
def counted_waits() -> Iterator[None]:
    with all_waits():
        yield


@pytest.fixture
def servers(server: str, tls_server: str, h2_server: str, authority: Any) -> Servers:
    return Servers(server, tls_server, h2_server, authority)


class Route:
    """A call, and what it needs. What is left open here ends with the test."""

    # How many connections there may be. As many requests succeed at the same time afterwards.
    most: ClassVar[int] = 2
    # How many waits there are at least, in any mode.
    at_least: ClassVar[int] = 3

    def __init__(self, mode: Mode, servers: Servers, stack: ExitStack) -> None:
        self.mode = mode
        self.servers = servers
        self.stack = stack
        self.client: Any = None
        self.start()

    def start(self) -> None:
        """Start what is in the way."""

    @property
    def base(self) -> str:
        """Where requests can be made by this client afterwards."""
        return self.servers.plain

    def settings(self) -> dict[str, Any]:
        return {}

    async def before(self) -> None:
        """What was done before the call."""

    async def call(self) -> None:
        response = await self.client.get(f"{self.base}/bytes/{LARGE}")
        assert response.content == b"x" * LARGE

    def at_each(self, number: int, at: int) -> None:
        """What happens meanwhile, just before wait `number` of a call that is stopped at `at`."""

    async def after(self, *, is_open: bool) -> None:
        """What must be true after the call, stopped or not. Whether the client is still open."""

    def make_client(self) -> Any:
        limits = hookline.Limits(max_connections=self.most)
        settings = {"limits": limits, "timeout": TIMEOUT, **self.settings()}
        return self.mode.client(verify=self.servers.authority.ca_file, **settings)


class Plain(Route):
    pass


class OverTLS(Route):
    at_least = 5

    @property
    def base(self) -> str:
        return self.servers.tls


class Warm(Route):
    """Over a connection that was used before."""

    at_least = 2

    async def before(self) -> None:
        await self.client.get(self.base + "/port")


class Streamed(Route):
    async def call(self) -> None:
        async with self.client.stream("GET", f"{self.base}/bytes/{LARGE}") as response:
            sizes = [len(piece) async for piece in response.aiter_bytes(chunk_size=50_000)]
            assert sizes == [50_000] * (LARGE // 50_000)


class ThroughTunnel(OverTLS):
    """CONNECT, by a proxy that wants to know who it is."""

    at_least = 6

    def start(self) -> None:
        self.proxy = self.stack.enter_context(raw_server(ScriptedProxy(asking)))

    def settings(self) -> dict[str, Any]:
        auth = hookline.DigestAuth("user", "secret")
        return {"proxy": hookline.Proxy(self.proxy.url, auth=auth)}


class ThroughTLSProxy(OverTLS):
    """TLS to the origin inside TLS to the proxy."""

    at_least = 8

    def start(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(
            self.servers.authority.server_cert, self.servers.authority.server_key
        )
        proxy = self.stack.enter_context(raw_server(ScriptedProxy(context=context)))
        trusting = ssl.create_default_context(cafile=self.servers.authority.ca_file)
        url = proxy.url.replace("http://127.0.0.1", "https://localhost")
        self.proxy = hookline.Proxy(url, ssl_context=trusting)

    def settings(self) -> dict[str, Any]:
        return {"proxy": self.proxy}


class ThroughSOCKS(OverTLS):
    """SOCKS5 with a password, and names that are looked up here."""

    at_least = 8

    def start(self) -> None:
        there = urlsplit(self.servers.tls)

        def carry(conversation: Conversation) -> None:
            with socket.create_connection((there.hostname, there.port), LIMIT) as sock:
                pump(conversation.socket, sock)

        script = socks_script(USE_PASSWORD, WELCOME, CONNECTED, then=carry)
        self.proxy = self.stack.enter_context(raw_server(script))

    def settings(self) -> dict[str, Any]:
        return {"proxy": self.proxy.url.replace("http://", "socks5://jo:a%20secret@")}


class OverHTTP2(OverTLS):
    @property
    def base(self) -> str:
        return self.servers.h2

    def settings(self) -> dict[str, Any]:
        return {"http2": True}


class BesideAnother(OverHTTP2):
    """HTTP/2, over a connection that another response is read from."""

    at_least = 2

    async def before(self) -> None:
        request = self.client.build_request("GET", self.base + "/chunks/3000")
        self.other = await self.client.send(request, stream=True)

    async def after(self, *, is_open: bool) -> None:
        if is_open:
            content = await self.other.aread()
            assert content.endswith(b"chunk 2999\n")
        await self.other.aclose()


class Redirected(Route):
    """To another origin, and back."""

    at_least = 6

    async def call(self) -> None:
        there = self.base.replace("127.0.0.1", "localhost")
        last = f"{self.base}/bytes/{LARGE}"
        back = f"{there}/redirect/307?to={quote(last)}"
        url = f"{self.base}/redirect/302?to={quote(back)}"
        response = await self.client.get(url, follow_redirects=True)
        assert (len(response.content), len(response.history)) == (LARGE, 2)


class Authenticated(Route):
    at_least = 3

    def settings(self) -> dict[str, Any]:
        return {"auth": hookline.DigestAuth("user", "password")}

    async def call(self) -> None:
        response = await self.client.post(self.base + "/digest/auth-int", content=b"a body")
        assert response.json() == {"body": "a body"}


class Uploaded(Route):
    """From a generator, which waits itself, to a server that reads when the client waits for it."""

    SIZE: ClassVar[int] = 800_000
    at_least = 10

    def start(self) -> None:
        self.reads = threading.Event()
        self.is_over = True
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        self.raw = self.stack.enter_context(raw_server(self.script, listener))
        self.stack.callback(self.reads.set)

    def script(self, conversation: Conversation) -> None:
        if conversation.receive_head():
            assert self.reads.wait(LIMIT)
            body = b""
            while not body.endswith(b"\r\n0\r\n\r\n"):
                piece = conversation.receive_exactly(1 if body else self.SIZE)
                if not piece:
                    return
                body += piece
            conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            conversation.receive_to_end()

    def settings(self) -> dict[str, Any]:
        options = [(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)]
        verify = self.servers.authority.ca_file
        limits = hookline.Limits(max_connections=self.most)
        transport = self.mode.transport(socket_options=options, verify=verify, limits=limits)
        return {"transport": transport}

    async def before(self) -> None:
        self.reads.clear()
        self.is_over = True

    async def call(self) -> None:
        content = self.pieces() if self.mode.is_async else iter_of(self.pieces())
        response = await self.client.post(self.raw.url, content=content)
        assert response.text == "ok"

    async def pieces(self) -> AsyncIterator[bytes]:
        self.is_over = False
        try:
            for _ in range(8):
                if self.mode.is_async:
                    await self.mode.breathe()
                yield b"x" * (self.SIZE // 8)
        finally:
            self.is_over = True

    def at_each(self, number: int, at: int) -> None:
        self.reads.set()

    async def after(self, *, is_open: bool) -> None:
        # The generator was not left in the middle.
        assert self.is_over
        self.reads.set()


def iter_of(pieces: AsyncIterator[bytes]) -> Iterator[bytes]:
    """An asynchronous generator that never suspends, for a synchronous client."""
    try:
        while True:
            try:
                yield drive(anext(pieces))  # type: ignore[arg-type]
            except StopAsyncIteration:
                return
    finally:
        drive(pieces.aclose())  # type: ignore[attr-defined]


class UploadedOverHTTP2(OverHTTP2):
    """More than the server's windows let through at once."""

    async def call(self) -> None:
        content = self.mode.body([b"x" * 50_000] * 6)
        response = await self.client.post(self.base + "/echo", content=content)
        assert response.json()["body"] == "x" * 300_000


class Retried(Route):
    """Nobody is there, and the transport tries again after a while."""

    at_least = 2

    def settings(self) -> dict[str, Any]:
        limits = hookline.Limits(max_connections=self.most)
        return {"transport": self.mode.transport(retries=2, limits=limits)}

    async def call(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            refusing = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(hookline.ConnectError):
            await self.client.get(refusing)


class Queued(Route):
    """The pool is full. There is room as soon as the call waits, unless it is stopped there."""

    most = 1
    at_least = 2
    # Whether there is room for one that is being stopped, too.
    is_let_in: ClassVar[bool] = False

    async def before(self) -> None:
        request = self.client.build_request("GET", self.base + "/stalls")
        self.held = await self.client.send(request, stream=True)

    def at_each(self, number: int, at: int) -> None:
        assert number > 1 or self.client.connections().waiting == 1
        if self.is_let_in or number != at:
            soon(self.mode, self.held.aclose)

    async def after(self, *, is_open: bool) -> None:
        await self.held.aclose()


class QueuedToTheLast(Queued):
    """There is room in the moment in which the call is stopped."""

    is_let_in = True


class QueuedElsewhere(QueuedToTheLast):
    """The same for another origin: the room is a place, not a connection."""

    @property
    def base(self) -> str:
        return self.servers.plain.replace("127.0.0.1", "localhost")

    async def before(self) -> None:
        request = self.client.build_request("GET", self.servers.plain + "/stalls")
        self.held = await self.client.send(request, stream=True)


ROUTES: list[type[Route]] = [
    Plain, OverTLS, Warm, Streamed, ThroughTunnel, ThroughTLSProxy, ThroughSOCKS, OverHTTP2,
    BesideAnother, Redirected, Authenticated, Uploaded, UploadedOverHTTP2, Retried, Queued,
    QueuedToTheLast, QueuedElsewhere,
]  # fmt: skip


def soon(mode: Mode, close: Callable[[], Any]) -> None:
    """Close something, which never suspends, while somebody waits. In trio, the wait has not quite
    begun when we hear of it."""
    if mode.name == "trio":
        trio.lowlevel.current_trio_token().run_sync_soon(lambda: drive(close()))
    else:
        drive(close())


def asking(conversation: Conversation, head: bytes) -> bool:
    if has_digest(head, "secret"):
        return True
    conversation.send(DIGEST_CHALLENGE)
    return False


@contextmanager
def prepared(kind: type[Route], mode: Mode, servers: Servers) -> Iterator[Route]:
    with ExitStack() as stack:
        yield kind(mode, servers, stack)


async def check_whole(route: Route) -> None:
    """Nobody is busy and nobody waits; as many requests as there may be connections succeed at the
    same time, and no more connections are made for them."""
    client, mode = route.client, route.mode
    pool = client.connections()
    assert (pool.active, pool.connecting, pool.waiting) == (0, 0, 0), pool
    assert pool.open == pool.idle == len(pool) <= route.most, pool
    for connection in client._transport._pool._connections:
        if connection.protocol.is_multiplexed:
            for left in ("_exchanges", "_sleeping", "_drainers"):
                assert not getattr(connection.protocol, left), left

    url = f"{route.base}/barrier/{route.most}"
    results = await mode.together(*[lambda: client.get(url)] * route.most)
    assert [getattr(result, "status_code", result) for result in results] == [200] * route.most
    assert client.connections().open <= route.most


CASES: list[Any] = [
    pytest.param(kind, name, moment, id=f"{kind.__name__}-{name}-{moment}")
    for kind in ROUTES
    for name in NAMES
    for moment in ("before", "after")
    # trio has no such moment, and a wait that is in vain has none.
    if moment == "before" or (name != "trio" and kind is not Queued)
]


@pytest.mark.parametrize(("kind", "name", "moment"), CASES)
def test_a_call_that_is_stopped_at_any_wait_leaves_the_pool_whole(
    kind: type[Route],
    name: str,
    moment: Moment,
    servers: Servers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hookline._pool._RETRY_DELAY", 0.001)
    mode = Mode(name)
    stopped = 0

    async def is_stopped(route: Route, at: int) -> bool:
        """Whether there was a wait of that number."""
        tasks = tasks_of(mode)
        async with route.make_client() as route.client:
            await route.before()
            waits = Waits(mode, at, moment, at_each=lambda number: route.at_each(number, at))
            is_stopped = await waits.run(route.call)
            # A call that goes on although it was stopped has swallowed that.
            assert is_stopped == waits.is_reached
            await route.after(is_open=True)
            await check_whole(route)
        await until(mode, lambda: tasks_of(mode) == tasks)
        return is_stopped

    async def scenario(route: Route) -> None:
        nonlocal stopped
        while await is_stopped(route, stopped + 1):
            stopped += 1
            assert stopped < MOST_WAITS

    with no_socket_left_over(), prepared(kind, mode, servers) as route:
        mode.run(scenario, route=route)

    print(f"{kind.__name__} in {name}: stopped at {stopped} waits")
    assert stopped >= kind.at_least


@pytest.mark.parametrize("kind", ROUTES, ids=lambda kind: kind.__name__)
def test_a_client_that_is_closed_at_any_wait_of_a_call_fails_it_and_holds_nothing(
    kind: type[Route], mode: Mode, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hookline._pool._RETRY_DELAY", 0.001)
    closed = 0
    failures: list[Exception] = []

    async def is_closed(route: Route, at: int) -> bool:
        """Whether there was a wait of that number."""
        tasks = tasks_of(mode)

        def at_each(number: int) -> None:
            if number == at:
                soon(mode, route.client.aclose)
            else:
                route.at_each(number, at)

        async with route.make_client() as route.client:
            await route.before()
            waits = Waits(mode, at_each=at_each)
            try:
                await waits.run(route.call)
            except (hookline.TransportError, RuntimeError) as exc:
                failures.append(exc)
            await route.after(is_open=False)
        assert route.client.connections() == hookline.PoolSnapshot()
        await until(mode, lambda: tasks_of(mode) == tasks)
        return waits.count >= at

    async def scenario(route: Route) -> None:
        nonlocal closed
        while await is_closed(route, closed + 1):
            closed += 1
            assert closed < MOST_WAITS

    with no_socket_left_over(), prepared(kind, mode, servers) as route:
        mode.run(scenario, route=route)

    print(f"{kind.__name__} in {mode}: closed at {closed} waits, {len(failures)} calls failed")
    assert closed >= kind.at_least
    own = [str(exc) for exc in failures if isinstance(exc, RuntimeError)]
    assert [message for message in own if "closed" not in message] == []
    # What has come already may be read to its end.
    assert failures or kind is Retried


# -- Two calls ------------------------------------------------------------------------------


def is_deserted(pool: hookline.PoolSnapshot) -> bool:
    return pool.waiting > 0 and pool.connecting == pool.active == 0


class PlainAndFull(Plain):
    most = 1


@pytest.mark.parametrize("is_first", [True, False], ids=["the first", "the second"])
@pytest.mark.parametrize("kind", [PlainAndFull, OverTLS, OverHTTP2], ids=lambda kind: kind.__name__)
def test_of_two_calls_one_is_stopped_at_any_wait_and_the_other_notices_nothing(
    kind: type[Route], is_first: bool, mode: Mode, servers: Servers
) -> None:
    """They wait for the same place, or for the same connection that one of them makes."""
    stopped = 0

    async def is_stopped(route: Route, at: int) -> bool:
        ours, others = Waits(mode, at), Waits(mode)
        first = ours if is_first else others
        is_over = False
        outcome = [False, False]

        async def run(waits: Waits) -> None:
            nonlocal is_over
            try:
                if waits is not first:
                    await until(mode, lambda: first.count > 0 or is_over)
                outcome[waits is others] = await waits.run(route.call)
            finally:
                is_over = True
            # Nobody waits for a connection that nobody makes any more.
            await until(mode, lambda: not is_deserted(route.client.connections()))

        async with route.make_client() as route.client:
            results = await mode.together(lambda: run(ours), lambda: run(others))
            assert results == [None, None]
            assert outcome == [ours.is_reached, False]
            await check_whole(route)
        return outcome[0]

    async def scenario(route: Route) -> None:
        nonlocal stopped
        while await is_stopped(route, stopped + 1):
            stopped += 1
            assert stopped < MOST_WAITS

    with no_socket_left_over(), prepared(kind, mode, servers) as route:
        mode.run(scenario, route=route)

    print(f"{kind.__name__} in {mode}, beside another: stopped at {stopped} waits")
    assert stopped >= 2


# -- A storm --------------------------------------------------------------------------------

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b"
STORM = 2_000
WORKERS = 16
FAULTS = ("cut", "reset", "garbage", "silent", "eof")
FAILURES = (hookline.ReadError, hookline.RemoteProtocolError, hookline.ReadTimeout)


def fickle(conversation: Conversation) -> None:
    """Do what the path says."""
    while head := conversation.receive_head():
        what = head.split(b" ")[1].split(b"/")[1]
        answer = ANSWER % (LARGE, bytes(LARGE)) if what == b"large" else ANSWER % (2, b"ok")
        if what == b"cut":
            conversation.send(answer[:-1])
            return
        if what == b"reset":
            conversation.send(answer[:10])
            cut(conversation)
            return
        if what == b"garbage":
            conversation.send(GARBAGE)
            return
        if what == b"silent":
            conversation.receive_to_end()
            return
        if what == b"eof":
            return
        conversation.send(answer)


def test_two_thousand_cancels_and_faults_leave_the_pool_whole(mode: Mode, servers: Servers) -> None:
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
                if len(response.content) != (LARGE if what == "large" else 2):
                    problems.append((what, response.content[:50]))
        except FAILURES as exc:
            outcome = "failed"
            if what not in FAULTS:
                problems.append((what, exc))
        with lock:
            outcomes[outcome] += 1

    async def work(client: Any, url: str, number: int) -> None:
        dice = random.Random(number)
        while outcomes["stopped"] + outcomes["failed"] + outcomes["given up"] < STORM:
            what = dice.choice(["ok", "large", "given up", *FAULTS])
            at = dice.randrange(1, 6) if dice.random() < 0.6 else None
            waits = Waits(mode, at, dice.choice(["before", "after"]))
            if await waits.run(lambda what=what: call(client, url, what)):
                with lock:
                    outcomes["stopped"] += 1

    async def scenario(url: str) -> None:
        limits = hookline.Limits(max_connections=10, max_keepalive_connections=10)
        async with mode.client(limits=limits, timeout=TIMEOUT) as client:
            results = await mode.together(
                *[lambda number=number: work(client, url, number) for number in range(WORKERS)]
            )
            assert results == [None] * WORKERS
            assert problems == []
            pool = client.connections()
            assert (pool.active, pool.connecting, pool.waiting) == (0, 0, 0), pool
            assert pool.open == pool.idle <= 10

            calls = [lambda: client.get(servers.plain + "/barrier/10")] * 10
            results = await mode.together(*calls)
            assert [getattr(result, "status_code", result) for result in results] == [200] * 10
            assert client.connections().open == 10
        assert client.connections() == hookline.PoolSnapshot()

    with no_socket_left_over(), raw_server(fickle) as server:
        mode.run(scenario, url=server.url)

    print(f"storm in {mode}: {outcomes}")
    # One in which nothing was stopped, or nothing failed, would show nothing.
    assert min(outcomes.values()) > 100
