"""An auth scheme: a token in a header, sent again with the server's nonce where it wants one."""

from __future__ import annotations

from collections.abc import Generator

from hookline import Request, Response
from hookline.plugins import Auth


class Token(Auth):
    scheme = "acme"

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        request.headers["Authorization"] = f"Acme {self._token}"
        response = yield request
        if response.status_code == 401:
            request.headers["Authorization"] = f"Acme {self._token}, again"
            yield request
