"""The faces that the standard library's cookie jar wants to see of requests and responses.

Imported with the first cookie, and not before.
"""

from __future__ import annotations

import email.message
import urllib.request
from http.cookiejar import Cookie
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._models import Request, Response


class JarRequest(urllib.request.Request):
    """A request as `http.cookiejar` knows it; the Cookie header goes to the real one."""

    def __init__(self, request: Request) -> None:
        super().__init__(url=str(request.url), headers=dict(request.headers), method=request.method)
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
