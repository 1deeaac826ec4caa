"""Whether to send again, and after how long. Knows what came back; sends nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import hookline
from hookline import Request, Response
from hookline.plugins import NotProcessed, retry_after

# RFC 9110 section 9.2.2, and QUERY: sending them twice is as good as once.
IDEMPOTENT = ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY")

# Too many, bad gateway, not now, gateway timeout. A 500 is not among them: it says that this
# request makes the server fail.
STATUSES = (429, 502, 503, 504)

# Nothing of the request has been seen by anybody: it may be sent again whatever it does.
UNSENT = (
    hookline.ConnectError,
    hookline.ConnectTimeout,
    NotProcessed,
)

# These would fail again: the request is at fault, the certificate, our own limit.
HOPELESS = (
    hookline.LocalProtocolError,
    hookline.UnsupportedProtocol,
    hookline.PoolTimeout,
    hookline.ProxyError,
    hookline.CertificateError,
)


# What there is to set. `Retry` says what it means.
DEFAULTS: Mapping[str, Any] = {
    "retries": 3,
    "statuses": STATUSES,
    "methods": IDEMPOTENT,
    "backoff": 0.5,
    "max_backoff": 30.0,
    "jitter": 1.0,
    "respect_retry_after": True,
    "max_retry_after": 120.0,
    "budget": None,
}


class Policy:
    """The settings, checked."""

    retries: int
    statuses: Collection[int]
    methods: Collection[str]
    backoff: float
    max_backoff: float
    jitter: float
    respect_retry_after: bool
    max_retry_after: float
    budget: float | None

    def __init__(self, **settings: Any) -> None:
        self._settings = {**DEFAULTS, **settings}
        vars(self).update(self._settings)
        if isinstance(self.retries, bool) or not isinstance(self.retries, int) or self.retries < 0:
            raise ValueError(f"retries: expected a whole number >= 0, not {self.retries!r}.")
        for name in ("backoff", "max_backoff", "max_retry_after"):
            _check_seconds(name, getattr(self, name))
        if self.budget is not None:
            _check_seconds("budget", self.budget)
        _check_seconds("jitter", self.jitter)
        if self.jitter > 1:
            raise ValueError(f"jitter: expected a part of the wait, 0 to 1, not {self.jitter!r}.")
        if isinstance(self.methods, str):
            raise TypeError(f"methods: expected a list of methods, not {self.methods!r}.")
        self.statuses = frozenset(self.statuses)
        self.methods = frozenset(method.upper() for method in self.methods)
        for status in self.statuses:
            if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
                raise ValueError(f"statuses: expected status codes, not {status!r}.")

    def replaced(self, **settings: Any) -> Policy:
        """The same with other settings."""
        return Policy(**{**self._settings, **settings})

    def may_follow_response(self, request: Request, response: Response) -> bool:
        """Whether a request may be sent again after this response."""
        return response.status_code in self.statuses and request.method in self.methods

    def may_follow_error(self, request: Request, error: Exception) -> bool:
        """Whether a request may be sent again after this error."""
        if not isinstance(error, hookline.TransportError) or isinstance(error, HOPELESS):
            return False
        return isinstance(error, UNSENT) or request.method in self.methods

    def wait(self, number: int, response: Response | None) -> float | None:
        """Seconds before the retry of that number, 0 being the first; None where the server wants a
        longer wait than is allowed."""
        if response is not None and self.respect_retry_after:
            after = retry_after(response)
            if after is not None:
                return after if after <= self.max_retry_after else None
        # Beyond 2 ** 1000 a float ends.
        wait = min(self.backoff * 2.0 ** min(number, 64), self.max_backoff)
        import random

        # Clients that failed together must not come back together.
        return wait * (1 - self.jitter * random.random())


def _check_seconds(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: expected a number, not {value!r}.")
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name}: expected a number >= 0, not {value!r}.")
