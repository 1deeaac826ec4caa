"""The parts of a multipart form: their heads, and how their contents are read.

Knows names, file names, part headers, and files of every kind: in memory, on disk, synchronous,
asynchronous, with and without a size. Never opens one, never closes one.

A head is what browsers write (WHATWG HTML, "multipart/form-data encoding algorithm"), with httpx's
two additions: a backslash in a name is doubled, and every control character but ESC is
percent-encoded, not line ends alone. So no name can end its own quotes or its line.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import AsyncIterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ._content import measured, size_of_regular_file
from ._errors import StreamConsumed
from ._query import primitive_to_str
from ._streams import CHUNK_SIZE

if TYPE_CHECKING:
    from ._types import RequestFiles

_ESCAPED = str.maketrans(
    {'"': "%22", "\\": "\\\\"} | {chr(code): f"%{code:02X}" for code in range(0x20) if code != 0x1B}
)

# RFC 9110 sections 5.1 and 5.5. Values of parts are UTF-8 (RFC 7578 section 5.1), so that only what
# could end or hide a line is refused.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

# Both in httpx's words, which programs match.
_TEXT_MODE = "Multipart file uploads must be opened in binary mode, not text mode."
_TEXT_IN_MEMORY = "Multipart file uploads require 'io.BytesIO', not 'io.StringIO'."

_Buffer = (bytes, bytearray, memoryview)


class Part:
    """One part: its head, the length of its content where that is known, and how it is read."""

    is_async: bool = False

    def __init__(self, head: bytes, length: int | None) -> None:
        self.head = head
        self.length = length

    async def begin(self) -> None:
        """Go to the start. Raises StreamConsumed where that is gone."""
        raise NotImplementedError

    async def read(self) -> bytes:
        """The next piece, or b"" at the end."""
        raise NotImplementedError

    async def end(self) -> None:
        """Reading is over, wherever it stands."""


class BytesPart(Part):
    """Content that is there."""

    def __init__(self, head: bytes, content: bytes) -> None:
        super().__init__(head, len(content))
        self._content = content
        self._left = content

    async def begin(self) -> None:
        self._left = self._content

    async def read(self) -> bytes:
        piece, self._left = self._left, b""
        return piece


class _StreamedPart(Part):
    """Content that is read while it is sent, and again from its start where it has one."""

    def __init__(
        self, name: str, head: bytes, content: Any, length: int | None = None, *, is_async: bool
    ) -> None:
        super().__init__(head, length)
        self.is_async = is_async
        self._name = name
        self._content = content
        self._is_consumed = False
        self._left = length

    async def begin(self) -> None:
        if not await self._rewind() and self._is_consumed:
            raise StreamConsumed()
        self._is_consumed = True
        self._left = self.length

    async def read(self) -> bytes:
        # A file that grows meanwhile is sent as long as it was: the head has promised that.
        size = CHUNK_SIZE if self._left is None else min(CHUNK_SIZE, self._left)
        if not size:
            return b""
        piece = await self._receive(size)
        if isinstance(piece, str):
            raise TypeError(_TEXT_MODE)
        if not isinstance(piece, _Buffer):
            raise TypeError(
                f"files: reading the part {self._name!r} gave {piece!r} ({type(piece).__name__}), "
                "not bytes."
            )
        if self._left is not None:
            self._left = max(0, self._left - len(piece))
        return piece if isinstance(piece, bytes) else bytes(piece)

    async def _rewind(self) -> bool:
        """Go to the start of the content, if there is a way."""
        return False

    async def _receive(self, size: int) -> Any:
        raise NotImplementedError


class _FilePart(_StreamedPart):
    """A file, of either kind: what its methods return is awaited where it has to be."""

    async def _rewind(self) -> bool:
        try:
            moved = self._content.seek(0)
            if hasattr(moved, "__await__"):
                await moved
        except (AttributeError, OSError, ValueError):
            return False
        return True

    async def _receive(self, size: int) -> Any:
        read = getattr(self._content, "aread", None) or self._content.read
        piece = read(size)
        return await piece if hasattr(piece, "__await__") else piece


class _IteratorPart(_StreamedPart):
    """An iterator of bytes: once, and chunked."""

    async def _receive(self, size: int) -> Any:
        # An empty piece is not the end.
        for piece in self._content:
            if piece or not isinstance(piece, _Buffer):
                return piece
        return b""

    async def end(self) -> None:
        if close := getattr(self._content, "close", None):
            close()


class _AsyncIteratorPart(_StreamedPart):
    """An asynchronous iterator of bytes: once, and chunked."""

    async def _receive(self, size: int) -> Any:
        async for piece in self._content:
            if piece or not isinstance(piece, _Buffer):
                return piece
        return b""

    async def end(self) -> None:
        if aclose := getattr(self._content, "aclose", None):
            await aclose()


# -- From arguments to parts ----------------------------------------------------------------


def fields_of(data: Mapping[str, object]) -> Iterator[Part]:
    """The parts of a form's fields. Raises TypeError for what is no field."""
    for name, value in data.items():
        for each in value if isinstance(value, (list, tuple)) else (value,):
            if each is not None and not isinstance(each, (str, bytes, int, float)):
                raise TypeError(
                    f"Invalid type for value. Expected primitive type, got {type(each)}: {each!r}"
                )
            content = each if isinstance(each, bytes) else primitive_to_str(each).encode("utf-8")
            yield BytesPart(_head(name, None, {}), content)


def files_of(files: RequestFiles) -> Iterator[Part]:
    """The parts of a form's files. Raises TypeError and ValueError for what is no file."""
    pairs: Any = files.items() if isinstance(files, Mapping) else files
    if isinstance(pairs, (str, bytes)) or not hasattr(pairs, "__iter__"):
        raise TypeError(
            "files: expected a mapping or a list of (name, file) pairs, "
            f"not a {type(files).__name__}."
        )
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                f"files: expected (name, file) pairs; one of them is a {type(pair).__name__}."
            )
        yield _file_part(*pair)


def _file_part(name: Any, value: Any) -> Part:
    filename: str | None
    content_type: str | None = None
    headers: Mapping[str, str] = {}
    if not isinstance(value, tuple):
        filename, content = _name_of(value), value
    elif len(value) == 2:
        filename, content = value
    elif len(value) == 3:
        filename, content, content_type = value
    elif len(value) == 4:
        filename, content, content_type, headers = value
    else:
        raise ValueError(
            f"files: the part {name!r} is a tuple of {len(value)}; expected (filename, content), "
            "(filename, content, content_type) or (filename, content, content_type, headers)."
        )
    if filename is not None and not isinstance(filename, str):
        raise TypeError(
            f"files: the file name of the part {name!r} is a str, not a {type(filename).__name__}."
        )
    checked = _headers(name, headers)
    if content_type is None and filename:
        content_type = _guess(filename)
    if content_type is not None and "content-type" not in map(str.lower, checked):
        checked |= _headers(name, {"Content-Type": content_type})
    return _content_part(name, _head(name, filename, checked), content)


def _content_part(name: str, head: bytes, content: Any) -> Part:
    if isinstance(content, str):
        return BytesPart(head, content.encode("utf-8"))
    if isinstance(content, _Buffer):
        return BytesPart(head, bytes(content))
    inner = getattr(content, "wrapped", content)
    if isinstance(inner, io.StringIO):
        raise TypeError(_TEXT_IN_MEMORY)
    if isinstance(inner, io.TextIOBase):
        raise TypeError(_TEXT_MODE)
    if _is_async_file(content):
        return _FilePart(name, head, content, _async_size(content), is_async=True)
    if hasattr(content, "read"):
        where = measured(content)
        length = None if where is None else where[1]
        return _FilePart(name, head, content, length, is_async=False)
    if isinstance(content, Iterator):
        return _IteratorPart(name, head, content, is_async=False)
    if isinstance(content, AsyncIterable):
        return _AsyncIteratorPart(name, head, aiter(content), is_async=True)
    hint = ""
    if isinstance(content, os.PathLike):
        hint = " Open it, in binary mode: open(path, 'rb')."
    raise TypeError(
        f"files: the content of the part {name!r} is bytes, str, a file or an iterator of bytes, "
        f"not a {type(content).__name__}.{hint}"
    )


def _head(name: Any, filename: str | None, headers: Mapping[str, str]) -> bytes:
    """The lines before the content, the empty one included."""
    if not isinstance(name, str):
        raise TypeError(f"Invalid type for name. Expected str, got {type(name)}: {name!r}")
    disposition = f'form-data; name="{name.translate(_ESCAPED)}"'
    if filename:
        disposition += f'; filename="{filename.translate(_ESCAPED)}"'
    lines = [f"Content-Disposition: {disposition}\r\n"]
    lines.extend(f"{key}: {value}\r\n" for key, value in headers.items())
    return "".join([*lines, "\r\n"]).encode("utf-8")


def _headers(name: Any, headers: Any) -> dict[str, str]:
    """The headers of a part, of which none can be mistaken for two."""
    if headers is None:
        return {}
    if not isinstance(headers, Mapping):
        raise TypeError(
            f"files: the headers of the part {name!r} are a mapping, not a "
            f"{type(headers).__name__}."
        )
    for key, value in headers.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(
                f"files: the headers of the part {name!r} are str to str, which "
                f"{key!r} ({type(key).__name__} to {type(value).__name__}) is not."
            )
        if not _TOKEN.fullmatch(key):
            raise ValueError(
                f"files: the part {name!r} has a header called {key!r}; a header's name is made of "
                "letters, digits and hyphens."
            )
        if wrong := _CONTROL.search(value):
            raise ValueError(
                f"files: the header {key!r} of the part {name!r} has the control character "
                f"{wrong[0]!r} at position {wrong.start()}; nothing was sent."
            )
    return dict(headers)


def _name_of(content: Any) -> str:
    from pathlib import Path

    return Path(str(getattr(content, "name", "upload"))).name


def _guess(filename: str) -> str:
    import mimetypes

    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def _is_async_file(content: Any) -> bool:
    if isinstance(content, io.IOBase):
        return False
    if hasattr(content, "aread"):
        return True
    if not hasattr(content, "read"):
        return False
    import inspect

    return inspect.iscoroutinefunction(content.read)


def _async_size(file: Any) -> int | None:
    """The size of an asynchronous file, where it can be told without awaiting anything."""
    if hasattr(file, "wrapped"):
        # anyio's and trio's: the file itself.
        where = measured(file.wrapped)
        return None if where is None else where[1]
    try:
        fileno = file.fileno()
        if isinstance(fileno, int):
            return size_of_regular_file(fileno)
        fileno.close()
    except (AttributeError, OSError, ValueError):
        pass
    return None
