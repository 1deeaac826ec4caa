"""A plugin module: one class of each kind, and the hooks that name them."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import ClassVar

import hookline
from hookline.plugins import (
    Auth,
    Connector,
    Deadline,
    Decoder,
    EventHook,
    Middleware,
    Network,
    NetworkStream,
    PluginManager,
    Transport,
    hookimpl,
)

from .authentication import Signed
from .observing import Observer, Timed
from .transports import Echo


class Fixed(Connector):
    """Connects to one address, whatever was asked for."""

    name: ClassVar[str] = "fixed"

    def __init__(self, *, host: str, port: int = 80) -> None:
        self.host = host
        self.port = port

    async def connect(
        self, origin: hookline.Origin, network: Network, deadline: Deadline
    ) -> NetworkStream:
        return await network.connect_tcp(self.host, self.port, deadline)


class Reversed(Decoder):
    name: ClassVar[str] = "reversed"

    def __init__(self) -> None:
        self.held = b""

    def decode(self, data: bytes) -> bytes:
        self.held = data[::-1] + self.held
        return b""

    def flush(self) -> bytes:
        return self.held


@hookimpl
def hookline_register_connectors() -> list[type[Connector]]:
    return [Fixed]


@hookimpl
def hookline_register_transports() -> list[type[Transport]]:
    return [Echo]


@hookimpl
def hookline_register_middleware() -> list[type[Middleware]]:
    return [Timed]


@hookimpl
def hookline_register_auth_schemes() -> list[type[Auth]]:
    return [Signed]


@hookimpl
def hookline_register_event_hooks() -> list[type[EventHook]]:
    return [Observer]


@hookimpl
def hookline_register_decoders() -> list[type[Decoder]]:
    return [Reversed]


@hookimpl
def hookline_create_ssl_context(name: str, options: Mapping[str, object]) -> ssl.SSLContext | None:
    if name != "weather":
        return None
    return ssl.create_default_context(cafile=str(options["cafile"]))


def make_client() -> hookline.Client:
    import sys

    manager = PluginManager()
    manager.register(sys.modules[__name__])
    return hookline.Client(
        plugins=manager,
        verify={"name": "weather", "options": {"cafile": "ca.pem"}},
        proxy={"name": "fixed", "options": {"host": "localhost"}},
    )
