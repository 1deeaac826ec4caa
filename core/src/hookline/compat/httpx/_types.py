"""httpx._types: what several places accept, and the two kinds of body."""

from hookline._streams import AsyncByteStream, SyncByteStream
from hookline._types import (
    AuthTypes,
    CertTypes,
    CookieTypes,
    FileContent,
    FileTypes,
    HeaderTypes,
    PrimitiveData,
    ProxyTypes,
    QueryParamTypes,
    RequestContent,
    RequestData,
    RequestExtensions,
    RequestFiles,
    ResponseContent,
    ResponseExtensions,
    TimeoutTypes,
    URLTypes,
)

__all__ = [
    "AsyncByteStream",
    "AuthTypes",
    "CertTypes",
    "CookieTypes",
    "FileContent",
    "FileTypes",
    "HeaderTypes",
    "PrimitiveData",
    "ProxyTypes",
    "QueryParamTypes",
    "RequestContent",
    "RequestData",
    "RequestExtensions",
    "RequestFiles",
    "ResponseContent",
    "ResponseExtensions",
    "SyncByteStream",
    "TimeoutTypes",
    "URLTypes",
]
