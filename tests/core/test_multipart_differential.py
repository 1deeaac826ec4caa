"""Multipart forms, byte by byte against httpx and httpx2: the same arguments, the same request.

What hookline does otherwise on purpose stands in `INTENDED`, with the reason, and is held to as
well: a row that no longer differs fails.
"""

from __future__ import annotations

import inspect
import io
import os
import re
import string
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hookline

PEERS = {"httpx": httpx, "httpx2": httpx2}
TYPE = "multipart/form-data; boundary=BB"

Arguments = Callable[[], dict[str, Any]]


def outcome(library: Any, make: Arguments, content_type: str | None = TYPE) -> tuple[str, Any]:
    """The headers and the body of a request, or that there is none. Each call makes its own files,
    since reading moves them."""
    headers = None if content_type is None else {"Content-Type": content_type}
    try:
        request = library.Request("POST", "http://example.org/", headers=headers, **make())
        body = request.read()
    except Exception as exc:
        return "error", type(exc).__name__
    found = request.headers["content-type"]
    names = [
        (name.lower(), b"" if name.lower() == b"content-type" else value)
        for name, value in request.headers.raw
    ]
    if content_type is None:
        # Each makes its own boundary, of one length.
        boundary = re.fullmatch("multipart/form-data; boundary=([0-9a-f]{32})", found)
        assert boundary is not None
        body = body.replace(boundary[1].encode(), b"BB")
    return "request", (names, body)


# -- What is equal --------------------------------------------------------------------------

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
            made.append((name, (value[0], value[1].open(), *value[2:])))
    return made


@settings(max_examples=400, deadline=None)
@given(data=FIELDS, files=FILES, is_mapping=st.booleans(), own_boundary=st.booleans())
def test_forms_are_those_of_httpx_and_httpx2(
    data: dict[str, Any], files: list[tuple[str, Any]], is_mapping: bool, own_boundary: bool
) -> None:
    def arguments() -> dict[str, Any]:
        made: Any = opened(files)
        return {"data": data, "files": dict(made) if is_mapping else made}

    content_type = TYPE if own_boundary else None
    ours = outcome(hookline, arguments, content_type)

    assert ours[0] == "request"
    for peer in PEERS.values():
        assert ours == outcome(peer, arguments, content_type)


@settings(max_examples=100, deadline=None)
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
        body = hookline.Request(
            "POST", "http://example.org/", headers={"Content-Type": TYPE}, **arguments
        ).read()
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


CONTENT_TYPES = [
    "multipart/form-data; boundary=BB",
    'multipart/form-data; boundary="B B"',
    "multipart/form-data;boundary=B",
    "multipart/form-data; charset=x; boundary=BB; q=1",
    "multipart/form-data; BOUNDARY=BB",
    "multipart/form-data; boundary=a b; c",
    "multipart/form-data; boundary=" + "x" * 100,
]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("peer", PEERS)
def test_boundary_of_a_header_is_taken_alike(content_type: str, peer: str) -> None:
    def arguments() -> dict[str, Any]:
        return {"files": {"f": ("a.txt", b"1")}}

    assert outcome(hookline, arguments, content_type) == outcome(
        PEERS[peer], arguments, content_type
    )


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
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
    ],
)
def test_what_else_is_given_is_preferred_or_ignored_alike(
    arguments: dict[str, Any], peer: str
) -> None:
    def make() -> dict[str, Any]:
        return arguments

    assert outcome(hookline, make) == outcome(PEERS[peer], make)


# -- What is refused alike ------------------------------------------------------------------

TEXT_IN_MEMORY = "Multipart file uploads require 'io.BytesIO', not 'io.StringIO'."
TEXT_ON_DISK = "Multipart file uploads must be opened in binary mode, not text mode."


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: {"files": {"f": io.StringIO("x")}}, TEXT_IN_MEMORY),
        (lambda: {"files": {"f": ("a", io.StringIO("x"))}}, TEXT_IN_MEMORY),
        (lambda: {"files": {"f": io.TextIOWrapper(io.BytesIO(b"x"))}}, TEXT_ON_DISK),
        (lambda: {"files": {"f": b"1"}, "data": {"a": {"x": 1}}}, None),
        (lambda: {"files": {"f": b"1"}, "data": {1: "a"}}, None),
        (lambda: {"files": {"f": b"1"}, "data": {b"a": "a"}}, None),
    ],
)
def test_refusals_are_in_the_same_words(make: Arguments, message: str | None, peer: str) -> None:
    said = []
    for library in (hookline, PEERS[peer]):
        with pytest.raises(TypeError) as caught:
            library.Request("POST", "http://example.org/", **make())
        said.append(str(caught.value))

    assert said[0] == said[1]
    assert message in (None, said[0])


# -- What differs on purpose ----------------------------------------------------------------


def generator() -> Any:
    yield b"1"


def pipe() -> Any:
    reading, writing = os.pipe()
    os.write(writing, b"content")
    os.close(writing)
    return os.fdopen(reading, "rb", closefd=True)


class Row(NamedTuple):
    """One intended difference: with whom, why, and by which arguments and Content-Type it shows."""

    peers: tuple[str, ...]
    reason: str
    make: Arguments
    content_type: str = TYPE


INTENDED = {
    "line end in a content type": Row(
        ("httpx",),
        "It writes it, and with it any header and any part. httpx2 refuses it, too.",
        lambda: {"files": {"f": ("a", b"1", "x/y\r\nX: 1")}},
    ),
    "NUL in a part's header": Row(
        ("httpx",),
        "As above.",
        lambda: {"files": {"f": ("a", b"1", "x/y", {"A": "1\0"})}},
    ),
    "name of a part's header that is no token": Row(
        ("httpx",),
        "As above.",
        lambda: {"files": {"f": ("a", b"1", "x/y", {"A\r\nB": "1"})}},
    ),
    "boundary of another multipart type": Row(
        ("httpx", "httpx2"),
        "They write a boundary of their own, which is not the one in the header: nobody can read "
        "such a body.",
        lambda: {"files": {"f": b"1"}},
        "multipart/mixed; boundary=BB",
    ),
    "media type in capitals": Row(
        ("httpx", "httpx2"),
        "As above: media types are case-insensitive (RFC 9110 section 8.3.1).",
        lambda: {"files": {"f": b"1"}},
        "Multipart/Form-Data; boundary=BB",
    ),
    "empty boundary": Row(
        ("httpx", "httpx2"),
        "They write delimiters that no parser accepts (RFC 2046 section 5.1.1).",
        lambda: {"files": {"f": b"1"}},
        "multipart/form-data; boundary=",
    ),
    "boundary with an escaped quote": Row(
        ("httpx", "httpx2"),
        "They write the backslash, which a reader of the header takes away.",
        lambda: {"files": {"f": b"1"}},
        'multipart/form-data; boundary="a\\"b"',
    ),
    "iterator of bytes": Row(
        ("httpx", "httpx2"),
        "They take files only; hookline sends what a generator yields, chunked.",
        lambda: {"files": {"f": generator()}},
    ),
    "buffers other than bytes": Row(
        ("httpx", "httpx2"),
        "They take bytes only.",
        lambda: {"files": {"f": bytearray(b"1")}},
    ),
    "no headers, as None": Row(
        ("httpx", "httpx2"),
        "They fail on None, where an empty mapping means the same.",
        lambda: {"files": {"f": ("a", b"1", "x/y", None)}},
    ),
    "pipe": Row(
        ("httpx", "httpx2"),
        "They promise a length without the file's content, which is not known; hookline sends it "
        "chunked.",
        lambda: {"files": {"f": ("a", pipe())}},
    ),
}


@pytest.mark.parametrize("row", INTENDED)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_intended_difference_is_still_one(row: str) -> None:
    peers, reason, make, content_type = INTENDED[row]
    ours = outcome(hookline, make, content_type)

    assert reason.endswith(".")
    for name, peer in PEERS.items():
        assert (ours != outcome(peer, make, content_type)) == (name in peers)


@pytest.mark.parametrize("peer", PEERS)
def test_intended_difference_a_boundary_that_the_header_lacks_is_added(peer: str) -> None:
    """They leave the header as it is, and no server can read the body."""

    def declared(library: Any) -> tuple[bool, bool]:
        headers = {"Content-Type": "multipart/form-data"}
        request = library.Request("POST", "http://example.org/", headers=headers, files={"f": b"1"})
        boundary = request.headers["content-type"].partition("boundary=")[2]
        return bool(boundary), request.read().startswith(f"--{boundary}\r\n".encode())

    assert declared(hookline) == (True, True)
    assert declared(PEERS[peer]) == (False, False)


@pytest.mark.parametrize("peer", PEERS)
def test_intended_difference_what_is_gone_is_not_sent_as_nothing(peer: str) -> None:
    """A file that cannot go back is empty the second time, on a redirect say. They send that."""

    def second(library: Any) -> bytes:
        request = library.Request(
            "POST", "http://example.org/", files={"f": Unseekable(b"content")}
        )
        b"".join(request.stream)
        return b"".join(request.stream)

    assert b"content" not in second(PEERS[peer])
    with pytest.raises(hookline.StreamConsumed):
        second(hookline)


# -- Signatures -----------------------------------------------------------------------------

VERBS = ["request", "stream", "get", "options", "head", "post", "put", "patch", "delete", "query"]
CALLABLES = [
    *VERBS,
    *(f"{kind}.{verb}" for kind in ("Client", "AsyncClient") for verb in [*VERBS, "sse"]),
    *(f"{kind}.build_request" for kind in ("Client", "AsyncClient")),
    "Request",
    "ASGITransport",
    "WSGITransport",
    "EventSource",
    "ServerSentEvent",
]


def found(library: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        library = getattr(library, name, None)
    return library


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("name", CALLABLES)
def test_whatever_a_peer_takes_is_taken(name: str, peer: str) -> None:
    theirs = found(PEERS[peer], name)
    if theirs is None:
        # httpx has neither QUERY nor events.
        assert peer == "httpx"
        return
    ours = inspect.signature(found(hookline, name)).parameters
    wanted = inspect.signature(theirs).parameters
    shared = [each for each in ours if each in wanted]

    assert sorted(shared) == sorted(wanted)
    assert all(ours[each].kind == wanted[each].kind for each in shared)
    positional = [
        each for each in wanted if wanted[each].kind is not inspect.Parameter.KEYWORD_ONLY
    ]
    assert list(ours)[: len(positional)] == positional
    if "files" in wanted:
        names = list(ours)
        assert names[names.index("files") - 1] == "data"
        assert names[names.index("files") + 1] == "json"
