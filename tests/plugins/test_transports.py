"""Transport plugins: one class for both kinds of client, and what is said of one that is unfit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import hookline
from hookline import Request, Response
from hookline.plugins import Transport
from support.modes import Mode
from support.plugins import Echo, manager_of


async def test_one_class_serves_every_kind_of_client(mode: Mode) -> None:
    async with mode.client(transport="echo", plugins=manager_of(Echo)) as client:
        response = await client.get("http://example.org/page")

    assert response.text == "GET http://example.org/page"
    assert response.request.url == "http://example.org/page"


async def test_a_transport_by_name_is_closed_with_its_client(mode: Mode) -> None:
    closed: list[str] = []

    class Closing(Echo):
        name = "closing"

        async def aclose(self) -> None:
            closed.append(mode.name)

    async with mode.client(transport="closing", plugins=manager_of(Closing)) as client:
        await client.get("http://example.org/")
        assert closed == []

    assert closed == [mode.name]


async def test_a_transport_can_wrap_the_pool(mode: Mode, server: str) -> None:
    class Counting(Transport):
        name = "counting"

        def __init__(self, inner: Any) -> None:
            self._inner = inner
            self.count = 0

        async def handle(self, request: Request) -> Response:
            self.count += 1
            if mode.is_async:
                response: Response = await self._inner.handle_async_request(request)
            else:
                response = self._inner.handle_request(request)
            return response

        async def aclose(self) -> None:
            await self._inner.aclose() if mode.is_async else self._inner.close()

    transport = Counting(mode.transport())
    async with mode.client(transport=transport) as client:
        await client.get(f"{server}/")
        await client.get(f"{server}/")

    assert transport.count == 2


async def test_the_pool_is_a_transport_by_name(mode: Mode, server: str) -> None:
    table = {"name": "pool", "options": {"retries": 1}}
    async with mode.client(transport=table) as client:
        ports = {(await client.get(f"{server}/port")).text for _ in range(3)}

    assert len(ports) == 1


async def test_wrong_options_of_the_pool_are_refused_by_its_name(mode: Mode) -> None:
    with pytest.raises(ValueError, match="transport: 'pool' cannot be made with the options ret"):
        mode.client(transport={"name": "pool", "options": {"retries": -1}})
    with pytest.raises(TypeError, match="unexpected keyword argument 'retires'"):
        mode.client(transport={"name": "pool", "options": {"retires": 1}})


@pytest.mark.parametrize("returned", [None, 200, "text", (200, {})])
async def test_a_transport_that_returns_no_response_is_named(mode: Mode, returned: Any) -> None:
    class Wrong(Transport):
        name = "wrong"

        async def handle(self, request: Request) -> Any:
            return returned

    async with mode.client(transport="wrong", plugins=manager_of(Wrong)) as client:
        with pytest.raises(TypeError) as caught:
            await client.get("http://example.org/")

    assert str(caught.value) == (
        f"The transport Wrong returned {returned!r}; expected a hookline.Response."
    )


async def test_a_body_that_the_client_cannot_read_is_refused_with_its_kind(mode: Mode) -> None:
    async def asynchronous() -> AsyncIterator[bytes]:
        yield b""

    def synchronous() -> Iterator[bytes]:
        yield b""

    class OneSided(Transport):
        name = "one-sided"

        async def handle(self, request: Request) -> Response:
            return Response(200, content=synchronous() if mode.is_async else asynchronous())

    async with mode.client(transport=OneSided()) as client:
        with pytest.raises(TypeError) as caught:
            await client.get("http://example.org/")

    assert str(caught.value).startswith(
        "The transport OneSided returned a response whose stream, a"
    )
    kind = "asynchronous" if mode.is_async else "synchronous"
    assert str(caught.value).endswith(f"cannot be read by the {kind} client.")


async def test_a_transport_without_a_handle_says_what_is_missing(mode: Mode) -> None:
    class Empty(Transport):
        name = "empty"

    async with mode.client(transport=Empty()) as client:
        with pytest.raises(NotImplementedError, match=r"Empty must implement `async def handle\("):
            await client.get("http://example.org/")


async def test_an_error_of_a_transport_gets_the_request(mode: Mode) -> None:
    class Refusing(Transport):
        name = "refusing"

        async def handle(self, request: Request) -> Response:
            raise hookline.ConnectError("not today")

    async with mode.client(transport=Refusing()) as client:
        with pytest.raises(hookline.ConnectError, match="not today") as caught:
            await client.get("http://example.org/page")

    assert caught.value.request.url == "http://example.org/page"
