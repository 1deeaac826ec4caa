"""The types of the public API: what arguments take.

For annotations, here and in programs, which import them from `hookline.types`. hookline itself
never imports this module at run time; a program that does gets the real classes, so that
`typing.get_type_hints` works on what it annotates.

What a program passes is `object` where anything goes: JSON values, form fields, options of plugins,
extensions. So nothing of what it gets back is `Any`.
"""

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
from http.cookiejar import CookieJar
from os import PathLike
from ssl import SSLContext
from typing import IO, TypedDict, Union
from typing import Protocol as Structure

from ._auth import Auth
from ._cookies import Cookies
from ._extension_types import InformationalFunction as InformationalFunction
from ._extension_types import KnownRequestExtensions as KnownRequestExtensions
from ._extension_types import KnownResponseExtensions as KnownResponseExtensions
from ._extension_types import NetworkStreams as NetworkStreams
from ._extension_types import RequestExtensions as RequestExtensions
from ._extension_types import RequestExtensionsDict as RequestExtensionsDict
from ._extension_types import ResponseExtensions as ResponseExtensions
from ._extension_types import ResponseExtensionsDict as ResponseExtensionsDict
from ._extension_types import TraceFunction as TraceFunction
from ._extension_types import UploadProgressFunction as UploadProgressFunction
from ._headers import Headers
from ._models import Request, Response
from ._proxy import Proxy
from ._query import QueryParams
from ._streams import AsyncByteStream as AsyncByteStream
from ._streams import SyncByteStream as SyncByteStream
from ._timeout import Timeout
from ._timeout import TimeoutDict as TimeoutDict
from ._url import URL
from .plugins.interfaces import Connector, Decoder, EventHook, Middleware, Protocol

# -- A request ------------------------------------------------------------------------------

PrimitiveData = Union[str, int, float, bool, None]

URLTypes = Union[URL, str]


class URLComponents(TypedDict, total=False):
    """The keyword arguments of `URL` and `URL.copy_with`; None removes a component."""

    scheme: str | None
    username: str | None
    password: str | None
    userinfo: bytes | None
    host: str | None
    port: int | None
    netloc: bytes | None
    path: str | None
    query: bytes | None
    raw_path: bytes | None
    fragment: str | None
    params: QueryParamTypes | None


# Lists and tuples of pairs, at run time: a Sequence lets a `list[tuple[str, str]]` pass.
QueryParamTypes = Union[
    QueryParams,
    Mapping[str, Union[PrimitiveData, Sequence[PrimitiveData]]],
    Sequence[tuple[str, PrimitiveData]],
    str,
    bytes,
]

HeaderTypes = Union[
    Headers,
    Mapping[str, str],
    Mapping[bytes, bytes],
    Sequence[tuple[str, str]],
    Sequence[tuple[bytes, bytes]],
]

CookieTypes = Union[Cookies, CookieJar, dict[str, str], list[tuple[str, str]]]

_Seconds = Union[float, None]
# Seconds for every phase, or (connect, read[, write[, pool]]).
TimeoutTypes = Union[
    _Seconds,
    tuple[_Seconds, _Seconds],
    tuple[_Seconds, _Seconds, _Seconds],
    tuple[_Seconds, _Seconds, _Seconds, _Seconds],
    Timeout,
]

AuthTypes = Union[
    tuple[Union[str, bytes], Union[str, bytes]],
    Callable[[Request], Request],
    Auth,
]

# `json_encoder` and `json_decoder`: what stands in for `json.dumps` and `json.loads`.
JSONEncoder = Callable[[object], Union[bytes, str]]
JSONDecoder = Callable[..., object]

RequestContent = Union[
    str, bytes, bytearray, memoryview, IO[bytes], Iterable[bytes], AsyncIterable[bytes]
]
ResponseContent = Union[str, bytes, bytearray, memoryview, Iterable[bytes], AsyncIterable[bytes]]
# A mapping is a form; anything else is content, as older code writes it.
RequestData = Union[Mapping[str, object], RequestContent]


class AsyncReadable(Structure):
    """An asynchronous file, such as anyio's, trio's and aiofiles': whatever has a `read` that is
    awaited. It is opened in binary mode, and stays open."""

    def read(self, size: int = ..., /) -> Awaitable[bytes]:
        """The next `size` bytes, or fewer; b"" at the end. Awaited."""
        ...


FileContent = Union[IO[bytes], bytes, str, AsyncReadable, Iterator[bytes], AsyncIterable[bytes]]
# A file, with its name, its content type and further headers of its part.
FileTypes = Union[
    FileContent,
    tuple[Union[str, None], FileContent],
    tuple[Union[str, None], FileContent, Union[str, None]],
    tuple[Union[str, None], FileContent, Union[str, None], Mapping[str, str]],
]
RequestFiles = Union[Mapping[str, FileTypes], Sequence[tuple[str, FileTypes]]]

# -- A client -------------------------------------------------------------------------------

# What a slot takes by name or by table: "name", or {"name": ..., "options": {...}}.
NameTable = Mapping[str, object]
VerifyTypes = Union[bool, str, PathLike[str], SSLContext, NameTable]
_Path = Union[str, PathLike[str]]
CertTypes = Union[_Path, tuple[_Path, Union[_Path, None]], tuple[_Path, Union[_Path, None], str]]
ProxyTypes = Union[str, URL, Proxy]
# What `proxy=` takes: a connector, or one by name, besides.
ProxyArgument = Union[ProxyTypes, Connector, NameTable]
ProxiesTypes = Union[ProxyTypes, Mapping[str, Union[ProxyArgument, None]]]
ProtocolTypes = Union[str, NameTable, type[Protocol]]
MiddlewareTypes = Union[str, NameTable, Middleware]
EventHookTypes = Union[str, NameTable, EventHook]
DecoderTypes = Union[str, NameTable, type[Decoder]]

RequestHook = Callable[[Request], None]
ResponseHook = Callable[[Response], None]
AsyncRequestHook = Callable[[Request], Awaitable[object]]
AsyncResponseHook = Callable[[Response], Awaitable[object]]


class EventHooks(TypedDict):
    """`Client.event_hooks`."""

    request: list[RequestHook]
    response: list[ResponseHook]


class AsyncEventHooks(TypedDict):
    """`AsyncClient.event_hooks`."""

    request: list[AsyncRequestHook]
    response: list[AsyncResponseHook]


# Functions by event, each taking part in the call.
EventHookFunctions = Union[
    EventHooks, Mapping[str, Union[Sequence[RequestHook], Sequence[ResponseHook]]]
]
AsyncEventHookFunctions = Union[
    AsyncEventHooks, Mapping[str, Union[Sequence[AsyncRequestHook], Sequence[AsyncResponseHook]]]
]
# Those, or observers, by instance, name or table; or a list of both.
EventHooksTypes = Union[EventHookFunctions, Sequence[Union[EventHookTypes, EventHookFunctions]]]
AsyncEventHooksTypes = Union[
    AsyncEventHookFunctions, Sequence[Union[EventHookTypes, AsyncEventHookFunctions]]
]
