"""`URL`: an immutable, checked and normalised URL.

Parsing and percent-encoding are in `_urlparse.py`. What the request path needs of a URL (origin,
Host header, request target) is worked out once per URL and kept, and `parse_url` keeps the URLs
themselves, so that the hundredth request to the same address parses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ._errors import InvalidURL
from ._query import QueryParams, masked_query
from ._urlparse import DEFAULT_PORTS, Parts, parse

if TYPE_CHECKING:
    from typing import Unpack

    from ._types import QueryParamTypes, URLComponents

_COMPONENT_TYPES: dict[str, type | tuple[type, ...]] = {
    "scheme": str,
    "username": str,
    "password": str,
    "userinfo": bytes,
    "host": str,
    "port": int,
    "netloc": bytes,
    "path": str,
    "query": bytes,
    "raw_path": bytes,
    "fragment": str,
    "params": object,
}


class _OriginParts(NamedTuple):
    scheme: str
    host: str
    port: int


class Origin(_OriginParts):
    """Whom a connection talks to: scheme, host (ASCII, without brackets) and port.

    `Origin("https://example.org/a")` is that of a URL; `Origin("https", "example.org", 443)` is
    made of its parts. Raises InvalidURL, and ValueError for a URL without scheme and host.
    """

    __slots__ = ()

    def __new__(cls, url: URL | str, host: str | None = None, port: int | None = None) -> Origin:
        if host is not None and port is not None:
            return super().__new__(cls, cast("str", url), host, port)
        parsed = parse_url(url)
        if parsed.is_relative_url:
            raise ValueError("URL must be absolute to have an origin")
        return parsed.origin

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        if DEFAULT_PORTS.get(self.scheme) == self.port:
            return f"{self.scheme}://{host}"
        return f"{self.scheme}://{host}:{self.port}"


class RawURL(NamedTuple):
    """The parts of a URL as bytes, as `URL.raw` has them."""

    raw_scheme: bytes
    raw_host: bytes
    port: int | None
    raw_path: bytes


class URL:
    """A URL, parsed, checked and normalised: `URL("HTTPS://Example.org:443/a b?c=d")`.

    Keyword arguments replace components: scheme, username, password, userinfo (bytes), host, port,
    netloc (bytes), path, query (bytes), raw_path (bytes), fragment, params. Raises InvalidURL for
    what is no URL and TypeError for arguments of the wrong type.

    Hosts are IDNA-encoded (IDNA 2008), default ports dropped, dot segments removed and unsafe
    characters percent-encoded; `str(url)` is what goes on the wire.
    """

    __slots__ = ("__weakref__", "_host_header", "_origin", "_parts", "_str", "_target")

    _parts: Parts
    _str: str
    _origin: Origin
    _host_header: bytes
    _target: bytes

    def __init__(self, url: URL | str = "", **kwargs: Unpack[URLComponents]) -> None:
        components = _checked_components(kwargs) if kwargs else {}
        if isinstance(url, str):
            self._parts = parse(url, **components)
        elif isinstance(url, URL):
            if not components:
                self._parts = url._parts
                return
            parts = url._parts
            self._parts = parse(
                "",
                **{
                    "scheme": parts.scheme,
                    "authority": url._authority,
                    "path": parts.path,
                    "query": parts.query,
                    "fragment": parts.fragment,
                    **components,
                },
            )
        else:
            raise TypeError(
                f"Invalid type for url.  Expected str or hookline.URL, got {type(url)}: {url!r}"
            )

    # -- What the request path asks for -----------------------------------------------------

    @property
    def origin(self) -> Origin:
        """Scheme, host and port, with the scheme's default port filled in."""
        try:
            return self._origin
        except AttributeError:
            parts = self._parts
            port = parts.port
            if port is None:
                port = DEFAULT_PORTS.get(parts.scheme, 0)
            host = parts.host
            if ":" in host:
                # One address may be written in many ways.
                from ipaddress import IPv6Address

                host = str(IPv6Address(host))
            self._origin = Origin(parts.scheme, host, port)
            return self._origin

    @property
    def netloc(self) -> bytes:
        """Host and port as they stand in the Host header, as bytes."""
        try:
            return self._host_header
        except AttributeError:
            host = self._parts.host
            netloc = f"[{host}]" if ":" in host else host
            if self._parts.port is not None:
                netloc = f"{netloc}:{self._parts.port}"
            self._host_header = netloc.encode("ascii")
            return self._host_header

    @property
    def raw_path(self) -> bytes:
        """Path and query as they stand in the request line, as bytes."""
        try:
            return self._target
        except AttributeError:
            path = self._parts.path or "/"
            if self._parts.query is not None:
                path = f"{path}?{self._parts.query}"
            self._target = path.encode("ascii")
            return self._target

    # -- The components ---------------------------------------------------------------------

    @property
    def scheme(self) -> str:
        """The scheme, in lower case: "http", "https", or "" for a relative URL."""
        return self._parts.scheme

    @property
    def raw_scheme(self) -> bytes:
        """The scheme as bytes."""
        return self._parts.scheme.encode("ascii")

    @property
    def userinfo(self) -> bytes:
        """User name and password, percent-encoded: b"jo%40email.com:a%20secret"."""
        return self._parts.userinfo.encode("ascii")

    @property
    def username(self) -> str:
        """The user name, decoded, or ""."""
        return _unquote(self._parts.userinfo.partition(":")[0])

    @property
    def password(self) -> str:
        """The password, decoded, or ""."""
        return _unquote(self._parts.userinfo.partition(":")[2])

    @property
    def host(self) -> str:
        """The host for people to read: lower case, IDNA decoded, without IPv6 brackets.

        What IDNA cannot decode stays as it is: such a name may come from a server's redirect, and
        it is a name for the resolver to refuse.
        """
        host = self._parts.host
        if host.startswith("xn--"):
            import idna

            try:
                return idna.decode(host)
            except idna.IDNAError:
                pass
        return host

    @property
    def raw_host(self) -> bytes:
        """The host as it is looked up: IDNA encoded, as bytes, without IPv6 brackets."""
        return self._parts.host.encode("ascii")

    @property
    def port(self) -> int | None:
        """The port, or None where it is the scheme's default."""
        return self._parts.port

    @property
    def path(self) -> str:
        """The path, percent-decoded; "/" where it is empty."""
        return _unquote(self._parts.path or "/")

    @property
    def query(self) -> bytes:
        """The query as it stands, as bytes, without its "?"."""
        return (self._parts.query or "").encode("ascii")

    @property
    def params(self) -> QueryParams:
        """The query as QueryParams."""
        return QueryParams(self._parts.query)

    @property
    def fragment(self) -> str:
        """The fragment, percent-decoded, without its "#"."""
        return _unquote(self._parts.fragment or "")

    @property
    def raw(self) -> RawURL:
        """Deprecated, as in httpx: use `raw_scheme`, `raw_host`, `port` and `raw_path`."""
        import warnings

        warnings.warn("URL.raw is deprecated.", stacklevel=2)
        return RawURL(self.raw_scheme, self.raw_host, self._parts.port, self.raw_path)

    @property
    def is_absolute_url(self) -> bool:
        """Whether there are a scheme and a host, so that a request can be made."""
        return bool(self._parts.scheme and self._parts.host)

    @property
    def is_relative_url(self) -> bool:
        """Whether the URL needs a base before a request can be made."""
        return not self.is_absolute_url

    # -- Changed copies ---------------------------------------------------------------------

    def copy_with(self, **kwargs: Unpack[URLComponents]) -> URL:
        """A copy with some components replaced: `url.copy_with(scheme="https", port=None)`.

        The keywords are the constructor's, and None removes a component. Raises InvalidURL for one
        that does not fit, and TypeError for one that there is not.
        """
        return URL(self, **kwargs)

    def copy_set_param(self, key: str, value: object = None) -> URL:
        """A copy whose query has this one value for `key`. Others that it had are gone."""
        return self.copy_with(params=self.params.set(key, value))

    def copy_add_param(self, key: str, value: object = None) -> URL:
        """A copy whose query has this value for `key` too. Those that it has already stay."""
        return self.copy_with(params=self.params.add(key, value))

    def copy_remove_param(self, key: str) -> URL:
        """A copy whose query is without `key`. The same URL where it has no such key."""
        return self.copy_with(params=self.params.remove(key))

    def copy_merge_params(self, params: QueryParamTypes) -> URL:
        """A copy whose query has `params` merged in: each of their names replaces what the query
        had for it."""
        return self.copy_with(params=self.params.merge(params))

    def join(self, url: URL | str) -> URL:
        """The absolute URL that `url` means where this one is the base (RFC 3986 section 5).

        `URL("https://example.org/a/b").join("c")` is `https://example.org/a/c`. A `url` that is
        absolute is the answer itself. Raises InvalidURL for one that is none.
        """
        from urllib.parse import urljoin

        reference = str(URL(url))
        try:
            joined = urljoin(str(self), reference)
        except ValueError as exc:
            # The library reads an authority where RFC 3986 has a path: ":j://e[/".
            raise InvalidURL(f"Invalid URL to join: {exc}.") from None
        return URL(joined)

    # -- The rest ---------------------------------------------------------------------------

    @property
    def _authority(self) -> str:
        netloc = self.netloc.decode("ascii")
        return f"{self._parts.userinfo}@{netloc}" if self._parts.userinfo else netloc

    def __str__(self) -> str:
        try:
            return self._str
        except AttributeError:
            self._str = _unsplit(self._parts, self._authority)
            return self._str

    def __repr__(self) -> str:
        return f"URL({self._masked()!r})"

    def _masked(self) -> str:
        """The URL for people to read: as `str`, but without the password, and without what a
        configuration says is a secret."""
        parts, authority = self._parts, self._authority
        username, colon, _ = parts.userinfo.partition(":")
        if colon:
            authority = f"{username}:[secure]@{self.netloc.decode('ascii')}"
        if parts.query:
            parts = parts._replace(query=masked_query(parts.query))
        return _unsplit(parts, authority)

    def __hash__(self) -> int:
        return hash(str(self))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, URL):
            return self._parts == other._parts
        if isinstance(other, str):
            try:
                return str(self) == str(URL(other))
            except InvalidURL:
                return False
        return False

    def __reduce__(self) -> tuple[type[URL], tuple[str]]:
        return URL, (str(self),)


@lru_cache(maxsize=1024)
def _cached(url: str) -> URL:
    return URL(url)


def parse_url(url: URL | str) -> URL:
    """The URL for a string, from a cache of the last 1024, or the URL itself.

    URLs are immutable, so that one object can serve every request. A URL that may hold a password
    is never kept.
    """
    if type(url) is str and "@" not in url:
        return _cached(url)
    return url if isinstance(url, URL) else URL(url)


def _unsplit(parts: Parts, authority: str) -> str:
    return "".join(
        (
            f"{parts.scheme}:" if parts.scheme else "",
            f"//{authority}" if authority else "",
            parts.path,
            f"?{parts.query}" if parts.query is not None else "",
            f"#{parts.fragment}" if parts.fragment is not None else "",
        )
    )


def _unquote(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)


def _checked_components(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in kwargs.items():
        expected = _COMPONENT_TYPES.get(name)
        if expected is None:
            raise TypeError(f"{name!r} is an invalid keyword argument for URL()")
        if value is not None and not isinstance(value, expected):
            wanted = getattr(expected, "__name__", str(expected))
            raise TypeError(f"Argument {name!r} must be {wanted} but got {type(value).__name__}")
        checked[name] = value.decode("ascii") if isinstance(value, bytes) else value
    if "params" in checked:
        # An empty set of parameters takes the "?" away as well.
        params = checked.pop("params")
        checked["query"] = None if not params else str(QueryParams(params))
    return checked
