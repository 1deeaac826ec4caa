"""Our own engine and h2 side by side, fed with the same frames, one at a time.

Knows where the two may differ: every difference is among `DEVIATIONS`, with the section that says
why, and any other is an AssertionError. What is fed is a test's business.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

from hyperframe.frame import GoAwayFrame, PingFrame, SettingsFrame

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
    PADDED,
    PING,
    PROTOCOL_ERROR,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    STREAM_CLOSED,
    WINDOW_UPDATE,
    Engine,
    cut,
)
from support.http2_frames import (
    settings as settings_frame,
)
from support.http2_scripts import Action, Cancelled, Opened, Sent, Server

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
    # Whether the client has opened none at all.
    is_unused: bool
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
        lambda step: step.kind == WINDOW_UPDATE and step.payload[:1] > b"\x7f",
    ),
    "the reserved bit of GOAWAY is ignored": Deviation(
        "RFC 9113 section 6.8",
        lambda step: (
            step.kind == GOAWAY
            and step.payload[:1] > b"\x7f"
            and len(step.theirs) == 1
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
    "a frame of a wrong size on a wrong stream is wrong twice": Deviation(
        "RFC 9113 section 5.4.1",
        lambda step: (
            (step.stream_id == 0 or step.kind in (SETTINGS, PING, GOAWAY))
            and ends_otherwise(step, PROTOCOL_ERROR, FRAME_SIZE_ERROR)
        ),
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
    "GOAWAY is not the end, before a request, either": Deviation(
        "RFC 9113 section 6.8",
        lambda step: (
            step.is_unused
            and step.last_taken < 2**31
            and ends_otherwise(step, PROTOCOL_ERROR, None)
        ),
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

    def feed(self, piece: bytes, *cuts: int) -> bool:
        """One frame to both, cut at these places; whether the two are still together."""
        theirs, ours = self.engines
        edges = [0, *cuts, len(piece)]
        pieces = [piece[start:end] for start, end in pairwise(edges)]
        kind, flags = piece[3], piece[4]
        stream_id = int.from_bytes(piece[5:9]) & 0x7FFFFFFF
        their_events, our_events = list(theirs.feed(*pieces)), merged(ours.feed(*pieces))
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
            not self.ids,
            ours.codec.flaw,
            self.methods.get(stream_id, b""),
            self.statuses.get(stream_id, b""),
        )
        is_together = self._compare(step, controls)
        answers = [self._answers(engine) for engine in self.engines]
        if is_together and theirs.error == ours.error:
            assert answers[0] == answers[1], step
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

    @staticmethod
    def _answers(engine: Engine) -> list[tuple[Any, ...]]:
        """What both have to say, and in this order: acknowledgements, and why it is over."""
        found: list[tuple[Any, ...]] = []
        for frame in engine.sent():
            if isinstance(frame, PingFrame):
                found.append((PING, frozenset(frame.flags), frame.opaque_data))
            elif isinstance(frame, SettingsFrame) and "ACK" in frame.flags:
                found.append((SETTINGS,))
            elif isinstance(frame, GoAwayFrame):
                found.append((GOAWAY, frame.error_code))
        return found

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
