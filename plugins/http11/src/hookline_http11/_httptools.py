"""Responses parsed by httptools, which is llhttp: fast, and stricter than most.

llhttp knows nothing of the request's method, takes RTSP and HTTP/2.0 for HTTP, does not look at
reasons, leaves white space after a header's value, counts the bytes of a body itself and complains
of what follows a message. The code below holds it to the rules of `_parser.py`.

What nearly every response is, one head that arrives whole, takes the short way: its bytes are seen
by llhttp alone.
"""

from __future__ import annotations

from typing import Any

import httptools

from hookline import RemoteProtocolError
from hookline.plugins.interfaces import Item

from ._parser import ResponseParser, check_reason, trimmed

# Methods whose responses may announce a body that does not follow.
_WITHOUT_BODY = ("HEAD", "CONNECT")


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

    def _begin(self) -> None:
        self._items = []
        self._reason = b""
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

    def _feed_head(self, data: bytes) -> None:
        if (
            data.startswith(b"HTTP/1.1 ")
            and not self._head_size
            and self._method not in _WITHOUT_BODY
            and len(data) <= self.max_head_size
        ):
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

    def _feed_chunked(self, data: bytes) -> None:
        self._parse(data)

    def _parse(self, data: bytes) -> None:
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

    def on_body(self, data: bytes) -> None:
        self._take(data)

    def on_message_complete(self) -> None:
        self._is_mid_message = False
        if self._is_chunked and not self.is_complete:
            trailers, self._items = self._items, []
            self._finish_chunked(trailers)
