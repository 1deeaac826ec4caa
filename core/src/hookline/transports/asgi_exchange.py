"""One call of an ASGI application, seen from both sides.

Knows the messages of "http" scopes (ASGI 3.0), and passes each on as it comes, in both directions.
Never looks into a request or a response.

The application runs in a task of its own, since it goes on while nobody reads its response. That
task belongs to the exchange: reading the response to its end waits for the application's, closing
the response ends it, and closing the transport ends whatever is left. The request's body is pulled
by the caller, while it waits for the response: when the application asks, and in no other task.
"""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from .._backends import running_backend
from .._errors import ReadTimeout, RemoteProtocolError
from .._headers import Headers
from .._streams import CHUNK_SIZE, BodyReader, ByteStream
from .._timeout import RunningTimeout

if TYPE_CHECKING:
    from .._backends.base import Backend
    from .._interim import Interim
    from .._models import Request
    from ..plugins.interfaces import Waiter

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

# Seconds for an application to end: one that was told of the disconnect, and one that was
# cancelled. A server waits for ever; whoever closes a response cannot.
_GRACE = 1.0
_PATIENCE = 5.0

# What an application raises is its failure, but for these.
_ALWAYS_RAISED = (KeyboardInterrupt, SystemExit)


class _ClientGone(OSError):
    """What `send` raises when nobody listens any more: ASGI (version 2.4) asks for an OSError."""


class Exchange:
    """One call of an application.

    `head`, `receive`, `close` and `abort` are the client's; `_receive` and `_send` are what the
    application gets. Whoever waits, waits for anything to change, and looks again.
    """

    def __init__(self, request: Request, backend: Backend, *, raises: bool) -> None:
        self.extensions: dict[str, Any] = {}
        self._backend = backend
        self._raises = raises
        self._waiters: list[Waiter] = []
        # There is no network, and so no phase to be timed. A total is the call's own.
        timeout: Any = request.extensions.get("timeout")
        self._total = timeout if type(timeout) is RunningTimeout else None
        self._cancel: Callable[[], object]

        # Towards the application: messages, and where more of them come from.
        self._messages: deque[Message] = deque()
        self._body: BodyReader | None = None
        body = _body_of(request)
        if isinstance(body, bytes):
            self._messages.append(_request_message(body, more=False))
        else:
            self._body = body
        self._wants_body = False

        # Towards the client.
        self._head: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self._pieces: deque[bytes] = deque()
        self._buffered = 0
        self._is_head_request = request.method == "HEAD"
        self._trailers: list[tuple[bytes, bytes]] | None = None
        # What comes before the head, and who is told of it.
        self._interim: Interim | None = None
        self._informational: deque[tuple[int, list[tuple[bytes, bytes]]]] = deque()
        if "informational" in request.extensions:
            from .._interim import Interim

            self._interim = Interim(request, backend)

        # The response's body is over; the response is complete, trailers included; the client has
        # closed it; the application was told of either; its code has ended, and by what.
        self._is_body_over = False
        self._is_complete = False
        self._is_closed = False
        self._is_told = False
        self._is_over = False
        self._error: BaseException | None = None
        # Whether the application waits for the client, and so will notice that it goes away.
        self._app_waits = 0

    def start(
        self, app: ASGIApp, scope: dict[str, Any], on_end: Callable[[Exchange], None]
    ) -> None:
        """Call the application, in a task of its own."""

        async def run() -> None:
            try:
                await app(scope, self._receive, self._send)
            except BaseException as exc:
                # Nobody awaits this task: whoever reads the response gets to see it.
                self._error = exc

        def ended() -> None:
            self._is_over = True
            on_end(self)
            if self._is_closed and isinstance(self._error, Exception):
                _log_unless_expected(self._error)
            self._changed()

        self._cancel = _spawn(run, ended)

    # -- What the client does ---------------------------------------------------------------

    async def head(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Status and headers, as soon as they are there."""
        while self._head is None or self._informational:
            if self._informational:
                await self._inform(*self._informational.popleft())
                continue
            if self._is_over:
                if isinstance(self._error, Exception) and not self._raises:
                    self._error, self._is_complete = None, True
                    return 500, []
                raise self._failure("there was a response")
            await self._proceed()
        return self._head

    async def receive(self) -> bytes:
        """The next piece of the body; b"" when the application has ended."""
        while not self._pieces:
            if self._is_over:
                if self._has_raised() or not self._is_complete:
                    raise self._failure("its response was complete")
                return b""
            await self._proceed()
        piece = self._pieces.popleft()
        self._buffered -= len(piece)
        self._changed()
        return piece

    async def _inform(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        if self._interim is not None:
            await self._interim.tell(status, Headers(headers)._list)

    async def _proceed(self) -> None:
        """Give the application what it asks for, or wait for it."""
        if not self._wants_body or self._body is None:
            if not await self._wait(None if self._total is None else self._total["total"]):
                raise ReadTimeout("The ASGI application did not answer in time.")
            return
        try:
            piece = await self._body.receive()
        except BaseException:
            # What a body raises is its owner's to see; half a request is nobody's.
            self.abort()
            await self.close_body()
            raise
        self._wants_body = False
        self._messages.append(_request_message(piece, more=bool(piece)))
        if not piece:
            self._body = None
        self._changed()

    def abort(self) -> None:
        """End the application now, and wait for nothing."""
        self._hang_up()
        if not self._is_over:
            self._cancel()

    async def close(self) -> None:
        """Go away, and wait until the application has ended.

        One that waits for the client learns of it, and may come to its end; any other is cancelled.
        """
        try:
            if self._is_complete:
                # Everything is said. What is still to be done is not ours to stop.
                await self._end(None)
            will_notice = self._app_waits > 0
            self._hang_up()
            if will_notice:
                await self._end(_GRACE)
            self.abort()
            await self._end(_PATIENCE)
        except BaseException:
            self.abort()
            raise
        finally:
            await self.close_body()
        if not self._is_over:
            import warnings

            warnings.warn(
                f"The ASGI application was cancelled, and still runs {_PATIENCE} s later.",
                RuntimeWarning,
                stacklevel=2,
            )

    async def close_body(self) -> None:
        """Let the generator of a body that nobody asks for any more come to its end."""
        body, self._body = self._body, None
        if body is not None:
            await body.close()

    def _hang_up(self) -> None:
        self._is_closed = True
        self._changed()

    async def _end(self, timeout: float | None) -> None:
        while not self._is_over:
            if not await self._wait(timeout):
                return

    def _has_raised(self) -> bool:
        """Whether the application raised what the client raises."""
        if isinstance(self._error, _ALWAYS_RAISED):
            return True
        return isinstance(self._error, Exception) and self._raises

    def _failure(self, what: str) -> BaseException:
        """What to raise where the application has ended before something."""
        error = self._error
        if error is not None and self._has_raised():
            return error
        how = "ended" if error is None else "failed" if isinstance(error, Exception) else "stopped"
        failure = RemoteProtocolError(f"The ASGI application {how} before {what}.")
        failure.__cause__ = error
        return failure

    # -- What the application gets ----------------------------------------------------------

    async def _receive(self) -> Message:
        while True:
            if self._is_complete or self._is_closed:
                await self._tell()
                return {"type": "http.disconnect"}
            if self._messages:
                return self._messages.popleft()
            if self._body is not None and not self._wants_body:
                self._wants_body = True
                self._changed()
            await self._wait_for_client()

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._is_closed:
            await self._tell()
            raise _ClientGone("The client has closed the response.")
        if kind == "http.response.start":
            self._take_head(message)
        elif kind == "http.response.body":
            self._take_body(message)
        elif kind == "http.response.trailers":
            self._take_trailers(message)
        elif kind == "http.response.early_hint":
            links = [(b"link", _field(link)) for link in message.get("links", ())]
            self._take_informational(103, links)
        # Anything else is an extension's.
        self._changed()
        while self._buffered > CHUNK_SIZE and not self._is_complete:
            # Whoever reads slowly slows the application down.
            await self._wait_for_client()
            if self._is_closed:
                await self._tell()
                raise _ClientGone("The client has closed the response.")

    def _take_head(self, message: Message) -> None:
        status = message["status"]
        if isinstance(status, bool) or not isinstance(status, int):
            raise TypeError(f"http.response.start: the status is an int, not {status!r}.")
        if 100 <= status < 200 and status != 101:
            self._take_informational(status, _fields(message.get("headers", ())))
            return
        if self._head is not None:
            raise RuntimeError("http.response.start was sent twice.")
        self._head = status, _fields(message.get("headers", ()))
        if message.get("trailers"):
            self._trailers = []

    def _take_informational(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        if self._interim is not None and self._head is None:
            self._informational.append((status, headers))

    def _take_body(self, message: Message) -> None:
        body = message.get("body", b"")
        if not isinstance(body, (bytes, bytearray, memoryview)):
            raise TypeError(f"http.response.body: the body is bytes, not {body!r}.")
        if self._head is None:
            raise RuntimeError("http.response.body was sent before http.response.start.")
        if self._is_body_over:
            raise RuntimeError("http.response.body was sent after the end of the response.")
        if body and not self._is_head_request:
            self._pieces.append(bytes(body))
            self._buffered += len(body)
        if not message.get("more_body"):
            self._is_body_over = True
            self._is_complete = self._trailers is None

    def _take_trailers(self, message: Message) -> None:
        if self._trailers is None:
            return
        if self._is_complete:
            raise RuntimeError("http.response.trailers was sent after the end of the response.")
        if not self._is_body_over:
            raise RuntimeError("http.response.trailers was sent before the end of the body.")
        self._trailers += _fields(message.get("headers", ()))
        if not message.get("more_trailers"):
            self.extensions["trailers"] = Headers(self._trailers)
            self._is_complete = True

    async def _tell(self) -> None:
        if self._is_told:
            # One that does not want to know, and asks again and again, lets others run, too.
            await self._backend.sleep(0)
        self._is_told = True

    async def _wait_for_client(self) -> None:
        self._app_waits += 1
        try:
            await self._wait()
        finally:
            self._app_waits -= 1

    # -- Waiting ----------------------------------------------------------------------------

    async def _wait(self, timeout: float | None = None) -> bool:
        """Wait until something changes; False where the timeout (in seconds) came first."""
        waiter = self._backend.create_waiter()
        self._waiters.append(waiter)
        try:
            return await waiter.wait(timeout)
        finally:
            self._waiters.remove(waiter)

    def _changed(self) -> None:
        for waiter in self._waiters:
            waiter.set()


def _spawn(
    function: Callable[[], Coroutine[Any, Any, None]], on_end: Callable[[], None]
) -> Callable[[], object]:
    """Run a coroutine function, which must not raise, in a task of its own; return what cancels it.

    `on_end` is called when the task is over, which it may be before it began.
    """
    if running_backend() == "asyncio":
        import asyncio

        task = asyncio.get_running_loop().create_task(function())
        task.add_done_callback(lambda _: on_end())
        return task.cancel
    import trio

    scope = trio.CancelScope()

    async def run() -> None:
        try:
            with scope:
                await function()
        finally:
            on_end()

    # The only task that needs no nursery, whose block would have to be left in the right order.
    trio.lowlevel.spawn_system_task(run, context=contextvars.copy_context())
    return scope.cancel


def _body_of(request: Request) -> bytes | BodyReader:
    body: bytes | BodyReader
    if type(request.stream) is ByteStream:
        body = request.stream._stream
    else:
        body = BodyReader(request.stream, is_async=True)
    if (callback := request.extensions.get("upload_progress")) is not None:
        from .._progress import UploadProgress

        body = UploadProgress(callback, request, is_async=True).watch(body)
    return body


def _request_message(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def _fields(headers: Any) -> list[tuple[bytes, bytes]]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [(_field(name), _field(value)) for name, value in pairs]


def _field(text: Any) -> bytes:
    if isinstance(text, str):
        return text.encode("latin-1")
    if not isinstance(text, (bytes, bytearray, memoryview)):
        raise TypeError(f"A header of the ASGI application is {text!r}, which is not bytes.")
    return bytes(text)


def _log_unless_expected(error: Exception) -> None:
    """Nobody reads the response any more: say elsewhere that the application failed."""
    if isinstance(error, _ClientGone):
        return
    if isinstance(error, ExceptionGroup) and error.split(_ClientGone)[1] is None:
        return
    import logging

    logging.getLogger("hookline").warning(
        "The ASGI application failed after its response was closed.", exc_info=error
    )
