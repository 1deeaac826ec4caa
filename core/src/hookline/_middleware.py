"""Middleware: from names to instances, and around a send.

Knows who closes what a middleware leaves behind. Knows nothing of what a middleware is for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from ._errors import PoolTimeout, ReadTimeout, RequestError
from ._models import Response
from ._timeout import RunningTimeout
from ._wiring import build
from .plugins.interfaces import Middleware, Send, Waiter

if TYPE_CHECKING:
    from ._backends.base import Backend
    from ._models import Request
    from ._timeout import TimeoutDict
    from ._types import MiddlewareTypes
    from .plugins import PluginManager

# What a layer is put around: the next layer, or the one that calls the transport.
Hop = Callable[["Request"], Awaitable["Response"]]


class _Sender(Send):
    """One call's way to what lies within. Remembers what came back: see `around`."""

    __slots__ = ("_send", "_timeout", "failure", "is_async", "overslept", "received")

    def __init__(self, send: Hop, is_async: bool, timeout: object) -> None:
        self._send = send
        self._timeout = timeout
        self.is_async = is_async
        self.received: list[Response] = []
        # What came from within, and is no fault of the middleware's.
        self.failure: BaseException | None = None
        # What ended a wait of the middleware's own, which is.
        self.overslept: ReadTimeout | None = None

    async def __call__(self, request: Request) -> Response:
        extensions = request.extensions
        if "timeout" not in extensions and self._timeout is not None:
            # One that the middleware made itself: no wait is without a limit.
            extensions["timeout"] = cast("TimeoutDict", self._timeout)
        try:
            response = await self._send(request)
        except BaseException as exc:
            self.failure = exc
            raise
        self.received.append(response)
        return response

    async def read(self, response: Response) -> bytes:
        return await response._read(is_async=self.is_async)

    async def close(self, response: Response) -> None:
        await response._abandon(is_async=self.is_async)

    async def sleep(self, seconds: float) -> None:
        timeout = self._timeout
        if type(timeout) is not RunningTimeout:
            await self._backend().sleep(seconds)
            return
        await self._backend().sleep(min(seconds, timeout.get("total")))
        try:
            # Raises where nothing is left.
            timeout.get("read")
        except ReadTimeout as exc:
            self.overslept = exc
            raise

    def create_waiter(self) -> Waiter:
        return _OpenWaiter(self._backend())

    def _backend(self) -> Backend:
        from ._backends import load_backend, running_backend

        return load_backend(running_backend() if self.is_async else "sync")()


class _OpenWaiter(Waiter):
    """One that may be set from anywhere: another thread, another event loop, or the garbage
    collector in either. Those of the backends belong to their loop."""

    __slots__ = ("_backend", "_inner", "_loop")

    def __init__(self, backend: Backend) -> None:
        from ._backends import running_loop

        self._backend = backend
        self._inner = backend.create_waiter()
        self._loop: object = running_loop() if backend.is_async else None

    async def wait(self, timeout: float | None) -> bool:
        return await self._inner.wait(timeout)

    def set(self) -> None:
        from ._backends import running_loop

        try:
            if self._loop is None or running_loop() is self._loop:
                self._inner.set()
            else:
                self._backend.call_soon(self._inner.set)
        except RuntimeError:
            # The loop is over, and whoever waited with it; or two threads set it at once.
            pass


def around(
    layer: Middleware,
    send: Hop,
    *,
    is_async: bool,
    adopt: Callable[[Request, Response], None],
) -> Hop:
    """`send` with a middleware around it. `adopt` gives a response that the middleware made itself
    the client's settings."""

    async def wrapped(request: Request) -> Response:
        sender = _Sender(send, is_async, request.extensions.get("timeout"))
        started = perf_counter()
        try:
            response = await layer.handle(request, sender)
        except BaseException as exc:
            # Nobody else can close what a middleware held when it raised.
            held = sum(not response.is_closed for response in sender.received)
            for response in sender.received:
                await response._abandon(is_async=is_async)
            _explain(exc, request, sender, layer, held)
            raise
        if not isinstance(response, Response):
            for received in sender.received:
                await received._abandon(is_async=is_async)
            from ._blame import shown

            raise TypeError(
                f"The middleware {type(layer).__name__} returned {shown(response)}; "
                "expected a hookline.Response."
            )
        if response._request is None:
            response._request = request
            response._started = started
            adopt(request, response)
        return response

    return wrapped


def _explain(
    exc: BaseException, request: Request, sender: _Sender, layer: Middleware, held: int
) -> None:
    """Say in an exception whose it is, and what a middleware has to do with it, if it has."""
    from ._blame import blame, blame_even, name_of

    if isinstance(exc, RequestError) and exc._request is None:
        exc._request = request
    if exc is sender.overslept:
        blame_even(sender.overslept, "middleware", layer, ", which was waiting")
    elif exc is not sender.failure:
        blame(exc, "middleware", layer)
    elif held and isinstance(exc, PoolTimeout):
        responses = "1 response" if held == 1 else f"{held} responses"
        exc.add_note(
            f"It waited while the middleware {name_of(layer)} held {responses} that it had "
            "neither read nor closed."
        )


def build_middleware(
    specs: Sequence[MiddlewareTypes] | None, plugins: PluginManager | None
) -> list[Middleware]:
    """The layers that were asked for, outermost first.

    Raises what `build` raises, and ValueError for a stage that there is not.
    """
    if specs is None:
        return []
    if isinstance(specs, (str, Mapping, Middleware)):
        specs = [specs]
    layers: list[Any] = [build("middleware", spec, Middleware, plugins) for spec in specs]
    for layer in layers:
        if layer.stage not in ("call", "hop"):
            raise ValueError(
                f"middleware: the stage of {type(layer).__name__} is {layer.stage!r}; "
                "expected 'call' or 'hop'."
            )
    return layers
