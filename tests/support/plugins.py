"""Plugins for tests: managers with exactly the classes that a test is about."""

from __future__ import annotations

from typing import Any

import hookline_http11
from hookline import Request, Response
from hookline.plugins import PluginManager, Transport
from hookline.testing._plugins import _Classes


class Plugin(_Classes):
    """A plugin that registers the classes that it is given, each where it belongs."""


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
