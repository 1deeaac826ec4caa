"""The peers with an API of their own, one adapter each."""

import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from target import AsyncFetch, Fetch, Fetched, Target, upload

from .base import TIMEOUT, Peer

_PIECE = 64 * 1024


class AIOHTTP(Peer):
    """It only awaits. Its timeout is one for the whole call."""

    @asynccontextmanager
    async def open_async(self, target: Target) -> AsyncIterator[list[AsyncFetch]]:
        aiohttp = import_module("aiohttp")
        url = target.url
        context: Any = True
        if target.authority_file is not None:
            context = ssl.create_default_context(cafile=target.authority_file)
        connector = aiohttp.TCPConnector(limit=max(100, target.concurrency), ssl=context)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)

        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

            async def fetch() -> Fetched:
                async with session.get(url) as response:
                    return response.status, len(await response.read())

            async def download() -> Fetched:
                length = 0
                async with session.get(url) as response:
                    async for piece in response.content.iter_any():
                        length += len(piece)
                return response.status, length

            yield [download if target.is_download else fetch] * target.concurrency


class Urllib3(Peer):
    """It has no cookies; its timeout is off unless one is given."""

    @contextmanager
    def open_sync(self, target: Target) -> Iterator[Fetch]:
        urllib3 = import_module("urllib3")
        url = target.url

        with urllib3.PoolManager(maxsize=target.concurrency, timeout=TIMEOUT) as pool:

            def fetch() -> Fetched:
                response = pool.request("GET", url)
                return response.status, len(response.data)

            def download() -> Fetched:
                response = pool.request("GET", url, preload_content=False)
                length = sum(len(piece) for piece in response.stream(_PIECE))
                response.release_conn()
                return response.status, length

            def send() -> Fetched:
                response = pool.request("POST", url, body=upload())
                return response.status, len(response.data)

            yield download if target.is_download else send if target.is_upload else fetch

    def build(self) -> None:
        import_module("urllib3").PoolManager().clear()

    def one_off(self, url: str) -> Fetched:
        """With a pool of its own, as the others do it; `urllib3.request` keeps one for good."""
        with import_module("urllib3").PoolManager() as pool:
            response = pool.request("GET", url)
            return response.status, len(response.data)


class Pyreqwest(Peer):
    """Written in Rust. Its cookies and its timeouts are off unless asked for."""

    speaks_http2 = True

    def _settings(self, builder: Any, target: Target) -> Any:
        timeout = timedelta(seconds=TIMEOUT)
        if target.authority_file is not None:
            builder = builder.add_root_certificate_pem(Path(target.authority_file).read_bytes())
            if not target.is_http2:
                builder = builder.http1_only()
        return (
            builder.default_cookie_store(True)
            .connect_timeout(timeout)
            .read_timeout(timeout)
            .pool_timeout(timeout)
            .pool_max_idle_per_host(max(100, target.concurrency))
            .max_connections(max(100, target.concurrency))
        )

    @contextmanager
    def open_sync(self, target: Target) -> Iterator[Fetch]:
        builder = import_module("pyreqwest.client").SyncClientBuilder()
        url = target.url

        with self._settings(builder, target).build() as client:

            def fetch() -> Fetched:
                response = client.get(url).build().send()
                return response.status, len(response.bytes())

            def download() -> Fetched:
                length = 0
                with client.get(url).build_streamed() as response:
                    while piece := response.body_reader.read_chunk():
                        length += len(piece)
                    return response.status, length

            def send() -> Fetched:
                response = client.post(url).body_stream(upload()).build().send()
                return response.status, len(response.bytes())

            yield download if target.is_download else send if target.is_upload else fetch

    @asynccontextmanager
    async def open_async(self, target: Target) -> AsyncIterator[list[AsyncFetch]]:
        builder = import_module("pyreqwest.client").ClientBuilder()
        url = target.url

        async with self._settings(builder, target).build() as client:

            async def fetch() -> Fetched:
                response = await client.get(url).build().send()
                return response.status, len(await response.bytes())

            async def download() -> Fetched:
                length = 0
                async with client.get(url).build_streamed() as response:
                    while piece := await response.body_reader.read_chunk():
                        length += len(piece)
                    return response.status, length

            yield [download if target.is_download else fetch] * target.concurrency

    def build(self) -> None:
        import_module("pyreqwest.client").SyncClientBuilder().build().close()

    def one_off(self, url: str) -> Fetched:
        response = import_module("pyreqwest.simple.sync_request").pyreqwest_get(url).send()
        return response.status, len(response.bytes())


class Pycurl(Peer):
    """One handle for each thread, used again: libcurl keeps the connection in it.

    It hands over the body and the status; nobody asks it for the headers, so unlike
    the others it builds no mapping of them.
    """

    def _handle(self, url: str) -> Any:
        pycurl = import_module("pycurl")
        handle = pycurl.Curl()
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.COOKIEFILE, "")  # cookies on, none loaded
        handle.setopt(pycurl.ACCEPT_ENCODING, "")  # all that it can decode
        handle.setopt(pycurl.CONNECTTIMEOUT, int(TIMEOUT))
        handle.setopt(pycurl.TIMEOUT, int(TIMEOUT))
        return handle

    @contextmanager
    def open_sync(self, target: Target) -> Iterator[Fetch]:
        pycurl = import_module("pycurl")
        handles: list[Any] = []
        local = threading.local()

        def handle() -> Any:
            try:
                return local.handle
            except AttributeError:
                local.handle = self._handle(target.url)
                handles.append(local.handle)
                return local.handle

        def fetch() -> Fetched:
            mine = handle()
            body = mine.perform_rb()
            return mine.getinfo(pycurl.RESPONSE_CODE), len(body)

        def download() -> Fetched:
            length = 0

            def take(piece: bytes) -> None:
                nonlocal length
                length += len(piece)

            mine = handle()
            mine.setopt(pycurl.WRITEFUNCTION, take)
            mine.perform()
            return mine.getinfo(pycurl.RESPONSE_CODE), length

        def send() -> Fetched:
            pieces = upload()
            rest = b""

            def give(size: int) -> bytes:
                nonlocal rest
                piece = rest or next(pieces, b"")
                rest = piece[size:]
                return piece[:size]

            mine = handle()
            mine.setopt(pycurl.POST, 1)
            mine.setopt(pycurl.UPLOAD_BUFFERSIZE, _PIECE)
            mine.setopt(pycurl.HTTPHEADER, ["Transfer-Encoding: chunked", "Expect:"])
            mine.setopt(pycurl.READFUNCTION, give)
            return fetch()

        try:
            yield download if target.is_download else send if target.is_upload else fetch
        finally:
            for mine in handles:
                mine.close()

    def build(self) -> None:
        import_module("pycurl").Curl().close()

    def one_off(self, url: str) -> Fetched:
        pycurl = import_module("pycurl")
        handle = self._handle(url)
        body = handle.perform_rb()
        status = handle.getinfo(pycurl.RESPONSE_CODE)
        handle.close()
        return status, len(body)


class Zapros(Peer):
    """Handlers that wrap each other: cookies are one, timeouts are the innermost's."""

    speaks_http2 = True

    def _arguments(self, target: Target, transport: Any) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "connect_timeout": TIMEOUT,
            "read_timeout": TIMEOUT,
            "write_timeout": TIMEOUT,
            "http1": not target.is_http2,
            "http2": target.is_http2,
        }
        if target.authority_file is not None:
            context = ssl.create_default_context(cafile=target.authority_file)
            arguments["transport"] = transport(ssl_context=context)
        return arguments

    @contextmanager
    def open_sync(self, target: Target) -> Iterator[Fetch]:
        zapros = import_module("zapros")
        url = target.url
        handler = zapros.StdNetworkHandler(**self._arguments(target, zapros.SyncTransport))

        with zapros.Client(zapros.CookieMiddleware(handler)) as client:

            def fetch() -> Fetched:
                response = client.get(url)
                return response.status, len(response.read())

            def download() -> Fetched:
                with client.stream("GET", url) as response:
                    return response.status, sum(len(piece) for piece in response.iter_bytes())

            def send() -> Fetched:
                response = client.post(url, body=upload())
                return response.status, len(response.read())

            yield download if target.is_download else send if target.is_upload else fetch

    @asynccontextmanager
    async def open_async(self, target: Target) -> AsyncIterator[list[AsyncFetch]]:
        zapros = import_module("zapros")
        url = target.url
        handler = zapros.AsyncStdNetworkHandler(**self._arguments(target, zapros.AsyncIOTransport))

        async with zapros.AsyncClient(zapros.CookieMiddleware(handler)) as client:

            async def fetch() -> Fetched:
                response = await client.get(url)
                return response.status, len(await response.aread())

            async def download() -> Fetched:
                length = 0
                async with client.stream("GET", url) as response:
                    async for piece in response.async_iter_bytes():
                        length += len(piece)
                return response.status, length

            yield [download if target.is_download else fetch] * target.concurrency

    def build(self) -> None:
        import_module("zapros").Client().close()
