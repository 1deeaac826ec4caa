"""The middleware: which limit holds for which origin, and what servers say about it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import hookline
from hookline import Origin, Request, Response
from hookline.plugins import Middleware, Send, after_fork, retry_after

from ._gate import LIMITS, Gate, Limit

# Origins come from outside, by redirects: gates that nobody needs are thrown away beyond this.
_GATES_KEPT = 1024

_STATUSES = (429, 503)


class RateLimit(Middleware):
    """Lets requests to each origin start at a rate, and so many of them be on their way at once.

    - `rate`: requests in `per` seconds, 1 by default; None for no limit. `rate=100, per=60` is a
      hundred a minute.
    - `burst`: how many may start together after a pause; as many as `rate` says by default.
    - `concurrency`: requests on their way at once, from the start until the body of the response is
      read or closed; None for no limit. Those that wait are served in the order in which they came.
    - `origins`: other limits for some origins: `{"https://api.example.org": {"rate": 5}}`. What
      such a mapping leaves out is as for all; None stands for no limits.
    - `max_wait`: seconds that a request waits at most, 60 by default; None for no limit. A
      timeout's `total` is respected in any case.
    - `respect_retry_after`: whether a 429 or 503 with Retry-After keeps the origin's other requests
      waiting for that long, `max_retry_after` seconds at most, 120 by default, None for as long as
      it says. The response itself is returned: sending again is `retry`'s business, which belongs
      outside: `middleware=["retry", "ratelimit"]`.

    Raises hookline.PoolTimeout for a request whose time does not come, and ValueError and TypeError
    for options that make no sense.
    """

    name: ClassVar[str] = "ratelimit"
    stage: ClassVar[Literal["call", "hop"]] = "hop"

    def __init__(
        self,
        rate: float | None = None,
        *,
        per: float = 1.0,
        burst: int | None = None,
        concurrency: int | None = None,
        origins: Mapping[str, Mapping[str, object] | None] | None = None,
        max_wait: float | None = 60.0,
        respect_retry_after: bool = True,
        max_retry_after: float | None = 120.0,
    ) -> None:
        self._limit = Limit(rate, per, burst, concurrency)
        self._limits = {
            _origin(url): _other(self._limit, url, options)
            for url, options in (origins or {}).items()
        }
        if rate is None and concurrency is None and not self._limits:
            raise ValueError(
                "ratelimit: nothing is limited. Give a rate, a concurrency or origins."
            )
        for option, value in (("max_wait", max_wait), ("max_retry_after", max_retry_after)):
            if value is not None and not (
                isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
            ):
                raise ValueError(f"{option}: expected seconds >= 0 or None, not {value!r}.")
        self._max_wait = max_wait
        self._max_retry_after = max_retry_after
        self._respect_retry_after = respect_retry_after
        self._forget()
        after_fork(self, RateLimit._forget)

    def _forget(self) -> None:
        """Begin anew. A child process has its own requests on their way: none."""
        self._lock = threading.Lock()
        self._gates: dict[Origin, Gate] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_lock": None, "_gates": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._forget()
        after_fork(self, RateLimit._forget)

    async def handle(self, request: Request, send: Send) -> Response:
        gate = self._gate(request.url.origin)
        total = (request.extensions.get("timeout") or {}).get("total")
        waits = [seconds for seconds in (self._max_wait, total) if seconds is not None]
        await gate.enter(send, min(waits, default=None))
        try:
            response = await send(request)
            if self._respect_retry_after and response.status_code in _STATUSES:
                seconds = retry_after(response) or 0.0
                longest = self._max_retry_after
                gate.close_for(seconds if longest is None else min(seconds, longest))
        except BaseException:
            gate.leave()
            raise
        # Whichever comes first: the end of the body, or nobody having the response any more.
        leave = weakref.finalize(response, gate.leave)
        leave.atexit = False
        response.add_done_callback(lambda _: leave())
        return response

    def _gate(self, origin: Origin) -> Gate:
        with self._lock:
            gate = self._gates.get(origin)
            if gate is None:
                if len(self._gates) >= _GATES_KEPT:
                    self._gates = {key: old for key, old in self._gates.items() if not old.is_idle}
                limit = self._limits.get(origin, self._limit)
                gate = self._gates[origin] = Gate(limit, str(origin))
            return gate


def _origin(url: str) -> Origin:
    origin = hookline.URL(url).origin
    if not origin.host:
        raise ValueError(f"origins: expected an origin such as 'https://example.org', not {url!r}.")
    return origin


def _other(limit: Limit, url: str, options: Mapping[str, Any] | None) -> Limit:
    if options is None:
        return Limit()
    if not isinstance(options, Mapping):
        raise TypeError(f"origins: the limits of {url!r} are a mapping or None, not {options!r}.")
    if unknown := sorted(str(key) for key in set(options) - set(LIMITS)):
        raise ValueError(
            f"origins: {url!r} has an unknown limit {unknown[0]!r}. "
            f"There are: {', '.join(sorted(LIMITS))}."
        )
    return limit.replaced(options)
