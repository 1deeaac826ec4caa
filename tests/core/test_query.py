"""`QueryParams`: how parameters are given, read, changed and written."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from hookline import QueryParams


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a=1&a=2&b=", [("a", "1"), ("a", "2"), ("b", "")]),
        (b"a=1&b=2", [("a", "1"), ("b", "2")]),
        ("a", [("a", "")]),
        ("a+b=c%20d", [("a b", "c d")]),
        ("a=1;b=2", [("a", "1;b=2")]),
        ("&&a=1", [("a", "1")]),
        ("", []),
        (None, []),
        ({}, []),
        ({"a": "1", "b": 2}, [("a", "1"), ("b", "2")]),
        ({"a": ["1", 2], "b": (None,), "c": []}, [("a", "1"), ("a", "2"), ("b", "")]),
        ({1: 1.5}, [("1", "1.5")]),
        ([("a", "1"), ("b", True), ("a", False)], [("a", "1"), ("a", "false"), ("b", "true")]),
        ((("a", 1), ("b", None)), [("a", "1"), ("b", "")]),
        ([["a", 1]], [("a", "1")]),
        (QueryParams("a=1&a=2"), [("a", "1"), ("a", "2")]),
    ],
)
def test_parameters_are_taken_in_every_shape(value: Any, expected: list[tuple[str, str]]) -> None:
    assert expected == QueryParams(value).multi_items()


def test_keywords_stand_for_a_mapping() -> None:
    assert QueryParams({"a": "1", "b": ["2", "3"]}) == QueryParams(a="1", b=["2", "3"])
    assert str(QueryParams()) == ""


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        ([("a", "1"), ("b", "c d")], "a=1&b=c+d"),
        ([("é", "☃"), ("&", "=")], "%C3%A9=%E2%98%83&%26=%3D"),
        ([("a", "~-_.!*'()/")], "a=~-_.%21%2A%27%28%29%2F"),
        ([("a", None)], "a="),
    ],
)
def test_parameters_are_written_as_forms_are(pairs: list[tuple[str, Any]], text: str) -> None:
    params = QueryParams(pairs)

    assert text == str(params)
    assert params == QueryParams(text)


def test_a_name_reads_as_its_first_value() -> None:
    params = QueryParams("a=1&a=2&b=3")

    assert params["a"] == "1"
    assert params.get("a") == "1"
    assert params.get_list("a") == ["1", "2"]
    assert list(params.keys()) == ["a", "b"]
    assert list(params.values()) == ["1", "3"]
    assert list(params.items()) == [("a", "1"), ("b", "3")]
    assert dict(params) == {"a": "1", "b": "3"}
    assert list(params) == ["a", "b"]
    assert len(params) == 2
    assert "a" in params


def test_a_name_that_is_not_there_is_missed() -> None:
    params = QueryParams("a=1")

    assert "x" not in params
    assert 1 not in params
    assert params.get("x") is None
    assert params.get("x", "default") == "default"
    assert params.get_list("x") == []
    with pytest.raises(KeyError):
        params["x"]


def test_changes_are_copies() -> None:
    params = QueryParams("a=1&a=2&b=3")

    assert [
        str(params.set("a", 9)),
        str(params.add("a", 9)),
        str(params.add("c")),
        str(params.remove("a")),
        str(params.remove("x")),
        str(params.merge({"b": 4, "c": 5})),
        str(params.merge()),
    ] == [
        "a=9&b=3",
        "a=1&a=2&a=9&b=3",
        "a=1&a=2&b=3&c=",
        "b=3",
        "a=1&a=2&b=3",
        "a=1&a=2&b=4&c=5",
        "a=1&a=2&b=3",
    ]
    assert str(params) == "a=1&a=2&b=3"


def test_list_of_values_is_the_callers_own() -> None:
    params = QueryParams("a=1")
    params.get_list("a").append("2")

    assert params.get_list("a") == ["1"]


def test_parameters_are_immutable() -> None:
    params = QueryParams("a=1")

    with pytest.raises(RuntimeError, match=r"immutable.*q\.merge"):
        params.update({"a": "2"})
    with pytest.raises(RuntimeError, match=r"immutable.*q\.set"):
        params["a"] = "2"


def test_equality_ignores_the_order() -> None:
    params = QueryParams("a=1&b=2")

    assert params == QueryParams("b=2&a=1")
    assert params != QueryParams("a=1&b=2&b=2")
    assert params != "a=1&b=2"
    assert hash(params) == hash(QueryParams("a=1&b=2"))


def test_empty_parameters_are_false() -> None:
    assert not QueryParams()
    assert QueryParams("a")


def test_repr_of_what_cannot_be_sent() -> None:
    assert repr(QueryParams({"\ud800": "a"})) == "QueryParams('%ED%A0%80=a')"


def test_repr_and_pickle() -> None:
    params = QueryParams("a=1&b=c d")

    assert repr(params) == "QueryParams('a=1&b=c+d')"
    assert params == pickle.loads(pickle.dumps(params))


@pytest.mark.parametrize("value", [1, 1.5, True, object(), {"a"}])
def test_parameters_of_the_wrong_type_are_refused_and_named(value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        QueryParams(value)

    assert f"not {value!r} ({type(value).__name__})" in str(caught.value)


@pytest.mark.parametrize("pair", [1, None, "ab", ("a",), ("a", "b", "c")])
def test_pair_that_is_none_is_refused_and_named(pair: Any) -> None:
    with pytest.raises(ValueError) as caught:
        QueryParams([("a", "b"), pair])

    assert f"A query parameter is a pair of name and value, not {pair!r}." == str(caught.value)


def test_too_many_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match="takes one value"):
        QueryParams("a", "b")
    with pytest.raises(TypeError, match="Cannot mix"):
        QueryParams("a", b="c")
