"""Every exception that hookline raises on purpose.

The tree is httpx's, name for name, so that `except` clauses written for httpx keep working:

    HTTPError
    ├── RequestError                  a request was made and no usable response came back
    │   ├── TransportError
    │   │   ├── TimeoutException
    │   │   │   ├── ConnectTimeout
    │   │   │   ├── ReadTimeout
    │   │   │   ├── WriteTimeout
    │   │   │   └── PoolTimeout
    │   │   ├── NetworkError
    │   │   │   ├── ConnectError
    │   │   │   ├── ReadError
    │   │   │   ├── WriteError
    │   │   │   └── CloseError
    │   │   ├── ProtocolError
    │   │   │   ├── LocalProtocolError    ours: this request must not be sent
    │   │   │   └── RemoteProtocolError   theirs: this response cannot be HTTP
    │   │   │       └── NotProcessed      hookline's own: the peer has not acted on the request
    │   │   ├── ProxyError
    │   │   ├── SSEError                  httpx2's: this is no stream of server-sent events
    │   │   └── UnsupportedProtocol
    │   ├── DecodingError
    │   └── TooManyRedirects
    └── HTTPStatusError               `raise_for_status()` on anything but 2xx
    InvalidURL
    CookieConflict
    StreamError (a RuntimeError)      the program used a stream in the wrong state
    ├── StreamConsumed
    ├── StreamClosed
    ├── ResponseNotRead
    └── RequestNotRead
    PluginError                       hookline's own: something is wrong with a plugin or a name
    ├── PluginNotFound (a LookupError)
    ├── PluginLoadError
    └── DuplicateName

Failures are translated once, at the edge that saw them (a backend, a protocol), with the original
as `__cause__`. The client adds `.request` on the way out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._models import Request, Response


class HTTPError(Exception):
    """Base of `RequestError` and `HTTPStatusError`: whatever goes wrong with one request."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self._request: Request | None = None

    @property
    def request(self) -> Request:
        """The request that failed. Raises RuntimeError where none was ever attached."""
        if self._request is None:
            raise RuntimeError("The .request property has not been set.")
        return self._request

    @request.setter
    def request(self, request: Request) -> None:
        self._request = request


class RequestError(HTTPError):
    """Base of everything that can go wrong while a request is made."""

    def __init__(self, message: str, *, request: Request | None = None) -> None:
        super().__init__(message)
        self._request = request


class TransportError(RequestError):
    """Base of everything that happens at the level of the transport."""


class TimeoutException(TransportError):
    """Base of the four timeouts."""


class ConnectTimeout(TimeoutException):
    """The connection (DNS, TCP, proxy, TLS) was not there in time."""


class ReadTimeout(TimeoutException):
    """No data came from the server in time."""


class WriteTimeout(TimeoutException):
    """The server did not take our data in time."""


class PoolTimeout(TimeoutException):
    """No connection became free in the pool in time."""


class NetworkError(TransportError):
    """Base of the failures of the network itself."""


class ConnectError(NetworkError):
    """No connection could be made."""


class ReadError(NetworkError):
    """Reading from the connection failed."""


class WriteError(NetworkError):
    """Writing to the connection failed."""


class CloseError(NetworkError):
    """Closing the connection failed."""


class ProtocolError(TransportError):
    """Base of the violations of HTTP, ours or theirs."""


class LocalProtocolError(ProtocolError):
    """The request breaks HTTP's rules and was not sent."""


class RemoteProtocolError(ProtocolError):
    """The response breaks HTTP's rules."""


class NotProcessed(RemoteProtocolError):
    """The peer promises that it has not acted on a request (RFC 9113 section 8.7), or closed the
    connection before the request was sent: sending it again, elsewhere, repeats nothing.

    Protocols raise it; the pool answers it with another connection where it can.
    """


class ProxyError(TransportError):
    """The proxy refused, or did not understand.

    `status_code` is the status of an HTTP proxy that refused, and None for everything else.
    """

    status_code: int | None = None


class SSEError(TransportError):
    """The response is no stream of server-sent events, or one of them is too large."""


class UnsupportedProtocol(TransportError):
    """The URL's scheme is missing, or nothing here speaks it."""


class DecodingError(RequestError):
    """The body does not decode as its Content-Encoding says."""


class TooManyRedirects(RequestError):
    """There were more redirects than `max_redirects`."""


class HTTPStatusError(HTTPError):
    """The response's status is not a success. Raised by `Response.raise_for_status`."""

    def __init__(self, message: str, *, request: Request, response: Response) -> None:
        super().__init__(message)
        self.request = request
        self.response = response

    def __reduce__(self) -> tuple[Any, ...]:
        # The keyword-only arguments are what BaseException's own recipe would lose.
        return _rebuild_status_error, (type(self), self.args[0], self._request, self.response)


def _rebuild_status_error(
    cls: type[HTTPStatusError], message: str, request: Request, response: Response
) -> HTTPStatusError:
    return cls(message, request=request, response=response)


class InvalidURL(Exception):
    """The URL cannot be parsed."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


class CookieConflict(Exception):
    """Several cookies have the name asked for: say which domain or path is meant."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


class StreamError(RuntimeError):
    """Base of the mistakes a program can make with a stream."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


def _reduce_without_arguments(self: StreamError) -> tuple[Any, ...]:
    # These bring their own message, which BaseException's own recipe would hand to __init__.
    return type(self), (), self.__dict__


class StreamConsumed(StreamError):
    """The stream was read before, and cannot be read again."""

    __reduce__ = _reduce_without_arguments

    def __init__(self) -> None:
        super().__init__(
            "Attempted to read or stream some content, but the content has already been streamed. "
            "For requests, this could be due to passing a generator as request content, and then "
            "receiving a redirect response or a secondary request as part of an authentication "
            "flow. For responses, this could be due to attempting to stream the response content "
            "more than once."
        )


class StreamClosed(StreamError):
    """The stream was closed before it was read."""

    __reduce__ = _reduce_without_arguments

    def __init__(self) -> None:
        super().__init__("Attempted to read or stream content, but the stream has been closed.")


class ResponseNotRead(StreamError):
    """The body of a streaming response was asked for before `read()`."""

    __reduce__ = _reduce_without_arguments

    def __init__(self) -> None:
        super().__init__(
            "Attempted to access streaming response content, without having called `read()`."
        )


class RequestNotRead(StreamError):
    """The body of a streaming request was asked for before `read()`."""

    __reduce__ = _reduce_without_arguments

    def __init__(self) -> None:
        super().__init__(
            "Attempted to access streaming request content, without having called `read()`."
        )


class PluginError(Exception):
    """Base of what can be wrong with a plugin, or with the name of one."""


class PluginNotFound(PluginError, LookupError):
    """Nothing is registered under that name. The message says what is, and what to install."""


class PluginLoadError(PluginError):
    """A plugin is installed but could not be loaded; `__cause__` is its own exception."""


class DuplicateName(PluginError):
    """Two plugins registered the same name for the same slot."""
