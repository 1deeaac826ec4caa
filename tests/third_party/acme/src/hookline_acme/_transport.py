"""A transport that answers every request with the same text."""

from __future__ import annotations

from hookline import Request, Response
from hookline.plugins import Transport


class Canned(Transport):
    name = "acme-canned"

    def __init__(self, text: str = "canned", coding: str | None = None) -> None:
        self._text = text
        self._headers = {} if coding is None else {"Content-Encoding": coding}

    async def handle(self, request: Request) -> Response:
        return Response(200, text=self._text, headers=self._headers)

    async def aclose(self) -> None:
        self._text = "closed"
