"""Multipart forms, byte by byte: the same arguments, the same request."""

from __future__ import annotations

import io
import os
import re
import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hookline
from support.compare import (
    MODES,
    Call,
    Make,
    Outcome,
    Raises,
    both,
    differs,
    examples,
    exchange,
    in_other_words,
    plain,
    refusal,
    same,
)
from support.ids import plain_id
from support.recorder import OK, Recorder

TYPE = "multipart/form-data; boundary=BB"

# Called for each library: reading moves files.
Arguments = Callable[[], dict[str, Any]]


def form(make: Arguments, content_type: str | None = TYPE) -> Call:
    """The headers and the body of a request. What is drawn by lot is left out."""

    def call(library: Any) -> Any:
        headers = {} if content_type is None else {"Content-Type": content_type}
        request = library.Request("POST", "http://example.org/", headers=headers, **make())
        body = request.read()
        return [
            [(name.lower(), without_lots(value)) for name, value in request.headers.raw],
            without_lots(body),
        ]

    return call


def without_lots(data: bytes) -> bytes:
    return re.sub(rb"[0-9a-f]{32}", b"<boundary>", data)


# -- Forms that can be sent -------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = TEXT | st.sampled_from(['a"b', "a\\b", "a\r\nb", "\0", "", "%22", "snow ☃", "\x1b\x7f"])
FILENAMES = NAMES | st.sampled_from(
    ["a.txt", "a.PNG", "a.tar.gz", "a.json", ".htaccess", "a.b/c.css", "noext", "a.svgz", "x.md"]
)
CONTENTS = (
    st.binary(max_size=40)
    | TEXT
    | st.builds(lambda size: b"x" * size, st.sampled_from([65_535, 65_536, 65_537, 140_000]))
)
TYPES = st.none() | st.sampled_from(["text/plain", "x/y; charset=utf-8", "", "é/x"])
TOKENS = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1, max_size=8)
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10)
HEADERS = st.dictionaries(TOKENS | st.sampled_from(["Content-Type", "content-type"]), VALUES)
PRIMITIVES = TEXT | st.binary(max_size=10) | st.integers() | st.floats() | st.booleans() | st.none()
FIELDS = st.dictionaries(NAMES, PRIMITIVES | st.lists(PRIMITIVES, max_size=3), max_size=4)


class Unseekable:
    """A file that neither seeks nor tells its size."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)


class Opened:
    """How a content is handed over: as it is, or as a file that is made for each request."""

    def __init__(self, content: bytes | str, kind: str, position: int, name: str | None) -> None:
        self.content = content
        self.kind = kind
        self.position = position
        self.name = name

    def __repr__(self) -> str:
        content = self.content if len(self.content) <= 40 else f"<{len(self.content)} bytes>"
        return f"Opened({content!r}, {self.kind!r}, {self.position}, {self.name!r})"

    def open(self) -> Any:
        if self.kind == "itself" or isinstance(self.content, str):
            return self.content
        if self.kind == "unseekable":
            return Unseekable(self.content)
        file = io.BytesIO(self.content)
        file.seek(self.position)
        if self.name is not None:
            file.name = self.name  # type: ignore[attr-defined]
        return file


OPENED = st.builds(
    Opened,
    CONTENTS,
    st.sampled_from(["itself", "memory", "unseekable"]),
    st.integers(0, 50),
    st.none() | FILENAMES,
)
FILES = st.lists(
    st.tuples(
        NAMES,
        OPENED
        | st.tuples(st.none() | FILENAMES, OPENED)
        | st.tuples(st.none() | FILENAMES, OPENED, TYPES)
        | st.tuples(st.none() | FILENAMES, OPENED, TYPES, HEADERS),
    ),
    min_size=1,
    max_size=4,
)


def opened(files: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    made = []
    for name, value in files:
        if isinstance(value, Opened):
            made.append((name, value.open()))
        else:
            # httpx adds to the headers that it is given.
            filename, content, *rest = value
            copied = [dict(each) if isinstance(each, dict) else each for each in rest]
            made.append((name, (filename, content.open(), *copied)))
    return made


@examples(400)
@given(data=FIELDS, files=FILES, is_mapping=st.booleans(), own_boundary=st.booleans())
def test_any_form_is_encoded_alike(
    data: dict[str, Any], files: list[tuple[str, Any]], is_mapping: bool, own_boundary: bool
) -> None:
    def arguments() -> dict[str, Any]:
        made: Any = opened(files)
        return {"data": data, "files": dict(made) if is_mapping else made}

    outcome = same(form(arguments, TYPE if own_boundary else None), *both())

    assert outcome.error is None


@pytest.mark.parametrize(
    "arguments",
    [
        {"files": {"f": b"1"}, "json": {"a": 1}},
        {"files": {"f": b"1"}, "content": b"x"},
        {"files": {"f": b"1"}, "data": b"raw"},
        {"files": {}, "data": {"a": "1"}},
        {"files": [], "json": 1},
        {"files": {}},
        {"files": None},
        {"files": [["f", b"1"]]},
        {"files": (("f", b"1"),)},
        {"files": {"f": b"1"}.items()},
        {"files": {"f": b"1"}, "data": {}},
        {"files": {"f": b"1"}, "data": None},
    ],
    ids=plain_id,
)
def test_what_else_is_given_is_preferred_or_ignored_alike(arguments: dict[str, Any]) -> None:
    same(
        form(lambda: arguments),
        *both(),
        except_for={
            "data-without-warning": lambda theirs, ours: (
                theirs.warnings != () and theirs._replace(warnings=()) == ours
            )
        },
    )


# -- Over the wire ----------------------------------------------------------------------------


def on_disk(tmp_path: Any, content: bytes) -> Callable[[], Any]:
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    return lambda: path.open("rb")


def in_one_chunk(request: bytes) -> bytes:
    """Where a body is sent in chunks, each library cuts as it likes."""
    head, _, rest = request.partition(b"\r\n\r\n")
    if b"Transfer-Encoding: chunked" not in head:
        return request
    body = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if not int(size, 16):
            return head + b"\r\n\r\n" + body + rest
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [0, 5, 70_000, 1_000_000])
def test_forms_are_written_alike(size: int, mode: str, tmp_path: Any, recorder: Recorder) -> None:
    open_file = on_disk(tmp_path, b"x" * size)
    files: list[Callable[[], Any]] = [
        lambda: b"x" * size,
        lambda: io.BytesIO(b"x" * size),
        lambda: Unseekable(b"x" * size),
        open_file,
    ]
    for make in files:
        made: list[Any] = []

        def given(library: Any, mode: str, make: Any = make, made: Any = made) -> Any:
            made.append(make())
            return {"f": ("name", made[-1], "text/plain")}

        def call(library: Any, given: Any = given) -> Any:
            step = {
                "method": "POST",
                "url": recorder.url,
                "data": {"a": "b"},
                "files": Make(given),
                "headers": {"Content-Type": TYPE},
            }
            with recorder.script(OK) as transcript:
                results = exchange(library, mode, {}, step)
            wire = [(number, in_one_chunk(data)) for number, data in transcript.wire]
            return [wire, plain(results[0])["status_code"]]

        same(call, *both())
        for file in made:
            if hasattr(file, "close"):
                file.close()


@pytest.mark.parametrize("mode", MODES)
def test_forms_are_sent_again_alike(mode: str, recorder: Recorder) -> None:
    """A redirect that keeps the method takes the files along, from their start."""
    there = b"HTTP/1.1 307 There\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
    step = {
        "method": "POST",
        "url": recorder.url,
        "follow_redirects": True,
        "files": Make(lambda library, mode: {"f": ("name", io.BytesIO(b"x" * 100_000))}),
        "headers": {"Content-Type": TYPE},
    }

    def call(library: Any) -> Any:
        with recorder.script(there, OK) as transcript:
            results = exchange(library, mode, {}, step)
        return [transcript.wire, plain(results[0])["status_code"]]

    outcome = same(call, *both())
    assert len(outcome.value[0]) == 2


# -- Boundaries -------------------------------------------------------------------------------

SAME_BOUNDARIES = [
    None,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=BB",
    'multipart/form-data; boundary="B B"',
    "multipart/form-data;boundary=B",
    "multipart/form-data; charset=x; boundary=BB; q=1",
    "multipart/form-data; BOUNDARY=BB",
    "multipart/form-data; boundary=a b; c",
    "multipart/form-data; boundary='BB'",
    "multipart/form-data; boundary=a; boundary=b",
    "multipart/form-data; boundary=" + "x" * 100,
]
# Theirs cannot be read by anybody: not the boundary that the header says, or none that is one.
OTHER_BOUNDARIES = [
    "multipart/form-data",
    "multipart/form-data;",
    "multipart/form-data; boundary",
    "multipart/form-data; xboundary=a",
    "multipart/form-data; boundary = BB",
    "Multipart/Form-Data; boundary=BB",
    "multipart/mixed",
    "multipart/mixed; boundary=BB",
]
NO_BOUNDARIES = [
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary=""',
    'multipart/form-data; boundary="a\\"b"',
    'multipart/form-data; boundary="a "',
    "multipart/form-data; boundary=a\tb",
    'multipart/form-data; a="; boundary=x"; boundary=y',
]


def one_file() -> dict[str, Any]:
    return {"files": {"f": ("a.txt", b"1")}, "data": {"a": "b"}}


@pytest.mark.parametrize("content_type", SAME_BOUNDARIES)
def test_boundary_of_a_header_is_taken_alike(content_type: str | None) -> None:
    same(form(one_file, content_type), *both())


@pytest.mark.parametrize("content_type", OTHER_BOUNDARIES)
def test_boundary_is_always_the_one_that_the_header_says(content_type: str) -> None:
    def is_readable(library: Any) -> Any:
        headers = {"Content-Type": content_type}
        request = library.Request("POST", "http://example.org/", headers=headers, **one_file())
        declared = re.search(r"boundary\s*=\s*(\w+)$", request.headers["content-type"])
        return declared is not None and request.read().startswith(f"--{declared[1]}\r\n".encode())

    differs("multipart-boundary", is_readable, *both(), theirs=False, ours=True)


@pytest.mark.parametrize("content_type", NO_BOUNDARIES)
def test_boundary_that_cannot_be_read_again_is_refused(content_type: str) -> None:
    def taken(library: Any) -> Any:
        form(one_file, content_type)(library)
        return "taken"

    refused = Raises("ValueError", "The multipart boundary")
    differs("multipart-boundary", taken, *both(), theirs="taken", ours=refused)


# -- What is no form --------------------------------------------------------------------------

TEXT_IN_MEMORY = "Multipart file uploads require 'io.BytesIO', not 'io.StringIO'."
TEXT_ON_DISK = "Multipart file uploads must be opened in binary mode, not text mode."


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: {"files": {"f": io.StringIO("x")}}, TEXT_IN_MEMORY),
        (lambda: {"files": {"f": ("a", io.StringIO("x"))}}, TEXT_IN_MEMORY),
        (lambda: {"files": {"f": io.TextIOWrapper(io.BytesIO(b"x"))}}, TEXT_ON_DISK),
        (lambda: {"files": {"f": b"1"}, "data": {"a": {"x": 1}}}, "Invalid type for value"),
        (lambda: {"files": {"f": b"1"}, "data": {1: "a"}}, "Invalid type for name"),
        (lambda: {"files": {"f": b"1"}, "data": {b"a": "a"}}, "Invalid type for name"),
    ],
)
def test_refusals_are_in_the_same_words(make: Arguments, message: str) -> None:
    outcome = same(form(make), *both())

    assert outcome.error is not None
    assert message in outcome.error[1]


def written_as_it_is(theirs: Outcome, ours: Outcome) -> bool:
    return theirs.error is None and ours.error is not None and ours.error[0] == "ValueError"


def accepted_here_alone(theirs: Outcome, ours: Outcome) -> bool:
    return theirs.raised in ("AttributeError", "TypeError") and ours.error is None


def unpacked(theirs: Outcome, ours: Outcome) -> bool:
    """Whatever it was taken for, it was none."""
    return ours.raised in ("TypeError", "ValueError")


HOSTILE = ["x\r\ny", "x\ny", "x\ry", "x\0y", "x\x7fy", "x\x0by", "\r\n\r\n--BB--\r\n"]


@pytest.mark.parametrize("value", HOSTILE, ids=plain_id)
def test_part_headers_cannot_end_their_lines(value: str) -> None:
    forms: list[Arguments] = [
        lambda: {"files": {"f": ("a", b"1", value)}},
        lambda: {"files": {"f": ("a", b"1", None, {"A": value})}},
        lambda: {"files": {"f": ("a", b"1", None, {value: "x"})}},
    ]
    for make in forms:
        same(
            form(make),
            *both(),
            except_for={
                "multipart-part-headers": written_as_it_is,
                # httpx2 refuses them, too.
                "message-texts": in_other_words,
            },
        )
    # Names and file names are escaped.
    for make in (lambda: {"files": {value: b"1"}}, lambda: {"files": {"f": (value, b"1")}}):
        assert same(form(make), *both()).error is None


@pytest.mark.parametrize("name", ["", "a b", "a:", "é", "a\tb", "(a)"])
def test_names_of_part_headers_are_tokens(name: str) -> None:
    same(
        form(lambda: {"files": {"f": ("a", b"1", None, {name: "x"})}}),
        *both(),
        except_for={"multipart-part-headers": written_as_it_is, "message-texts": in_other_words},
    )


WRONG: list[Arguments] = [
    *(
        lambda value=value: {"files": {"f": value}}
        for value in (
            None, 5, 1.5, True, object(), [b"1"], {"a": 1}, ["a", b"1"], (), (b"1",), ("a",),
            ("a", 5), ("a", None), ("a", b"1", 5), ("a", b"1", b"x/y"), (5, b"1"), (b"a", b"1"),
            ("a", b"1", None, [("A", "b")]), ("a", b"1", None, {"A": 5}),
            ("a", b"1", None, {b"A": "b"}), ("a", b"1", None, {"A": "b"}, 5),
            ("\ud800", b"1"), ("a", "\ud800"), ("a", b"1", "\ud800"),
        )
    ),
    *(
        lambda value=value: {"files": value}
        for value in (
            5, 1.5, object(), "é", "ab", b"ab", bytearray(b"ab"), (b"1",), ("a",), ("a", b"1"),
            [("a",)], [("a", b"1", b"2")], ["ab"], [b"ab"], [5], [None], [(5, b"1")],
            [(None, b"1")], [(b"f", b"1")], [(("a",), b"1")], [("\ud800", b"1")],
        )
    ),
    *(
        lambda value=value: {"files": {"f": b"1"}, "data": {"a": value}}
        for value in (object(), {"a": 1}, bytearray(b"1"), [object()], [[1]], "\ud800")
    ),
]  # fmt: skip


@pytest.mark.parametrize("make", WRONG, ids=lambda make: plain_id(make()))
def test_what_is_no_form_is_refused(make: Arguments) -> None:
    same(
        form(make),
        *both(),
        except_for={
            "message-texts": lambda theirs, ours: (
                in_other_words(theirs, ours) and theirs.raised == "UnicodeEncodeError"
            ),
            "wrong-types": unpacked,
        },
    )


JUNK = st.recursive(
    st.none() | st.integers() | TEXT | st.binary(max_size=4) | st.just(""),
    lambda inner: st.lists(inner, max_size=5).map(tuple) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=6,
)


@examples(300)
@given(files=st.dictionaries(TEXT, JUNK, min_size=1, max_size=3))
def test_any_arguments_are_taken_or_refused(files: dict[str, Any]) -> None:
    def arguments() -> dict[str, Any]:
        # httpx adds to the headers that it is given.
        return {
            "files": {
                name: tuple(dict(each) if isinstance(each, dict) else each for each in value)
                if isinstance(value, tuple)
                else value
                for name, value in files.items()
            }
        }

    same(
        form(arguments),
        *both(),
        except_for={
            "multipart-part-headers": lambda theirs, ours: (
                (written_as_it_is(theirs, ours) and "of the part" in str(ours.error))
                or (theirs.error is None and "has a header called" in str(ours.error))
            ),
            "multipart-content": accepted_here_alone,
            "wrong-types": refusal,
        },
    )


# -- What is taken here alone -----------------------------------------------------------------


def generator() -> Any:
    yield b"1"


@pytest.mark.parametrize(
    ("make", "theirs"),
    [
        (lambda: {"files": {"f": generator()}}, "AttributeError"),
        (lambda: {"files": {"f": ("a", iter([b"1"]))}}, "AttributeError"),
        (lambda: {"files": {"f": bytearray(b"1")}}, "AttributeError"),
        (lambda: {"files": {"f": memoryview(b"1")}}, "AttributeError"),
        (lambda: {"files": {"f": ("a", b"1", "x/y", None)}}, "TypeError"),
    ],
)
def test_contents_of_other_kinds_are_taken(make: Arguments, theirs: str) -> None:
    def is_sent(library: Any) -> Any:
        return b"\r\n\r\n1\r\n--BB--\r\n" in form(make)(library)[1]

    differs("multipart-content", is_sent, *both(), theirs=Raises(theirs), ours=True)


def pipe() -> Any:
    reading, writing = os.pipe()
    os.write(writing, b"content")
    os.close(writing)
    return os.fdopen(reading, "rb", closefd=True)


def test_length_of_a_pipe_is_not_promised() -> None:
    def announced(library: Any) -> Any:
        with pipe() as file:
            files = {"f": ("a", file)}
            headers = {"Content-Type": TYPE}
            request = library.Request("POST", "http://example.org/", headers=headers, files=files)
            length = request.headers.get("content-length")
            return length is None or int(length) == len(b"".join(request.stream))

    differs("multipart-pipe", announced, *both(), theirs=False, ours=True)


def test_what_is_gone_is_not_sent_as_nothing() -> None:
    """A file that cannot go back is empty the second time."""

    def second(library: Any) -> Any:
        files = {"f": Unseekable(b"content")}
        request = library.Request("POST", "http://example.org/", files=files)
        assert b"content" in b"".join(request.stream)
        return b"content" in b"".join(request.stream)

    differs("iterator-bodies", second, *both(), theirs=False, ours=Raises("StreamConsumed"))


def test_headers_of_a_part_are_left_as_they_were() -> None:
    def left(library: Any) -> Any:
        headers = {"A": "b"}
        library.Request("POST", "http://h/", files={"f": ("a.txt", b"1", None, headers)})
        return sorted(headers)

    differs("multipart-arguments", left, *both(), theirs=["A", "Content-Type"], ours=["A"])


# -- Here -------------------------------------------------------------------------------------


@examples(100)
@given(name=NAMES, value=st.text(max_size=12), where=st.integers(0, 4))
def test_whatever_is_written_is_one_form_with_one_part(name: str, value: str, where: int) -> None:
    arguments: dict[str, Any] = [
        {"files": {value: b"1"}},
        {"files": {"f": (value, b"1")}},
        {"files": {"f": (name, b"1", value)}},
        {"files": {"f": (name, b"1", None, {"X-Header": value})}},
        {"files": {"f": (name, b"1", None, {value or "X": "1"})}},
    ][where]
    try:
        _, body = form(lambda: arguments)(hookline)
    except ValueError:
        return

    # The head ends where the content begins, and holds no line more than was asked for.
    head, content = body.removeprefix(b"--BB\r\n").split(b"\r\n\r\n")
    names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n")]
    assert content == b"1\r\n--BB--\r\n"
    assert names[0] == b"content-disposition"
    assert len(names) <= 3
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert b"\0" not in head
