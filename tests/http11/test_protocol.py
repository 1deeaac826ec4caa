"""One connection and its exchanges, over a stream that follows a script."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest

import hookline
from hookline._drive import drive
from hookline.plugins.interfaces import BodyReader
from hookline_http11 import HTTP11
from support.fake_stream import Early, FakeStream

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"
EMPTY = OK + b"Content-Length: 0\r\n\r\n"
TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
URL = "http://example.org/"
HEAD = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"
POST_CHUNKED = b"POST / HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n"
# Different enough to be told apart in what a stream was given.
TIMEOUT = {"connect": 1.0, "read": 2.0, "write": 3.0, "pool": 4.0}


class Wire(HTTP11):
    """The protocol, and what it told the pool."""

    stream: FakeStream
    releases: int
    abandons: int

    def exchange_now(self, request: hookline.Request, timeout: Any = TIMEOUT) -> hookline.Response:
        """As the pool does it: bodies that are there go as bytes, others through a reader."""
        stream = request.stream
        body = (
            stream._stream
            if isinstance(stream, hookline.ByteStream)
            else BodyReader(stream, is_async=False)
        )
        return drive(self.exchange(request, body, timeout))

    @property
    def state(self) -> str:
        return repr(self).split(", ")[1]


Connect = Callable[..., Wire]


@pytest.fixture(params=["httptools", "h11"])
def connect(request: pytest.FixtureRequest) -> Connect:
    def connect(*script: Any, **options: Any) -> Wire:
        connection = Wire.configure(parser=request.param)(FakeStream(*script, **options))
        assert isinstance(connection, Wire)
        connection.releases = connection.abandons = 0

        def release() -> None:
            connection.releases += 1

        def abandon() -> None:
            connection.abandons += 1

        connection.on_release = release
        connection.on_abandon = abandon
        return connection

    return connect


def get(**headers: str) -> hookline.Request:
    return hookline.Request("GET", URL, headers=headers)


def post(content: Any, **headers: str) -> hookline.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return hookline.Request("POST", URL, content=content, headers=named)


def pieces(*items: Any) -> Iterator[Any]:
    """A generator of a body; an exception among its items is raised."""
    for item in items:
        if isinstance(item, BaseException):
            raise item
        yield item


def receive(response: hookline.Response) -> bytes:
    """The next piece of a body that is read from the connection."""
    assert isinstance(response.stream, hookline.Body)
    return drive(response.stream.receive())


def assert_free(connection: Wire) -> None:
    assert connection.state == "IDLE"
    assert connection.releases == 1
    assert connection.abandons == 0
    assert not connection.is_closed
    assert not connection.stream.is_closed
    assert connection.is_reusable()


def assert_closed(connection: Wire, releases: int) -> None:
    assert connection.state == "CLOSED"
    assert connection.releases == releases
    assert connection.abandons == 0
    assert connection.is_closed
    assert connection.stream.closes == 1
    assert not connection.is_reusable()


# -- Options ---------------------------------------------------------------------------------------


def test_protocol_names_itself() -> None:
    assert HTTP11.name == "http11"
    assert HTTP11.alpn == "http/1.1"


def test_parser_is_auto_unless_it_is_chosen() -> None:
    assert type(HTTP11(FakeStream())._parser).__name__ == "HttptoolsParser"
    assert type(HTTP11.configure()(FakeStream())._parser).__name__ == "HttptoolsParser"  # type: ignore[attr-defined]


def test_unknown_parser_is_refused_when_it_is_configured() -> None:
    with pytest.raises(ValueError, match="not 'fast'"):
        HTTP11.configure(parser="fast")


def test_unknown_option_is_named() -> None:
    with pytest.raises(
        TypeError,
        match="unknown option 'pipelining'; there are 'parser', 'max_head_size' and 'max_headers'",
    ):
        HTTP11.configure(pipelining=True)


@pytest.mark.parametrize("name", ["max_head_size", "max_headers"])
def test_bounds_are_options(name: str) -> None:
    make = HTTP11.configure(**{name: 7})

    assert getattr(make(FakeStream())._parser, name) == 7
    with pytest.raises(ValueError, match=f"{name}: expected 1 or more, not 0"):
        HTTP11.configure(**{name: 0})
    with pytest.raises(TypeError, match=f"{name}: expected a whole number, not 'many'"):
        HTTP11.configure(**{name: "many"})


# -- Whole exchanges -------------------------------------------------------------------------------


def test_small_exchange_is_one_send_and_one_receive(connect: Connect) -> None:
    connection = connect(HELLO)

    response = connection.exchange_now(get())

    assert connection.stream.sent == [HEAD]
    assert connection.stream.receives == 1
    assert response.status_code == 200
    assert response.headers["content-length"] == "5"
    assert response.extensions == {"http_version": b"HTTP/1.1", "reason_phrase": b"OK"}
    assert type(response.stream) is hookline.ByteStream
    assert response.read() == b"hello"
    assert_free(connection)


def test_head_and_small_body_are_one_send(connect: Connect) -> None:
    connection = connect(HELLO)

    connection.exchange_now(post(b"x" * 60_000))

    assert connection.stream.sends == 1
    assert connection.stream.wire.endswith(b"\r\nContent-Length: 60000\r\n\r\n" + b"x" * 60_000)
    assert_free(connection)


def test_large_body_is_not_copied_to_its_head(connect: Connect) -> None:
    connection = connect(HELLO)
    content = b"x" * 1_000_000

    connection.exchange_now(post(content))

    # Its head alone, then a quarter of a megabyte at a time.
    assert [len(sent) for sent in connection.stream.sent[1:]] == [262_144] * 3 + [213_568]
    assert b"".join(connection.stream.sent[1:]) == content
    assert_free(connection)


def test_each_wait_has_its_own_timeout(connect: Connect) -> None:
    connection = connect(OK + b"Content-Length: 2\r\n\r\n", b"a", b"b")
    connection.stream.is_slow = True

    response = connection.exchange_now(post(b"abc"))
    response.read()

    assert connection.stream.timeouts == [
        ("send", 3.0),
        ("receive", 2.0),
        ("receive", 2.0),
        ("receive", 2.0),
    ]


def test_without_timeouts_it_waits_for_ever(connect: Connect) -> None:
    connection = connect(HELLO)
    connection.stream.is_slow = True

    connection.exchange_now(get(), timeout={})

    assert connection.stream.timeouts == [("send", None), ("receive", None)]


def test_bytes_are_sent_chunked_where_the_header_says_so(connect: Connect) -> None:
    connection = connect(HELLO)

    connection.exchange_now(post(b"hello world", Transfer_Encoding="chunked"))

    assert connection.stream.sent == [POST_CHUNKED + b"b\r\nhello world\r\n0\r\n\r\n"]
    assert_free(connection)


def test_no_bytes_are_sent_chunked_where_the_header_says_so(connect: Connect) -> None:
    connection = connect(HELLO)

    connection.exchange_now(post(b"", Transfer_Encoding="chunked"))

    assert connection.stream.sent == [POST_CHUNKED + b"0\r\n\r\n"]


def test_exchanges_follow_each_other(connect: Connect) -> None:
    connection = connect(HELLO, EMPTY, OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0\r\n\r\n")
    assert repr(connection) == "<HTTP/1.1, IDLE, Request Count: 0>"

    assert connection.exchange_now(get()).read() == b"hello"
    assert connection.exchange_now(get()).read() == b""
    response = connection.exchange_now(get())
    assert repr(connection) == "<HTTP/1.1, ACTIVE, Request Count: 3>"
    assert response.read() == b""

    assert connection.stream.sent == [HEAD] * 3
    assert connection.releases == 3
    assert repr(connection) == "<HTTP/1.1, IDLE, Request Count: 3>"


def test_informational_responses_are_read_over(connect: Connect) -> None:
    connection = connect(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\n", b"A: b\r\n\r\n", HELLO)

    assert connection.exchange_now(get()).read() == b"hello"
    assert_free(connection)


def test_response_to_head_has_no_body(connect: Connect) -> None:
    connection = connect(OK + b"Content-Length: 5\r\n\r\n")

    response = connection.exchange_now(hookline.Request("HEAD", URL))

    assert response.headers["content-length"] == "5"
    assert response.read() == b""
    assert_free(connection)


# -- When a connection is not used again -----------------------------------------------------------


@pytest.mark.parametrize(
    "response",
    [
        OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        HELLO + b"x",
        HELLO + HELLO,
    ],
)
def test_connection_is_closed_where_the_response_leaves_it_in_doubt(
    connect: Connect, response: bytes
) -> None:
    connection = connect(response)

    assert connection.exchange_now(get()).read() == b"hello"
    assert_closed(connection, releases=1)


def test_response_until_close(connect: Connect) -> None:
    connection = connect(OK + b"\r\nhel", b"lo", b"")

    response = connection.exchange_now(get())
    assert connection.releases == 0
    assert response.read() == b"hello"

    assert_closed(connection, releases=1)


def test_connection_that_switched_protocols_is_not_used_again(connect: Connect) -> None:
    connection = connect(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")

    response = connection.exchange_now(get(Upgrade="x"))
    assert response.status_code == 101
    # It is whoever has the response that speaks over it now.
    assert not connection.is_closed
    response.close()
    assert_closed(connection, releases=1)


def test_switch_that_nobody_asked_for_is_refused(connect: Connect) -> None:
    connection = connect(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")

    with pytest.raises(hookline.RemoteProtocolError, match="without being asked to"):
        connection.exchange_now(get())
    assert connection.is_closed


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
def test_bytes_after_a_switch_of_protocols_are_the_first_on_the_stream(
    method: str, connect: Connect
) -> None:
    status = b"101 Switching Protocols" if method == "GET" else b"200 Established"
    connection = connect(b"HTTP/1.1 " + status + b"\r\n\r\nHTTP/1.1 \r\n", b"and more")
    target = {"target": b"example.org:443"} if method == "CONNECT" else {}
    request = hookline.Request(method, URL, headers={"Upgrade": "x"}, extensions=target)

    with closing(connection.exchange_now(request)):
        assert drive(connection.stream.receive(1)) == b"HTTP/1.1 \r\n"
        assert drive(connection.stream.receive(1)) == b"and more"


def test_request_with_connection_close_is_the_last(connect: Connect) -> None:
    connection = connect(HELLO)

    connection.exchange_now(get(Connection="close"))

    assert_closed(connection, releases=1)


def test_idle_connection_with_input_is_not_reusable(connect: Connect) -> None:
    connection = connect(HELLO, Early(b""))
    connection.exchange_now(get())

    assert not connection.is_closed
    assert not connection.is_reusable()


def test_closing_twice_is_closing_once(connect: Connect) -> None:
    connection = connect()

    connection.close()
    connection.close()

    assert_closed(connection, releases=0)


# -- Misuse ----------------------------------------------------------------------------------------


def test_busy_connection_takes_no_request_and_is_not_disturbed(connect: Connect) -> None:
    connection = connect(OK + b"Content-Length: 5\r\n\r\n", b"hello")
    response = connection.exchange_now(get())

    with pytest.raises(RuntimeError, match=r"<HTTP/1.1, ACTIVE, .*> cannot take a request"):
        connection.exchange_now(get())

    assert connection.stream.sends == 1
    assert response.read() == b"hello"
    assert_free(connection)


def test_closed_connection_takes_no_request(connect: Connect) -> None:
    connection = connect()
    connection.close()

    with pytest.raises(RuntimeError, match=r"<HTTP/1.1, CLOSED, .*> cannot take a request"):
        connection.exchange_now(get())


@pytest.mark.parametrize("header", ["X-Name", "Cookie"])
def test_request_that_must_not_be_sent_leaves_nothing_on_the_wire(
    connect: Connect, header: str
) -> None:
    connection = connect()

    with pytest.raises(hookline.LocalProtocolError, match="Illegal value"):
        connection.exchange_now(get(**{header: "a\r\nEvil: 1"}))

    assert connection.stream.sent == []
    assert_closed(connection, releases=0)


# -- Bodies that are produced ----------------------------------------------------------------------


def test_generator_is_sent_chunked_its_first_piece_with_the_head(connect: Connect) -> None:
    connection = connect(HELLO)

    response = connection.exchange_now(post(pieces(b"a", b"", bytearray(b"bc"), memoryview(b"d"))))

    assert connection.stream.sent == [
        POST_CHUNKED + b"1\r\na\r\n",
        b"2\r\nbc\r\n",
        b"1\r\nd\r\n",
        b"0\r\n\r\n",
    ]
    assert response.read() == b"hello"
    assert_free(connection)


def test_empty_generator_is_one_send(connect: Connect) -> None:
    connection = connect(HELLO)

    connection.exchange_now(post(pieces()))

    assert connection.stream.sent == [POST_CHUNKED + b"0\r\n\r\n"]
    assert_free(connection)


def test_generator_with_a_length_is_sent_as_it_is(connect: Connect) -> None:
    connection = connect(HELLO)

    connection.exchange_now(post(pieces(b"ab", b"c"), Content_Length="3"))

    assert len(connection.stream.sent) == 2
    assert connection.stream.sent[0].endswith(b"\r\nContent-Length: 3\r\n\r\nab")
    assert connection.stream.sent[1] == b"c"
    assert_free(connection)


def test_asynchronous_generator(connect: Connect) -> None:
    connection = connect(HELLO)

    async def produce() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    request = post(produce())
    assert isinstance(request.stream, hookline.AsyncByteStream)
    body = BodyReader(request.stream, is_async=True)
    drive(connection.exchange(request, body, {}))

    assert connection.stream.wire == POST_CHUNKED + b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
    assert_free(connection)


@pytest.mark.parametrize(
    ("items", "sent"),
    [
        ([b"abcd"], b""),
        ([b"ab", b"cd"], b"ab"),
        ([b"abc", b"d"], b"abc"),
    ],
)
def test_body_longer_than_its_length_is_cut_off_before_it_goes_out(
    connect: Connect, items: list[bytes], sent: bytes
) -> None:
    connection = connect()

    with pytest.raises(hookline.LocalProtocolError) as caught:
        connection.exchange_now(post(pieces(*items), Content_Length="3"))

    assert str(caught.value) == (
        "Too much data for declared Content-Length: at least 4 bytes for 3."
    )
    assert connection.stream.wire.partition(b"\r\n\r\n")[2] == sent
    assert_closed(connection, releases=0)


@pytest.mark.parametrize(("items", "sends"), [([], 0), ([b"ab"], 1), ([b"a", b"b"], 2)])
def test_body_shorter_than_its_length_is_an_error(
    connect: Connect, items: list[bytes], sends: int
) -> None:
    connection = connect()

    with pytest.raises(hookline.LocalProtocolError) as caught:
        connection.exchange_now(post(pieces(*items), Content_Length="3"))

    assert str(caught.value) == (
        f"Too little data for declared Content-Length: {len(b''.join(items))} bytes for 3."
    )
    assert connection.stream.sends == sends
    assert_closed(connection, releases=0)


@pytest.mark.parametrize("content", [b"ab", b"abcd", b""])
def test_bytes_that_do_not_fit_their_length_are_not_sent(connect: Connect, content: bytes) -> None:
    connection = connect()

    with pytest.raises(hookline.LocalProtocolError, match="data for declared Content-Length"):
        connection.exchange_now(post(content, Content_Length="3"))

    assert connection.stream.sends == 0
    assert_closed(connection, releases=0)


@pytest.mark.parametrize("content", [b"abc", [b"abc", b"d"]], ids=["bytes", "pieces"])
def test_body_without_framing_is_not_sent(
    connect: Connect, content: bytes | Iterable[bytes]
) -> None:
    connection = connect()
    request = post(content)
    request.headers = hookline.Headers({"Host": "example.org"})

    with pytest.raises(hookline.LocalProtocolError, match="needs a Content-Length or Transfer-E"):
        connection.exchange_now(request)

    assert connection.stream.sends == 0
    assert_closed(connection, releases=0)


def test_empty_generator_without_framing_is_no_body(connect: Connect) -> None:
    connection = connect(HELLO)
    request = post(pieces())
    request.headers = hookline.Headers({"Host": "example.org"})

    connection.exchange_now(request)

    assert connection.stream.sent == [b"POST / HTTP/1.1\r\nHost: example.org\r\n\r\n"]
    assert_free(connection)


def test_body_that_fails_at_once_leaves_nothing_on_the_wire(connect: Connect) -> None:
    connection = connect()
    failure = OSError("disk on fire")

    with pytest.raises(OSError, match="disk on fire") as caught:
        connection.exchange_now(post(pieces(failure)))

    assert caught.value is failure
    assert connection.stream.sends == 0
    assert_closed(connection, releases=0)


def test_body_that_fails_later_closes_the_connection(connect: Connect) -> None:
    connection = connect()

    with pytest.raises(OSError, match="disk on fire"):
        connection.exchange_now(post(pieces(b"a", OSError("disk on fire"))))

    assert connection.stream.sent == [POST_CHUNKED + b"1\r\na\r\n"]
    assert_closed(connection, releases=0)


@pytest.mark.parametrize("piece", ["text", 5, None, ["a"]])
@pytest.mark.parametrize("before", [[], [b"a"]])
def test_body_of_the_wrong_type_is_named(
    connect: Connect, before: list[bytes], piece: object
) -> None:
    connection = connect()

    with pytest.raises(TypeError) as caught:
        connection.exchange_now(post(pieces(*before, piece)))

    assert str(caught.value) == (
        f"A request body yields bytes, not {piece!r} ({type(piece).__name__}). Encode text first."
    )
    assert connection.stream.sends == len(before)
    assert_closed(connection, releases=0)


class Watched:
    """A body that says whether its generator was closed."""

    def __init__(self, *items: bytes) -> None:
        self.items = items
        self.yielded = 0
        self.is_finished = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for item in self.items:
                self.yielded += 1
                yield item
        finally:
            self.is_finished = True


# -- Servers that answer early ---------------------------------------------------------------------


def test_early_refusal_stops_the_upload(connect: Connect) -> None:
    body = Watched(b"a", b"b", b"c", b"d")
    connection = connect(Early(TOO_LARGE, after=2))

    response = connection.exchange_now(post(body))

    assert response.status_code == 413
    assert response.read() == b"no"
    assert connection.stream.sent == [POST_CHUNKED + b"1\r\na\r\n", b"1\r\nb\r\n"]
    # The third was produced before anybody looked.
    assert body.yielded == 3
    assert body.is_finished
    assert_closed(connection, releases=1)


def test_early_refusal_whose_body_is_still_to_come(connect: Connect) -> None:
    connection = connect(Early(TOO_LARGE[:-1], after=1), b"o")

    response = connection.exchange_now(post(pieces(b"a", b"b")))
    assert connection.state == "ACTIVE"
    assert response.read() == b"no"

    assert_closed(connection, releases=1)


@pytest.mark.parametrize(
    "early", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nConte", b"HTTP/1.1 413 T"]
)
def test_upload_goes_on_where_the_server_has_not_refused_it(connect: Connect, early: bytes) -> None:
    rest = HELLO if b"Continue" in early else b"nt-Length: 0\r\n\r\n" if b"200" in early else None
    connection = connect(Early(early, after=1), rest or TOO_LARGE[len(early) :])

    connection.exchange_now(post(pieces(b"a", b"b", b"c"))).read()

    assert connection.stream.wire.endswith(b"1\r\nc\r\n0\r\n\r\n")
    assert_free(connection)


def test_upload_goes_on_after_an_early_success(connect: Connect) -> None:
    connection = connect(Early(HELLO, after=1))

    response = connection.exchange_now(post(pieces(b"a", b"b")))

    assert response.read() == b"hello"
    assert connection.stream.wire.endswith(b"1\r\nb\r\n0\r\n\r\n")
    assert_free(connection)


def test_server_that_hangs_up_during_the_upload(connect: Connect) -> None:
    body = Watched(b"a", b"b", b"c")
    connection = connect(Early(b"", after=1))

    with pytest.raises(hookline.ReadError, match="closed the connection while the body was being"):
        connection.exchange_now(post(body))

    assert connection.stream.sends == 1
    assert body.is_finished
    assert_closed(connection, releases=0)


def test_garbage_during_the_upload(connect: Connect) -> None:
    connection = connect(Early(b"garbage", after=1))

    with pytest.raises(hookline.RemoteProtocolError, match="begins with b'garbage'"):
        connection.exchange_now(post(pieces(b"a", b"b")))

    assert_closed(connection, releases=0)


WRITE_ERRORS = [hookline.WriteError("Broken pipe"), hookline.WriteTimeout("3 s")]


@pytest.mark.parametrize("error", WRITE_ERRORS, ids=["error", "timeout"])
@pytest.mark.parametrize("failing", [0, 1, 2], ids=["first", "second", "last"])
def test_response_that_waits_explains_a_failing_send(
    connect: Connect, error: Exception, failing: int
) -> None:
    body = Watched(b"a", b"b")
    connection = connect(
        Early(TOO_LARGE[:30], after=failing + 1),
        Early(TOO_LARGE[30:]),
        write_errors={failing: error},
    )

    response = connection.exchange_now(post(body))

    assert response.status_code == 413
    assert response.read() == b"no"
    assert body.is_finished
    assert_closed(connection, releases=1)


def test_response_that_waits_explains_a_large_body_that_fails(connect: Connect) -> None:
    connection = connect(Early(TOO_LARGE), write_errors={1: hookline.WriteError("Broken pipe")})

    response = connection.exchange_now(post(b"x" * 100_000))

    assert response.status_code == 413
    assert_closed(connection, releases=1)


@pytest.mark.parametrize(
    "waiting", [[], [Early(b"", after=1)], [Early(TOO_LARGE[:20]), Early(b"")]]
)
@pytest.mark.parametrize("content", [b"x" * 100_000, [b"a", b"b"]], ids=["bytes", "generator"])
def test_failing_send_without_a_response_is_the_error(
    connect: Connect, content: bytes | Iterable[bytes], waiting: list[Early]
) -> None:
    error = hookline.WriteError("Broken pipe")
    # Before it fails, an upload in pieces looks for input.
    failing = 0 if isinstance(content, list) else 1
    connection = connect(*waiting, write_errors={failing: error})

    with pytest.raises(hookline.WriteError) as caught:
        connection.exchange_now(post(content))

    assert caught.value is error
    assert_closed(connection, releases=0)


def test_failing_send_and_failing_receive(connect: Connect) -> None:
    error = hookline.WriteError("Broken pipe")
    connection = connect(Early(hookline.ReadError("Connection reset")), write_errors={0: error})

    with pytest.raises(hookline.WriteError) as caught:
        connection.exchange_now(post(pieces(b"a", b"b")))

    assert caught.value is error
    assert_closed(connection, releases=0)


# -- Servers that do not answer --------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        [hookline.ReadTimeout("2 s")],
        [hookline.ReadError("Connection reset")],
        [b"HTTP/1.1 200", hookline.ReadTimeout("2 s")],
        [KeyboardInterrupt()],
    ],
)
def test_failing_receive_closes_the_connection(connect: Connect, script: list[Any]) -> None:
    connection = connect(*script)

    with pytest.raises(type(script[-1])):
        connection.exchange_now(get())

    assert_closed(connection, releases=0)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ([b""], "without sending a response"),
        ([b"HTTP/1.1 200 OK\r\n", b""], "in the middle of a response's head"),
        ([b"SSH-2.0-OpenSSH"], "begins with b'SSH-2.0-OpenSSH'"),
        ([OK + b"A : b\r\n\r\n"], "not HTTP/1.1"),
        ([OK + b"A: b\r\n"] * 10_000, "longer than 102400 bytes|not HTTP/1.1"),
    ],
)
def test_response_that_is_none_closes_the_connection(
    connect: Connect, script: list[bytes], message: str
) -> None:
    connection = connect(*script)

    with pytest.raises(hookline.RemoteProtocolError, match=message):
        connection.exchange_now(get())

    assert_closed(connection, releases=0)


# -- Bodies that are read from the connection ------------------------------------------------------


def test_connection_is_given_back_with_the_last_piece(connect: Connect) -> None:
    connection = connect(OK + b"Content-Length: 6\r\n\r\nab", b"cd", b"ef")
    response = connection.exchange_now(get())

    assert receive(response) == b"ab"
    assert receive(response) == b"cd"
    assert connection.state == "ACTIVE"
    assert connection.releases == 0
    assert receive(response) == b"ef"
    assert_free(connection)

    assert receive(response) == b""
    assert receive(response) == b""
    assert_free(connection)


def test_chunks_of_one_receive_are_one_piece(connect: Connect) -> None:
    connection = connect(
        OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n1\r\nb\r\n", b"0\r\n\r\n"
    )
    response = connection.exchange_now(get())

    assert receive(response) == b"ab"
    assert connection.releases == 0
    assert receive(response) == b""
    assert_free(connection)


def test_iterating_over_a_body_asynchronously(connect: Connect) -> None:
    connection = connect(OK + b"Content-Length: 4\r\n\r\nab", b"cd")
    response = connection.exchange_now(get())

    async def collect() -> list[bytes]:
        return [piece async for piece in response.aiter_raw()]

    assert drive(collect()) == [b"ab", b"cd"]
    assert_free(connection)


@pytest.mark.parametrize("is_closed_twice", [False, True])
def test_closing_a_body_early_closes_the_connection(
    connect: Connect, is_closed_twice: bool
) -> None:
    connection = connect(OK + b"Content-Length: 6\r\n\r\nab")
    response = connection.exchange_now(get())

    response.close()
    if is_closed_twice:
        response.close()

    assert_closed(connection, releases=1)


def test_breaking_off_an_iteration_closes_the_connection_once_the_response_is(
    connect: Connect,
) -> None:
    connection = connect(OK + b"Content-Length: 6\r\n\r\nab", b"cd")
    response = connection.exchange_now(get())

    for piece in response.iter_raw():
        assert piece == b"ab"
        break
    response.close()

    assert_closed(connection, releases=1)


def test_reading_after_closing_is_an_error(connect: Connect) -> None:
    connection = connect(OK + b"Content-Length: 6\r\n\r\nab", b"cdef")
    response = connection.exchange_now(get())
    response.close()

    with pytest.raises(hookline.StreamClosed):
        receive(response)

    assert connection.stream.receives == 1
    assert_closed(connection, releases=1)


def test_closing_after_the_end_does_nothing(connect: Connect) -> None:
    connection = connect(OK + b"Content-Length: 4\r\n\r\nab", b"cd")
    response = connection.exchange_now(get())
    assert response.read() == b"abcd"

    response.close()

    assert_free(connection)


@pytest.mark.parametrize(
    ("framing", "script", "error"),
    [
        (b"Content-Length: 6", [b""], hookline.RemoteProtocolError),
        (b"Transfer-Encoding: chunked", [b"5\r\nhel", b""], hookline.RemoteProtocolError),
        (b"Transfer-Encoding: chunked", [b"zz\r\n"], hookline.RemoteProtocolError),
        (b"Content-Length: 6", [hookline.ReadTimeout("2 s")], hookline.ReadTimeout),
        (b"X: y", [hookline.ReadError("Connection reset")], hookline.ReadError),
    ],
)
def test_body_that_does_not_end_well_closes_the_connection(
    connect: Connect, framing: bytes, script: list[Any], error: type[Exception]
) -> None:
    connection = connect(OK + framing + b"\r\n\r\n", *script)
    response = connection.exchange_now(get())

    with pytest.raises(error):
        response.read()
    with pytest.raises(hookline.StreamClosed):
        receive(response)

    assert_closed(connection, releases=1)


def test_excess_that_comes_with_the_rest_of_the_body(connect: Connect) -> None:
    connection = connect(OK + b"Content-Length: 2\r\n\r\n", b"abHTTP/1.1")

    assert connection.exchange_now(get()).read() == b"ab"
    assert_closed(connection, releases=1)


def test_abandoned_body_warns_and_tells_the_pool(connect: Connect) -> None:
    connection = connect(OK + b"Content-Length: 6\r\n\r\nab")
    response = connection.exchange_now(get())

    with pytest.warns(ResourceWarning, match="neither read to its end nor closed"):
        del response
        gc.collect()

    assert connection.abandons == 1
    assert connection.releases == 0
    # What is to be done about it is the pool's business: any thread may be here.
    assert not connection.stream.is_closed


@pytest.mark.parametrize("is_read", [False, True])
def test_body_that_was_read_or_closed_goes_in_silence(connect: Connect, is_read: bool) -> None:
    connection = connect(OK + b"Content-Length: 3\r\n\r\nab", b"c")
    response = connection.exchange_now(get())
    if is_read:
        response.read()
    else:
        response.close()

    del response
    gc.collect()

    assert connection.abandons == 0
    assert connection.releases == 1


def test_closing_the_connection_under_a_body_ends_it(connect: Connect) -> None:
    connection = connect(OK + b"Content-Length: 6\r\n\r\nab")
    response = connection.exchange_now(get())
    connection.close()

    response.close()

    assert_closed(connection, releases=1)
