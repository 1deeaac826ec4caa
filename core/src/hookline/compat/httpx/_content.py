"""httpx._content: bodies, and how arguments become them."""

from collections.abc import Mapping
from typing import Any

from hookline._content import (
    Encoded,
    encode_content,
    encode_html,
    encode_json,
    encode_request,
    encode_response,
    encode_text,
)
from hookline._content import encode_urlencoded as encode_urlencoded_data
from hookline._multipart import MultipartStream
from hookline._streams import (
    AsyncIteratorByteStream,
    ByteStream,
    IteratorByteStream,
    UnattachedStream,
)
from hookline._types import RequestFiles

__all__ = [
    "AsyncIteratorByteStream",
    "ByteStream",
    "IteratorByteStream",
    "UnattachedStream",
    "encode_content",
    "encode_html",
    "encode_json",
    "encode_multipart_data",
    "encode_request",
    "encode_response",
    "encode_text",
    "encode_urlencoded_data",
]


def encode_multipart_data(
    data: Mapping[str, Any], files: RequestFiles, boundary: bytes | None
) -> Encoded:
    """The headers and the stream for a form with files."""
    form = MultipartStream(data, files, boundary)
    return form.get_headers(), form
