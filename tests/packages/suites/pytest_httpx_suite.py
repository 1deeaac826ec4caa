"""Tests as pytest-httpx's users write them."""

import asyncio
import os
import re

import httpx
import pytest
from pytest_httpx import HTTPXMock, IteratorStream

URL = os.environ["SERVICES"]


def test_httpx_is_hookline() -> None:
    assert httpx.Client.__module__.startswith("hookline")


def test_responses(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"a": 1}, headers={"x-b": "2"}, http_version="HTTP/2.0")
    httpx_mock.add_response(url=re.compile(".*/text"), text="hello", status_code=404)

    with httpx.Client() as client:
        response = client.get("https://example.org/")
        assert (response.json(), response.headers["x-b"]) == ({"a": 1}, "2")
        assert response.http_version == "HTTP/2.0"
        with pytest.raises(httpx.HTTPStatusError):
            client.get("https://example.org/text").raise_for_status()
    assert [request.url.path for request in httpx_mock.get_requests()] == ["/", "/text"]


def test_what_is_matched(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(method="POST", match_json={"a": [1, 2]}, text="json")
    httpx_mock.add_response(method="POST", match_content=b"abc", text="content")
    httpx_mock.add_response(method="PUT", match_headers={"x-a": "1"}, text="headers")
    httpx_mock.add_response(
        url="https://example.org/", match_params={"q": ["1", "2"]}, text="params"
    )
    httpx_mock.add_response(
        match_files={"file": ("a.txt", b"content", "text/plain")},
        match_data={"field": "x"},
        text="files",
    )
    httpx_mock.add_response(
        match_extensions={"timeout": {"connect": 1, "read": 1, "write": 1, "pool": 1}}, text="ext"
    )
    with httpx.Client(base_url="https://example.org") as client:
        assert client.post("/", json={"a": [1, 2]}).text == "json"
        assert client.post("/", content=b"abc").text == "content"
        assert client.put("/", headers={"x-a": "1"}).text == "headers"
        assert client.get("/", params={"q": ["1", "2"]}).text == "params"
        form = {"file": ("a.txt", b"content", "text/plain")}
        assert client.post("/", files=form, data={"field": "x"}).text == "files"
        assert client.get("/", timeout=1).text == "ext"


def test_proxies(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(proxy_url="http://user:pass@127.0.0.1:8080/", text="by proxy")
    httpx_mock.add_response(text="direct")
    with httpx.Client(proxy="http://user:pass@127.0.0.1:8080") as client:
        assert client.get("https://example.org/").text == "by proxy"
    assert httpx.get("https://example.org/").text == "direct"


def test_errors(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_exception(httpx.ReadTimeout("too late"), method="GET")
    with pytest.raises(httpx.ReadTimeout, match="too late") as caught:
        httpx.get("https://example.org/")
    assert caught.value.request.url == "https://example.org/"


@pytest.mark.httpx_mock(assert_all_requests_were_expected=False)
def test_nothing_matches(httpx_mock: HTTPXMock) -> None:
    with pytest.raises(httpx.TimeoutException, match="No response can be found for GET request"):
        httpx.get("https://example.org/")


def test_asynchronous(httpx_mock: HTTPXMock) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"url": str(request.url)})

    httpx_mock.add_callback(answer)
    httpx_mock.add_response(stream=IteratorStream([b"a", b"b"]))

    async def main() -> None:
        async with httpx.AsyncClient() as client:
            response = await client.post("https://example.org/", content=b"x")
            assert response.json() == {"url": "https://example.org/"}
            async with client.stream("GET", "https://example.org/") as response:
                assert [piece async for piece in response.aiter_raw()] == [b"a", b"b"]

    asyncio.run(main())


def test_streams(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(stream=IteratorStream([b"a\n", b"b"]))
    with httpx.Client() as client, client.stream("GET", "https://example.org/") as response:
        assert list(response.iter_lines()) == ["a", "b"]


@pytest.mark.httpx_mock(should_mock=lambda request: request.url.host != "127.0.0.1")
def test_some_requests_are_sent(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(text="mocked")
    assert httpx.get("https://example.org/").text == "mocked"
    assert httpx.post(f"{URL}/echo", content=b"sent").json()["body"] == "sent"
