"""The plugin manager: finds plugins, calls their hooks once, and fills the registry.

Knows pluggy and entry points. Discovery is our own, because pluggy's loader stops at the first
plugin that is broken: here each entry point has its own `try`, a failure is kept with its
traceback, warned of once, and told to whoever asks for a name that the plugin would have brought.

Managers are built and then only read. There is no global one to change: the one that clients share
is made from what is installed, and tests make their own.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Iterable
from types import ModuleType
from typing import Any, NamedTuple

import pluggy

from .._auth import Auth
from .._errors import DuplicateName, PluginError, PluginLoadError
from .._fork import guard_lock
from .._version import __version__
from ..transports.base import Transport
from . import builtin, hookspecs
from ._entry_points import EntryPoint, installed
from ._registry import BUILTIN, SLOTS, Registry, described
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

    `status` is "loaded", "clash" (loaded, but another plugin claims some of its names as well, so
    that nobody has them), "blocked" or "failed"; `error` says why, in all cases but the first.
    `registers` has the names that it brought, by slot.
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

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager("hookline")
        self._pluggy.add_hookspecs(hookspecs)
        self._infos: list[PluginInfo] = []
        self._registry = Registry()
        self._in_use = False
        self._add(builtin, BUILTIN, "hookline-core", __version__, may_clash=False)

    @classmethod
    def discover(
        cls,
        *,
        allow: Iterable[str] | None = None,
        block: Iterable[str] | None = None,
        strict: bool | None = None,
    ) -> PluginManager:
        """A manager with the installed plugins.

        - `allow`: the entry points that may load; None for all. By default, the names in the
          environment variable HOOKLINE_PLUGINS, separated by commas (set but empty: none at all).
        - `block`: the entry points that may not. By default, the names in HOOKLINE_PLUGINS_BLOCK.
        - `strict`: whether one that fails raises PluginLoadError, and a name that two of them
          claim DuplicateName, at once. Otherwise that is a RuntimeWarning, and an error for whoever
          asks for what is missing. By default, whether HOOKLINE_PLUGINS_STRICT is set to 1.
        """
        choice = _Choice(allow, block)
        if strict is None:
            strict = os.environ.get("HOOKLINE_PLUGINS_STRICT", "") not in ("", "0")
        manager = cls()
        # By name: so that what was installed first makes no difference.
        for entry_point in sorted(installed(GROUP), key=_by_name):
            reason = choice.refusal(entry_point.name)
            if reason is not None:
                manager._note(entry_point, "blocked", reason)
            else:
                manager._load(entry_point, strict)
        return manager

    def register(
        self, plugin: ModuleType | object, name: str | None = None, *, distribution: str = "-"
    ) -> None:
        """Add a plugin: a module, or any object with `@hookimpl` methods.

        Raises PluginError once the registry is in use, where the plugin implements no hook or one
        that does not exist, and where what it registers is unfit; DuplicateName where it brings a
        name that is taken. Nothing of the plugin is there then.
        """
        if self._in_use:
            raise PluginError(
                f"Too late to register {plugin!r}: this plugin manager is in use. "
                "Make a new one, register all plugins, then pass it to the client."
            )
        name = name or getattr(plugin, "__name__", None) or type(plugin).__name__
        self._add(plugin, name, distribution, _version(distribution), may_clash=False)

    @property
    def registry(self) -> Registry:
        """Every name that is available. Once somebody has looked, nothing is added."""
        self._in_use = True
        return self._registry

    @property
    def hook(self) -> pluggy.HookRelay:
        """pluggy's hook relay, for `hookline_create_ssl_context`."""
        return self._pluggy.hook

    def plugins(self) -> list[PluginInfo]:
        """Every plugin that was found, those that are blocked or failed included."""
        return [self._with_names(info) if info.status == "loaded" else info for info in self._infos]

    def _with_names(self, info: PluginInfo) -> PluginInfo:
        info = info._replace(registers=self._registry.registered_by(info.name))
        if clashes := self._registry.clashes_of(info.name):
            info = info._replace(status="clash", error=" ".join(clashes))
        return info

    # -- Discovery --------------------------------------------------------------------------

    def _load(self, entry_point: EntryPoint, strict: bool) -> None:
        distribution, version = entry_point.distribution, entry_point.version
        try:
            plugin = entry_point.load()
            clashes = self._add(
                plugin, entry_point.name, distribution, version, may_clash=not strict
            )
        except Exception as exc:
            # Our own messages say it all; of others the class is half of the message.
            reason = str(exc) if isinstance(exc, PluginError) else f"{type(exc).__name__}: {exc}"
            message = (
                f"The hookline plugin {entry_point.name!r} ({distribution} {version}, "
                f"{entry_point.value}) failed to load: {reason}"
            )
            if strict:
                if isinstance(exc, DuplicateName):
                    raise
                raise PluginLoadError(message) from exc
            self._note(entry_point, "failed", reason, exc)
            _warn(
                f"{message} Whatever does not need it works. To silence this warning, repair it, "
                f"uninstall it, or set HOOKLINE_PLUGINS_BLOCK={entry_point.name}."
            )
        else:
            for clash in clashes:
                _warn(f"{clash} Until then, neither can be used by that name.")

    def _note(
        self, entry_point: EntryPoint, status: str, error: str, exc: Exception | None = None
    ) -> None:
        distribution, version = entry_point.distribution, entry_point.version
        trace = None
        if exc is not None:
            from traceback import format_exception

            trace = "".join(format_exception(exc))
        self._infos.append(
            PluginInfo(entry_point.name, distribution, version, status, {}, error, trace)
        )
        reason = f"is blocked: {error}" if exc is None else f"failed to load: {error}"
        self._registry.add_unavailable(entry_point.name, distribution, reason.rstrip("."), exc)

    # -- Registration -----------------------------------------------------------------------

    def _add(
        self, plugin: object, name: str, distribution: str, version: str, *, may_clash: bool
    ) -> list[str]:
        """Take in a plugin, whole or not at all. Returns what `Registry.add_plugin` does."""
        source = described(name, distribution)
        if self._pluggy.get_plugin(name) is not None:
            known = next(info for info in self._infos if info.name == name)
            raise DuplicateName(
                f"Two plugins are called {name!r}: one of {known.distribution} and one of "
                f"{distribution}. Uninstall one of them, or rename its entry point."
            )
        try:
            try:
                self._pluggy.register(plugin, name)
            except (ValueError, pluggy.PluginValidationError) as exc:
                raise PluginError(f"The plugin {source} does not fit: {exc}") from exc
            self._check_hooks(plugin, source)
            messages = self._registry.add_plugin(
                name, distribution, self._classes_of(plugin, source), may_clash=may_clash
            )
        except BaseException:
            # Its other hooks are not to be called either.
            if self._pluggy.get_plugin(name) is not None:
                self._pluggy.unregister(name=name)
            raise
        self._infos.append(PluginInfo(name, distribution, version, "loaded", {}))
        return messages

    def _check_hooks(self, plugin: object, source: str) -> None:
        """Refuse a plugin with a hook that does not exist, and one without any.

        pluggy's own check_pending() does the first, but says nothing of what would be right.
        """
        hooks = sorted(name for name in vars(hookspecs) if name.startswith("hookline_"))
        callers = self._pluggy.get_hookcallers(plugin) or []
        for caller in callers:
            for implementation in caller.get_hookimpls():
                if implementation.plugin is not plugin or implementation.optionalhook:
                    continue
                if not caller.has_spec():
                    from difflib import get_close_matches

                    close = get_close_matches(caller.name, hooks, n=1)
                    hint = f"Did you mean {close[0]!r}? " if close else ""
                    raise PluginError(
                        f"The plugin {source} implements {caller.name!r}, which is no hook of "
                        f"hookline {__version__}. {hint}Hooks: {', '.join(hooks)}."
                    )
        if not callers:
            raise PluginError(
                f"The plugin {source} implements no hook: nothing in {plugin!r} is marked with "
                "@hookline.plugins.hookimpl."
            )

    def _classes_of(self, plugin: object, source: str) -> list[tuple[str, object, type[Any]]]:
        """What the register hooks of one plugin return.

        Plugin by plugin rather than hook by hook: so that a failure can be pinned on its plugin,
        and the order of registration is the order of loading.
        """
        found: list[tuple[str, object, type[Any]]] = []
        for slot in SLOTS:
            caller = getattr(self._pluggy.hook, f"hookline_register_{slot}")
            for implementation in caller.get_hookimpls():
                if implementation.plugin is not plugin:
                    continue
                classes = implementation.function()
                if isinstance(classes, (str, type)) or not isinstance(classes, Iterable):
                    raise PluginError(
                        f"The plugin {source} returned {classes!r} from {caller.name}; "
                        "expected a list of classes."
                    )
                found.extend((slot, cls, _BASES[slot]) for cls in classes)
        return found


def _by_name(entry_point: EntryPoint) -> tuple[str, str]:
    return entry_point.name, entry_point.value


class _Choice:
    """Which entry points may load, and on whose word."""

    def __init__(self, allow: Iterable[str] | None, block: Iterable[str] | None) -> None:
        self._allow, self._allow_source = _names(allow, "allow", "HOOKLINE_PLUGINS")
        self._block, self._block_source = _names(block, "block", "HOOKLINE_PLUGINS_BLOCK")

    def refusal(self, name: str) -> str | None:
        """Why an entry point may not load; None where it may."""
        if self._block is not None and name in self._block:
            return f"it is in {self._block_source}"
        if self._allow is not None and name not in self._allow:
            return f"it is not in {self._allow_source}"
        return None


def _names(
    given: Iterable[str] | None, argument: str, variable: str
) -> tuple[frozenset[str] | None, str]:
    """A list of names from an argument or else the environment, and which of the two it was."""
    if given is None:
        value = os.environ.get(variable)
        if value is None:
            return None, variable
        return frozenset(name.strip() for name in value.split(",") if name.strip()), variable
    if isinstance(given, str):
        raise TypeError(f"{argument}: expected a list of names, not the str {given!r}.")
    return frozenset(given), f"the argument `{argument}`"


def _warn(message: str) -> None:
    """Warn, in the name of the code outside hookline that made us look for plugins."""
    level = 2
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
        level += 1
    warnings.warn(message, RuntimeWarning, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module == "hookline" or module.startswith("hookline.")


_default: PluginManager | None = None
_default_lock = threading.Lock()
guard_lock(globals(), "_default_lock")


def default_manager() -> PluginManager:
    """The manager that clients share: what is installed, as the environment allows. Made once."""
    global _default
    if _default is None:
        with _default_lock:
            if _default is None:
                _default = PluginManager.discover()
    return _default


def _version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    if distribution == "-":
        return "-"
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "-"
