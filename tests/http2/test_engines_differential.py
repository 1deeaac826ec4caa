"""Our own engine and h2 side by side: the same frames must mean the same to both.

Scripts of frames, right and wrong, that hypothesis makes; `support/http2_differential.py` compares.
That it does not matter how input is cut is shown on ours alone, with the same frames.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from hookline import LocalProtocolError
from support.http2_differential import (
    CONNECTION_WINDOW,
    DEVIATIONS,
    WINDOW,
    Both,
    merged,
    run,
)
from support.http2_frames import (
    ACK,
    CANCEL,
    CONTINUATION,
    DATA,
    END_HEADERS,
    HAS_PRIORITY,
    OK,
    PADDED,
    PING,
    PUSH_PROMISE,
    Engine,
    block,
    data,
    frame,
    goaway,
    headers,
    request,
    rst_stream,
    window_update,
)
from support.http2_frames import (
    settings as settings_frame,
)
from support.http2_scripts import SCRIPTS, Action, Cancelled, Opened, Sent, Server

GET, POST, HEAD = Opened(b"GET", True), Opened(b"POST", False), Opened(b"HEAD", True)
SETTINGS_FIRST = settings_frame()
LENGTH = (b"content-length", b"5")
LARGEST = 2**31 - 1
DEPENDENT = headers(1, b"\0\0\0\1\0" + block(OK), END_HEADERS | HAS_PRIORITY)

# One for each deviation: requests and frames that lead to it, and to nothing else.
SHOWN: dict[str, list[Opened | bytes]] = {
    "the first frame must be SETTINGS": [frame(PING, 0, 0, bytes(8))],
    "a malformed message ends its stream, not the connection": [
        SETTINGS_FIRST, GET, headers(1, [*OK, (b"Upper", b"a")])
    ],
    "a message is too short or too long, where h2 does not count": [
        SETTINGS_FIRST, GET, headers(1, [*OK, LENGTH], end=True)
    ],
    "there is no content with these statuses": [
        SETTINGS_FIRST, GET, headers(1, [(b":status", b"204")]), data(1, b"x")
    ],
    "nor does it miss any that a length has promised": [
        SETTINGS_FIRST, GET, headers(1, [(b":status", b"304"), LENGTH]), data(1, end=True)
    ],
    "a tunnel has no length": [
        SETTINGS_FIRST, Opened(b"CONNECT", False), headers(1, [*OK, LENGTH]), data(1, b"123456")
    ],
    "h2 looks at a status no closer": [SETTINGS_FIRST, GET, headers(1, [(b":status", b"101")])],
    "h2 does not look at the length of a response to HEAD": [
        SETTINGS_FIRST, HEAD, headers(1, [*OK, (b"content-length", b"x")])
    ],
    "too much DATA on a stream ends that": [
        SETTINGS_FIRST, GET, headers(1), data(1, bytes(60_000)), data(1, bytes(6_000))
    ],
    "WINDOW_UPDATE by nothing ends a stream, if there is one": [
        SETTINGS_FIRST, POST, window_update(1, 0)
    ],
    "the reserved bit of WINDOW_UPDATE is ignored": [
        SETTINGS_FIRST, POST, window_update(1, 1 << 31 | 5)
    ],
    "the reserved bit of GOAWAY is ignored": [SETTINGS_FIRST, POST, goaway(1 << 31 | 5)],
    "a broken header block is a compression error": [SETTINGS_FIRST, GET, headers(1, b"\xbe")],
    "an acknowledgement with settings is of a wrong size": [
        SETTINGS_FIRST, settings_frame((1, 1), flags=ACK)
    ],
    "every setting counts, not the last of its name": [
        SETTINGS_FIRST, settings_frame((2, 1), (2, 0))
    ],
    "settings count in the order in which they come": [
        SETTINGS_FIRST,
        POST,
        window_update(1, LARGEST - 65_535),
        settings_frame((4, LARGEST), (5, 0)),
    ],
    "a stream that is over has no window": [
        SETTINGS_FIRST, POST, window_update(1, 100), rst_stream(1), settings_frame((4, LARGEST))
    ],
    "the connection's window is the handler's business, for late DATA, too": [
        SETTINGS_FIRST,
        GET,
        GET,
        headers(1, end=True),
        data(1, bytes(65_000)),
        data(1, bytes(60_000)),
        headers(3),
        data(3, bytes(60_000)),
    ],
    "a server does not open streams": [SETTINGS_FIRST, headers(2, request())],
    "a frame of a wrong size on a wrong stream is wrong twice": [
        SETTINGS_FIRST, GET, frame(DATA, PADDED, 0)
    ],
    "HEADERS must not depend on themselves, whatever becomes of them": [
        SETTINGS_FIRST, GET, headers(1, end=True), DEPENDENT
    ],
    "HEADERS after the end are just that, 1xx included": [
        SETTINGS_FIRST, GET, headers(1, end=True), headers(1, [(b":status", b"103")])
    ],
    "late HEADERS are ignored, 1xx included": [
        SETTINGS_FIRST, GET, rst_stream(1), headers(1, [(b":status", b"103")])
    ],
    "a stream that was never opened cannot be reset": [SETTINGS_FIRST, GET, rst_stream(77)],
    "an idle stream shows before the rest of its header block": [
        SETTINGS_FIRST, GET, headers(77, flags=0)
    ],
    "a push shows before the rest of its header block, and before its padding": [
        SETTINGS_FIRST, GET, frame(PUSH_PROMISE, 0, 1, b"\0\0\0\2")
    ],
    "whatever interrupts a header block, its own mistakes do not matter": [
        SETTINGS_FIRST, GET, headers(1, flags=0), frame(PING, 0, 0)
    ],
    "CONTINUATION of nothing ends the connection, whatever its stream": [
        SETTINGS_FIRST, GET, rst_stream(1), GET, frame(CONTINUATION, END_HEADERS, 1)
    ],
    "a header block that does not end is excessive": [
        SETTINGS_FIRST, GET, headers(1, b"", 0), *[frame(CONTINUATION, 0, 1)] * 64
    ],
    "padding must not reach into a priority": [
        SETTINGS_FIRST, GET, headers(1, b"\1" + bytes(5), PADDED | HAS_PRIORITY)
    ],
    "late DATA is reported, for the connection's window": [
        SETTINGS_FIRST, GET, rst_stream(1), data(1, b"x")
    ],
    "what a server does not take, it does not answer": [
        SETTINGS_FIRST, GET, GET, goaway(1), headers(3)
    ],
    "GOAWAY is not the end, before a request, either": [
        SETTINGS_FIRST, goaway(0), window_update(0, 1)
    ],
    "so is DATA that is refused": [SETTINGS_FIRST, POST, headers(1, end=True), data(1, b"x")],
}  # fmt: skip


@pytest.mark.parametrize("name", DEVIATIONS)
def test_the_engines_differ_where_the_list_says_so(name: str) -> None:
    both = Both()
    for step in SHOWN[name]:
        if isinstance(step, Opened):
            both.open(step.method, end=step.end)
        else:
            both.feed(step)

    assert both.deviations[-1:] == [name]
    assert {*both.deviations[:-1]} <= {"late DATA is reported, for the connection's window"}


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(SCRIPTS)
def test_frames_mean_the_same(script: list[Action]) -> None:
    both = Both()
    run(script, both)
    for name in both.deviations:
        event(name)


Cut = Callable[[bytes], list[bytes]]


def trace(script: list[Action], how: Cut) -> list[Any]:
    """What ours tells and sends, action by action, with its input cut in some way."""
    server = Server()
    engine = Engine(window=WINDOW, connection_window=CONNECTION_WINDOW)
    engine.feed(settings_frame())
    found: list[Any] = []
    methods: dict[int, bytes] = {}
    ids: list[int] = []
    for action in script:
        try:
            if isinstance(action, Opened):
                ids.append(engine.open(action.method, end=action.end))
                methods[ids[-1]] = action.method
            elif isinstance(action, Sent):
                stream_id = ids[action.place % len(ids)]
                size = min(action.size, engine.codec.room(stream_id))
                engine.codec.send_data(stream_id, bytes(size), is_end=action.end)
            elif isinstance(action, Cancelled):
                engine.codec.reset(ids[action.place % len(ids)], CANCEL)
            else:
                events = engine.feed(*how(server.output_of(action, ids, methods)))
                found.append(merged(events))
        except LocalProtocolError as exc:
            found.append(str(exc))
        found.append(engine.codec.take_output())
        if engine.error is not None:
            found.append(engine.error)
            break
    return found


def one_by_one(output: bytes) -> list[bytes]:
    # Of what is long, all but the beginning and the end comes at once.
    edge = 400
    middle = [output[edge:-edge]] if len(output) > 2 * edge else []
    first = output[:edge] if middle else output
    last = output[-edge:] if middle else b""
    return [*(bytes([b]) for b in first), *middle, *(bytes([b]) for b in last)]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(SCRIPTS, st.integers(1, 300))
def test_it_does_not_matter_how_input_is_cut(script: list[Action], size: int) -> None:
    whole = trace(script, lambda output: [output])

    assert trace(script, one_by_one) == whole
    assert trace(script, lambda output: [output[:size], output[size:]]) == whole
    assert (
        trace(script, lambda output: [output[i : i + size] for i in range(0, len(output), size)])
        == whole
    )


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=4), st.booleans())
def test_bytes_of_any_kind_are_understood_or_refused(
    noise: bytes, cuts: list[int], has_begun: bool
) -> None:
    engine = Engine()
    if has_begun:
        engine.feed(settings_frame())
    engine.open()
    edges = sorted({0, len(noise), *[position for position in cuts if position < len(noise)]})

    # Nothing else is ever raised.
    engine.feed(*[noise[start:end] for start, end in pairwise(edges)])

    assert engine.error is None or engine.sent()[-1].error_code == engine.error
