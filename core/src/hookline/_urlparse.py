"""Splitting, checking and percent-encoding of URLs, as text.

Knows RFC 3986 and the percent-encode sets of the WHATWG URL standard, in the mixture that httpx
0.28 settled on. Knows nothing of the `URL` class.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from ._errors import InvalidURL

# Nobody's server takes a longer one, and parsing stays linear well before it. httpx's bound.
MAX_URL_LENGTH: Final = 65536

_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_SUB_DELIMS = "!$&'()*+,;="
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


def _printable_but(excluded: str) -> frozenset[str]:
    return frozenset(_PRINTABLE) - frozenset(excluded)


# The characters that each component carries as they are: the complements of the percent-encode
# sets in https://url.spec.whatwg.org/#percent-encoded-bytes.
FRAGMENT_SAFE: Final = _printable_but(' "<>`')
QUERY_SAFE: Final = _printable_but(' "#<>')
PATH_SAFE: Final = _printable_but(' "#<>?`{}')
USERNAME_SAFE: Final = _printable_but(' "#<>?`{}/:;=@[\\]^|')
PASSWORD_SAFE: Final = USERNAME_SAFE
# The colon between the two stays what it is.
USERINFO_SAFE: Final = USERNAME_SAFE | {":"}
# RFC 3986's reg-name, and what WHATWG does not forbid in a host.
_HOST_SAFE: Final = frozenset(_UNRESERVED + _SUB_DELIMS + '"`{}%|\\')

DEFAULT_PORTS: Final = {"ftp": 21, "http": 80, "https": 443, "ws": 80, "wss": 443}

_SPLIT = re.compile(
    r"(?:(?P<scheme>(?:[a-zA-Z][a-zA-Z0-9+.-]*)?):)?"
    r"(?://(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)"
    r"(?:\?(?P<query>[^#]*))?"
    r"(?:#(?P<fragment>.*))?"
)
_HOST_PORT = re.compile(r"(?P<host>\[.*\]|[^:@]*):?(?P<port>.*)")
# Compiled when a URL is first made of components: `re` keeps what it has compiled.
_COMPONENTS = {
    "scheme": r"([a-zA-Z][a-zA-Z0-9+.-]*)?",
    "authority": r"[^/?#]*",
    "path": r"[^?#]*",
    "query": r"[^#]*",
    "fragment": r".*",
    "userinfo": r"[^@]*",
    "host": r"(\[.*\]|[^:@]*)",
    "port": r".*",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DOTTED_QUAD = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")


class Parts(NamedTuple):
    """The components of a URL, checked, normalised and percent-encoded.

    `host` is without the brackets of an IPv6 literal; `port` is None where it is the scheme's
    default; `query` and `fragment` are None where there is no "?" or "#".
    """

    scheme: str
    userinfo: str
    host: str
    port: int | None
    path: str
    query: str | None
    fragment: str | None


def parse(url: str = "", **overrides: Any) -> Parts:
    """Take a URL apart; `overrides` replace components of it.

    They may be any of scheme, authority, userinfo, username, password, netloc, host, port, path,
    raw_path, query and fragment. Raises InvalidURL, saying which component is wrong and why.
    """
    if len(url) > MAX_URL_LENGTH:
        raise InvalidURL("URL too long")
    _refuse_controls(url, "URL")
    if overrides:
        overrides = _simplify(overrides)

    match = _SPLIT.fullmatch(url)
    # Every string without a line end splits, and line ends are controls.
    assert match is not None
    found = match.groupdict()
    scheme = overrides.get("scheme", found["scheme"]) or ""
    authority = overrides.get("authority", found["authority"]) or ""
    path = overrides.get("path", found["path"]) or ""
    query = overrides.get("query", found["query"])
    fragment = overrides.get("fragment", found["fragment"])

    userinfo, _, host_port = authority.rpartition("@")
    host_match = _HOST_PORT.fullmatch(host_port)
    # As above: an optional host, and whatever is left is the port.
    assert host_match is not None
    userinfo = overrides.get("userinfo", userinfo) or ""
    host = overrides.get("host", host_match["host"]) or ""
    port = overrides.get("port", host_match["port"])

    scheme = scheme.lower()
    userinfo = quote(userinfo, USERINFO_SAFE)
    # Where a password is not encoded, a piece of it stands in some other component's place.
    is_private = ("@" in url or "@" in authority) and not {"host", "port"} & overrides.keys()
    try:
        host = _normalise_host(host)
        port_number = _normalise_port(port, scheme)
    except _InvalidPart as exc:
        shown = _NOT_SHOWN if is_private else f": {exc.text!r}"
        # Causes quote it, too.
        raise InvalidURL(f"{exc}{shown}") from (None if is_private else exc.__cause__)

    has_authority = bool(userinfo or host or port_number is not None)
    _check_path(path, has_scheme=bool(scheme), has_authority=has_authority)
    if scheme or has_authority:
        path = _without_dot_segments(path)
    return Parts(
        scheme,
        userinfo,
        host,
        port_number,
        quote(path, PATH_SAFE),
        None if query is None else quote(query, QUERY_SAFE),
        None if fragment is None else quote(fragment, FRAGMENT_SAFE),
    )


def quote(text: str, safe: frozenset[str]) -> str:
    """Percent-encode what is not safe. A "%" stays: it may begin an escape already."""
    if safe.issuperset(text):
        return text
    try:
        return "".join(
            char if char in safe else "".join(f"%{byte:02X}" for byte in char.encode("utf-8"))
            for char in text
        )
    except UnicodeEncodeError:
        # Not quoted: it may be a piece of a password.
        raise InvalidURL("Invalid text in URL: it has half of a surrogate pair in it.") from None


def _simplify(overrides: dict[str, Any]) -> dict[str, str | None]:
    """Reduce the convenient components to the plain ones, and check those."""
    plain = dict(overrides)
    if "port" in plain:
        port = plain["port"]
        plain["port"] = str(port) if isinstance(port, int) else port
    if "netloc" in plain:
        netloc = plain.pop("netloc") or ""
        plain["host"], _, plain["port"] = netloc.partition(":")
    if "username" in plain or "password" in plain:
        username = quote(plain.pop("username", "") or "", USERNAME_SAFE)
        password = quote(plain.pop("password", "") or "", PASSWORD_SAFE)
        plain["userinfo"] = f"{username}:{password}" if password else username
    if "raw_path" in plain:
        raw_path = plain.pop("raw_path") or ""
        plain["path"], mark, query = raw_path.partition("?")
        plain["query"] = query if mark else None
    if "host" in plain:
        host = plain["host"] or ""
        if ":" in host and not (host.startswith("[") and host.endswith("]")):
            plain["host"] = f"[{host}]"

    for name, value in plain.items():
        if value is None:
            continue
        if len(value) > MAX_URL_LENGTH:
            raise InvalidURL(f"URL component '{name}' too long")
        _refuse_controls(value, f"URL {name} component")
        if not re.fullmatch(_COMPONENTS[name], value):
            raise InvalidURL(f"Invalid URL component '{name}'")
    return plain


def _refuse_controls(text: str, where: str) -> None:
    if text.isascii() and text.isprintable():
        return
    control = _CONTROL.search(text)
    if control:
        raise InvalidURL(
            f"Invalid non-printable ASCII character in {where}, "
            f"{control[0]!r} at position {control.start()}."
        )


class _InvalidPart(Exception):
    """Which part of a URL is wrong, and what it is."""

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message)
        self.text = text


_NOT_SHOWN = (
    ", not shown because the URL has an '@' in it. In user names and passwords, encode "
    "'/', '?', '#', '@' and ':' as '%2F', '%3F', '%23', '%40' and '%3A'"
)


def _normalise_host(host: str) -> str:
    if not host:
        return ""
    if _DOTTED_QUAD.fullmatch(host):
        if all(map(_is_octet, host.split("."))):
            return host
        import ipaddress

        try:
            ipaddress.IPv4Address(host)
        except ipaddress.AddressValueError as exc:
            raise _InvalidPart("Invalid IPv4 address", host) from exc
        return host
    if host.startswith("[") and host.endswith("]"):
        import ipaddress

        try:
            ipaddress.IPv6Address(host[1:-1])
        except ipaddress.AddressValueError as exc:
            raise _InvalidPart("Invalid IPv6 address", host) from exc
        return host[1:-1]
    if host.isascii():
        return quote(host.lower(), _HOST_SAFE)

    import idna

    try:
        return idna.encode(host.lower()).decode("ascii")
    except idna.IDNAError as exc:
        raise _InvalidPart("Invalid IDNA hostname", host) from exc


def _is_octet(digits: str) -> bool:
    # A leading zero makes it octal to some, and nothing to others.
    return digits == "0" or (digits[0] != "0" and len(digits) < 4 and int(digits) < 256)


def _normalise_port(port: str | None, scheme: str) -> int | None:
    if not port:
        return None
    try:
        number = int(port)
    except ValueError as exc:
        raise _InvalidPart("Invalid port", port) from exc
    return None if number == DEFAULT_PORTS.get(scheme) else number


def _check_path(path: str, *, has_scheme: bool, has_authority: bool) -> None:
    # RFC 3986 section 3.3.
    if has_authority:
        if path and not path.startswith("/"):
            raise InvalidURL("For absolute URLs, path must be empty or begin with '/'")
    elif not has_scheme:
        if path.startswith("//"):
            raise InvalidURL("Relative URLs cannot have a path starting with '//'")
        if path.startswith(":"):
            raise InvalidURL("Relative URLs cannot have a path starting with ':'")


def _without_dot_segments(path: str) -> str:
    # RFC 3986 section 5.2.4, but "/a/." becomes "/a", as httpx has it.
    if "." not in path:
        return path
    segments = path.split("/")
    if "." not in segments and ".." not in segments:
        return path
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            # The empty first segment is the leading slash, which nothing climbs above.
            if kept and kept != [""]:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    return "/".join(kept)
