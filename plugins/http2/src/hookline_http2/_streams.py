"""The streams of one connection, and what we send on them: one half of our own engine.

Knows what each stream may do and what may still come for it; no frame that arrives. That is the
other half, `_native.py`.

Of a stream that is over nothing is kept: its number tells, which is odd and not above the last one
opened. Only which streams were reset is remembered, for a while, since frames for them may still
be on their way.
"""

from __future__ import annotations

from typing import Final

from hookline import LocalProtocolError, RemoteProtocolError

from . import _frames as f
from ._codec import (
    MAX_FRAME_SIZE,
    MAX_HEADER_LIST_SIZE,
    Codec,
    Fields,
    Handler,
    error_name,
)
from ._header_blocks import BlockEncoder

# Before the server has said how many streams it takes: more than a setting can say.
NO_LIMIT: Final = 2**32
# So many streams are remembered as reset.
_MAX_REMEMBERED: Final = 1024


class Stream:
    """A stream that is not over."""

    __slots__ = ("has_head", "is_ended", "is_sending", "left", "method", "room", "window")

    def __init__(self, method: bytes, is_sending: bool, room: int, window: int) -> None:
        self.method = method
        # Whether we have not finished, and whether the server has.
        self.is_sending = is_sending
        self.is_ended = False
        self.has_head = False
        # How much of the body is to come; -1 where the head has not said.
        self.left = -1
        # How much may be sent, and received.
        self.room = room
        self.window = window


class Streams(Codec):
    """Everything that a codec does but receive.

    `flaw` is why the engine has reset a stream, the last time that it did.
    """

    def __init__(self, handler: Handler, *, window: int, connection_window: int) -> None:
        super().__init__(handler, window=window, connection_window=connection_window)
        self.flaw = ""
        self._output: list[bytes | memoryview] = []
        self._encoder = BlockEncoder()
        self._streams: dict[int, Stream] = {}
        self._last_id = -1
        # The streams that were reset, and the last one of those that are not remembered any more.
        self._resets: dict[int, None] = {}
        self._last_forgotten = 0
        # What the server takes.
        self._room = f.DEFAULT_WINDOW
        self._initial_room = f.DEFAULT_WINDOW
        self._frame_limit = f.SMALLEST_FRAME_LIMIT
        self._stream_limit = NO_LIMIT
        # How much it may send, on all streams together.
        self._open_window = connection_window
        # Whether we have ended the connection, and why; and whether the server is about to.
        self._has_said_goodbye = False
        self._failure = ""
        self._is_going_away = False

    def start(self) -> None:
        values = (
            (f.ENABLE_PUSH, 0),
            (f.INITIAL_WINDOW_SIZE, self._window),
            (f.MAX_FRAME_SIZE, MAX_FRAME_SIZE),
            (f.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_SIZE),
        )
        self._output += f.PREFACE, f.settings(values)
        if self._connection_window > f.DEFAULT_WINDOW:
            more = self._connection_window - f.DEFAULT_WINDOW
            self._output.append(f.window_update(0, more))

    def open_stream(self, fields: Fields, *, is_end: bool) -> int:
        if self._has_said_goodbye or self._is_going_away:
            raise LocalProtocolError("No stream can be opened: the connection is being closed.")
        if len(self._streams) >= self._stream_limit:
            raise LocalProtocolError(
                f"No stream can be opened: the server takes {self._stream_limit} at once."
            )
        stream_id = self._last_id + 2
        if stream_id > f.LARGEST_ID:
            raise LocalProtocolError("No stream can be opened: there are no numbers left.")
        self._last_id = stream_id
        block = self._encoder.encode(fields)
        self._output.append(f.headers(stream_id, block, self._frame_limit, is_end=is_end))
        # `:method` comes first.
        method = fields[0][1]
        self._streams[stream_id] = Stream(method, not is_end, self._initial_room, self._window)
        return stream_id

    def room(self, stream_id: int) -> int:
        stream = self._streams.get(stream_id)
        if stream is None or not stream.is_sending:
            return 0
        return max(0, min(stream.room, self._room))

    def send_data(self, stream_id: int, data: bytes | memoryview, *, is_end: bool) -> None:
        stream = self._streams.get(stream_id)
        if stream is None or not stream.is_sending:
            raise LocalProtocolError(f"Nothing can be sent on stream {stream_id}: it is over.")
        size = len(data)
        room = self.room(stream_id)
        if size > room:
            raise LocalProtocolError(
                f"{size} bytes cannot be sent on stream {stream_id}: there is room for {room}."
            )
        stream.room -= size
        self._room -= size
        limit = self._frame_limit
        while size > limit:
            self._output += f.header.pack(limit << 8 | f.DATA, 0, stream_id), data[:limit]
            data = data[limit:]
            size -= limit
        if size or is_end:
            flags = f.END_STREAM if is_end else 0
            self._output += f.header.pack(size << 8 | f.DATA, flags, stream_id), data
        if is_end:
            stream.is_sending = False
            if stream.is_ended:
                del self._streams[stream_id]

    def reset(self, stream_id: int, code: int) -> None:
        if self._streams.pop(stream_id, None) is not None:
            self._remember(stream_id)
            self._output.append(f.rst_stream(stream_id, code))

    def grow_window(self, stream_id: int, increment: int) -> None:
        if increment < 1:
            return
        if not stream_id:
            if self._open_window + increment > f.LARGEST_WINDOW:
                return
            self._open_window += increment
        else:
            stream = self._streams.get(stream_id)
            if stream is None or stream.is_ended or stream.window + increment > f.LARGEST_WINDOW:
                return
            stream.window += increment
        self._output.append(f.window_update(stream_id, increment))

    def say_goodbye(self, code: int) -> None:
        if not self._has_said_goodbye:
            self._has_said_goodbye = True
            # Of the streams that the server has opened, and there are none, 0 is the last.
            self._output.append(f.goaway(0, code))

    def take_output(self) -> bytes:
        output = b"".join(self._output)
        self._output.clear()
        return output

    # -- For what receives ------------------------------------------------------------------

    def _end(self, stream_id: int) -> None:
        """The server has finished with a stream."""
        stream = self._streams.get(stream_id)
        # The handler may have reset it meanwhile.
        if stream is not None:
            stream.is_ended = True
            if not stream.is_sending:
                del self._streams[stream_id]
            self._handler.on_end(stream_id)

    def _refuse(self, stream_id: int, code: int, flaw: str) -> None:
        """A stream error (section 5.4.2)."""
        self.flaw = flaw
        self.reset(stream_id, code)
        self._handler.on_reset(stream_id, code, is_ours=True)

    def _remember(self, stream_id: int) -> None:
        resets = self._resets
        resets[stream_id] = None
        if len(resets) > _MAX_REMEMBERED:
            first = next(iter(resets))
            del resets[first]
            self._last_forgotten = max(first, self._last_forgotten)

    def _check_reset(self, stream_id: int) -> None:
        """Whether HEADERS may be on their way for a stream that is over."""
        self._check_opened(f.HEADERS, stream_id)
        if stream_id not in self._resets and stream_id > self._last_forgotten:
            raise self._broken(f.STREAM_CLOSED, f"HEADERS after the end of stream {stream_id}")

    def _check_opened(self, kind: int, stream_id: int) -> None:
        if not stream_id & 1 or stream_id > self._last_id:
            raise self._misplaced(kind, stream_id)

    def _misplaced(self, kind: int, stream_id: int) -> RemoteProtocolError:
        what = f.kind_name(kind)
        return self._broken(f.PROTOCOL_ERROR, f"{what} on stream {stream_id}, where none may be")

    def _broken(self, code: int, reason: str) -> RemoteProtocolError:
        """A connection error (section 5.4.1), to be raised."""
        self._failure = f"The server broke HTTP/2's rules ({error_name(code)}): {reason}."
        self.say_goodbye(code)
        return RemoteProtocolError(self._failure)
