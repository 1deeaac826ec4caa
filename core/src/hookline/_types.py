"""The types that several places accept. Nothing here exists at run time but names."""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import IO, TYPE_CHECKING, Any, Union
from typing import Protocol as Structure

if TYPE_CHECKING:
    from http.cookiejar import CookieJar
    from ssl import SSLContext

    from ._auth import Auth
    from ._cookies import Cookies
    from ._headers import Headers
    from ._models import Request
    from ._proxy import Proxy
    from ._query import QueryParams
    from ._timeout import Timeout
    from ._url import URL
    from .plugins.interfaces import Connector, EventHook, Middleware, Protocol

PrimitiveData = Union[str, int, float, bool, None]

URLTypes = Union["URL", str]

QueryParamTypes = Union[
    "QueryParams",
    Mapping[str, Union[PrimitiveData, Sequence[PrimitiveData]]],
    list[tuple[str, PrimitiveData]],
    tuple[tuple[str, PrimitiveData], ...],
    str,
    bytes,
]

HeaderTypes = Union[
    "Headers",
    Mapping[str, str],
    Mapping[bytes, bytes],
    Sequence[tuple[str, str]],
    Sequence[tuple[bytes, bytes]],
]

CookieTypes = Union["Cookies", "CookieJar", dict[str, str], list[tuple[str, str]]]

TimeoutTypes = Union[
    None,
    float,
    tuple[Union[float, None], ...],
    "Timeout",
]

AuthTypes = Union[
    tuple[Union[str, bytes], Union[str, bytes]],
    "Callable[[Request], Request]",
    "Auth",
]

RequestContent = Union[str, bytes, IO[bytes], Iterable[bytes], AsyncIterable[bytes]]
ResponseContent = Union[str, bytes, Iterable[bytes], AsyncIterable[bytes]]
# A mapping is a form; anything else is content, as older code writes it.
RequestData = Union[Mapping[str, Any], RequestContent]


class AsyncReadable(Structure):
    """An asynchronous file, such as anyio's, trio's and aiofiles'."""

    def read(self, size: int = ..., /) -> Awaitable[bytes]: ...


FileContent = Union[IO[bytes], bytes, str, AsyncReadable, Iterator[bytes], AsyncIterable[bytes]]
# A file, with its name, its content type and further headers of its part.
FileTypes = Union[
    FileContent,
    tuple[Union[str, None], FileContent],
    tuple[Union[str, None], FileContent, Union[str, None]],
    tuple[Union[str, None], FileContent, Union[str, None], Mapping[str, str]],
]
RequestFiles = Union[Mapping[str, FileTypes], Sequence[tuple[str, FileTypes]]]

RequestExtensions = Mapping[str, Any]
ResponseExtensions = dict[str, Any]

# What a slot takes by name or by table: "name", or {"name": ..., "options": {...}}.
NameTable = Mapping[str, Any]
VerifyTypes = Union[bool, str, "SSLContext", NameTable]
ProxyTypes = Union[str, "URL", "Proxy"]
# What `proxy=` takes: a connector, or one by name, besides.
ProxyArgument = Union[ProxyTypes, "Connector", NameTable]
ProxiesTypes = Union[ProxyTypes, Mapping[str, Union[ProxyTypes, None]]]
CertTypes = Union[str, tuple[str, str], tuple[str, str, str]]
ProtocolTypes = Union[str, NameTable, "type[Protocol]"]
MiddlewareTypes = Union[str, NameTable, "Middleware"]
EventHookTypes = Union[str, NameTable, "EventHook"]
EventHooksTypes = Union[
    Mapping[str, Sequence[Callable[..., Any]]],
    Sequence[EventHookTypes],
]
