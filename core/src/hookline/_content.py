"""Turning what users pass as a body into headers and a stream.

Knows content types and lengths. Forms with files are in `_multipart.py`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ._query import primitive_to_str
from ._streams import (
    AsyncByteStream,
    AsyncIteratorByteStream,
    ByteStream,
    IteratorByteStream,
    SyncByteStream,
)

if TYPE_CHECKING:
    from ._headers import Headers
    from ._types import JSONEncoder, RequestContent, RequestData, RequestFiles, ResponseContent

F = TypeVar("F")

Encoded = tuple[dict[str, str], "SyncByteStream | AsyncByteStream"]

# The body of every request that has none.
EMPTY = ByteStream(b"")


def encode_request(
    content: RequestContent | None = None,
    data: RequestData | None = None,
    files: RequestFiles | None = None,
    json: object = None,
    headers: Headers | None = None,
    json_encoder: JSONEncoder | None = None,
) -> Encoded:
    """The headers and the stream for a request's body.

    One of these at most is used, in this order: `content`, `files` with `data`, `data`, `json`. A
    `data` that is no mapping is content. `headers` are the request's own: a multipart body keeps to
    the boundary in them. Raises TypeError for a body of no usable type.
    """
    if data is not None and not isinstance(data, Mapping):
        content, data = data, None
    if content is not None:
        return encode_content(content)
    if files:
        from ._multipart import encode_multipart

        return encode_multipart(data, files, headers)
    if data:
        return encode_urlencoded(data)
    if json is not None:
        return encode_json(json, json_encoder)
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


def encode_urlencoded(data: Mapping[str, object]) -> Encoded:
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


def encode_json(json: object, encoder: JSONEncoder | None = None) -> Encoded:
    """The headers and the stream for JSON: compact, UTF-8, and without NaN."""
    if encoder is not None:
        encoded = _encoded_by(encoder, json)
    else:
        from json import dumps

        body = dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        encoded = body.encode("utf-8")
    return {
        "Content-Length": str(len(encoded)),
        "Content-Type": "application/json",
    }, ByteStream(encoded)


def checked_codec(argument: str, codec: F) -> F:
    """A function that stands in for one of the `json` module's. Raises TypeError for what cannot be
    called."""
    if codec is not None and not callable(codec):
        like = argument.replace("json_encoder", "dumps").replace("json_decoder", "loads")
        raise TypeError(
            f"{argument}: expected a function such as json.{like}, not {codec!r} "
            f"({type(codec).__name__})."
        )
    return codec


def _encoded_by(encoder: JSONEncoder, json: object) -> bytes:
    encoded = checked_codec("json_encoder", encoder)(json)
    if isinstance(encoded, str):
        return encoded.encode("utf-8")
    if isinstance(encoded, (bytes, bytearray, memoryview)):
        return bytes(encoded)
    # It may be anything of the user's: name its type alone.
    raise TypeError(
        f"json_encoder: {encoder!r} returned a {type(encoded).__name__}; expected bytes or str."
    )


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
    json: object = None,
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
    where = measured(content)
    return None if where is None else max(0, where[1] - where[0])


def measured(file: Any) -> tuple[int, int] | None:
    """Where a file stands, and where it ends; None where that cannot be told.

    By going there and back, since the size of what is stored says nothing of a file that is
    decompressed while it is read.
    """
    try:
        if size_of_regular_file(file.fileno()) is None:
            return None
    except (AttributeError, OSError, TypeError, ValueError):
        # In memory.
        pass
    try:
        position = int(file.tell())
        file.seek(0, os.SEEK_END)
        end = int(file.tell())
        file.seek(position)
    except (AttributeError, OSError, TypeError, ValueError):
        return None
    return position, end


def size_of_regular_file(descriptor: int) -> int | None:
    """The size of a file on disk; None for pipes, sockets and devices, whose end is not known."""
    status = os.fstat(descriptor)
    return status.st_size if stat.S_ISREG(status.st_mode) else None
