"""Observers: what they see, in which order, and what becomes of one that fails."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
import trio

import hookline
from hookline import Request, Response
from hookline._observers import EVENTS, Observers
from hookline.plugins import ConnectionInfo, EventHook
from support.modes import Mode
from support.plugins import manager_of


class Journal(EventHook):
    """Writes everything down."""

    name = "journal"

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def request_started(self, request: Request) -> None:
        self.log.append(f"request_started {request.url.path}")

    def connection_opened(self, connection: ConnectionInfo) -> None:
        self.log.append(f"connection_opened {connection.origin.scheme} {connection.protocol}")

    def connection_closed(self, connection: ConnectionInfo) -> None:
        self.log.append(f"connection_closed {connection.origin.scheme} {connection.protocol}")

    def response_started(self, response: Response) -> None:
        self.log.append(f"response_started {response.status_code} {response.is_stream_consumed}")

    def response_finished(self, response: Response) -> None:
        self.log.append(f"response_finished {response.num_bytes_downloaded}")

    def request_failed(self, request: Request, error: BaseException) -> None:
        self.log.append(f"request_failed {request.url.path} {type(error).__name__}")


# -- In order -------------------------------------------------------------------------------


async def test_observers_see_the_life_of_a_request_in_order(mode: Mode, server: str) -> None:
    log: list[str] = []
    async with mode.client(event_hooks=[Journal(log)]) as client:
        await client.get(f"{server}/bytes/5")
        await client.get(f"{server}/bytes/6")

    assert log == [
        "request_started /bytes/5",
        "connection_opened http http11",
        "response_started 200 False",
        "response_finished 5",
        "request_started /bytes/6",
        "response_started 200 False",
        "response_finished 6",
        "connection_closed http http11",
    ]


async def test_a_connection_is_opened_once_its_tls_is_up(
    mode: Mode, tls_server: str, authority: Any
) -> None:
    log: list[str] = []
    async with mode.client(event_hooks=[Journal(log)], verify=authority.ca_file) as client:
        await client.get(f"{tls_server}/bytes/5")
    async with mode.client(event_hooks=[Journal(log)]) as client:
        with pytest.raises(hookline.ConnectError):
            await client.get(f"{tls_server}/bytes/5")

    assert log == [
        "request_started /bytes/5",
        "connection_opened https http11",
        "response_started 200 False",
        "response_finished 5",
        "connection_closed https http11",
        "request_started /bytes/5",
        "request_failed /bytes/5 CertificateError",
    ]


async def test_observers_see_each_redirect(mode: Mode, server: str) -> None:
    log: list[str] = []
    async with mode.client(event_hooks=[Journal(log)], follow_redirects=True) as client:
        await client.get(f"{server}/redirect/302?to=/bytes/5")

    assert log == [
        "request_started /redirect/302",
        "connection_opened http http11",
        "response_started 302 False",
        "response_finished 0",
        "request_started /bytes/5",
        "response_started 200 False",
        "response_finished 5",
        "connection_closed http http11",
    ]


async def test_a_streamed_response_is_finished_when_its_body_is_at_its_end(
    mode: Mode, server: str
) -> None:
    log: list[str] = []
    async with mode.client(event_hooks=[Journal(log)]) as client:
        async with client.stream("GET", f"{server}/bytes/5") as response:
            log.append("reading")
            async for _ in response.aiter_bytes():
                pass
            log.append("read")

    assert log == [
        "request_started /bytes/5",
        "connection_opened http http11",
        "response_started 200 False",
        "reading",
        "response_finished 5",
        "read",
        "connection_closed http http11",
    ]


async def test_a_response_that_is_given_up_is_finished_once(mode: Mode, server: str) -> None:
    log: list[str] = []
    async with mode.client(event_hooks=[Journal(log)]) as client:
        async with client.stream("GET", f"{server}/stalls"):
            pass

    assert log == [
        "request_started /stalls",
        "connection_opened http http11",
        "response_started 200 False",
        "connection_closed http http11",
        "response_finished 0",
    ]


async def test_a_request_without_an_answer_failed(mode: Mode, server: str) -> None:
    log: list[str] = []
    timeout = hookline.Timeout(5, read=0.01)
    async with mode.client(event_hooks=[Journal(log)], timeout=timeout) as client:
        with pytest.raises(hookline.ReadTimeout):
            await client.get(f"{server}/never")

    assert log == [
        "request_started /never",
        "connection_opened http http11",
        "connection_closed http http11",
        "request_failed /never ReadTimeout",
    ]


@pytest.mark.parametrize("mode_name", ["asyncio", "trio"])
def test_a_request_that_was_cancelled_failed(mode_name: str, server: str) -> None:
    log: list[str] = []
    cancel: list[Any] = []

    class Cancelling(EventHook):
        def connection_opened(self, connection: ConnectionInfo) -> None:
            cancel[0]()

    async def get() -> None:
        async with hookline.AsyncClient(event_hooks=[Journal(log), Cancelling()]) as client:
            await client.get(f"{server}/never")

    async def in_asyncio() -> None:
        task = asyncio.ensure_future(get())
        cancel.append(task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task

    async def in_trio() -> None:
        with trio.CancelScope() as scope:
            cancel.append(scope.cancel)
            await get()
        assert scope.cancelled_caught

    if mode_name == "asyncio":
        asyncio.run(in_asyncio())
    else:
        trio.run(in_trio)
    cancelled = "CancelledError" if mode_name == "asyncio" else "Cancelled"
    assert log == [
        "request_started /never",
        "connection_opened http http11",
        "connection_closed http http11",
        f"request_failed /never {cancelled}",
    ]


# -- Chosen ---------------------------------------------------------------------------------


async def test_observers_come_by_name_by_table_and_as_instances_in_their_order(
    mode: Mode, server: str
) -> None:
    log: list[str] = []

    class First(EventHook):
        name = "first"

        def request_started(self, request: Request) -> None:
            log.append("first")

    class Named(EventHook):
        name = "named"

        def __init__(self, label: str = "named") -> None:
            self.label = label

        def request_started(self, request: Request) -> None:
            log.append(self.label)

    manager = manager_of(First, Named)
    hooks = [First(), "named", {"name": "named", "options": {"label": "table"}}]
    async with mode.client(event_hooks=hooks, plugins=manager) as client:
        await client.get(f"{server}/")
    assert log == ["first", "named", "table"]

    for one in ("named", {"name": "named"}, Named()):
        log.clear()
        async with mode.client(event_hooks=one, plugins=manager) as client:
            await client.get(f"{server}/")
        assert log == ["named"]


def test_only_the_methods_that_a_hook_overrides_are_called() -> None:
    class Small(EventHook):
        def response_started(self, response: Response) -> None:
            pass

    class Smaller(Small):
        pass

    observers = Observers([Small(), EventHook(), Smaller()])

    counts = {event: len(getattr(observers, event)) for event in EVENTS}
    assert counts == dict.fromkeys(EVENTS, 0) | {"response_started": 2}


def test_every_event_of_the_interface_is_among_those_that_are_compiled() -> None:
    assert set(EVENTS) == {name for name in vars(EventHook) if not name.startswith("_")}


def test_a_method_that_would_have_to_be_awaited_is_refused() -> None:
    class Asynchronous(EventHook):
        async def request_started(self, request: Request) -> None:  # type: ignore[override]
            pass

    for cls in (hookline.Client, hookline.AsyncClient):
        with pytest.raises(TypeError) as caught:
            cls(event_hooks=[Asynchronous()])

        assert str(caught.value).endswith(
            "Asynchronous.request_started is a coroutine function; the methods of an event hook "
            "are plain functions, for both kinds of client."
        )


# -- Failing --------------------------------------------------------------------------------


class Failing(EventHook):
    name = "failing"

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def request_started(self, request: Request) -> None:
        self.log.append("request_started")
        raise ZeroDivisionError("in the hook")

    def response_finished(self, response: Response) -> None:
        self.log.append("response_finished")


async def test_an_event_hook_that_raises_is_logged_once_and_dropped(
    mode: Mode, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken: list[str] = []
    sound: list[str] = []
    hooks = [Failing(broken), Journal(sound)]
    with caplog.at_level(logging.INFO, "hookline"):
        async with mode.client(event_hooks=hooks) as client:
            for _ in range(3):
                assert (await client.get(f"{server}/bytes/5")).text == "xxxxx"

    # All of it: a hook that missed one event would only misread the next.
    assert broken == ["request_started"]
    assert sound.count("request_started /bytes/5") == 3
    [record] = [record for record in caplog.records if record.levelno > logging.INFO]
    assert (record.name, record.levelname) == ("hookline", "ERROR")
    assert record.getMessage() == (
        f"The event hook 'failing' ({__name__}.Failing) raised in request_started() and is not "
        "called any more."
    )
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)
    assert "in the hook" in (
        record.exc_text or logging.Formatter().formatException(record.exc_info)
    )


@pytest.mark.parametrize("event", EVENTS)
async def test_no_event_hook_that_raises_harms_the_request(
    mode: Mode, server: str, event: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: EventHook, *arguments: Any) -> None:
        raise ZeroDivisionError

    hook = type("Harmful", (EventHook,), {event: fail})()
    log: list[str] = []
    timeout = hookline.Timeout(5, read=0.05 if event == "request_failed" else 5)
    async with mode.client(event_hooks=[hook, Journal(log)], timeout=timeout) as client:
        assert (await client.get(f"{server}/bytes/5")).text == "xxxxx"
        if event == "request_failed":
            with pytest.raises(hookline.ReadTimeout):
                await client.get(f"{server}/never")
        assert (await client.get(f"{server}/bytes/5")).text == "xxxxx"

    assert any(entry.startswith(event) for entry in log)
    assert [record.name for record in caplog.records].count("hookline") == 1


async def test_a_hook_that_was_dropped_by_one_client_serves_others(
    mode: Mode, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    log: list[str] = []
    hook = Failing(log)
    for _ in range(2):
        async with mode.client(event_hooks=[hook]) as client:
            await client.get(f"{server}/")

    assert log == ["request_started", "request_started"]
    assert len([record for record in caplog.records if record.name == "hookline"]) == 2
