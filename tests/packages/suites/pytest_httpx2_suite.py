"""Tests as pytest-httpx2's users write them: a mocker of respx's, for httpcore2."""

import asyncio

import httpx
import httpx2
import pytest
import respx


def test_httpx_is_hookline() -> None:
    assert httpx2.Client.__module__.startswith("hookline")


def test_fixture(httpx2_mock: respx.Router) -> None:
    httpx2_mock.get("https://example.org/a").respond(json={"a": 1})

    assert httpx2.get("https://example.org/a").json() == {"a": 1}
    # One class, under both names.
    assert httpx.get("https://example.org/a").json() == {"a": 1}

    async def main() -> None:
        async with httpx2.AsyncClient() as client:
            assert (await client.get("https://example.org/a")).json() == {"a": 1}

    asyncio.run(main())


def test_errors(httpx2_mock: respx.Router) -> None:
    httpx2_mock.post("https://example.org/b").mock(side_effect=httpx2.ReadTimeout)
    with pytest.raises(httpx.ReadTimeout):
        httpx2.post("https://example.org/b")
