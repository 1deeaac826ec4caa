"""A plugin that wants a name which `hookline-acme` has, and brings one of its own."""

from __future__ import annotations

from hookline import Request, Response
from hookline.plugins import Middleware, Transport, hookimpl


class Canned(Transport):
    name = "acme-canned"

    async def handle(self, request: Request) -> Response:
        return Response(200, text="from the duplicate")


class Nothing(Middleware):
    name = "duplicate-nothing"


@hookimpl
def hookline_register_transports() -> list[type[Transport]]:
    return [Canned]


@hookimpl
def hookline_register_middleware() -> list[type[Middleware]]:
    return [Nothing]
