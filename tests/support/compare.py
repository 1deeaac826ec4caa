"""The same call on hookline and on the libraries that it stands in for, and whether it ends the same.

A call is a function of the library: `lambda library: library.URL("http://a").host`. What it returns
is described in plain terms, so that two libraries' objects can be compared; what it raises is
compared by class name and text, and warnings are compared too. In texts, the libraries' own names
are one and the same.

Where hookline means to differ, docs/compatibility.md has a row for it, and the test that shows the
difference gives the row's name: a difference without a row fails, and so does a row that no test
gives.
"""  # noqa: E501

from __future__ import annotations

import asyncio
import re
import warnings
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import httpx
import httpx2
from hypothesis import settings

import hookline

from .tally import PAGE as PAGE
from .tally import ROWS as ROWS
from .tally import TALLY as TALLY

Call = Callable[[Any], Any]

_OWN_NAME = re.compile(r"\b(?:httpx2|httpx|hookline)\b")
_VERSION = re.compile(r"(python-LIBRARY/)[0-9.]+")


class Outcome(NamedTuple):
    """How a call ended: what it returned, or the class and the text of what it raised."""

    value: Any = None
    error: tuple[str, str] | None = None
    warnings: tuple[tuple[str, str], ...] = ()

    @property
    def raised(self) -> str | None:
        """The name of the exception's class."""
        return None if self.error is None else self.error[0]


Excuse = Callable[[Outcome, Outcome], bool]


def outcome(call: Call, library: ModuleType) -> Outcome:
    """Make a call on one library."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value, error = plain(call(library)), None
        except Exception as exc:
            value, error = None, (type(exc).__name__, neutral(str(exc)))
    told = tuple(
        (warning.category.__name__, neutral(str(warning.message)))
        for warning in caught
        if not issubclass(warning.category, ResourceWarning)
    )
    return Outcome(value, error, told)


def same(call: Call, *peers: ModuleType, except_for: Mapping[str, Excuse] | None = None) -> Outcome:
    """Make a call on hookline and on its peers (httpx, unless others are named): all end the same.

    `except_for` names rows of docs/compatibility.md, each with a function of their outcome and of
    ours that says whether the row is about this difference.
    """
    ours = outcome(call, hookline)
    for peer in peers or (httpx,):
        theirs = outcome(call, peer)
        TALLY.cases += 1
        if theirs == ours:
            continue
        for row, is_about in (except_for or {}).items():
            if is_about(theirs, ours):
                meet(row)
                break
        else:
            raise AssertionError(
                f"{peer.__name__} differs, and no row says so:\n" + _difference(theirs, ours)
            )
    return ours


def _difference(theirs: Any, ours: Any, where: str = "") -> str:
    """The parts in which two outcomes differ: most of them is the same."""
    if isinstance(theirs, dict) and isinstance(ours, dict) and theirs.keys() == ours.keys():
        parts = [(f"{where}[{key!r}]", theirs[key], ours[key]) for key in theirs]
    elif isinstance(theirs, (list, tuple)) and type(theirs) is type(ours):
        if len(theirs) != len(ours):
            return f"{where}:\n  theirs {theirs!r}\n  ours   {ours!r}"
        names = getattr(theirs, "_fields", range(len(theirs)))
        parts = [
            (f"{where}.{name}", *pair)
            for name, pair in zip(names, zip(theirs, ours, strict=True), strict=True)
        ]
    else:
        return f"{where}:\n  theirs {theirs!r}\n  ours   {ours!r}"
    return "\n".join(_difference(a, b, at) for at, a, b in parts if a != b)


def differs(row: str, call: Call, *peers: ModuleType, theirs: Any = None, ours: Any = None) -> None:
    """A difference that is meant. `theirs` and `ours` are values, or exception classes' names."""
    meet(row)
    for peer in peers or (httpx,):
        TALLY.cases += 1
        _expect(outcome(call, peer), theirs)
    _expect(outcome(call, hookline), ours)


def refusal(theirs: Outcome, ours: Outcome) -> bool:
    """Neither takes it; hookline says what is wrong with the argument."""
    return theirs.error is not None and ours.raised in ("TypeError", "ValueError")


def in_other_words(theirs: Outcome, ours: Outcome) -> bool:
    """The same class of exception, and another text."""
    return theirs.raised is not None and theirs.raised == ours.raised


def not_quoted(theirs: Outcome, ours: Outcome) -> bool:
    """What is wrong may be a piece of a password: where there is an "@", it is not told."""
    if ours.error is None or theirs.error is None:
        return False
    message, separator, _ = str(ours.error[1]).partition(", not shown because the URL has an '@'")
    return bool(separator) and str(theirs.error[1]).startswith(f"{message}: ")


class Raises(NamedTuple):
    """An outcome in words: the name of an exception's class, and a part of its text."""

    name: str
    text: str = ""


def _expect(actual: Outcome, expected: Any) -> None:
    if isinstance(expected, Raises):
        assert actual.raised == expected.name, actual
        assert actual.error is not None
        assert expected.text in actual.error[1], actual
    else:
        assert actual.error is None, actual
        assert actual.value == plain(expected), actual


def meet(row: str) -> None:
    """A row of docs/compatibility.md is shown to be true."""
    assert row in ROWS, f"docs/compatibility.md has no row {row!r}"
    TALLY.rows.add(row)


def both() -> tuple[ModuleType, ...]:
    """httpx and httpx2."""
    return httpx, httpx2


def examples(count: int = 250) -> settings:
    """So many examples, and the same in every run: what is compared must not depend on luck, nor on
    an earlier run."""
    return settings(max_examples=count, derandomize=True, database=None, deadline=None)


# -- Clients ----------------------------------------------------------------------------------

MODES = ("sync", "async")


class Make(NamedTuple):
    """An argument that has to be made anew for each library and mode."""

    function: Callable[[Any, str], Any]


def exchange(
    library: Any, mode: str, settings: Mapping[str, Any], *steps: Mapping[str, Any]
) -> list[Any]:
    """Make a client, send a request for each step, and say how each of them ended.

    A step has the arguments of `request`: "method" and "url" among them, "GET" where there is none.
    """
    given = {"trust_env": False, **_made(settings, library, mode)}
    if library is not hookline and "transport" not in given:
        # Loading certificates takes a peer longer than all the rest.
        given.setdefault("verify", False)
    calls = [{"method": "GET", **step} for step in steps]
    if mode == "async":
        return asyncio.run(_exchange_async(library, given, calls))
    results = []
    with library.Client(**given) as client:
        for call in calls:
            try:
                results.append(plain(client.request(**_made(call, library, mode))))
            except Exception as exc:
                results.append(plain(exc))
        results.append(plain(client.cookies))
    return results


async def _exchange_async(
    library: Any, settings: Mapping[str, Any], calls: list[dict[str, Any]]
) -> list[Any]:
    results = []
    async with library.AsyncClient(**settings) as client:
        for call in calls:
            try:
                results.append(plain(await client.request(**_made(call, library, "async"))))
            except Exception as exc:
                results.append(plain(exc))
        results.append(plain(client.cookies))
    return results


def _made(arguments: Mapping[str, Any], library: Any, mode: str) -> dict[str, Any]:
    return {
        name: value.function(library, mode) if isinstance(value, Make) else value
        for name, value in arguments.items()
    }


def pieces(*data: Any) -> Make:
    """A generator of bytes, of the kind that the client sends."""

    def make(library: Any, mode: str) -> Any:
        if mode == "sync":
            return iter(data)

        async def produce() -> Any:
            for piece in data:
                yield piece

        return produce()

    return Make(make)


def answering(handler: Callable[[Any, Any], Any]) -> Make:
    """A transport that answers by `handler(library, request)`."""
    return Make(
        lambda library, mode: library.MockTransport(lambda request: handler(library, request))
    )


# -- In plain terms -------------------------------------------------------------------------


def neutral(text: str) -> str:
    """A text without the name of the library that wrote it."""
    return _VERSION.sub(r"\g<1>VERSION", _OWN_NAME.sub("LIBRARY", text))


def plain(value: Any) -> Any:
    """A value of any of the libraries, in terms that compare by what they say."""
    if isinstance(value, type):
        return f"class {value.__name__}"
    if isinstance(value, str):
        return neutral(value)
    describe = _DESCRIPTIONS.get(type(value).__name__)
    if describe is not None:
        return describe(value)
    if isinstance(value, BaseException):
        return type(value).__name__, neutral(str(value))
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def _attributes(*names: str) -> Callable[[Any], Any]:
    def describe(value: Any) -> Any:
        described = {"class": type(value).__name__, "repr": neutral(repr(value))}
        for name in names:
            try:
                described[name] = plain(getattr(value, name))
            except Exception as exc:
                described[name] = plain(exc)
        return described

    return describe


def _url(value: Any) -> Any:
    return {**_URL(value), "str": str(value), "params": plain(value.params.multi_items())}


def _headers(value: Any) -> Any:
    raw = [(name, re.sub(rb"python-\w+/[0-9.]+", b"python", item)) for name, item in value.raw]
    return {"raw": raw, "repr": neutral(repr(value)), "encoding": value.encoding}


def _response(value: Any) -> Any:
    following = value.next_request
    return {
        **_RESPONSE(value),
        # Not all of each: a history has histories of its own.
        "history": [
            [past.status_code, plain(past.headers), len(past.history)] for past in value.history
        ],
        "next_request": following
        and [following.method, str(following.url), plain(following.headers)],
        "extensions": {
            name: item for name, item in value.extensions.items() if name != "network_stream"
        },
    }


_URL = _attributes(
    "scheme", "raw_scheme", "userinfo", "username", "password", "host", "raw_host", "port",
    "netloc", "path", "query", "raw_path", "fragment", "is_absolute_url", "is_relative_url",
)  # fmt: skip
_RESPONSE = _attributes(
    "status_code", "reason_phrase", "http_version", "url", "headers", "content", "text",
    "encoding", "charset_encoding", "is_closed", "is_stream_consumed",
    "num_bytes_downloaded", "has_redirect_location", "cookies", "links",
)  # fmt: skip
_DESCRIPTIONS: dict[str, Callable[[Any], Any]] = {
    "URL": _url,
    "Headers": _headers,
    "QueryParams": lambda value: {"repr": repr(value), "items": value.multi_items()},
    "Cookies": lambda value: {
        "repr": repr(value),
        "jar": [(c.name, c.value, c.domain, c.path) for c in value.jar],
    },
    "Request": _attributes("method", "url", "headers", "content"),
    "Response": _response,
    "Timeout": _attributes("connect", "read", "write", "pool"),
    "Limits": _attributes("max_connections", "max_keepalive_connections", "keepalive_expiry"),
    "Proxy": _attributes("url", "auth", "raw_auth", "headers"),
}
