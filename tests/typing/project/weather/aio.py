"""The same, asynchronously."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import assert_type

import hookline
from hookline import AsyncClient, Request, Response
from hookline.types import AsyncRequestHook

from .models import Page


async def log_request(request: Request) -> None:
    await asyncio.sleep(0)
    print(request.method, request.url)


async def read_errors(response: Response) -> None:
    if response.is_error:
        await response.aread()


def make_client(transport: hookline.AsyncBaseTransport | None = None) -> AsyncClient:
    hooks: list[AsyncRequestHook] = [log_request]
    client = AsyncClient(
        base_url="https://weather.example/v1",
        event_hooks={"request": hooks, "response": [read_errors]},
        mounts={"https://internal.example": hookline.AsyncHTTPTransport(retries=2), "all://": None},
        transport=transport,
        http2=True,
    )
    client.event_hooks["response"].append(read_errors)
    return client


async def pages(client: AsyncClient, *names: str) -> list[Page]:
    responses = await asyncio.gather(*(client.get(f"/pages/{name}") for name in names))
    assert_type(responses, list[Response])
    found: list[Page] = []
    for response in responses:
        page: Page = response.raise_for_status().json()
        found.append(page)
    return found


async def numbers() -> AsyncIterator[bytes]:
    for number in range(3):
        yield str(number).encode()


async def uploads_of(client: AsyncClient, url: str) -> None:
    response = await client.post(url, content=numbers())
    assert_type(response, Response)
    assert_type(await response.aread(), bytes)
    await client.put(url, json={"a": 1})
    await client.patch(url, data={"a": "b"})
    await client.delete(url)
    await client.head(url)
    await client.options(url)
    await client.query(url, content="select")
    await client.request("PURGE", url, timeout=hookline.Timeout(5, read=None))
    await client.send(client.build_request("GET", url), auth=None)


async def lines(client: AsyncClient, url: str) -> list[str]:
    found: list[str] = []
    async with client.stream("GET", url) as response:
        assert_type(response, Response)
        async for line in response.aiter_lines():
            assert_type(line, str)
            found.append(line)
    return found


async def pieces(response: Response) -> None:
    async for raw in response.aiter_raw(1024):
        assert_type(raw, bytes)
    async for piece in response.aiter_bytes():
        assert_type(piece, bytes)
    async for text in response.aiter_text():
        assert_type(text, str)
    await response.aclose()


async def main() -> None:
    async with make_client() as client:
        assert_type(client, AsyncClient)
        await pages(client, "a", "b")
        await client.aclose()
