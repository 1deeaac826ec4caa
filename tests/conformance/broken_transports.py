"""Transports that break a rule each."""

from __future__ import annotations

import asyncio
import functools
import socket
from typing import Any

import hookline
from hookline import Request, Response
from hookline.plugins import Transport
from hookline.testing import Mode, ScriptedBody, TransportSuite

from .cases import breaks as _breaks

breaks = functools.partial(_breaks, TransportSuite)


class Good(Transport):
    """Breaks nothing: what the others derive from."""

    name = "good"

    async def handle(self, request: Request) -> Response:
        return Response(200, stream=ScriptedBody(b"Hello"))


@breaks("test_answers_a_request", "Await nothing but")
class Sleeps(Good):
    async def handle(self, request: Request) -> Response:
        await asyncio.sleep(0)
        return await super().handle(request)


@breaks("test_answers_a_request", "It returned b'Hello'")
class ReturnsBytes(Good):
    async def handle(self, request: Request) -> Any:
        return b"Hello"


@breaks("test_needs_no_timeouts", "KeyError")
class WantsTimeouts(Good):
    async def handle(self, request: Request) -> Response:
        assert request.extensions["timeout"]["read"]
        return await super().handle(request)


@breaks("test_takes_bodies_of_all_kinds", "Under Client, with a body of generator")
class ReadsAsynchronously(Good):
    async def handle(self, request: Request) -> Response:
        await request.aread()
        return await super().handle(request)


@breaks("test_leaves_the_body_to_the_client", "which is no AsyncByteStream")
class StreamsOneWay(Good):
    async def handle(self, request: Request) -> Response:
        class OneWay(hookline.SyncByteStream):
            def __iter__(self) -> Any:
                yield b"Hello"

        return Response(200, stream=OneWay())


@breaks("test_body_can_be_given_up", "The plugin raised PoolTimeout")
class LosesPlaces(Good):
    """Two places, which are given back by reading alone."""

    def __init__(self) -> None:
        self._places = 2

    async def handle(self, request: Request) -> Response:
        transport = self
        if not transport._places:
            raise hookline.PoolTimeout("no place")
        transport._places -= 1

        class Holding(ScriptedBody):
            async def receive(self) -> bytes:
                piece = await super().receive()
                transport._places += not piece
                return piece

        return Response(200, stream=Holding(b"Hello"))


@breaks("test_serves_several_at_once", "The plugin raised ReadError: busy")
class OneAtATime(Good):
    _is_busy = False

    async def handle(self, request: Request) -> Response:
        if self._is_busy:
            raise hookline.ReadError("busy")
        self._is_busy = True
        transport = self

        class Holding(ScriptedBody):
            async def receive(self) -> bytes:
                transport._is_busy = False
                return await super().receive()

        return Response(200, stream=Holding(b"Hello"))


FAILING = "http://fails.test/"


@breaks("test_failures_are_transport_errors", "ConnectionError left", failing_url=FAILING)
class RaisesOSErrors(Good):
    async def handle(self, request: Request) -> Response:
        raise ConnectionError("no way")


@breaks("test_failures_are_transport_errors", "was to fail", failing_url=FAILING)
class AnswersForAll(Good):
    pass


@breaks("test_cancellation_leaves_nothing_behind", "Something was left open: unclosed <socket")
class LeavesSocketsOpen(Good):
    async def handle(self, request: Request) -> Response:
        sock = socket.socket()
        await _turn()
        sock.close()
        return await super().handle(request)


@breaks("test_cancellation_leaves_nothing_behind", "came to a result all the same")
class SwallowsCancellation(Good):
    async def handle(self, request: Request) -> Response:
        try:
            await _turn()
        except BaseException:
            return Response(503)
        return await super().handle(request)


async def _turn() -> None:
    """What lets the event loop turn, in whichever there is."""
    import sys

    if "trio" in sys.modules and sys.modules["trio"].lowlevel.in_trio_run():
        await Mode("trio").breathe()
    else:
        await Mode("asyncio").breathe()


@breaks("test_closing_is_plain", "Closing it raised RuntimeError")
class ClosesOnce(Good):
    _is_closed = False

    async def aclose(self) -> None:
        if self._is_closed:
            raise RuntimeError("closed already")
        self._is_closed = True


@breaks("test_implements_handle_alone", "overrides handle_request alone")
class TwoWays(Good):
    def handle_request(self, request: Request) -> Response:
        return Response(204)
