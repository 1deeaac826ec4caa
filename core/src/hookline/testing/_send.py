"""What lies within a middleware, as a script: responses and errors, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Union

import hookline

from .._streams import BodyReader, ByteStream
from ..plugins.interfaces import Middleware, Send, Waiter
from ._network import create_waiter
from ._streams import ScriptedBody
from ._world import World

# What answers a request: a status, a response, an exception that is raised, or what a function
# makes of the request.
Answer = Union[int, hookline.Response, BaseException]
Answers = Union[Answer, Iterable[Answer], Callable[[hookline.Request], Answer]]

CONTENT = b"Hello, world!"


class ScriptedSend(Send):
    """A fake of what a middleware sends with.

    `answers` is one answer, several in order of which the last one stays, or a function of the
    request. An answer is a status, a Response, or an exception that is raised. A status stands for
    a response with a body of two pieces, `headers`, and the path of its request as X-Path.

    It takes the request's body as a transport would. `requests` has what was sent on, `received`
    the responses that were returned, and `slept` the seconds of each sleep: no time passes.
    """

    def __init__(
        self, world: World, answers: Answers = 200, *, headers: dict[str, str] | None = None
    ) -> None:
        self.is_async = world.mode.is_async
        self.requests: list[hookline.Request] = []
        self.received: list[hookline.Response] = []
        self.slept: list[float] = []
        self._world = world
        self._headers = headers or {}
        self._answer = answers if callable(answers) else _in_order(answers)

    async def __call__(self, request: hookline.Request) -> hookline.Response:
        """The next answer. Raises it where it is an exception, and StreamConsumed where the
        request's body was sent before and cannot be read again."""
        self.requests.append(request)
        await self._world.pause()
        if not isinstance(request.stream, ByteStream):
            body = BodyReader(request.stream, is_async=self.is_async)
            while await body.receive():
                pass
        answer = self._answer(request)
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, int):
            answer = self._response(answer, request)
        answer.request = request
        self.received.append(answer)
        return answer

    def _response(self, status: int, request: hookline.Request) -> hookline.Response:
        fields = {"Content-Length": str(len(CONTENT)), "X-Path": request.url.path}
        body = ScriptedBody(CONTENT[:5], CONTENT[5:], world=self._world)
        return hookline.Response(status, headers={**fields, **self._headers}, stream=body)

    async def read(self, response: hookline.Response) -> bytes:
        """Read a response's body. Raises what breaks it off."""
        return await response._read(is_async=self.is_async)

    async def close(self, response: hookline.Response) -> None:
        """Give up a response. May be called twice."""
        await response._abandon(is_async=self.is_async)

    async def sleep(self, seconds: float) -> None:
        """Put the clock forward. Nobody waits: `slept` has the seconds."""
        self.slept.append(seconds)
        await self._world.sleep(seconds)

    def create_waiter(self) -> Waiter:
        """Something to wait on, once."""
        return create_waiter(self._world)

    async def through(self, middleware: Middleware, request: hookline.Request) -> hookline.Response:
        """Send a request through a middleware as a client does: where it raises, the responses
        that it has received are closed."""
        try:
            return await middleware.handle(request, self)
        except BaseException:
            for response in self.received:
                await self.close(response)
            raise


def _in_order(answers: Answer | Iterable[Answer]) -> Callable[[hookline.Request], Answer]:
    if isinstance(answers, (int, hookline.Response, BaseException)):
        left: list[Answer] = [answers]
    else:
        left = list(answers)

    def answer(request: hookline.Request) -> Answer:
        return left.pop(0) if len(left) > 1 else left[0]

    return answer
