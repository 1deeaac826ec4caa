"""The cache: what is answered from it, what is asked of the server, and whose answers are whose."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hookline
from hookline_cache import Cache
from support.modes import Mode
from support.processes import in_child
from support.raw import LIMIT, Conversation, raw_server
from support.tasks import after_turns

FRESH = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 5\r\n\r\nfresh"


class Origin:
    """A server that answers by path, and notes what it was asked."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.heads: list[bytes] = []

    def __call__(self, conversation: Conversation) -> None:
        while head := conversation.receive_head():
            self.heads.append(head)
            if b"content-length: 1\r\n" in head.lower():
                conversation.receive_exactly(1)
            conversation.send(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])

    def asked(self, name: bytes) -> list[bytes]:
        """A header's values in the requests that had it."""
        return [
            line.partition(b": ")[2]
            for head in self.heads
            for line in head.split(b"\r\n")
            if line.lower().startswith(name.lower() + b":")
        ]


async def ask(
    mode: Mode, origin: Origin, *calls: Callable[[Any, str], Any], cache: Any = None
) -> list[Any]:
    with raw_server(origin) as server:
        async with mode.client(middleware=[cache or Cache()]) as client:
            return [await call(client, server.url) for call in calls]


def get(**arguments: Any) -> Callable[[Any, str], Any]:
    return lambda client, url: client.get(url, **arguments)


def told(response: Any) -> tuple[bool, bool, bool]:
    """From the cache? Asked whether it still holds? Kept?"""
    happened = response.extensions["cache"]
    return happened["from_cache"], happened["revalidated"], happened["stored"]


async def test_fresh_response_is_answered_from_the_cache(mode: Mode) -> None:
    origin = Origin(FRESH)

    first, second = await ask(mode, origin, get(), get())

    assert (first.text, second.text) == ("fresh", "fresh")
    assert (told(first), told(second)) == ((False, False, True), (True, False, False))
    assert second.status_code == 200
    assert int(second.headers["age"]) < LIMIT
    assert len(origin.heads) == 1


async def test_response_that_is_not_fresh_is_asked_about(mode: Mode) -> None:
    origin = Origin(
        b'HTTP/1.1 200 OK\r\nETag: "1"\r\nCache-Control: no-cache\r\nContent-Length: 3\r\n\r\nold',
        b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nCache-Control: no-cache\r\nX-New: yes\r\n\r\n',
        b'HTTP/1.1 200 OK\r\nETag: "2"\r\nCache-Control: no-cache\r\nContent-Length: 3\r\n\r\nnew',
    )

    responses = await ask(mode, origin, get(), get(), get())

    assert [response.text for response in responses] == ["old", "old", "new"]
    assert [told(response) for response in responses] == [
        (False, False, True),
        (True, True, False),
        (False, True, True),
    ]
    assert responses[1].headers["x-new"] == "yes"
    assert origin.asked(b"if-none-match") == [b'"1"', b'"1"']
    # What the cache asks is not written into the program's own request.
    assert "if-none-match" not in responses[1].request.headers


async def test_answer_without_a_body_leaves_its_connection(mode: Mode) -> None:
    origin = Origin(
        b'HTTP/1.1 200 OK\r\nETag: "1"\r\nCache-Control: no-cache\r\nContent-Length: 3\r\n\r\nold',
        b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nCache-Control: no-cache\r\n\r\n',
    )
    with raw_server(origin) as server:
        limits = hookline.Limits(max_connections=1)
        async with mode.client(middleware=["cache"], limits=limits) as client:
            for _ in range(5):
                assert (await client.get(server.url)).text == "old"
        assert server.connections == 1


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nVary: *\r\nCache-Control: max-age=60\r\nContent-Length: 5\r\n\r\n",
    ],
)
async def test_what_must_not_be_used_again_is_asked_for_again(mode: Mode, head: bytes) -> None:
    origin = Origin(head + b"fresh")

    responses = await ask(mode, origin, get(), get())

    assert [response.text for response in responses] == ["fresh", "fresh"]
    assert len(origin.heads) == 2


async def test_change_makes_the_cache_forget(mode: Mode) -> None:
    origin = Origin(FRESH, b"HTTP/1.1 204 No Content\r\n\r\n", FRESH)

    post = lambda client, url: client.post(url, content=b"x")  # noqa: E731
    responses = await ask(mode, origin, get(), post, get())

    assert len(origin.heads) == 3
    assert told(responses[2]) == (False, False, True)


async def test_variants_are_kept_apart(mode: Mode) -> None:
    vary = b"HTTP/1.1 200 OK\r\nVary: Accept-Language\r\nCache-Control: max-age=60\r\n"
    origin = Origin(vary + b"Content-Length: 2\r\n\r\nde", vary + b"Content-Length: 2\r\n\r\nen")
    de, en = get(headers={"Accept-Language": "de"}), get(headers={"Accept-Language": "en"})

    responses = await ask(mode, origin, de, en, de, en)

    assert [response.text for response in responses] == ["de", "en", "de", "en"]
    assert len(origin.heads) == 2


async def test_one_users_answer_is_never_anothers(mode: Mode) -> None:
    """Whether the server says Vary: Authorization or not."""
    private = b"HTTP/1.1 200 OK\r\nCache-Control: private, max-age=60\r\nContent-Length: 1\r\n\r\n"
    origin = Origin(private + b"a", private + b"b", private + b"c")

    responses = await ask(
        mode, origin, get(auth=("a", "a")), get(auth=("b", "b")), get(), get(auth=("a", "a"))
    )

    assert [response.text for response in responses] == ["a", "b", "c", "a"]


async def test_sessions_are_told_apart_by_their_cookies(mode: Mode) -> None:
    private = b"HTTP/1.1 200 OK\r\nCache-Control: private, max-age=60\r\nContent-Length: 1\r\n\r\n"
    origin = Origin(private + b"a", private + b"b", private + b"c")
    cache = Cache(users=["authorization", "cookie", "X-Api-Key"])
    a, b = get(headers={"Cookie": "sid=a"}), get(headers={"Cookie": "sid=b"})
    key = get(headers={"X-Api-Key": "k"})

    responses = await ask(mode, origin, a, b, key, a, b, key, cache=cache)

    assert [response.text for response in responses] == ["a", "b", "c", "a", "b", "c"]


async def test_clients_settings_hold_for_what_is_kept(mode: Mode) -> None:
    body = "é".encode("latin-1")
    origin = Origin(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: max-age=60\r\n"
        b"Content-Length: 1\r\n\r\n" + body
    )
    with raw_server(origin) as server:
        settings = {"default_encoding": "latin-1", "max_response_size": 1}
        async with mode.client(middleware=["cache"], **settings) as client:
            texts = [(await client.get(server.url)).text for _ in range(2)]
            with pytest.raises(hookline.ResponseTooLarge):
                await client.get(server.url, extensions={"max_response_size": 0})

    assert texts == ["é", "é"]


def test_child_process_opens_its_own_store(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.db")

    def handler(request: hookline.Request) -> hookline.Response:
        return hookline.Response(200, headers={"Cache-Control": "max-age=60"}, text="mock")

    transport = hookline.MockTransport(handler)
    with hookline.Client(transport=transport, middleware=[cache]) as client:
        client.get("http://example.org/")
        engine = cache._engine

        def child() -> tuple[bool, bool]:
            response = client.get("http://example.org/")
            return response.extensions["cache"]["from_cache"], cache._engine is engine

        with cache._lock:
            assert in_child(child) == (True, False)


async def test_shared_cache_keeps_nothing_private(mode: Mode) -> None:
    private = b"HTTP/1.1 200 OK\r\nCache-Control: private, max-age=60\r\nContent-Length: 1\r\n\r\na"
    origin = Origin(private)

    await ask(mode, origin, get(), get(), cache=Cache(shared=True))

    assert len(origin.heads) == 2


async def test_body_that_is_streamed_is_kept_when_it_is_over(mode: Mode) -> None:
    origin = Origin(FRESH)
    with raw_server(origin) as server:
        async with mode.client(middleware=["cache"]) as client:
            async with client.stream("GET", server.url) as response:
                pieces = [piece async for piece in response.aiter_bytes(2)]
            again = await client.get(server.url)

    assert pieces == [b"fr", b"es", b"h"]
    assert told(again)[0]


async def test_body_that_was_given_up_is_not_kept(mode: Mode) -> None:
    origin = Origin(FRESH)
    with raw_server(origin) as server:
        async with mode.client(middleware=["cache"]) as client:
            async with client.stream("GET", server.url):
                pass
            again = await client.get(server.url)

    assert (again.text, told(again)[0]) == ("fresh", False)


async def test_body_that_breaks_off_is_not_kept(mode: Mode) -> None:
    requests = 0

    def script(conversation: Conversation) -> None:
        nonlocal requests
        while conversation.receive_head():
            requests += 1
            if requests == 1:
                conversation.send(FRESH[:-1])
                return
            conversation.send(FRESH)

    with raw_server(script) as server:
        async with mode.client(middleware=["cache"]) as client:
            with pytest.raises(hookline.RemoteProtocolError):
                await client.get(server.url)
            assert (await client.get(server.url)).text == "fresh"


async def test_body_that_is_too_long_passes_and_is_not_kept(mode: Mode) -> None:
    origin = Origin(FRESH)

    responses = await ask(mode, origin, get(), get(), cache=Cache(max_entry_size=4))

    assert [response.text for response in responses] == ["fresh", "fresh"]
    assert len(origin.heads) == 2


async def test_coded_bodies_are_kept_as_they_came(mode: Mode, server: str) -> None:
    async with mode.client(middleware=["cache"]) as client:
        import gzip

        body = gzip.compress(b"hello")
        origin = Origin(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nCache-Control: max-age=60\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        with raw_server(origin) as raw:
            first = await client.get(raw.url)
            second = await client.get(raw.url)

    assert (first.text, second.text) == ("hello", "hello")
    assert told(second)[0]
    assert second.headers["content-encoding"] == "gzip"


async def test_chunked_bodies_are_kept(mode: Mode) -> None:
    origin = Origin(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: max-age=60\r\n\r\n"
        b"3\r\nabc\r\n0\r\n\r\n"
    )

    first, second = await ask(mode, origin, get(), get())

    assert (first.text, second.text) == ("abc", "abc")
    assert told(second)[0]
    assert "transfer-encoding" not in second.headers


async def test_request_may_go_past_the_cache(mode: Mode) -> None:
    origin = Origin(FRESH)

    past = get(extensions={"cache": False})
    responses = await ask(mode, origin, get(), past, get())

    assert "cache" not in responses[1].extensions
    assert len(origin.heads) == 2


async def test_file_outlives_the_client_and_serves_both_kinds(mode: Mode, tmp_path: Path) -> None:
    spec = {"name": "cache", "options": {"path": str(tmp_path / "cache.db")}}
    origin = Origin(FRESH)
    with raw_server(origin) as server:
        for _ in range(2):
            async with mode.client(middleware=[spec]) as client:
                response = await client.get(server.url)
        with hookline.Client(middleware=[spec]) as other:
            assert other.get(server.url).text == "fresh"

    assert told(response)[0]
    assert len(origin.heads) == 1


async def test_entry_is_thrown_away_after_its_time(mode: Mode) -> None:
    origin = Origin(FRESH)

    await ask(mode, origin, get(), get(), cache=Cache(ttl=1e-9))

    assert len(origin.heads) == 2


async def test_transport_for_tests_is_cached_too(mode: Mode) -> None:
    asked = 0

    def handler(request: hookline.Request) -> hookline.Response:
        nonlocal asked
        asked += 1
        return hookline.Response(200, headers={"Cache-Control": "max-age=60"}, text="mock")

    transport = hookline.MockTransport(handler)
    async with mode.client(transport=transport, middleware=["cache"]) as client:
        texts = [(await client.get("http://example.org/")).text for _ in range(3)]

    assert (texts, asked) == (["mock"] * 3, 1)


async def test_many_at_once(mode: Mode) -> None:
    origin = Origin(FRESH)
    with raw_server(origin) as server:
        async with mode.client(middleware=["cache"]) as client:
            urls = [f"{server.url}{number % 3}" for number in range(24)]
            responses = await mode.together(
                *[lambda url=url: client.get(url) for url in urls]  # type: ignore[misc]
            )

    assert {response.text for response in responses} == {"fresh"}


@pytest.mark.parametrize("turns", range(0, 24, 4))
@pytest.mark.parametrize("mode", ["asyncio", "trio"], indirect=True)
async def test_cancelled_request_leaves_nothing_broken(mode: Mode, turns: int) -> None:
    origin = Origin(FRESH)
    limits = hookline.Limits(max_connections=1)
    with raw_server(origin) as server:
        async with mode.client(middleware=["cache"], limits=limits) as client:
            await after_turns(mode, turns, lambda: client.get(server.url))
            assert (await client.get(server.url)).text == "fresh"
            assert (await client.get(server.url)).text == "fresh"


def test_middleware_travels_without_what_it_keeps() -> None:
    cache = Cache()
    cache._make().store()

    twin = pickle.loads(pickle.dumps(cache))

    assert twin._engine is None
    assert twin._make().store() is not cache._make().store()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": 5}, "path: expected a file's path or None, not 5"),
        ({"max_size": 0}, "max_size: expected a number of bytes >= 1, not 0"),
        ({"max_entry_size": "1"}, "max_entry_size: expected a number of bytes >= 1, not '1'"),
        ({"ttl": -1}, "ttl: expected seconds > 0 or None, not -1"),
        ({"methods": "GET"}, "methods: expected a list of methods, not 'GET'"),
        ({"users": "Cookie"}, "users: expected a list of header names, not 'Cookie'"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Cache(**options)
