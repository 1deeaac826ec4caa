"""Plugin managers with exactly what a test is about, whatever is installed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from ..plugins import (
    Auth,
    Connector,
    Decoder,
    EventHook,
    Middleware,
    PluginManager,
    Protocol,
    Transport,
    hookimpl,
)

# Each with the hook that registers it.
BASES: dict[str, type[Any]] = {
    "protocols": Protocol,
    "connectors": Connector,
    "transports": Transport,
    "middleware": Middleware,
    "auth_schemes": Auth,
    "event_hooks": EventHook,
    "decoders": Decoder,
}


class _Classes:
    """A plugin that registers classes, each where it belongs."""

    def __init__(self, *classes: type[Any]) -> None:
        self._classes = classes

    def _of(self, base: type[Any]) -> list[type[Any]]:
        return [cls for cls in self._classes if issubclass(cls, base)]

    @hookimpl
    def hookline_register_protocols(self) -> list[type[Protocol]]:
        return self._of(Protocol)

    @hookimpl
    def hookline_register_connectors(self) -> list[type[Connector]]:
        return self._of(Connector)

    @hookimpl
    def hookline_register_transports(self) -> list[type[Transport]]:
        return self._of(Transport)

    @hookimpl
    def hookline_register_middleware(self) -> list[type[Middleware]]:
        return self._of(Middleware)

    @hookimpl
    def hookline_register_auth_schemes(self) -> list[type[Auth]]:
        return self._of(Auth)

    @hookimpl
    def hookline_register_event_hooks(self) -> list[type[EventHook]]:
        return self._of(EventHook)

    @hookimpl
    def hookline_register_decoders(self) -> list[type[Decoder]]:
        return self._of(Decoder)


def plugins_of(*plugins: object) -> PluginManager:
    """A plugin manager with what core brings, HTTP/1.1 if it is installed, and these plugins alone.

    A plugin is a module, an object with `@hookimpl` methods, or one of the classes that plugins
    register. Pass the manager as `Client(plugins=...)`. Raises what `PluginManager.register` does,
    and TypeError for another class.
    """
    manager = PluginManager()
    modules = [plugin for plugin in plugins if not isinstance(plugin, type)]
    names = [getattr(module, "__name__", "") for module in modules]
    if "hookline_http11" not in names and (http11 := _http11()) is not None:
        modules.insert(0, http11)
    for number, module in enumerate(modules):
        manager.register(module, getattr(module, "__name__", f"plugin-{number}"))
    known = {entry.cls for slot in BASES for entry in manager._registry.names(slot).values()}
    classes = [plugin for plugin in plugins if isinstance(plugin, type) and plugin not in known]
    for cls in classes:
        if not issubclass(cls, tuple(BASES.values())):
            raise TypeError(
                f"{cls.__qualname__} is no plugin's class: it has to be a subclass of "
                f"{', '.join(base.__name__ for base in BASES.values())}, of hookline.plugins."
            )
    if classes:
        manager.register(_Classes(*classes), "tested")
    return manager


def _http11() -> ModuleType | None:
    try:
        return import_module("hookline_http11")
    except ModuleNotFoundError:
        return None
