"""Responses from bytes: the rules (RFC 9112), and what is common to both parsers.

A `ResponseParser` belongs to one connection and parses one response after the other:

    parser.start("GET")
    parser.feed(data)       # as often as data comes
    parser.head             # a Head, once the final response's head is complete
    parser.body             # pieces of body to take away
    parser.is_complete      # whether the message is over

The subclasses split bytes into heads and chunks, with a library each. What a head means for the
framing of its body is decided here, once for both, and strictly: a message whose end is in doubt
is refused, because the next response on the connection would begin somewhere else than the server
thinks. Bodies with a length, and those that last until the connection closes, are not parsed at
all.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hookline import RemoteProtocolError
from hookline.plugins.interfaces import Item

# All bytes before the end of the final head: status lines, headers, informational responses.
# httpcore has the same bound for one head; Go allows ten times as much, nginx a third.
MAX_HEAD_SIZE: Final = 102_400


class Head(NamedTuple):
    """The head of a response. `items` are headers as `hookline.Headers` keeps them."""

    status_code: int
    reason: bytes
    version: bytes
    items: list[Item]


class ResponseParser:
    """What both parsers share. See the module's docstring."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self.body: list[bytes] = []
        self.trailers: list[Item] = []
        self.is_complete = False
        # Whether the connection may carry another exchange, as far as this message says.
        self.keeps_alive = False
        # Bytes came after the end of the message: nobody knows what they are.
        self.has_excess = False
        self._method = ""
        self._head_size = 0
        # Bytes of a body with a known length that are still to come.
        self._missing: int | None = None
        self._is_chunked = False
        # Whether body bytes are taken as they come, without being parsed.
        self._is_raw = False

    def start(self, method: str) -> None:
        """Expect the response to a request with this method."""
        self.head = None
        self.body = []
        self.trailers = []
        self.is_complete = self.keeps_alive = self.has_excess = False
        self._method = method
        self._head_size = 0
        self._missing = None
        self._is_chunked = self._is_raw = False
        self._begin()

    def feed(self, data: bytes) -> None:
        """Parse what came in. Raises RemoteProtocolError, and is of no further use then."""
        if self.is_complete:
            self.has_excess = True
            return
        if self._is_raw:
            self._take(data)
            return
        if self.head is not None:
            self._parse(data)
            return
        before = self._head_size
        self._head_size += len(data)
        self._parse(data)
        if self._head_size > MAX_HEAD_SIZE:
            # The last feed may have brought more than the head's end.
            end = data.find(b"\r\n\r\n")
            if self.head is None or end < 0 or before + end + 4 > MAX_HEAD_SIZE:
                raise RemoteProtocolError(
                    f"The response's head is longer than {MAX_HEAD_SIZE} bytes."
                )
        if self.head is not None and not self.is_complete and not self._is_chunked:
            self._is_raw = True

    def feed_eof(self) -> None:
        """The connection has ended. Raises RemoteProtocolError where the message has not."""
        if self.is_complete:
            return
        if self.head is None:
            if self._head_size:
                raise RemoteProtocolError("Server disconnected in the middle of a response's head.")
            raise RemoteProtocolError("Server disconnected without sending a response.")
        if self._is_chunked:
            raise RemoteProtocolError(
                "peer closed connection without sending complete message body "
                "(incomplete chunked read)"
            )
        if self._missing is not None:
            raise RemoteProtocolError(
                "peer closed connection without sending complete message body "
                f"({self._missing} bytes are missing)"
            )
        self.is_complete = True

    # -- For subclasses ---------------------------------------------------------------------

    def _begin(self) -> None:
        """Make ready for the next message."""
        raise NotImplementedError

    def _parse(self, data: bytes) -> None:
        """Parse heads and chunked bodies: call `_accept_head`, `_take` and `_finish`."""
        raise NotImplementedError

    def _accept_head(self, status: int, reason: bytes, version: bytes, items: list[Item]) -> bool:
        """A head is complete. Returns whether it is the final one, and not informational."""
        if version not in (b"1.1", b"1.0"):
            raise RemoteProtocolError(f"The server speaks HTTP/{version.decode('latin-1')}.")
        if 100 <= status < 200 and status != 101:
            return False
        coding = length = None
        persistent = version == b"1.1"
        for name, lower, value in items:
            if lower == b"content-length":
                if length is not None:
                    raise RemoteProtocolError("The response has several Content-Length headers.")
                length = _length(value)
            elif lower == b"transfer-encoding":
                if coding is not None or value.lower() != b"chunked":
                    raise RemoteProtocolError(
                        f"The response's {name.decode('latin-1')} is {value!r}; "
                        "only 'chunked' is understood."
                    )
                coding = value
            elif lower == b"connection":
                tokens = value.lower()
                if b"close" in tokens:
                    persistent = False
                elif b"keep-alive" in tokens and version == b"1.0":
                    persistent = True
        if coding is not None and (length is not None or version == b"1.0"):
            # RFC 9112 section 6.1: framing that was tampered with, or never right.
            raise RemoteProtocolError(
                "The response has both Transfer-Encoding and Content-Length."
                if length is not None
                else "The response has Transfer-Encoding in HTTP/1.0."
            )
        self.head = Head(status, reason, version, items)
        self.keeps_alive = persistent
        # RFC 9112 section 6.3, in its order.
        if self._method == "HEAD" or status in (204, 304):
            self._finish()
        elif status == 101:
            # The connection speaks something else from here on, and is not ours to use again.
            self.keeps_alive = False
            self._finish()
        elif coding is not None:
            self._is_chunked = True
        elif length is not None:
            self._missing = length
            if not length:
                self._finish()
        else:
            # Until the connection closes.
            self.keeps_alive = False
        return True

    def _take(self, data: bytes) -> None:
        """Body bytes, from a subclass or as they came."""
        if self.is_complete:
            self.has_excess = True
            return
        missing = self._missing
        if missing is None:
            self.body.append(data)
            return
        if len(data) > missing:
            self.has_excess = True
            data = data[:missing]
        self.body.append(data)
        self._missing = missing - len(data)
        if not self._missing:
            self._finish()

    def _finish(self) -> None:
        self.is_complete = True


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


def _length(value: bytes) -> int:
    # RFC 9110 section 8.6: digits alone. Twenty of them are more than any body has.
    if not value.isdigit() or len(value) > 20:
        raise RemoteProtocolError(f"The response's Content-Length is {value!r}.")
    return int(value)
