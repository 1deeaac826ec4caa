"""`Headers`: a multi-dict without regard to case, with its bytes and its encoding."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from hookline import Headers


@pytest.fixture
def headers() -> Headers:
    return Headers([("a", "123"), ("A", "456"), ("b", "789")])


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (None, []),
        ({}, []),
        ({"X-A": "1"}, [(b"X-A", b"1")]),
        ({b"X-A": b"1"}, [(b"X-A", b"1")]),
        ([("X-A", "1"), (b"x-a", b"2")], [(b"X-A", b"1"), (b"x-a", b"2")]),
        ((("a", "1"),), [(b"a", b"1")]),
        ([["a", "1"]], [(b"a", b"1")]),
        (iter([("a", "1")]), [(b"a", b"1")]),
        (Headers({"X-A": "1"}), [(b"X-A", b"1")]),
        ({"a": b"\xe9"}, [(b"a", b"\xe9")]),
    ],
)
def test_headers_are_taken_in_every_shape(value: Any, raw: list[tuple[bytes, bytes]]) -> None:
    assert raw == Headers(value).raw


def test_names_are_found_in_any_case(headers: Headers) -> None:
    assert "a" in headers
    assert "A" in headers
    assert "c" not in headers
    assert b"a" not in headers
    assert headers["B"] == headers["b"] == "789"
    assert headers.get("B") == "789"


def test_repeated_name_reads_as_one_value_joined(headers: Headers) -> None:
    assert headers["a"] == "123, 456"
    assert list(headers.keys()) == ["a", "b"]
    assert list(headers.values()) == ["123, 456", "789"]
    assert list(headers.items()) == [("a", "123, 456"), ("b", "789")]
    assert list(headers) == ["a", "b"]
    assert dict(headers) == {"a": "123, 456", "b": "789"}


def test_occurrences_can_be_told_apart(headers: Headers) -> None:
    assert headers.get_list("a") == ["123", "456"]
    assert headers.multi_items() == [("a", "123"), ("a", "456"), ("b", "789")]
    assert headers.raw == [(b"a", b"123"), (b"A", b"456"), (b"b", b"789")]
    assert len(headers) == 3


def test_lists_in_values_are_split_on_request() -> None:
    headers = Headers([("Vary", "a,b"), ("vary", " c , d"), ("X", "")])

    assert headers.get_list("vary") == ["a,b", " c , d"]
    assert headers.get_list("vary", split_commas=True) == ["a", "b", "c", "d"]
    assert headers.get_list("x", split_commas=True) == [""]
    assert headers.get_list("none", split_commas=True) == []


def test_name_that_is_not_there_is_missed(headers: Headers) -> None:
    assert headers.get("x") is None
    assert headers.get("x", "default") == "default"
    assert headers.get_list("x") == []
    with pytest.raises(KeyError) as caught:
        headers["X-Missing"]

    assert caught.value.args == ("X-Missing",)
    with pytest.raises(KeyError):
        del headers["X-Missing"]


def test_setting_replaces_all_occurrences_in_the_place_of_the_first(headers: Headers) -> None:
    headers["A"] = "new"
    headers["c"] = "3"

    assert headers.raw == [(b"A", b"new"), (b"b", b"789"), (b"c", b"3")]


def test_deleting_removes_all_occurrences(headers: Headers) -> None:
    del headers["A"]

    assert headers.raw == [(b"b", b"789")]


def test_mutable_mapping_methods_work_on_the_joined_values(headers: Headers) -> None:
    assert headers.setdefault("B", "other") == "789"
    assert headers.setdefault("c", "new") == "new"
    assert headers.pop("a") == "123, 456"
    assert headers.pop("a", None) is None
    assert headers.raw == [(b"b", b"789"), (b"c", b"new")]


@pytest.mark.parametrize(
    "new", [{"A": "1", "C": "2"}, [("A", "1"), ("C", "2")], Headers({"A": "1", "C": "2"})]
)
def test_update_replaces_the_names_that_are_given(headers: Headers, new: Any) -> None:
    headers.update(new)

    assert headers.raw == [(b"b", b"789"), (b"A", b"1"), (b"C", b"2")]


def test_update_keeps_repetitions_among_what_is_new() -> None:
    headers = Headers({"a": "0"})
    headers.update([("a", "1"), ("A", "2")])
    headers.update()

    assert headers.get_list("a") == ["1", "2"]


def test_copy_changes_on_its_own(headers: Headers) -> None:
    copy = headers.copy()
    copy["a"] = "new"

    assert headers["a"] == "123, 456"
    assert copy["a"] == "new"
    assert copy.get_list("b") == headers.get_list("b")


def test_copy_of_headers_is_not_the_headers() -> None:
    headers = Headers({"a": "1"})
    Headers(headers)["a"] = "2"

    assert headers["a"] == "1"


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        ({"a": "1", "B": "2"}, True),
        ({"b": "2", "A": "1"}, True),
        ([("b", "2"), ("a", "1")], True),
        ([("a", "1"), ("b", "2"), ("b", "2")], False),
        ({"a": "1"}, False),
        ({"a": 1}, False),
        ("a: 1", False),
        (3, False),
        (None, False),
        ([1], False),
    ],
)
def test_equality_ignores_case_of_names_and_order(other: Any, equal: bool) -> None:
    headers = Headers({"A": "1", "b": "2"})

    assert (headers == other) is equal
    assert (headers != other) is not equal


# -- Encoding -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "encoding", "text"),
    [
        (b"plain", "ascii", "plain"),
        ("Ƒoo".encode(), "utf-8", "Ƒoo"),
        ("é".encode("iso-8859-1"), "iso-8859-1", "é"),
    ],
)
def test_encoding_is_the_first_that_fits(raw: bytes, encoding: str, text: str) -> None:
    headers = Headers([(b"Custom", raw)])

    assert (encoding, text) == (headers.encoding, headers["custom"])


def test_encoding_that_was_given_or_set_is_used() -> None:
    given = Headers([("Custom", "é")], encoding="iso-8859-1")
    set_later = Headers([(b"Custom", "é".encode())])
    set_later.encoding = "iso-8859-1"

    assert given.raw == [(b"Custom", b"\xe9")]
    assert given.encoding == "iso-8859-1"
    assert set_later["custom"] == "Ã©"
    assert given.copy().encoding == "iso-8859-1"


def test_encoding_is_detected_anew_after_a_change() -> None:
    headers = Headers({"a": "1"})
    before = headers.encoding
    headers.update({b"b": b"\xe9"})
    between = headers.encoding
    del headers["b"]

    assert (before, between, headers.encoding) == ("ascii", "iso-8859-1", "ascii")


def test_text_beyond_ascii_needs_an_encoding_but_can_be_set() -> None:
    with pytest.raises(UnicodeEncodeError):
        Headers({"a": "é"})
    headers = Headers()
    headers["a"] = "é"

    assert headers.raw == [(b"a", "é".encode())]
    assert headers["a"] == "é"


# -- The rest -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        (Headers(), "Headers({})"),
        (Headers({"A": "1"}), "Headers({'a': '1'})"),
        (Headers([("a", "1"), ("A", "2")]), "Headers([('a', '1'), ('a', '2')])"),
        (Headers([(b"a", "é".encode())]), "Headers({'a': 'é'}, encoding='utf-8')"),
        (
            Headers({"Authorization": "s", "proxy-authorization": "s", "x": "y"}),
            "Headers({'authorization': '[secure]', 'proxy-authorization': '[secure]', 'x': 'y'})",
        ),
    ],
)
def test_repr_shows_names_and_values_but_no_credentials(headers: Headers, text: str) -> None:
    assert text == repr(headers)


def test_headers_survive_pickling(headers: Headers) -> None:
    assert headers.raw == pickle.loads(pickle.dumps(headers)).raw


@pytest.mark.parametrize("value", [None, 1, 1.5, True, ["a"], object()])
def test_value_that_is_no_text_is_refused_and_its_header_named(value: Any) -> None:
    message = f"Header value must be str or bytes, not {type(value)} (header 'X-A')"

    with pytest.raises(TypeError) as caught:
        Headers({"X-A": value})

    assert message == str(caught.value)
    with pytest.raises(TypeError) as caught:
        Headers()["X-A"] = value

    assert message == str(caught.value)


@pytest.mark.parametrize("name", [None, 1, True, ("a",)])
def test_name_that_is_no_text_is_refused_and_named(name: Any) -> None:
    with pytest.raises(TypeError) as caught:
        Headers({name: "value"})

    assert f"Header name must be str or bytes, not {type(name)}: {name!r}" == str(caught.value)


@pytest.mark.parametrize("value", [1, "a: b", b"a: b", object()])
def test_headers_of_the_wrong_type_are_refused_and_named(value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        Headers(value)

    assert f"Headers are a mapping or a list of pairs, not {value!r}" in str(caught.value)


@pytest.mark.parametrize("pair", [1, None, "ab", b"ab", ("a",), ("a", "b", "c")])
def test_pair_that_is_none_is_refused_and_named(pair: Any) -> None:
    with pytest.raises(ValueError) as caught:
        Headers([("a", "b"), pair])

    assert f"A header is a pair of name and value, not {pair!r}." == str(caught.value)
