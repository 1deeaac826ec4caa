"""Responses parsed by httptools, which is llhttp: fast, and stricter than most.

llhttp knows nothing of the request's method, takes empty lines before a status line, counts the
bytes of a body itself and complains of what follows a message. The callbacks below hold it to the
rules of `_parser.py`.
"""

from __future__ import annotations

from typing import Any

import httptools

from hookline import RemoteProtocolError
from hookline.plugins.interfaces import Item

from ._parser import ResponseParser


class HttptoolsParser(ResponseParser):
    """See `ResponseParser`."""

    def __init__(self) -> None:
        super().__init__()
        self._llhttp: Any = None
        self._items: list[Item] = []
        self._reason = b""
        self._is_informational = False
        self._is_mid_message = False

    def _begin(self) -> None:
        self._items = []
        self._reason = b""
        self._is_informational = False
        if self._llhttp is None:
            self._llhttp = httptools.HttpResponseParser(self)

    def _parse(self, data: bytes) -> None:
        try:
            self._llhttp.feed_data(data)
        except httptools.HttpParserUpgrade:
            # 101: what follows is in another protocol.
            pass
        except httptools.HttpParserCallbackError as exc:
            self._llhttp = None
            cause = exc.__context__
            if isinstance(cause, RemoteProtocolError):
                raise cause from None
            raise
        except httptools.HttpParserError as exc:
            self._llhttp = None
            if not self.is_complete:
                raise RemoteProtocolError(f"The response is not HTTP/1.1: {exc}") from exc
            # The message was whole; what came after it was not.
            self.has_excess = True
        if self.head is not None and (not self._is_chunked or self.is_complete):
            self._retire()

    def _retire(self) -> None:
        """Give up the llhttp parser where it is not at the end of a message, as we are."""
        if not self.is_complete or self._is_mid_message:
            self._llhttp = None

    # -- Called by httptools ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._is_mid_message = True
        if self.is_complete:
            self.has_excess = True

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes | None) -> None:
        self._items.append((name, name.lower(), value or b""))

    def on_headers_complete(self) -> None:
        if self.is_complete:
            return
        llhttp = self._llhttp
        items, self._items = self._items, []
        reason, self._reason = self._reason, b""
        self._is_informational = not self._accept_head(
            llhttp.get_status_code(), reason, llhttp.get_http_version().encode("ascii"), items
        )

    def on_body(self, data: bytes) -> None:
        self._take(data)

    def on_message_complete(self) -> None:
        self._is_mid_message = False
        if self._is_informational:
            self._is_informational = False
        elif not self.is_complete:
            self.trailers, self._items = self._items, []
            self._finish()
