"""`Timeout(total=)`: one clock for a whole call, whatever it is made of.

Nothing here measures time. The clock is the test's own, moved by the server's script or by the
pieces that are read. Where something has to wait for real, what it waits for never comes.
"""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import hookline
from hookline._timeout import Deadline, Remaining, RunningTimeout, start_total
from hookline.plugins import Middleware, again
from support.fake_stream import FakeStream
from support.http2 import Peer, http2_server
from support.modes import Mode
from support.raw import Conversation, answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
# What is over as soon as something has to be waited for, and not before: the test's clock stands
# still, and what is left by it is as good as nothing once a wait has ended.
MOMENT = hookline.Timeout(None, total=0.009)
# What no test lives to see the end of, unless it moves the clock.
LONG = hookline.Timeout(None, total=1000.0)
RAN_OUT = r"^The total timeout of 1000\.0 s ran out"


class Clock:
    """The time that deadlines see. It stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    # Theirs alone: event loops have a clock, too.
    monkeypatch.setattr("hookline._timeout.time", SimpleNamespace(monotonic=clock))
    return clock


# -- The setting ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timeout", "total"),
    [
        (hookline.Timeout(), None),
        (hookline.Timeout(5), None),
        (hookline.Timeout(None), None),
        (hookline.Timeout((1, 2, 3, 4)), None),
        (hookline.Timeout(total=3), 3),
        (hookline.Timeout(5, total=0), 0),
        (hookline.Timeout(None, total=3.5), 3.5),
        (hookline.Timeout((1, 2), total=3), 3),
        (hookline.Timeout(5, total=None), None),
        (hookline.Timeout(5, total=float("inf")), None),
        (hookline.Timeout(hookline.Timeout(5, total=3)), 3),
        (hookline.Timeout(hookline.Timeout(5, total=3), read=1), 3),
        (hookline.Timeout(hookline.Timeout(5, total=3), total=4), 4),
        (hookline.Timeout(hookline.Timeout(5, total=3), total=None), None),
    ],
)
def test_total_is_what_was_given_and_none_otherwise(
    timeout: hookline.Timeout, total: float | None
) -> None:
    assert timeout.total == total


def test_total_leaves_the_phases_as_they_are() -> None:
    assert hookline.Timeout(total=60).read == 5.0
    assert hookline.Timeout(None, total=60).read is None
    assert hookline.Timeout(hookline.Timeout(7, total=3), read=2)._phases() == (7, 2, 7, 7)


@pytest.mark.parametrize("value", ["5", True, object(), [1]])
def test_total_of_the_wrong_type_is_refused_and_named(value: Any) -> None:
    with pytest.raises(TypeError, match="Timeout total: expected seconds as a number"):
        hookline.Timeout(total=value)


@pytest.mark.parametrize("value", [-1, float("nan")])
def test_total_that_is_no_span_of_time_is_refused_and_named(value: float) -> None:
    with pytest.raises(ValueError, match="Timeout total: expected a number of seconds >= 0"):
        hookline.Timeout(total=value)


def test_total_takes_part_in_equality_and_repr_where_it_is_set() -> None:
    with_total = hookline.Timeout(5.0, total=9.0)

    assert with_total == hookline.Timeout(5.0, total=9.0)
    assert hash(with_total) == hash(hookline.Timeout(5.0, total=9.0))
    assert with_total != hookline.Timeout(5.0)
    assert repr(with_total) == "Timeout(timeout=5.0, total=9.0)"
    assert repr(hookline.Timeout(5.0)) == "Timeout(timeout=5.0)"
    assert repr(hookline.Timeout(5.0, read=None, total=9)) == (
        "Timeout(connect=5.0, read=None, write=5.0, pool=5.0, total=9)"
    )
    assert pickle.loads(pickle.dumps(with_total)) == with_total


def test_total_travels_with_the_phases_and_only_where_it_is_set() -> None:
    with_total = hookline.Timeout(5.0, total=9.0)

    assert "total" not in hookline.Timeout(5.0).as_dict()
    assert with_total.as_dict()["total"] == 9.0
    assert hookline.Timeout(**with_total.as_dict()) == with_total


# -- The mapping ----------------------------------------------------------------------------


def running(**timeout: Any) -> Any:
    return start_total(timeout)


def test_phase_is_answered_with_what_the_total_leaves(clock: Clock) -> None:
    timeout = running(connect=5.0, read=None, total=8.0)

    at_first = (timeout["connect"], timeout.get("read"), timeout.get("pool"), timeout["total"])
    clock.pass_by(6.0)
    later = (timeout["connect"], timeout.get("read"), timeout.get("pool"), timeout["total"])

    assert at_first == (5.0, 8.0, 8.0, 8.0)
    assert later == (2.0, 2.0, 2.0, 2.0)
    with pytest.raises(KeyError):
        timeout["pool"]
    assert timeout.get("elsewhere") is None
    assert timeout.get("elsewhere", 3) == 3


@pytest.mark.parametrize(
    ("phase", "exception", "when"),
    [
        ("connect", hookline.ConnectTimeout, "before a connection was made"),
        ("read", hookline.ReadTimeout, "before the response was complete"),
        ("write", hookline.WriteTimeout, "before the request was sent"),
        ("pool", hookline.PoolTimeout, "before a connection became free"),
    ],
)
def test_phase_raises_its_own_exception_when_nothing_is_left(
    clock: Clock, phase: str, exception: type[Exception], when: str
) -> None:
    timeout = running(**{phase: 5.0}, total=8.0)
    clock.pass_by(8.0)

    for ask in (timeout.get, timeout.__getitem__):
        with pytest.raises(exception) as caught:
            ask(phase)
        assert str(caught.value) == f"The total timeout of 8.0 s ran out {when}."
    assert timeout["total"] == timeout.get("total") == 0.0


def test_everything_else_is_that_of_the_plain_dict(clock: Clock) -> None:
    plain = {"connect": 5.0, "read": None, "total": 8.0}
    timeout = start_total(plain)
    clock.pass_by(9.0)

    assert type(timeout) is RunningTimeout
    assert timeout == plain
    assert repr(timeout) == repr(plain)
    assert dict(timeout) == {**timeout} == timeout.copy() == plain
    assert list(timeout.items()) == list(plain.items())
    for copied in (copy.copy(timeout), copy.deepcopy(timeout), pickle.loads(pickle.dumps(timeout))):
        assert type(copied) is dict
        assert copied == plain


@pytest.mark.parametrize("total", [None, float("inf")])
def test_total_that_is_none_starts_no_clock(total: Any) -> None:
    assert type(running(read=1.0, total=total)) is dict


def test_total_in_extensions_is_checked() -> None:
    with pytest.raises(TypeError, match="Timeout total"):
        running(total="8")
    with pytest.raises(ValueError, match="Timeout total"):
        running(total=-8)


def test_number_that_was_answered_can_ask_again(clock: Clock) -> None:
    timeout = running(read=5.0, total=8.0)
    seconds = timeout.get("read")
    deadline = Deadline(seconds)

    assert again(seconds) == 5.0
    assert (again(3.0), again(None)) == (3.0, None)
    clock.pass_by(4.0)
    assert (seconds, again(seconds)) == (5.0, 4.0)
    assert type(deadline.remaining()) is Remaining
    assert again(deadline.remaining()) == 1.0
    clock.pass_by(4.0)
    with pytest.raises(hookline.ReadTimeout, match="total timeout"):
        again(seconds)
    with pytest.raises(hookline.ReadTimeout, match="total timeout"):
        again(deadline.remaining())


# -- Each wait of a call --------------------------------------------------------------------


def silent(conversation: Conversation) -> None:
    """Listens, and says nothing."""
    conversation.receive_to_end()


async def test_response_that_does_not_come_ends_with_the_total(mode: Mode, clock: Clock) -> None:
    with raw_server(silent) as server:
        async with mode.client(timeout=MOMENT) as client:
            with pytest.raises(hookline.ReadTimeout) as caught:
                await client.get(server.url)

    assert str(caught.value) == (
        "The total timeout of 0.009 s ran out before the response was complete."
    )
    assert str(caught.value.request.url) == server.url


async def test_phase_that_ends_before_the_total_is_its_own(mode: Mode) -> None:
    timeout = hookline.Timeout(5.0, read=0.01, total=1000.0)
    with raw_server(silent) as server:
        async with mode.client(timeout=timeout) as client:
            with pytest.raises(hookline.ReadTimeout) as caught:
                await client.get(server.url)

    assert "total" not in str(caught.value)


async def test_wait_for_the_pool_ends_with_the_total(mode: Mode, server: str, clock: Clock) -> None:
    limits = hookline.Limits(max_connections=1)
    async with mode.client(limits=limits) as client:
        async with client.stream("GET", server + "/chunks/20000"):
            with pytest.raises(hookline.PoolTimeout) as caught:
                await client.get(server + "/port", timeout=MOMENT)
        assert (await client.get(server + "/port")).status_code == 200

    assert str(caught.value).startswith(
        "The total timeout of 0.009 s ran out before a connection became free. No connection"
    )
    assert "1 of 1 are in use (max_connections)" in str(caught.value)


async def test_tls_handshake_ends_with_the_total(mode: Mode, authority: Any, clock: Clock) -> None:
    with raw_server(silent) as server:
        url = server.url.replace("http:", "https:")
        async with mode.client(timeout=MOMENT, verify=authority.ca_file) as client:
            with pytest.raises(hookline.ConnectTimeout) as caught:
                await client.get(url)

    assert str(caught.value).startswith(
        "The total timeout of 0.009 s ran out before a connection was made. The TLS handshake"
    )


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_proxy_that_does_not_answer_ends_with_the_total(
    mode: Mode, scheme: str, clock: Clock
) -> None:
    with raw_server(silent) as server:
        proxy = f"{scheme}://127.0.0.1:{server.address[1]}"
        async with mode.client(timeout=MOMENT, proxy=proxy) as client:
            with pytest.raises(hookline.ConnectTimeout, match=r"total timeout of 0\.009 s"):
                await client.get("https://example.org/")


async def test_upload_that_is_not_taken_ends_with_the_total(mode: Mode, clock: Clock) -> None:
    taken = threading.Event()

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        taken.wait(20)

    with raw_server(script) as server:
        async with mode.client(timeout=MOMENT) as client:
            for body in (b"x" * 50_000_000, mode.body([b"x" * 1_000_000] * 50)):
                with pytest.raises(hookline.WriteTimeout) as caught:
                    await client.post(server.url, content=body)
                assert str(caught.value).startswith(
                    "The total timeout of 0.009 s ran out before the request was sent."
                )
        taken.set()


async def test_upload_without_an_end_ends_with_the_total(mode: Mode, clock: Clock) -> None:
    """The server takes every piece at once: nothing is ever waited for."""

    def pieces() -> Iterator[bytes]:
        while True:
            clock.pass_by(10.0)
            yield b"a little"

    with raw_server(silent) as server:
        async with mode.client(timeout=LONG) as client:
            with pytest.raises(hookline.WriteTimeout, match=RAN_OUT):
                await client.post(server.url, content=mode.body(pieces()))


async def test_upload_that_is_sipped_ends_with_the_total(mode: Mode, clock: Clock) -> None:
    """The server takes a little again and again."""

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        while conversation.socket.recv(65_536):
            clock.pass_by(100.0)

    with raw_server(script) as server:
        async with mode.client(timeout=LONG) as client:
            with pytest.raises(hookline.WriteTimeout, match=RAN_OUT):
                await client.post(server.url, content=b"x" * 50_000_000)


async def test_http2_upload_without_an_end_ends_with_the_total(mode: Mode, clock: Clock) -> None:
    def pieces() -> Iterator[bytes]:
        while True:
            clock.pass_by(10.0)
            yield b"a little"

    with http2_server(lambda peer: (peer.start(), peer.receive_to_end())) as server:
        async with mode.client(http1=False, http2=True, timeout=LONG) as client:
            with pytest.raises(hookline.WriteTimeout, match=RAN_OUT):
                await client.post(server.url, content=mode.body(pieces()))


async def test_retries_of_a_connection_share_the_total(mode: Mode, clock: Clock) -> None:
    attempts = []

    class Dead(hookline.plugins.Connector):
        name = "dead"

        async def connect(self, origin: Any, network: Any, deadline: Deadline) -> Any:
            attempts.append(deadline.remaining())
            clock.pass_by(400.0)
            raise hookline.ConnectError("Nobody is there.")

    # From the second retry on, it would wait half a second, a second and so on.
    transport = mode.transport(proxy=Dead(), retries=1)
    transport._pool._retries = 100
    transport._pool._make_backend = impatient(transport._pool._make_backend)
    async with mode.client(transport=transport, timeout=LONG) as client:
        with pytest.raises(hookline.ConnectTimeout, match=RAN_OUT):
            await client.get("http://example.org/")

    assert attempts == [1000.0, 600.0, 200.0]


def impatient(make_backend: Callable[[], Any]) -> Callable[[], Any]:
    def make() -> Any:
        backend = make_backend()

        async def sleep(seconds: float) -> None:
            assert seconds <= 0.5

        backend.sleep = sleep
        return backend

    return make


# -- Between waits --------------------------------------------------------------------------


async def test_redirects_share_the_total(mode: Mode, clock: Clock) -> None:
    def script(conversation: Conversation) -> None:
        while conversation.receive_head():
            clock.pass_by(300.0)
            conversation.send(
                b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
            )

    with raw_server(script) as server:
        async with mode.client(timeout=LONG, follow_redirects=True) as client:
            with pytest.raises(hookline.ReadTimeout, match=RAN_OUT) as caught:
                await client.get(server.url)

    assert caught.value.request.url.path == "/again"


async def test_redirect_is_not_followed_once_the_total_is_over(mode: Mode, clock: Clock) -> None:
    away = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    hooks = {"response": [mode.function(lambda response: clock.pass_by(1000.0))]}
    with raw_server(answering(away)) as server:
        async with mode.client(timeout=LONG, follow_redirects=True, event_hooks=hooks) as client:
            with pytest.raises(hookline.ReadTimeout, match=RAN_OUT):
                await client.get(server.url)
            pool = client._transport._pool
            # The connection did nothing wrong, and was not used.
            assert (pool._open, pool._idle_count) == (1, 1)


class Slow(hookline.Auth):
    """A flow with a request of its own, which knows nothing of timeouts."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self.clock = clock

    def auth_flow(self, request: hookline.Request) -> Iterator[hookline.Request]:  # type: ignore[override]
        while True:
            yield hookline.Request("GET", self.url)
            self.clock.pass_by(300.0)


async def test_rounds_of_authentication_share_the_total(mode: Mode, clock: Clock) -> None:
    with raw_server(answering(*[OK] * 10)) as server:
        async with mode.client(timeout=LONG) as client:
            with pytest.raises(hookline.ReadTimeout, match=RAN_OUT):
                await client.get(server.url, auth=Slow(server.url, clock))


async def test_own_request_of_a_flow_is_timed_too(mode: Mode, clock: Clock) -> None:
    seen: list[Any] = []

    def hook(request: hookline.Request) -> None:
        seen.append(request.extensions.get("timeout"))
        clock.pass_by(600.0)

    hooks = {"request": [mode.function(hook)]}
    with raw_server(answering(*[OK] * 10)) as server:
        async with mode.client(event_hooks=hooks) as client:
            with pytest.raises(hookline.ReadTimeout, match=RAN_OUT):
                await client.get(server.url, auth=Slow(server.url, clock), timeout=LONG)

            # Without a total, they have the call's phases.
            seen.clear()
            flow = Slow(server.url, clock).auth_flow(hookline.Request("GET", server.url))
            await client.get(server.url, auth=lambda request: next(flow))

    assert seen == [hookline.Timeout(5.0).as_dict()]


class Retry(Middleware):
    def __init__(self, mode: Mode, clock: Clock) -> None:
        self.mode = mode
        self.clock = clock
        self.left: list[float] = []
        self.errors: list[str] = []

    async def handle(self, request: Any, send: Any) -> Any:
        for _ in range(10):
            self.left.append(request.extensions["timeout"].get("total"))
            try:
                response = await send(request)
            except hookline.TransportError as exc:
                self.errors.append(type(exc).__name__)
            else:
                await response._abandon(is_async=self.mode.is_async)
            self.clock.pass_by(400.0)
        raise OverflowError


class RetryCall(Retry):
    name = "retry-call"
    stage = "call"


class RetryHop(Retry):
    name = "retry-hop"
    stage = "hop"


class Sleepy(Middleware):
    name = "sleepy"

    async def handle(self, request: Any, send: Any) -> Any:
        await send.sleep(3600.0)
        raise AssertionError


async def test_sleep_of_middleware_ends_with_the_total(
    mode: Mode, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    class Backend:
        async def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            clock.pass_by(seconds)

    monkeypatch.setattr("hookline._middleware._Sender._backend", lambda self: Backend())
    async with mode.client(middleware=[Sleepy()]) as client:
        with pytest.raises(hookline.ReadTimeout, match=RAN_OUT):
            await client.get("http://example.org/", timeout=LONG)
        with pytest.raises(AssertionError):
            await client.get("http://example.org/")

    assert slept == [1000.0, 3600.0]


@pytest.mark.parametrize("cls", [RetryCall, RetryHop])
async def test_what_middleware_sends_again_shares_the_total(
    mode: Mode, clock: Clock, cls: type[Retry]
) -> None:
    retry = cls(mode, clock)
    with raw_server(answering(*[OK] * 20)) as server:
        async with mode.client(middleware=[retry], timeout=LONG) as client:
            with pytest.raises(OverflowError):
                await client.get(server.url)

    assert retry.left[:4] == [1000.0, 600.0, 200.0, 0.0]
    assert retry.errors == ["ReadTimeout"] * 7


# -- The body -------------------------------------------------------------------------------


def dripping(clock: Clock, head: bytes) -> Callable[[Conversation], None]:
    """Sends one byte after the other, each as soon as it can: nobody ever has to wait."""

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(head)
        while True:
            clock.pass_by(1.0)
            conversation.send(b"1\r\nx\r\n")

    return script


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_dripping_body_does_not_outlive_the_total(mode: Mode, clock: Clock) -> None:
    with raw_server(dripping(clock, CHUNKED)) as server:
        async with mode.client(timeout=LONG) as client:
            with pytest.raises(hookline.ReadTimeout, match=RAN_OUT) as caught:
                await client.get(server.url)
            assert client._transport._pool._open == 0

    assert str(caught.value.request.url) == server.url


async def test_dripping_body_of_a_redirect_does_not_outlive_the_total(
    mode: Mode, clock: Clock
) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /\r\nTransfer-Encoding: chunked\r\n\r\n"
    with raw_server(dripping(clock, head)) as server:
        async with mode.client(timeout=LONG, follow_redirects=True) as client:
            with pytest.raises(hookline.ReadTimeout, match=RAN_OUT):
                await client.get(server.url)
            assert client._transport._pool._open == 0


async def test_dripping_head_does_not_outlive_the_total(mode: Mode, clock: Clock) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            clock.pass_by(100.0)
            conversation.send(b"x")

    with raw_server(script) as server:
        async with mode.client(timeout=LONG) as client:
            with pytest.raises(hookline.ReadTimeout, match=RAN_OUT):
                await client.get(server.url)


@pytest.mark.parametrize("method", ["aiter_raw", "aiter_bytes", "aiter_text", "aiter_lines"])
async def test_clock_runs_while_a_body_is_streamed(mode: Mode, clock: Clock, method: str) -> None:
    body = b"".join(b"1\r\n\n\r\n" for _ in range(100_000)) + b"0\r\n\r\n"
    with raw_server(answering(CHUNKED + body)) as server:
        async with mode.client(timeout=LONG) as client:
            async with client.stream("GET", server.url) as response:
                clock.pass_by(999.0)
                pieces = getattr(response, method)()
                assert await anext(pieces) or True
                clock.pass_by(1.0)
                with pytest.raises(hookline.ReadTimeout, match=RAN_OUT):
                    async for _ in pieces:
                        pass
                assert response.is_closed
            assert client._transport._pool._open == 0


async def test_body_that_was_read_in_time_has_no_clock_any_more(mode: Mode, clock: Clock) -> None:
    with raw_server(answering(*[OK] * 3)) as server:
        async with mode.client(timeout=LONG) as client:
            request = client.build_request("GET", server.url)
            async with client.stream("GET", server.url) as response:
                await response.aread()
                clock.pass_by(2000.0)
                assert await response.aread() == b"ok"
                assert [piece async for piece in response.aiter_bytes()] == [b"ok"]
            # A request that is sent again is another call.
            for _ in range(2):
                assert (await client.send(request)).text == "ok"
                clock.pass_by(2000.0)
            assert request.extensions["timeout"] == LONG.as_dict()


async def test_total_of_zero_sends_nothing(mode: Mode) -> None:
    with raw_server(silent) as server:
        async with mode.client(timeout=hookline.Timeout(5, total=0)) as client:
            with pytest.raises(hookline.ReadTimeout, match=r"total timeout of 0 s"):
                await client.get(server.url)

        assert server.connections == 0


async def test_total_may_come_with_a_prebuilt_request(mode: Mode, clock: Clock) -> None:
    extensions = {"timeout": {"read": 5.0, "total": 0.009}}
    request: Any = None
    with raw_server(silent) as server:
        request = hookline.Request("GET", server.url, extensions=extensions)
        async with mode.client() as client:
            with pytest.raises(hookline.ReadTimeout, match=r"total timeout of 0\.009 s"):
                await client.send(request)

    assert extensions == {"timeout": {"read": 5.0, "total": 0.009}}


# -- Below HTTP -----------------------------------------------------------------------------


def test_tls_asks_again_for_each_part_of_a_record(clock: Clock, authority: Any) -> None:
    from hookline._drive import drive
    from hookline._tls import TLSSettings, shared_context
    from hookline._tls_stream import TLSStream

    class Dripping(FakeStream):
        async def receive(self, timeout: float | None) -> bytes:
            self.timeouts.append(("receive", timeout))
            clock.pass_by(3.0)
            return b"\x17"

    stream = Dripping()
    tls = TLSStream(stream, shared_context(TLSSettings()), "localhost")
    timeout = running(read=5.0, total=10.0)
    with pytest.raises(hookline.ReadTimeout, match=r"total timeout of 10\.0 s"):
        drive(tls.receive(timeout.get("read")))

    assert stream.timeouts == [("receive", seconds) for seconds in (5.0, 5.0, 4.0, 1.0)]


def test_drain_asks_again_for_each_wait(clock: Clock) -> None:
    from hookline._drive import drive

    class Sipping(FakeStream):
        def write(self, data: Any) -> bool:
            return False

        async def writable(self, timeout: float | None) -> None:
            self.timeouts.append(("send", timeout))
            clock.pass_by(3.0)

    stream = Sipping()
    timeout = running(write=5.0, total=10.0)
    with pytest.raises(hookline.WriteTimeout, match=r"total timeout of 10\.0 s"):
        drive(stream.send(b"x", timeout.get("write")))

    assert stream.timeouts == [("send", seconds) for seconds in (5.0, 5.0, 4.0, 1.0)]


# -- Other ways to a response ---------------------------------------------------------------


async def test_dripping_stream_of_http2_does_not_outlive_the_total(
    mode: Mode, clock: Clock
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        while asked.id not in peer.resets:
            clock.pass_by(1.0)
            peer.ping()
            peer.data(asked.id, b"x")
            # The answer to the ping: what was sent so far has arrived.
            peer.receive()
        peer.respond(peer.request().id, b"beside")

    with http2_server(script) as server:
        async with mode.client(http1=False, http2=True, timeout=LONG) as client:
            with pytest.raises(hookline.ReadTimeout, match=RAN_OUT):
                await client.get(server.url)
            # The stream was reset, and its connection lives on.
            assert (await client.get(server.url)).text == "beside"

        assert server.connections == 1


async def test_http2_response_that_does_not_come_ends_with_the_total(
    mode: Mode, clock: Clock
) -> None:
    with http2_server(lambda peer: (peer.start(), peer.receive_to_end())) as server:
        async with mode.client(http1=False, http2=True, timeout=MOMENT) as client:
            with pytest.raises(hookline.ReadTimeout, match=r"total timeout of 0\.009 s ran out"):
                await client.get(server.url)


@pytest.mark.parametrize("taken", [0, 100])
async def test_http2_upload_ends_with_the_total(mode: Mode, clock: Clock, taken: int) -> None:
    """Whether the server makes no room for it, or a little again and again."""

    def script(peer: Peer) -> None:
        peer.grants = False
        peer.start()
        asked = peer.request()
        while not peer.bodies.get(asked.id):
            peer.receive()
        while asked.id not in peer.resets:
            clock.pass_by(100.0)
            if taken:
                peer.window(0, taken)
                peer.window(asked.id, taken)
            peer.receive()

    timeout = LONG if taken else MOMENT
    with http2_server(script) as server:
        async with mode.client(http1=False, http2=True, timeout=timeout) as client:
            with pytest.raises(hookline.WriteTimeout, match=r"^The total timeout of .* s ran out"):
                await client.post(server.url, content=b"x" * 200_000)


async def test_total_holds_over_tls(
    mode: Mode, tls_server: str, authority: Any, clock: Clock
) -> None:
    async with mode.client(timeout=MOMENT, verify=authority.ca_file) as client:
        await client.get(tls_server + "/port", timeout=20)
        with pytest.raises(hookline.ReadTimeout, match=r"total timeout of 0\.009 s ran out"):
            await client.get(tls_server + "/never")


async def test_transport_of_ones_own_gets_what_is_left_and_its_body_is_timed(
    mode: Mode, clock: Clock
) -> None:
    seen: list[Any] = []

    def pieces() -> Iterator[bytes]:
        while True:
            clock.pass_by(100.0)
            yield b"x"

    def answer(request: hookline.Request) -> hookline.Response:
        timeout = request.extensions["timeout"]
        seen.append((timeout["read"], dict(timeout)))
        clock.pass_by(400.0)
        seen.append(timeout.get("read"))
        return hookline.Response(200, content=mode.body(pieces()))

    timeout = hookline.Timeout(700.0, total=1000.0)
    async with mode.client(transport=hookline.MockTransport(answer), timeout=timeout) as client:
        with pytest.raises(hookline.ReadTimeout, match=RAN_OUT):
            await client.get("http://example.org/")

    assert seen == [(700.0, timeout.as_dict()), 600.0]


async def test_transport_that_asks_too_late_raises_for_the_phase(mode: Mode, clock: Clock) -> None:
    def answer(request: hookline.Request) -> hookline.Response:
        clock.pass_by(1000.0)
        assert request.extensions["timeout"]["connect"]
        raise AssertionError

    async with mode.client(transport=hookline.MockTransport(answer), timeout=LONG) as client:
        with pytest.raises(hookline.ConnectTimeout, match=RAN_OUT) as caught:
            await client.get("http://example.org/")

    assert str(caught.value.request.url) == "http://example.org/"


@pytest.mark.parametrize("name", ["asyncio", "trio"])
@pytest.mark.parametrize("begins", [False, True])
def test_application_that_does_not_answer_is_ended_by_the_total(
    name: str, begins: bool, clock: Clock
) -> None:
    mode = Mode(name)
    ended: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if begins:
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        try:
            await receive()
            # Disconnects when the client goes away.
            assert (await receive())["type"] == "http.disconnect"
        finally:
            ended.append(True)

    async def scenario() -> None:
        transport = hookline.ASGITransport(app)
        async with hookline.AsyncClient(transport=transport, timeout=MOMENT) as client:
            with pytest.raises(hookline.ReadTimeout, match=r"total timeout of 0\.009 s ran out"):
                await client.get("http://example.org/")

    mode.run(scenario)

    assert ended == [True]


def test_call_without_a_total_runs_no_clock(server: str) -> None:
    with hookline.Client() as client:
        response = client.get(server + "/port")

    assert type(response.request.extensions["timeout"]) is dict
