"""Pickles and copies: of clients and transports, whose configuration travels, and of values."""

from __future__ import annotations

import copy
import io
import pickle
import ssl
import sys
import threading
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import pytest

import hookline
from hookline.plugins import EventHook, Middleware, PluginManager
from support.modes import Mode
from support.raw import Conversation, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Copy = Callable[[Any], Any]


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


COPIES: dict[str, Copy] = {"pickle": pickled, "copy": copy.copy, "deepcopy": copy.deepcopy}


@pytest.fixture(params=COPIES)
def copied(request: pytest.FixtureRequest) -> Copy:
    return COPIES[request.param]


# What travels by name has to be found by name.


class Tagging(Middleware):
    name = "tagging"

    def __init__(self, stage: Any) -> None:
        self.stage = stage  # type: ignore[misc]

    async def handle(self, request: hookline.Request, send: Any) -> hookline.Response:
        request.headers["X-Tags"] = request.headers.get("X-Tags", "") + self.stage
        return await send(request)  # type: ignore[no-any-return]


class Counting(EventHook):
    name = "counting"

    def __init__(self) -> None:
        self.requests = 0

    def request_started(self, request: hookline.Request) -> None:
        self.requests += 1


class Token(hookline.Auth):
    def __init__(self, source: Any) -> None:
        self.source = source

    def auth_flow(self, request: hookline.Request) -> Any:
        yield request


def tag(request: hookline.Request) -> None:
    request.headers["X-Hook"] = "called"


async def tag_async(request: hookline.Request) -> None:
    request.headers["X-Hook"] = "called"


def echo(request: hookline.Request) -> hookline.Response:
    return hookline.Response(200, headers=request.headers, content=request.content)


def sign(request: hookline.Request) -> hookline.Request:
    request.headers["X-Signed"] = "yes"
    return request


def encode(value: object) -> str:
    return f"<{value}>"


def decode(body: bytes) -> str:
    return body.decode().strip("<>")


def many(conversation: Conversation) -> None:
    while conversation.receive_head():
        conversation.send(OK)


def make(mode: Mode, **settings: Any) -> Any:
    """The client itself, without the facade."""
    client = mode.client(**settings)
    return client if mode.is_async else client.wrapped


def as_async(mode: Mode, client: Any) -> Any:
    from support.modes import AsAsync

    return client if mode.is_async else AsAsync(client)


# -- Clients --------------------------------------------------------------------------------


async def test_settings_travel(mode: Mode, copied: Copy) -> None:
    timeout = hookline.Timeout(3, connect=1)
    client = make(
        mode,
        auth=("user", "secret"),
        params={"a": "1"},
        headers={"X-Own": "yes"},
        cookies={"session": "1"},
        timeout=timeout,
        follow_redirects=True,
        max_redirects=3,
        base_url="https://example.org/api",
        trust_env=False,
        default_encoding="latin-1",
    )
    again = copied(client)

    assert type(again) is type(client)
    assert again.headers == client.headers
    assert again.params == client.params
    assert dict(again.cookies) == {"session": "1"}
    assert again.timeout == timeout
    assert (again.follow_redirects, again.max_redirects) == (True, 3)
    assert again.base_url == client.base_url
    assert again.trust_env is False
    assert again._default_encoding == "latin-1"
    request = again.build_request("GET", "items")
    assert request.url == "https://example.org/api/items?a=1"
    assert isinstance(again.auth, hookline.BasicAuth)


async def test_a_copy_is_changed_without_the_original(mode: Mode, copied: Copy) -> None:
    client = make(mode, headers={"A": "1"}, cookies={"a": "1"}, event_hooks={"request": [tag]})
    again = copied(client)
    again.headers["A"] = "2"
    again.cookies["a"] = "2"
    again.event_hooks["request"].append(tag)
    again.base_url = "https://example.org"

    assert client.headers["A"] == "1"
    assert client.cookies["a"] == "1"
    assert client.event_hooks["request"] == [tag]
    assert client.build_request("GET", "http://a/").url == "http://a/"


async def test_what_takes_part_in_requests_takes_part_in_those_of_a_copy(
    mode: Mode, copied: Copy
) -> None:
    observer = Counting()
    hooks: list[Any] = [{"request": [tag_async if mode.is_async else tag]}, observer]
    client = make(
        mode,
        transport=hookline.MockTransport(echo),
        auth=sign,
        middleware=[Tagging("call"), Tagging("hop")],
        event_hooks=hooks,
        json_encoder=encode,
        json_decoder=decode,
    )
    again = as_async(mode, copied(client))
    response = await again.post("http://example.org/", json=5)
    counting = again._observers._hooks[0]
    await again.aclose()
    await as_async(mode, client).aclose()

    assert response.headers["X-Tags"] == "callhop"
    assert response.headers["X-Hook"] == "called"
    assert response.headers["X-Signed"] == "yes"
    assert response.content == b"<5>"
    assert response.json() == "5"
    assert counting.requests == 1


async def test_connections_do_not_travel(mode: Mode, copied: Copy) -> None:
    with raw_server(many) as server:
        async with mode.client() as client:
            await client.get(server.url)
            again = as_async(mode, copied(getattr(client, "wrapped", client)))
            assert again.connections() == hookline.PoolSnapshot()
            async with again:
                await again.get(server.url)
                assert [len(each.connections()) for each in (client, again)] == [1, 1]
            assert len(client.connections()) == 1
            await client.get(server.url)

        assert server.connections == 2


async def test_an_open_client_arrives_unopened_and_a_closed_one_closed(
    mode: Mode, copied: Copy
) -> None:
    client = as_async(mode, make(mode))
    async with client:
        again = as_async(mode, copied(getattr(client, "wrapped", client)))
        assert not again.is_closed
        async with again:
            pass
    closed = as_async(mode, copied(getattr(client, "wrapped", client)))

    assert closed.is_closed
    with pytest.raises(RuntimeError, match="the client has been closed"):
        await closed.get("http://localhost/")


async def test_tls_settings_travel_as_paths(
    mode: Mode, copied: Copy, h2_server: str, authority: Any
) -> None:
    client = make(mode, verify=authority.ca_file, http2=True)
    async with as_async(mode, copied(client)) as again:
        response = await again.get(f"{h2_server}/bytes/5")

    assert (response.status_code, response.http_version) == (200, "HTTP/2")


async def test_proxies_and_mounts_travel(mode: Mode, copied: Copy) -> None:
    def script(conversation: Conversation) -> None:
        heads.append(conversation.receive_head())
        conversation.send(OK)
        conversation.receive_to_end()

    heads: list[bytes] = []
    with raw_server(script) as server:
        client = make(
            mode,
            proxy=hookline.Proxy(server.url, auth=("user", "secret")),
            mounts={"all://mock.test": hookline.MockTransport(echo), "all://none.test": None},
        )
        async with as_async(mode, copied(client)) as again:
            assert (await again.get("http://mock.test/", headers={"X-A": "b"})).headers["X-A"]
            await again.get("http://example.org/")
        assert again._transport_for_url(hookline.URL("http://none.test")) is again._transport

    assert heads[0].startswith(b"GET http://example.org/ HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic " in heads[0]


async def test_a_transport_in_several_places_stays_one(mode: Mode, copied: Copy) -> None:
    transport = hookline.MockTransport(echo)
    again = copied(make(mode, transport=transport, mounts={"all://mock.test": transport}))

    (mounted,) = again._mounts.values()
    assert mounted is again._transport


class Sub(hookline.Client):
    """What programs do: arguments of their own, and attributes."""

    def __init__(self, token: str, *, region: str = "eu", **settings: Any) -> None:
        super().__init__(headers={"Authorization": f"Bearer {token}"}, **settings)
        self.region = region
        self.calls = 0

    def request(self, *arguments: Any, **named: Any) -> hookline.Response:
        self.calls += 1
        return super().request(*arguments, **named)


class AsyncSub(hookline.AsyncClient):
    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token


def test_subclasses_with_arguments_of_their_own_travel(copied: Copy) -> None:
    client = Sub("t0ken", region="us", transport=hookline.MockTransport(echo))
    client.get("http://example.org/")
    again = copied(client)
    response = again.get("http://example.org/")

    assert type(again) is Sub
    assert response.headers["Authorization"] == "Bearer t0ken"
    assert (again.region, again.calls, client.calls) == ("us", 2, 1)
    assert copied(AsyncSub("t0ken")).token == "t0ken"


class Slim(hookline.Client):
    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        del state["on_error"]
        return state


def test_a_subclass_leaves_out_what_cannot_travel() -> None:
    client = Slim()
    client.on_error = lambda: None  # type: ignore[attr-defined]

    assert not hasattr(pickled(client), "on_error")


# -- Transports -----------------------------------------------------------------------------


class SubTransport(hookline.HTTPTransport):
    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(**options)
        self.name = name


async def test_transports_travel_with_their_settings(mode: Mode, copied: Copy) -> None:
    options: dict[str, Any] = {
        "retries": 2,
        "local_address": "127.0.0.1",
        "limits": hookline.Limits(max_connections=7),
        "socket_options": iter([(6, 1, 1)]),
        "protocols": [{"name": "http11", "options": {"parser": "h11"}}],
    }
    transport = mode.transport(**options)
    with raw_server(many) as server:
        async with mode.client(transport=copied(copied(transport))) as client:
            assert (await client.get(server.url)).text == "ok"
            pool = client._transport._pool
            assert (pool._retries, pool._max_open) == (2, 7)
            assert pool._backend.local_address == "127.0.0.1"
            assert pool._backend.socket_options == ((6, 1, 1),)
            parser = next(iter(pool._connections)).protocol._parser
            assert type(parser).__name__ == "H11Parser"
        assert transport.connections() == hookline.PoolSnapshot()


async def test_a_closed_transport_arrives_closed(mode: Mode, copied: Copy) -> None:
    transport = mode.transport()
    request = hookline.Request("GET", "http://localhost/")
    if mode.is_async:
        await transport.aclose()
    else:
        transport.close()
    again = copied(transport)

    with pytest.raises(RuntimeError, match="The connection pool is closed"):
        if mode.is_async:
            await again.handle_async_request(request)
        else:
            again.handle_request(request)


async def test_other_transports_travel_too(mode: Mode, copied: Copy) -> None:
    assert copied(SubTransport("mine", retries=1)).name == "mine"
    with raw_server(many) as server:
        client = make(mode, transport={"name": "pool", "options": {"retries": 1}})
        async with as_async(mode, copied(client)) as again:
            assert again._transport is not client._transport
            await again.get(server.url)
        assert client.connections() == hookline.PoolSnapshot()


class Bare(hookline.HTTPTransport):
    """One that has no pool: its own constructor calls no other."""

    def __init__(self) -> None:
        self.answer = 42


def test_a_transport_without_a_pool_is_what_it_holds(copied: Copy) -> None:
    assert copied(Bare()).answer == 42


# -- What cannot travel ---------------------------------------------------------------------


def local_function(request: Any) -> Any:
    def local(request: Any) -> Any:
        return request

    return local


def local_middleware() -> Middleware:
    class Local(Middleware):
        name = "local"

    return Local()


class Locked(Middleware):
    name = "locked"

    def __init__(self) -> None:
        self.parts = {"state": [threading.Lock()]}


PATH = "Give the path to the certificates instead, or make the client where it is used."
TOP = "Define it at the top of a module."
OWN = "Make it where it is used, or give its class a __getstate__ that leaves it out."

UNFIT: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "context": (
        lambda: {"verify": ssl.create_default_context()},
        f"verify: an ssl.SSLContext cannot be pickled. {PATH}",
    ),
    "context of a proxy": (
        lambda: {
            "proxy": hookline.Proxy("https://p.test", ssl_context=ssl.create_default_context())
        },
        f"proxy: an ssl.SSLContext (ssl_context) cannot be pickled. {PATH}",
    ),
    "context of a mount": (
        lambda: {"mounts": {"all://": hookline.HTTPTransport(verify=ssl.create_default_context())}},
        f"verify: an ssl.SSLContext cannot be pickled. {PATH}",
    ),
    "manager": (
        lambda: {"plugins": PluginManager.discover()},
        "plugins: a PluginManager cannot be pickled. Make the client where it is used.",
    ),
    "event hook": (
        lambda: {"event_hooks": {"request": [tag, lambda request: None]}},
        (
            "event_hooks: a lambda (request) cannot be pickled. Define it at the top of a module, "
            "with a name."
        ),
    ),
    "auth function": (
        lambda: {"auth": local_function(None)},
        f"auth: the function 'local' (_func) cannot be pickled. It is inside a function. {TOP}",
    ),
    "auth with one": (
        lambda: {"auth": Token(partial(sign, lambda: None))},
        "auth: a lambda (source) cannot be pickled. Define it at the top of a module, with a name.",
    ),
    "encoding": (
        lambda: {"default_encoding": lambda body: "utf-8"},
        (
            "default_encoding: a lambda cannot be pickled. Define it at the top of a module, "
            "with a name."
        ),
    ),
    "json": (
        lambda: {"json_encoder": lambda value: b""},
        "json_encoder: a lambda cannot be pickled. Define it at the top of a module, with a name.",
    ),
    "middleware": (
        lambda: {"middleware": [local_middleware()]},
        f"middleware: the class 'Local' cannot be pickled. It is inside a function. {TOP}",
    ),
    "lock": (
        lambda: {"middleware": [Locked()]},
        f"middleware: a lock (parts.state) cannot be pickled. {OWN}",
    ),
    "transport": (
        lambda: {"transport": hookline.MockTransport(lambda request: hookline.Response(200))},
        (
            "transport: a lambda (handler) cannot be pickled. Define it at the top of a module, "
            "with a name."
        ),
    ),
    "file": (
        lambda: {"auth": Token([io.BytesIO(), sys.__stdout__])},
        f"auth: a TextIOWrapper (source) cannot be pickled. {OWN}",
    ),
    "generator": (
        lambda: {"auth": Token(iter(part for part in ()))},
        f"auth: a generator (source) cannot be pickled. {OWN}",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
@pytest.mark.parametrize("kind", [hookline.Client, hookline.AsyncClient])
def test_what_cannot_travel_is_named_by_its_argument(
    kind: Callable[..., Any], case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, message = UNFIT[case]
    if case == "context of a mount" and kind is hookline.AsyncClient:
        pytest.skip("it is a transport for Client")
    without_better_picklers(monkeypatch)
    with pytest.raises(pickle.PicklingError) as caught:
        pickle.dumps(kind(**settings()))

    assert str(caught.value) == message


def without_better_picklers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests' packages bring them."""
    for name in list(sys.modules):
        if name.rpartition(".")[2] in ("cloudpickle", "dill"):
            monkeypatch.delitem(sys.modules, name)


def test_a_pickler_that_takes_functions_is_left_to_take_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Better(pickle.Pickler):
        """As cloudpickle does: functions by what they are."""

        def reducer_override(self, value: Any) -> Any:
            return (
                (str, ("a function",))
                if callable(value) and "<lambda>" in repr(value)
                else (NotImplemented)
            )

    client = hookline.Client(default_encoding=lambda body: "utf-8")
    monkeypatch.setitem(sys.modules, "cloudpickle", ModuleType("cloudpickle"))
    stream = io.BytesIO()
    Better(stream).dump(client)

    assert pickle.loads(stream.getvalue())._default_encoding == "a function"


async def test_copies_in_one_process_share_what_cannot_be_copied(mode: Mode) -> None:
    context, manager = ssl.create_default_context(), PluginManager.discover()
    proxy_context = ssl.create_default_context()
    client = make(
        mode,
        verify=context,
        plugins=manager,
        default_encoding=lambda body: "utf-8",
        proxy=hookline.Proxy("https://p.test", ssl_context=proxy_context),
    )
    for again in (copy.copy(client), copy.deepcopy(client)):
        assert again._plugins is manager
        assert again._default_encoding is client._default_encoding
        assert again._transport._settings.verify is context
        (mounted,) = again._mounts.values()
        assert mounted is not next(iter(client._mounts.values()))
        assert mounted._settings.proxy.ssl_context is proxy_context


# -- Authentication -------------------------------------------------------------------------


def test_schemes_that_remember_begin_anew(copied: Copy) -> None:
    digest = hookline.DigestAuth("user", "secret")
    digest._counts["nonce"] = 5  # type: ignore[index]
    negotiated = hookline.NegotiatedAuth("user", "secret", schemes=[digest, "basic"])
    negotiated._worked["origin"] = digest  # type: ignore[index]
    again = copied(negotiated)

    assert (copied(digest)._password, copied(digest)._counts) == ("secret", {})
    assert again._worked == {}
    assert [type(scheme) for scheme in again._schemes] == [hookline.DigestAuth, hookline.BasicAuth]
    for auth in (again, copied(digest)):
        with auth._lock:
            assert digest._counts == {"nonce": 5}


# -- Values ---------------------------------------------------------------------------------


REQUEST = hookline.Request("POST", "https://example.org/a?b=c", json={"a": 1})

VALUES: dict[str, Any] = {
    "URL": hookline.URL("https://user:secret@example.org:8443/a?b=c#d"),
    "Origin": hookline.Origin("https://example.org"),
    "QueryParams": hookline.QueryParams([("a", "1"), ("a", "2")]),
    "Headers": hookline.Headers([("A", "1"), ("a", "2")], encoding="latin-1"),
    "Cookies": hookline.Cookies({"a": "1"}),
    "Timeout": hookline.Timeout(5, connect=None),
    "Limits": hookline.Limits(max_connections=5, keepalive_expiry=None),
    "Proxy": hookline.Proxy("http://user:secret@localhost:3128", headers={"A": "b"}, tunnel=True),
    "Request": REQUEST,
    "Response": hookline.Response(200, json=[1], request=REQUEST, headers={"A": "b"}),
    "BasicAuth": hookline.BasicAuth("user", "secret"),
    "BearerAuth": hookline.BearerAuth("t0ken"),
    "FunctionAuth": hookline.FunctionAuth(sign),
    "DigestAuth": hookline.DigestAuth("user", "secret"),
    "NegotiatedAuth": hookline.NegotiatedAuth("user", "secret"),
    "ServerSentEvent": hookline.ServerSentEvent(event="a", data="b"),
    "ConnectionSnapshot": hookline.ConnectionSnapshot(
        hookline.Origin("http://a"), None, "idle", 0, 1
    ),
    "PoolSnapshot": hookline.PoolSnapshot(open=3),
    "MockTransport": hookline.MockTransport(echo),
    "codes": hookline.codes.NOT_FOUND,
    "ByteStream": hookline.ByteStream(b"abc"),
}


def described(value: Any) -> object:
    """What is to be the same of a copy."""
    if isinstance(value, hookline.Request):
        return value.method, value.url, value.headers.raw, value.content, list(value.stream)  # type: ignore[arg-type]
    if isinstance(value, hookline.Response):
        return value.status_code, value.headers.raw, value.json(), described(value.request)
    if isinstance(value, hookline.Proxy):
        return value.url, value.raw_auth, value.headers.raw, value.tunnel
    if isinstance(value, hookline.ByteStream):
        return list(value)
    if isinstance(value, hookline.Auth):
        return {k: v for k, v in vars(value).items() if k not in ("_lock", "_schemes")}
    if isinstance(value, hookline.MockTransport):
        return value.handler
    return repr(value) if isinstance(value, hookline.Cookies) else value


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("protocol", [*range(2, pickle.HIGHEST_PROTOCOL + 1), "copy", "deepcopy"])
def test_values_travel(name: str, protocol: int | str) -> None:
    value = VALUES[name]
    if isinstance(protocol, int):
        again = pickle.loads(pickle.dumps(value, protocol))
    else:
        again = COPIES[protocol](value)

    assert type(again) is type(value)
    assert described(again) == described(value)


def test_every_exception_travels(copied: Copy) -> None:
    errors = [
        cls
        for name in hookline.__all__
        if isinstance(cls := getattr(hookline, name), type) and issubclass(cls, BaseException)
    ]
    for cls in errors:
        error = made(cls)
        error.__cause__ = OSError("below")
        again = copied(error)

        assert type(again) is cls
        assert str(again) == str(error)
        if isinstance(error, hookline.HTTPError):
            assert again.request.url == REQUEST.url
    assert len(errors) > 25


def made(cls: type[BaseException]) -> Any:
    if cls is hookline.HTTPStatusError:
        return hookline.HTTPStatusError("no", request=REQUEST, response=hookline.Response(404))
    if issubclass(cls, hookline.StreamError) and cls is not hookline.StreamError:
        return cls()
    if cls is hookline.ConfigError:
        return cls([])
    error = cls("no")
    if isinstance(error, hookline.HTTPError):
        error.request = REQUEST
    return error


def test_what_stands_for_the_default_stays_the_one_that_there_is(copied: Copy) -> None:
    assert copied(hookline.USE_CLIENT_DEFAULT) is hookline.USE_CLIENT_DEFAULT


def test_a_jars_policy_travels(copied: Copy) -> None:
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    cookies = hookline.Cookies(CookieJar(DefaultCookiePolicy(blocked_domains=["evil.test"])))
    cookies.set("a", "b", domain="example.org")
    again = copied(cookies)

    assert dict(again) == {"a": "b"}
    assert again.jar._policy.blocked_domains() == ("evil.test",)
    assert again.jar is not cookies.jar
