"""The middleware: sends, looks, waits, sends again. `_policy.py` decides."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Literal

import hookline
from hookline import Request, Response
from hookline.plugins import Middleware, Send

from ._policy import DEFAULTS, IDEMPOTENT, STATUSES, Policy

# A body up to this length is read before the request is sent again: its connection lives on. A
# longer one costs more than a connection.
_READ_UP_TO = 65_536


class Retry(Middleware):
    """Sends a request again after a status or an error that may pass.

    - `retries`: how often a request is sent again at most; 3 by default.
    - `statuses`: after which statuses: 429, 502, 503 and 504.
    - `methods`: of which methods: those that are idempotent (RFC 9110 section 9.2.2). After an
      error that certainly came before the server saw anything, requests of all methods are sent
      again.
    - `backoff`: seconds before the first retry; each further wait is twice as long, up to
      `max_backoff`. 0.5 and 30 by default.
    - `jitter`: which part of each wait is left to chance, from 0 to 1. All of it by default.
    - `respect_retry_after`: whether a Retry-After header is obeyed. If it asks for more than
      `max_retry_after` seconds, 120 by default, the response is returned as it is.
    - `budget`: seconds from the first attempt after which none is begun any more; None for no
      limit. A timeout's `total` is respected in any case.

    A request whose body cannot be sent a second time is not. When no retry is left, the last
    response is returned or the last error raised. `response.extensions["retries"]` is how many
    there were.

    One request may ask for something else by its `extensions={"retry": ...}`: a number of retries,
    False for none, or a mapping of these options.

    Raises ValueError and TypeError for options that make no sense.
    """

    name: ClassVar[str] = "retry"
    stage: ClassVar[Literal["call", "hop"]] = "hop"

    def __init__(
        self,
        retries: int = 3,
        *,
        statuses: Collection[int] = STATUSES,
        methods: Collection[str] = IDEMPOTENT,
        backoff: float = 0.5,
        max_backoff: float = 30.0,
        jitter: float = 1.0,
        respect_retry_after: bool = True,
        max_retry_after: float = 120.0,
        budget: float | None = None,
    ) -> None:
        self._policy = Policy(
            retries=retries,
            statuses=statuses,
            methods=methods,
            backoff=backoff,
            max_backoff=max_backoff,
            jitter=jitter,
            respect_retry_after=respect_retry_after,
            max_retry_after=max_retry_after,
            budget=budget,
        )

    async def handle(self, request: Request, send: Send) -> Response:
        policy = self._policy_for(request)
        started = time.monotonic()
        number = 0
        while True:
            response: Response | None = None
            try:
                response = await send(request)
                if not policy.may_follow_response(request, response):
                    break
                wait = self._wait(policy, request, number, started, response)
                if wait is None:
                    break
                await _put_away(response, send)
            except hookline.TransportError as error:
                if response is not None or not policy.may_follow_error(request, error):
                    raise
                wait = self._wait(policy, request, number, started, None)
                if wait is None:
                    raise
            if wait:
                await send.sleep(wait)
            number += 1
        response.extensions["retries"] = number
        return response

    def _policy_for(self, request: Request) -> Policy:
        if "retry" not in request.extensions:
            return self._policy
        asked: Any = request.extensions["retry"]
        if asked is None or asked is False:
            return self._policy.replaced(retries=0)
        if asked is True:
            return self._policy
        if isinstance(asked, int):
            return self._policy.replaced(retries=asked)
        if isinstance(asked, Mapping):
            if unknown := sorted(str(key) for key in set(asked) - set(DEFAULTS)):
                raise ValueError(
                    f'extensions["retry"]: no option {unknown[0]!r}. There are: '
                    f"{', '.join(sorted(DEFAULTS))}."
                )
            return self._policy.replaced(**asked)
        raise TypeError(
            'extensions["retry"]: expected a number of retries, False, or a mapping of options, '
            f"not {asked!r}."
        )

    def _wait(
        self,
        policy: Policy,
        request: Request,
        number: int,
        started: float,
        response: Response | None,
    ) -> float | None:
        """Seconds to wait before the next attempt; None where there is to be none."""
        if number >= policy.retries or not request.is_repeatable:
            return None
        wait = policy.wait(number, response)
        if wait is None:
            return None
        if policy.budget is not None and time.monotonic() - started + wait > policy.budget:
            return None
        # What is left of the whole call; waiting for its end would only turn an answer into a
        # timeout.
        total = (request.extensions.get("timeout") or {}).get("total")
        return None if total is not None and wait >= total else wait


async def _put_away(response: Response, send: Send) -> None:
    """Be done with a response that is not wanted, and keep its connection if that is cheap."""
    length = response.headers.get("content-length", "")
    if length.isdigit() and int(length) <= _READ_UP_TO:
        try:
            await send.read(response)
        except hookline.HTTPError:
            # It is closed by that.
            pass
    else:
        await send.close(response)
