"""Plugins for tests: managers with exactly the classes that a test is about."""

from __future__ import annotations

from typing import Any

import hookline_http11
from hookline import Request, Response
from hookline.plugins import (
    Auth,
    Connector,
    Decoder,
    EventHook,
    Middleware,
    PluginManager,
    Protocol,
    Transport,
    hookimpl,
)


class Plugin:
    """A plugin that registers the classes that it is given, each where it belongs."""

    def __init__(self, *classes: type[Any]) -> None:
        self._classes = classes

    def _of(self, base: type[Any]) -> list[type[Any]]:
        return [cls for cls in self._classes if issubclass(cls, base)]

    @hookimpl
    def hookline_register_protocols(self) -> list[type[Protocol]]:
        return self._of(Protocol)

    @hookimpl
    def hookline_register_connectors(self) -> list[type[Connector]]:
        return self._of(Connector)

    @hookimpl
    def hookline_register_transports(self) -> list[type[Transport]]:
        return self._of(Transport)

    @hookimpl
    def hookline_register_middleware(self) -> list[type[Middleware]]:
        return self._of(Middleware)

    @hookimpl
    def hookline_register_auth_schemes(self) -> list[type[Auth]]:
        return self._of(Auth)

    @hookimpl
    def hookline_register_event_hooks(self) -> list[type[EventHook]]:
        return self._of(EventHook)

    @hookimpl
    def hookline_register_decoders(self) -> list[type[Decoder]]:
        return self._of(Decoder)


def manager_of(*classes: type[Any]) -> PluginManager:
    """A manager with HTTP/1.1 and these classes, whatever is installed."""
    manager = PluginManager()
    manager.register(hookline_http11, "http11")
    manager.register(Plugin(*classes), "tested")
    return manager


class Echo(Transport):
    """A transport that answers with what it was asked, and never fails."""

    name = "echo"

    async def handle(self, request: Request) -> Response:
        return Response(200, text=f"{request.method} {request.url}")
