"""An engine of our own: a client's side of RFC 9113, and nothing else.

The rules it lives by:

- One pass over what arrives: nothing is made of a frame but the calls that it leads to. Those of
  the frames before a broken one have been made when the error is raised.
- What breaks the rules of the connection ends the connection. What breaks those of a message ends
  its stream alone (section 8.1.1).
- Frames for a stream that was reset may be on their way for a while. They are decoded and counted,
  and otherwise ignored.
- A DATA frame counts for flow control once, when its header is there. Its body is passed on as it
  arrives.

This is the half that receives. What it knows of streams, and what is sent, is in `_streams.py`; how
frames are laid out in `_frames.py`, HPACK in `_header_blocks.py`, and what a header block says in
`_messages.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hpack.exceptions import HPACKError, OversizedHeaderListError

from hookline import RemoteProtocolError

from . import _frames as f
from ._codec import (
    DEFAULT_MAX_STREAMS,
    ENHANCE_YOUR_CALM,
    MAX_FRAME_SIZE,
    MAX_HEADER_LIST_SIZE,
    Handler,
)
from ._header_blocks import BlockDecoder
from ._messages import Message
from ._streams import Stream, Streams

# A header block comes in so many frames at most, as with h2, and takes so much room: it is rarely
# larger coded than what it says.
_MAX_BLOCK_FRAMES: Final = 64
_MAX_BLOCK_SIZE: Final = 4 * MAX_HEADER_LIST_SIZE
# The most that padding takes, its length included. As soon as more of a DATA frame has come, there
# is something to pass on.
_MAX_PADDING: Final = 256

# Who takes more streams than this does not mean a number of them.
_UNLIMITED: Final = 2**31

# Called with a frame's flags and stream, and where its payload begins and ends.
_Receiver = Callable[[int, int, bytes, int, int], None]


class NativeCodec(Streams):
    """A connection by our own engine, "native"."""

    def __init__(self, handler: Handler, *, window: int, connection_window: int) -> None:
        super().__init__(handler, window=window, connection_window=connection_window)
        self._decoder = BlockDecoder()
        # The beginning of a frame, and how much is missing until something can be done with it.
        self._pieces: list[bytes] = []
        self._missing = 0
        # The DATA frame that is being passed on: its stream, whether it is the last, and how much
        # of its body and of its padding is to come.
        self._data_stream = 0
        self._data_is_last = False
        self._data_left = 0
        self._padding_left = 0
        # The only kind of frame that may come next. Section 3.4: SETTINGS is first.
        self._expected: int | None = f.SETTINGS
        # A header block that is not complete: its stream, its first frame's flags, its pieces.
        self._block_stream = 0
        self._block_flags = 0
        self._block: list[bytes] = []
        self._receivers: tuple[_Receiver, ...] = (
            self._receive_data,
            self._receive_headers,
            self._receive_priority,
            self._receive_rst_stream,
            self._receive_settings,
            self._receive_push_promise,
            self._receive_ping,
            self._receive_goaway,
            self._receive_window_update,
            self._receive_continuation,
            self._receive_altsvc,
        )

    def receive(self, data: bytes) -> None:
        if self._failure:
            raise RemoteProtocolError(self._failure)
        if self._pieces:
            self._pieces.append(data)
            self._missing -= len(data)
            if self._missing > 0:
                return
            data = b"".join(self._pieces)
            self._pieces.clear()
        end = len(data)
        position = self._pass_on(data, 0, end) if self._data_stream else 0
        receivers = self._receivers
        unpack_from = f.header.unpack_from
        while True:
            start = position + f.HEADER_SIZE
            if start > end:
                self._missing = start - end
                break
            size, flags, stream_id = unpack_from(data, position)
            kind = size & 0xFF
            size >>= 8
            # The first bit has no meaning.
            stream_id &= f.LARGEST_ID
            if self._expected is not None and kind != self._expected:
                raise self._unexpected(kind, data)
            if size > MAX_FRAME_SIZE:
                raise self._broken(
                    f.FRAME_SIZE_ERROR,
                    f"a frame of {size} bytes, where {MAX_FRAME_SIZE} were allowed",
                )
            stop = start + size
            if stop > end:
                if kind == f.DATA:
                    if end - start > _MAX_PADDING:
                        self._begin(flags, stream_id, data, start, size)
                        return
                    size = min(size, _MAX_PADDING + 1)
                self._missing = start + size - end
                break
            if kind <= f.ALTSVC:
                receivers[kind](flags, stream_id, data, start, stop)
            else:
                # Section 5.5.
                self._handler.on_control()
            position = stop
        if position < end:
            self._pieces.append(data[position:])

    # DATA (section 6.1).

    def _receive_data(self, flags: int, stream_id: int, data: bytes, start: int, stop: int) -> None:
        size = stop - start
        if flags & f.PADDED:
            stop -= self._read_padding(data, start, size)
            start += 1
        is_last = flags & f.END_STREAM
        is_wanted = self._accept(stream_id, size, stop - start, is_last)
        handler = self._handler
        if size:
            handler.on_data(stream_id, data[start:stop] if is_wanted else b"", size)
        if is_wanted and is_last:
            self._end(stream_id)
        elif start == stop:
            handler.on_control()

    def _begin(self, flags: int, stream_id: int, data: bytes, start: int, size: int) -> None:
        """A frame of which only the beginning has come, more than any padding."""
        padding = 0
        self._data_left = size
        if flags & f.PADDED:
            padding = 1 + self._read_padding(data, start, size)
            self._data_left -= padding
            start += 1
        self._padding_left = max(0, padding - 1)
        self._data_stream = stream_id
        self._data_is_last = bool(flags & f.END_STREAM)
        self._accept(stream_id, size, self._data_left, flags & f.END_STREAM)
        self._pass_on(data, start, len(data), padding)

    def _pass_on(self, data: bytes, start: int, end: int, padding: int = 0) -> int:
        """The next part of such a frame, and what is to be reported of its padding. Returns where
        it ends."""
        stream_id = self._data_stream
        stop = min(start + self._data_left, end)
        if stop > start:
            self._data_left -= stop - start
            piece = data[start:stop] if stream_id in self._streams else b""
            self._handler.on_data(stream_id, piece, stop - start + padding)
        skipped = min(self._padding_left, end - stop)
        self._padding_left -= skipped
        if not self._data_left and not self._padding_left:
            self._data_stream = 0
            if self._data_is_last and stream_id in self._streams:
                self._end(stream_id)
        return stop + skipped

    def _accept(self, stream_id: int, size: int, body: int, is_last: int) -> bool:
        """Count a frame of that size, with a body of that size; whether the stream wants it."""
        self._open_window -= size
        if self._open_window < 0:
            raise self._broken(
                f.FLOW_CONTROL_ERROR, "more DATA than the connection's window allows"
            )
        stream = self._streams.get(stream_id)
        if stream is None:
            self._check_opened(f.DATA, stream_id)
            return False
        stream.window -= size
        if stream.is_ended:
            self._refuse(stream_id, f.STREAM_CLOSED, "DATA after its end")
        elif stream.window < 0:
            self._refuse(stream_id, f.FLOW_CONTROL_ERROR, "more DATA than its window allows")
        elif not stream.has_head:
            self._refuse(stream_id, f.PROTOCOL_ERROR, "DATA before its head")
        elif stream.left >= 0:
            stream.left -= body
            if stream.left < 0:
                self._refuse(stream_id, f.PROTOCOL_ERROR, "more DATA than its head has said")
            elif stream.left and is_last:
                self._refuse(stream_id, f.PROTOCOL_ERROR, "less DATA than its head has said")
            else:
                return True
        else:
            return True
        return False

    # HEADERS and CONTINUATION (sections 6.2 and 6.10).

    def _receive_headers(
        self, flags: int, stream_id: int, data: bytes, start: int, stop: int
    ) -> None:
        if flags & (f.PADDED | f.HAS_PRIORITY):
            start, stop = self._strip(flags, stream_id, data, start, stop)
        if flags & f.END_HEADERS:
            self._receive_block(flags, stream_id, data[start:stop])
        else:
            self._check_opened(f.HEADERS, stream_id)
            self._expected = f.CONTINUATION
            self._block_stream = stream_id
            self._block_flags = flags
            self._block.append(data[start:stop])

    def _strip(
        self, flags: int, stream_id: int, data: bytes, start: int, stop: int
    ) -> tuple[int, int]:
        """Where the block begins and ends within its frame."""
        padding = 0
        if flags & f.PADDED:
            if start == stop:
                raise self._wrong_size(f.HEADERS)
            padding = data[start]
            start += 1
        room = stop - start
        if flags & f.HAS_PRIORITY:
            self._check_priority(f.HEADERS, stream_id, data, start, stop)
            start += 5
        stop -= padding
        # Nothing but padding is taken for a mistake, as h2 does.
        if start > stop or (padding and padding == room):
            raise self._broken(f.PROTOCOL_ERROR, "more padding than there is room")
        return start, stop

    def _receive_continuation(
        self, flags: int, stream_id: int, data: bytes, start: int, stop: int
    ) -> None:
        block = self._block
        if self._expected is None:
            raise self._broken(f.PROTOCOL_ERROR, "CONTINUATION of nothing")
        if stream_id != self._block_stream:
            raise self._broken(f.PROTOCOL_ERROR, "CONTINUATION on another stream")
        block.append(data[start:stop])
        if len(block) > _MAX_BLOCK_FRAMES or sum(map(len, block)) > _MAX_BLOCK_SIZE:
            raise self._broken(ENHANCE_YOUR_CALM, "a header block that does not end")
        if flags & f.END_HEADERS:
            whole = b"".join(block)
            block.clear()
            self._expected = None
            self._receive_block(self._block_flags, stream_id, whole)

    def _receive_block(self, flags: int, stream_id: int, block: bytes) -> None:
        try:
            message = self._decoder.decode(block)
        except OversizedHeaderListError as exc:
            # It is not known what else is in it.
            raise self._broken(
                ENHANCE_YOUR_CALM, f"header fields of more than {MAX_HEADER_LIST_SIZE} bytes"
            ) from exc
        except HPACKError as exc:
            raise self._broken(f.COMPRESSION_ERROR, f"a header block is broken: {exc}") from exc
        stream = self._streams.get(stream_id)
        if stream is None:
            self._check_reset(stream_id)
            self._handler.on_control()
            return
        is_last = flags & f.END_STREAM
        if stream.is_ended:
            self._refuse(stream_id, f.STREAM_CLOSED, "HEADERS after its end")
            return
        flaw = self._flaw_of(message, stream, is_last)
        if flaw:
            self._refuse(stream_id, f.PROTOCOL_ERROR, flaw)
        elif stream.has_head:
            self._handler.on_trailers(stream_id, message.fields)
            self._end(stream_id)
        elif message.status < 200:
            self._handler.on_informational(stream_id, message.fields)
        else:
            stream.has_head = True
            self._handler.on_head(stream_id, message.fields)
            if is_last:
                self._end(stream_id)

    def _flaw_of(self, message: Message, stream: Stream, is_last: int) -> str:
        """What is wrong with a message that comes now. Notes how long its body is to be."""
        status = message.status
        if message.flaw:
            return message.flaw
        if stream.has_head:
            if status:
                return "a second head"
            if not is_last:
                return "trailers before its end"
            return "less DATA than its head has said" if stream.left > 0 else ""
        if status < 200:
            if not status:
                return "a head without :status"
            return "an end with a head that is not final" if is_last else ""
        # RFC 9110 sections 6.4.1 and 9.3.6: what the length says without being one.
        if stream.method == b"HEAD" or status == 204 or status == 304:
            stream.left = 0
        elif message.length is not None and (stream.method != b"CONNECT" or status > 299):
            stream.left = message.length
            if is_last and stream.left:
                return "less DATA than its head has said"
        return ""

    # The rest of section 6.

    def _receive_priority(
        self, flags: int, stream_id: int, data: bytes, start: int, stop: int
    ) -> None:
        if not stream_id:
            raise self._misplaced(f.PRIORITY, stream_id)
        if stop - start > 5:
            raise self._wrong_size(f.PRIORITY)
        self._check_priority(f.PRIORITY, stream_id, data, start, stop)
        self._handler.on_control()

    def _receive_rst_stream(
        self, flags: int, stream_id: int, data: bytes, start: int, stop: int
    ) -> None:
        if stop - start != 4:
            raise self._wrong_size(f.RST_STREAM)
        self._check_opened(f.RST_STREAM, stream_id)
        if self._streams.pop(stream_id, None) is None:
            self._handler.on_control()
        else:
            self._remember(stream_id)
            (code,) = f.long.unpack_from(data, start)
            self._handler.on_reset(stream_id, code, is_ours=False)

    def _receive_settings(
        self, flags: int, stream_id: int, data: bytes, start: int, stop: int
    ) -> None:
        if stream_id:
            raise self._misplaced(f.SETTINGS, stream_id)
        if flags & f.ACK:
            if stop > start:
                raise self._wrong_size(f.SETTINGS)
            if self._expected is not None:
                raise self._broken(f.PROTOCOL_ERROR, "the first SETTINGS acknowledge others")
            self._handler.on_control()
            return
        if (stop - start) % 6:
            raise self._wrong_size(f.SETTINGS)
        self._expected = None
        for name, value in f.setting.iter_unpack(data[start:stop]):
            self._set(name, value)
        limit = self._stream_limit
        self.max_streams = DEFAULT_MAX_STREAMS if limit > _UNLIMITED else limit
        self._output.append(f.SETTINGS_ACK)
        self._handler.on_settings()

    def _set(self, name: int, value: int) -> None:
        code = f.PROTOCOL_ERROR
        is_valid = True
        if name == f.HEADER_TABLE_SIZE:
            self._encoder.resize(value)
        elif name == f.ENABLE_PUSH:
            is_valid = value == 0
        elif name == f.MAX_CONCURRENT_STREAMS:
            self._stream_limit = value
        elif name == f.INITIAL_WINDOW_SIZE:
            code = f.FLOW_CONTROL_ERROR
            is_valid = value <= f.LARGEST_WINDOW and self._set_initial_room(value)
        elif name == f.MAX_FRAME_SIZE:
            is_valid = f.SMALLEST_FRAME_LIMIT <= value <= f.LARGEST_FRAME_LIMIT
            self._frame_limit = value
        elif name == f.ENABLE_CONNECT_PROTOCOL:
            is_valid = value <= 1
        if not is_valid:
            raise self._broken(code, f"setting {name} must not be {value}")

    def _set_initial_room(self, size: int) -> bool:
        more = size - self._initial_room
        self._initial_room = size
        for stream in self._streams.values():
            stream.room += more
            if stream.room > f.LARGEST_WINDOW:
                return False
        return True

    def _receive_push_promise(
        self, flags: int, stream_id: int, data: bytes, start: int, stop: int
    ) -> None:
        raise self._broken(f.PROTOCOL_ERROR, "a push, which was not allowed")

    def _receive_ping(self, flags: int, stream_id: int, data: bytes, start: int, stop: int) -> None:
        if stream_id:
            raise self._misplaced(f.PING, stream_id)
        if stop - start != 8:
            raise self._wrong_size(f.PING)
        if not flags & f.ACK:
            self._output.append(f.ping_ack(data[start:stop]))
        self._handler.on_control()

    def _receive_goaway(
        self, flags: int, stream_id: int, data: bytes, start: int, stop: int
    ) -> None:
        if stream_id:
            raise self._misplaced(f.GOAWAY, stream_id)
        if stop - start < 8:
            raise self._wrong_size(f.GOAWAY)
        last_id, code = f.two_longs.unpack_from(data, start)
        last_id &= f.LARGEST_ID
        self._is_going_away = True
        for number in [number for number in self._streams if number > last_id]:
            del self._streams[number]
            self._remember(number)
        self._handler.on_goaway(last_id, code)

    def _receive_window_update(
        self, flags: int, stream_id: int, data: bytes, start: int, stop: int
    ) -> None:
        if stop - start != 4:
            raise self._wrong_size(f.WINDOW_UPDATE)
        (increment,) = f.long.unpack_from(data, start)
        # The first bit has no meaning.
        increment &= f.LARGEST_WINDOW
        if not stream_id:
            self._room += increment
            if not increment:
                raise self._broken(f.PROTOCOL_ERROR, "WINDOW_UPDATE by nothing")
            if self._room > f.LARGEST_WINDOW:
                raise self._broken(f.FLOW_CONTROL_ERROR, "a window that is too large")
            self._handler.on_window(0)
            return
        stream = self._streams.get(stream_id)
        if stream is None:
            self._check_opened(f.WINDOW_UPDATE, stream_id)
            self._handler.on_control()
            return
        stream.room += increment
        if not increment:
            self._refuse(stream_id, f.PROTOCOL_ERROR, "WINDOW_UPDATE by nothing")
        elif stream.room > f.LARGEST_WINDOW:
            self._refuse(stream_id, f.FLOW_CONTROL_ERROR, "a window that is too large")
        else:
            self._handler.on_window(stream_id)

    def _receive_altsvc(
        self, flags: int, stream_id: int, data: bytes, start: int, stop: int
    ) -> None:
        # RFC 7838 section 4: the length of an origin, in two bytes, and the origin.
        if int.from_bytes(data[start : min(start + 2, stop)]) > stop - start - 2:
            raise self._wrong_size(f.ALTSVC)
        self._handler.on_control()

    # -- Checks ------------------------------------------------------------------------------

    def _check_priority(
        self, kind: int, stream_id: int, data: bytes, start: int, stop: int
    ) -> None:
        if stop - start < 5:
            raise self._wrong_size(kind)
        (parent,) = f.long.unpack_from(data, start)
        if parent & f.LARGEST_ID == stream_id:
            raise self._broken(f.PROTOCOL_ERROR, f"stream {stream_id} depends on itself")

    def _read_padding(self, data: bytes, start: int, size: int) -> int:
        if not size:
            raise self._wrong_size(f.DATA)
        padding = data[start]
        if padding >= size:
            raise self._broken(f.PROTOCOL_ERROR, "more padding than there is room")
        return padding

    def _wrong_size(self, kind: int) -> RemoteProtocolError:
        return self._broken(f.FRAME_SIZE_ERROR, f"{f.kind_name(kind)} of a wrong size")

    def _unexpected(self, kind: int, data: bytes) -> RemoteProtocolError:
        if self._expected == f.CONTINUATION:
            reason = f"{f.kind_name(kind)} within a header block"
        elif data.startswith(b"HTTP/1"):
            reason = "it answers in HTTP/1.1"
        else:
            reason = f"it begins with {f.kind_name(kind)}, not with SETTINGS"
        return self._broken(f.PROTOCOL_ERROR, reason)
