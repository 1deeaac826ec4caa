"""elastic-transport: its httpx node, sync and async: answers, errors, and a node that is away."""

import asyncio
import sys

import httpx
import pytest
from elastic_transport import (
    AsyncTransport,
    ConnectionError,
    HttpxAsyncHttpNode,
    NodeConfig,
    Transport,
)
from elastic_transport._node._http_httpx import HttpxHttpNode

PORT = int(sys.argv[1].rpartition(":")[2])


def node(port: int) -> NodeConfig:
    return NodeConfig("http", "127.0.0.1", port, path_prefix="/elastic", http_compress=True)


transport = Transport([node(PORT)], node_class=HttpxHttpNode)
assert isinstance(next(iter(transport.node_pool.all())).client, httpx.Client)
answer = transport.perform_request("GET", "/index/_search")
assert (answer.meta.status, answer.body["took"]) == (200, 1)
assert answer.meta.headers["x-elastic-product"] == "Elasticsearch"
assert transport.perform_request("GET", "/missing").meta.status == 404
transport.close()

away = Transport([node(9)], node_class=HttpxHttpNode, max_retries=0)
with pytest.raises(ConnectionError) as refused:
    away.perform_request("GET", "/")
assert "Connection refused" in refused.value.message
assert isinstance(refused.value.__cause__, httpx.ConnectError)
away.close()


async def asynchronous() -> None:
    transport = AsyncTransport([node(PORT)], node_class=HttpxAsyncHttpNode)
    answer = await transport.perform_request("GET", "/index/_search")
    assert answer.body["took"] == 1
    await transport.close()


asyncio.run(asynchronous())
