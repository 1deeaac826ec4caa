"""What a client gives to the things that it makes by name, and what its slots take besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import hookline
from hookline import Request
from hookline.plugins import Auth, ConnectionInfo, Decoder, EventHook, PluginManager, Transport
from support.modes import Mode
from support.plugins import Echo, manager_of
from support.raw import Conversation, answering, raw_server

GREETING = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Journal(EventHook):
    name = "journal"

    def __init__(self, log: list[str]) -> None:
        self._log = log

    def request_started(self, request: Request) -> None:
        self._log.append(f"request {request.url.path}")

    def connection_opened(self, connection: ConnectionInfo) -> None:
        self._log.append(f"opened {connection.protocol}")

    def connection_closed(self, connection: ConnectionInfo) -> None:
        self._log.append("closed")


# -- What a transport by name is given ------------------------------------------------------


@pytest.mark.parametrize("spec", ["pool", {"name": "pool", "options": {"retries": 1}}])
@pytest.mark.parametrize("slot", ["transport", "mounts"])
async def test_a_pool_by_name_has_the_observers_of_its_client(
    mode: Mode, server: str, slot: str, spec: Any
) -> None:
    log: list[str] = []
    settings = {slot: {"http://": spec} if slot == "mounts" else spec}
    async with mode.client(event_hooks=[Journal(log)], **settings) as client:
        await client.get(f"{server}/bytes/5")

    assert log == ["request /bytes/5", "opened http11", "closed"]


async def test_a_pool_by_name_looks_names_up_where_its_client_does(mode: Mode) -> None:
    empty = PluginManager()
    async with mode.client(transport="pool", plugins=empty) as client:
        with pytest.raises(hookline.PluginNotFound, match="No protocol named 'http11'"):
            await client.get("http://127.0.0.1:1/")


async def test_a_pool_by_name_has_the_settings_of_its_client(
    mode: Mode, tls_server: str, authority: Any
) -> None:
    for transport in ("pool", {"name": "pool", "options": {"verify": authority.ca_file}}):
        verify = authority.ca_file if transport == "pool" else False
        async with mode.client(transport=transport, verify=verify) as client:
            assert (await client.get(f"{tls_server}/bytes/5")).text == "xxxxx"
    # Its own options go first.
    strict = {"name": "pool", "options": {"verify": True}}
    async with mode.client(transport=strict, verify=authority.ca_file) as client:
        with pytest.raises(hookline.ConnectError, match="certificate verify failed"):
            await client.get(f"{tls_server}/bytes/5")


async def test_the_protocols_of_a_pool_by_name_are_its_own_where_it_has_any(
    mode: Mode, h2c_server: str
) -> None:
    own = {"name": "pool", "options": {"http1": False, "http2": True}}
    async with mode.client(transport=own, protocols=["http11"]) as client:
        assert (await client.get(h2c_server)).http_version == "HTTP/2"
    async with mode.client(transport="pool", protocols=["http2"]) as client:
        assert (await client.get(h2c_server)).http_version == "HTTP/2"


def test_a_class_is_given_what_it_asks_for_and_nothing_else() -> None:
    given: list[dict[str, Any]] = []

    class Greedy(Transport):
        name = "greedy"

        def __init__(
            self, limits: Any = None, observers: Any = None, plugins: Any = None, word: str = ""
        ) -> None:
            given.append({"limits": limits, "observers": observers, "plugins": plugins})

    manager = manager_of(Greedy, Echo)
    limits = hookline.Limits(max_connections=7)
    hook = Journal([])
    hookline.Client(transport="greedy", plugins=manager, limits=limits, event_hooks=[hook])
    hookline.Client(transport="greedy", plugins=manager, limits=limits)
    hookline.Client(transport="echo", plugins=manager)

    assert [each["limits"] for each in given] == [limits, limits]
    assert [each["plugins"] for each in given] == [manager, manager]
    assert given[0]["observers"].connection_opened
    assert given[1]["observers"] is None


def test_an_auth_scheme_by_name_looks_names_up_where_its_client_does() -> None:
    class Mine(Auth):
        scheme = "mine"

        def __init__(self, username: str, password: str) -> None:
            pass

    options = {"username": "u", "password": "p", "schemes": ["mine"]}
    auth = {"name": "auto", "options": options}
    hookline.Client(auth=auth, plugins=manager_of(Mine)).close()
    with pytest.raises(hookline.PluginNotFound, match="No auth scheme named 'mine'"):
        hookline.Client(auth=auth)


# -- Observers and functions together -------------------------------------------------------


async def test_observers_and_functions_stand_in_one_list(mode: Mode, server: str) -> None:
    log: list[str] = []

    def seen(event: str) -> Callable[..., Any]:
        return mode.function(lambda message: log.append(event))

    functions = {"request": [seen("request 1")], "response": [seen("response")]}
    more = {"request": [seen("request 2")]}
    hooks = [functions, Journal(log), more]
    async with mode.client(event_hooks=hooks) as client:
        await client.get(f"{server}/bytes/5")
        assert {event: len(each) for event, each in client.event_hooks.items()} == {
            "request": 2,
            "response": 1,
        }

    assert log == [
        "request /bytes/5", "request 1", "request 2", "opened http11", "response", "closed",
    ]  # fmt: skip


def test_an_unknown_event_in_such_a_list_is_refused() -> None:
    with pytest.raises(ValueError, match="no event 'respnose'"):
        hookline.Client(event_hooks=[{"request": [], "respnose": []}])


@pytest.mark.parametrize("wrong", [[Journal([])], Journal([]), "journal", None])
def test_observers_cannot_be_set_later_and_the_error_says_what_can(wrong: Any) -> None:
    with hookline.Client() as client:
        with pytest.raises(TypeError) as caught:
            client.event_hooks = wrong

    assert str(caught.value) == (
        "event_hooks: observers are given where a client is made, Client(event_hooks=[...]); what "
        "can be set later are functions, {'request': [...], 'response': [...]}."
    )


# -- Proxies and decoders -------------------------------------------------------------------


async def test_proxies_by_pattern_may_be_connectors_by_table(mode: Mode, tmp_path: Any) -> None:
    with raw_server(answering(GREETING)) as raw:
        table = {"name": "http-proxy", "options": {"proxy": raw.url}}
        async with mode.client(proxies={"http://": table}) as client:
            assert (await client.get("http://nowhere.invalid/")).text == "hello"


class Swap(Decoder):
    name = "swap"

    def __init__(self, twice: bool = False) -> None:
        self._twice = twice

    def decode(self, data: bytes) -> bytes:
        return data if self._twice else data.swapcase()


SWAPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: swap\r\nContent-Length: 5\r\n\r\nhELLO"


@pytest.mark.parametrize(
    ("decoders", "offered", "text"),
    [
        (None, "gzip, deflate, br, zstd, swap", "Hello"),
        (["swap"], "swap", "Hello"),
        ("swap", "swap", "Hello"),
        (["swap", "gzip"], "swap, gzip", "Hello"),
        ([Swap, {"name": "gzip"}], "swap, gzip", "Hello"),
        ([{"name": "swap", "options": {"twice": True}}], "swap", "hELLO"),
        (["gzip"], "gzip", "hELLO"),
        ([], "identity", "hELLO"),
    ],
)
async def test_decoders_are_asked_for_and_used_as_they_were_chosen(
    mode: Mode, decoders: Any, offered: str, text: str
) -> None:
    heads: list[bytes] = []

    def script(conversation: Conversation) -> None:
        heads.append(conversation.receive_head())
        conversation.send(SWAPPED)
        conversation.receive_to_end()

    with raw_server(script) as raw:
        async with mode.client(decoders=decoders, plugins=manager_of(Swap)) as client:
            assert (await client.get(raw.url)).text == text

    assert f"accept-encoding: {offered}\r\n".encode() in heads[0].lower()


def test_wrong_decoders_are_refused() -> None:
    manager = manager_of(Swap)
    with pytest.raises(hookline.PluginNotFound, match="No decoder named 'gzp'"):
        hookline.Client(decoders=["gzp"])
    with pytest.raises(TypeError, match=r"decoders: expected names, .* not 7"):
        hookline.Client(decoders=[7])  # type: ignore[list-item]
    options = {"name": "swap", "options": {"thrice": True}}
    with pytest.raises(TypeError, match="decoders: 'swap' cannot be made with the options thrice"):
        hookline.Client(decoders=[options], plugins=manager)
