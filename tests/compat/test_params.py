"""`QueryParams`, in every shape and by every method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.compare import Raises, both, differs, examples, same
from support.ids import plain_id

VALUES: list[Any] = [
    None, "", "a=b", "a=b&a=c", "?a=b", "a", "a&b", "&&", "a=%20+b", "a=é", "=x", "a=b=c", "a;b",
    b"a=b", {}, {"a": "b"}, {"a": ["b", "c"]}, {"a": ("b", 1, True, None, 2.5)}, {"a": None},
    {"a": True, "b": False}, {"a": 1, 2: "b"}, {"a": b"b"}, [], [("a", "b")],
    [("a", 1), ("a", None)], (("a", "b"), ("c", "d")), [["a", "b"]], {"a": [[1]]},
    {"a": {"b": 1}}, [("a", ["b"])], {1: 2}, {"a": "b c&d=/?é"},
]  # fmt: skip

METHODS: dict[str, Callable[[Any], Any]] = {
    "itself": lambda params: params,
    "str": str,
    "list": list,
    "len": len,
    "bool": bool,
    "keys": lambda params: list(params.keys()),
    "values": lambda params: list(params.values()),
    "items": lambda params: list(params.items()),
    "multi_items": lambda params: params.multi_items(),
    "getitem": lambda params: params["a"],
    "getitem of none": lambda params: params["nothing"],
    "get": lambda params: params.get("a"),
    "get of none": lambda params: params.get("nothing", 5),
    "get_list": lambda params: params.get_list("a"),
    "get_list of none": lambda params: params.get_list("nothing"),
    "in": lambda params: "a" in params,
    "set": lambda params: params.set("a", None),
    "add": lambda params: params.add("a", [1, 2]),
    "remove": lambda params: params.remove("a"),
    "merge": lambda params: params.merge({"a": "z", "new": 1}),
    "merge of nothing": lambda params: params.merge(None),
    "update": lambda params: params.update({"a": "z"}),
    "setitem": lambda params: params.__setitem__("a", "z"),
    "equal to a dict": lambda params: params == {"a": "b"},
    "equal to a copy": lambda params: params == type(params)(params),
    "equal to others": lambda params: params == type(params)("a=b"),
    "hash": lambda params: hash(params) == hash(type(params)(params)),
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_the_same_for_every_shape(method: str) -> None:
    for value in VALUES:
        same(lambda library, value=value: METHODS[method](library.QueryParams(value)), *both())


@pytest.mark.parametrize("value", VALUES, ids=plain_id)
def test_merging_into_others_is_the_same(value: Any) -> None:
    same(lambda library: library.QueryParams("q=1&a=0").merge(value), *both())


def test_constructor_s_arguments_are_the_same() -> None:
    same(lambda library: library.QueryParams(), *both())
    same(lambda library: library.QueryParams(a=1, b=[1, 2]), *both())
    for key in (1, "1"):
        same(lambda library, key=key: library.QueryParams("1=x").get(key), *both())
        same(lambda library, key=key: library.QueryParams("1=x").get_list(key), *both())
        same(lambda library, key=key: library.QueryParams("1=x").set(key, 2), *both())
        same(lambda library, key=key: library.QueryParams("1=x").add(key, 2), *both())
        same(lambda library, key=key: library.QueryParams("1=x").remove(key), *both())
        same(lambda library, key=key: key in library.QueryParams("1=x"), *both())


TEXT = st.text(st.sampled_from("ab =&?#/%+é中\"'<>\x00\n;[]"), max_size=6)
PRIMITIVES = st.one_of(TEXT, st.integers(), st.booleans(), st.none(), st.floats())
SHAPES = st.one_of(
    TEXT,
    st.dictionaries(TEXT, st.one_of(PRIMITIVES, st.lists(PRIMITIVES, min_size=1, max_size=3))),
    st.lists(st.tuples(TEXT, PRIMITIVES), max_size=5),
)


@examples()
@given(SHAPES, SHAPES)
def test_any_parameters_are_the_same(value: Any, more: Any) -> None:
    same(lambda library: library.QueryParams(value), *both())
    same(lambda library: str(library.QueryParams(value).merge(more)), *both())
    same(lambda library: library.QueryParams(library.QueryParams(value)), *both())
    same(lambda library: library.URL("http://a/?b=c", params=value), *both())
    same(lambda library: library.Request("GET", "http://a/?b=c", params=value), *both())


@pytest.mark.parametrize(
    ("value", "theirs"),
    [
        (5, Raises("AttributeError")),
        ([("a",)], Raises("IndexError")),
        (iter([("a", "b")]), Raises("AttributeError")),
    ],
    ids=plain_id,
)
def test_wrong_types_are_said_to_be_wrong(value: Any, theirs: Raises) -> None:
    ours = Raises("ValueError" if isinstance(value, list) else "TypeError", "uery parameter")
    differs("wrong-types", lambda library: library.QueryParams(value), theirs=theirs, ours=ours)


def test_pairs_of_three_are_refused() -> None:
    differs(
        "wrong-types",
        lambda library: library.QueryParams([("a", "b", "c")]).multi_items(),
        *both(),
        theirs=[("a", "b")],
        ours=Raises("ValueError", "A query parameter is a pair"),
    )


@pytest.mark.parametrize("arguments", [("a", "b"), ("a",)])
def test_too_many_arguments_are_a_type_error(arguments: tuple[str, ...]) -> None:
    differs(
        "wrong-types",
        lambda library: library.QueryParams(*arguments, **({} if len(arguments) > 1 else {"b": 1})),
        *both(),
        theirs=Raises("AssertionError"),
        ours=Raises("TypeError"),
    )


def test_name_with_an_empty_list_is_no_surprise() -> None:
    differs(
        "params-empty-list",
        lambda library: library.QueryParams({"a": []}).get("a"),
        *both(),
        theirs=Raises("IndexError"),
        ours=None,
    )
