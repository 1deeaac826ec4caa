"""Plugins that break: the error names them, and what they held is let go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import hookline
from hookline.plugins import Connector, EventHook, Middleware, Transport
from hookline_http11._protocol import HTTP11
from support.modes import Mode
from support.raw import answering, raw_server
from support.tasks import until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"


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


class Breaking:
    """What all the plugins below share: what they do instead of their work."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act


class BreakingConnector(Breaking, Connector):
    name = "breaking"

    async def connect(self, origin: Any, network: Any, deadline: Any) -> Any:
        return await self.act()


class BreakingMiddleware(Breaking, Middleware):
    name = "breaking"

    async def handle(self, request: Any, send: Any) -> Any:
        self.dropped = await send(request)
        return await self.act()


class BreakingTransport(Breaking, Transport):
    async def handle(self, request: Any) -> Any:
        return await self.act()


def protocol_that(act: Callable[[], Any]) -> Any:
    class BreakingProtocol(HTTP11):
        name = "breaking"

        async def exchange(self, request: Any, body: Any, timeout: Any) -> Any:
            return await act()

    return BreakingProtocol


KINDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "connector": lambda act: {"proxy": BreakingConnector(act)},
    "protocol": lambda act: {"protocols": [protocol_that(act)]},
    "middleware": lambda act: {"middleware": [BreakingMiddleware(act)]},
    "transport": lambda act: {"transport": BreakingTransport(act)},
}
NAMES = {
    "connector": "BreakingConnector",
    "protocol": "BreakingProtocol",
    "middleware": "BreakingMiddleware",
    "transport": "BreakingTransport",
}


def told(exc: BaseException) -> str:
    """What somebody sees of an exception, the code that raised it included."""
    import traceback

    return "".join(traceback.format_exception(exc))


def check_released(client: Any) -> None:
    pool = client.connections()
    assert (pool.active, pool.waiting, pool.connecting) == (0, 0, 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("act", [returns_none, returns_text])
async def test_a_plugin_that_returns_something_else_is_named(
    mode: Mode, kind: str, act: Any
) -> None:
    with raw_server(answering(HALF)) as server:
        async with mode.client(**KINDS[kind](act)) as client:
            with pytest.raises(TypeError, match=NAMES[kind]) as caught:
                await client.get(server.url)
            check_released(client)

    assert f"The {kind} " in str(caught.value)
    assert f" returned {'None' if act is returns_none else repr('a response')}" in str(caught.value)


@pytest.mark.parametrize("kind", ["connector", "protocol", "middleware"])
async def test_a_plugin_that_raises_is_named_and_its_exception_is_its_own(
    mode: Mode, kind: str
) -> None:
    with raw_server(answering(HALF)) as server:
        async with mode.client(**KINDS[kind](raises)) as client:
            with pytest.raises(Broken) as caught:
                await client.get(server.url)
            check_released(client)

    (note,) = caught.value.__notes__
    assert note.startswith(f"It was raised in the {kind} ")
    assert note.endswith(f"{NAMES[kind]}.")


@pytest.mark.parametrize("kind", ["connector", "protocol", "middleware"])
def test_a_plugin_that_suspends_under_a_synchronous_client_is_named(kind: str) -> None:
    with raw_server(answering(HALF)) as server, hookline.Client(**KINDS[kind](suspends)) as client:
        with pytest.raises(RuntimeError, match="This await suspended") as caught:
            client.get(server.url)
        check_released(client)

    assert NAMES[kind] in caught.value.__notes__[0]
    assert "in suspends" in told(caught.value)


async def test_a_failure_from_within_is_not_blamed_on_who_stands_around_it(mode: Mode) -> None:
    class Innocent(Middleware):
        name = "innocent"

        async def handle(self, request: Any, send: Any) -> Any:
            return await send(request)

    with raw_server(answering(OK)) as server:
        middleware = [Innocent(), BreakingMiddleware(raises), Innocent()]
        async with mode.client(middleware=middleware) as client:
            with pytest.raises(Broken) as caught:
                await client.get(server.url)

    assert len(caught.value.__notes__) == 1
    assert "BreakingMiddleware" in caught.value.__notes__[0]


async def test_a_body_that_raises_is_nobodys_plugin(mode: Mode) -> None:
    def broken() -> Any:
        yield b"a"
        raise Broken

    async def broken_too() -> Any:
        yield b"a"
        raise Broken

    with raw_server(answering(OK)) as server:
        async with mode.client() as client:
            with pytest.raises(Broken) as caught:
                content = broken_too() if mode.is_async else broken()
                await client.post(server.url, content=content)

    assert not hasattr(caught.value, "__notes__")


async def test_a_middleware_that_hangs_meets_the_total_and_lets_go(mode: Mode) -> None:
    class Hanging(Middleware):
        name = "hanging"

        async def handle(self, request: Any, send: Any) -> Any:
            self.held = await send(request)
            await send.sleep(60)

    with raw_server(answering(HALF)) as server:
        async with mode.client(middleware=[Hanging()]) as client:
            with pytest.raises(hookline.TimeoutException, match=r"total timeout of 0\.1 s"):
                await client.get(server.url, timeout=hookline.Timeout(5, total=0.1))
            check_released(client)


async def test_a_response_that_a_middleware_drops_holds_nothing_once_it_is_gone(
    mode: Mode,
) -> None:
    """It returned another one, and forgot to close this."""
    import gc

    class Dropping(Middleware):
        name = "dropping"

        async def handle(self, request: Any, send: Any) -> Any:
            await send(request)
            return hookline.Response(204)

    limits = hookline.Limits(max_connections=1)
    timeout = hookline.Timeout(5, pool=2)
    with raw_server(answering(HALF)) as server:
        client = mode.client(middleware=[Dropping()], limits=limits, timeout=timeout)
        async with client:
            for _ in range(3):
                with pytest.warns(ResourceWarning, match="neither read to its end nor closed"):
                    assert (await client.get(server.url)).status_code == 204
                    gc.collect()
            # Asynchronous clients are told by their event loop.
            await until(mode, lambda: client.connections().active == 0)
            check_released(client)


@pytest.mark.parametrize("given", [None, "http://example.org"])
async def test_an_auth_flow_that_yields_no_request_is_named(mode: Mode, given: Any) -> None:
    class BreakingAuth(hookline.Auth):
        def auth_flow(self, request: Any) -> Any:
            yield given

    async with mode.client(auth=BreakingAuth()) as client:
        with pytest.raises(TypeError, match=r"The auth flow .*BreakingAuth returned"):
            await client.get("http://localhost:1")
        check_released(client)


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
            check_released(client)

    (record,) = [record for record in caplog.records if record.name == "hookline"]
    assert "BreakingHook" in record.getMessage()
