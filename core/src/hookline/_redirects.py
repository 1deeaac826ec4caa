"""From a redirect response to the request that follows it (RFC 9110 section 15.4).

Knows methods, locations and which headers may travel. Sends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._cookies import Cookies
from ._errors import InvalidURL, RemoteProtocolError
from ._headers import Headers
from ._models import Request
from ._url import URL

if TYPE_CHECKING:
    from ._models import Response
    from ._streams import AsyncByteStream, SyncByteStream


def redirect_request(request: Request, response: Response, cookies: Cookies) -> Request:
    """The request that a redirect asks for.

    Raises RemoteProtocolError where its Location is no URL.
    """
    method = _method(request, response)
    url = _url(request, response)
    cookies._bind(url)
    stream: SyncByteStream | AsyncByteStream | None = request.stream
    if method != request.method and method == "GET":
        stream = None
    follow_up = Request(
        method,
        url,
        headers=_headers(request, url, method),
        cookies=cookies,
        stream=stream,
        extensions=_extensions(request, url),
    )
    if stream is not None and hasattr(request, "_content"):
        follow_up._content = request._content
    return follow_up


def _method(request: Request, response: Response) -> str:
    method = request.method
    # RFC 9110 section 15.4.4.
    if response.status_code == 303 and method != "HEAD":
        return "GET"
    # What every browser does, which RFC 9110 sections 15.4.2 and 15.4.3 allow for POST.
    if response.status_code == 302 and method not in ("HEAD", "QUERY"):
        return "GET"
    if response.status_code == 301 and method == "POST":
        return "GET"
    return method


def _url(request: Request, response: Response) -> URL:
    location = response.headers["Location"]
    try:
        url = URL(location)
        if url.scheme and not url.host:
            # "https:///path", which some servers write.
            url = url.copy_with(host=request.url.host)
        if url.is_relative_url:
            url = request.url.join(url)
    except InvalidURL as exc:
        raise RemoteProtocolError(
            f"Invalid URL in location header: {exc}.", request=request
        ) from exc
    # RFC 9110 section 10.2.2: the fragment carries over.
    if request.url.fragment and not url.fragment:
        url = url.copy_with(fragment=request.url.fragment)
    return url


def _headers(request: Request, url: URL, method: str) -> Headers:
    headers = Headers(request.headers)
    if not same_origin(url, request.url):
        if not may_authenticate(request.url, url):
            headers._remove(b"authorization")
        # Proxies see to their own; an origin is none of theirs.
        headers._remove(b"proxy-authorization")
        headers["Host"] = url.netloc.decode("ascii")
    if method != request.method and method == "GET":
        headers._remove(b"content-length")
        headers._remove(b"transfer-encoding")
    # The cookies that belong to the new URL are set from the jar.
    headers._remove(b"cookie")
    return headers


def _extensions(request: Request, url: URL) -> dict[str, object]:
    """What was said of one URL is not said of where it leads."""
    extensions = dict(request.extensions)
    extensions.pop("target", None)
    if url.host != request.url.host:
        extensions.pop("sni_hostname", None)
    return extensions


def same_origin(url: URL, other: URL) -> bool:
    """Whether what is said to one is said to the other."""
    return url.origin == other.origin


def may_authenticate(url: URL, location: URL) -> bool:
    """Whether credentials that were given for a URL may be sent to where it redirects: to the same
    origin, and from http to https on the same host, where they are safer than before."""
    return same_origin(url, location) or _is_https_upgrade(url, location)


def _is_https_upgrade(url: URL, location: URL) -> bool:
    return (
        url.host == location.host
        and url.origin[::2] == ("http", 80)
        and location.origin[::2] == ("https", 443)
    )
