"""Every public name of httpx and httpx2 is here, and takes at least what theirs takes.

What is missing yet is written down with who brings it, and must go: a name that is there and still
in the list fails.
"""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest

import hookline
from support.compare import TALLY, both, differs, meet

# The names that are not here yet, and what they wait for.
MISSING_NAMES: dict[str, str] = {
    "websocket": "a plugin for WebSocket",
}
# Methods and properties, as "Class.method".
MISSING_PARTS: dict[str, str] = {
    "AsyncClient.websocket": "a plugin for WebSocket",
    "Client.websocket": "a plugin for WebSocket",
}

PEERS = (httpx, httpx2)
# What the interpreter puts there.
_OWN_OF_PYTHON = frozenset(
    {
        "__abstractmethods__", "__annotations__", "__class__", "__dict__", "__doc__",
        "__module__", "__orig_bases__", "__parameters__", "__slots__", "__static_attributes__",
        "__firstlineno__", "__subclasshook__", "__weakref__", "__init_subclass__",
        "__class_getitem__", "__getstate__", "__setstate__", "__match_args__", "__new__",
        "__dataclass_fields__", "__dataclass_params__", "__replace__", "__annotate_func__",
        "__delattr__", "__setattr__",
        "__annotations_cache__", "__slotnames__",
    }
)  # fmt: skip
_KINDS_BY_POSITION = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


def names(peer: ModuleType) -> list[str]:
    return sorted(peer.__all__)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_every_public_name_is_here(peer: ModuleType) -> None:
    missing = {name for name in names(peer) if not hasattr(hookline, name)}

    assert missing - MISSING_NAMES.keys() == set()


def test_names_that_are_said_to_be_missing_are() -> None:
    everything = {name for peer in PEERS for name in names(peer)}

    assert [name for name in MISSING_NAMES if hasattr(hookline, name)] == []
    assert set(MISSING_NAMES) <= everything
    for part in MISSING_PARTS:
        owner, _, method = part.partition(".")
        assert not hasattr(getattr(hookline, owner), method), part


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_every_public_name_is_exported(peer: ModuleType) -> None:
    assert {name for name in names(peer) if hasattr(hookline, name)} <= set(hookline.__all__)


def present(peer: ModuleType) -> Iterator[tuple[str, Any, Any]]:
    for name in names(peer):
        if hasattr(hookline, name):
            yield name, getattr(peer, name), getattr(hookline, name)


def parts(theirs: type, ours: type) -> Iterator[tuple[str, Any, Any]]:
    """The public methods and properties of a class, and the special ones that it has of its own."""
    for name in dir(theirs):
        is_special = name.startswith("__") and name.endswith("__")
        if is_special and (name in _OWN_OF_PYTHON or name not in vars(theirs)):
            continue
        if name.startswith("_") and not is_special:
            continue
        yield name, inspect.getattr_static(theirs, name), inspect.getattr_static(ours, name, None)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_every_method_and_property_is_here(peer: ModuleType) -> None:
    missing = []
    for name, theirs, ours in present(peer):
        if not inspect.isclass(theirs):
            assert not inspect.isclass(ours), name
            continue
        assert inspect.isclass(ours), name
        for part, _, mine in parts(theirs, ours):
            TALLY.cases += 1
            path = f"{name}.{part}"
            # What instances have: annotated or set by the constructor, tested by the other files.
            if mine is None and not hasattr(ours, part) and path not in MISSING_PARTS:
                missing.append(path)
            # A special method of theirs is not matched by the one that every object has. What
            # constructs is compared by its parameters: here it may be __new__.
            of_every_object = inspect.getattr_static(object, part, None)
            if mine is not None and mine is of_every_object and part != "__init__":
                missing.append(path)

    assert missing == []


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_properties_are_properties_and_coroutines_are_coroutines(peer: ModuleType) -> None:
    for name, theirs, ours in present(peer):
        if not inspect.isclass(theirs) or issubclass(theirs, enum.Enum):
            continue
        for part, their_part, our_part in parts(theirs, ours):
            path = f"{name}.{part}"
            if our_part is None:
                continue
            TALLY.cases += 1
            if isinstance(their_part, property):
                # A class attribute reads alike.
                assert not callable(our_part), path
                if their_part.fset is not None and isinstance(our_part, property):
                    assert our_part.fset is not None, path
            elif callable(their_part) and not inspect.isclass(their_part):
                assert callable(our_part), path
                assert inspect.iscoroutinefunction(their_part) == inspect.iscoroutinefunction(
                    our_part
                ), path


def signatures(peer: ModuleType) -> Iterator[tuple[str, inspect.Signature, inspect.Signature]]:
    for name, theirs, ours in present(peer):
        if not callable(theirs):
            continue
        yield from _pair(name, theirs, ours)
        if inspect.isclass(theirs) and not issubclass(theirs, enum.Enum):
            for part, _, mine in parts(theirs, ours):
                if mine is not None:
                    yield from _pair(f"{name}.{part}", getattr(theirs, part), getattr(ours, part))


def _pair(
    path: str, theirs: Any, ours: Any
) -> Iterator[tuple[str, inspect.Signature, inspect.Signature]]:
    if not callable(theirs) or type(ours).__name__ == "wrapper_descriptor":
        # What Python implements itself takes what it takes.
        return
    try:
        their_signature = inspect.signature(theirs)
    except (TypeError, ValueError):
        # Built in: the other files call it.
        return
    yield path, their_signature, inspect.signature(ours)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_every_callable_takes_the_same_parameters_with_the_same_defaults(peer: ModuleType) -> None:
    wrong = []
    for path, theirs, ours in signatures(peer):
        TALLY.cases += 1
        wrong += [f"{path}: {problem}" for problem in problems(theirs, ours)]

    assert wrong == []


# The same by another name: a value that stands for "not given".
_SENTINELS = frozenset({"UseClientDefault", "UnsetType"})


def problems(theirs: inspect.Signature, ours: inspect.Signature) -> Iterator[str]:
    takes_any = any(p.kind is p.VAR_KEYWORD for p in ours.parameters.values())
    for name, parameter in theirs.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            if not any(p.kind is parameter.kind for p in ours.parameters.values()):
                yield f"no {parameter}"
            continue
        mine = ours.parameters.get(name)
        if mine is None:
            if not takes_any and not _is_private(parameter):
                yield f"no parameter {parameter}"
            continue
        if mine.kind is not parameter.kind and not (
            parameter.kind is parameter.KEYWORD_ONLY
            and mine.kind is parameter.POSITIONAL_OR_KEYWORD
        ):
            yield f"{name} is {mine.kind.description}, not {parameter.kind.description}"
        if _shown(mine.default) != _shown(parameter.default):
            yield f"{name} is {mine.default!r} by default, not {parameter.default!r}"
    by_position = [name for name, p in theirs.parameters.items() if p.kind in _KINDS_BY_POSITION]
    mine_by_position = [
        name for name, p in ours.parameters.items() if p.kind in _KINDS_BY_POSITION
    ][: len(by_position)]
    if by_position != mine_by_position and not takes_any:
        yield f"positions are {mine_by_position}, not {by_position}"
    for name, mine in ours.parameters.items():
        is_required = mine.default is mine.empty and mine.kind not in (
            mine.VAR_POSITIONAL,
            mine.VAR_KEYWORD,
        )
        if name not in theirs.parameters and is_required:
            yield f"{name} is required"


def _is_private(parameter: inspect.Parameter) -> bool:
    return parameter.name.startswith("_")


def _shown(default: Any) -> Any:
    if default is inspect.Parameter.empty:
        return "required"
    if type(default).__name__ in _SENTINELS:
        return type(default).__name__
    return repr(default)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_classes_have_the_same_ancestors(peer: ModuleType) -> None:
    for name, theirs, ours in present(peer):
        if inspect.isclass(theirs):
            TALLY.cases += 1
            ancestors = _ancestors(theirs)
            assert [each for each in _ancestors(ours) if each in ancestors] == ancestors, name


def _ancestors(cls: type) -> list[str]:
    # Nobody inherits from typing's own on purpose.
    return [base.__name__ for base in cls.__mro__ if base.__name__ != "Generic"]


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_exceptions_are_one_tree(peer: ModuleType) -> None:
    exceptions = {
        name: (theirs, ours)
        for name, theirs, ours in present(peer)
        if inspect.isclass(theirs) and issubclass(theirs, Exception)
    }

    assert len(exceptions) > 25
    for name, (theirs, ours) in exceptions.items():
        TALLY.cases += 1
        assert _ancestors(theirs) == _ancestors(ours), name


def test_constants_are_alike() -> None:
    for name in ("__title__", "__description__", "__version__", "__name__", "__doc__"):
        assert isinstance(getattr(hookline, name), str)
    # What was not given, in calls that tell it from None.
    assert type(hookline.USE_CLIENT_DEFAULT).__name__ == type(httpx.USE_CLIENT_DEFAULT).__name__
    for peer in both():
        assert bool(peer.USE_CLIENT_DEFAULT) == bool(hookline.USE_CLIENT_DEFAULT)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_constants_of_classes_are_alike(peer: ModuleType) -> None:
    compared = 0
    for name, theirs, ours in present(peer):
        if not inspect.isclass(theirs) or issubclass(theirs, enum.Enum):
            continue
        for part, their_part, our_part in parts(theirs, ours):
            # A class with slots keeps its defaults elsewhere: instances are compared, too.
            is_slot = inspect.ismemberdescriptor(our_part)
            if isinstance(their_part, (bool, int, str, float)) and not is_slot:
                compared += 1
                TALLY.cases += 1
                assert (type(our_part), our_part) == (type(their_part), their_part), (
                    f"{name}.{part}"
                )

    assert compared >= 6


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_status_codes_are_alike(peer: ModuleType) -> None:
    """By every name: of members, of aliases, and in lower case."""
    for name, theirs in peer.codes.__members__.items():
        TALLY.cases += 1
        ours = hookline.codes[name]
        assert int(ours) == int(theirs), name
        assert getattr(hookline.codes, name.lower()) == getattr(peer.codes, name.lower()), name
        if ours.phrase != theirs.phrase:
            assert peer is httpx2, name
            meet("codes-phrases")


# -- What checkers and editors are told -------------------------------------------------------

# Where hookline says more, or the same by another name.
OTHER_RETURNS: dict[str, str] = {
    "AsyncBaseTransport.__aenter__": "Self",
    "AsyncClient.__aenter__": "Self",
    "AsyncClient.event_hooks": "which function takes what",
    "AsyncClient.sse": "an iterator, to the decorator",
    "AsyncClient.stream": "an iterator, to the decorator",
    "AsyncHTTPTransport.__aenter__": "Self",
    "BaseTransport.__enter__": "Self",
    "Client.__enter__": "Self",
    "Client.event_hooks": "which function takes what",
    "Client.sse": "an iterator, to the decorator",
    "Client.stream": "an iterator, to the decorator",
    "HTTPTransport.__enter__": "Self",
    "Headers.__ior__": "Self",
    "Headers.__iter__": "str instead of Any",
    "Headers.get": "overloads",
    "Origin": "a tuple is made by __new__",
    "QueryParams.__iter__": "str instead of Any",
    "QueryParams.get": "overloads",
    "Response.aiter_bytes": "no generator",
    "Response.aiter_raw": "no generator",
    "ServerSentEvent.json": "Any, as Response.json",
    "Timeout.as_dict": "TimeoutDict",
    "URL.raw": "RawURL, which is a tuple",
    "stream": "an iterator, to the decorator",
}


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_what_is_returned_is_said_to_be_the_same(peer: ModuleType) -> None:
    compared = [
        (path, theirs, ours)
        for path, theirs, ours in [*signatures(peer), *_properties(peer)]
        if theirs.return_annotation is not theirs.empty
    ]
    other = {
        path
        for path, theirs, ours in compared
        if _names_in(theirs.return_annotation) != _names_in(ours.return_annotation)
    }

    TALLY.cases += len(compared)
    assert len(compared) > 200
    assert other - OTHER_RETURNS.keys() == set()


def _properties(peer: ModuleType) -> Iterator[tuple[str, inspect.Signature, inspect.Signature]]:
    for name, theirs, ours in present(peer):
        if not inspect.isclass(theirs):
            continue
        for part, their_part, our_part in parts(theirs, ours):
            if isinstance(their_part, property) and isinstance(our_part, property):
                assert their_part.fget is not None
                assert our_part.fget is not None
                signature = inspect.signature(their_part.fget)
                yield f"{name}.{part}", signature, inspect.signature(our_part.fget)


def _names_in(annotation: Any) -> frozenset[str]:
    """The types that an annotation names, however it spells them."""
    text = annotation.__name__ if inspect.isclass(annotation) else str(annotation)
    names = re.findall(r"\w+(?![\w.])", text)
    return frozenset(names) - {"None", "Optional", "Union", "NoneType"}


def test_title_and_version_are_our_own() -> None:
    differs("own-name", lambda library: library.__title__ == "hookline", theirs=False, ours=True)
    meet("own-name")


# -- Whether all of this can fail ---------------------------------------------------------------


class OtherTimeout(hookline.TransportError):
    """What ReadTimeout would be if it were no TimeoutException."""


def _host(self: Any) -> str:
    raise NotImplementedError


def _without_params(self: Any, url: Any, *, headers: Any = None) -> hookline.Response:
    raise NotImplementedError


def _with_another_default(
    self: Any, method: str, url: Any, *, content: Any = b"", **rest: Any
) -> hookline.Response:
    raise NotImplementedError


def _by_name_alone(self: Any, *, key: str, value: Any = None) -> hookline.QueryParams:
    raise NotImplementedError


def _in_another_order(value: Any = None, key: str = "") -> hookline.QueryParams:
    raise NotImplementedError


def _with_one_more(self: Any, key: str, value: Any = None, *, how: str) -> hookline.QueryParams:
    raise NotImplementedError


async def _asynchronous(self: Any) -> None:
    raise NotImplementedError


def _returning_text(self: Any) -> str:
    raise NotImplementedError


_of_kinds = test_properties_are_properties_and_coroutines_are_coroutines
_of_parameters = test_every_callable_takes_the_same_parameters_with_the_same_defaults
_MISSING = object()
# What is put in whose place, and the test that has to notice.
BREAKAGES: dict[str, tuple[Any, str, object, Callable[[ModuleType], None]]] = {
    "no name": (hookline, "Proxy", _MISSING, test_every_public_name_is_here),
    "a name that is not exported": (
        hookline, "__all__", sorted({*hookline.__all__} - {"Proxy"}),
        test_every_public_name_is_exported,
    ),
    "no method": (
        hookline.Headers, "multi_items", _MISSING, test_every_method_and_property_is_here,
    ),
    "no property": (hookline.Response, "links", _MISSING, test_every_method_and_property_is_here),
    "no special method": (
        hookline.URL, "__hash__", _MISSING, test_every_method_and_property_is_here,
    ),
    "a method for a property": (hookline.URL, "host", _host, _of_kinds),
    "a coroutine for a method": (hookline.Client, "close", _asynchronous, _of_kinds),
    "no parameter": (hookline.Client, "get", _without_params, _of_parameters),
    "another default": (hookline.Client, "request", _with_another_default, _of_parameters),
    "by name alone": (hookline.QueryParams, "add", _by_name_alone, _of_parameters),
    "in another order": (hookline.QueryParams, "add", _in_another_order, _of_parameters),
    "one more that is required": (hookline.QueryParams, "set", _with_one_more, _of_parameters),
    "another ancestor": (hookline, "ReadTimeout", OtherTimeout, test_exceptions_are_one_tree),
    "no ancestor": (hookline, "Headers", hookline.URL, test_classes_have_the_same_ancestors),
    "another constant": (
        hookline.Auth, "requires_request_body", True, test_constants_of_classes_are_alike,
    ),
    "another code": (hookline.codes, "not_found", 405, test_status_codes_are_alike),
    "another phrase": (hookline.codes.NOT_FOUND, "phrase", "?", test_status_codes_are_alike),
    "another return": (
        hookline.Response, "raise_for_status", _returning_text,
        test_what_is_returned_is_said_to_be_the_same,
    ),
}  # fmt: skip


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_what_is_broken_is_noticed(breakage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, value, notices = BREAKAGES[breakage]
    if value is _MISSING:
        monkeypatch.delattr(owner, name)
    else:
        monkeypatch.setattr(owner, name, value)

    with pytest.raises(AssertionError):
        notices(httpx)
