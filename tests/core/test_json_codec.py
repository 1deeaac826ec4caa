"""`json_encoder` and `json_decoder`: another codec for JSON, per client or per message."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

import hookline
from hookline.plugins import Middleware
from support.modes import Mode

URL = "http://localhost/"
WHEN = datetime.datetime(2026, 1, 2, 3, 4, 5)


def dumps_sorted(value: object) -> bytes:
    """As orjson does: bytes, not str."""
    return json.dumps(value, sort_keys=True, default=str).encode()


def echo(request: hookline.Request) -> hookline.Response:
    return hookline.Response(200, content=request.content, headers={"X-Seen": "yes"})


def echoing() -> hookline.MockTransport:
    return hookline.MockTransport(echo)


# -- Encoding -------------------------------------------------------------------------------


@pytest.mark.parametrize("encoder", [dumps_sorted, partial(json.dumps, default=str)])
async def test_a_client_encodes_with_its_own_function(
    mode: Mode, encoder: Callable[[object], Any]
) -> None:
    async with mode.client(transport=echoing(), json_encoder=encoder) as client:
        response = await client.post(URL, json={"when": WHEN})
        request = response.request

    assert request.content == b'{"when": "2026-01-02 03:04:05"}'
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Content-Length"] == str(len(request.content))


async def test_every_way_to_make_a_request_encodes_alike(mode: Mode) -> None:
    async with mode.client(transport=echoing(), json_encoder=dumps_sorted) as client:
        built = client.build_request("PUT", URL, json={"b": 1, "a": 2})
        sent = await client.send(built)
        patched = await client.patch(URL, json={"b": 1, "a": 2})
        async with client.stream("POST", URL, json={"b": 1, "a": 2}) as streamed:
            body = await streamed.aread()

    assert {built.content, sent.content, patched.content, body} == {b'{"a": 2, "b": 1}'}


async def test_no_json_is_no_body_and_the_encoder_is_not_asked(mode: Mode) -> None:
    def never(value: object) -> bytes:
        raise AssertionError

    async with mode.client(transport=echoing(), json_encoder=never) as client:
        assert (await client.post(URL, json=None)).content == b""
        assert (await client.post(URL, data={"a": "b"})).content == b"a=b"


def test_what_an_encoder_raises_is_raised() -> None:
    with hookline.Client(transport=echoing(), json_encoder=json.dumps) as client:
        with pytest.raises(TypeError, match="datetime is not JSON serializable"):
            client.post(URL, json=WHEN)


def test_an_encoder_returns_bytes_or_text() -> None:
    for result in (bytearray(b"1"), memoryview(b"1"), b"1", "1"):
        request = hookline.Request("POST", URL, json=0, json_encoder=lambda value, r=result: r)  # type: ignore[misc]
        assert request.content == b"1"

    def encoder(value: object) -> Any:
        return {"password": "secret"}

    with pytest.raises(TypeError) as caught:
        hookline.Request("POST", URL, json=0, json_encoder=encoder)
    assert str(caught.value) == (
        f"json_encoder: {encoder!r} returned a dict; expected bytes or str."
    )


def test_without_an_encoder_it_is_as_it_was() -> None:
    with hookline.Client(transport=echoing()) as client:
        assert client.post(URL, json={"ä": 1.5}).content == '{"ä":1.5}'.encode()
        with pytest.raises(ValueError):
            client.post(URL, json=float("nan"))


# -- Decoding -------------------------------------------------------------------------------


exact = partial(json.loads, parse_float=Decimal)


async def test_a_clients_responses_decode_with_its_own_function(mode: Mode) -> None:
    async with mode.client(transport=echoing(), json_decoder=exact) as client:
        response = await client.post(URL, content=b'{"a": 0.1}')
        async with client.stream("POST", URL, content=b'{"a": 0.1}') as streamed:
            await streamed.aread()

    assert response.json() == streamed.json() == {"a": Decimal("0.1")}


async def test_a_decoder_gets_bytes_and_what_the_caller_gives(mode: Mode) -> None:
    calls: list[tuple[bytes, dict[str, Any]]] = []

    def decoder(body: bytes, **options: Any) -> str:
        calls.append((body, options))
        return "decoded"

    async with mode.client(transport=echoing(), json_decoder=decoder) as client:
        response = await client.post(URL, content="[1]")

    assert response.json() == "decoded"
    assert response.json(strict=False) == "decoded"
    assert calls == [(b"[1]", {}), (b"[1]", {"strict": False})]


async def test_response_hooks_authentication_and_history_decode_with_it_too(mode: Mode) -> None:
    seen: list[object] = []

    def handler(request: hookline.Request) -> hookline.Response:
        if request.url.path == "/":
            return hookline.Response(302, headers={"Location": "/next"}, content=b"0.5")
        return hookline.Response(200, content=b"0.1")

    class Auth(hookline.Auth):
        requires_response_body = True

        def auth_flow(self, request: hookline.Request) -> Any:
            response = yield request
            seen.append(response.json())

    async with mode.client(
        transport=hookline.MockTransport(handler),
        json_decoder=exact,
        auth=Auth(),
        follow_redirects=True,
    ) as client:
        response = await client.get(URL)

    assert seen == [Decimal("0.5"), Decimal("0.1")]
    assert [each.json() for each in response.history] == [Decimal("0.5")]


@pytest.mark.parametrize("stage", ["call", "hop"])
async def test_a_response_that_a_middleware_made_decodes_with_it_too(
    mode: Mode, stage: Any
) -> None:
    class Answering(Middleware):
        name = "answering"

        async def handle(self, request: hookline.Request, send: Any) -> hookline.Response:
            return hookline.Response(200, content=b"0.1")

    Answering.stage = stage
    async with mode.client(json_decoder=exact, middleware=[Answering()]) as client:
        assert (await client.get(URL)).json() == Decimal("0.1")


async def test_a_responses_own_decoder_comes_first(mode: Mode) -> None:
    def handler(request: hookline.Request) -> hookline.Response:
        return hookline.Response(200, content=b"0.1", json_decoder=len)

    async with mode.client(transport=hookline.MockTransport(handler), json_decoder=exact) as client:
        assert (await client.get(URL)).json() == 3


def test_what_a_decoder_raises_is_raised() -> None:
    with pytest.raises(json.JSONDecodeError):
        hookline.Response(200, content=b"{", json_decoder=json.loads).json()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_without_a_decoder_the_encoding_is_found_out(encoding: str) -> None:
    response = hookline.Response(200, content='{"ä": 0.1}'.encode(encoding))

    assert response.json() == {"ä": 0.1}
    assert response.json(parse_float=Decimal) == {"ä": Decimal("0.1")}


# -- Arguments ------------------------------------------------------------------------------


@pytest.mark.parametrize("argument", ["json_encoder", "json_decoder"])
def test_what_cannot_be_called_is_refused_where_it_is_given(argument: str) -> None:
    like = {"json_encoder": "dumps", "json_decoder": "loads"}[argument]
    message = f"{argument}: expected a function such as json.{like}, not 'orjson' (str)."
    makers: list[Callable[..., object]] = [hookline.Client, hookline.AsyncClient]
    if argument == "json_encoder":
        makers.append(partial(hookline.Request, "POST", URL, json=1))
    else:
        makers.append(partial(hookline.Response, 200))
    for make in makers:
        with pytest.raises(TypeError) as caught:
            make(**{argument: "orjson"})
        assert str(caught.value) == message
