"""What a request looks like as header fields, what is refused, and the special responses."""

from __future__ import annotations

from typing import Any

import pytest
from hyperframe import frame as frames
from hypothesis import given, settings
from hypothesis import strategies as st

import hookline
from hookline_http2._fields import Heads
from support.http2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    Asked,
    Fields,
    Peer,
    answering,
    http2_server,
    keep_answering,
    raw_frame,
)
from support.modes import Mode


class Listening:
    """A script that answers every request with an empty 200, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def __call__(self, peer: Peer) -> None:
        peer.start()
        while True:
            asked = peer.request()
            self.asked.append(asked)
            if not asked.is_ended:
                peer.body(asked.id)
            peer.respond(asked.id)


def fields_of(method: str = "GET", url: str = "http://host:81/a?b", **settings: Any) -> Fields:
    return Heads().head(hookline.Request(method, url, **settings)).fields


# -- What is sent ---------------------------------------------------------------------------


async def test_request_line_becomes_fields_that_come_first(mode: Mode, connect: Any) -> None:
    script = Listening()
    with http2_server(script) as server:
        async with connect() as client:
            await client.put(server.url + "path?q=1#fragment", content=b"abc", headers={"X": "Y"})

    (asked,) = script.asked
    host = server.url.removeprefix("http://").rstrip("/").encode()
    assert asked.fields[:4] == [
        (b":method", b"PUT"),
        (b":authority", host),
        (b":scheme", b"http"),
        (b":path", b"/path?q=1"),
    ]
    assert all(not name.startswith(b":") for name, _ in asked.fields[4:])
    assert (b"x", b"Y") in asked.fields
    assert (b"content-length", b"3") in asked.fields
    assert b"host" not in dict(asked.fields)


async def test_scheme_is_that_of_the_url(mode: Mode, authority: Any) -> None:
    script = Listening()
    with http2_server(script, tls=authority) as server:
        async with mode.client(http2=True, verify=authority.ca_file) as client:
            await client.get(server.url)

    assert script.asked[0][b":scheme"] == b"https"


async def test_fields_of_the_connection_are_not_sent(mode: Mode, connect: Any) -> None:
    script = Listening()
    headers = [
        ("Connection", "keep-alive, X-Hop"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
        ("Transfer-Encoding", "chunked"),
        ("Upgrade", "websocket"),
        ("TE", "gzip"),
        ("X-Kept", "yes"),
    ]
    with http2_server(script) as server:
        async with connect() as client:
            await client.get(server.url, headers=headers)
            await client.get(server.url, headers={"TE": "trailers"})
            await client.get(server.url, headers={"TE": "Trailers"})
            await client.post(server.url, content=mode.body([b"a", b"b"]))

    first, second, third, upload = script.asked
    names = {name for name, _ in first.fields}
    assert b"x-kept" in names
    assert not names & {
        b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"te"
    }  # fmt: skip
    assert second[b"te"] == b"trailers"
    assert third[b"te"] is not None
    assert upload[b"transfer-encoding"] is None
    assert upload[b"content-length"] is None


def test_what_is_for_a_proxy_is_not_sent_to_an_origin() -> None:
    headers = {"Proxy-Authorization": "Basic abc", "Authorization": "Basic def"}
    names = {name for name, _ in fields_of(headers=headers)}
    assert b"authorization" in names
    assert b"proxy-authorization" not in names
    forwarded = fields_of(headers=headers, extensions={"target": b"http://host:81/a"})
    assert (b"proxy-authorization", b"Basic abc") in forwarded


def test_host_names_the_authority() -> None:
    assert (b":authority", b"host:81") in fields_of()
    assert (b":authority", b"other") in fields_of(headers={"Host": "other"})
    assert b"host" not in dict(fields_of(headers={"Host": "other"}))


def test_names_are_lower_case_and_keep_their_order() -> None:
    headers = [("B-One", "1"), ("a", "2"), ("B-ONE", "3"), ("Cookie", "x=y")]
    fields = fields_of(headers=headers)
    expected = [(b"b-one", b"1"), (b"a", b"2"), (b"b-one", b"3"), (b"cookie", b"x=y")]
    assert [field for field in fields[4:] if field in expected] == expected


@pytest.mark.parametrize(
    ("url", "target", "expected"),
    [
        ("http://h/", None, (b"http", b"h", b"/")),
        ("http://h", None, (b"http", b"h", b"/")),
        ("http://h/a b?c d", None, (b"http", b"h", b"/a%20b?c%20d")),
        ("http://h/a", b"*", (b"http", b"h", b"*")),
        ("http://h/a", b"/raw/%zz?", (b"http", b"h", b"/raw/%zz?")),
        ("http://h/a", b"http://other:8/x?y", (b"http", b"other:8", b"/x?y")),
        ("http://h/a", b"https://other", (b"https", b"other", b"/")),
        ("http://h/a", b"https://other?q", (b"https", b"other", b"/?q")),
        ("http://h/a", b"", (b"http", b"h", b"/a")),
    ],
)
def test_target_is_the_path_or_what_an_extension_says(
    url: str, target: bytes | None, expected: tuple[bytes, bytes, bytes]
) -> None:
    extensions = {} if target is None else {"target": target}
    fields = dict(fields_of(url=url, extensions=extensions))
    assert (fields[b":scheme"], fields[b":authority"], fields[b":path"]) == expected


def test_connect_names_an_authority_and_nothing_else() -> None:
    """RFC 9113 section 8.5."""
    fields = fields_of("CONNECT", "http://proxy/", headers={"Host": "target:443"})
    assert fields[:2] == [(b":method", b"CONNECT"), (b":authority", b"target:443")]
    assert not {b":scheme", b":path"} & {name for name, _ in fields}


async def test_connect_is_answered_by_a_stream(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        assert asked.fields[:2] == [(b":method", b"CONNECT"), (b":authority", b"target:443")]
        peer.send(peer.head(asked.id))
        peer.data(asked.id, b"through", ends=True)
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            headers = {"Host": "target:443"}
            response = await client.request("CONNECT", server.url, headers=headers)
            assert response.text == "through"


# -- What is refused ------------------------------------------------------------------------


def sneaky(method: str = "GET", url: str = "http://h/", **settings: Any) -> hookline.Request:
    return hookline.Request(method, url, **settings)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "method-newline": ({"method": "GET\r\nX: y"}, r"Illegal method: 'GET\\r\\nX: Y' is no token"),
    "method-space": ({"method": "GET /"}, "Illegal method"),
    "method-nul": ({"method": "GET\0"}, "Illegal method"),
    "method-empty": ({"method": ""}, "Illegal method"),
    "method-letters": ({"method": "GÉT"}, "Illegal method"),
    "target-newline": ({"extensions": {"target": b"/a\r\nX: y"}}, "Illegal request target"),
    "target-space": ({"extensions": {"target": b"/a b"}}, r"Illegal request target b'/a b'"),
    "target-nul": ({"extensions": {"target": b"/\0"}}, "Illegal request target"),
    "target-tab": ({"extensions": {"target": b"/\t"}}, "Illegal request target"),
    "target-letters": ({"extensions": {"target": "/é".encode()}}, "Illegal request target"),
    "host-newline": ({"headers": {"Host": "h\r\nX: y"}}, "Illegal Host"),
    "host-space": ({"headers": {"Host": "a b"}}, r"Illegal Host b'a b'"),
    "host-nul": ({"headers": {"Host": "h\0"}}, "Illegal Host"),
    "host-twice": ({"headers": [("Host", "a"), ("Host", "b")]}, "Found multiple Host: headers"),
    "name-newline": ({"headers": {"X\r\nY": "a"}}, r"Illegal header name b'X\\r\\nY'"),
    "name-space": ({"headers": {"X Y": "a"}}, "Illegal header name"),
    "name-nul": ({"headers": {"X\0": "a"}}, "Illegal header name"),
    "name-colon": ({"headers": {":path": "/evil"}}, r"Illegal header name b':path'"),
    "name-empty": ({"headers": {"": "a"}}, "Illegal header name"),
    "name-letters": ({"headers": [("X-é".encode(), b"a")]}, "Illegal header name"),
    "value-return": ({"headers": {"X": "a\rb"}}, r"Illegal value for header b'x': b'a\\rb'"),
    "value-newline": ({"headers": {"X": "a\nb"}}, "Illegal value for header b'x'"),
    "value-nul": ({"headers": {"X": "a\0b"}}, "Illegal value for header b'x'"),
    "value-delete": ({"headers": {"X": "a\x7fb"}}, "Illegal value for header b'x'"),
    "value-space-before": ({"headers": [(b"X", b" a")]}, "Illegal value for header b'x'"),
    "value-space-after": ({"headers": [(b"X", b"a ")]}, "Illegal value for header b'x'"),
    "value-tab-before": ({"headers": [(b"X", b"\ta")]}, "Illegal value for header b'x'"),
    "value-tab-after": ({"headers": [(b"X", b"a\t")]}, "Illegal value for header b'x'"),
    "value-space-after-in-the-middle": (
        {"headers": [(b"X", b"a "), (b"Y", b"b")]}, "Illegal value for header b'x'"
    ),
    "cookie-newline": ({"headers": {"Cookie": "a=b\nc"}}, "Illegal value for header b'cookie'"),
    "length-sign": ({"headers": {"Content-Length": "+3"}}, r"Illegal Content-Length b'\+3'"),
    "length-words": ({"headers": {"Content-Length": "three"}}, "Illegal Content-Length"),
    "length-huge": ({"headers": {"Content-Length": "9" * 21}}, "Illegal Content-Length"),
    "length-empty": ({"headers": {"Content-Length": ""}}, "Illegal Content-Length"),
    "length-twice": (
        {"headers": [("Content-Length", "0"), ("Content-Length", "0")]},
        "Found multiple Content-Length headers",
    ),
    "length-without-body": (
        {"headers": {"Content-Length": "3"}}, "Too little data for declared Content-Length"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_request_that_must_not_be_sent_is_refused_and_nothing_is_sent(
    name: str, mode: Mode, connect: Any
) -> None:
    arguments, message = REFUSED[name]
    method = arguments.get("method", "GET")
    rest = {key: value for key, value in arguments.items() if key != "method"}
    with http2_server(answering) as server:
        async with connect() as client:
            assert (await client.get(server.url)).text == "/"
            with pytest.raises(hookline.LocalProtocolError, match=message):
                await client.request(method, server.url, **rest)
            assert (await client.get(server.url + "next")).text == "/next"
            assert client._transport._pool._idle_count == 1

        # The refused request did not even take a number.
        assert server.connections == 1
        assert server.peers[0].ended == {1, 3}
        assert server.peers[0].resets == {}


@pytest.mark.parametrize("name", ["Authorization", "X-Authorization"])
def test_secrets_are_not_repeated_in_errors(name: str) -> None:
    # In absolute form, as for a proxy: no other may see what is for proxies.
    extensions = {"target": b"http://h/"}
    request = sneaky(headers={name: "Bearer s3cret\nX: y"}, extensions=extensions)
    with pytest.raises(hookline.LocalProtocolError) as caught:
        Heads().head(request)
    assert "s3cret" not in str(caught.value)
    assert "[secure]" in str(caught.value)


def test_request_without_host_is_refused() -> None:
    request = sneaky()
    del request.headers["Host"]
    with pytest.raises(hookline.LocalProtocolError, match="Missing mandatory Host: header"):
        Heads().head(request)


@pytest.mark.parametrize("target", ["/text", 7, bytearray(b"/a"), ["/"]])
def test_target_of_another_type_is_a_type_error(target: Any) -> None:
    request = sneaky(extensions={"target": target})
    with pytest.raises(TypeError, match=r'extensions\["target"\]: expected bytes, not '):
        Heads().head(request)


def test_values_of_all_kinds_that_are_fine_are_sent_as_they_are() -> None:
    values = [b"", b"a", b"a b\tc", bytes(range(0x80, 0x100)), b"!#$%&'*+-.^_`|~", b'"quoted"']
    headers = [(b"x-%d" % index, value) for index, value in enumerate(values)]
    fields = dict(fields_of(headers=headers))
    assert [fields[name] for name, _ in headers] == values


def test_memory_of_names_is_bounded() -> None:
    from hookline_http2 import _fields

    for index in range(3000):
        fields_of(headers={f"x-{index}": "a"})
    assert len(_fields._known_names) <= 1024
    with pytest.raises(hookline.LocalProtocolError):
        fields_of(headers={"x y": "a"})


# -- Special responses ----------------------------------------------------------------------


async def test_head_request_has_no_body_whatever_its_length_says(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        length = [(b"content-length", b"100")]
        peer.send(peer.head(peer.request().id, length, ends=True))
        asked = peer.request()
        assert asked[b":method"] == b"HEAD"
        peer.send(peer.head(asked.id, length), raw_frame(DATA, END_STREAM, asked.id))
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            for _ in range(2):
                response = await client.head(server.url)
                assert response.content == b""
                assert response.headers["content-length"] == "100"
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_empty_responses_are_complete_with_their_heads(
    status: int, mode: Mode, connect: Any
) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        peer.respond(peer.request().id, status=status)
        asked = peer.request()
        peer.send(peer.head(asked.id, status=status), raw_frame(DATA, END_STREAM, asked.id))
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            for _ in range(2):
                response = await client.get(server.url)
                assert (response.status_code, response.content) == (status, b"")
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_not_modified_may_say_how_long_it_would_be(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id, [(b"content-length", b"100")], 304, ends=True))
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            response = await client.get(server.url)
            assert (response.status_code, response.content) == (304, b"")
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_informational_responses_are_passed_over(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        for status in (100, 102, 103):
            peer.send(peer.head(asked.id, [(b"link", b"</style.css>")], status))
        peer.body(asked.id)
        peer.respond(asked.id, b"final", 201, [(b"x", b"y")])
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            response = await client.post(server.url, content=b"abc")

    assert (response.status_code, response.text) == (201, "final")
    assert response.headers.raw == [(b"x", b"y")]


async def test_trailers_are_no_part_of_the_headers(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        for ends_with_data in (True, False):
            asked = peer.request()
            peer.send(peer.head(asked.id, [(b"trailer", b"x-sum")]))
            if ends_with_data:
                peer.data(asked.id, b"body")
            block = peer.block([(b"x-sum", b"1")])
            peer.send(raw_frame(HEADERS, END_STREAM | END_HEADERS, asked.id, block))
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            first, second = [await client.get(server.url) for _ in range(2)]
            assert (first.text, second.text) == ("body", "")
            assert "x-sum" not in first.headers
            assert (await client.get(server.url + "next")).text == "/next"

        assert server.connections == 1


async def test_repeated_fields_keep_their_order(mode: Mode, connect: Any) -> None:
    fields = [(b"set-cookie", b"a=1"), (b"x", b"1"), (b"set-cookie", b"b=2"), (b"x", b"2")]

    def script(peer: Peer) -> None:
        peer.start()
        peer.respond(peer.request().id, b"", 200, fields)
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            response = await client.get(server.url)
            assert client.cookies["a"] == "1"
            assert client.cookies["b"] == "2"

    assert response.headers.raw == fields
    assert response.headers.get_list("x") == ["1", "2"]


async def test_any_status_of_three_digits_is_passed_on(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        for status in (200, 299, 418, 599, 999):
            peer.respond(peer.request().id, b"x", status)
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            responses = [await client.get(server.url) for _ in range(5)]

    assert [response.status_code for response in responses] == [200, 299, 418, 599, 999]


@pytest.mark.parametrize("value", [b"x\x01y", b"\x7f", b"\x1b[31m"])
async def test_cookie_with_control_characters_does_not_come_in_the_way(
    value: bytes, mode: Mode, connect: Any
) -> None:
    """It may be in a field, and not in a request that would send it back."""

    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id, [(b"set-cookie", b"a=" + value), (b"set-cookie", b"b=1")]))
        peer.data(asked.id, b"first", ends=True)
        keep_answering(peer)

    with http2_server(script) as server:
        async with connect() as client:
            assert (await client.get(server.url)).text == "first"
            response = await client.get(server.url + "next")

    assert response.request.headers["cookie"] == "b=1"


async def test_settings_and_window_are_said_before_the_first_request(
    mode: Mode, connect: Any
) -> None:
    with http2_server(answering) as server:
        async with connect(window=100_000) as client:
            await client.get(server.url)

    peer = server.peers[0]
    assert peer.client_settings[2] == 0
    assert peer.client_settings[4] == 100_000
    assert peer.client_settings[5] == 65_536
    assert peer.client_settings[6] == 102_400
    first = peer.seen[1]
    assert isinstance(first, frames.WindowUpdateFrame)
    assert (first.stream_id, first.window_increment) == (0, 16 * 1024 * 1024 - 65_535)


# -- One after the other --------------------------------------------------------------------


SOME_HEADERS = st.lists(
    st.sampled_from(
        [
            ("Accept", "*/*"),
            ("accept", "*/*"),
            ("Content-Length", "3"),
            ("Connection", "close"),
            ("Expect", "100-continue"),
            ("Proxy-Authorization", "Basic eA=="),
            ("Host", "elsewhere"),
            ("X", "a\r\nEvil: 1"),
            ("X y", "1"),
        ]
    ),
    max_size=3,
)
SOME_TARGETS = st.sampled_from([None, b"/other", b"*", b"http://h/x", b"https://h", b"h:1", b" /"])


def made_by(heads: Heads, request: hookline.Request) -> Any:
    try:
        return heads.head(request)
    except hookline.LocalProtocolError as exc:
        return str(exc)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST", "CONNECT", "G T", ""]),
            st.sampled_from(["http://host/", "https://host/", "https://host/a?b"]),
            SOME_TARGETS,
            SOME_HEADERS,
        ),
        min_size=2,
        max_size=5,
    )
)
def test_what_was_made_before_does_not_matter(
    messages: list[tuple[str, str, bytes | None, list[tuple[str, str]]]],
) -> None:
    connection = Heads()
    for method, url, target, headers in messages:
        extensions = {} if target is None else {"target": target}
        request = hookline.Request(method, url, headers=headers, extensions=extensions)
        for _ in range(2):
            assert made_by(connection, request) == made_by(Heads(), request)


def test_headers_that_are_changed_after_they_were_sent_are_made_anew() -> None:
    connection = Heads()
    request = hookline.Request("GET", "https://host/", headers={"X": "1"})
    first = connection.head(request).fields
    request.headers["X"] = "2"

    assert (b"x", b"1") in first
    assert (b"x", b"2") in connection.head(request).fields


def test_head_that_is_the_same_is_not_made_again() -> None:
    connection = Heads()

    first, second = (
        connection.head(hookline.Request("GET", "https://host/", headers={"X": "1"}))
        for _ in range(2)
    )

    assert first is second
