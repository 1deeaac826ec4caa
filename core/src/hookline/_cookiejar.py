"""The faces that the standard library's cookie jar wants to see of requests and responses.

Imported with the first cookie, and not before.
"""

from __future__ import annotations

import copy
import email.message
import urllib.request
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._models import Request, Response
    from ._url import URL


class JarRequest(urllib.request.Request):
    """A request as `http.cookiejar` knows it; the Cookie header goes to the real one."""

    def __init__(self, request: Request) -> None:
        url = request.url
        if url._parts.userinfo:
            # The jar would take the password for a part of the host.
            url = url.copy_with(userinfo=None)
        super().__init__(url=str(url), headers=dict(request.headers), method=request.method)
        self.request = request

    def add_unredirected_header(self, key: str, val: str) -> None:
        """Called by the jar to set the Cookie header."""
        super().add_unredirected_header(key, val)
        self.request.headers[key] = val


class JarResponse:
    """A response as `http.cookiejar` knows it: something with an `info()`."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def info(self) -> email.message.Message:
        """The headers as an `email.message.Message`."""
        info = email.message.Message()
        for name, value in self.response.headers.multi_items():
            # Item assignment adds: that is this class's way to a second Set-Cookie.
            info[name] = value
        return info


def create_jar() -> CookieJar:
    """A jar in which a cookie that a host set for itself alone stays with it (RFC 6265 section
    5.3, the host-only-flag); Python's default sends it to the host's subdomains too."""
    policy = DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)
    return CookieJar(policy)


def bind(jar: CookieJar, url: URL) -> None:
    """Make the cookies without a domain those of a URL's host, as if it had set them."""
    host = url.netloc.decode("ascii")
    if url.port is not None:
        host = host.rpartition(":")[0]
    # What the jar calls a host without a dot.
    domain = host if "." in host else f"{host}.local"
    for cookie in [cookie for cookie in jar if not cookie.domain]:
        jar.clear("", cookie.path, cookie.name)
        # Other jars may hold the same object.
        bound = copy.copy(cookie)
        bound.domain = domain
        jar.set_cookie(bound)


def plain_cookie(name: str, value: str, domain: str, path: str) -> Cookie:
    """A session cookie with nothing but name, value, domain and path."""
    return Cookie(
        version=0,
        name=name,
        value=value,
        port=None,
        port_specified=False,
        domain=domain,
        domain_specified=bool(domain),
        domain_initial_dot=domain.startswith("."),
        path=path,
        path_specified=bool(path),
        secure=False,
        expires=None,
        discard=True,
        comment=None,
        comment_url=None,
        rest={"HttpOnly": ""},
        rfc2109=False,
    )
