"""`Network.resolve`, in each mode: what "socks5" looks names up with."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

import hookline
from hookline._backends import load_backend
from hookline._backends._dial import hosts_of
from hookline.plugins import Deadline, Network
from support.modes import Mode
from support.raw import LIMIT

real_getaddrinfo = socket.getaddrinfo


def network_of(mode: Mode) -> Network:
    return load_backend("anyio" if mode.name == "trio" else mode.name)()


def answer_with(
    monkeypatch: pytest.MonkeyPatch, name: str, look_up: Callable[[], list[Any]]
) -> None:
    def getaddrinfo(
        host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        # trio asks in line first whether the name is an address.
        if host in (name, name.encode()) and not flags & socket.AI_NUMERICHOST:
            return look_up()
        return real_getaddrinfo(host, port, family, type, proto, flags)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def address(host: str) -> Any:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    rest = (80, 0, 0) if ":" in host else (80,)
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, *rest))


async def test_addresses_come_in_the_resolvers_order_each_once(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ["2001:db8::1", "192.0.2.1", "2001:db8::1", "192.0.2.2"]
    answer_with(monkeypatch, "name.test", lambda: [address(host) for host in found])

    for deadline in (Deadline(None), Deadline(LIMIT)):
        resolved = await network_of(mode).resolve("name.test", 80, deadline)
        assert resolved == ["2001:db8::1", "192.0.2.1", "192.0.2.2"]


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", "127.0.0.1"), ("127.1", "127.0.0.1"), ("::1", "::1")]
)
async def test_addresses_are_their_own(mode: Mode, host: str, expected: str) -> None:
    assert await network_of(mode).resolve(host, 80, Deadline(LIMIT)) == [expected]


async def test_name_without_an_address_is_a_connect_error(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def fail() -> list[Any]:
        raise failure

    answer_with(monkeypatch, "no.test", fail)
    with pytest.raises(hookline.ConnectError, match=r"resolve the host 'no\.test'") as caught:
        await network_of(mode).resolve("no.test", 80, Deadline(LIMIT))

    assert caught.value.__cause__ is failure


def test_empty_answer_is_a_connect_error() -> None:
    with pytest.raises(hookline.ConnectError, match=r"'no\.test': it has no address"):
        hosts_of("no.test", [])


async def test_resolver_that_hangs_is_a_connect_timeout(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def hang() -> list[Any]:
        over.wait(LIMIT)
        return [address("192.0.2.1")]

    answer_with(monkeypatch, "slow.test", hang)
    try:
        with pytest.raises(hookline.ConnectTimeout, match=r"Resolving the host 'slow\.test'"):
            await network_of(mode).resolve("slow.test", 80, Deadline(0.05))
    finally:
        over.set()
