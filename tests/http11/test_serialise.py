"""Requests to bytes: what they look like, and what is never written."""

from __future__ import annotations

import string
from types import SimpleNamespace

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import hookline
from hookline_http11._serialise import LAST_CHUNK, Head, Serialiser, chunk

URL = "http://example.org/a?b=c"


def request(
    method: str = "GET",
    url: str = URL,
    headers: list[tuple[bytes, bytes]] | None = None,
) -> hookline.Request:
    """A request with these headers and no others."""
    made = hookline.Request(method, url)
    made.headers = hookline.Headers([(b"Host", b"example.org")] if headers is None else headers)
    return made


def serialise(*headers: tuple[bytes, bytes], method: str = "GET", url: str = URL) -> Head:
    return Serialiser().head(request(method, url, [(b"Host", b"example.org"), *headers]))


# -- What goes on the wire -----------------------------------------------------------------------


def test_head_is_the_request_line_and_the_headers_in_their_order_and_case() -> None:
    head = serialise((b"X-lower", b"1"), (b"ACCEPT", b"*/*"), (b"X-lower", b"2"))

    assert head.data == (
        b"GET /a?b=c HTTP/1.1\r\n"
        b"Host: example.org\r\n"
        b"X-lower: 1\r\n"
        b"ACCEPT: */*\r\n"
        b"X-lower: 2\r\n"
        b"\r\n"
    )
    assert head == Head(head.data, None, False, False)


def test_request_as_users_build_it() -> None:
    built = hookline.Request("POST", "http://example.org:8080/x", content=b"abc")

    head = Serialiser().head(built)

    assert head.data == (b"POST /x HTTP/1.1\r\nHost: example.org:8080\r\nContent-Length: 3\r\n\r\n")
    assert head.length == 3


def test_empty_path_is_a_slash() -> None:
    assert serialise(url="http://example.org").data.startswith(b"GET / HTTP/1.1\r\n")


def test_fragment_and_credentials_stay_at_home() -> None:
    head = serialise(url="http://user:secret@example.org/a#b")

    assert head.data.startswith(b"GET /a HTTP/1.1\r\n")
    assert b"secret" not in head.data


def test_target_is_percent_encoded() -> None:
    head = serialise(url='http://example.org/a b\u00fc?\u00e9="')

    assert head.data.startswith(b"GET /a%20b%C3%BC?%C3%A9=%22 HTTP/1.1\r\n")


@pytest.mark.parametrize("method", ["GET", "QUERY", "PROPFIND", "M-SEARCH", "!#$%&'*+-.^_`|~"])
def test_any_token_is_a_method(method: str) -> None:
    assert serialise(method=method).data.startswith(method.encode() + b" /a?b=c HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "value",
    [b"", b"a", b"a b", b"a\tb", b"a  b", b"a:  b", b"\xff", "\u00fc".encode(), b"\x21\x7e\x80"],
)
def test_value_goes_out_as_it_is(value: bytes) -> None:
    assert b"\r\nX: " + value + b"\r\n\r\n" in serialise((b"X", value)).data


def test_content_length_is_promised() -> None:
    assert serialise((b"Content-Length", b"0012")).length == 12


@pytest.mark.parametrize("value", [b"chunked", b"Chunked"])
def test_chunked_coding_is_promised(value: bytes) -> None:
    head = serialise((b"Transfer-Encoding", value))

    assert head.is_chunked
    assert head.length is None


@pytest.mark.parametrize(
    ("value", "is_last"),
    [(b"close", True), (b"Close", True), (b"upgrade, close", True), (b"keep-alive", False)],
)
def test_connection_close_makes_it_the_last_request(value: bytes, is_last: bool) -> None:
    assert serialise((b"Connection", value)).is_last is is_last


def test_chunk_has_its_size_in_hexadecimal() -> None:
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert LAST_CHUNK == b"0\r\n\r\n"


# -- What does not -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method",
    ["", " ", "G T", "GET ", "GET\r\n", "GET\n", "GET\0", "G\tT", "G(T", "G\u00c4T", "GET\x7f"],
)
def test_method_that_is_no_token_is_refused(method: str) -> None:
    with pytest.raises(hookline.LocalProtocolError, match=r"^Illegal method: .*is no token"):
        serialise(method=method)


@pytest.mark.parametrize(
    "target", [b"/a b", b"/a\r\nX: y", b"/\n", b"/\r", b"/\0", b"/\t", b"/\x7f", b"/\xfc", b""]
)
def test_target_that_is_not_visible_ascii_is_refused(target: bytes) -> None:
    made = request()
    # No URL parses to this; what else may end up here is not known yet.
    made.url = SimpleNamespace(raw_path=target)  # type: ignore[assignment]

    with pytest.raises(hookline.LocalProtocolError, match=r"^Illegal request target"):
        Serialiser().head(made)


@pytest.mark.parametrize(
    "name",
    [
        b"",
        b" ",
        b" X",
        b"X ",
        b"X:",
        b"X\r\nY",
        b"X\n",
        b"X\r",
        b"X\0",
        b"X\t",
        b"X\xfc",
        b"X(",
        b'"',
    ],
)
def test_header_name_that_is_no_token_is_refused(name: bytes) -> None:
    with pytest.raises(hookline.LocalProtocolError) as caught:
        serialise((name, b"value"))

    assert str(caught.value) == f"Illegal header name {name!r}"


@pytest.mark.parametrize(
    "value",
    [
        b" ", b"\t", b" a", b"a ", b"\ta", b"a\t", b"  ", b"a: b \r\n",
        b"a\r\nY: b", b"a\r\n b", b"\r\n\r\nGET", b"a\n", b"\na", b"a\rb", b"\r",
        b"a\0b", b"\0", b"a\x01b", b"a\x0b", b"\x0c", b"\x7f",
    ],
)  # fmt: skip
def test_header_value_with_line_ends_controls_or_white_space_around_it_is_refused(
    value: bytes,
) -> None:
    with pytest.raises(hookline.LocalProtocolError) as caught:
        serialise((b"X-Name", value))

    assert str(caught.value) == f"Illegal value for header b'X-Name': {value!r}"


@pytest.mark.parametrize("name", [b"Authorization", b"X-Authorization"])
def test_malformed_secret_is_not_shown(name: bytes) -> None:
    with pytest.raises(hookline.LocalProtocolError) as caught:
        serialise((name, b"Bearer secret\n"))

    assert str(caught.value) == f"Illegal value for header {name!r}: [secure]"


def test_name_that_was_good_once_does_not_excuse_a_bad_one() -> None:
    serialise((b"X-Fine", b"1"))

    with pytest.raises(hookline.LocalProtocolError):
        serialise((b"X-Fine\r\n", b"1"))


def test_names_that_are_remembered_are_bounded() -> None:
    from hookline_http11 import _serialise

    for number in range(3000):
        serialise((b"X-%d" % number, b"1"))

    assert len(_serialise._known_names) <= _serialise._KNOWN_NAMES_KEPT


def test_missing_host_is_refused() -> None:
    with pytest.raises(hookline.LocalProtocolError, match=r"^Missing mandatory Host: header$"):
        Serialiser().head(request(headers=[(b"Accept", b"*/*")]))


def test_several_hosts_are_refused() -> None:
    with pytest.raises(hookline.LocalProtocolError, match=r"^Found multiple Host: headers$"):
        serialise((b"host", b"example.org"))


@pytest.mark.parametrize(
    "value", [b"", b"-1", b"+1", b"1.0", b"0x1", b"1, 1", b"a", b"\xb2", b"1" * 21]
)
def test_content_length_that_is_no_number_is_refused(value: bytes) -> None:
    with pytest.raises(hookline.LocalProtocolError, match=r"^Illegal Content-Length"):
        serialise((b"Content-Length", value))


def test_content_lengths_that_differ_are_refused() -> None:
    with pytest.raises(hookline.LocalProtocolError, match=r"Conflicting Content-Length.*: 1 and 2"):
        serialise((b"Content-Length", b"1"), (b"content-length", b"2"))


def test_content_length_twice_is_refused_even_where_it_says_the_same() -> None:
    with pytest.raises(hookline.LocalProtocolError, match=r"^Found multiple Content-Length"):
        serialise((b"Content-Length", b"1"), (b"content-length", b"1"))


@pytest.mark.parametrize(
    "headers",
    [
        [(b"Content-Length", b"0"), (b"Transfer-Encoding", b"chunked")],
        [(b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"5")],
    ],
)
def test_both_framings_are_refused(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(hookline.LocalProtocolError, match="either Content-Length or Transfer-E"):
        serialise(*headers)


@pytest.mark.parametrize(
    "value", [b"", b"gzip", b"gzip, chunked", b"identity", b"chunked, chunked"]
)
def test_coding_that_is_not_chunked_is_refused(value: bytes) -> None:
    with pytest.raises(hookline.LocalProtocolError, match="only 'chunked' can"):
        serialise((b"Transfer-Encoding", value))


def test_coding_twice_is_refused() -> None:
    with pytest.raises(hookline.LocalProtocolError, match=r"^Found multiple Transfer-Encoding"):
        serialise((b"Transfer-Encoding", b"chunked"), (b"Transfer-Encoding", b"chunked"))


# -- Whatever is given ---------------------------------------------------------------------------

# Mostly what is nearly right: bytes drawn at random are hardly ever a token.
SPICE = list("\r\n\0\t :;,\x01\x0b\x0c\x7f\x85\xa0\xff\u00fc\u2028") + list(string.ascii_letters)
NEARLY = st.lists(st.sampled_from(SPICE), max_size=8).map("".join)
PIECES = st.lists(
    st.sampled_from(
        [b"\r\n", b"\r", b"\n", b"\0", b" ", b"\t", b":", b"a", b"B", b"\x0b", b"\xff"]
    ),
    max_size=8,
).map(b"".join)


def parse_as_server(data: bytes) -> tuple[h11.Request, bytes]:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    event = connection.next_event()
    assert isinstance(event, h11.Request), event
    return event, connection.trailing_data[0]


@settings(max_examples=600, deadline=None, derandomize=True)
@given(
    method=st.one_of(st.text(max_size=8), NEARLY),
    name=st.one_of(st.binary(max_size=8), PIECES),
    value=st.one_of(st.binary(max_size=12), PIECES),
)
@example(method="GET", name=b"X", value=b"")
@example(method="GET", name=b"X", value=b"a\r\nEvil: 1")
@example(method="GET / HTTP/1.1\r\nEvil: 1\r\n\r\nGET", name=b"X", value=b"")
@example(method="GET", name=b"X: 1\r\nEvil", value=b"1")
@example(method="GET", name=b"Transfer-Encoding", value=b"chunked")
def test_nothing_can_be_injected(method: str, name: bytes, value: bytes) -> None:
    made = request(method, headers=[(b"Host", b"example.org"), (name, value)])
    try:
        head = Serialiser().head(made)
    except hookline.LocalProtocolError:
        return

    event, rest = parse_as_server(head.data)
    assert event.method == made.method.encode("ascii")
    assert event.target == b"/a?b=c"
    assert event.headers.raw_items() == [(b"Host", b"example.org"), (name, value)]
    assert rest == b""


@settings(max_examples=300, deadline=None, derandomize=True)
@given(path=st.text(max_size=12), query=st.text(max_size=12))
@example(path="\r\nHost: evil", query="\r\n\r\n")
def test_nothing_can_be_injected_through_a_url(path: str, query: str) -> None:
    try:
        head = serialise(url=f"http://example.org/{path}?{query}")
    except (hookline.LocalProtocolError, hookline.InvalidURL):
        return

    event, rest = parse_as_server(head.data)
    assert event.headers.raw_items() == [(b"Host", b"example.org")]
    assert event.target.startswith(b"/")
    assert rest == b""


# -- One after the other -------------------------------------------------------------------------


HEADERS = st.lists(
    st.sampled_from(
        [
            (b"Host", b"example.org"),
            (b"Accept", b"*/*"),
            (b"accept", b"*/*"),
            (b"Content-Length", b"0"),
            (b"Content-Length", b"3"),
            (b"Transfer-Encoding", b"chunked"),
            (b"Connection", b"close"),
            (b"Expect", b"100-continue"),
            (b"Proxy-Authorization", b"Basic eA=="),
            (b"X", b"a\r\nEvil: 1"),
            (b"X y", b"1"),
        ]
    ),
    max_size=3,
).map(lambda rest: [(b"Host", b"example.org"), *rest])
TARGETS = st.sampled_from([None, b"/other", b"*", b"http://example.org/x", b"example.org:1", b" /"])


def written(serialiser: Serialiser, made: hookline.Request) -> Head | str:
    try:
        return serialiser.head(made)
    except hookline.LocalProtocolError as exc:
        return str(exc)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.sampled_from(["GET", "POST", "G T", ""]), TARGETS, HEADERS),
        min_size=2,
        max_size=5,
    )
)
def test_what_was_written_before_does_not_matter(
    messages: list[tuple[str, bytes | None, list[tuple[bytes, bytes]]]],
) -> None:
    connection = Serialiser()
    for method, target, headers in messages:
        made = request(method, headers=headers)
        if target is not None:
            made.extensions["target"] = target
        for _ in range(2):
            assert written(connection, made) == written(Serialiser(), made)


def test_headers_that_are_changed_after_they_were_sent_are_written_anew() -> None:
    connection = Serialiser()
    made = request(headers=[(b"Host", b"example.org"), (b"X", b"1")])
    first = connection.head(made)
    made.headers["X"] = "2"
    second = connection.head(made)
    del made.headers["X"]

    assert b"X: 1\r\n" in first.data
    assert b"X: 2\r\n" in second.data
    assert b"X: " not in connection.head(made).data


def test_head_that_is_the_same_is_not_put_together_again() -> None:
    connection = Serialiser()

    assert connection.head(request()) is connection.head(request())
