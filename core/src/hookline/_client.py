"""The settings of a client, and the one coroutine behind every request.

Knows defaults, redirects, authentication, middleware and who is called when. Knows nothing of
connections: `_transport_for_url` picks a transport, and the transport answers. What differs between
`Client` and `AsyncClient`, the verbs and three small methods, is in `_clients.py`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from sys import modules
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from ._auth import Auth, BasicAuth, build_auth, run_auth
from ._content import checked_codec
from ._cookies import Cookies
from ._errors import PluginError, RequestError, TooManyRedirects
from ._headers import Headers
from ._limits import Limits
from ._middleware import Hop, around, build_middleware
from ._models import Request, Response
from ._observers import Observers, build_observers, split_event_hooks
from ._pattern import URLPattern
from ._proxy import may_have_proxies, proxies_by_pattern
from ._query import QueryParams
from ._redirects import may_authenticate, redirect_request
from ._streams import AsyncByteStream, ByteStream, SyncByteStream
from ._timeout import DEFAULT_TIMEOUT_SECONDS, RunningTimeout, Timeout, start_total
from ._url import URL, parse_url
from ._version import __version__
from ._wiring import build, decoders_by_name, manager_or_default
from .plugins.interfaces import Decoder, Middleware

if TYPE_CHECKING:
    import os
    from logging import Logger

    from ._bounds import Bounds
    from ._introspection import PoolSnapshot
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


C = TypeVar("C", bound="BaseClient")


B = TypeVar("B", bound="BaseClient")


class UseClientDefault:
    """The type of `USE_CLIENT_DEFAULT`, which stands for "as the client has it" where None means
    "none at all"."""

    def __reduce__(self) -> str:
        # There is one: it is compared by identity.
        return "USE_CLIENT_DEFAULT"

    def __repr__(self) -> str:
        return "USE_CLIENT_DEFAULT"


USE_CLIENT_DEFAULT = UseClientDefault()

DEFAULT_TIMEOUT_CONFIG = Timeout(timeout=DEFAULT_TIMEOUT_SECONDS)
DEFAULT_MAX_REDIRECTS = 20

USER_AGENT = f"python-hookline/{__version__}"

# `logging.INFO`, without the import.
_INFO = 20

# A client with more distinct relative URLs than this starts over with remembering them.
_MERGED_URLS_KEPT = 1024


class ClientState(enum.Enum):
    """A client opens once and closes once."""

    UNOPENED = 1
    OPENED = 2
    CLOSED = 3


class BaseClient:
    """What `Client` and `AsyncClient` share. Not for direct use."""

    _is_async: bool
    # Looked up once `logging` is loaded: before that, nobody can have asked for anything.
    _logger: ClassVar[Logger | None] = None

    def __init__(
        self,
        *,
        auth: AuthTypes | str | NameTable | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: EventHooksTypes | AsyncEventHooksTypes | None = None,
        base_url: URLTypes = "",
        trust_env: bool = True,
        default_encoding: str | Callable[[bytes], str | None] = "utf-8",
        middleware: Sequence[MiddlewareTypes] | None = None,
        decoders: Sequence[DecoderTypes] | None = None,
        plugins: PluginManager | None = None,
        json_encoder: JSONEncoder | None = None,
        json_decoder: JSONDecoder | None = None,
        max_response_size: int | None = None,
        max_decompression_ratio: float | None = None,
    ) -> None:
        self._plugins = plugins
        self._json_encoder = checked_codec("json_encoder", json_encoder)
        self._json_decoder = checked_codec("json_decoder", json_decoder)
        # What a response would otherwise find out for itself: the default manager's.
        self._decoders: Mapping[str, Callable[[], Decoder]] | None = None
        if decoders is not None:
            self._decoders = decoders_by_name(decoders, plugins)
        elif plugins is not None:
            self._decoders = plugins.registry.decoder_classes
        self._base_url = _with_trailing_slash(parse_url(base_url))
        self._merged_urls: dict[str, URL] = {}
        self._auth = build_auth(
            build("auth_schemes", auth, Auth, plugins) if isinstance(auth, (str, Mapping)) else auth
        )
        self._params = QueryParams(params)
        self.headers = Headers(headers)
        self._cookies = Cookies(cookies)
        self._timeout = _to_timeout(timeout)
        self._bounds: Bounds | None = None
        if max_response_size is not None or max_decompression_ratio is not None:
            from ._bounds import bounds_of

            self._bounds = bounds_of(max_response_size, max_decompression_ratio)
        self.follow_redirects = follow_redirects
        self.max_redirects = max_redirects
        self._trust_env = trust_env
        self._default_encoding = default_encoding
        self._state = ClientState.UNOPENED

        self._event_hooks: dict[str, list[Callable[..., Any]]] = {"request": [], "response": []}
        self._observers: Observers | None = None
        if event_hooks is not None:
            observers, functions = split_event_hooks(event_hooks)
            self._observers = build_observers(observers, plugins)
            for each in functions:
                self._add_event_hooks(each)

        self._middleware = build_middleware(middleware, plugins)
        self._compose()
        self._transport: Any
        self._mounts: dict[URLPattern, Any] = {}

    def _compose(self) -> None:
        """Put together what a request goes through, once. An empty slot leaves no frame: `_hop` is
        the bare `_dispatch` then."""
        self._hop: Hop = self._dispatch if self._observers is None else self._observed_dispatch
        self._call_middleware: list[Middleware] = []
        for layer in reversed(self._middleware):
            if layer.stage == "hop":
                self._hop = around(layer, self._hop, is_async=self._is_async, adopt=self._adopt)
            else:
                self._call_middleware.append(layer)

    @classmethod
    def from_config(
        cls: type[B],
        source: Mapping[str, object] | str | os.PathLike[str] | None = None,
        *,
        name: str | None = None,
        **settings: object,
    ) -> B:
        """A client as a configuration says.

        - `source`: a TOML file, or a mapping of the same shape. Without it, the file that the
          environment variable HOOKLINE_CONFIG names; none is looked for anywhere else.
        - `name`: which of its clients, where there are several; "default" or the only one
          otherwise.
        - `settings`: arguments of the client, which take precedence. Tables such as headers and
          timeouts are merged with those of the configuration key by key.

        The file is read each time: a client that is made after it was changed is another one.
        Raises ConfigError with everything that is wrong with it.
        """
        from .config._build import build_client

        return build_client(cls, source, name, settings)

    # -- Settings ---------------------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        """Whether the client was closed. A closed client sends nothing any more."""
        return self._state == ClientState.CLOSED

    @property
    def trust_env(self) -> bool:
        """Whether environment variables are taken into account."""
        return self._trust_env

    @property
    def timeout(self) -> Timeout:
        """The timeout of requests that bring none of their own."""
        return self._timeout

    @timeout.setter
    def timeout(self, timeout: TimeoutTypes) -> None:
        self._timeout = _to_timeout(timeout)

    @property
    def event_hooks(self) -> EventHooks | AsyncEventHooks:
        """Functions that are called with each request ("request") and response ("response")."""
        return cast("EventHooks", self._event_hooks)

    @event_hooks.setter
    def event_hooks(self, event_hooks: EventHookFunctions | AsyncEventHookFunctions) -> None:
        if not isinstance(event_hooks, Mapping):
            raise TypeError(
                "event_hooks: observers are given where a client is made, Client(event_hooks="
                "[...]); what can be set later are functions, {'request': [...], 'response': "
                "[...]}."
            )
        self._event_hooks = {"request": [], "response": []}
        self._add_event_hooks(event_hooks)

    def _add_event_hooks(self, event_hooks: Mapping[str, Any]) -> None:
        if unknown := sorted(set(event_hooks) - {"request", "response"}):
            raise ValueError(
                f"event_hooks: no event {unknown[0]!r}; there are 'request' and 'response'."
            )
        for event, functions in event_hooks.items():
            self._event_hooks[event] = [*self._event_hooks[event], *functions]

    @property
    def auth(self) -> Auth | None:
        """The authentication of requests that bring none of their own."""
        return self._auth

    @auth.setter
    def auth(self, auth: AuthTypes | None) -> None:
        self._auth = build_auth(auth)

    @property
    def base_url(self) -> URL:
        """What relative URLs are appended to; it ends in a slash."""
        return self._base_url

    @base_url.setter
    def base_url(self, url: URLTypes) -> None:
        self._base_url = _with_trailing_slash(URL(url))
        self._merged_urls = {}

    @property
    def headers(self) -> Headers:
        """The headers of every request; those that a request brings itself take precedence."""
        return self._headers

    @headers.setter
    def headers(self, headers: HeaderTypes | None) -> None:
        client_headers = Headers(
            {
                b"Accept": b"*/*",
                b"Accept-Encoding": self._accept_encoding().encode("ascii"),
                b"Connection": b"keep-alive",
                b"User-Agent": USER_AGENT.encode("ascii"),
            }
        )
        client_headers.update(headers)
        self._headers = client_headers

    @property
    def cookies(self) -> Cookies:
        """The cookies that were set here or by servers."""
        return self._cookies

    @cookies.setter
    def cookies(self, cookies: CookieTypes | None) -> None:
        self._cookies = Cookies(cookies)

    @property
    def params(self) -> QueryParams:
        """The query parameters of every request."""
        return self._params

    @params.setter
    def params(self, params: QueryParamTypes | None) -> None:
        self._params = QueryParams(params)

    # -- Building a request -----------------------------------------------------------------

    def build_request(
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
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Request:
        """A request with the client's settings merged in, to be sent by `send`.

        The arguments are those of `request`. Raises InvalidURL, and TypeError for arguments of the
        wrong type.
        """
        if extensions is None or "timeout" not in extensions:
            effective = self._timeout if timeout is USE_CLIENT_DEFAULT else _to_timeout(timeout)  # type: ignore[arg-type]
            phases = effective.as_dict()
            extensions = {**extensions, "timeout": phases} if extensions else {"timeout": phases}
        merged_url = self._merge_url(url)
        if self._cookies._jar is not None:
            self._cookies._bind(merged_url)
        return Request(
            method,
            merged_url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=self._merge_queryparams(params),
            headers=self._merge_headers(headers),
            cookies=self._merge_cookies(cookies),
            extensions=extensions,
            json_encoder=self._json_encoder,
        )

    def _merge_url(self, url: URLTypes) -> URL:
        if type(url) is str and (merged := self._merged_urls.get(url)) is not None:
            return merged
        parsed = parse_url(url)
        parts = parsed._parts
        if parts.scheme and (parts.host or not self._base_url._parts.host):
            return parsed
        # Appended, not resolved: "/path" stays below the base's own path.
        path = self._base_url.raw_path + parsed.raw_path.lstrip(b"/")
        merged = self._base_url.copy_with(raw_path=path)
        if type(url) is str:
            if len(self._merged_urls) >= _MERGED_URLS_KEPT:
                self._merged_urls.clear()
            self._merged_urls[url] = merged
        return merged

    def _merge_headers(self, headers: HeaderTypes | None = None) -> HeaderTypes | None:
        if headers is None:
            return self._headers
        merged = Headers(self._headers)
        merged.update(headers)
        return merged

    def _merge_cookies(self, cookies: CookieTypes | None = None) -> CookieTypes | None:
        if not cookies:
            return self._cookies
        merged = Cookies(self._cookies)
        merged.update(cookies)
        return merged

    def _merge_queryparams(self, params: QueryParamTypes | None = None) -> QueryParamTypes | None:
        if not self._params:
            return params
        return self._params.merge(params)

    # -- Sending one ------------------------------------------------------------------------

    async def _send(
        self,
        request: Request,
        stream: bool,
        auth: AuthTypes | UseClientDefault | None,
        follow_redirects: bool | UseClientDefault,
    ) -> Response:
        """The life of a call: everything that `send` does, for both kinds of client."""
        if self._state is not ClientState.OPENED:
            if self._state is ClientState.CLOSED:
                raise RuntimeError("Cannot send a request, as the client has been closed.")
            self._state = ClientState.OPENED
        extensions = request.extensions
        if "timeout" not in extensions:
            extensions["timeout"] = self._timeout.as_dict()
        timeout = extensions["timeout"]
        if isinstance(timeout, dict) and "total" in timeout:
            extensions["timeout"] = start_total(timeout)
        follow = (
            self.follow_redirects
            if isinstance(follow_redirects, UseClientDefault)
            else follow_redirects
        )
        effective_auth = self._request_auth(request, auth)
        if self._call_middleware:
            response = await self._through_middleware(request, effective_auth, follow)
        else:
            response = await self._exchange(request, effective_auth, follow)
        if not stream:
            try:
                await response._read(is_async=self._is_async)
            except BaseException:
                await response._abandon(is_async=self._is_async)
                raise
        return response

    async def _through_middleware(
        self, request: Request, auth: Auth | None, follow: bool
    ) -> Response:
        async def innermost(request: Request) -> Response:
            return await self._exchange(request, auth, follow)

        send: Hop = innermost
        for layer in self._call_middleware:
            send = around(layer, send, is_async=self._is_async, adopt=self._adopt)
        return await send(request)

    async def _exchange(self, request: Request, auth: Auth | None, follow: bool) -> Response:
        """One request and the redirects that follow it."""
        if auth is None:
            response = await self._hop(request)
        else:
            response = await run_auth(auth, request, self._hop, is_async=self._is_async)
        if not response.has_redirect_location:
            return response
        return await self._redirected(request, response, auth, follow)

    async def _redirected(
        self, request: Request, response: Response, auth: Auth | None, follow: bool
    ) -> Response:
        # The request that was really answered: authentication may have sent another than ours.
        first_url = request.url
        history: list[Response] = []
        try:
            while response.has_redirect_location:
                following = redirect_request(response.request, response, self._cookies)
                if not follow:
                    response.next_request = following
                    break
                await response._read(is_async=self._is_async)
                history = [*response.history, response]
                if len(history) > self.max_redirects:
                    raise TooManyRedirects("Exceeded maximum allowed redirects.", request=following)
                # Credentials go to the origin that they were given for, and nowhere else.
                if auth is not None and may_authenticate(first_url, following.url):
                    response = await run_auth(auth, following, self._hop, is_async=self._is_async)
                else:
                    response = await self._hop(following)
                response.history = [*history, *response.history]
        except BaseException:
            await response._abandon(is_async=self._is_async)
            raise
        return response

    async def _dispatch(self, request: Request) -> Response:
        """One message on the wire: the hooks, the transport, and what follows from the head."""
        if request_hooks := self._event_hooks["request"]:
            await self._call_hooks(request_hooks, request)
        stream = request.stream
        if type(stream) is not ByteStream:
            self._check_stream(stream)
        extensions = request.extensions
        timeout = extensions.get("timeout")
        bounds = self._bounds
        if len(extensions) > 1:
            from ._bounds import bounds_for

            bounds = bounds_for(bounds, extensions)
        started = perf_counter()
        try:
            if type(timeout) is RunningTimeout:
                # It may have run out since the last wait.
                timeout.get("read")
            response = await self._call_transport(request)
        except RequestError as exc:
            if type(timeout) is RunningTimeout:
                timeout.explain(exc)
            if exc._request is None:
                exc._request = request
            raise
        response._request = request
        response._started = started
        if bounds is not None:
            response._bounds = bounds
        response.default_encoding = self._default_encoding
        if self._decoders is not None:
            response._known_decoders = self._decoders
        if self._json_decoder is not None and response._json_decoder is None:
            response._json_decoder = self._json_decoder
        if response.headers._has(b"set-cookie"):
            self._cookies.extract_cookies(response)
        logger = self._logger
        if logger is None and "logging" in modules:
            logger = _find_logger()
        if logger is not None and logger.isEnabledFor(_INFO):
            logger.info(
                'HTTP Request: %s %s "%s %d %s"',
                request.method,
                request.url._masked(),
                response.http_version,
                response.status_code,
                response.reason_phrase,
            )
        if response_hooks := self._event_hooks["response"]:
            try:
                await self._call_hooks(response_hooks, response)
            except BaseException:
                await response._abandon(is_async=self._is_async)
                raise
        return response

    def _adopt(self, request: Request, response: Response) -> None:
        """Give a response that a middleware made itself what `_dispatch` gives to all others."""
        bounds = self._bounds
        if len(request.extensions) > 1:
            from ._bounds import bounds_for

            bounds = bounds_for(bounds, request.extensions)
        response._bounds = bounds
        response.default_encoding = self._default_encoding
        if self._decoders is not None:
            response._known_decoders = self._decoders
        if response._json_decoder is None:
            response._json_decoder = self._json_decoder

    async def _observed_dispatch(self, request: Request) -> Response:
        observers = self._observers
        assert observers is not None
        observers.emit("request_started", request)
        try:
            response = await self._dispatch(request)
        except BaseException as exc:
            observers.emit("request_failed", request, exc)
            raise
        response._observers = observers.response_finished
        observers.emit("response_started", response)
        return response

    def _request_auth(
        self, request: Request, auth: AuthTypes | UseClientDefault | None
    ) -> Auth | None:
        chosen = self._auth if isinstance(auth, UseClientDefault) else build_auth(auth)
        if chosen is not None:
            return chosen
        if request.url._parts.userinfo:
            return BasicAuth(request.url.username, request.url.password)
        return None

    def _transport_for_url(self, url: URL) -> Any:
        """The transport for a URL: the most specific mount that matches, or the default."""
        mounts = self._mounts
        if not mounts:
            return self._transport
        if not hasattr(mounts, "choose"):
            # A dict that the program has put in their place.
            from ._mounts import Mounts

            mounts = Mounts(mounts)
        transport = mounts.choose(url)
        return self._transport if transport is None else transport

    def connections(self) -> PoolSnapshot:
        """The connections of this moment: which there are, and what each of them is doing.

        Those of the transports that can tell: hookline's own, and others with a method of that
        name. Asks nothing of the peers, waits for nobody, and may be called from any thread.
        """
        from ._introspection import snapshot_of

        return snapshot_of([self._transport, *self._mounts.values()])

    # -- Copies ------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        from ._pickling import client_state

        return client_state(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        from ._pickling import restore_client

        restore_client(self, state)

    def __copy__(self: C) -> C:
        from ._pickling import copied

        return copied(self)

    def __deepcopy__(self: C, memo: dict[int, Any]) -> C:
        from ._pickling import deeply_copied

        return deeply_copied(self, memo)

    # -- What differs by mode ---------------------------------------------------------------

    async def _call_transport(self, request: Request) -> Response:
        raise NotImplementedError

    async def _call_hooks(self, hooks: Sequence[Callable[..., Any]], argument: Any) -> None:
        raise NotImplementedError

    def _check_stream(self, stream: SyncByteStream | AsyncByteStream) -> None:
        raise NotImplementedError

    def _open(self) -> None:
        if self._state is not ClientState.UNOPENED:
            raise RuntimeError(
                {
                    ClientState.OPENED: "Cannot open a client instance more than once.",
                    ClientState.CLOSED: (
                        "Cannot reopen a client instance, once it has been closed."
                    ),
                }[self._state]
            )
        self._state = ClientState.OPENED

    def _unfit(self, transport: Any, response: Any) -> TypeError:
        mode = "asynchronous" if self._is_async else "synchronous"
        if not isinstance(response, Response):
            from ._blame import shown

            return TypeError(
                f"The transport {type(transport).__name__} returned {shown(response)}; "
                "expected a hookline.Response."
            )
        return TypeError(
            f"The transport {type(transport).__name__} returned a response whose stream, a "
            f"{type(response.stream).__name__}, cannot be read by the {mode} client."
        )

    # -- Construction -----------------------------------------------------------------------

    def _accept_encoding(self) -> str:
        decoders = self._decoders
        if decoders is None:
            decoders = manager_or_default(None).registry.decoder_classes
        return ", ".join(decoders) or "identity"

    def _pool_options(
        self,
        verify: VerifyTypes,
        cert: CertTypes | None,
        trust_env: bool,
        http1: bool,
        http2: bool,
        limits: Limits,
        protocols: Sequence[ProtocolTypes] | None,
    ) -> dict[str, Any]:
        """The arguments of `_init_transport`: hookline's own only where they are used, because
        packages override that method with httpx's list of arguments."""
        options: dict[str, Any] = {
            "verify": verify,
            "cert": cert,
            "trust_env": trust_env,
            "http1": http1,
            "http2": http2,
            "limits": limits,
        }
        if protocols is not None:
            options["protocols"] = protocols
        if self._observers is not None:
            options["observers"] = self._observers
        if self._plugins is not None:
            options["plugins"] = self._plugins
        return options

    def _build_transport(self, spec: Any, base: type[Any], options: dict[str, Any]) -> Any:
        """A transport that was given: an instance, or one to be made by name."""
        return None if spec is None else build("transports", spec, base, self._plugins, options)

    def _build_mounts(
        self,
        mounts: Mapping[str, Any] | None,
        base: type[Any],
        proxy: ProxyArgument | None,
        proxies: ProxiesTypes | None,
        options: dict[str, Any],
        *,
        use_environment: bool,
    ) -> None:
        """Transports by URL pattern. A mount takes the place of a proxy with the same pattern."""
        built: dict[URLPattern, Any] = {}
        for pattern, through in proxies_by_pattern(proxy, proxies).items():
            built[pattern] = (
                None if through is None else self._init_proxy_transport(through, **options)
            )
        if use_environment and proxy is None and proxies is None and may_have_proxies():
            self._mount_environment(built, options)
        for key, spec in (mounts or {}).items():
            built[URLPattern(key)] = self._build_transport(spec, base, options)
        if built:
            from ._mounts import Mounts

            self._mounts = Mounts(sorted(built.items(), key=lambda item: item[0]))

    def _mount_environment(self, built: dict[URLPattern, Any], options: dict[str, Any]) -> None:
        from ._environment import UnusableProxy, environment_proxies

        for pattern, proxy in environment_proxies().items():
            try:
                built[pattern] = (
                    None if proxy is None else self._init_proxy_transport(proxy, **options)
                )
            except (PluginError, TypeError, ValueError) as exc:
                assert proxy is not None
                built[pattern] = UnusableProxy(proxy, exc)

    def _init_proxy_transport(self, proxy: Any, **options: Any) -> Any:
        raise NotImplementedError


def _find_logger() -> Logger:
    import logging

    BaseClient._logger = logging.getLogger("hookline")
    return BaseClient._logger


def _with_trailing_slash(url: URL) -> URL:
    if not url._parts.host and not url._parts.path:
        return url
    if url.raw_path.endswith(b"/"):
        return url
    return url.copy_with(raw_path=url.raw_path + b"/")


def _to_timeout(timeout: TimeoutTypes) -> Timeout:
    return timeout if isinstance(timeout, Timeout) else Timeout(timeout)
