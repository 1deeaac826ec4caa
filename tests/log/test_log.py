"""Records: one for each message, with what happened in it, and nothing secret."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

import hookline
from hookline_log import JSONFormatter, Log
from support.modes import Mode
from support.raw import Conversation, raw_server
from support.secret_names import secret_names_are_forgotten as secret_names_are_forgotten

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger="hookline.requests")
    return caplog


def ours(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [record for record in caplog.records if record.name == "hookline.requests"]


async def get(mode: Mode, hook: Any, url: str, **arguments: Any) -> Any:
    async with mode.client(event_hooks=[hook]) as client:
        return await client.get(url, **arguments)


async def test_response_is_one_record(
    mode: Mode, server: str, records: pytest.LogCaptureFixture
) -> None:
    response = await get(mode, "log", f"{server}/bytes/1256")

    (record,) = ours(records)
    assert record.levelno == logging.INFO
    size = len(response.content)
    assert record.getMessage().startswith(f"GET {server}/bytes/1256 200 OK, {size} bytes in ")
    assert record.getMessage().endswith(" ms")
    assert (record.http_method, record.http_url) == ("GET", f"{server}/bytes/1256")
    assert (record.http_status, record.http_version) == (200, "HTTP/1.1")
    assert record.http_response_bytes == size
    assert 0 <= record.http_head_seconds <= record.http_seconds
    assert record.http_error is None
    assert not hasattr(record, "http_request_headers")


async def test_each_message_has_its_record(mode: Mode, records: pytest.LogCaptureFixture) -> None:
    def script(conversation: Conversation) -> None:
        while head := conversation.receive_head():
            if head.startswith(b"GET / "):
                conversation.send(
                    b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
                )
            else:
                conversation.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone")

    with raw_server(script) as server:
        await get(mode, Log(), server.url, follow_redirects=True)

    assert [(r.http_status, r.levelname) for r in ours(records)] == [
        (302, "INFO"),
        (404, "WARNING"),
    ]


async def test_streamed_response_is_recorded_when_it_is_over(
    mode: Mode, server: str, records: pytest.LogCaptureFixture
) -> None:
    async with mode.client(event_hooks=[Log()]) as client:
        async with client.stream("GET", f"{server}/bytes/1256") as response:
            assert ours(records) == []
            await response.aread()
        assert len(ours(records)) == 1


async def test_failure_is_a_record(mode: Mode, records: pytest.LogCaptureFixture) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()

    with raw_server(script) as server:
        with pytest.raises(hookline.RemoteProtocolError):
            await get(mode, Log(), server.url)

    (record,) = ours(records)
    assert record.levelno == logging.WARNING
    assert (record.http_status, record.http_error) == (None, "RemoteProtocolError")
    assert f"GET {server.url} failed after " in record.getMessage()


async def test_slow_response_is_a_warning(
    mode: Mode, server: str, records: pytest.LogCaptureFixture
) -> None:
    await get(mode, Log(slow=0), f"{server}/bytes/1256")
    await get(mode, Log(slow=1000), f"{server}/bytes/1256")

    assert [record.levelname for record in ours(records)] == ["WARNING", "INFO"]


async def test_nothing_secret_is_recorded(mode: Mode, records: pytest.LogCaptureFixture) -> None:
    def script(conversation: Conversation) -> None:
        while conversation.receive_head():
            conversation.send(
                b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=sesame\r\nX-Mine: sesame\r\n"
                b"X-Seen: plain\r\nContent-Length: 6\r\n\r\nsesame"
            )

    hook = Log(headers=True, hide_headers=["X-MINE"], hide_params=["Mine"])
    headers = {"Authorization": "Bearer sesame", "X-API-Key": "sesame", "Cookie": "a=sesame"}
    with raw_server(script) as server:
        url = server.url.replace("//", "//user:sesame@")
        query = "?q=1&Access_Token=sesame&mine=sesame&q=2"
        await get(mode, hook, url + query, headers=headers)

    (record,) = ours(records)
    everything = repr(vars(record)) + record.getMessage() + JSONFormatter().format(record)
    assert "sesame" not in everything
    url = f"{server.url}?q=1&Access_Token=[secure]&mine=[secure]&q=2"
    assert record.http_url == url
    assert record.http_request_headers["authorization"] == "[secure]"
    assert record.http_response_headers["x-seen"] == "plain"


async def test_what_a_configuration_has_by_reference_is_not_recorded(
    mode: Mode, records: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT", "sesame")
    config = {
        "headers": {"X-Vault": {"env": "VAULT"}},
        "params": {"vk": {"env": "VAULT"}},
        "event_hooks": [{"name": "log", "options": {"headers": True}}],
    }

    def script(conversation: Conversation) -> None:
        while conversation.receive_head():
            conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with raw_server(script) as server:
        client = (hookline.AsyncClient if mode.is_async else hookline.Client).from_config(config)
        if mode.is_async:
            async with client:
                await client.get(server.url)
        else:
            with client:
                client.get(server.url)

    (record,) = ours(records)
    assert "sesame" not in repr(vars(record)) + record.getMessage()
    assert record.http_url.endswith("?vk=[secure]")


async def test_level_and_logger_are_options(
    mode: Mode, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="mine")
    options = {"logger": "mine", "level": "debug"}

    await get(mode, {"name": "log", "options": options}, f"{server}/bytes/1256")

    assert [(r.name, r.levelname) for r in caplog.records if r.name == "mine"] == [
        ("mine", "DEBUG")
    ]


async def test_level_that_is_off_costs_no_record(
    mode: Mode, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, logger="hookline.requests")

    await get(mode, Log(), f"{server}/bytes/1256")

    assert ours(caplog) == []


async def test_nothing_is_kept_of_requests_that_are_over(mode: Mode, server: str) -> None:
    hook = Log()
    await get(mode, hook, f"{server}/bytes/1256")
    with pytest.raises(hookline.ConnectError):
        await get(mode, hook, "http://127.0.0.1:1/")

    assert hook._starts == {}


def test_json_is_one_line_of_facts() -> None:
    record = logging.LogRecord("name", logging.INFO, "", 0, "hello %s", ("world",), None)
    record.created, record.msecs = 1_700_000_000.25, 250
    record.http_method, record.http_status, record.http_error = "GET", 200, None

    assert json.loads(JSONFormatter().format(record)) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "INFO",
        "logger": "name",
        "message": "hello world",
        "method": "GET",
        "status": 200,
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": "LOUD"}, "level: expected one of .*, not 'LOUD'"),
        ({"level": None}, "level: expected a level such as 'INFO', not None"),
        ({"slow": -1}, "slow: expected seconds >= 0 or None, not -1"),
        ({"hide_headers": "X"}, "hide_headers: expected a list of names, not 'X'"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Log(**options)
