"""Protocols that break a rule each."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import hookline_http11
from hookline import ByteStream, LocalProtocolError, ReadError, Request, Response
from hookline.testing import ProtocolSuite

from .cases import breaks as _breaks


def answer(self: Any, body: Sequence[bytes], number: int = 0) -> list[bytes]:
    length = sum(len(piece) for piece in body)
    return [f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode(), *body]


def answer_by_number(self: Any, body: Sequence[bytes], number: int = 0) -> list[bytes]:
    return [b"%d\r\n\r\n" % number, *body]


breaks = functools.partial(_breaks, ProtocolSuite, answer=answer)


class Good(hookline_http11.HTTP11):
    """Breaks nothing: what the others derive from."""

    name = "good"
    alpn = "good/1"


# -- What goes well -------------------------------------------------------------------------


@breaks("test_exchange_returns_the_response", "on_release was called 0 times")
class NeverReleases(Good):
    def _end_exchange(self) -> None:
        release, self.on_release = self.on_release, lambda: None
        super()._end_exchange()
        self.on_release = release


@breaks("test_pieces_are_cut_anywhere", "In pieces of 1 bytes")
class TakesPiecesForWholes(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        self.stream.write(b"GET / HTTP/1.1\r\n\r\n")
        *_, content = (await self.stream.receive(timeout["read"])).partition(b"\r\n\r\n")
        return Response(200, stream=ByteStream(content))


@breaks("test_returns_at_the_head", "`exchange` waited for the body")
class CollectsEverything(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        response = await super().exchange(request, body, timeout)
        content = b"".join([piece async for piece in response.stream])
        return Response(response.status_code, stream=ByteStream(content))


@breaks("test_body_can_be_given_up", "on_release was called 2 times")
class ReleasesTwice(Good):
    def _break_off(self) -> None:
        super()._break_off()
        self.on_release()


@breaks("test_abandoned_body_is_noticed", "on_abandon 0 times")
class ReleasesFromTheCollector(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        response = await super().exchange(request, body, timeout)
        self.on_abandon = self.on_release
        return response


@breaks("test_bodies_are_sent", "A body was given as a reader, and b'second' was not sent")
class SendsTheFirstPiece(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        if not isinstance(body, bytes):
            body = (await body.receive()).ljust(16)
        return await super().exchange(request, body, timeout)


@breaks("test_connection_is_used_again", "The peer has closed the idle connection")
class LooksAtNothing(Good):
    def is_reusable(self) -> bool:
        return not self.is_closed


@breaks("test_closing_is_plain", "`close` raised AssertionError")
class ClosesOnce(Good):
    def close(self) -> None:
        assert not self.is_closed
        super().close()


@breaks("test_child_process_leaves_it_alone", "the parent's connection was written to or closed")
class ClosesInTheChild(Good):
    def after_fork(self) -> None:
        self.close()


# -- What goes wrong ------------------------------------------------------------------------


@breaks("test_broken_connections_are_told", "passed for a whole one")
class TakesTheEndForAnEnd(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        response = await super().exchange(request, body, timeout)
        pieces = []
        try:
            pieces.append(await anext(response.stream))
            pieces.append(await anext(response.stream))
        except Exception:
            pass
        return Response(200, stream=ByteStream(b"".join(pieces)))


@breaks("test_broken_connections_are_told", "left the plugin")
class RaisesItsOwn(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        try:
            return await super().exchange(request, body, timeout)
        except ReadError as exc:
            raise EOFError("the peer has gone") from exc


class StaysOpen(Good):
    """One that does not close what went wrong."""

    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        close, self.close = self.close, lambda: None  # type: ignore[method-assign]
        try:
            return await super().exchange(request, body, timeout)
        finally:
            self.close = close  # type: ignore[method-assign]


@breaks("test_failing_writes_are_told", "the connection is still open")
class StaysOpenAfterWriting(StaysOpen):
    pass


@breaks("test_every_wait_has_a_timeout", "waits for ever")
class WaitsForEver(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        return await super().exchange(request, body, {})


@breaks("test_every_wait_has_a_timeout", "`timeout` said 3.0 s")
class WaitsTooLong(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        return await super().exchange(request, body, {"read": 60.0, "write": 60.0})


@breaks("test_garbage_is_refused", "passed for a whole one")
class TakesGarbage(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        try:
            return await super().exchange(request, body, timeout)
        except Exception:
            return Response(200, stream=ByteStream(b""))


@breaks("test_cancellation_closes_the_connection", "the connection is still open")
class StaysOpenAfterCancellation(StaysOpen):
    pass


@breaks("test_requests_that_could_be_misread_are_refused", "It sent b'GET")
class WritesWhatItIsGiven(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
        lines += [b"%s: %s" % field for field in request.headers.raw]
        self.stream.write(b"\r\n".join([*lines, b"", b""]))
        return Response(200)


@breaks("test_requests_that_could_be_misread_are_refused", "Raise LocalProtocolError")
class RefusesInItsOwnWay(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        try:
            return await super().exchange(request, body, timeout)
        except LocalProtocolError as exc:
            raise ValueError("not like that") from exc


@breaks("test_failing_body_passes_through", "The body raised LookupError, and `exchange` ReadError")
class TranslatesTheProgramsErrors(Good):
    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        try:
            return await super().exchange(request, body, timeout)
        except LookupError as exc:
            raise ReadError("the body failed") from exc


@_breaks(ProtocolSuite, "test_exchanges_share_a_connection", "got [", answer=answer_by_number)
class MixesThemUp(Good):
    """Several at once, each of which takes the next answer that comes for its own."""

    is_multiplexed = True
    capacity = 2

    async def exchange(self, request: Request, body: Any, timeout: Any) -> Response:
        self.stream.write(b"?")
        _, _, content = (await self.stream.receive(timeout["read"])).partition(b"\r\n\r\n")
        content = content or await self.stream.receive(timeout["read"])
        self.on_release()
        return Response(200, stream=ByteStream(content))
