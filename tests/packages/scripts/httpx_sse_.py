"""httpx-sse: events in both modes, and what is no stream of events."""

import asyncio
import sys

import httpx
import pytest
from httpx_sse import SSEError, aconnect_sse, connect_sse

URL = sys.argv[1]

with httpx.Client() as client:
    with connect_sse(client, "GET", f"{URL}/sse") as source:
        found = [(event.event, event.json()["n"]) for event in source.iter_sse()]
    assert found == [("first", 1), ("second", 2)]
    with connect_sse(client, "GET", f"{URL}/echo") as source:
        with pytest.raises(SSEError) as refused:
            list(source.iter_sse())
        assert isinstance(refused.value, httpx.TransportError)


async def asynchronous() -> None:
    async with (
        httpx.AsyncClient() as client,
        aconnect_sse(client, "GET", f"{URL}/sse") as source,
    ):
        found = [event.event async for event in source.aiter_sse()]
    assert found == ["first", "second"]


asyncio.run(asynchronous())
