"""Multipart forms (RFC 7578): from fields and files to headers and a stream.

Knows boundaries, lengths and the order of things. What a part is stands in `_parts.py`.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING

from ._content import Encoded
from ._drive import drive
from ._parts import BytesPart, fields_of, files_of
from ._streams import CHUNK_SIZE, AsyncByteStream, ByteStream, SyncByteStream

if TYPE_CHECKING:
    from ._headers import Headers
    from ._types import RequestFiles

# RFC 2046 section 5.1.1 allows fewer characters and 70 of them, and servers take more; what is
# refused is what would not be read again as it was written.
_BOUNDARY = re.compile(r"""[ !#-\[\]-~]*[!#-\[\]-~]""")
_BOUNDARY_PARAMETER = re.compile(r';\s*boundary\s*=\s*(?:"([^"]*)"|([^;]*))', re.IGNORECASE)


def encode_multipart(
    data: Mapping[str, object] | None, files: RequestFiles, headers: Headers | None = None
) -> Encoded:
    """The headers and the stream for a form with files.

    `headers` are the request's own. The boundary that their Content-Type promises is used, and one
    that it lacks is added to it. Raises TypeError and ValueError for what cannot be a part.
    """
    boundary = None if headers is None else _declared_boundary(headers)
    form = MultipartStream(data or {}, files, boundary)
    stream: SyncByteStream | AsyncByteStream = form
    if form.is_async:
        stream = AsyncMultipartStream(form)
    elif form.is_small:
        stream = ByteStream(b"".join(form))
    return form.get_headers(), stream


def _declared_boundary(headers: Headers) -> bytes | None:
    """The boundary that the Content-Type promises; None where that is not for us to say."""
    content_type = headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/"):
        return None
    match = _BOUNDARY_PARAMETER.search(content_type)
    if match is None:
        # Without one, no server could read the body.
        boundary = _new_boundary()
        headers["Content-Type"] = f"{content_type}; boundary={boundary.decode('ascii')}"
        return boundary
    text = match[2].strip() if match[1] is None else match[1]
    return _checked_boundary(text)


def _checked_boundary(text: str) -> bytes:
    if not _BOUNDARY.fullmatch(text):
        raise ValueError(
            f"The multipart boundary {text!r} cannot be used. Give one of visible ASCII characters "
            'without quotes and backslashes, or leave "boundary" away, and one is made.'
        )
    return text.encode("ascii")


def _new_boundary() -> bytes:
    return os.urandom(16).hex().encode("ascii")


class MultipartStream(SyncByteStream, AsyncByteStream):
    """A form as a body. `data` are its fields, `files` its files, in this order.

    Iterating over it again goes back to the start of each file, and raises StreamConsumed where a
    file cannot go back.
    """

    # Sent again, it starts over; a part that cannot says so.
    _is_generator = False

    def __init__(
        self, data: Mapping[str, object], files: RequestFiles, boundary: bytes | None = None
    ) -> None:
        self.boundary = _new_boundary() if boundary is None else boundary
        self.content_type = f"multipart/form-data; boundary={self.boundary.decode('ascii')}"
        self._parts = [*fields_of(data), *files_of(files)]

    @property
    def is_async(self) -> bool:
        """Whether one of the files can only be read asynchronously."""
        return any(part.is_async for part in self._parts)

    @property
    def is_small(self) -> bool:
        """Whether all of it is in memory, and no more than one piece of a file."""
        length = self.get_content_length()
        if length is None or length > CHUNK_SIZE:
            return False
        return all(isinstance(part, BytesPart) for part in self._parts)

    def get_content_length(self) -> int | None:
        """How many bytes the form has, or None where a file does not tell its size."""
        # Two hyphens and a line end around each boundary; the last one has two hyphens more.
        around = len(self.boundary) + 4
        total = around + 2
        for part in self._parts:
            if part.length is None:
                return None
            total += around + len(part.head) + part.length + 2
        return total

    def get_headers(self) -> dict[str, str]:
        """The headers that describe the form."""
        length = self.get_content_length()
        if length is None:
            return {"Transfer-Encoding": "chunked", "Content-Type": self.content_type}
        return {"Content-Length": str(length), "Content-Type": self.content_type}

    def __iter__(self) -> Iterator[bytes]:
        pieces = self._pieces()
        try:
            while piece := drive(_next(pieces)):
                yield piece
        finally:
            drive(pieces.aclose())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = self._pieces()
        try:
            while piece := await _next(pieces):
                yield piece
        finally:
            await pieces.aclose()

    async def _pieces(self) -> AsyncGenerator[bytes]:
        """One pass over the form. What is short is joined; what may be waited for is not held."""
        held = bytearray()
        for part in self._parts:
            held += b"--%b\r\n%b" % (self.boundary, part.head)
            await part.begin()
            try:
                while piece := await part.read():
                    if part.length is not None and len(held) + len(piece) <= CHUNK_SIZE:
                        held += piece
                        continue
                    if held:
                        yield bytes(held)
                        held.clear()
                    yield piece
            finally:
                await part.end()
            held += b"\r\n"
            if len(held) >= CHUNK_SIZE // 2:
                yield bytes(held)
                held.clear()
        yield bytes(held) + b"--%b--\r\n" % self.boundary


class AsyncMultipartStream(AsyncByteStream):
    """A form with asynchronous files: what a synchronous client has to refuse."""

    # Sent again, it starts over; a part that cannot says so.
    _is_generator = False

    def __init__(self, form: MultipartStream) -> None:
        self._form = form

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._form.__aiter__()


async def _next(pieces: AsyncGenerator[bytes]) -> bytes:
    return await anext(pieces, b"")
