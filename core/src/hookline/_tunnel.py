"""CONNECT: having a proxy make a stream of bytes to somewhere else (RFC 9110 section 9.3.6).

Knows one connection to a proxy, and what is asked and answered over it. Opens and closes nothing.

The rules it lives by:

- What comes after the head of a success belongs to the tunnel, and is the first that it returns.
- A success has no body, whatever its Content-Length says.
- Answers are bounded in everything: the head, the body of a refusal, the number of informational
  responses, and the time for all of it.
- What the proxy sent is not quoted in errors. It may be our own credentials that it sent back.
"""

from __future__ import annotations

import re
from typing import Any

import h11

from ._codes import codes
from ._errors import (
    ConnectTimeout,
    LocalProtocolError,
    ProxyError,
    TimeoutException,
    TransportError,
)
from ._models import Request, Response
from ._read_ahead import ReadAhead
from ._streams import ByteStream
from ._timeout import Deadline
from .plugins.interfaces import NetworkStream

# Generous for what has no cookies and no caching: most proxies themselves take no more than this.
_MAX_HEAD = 65_536
# The body of a refusal is read for the sake of the connection; reading more costs more than it.
_MAX_BODY = 65_536
# RFC 9110 section 15.2 wants them tolerated, and says not how many. Nobody has seen two.
_MAX_INFORMATIONAL = 16

# h11 quotes bytes at the end of its messages.
_BEFORE_VALUES = re.compile(r":| b['\"]| bytearray")


class Handshake:
    """The questions over one connection to a proxy; `proxy` is what errors call it."""

    def __init__(self, stream: NetworkStream, proxy: str, deadline: Deadline) -> None:
        self.stream = stream
        self._proxy = proxy
        self._deadline = deadline
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        self._questions = 0
        self._has_heard = False
        self._is_ending = False

    async def ask(self, request: Request) -> Response:
        """Send a CONNECT, and return the head of the answer to it."""
        connection = self._connection
        if self._questions:
            connection.start_next_cycle()
        self._questions += 1
        self._has_heard = False
        try:
            head = h11.Request(
                method=b"CONNECT",
                target=request.extensions["target"],
                headers=request.headers.raw,
            )
            data = (connection.send(head) or b"") + (connection.send(h11.EndOfMessage()) or b"")
        except h11.LocalProtocolError as exc:
            raise LocalProtocolError(
                f"The headers for the proxy {self._proxy} cannot be sent: {_without_values(exc)}."
            ) from None
        try:
            await self.stream.send(data, self._deadline.remaining())
        except TimeoutException as exc:
            raise self._too_late() from exc
        except TransportError as exc:
            raise self._error(f"the connection broke: {exc}") from exc
        for _ in range(_MAX_INFORMATIONAL + 1):
            event = await self._event()
            if isinstance(event, h11.Response):
                return self._response(event)
        raise self._error(f"it sent more than {_MAX_INFORMATIONAL} informational responses")

    async def read_body(self, response: Response, *, is_wanted: bool) -> None:
        """Read the body of a refusal, as far as it is bounded, and give it to the response.

        One that is not wanted for its own sake is read only where the connection lives on after it.
        """
        is_framed = any(
            response.headers._has(name) for name in (b"content-length", b"transfer-encoding")
        )
        if not is_wanted and (self._is_ending or not is_framed):
            return
        body = b""
        while len(body) <= _MAX_BODY:
            event = await self._event()
            if not isinstance(event, h11.Data):
                break
            body += event.data
        response.stream = ByteStream(body)
        if is_wanted:
            await response._read(is_async=False)

    @property
    def can_ask_again(self) -> bool:
        """Whether the proxy takes another question over this connection, as far as it has said."""
        connection = self._connection
        return (
            not self._is_ending
            and connection.our_state is h11.DONE
            and connection.their_state is h11.DONE
            # What came behind the answer would be taken for the next one.
            and not connection.trailing_data[0]
        )

    @property
    def was_left_unasked(self) -> bool:
        """Whether the proxy ended the connection after an answer, before it heard the question that
        failed: another connection may do."""
        return self._questions > 1 and not self._has_heard

    def tunnel(self) -> NetworkStream:
        """The stream to the other side, once the proxy said yes."""
        ahead, _ = self._connection.trailing_data
        return ReadAhead(self.stream, bytes(ahead)) if ahead else self.stream

    # -- Events -----------------------------------------------------------------------------

    async def _event(self) -> Any:
        """What the proxy says next."""
        while True:
            try:
                event = self._connection.next_event()
            except h11.RemoteProtocolError as exc:
                raise self._error(f"its answer is not HTTP ({_without_values(exc)})") from None
            if event is not h11.NEED_DATA:
                return event
            # A backend may prefer data that is there to a deadline that is over.
            if self._deadline.has_expired:
                raise self._too_late()
            try:
                data = await self.stream.receive(self._deadline.remaining())
            except TimeoutException as exc:
                raise self._too_late() from exc
            except TransportError as exc:
                raise self._error(f"the connection broke: {exc}") from exc
            if not data and self._connection.their_state is not h11.SEND_BODY:
                raise self._error("it closed the connection before its answer was complete")
            self._has_heard = True
            self._connection.receive_data(data)

    def _response(self, event: h11.Response) -> Response:
        items = [
            (raw_name, name, value)
            for (raw_name, _), (name, value) in zip(
                event.headers.raw_items(), event.headers, strict=True
            )
        ]
        # An old name for an old way of saying it, which proxies use to this day.
        self._is_ending = event.http_version < b"1.1" or any(
            name in (b"connection", b"proxy-connection") and b"close" in value.lower()
            for name, value in event.headers
        )
        extensions = {
            "http_version": b"HTTP/" + event.http_version,
            "reason_phrase": event.reason,
        }
        return Response._from_wire(event.status_code, items, ByteStream(b""), extensions)

    # -- What goes wrong --------------------------------------------------------------------

    def _error(self, reason: str) -> ProxyError:
        return ProxyError(f"The proxy {self._proxy} made no tunnel: {reason}.")

    def _too_late(self) -> ConnectTimeout:
        return ConnectTimeout(f"The proxy {self._proxy} did not answer CONNECT in time.")


def refused(response: Response, proxy: str, target: str, *, had_credentials: bool) -> ProxyError:
    """The error for an answer that is no success."""
    status = response.status_code
    # The proxy's own words are bytes from outside: printable ASCII of them, or the standard's.
    reason = "".join(filter(str.isprintable, response.reason_phrase))
    reason = reason or codes.get_reason_phrase(status)
    message = f"The proxy {proxy} refused the tunnel to {target}: {status} {reason}".rstrip()
    if status == 407:
        message += (
            ". It did not accept the credentials that it was given"
            if had_credentials
            else ". Give it credentials: hookline.Proxy(url, auth=(user, password))"
        )
    error = ProxyError(f"{message}.")
    error.status_code = status
    return error


def _without_values(exc: h11.ProtocolError) -> str:
    """What h11 found wrong, without the bytes in which it found it."""
    return _BEFORE_VALUES.split(str(exc), maxsplit=1)[0]
