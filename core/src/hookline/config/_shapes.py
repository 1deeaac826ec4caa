"""Kinds that are made of other kinds: one of several, lists, and tables of various shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ._kinds import Instance, Kind, Nothing, listed
from ._place import Place
from ._plans import Made

if TYPE_CHECKING:
    from ._schema import Schema, Schemas


class OneOf(Kind):
    """Several kinds: a value is checked as the first that it fits."""

    def __init__(self, *kinds: Kind, words: str = "") -> None:
        self.kinds = kinds
        # Whether it is more than the sum of its parts.
        self.is_named = bool(words)
        self.words = words or _words(kinds)

    def fits(self, value: object) -> bool:
        return any(kind.fits(value) for kind in self.kinds)

    def check(self, value: Any, place: Place) -> Any:
        kind = next(kind for kind in self.kinds if kind.fits(value))
        return kind.check(value, place)

    def schema(self, schemas: Schemas) -> Schema | None:
        return any_of([schemas.of(kind) for kind in self.kinds])

    @property
    def merges(self) -> bool:  # type: ignore[override]
        """Whether one of the kinds does."""
        return any(kind.merges for kind in self.kinds)

    def merge(self, below: Any, above: Any) -> Any:
        for kind in self.kinds:
            if kind.merges:
                return kind.merge(below, above)
        return above


def _words(kinds: Sequence[Kind]) -> str:
    # What a file can have; instances are for those who know, and `false` comes last.
    words = [kind.words for kind in kinds if not isinstance(kind, (Nothing, Instance))]
    words = words or [kind.words for kind in kinds if not isinstance(kind, Nothing)]
    words += [kind.words for kind in kinds if isinstance(kind, Nothing) and kind.is_false]
    return listed(list(dict.fromkeys(words)))


def any_of(schemas: Sequence[Schema | None]) -> Schema | None:
    """A schema for what any of several accepts, as short as it can be said."""
    found: list[Schema] = []
    for schema in schemas:
        if schema is None:
            continue
        alternatives = schema["anyOf"] if set(schema) == {"anyOf"} else [schema]
        found += [each for each in alternatives if each not in found]
    if not found:
        return None
    return found[0] if len(found) == 1 else {"anyOf": found}


class ListOf(Kind):
    """A list of one kind; with `single`, one alone may stand for a list of it."""

    def __init__(
        self, kind: Kind, *, single: bool = False, make: Any = list, least: int = 0, words: str = ""
    ) -> None:
        self._kind = kind
        self._single = single
        self._make = make
        self._least = least
        self.words = words or f"a list (each item {kind.words})"

    def fits(self, value: object) -> bool:
        return isinstance(value, (list, tuple)) or (self._single and self._kind.fits(value))

    def check(self, value: Any, place: Place) -> Any:
        if not isinstance(value, (list, tuple)):
            plans = [self._kind.check(value, place)]
        else:
            if len(value) < self._least:
                place.report(f"expected {self.words}; this one is empty.")
            plans = [self._kind.take(item, place / index) for index, item in enumerate(value)]
        return plans if self._make is list else Made(self._make, plans, place)

    def schema(self, schemas: Schemas) -> Schema | None:
        items = schemas.of(self._kind)
        if items is None:
            return None
        schema: Schema = {"type": "array", "items": items}
        if self._least:
            schema["minItems"] = self._least
        return any_of([items, schema]) if self._single else schema


class Row(Kind):
    """A list of a fixed length, each item of its own kind; the last `optional` may be left out."""

    def __init__(self, words: str, *kinds: Kind, optional: int = 0) -> None:
        self.words = words
        self._kinds = kinds
        self._least = len(kinds) - optional

    def fits(self, value: object) -> bool:
        return isinstance(value, list)

    def check(self, value: Any, place: Place) -> Any:
        if not self._least <= len(value) <= len(self._kinds):
            place.report(f"expected {self.words}; the number of items is {len(value)}.")
            return None
        pairs = enumerate(zip(self._kinds, value, strict=False))
        return Made(tuple, [kind.take(item, place / index) for index, (kind, item) in pairs], place)

    def schema(self, schemas: Schemas) -> Schema | None:
        return {
            "type": "array",
            "prefixItems": [schemas.of(kind) for kind in self._kinds],
            "minItems": self._least,
            "maxItems": len(self._kinds),
        }


class Field(NamedTuple):
    """A key of a table."""

    kind: Kind
    doc: str = ""
    is_required: bool = False


class Table(Kind):
    """A table with certain keys, and what is made of it, with the keys as arguments.

    With `merges`, two are merged key by key. What a more general configuration gives as a single
    value counts as the key `lift` then.
    """

    def __init__(
        self,
        words: str,
        fields: Mapping[str, Field],
        make: Callable[..., Any],
        *,
        merges: bool = False,
        lift: str = "",
    ) -> None:
        self.words = words
        self._fields = fields
        self._make = make
        self.merges = merges
        self._lift = lift

    def fits(self, value: object) -> bool:
        return isinstance(value, Mapping)

    def check(self, value: Any, place: Place) -> Any:
        plans = {}
        for key, item in value.items():
            if key in self._fields:
                plans[key] = self._fields[key].kind.take(item, place / key)
            else:
                place.report_unknown(key, self._fields)
        for key, field in self._fields.items():
            if field.is_required and key not in value:
                place.report(f"there is no `{key}`, which it needs.")
        return Made(self._make, plans, place)

    def merge(self, below: Any, above: Any) -> Any:
        if not isinstance(above, Made):
            return above
        if isinstance(below, Made):
            plans = below.arguments
        elif self._lift and (below is None or isinstance(below, (int, float))):
            plans = {self._lift: below}
        else:
            return above
        return Made(self._make, {**plans, **above.arguments}, above.place)

    def schema(self, schemas: Schemas) -> Schema | None:
        return schemas.table(self._fields)


class Keyed(Kind):
    """A table with keys of the user's own, checked by `examine`, which raises ValueError."""

    def __init__(
        self,
        words: str,
        kind: Kind,
        *,
        examine: Callable[[str], object] = str,
        pattern: str = "",
        merges: bool = False,
    ) -> None:
        self.words = words
        self._kind = kind
        self._examine = examine
        self._pattern = pattern
        self.merges = merges

    def fits(self, value: object) -> bool:
        return isinstance(value, Mapping)

    def check(self, value: Any, place: Place) -> Any:
        plans = {}
        for key, item in value.items():
            if not isinstance(key, str):
                place.report(f"its keys are strings, not {key!r}.")
                continue
            try:
                self._examine(key)
            except ValueError as exc:
                (place / key).report(str(exc))
            plans[key] = self._kind.take(item, place / key)
        return plans

    def merge(self, below: Any, above: Any) -> Any:
        if isinstance(below, dict) and isinstance(above, dict):
            return {**below, **above}
        return above

    def schema(self, schemas: Schemas) -> Schema | None:
        schema: Schema = {"type": "object", "additionalProperties": schemas.of(self._kind)}
        return {**schema, "propertyNames": {"pattern": self._pattern}} if self._pattern else schema


class Pairs(Kind):
    """Names with values: a table, or a list of pairs where a name is to stand twice."""

    merges = True

    def __init__(
        self,
        words: str,
        kind: Kind,
        *,
        repeated: bool = False,
        fold: Any = str,
        examine: Callable[[str], object] = str,
    ) -> None:
        self.words = words
        # Of a name; raises ValueError for one that does not do.
        self._examine = examine
        self._kind = kind
        self._repeated = repeated
        # What makes two names the same.
        self._fold = fold

    def fits(self, value: object) -> bool:
        return isinstance(value, (Mapping, list))

    def check(self, value: Any, place: Place) -> Any:
        plans: list[tuple[Any, Any]] = []
        if isinstance(value, Mapping):
            for name, item in value.items():
                here = place / name if isinstance(name, str) else place
                items = item if self._repeated and isinstance(item, (list, tuple)) else [item]
                plans += [(self._name(name, place), self._kind.take(each, here)) for each in items]
            return plans
        for index, pair in enumerate(value):
            here = place / index
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                here.report("expected a pair of name and value.")
            else:
                plans.append((self._name(pair[0], here), self._kind.take(pair[1], here)))
        return plans

    def _name(self, name: Any, place: Place) -> Any:
        if not isinstance(name, (str, bytes)) or not name:
            place.report(f"expected a name, not {name!r}.")
        elif isinstance(name, str):
            try:
                self._examine(name)
            except ValueError as exc:
                place.report(str(exc))
        return name

    def merge(self, below: Any, above: Any) -> Any:
        if not isinstance(below, list) or not isinstance(above, list):
            return above
        names = {self._fold(name) for name, _ in above}
        return [pair for pair in below if self._fold(pair[0]) not in names] + above

    def schema(self, schemas: Schemas) -> Schema | None:
        value = schemas.of(self._kind)
        many: Schema = {"type": "array", "items": value}
        name: Schema = {"type": "string", "minLength": 1}
        row: Schema = {"type": "array", "prefixItems": [name, value], "minItems": 2, "maxItems": 2}
        return any_of(
            [
                {
                    "type": "object",
                    "propertyNames": {"minLength": 1},
                    "additionalProperties": any_of([value, many]) if self._repeated else value,
                },
                {"type": "array", "items": row},
            ]
        )
