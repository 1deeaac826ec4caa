"""One HTTP/1.1 connection: its exchanges, one after the other.

Knows when to send, when to receive and when a connection can be used again. How requests and
responses are written is in `_serialise.py` and `_parser.py`.

A connection is idle, busy with one exchange, or closed. It is used again only where both messages
are known to be over: the request was sent whole, the response ended where it said it would, and
neither side asked to close. In every other case it is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from hookline import (
    ByteStream,
    Headers,
    LocalProtocolError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    Response,
    WriteError,
    WriteTimeout,
)
from hookline.plugins import Deadline, NetworkStream, NotProcessed, Protocol, ReadAhead

from ._body import HTTP11Body
from ._parser import MAX_HEAD_SIZE, MAX_HEADERS, ResponseParser
from ._serialise import LAST_CHUNK, Head, Serialiser, chunk

if TYPE_CHECKING:
    from hookline import Request
    from hookline.plugins import Interim
    from hookline.plugins.interfaces import BodyReader, TimeoutDict

# A body up to this size goes out with its head in one write; copying a larger one costs more than
# a second system call.
_ONE_WRITE = 65_536
# A large body is handed over in pieces of this size: what lies below may have to copy or to encrypt
# a piece before any of it is sent.
_PIECE = 262_144
# How long a look at what has come may take, in seconds: it is made only where there is input.
_PROBE = 0.001


class HTTP11(Protocol):
    """HTTP/1.1 over one stream. The option `parser` is "auto", "httptools" or "h11";
    `max_head_size` and `max_headers` bound what is no body."""

    name: ClassVar[str] = "http11"
    alpn: ClassVar[str] = "http/1.1"
    stream: NetworkStream

    def __init__(
        self, stream: NetworkStream, parser_class: Callable[[], ResponseParser] | None = None
    ) -> None:
        super().__init__(stream)
        self._parser = (parser_class or create_parser("auto"))()
        self._serialiser = Serialiser()
        self._is_closed = False
        self._is_busy = False
        # What this exchange has settled so far: the connection is used again only if all of it is.
        self._request_is_sent = False
        self._is_last = False
        self._exchanges = 0
        # Who is told of what comes before the response, where anybody is.
        self._interim: Interim | None = None

    @classmethod
    def configure(
        cls,
        parser: str = "auto",
        max_head_size: int = MAX_HEAD_SIZE,
        max_headers: int = MAX_HEADERS,
        **unknown: Any,
    ) -> Callable[[NetworkStream], HTTP11]:
        """Choose the parser, once per client: `{"name": "http11", "options": {"parser": "h11"}}`.

        - `parser`: "httptools" (llhttp), "h11" (pure Python), or "auto", the default: httptools
          where it is installed, as it is on CPython.
        - `max_head_size`: how many bytes a response's status line and headers may have, together
          with the informational responses before them; 102,400 by default. As many may stand
          around chunks (their extensions), and in trailers.
        - `max_headers`: how many headers there may be in one head, or in trailers; 2,000 by
          default.

        Raises ValueError for another name and for a bound below 1, ModuleNotFoundError for
        httptools where it is not installed, and TypeError for another option.
        """
        if unknown:
            raise TypeError(
                f"unknown option {next(iter(unknown))!r}; there are 'parser', 'max_head_size' and "
                "'max_headers'"
            )
        parser_class = create_parser(parser)
        for name, bound in (("max_head_size", max_head_size), ("max_headers", max_headers)):
            if isinstance(bound, bool) or not isinstance(bound, int):
                raise TypeError(f"{name}: expected a whole number, not {bound!r}")
            if bound < 1:
                raise ValueError(f"{name}: expected 1 or more, not {bound}")
        if (max_head_size, max_headers) != (MAX_HEAD_SIZE, MAX_HEADERS):
            bounds = {"max_head_size": max_head_size, "max_headers": max_headers}
            parser_class = type(parser_class.__name__, (parser_class,), bounds)

        def make(stream: NetworkStream) -> HTTP11:
            return cls(stream, parser_class)

        return make

    async def exchange(
        self, request: Request, body: bytes | BodyReader, timeout: TimeoutDict
    ) -> Response:
        """See `Protocol.exchange`."""
        if self._is_busy or self._is_closed:
            raise RuntimeError(f"{self!r} cannot take a request.")
        self._is_busy = True
        try:
            head = self._serialiser.head(request)
            parser = self._parser
            parser.start(request.method)
            self._is_last = head.is_last
            self._request_is_sent = False
            self._exchanges += 1
            rest: Head | None = head
            if head.expects or "informational" in request.extensions:
                rest = await self._begin_interim(request, head, body, timeout)
            if rest is None:
                # The server has answered, without having seen the body.
                pass
            elif type(body) is not bytes:
                await self._send_pieces(rest, body, timeout)  # type: ignore[arg-type]
            elif len(body) > _ONE_WRITE:
                await self._send_large(rest, body, timeout)
            elif not self._write_whole(rest, body):
                await self.stream.drain(timeout.get("write"))
            stream = self.stream
            while parser.head is None:
                data = await stream.receive(timeout.get("read"))
                if data:
                    parser.feed(data)
                    if parser.informational:
                        await self._pass_on()
                else:
                    self._feed_eof()
            if self._interim is not None:
                self._end_interim(body)
        except BaseException as exc:
            self._judge(exc)
            self.close()
            raise
        status_code, reason, version, items = parser.head
        extensions: dict[str, Any] = {
            "http_version": b"HTTP/" + version,
            "reason_phrase": reason,
        }
        if parser.is_complete and not parser.has_switched:
            # Mostly the whole response comes in one piece, and the connection is free again before
            # anybody has looked at it.
            pieces = parser.body
            content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            if parser.trailers:
                extensions["trailers"] = Headers._of(parser.trailers)
            self._end_exchange()
            return Response._from_wire(status_code, items, ByteStream(content), extensions)
        if parser.has_switched:
            self._switch(request)
        body_to_come = HTTP11Body(self, timeout, extensions)
        return Response._from_wire(status_code, items, body_to_come, extensions)

    @property
    def is_closed(self) -> bool:
        """Whether the connection was closed, by either side as far as we have noticed."""
        return self._is_closed

    def is_reusable(self) -> bool:
        """Whether an idle connection is still what it was. Input now means that the server has
        closed it, or says something that nobody asked for."""
        return not self._is_closed and not self.stream.has_input()

    def close(self) -> None:
        """Close the connection."""
        if not self._is_closed:
            self._is_closed = True
            self.stream.close()

    @property
    def request_count(self) -> int:
        """How many requests were sent so far."""
        return self._exchanges

    def __repr__(self) -> str:
        state = "CLOSED" if self._is_closed else "ACTIVE" if self._is_busy else "IDLE"
        return f"<HTTP/1.1, {state}, Request Count: {self._exchanges}>"

    # -- Sending ----------------------------------------------------------------------------

    def _write_whole(self, head: Head, body: bytes) -> bool:
        """Write a request with a small body in one go; whether the peer has taken it all."""
        if head.is_chunked:
            body = chunk(body) + LAST_CHUNK if body else LAST_CHUNK
        elif body or head.length:
            _check_length(len(body), head.length)
        try:
            is_taken = self.stream.write(head.data + body if body else head.data)
        except WriteError as exc:
            self._check_begun(exc, head.data)
            raise
        self._request_is_sent = True
        return is_taken

    async def _send_large(self, head: Head, body: bytes, timeout: TimeoutDict) -> None:
        """Send a request with a body that is there, piece by piece."""
        if head.is_chunked:
            body = chunk(body) + LAST_CHUNK
        else:
            _check_length(len(body), head.length)
        if head.data:
            await self._begin_sending(head.data, timeout)
        unsent = memoryview(body)
        try:
            while unsent:
                await self.stream.send(unsent[:_PIECE], timeout.get("write"))
                unsent = unsent[_PIECE:]
        except (WriteError, WriteTimeout):
            if not await self._has_early_response():
                raise
            return
        self._request_is_sent = True

    async def _send_pieces(self, head: Head, body: BodyReader, timeout: TimeoutDict) -> None:
        """Send a body as it is produced, and watch for a server that has heard enough.

        The first piece is pulled before anything is sent: a body that fails at once leaves no trace
        on the wire, and a short one goes out with its head.
        """
        stream = self.stream
        unsent = head.data
        sent = 0
        try:
            while piece := await body.receive():
                sent += len(piece)
                if not head.is_chunked and sent > (head.length or 0):
                    _check_length(sent, head.length)
                data = chunk(piece) if head.is_chunked else piece
                is_first = bool(unsent)
                if unsent:
                    data = unsent + data
                    unsent = b""
                elif stream.has_input() and await self._is_refused():
                    return
                try:
                    if is_first:
                        await self._begin_sending(data, timeout)
                    else:
                        await stream.send(data, timeout.get("write"))
                except (WriteError, WriteTimeout):
                    if not await self._has_early_response():
                        raise
                    return
            _check_length(sent, head.length if not head.is_chunked else sent)
            if head.is_chunked:
                unsent += LAST_CHUNK
            if unsent:
                try:
                    if head.data and not sent:
                        await self._begin_sending(unsent, timeout)
                    else:
                        await stream.send(unsent, timeout.get("write"))
                except (WriteError, WriteTimeout):
                    if not await self._has_early_response():
                        raise
                    return
            self._request_is_sent = True
        finally:
            if not self._request_is_sent:
                await body.close()

    async def _begin_sending(self, data: bytes, timeout: TimeoutDict) -> None:
        """Send the head, alone or with the beginning of a body."""
        try:
            is_taken = self.stream.write(data)
        except WriteError as exc:
            self._check_begun(exc, data)
            raise
        if not is_taken:
            await self.stream.drain(timeout.get("write"))

    def _check_begun(self, exc: WriteError, head: bytes) -> None:
        """Raise NotProcessed where a kept connection took not a byte: a write that fails has taken
        nothing, and this was the first."""
        if head and self._is_stale():
            raise NotProcessed(
                "The server had closed the connection before anything was sent."
            ) from exc

    def _judge(self, exc: BaseException) -> None:
        """Say in an exception whether a kept connection broke without an answer. One that belongs
        to a request already is not the connection's, but the body's own."""
        if isinstance(exc, (ReadError, WriteError)) and exc._request is None and self._is_stale():
            exc.is_unanswered = True

    def _is_stale(self) -> bool:
        """Whether a connection that breaks now may have been closed before this exchange began: it
        was kept from another, and nothing has come. We have not closed it ourselves."""
        return self._exchanges > 1 and not self._is_closed and not self._parser.has_begun

    async def _is_refused(self) -> bool:
        """There is input while the body is being sent: is it a final response that is an error?

        Then sending stops, as curl does. Anything else may be the beginning of an answer that
        needs the rest of the body, so sending goes on.
        """
        if self._parser.head is None:
            await self._receive_some()
        head = self._parser.head
        return head is not None and head.status_code >= 400

    async def _has_early_response(self) -> bool:
        """The server takes no more of the body. Has it said why?"""
        try:
            while self._parser.head is None and self.stream.has_input():
                await self._receive_some()
        except ReadError:
            return False
        return self._parser.head is not None

    async def _receive_some(self) -> None:
        """Feed the parser what is there now. It may be nothing: TLS has messages of its own, such
        as session tickets, that are input and bring no data."""
        try:
            data = await self.stream.receive(_PROBE)
        except ReadTimeout:
            return
        if data:
            self._parser.feed(data)
            if self._parser.informational:
                await self._pass_on()
        elif self._parser.head is None:
            raise ReadError("The server closed the connection while the body was being sent.")

    # -- What comes before the response -----------------------------------------------------

    async def _begin_interim(
        self, request: Request, head: Head, body: bytes | BodyReader, timeout: TimeoutDict
    ) -> Head | None:
        """Listen to what comes before the response, which hardly any request asks for.

        Where the body is to be asked for (RFC 9110 section 10.1.1), the head is sent alone, and
        waited upon. Returns what of it is still to be sent then, or None where the server has given
        its response instead.
        """
        from hookline.plugins import Interim

        parser = self._parser
        self._interim = interim = Interim(request, self.network)
        parser.informational = []
        patience = interim.patience(timeout) if head.expects else 0.0
        if not patience or not body or not (head.is_chunked or head.length):
            return head
        if type(body) is bytes and not head.is_chunked:
            _check_length(len(body), head.length)
        await self._begin_sending(head.data, timeout)
        deadline = Deadline(patience)
        while parser.head is None and not interim.has_continued:
            try:
                data = await self.stream.receive(deadline.remaining())
            except ReadTimeout:
                # It is one of those that do not know of this. RFC 9110 has the body sent.
                break
            if data:
                parser.feed(data)
                await self._pass_on()
            else:
                self._feed_eof()
        return head._replace(data=b"") if parser.head is None else None

    async def _pass_on(self) -> None:
        """Tell of the informational responses that have come."""
        heads, self._parser.informational = self._parser.informational, []
        if heads and self._interim is not None:
            for status_code, items in heads:
                await self._interim.tell(status_code, items)

    def _end_interim(self, body: bytes | BodyReader) -> None:
        """The response is there. Raises ExpectationFailed where it is none."""
        interim, self._interim, self._parser.informational = self._interim, None, None
        if interim is not None and self._parser.head is not None:
            interim.check_status(self._parser.head.status_code, body)

    def _switch(self, request: Request) -> None:
        """After a 101, or the answer to CONNECT, the stream is for whoever takes it over. Until it
        is closed, the response holds the connection."""
        parser = self._parser
        if request.method != "CONNECT" and "Upgrade" not in request.headers:
            # RFC 9110 section 15.2.2.
            self.close()
            raise RemoteProtocolError("The server switched protocols without being asked to.")
        if parser.excess:
            self.stream = ReadAhead(self.stream, parser.excess)
            parser.excess = b""

    def _feed_eof(self) -> None:
        """The stream has ended. By whom? Our own closing, from another task or thread, must not
        pass for the end of a body that lasts until the connection closes."""
        if self._is_closed:
            raise ReadError("The connection was closed while a response was read from it.")
        try:
            self._parser.feed_eof()
        except RemoteProtocolError as exc:
            exc.is_unanswered = self._is_stale()
            raise

    # -- The end of an exchange -------------------------------------------------------------

    def _end_exchange(self) -> None:
        """The response is over: close the connection, or be ready for the next."""
        self._is_busy = False
        parser = self._parser
        if (
            not parser.keeps_alive
            or parser.has_excess
            or not self._request_is_sent
            or self._is_last
        ):
            self.close()
        self.on_release()

    def _break_off(self) -> None:
        """The response was given up: what is left of it is not worth reading."""
        self._is_busy = False
        self.close()
        self.on_release()


def create_parser(name: str) -> type[ResponseParser]:
    """The parser class of a name: "auto", "httptools" or "h11".

    "auto" is httptools where it is installed. Raises ValueError for any other name, and
    ModuleNotFoundError for httptools where it is not installed.
    """
    if name == "h11":
        from ._h11 import H11Parser

        return H11Parser
    if name == "httptools":
        from ._httptools import HttptoolsParser

        return HttptoolsParser
    if name == "auto":
        try:
            return create_parser("httptools")
        except ModuleNotFoundError:
            return create_parser("h11")
    raise ValueError(f"parser: expected 'auto', 'httptools' or 'h11', not {name!r}.")


def _check_length(sent: int, declared: int | None) -> None:
    if declared is None:
        if sent:
            raise LocalProtocolError(
                "A request with a body needs a Content-Length or Transfer-Encoding header."
            )
    elif sent > declared:
        raise LocalProtocolError(
            f"Too much data for declared Content-Length: at least {sent} bytes for {declared}."
        )
    elif sent < declared:
        raise LocalProtocolError(
            f"Too little data for declared Content-Length: {sent} bytes for {declared}."
        )
