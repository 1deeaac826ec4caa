"""One origin's gate: how many may be on their way at once, and when the next one may start.

Knows seconds and waiters; knows no requests. A request first gets a place among those that are on
their way, in the order in which it came, and then its time to start. Both belong to it until it is
over. The lock is held for arithmetic only, never while anybody waits.

A response that nobody closed ends in the garbage collector, which runs wherever it likes, also
where the lock is held by this very thread. So leaving takes no lock that it has to wait for: it
puts down that somebody has left, and whoever holds the lock sees to it afterwards.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from hookline import PoolTimeout
from hookline.plugins import Send, Waiter

# What may be limited, for an origin.
LIMITS = ("rate", "per", "burst", "concurrency")


class Limit:
    """What holds for an origin. None is no limit."""

    def __init__(
        self,
        rate: float | None = None,
        per: float = 1.0,
        burst: int | None = None,
        concurrency: int | None = None,
    ) -> None:
        if rate is not None:
            _check_positive("rate", rate)
        _check_positive("per", per)
        for name, value in (("burst", burst), ("concurrency", concurrency)):
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int) or value < 1
            ):
                raise ValueError(f"{name}: expected a whole number >= 1, not {value!r}.")
        self.rate = rate
        self.per = per
        self.burst = burst
        self.concurrency = concurrency

    def replaced(self, settings: Mapping[str, Any]) -> Limit:
        """The same with other settings. A burst is in terms of its rate, and goes with it."""
        kept = {name: getattr(self, name) for name in LIMITS}
        if "rate" in settings:
            kept["burst"] = None
        return Limit(**{**kept, **settings})

    @property
    def interval(self) -> float:
        """Seconds from one start to the next, in the long run."""
        return 0.0 if self.rate is None else self.per / self.rate

    @property
    def slack(self) -> float:
        """How far ahead of that a burst may be."""
        if self.rate is None:
            return 0.0
        return ((self.burst or max(1, int(self.rate))) - 1) * self.interval


class Gate:
    """Who may go to one origin, and when."""

    def __init__(self, limit: Limit, origin: str) -> None:
        self._limit = limit
        self._origin = origin
        self._lock = threading.Lock()
        self._active = 0
        self._waiting: deque[Waiter] = deque()
        # One item for each request that is over and not yet counted out.
        self._left: deque[None] = deque()
        # When the next request is due if all start evenly: the generic cell rate algorithm.
        self._due = 0.0
        self._closed_until = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether a new gate would do the same."""
        now = time.monotonic()
        return not (self._active or self._waiting or self._due > now or self._closed_until > now)

    async def enter(self, send: Send, seconds: float | None) -> None:
        """Wait until a request may start, at most so many seconds.

        Raises hookline.PoolTimeout. Whoever has entered has to leave.
        """
        until = None if seconds is None else time.monotonic() + seconds
        await self._find_place(send, until, seconds)
        try:
            while wait := self._start(until, seconds):
                await send.sleep(wait)
                if not self._is_closed():
                    return
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """A request is over: the next one may take its place. Never waits."""
        self._left.append(None)
        self._settle()

    def close_for(self, seconds: float) -> None:
        """Let nobody start for so long: the server said so."""
        with self._lock:
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)
        self._settle()

    def _settle(self) -> None:
        """Count out who has left. To be called wherever the lock was given back."""
        while self._left and self._lock.acquire(blocking=False):
            called: list[Waiter] = []
            try:
                while self._left:
                    self._left.popleft()
                    if self._waiting:
                        # The place goes over: `_active` stays as it is.
                        called.append(self._waiting.popleft())
                    else:
                        self._active -= 1
            finally:
                self._lock.release()
            for waiter in called:
                waiter.set()

    async def _find_place(self, send: Send, until: float | None, seconds: float | None) -> None:
        concurrency = self._limit.concurrency
        waiter: Waiter | None = None
        with self._lock:
            if concurrency is None or self._active < concurrency:
                self._active += 1
            else:
                waiter = send.create_waiter()
                self._waiting.append(waiter)
        self._settle()
        if waiter is None:
            return
        try:
            left = None if until is None else max(0.0, until - time.monotonic())
            is_ours = await waiter.wait(left)
        except BaseException:
            if not self._withdraw(waiter):
                self.leave()
            raise
        if not is_ours and self._withdraw(waiter):
            raise PoolTimeout(
                f"ratelimit: {concurrency} requests are on their way to {self._origin}, and none "
                f"was over within {seconds} s."
            )

    def _withdraw(self, waiter: Waiter) -> bool:
        """Stop waiting. False where the place came in the same moment."""
        with self._lock:
            is_waiting = waiter in self._waiting
            if is_waiting:
                self._waiting.remove(waiter)
        self._settle()
        return is_waiting

    def _start(self, until: float | None, seconds: float | None) -> float:
        """Take the next time to start, and return how far off it is."""
        with self._lock:
            now = time.monotonic()
            due = max(self._due, now)
            at = max(due - self._limit.slack, self._closed_until, now)
            is_too_late = until is not None and at > max(until, now)
            if not is_too_late:
                self._due = due + self._limit.interval
        self._settle()
        if is_too_late:
            raise PoolTimeout(
                f"ratelimit: the next request to {self._origin} may start in {at - now:.1f} s, "
                f"which is longer than the {seconds} s that it may wait."
            )
        return at - now

    def _is_closed(self) -> bool:
        return self._closed_until > time.monotonic()


def _check_positive(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: expected a number, not {value!r}.")
    if not 0 < value < float("inf"):
        raise ValueError(f"{name}: expected a number > 0, not {value!r}.")
