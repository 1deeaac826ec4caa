"""Clients from configuration, and what newer code gives them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import assert_type

import hookline
from hookline import AsyncClient, Client, Limits, Timeout
from hookline.types import AuthTypes, NameTable, TimeoutTypes, URLTypes, UseClientDefault


def from_file(path: Path) -> tuple[Client, AsyncClient]:
    sync = Client.from_config(path, name="weather", timeout=5.0)
    assert_type(sync, Client)
    asynchronous = AsyncClient.from_config(str(path))
    assert_type(asynchronous, AsyncClient)
    return sync, asynchronous


def from_mapping() -> Client:
    transport: NameTable = {"name": "pool", "options": {"retries": 2}}
    return Client.from_config({"clients": {"default": {"transport": transport, "http2": True}}})


def encode(value: object) -> bytes:
    return json.dumps(value, default=str).encode()


def decode(content: bytes) -> object:
    decoded: object = json.loads(content, parse_float=Decimal)
    return decoded


def bounded() -> Client:
    return Client(
        timeout=Timeout(5.0, total=60.0),
        limits=Limits(max_connections=100, max_connections_per_host=10),
        max_response_size=10 * 1024 * 1024,
        json_encoder=encode,
        json_decoder=decode,
    )


def watched(client: Client) -> list[str]:
    return [
        f"{connection.origin} {connection.protocol}"
        for connection in client.connections()
        if connection.state == "idle"
    ]


class Polite(Client):
    """A client of one's own, which adds to what a request takes and hands the rest on."""

    def __init__(self, *, timeout: TimeoutTypes = 30.0, auth: AuthTypes | None = None) -> None:
        super().__init__(timeout=timeout, auth=auth, headers={"User-Agent": "weather/1"})

    def get_politely(
        self,
        url: URLTypes,
        *,
        auth: AuthTypes | UseClientDefault | None = hookline.USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = hookline.USE_CLIENT_DEFAULT,
    ) -> hookline.Response:
        return self.get(url, auth=auth, timeout=timeout)


def certificates(client: Client) -> str:
    try:
        client.get("https://expired.example")
    except hookline.CertificateError as exc:
        return str(exc.request.url)
    except hookline.ConfigError as exc:
        return "\n".join(problem.path for problem in exc.errors)
    return ""


def main() -> None:
    with Polite() as client:
        assert_type(client, Polite)
    assert watched(bounded()) == []
