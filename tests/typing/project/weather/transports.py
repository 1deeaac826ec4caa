"""Transports of one's own, and the mocks that tests use."""

from __future__ import annotations

from typing import ClassVar

import hookline
from hookline import AsyncBaseTransport, BaseTransport, MockTransport, Request, Response
from hookline.plugins import Transport


class Offline(BaseTransport):
    def handle_request(self, request: Request) -> Response:
        raise hookline.ConnectError("There is no network.", request=request)


class Recording(BaseTransport):
    """Around another one."""

    def __init__(self, inner: BaseTransport) -> None:
        self.inner = inner
        self.requests: list[Request] = []

    def handle_request(self, request: Request) -> Response:
        self.requests.append(request)
        return self.inner.handle_request(request)

    def close(self) -> None:
        self.inner.close()


class AsyncRecording(AsyncBaseTransport):
    def __init__(self, inner: AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: Request) -> Response:
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


class Echo(Transport):
    """For both kinds of client, and by name."""

    name: ClassVar[str] = "echo"

    def __init__(self, *, prefix: str = "") -> None:
        self.prefix = prefix

    async def handle(self, request: Request) -> Response:
        return Response(
            200,
            headers={"X-Method": request.method},
            text=self.prefix + str(request.url),
            extensions={"http_version": b"HTTP/1.1", "echo.prefix": self.prefix},
        )


def answer(request: Request) -> Response:
    if request.url.path.endswith("/readings"):
        return Response(200, json={"readings": [], "next": None})
    return Response(404, html="<h1>No</h1>", request=request)


async def aanswer(request: Request) -> Response:
    return answer(request)


def clients() -> tuple[hookline.Client, hookline.AsyncClient]:
    pool = hookline.HTTPTransport(
        verify=False,
        cert=("client.pem", "client.key"),
        http2=True,
        retries=1,
        uds="/run/weather.sock",
        socket_options=[(6, 1, 1)],
        protocols=["http2", {"name": "http11", "options": {"parser": "h11"}}],
    )
    sync = hookline.Client(
        transport=Recording(MockTransport(answer)),
        mounts={"http://offline.example": Offline(), "http://echo.example": Echo(), "all://": pool},
    )
    return sync, hookline.AsyncClient(transport=AsyncRecording(MockTransport(aanswer)))


async def application(scope: object, receive: object, send: object) -> None:
    return None


def in_process() -> hookline.AsyncClient:
    return hookline.AsyncClient(transport=hookline.ASGITransport(app=application))


def named() -> hookline.Client:
    return hookline.Client(transport={"name": "echo", "options": {"prefix": "> "}})
