"""Responses parsed by h11: pure Python, for where there is no httptools.

h11 is lenient where RFC 9112 lets a client be: it takes bare line feeds and folded headers. What is
between two systems that read a message differently is where attacks live, so heads are screened
before h11 sees them, and both parsers refuse the same.
"""

from __future__ import annotations

import re

import h11

from hookline import RemoteProtocolError

from ._parser import MAX_HEAD_SIZE, ResponseParser

_HEAD_END = b"\r\n\r\n"
# RFC 9112 section 4: a status line is recognised as soon as it goes wrong.
_STATUS_LINE = b"HTTP/1."
# RFC 9112 section 7.1, as far as it has come: a line between two chunks that is not complete.
_PARTIAL_CHUNK_LINE = re.compile(rb"(?:[0-9A-Fa-f]{1,16}(?:[ \t]*;[^\r\n\0]*)?)?\r?")


class H11Parser(ResponseParser):
    """See `ResponseParser`."""

    def __init__(self) -> None:
        super().__init__()
        self._h11: h11.Connection
        self._pending = b""

    def _begin(self) -> None:
        # A connection object per message: h11 wants to see our side of an exchange before it parses
        # the other, and our side is written elsewhere.
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_SIZE)
        method = "HEAD" if self._method == "HEAD" else "GET"
        self._h11.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
        self._h11.send(h11.EndOfMessage())
        self._pending = b""

    def _parse(self, data: bytes) -> None:
        try:
            while self.head is None:
                self._pending += data
                data = b""
                if not self._parse_head():
                    return
            self._parse_body(data)
        except h11.RemoteProtocolError as exc:
            raise RemoteProtocolError(f"The response is not HTTP/1.1: {exc}") from exc

    def _parse_head(self) -> bool:
        """Parse one head, informational ones included; False where it is not complete."""
        # An empty line or two before a message has been seen after a body.
        pending = self._pending.lstrip(b"\r\n")
        self._pending = pending
        if not (pending.startswith(_STATUS_LINE) or _STATUS_LINE.startswith(pending)):
            raise RemoteProtocolError(
                f"The response is not HTTP/1.1: it begins with {pending[:20]!r}."
            )
        end = pending.find(_HEAD_END)
        _screen(pending if end < 0 else pending[: end + 4])
        if end < 0:
            return False
        raw, self._pending = pending[: end + 4], pending[end + 4 :]
        self._h11.receive_data(raw)
        event = self._h11.next_event()
        assert isinstance(event, (h11.InformationalResponse, h11.Response))
        items = [(name, name.lower(), value) for name, value in event.headers.raw_items()]
        if self._accept_head(event.status_code, event.reason, event.http_version, items):
            rest, self._pending = self._pending, b""
            if self.is_complete:
                self.has_excess = bool(rest)
            elif self._is_chunked:
                self._parse_body(rest)
            elif rest:
                self._take(rest)
        return True

    def _parse_body(self, data: bytes) -> None:
        if not data:
            return
        self._h11.receive_data(data)
        while True:
            event = self._h11.next_event()
            if isinstance(event, h11.Data):
                self._take(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self.trailers = [
                    (name, name.lower(), value) for name, value in event.headers.raw_items()
                ]
                self._finish()
                self.has_excess = bool(self._h11.trailing_data[0])
                return
            else:
                break


def _screen(head: bytes) -> None:
    """Refuse what h11 would take and httptools does not."""
    if b"\0" in head:
        raise RemoteProtocolError("The response's head contains NUL.")
    breaks = head.count(b"\r\n")
    # A last "\r" may still be completed.
    if head.count(b"\n") != breaks or head.count(b"\r", 0, -1) > breaks:
        raise RemoteProtocolError("The response's head contains a bare CR or LF.")
    if b"\r\n " in head or b"\r\n\t" in head:
        raise RemoteProtocolError("The response has a header folded over several lines.")
