"""HTTP/2 without a socket: a server's frames, and an engine that is fed with them.

The frames may be wrong in any way that a test likes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

import hpack
from hyperframe.frame import Frame

from hookline import RemoteProtocolError
from hookline_http2._codec import ERROR_NAMES, Codec, Fields, Handler
from hookline_http2._protocol import create_codec

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

(
    DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
    CONTINUATION, ALTSVC,
) = range(11)  # fmt: skip

END_STREAM, ACK, END_HEADERS, PADDED, HAS_PRIORITY = 1, 1, 4, 8, 0x20

TABLE_SIZE, PUSH, MAX_STREAMS, WINDOW, FRAME_SIZE, LIST_SIZE = range(1, 7)
CONNECT_PROTOCOL = 8

(
    NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED,
    FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM,
) = range(12)  # fmt: skip

OK = [(b":status", b"200")]


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """A frame of any kind."""
    return struct.pack(">IBI", len(payload) << 8 | kind, flags, stream_id) + payload


def padded(payload: bytes, padding: int | None) -> bytes:
    """A payload for a frame that says PADDED, where there is padding."""
    return payload if padding is None else bytes([padding]) + payload + bytes(padding)


def string(value: bytes) -> bytes:
    """A string as it stands in a header block, not Huffman-coded (RFC 7541 section 5.2)."""
    length = len(value)
    if length < 127:
        return bytes([length]) + value
    coded = bytearray([127])
    length -= 127
    while length > 127:
        coded.append(length & 127 | 128)
        length >>= 7
    return bytes(coded) + bytes([length]) + value


def block(fields: Fields) -> bytes:
    """A header block that refers to no table and changes none."""
    return b"".join([b"\0" + string(name) + string(value) for name, value in fields])


def headers(
    stream_id: int, fields: Fields | bytes = OK, flags: int = END_HEADERS, *, end: bool = False
) -> bytes:
    """HEADERS, with a block as it is or with fields."""
    payload = fields if isinstance(fields, bytes) else block(fields)
    return frame(HEADERS, flags | (END_STREAM if end else 0), stream_id, payload)


def data(
    stream_id: int, body: bytes = b"", *, end: bool = False, padding: int | None = None
) -> bytes:
    """DATA."""
    flags = (END_STREAM if end else 0) | (0 if padding is None else PADDED)
    return frame(DATA, flags, stream_id, padded(body, padding))


def settings(*values: tuple[int, int], flags: int = 0) -> bytes:
    """SETTINGS, in this order."""
    return frame(SETTINGS, flags, 0, b"".join(struct.pack(">HI", *pair) for pair in values))


def rst_stream(stream_id: int, code: int = CANCEL) -> bytes:
    """RST_STREAM."""
    return frame(RST_STREAM, 0, stream_id, struct.pack(">I", code))


def window_update(stream_id: int, increment: int) -> bytes:
    """WINDOW_UPDATE."""
    return frame(WINDOW_UPDATE, 0, stream_id, struct.pack(">I", increment))


def goaway(last_stream_id: int, code: int = NO_ERROR) -> bytes:
    """GOAWAY."""
    return frame(GOAWAY, 0, 0, struct.pack(">II", last_stream_id, code))


def priority(stream_id: int, depends_on: int = 0) -> bytes:
    """PRIORITY."""
    return frame(PRIORITY, 0, stream_id, struct.pack(">IB", depends_on, 15))


def cut(stream: bytes) -> Iterator[bytes]:
    """Frame by frame; what is left over is not complete."""
    position = 0
    while len(stream) - position >= 9:
        end = position + 9 + int.from_bytes(stream[position : position + 3])
        if end > len(stream):
            break
        yield stream[position:end]
        position = end
    if position < len(stream):
        yield stream[position:]


class Recorder(Handler):
    """Remembers what it is told."""

    codec: Codec

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def on_settings(self) -> None:
        self.events.append(("settings", self.codec.max_streams))

    def on_head(self, stream_id: int, fields: Fields) -> None:
        self.events.append(("head", stream_id, _plain(fields)))

    def on_informational(self, stream_id: int, fields: Fields) -> None:
        self.events.append(("informational", stream_id, _plain(fields)))

    def on_data(self, stream_id: int, data: bytes, size: int) -> None:
        self.events.append(("data", stream_id, data, size))

    def on_trailers(self, stream_id: int, fields: Fields) -> None:
        self.events.append(("trailers", stream_id, _plain(fields)))

    def on_end(self, stream_id: int) -> None:
        self.events.append(("end", stream_id))

    def on_window(self, stream_id: int) -> None:
        self.events.append(("window", stream_id))

    def on_reset(self, stream_id: int, code: int, *, is_ours: bool) -> None:
        self.events.append(("reset", stream_id, code, is_ours))

    def on_goaway(self, last_stream_id: int, code: int) -> None:
        self.events.append(("goaway", last_stream_id, code))

    def on_control(self) -> None:
        self.events.append(("control",))


class Engine:
    """A connection of a client's, by the engine of that name, that has said hello."""

    def __init__(
        self, name: str = "native", *, window: int = 65_535, connection_window: int = 100_000
    ) -> None:
        self.handler = Recorder()
        self.codec = create_codec(name)(
            self.handler, window=window, connection_window=connection_window
        )
        self.handler.codec = self.codec
        self.codec.start()
        # The code of the connection error that has ended it.
        self.error: int | None = None

    def open(self, method: bytes = b"GET", *, end: bool = True, **fields: bytes) -> int:
        """Send a request's head."""
        return self.codec.open_stream(request(method, **fields), is_end=end)

    def feed(self, *pieces: bytes) -> list[tuple[Any, ...]]:
        """What it tells of this input. Sets `error` where that ends the connection."""
        self.handler.events = []
        try:
            for piece in pieces:
                self.codec.receive(piece)
        except RemoteProtocolError as exc:
            name = str(exc).partition("(")[2].partition(")")[0]
            self.error = ERROR_NAMES.index(name)
        return self.handler.events

    def sent(self) -> list[Frame]:
        """The frames that it has made since the last time; its preface is no frame."""
        output = self.codec.take_output()
        return list(parse(output.removeprefix(PREFACE)))

    def answers(self) -> list[Frame]:
        """The same, without those of requests."""
        return [frame for frame in self.sent() if frame.type not in (DATA, HEADERS, CONTINUATION)]


def started(name: str = "native", **options: int) -> Engine:
    """An engine that has exchanged settings, and whose output so far was taken."""
    engine = Engine(name, **options)
    engine.feed(settings(), settings(flags=ACK))
    engine.codec.take_output()
    return engine


def request(method: bytes = b"GET", **fields: bytes) -> Fields:
    """A request's fields."""
    return [
        (b":method", method),
        (b":authority", b"example.org"),
        (b":scheme", b"https"),
        (b":path", b"/"),
        *((name.replace("_", "-").encode(), value) for name, value in fields.items()),
    ]


def parse(stream: bytes) -> Iterator[Frame]:
    """Frames as hyperframe understands them, which must be complete."""
    for piece in cut(stream):
        found, length = Frame.parse_frame_header(memoryview(piece[:9]), strict=True)
        assert len(piece) == 9 + length
        found.parse_body(memoryview(piece[9:]))
        yield found


def decode(blocks: Iterable[bytes]) -> list[Fields]:
    """Header blocks of one connection, in order, as hpack understands them."""
    decoder = hpack.Decoder()
    return [_plain(decoder.decode(block, raw=True)) for block in blocks]


def _plain(fields: Iterable[Any]) -> Fields:
    return [(name, value) for name, value in fields]
