"""Where a configuration comes from, and which of its clients is meant.

Knows files, the environment and the layout: settings at the top for one client, or `[defaults]`
and `[clients.NAME]` for several. What the settings may be is for others.

No file is looked for: a path is given by the program, or by HOOKLINE_CONFIG.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple, Union

from .._errors import ConfigError, ConfigProblem
from ._lines import lines_of
from ._place import Inspection, Place, Source, closest, kind_of_value
from ._settings import SETTINGS

VARIABLE = "HOOKLINE_CONFIG"

# The client that is meant where no name is given, if there is one of that name.
DEFAULT = "default"

# What is at the top where there are several clients.
TABLES = ("clients", "defaults")

# A key for editors, which says where the schema is.
SCHEMA_KEY = "$schema"

ConfigSource = Union[str, os.PathLike[str], Mapping[str, object], None]

# No configuration is larger, and a path may lead to a device that never ends.
_LARGEST = 16 * 1024 * 1024

_WHERE = re.compile(r"\(at line (\d+), column \d+\)")


class Document(NamedTuple):
    """A configuration as it was read."""

    content: Mapping[str, Any]
    source: Source

    @property
    def has_clients(self) -> bool:
        """Whether it is for named clients, or for one without a name."""
        return any(key in self.content for key in TABLES)


def read(source: ConfigSource) -> Document:
    """The configuration that an argument means: a mapping, or a TOML file. Without one, the file
    that HOOKLINE_CONFIG names.

    Raises ConfigError where there is none, or none that can be read.
    """
    if isinstance(source, Mapping):
        return Document(source, Source())
    variable = None
    if source is None:
        variable = VARIABLE
        source = os.environ.get(VARIABLE)
        if not source:
            raise _failure(
                None,
                "no configuration: give a path or a mapping, or name a file in the environment "
                f"variable {VARIABLE}.",
            )
    if not isinstance(source, (str, os.PathLike)):
        raise TypeError(
            f"expected a path, a mapping or None as a configuration, not {kind_of_value(source)}."
        )
    return _read_file(os.fspath(source), variable)


def _read_file(path: str, variable: str | None) -> Document:
    origin = "" if variable is None else f" It is what {variable} names."
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError as exc:
        raise _failure(path, f"there is no such file.{origin}") from exc
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise _failure(path, f"the file cannot be read: {reason}.{origin}") from exc
    if len(data) > _LARGEST:
        raise _failure(path, f"the file is too large for a configuration.{origin}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _failure(path, "the file is no text in UTF-8.") from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        # With the words, but without the traceback: what stands in the file may be a secret.
        match = _WHERE.search(str(exc))
        problem = f"this is no TOML: {exc}"
        raise _failure(path, problem, int(match[1]) if match else None) from None
    folder = os.path.dirname(os.path.abspath(path))
    return Document(content, Source(path, folder, lines_of(text)))


def _failure(path: str | None, message: str, line: int | None = None) -> ConfigError:
    return ConfigError([ConfigProblem("", message, path, line)])


class Layer(NamedTuple):
    """Settings from one place of a configuration."""

    settings: Mapping[Any, Any]
    place: Place


def check_layout(document: Document, inspection: Inspection) -> None:
    """Report what does not belong at the top of a configuration."""
    top = Place(inspection, document.source)
    if not document.has_clients:
        return
    for key, value in document.content.items():
        if key == SCHEMA_KEY:
            continue
        if key in SETTINGS:
            (top / key).report(
                f"beside [clients] and [defaults] there are no settings. What is for all clients "
                f"goes to `defaults.{key}`."
            )
        elif key not in TABLES:
            top.report_unknown(key, TABLES)
        elif not isinstance(value, Mapping):
            (top / key).report(f"expected a table, not {kind_of_value(value)}.")
    clients = document.content.get("clients")
    if isinstance(clients, Mapping):
        if not clients:
            (top / "clients").report("there is no client in it.")
        for name, settings in clients.items():
            if not isinstance(name, str):
                (top / "clients").report(f"clients have names, which {name!r} is not.")
            elif not isinstance(settings, Mapping):
                here = top / "clients" / name
                here.report(f"expected a table, not {kind_of_value(settings)}.")


def names_of(document: Document) -> list[str | None]:
    """The clients of a configuration: their names, or None for one without."""
    clients = document.content.get("clients")
    if document.has_clients and isinstance(clients, Mapping):
        return [name for name in clients if isinstance(name, str)]
    return [None]


def chosen_name(document: Document, name: str | None, inspection: Inspection) -> str | None:
    """The client that a name means: without one, that called "default", or the only one there is.

    Reports a name that is not there, and the lack of one where it is needed.
    """
    names = [each for each in names_of(document) if each is not None]
    top = Place(inspection, document.source)
    if name is not None and not isinstance(name, str):
        top.report(f"clients have names, which are strings; {kind_of_value(name)} is none.")
        return None
    if name is None:
        if not names:
            return None
        if DEFAULT in names:
            return DEFAULT
        if len(names) == 1:
            return names[0]
        (top / "clients").report(
            f"there are several, and none is called {DEFAULT!r}: say which, as in "
            f"name={names[0]!r}. Known: {', '.join(sorted(names))}."
        )
        return None
    if not names:
        top.report(f"there is no client {name!r}: this configuration names none.")
    elif name not in names:
        (top / "clients").report(_no_client(name, names))
    else:
        return name
    return None


def _no_client(name: str, names: list[str]) -> str:
    close = closest(name, names)
    hint = f" Did you mean {close!r}?" if close else ""
    return f"no client named {name!r}. Known: {', '.join(sorted(names))}.{hint}"


def layers_of(document: Document, name: str | None, inspection: Inspection) -> list[Layer]:
    """Where the settings of a client are written, the most general first."""
    top = Place(inspection, document.source)
    if not document.has_clients:
        settings = {key: value for key, value in document.content.items() if key != SCHEMA_KEY}
        return [Layer(settings, top)]
    found = [Layer(document.content.get("defaults", {}), top / "defaults")]
    if name is not None:
        clients = document.content.get("clients", {})
        found.append(Layer(clients.get(name, {}), top / "clients" / name))
    return [layer for layer in found if isinstance(layer.settings, Mapping)]
