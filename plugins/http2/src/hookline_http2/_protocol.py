"""One HTTP/2 connection: many exchanges at once, and who does what for whom.

The rules it lives by:

- The lock is held while the engine works and while its output is written, which never waits: so
  frames leave in the order in which the engine made them, whatever thread or task made them do so.
- Nobody works in the background. Whoever waits for something reads the socket, if nobody else does;
  what arrives for others is put where they find it, and they are woken. A reader that has what it
  waited for wakes one of those who still wait, to read on.
- So a timeout or a cancellation is that of one exchange: its stream is reset with CANCEL, and its
  neighbours notice nothing. Nothing is lost when a reader is interrupted: what a stream keeps, and
  what has arrived, stays where it is.
- What was received counts as read, for the connection, at once; for its own stream, when somebody
  takes it. So a body that nobody reads stops its own stream alone.
- Where others are at work on the same loop, a request without more to send is written one turn of
  the loop later, with all that begin in the same turn: most of what it costs is the system call.
- The pool is told of released exchanges and changed capacity after the lock is released.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from hookline import (
    ByteStream,
    Headers,
    LocalProtocolError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    Response,
    TransportError,
    WriteError,
    WriteTimeout,
)
from hookline.plugins import Deadline, NetworkStream, NotProcessed, Protocol, again

from ._body import HTTP2Body
from ._codec import (
    CANCEL,
    ENHANCE_YOUR_CALM,
    MAX_HEADER_LIST_SIZE,
    NO_ERROR,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    Codec,
    Fields,
    Handler,
    error_name,
)
from ._exchange import Exchange, Upload
from ._fields import Heads, response_items, trailing_items

if TYPE_CHECKING:
    from hookline import Request
    from hookline.plugins import BodyReader, Interim, TimeoutDict, Waiter

# How much a server may send on one stream before somebody has read it. Go's figure: enough for
# 300 Mbit/s over 100 ms, and what one unread response may cost in memory.
_WINDOW = 4 * 1024 * 1024
# The same for all streams together. It only has to cover one round trip: what arrives is
# acknowledged at once.
_CONNECTION_WINDOW = 16 * 1024 * 1024
# Request bodies are handed over in pieces of at most this size.
_PIECE = 65_536
# How long a look at what has come may take, in seconds: it is made only where there is input.
_PROBE = 0.001
# How often it is made in a row: who looks has something else to do.
_MOST_LOOKS = 4
# How long one direction is waited for where the other may move first, in seconds.
_MOMENT = 0.05
# How many frames that carry nothing may come between two that do, in so many seconds. A server that
# keeps a connection alive sends one every few seconds; floods send thousands.
_MAX_CONTROL_FRAMES = 1000
_CONTROL_PERIOD = 60.0


class HTTP2(Protocol, Handler):
    """HTTP/2 over one stream of bytes.

    The option `engine` is "native" (our own), "h2" or "jh2" (of the package of that name); `window`
    is how many bytes a server may send on one stream before they are read.
    """

    name: ClassVar[str] = "http2"
    alpn: ClassVar[str] = "h2"
    is_multiplexed: ClassVar[bool] = True
    capacity: int

    def __init__(
        self, stream: NetworkStream, make_codec: Callable[..., Codec] | None = None,
        window: int = _WINDOW,
    ) -> None:  # fmt: skip
        super().__init__(stream)
        self._codec = (make_codec or create_codec("native"))(
            self, window=window, connection_window=_CONNECTION_WINDOW
        )
        self._window = window
        self._heads = Heads()
        self._lock = threading.Lock()
        self._exchanges: dict[int, Exchange] = {}
        self._count = 0
        self._is_started = False
        self._is_reading = False
        self._sleeping: dict[Exchange, Waiter] = {}
        # The stream below keeps output that its peer has not taken; who waits for that, in turn.
        self._is_keeping = False
        self._is_draining = False
        self._drainers: deque[Waiter] = deque()
        # Somebody is about to write for everybody who begins meanwhile.
        self._is_gathering = False
        # Why there will be no more exchanges, and whether the connection is closed.
        self._failure: Exception | None = None
        self._is_closed = False
        # Whether the capacity is the peer's business, or 0 for good.
        self._takes_more = True
        self._abandoned: deque[Exchange] = deque()
        self._unacknowledged = 0
        self._control_frames = 0
        self._control_since = 0.0
        # How many windows may still grow for a reason: each byte that was sent is given back once
        # on its stream and once on the connection.
        self._returnable = 0
        # For the pool, once the lock is released.
        self._releases = 0
        self._has_new_capacity = False

    @classmethod
    def configure(
        cls, engine: str = "native", window: int = _WINDOW, **unknown: Any
    ) -> Callable[[NetworkStream], HTTP2]:
        """Choose the engine, once per client: `{"name": "http2", "options": {"engine": "h2"}}`.

        - `engine`: "native" (our own, the default), "h2" or "jh2" (the same interface, in Rust in
          part; installed with `hookline-http2[jh2]`).
        - `window`: how many bytes the server may send on one stream before somebody reads them; 4
          MiB by default.

        Raises ValueError and TypeError for options that make no sense, and ValueError for an engine
        that is not installed.
        """
        if unknown:
            raise TypeError(
                f"unknown option {next(iter(unknown))!r}; there are 'engine' and 'window'"
            )
        if isinstance(window, bool) or not isinstance(window, int):
            raise TypeError(f"window: expected a number of bytes, not {window!r}")
        if not 65_535 <= window < 2**31:
            raise ValueError(f"window: expected 65535 to 2147483647 bytes, not {window}")
        make_codec = create_codec(engine)

        def make(stream: NetworkStream) -> HTTP2:
            return cls(stream, make_codec, window)

        return make

    # -- For the pool -----------------------------------------------------------------------

    async def exchange(
        self, request: Request, body: bytes | BodyReader, timeout: TimeoutDict
    ) -> Response:
        """See `Protocol.exchange`."""
        head = self._heads.head(request)
        interim: Interim | None = None
        asks_first = False
        if head.expects or "informational" in request.extensions:
            from hookline.plugins import Interim

            interim = Interim(request, self.network)
            if head.expects and body and head.length != 0:
                asks_first = interim.patience(timeout) > 0
        if self._is_started and not self._is_reading:
            with self._lock:
                # Nobody begins to read meanwhile: input is looked for by one at a time.
                has_input = not self._is_reading and self.stream.has_input()
            if has_input:
                await self._look()
        if asks_first:
            # What is not asked for is not begun: another request may send it then.
            is_whole = type(body) is bytes
            upload = Upload(
                body if is_whole else b"",  # type: ignore[arg-type]
                None if is_whole else body,  # type: ignore[arg-type]
                head.length,
            )
        elif type(body) is bytes:
            upload = Upload(body, None, head.length)
        else:
            self._check_usable()
            reader: BodyReader = body  # type: ignore[assignment]
            try:
                # A body that fails at once leaves no trace on the wire.
                piece = await reader.receive()
                upload = Upload(piece, reader if piece else None, head.length)
            except BaseException:
                await reader.close()
                raise
        exchange = Exchange(upload)
        if interim is not None:
            exchange.informational = []
        gathers = is_kept = False
        try:
            with self._lock:
                try:
                    self._begin(exchange, head.fields, sends_body=not asks_first)
                    if len(self._exchanges) > 1 and upload.is_done and self._may_gather():
                        gathers = not self._is_gathering
                        self._is_gathering = True
                    else:
                        is_kept = self._flush()
                except BaseException as exc:
                    self._interrupted(exc)
                    raise
            if gathers:
                is_kept = await self._gather()
            if is_kept:
                await self._drain(timeout.get("write"), exchange)
            if asks_first and interim is not None:
                await self._await_continue(exchange, interim, timeout)
            while exchange.head is None:
                if upload.is_done:
                    await self.wait(exchange, timeout.get("read"), for_room=False)
                else:
                    await self.advance(exchange, timeout)
                if exchange.informational and interim is not None:
                    await self._pass_on(exchange, interim)
            if interim is not None:
                await self._pass_on(exchange, interim)
                interim.check_status(exchange.status, body)
            if not upload.is_done and exchange.has_final_word:
                await upload.stop()
        except BaseException:
            self.give_up(exchange)
            if not upload.is_done:
                await upload.stop()
            raise
        extensions: dict[str, Any] = {
            "http_version": b"HTTP/2",
            "stream_id": exchange.stream_id,
        }
        content: ByteStream | HTTP2Body
        if not exchange.is_ended:
            # From here on, whoever hears of its end gives its place back.
            with self._lock:
                exchange.is_returned = not exchange.is_ended
        if not exchange.is_returned:
            content = ByteStream(exchange.take())
            if exchange.trailers:
                extensions["trailers"] = Headers._of(trailing_items(exchange.trailers))
            self.release(exchange)
        else:
            content = HTTP2Body(self, exchange, timeout, extensions)
        items = response_items(exchange.head)
        return Response._from_wire(exchange.status, items, content, extensions)

    @property
    def is_closed(self) -> bool:
        """Whether the connection was closed, by either side as far as we have noticed."""
        return self._is_closed

    def is_reusable(self) -> bool:
        """Whether the connection takes an exchange, as far as is known without reading from it:
        `exchange` itself looks, and says NotProcessed."""
        return not self._is_closed and self.capacity > 0

    def close(self) -> None:
        """Close the connection. Says GOAWAY where that does not have to wait."""
        if self._is_closed:
            return
        if self._lock.acquire(blocking=False):
            try:
                if self._is_started and self._failure is None:
                    self._codec.say_goodbye(NO_ERROR)
                    self._flush()
            finally:
                self._lock.release()
        self._is_closed = True
        self.capacity = 0
        self.stream.close()

    def after_fork(self) -> None:
        """See `Protocol.after_fork`."""
        super().after_fork()
        self._lock = threading.Lock()
        self._is_reading = self._is_draining = self._is_keeping = self._is_gathering = False
        self._sleeping.clear()
        self._drainers.clear()
        self._fail(ReadError("The connection belongs to the process that was forked."))

    @property
    def request_count(self) -> int:
        """How many requests were sent so far."""
        return self._count

    def __repr__(self) -> str:
        if self._is_closed:
            state = "CLOSED"
        elif self._exchanges:
            state = f"ACTIVE, {len(self._exchanges)} of {self.capacity} streams"
        else:
            state = "IDLE"
        return f"<HTTP/2, {state}, Request Count: {self._count}>"

    # -- For exchanges and bodies -----------------------------------------------------------

    def take(self, exchange: Exchange) -> bytes:
        """What has come of a response's body, if anything has. Raises what ended the stream."""
        with self._lock:
            if exchange.pieces:
                if exchange.unacknowledged >= self._window // 2 and not exchange.is_ended:
                    self._codec.grow_window(exchange.stream_id, exchange.unacknowledged)
                    exchange.unacknowledged = 0
                    self._flush()
                return exchange.take()
            if exchange.failure is not None:
                raise _copied(exchange.failure) from exchange.failure
            if self._is_closed and not exchange.is_ended:
                raise ReadError("The connection was closed while a response was read from it.")
            return b""

    async def advance(self, exchange: Exchange, timeout: TimeoutDict) -> None:
        """Send the next piece of a request's body, or wait until that is possible."""
        upload = exchange.upload
        if not upload.pending and upload.reader is not None:
            await upload.pull()
        write_timeout = timeout.get("write")
        with self._lock:
            self._check(exchange)
            if exchange.head is not None and exchange.has_final_word:
                is_stopped, sent, is_kept, had_news = True, False, False, True
            else:
                is_stopped, had_news = False, exchange.has_news
                exchange.has_news = False
                try:
                    sent = self._send_some(exchange)
                    is_kept = self._flush()
                except BaseException as exc:
                    self._interrupted(exc)
                    raise
        if is_stopped:
            await upload.stop()
            return
        if is_kept:
            await self._drain(write_timeout, exchange)
        if not sent:
            # What came while a piece was pulled is for the caller to look at.
            if not had_news:
                await self.wait(exchange, timeout.get("write"), for_room=True)
        elif not self._is_reading:
            # The server may have heard enough, or have made room for more.
            await self._look()

    async def wait(self, exchange: Exchange, timeout: float | None, *, for_room: bool) -> None:
        """Wait until something happens to an exchange.

        Raises ReadTimeout, or WriteTimeout where it waits for room to send; and whatever has ended
        the stream, or the connection.
        """
        deadline = Deadline(timeout)
        try:
            while True:
                with self._lock:
                    if exchange.has_news:
                        exchange.has_news = False
                        if not exchange.pieces:
                            self._check(exchange)
                        return
                    try:
                        self._check(exchange)
                    except TransportError:
                        # Somebody has closed the connection while it was our turn to read: those
                        # who sleep have to hear of it, too.
                        if not self._is_reading:
                            self._wake_reader()
                        raise
                    waiter: Waiter | None = None
                    if self._is_reading:
                        waiter = self._sleeping[exchange] = self.network.create_waiter()
                    else:
                        self._is_reading = True
                if waiter is None:
                    await self._read_for(exchange, deadline)
                else:
                    await self._sleep(exchange, waiter, deadline)
        except ReadTimeout as exc:
            if for_room:
                raise WriteTimeout(f"The server made no room for {timeout} s.") from exc
            raise ReadTimeout(f"No data came within {timeout} s.") from exc

    async def _await_continue(
        self, exchange: Exchange, interim: Interim, timeout: TimeoutDict
    ) -> None:
        """Wait for the server to ask for the body (RFC 9110 section 10.1.1), or to answer without
        it. Not for long: there are servers that do not know of this."""
        deadline = Deadline(interim.patience(timeout))
        while exchange.head is None and not interim.has_continued:
            try:
                await self.wait(exchange, deadline.remaining(), for_room=False)
            except ReadTimeout:
                return
            await self._pass_on(exchange, interim)
        if exchange.head is not None:
            await exchange.upload.stop()

    async def _pass_on(self, exchange: Exchange, interim: Interim) -> None:
        """Tell of the 1xx responses that have come."""
        with self._lock:
            heads, exchange.informational = exchange.informational, []
        for status, fields in heads or ():
            await interim.tell(status, response_items(fields))

    def give_up(self, exchange: Exchange) -> None:
        """Nobody wants the rest of an exchange: reset its stream, if there is one."""
        with self._lock:
            self._reset(exchange)
            self._flush()
        self._tell_pool()

    def release(self, exchange: Exchange) -> None:
        """Tell the pool that an exchange is over, once."""
        if exchange.let_go():
            self.on_release()

    def abandon(self, exchange: Exchange) -> None:
        """`give_up`, for the garbage collector: the stream is reset when somebody comes by."""
        if exchange.let_go():
            self._abandoned.append(exchange)
            self.on_abandon()

    # -- Reading ----------------------------------------------------------------------------

    async def _read_for(self, exchange: Exchange, deadline: Deadline) -> None:
        """Read, for everybody, until something happens to one exchange. The role was taken."""
        try:
            while not exchange.has_news:
                left = deadline.remaining()
                # With others' data there all the time, `receive` itself would never be too late.
                if left == 0.0:
                    raise ReadTimeout("")
                if not self._is_keeping:
                    await self._read(left)
                    continue
                # The peer may not read before it is read from: both, in turn.
                with self._lock:
                    self._write(b"")
                try:
                    await self._read(_shorter(deadline.remaining()))
                except ReadTimeout:
                    if deadline.has_expired:
                        raise
        finally:
            self._stop_reading()

    async def _sleep(self, exchange: Exchange, waiter: Waiter, deadline: Deadline) -> None:
        """Wait until woken: because something has come, or to become the reader."""
        try:
            if not await waiter.wait(deadline.remaining()):
                raise ReadTimeout("")
        except BaseException:
            with self._lock:
                self._sleeping.pop(exchange, None)
                # It may have been woken to read, in the same moment.
                if not self._is_reading:
                    self._wake_reader()
            raise

    async def _look(self) -> None:
        """Take in what is there already: a connection that nobody reads from may be over."""
        with self._lock:
            if self._is_reading or self._failure is not None:
                return
            self._is_reading = True
        try:
            for _ in range(_MOST_LOOKS):
                if self._failure is not None or not self.stream.has_input():
                    break
                await self._read(_PROBE)
        except ReadTimeout:
            # TLS has messages of its own that are input and bring no data.
            pass
        finally:
            self._stop_reading()

    async def _read(self, timeout: float | None) -> None:
        """Receive once, and hand out what has come. Only ReadTimeout is raised: whatever else goes
        wrong is everybody's, and found in their exchanges."""
        try:
            data = await self.stream.receive(timeout)
        except ReadError as exc:
            with self._lock:
                if self._is_closed:
                    self._feed(b"")
                else:
                    self._fail(exc)
        else:
            with self._lock:
                self._feed(data)
        self._tell_pool()

    def _stop_reading(self) -> None:
        with self._lock:
            self._is_reading = False
            self._wake_reader()

    def _wake_reader(self) -> None:
        """Somebody who waits reads on."""
        if self._sleeping:
            exchange = next(iter(self._sleeping))
            self._sleeping.pop(exchange).set()

    def _wake(self, exchange: Exchange) -> None:
        exchange.has_news = True
        if self._sleeping and (waiter := self._sleeping.pop(exchange, None)) is not None:
            waiter.set()

    # -- Writing ----------------------------------------------------------------------------

    def _may_gather(self) -> bool:
        """Whether there is a loop in which others may be about to begin, too, and nothing keeps
        what is written."""
        return self.network.is_async and not self._is_keeping

    async def _gather(self) -> bool:
        """Let everybody begin who is about to, and write it all at once; whether some of it is
        kept."""
        try:
            await self.network.sleep(0)
        finally:
            with self._lock:
                self._is_gathering = False
                is_kept = self._flush()
        return is_kept

    async def _drain(self, timeout: float | None, exchange: Exchange) -> None:
        """Wait until the peer has taken what was written, by anybody."""
        deadline = Deadline(timeout)
        while True:
            waiter: Waiter | None = None
            with self._lock:
                if exchange.has_news or not self._write(b""):
                    return
                if self._is_draining:
                    waiter = self.network.create_waiter()
                    self._drainers.append(waiter)
                else:
                    self._is_draining = True
            slice_ = _shorter(deadline.remaining())
            if waiter is not None:
                moved = await waiter.wait(slice_)
            else:
                moved = True
                try:
                    await self.stream.writable(slice_)
                except WriteTimeout:
                    moved = False
                except WriteError:
                    # Whether the server has said why is for the reader to find out.
                    with self._lock:
                        self._is_keeping = False
                    return
                finally:
                    with self._lock:
                        self._is_draining = False
                        if moved:
                            while self._drainers:
                                self._drainers.popleft().set()
            if moved:
                # There was progress: the timeout is for a wait without any.
                deadline = Deadline(again(timeout))
                continue
            # The peer may not read before it is read from.
            await self._look()
            if deadline.has_expired and not exchange.has_news:
                raise WriteTimeout(f"The server took no data for {timeout} s.")

    # -- With the lock held -----------------------------------------------------------------

    def _check_usable(self) -> None:
        if self._failure is not None:
            raise NotProcessed(f"The connection was closed: {self._failure}") from self._failure
        if self._is_closed or self.capacity < 1:
            raise NotProcessed("The connection takes no more requests.")

    def _check(self, exchange: Exchange) -> None:
        if exchange.failure is not None:
            raise _copied(exchange.failure) from exchange.failure
        if self._is_closed and not exchange.is_ended:
            raise ReadError("The connection was closed while a response was waited for.")

    def _begin(self, exchange: Exchange, fields: Fields, *, sends_body: bool) -> None:
        self._check_usable()
        while self._abandoned:
            self._reset(self._abandoned.popleft())
        if not self._is_started:
            self._is_started = True
            self._codec.start()
        upload = exchange.upload
        upload.is_done = not upload.pending and upload.reader is None
        try:
            exchange.stream_id = self._codec.open_stream(fields, is_end=upload.is_done)
        except LocalProtocolError as exc:
            # Whatever the reason, such as that stream identifiers have run out: the next one would
            # fare no better here.
            self._takes_more = False
            self.capacity = 0
            self._has_new_capacity = True
            raise NotProcessed(str(exc)) from exc
        self._exchanges[exchange.stream_id] = exchange
        self._count += 1
        if upload.pending and sends_body:
            self._send_some(exchange)

    def _send_some(self, exchange: Exchange) -> bool:
        """Send what is pending, as far as there is room; False where there is none."""
        upload, stream_id = exchange.upload, exchange.stream_id
        if not upload.pending:
            self._codec.send_data(stream_id, b"", is_end=True)
            upload.is_done = True
            return True
        room = min(self._codec.room(stream_id), _PIECE)
        if not room:
            return False
        piece = upload.pending[:room]
        upload.pending = upload.pending[room:]
        upload.is_done = not upload.pending and upload.reader is None
        self._codec.send_data(stream_id, piece, is_end=upload.is_done)
        self._control_frames = 0
        self._returnable += 2 * len(piece)
        return True

    def _flush(self) -> bool:
        """Write what the engine has made; whether some of it is kept."""
        try:
            output = self._codec.take_output()
            return self._write(output) if output else self._is_keeping
        except BaseException as exc:
            self._interrupted(exc)
            raise

    def _interrupted(self, exc: BaseException) -> None:
        """Something went wrong while frames were made or written. If it was no ordinary failure,
        nobody knows what of them went out: the engine may be ahead of the peer for good."""
        if not isinstance(exc, Exception):
            self._fail(ReadError(f"Sending was interrupted by {type(exc).__name__}."))

    def _write(self, data: bytes) -> bool:
        if self._is_closed:
            return False
        try:
            self._is_keeping = not self.stream.write(data)
        except WriteError:
            # The server may have said why before it closed: that is for the reader to find out.
            self._is_keeping = False
        return self._is_keeping

    def _reset(self, exchange: Exchange) -> None:
        if self._exchanges.pop(exchange.stream_id, None) is not None:
            self._codec.reset(exchange.stream_id, CANCEL)

    def _feed(self, data: bytes) -> None:
        if self._is_closed:
            # By ourselves, in another task or thread. The engine listens no more.
            self._fail(ReadError("The connection was closed while a response was waited for."))
            return
        if not data:
            self._fail(RemoteProtocolError("The server closed the HTTP/2 connection."))
            return
        try:
            self._codec.receive(data)
        except RemoteProtocolError as exc:
            self._flush()
            self._fail(exc)
        except BaseException as exc:
            # Interrupted half-way: nobody knows what the engine has understood.
            self._fail(ReadError(f"Reading was interrupted by {type(exc).__name__}."))
            raise
        else:
            self._flush()

    def _fail(self, failure: Exception) -> None:
        """The connection is over, for everybody."""
        if self._failure is None:
            self._failure = failure
        self._is_closed = True
        self._takes_more = False
        self.capacity = 0
        self._has_new_capacity = True
        for exchange in self._exchanges.values():
            # A GOAWAY said more than the end of the connection does.
            exchange.failure = self._failure
            self._wake(exchange)
        self._exchanges.clear()
        self.stream.close()

    def _tell_pool(self) -> None:
        """Not with the lock held: say what has changed."""
        if not (self._releases or self._has_new_capacity):
            # Whoever changes either comes by himself.
            return
        with self._lock:
            releases, self._releases = self._releases, 0
            is_new, self._has_new_capacity = self._has_new_capacity, False
        for _ in range(releases):
            self.on_release()
        if is_new:
            self.on_capacity()

    # -- From the engine --------------------------------------------------------------------

    def on_settings(self) -> None:
        self.on_control()
        if self._takes_more:
            self.capacity = self._codec.max_streams
            self._has_new_capacity = True
        for exchange in self._exchanges.values():
            # Windows may have grown, too.
            if not exchange.upload.is_done:
                self._wake(exchange)

    def on_head(self, stream_id: int, fields: Fields) -> None:
        self._control_frames = 0
        exchange = self._exchanges.get(stream_id)
        if exchange is not None:
            exchange.status = self._status(fields)
            exchange.head = fields
            self._wake(exchange)

    def _status(self, fields: Fields) -> int:
        status = fields[0][1]
        if len(status) != 3 or not status.isdigit() or status[:1] == b"0":
            self._codec.say_goodbye(PROTOCOL_ERROR)
            raise RemoteProtocolError(
                "The server broke HTTP/2's rules (PROTOCOL_ERROR): The response's status is "
                f"{status!r}."
            )
        return int(status)

    def on_informational(self, stream_id: int, fields: Fields) -> None:
        self.on_control()
        exchange = self._exchanges.get(stream_id)
        if exchange is None or exchange.informational is None:
            return
        status = self._status(fields)
        # RFC 9113 section 8.6: there is no 101 here.
        if status == 101:
            return
        exchange.informational.append((status, fields))
        exchange.informational_size += sum(len(name) + len(value) + 32 for name, value in fields)
        if exchange.informational_size > MAX_HEADER_LIST_SIZE:
            # Together they may be as large as one head.
            del self._exchanges[stream_id]
            self._codec.reset(stream_id, ENHANCE_YOUR_CALM)
            exchange.failure = RemoteProtocolError(
                f"The heads before the response are longer than {MAX_HEADER_LIST_SIZE} bytes."
            )
        self._wake(exchange)

    def on_data(self, stream_id: int, data: bytes, size: int) -> None:
        self._unacknowledged += size
        if self._unacknowledged >= _CONNECTION_WINDOW // 2:
            self._codec.grow_window(0, self._unacknowledged)
            self._unacknowledged = 0
        if data:
            self._control_frames = 0
        exchange = self._exchanges.get(stream_id)
        if exchange is not None:
            exchange.unacknowledged += size
            if data:
                exchange.pieces.append(data)
            self._wake(exchange)

    def on_trailers(self, stream_id: int, fields: Fields) -> None:
        exchange = self._exchanges.get(stream_id)
        if exchange is not None:
            exchange.trailers = fields

    def on_end(self, stream_id: int) -> None:
        exchange = self._exchanges.pop(stream_id, None)
        if exchange is None:
            return
        exchange.is_ended = True
        if exchange.upload.is_cut or not exchange.upload.is_done:
            # RFC 9113 section 8.1: the rest of the request is of no use any more.
            self._codec.reset(stream_id, CANCEL)
        if exchange.is_returned and exchange.let_go():
            # Whatever is unread is here already: somebody else may have the stream's place.
            self._releases += 1
        self._wake(exchange)

    def on_window(self, stream_id: int) -> None:
        if self._returnable:
            self._returnable -= 1
        else:
            self.on_control()
        if stream_id:
            exchange = self._exchanges.get(stream_id)
            if exchange is not None and not exchange.upload.is_done:
                self._wake(exchange)
            return
        for exchange in self._exchanges.values():
            if not exchange.upload.is_done:
                self._wake(exchange)

    def on_reset(self, stream_id: int, code: int, *, is_ours: bool) -> None:
        self.on_control()
        exchange = self._exchanges.pop(stream_id, None)
        if exchange is None:
            return
        if is_ours:
            exchange.failure = RemoteProtocolError(
                f"The server broke HTTP/2's rules on this stream ({error_name(code)})."
            )
        elif code == REFUSED_STREAM and exchange.head is None:
            # RFC 9113 section 8.7.
            exchange.failure = NotProcessed("The server refused the stream (REFUSED_STREAM).")
        else:
            exchange.failure = RemoteProtocolError(
                f"The server reset the stream ({error_name(code)})."
            )
        self._wake(exchange)

    def on_goaway(self, last_stream_id: int, code: int) -> None:
        self._takes_more = False
        self.capacity = 0
        self._has_new_capacity = True
        if self._failure is None:
            self._failure = RemoteProtocolError(
                f"The server closes the connection ({error_name(code)})."
            )
        for stream_id, exchange in list(self._exchanges.items()):
            if stream_id > last_stream_id:
                del self._exchanges[stream_id]
                exchange.failure = NotProcessed(
                    f"The server closed the connection ({error_name(code)}) before it processed "
                    "the request."
                )
                self._wake(exchange)

    def on_control(self) -> None:
        now = time.monotonic()
        if now - self._control_since > _CONTROL_PERIOD:
            self._control_since = now
            self._control_frames = 0
        self._control_frames += 1
        if self._control_frames > _MAX_CONTROL_FRAMES:
            self._codec.say_goodbye(ENHANCE_YOUR_CALM)
            raise RemoteProtocolError(
                f"The server sent more than {_MAX_CONTROL_FRAMES} frames that carry nothing "
                "(ENHANCE_YOUR_CALM)."
            )


def create_codec(engine: str) -> Callable[..., Codec]:
    """What makes an engine of that name: "h2", "jh2" or "native".

    Raises ValueError for any other name, and for one that is not installed.
    """
    if engine == "native":
        from ._native import NativeCodec

        return NativeCodec
    if engine not in ("h2", "jh2"):
        raise ValueError(f"engine: expected 'h2', 'jh2' or 'native', not {engine!r}.")
    from importlib.util import find_spec

    if find_spec(engine) is None:
        raise ValueError(
            f'engine: {engine!r} is not installed: pip install "hookline-http2[{engine}]".'
        )
    from ._h2 import H2Codec

    return partial(H2Codec, package=engine)


def _shorter(seconds: float | None) -> float:
    return _MOMENT if seconds is None else min(seconds, _MOMENT)


def _copied(failure: Exception) -> Exception:
    """An exception of one's own: several exchanges may fail for the same reason."""
    return type(failure)(*failure.args)
