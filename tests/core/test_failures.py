"""Every failure is one of ours: what can go wrong, on every way, in every codec and mode.

A table of faults, and for each the exception that docs/reliability.md promises. Each cell is a real
connection to a server that is a script. What is looked at: the class, exactly; `.request`; that the
original error is among the causes where there was one; and that the connection is gone. A cell that
is not over in time gets another exception than the one it should, since the server gives up.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import pytest
import trustme

import hookline
from hookline import (
    CertificateError,
    ConnectError,
    ConnectTimeout,
    DecodingError,
    PoolTimeout,
    ProxyError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    ResponseTooLarge,
    TooManyRedirects,
    WriteError,
    WriteTimeout,
)
from support import faults as do
from support.modes import Mode
from support.raw import raw_server

WAYS = ("direct", "forward", "connect", "socks5")
CODECS = ("httptools", "h11", "http2", "http2 native")

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 100\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ENOUGH = hookline.Timeout(20.0)
SHORT = 0.15


class Fault(NamedTuple):
    """One row: what the server does, and what becomes of it.

    - `errors`: the exceptions that it may be. Several where two ends race.
    - `cause`: a class that one of the causes has.
    - `certificate`: TLS with the server that shows this one.
    """

    script: do.Script
    errors: tuple[type[Exception], ...]
    cause: type[BaseException] | None = None
    timeout: hookline.Timeout = ENOUGH
    method: str = "GET"
    content: bytes | None = None
    certificate: str = ""
    settings: dict[str, Any] = {}


BIG = b"x" * 16_000_000
READ_SHORT = hookline.Timeout(20.0, read=SHORT)
WRITE_SHORT = hookline.Timeout(20.0, write=SHORT)
CONNECT_SHORT = hookline.Timeout(20.0, connect=SHORT)
TOTAL_SHORT = hookline.Timeout(20.0, total=SHORT)
BROKEN = (ReadError, WriteError, RemoteProtocolError)
REMOTE = (RemoteProtocolError,)
# A total interrupts whatever is waited for, which on a busy machine may still be the connection.
OUT_OF_TIME = (ReadTimeout, ConnectTimeout)

# Whatever is spoken.
ANY: dict[str, Fault] = {
    "closed at once": Fault(do.closing, BROKEN),
    "silent": Fault(do.silent, (ReadTimeout,), timeout=READ_SHORT),
    "silent, within a total": Fault(do.silent, OUT_OF_TIME, timeout=TOTAL_SHORT),
    "garbage": Fault(do.garbage, REMOTE),
}

HTTP1: dict[str, Fault] = {
    "half-closed": Fault(do.saying(), REMOTE),
    "reset": Fault(do.saying(then=do.cut), (ReadError,), OSError),
    "truncated status line": Fault(do.saying(b"HTTP/1.1 20"), REMOTE),
    "truncated head": Fault(do.saying(OK + b"Content-Le"), REMOTE),
    "truncated length": Fault(do.saying(LENGTH + b"half"), REMOTE),
    "truncated chunk": Fault(do.saying(CHUNKED + b"64\r\nhalf"), REMOTE),
    "truncated chunk size": Fault(do.saying(CHUNKED + b"4\r\nhalf\r\n6"), REMOTE),
    "truncated last chunk": Fault(do.saying(CHUNKED + b"4\r\nhalf\r\n0\r\n"), REMOTE),
    "reset in the head": Fault(do.saying(OK, then=do.cut), (ReadError,), OSError),
    "reset in a body": Fault(do.saying(LENGTH, b"half", then=do.cut), (ReadError,), OSError),
    "reset in a chunk": Fault(do.saying(CHUNKED, b"64\r\nx", then=do.cut), (ReadError,), OSError),
    "silent in the head": Fault(do.saying(OK, then=do.silent), (ReadTimeout,), timeout=READ_SHORT),
    "silent in a body": Fault(
        do.saying(LENGTH, b"half", then=do.silent), (ReadTimeout,), timeout=READ_SHORT
    ),
    "silent in a chunk": Fault(
        do.saying(CHUNKED, b"64\r\nhalf", then=do.silent), (ReadTimeout,), timeout=READ_SHORT
    ),
    "dripping head": Fault(do.dripping(OK + b"X: ", b"x"), OUT_OF_TIME, timeout=TOTAL_SHORT),
    "dripping body": Fault(do.dripping(OK + b"\r\n", b"x"), OUT_OF_TIME, timeout=TOTAL_SHORT),
    "dripping chunks": Fault(do.dripping(CHUNKED, b"1\r\nx\r\n"), OUT_OF_TIME, timeout=TOTAL_SHORT),
    "dripping interim responses": Fault(
        do.dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n"), OUT_OF_TIME, timeout=TOTAL_SHORT
    ),
    "stalled write": Fault(
        do.deaf, (WriteTimeout,), timeout=WRITE_SHORT, method="POST", content=BIG
    ),
    "stalled write, within a total": Fault(
        do.deaf, (WriteTimeout, *OUT_OF_TIME), timeout=TOTAL_SHORT, method="POST", content=BIG
    ),
    "reset during an upload": Fault(
        do.saying(then=do.cut), (WriteError, ReadError), method="POST", content=BIG
    ),
    "endless status line": Fault(do.endless(b"HTTP/1.1 200 ", b"x" * 1024), REMOTE),
    "endless header": Fault(do.endless(OK + b"X: ", b"x" * 1024), REMOTE),
    "endless headers": Fault(do.endless(OK, b"X: x\r\n" * 100), REMOTE),
    "endless interim responses": Fault(do.endless(b"", b"HTTP/1.1 100 Go\r\n\r\n"), REMOTE),
    "endless chunk extension": Fault(do.endless(CHUNKED + b"1;x=", b"x" * 1024), REMOTE),
    "endless trailers": Fault(do.endless(CHUNKED + b"0\r\n", b"X: x\r\n" * 100), REMOTE),
    "HTTP/0.9": Fault(do.saying(b"<html>hello</html>"), REMOTE),
    "another version": Fault(do.saying(b"HTTP/3.0 200 OK\r\n\r\n"), REMOTE),
    "HTTP/2": Fault(do.saying(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"), REMOTE),
    "two lengths": Fault(
        do.saying(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"), REMOTE
    ),
    "length and chunks": Fault(
        do.saying(OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), REMOTE
    ),
    "wrong chunk size": Fault(do.saying(CHUNKED + b"zz\r\n"), REMOTE),
    "wrong end of a chunk": Fault(do.saying(CHUNKED + b"1\r\nxyz\r\n"), REMOTE),
    "folded header": Fault(do.saying(OK + b"X: a\r\n b\r\n\r\n"), REMOTE),
    "NUL in a header": Fault(do.saying(OK + b"X: a\0b\r\n\r\n"), REMOTE),
    "switch that nobody asked for": Fault(
        do.saying(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), REMOTE
    ),
    "wrong coding": Fault(
        do.saying(OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nwrong"),
        (DecodingError,), Exception,
    ),
    "too many codings": Fault(
        do.saying(OK + b"Content-Encoding: gzip" + b", gzip" * 20 + b"\r\n\r\nx"), (DecodingError,)
    ),
    "too large": Fault(
        do.saying(OK + b"Content-Length: 5000\r\n\r\nx"), (ResponseTooLarge,),
        settings={"max_response_size": 100},
    ),
    "redirect to nowhere": Fault(
        do.saying(b"HTTP/1.1 302 Found\r\nLocation: http://[::g]/\r\nContent-Length: 0\r\n\r\n"),
        REMOTE, hookline.InvalidURL,
    ),
    "redirects in a circle": Fault(
        do.saying(
            *[b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"],
            then=lambda conversation: _redirect_on(conversation),
        ),
        (TooManyRedirects,),
    ),
}  # fmt: skip


def _redirect_on(conversation: Any) -> None:
    while conversation.receive_head():
        conversation.send(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")


HTTP2: dict[str, Fault] = {
    "half-closed": Fault(do.replying(do.end), BROKEN),
    # Who was writing when it came has heard of it, and who reads finds the end.
    "reset": Fault(do.replying(do.break_off), BROKEN),
    "HTTP/1.1": Fault(do.saying(OK + b"\r\n"), REMOTE),
    "stream reset": Fault(do.replying(do.reset), REMOTE),
    "stream reset in a body": Fault(do.replying(do.head, do.some_data, do.reset), REMOTE),
    "goaway": Fault(do.replying(do.go_away), BROKEN),
    "goaway in a body": Fault(do.replying(do.head, do.some_data, do.leave), BROKEN),
    "truncated body": Fault(do.replying(do.head, do.some_data, do.end), BROKEN),
    "reset in a body": Fault(do.replying(do.head, do.some_data, do.break_off), BROKEN),
    "silent with the request": Fault(do.replying(), (ReadTimeout,), timeout=READ_SHORT),
    "silent in a body": Fault(
        do.replying(do.head, do.some_data), (ReadTimeout,), timeout=READ_SHORT
    ),
    "dripping pings": Fault(do.replying(do.drip_pings), OUT_OF_TIME, timeout=TOTAL_SHORT),
    "dripping pings, within a read": Fault(
        do.replying(do.drip_pings), (ReadTimeout,), timeout=READ_SHORT
    ),
    "dripping body": Fault(
        do.replying(do.head, do.drip_data), OUT_OF_TIME, timeout=TOTAL_SHORT
    ),
    "stalled write": Fault(
        do.speaking(lambda peer: (do.never_granting(peer, 0), peer.receive_to_end())[0]),
        (WriteTimeout,), timeout=WRITE_SHORT, method="POST", content=BIG,
    ),
    "flood": Fault(do.replying(do.flood), (*REMOTE, ReadError, WriteError)),
    "wrong name": Fault(do.replying(do.wrong_fields), REMOTE),
    "two lengths": Fault(do.replying(do.two_lengths), REMOTE),
    "wrong length": Fault(do.replying(do.wrong_length), REMOTE),
    "broken compression": Fault(do.replying(do.broken_compression), REMOTE),
    "frame that is too large": Fault(do.replying(do.frame_too_large), REMOTE),
    "wrong coding": Fault(do.replying(do.coded), (DecodingError,), Exception),
    "redirects in a circle": Fault(do.replying(do.circular), (TooManyRedirects,)),
    "redirect to nowhere": Fault(do.replying(do.nowhere), REMOTE, hookline.InvalidURL),
}  # fmt: skip

# While TLS is made; HTTP says nothing yet. Never by a proxy that forwards.
TLS: dict[str, Fault] = {
    "untrusted": Fault(do.silent, (CertificateError,), ssl.SSLError, certificate="untrusted"),
    "expired": Fault(do.silent, (CertificateError,), ssl.SSLError, certificate="expired"),
    "another host": Fault(do.silent, (CertificateError,), ssl.SSLError, certificate="another host"),
    "plain port": Fault(
        do.speaking_plainly, (ConnectError,), ssl.SSLError, certificate="none"
    ),
    "plain port that speaks first": Fault(
        do.garbage, (ConnectError,), ssl.SSLError, certificate="none"
    ),
    "closed in the handshake": Fault(do.closing, (ConnectError,), OSError, certificate="none"),
    "reset in the handshake": Fault(do.cut, (ConnectError,), OSError, certificate="none"),
    "silent in the handshake": Fault(
        do.silent, (ConnectTimeout,), timeout=CONNECT_SHORT, certificate="none"
    ),
    "silent in the handshake, within a total": Fault(
        do.silent, (ConnectTimeout,), timeout=TOTAL_SHORT, certificate="none"
    ),
    "client certificate wanted": Fault(
        do.silent, (ConnectError, ReadError, WriteError), OSError, certificate="wants one"
    ),
}  # fmt: skip


def _cut_tls(conversation: Any) -> None:
    # What lies below TLS: close_notify is what `unwrap` would send, and nobody calls it.
    with socket.socket(fileno=conversation.socket.detach()) as plain:
        plain.shutdown(socket.SHUT_WR)
        while plain.recv(65_536):
            pass


def _break_record(conversation: Any) -> None:
    """Bytes that are no record, in the middle of a connection."""
    with socket.socket(fileno=conversation.socket.detach()) as plain:
        plain.sendall(do.GARBAGE)
        while plain.recv(65_536):
            pass


HTTP1_IN_TLS: dict[str, Fault] = {
    # Until the connection closes: only close_notify tells the end from a cut.
    "cut without close_notify": Fault(
        do.saying(b"HTTP/1.1 200 OK\r\n\r\nhalf", then=_cut_tls), BROKEN, certificate="good"
    ),
    "cut in a length": Fault(do.saying(LENGTH + b"x", then=_cut_tls), BROKEN, certificate="good"),
    "cut before the head": Fault(do.saying(then=_cut_tls), BROKEN, certificate="good"),
    "broken record": Fault(
        do.saying(LENGTH, then=_break_record), (ReadError,), ssl.SSLError, certificate="good"
    ),
    "reset": Fault(do.saying(LENGTH, then=do.cut), (ReadError,), OSError, certificate="good"),
    "silent": Fault(
        do.saying(then=do.silent), (ReadTimeout,), timeout=READ_SHORT, certificate="good"
    ),
}
HTTP2_IN_TLS: dict[str, Fault] = {
    "cut without close_notify": Fault(
        do.replying(do.head, do.some_data, lambda peer, _: _cut_tls(peer.conversation)),
        BROKEN, certificate="good",
    ),
    "broken record": Fault(
        do.replying(do.head, lambda peer, _: _break_record(peer.conversation)),
        (ReadError,), ssl.SSLError, certificate="good",
    ),
    "silent": Fault(do.replying(), (ReadTimeout,), timeout=READ_SHORT, certificate="good"),
}  # fmt: skip

COUNTS: dict[str, int] = {}


class Certificates(NamedTuple):
    """What servers show by the names of rows, and what clients trust."""

    contexts: dict[str, ssl.SSLContext | None]
    ca_file: str


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    import datetime

    ca = trustme.CA()
    ca_file = str(tmp_path_factory.mktemp("ca") / "ca.pem")
    ca.cert_pem.write_to_path(ca_file)
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    contexts: dict[str, ssl.SSLContext | None] = {"none": None, "": None}
    for name, certificate in {
        "good": ca.issue_cert("localhost", "127.0.0.1"),
        "wants one": ca.issue_cert("localhost", "127.0.0.1"),
        "expired": ca.issue_cert("localhost", "127.0.0.1", not_after=yesterday),
        "another host": ca.issue_cert("other.test"),
        "untrusted": trustme.CA().issue_cert("localhost", "127.0.0.1"),
    }.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["h2", "http/1.1"])
        certificate.configure_cert(context)
        contexts[name] = context
    wanting = contexts["wants one"]
    assert wanting is not None
    wanting.verify_mode = ssl.CERT_REQUIRED
    ca.configure_trust(wanting)
    return Certificates(contexts, ca_file)


def codec_settings(codec: str) -> dict[str, Any]:
    if codec.startswith("http2"):
        engine = "native" if "native" in codec else "h2"
        return {"protocols": [{"name": "http2", "options": {"engine": engine}}]}
    return {"protocols": [{"name": "http11", "options": {"parser": codec}}]}


def way_settings(way: str, address: Any) -> dict[str, Any]:
    if way == "direct":
        return {}
    scheme = "socks5h" if way == "socks5" else "http"
    url = f"{scheme}://127.0.0.1:{address[1]}"
    return {"proxy": hookline.Proxy(url, tunnel=way == "connect")}


def url_of(way: str, address: Any, *, is_tls: bool) -> str:
    scheme = "https" if is_tls else "http"
    if way == "direct":
        return (
            f"{scheme}://localhost:{address[1]}/" if is_tls else f"http://127.0.0.1:{address[1]}/"
        )
    return f"{scheme}://localhost/"


def rows_for(way: str, codec: str) -> dict[str, Fault]:
    is_http2 = codec.startswith("http2")
    rows = {**ANY, **(HTTP2 if is_http2 else HTTP1)}
    if way != "forward":
        in_tls = dict(HTTP2_IN_TLS if is_http2 else HTTP1_IN_TLS)
        if codec in ("httptools", "http2"):
            # No byte of HTTP is read by anybody.
            in_tls |= TLS
        rows |= {f"{name} (TLS)": fault for name, fault in in_tls.items()}
    return rows


async def provoke(client: Any, fault: Fault, url: str, *, streams: bool) -> str:
    """Run into a fault; return what is wrong with how that ended, or ""."""
    try:
        if streams:
            async with client.stream(fault.method, url, content=fault.content) as response:
                await response.aread()
        else:
            await client.request(fault.method, url, content=fault.content)
    except Exception as exc:
        return _judge(exc, fault, url)
    return "succeeded"


def _judge(exc: Exception, fault: Fault, url: str) -> str:
    if type(exc) not in fault.errors:
        return f"{type(exc).__module__}.{type(exc).__name__}: {exc}"
    assert isinstance(exc, hookline.RequestError)
    if exc._request is None or exc.request.url.host != hookline.URL(url).host:
        return f"has no request: {exc!r}"
    causes = causes_of(exc)
    if fault.cause is not None and not any(isinstance(each, fault.cause) for each in causes):
        return f"has no {fault.cause.__name__} among its causes: {exc!r}, {causes}"
    return "" if str(exc) else f"says nothing: {exc!r}"


def causes_of(exc: BaseException) -> list[BaseException]:
    """What raised it, what raised that, and so on."""
    causes = []
    while (cause := exc.__cause__) is not None:
        causes.append(cause)
        exc = cause
    return causes


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("way", WAYS)
async def test_every_fault_is_the_documented_exception(
    mode: Mode, way: str, codec: str, certificates: Certificates
) -> None:
    rows = rows_for(way, codec)
    problems: list[str] = []

    async def cell(name: str, streams: bool) -> None:
        fault = rows[name]
        context = certificates.contexts[fault.certificate]
        with raw_server(do.serving(fault.script, way, context)) as server:
            url = url_of(way, server.address, is_tls=bool(fault.certificate))
            async with mode.client(
                timeout=fault.timeout,
                verify=certificates.ca_file,
                **codec_settings(codec),
                **way_settings(way, server.address),
                **fault.settings,
                follow_redirects=True,
                limits=hookline.Limits(max_connections=1),
            ) as client:
                problem = await provoke(client, fault, url, streams=streams)
                left = [each for each in client.connections().connections if each.state == "busy"]
                if problem or left:
                    problems.append(f"{name}{' (streamed)' * streams}: {problem} {left or ''}")

    # Those that wait for a timeout wait together.
    # One codec of each version reads the body at once, and the other as a stream.
    streams = codec in ("h11", "http2 native")
    calls = [lambda name=name: cell(name, streams) for name in rows]
    for outcome in await mode.together(*calls):
        if outcome is not None:
            raise outcome
    COUNTS[f"{mode} {way} {codec}"] = len(calls)

    assert not problems, "\n".join(problems)


@contextmanager
def deaf_address() -> Iterator[Any]:
    """An address whose queue is full: it neither takes connections nor refuses them."""
    with socket.socket() as listener, ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            assert sock.connect_ex(listener.getsockname()) in (0, errno.EINPROGRESS)
        yield listener.getsockname()


def closed_address() -> Any:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()


@pytest.mark.parametrize("way", WAYS)
async def test_whoever_is_not_reached_is_a_connect_error(mode: Mode, way: str) -> None:
    """Refused, unknown by name, and a backlog that is full: of the origin, or of the proxy."""

    async def error_of(address: Any, host: str = "", **timeout: Any) -> Exception:
        settings = way_settings(way, address)
        url = url_of(way, address, is_tls=False)
        if host and way == "direct":
            url = f"http://{host}/"
        elif host:
            scheme = "socks5h" if way == "socks5" else "http"
            settings = {"proxy": hookline.Proxy(f"{scheme}://{host}:1", tunnel=way == "connect")}
        async with mode.client(timeout=hookline.Timeout(20.0, **timeout), **settings) as client:
            with pytest.raises(hookline.RequestError) as caught:
                await client.get(url)
            assert client.connections().open == 0
        assert caught.value.request.url.host == hookline.URL(url).host
        return caught.value

    refused = await error_of(closed_address())
    unknown = await error_of(closed_address(), "nobody.invalid")
    with deaf_address() as address:
        late = await error_of(address, connect=SHORT)
        total = await error_of(address, total=SHORT)

    assert type(refused) is ConnectError
    assert ConnectionRefusedError in map(type, causes_of(refused))
    assert type(unknown) is ConnectError
    assert socket.gaierror in map(type, causes_of(unknown))
    assert type(late) is type(total) is ConnectTimeout
    COUNTS[f"{mode} {way}, not reached"] = 4


PROXY_ANSWERS: dict[str, dict[str, do.Script]] = {
    "connect": {
        "refuses": do.saying(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        "wants credentials": do.saying(
            b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
        ),
        "speaks no HTTP": do.saying(do.GARBAGE),
        "is cut off": do.saying(b"HTTP/1.1 200 Conn"),
        "resets": do.saying(then=do.cut),
        "ends": do.closing,
        "has no end": do.endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 1024),
        "informs without end": do.endless(b"", b"HTTP/1.1 103 Early\r\n\r\n"),
    },
    "socks5": {
        "speaks HTTP": do.saying(OK),
        "refuses": lambda conversation: (
            do.read_greeting(conversation),
            conversation.send(b"\x05\x00"),
            do.read_message(conversation),
            conversation.send(b"\x05\x05\x00\x01\0\0\0\0\0\0"),
            do.half_close(conversation),
        )[0] and None,
        "takes no method": lambda conversation: (
            do.read_greeting(conversation),
            conversation.send(b"\x05\xff"),
            do.half_close(conversation),
        )[0] and None,
        "is cut off": lambda conversation: (
            do.read_greeting(conversation),
            conversation.send(b"\x05"),
            do.half_close(conversation),
        )[0] and None,
        "resets": lambda conversation: (do.read_greeting(conversation), do.cut(conversation))[1],
        "ends": do.closing,
    },
}  # fmt: skip


@pytest.mark.parametrize("is_tls", [False, True])
@pytest.mark.parametrize("way", ["connect", "socks5"])
async def test_a_proxy_that_fails_is_a_proxy_error(mode: Mode, way: str, is_tls: bool) -> None:
    for name, script in PROXY_ANSWERS[way].items():
        if name == "speaks HTTP" and way == "socks5":
            script = do.garbage
        with raw_server(do.serving(script, "direct")) as server:
            settings = way_settings(way, server.address)
            async with mode.client(timeout=20, **settings) as client:
                with pytest.raises(ProxyError) as caught:
                    await client.get(url_of(way, server.address, is_tls=is_tls))
                assert client.connections().open == 0, name
        assert type(caught.value) is ProxyError
        assert caught.value.request.url.host == "localhost"
        if name == "resets":
            assert isinstance(caught.value.__cause__, hookline.NetworkError)
            assert isinstance(caught.value.__cause__.__cause__, OSError)
    with raw_server(do.serving(do.silent, "direct")) as server:
        async with mode.client(
            timeout=CONNECT_SHORT, **way_settings(way, server.address)
        ) as client:
            with pytest.raises(ConnectTimeout) as late:
                await client.get(url_of(way, server.address, is_tls=is_tls))
    assert late.value.request.url.host == "localhost"
    COUNTS[f"{mode} {way} {is_tls}, proxies"] = len(PROXY_ANSWERS[way]) + 1


async def test_waiting_for_the_pool_is_a_pool_timeout(mode: Mode) -> None:
    with raw_server(do.serving(do.saying(LENGTH, then=do.silent), "direct")) as server:
        async with mode.client(
            limits=hookline.Limits(max_connections=1), timeout=hookline.Timeout(20.0, pool=0.05)
        ) as client:
            async with client.stream("GET", server.url):
                with pytest.raises(PoolTimeout) as caught:
                    await client.get(server.url)
    assert caught.value.request.url == server.url


def test_how_many_cells_were_tried(
    record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted here so that a run says how much it has proved; and a table that shrinks is seen."""
    total = sum(COUNTS.values())
    record_property("faults", total)
    with capsys.disabled():
        print(f"\n{total} faults tried in {len(COUNTS)} combinations of mode, way and codec")
