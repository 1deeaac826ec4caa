"""What stands where a plugin's class is chosen: a name, a table `{ name, options }`, an instance.

Knows the registry, and what the classes in it declare. Makes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._errors import DuplicateName, PluginNotFound
from ..plugins._registry import SLOTS
from ._kinds import Instance, Kind, Text, listed
from ._parameters import OFFERED, declared
from ._place import Place, kind_of_value
from ._plans import Chosen
from ._secrets import Secret, looks_like_reference
from ._shapes import any_of

if TYPE_CHECKING:
    from ._schema import Schema, Schemas

KEYS = ("name", "options")


class Slot(Kind):
    """A class of one kind, chosen by name, with options.

    `instances` are what a program may give instead. With `tables_only`, a string is something else
    in this place, and so is a table without a name.
    """

    def __init__(self, slot: str, instances: Instance, *, tables_only: bool = False) -> None:
        self.slot = slot
        self._instances = instances
        self._tables_only = tables_only
        what = SLOTS[slot]
        article = "an" if what[0] in "aeiou" else "a"
        self.words = f"{article} {what} by name or by {{ name, options }}"
        if tables_only:
            self.words = f"{article} {what} by {{ name, options }}"

    def fits(self, value: object) -> bool:
        if self._instances.fits(value):
            return True
        if self._tables_only:
            return isinstance(value, Mapping) and "name" in value
        return isinstance(value, (str, Mapping))

    def check(self, value: Any, place: Place) -> Any:
        if self._instances.fits(value):
            return value
        if isinstance(value, str):
            return self._chosen(value, {}, place, place)
        if looks_like_reference(value) and "name" not in value:
            return self._by_reference(value, {}, place, place)
        for key in value:
            if key not in KEYS:
                further = "What is for the class itself goes into `options`."
                place.report_unknown(key, KEYS, further=further)
        options = value.get("options", {})
        if not isinstance(options, Mapping):
            found = kind_of_value(options)
            (place / "options").report(f"expected a table, not {found}.")
            options = {}
        name = value.get("name")
        if isinstance(name, str):
            return self._chosen(name, options, place / "name", place)
        if looks_like_reference(name):
            return self._by_reference(name, options, place / "name", place)
        if name is None:
            place.report(f"there is no `name`: expected {self.words}.")
        else:
            (place / "name").report(f"expected a name, not {kind_of_value(name)}.")
        return None

    def _by_reference(
        self, value: Mapping[Any, Any], options: Mapping[Any, Any], at: Place, place: Place
    ) -> Any:
        # Read at once: what the options may be is up to the name.
        secret = Text().check(value, at)
        if not isinstance(secret, Secret) or not place.inspection.reads_secrets:
            return secret
        text = secret.read()
        if text is None:
            return None
        return self._chosen(text, options, at, place, shown=str(secret.reference))

    def _chosen(
        self,
        name: str,
        options: Mapping[Any, Any],
        at: Place,
        place: Place,
        shown: str | None = None,
    ) -> Any:
        registry = place.inspection.registry
        try:
            cls = registry.get(self.slot, name)
        except DuplicateName as exc:
            at.report(str(exc))
            return None
        except PluginNotFound as exc:
            missing = registry.missing(self.slot, name)
            known = f"Known: {', '.join(missing.known)}." if missing.known else "There are none."
            close = f"Did you mean {missing.close!r}?" if missing.close else ""
            what = f"no {SLOTS[self.slot]} named {name!r}."
            if shown is not None:
                # What was meant to be a name may be a password.
                what, close = f"what {shown} leads to is no {SLOTS[self.slot]}'s name.", ""
            parts = [what, known, close, *missing.further]
            at.report(" ".join(part for part in parts if part), exc.__cause__)
            return None
        plans = check_options(cls, name, options, place / "options" if options else place)
        return Chosen(self.slot, name, cls, plans, place)

    def schema(self, schemas: Schemas) -> Schema | None:
        tables = schemas.choices(self.slot)
        if self._tables_only:
            return tables
        return any_of([schemas.names(self.slot), schemas.secret(), tables])


def check_options(
    cls: type[Any], name: str, options: Mapping[Any, Any], place: Place
) -> dict[str, Any]:
    """Plans for the options of a class, checked against what it declares."""
    parameters, is_open = declared(cls)
    plans: dict[str, Any] = {}
    for key, value in options.items():
        if not isinstance(key, str):
            place.report(f"the options of {name!r} have names, which {key!r} is not.")
        elif key in parameters:
            plans[key] = parameters[key].kind.take(value, place / key)
        elif is_open or key in OFFERED:
            plans[key] = value
        else:
            place.report_unknown(key, parameters, f"{name!r} has no option {key!r}.")
    missing = [
        f"`{key}`"
        for key, parameter in parameters.items()
        if parameter.is_required and key not in options
    ]
    if missing:
        where = "" if options else ", in `options`"
        place.report(f"{name!r} needs {listed(missing, 'and')}{where}.")
    return plans
