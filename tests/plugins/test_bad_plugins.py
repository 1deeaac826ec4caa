"""Plugins that break: the error names them, and what they held is let go.

Every kind is tried with every misdeed that it is capable of; the table is in docs/reliability.md.
Those of event hooks are in `test_event_hooks.py`.
"""

from __future__ import annotations

import asyncio
import gc
import re
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest

import hookline
from hookline._drive import drive
from hookline.plugins import (
    Connector,
    Decoder,
    EventHook,
    Middleware,
    Protocol,
    Transport,
    hookimpl,
)
from hookline_http11._protocol import HTTP11
from support.modes import Mode
from support.plugins import manager_of
from support.raw import LIMIT, Conversation, answering, raw_server
from support.tasks import until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
# Only the decoders below know the coding; nobody else looks at it.
HEAD = b"HTTP/1.1 200 OK\r\nContent-Encoding: x-breaking\r\nContent-Length: %d\r\n\r\n"


class Broken(Exception):
    pass


async def raises() -> Any:
    raise Broken


async def suspends() -> Any:
    await asyncio.sleep(0)


async def returns_none() -> Any:
    return None


async def returns_text() -> Any:
    return "a response"


async def returns_what_was_not_awaited() -> Any:
    return returns_none()


class Act:
    """What the plugins of a test do instead of their work. None is their work."""

    def __init__(self, act: Callable[[], Awaitable[Any]] | None) -> None:
        self.act = act


class BreakingConnector(Connector):
    name = "breaking"

    def __init__(self, breaking: Act) -> None:
        self.breaking = breaking

    async def connect(self, origin: Any, network: Any, deadline: Any) -> Any:
        if self.breaking.act is not None:
            return await self.breaking.act()
        return await network.connect_tcp(origin.host, origin.port, deadline)


class BreakingMiddleware(Middleware):
    name = "breaking"

    def __init__(self, breaking: Act) -> None:
        self.breaking = breaking

    async def handle(self, request: Any, send: Any) -> Any:
        self.held = response = await send(request)
        return response if self.breaking.act is None else await self.breaking.act()


class BreakingHopMiddleware(BreakingMiddleware):
    stage = "hop"


class BreakingTransport(Transport):
    """A pool, where it works."""

    name = "breaking"

    def __init__(self, breaking: Act, mode: Mode, **settings: Any) -> None:
        self.breaking = breaking
        self.mode = mode
        self.inner = mode.transport(**settings)

    async def handle(self, request: Any) -> Any:
        return await (self.work(request) if self.breaking.act is None else self.breaking.act())

    async def work(self, request: Any) -> Any:
        if self.mode.is_async:
            return await self.inner.handle_async_request(request)
        return self.inner.handle_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose() if self.mode.is_async else self.inner.close()

    def connections(self) -> hookline.PoolSnapshot:
        pool: hookline.PoolSnapshot = self.inner.connections()
        return pool


class BreakingAuth(hookline.Auth):
    scheme = "breaking"

    def __init__(self, breaking: Act) -> None:
        self.breaking = breaking

    def sync_auth_flow(self, request: Any) -> Any:
        yield request
        yield request if self.breaking.act is None else drive(self.breaking.act())  # type: ignore[arg-type]

    async def async_auth_flow(self, request: Any) -> Any:
        yield request
        yield request if self.breaking.act is None else await self.breaking.act()


def protocol_that(breaking: Act) -> Any:
    class BreakingProtocol(HTTP11):
        name = "breaking"

        async def exchange(self, request: Any, body: Any, timeout: Any) -> Any:
            if breaking.act is not None:
                return await breaking.act()
            return await super().exchange(request, body, timeout)

    return BreakingProtocol


def decoder_that(breaking: Act) -> Any:
    class BreakingDecoder(Decoder):
        name = "x-breaking"

        def decode(self, data: bytes) -> Any:
            return data if breaking.act is None else drive(breaking.act())  # type: ignore[arg-type]

    return BreakingDecoder


def context_that(breaking: Act) -> dict[str, Any]:
    class BreakingTrust:
        @hookimpl
        def hookline_create_ssl_context(self, name: str) -> Any:
            if name == "breaking" and breaking.act is not None:
                return drive(breaking.act())  # type: ignore[arg-type]
            return None

    manager = manager_of()
    manager.register(BreakingTrust())
    return {"verify": {"name": "breaking"}, "plugins": manager}


KINDS: dict[str, Callable[[Act], dict[str, Any]]] = {
    "connector": lambda act: {"proxy": BreakingConnector(act)},
    "protocol": lambda act: {"protocols": [protocol_that(act)]},
    "transport": lambda act: {"transport": BreakingTransport},
    "middleware": lambda act: {"middleware": [BreakingMiddleware(act)]},
    "hop middleware": lambda act: {"middleware": [BreakingHopMiddleware(act)]},
    "auth flow": lambda act: {"auth": BreakingAuth(act)},
    "decoder": lambda act: {"decoders": [decoder_that(act)]},
    "TLS context": context_that,
}
# How each is named. A TLS context has no class: it goes by its own name.
NAMES = {
    "connector": "The connector {}.BreakingConnector ",
    "protocol": "The protocol {}.protocol_that.<locals>.BreakingProtocol ",
    "transport": "The transport BreakingTransport ",
    "middleware": "The middleware BreakingMiddleware ",
    "hop middleware": "The middleware BreakingHopMiddleware ",
    "auth flow": "The auth flow {}.BreakingAuth ",
    "decoder": "The decoder {}.decoder_that.<locals>.BreakingDecoder ",
    "TLS context": "verify: the plugin that makes the TLS context 'breaking' ",
}
# Those that are coroutines: the others are called, and cannot wait.
WAITING = ["connector", "protocol", "transport", "middleware", "hop middleware"]


def client_of(mode: Mode, kind: str, breaking: Act) -> Any:
    """A client with one connection and a plugin that breaks."""
    shared: dict[str, Any] = {"limits": hookline.Limits(max_connections=1)}
    settings = KINDS[kind](breaking)
    if kind == "transport":
        settings = {"transport": BreakingTransport(breaking, mode, **shared)}
    timeout = hookline.Timeout(LIMIT, pool=2)
    return mode.client(timeout=timeout, **shared | settings)


def script(conversation: Conversation) -> None:
    """Half of an answer, which keeps its connection busy, or all of it."""
    while head := conversation.receive_head():
        conversation.send((HEAD % 2 if b" /whole" in head else HEAD % 9) + b"ok")


def url_of(kind: str, server: Any) -> str:
    return str(server.url.replace("http:", "https:") if kind == "TLS context" else server.url)


async def check_released(client: Any, breaking: Act | None = None, server: Any = None) -> None:
    """Nobody is busy; and the one connection that there may be is there for the next request."""
    pool = client.connections()
    assert (pool.active, pool.waiting, pool.connecting) == (0, 0, 0), pool
    assert pool.open == pool.idle
    if breaking is not None:
        breaking.act = None
        response = await client.get(server.url + "whole")
        assert response.content == b"ok"


def told(exc: BaseException) -> str:
    """What somebody sees of an exception, the code that raised it included."""
    return "".join(traceback.format_exception(exc))


# -- Raises ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
async def test_a_plugin_that_raises_is_named_and_its_exception_is_its_own(
    mode: Mode, kind: str
) -> None:
    breaking = Act(raises)
    with raw_server(script) as server:
        async with client_of(mode, kind, breaking) as client:
            with pytest.raises(Broken) as caught:
                await client.get(url_of(kind, server))
            await check_released(client, breaking, server)

    (note,) = caught.value.__notes__
    if kind == "TLS context":
        assert note == "It was raised where the TLS context 'breaking' was made."
    else:
        assert note.startswith(f"It was raised in the {kind.removeprefix('hop ')} {__name__}.")
        assert f".Breaking{kind.title().replace(' Flow', '').replace(' ', '')}" in note


async def test_a_failure_from_within_is_not_blamed_on_who_stands_around_it(mode: Mode) -> None:
    class Innocent(Middleware):
        name = "innocent"

        async def handle(self, request: Any, send: Any) -> Any:
            return await send(request)

    class InnocentTransport(BreakingTransport):
        async def handle(self, request: Any) -> Any:
            if self.mode.is_async:
                return await self.outer.handle_async_request(request)
            return self.outer.handle_request(request)

    transport = InnocentTransport(Act(None), mode)
    transport.outer = BreakingTransport(Act(raises), mode)  # type: ignore[attr-defined]
    around = {
        "BreakingMiddleware": {"middleware": [BreakingMiddleware(Act(raises)), Innocent()]},
        "BreakingTransport": {"transport": transport},
    }
    for name, settings in around.items():
        middleware = [Innocent(), *settings.pop("middleware", [])]
        with raw_server(answering(OK)) as server:
            async with mode.client(middleware=middleware, **settings) as client:
                with pytest.raises(Broken) as caught:
                    await client.get(server.url)

        (note,) = caught.value.__notes__
        assert note.endswith(f".{name}.")


@pytest.mark.parametrize("kind", ["none", "transport", "auth flow"])
async def test_a_body_that_raises_is_nobodys_plugin(mode: Mode, kind: str) -> None:
    def broken() -> Any:
        yield b"a"
        raise Broken

    async def broken_too() -> Any:
        yield b"a"
        raise Broken

    class Signing(hookline.Auth):
        requires_request_body = True

    settings: dict[str, Any] = {"auth": Signing()} if kind == "auth flow" else {}
    if kind == "transport":
        settings = {"transport": BreakingTransport(Act(None), mode)}
    with raw_server(answering(OK)) as server:
        async with mode.client(**settings) as client:
            with pytest.raises(Broken) as caught:
                content = broken_too() if mode.is_async else broken()
                await client.post(server.url, content=content)

    assert not hasattr(caught.value, "__notes__")


async def test_a_plugins_error_of_hooklines_own_goes_on_without_a_note(mode: Mode) -> None:
    async def refuses() -> Any:
        raise hookline.ConnectError("not today")

    for kind in WAITING:
        with raw_server(script) as server:
            async with client_of(mode, kind, Act(refuses)) as client:
                with pytest.raises(hookline.ConnectError, match="not today") as caught:
                    await client.get(server.url)
                await check_released(client)

        assert not hasattr(caught.value, "__notes__")
        assert caught.value.request.url == server.url


# -- Returns something else -----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("act", [returns_none, returns_text])
async def test_a_plugin_that_returns_something_else_is_named(
    mode: Mode, kind: str, act: Any
) -> None:
    if kind == "TLS context" and act is returns_none:
        pytest.skip("that is how a hook says that the name is not its own")
    breaking = Act(act)
    with raw_server(script) as server:
        async with client_of(mode, kind, breaking) as client:
            with pytest.raises(TypeError) as caught:
                await client.get(url_of(kind, server) + "whole")
            await check_released(client, breaking, server)

    returned = "None" if act is returns_none else repr("a response")
    assert str(caught.value).startswith(NAMES[kind].format(__name__) + f"returned {returned}; ")


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_plugin_forgot_to_await_is_told(mode: Mode, kind: str) -> None:
    """And it does not warn about itself, which would be an error here."""
    breaking = Act(returns_what_was_not_awaited)
    with raw_server(script) as server:
        async with client_of(mode, kind, breaking) as client:
            with pytest.raises(TypeError, match=r", which was not awaited; expected ") as caught:
                await client.get(url_of(kind, server) + "whole")
            await check_released(client, breaking, server)

    assert str(caught.value).startswith(NAMES[kind].format(__name__) + "returned <coroutine")


# -- Suspends, and hangs --------------------------------------------------------------------


@pytest.mark.parametrize("kind", WAITING)
def test_a_plugin_that_suspends_under_a_synchronous_client_is_named(kind: str) -> None:
    breaking = Act(suspends)
    with raw_server(script) as server, client_of(Mode("sync"), kind, breaking).wrapped as client:
        with pytest.raises(RuntimeError, match="This await suspended") as caught:
            client.get(server.url)
        pool = client.connections()
        assert (pool.active, pool.waiting, pool.connecting) == (0, 0, 0)
        breaking.act = None
        assert client.get(server.url + "whole").content == b"ok"

    (note,) = caught.value.__notes__
    assert note.startswith(f"It was raised in the {kind.removeprefix('hop ')} {__name__}.")
    assert "in suspends" in told(caught.value)


@pytest.mark.parametrize("kind", [*WAITING, "auth flow"])
async def test_a_plugin_that_hangs_is_stopped_with_its_call_and_lets_go(
    mode: Mode, kind: str
) -> None:
    """By cancelling, or with Ctrl-C: nothing else interrupts code that does not wait for
    hookline."""
    breaking = Act(None)
    with raw_server(script) as server:
        async with client_of(mode, kind, breaking) as client:

            async def call(stop: Any) -> Any:
                async def hangs() -> None:
                    await stop()
                    raise AssertionError("it was not stopped")

                breaking.act = hangs
                return await client.get(server.url + "whole")

            assert await mode.interruptible(call) == (True, None)
            await check_released(client, breaking, server)


@pytest.mark.parametrize("stage", ["call", "hop"])
async def test_a_middleware_that_waits_too_long_meets_the_total_and_is_named(
    mode: Mode, stage: Any
) -> None:
    class Hanging(Middleware):
        name = "hanging"

        async def handle(self, request: Any, send: Any) -> Any:
            self.held = await send(request)
            await send.sleep(3600)

    Hanging.stage = stage
    with raw_server(script) as server:
        async with mode.client(middleware=[Hanging()]) as client:
            timeout = hookline.Timeout(LIMIT, total=0.1)
            with pytest.raises(hookline.ReadTimeout, match=r"total timeout of 0\.1 s") as caught:
                await client.get(server.url, timeout=timeout)
            await check_released(client)

    (note,) = caught.value.__notes__
    assert note.startswith("It was raised in the middleware ")
    assert note.endswith(".Hanging, which was waiting.")
    assert caught.value.request.url == server.url


async def test_a_server_that_is_too_slow_is_not_blamed_on_a_middleware(mode: Mode) -> None:
    with raw_server(script) as server:
        async with mode.client(middleware=[BreakingMiddleware(Act(None))]) as client:
            with pytest.raises(hookline.ReadTimeout) as caught:
                await client.get(server.url, timeout=hookline.Timeout(LIMIT, total=0.1))
            await check_released(client)

    assert not hasattr(caught.value, "__notes__")


# -- Drops a response, and forgets to close -------------------------------------------------


@pytest.mark.parametrize("kind", ["transport", "middleware", "hop middleware"])
async def test_a_response_that_a_plugin_drops_holds_nothing_once_it_is_gone(
    mode: Mode, kind: str
) -> None:
    """It returned another one, and forgot to close this."""
    breaking = Act(None)

    async def drops() -> Any:
        if kind == "transport":
            await client._transport.work(hookline.Request("GET", server.url))
        else:
            client._middleware[0].held = None
        return hookline.Response(204)

    breaking.act = drops
    with raw_server(script) as server:
        async with client_of(mode, kind, breaking) as client:
            for _ in range(3):
                with pytest.warns(ResourceWarning, match="neither read to its end nor closed"):
                    assert (await client.get(server.url)).status_code == 204
                    gc.collect()
            # Asynchronous clients are told by their event loop.
            await until(mode, lambda: client.connections().active == 0)
            await check_released(client, breaking, server)


@pytest.mark.parametrize("stage", ["call", "hop"])
async def test_a_middleware_that_holds_the_connection_that_it_waits_for_is_named(
    mode: Mode, stage: Any
) -> None:
    class Forgetful(Middleware):
        name = "forgetful"

        async def handle(self, request: Any, send: Any) -> Any:
            await send(request)
            return await send(request)

    Forgetful.stage = stage
    timeout = hookline.Timeout(LIMIT, pool=0.01)
    with raw_server(script) as server:
        limits = hookline.Limits(max_connections=1)
        async with mode.client(middleware=[Forgetful()], limits=limits) as client:
            with pytest.raises(hookline.PoolTimeout) as caught:
                await client.get(server.url, timeout=timeout)
            await check_released(client)
            # Where the first response is whole, it holds nothing.
            assert (await client.get(server.url + "whole", timeout=timeout)).content == b"ok"

    (note,) = caught.value.__notes__
    assert note.startswith("It waited while the middleware ")
    assert note.endswith(".Forgetful held 1 response that it had neither read nor closed.")


# -- Decoders -------------------------------------------------------------------------------


class Steps(Decoder):
    """Breaks in the method that it is told."""

    name = "x-breaking"
    where = ""
    returned: Any = None

    def __init__(self, note: str = "") -> None:
        self._break("__init__")

    def _break(self, method: str) -> Any:
        if method != self.where:
            return None
        if self.returned is None:
            raise hookline.DecodingError("no such coding") from Broken()
        return self.returned

    def decode(self, data: bytes) -> bytes:
        return self._break("decode") or data

    def flush(self) -> bytes:
        return self._break("flush") or b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        return self._break("pieces") or self._pieces(data)

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        yield data
        if (broken := self._break("a piece")) is not None:
            yield broken

    def last_pieces(self) -> Iterator[bytes]:
        return self._break("last_pieces") or iter(())


async def _get(client: Any, url: str) -> None:
    await client.get(url)


async def _stream(client: Any, url: str) -> None:
    async with client.stream("GET", url) as response:
        async for _ in response.aiter_bytes():
            pass


async def _measured(client: Any, url: str) -> None:
    await client.get(url, extensions={"max_response_size": 100})


READERS: dict[str, Callable[[Any, str], Awaitable[None]]] = {
    "get": _get,
    "stream": _stream,
    "measured": _measured,
}
WHERE = {
    "__init__": list(READERS),
    "decode": ["get"],
    "flush": ["get"],
    "pieces": ["stream", "measured"],
    "a piece": ["stream", "measured"],
    "last_pieces": ["stream", "measured"],
}
PLACES = [(where, reader) for where, readers in WHERE.items() for reader in readers]


@pytest.mark.parametrize("spec", ["class", "table"])
@pytest.mark.parametrize(("where", "reader"), PLACES)
async def test_a_decoding_error_of_a_plugin_names_it_and_its_coding(
    mode: Mode, where: str, reader: str, spec: str
) -> None:
    class Broke(Steps):
        pass

    Broke.where = where
    decoders: Any = [Broke]
    if spec == "table":
        decoders = [{"name": "x-breaking", "options": {"note": "a secret"}}]
    limits = hookline.Limits(max_connections=1)
    settings = {"decoders": decoders, "plugins": manager_of(Broke), "limits": limits}
    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            with pytest.raises(hookline.DecodingError) as caught:
                await READERS[reader](client, server.url + "whole")
            await check_released(client)
            Broke.where = ""
            assert (await client.get(server.url + "whole")).content == b"ok"

    (note,) = caught.value.__notes__
    assert note.startswith(f"It was raised in the decoder {__name__}.")
    assert note.endswith(".Broke (content coding 'x-breaking').")
    assert caught.value.request.url == server.url + "whole"
    assert isinstance(caught.value.__cause__, Broken)


@pytest.mark.parametrize(("where", "reader"), [each for each in PLACES if each[0] != "__init__"])
async def test_a_decoder_that_returns_no_bytes_is_named_with_its_method(
    mode: Mode, where: str, reader: str
) -> None:
    class Wrong(Steps):
        returned = ["text"] if where in ("pieces", "last_pieces") else "text"

    Wrong.where = where
    limits = hookline.Limits(max_connections=1)
    with raw_server(script) as server:
        async with mode.client(decoders=[Wrong], limits=limits) as client:
            with pytest.raises(TypeError) as caught:
                await READERS[reader](client, server.url + "whole")
            await check_released(client)

    method = "pieces" if where == "a piece" else where
    expected = f"expected bytes from {method}() (content coding 'x-breaking')."
    assert str(caught.value).startswith(f"The decoder {__name__}.")
    assert str(caught.value).endswith(f".Wrong returned 'text'; {expected}")


@pytest.mark.parametrize("where", ["pieces", "last_pieces"])
async def test_a_decoder_whose_pieces_are_none_is_named(mode: Mode, where: str) -> None:
    class Wrong(Steps):
        returned = 7

    Wrong.where = where
    with raw_server(script) as server:
        async with mode.client(decoders=[Wrong]) as client:
            with pytest.raises(TypeError, match=rf"returned 7; expected an iterator from {where}"):
                await _stream(client, server.url + "whole")
            await check_released(client)


async def test_a_decoder_may_give_what_is_as_good_as_bytes(mode: Mode) -> None:
    class Lenient(Decoder):
        name = "x-breaking"

        def decode(self, data: bytes) -> Any:
            return bytearray(data)

        def pieces(self, data: bytes) -> Any:
            return [memoryview(data)]

    with raw_server(script) as server:
        async with mode.client(decoders=[Lenient]) as client:
            response = await client.get(server.url + "whole")
            async with client.stream("GET", server.url + "whole") as streamed:
                pieces = [piece async for piece in streamed.aiter_bytes()]

    assert (response.content, pieces) == (b"ok", [b"ok"])
    assert type(response.content) is type(pieces[0]) is bytes


# -- Authentication -------------------------------------------------------------------------


@pytest.mark.parametrize("given", [None, "http://example.org"])
async def test_an_auth_flow_that_yields_no_request_is_named(mode: Mode, given: Any) -> None:
    class YieldingAuth(hookline.Auth):
        def auth_flow(self, request: Any) -> Any:
            yield given

    async with mode.client(auth=YieldingAuth()) as client:
        with pytest.raises(TypeError, match=r"The auth flow .*YieldingAuth returned"):
            await client.get("http://localhost:1")
        await check_released(client)


def no_generator(request: Any) -> Any:
    return request


def nothing(request: Any) -> Any:
    yield from ()


async def asynchronous(request: Any) -> Any:
    yield request


def raising(request: Any) -> Any:
    raise Broken
    yield request


ASKING = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Odd\r\nContent-Length: 4\r\n\r\nwhom"
FLOWS = [
    (way, flow)
    for way in ("alone", "negotiated", "proxy")
    for flow in (no_generator, nothing, asynchronous, raising)
    if (way, flow) != ("negotiated", nothing)
]


@pytest.mark.parametrize(("way", "flow"), FLOWS)
async def test_an_auth_flow_that_is_none_is_named(mode: Mode, flow: Any, way: str) -> None:
    class OddAuth(hookline.Auth):
        scheme = "odd"

        def auth_flow(self, request: Any) -> Any:
            return flow(request)

    auth: Any = OddAuth()
    if way == "negotiated":
        auth = hookline.NegotiatedAuth("user", "secret", schemes=[auth])
    with raw_server(answering(ASKING)) as server:
        settings: dict[str, Any] = {"auth": auth}
        if way == "proxy":
            settings = {"proxy": hookline.Proxy(server.url, auth=auth, tunnel=True)}
        async with mode.client(**settings) as client:
            with pytest.raises((TypeError, RuntimeError, Broken)) as caught:
                await client.get(server.url)
            await check_released(client)

    assert re.search(r"[Tt]he auth flow \S+\.OddAuth", told(caught.value))
    assert flow is not raising or isinstance(caught.value, Broken)


async def test_a_scheme_that_has_nothing_to_say_leaves_the_answer_as_it_is(mode: Mode) -> None:
    class Silent(hookline.Auth):
        scheme = "odd"

        def auth_flow(self, request: Any) -> Any:
            yield from ()

    auth = hookline.NegotiatedAuth("user", "secret", schemes=[Silent()])
    with raw_server(answering(ASKING)) as server:
        async with mode.client(auth=auth) as client:
            assert (await client.get(server.url)).status_code == 401
            await check_released(client)


async def test_a_function_for_auth_is_the_programs_own(mode: Mode) -> None:
    def function(request: Any) -> Any:
        raise Broken

    async with mode.client(auth=function) as client:
        with pytest.raises(Broken) as caught:
            await client.get("http://localhost:1")

    assert not hasattr(caught.value, "__notes__")


# -- Protocols ------------------------------------------------------------------------------


def _raises(stream: Any) -> Any:
    raise Broken


@pytest.mark.parametrize("make", [_raises, lambda stream: None])
async def test_a_protocol_that_cannot_be_made_is_named_and_its_connection_closed(
    mode: Mode, make: Any
) -> None:
    class Unmade(HTTP11):
        name = "unmade"

        @classmethod
        def configure(cls, **options: Any) -> Callable[[Any], Protocol]:
            return make  # type: ignore[no-any-return]

    closed: list[bytes] = []

    def listening(conversation: Conversation) -> None:
        closed.append(conversation.receive_to_end())

    with raw_server(listening) as server:
        limits = hookline.Limits(max_connections=1)
        async with mode.client(protocols=[Unmade], limits=limits) as client:
            for _ in range(2):
                with pytest.raises((Broken, TypeError)) as caught:
                    await client.get(server.url)
                await check_released(client)
            assert client.connections() == hookline.PoolSnapshot()

    assert closed == [b"", b""]
    named = caught.value.__notes__[0] if make is _raises else str(caught.value)
    assert re.search(r"[Tt]he protocol \S+\.Unmade", named)


# -- Event hooks ----------------------------------------------------------------------------


async def test_an_observer_that_raises_is_named_in_the_log_and_breaks_nothing(
    mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    class BreakingHook(EventHook):
        name = "breaking"

        def request_started(self, request: Any) -> None:
            raise Broken

    with raw_server(answering(OK)) as server:
        async with mode.client(event_hooks=[BreakingHook()]) as client:
            assert (await client.get(server.url)).status_code == 200
            await check_released(client)

    (record,) = [record for record in caplog.records if record.name == "hookline"]
    assert "BreakingHook" in record.getMessage()


# -- TLS contexts ---------------------------------------------------------------------------


async def test_a_tls_context_that_cannot_be_made_is_asked_for_again(
    mode: Mode, tls_server: str, authority: Any
) -> None:
    import ssl

    failures: list[Exception] = [OSError("no such token"), Broken()]

    class Moody:
        @hookimpl
        def hookline_create_ssl_context(self, name: str, options: Mapping[str, Any]) -> Any:
            if name != "moody":
                return None
            if failures:
                raise failures.pop()
            return ssl.create_default_context(cafile=authority.ca_file)

    manager = manager_of()
    manager.register(Moody())
    async with mode.client(verify={"name": "moody"}, plugins=manager) as client:
        for expected in (Broken, OSError):
            with pytest.raises(expected) as caught:
                await client.get(tls_server)
            (note,) = caught.value.__notes__
            assert note == "It was raised where the TLS context 'moody' was made."
            await check_released(client)
        assert (await client.get(tls_server)).status_code == 200
