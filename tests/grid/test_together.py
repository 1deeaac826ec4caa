"""Proxy, authentication and HTTP/2 in one client, as the older API writes it."""

from __future__ import annotations

from conftest import Authority, Hypercorn
from support.modes import Mode
from support.proxies import running_proxy


async def test_proxies_by_scheme_with_basic_auth_and_http2(
    mode: Mode, hypercorn: Hypercorn, authority: Authority
) -> None:
    with running_proxy("proxy.py") as port:
        proxies = {
            "http://": f"http://127.0.0.1:{port}",
            "https://": f"http://127.0.0.1:{port}",
        }
        auth = ("user", "password")

        async with mode.client(
            proxies=proxies, auth=auth, http2=True, verify=authority.ca_file
        ) as client:
            tunnelled = await client.get(hypercorn.tls + "/basic")
            forwarded = await client.get(hypercorn.plain + "/basic")
            seen = (await client.get(hypercorn.tls + "/echo")).json()

    assert (tunnelled.http_version, tunnelled.text) == ("HTTP/2", "welcome")
    assert (forwarded.http_version, forwarded.text) == ("HTTP/1.1", "welcome")
    assert "proxy-authorization" not in dict(seen["headers"])
