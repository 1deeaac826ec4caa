"""URL patterns, as the keys of `mounts`."""

from __future__ import annotations

import re

from ._url import URL


class URLPattern:
    """A pattern such as "https://", "all://*.example.org" or "http://localhost:8000".

    "all" stands for both schemes; "*." for any subdomain, and "*" before a name for the name itself
    as well. Raises ValueError for a key without "://".
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
        self.host = "" if url.host == "*" else url.host
        self.port = url.port
        self._host_regex = _host_regex(url.host) if self.host else None

    def matches(self, other: URL) -> bool:
        """Whether a URL falls under the pattern."""
        if self.scheme and self.scheme != other.scheme:
            return False
        if self._host_regex is not None and not self._host_regex.fullmatch(other.host):
            return False
        return self.port is None or self.port == other.origin.port

    @property
    def priority(self) -> tuple[int, int, int]:
        """What sorts the more specific pattern first: port, longer host, longer scheme."""
        return (0 if self.port is not None else 1, -len(self.host), -len(self.scheme))

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
