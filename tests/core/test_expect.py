"""`Expect: 100-continue` over HTTP/1.1, with both parsers: when a body is sent, and when it is not.

A wait that is to end by what the server does is long here, longer than the server waits for the
client; one that is to end by itself is short.
HTTP/2 is in tests/http2/test_interim.py.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

import hookline
from hookline.plugins import Interim, Network
from support.modes import Mode
from support.raw import Conversation, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LONG, SHORT = 60, 0.01


@pytest.fixture(params=["httptools", "h11"])
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Of a client, with each parser."""
    return {"protocols": [{"name": "http11", "options": {"parser": request.param}}], "timeout": 60}


class Pieces:
    """A body, and whether any of it was asked for. It can be sent again."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.pulled = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.pulled += 1
            yield piece

    def generator(self, mode: Mode) -> Any:
        return mode.body(iter(self))


def asked(conversation: Conversation) -> bytes:
    """A request's head, after which nothing has come."""
    head = conversation.receive_head()
    assert b"\r\nExpect: 100-continue\r\n" in head, head
    assert conversation._unread == b""
    return head


def chunked(conversation: Conversation) -> bytes:
    body = b""
    while not body.endswith(b"0\r\n\r\n"):
        more = conversation.receive_exactly(1)
        assert more, body
        body += more
    return body


# -- Asked for ----------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [CONTINUE, b"HTTP/1.1 102 Processing\r\n\r\n" + CONTINUE])
async def test_body_is_sent_when_it_is_asked_for(
    mode: Mode, settings: dict[str, Any], first: bytes
) -> None:
    pieces = Pieces(b"abc", b"def")

    def script(conversation: Conversation) -> None:
        for _ in range(2):
            head = asked(conversation)
            assert b"\r\nContent-Length: 6\r\n" in head
            conversation.send(first)
            assert conversation.receive_exactly(6) == b"abcdef"
            conversation.send(OK)
        asked(conversation)
        assert pieces.pulled == 0
        conversation.send(first)
        assert chunked(conversation) == b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            extensions = {"expect_continue": LONG}
            file = io.BytesIO(b"abcdef")
            for content in (b"abcdef", file, pieces.generator(mode)):
                if content is file and mode.is_async:
                    # Synchronous files are for synchronous clients.
                    content = b"abcdef"
                response = await client.post(server.url, content=content, extensions=extensions)
                assert response.text == "ok"
                # What was sent is what the connection has to know of; the request stays as it is.
                assert "expect" not in response.request.headers

        assert server.connections == 1


async def test_large_body_is_sent_when_it_is_asked_for(
    mode: Mode, settings: dict[str, Any]
) -> None:
    body = bytes(range(256)) * 4096

    def script(conversation: Conversation) -> None:
        asked(conversation)
        conversation.send(CONTINUE)
        assert conversation.receive_exactly(len(body)) == body
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            extensions = {"expect_continue": LONG}
            response = await client.post(server.url, content=body, extensions=extensions)

    assert response.text == "ok"


async def test_header_of_the_users_own_asks_too(mode: Mode, settings: dict[str, Any]) -> None:
    def script(conversation: Conversation) -> None:
        for _ in range(3):
            head = conversation.receive_head()
            assert b"\r\nexpect: 100-Continue\r\n" in head
            assert conversation._unread == b""
            conversation.send(CONTINUE)
            assert conversation.receive_exactly(3) == b"abc"
            conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            headers = {"expect": "100-Continue"}
            for extensions in ({}, {"expect_continue": LONG}, {"expect_continue": True}):
                response = await client.post(
                    server.url, content=b"abc", headers=headers, extensions=extensions
                )
                assert response.text == "ok"


async def test_server_that_takes_no_notice_gets_the_body_after_the_wait(
    mode: Mode, settings: dict[str, Any]
) -> None:
    def script(conversation: Conversation) -> None:
        for _ in range(2):
            assert b"Expect" in conversation.receive_head()
            assert conversation.receive_exactly(3) == b"abc"
            # Too late, and no matter.
            conversation.send(CONTINUE + OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            extensions = {"expect_continue": SHORT}
            for content in (b"abc", b"abc"):
                response = await client.post(server.url, content=content, extensions=extensions)
                assert response.text == "ok"

        assert server.connections == 1


@pytest.mark.parametrize(("read", "patience"), [(None, 7.0), (9.0, 7.0), (0.5, 0.5)])
def test_wait_is_no_longer_than_that_for_any_answer(read: float | None, patience: float) -> None:
    request = hookline.Request("POST", "http://a/", extensions={"expect_continue": 7})

    assert Interim(request, Network()).patience({"read": read}) == patience


@pytest.mark.parametrize("value", [0, 0.0, False, None])
async def test_without_a_wait_everything_is_sent_at_once(
    mode: Mode, settings: dict[str, Any], value: Any
) -> None:
    def script(conversation: Conversation) -> None:
        head = conversation.receive_head()
        assert conversation.receive_exactly(3) == b"abc"
        assert (b"Expect" in head) == (value is not None and value is not False)
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            extensions = {"expect_continue": value}
            response = await client.post(server.url, content=b"abc", extensions=extensions)

    assert response.text == "ok"


async def test_header_is_sent_without_a_wait_where_that_is_wanted(
    mode: Mode, settings: dict[str, Any]
) -> None:
    """What httpx does with the header."""

    def script(conversation: Conversation) -> None:
        assert b"\r\nExpect: 100-continue\r\n" in conversation.receive_head()
        assert conversation.receive_exactly(3) == b"abc"
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            response = await client.post(
                server.url,
                content=b"abc",
                headers={"Expect": "100-continue"},
                extensions={"expect_continue": False},
            )

    assert response.text == "ok"


@pytest.mark.parametrize("content", [None, b"", io.BytesIO(b"")])
async def test_request_without_a_body_expects_nothing(
    mode: Mode, settings: dict[str, Any], content: Any
) -> None:
    """RFC 9110 section 10.1.1 forbids it."""
    if mode.is_async and isinstance(content, io.BytesIO):
        pytest.skip("synchronous files are for synchronous clients")

    def script(conversation: Conversation) -> None:
        assert b"Expect" not in conversation.receive_head()
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            extensions = {"expect_continue": LONG}
            response = await client.post(server.url, content=content, extensions=extensions)

    assert response.text == "ok"


async def test_other_expectations_are_sent_as_they_are(
    mode: Mode, settings: dict[str, Any]
) -> None:
    def script(conversation: Conversation) -> None:
        assert b"\r\nExpect: something=else\r\n" in conversation.receive_head()
        assert conversation.receive_exactly(3) == b"abc"
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            headers = {"Expect": "something=else"}
            response = await client.post(server.url, content=b"abc", headers=headers)

    assert response.text == "ok"


# -- Answered without it -------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 302, 403, 413, 500])
async def test_body_is_not_sent_after_a_final_response(
    mode: Mode, settings: dict[str, Any], status: int
) -> None:
    pieces = Pieces(b"abc")

    def script(conversation: Conversation) -> None:
        asked(conversation)
        conversation.send(b"HTTP/1.1 %d Final\r\nContent-Length: 5\r\n\r\nfinal" % status)
        # RFC 9112 section 9.3: half a request was sent, so nothing else can be.
        assert conversation.receive_to_end() == b""

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            for content in (b"abc", pieces.generator(mode)):
                extensions = {"expect_continue": LONG}
                response = await client.post(server.url, content=content, extensions=extensions)
                assert (response.status_code, response.text) == (status, "final")
                assert client._transport._pool._open == 0

    assert pieces.pulled == 0


async def test_body_that_was_not_sent_is_there_for_the_next_request(
    mode: Mode, settings: dict[str, Any]
) -> None:
    """A generator can be given once; it is not used up by a challenge or a redirect."""
    pieces = Pieces(b"abc")
    challenge = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=r, nonce=n\r\n"
    answers = iter(
        [
            challenge + b"Content-Length: 0\r\n\r\n",
            b"HTTP/1.1 307 There\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
        ]
    )

    def script(conversation: Conversation) -> None:
        head = asked(conversation)
        answer = next(answers, None)
        if answer is not None:
            conversation.send(answer)
            assert conversation.receive_to_end() == b""
            return
        assert head.startswith(b"POST /there ")
        assert b"\r\nAuthorization: Digest" in head
        conversation.send(CONTINUE)
        assert chunked(conversation) == b"3\r\nabc\r\n0\r\n\r\n"
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(follow_redirects=True, **settings) as client:
            response = await client.post(
                server.url,
                content=pieces.generator(mode),
                auth=hookline.DigestAuth("u", "p"),
                extensions={"expect_continue": LONG},
            )

    assert response.text == "ok"
    assert pieces.pulled == 1


async def test_server_that_hangs_up_instead_fails_the_request(
    mode: Mode, settings: dict[str, Any]
) -> None:
    def script(conversation: Conversation) -> None:
        asked(conversation)

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            with pytest.raises(hookline.RemoteProtocolError, match="without sending a response"):
                extensions = {"expect_continue": LONG}
                await client.post(server.url, content=b"abc", extensions=extensions)
            assert client._transport._pool._open == 0


async def test_no_answer_at_all_is_a_read_timeout(mode: Mode, settings: dict[str, Any]) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        assert conversation.receive_to_end() == b"abc"

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            with pytest.raises(hookline.ReadTimeout):
                await client.post(
                    server.url,
                    content=b"abc",
                    timeout=hookline.Timeout(20, read=0.05),
                    extensions={"expect_continue": SHORT},
                )


@pytest.mark.parametrize("protocol", ["uvicorn", "hypercorn", "hypercorn, HTTP/2"])
async def test_real_servers_ask_for_the_body(
    mode: Mode, protocol: str, server: str, h2_server: str, authority: Any
) -> None:
    heard: list[int] = []
    url = server if protocol == "uvicorn" else h2_server
    async with mode.client(http2="2" in protocol, verify=authority.ca_file) as client:
        for content in (b"abc", mode.body([b"a", b"bc"])):
            extensions = {
                "expect_continue": LONG if protocol != "hypercorn, HTTP/2" else SHORT,
                "informational": lambda response: heard.append(response.status_code),
            }
            response = await client.post(url + "/echo", content=content, extensions=extensions)
            assert response.json()["body"] == "abc"

    # Hypercorn says it in HTTP/1.1 only.
    assert heard == ([] if "2" in protocol else [100, 100])


# -- 417 ------------------------------------------------------------------------------------------

FAILED = b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno"


async def test_request_is_repeated_without_an_expectation_that_failed(
    mode: Mode, settings: dict[str, Any]
) -> None:
    pieces = Pieces(b"abc")
    seen: list[bytes] = []

    def script(conversation: Conversation) -> None:
        while head := conversation.receive_head():
            seen.append(head)
            if b"Expect" in head:
                conversation.send(FAILED)
                assert conversation.receive_to_end() == b""
                return
            if b"chunked" in head:
                assert chunked(conversation) == b"3\r\nabc\r\n0\r\n\r\n"
            else:
                assert conversation.receive_exactly(3) == b"abc"
            conversation.send(OK)

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            for content in (b"abc", pieces.generator(mode)):
                extensions = {"expect_continue": LONG}
                response = await client.post(server.url, content=content, extensions=extensions)
                assert response.text == "ok"
                assert response.history == []

    assert [b"Expect" in head for head in seen] == [True, False] * 2
    # Nothing else is different.
    assert seen[0].replace(b"Expect: 100-continue\r\n", b"") == seen[1]


async def test_417_that_comes_after_the_body_is_answered_by_what_can_be_sent_again(
    mode: Mode, settings: dict[str, Any]
) -> None:
    pieces = Pieces(b"abc")

    def script(conversation: Conversation) -> None:
        while head := conversation.receive_head():
            if b"chunked" in head:
                chunked(conversation)
            else:
                conversation.receive_exactly(3)
            conversation.send(FAILED if b"Expect" in head else OK)

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            extensions = {"expect_continue": SHORT}
            response = await client.post(server.url, content=b"abc", extensions=extensions)
            assert response.status_code == 200
            content = pieces.generator(mode)
            response = await client.post(server.url, content=content, extensions=extensions)
            assert (response.status_code, response.text) == (417, "no")

    assert pieces.pulled == 1


async def test_417_to_a_header_of_the_users_own_is_the_users(
    mode: Mode, settings: dict[str, Any]
) -> None:
    def script(conversation: Conversation) -> None:
        asked(conversation)
        conversation.send(FAILED)
        assert conversation.receive_to_end() == b""

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            headers = {"Expect": "100-continue"}
            response = await client.post(server.url, content=b"abc", headers=headers)
            assert (response.status_code, response.text) == (417, "no")


async def test_server_that_says_417_to_everything_is_asked_twice(
    mode: Mode, settings: dict[str, Any]
) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(FAILED)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            extensions = {"expect_continue": LONG, "informational": print}
            response = await client.post(server.url, content=b"abc", extensions=extensions)

        assert response.status_code == 417
        assert server.connections == 2


# -- What is around it --------------------------------------------------------------------------


async def test_100_is_told_to_who_listens(mode: Mode, settings: dict[str, Any]) -> None:
    heard: list[int] = []

    def script(conversation: Conversation) -> None:
        asked(conversation)
        conversation.send(CONTINUE)
        conversation.receive_exactly(3)
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            extensions = {
                "expect_continue": LONG,
                "informational": lambda response: heard.append(response.status_code),
            }
            await client.post(server.url, content=b"abc", extensions=extensions)

    assert heard == [100]


async def test_length_that_is_not_kept_is_found_before_the_head_is_sent(
    mode: Mode, settings: dict[str, Any]
) -> None:
    with raw_server(lambda conversation: None) as server:
        async with mode.client(**settings) as client:
            with pytest.raises(hookline.LocalProtocolError, match="Too little data"):
                await client.post(
                    server.url,
                    content=b"abc",
                    headers={"Content-Length": "5"},
                    extensions={"expect_continue": LONG},
                )


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("1", TypeError, r'extensions\["expect_continue"\]: expected a number of seconds, or True'),
        (-1, ValueError, "expected a finite number of seconds >= 0, not -1"),
        (float("inf"), ValueError, "expected a finite number"),
        (float("nan"), ValueError, "expected a finite number"),
        (1e10, ValueError, "expected a finite number"),
    ],
)
async def test_wait_that_is_none_is_refused(
    mode: Mode, value: Any, error: type[Exception], message: str
) -> None:
    async with mode.client() as client:
        with pytest.raises(error, match=message):
            extensions = {"expect_continue": value}
            await client.post("http://127.0.0.1:1/", content=b"abc", extensions=extensions)


async def test_request_may_be_traced_at_the_same_time(mode: Mode, settings: dict[str, Any]) -> None:
    events: list[str] = []

    def note(event: str, info: dict[str, Any]) -> None:
        events.append(event)

    def script(conversation: Conversation) -> None:
        head = conversation.receive_head()
        if b"Expect" in head:
            conversation.send(FAILED)
        else:
            conversation.receive_exactly(3)
            conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client(**settings) as client:
            extensions = {"expect_continue": LONG, "trace": mode.function(note)}
            response = await client.post(server.url, content=b"abc", extensions=extensions)

    assert response.text == "ok"
    assert events.count("http11.send_request_headers.started") == 2
    assert events[-1] == "http11.response_closed.complete"


async def test_request_without_a_client_may_expect_as_well(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        asked(conversation)
        conversation.send(CONTINUE)
        assert conversation.receive_exactly(3) == b"abc"
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        transport = mode.transport()
        request = hookline.Request(
            "POST", server.url, content=b"abc", extensions={"expect_continue": LONG}
        )
        if mode.is_async:
            response = await transport.handle_async_request(request)
            await transport.aclose()
        else:
            response = transport.handle_request(request)
            transport.close()
        assert response.status_code == 200
