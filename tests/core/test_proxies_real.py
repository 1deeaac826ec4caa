"""Through HTTP proxies that others wrote; and that what is set for a transport holds behind one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest

import hookline
from hookline import Proxy
from hookline._proxy_connectors import HTTPProxyConnector
from support.modes import Mode
from support.proxies import ScriptedProxy, running_proxy
from support.raw import Conversation, answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Kind(NamedTuple):
    """A proxy: whose, over what, and whether it wants a password."""

    name: str
    scheme: str
    wants_password: bool

    def __str__(self) -> str:
        return f"{self.name} {self.scheme}{' password' if self.wants_password else ''}"


KINDS = [
    Kind("proxy.py", "http", False),
    Kind("proxy.py", "http", True),
    Kind("proxy.py", "https", True),
    Kind("pproxy", "http", True),
    Kind("pproxy", "https", False),
    Kind("pproxy", "https", True),
]
WITH_PASSWORD = [kind for kind in KINDS if kind.wants_password]
# This one makes tunnels, and forwards nothing.
TINY = Kind("tiny-proxy", "http", True)


@pytest.fixture(scope="module")
def url_of(authority: Any) -> Iterator[Callable[[Kind], str]]:
    """Starts proxies as they are asked for; one of each kind serves all tests."""
    urls: dict[Kind, str] = {}
    with ExitStack() as stack:

        def start(kind: Kind) -> str:
            if kind not in urls:
                credentials = "user:pass" if kind.wants_password else ""
                tls = (authority.server_cert, authority.server_key) * (kind.scheme == "https")
                port = stack.enter_context(running_proxy(kind.name, credentials, *tls))
                host = "localhost" if kind.scheme == "https" else "127.0.0.1"
                urls[kind] = f"{kind.scheme}://{host}:{port}"
            return urls[kind]

        yield start


def proxy_of(
    kind: Kind, url: str, authority: Any, password: str = "pass", **settings: Any
) -> Proxy:
    if kind.scheme == "https":
        settings["ssl_context"] = hookline.create_ssl_context(authority.ca_file)
    if kind.wants_password:
        settings["auth"] = ("user", password)
    return Proxy(url, **settings)


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        *((kind, way) for kind in KINDS for way in ("forward", "tunnel", "tls")),
        (TINY, "tunnel"),
        (TINY, "tls"),
    ],
    ids=str,
)
async def test_requests_go_through(
    mode: Mode,
    kind: Kind,
    way: str,
    url_of: Callable[[Kind], str],
    server: str,
    tls_server: str,
    authority: Any,
) -> None:
    origin = tls_server if way == "tls" else server
    proxy = proxy_of(kind, url_of(kind), authority, tunnel=way == "tunnel")
    async with mode.client(proxy=proxy, verify=authority.ca_file) as client:
        echoed = (await client.post(origin + "/echo?a=b", content=b"body")).json()
        large = await client.get(origin + "/bytes/200000")

    assert (echoed["method"], echoed["query"], echoed["body"]) == ("POST", "a=b", "body")
    assert "proxy-authorization" not in dict(echoed["headers"])
    assert len(large.content) == 200_000


@pytest.mark.parametrize("kind", WITH_PASSWORD, ids=str)
@pytest.mark.parametrize("password", ["wrong", None])
async def test_wrong_password_is_a_407(
    mode: Mode,
    kind: Kind,
    password: str | None,
    url_of: Callable[[Kind], str],
    server: str,
    tls_server: str,
    authority: Any,
) -> None:
    url = url_of(kind)
    if password is None:
        proxy = proxy_of(kind._replace(wants_password=False), url, authority)
    else:
        proxy = proxy_of(kind, url, authority, password)
    async with mode.client(proxy=proxy, verify=authority.ca_file) as client:
        forwarded = await client.get(server + "/")
        with pytest.raises(hookline.ProxyError, match="407") as caught:
            await client.get(tls_server + "/")

    assert forwarded.status_code == caught.value.status_code == 407


@pytest.mark.parametrize("kind", KINDS, ids=str)
async def test_requests_arrive_at_the_origin_that_they_are_for(
    mode: Mode, kind: Kind, url_of: Callable[[Kind], str], server: str, authority: Any
) -> None:
    # Both of these proxies send all requests on a connection where the first one went.
    with raw_server(answering(OK)) as other:
        async with mode.client(proxy=proxy_of(kind, url_of(kind), authority)) as client:
            first = await client.get(server + "/bytes/3")
            second = await client.get(other.url)
            third = await client.get(server + "/bytes/4")

    assert (first.text, second.text, third.text) == ("xxx", "ok", "xxxx")


async def test_many_requests_at_once_go_through(
    mode: Mode, url_of: Callable[[Kind], str], tls_server: str, authority: Any
) -> None:
    kind = KINDS[2]
    proxy = proxy_of(kind, url_of(kind), authority)
    limits = hookline.Limits(max_connections=4)
    async with mode.client(
        proxy=proxy, verify=authority.ca_file, limits=limits, timeout=20
    ) as client:
        results = await mode.together(
            *(lambda n=n: client.get(f"{tls_server}/bytes/{n}") for n in range(16))  # type: ignore[misc]
        )

    assert [len(result.content) for result in results] == list(range(16))


# -- What is set for a transport ------------------------------------------------------------


@pytest.mark.parametrize("tunnel", [False, True], ids=["forward", "tunnel"])
async def test_local_address_holds(mode: Mode, tunnel: bool, server: str) -> None:
    peers: list[str] = []

    def script(conversation: Conversation) -> None:
        peers.append(conversation.socket.getpeername()[0])
        (ScriptedProxy() if tunnel else answering(OK))(conversation)

    with raw_server(script) as raw:
        proxy = Proxy(raw.url, tunnel=tunnel)
        transport = mode.transport(proxy=proxy, local_address="127.0.0.2")
        async with mode.client(transport=transport) as client:
            assert (await client.get(server + "/port")).status_code == 200

    assert peers == ["127.0.0.2"]


@pytest.mark.parametrize("tunnel", [False, True], ids=["forward", "tunnel"])
async def test_socket_options_hold(mode: Mode, tunnel: bool, server: str) -> None:
    option = (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    with raw_server(ScriptedProxy() if tunnel else answering(OK)) as raw:
        proxy = Proxy(raw.url, tunnel=tunnel)
        transport = mode.transport(proxy=proxy, socket_options=[option])
        async with mode.client(transport=transport) as client:
            await client.get(server + "/port")
            (connection,) = transport._pool._connections
            sock = connection.protocol.stream.get_extra_info("socket")

            assert sock.getsockopt(*option[:2]) == 1


@pytest.mark.parametrize("url", ["http://origin.test/", "https://origin.test/"])
async def test_retries_hold_for_the_connection_to_the_proxy(
    mode: Mode, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[str] = []
    connect = HTTPProxyConnector.connect

    async def counting(self: Any, origin: Any, *arguments: Any) -> Any:
        attempts.append(str(origin))
        return await connect(self, origin, *arguments)

    monkeypatch.setattr(HTTPProxyConnector, "connect", counting)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    transport = mode.transport(proxy=f"http://127.0.0.1:{port}", retries=1)
    async with mode.client(transport=transport) as client:
        with pytest.raises(hookline.ConnectError):
            await client.get(url)

    assert attempts == [url.rstrip("/")] * 2


async def test_refusal_is_not_tried_again(mode: Mode) -> None:
    with raw_server(answering(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as raw:
        transport = mode.transport(proxy=raw.url, retries=3)
        async with mode.client(transport=transport) as client:
            with pytest.raises(hookline.ProxyError):
                await client.get("https://origin.test/")

    assert raw.connections == 1


async def test_limits_hold(mode: Mode) -> None:
    asked = threading.Event()

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        asked.set()
        conversation.receive_to_end()

    with raw_server(script) as raw:
        transport = mode.transport(proxy=raw.url, limits=hookline.Limits(max_connections=1))
        timeout = hookline.Timeout(5, read=0.3, pool=0.1)
        async with mode.client(transport=transport, timeout=timeout) as client:
            results = await mode.together(
                lambda: client.get("http://a.test/"), lambda: client.get("http://b.test/")
            )

    assert sorted(type(result).__name__ for result in results) == ["PoolTimeout", "ReadTimeout"]
    assert raw.connections == 1


async def test_chosen_protocol_holds(mode: Mode, server: str) -> None:
    protocols = [{"name": "http11", "options": {"parser": "h11"}}]
    with raw_server(ScriptedProxy()) as raw:
        async with mode.client(proxy=Proxy(raw.url, tunnel=True), protocols=protocols) as client:
            assert (await client.get(server + "/port")).status_code == 200
            transport = client._transport_for_url(hookline.URL(server))
            (connection,) = transport._pool._connections

            assert type(connection.protocol._parser).__module__ == "hookline_http11._h11"


async def test_observers_see_connections_to_origins(mode: Mode, server: str) -> None:
    seen: list[str] = []

    class Nosy(hookline.plugins.EventHook):
        name = "nosy"

        def connection_opened(self, connection: Any) -> None:
            seen.append(str(connection.origin))

    with raw_server(ScriptedProxy()) as raw:
        async with mode.client(proxy=Proxy(raw.url, tunnel=True), event_hooks=[Nosy()]) as client:
            await client.get(server + "/port")

    assert seen == [server]
