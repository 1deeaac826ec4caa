"""hishel's messages and ours. Knows both shapes; decides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from email.utils import formatdate

import hishel

import hookline


def key_of(request: hookline.Request, users: Sequence[str]) -> str:
    """What a request's stored answers are found by: its URL, and whose request it is, which the
    headers in `users` say. The fragment is no part of it.
    """
    parts = [str(request.url).partition("#")[0]]
    parts += [f"{name}: {request.headers.get(name)}" for name in users if name in request.headers]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def to_hishel(request: hookline.Request) -> hishel.Request:
    """A request as the state machine reads it."""
    return hishel.Request(request.method, str(request.url), _to_hishel(request.headers))


def response_to_hishel(response: hookline.Response) -> hishel.Response:
    """A response as the state machine reads it, without its body."""
    headers = _to_hishel(response.headers)
    # The body is stored without its framing.
    headers.pop("transfer-encoding", None)
    if "date" not in headers:
        # RFC 9110 section 6.6.1: who keeps a response without one writes down when it came.
        headers["date"] = formatdate(usegmt=True)
    return hishel.Response(response.status_code, headers)


def with_headers(request: hookline.Request, wanted: hishel.Headers) -> hookline.Request:
    """A request with what the state machine added: conditions, for the most part.

    A new one, where there is anything: the program's own is not changed.
    """
    added = {name: value for name, value in wanted.items() if request.headers.get(name) != value}
    if not added:
        return request
    headers = hookline.Headers(request.headers)
    headers.update(added)
    return hookline.Request(
        request.method,
        request.url,
        headers=headers,
        stream=request.stream,
        extensions=request.extensions,
    )


def from_hishel(response: hishel.Response, body: bytes) -> hookline.Response:
    """A stored response."""
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name in response.headers
        for value in response.headers.get_list(name) or ()
    ]
    return hookline.Response(
        response.status_code, headers=headers, stream=hookline.ByteStream(body)
    )


def _to_hishel(headers: hookline.Headers) -> hishel.Headers:
    grouped: dict[str, list[str]] = {}
    for name, value in headers.raw:
        grouped.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return hishel.Headers(grouped)
