"""httpcore's messages, as mocking packages read and make them.

Knows httpcore's shapes: bytes everywhere, a URL in four parts, a status and a stream. Nothing of
hookline passes through them, except where `_core_pools.py` hands a message to what replaced a pool.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import hookline

HeaderTypes = Mapping[bytes | str, bytes | str] | Sequence[tuple[bytes | str, bytes | str]] | None
Content = bytes | Iterable[bytes] | AsyncIterable[bytes] | None

_DEFAULT_PORTS = {b"http": 80, b"https": 443, b"ws": 80, b"wss": 443, b"socks5": 1080}


class Origin(NamedTuple):
    """Where a connection goes to."""

    scheme: bytes
    host: bytes
    port: int

    def __str__(self) -> str:
        return f"{self.scheme.decode()}://{self.host.decode()}:{self.port}"


class URL:
    """A URL as httpcore has it: scheme, host, port and target, all but the port as bytes."""

    def __init__(
        self,
        url: bytes | str = "",
        *,
        scheme: bytes | str = b"",
        host: bytes | str = b"",
        port: int | None = None,
        target: bytes | str = b"",
    ) -> None:
        if url:
            # As it stands: a URL that a request was made from is normalised already.
            parsed = urlsplit(_bytes(url, "url"))
            scheme, host, port = parsed.scheme, parsed.hostname or b"", parsed.port
            target = (parsed.path or b"/") + (b"?" + parsed.query if parsed.query else b"")
        self.scheme: bytes = _bytes(scheme, "scheme")
        self.host: bytes = _bytes(host, "host")
        self.port = port
        self.target: bytes = _bytes(target, "target")

    @property
    def origin(self) -> Origin:
        """Where a connection for this URL goes to."""
        return Origin(self.scheme, self.host, self.port or _DEFAULT_PORTS[self.scheme])

    def _parts(self) -> tuple[bytes, bytes, int | None, bytes]:
        return self.scheme, self.host, self.port, self.target

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URL) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __bytes__(self) -> bytes:
        host = b"[%b]" % self.host if b":" in self.host else self.host
        port = b"" if self.port is None else b":%d" % self.port
        return b"%b://%b%b%b" % (self.scheme, host, port, self.target)

    def __repr__(self) -> str:
        return (
            f"URL(scheme={self.scheme!r}, host={self.host!r}, port={self.port!r}, "
            f"target={self.target!r})"
        )


class Request:
    """A request as httpcore has it."""

    def __init__(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        *,
        headers: HeaderTypes = None,
        content: Content = None,
        extensions: dict[str, Any] | None = None,
    ) -> None:
        self.method: bytes = _bytes(method, "method")
        self.url: URL = url if isinstance(url, URL) else URL(url)
        self.headers: list[tuple[bytes, bytes]] = _pairs(headers)
        self.stream: Iterable[bytes] | AsyncIterable[bytes] = _stream(content)
        self.extensions: dict[str, Any] = {} if extensions is None else extensions
        if (target := self.extensions.get("target")) is not None:
            scheme, host, port, _ = self.url._parts()
            self.url = URL(scheme=scheme, host=host, port=port, target=target)
        # Where it was made from a request of hookline's: the URL then, and hookline's.
        self._source: tuple[URL, hookline.URL] | None = None

    def __repr__(self) -> str:
        return f"<Request [{self.method!r}]>"


class Response:
    """A response as httpcore has it."""

    def __init__(
        self,
        status: int,
        *,
        headers: HeaderTypes = None,
        content: Content = None,
        extensions: dict[str, Any] | None = None,
    ) -> None:
        self.status = status
        self.headers: list[tuple[bytes, bytes]] = _pairs(headers)
        self.stream: Iterable[bytes] | AsyncIterable[bytes] = _stream(content)
        self.extensions: dict[str, Any] = {} if extensions is None else extensions

    def __repr__(self) -> str:
        return f"<Response [{self.status}]>"


def _bytes(value: bytes | str, name: str) -> bytes:
    if isinstance(value, str):
        return value.encode("ascii")
    if isinstance(value, bytes):
        return value
    raise TypeError(f"{name} must be bytes or str, but got {type(value).__name__}.")


def _pairs(headers: HeaderTypes) -> list[tuple[bytes, bytes]]:
    items = headers.items() if isinstance(headers, Mapping) else headers or ()
    return [(_bytes(name, "header name"), _bytes(value, "header value")) for name, value in items]


def _stream(content: Content) -> Iterable[bytes] | AsyncIterable[bytes]:
    if content is None or isinstance(content, bytes):
        return hookline.ByteStream(content or b"")
    return content
