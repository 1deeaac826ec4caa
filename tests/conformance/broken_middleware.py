"""Middleware that break a rule each, and plugins of all kinds that break the rules of all kinds."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, ClassVar

import hookline
from hookline import Request, Response
from hookline.plugins import Middleware, Send
from hookline.testing import MiddlewareSuite

from .cases import breaks as _breaks

breaks = functools.partial(_breaks, MiddlewareSuite)


class Good(Middleware):
    """Breaks nothing: what the others derive from."""

    name = "good"
    stage: ClassVar[Any] = "hop"

    async def handle(self, request: Request, send: Send) -> Response:
        return await send(request)


# -- The rules of all kinds -----------------------------------------------------------------


@breaks("test_name_can_be_registered", "whose `name` is 'Not A Name'")
class BadName(Good):
    name = "Not A Name"


@breaks("test_name_can_be_registered", "no subclass of hookline.plugins.Middleware")
class NoBase:
    name = "no-base"


@breaks("test_works_by_name", "does not work by name", make=lambda self: NeedsAnOption(1))
class NeedsAnOption(Good):
    def __init__(self, option: int) -> None:
        pass


@breaks("test_options_are_checked", "was accepted. Refuse it")
class TakesAnything(Good):
    def __init__(self, **options: Any) -> None:
        pass


@breaks("test_options_are_checked", "was accepted", bad_options=[{"count": -1}])
class BelievesEverything(Good):
    def __init__(self, count: int = 1) -> None:
        pass


@breaks(
    "test_options_are_checked",
    "refused with ZeroDivisionError",
    bad_options=[{"rate": 0}],
)
class RefusesInItsOwnWay(Good):
    def __init__(self, rate: float = 1.0) -> None:
        self._interval = 1 / rate


@breaks("test_secrets_are_not_shown", "shows a secret", secrets=["s3cret"])
class ShowsItsToken(Good):
    def __repr__(self) -> str:
        return "ShowsItsToken('s3cret')"


# -- What comes back ------------------------------------------------------------------------


@breaks("test_stage_is_call_or_hop", "`stage` is 'outside'")
class OddStage(Good):
    stage = "outside"


@breaks("test_returns_a_response", "`handle` returned None")
class ForgetsToReturn(Good):
    async def handle(self, request: Request, send: Send) -> Any:
        await send(request)


@breaks("test_returns_a_response", "Await nothing but")
class Sleeps(Good):
    async def handle(self, request: Request, send: Send) -> Response:
        await asyncio.sleep(0)
        return await send(request)


@breaks("test_returns_a_response", "waits for ever")
class HangsAndHidesIt(Good):
    async def handle(self, request: Request, send: Send) -> Response:
        try:
            await send.create_waiter().wait(None)
        except Exception:
            pass
        return await send(request)


@breaks("test_closes_what_it_does_not_return", "neither returned nor closed")
class DropsResponses(Good):
    async def handle(self, request: Request, send: Send) -> Response:
        response = await send(request)
        return await send(request) if response.status_code == 503 else response


@breaks("test_leaves_bodies_unread", "was read before `handle` returned")
class ReadsEverything(Good):
    async def handle(self, request: Request, send: Send) -> Response:
        response = await send(request)
        await send.read(response)
        return response


@breaks("test_leaves_bodies_unread", "is closed: nobody can read it")
class ReturnsWhatItClosed(Good):
    async def handle(self, request: Request, send: Send) -> Response:
        response = await send(request)
        await send.close(response)
        return response


# -- What goes wrong ------------------------------------------------------------------------


@breaks("test_errors_pass_or_are_translated", "RuntimeError left the plugin")
class RaisesItsOwn(Good):
    async def handle(self, request: Request, send: Send) -> Response:
        try:
            return await send(request)
        except hookline.TransportError as exc:
            raise RuntimeError("it did not work") from exc


@breaks("test_errors_pass_or_are_translated", "has no __cause__")
class LosesTheCause(Good):
    async def handle(self, request: Request, send: Send) -> Response:
        try:
            return await send(request)
        except hookline.TransportError:
            raise hookline.ReadError("it did not work")  # noqa: B904 (that is what is wrong)


@breaks("test_cancellation_passes", "came to a result all the same")
class SwallowsCancellation(Good):
    async def handle(self, request: Request, send: Send) -> Response:
        try:
            return await send(request)
        except BaseException:
            return Response(503)


@breaks("test_cancellation_passes", "did not take the next request")
class KeepsItsPlace(Good):
    """A limit of one, whose place is lost where nobody comes back for it."""

    def __init__(self) -> None:
        self._is_taken = False

    async def handle(self, request: Request, send: Send) -> Response:
        if self._is_taken:
            await send.create_waiter().wait(None)
        self._is_taken = True
        response = await send(request)
        self._is_taken = False
        return response


@breaks("test_body_that_cannot_be_sent_twice_is_not", "Look at `request.is_repeatable`")
class RepeatsBlindly(Good):
    async def handle(self, request: Request, send: Send) -> Response:
        response = await send(request)
        if response.status_code == 503:
            await send.close(response)
            return await send(request)
        return response


@breaks("test_waits_no_longer_than_the_total", "it slept for 86400.0 s")
class Obeys(Good):
    async def handle(self, request: Request, send: Send) -> Response:
        response = await send(request)
        if "Retry-After" in response.headers:
            await send.close(response)
            await send.sleep(float(response.headers["Retry-After"]))
            response = await send(request)
        return response


@breaks("test_serves_several_at_once", "were answered with the responses to")
class KeepsTheRequest(Good):
    async def handle(self, request: Request, send: Send) -> Response:
        self._response = await send(request)
        await send.sleep(0)
        return self._response
