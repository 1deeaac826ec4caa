"""What comes after a body: `response.trailers`. HTTP/1.1 with both parsers; HTTP/2 is in
tests/http2/test_interim.py, and ASGI in test_asgi.py."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import hookline
from support.modes import Mode
from support.raw import Conversation, answering, raw_server

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nX-Sum: head\r\n\r\n"
BODY = b"2\r\nok\r\n0\r\n"
TRAILERS = b"X-Sum: 1\r\nx-sum: 2 \r\nSet-Cookie: a=b\r\nContent-Encoding: gzip\r\n\r\n"
FIELDS = [
    (b"X-Sum", b"1"),
    (b"x-sum", b"2"),
    (b"Set-Cookie", b"a=b"),
    (b"Content-Encoding", b"gzip"),
]


@pytest.fixture(params=["httptools", "h11"])
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Of a client, with each parser."""
    return {"protocols": [{"name": "http11", "options": {"parser": request.param}}], "timeout": 10}


async def test_fields_after_the_body_are_kept_apart(mode: Mode, settings: dict[str, Any]) -> None:
    whole = HEAD + BODY + TRAILERS

    def script(conversation: Conversation) -> None:
        for pieces in ([whole], [HEAD, BODY, TRAILERS], [HEAD + BODY, TRAILERS[:9], TRAILERS[9:]]):
            conversation.receive_head()
            for piece in pieces:
                conversation.send(piece)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            for _ in range(3):
                response = await client.get(server.url)
                assert response.text == "ok"
                assert response.trailers.raw == FIELDS
                assert response.trailers.get_list("X-Sum") == ["1", "2"]
                assert response.extensions["trailers"] is response.trailers
                # They are no headers, whatever they are called.
                assert response.headers["x-sum"] == "head"
                assert "set-cookie" not in response.headers
                assert len(client.cookies) == len(response.cookies) == 0

        assert server.connections == 1


async def test_streaming_response_has_them_at_its_end(mode: Mode, settings: dict[str, Any]) -> None:
    def script(conversation: Conversation) -> None:
        for how in (1, 2):
            conversation.receive_head()
            conversation.send(HEAD + BODY[: 7 * (how - 1)])
            conversation.receive_exactly(0)
            conversation.send(BODY[7 * (how - 1) :] + TRAILERS)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            for _ in range(2):
                async with client.stream("GET", server.url) as response:
                    assert [piece async for piece in response.aiter_raw()] == [b"ok"]
                    assert response.trailers.raw == FIELDS


async def test_response_without_trailers_has_none(mode: Mode, settings: dict[str, Any]) -> None:
    answers = [
        HEAD + BODY + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        HEAD + BODY + TRAILERS,
        HEAD + BODY + b"\r\n",
    ]
    with raw_server(answering(*answers)) as server:
        async with mode.client(**settings) as client:
            responses = [await client.get(server.url) for _ in answers]

        assert server.connections == 1
    assert [len(response.trailers) for response in responses] == [0, 0, 4, 0]
    assert ["trailers" in response.extensions for response in responses] == [
        False,
        False,
        True,
        False,
    ]


async def test_response_that_was_given_up_has_none(mode: Mode, settings: dict[str, Any]) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(HEAD + BODY[:7])
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            async with client.stream("GET", server.url) as response:
                async for _ in response.aiter_raw():
                    break
            assert response.trailers == hookline.Headers()


@pytest.mark.parametrize("name", ["Content-Length", "Transfer-Encoding", "content-length"])
async def test_fields_that_would_change_the_framing_are_refused(
    mode: Mode, settings: dict[str, Any], name: str
) -> None:
    """RFC 9110 section 6.5.1."""
    with raw_server(answering(HEAD + BODY + f"{name}: 5\r\n\r\n".encode())) as server:
        async with mode.client(**settings) as client:
            with pytest.raises(hookline.RemoteProtocolError, match=f"(?i){name}"):
                await client.get(server.url)
            assert client._transport._pool._open == 0


@pytest.mark.parametrize(
    "trailers",
    [
        b"a b: c\r\n\r\n",
        b"a: b\x00\r\n\r\n",
        b" a: b\r\n\r\n",
        b"a: b\r\n c\r\n\r\n",
        b": b\r\n\r\n",
    ],
)
async def test_trailers_keep_the_grammar_of_headers(
    mode: Mode, settings: dict[str, Any], trailers: bytes
) -> None:
    with raw_server(answering(HEAD + BODY + trailers)) as server:
        async with mode.client(**settings) as client:
            with pytest.raises(hookline.RemoteProtocolError):
                await client.get(server.url)


@pytest.mark.parametrize("trailers", [b"a: " + b"b" * 110_000, b"a: b\r\n" * 20_000])
async def test_trailers_are_bounded_as_heads_are(
    mode: Mode, settings: dict[str, Any], trailers: bytes
) -> None:
    with raw_server(answering(HEAD + BODY + trailers + b"\r\n\r\n")) as server:
        async with mode.client(**settings) as client:
            with pytest.raises(hookline.RemoteProtocolError, match=r"10\d{4}|102400"):
                await client.get(server.url)


async def test_real_servers_trailers_arrive(mode: Mode, h2_server: str, authority: Any) -> None:
    async with mode.client(http2=True, verify=authority.ca_file) as client:
        for headers, trailers in (({}, {}), ({"TE": "trailers"}, {"x-checksum": "4a1f"})):
            response = await client.get(h2_server + "/trailers", headers=headers)
            assert response.text == "Hello, world!"
            # This server sends them to who says that they are welcome.
            assert dict(response.trailers) == trailers


def test_response_made_by_hand_may_have_trailers() -> None:
    trailers = hookline.Headers({"a": "b"})

    assert hookline.Response(200, extensions={"trailers": trailers}).trailers is trailers
    assert hookline.Response(200).trailers == hookline.Headers()
    # Extensions do not travel.
    response = hookline.Response(200, extensions={"trailers": trailers}, request=None)
    assert len(pickle.loads(pickle.dumps(response)).trailers) == 0
