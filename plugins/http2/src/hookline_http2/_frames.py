"""HTTP/2 frames as bytes (RFC 9113 sections 4 and 6), and the limits that go with them.

Knows how frames are laid out. What they do to streams and connections is in `_native.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

# Section 6; ALTSVC is RFC 7838's.
DATA: Final = 0
HEADERS: Final = 1
PRIORITY: Final = 2
RST_STREAM: Final = 3
SETTINGS: Final = 4
PUSH_PROMISE: Final = 5
PING: Final = 6
GOAWAY: Final = 7
WINDOW_UPDATE: Final = 8
CONTINUATION: Final = 9
ALTSVC: Final = 10
KIND_NAMES: Final = (
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
    "ALTSVC",
)

END_STREAM: Final = 0x1
ACK: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
HAS_PRIORITY: Final = 0x20

# Section 6.5.2; ENABLE_CONNECT_PROTOCOL is RFC 8441's.
HEADER_TABLE_SIZE: Final = 1
ENABLE_PUSH: Final = 2
MAX_CONCURRENT_STREAMS: Final = 3
INITIAL_WINDOW_SIZE: Final = 4
MAX_FRAME_SIZE: Final = 5
MAX_HEADER_LIST_SIZE: Final = 6
ENABLE_CONNECT_PROTOCOL: Final = 8

# Section 7, as far as an engine says them itself.
PROTOCOL_ERROR: Final = 1
FLOW_CONTROL_ERROR: Final = 3
STREAM_CLOSED: Final = 5
FRAME_SIZE_ERROR: Final = 6
COMPRESSION_ERROR: Final = 9

HEADER_SIZE: Final = 9
LARGEST_ID: Final = 2**31 - 1
LARGEST_WINDOW: Final = 2**31 - 1
# What holds until a peer's SETTINGS say otherwise, and what they may say.
DEFAULT_WINDOW: Final = 65_535
SMALLEST_FRAME_LIMIT: Final = 16_384
LARGEST_FRAME_LIMIT: Final = 2**24 - 1

# A frame's header: the length and the kind (24 and 8 bits), the flags, the stream.
header: Final = Struct(">IBI")
setting: Final = Struct(">HI")
long: Final = Struct(">I")
two_longs: Final = Struct(">II")
_header_and_long: Final = Struct(">IBII")
_header_and_two_longs: Final = Struct(">IBIII")

SETTINGS_ACK: Final = header.pack(SETTINGS, ACK, 0)


def kind_name(kind: int) -> str:
    """A kind of frame as RFC 9113 calls it."""
    return KIND_NAMES[kind] if kind < len(KIND_NAMES) else f"unknown frame 0x{kind:x}"


def settings(values: Iterable[tuple[int, int]]) -> bytes:
    """SETTINGS, in the order given."""
    payload = b"".join([setting.pack(*pair) for pair in values])
    return header.pack(len(payload) << 8 | SETTINGS, 0, 0) + payload


def rst_stream(stream_id: int, code: int) -> bytes:
    """RST_STREAM."""
    return _header_and_long.pack(4 << 8 | RST_STREAM, 0, stream_id, code)


def window_update(stream_id: int, increment: int) -> bytes:
    """WINDOW_UPDATE, for the connection where the stream is 0."""
    return _header_and_long.pack(4 << 8 | WINDOW_UPDATE, 0, stream_id, increment)


def goaway(last_stream_id: int, code: int) -> bytes:
    """GOAWAY, without any text."""
    return _header_and_two_longs.pack(8 << 8 | GOAWAY, 0, 0, last_stream_id, code)


def ping_ack(payload: bytes) -> bytes:
    """The answer to a PING, with the eight bytes that it had."""
    return header.pack(8 << 8 | PING, ACK, 0) + payload


def headers(stream_id: int, block: bytes, limit: int, *, is_end: bool) -> bytes:
    """HEADERS, and CONTINUATION where the block is larger than the peer's frame limit."""
    flags = END_STREAM if is_end else 0
    if len(block) <= limit:
        return header.pack(len(block) << 8 | HEADERS, flags | END_HEADERS, stream_id) + block
    pieces = [header.pack(limit << 8 | HEADERS, flags, stream_id), block[:limit]]
    for start in range(limit, len(block), limit):
        piece = block[start : start + limit]
        is_last = start + limit >= len(block)
        flags = END_HEADERS if is_last else 0
        pieces += header.pack(len(piece) << 8 | CONTINUATION, flags, stream_id), piece
    return b"".join(pieces)
