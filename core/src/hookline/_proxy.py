"""`Proxy`: where a proxy is, and what it wants to be told; and which requests are for which.

Knows a URL, credentials and headers. How a connection goes through one is in the connectors.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ._auth import Auth, build_auth
from ._errors import InvalidURL
from ._headers import _SENSITIVE, Headers
from ._pattern import URLPattern
from ._url import URL
from .plugins.interfaces import Connector

if TYPE_CHECKING:
    import ssl

    from ._types import (
        AuthTypes,
        HeaderTypes,
        NameTable,
        ProxiesTypes,
        ProxyArgument,
        ProxyTypes,
        URLTypes,
    )

# A client that finds none of them set asks the environment no further.
_VARIABLES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


class Proxy:
    """A proxy: `Proxy("http://localhost:3128", auth=("user", "password"))`.

    - `url`: its scheme says how it is spoken to: "http" and "https" (TLS up to the proxy), and
      whatever connectors are installed for, such as "socks5". User name and password in it become
      `auth`, and are taken out of `url`.
    - `ssl_context`: for TLS with the proxy itself; the default one, where there is none.
    - `auth`: (username, password), or an `Auth` where the proxy asks for more than Basic.
    - `headers`: sent to the proxy, with CONNECT and with each request that it forwards.
    - `tunnel`: whether http:// requests go through a CONNECT tunnel too, where the proxy would
      otherwise forward them; https:// requests always do.

    Raises InvalidURL, and ValueError for a URL without a host.
    """

    def __init__(
        self,
        url: URLTypes,
        *,
        ssl_context: ssl.SSLContext | None = None,
        auth: AuthTypes | None = None,
        headers: HeaderTypes | None = None,
        tunnel: bool = False,
    ) -> None:
        parsed = _parsed(url)
        if parsed.username or parsed.password:
            # The URL's own credentials stand behind those that were given apart.
            auth = auth or (parsed.username, parsed.password)
            parsed = parsed.copy_with(username=None, password=None)
        if not parsed.scheme or not parsed.host:
            raise ValueError(
                f"proxy: {str(parsed)!r} is no proxy URL; expected one such as "
                "'http://localhost:3128'."
            )
        if ssl_context is not None and not hasattr(ssl_context, "wrap_bio"):
            raise TypeError(
                f"proxy: ssl_context is an ssl.SSLContext, not a {type(ssl_context).__name__}."
            )
        self.url: URL = parsed
        # A pair stays one: not every proxy speaks HTTP. It is checked all the same.
        checked = build_auth(auth)
        self.auth: tuple[str | bytes, str | bytes] | Auth | None = (
            auth if isinstance(auth, tuple) else checked
        )
        self.headers: Headers = Headers(headers)
        self.ssl_context = ssl_context
        self.tunnel = tunnel

    @property
    def raw_auth(self) -> tuple[bytes, bytes] | None:
        """User name and password as bytes (UTF-8), where there are any."""
        if not isinstance(self.auth, tuple):
            return None
        username, password = (
            part.encode("utf-8") if isinstance(part, str) else part for part in self.auth
        )
        return username, password

    def __repr__(self) -> str:
        parts = [repr(str(self.url))]
        if isinstance(self.auth, tuple):
            parts.append(f"auth=({self.auth[0]!r}, '********')")
        elif self.auth is not None:
            parts.append(f"auth={type(self.auth).__name__}(...)")
        if self.headers:
            shown = {
                name: "[secure]" if name in _SENSITIVE else value
                for name, value in self.headers.items()
            }
            parts.append(f"headers={shown!r}")
        if self.tunnel:
            parts.append("tunnel=True")
        return f"Proxy({', '.join(parts)})"


def _parsed(url: URLTypes) -> URL:
    """The URL of a proxy. Where it has an "@", errors do not quote it: what is wrong with it may be
    a piece of the password."""
    try:
        parsed = URL(url)
    except InvalidURL:
        if "@" not in str(url):
            raise
    else:
        # With a "/" or "?" in its password, the host would be the user name.
        if not any("@" in part for part in (parsed.path, str(parsed.query), parsed.fragment)):
            return parsed
    raise InvalidURL(
        "proxy: the URL cannot be parsed. Percent-encode what is special in user name and "
        "password, or give them apart: hookline.Proxy(url, auth=(user, password))."
    )


def to_proxy(proxy: ProxyTypes) -> Proxy:
    """The Proxy that a user's argument means. Raises TypeError for anything else."""
    if isinstance(proxy, Proxy):
        return proxy
    if isinstance(proxy, (str, URL)):
        return Proxy(proxy)
    raise TypeError(f"proxy: expected a URL or a hookline.Proxy, not a {type(proxy).__name__}.")


def proxies_by_pattern(
    proxy: ProxyArgument | None, proxies: ProxiesTypes | None
) -> dict[URLPattern, Proxy | Connector | NameTable | None]:
    """What the arguments `proxy` and `proxies` of a client mean, with None for no proxy.

    Raises RuntimeError for both, ValueError for a key that is no pattern, and what `Proxy` raises.
    """
    if proxy is not None:
        if proxies is not None:
            raise RuntimeError("Give either 'proxy' or 'proxies', not both.")
        given = proxy if isinstance(proxy, (Connector, Mapping)) else to_proxy(proxy)
        return {URLPattern("all://"): given}
    if proxies is None:
        return {}
    if not isinstance(proxies, Mapping):
        return {URLPattern("all://"): to_proxy(proxies)}
    for key in proxies:
        if not isinstance(key, str) or "://" not in key:
            raise ValueError(
                "proxies: the keys are URL patterns such as 'http://', 'https://' or 'all://', "
                f"not {key!r}. Did you mean '{key}://'?"
            )
    return {
        URLPattern(key): (
            value if value is None or isinstance(value, (Connector, Mapping)) else to_proxy(value)
        )
        for key, value in proxies.items()
    }


def may_have_proxies() -> bool:
    """Whether the environment is worth a closer look, which is in `_environment.py`."""
    return sys.platform in ("win32", "darwin") or any(map(os.environ.get, _VARIABLES))
