"""URL patterns, as the keys of `mounts` and `proxies`, and what NO_PROXY becomes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ._url import URL

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

_PREFIX_LENGTH = re.compile(r"/([0-9]{1,3})")
_ADDRESS = re.compile(r"[0-9.]+|.*:.*")


class URLPattern:
    """A pattern such as "https://", "all://*.example.org", "http://localhost:8000" or
    "all://10.0.0.0/8".

    "all" stands for both schemes; "*." for any subdomain, and "*" before a name for the name itself
    as well; an address with a prefix length for every address of that network. Raises ValueError
    for a key without "://", and InvalidURL for one that is no URL.
    """

    def __init__(self, pattern: str) -> None:
        if not isinstance(pattern, str) or (pattern and ":" not in pattern):
            raise ValueError(
                f"Mount keys are URL patterns such as 'https://' or 'all://example.org', "
                f"not {pattern!r}. Did you mean {pattern!r} + '://'?"
            )
        url = URL(pattern)
        self.pattern = pattern
        self.scheme = "" if url.scheme == "all" else url.scheme
        self.host = "" if url.host == "*" else url._parts.host
        self.port = url.port
        self._network = _network(url)
        self._host_regex = _host_regex(self.host) if self.host and not self._network else None

    def matches(self, other: URL) -> bool:
        """Whether a URL falls under the pattern."""
        if self.scheme and self.scheme != other.scheme:
            return False
        host = other._parts.host
        if self._host_regex is not None and not self._host_regex.fullmatch(host):
            return False
        if self._network is not None and not _is_within(host, self._network):
            return False
        return self.port is None or self.port == other.origin.port

    @property
    def priority(self) -> tuple[int, float, int]:
        """What sorts the more specific pattern first: port, longer host, longer scheme.

        A network stands behind every host, and before no host at all: the smaller first.
        """
        length: float = len(self.host)
        if self._network is not None and self._network.num_addresses > 1:
            length = (self._network.prefixlen + 1) / (self._network.max_prefixlen + 1)
        return (0 if self.port is not None else 1, -length, -len(self.scheme))

    def __hash__(self) -> int:
        return hash(self.pattern)

    def __lt__(self, other: URLPattern) -> bool:
        return self.priority < other.priority

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URLPattern) and self.pattern == other.pattern

    def __repr__(self) -> str:
        return f"URLPattern({self.pattern!r})"


def _host_regex(host: str) -> re.Pattern[str]:
    if host.startswith("*."):
        # "*.example.org": subdomains, not the domain itself.
        return re.compile(rf".+\.{re.escape(host[2:])}")
    if host.startswith("*"):
        # "*example.org": the domain itself too.
        return re.compile(rf"(?:.+\.)?{re.escape(host[1:])}")
    return re.compile(re.escape(host))


def _network(url: URL) -> IPv4Network | IPv6Network | None:
    """The network that a pattern means; for an IPv6 address, which can be written in many ways,
    that of this one address."""
    host = url._parts.host
    prefix = _PREFIX_LENGTH.fullmatch(url._parts.path)
    if ":" not in host and not (prefix and _ADDRESS.fullmatch(host)):
        return None
    import ipaddress

    return ipaddress.ip_network(f"{host}{prefix[0] if prefix else ''}", strict=False)


def _is_within(host: str, network: IPv4Network | IPv6Network) -> bool:
    if not _ADDRESS.fullmatch(host):
        return False
    import ipaddress

    try:
        return ipaddress.ip_address(host) in network
    except ValueError:
        # A name of digits and dots.
        return False
