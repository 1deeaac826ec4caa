"""The hooks: what a plugin module may implement, and when hookline calls it.

A plugin is a module, named in the entry-point group `hookline`, with functions that are marked
`@hookimpl`. Hooks are called while a plugin manager is built; what they return is validated once,
compiled into dicts, and never asked for again. No request passes through here.

A register hook returns classes. Each class carries its own name, so that one look at it tells what
it will be called. Installing a plugin adds names and changes nothing else: a name takes effect when
somebody uses it, as an argument or in a configuration. There are two exceptions, because users
expect them: a registered decoder takes part in `Accept-Encoding`, and a registered auth scheme can
be chosen when authentication is negotiated.

Names are lower-case letters, digits, "-", "_" and ".". One that two plugins register is an error
for whoever asks for it, until one of the two is blocked or uninstalled.

This list only grows. A plugin that implements a hook of a newer hookline, and is to work with this
one too, marks it `@hookimpl(optionalhook=True)`; any other hook that is not in this list is refused
as a misspelling.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import pluggy

if TYPE_CHECKING:
    import ssl

    from .._auth import Auth
    from .._tls import TLSSettings
    from ..transports.base import Transport
    from .interfaces import Connector, Decoder, EventHook, Middleware, Protocol

hookspec: Final[pluggy.HookspecMarker] = pluggy.HookspecMarker("hookline")
hookimpl: Final[pluggy.HookimplMarker] = pluggy.HookimplMarker("hookline")


@hookspec
def hookline_register_protocols() -> Iterable[type[Protocol]]:  # type: ignore[empty-body]
    """Classes that speak HTTP over a stream of bytes, by `name` and `alpn`.

    They run over whatever stream a connector makes, so that a new protocol works through every
    proxy at once.
    """


@hookspec
def hookline_register_connectors() -> Iterable[type[Connector]]:  # type: ignore[empty-body]
    """Classes that make the stream of bytes to an origin, by `name`; those that go through a proxy
    say for which `schemes` of proxy URLs they stand."""


@hookspec
def hookline_register_transports() -> Iterable[type[Transport]]:  # type: ignore[empty-body]
    """Whole transports, request in and response out, by `name`."""


@hookspec
def hookline_register_middleware() -> Iterable[type[Middleware]]:  # type: ignore[empty-body]
    """Wrappers around a send, by `name`; their `stage` says where they stand."""


@hookspec
def hookline_register_auth_schemes() -> Iterable[type[Auth]]:  # type: ignore[empty-body]
    """Authentication schemes, by `scheme`: their name in `WWW-Authenticate`, in lower case.

    `hookline.NegotiatedAuth` makes those that it was allowed to use by `from_credentials`.
    """


@hookspec
def hookline_register_event_hooks() -> Iterable[type[EventHook]]:  # type: ignore[empty-body]
    """Observers, by `name`."""


@hookspec
def hookline_register_decoders() -> Iterable[type[Decoder]]:  # type: ignore[empty-body]
    """Content codings, by `name`: theirs in `Content-Encoding`, in lower case."""


@hookspec(firstresult=True)
def hookline_create_ssl_context(
    name: str, options: Mapping[str, object], settings: TLSSettings
) -> ssl.SSLContext | None:
    """A TLS context for `verify={"name": ..., "options": {...}}`.

    Called when such a client makes its first https connection, with the `name` and the `options`
    that it was given, and with `settings`: what else is known of the context, a tuple of `verify`
    (True), `cert`, `trust_env` and `alpn`. Implementations take what they need of the three, and
    return None for every name but their own. The first context that is not None is used, and kept
    by that client; hookline sets its ALPN protocols. The plugin that was registered last is asked
    first, and core last of all: its own is "default", and its options are the four settings.

    TypeError and ValueError are taken as a complaint about the options.
    """
