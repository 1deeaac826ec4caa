"""Requests as HTTP/2 header fields. Knows RFC 9113 section 8 for what we send, refuses the rest.

Whatever reaches an engine has passed here: no control character, no field that HTTP/2 forbids.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from hookline import LocalProtocolError

if TYPE_CHECKING:
    from hookline import Request
    from hookline.plugins.interfaces import Item

    from ._codec import Fields

# RFC 9110 section 5.6.2.
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# RFC 9110 section 5.5, and RFC 9113 section 8.2.1: no white space around.
_VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")
# Visible ASCII.
_TARGET = re.compile(rb"[\x21-\x7e]+")
_ABSOLUTE = re.compile(rb"(https?)://([^/?#]+)([^#]*)")
_CONTROLS = bytes([*range(10), *range(11, 32), 127])

# RFC 9113 section 8.2.2: these speak of the connection, which is not HTTP/1.1's.
_OF_THE_CONNECTION = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
)
_SPECIAL = _OF_THE_CONNECTION | {
    b"host",
    b"content-length",
    b"te",
    b"proxy-authorization",
    b"expect",
}

# Names that were found to be tokens. Bounded: names can come from outside.
_known_names: set[bytes] = set()
_KNOWN_NAMES_KEPT = 1024


class Head(NamedTuple):
    """A request's head; `length` is None where there is no Content-Length, `expects` is whether 100
    (Continue) is asked for."""

    fields: Fields
    length: int | None
    expects: bool = False


class _Kept(NamedTuple):
    """Headers, and what was made of them; `items` is a copy, since a request's own may change."""

    items: list[Item]
    # Whether the request is one for a proxy (RFC 9110 section 7.2), which may know its credentials.
    is_for_proxy: bool
    fields: Fields
    authority: bytes
    length: int | None
    expects: bool


class _LastHead(NamedTuple):
    """A head, and what it was made of."""

    kept: _Kept
    method: str
    scheme: str
    target: bytes
    head: Head


class Heads:
    """Makes the heads of one connection's requests.

    Mostly one request has the headers of the one before: they are kept, and checked once for as
    long as they stay the same. Threads may share it: what is kept is replaced as a whole.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: _LastHead | None = None

    def head(self, request: Request) -> Head:
        """The header fields of a request. Raises LocalProtocolError for what must not be sent.

        Not for changing: the next request may get the same.
        """
        method = request.method
        url = request.url
        scheme = url._parts.scheme
        target = request.extensions.get("target") or url.raw_path
        if type(target) is not bytes:
            raise TypeError(f'extensions["target"]: expected bytes, not {target!r}.')
        is_for_proxy = target[:1] not in (b"/", b"*")
        items = request.headers._list
        last = self._last
        kept: _Kept | None = None
        if last is not None:
            kept = last.kept
            if items != kept.items:
                kept = None
            elif target == last.target and method == last.method and scheme == last.scheme:
                return last.head
        verb = method.encode("utf-8", "replace")
        if not _TOKEN.fullmatch(verb):
            raise LocalProtocolError(
                f"Illegal method: {method!r} is no token (RFC 9110 section 9.1)."
            )
        knows_proxy = is_for_proxy or verb == b"CONNECT"
        if kept is None or kept.is_for_proxy is not knows_proxy:
            kept = _checked_fields(items, knows_proxy)
        if not _TARGET.fullmatch(target):
            raise LocalProtocolError(f"Illegal request target {target!r}")
        path, authority, encoded = target, kept.authority, scheme.encode("ascii")
        if is_for_proxy and (absolute := _ABSOLUTE.fullmatch(target)):
            # As for an HTTP/1.1 proxy; here each part has a field of its own (RFC 9113 section
            # 8.3.1).
            encoded, authority, path = absolute.groups()
            if not path.startswith(b"/"):
                path = b"/" + path
        pseudo: Fields = [(b":method", verb), (b":authority", authority)]
        if verb != b"CONNECT":
            # RFC 9113 section 8.5.
            pseudo += (b":scheme", encoded), (b":path", path)
        head = Head(pseudo + kept.fields, kept.length, kept.expects)
        self._last = _LastHead(kept, method, scheme, target, head)
        return head


def _checked_fields(items: list[Item], is_for_proxy: bool) -> _Kept:
    """What headers become, without the fields that begin with a colon."""
    authority: bytes | None = None
    length: int | None = None
    expects = False
    fields: Fields = []
    for name, lower, value in items:
        if lower in _SPECIAL:
            if lower == b"host":
                if authority is not None:
                    raise LocalProtocolError("Found multiple Host: headers")
                authority = value
                continue
            if lower == b"content-length":
                length = _checked_length(value, length)
            elif lower == b"proxy-authorization":
                if not is_for_proxy:
                    # It is for a proxy (RFC 9110 section 11.7.1), and this is none.
                    continue
            elif lower == b"expect":
                # RFC 9110 section 10.1.1: case does not matter.
                expects = value.lower() == b"100-continue"
            elif lower in _OF_THE_CONNECTION or value.lower() != b"trailers":
                continue
        elif lower not in _known_names:
            _check_name(name, lower)
        fields.append((lower, value))
    if authority is None:
        raise LocalProtocolError("Missing mandatory Host: header")

    # One look at all values together; which of them it is, is then worked out at leisure.
    values = b"\n".join([authority, *[value for _, value in fields]])
    if (
        values.count(b"\n") != len(fields)
        or len(values.translate(None, _CONTROLS)) != len(values)
        or b"\n " in values
        or b" \n" in values
        or values[-1:] == b" "
        or b" " in authority
    ):
        _check_each(authority, fields)
    return _Kept(items.copy(), is_for_proxy, fields, authority, length, expects)


def response_items(fields: Fields) -> list[Item]:
    """Response headers as the models keep them; `fields` begin with the status."""
    return [(name, name, value) for name, value in fields[1:]]


def trailing_items(fields: Fields) -> list[Item]:
    """The fields after a body as the models keep them."""
    return [(name, name, value) for name, value in fields]


def _check_name(name: bytes, lower: bytes) -> None:
    if not _TOKEN.fullmatch(name):
        raise LocalProtocolError(f"Illegal header name {name!r}")
    if len(_known_names) >= _KNOWN_NAMES_KEPT:
        _known_names.clear()
    _known_names.add(lower)


def _checked_length(value: bytes, earlier: int | None) -> int:
    if not value.isdigit() or len(value) > 20:
        raise LocalProtocolError(f"Illegal Content-Length {value!r}: expected digits.")
    if earlier is not None:
        raise LocalProtocolError("Found multiple Content-Length headers.")
    return int(value)


def _check_each(authority: bytes, fields: Fields) -> None:
    if not _TARGET.fullmatch(authority):
        raise LocalProtocolError(f"Illegal Host {authority!r}")
    for name, value in fields:
        if not _VALUE.fullmatch(value):
            # What is secret stays so, even where it is malformed.
            shown = "[secure]" if name.endswith(b"authorization") else repr(value)
            raise LocalProtocolError(f"Illegal value for header {name!r}: {shown}")
