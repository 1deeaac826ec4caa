"""Responses from bytes: the rules (RFC 9112), and what is common to both parsers.

A `ResponseParser` belongs to one connection and parses one response after the other:

    parser.start("GET")
    parser.feed(data)       # as often as data comes
    parser.head             # a Head, once the final response's head is complete
    parser.body             # pieces of body to take away
    parser.informational    # 1xx responses to take away, where it was set to a list
    parser.is_complete      # whether the message is over

The subclasses split bytes into heads and chunks, with a library each. What a head means for the
framing of its body is decided here, once for both, and strictly: a message whose end is in doubt
is refused, because the next response on the connection would begin somewhere else than the server
thinks. Bodies with a length, and those that last until the connection closes, are not parsed at
all.

Where the libraries differ, the stricter one was right, with one exception: white space after a
chunk's size. What both refuse beyond the letter of RFC 9112: header values with control characters
(section 5.5 of RFC 9110 leaves it to the recipient), white space inside chunk extensions, framing
headers in trailers and in informational responses, Transfer-Encoding followed by a tab. What both
take although they need not: empty lines around a message, a status line without a reason.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from hookline import RemoteProtocolError
from hookline.plugins.interfaces import Item

# All bytes before the end of the final head: status lines, headers, informational responses.
# httpcore has the same bound for one head; Go allows ten times as much, nginx a third.
MAX_HEAD_SIZE: Final = 102_400
# Headers of one head: each costs much more memory than its bytes. Node has the same bound; Python's
# own client takes a hundred, curl 5,000.
MAX_HEADERS: Final = 2000
# llhttp counts the bytes of a body, or of a chunk, in 64 bits.
MAX_BODY_SIZE: Final = 2**64 - 1

HEAD_END: Final = b"\r\n\r\n"
_BEGINNING: Final = b"HTTP/1."
# RFC 9112 section 4: HTAB, SP, VCHAR, obs-text.
_NOT_IN_REASON: Final = re.compile(rb"[^\t\x20-\x7e\x80-\xff]")


class Head(NamedTuple):
    """The head of a response. `items` are headers as `hookline.Headers` keeps them."""

    status_code: int
    reason: bytes
    version: bytes
    items: list[Item]


class ResponseParser:
    """What both parsers share. See the module's docstring."""

    # How much of what is no body there may be. Options of the protocol: see `HTTP11.configure`.
    max_head_size = MAX_HEAD_SIZE
    max_headers = MAX_HEADERS

    def __init__(self) -> None:
        self.head: Head | None = None
        self.body: list[bytes] = []
        self.trailers: list[Item] = []
        # The informational responses that have come, to be taken away; None where nobody wants
        # them.
        self.informational: list[tuple[int, list[Item]]] | None = None
        self.is_complete = False
        # Whether the connection may carry another exchange, as far as this message says.
        self.keeps_alive = False
        # Bytes came after the end of the message: nobody knows what they are.
        self.has_excess = False
        # Whether the connection speaks something else from here on, and what it has said already.
        self.has_switched = False
        self.excess = b""
        self._method = ""
        # Of the heads, as far as they are not complete.
        self._seen = b""
        self._searched = 0
        self._head_size = 0
        # Bytes of a body with a known length that are still to come.
        self._missing: int | None = None
        self._is_chunked = False
        # Bytes of a chunked body since there was anything in it for anybody.
        self._overhead = 0

    def start(self, method: str) -> None:
        """Expect the response to a request with this method."""
        self.head = None
        self.body = []
        self.trailers = []
        self.is_complete = self.keeps_alive = self.has_excess = self._is_chunked = False
        self.has_switched = False
        self._method = method
        self._missing = None
        if self._head_size:
            self._seen = b""
            self._searched = self._head_size = 0
        self._begin()

    def feed(self, data: bytes) -> None:
        """Parse what came in. Raises RemoteProtocolError, and is of no further use then."""
        if self.head is None:
            self._feed_head(data)
        elif self.is_complete:
            self._see_excess(data)
        elif self._is_chunked:
            pieces = len(self.body)
            self._feed_chunked(data)
            # Extensions and trailers are bounded like a head: chunks can be all extension.
            self._overhead = self._overhead + len(data) if len(self.body) == pieces else 0
            if self._overhead > self.max_head_size and not self.is_complete:
                raise RemoteProtocolError(
                    f"The response's chunked body has more than {self.max_head_size} bytes around "
                    "it."
                )
        else:
            self._take(data)

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

    @property
    def has_begun(self) -> bool:
        """Whether anything came since `start`."""
        return self.head is not None or self._head_size > 0

    # -- For subclasses to implement ----------------------------------------------------------

    def _begin(self) -> None:
        """Make ready for the next message."""
        raise NotImplementedError

    def _feed_head(self, data: bytes) -> None:
        """Parse heads up to the final one, and whatever of its body came along: call
        `_accept_head` for each head, `_take` and `_finish_chunked` for the body."""
        raise NotImplementedError

    def _feed_chunked(self, data: bytes) -> None:
        """Parse the rest of a chunked body: call `_take` and `_finish_chunked`."""
        raise NotImplementedError

    # -- For subclasses to call -----------------------------------------------------------------

    def _split_heads(self, data: bytes) -> list[bytes]:
        """Add to what was seen of the heads, and cut off those that are complete, the final one
        included. What is left in `_seen` then is the body.

        Heads are bounded here, and refused early where they begin as no head does (RFC 9112
        section 4): whoever speaks another protocol would rather wait for us.
        """
        self._seen += data
        self._head_size += len(data)
        heads = []
        rest = 0
        while head := self._next_head():
            heads.append(head)
            if not head.startswith(b"1", 9) or head.startswith(b"101", 9):
                rest = len(self._seen)
                break
        if self._head_size - rest > self.max_head_size:
            raise RemoteProtocolError(
                f"The response's head is longer than {self.max_head_size} bytes."
            )
        return heads

    def _next_head(self) -> bytes:
        seen = self._seen
        if seen.startswith((b"\r", b"\n")):
            # An empty line or two before a message has been seen after a body.
            seen = seen.lstrip(b"\r\n")
        if not (seen.startswith(_BEGINNING) or _BEGINNING.startswith(seen)):
            raise RemoteProtocolError(
                f"The response is not HTTP/1.1: it begins with {seen[:20]!r}."
            )
        if seen.startswith(b"0", 9):
            raise RemoteProtocolError(f"The response's status is {seen[9:12]!r}.")
        end = seen.find(HEAD_END, self._searched)
        if end < 0:
            self._seen = seen
            self._searched = max(len(seen) - 3, 0)
            return b""
        self._seen = seen[end + 4 :]
        self._searched = 0
        return seen[: end + 4]

    def _accept_head(self, status: int, reason: bytes, version: bytes, items: list[Item]) -> bool:
        """A head is complete. Returns whether it is the final one, and not informational."""
        if version not in (b"1.1", b"1.0"):
            raise RemoteProtocolError(f"The server speaks HTTP/{version.decode('latin-1')}.")
        self._check_count(items)
        coding = length = None
        connection = b""
        for _, lower, value in items:
            if lower == b"content-length":
                if length is not None:
                    raise RemoteProtocolError("The response has several Content-Length headers.")
                length = parse_length(value)
            elif lower == b"transfer-encoding":
                if coding is not None:
                    raise RemoteProtocolError("The response has several Transfer-Encoding headers.")
                check_coding(value)
                coding = value
            elif lower == b"connection":
                connection += value.lower()
        if coding is not None and (length is not None or version == b"1.0"):
            # RFC 9112 section 6.1: framing that was tampered with, or never right.
            raise RemoteProtocolError(
                "The response has both Transfer-Encoding and Content-Length."
                if length is not None
                else "The response has Transfer-Encoding in HTTP/1.0."
            )
        if status < 200 and status != 101:
            if status < 100:
                raise RemoteProtocolError(f"The response's status is {status}.")
            if coding is not None or length:
                # RFC 9110 sections 8.6 and 10.1.4 forbid both. No recipient reads a body here, so
                # a sender that writes one has written the beginning of the next response.
                raise RemoteProtocolError("An informational response announces a body.")
            if self.informational is not None:
                self.informational.append((status, items))
            return False
        # RFC 9112 section 9.3.
        keeps_alive = (version == b"1.1" or b"keep-alive" in connection) and not closes(connection)
        self._begin_body(
            Head(status, reason, version, items), keeps_alive, coding is not None, length
        )
        return True

    def _begin_body(
        self, head: Head, keeps_alive: bool, is_chunked: bool, length: int | None
    ) -> None:
        """The final head is there, and says this of its connection and its body."""
        self.head = head
        status = head[0]
        self.keeps_alive = keeps_alive
        # RFC 9112 section 6.3, in its order.
        if status == 204 or status == 304 or self._method == "HEAD":
            self.is_complete = True
        elif status == 101 or (status < 300 and self._method == "CONNECT"):
            # The connection speaks something else from here on, and is not ours to use again.
            self.keeps_alive = False
            self.is_complete = self.has_switched = True
            self.excess = b""
        elif is_chunked:
            self._is_chunked = True
            self._overhead = 0
        elif length is not None:
            self._missing = length
            if not length:
                self.is_complete = True
        else:
            # Until the connection closes.
            self.keeps_alive = False

    def _take(self, data: bytes) -> None:
        """Body bytes, from a subclass or as they came."""
        if self.is_complete:
            self._see_excess(data)
            return
        missing = self._missing
        if missing is None:
            self.body.append(data)
            return
        if len(data) > missing:
            self._see_excess(data[missing:])
            data = data[:missing]
        self.body.append(data)
        self._missing = missing - len(data)
        if not self._missing:
            self.is_complete = True

    def _finish_chunked(self, trailers: list[Item]) -> None:
        """The end of a chunked body, and the headers after it."""
        if trailers:
            size = 0
            for name, lower, value in trailers:
                size += len(name) + len(value) + 4
                if lower in (b"content-length", b"transfer-encoding"):
                    # RFC 9110 section 6.5.1.
                    raise RemoteProtocolError(
                        f"The response has {name.decode('latin-1')} after its body."
                    )
            if size > self.max_head_size:
                raise RemoteProtocolError(
                    "The headers after the response's body are longer than "
                    f"{self.max_head_size} bytes."
                )
            self._check_count(trailers)
        self.trailers = trailers
        self.is_complete = True

    def _check_count(self, items: list[Item]) -> None:
        if len(items) > self.max_headers:
            raise RemoteProtocolError(
                f"The response has {len(items)} headers, which are more than {self.max_headers}."
            )

    def _see_excess(self, data: bytes) -> None:
        """Bytes after the end. Empty lines would be skipped before the next message as well."""
        if self.has_switched:
            self.excess += data
        if data.strip(b"\r\n"):
            self.has_excess = True


def trimmed(lower: bytes, value: bytes) -> bytes:
    """A header's value without the white space after it (RFC 9110 section 5.5).

    With one exception, which makes `_accept_head` refuse it: llhttp does not see "chunked" where a
    tab follows, and would read the body until the connection closes.
    """
    if lower == b"transfer-encoding" and b"\t" in value:
        return value
    return value.rstrip(b" \t")


def check_reason(reason: bytes) -> None:
    """Refuse control characters in a reason."""
    if _NOT_IN_REASON.search(reason):
        raise RemoteProtocolError("The response's reason contains control characters.")


def check_coding(value: bytes) -> None:
    """Refuse a Transfer-Encoding that we cannot undo, or that does not end."""
    if value.lower() != b"chunked":
        raise RemoteProtocolError(
            f"The response's Transfer-Encoding is {value!r}; only 'chunked' is understood."
        )


def closes(connection: bytes) -> bool:
    """Whether a Connection header, in lower case, says that the connection ends (RFC 9112 section
    9.6). Searching for a word, not a token, errs on the side of closing."""
    return b"close" in connection


def parse_length(value: bytes) -> int:
    """The value of a Content-Length header."""
    # RFC 9110 section 8.6: digits alone. Twenty of them can be more than 64 bits hold.
    if not value.isdigit() or len(value) > 20 or int(value) > MAX_BODY_SIZE:
        raise RemoteProtocolError(f"The response's Content-Length is {value!r}.")
    return int(value)
