"""What stands for httpcore: its messages, its pools, and what is put in place of their methods."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import httpcore
import pytest

from hookline.compat import _core_models as models
from support.fresh import check

URLS = [
    "http://example.org",
    "http://example.org/",
    "https://example.org:8443/a/b?c=d&e",
    "http://127.0.0.1:80/?",
    "http://[::1]:8080/a",
    "https://example.org/a%20b",
]


def url_facts(url: Any) -> tuple[Any, ...]:
    origin = url.origin
    return (
        (url.scheme, url.host, url.port, url.target),
        (origin.scheme, origin.host, origin.port, str(origin)),
        repr(url),
    )


@pytest.mark.parametrize("url", URLS)
def test_urls_have_the_parts_that_httpcores_have(url: str) -> None:
    ours = models.URL(url)

    assert ours == models.URL(url.encode())
    assert (ours.scheme, ours.host, ours.target) == (
        httpcore.URL(url).scheme,
        httpcore.URL(url).host,
        httpcore.URL(url).target,
    )
    assert ours.origin == tuple(vars(httpcore.URL(url).origin).values())


@pytest.mark.parametrize("port", [None, 80, 8443])
def test_urls_made_of_parts_are_httpcores(port: int | None) -> None:
    parts: dict[str, Any] = {"scheme": "https", "host": b"host", "port": port, "target": "*"}
    ours, theirs = models.URL(**parts), httpcore.URL(**parts)

    assert url_facts(ours) == url_facts(theirs)
    assert bytes(ours) == bytes(theirs)
    assert ours == models.URL(**parts)
    assert ours != models.URL(**parts | {"target": "/"})
    assert hash(ours) == hash(models.URL(**parts))


def test_addresses_keep_their_brackets() -> None:
    assert bytes(models.URL("http://[::1]:1/a")) == b"http://[::1]:1/a"


@pytest.mark.parametrize(
    "arguments",
    [
        {"headers": None},
        {"headers": {"a": "1", b"b": b"2"}},
        {"headers": [("a", "1"), (b"a", "2")], "extensions": {"x": 1}},
        {"content": b"abc"},
        {"extensions": {"target": b"*"}},
    ],
)
def test_messages_are_httpcores(arguments: dict[str, Any]) -> None:
    ours = models.Request("POST", "http://h/a", **arguments)
    theirs = httpcore.Request("POST", "http://h/a", **arguments)

    assert repr(ours) == repr(theirs)
    assert (ours.method, ours.headers, ours.extensions) == (
        theirs.method,
        theirs.headers,
        theirs.extensions,
    )
    assert ours.url.target == theirs.url.target
    assert list(ours.stream) == list(theirs.stream)  # type: ignore[arg-type]

    answer, their_answer = models.Response(201, **arguments), httpcore.Response(201, **arguments)

    assert repr(answer) == repr(their_answer)
    assert (answer.status, answer.headers) == (their_answer.status, their_answer.headers)
    assert list(answer.stream) == list(their_answer.stream)  # type: ignore[arg-type]


def test_what_is_neither_bytes_nor_text_is_refused_as_httpcore_refuses_it() -> None:
    for library in (models, httpcore):
        with pytest.raises(TypeError, match="method must be bytes or str, but got int"):
            library.Request(5, "http://h/")  # type: ignore[arg-type, attr-defined]


def test_exceptions_are_hooklines() -> None:
    check(
        """
        import hookline.compat
        hookline.compat.alias()
        import httpcore, httpcore2, httpx
        for name in httpcore.__all__:
            if isinstance(getattr(httpcore, name), type) and hasattr(hookline, name):
                if issubclass(getattr(hookline, name), Exception):
                    assert getattr(httpcore, name) is getattr(httpx, name)
            assert getattr(httpcore, name) is getattr(httpcore2, name) or (
                name == "ConnectionNotAvailable"
            )
        try:
            httpx.get("http://127.0.0.1:9/")
        except httpcore2.ConnectError:
            pass
        """
    )


def test_pools_make_no_connections_and_say_what_does() -> None:
    check(
        """
        import hookline.compat
        hookline.compat.alias()
        import httpcore
        for kind in (httpcore.ConnectionPool, httpcore.AsyncHTTPProxy):
            try:
                kind(max_connections=5)
            except TypeError as exc:
                assert f"httpcore.{kind.__name__} makes no connections" in str(exc)
                assert 'hookline.compat.alias("httpx", "httpx2")' in str(exc)
            else:
                raise AssertionError
        """
    )


def test_a_transports_pool_is_what_httpx_has_there() -> None:
    check(
        """
        import hookline.compat
        hookline.compat.alias()
        import httpcore, httpx
        for transport, pool, proxied in (
            (httpx.HTTPTransport, httpcore.ConnectionPool, httpcore.HTTPProxy),
            (httpx.AsyncHTTPTransport, httpcore.AsyncConnectionPool, httpcore.AsyncHTTPProxy),
        ):
            direct = transport()._pool
            assert isinstance(direct, pool) and not isinstance(direct, proxied)
            assert not hasattr(direct, "_proxy_url")
            assert not hasattr(direct, "_proxy_headers")
            proxy = httpx.Proxy("http://proxy:8080", auth=("u", "p"), headers={"x-a": "1"})
            through = transport(proxy=proxy)._pool
            assert isinstance(through, pool) and isinstance(through, proxied)
            assert bytes(through._proxy_url) == b"http://proxy:8080/"
            assert through._proxy_headers == [
                (b"Proxy-Authorization", b"Basic dTpw"), (b"x-a", b"1")
            ]
            bare = transport(proxy="http://proxy:8080")._pool
            assert bare._proxy_headers == []
            assert not isinstance(5, pool)
            assert not isinstance(direct, httpcore.HTTPConnection)
        """
    )


def test_what_would_be_passed_over_is_refused() -> None:
    # Programs pin addresses there: a setting that nobody looks at would be a hole.
    check(
        """
        import hookline.compat
        hookline.compat.alias("httpx")
        import httpx
        pool = httpx.HTTPTransport()._pool
        for name in ("_network_backend", "_ssl_context"):
            assert not hasattr(pool, name)
            try:
                setattr(pool, name, object())
            except AttributeError as exc:
                assert f"hookline's pool has no {name}: " in str(exc)
            else:
                raise AssertionError
        """
    )


def test_streams_of_connections_are_httpcores() -> None:
    check(
        """
        import hookline.compat
        hookline.compat.alias()
        import httpcore
        from hookline._network_stream import AsyncNetworkStream, SyncNetworkStream
        assert issubclass(SyncNetworkStream, httpcore.NetworkStream)
        assert issubclass(AsyncNetworkStream, httpcore._backends.base.AsyncNetworkStream)
        class Mine(httpcore.AsyncNetworkStream):
            pass
        Mine()
        """
    )


# -- What is put in place of a method --------------------------------------------------------

PRELUDE = """
import asyncio, sys
from unittest import mock
import hookline.compat
hookline.compat.alias()
import httpcore, httpx
from hookline import AsyncHTTPTransport, HTTPTransport
URL = sys.argv[1] if len(sys.argv) > 1 else ""

def is_diverted():
    return "_send" in vars(HTTPTransport), "_loops" in vars(AsyncHTTPTransport)

def answer(self, request):
    asked.append((self, request))
    return httpcore.Response(203, headers={"x-a": "1"}, content=b"mocked", extensions={"a": 1})

async def answer_async(self, request):
    return answer(self, request)

async def aget(client, url):
    async with client:
        return await client.get(url)

asked = []
"""


def run(code: str, *arguments: str) -> None:
    check(PRELUDE + dedent(code), *arguments)


def test_what_replaces_a_pools_method_is_asked_in_httpcores_shape() -> None:
    run(
        """
        target = "httpcore._sync.connection_pool.ConnectionPool.handle_request"
        with mock.patch(target, answer):
            assert is_diverted() == (True, False)
            with httpx.Client(headers={"x-B": "2"}, timeout=3) as client:
                response = client.post("http://host:81/a?b", content=b"abc")
        assert is_diverted() == (False, False)
        assert (response.status_code, response.text) == (203, "mocked")
        assert response.headers["x-a"] == "1"
        assert response.extensions["a"] == 1
        assert response.http_version == "HTTP/1.1"
        [(pool, request)] = asked
        assert isinstance(pool, httpcore.ConnectionPool)
        assert repr(pool).startswith("<ConnectionPool of <")
        assert type(request) is httpcore.Request
        assert (request.method, bytes(request.url)) == (b"POST", b"http://host:81/a?b")
        assert (b"x-B", b"2") in request.headers and (b"Host", b"host:81") in request.headers
        assert list(request.stream) == [b"abc"]
        assert request.extensions["timeout"]["read"] == 3
        """
    )


def test_asynchronous_pools_alike_in_every_loop() -> None:
    run(
        """
        import trio
        target = "httpcore._async.connection_pool.AsyncConnectionPool.handle_async_request"
        with mock.patch(target, answer_async):
            assert is_diverted() == (False, True)
            response = asyncio.run(aget(httpx.AsyncClient(), "http://host/"))
            assert response.text == "mocked"
            assert trio.run(aget, httpx.AsyncClient(), "http://host/").text == "mocked"
        assert is_diverted() == (False, False)
        assert len(asked) == 2
        """
    )


def test_what_is_replaced_further_down_is_asked_through_what_is_above() -> None:
    run(
        """
        with mock.patch.object(httpcore.HTTPConnection, "handle_request", answer):
            assert httpx.get("http://host/").text == "mocked"
        with mock.patch.object(httpcore.AsyncHTTPConnection, "handle_async_request", answer_async):
            assert asyncio.run(aget(httpx.AsyncClient(), "http://host/")).text == "mocked"
        assert [type(asked[0][0]), type(asked[1][0])] == [
            httpcore.HTTPConnection, httpcore.AsyncHTTPConnection
        ]
        assert is_diverted() == (False, False)
        """
    )


def test_a_proxys_pool_alone(services: str) -> None:
    run(
        """
        with mock.patch.object(httpcore.HTTPProxy, "handle_request", answer):
            assert httpx.get("http://host/", proxy="http://127.0.0.1:9").text == "mocked"
            assert httpx.get(f"{URL}/echo").status_code == 200
        assert is_diverted() == (False, False)
        assert "handle_request" not in vars(httpcore.HTTPProxy)
        """,
        services,
    )


def test_the_original_sends_the_request_as_it_is_then(services: str) -> None:
    run(
        """
        original = httpcore.ConnectionPool.handle_request
        def through(self, request):
            request.stream = httpx.ByteStream(b"other")
            changed = {**dict(request.headers), b"Content-Length": b"5", b"X-Added": b"1"}
            request.headers = list(changed.items())
            return original(self, request)
        with mock.patch.object(httpcore.ConnectionPool, "handle_request", through):
            with httpx.Client() as client:
                seen = client.post(f"{URL}/echo?q#f", content=b"abc").json()
                with client.stream("GET", f"{URL}/sse") as response:
                    assert len(list(response.iter_lines())) == 6
                    assert response.extensions["network_stream"].get_extra_info("server_addr")
        assert (seen["body"], seen["query"], seen["headers"]["x-added"]) == ("other", "q", "1")

        def elsewhere(self, request):
            request.url = httpcore.URL(f"{URL}/echo?elsewhere")
            return original(self, request)
        with mock.patch.object(httpcore.ConnectionPool, "handle_request", elsewhere):
            assert httpx.get("http://nowhere/").json()["query"] == "elsewhere"

        original_async = httpcore.AsyncConnectionPool.handle_async_request
        async def through_async(self, request):
            return await original_async(self, request)
        with mock.patch.object(httpcore.AsyncConnectionPool, "handle_async_request", through_async):
            assert asyncio.run(aget(httpx.AsyncClient(), f"{URL}/echo")).status_code == 200
        """,
        services,
    )


def test_what_wraps_the_transports_is_asked_before(services: str) -> None:
    run(
        """
        seen = []
        original = HTTPTransport.handle_request
        def wrapped(self, request):
            seen.append(request.url.path)
            return original(self, request)
        HTTPTransport.handle_request = wrapped
        with mock.patch.object(httpcore.ConnectionPool, "handle_request", answer):
            assert httpx.get("http://host/mocked").text == "mocked"
        assert httpx.get(f"{URL}/echo").status_code == 200
        assert seen == ["/mocked", "/echo"]
        """,
        services,
    )


def test_transports_made_and_closed_meanwhile_work_afterwards(services: str) -> None:
    run(
        """
        before = httpx.Client()
        assert before.get(f"{URL}/echo").status_code == 200
        abefore = httpx.AsyncClient()
        with (
            mock.patch.object(httpcore.ConnectionPool, "handle_request", answer),
            mock.patch.object(httpcore.AsyncConnectionPool, "handle_async_request", answer_async),
        ):
            made = httpx.Client()
            assert made.get(f"{URL}/echo").text == before.get(f"{URL}/echo").text == "mocked"
            amade = httpx.AsyncClient()
            asyncio.run(aget(httpx.AsyncClient(), f"{URL}/echo"))
        for client in (before, made):
            assert client.get(f"{URL}/echo").json()["method"] == "GET"
            client.close()
        for client in (abefore, amade):
            assert asyncio.run(aget(client, f"{URL}/echo")).json()["method"] == "GET"
        """,
        services,
    )


def test_errors_are_those_of_the_client(services: str) -> None:
    run(
        """
        def fail(self, request):
            raise httpcore.ReadTimeout("too late")
        with mock.patch.object(httpcore.ConnectionPool, "handle_request", fail):
            try:
                httpx.get("http://host/a")
            except httpx.ReadTimeout as exc:
                assert exc.request.url == "http://host/a"
            else:
                raise AssertionError
        with mock.patch.object(httpcore.ConnectionPool, "handle_request", lambda *a: 5):
            try:
                httpx.get("http://host/a")
            except TypeError as exc:
                assert "returned 5; expected a httpcore.Response." in str(exc)
            else:
                raise AssertionError
        """
    )


def test_any_iterable_is_a_body() -> None:
    run(
        """
        def pieces(self, request):
            return httpcore.Response(200, content=[b"a", b"b"])
        async def generated():
            yield b"a"
            yield b"b"
        async def apieces(self, request):
            return httpcore.Response(200, content=generated())
        with mock.patch.object(httpcore.ConnectionPool, "handle_request", pieces):
            assert httpx.get("http://host/").text == "ab"
        with mock.patch.object(httpcore.AsyncConnectionPool, "handle_async_request", apieces):
            assert asyncio.run(aget(httpx.AsyncClient(), "http://host/")).text == "ab"
        """
    )
