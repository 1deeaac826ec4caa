"""Any scheme of authentication, spoken to a proxy (RFC 9110 section 11.7).

Knows which header stands for which. A flow is written for servers; what is here turns its words
round on the way out and on the way back. Sends nothing: whoever runs the flow does.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from ._errors import ProxyError
from ._headers import Headers, Item
from ._models import Request, Response

if TYPE_CHECKING:
    from ._auth import Auth

# RFC 9110 sections 11.6 and 11.7: what a proxy sends, and what a server sends in its place.
_AS_FROM_SERVER = {
    b"proxy-authenticate": b"WWW-Authenticate",
    b"proxy-authentication-info": b"Authentication-Info",
}
# What the origin said behind the proxy, and a proxy's cookies: none of the flow's business.
_NOT_FOR_THE_FLOW = frozenset({b"www-authenticate", b"authentication-info", b"set-cookie"})

_AS_FROM_SERVER_STATUS = {407: 401, 401: 407}


def proxy_auth_flow(auth: Auth, request: Request) -> Generator[Request, Response, None]:
    """Run `auth.auth_flow` against a proxy: yields the requests to send, and is sent the responses.

    `request` is the message as the proxy gets it. Its `url` is the proxy's own, so that what a
    scheme remembers is kept for the proxy; where the request line says something else, as for
    CONNECT, that is `extensions["target"]`, in bytes. The request itself stays as it is: what is
    yielded are copies of it, with Proxy-Authorization.

    The flow sees a 407 as a 401, and its Proxy-Authenticate as WWW-Authenticate. It sees the bodies
    of responses that were read. When it is over, the last response is the answer.

    Raises ProxyError where the scheme wants to send a request of its own, to elsewhere, before it
    knows what to say; and whatever the flow raises.
    """
    flow = auth.auth_flow(_as_to_server(request))
    try:
        try:
            wanted: Any = next(flow, None)
            while True:
                if not hasattr(wanted, "method"):
                    from ._blame import wrong_type

                    raise wrong_type("auth flow", auth, wanted, "a hookline.Request")
                if wanted.method != request.method or wanted.url != request.url:
                    raise ProxyError(
                        f"The authentication for the proxy, {type(auth).__name__}, wants to send "
                        f"{wanted!r} first. Towards a proxy, only the request itself is sent.",
                        request=request,
                    )
                response = yield _as_to_proxy(wanted, request)
                wanted = flow.send(_as_from_server(response, wanted))
        except StopIteration:
            return
        except Exception as exc:
            from ._blame import blame

            blame(exc, "auth flow", auth)
            raise
    finally:
        # It may be no generator at all, which is what was raised then.
        if hasattr(flow, "close"):
            flow.close()


def _as_to_server(request: Request) -> Request:
    """A copy for the flow to write to; what is meant for the origin is not shown to it."""
    items = [
        item
        for item in request.headers._list
        if item[1] not in (b"authorization", b"proxy-authorization")
    ]
    return _copy(request, items)


def _as_to_proxy(wanted: Request, original: Request) -> Request:
    """What the flow asks for, as it goes out: its Authorization is for the proxy."""
    items: list[Item] = []
    for name, lower, value in wanted.headers._list:
        if lower == b"authorization":
            items.append((b"Proxy-Authorization", b"proxy-authorization", value))
        else:
            items.append((name, lower, value))
    kept = {b"authorization"}
    if not wanted.headers._has(b"authorization"):
        kept.add(b"proxy-authorization")
    items += [item for item in original.headers._list if item[1] in kept]
    return _copy(wanted, items)


def _as_from_server(response: Response, request: Request) -> Response:
    """The response as the flow sees it; its body, where there is one, is the proxy's."""
    items: list[Item] = []
    for name, lower, value in response.headers._list:
        if lower in _NOT_FOR_THE_FLOW:
            continue
        translated = _AS_FROM_SERVER.get(lower)
        if translated is None:
            items.append((name, lower, value))
        else:
            items.append((translated, translated.lower(), value))
    status = response.status_code
    seen = Response(
        _AS_FROM_SERVER_STATUS.get(status, status),
        headers=Headers._of(items),
        stream=response.stream,
        request=request,
        extensions=response.extensions,
        default_encoding=response.default_encoding,
    )
    if hasattr(response, "_content"):
        seen._content = response._content
        seen.is_closed = seen.is_stream_consumed = True
    return seen


def _copy(request: Request, items: list[Item]) -> Request:
    copy = Request(
        request.method,
        request.url,
        headers=Headers._of(items),
        stream=request.stream,
        extensions=request.extensions,
    )
    if hasattr(request, "_content"):
        copy._content = request._content
    return copy
