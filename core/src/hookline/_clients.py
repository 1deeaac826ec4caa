"""`Client` and `AsyncClient`: the verbs, and the little in which the two differ.

Everything that they do is in `_client.py`, written once. The verbs stand here twice, in full, so
that signatures, types and documentation are plain to readers and to tools.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from ._client import (
    DEFAULT_MAX_REDIRECTS,
    DEFAULT_TIMEOUT_CONFIG,
    USE_CLIENT_DEFAULT,
    BaseClient,
    ClientState,
    UseClientDefault,
)
from ._drive import drive
from ._limits import DEFAULT_LIMITS, Limits
from ._models import Request, Response
from ._streams import AsyncByteStream, SyncByteStream
from .transports.base import AsyncBaseTransport, BaseTransport
from .transports.http import AsyncHTTPTransport, HTTPTransport

if TYPE_CHECKING:
    from ._sse import EventSource
    from ._types import (
        AsyncEventHookFunctions,
        AsyncEventHooks,
        AsyncEventHooksTypes,
        AuthTypes,
        CertTypes,
        CookieTypes,
        DecoderTypes,
        EventHookFunctions,
        EventHooks,
        EventHooksTypes,
        HeaderTypes,
        JSONDecoder,
        JSONEncoder,
        MiddlewareTypes,
        NameTable,
        ProtocolTypes,
        ProxiesTypes,
        ProxyArgument,
        QueryParamTypes,
        RequestContent,
        RequestData,
        RequestExtensions,
        RequestFiles,
        TimeoutTypes,
        URLTypes,
        VerifyTypes,
    )
    from .plugins import PluginManager

C = TypeVar("C", bound="Client")
A = TypeVar("A", bound="AsyncClient")


class Client(BaseClient):
    """An HTTP client.

    `with hookline.Client() as client: response = client.get(url)`

    Connections are pooled: keep one client, and use it for as long as there are requests to make.
    Threads may share one.

    - `auth`: (username, password), a function, an `Auth`, or a scheme by name.
    - `params`, `headers`, `cookies`: for every request, with what each request brings itself.
    - `verify`: True for certifi's authorities, a path to others, an `ssl.SSLContext`, False for no
      check at all, or `{"name": ..., "options": ...}` for a plugin's context.
    - `cert`: a client certificate: a path, (path, key) or (path, key, password).
    - `http1`, `http2`: which protocols may be spoken.
    - `proxy`: what requests go through: a URL such as "http://localhost:3128", a `Proxy`, a
      connector, or `{"name": ..., "options": ...}` for one by name. `verify` and `cert` are for the
      origin; TLS with the proxy itself is checked by `Proxy(ssl_context=...)`, or by default.
    - `proxies`: proxies by URL pattern, `{"https://": "http://localhost:3128"}`, with None for
      none; a single one is for all URLs.
    - `mounts`: transports by URL pattern, `{"https://api.example.org": transport}`; None stands for
      the default transport, without a proxy.
    - `timeout`: seconds, a `Timeout`, or None for no limit; 5 seconds for each phase by default.
    - `follow_redirects`, `max_redirects`: whether redirects are followed, and how many.
    - `limits`: how many connections the pool holds.
    - `event_hooks`: {"request": [...], "response": [...]}, or a list of observers by name, table or
      instance; such a list may have mappings of functions in it, too.
    - `base_url`: what relative URLs are appended to.
    - `transport`: what sends requests instead of the pool: an instance, a name or a table.
    - `trust_env`: whether environment variables are taken into account: HTTP_PROXY, HTTPS_PROXY,
      ALL_PROXY and NO_PROXY where no proxy and no transport was given, SSL_CERT_FILE and
      SSL_CERT_DIR.
    - `default_encoding`: for text without a charset; a name, or a function of the body.
    - `protocols`: instead of `http1` and `http2`, protocols by name, table or class, most wanted
      first.
    - `middleware`: wrappers around each call or each message, outermost first.
    - `decoders`: the content codings to ask for and to undo, most wanted first, by name, table or
      class; [] for none. Those that are installed, by default.
    - `plugins`: a `PluginManager` of your own, instead of what is installed.
    - `json_encoder`: what turns the argument `json` into bytes or str, `orjson.dumps` for instance;
      `json_decoder`: what `Response.json` calls with the body, and with its own arguments.
    - `max_response_size`: how many bytes the body of a response may have, after decoding; one that
      has more raises ResponseTooLarge. `max_decompression_ratio`: how many bytes of a body may be
      decoded from one, once they are more than a mebibyte. None, the default, means no limit; one
      request has others by `extensions={"max_response_size": ...}`.

    Raises TypeError and ValueError for arguments that make no sense, PluginNotFound for names that
    nobody registered, and FileNotFoundError for certificates that are not there.
    """

    _is_async = False

    if TYPE_CHECKING:

        @property
        def event_hooks(self) -> EventHooks: ...
        @event_hooks.setter  # type: ignore[override]
        def event_hooks(self, event_hooks: EventHookFunctions) -> None: ...

    def __init__(
        self,
        *,
        auth: AuthTypes | str | NameTable | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        verify: VerifyTypes = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        proxy: ProxyArgument | None = None,
        proxies: ProxiesTypes | None = None,
        mounts: Mapping[str, BaseTransport | str | NameTable | None] | None = None,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: EventHooksTypes | None = None,
        base_url: URLTypes = "",
        transport: BaseTransport | str | NameTable | None = None,
        default_encoding: str | Callable[[bytes], str | None] = "utf-8",
        protocols: Sequence[ProtocolTypes] | None = None,
        middleware: Sequence[MiddlewareTypes] | None = None,
        decoders: Sequence[DecoderTypes] | None = None,
        plugins: PluginManager | None = None,
        json_encoder: JSONEncoder | None = None,
        json_decoder: JSONDecoder | None = None,
        max_response_size: int | None = None,
        max_decompression_ratio: float | None = None,
    ) -> None:
        super().__init__(
            auth=auth,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            follow_redirects=follow_redirects,
            max_redirects=max_redirects,
            event_hooks=event_hooks,
            base_url=base_url,
            trust_env=trust_env,
            default_encoding=default_encoding,
            middleware=middleware,
            decoders=decoders,
            plugins=plugins,
            json_encoder=json_encoder,
            json_decoder=json_decoder,
            max_response_size=max_response_size,
            max_decompression_ratio=max_decompression_ratio,
        )
        options = self._pool_options(verify, cert, trust_env, http1, http2, limits, protocols)
        given = self._build_transport(transport, BaseTransport, options)
        self._transport: BaseTransport = self._init_transport(transport=given, **options)
        self._build_mounts(
            mounts,
            BaseTransport,
            proxy,
            proxies,
            options,
            use_environment=trust_env and transport is None,
        )

    def _init_transport(
        self, transport: BaseTransport | None = None, **options: Any
    ) -> BaseTransport:
        return HTTPTransport(**options) if transport is None else transport

    def _init_proxy_transport(self, proxy: ProxyArgument, **options: Any) -> BaseTransport:
        return HTTPTransport(proxy=proxy, **options)

    # -- Requests ---------------------------------------------------------------------------

    def request(
        self,
        method: str,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a request and return its response, with the body read.

        - `method`, `url`: the URL may be relative to `base_url`.
        - `content`: the body as bytes, text, a file, or an iterable of bytes.
        - `data`: a mapping to be sent as a form; anything else is taken as `content`.
        - `files`: files to be sent as a multipart form, with the fields in `data`: a mapping or a
          list of pairs, `{"name": file}` or `{"name": (filename, file, content_type, headers)}`.
          A file is one that is open in binary mode, bytes, text, or an iterator of bytes.
        - `json`: what is sent as JSON.
        - `params`, `headers`, `cookies`: merged with the client's.
        - `auth`, `follow_redirects`, `timeout`: instead of the client's.
        - `extensions`: what is not HTTP, handed to the transport.

        Raises InvalidURL, and a RequestError for whatever goes wrong on the way. A status such as
        404 raises nothing: see `Response.raise_for_status`.
        """
        request = self.build_request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extensions,
        )
        return self.send(request, auth=auth, follow_redirects=follow_redirects)

    @contextmanager
    def stream(
        self,
        method: str,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Iterator[Response]:
        """Send a request and hand out its response with the body unread, in a `with` block.

        The body is read by `response.read()` or one of the `iter_` methods. Leaving the block
        closes the response, whatever was read of it. The arguments are those of `request`.
        """
        request = self.build_request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extensions,
        )
        response = self.send(request, auth=auth, follow_redirects=follow_redirects, stream=True)
        try:
            yield response
        finally:
            response.close()

    @contextmanager
    def sse(
        self,
        url: URLTypes,
        *,
        method: str = "GET",
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        max_event_size: int | None = 1024 * 1024,
    ) -> Iterator[EventSource]:
        """Send a request for server-sent events, and hand out its `EventSource` in a `with` block.

        Iterating over that gives the events. Leaving the block closes the response. The arguments
        are those of `request`, and `max_event_size`: how many bytes one event may have, None for
        any number. The `read` timeout is for the time between two events.
        """
        from ._sse import EventSource, for_events

        with self.stream(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=for_events(headers),
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        ) as response:
            yield EventSource(response, max_event_size)

    def send(
        self,
        request: Request,
        *,
        stream: bool = False,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
    ) -> Response:
        """Send a request that `build_request` made, and return its response.

        With `stream`, the body is unread, and `response.close()` is up to the caller. Raises
        RuntimeError once the client is closed.
        """
        return drive(self._send(request, stream, auth, follow_redirects))

    def get(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a GET request. The arguments are those of `request`."""
        return self.request(
            "GET",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def options(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send an OPTIONS request. The arguments are those of `request`."""
        return self.request(
            "OPTIONS",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def head(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a HEAD request. The arguments are those of `request`."""
        return self.request(
            "HEAD",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def post(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a POST request. The arguments are those of `request`."""
        return self.request(
            "POST",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def put(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a PUT request. The arguments are those of `request`."""
        return self.request(
            "PUT",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def patch(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a PATCH request. The arguments are those of `request`."""
        return self.request(
            "PATCH",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def query(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a QUERY request (a GET with a body). The arguments are those of `request`."""
        return self.request(
            "QUERY",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def delete(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a DELETE request. The arguments are those of `request`."""
        return self.request(
            "DELETE",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    def close(self) -> None:
        """Close the client and its connections. A closed client cannot be used again."""
        if self._state is not ClientState.CLOSED:
            self._state = ClientState.CLOSED
            self._transport.close()
            for transport in self._mounts.values():
                if transport is not None:
                    transport.close()

    def __enter__(self: C) -> C:
        self._open()
        self._transport.__enter__()
        for transport in self._mounts.values():
            if transport is not None:
                transport.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._state = ClientState.CLOSED
        self._transport.__exit__(exc_type, exc_value, traceback)
        for transport in self._mounts.values():
            if transport is not None:
                transport.__exit__(exc_type, exc_value, traceback)

    # -- What differs by mode ---------------------------------------------------------------

    async def _call_transport(self, request: Request) -> Response:
        transport = self._transport_for_url(request.url)
        response = transport.handle_request(request)
        if not isinstance(response, Response) or not isinstance(response.stream, SyncByteStream):
            raise self._unfit(transport, response)
        return response

    async def _call_hooks(self, hooks: Sequence[Callable[..., Any]], argument: Any) -> None:
        for hook in hooks:
            result = hook(argument)
            if hasattr(result, "__await__"):
                if hasattr(result, "close"):
                    # A coroutine that nobody awaits would warn about itself later.
                    result.close()
                raise TypeError(
                    f"The event hook {hook!r} is a coroutine function, which only "
                    "hookline.AsyncClient can await."
                )

    def _check_stream(self, stream: SyncByteStream | AsyncByteStream) -> None:
        if not isinstance(stream, SyncByteStream):
            raise RuntimeError("Attempted to send an async request with a sync Client instance.")


class AsyncClient(BaseClient):
    """An asynchronous HTTP client, for asyncio and trio.

    `async with hookline.AsyncClient() as client: response = await client.get(url)`

    Connections are pooled: keep one client, and use it for as long as there are requests to make.
    Each event loop that it is used in has connections of its own, within limits of its own.

    - `auth`: (username, password), a function, an `Auth`, or a scheme by name.
    - `params`, `headers`, `cookies`: for every request, with what each request brings itself.
    - `verify`: True for certifi's authorities, a path to others, an `ssl.SSLContext`, False for no
      check at all, or `{"name": ..., "options": ...}` for a plugin's context.
    - `cert`: a client certificate: a path, (path, key) or (path, key, password).
    - `http1`, `http2`: which protocols may be spoken.
    - `proxy`: what requests go through: a URL such as "http://localhost:3128", a `Proxy`, a
      connector, or `{"name": ..., "options": ...}` for one by name. `verify` and `cert` are for the
      origin; TLS with the proxy itself is checked by `Proxy(ssl_context=...)`, or by default.
    - `proxies`: proxies by URL pattern, `{"https://": "http://localhost:3128"}`, with None for
      none; a single one is for all URLs.
    - `mounts`: transports by URL pattern, `{"https://api.example.org": transport}`; None stands for
      the default transport, without a proxy.
    - `timeout`: seconds, a `Timeout`, or None for no limit; 5 seconds for each phase by default.
    - `follow_redirects`, `max_redirects`: whether redirects are followed, and how many.
    - `limits`: how many connections the pool holds.
    - `event_hooks`: {"request": [...], "response": [...]}, or a list of observers by name, table or
      instance; such a list may have mappings of functions in it, too.
    - `base_url`: what relative URLs are appended to.
    - `transport`: what sends requests instead of the pool: an instance, a name or a table.
    - `trust_env`: whether environment variables are taken into account: HTTP_PROXY, HTTPS_PROXY,
      ALL_PROXY and NO_PROXY where no proxy and no transport was given, SSL_CERT_FILE and
      SSL_CERT_DIR.
    - `default_encoding`: for text without a charset; a name, or a function of the body.
    - `protocols`: instead of `http1` and `http2`, protocols by name, table or class, most wanted
      first.
    - `middleware`: wrappers around each call or each message, outermost first.
    - `decoders`: the content codings to ask for and to undo, most wanted first, by name, table or
      class; [] for none. Those that are installed, by default.
    - `backend`: "asyncio" or "anyio"; None finds out from what is running.
    - `plugins`: a `PluginManager` of your own, instead of what is installed.
    - `json_encoder`: what turns the argument `json` into bytes or str, `orjson.dumps` for instance;
      `json_decoder`: what `Response.json` calls with the body, and with its own arguments.
    - `max_response_size`: how many bytes the body of a response may have, after decoding; one that
      has more raises ResponseTooLarge. `max_decompression_ratio`: how many bytes of a body may be
      decoded from one, once they are more than a mebibyte. None, the default, means no limit; one
      request has others by `extensions={"max_response_size": ...}`.

    Raises TypeError and ValueError for arguments that make no sense, PluginNotFound for names that
    nobody registered, and FileNotFoundError for certificates that are not there.
    """

    _is_async = True

    if TYPE_CHECKING:

        @property
        def event_hooks(self) -> AsyncEventHooks: ...
        @event_hooks.setter  # type: ignore[override]
        def event_hooks(self, event_hooks: AsyncEventHookFunctions) -> None: ...

    def __init__(
        self,
        *,
        auth: AuthTypes | str | NameTable | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        verify: VerifyTypes = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        proxy: ProxyArgument | None = None,
        proxies: ProxiesTypes | None = None,
        mounts: Mapping[str, AsyncBaseTransport | str | NameTable | None] | None = None,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: AsyncEventHooksTypes | None = None,
        base_url: URLTypes = "",
        transport: AsyncBaseTransport | str | NameTable | None = None,
        default_encoding: str | Callable[[bytes], str | None] = "utf-8",
        protocols: Sequence[ProtocolTypes] | None = None,
        middleware: Sequence[MiddlewareTypes] | None = None,
        decoders: Sequence[DecoderTypes] | None = None,
        plugins: PluginManager | None = None,
        backend: str | None = None,
        json_encoder: JSONEncoder | None = None,
        json_decoder: JSONDecoder | None = None,
        max_response_size: int | None = None,
        max_decompression_ratio: float | None = None,
    ) -> None:
        super().__init__(
            auth=auth,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            follow_redirects=follow_redirects,
            max_redirects=max_redirects,
            event_hooks=event_hooks,
            base_url=base_url,
            trust_env=trust_env,
            default_encoding=default_encoding,
            middleware=middleware,
            decoders=decoders,
            plugins=plugins,
            json_encoder=json_encoder,
            json_decoder=json_decoder,
            max_response_size=max_response_size,
            max_decompression_ratio=max_decompression_ratio,
        )
        options = self._pool_options(verify, cert, trust_env, http1, http2, limits, protocols)
        if backend is not None:
            options["backend"] = backend
        given = self._build_transport(transport, AsyncBaseTransport, options)
        self._transport: AsyncBaseTransport = self._init_transport(transport=given, **options)
        self._build_mounts(
            mounts,
            AsyncBaseTransport,
            proxy,
            proxies,
            options,
            use_environment=trust_env and transport is None,
        )

    def _init_transport(
        self, transport: AsyncBaseTransport | None = None, **options: Any
    ) -> AsyncBaseTransport:
        return AsyncHTTPTransport(**options) if transport is None else transport

    def _init_proxy_transport(self, proxy: ProxyArgument, **options: Any) -> AsyncBaseTransport:
        return AsyncHTTPTransport(proxy=proxy, **options)

    # -- Requests ---------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a request and return its response, with the body read.

        - `method`, `url`: the URL may be relative to `base_url`.
        - `content`: the body as bytes, text, a file, or an iterable of bytes.
        - `data`: a mapping to be sent as a form; anything else is taken as `content`.
        - `files`: files to be sent as a multipart form, with the fields in `data`: a mapping or a
          list of pairs, `{"name": file}` or `{"name": (filename, file, content_type, headers)}`.
          A file is one that is open in binary mode, bytes, text, or an iterator of bytes.
        - `json`: what is sent as JSON.
        - `params`, `headers`, `cookies`: merged with the client's.
        - `auth`, `follow_redirects`, `timeout`: instead of the client's.
        - `extensions`: what is not HTTP, handed to the transport.

        Raises InvalidURL, and a RequestError for whatever goes wrong on the way. A status such as
        404 raises nothing: see `Response.raise_for_status`.
        """
        request = self.build_request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extensions,
        )
        return await self.send(request, auth=auth, follow_redirects=follow_redirects)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> AsyncIterator[Response]:
        """Send a request and hand out its response with the body unread, in a `with` block.

        The body is read by `response.aread()` or one of the `aiter_` methods. Leaving the block
        closes the response, whatever was read of it. The arguments are those of `request`.
        """
        request = self.build_request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extensions,
        )
        response = await self.send(
            request, auth=auth, follow_redirects=follow_redirects, stream=True
        )
        try:
            yield response
        finally:
            await response.aclose()

    @asynccontextmanager
    async def sse(
        self,
        url: URLTypes,
        *,
        method: str = "GET",
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        max_event_size: int | None = 1024 * 1024,
    ) -> AsyncIterator[EventSource]:
        """Send a request for server-sent events, and hand out its `EventSource` in a `with` block.

        Iterating over that, with `async for`, gives the events. Leaving the block closes the
        response. The arguments are those of `request`, and `max_event_size`: how many bytes one
        event may have, None for any number. The `read` timeout is for the time between two events.
        """
        from ._sse import EventSource, for_events

        async with self.stream(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=for_events(headers),
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        ) as response:
            yield EventSource(response, max_event_size)

    async def send(
        self,
        request: Request,
        *,
        stream: bool = False,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
    ) -> Response:
        """Send a request that `build_request` made, and return its response.

        With `stream`, the body is unread, and `response.aclose()` is up to the caller. Raises
        RuntimeError once the client is closed.
        """
        return await self._send(request, stream, auth, follow_redirects)

    async def get(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a GET request. The arguments are those of `request`."""
        return await self.request(
            "GET",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def options(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send an OPTIONS request. The arguments are those of `request`."""
        return await self.request(
            "OPTIONS",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def head(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a HEAD request. The arguments are those of `request`."""
        return await self.request(
            "HEAD",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def post(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a POST request. The arguments are those of `request`."""
        return await self.request(
            "POST",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def put(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a PUT request. The arguments are those of `request`."""
        return await self.request(
            "PUT",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def patch(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a PATCH request. The arguments are those of `request`."""
        return await self.request(
            "PATCH",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def query(
        self,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a QUERY request (a GET with a body). The arguments are those of `request`."""
        return await self.request(
            "QUERY",
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def delete(
        self,
        url: URLTypes,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Response:
        """Send a DELETE request. The arguments are those of `request`."""
        return await self.request(
            "DELETE",
            url,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )

    async def aclose(self) -> None:
        """Close the client and its connections. A closed client cannot be used again."""
        if self._state is not ClientState.CLOSED:
            self._state = ClientState.CLOSED
            await self._transport.aclose()
            for transport in self._mounts.values():
                if transport is not None:
                    await transport.aclose()

    async def __aenter__(self: A) -> A:
        self._open()
        await self._transport.__aenter__()
        for transport in self._mounts.values():
            if transport is not None:
                await transport.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._state = ClientState.CLOSED
        await self._transport.__aexit__(exc_type, exc_value, traceback)
        for transport in self._mounts.values():
            if transport is not None:
                await transport.__aexit__(exc_type, exc_value, traceback)

    # -- What differs by mode ---------------------------------------------------------------

    async def _call_transport(self, request: Request) -> Response:
        transport = self._transport_for_url(request.url)
        response = await transport.handle_async_request(request)
        if not isinstance(response, Response) or not isinstance(response.stream, AsyncByteStream):
            raise self._unfit(transport, response)
        return response

    async def _call_hooks(self, hooks: Sequence[Callable[..., Any]], argument: Any) -> None:
        for hook in hooks:
            await hook(argument)

    def _check_stream(self, stream: SyncByteStream | AsyncByteStream) -> None:
        if not isinstance(stream, AsyncByteStream):
            raise RuntimeError("Attempted to send an sync request with an AsyncClient instance.")
