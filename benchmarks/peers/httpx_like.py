"""hookline, httpx2, httpxyz and httpx: one API, so one adapter."""

import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from typing import Any

from target import AsyncFetch, Fetch, Fetched, Target, upload

from .base import TIMEOUT, Peer


class HTTPXLike(Peer):
    """`extra` makes settings beyond the common ones, from the module."""

    speaks_http2 = True

    def __init__(
        self,
        name: str,
        distribution: str,
        *,
        module: str = "",
        by_default: bool = True,
        extra: Callable[[Any, Target], Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(name, distribution, module)
        self.by_default = by_default
        self._extra = extra

    def _settings(self, httpx: Any, target: Target) -> dict[str, Any]:
        limits = httpx.Limits(
            max_connections=max(100, target.concurrency),
            max_keepalive_connections=max(20, target.concurrency),
        )
        settings: dict[str, Any] = {"limits": limits, "timeout": TIMEOUT}
        if target.is_http2:
            settings["http2"] = True
        if target.authority_file is not None:
            settings["verify"] = ssl.create_default_context(cafile=target.authority_file)
        if self._extra is not None:
            settings |= self._extra(httpx, target)
        return settings

    @contextmanager
    def open_sync(self, target: Target) -> Iterator[Fetch]:
        httpx = import_module(self.module)
        url = target.url

        with httpx.Client(**self._settings(httpx, target)) as client:

            def fetch() -> Fetched:
                response = client.get(url)
                return response.status_code, len(response.content)

            def download() -> Fetched:
                with client.stream("GET", url) as response:
                    return response.status_code, sum(len(piece) for piece in response.iter_bytes())

            def send() -> Fetched:
                response = client.post(url, content=upload())
                return response.status_code, len(response.content)

            yield download if target.is_download else send if target.is_upload else fetch

    @asynccontextmanager
    async def open_async(self, target: Target) -> AsyncIterator[list[AsyncFetch]]:
        httpx = import_module(self.module)
        url = target.url

        async with httpx.AsyncClient(**self._settings(httpx, target)) as client:

            async def fetch() -> Fetched:
                response = await client.get(url)
                return response.status_code, len(response.content)

            async def download() -> Fetched:
                length = 0
                async with client.stream("GET", url) as response:
                    async for piece in response.aiter_bytes():
                        length += len(piece)
                return response.status_code, length

            yield [download if target.is_download else fetch] * target.concurrency

    def build(self) -> None:
        import_module(self.module).Client().close()

    def one_off(self, url: str) -> Fetched:
        response = import_module(self.module).get(url)
        return response.status_code, len(response.content)
