"""Where the names in a function's annotations are looked up.

Knows modules and their sources. Many modules import what is for annotations alone under `if
TYPE_CHECKING:`, so that it is not there at run time: such an import is made here, for those names
that an annotation really has.
"""

from __future__ import annotations

import ast
import collections.abc
import inspect
import os
import sys
import typing
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any


class Scope(dict[str, Any]):
    """The names that a function's annotations may use, as a namespace for `eval`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        from .. import types as public_types

        constructor = inspect.getattr_static(function, "__init__", None)
        source: Any = inspect.unwrap(constructor if isinstance(function, type) else function)
        found: dict[str, Any] = getattr(source, "__globals__", {})
        super().__init__(
            {
                **vars(typing),
                **vars(collections.abc),
                "os": os,
                **{name: getattr(public_types, name) for name in public_types.__all__},
                **found,
            }
        )
        self._module = found.get("__name__", "")
        self._for_checkers: dict[str, tuple[str, str | None]] | None = None

    def __missing__(self, name: str) -> Any:
        if self._for_checkers is None:
            self._for_checkers = dict(_imports_for_checkers(self._module))
        if name not in self._for_checkers:
            raise KeyError(name)
        module, attribute = self._for_checkers[name]
        value = import_module(module)
        self[name] = value if attribute is None else getattr(value, attribute)
        return self[name]


def _imports_for_checkers(module_name: str) -> Iterator[tuple[str, tuple[str, str | None]]]:
    """What a module imports for type checkers alone: names, with where they come from."""
    module = sys.modules.get(module_name)
    try:
        tree = ast.parse(inspect.getsource(module)) if module is not None else None
    except (OSError, TypeError, SyntaxError):
        return
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.If) and _is_for_checkers(node.test):
            for statement in node.body:
                yield from _imported(statement, module)


def _is_for_checkers(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _imported(statement: ast.stmt, module: Any) -> Iterator[tuple[str, tuple[str, str | None]]]:
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or whole, (whole, None)
    elif isinstance(statement, ast.ImportFrom):
        base = statement.module or ""
        if statement.level:
            package = (module.__package__ or "").split(".")
            parts = package[: len(package) - statement.level + 1]
            base = ".".join([*parts, base] if base else parts)
        for alias in statement.names:
            yield alias.asname or alias.name, (base, alias.name)
