"""What has gone wrong in other clients, tried on this one, where no other test shows it.

Which number each is stands in `docs/security-advisories.md`.
"""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import hookline
from hookline._cookiejar import Jar, plain_cookie
from hookline._decoders import DeflateDecoder
from support.modes import Mode
from support.proxies import DIGEST_CHALLENGE, has_digest
from support.raw import Conversation, answering, raw_server

SECRET = "s3cret-0f-th1s-t3st"
# The same as Basic writes it after "user:".
BASIC = "dXNlcjpzM2NyZXQtMGYtdGgxcy10M3N0"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


def redirect_to(location: str, *fields: str) -> bytes:
    lines = ["HTTP/1.1 302 Found", f"Location: {location}", "Content-Length: 0", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Recording:
    """A script for `raw_server`: gives its answers in turn, then "ok", and remembers the heads."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self.heads: list[bytes] = []

    def __call__(self, conversation: Conversation) -> None:
        while head := conversation.receive_head():
            self.heads.append(head)
            conversation.send(self._answers.pop(0) if self._answers else OK)

    def __contains__(self, text: str) -> bool:
        return any(text.lower().encode() in head.lower() for head in self.heads)

    @property
    def has_secret(self) -> bool:
        return SECRET in self or BASIC in self


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that a resolver was asked for; it knows none but `localhost`."""
    real = socket.getaddrinfo
    asked: list[str] = []

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        # Addresses are no names, however they are asked for.
        named_flags = named.get("flags", arguments[4] if len(arguments) > 4 else 0)
        if not named_flags & socket.AI_NUMERICHOST:
            asked.append(host if isinstance(host, str) else host.decode())
            if asked[-1] != "localhost":
                raise socket.gaierror(socket.EAI_NONAME, "nobody knows it")
            host = "127.0.0.1"
        return real(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


# -- Credentials that travelled -------------------------------------------------------------


@pytest.mark.parametrize("password", ["a%40evil.test", "a@evil.test", "a%40evil.test%2F", "@"])
async def test_password_with_an_at_sign_is_no_part_of_a_host(
    mode: Mode, password: str, looked_up: list[str]
) -> None:
    server = Recording(redirect_to("/next", "Connection: close"))
    with raw_server(server) as raw:
        url = f"http://user:{password}@localhost:{raw.address[1]}/"
        async with mode.client(follow_redirects=True) as client:
            assert (await client.get(url)).text == "ok"

    assert set(looked_up) == {"localhost"}
    assert len(server.heads) == 2
    assert "evil" not in server


@pytest.mark.parametrize(
    "entry",
    [
        "machine localhost\n",
        "machine localhost login user\n",
        f"machine localhost login user password {SECRET}\n",
        "default\n",
        "default login user\n",
        f"default login user password {SECRET}\n",
    ],
)
@pytest.mark.parametrize("way", ["netrc", "bearer"])
async def test_netrc_says_nothing_to_where_a_redirect_leads(
    mode: Mode, way: str, entry: str, tmp_path: Any
) -> None:
    """Neither the password of the first host, nor that of the second: nobody asked for it."""
    path = tmp_path / "netrc"
    path.write_text(f"machine 127.0.0.1 login user password {SECRET}\n{entry}")
    there = Recording()
    with raw_server(there) as other:
        here = Recording(redirect_to(other.url.replace("127.0.0.1", "localhost")))
        with raw_server(here) as server:
            auth = hookline.NetRCAuth(path)
            arguments = {"auth": hookline.BearerAuth(SECRET)} if way == "bearer" else {}
            async with mode.client(auth=auth, follow_redirects=True) as client:
                await client.get(server.url, **arguments)

    assert here.has_secret
    assert len(there.heads) == 1
    assert "authorization" not in there


async def test_credentials_of_a_proxy_do_not_follow_a_redirect_to_another(mode: Mode) -> None:
    first = Recording(redirect_to("https://origin.test/"))
    second = Recording(REFUSED)
    with raw_server(first) as one, raw_server(second) as other:
        proxies = {
            "http://": hookline.Proxy(one.url, auth=("user", SECRET), headers={"X-Key": SECRET}),
            "https://": hookline.Proxy(other.url),
        }
        async with mode.client(proxies=proxies, follow_redirects=True) as client:
            with pytest.raises(hookline.ProxyError):
                await client.get("http://origin.test/")

    assert first.has_secret
    assert len(second.heads) == 1
    assert not second.has_secret
    assert "proxy-authorization" not in second


async def test_digest_of_one_proxy_is_not_told_to_another(mode: Mode) -> None:
    """Not even where both were given the same object."""
    first = Recording(DIGEST_CHALLENGE)
    second = Recording()
    auth = hookline.DigestAuth("user", SECRET)
    with raw_server(first) as one, raw_server(second) as other:
        proxies = {
            "all://one.test": hookline.Proxy(one.url, auth=auth),
            "all://other.test": hookline.Proxy(other.url, auth=auth),
        }
        async with mode.client(proxies=proxies) as client:
            await client.get("http://one.test/")
            await client.get("http://other.test/")

    assert has_digest(first.heads[1], SECRET)
    assert "proxy-authorization" not in second


@pytest.mark.parametrize("header", ["Authorization", "Proxy-Authorization", "Cookie"])
async def test_redirects_through_a_proxy_drop_credentials_too(mode: Mode, header: str) -> None:
    proxy = Recording(redirect_to("http://other.test/"))
    with raw_server(proxy) as server:
        async with mode.client(proxy=server.url, follow_redirects=True) as client:
            await client.get("http://origin.test/", headers={header: f"a={SECRET}"})

    assert SECRET.encode() in proxy.heads[0]
    assert proxy.heads[1].startswith(b"GET http://other.test/ ")
    assert SECRET.encode() not in proxy.heads[1]


async def test_referer_is_never_written(mode: Mode) -> None:
    server = Recording(redirect_to("/a?token=1"), redirect_to("/b"))
    with raw_server(server) as raw:
        async with mode.client(follow_redirects=True) as client:
            await client.get(raw.url)
            assert "referer" not in server
            await client.get(raw.url, headers={"Referer": "http://given.test/"})
            await client.get(raw.url)

    assert [b"Referer: http://given.test/" in head for head in server.heads[3:]] == [True, False]


@pytest.mark.parametrize(
    "auth",
    [
        ("user", SECRET),
        hookline.BearerAuth(SECRET),
        hookline.DigestAuth("user", SECRET),
        hookline.NegotiatedAuth("user", SECRET, allow_cleartext=True),
    ],
    ids=["basic", "bearer", "digest", "negotiated"],
)
async def test_no_auth_shows_in_the_url_of_a_response(mode: Mode, auth: Any) -> None:
    challenge = b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'
    server = Recording(redirect_to("/next"), challenge)
    with raw_server(server) as raw:
        async with mode.client(auth=auth, follow_redirects=True) as client:
            response = await client.get(raw.url)

    urls = [step.url for step in [*response.history, response]]
    assert len(urls) > 1
    assert all(url.userinfo == b"" and SECRET not in str(url) for url in urls)


# -- Cookies --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Jar, CookieJar])
def test_secure_cookie_without_a_domain_is_not_sent_without_tls(
    kind: Callable[[], CookieJar],
) -> None:
    sent: list[str | None] = []

    def answer(request: hookline.Request) -> hookline.Response:
        sent.append(request.headers.get("cookie"))
        return hookline.Response(200)

    jar = kind()
    cookie = plain_cookie("a", "1", "", "/")
    cookie.secure = True
    jar.set_cookie(cookie)
    with hookline.Client(cookies=jar, transport=hookline.MockTransport(answer)) as client:
        client.get("http://example.org/")
        client.get("https://example.org/")

    assert sent == [None, "a=1"]


# -- What is sent ---------------------------------------------------------------------------


async def test_no_body_is_left_over_from_the_request_before(mode: Mode) -> None:
    """Over one connection: a PUT from a generator, then what has another body, or none."""
    seen: list[tuple[bytes, bytes]] = []

    def script(conversation: Conversation) -> None:
        while head := conversation.receive_head():
            body = b""
            if b"chunked" in head:
                while not body.endswith(b"0\r\n\r\n"):
                    body += conversation.receive_exactly(1)
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    body = conversation.receive_exactly(int(line.partition(b":")[2]))
            seen.append((head.partition(b" ")[0], body))
            conversation.send(OK)

    with raw_server(script) as server:
        async with mode.client() as client:
            await client.put(server.url, content=mode.body([b"secret"]))
            await client.post(server.url, data={"a": "1"})
            await client.post(server.url)
            await client.put(server.url, content=b"secret")
            await client.get(server.url)

        assert server.connections == 1
    assert seen == [
        (b"PUT", b"6\r\nsecret\r\n0\r\n\r\n"),
        (b"POST", b"a=1"),
        (b"POST", b""),
        (b"PUT", b"secret"),
        (b"GET", b""),
    ]


# -- Hosts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("escape", ["%2F", "%2f", "%3F", "%23", "%40", "%3A", "%5C", "%00", "%0d"])
async def test_escapes_in_a_host_separate_nothing(
    mode: Mode, escape: str, looked_up: list[str]
) -> None:
    host = f"example.org{escape}.evil.test"
    url = hookline.URL(f"http://{host}/path")
    async with mode.client() as client:
        with pytest.raises(hookline.ConnectError):
            await client.get(url)

    assert (url.host, url.path) == (host.lower(), "/path")
    assert hookline.URL(str(url)) == url
    assert set(looked_up) == {host.lower()}


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="counted over a Unix socket")
async def test_zone_is_a_part_of_an_address(mode: Mode, tmp_path: Any) -> None:
    """By the socket, everybody is reached; which connection is whose is for the pool to say."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    listener.listen()
    with raw_server(Recording(), listener) as server:
        transport = mode.transport(uds=str(tmp_path / "socket"))
        async with mode.client(transport=transport) as client:
            await client.get("http://[fe80::1%25eth0]/")
            await client.get("http://[fe80::1%25eth0]/")
            assert server.connections == 1
            await client.get("http://[fe80::1%25eth1]/")
            assert server.connections == 2


@pytest.mark.parametrize("proxy", [None, "http", "socks5", "socks5h"])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_web_sockets_are_refused_before_anybody_is_reached(
    mode: Mode, scheme: str, proxy: str | None
) -> None:
    with raw_server(answering()) as server:
        there = f"127.0.0.1:{server.address[1]}"
        settings = {} if proxy is None else {"proxy": f"{proxy}://{there}"}
        async with mode.client(**settings) as client:
            with pytest.raises(hookline.UnsupportedProtocol):
                await client.get(f"{scheme}://{there}/", headers={"Authorization": SECRET})

        assert server.connections == 0


# -- TLS ------------------------------------------------------------------------------------


def serving(context: ssl.SSLContext, resumed: list[bool]) -> Callable[[Conversation], None]:
    """A script that speaks TLS, answers one request, and says whether a session was taken up."""

    def script(conversation: Conversation) -> None:
        try:
            with context.wrap_socket(conversation.socket.dup(), server_side=True) as wrapped:
                resumed.append(bool(wrapped.session_reused))
                if Conversation(wrapped).receive_head():  # type: ignore[arg-type]
                    wrapped.sendall(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        except (ssl.SSLError, OSError):
            # Whoever does not trust us says so and goes.
            pass

    return script


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_no_session_of_tls_is_taken_up_again(
    mode: Mode, authority: Any, version: ssl.TLSVersion
) -> None:
    """Not even by the same origin: so there is none that could be a proxy's, or another's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert, authority.server_key)
    context.maximum_version = version
    resumed: list[bool] = []
    with raw_server(serving(context, resumed)) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        async with mode.client(verify=authority.ca_file) as client:
            for _ in range(3):
                assert (await client.get(url)).text == "ok"

    assert resumed == [False] * 3


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def certificate_for(ca: trustme.CA, name: str, tmp_path: Any) -> ssl.SSLContext:
    """A server's context with a certificate for a name that trustme would not write."""
    now = datetime.datetime.now(datetime.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.load_pem_x509_certificate(ca.cert_pem.bytes())
    signing = serialization.load_pem_private_key(ca.private_key_pem.bytes(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
        .sign(signing, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize(
    ("certified", "name", "is_accepted"),
    [
        ("*.example.test", "xn--l8j.example.test", True),
        # A wildcard stands for a whole label (RFC 9525 section 6.3), and not for half of one that
        # means something else where it is read by people.
        ("x*.example.test", "xn--l8j.example.test", False),
        ("xn--*.example.test", "xn--l8j.example.test", False),
        ("*.example.test", "a.b.example.test", False),
        ("*.test", "test", False),
    ],
)
async def test_wildcard_of_a_certificate_is_a_whole_label(
    mode: Mode, ca: trustme.CA, certified: str, name: str, is_accepted: bool, tmp_path: Any
) -> None:
    trusting = ssl.create_default_context(cadata=ca.cert_pem.bytes().decode())
    context = certificate_for(ca, certified, tmp_path)
    with raw_server(serving(context, [])) as server:
        url = server.url.replace("http://", "https://")
        async with mode.client(verify=trusting) as client:
            asked = client.get(url, extensions={"sni_hostname": name})
            if is_accepted:
                assert (await asked).text == "ok"
            else:
                with pytest.raises(hookline.CertificateError):
                    await asked


# -- Resources ------------------------------------------------------------------------------


async def test_length_that_is_announced_takes_no_memory(mode: Mode) -> None:
    """A petabyte, which nobody has: who made room for it would fail otherwise."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\n"

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(head + b"a little")

    with raw_server(script) as server:
        async with mode.client() as client:
            with pytest.raises(hookline.RemoteProtocolError):
                await client.get(server.url)
            async with client.stream("GET", server.url) as response:
                assert await anext(response.aiter_bytes()) == b"a little"


def bare(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize("compress", [zlib.compress, bare])
@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("end", ["whole", "cut", "more"])
def test_every_stream_of_deflate_comes_to_its_end(
    compress: Callable[[bytes], bytes], size: int, end: str
) -> None:
    """In a thread, so that one that does not is a failure."""
    data = compress(b"x" * 5000)
    data = {"whole": data, "cut": data[:-3], "more": data + b"more" * 10}[end]
    pieces: list[bytes] = []

    def read() -> None:
        decoder = DeflateDecoder()
        for start in range(0, len(data), size):
            pieces.extend(decoder.pieces(data[start : start + size]))
        pieces.extend(decoder.last_pieces())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(20)

    assert not thread.is_alive()
    assert (b"x" * 5000).startswith(b"".join(pieces))
    assert end == "cut" or len(b"".join(pieces)) == 5000


def chunks_of(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        yield b"%x\r\n" % len(piece) + piece + b"\r\n"
    yield b"0\r\n\r\n"


@pytest.mark.parametrize("compress", [zlib.compress, bare])
async def test_chunks_of_deflate_are_streamed_to_their_end(
    mode: Mode, compress: Callable[[bytes], bytes]
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"".join(chunks_of(compress(bytes(100_000)), 1))
    with raw_server(answering(head + body)) as server:
        async with mode.client() as client:
            async with client.stream("GET", server.url) as response:
                sizes = [len(piece) async for piece in response.aiter_bytes(10)]

    assert sum(sizes) == 100_000
