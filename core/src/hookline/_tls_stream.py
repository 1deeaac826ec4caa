"""TLS over any stream of bytes, in every mode: OpenSSL works in memory, the stream below carries.

This is one implementation where the alternatives would be three (blocking SSL sockets, asyncio's
and anyio's), each with timeouts of its own. It nests: TLS to an origin inside TLS to a proxy.
"""

from __future__ import annotations

import ssl
import threading

from ._errors import (
    ConnectError,
    ConnectTimeout,
    ReadError,
    TimeoutException,
    TransportError,
    WriteError,
)
from ._fork import guard_lock
from ._timeout import Deadline, again
from ._tls_errors import ORIGIN_TRUST, certificate_error
from .plugins.interfaces import Buffer, NetworkStream

# The largest TLS record there is (RFC 8446 section 5.1); OpenSSL gives one at a time.
_RECORD_SIZE = 16_384

_alpn_lock = threading.Lock()
guard_lock(globals(), "_alpn_lock")


class TLSStream(NetworkStream):
    """An established TLS connection over another stream."""

    __slots__ = ("_incoming", "_lock", "_outgoing", "_ssl", "_stream")

    def __init__(
        self,
        stream: NetworkStream,
        context: ssl.SSLContext,
        hostname: str | None,
        alpn: tuple[str, ...] = (),
    ) -> None:
        self._stream = stream
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        # OpenSSL's objects are not for two threads at once, and one may read while another writes.
        self._lock = threading.Lock()
        with _alpn_lock:
            # A context of the user's may serve several clients, each with protocols of its own. A
            # connection takes over what is offered when it is made.
            if alpn:
                context.set_alpn_protocols(list(alpn))
            self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)

    @property
    def alpn(self) -> str | None:
        """The protocol that the server chose, or None."""
        return self._ssl.selected_alpn_protocol()

    async def handshake(self, deadline: Deadline) -> None:
        """Agree on keys with the peer, and check its certificate."""
        while True:
            try:
                self._ssl.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush(deadline.remaining())
                await self._fill(deadline.remaining())
            except ssl.SSLError:
                # The peer is told why, if it still listens.
                try:
                    await self._flush(deadline.remaining())
                except TransportError:
                    pass
                raise
            else:
                await self._flush(deadline.remaining())
                return

    async def receive(self, timeout: float | None) -> bytes:
        # Asking OpenSSL for what cannot be there would cost an exception per receive.
        if not (self._incoming.pending or self._incoming.eof or self._ssl.pending()):
            await self._fill(timeout)
        while True:
            try:
                with self._lock:
                    return self._ssl.read(_RECORD_SIZE)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLEOFError as exc:
                # RFC 8446 section 6.1: without close_notify, the data may have been cut off.
                raise ReadError("The TLS connection was cut without close_notify.") from exc
            except ssl.SSLError as exc:
                raise ReadError(f"Reading failed: {exc}") from exc
            if self._outgoing.pending:
                # OpenSSL answers what it was asked, a change of keys for instance. A peer that
                # does not listen any more may still have said something.
                try:
                    self.write(b"")
                except WriteError:
                    pass
            await self._fill(again(timeout))

    def write(self, data: Buffer) -> bool:
        with self._lock:
            while data:
                try:
                    written = self._ssl.write(data)
                except ssl.SSLError as exc:
                    raise WriteError(f"Writing failed: {exc}") from exc
                if written == len(data):
                    break
                data = memoryview(data)[written:]
            return self._stream.write(self._outgoing.read())

    async def writable(self, timeout: float | None) -> None:
        await self._stream.writable(timeout)

    def close(self) -> None:
        # No close_notify: HTTP frames its own messages, and waiting for room to send one is what
        # a close under cancellation must never do.
        self._stream.close()

    def has_input(self) -> bool:
        with self._lock:
            is_there = self._ssl.pending() or self._incoming.pending
        return bool(is_there) or self._stream.has_input()

    def get_extra_info(self, name: str) -> object:
        if name == "ssl_object":
            return self._ssl
        return self._stream.get_extra_info(name)

    async def _fill(self, timeout: float | None) -> None:
        data = await self._stream.receive(timeout)
        with self._lock:
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()

    async def _flush(self, timeout: float | None) -> None:
        if self._outgoing.pending:
            await self._stream.send(self._outgoing.read(), timeout)


async def start_tls(
    stream: NetworkStream,
    context: ssl.SSLContext,
    hostname: str | None,
    deadline: Deadline,
    alpn: tuple[str, ...] = (),
    *,
    trust: str = ORIGIN_TRUST,
) -> TLSStream:
    """Speak TLS over a stream; on failure the stream is closed. `alpn` is what to offer, where it
    is not the context's own business; `trust`, for errors, is how further authorities are trusted.

    Raises ConnectTimeout, CertificateError, and ConnectError with the ssl error as its cause.
    """
    try:
        tls = TLSStream(stream, context, hostname, alpn)
        await tls.handshake(deadline)
    except BaseException as exc:
        stream.close()
        if isinstance(exc, TimeoutException):
            raise ConnectTimeout(f"The TLS handshake with {hostname} timed out.") from exc
        if isinstance(exc, ssl.SSLCertVerificationError):
            raise certificate_error(hostname or "the server", exc, trust) from exc
        if isinstance(exc, (TransportError, ssl.SSLError, ValueError)):
            raise ConnectError(f"The TLS handshake with {hostname} failed: {exc}") from exc
        raise
    return tls
