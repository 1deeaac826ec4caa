"""The handshake with a SOCKS5 proxy (RFC 1928, RFC 1929), over a stream that is there already.

Knows three questions and their answers. Never opens or closes the stream, and looks nothing up.

socksio packs the questions and has the names of the codes. It wants each answer whole, though, and
says no more of a bad one than that it is malformed; so where an answer ends, and what is wrong with
it, is decided here. The rules:

- A question is asked when the answer to the one before is complete, and nothing lies behind it.
- No answer is longer than 262 bytes, and none is waited for beyond the deadline.
- A refusal is known from its first two bytes. What should follow is not waited for: proxies that
  are in use send too little of it.
- The address that the proxy says it connected from (BND.ADDR) is skipped, whatever it is: it means
  something to BIND alone.
- What follows the last answer comes from the origin, and is the first that the stream returns.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Union

from socksio import (
    SOCKS5AType,
    SOCKS5AuthMethod,
    SOCKS5AuthMethodsRequest,
    SOCKS5Command,
    SOCKS5CommandRequest,
    SOCKS5ReplyCode,
    SOCKS5UsernamePasswordRequest,
)

from hookline import ConnectTimeout, ProxyError, TimeoutException, TransportError
from hookline.plugins import Deadline, NetworkStream, ReadAhead

# Where the proxy is to connect: an address, or a name that it looks up.
Address = Union[str, IPv4Address, IPv6Address]

_VERSION = 5
# RFC 1929 section 2: the version of the subnegotiation.
_AUTH_VERSION = 1
_SUCCESS = 0
_PORT_SIZE = 2


class Handshake:
    """One handshake over one stream; `proxy` is what messages call the peer."""

    def __init__(self, stream: NetworkStream, proxy: str, deadline: Deadline) -> None:
        self._stream = stream
        self._proxy = proxy
        self._deadline = deadline
        self._step = ""
        self._received = bytearray()

    async def run(
        self, address: Address, port: int, credentials: tuple[bytes, bytes] | None
    ) -> NetworkStream:
        """Have the proxy connect to an address or name; return the stream to it.

        Raises ConnectTimeout and ProxyError, and leaves the stream open.
        """
        method = await self._select_method(has_credentials=credentials is not None)
        if method is SOCKS5AuthMethod.USERNAME_PASSWORD:
            assert credentials is not None
            await self._authenticate(*credentials)
        await self._connect(address, port)
        if self._received:
            return ReadAhead(self._stream, bytes(self._received))
        return self._stream

    # -- The three steps --------------------------------------------------------------------

    async def _select_method(self, has_credentials: bool) -> SOCKS5AuthMethod:
        """RFC 1928 section 3."""
        offered = [SOCKS5AuthMethod.NO_AUTH_REQUIRED]
        if has_credentials:
            offered.append(SOCKS5AuthMethod.USERNAME_PASSWORD)
        await self._ask("method selection", SOCKS5AuthMethodsRequest(offered).dumps())
        await self._expect_version(_VERSION)
        chosen = bytes(await self._receive(1))
        for method in offered:
            if chosen == method:
                return method
        if chosen != SOCKS5AuthMethod.NO_ACCEPTABLE_METHODS:
            raise self._error(f"it chose a method that was not offered (0x{chosen.hex()})")
        if has_credentials:
            raise self._error(
                "no acceptable methods (0xff): it takes neither user name and password nor none"
            )
        raise self._error(
            "no acceptable methods (0xff): it wants authentication. Give the proxy a user name and "
            "a password"
        )

    async def _authenticate(self, username: bytes, password: bytes) -> None:
        """RFC 1929 section 2."""
        question = SOCKS5UsernamePasswordRequest(username, password).dumps()
        await self._ask("authentication", question)
        await self._expect_version(_AUTH_VERSION)
        (status,) = await self._receive(1)
        if status != _SUCCESS:
            raise self._error(f"user name and password were refused (0x{status:02x})")

    async def _connect(self, address: Address, port: int) -> None:
        """RFC 1928 sections 4 to 6."""
        if isinstance(address, str):
            kind, packed = SOCKS5AType.DOMAIN_NAME, address.encode("ascii")
        elif address.version == 4:
            kind, packed = SOCKS5AType.IPV4_ADDRESS, address.packed
        else:
            kind, packed = SOCKS5AType.IPV6_ADDRESS, address.packed
        request = SOCKS5CommandRequest(SOCKS5Command.CONNECT, kind, packed, port)
        await self._ask("connect", request.dumps())
        await self._expect_version(_VERSION)
        (code,) = await self._receive(1)
        if code != _SUCCESS:
            raise self._error(f"{_name_of(code)} (0x{code:02x}) for {address}, port {port}")
        _, kind_of_bound = await self._receive(2)
        await self._receive(await self._bound_size(kind_of_bound) + _PORT_SIZE)

    async def _bound_size(self, kind: int) -> int:
        """How many bytes the address in an answer has."""
        if kind == SOCKS5AType.IPV4_ADDRESS[0]:
            return 4
        if kind == SOCKS5AType.IPV6_ADDRESS[0]:
            return 16
        if kind == SOCKS5AType.DOMAIN_NAME[0]:
            (size,) = await self._receive(1)
            return size
        raise self._error(f"its answer has an address of an unknown type (0x{kind:02x})")

    # -- Bytes ------------------------------------------------------------------------------

    async def _ask(self, step: str, question: bytes) -> None:
        if self._received:
            raise self._error(f"it sent {len(self._received)} bytes more than its answer has")
        self._step = step
        try:
            await self._stream.send(question, self._deadline.remaining())
        except TimeoutException as exc:
            raise self._too_late() from exc
        except TransportError as exc:
            raise self._error(f"the connection broke: {exc}") from exc

    async def _expect_version(self, expected: int) -> None:
        (version,) = await self._receive(1)
        if version != expected:
            raise self._error(
                f"its answer has the version {version}, not {expected}; is it a SOCKS5 proxy?"
            )

    async def _receive(self, count: int) -> bytearray:
        """Exactly that many bytes. What came with them is kept."""
        received = self._received
        while len(received) < count:
            # A backend may prefer data that is there to a deadline that is over.
            if self._deadline.has_expired:
                raise self._too_late()
            try:
                data = await self._stream.receive(self._deadline.remaining())
            except TimeoutException as exc:
                raise self._too_late() from exc
            except TransportError as exc:
                raise self._error(f"the connection broke: {exc}") from exc
            if not data:
                raise self._error("it closed the connection before its answer was complete")
            received += data
        wanted = received[:count]
        del received[:count]
        return wanted

    # -- What goes wrong --------------------------------------------------------------------

    def _error(self, reason: str) -> ProxyError:
        return ProxyError(f"SOCKS5 proxy {self._proxy}, {self._step}: {reason}.")

    def _too_late(self) -> ConnectTimeout:
        return ConnectTimeout(f"SOCKS5 proxy {self._proxy}, {self._step}: no answer in time.")


def _name_of(code: int) -> str:
    """A refusal in RFC 1928's words (section 6)."""
    try:
        return SOCKS5ReplyCode(bytes([code])).name.lower().replace("_", " ")
    except ValueError:
        return "refused with a code that RFC 1928 does not define"
