"""The clients, each set up as its users would and reduced to one call.

An adapter opens a client for a target and yields `fetch`: one GET, its body read,
answered with the status and the body's length, which the caller checks. Knows the
clients' own APIs; knows nothing about clocks.

The settings, where a client has them: default headers, redirects as they come,
cookies on, timeouts on, and a pool that holds as many connections as there are
requests in flight. Clients are imported when they are opened: one that is not
installed costs the others nothing.
"""

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import floor
import floor_h2
from target import AsyncFetch, Fetch, Fetched, Target
from workloads import Workload

# Seconds. On, but out of the way: with 1000 requests in flight the slowest client
# keeps a single one waiting for longer than the 5 seconds that are httpx's default.
TIMEOUT = 30.0


@dataclass(frozen=True)
class Client:
    """A name in the table. An API that the client does not have is None.

    `open_async` yields one fetch for each worker; the pooled clients give every
    worker the same one. A client that is not there `by_default` waits to be named.
    """

    name: str
    distribution: str | None
    open_sync: Callable[[Target], AbstractContextManager[Fetch]] | None = None
    open_async: Callable[[Target], AbstractAsyncContextManager[list[AsyncFetch]]] | None = None
    by_default: bool = True
    speaks_http2: bool = False

    def is_installed(self) -> bool:
        return self.distribution is None or find_spec(self.name) is not None

    def version(self) -> str | None:
        """Of the distribution, or None: the floor, or a source tree on the path."""
        try:
            return metadata.version(self.distribution) if self.distribution else None
        except metadata.PackageNotFoundError:
            return None

    def can_do(self, workload: Workload) -> bool:
        if workload.is_http2 and not self.speaks_http2:
            return False
        return (self.open_async if workload.is_async else self.open_sync) is not None


# From here on, nobody keeps the whole body in memory.
_DOWNLOAD = 1_000_000


def _floor_sync(target: Target) -> AbstractContextManager[Fetch]:
    return floor.blocking(target) if target.authority_file is None else floor_h2.blocking(target)


def _floor_async(target: Target) -> AbstractAsyncContextManager[list[AsyncFetch]]:
    return floor.plain(target) if target.authority_file is None else floor_h2.awaited(target)


# hookline, httpx2 and httpx: one API, so one adapter.


def _httpx_settings(httpx: Any, target: Target) -> dict[str, Any]:
    limits = httpx.Limits(
        max_connections=max(100, target.concurrency),
        max_keepalive_connections=max(20, target.concurrency),
    )
    settings: dict[str, Any] = {"limits": limits, "timeout": TIMEOUT}
    if target.authority_file is not None:
        settings |= {
            "http2": True,
            "verify": ssl.create_default_context(cafile=target.authority_file),
        }
    return settings


@contextmanager
def _httpx_sync(name: str, target: Target) -> Iterator[Fetch]:
    httpx = import_module(name)
    url = target.url

    with httpx.Client(**_httpx_settings(httpx, target)) as client:

        def fetch() -> Fetched:
            response = client.get(url)
            return response.status_code, len(response.content)

        def download() -> Fetched:
            with client.stream("GET", url) as response:
                return response.status_code, sum(len(piece) for piece in response.iter_bytes())

        yield fetch if target.body_length < _DOWNLOAD else download


@asynccontextmanager
async def _httpx_async(name: str, target: Target) -> AsyncIterator[list[AsyncFetch]]:
    httpx = import_module(name)
    url = target.url

    async with httpx.AsyncClient(**_httpx_settings(httpx, target)) as client:

        async def fetch() -> Fetched:
            response = await client.get(url)
            return response.status_code, len(response.content)

        async def download() -> Fetched:
            length = 0
            async with client.stream("GET", url) as response:
                async for piece in response.aiter_bytes():
                    length += len(piece)
            return response.status_code, length

        yield [fetch if target.body_length < _DOWNLOAD else download] * target.concurrency


@asynccontextmanager
async def _aiohttp_async(target: Target) -> AsyncIterator[list[AsyncFetch]]:
    aiohttp = import_module("aiohttp")
    url = target.url
    connector = aiohttp.TCPConnector(limit=max(100, target.concurrency))
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)

    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def fetch() -> Fetched:
            async with session.get(url) as response:
                return response.status, len(await response.read())

        yield [fetch] * target.concurrency


@contextmanager
def _urllib3_sync(target: Target) -> Iterator[Fetch]:
    """It has no cookies; its timeout is off unless one is given."""
    urllib3 = import_module("urllib3")
    url = target.url

    with urllib3.PoolManager(maxsize=target.concurrency, timeout=TIMEOUT) as pool:

        def fetch() -> Fetched:
            response = pool.request("GET", url)
            return response.status, len(response.data)

        yield fetch


def _pyreqwest_settings(builder: Any, target: Target) -> Any:
    """Its cookies and its timeouts are off unless asked for."""
    timeout = timedelta(seconds=TIMEOUT)
    if target.authority_file is not None:
        builder = builder.add_root_certificate_pem(Path(target.authority_file).read_bytes())
    return (
        builder.default_cookie_store(True)
        .connect_timeout(timeout)
        .read_timeout(timeout)
        .pool_timeout(timeout)
        .pool_max_idle_per_host(max(100, target.concurrency))
        .max_connections(max(100, target.concurrency))
    )


@contextmanager
def _pyreqwest_sync(target: Target) -> Iterator[Fetch]:
    builder = import_module("pyreqwest.client").SyncClientBuilder()
    url = target.url

    with _pyreqwest_settings(builder, target).build() as client:

        def fetch() -> Fetched:
            response = client.get(url).build().send()
            return response.status, len(response.bytes())

        yield fetch


@asynccontextmanager
async def _pyreqwest_async(target: Target) -> AsyncIterator[list[AsyncFetch]]:
    builder = import_module("pyreqwest.client").ClientBuilder()
    url = target.url

    async with _pyreqwest_settings(builder, target).build() as client:

        async def fetch() -> Fetched:
            response = await client.get(url).build().send()
            return response.status, len(await response.bytes())

        yield [fetch] * target.concurrency


@contextmanager
def _pycurl_sync(target: Target) -> Iterator[Fetch]:
    """One handle, used again: libcurl keeps the connection in it.

    It hands over the body and the status; nobody asks it for the headers, so unlike
    the others it builds no mapping of them.
    """
    pycurl = import_module("pycurl")
    handle = pycurl.Curl()
    handle.setopt(pycurl.URL, target.url)
    handle.setopt(pycurl.COOKIEFILE, "")  # cookies on, none loaded
    handle.setopt(pycurl.ACCEPT_ENCODING, "")  # all that it can decode
    handle.setopt(pycurl.CONNECTTIMEOUT, int(TIMEOUT))
    handle.setopt(pycurl.TIMEOUT, int(TIMEOUT))

    def fetch() -> Fetched:
        body = handle.perform_rb()
        return handle.getinfo(pycurl.RESPONSE_CODE), len(body)

    try:
        yield fetch
    finally:
        handle.close()


def _like_httpx(name: str, distribution: str, by_default: bool = True) -> Client:
    open_sync, open_async = partial(_httpx_sync, name), partial(_httpx_async, name)
    return Client(name, distribution, open_sync, open_async, by_default, speaks_http2=True)


# In the order of the table. The floor comes first: unless asked otherwise, the ratios
# are to it.
CLIENTS: dict[str, Client] = {
    client.name: client
    for client in (
        Client("floor", None, _floor_sync, _floor_async, speaks_http2=True),
        Client("floor-buffered", None, open_async=floor.buffered),
        _like_httpx("hookline", "hookline-core"),
        Client("aiohttp", "aiohttp", open_async=_aiohttp_async),
        Client("urllib3", "urllib3", open_sync=_urllib3_sync),
        Client("pyreqwest", "pyreqwest", _pyreqwest_sync, _pyreqwest_async, speaks_http2=True),
        Client("pycurl", "pycurl", open_sync=_pycurl_sync),
        _like_httpx("httpx2", "httpx2"),
        # With 1000 in flight it takes a minute for each round, and httpx2, which
        # came out of it, is there.
        _like_httpx("httpx", "httpx", by_default=False),
    )
}
