"""The main things, end to end, in every mode."""

from __future__ import annotations

import hookline
import pytest
from support.modes import Mode


async def test_get_returns_the_body(mode: Mode, server: str) -> None:
    async with mode.client() as client:
        response = await client.get(server + "/")

    assert response.text == "Hello, world!"


async def test_https(mode: Mode, tls_server: str, authority) -> None:
    async with mode.client(verify=authority.ca_file) as client:
        ports = {(await client.get(tls_server + "/port")).text for _ in range(3)}
        big = await client.get(tls_server + "/bytes/1000000")

    assert len(ports) == 1
    assert len(big.content) == 1000000


async def test_https_untrusted(mode: Mode, tls_server: str) -> None:
    async with mode.client() as client:
        with pytest.raises(hookline.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(tls_server + "/port")


async def test_read_timeout(mode: Mode, server: str) -> None:
    async with mode.client(timeout=hookline.Timeout(5, read=0.05)) as client:
        with pytest.raises(hookline.ReadTimeout) as caught:
            await client.get(server + "/never")

    assert caught.value.request.url == server + "/never"
