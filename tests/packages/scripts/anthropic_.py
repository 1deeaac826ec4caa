"""anthropic: messages and streams, in both modes, and a client of the user's own."""

import asyncio
import sys
from typing import Any

import anthropic
import httpx
import pytest

SETTINGS: dict[str, Any] = {
    "base_url": f"{sys.argv[1]}/anthropic",
    "api_key": "ak-test",
    "max_retries": 0,
}


def asked(text: str) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": "claude-test", "max_tokens": 10, "messages": messages}


def sync() -> None:
    with anthropic.Anthropic(**SETTINGS) as client:
        message = client.messages.create(**asked("hello"))
        assert message.content[0].text == "hello"

        with client.messages.stream(**asked("one two three")) as stream:
            assert list(stream.text_stream) == ["one ", "two ", "three "]
            assert stream.get_final_message().stop_reason == "end_turn"

        # Left early.
        with client.messages.create(**asked("one two three"), stream=True) as events:
            assert next(iter(events)).type == "message_start"
        with pytest.raises(anthropic.BadRequestError) as refused:
            client.messages.create(**asked("refuse"))
        assert refused.value.response.status_code == 400

    # It insists on an instance of httpx2.Client.
    with anthropic.Anthropic(**SETTINGS, http_client=httpx.Client(timeout=5)) as client:
        assert client.messages.create(**asked("mine")).content[0].text == "mine"
    with anthropic.Anthropic(**SETTINGS, http_client=anthropic.DefaultHttpxClient()) as client:
        assert client.messages.create(**asked("theirs")).content[0].text == "theirs"


async def asynchronous() -> None:
    async with anthropic.AsyncAnthropic(**SETTINGS) as client:
        message = await client.messages.create(**asked("hello"))
        assert message.content[0].text == "hello"
        async with client.messages.stream(**asked("one two three")) as stream:
            assert [text async for text in stream.text_stream] == ["one ", "two ", "three "]


sync()
asyncio.run(asynchronous())
