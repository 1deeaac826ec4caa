"""`extensions={"target": ...}`: what stands in the request line, on every way.

HTTP/2's `:path` is in tests/http2/test_fields.py.
"""

from __future__ import annotations

from typing import Any

import pytest

import hookline
from support.modes import Mode
from support.raw import Conversation, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

# By the name of a way: the settings of a client that takes it, past a server at this URL.
WAYS: dict[str, Any] = {
    "directly": lambda url: {},
    "h11": lambda url: {"protocols": [{"name": "http11", "options": {"parser": "h11"}}]},
    "forwarded": lambda url: {"proxy": url},
    "tunnelled": lambda url: {
        "proxy": {"name": "http-proxy", "options": {"proxy": hookline.Proxy(url, tunnel=True)}}
    },
}


class Lines:
    """A script that answers whatever comes, and remembers the request lines."""

    def __init__(self, *answers: bytes) -> None:
        self.seen: list[bytes] = []
        self.answers = list(answers)

    def __call__(self, conversation: Conversation) -> None:
        while head := conversation.receive_head():
            line = head.partition(b"\r\n")[0]
            if line.startswith(b"CONNECT"):
                conversation.send(b"HTTP/1.1 200 Established\r\n\r\n")
                continue
            self.seen.append(line)
            conversation.send(self.answers.pop(0) if self.answers else OK)


@pytest.mark.parametrize("way", WAYS)
async def test_target_is_sent_as_it_is(mode: Mode, way: str) -> None:
    lines = Lines()
    with raw_server(lines) as server:
        async with mode.client(**WAYS[way](server.url)) as client:
            for target in (b"/raw//p%20ath?q", b"*", b"http://elsewhere.test/x"):
                extensions = {"target": target}
                await client.request("OPTIONS", server.url + "own", extensions=extensions)
            await client.get(server.url + "own")

    start = server.url.rstrip("/").encode() if way == "forwarded" else b""
    assert lines.seen == [
        b"OPTIONS " + start + b"/raw//p%20ath?q HTTP/1.1",
        b"OPTIONS " + (start or b"*") + b" HTTP/1.1",
        b"OPTIONS http://elsewhere.test/x HTTP/1.1",
        b"GET " + start + b"/own HTTP/1.1",
    ]


INJECTIONS = [
    b"/ HTTP/1.1\r\nHost: evil\r\n\r\nGET /x",
    b"/a b",
    b"/a\n",
    b"/a\r",
    b"/a\0",
    b"/a\t",
    b"/a\x7f",
    b"/\xc3\xa9",
]


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_is_injected_by_a_target(mode: Mode, way: str) -> None:
    lines = Lines()
    with raw_server(lines) as server:
        async with mode.client(**WAYS[way](server.url)) as client:
            for target in INJECTIONS:
                with pytest.raises(hookline.LocalProtocolError, match="Illegal request target"):
                    await client.get(server.url, extensions={"target": target})
            assert (await client.get(server.url)).text == "ok"

    assert len(lines.seen) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("target", ["/text", 5, bytearray(b"/a")])
async def test_target_that_is_no_bytes_is_refused(mode: Mode, way: str, target: Any) -> None:
    with raw_server(Lines()) as server:
        async with mode.client(**WAYS[way](server.url)) as client:
            with pytest.raises(TypeError, match=r'extensions\["target"\]: expected bytes, not '):
                await client.get(server.url, extensions={"target": target})


@pytest.mark.parametrize("way", WAYS)
async def test_target_is_for_one_request(mode: Mode, way: str) -> None:
    """A redirect says where to go on."""
    redirect = b"HTTP/1.1 307 There\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
    lines = Lines(redirect)
    with raw_server(lines) as server:
        async with mode.client(follow_redirects=True, **WAYS[way](server.url)) as client:
            response = await client.get(server.url, extensions={"target": b"/first"})

    start = server.url.rstrip("/").encode() if way == "forwarded" else b""
    assert lines.seen == [
        b"GET " + start + b"/first HTTP/1.1",
        b"GET " + start + b"/there HTTP/1.1",
    ]
    assert response.history[0].request.extensions["target"] == b"/first"


def test_name_in_the_handshake_is_for_one_host() -> None:
    def answer(request: hookline.Request) -> hookline.Response:
        seen.append(request.extensions.get("sni_hostname"))
        if request.url.path == "/":
            return hookline.Response(302, headers={"Location": "/same"})
        if request.url.path == "/same":
            return hookline.Response(302, headers={"Location": "https://b.test/other"})
        return hookline.Response(200)

    seen: list[Any] = []
    transport = hookline.MockTransport(answer)
    with hookline.Client(transport=transport, follow_redirects=True) as client:
        client.get("https://a.test/", extensions={"sni_hostname": "c.test"})

    assert seen == ["c.test", "c.test", None]
