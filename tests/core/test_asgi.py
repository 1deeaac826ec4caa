"""`ASGITransport`: an application instead of a network, under asyncio and trio."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import httpx2
import pytest
import trio

import hookline
from hookline import ASGITransport, RemoteProtocolError
from hookline.transports import asgi_exchange
from support.app import app as routes
from support.modes import Mode, breathe
from support.tasks import after_turns, until

HERE = "http://example.org"
PEERS = {"httpx": httpx, "httpx2": httpx2}

Scope = dict[str, Any]


@pytest.fixture(params=["asyncio", "trio"])
def mode(request: pytest.FixtureRequest) -> Mode:
    """There is no synchronous mode here."""
    return Mode(request.param)


def client(app: Any, **settings: Any) -> hookline.AsyncClient:
    return hookline.AsyncClient(transport=ASGITransport(app, **settings))


def start(status: int = 200, *headers: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers, **more}


def body(content: bytes = b"", more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}


def sending(*messages: dict[str, Any], error: BaseException | None = None) -> Any:
    """An application that sends these messages, then raises the error."""

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)
        if error is not None:
            raise error

    return app


async def for_ever(mode: Mode) -> None:
    await (asyncio.Event().wait() if mode.name == "asyncio" else trio.sleep_forever())


class Turns:
    """A turnstile: somebody waits for the next turn, somebody else gives it."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self.count = 0

    def give(self) -> None:
        self.count += 1

    async def wait(self) -> None:
        await until(self._mode, lambda: self.count > 0)
        self.count -= 1


# -- The scope ------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "http://example.org/a%20b/é%2Fx;y?q=1&z=%20#top",
        "https://user:password@exämple.org:8443/",
        "http://[::1]:80/%ff?%ff",
        "https://example.org:443/?",
    ],
)
def test_scope_is_that_of_httpx(url: str, peer: str) -> None:
    scopes = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        scopes.append(dict(scope))
        await send(start())
        await send(body())

    async def call(library: Any) -> None:
        transport = library.ASGITransport(app, root_path="/root", client=("10.0.0.1", 5))
        headers = [("X-A", "1"), ("x-a", "2"), ("User-Agent", "test"), ("Accept-Encoding", "x")]
        async with library.AsyncClient(transport=transport) as session:
            await session.post(url, headers=headers, content=b"body")

    asyncio.run(call(hookline))
    asyncio.run(call(PEERS[peer]))
    ours, theirs = scopes

    assert ours.pop("extensions") == {"http.response.trailers": {}}
    # What it says of `send` is true: an OSError when the client is gone. Without it, applications
    # listen for the disconnect, and take the request's body for themselves.
    assert ours["asgi"].pop("spec_version") == "2.4"
    assert sorted(ours.pop("headers")) == sorted(theirs.pop("headers"))
    assert ours == theirs


# -- What comes back ------------------------------------------------------------------------


async def test_real_application_answers(mode: Mode) -> None:
    async with client(routes) as session:
        response = await session.post(f"{HERE}/echo?a=1", json={"b": 2})
        redirected = await session.get(f"{HERE}/redirect/302?to=/bytes/3", follow_redirects=True)
        refused = await session.get(f"{HERE}/basic")
        allowed = await session.get(f"{HERE}/basic", auth=("user", "password"))

    assert response.json()["body"] == '{"b":2}'
    assert response.json()["query"] == "a=1"
    assert redirected.content == b"xxx"
    assert [refused.status_code, allowed.status_code] == [401, 200]


OUTCOMES = {
    "plain": sending(start(201, (b"X-A", b"1"), (b"x-a", b"2")), body(b"one", True), body(b"two")),
    "no body": sending(start(204), body()),
    "no headers": sending({"type": "http.response.start", "status": 200}, body(b"x")),
    "text in headers": sending(start(200, ("A", "b")), body()),  # type: ignore[arg-type]
    "lists in headers": sending(start(200, [b"A", b"b"]), body()),  # type: ignore[arg-type]
    "messages of extensions": sending(
        {"type": "http.response.debug", "info": {}}, start(), {"type": "x.y"}, body(b"x")
    ),
    "error at once": sending(error=ZeroDivisionError("z")),
    "error after the end": sending(start(), body(b"x"), error=ZeroDivisionError("z")),
}


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("raising", [True, False])
@pytest.mark.parametrize("name", OUTCOMES)
def test_outcome_is_that_of_httpx(name: str, raising: bool, peer: str) -> None:
    async def call(library: Any) -> Any:
        transport = library.ASGITransport(OUTCOMES[name], raise_app_exceptions=raising)
        async with library.AsyncClient(transport=transport) as session:
            try:
                response = await session.get(HERE)
            except Exception as exc:
                return type(exc), str(exc)
            return response.status_code, response.headers.raw, response.content, response.extensions

    assert asyncio.run(call(hookline)) == asyncio.run(call(PEERS[peer]))


async def test_response_is_there_before_the_application_ends(mode: Mode) -> None:
    turns = Turns(mode)

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send(start(200, (b"content-type", b"text/plain")))
        for number in range(3):
            await turns.wait()
            await send(body(b"%d" % number, True))
        await turns.wait()
        await send(body())

    async with client(app) as session:
        async with session.stream("GET", HERE) as response:
            received = []
            turns.give()
            async for piece in response.aiter_bytes():
                received.append(piece)
                turns.give()

    assert response.headers["content-type"] == "text/plain"
    assert received == [b"0", b"1", b"2"]


async def test_application_is_slowed_down_by_who_reads(mode: Mode) -> None:
    sent = 0

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        nonlocal sent
        await send(start())
        for _ in range(100):
            await send(body(b"x" * 40_000, True))
            sent += 1
        await send(body())

    async with client(app) as session:
        async with session.stream("GET", HERE) as response:
            for _ in range(100):
                await breathe(mode)
            assert sent == 1
            total = len(await response.aread())

    assert sent == 100
    assert total == 4_000_000


async def test_head_has_no_body(mode: Mode) -> None:
    async with client(sending(start(200, (b"content-length", b"4")), body(b"body"))) as session:
        response = await session.head(HERE)

    assert response.content == b""
    assert response.headers["content-length"] == "4"


async def test_informational_responses_are_passed_over(mode: Mode) -> None:
    app = sending(start(103, (b"link", b"</a>")), start(100), start(200), body(b"x"))
    async with client(app) as session:
        response = await session.get(HERE)

    assert (response.status_code, response.content) == (200, b"x")


async def test_trailers_come_after_the_body(mode: Mode) -> None:
    def trailers(name: bytes, more: bool) -> dict[str, Any]:
        headers = [(name, b"1")]
        return {"type": "http.response.trailers", "headers": headers, "more_trailers": more}

    app = sending(start(trailers=True), body(b"x"), trailers(b"X-A", True), trailers(b"x-b", False))
    async with client(app) as session:
        response = await session.get(HERE)
        # Those that nobody announced are not waited for.
        other = await client(sending(start(), body(b"x"), trailers(b"X-A", False))).get(HERE)

    assert dict(response.extensions["trailers"]) == {"x-a": "1", "x-b": "1"}
    assert "trailers" not in other.extensions


async def test_many_calls_at_once_do_not_meet(mode: Mode) -> None:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await breathe(mode)
        await send(start())
        await breathe(mode)
        await send(body(scope["path"].encode()))

    async with client(app) as session:
        responses = await mode.together(
            *(lambda number=number: session.get(f"{HERE}/{number}") for number in range(20))
        )

    assert [response.text for response in responses] == [f"/{number}" for number in range(20)]


def test_transport_outlives_an_event_loop() -> None:
    session = client(routes)

    async def call() -> int:
        return (await session.get(HERE)).status_code

    assert [asyncio.run(call()), trio.run(call), asyncio.run(call())] == [200, 200, 200]


# -- What the application reads -------------------------------------------------------------


async def test_body_of_bytes_is_one_message_and_then_the_client_waits(mode: Mode) -> None:
    received = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        received.append(await receive())
        await send(start())
        await send(body())
        received.extend([await receive(), await receive()])

    async with client(app) as session:
        for content in (b"body", b""):
            await session.post(HERE, content=content)

    disconnect = {"type": "http.disconnect"}
    assert received == [
        {"type": "http.request", "body": b"body", "more_body": False},
        disconnect,
        disconnect,
        {"type": "http.request", "body": b"", "more_body": False},
        disconnect,
        disconnect,
    ]


async def test_body_is_pulled_when_the_application_asks(mode: Mode) -> None:
    pulled: list[int] = []
    seen = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3):
            pulled.append(number)
            yield b"%d" % number

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        for _ in range(20):
            await breathe(mode)
        seen.append(list(pulled))
        while True:
            message = await receive()
            seen.append((message["body"], list(pulled)))
            if not message["more_body"]:
                break
        await send(start())
        await send(body())

    async with client(app) as session:
        await session.post(HERE, content=pieces())

    assert seen == [
        [],
        (b"0", [0]),
        (b"1", [0, 1]),
        (b"2", [0, 1, 2]),
        (b"", [0, 1, 2]),
    ]


async def test_request_and_response_take_turns(mode: Mode) -> None:
    heard: list[bytes] = []

    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        for _ in range(3):
            # Each piece of the request answers one of the response.
            yield heard[-1] + b"!"

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send(start())
        while (message := await receive())["more_body"]:
            await send(body(b"re:" + message["body"], True))
        await send(body())

    async with client(app) as session:
        async with session.stream("POST", HERE, content=pieces()) as response:
            async for piece in response.aiter_bytes():
                heard += [piece]

    assert heard == [b"re:a", b"re:re:a!", b"re:re:re:a!!", b"re:re:re:re:a!!!"]


async def test_giving_up_a_receive_does_not_end_the_body(mode: Mode) -> None:
    waiting = Turns(mode)
    received = []

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        await waiting.wait()
        yield b"two"

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        received.append((await receive())["body"])
        assert await after_turns(mode, 5, receive)
        waiting.give()
        received.append((await receive())["body"])
        received.append((await receive())["body"])
        await send(start())
        await send(body())

    async with client(app) as session:
        await session.post(HERE, content=pieces())

    assert received == [b"one", b"two", b""]


async def test_several_receivers_get_each_message_once(mode: Mode) -> None:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        got = await mode.together(receive, receive, receive)
        await send(start())
        await send(body(b" ".join(sorted(message["body"] for message in got))))

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"a", b"b", b"c"):
            yield piece

    async with client(app) as session:
        response = await session.post(HERE, content=pieces())

    assert response.content == b"a b c"


async def test_what_the_body_raises_is_the_callers(mode: Mode) -> None:
    ended = []

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise ZeroDivisionError

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        try:
            while True:
                await receive()
        finally:
            ended.append(True)

    async with client(app) as session:
        with pytest.raises(ZeroDivisionError):
            await session.post(HERE, content=pieces())

    assert ended == [True]


@pytest.mark.parametrize("how", ["answered", "raised", "closed", "cancelled"])
async def test_generator_of_a_body_finishes_however_the_call_ends(mode: Mode, how: str) -> None:
    finished = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            finished.append(True)

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await receive()
        if how == "raised":
            raise ZeroDivisionError
        if how != "cancelled":
            await send(start())
            await send(body(b"x", how == "closed"))
        if how in ("closed", "cancelled"):
            await for_ever(mode)

    async with client(app) as session:
        if how == "answered":
            await session.post(HERE, content=pieces())
        elif how == "raised":
            with pytest.raises(ZeroDivisionError):
                await session.post(HERE, content=pieces())
        elif how == "closed":
            async with session.stream("POST", HERE, content=pieces()):
                pass
        else:
            await after_turns(mode, 20, lambda: session.post(HERE, content=pieces()))

    assert finished == [True]


# -- Errors ---------------------------------------------------------------------------------


async def test_error_after_the_head_is_raised_where_the_body_is_read(mode: Mode) -> None:
    app = sending(start(), body(b"one", True), error=ZeroDivisionError("z"))
    async with client(app) as session:
        async with session.stream("GET", HERE) as response:
            pieces = response.aiter_bytes()
            assert await anext(pieces) == b"one"
            with pytest.raises(ZeroDivisionError):
                await anext(pieces)
        with pytest.raises(ZeroDivisionError):
            await session.get(HERE)


async def test_half_a_response_is_not_taken_for_a_whole_one(mode: Mode) -> None:
    """httpx returns what was sent, as if that were all."""
    failing = sending(start(), body(b"one", True), error=ZeroDivisionError("z"))
    async with client(failing, raise_app_exceptions=False) as session:
        with pytest.raises(RemoteProtocolError, match="failed before its response was") as caught:
            await session.get(HERE)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert caught.value.request.url == HERE

    for app in (sending(start()), sending(start(), body(b"one", True))):
        for raising in (True, False):
            async with client(app, raise_app_exceptions=raising) as session:
                with pytest.raises(RemoteProtocolError, match="ended before its response was"):
                    await session.get(HERE)


async def test_application_that_sends_nothing_is_named(mode: Mode) -> None:
    for raising in (True, False):
        async with client(sending(), raise_app_exceptions=raising) as session:
            with pytest.raises(RemoteProtocolError, match="ended before there was a response"):
                await session.get(HERE)


async def test_keyboard_interrupt_is_never_a_response(mode: Mode) -> None:
    class Interrupt(KeyboardInterrupt):
        pass

    for app in (sending(error=Interrupt()), sending(start(), body(), error=Interrupt())):
        async with client(app, raise_app_exceptions=False) as session:
            with pytest.raises(Interrupt):
                await session.get(HERE)


@pytest.mark.parametrize(
    ("messages", "error", "message"),
    [
        ([body(b"x")], RuntimeError, "body was sent before http.response.start"),
        ([start(), start()], RuntimeError, "http.response.start was sent twice"),
        ([start(), body(), body(b"x")], RuntimeError, "sent after the end of the response"),
        ([start("200")], TypeError, "the status is an int, not '200'"),  # type: ignore[arg-type]
        ([start(), body("text")], TypeError, "the body is bytes, not 'text'"),  # type: ignore[arg-type]
        ([{}], KeyError, "type"),
    ],
)
async def test_message_against_the_rules_is_the_applications_error(
    mode: Mode, messages: list[Any], error: type[Exception], message: str
) -> None:
    async with client(sending(*messages)) as session:
        with pytest.raises(error, match=message):
            await session.get(HERE)


# -- Ending ---------------------------------------------------------------------------------


def nobody_else_runs(mode: Mode, tasks_before: int) -> bool:
    if mode.name == "asyncio":
        return len(asyncio.all_tasks()) == tasks_before
    return trio.lowlevel.current_statistics().tasks_living == tasks_before


def running_tasks(mode: Mode) -> int:
    if mode.name == "asyncio":
        return len(asyncio.all_tasks())
    return trio.lowlevel.current_statistics().tasks_living


async def test_what_the_application_does_after_its_response_is_waited_for(mode: Mode) -> None:
    done = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send(start())
        await send(body(b"x"))
        for _ in range(20):
            await breathe(mode)
        done.append(scope["path"])

    async with client(app) as session:
        before = running_tasks(mode)
        await session.get(f"{HERE}/read")
        assert done == ["/read"]
        async with session.stream("GET", f"{HERE}/closed"):
            pass
        assert done == ["/read", "/closed"]
        assert running_tasks(mode) == before


async def test_application_that_waits_for_the_client_learns_that_it_is_gone(mode: Mode) -> None:
    received = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await receive()
        await send(start())
        received.append(await receive())
        # It may come to its end, which takes a while.
        for _ in range(20):
            await breathe(mode)
        received.append(await receive())
        try:
            await send(body(b"x", True))
        except OSError as exc:
            received.append(str(exc))

    async with client(app) as session:
        before = running_tasks(mode)
        async with session.stream("GET", HERE):
            pass
        assert running_tasks(mode) == before

    disconnect = {"type": "http.disconnect"}
    assert received == [disconnect, disconnect, "The client has closed the response."]


async def test_application_that_sends_to_nobody_gets_an_error(mode: Mode) -> None:
    errors = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send(start())
        try:
            while True:
                await send(body(b"x" * 100_000, True))
        except OSError as exc:
            errors.append(exc)
            raise

    async with client(app) as session:
        async with session.stream("GET", HERE) as response:
            async for _ in response.aiter_bytes():
                break

    assert len(errors) == 1


@pytest.mark.parametrize("closing", ["response", "client"])
async def test_application_that_does_something_else_is_cancelled(mode: Mode, closing: str) -> None:
    ended = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send(start())
        try:
            await for_ever(mode)
        finally:
            ended.append(True)

    session = client(app)
    before = running_tasks(mode)
    response = await session.send(session.build_request("GET", HERE), stream=True)
    await (response.aclose() if closing == "response" else session.aclose())

    assert ended == [True]
    assert running_tasks(mode) == before
    await response.aclose()
    await session.aclose()


async def test_application_that_does_not_want_to_know_is_cancelled_in_the_end(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi_exchange, "_GRACE", 0.001)
    asked = 0

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        nonlocal asked
        await receive()
        await send(start())
        while True:
            await receive()
            asked += 1
            try:
                await send(body(b"x", True))
            except OSError:
                pass

    async with client(app) as session:
        before = running_tasks(mode)
        async with session.stream("GET", HERE):
            pass
        assert running_tasks(mode) == before

    assert asked > 1


async def test_application_that_survives_its_cancellation_is_reported(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi_exchange, "_PATIENCE", 0.001)
    let_go = Turns(mode)

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send(start())
        if mode.name == "trio":
            with trio.CancelScope(shield=True):
                await let_go.wait()
            return
        while not let_go.count:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                pass

    session = client(app)
    with pytest.warns(RuntimeWarning, match="was cancelled, and still runs"):
        async with session.stream("GET", HERE):
            pass
    let_go.give()
    await session.aclose()


async def test_error_of_an_application_that_nobody_hears_is_logged(
    mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await receive()
        await send(start())
        await receive()
        raise ZeroDivisionError("unheard")

    with caplog.at_level(logging.WARNING, "hookline"):
        async with client(app) as session:
            async with session.stream("GET", HERE):
                pass

    (record,) = caplog.records
    assert record.getMessage() == "The ASGI application failed after its response was closed."
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


async def test_expected_error_of_an_application_is_not_logged(
    mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send(start())
        try:
            while True:
                await send(body(b"x" * 100_000, True))
        except OSError as exc:
            raise ExceptionGroup("of a task group", [exc]) from None

    async with client(app) as session:
        async with session.stream("GET", HERE):
            pass

    assert caplog.records == []


@pytest.mark.parametrize("turns", range(12))
async def test_cancelled_call_leaves_no_application_behind(mode: Mode, turns: int) -> None:
    started = []
    ended = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        started.append(True)
        try:
            await receive()
            await breathe(mode)
            await send(start())
            await for_ever(mode)
        finally:
            ended.append(True)

    session = client(app)
    before = running_tasks(mode)
    assert await after_turns(mode, turns, lambda: session.get(HERE))
    await session.aclose()

    assert started == ended
    assert running_tasks(mode) == before


async def test_cancelled_reading_leaves_the_response_to_be_read(mode: Mode) -> None:
    turns = Turns(mode)

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send(start())
        await turns.wait()
        await send(body(b"late"))

    async with client(app) as session:
        async with session.stream("GET", HERE) as response:
            exchange: Any = response.stream
            assert await after_turns(mode, 5, exchange.receive)
            turns.give()

            assert await response.aread() == b"late"


async def test_cancelled_closing_cancels_the_application(mode: Mode) -> None:
    ended = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await receive()
        await send(start())
        await receive()
        try:
            await for_ever(mode)
        finally:
            ended.append(True)

    session = client(app)
    response = await session.send(session.build_request("GET", HERE), stream=True)
    assert await after_turns(mode, 5, response.aclose)
    await until(mode, lambda: bool(ended))
    await session.aclose()


async def test_abandoned_response_ends_with_its_client(mode: Mode) -> None:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send(start())
        await for_ever(mode)

    before = running_tasks(mode)
    async with client(app) as session:
        await session.send(session.build_request("GET", HERE), stream=True)
        gc.collect()

    assert running_tasks(mode) == before


def test_application_whose_task_was_cancelled_before_it_began_is_over() -> None:
    async def call() -> None:
        async with client(routes) as session:
            calling = asyncio.ensure_future(session.get(HERE))
            mine = {asyncio.current_task(), calling}
            while not (others := asyncio.all_tasks() - mine):
                await asyncio.sleep(0)
            for other in others:
                other.cancel()
            with pytest.raises(RemoteProtocolError, match="before there was a response"):
                await calling

    asyncio.run(call())


# -- By name --------------------------------------------------------------------------------


async def test_application_is_named_by_an_import_string(mode: Mode) -> None:
    for transport in (
        {"name": "asgi", "options": {"app": "support.app:app", "root_path": "/r"}},
        ASGITransport("support.app:app"),
    ):
        async with hookline.AsyncClient(transport=transport) as session:
            assert (await session.get(HERE)).text == "Hello, world!"


def test_transport_by_name_is_refused_by_the_synchronous_client() -> None:
    with hookline.Client(transport={"name": "asgi", "options": {"app": routes}}) as session:
        with pytest.raises(RuntimeError, match=r"in an event loop\. Use hookline\.AsyncClient"):
            session.get(HERE)
    with pytest.raises(TypeError, match="expected a name"):
        hookline.Client(transport=ASGITransport(routes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("app", "error", "message"),
    [
        ("nowhere.to.be:found", ValueError, "there is no module 'nowhere', which 'nowhere.to"),
        ("support.nowhere:app", ValueError, "there is no module 'support.nowhere'"),
        ("support.app:nothing", ValueError, "has no attribute 'nothing'"),
        ("support.app:app.nothing", ValueError, "has no attribute 'nothing'"),
        ("support.app:GREETING", TypeError, "is b'Hello, world!', which is no application"),
        ("support.app", ValueError, "expected a string such as 'package.module:app'"),
        (":app", ValueError, "expected a string such as"),
        ("support.app:", ValueError, "expected a string such as"),
        (None, TypeError, r"expected an application or a string .* not None \(NoneType\)"),
        (1, TypeError, "expected an application"),
    ],
)
def test_what_is_no_application_is_refused_and_named(
    app: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ASGITransport(app)
    with pytest.raises(error, match=f"transport: 'asgi' cannot be made with .* {message}"):
        hookline.AsyncClient(transport={"name": "asgi", "options": {"app": app}})


def test_module_that_cannot_be_imported_says_why(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needs_more.py").write_text("import not_installed_anywhere")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        ASGITransport("needs_more:app")


def test_wrong_option_is_named() -> None:
    with pytest.raises(TypeError, match="'asgi' cannot be made with the options app, rot_path"):
        hookline.AsyncClient(transport={"name": "asgi", "options": {"app": routes, "rot_path": ""}})
