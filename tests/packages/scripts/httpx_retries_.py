"""httpx-retries: one transport for both modes, that asks until it is answered."""

import asyncio
import sys

import httpx
from httpx_retries import Retry, RetryTransport

URL = sys.argv[1]
retry = Retry(total=5, backoff_factor=0)

with httpx.Client(transport=RetryTransport(retry=retry)) as client:
    response = client.get(f"{URL}/flaky/sync")
assert response.status_code == 200
assert response.extensions["retry"].attempts_made == 2


async def asynchronous() -> None:
    async with httpx.AsyncClient(transport=RetryTransport(retry=retry)) as client:
        response = await client.get(f"{URL}/flaky/async")
    assert response.status_code == 200
    assert response.extensions["retry"].attempts_made == 2


asyncio.run(asynchronous())
