"""The options of a plugin's class, as its constructor declares them: names, kinds, defaults.

Knows signatures and annotations. A class declares its options by being written: there is nothing
else to fill in, and nothing that could differ from what the constructor takes.

An annotation that is not understood, or that names something that is not there at run time, lets
every value pass: the constructor decides.
"""

from __future__ import annotations

import ast
import collections.abc
import inspect
import os
import pathlib
import re
import types
import typing
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from ..plugins.interfaces import Protocol
from ._kinds import Anything, Flag, Instance, Kind, Nothing, Number, PathText, Text, choice
from ._scope import Scope
from ._shapes import Keyed, ListOf, OneOf, Row

# What the client gives to classes that it makes by name, and no configuration has.
OFFERED = frozenset({"observers", "plugins"})


_BY_NAME = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Parameter(NamedTuple):
    """One option."""

    kind: Kind
    is_required: bool
    default: Any
    doc: str


class Declared(NamedTuple):
    """The options of a class; `is_open` where it takes others as well."""

    parameters: dict[str, Parameter]
    is_open: bool

    @property
    def required(self) -> list[str]:
        """The options that have to be given."""
        return [name for name, parameter in self.parameters.items() if parameter.is_required]


# What was found out of classes; they may go.
_known_classes: WeakKeyDictionary[type[Any], Declared] = WeakKeyDictionary()


def declared(cls: type[Any]) -> Declared:
    """The options of a plugin's class."""
    found = _known_classes.get(cls)
    if found is None:
        found = _known_classes[cls] = _declared(cls)
    return found


def _declared(cls: type[Any]) -> Declared:
    function: Callable[..., Any] = cls
    skipped: set[str] = set(OFFERED)
    if issubclass(cls, Protocol):
        if "configure" in _own(cls):
            function = cls.configure
        else:
            skipped.add("stream")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return Declared({}, is_open=True)
    scope = Scope(function)
    docs = docs_of(cls)
    found: dict[str, Parameter] = {}
    is_open = False
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            # What has to take everything, to agree with its base, and refuses it, says so.
            is_open = name != "unknown"
        elif parameter.kind in _BY_NAME and name not in skipped:
            is_required = parameter.default is parameter.empty
            kind = kind_of(parameter.annotation, scope)
            default = None if is_required else parameter.default
            found[name] = Parameter(kind, is_required, default, docs.get(name, ""))
    return Declared(found, is_open)


def _own(cls: type[Any]) -> set[str]:
    """What a protocol's classes define themselves, below the interface."""
    return {name for base in cls.__mro__ if base is not Protocol for name in vars(base)}


# An item of the list in a docstring: "- `name`: what it is", or of several: "- `a`, `b`: ...".
_DOC = re.compile(r"^- ((?:`\w+`(?:, )?)+): (.*(?:\n(?!-|\s*$).*)*)", re.MULTILINE)


def docs_of(cls: type[Any]) -> dict[str, str]:
    """What a class's docstring says of each option."""
    text = inspect.cleandoc(cls.__doc__ or "")
    return {
        name: " ".join(match[2].split())
        for match in _DOC.finditer(text)
        for name in re.findall(r"`(\w+)`", match[1])
    }


def kind_of(annotation: Any, scope: Scope) -> Kind:
    """The kind of value that an annotation stands for."""
    if isinstance(annotation, str):
        return _kind_of_text(annotation, scope)
    if isinstance(annotation, typing.ForwardRef):
        return _kind_of_text(annotation.__forward_arg__, scope)
    if annotation is None or annotation is type(None):
        return Nothing()
    if (known := _known(annotation)) is not None:
        return known
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return kind_of(arguments[0], scope)
    if origin is typing.Literal:
        return _literal(arguments)
    if origin in (typing.Union, types.UnionType):
        return one_of([kind_of(argument, scope) for argument in arguments])
    if isinstance(origin, type):
        return _generic(origin, arguments, scope)
    if isinstance(annotation, type):
        return _generic(annotation, (), scope)
    return Anything()


def _kind_of_text(text: str, scope: Scope) -> Kind:
    """The kind for an annotation as it is written, part by part: one alternative that cannot be
    looked up does not take the others along."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return Anything()
    return one_of([_evaluated(part, scope) for part in _alternatives(tree)])


def _alternatives(tree: ast.expr) -> list[ast.expr]:
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.BitOr):
        return [*_alternatives(tree.left), *_alternatives(tree.right)]
    return [tree]


def _evaluated(tree: ast.expr, scope: Scope) -> Kind:
    try:
        annotation = eval(compile(ast.Expression(tree), "<annotation>", "eval"), {}, scope)
    except Exception:
        # A name that only type checkers see, most likely.
        return Anything()
    return kind_of(annotation, scope)


def one_of(kinds: list[Kind]) -> Kind:
    """One of several kinds, the more particular ones first."""
    flat: list[Kind] = []
    for kind in kinds:
        flat += kind.kinds if isinstance(kind, OneOf) and not kind.is_named else [kind]
    if any(isinstance(kind, Anything) for kind in flat):
        return Anything()
    if any(isinstance(kind, Flag) for kind in flat):
        # `false` is one of the two, then.
        flat = [Nothing(is_false=False) if isinstance(kind, Nothing) else kind for kind in flat]
    if any(isinstance(kind, PathText) for kind in flat):
        flat = [kind for kind in flat if type(kind) is not Text]
    flat.sort(key=lambda kind: type(kind) is Text)
    return flat[0] if len(flat) == 1 else OneOf(*flat)


_PLAIN: dict[Any, Callable[[], Kind]] = {
    bool: Flag,
    int: lambda: Number("a whole number", is_whole=True),
    float: Number,
    str: Text,
    bytes: lambda: Instance("bytes", bytes),
    pathlib.Path: lambda: PathText(make=pathlib.Path),
    pathlib.PurePath: lambda: PathText(make=pathlib.Path),
    os.PathLike: PathText,
}


def _known(annotation: Any) -> Kind | None:
    from ._settings import by_annotation

    try:
        plain = _PLAIN.get(annotation)
    except TypeError:
        return None
    return by_annotation(annotation) if plain is None else plain()


def _literal(values: tuple[Any, ...]) -> Kind:
    kinds: list[Kind] = []
    if texts := [value for value in values if isinstance(value, str)]:
        kinds.append(choice(*texts))
    if rest := [value for value in values if not isinstance(value, str)]:
        # False is None in a file only where it is nothing else.
        kinds += [Nothing(is_false=False)] if None in rest else []
        kinds += [Anything()] if any(value is not None for value in rest) else []
    return one_of(kinds)


_LISTS: dict[type, Callable[[Any], Any]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: list,
    collections.abc.Collection: list,
    collections.abc.Iterable: list,
    collections.abc.Set: frozenset,
}


def _generic(origin: type[Any], arguments: tuple[Any, ...], scope: Scope) -> Kind:
    if origin is os.PathLike:
        return PathText()
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        kinds = [kind_of(argument, scope) for argument in arguments]
        inside = ", ".join(kind.words for kind in kinds)
        return OneOf(Row(f"a list of {inside}", *kinds), Instance("a tuple", tuple))
    item = kind_of(arguments[0], scope) if arguments else Anything()
    if origin in _LISTS:
        return ListOf(item, make=_LISTS[origin])
    if origin in (dict, collections.abc.Mapping, collections.abc.MutableMapping):
        value = kind_of(arguments[1], scope) if len(arguments) == 2 else Anything()
        return Keyed("a table", value)
    return Anything()
