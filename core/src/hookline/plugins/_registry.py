"""The registry: every name that plugins brought, validated once.

Knows classes and where they came from. Knows nothing of discovery (that is `_manager.py`), and
builds nothing: `_wiring.py` does.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._errors import DuplicateName, PluginError, PluginNotFound

# The slots, with what a person calls one thing in them.
SLOTS = {
    "protocols": "protocol",
    "connectors": "connector",
    "transports": "transport",
    "middleware": "middleware",
    "auth_schemes": "auth scheme",
    "event_hooks": "event hook",
    "decoders": "decoder",
}

# What our own distributions register, so that a missing name can say what to install.
FIRST_PARTY = {
    ("protocols", "http11"): "hookline-http11",
    ("protocols", "http2"): "hookline[http2]",
    ("connectors", "socks5"): "hookline[socks]",
    ("auth_schemes", "digest"): "hookline-digest-auth",
}


class Entry(NamedTuple):
    """One registered class: by which plugin, from which distribution."""

    cls: type[Any]
    plugin: str
    distribution: str

    def __str__(self) -> str:
        return f"{self.cls.__module__}.{self.cls.__qualname__} ({self.distribution})"


def name_of(slot: str, cls: type[Any]) -> object:
    """The name that a class carries for its slot."""
    return getattr(cls, "scheme" if slot == "auth_schemes" else "name", None)


class Registry:
    """Names to classes, slot by slot."""

    def __init__(self) -> None:
        self._slots: dict[str, dict[str, Entry]] = {slot: {} for slot in SLOTS}
        # Names that exist but cannot be had, with the reason: blocked, or failed to load.
        self._unavailable: list[tuple[str, str]] = []
        self.decoder_classes: dict[str, type[Any]] = {}

    def add(self, slot: str, cls: object, base: type[Any], plugin: str, distribution: str) -> None:
        """Register a class. Raises PluginError where it is unfit, DuplicateName for a clash."""
        kind = SLOTS[slot]
        where = f"plugin {plugin!r} ({distribution})"
        if not isinstance(cls, type) or not issubclass(cls, base):
            raise PluginError(
                f"{where} registered {cls!r} as a {kind}; expected a subclass of "
                f"hookline.plugins.{base.__name__}."
            )
        name = name_of(slot, cls)
        attribute = "scheme" if slot == "auth_schemes" else "name"
        if not isinstance(name, str) or not name or name != name.strip().lower():
            raise PluginError(
                f"{where} registered {cls.__qualname__} as a {kind} whose `{attribute}` is "
                f"{name!r}; expected a name in lower case."
            )
        entry = Entry(cls, plugin, distribution)
        known = self._slots[slot].get(name)
        if known is not None:
            raise DuplicateName(
                f"Two classes want to be the {kind} {name!r}: {known} and {entry}. "
                f"Uninstall one, or block one of the plugins {known.plugin!r} and {plugin!r} "
                "with HOOKLINE_PLUGINS_BLOCK."
            )
        self._slots[slot][name] = entry
        if slot == "decoders":
            self.decoder_classes[name] = cls

    def remove(self, plugin: str) -> None:
        """Forget what a plugin registered before it turned out to be unfit."""
        for slot, entries in self._slots.items():
            self._slots[slot] = {n: entry for n, entry in entries.items() if entry.plugin != plugin}
        self.decoder_classes = {n: entry.cls for n, entry in self._slots["decoders"].items()}

    def mark_unavailable(self, plugin: str, reason: str) -> None:
        """Remember a plugin that brought nothing, for the message when a name is missing."""
        self._unavailable.append((plugin, reason))

    def get(self, slot: str, name: str) -> type[Any]:
        """The class behind a name. Raises PluginNotFound, and says what there is instead."""
        entry = self._slots[slot].get(name)
        if entry is None:
            raise PluginNotFound(self._missing(slot, name))
        return entry.cls

    def names(self, slot: str) -> Mapping[str, Entry]:
        """All names of a slot."""
        return self._slots[slot]

    def registered_by(self, plugin: str) -> dict[str, list[str]]:
        """What one plugin registered, slot by slot."""
        found: dict[str, list[str]] = {}
        for slot, entries in self._slots.items():
            names = [name for name, entry in entries.items() if entry.plugin == plugin]
            if names:
                found[slot] = names
        return found

    def _missing(self, slot: str, name: str) -> str:
        kind = SLOTS[slot]
        parts = [f"No {kind} named {name!r} is registered."]
        known = sorted(self._slots[slot])
        if close := difflib.get_close_matches(name, known, n=1):
            parts.append(f"Did you mean {close[0]!r}?")
        parts.append(f"Known: {', '.join(known)}." if known else f"There is no {kind} at all.")
        provider = FIRST_PARTY.get((slot, name))
        if provider is not None:
            parts.append(f'It is part of {provider}: pip install "{provider}".')
        parts.extend(f"The plugin {plugin!r} {reason}." for plugin, reason in self._unavailable)
        return " ".join(parts)
