"""Plugins for the tests of configurations: one of each kind, with options of many types."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import hookline
from hookline import Limits, Origin, Request, Response
from hookline.plugins import (
    Auth,
    Connector,
    Deadline,
    Decoder,
    EventHook,
    Middleware,
    Network,
    NetworkStream,
    PluginManager,
    Send,
    Transport,
)
from hookline.types import VerifyTypes
from support.modes import AsAsync, Mode
from support.plugins import manager_of

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Collection as Some

    from nowhere import Nobody  # type: ignore[import-not-found]


class Tag(Middleware):
    """Marks requests.

    - `value`: what to mark them with.
    - `where`: the header for it, or several of
      them.
    """

    name = "tag"

    def __init__(self, value: str, where: str | Sequence[str] = "X-Tag") -> None:
        if not value:
            raise ValueError("value: a tag is not empty.")
        self._value = value
        self._where = [where] if isinstance(where, str) else where

    async def handle(self, request: Request, send: Send) -> Response:
        for header in self._where:
            request.headers[header] = request.headers.get(header, "") + self._value
        return await send(request)


class Retry(Middleware):
    """Does nothing, but has options of every type."""

    name = "retry"
    stage: ClassVar[Literal["call", "hop"]] = "hop"

    def __init__(
        self,
        attempts: int = 3,
        *,
        backoff: float | None = 0.5,
        statuses: Sequence[int] = (502, 503),
        jitter: bool = True,
        is_strict: bool | None = None,
        mode: Literal["full", "equal", "none"] = "full",
        store: Path | None = None,
        log: str | os.PathLike[str] = "",
        weights: Mapping[str, float] | None = None,
        pair: tuple[str, int] = ("a", 1),
        limits: Limits | None = None,
        verify: VerifyTypes = True,
        inner: Auth | None = None,
        anything: Any = None,
        unknown_type: Nobody | None = None,
        for_checkers: Some[pathlib.PurePath] = (),
    ) -> None:
        self.options = dict(locals())
        self.options.pop("self")

    async def handle(self, request: Request, send: Send) -> Response:
        return await send(request)


class Cache(Middleware):
    name = "cache"

    async def handle(self, request: Request, send: Send) -> Response:
        return await send(request)


class Canned(Transport):
    """Answers with the same text, whatever it is asked.

    - `text`: the text.
    """

    name = "canned"

    def __init__(self, text: str = "canned") -> None:
        self.text = text

    async def handle(self, request: Request) -> Response:
        return Response(200, text=self.text, request=request)


class Token(Auth):
    scheme = "token"

    def __init__(self, token: str, kind: str = "Token") -> None:
        if token == "wrong":
            raise ValueError(f"the token {token!r} is of no use.")
        self._token = token
        self._kind = kind

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        request.headers["Authorization"] = f"{self._kind} {self._token}"
        yield request


class Journal(EventHook):
    name = "journal"
    entries: ClassVar[list[str]] = []

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix

    def request_started(self, request: Request) -> None:
        self.entries.append(f"{self._prefix}started {request.url.path}")

    def connection_opened(self, connection: Any) -> None:
        self.entries.append(f"{self._prefix}opened {connection.protocol}")


class Swap(Decoder):
    name = "swap"

    def decode(self, data: bytes) -> bytes:
        return data.swapcase()


class Elsewhere(Connector):
    name = "elsewhere"
    schemes = ("elsewhere",)

    def __init__(self, host: str = "127.0.0.1", port: int = 0, proxy: Any = None) -> None:
        self._host = host
        self._port = port

    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        return await network.connect_tcp(self._host, self._port, deadline)


def plugins() -> PluginManager:
    """A manager with all of these, and HTTP/1.1."""
    return manager_of(Tag, Retry, Cache, Canned, Token, Journal, Swap, Elsewhere)


def configured(mode: Mode, *arguments: Any, **settings: Any) -> Any:
    """A client of a mode, from a configuration."""
    if mode.is_async:
        return hookline.AsyncClient.from_config(*arguments, **settings)
    return AsAsync(hookline.Client.from_config(*arguments, **settings))
