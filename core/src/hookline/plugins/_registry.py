"""The registry: every name that plugins brought, validated once.

Knows classes and where they came from. Knows nothing of discovery (that is `_manager.py`), and
builds nothing: `_wiring.py` does.

The rules it lives by:

- A plugin comes in whole or not at all: one unfit class and none of its names is there.
- A name that two plugins claim is nobody's. Asking for it is an error that names both; programs
  that do not ask are not disturbed. The other ways out were to let the first or the last one win,
  which depends on the order of loading, and to refuse every client, which lets two packages that
  a program does not use break it.
- Core's own names cannot be claimed: a plugin that does is unfit.
- The schemes of proxy URLs are names too, and held to the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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

# What our own distributions register, so that a missing name can say what to install: the
# distribution, and the requirement that brings it.
FIRST_PARTY = {
    ("protocols", "http11"): ("hookline-http11", "hookline-http11"),
    ("protocols", "http2"): ("hookline-http2", "hookline[http2]"),
    ("connectors", "socks5"): ("hookline-socks", "hookline[socks]"),
    ("auth_schemes", "digest"): ("hookline-digest-auth", "hookline-digest-auth"),
    ("middleware", "cache"): ("hookline-cache", "hookline[cache]"),
    ("middleware", "otel"): ("hookline-otel", "hookline[otel]"),
    ("middleware", "ratelimit"): ("hookline-ratelimit", "hookline[ratelimit]"),
    ("middleware", "retry"): ("hookline-retry", "hookline[retry]"),
    ("event_hooks", "log"): ("hookline-log", "hookline[log]"),
}

# The schemes of proxy URLs that our own connectors stand for, with their names.
_FIRST_PARTY_SCHEMES = {"socks5": "socks5", "socks5h": "socks5"}

# The name under which core's own plugin is registered.
BUILTIN = "builtin"

# Names are written in configuration files, in environment variables (separated by commas) and, some
# of them, in HTTP headers: this fits all three.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")

# RFC 3986 section 3.1, in lower case, as URLs have it when they are parsed.
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


class UnknownScheme(PluginNotFound, ValueError):
    """No connector for a proxy URL's scheme. For httpx, that is a ValueError."""


class Entry(NamedTuple):
    """One registered class: by which plugin, from which distribution ("-" for none)."""

    cls: type[Any]
    plugin: str
    distribution: str

    def __str__(self) -> str:
        return f"{self.cls.__module__}.{self.cls.__qualname__} (plugin {self.source})"

    @property
    def source(self) -> str:
        """The plugin in messages."""
        return described(self.plugin, self.distribution)


class Unavailable(NamedTuple):
    """A plugin that is installed and brought nothing: why, and the exception if there was one."""

    plugin: str
    distribution: str
    reason: str
    error: Exception | None


class MissingName(NamedTuple):
    """What to say of a name that is missing: the names that are there, the one that was probably
    meant, and sentences on where the missing one might come from."""

    known: list[str]
    close: str | None
    further: list[str]


def described(plugin: str, distribution: str) -> str:
    """A plugin in messages: its name, and the distribution that it came with."""
    return repr(plugin) if distribution == "-" else f"{plugin!r} of {distribution}"


class Registry:
    """Names to classes, slot by slot."""

    def __init__(self) -> None:
        self._slots: dict[str, dict[str, Entry]] = {slot: {} for slot in SLOTS}
        self._clashes: dict[tuple[str, str], list[Entry]] = {}
        self._unavailable: list[Unavailable] = []
        # The decoders as responses look them up.
        self.decoder_classes: dict[str, type[Any]] = {}

    # -- In ---------------------------------------------------------------------------------

    def add_plugin(
        self,
        plugin: str,
        distribution: str,
        classes: Iterable[tuple[str, object, type[Any]]],
        *,
        may_clash: bool,
    ) -> list[str]:
        """Register what a plugin brings: (slot, class, base class) each. All of it or nothing.

        Returns a message for each name that is claimed twice now, where `may_clash` allows that.
        Raises PluginError for a class that is unfit, and DuplicateName for a clash otherwise.
        """
        wanted: dict[tuple[str, str], Entry] = {}
        for slot, cls, base in classes:
            name, fit = _checked(slot, cls, base, described(plugin, distribution))
            entry = Entry(fit, plugin, distribution)
            if (slot, name) in wanted:
                raise DuplicateName(_clash(slot, name, [wanted[slot, name], entry]))
            claims = [*self._claims(slot, name), entry]
            if len(claims) > 1 and (not may_clash or claims[0].plugin == BUILTIN):
                raise DuplicateName(_clash(slot, name, claims))
            if slot == "connectors" and plugin != BUILTIN:
                self._refuse_core_schemes(entry)
            wanted[slot, name] = entry
        messages = []
        for (slot, name), entry in wanted.items():
            claims = [*self._claims(slot, name), entry]
            if len(claims) == 1:
                self._slots[slot][name] = entry
            else:
                self._slots[slot].pop(name, None)
                self._clashes[slot, name] = claims
                messages.append(_clash(slot, name, claims))
        self.decoder_classes = {name: entry.cls for name, entry in self._slots["decoders"].items()}
        return messages

    def add_unavailable(
        self, plugin: str, distribution: str, reason: str, error: Exception | None = None
    ) -> None:
        """Remember a plugin that brought nothing, for the message when a name is missing."""
        self._unavailable.append(Unavailable(plugin, distribution, reason, error))

    def _claims(self, slot: str, name: str) -> list[Entry]:
        entry = self._slots[slot].get(name)
        return self._clashes.get((slot, name), []) if entry is None else [entry]

    # -- Out --------------------------------------------------------------------------------

    def get(self, slot: str, name: str) -> type[Any]:
        """The class behind a name.

        Raises DuplicateName where several plugins claim it, and PluginNotFound where none does:
        that one says what there is instead, and has the exception of the plugin that might have
        brought the name as its cause.
        """
        entry = self._slots[slot].get(name)
        if entry is None:
            if (slot, name) in self._clashes:
                raise DuplicateName(_clash(slot, name, self._clashes[slot, name]))
            raise PluginNotFound(self._missing(slot, name)) from self.failure(name)
        return entry.cls

    def connector_for(self, scheme: str) -> type[Any]:
        """The class of the connector for proxy URLs of a scheme.

        Raises DuplicateName where several claim it, and UnknownScheme, which is a PluginNotFound,
        where none does.
        """
        claims = self._connectors_for(scheme)
        if not claims:
            raise UnknownScheme(self._missing_scheme(scheme)) from self.failure(scheme)
        if len(claims) > 1:
            classes = " and ".join(str(entry) for entry in claims)
            raise DuplicateName(
                f"{len(claims)} connectors want the proxy URLs that begin with '{scheme}://': "
                f"{classes}. Name the one you mean, as in proxy={{'name': {claims[0].cls.name!r}, "
                "'options': {'proxy': ...}}, or block the plugin of the other."
            )
        return claims[0].cls

    def _connectors_for(self, scheme: str) -> list[Entry]:
        entries = [*self._slots["connectors"].values()]
        for (slot, _), claims in self._clashes.items():
            if slot == "connectors":
                entries += claims
        return [entry for entry in entries if scheme in entry.cls.schemes]

    def _refuse_core_schemes(self, entry: Entry) -> None:
        for scheme in entry.cls.schemes:
            for taken in self._connectors_for(scheme):
                if taken.plugin == BUILTIN:
                    raise DuplicateName(
                        f"Two connectors want the proxy URLs that begin with '{scheme}://': "
                        f"{taken} and {entry}. Core's own are taken: leave the other one without, "
                        "and give it by its name."
                    )

    def _missing_scheme(self, scheme: str) -> str:
        entries = self._slots["connectors"].values()
        known = sorted({f"{each}://" for entry in entries for each in entry.cls.schemes})
        parts = [
            f"No connector is registered for proxy URLs that begin with '{scheme}://'.",
            f"Known: {', '.join(known)}.",
        ]
        name = _FIRST_PARTY_SCHEMES.get(scheme)
        provider, requirement = FIRST_PARTY.get(("connectors", name or ""), (None, None))
        if provider is not None and provider not in {found[1] for found in self._unavailable}:
            parts.append(f'It is part of {provider}: pip install "{requirement}".')
        if unavailable := self.unavailable():
            parts.append(unavailable)
        return " ".join(parts)

    def names(self, slot: str) -> Mapping[str, Entry]:
        """All names of a slot that can be had."""
        return self._slots[slot]

    def registered_by(self, plugin: str) -> dict[str, list[str]]:
        """The names that one plugin brought, slot by slot."""
        found: dict[str, list[str]] = {}
        for slot, entries in self._slots.items():
            names = [name for name, entry in entries.items() if entry.plugin == plugin]
            if names:
                found[slot] = names
        return found

    def clashes_of(self, plugin: str) -> list[str]:
        """A message for each name that this plugin claims, and another one too."""
        return [
            _clash(slot, name, claims)
            for (slot, name), claims in self._clashes.items()
            if any(entry.plugin == plugin for entry in claims)
        ]

    def unavailable(self) -> str:
        """The plugins that are installed and brought nothing, as sentences; "" for none."""
        return " ".join(
            f"The plugin {described(plugin, distribution)} {reason}."
            for plugin, distribution, reason, _ in self._unavailable
        )

    def failure(self, name: str) -> Exception | None:
        """The exception to blame where a name is missing: that of the plugin called so, or of the
        only one that failed."""
        failed = {found.plugin: found.error for found in self._unavailable if found.error}
        return failed.get(name) or (next(iter(failed.values())) if len(failed) == 1 else None)

    def missing(self, slot: str, name: str) -> MissingName:
        """What there is to say of a name that nobody registered."""
        from difflib import get_close_matches

        known = sorted(self._slots[slot])
        provider, requirement = FIRST_PARTY.get((slot, name), (None, None))
        # A name of ours is no misspelling of another one.
        close = get_close_matches(name.lower(), known, n=1) if provider is None else []
        further = [
            f"There is something else of that name: the {SLOTS[other]} {name!r}."
            for other, names in self._slots.items()
            if other != slot and name in names
        ]
        if provider is not None and provider not in {found[1] for found in self._unavailable}:
            further.append(f'It is part of {provider}: pip install "{requirement}".')
        if unavailable := self.unavailable():
            further.append(unavailable)
        return MissingName(known, close[0] if close else None, further)

    def _missing(self, slot: str, name: str) -> str:
        kind = SLOTS[slot]
        known, close, further = self.missing(slot, name)
        parts = [f"No {kind} named {name!r} is registered."]
        if close:
            parts.append(f"Did you mean {close!r}?")
        parts.append(f"Known: {', '.join(known)}." if known else f"There is no {kind} at all.")
        return " ".join([*parts, *further])


def _checked(slot: str, cls: object, base: type[Any], source: str) -> tuple[str, type[Any]]:
    """The name of a class, and the class. Raises PluginError where it is unfit for the slot."""
    kind = _with_article(SLOTS[slot])
    if not isinstance(cls, type):
        hint = " Return the class, not an instance of it." if isinstance(cls, base) else ""
        raise PluginError(
            f"The plugin {source} registered {cls!r} as {kind}; expected a subclass of "
            f"hookline.plugins.{base.__name__}.{hint}"
        )
    qualified = f"{cls.__module__}.{cls.__qualname__}"
    if not issubclass(cls, base):
        raise PluginError(
            f"The plugin {source} registered {qualified} as {kind}; expected a subclass of "
            f"hookline.plugins.{base.__name__}."
        )
    attribute = "scheme" if slot == "auth_schemes" else "name"
    name = getattr(cls, attribute, None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(
            f"The plugin {source} registered {qualified} as {kind} whose `{attribute}` is "
            f"{name!r}; expected lower-case letters, digits, '-', '_' and '.'."
        )
    if slot == "protocols":
        alpn = getattr(cls, "alpn", None)
        if not isinstance(alpn, str) or not alpn:
            raise PluginError(
                f"The plugin {source} registered {qualified} as a protocol whose `alpn` is "
                f"{alpn!r}; expected its ALPN identifier, such as 'http/1.1'."
            )
    if slot == "connectors":
        schemes = getattr(cls, "schemes", None)
        if not isinstance(schemes, tuple) or not all(
            isinstance(scheme, str) and _SCHEME.fullmatch(scheme) for scheme in schemes
        ):
            raise PluginError(
                f"The plugin {source} registered {qualified} as a connector whose `schemes` are "
                f"{schemes!r}; expected a tuple of proxy URL schemes in lower case, such as "
                "('socks5',), or ()."
            )
    return name, cls


def _with_article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _clash(slot: str, name: str, claims: list[Entry]) -> str:
    """What to say of a name that several classes claim."""
    classes = " and ".join(str(entry) for entry in claims)
    message = f"Two classes want to be the {SLOTS[slot]} {name!r}: {classes}."
    if len(claims) > 2:
        message = message.replace("Two", str(len(claims)), 1)
    if len({entry.plugin for entry in claims}) == 1:
        return f"{message} Give one of them another name."
    if claims[0].plugin == BUILTIN:
        return f"{message} Core's own names are taken: give the other one a name of its own."
    if any(entry.distribution == "-" for entry in claims):
        return f"{message} Register one of them only, or give one another name."
    settings = " or ".join(f"HOOKLINE_PLUGINS_BLOCK={entry.plugin}" for entry in claims)
    return f"{message} Uninstall one of the distributions, or block one plugin: {settings}."
