"""gql: queries by its httpx transports, in both modes."""

import asyncio
import sys

from gql import Client, gql
from gql.transport.httpx import HTTPXAsyncTransport, HTTPXTransport

URL = f"{sys.argv[1]}/graphql"
QUERY = gql("query ($id: Int) { fish(id: $id) { name } }")
QUERY.variable_values = {"id": 1}
FISH = {"fish": {"name": "perch", "query": "fish", "variables": {"id": 1}}}

with Client(transport=HTTPXTransport(url=URL)) as client:
    assert client.execute(QUERY) == FISH


async def asynchronous() -> None:
    async with Client(transport=HTTPXAsyncTransport(url=URL)) as client:
        assert await client.execute(QUERY) == FISH


asyncio.run(asynchronous())
