"""The plugin manager: finds plugins, calls their hooks once, and keeps the registry.

Knows pluggy and entry points. Discovery is our own, because pluggy's loader stops at the first
plugin that is broken: here each entry point has its own `try`, a failure is kept with its
traceback, warned of once, and told to whoever asks for a name that the plugin would have brought.

Managers are built and then only read. There is no global one to change: the one that clients share
is made from what is installed, and tests make their own.
"""

from __future__ import annotations

import os
import threading
import traceback
import warnings
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, NamedTuple

import pluggy

from .._auth import Auth
from .._errors import DuplicateName, PluginError, PluginLoadError
from ..transports.base import Transport
from . import builtin, hookspecs
from ._registry import SLOTS, Registry
from .interfaces import Connector, Decoder, EventHook, Middleware, Protocol

GROUP = "hookline"

_BASES: dict[str, type[Any]] = {
    "protocols": Protocol,
    "connectors": Connector,
    "transports": Transport,
    "middleware": Middleware,
    "auth_schemes": Auth,
    "event_hooks": EventHook,
    "decoders": Decoder,
}


class PluginInfo(NamedTuple):
    """One plugin as `python -m hookline plugins` lists it.

    `status` is "loaded", "blocked" or "failed"; `error` says why in the last case.
    """

    name: str
    distribution: str
    version: str
    status: str
    registers: dict[str, list[str]]
    error: str | None = None
    traceback: str | None = None


class PluginManager:
    """The plugins that a client can draw on.

    `PluginManager()` has what core itself brings; `PluginManager.discover()` adds what is
    installed. Further plugins are added by `register`, until `registry` is first used.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._pluggy = pluggy.PluginManager("hookline")
        self._pluggy.add_hookspecs(hookspecs)
        self._infos: list[PluginInfo] = []
        self._versions: dict[str, tuple[str, str]] = {}
        self._registry: Registry | None = None
        self._lock = threading.Lock()
        self.register(builtin, "builtin", distribution="hookline-core")

    @classmethod
    def discover(
        cls,
        *,
        allow: Iterable[str] | None = None,
        block: Iterable[str] | None = None,
        strict: bool | None = None,
    ) -> PluginManager:
        """A manager with the installed plugins.

        `allow` names the entry points that may load (None: all), `block` those that may not, and
        `strict` raises PluginLoadError at the first one that fails, where otherwise a
        RuntimeWarning is given. What is not said here comes from the environment:
        HOOKLINE_PLUGINS and
        HOOKLINE_PLUGINS_BLOCK (names separated by commas), HOOKLINE_PLUGINS_STRICT (1).
        """
        if allow is None:
            allow = _names_from("HOOKLINE_PLUGINS")
        if block is None:
            block = _names_from("HOOKLINE_PLUGINS_BLOCK") or ()
        if strict is None:
            strict = os.environ.get("HOOKLINE_PLUGINS_STRICT", "") not in ("", "0")
        manager = cls(strict=strict)
        allowed = None if allow is None else set(allow)
        blocked = set(block)
        for entry_point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
            name = entry_point.name
            if name in blocked or (allowed is not None and name not in allowed):
                manager._note(entry_point, "blocked")
            else:
                manager._load(entry_point)
        return manager

    def register(
        self, plugin: ModuleType | object, name: str | None = None, *, distribution: str = "-"
    ) -> None:
        """Add a plugin: a module, or any object with `@hookimpl` methods.

        Raises PluginError once the registry is in use, where the plugin implements a hook that does
        not exist, or where what it registers is unfit.
        """
        if self._registry is not None:
            raise PluginError(
                f"Too late to register {plugin!r}: this plugin manager is in use. "
                "Make a new one, register all plugins, then pass it to the client."
            )
        name = name or getattr(plugin, "__name__", None) or type(plugin).__name__
        try:
            self._pluggy.register(plugin, name)
            self._pluggy.check_pending()
        except (ValueError, pluggy.PluginValidationError) as exc:
            if self._pluggy.is_registered(plugin):
                self._pluggy.unregister(plugin)
            raise PluginError(f"Plugin {name!r} ({distribution}): {exc}") from exc
        self._infos.append(PluginInfo(name, distribution, _version(distribution), "loaded", {}))

    @property
    def registry(self) -> Registry:
        """Every name that is available. Built on first use; from then on nothing is added."""
        if self._registry is None:
            with self._lock:
                if self._registry is None:
                    self._registry = self._compile()
        return self._registry

    @property
    def hook(self) -> Any:
        """pluggy's hook relay, for `hookline_create_ssl_context`."""
        return self._pluggy.hook

    def plugins(self) -> list[PluginInfo]:
        """Every plugin that was found, those that are blocked or failed included."""
        registry = self.registry
        return [
            info._replace(registers=registry.registered_by(info.name))
            if info.status == "loaded"
            else info
            for info in self._infos
        ]

    # -- Discovery --------------------------------------------------------------------------

    def _load(self, entry_point: EntryPoint) -> None:
        try:
            plugin = entry_point.load()
            self.register(plugin, entry_point.name, distribution=_distribution(entry_point)[0])
        except Exception as exc:
            self._fail(entry_point, exc)

    def _fail(self, entry_point: EntryPoint, exc: Exception) -> None:
        distribution, version = _distribution(entry_point)
        reason = f"{type(exc).__name__}: {exc}"
        message = (
            f"The hookline plugin {entry_point.name!r} ({distribution} {version}, "
            f"{entry_point.value}) failed to load: {reason}"
        )
        if self._strict:
            raise PluginLoadError(message) from exc
        trace = "".join(traceback.format_exception(exc))
        self._note(entry_point, "failed", reason, trace)
        warnings.warn(message, RuntimeWarning, stacklevel=5)

    def _note(
        self,
        entry_point: EntryPoint,
        status: str,
        error: str | None = None,
        trace: str | None = None,
    ) -> None:
        distribution, version = _distribution(entry_point)
        self._infos.append(
            PluginInfo(entry_point.name, distribution, version, status, {}, error, trace)
        )

    # -- Compilation ------------------------------------------------------------------------

    def _compile(self) -> Registry:
        """Call every register hook of every plugin, each in its own `try`.

        Plugin by plugin rather than hook by hook: so that a failure can be pinned on its plugin,
        and the order of registration is the order of loading.
        """
        registry = Registry()
        for index, info in enumerate(self._infos):
            if info.status != "loaded":
                reason = (
                    "is blocked" if info.status == "blocked" else f"failed to load: {info.error}"
                )
                registry.mark_unavailable(info.name, reason)
                continue
            try:
                for slot, cls in self._classes_of(info.name):
                    registry.add(slot, cls, _BASES[slot], info.name, info.distribution)
            except DuplicateName:
                # A clash needs a decision: never a silent winner.
                raise
            except Exception as exc:
                registry.remove(info.name)
                message = (
                    f"The hookline plugin {info.name!r} ({info.distribution}) failed to register: "
                    f"{type(exc).__name__}: {exc}"
                )
                if self._strict:
                    raise PluginLoadError(message) from exc
                reason = f"{type(exc).__name__}: {exc}"
                trace = "".join(traceback.format_exception(exc))
                self._infos[index] = info._replace(status="failed", error=reason, traceback=trace)
                registry.mark_unavailable(info.name, f"failed to register: {reason}")
                warnings.warn(message, RuntimeWarning, stacklevel=2)
        return registry

    def _classes_of(self, name: str) -> list[tuple[str, object]]:
        plugin = self._pluggy.get_plugin(name)
        found: list[tuple[str, object]] = []
        for slot in SLOTS:
            caller = getattr(self._pluggy.hook, f"hookline_register_{slot}")
            for implementation in caller.get_hookimpls():
                if implementation.plugin is plugin:
                    found.extend((slot, cls) for cls in implementation.function() or ())
        return found


_default: PluginManager | None = None
_default_lock = threading.Lock()


def default_manager() -> PluginManager:
    """The manager that clients share: what is installed, as the environment allows. Made once."""
    global _default
    if _default is None:
        with _default_lock:
            if _default is None:
                _default = PluginManager.discover()
    return _default


def _names_from(variable: str) -> list[str] | None:
    value = os.environ.get(variable)
    if value is None:
        return None
    return [name.strip() for name in value.split(",") if name.strip()]


def _distribution(entry_point: EntryPoint) -> tuple[str, str]:
    dist = entry_point.dist
    return ("-", "-") if dist is None else (dist.name, dist.version)


def _version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except (PackageNotFoundError, ValueError):
        return "-"
