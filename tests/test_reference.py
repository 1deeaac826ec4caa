"""The reference is complete: every public name is on a page, and says what it does.

What is public: what `__all__` lists, in core and in each of our distributions. The pages take their
text from the docstrings, so that these are what is looked at here.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import hookline
from hookline.plugins import hookspecs
from support.pages import ROOT

REFERENCE = ROOT / "docs/reference"

_OURS = re.compile(r"hookline(_\w+)?(\.|$)")


# Modules with the names and the shape of other people's: they are imported as httpx and httpcore.
STAND_INS = ("hookline.compat.httpcore", "hookline.compat.httpx")


def public_modules() -> list[str]:
    """The modules that users import: those without an underscore that have an `__all__`."""
    names = []
    for source in [ROOT / "core/src", *sorted(ROOT.glob("plugins/*/src"))]:
        for path in sorted(source.rglob("*.py")):
            parts = path.relative_to(source).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            is_private = any(part.startswith("_") for part in parts)
            if not is_private and re.search(r"^__all__\b", path.read_text(), re.MULTILINE):
                names.append(".".join(parts))
    return [name for name in names if name not in STAND_INS]


def documented() -> dict[str, Path]:
    """The names that the pages of the reference take from the sources, and where."""
    return {
        name: page
        for page in sorted(REFERENCE.glob("*.md"))
        for name in re.findall(r"^::: (\S+)$", page.read_text(), re.MULTILINE)
    }


def resolve(path: str) -> Any:
    """The object behind a dotted path. Raises where there is none."""
    module, _, rest = path.partition(".")
    found: Any = importlib.import_module(module)
    for name in rest.split(".") if rest else ():
        try:
            found = getattr(found, name)
        except AttributeError:
            found = importlib.import_module(f"{found.__name__}.{name}")
    return found


def identity(path: str) -> tuple[str, object]:
    """What tells two objects apart, whatever they are imported as. Constants go by their name."""
    found = resolve(path)
    if isinstance(found, ModuleType):
        return "module", found.__name__
    return path.rpartition(".")[2], getattr(found, "__qualname__", None)


PUBLIC = [f"{module}.{name}" for module in public_modules() for name in resolve(module).__all__]


def test_the_modules_that_users_import_are_found() -> None:
    assert {"hookline", "hookline.plugins", "hookline_http2"} <= set(public_modules())


# -- Pages ----------------------------------------------------------------------------------


def test_every_public_name_is_on_a_page() -> None:
    on_pages = set(documented())
    whole_modules = {name for name in on_pages if isinstance(resolve(name), ModuleType)}
    identities = {identity(name) for name in on_pages}

    missing = [
        name
        for name in PUBLIC
        if name not in on_pages
        and name.rpartition(".")[0] not in whole_modules
        and identity(name) not in identities
    ]

    assert missing == []


def test_no_name_is_documented_twice() -> None:
    text = "\n".join(page.read_text() for page in REFERENCE.glob("*.md"))
    names = re.findall(r"^::: (\S+)$", text, re.MULTILINE)

    assert sorted(names) == sorted(set(names))


def test_every_page_names_only_what_exists() -> None:
    gone = []
    for name, page in documented().items():
        try:
            resolve(name)
        except (AttributeError, ImportError):
            gone.append(f"{page.name}: {name}")

    assert gone == []


def test_the_tree_of_exceptions_is_drawn_as_it_is() -> None:
    text = (REFERENCE / "exceptions.md").read_text()
    [tree] = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    drawn: dict[str, str | None] = {}
    above: list[str] = []
    for line in tree.splitlines():
        [(indent, name)] = re.findall(r"^([│├└─ ]*)(\w+)", line)
        depth = len(indent) // 4
        above[depth:] = [name]
        drawn[name] = above[depth - 1] if depth else None

    actual = {
        cls.__name__: cls.__base__.__name__ if _is_exception(cls.__base__) else None
        for name in hookline.__all__
        if _is_exception(cls := getattr(hookline, name))
    }
    assert drawn | {"NotProcessed": "RemoteProtocolError"} == actual | {
        "NotProcessed": "RemoteProtocolError"
    }


def test_every_exception_is_among_the_errors_that_are_explained() -> None:
    page = (ROOT / "docs/errors.md").read_text()
    explained = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    leaves = {
        cls.__name__
        for name in hookline.__all__
        if _is_exception(cls := getattr(hookline, name)) and not _has_subclasses(cls)
    }

    assert leaves - explained == set()


def test_every_status_code_is_in_the_table() -> None:
    page = (REFERENCE / "codes.md").read_text()
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.*?) \|$", page, re.MULTILINE)

    assert [(int(number), name) for number, name, _ in rows] == [
        (code.value, code.name) for code in hookline.codes
    ]
    assert [phrase for *_, phrase in rows] == [
        hookline.codes.get_reason_phrase(code.value) for code in hookline.codes
    ]


def _is_exception(found: object) -> bool:
    return (
        inspect.isclass(found)
        and issubclass(found, BaseException)
        and _OURS.match(found.__module__) is not None
    )


def _has_subclasses(cls: type[Any]) -> bool:
    public = [getattr(hookline, name) for name in hookline.__all__]
    return any(
        inspect.isclass(each) and each is not cls and issubclass(each, cls) for each in public
    )


# -- Docstrings -----------------------------------------------------------------------------


def described() -> Iterator[tuple[str, Any, str | None]]:
    """Every public name, method and property: what it is called, what it is, and its docstring."""
    seen: set[int] = set()
    for path in [*PUBLIC, *(f"hookline.plugins.hookspecs.{name}" for name in _hooks())]:
        found = resolve(path)
        if id(found) in seen:
            continue
        seen.add(id(found))
        if inspect.isclass(found):
            yield path, found, found.__dict__.get("__doc__")
            # Of our plugins' classes, programs see the name and the options alone.
            if path.startswith("hookline."):
                yield from _members(found, seen)
        elif inspect.isroutine(found):
            yield path, found, found.__doc__


def _hooks() -> list[str]:
    return [name for name in vars(hookspecs) if name.startswith("hookline_")]


def _members(cls: type[Any], seen: set[int]) -> Iterator[tuple[str, Any, str | None]]:
    """What a class and its bases among us define under public names. What overrides something is
    described by that as well."""
    ours = [base for base in cls.__mro__ if _OURS.match(base.__module__)]
    for base in ours:
        for name, found in vars(base).items():
            if isinstance(found, (classmethod, staticmethod)):
                found = found.__func__
            if isinstance(found, functools.cached_property):
                found = found.func
            is_member = isinstance(found, property) or inspect.isroutine(found)
            # A test's name is the sentence that it stands for.
            if name.startswith(("_", "test_")) or not is_member or id(found) in seen:
                continue
            seen.add(id(found))
            path = f"{base.__module__}.{base.__qualname__}.{name}"
            docstrings = [getattr(vars(each).get(name), "__doc__", None) or "" for each in ours]
            yield path, found, "\n".join(docstrings).strip()


def takes_arguments(found: Any) -> bool:
    """Whether somebody who calls this has to know what to pass."""
    if isinstance(found, property):
        return False
    if inspect.isclass(found) and not any(
        name in vars(base)
        for base in found.__mro__
        if _OURS.match(base.__module__)
        for name in ("__init__", "__new__")
    ):
        return False
    try:
        parameters = inspect.signature(found).parameters
    except (TypeError, ValueError):
        return False
    return any(name not in ("self", "cls") for name in parameters)


def sentences(text: str) -> int:
    """How many sentences a text has; an indented block or a list says as much as one."""
    return len(re.findall(r"[.!?:](?=\s|$)", text))


def test_every_public_name_method_and_property_says_what_it_is() -> None:
    assert [path for path, _, docstring in described() if not docstring] == []


def test_whatever_takes_arguments_says_more_than_one_sentence() -> None:
    terse = [
        f"{path}: {docstring}"
        for path, found, docstring in described()
        if docstring and takes_arguments(found) and sentences(docstring) < 2
    ]

    assert terse == []


@pytest.mark.parametrize(
    ("text", "count"), [("One.", 1), ("One, e.g.two", 0), ("One: a\n\nb.", 2), ("A. B.", 2)]
)
def test_sentences_are_counted(text: str, count: int) -> None:
    assert sentences(text) == count
