"""What a configuration would build, layer by layer, and which distribution each name comes from.

Knows plans and registered classes. Makes nothing, reads no secret, and shows none: references as
they are written, and what looks like a secret without its value.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .._limits import DEFAULT_LIMITS
from .._timeout import Timeout
from ..plugins.interfaces import EventHook
from ._place import MISSING, Inspection
from ._plans import Builder, Chosen, Made
from ._resolve import Resolved, resolve
from ._secrets import MASK
from ._sources import ConfigSource, read
from ._written import written_plan, written_url

if TYPE_CHECKING:
    from ..plugins import PluginManager


class Layer(NamedTuple):
    """One layer of a client: its name, what is in it, and which distribution brings that ("" for
    what is no plugin's)."""

    name: str
    value: str
    provider: str = ""

    def __str__(self) -> str:
        provider = f"  [{self.provider}]" if self.provider else ""
        return f"{self.name:<18}{self.value}{provider}"


def show(
    source: ConfigSource = None, name: str | None = None, *, plugins: PluginManager | None = None
) -> list[Layer]:
    """The layers of the client that `Client.from_config(source, name=name)` would make, in the
    order in which a request passes them, and then what else it was given.

    Nothing is made, and no secret is read. Raises ConfigError.
    """
    document = read(source)
    inspection = Inspection(plugins, reads_secrets=False)
    resolved = resolve(document, name, inspection)
    inspection.raise_problems()
    view = _View(resolved, inspection, Builder(plugins, is_dry=True, reads_secrets=False))
    where = "a mapping" if document.source.file is None else document.source.file
    called = "the client" if resolved.name is None else f"the client {resolved.name!r}"
    return [Layer("client", f"{called} of {where}"), *view.request(), *view.way(), *view.rest()]


class _View:
    """One client's plans, in words."""

    def __init__(self, resolved: Resolved, inspection: Inspection, builder: Builder) -> None:
        self._plans = resolved.plans
        self._registry = inspection.registry
        self._versions = {info.name: info.version for info in inspection.plugins.plugins()}
        self._builder = builder

    # -- The request itself -----------------------------------------------------------------

    def request(self) -> Iterator[Layer]:
        """What every request is given."""
        for key in ("base_url", "headers", "params", "cookies", "default_encoding"):
            plan = self._plans.get(key)
            if not plan:
                continue
            if not isinstance(plan, list):
                yield Layer(_spoken(key), written_plan(plan, key))
                continue
            for name, value in plan:
                shown = MASK if key == "cookies" and isinstance(value, str) else None
                yield Layer(_spoken(key), f"{name} = {shown or written_plan(value, str(name))}")

    # -- The way of a request ---------------------------------------------------------------

    def way(self) -> Iterator[Layer]:
        """From the outermost layer to the transport."""
        layers = self._plans.get("middleware") or []
        yield from self._each(
            "call middleware", [each for each in layers if _stage(each) == "call"]
        )
        most = self._plans.get("max_redirects", 20)
        follows = self._plans.get("follow_redirects", False)
        yield Layer("redirects", f"followed, {most} at most" if follows else "not followed")
        auth = self._plans.get("auth")
        yield self._one("auth", auth) if auth is not None else Layer("auth", "none")
        yield from self._each("hop middleware", [each for each in layers if _stage(each) == "hop"])
        yield from self._each("event hooks", self._plans.get("event_hooks") or [])
        transport = self._plans.get("transport")
        if transport is None:
            yield self._named("transport", "transports", "pool", "the client's own")
        else:
            yield self._one("transport", transport)
        yield from self._by_url()
        if transport is None:
            yield from self._pool(self._plans)
        elif isinstance(transport, Chosen) and transport.name == "pool":
            yield from self._pool({**self._plans, **transport.options})

    def _by_url(self) -> Iterator[Layer]:
        for key, without in (("proxies", "no proxy"), ("mounts", "the client's own, no proxy")):
            plan = self._plans.get(key)
            if isinstance(plan, dict):
                for pattern, value in plan.items():
                    if value is None:
                        yield Layer("for URLs", f"{pattern}: {without}")
                    else:
                        yield self._one("for URLs", value, f"{pattern}: ", key)
            elif plan is not None:
                yield self._one("proxy", plan, "", key)

    def _pool(self, settings: Mapping[str, Any]) -> Iterator[Layer]:
        yield from self._protocols(settings)
        proxy, uds = settings.get("proxy"), settings.get("uds")
        if uds is not None:
            yield self._named("connector", "connectors", "unix", written_plan(uds, "uds"))
        elif proxy is None:
            yield self._named("connector", "connectors", "direct", "to the origin itself")
        else:
            yield self._one("connector", proxy, "", "proxy")
        verify, cert = settings.get("verify", True), settings.get("cert")
        if isinstance(verify, bool):
            trust = "certifi's authorities" if verify else "no check at all"
        else:
            trust = written_plan(verify, "verify")
        yield Layer("TLS", trust)
        if cert is not None:
            yield Layer("TLS certificate", written_plan(cert, "cert"))
        limits = self._builder.build(settings.get("limits", DEFAULT_LIMITS))
        yield Layer("limits", "as configured" if limits is MISSING else _attributes(limits))
        for key in ("local_address", "retries", "socket_options", "backend"):
            if settings.get(key) is not None:
                yield Layer(_spoken(key), written_plan(settings[key], key))
        trusts = settings.get("trust_env", True)
        yield Layer("environment", "trusted" if trusts else "not looked at")

    def _protocols(self, settings: Mapping[str, Any]) -> Iterator[Layer]:
        plans = settings.get("protocols")
        if plans is not None:
            yield from self._each("protocol", plans)
            return
        if settings.get("http2"):
            yield self._named("protocol", "protocols", "http2")
        if settings.get("http1", True):
            yield self._named("protocol", "protocols", "http11")

    def rest(self) -> Iterator[Layer]:
        """Timeouts, and what is done with the response."""
        timeout = self._builder.build(self._plans.get("timeout", Timeout()))
        if timeout is not MISSING:
            timeout = timeout if isinstance(timeout, Timeout) else Timeout(timeout)
            yield Layer("timeouts", _attributes(timeout))
        for key in ("max_response_size", "max_decompression_ratio"):
            if self._plans.get(key) is not None:
                yield Layer("response bounds", f"{key} {self._plans[key]}")
        decoders = self._plans.get("decoders")
        if decoders is None:
            for name in self._registry.names("decoders"):
                yield self._named("decoder", "decoders", name)
        else:
            yield from self._each("decoder", decoders)
            if not decoders:
                yield Layer("decoder", "none")

    # -- One of them ------------------------------------------------------------------------

    def _each(self, layer: str, plans: list[Any]) -> Iterator[Layer]:
        for plan in plans:
            yield self._one(layer, plan)

    def _one(self, layer: str, plan: Any, before: str = "", key: str = "") -> Layer:
        if isinstance(plan, Chosen):
            options = ", ".join(
                f"{name} = {written_plan(value, name, slot=plan.slot)}"
                for name, value in plan.options.items()
            )
            value = f"{plan.name}: {options}" if options else plan.name
            return self._named(layer, plan.slot, plan.name, value, before)
        if key in ("proxy", "proxies"):
            if isinstance(plan, str):
                return self._proxy(layer, plan, written_url(plan), before)
            if isinstance(plan, Made) and isinstance(plan.arguments.get("url"), str):
                shown = written_plan(plan, key).removeprefix("{ ").removesuffix(" }")
                return self._proxy(layer, plan.arguments["url"], shown, before)
        if isinstance(plan, EventHook):
            return Layer(layer, f"{before}an instance of {type(plan).__qualname__}")
        return Layer(layer, before + written_plan(plan, key or layer))

    def _proxy(self, layer: str, url: str, shown: str, before: str) -> Layer:
        cls = self._registry.connector_for(url.partition("://")[0].lower())
        return self._named(layer, "connectors", cls.name, f"{cls.name}: {shown}", before)

    def _named(self, layer: str, slot: str, name: str, value: str = "", before: str = "") -> Layer:
        entry = self._registry.names(slot).get(name)
        if not value:
            value = name
        elif not value.startswith(name):
            value = f"{name}: {value}"
        if entry is None:
            return Layer(layer, f"{before}{value} (not installed)")
        version = self._versions.get(entry.plugin, "-")
        known = [each for each in (entry.distribution, version) if each != "-"]
        return Layer(layer, before + value, " ".join(known) or entry.plugin)


def _spoken(key: str) -> str:
    return key.replace("_", " ").replace("url", "URL")


def _stage(plan: Any) -> str:
    stage = plan.cls.stage if isinstance(plan, Chosen) else getattr(plan, "stage", "call")
    return str(stage)


def _attributes(value: Any) -> str:
    """The numbers of a Timeout or of Limits."""
    words = []
    for name, parameter in inspect.signature(type(value)).parameters.items():
        if parameter.kind is not parameter.KEYWORD_ONLY:
            continue
        number = getattr(value, name)
        words.append(f"{name} {'no limit' if number is None else f'{number:g}'}")
    return ", ".join(words)
