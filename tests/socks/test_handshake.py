"""What is said to the proxy, byte by byte, and what is made of its answers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import hookline
from hookline import Origin, Proxy
from hookline._drive import drive
from hookline.plugins import Deadline, ReadAhead
from hookline_socks import SOCKS5Connector
from support.fake_stream import Early, FakeStream
from support.socks import (
    CONNECT,
    CONNECTED,
    CREDENTIALS,
    HELLO,
    HELLO_AUTH,
    NO_AUTH,
    PASSWORD,
    USE_PASSWORD,
    USER,
    WELCOME,
    FakeNetwork,
    attempt,
)

WITH_PASSWORD = Proxy("socks5h://proxy.test", auth=(USER, PASSWORD))
# The addresses that a proxy may say it connected from.
BOUND = {
    "ipv4": b"\x01\x7f\x00\x00\x01",
    "ipv6": b"\x04" + bytes(16),
    "name": b"\x03\x04name",
    "empty name": b"\x03\x00",
    "longest name": b"\x03\xff" + b"n" * 255,
    "name that is no text": b"\x03\x02\xff\xfe",
}


def refused(code: int) -> bytes:
    return bytes([5, code, 0, 1, 0, 0, 0, 0, 0, 0])


# -- What goes well -------------------------------------------------------------------------


def test_without_credentials_two_messages_are_sent() -> None:
    done = attempt(NO_AUTH, CONNECTED)

    assert done.stream.sent == [HELLO, CONNECT]
    assert done.result is done.stream
    assert not done.stream.is_closed


def test_credentials_are_sent_where_the_proxy_asks_for_them() -> None:
    done = attempt(USE_PASSWORD, WELCOME, CONNECTED, proxy=WITH_PASSWORD)

    assert done.stream.sent == [HELLO_AUTH, CREDENTIALS, CONNECT]
    assert done.result is done.stream


def test_credentials_stay_here_where_the_proxy_does_not_ask() -> None:
    done = attempt(NO_AUTH, CONNECTED, proxy=WITH_PASSWORD)

    assert done.stream.sent == [HELLO_AUTH, CONNECT]


def test_longest_credentials_are_sent_whole() -> None:
    proxy = Proxy("socks5://proxy.test", auth=(b"\xff" * 255, "é" * 127))
    done = attempt(USE_PASSWORD, WELCOME, CONNECTED, proxy=proxy, host="192.0.2.1")

    assert done.stream.sent[1] == b"\x01\xff" + b"\xff" * 255 + b"\xfe" + "é".encode() * 127


@pytest.mark.parametrize(
    ("host", "packed"),
    [
        ("example.org", b"\x03\x0bexample.org"),
        ("192.0.2.1", b"\x01\xc0\x00\x02\x01"),
        ("2001:db8::1", b"\x04\x20\x01\x0d\xb8" + bytes(11) + b"\x01"),
        # An address to some resolvers, and a name to the rest.
        ("127.1", b"\x03\x05127.1"),
        ("a" * 255, b"\x03\xff" + b"a" * 255),
    ],
)
def test_host_is_sent_as_what_it_is(host: str, packed: bytes) -> None:
    done = attempt(NO_AUTH, CONNECTED, host=host, port=8080)

    assert done.stream.sent[1] == b"\x05\x01\x00" + packed + b"\x1f\x90"


@pytest.mark.parametrize("bound", BOUND.values(), ids=BOUND)
def test_any_bound_address_is_skipped_whole(bound: bytes) -> None:
    done = attempt(NO_AUTH, b"\x05\x00\x00" + bound + b"\x12\x34" + b"origin")

    assert isinstance(done.result, ReadAhead), done.result
    assert drive(done.result.receive(None)) == b"origin"


def test_answers_may_come_byte_by_byte() -> None:
    answers = USE_PASSWORD + WELCOME + b"\x05\x00\x00" + BOUND["name"] + b"\x12\x34"
    done = attempt(*(answers[at : at + 1] for at in range(len(answers))), proxy=WITH_PASSWORD)

    assert done.result is done.stream
    assert done.stream.script == []


# -- What the origin says first -------------------------------------------------------------


def test_bytes_behind_the_last_answer_come_first_from_the_stream() -> None:
    done = attempt(NO_AUTH, CONNECTED + b"settings", b"more", Early(b"and more", after=3))
    stream = done.result
    assert isinstance(stream, ReadAhead), stream

    assert stream.has_input()
    assert drive(stream.receive(1.0)) == b"settings"
    assert not stream.has_input()
    assert drive(stream.receive(1.0)) == b"more"
    drive(stream.send(b"question", 1.0))
    assert done.stream.wire.endswith(b"question")
    assert stream.has_input()
    assert drive(stream.receive(1.0)) == b"and more"


def test_read_ahead_is_the_stream_below_in_everything_else() -> None:
    below = FakeStream(write_errors={1: hookline.WriteTimeout("slow")})
    stream = ReadAhead(below, b"ahead")

    assert stream.write(b"fits")
    with pytest.raises(hookline.WriteTimeout):
        drive(stream.send(b"does not", 1.0))
    assert stream.get_extra_info("socket") is below.get_extra_info("socket")
    stream.close()
    assert below.is_closed
    assert not stream.has_input()


# -- What the proxy refuses -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (1, "general server failure (0x01)"),
        (2, "connection not allowed by ruleset (0x02)"),
        (3, "network unreachable (0x03)"),
        (4, "host unreachable (0x04)"),
        (5, "connection refused (0x05)"),
        (6, "ttl expired (0x06)"),
        (7, "command not supported (0x07)"),
        (8, "address type not supported (0x08)"),
        (9, "refused with a code that RFC 1928 does not define (0x09)"),
        (0xFF, "refused with a code that RFC 1928 does not define (0xff)"),
    ],
)
def test_refusal_says_the_step_the_reason_and_the_target(code: int, name: str) -> None:
    done = attempt(NO_AUTH, refused(code))

    assert type(done.error) is hookline.ProxyError
    assert str(done.error) == f"SOCKS5 proxy proxy.test, connect: {name} for example.org, port 80."
    assert done.stream.closes == 1


def test_refusal_is_known_before_the_rest_of_it_comes() -> None:
    # tiny-proxy sends four bytes too few; others close after two.
    done = attempt(NO_AUTH, b"\x05\x05")

    assert "connection refused (0x05)" in str(done.error)


@pytest.mark.parametrize(
    ("proxy", "advice"),
    [
        ("socks5://proxy.test", "it wants authentication. Give the proxy a user name"),
        (WITH_PASSWORD, "it takes neither user name and password nor none"),
    ],
)
def test_no_acceptable_method_is_a_proxy_error(proxy: Any, advice: str) -> None:
    done = attempt(b"\x05\xff", proxy=proxy, host="192.0.2.1")

    assert type(done.error) is hookline.ProxyError
    assert "method selection: no acceptable methods (0xff)" in str(done.error)
    assert advice in str(done.error)
    assert done.stream.closes == 1


@pytest.mark.parametrize(
    ("proxy", "method"),
    [("socks5h://proxy.test", 1), ("socks5h://proxy.test", 2), (WITH_PASSWORD, 1)],
)
def test_method_that_was_not_offered_is_a_proxy_error(proxy: Any, method: int) -> None:
    done = attempt(bytes([5, method]), proxy=proxy)

    assert f"method selection: it chose a method that was not offered (0x0{method})" in str(
        done.error
    )
    assert done.stream.sends == 1


@pytest.mark.parametrize("status", [1, 5, 0xFF])
def test_refused_credentials_are_a_proxy_error_without_them(status: int) -> None:
    done = attempt(USE_PASSWORD, bytes([1, status]), proxy=WITH_PASSWORD)

    assert str(done.error) == (
        "SOCKS5 proxy proxy.test, authentication: user name and password were refused "
        f"(0x{status:02x})."
    )
    assert done.stream.closes == 1


# -- What the proxy does not understand -----------------------------------------------------


@pytest.mark.parametrize(
    ("script", "step", "version"),
    [
        ((b"\x04\x00",), "method selection", 4),
        # Somebody else's port.
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), "method selection", 72),
        ((USE_PASSWORD, b"\x05\x00"), "authentication", 5),
        ((USE_PASSWORD, WELCOME, b"\x00\x5a"), "connect", 0),
    ],
)
def test_wrong_version_is_a_proxy_error(script: tuple[bytes, ...], step: str, version: int) -> None:
    done = attempt(*script, proxy=WITH_PASSWORD)

    assert type(done.error) is hookline.ProxyError
    assert f"{step}: its answer has the version {version}, not " in str(done.error)
    assert done.stream.closes == 1


@pytest.mark.parametrize("kind", [0, 2, 5, 0xFF])
def test_unknown_type_of_address_is_a_proxy_error(kind: int) -> None:
    done = attempt(NO_AUTH, bytes([5, 0, 0, kind]) + bytes(6))

    assert f"connect: its answer has an address of an unknown type (0x{kind:02x})" in str(
        done.error
    )


@pytest.mark.parametrize(
    ("script", "step"),
    [
        ((NO_AUTH + b"x",), "method selection"),
        # An answer to what was not asked yet is no answer.
        ((NO_AUTH + CONNECTED,), "method selection"),
        ((USE_PASSWORD + WELCOME,), "method selection"),
        ((USE_PASSWORD, WELCOME + b"x" * 100_000), "authentication"),
    ],
)
def test_bytes_behind_an_earlier_answer_are_a_proxy_error(
    script: tuple[bytes, ...], step: str
) -> None:
    done = attempt(*script, proxy=WITH_PASSWORD)

    assert type(done.error) is hookline.ProxyError
    assert f"{step}: it sent {len(script[-1]) - 2} bytes more than its answer has" in str(
        done.error
    )
    assert done.stream.sends == len(script)
    assert done.stream.closes == 1


DIALOGUE = [
    ("method selection", USE_PASSWORD),
    ("authentication", WELCOME),
    ("connect", b"\x05\x00\x00" + BOUND["name"] + b"\x12\x34"),
]
CUTS = [
    pytest.param(number, at, id=f"{step}-{at}")
    for number, (step, answer) in enumerate(DIALOGUE)
    for at in range(len(answer))
]


@pytest.mark.parametrize(("number", "at"), CUTS)
@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (b"", "it closed the connection before its answer was complete"),
        (hookline.ReadError("reset"), "the connection broke: reset"),
    ],
    ids=["closed", "broken"],
)
def test_answer_that_ends_early_is_a_proxy_error(
    number: int, at: int, end: bytes | Exception, reason: str
) -> None:
    step, answer = DIALOGUE[number]
    begun = [answer[:at]] if at else []
    whole = [answer for _, answer in DIALOGUE[:number]]
    done = attempt(*whole, *begun, end, proxy=WITH_PASSWORD)

    assert type(done.error) is hookline.ProxyError
    assert str(done.error) == f"SOCKS5 proxy proxy.test, {step}: {reason}."
    assert done.error.__cause__ is (None if end == b"" else end)
    assert done.stream.closes == 1


@pytest.mark.parametrize("number", range(3))
def test_connection_that_breaks_while_something_is_sent_is_a_proxy_error(number: int) -> None:
    failure = hookline.WriteError("reset")
    whole = [answer for _, answer in DIALOGUE[:number]]
    done = attempt(*whole, proxy=WITH_PASSWORD, write_errors={number: failure})

    assert type(done.error) is hookline.ProxyError
    assert f"{DIALOGUE[number][0]}: the connection broke: reset" in str(done.error)
    assert done.error.__cause__ is failure
    assert done.stream.closes == 1


# -- The deadline ---------------------------------------------------------------------------


class Countdown(Deadline):
    """A deadline without a clock: a second less each time that somebody asks, then it is over."""

    def __init__(self, seconds: int) -> None:
        super().__init__(None)
        self.left = float(seconds)

    def remaining(self) -> float | None:
        self.left -= 1
        return max(0.0, self.left)

    @property
    def has_expired(self) -> bool:
        return self.left <= 0


def test_every_wait_takes_what_is_left_of_one_deadline() -> None:
    stream = FakeStream(USE_PASSWORD, b"\x01", b"\x00", CONNECTED)
    stream.is_slow = True
    connector = SOCKS5Connector(WITH_PASSWORD)
    drive(connector.connect(Origin("http", "example.org", 80), FakeNetwork(stream), Countdown(100)))

    assert stream.timeouts == [
        ("send", 99), ("receive", 98),
        ("send", 97), ("receive", 96), ("receive", 95),
        ("send", 94), ("receive", 93),
    ]  # fmt: skip


@pytest.mark.parametrize(("number", "at"), CUTS)
def test_answer_that_does_not_come_in_time_is_a_connect_timeout(number: int, at: int) -> None:
    step, answer = DIALOGUE[number]
    begun = [answer[:at]] if at else []
    whole = [answer for _, answer in DIALOGUE[:number]]
    late = hookline.ReadTimeout("late")
    done = attempt(*whole, *begun, late, proxy=WITH_PASSWORD)

    assert type(done.error) is hookline.ConnectTimeout
    assert str(done.error) == f"SOCKS5 proxy proxy.test, {step}: no answer in time."
    assert done.error.__cause__ is late
    assert done.stream.closes == 1


@pytest.mark.parametrize("number", range(3))
def test_question_that_the_proxy_does_not_take_in_time_is_a_connect_timeout(number: int) -> None:
    whole = [answer for _, answer in DIALOGUE[:number]]
    late = hookline.WriteTimeout("late")
    done = attempt(*whole, proxy=WITH_PASSWORD, write_errors={number: late})

    assert type(done.error) is hookline.ConnectTimeout
    assert DIALOGUE[number][0] in str(done.error)
    assert done.stream.closes == 1


def test_proxy_that_drips_does_not_outlast_the_deadline() -> None:
    longest = b"\x05\x00\x00" + BOUND["longest name"] + b"\x12\x34"
    drops = [longest[at : at + 1] for at in range(len(longest))]
    done = attempt(NO_AUTH, *drops, deadline=Countdown(50))

    assert type(done.error) is hookline.ConnectTimeout
    assert done.stream.receives < 50
    assert done.stream.closes == 1


# -- Anything at all ------------------------------------------------------------------------


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=6), st.booleans())
@example([b"\x05\x00", b"\x05\x00\x00\x03\x00\x00\x00"], False)
@example([b"\x05\x00", b"\x05\x00\x00\x03\xff"], False)
def test_whatever_the_proxy_says_only_proxy_errors_come_of_it(
    said: list[bytes], has_credentials: bool
) -> None:
    proxy: Any = WITH_PASSWORD if has_credentials else "socks5h://proxy.test"
    done = attempt(*said, b"", proxy=proxy)

    if isinstance(done.result, BaseException):
        assert type(done.result) is hookline.ProxyError
        assert PASSWORD not in str(done.result)
    assert done.stream.closes == isinstance(done.result, BaseException)


# Mostly right, so that the last answer is reached.
plausible = st.tuples(
    st.sampled_from([NO_AUTH, USE_PASSWORD, b"\x05\xff"]),
    st.sampled_from([WELCOME, b"\x01\x01", CONNECTED]),
    st.builds(
        lambda code, reserved, bound, rest: bytes([5, code, reserved]) + bound + rest,
        st.sampled_from([0, 0, 0, 1, 9]),
        st.integers(0, 255),
        st.sampled_from([*BOUND.values(), b"\x00", b"\x02"]),
        st.binary(max_size=30),
    ),
)


@given(plausible, st.booleans())
def test_almost_right_answers_end_in_a_stream_or_a_proxy_error(
    answers: tuple[bytes, bytes, bytes], has_credentials: bool
) -> None:
    proxy: Any = WITH_PASSWORD if has_credentials else "socks5h://proxy.test"
    done = attempt(*answers, b"", proxy=proxy)

    if isinstance(done.result, BaseException):
        assert type(done.result) is hookline.ProxyError
    assert done.stream.closes == isinstance(done.result, BaseException)


@given(st.sampled_from(list(BOUND.values())), st.binary(max_size=40), st.lists(st.integers(1, 300)))
def test_however_an_answer_is_split_nothing_of_the_origin_is_lost(
    bound: bytes, origin: bytes, cuts: list[int]
) -> None:
    whole = b"\x05\x00\x00" + bound + b"\x12\x34" + origin
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[start:end] for start, end in pairwise(edges)]
    done = attempt(NO_AUTH, *pieces, b"")

    assert not isinstance(done.result, BaseException), done.result
    received = b""
    while piece := drive(done.result.receive(None)):
        received += piece
    assert received == origin
