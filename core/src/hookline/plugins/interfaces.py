"""The classes that plugins subclass, one per kind. Each docstring is the contract.

All of them are written once, async-shaped, and serve `Client` and `AsyncClient` alike: in a
synchronous client the same coroutines run without ever suspending (see `hookline/_drive.py`). So
await what you are given here, and nothing that belongs to one event loop.

Two more kinds are classes that hookline's users know already: `hookline.plugins.Transport` and
`hookline.Auth`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Union

from .._errors import NotProcessed as NotProcessed
from .._headers import Item as Item
from .._streams import BodyReader as BodyReader
from .._timeout import Deadline as Deadline
from .._timeout import TimeoutDict as TimeoutDict
from .._timeout import again as again
from .._url import Origin as Origin

if TYPE_CHECKING:
    from .._models import Request, Response

Buffer = Union[bytes, memoryview]


class NetworkStream:
    """A duplex stream of bytes: what connectors make and protocols speak over.

    Timeouts are seconds for that one call; None waits for ever. Failures are raised as hookline's
    exceptions, with the original as `__cause__`.
    """

    __slots__ = ()

    async def receive(self, timeout: float | None) -> bytes:
        """The next bytes that arrive, or b"" when the peer has finished.

        Raises ReadTimeout, and ReadError where the connection breaks.
        """
        raise NotImplementedError

    def write(self, data: Buffer) -> bool:
        """Hand over `data` without waiting. Whether the peer has taken enough of it to go on.

        What the peer does not take at once is kept, and goes out before anything that is written
        later. False asks the caller to await `writable` before it writes more. `write(b"")` moves
        what was kept. Raises WriteError where the connection is broken.
        """
        raise NotImplementedError

    async def writable(self, timeout: float | None) -> None:
        """Wait until the peer takes more. Only one caller at a time, beside one that receives.

        Raises WriteTimeout, and WriteError where the connection breaks. What was kept stays kept.
        """
        raise NotImplementedError

    async def send(self, data: Buffer, timeout: float | None) -> None:
        """`write`, and wait where the peer is slow; `timeout` is for each wait without progress.

        Raises WriteTimeout, and WriteError where the connection breaks.
        """
        if not self.write(data):
            await self.drain(timeout)

    async def drain(self, timeout: float | None) -> None:
        """Wait until the peer has taken what was written. Raises as `writable` does."""
        while not self.write(b""):
            await self.writable(again(timeout))

    def close(self) -> None:
        """Let go of the connection at once. Never waits, never raises, may be called twice."""
        raise NotImplementedError

    def has_input(self) -> bool:
        """Whether `receive` would return at once, with bytes or the end of the stream.

        On an idle connection either means that it must not be used again. Never waits.
        """
        raise NotImplementedError

    def get_extra_info(self, name: str) -> object:
        """Facts about the connection, or None: "socket", "client_addr", "server_addr",
        "ssl_object"."""
        return None


class Waiter:
    """Somebody who waits, once, in the way of the client's mode."""

    __slots__ = ()

    async def wait(self, timeout: float | None) -> bool:
        """Wait until `set`. False where the timeout came first: seconds, None for no limit.

        Returns at once where it is set already.
        """
        raise NotImplementedError

    def set(self) -> None:
        """Wake the one who waits. Waking twice is harmless."""
        raise NotImplementedError


class Network:
    """The machine's network as a connector may use it: made by the pool, for its mode.

    `is_async` says whether the connections are for an AsyncClient.
    """

    is_async: bool

    def create_waiter(self) -> Waiter:
        """Something to wait on, once."""
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        """Wait for a time, in the way of the client's mode.

        With 0, other tasks have their turn; a thread goes on at once.
        """
        raise NotImplementedError

    async def connect_tcp(self, host: str, port: int, deadline: Deadline) -> NetworkStream:
        """Connect to the first address of `host` that answers (RFC 8305).

        Raises ConnectTimeout and ConnectError.
        """
        raise NotImplementedError

    async def resolve(self, host: str, port: int, deadline: Deadline) -> list[str]:
        """The numeric addresses of `host`, at least one, in the resolver's order.

        For connectors that tell somebody else where to connect: `connect_tcp` takes names. Raises
        ConnectTimeout and ConnectError.
        """
        raise NotImplementedError

    async def connect_unix(self, path: str, deadline: Deadline) -> NetworkStream:
        """Connect to a Unix domain socket. Raises ConnectTimeout and ConnectError."""
        raise NotImplementedError


class Connector:
    """Makes the stream of bytes to an origin: directly, through a socket file, through a proxy.

    Subclasses name themselves and implement `connect`. TLS with an https origin is not their
    business: the pool adds it. A connector that goes through a proxy lists the `schemes` of the
    proxy URLs that it stands for (`proxy="socks5://..."` finds it by them), and its constructor
    takes `proxy`: a URL or a `hookline.Proxy`.
    """

    name: ClassVar[str]
    schemes: ClassVar[tuple[str, ...]] = ()
    # What it goes through, for who looks at the pool: a proxy's URL without credentials, a path.
    via: str | None = None

    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        """A stream to `origin`, whole or not at all: on failure nothing is left open.

        Every wait takes `deadline.remaining()`. Raises ConnectTimeout, ConnectError, ProxyError.
        """
        raise NotImplementedError

    def route(self, origin: Origin) -> Origin:
        """Under what the pool keeps a connection to `origin`: those of one route serve each other's
        requests. The origin itself, but for proxies that take requests for many."""
        return origin

    def adapt(self, request: Request) -> Request:
        """The request as it is written on this way, for proxies that want it otherwise. Must leave
        the one it was given as it is."""
        return request


class Protocol:
    """Speaks HTTP over one stream of bytes. One instance is one connection.

    Subclasses name themselves, give the ALPN identifier that selects them (RFC 7301), and implement
    the four methods below.

    Three functions are set by the pool. The protocol calls `on_release` once for each exchange that
    is over after it returned a response, as soon as it is: when the body was read to its end, or
    given up. It calls `on_abandon` instead, from a body's `__del__`, where a body was neither: any
    thread may be running then, so nothing else may be done there.

    One that takes several exchanges at once says so by `is_multiplexed`, and how many by
    `capacity`: a plain attribute that the pool reads at any time. It starts at 1, so that the peer
    can say its own limit first; 0 takes no more, as after a GOAWAY. Whenever it changes, the
    protocol calls `on_capacity`, holding no lock. `network`, which the pool sets too, makes things
    to wait on.

    Where a request has `extensions["informational"]`, or a header that expects 100 (Continue), an
    `Interim` knows whom to tell of 1xx responses and how long a body waits. What comes after the
    body of a response is its `extensions["trailers"]`, a `Headers`, once the body is over.
    """

    name: ClassVar[str]
    alpn: ClassVar[str]
    is_multiplexed: ClassVar[bool] = False

    capacity: int = 1
    network: Network
    on_release: Callable[[], None]
    on_abandon: Callable[[], None]
    on_capacity: Callable[[], None]

    def __init__(self, stream: NetworkStream) -> None:
        self.stream: NetworkStream = stream

    @classmethod
    def configure(cls, **options: Any) -> Callable[[NetworkStream], Protocol]:
        """Check options, once per client, and return what makes a connection over a stream.

        Raises TypeError and ValueError, naming the option and what it may be. As it stands, options
        are keyword arguments of the constructor. One that is overridden declares its options by its
        own parameters, which configurations are checked against; what it has to take besides, to
        agree with this signature, and refuses, it calls `**unknown`.
        """
        import functools
        import inspect

        inspect.signature(cls).bind(None, **options)
        return functools.partial(cls, **options)

    async def exchange(
        self, request: Request, body: bytes | BodyReader, timeout: TimeoutDict
    ) -> Response:
        """Send a request and return its response as soon as the head is there.

        `body` is the request's body: all of it as bytes (b"" for none), or a reader to pull it
        from. The response's stream is a `hookline.ByteStream` where the body is complete already,
        and a `Body` that reads from the connection where it is not.

        Raises LocalProtocolError where the request must not be sent, RemoteProtocolError where the
        answer is not HTTP, NotProcessed where the peer has certainly not acted on it, and the
        stream's errors. Where a connection that had served an earlier exchange broke before a byte
        of the response came, the exception's `is_unanswered` is set: the pool sends the request
        again, once, if it may be repeated. After any exception, cancellation included, the
        connection is closed; one that is multiplexed may live on.
        """
        raise NotImplementedError

    @property
    def is_closed(self) -> bool:
        """Whether the connection was closed, and will never take an exchange again."""
        raise NotImplementedError

    def is_reusable(self) -> bool:
        """Whether an idle connection may be used again: asked just before it is. Never waits."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the connection at once. Never waits, never raises, may be called twice."""
        raise NotImplementedError

    def after_fork(self) -> None:
        """Called in a process that `os.fork` has made: the connection is the parent's.

        Nothing may be sent, or shut down. As it stands, `stream` gives way to one that raises
        ReadError and WriteError, and this process's copy of the socket is closed, which neither
        parent nor peer notices. One thread runs then. Extend it where the protocol has locks, which
        threads that are gone may hold, or somebody who waits.
        """
        from .._fork import disown

        self.stream = disown(self.stream)

    @property
    def request_count(self) -> int | None:
        """How many requests were sent so far, for who looks at the pool. None where the protocol
        does not count them."""
        return None


class Send:
    """What a middleware sends with, and how it waits: `response = await send(request)`.

    `is_async` says whether the call is an AsyncClient's.
    """

    __slots__ = ()

    is_async: bool

    async def __call__(self, request: Request) -> Response:
        """Send a request on to what lies within, and return the response, its body unread.

        A middleware that raises need not close what it received: that is done for it.
        """
        raise NotImplementedError

    async def read(self, response: Response) -> bytes:
        """Read a response's body, decoded, which leaves its connection to be used again.

        The body stays with the response, so that whoever gets it may read it too. Raises what
        breaks the body off.
        """
        raise NotImplementedError

    async def close(self, response: Response) -> None:
        """Give up a response that is not returned, and its connection unless its body was read.

        May be called twice.
        """
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        """Wait for a time, in the way of the client's mode. Raises ReadTimeout where the total of
        the call runs out; what that leaves is `request.extensions["timeout"].get("total")`."""
        raise NotImplementedError

    def create_waiter(self) -> Waiter:
        """Something to wait on, once, that another request, task or thread sets."""
        raise NotImplementedError


class Middleware:
    """Wraps a send: sees the request on its way out and the response on its way back.

    `stage` says where. "call" is once for each call of the client, outside redirects and
    authentication; "hop" once for each message on the wire. A middleware may change the request
    before it awaits `send`, send it several times (closing the responses that it does not return),
    or answer without sending.
    """

    name: ClassVar[str]
    stage: ClassVar[Literal["call", "hop"]] = "call"

    async def handle(self, request: Request, send: Send) -> Response:
        """Return the response to `request`; `await send(request)` gets one.

        May change the request first, and the response afterwards; send again, closing the response
        that is not returned; or make a response of its own. Bodies are unread. What `send` raises
        passes through unless it is caught, and what is raised here reaches the caller.
        """
        raise NotImplementedError


class ConnectionInfo(NamedTuple):
    """A connection as observers see it: where to, and the name of the protocol spoken."""

    origin: Origin
    protocol: str


class EventHook:
    """Observes. Subclasses override what they want to see; the rest costs nothing.

    The methods are plain functions and are called in line: they return quickly and change nothing.
    One that raises is logged once (logger "hookline", with the traceback) and never called again.
    """

    name: ClassVar[str]

    def request_started(self, request: Request) -> None:
        """A message is about to be sent. Redirects and authentication each send their own, so that
        one call may be several."""

    def connection_opened(self, connection: ConnectionInfo) -> None:
        """A connection was made, TLS included. Called before its first request is sent."""

    def connection_closed(self, connection: ConnectionInfo) -> None:
        """A connection was closed, by either side. The tuple equals that of `connection_opened`."""

    def response_started(self, response: Response) -> None:
        """The head of a response is there. Its body is not; `response.request` is the request."""

    def response_finished(self, response: Response) -> None:
        """The body of a response was read to its end, or given up.

        `response.elapsed` and `num_bytes_downloaded` are final.
        """

    def request_failed(self, request: Request, error: BaseException) -> None:
        """No response came. `error` says why; cancellation is among the errors, as a
        BaseException."""


class Decoder:
    """Undoes one content coding. One instance decodes one body.

    Subclasses name themselves as in Content-Encoding, and take part in Accept-Encoding by being
    registered. They implement `decode`, and `flush` where something may be left at the end. One of
    a coding in which little data may stand for much overrides `pieces`, too, so that nobody can
    fill a client's memory. All of them raise DecodingError for data that is not in the coding.
    """

    name: ClassVar[str]

    def decode(self, data: bytes) -> bytes:
        """The decoded form of the next piece, as far as there is any: b"" until there is.

        Pieces are cut anywhere. Raises DecodingError, with the library's exception as its cause.
        """
        raise NotImplementedError

    def flush(self) -> bytes:
        """What is left at the end of the body."""
        return b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What `decode` returns, in pieces of about 1 MiB at most, each made when it is asked for.

        Used instead of `decode` where a body is streamed, or its size is limited. Taken to its end
        before the next call, or not taken any further at all. As it stands, one piece.
        """
        if decoded := self.decode(data):
            yield decoded

    def last_pieces(self) -> Iterator[bytes]:
        """The same for `flush`."""
        if decoded := self.flush():
            yield decoded
