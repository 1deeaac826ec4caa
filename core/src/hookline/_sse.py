"""Server-sent events (WHATWG HTML, section "Server-sent events").

Knows the format, and reads it off a response. Sends nothing, and does not reconnect: an event's
`id` and `retry` are there for who does.

Events are those of httpx2. It differs from browsers in one point: a block without data is an event
too where it has a type, an id or a retry, since servers write such blocks and mean them.
"""

from __future__ import annotations

import json as jsonlib
import re
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._errors import SSEError
from ._headers import Headers

if TYPE_CHECKING:
    from ._models import Response
    from ._types import HeaderTypes

DEFAULT_MAX_EVENT_SIZE = 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class ServerSentEvent:
    """One event.

    - `event`: its type, "message" where the server named none.
    - `data`: its data; several lines are joined by line feeds.
    - `id`: the last id that the server gave, with this event or an earlier one.
    - `retry`: the milliseconds to wait before connecting again, where this event says it.
    """

    event: str = "message"
    data: str = ""
    id: str = ""
    retry: int | None = None

    def json(self) -> Any:
        """The data as JSON. Raises what `json.loads` raises."""
        return jsonlib.loads(self.data)


class EventSource:
    """The events of a response: iterate over it, with `async for` under AsyncClient.

    - `response`: one whose body is unread, or read.
    - `max_event_size`: how many bytes one event may have, 1 MiB by default; None for any number.

    Iterating raises SSEError for a response that is no event stream, and for an event that is too
    large. A status such as 404 raises nothing: see `response.raise_for_status()`.
    """

    def __init__(
        self, response: Response, max_event_size: int | None = DEFAULT_MAX_EVENT_SIZE
    ) -> None:
        if max_event_size is not None and (
            isinstance(max_event_size, bool)
            or not isinstance(max_event_size, int)
            or max_event_size < 1
        ):
            raise ValueError(
                f"max_event_size: expected a whole number >= 1 or None, not {max_event_size!r}."
            )
        self._response = response
        self._max_event_size = max_event_size

    @property
    def response(self) -> Response:
        """The response that the events come from."""
        return self._response

    def __iter__(self) -> Iterator[ServerSentEvent]:
        return _Events(self._reading(), self._response.iter_bytes())

    def __aiter__(self) -> AsyncIterator[ServerSentEvent]:
        return _AsyncEvents(self._reading(), self._response.aiter_bytes())

    def _reading(self) -> _Reading:
        response = self._response
        content_type = response.headers.get("content-type", "").partition(";")[0].strip()
        if content_type.lower() != "text/event-stream":
            raise SSEError(
                f"Expected response with content type 'text/event-stream', got {content_type!r}.",
                request=response._request,
            )
        return _Reading(response, self._max_event_size)

    def __repr__(self) -> str:
        return f"EventSource({self._response!r})"


def for_events(headers: HeaderTypes | None) -> Headers:
    """The headers of a request for events, where the user did not give them."""
    complete = Headers({"Accept": "text/event-stream", "Cache-Control": "no-store"})
    complete.update(headers)
    return complete


class EventParser:
    """From bytes, cut anywhere, to events, which are appended to `events`."""

    def __init__(self, max_event_size: int | None = DEFAULT_MAX_EVENT_SIZE) -> None:
        self.events: deque[ServerSentEvent] = deque()
        self._limit = max_event_size
        # A line that is not complete, in parts: joining them only once keeps long lines linear.
        self._held: list[bytes] = []
        self._is_comment = False
        self._is_first_line = True
        # Whether the last piece ended in a CR, so that an LF at the start of the next ends nothing.
        self._ended_in_cr = False
        self._last_id = ""
        self._start_event()

    def _start_event(self) -> None:
        self._size = 0
        self._is_event = False
        self._type = ""
        self._data: list[str] = []
        self._retry: int | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises SSEError where an event becomes too large."""
        if not data:
            return
        if self._ended_in_cr:
            data = data.removeprefix(b"\n")
        self._ended_in_cr = data.endswith(b"\r")
        *ended, rest = _LINE_END.split(data)
        for part in ended:
            self._hold(part)
            line, self._held = b"".join(self._held), []
            self._take(line)
        self._hold(rest)

    def _hold(self, part: bytes) -> None:
        """Keep a part of a line, unless it is a comment."""
        if not part:
            return
        if not self._held:
            self._is_comment = part.startswith(b":")
        elif self._is_comment:
            return
        self._held.append(part)
        if self._is_comment:
            return
        self._size += len(part)
        if self._limit is not None and self._size > self._limit:
            raise SSEError(f"Server-sent event exceeded the {self._limit} byte limit.")

    def _take(self, line: bytes) -> None:
        if self._is_first_line:
            self._is_first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            self._dispatch()
            return
        name, _, value = line.decode("utf-8", errors="replace").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self._last_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self._retry = int(value)
        else:
            return
        self._is_event = True

    def _dispatch(self) -> None:
        if self._is_event:
            self.events.append(
                ServerSentEvent(
                    self._type or "message", "\n".join(self._data), self._last_id, self._retry
                )
            )
        self._start_event()


class _Reading:
    """Events that are there, and what came after them."""

    def __init__(self, response: Response, max_event_size: int | None) -> None:
        self._parser = EventParser(max_event_size)
        self._response = response
        self._error: SSEError | None = None

    def pop(self) -> ServerSentEvent | None:
        """The next event, if it is there. Raises SSEError once all before the error are gone."""
        if self._parser.events:
            return self._parser.events.popleft()
        if self._error is not None:
            raise self._error
        return None

    def feed(self, data: bytes) -> None:
        try:
            self._parser.feed(data)
        except SSEError as exc:
            exc._request = self._response._request
            self._error = exc


class _Events(Iterator[ServerSentEvent]):
    def __init__(self, reading: _Reading, pieces: Iterator[bytes]) -> None:
        self._reading = reading
        self._pieces = pieces

    def __next__(self) -> ServerSentEvent:
        while (event := self._reading.pop()) is None:
            self._reading.feed(next(self._pieces))
        return event


class _AsyncEvents(AsyncIterator[ServerSentEvent]):
    def __init__(self, reading: _Reading, pieces: AsyncIterator[bytes]) -> None:
        self._reading = reading
        self._pieces = pieces

    async def __anext__(self) -> ServerSentEvent:
        while (event := self._reading.pop()) is None:
            self._reading.feed(await anext(self._pieces))
        return event
