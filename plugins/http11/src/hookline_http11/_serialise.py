"""Requests to bytes. Knows RFC 9112's grammar for what we send, and refuses everything else.

Whatever reaches the wire has passed here: no CR, LF, NUL or other control character can get into a
request line or a header, so that nobody can smuggle a header or a second request in through one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from hookline import LocalProtocolError

if TYPE_CHECKING:
    from hookline import Request
    from hookline.plugins.interfaces import Item

# RFC 9110 section 5.6.2.
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# RFC 9110 section 5.5: white space around a value is not part of it. That a value of one character
# is one is erratum 4189 of the RFC before.
_VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")
# RFC 9112 section 3.2: visible ASCII.
_TARGET = re.compile(rb"[\x21-\x7e]+")

# All control characters but those that end lines. A tab may be part of a value, but rarely is.
_CONTROLS = bytes([*range(10), 11, 12, *range(14, 32), 127])

# Names that were found to be tokens, in lower case. Bounded: names can come from outside.
_known_names: set[bytes] = set()
_KNOWN_NAMES_KEPT = 1024
_methods: dict[str, bytes] = {
    method: method.encode("ascii")
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")
}
_SPECIAL = frozenset(
    {
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"connection",
        b"proxy-authorization",
        b"expect",
    }
)


class Head(NamedTuple):
    """A request's head as bytes, and what it promises.

    `length` is None where there is no Content-Length; `is_last` is whether the connection ends with
    this exchange, `expects` whether 100 (Continue) is asked for.
    """

    data: bytes
    length: int | None
    is_chunked: bool
    is_last: bool
    expects: bool = False


class Serialiser:
    """Writes the heads of one connection's requests.

    Mostly one request has the headers of the one before. So the last lines are kept, with what they
    say of the message, and are checked and put together once for as long as they stay the same.
    """

    __slots__ = ("_fields", "_head", "_is_for_proxy", "_items", "_method", "_target")

    def __init__(self) -> None:
        # Of the last head. The list is a copy: a request's own may change.
        self._items: list[Item] | None = None
        self._method: str | None = None
        self._target = b""
        self._is_for_proxy = False
        self._fields = Head(b"", None, False, False)
        self._head = self._fields

    def head(self, request: Request) -> Head:
        """The head of a request. Raises LocalProtocolError for what must not be sent."""
        method = request.method
        target = request.extensions.get("target") or request.url.raw_path
        if type(target) is not bytes:
            raise TypeError(f'extensions["target"]: expected bytes, not {target!r}.')
        items = request.headers._list
        if target == self._target and method == self._method and items == self._items:
            return self._head
        is_for_proxy = target[:1] not in (b"/", b"*")
        if items != self._items or is_for_proxy is not self._is_for_proxy:
            self._is_for_proxy = is_for_proxy
            self._write_fields(items)
        # The last head is no head for these fields, whatever comes of this one.
        self._method = None
        verb = _methods.get(method) or _checked_method(method)
        if not _TARGET.fullmatch(target):
            raise LocalProtocolError(f"Illegal request target {target!r}")
        data, length, is_chunked, is_last, expects = self._fields
        data = b"%b %b HTTP/1.1\r\n%b" % (verb, target, data)
        self._head = Head(data, length, is_chunked, is_last, expects)
        self._method = method
        self._target = target
        return self._head

    def _write_fields(self, items: list[Item]) -> None:
        """Put the header lines together, for a request to a proxy or to an origin."""
        # Until they are found to be good.
        self._items = None
        original = items
        if items and items[0][1] != b"host":
            # RFC 9110 section 7.2 wants it to be the first.
            items = sorted(items, key=_is_not_host)
        parts: list[bytes] = []
        length: int | None = None
        is_chunked = is_last = expects = False
        hosts = dropped = 0
        for name, lower, value in items:
            if lower in _SPECIAL:
                if lower == b"host":
                    hosts += 1
                elif lower == b"content-length":
                    length = _checked_length(value, length)
                elif lower == b"transfer-encoding":
                    is_chunked = _checked_coding(value, is_chunked)
                elif lower == b"proxy-authorization":
                    if not self._is_for_proxy:
                        # It is for a proxy (RFC 9110 section 11.7.1), and this is none: a proxy is
                        # given a whole URL, or an authority.
                        dropped += 1
                        continue
                elif lower == b"expect":
                    # RFC 9110 section 10.1.1: case does not matter.
                    expects = value.lower() == b"100-continue"
                elif b"close" in value.lower():
                    is_last = True
            elif lower not in _known_names:
                _check_name(name)
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"\r\n")
        data = b"".join(parts)

        # Five passes over all lines find whatever might be wrong; which header it is, if any, is
        # then worked out at leisure.
        lines = len(items) - dropped + 1
        if (
            data.count(b"\n") != lines
            or data.count(b"\r") != lines
            or b":  " in data
            or b" \r" in data
            or len(data.translate(None, _CONTROLS)) != len(data)
        ):
            _check_fields(items)
        if hosts != 1:
            raise LocalProtocolError(
                "Missing mandatory Host: header" if not hosts else "Found multiple Host: headers"
            )
        if is_chunked and length is not None:
            raise LocalProtocolError(
                "A request has either Content-Length or Transfer-Encoding, not both (RFC 9112 "
                "section 6.2)."
            )
        self._fields = Head(data, length, is_chunked, is_last, expects)
        self._items = original.copy()


def _is_not_host(item: Item) -> bool:
    return item[1] != b"host"


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


def _checked_method(method: str) -> bytes:
    encoded = method.encode("utf-8", "replace")
    if not _TOKEN.fullmatch(encoded):
        raise LocalProtocolError(f"Illegal method: {method!r} is no token (RFC 9110 section 9.1).")
    return encoded


def _check_name(name: bytes) -> None:
    if not _TOKEN.fullmatch(name):
        raise LocalProtocolError(f"Illegal header name {name!r}")
    if len(_known_names) >= _KNOWN_NAMES_KEPT:
        _known_names.clear()
    _known_names.add(name.lower())


def _checked_length(value: bytes, earlier: int | None) -> int:
    if not value.isdigit() or len(value) > 20:
        raise LocalProtocolError(f"Illegal Content-Length {value!r}: expected digits.")
    length = int(value)
    if earlier is not None and earlier != length:
        raise LocalProtocolError(f"Conflicting Content-Length headers: {earlier} and {length}.")
    if earlier is not None:
        raise LocalProtocolError("Found multiple Content-Length headers.")
    return length


def _checked_coding(value: bytes, earlier: bool) -> bool:
    if value.lower() != b"chunked":
        raise LocalProtocolError(f"Transfer-Encoding {value!r} cannot be sent: only 'chunked' can.")
    if earlier:
        raise LocalProtocolError("Found multiple Transfer-Encoding headers.")
    return True


def _check_fields(items: list[Item]) -> None:
    for name, lower, value in items:
        if not _TOKEN.fullmatch(name):
            raise LocalProtocolError(f"Illegal header name {name!r}")
        if not _VALUE.fullmatch(value):
            # What is secret stays so, even where it is malformed.
            shown = "[secure]" if lower.endswith(b"authorization") else repr(value)
            raise LocalProtocolError(f"Illegal value for header {name!r}: {shown}")
