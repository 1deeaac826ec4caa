"""`extensions={"upload_progress": ...}`: HTTP/1.1, HTTP/2 by a real server, ASGI and WSGI."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import pytest

import hookline
from support.modes import Mode
from support.raw import Conversation, answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LARGE = 300_000
# Of bytes, 64 KiB at a time.
STEPS = [0, 65_536, 131_072, 196_608, 262_144, LARGE]


class Told(list[Any]):
    """A callback that keeps what it is told."""

    def __call__(self, sent: int, total: int | None) -> None:
        self.append((sent, total))


def bodies(mode: Mode) -> dict[str, tuple[dict[str, Any], list[tuple[int, int | None]]]]:
    """The arguments of a request, and what is to be told of its body."""
    large = [(sent, LARGE) for sent in STEPS]
    listed = {
        "small": ({"content": b"abc"}, [(0, 3), (3, 3)]),
        "large": ({"content": bytes(LARGE)}, large),
        "json": ({"json": [1, 2]}, [(0, 5), (5, 5)]),
        "generator": (
            {"content": mode.body([b"abc", b"", b"defg"])},
            [(0, None), (3, None), (7, None)],
        ),
        "generator of a known length": (
            {"content": mode.body([b"abc", b"defg"]), "headers": {"Content-Length": "7"}},
            [(0, 7), (3, 7), (7, 7)],
        ),
        "bytes in chunks": (
            {"content": b"abc", "headers": {"Transfer-Encoding": "chunked"}},
            [(0, 3), (3, 3)],
        ),
        "empty generator": ({"content": mode.body([])}, [(0, None)]),
        "nothing": ({}, []),
        "empty": ({"content": b""}, []),
    }
    if not mode.is_async:
        listed["file"] = ({"content": io.BytesIO(bytes(LARGE))}, large)
    return listed


KINDS = [*bodies(Mode("sync"))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", ["http11", "http2"])
async def test_what_was_sent_is_told_as_it_goes(
    mode: Mode, kind: str, protocol: str, server: str, h2_server: str, authority: Any
) -> None:
    if kind not in bodies(mode):
        pytest.skip("synchronous files are for synchronous clients")
    arguments, expected = bodies(mode)[kind]
    told = Told()
    is_http2 = protocol == "http2"
    url = (h2_server if is_http2 else server) + "/echo"
    async with mode.client(http2=is_http2, verify=authority.ca_file) as client:
        extensions = {"upload_progress": told}
        response = await client.post(url, extensions=extensions, **arguments)

    assert response.http_version == ("HTTP/2" if is_http2 else "HTTP/1.1")
    assert told == expected
    assert len(response.json()["body"]) == (expected[-1][0] if expected else 0)


async def test_form_is_told_with_its_length(mode: Mode, server: str) -> None:
    told = Told()
    async with mode.client() as client:
        files = {"f": ("a", bytes(LARGE))}
        extensions = {"upload_progress": told}
        response = await client.post(server + "/echo", files=files, extensions=extensions)

    total = int(response.request.headers["content-length"])
    sent = [step for step, _ in told]
    assert sent[0] == 0
    assert sent[-1] == total > LARGE
    assert sent == sorted(set(sent))
    assert {length for _, length in told} == {total}


async def test_callback_may_be_a_coroutine_function(mode: Mode) -> None:
    told = Told()

    async def tell(sent: int, total: int | None) -> None:
        told(sent, total)

    with raw_server(answering(OK)) as server:
        async with mode.client() as client:
            arguments = {"content": b"", "extensions": {"upload_progress": tell}}
            assert (await client.post(server.url, **arguments)).text == "ok"
    if mode.is_async:

        def script(conversation: Conversation) -> None:
            conversation.receive_head()
            conversation.receive_exactly(3)
            conversation.send(OK)
            conversation.receive_to_end()

        with raw_server(script) as server:
            async with mode.client() as client:
                arguments["content"] = b"abc"
                assert (await client.post(server.url, **arguments)).text == "ok"
        assert told == [(0, 3), (3, 3)]
    else:
        with raw_server(answering(OK)) as server:
            async with mode.client() as client:
                arguments["content"] = b"abc"
                with pytest.raises(TypeError, match="a synchronous client cannot wait for it"):
                    await client.post(server.url, **arguments)


async def test_callback_that_raises_ends_the_request(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_to_end()

    def tell(sent: int, total: int | None) -> None:
        if sent > 100_000:
            raise ZeroDivisionError(sent)

    with raw_server(script) as server:
        async with mode.client() as client:
            with pytest.raises(ZeroDivisionError, match="131072"):
                extensions = {"upload_progress": tell}
                await client.post(server.url, content=bytes(LARGE), extensions=extensions)
            assert client._transport._pool._open == 0


async def test_it_starts_over_with_every_message(mode: Mode) -> None:
    """After a redirect and a challenge the body is sent again."""
    told = Told()
    challenge = b"WWW-Authenticate: Digest realm=r, nonce=n\r\n"
    answers = [
        b"HTTP/1.1 401 No\r\n" + challenge + b"Content-Length: 0\r\n\r\n",
        b"HTTP/1.1 307 There\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 303 Look\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
    ]

    def script(conversation: Conversation) -> None:
        for answer in answers:
            conversation.receive_head()
            conversation.receive_exactly(3)
            conversation.send(answer)
        conversation.receive_head()
        conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:
        auth = hookline.DigestAuth("u", "p")
        async with mode.client(follow_redirects=True, auth=auth) as client:
            extensions = {"upload_progress": told}
            response = await client.post(server.url, content=b"abc", extensions=extensions)

    assert response.text == "ok"
    # The last message, a GET, has no body.
    assert told == [(0, 3), (3, 3)] * 3


async def test_it_stops_where_the_server_has_heard_enough(mode: Mode) -> None:
    told = Told()
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(refusal)
        conversation.receive_to_end()

    def endless() -> Any:
        while True:
            yield bytes(10_000)

    with raw_server(script) as server:
        async with mode.client() as client:
            extensions = {"upload_progress": told}
            response = await client.post(
                server.url, content=mode.body(endless()), extensions=extensions
            )

    assert response.status_code == 413
    assert [sent for sent, _ in told] == list(range(0, told[-1][0] + 1, 10_000))


async def test_it_says_nothing_before_the_body_is_asked_for(mode: Mode) -> None:
    told = Told()
    failed = b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"

    def script(conversation: Conversation) -> None:
        while head := conversation.receive_head():
            if b"Expect" in head:
                assert told == []
                conversation.send(failed)
                conversation.receive_to_end()
                return
            conversation.receive_exactly(3)
            conversation.send(OK)

    with raw_server(script) as server:
        async with mode.client() as client:
            extensions = {"upload_progress": told, "expect_continue": 10}
            for content in (b"abc", mode.body([b"abc"])):
                headers = {"Content-Length": "3"}
                response = await client.post(
                    server.url, content=content, headers=headers, extensions=extensions
                )
                assert response.text == "ok"
                assert told == [(0, 3), (3, 3)]
                told.clear()


async def test_it_may_be_traced_at_the_same_time(mode: Mode) -> None:
    told = Told()
    events: list[str] = []

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.receive_exactly(3)
        conversation.send(OK)
        conversation.receive_to_end()

    def note(event: str, info: dict[str, Any]) -> None:
        events.append(event)

    with raw_server(script) as server:
        async with mode.client() as client:
            extensions = {"upload_progress": told, "trace": mode.function(note)}
            response = await client.post(server.url, content=b"abc", extensions=extensions)

    assert response.text == "ok"
    assert told == [(0, 3), (3, 3)]
    assert events[-1] == "http11.response_closed.complete"


async def test_what_cannot_be_called_is_refused(mode: Mode) -> None:
    async with mode.client() as client:
        with pytest.raises(TypeError, match=r"extensions\['upload_progress'\]: expected a funct"):
            extensions = {"upload_progress": "tell"}
            await client.post("http://127.0.0.1:1/", content=b"abc", extensions=extensions)


def test_request_without_any_of_it_loads_nothing_of_it(server: str) -> None:
    program = (
        "import hookline, sys\n"
        f"hookline.post('{server}/echo', content=b'x' * 100_000).raise_for_status()\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True).split()

    # What only some requests ask for.
    assert {"hookline._progress", "hookline._interim", "hookline._expect"} & set(loaded) == set()


# -- Applications -----------------------------------------------------------------------------


async def test_application_is_told_of_as_it_reads(mode: Mode) -> None:
    told = Told()
    seen: list[int] = []

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            seen.append(len(message["body"]))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    def wsgi(environ: Any, start_response: Any) -> Any:
        seen.append(len(environ["wsgi.input"].read()))
        start_response("200 OK", [])
        return [b"ok"]

    transport = hookline.ASGITransport(asgi) if mode.is_async else hookline.WSGITransport(wsgi)
    async with mode.client(transport=transport) as client:
        for kind in ("large", "generator"):
            arguments, expected = bodies(mode)[kind]
            extensions = {"upload_progress": told}
            assert (await client.post("http://app/", extensions=extensions, **arguments)).is_success
            assert told == expected
            assert sum(seen) == expected[-1][0]
            told.clear()
            seen.clear()
