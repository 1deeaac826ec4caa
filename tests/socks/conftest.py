"""SOCKS5 proxies that others wrote, each in a process of its own that ends with the tests."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.socks import PASSWORD, USER

SERVE = Path(__file__).parent.parent / "support" / "serve_socks.py"


def _serve(*arguments: str) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(SERVE), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # What they log is that clients were refused, which is what the tests ask for.
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture(scope="session", params=["tiny-proxy", "pproxy"])
def socks_server(request: pytest.FixtureRequest) -> str:
    """The name of a SOCKS5 server; a test that uses a proxy runs with each."""
    return str(request.param)


@pytest.fixture(scope="session")
def proxy(socks_server: str) -> Iterator[str]:
    """Where a SOCKS5 proxy is that anybody may use, as "127.0.0.1:port"."""
    for port in _serve(socks_server, "127.0.0.1"):
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="session")
def password_proxy(socks_server: str) -> Iterator[str]:
    """Where a SOCKS5 proxy is that wants `USER` and `PASSWORD`."""
    for port in _serve(socks_server, "127.0.0.1", USER, PASSWORD):
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="session")
def ipv6_proxy(socks_server: str) -> Iterator[str]:
    """The same over IPv6, as "[::1]:port"."""
    for port in _serve(socks_server, "::1"):
        yield f"[::1]:{port}"


@pytest.fixture(scope="session")
def ipv6() -> None:
    """Skips where this machine has no IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as exc:
        pytest.skip(f"no IPv6 here: {exc}")
