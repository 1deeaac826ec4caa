"""`extensions={"trace": callback}`: telling one request's steps, under httpcore's names.

The callback gets a name such as "connection.connect_tcp.started" and a dict; it is a function under
`Client` and a coroutine function under `AsyncClient`. What it raises ends the request.

Knows what a protocol is asked for and when, and nothing of any protocol: a traced request's body is
always pulled, and by its pulls it can be seen how far the sending is. So every protocol can be
traced, and none has to do anything for it. The name of the protocol is the first part of its
events': "http11.receive_response_headers.complete".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from ._drive import drive
from ._streams import Body, BodyReader
from .plugins.interfaces import Network

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from ._backends._dial import Address
    from ._backends.base import Backend
    from ._models import Request, Response
    from ._timeout import Deadline, TimeoutDict
    from ._url import Origin
    from .plugins.interfaces import Connector, NetworkStream, Protocol, Waiter

S = TypeVar("S", bound="NetworkStream")

# httpcore's names for the connectors that it has, too.
_CONNECTING = {"direct": "connect_tcp", "unix": "connect_unix_socket"}


class Trace:
    """Whom to tell of one request."""

    _steps: _Steps

    def __init__(self, callback: Callable[[str, dict[str, Any]], Any], *, is_async: bool) -> None:
        self._callback = callback
        self.is_async = is_async

    async def tell(self, event: str, info: dict[str, Any]) -> None:
        """Call the callback. Raises TypeError where it is one for the other kind of client."""
        result = self._callback(event, info)
        if self.is_async:
            if not isinstance(result, Awaitable):
                raise TypeError(
                    "If you're using an asynchronous interface, the callback of the `trace` "
                    "extension should be an asynchronous function rather than a normal function."
                )
            await result
        elif isinstance(result, Coroutine):
            # One that nobody awaits would warn about itself later.
            result.close()
            raise TypeError(
                "If you are using a synchronous interface, the callback of the `trace` extension "
                "should be a normal function instead of an asynchronous function."
            )

    async def step(self, name: str, info: dict[str, Any], doing: Awaitable[S]) -> S:
        """Await a stream, and tell when that starts, and how it ends."""
        try:
            await self.tell(f"{name}.started", info)
            result = await doing
        except BaseException as exc:
            if isinstance(doing, Coroutine):
                doing.close()
            await self.tell(f"{name}.failed", {"exception": exc})
            raise
        try:
            await self.tell(f"{name}.complete", {"return_value": result})
        except BaseException:
            result.close()
            raise
        return result

    async def connecting(
        self, connector: Connector, origin: Origin, timeout: float | None, doing: Awaitable[S]
    ) -> S:
        """The step from nothing to a stream of bytes."""
        info: dict[str, Any] = {"host": origin.host, "port": origin.port, "timeout": timeout}
        name = _CONNECTING.get(connector.name)
        if name is None:
            name = "connect_through_proxy"
            info["connector"] = connector.name
        return await self.step(f"connection.{name}", info, doing)

    def network(self, backend: Backend) -> Network:
        """The network as connectors get it: one that tells of names that are looked up."""
        return _TracedNetwork(self, backend)

    async def start_tls(
        self,
        context: ssl.SSLContext,
        server_hostname: str,
        timeout: float | None,
        doing: Awaitable[S],
    ) -> S:
        """The step from there to a secure one."""
        info: dict[str, Any] = {
            "ssl_context": context,
            "server_hostname": server_hostname,
            "timeout": timeout,
        }
        return await self.step("connection.start_tls", info, doing)

    async def exchange(
        self,
        protocol: Protocol,
        request: Request,
        body: bytes | BodyReader,
        timeout: TimeoutDict,
    ) -> Response:
        """What `protocol.exchange` does, up to the head of the response."""
        self._steps = steps = _Steps(self, protocol.name, {"request": request})
        await steps.begin("send_request_headers")
        try:
            return await protocol.exchange(request, _TracedReader(body, steps), timeout)
        except BaseException as exc:
            await steps.fail(exc)
            raise

    async def receive(self, response: Response) -> None:
        """Tell what came, and how the body comes. A callback that raises gives the response up."""
        steps = self._steps
        stream = response.stream
        try:
            # A server may answer before it has heard everything.
            await steps.move_to("receive_response_headers")
            head: tuple[Any, ...] = (response.status_code, response.headers.raw)
            if "reason_phrase" in response.extensions:
                version, reason = (
                    response.extensions[name] for name in ("http_version", "reason_phrase")
                )
                head = (version, response.status_code, reason, response.headers.raw)
            await steps.end(head)
            if isinstance(stream, Body):
                response.stream = TracedBody(stream, steps)
            else:
                await steps.all("receive_response_body", "response_closed")
        except BaseException:
            if isinstance(stream, Body):
                stream.close()
            raise


class _TracedNetwork(Network):
    """A backend, for the connection of one request. "connection.resolve_host" is our own event: it
    comes between those of the connection that the name is looked up for."""

    def __init__(self, trace: Trace, backend: Backend) -> None:
        self._trace = trace
        self._backend = backend
        self.is_async = backend.is_async

    def create_waiter(self) -> Waiter:
        return self._backend.create_waiter()

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)

    async def connect_tcp(self, host: str, port: int, deadline: Deadline) -> NetworkStream:
        from ._backends._dial import numeric_addresses

        addresses = numeric_addresses(host, port)
        if addresses is None:
            addresses = await self._look_up(host, port, deadline)
        return await self._backend.dial(host, port, addresses, deadline)

    async def resolve(self, host: str, port: int, deadline: Deadline) -> list[str]:
        from ._backends._dial import hosts_of

        return hosts_of(host, await self._look_up(host, port, deadline))

    async def connect_unix(self, path: str, deadline: Deadline) -> NetworkStream:
        return await self._backend.connect_unix(path, deadline)

    async def _look_up(self, host: str, port: int, deadline: Deadline) -> Sequence[Address]:
        from ._backends._dial import hosts_of

        tell = self._trace.tell
        name = "connection.resolve_host"
        await tell(f"{name}.started", {"host": host, "port": port, "timeout": deadline.remaining()})
        try:
            addresses = await self._backend.look_up(host, port, deadline)
            found = hosts_of(host, addresses)
        except BaseException as exc:
            await tell(f"{name}.failed", {"exception": exc})
            raise
        await tell(f"{name}.complete", {"return_value": found})
        return addresses


class _Steps:
    """The steps of one exchange, one at a time."""

    def __init__(self, trace: Trace, prefix: str, info: dict[str, Any]) -> None:
        self.trace = trace
        self._prefix = prefix
        self._info = info
        self._current = ""

    async def begin(self, step: str) -> None:
        self._current = f"{self._prefix}.{step}"
        await self.trace.tell(f"{self._current}.started", self._info)

    async def end(self, result: Any = None) -> None:
        if self._current:
            current, self._current = self._current, ""
            await self.trace.tell(f"{current}.complete", {"return_value": result})

    async def fail(self, exc: BaseException) -> None:
        if self._current:
            current, self._current = self._current, ""
            await self.trace.tell(f"{current}.failed", {"exception": exc})
        await self.all("response_closed")

    async def move_to(self, step: str) -> None:
        """End what is going on and begin a step, unless that was begun before."""
        if self._current != f"{self._prefix}.{step}":
            await self.end()
            await self.begin(step)

    async def all(self, *steps: str) -> None:
        """Steps that took no time at all."""
        for step in steps:
            await self.begin(step)
            await self.end()


class _TracedReader(BodyReader):
    """A request's body that tells how far it was pulled."""

    __slots__ = ("_body", "_pulls", "_steps")

    def __init__(self, body: bytes | BodyReader, steps: _Steps) -> None:
        self._body = body
        self._steps = steps
        self._pulls = 0

    @property
    def is_started(self) -> bool:  # type: ignore[override]
        """Bytes can always be sent again."""
        return not isinstance(self._body, bytes) and self._body.is_started

    async def receive(self) -> bytes:
        self._pulls += 1
        if isinstance(self._body, bytes):
            piece = self._body if self._pulls == 1 else b""
        else:
            piece = await self._body.receive()
        # The head goes out with the first piece, or alone where there is none.
        if self._pulls == 2 or not piece:
            await self._steps.move_to("send_request_body")
        if not piece:
            await self._steps.move_to("receive_response_headers")
        return piece

    async def close(self) -> None:
        if not isinstance(self._body, bytes):
            await self._body.close()


class TracedBody(Body):
    """A response's body that tells how it is read."""

    def __init__(self, body: Body, steps: _Steps) -> None:
        self._body = body
        self._steps = steps
        self._is_closed = False

    async def receive(self) -> bytes:
        steps = self._steps
        if not self._is_closed:
            await steps.move_to("receive_response_body")
        try:
            piece = await self._body.receive()
        except BaseException as exc:
            self._is_closed = True
            await steps.fail(exc)
            raise
        if not piece:
            await self._end()
        return piece

    def close(self) -> None:
        self._body.close()
        if not self._steps.trace.is_async:
            drive(self._end())

    async def aclose(self) -> None:
        await self._body.aclose()
        await self._end()

    async def _end(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            await self._steps.end()
            await self._steps.all("response_closed")
