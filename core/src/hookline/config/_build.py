"""From plans to a client, with everything that can go wrong told at once.

Knows the order in which things are made: observers first, since transports call them, and the
client last, when everything else was made.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .. import _cookies, _headers, _query
from .._errors import PluginError
from .._observers import Observers
from ..plugins.interfaces import EventHook
from ._place import MISSING, Inspection, Place
from ._plans import Builder, Chosen, Made
from ._resolve import Resolved, resolve
from ._secrets import Secret
from ._sources import ConfigSource, read

if TYPE_CHECKING:
    from .._client import BaseClient

C = TypeVar("C", bound="BaseClient")

# What a client offers to transports that it makes by name; plugins and observers come on top.
_OFFERED = (
    "verify", "cert", "trust_env", "http1", "http2", "limits", "protocols", "backend",
)  # fmt: skip


def build_client(
    cls: type[C], source: ConfigSource, name: str | None, arguments: Mapping[str, Any]
) -> C:
    """A client of a class, as the configuration and the arguments say. Raises ConfigError."""
    document = read(source)
    plugins = arguments.get("plugins")
    inspection = Inspection(plugins)
    resolved = resolve(document, name, inspection, arguments, _arguments_of(cls))
    # What cannot be made in the end is not begun: but secrets that are missing are told, too.
    builder = Builder(plugins, is_dry=bool(inspection.problems))
    settings = build_settings(resolved, builder)
    inspection.raise_problems()
    hide_secrets(resolved.plans)
    if not cls._is_async:
        settings.pop("backend", None)
    top = Place(inspection, document.source, () if name is None else ("clients", name))
    return _made(cls, settings, builder, top)


def _made(cls: type[C], settings: dict[str, Any], builder: Builder, top: Place) -> C:
    try:
        return cls(**settings)
    except (TypeError, ValueError, OSError, PluginError) as exc:
        builder.report(top, exc)
    # Out here, so that the frames above are no part of it.
    top.inspection.raise_problems()
    raise AssertionError


def _arguments_of(cls: type[Any]) -> frozenset[str]:
    """The arguments of a client's class, those of its bases included."""
    found: set[str] = set()
    for base in cls.__mro__:
        if "__init__" in vars(base) and base is not object:
            for parameter in inspect.signature(vars(base)["__init__"]).parameters.values():
                if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                    found.add(parameter.name)
    return frozenset(found - {"self"})


def build_settings(resolved: Resolved, builder: Builder) -> dict[str, Any]:
    """What the plans of a client's settings come to. Reports what goes wrong."""
    settings: dict[str, Any] = {}
    later = ("transport", "mounts")
    for key in sorted(resolved.plans, key=lambda key: key in later):
        if key in later:
            builder.offered.update({each: settings[each] for each in _OFFERED if each in settings})
        built = builder.build(resolved.plans[key])
        if built is MISSING:
            continue
        if key == "event_hooks":
            built = _with_observers(built, builder, resolved.places[key])
        settings[key] = built
    return settings


def _with_observers(built: Any, builder: Builder, place: Place) -> Any:
    """Event hooks with the observers among them as one, for the client and for its transports."""
    hooks = [each for each in built if isinstance(each, EventHook)]
    if not hooks:
        return built
    try:
        observers = Observers(hooks)
    except TypeError as exc:
        builder.report(place, exc)
        return built
    builder.offered["observers"] = observers
    return [observers, *(each for each in built if not isinstance(each, EventHook))]


# -- What is not to be seen -----------------------------------------------------------------


def hide_secrets(plan: Any, key: str = "") -> None:
    """Keep what was given by reference out of the reprs of headers, cookies and parameters.

    By their names, and for the whole process: the headers of a request are others than those of
    its client, and what is hidden once too often does no harm.
    """
    if isinstance(plan, dict):
        for name, item in plan.items():
            hide_secrets(item, name)
    elif isinstance(plan, Made):
        hide_secrets(plan.arguments, key)
    elif isinstance(plan, Chosen):
        hide_secrets(plan.options)
    elif isinstance(plan, list) and key in _HIDDEN:
        for pair in plan:
            if type(pair) is tuple and isinstance(pair[1], Secret) and isinstance(pair[0], str):
                _HIDDEN[key](pair[0])


def _hide_cookie(name: str) -> None:
    _cookies._SENSITIVE.add(name)
    _headers._SENSITIVE.add("cookie")


_HIDDEN: dict[str, Callable[[str], None]] = {
    "headers": lambda name: _headers._SENSITIVE.add(name.lower()),
    "cookies": _hide_cookie,
    "params": _query._SENSITIVE.add,
}
