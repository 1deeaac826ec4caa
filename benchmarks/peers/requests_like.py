"""requests and niquests: one API, but for what niquests has beside it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from typing import Any

from target import AsyncFetch, Fetch, Fetched, Target, upload

from .base import TIMEOUT, Peer

# What their own documentation reads by.
_PIECE = 64 * 1024


class RequestsLike(Peer):
    """Timeouts are off unless each call brings one."""

    def _session(self, module: Any, target: Target) -> Any:
        session = module.Session()
        session.mount("http://", module.adapters.HTTPAdapter(pool_maxsize=target.concurrency))
        return session

    @contextmanager
    def open_sync(self, target: Target) -> Iterator[Fetch]:
        requests = import_module(self.module)
        url = target.url

        with self._session(requests, target) as session:
            # With each call: REQUESTS_CA_BUNDLE comes before what a session says.
            verify = target.authority_file or True

            def fetch() -> Fetched:
                response = session.get(url, timeout=TIMEOUT, verify=verify)
                return response.status_code, len(response.content)

            def download() -> Fetched:
                with session.get(url, timeout=TIMEOUT, verify=verify, stream=True) as response:
                    pieces = response.iter_content(_PIECE)
                    return response.status_code, sum(len(piece) for piece in pieces)

            def send() -> Fetched:
                response = session.post(url, data=upload(), timeout=TIMEOUT)
                return response.status_code, len(response.content)

            yield download if target.is_download else send if target.is_upload else fetch

    def build(self) -> None:
        import_module(self.module).Session().close()

    def one_off(self, url: str) -> Fetched:
        response = import_module(self.module).get(url, timeout=TIMEOUT)
        return response.status_code, len(response.content)


class Niquests(RequestsLike):
    """It speaks HTTP/2 and awaits; HTTP/3, which no server here has, is off."""

    speaks_http2 = True

    def _session(self, module: Any, target: Target) -> Any:
        return module.Session(
            pool_maxsize=max(10, target.concurrency),
            disable_http2=not target.is_http2,
            disable_http3=True,
        )

    @asynccontextmanager
    async def open_async(self, target: Target) -> AsyncIterator[list[AsyncFetch]]:
        niquests = import_module(self.module)
        url = target.url
        session = niquests.AsyncSession(
            pool_maxsize=max(10, target.concurrency),
            disable_http2=not target.is_http2,
            disable_http3=True,
        )
        verify = target.authority_file or True
        async with session:

            async def fetch() -> Fetched:
                response = await session.get(url, timeout=TIMEOUT, verify=verify)
                return response.status_code, len(response.content or b"")

            async def download() -> Fetched:
                response = await session.get(url, timeout=TIMEOUT, verify=verify, stream=True)
                length = 0
                async for piece in await response.iter_content(_PIECE):
                    length += len(piece)
                return response.status_code, length

            yield [download if target.is_download else fetch] * target.concurrency
