"""Every setting that a configuration may have, in the order in which people look for them.

The names are those of the clients' arguments. The table in docs/configuration.md, the JSON Schema
and the validator are all made from this list.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import types as public
from .._auth import Auth
from .._headers import Headers
from .._limits import Limits
from .._proxy import Proxy
from .._timeout import Timeout
from .._url import URL
from ..plugins.interfaces import Connector, EventHook, Middleware
from ..transports.base import AsyncBaseTransport, BaseTransport, Transport
from ._kinds import Kind, Number, choice
from ._shapes import OneOf
from ._values import (
    AUTH,
    AUTH_SCHEME,
    CERT,
    CONNECTOR,
    COOKIES,
    COUNT,
    DECODERS,
    ENCODING,
    EVENT_HOOK,
    EVENT_HOOKS,
    FLAG,
    HEADERS,
    LIMITS,
    MIDDLEWARE,
    MIDDLEWARES,
    MOUNTS,
    NONE,
    PARAMS,
    PROTOCOL,
    PROTOCOLS,
    PROXIES,
    PROXY,
    PROXY_ALONE,
    RATIO,
    TIMEOUT,
    TRANSPORT,
    URL_TEXT,
    VERIFY,
)


class Setting(NamedTuple):
    """One setting: what it may be, what it does, and what there is without it."""

    kind: Kind
    doc: str
    default: str


SETTINGS: dict[str, Setting] = {
    "base_url": Setting(URL_TEXT, "What relative URLs are appended to.", "none"),
    "headers": Setting(
        HEADERS,
        "Headers of every request.",
        "`Accept`, `Accept-Encoding`, `Connection`, `User-Agent`",
    ),
    "params": Setting(PARAMS, "Query parameters of every request.", "none"),
    "cookies": Setting(COOKIES, "Cookies of every request, for the first host.", "none"),
    "auth": Setting(AUTH, "Who the client says it is.", "nobody"),
    "timeout": Setting(TIMEOUT, "How long each phase of a request, or all of it, may take.", "`5`"),
    "limits": Setting(
        LIMITS,
        "How many connections the pool holds, and for how long.",
        "`max_connections = 100`, `max_keepalive_connections = 20`, `keepalive_expiry = 5`",
    ),
    "max_response_size": Setting(
        COUNT, "How many bytes the body of a response may have, after decoding.", "no limit"
    ),
    "max_decompression_ratio": Setting(
        RATIO, "How many bytes may be decoded from one, beyond the first mebibyte.", "no limit"
    ),
    "follow_redirects": Setting(FLAG, "Whether redirects are followed.", "`false`"),
    "max_redirects": Setting(
        Number("a whole number", is_whole=True, least=0), "How many, at most.", "`20`"
    ),
    "default_encoding": Setting(ENCODING, "For text without a charset.", '`"utf-8"`'),
    "decoders": Setting(
        DECODERS,
        "The content codings to ask for, most wanted first; `[]` for none.",
        "all there are",
    ),
    "middleware": Setting(
        MIDDLEWARES, "Wrappers around each call or each message, outermost first.", "none"
    ),
    "event_hooks": Setting(EVENT_HOOKS, "Observers, in the order of their calls.", "none"),
    "transport": Setting(TRANSPORT, "What sends requests.", '`"pool"`'),
    "mounts": Setting(
        MOUNTS, "Transports by URL pattern; `false` for the default one, without a proxy.", "none"
    ),
    "http1": Setting(FLAG, "Whether HTTP/1.1 may be spoken.", "`true`"),
    "http2": Setting(FLAG, "Whether HTTP/2 may be spoken.", "`false`"),
    "protocols": Setting(
        PROTOCOLS, "Instead of these two, protocols by name, most wanted first.", "as they say"
    ),
    "proxy": Setting(PROXY, "What all requests go through.", "the environment's"),
    "proxies": Setting(
        PROXIES,
        "Proxies by URL pattern, instead of `proxy`; `false` for none.",
        "the environment's",
    ),
    "verify": Setting(VERIFY, "Whom to trust as a server.", "`true`: certifi's authorities"),
    "cert": Setting(CERT, "A client certificate.", "none"),
    "trust_env": Setting(
        FLAG, "Whether the environment is asked for proxies and authorities.", "`true`"
    ),
    "backend": Setting(
        OneOf(choice("asyncio", "anyio"), NONE),
        "What an `AsyncClient` runs on; a `Client` has no use for it.",
        "what is running",
    ),
}

# Settings that stand for the same thing: the more special configuration decides for all of them.
ALTERNATIVES = (("proxy", "proxies"), ("protocols", "http1", "http2"))


def by_annotation(annotation: Any) -> Kind | None:
    """The kind for an option of a plugin that is annotated as one of the settings is."""
    for known, kind in _BY_ANNOTATION:
        if annotation is known or annotation == known:
            return kind
    return None


_BY_ANNOTATION: tuple[tuple[Any, Kind], ...] = (
    (Limits, LIMITS),
    (Timeout, TIMEOUT),
    (Proxy, PROXY_ALONE),
    (URL, URL_TEXT),
    (Headers, HEADERS),
    (Auth, AUTH_SCHEME),
    (Connector, CONNECTOR),
    (EventHook, EVENT_HOOK),
    (Middleware, MIDDLEWARE),
    (Transport, TRANSPORT),
    (BaseTransport, TRANSPORT),
    (AsyncBaseTransport, TRANSPORT),
    (public.AuthTypes, AUTH),
    (public.CertTypes, CERT),
    (public.CookieTypes, COOKIES),
    (public.HeaderTypes, HEADERS),
    (public.MiddlewareTypes, MIDDLEWARE),
    (public.ProtocolTypes, PROTOCOL),
    (public.ProxiesTypes, PROXIES),
    (public.ProxyArgument, PROXY),
    (public.ProxyTypes, PROXY_ALONE),
    (public.QueryParamTypes, PARAMS),
    (public.TimeoutTypes, TIMEOUT),
    (public.URLTypes, URL_TEXT),
    (public.VerifyTypes, VERIFY),
)
