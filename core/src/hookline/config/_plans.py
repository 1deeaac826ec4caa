"""Plans: what a checked configuration has where something is still to be made, and its making.

Knows values, secrets and constructors. All that goes wrong is reported in its place, so that one
run tells everything; nothing of it has a secret in its words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .._errors import PluginError
from .._wiring import make
from ..plugins.interfaces import Protocol
from ._place import MISSING, Place
from ._secrets import Masker, Secret

if TYPE_CHECKING:
    from ..plugins import PluginManager


class Made:
    """What a function returns for some arguments: a list of them as one, a dict as keywords."""

    def __init__(self, function: Callable[..., Any], arguments: Any, place: Place) -> None:
        self.function = function
        self.arguments = arguments
        self.place = place


class Chosen:
    """A class that was chosen by its name in a slot, with options."""

    def __init__(
        self, slot: str, name: str, cls: type[Any], options: dict[str, Any], place: Place
    ) -> None:
        self.slot = slot
        self.name = name
        self.cls = cls
        self.options = options
        self.place = place


class Builder:
    """Makes what plans say, for one client.

    With `is_dry`, plugins' classes are left alone: what remains is the check of everything that can
    be checked without side effects. `offered` is what the client has for classes that ask for it.
    """

    def __init__(
        self,
        plugins: PluginManager | None,
        *,
        is_dry: bool = False,
        reads_secrets: bool = True,
        offered: Mapping[str, Any] | None = None,
    ) -> None:
        self._plugins = plugins
        self._is_dry = is_dry
        self._reads_secrets = reads_secrets
        self.offered: dict[str, Any] = dict(offered or {})
        if plugins is not None:
            self.offered["plugins"] = plugins
        self.masker = Masker()

    def build(self, plan: Any) -> Any:
        """What a plan says; MISSING after a report of why it cannot be had."""
        if isinstance(plan, Secret):
            return self._secret(plan)
        if isinstance(plan, Made):
            arguments = self.build(plan.arguments)
            if arguments is MISSING:
                return MISSING
            if isinstance(arguments, dict):
                return self._call(plan.place, "", plan.function, **arguments)
            return self._call(plan.place, "", plan.function, arguments)
        if isinstance(plan, Chosen):
            return self._chosen(plan)
        if isinstance(plan, dict):
            built = {key: self.build(item) for key, item in plan.items()}
            return MISSING if any(item is MISSING for item in built.values()) else built
        if type(plan) in (list, tuple):
            items = [self.build(item) for item in plan]
            return MISSING if any(item is MISSING for item in items) else type(plan)(items)
        return plan

    def _secret(self, secret: Secret) -> Any:
        if not self._reads_secrets:
            return MISSING
        text = secret.read()
        if text is None:
            return MISSING
        self.masker.add(text)
        self.masker.add(text[len(secret.reference.prefix) :])
        if secret.convert is None:
            return text
        try:
            return secret.convert(text)
        except Exception:
            # Whatever is wrong with it may be a part of it.
            secret.place.report(
                f"what the reference leads to does not do: expected {secret.words}."
            )
            return MISSING

    def _chosen(self, plan: Chosen) -> Any:
        options = self.build(plan.options)
        if options is MISSING:
            return MISSING
        if plan.slot in ("protocols", "decoders"):
            if issubclass(plan.cls, Protocol):
                # By its contract this checks the options, once, and makes nothing else.
                self._call(plan.place, plan.name, plan.cls.configure, **options)
            return {"name": plan.name, "options": options} if options else plan.name
        if self._is_dry:
            return MISSING
        return self._call(plan.place, plan.name, make, plan.cls, options, self._offered_to(plan))

    def _offered_to(self, plan: Chosen) -> dict[str, Any]:
        if plan.slot == "transports":
            return self.offered
        return {name: self.offered[name] for name in ("plugins",) if name in self.offered}

    def _call(
        self, place: Place, name: str, function: Callable[..., Any], *given: Any, **named: Any
    ) -> Any:
        try:
            return function(*given, **named)
        except Exception as exc:
            # The frames of a function that raises have the secrets. The report has no more than
            # the words, and is raised from elsewhere.
            self.report(place, exc, name)
            return MISSING

    def report(self, place: Place, exc: Exception, name: str = "") -> None:
        """An exception as a problem in a place, without the secrets that it may tell."""
        text = self.masker.masked(str(exc))
        if not isinstance(exc, (TypeError, ValueError, PluginError, OSError)):
            text = f"{type(exc).__name__}: {text}"
        if self.masker.tells(text):
            text = f"{type(exc).__name__}, whose message may have a part of a secret in it."
        if name:
            text = f"{name!r} cannot be made: {text}"
        place.report(text, self.masker.cause(exc))
