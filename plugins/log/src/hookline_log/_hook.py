"""The event hook: one record for each message on the wire, when its response is over or does not
come."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, ClassVar

from hookline import Request, Response
from hookline.plugins import EventHook

from ._redaction import Redaction

# `logging.WARNING`, without the import: an event hook that is not used costs none.
_WARNING = 30

# Where a response keeps how long its head took.
_HEAD_SECONDS = "hookline_log.head_seconds"


class Log(EventHook):
    """Writes a record for each message: redirects and answers to challenges are messages too.

    `GET https://example.org/ 200 OK, 1256 bytes in 34 ms`

    Records go to the logger `hookline.requests`, with their facts as attributes: `http_method`,
    `http_url`, `http_status` (None where no response came), `http_version`, `http_seconds` (until
    the body was over), `http_head_seconds` (until the head was there), `http_response_bytes` (of
    the body, as it came), `http_error` (the exception's class), `http_request_headers` and
    `http_response_headers` (where asked for). `JSONFormatter` makes a line of JSON of them.

    - `logger`: the name of another logger.
    - `level`: of responses below 400, "INFO" by default. Those from 400 and failures are WARNING.
    - `slow`: seconds from which a response is a WARNING whatever its status; None for never.
    - `headers`: whether headers are in the record.
    - `hide_headers`, `hide_params`: names of headers and of URL parameters whose values are hidden,
      beside those that are known to hold credentials. Passwords in URLs never appear, nor does any
      body.
    """

    name: ClassVar[str] = "log"

    def __init__(
        self,
        *,
        logger: str = "hookline.requests",
        level: int | str = "INFO",
        slow: float | None = None,
        headers: bool = False,
        hide_headers: Iterable[str] = (),
        hide_params: Iterable[str] = (),
    ) -> None:
        import logging

        self._logger = logging.getLogger(logger)
        self._level = _level(level)
        if slow is not None and not (isinstance(slow, (int, float)) and slow >= 0):
            raise ValueError(f"slow: expected seconds >= 0 or None, not {slow!r}.")
        self._slow = slow
        self._headers = headers
        self._redaction = Redaction(hide_headers, hide_params)
        # By identity: each start is followed by a response or a failure, which takes it out again.
        self._starts: dict[int, float] = {}

    def request_started(self, request: Request) -> None:
        self._starts[id(request)] = time.perf_counter()

    def response_started(self, response: Response) -> None:
        response.extensions[_HEAD_SECONDS] = self._since(response.request)

    def response_finished(self, response: Response) -> None:
        seconds = response.elapsed.total_seconds()
        is_bad = response.status_code >= 400
        is_slow = self._slow is not None and seconds >= self._slow
        level = _WARNING if is_bad or is_slow else self._level
        if not self._logger.isEnabledFor(level):
            return
        request = response.request
        url = self._redaction.url(request.url)
        size = response.num_bytes_downloaded
        facts: dict[str, Any] = {
            "http_status": response.status_code,
            "http_version": response.http_version,
            "http_head_seconds": response.extensions.get(_HEAD_SECONDS),
            "http_response_bytes": size,
            "http_error": None,
        }
        if self._headers:
            facts["http_response_headers"] = self._redaction.headers(response.headers)
        self._logger.log(
            level,
            "%s %s %d %s, %d bytes in %s",
            request.method,
            url,
            response.status_code,
            response.reason_phrase,
            size,
            _milliseconds(seconds),
            extra=self._facts(request, url, seconds) | facts,
        )

    def request_failed(self, request: Request, error: BaseException) -> None:
        seconds = self._since(request)
        # A cancelled call is nobody's failure.
        level = _WARNING if isinstance(error, Exception) else self._level
        if not self._logger.isEnabledFor(level):
            return
        url = self._redaction.url(request.url)
        kind = type(error).__name__
        self._logger.log(
            level,
            "%s %s failed after %s: %s",
            request.method,
            url,
            _milliseconds(seconds),
            kind,
            extra=self._facts(request, url, seconds) | {"http_status": None, "http_error": kind},
        )

    def _facts(self, request: Request, url: str, seconds: float | None) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "http_method": request.method,
            "http_url": url,
            "http_seconds": seconds,
        }
        if self._headers:
            facts["http_request_headers"] = self._redaction.headers(request.headers)
        return facts

    def _since(self, request: Request) -> float | None:
        started = self._starts.pop(id(request), None)
        return None if started is None else time.perf_counter() - started


def _milliseconds(seconds: float | None) -> str:
    return "unknown time" if seconds is None else f"{seconds * 1000:.0f} ms"


def _level(level: int | str) -> int:
    if isinstance(level, str):
        import logging

        known = logging.getLevelNamesMapping()
        if level.upper() not in known:
            raise ValueError(f"level: expected one of {', '.join(known)}, not {level!r}.")
        return known[level.upper()]
    if isinstance(level, bool) or not isinstance(level, int):
        raise TypeError(f"level: expected a level such as 'INFO', not {level!r}.")
    return level
