"""Whatever a server sends, nothing but hookline's exceptions comes of it.

The connection speaks over a stream in memory that hands out what hypothesis makes, cut as it likes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hookline
from hookline._backends.sync import SyncBackend
from hookline._drive import drive
from hookline.plugins import NetworkStream
from hookline.plugins.interfaces import Buffer
from hookline_http2 import HTTP2
from support.http2 import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    raw_frame,
)

from .conftest import ENGINES

TIMEOUT: Any = {"connect": 1.0, "read": 1.0, "write": 1.0, "pool": 1.0}


class Tape(NetworkStream):
    """What a server says, whoever asks; then the end. Takes anything."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = [piece for piece in pieces if piece]
        self.is_closed = False
        self.written = 0

    async def receive(self, timeout: float | None) -> bytes:
        if self.is_closed or not self.pieces:
            return b""
        return self.pieces.pop(0)

    def write(self, data: Buffer) -> bool:
        self.written += len(data)
        return True

    def close(self) -> None:
        self.is_closed = True

    def has_input(self) -> bool:
        return True


def converse(engine: str, pieces: Sequence[bytes]) -> list[str]:
    """Make three requests of a server that says this; what came of each, as far as engines have to
    agree on it."""
    tape = Tape(pieces)
    connection = HTTP2.configure(engine=engine)(tape)
    connection.network = SyncBackend()
    connection.on_release = connection.on_abandon = connection.on_capacity = lambda: None
    outcomes = []
    for number, content in enumerate([b"", b"abc", b""]):
        request = hookline.Request("POST", f"http://host/{number}", content=content)
        try:
            response = drive(connection.exchange(request, content, TIMEOUT))
            outcomes.append(f"{response.status_code} {len(response.read())}")
        except hookline.TransportError as exc:
            assert str(exc)  # noqa: PT017
            outcomes.append("error")
    # What the client has to say to all that is in proportion to it.
    assert tape.written < 20_000 + 50 * sum(map(len, pieces))
    return outcomes


HELLO = raw_frame(SETTINGS, 0, 0) + raw_frame(SETTINGS, ACK, 0)

encoder = hpack.Encoder()
BLOCKS = [
    encoder.encode(fields)
    for fields in (
        [(":status", "200")],
        [(":status", "200"), ("content-length", "3")],
        [(":status", "103"), ("link", "</a>")],
        [(":status", "304")],
        [(":status", "2x0")],
        [("x-trailer", "1")],
        [("X-Upper", "1")],
        [(":path", "/")],
    )
]

numbers = st.sampled_from([0, 1, 2, 3, 5, 7, 2**31 - 1, 2**31 + 1])
flags = st.sampled_from([0, END_STREAM, END_HEADERS, END_STREAM | END_HEADERS, PADDED, 0x20, 0xFF])
words = st.integers(0, 2**32 - 1) | st.sampled_from([0, 1, 65_535, 2**31 - 1])


def packed(layout: str, *values: Any) -> Any:
    return st.tuples(*values).map(lambda those: struct.pack(layout, *those))


payloads = {
    DATA: st.binary(max_size=40),
    HEADERS: st.sampled_from(BLOCKS) | st.binary(max_size=20),
    PRIORITY: st.binary(min_size=4, max_size=6),
    RST_STREAM: packed(">I", words),
    SETTINGS: st.lists(packed(">HI", st.integers(0, 9), words), max_size=3).map(b"".join),
    PUSH_PROMISE: packed(">I", words),
    PING: st.binary(min_size=7, max_size=8),
    GOAWAY: packed(">II", words, words) | st.binary(max_size=10),
    WINDOW_UPDATE: packed(">I", words),
    CONTINUATION: st.sampled_from(BLOCKS) | st.binary(max_size=20),
    10: st.binary(max_size=10),
    0x42: st.binary(max_size=10),
}


@st.composite
def any_frame(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(sorted(payloads)))
    return raw_frame(kind, draw(flags), draw(numbers), draw(payloads[kind]))


@st.composite
def good_frame(draw: st.DrawFn) -> bytes:
    """One that could be part of a decent conversation."""
    number = draw(st.sampled_from([1, 3, 5]))
    kind = draw(st.sampled_from([HEADERS, HEADERS, DATA, DATA, WINDOW_UPDATE, PING]))
    if kind == HEADERS:
        block = draw(st.sampled_from(BLOCKS[:3]))
        return raw_frame(
            HEADERS, END_HEADERS | draw(st.sampled_from([0, END_STREAM])), number, block
        )
    if kind == DATA:
        return raw_frame(DATA, draw(st.sampled_from([0, END_STREAM])), number, b"abc")
    if kind == PING:
        return raw_frame(PING, 0, 0, bytes(8))
    return raw_frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 100))


@st.composite
def cut(draw: st.DrawFn, whole: Any) -> list[bytes]:
    """Something, in the pieces in which it may arrive."""
    data = draw(whole)
    places = sorted(draw(st.sets(st.integers(0, len(data)), max_size=4)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A decent conversation in which a few bytes are not what they should be."""
    data = bytearray(b"".join(draw(st.lists(good_frame(), min_size=1, max_size=8))))
    for place in draw(st.sets(st.integers(0, len(data) - 1), min_size=1, max_size=3)):
        data[place] = draw(st.integers(0, 255))
    return bytes(data)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=100, deadline=None, derandomize=True)
@given(pieces=cut(st.binary(max_size=200)))
def test_any_bytes_are_a_transport_error_or_a_response(engine: str, pieces: list[bytes]) -> None:
    converse(engine, pieces)
    converse(engine, [HELLO, *pieces])


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=120, deadline=None, derandomize=True)
@given(pieces=cut(st.lists(any_frame(), max_size=8).map(b"".join)))
def test_any_frames_are_a_transport_error_or_a_response(engine: str, pieces: list[bytes]) -> None:
    converse(engine, [HELLO, *pieces])


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=120, deadline=None, derandomize=True)
@given(pieces=cut(mutated()))
def test_any_slips_are_a_transport_error_or_a_response(engine: str, pieces: list[bytes]) -> None:
    converse(engine, [HELLO, *pieces])


@settings(max_examples=120, deadline=None, derandomize=True)
@given(frames=st.lists(good_frame(), max_size=10))
def test_h2_and_its_like_make_the_same_of_frames(frames: list[bytes]) -> None:
    assert converse("h2", [HELLO, *frames]) == converse("jh2", [HELLO, *frames])
