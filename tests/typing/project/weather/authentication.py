"""Schemes of authentication: hookline's own and one's own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import hookline
from hookline import Auth, Request, Response


class Signed(Auth):
    """Signs, and asks for another token where the first is refused."""

    requires_request_body = True
    requires_response_body = True
    scheme = "signed"

    def __init__(self, token: str) -> None:
        self.token = token

    @classmethod
    def from_credentials(cls, username: str | bytes, password: str | bytes) -> Auth:
        return cls(str(password))

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        request.headers["X-Signature"] = f"{self.token} {len(request.content)}"
        response = yield request
        if response.status_code == hookline.codes.UNAUTHORIZED:
            refreshed = yield Request("POST", "https://weather.example/token")
            token: str = refreshed.json()
            self.token = token
            request.headers["X-Signature"] = self.token
            yield request


class Waiting(Auth):
    """One that differs by mode."""

    def sync_auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        response = yield request
        response.read()

    async def async_auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        response = yield request
        await response.aread()


def add_key(request: Request) -> Request:
    request.headers["X-Key"] = "1"
    return request


def clients() -> list[hookline.Client]:
    return [
        hookline.Client(auth=("user", "password")),
        hookline.Client(auth=(b"user", b"password")),
        hookline.Client(auth=add_key),
        hookline.Client(auth=Signed("token")),
        hookline.Client(auth=Waiting()),
        hookline.Client(auth=hookline.BasicAuth("user", "password")),
        hookline.Client(auth=hookline.DigestAuth("user", "password")),
        hookline.Client(auth=hookline.NetRCAuth(None)),
        hookline.Client(auth=hookline.FunctionAuth(add_key)),
        hookline.Client(auth={"name": "bearer", "options": {"token": "secret"}}),
    ]


def once(client: hookline.Client) -> None:
    client.get("https://weather.example", auth=add_key)
    client.get("https://weather.example", auth=None)
    client.get("https://weather.example", auth=hookline.USE_CLIENT_DEFAULT)
