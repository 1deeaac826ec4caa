"""Copies of clients and transports: the configuration travels, the connections do not.

Knows which attributes follow from others and are made anew, and which values no pickle can carry.
What an object was told is copied as it stands, rather than its constructor called again: so that
subclasses with arguments of their own work too.

The rules it lives by:

- A copy has connections of its own, and makes them when it is first used. One of a closed client or
  transport is closed: whoever closed it meant it.
- A pickle holds whatever the client was given: passwords, tokens and cookies as well.
- What cannot travel is named by the argument that it was given as. Copies inside one process share
  what is safe to share: TLS contexts and plugin managers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from copy import copy, deepcopy
from functools import partial
from types import CoroutineType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from ._cookies import Cookies
from ._headers import Headers

if TYPE_CHECKING:
    from ._client import BaseClient
    from .transports.http import AsyncHTTPTransport, HTTPTransport

T = TypeVar("T")

# What follows from the rest.
_MADE_ANEW = frozenset({"_hop", "_call_middleware", "_merged_urls", "_pool", "_send", "_loops"})

# How far into an object of the user's it is looked for what cannot travel.
_DEPTH = 4

_PATH = "Give the path to the certificates instead, or make the client where it is used."
_TOP = "Define it at the top of a module."
_OWN = "Make it where it is used, or give its class a __getstate__ that leaves it out."

_Found = tuple[tuple[str, ...], str, str]


# -- Clients --------------------------------------------------------------------------------


def client_state(client: BaseClient) -> dict[str, Any]:
    """What a pickle of a client holds. Raises PicklingError for what cannot travel."""
    state = _state(client)
    _check(
        (name.lstrip("_"), state.get(name))
        for name in (
            "_auth", "_plugins", "_default_encoding", "_json_encoder", "_json_decoder",
            "_middleware", "_event_hooks", "_decoders", "_transport", "_mounts",
        )
    )  # fmt: skip
    return state


def restore_client(client: BaseClient, state: dict[str, Any]) -> None:
    """Make a client of its state."""
    from ._client import ClientState

    client.__dict__.update(state)
    if client._state is not ClientState.CLOSED:
        client._state = ClientState.UNOPENED
    client._merged_urls = {}
    client._compose()


# -- Transports -----------------------------------------------------------------------------


def transport_state(transport: HTTPTransport | AsyncHTTPTransport) -> dict[str, Any]:
    """What a pickle of a transport holds. Raises PicklingError for what cannot travel."""
    state = _state(transport)
    settings = state.get("_settings")
    if settings is not None:
        _check((name, getattr(settings, name)) for name in ("verify", "proxy", "protocols"))
        _check([("event_hooks", settings.observers), ("plugins", settings.plugins)])
    return state


def restore_transport(transport: HTTPTransport | AsyncHTTPTransport, state: dict[str, Any]) -> None:
    """Make a transport of its state."""
    is_closed = state.get("_is_closed", False)
    transport.__dict__.update(state)
    transport.__dict__.pop("_is_closed", None)
    if "_settings" in state:
        transport._start()
        if is_closed:
            transport._pool.refuse()


# -- Copies in one process ------------------------------------------------------------------


def copied(original: T) -> T:
    """A copy with settings of its own, and connections of its own. Whatever was given to the
    original, other than that, is shared."""
    return _restored(original, {name: _own(value) for name, value in _state(original).items()})


def deeply_copied(original: T, memo: dict[int, Any]) -> T:
    """A copy that shares nothing but what no two copies could have."""
    new = type(original).__new__(type(original))
    memo[id(original)] = new
    state = _state(original)
    for each in _shareable(state):
        memo[id(each)] = each
    return _restored(original, deepcopy(state, memo), new)


def _restored(original: T, state: dict[str, Any], new: Any = None) -> T:
    if new is None:
        new = type(original).__new__(type(original))
    if hasattr(new, "__setstate__"):
        new.__setstate__(state)
    else:
        new.__dict__.update(state)
    return new  # type: ignore[no-any-return]


def _own(value: Any) -> Any:
    from ._mounts import Mounts
    from .transports.http import AsyncHTTPTransport, HTTPTransport, PoolTransport

    if isinstance(value, (HTTPTransport, AsyncHTTPTransport, PoolTransport, Cookies, list)):
        return copy(value)
    if isinstance(value, Headers):
        return value.copy()
    if type(value) in (dict, Mounts):
        return type(value)((key, _own(item)) for key, item in value.items())
    return value


def _shareable(state: dict[str, Any]) -> Iterator[Any]:
    settings = state.get("_settings")
    verify, proxy = getattr(settings, "verify", None), getattr(settings, "proxy", None)
    for each in (verify, getattr(proxy, "ssl_context", None)):
        if _is_context(each):
            yield each
    for manager in (state.get("_plugins"), getattr(settings, "plugins", None)):
        if manager is not None:
            yield manager


def _state(owner: Any) -> dict[str, Any]:
    state = {name: value for name, value in vars(owner).items() if name not in _MADE_ANEW}
    loops, pool = vars(owner).get("_loops"), vars(owner).get("_pool")
    if loops is not None:
        state["_is_closed"] = loops.is_closed
    elif pool is not None:
        state["_is_closed"] = pool._is_closed
    return state


# -- What cannot travel ---------------------------------------------------------------------


def _check(arguments: Iterable[tuple[str, Any]]) -> None:
    for argument, value in arguments:
        found = _find(value, (), set())
        if found is not None:
            from pickle import PicklingError

            path, what, remedy = found
            where = f" ({'.'.join(path)})" if path else ""
            raise PicklingError(f"{argument}: {what}{where} cannot be pickled. {remedy}")


def _find(value: Any, path: tuple[str, ...], seen: set[int]) -> _Found | None:
    """The first thing in a value that no pickle can carry: where, what, and what to do."""
    if value is None or id(value) in seen or len(path) > _DEPTH:
        return None
    seen.add(id(value))
    if _is_context(value):
        return path, "an ssl.SSLContext", _PATH
    if type(value).__name__ == "PluginManager":
        return path, "a PluginManager", "Make the client where it is used."
    if _has_better_pickler():
        return None
    if isinstance(value, (FunctionType, type)):
        return _find_local(value, path)
    if isinstance(value, _never_travelling()):
        return path, f"a {type(value).__name__}", _OWN
    found = _find_local(type(value), path)
    if found is not None:
        return found
    for name, part in _parts(value):
        found = _find(part, (*path, name) if name else path, seen)
        if found is not None:
            return found
    return None


def _find_local(value: FunctionType | type, path: tuple[str, ...]) -> _Found | None:
    name = value.__qualname__
    if "<lambda>" in name:
        return path, "a lambda", f"{_TOP[:-1]}, with a name."
    if "<locals>" in name:
        kind = "class" if isinstance(value, type) else "function"
        return path, f"the {kind} {value.__name__!r}", f"It is inside a function. {_TOP}"
    return None


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What a value would be pickled as, as far as that can be told without asking it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (key if isinstance(key, str) and key.isidentifier() else ""), item
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield "", item
    elif isinstance(value, MethodType):
        yield "", value.__self__
    elif isinstance(value, partial):
        yield from (("", value.func), ("", value.args), ("", value.keywords))
    else:
        cls: Any = type(value)
        is_plain = (
            cls.__reduce_ex__ is object.__reduce_ex__
            and cls.__reduce__ is object.__reduce__
            and cls.__getstate__ is object.__getstate__
        )
        if is_plain and hasattr(value, "__dict__"):
            yield from vars(value).items()


def _is_context(value: object) -> bool:
    ssl = sys.modules.get("ssl")
    return ssl is not None and isinstance(value, ssl.SSLContext)


def _has_better_pickler() -> bool:
    """Whether there is one that takes functions of any kind: it is to decide for itself."""
    return any(name.rpartition(".")[2] in ("cloudpickle", "dill") for name in list(sys.modules))


def _never_travelling() -> tuple[type, ...]:
    from io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper
    from threading import Lock, RLock

    files = (BufferedReader, BufferedWriter, FileIO, TextIOWrapper)
    return (GeneratorType, CoroutineType, ModuleType, *files, type(Lock()), type(RLock()))
