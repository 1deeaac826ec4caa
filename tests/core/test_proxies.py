"""`Proxy`, and the ways in which clients and transports are given one."""

from __future__ import annotations

import pickle
import ssl
import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

import hookline
from hookline._connectors import DirectConnector, UnixConnector
from hookline._proxy import to_proxy
from hookline._proxy_connectors import HTTPProxyConnector
from hookline.plugins import (
    Auth,
    Connector,
    Deadline,
    Network,
    NetworkStream,
    PluginManager,
    default_manager,
)
from support.modes import Mode
from support.plugins import Echo, Plugin, manager_of
from support.raw import answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PROXY = "http://proxy.test:3128"


class Recorded(Connector):
    """A connector that goes nowhere, and remembers with what it was made."""

    name: ClassVar[str] = "recorded"
    schemes: ClassVar[tuple[str, ...]] = ("recorded", "recorded+tls")

    def __init__(self, proxy: Any, *, option: int = 0) -> None:
        self.proxy = to_proxy(proxy)
        self.option = option

    async def connect(
        self, origin: hookline.Origin, network: Network, deadline: Deadline
    ) -> NetworkStream:
        raise hookline.ProxyError(f"{self.proxy.url} does not lead to {origin}")


class TokenAuth(Auth):
    def auth_flow(self, request: hookline.Request) -> Any:
        request.headers["Authorization"] = "Token t0ken"
        yield request


def connector_of(transport: Any) -> Any:
    return transport._pool._connector


# -- Proxy ----------------------------------------------------------------------------------


def test_proxy_knows_its_url_and_nothing_else_by_default() -> None:
    proxy = hookline.Proxy(PROXY)

    assert proxy.url == hookline.URL(PROXY)
    assert proxy.auth is None
    assert proxy.raw_auth is None
    assert proxy.headers == {}
    assert proxy.ssl_context is None
    assert proxy.tunnel is False


def test_credentials_in_the_url_become_auth() -> None:
    proxy = hookline.Proxy("http://us%40er:pa%3Ass@proxy.test:3128")

    assert str(proxy.url) == PROXY
    assert proxy.auth == ("us@er", "pa:ss")
    assert proxy.raw_auth == (b"us@er", b"pa:ss")


def test_user_name_alone_has_an_empty_password() -> None:
    assert hookline.Proxy("http://user@proxy.test").auth == ("user", "")


def test_auth_stands_before_the_credentials_in_the_url() -> None:
    proxy = hookline.Proxy("http://a:b@proxy.test", auth=("user", b"pass"))

    assert proxy.auth == ("user", b"pass")
    assert proxy.raw_auth == (b"user", b"pass")
    assert str(proxy.url) == "http://proxy.test"


def test_auth_may_be_a_scheme() -> None:
    auth = TokenAuth()
    proxy = hookline.Proxy(PROXY, auth=auth)

    assert proxy.auth is auth
    assert proxy.raw_auth is None


@pytest.mark.parametrize(
    "url", ["", "proxy.test", "localhost:3128", "http://", "//proxy.test", "/"]
)
def test_what_is_no_proxy_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ValueError, match=r"is no proxy URL; expected one such as 'http://local"):
        hookline.Proxy(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:sec#ret@proxy.test",
        "http://user:sec/ret@proxy.test",
        "http://user:sec?ret@proxy.test",
        "http://user:12/sec@proxy.test",
        "user:secret@proxy.test:3128",
        "http://user:secret@proxy.test:port",
    ],
)
def test_error_never_quotes_a_password(url: str) -> None:
    with pytest.raises(hookline.InvalidURL) as caught:
        hookline.Client(proxy=url)

    assert "Percent-encode what is special in user name and password" in str(caught.value)
    assert "sec" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"auth": ("only-one",)}, TypeError),
        ({"auth": ("user", 1)}, TypeError),
        ({"auth": 1}, TypeError),
        ({"ssl_context": "proxy.pem"}, TypeError),
        ({"headers": [1]}, ValueError),
    ],
)
def test_setting_of_a_wrong_type_is_refused(settings: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        hookline.Proxy(PROXY, **settings)


def test_repr_has_everything_but_the_secrets() -> None:
    headers = {"X-Rack": "7", "Proxy-Authorization": "secret"}
    proxy = hookline.Proxy("https://user:secret@proxy.test", headers=headers, tunnel=True)

    assert repr(proxy) == (
        "Proxy('https://proxy.test', auth=('user', '********'), "
        "headers={'x-rack': '7', 'proxy-authorization': '[secure]'}, tunnel=True)"
    )
    assert repr(hookline.Proxy(PROXY)) == f"Proxy('{PROXY}')"
    assert repr(hookline.Proxy(PROXY, auth=TokenAuth())) == f"Proxy('{PROXY}', auth=TokenAuth(...))"


# -- proxy= ---------------------------------------------------------------------------------


@pytest.mark.parametrize("proxy", [PROXY, hookline.URL(PROXY), hookline.Proxy(PROXY)], ids=repr)
@pytest.mark.parametrize("url", ["http://example.org", "https://example.org:8443"])
def test_proxy_is_for_every_url(proxy: Any, url: str, mode: Mode) -> None:
    client = mode.client(proxy=proxy)
    transport = client._transport_for_url(hookline.URL(url))

    assert type(transport) is type(client._transport)
    assert isinstance(connector_of(transport), HTTPProxyConnector)
    assert isinstance(connector_of(client._transport), DirectConnector)


def test_transport_takes_a_proxy(mode: Mode) -> None:
    transport = mode.transport(proxy=hookline.Proxy(PROXY, auth=("user", "secret")))

    assert repr(connector_of(transport)) == (
        f"HTTPProxyConnector(Proxy('{PROXY}', auth=('user', '********')))"
    )


def test_pool_by_name_takes_a_proxy() -> None:
    table = {"name": "pool", "options": {"proxy": PROXY}}
    with hookline.Client(transport=table) as client:
        transport: Any = client._transport

        assert isinstance(connector_of(transport._sync), HTTPProxyConnector)
        assert isinstance(connector_of(transport._async), HTTPProxyConnector)


def test_connector_is_found_by_the_scheme_of_the_url() -> None:
    manager = manager_of(Recorded)
    for url in ("recorded://proxy.test", "RECORDED+TLS://user:pw@proxy.test"):
        with hookline.Client(proxy=url, plugins=manager) as client:
            connector = connector_of(client._transport_for_url(hookline.URL("http://x.test")))

            assert isinstance(connector, Recorded)
            assert str(connector.proxy.url) == url.lower().replace("user:pw@", "")


def test_connector_by_name_is_made_with_its_options() -> None:
    options = {"proxy": "http://anything.test", "option": 7}
    transport = hookline.HTTPTransport(
        proxy={"name": "recorded", "options": options}, plugins=manager_of(Recorded)
    )

    assert connector_of(transport).option == 7


def test_connector_may_be_an_instance(mode: Mode) -> None:
    connector = Recorded("recorded://proxy.test")
    client = mode.client(proxy=connector)

    assert connector_of(client._transport_for_url(hookline.URL("http://x.test"))) is connector


async def test_connector_that_is_no_proxy_is_as_good(mode: Mode) -> None:
    with raw_server(answering(OK)) as server:

        class Elsewhere(DirectConnector):
            async def connect(
                self, origin: hookline.Origin, network: Network, deadline: Deadline
            ) -> NetworkStream:
                return await network.connect_tcp("127.0.0.1", server.address[1], deadline)

        async with mode.client(proxy=Elsewhere()) as client:
            response = await client.get("http://nowhere.test/")

    assert response.text == "ok"


def test_unknown_scheme_is_refused_at_construction_with_those_that_are_known(mode: Mode) -> None:
    for make in (mode.client, mode.transport):
        with pytest.raises(hookline.PluginNotFound) as caught:
            make(proxy="gopher://proxy.test", plugins=manager_of(Recorded))

        # httpx raises a ValueError.
        assert isinstance(caught.value, ValueError)
        assert str(caught.value) == (
            "No connector is registered for proxy URLs that begin with 'gopher://'. "
            "Known: http://, https://, recorded+tls://, recorded://."
        )


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_socks_without_its_plugin_says_what_to_install(scheme: str) -> None:
    with pytest.raises(hookline.PluginNotFound) as caught:
        hookline.Client(proxy=f"{scheme}://user:secret@proxy.test", plugins=manager_of())

    assert str(caught.value).endswith(
        'Known: http://, https://. It is part of hookline-socks: pip install "hookline[socks]".'
    )
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("proxy", "error", "message"),
    [
        (7, TypeError, "proxy: expected a URL or a hookline.Proxy, not a int."),
        ((PROXY,), TypeError, "proxy: expected a URL or a hookline.Proxy, not a tuple."),
        ("", ValueError, "proxy: '' is no proxy URL"),
        ({"options": {}}, ValueError, "proxy: the table has no 'name'."),
        ({"name": "nope"}, hookline.PluginNotFound, "No connector named 'nope' is registered."),
        (
            {"name": "http-proxy", "options": {"proxy": "socks5://x"}},
            ValueError,
            "proxy: 'http-proxy' cannot be made with the options proxy: proxy: 'socks5://x' is not",
        ),
        (
            {"name": "http-proxy", "options": {"proxy": "http://u:secret@", "no": 1}},
            TypeError,
            "proxy: 'http-proxy' cannot be made with the options no, proxy:",
        ),
    ],
)
def test_proxy_that_makes_no_sense_is_refused_at_construction(
    proxy: Any, error: type[Exception], message: str, mode: Mode
) -> None:
    for make in (mode.client, mode.transport):
        with pytest.raises(error) as caught:
            make(proxy=proxy)

        assert str(caught.value).startswith(message)
        assert "secret" not in str(caught.value)


def test_unix_socket_and_proxy_together_are_refused(mode: Mode) -> None:
    with pytest.raises(ValueError, match=r"^uds and proxy: .* Give one of the two\.$"):
        mode.transport(uds="/run/x.sock", proxy=PROXY)


def test_unix_socket_by_itself_is_no_proxy(mode: Mode) -> None:
    assert isinstance(connector_of(mode.transport(uds="/run/x.sock")), UnixConnector)


# -- One scheme, two connectors --------------------------------------------------------------


class Rival(Recorded):
    name: ClassVar[str] = "rival"
    schemes: ClassVar[tuple[str, ...]] = ("recorded",)


class Usurper(Recorded):
    name: ClassVar[str] = "usurper"
    schemes: ClassVar[tuple[str, ...]] = ("https",)


def test_scheme_of_two_connectors_is_an_error_for_whoever_uses_it() -> None:
    manager = manager_of(Recorded)
    manager.register(Plugin(Rival), "other")
    hookline.Client(plugins=manager).close()
    hookline.Client(plugins=manager, proxy=PROXY).close()
    hookline.Client(plugins=manager, proxy="recorded+tls://proxy.test").close()
    named = {"name": "rival", "options": {"proxy": "recorded://proxy.test"}}
    hookline.Client(plugins=manager, proxy=named).close()

    with pytest.raises(hookline.DuplicateName) as caught:
        hookline.Client(plugins=manager, proxy="recorded://proxy.test")

    message = str(caught.value)
    assert message.startswith("2 connectors want the proxy URLs that begin with 'recorded://': ")
    assert "Recorded (plugin 'tested') and " in message
    assert "Rival (plugin 'other'). Name the one you mean" in message


def test_core_schemes_cannot_be_claimed() -> None:
    with pytest.raises(hookline.DuplicateName) as caught:
        manager_of(Usurper)

    assert "Two connectors want the proxy URLs that begin with 'https://'" in str(caught.value)
    assert "HTTPProxyConnector (plugin 'builtin' of hookline-core) and " in str(caught.value)


@pytest.mark.parametrize(
    "schemes", ["socks5", ["socks5"], ("SOCKS5",), ("socks5://",), ("",), None]
)
def test_schemes_that_no_url_can_have_are_refused(schemes: Any) -> None:
    wrong = type("Wrong", (Recorded,), {"schemes": schemes})

    with pytest.raises(hookline.PluginError, match="whose `schemes` are"):
        manager_of(wrong)


def test_http_proxies_are_registered_as_everything_is() -> None:
    entry = default_manager().registry.names("connectors")["http-proxy"]

    assert entry.cls is HTTPProxyConnector
    assert PluginManager().registry.connector_for("https") is HTTPProxyConnector


# -- proxies= -------------------------------------------------------------------------------


def proxy_for(client: Any, url: str) -> str | None:
    transport = client._transport_for_url(hookline.URL(url))
    if transport is client._transport:
        return None
    return str(connector_of(transport)._proxy.url)


@pytest.mark.parametrize(
    ("proxies", "url", "expected"),
    [
        (PROXY, "http://x.test", PROXY),
        (PROXY, "https://x.test", PROXY),
        (hookline.URL(PROXY), "https://x.test", PROXY),
        (hookline.Proxy(PROXY), "https://x.test", PROXY),
        ({"all://": PROXY}, "http://x.test", PROXY),
        ({"http://": PROXY}, "http://x.test", PROXY),
        ({"http://": PROXY}, "https://x.test", None),
        ({"https://": hookline.URL(PROXY)}, "https://x.test", PROXY),
        ({"https://": hookline.Proxy(PROXY)}, "https://x.test", PROXY),
        ({"all://": PROXY, "http://": None}, "http://x.test", None),
        ({"all://": PROXY, "http://": None}, "https://x.test", PROXY),
        (
            {"all://": PROXY, "all://x.test": "http://other.test"},
            "http://x.test",
            "http://other.test",
        ),
        ({"all://": PROXY, "all://*x.test": None}, "http://www.x.test", None),
        ({"http://x.test:8080": PROXY}, "http://x.test:8080", PROXY),
        ({"http://x.test:8080": PROXY}, "http://x.test", None),
        ({"all://10.0.0.0/8": PROXY}, "http://10.2.3.4", PROXY),
        ({}, "http://x.test", None),
    ],
    ids=str,
)
def test_proxies_by_pattern(proxies: Any, url: str, expected: str | None, mode: Mode) -> None:
    assert proxy_for(mode.client(proxies=proxies), url) == expected


@pytest.mark.parametrize("key", ["http", "all", "", "example.org", "localhost:80", 1])
def test_key_without_a_scheme_is_refused(key: Any) -> None:
    with pytest.raises(ValueError, match="proxies: the keys are URL patterns") as caught:
        hookline.Client(proxies={key: PROXY})

    assert f"not {key!r}. Did you mean '{key}://'?" in str(caught.value)


def test_proxy_and_proxies_together_are_refused(mode: Mode) -> None:
    with pytest.raises(RuntimeError, match="either 'proxy' or 'proxies', not both"):
        mode.client(proxy=PROXY, proxies={"http://": PROXY})


def test_wrong_value_in_proxies_is_refused() -> None:
    with pytest.raises(TypeError, match=r"proxy: expected a URL or a hookline\.Proxy, not a int"):
        hookline.Client(proxies={"http://": 7})  # type: ignore[dict-item]


# -- Together with mounts and transports ----------------------------------------------------


def test_mounts_take_the_place_of_proxies(mode: Mode) -> None:
    echo = Echo()
    client = mode.client(
        proxies={"all://": PROXY, "https://": "http://other.test"},
        mounts={"https://": echo, "http://plain.test": None},
    )

    assert client._transport_for_url(hookline.URL("https://x.test")) is echo
    assert proxy_for(client, "http://plain.test") is None
    assert proxy_for(client, "http://x.test") == PROXY


def test_proxy_stands_before_a_transport_that_was_given(mode: Mode) -> None:
    # As httpx has it: the transport is for what no pattern matches.
    client = mode.client(transport=Echo(), proxies={"https://": PROXY})

    assert proxy_for(client, "https://x.test") == PROXY
    assert proxy_for(client, "http://x.test") is None


async def test_closing_the_client_closes_its_proxied_connections(mode: Mode) -> None:
    with raw_server(answering(OK)) as server:
        async with mode.client(proxy=server.url) as client:
            await client.get("http://x.test/")
            transport = client._transport_for_url(hookline.URL("http://x.test"))
            before = transport._pool._idle_count

    assert (before, transport._pool._idle_count) == (1, 0)


class Shaped(hookline.Client):
    """Overrides what packages for httpx override, with their lists of arguments."""

    def __init__(self, **settings: Any) -> None:
        self.calls: list[tuple[str, Any]] = []
        super().__init__(**settings)

    def _init_transport(
        self,
        verify: Any = True,
        cert: Any = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Any = None,
        transport: Any = None,
    ) -> Any:
        self.calls.append(("direct", transport))
        return super()._init_transport(
            verify=verify, cert=cert, trust_env=trust_env, http1=http1, http2=http2,
            limits=limits, transport=transport,
        )  # fmt: skip

    def _init_proxy_transport(
        self,
        proxy: Any,
        verify: Any = True,
        cert: Any = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Any = None,
    ) -> Any:
        self.calls.append(("proxy", proxy))
        return super()._init_proxy_transport(
            proxy, verify=verify, cert=cert, trust_env=trust_env, http1=http1, http2=http2,
            limits=limits,
        )  # fmt: skip


def test_subclasses_may_override_how_transports_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = hookline.Limits(max_connections=3)
    with Shaped(proxy=PROXY, limits=limits) as client:
        (transport,) = client._mounts.values()

        assert [kind for kind, _ in client.calls] == ["direct", "proxy"]
        assert isinstance(client.calls[1][1], hookline.Proxy)
        assert transport._pool._max_open == 3

    monkeypatch.setenv("HTTP_PROXY", PROXY)
    with Shaped() as client:
        assert [kind for kind, _ in client.calls] == ["direct", "proxy"]


# -- The top-level functions ----------------------------------------------------------------

VERBS: list[Callable[..., Any]] = [
    hookline.get,
    hookline.options,
    hookline.head,
    hookline.post,
    hookline.put,
    hookline.patch,
    hookline.delete,
    lambda url, **settings: hookline.request("QUERY", url, **settings),
]


@pytest.mark.parametrize("argument", ["proxy", "proxies"])
def test_every_function_takes_a_proxy(argument: str) -> None:
    empty = b"HTTP/1.1 204 No Content\r\n\r\n"
    for verb in VERBS:
        with raw_server(answering(empty)) as server:
            assert verb("http://x.test/", **{argument: server.url}).status_code == 204
    with raw_server(answering(OK)) as server:
        with hookline.stream("GET", "http://x.test/", **{argument: server.url}) as response:  # type: ignore[arg-type]
            assert response.read() == b"ok"


# -- TLS to the proxy -----------------------------------------------------------------------


def test_proxys_context_is_not_the_origins() -> None:
    theirs, ours = ssl.create_default_context(), ssl.create_default_context()
    transport = hookline.HTTPTransport(
        verify=ours, proxy=hookline.Proxy("https://proxy.test", ssl_context=theirs)
    )

    assert connector_of(transport)._ssl_context() is theirs
    assert transport._pool._get_ssl_context() is ours


def test_proxys_default_context_is_shared_by_all() -> None:
    first, second = (
        connector_of(hookline.HTTPTransport(proxy=f"https://{name}.test"))._ssl_context()
        for name in ("a", "b")
    )

    assert first is second
    assert first.verify_mode is ssl.CERT_REQUIRED
    assert first.check_hostname


def test_environment_that_is_not_trusted_does_not_choose_the_proxys_authorities(
    monkeypatch: pytest.MonkeyPatch, authority: Any
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    trusting, wary = (
        connector_of(hookline.HTTPTransport(proxy="https://proxy.test", trust_env=trust))
        for trust in (True, False)
    )

    assert trusting._ssl_context().cert_store_stats()["x509_ca"] == 1
    assert wary._ssl_context().cert_store_stats()["x509_ca"] > 1


# -- ProxyError -----------------------------------------------------------------------------


def test_proxy_error_keeps_its_status_when_pickled() -> None:
    error = hookline.ProxyError("no")
    assert error.status_code is None
    error.status_code = 407

    assert pickle.loads(pickle.dumps(error)).status_code == 407


def test_clients_in_many_threads_share_one_connector() -> None:
    connector = Recorded("recorded://proxy.test")
    failures: list[str] = []
    with hookline.Client(proxy=connector) as client:

        def ask() -> None:
            try:
                client.get("http://x.test/")
            except hookline.ProxyError as exc:
                failures.append(str(exc))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert failures == ["recorded://proxy.test does not lead to http://x.test"] * 4
