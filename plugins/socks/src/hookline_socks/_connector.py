"""`SOCKS5Connector`: from an origin to a stream that leads there through a SOCKS5 proxy.

Knows the proxy's settings, who looks names up, and the one deadline over everything. What is said
to the proxy is in `_handshake.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hookline import ConnectError, ConnectTimeout, Proxy, ProxyError
from hookline.plugins import Connector, Deadline, Network, NetworkStream

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from hookline import URL, Origin

    from ._handshake import Address

# IANA's port for "socks".
_DEFAULT_PORT = 1080
# Names, user names and passwords all have one byte for their length (RFC 1928 section 5, RFC 1929
# section 2).
_LONGEST = 255
_LARGEST_PORT = 65_535


class SOCKS5Connector(Connector):
    """Connects through a SOCKS5 proxy: `{"name": "socks5", "options": {"proxy": "socks5h://..."}}`.

    `proxy` is a URL or a `hookline.Proxy`; without a port it is 1080. Its scheme says who looks up
    the names of origins. "socks5h" leaves them to the proxy. "socks5" looks them up here and sends
    one address: the first IPv4 address, since a proxy without IPv6 is common and one without IPv4
    is not, or the first of all where there is none. Addresses are sent as addresses either way.

    User name and password, where the proxy has them, are offered beside no authentication; the
    proxy chooses.

    Raises TypeError where `proxy` is something else or its `auth` is not a pair, and ValueError for
    another scheme, for a user name or password that is empty or longer than 255 bytes, and for
    settings that mean nothing to a SOCKS5 proxy: `headers`, `ssl_context` and `tunnel`.
    """

    name: ClassVar[str] = "socks5"
    schemes: ClassVar[tuple[str, ...]] = ("socks5", "socks5h")

    def __init__(self, proxy: str | URL | Proxy) -> None:
        if not isinstance(proxy, Proxy):
            proxy = Proxy(proxy)
        self._credentials = _checked(proxy)
        self._resolves_here = proxy.url.scheme == "socks5"
        self._host = proxy.url.raw_host.decode("ascii")
        self._port = _DEFAULT_PORT if proxy.url.port is None else proxy.url.port
        self._where = proxy.url.netloc.decode("ascii")
        self.via: str | None = str(proxy.url)

    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        """A stream to the origin, when the proxy has connected to it.

        Raises ConnectError where the proxy cannot be reached or a name is not found here,
        ConnectTimeout with the step that took too long, and ProxyError with the step at which the
        proxy refused, or did not speak SOCKS5.
        """
        # Loaded here, so that programs that have the plugin and no proxy do without socksio.
        from ._handshake import Handshake

        address = await self._address(origin, network, deadline)
        try:
            stream = await network.connect_tcp(self._host, self._port, deadline)
        except (ConnectError, ConnectTimeout) as exc:
            raise type(exc)(f"SOCKS5 proxy {self._where} cannot be reached: {exc}") from exc
        try:
            handshake = Handshake(stream, self._where, deadline)
            return await handshake.run(address, origin.port, self._credentials)
        except BaseException:
            stream.close()
            raise

    async def _address(self, origin: Origin, network: Network, deadline: Deadline) -> Address:
        """The origin's host as the proxy is told. What cannot be told is refused here, while
        nothing was sent."""
        from ipaddress import IPv6Address, ip_address

        host, port = origin.host, origin.port
        if not 0 <= port <= _LARGEST_PORT:
            raise self._unspeakable(f"{port} is no port")
        if (address := _as_ip(host)) is None:
            if not self._resolves_here:
                if len(host) > _LONGEST:
                    raise self._unspeakable(
                        f"the host name {host[:20]!r}... has {len(host)} bytes, "
                        f"and SOCKS5 carries {_LONGEST} at most"
                    )
                return host
            try:
                found = await network.resolve(host, port, deadline)
            except (ConnectError, ConnectTimeout) as exc:
                raise type(exc)(
                    f"{exc} (socks5:// looks names up here; socks5h:// leaves them to the proxy)"
                ) from exc
            chosen = next((each for each in found if ":" not in each), found[0])
            address = ip_address(chosen)
        if isinstance(address, IPv6Address) and address.scope_id:
            raise self._unspeakable(
                f"the address {address} has a zone, which only this machine understands"
            )
        return address

    def _unspeakable(self, reason: str) -> ProxyError:
        return ProxyError(f"SOCKS5 proxy {self._where} was not asked: {reason}.")


def _checked(proxy: Proxy) -> tuple[bytes, bytes] | None:
    """The credentials of a proxy, which is one that SOCKS5 can use altogether."""
    if proxy.url.scheme not in SOCKS5Connector.schemes:
        raise ValueError(
            f"proxy: {str(proxy.url)!r} is not for SOCKS5; expected 'socks5://...' (names are "
            "looked up here) or 'socks5h://...' (the proxy looks them up)."
        )
    useless = {
        "headers": bool(proxy.headers),
        "ssl_context": proxy.ssl_context is not None,
        "tunnel": proxy.tunnel,
    }
    for setting, is_set in useless.items():
        if is_set:
            raise ValueError(
                f"proxy: {setting!r} means nothing to a SOCKS5 proxy; it is for http:// and "
                "https:// proxies. Leave it out."
            )
    credentials = proxy.raw_auth
    if credentials is None:
        if proxy.auth is not None:
            raise TypeError(
                "proxy: 'auth' of a SOCKS5 proxy is a pair of user name and password, "
                f"not {type(proxy.auth).__name__}."
            )
        return None
    for what, value in zip(("user name", "password"), credentials, strict=True):
        if not 1 <= len(value) <= _LONGEST:
            raise ValueError(
                f"proxy: the {what} for a SOCKS5 proxy has 1 to {_LONGEST} bytes, not {len(value)}."
            )
    return credentials


def _as_ip(host: str) -> IPv4Address | IPv6Address | None:
    from ipaddress import ip_address

    try:
        return ip_address(host)
    except ValueError:
        return None
