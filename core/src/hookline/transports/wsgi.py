"""A transport that is answered by a WSGI application, in the same thread.

Knows requests, responses and PEP 3333. The application reads the request's body while it comes,
and its response is there when its head is: the rest is made while it is read.
"""

from __future__ import annotations

import io
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO, Union
from urllib.parse import unquote_to_bytes

from .._drive import drive
from .._errors import RemoteProtocolError
from .._models import Response
from .._streams import Body, BodyReader, ByteStream, SyncByteStream
from .apps import load_app
from .base import BaseTransport

if TYPE_CHECKING:
    from .._models import Request

ExcInfo = Union[
    tuple[type[BaseException], BaseException, Union[TracebackType, None]],
    tuple[None, None, None],
]
WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_DEFAULT_PORTS = {"http": 80, "https": 443}


class WSGITransport(BaseTransport):
    """Answers requests by a WSGI application, for `Client`.

    - `app`: the application, or an import string, "package.module:app".
    - `raise_app_exceptions`: whether the client raises what the application raises. Where it does
      not, the response is a 500, and a RemoteProtocolError once its head was there.
    - `script_name`, `remote_addr`, `wsgi_errors`: what the application finds in its environment as
      SCRIPT_NAME, REMOTE_ADDR and `wsgi.errors`, which is standard error by default.

    Responses stream. Timeouts do not apply: the application runs in the caller's thread.

    Raises TypeError and ValueError for an application that is none.
    """

    def __init__(
        self,
        app: WSGIApp | str,
        raise_app_exceptions: bool = True,
        script_name: str = "",
        remote_addr: str = "127.0.0.1",
        wsgi_errors: TextIO | None = None,
    ) -> None:
        self.app: WSGIApp = load_app(app)
        self.raise_app_exceptions = raise_app_exceptions
        self.script_name = script_name
        self.remote_addr = remote_addr
        self.wsgi_errors = wsgi_errors

    def handle_request(self, request: Request) -> Response:
        """Call the application, and return its response as soon as the head is there.

        Raises what the application raises, and RemoteProtocolError where it ends without calling
        `start_response`.
        """
        body = _Input(request)
        answer = _Answer(body, raises=self.raise_app_exceptions)
        try:
            answer.begin(self.app, self._environ(request, body))
        except BaseException as exc:
            answer.close()
            if isinstance(exc, RemoteProtocolError) or not answer.is_apps(exc):
                raise
            return Response(500, stream=ByteStream(b""))
        if request.method == "HEAD":
            answer.close()
            return Response(answer.status, headers=answer.headers, stream=ByteStream(b""))
        return Response(answer.status, headers=answer.headers, stream=answer)

    def _environ(self, request: Request, body: _Input) -> dict[str, Any]:
        url = request.url
        port = url.port or _DEFAULT_PORTS.get(url.scheme, 80)
        environ: dict[str, Any] = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": url.scheme,
            "wsgi.input": body.file(),
            # The end of the input is the end of the body, whether its length is known or not.
            "wsgi.input_terminated": True,
            "wsgi.errors": self.wsgi_errors or sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": self.script_name,
            # PEP 3333: bytes, in the form of text.
            "PATH_INFO": unquote_to_bytes(url.raw_path.partition(b"?")[0]).decode("latin-1"),
            "QUERY_STRING": url.query.decode("ascii"),
            "SERVER_NAME": url.host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.remote_addr,
        }
        for name, value in request.headers.raw:
            key = name.decode("ascii").upper().replace("-", "_")
            text = value.decode("latin-1")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = f"HTTP_{key}"
            if key in environ:
                # RFC 9110 section 5.3; RFC 6265 section 5.4 for the one exception.
                text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ', '}{text}"
            environ[key] = text
        return environ


class _Input(io.RawIOBase):
    """A request's body as a file, pulled while it is read."""

    def __init__(self, request: Request) -> None:
        stream = request.stream
        assert isinstance(stream, SyncByteStream)
        self._whole = stream._stream if type(stream) is ByteStream else None
        self._reader = BodyReader(stream, is_async=False)
        if (callback := request.extensions.get("upload_progress")) is not None:
            self._watch(callback, request)
        self._left = b""
        # What the body itself raised, which is for whoever gave it.
        self.error: BaseException | None = None

    def _watch(self, callback: Any, request: Request) -> None:
        from .._progress import UploadProgress

        watched = UploadProgress(callback, request, is_async=False)
        body = watched.watch(self._reader if self._whole is None else self._whole)
        if not isinstance(body, bytes):
            self._whole, self._reader = None, body

    def file(self) -> io.BufferedIOBase:
        return io.BufferedReader(self) if self._whole is None else io.BytesIO(self._whole)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            try:
                self._left = drive(self._reader.receive())
            except BaseException as exc:
                self.error = exc
                raise
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size

    def release(self) -> None:
        """Let the body's generator come to its end."""
        drive(self._reader.close())


class _Answer(Body):
    """What an application answers: its head, and its iterable as a body."""

    def __init__(self, body: _Input, *, raises: bool) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._input = body
        self._raises = raises
        self._iterable: Iterable[bytes] | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._written: deque[bytes] = deque()
        self._exc_info: ExcInfo | None = None
        self._is_sent = False
        self._is_closed = False

    def begin(self, app: WSGIApp, environ: dict[str, Any]) -> None:
        """Call the application, and go on until it has something to send, or nothing."""
        self._iterable = app(environ, self._start_response)
        self._pieces = iter(self._iterable)
        while not self._written:
            piece = self._next()
            if piece is None:
                break
            if piece:
                self._written.append(piece)
        if self._input.error is not None:
            raise self._input.error
        if not self.status:
            raise RemoteProtocolError("The WSGI application ended without calling start_response.")
        if self._raises and self._exc_info is not None and self._exc_info[1] is not None:
            raise self._exc_info[1]
        self._is_sent = True

    def is_apps(self, exc: BaseException) -> bool:
        """Whether an exception is the application's, and its client gets a response for it."""
        return isinstance(exc, Exception) and exc is not self._input.error and not self._raises

    async def receive(self) -> bytes:
        while not self._written:
            try:
                piece = self._next()
            except Exception as exc:
                if not self.is_apps(exc):
                    raise
                raise RemoteProtocolError(
                    "The WSGI application failed before its response was complete."
                ) from exc
            if self._input.error is not None:
                raise self._input.error
            if piece:
                self._written.append(piece)
            elif piece is None:
                break
        return self._written.popleft() if self._written else b""

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._input.release()
        finally:
            close = getattr(self._iterable, "close", None)
            if close is not None:
                close()

    def _next(self) -> bytes | None:
        piece: Any = next(self._pieces, None)
        if piece is not None and not isinstance(piece, (bytes, bytearray, memoryview)):
            raise TypeError(
                f"The WSGI application yielded {piece!r} ({type(piece).__name__}), not bytes."
            )
        return piece if piece is None else bytes(piece)

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if exc_info is not None:
            if self._is_sent and exc_info[1] is not None:
                raise exc_info[1]
        elif self.status:
            raise RuntimeError("start_response was called twice without exc_info.")
        code = status.partition(" ")[0] if isinstance(status, str) else ""
        if not (code.isascii() and code.isdigit() and len(code) == 3):
            raise ValueError(
                f"start_response: the status is a str such as '200 OK', not {status!r}."
            )
        self.status = int(code)
        self.headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        self._exc_info = exc_info
        return self._write

    def _write(self, data: bytes) -> None:
        if data:
            self._written.append(bytes(data))
