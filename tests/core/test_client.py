"""The clients end to end, against a real server: defaults, bodies, redirects, hooks, life cycle."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import hookline
from support.modes import Mode, breathe
from support.raw import answering, raw_server

VERBS = ["get", "options", "head", "post", "put", "patch", "delete"]


async def seen(client: Any, method: str, url: str, **arguments: Any) -> dict[str, Any]:
    """What the server saw of a request."""
    response = await client.request(method, url, **arguments)
    found: dict[str, Any] = response.json()
    return found


# -- Verbs and defaults ---------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
async def test_each_verb_sends_its_method(mode: Mode, server: str, verb: str) -> None:
    async with mode.client() as client:
        response = await getattr(client, verb)(server + "/echo")

    assert response.request.method == verb.upper()
    assert response.status_code == 200
    if verb != "head":
        assert response.json()["method"] == verb.upper()


@pytest.mark.parametrize("verb", VERBS)
def test_each_one_off_function_sends_its_method(server: str, verb: str) -> None:
    response = getattr(hookline, verb)(server + "/echo", headers={"X-Test": "1"})

    assert response.status_code == 200
    assert response.request.method == verb.upper()
    assert response.is_closed


def test_one_off_stream_hands_out_an_unread_response(server: str) -> None:
    with hookline.stream("GET", server + "/chunks/3") as response:
        lines = list(response.iter_lines())

    assert lines == ["chunk 0", "chunk 1", "chunk 2"]


async def test_default_headers_are_these_in_this_order(mode: Mode, server: str) -> None:
    async with mode.client() as client:
        echoed = await seen(client, "GET", server + "/echo")

    assert echoed["headers"] == [
        ["host", server.removeprefix("http://")],
        ["accept", "*/*"],
        # Those of zlib, and those whose packages the tests install.
        ["accept-encoding", "gzip, deflate, br, zstd"],
        ["connection", "keep-alive"],
        ["user-agent", f"python-hookline/{hookline.__version__}"],
    ]


async def test_client_settings_are_merged_with_the_request_s(mode: Mode, server: str) -> None:
    settings = {
        "base_url": server + "/echo/base",
        "headers": {"X-One": "client", "X-Two": "client"},
        "params": {"one": "client", "two": "client"},
        "cookies": {"one": "client"},
    }
    async with mode.client(**settings) as client:
        echoed = await seen(
            client,
            "GET",
            "/items",
            headers={"X-Two": "request"},
            params={"two": "request"},
            cookies={"two": "request"},
        )

    headers = dict(echoed["headers"])
    assert echoed["path"] == "/echo/base/items"
    assert echoed["query"] == "one=client&two=request"
    assert (headers["x-one"], headers["x-two"]) == ("client", "request")
    assert headers["cookie"] == "one=client; two=request"


async def test_settings_changed_later_take_effect(mode: Mode, server: str) -> None:
    async with mode.client() as client:
        client.base_url = server + "/echo"
        client.headers["X-Later"] = "yes"
        client.timeout = 7
        request = client.build_request("GET", "/a")

    assert str(request.url) == server + "/echo/a"
    assert request.headers["x-later"] == "yes"
    assert request.extensions["timeout"] == {"connect": 7, "read": 7, "write": 7, "pool": 7}


async def test_same_relative_url_follows_a_changed_base(mode: Mode, server: str) -> None:
    async with mode.client(base_url="http://one.test/") as client:
        first = client.build_request("GET", "/a").url
        client.base_url = "http://two.test/"
        second = client.build_request("GET", "/a").url

    assert (str(first), str(second)) == ("http://one.test/a", "http://two.test/a")


# -- Bodies ---------------------------------------------------------------------------------

BODIES: dict[str, tuple[Callable[[Mode], dict[str, Any]], str, dict[str, str]]] = {
    "bytes": (lambda mode: {"content": b"abc"}, "abc", {"content-length": "3"}),
    "text": (lambda mode: {"content": "äbc"}, "Ã¤bc", {"content-length": "4"}),
    "json": (
        lambda mode: {"json": {"a": "ä", "b": [1, None]}},
        '{"a":"Ã¤","b":[1,null]}',
        {"content-type": "application/json", "content-length": "23"},
    ),
    "form": (
        lambda mode: {"data": {"a": "b c", "d": ["e", "f"]}},
        "a=b+c&d=e&d=f",
        {"content-type": "application/x-www-form-urlencoded", "content-length": "13"},
    ),
    "generator": (
        lambda mode: {"content": mode.body([b"ab", b"", b"c"])},
        "abc",
        {"transfer-encoding": "chunked"},
    ),
    "generator as data": (
        lambda mode: {"data": mode.body([b"ab", b"c"])},
        "abc",
        {"transfer-encoding": "chunked"},
    ),
    "generator with a length": (
        lambda mode: {"content": mode.body([b"ab", b"c"]), "headers": {"Content-Length": "3"}},
        "abc",
        {"content-length": "3"},
    ),
    "empty generator": (
        lambda mode: {"content": mode.body([])},
        "",
        {"transfer-encoding": "chunked"},
    ),
    "nothing": (lambda mode: {}, "", {"content-length": "0"}),
}


@pytest.mark.parametrize("kind", BODIES)
async def test_bodies_arrive_as_they_were_given(mode: Mode, server: str, kind: str) -> None:
    make, expected, headers = BODIES[kind]
    async with mode.client() as client:
        echoed = await seen(client, "POST", server + "/echo", **make(mode))
        port = (await client.get(server + "/port")).text

    received = dict(echoed["headers"])
    framing = {name: received.get(name) for name in ("content-length", "transfer-encoding")}
    assert echoed["body"] == expected
    assert {name: received[name] for name in headers} == headers
    assert sum(value is not None for value in framing.values()) == 1
    assert int(port) == echoed["client_port"], "the connection was not used again"


async def test_large_uploads_arrive_whole(mode: Mode, server: str) -> None:
    pieces = [bytes([65 + number % 26]) * 100_000 for number in range(30)]
    async with mode.client() as client:
        as_bytes = await seen(client, "POST", server + "/echo", content=b"".join(pieces))
        streamed = await seen(client, "POST", server + "/echo", content=mode.body(pieces))

    assert as_bytes["body"].encode() == b"".join(pieces)
    assert streamed["body"] == as_bytes["body"]


def test_files_are_sent_from_where_they_stand(server: str, tmp_path: Any) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"0123456789")
    with hookline.Client() as client, path.open("rb") as file:
        file.seek(4)
        on_disk = client.post(server + "/echo", content=file).json()
        in_memory = client.post(server + "/echo", data=io.BytesIO(b"abc")).json()

    assert on_disk["body"] == "456789"
    assert dict(on_disk["headers"])["content-length"] == "6"
    assert in_memory["body"] == "abc"


async def test_body_that_raises_is_raised_and_its_connection_is_not_reused(
    mode: Mode, server: str
) -> None:
    class Unreadable(Exception):
        pass

    def pieces() -> Iterator[bytes]:
        yield b"first"
        raise Unreadable

    async with mode.client() as client:
        before = (await client.get(server + "/port")).text
        with pytest.raises(Unreadable):
            await client.post(server + "/echo", content=mode.body(pieces()))
        after = (await client.get(server + "/port")).text

    assert before != after


async def test_body_that_raises_at_once_sends_nothing(mode: Mode) -> None:
    def pieces() -> Iterator[bytes]:
        raise ZeroDivisionError
        yield b""

    received: list[bytes] = []
    with raw_server(lambda conversation: received.append(conversation.receive_to_end())) as server:
        async with mode.client() as client:
            with pytest.raises(ZeroDivisionError):
                await client.post(server.url, content=mode.body(pieces()))

    assert received == [b""]


@pytest.mark.parametrize("piece", ["text", 7, None, [b"list"]])
async def test_body_of_the_wrong_type_is_refused_and_named(
    mode: Mode, server: str, piece: object
) -> None:
    async with mode.client() as client:
        with pytest.raises(TypeError) as caught:
            await client.post(server + "/echo", content=mode.body([b"fine", piece]))

    assert f"bytes, not {piece!r}" in str(caught.value)


@pytest.mark.parametrize(("length", "message"), [(2, "Too much data"), (5, "Too little data")])
async def test_body_that_belies_its_content_length_is_refused(
    mode: Mode, server: str, length: int, message: str
) -> None:
    async with mode.client() as client:
        for content in (mode.body([b"a", b"bc"]), b"abc"):
            with pytest.raises(hookline.LocalProtocolError, match=message):
                headers = {"Content-Length": str(length)}
                await client.post(server + "/echo", content=content, headers=headers)
        assert (await client.get(server + "/port")).status_code == 200


async def test_wrong_kind_of_generator_is_refused(mode: Mode, server: str) -> None:
    other = Mode("sync" if mode.is_async else "asyncio")
    async with mode.client() as client:
        with pytest.raises(RuntimeError, match=r"Attempted to send an a?sync request"):
            await client.post(server + "/echo", content=other.body([b"a"]))


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"content": 7}, TypeError, "7"),
        ({"content": {"a": 1}}, TypeError, "{'a': 1}"),
        ({"json": {1, 2}}, TypeError, "set"),
        ({"json": float("nan")}, ValueError, "JSON"),
        ({"headers": {"a": 7}}, TypeError, "int"),
        ({"headers": 7}, TypeError, "7"),
        ({"params": 7}, TypeError, "7"),
        ({"cookies": 7}, TypeError, "7"),
        ({"auth": 7}, TypeError, "7"),
        ({"timeout": "soon"}, TypeError, "'soon'"),
        ({"timeout": -1}, ValueError, "-1"),
    ],
)
async def test_arguments_of_the_wrong_type_are_refused_and_named(
    mode: Mode, arguments: dict[str, Any], error: type[Exception], named: str
) -> None:
    async with mode.client() as client:
        with pytest.raises(error) as caught:
            await client.post("http://127.0.0.1:1/", **arguments)

    assert named in str(caught.value)


@pytest.mark.parametrize("url", [7, None, b"http://a/"])
async def test_url_of_the_wrong_type_is_refused_and_named(mode: Mode, url: Any) -> None:
    async with mode.client() as client:
        with pytest.raises(TypeError) as caught:
            await client.get(url)

    assert repr(url) in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("/relative", "missing an 'http://' or 'https://' protocol"),
        ("example.org", "missing an 'http://' or 'https://' protocol"),
        ("ftp://example.org/", "unsupported protocol 'ftp://'"),
        ("http://", "has no host"),
        ("https:///path", "has no host"),
    ],
)
async def test_url_that_nothing_here_speaks_is_unsupported(
    mode: Mode, url: str, message: str
) -> None:
    async with mode.client() as client:
        with pytest.raises(hookline.UnsupportedProtocol, match=message) as caught:
            await client.get(url)

    assert caught.value.request.method == "GET"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", " a", "a\t"])
async def test_header_injection_is_refused_and_nothing_is_sent(mode: Mode, value: str) -> None:
    received: list[bytes] = []
    with raw_server(lambda conversation: received.append(conversation.receive_to_end())) as server:
        async with mode.client() as client:
            with pytest.raises(hookline.LocalProtocolError, match="X-Test"):
                await client.get(server.url, headers={"X-Test": value})

    assert received == [b""]


# -- Reading --------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw-deflate"])
async def test_content_codings_are_undone(mode: Mode, server: str, coding: str) -> None:
    async with mode.client() as client:
        whole = await client.get(f"{server}/encoded/{coding}")
        async with client.stream("GET", f"{server}/encoded/{coding}") as response:
            pieces = [piece async for piece in response.aiter_bytes(chunk_size=1000)]
        async with client.stream("GET", f"{server}/encoded/{coding}") as response:
            raw = [piece async for piece in response.aiter_raw()]

    assert whole.text == "Hello, world!" * 1000
    assert [len(piece) for piece in pieces] == [1000] * 13
    assert sum(map(len, raw)) == int(whole.headers["content-length"]) < 1000
    assert whole.num_bytes_downloaded == sum(map(len, raw))


async def test_streams_are_read_by_bytes_text_and_lines(mode: Mode, server: str) -> None:
    expected = "".join(f"chunk {number}\n" for number in range(500))
    async with mode.client() as client:
        async with client.stream("GET", server + "/chunks/500") as response:
            text = [piece async for piece in response.aiter_text(chunk_size=100)]
        async with client.stream("GET", server + "/chunks/500") as response:
            lines = [line async for line in response.aiter_lines()]
        async with client.stream("GET", server + "/chunks/500") as response:
            whole = await response.aread()

    assert "".join(text) == expected
    assert {len(piece) for piece in text[:-1]} == {100}
    assert lines == expected.splitlines()
    assert whole.decode() == expected


async def test_streaming_response_is_unread_until_it_is_read(mode: Mode, server: str) -> None:
    async with mode.client() as client:
        async with client.stream("GET", server + "/") as response:
            with pytest.raises(hookline.ResponseNotRead):
                response.content  # noqa: B018
            with pytest.raises(RuntimeError, match="elapsed"):
                response.elapsed  # noqa: B018
            assert not response.is_closed
            assert not response.is_stream_consumed
            await response.aread()
            assert response.text == "Hello, world!"
            assert response.elapsed.total_seconds() > 0
            assert response.is_closed

        assert response.text == "Hello, world!"


@pytest.mark.parametrize("path", ["/", "/chunks/20000", "/bytes/3000000"])
async def test_stream_cannot_be_read_twice_or_after_close(
    mode: Mode, server: str, path: str
) -> None:
    async with mode.client() as client:
        async with client.stream("GET", server + path) as response:
            async for _ in response.aiter_raw():
                pass
            with pytest.raises(hookline.StreamConsumed):
                await response.aread()
        async with client.stream("GET", server + path) as response:
            await response.aclose()
            with pytest.raises(hookline.StreamClosed):
                await response.aread()
        async with client.stream("GET", server + path) as response:
            async for _ in response.aiter_bytes():
                break
        with pytest.raises(hookline.StreamConsumed):
            async for _ in response.aiter_bytes():
                pass


async def test_truncated_body_is_an_error_with_its_request(mode: Mode) -> None:
    def script(conversation: Any) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    with raw_server(script) as server:
        async with mode.client() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="6 bytes are missing") as caught:
                await client.get(server.url)
            assert str(caught.value.request.url) == server.url
            async with client.stream("GET", server.url) as response:
                with pytest.raises(hookline.RemoteProtocolError) as caught:
                    [piece async for piece in response.aiter_bytes()]
            assert str(caught.value.request.url) == server.url


@pytest.mark.parametrize("garbage", [b"hello\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x16\x03\x01\0"])
async def test_what_is_not_http_is_the_server_s_fault(mode: Mode, garbage: bytes) -> None:
    def script(conversation: Any) -> None:
        conversation.receive_head()
        conversation.send(garbage)

    with raw_server(script) as server:
        async with mode.client() as client:
            with pytest.raises(hookline.RemoteProtocolError):
                await client.get(server.url)


async def test_endless_head_is_cut_off(mode: Mode) -> None:
    def script(conversation: Any) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 OK\r\n")
        for number in range(100_000):
            conversation.send(b"X-%d: y\r\n" % number)

    with raw_server(script) as server:
        async with mode.client() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="longer than 102400 bytes"):
                await client.get(server.url)


async def test_silent_server_is_named_as_such(mode: Mode) -> None:
    with raw_server(lambda conversation: conversation.receive_head()) as server:
        async with mode.client() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="without sending a response"):
                await client.get(server.url)


# -- Redirects ------------------------------------------------------------------------------


async def test_redirects_are_not_followed_unless_asked(mode: Mode, server: str) -> None:
    url = f"{server}/redirect/302?to=/echo"
    async with mode.client() as client:
        stopped = await client.get(url)
        followed = await client.get(url, follow_redirects=True)
        assert (await client.send(stopped.next_request)).status_code == 200

    assert stopped.status_code == 302
    assert stopped.has_redirect_location
    assert str(stopped.next_request.url) == server + "/echo"
    assert followed.status_code == 200
    assert [response.status_code for response in followed.history] == [302]
    assert str(followed.url) == server + "/echo"


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [
        (301, "POST", "GET"), (301, "PUT", "PUT"), (302, "POST", "GET"), (302, "PUT", "GET"),
        (303, "POST", "GET"), (303, "HEAD", "HEAD"), (307, "POST", "POST"), (308, "PUT", "PUT"),
    ],
)  # fmt: skip
async def test_redirects_change_methods_and_drop_bodies_as_browsers_do(
    mode: Mode, server: str, status: int, method: str, expected: str
) -> None:
    url = f"{server}/redirect/{status}?to=/echo"
    async with mode.client(follow_redirects=True) as client:
        response = await client.request(method, url, content=b"body")

    assert response.request.method == expected
    if expected != "HEAD":
        assert response.json()["body"] == ("" if expected == "GET" else "body")


async def test_generator_bodies_cannot_be_sent_again(mode: Mode, server: str) -> None:
    async with mode.client(follow_redirects=True) as client:
        with pytest.raises(hookline.StreamConsumed):
            body = mode.body([b"once"])
            await client.post(f"{server}/redirect/307?to=/echo", content=body)
        assert (await client.get(server + "/port")).status_code == 200


async def test_history_holds_each_hop_once(mode: Mode) -> None:
    def hop(number: int) -> bytes:
        return b"HTTP/1.1 302 Found\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n" % number

    end = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with raw_server(answering(*map(hop, range(1, 11)), end)) as server:
        async with mode.client(follow_redirects=True) as client:
            response = await client.get(server.url + "0")

    paths = [earlier.url.path for earlier in response.history]
    assert paths == [f"/{number}" for number in range(10)]
    assert len(response.history[-1].history) == 9


async def test_endless_redirects_are_given_up(mode: Mode, server: str) -> None:
    url = f"{server}/redirect/302?to=/redirect/302%3Fto=/redirect/302"
    async with mode.client(follow_redirects=True, max_redirects=1) as client:
        with pytest.raises(hookline.TooManyRedirects):
            await client.get(url)
        pool = client._transport._pool
        assert (pool._open, pool._idle_count) == (1, 1)


async def test_credentials_stay_with_their_origin(mode: Mode, server: str) -> None:
    other = server.replace("127.0.0.1", "localhost")
    async with mode.client(follow_redirects=True) as client:
        for arguments in (
            {"auth": ("user", "password")},
            {"headers": {"Authorization": "Bearer x", "Cookie": "a=b"}},
        ):
            same = await seen(client, "GET", f"{server}/redirect/302?to=/echo", **arguments)
            cross = await seen(client, "GET", f"{server}/redirect/302?to={other}/echo", **arguments)

            assert "authorization" in dict(same["headers"])
            assert "authorization" not in dict(cross["headers"])
            assert "cookie" not in dict(cross["headers"])
            assert dict(cross["headers"])["host"] == other.removeprefix("http://")


async def test_location_that_is_no_url_is_the_server_s_fault(mode: Mode) -> None:
    response = b"HTTP/1.1 302 Found\r\nLocation: http://a:b/\r\nContent-Length: 0\r\n\r\n"
    with raw_server(answering(response)) as server:
        async with mode.client(follow_redirects=True) as client:
            with pytest.raises(hookline.RemoteProtocolError, match="Invalid URL in location"):
                await client.get(server.url)


# -- Authentication and cookies -------------------------------------------------------------


async def test_basic_auth_by_pair_by_object_and_by_url(mode: Mode, server: str) -> None:
    with_userinfo = server.replace("http://", "http://user:password@")
    async with mode.client() as client:
        refused = await client.get(server + "/basic")
        results = [
            await client.get(server + "/basic", auth=("user", "password")),
            await client.get(server + "/basic", auth=hookline.BasicAuth("user", b"password")),
            await client.get(with_userinfo + "/basic"),
        ]
    async with mode.client(auth=("user", "password")) as client:
        results.append(await client.get(server + "/basic"))
        off = await client.get(server + "/basic", auth=None)

    assert refused.status_code == off.status_code == 401
    assert [result.text for result in results] == ["welcome"] * 4


async def test_auth_flow_may_take_several_requests(mode: Mode, server: str) -> None:
    class AfterChallenge(hookline.Auth):
        requires_response_body = True

        def auth_flow(self, request: Any) -> Any:
            response = yield request
            if response.status_code == 401:
                assert response.text == "who is it?"
                request.headers["Authorization"] = "Basic dXNlcjpwYXNzd29yZA=="
                yield request

    async with mode.client() as client:
        response = await client.get(server + "/basic", auth=AfterChallenge())
        pool = client._transport._pool
        assert (pool._open, pool._idle_count) == (1, 1)

    assert response.text == "welcome"
    assert [earlier.status_code for earlier in response.history] == [401]


async def test_function_auth_changes_the_request(mode: Mode, server: str) -> None:
    def sign(request: hookline.Request) -> hookline.Request:
        request.headers["Authorization"] = "Token 1"
        return request

    async with mode.client(auth=sign) as client:
        echoed = await seen(client, "GET", server + "/echo")

    assert dict(echoed["headers"])["authorization"] == "Token 1"


async def test_function_auth_that_forgets_the_request_is_told(mode: Mode, server: str) -> None:
    async with mode.client(auth=lambda request: None) as client:
        with pytest.raises(TypeError, match="returned None, not the request"):
            await client.get(server + "/echo")


async def test_cookies_are_kept_and_sent_back(mode: Mode, server: str) -> None:
    async with mode.client() as client:
        response = await client.get(server + "/cookies?a=1&b=2")
        echoed = await seen(client, "GET", server + "/echo")
        elsewhere = await seen(client, "GET", server.replace("127.0.0.1", "localhost") + "/echo")

    assert dict(response.cookies) == {"a": "1", "b": "2"}
    assert dict(client.cookies) == {"a": "1", "b": "2"}
    assert dict(echoed["headers"])["cookie"] == "a=1; b=2"
    assert "cookie" not in dict(elsewhere["headers"])


# -- Hooks, mounts, transports --------------------------------------------------------------


async def test_event_hooks_see_every_message(mode: Mode, server: str) -> None:
    log: list[str] = []
    hooks = {
        "request": [mode.function(lambda request: log.append(f"> {request.url.raw_path!r}"))],
        "response": [mode.function(lambda response: log.append(f"< {response.status_code}"))],
    }
    async with mode.client(event_hooks=hooks, follow_redirects=True) as client:
        await client.get(server + "/redirect/302?to=/port")

    assert log == ["> b'/redirect/302?to=/port'", "< 302", "> b'/port'", "< 200"]


async def test_response_hook_that_raises_gives_the_connection_back(mode: Mode, server: str) -> None:
    hook = mode.function(lambda response: response.raise_for_status())
    async with mode.client(event_hooks={"response": [hook]}) as client:
        for _ in range(3):
            with pytest.raises(hookline.HTTPStatusError):
                await client.get(server + "/status/500")
        pool = client._transport._pool
        assert pool._open == pool._idle_count

    with pytest.raises(ValueError, match="no event 'respones'"):
        mode.client(event_hooks={"respones": []})


def test_coroutine_hook_is_refused_by_the_synchronous_client(server: str) -> None:
    async def hook(request: hookline.Request) -> None:
        pass

    with hookline.Client(event_hooks={"request": [hook]}) as client:
        with pytest.raises(TypeError, match=r"only hookline\.AsyncClient can await"):
            client.get(server + "/port")


async def test_most_specific_mount_answers(mode: Mode, server: str) -> None:
    def answers(text: str) -> hookline.MockTransport:
        return hookline.MockTransport(lambda request: hookline.Response(200, text=text))

    mounts = {
        "all://": answers("all"),
        "http://": answers("http"),
        "http://*.example.org": answers("subdomain"),
        "http://example.org:81": answers("port"),
        server: None,
    }
    async with mode.client(mounts=mounts) as client:
        texts = [
            (await client.get(url)).text
            for url in (
                "https://example.org/",
                "http://example.org/",
                "http://www.example.org/",
                "http://example.org:81/",
                server + "/",
            )
        ]

    assert texts == ["all", "http", "subdomain", "port", "Hello, world!"]


async def test_mock_transport_sees_the_whole_request(mode: Mode) -> None:
    def handler(request: hookline.Request) -> hookline.Response:
        body = {"method": request.method, "body": request.content.decode()}
        return hookline.Response(201, json=body)

    async with mode.client(transport=hookline.MockTransport(handler)) as client:
        response = await client.post("http://test/", content=mode.body([b"a", b"b"]))

    assert response.status_code == 201
    assert response.json() == {"method": "POST", "body": "ab"}
    assert response.elapsed.total_seconds() >= 0


async def test_class_attributes_may_be_patched(
    mode: Mode, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    """Mocking and tracing packages replace these two, on the class, after clients were made."""
    async with mode.client() as client:
        response = hookline.Response(299)
        if mode.is_async:

            async def handle(self: Any, request: hookline.Request) -> hookline.Response:
                return response

            monkeypatch.setattr(hookline.AsyncHTTPTransport, "handle_async_request", handle)
        else:
            monkeypatch.setattr(hookline.HTTPTransport, "handle_request", lambda *_: response)

        assert (await client.get(server)).status_code == 299


# -- Life cycle -----------------------------------------------------------------------------


async def test_closed_client_sends_nothing(mode: Mode, server: str) -> None:
    client = mode.client()
    await client.get(server + "/port")
    await client.aclose()
    await client.aclose()

    assert client.is_closed
    with pytest.raises(RuntimeError, match="has been closed"):
        await client.get(server + "/port")
    with pytest.raises(RuntimeError, match="Cannot reopen"):
        async with client:
            pass


async def test_client_opens_once(mode: Mode) -> None:
    async with mode.client() as client:
        with pytest.raises(RuntimeError, match="more than once"):
            async with client:
                pass


async def test_leaving_the_block_closes_a_client_that_is_in_use(mode: Mode, server: str) -> None:
    async with mode.client() as client:
        request = client.build_request("GET", server + "/stalls")
        response = await client.send(request, stream=True)

    with pytest.raises(hookline.TransportError):
        async for _ in response.aiter_bytes():
            pass


@pytest.mark.parametrize("framing", [b"", b"Content-Length: 1000\r\n"])
async def test_closing_the_client_never_completes_a_body(mode: Mode, framing: bytes) -> None:
    """Our own closing must not pass for the end of a body that lasts until the server closes."""

    def script(conversation: Any) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\npartial")
        conversation.receive_to_end()

    with raw_server(script) as server:
        client = mode.client()
        started = threading.Event()

        async def read() -> Any:
            async with client.stream("GET", server.url) as response:
                async for _ in response.aiter_bytes():
                    started.set()

        async def close() -> None:
            while not started.is_set():
                await breathe(mode)
            await client.aclose()

        result, _ = await mode.together(read, close)

    assert isinstance(result, hookline.TransportError)


def test_asynchronous_client_survives_its_event_loop(server: str) -> None:
    client = hookline.AsyncClient()

    async def get() -> int:
        return (await client.get(server + "/port")).status_code

    async def last() -> int:
        status = await get()
        await client.aclose()
        return status

    with warnings.catch_warnings():
        # asyncio's own remark about what the first loops left behind.
        warnings.simplefilter("ignore", ResourceWarning)
        statuses = [asyncio.run(get()), asyncio.run(get()), asyncio.run(last())]
        gc.collect()

    assert statuses == [200, 200, 200]


def test_json_of_every_response_is_what_was_sent(server: str) -> None:
    with hookline.Client() as client:
        for value in ({"a": 1}, [1, 2], "text", 1.5, True):
            assert json.loads(client.post(server + "/echo", json=value).json()["body"]) == value
