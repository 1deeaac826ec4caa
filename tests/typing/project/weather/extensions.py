"""What is not HTTP: extensions, and the stream below a response."""

from __future__ import annotations

import socket
import ssl
from typing import assert_type

import hookline
from hookline import Headers, Request, Response
from hookline.types import (
    AsyncNetworkStream,
    KnownRequestExtensions,
    RequestExtensions,
    SyncNetworkStream,
    TimeoutDict,
)


def trace(event: str, info: dict[str, object]) -> None:
    print(event, info.get("return_value"))


async def atrace(event: str, info: dict[str, object]) -> None:
    print(event, info)


def progress(sent: int, total: int | None) -> None:
    print(sent, total)


def early(response: hookline.InformationalResponse) -> None:
    print(response.status_code, response.headers["link"])


def send(client: hookline.Client) -> Response:
    known: KnownRequestExtensions = {
        "sni_hostname": "weather.example",
        "timeout": {"connect": 1.0, "read": None},
        "trace": trace,
        "upload_progress": progress,
        "informational": early,
        "expect_continue": 1.0,
    }
    client.get("https://weather.example", extensions=known)
    # Any further key is for whatever transport knows it.
    flags = {"cache.bypass": True}
    client.get("https://weather.example", extensions=flags)
    mine: RequestExtensions = {"trace": trace, "tenant": 5}
    return client.get("https://weather.example", extensions=mine)


async def asend(client: hookline.AsyncClient) -> Response:
    return await client.get("https://weather.example", extensions={"trace": atrace})


def look_at_request(request: Request) -> None:
    assert_type(request.extensions["timeout"], TimeoutDict)
    assert_type(request.extensions.get("sni_hostname"), str | None)
    assert_type(request.extensions.get("target", b""), bytes)
    assert_type(request.extensions["tenant"], object)
    request.extensions["tenant"] = 6
    request.extensions = {**request.extensions, "tenant": 7}


def look_at_response(response: Response) -> str:
    assert_type(response.extensions["http_version"], bytes)
    assert_type(response.extensions.get("reason_phrase"), bytes | None)
    assert_type(response.extensions.get("stream_id", 0), int)
    assert_type(response.extensions.get("trailers"), Headers | None)
    assert_type(response.trailers, Headers)
    cached = response.extensions.get("from_cache", False)
    assert_type(cached, object)
    stream = response.extensions["network_stream"]
    assert_type(stream, SyncNetworkStream | AsyncNetworkStream)
    secure = stream.get_extra_info("ssl_object")
    assert_type(secure, ssl.SSLObject | None)
    assert_type(stream.get_extra_info("socket"), socket.socket | None)
    address = stream.get_extra_info("server_addr")
    if isinstance(address, tuple):
        return f"{address[0]}:{address[1]}"
    return "" if secure is None else str(secure.version())


def after_upgrade(response: Response) -> bytes:
    stream = response.extensions["network_stream"]
    assert isinstance(stream, SyncNetworkStream)
    stream.write(b"hello", timeout=1.0)
    data = stream.read(1024, timeout=None)
    assert_type(data, bytes)
    assert_type(stream.start_tls(ssl.create_default_context()), SyncNetworkStream)
    stream.close()
    return data


async def after_async_upgrade(response: Response) -> bytes:
    stream = response.extensions["network_stream"]
    assert isinstance(stream, AsyncNetworkStream)
    await stream.write(b"hello")
    data = await stream.read(1024)
    await stream.aclose()
    return data
