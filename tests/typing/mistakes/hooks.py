"""Hooks, plugins and subclasses."""
# pyright: standard

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import ClassVar

import hookline
from hookline import Request, Response
from hookline.plugins import EventHook, Middleware, Send, Transport
from hookline.types import KnownRequestExtensions


def on_request(request: Request) -> None: ...
def on_number(number: int) -> None: ...
async def aon_request(request: Request) -> None: ...


hookline.Client(event_hooks={"request": [on_number]})  #! dict-item | reportArgumentType
hookline.Client(event_hooks={"request": [aon_request]})  #! dict-item | reportArgumentType
hookline.Client(event_hooks={"request": on_request})  #! dict-item | reportArgumentType
hookline.AsyncClient(event_hooks={"request": [on_request]})  #! dict-item | reportArgumentType
hookline.Client().event_hooks["request"].append(on_number)  #! arg-type | reportArgumentType
hookline.Client().event_hooks["respnose"]  #! typeddict-item | reportGeneralTypeIssues
hookline.AsyncClient().event_hooks["request"].append(on_request)  #! arg-type | reportArgumentType
hookline.Client(event_hooks=[on_request])  #! list-item | reportArgumentType
hookline.Client(middleware=[on_request])  #! list-item | reportArgumentType
hookline.Client(plugins=[])  #! arg-type | reportArgumentType
hookline.MockTransport(on_request)  #! arg-type | reportArgumentType

known: KnownRequestExtensions = {"sni_hostnme": "a"}  #! typeddict-unknown-key | reportAssignmentType
known = {"timeout": {"connect": "5"}}  #! typeddict-item | reportAssignmentType
known = {"trace": on_request}  #! typeddict-item | reportAssignmentType


class Signed(hookline.Auth):
    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        response = yield "request"  #! misc | reportReturnType
        response.status  #! attr-defined | reportAttributeAccessIssue


class Waiting(hookline.Auth):
    def async_auth_flow(self, request: Request) -> Generator[Request, Response, None]:  #! override | reportIncompatibleMethodOverride
        yield request


class Named(Transport):
    name: ClassVar[int] = 5  #! assignment | reportIncompatibleVariableOverride

    async def handle(self, request: str) -> Response:  #! override | reportIncompatibleMethodOverride
        return Response(200)


class Sync(hookline.BaseTransport):
    async def handle_request(self, request: Request) -> Response:  #! override | reportIncompatibleMethodOverride
        return Response(200)


class Timed(Middleware):
    stage = "sometimes"  #! assignment | reportAssignmentType

    async def handle(self, request: Request, send: Send) -> Response:
        return send(request)  #! return-value | reportReturnType


class Observer(EventHook):
    def response_started(self, request: Request, response: Response) -> None: ...  #! override | reportIncompatibleMethodOverride


class Pieces(hookline.Body):
    async def receive(self) -> str:  #! override | reportIncompatibleMethodOverride
        return ""

    async def close(self) -> None: ...  #! override | reportIncompatibleMethodOverride


async def flow(auth: hookline.Auth, request: Request) -> AsyncGenerator[Request, Response]:
    for sent in auth.async_auth_flow(request):  #! attr-defined | reportGeneralTypeIssues
        yield sent
