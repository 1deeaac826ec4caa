"""The table that stands for a TLS context: `verify = { name, options }`.

Knows that core's own is "default". The names of others are known to their plugins alone, which are
asked when a context is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._kinds import Anything, Kind
from ._place import Place, kind_of_value
from ._slots import KEYS

if TYPE_CHECKING:
    from ._schema import Schema, Schemas


class _Context(Kind):
    words = "a TLS context by { name, options }"

    def fits(self, value: object) -> bool:
        return isinstance(value, Mapping)

    def check(self, value: Any, place: Place) -> Any:
        for key in value:
            if key not in KEYS:
                place.report_unknown(key, KEYS)
        name, options = value.get("name"), value.get("options", {})
        if not isinstance(name, str):
            place.report(f"there is no `name`: expected {self.words}.")
        elif name != "default" and not _brought_by_plugins(place):
            (place / "name").report(
                f"no plugin makes TLS contexts, {name!r} or any other. Core's own is 'default'."
            )
        if not isinstance(options, Mapping):
            found = kind_of_value(options)
            (place / "options").report(f"expected a table, not {found}.")
            return None
        if name != "default":
            return {"name": name, "options": Anything().check(dict(options), place / "options")}
        return {"name": name, "options": self._default(options, place / "options")}

    def _default(self, options: Mapping[Any, Any], place: Place) -> dict[str, Any]:
        fields = default_options()
        plans = {}
        for key, item in options.items():
            if key in fields:
                plans[key] = fields[key].kind.take(item, place / key)
            else:
                place.report_unknown(key, fields, f"'default' has no option {key!r}.")
        return plans

    def schema(self, schemas: Schemas) -> Schema | None:
        return schemas.contexts(default_options())


def default_options() -> Any:
    """The options of core's own TLS context, as the keys of a table."""
    from ._kinds import PathText
    from ._shapes import Field, ListOf, OneOf
    from ._values import CERT, FLAG, TEXT

    return {
        "verify": Field(OneOf(FLAG, PathText("a path to certificates", must_exist=True))),
        "cert": Field(CERT),
        "trust_env": Field(FLAG),
        "alpn": Field(ListOf(TEXT, make=tuple)),
    }


def _brought_by_plugins(place: Place) -> bool:
    implementations = place.inspection.plugins.hook.hookline_create_ssl_context.get_hookimpls()
    return len(implementations) > 1


CONTEXT = _Context()
