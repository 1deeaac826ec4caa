"""What public objects are like as Python objects: how they read, compare, count, iterate, copy and
pickle, and which attributes they have.

Every value goes through every operation on each library, whether the operation makes sense for it
or not: an error is an outcome, too.
"""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import warnings
import weakref
from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest

import hookline
from support.compare import TALLY, Excuse, Outcome, both, meet, neutral, plain, same

Make = Callable[[Any], Any]

URL = "https://example.org/a?b=c"


def handler(*arguments: Any) -> Any:
    """What transports and flows are made of here: it is never called."""


def answered(library: Any, **arguments: Any) -> Any:
    return library.Response(200, request=library.Request("GET", URL), **arguments)


def posted(library: Any, **arguments: Any) -> Any:
    return library.Request("POST", URL, **arguments)


def client(library: Any, kind: str, **arguments: Any) -> Any:
    return getattr(library, kind)(transport=library.MockTransport(handler), **arguments)


SETTINGS: dict[str, Any] = {
    "params": {"a": 1},
    "headers": {"b": "c"},
    "timeout": 3,
    "base_url": "https://example.org",
    "follow_redirects": True,
    "max_redirects": 5,
    "trust_env": False,
}

VALUES: dict[str, Make] = {
    "URL": lambda library: library.URL("https://example.org:8080/a%20b?c=d&c=e#f"),
    "URL of a path": lambda library: library.URL("/a"),
    "URL of nothing": lambda library: library.URL(""),
    "URL with a password": lambda library: library.URL("https://user:password@example.org/"),
    "Headers": lambda library: library.Headers([("Accept", "a"), ("accept", "b"), ("a", "c")]),
    "Headers, secret": lambda library: library.Headers({"Authorization": "x", "X-A": "y"}),
    "Headers, empty": lambda library: library.Headers(),
    "Headers, encoded": lambda library: library.Headers({b"X-A": b"\xe9"}),
    "QueryParams": lambda library: library.QueryParams("a=1&a=2&b=%20"),
    "QueryParams, empty": lambda library: library.QueryParams(),
    "Cookies": lambda library: library.Cookies({"a": "1", "b": "2"}),
    "Cookies, empty": lambda library: library.Cookies(),
    "Request": lambda library: library.Request("GET", URL, headers={"X-A": "1"}),
    "Request, json": lambda library: posted(library, json={"a": 1}),
    "Request, form": lambda library: posted(library, data={"a": "1"}),
    "Request, extensions": lambda library: posted(library, extensions={"a": 1}),
    "Request, password": lambda library: library.Request("GET", "https://a:b@example.org/"),
    "Request, streaming": lambda library: posted(library, content=(piece for piece in [b"a"])),
    "Response": lambda library: answered(library, text="hé"),
    "Response, json": lambda library: answered(library, json=[1]),
    "Response, html": lambda library: answered(library, html="<p>"),
    "Response, bare": lambda library: library.Response(404),
    "Response, unknown": lambda library: library.Response(299),
    "Response, redirect": lambda library: answered(
        library, headers={"Location": "/b", "Set-Cookie": "a=b", "Link": "<c>; rel=next"}
    ),
    "Response, streaming": lambda library: answered(library, content=(p for p in [b"a"])),
    "Response, extensions": lambda library: library.Response(
        200, extensions={"reason_phrase": b"Fine", "http_version": b"HTTP/2"}
    ),
    "Timeout": lambda library: library.Timeout(5),
    "Timeout, phases": lambda library: library.Timeout(5, read=None),
    "Timeout, none": lambda library: library.Timeout(None),
    "Limits": lambda library: library.Limits(),
    "Limits, given": lambda library: library.Limits(
        max_connections=5, max_keepalive_connections=1, keepalive_expiry=None
    ),
    "Proxy": lambda library: library.Proxy("http://u:p@example.org:3128", headers={"X-A": "1"}),
    "Proxy, plain": lambda library: library.Proxy("https://example.org"),
    "Client": lambda library: client(library, "Client", **SETTINGS),
    "Client, plain": lambda library: client(library, "Client"),
    "AsyncClient": lambda library: client(library, "AsyncClient", **SETTINGS),
    "Auth": lambda library: library.Auth(),
    "BasicAuth": lambda library: library.BasicAuth("user", "password"),
    "DigestAuth": lambda library: library.DigestAuth("user", "password"),
    "BaseTransport": lambda library: library.BaseTransport(),
    "AsyncBaseTransport": lambda library: library.AsyncBaseTransport(),
    "MockTransport": lambda library: library.MockTransport(handler),
    "ASGITransport": lambda library: library.ASGITransport(app=handler, root_path="/a"),
    "WSGITransport": lambda library: library.WSGITransport(app=handler, script_name="/a"),
    "ByteStream": lambda library: library.ByteStream(b"abc"),
    "SyncByteStream": lambda library: library.SyncByteStream(),
    "AsyncByteStream": lambda library: library.AsyncByteStream(),
    "codes": lambda library: library.codes.NOT_FOUND,
    "USE_CLIENT_DEFAULT": lambda library: library.USE_CLIENT_DEFAULT,
}
# What httpx2 alone has.
NEWER: dict[str, Make] = {
    "Origin": lambda library: library.Origin("https://example.org"),
    "Origin with a port": lambda library: library.URL("http://example.org:81").origin,
    "ServerSentEvent": lambda library: library.ServerSentEvent("a", "b", "c", 5),
    "ServerSentEvent, empty": lambda library: library.ServerSentEvent(),
    "EventSource": lambda library: library.EventSource(answered(library, content=b"")),
    "FunctionAuth": lambda library: library.FunctionAuth(handler),
    "SSEError": lambda library: library.SSEError("text"),
}


def _exceptions() -> dict[str, Make]:
    made: dict[str, Make] = {}
    for name in httpx.__all__:
        cls = getattr(httpx, name)
        if inspect.isclass(cls) and issubclass(cls, Exception):
            made[name] = _raiser(name, set(inspect.signature(cls).parameters))
    return made


def _raiser(name: str, parameters: set[str]) -> Make:
    def make(library: Any) -> Any:
        given: dict[str, Any] = {"request": library.Request("GET", URL)}
        given["response"] = library.Response(404, request=given["request"])
        cls = getattr(library, name)
        arguments = ["text"] if "message" in parameters else []
        return cls(*arguments, **{key: given[key] for key in parameters & given.keys()})

    return make


VALUES |= _exceptions()


# -- Operations -------------------------------------------------------------------------------

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def read(value: Any) -> str:
    return neutral(_ADDRESS.sub("", repr(value)))


def attributes(value: Any) -> dict[str, Any]:
    """What is public of an instance: methods by kind, the rest by value."""
    found: dict[str, Any] = {}
    for name in dir(value):
        if name.startswith("_"):
            continue
        try:
            with warnings.catch_warnings():
                # The other files compare what is warned of.
                warnings.simplefilter("ignore")
                attribute = getattr(value, name)
        except Exception as exc:
            attribute = exc
        if inspect.isroutine(attribute):
            found[name] = "method"
        elif isinstance(attribute, CookieJar):
            found[name] = [(cookie.name, cookie.value) for cookie in attribute]
        elif type(attribute).__repr__ is object.__repr__:
            found[name] = f"a {type(attribute).__name__}"
        else:
            found[name] = plain(attribute)
    return found


def copied(copier: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def describe(value: Any) -> Any:
        twin = copier(value)
        return [read(twin), type(twin) is type(value), bool(twin == value), twin is value]

    return describe


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def marked(value: Any) -> Any:
    value.a_name_of_ones_own = 1
    return value.a_name_of_ones_own


def kept_weakly(value: Any) -> bool:
    return weakref.ref(value)() is value


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "repr": read,
    "str": lambda value: neutral(_ADDRESS.sub("", str(value))),
    "class": lambda value: f"{type(value).__module__}.{type(value).__qualname__}",
    "bool": bool,
    "len": len,
    "list": list,
    "reversed": lambda value: list(reversed(value)),
    "hash": lambda value: isinstance(hash(value), int),
    "equal to itself": lambda value: bool(value == value),
    "equal to None": lambda value: bool(value == None),  # noqa: E711
    "equal to its text": lambda value: bool(value == str(value)),
    "equal to its items": lambda value: bool(value == dict(value)),
    "equal to an object": lambda value: bool(value == object()),
    "not equal": lambda value: bool(value != value),
    "less": lambda value: bool(value < value),
    "contains": lambda value: "a" in value,
    "item": lambda value: value["a"],
    "no item": lambda value: value["nothing"],
    "int": int,
    "bytes": bytes,
    "copy": copied(copy.copy),
    "deepcopy": copied(copy.deepcopy),
    "pickle": copied(pickled),
    "a mark": marked,
    "weakref": kept_weakly,
    "call": lambda value: value(),
    "await": lambda value: type(value).__await__ and None,
    "with": lambda value: type(value).__enter__ and None,
    "async with": lambda value: type(value).__aenter__ and None,
    "args": lambda value: plain(value.args),
    "raise": lambda value: _raised(value),
}


def _raised(value: Any) -> Any:
    raise value


# -- Differences that are meant -----------------------------------------------------------------


def fails_there(theirs: Outcome, ours: Outcome) -> bool:
    return theirs.error is not None and ours.error is None


def fails_here(theirs: Outcome, ours: Outcome) -> bool:
    return theirs.error is None and ours.raised in ("AttributeError", "TypeError")


def masked(theirs: Outcome, ours: Outcome) -> bool:
    return "[secure]" in str(ours.value) and "[secure]" not in str(theirs.value)


def named(theirs: Outcome, ours: Outcome) -> bool:
    return " object>" in str(theirs.value) and " object>" not in str(ours.value)


def as_a_tuple(theirs: Outcome, ours: Outcome) -> bool:
    return theirs.error is not None or "Origin(" in str(theirs.value) or theirs.value is False


def from_plugin(theirs: Outcome, ours: Outcome) -> bool:
    return "hookline_digest_auth._auth.DigestAuth" in str(ours.value)


def spaced(theirs: Outcome, ours: Outcome) -> bool:
    return "flow.For" in str(theirs) and "flow. For" in str(ours)


# By value (its first word) and operation; "" stands for any.
EXCUSES: dict[tuple[str, str], Mapping[str, Excuse]] = {
    ("Cookies", ""): {"cookies-pickled": fails_there},
    ("Client", ""): {"clients-pickled": fails_there},
    ("AsyncClient", ""): {"clients-pickled": fails_there},
    ("Headers", "equal to an object"): {"equality": fails_there},
    ("Request", ""): {"secrets-in-messages": masked},
    ("DigestAuth", ""): {"own-name": from_plugin},
    ("USE_CLIENT_DEFAULT", ""): {"default-repr": named},
    ("EventSource", ""): {"default-repr": named},
    ("Origin", ""): {"origin": as_a_tuple},
    **{
        (name, operation): {"slots": fails_here}
        for name in ("URL", "Headers", "Timeout", "Limits")
        for operation in ("a mark", "weakref")
    },
    **{(name, "hash"): {"settings-hashable": fails_there} for name in ("Timeout", "Limits")},
    **{
        (name, operation): {"pickled-status-error": fails_there}
        for name in (
            "HTTPStatusError",
            "RequestNotRead",
            "ResponseNotRead",
            "StreamClosed",
            "StreamConsumed",
        )
        for operation in ("copy", "deepcopy", "pickle")
    },
    **{
        ("StreamConsumed", operation): {"stream-consumed-text": spaced}
        for operation in ("repr", "str", "args", "raise")
    },
}


# Attributes whose values differ.
ATTRIBUTES: dict[tuple[str, str], str] = {
    ("URL", "origin"): "origin",
    ("Response", "cookies"): "cookies-without-request",
    ("Request", "url"): "secrets-in-messages",
    ("StreamConsumed", "args"): "stream-consumed-text",
}
# What is not there yet, as tests/compat/test_surface.py says.
LATER = frozenset({"AsyncClient.websocket", "Client.websocket"})


def kind_of(value: str) -> str:
    return value.partition(" ")[0].rstrip(",")


def excuses(value: str, operation: str) -> dict[str, Excuse]:
    name = kind_of(value)
    return {
        row: excuse
        for wanted in ((name, operation), (name, ""), ("", operation))
        for row, excuse in EXCUSES.get(wanted, {}).items()
    }


@pytest.mark.parametrize("value", VALUES)
def test_values_behave_alike(value: str) -> None:
    behave_alike(value, VALUES[value], *both())


@pytest.mark.parametrize("value", VALUES)
def test_values_that_are_made_alike_are_equal_alike(value: str) -> None:
    def compared(library: Any) -> Any:
        # Both at once: an object that is gone may leave its address to the next.
        one, other = VALUES[value](library), VALUES[value](library)
        return bool(one == other), hash(one) == hash(other)

    same(compared, *both(), except_for=excuses(value, "hash"))


@pytest.mark.parametrize("value", NEWER)
def test_values_of_httpx2_behave_alike(value: str) -> None:
    behave_alike(value, NEWER[value], httpx2)


def behave_alike(value: str, make: Make, *peers: ModuleType) -> None:
    for operation in OPERATIONS:
        try:
            same(_operating(operation, make), *peers, except_for=excuses(value, operation))
        except AssertionError as difference:
            difference.add_note(f"{value}: {operation}")
            raise


def _operating(operation: str, make: Make) -> Callable[[Any], Any]:
    return lambda library: OPERATIONS[operation](make(library))


@pytest.mark.parametrize("value", VALUES)
def test_instances_have_the_same_attributes(value: str) -> None:
    """All that is public: set by the constructor, of the class, or inherited."""
    make, kind = VALUES[value], kind_of(value)
    ours = attributes(make(hookline))
    for peer in both():
        theirs = attributes(make(peer))
        for name, attribute in theirs.items():
            TALLY.cases += 1
            if f"{kind}.{name}" in LATER:
                continue
            assert name in ours, f"{peer.__name__}: {name}"
            if ours[name] != attribute:
                row = ATTRIBUTES.get((kind, name))
                assert row is not None, (name, attribute, ours[name])
                meet(row)
