"""What a transport is: for each kind of client, and for both at once."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, TypeVar

from .._drive import drive

if TYPE_CHECKING:
    from .._models import Request, Response

T = TypeVar("T", bound="BaseTransport")
A = TypeVar("A", bound="AsyncBaseTransport")


class BaseTransport:
    """A transport for `Client`. Subclasses implement `handle_request`."""

    def __enter__(self: T) -> T:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def handle_request(self, request: Request) -> Response:
        """Send one request, and return its response with the body unread, as `stream`.

        Redirects, authentication and cookies are the client's business. Failures are raised as
        `TransportError`s.
        """
        raise NotImplementedError("The 'handle_request' method must be implemented.")

    def close(self) -> None:
        """Release what the transport holds."""


class AsyncBaseTransport:
    """A transport for `AsyncClient`. Subclasses implement `handle_async_request`."""

    async def __aenter__(self: A) -> A:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def handle_async_request(self, request: Request) -> Response:
        """Send one request, and return its response with the body unread, as `stream`.

        All that holds for `BaseTransport.handle_request` holds here.
        """
        raise NotImplementedError("The 'handle_async_request' method must be implemented.")

    async def aclose(self) -> None:
        """Release what the transport holds."""


class Transport(BaseTransport, AsyncBaseTransport):
    """A transport for both kinds of client, written once, and the class that plugins register.

    Subclasses name themselves and implement `handle`, async-shaped: under a synchronous client it
    runs without suspending (see `hookline/_drive.py`). So it awaits what hookline gave it, another
    transport's `handle` for instance, and nothing that belongs to one event loop. What has to be
    released goes into `aclose`, by the same rule.
    """

    name: ClassVar[str] = ""

    async def handle(self, request: Request) -> Response:
        """Send one request, and return its response with the body unread.

        The body of the response is bytes, or a `hookline.Body` where it arrives piece by piece.
        Timeouts are in `request.extensions["timeout"]`, in seconds by phase. Redirects,
        authentication and cookies are the client's business. Failures are raised as
        `TransportError`s.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement `async def handle(self, request)`."
        )

    def handle_request(self, request: Request) -> Response:
        """`handle`, for `Client`. Not overridden: clients call it, plugins implement `handle`."""
        try:
            return drive(self.handle(request))
        except Exception as exc:
            self._blame(exc, request)
            raise

    async def handle_async_request(self, request: Request) -> Response:
        """`handle`, for `AsyncClient`. Not overridden either."""
        try:
            return await self.handle(request)
        except Exception as exc:
            self._blame(exc, request)
            raise

    def _blame(self, exc: Exception, request: Request) -> None:
        from .._blame import blame
        from .._streams import ByteStream

        if type(request.stream) is ByteStream:
            # Nothing of the program's ran, as its body would have.
            blame(exc, "transport", self)

    def close(self) -> None:
        """`aclose`, for `Client`."""
        drive(self.aclose())
