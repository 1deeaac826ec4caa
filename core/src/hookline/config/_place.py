"""Where in a configuration something stands, and everything that was found wrong with it.

Knows paths, files and words. What is right and wrong is for `_kinds.py` and those above it.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from .._errors import ConfigError, ConfigProblem
from .._wiring import manager_or_default

if TYPE_CHECKING:
    from ..plugins import PluginManager
    from ..plugins._registry import Registry
    from ._lines import Path

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Missing:
    """What stands for a value that could not be had, and for all that would be made of it."""


MISSING = Missing()


class Source(NamedTuple):
    """What a configuration was read from: "" and no lines for a mapping.

    `folder` is what relative paths start from.
    """

    file: str | None = None
    folder: str = ""
    lines: Mapping[Path, int] = {}


class Inspection:
    """One look at a configuration: the plugins to look names up in, and what was found wrong."""

    def __init__(self, plugins: PluginManager | None = None, *, reads_secrets: bool = True) -> None:
        self.plugins = manager_or_default(plugins)
        self.reads_secrets = reads_secrets
        self.problems: list[ConfigProblem] = []
        self._causes: list[BaseException] = []

    @property
    def registry(self) -> Registry:
        """Every name that can be had."""
        return self.plugins.registry

    def add(self, problem: ConfigProblem, cause: BaseException | None = None) -> None:
        """Remember a problem; the same one, which several clients may share, once."""
        if problem not in self.problems:
            self.problems.append(problem)
            if cause is not None:
                self._causes.append(cause)

    def in_order(self) -> list[ConfigProblem]:
        """The problems in the order in which a reader of the file meets them."""
        return sorted(self.problems, key=lambda problem: problem.line or 0)

    def raise_problems(self) -> None:
        """Raise ConfigError where there is any problem, with its cause where it is the only one."""
        if self.problems:
            cause = self._causes[0] if len(self.problems) == len(self._causes) == 1 else None
            raise ConfigError(self.in_order()) from cause


class Place:
    """A key in a configuration."""

    __slots__ = ("inspection", "path", "source")

    def __init__(self, inspection: Inspection, source: Source, path: Path = ()) -> None:
        self.inspection = inspection
        self.source = source
        self.path = path

    def __truediv__(self, key: str | int) -> Place:
        return Place(self.inspection, self.source, (*self.path, key))

    def __str__(self) -> str:
        return written(self.path)

    def report(self, message: str, cause: BaseException | None = None) -> None:
        """Something is wrong here."""
        path = self.path
        while path and path not in self.source.lines:
            path = path[:-1]
        line = self.source.lines.get(path)
        problem = ConfigProblem(str(self), message, self.source.file, line)
        self.inspection.add(problem, cause)

    def report_unknown(
        self, key: object, known: Iterable[str], message: str = "", further: str = ""
    ) -> None:
        """There is no such key. `message` says so, and `further` where to look instead."""
        names = sorted(known)
        parts = [message or f"there is no key {key!r} here."]
        if close := closest(str(key), names):
            parts.append(f"Did you mean {close!r}?")
        if further:
            parts.append(further)
        elif not close or len(names) <= _FEW:
            parts.append(f"Known: {', '.join(names)}." if names else "There are none.")
        (self / key if isinstance(key, (str, int)) else self).report(" ".join(parts))


# A list of names that is no longer than this is told even where one of them is suggested.
_FEW = 12


def written(path: Path) -> str:
    """A path as it is written in messages, and in TOML: `clients.api.middleware[1]`."""
    parts = []
    for part in path:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        else:
            quoted = part if _BARE.fullmatch(part) else f'"{part}"'
            parts.append(f".{quoted}" if parts else quoted)
    return "".join(parts)


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    simple = {_simple(each): each for each in known}
    close = difflib.get_close_matches(_simple(name), simple, n=1)
    return simple[close[0]] if close else None


def _simple(name: str) -> str:
    return name.lower().replace("-", "_")


def kind_of_value(value: object) -> str:
    """What a value is, in words: values themselves may be secrets."""
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "true" if value else "false"
    for types, words in _WORDS:
        if isinstance(value, types):
            return words
    name = type(value).__name__
    return f"an {name}" if name[0] in "AEIOUaeiou" else f"a {name}"


_WORDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "a string"),
    (int, "a whole number"),
    (float, "a number"),
    (Mapping, "a table"),
    ((list, tuple), "a list"),
    ((datetime.date, datetime.time), "a date or time"),
)
