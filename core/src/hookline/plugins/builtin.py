"""What core itself brings, through the same hooks as everybody else's plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import NegotiatedAuth, NetRCAuth
from .._auth import Auth, BasicAuth, BearerAuth
from .._compression import available
from .._connectors import DirectConnector, UnixConnector
from .._decoders import DeflateDecoder, GZipDecoder
from .._proxy_connectors import HTTPProxyConnector
from ..transports.apps import ASGIByName, WSGIByName
from ..transports.base import Transport
from ..transports.http import PoolTransport
from .hookspecs import hookimpl
from .interfaces import Connector, Decoder

if TYPE_CHECKING:
    import ssl

    from .._tls import TLSSettings


@hookimpl
def hookline_register_connectors() -> list[type[Connector]]:
    return [DirectConnector, UnixConnector, HTTPProxyConnector]


@hookimpl
def hookline_register_transports() -> list[type[Transport]]:
    return [PoolTransport, ASGIByName, WSGIByName]


@hookimpl
def hookline_register_auth_schemes() -> list[type[Auth]]:
    return [BasicAuth, BearerAuth, NegotiatedAuth, NetRCAuth]


@hookimpl
def hookline_register_decoders() -> list[type[Decoder]]:
    return [GZipDecoder, DeflateDecoder, *available()]


@hookimpl(trylast=True)
def hookline_create_ssl_context(
    name: str, options: Mapping[str, Any], settings: TLSSettings
) -> ssl.SSLContext | None:
    if name != "default":
        return None
    from .._tls import build_context

    return build_context(settings._replace(**options))
