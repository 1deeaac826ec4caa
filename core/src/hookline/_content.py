"""Turning what users pass as a body into headers and a stream.

Knows content types and lengths. Multipart is not here.
"""

from __future__ import annotations

import json as jsonlib
import os
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ._query import primitive_to_str
from ._streams import (
    AsyncByteStream,
    AsyncIteratorByteStream,
    ByteStream,
    IteratorByteStream,
    SyncByteStream,
)

if TYPE_CHECKING:
    from ._types import RequestContent, RequestData, ResponseContent

Encoded = tuple[dict[str, str], "SyncByteStream | AsyncByteStream"]

# The body of every request that has none.
EMPTY = ByteStream(b"")


def encode_request(
    content: RequestContent | None = None,
    data: RequestData | None = None,
    json: Any | None = None,
) -> Encoded:
    """The headers and the stream for a request's body.

    One of the three at most is used, in this order: `content`, `data`, `json`. A `data` that is no
    mapping is content. Raises TypeError for a body of no usable type.
    """
    if data is not None and not isinstance(data, Mapping):
        content, data = data, None
    if content is not None:
        return encode_content(content)
    if data:
        return encode_urlencoded(data)
    if json is not None:
        return encode_json(json)
    return {}, EMPTY


def encode_content(content: RequestContent | ResponseContent) -> Encoded:
    """The headers and the stream for text, bytes, files and iterables of bytes."""
    if isinstance(content, (bytes, bytearray, memoryview, str)):
        body = content.encode("utf-8") if isinstance(content, str) else bytes(content)
        headers = {"Content-Length": str(len(body))} if body else {}
        return headers, ByteStream(body)
    if isinstance(content, Iterable) and not isinstance(content, Mapping):
        length = _known_length(content)
        if length is None:
            return {"Transfer-Encoding": "chunked"}, IteratorByteStream(content)
        return {"Content-Length": str(length)}, IteratorByteStream(content)
    if isinstance(content, AsyncIterable):
        return {"Transfer-Encoding": "chunked"}, AsyncIteratorByteStream(content)
    raise TypeError(
        "A body is bytes, str, a file, or an iterable of bytes (async iterable with AsyncClient), "
        f"not {content!r} ({type(content).__name__})."
    )


def encode_urlencoded(data: Mapping[str, Any]) -> Encoded:
    """The headers and the stream for a form."""
    from urllib.parse import urlencode

    pairs: list[tuple[str, str]] = []
    for key, value in data.items():
        if isinstance(value, (list, tuple)):
            pairs.extend((key, primitive_to_str(item)) for item in value)
        else:
            pairs.append((key, primitive_to_str(value)))
    body = urlencode(pairs, doseq=True).encode("utf-8")
    return {
        "Content-Length": str(len(body)),
        "Content-Type": "application/x-www-form-urlencoded",
    }, ByteStream(body)


def encode_json(json: Any) -> Encoded:
    """The headers and the stream for JSON: compact, UTF-8, and without NaN."""
    body = jsonlib.dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    encoded = body.encode("utf-8")
    return {
        "Content-Length": str(len(encoded)),
        "Content-Type": "application/json",
    }, ByteStream(encoded)


def encode_text(text: str) -> Encoded:
    """The headers and the stream for a plain text response."""
    return _encode_typed(text, "text/plain; charset=utf-8", "text")


def encode_html(html: str) -> Encoded:
    """The headers and the stream for an HTML response."""
    return _encode_typed(html, "text/html; charset=utf-8", "html")


def _encode_typed(text: str, content_type: str, argument: str) -> Encoded:
    if not isinstance(text, str):
        raise TypeError(f"{argument}: expected a str, not {text!r} ({type(text).__name__}).")
    body = text.encode("utf-8")
    return {"Content-Length": str(len(body)), "Content-Type": content_type}, ByteStream(body)


def encode_response(
    content: ResponseContent | None = None,
    text: str | None = None,
    html: str | None = None,
    json: Any | None = None,
) -> Encoded:
    """The headers and the stream for a response's body. One of the arguments at most is used."""
    if content is not None:
        return encode_content(content)
    if text is not None:
        return encode_text(text)
    if html is not None:
        return encode_html(html)
    if json is not None:
        return encode_json(json)
    return {}, EMPTY


def _known_length(content: Iterable[bytes]) -> int | None:
    """How many bytes a file still has to give, where that can be told without reading it."""
    if not hasattr(content, "read"):
        return None
    try:
        size = os.fstat(content.fileno()).st_size  # type: ignore[attr-defined]
        return max(0, size - int(content.tell()))  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        pass
    try:
        # An in-memory file: measured by going to its end and back.
        position = int(content.tell())  # type: ignore[attr-defined]
        end = int(content.seek(0, os.SEEK_END))  # type: ignore[attr-defined]
        content.seek(position)  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return None
    return max(0, end - position)
