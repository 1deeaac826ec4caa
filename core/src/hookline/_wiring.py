"""From names, tables and instances to the things themselves.

Knows what a slot accepts, and asks the registry. Runs when clients are built and when a first
connection is made; never while a request is on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._errors import ConnectError, PluginNotFound
from .plugins.interfaces import Connector, Decoder, Protocol

if TYPE_CHECKING:
    import ssl

    from ._types import CertTypes, DecoderTypes, ProtocolTypes, ProxyArgument, VerifyTypes
    from .plugins import PluginManager
    from .plugins.interfaces import NetworkStream

# What each slot calls one of its things in messages.
_ARGUMENTS = {
    "transports": "transport",
    "protocols": "protocols",
    "middleware": "middleware",
    "event_hooks": "event_hooks",
    "auth_schemes": "auth",
    "ssl_contexts": "verify",
    "connectors": "proxy",
    "decoders": "decoders",
}


def manager_or_default(plugins: PluginManager | None) -> PluginManager:
    """The manager that a client was given, or the one that all others share."""
    if plugins is not None:
        return plugins
    from .plugins import default_manager

    return default_manager()


def is_named(spec: object) -> bool:
    """Whether a slot's value is a name, or a table with one, rather than an instance."""
    return isinstance(spec, str) or (isinstance(spec, Mapping) and "name" in spec)


def named_parts(slot: str, spec: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and options of a slot's value. Raises ValueError and TypeError for a bad table."""
    if isinstance(spec, str):
        return spec, {}
    # Options may hold secrets: the messages have keys and types, never a value.
    argument = _ARGUMENTS[slot]
    if unknown := sorted(str(key) for key in set(spec) - {"name", "options"}):
        raise ValueError(
            f"{argument}: unknown key {unknown[0]!r}; a table has 'name' and 'options'."
        )
    if "name" not in spec:
        raise ValueError(f"{argument}: the table has no 'name'.")
    name, options = spec["name"], spec.get("options", {})
    if not isinstance(name, str):
        raise TypeError(f"{argument}: 'name' is a str, not {type(name).__name__}.")
    if not isinstance(options, Mapping):
        raise TypeError(
            f"{argument}: the 'options' of {name!r} are a table, not {type(options).__name__}."
        )
    for key in options:
        if not isinstance(key, str):
            raise TypeError(
                f"{argument}: the options of {name!r} have names, which {key!r} is not."
            )
    return name, dict(options)


def build(
    slot: str,
    spec: Any,
    base: type[Any],
    plugins: PluginManager | None,
    offered: Mapping[str, Any] | None = None,
) -> Any:
    """What a slot's value means: the instance itself, or a new one of the named class.

    `offered` is what the client has for classes that it makes, besides `plugins`: see `make`.
    Raises PluginNotFound for a name that nobody registered, TypeError and ValueError for options
    that the class refuses, and TypeError for values of the wrong type.
    """
    argument = _ARGUMENTS[slot]
    if isinstance(spec, (str, Mapping)):
        name, options = named_parts(slot, spec)
        cls = manager_or_default(plugins).registry.get(slot, name)
        if plugins is not None:
            offered = {**(offered or {}), "plugins": plugins}
        try:
            return make(cls, options, offered)
        except (TypeError, ValueError) as exc:
            raise _refused(argument, name, options, exc) from exc
    if not isinstance(spec, base):
        raise TypeError(
            f"{argument}: expected a name, {{'name': ..., 'options': ...}} or an instance of "
            f"{base.__name__}, not {spec!r} ({type(spec).__name__})."
        )
    return spec


def make(
    cls: Callable[..., Any], options: Mapping[str, Any], offered: Mapping[str, Any] | None
) -> Any:
    """An instance of a class that was named, with its options, and with what the client offers
    under the names of other keyword arguments that the class has."""
    if not offered:
        return cls(**options)
    import inspect

    parameters = inspect.signature(cls).parameters
    wanted = {name: offered[name] for name in offered if name in parameters}
    if "http1" in options or "http2" in options:
        # The client's own protocols would take their place.
        wanted.pop("protocols", None)
    return cls(**{**wanted, **options})


def decoders_by_name(
    specs: Sequence[DecoderTypes], plugins: PluginManager | None
) -> dict[str, Callable[[], Decoder]]:
    """The codings that a client takes, most wanted first, each with what makes a decoder.

    Raises PluginNotFound for a name that nobody registered, and TypeError and ValueError for what
    is no decoder, and for options that do not fit.
    """
    if isinstance(specs, (str, Mapping, type)):
        specs = [specs]
    found: dict[str, Callable[[], Decoder]] = {}
    for spec in specs:
        if isinstance(spec, type) and issubclass(spec, Decoder):
            found[spec.name] = spec
            continue
        if not isinstance(spec, (str, Mapping)):
            raise TypeError(
                "decoders: expected names, {'name': ..., 'options': ...} or subclasses of "
                f"hookline.plugins.Decoder, not {spec!r} ({type(spec).__name__})."
            )
        name, options = named_parts("decoders", spec)
        cls: type[Decoder] = manager_or_default(plugins).registry.get("decoders", name)
        if options:
            import functools
            import inspect

            try:
                inspect.signature(cls).bind(**options)
            except TypeError as exc:
                raise _refused("decoders", name, options, exc) from exc
            found[name] = functools.partial(cls, **options)
        else:
            found[name] = cls
    return found


def _refused(argument: str, name: str, options: Mapping[str, Any], exc: Exception) -> Exception:
    """An error for options that a class did not take, with the class's own words."""
    given = f"the options {', '.join(sorted(options))}" if options else "no options"
    kind = TypeError if isinstance(exc, TypeError) else ValueError
    return kind(f"{argument}: {name!r} cannot be made with {given}: {exc}")


def build_connector(
    proxy: ProxyArgument, *, trust_env: bool, plugins: PluginManager | None
) -> Connector:
    """The connector that `proxy` means: the one that is registered for its URL's scheme, the one of
    that name, or the instance itself.

    Raises PluginNotFound for a scheme or name that nobody registered, DuplicateName for a scheme
    that several connectors claim, and what `hookline.Proxy` raises.
    """
    if isinstance(proxy, (Connector, Mapping)):
        connector: Connector = build("connectors", proxy, Connector, plugins)
        return connector
    from ._proxy import Proxy, to_proxy

    proxy = to_proxy(proxy)
    scheme = proxy.url.scheme
    cls: Callable[..., Connector] = manager_or_default(plugins).registry.connector_for(scheme)
    if scheme == "https" and proxy.ssl_context is None and not trust_env:
        # The default context takes the environment into account, and a connector knows no better.
        from ._tls import TLSSettings, shared_context

        proxy = Proxy(
            proxy.url,
            ssl_context=shared_context(TLSSettings(trust_env=False, alpn=("http/1.1",))),
            auth=proxy.auth,
            headers=proxy.headers,
            tunnel=proxy.tunnel,
        )
    return cls(proxy=proxy)


# An ALPN identifier, what makes the protocol over a stream, and the protocol's class.
_Resolved = tuple[str, Callable[["NetworkStream"], Protocol], type[Protocol]]


class Protocols:
    """The protocols that a pool may speak, most wanted first, and the choice among them.

    `http1` and `http2` name ours. HTTP/1.1, which everybody gets without asking, is looked up when
    the first connection is made; whatever was asked for by name is looked up at once, so that a
    missing plugin is an error where the client is made.
    """

    def __init__(
        self,
        *,
        http1: bool,
        http2: bool,
        named: Sequence[ProtocolTypes] | None,
        plugins: PluginManager | None,
    ) -> None:
        if named is None:
            specs: list[Any] = (["http2"] if http2 else []) + (["http11"] if http1 else [])
        elif isinstance(named, (str, Mapping, type)):
            specs = [named]
        else:
            specs = list(named)
        if not specs:
            raise ValueError(
                "A client needs a protocol: set http1 or http2 to True, or name one in protocols."
            )
        self._specs = specs
        self._plugins = plugins
        self._multiplexed = False
        self._resolved: list[_Resolved] | None = None
        if specs != ["http11"] or named is not None:
            self.resolve()

    @property
    def alpn(self) -> tuple[str, ...]:
        """What to offer in a TLS handshake."""
        return tuple(identifier for identifier, _, _ in self.resolve())

    def make(self, stream: NetworkStream, alpn: str | None) -> Protocol:
        """The protocol for a new connection; `alpn` is what the handshake agreed on, if so."""
        _, factory, cls = self._choose(alpn)
        try:
            protocol = factory(stream)
        except Exception as exc:
            from ._blame import blame

            blame(exc, "protocol", cls)
            raise
        if not isinstance(protocol, Protocol):
            from ._blame import wrong_type

            raise wrong_type("protocol", cls, protocol, "a hookline.plugins.Protocol")
        return protocol

    def _choose(self, alpn: str | None) -> _Resolved:
        resolved = self.resolve()
        for each in resolved:
            if each[0] == alpn:
                return each
        if alpn is not None:
            raise ConnectError(
                f"The server chose {alpn!r} by ALPN, which was not offered "
                f"({', '.join(self.alpn)})."
            )
        # No TLS, or a server that knows no ALPN: HTTP/1.1 if we speak it (RFC 9113 section 3.2 asks
        # for an agreement before HTTP/2), and what there is by prior knowledge if we don't.
        for each in resolved:
            if each[0] == "http/1.1":
                return each
        return resolved[0]

    def may_share(self, scheme: str) -> bool:
        """Whether a new connection may turn out to take several exchanges at once."""
        if self._resolved is None or not self._multiplexed:
            return False
        # Without TLS there is no choice to be made: see `make`.
        return scheme == "https" or "http/1.1" not in self.alpn

    def resolve(self) -> list[_Resolved]:
        """ALPN identifiers with what makes the protocol, and its class, looked up once. Raises
        PluginNotFound."""
        if self._resolved is None:
            self._resolved = [self._configured(spec) for spec in self._specs]
        return self._resolved

    def _configured(self, spec: ProtocolTypes) -> _Resolved:
        if isinstance(spec, type) and issubclass(spec, Protocol):
            self._multiplexed = self._multiplexed or spec.is_multiplexed
            return spec.alpn, spec.configure(), spec
        if not isinstance(spec, (str, Mapping)):
            raise TypeError(
                "protocols: expected names, {'name': ..., 'options': ...} or subclasses of "
                f"hookline.plugins.Protocol, not {spec!r} ({type(spec).__name__})."
            )
        name, options = named_parts("protocols", spec)
        cls: type[Protocol] = manager_or_default(self._plugins).registry.get("protocols", name)
        self._multiplexed = self._multiplexed or cls.is_multiplexed
        try:
            return cls.alpn, cls.configure(**options), cls
        except (TypeError, ValueError) as exc:
            raise _refused("protocols", name, options, exc) from exc


def ssl_context_getter(
    verify: VerifyTypes,
    cert: CertTypes | None,
    trust_env: bool,
    protocols: Protocols,
    plugins: PluginManager | None,
) -> Callable[[], ssl.SSLContext]:
    """A function that returns the TLS context for these settings, made when it is first called.

    What is wrong with `verify` and `cert` is said now, not then.
    """
    if verify is True and cert is None:
        # The default: `ssl` itself stays unloaded until somebody needs it.
        checked: Any = True
    else:
        import ssl

        from ._tls import check_cert, check_verify

        checked = verify
        if isinstance(verify, Mapping):
            named_parts("ssl_contexts", verify)
        elif not isinstance(verify, ssl.SSLContext):
            checked = check_verify(verify)
        check_cert(cert)
    context: ssl.SSLContext | None = None

    def get() -> ssl.SSLContext:
        nonlocal context
        if context is None:
            context = _ssl_context(checked, cert, trust_env, protocols.alpn, plugins)
        return context

    return get


def _ssl_context(
    verify: Any,
    cert: CertTypes | None,
    trust_env: bool,
    alpn: tuple[str, ...],
    plugins: PluginManager | None,
) -> ssl.SSLContext:
    import ssl

    from ._tls import TLSSettings, create_ssl_context, shared_context

    if isinstance(verify, ssl.SSLContext):
        # What it offers is set for each connection: it may be another client's, too.
        return create_ssl_context(verify, cert)
    if not isinstance(verify, Mapping):
        return shared_context(TLSSettings(verify, cert, trust_env, alpn))
    name, options = named_parts("ssl_contexts", verify)
    manager = manager_or_default(plugins)
    settings = TLSSettings(True, cert, trust_env, alpn)
    try:
        context = manager.hook.hookline_create_ssl_context(
            name=name, options=options, settings=settings
        )
    except (TypeError, ValueError) as exc:
        raise _refused("verify", name, options, exc) from exc
    except Exception as exc:
        exc.add_note(f"It was raised where the TLS context {name!r} was made.")
        raise
    if context is None:
        raise PluginNotFound(
            f"verify: no plugin makes a TLS context named {name!r}. Core's own is 'default'. "
            f"{manager.registry.unavailable()}".rstrip()
        ) from manager.registry.failure(name)
    if not isinstance(context, ssl.SSLContext):
        from ._blame import shown

        raise TypeError(
            f"verify: the plugin that makes the TLS context {name!r} returned {shown(context)}; "
            "expected an ssl.SSLContext."
        )
    return context
