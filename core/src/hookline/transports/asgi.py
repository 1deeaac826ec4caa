"""A transport that is answered by an ASGI application, in the same process.

Knows requests, responses and scopes. How the two sides talk is in `asgi_exchange.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._backends import load_backend, running_backend
from .._models import Response
from .._streams import Body
from .apps import load_app
from .asgi_exchange import ASGIApp, Exchange
from .base import AsyncBaseTransport

if TYPE_CHECKING:
    from .._backends.base import Backend
    from .._models import Request


class ASGITransport(AsyncBaseTransport):
    """Answers requests by an ASGI application, for `AsyncClient`, under asyncio and trio.

    - `app`: the application, or an import string, "package.module:app".
    - `raise_app_exceptions`: whether the client raises what the application raises. Where it does
      not, the response is a 500, and a RemoteProtocolError once its head was there.
    - `root_path`, `client`: what the application sees in its scope.

    Responses stream, trailers and early hints included. Timeouts do not apply, but for a total:
    there is no network, and an application may be stopped in a debugger. There are no lifespan
    events.

    Raises TypeError and ValueError for an application that is none.
    """

    def __init__(
        self,
        app: ASGIApp | str,
        raise_app_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] = ("127.0.0.1", 123),
    ) -> None:
        self.app: ASGIApp = load_app(app)
        self.raise_app_exceptions = raise_app_exceptions
        self.root_path = root_path
        self.client = client
        self._backend: Backend | None = None
        self._running: set[Exchange] = set()

    async def handle_async_request(self, request: Request) -> Response:
        """Start the application, and return its response as soon as the head is there.

        Raises what the application raises, and RemoteProtocolError where it ends without a
        response.
        """
        exchange = Exchange(request, self._here(), raises=self.raise_app_exceptions)
        self._running.add(exchange)
        exchange.start(self.app, self._scope(request), self._running.discard)
        try:
            status, headers = await exchange.head()
        except BaseException:
            exchange.abort()
            await exchange.close_body()
            raise
        body = _ResponseBody(exchange)
        return Response(status, headers=headers, stream=body, extensions=exchange.extensions)

    async def aclose(self) -> None:
        """End the applications that are still running."""
        for exchange in list(self._running):
            await exchange.close()

    def _here(self) -> Backend:
        cls = load_backend(running_backend())
        if type(self._backend) is not cls:
            self._backend = cls()
        assert self._backend is not None
        return self._backend

    def _scope(self, request: Request) -> dict[str, Any]:
        url = request.url
        extensions: dict[str, Any] = {"http.response.trailers": {}}
        if "informational" in request.extensions:
            extensions["http.response.early_hint"] = {}
        return {
            "type": "http",
            # 2.4: what is sent to a client that is gone raises an OSError.
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": self.client,
            "root_path": self.root_path,
            "extensions": extensions,
        }


class _ResponseBody(Body):
    """The body of a response, and the owner of what makes it."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def receive(self) -> bytes:
        return await self._exchange.receive()

    def close(self) -> None:
        self._exchange.abort()

    async def aclose(self) -> None:
        await self._exchange.close()
