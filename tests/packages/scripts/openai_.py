"""openai: a chat, a stream, retries, a timeout, an upload and a download, in both modes."""

import asyncio
import hashlib
import io
import sys
from typing import Any

import httpx
import httpx2
import openai
import pytest

BASE_URL = f"{sys.argv[1]}/openai"
PNG = b"\x89PNG" + bytes(300_000)


def said(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def settings(**others: Any) -> dict[str, Any]:
    return {"base_url": BASE_URL, "api_key": "sk-test", "max_retries": 2, **others}


def sync() -> None:
    with openai.OpenAI(**settings()) as client:
        chat = client.chat.completions.create(model="hook-1", messages=said("hello"))
        assert chat.choices[0].message.content == "hello (0)"

        raw = client.chat.completions.with_raw_response.create(
            model="hook-1", messages=said("hello")
        )
        assert raw.http_response.http_version == "HTTP/1.1"
        assert raw.elapsed.total_seconds() > 0
        assert type(raw.http_response) is httpx.Response is httpx2.Response

        with client.chat.completions.create(
            model="hook-1", messages=said("one two three"), stream=True
        ) as stream:
            words = [chunk.choices[0].delta.content for chunk in stream]
        assert words == ["one", "two", "three"]

        # Two failures, and the answer.
        chat = client.chat.completions.create(model="hook-1", messages=said("flaky sync"))
        assert chat.choices[0].message.content == "flaky sync (2)"

        slow = client.with_options(timeout=httpx.Timeout(5, read=0.05), max_retries=0)
        with pytest.raises(openai.APITimeoutError) as late:
            slow.chat.completions.create(model="hook-1", messages=said("slow"))
        assert isinstance(late.value.__cause__, httpx.ReadTimeout)

        file = client.files.create(file=("a.png", io.BytesIO(PNG)), purpose="vision")
        assert (file.filename, file.bytes, file.purpose) == ("a.png", len(PNG), "vision")
        assert file.id == hashlib.sha256(PNG).hexdigest()
        assert len(client.files.content(file.id).read()) == 256 * 1024

    assert client.is_closed()
    with (
        pytest.raises(openai.AuthenticationError) as refused,
        openai.OpenAI(**settings(api_key="wrong")) as client,
    ):
        client.chat.completions.create(model="hook-1", messages=said("hello"))
    assert refused.value.response.status_code == 401
    # A client of the user's own, under either name.
    for kind in (httpx.Client, httpx2.Client, openai.DefaultHttpxClient):
        with openai.OpenAI(**settings(http_client=kind(headers={"x-mine": "1"}))) as client:
            chat = client.chat.completions.create(model="hook-1", messages=said("mine"))
            assert chat.choices[0].message.content == "mine (0)"


async def asynchronous() -> None:
    async with openai.AsyncOpenAI(**settings()) as client:
        chat = await client.chat.completions.create(model="hook-1", messages=said("hello"))
        assert chat.choices[0].message.content == "hello (0)"

        async with await client.chat.completions.create(
            model="hook-1", messages=said("one two three"), stream=True
        ) as stream:
            words = [chunk.choices[0].delta.content async for chunk in stream]
        assert words == ["one", "two", "three"]

        chat = await client.chat.completions.create(model="hook-1", messages=said("flaky async"))
        assert chat.choices[0].message.content == "flaky async (2)"

        slow = client.with_options(timeout=0.05, max_retries=0)
        with pytest.raises(openai.APITimeoutError) as late:
            await slow.chat.completions.create(model="hook-1", messages=said("slow"))
        assert isinstance(late.value.__cause__, httpx.ReadTimeout)

        file = await client.files.create(file=("a.png", PNG), purpose="vision")
        assert file.id == hashlib.sha256(PNG).hexdigest()
    nowhere = settings(base_url="http://127.0.0.1:9", max_retries=0)
    async with openai.AsyncOpenAI(**nowhere) as client:
        with pytest.raises(openai.APIConnectionError) as refused:
            await client.chat.completions.create(model="hook-1", messages=said("hello"))
    assert isinstance(refused.value.__cause__, httpx.ConnectError)


sync()
asyncio.run(asynchronous())
