"""The stream below a response, as `response.extensions["network_stream"]` gives it to programs.

For what comes after `101 Switching Protocols` and after CONNECT, where the connection belongs to
the program; and for facts about any other connection. The methods are those that programs know
from httpx: plain ones under `Client`, asynchronous ones under `AsyncClient`. Never opens a
connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, Union, overload

from ._drive import drive
from ._read_ahead import ReadAhead
from ._timeout import Deadline

if TYPE_CHECKING:
    import socket
    import ssl

    from .plugins.interfaces import Buffer, NetworkStream

T = TypeVar("T", bound="_Access")

# Of IPv4 and IPv6, and the path of a Unix domain socket.
SocketAddress = Union[tuple[str, int], tuple[str, int, int, int], str, bytes]


class HasStream(Protocol):
    """Whatever a stream belongs to: it may put another one in its place."""

    stream: NetworkStream


class _Owner:
    """What a stream belongs to that was made here."""

    __slots__ = ("stream",)

    def __init__(self, stream: NetworkStream) -> None:
        self.stream = stream


class _Access:
    """What both modes share."""

    __slots__ = ("_owner", "_unread")

    def __init__(self, owner: HasStream) -> None:
        self._owner = owner
        # Of what came at once, the part that nobody has asked for yet.
        self._unread = b""

    async def _read(self, max_bytes: int, timeout: float | None) -> bytes:
        if not self._unread:
            data = await self._owner.stream.receive(timeout)
            if len(data) <= max_bytes:
                return data
            self._unread = data
        data, self._unread = self._unread[:max_bytes], self._unread[max_bytes:]
        return data

    async def _write(self, buffer: Buffer, timeout: float | None) -> None:
        if buffer:
            await self._owner.stream.send(buffer, timeout)

    async def _start_tls(
        self: T, ssl_context: ssl.SSLContext, server_hostname: str | None, timeout: float | None
    ) -> T:
        from ._tls_errors import CONTEXT_TRUST
        from ._tls_stream import start_tls

        stream = self._owner.stream
        if self._unread:
            stream = ReadAhead(stream, self._unread)
            self._unread = b""
        tls = await start_tls(
            stream, ssl_context, server_hostname, Deadline(timeout), trust=CONTEXT_TRUST
        )
        return type(self)(_Owner(tls))

    @overload
    def get_extra_info(self, info: Literal["socket"]) -> socket.socket | None: ...
    @overload
    def get_extra_info(
        self, info: Literal["client_addr", "server_addr"]
    ) -> SocketAddress | None: ...
    @overload
    def get_extra_info(self, info: Literal["ssl_object"]) -> ssl.SSLObject | None: ...
    @overload
    def get_extra_info(self, info: str) -> object: ...
    def get_extra_info(self, info: str) -> Any:
        """Facts about the connection, or None: "socket", "client_addr", "server_addr",
        "ssl_object"."""
        return self._owner.stream.get_extra_info(info)


class SyncNetworkStream(_Access):
    """A connection, for programs that use `Client`. Timeouts are seconds; None waits for ever."""

    __slots__ = ()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes, `max_bytes` of them at most; b"" when the peer has finished.

        Raises ReadTimeout and ReadError.
        """
        return drive(self._read(max_bytes, timeout))

    def write(self, buffer: Buffer, timeout: float | None = None) -> None:
        """Send all of `buffer`. Raises WriteTimeout and WriteError."""
        drive(self._write(buffer, timeout))

    def close(self) -> None:
        """Close the connection."""
        self._owner.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> SyncNetworkStream:
        """Speak TLS from here on, and return the stream inside. Raises ConnectTimeout and
        ConnectError."""
        return drive(self._start_tls(ssl_context, server_hostname, timeout))


class AsyncNetworkStream(_Access):
    """A connection, for programs that use `AsyncClient`. As `SyncNetworkStream`."""

    __slots__ = ()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes, `max_bytes` of them at most; b"" when the peer has finished.

        Raises ReadTimeout and ReadError.
        """
        return await self._read(max_bytes, timeout)

    async def write(self, buffer: Buffer, timeout: float | None = None) -> None:
        """Send all of `buffer`. Raises WriteTimeout and WriteError."""
        await self._write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        self._owner.stream.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncNetworkStream:
        """Speak TLS from here on, and return the stream inside. Raises ConnectTimeout and
        ConnectError."""
        return await self._start_tls(ssl_context, server_hostname, timeout)
