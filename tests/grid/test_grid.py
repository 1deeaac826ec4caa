"""Any protocol over any connector, in any mode: against servers and proxies that others wrote.

Each cell does the same: small requests, an upload, a streamed download, one that is left early, and
several at once. The client binds to an address of its own, so that the server sees whether a
request came from the client or from the proxy.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

import hookline
from conftest import Authority, Hypercorn
from support.modes import Mode
from support.proxies import running_proxy

USER, PASSWORD = "jo", "a secret"

ROUTES = (
    "direct",
    "unix",
    "forward",
    "connect over http",
    "connect over http, with password",
    "connect over https",
    "connect over https, with password",
    "socks5",
    "socks5h, with password",
)
# https is never forwarded: it goes by CONNECT, which is a row of its own.
CELLS = [
    (route, scheme)
    for route in ROUTES
    for scheme in ("http", "https")
    if (route, scheme) != ("forward", "https")
]


class Where(NamedTuple):
    """What a transport is given to go some way, and whether the server sees the client itself."""

    settings: dict[str, Any]
    is_seen: bool


@pytest.fixture(scope="session")
def proxies(authority: Authority) -> Iterator[dict[str, int]]:
    """The ports of proxies that others wrote, by what they speak and ask for."""
    secret = f"{USER}:{PASSWORD}"
    tls = {"cert": authority.server_cert, "key": authority.server_key}
    with (
        running_proxy("proxy.py") as http,
        running_proxy("proxy.py", secret) as http_auth,
        running_proxy("pproxy", **tls) as https,
        running_proxy("pproxy", secret, **tls) as https_auth,
        running_proxy("socks: tiny-proxy") as socks,
        running_proxy("socks: pproxy", secret) as socks_auth,
    ):
        yield {
            "http": http,
            "http-auth": http_auth,
            "https": https,
            "https-auth": https_auth,
            "socks": socks,
            "socks-auth": socks_auth,
        }


@pytest.fixture(scope="session")
def nghttpx(proxies: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A proxy that takes HTTP/2 from its clients, in front of one that does not."""
    binary = shutil.which("nghttpx", path=f"{os.environ['PATH']}:/usr/sbin")
    if binary is None:
        pytest.skip("nghttpx is not installed: the one forward proxy here that speaks HTTP/2")
    # It cannot be handed a socket, and somebody else may take the port before it does.
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [
            *(binary, "--http2-proxy", "--workers=1", "--no-ocsp", "--errorlog-file=/dev/null"),
            *("--accesslog-file=/dev/null", "--single-process"),
            *(f"--frontend=127.0.0.1,{port};no-tls", f"--backend=127.0.0.1,{proxies['http']}"),
        ]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
            try:
                if _has_started(port, process):
                    yield port
                    return
            finally:
                process.terminate()
    pytest.fail("nghttpx did not start")


def _has_started(port: int, process: subprocess.Popen[bytes]) -> bool:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            continue
        return process.poll() is None
    return False


@contextmanager
def certificate_trusted(authority: Authority) -> Iterator[None]:
    """TLS with the proxy itself goes by the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", authority.ca_file)
        yield


def where(
    route: str, scheme: str, hypercorn: Hypercorn, proxies: dict[str, int], ssl_context: Any
) -> Where:
    if route == "direct":
        return Where({}, True)
    if route == "unix":
        path = hypercorn.tls_socket if scheme == "https" else hypercorn.plain_socket
        return Where({"uds": path}, False)
    has_password = "password" in route
    auth = (USER, PASSWORD) if has_password else None
    end = "-auth" if has_password else ""
    if route.startswith("socks"):
        name = route.partition(",")[0]
        proxy = hookline.Proxy(f"{name}://127.0.0.1:{proxies['socks' + end]}", auth=auth)
    elif route == "forward":
        proxy = hookline.Proxy(f"http://127.0.0.1:{proxies['http']}")
    elif "https" in route:
        proxy = hookline.Proxy(
            f"https://localhost:{proxies['https' + end]}",
            auth=auth, ssl_context=ssl_context, tunnel=True,
        )  # fmt: skip
    else:
        proxy = hookline.Proxy(f"http://127.0.0.1:{proxies['http' + end]}", auth=auth, tunnel=True)
    return Where({"proxy": proxy}, False)


@pytest.mark.parametrize("protocol", ["http11", "http2"])
@pytest.mark.parametrize(("route", "scheme"), CELLS)
async def test_every_protocol_runs_over_every_connector(
    mode: Mode,
    route: str,
    scheme: str,
    protocol: str,
    hypercorn: Hypercorn,
    proxies: dict[str, int],
    authority: Authority,
    request: pytest.FixtureRequest,
) -> None:
    context = hookline.create_ssl_context(authority.ca_file)
    way = where(route, scheme, hypercorn, proxies, context)
    if route == "forward" and protocol == "http2":
        port = request.getfixturevalue("nghttpx")
        way = Where({"proxy": f"http://127.0.0.1:{port}"}, False)
    transport = mode.transport(
        http1=protocol == "http11",
        http2=protocol == "http2",
        verify=hookline.create_ssl_context(authority.ca_file),
        local_address=None if route == "unix" else "127.0.0.2",
        **way.settings,
    )
    base_url = hypercorn.tls if scheme == "https" else hypercorn.plain
    version = "HTTP/2" if protocol == "http2" else "HTTP/1.1"

    async with mode.client(transport=transport, base_url=base_url, timeout=20) as client:
        seen = (await client.get("/echo")).json()
        assert seen["scheme"] == scheme
        assert seen["client_host"] == ("127.0.0.2" if way.is_seen else seen["client_host"])
        assert (seen["client_host"] == "127.0.0.2") == way.is_seen
        assert "proxy-authorization" not in dict(seen["headers"])
        if route != "forward":
            # A proxy that forwards speaks to the server as it likes.
            assert seen["http_version"] == version.removeprefix("HTTP/")

        echoed = await client.post("/echo", content=mode.body([b"x" * 40_000] * 5))
        assert echoed.http_version == version
        assert echoed.json()["body"] == "x" * 200_000

        async with client.stream("GET", "/chunks/1000") as response:
            pieces = [piece async for piece in response.aiter_bytes()]
        assert b"".join(pieces) == b"".join(b"chunk %d\n" % number for number in range(1000))

        async with client.stream("GET", "/chunks/1000") as response:
            async for _ in response.aiter_bytes():
                break

        async def get(size: int) -> int:
            return len((await client.get(f"/bytes/{size}")).content)

        sizes = [1, 10_000, 100_000]
        calls = [lambda size=size: get(size) for size in sizes]
        assert await mode.together(*calls) == sizes
