"""One HTTP/1.1 connection: its exchanges, one after the other.

Knows when to send, when to receive and when a connection can be used again. How requests and
responses are written is in `_serialise.py` and `_parser.py`.

A connection is idle, busy with one exchange, or closed. It is used again only where both messages
are known to be over: the request was sent whole, the response ended where it said it would, and
neither side asked to close. In every other case it is closed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from hookline import (
    Body,
    ByteStream,
    LocalProtocolError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    Response,
    StreamClosed,
    WriteError,
    WriteTimeout,
)
from hookline.plugins import NetworkStream, Protocol, ReadAhead

from ._parser import ResponseParser
from ._serialise import LAST_CHUNK, Head, chunk, serialise_head

if TYPE_CHECKING:
    from hookline import Request
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
    """HTTP/1.1 over one stream. The option `parser` is "auto", "httptools" or "h11"."""

    name: ClassVar[str] = "http11"
    alpn: ClassVar[str] = "http/1.1"

    def __init__(
        self, stream: NetworkStream, parser_class: Callable[[], ResponseParser] | None = None
    ) -> None:
        super().__init__(stream)
        self._parser = (parser_class or create_parser("auto"))()
        self._is_closed = False
        self._is_busy = False
        # What this exchange has settled so far: the connection is used again only if all of it is.
        self._request_is_sent = False
        self._is_last = False
        self._exchanges = 0

    @classmethod
    def configure(cls, parser: str = "auto", **unknown: Any) -> Callable[[NetworkStream], HTTP11]:
        """Choose the parser, once per client."""
        if unknown:
            raise TypeError(f"unknown option {next(iter(unknown))!r}; there is 'parser'")
        parser_class = create_parser(parser)

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
            head = serialise_head(request)
            read_timeout = timeout.get("read")
            parser = self._parser
            parser.start(request.method)
            self._is_last = head.is_last
            self._request_is_sent = False
            self._exchanges += 1
            if type(body) is bytes:
                await self._send_bytes(head, body, timeout.get("write"))
            else:
                await self._send_pieces(head, body, timeout)  # type: ignore[arg-type]
            stream = self.stream
            while parser.head is None:
                data = await stream.receive(read_timeout)
                if data:
                    parser.feed(data)
                else:
                    self._feed_eof()
        except BaseException:
            self.close()
            raise
        status_code, reason, version, items = parser.head
        extensions = {"http_version": b"HTTP/" + version, "reason_phrase": reason}
        if parser.is_complete and not parser.has_switched:
            # Mostly the whole response comes in one piece, and the connection is free again before
            # anybody has looked at it.
            pieces = parser.body
            content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            self._end_exchange()
            return Response._from_wire(status_code, items, ByteStream(content), extensions)
        if parser.has_switched:
            self._switch(request)
        return Response._from_wire(status_code, items, HTTP11Body(self, read_timeout), extensions)

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

    def __repr__(self) -> str:
        state = "CLOSED" if self._is_closed else "ACTIVE" if self._is_busy else "IDLE"
        return f"<HTTP/1.1, {state}, Request Count: {self._exchanges}>"

    # -- Sending ----------------------------------------------------------------------------

    async def _send_bytes(self, head: Head, body: bytes, timeout: float | None) -> None:
        if head.is_chunked:
            body = chunk(body) + LAST_CHUNK if body else LAST_CHUNK
        else:
            _check_length(len(body), head.length)
        stream = self.stream
        if len(body) <= _ONE_WRITE:
            if not stream.write(head.data + body if body else head.data):
                await stream.drain(timeout)
        else:
            await stream.send(head.data, timeout)
            unsent = memoryview(body)
            try:
                while unsent:
                    await stream.send(unsent[:_PIECE], timeout)
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
        write_timeout = timeout.get("write")
        stream = self.stream
        unsent = head.data
        sent = 0
        try:
            while piece := await body.receive():
                sent += len(piece)
                if not head.is_chunked and sent > (head.length or 0):
                    _check_length(sent, head.length)
                data = chunk(piece) if head.is_chunked else piece
                if unsent:
                    data = unsent + data
                    unsent = b""
                elif stream.has_input() and await self._is_refused():
                    return
                try:
                    await stream.send(data, write_timeout)
                except (WriteError, WriteTimeout):
                    if not await self._has_early_response():
                        raise
                    return
            _check_length(sent, head.length if not head.is_chunked else sent)
            if head.is_chunked:
                unsent += LAST_CHUNK
            if unsent:
                try:
                    await stream.send(unsent, write_timeout)
                except (WriteError, WriteTimeout):
                    if not await self._has_early_response():
                        raise
                    return
            self._request_is_sent = True
        finally:
            if not self._request_is_sent:
                await body.close()

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
        elif self._parser.head is None:
            raise ReadError("The server closed the connection while the body was being sent.")

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
        self._parser.feed_eof()

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


class HTTP11Body(Body):
    """The rest of a response's body. Holds its connection until it is drained or closed."""

    def __init__(self, connection: HTTP11, timeout: float | None) -> None:
        self._connection: HTTP11 | None = connection
        self._timeout = timeout
        self._was_cut = False

    async def receive(self) -> bytes:
        """The next piece. The connection is given back together with the last one."""
        connection = self._connection
        if connection is None:
            if self._was_cut:
                raise StreamClosed()
            return b""
        parser = connection._parser
        try:
            while True:
                if parser.body:
                    piece = parser.body[0] if len(parser.body) == 1 else b"".join(parser.body)
                    parser.body = []
                    if parser.is_complete:
                        self._connection = None
                        connection._end_exchange()
                    return piece
                if parser.is_complete:
                    self._connection = None
                    connection._end_exchange()
                    return b""
                data = await connection.stream.receive(self._timeout)
                if data:
                    parser.feed(data)
                else:
                    connection._feed_eof()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give up the rest, and the connection with it."""
        connection = self._connection
        if connection is not None:
            self._connection = None
            self._was_cut = True
            connection._break_off()

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)
        if connection is not None:
            self._connection = None
            connection.on_abandon()
            warnings.warn(
                "A streaming response was neither read to its end nor closed. Use `with "
                "client.stream(...)`, or call close().",
                ResourceWarning,
                stacklevel=1,
                source=self,
            )


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
