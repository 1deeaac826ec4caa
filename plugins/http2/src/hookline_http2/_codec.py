"""What an HTTP/2 engine has to offer, and what it tells. The narrow place of this plugin.

An engine turns calls into bytes and bytes into calls; it never reads, writes or waits. Everything
above it, streams as requests see them, waiting, flow control as a policy, is in `_protocol.py`, and
is the same for every engine.
"""

from __future__ import annotations

from typing import Final

Fields = list[tuple[bytes, bytes]]

# RFC 9113 section 7.
ERROR_NAMES: Final = (
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
)
NO_ERROR: Final = 0
PROTOCOL_ERROR: Final = 1
REFUSED_STREAM: Final = 7
CANCEL: Final = 8
ENHANCE_YOUR_CALM: Final = 11

# What the first SETTINGS frame says (RFC 9113 section 6.5.2), other than the window.
MAX_FRAME_SIZE: Final = 65_536
# As for HTTP/1.1's heads.
MAX_HEADER_LIST_SIZE: Final = 102_400

# What RFC 9113 section 6.5.2 recommends as the least that a peer should take; httpx's figure for
# peers that name no limit.
DEFAULT_MAX_STREAMS: Final = 100


def error_name(code: int) -> str:
    """An error code as RFC 9113 calls it; unknown ones are as good as INTERNAL_ERROR."""
    return ERROR_NAMES[code] if 0 <= code < len(ERROR_NAMES) else f"unknown error 0x{code:x}"


class Handler:
    """Who is told what arrives. Called from within `Codec.receive` only.

    Lists of fields may be given out more than once: they are to be left as they are.
    """

    def on_settings(self) -> None:
        """The peer's settings have arrived, or changed."""

    def on_head(self, stream_id: int, fields: Fields) -> None:
        """The head of a final response."""

    def on_informational(self, stream_id: int, fields: Fields) -> None:
        """The head of a 1xx response."""

    def on_data(self, stream_id: int, data: bytes, size: int) -> None:
        """A piece of a body. `size` counts for flow control: it includes the padding.

        An engine may report what came for a stream that is over, without the data: it counts for
        the connection all the same.
        """

    def on_trailers(self, stream_id: int, fields: Fields) -> None:
        """The fields after a body."""

    def on_end(self, stream_id: int) -> None:
        """The peer has finished with a stream."""

    def on_window(self, stream_id: int) -> None:
        """More may be sent: on one stream, or on any for 0."""

    def on_reset(self, stream_id: int, code: int, *, is_ours: bool) -> None:
        """The peer has reset a stream; or the engine has, because of what the peer sent on it."""

    def on_goaway(self, last_stream_id: int, code: int) -> None:
        """The peer takes no more streams; it has not processed any above `last_stream_id`."""

    def on_control(self) -> None:
        """A frame that carries nothing: PING, an empty DATA frame, one of an unknown type, ..."""


class Codec:
    """One side of one connection.

    `receive` raises RemoteProtocolError, with the error code's name in it, for whatever breaks the
    rules; a GOAWAY is among the output then. The other methods raise LocalProtocolError for what
    cannot be done; nothing has been written then.
    """

    # How many streams the peer takes at once.
    max_streams: int = DEFAULT_MAX_STREAMS

    def __init__(self, handler: Handler, *, window: int, connection_window: int) -> None:
        self._handler = handler
        self._window = window
        self._connection_window = connection_window

    def start(self) -> None:
        """Say hello: the preface, our settings, and the connection's window."""
        raise NotImplementedError

    def open_stream(self, fields: Fields, *, is_end: bool) -> int:
        """Send a request's head on a new stream; return the stream's number.

        `fields` have been checked. Raises LocalProtocolError where the peer takes no more streams.
        """
        raise NotImplementedError

    def room(self, stream_id: int) -> int:
        """How many bytes of body may be sent on a stream now; 0 for one that is over."""
        raise NotImplementedError

    def send_data(self, stream_id: int, data: bytes | memoryview, *, is_end: bool) -> None:
        """Send a piece of a body, not larger than `room`, in as many frames as it takes."""
        raise NotImplementedError

    def reset(self, stream_id: int, code: int) -> None:
        """Reset a stream. Harmless where it is over."""
        raise NotImplementedError

    def grow_window(self, stream_id: int, increment: int) -> None:
        """Let the peer send more: on one stream, or altogether for 0. Harmless on one that is
        over."""
        raise NotImplementedError

    def say_goodbye(self, code: int) -> None:
        """GOAWAY. Harmless where it was sent."""
        raise NotImplementedError

    def receive(self, data: bytes) -> None:
        """Take in what arrived, and tell the handler what it means."""
        raise NotImplementedError

    def take_output(self) -> bytes:
        """What has to be sent, in this order, since the last time."""
        raise NotImplementedError
