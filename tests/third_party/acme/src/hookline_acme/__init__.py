"""One of each kind, the way that somebody outside the project would write them.

Written against `hookline` and `hookline.plugins` alone, once for both kinds of client.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from typing import Any

from hookline.plugins import (
    Auth,
    Connector,
    Decoder,
    EventHook,
    Middleware,
    Protocol,
    Transport,
    hookimpl,
)

from ._connector import Elsewhere
from ._decoder import SwapCase
from ._journal import JOURNAL, Journal
from ._middleware import CallTag, HopTag
from ._protocol import HTTP09
from ._token import Token
from ._transport import Canned

__all__ = ["JOURNAL"]


@hookimpl
def hookline_register_protocols() -> Iterable[type[Protocol]]:
    return [HTTP09]


@hookimpl
def hookline_register_connectors() -> Iterable[type[Connector]]:
    return [Elsewhere]


@hookimpl
def hookline_register_transports() -> Iterable[type[Transport]]:
    return [Canned]


@hookimpl
def hookline_register_middleware() -> Iterable[type[Middleware]]:
    return [CallTag, HopTag]


@hookimpl
def hookline_register_auth_schemes() -> Iterable[type[Auth]]:
    return [Token]


@hookimpl
def hookline_register_event_hooks() -> Iterable[type[EventHook]]:
    return [Journal]


@hookimpl
def hookline_register_decoders() -> Iterable[type[Decoder]]:
    return [SwapCase]


@hookimpl
def hookline_create_ssl_context(name: str, options: Mapping[str, Any]) -> ssl.SSLContext | None:
    if name != "acme-trust":
        return None
    return ssl.create_default_context(cafile=options["ca_file"])
