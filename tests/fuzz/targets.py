"""What is fuzzed: functions that take bytes, and fail where hookline does.

A target feeds what it is given to one part of hookline, as a hostile peer (or a careless user)
would. It returns quietly where the part takes the input or refuses it with the documented
exception; whatever else comes out is a defect, and so is a broken invariant, which is asserted. The
same functions run under hypothesis (`test_fuzz.py`) and under atheris (`guided.py`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from typing import Any

import hookline
import hookline.config
from hookline import (
    ConfigError,
    DecodingError,
    InvalidURL,
    LocalProtocolError,
    ProxyError,
    RemoteProtocolError,
    SSEError,
)
from hookline._challenge import parse_auth_params
from hookline._cookies import Cookies
from hookline._drive import drive
from hookline._redirects import redirect_request
from hookline._sse import EventParser
from hookline._streams import ByteStream
from hookline._timeout import Deadline
from hookline._tunnel import Handshake
from hookline.plugins import parse_challenges
from hookline_http11._h11 import H11Parser
from hookline_http11._parser import ResponseParser
from hookline_http11._protocol import create_parser
from hookline_http11._serialise import Serialiser
from support import http2_frames
from support.fake_stream import FakeStream
from support.http2_differential import Both
from support.socks import PASSWORD, USER, attempt

Target = Callable[[bytes], None]

PARSERS: list[Any] = [create_parser("httptools"), H11Parser]
METHODS = ("GET", "HEAD", "POST", "CONNECT")
CODINGS = ("gzip", "deflate", "br", "zstd", "gzip, br", "deflate, gzip")
_LINE_BREAKS = re.compile(rb"[\r\n\0]")


def cut(data: bytes, seed: int) -> list[bytes]:
    """The same bytes in pieces, the same pieces for the same seed."""
    pieces = []
    while data:
        seed = (seed * 1_103_515_245 + 12_345) % 2**31
        size = 1 + (seed >> 16) % (len(data) if seed & 1 else 7)
        pieces.append(data[:size])
        data = data[size:]
    return pieces


# -- HTTP/1.1 -------------------------------------------------------------------------------


def _response(parser: ResponseParser, method: str, pieces: Sequence[bytes]) -> object:
    """Everything that a connection sees of a response; None where it is refused."""
    parser.start(method)
    try:
        for piece in pieces:
            parser.feed(piece)
        parser.feed_eof()
    except RemoteProtocolError:
        return None
    assert parser.head is not None
    assert parser.is_complete
    for name, _, value in parser.head.items + parser.trailers:
        assert not _LINE_BREAKS.search(name + value)
    return (
        parser.head,
        b"".join(parser.body),
        parser.trailers,
        parser.keeps_alive,
        parser.has_excess,
        parser.excess,
    )


def http11_response(data: bytes) -> None:
    """Both parsers make the same of a response, whole or in pieces, and of the one after it."""
    if not data:
        return
    method = METHODS[data[0] % len(METHODS)]
    stream = data[1:]
    outcomes = [
        _response(parser_class(), method, pieces)
        for parser_class in PARSERS
        for pieces in ([stream] if stream else [], cut(stream, data[0]))
    ]
    assert all(outcome == outcomes[0] for outcome in outcomes), (method, stream, outcomes)
    if outcomes[0] is None:
        return
    # What came before leaves no trace in the next.
    second = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    for parser_class in PARSERS:
        parser = parser_class()
        assert _response(parser, method, [stream]) == outcomes[0]
        seen: Any = _response(parser, "GET", [second])
        assert seen is not None, (method, stream)
        assert seen[1] == b"ok", (method, stream)


def http11_request(data: bytes) -> None:
    """Whatever a request is made of, its head has the lines that it should, or is refused."""
    method, _, rest = data.partition(b"\xff")
    target, _, rest = rest.partition(b"\xff")
    name, _, value = rest.partition(b"\xff")
    extensions = {"target": target} if data[:1] > b"\x80" else {}
    try:
        request = hookline.Request(
            method.decode("latin-1"),
            "http://example.org/" + target.decode("latin-1"),
            headers=[(name, value)],
            extensions=extensions,
        )
    except InvalidURL:
        return
    try:
        head = Serialiser().head(request).data
    except LocalProtocolError:
        return
    lines = head.split(b"\r\n")
    assert lines[-2:] == [b"", b""]
    # Nothing was smuggled in: the request line, Host, the one header, and perhaps a length.
    expected = {b"", b"host", b"content-length", name.lower()}
    assert {line.partition(b":")[0].lower() for line in lines[1:]} <= expected, head
    assert len(lines) <= 6, head
    assert lines[0].count(b" ") == 2, head
    assert not _LINE_BREAKS.search(b"".join(lines)), head


def http2(data: bytes) -> None:
    """Our engine of HTTP/2 and h2 make the same of a server's frames, and refuse the same.

    The first byte says how many requests there are, and whether the server begins with SETTINGS.
    Each frame is four bytes (kind, flags, stream, length) and its payload: what the length of a
    frame does is another matter, of `tests/http2/test_engines_fuzz.py`.
    """
    both = Both()
    for method in (b"GET", b"HEAD", b"POST")[: 1 + data[0] % 3 if data else 1]:
        both.open(method, end=True)
    if data[:1] < b"\x80":
        both.feed(http2_frames.settings())
    rest = data[1:]
    while len(rest) >= 4:
        kind, flags, stream_id, size = rest[:4]
        payload = rest[4 : 4 + size]
        rest = rest[4 + size :]
        if not both.feed(http2_frames.frame(kind % 12, flags, stream_id % 8, payload)):
            return


# -- Values ---------------------------------------------------------------------------------


def url(data: bytes) -> None:
    """A URL is refused, or stays what it is when it is written and read again."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        parsed = hookline.URL(text)
    except InvalidURL:
        return
    written = str(parsed)
    if not parsed.host:
        # No request is made for it, and "http:////a" does not tell its empty host, as in httpx.
        return
    # A host's own percent-encoding is put in lower case when it is read again.
    assert str(hookline.URL(written)).lower() == written.lower()
    assert written.isascii(), written
    assert written.isprintable(), written
    assert not re.search(rb"[\r\n\0 ]", parsed.raw_path), parsed.raw_path
    assert not re.search(rb"[\r\n\0@]", parsed.raw_host), parsed.raw_host
    # What goes out is for the host that was shown.
    assert hookline.URL(written).host.lower() == parsed.host.lower()
    if parsed.password and len(parsed.password) > 3:
        # What stands elsewhere in the URL too is no secret.
        elsewhere = repr(parsed.copy_with(username=parsed.username, password="****"))
        assert parsed.password not in repr(parsed) or parsed.password in elsewhere
    try:
        hookline.URL("https://example.org/a/b?c").join(text)
    except InvalidURL:
        pass


def cookies(data: bytes) -> None:
    """Cookies that a server sets go to hosts below their domain alone, and break no header."""
    host, _, values = data.partition(b"\n")
    try:
        where = hookline.URL("https://" + host.decode("latin-1") + "/p/q")
        request = hookline.Request("GET", where)
    except InvalidURL:
        return
    headers = [(b"Set-Cookie", value) for value in values.split(b"\n")]
    jar = Cookies()
    jar.extract_cookies(hookline.Response(200, headers=headers, request=request))
    for url in (where, "https://elsewhere.test/", "http://other.co.uk/", "http://10.0.0.1/p/q"):
        later = hookline.Request("GET", url, cookies=jar)
        sent = later.headers.get("cookie")
        if sent is not None:
            # Each was set by `where`: whoever else gets it shares a domain of more than one label.
            assert _shares_a_domain(where.host, later.url.host), (where, later.url, sent)
            # No server can make the requests fail that its cookies go with.
            Serialiser().head(later)
    repr(jar)


def _shares_a_domain(one: str, other: str) -> bool:
    return one == other or one.split(".")[-2:] == other.split(".")[-2:]


def multipart(data: bytes) -> None:
    """A form is refused, or has the parts that were given and no more."""
    name, _, rest = data.partition(b"\xff")
    filename, _, rest = rest.partition(b"\xff")
    content_type, _, content = rest.partition(b"\xff")
    boundary = b"---b0undary---"
    if boundary in content:
        return
    try:
        request = hookline.Request(
            "POST",
            "https://example.org/",
            headers={"Content-Type": f"multipart/form-data; boundary={boundary.decode()}"},
            data={name.decode("utf-8", "replace"): "field"},
            files={
                "f": (filename.decode("utf-8", "replace"), content, content_type.decode("latin-1"))
            },
        )
        body = request.read()
    except ValueError:
        return
    assert body.startswith(b"--" + boundary + b"\r\n")
    assert body.count(b"--" + boundary) == 3
    for part, headers in zip(body.split(b"--" + boundary)[1:3], (1, 2), strict=True):
        lines = part.split(b"\r\n\r\n", 1)[0].split(b"\r\n")[1:]
        assert len(lines) <= headers
        assert all(b"\n" not in line and b"\r" not in line for line in lines)


def challenges(data: bytes) -> None:
    """What a server says of authentication is read, or refused in our words."""
    text = data.decode("latin-1")
    for read in (lambda: parse_challenges([text, text]), lambda: parse_auth_params(text)):
        try:
            read()
        except RemoteProtocolError:
            pass
    request = hookline.Request("GET", "https://example.org/")
    for auth in (hookline.DigestAuth("user", "s3cret"), hookline.NegotiatedAuth("user", "s3cret")):
        flow = auth.auth_flow(request)
        try:
            sent = next(flow)
            for _ in range(4):
                answer = hookline.Response(
                    401, headers=[(b"WWW-Authenticate", data)], request=sent, content=b""
                )
                sent = flow.send(answer)
                Serialiser().head(sent)
        except (StopIteration, RemoteProtocolError, LocalProtocolError):
            pass


def redirects(data: bytes) -> None:
    """Wherever a Location leads, credentials stay, and it is a URL or an error of ours."""
    request = hookline.Request(
        "GET", "https://example.org/a", headers={"Authorization": "s3cret", "Cookie": "s3cret=1"}
    )
    response = hookline.Response(302, headers=[(b"Location", data)], request=request)
    try:
        follow_up = redirect_request(request, response, Cookies())
    except RemoteProtocolError:
        return
    if follow_up.url.origin != request.url.origin:
        assert "authorization" not in follow_up.headers
    assert "cookie" not in follow_up.headers
    try:
        Serialiser().head(follow_up)
    except LocalProtocolError:
        pass


def response_facts(data: bytes) -> None:
    """What is read off a response's headers never fails, whatever they are."""
    kind, _, link = data.partition(b"\xff")
    response = hookline.Response(
        200,
        headers=[(b"Content-Type", kind), (b"Link", link), (b"Content-Disposition", kind)],
        content=data,
    )
    assert isinstance(response.text, str)
    assert response.encoding is None or isinstance(response.encoding, str)
    assert isinstance(response.links, dict)
    assert response.charset_encoding is None or isinstance(response.charset_encoding, str)
    repr(response)
    try:
        response.json()
    except (ValueError, RecursionError):
        pass


def decoding(data: bytes) -> None:
    """A coded body is undone, or a DecodingError; the same in pieces as whole."""
    if not data:
        return
    coding = CODINGS[data[0] % len(CODINGS)]
    outcomes = []
    for pieces in ([data[1:]], cut(data[1:], data[0])):
        response = hookline.Response(
            200, headers={"Content-Encoding": coding}, content=iter(pieces)
        )
        try:
            outcomes.append(b"".join(response.iter_bytes()))
        except DecodingError:
            outcomes.append(None)
    # A member of gzip that breaks off behind a complete one is passed over where nothing of it has
    # come out, and how much comes out before the break depends on the pieces.
    assert None in outcomes or outcomes[0] == outcomes[1], (coding, data)


def events(data: bytes) -> None:
    """Events are the same however they were cut; only their size can be wrong."""
    outcomes: list[Any] = []
    for pieces in ([data], cut(data, len(data))):
        parser = EventParser(max_event_size=200)
        try:
            for piece in pieces:
                parser.feed(piece)
        except SSEError:
            outcomes.append(None)
        else:
            outcomes.append([repr(event) for event in parser.events])
    assert outcomes[0] == outcomes[1], (data, outcomes)


# -- Proxies --------------------------------------------------------------------------------


def socks(data: bytes) -> None:
    """Whatever a SOCKS5 proxy says, there is a tunnel or a ProxyError."""
    for auth in (None, (USER, PASSWORD)):
        proxy = hookline.Proxy("socks5h://proxy.test", auth=auth)
        result = attempt(*cut(data, len(data)), b"", b"", b"", proxy=proxy).result
        if isinstance(result, BaseException):
            assert isinstance(result, ProxyError), repr(result)
            assert PASSWORD not in str(result)


def tunnel(data: bytes) -> None:
    """Whatever an HTTP proxy answers to CONNECT, it is a response or a ProxyError."""
    request = hookline.Request(
        "CONNECT", "http://proxy.test/", headers={"Proxy-Authorization": "Basic s3cret"},
        extensions={"target": b"example.org:443"},
    )  # fmt: skip
    stream = FakeStream(*cut(data, len(data)), b"", b"", b"")
    handshake = Handshake(stream, "proxy.test", Deadline(None))
    try:
        response = drive(handshake.ask(request))
        if not 200 <= response.status_code < 300:
            drive(handshake.read_body(response, is_wanted=True))
            assert isinstance(response.stream, ByteStream)
    except ProxyError as exc:
        shown = str(exc)
        assert "s3cret" not in shown
    except DecodingError:
        pass


# -- Configuration --------------------------------------------------------------------------


def config(data: bytes) -> None:
    """A configuration is taken, or everything that is wrong with it is said, with no secret."""
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return
    for problem in hookline.config.check(document, secrets=False):
        assert str(problem)
    try:
        hookline.Client.from_config(document).close()
    except ConfigError:
        pass


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        http11_response, http11_request, http2, url, cookies, multipart, challenges, redirects,
        response_facts, decoding, events, socks, tunnel, config,
    )
}  # fmt: skip
