"""Our own engine and h2 side by side: the same frames must mean the same to both.

A server's frames, right and wrong, go to both, one at a time, since h2 keeps to itself what came
before a broken frame in the same input. They must tell the same events, or end the connection with
the same error. Where ours differs, the difference is among `DEVIATIONS`, with the section that says
why, and any other fails.

That it does not matter how input is cut is shown on ours alone, with the same frames.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from hookline import LocalProtocolError
from support.http2_frames import (
    ACK,
    CANCEL,
    COMPRESSION_ERROR,
    CONTINUATION,
    DATA,
    END_HEADERS,
    ENHANCE_YOUR_CALM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    GOAWAY,
    HAS_PRIORITY,
    HEADERS,
    OK,
    PADDED,
    PING,
    PROTOCOL_ERROR,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    STREAM_CLOSED,
    WINDOW_UPDATE,
    Engine,
    block,
    cut,
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

WINDOW = 65_535
CONNECTION_WINDOW = 130_000

Event = tuple[Any, ...]


class Step(NamedTuple):
    """What one frame led to, and what is to be known of it."""

    kind: int
    flags: int
    stream_id: int
    payload: bytes
    theirs: list[Event]
    ours: list[Event]
    # The code of a connection error.
    their_error: int | None
    our_error: int | None
    # Which streams are over, and whether DATA has come for any of them.
    over: set[int]
    has_late_data: bool
    # Whether CONTINUATION had to come, or SETTINGS.
    is_in_block: bool
    is_first: bool
    # Whether the client never opened this stream, and the last one that the server takes.
    is_idle: bool
    last_taken: int
    # What ours says about a message that it refuses, and the method and status that it was for.
    flaw: str
    method: bytes
    status: bytes

    @property
    def parent(self) -> int:
        """The stream that HEADERS depend on."""
        start = 1 if self.flags & PADDED else 0
        return int.from_bytes(self.payload[start : start + 4]) & 0x7FFFFFFF

    @property
    def our_resets(self) -> list[int]:
        """The codes with which ours has reset the frame's stream."""
        return [
            found[2] for found in self.ours if found[:2] == ("reset", self.stream_id) and found[3]
        ]


class Deviation(NamedTuple):
    """Where ours may differ from h2, and whether the two may go on together after that."""

    section: str
    holds: Callable[[Step], bool]
    goes_on: bool = False


def without(events: list[Event], *dropped: Event) -> list[Event]:
    return [found for found in events if found not in dropped]


def ends_otherwise(step: Step, theirs: int | None, ours: int | None) -> bool:
    return (step.their_error, step.our_error) == (theirs, ours)


def is_stream_error(step: Step, theirs: int | None, ours: int) -> bool:
    return step.their_error == theirs and step.our_error is None and step.our_resets == [ours]


DEVIATIONS = {
    "the first frame must be SETTINGS": Deviation(
        "RFC 9113 section 3.4",
        lambda step: step.is_first and step.our_error == PROTOCOL_ERROR,
    ),
    "a malformed message ends its stream, not the connection": Deviation(
        "RFC 9113 section 8.1.1",
        lambda step: (
            step.kind in (HEADERS, CONTINUATION, DATA)
            and is_stream_error(step, PROTOCOL_ERROR, PROTOCOL_ERROR)
        ),
    ),
    "a message is too short or too long, where h2 does not count": Deviation(
        "RFC 9113 section 8.1.1: END_STREAM on HEADERS, and trailers",
        lambda step: (
            step.kind in (HEADERS, CONTINUATION)
            and is_stream_error(step, None, PROTOCOL_ERROR)
            and step.flaw == "less DATA than its head has said"
        ),
    ),
    "there is no content with these statuses": Deviation(
        "RFC 9110 section 6.4.1",
        lambda step: (
            step.kind == DATA
            and is_stream_error(step, None, PROTOCOL_ERROR)
            and step.status in (b"204", b"304")
        ),
    ),
    "nor does it miss any that a length has promised": Deviation(
        "RFC 9113 section 8.1.1",
        lambda step: (
            step.kind == DATA
            and ends_otherwise(step, PROTOCOL_ERROR, None)
            and step.status in (b"204", b"304")
            and step.ours[-1:] == [("end", step.stream_id)]
        ),
    ),
    "a tunnel has no length": Deviation(
        "RFC 9110 section 9.3.6",
        lambda step: (
            step.kind == DATA
            and ends_otherwise(step, PROTOCOL_ERROR, None)
            and step.method == b"CONNECT"
        ),
    ),
    "h2 looks at a status no closer": Deviation(
        "RFC 9113 sections 8.3.2 and 8.6",
        lambda step: (
            step.kind in (HEADERS, CONTINUATION)
            and is_stream_error(step, None, PROTOCOL_ERROR)
            and step.flaw in ("its :status is not a three-digit number", "it switches protocols")
        ),
    ),
    "h2 does not look at the length of a response to HEAD": Deviation(
        "RFC 9113 section 8.1.1",
        lambda step: (
            step.kind in (HEADERS, CONTINUATION)
            and is_stream_error(step, None, PROTOCOL_ERROR)
            and step.method == b"HEAD"
            and "Content-Length" in step.flaw
        ),
    ),
    "too much DATA on a stream ends that": Deviation(
        "RFC 9113 sections 5.4.2 and 6.9",
        lambda step: (
            step.kind == DATA and is_stream_error(step, FLOW_CONTROL_ERROR, FLOW_CONTROL_ERROR)
        ),
    ),
    "WINDOW_UPDATE by nothing ends a stream, if there is one": Deviation(
        "RFC 9113 section 6.9",
        lambda step: (
            step.kind == WINDOW_UPDATE
            and step.stream_id > 0
            and int.from_bytes(step.payload) & 0x7FFFFFFF == 0
            and step.our_error in (None, PROTOCOL_ERROR)
        ),
    ),
    "the reserved bit of WINDOW_UPDATE is ignored": Deviation(
        "RFC 9113 section 6.9",
        lambda step: step.kind == WINDOW_UPDATE and step.payload[0] > 127,
    ),
    "the reserved bit of GOAWAY is ignored": Deviation(
        "RFC 9113 section 6.8",
        lambda step: (
            step.kind == GOAWAY
            and step.payload[0] > 127
            and step.ours == [("goaway", step.theirs[0][1] & 0x7FFFFFFF, step.theirs[0][2])]
        ),
    ),
    "a broken header block is a compression error": Deviation(
        "RFC 9113 section 4.3",
        lambda step: (
            step.kind in (HEADERS, CONTINUATION)
            and ends_otherwise(step, PROTOCOL_ERROR, COMPRESSION_ERROR)
        ),
    ),
    "an acknowledgement with settings is of a wrong size": Deviation(
        "RFC 9113 section 6.5",
        lambda step: (
            step.kind == SETTINGS
            and step.flags & ACK != 0
            and ends_otherwise(step, PROTOCOL_ERROR, FRAME_SIZE_ERROR)
        ),
    ),
    "every setting counts, not the last of its name": Deviation(
        "RFC 9113 section 6.5.3",
        lambda step: (
            step.kind == SETTINGS
            and step.their_error is None
            and step.our_error in (PROTOCOL_ERROR, FLOW_CONTROL_ERROR)
            and len({step.payload[i : i + 2] for i in range(0, len(step.payload), 6)})
            < len(step.payload) // 6
        ),
    ),
    "settings count in the order in which they come": Deviation(
        "RFC 9113 section 6.5.3",
        lambda step: (
            step.kind == SETTINGS
            and {step.their_error, step.our_error} == {PROTOCOL_ERROR, FLOW_CONTROL_ERROR}
        ),
    ),
    "a stream that is over has no window": Deviation(
        "RFC 9113 section 6.9.2",
        lambda step: (
            step.kind == SETTINGS
            and ends_otherwise(step, FLOW_CONTROL_ERROR, None)
            and len(step.over) > 0
        ),
    ),
    "the connection's window is the handler's business, for late DATA, too": Deviation(
        "RFC 9113 section 6.9: h2 grants it again by itself",
        lambda step: (
            step.kind == DATA and step.our_error == FLOW_CONTROL_ERROR and step.has_late_data
        ),
    ),
    "a server does not open streams": Deviation(
        "RFC 9113 section 5.1.1",
        lambda step: (
            step.kind in (HEADERS, CONTINUATION)
            and step.stream_id % 2 == 0
            and step.our_error == PROTOCOL_ERROR
        ),
    ),
    "a frame of a wrong size on no stream is wrong twice": Deviation(
        "RFC 9113 section 5.4.1",
        lambda step: step.stream_id == 0 and ends_otherwise(step, PROTOCOL_ERROR, FRAME_SIZE_ERROR),
    ),
    "HEADERS must not depend on themselves, whatever becomes of them": Deviation(
        "RFC 7540 section 5.3.1",
        lambda step: (
            step.kind == HEADERS
            and step.flags & HAS_PRIORITY != 0
            and step.our_error == PROTOCOL_ERROR
            and step.their_error in (None, STREAM_CLOSED)
            and step.parent == step.stream_id
        ),
    ),
    "HEADERS after the end are just that, 1xx included": Deviation(
        "RFC 9113 section 5.1",
        lambda step: (
            step.kind in (HEADERS, CONTINUATION)
            and (
                is_stream_error(step, PROTOCOL_ERROR, STREAM_CLOSED)
                or ends_otherwise(step, PROTOCOL_ERROR, STREAM_CLOSED)
            )
        ),
    ),
    "late HEADERS are ignored, 1xx included": Deviation(
        "RFC 9113 section 5.1",
        lambda step: (
            step.kind in (HEADERS, CONTINUATION)
            and step.stream_id in step.over
            and ends_otherwise(step, PROTOCOL_ERROR, None)
            and step.ours == []
        ),
    ),
    "a stream that was never opened cannot be reset": Deviation(
        "RFC 9113 section 6.4",
        lambda step: (
            step.kind == RST_STREAM and step.is_idle and ends_otherwise(step, None, PROTOCOL_ERROR)
        ),
    ),
    "an idle stream shows before the rest of its header block": Deviation(
        "RFC 9113 section 5.1",
        lambda step: (
            step.kind == HEADERS and step.is_idle and ends_otherwise(step, None, PROTOCOL_ERROR)
        ),
    ),
    "a push shows before the rest of its header block, and before its padding": Deviation(
        "RFC 9113 section 6.6",
        lambda step: step.kind == PUSH_PROMISE and step.our_error == PROTOCOL_ERROR,
    ),
    "whatever interrupts a header block, its own mistakes do not matter": Deviation(
        "RFC 9113 section 6.10",
        lambda step: step.is_in_block and ends_otherwise(step, FRAME_SIZE_ERROR, PROTOCOL_ERROR),
    ),
    "CONTINUATION of nothing ends the connection, whatever its stream": Deviation(
        "RFC 9113 section 6.10",
        lambda step: (
            step.kind == CONTINUATION
            and not step.is_in_block
            and step.their_error in (None, STREAM_CLOSED)
            and step.our_error == PROTOCOL_ERROR
        ),
    ),
    "a header block that does not end is excessive": Deviation(
        "RFC 9113 section 10.5.1",
        lambda step: (
            step.kind == CONTINUATION and ends_otherwise(step, PROTOCOL_ERROR, ENHANCE_YOUR_CALM)
        ),
    ),
    "padding must not reach into a priority": Deviation(
        "RFC 9113 section 6.2",
        lambda step: (
            step.kind == HEADERS
            and step.flags & (PADDED | HAS_PRIORITY) == PADDED | HAS_PRIORITY
            and step.our_error == PROTOCOL_ERROR
            and step.their_error in (None, STREAM_CLOSED)
        ),
    ),
    # The two can go on after these.
    "late DATA is reported, for the connection's window": Deviation(
        "RFC 9113 section 6.9",
        lambda step: (
            step.kind == DATA
            and step.theirs == []
            and step.ours == [("data", step.stream_id, b"", len(step.payload))]
            and ends_otherwise(step, None, None)
        ),
        goes_on=True,
    ),
    "what a server does not take, it does not answer": Deviation(
        "RFC 9113 section 6.8",
        lambda step: (
            step.stream_id > step.last_taken
            and step.our_error is None
            and [found[0] for found in step.ours] in ([], ["data"])
        ),
        goes_on=True,
    ),
    "so is DATA that is refused": Deviation(
        "RFC 9113 section 6.9",
        lambda step: (
            step.kind == DATA
            and step.ours == [*step.theirs, ("data", step.stream_id, b"", len(step.payload))]
            and step.their_error == step.our_error
        ),
        goes_on=True,
    ),
}


class Both:
    """Both engines, and what may differ between them."""

    def __init__(self) -> None:
        self.engines = [
            Engine(name, window=WINDOW, connection_window=CONNECTION_WINDOW)
            for name in ("h2", "native")
        ]
        self.ids: list[int] = []
        self.resets: set[int] = set()
        # The streams that we have finished with, and those that the server has.
        self.finished: set[int] = set()
        self.ended: set[int] = set()
        self.has_late_data = False
        self.last_taken = 2**31
        self.methods: dict[int, bytes] = {}
        self.statuses: dict[int, bytes] = {}
        self.is_in_block = False
        self.is_first = True
        self.deviations: list[str] = []

    def feed(self, piece: bytes) -> bool:
        """One frame to both; whether the two are still together."""
        theirs, ours = self.engines
        kind, flags = piece[3], piece[4]
        stream_id = int.from_bytes(piece[5:9]) & 0x7FFFFFFF
        their_events, our_events = list(theirs.feed(piece)), list(ours.feed(piece))
        controls = [events.count(("control",)) for events in (their_events, our_events)]
        step = Step(
            kind,
            flags,
            stream_id,
            piece[9:],
            without(their_events, ("control",)),
            without(our_events, ("control",)),
            theirs.error,
            ours.error,
            self.resets | (self.ended & self.finished),
            self.has_late_data,
            self.is_in_block,
            self.is_first,
            stream_id not in self.ids,
            self.last_taken,
            ours.codec.flaw,
            self.methods.get(stream_id, b""),
            self.statuses.get(stream_id, b""),
        )
        is_together = self._compare(step, controls)
        self.is_first = False
        self.has_late_data |= kind == DATA and step.ours[-1:] == [
            ("data", stream_id, b"", len(step.payload))
        ]
        if kind in (HEADERS, CONTINUATION):
            self.is_in_block = not flags & END_HEADERS
        for found in step.ours:
            if found[0] == "reset":
                self.resets.add(found[1])
            elif found[0] == "end":
                self.ended.add(found[1])
            elif found[0] == "head":
                self.statuses[found[1]] = found[2][0][1]
            elif found[0] == "goaway":
                self.last_taken = min(found[1], self.last_taken)
        return is_together and theirs.error is None and ours.error is None

    def _compare(self, step: Step, controls: list[int]) -> bool:
        if step.theirs == step.ours and step.their_error == step.our_error:
            # What carries nothing, ours notices as often: but for the priority of a request that
            # is answered, which h2 tells of as well.
            if not (step.kind == HEADERS and step.flags & HAS_PRIORITY) and not step.is_in_block:
                assert controls[1] >= controls[0], step
            return True
        for name, deviation in DEVIATIONS.items():
            if deviation.holds(step):
                self.deviations.append(name)
                return deviation.goes_on
        raise AssertionError(f"the engines differ: {step}")

    def open(self, method: bytes, *, end: bool) -> None:
        """Send a request's head."""
        if self.last_taken < 2**31:
            return
        found: set[int | None] = set()
        for engine in self.engines:
            try:
                found.add(engine.open(method, end=end))
            except LocalProtocolError:
                found.add(None)
        (stream_id,) = found
        if stream_id is not None:
            self.ids.append(stream_id)
            if end:
                self.finished.add(stream_id)
            self.methods[stream_id] = method

    def send(self, stream_id: int, size: int, *, end: bool) -> None:
        """Send as much of a body as there is room for."""
        theirs, ours = (engine.codec.room(stream_id) for engine in self.engines)
        if stream_id in self.resets or stream_id > self.last_taken or stream_id in self.finished:
            return
        assert ours == theirs
        size = min(size, ours)
        if end:
            self.finished.add(stream_id)
        for engine in self.engines:
            engine.codec.send_data(stream_id, bytes(size), is_end=end)

    def reset(self, stream_id: int) -> None:
        """Give a stream up."""
        self.resets.add(stream_id)
        for engine in self.engines:
            engine.codec.reset(stream_id, CANCEL)


def run(script: list[Action], both: Both) -> None:
    """Until the two part, or the end."""
    server = Server()
    rest = b""
    both.feed(settings_frame())
    for action in script:
        if isinstance(action, Opened):
            both.open(action.method, end=action.end)
        elif isinstance(action, Sent):
            both.send(both.ids[action.place % len(both.ids)], action.size, end=action.end)
        elif isinstance(action, Cancelled):
            both.reset(both.ids[action.place % len(both.ids)])
        else:
            rest += server.output_of(action, both.ids, both.methods)
            *complete, rest = [*cut(rest), b""]
            if complete and not is_complete(complete[-1]):
                rest = complete.pop()
            for piece in complete:
                if not both.feed(piece):
                    return


def is_complete(piece: bytes) -> bool:
    return len(piece) >= 9 and len(piece) == 9 + int.from_bytes(piece[:3])


# -- Tests ------------------------------------------------------------------------------------


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
    "a frame of a wrong size on no stream is wrong twice": [
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


def merged(events: list[Event]) -> list[Event]:
    """With the pieces of a body put together."""
    found: list[Event] = []
    for this in events:
        last = found[-1] if found else None
        if last is not None and this[0] == last[0] == "data" and this[1] == last[1]:
            found[-1] = ("data", this[1], last[2] + this[2], last[3] + this[3])
        else:
            found.append(this)
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
