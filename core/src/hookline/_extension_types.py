"""What `extensions` may hold, for checkers: of requests and of responses.

Extensions are open: a transport of one's own may know keys that nobody else does. So an argument
takes any mapping; what is read back has its type where hookline knows the key, and is an `object`
where it does not. At run time they are plain dictionaries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, TypedDict, TypeVar, Union, overload

from ._headers import Headers
from ._interim import InformationalResponse
from ._network_stream import AsyncNetworkStream, SyncNetworkStream
from ._timeout import TimeoutDict

D = TypeVar("D")

# What `extensions=` takes: the keys below, and any further ones.
RequestExtensions = Mapping[str, object]
ResponseExtensions = Mapping[str, object]

# Functions that a request brings along. For AsyncClient, each may return an awaitable; the trace
# has to.
#
# Called with the name of an event and what is known of it.
TraceFunction = Callable[[str, dict[str, object]], object]
# Called with the bytes that were sent, and with how many there are, where that is known.
UploadProgressFunction = Callable[[int, Union[int, None]], object]
InformationalFunction = Callable[[InformationalResponse], object]

NetworkStreams = Union[SyncNetworkStream, AsyncNetworkStream]


class KnownRequestExtensions(TypedDict, total=False):
    """The extensions of a request that hookline acts on, for whoever wants to have them checked:
    `extensions: KnownRequestExtensions = {"sni_hostname": "example.org"}`."""

    timeout: TimeoutDict
    trace: TraceFunction
    sni_hostname: str
    target: bytes
    upload_progress: UploadProgressFunction
    informational: InformationalFunction
    expect_continue: float
    max_response_size: int | None
    max_decompression_ratio: float | None


class KnownResponseExtensions(TypedDict, total=False):
    """The extensions of a response that hookline's own transports set."""

    http_version: bytes
    reason_phrase: bytes
    stream_id: int
    network_stream: NetworkStreams
    trailers: Headers


if TYPE_CHECKING:

    class RequestExtensionsDict(dict[str, object]):
        """`Request.extensions`."""

        @overload
        def __getitem__(self, key: Literal["timeout"], /) -> TimeoutDict: ...
        @overload
        def __getitem__(self, key: Literal["trace"], /) -> TraceFunction: ...
        @overload
        def __getitem__(self, key: Literal["sni_hostname"], /) -> str: ...
        @overload
        def __getitem__(self, key: Literal["target"], /) -> bytes: ...
        @overload
        def __getitem__(self, key: Literal["upload_progress"], /) -> UploadProgressFunction: ...
        @overload
        def __getitem__(self, key: Literal["informational"], /) -> InformationalFunction: ...
        @overload
        def __getitem__(self, key: Literal["expect_continue"], /) -> float: ...
        @overload
        def __getitem__(self, key: str, /) -> object: ...
        def __getitem__(self, key: str, /) -> object: ...

        # Where a key is known, a `dict`'s own overloads say less.
        @overload  # type: ignore[override]
        def get(self, key: Literal["timeout"], /) -> TimeoutDict | None: ...
        @overload
        def get(self, key: Literal["timeout"], default: D, /) -> TimeoutDict | D: ...
        @overload
        def get(self, key: Literal["trace"], /) -> TraceFunction | None: ...
        @overload
        def get(self, key: Literal["trace"], default: D, /) -> TraceFunction | D: ...
        @overload
        def get(self, key: Literal["sni_hostname"], /) -> str | None: ...
        @overload
        def get(self, key: Literal["sni_hostname"], default: D, /) -> str | D: ...
        @overload
        def get(self, key: Literal["target"], /) -> bytes | None: ...
        @overload
        def get(self, key: Literal["target"], default: D, /) -> bytes | D: ...
        @overload
        def get(self, key: Literal["upload_progress"], /) -> UploadProgressFunction | None: ...
        @overload
        def get(
            self, key: Literal["upload_progress"], default: D, /
        ) -> UploadProgressFunction | D: ...
        @overload
        def get(self, key: Literal["informational"], /) -> InformationalFunction | None: ...
        @overload
        def get(
            self, key: Literal["informational"], default: D, /
        ) -> InformationalFunction | D: ...
        @overload
        def get(self, key: Literal["expect_continue"], /) -> float | None: ...
        @overload
        def get(self, key: Literal["expect_continue"], default: D, /) -> float | D: ...
        @overload
        def get(self, key: str, default: object = None, /) -> object: ...
        def get(self, key: str, default: object = None, /) -> object: ...

    class ResponseExtensionsDict(dict[str, object]):
        """`Response.extensions`."""

        @overload
        def __getitem__(self, key: Literal["http_version", "reason_phrase"], /) -> bytes: ...
        @overload
        def __getitem__(self, key: Literal["stream_id"], /) -> int: ...
        @overload
        def __getitem__(self, key: Literal["network_stream"], /) -> NetworkStreams: ...
        @overload
        def __getitem__(self, key: Literal["trailers"], /) -> Headers: ...
        @overload
        def __getitem__(self, key: str, /) -> object: ...
        def __getitem__(self, key: str, /) -> object: ...

        @overload  # type: ignore[override]
        def get(self, key: Literal["http_version", "reason_phrase"], /) -> bytes | None: ...
        @overload
        def get(
            self, key: Literal["http_version", "reason_phrase"], default: D, /
        ) -> bytes | D: ...
        @overload
        def get(self, key: Literal["stream_id"], /) -> int | None: ...
        @overload
        def get(self, key: Literal["stream_id"], default: D, /) -> int | D: ...
        @overload
        def get(self, key: Literal["network_stream"], /) -> NetworkStreams | None: ...
        @overload
        def get(self, key: Literal["network_stream"], default: D, /) -> NetworkStreams | D: ...
        @overload
        def get(self, key: Literal["trailers"], /) -> Headers | None: ...
        @overload
        def get(self, key: Literal["trailers"], default: D, /) -> Headers | D: ...
        @overload
        def get(self, key: str, default: object = None, /) -> object: ...
        def get(self, key: str, default: object = None, /) -> object: ...

else:
    RequestExtensionsDict = dict
    ResponseExtensionsDict = dict
