"""Connectors that break a rule each."""

from __future__ import annotations

import functools
from typing import Any

import hookline
from hookline import Origin, ProxyError, Request
from hookline.plugins import Connector, Deadline, Network, NetworkStream, ReadAhead
from hookline.testing import ConnectorSuite, ScriptedStream

from .cases import breaks as _breaks

breaks = functools.partial(
    _breaks, ConnectorSuite, replies=[b"hello\n", b"ok\n"], refusals=[[b"hello\n", b"no\n"]]
)


class Good(Connector):
    """Breaks nothing: what the others derive from. Its proxy greets, and says "ok"."""

    name = "good"

    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        stream = await network.connect_tcp("proxy.test", 1080, deadline)
        try:
            return await self._greet(stream, origin, deadline)
        except hookline.TimeoutException as exc:
            stream.close()
            raise hookline.ConnectTimeout("The relay is silent.") from exc
        except ProxyError:
            stream.close()
            raise
        except hookline.TransportError as exc:
            stream.close()
            raise ProxyError("The relay is gone.") from exc
        except BaseException:
            stream.close()
            raise

    async def _greet(
        self, stream: NetworkStream, origin: Origin, deadline: Deadline
    ) -> NetworkStream:
        await stream.send(b"hello\n", deadline.remaining())
        received = await self._line(stream, b"", b"hello", deadline)
        await stream.send(f"{origin.host}\n".encode(), deadline.remaining())
        ahead = await self._line(stream, received, b"ok", deadline)
        return ReadAhead(stream, ahead) if ahead else stream

    async def _line(
        self, stream: NetworkStream, received: bytes, expected: bytes, deadline: Deadline
    ) -> bytes:
        while b"\n" not in received:
            if len(received) > 100 or not (data := await stream.receive(deadline.remaining())):
                raise ProxyError("The relay said nothing.")
            received += data
        line, _, rest = received.partition(b"\n")
        if line != expected:
            raise ProxyError(f"The relay said {line[:20]!r}.")
        return rest


class Plain(Good):
    """One that reads as if every reply came by itself."""

    async def _line(
        self, stream: NetworkStream, received: bytes, expected: bytes, deadline: Deadline
    ) -> bytes:
        if await stream.receive(deadline.remaining()) != expected + b"\n":
            raise ProxyError("The relay said something else.")
        return b""


@breaks("test_connects", "made no connection by way of `network`")
class GoesItsOwnWay(Good):
    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        return ScriptedStream()


@breaks("test_connects", "`connect` returned None")
class ReturnsNothing(Good):
    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> Any:
        (await network.connect_tcp(origin.host, origin.port, deadline)).close()


@breaks("test_replies_are_cut_anywhere", "byte by byte, and it failed")
class ReadsOnce(Plain):
    pass


@breaks("test_replies_are_cut_anywhere", "with what came ahead")
class DropsWhatCameAhead(Good):
    async def _greet(
        self, stream: NetworkStream, origin: Origin, deadline: Deadline
    ) -> NetworkStream:
        made = await super()._greet(stream, origin, deadline)
        return stream if isinstance(made, ReadAhead) else made


@breaks("test_serves_several_at_once", "A connection was left open")
class KeepsTheStream(Good):
    _made: Any = None

    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        self._made = await super().connect(origin, network, deadline)
        await network.resolve("a", 1, deadline)
        return ReadAhead(self._made, b"from the origin")


@breaks("test_unreachable_is_a_connect_error", "OSError left the plugin")
class RaisesItsOwn(Good):
    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        try:
            return await super().connect(origin, network, deadline)
        except hookline.TransportError as exc:
            raise OSError("no way") from exc


@breaks("test_stream_is_whole_or_not_there", "and left a connection open")
class LeavesItOpen(Good):
    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        stream = await network.connect_tcp("proxy.test", 1080, deadline)
        try:
            return await self._greet(stream, origin, deadline)
        except hookline.TransportError as exc:
            raise ProxyError("The relay is gone.") from exc


@breaks("test_stream_is_whole_or_not_there", "`connect` raised ReadError")
class LetsReadErrorsOut(Good):
    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        stream = await network.connect_tcp("proxy.test", 1080, deadline)
        try:
            return await self._greet(stream, origin, deadline)
        except BaseException:
            stream.close()
            raise


@breaks("test_stream_is_whole_or_not_there", "`connect` returned a stream")
class BelievesEverything(Good):
    async def _line(self, stream: NetworkStream, received: bytes, *others: Any) -> bytes:
        await stream.receive(1.0)
        return b""


@breaks("test_refusal_is_a_proxy_error", "Raise ProxyError")
class CallsItAConnectError(Good):
    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        try:
            return await super().connect(origin, network, deadline)
        except ProxyError as exc:
            raise hookline.ConnectError("refused") from exc


@breaks("test_deadline_is_for_everything", "`connect` raised ReadTimeout")
class LetsTimeoutsOut(LetsReadErrorsOut):
    pass


@breaks("test_deadline_is_for_everything", "with a deadline of 5.0 s")
class StartsAnew(Good):
    async def _line(
        self, stream: NetworkStream, received: bytes, expected: bytes, deadline: Deadline
    ) -> bytes:
        return await super()._line(stream, received, expected, Deadline(5.0))


@breaks("test_deadline_is_for_everything", "waits for ever")
class WaitsForEver(Good):
    async def _line(
        self, stream: NetworkStream, received: bytes, expected: bytes, deadline: Deadline
    ) -> bytes:
        return await super()._line(stream, received, expected, Deadline(None))


@breaks("test_cancellation_leaves_nothing_open", "Cancelled at its wait number 1")
class CatchesExceptionAlone(Good):
    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        stream = await network.connect_tcp("proxy.test", 1080, deadline)
        try:
            return await self._greet(stream, origin, deadline)
        except Exception as exc:
            stream.close()
            raise ProxyError("The relay is gone.") from exc


@breaks("test_proxy_urls_are_taken", "It does not take proxy=")
class TakesNoProxy(Good):
    schemes = ("relay",)

    def __init__(self, host: str = "") -> None:
        pass


@breaks("test_proxy_urls_are_taken", "`via` shows the proxy's password")
class ShowsThePassword(Good):
    schemes = ("relay",)

    def __init__(self, proxy: Any = "relay://proxy.test") -> None:
        self.via = (proxy if isinstance(proxy, hookline.Proxy) else hookline.Proxy(proxy)).url.host
        if isinstance(proxy, str):
            self.via = proxy


@breaks("test_requests_are_left_as_they_are", "`adapt` changed the request")
class ChangesTheRequest(Good):
    def adapt(self, request: Request) -> Request:
        request.headers["Via"] = "relay"
        return request
