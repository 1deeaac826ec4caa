"""Requests through SOCKS5 proxies that others wrote, in each mode."""

from __future__ import annotations

import socket
from typing import Any

import pytest

import hookline
from hookline import Proxy
from support.app import GREETING
from support.modes import Mode
from support.raw import answering, raw_server
from support.socks import ONLY_PROXY, PASSWORD, USER

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ONLY_HERE = "only-here.test"
SCHEMES = ["socks5", "socks5h"]

real_getaddrinfo = socket.getaddrinfo


@pytest.fixture
def name_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `ONLY_HERE` resolve in this process, and so not in the proxy's."""

    def getaddrinfo(
        host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        is_ours = host in (ONLY_HERE, ONLY_HERE.encode())
        if is_ours and not flags & socket.AI_NUMERICHOST:
            host = "127.0.0.1"
        return real_getaddrinfo(host, port, family, type, proto, flags)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_http_origin_is_reached(mode: Mode, proxy: str, scheme: str, server: str) -> None:
    async with mode.client(proxy=f"{scheme}://{proxy}") as client:
        response = await client.get(f"{server}/")
        echoed = await client.post(f"{server}/echo", content=b"x" * 300_000)

    assert response.content == GREETING
    assert len(echoed.json()["body"]) == 300_000


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_https_origin_is_reached(
    mode: Mode, proxy: str, scheme: str, tls_server: str, authority: Any
) -> None:
    async with mode.client(proxy=f"{scheme}://{proxy}", verify=authority.ca_file) as client:
        response = await client.get(f"{tls_server}/")

    assert response.content == GREETING


async def test_user_name_and_password_are_accepted(
    mode: Mode, password_proxy: str, server: str, tls_server: str, authority: Any
) -> None:
    url = hookline.URL(f"socks5h://{password_proxy}", username=USER, password=PASSWORD)
    async with mode.client(proxy=url, verify=authority.ca_file) as client:
        assert (await client.get(f"{server}/")).content == GREETING
        assert (await client.get(f"{tls_server}/")).content == GREETING


async def test_user_name_and_password_are_not_in_the_way_where_nobody_asks(
    mode: Mode, proxy: str, server: str
) -> None:
    settings = Proxy(f"socks5://{proxy}", auth=(USER, PASSWORD))
    async with mode.client(proxy=settings) as client:
        assert (await client.get(f"{server}/")).content == GREETING


@pytest.mark.parametrize("auth", [(USER, "wrong"), ("wrong", PASSWORD)])
async def test_wrong_credentials_are_a_proxy_error(
    mode: Mode, password_proxy: str, server: str, auth: tuple[str, str]
) -> None:
    async with mode.client(proxy=Proxy(f"socks5://{password_proxy}", auth=auth)) as client:
        # pproxy closes the connection, which is what RFC 1929 asks for after the answer.
        with pytest.raises(hookline.ProxyError, match="authentication") as caught:
            await client.get(f"{server}/")

    assert all(part not in str(caught.value) for part in ("wrong", PASSWORD))


async def test_missing_credentials_are_a_proxy_error(
    mode: Mode, password_proxy: str, server: str
) -> None:
    async with mode.client(proxy=f"socks5://{password_proxy}") as client:
        with pytest.raises(hookline.ProxyError, match="method selection"):
            await client.get(f"{server}/")


async def test_proxy_is_chosen_by_name_from_a_table(mode: Mode, proxy: str, server: str) -> None:
    table = {"name": "socks5", "options": {"proxy": f"socks5h://{proxy}"}}
    async with mode.client(proxy=table) as client:
        response = await client.get(server.replace("127.0.0.1", ONLY_PROXY))

    assert response.content == GREETING


async def test_connections_are_kept_alive(mode: Mode, proxy: str, server: str) -> None:
    async with mode.client(proxy=f"socks5://{proxy}") as client:
        ports = {(await client.get(f"{server}/port")).text for _ in range(3)}

    assert len(ports) == 1


async def test_socks5h_leaves_names_to_the_proxy(mode: Mode, proxy: str, server: str) -> None:
    url = server.replace("127.0.0.1", ONLY_PROXY)
    async with mode.client(proxy=f"socks5h://{proxy}") as client:
        assert (await client.get(url)).content == GREETING


async def test_socks5_does_not(mode: Mode, proxy: str, server: str) -> None:
    url = server.replace("127.0.0.1", ONLY_PROXY)
    async with mode.client(proxy=f"socks5://{proxy}") as client:
        with pytest.raises(
            hookline.ConnectError, match=f"resolve the host '{ONLY_PROXY}'.*socks5h"
        ):
            await client.get(url)


async def test_socks5_looks_names_up_here(
    mode: Mode, proxy: str, server: str, name_of_ours: None
) -> None:
    url = server.replace("127.0.0.1", ONLY_HERE)
    async with mode.client(proxy=f"socks5://{proxy}") as client:
        assert (await client.get(url)).content == GREETING


@pytest.mark.usefixtures("ipv6")
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_ipv6_origin_is_reached_through_an_ipv6_proxy(
    mode: Mode, ipv6_proxy: str, scheme: str
) -> None:
    listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    with raw_server(answering(OK), listener) as server:
        async with mode.client(proxy=f"{scheme}://{ipv6_proxy}") as client:
            response = await client.get(f"http://[::1]:{server.address[1]}/")

    assert response.text == "ok"


@pytest.mark.parametrize("socks_server", ["tiny-proxy"], indirect=True)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_origin_that_refuses_is_a_proxy_error(mode: Mode, proxy: str, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with mode.client(proxy=f"socks5h://{proxy}") as client:
        with pytest.raises(hookline.ProxyError) as caught:
            await client.get(f"http://{host}:{port}/")

    assert str(caught.value) == (
        f"SOCKS5 proxy {proxy}, connect: connection refused (0x05) for {host}, port {port}."
    )
    assert str(caught.value.request.url) == f"http://{host}:{port}/"


async def test_many_requests_at_once(mode: Mode, password_proxy: str, server: str) -> None:
    settings = Proxy(f"socks5h://{password_proxy}", auth=(USER, PASSWORD))
    async with mode.client(proxy=settings) as client:
        calls = [
            lambda number=number: client.get(f"{server}/bytes/{number}") for number in range(20)
        ]
        responses = await mode.together(*calls)

    assert [len(response.content) for response in responses] == list(range(20))
