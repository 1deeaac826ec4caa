"""Clients: how settings are merged, where URLs lead, who is called when, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.compare import (
    MODES,
    Make,
    Outcome,
    Raises,
    answering,
    both,
    differs,
    examples,
    exchange,
    in_other_words,
    neutral,
    plain,
    same,
)

URL = "http://example.org/p"


def echo(library: Any, request: Any) -> Any:
    """A handler that answers with what it got."""
    return library.Response(
        200,
        json={
            "method": request.method,
            "url": str(request.url),
            "headers": [
                [name.decode(), neutral(value.decode())] for name, value in request.headers.raw
            ],
            "content": request.content.decode(),
            "extensions": sorted(request.extensions),
            "timeout": request.extensions.get("timeout"),
        },
    )


def echoed(library: Any, mode: str, settings: dict[str, Any], *steps: dict[str, Any]) -> Any:
    given = {"transport": answering(echo), "headers": {"User-Agent": "me"}, **settings}
    return exchange(library, mode, given, *steps)


# -- Merging ----------------------------------------------------------------------------------

HEADERS: list[Any] = [
    None, {}, {"X": "1"}, {"x": "1", "Y": "2"}, {"Accept": "a/b"}, {"accept": ""},
    {"User-Agent": "me"}, [("A", "1"), ("a", "2")], {"Host": "other"}, {"Connection": "close"},
    {"Accept-Encoding": "identity"}, {b"X": b"bytes"},
]  # fmt: skip
PARAMS: list[Any] = [
    None,
    {},
    {"a": "1"},
    {"a": "2", "b": "3"},
    "a=4",
    [("a", "5"), ("a", "6")],
    "",
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("client", HEADERS, ids=str)
def test_headers_are_merged_alike(client: Any, mode: str) -> None:
    for request in HEADERS:
        same(
            lambda library, request=request: echoed(
                library, mode, {"headers": client}, {"url": URL, "headers": request}
            )
        )


@pytest.mark.parametrize("client", PARAMS, ids=str)
def test_parameters_are_merged_alike(client: Any) -> None:
    for request in PARAMS:
        for url in (URL, URL + "?q", URL + "?a=0#f"):
            same(
                lambda library, request=request, url=url: echoed(
                    library, "sync", {"params": client}, {"url": url, "params": request}
                ),
            )


BASES = [
    "", "http://example.org", "http://example.org/", "http://example.org/api",
    "http://example.org/api/", "https://example.org:8443/a/b/?x=1", "http://u:p@example.org/a",
    "//example.org", "/api", "http://example.org/a?x", "http://[::1]:80/a", "http://中国.cn/a",
    "http://example.org/a b", "http://example.org/a/../b", "http://example.org#f",
]  # fmt: skip
URLS = [
    "", "/", "p", "/p", "//p", "./p", "../p", "p/", "?q", "/p?q=1", "#f", "p#f", "http://other.test/p",
    "//other.test/p", "p:q", "/p//q", "a b", "/é?ü", "%", ":", "p?", "/..",
]  # fmt: skip


def left_alone(theirs: Outcome, ours: Outcome) -> bool:
    """A URL with a scheme and no host is no path."""
    return ours.error is None and ":" in ours.value


@pytest.mark.parametrize("base", BASES)
def test_urls_are_merged_with_the_base_alike(base: str) -> None:
    for url in URLS:
        same(
            lambda library, url=url: str(
                library.Client(base_url=base, verify=False).build_request("GET", url).url
            ),
            *both(),
            except_for={"relative-urls": left_alone},
        )
        same(
            lambda library, url=url: (
                library.Client(base_url=base, verify=False)
                .build_request("GET", library.URL(url), params={"a": 1})
                .headers.raw[:1]
            ),
            *both(),
        )
    same(lambda library: library.Client(base_url=base, verify=False).base_url, *both())


@examples(200)
@given(
    st.sampled_from(BASES),
    st.lists(st.sampled_from([*"ab/?#:.%", "..", "//", "http:"]), max_size=6).map("".join),
)
def test_any_url_is_merged_with_the_base_alike(base: str, url: str) -> None:
    same(
        lambda library: str(
            library.Client(base_url=base, verify=False).build_request("GET", url).url
        ),
        *both(),
        except_for={"relative-urls": left_alone},
    )


TIMEOUTS: list[Any] = [None, 3, (1, 2, 3, 4)]


@pytest.mark.parametrize("mode", MODES)
def test_timeouts_travel_alike(mode: str) -> None:
    for client in TIMEOUTS:
        for step in ({}, {"timeout": None}, {"timeout": 7}):
            same(
                lambda library, client=client, step=step: echoed(
                    library, mode, {"timeout": client}, {"url": URL, **step}
                )
            )
    own = {"timeout": {"read": 1}, "other": 2}
    same(lambda library: echoed(library, mode, {}, {"url": URL, "extensions": own}))
    same(
        lambda library: echoed(
            library, mode, {}, {"url": URL, "extensions": {"a": 1}, "timeout": 9}
        )
    )


def test_settings_can_be_changed_alike() -> None:
    def changed(library: Any) -> Any:
        with library.Client(verify=False) as client:
            client.headers = {"X": "y"}
            client.params = {"a": "b"}
            client.cookies = {"c": "d"}
            client.timeout = 3
            client.base_url = "http://example.org/x"
            client.auth = ("user", "secret")
            client.max_redirects = 3
            client.follow_redirects = True
            request = client.build_request("GET", "p")
            return [
                request, client.headers, client.params, list(client.cookies), client.timeout,
                client.base_url, type(client.auth).__name__, client.trust_env, client.is_closed,
                client.event_hooks,
            ]  # fmt: skip

    same(changed, *both())
    same(lambda library: library.Client(verify=False).headers["user-agent"], *both())
    same(lambda library: list(library.Client(verify=False).headers), *both())
    same(lambda library: library.Client(verify=False).auth, *both())
    same(lambda library: library.Client(verify=False, params={"a": [1]}).params, *both())


# -- The verbs --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("verb", ["get", "head", "options", "delete", "post", "put", "patch"])
def test_verbs_are_the_same(verb: str, mode: str) -> None:
    arguments: dict[str, Any] = {
        "params": {"a": "b"}, "headers": {"X": "y"}, "auth": ("user", "secret"),
        "follow_redirects": True, "timeout": 3, "extensions": {"e": 1},
    }  # fmt: skip
    if verb in ("post", "put", "patch"):
        arguments["json"] = {"a": 1}

    def call(library: Any) -> Any:
        transport = answering(echo).function(library, mode)
        if mode == "sync":
            with library.Client(transport=transport, headers={"User-Agent": "me"}) as client:
                return getattr(client, verb)(URL, **arguments)

        async def main() -> Any:
            async with library.AsyncClient(
                transport=transport, headers={"User-Agent": "me"}
            ) as client:
                return await getattr(client, verb)(URL, **arguments)

        return asyncio.run(main())

    same(call)


@pytest.mark.parametrize("mode", MODES)
def test_streaming_is_the_same(mode: str) -> None:
    def call(library: Any) -> Any:
        transport = answering(echo).function(library, mode)
        if mode == "sync":
            with library.Client(transport=transport, headers={"User-Agent": "me"}) as client:
                with client.stream("POST", URL, content=b"abc") as response:
                    state = [response.is_closed, response.is_stream_consumed]
                    pieces = list(response.iter_bytes(10))
                return [state, pieces, response.is_closed, client.is_closed]

        async def main() -> Any:
            async with library.AsyncClient(
                transport=transport, headers={"User-Agent": "me"}
            ) as client:
                async with client.stream("POST", URL, content=b"abc") as response:
                    state = [response.is_closed, response.is_stream_consumed]
                    pieces = [piece async for piece in response.aiter_bytes(10)]
                return [state, pieces, response.is_closed, client.is_closed]

        return asyncio.run(main())

    same(call)


# -- The life of a client -----------------------------------------------------------------------

LIVES: dict[str, Callable[[Any, Any], Any]] = {
    "closed twice": lambda library, client: [client.close(), client.close(), client.is_closed],
    "used when closed": lambda library, client: [client.close(), client.get(URL)],
    "opened when closed": lambda library, client: [client.close(), client.__enter__()],
    "opened twice": lambda library, client: [client.__enter__(), client.__enter__()],
    "opened when used": lambda library, client: [client.get(URL), client.__enter__()],
    "left": lambda library, client: [
        client.__enter__() is client, client.__exit__(None, None, None), client.is_closed
    ],
    "sent twice": lambda library, client: [
        client.send(request := client.build_request("GET", URL)).text, client.send(request).text
    ],
    "sent by hand": lambda library, client: client.send(library.Request("GET", URL)),
    "sent with auth": lambda library, client: client.send(
        library.Request("GET", URL), auth=("user", "secret")
    ),
    "sent as nothing": lambda library, client: client.send(None),
    "no scheme": lambda library, client: client.get("example.org"),
    "no host": lambda library, client: client.get("http:///p"),
}  # fmt: skip


@pytest.mark.parametrize("life", LIVES)
def test_clients_live_alike(life: str) -> None:
    def call(library: Any) -> Any:
        transport = answering(echo).function(library, "sync")
        client = library.Client(transport=transport, headers={"User-Agent": "me"})
        return [plain(item) for item in _as_list(LIVES[life](library, client))]

    same(
        call,
        except_for={
            "wrong-types": lambda theirs, ours: life == "sent as nothing",
            "relative-urls": lambda theirs, ours: life.startswith("no "),
        },
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# -- Event hooks ------------------------------------------------------------------------------


def hooked(library: Any, mode: str, hooks: Callable[[Any, list[Any]], Any], **step: Any) -> Any:
    """What hooks were called with, in order, and what came of the request."""
    log: list[Any] = []

    def handler(library: Any, request: Any) -> Any:
        log.append(["sent", str(request.url)])
        if request.url.path == "/redirect":
            return library.Response(302, headers={"Location": "/p"}, text="elsewhere")
        if request.url.path == "/auth" and "authorization" not in request.headers:
            return library.Response(401, headers={"WWW-Authenticate": "Basic"})
        return library.Response(200, text="ok")

    settings = {
        "transport": answering(handler),
        "event_hooks": Make(lambda library, mode: hooks(mode, log)),
        "follow_redirects": True,
    }
    results = exchange(library, mode, settings, step)
    return [log, results]


def watching(mode: str, log: list[Any], raises: str = "") -> Any:
    def hook(name: str) -> Any:
        def called(message: Any) -> None:
            state = [getattr(message, "is_closed", None), getattr(message, "status_code", None)]
            log.append([name, type(message).__name__, str(message.url), state])
            if raises == name:
                raise RuntimeError(f"in {name}")

        async def awaited(message: Any) -> None:
            called(message)

        return called if mode == "sync" else awaited

    return {
        "request": [hook("request 1"), hook("request 2")],
        "response": [hook("response 1"), hook("response 2")],
    }


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", ["/p", "/redirect", "/auth"])
def test_event_hooks_are_called_alike(path: str, mode: str) -> None:
    for raises in ("", "request 1", "request 2", "response 1", "response 2"):
        same(
            lambda library, raises=raises: hooked(
                library,
                mode,
                lambda mode, log: watching(mode, log, raises),
                url=f"http://example.org{path}",
                auth=("user", "secret") if path == "/auth" else None,
            )
        )


@pytest.mark.parametrize("mode", MODES)
def test_event_hooks_may_change_what_they_see_alike(mode: str) -> None:
    def changing(mode: str, log: list[Any]) -> Any:
        def change_request(request: Any) -> None:
            request.headers["X-Hook"] = "was here"
            request.extensions["seen"] = True

        def read_response(response: Any) -> None:
            response.read()
            log.append(response.text)
            response.status_code = 299

        async def change_request_async(request: Any) -> None:
            change_request(request)

        async def read_response_async(response: Any) -> None:
            await response.aread()
            log.append(response.text)
            response.status_code = 299

        if mode == "sync":
            return {"request": [change_request], "response": [read_response]}
        return {"request": [change_request_async], "response": [read_response_async]}

    same(lambda library: hooked(library, mode, changing, url=URL))


@pytest.mark.parametrize("hooks", [None, {}, {"request": []}, {"response": []}], ids=str)
def test_event_hooks_are_kept_alike(hooks: Any) -> None:
    same(lambda library: library.Client(event_hooks=hooks, verify=False).event_hooks, *both())


def test_unknown_event_is_refused() -> None:
    differs(
        "event-hooks-unknown",
        lambda library: library.Client(event_hooks={"respnose": []}, verify=False).event_hooks,
        *both(),
        theirs={"request": [], "response": []},
        ours=Raises("ValueError", "no event 'respnose'"),
    )


# -- Mounts -----------------------------------------------------------------------------------

PATTERNS = [
    "all://", "http://", "https://", "all://example.org", "http://example.org", "all://*",
    "all://*.example.org", "all://*example.org", "all://example.org:8080", "http://example.org:80",
    "all://www.example.org", "https://example.org:443", "http://*", "all://[::1]", "ftp://",
]  # fmt: skip
PLACES = [
    "http://example.org/", "https://example.org/", "http://www.example.org/p",
    "http://notexample.org/", "http://example.org:8080/", "http://other.test/", "http://[::1]/",
    "https://a.b.example.org:8443/",
]  # fmt: skip


@examples(300)
@given(st.lists(st.sampled_from(PATTERNS), max_size=4, unique=True))
def test_mounts_are_chosen_alike(patterns: list[str]) -> None:
    def chosen(library: Any) -> Any:
        def named(name: str) -> Any:
            transport = library.BaseTransport()
            transport.name = name
            return transport

        mounts = {pattern: named(pattern) for pattern in patterns}
        client = library.Client(mounts=mounts, transport=named("default"))
        return [client._transport_for_url(library.URL(place)).name for place in PLACES]

    same(chosen, *both())


def test_mounts_of_none_stand_for_the_default_alike() -> None:
    def chosen(library: Any) -> Any:
        default = library.BaseTransport()
        client = library.Client(mounts={"all://example.org": None}, transport=default)
        return client._transport_for_url(library.URL("http://example.org/")) is default

    same(chosen, *both())


@pytest.mark.parametrize("pattern", ["http", "example.org", "", "http:example.org"])
def test_patterns_that_make_no_sense_are_refused_alike(pattern: str) -> None:
    same(
        lambda library: library.Client(mounts={pattern: None}, verify=False) and None,
        except_for={"message-texts": in_other_words},
    )


def test_patterns_of_networks_are_for_httpx2() -> None:
    same(
        lambda library: library.Client(mounts={"all://10.0.0.0/8": None}, verify=False) and None,
        httpx2,
    )


# -- Transports -------------------------------------------------------------------------------


def test_transports_that_return_nonsense_are_refused() -> None:
    class Odd:
        pass

    def call(library: Any) -> Any:
        return library.Client(transport=answering(lambda *_: Odd()).function(library, "sync")).get(
            URL
        )

    def refused(theirs: Outcome, ours: Outcome) -> bool:
        return theirs.error is not None and ours.raised == "TypeError"

    same(call, except_for={"wrong-types": refused})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["ConnectError", "ReadTimeout", "RemoteProtocolError"])
def test_errors_of_transports_carry_their_request_alike(name: str, mode: str) -> None:
    def call(library: Any) -> Any:
        def handler(library: Any, request: Any) -> Any:
            raise getattr(library, name)("broken")

        try:
            if mode == "sync":
                transport = answering(handler).function(library, mode)
                library.Client(transport=transport).get(URL)
            else:

                async def main() -> None:
                    transport = answering(handler).function(library, mode)
                    async with library.AsyncClient(transport=transport) as client:
                        await client.get(URL)

                asyncio.run(main())
        except library.RequestError as exc:
            return [exc, str(exc.request.url)]

    same(call, *both())


def test_base_classes_of_transports_are_the_same() -> None:
    for name in ("BaseTransport", "AsyncBaseTransport"):
        method = "handle_request" if name == "BaseTransport" else "handle_async_request"

        def call(library: Any, name: str = name, method: str = method) -> Any:
            result = getattr(getattr(library, name)(), method)(library.Request("GET", URL))
            return asyncio.run(result)

        same(call, *both())
    same(lambda library: library.MockTransport(lambda request: None).close(), *both())


def test_mock_transport_refuses_coroutines_in_sync_clients_alike() -> None:
    async def handler(request: Any) -> Any:
        raise AssertionError

    def call(library: Any) -> Any:
        return library.Client(transport=library.MockTransport(handler)).get(URL)

    def left_behind(theirs: Outcome, ours: Outcome) -> bool:
        return bool(theirs.warnings) and theirs[:2] == ours[:2] and not ours.warnings

    same(call, except_for={"coroutines-closed": left_behind})


# -- Arguments --------------------------------------------------------------------------------

WRONG: list[dict[str, Any]] = [
    {"unknown": 1}, {"auth": 5}, {"auth": "user:secret"}, {"auth": ["a", "b"]},
    {"auth": ("a", "b", "c")}, {"headers": 5}, {"params": 5}, {"cookies": 5}, {"timeout": "x"},
    {"base_url": 5}, {"base_url": "http://["}, {"mounts": {"http": None}}, {"proxy": 5},
    {"http1": False}, {"limits": 5}, {"event_hooks": 5}, {"transport": 5}, {"verify": "/missing"},
    {"cert": "/missing"}, {"trust_env": None}, {"max_redirects": None}, {"default_encoding": None},
]  # fmt: skip


@pytest.mark.parametrize("arguments", WRONG, ids=str)
def test_arguments_that_make_no_sense_are_refused(arguments: dict[str, Any]) -> None:
    def made(library: Any) -> Any:
        library.Client(**{"verify": False, **arguments}).close()

    def refused(theirs: Outcome, ours: Outcome) -> bool:
        return ours.error is not None

    same(made, except_for={"arguments-checked": refused})


def test_url_without_a_host_is_no_path() -> None:
    differs(
        "relative-urls",
        lambda library: str(library.Client(verify=False).build_request("GET", "http:///p").url),
        *both(),
        theirs="/p",
        ours="http:/p",
    )


@pytest.mark.parametrize("mode", MODES)
def test_response_of_a_mock_has_its_time(mode: str) -> None:
    def call(library: Any) -> Any:
        transport = answering(echo).function(library, mode)
        if mode == "sync":
            return library.Client(transport=transport).get(URL).elapsed is not None

        async def main() -> Any:
            async with library.AsyncClient(transport=transport) as client:
                return (await client.get(URL)).elapsed is not None

        return asyncio.run(main())

    differs("elapsed-of-mocks", call, *both(), theirs=Raises("RuntimeError"), ours=True)
