"""Responses parsed by h11: pure Python, for where there is no httptools.

h11 is lenient where RFC 9112 lets a client be: it takes bare line feeds and folded headers, merges
Content-Length headers that say the same, and waits for the end of a head before it looks at its
lines. What is between two systems that read a message differently is where attacks live. So every
line is screened here before h11 sees it, as soon as it is there: h11 gets whole heads, lines
between chunks one by one, and trailers as a block, and finds nothing to complain of.
"""

from __future__ import annotations

import re

import h11

from hookline import RemoteProtocolError
from hookline.plugins.interfaces import Item

from ._parser import (
    MAX_BODY_SIZE,
    ResponseParser,
    check_coding,
    check_reason,
    parse_length,
    trimmed,
)

_LINE_END = b"\r\n"
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
# RFC 9112 section 4, and without a reason as well: some servers leave even the space out.
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-9][0-9][0-9](?: ([^\r\n]*))?")
# RFC 9112 section 5, without folding (section 5.2).
_HEADER = re.compile(rb"(%b+):[ \t]*([\t\x20-\x7e\x80-\xff]*)" % _TOKEN)
_PARTIAL_LINE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*\r?")
# RFC 9112 section 7.1. There is no limit to leading zeros. As in llhttp, names and values of
# extensions may be empty, but not all that follows a semicolon: nobody reads them.
_QUOTED = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
_EXTENSION = rb";(?!\Z)%b*(?:=%b*(?:%b)?)?" % (_TOKEN, _TOKEN, _QUOTED)
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:%b)*" % _EXTENSION)
_PARTIAL_CHUNK_LINE = re.compile(rb"(?:[0-9A-Fa-f]+[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r?)?")

_GET = h11.Request(method="GET", target="/", headers=[("Host", "h"), ("Upgrade", "h")])
_HEAD = h11.Request(method="HEAD", target="/", headers=[("Host", "h"), ("Upgrade", "h")])


class H11Parser(ResponseParser):
    """See `ResponseParser`."""

    def __init__(self) -> None:
        super().__init__()
        self._h11: h11.Connection
        # Of a chunked body: the beginning of a line, or of the trailers.
        self._pending = b""
        # Of an incomplete head, or of incomplete trailers: the lines read, and how far that was.
        self._items: list[Item] = []
        self._read = 0
        # Bytes to the end of this chunk, its line end included.
        self._chunk_missing = 0
        self._is_after_body = False

    def _begin(self) -> None:
        # A connection object per message: h11 wants to see our side of an exchange before it parses
        # the other, and our side is written elsewhere. It may have asked for an upgrade. Sizes are
        # bounded by the base class.
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=2**63)
        self._h11.send(_HEAD if self._method == "HEAD" else _GET)
        self._h11.send(h11.EndOfMessage())
        self._pending = b""
        self._items = []
        self._read = self._chunk_missing = 0
        self._is_after_body = False

    # -- Heads --------------------------------------------------------------------------------

    def _feed_head(self, data: bytes) -> None:
        for head in self._split_heads(data):
            self._read_lines(head, len(head) - 4)
            items = self._take_items()
            self._h11.receive_data(head)
            event = self._next_event()
            assert isinstance(event, (h11.InformationalResponse, h11.Response))
            # Not h11's headers: it has put Content-Length and Transfer-Encoding in order.
            self._accept_head(event.status_code, event.reason, event.http_version, items)
        if self.head is None:
            self._read_some_lines(self._seen)
        elif self._seen:
            rest, self._seen = self._seen, b""
            if self._is_chunked:
                self._feed_chunked(rest)
            else:
                self._take(rest)

    def _read_some_lines(self, block: bytes) -> None:
        """Refuse an incomplete head, or incomplete trailers, as soon as a line is wrong."""
        end = block.rfind(_LINE_END, self._read)
        if end >= 0:
            self._read_lines(block, end)
        if not _PARTIAL_LINE.fullmatch(block, self._read):
            raise _error("a line", block[self._read :])

    def _read_lines(self, block: bytes, end: int) -> None:
        """Read the lines of a head or of trailers that were not read before, up to `end`."""
        if end < self._read:
            return
        lines = block[self._read : end].split(_LINE_END)
        if not self._read and not self._is_after_body:
            _check_status_line(lines.pop(0))
        for line in lines:
            item = _header(line)
            if item[1] in _FRAMING:
                self._check_framing(item)
            self._items.append(item)
        self._read = end + 2

    def _check_framing(self, item: Item) -> None:
        name, lower, value = item
        if self._is_after_body or any(earlier in _FRAMING for _, earlier, _ in self._items):
            raise RemoteProtocolError(
                f"The response has {name.decode('latin-1')} where its framing is settled already."
            )
        if lower == b"content-length":
            parse_length(value)
        else:
            check_coding(value)

    def _take_items(self) -> list[Item]:
        items, self._items = self._items, []
        self._read = 0
        return items

    # -- Chunked bodies -----------------------------------------------------------------------

    def _feed_chunked(self, data: bytes) -> None:
        if self._pending:
            data = self._pending + data
            self._pending = b""
        position = 0
        while position < len(data) and not self.is_complete:
            if self._chunk_missing:
                piece = data[position : position + self._chunk_missing]
                self._chunk_missing -= len(piece)
                position += len(piece)
                self._parse_chunked(piece)
            elif self._is_after_body:
                position = self._feed_trailers(data, position)
            else:
                position = self._feed_chunk_line(data, position)
        if position < len(data):
            self._see_excess(data[position:])

    def _feed_chunk_line(self, data: bytes, start: int) -> int:
        """Parse the line at `start`, and return where it ends."""
        end = data.find(_LINE_END, start)
        if end < 0:
            self._pending = data[start:]
            if not _PARTIAL_CHUNK_LINE.fullmatch(self._pending):
                raise _error("the line before a chunk", self._pending)
            return len(data)
        match = _CHUNK_LINE.fullmatch(data, start, end)
        size = int(match[1], 16) if match else MAX_BODY_SIZE + 1
        if size > MAX_BODY_SIZE:
            raise _error("the line before a chunk", data[start:end])
        if size:
            self._chunk_missing = size + 2
        else:
            self._is_after_body = True
        self._parse_chunked(b"%x\r\n" % size)
        return end + 2

    def _feed_trailers(self, data: bytes, start: int) -> int:
        """Parse the trailers at `start`, and return where they end."""
        end = start + 2
        if not data.startswith(_LINE_END, start):
            end = data.find(b"\r\n\r\n", start) + 4
            if end < 4:
                self._pending = data[start:]
                self._read_some_lines(self._pending)
                return len(data)
            self._read_lines(data[start:end], end - start - 4)
        self._parse_chunked(data[start:end])
        self._finish_chunked(self._take_items())
        return end

    def _parse_chunked(self, data: bytes) -> None:
        self._h11.receive_data(data)
        while isinstance(event := self._next_event(), h11.Data):
            self._take(bytes(event.data))

    def _next_event(self) -> object:
        try:
            return self._h11.next_event()
        except h11.RemoteProtocolError as exc:
            raise RemoteProtocolError(f"The response is not HTTP/1.1: {exc}") from exc


def _check_status_line(line: bytes) -> None:
    match = _STATUS_LINE.fullmatch(line)
    if not match:
        raise _error("its first line", line)
    check_reason(match[1] or b"")


def _header(line: bytes) -> Item:
    match = _HEADER.fullmatch(line)
    if not match:
        raise _error("a header", line)
    name, value = match.groups()
    lower = name.lower()
    return name, lower, trimmed(lower, value)


def _error(what: str, line: bytes) -> RemoteProtocolError:
    return RemoteProtocolError(f"The response is not HTTP/1.1: {what} is {line[:100]!r}.")
