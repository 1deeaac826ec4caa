"""1xx responses as `extensions={"informational": ...}` tells of them.

HTTP/1.1 with both parsers, and ASGI; HTTP/2 is in tests/http2/test_interim.py.
"""

from __future__ import annotations

from typing import Any

import pytest

import hookline
from support.modes import Mode
from support.raw import Conversation, answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"


@pytest.fixture(params=["httptools", "h11"])
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Of a client, with each parser."""
    return {"protocols": [{"name": "http11", "options": {"parser": request.param}}], "timeout": 10}


class Heard(list[Any]):
    """A callback that keeps what it is told."""

    def __call__(self, response: hookline.InformationalResponse) -> None:
        self.append((response.status_code, response.headers.multi_items()))


HINTS = (103, [("link", "</a.css>; rel=preload"), ("link", "</b.js>")])


@pytest.mark.parametrize("is_coroutine_function", [False, True])
async def test_each_is_told_in_order(
    mode: Mode, settings: dict[str, Any], is_coroutine_function: bool
) -> None:
    if is_coroutine_function and not mode.is_async:
        pytest.skip("refused, which is another test")
    heard = Heard()
    callback: Any = mode.function(heard) if is_coroutine_function else heard
    # In one piece, in several, and cut where it is worst.
    whole = HINT + PROCESSING + HINT + OK

    def pieces(conversation: Conversation) -> None:
        for parts in (
            [whole],
            [HINT, PROCESSING, HINT, OK],
            [whole[:30], whole[30:-3], whole[-3:]],
        ):
            conversation.receive_head()
            for part in parts:
                conversation.send(part)
        conversation.receive_to_end()

    with raw_server(pieces) as server:
        async with mode.client(**settings) as client:
            for _ in range(3):
                heard.clear()
                response = await client.get(server.url, extensions={"informational": callback})
                assert response.text == "ok"
                assert "link" not in response.headers
                assert heard == [HINTS, (102, []), HINTS]

        assert server.connections == 1


async def test_it_is_told_before_there_is_a_response(mode: Mode, settings: dict[str, Any]) -> None:
    """A server that waits for its hint to be heard is not kept waiting."""
    with raw_server(answering(OK)) as resource:

        def script(conversation: Conversation) -> None:
            conversation.receive_head()
            conversation.send(HINT)
            # The client comes back by itself, before it has a response.
            assert conversation.receive_exactly(1) == b""

        class Told(Exception):
            pass

        def told(_: Any) -> None:
            raise Told

        with raw_server(script) as server:
            async with mode.client(**settings) as client:
                with pytest.raises(Told):
                    await client.get(server.url, extensions={"informational": told})
                # What the callback raises ends the request, and leaves nothing behind.
                assert client._transport._pool._open == 0
                assert (await client.get(resource.url)).text == "ok"


async def test_it_is_told_while_a_body_is_sent(mode: Mode, settings: dict[str, Any]) -> None:
    heard = Heard()

    def pieces() -> Any:
        # More of it until the hint was heard, if it ever is.
        for _ in range(100_000):
            if heard:
                break
            yield b"..."
        yield b"end"

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(HINT)
        received = b""
        while not received.endswith(b"3\r\nend\r\n0\r\n\r\n"):
            received += conversation.receive_exactly(1)
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            extensions = {"informational": heard}
            content = mode.body(pieces())
            response = await client.post(server.url, content=content, extensions=extensions)

    assert response.text == "ok"
    assert heard == [HINTS]


async def test_switching_protocols_is_a_response(mode: Mode, settings: dict[str, Any]) -> None:
    heard = Heard()
    switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
    headers = {"Connection": "Upgrade", "Upgrade": "x"}
    extensions = {"informational": heard}
    with raw_server(answering(PROCESSING + switch)) as server:
        async with mode.client(**settings) as client:
            request = ("GET", server.url)
            async with client.stream(*request, headers=headers, extensions=extensions) as response:
                assert response.status_code == 101

    assert heard == [(102, [])]


async def test_next_request_on_the_connection_is_not_listened_to(
    mode: Mode, settings: dict[str, Any]
) -> None:
    heard = Heard()
    with raw_server(answering(HINT + OK, HINT + OK)) as server:
        async with mode.client(**settings) as client:
            await client.get(server.url, extensions={"informational": heard})
            (connection,) = client._transport._pool._connections
            assert connection.protocol._interim is None
            assert connection.protocol._parser.informational is None
            await client.get(server.url)

        assert server.connections == 1
    assert heard == [HINTS]


async def test_how_much_of_them_there_may_be_is_bounded(
    mode: Mode, settings: dict[str, Any]
) -> None:
    heard = Heard()
    with raw_server(answering(PROCESSING * 5000 + OK)) as server:
        async with mode.client(**settings) as client:
            with pytest.raises(hookline.RemoteProtocolError, match="head is longer than 102400"):
                await client.get(server.url, extensions={"informational": heard})

    assert len(heard) < 5000


async def test_redirects_are_listened_to_as_well(mode: Mode, settings: dict[str, Any]) -> None:
    heard = Heard()
    redirect = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    with raw_server(answering(PROCESSING + redirect, HINT + OK)) as server:
        async with mode.client(follow_redirects=True, **settings) as client:
            extensions = {"informational": heard}
            assert (await client.get(server.url, extensions=extensions)).text == "ok"

    assert [status for status, _ in heard] == [102, 103]


async def test_coroutine_function_under_a_synchronous_client_is_refused(
    mode: Mode, settings: dict[str, Any]
) -> None:
    async def told(_: hookline.InformationalResponse) -> None: ...

    with raw_server(answering(HINT + OK)) as server:
        async with mode.client(**settings) as client:
            extensions = {"informational": told}
            if mode.is_async:
                assert (await client.get(server.url, extensions=extensions)).text == "ok"
                return
            with pytest.raises(TypeError, match=r'"?informational.*a synchronous client cannot'):
                await client.get(server.url, extensions=extensions)


async def test_what_cannot_be_called_is_refused_before_anything_is_sent(
    mode: Mode, settings: dict[str, Any]
) -> None:
    with raw_server(answering(OK)) as server:
        async with mode.client(**settings) as client:
            with pytest.raises(TypeError, match=r"extensions\['informational'\]: expected a func"):
                await client.get(server.url, extensions={"informational": 5})
            # Nothing stops the next request.
            assert (await client.get(server.url)).text == "ok"


def test_informational_response_is_a_value() -> None:
    response = hookline.InformationalResponse(103, hookline.Headers({"Link": "</a>"}))

    assert repr(response) == "<InformationalResponse [103]>"
    assert response == hookline.InformationalResponse(103, hookline.Headers({"Link": "</a>"}))
    with pytest.raises(AttributeError):
        response.status_code = 200  # type: ignore[misc]


async def test_real_servers_hints_are_told(mode: Mode, h2_server: str, authority: Any) -> None:
    heard = Heard()
    async with mode.client(http2=True, verify=authority.ca_file) as client:
        extensions = {"informational": heard}
        response = await client.get(h2_server + "/hints", extensions=extensions)

    assert (response.status_code, response.http_version) == (200, "HTTP/2")
    assert [status for status, _ in heard] == [103]
    assert ("link", "</style.css>; rel=preload") in heard[0][1]


# -- ASGI -------------------------------------------------------------------------------------


async def hinting(scope: Any, receive: Any, send: Any) -> None:
    if "http.response.early_hint" in scope["extensions"]:
        await send({"type": "http.response.early_hint", "links": [b"</a.css>", b"</b.js>"]})
    await send({"type": "http.response.start", "status": 102, "headers": [(b"a", b"b")]})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.early_hint", "links": [b"</too-late>"]})
    await send({"type": "http.response.body", "body": b"ok"})


async def test_hints_of_an_application_are_told(mode: Mode) -> None:
    if not mode.is_async:
        pytest.skip("an ASGI application needs an event loop")
    heard = Heard()
    async with mode.client(transport=hookline.ASGITransport(hinting)) as client:
        for callback in (heard, mode.function(heard)):
            heard.clear()
            extensions = {"informational": callback}
            response = await client.get("http://app/", extensions=extensions)
            assert response.text == "ok"
            assert heard == [
                (103, [("link", "</a.css>"), ("link", "</b.js>")]),
                (102, [("a", "b")]),
            ]
        heard.clear()
        assert (await client.get("http://app/")).text == "ok"
        assert heard == []


async def test_callback_that_raises_ends_the_application(mode: Mode) -> None:
    if not mode.is_async:
        pytest.skip("an ASGI application needs an event loop")

    def told(_: Any) -> None:
        raise ZeroDivisionError

    transport = hookline.ASGITransport(hinting)
    async with mode.client(transport=transport) as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("http://app/", extensions={"informational": told})
