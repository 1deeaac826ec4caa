"""Credentials stay home: they follow nowhere, and whatever is shown, they are not.

Two raw servers are two origins. What each of them was sent is looked at byte by byte.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

import hookline
from support.modes import Mode
from support.proxies import ScriptedProxy
from support.raw import Conversation, RawServer, raw_server

SECRET = "s3cret-0f-th1s-t3st"
# The same as Basic writes it after "user:".
BASIC = "dXNlcjpzM2NyZXQtMGYtdGgxcy10M3N0"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def recording(heads: list[bytes], answer: Callable[[], bytes]) -> Callable[[Conversation], None]:
    def script(conversation: Conversation) -> None:
        while head := conversation.receive_head():
            heads.append(head)
            conversation.send(answer())

    return script


def redirect_to(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def has_secret(text: str | bytes) -> bool:
    shown = text if isinstance(text, str) else text.decode("latin-1")
    return SECRET in shown or BASIC in shown


def with_netrc(tmp_path: Any) -> dict[str, Any]:
    path = tmp_path / "netrc"
    path.write_text(f"machine 127.0.0.1 login user password {SECRET}\n")
    path.chmod(0o600)
    return {"auth": hookline.NetRCAuth(str(path))}


# How a request is given credentials: of the client, or of the call.
WAYS: dict[str, Callable[[Any], tuple[dict[str, Any], dict[str, Any]]]] = {
    "header": lambda _: ({}, {"headers": {"Authorization": SECRET}}),
    "header in capitals": lambda _: ({}, {"headers": {"AUTHORIZATION": SECRET}}),
    "header of the client": lambda _: ({"headers": {"Authorization": SECRET}}, {}),
    "auth": lambda _: ({}, {"auth": ("user", SECRET)}),
    "auth of the client": lambda _: ({"auth": ("user", SECRET)}, {}),
    "bearer": lambda _: ({}, {"auth": hookline.BearerAuth(SECRET)}),
    "netrc": lambda tmp_path: (with_netrc(tmp_path), {}),
    "cookies": lambda _: ({}, {"cookies": {"session": SECRET}}),
    "cookie header": lambda _: ({}, {"headers": {"Cookie": f"session={SECRET}"}}),
    "cookies of the client": lambda _: ({"cookies": {"session": SECRET}}, {}),
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("way", WAYS)
async def test_no_credentials_follow_a_redirect_to_another_host(
    mode: Mode, way: str, status: int, tmp_path: Any
) -> None:
    here: list[bytes] = []
    there: list[bytes] = []
    settings, arguments = WAYS[way](tmp_path)
    with raw_server(recording(there, lambda: OK)) as other:
        location = other.url.replace("127.0.0.1", "localhost")
        with raw_server(recording(here, lambda: redirect_to(location, status))) as server:
            async with mode.client(**settings, follow_redirects=True) as client:
                assert (await client.get(server.url, **arguments)).text == "ok"

    assert has_secret(here[0])
    assert len(there) == 1
    assert not has_secret(there[0])


@pytest.mark.parametrize("way", [way for way in WAYS if "ookie" not in way and way != "netrc"])
async def test_no_authorization_follows_a_redirect_to_another_port(
    mode: Mode, way: str, tmp_path: Any
) -> None:
    """Cookies know no ports (RFC 6265 section 8.5), and netrc files neither."""
    there: list[bytes] = []
    settings, arguments = WAYS[way](tmp_path)
    with raw_server(recording(there, lambda: OK)) as other:
        with raw_server(recording([], lambda: redirect_to(other.url))) as server:
            async with mode.client(**settings, follow_redirects=True) as client:
                await client.get(server.url, **arguments)

    assert not has_secret(there[0])


@pytest.mark.parametrize(
    ("there", "may"),
    [
        ("https://example.org/x", True),
        ("http://example.org/x", False),
        ("https://example.org:444/x", False),
        ("https://www.example.org/x", False),
        ("https://example.org.evil.test/x", False),
        ("https://example.org@evil.test/x", False),
        ("//evil.test/x", False),
        ("https://EXAMPLE.ORG:443/x", True),
    ],
)
async def test_an_origin_is_scheme_host_and_port(mode: Mode, there: str, may: bool) -> None:
    seen: list[hookline.Request] = []

    def answer(request: hookline.Request) -> hookline.Response:
        seen.append(request)
        if len(seen) > 1:
            return hookline.Response(200)
        return hookline.Response(302, headers={"Location": there})

    headers = {"Authorization": SECRET, "Proxy-Authorization": SECRET}
    async with mode.client(transport=hookline.MockTransport(answer)) as client:
        await client.get("https://example.org/", headers=headers, follow_redirects=True)

    assert has_secret(repr(seen[1].headers.raw)) is may


async def test_user_and_password_of_a_url_are_not_those_of_where_it_leads(mode: Mode) -> None:
    there: list[bytes] = []
    with raw_server(recording(there, lambda: OK)) as other:
        with raw_server(recording([], lambda: redirect_to(other.url))) as server:
            url = server.url.replace("://", f"://user:{SECRET}@")
            async with mode.client(follow_redirects=True) as client:
                response = await client.get(url)

    assert not has_secret(there[0])
    assert not has_secret(str(response.url))


async def test_credentials_of_a_proxy_are_for_that_proxy(mode: Mode) -> None:
    """By mount: what is sent elsewhere, and to the origin behind the proxy, has none."""
    proxied: list[bytes] = []
    direct: list[bytes] = []
    origin: list[bytes] = []
    tunnels = ScriptedProxy()
    with (
        raw_server(recording(proxied, lambda: OK)) as proxy,
        raw_server(tunnels) as tunnel,
        raw_server(recording(direct, lambda: OK)) as server,
        raw_server(recording(origin, lambda: OK)) as behind,
    ):
        auth = ("user", SECRET)
        through = hookline.Proxy(tunnel.url, auth=auth, tunnel=True)
        async with mode.client(
            proxies={
                "all://proxied.test": hookline.Proxy(proxy.url, auth=auth),
                f"all://127.0.0.1:{behind.address[1]}": through,
            }
        ) as client:
            await client.get("http://proxied.test/")
            await client.get(server.url)
            await client.get(behind.url)

    assert has_secret(proxied[0])
    assert has_secret(tunnels.heads[0])
    assert not has_secret(direct[0])
    assert not has_secret(origin[0])


async def test_proxy_that_asks_for_the_origins_credentials_gets_none(mode: Mode) -> None:
    """It answers CONNECT as the origin would, with a 401."""
    heads: list[bytes] = []
    answer = (
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\n'
        b"Content-Length: 0\r\n\r\n"
    )
    with raw_server(recording(heads, lambda: answer)) as proxy:
        async with mode.client(proxy=proxy.url, auth=("user", SECRET)) as client:
            with pytest.raises(hookline.ProxyError) as caught:
                await client.get("https://example.org/", headers={"Cookie": f"a={SECRET}"})

    assert heads
    assert not any(map(has_secret, heads))
    assert not has_secret(str(caught.value))


# -- What is shown --------------------------------------------------------------------------


async def _fail(mode: Mode, server: RawServer, trace: Any) -> Exception:
    async with mode.client(
        headers={"Authorization": SECRET},
        auth=hookline.BearerAuth(SECRET),
        proxy=hookline.Proxy(server.url.replace("://", f"://user:{SECRET}@")),
    ) as client:
        shown = [repr(client), repr(client.auth), repr(client.headers)]
        with pytest.raises(hookline.RequestError) as caught:
            await client.get(
                f"http://user:{SECRET}@example.org/",
                headers={"Proxy-Authorization": SECRET},
                extensions={"trace": trace},
            )
        shown.append(repr(client.connections()))
    assert not any(map(has_secret, shown)), shown
    return caught.value


async def test_nothing_that_is_shown_has_credentials_in_it(
    mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    """Reprs, records of every logger, messages of errors and of their causes, names of steps."""
    steps: list[str] = []
    trace = mode.function(lambda name, info: steps.append(name))
    caplog.set_level(logging.DEBUG)
    with raw_server(recording([], lambda: b"\0\r\n")) as server:
        error = await _fail(mode, server, trace)

    shown = [repr(error), str(error), repr(error.request), *caplog.messages, *steps]  # type: ignore[attr-defined]
    cause = error.__cause__
    while cause is not None:
        shown += [repr(cause), str(cause)]
        cause = cause.__cause__
    assert steps
    assert not any(map(has_secret, shown)), [text for text in shown if has_secret(text)]


@pytest.mark.parametrize(
    "value",
    [
        hookline.URL(f"https://user:{SECRET}@example.org/"),
        hookline.Request("GET", f"https://user:{SECRET}@example.org/"),
        hookline.Headers({"Authorization": SECRET, "Proxy-Authorization": SECRET}),
        hookline.Proxy(
            f"http://user:{SECRET}@proxy.test/", headers={"Proxy-Authorization": SECRET}
        ),
        hookline.BasicAuth("user", SECRET),
        hookline.BearerAuth(SECRET),
        hookline.DigestAuth("user", SECRET),
        hookline.Response(401, request=hookline.Request("GET", f"https://u:{SECRET}@a.test/")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_repr_has_a_secret_in_it(value: object) -> None:
    assert not has_secret(repr(value))


# -- What is injected -----------------------------------------------------------------------

BREAKS = ["\r\n", "\n", "\r", "\0", "\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1\r\n"]

PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "method": lambda text: {"method": f"GET{text}"},
    "path": lambda text: {"url": f"/a{text}b"},
    "query": lambda text: {"params": {f"a{text}": text}},
    "target": lambda text: {"extensions": {"target": f"/a{text}".encode()}},
    "header name": lambda text: {"headers": {f"X-A{text}": "b"}},
    "header value": lambda text: {"headers": {"X-A": f"b{text}c"}},
    "host header": lambda text: {"headers": {"Host": f"b{text}c"}},
    "cookie name": lambda text: {"cookies": {f"a{text}": "b"}},
    "cookie value": lambda text: {"cookies": {"a": f"b{text}c"}},
    "user name": lambda text: {"auth": (f"user{text}", "password")},
    "token": lambda text: {"auth": lambda request: _with_token(request, text)},
    "content type of a part": lambda text: {"files": {"f": ("a", b"b", f"text/plain{text}")}},
}


def _with_token(request: hookline.Request, text: str) -> hookline.Request:
    request.headers["Authorization"] = f"Bearer a{text}"
    return request


@pytest.mark.parametrize("place", PLACES)
async def test_line_ends_get_in_nowhere(mode: Mode, place: str) -> None:
    """Refused before anything is sent, or sent harmlessly encoded."""
    heads: list[bytes] = []
    with raw_server(recording(heads, lambda: OK)) as server:
        async with mode.client(base_url=server.url) as client:
            for text in BREAKS:
                arguments = {"method": "GET", "url": "/", **PLACES[place](text)}
                try:
                    await client.request(**arguments)
                except (hookline.LocalProtocolError, hookline.InvalidURL, ValueError):
                    pass

    for head in heads:
        lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        assert not any(b in line for line in lines for b in (b"\r", b"\n", b"\0"))
        assert b"X-Evil" not in {line.partition(b":")[0] for line in lines}
        assert b"/evil" not in lines[0].split(b" ")[1:2]


@pytest.mark.parametrize("text", BREAKS)
async def test_line_ends_get_into_no_proxys_handshake(mode: Mode, text: str) -> None:
    heads: list[bytes] = []
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    with raw_server(recording(heads, lambda: refusal)) as server:
        for settings in (
            {"auth": (f"user{text}", f"password{text}")},
            {"headers": {"X-A": f"b{text}c"}},
        ):
            proxy = hookline.Proxy(server.url, **settings)
            async with mode.client(proxy=proxy) as client:
                for url in ("http://example.org/", "https://example.org/"):
                    try:
                        await client.get(url)
                    except (hookline.LocalProtocolError, hookline.ProxyError):
                        pass

    for head in heads:
        assert b"\r\nX-Evil" not in head
        assert b"\n" not in head.replace(b"\r\n", b"")


@pytest.mark.parametrize("text", BREAKS)
def test_line_ends_in_names_of_a_form_are_escaped_or_refused(text: str) -> None:
    for arguments in (
        {"files": {f"f{text}": ("a.txt", b"b")}},
        {"files": {"f": (f"a{text}.txt", b"b")}},
        {"data": {f"a{text}": "b"}, "files": {"f": ("a.txt", b"b")}},
    ):
        try:
            body = hookline.Request("POST", "http://example.org/", **arguments).read()  # type: ignore[arg-type]
        except ValueError:
            continue
        head = body.split(b"\r\n\r\n")[0]
        assert b"\r\nX-Evil" not in head
        assert all(b"\n" not in line and b"\r" not in line for line in head.split(b"\r\n"))
