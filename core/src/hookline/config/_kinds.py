"""The kinds of values that a configuration has. One definition for the validator, for the messages,
for what is built and for the JSON Schema.

A kind looks at a value in its place, reports what is wrong with it, and returns a plan: the value
itself, or something of `_plans.py` that becomes one when the client is made. Nothing is built here,
and no secret is read.

A file has strings, numbers, booleans, dates, lists and tables. A mapping in a program may have
instances besides, which are taken as they are. TOML has no null: `false` stands for None.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._place import MISSING, Place, closest, kind_of_value
from ._secrets import Secret, is_reference, looks_like_reference, to_reference

if TYPE_CHECKING:
    from ._schema import Schema, Schemas


class Kind:
    """What a value may be. `words` say it in messages, after "expected"."""

    words: str
    # Whether a more general value and a more special one come together to a third.
    merges = False

    def fits(self, value: object) -> bool:
        """Whether a value is of the right type; what it says is for `check`."""
        raise NotImplementedError

    def check(self, value: Any, place: Place) -> Any:
        """The plan for a value that fits. Reports what is wrong with it."""
        raise NotImplementedError

    def take(self, value: Any, place: Place) -> Any:
        """The plan for any value; MISSING after a report of what is wrong with it."""
        problems = place.inspection.problems
        before = len(problems)
        if not self.fits(value):
            place.report(f"expected {self.words}, not {kind_of_value(value)}.")
            return MISSING
        plan = self.check(value, place)
        return plan if len(problems) == before else MISSING

    def schema(self, schemas: Schemas) -> Schema | None:
        """The JSON Schema; None for what no file can have."""
        raise NotImplementedError

    def merge(self, below: Any, above: Any) -> Any:
        """The plan where a more general configuration has one, and a more special one another."""
        return above


class Nothing(Kind):
    """None, which a file writes as `false`, unless that means something else there."""

    words = "false"

    def __init__(self, *, is_false: bool = True) -> None:
        self.is_false = is_false

    def fits(self, value: object) -> bool:
        return value is None or (value is False and self.is_false)

    def check(self, value: Any, place: Place) -> Any:
        return None

    def schema(self, schemas: Schemas) -> Schema | None:
        return {"const": False} if self.is_false else None


class Flag(Kind):
    """true or false."""

    words = "true or false"

    def fits(self, value: object) -> bool:
        return isinstance(value, bool)

    def check(self, value: Any, place: Place) -> Any:
        return value

    def schema(self, schemas: Schemas) -> Schema | None:
        return {"type": "boolean"}


class Number(Kind):
    """A number, or a whole one."""

    def __init__(
        self, words: str = "a number", *, is_whole: bool = False, least: float | None = None
    ) -> None:
        self.words = words
        self._is_whole = is_whole
        self._least = least

    def fits(self, value: object) -> bool:
        if isinstance(value, float) and self._is_whole:
            return value.is_integer()
        return isinstance(value, (int, float)) and not isinstance(value, bool)

    def check(self, value: Any, place: Place) -> Any:
        if value != value or (self._least is not None and value < self._least):
            place.report(f"expected {self.words}, {self._bound} or more, not {value}.")
        return int(value) if self._is_whole else value

    @property
    def _bound(self) -> str:
        return "0" if self._least is None else f"{self._least:g}"

    def schema(self, schemas: Schemas) -> Schema | None:
        schema: Schema = {"type": "integer" if self._is_whole else "number"}
        return schema if self._least is None else {**schema, "minimum": self._least}


class Text(Kind):
    """A string, or where one is to be had.

    `examine` makes of a text what is wanted, and raises ValueError for one that does not do;
    `choices` are all that do.
    """

    def __init__(
        self,
        words: str = "a string",
        *,
        choices: Sequence[str] = (),
        examine: Callable[[str, Place], Any] | None = None,
        by_reference: bool = True,
    ) -> None:
        self.words = words
        self._choices = tuple(choices)
        self._examine = examine
        self._by_reference = by_reference

    def fits(self, value: object) -> bool:
        return isinstance(value, str) or (self._by_reference and looks_like_reference(value))

    def check(self, value: Any, place: Place) -> Any:
        if isinstance(value, Mapping):
            reference = to_reference(value, place)
            if reference is None:
                return None
            return Secret(reference, place, lambda text: self._convert(text, place), self.words)
        try:
            return self._convert(value, place)
        except ValueError as exc:
            place.report(str(exc), exc.__cause__)
            return None

    def _convert(self, text: str, place: Place) -> Any:
        if self._choices and text not in self._choices:
            close = closest(text, self._choices)
            hint = f" Did you mean {close!r}?" if close else ""
            raise ValueError(f"expected {self.words}, not {text!r}.{hint}")
        return text if self._examine is None else self._examine(text, place)

    def schema(self, schemas: Schemas) -> Schema | None:
        plain: Schema = {"enum": list(self._choices)} if self._choices else {"type": "string"}
        return {"anyOf": [plain, schemas.secret()]} if self._by_reference else plain


def choice(*choices: str) -> Text:
    """One of some words."""
    return Text(listed([repr(each) for each in choices]), choices=choices)


def listed(words: Sequence[str], last: str = "or") -> str:
    """Words in a row: "a, b or c"."""
    head = ", ".join(words[:-1])
    return f"{head} {last} {words[-1]}" if head else words[0]


class PathText(Text):
    """A path: one in a file is relative to that file, and may begin with `~`."""

    def __init__(self, words: str = "a path", *, must_exist: bool = False, make: Any = str) -> None:
        self._must_exist = must_exist
        self._make = make
        super().__init__(words, examine=self._resolved)

    def _resolved(self, text: str, place: Place) -> Any:
        path = os.path.expanduser(text)
        if place.source.folder:
            path = os.path.join(place.source.folder, path)
        if self._must_exist and not os.path.exists(path):
            raise ValueError(f"there is nothing at {path!r}.")
        return self._make(path)


class Instance(Kind):
    """What a program makes, and no file can have."""

    def __init__(self, words: str, *types: type[Any], test: Callable[[Any], bool] | None = None):
        self.words = words
        self._types = types
        self._test = test

    def fits(self, value: object) -> bool:
        return isinstance(value, self._types) or (self._test is not None and self._test(value))

    def check(self, value: Any, place: Place) -> Any:
        return value

    def schema(self, schemas: Schemas) -> Schema | None:
        return None


class Anything(Kind):
    """Whatever there is; references to secrets are taken as such wherever they stand."""

    words = "anything"

    def fits(self, value: object) -> bool:
        return True

    def check(self, value: Any, place: Place) -> Any:
        if is_reference(value):
            return Text().check(value, place)
        if isinstance(value, dict):
            return {
                key: self.check(item, place / key if isinstance(key, str) else place)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.check(item, place / index) for index, item in enumerate(value)]
        return value

    def schema(self, schemas: Schemas) -> Schema | None:
        return {}
