"""Two middleware that leave a mark on requests and responses: one for calls, one for messages."""

from __future__ import annotations

from typing import ClassVar, Literal

from hookline import Request, Response
from hookline.plugins import Middleware, Send


class CallTag(Middleware):
    name = "acme-call-tag"

    def __init__(self, value: str = "call") -> None:
        self._value = value

    async def handle(self, request: Request, send: Send) -> Response:
        request.headers["X-Acme-Call"] = self._value
        response = await send(request)
        response.extensions["acme-call"] = self._value
        return response


class HopTag(Middleware):
    name = "acme-hop-tag"
    stage: ClassVar[Literal["call", "hop"]] = "hop"

    def __init__(self) -> None:
        self._hops = 0

    async def handle(self, request: Request, send: Send) -> Response:
        self._hops += 1
        request.headers["X-Acme-Hop"] = str(self._hops)
        response = await send(request)
        response.extensions["acme-hop"] = self._hops
        return response
