"""A transport that answers by calling a function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING

from .base import AsyncBaseTransport, BaseTransport

if TYPE_CHECKING:
    from .._models import Request, Response


class MockTransport(AsyncBaseTransport, BaseTransport):
    """Answers every request by `handler(request)`, for tests.

    The request's body was read before. Under `AsyncClient`, the handler may be a coroutine
    function. Raises TypeError where it is one under `Client`.
    """

    def __init__(self, handler: Callable[[Request], Response | Awaitable[Response]]) -> None:
        self.handler = handler

    def handle_request(self, request: Request) -> Response:
        """Call the handler, and return its response. What it raises is raised.

        Raises TypeError where the handler is a coroutine function: that is for `AsyncClient`.
        """
        request.read()
        response = self.handler(request)
        if isinstance(response, Awaitable):
            if isinstance(response, Coroutine):
                # One that nobody awaits would warn about itself later.
                response.close()
            raise TypeError("Cannot use an async handler in a sync Client")
        return response

    async def handle_async_request(self, request: Request) -> Response:
        """Call the handler, await what it returns where it has to be, and return the response.

        What the handler raises is raised.
        """
        await request.aread()
        response = self.handler(request)
        if isinstance(response, Awaitable):
            return await response
        return response
