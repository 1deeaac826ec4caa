"""Middleware and observers."""

from __future__ import annotations

import logging
import time
from typing import ClassVar, Literal

import hookline
from hookline import Request, Response
from hookline.plugins import ConnectionInfo, EventHook, Middleware, Send

log = logging.getLogger("weather")


class Timed(Middleware):
    name: ClassVar[str] = "timed"
    stage: ClassVar[Literal["call", "hop"]] = "hop"

    def __init__(self, *, slow: float = 1.0) -> None:
        self.slow = slow

    async def handle(self, request: Request, send: Send) -> Response:
        started = time.perf_counter()
        response = await send(request)
        if time.perf_counter() - started > self.slow:
            log.warning("%s was slow: %s", request.url, response.status_code)
        return response


class Observer(EventHook):
    name: ClassVar[str] = "weather-log"

    def request_started(self, request: Request) -> None:
        log.info("%s %s", request.method, request.url)

    def connection_opened(self, connection: ConnectionInfo) -> None:
        log.info("%s to %s:%d", connection.protocol, connection.origin.host, connection.origin.port)

    def response_finished(self, response: Response) -> None:
        log.info("%d in %s", response.status_code, response.elapsed)

    def request_failed(self, request: Request, error: BaseException) -> None:
        log.error("%s", error)


def make_client() -> hookline.Client:
    return hookline.Client(
        middleware=[Timed(slow=0.5), {"name": "timed", "options": {"slow": 2.0}}],
        event_hooks=[Observer()],
    )


def by_name() -> hookline.AsyncClient:
    return hookline.AsyncClient(middleware=["timed"], event_hooks=["weather-log"])
