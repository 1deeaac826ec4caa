"""Proxies, in every shape that they are given in."""

from __future__ import annotations

import ssl
from pathlib import Path

import hookline
from hookline import Client, Proxy
from hookline.types import ProxiesTypes


def clients() -> list[Client]:
    by_pattern: ProxiesTypes = {
        "http://": "http://localhost:3128",
        "https://": Proxy("socks5://localhost:1080"),
        "all://internal.example": None,
    }
    context = ssl.create_default_context()
    proxy = Proxy(
        "https://proxy.example:3128",
        auth=("user", "password"),
        headers={"X-Region": "eu"},
        ssl_context=context,
        tunnel=True,
    )
    return [
        Client(proxy="http://localhost:3128", trust_env=False),
        Client(proxy=hookline.URL("http://localhost:3128")),
        Client(proxy=proxy, verify=context),
        Client(proxies=by_pattern, verify=Path("ca.pem")),
        Client(mounts={"https://": hookline.HTTPTransport(proxy=proxy)}, cert=Path("client.pem")),
        Client(verify=hookline.create_ssl_context()),
    ]


def show(proxy: Proxy) -> str:
    credentials = proxy.raw_auth
    user = "" if credentials is None else credentials[0].decode()
    return f"{proxy.url.host}:{proxy.url.port} {user} {proxy.headers.get('X-Region')}"
