"""The entry points of a group, of everything that is installed.

Knows how installed distributions lie in the directories of `sys.path`. Imports nothing of theirs:
`EntryPoint.load` does, when it is called.

`importlib.metadata` knows the same, and eggs, archives and finders of other kinds too; but it takes
longer to import than all of hookline. So it is asked where a program has loaded it already, and
where there is anything but plain directories. What it answers is what is found here.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from importlib.machinery import PathFinder
from typing import Any


class EntryPoint:
    """One entry point, with the name and the version of its distribution ("-" where it has none).

    `load` returns the object that it stands for, and raises whatever importing that raises.
    """

    __slots__ = ("distribution", "load", "name", "value", "version")

    def __init__(
        self, name: str, value: str, distribution: str, version: str, load: Callable[[], Any]
    ) -> None:
        self.name = name
        self.value = value
        self.distribution = distribution
        self.version = version
        self.load = load


def installed(group: str) -> list[EntryPoint]:
    """The entry points of a group. Where a distribution is there twice, the one that comes first
    on `sys.path` counts."""
    if "importlib.metadata" not in sys.modules and _has_directories_alone():
        return list(_in_directories(group))
    from importlib.metadata import entry_points

    return [
        EntryPoint(point.name, point.value, *_told_by(point.dist), point.load)
        for point in entry_points(group=group)
    ]


def _has_directories_alone() -> bool:
    """Whether the directories of `sys.path` are all that there is to search."""
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_distributions")]
    return finders == [PathFinder] and not any(
        not isinstance(path, str) or path.lower().endswith(".egg") or os.path.isfile(path)
        for path in sys.path
    )


def _in_directories(group: str) -> Iterator[EntryPoint]:
    seen: set[str] = set()
    for directory in sys.path:
        try:
            children = os.listdir(directory or ".")
        except OSError:
            continue
        for child in children:
            lower = child.lower()
            if not lower.endswith((".dist-info", ".egg-info")):
                continue
            # "Name-1.0.dist-info", the name with any of "-", "_" and "." as "_".
            name = re.sub(r"[-_.]+", "_", lower.rpartition(".")[0].partition("-")[0])
            if name not in seen:
                seen.add(name)
                yield from _of_distribution(os.path.join(directory, child), group)


def _of_distribution(path: str, group: str) -> Iterator[EntryPoint]:
    try:
        with open(os.path.join(path, "entry_points.txt"), "rb") as file:
            written = file.read()
    except OSError:
        # Most have none.
        return
    if f"[{group}]".encode() not in written:
        return
    distribution, version = _said_in(path)
    for name, value in _section(written.decode("utf-8", "replace"), group):
        yield EntryPoint(name, value, distribution, version, partial(_load, value))


def _section(text: str, group: str) -> Iterator[tuple[str, str]]:
    """The names and values of one section (the entry points specification, "File format")."""
    is_here = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            is_here = line[1:-1] == group
        elif is_here and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()


def _load(value: str) -> object:
    """What "module:object.attribute" stands for. Extras, in brackets, are for installers."""
    module, _, attributes = value.partition("[")[0].partition(":")
    found: object = import_module(module.strip())
    for attribute in attributes.strip().split(".") if attributes else ():
        found = getattr(found, attribute)
    return found


# -- Distributions --------------------------------------------------------------------------


def _said_in(path: str) -> tuple[str, str]:
    """Name and version of a distribution, as it was installed."""
    for filename in ("METADATA", "PKG-INFO"):
        try:
            with open(os.path.join(path, filename), encoding="utf-8", errors="replace") as file:
                return _name_and_version(file)
        except OSError:
            continue
    return "-", "-"


def _told_by(distribution: Any) -> tuple[str, str]:
    """The same, of a distribution of `importlib.metadata`: whose own way is to parse all of the
    metadata, the project's README in it, for each of the two."""
    if distribution is None:
        return "-", "-"
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    return _name_and_version(text.splitlines())


def _name_and_version(lines: Iterable[str]) -> tuple[str, str]:
    """From the headers of core metadata: up to the first empty line."""
    said: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.partition(":")
        if not colon and not line.strip():
            break
        said.setdefault(key.lower(), value.strip())
    return said.get("name") or "-", said.get("version") or "-"
