"""What may happen on one HTTP/2 connection, for hypothesis to choose from.

A script is a list of actions: of the client, of a server that does everything right, of one that
does nearly everything right, and of one that sends whatever comes to its mind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import hpack
from hypothesis import strategies as st

from support.http2_frames import (
    ACK,
    ALTSVC,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    GOAWAY,
    HAS_PRIORITY,
    HEADERS,
    OK,
    PADDED,
    PING,
    PUSH_PROMISE,
    SETTINGS,
    WINDOW_UPDATE,
    block,
    data,
    frame,
    goaway,
    padded,
    priority,
    rst_stream,
    settings,
    window_update,
)

Field = tuple[bytes, bytes]


class Opened(NamedTuple):
    """The client sends a head."""

    method: bytes
    end: bool


class Sent(NamedTuple):
    """The client sends some of a body."""

    place: int
    size: int
    end: bool


class Cancelled(NamedTuple):
    """The client resets a stream."""

    place: int


class Answered(NamedTuple):
    """The server goes on with an answer, in one of several ways. Rightly, but for the `twist`."""

    place: int
    way: int
    size: int
    fields: list[Field]
    padding: int | None
    # In how many frames a header block continues, and whether it uses the table.
    pieces: int
    is_indexed: bool
    twist: tuple[str, Any] | None


class Uttered(NamedTuple):
    """The server sends anything, on the stream of that place or of that number."""

    place: int | None
    number: int
    make: Callable[[int, hpack.Encoder], bytes]


Action = Any


class Answer:
    """How far the server is."""

    def __init__(self) -> None:
        self.has_head = False
        self.is_ended = False
        # What is left of the body that was promised.
        self.left: int | None = None


class Server:
    """Turns actions into frames."""

    def __init__(self) -> None:
        self.encoder = hpack.Encoder()
        self.answers: dict[int, Answer] = {}

    def output_of(
        self, action: Answered | Uttered, ids: list[int], methods: dict[int, bytes]
    ) -> bytes:
        """The frames of one action; mostly one."""
        if isinstance(action, Uttered):
            number = action.number
            if action.place is not None and ids:
                number = ids[action.place % len(ids)]
            return action.make(number, self.encoder)
        if not ids:
            return b""
        stream_id = ids[action.place % len(ids)]
        answer = self.answers.setdefault(stream_id, Answer())
        output = self._go_on(action, stream_id, answer, methods[stream_id])
        twist, how = action.twist or ("", None)
        if twist == "byte":
            position, change = how
            changed = bytearray(output)
            changed[position % len(output)] ^= change
            output = bytes(changed)
        return output

    def _go_on(self, action: Answered, stream_id: int, answer: Answer, method: bytes) -> bytes:
        if answer.is_ended:
            quiet = [window_update(0, 1), window_update(stream_id, 1), settings(), rst_stream(1)]
            return [*quiet, frame(PING, 0, 0, bytes(8))][action.way % 5]
        if not answer.has_head:
            return self._begin(action, stream_id, answer, method)
        twist = (action.twist or ("",))[0]
        if answer.left is None:
            size, may_end = action.size, True
        else:
            size = min(action.size, answer.left)
            answer.left -= size
            may_end = answer.left == 0
            if twist == "size":
                size, may_end = (size, True) if action.way % 2 else (size + answer.left + 1, True)
        if action.way > 6 and may_end:
            answer.is_ended = True
            return self._head(action, stream_id, [], end=twist != "end")
        answer.is_ended = may_end and action.way % 3 == 0
        return data(stream_id, bytes(size), end=answer.is_ended, padding=action.padding)

    def _begin(self, action: Answered, stream_id: int, answer: Answer, method: bytes) -> bytes:
        if action.way == 0:
            return self._head(action, stream_id, [(b":status", b"103")])
        answer.has_head = True
        if action.way == 1:
            answer.is_ended = True
            status = b"304" if action.size % 2 else b"200"
            return self._head(action, stream_id, [(b":status", status)], end=True)
        if action.way == 2:
            answer.left = 0
            return self._head(action, stream_id, [(b":status", b"204")])
        first = OK
        if action.way < 6 and method != b"CONNECT":
            first = [*OK, (b"content-length", b"%d" % action.size)]
            answer.left = action.size
        if method == b"HEAD":
            answer.left = 0
        return self._head(action, stream_id, first)

    def _head(
        self, action: Answered, stream_id: int, first: list[Field], *, end: bool = False
    ) -> bytes:
        twist, how = action.twist or ("", None)
        fields = [*first, *action.fields]
        if twist == "field":
            fields.append(how)
        elif twist == "status" and first:
            fields[0] = (b":status", how)
        parent = how if twist == "parent" else None
        make = headers_frames(fields, end, action.padding, parent, action.pieces, action.is_indexed)
        return make(stream_id, self.encoder)


def headers_frames(
    fields: list[Field],
    end: bool,
    padding: int | None,
    parent: int | None,
    pieces: int,
    is_indexed: bool,
) -> Callable[[int, hpack.Encoder], bytes]:
    """HEADERS and CONTINUATION."""

    def make(stream_id: int, encoder: hpack.Encoder) -> bytes:
        coded = encoder.encode(fields) if is_indexed else block(fields)
        size = len(coded) // (pieces + 1)
        first, rest = coded[: len(coded) - pieces * size], coded[len(coded) - pieces * size :]
        flags = (END_STREAM if end else 0) | (0 if padding is None else PADDED)
        if parent is not None:
            flags |= HAS_PRIORITY
            first = parent.to_bytes(4) + b"\x07" + first
        flags |= 0 if pieces else END_HEADERS
        output = frame(HEADERS, flags, stream_id, padded(first, padding))
        for number in range(pieces):
            flags = END_HEADERS if number == pieces - 1 else 0
            piece = rest[number * size : (number + 1) * size]
            output += frame(CONTINUATION, flags, stream_id, piece)
        return output

    return make


def _fixed(output: bytes) -> Callable[[int, hpack.Encoder], bytes]:
    return lambda stream_id, _: output


PLACES = st.integers(0, 3)
YES_OR_NO = st.booleans()
PADDING = st.sampled_from([None, None, None, 0, 1, 255])
PIECES = st.sampled_from([0, 0, 0, 1, 3])
SIZES = st.sampled_from([0, 0, 1, 5, 5, 300, 10_000, 30_000, 50_000])

GOOD_FIELDS = st.lists(
    st.sampled_from(
        [
            (b"content-type", b"text/plain"),
            (b"date", b"Sat, 22 Nov 2025 12:00:00 GMT"),
            (b"server", b"test"),
            (b"te", b"trailers"),
            (b"x-long", b"l" * 300),
            (b"x-empty", b""),
        ]
    ),
    max_size=4,
)
BAD_FIELD = st.one_of(
    st.sampled_from(
        [
            (b"Upper", b"a"),
            (b"", b"a"),
            (b"a b", b"a"),
            (b"a:b", b"a"),
            (b":path", b"/"),
            (b":status", b"200"),
            (b":other", b"a"),
            (b"connection", b"close"),
            (b"keep-alive", b"5"),
            (b"proxy-connection", b"close"),
            (b"transfer-encoding", b"chunked"),
            (b"upgrade", b"h2c"),
            (b"te", b"gzip"),
            (b"content-length", b"x"),
            (b"content-length", b"+5"),
            (b"content-length", b"7"),
        ]
    ),
    st.sampled_from([b" b", b"b ", b"\tb", b"b\t", b"\0", b"b\nc", b"b\rc", b"\n"]).map(
        lambda value: (b"a", value)
    ),
    st.tuples(st.binary(max_size=2), st.binary(max_size=2)),
)
STATUSES = st.sampled_from([b"200", b"404", b"103", b"101", b"2x0", b"", b"1", b"099"])
NUMBERS = st.sampled_from([0, 1, 2, 100, 16_383, 16_384, 65_536, 2**24 - 1, 2**31 - 1, 2**31])

# Most of these do nothing where they do not fit.
TWISTS = st.one_of(
    st.tuples(st.just("size"), st.none()),
    st.tuples(st.just("end"), st.none()),
    st.tuples(st.just("field"), BAD_FIELD),
    st.tuples(st.just("status"), STATUSES),
    st.tuples(st.just("parent"), st.sampled_from([0, 1, 3, 1 << 31])),
    st.tuples(st.just("byte"), st.tuples(st.integers(0, 40), st.integers(1, 255))),
)

ANYTHING: st.SearchStrategy[Callable[[int, hpack.Encoder], bytes]] = st.one_of(
    st.builds(
        headers_frames,
        st.one_of(
            st.tuples(STATUSES, GOOD_FIELDS).map(lambda pair: [(b":status", pair[0]), *pair[1]]),
            GOOD_FIELDS,
        ),
        YES_OR_NO,
        PADDING,
        st.none(),
        PIECES,
        YES_OR_NO,
    ),
    st.tuples(SIZES, YES_OR_NO, PADDING).map(
        lambda how: lambda i, _: data(i, bytes(how[0]), end=how[1], padding=how[2])
    ),
    NUMBERS.map(lambda n: lambda i, _: window_update(i, n)),
    st.integers(2**31 - 100_000, 2**31 + 10).map(lambda n: lambda i, _: window_update(i, n)),
    NUMBERS.map(lambda n: _fixed(window_update(0, n))),
    st.sampled_from([0, 7, 8, 200]).map(lambda code: lambda i, _: rst_stream(i, code)),
    st.sampled_from([0, 1, 3, 1 << 31 | 1]).map(lambda parent: lambda i, _: priority(i, parent)),
    st.lists(st.tuples(st.integers(1, 9), NUMBERS), max_size=3).map(
        lambda values: _fixed(settings(*values))
    ),
    st.tuples(st.integers(1, 9), NUMBERS).map(lambda value: _fixed(settings(value))),
    st.sampled_from(
        [
            settings(flags=ACK),
            frame(PING, 0, 0, bytes(8)),
            frame(PING, ACK, 0, bytes(8)),
            goaway(2**31 - 1),
            goaway(1),
            goaway(3, ENHANCE_YOUR_CALM),
            frame(ALTSVC, 0, 0, b"\0\1ah2"),
            frame(0xFA, 0xFF, 0, b"something"),
            frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + block(OK)),
        ]
    ).map(_fixed),
    st.builds(
        lambda kind, flags, payload: lambda i, _: frame(kind, flags, i, payload),
        st.integers(0, 11),
        st.integers(0, 255),
        st.binary(max_size=12),
    ),
)

# What is wrong by a little, or just right.
EDGES: st.SearchStrategy[Callable[[int, hpack.Encoder], bytes]] = st.one_of(
    # Sizes of frames.
    st.builds(
        lambda kind, flags, size: lambda i, _: frame(kind, flags, i, bytes(size)),
        st.integers(2, 8),
        st.integers(0, 1),
        st.integers(3, 10),
    ),
    st.builds(
        lambda kind, size: _fixed(frame(kind, 0, 0, bytes(size))),
        st.sampled_from([SETTINGS, PING, GOAWAY, WINDOW_UPDATE]),
        st.integers(3, 10),
    ),
    # Padding, and what it is to fit in.
    st.builds(
        lambda kind, flags, padding, size: (
            lambda i, _: frame(kind, flags | PADDED, i, bytes([padding]) + bytes(size))
        ),
        st.sampled_from([DATA, HEADERS]),
        st.sampled_from([0, END_HEADERS, END_HEADERS | HAS_PRIORITY]),
        st.integers(0, 8),
        st.integers(0, 8),
    ),
    # Windows.
    st.sampled_from([30_000, 60_000]).map(lambda size: lambda i, _: data(i, bytes(size)) * 3),
    # Values of settings.
    st.tuples(
        st.integers(1, 9), st.sampled_from([0, 1, 2, 16_383, 16_384, 2**24 - 1, 2**24, 2**31])
    ).map(lambda value: _fixed(settings(value))),
)

METHODS = st.sampled_from([b"GET", b"GET", b"HEAD", b"POST", b"CONNECT"])
OPENED = st.builds(Opened, METHODS, YES_OR_NO)


def _answers(twists: st.SearchStrategy[Any]) -> st.SearchStrategy[Answered]:
    return st.builds(
        Answered,
        PLACES,
        st.integers(0, 8),
        SIZES,
        GOOD_FIELDS,
        PADDING,
        PIECES,
        YES_OR_NO,
        twists,
    )


_PROPER = st.one_of(
    _answers(st.none()),
    _answers(st.none()),
    _answers(st.none()),
    _answers(st.none()),
    OPENED,
    st.builds(Sent, PLACES, SIZES, YES_OR_NO),
)
_IMPROPER = st.one_of(
    _answers(TWISTS),
    _answers(TWISTS),
    st.builds(Uttered, PLACES, st.just(1), ANYTHING),
    st.builds(Uttered, PLACES, st.just(1), EDGES),
    st.builds(Uttered, st.none(), st.sampled_from([0, 2, 1, 77]), ANYTHING),
    st.builds(Cancelled, PLACES),
)

# Mostly proper: the two engines part for good at most of what is not.
SCRIPTS: st.SearchStrategy[list[Action]] = st.tuples(
    st.lists(OPENED, min_size=1, max_size=3),
    st.lists(
        st.tuples(st.lists(_PROPER, max_size=8), _IMPROPER).map(lambda pair: [*pair[0], pair[1]]),
        min_size=1,
        max_size=4,
    ),
).map(lambda pair: [*pair[0], *[action for part in pair[1] for action in part]])
