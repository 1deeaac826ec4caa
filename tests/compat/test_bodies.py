"""Request bodies: what headers they bring, what is sent, and what can be read of them."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.compare import (
    MODES,
    Make,
    Outcome,
    Raises,
    both,
    differs,
    examples,
    exchange,
    pieces,
    refusal,
    same,
)
from support.ids import plain_id
from support.recorder import OK, Recorder

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "post", "Custom"]

BODIES: list[dict[str, Any]] = [
    {}, {"content": b"abc"}, {"content": "é"}, {"content": b""}, {"content": ""},
    {"content": [b"a", b"b"]}, {"content": (b"a",)}, {"content": None}, {"data": {"a": "b"}},
    {"data": {"a": ["b", "c"]}}, {"data": {"a": [1, None, True, 2.5]}}, {"data": {"a": None}},
    {"data": {"é": "ü &="}}, {"data": {}}, {"data": {b"a": b"b"}}, {"data": {"a": {"b": "c"}}},
    {"data": {1: 2}}, {"data": {"a": ()}}, {"json": {"a": "é", "b": [1, 2.5, None, True]}},
    {"json": []}, {"json": {}}, {"json": 0}, {"json": ""}, {"json": False}, {"json": None},
    {"json": {1: 2}}, {"json": "\u2028"}, {"content": b"a", "data": {"a": "b"}},
    {"data": {"a": "b"}, "json": {}}, {"content": b"a", "json": 1},
    {"content": b"", "data": {"a": "b"}}, {"data": {}, "json": 1},
]  # fmt: skip
WRONG: list[dict[str, Any]] = [
    {"content": 5}, {"content": {"a": "b"}}, {"json": float("nan")}, {"json": float("inf")},
    {"json": object()}, {"json": {"a": b"x"}}, {"json": "\ud800"}, {"content": object()},
]  # fmt: skip
HEADERS: list[dict[str, str]] = [
    {}, {"Content-Length": "7"}, {"content-type": "x/y"}, {"Host": "z"}, {"X": "y"},
    {"content-length": "1", "transfer-encoding": "chunked"},
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=plain_id)
def test_requests_are_made_alike(body: dict[str, Any]) -> None:
    for method in METHODS:
        for headers in HEADERS:

            def made(library: Any, method: str = method, headers: Any = headers) -> Any:
                return library.Request(method, "http://h:8/p", headers=headers, **body)

            same(made, *both())
            same(lambda library, made=made: made(library).read(), *both())
            same(lambda library, made=made: list(made(library).stream), *both())
            same(lambda library, made=made: repr(made(library)), *both())


@pytest.mark.parametrize("body", WRONG, ids=plain_id)
def test_what_is_no_body_is_refused(body: dict[str, Any]) -> None:
    same(
        lambda library: library.Request("POST", "http://h/", **body),
        *both(),
        except_for={"wrong-types": refusal},
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FORMS = st.dictionaries(
    st.text(max_size=4),
    st.one_of(
        st.text(max_size=4), st.integers(), st.booleans(), st.none(), st.lists(st.text(max_size=3))
    ),
)


@examples()
@given(JSON)
def test_any_json_is_encoded_alike(value: Any) -> None:
    same(lambda library: library.Request("POST", "http://h/", json=value), *both())
    same(lambda library: library.Response(200, json=value).content, *both())


@examples()
@given(FORMS)
def test_any_form_is_encoded_alike(value: Any) -> None:
    same(lambda library: library.Request("POST", "http://h/", data=value), *both())


# -- Streams ----------------------------------------------------------------------------------


def consumed_text(theirs: Outcome, ours: Outcome) -> bool:
    return theirs.raised == ours.raised == "StreamConsumed"


def test_generators_are_used_once() -> None:
    def twice(library: Any) -> Any:
        request = library.Request("POST", "http://h/", content=(piece for piece in [b"a", b"bc"]))
        return [list(request.stream), list(request.stream)]

    def read_first(library: Any) -> Any:
        request = library.Request("POST", "http://h/", content=iter([b"a", b"bc"]))
        return [request.read(), request.content, list(request.stream), list(request.stream)]

    def unread(library: Any) -> Any:
        return library.Request("POST", "http://h/", content=iter([b"a"])).content

    same(twice, *both(), except_for={"stream-consumed-text": consumed_text})
    same(read_first, *both())
    same(unread, *both())


def test_files_are_measured_alike(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")

    def headers(library: Any, content: Any) -> Any:
        with content:
            return library.Request("POST", "http://h/", content=content).headers

    def body(library: Any, content: Any) -> Any:
        with content:
            return library.Request("POST", "http://h/", content=content).read()

    for call in (headers, body):
        same(lambda library, call=call: call(library, path.open("rb")), *both())
        same(lambda library, call=call: call(library, io.BytesIO(b"abc")), *both())


def test_streams_bring_no_headers() -> None:
    for call in (
        lambda library: library.Request("POST", "http://h/", stream=library.ByteStream(b"a")),
        lambda library: list(library.ByteStream(b"abc")),
        lambda library: next(iter(library.SyncByteStream())),
    ):
        same(call, *both())


def test_pickled_requests_are_the_same() -> None:
    def pickled(library: Any, **body: Any) -> Any:
        request = library.Request(
            "POST", "http://h/p", headers={"a": "b"}, extensions={"x": 1}, **body
        )
        copy = pickle.loads(pickle.dumps(request))
        return [copy, copy.extensions]

    same(lambda library: pickled(library, content=b"abc"), *both())
    same(lambda library: pickled(library, json=[1]), *both())

    def unread(library: Any) -> Any:
        request = library.Request("POST", "http://h/", stream=library.ByteStream(b"a"))
        return next(iter(pickle.loads(pickle.dumps(request)).stream))

    same(unread, *both())


# -- On the wire ------------------------------------------------------------------------------

SENT: list[dict[str, Any]] = [
    *BODIES,
    {"content": pieces(b"a", b"", b"bc")},
    {"content": pieces()},
    {"content": pieces(b"abc"), "headers": {"Content-Length": "3"}},
    {"data": pieces(b"a", b"b")},
    {"content": pieces(b"a" * 70_000, b"b")},
    {"content": b"a" * 70_000},
    {"content": b"abc", "headers": {"Transfer-Encoding": "chunked"}},
    {"content": Make(lambda library, mode: io.BytesIO(b"abc") if mode == "sync" else b"abc")},
    {"json": {"a": 1}, "headers": {"Content-Type": "application/vnd.api+json"}},
]


def without_warning(theirs: Outcome, ours: Outcome) -> bool:
    told = [name for name, _ in theirs.warnings]
    return told == ["DeprecationWarning"] and theirs[:2] == ours[:2] and not ours.warnings


def one_framing(theirs: Outcome, ours: Outcome) -> bool:
    """httpx sends Content-Length and Transfer-Encoding, hookline what the user asked for."""
    return b"Content-Length" in str(theirs.value).encode() and "chunked" in str(theirs.value)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("body", SENT, ids=plain_id)
def test_bodies_are_sent_alike(body: dict[str, Any], mode: str, recorder: Recorder) -> None:
    def sent(library: Any) -> Any:
        steps = [
            {"method": method, "url": recorder.url + "/p?q", **body}
            for method in ("POST", "DELETE")
        ]
        with recorder.script(OK, OK) as transcript:
            results = exchange(library, mode, {}, *steps)
        return [transcript.wire, results]

    same(
        sent,
        except_for={"data-without-warning": without_warning, "one-framing-header": one_framing},
    )


@pytest.mark.parametrize("mode", MODES)
def test_bodies_of_the_other_mode_are_refused_alike(mode: str, recorder: Recorder) -> None:
    other = Make(lambda library, _: pieces(b"a").function(library, "async"))
    if mode == "async":
        other = Make(lambda library, _: pieces(b"a").function(library, "sync"))

    def sent(library: Any) -> Any:
        with recorder.script() as transcript:
            step = {"method": "POST", "url": recorder.url, "content": other}
            results = exchange(library, mode, {}, step)
        return [transcript.wire, results]

    same(sent)


# -- What differs -----------------------------------------------------------------------------


def test_bytearrays_are_bodies_with_a_length() -> None:
    for body in (bytearray(b"ab"), memoryview(b"ab")):
        differs(
            "body-bytearray",
            lambda library, body=body: library.Request("POST", "http://h/", content=body).read(),
            theirs=Raises("TypeError"),
            ours=b"ab",
        )


def test_framing_that_was_given_stays_alone() -> None:
    differs(
        "one-framing-header",
        lambda library: (
            library.Request(
                "POST", "http://h/", content=b"a", headers={"Transfer-Encoding": "chunked"}
            ).headers.raw
        ),
        theirs=[(b"Host", b"h"), (b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"1")],
        ours=[(b"Host", b"h"), (b"Transfer-Encoding", b"chunked")],
    )


@pytest.mark.parametrize("data", [b"abc", "abc", [b"a", b"b"]], ids=plain_id)
def test_data_that_is_no_form_is_content_without_a_warning(data: Any) -> None:
    same(
        lambda library: library.Request("POST", "http://h/", data=data).read(),
        *both(),
        except_for={"data-without-warning": without_warning},
    )


def test_unread_part_of_a_file_is_what_is_sent() -> None:
    def sent(library: Any) -> Any:
        file = io.BytesIO(b"0123456789")
        file.read(4)
        request = library.Request("POST", "http://h/", content=file)
        return [request.headers["content-length"], request.read()]

    differs("file-position", sent, theirs=["10", b"456789"], ours=["6", b"456789"])


def test_iterator_that_is_used_up_is_not_an_empty_body() -> None:
    def twice(library: Any) -> Any:
        request = library.Request("POST", "http://h/", content=iter([b"a"]))
        return [list(request.stream), list(request.stream)]

    differs("iterator-bodies", twice, *both(), theirs=[[b"a"], []], ours=Raises("StreamConsumed"))
