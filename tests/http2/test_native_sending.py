"""What our own engine sends, against h2 as a server: it is accepted, and means what was meant."""

from __future__ import annotations

from typing import Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline import LocalProtocolError
from hookline_http2._codec import MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE, Fields
from hookline_http2._native import NativeCodec
from support.http2_frames import (
    CANCEL,
    CONTINUATION,
    DATA,
    FRAME_SIZE,
    GOAWAY,
    HEADERS,
    LIST_SIZE,
    MAX_STREAMS,
    NO_ERROR,
    PREFACE,
    PUSH,
    SETTINGS,
    WINDOW,
    WINDOW_UPDATE,
    Engine,
    data,
    goaway,
    headers,
    request,
    started,
    window_update,
)
from support.http2_frames import settings as settings_frame

CODES = h2.settings.SettingCodes


class Server:
    """h2, which checks everything that it gets, and what it has seen."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=False, header_encoding=None, normalize_inbound_headers=False
            )
        )
        self.h2.initiate_connection()
        self.requests: dict[int, Fields] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.resets: dict[int, int] = {}
        self.windows: list[tuple[int, int]] = []
        self.goodbye: int | None = None

    def talk(self) -> None:
        """Both hear what the other has said, until there is nothing more to say."""
        while True:
            output = self.engine.codec.take_output()
            for event in self.h2.receive_data(output):
                self._note(event)
            answer = self.h2.data_to_send()
            if not output and not answer:
                return
            self.engine.feed(answer)
            assert self.engine.error is None

    def _note(self, event: Any) -> None:
        events = h2.events
        if isinstance(event, events.RequestReceived):
            self.requests[event.stream_id] = [(name, value) for name, value in event.headers]
            self.bodies[event.stream_id] = b""
        elif isinstance(event, events.DataReceived):
            self.bodies[event.stream_id] += event.data
        elif isinstance(event, events.StreamEnded):
            self.ended.add(event.stream_id)
        elif isinstance(event, events.StreamReset):
            self.resets[event.stream_id] = int(event.error_code)
        elif isinstance(event, events.WindowUpdated):
            self.windows.append((event.stream_id or 0, event.delta))
        elif isinstance(event, events.ConnectionTerminated):
            self.goodbye = int(event.error_code)


def connected(**options: int) -> tuple[Engine, Server]:
    engine = Engine(**options)
    server = Server(engine)
    server.talk()
    return engine, server


def test_hello_is_the_preface_settings_and_the_connections_window() -> None:
    engine = Engine(window=70_000, connection_window=1_000_000)
    output = engine.codec.take_output()
    assert output.startswith(PREFACE)

    second = Engine(window=70_000, connection_window=1_000_000)
    hello, window = second.sent()
    assert (hello.type, window.type) == (SETTINGS, WINDOW_UPDATE)
    assert hello.settings == {
        PUSH: 0,
        WINDOW: 70_000,
        FRAME_SIZE: MAX_FRAME_SIZE,
        LIST_SIZE: MAX_HEADER_LIST_SIZE,
    }
    assert (window.stream_id, window.window_increment) == (0, 1_000_000 - 65_535)


def test_a_connection_window_that_is_the_usual_one_is_not_grown() -> None:
    (hello,) = Engine(connection_window=65_535).sent()

    assert hello.type == SETTINGS


def test_requests_bodies_resets_and_windows_arrive() -> None:
    engine, server = connected()
    first = engine.open(user_agent=b"test")
    second = engine.open(b"POST", end=False, content_length=b"6")
    engine.codec.send_data(second, b"abc", is_end=False)
    engine.codec.send_data(second, memoryview(b"xdefx")[1:4], is_end=True)
    third = engine.open(b"PUT", end=False)
    engine.codec.send_data(third, b"", is_end=True)
    fourth = engine.open()
    engine.codec.grow_window(0, 10)
    engine.codec.grow_window(first, 20)
    engine.codec.reset(fourth, CANCEL)
    engine.codec.say_goodbye(NO_ERROR)
    engine.codec.say_goodbye(NO_ERROR)
    server.talk()

    assert server.requests == {
        first: request(user_agent=b"test"),
        second: request(b"POST", content_length=b"6"),
        third: request(b"PUT"),
        fourth: request(),
    }
    assert server.bodies == {first: b"", second: b"abcdef", third: b"", fourth: b""}
    assert server.ended == {first, second, third, fourth}
    assert server.resets == {fourth: CANCEL}
    assert server.windows[-2:] == [(0, 10), (first, 20)]
    assert server.goodbye == NO_ERROR


def test_bodies_and_heads_are_cut_to_the_servers_frame_size() -> None:
    engine = started()
    engine.feed(settings_frame((FRAME_SIZE, 20_000), (WINDOW, 100_000)), window_update(0, 50_000))
    engine.codec.take_output()
    stream = engine.open(b"POST", end=False, x_long=b"x" * 50_000)
    engine.codec.send_data(stream, bytes(45_000), is_end=True)

    frames = engine.sent()

    assert [(found.type, found.body_len) for found in frames[:2]] == [
        (HEADERS, 20_000),
        (CONTINUATION, 20_000),
    ]
    assert [found.body_len for found in frames if found.type == DATA] == [20_000, 20_000, 5_000]
    assert [sorted(found.flags) for found in frames] == [
        [],
        [],
        ["END_HEADERS"],
        [],
        [],
        ["END_STREAM"],
    ]


def test_a_head_that_fills_frames_exactly_has_no_empty_one() -> None:
    engine = started()
    probe = engine.open(x_long=b"x" * 20_000)
    size = sum(found.body_len for found in engine.sent() if found.stream_id == probe)
    engine = started()

    engine.open(x_long=b"x" * (20_000 + 2 * 16_384 - size))

    assert [(found.body_len, found.flags) for found in engine.sent()] == [
        (16_384, {"END_STREAM"}),
        (16_384, {"END_HEADERS"}),
    ]


def test_many_requests_with_a_head_in_several_frames_are_understood() -> None:
    engine, server = connected()
    streams = [engine.open(x_long=b"x" * 50_000, x_n=b"%d" % n) for n in range(5)]
    server.talk()

    assert [server.requests[stream] for stream in streams] == [
        request(x_long=b"x" * 50_000, x_n=b"%d" % n) for n in range(5)
    ]


# -- Room -------------------------------------------------------------------------------------


def test_room_is_the_smaller_of_both_windows() -> None:
    engine = started()
    stream, other = engine.open(b"POST", end=False), engine.open(b"POST", end=False)
    assert engine.codec.room(stream) == 65_535

    engine.codec.send_data(stream, bytes(65_000), is_end=False)
    assert (engine.codec.room(stream), engine.codec.room(other)) == (535, 535)
    engine.feed(window_update(0, 100_000))
    assert (engine.codec.room(stream), engine.codec.room(other)) == (535, 65_535)
    engine.feed(window_update(stream, 5))
    assert engine.codec.room(stream) == 540


def test_a_smaller_initial_window_counts_for_streams_that_are_open_already() -> None:
    engine = started()
    stream = engine.open(b"POST", end=False)
    engine.codec.send_data(stream, bytes(100), is_end=False)

    engine.feed(settings_frame((WINDOW, 60)))
    assert engine.codec.room(stream) == 0
    engine.feed(window_update(stream, 40))
    assert engine.codec.room(stream) == 0
    engine.feed(window_update(stream, 1))
    assert engine.codec.room(stream) == 1
    assert engine.codec.room(engine.open(b"POST", end=False)) == 60
    engine.feed(settings_frame((WINDOW, 70)))
    assert engine.codec.room(stream) == 11


def test_there_is_no_room_on_a_stream_that_is_over() -> None:
    engine = started()
    sent, reset, unknown = engine.open(), engine.open(b"POST", end=False), 99
    engine.codec.reset(reset, CANCEL)

    for stream in (sent, reset, unknown):
        assert engine.codec.room(stream) == 0
        with pytest.raises(LocalProtocolError, match=f"stream {stream}: it is over"):
            engine.codec.send_data(stream, b"", is_end=True)


def test_more_than_there_is_room_for_is_not_sent() -> None:
    engine = started()
    stream = engine.open(b"POST", end=False)
    engine.codec.take_output()

    with pytest.raises(LocalProtocolError, match="65536 bytes cannot be sent on stream 1"):
        engine.codec.send_data(stream, bytes(65_536), is_end=False)

    assert engine.codec.take_output() == b""
    assert engine.codec.room(stream) == 65_535


def test_nothing_is_sent_for_nothing() -> None:
    engine = started()
    stream = engine.open(b"POST", end=False)
    engine.codec.take_output()

    engine.codec.send_data(stream, b"", is_end=False)

    assert engine.codec.take_output() == b""


@pytest.mark.parametrize("increment", [0, -1, 2**31 - 1])
def test_a_window_that_cannot_grow_is_left_alone(increment: int) -> None:
    engine = started()
    stream = engine.open()
    engine.codec.take_output()

    for number in (0, stream, stream + 2):
        engine.codec.grow_window(number, increment)

    assert engine.codec.take_output() == b""


def test_the_window_of_a_stream_that_the_server_has_ended_is_left_alone() -> None:
    engine = started()
    stream = engine.open(b"POST", end=False)
    engine.feed(headers(stream, end=True))
    engine.codec.take_output()

    engine.codec.grow_window(stream, 10)

    assert engine.codec.take_output() == b""


def test_what_was_granted_may_be_used() -> None:
    engine = started()
    stream = engine.open()
    engine.feed(headers(stream), data(stream, bytes(60_000)))
    engine.codec.grow_window(stream, 60_000)
    engine.codec.grow_window(0, 60_000)

    engine.feed(data(stream, bytes(60_000)))

    assert engine.error is None


# -- Streams that cannot be opened ------------------------------------------------------------


def test_no_more_streams_are_opened_than_the_server_takes() -> None:
    engine = started()
    engine.feed(settings_frame((MAX_STREAMS, 2)))
    first, second = engine.open(), engine.open(b"POST", end=False)
    engine.codec.take_output()

    with pytest.raises(LocalProtocolError, match="the server takes 2 at once"):
        engine.open()
    assert engine.codec.take_output() == b""

    engine.feed(headers(first, end=True))
    assert engine.open() == 5
    # A stream counts until both sides have finished with it.
    engine.feed(headers(second, end=True))
    with pytest.raises(LocalProtocolError):
        engine.open()
    engine.codec.send_data(second, b"", is_end=True)
    assert engine.open() == 7


def test_no_stream_is_opened_on_a_connection_that_is_being_closed() -> None:
    engine = started()
    engine.feed(goaway(2**31 - 1))
    with pytest.raises(LocalProtocolError, match="being closed"):
        engine.open()

    engine = started()
    engine.codec.say_goodbye(NO_ERROR)
    with pytest.raises(LocalProtocolError, match="being closed"):
        engine.open()
    assert [found.type for found in engine.sent()] == [GOAWAY]


def test_the_numbers_of_streams_run_out() -> None:
    engine = started()
    assert isinstance(engine.codec, NativeCodec)
    engine.codec._last_id = 2**31 - 3

    assert engine.open() == 2**31 - 1
    with pytest.raises(LocalProtocolError, match="no numbers left"):
        engine.open()


def test_uploads_go_on_after_a_goaway() -> None:
    engine = started()
    taken, refused = engine.open(b"POST", end=False), engine.open(b"POST", end=False)
    engine.feed(goaway(taken))

    assert (engine.codec.room(taken), engine.codec.room(refused)) == (65_535, 0)
    engine.codec.send_data(taken, b"x", is_end=True)


# -- Many of them -----------------------------------------------------------------------------

NAMES = [b"accept", b"cookie", b"authorization", b"x-a", b"x-b", b"x-request-id", b"content-type"]
EXTRA = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.one_of(
            st.sampled_from([b"a", b"text/html", b"s=" + b"c" * 30, b"x" * 500]),
            st.integers(0, 10**6).map(lambda number: b"%d" % number),
        ),
    ),
    max_size=5,
)
STEPS = st.one_of(
    st.tuples(st.just("open"), EXTRA, st.booleans()),
    st.tuples(st.just("open"), EXTRA, st.booleans()),
    st.tuples(st.just("send"), st.integers(0, 50), st.integers(0, 30_000), st.booleans()),
    st.tuples(st.just("reset"), st.integers(0, 50)),
    st.tuples(st.just("grow"), st.integers(0, 50), st.integers(1, 10_000)),
    st.tuples(
        st.just("settings"),
        st.sampled_from(
            [
                {CODES.HEADER_TABLE_SIZE: 0},
                {CODES.HEADER_TABLE_SIZE: 64},
                {CODES.HEADER_TABLE_SIZE: 200},
                {CODES.HEADER_TABLE_SIZE: 4096},
                {CODES.HEADER_TABLE_SIZE: 65_536},
                {CODES.INITIAL_WINDOW_SIZE: 0},
                {CODES.INITIAL_WINDOW_SIZE: 1000},
                {CODES.INITIAL_WINDOW_SIZE: 100_000},
                {CODES.MAX_FRAME_SIZE: 40_000},
            ]
        ),
    ),
    st.tuples(st.just("window"), st.integers(0, 50), st.integers(1, 100_000)),
    st.tuples(st.just("answer"), st.integers(0, 50), st.booleans()),
    st.just(("talk",)),
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(STEPS, max_size=60))
def test_whatever_is_sent_is_accepted_and_means_what_was_meant(steps: list[Any]) -> None:
    engine, server = connected()
    codec = engine.codec
    requests: dict[int, Fields] = {}
    bodies: dict[int, bytes] = {}
    resets: set[int] = set()
    ids: list[int] = []
    for step in steps:
        what, *arguments = step
        stream_id = 0
        if arguments and isinstance(arguments[0], int) and ids:
            stream_id = ids[arguments[0] % len(ids)]
        if what == "open":
            fields = [*request(b"POST"), *arguments[0]]
            try:
                stream_id = codec.open_stream(fields, is_end=arguments[1])
            except LocalProtocolError:
                continue
            ids.append(stream_id)
            requests[stream_id] = fields
            bodies[stream_id] = b""
        elif what == "send":
            room = codec.room(stream_id)
            if not room:
                # Where a window is negative, h2 takes not even an empty frame.
                continue
            piece = bytes(min(room, arguments[1]))
            codec.send_data(stream_id, piece, is_end=arguments[2])
            bodies[stream_id] += piece
        elif what == "reset":
            codec.reset(stream_id, CANCEL)
            resets.add(stream_id)
        elif what == "grow":
            codec.grow_window(stream_id, arguments[1])
        elif what == "settings":
            server.talk()
            server.h2.update_settings(arguments[0])
            server.talk()
        elif what == "window":
            server.h2.increment_flow_control_window(arguments[1])
        elif what == "answer":
            server.talk()
            if stream_id in server.requests and stream_id not in resets:
                resets.add(stream_id)
                server.h2.send_headers(stream_id, [(":status", "200")], end_stream=arguments[1])
                if not arguments[1]:
                    server.h2.reset_stream(stream_id)
                server.talk()
        else:
            server.talk()
    server.talk()

    assert server.requests == requests
    assert server.bodies == bodies
