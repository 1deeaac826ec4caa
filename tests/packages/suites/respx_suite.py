"""Tests as respx's users write them: its default mode, which replaces httpcore's methods."""

import asyncio
import os
from collections.abc import AsyncIterator

import httpcore
import httpx
import httpx2
import pytest
import respx

URL = os.environ["SERVICES"]


def test_httpx_is_hookline() -> None:
    assert httpx.Client.__module__.startswith("hookline")


@respx.mock
def test_decorator() -> None:
    route = respx.get("https://example.org/a", params={"q": "1"}).respond(201, json={"a": 1})

    response = httpx.get("https://example.org/a?q=1", headers={"x-a": "1"})

    assert (response.status_code, response.json()) == (201, {"a": 1})
    assert type(response) is httpx2.Response
    request = route.calls.last.request
    assert (str(request.url), request.headers["x-a"]) == ("https://example.org/a?q=1", "1")
    # On a host alone, without a path.
    respx.get("https://example.net").respond(204)
    assert httpx2.get("https://example.net").status_code == 204


def test_fixture(respx_mock: respx.MockRouter) -> None:
    respx_mock.post("https://example.org/b", json={"x": 1}).respond(text="json")
    respx_mock.post("https://example.org/b", data={"x": "1"}).respond(text="form")
    respx_mock.put("https://example.org/b", headers={"x-a": "1"}, content=b"abc").respond(
        text="put", headers={"x-b": "2"}
    )
    with httpx.Client(base_url="https://example.org") as client:
        assert client.post("/b", json={"x": 1}).text == "json"
        assert client.post("/b", data={"x": "1"}).text == "form"
        assert client.put("/b", headers={"x-a": "1"}, content=b"abc").headers["x-b"] == "2"
        with pytest.raises(respx.models.AllMockedAssertionError):
            client.get("/none")


async def pieces() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


def test_asynchronous(respx_mock: respx.MockRouter) -> None:
    effects = [httpx.ConnectTimeout, httpx.ReadError("gone"), httpx.Response(200, text="ok")]
    respx_mock.post("https://example.org/c").mock(side_effect=effects)
    respx_mock.get("https://example.org/stream").respond(stream=pieces())

    async def main() -> None:
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.ConnectTimeout) as caught:
                await client.post("https://example.org/c", content=pieces())
            assert caught.value.request.method == "POST"
            with pytest.raises(httpx.ReadError, match="gone"):
                await client.post("https://example.org/c")
            assert (await client.post("https://example.org/c")).text == "ok"
            async with client.stream("GET", "https://example.org/stream") as response:
                assert [piece async for piece in response.aiter_bytes()] == [b"a", b"b"]

    asyncio.run(main())


def test_redirects_and_cookies_are_the_clients(respx_mock: respx.MockRouter) -> None:
    respx_mock.get("https://example.org/from").respond(
        302, headers={"location": "/to", "set-cookie": "sid=1"}
    )
    respx_mock.get("https://example.org/to", cookies={"sid": "1"}).respond(204)
    with httpx.Client(follow_redirects=True) as client:
        assert client.get("https://example.org/from").status_code == 204


def test_requests_that_pass_through(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.route(host="127.0.0.1").pass_through()
    assert httpx.post(f"{URL}/echo", content=b"abc").json()["body"] == "abc"

    async def main() -> None:
        async with httpx.AsyncClient() as client:
            assert (await client.post(f"{URL}/echo", content=pieces())).json()["body"] == "ab"
            async with client.stream("GET", f"{URL}/sse") as response:
                assert len([line async for line in response.aiter_lines()]) == 6

    asyncio.run(main())
    assert route.called


def test_requests_through_a_proxy(respx_mock: respx.MockRouter) -> None:
    respx_mock.get("https://example.org/").respond(204)
    with httpx.Client(proxy="http://127.0.0.1:9") as client:
        assert client.get("https://example.org/").status_code == 204


def test_clients_that_were_there_before(respx_mock: respx.MockRouter) -> None:
    with respx.mock() as inner:
        inner.get("https://example.org/").respond(202)
        assert client_of_the_module.get("https://example.org/").status_code == 202


def test_afterwards_requests_are_sent_again() -> None:
    with respx.mock(assert_all_called=False):
        pass
    with pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:9/")
    assert client_of_the_module.get(f"{URL}/echo").status_code == 200
    client_of_the_module.close()


@respx.mock(using="httpx")
def test_the_clients_methods_replaced(respx_mock: respx.MockRouter) -> None:
    respx_mock.get("https://example.org/").respond(204)
    assert httpx.get("https://example.org/").status_code == 204


def test_a_router_as_a_transport() -> None:
    router = respx.Router()
    router.get("https://example.org/").respond(text="routed")
    with httpx.Client(transport=httpx.MockTransport(router.handler)) as client:
        assert client.get("https://example.org/").text == "routed"


def test_errors_of_httpcore_are_those_of_httpx() -> None:
    assert httpcore.ReadTimeout is httpx.ReadTimeout


client_of_the_module = httpx.Client()
