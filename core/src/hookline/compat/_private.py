"""What packages reach for inside httpx's classes, in ours: put there when the names mean hookline.

Nothing in hookline uses any of this, and nothing of it is there before a module that stands for
httpx or httpcore is loaded.
"""

from __future__ import annotations

from typing import Any

from hookline._auth import basic_credentials
from hookline._pool import ConnectionPool
from hookline._proxy import Proxy
from hookline._proxy_connectors import HTTPProxyConnector
from hookline._url import URL
from hookline._urlparse import Parts

from . import _core_models as core


def proxy_of(pool: ConnectionPool) -> Proxy | None:
    """The HTTP proxy that all connections of a pool go through, if there is one."""
    connector = pool._connector
    return connector._proxy if isinstance(connector, HTTPProxyConnector) else None


def _uri_reference(url: URL) -> Parts:
    # respx: whether there is a path, which `URL.path` does not tell.
    return url._parts


def _proxy_url(pool: ConnectionPool) -> core.URL:
    # pytest-httpx: what is mocked for one proxy.
    if (proxy := proxy_of(pool)) is None:
        raise AttributeError("There is no HTTP proxy.")
    url = proxy.url
    return core.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _proxy_headers(pool: ConnectionPool) -> list[tuple[bytes, bytes]]:
    if (proxy := proxy_of(pool)) is None:
        raise AttributeError("There is no HTTP proxy.")
    headers = proxy.headers.raw
    if proxy.raw_auth is None:
        return headers
    credentials = basic_credentials(*proxy.raw_auth).encode("ascii")
    return [(b"Proxy-Authorization", credentials), *headers]


class _Absent:
    """An attribute of httpcore's pools that means nothing here, and must not seem to.

    Programs put there what keeps requests within bounds (addresses that may be connected to,
    certificates that count). Python would take it, and nobody would look at it.
    """

    def __init__(self, name: str, instead: str) -> None:
        self._message = f"hookline's pool has no {name}: {instead}"

    def __get__(self, pool: object, owner: type) -> Any:
        raise AttributeError(self._message)

    def __set__(self, pool: object, value: object) -> None:
        raise AttributeError(self._message)


_ADDED: dict[type, dict[str, object]] = {
    URL: {"_uri_reference": property(_uri_reference)},
    ConnectionPool: {
        "_proxy_url": property(_proxy_url),
        "_proxy_headers": property(_proxy_headers),
        "_network_backend": _Absent(
            "_network_backend",
            'what makes connections is a connector, which a plugin registers: proxy={"name": ...}.',
        ),
        "_ssl_context": _Absent(
            "_ssl_context", "give verify=... to the client or to the transport."
        ),
    },
}
for _owner, _attributes in _ADDED.items():
    for _name, _attribute in _attributes.items():
        setattr(_owner, _name, _attribute)
