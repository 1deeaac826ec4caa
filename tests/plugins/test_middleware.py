"""Middleware: where it stands, in which order it is called, and what it may do."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest

import hookline
from hookline import PluginNotFound, Request, Response
from hookline.plugins import ConnectionInfo, EventHook, Middleware, PluginManager, Send
from support.modes import Mode
from support.plugins import manager_of


class Noting(Middleware):
    """Notes its way in and its way out."""

    def __init__(self, label: str, log: list[str]) -> None:
        self.label = label
        self.log = log

    async def handle(self, request: Request, send: Send) -> Response:
        self.log.append(f"{self.label} > {request.url.path}")
        response = await send(request)
        self.log.append(f"{self.label} < {response.status_code}")
        return response


class Call(Noting):
    name = "call"


class Hop(Noting):
    name = "hop"
    stage = "hop"


# -- Order ----------------------------------------------------------------------------------


async def test_the_first_is_the_outermost_whether_named_or_given(mode: Mode, server: str) -> None:
    log: list[str] = []
    middleware = [
        Call("a", log),
        {"name": "call", "options": {"label": "b", "log": log}},
        Call("c", log),
    ]
    async with mode.client(middleware=middleware, plugins=manager_of(Call)) as client:
        await client.get(f"{server}/status/204")

    assert log == [
        *("a > /status/204", "b > /status/204", "c > /status/204"),
        *("c < 204", "b < 204", "a < 204"),
    ]


async def test_call_stands_outside_redirects_and_hop_inside(mode: Mode, server: str) -> None:
    log: list[str] = []
    # Stages order themselves; within a stage the order is the user's.
    middleware = [Hop("hop", log), Call("call", log)]
    async with mode.client(middleware=middleware, follow_redirects=True) as client:
        response = await client.get(f"{server}/redirect/302?to=/status/204")

    assert log == [
        "call > /redirect/302",
        *("hop > /redirect/302", "hop < 302"),
        *("hop > /status/204", "hop < 204"),
        "call < 204",
    ]
    assert [past.status_code for past in response.history] == [302]


async def test_call_stands_outside_authentication_and_hop_inside(mode: Mode, server: str) -> None:
    class Twice(hookline.Auth):
        def auth_flow(self, request: Request) -> Any:
            response = yield request
            assert response.status_code == 401
            request.headers["Authorization"] = "Basic dXNlcjpwYXNzd29yZA=="
            yield request

    log: list[str] = []
    async with mode.client(middleware=[Call("call", log), Hop("hop", log)], auth=Twice()) as client:
        response = await client.get(f"{server}/basic")

    assert response.text == "welcome"
    assert log == [
        "call > /basic",
        *("hop > /basic", "hop < 401"),
        *("hop > /basic", "hop < 200"),
        "call < 200",
    ]


async def test_middleware_is_called_for_streams_with_the_body_unread(
    mode: Mode, server: str
) -> None:
    read: list[bool] = []

    class Looking(Middleware):
        async def handle(self, request: Request, send: Send) -> Response:
            response = await send(request)
            read.append(response.is_stream_consumed)
            return response

    async with mode.client(middleware=[Looking()]) as client:
        async with client.stream("GET", f"{server}/chunks/3") as response:
            pieces = [piece async for piece in response.aiter_lines()]

    assert read == [False]
    assert pieces == ["chunk 0", "chunk 1", "chunk 2"]


# -- What it may do -------------------------------------------------------------------------


async def test_a_middleware_can_change_the_request(mode: Mode, server: str) -> None:
    class Tagging(Middleware):
        async def handle(self, request: Request, send: Send) -> Response:
            request.headers["X-Tag"] = "tagged"
            return await send(request)

    async with mode.client(middleware=[Tagging()]) as client:
        response = await client.get(f"{server}/echo")

    assert ["x-tag", "tagged"] in response.json()["headers"]


async def test_a_middleware_can_send_another_request(mode: Mode, server: str) -> None:
    class Rewriting(Middleware):
        async def handle(self, request: Request, send: Send) -> Response:
            return await send(Request("GET", request.url.join("/bytes/3")))

    async with mode.client(middleware=[Rewriting()]) as client:
        response = await client.get(f"{server}/nowhere")

    assert response.text == "xxx"
    assert response.request.url == f"{server}/bytes/3"


@pytest.mark.parametrize("stage", ["call", "hop"])
async def test_a_middleware_can_answer_without_sending(mode: Mode, stage: Any) -> None:
    class Answering(Middleware):
        async def handle(self, request: Request, send: Send) -> Response:
            return Response(404, text="from the middleware")

    Answering.stage = stage
    async with mode.client(middleware=[Answering()]) as client:
        response = await client.get("http://nowhere.invalid/page")

    assert response.text == "from the middleware"
    assert response.request.url == "http://nowhere.invalid/page"
    assert response.elapsed.total_seconds() >= 0
    with pytest.raises(hookline.HTTPStatusError, match="404 Not Found"):
        response.raise_for_status()


async def test_a_redirect_that_a_hop_middleware_answers_is_followed(
    mode: Mode, server: str
) -> None:
    class Moved(Middleware):
        stage = "hop"

        async def handle(self, request: Request, send: Send) -> Response:
            if request.url.path == "/old":
                return Response(308, headers={"Location": "/bytes/5"})
            return await send(request)

    async with mode.client(middleware=[Moved()], follow_redirects=True) as client:
        response = await client.get(f"{server}/old")

    assert response.text == "xxxxx"
    assert [past.request.url.path for past in response.history] == ["/old"]


@pytest.mark.parametrize("stage", ["call", "hop"])
@pytest.mark.parametrize("route", ["bytes/5", "chunks/5", "encoded/gzip"])
async def test_a_middleware_can_send_twice_over_one_connection(
    mode: Mode, server: str, stage: Any, route: str
) -> None:
    class Again(Middleware):
        async def handle(self, request: Request, send: Send) -> Response:
            first = await send(request)
            # As in any middleware: written once, and good for both kinds of client.
            await first.aread()
            second = await send(request)
            second.extensions["first"] = first.content
            return second

    Again.stage = stage
    opened: list[ConnectionInfo] = []

    class Counting(EventHook):
        def connection_opened(self, connection: ConnectionInfo) -> None:
            opened.append(connection)

    async with mode.client(middleware=[Again()], event_hooks=[Counting()]) as client:
        response = await client.get(f"{server}/{route}")

    assert response.extensions["first"] == response.content
    assert len(opened) == 1


async def test_a_response_that_a_middleware_closes_is_given_up(mode: Mode, server: str) -> None:
    class Again(Middleware):
        async def handle(self, request: Request, send: Send) -> Response:
            first = await send(request)
            await first.aclose()
            return await send(Request("GET", request.url.join("/bytes/5")))

    limits = hookline.Limits(max_connections=1)
    async with mode.client(middleware=[Again()], limits=limits) as client:
        response = await client.get(f"{server}/stalls")

    assert response.text == "xxxxx"


async def test_a_middleware_can_turn_an_error_into_an_answer(mode: Mode, server: str) -> None:
    class Fallback(Middleware):
        async def handle(self, request: Request, send: Send) -> Response:
            try:
                return await send(request)
            except hookline.TransportError as exc:
                return Response(503, text=type(exc).__name__)

    timeout = hookline.Timeout(5, read=0.01)
    async with mode.client(middleware=[Fallback()], timeout=timeout) as client:
        response = await client.get(f"{server}/never")

    assert (response.status_code, response.text) == (503, "ReadTimeout")


async def test_an_exception_of_a_middleware_reaches_the_caller_as_it_is(
    mode: Mode, server: str
) -> None:
    class Failing(Middleware):
        stage = "hop"

        async def handle(self, request: Request, send: Send) -> Response:
            await send(request)
            raise ZeroDivisionError("mine")

    async with mode.client(middleware=[Failing()]) as client:
        with pytest.raises(ZeroDivisionError, match="mine") as caught:
            await client.get(f"{server}/status/204")

    assert caught.traceback[-1].name == "handle"
    assert str(caught.traceback[-1].path) == __file__


@pytest.mark.parametrize("stage", ["call", "hop"])
@pytest.mark.parametrize("returned", [None, "text", {"status": 200}])
async def test_a_middleware_that_returns_no_response_is_named(
    mode: Mode, stage: Any, returned: Any
) -> None:
    class Forgetful(Middleware):
        async def handle(self, request: Request, send: Send) -> Any:
            return returned

    Forgetful.stage = stage
    async with mode.client(middleware=[Forgetful()]) as client:
        with pytest.raises(TypeError) as caught:
            await client.get("http://nowhere.invalid/")

    assert str(caught.value) == (
        f"The middleware Forgetful returned {returned!r}; expected a hookline.Response."
    )


async def test_one_middleware_may_be_in_several_clients_and_calls(mode: Mode, server: str) -> None:
    log: list[str] = []
    shared = Call("shared", log)
    async with mode.client(middleware=[shared]) as one, mode.client(middleware=[shared]) as two:
        await mode.together(
            *[lambda c=c: c.get(f"{server}/status/204") for c in (one, two, one, two)]
        )

    assert sorted(log) == ["shared < 204"] * 4 + ["shared > /status/204"] * 4


# -- Waiting under a client that cannot -----------------------------------------------------

SUSPENDED = (
    "This await suspended, but it runs under a synchronous hookline.Client, where there is no "
    "event loop to resume it."
)


class Sleeping(Middleware):
    """Waits for what only an event loop can finish."""

    def __init__(self, awaitable: Any, log: list[str]) -> None:
        self._awaitable = awaitable
        self._log = log

    async def handle(self, request: Request, send: Send) -> Response:
        try:
            await self._awaitable()  # the offender
            return await send(request)
        finally:
            self._log.append("cleaned up")


class SleepingHop(Sleeping):
    stage = "hop"


class SleepingTransport(hookline.plugins.Transport):
    name = "sleeping"

    def __init__(self, awaitable: Any, log: list[str]) -> None:
        self._awaitable = awaitable
        self._log = log

    async def handle(self, request: Request) -> Response:
        try:
            await self._awaitable()  # the offender
            return Response(200)
        finally:
            self._log.append("cleaned up")


def run_suspending(settings: dict[str, Any], log: list[str]) -> None:
    with hookline.Client(**settings) as client:
        with pytest.raises(RuntimeError) as caught:
            client.get("http://nowhere.invalid/")

    message = str(caught.value)
    assert message.startswith(SUSPENDED)
    assert "Use hookline.AsyncClient" in message
    own = [entry for entry in caught.traceback if str(entry.path) == __file__]
    assert "# the offender" in str(own[-1].statement)
    # Behind it there is only the library that was waited for.
    behind = caught.traceback[caught.traceback.index(own[-1]) + 1 :]
    assert all("hookline" not in entry.path.parts for entry in behind)
    assert log == ["cleaned up"]


@pytest.mark.parametrize("cls", [Sleeping, SleepingHop, SleepingTransport])
def test_a_plugin_that_suspends_under_a_client_is_stopped_on_its_own_line(cls: type[Any]) -> None:
    log: list[str] = []
    plugin = cls(lambda: asyncio.sleep(0), log)
    slot = {"transport": plugin} if cls is SleepingTransport else {"middleware": [plugin]}

    run_suspending(slot, log)


@pytest.mark.parametrize("cls", [Sleeping, SleepingHop, SleepingTransport])
def test_the_same_where_asyncio_or_trio_is_running(cls: type[Any]) -> None:
    import trio

    async def main(awaitable: Any) -> None:
        log: list[str] = []
        plugin = cls(awaitable, log)
        slot = {"transport": plugin} if cls is SleepingTransport else {"middleware": [plugin]}
        run_suspending(slot, log)

    asyncio.run(main(lambda: asyncio.sleep(60)))
    asyncio.run(main(asyncio.Event().wait))
    trio.run(main, lambda: trio.sleep(60))
    trio.run(main, trio.Event().wait)


def test_a_plugin_that_suspends_again_while_it_cleans_up_is_closed() -> None:
    log: list[str] = []

    class Stubborn(Middleware):
        async def handle(self, request: Request, send: Send) -> Response:
            try:
                await asyncio.sleep(0)
                return await send(request)
            finally:
                try:
                    await asyncio.sleep(0)
                finally:
                    log.append("closed")

    with hookline.Client(middleware=[Stubborn()]) as client:
        with pytest.raises(RuntimeError, match="This await suspended"):
            client.get("http://nowhere.invalid/")

    assert log == ["closed"]


def test_the_same_plugin_works_in_asynchronous_clients(server: str) -> None:
    import trio

    async def main(awaitable: Any) -> None:
        log: list[str] = []
        async with hookline.AsyncClient(middleware=[Sleeping(awaitable, log)]) as client:
            assert (await client.get(f"{server}/status/204")).status_code == 204
        assert log == ["cleaned up"]

    asyncio.run(main(lambda: asyncio.sleep(0)))
    trio.run(main, trio.lowlevel.checkpoint)


def test_a_client_goes_on_after_a_plugin_suspended(server: str) -> None:
    class Once(Middleware):
        suspended: ClassVar[bool] = False

        async def handle(self, request: Request, send: Send) -> Response:
            response = await send(request)
            if not Once.suspended:
                Once.suspended = True
                await asyncio.sleep(0)
            return response

    with hookline.Client(middleware=[Once()]) as client:
        with pytest.raises(RuntimeError, match="This await suspended"):
            client.get(f"{server}/status/204")
        assert client.get(f"{server}/bytes/10").text == "x" * 10


@pytest.mark.parametrize("stage", ["call", "hop"])
async def test_response_of_a_middleware_that_raises_is_let_go(
    mode: Mode, server: str, stage: str
) -> None:
    class Picky(Middleware):
        name = "picky"

        async def handle(self, request: Request, send: Send) -> Response:
            response = await send(request)
            raise ValueError(f"{response.status_code} is not to my liking")

    picky = Picky()
    picky.stage = stage  # type: ignore[assignment, misc]
    async with mode.client(middleware=[picky]) as client:
        for _ in range(3):
            with pytest.raises(ValueError, match="200 is not to my liking"):
                await client.get(f"{server}/chunks/20000")
        assert client._transport._pool._open == 0


async def test_missing_protocol_is_found_before_anything_is_connected(mode: Mode) -> None:
    async with mode.client(plugins=PluginManager()) as client:
        with pytest.raises(PluginNotFound, match="http11"):
            await client.get("http://127.0.0.1:1/")


# -- What it sends with ---------------------------------------------------------------------


async def test_it_waits_in_the_way_of_the_mode(mode: Mode, server: str) -> None:
    """Two requests: the second lets the first go on. In threads, tasks, or trio's tasks."""
    waiters: list[Any] = []

    class Meeting(Middleware):
        name = "meeting"

        async def handle(self, request: Request, send: Send) -> Response:
            assert send.is_async is mode.is_async
            await send.sleep(0)
            if request.url.path == "/status/200":
                waiters.append(send.create_waiter())
                assert await waiters[0].wait(20)
            else:
                while not waiters:
                    await send.sleep(0)
                waiters[0].set()
            return await send(request)

    async with mode.client(middleware=[Meeting()]) as client:
        first, second = await mode.together(
            lambda: client.get(f"{server}/status/200"), lambda: client.get(f"{server}/status/204")
        )

    assert (first.status_code, second.status_code) == (200, 204)


async def test_it_reads_and_closes_streams_of_any_kind(mode: Mode) -> None:
    """Those of a transport that knows one mode alone, too."""
    closed: list[str] = []

    class Twice(Middleware):
        name = "twice"

        async def handle(self, request: Request, send: Send) -> Response:
            await send.close(await send(request))
            closed.append("closed")
            response = await send(request)
            assert await send.read(response) == b"ab"
            return response

    def handler(request: Request) -> Response:
        return Response(200, content=mode.body([b"a", b"b"]))

    transport = hookline.MockTransport(mode.function(handler))
    async with mode.client(transport=transport, middleware=[Twice()]) as client:
        response = await client.get("http://example.org/")

    assert (response.text, closed) == ("ab", ["closed"])


async def test_end_of_a_body_is_told_once(mode: Mode, server: str) -> None:
    told: list[Response] = []

    class Telling(Middleware):
        name = "telling"

        async def handle(self, request: Request, send: Send) -> Response:
            response = await send(request)
            response.add_done_callback(told.append)
            assert told == []
            return response

    async with mode.client(middleware=[Telling()]) as client:
        async with client.stream("GET", f"{server}/bytes/5") as response:
            assert told == []
            await response.aread()
            assert len(told) == 1
        response.add_done_callback(told.append)

    assert told == [told[0], told[0]]
    assert told[0].num_bytes_downloaded == 5


@pytest.mark.parametrize(
    ("body", "is_repeatable", "afterwards"),
    [
        (b"bytes", True, True), ([b"a", b"b"], True, True), (None, True, True),
        ("generator", True, False),
    ],
)  # fmt: skip
async def test_request_says_whether_it_can_be_sent_again(
    mode: Mode, server: str, body: Any, is_repeatable: bool, afterwards: bool
) -> None:
    if body == "generator":
        body = mode.body([b"a"])
    if isinstance(body, list) and mode.is_async:
        pytest.skip("AsyncClient sends no lists")
    async with mode.client() as client:
        request = client.build_request("PUT", f"{server}/status/200", content=body)
        assert request.is_repeatable is is_repeatable
        await client.send(request)

    assert request.is_repeatable is afterwards


async def test_request_that_a_middleware_makes_has_the_calls_timeout(mode: Mode) -> None:
    seen: list[Any] = []

    class Asking(Middleware):
        name = "asking"

        async def handle(self, request: Request, send: Send) -> Response:
            await send.read(await send(Request("GET", "http://example.org/token")))
            return await send(request)

    def handler(request: Request) -> Response:
        seen.append(request.extensions["timeout"]["read"])
        return Response(200)

    transport = hookline.MockTransport(handler)
    async with mode.client(transport=transport, middleware=[Asking()], timeout=3) as client:
        await client.get("http://example.org/", timeout=2)

    assert seen == [2, 2]


async def test_request_that_a_flow_makes_has_the_calls_timeout(mode: Mode) -> None:
    seen: list[Any] = []

    class Asking(hookline.Auth):
        def auth_flow(self, request: Request) -> Any:
            yield Request("GET", "http://example.org/token")
            yield request

    def handler(request: Request) -> Response:
        seen.append(request.extensions["timeout"]["read"])
        return Response(200)

    transport = hookline.MockTransport(handler)
    async with mode.client(transport=transport, auth=Asking(), timeout=3) as client:
        await client.get("http://example.org/", timeout=2)

    assert seen == [2, 2]
