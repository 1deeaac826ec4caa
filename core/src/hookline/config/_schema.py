"""The JSON Schema (2020-12) of a configuration, for editors: from the kinds that the validator has.

Knows the words of JSON Schema and what a registry has. What is allowed is said by the kinds, and
nowhere else.

What it cannot say is left to the validator: whether a file, a variable or an encoding is there,
whether a text is a URL, what a constructor thinks of its arguments, and what several layers come
to together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from .._wiring import manager_or_default
from ..plugins._registry import SLOTS
from . import _values
from ._kinds import Flag, Kind, Number, Text
from ._parameters import Declared, declared
from ._secrets import KEYS as SECRET_KEYS
from ._settings import ALTERNATIVES, SETTINGS
from ._shapes import Field
from ._sources import SCHEMA_KEY

if TYPE_CHECKING:
    from ..plugins import PluginManager
    from ..plugins._registry import Registry

Schema: TypeAlias = dict[str, Any]

_SECRET_DOCS = {
    "env": "The environment variable that it is in.",
    "file": "The file that it is in.",
    "default": "What to take where there is none.",
    "prefix": "What goes before it, such as 'Bearer '.",
}


def _is_plain(kind: Kind) -> bool:
    return isinstance(kind, (Flag, Number, Text))


def schema(*, plugins: PluginManager | None = None, is_open: bool = False) -> dict[str, Any]:
    """The JSON Schema of configurations, with the options of every plugin that is installed.

    With `is_open`, names that are not installed here pass, with any options: for a schema that is
    published, or used on another machine.
    """
    manager = manager_or_default(plugins)
    schemas = Schemas(manager.registry, is_open=is_open)
    many = len(manager.hook.hookline_create_ssl_context.get_hookimpls()) > 1
    schemas.any_context = is_open or many
    return schemas.document()


class Schemas:
    """The parts of one schema document, each made once."""

    def __init__(self, registry: Registry, *, is_open: bool) -> None:
        self._registry = registry
        self._is_open = is_open
        self.any_context = is_open
        self._definitions: dict[str, Schema] = {}

    def document(self) -> Schema:
        """The whole."""
        settings: Schema = {}
        for key, setting in SETTINGS.items():
            definition = self.of(setting.kind)
            assert definition is not None
            description = f"{setting.doc} Default: {setting.default}."
            self._definitions[f"setting_{key}"] = {
                "description": description.replace("`", ""),
                **definition,
            }
            settings[key] = {"$ref": f"#/$defs/setting_{key}"}
        self._definitions["alternatives"] = {"allOf": list(map(_only_one, ALTERNATIVES))}
        self._definitions["client"] = {
            "type": "object",
            "properties": settings,
            "additionalProperties": False,
            "allOf": [{"$ref": "#/$defs/alternatives"}],
        }
        client = {"$ref": "#/$defs/client"}
        several = {
            "defaults": {"description": "What all clients have, unless they say otherwise."}
            | client,
            "clients": {
                "description": "The clients by name; `default` is the one without.",
                "type": "object",
                "minProperties": 1,
                "additionalProperties": client,
            },
        }
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "hookline configuration",
            "description": "Settings of one client at the top, or [defaults] and [clients.NAME].",
            "type": "object",
            "properties": {SCHEMA_KEY: {"type": "string"}, **several, **settings},
            "additionalProperties": False,
            "allOf": [{"$ref": "#/$defs/alternatives"}],
            "if": {"anyOf": [{"required": [key]} for key in several]},
            "then": {"propertyNames": {"enum": [SCHEMA_KEY, *several]}},
            "$defs": dict(sorted(self._definitions.items())),
        }

    # -- What kinds ask for -----------------------------------------------------------------

    def of(self, kind: Kind) -> Schema | None:
        """The schema of a kind, by reference where it is one that has a name."""
        name = _NAMED.get(id(kind))
        if name is None:
            return kind.schema(self)
        if name not in self._definitions:
            # Taken before it is there: it may be a part of itself.
            self._definitions[name] = {}
            definition = kind.schema(self)
            assert definition is not None
            self._definitions[name] = definition
        return {"$ref": f"#/$defs/{name}"}

    def secret(self) -> Schema:
        """A reference to a secret."""
        if "secret" not in self._definitions:
            name = {"type": "string", "minLength": 1}
            types = {"env": name, "file": name}
            self._definitions["secret"] = {
                "description": "A text that is somewhere else, so that it need not stand here.",
                "type": "object",
                "properties": {
                    key: {"description": _SECRET_DOCS[key], **types.get(key, {"type": "string"})}
                    for key in SECRET_KEYS
                },
                "additionalProperties": False,
                "oneOf": [{"required": ["env"]}, {"required": ["file"]}],
            }
        return {"$ref": "#/$defs/secret"}

    def table(self, fields: Mapping[str, Field]) -> Schema:
        """A table with certain keys."""
        properties = {}
        for key, field in fields.items():
            definition = self.of(field.kind)
            if definition is not None:
                doc = {"description": field.doc.replace("`", "")} if field.doc else {}
                properties[key] = {**doc, **definition}
        required = [key for key, field in fields.items() if field.is_required]
        found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        return {**found, "required": required} if required else found

    def names(self, slot: str) -> Schema:
        """The names of a slot that do without options."""
        entries = self._registry.names(slot)
        names = sorted(name for name in entries if not declared(entries[name].cls).required)
        if self._is_open:
            others = {"type": "string", "not": {"enum": sorted(entries)}} if entries else {}
            return {"anyOf": [{"enum": names}, {"type": "string", **others}]}
        return {"enum": names}

    def choices(self, slot: str) -> Schema:
        """The tables `{ name, options }` of a slot."""
        key = f"{SLOTS[slot]} table".replace(" ", "_")
        if key not in self._definitions:
            # Taken before it is there: the options of a class may have the same slot in them.
            self._definitions[key] = {}
            entries = self._registry.names(slot)
            alternatives = [self._choice(name, entries[name].cls) for name in sorted(entries)]
            # What a reference leads to is known when it is read.
            alternatives.append(_named(self.secret(), {"type": "object"}))
            if self._is_open:
                other = {"type": "string", "not": {"enum": sorted(entries)}}
                alternatives.append(_named(other, {"type": "object"}))
            self._definitions[key] = {"anyOf": alternatives}
        return {"$ref": f"#/$defs/{key}"}

    def _choice(self, name: str, cls: type[Any]) -> Schema:
        found = declared(cls)
        table = _named({"const": name}, self._options(found))
        if found.required:
            table["required"].append("options")
        summary = (cls.__doc__ or "").strip().split("\n\n")[0]
        return {"description": " ".join(summary.replace("`", "").split()), **table}

    def _options(self, found: Declared) -> Schema:
        properties = {}
        for key, parameter in found.parameters.items():
            definition = self.of(parameter.kind)
            if definition is None:
                # Only a program can give it.
                continue
            properties[key] = dict(definition)
            if parameter.doc:
                properties[key]["description"] = parameter.doc.replace("`", "")
            if parameter.default is not None and _is_json(parameter.default):
                properties[key]["default"] = parameter.default
        options: Schema = {"type": "object", "properties": properties}
        if not found.is_open:
            options["additionalProperties"] = False
        if found.required:
            options["required"] = found.required
        return options

    def contexts(self, fields: Mapping[str, Field]) -> Schema:
        """The tables `{ name, options }` of `verify`."""
        default = _named({"const": "default"}, self.table(fields))
        if not self.any_context:
            return default
        other = {"type": "string", "not": {"const": "default"}}
        return {"anyOf": [default, _named(other, {"type": "object"})]}


# Kinds that occur in many places, by their identity.
_NAMED: dict[int, str] = {
    **{id(setting.kind): key for key, setting in SETTINGS.items() if not _is_plain(setting.kind)},
    id(_values.SECONDS): "seconds",
    id(_values.COUNT): "count",
    id(_values.PROXY_ALONE): "one_proxy",
}


def _named(name: Schema, options: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {"name": name, "options": options},
        "additionalProperties": False,
        "required": ["name"],
    }


def _only_one(group: tuple[str, ...]) -> Schema:
    """The first of a group does not stand beside the others."""
    one, *others = group
    return {
        "if": {"required": [one]},
        "then": {"not": {"anyOf": [{"required": [other]} for other in others]}},
    }


def _is_json(value: object) -> bool:
    # Tuples would become lists.
    return isinstance(value, (str, int, float, bool)) and json.loads(json.dumps(value)) == value
