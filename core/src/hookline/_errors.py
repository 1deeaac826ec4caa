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
    │   │   │   │   └── CertificateError    hookline's own: the peer cannot prove who it is
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
    │   ├── ResponseTooLarge          hookline's own: the body exceeds a limit that was set
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
    ConfigError (a ValueError)        hookline's own: a configuration cannot be used

Failures are translated once, at the edge that saw them (a backend, a protocol), with the original
as `__cause__`. The client adds `.request` on the way out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

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
    """Base of everything that can go wrong while a request is made, so that no response is
    returned.

    `except hookline.RequestError` catches all of it; `.request` is the request that failed, and
    `__cause__` the original error where there is one.
    """

    def __init__(self, message: str, *, request: Request | None = None) -> None:
        super().__init__(message)
        self._request = request


class TransportError(RequestError):
    """Base of everything that happens at the level of the transport: timeouts, the network, HTTP
    itself, proxies. Whether the server has acted on the request depends on the subclass.

    `is_unanswered` is True where a connection that had served an earlier request broke, and not a
    byte of the response had come: mostly, the server had closed it meanwhile. Protocols set it. A
    request that may be repeated is sent again, once, before this is raised.
    """

    is_unanswered: bool = False


class TimeoutException(TransportError):
    """Base of the four timeouts: connecting, reading, writing, and waiting for the pool.

    Which one it is says what to allow more time for; the message says how many seconds it was.
    """


class ConnectTimeout(TimeoutException):
    """The connection (DNS, TCP, proxy and TLS together) was not there within `Timeout.connect`
    seconds. The request was not sent."""


class ReadTimeout(TimeoutException):
    """No data came from the server within `Timeout.read` seconds, though the connection stands.

    The server may have acted on the request.
    """


class WriteTimeout(TimeoutException):
    """The server took nothing of the request within `Timeout.write` seconds.

    It may have seen a part of it.
    """


class PoolTimeout(TimeoutException):
    """No connection became free in the pool within `Timeout.pool` seconds. The request was not
    sent.

    Either `Limits` are too small for what is asked at once, or responses are not read or closed.
    """


class NetworkError(TransportError):
    """Base of the failures of the network itself: the operating system's errors, as `__cause__`.

    The subclass says what was being done.
    """


class ConnectError(NetworkError):
    """No connection could be made: the host is unknown or refuses, or TLS failed.

    The request was not sent. The message says where to, and why.
    """


class CertificateError(ConnectError):
    """The certificate of a server, or of an https proxy, is not to be trusted.

    The message says why, and what can be done about it. `__cause__` is the
    `ssl.SSLCertVerificationError`, with OpenSSL's `verify_code` and `verify_message`.
    """


class ReadError(NetworkError):
    """Reading from the connection failed, because it broke before the response was complete.

    The server may have acted on the request.
    """


class WriteError(NetworkError):
    """Writing to the connection failed, because it broke before the request was sent.

    The server may have seen a part of it.
    """


class CloseError(NetworkError):
    """Closing the connection failed. hookline never raises it; it is here for code that catches it,
    and for transports of one's own."""


class ProtocolError(TransportError):
    """Base of the violations of HTTP: ours (`LocalProtocolError`) or the server's
    (`RemoteProtocolError`). The message says which rule was broken."""


class LocalProtocolError(ProtocolError):
    """The request breaks HTTP's rules and was not sent: a line end in a header, a body of another
    length than its Content-Length. The message says what is wrong with it."""


class RemoteProtocolError(ProtocolError):
    """The response breaks HTTP's rules: it is no HTTP, ends too early, or could be read in two
    ways.

    Its connection is closed. The server may have acted on the request.
    """


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
    """The response is no stream of server-sent events, or one of them is too large.

    Raised while one iterates over an `EventSource`. `.request` is the one that was answered so.
    """


class UnsupportedProtocol(TransportError):
    """The URL has no scheme or no host, or nothing here speaks its scheme.

    Also where the environment names a proxy that nothing here can go through. Nothing was sent.
    """


class DecodingError(RequestError):
    """The body does not decode as its Content-Encoding says, or ends before its coding does.

    `Response.iter_raw` gives the bytes as they came.
    """


class ResponseTooLarge(RequestError):
    """The body is larger than `max_response_size`, or decodes to more than
    `max_decompression_ratio` allows. The response is closed."""


class TooManyRedirects(RequestError):
    """There were more redirects than `max_redirects`. `.request` is the one that was not sent any
    more; `follow_redirects=False` and `Response.next_request` show where they lead."""


class HTTPStatusError(HTTPError):
    """The response's status is not a success. Raised by `Response.raise_for_status`."""

    def __init__(self, message: str, *, request: Request, response: Response) -> None:
        super().__init__(message)
        self.request = request
        self.response = response

    def __reduce__(self) -> tuple[object, ...]:
        # The keyword-only arguments are what BaseException's own recipe would lose.
        return _rebuild_status_error, (type(self), self.args[0], self._request, self.response)


def _rebuild_status_error(
    cls: type[HTTPStatusError], message: str, request: Request, response: Response
) -> HTTPStatusError:
    return cls(message, request=request, response=response)


class InvalidURL(Exception):
    """The URL cannot be parsed. The message says what is wrong with it, and where.

    Raised before anything is sent, by whatever takes a URL.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class CookieConflict(Exception):
    """Several cookies have the name asked for: say which domain or path is meant."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


class StreamError(RuntimeError):
    """Base of the mistakes a program can make with a stream: it is read twice, or too late, or
    its content is asked for before it is there. A RuntimeError: the program is wrong, not the
    network."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


def _reduce_without_arguments(self: StreamError) -> tuple[object, ...]:
    # These bring their own message, which BaseException's own recipe would hand to __init__.
    return type(self), (), self.__dict__


class StreamConsumed(StreamError):
    """The stream was read before, and cannot be read again."""

    def __reduce__(self) -> tuple[object, ...]:
        return _reduce_without_arguments(self)

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

    def __reduce__(self) -> tuple[object, ...]:
        return _reduce_without_arguments(self)

    def __init__(self) -> None:
        super().__init__("Attempted to read or stream content, but the stream has been closed.")


class ResponseNotRead(StreamError):
    """The body of a streaming response was asked for before `read()`."""

    def __reduce__(self) -> tuple[object, ...]:
        return _reduce_without_arguments(self)

    def __init__(self) -> None:
        super().__init__(
            "Attempted to access streaming response content, without having called `read()`."
        )


class RequestNotRead(StreamError):
    """The body of a streaming request was asked for before `read()`."""

    def __reduce__(self) -> tuple[object, ...]:
        return _reduce_without_arguments(self)

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


class ConfigProblem(NamedTuple):
    """One thing that is wrong with a configuration.

    - `path`: the key, from the top: "clients.api.middleware[1].options"; "" for the whole.
    - `message`: what is wrong, and what to do. It never has a secret in it.
    - `file`, `line`: where it is written, as far as that is known.
    """

    path: str
    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        line = "" if self.line is None else f"{self.line}:"
        where = "" if self.file is None else f"{self.file}:{line} "
        return f"{where}{self.path}: {self.message}" if self.path else f"{where}{self.message}"


class ConfigError(ValueError):
    """A configuration cannot be used. The message has everything that is wrong with it; `errors`
    has the same as a list of `hookline.config.ConfigProblem`."""

    def __init__(self, errors: Sequence[ConfigProblem]) -> None:
        self.errors: list[ConfigProblem] = list(errors)
        lines = [str(error) for error in self.errors]
        if len(lines) > 1:
            lines = [f"{len(lines)} errors in the configuration:", *(f"  {each}" for each in lines)]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[Any, ...]:
        # The message is made of the errors, and BaseException's own recipe would pass the message.
        return type(self), (self.errors,)
