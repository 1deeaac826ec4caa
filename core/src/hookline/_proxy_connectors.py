"""`HTTPProxyConnector`: to an origin through an HTTP proxy.

Knows which way a request takes: through a tunnel (https, and http where that was asked for), or
forwarded by the proxy. What is said for a tunnel is in `_tunnel.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from ._auth import Auth, basic_credentials
from ._errors import ConnectError, ConnectTimeout, ProxyError
from ._models import Request, Response
from ._proxy import to_proxy
from ._proxy_auth import _copy, proxy_auth_flow
from ._timeout import Deadline
from ._url import URL, Origin
from .plugins.interfaces import Connector, Network, NetworkStream

if TYPE_CHECKING:
    import ssl

    from ._tunnel import Handshake
    from ._types import ProxyTypes

Handle = Callable[[Request], Coroutine[Any, Any, Response]]

# What is spoken to the proxy itself, whatever is spoken to origins through it.
_ALPN = "http/1.1"


class HTTPProxyConnector(Connector):
    """Goes through an HTTP proxy: `{"name": "http-proxy", "options": {"proxy": "http://..."}}`.

    https:// requests, and http:// ones where the proxy has `tunnel`, go through a tunnel that the
    proxy makes for CONNECT. Other http:// requests are written to the proxy with the whole URL in
    the request line (RFC 9112 section 3.2.2).

    - `proxy`: a URL or a `hookline.Proxy`.
    - `share_connections`: whether forwarded requests to different origins use the same connections.
      RFC 9112 lets them. But there are proxies that look at the first request of a connection and
      send all others after it, cookies and all, so it is to be asked for: where the proxy is known
      to do better (Squid, for one), it saves connections.

    A Proxy-Authorization header is for the proxy alone: it is taken out of what goes through a
    tunnel.

    Raises TypeError where `proxy` is neither a URL nor a `hookline.Proxy`, and ValueError for a URL
    that is not http:// or https://.
    """

    name: ClassVar[str] = "http-proxy"
    schemes: ClassVar[tuple[str, ...]] = ("http", "https")

    def __init__(self, proxy: ProxyTypes, *, share_connections: bool = False) -> None:
        self._proxy = proxy = to_proxy(proxy)
        if proxy.url.scheme not in self.schemes:
            raise ValueError(
                f"proxy: {str(proxy.url)!r} is not for an HTTP proxy; expected 'http://...' or "
                "'https://...'."
            )
        self._origin = proxy.url.origin
        self._where = str(self._origin)
        self._headers = proxy.headers.copy()
        self.via = str(proxy.url)
        self._auth: Auth | None = None
        if proxy.raw_auth is not None:
            # Without a challenge: these are credentials that can be sent at once.
            self._headers["Proxy-Authorization"] = basic_credentials(*proxy.raw_auth)
        elif isinstance(proxy.auth, Auth):
            self._auth = proxy.auth
        # The scheme is that of what is spoken over the connection: TLS with the proxy is ours.
        self._forward_route = (
            Origin("http", self._origin.host, self._origin.port) if share_connections else None
        )

    # -- The way of a request ---------------------------------------------------------------

    def route(self, origin: Origin) -> Origin:
        """The origin; the proxy for what it forwards, where connections are shared."""
        if self._forward_route is not None and self._forwards(origin.scheme):
            return self._forward_route
        return origin

    def adapt(self, request: Request) -> Request:
        """The request as the proxy wants it, or without what the origin must not see."""
        items = request.headers._list
        if not self._forwards(request.url._parts.scheme):
            if not request.headers._has(b"proxy-authorization"):
                return request
            return _copy(request, [item for item in items if item[1] != b"proxy-authorization"])
        ours = self._headers._list
        if ours:
            if self._proxy.raw_auth is not None:
                items = [item for item in items if item[1] != b"proxy-authorization"]
            names = {item[1] for item in items}
            items = [*items, *(item for item in ours if item[1] not in names)]
        adapted = _copy(request, items)
        adapted.extensions["target"] = _absolute(request)
        return adapted

    def authenticating(self, send: Handle, *, is_async: bool) -> Handle:
        """`send`, answering the proxy where it asks for more than a password on the requests that
        it forwards: what a connector, which sees no responses, cannot do."""
        auth = self._auth
        if auth is None or self._proxy.tunnel:
            return send

        async def authenticated(request: Request) -> Response:
            if not self._forwards(request.url._parts.scheme):
                return await send(request)
            return await self._forward(auth, request, send, is_async=is_async)

        return authenticated

    async def _forward(
        self, auth: Auth, request: Request, send: Handle, *, is_async: bool
    ) -> Response:
        proxy_url = self._proxy.url
        may_sign = type(auth).needs_request_body is not Auth.needs_request_body
        if may_sign or auth.needs_request_body(_to(proxy_url, request), None):
            # Whether a scheme signs the body is known when the proxy has asked; by then it is sent.
            await request._read(is_async=is_async)
        flow = proxy_auth_flow(auth, _to(proxy_url, self.adapt(request)))
        try:
            wanted = next(flow)
            while True:
                response = await send(_to(request.url, wanted))
                try:
                    if auth.requires_response_body:
                        await response._read(is_async=is_async)
                    wanted = flow.send(response)
                    await response._read(is_async=is_async)
                except StopIteration:
                    return response
                except BaseException:
                    await response._abandon(is_async=is_async)
                    raise
        finally:
            flow.close()

    def _forwards(self, scheme: str) -> bool:
        return scheme == "http" and not self._proxy.tunnel

    # -- Connecting -------------------------------------------------------------------------

    async def connect(self, origin: Origin, network: Network, deadline: Deadline) -> NetworkStream:
        """A connection to the proxy, or a tunnel through it.

        Raises ConnectError and ConnectTimeout where the proxy cannot be reached, ConnectTimeout
        where it does not answer, and ProxyError, with `status_code`, where it refuses.
        """
        if self._forwards(origin.scheme):
            return await self._reach(network, deadline)
        from ._tunnel import Handshake, refused

        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        target = f"{host}:{origin.port}"
        flow = self._questions(target)
        handshake: Handshake | None = None
        try:
            wanted = next(flow)
            while True:
                if handshake is None:
                    stream = await self._reach(network, deadline)
                    handshake = Handshake(stream, self._where, deadline)
                try:
                    response = await handshake.ask(wanted)
                except ProxyError:
                    if not handshake.was_left_unasked:
                        raise
                    handshake.stream.close()
                    handshake = None
                    continue
                if response.is_success:
                    # Some schemes are told here what to say the next time.
                    with suppress(StopIteration):
                        flow.send(response)
                    return handshake.tunnel()
                if self._auth is not None:
                    await handshake.read_body(response, is_wanted=self._auth.requires_response_body)
                try:
                    wanted = flow.send(response)
                except StopIteration:
                    raise refused(
                        response,
                        self._where,
                        target,
                        had_credentials=wanted.headers._has(b"proxy-authorization"),
                    ) from None
                if not handshake.can_ask_again:
                    handshake.stream.close()
                    handshake = None
        except BaseException:
            if handshake is not None:
                handshake.stream.close()
            raise
        finally:
            flow.close()

    def _questions(self, target: str) -> Generator[Request, Response, None]:
        """The CONNECT requests to make; each yield returns the answer to it."""
        headers = self._headers.copy()
        if not headers._has(b"host"):
            headers._list.insert(0, (b"Host", b"host", target.encode("ascii")))
        request = Request(
            "CONNECT",
            self._proxy.url,
            headers=headers,
            extensions={"target": target.encode("ascii")},
        )
        if self._auth is not None:
            return proxy_auth_flow(self._auth, request)
        return _once(request)

    async def _reach(self, network: Network, deadline: Deadline) -> NetworkStream:
        """A connection to the proxy itself."""
        host = self._origin.host
        context = self._ssl_context() if self._origin.scheme == "https" else None
        try:
            stream = await network.connect_tcp(host, self._origin.port, deadline)
            if context is None:
                return stream
            from ._tls_errors import PROXY_TRUST
            from ._tls_stream import start_tls

            tls = await start_tls(stream, context, host, deadline, (_ALPN,), trust=PROXY_TRUST)
        except (ConnectError, ConnectTimeout) as exc:
            kind = type(exc)
            message = f"The proxy {self._where} cannot be reached: {exc}"
            raise kind(message) from (exc.__cause__ or exc)
        return tls

    def _ssl_context(self) -> ssl.SSLContext:
        if self._proxy.ssl_context is not None:
            return self._proxy.ssl_context
        from ._tls import TLSSettings, shared_context

        return shared_context(TLSSettings(alpn=(_ALPN,)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._proxy!r})"


def _once(request: Request) -> Generator[Request, Response, None]:
    yield request


def _to(url: URL, request: Request) -> Request:
    copy = _copy(request, request.headers._list)
    copy.url = url
    return copy


def _absolute(request: Request) -> bytes:
    """The request target that a proxy is given (RFC 9112 section 3.2.2): the URL without user name,
    password and fragment; where the user chose another target, with that."""
    target = request.extensions.get("target") or request.url.raw_path
    if type(target) is not bytes:
        raise TypeError(f'extensions["target"]: expected bytes, not {target!r}.')
    start = b"http://" + request.url.netloc
    if target.startswith(b"/"):
        return start + target
    # OPTIONS * is written as a URL without a path (RFC 9112 section 3.2.4).
    return start if target == b"*" else target
