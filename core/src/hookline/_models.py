"""`Request` and `Response`.

Know headers, bodies and their state. Never touch a connection: a response's body does that, and a
response asks its body for the next piece.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ._content import EMPTY, checked_codec, encode_request, encode_response
from ._cookies import Cookies
from ._decoders import decoder_for
from ._drive import drive
from ._errors import (
    DecodingError,
    HTTPStatusError,
    RequestError,
    RequestNotRead,
    ResponseNotRead,
    StreamClosed,
    StreamConsumed,
)
from ._headers import Headers, Item
from ._reading import AsyncPieces, Pieces, PullPieces, check_side
from ._streams import (
    AsyncByteStream,
    Body,
    BodyReader,
    ByteStream,
    SyncByteStream,
    UnattachedStream,
)
from ._text import TextDecoder
from ._timeout import RunningTimeout
from ._url import URL, parse_url

if TYPE_CHECKING:
    from datetime import timedelta

    from ._bounds import Bounds, Meter
    from ._types import (
        CookieTypes,
        HeaderTypes,
        JSONDecoder,
        JSONEncoder,
        QueryParamTypes,
        RequestContent,
        RequestData,
        RequestExtensions,
        RequestExtensionsDict,
        RequestFiles,
        ResponseContent,
        ResponseExtensions,
        ResponseExtensionsDict,
        URLTypes,
    )
    from .plugins.interfaces import Decoder

# RFC 9110 section 9.3: the methods whose meaning promises a body, so that a server may wait for
# one unless it is told that there is none.
_EXPECT_A_BODY = frozenset({"POST", "PUT", "PATCH", "QUERY"})

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})

_DESCRIPTIONS = {
    1: "Informational response",
    3: "Redirect response",
    4: "Client error",
    5: "Server error",
}


class Request:
    """An HTTP request: method, URL, headers, and a body as `stream`.

    The body is one of `content` (bytes, text, a file, an iterable of bytes), `data` (a form),
    `files` (a form with files, and the fields in `data`) and `json`; `stream` is for bodies that
    are streams already, which need their own headers. Host,
    Content-Length and Transfer-Encoding are added where they are missing. `extensions` carries what
    is not HTTP, such as `{"timeout": {...}}`. `json_encoder` turns `json` into bytes or str, where
    the standard library is not to do it.

    Raises InvalidURL for a URL that is none, and TypeError for arguments of the wrong type.
    """

    _content: bytes

    if TYPE_CHECKING:

        @property
        def extensions(self) -> RequestExtensionsDict:
            """What is not HTTP, for the transport."""

        @extensions.setter
        def extensions(self, value: RequestExtensions) -> None: ...

    def __init__(
        self,
        method: str,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        stream: SyncByteStream | AsyncByteStream | None = None,
        extensions: RequestExtensions | None = None,
        json_encoder: JSONEncoder | None = None,
    ) -> None:
        if not isinstance(method, str):
            raise TypeError(
                f"method: expected a str such as 'GET', not {method!r} ({type(method).__name__})."
            )
        self.method: str = method.upper()
        self.url: URL = parse_url(url)
        if params is not None:
            self.url = self.url.copy_with(params=params)
        self.headers: Headers = Headers(headers)
        try:
            self.extensions = {} if extensions is None else dict(extensions)
        except (TypeError, ValueError) as exc:
            raise TypeError(f"extensions: expected a mapping, not {extensions!r}.") from exc
        self.stream: SyncByteStream | AsyncByteStream

        if cookies:
            jar = cookies if isinstance(cookies, Cookies) else Cookies(cookies)
            jar.set_cookie_header(self)
        if stream is not None:
            # The message is taken as it is: a copy of one that was prepared before.
            self.stream = stream
            return
        body_headers: dict[str, str] = {}
        if content is None and data is None and files is None and json is None:
            self.stream = EMPTY
        else:
            body_headers, self.stream = encode_request(
                content, data, files, json, self.headers, json_encoder
            )
        self._prepare(body_headers)
        if isinstance(self.stream, ByteStream):
            self._content = self.stream._stream

    def _prepare(self, body_headers: dict[str, str]) -> None:
        """Add the headers that follow from URL, method and body, unless the user set them."""
        items = self.headers._list
        if not body_headers and self.method not in _EXPECT_A_BODY:
            # Most requests, and nothing but the host follows.
            if self.url._parts.host and not self.headers._has(b"host"):
                items.insert(0, (b"Host", b"host", self.url.netloc))
            return
        names = {item[1] for item in items}
        for name, value in body_headers.items():
            lower = name.lower().encode("ascii")
            # RFC 9112 section 6.2: never both. What the user gave says how to send the body.
            if lower in names or (lower in _FRAMING and not names.isdisjoint(_FRAMING)):
                continue
            items.append((name.encode("ascii"), lower, value.encode("ascii")))
            names.add(lower)
        front: list[Item] = []
        if b"host" not in names and self.url._parts.host:
            front.append((b"Host", b"host", self.url.netloc))
        if self.method in _EXPECT_A_BODY and names.isdisjoint(_FRAMING):
            front.append((b"Content-Length", b"content-length", b"0"))
        items[:0] = front

    @property
    def content(self) -> bytes:
        """The body as bytes. Raises RequestNotRead for a streaming body before `read()`."""
        try:
            return self._content
        except AttributeError:
            raise RequestNotRead() from None

    @property
    def is_repeatable(self) -> bool:
        """Whether the request can be sent a second time: its body is there, can be read again, or
        was not begun.

        Bytes, JSON, forms, lists and files are; a generator is until it was begun. An upload of
        parts that cannot go back, pipes for instance, raises StreamConsumed when it is tried.
        """
        stream = self.stream
        return (
            type(stream) is ByteStream
            or not getattr(stream, "_is_generator", True)
            or not getattr(stream, "_is_consumed", True)
        )

    def read(self) -> bytes:
        """Read a streaming body into memory, and return it."""
        return drive(self._read(is_async=False))

    async def aread(self) -> bytes:
        """Read a streaming body into memory, and return it."""
        return await self._read(is_async=True)

    async def _read(self, *, is_async: bool) -> bytes:
        if not hasattr(self, "_content"):
            check_side(self.stream, is_async=is_async)
            reader = BodyReader(self.stream, is_async=is_async)
            pieces = []
            try:
                while piece := await reader.receive():
                    pieces.append(piece)
            except BaseException:
                await reader.close()
                raise
            self._content = b"".join(pieces)
            if not isinstance(self.stream, ByteStream):
                # What was read once can be sent again, on a redirect say.
                self.stream = ByteStream(self._content)
        return self._content

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.method!r}, {self.url._masked()!r})>"

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.__dict__.items()
            if name not in ("extensions", "stream")
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.extensions = {}
        self.stream = ByteStream(self._content) if "_content" in state else UnattachedStream()


class Response:
    """An HTTP response: status, headers, and a body as `stream`.

    Responses that a client returns have their body read already, unless they were asked for with
    `stream=True` or `client.stream(...)`; then `read()` or one of the `iter_` methods does it, and
    `close()` gives the connection up. Each of these has an asynchronous twin beginning with "a".

    To make one by hand, for a test or in a transport, give the body as one of `content`, `text`,
    `html`, `json` and `stream`. `json_decoder` is what `json()` calls with the body, where that is
    not to be `json.loads`.
    """

    # Class attributes stand in for what most responses never change.
    is_closed: bool = False
    is_stream_consumed: bool = False
    next_request: Request | None = None
    _request: Request | None = None
    _num_bytes_downloaded = 0
    _started: float | None = None
    _elapsed: timedelta | float | None = None
    _encoding: str | None = None
    _text: str
    _content: bytes
    # The registry's decoders, where the client's differ from the default's.
    _known_decoders: Mapping[str, Callable[[], Decoder]] | None = None
    _observers: tuple[Callable[[Response], None], ...] = ()
    _reader: BodyReader | None = None
    # What the body may cost, where that is limited.
    _bounds: Bounds | None = None
    _json_decoder: JSONDecoder | None = None

    if TYPE_CHECKING:

        @property
        def extensions(self) -> ResponseExtensionsDict:
            """What is not HTTP, from the transport."""

        @extensions.setter
        def extensions(self, value: ResponseExtensions) -> None: ...

    def __init__(
        self,
        status_code: int,
        *,
        headers: HeaderTypes | None = None,
        content: ResponseContent | None = None,
        text: str | None = None,
        html: str | None = None,
        json: object = None,
        stream: SyncByteStream | AsyncByteStream | None = None,
        request: Request | None = None,
        extensions: ResponseExtensions | None = None,
        history: list[Response] | None = None,
        default_encoding: str | Callable[[bytes], str | None] = "utf-8",
        json_decoder: JSONDecoder | None = None,
    ) -> None:
        if not isinstance(status_code, int):
            raise TypeError(
                f"status_code: expected an int, not {status_code!r} ({type(status_code).__name__})."
            )
        self.status_code = status_code
        self.headers: Headers = Headers(headers)
        self.extensions = {} if extensions is None else extensions
        self.history: list[Response] = [] if history is None else list(history)
        self.default_encoding = default_encoding
        self.stream: SyncByteStream | AsyncByteStream
        if request is not None:
            self._request = request
        if json_decoder is not None:
            self._json_decoder = checked_codec("json_decoder", json_decoder)

        if stream is not None:
            self.stream = stream
            return
        body_headers, self.stream = encode_response(content, text, html, json)
        for name, value in body_headers.items():
            # RFC 9112 section 6.2: never both.
            if name == "Transfer-Encoding" and "Content-Length" in self.headers:
                continue
            self.headers.setdefault(name, value)
        if isinstance(self.stream, ByteStream):
            self.read()
            # That was no download.
            self._num_bytes_downloaded = 0

    @classmethod
    def _from_wire(
        cls,
        status_code: int,
        items: list[Item],
        stream: SyncByteStream | AsyncByteStream,
        extensions: ResponseExtensions,
    ) -> Response:
        """A response as a protocol received it; the arguments are the response's from now on."""
        response = cls.__new__(cls)
        response.status_code = status_code
        response.headers = Headers._of(items)
        response.stream = stream
        response.extensions = extensions
        response.history = []
        response.default_encoding = "utf-8"
        return response

    # -- The head ---------------------------------------------------------------------------

    @property
    def request(self) -> Request:
        """The request that this answers. Raises RuntimeError where none was ever attached."""
        if self._request is None:
            raise RuntimeError("The request instance has not been set on this response.")
        return self._request

    @request.setter
    def request(self, value: Request) -> None:
        self._request = value

    @property
    def url(self) -> URL:
        """The URL that this came from: after redirects, the last one."""
        return self.request.url

    @property
    def http_version(self) -> str:
        """ "HTTP/1.0", "HTTP/1.1" or "HTTP/2"."""
        version = self.extensions.get("http_version", b"HTTP/1.1")
        return version.decode("ascii", errors="ignore")

    @property
    def reason_phrase(self) -> str:
        """The reason as the server wrote it, or the standard's where it did not."""
        reason = self.extensions.get("reason_phrase")
        if reason is None:
            from ._codes import codes

            return codes.get_reason_phrase(self.status_code)
        return reason.decode("ascii", errors="ignore")

    @property
    def is_informational(self) -> bool:
        """Whether the status is 1xx."""
        return 100 <= self.status_code <= 199

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status_code <= 299

    @property
    def is_redirect(self) -> bool:
        """Whether the status is 3xx. Whether there is somewhere to go: `has_redirect_location`."""
        return 300 <= self.status_code <= 399

    @property
    def is_client_error(self) -> bool:
        """Whether the status is 4xx."""
        return 400 <= self.status_code <= 499

    @property
    def is_server_error(self) -> bool:
        """Whether the status is 5xx."""
        return 500 <= self.status_code <= 599

    @property
    def is_error(self) -> bool:
        """Whether the status is 4xx or 5xx."""
        return 400 <= self.status_code <= 599

    @property
    def has_redirect_location(self) -> bool:
        """Whether this is a redirect that says where to."""
        return self.status_code in _REDIRECTS and self.headers._has(b"location")

    def raise_for_status(self) -> Response:
        """Raise HTTPStatusError unless the status is 2xx; return the response itself otherwise.

        Raises RuntimeError where the response has no request.
        """
        request = self._request
        if request is None:
            raise RuntimeError(
                "Cannot call `raise_for_status` as the request instance has not been set on this "
                "response."
            )
        if self.is_success:
            return self
        kind = _DESCRIPTIONS.get(self.status_code // 100, "Invalid status code")
        message = f"{kind} '{self.status_code} {self.reason_phrase}' for url '{self.url._masked()}'"
        if self.has_redirect_location:
            message += f"\nRedirect location: '{self.headers['location']}'"
        message += (
            "\nFor more information check: "
            f"https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/{self.status_code}"
        )
        raise HTTPStatusError(message, request=request, response=self)

    @property
    def cookies(self) -> Cookies:
        """The cookies that this response sets."""
        if not hasattr(self, "_cookies"):
            self._cookies = Cookies()
            if self.headers._has(b"set-cookie"):
                self._cookies.extract_cookies(self)
        return self._cookies

    @property
    def links(self) -> dict[str | None, dict[str, str]]:
        """The Link header (RFC 8288), by `rel`, or by URL where there is no rel."""
        header = self.headers.get("link", "").strip(" '\"")
        if not header:
            return {}
        return {link.get("rel") or link.get("url"): link for link in _parse_link_header(header)}

    @property
    def elapsed(self) -> timedelta:
        """From the start of the request until the body was read or closed.

        Raises RuntimeError before that.
        """
        if self._elapsed is None:
            raise RuntimeError(
                "'.elapsed' may only be accessed after the response has been read or closed."
            )
        if isinstance(self._elapsed, float):
            from datetime import timedelta

            self._elapsed = timedelta(seconds=self._elapsed)
        return self._elapsed

    @elapsed.setter
    def elapsed(self, value: timedelta) -> None:
        self._elapsed = value

    @property
    def trailers(self) -> Headers:
        """The fields that came after the body (RFC 9110 section 6.5), apart from `headers`. Empty
        before the body was read to its end, and where none came."""
        trailers = self.extensions.get("trailers")
        return Headers() if trailers is None else trailers

    @property
    def num_bytes_downloaded(self) -> int:
        """Bytes of the body that have arrived so far, before decoding."""
        return self._num_bytes_downloaded

    # -- The body, once it was read -----------------------------------------------------------

    @property
    def content(self) -> bytes:
        """The body. Raises ResponseNotRead for a streaming response before `read()`."""
        try:
            return self._content
        except AttributeError:
            raise ResponseNotRead() from None

    @property
    def text(self) -> str:
        """The body as text, in `encoding`; what does not decode becomes U+FFFD."""
        try:
            return self._text
        except AttributeError:
            decoder = TextDecoder(self.encoding or "utf-8")
            self._text = decoder.decode(self.content) + decoder.flush()
            return self._text

    def json(self, **kwargs: Any) -> Any:
        """The body as JSON; keyword arguments are those of `json.loads`, or of the `json_decoder`
        where there is one. Raises what that raises."""
        if self._json_decoder is not None:
            return self._json_decoder(self.content, **kwargs)
        import json

        return json.loads(self.content, **kwargs)

    @property
    def charset_encoding(self) -> str | None:
        """The charset of the Content-Type header, or None."""
        content_type = self.headers.get("Content-Type")
        return None if content_type is None else _charset(content_type)

    @property
    def encoding(self) -> str | None:
        """The encoding that `text` uses: the charset of the Content-Type where Python knows it,
        else `default_encoding`. May be set until `text` is used."""
        if self._encoding is None:
            encoding = self.charset_encoding
            if encoding is None or not _is_known_encoding(encoding):
                default = self.default_encoding
                if isinstance(default, str):
                    encoding = default
                elif hasattr(self, "_content"):
                    encoding = default(self._content)
                else:
                    return None
            self._encoding = encoding or "utf-8"
        return self._encoding

    @encoding.setter
    def encoding(self, value: str) -> None:
        if hasattr(self, "_text"):
            raise ValueError("Setting encoding after `text` has been accessed is not allowed.")
        self._encoding = value

    # -- Reading ----------------------------------------------------------------------------

    def add_done_callback(self, callback: Callable[[Response], None]) -> None:
        """Have a function called with this response when its body was read to its end or given up:
        at once where that has happened. It is called once, in line, and should return quickly.
        """
        if self.is_closed:
            callback(self)
        else:
            self._observers = (*self._observers, callback)

    def read(self) -> bytes:
        """Read the whole body, decode it, and return it."""
        return drive(self._read(is_async=False))

    async def aread(self) -> bytes:
        """Read the whole body, decode it, and return it."""
        return await self._read(is_async=True)

    def iter_raw(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The body as it came, undecoded; in pieces of `chunk_size` bytes, or as they arrive.

        Raises StreamConsumed where the body was read before, and whatever ends it too early.
        """
        return Pieces(self, "raw", chunk_size)

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The decoded body; in pieces of `chunk_size` bytes, or as they arrive.

        A body that `read` has read is given again. Raises DecodingError where it does not decode,
        StreamConsumed where it was streamed before, and whatever ends it too early.
        """
        return Pieces(self, "bytes", chunk_size)

    def iter_text(self, chunk_size: int | None = None) -> Iterator[str]:
        """The body as text; in pieces of `chunk_size` characters, or as they arrive.

        Decoded by `encoding`; what does not fit becomes U+FFFD. Raises as `iter_bytes` does.
        """
        return Pieces(self, "text", chunk_size)

    def iter_lines(self) -> Iterator[str]:
        """The body's lines, without their line ends."""
        return Pieces(self, "lines")

    def aiter_raw(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """The body as it came, undecoded; in pieces of `chunk_size` bytes, or as they arrive.

        Raises StreamConsumed where the body was read before, and whatever ends it too early.
        """
        return AsyncPieces(self, "raw", chunk_size)

    def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """The decoded body; in pieces of `chunk_size` bytes, or as they arrive.

        A body that `read` has read is given again. Raises DecodingError where it does not decode,
        StreamConsumed where it was streamed before, and whatever ends it too early.
        """
        return AsyncPieces(self, "bytes", chunk_size)

    def aiter_text(self, chunk_size: int | None = None) -> AsyncIterator[str]:
        """The body as text; in pieces of `chunk_size` characters, or as they arrive.

        Decoded by `encoding`; what does not fit becomes U+FFFD. Raises as `iter_bytes` does.
        """
        return AsyncPieces(self, "text", chunk_size)

    def aiter_lines(self) -> AsyncIterator[str]:
        """The body's lines, without their line ends."""
        return AsyncPieces(self, "lines")

    def close(self) -> None:
        """Give the body up, and its connection with it unless the body was complete."""
        if not isinstance(self.stream, SyncByteStream):
            raise RuntimeError("Attempted to call an sync close on an async stream.")
        if not self.is_closed:
            self.is_closed = True
            try:
                try:
                    if self._reader is not None:
                        drive(self._reader.close())
                finally:
                    self.stream.close()
            finally:
                self._finish()

    async def aclose(self) -> None:
        """Give the body up, and its connection with it unless the body was complete."""
        if not isinstance(self.stream, AsyncByteStream):
            raise RuntimeError("Attempted to call an async close on an sync stream.")
        if not self.is_closed:
            self.is_closed = True
            try:
                try:
                    if self._reader is not None:
                        await self._reader.close()
                finally:
                    await self.stream.aclose()
            finally:
                self._finish()

    def __repr__(self) -> str:
        return f"<Response [{self.status_code} {self.reason_phrase}]>"

    def __getstate__(self) -> dict[str, Any]:
        left_behind = ("_observers", "_reader", "extensions", "is_closed", "stream")
        return {name: value for name, value in self.__dict__.items() if name not in left_behind}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.is_closed = True
        self.extensions = {}
        self.stream = UnattachedStream()

    # -- How reading works --------------------------------------------------------------------

    async def _read(self, *, is_async: bool) -> bytes:
        if hasattr(self, "_content"):
            if self._elapsed is None:
                # Made by hand, with its body: a transport for tests, mostly.
                self._finish()
                if self._bounds is not None:
                    self._check_whole(self._bounds)
            return self._content
        stream = self.stream
        if (
            type(stream) is ByteStream
            and not self.is_closed
            and not self.is_stream_consumed
            and self._bounds is None
        ):
            # The body came in with the head: nothing to wait for.
            self.is_stream_consumed = True
            raw = stream._stream
            self._num_bytes_downloaded = len(raw)
            try:
                decoder = self._decoder() if raw else None
                self._content = raw if decoder is None else decoder.decode(raw) + decoder.flush()
            except DecodingError as exc:
                self._attach(exc)
                raise
            finally:
                self.is_closed = True
                self._finish()
            return self._content

        pieces: PullPieces[bytes] = PullPieces(self, "bytes", is_async=is_async)
        collected = []
        while (piece := await pieces.pull()) is not None:
            collected.append(piece)
        self._content = collected[0] if len(collected) == 1 else b"".join(collected)
        return self._content

    def _open(self, *, is_async: bool) -> Callable[[], Any]:
        """The function that receives the next raw piece; from here on the body is consumed."""
        if self.is_stream_consumed:
            raise StreamConsumed()
        if self.is_closed:
            raise StreamClosed()
        stream = self.stream
        check_side(stream, is_async=is_async)
        self.is_stream_consumed = True
        receive: Callable[[], Any]
        if isinstance(stream, Body):
            receive = stream.receive
        else:
            self._reader = BodyReader(stream, is_async=is_async)
            receive = self._reader.receive
        if self._request is not None:
            timeout: Any = self._request.extensions.get("timeout")
            if type(timeout) is RunningTimeout:
                from ._bounds import in_time

                return in_time(timeout, receive, partial(self._abandon, is_async=is_async))
        return receive

    def _meter(self, bounds: Bounds, *, is_coded: bool) -> Meter:
        from ._bounds import Meter

        return Meter(bounds, self, is_coded=is_coded)

    def _check_whole(self, bounds: Bounds) -> None:
        """Hold a body that is there already to its bounds."""
        try:
            self._meter(bounds, is_coded=False).hand_out(len(self._content))
        except RequestError as exc:
            self._attach(exc)
            raise

    async def _abandon(self, *, is_async: bool) -> None:
        """Close, whichever way this stream is closed."""
        if is_async and isinstance(self.stream, AsyncByteStream):
            await self.aclose()
        else:
            self.close()

    def _finish(self) -> None:
        """The body is over: stop the clock, and tell who observes."""
        if self._started is not None and self._elapsed is None:
            self._elapsed = perf_counter() - self._started
        observers, self._observers = self._observers, ()
        for observe in observers:
            observe(self)

    def _attach(self, exc: RequestError) -> None:
        """The body ends with an error: say whose it is, and let those know who observe."""
        if exc._request is None:
            exc._request = self._request
        # The class alone: an exception holds on to frames, and they to this response.
        self.extensions["error"] = type(exc)

    def _decoder(self) -> Decoder | None:
        encoding = self.headers._get(b"content-encoding")
        if encoding is None:
            return None
        known = self._known_decoders
        if known is None:
            from .plugins import default_manager

            known = default_manager().registry.decoder_classes
        return decoder_for(self.headers["content-encoding"], known)


# RFC 9110 section 15.4: the codes whose Location is followed. 300 and 304 are not among them.
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


# Up to a semicolon that is not in quotes.
_PARAMETER = re.compile(r';((?:[^;"]|"(?:[^"\\]|\\.)*(?:"|\Z))*)')


def _charset(content_type: str) -> str | None:
    # Some servers leave the type itself out.
    for parameter in _PARAMETER.findall(f";{content_type}"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset: str = value.strip().lower()
            is_quoted = len(charset) > 1 and charset[0] == charset[-1] == '"'
            return charset[1:-1] if is_quoted else charset
    return None


def _is_known_encoding(encoding: str) -> bool:
    import codecs

    try:
        codec = codecs.lookup(encoding)
    except (LookupError, ValueError):
        return False
    # Three of Python's own cannot put U+FFFD where they fail, and a server may name any.
    return bool(codec._is_text_encoding) and codec.name not in ("idna", "punycode", "undefined")


def _parse_link_header(value: str) -> list[dict[str, str]]:
    links = []
    for part in re.split(", *<", value):
        url, _, params = part.partition(";")
        link = {"url": url.strip("<> '\"")}
        for param in params.split(";"):
            key, equals, text = param.partition("=")
            if not equals:
                break
            link[key.strip(" '\"")] = text.strip(" '\"")
        links.append(link)
    return links
