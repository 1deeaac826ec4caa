"""hishel: cached, revalidated and stored responses, by its clients and transports, both modes."""

import asyncio
import sys
import tempfile
from pathlib import Path

import httpx
from hishel import AsyncSqliteStorage, SqliteStorage
from hishel.httpx import AsyncCacheClient, AsyncCacheTransport, CacheClient, CacheTransport
from hishel.httpx2 import CacheClient as CacheClient2

URL = sys.argv[1]
FOLDER = tempfile.TemporaryDirectory()


def path(name: str) -> Path:
    return Path(FOLDER.name) / name


def facts(response: httpx.Response) -> tuple[str, bool]:
    return response.text, response.extensions["caching"]["from_cache"]


with CacheClient(storage=SqliteStorage(database_path=path("a")), rfc=True) as client:
    assert isinstance(client, httpx.Client)
    assert facts(client.get(f"{URL}/cached/a")) == ("fresh 1", False)
    assert facts(client.get(f"{URL}/cached/a")) == ("fresh 1", True)
    # Stale at once, and answered by a 304.
    first = client.get(f"{URL}/cached/b", params={"age": 0})
    second = client.get(f"{URL}/cached/b", params={"age": 0})
    assert (first.text, second.text) == ("fresh 1", "fresh 1")
    assert second.extensions["caching"]["revalidated"]
    assert client.get(f"{URL}/seen", params={"what": "/cached/b"}).json() == 2
with CacheClient(storage=SqliteStorage(), proxy="http://127.0.0.1:9") as client:
    assert [type(transport) for transport in client._mounts.values()] == [CacheTransport]
with CacheClient2(storage=SqliteStorage(database_path=path("b"))) as client:
    assert [facts(client.get(f"{URL}/cached/c"))[1] for _ in range(2)] == [False, True]
transport = CacheTransport(httpx.HTTPTransport(), SqliteStorage(database_path=path("c")))
with httpx.Client(transport=transport) as client:
    with client.stream("GET", f"{URL}/cached/d") as response:
        assert "".join(response.iter_text()) == "fresh 1"
    assert facts(client.get(f"{URL}/cached/d")) == ("fresh 1", True)


async def asynchronous() -> None:
    storage = AsyncSqliteStorage(database_path=path("d"))
    async with AsyncCacheClient(storage=storage, rfc=True) as client:
        assert facts(await client.get(f"{URL}/cached/e")) == ("fresh 1", False)
        assert facts(await client.get(f"{URL}/cached/e")) == ("fresh 1", True)
    storage = AsyncSqliteStorage(database_path=path("e"))
    transport = AsyncCacheTransport(httpx.AsyncHTTPTransport(), storage)
    async with httpx.AsyncClient(transport=transport) as client:
        assert facts(await client.get(f"{URL}/cached/f")) == ("fresh 1", False)
        assert facts(await client.get(f"{URL}/cached/f")) == ("fresh 1", True)


asyncio.run(asynchronous())
FOLDER.cleanup()
