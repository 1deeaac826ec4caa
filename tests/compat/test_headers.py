"""`Headers`: shapes, duplicates, encodings, order, and every method."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.compare import Outcome, Raises, both, differs, examples, same

VALUES: list[Any] = [
    None, {}, [], {"a": "b"}, {"A": "b", "a": "c"}, [("a", "b"), ("A", "c")],
    [("Set-Cookie", "a"), ("Set-Cookie", "b")], {b"a": b"b"}, {"a": b"b"}, {b"a": "b"},
    {"a": "é"}, {"a": "é".encode()}, {"a": "é".encode("latin-1")}, {"é": "x"}, {"a": ""},
    {"": "a"}, {"a": " x "}, {"a": "x\r\ny"}, {"Authorization": "x", "Proxy-Authorization": "y"},
    [("Authorization", "x"), ("authorization", "y")], [["a", "b"]], (("a", "b"),),
    {"a": "b, c", "b": "d"}, {"a": "中".encode()}, {"X-A": "1", "x-a ": "2"}, {"a": "\x00"},
]  # fmt: skip

METHODS: dict[str, Callable[[Any], Any]] = {
    "itself": lambda headers: headers,
    "repr": repr,
    "raw": lambda headers: headers.raw,
    "dict": dict,
    "list": list,
    "len": len,
    "bool": bool,
    "encoding": lambda headers: headers.encoding,
    "multi_items": lambda headers: headers.multi_items(),
    "keys": lambda headers: list(headers.keys()),
    "values": lambda headers: list(headers.values()),
    "items": lambda headers: list(headers.items()),
    "getitem": lambda headers: headers["a"],
    "getitem in capitals": lambda headers: headers["A"],
    "getitem of none": lambda headers: headers["nothing"],
    "getitem beyond ASCII": lambda headers: headers["é"],
    "get": lambda headers: headers.get("a"),
    "get of none": lambda headers: headers.get("nothing", 1),
    "get_list": lambda headers: headers.get_list("a"),
    "get_list, split": lambda headers: headers.get_list("a", split_commas=True),
    "in": lambda headers: "A" in headers,
    "equal to itself": lambda headers: headers == headers,
    "equal to a dict": lambda headers: headers == {"A": "b"},
    "equal to pairs": lambda headers: headers == [("a", "c"), ("A", "b")],
    "equal to None": lambda headers: headers == None,  # noqa: E711 (what is compared)
    "copy": lambda headers: headers.copy(),
    "copy.copy": copy.copy,
    "pickled": lambda headers: pickle.loads(pickle.dumps(headers)),
    "pop": lambda headers: [headers.pop("a"), headers.raw],
    "pop with a default": lambda headers: [headers.pop("a", None), headers.raw],
    "popitem": lambda headers: [headers.popitem(), headers.raw],
    "setdefault": lambda headers: [headers.setdefault("a", "z"), headers.raw],
    "setdefault of a new one": lambda headers: [headers.setdefault("new", "z"), headers.raw],
    "clear": lambda headers: [headers.clear(), headers.raw],
    "del": lambda headers: [headers.__delitem__("a"), headers.raw],
    "set": lambda headers: [headers.__setitem__("a", "z"), headers.raw],
    "set in capitals": lambda headers: [headers.__setitem__("A", "z"), headers.raw],
    "set a new one": lambda headers: [headers.__setitem__("New", "é"), headers.raw],
    "set beyond ASCII": lambda headers: [headers.__setitem__("é", "x"), headers.raw],
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_the_same_for_every_shape(method: str) -> None:
    for value in VALUES:
        same(lambda library, value=value: METHODS[method](library.Headers(value)), *both())


def encoding_stuck(theirs: Outcome, ours: Outcome) -> bool:
    """httpx cannot read, in the encoding of what was there before, what is there now."""
    return theirs.raised == "UnicodeDecodeError" and ours.error is None


STUCK = {"headers-encoding-follows": encoding_stuck}


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_updates_and_comparisons_are_the_same(value: Any) -> None:
    for other in VALUES:

        def updated(library: Any, other: Any = other) -> Any:
            headers = library.Headers(value)
            headers.update(other)
            return headers.raw

        same(updated, *both(), except_for=STUCK)
        same(lambda library, other=other: library.Headers(value) == other, *both())
        same(lambda library, other=other: library.Headers(value) == library.Headers(other), *both())


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "latin-1", "utf-16", "unheard-of"])
def test_given_encodings_are_the_same(encoding: str) -> None:
    for value in VALUES:

        def set_later(library: Any, value: Any = value) -> Any:
            headers = library.Headers(value)
            headers.encoding = encoding
            headers["new"] = "é"
            return [headers, headers.get("new"), headers.get("a"), headers.encoding]

        def given_first(library: Any, value: Any = value) -> Any:
            headers = library.Headers(value, encoding=encoding)
            return [headers, headers.copy(), dict(headers), headers.get("a")]

        same(set_later, *both())
        same(given_first, *both())
        same(
            lambda library, value=value: library.Headers(library.Headers(value), encoding=encoding),
            *both(),
        )


NAMES = st.sampled_from(["a", "A", "b", "X-Name", "x-name", "Cookie", "authorization", ""])
TEXTS = st.text(st.sampled_from('ab ,;="é中\x00\r\n'), max_size=5)
ITEMS = st.lists(
    st.tuples(NAMES, st.one_of(TEXTS.filter(str.isascii), TEXTS.map(str.encode))), max_size=5
)


@examples(250)
@given(ITEMS, ITEMS)
def test_any_headers_are_the_same(items: Any, others: Any) -> None:
    def changed(library: Any) -> Any:
        headers = library.Headers(items)
        for name, value in others:
            headers[name] = value if isinstance(value, str) else value.decode()
        return headers.raw

    same(lambda library: library.Headers(items), *both())
    same(lambda library: dict(library.Headers(items)), *both())
    same(changed, *both())
    same(lambda library: library.Headers(items) == library.Headers(others), *both())
    same(lambda library: library.Request("GET", "http://h/", headers=items), *both())


WRONG = [
    5, "ab", ["ab"], [("a",)], [("a", "b", "c")], {"a": 1}, {"a": None}, {1: "a"}, {"a": ["b"]},
]  # fmt: skip


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_wrong_types_are_refused(value: Any) -> None:
    def refused(theirs: Outcome, ours: Outcome) -> bool:
        return ours.raised in ("TypeError", "ValueError")

    excuses = {"wrong-types": refused}
    same(lambda library: library.Headers(value).raw, *both(), except_for=excuses)
    same(lambda library: library.Request("GET", "/", headers=value), *both(), except_for=excuses)


def test_encoding_is_that_of_what_is_there() -> None:
    def changed(library: Any) -> Any:
        headers = library.Headers({"a": "é".encode()})
        before = headers.encoding
        headers["a"] = "x"
        return [before, headers.encoding]

    differs(
        "headers-encoding-follows",
        changed,
        *both(),
        theirs=["utf-8", "utf-8"],
        ours=["utf-8", "ascii"],
    )


def test_update_with_other_bytes_than_before_is_read() -> None:
    def changed(library: Any) -> Any:
        headers = library.Headers()
        headers.update({"a": b"\xe9"})
        return headers["a"]

    differs(
        "headers-encoding-follows",
        changed,
        *both(),
        theirs=Raises("UnicodeDecodeError"),
        ours="é",
    )


def test_comparing_with_what_are_no_headers_is_false() -> None:
    for other in (5, {"a": 1}):
        differs(
            "equality",
            lambda library, other=other: library.Headers({"a": "b"}) == other,
            *both(),
            theirs=Raises("TypeError"),
            ours=False,
        )
    differs(
        "equality",
        lambda library: b"a" in library.Headers({"a": "b"}),
        *both(),
        theirs=Raises("AttributeError"),
        ours=False,
    )


def test_names_as_bytes_are_refused_where_text_is_asked_for() -> None:
    def store(library: Any) -> Any:
        headers = library.Headers()
        headers[b"a"] = "x"
        return headers.raw

    differs(
        "headers-set-bytes",
        store,
        *both(),
        theirs=Raises("AttributeError"),
        ours=[(b"a", b"x")],
    )


def test_iterators_of_pairs_are_used_once() -> None:
    def updated(library: Any) -> Any:
        headers = library.Headers()
        headers.update(iter([("a", "b")]))
        return headers.raw

    same(updated, *both())
