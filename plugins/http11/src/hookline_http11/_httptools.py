"""Responses parsed by httptools, which is llhttp: fast, and stricter than most.

llhttp knows nothing of the request's method, takes RTSP and HTTP/2.0 for HTTP, does not look at
reasons, leaves white space after a header's value, counts the bytes of a body itself and complains
of what follows a message. The code below holds it to the rules of `_parser.py`.

What nearly every response is, one head that arrives whole, and no chunks, takes the short way past
llhttp: see `_take_known_head`.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import httptools

from hookline import RemoteProtocolError
from hookline.plugins.interfaces import Item

from ._parser import HEAD_END, Head, ResponseParser, check_reason, closes, parse_length, trimmed

# Methods whose responses may announce a body that does not follow.
_WITHOUT_BODY = ("HEAD", "CONNECT")

# Status lines and headers as well-behaved servers write them: less than RFC 9112 allows, so that
# whatever is in doubt is llhttp's. No empty reason, no white space at the end of a line.
_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9]) ([\x21-\x7e]+(?:[ ][\x21-\x7e]+)*)")
_HEADER = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ ]?"
    rb"((?:[\x21-\x7e\x80-\xff]+(?:[\t ]+[\x21-\x7e\x80-\xff]+)*)?)"
)


class Framing(NamedTuple):
    """A line of those headers that say where a body ends, and whether anything follows."""

    item: Item
    length: int | None
    closes: bool


# Headers that say the same in response after response, and nothing that is anybody's secret: their
# lines are kept for whoever else gets them. Others' are kept with their connection, and few.
_REPEATED = frozenset(
    b"accept-ranges access-control-allow-credentials access-control-allow-headers "
    b"access-control-allow-methods access-control-allow-origin access-control-expose-headers "
    b"access-control-max-age age alt-svc cache-control content-encoding content-language "
    b"content-security-policy content-type cross-origin-embedder-policy "
    b"cross-origin-opener-policy cross-origin-resource-policy date expires keep-alive "
    b"last-modified nel permissions-policy pragma referrer-policy report-to server "
    b"strict-transport-security timing-allow-origin vary via x-cache x-content-type-options "
    b"x-dns-prefetch-control x-frame-options x-powered-by x-xss-protection".split()
)

# Lines that were found to be such, and what they mean. Bounded, in lines and in bytes: what servers
# send comes from outside.
_known_statuses: dict[bytes, tuple[int, bytes]] = {}
_known_headers: dict[bytes, Item] = {}
_known_framing: dict[bytes, Framing] = {}
_LINES_KEPT = 1024
_OWN_LINES_KEPT = 32
_LONGEST_LINE_KEPT = 200


class HttptoolsParser(ResponseParser):
    """See `ResponseParser`."""

    def __init__(self) -> None:
        super().__init__()
        self._llhttp: Any = None
        self._items: list[Item] = []
        self._reason = b""
        # Of the head that is being parsed; empty where llhttp has to be asked.
        self._version = b""
        self._is_mid_message = False
        # Whether the last body was chunked: the next one will be, mostly, and that is llhttp's.
        self._was_chunked = False
        # Lines as in `_known_headers`, of this connection alone.
        self._own_headers: dict[bytes, Item] = {}

    def _begin(self) -> None:
        self._items = []
        self._reason = b""

    def _feed_head(self, data: bytes) -> None:
        is_beginning = (
            data.startswith(b"HTTP/1.1 ")
            and not self._head_size
            and self._method not in _WITHOUT_BODY
        )
        if (
            is_beginning
            and not self._was_chunked
            and type(data) is bytes
            and self._take_known_head(data)
        ):
            return
        if is_beginning and len(data) <= self.max_head_size:
            # A head that is whole, probably: its bytes are seen by llhttp alone.
            self._version = b"1.1"
            self._parse(data)
            if self._version and self.head is not None:
                return
            self._split_heads(data)
        else:
            self._version = b""
            self._split_heads(data)
            self._parse(data)
        head = self.head
        if head is not None:
            if self.is_complete and (
                self._method == "HEAD"
                or head.status_code == 101
                or (head.status_code < 300 and self._method == "CONNECT")
            ):
                # What llhttp took for a body, or choked on.
                self.has_excess = False
                self.excess = b""
                self._see_excess(self._seen)
            self._seen = b""

    def _take_known_head(self, data: bytes) -> bool:
        """Take a head that came whole, and of which nothing is in doubt; False where llhttp is to
        look at it. It never sees such a message: a body that is not chunked needs no parser.
        """
        end = data.find(HEAD_END, 0, self.max_head_size)
        if end < 0:
            return False
        lines = data[:end].split(b"\r\n")
        status = _known_statuses.get(lines[0]) or _learn_status(lines[0])
        if status is None:
            return False
        del lines[0]
        items: list[Any] = list(map(_known_headers.get, lines))
        length: int | None = None
        keeps_alive = True
        at = 0
        for _ in range(items.count(None)):
            at = items.index(None, at)
            line = lines[at]
            meaning = (
                _known_framing.get(line)
                or self._own_headers.get(line)
                or _learn_header(line, self._own_headers)
            )
            if meaning is None:
                return False
            if type(meaning) is Framing:
                if meaning.length is not None:
                    if length is not None:
                        return False
                    length = meaning.length
                elif meaning.closes:
                    keeps_alive = False
                items[at] = meaning.item
            else:
                items[at] = meaning
        if len(items) > self.max_headers:
            return False
        # What Head(...) does, at half its price: there is one for every response.
        head = tuple.__new__(Head, (*status, b"1.1", items))
        self._begin_body(head, keeps_alive, False, length)
        if len(data) > end + 4:
            self._take(data[end + 4 :])
        return True

    def _feed_chunked(self, data: bytes) -> None:
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        if self._llhttp is None:
            self._llhttp = httptools.HttpResponseParser(self)
            self._llhttp.set_dangerous_leniencies(
                # Whether a connection goes on after a message is our decision; as it is, llhttp
                # would refuse what follows an informational response with "Connection: close".
                lenient_keep_alive=True,
                # RFC 9112 section 7.1.1 wants it before extensions. At the end of the line it is
                # what servers send that print sizes in a fixed width.
                lenient_spaces_after_chunk_size=True,
            )
        try:
            self._llhttp.feed_data(data)
        except httptools.HttpParserCallbackError as exc:
            self._llhttp = None
            # httptools catches whatever a callback raises, a KeyboardInterrupt as well.
            raise exc.__context__ or exc from None
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as exc:
            self._llhttp = None
            if not self.is_complete:
                raise RemoteProtocolError(f"The response is not HTTP/1.1: {exc}") from exc
            # The message was whole; what came after it was not. Or there was a 101, where llhttp
            # stops, even with nothing after it.
            self.has_excess = True
            self._version = b""
            return
        if (
            self._is_mid_message
            and self.head is not None
            and (self.is_complete or not self._is_chunked)
        ):
            # llhttp waits for something else than we do.
            self._llhttp = None

    # -- Called by httptools ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._is_mid_message = True
        if self.is_complete:
            self.has_excess = True

    def on_status(self, reason: bytes) -> None:
        if not reason.isalpha() and not self.is_complete:
            check_reason(reason)
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        stripped = value.rstrip()
        if stripped is not value:
            stripped = trimmed(lower, value)
        self._items.append((name, lower, stripped))

    def on_headers_complete(self) -> None:
        if self.is_complete:
            return
        items, self._items = self._items, []
        reason, self._reason = self._reason, b""
        version = self._version or self._llhttp.get_http_version().encode("ascii")
        if not self._accept_head(self._llhttp.get_status_code(), reason, version, items):
            # Another head follows, and perhaps in the same piece.
            self._version = b""
        self._was_chunked = self._is_chunked

    def on_body(self, data: bytes) -> None:
        self._take(data)

    def on_message_complete(self) -> None:
        self._is_mid_message = False
        if self._is_chunked and not self.is_complete:
            trailers, self._items = self._items, []
            self._finish_chunked(trailers)


def _learn_status(line: bytes) -> tuple[int, bytes] | None:
    """What a status line means; None where that is in doubt."""
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        return None
    status = int(match[1]), match[2]
    _keep(_known_statuses, line, status)
    return status


def _learn_header(line: bytes, own: dict[bytes, Item]) -> Item | Framing | None:
    """What a header's line means; None where that is in doubt, or where chunks follow."""
    match = _HEADER.fullmatch(line)
    if match is None:
        return None
    name, value = match.groups()
    lower = name.lower()
    item = name, lower, value
    if lower == b"transfer-encoding":
        return None
    if lower == b"content-length" or lower == b"connection":
        length = parse_length(value) if lower == b"content-length" else None
        framing = Framing(item, length, length is None and closes(value.lower()))
        _keep(_known_framing, line, framing)
        return framing
    if lower in _REPEATED:
        _keep(_known_headers, line, item)
    elif lower != b"set-cookie":
        # That one is hardly ever the same.
        _keep(own, line, item, _OWN_LINES_KEPT)
    return item


def _keep(known: dict[bytes, Any], line: bytes, meaning: object, most: int = _LINES_KEPT) -> None:
    if len(line) <= _LONGEST_LINE_KEPT:
        if len(known) >= most:
            known.clear()
        known[line] = meaning
