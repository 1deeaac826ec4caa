"""Response bodies: content codings, charsets, and the ways to iterate over them."""

from __future__ import annotations

import asyncio
import gzip
import pickle
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import httpx
import httpx2
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from support.compare import MODES, Outcome, Raises, both, differs, examples, exchange, same
from support.recorder import Recorder

TEXT = "Grüße, 中国\r\nline two\n\nlast line\x85end" * 3
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "identity": lambda data: data,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data)),
    "zstd, deflate, gzip": lambda data: gzip.compress(zlib.compress(zstandard.compress(data))),
    "unheard-of": lambda data: data,
    "GZIP": gzip.compress,
    " gzip ,": gzip.compress,
    "": lambda data: data,
}


def respond(library: Any, **arguments: Any) -> Any:
    """A response to a request, as clients have them."""
    arguments.setdefault("request", library.Request("GET", "http://example.org/a"))
    return library.Response(200, **arguments)


def raw_deflate(data: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()


# -- Content codings ------------------------------------------------------------------------


@pytest.mark.parametrize("coding", CODINGS)
def test_codings_are_undone_alike(coding: str) -> None:
    body = CODINGS[coding](TEXT.encode())
    for headers in ({"Content-Encoding": coding}, [("content-encoding", coding), ("X", "y")]):
        same(
            lambda library, headers=headers: respond(library, headers=headers, content=body),
            except_for=EMPTY_PIECE,
        )
        same(
            lambda library, headers=headers: list(
                respond(library, headers=headers, content=iter([body])).iter_raw()
            )
        )


def test_deflate_without_a_header_is_undone_alike() -> None:
    same(
        lambda library: (
            respond(
                library, headers={"Content-Encoding": "deflate"}, content=raw_deflate(b"abc" * 100)
            ).content
        )
    )


def in_pieces(library: Any, coding: str, body: bytes, size: int) -> Any:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    response = respond(library, headers={"Content-Encoding": coding}, content=pieces)
    return [response.read(), response.num_bytes_downloaded, response.is_closed]


@pytest.mark.parametrize("coding", CODINGS)
def test_pieces_of_any_size_are_undone_alike(coding: str) -> None:
    body = CODINGS[coding](TEXT.encode())
    for size in (1, 2, 3, 7, 50, len(body)):
        same(
            lambda library, size=size: in_pieces(library, coding, body, size),
            except_for=EMPTY_PIECE,
        )


def cut_brotli(theirs: Outcome, ours: Outcome) -> bool:
    return theirs.error is None and ours.error == ("DecodingError", "Brotli data is incomplete")


def trailing_gzip(theirs: Outcome, ours: Outcome) -> bool:
    """httpx ignores what follows the first member; hookline reads the further ones."""
    return theirs.error is None and ours.error is None


def after_the_end(theirs: Outcome, ours: Outcome) -> bool:
    """httpx hands a zstd stream that is over a piece more, which its decoder does not take."""
    return theirs.error == ("DecodingError", "cannot use a decompressobj multiple times")


EMPTY_PIECE = {"zstd-after-its-end": after_the_end}


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_broken_bodies_are_refused_alike(coding: str) -> None:
    body = CODINGS[coding](TEXT.encode())
    broken = [
        b"", b"plain text", body[:-1], body[: len(body) // 2], body[:1], body[1:], body + b"x",
        body[:10] + b"\xff" + body[11:], body + body,
    ]  # fmt: skip
    for data in broken:
        for size in (len(data) or 1, 5):
            same(
                lambda library, data=data, size=size: in_pieces(library, coding, data, size),
                except_for={
                    "br-truncated": cut_brotli,
                    "gzip-members": trailing_gzip,
                },
            )


@examples(150)
@given(
    st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.integers(1, 40)
)
def test_any_body_is_undone_alike(data: bytes, coding: str, size: int) -> None:
    body = CODINGS[coding](data)
    same(lambda library: in_pieces(library, coding, body, size))


# -- Text -----------------------------------------------------------------------------------

CONTENT_TYPES = [
    None, "text/plain", "text/plain; charset=utf-8", "text/plain; charset=UTF-8",
    "text/plain;charset=latin-1", 'text/plain; charset="iso-8859-1"', "text/plain; charset='utf-16'",  # noqa: E501
    "text/plain; charset=unheard-of", "text/plain; charset=", "text/plain; charset", "text/html",
    "application/json", "application/json; charset=cp1252", "text/plain; a=b; charset=ascii",
    "text/plain; Charset=utf-8", "; charset=utf-8", "text/plain; charset=utf-8; charset=latin-1",
    "", "text/plain; charset=shift_jis", "text/plain; charset= utf-8", "text/plain; charset=big5;",
    "text/plain; charset=hex", "text/plain; charset=idna", "text/plain; charset=utf-8-sig",
]  # fmt: skip
TEXTS = [
    b"", b"abc", "Grüße".encode(), "Grüße".encode("latin-1"), "日本".encode("shift_jis"),
    "x".encode("utf-16"), b"\xff\xfe\x00", b"\xef\xbb\xbfx", b"\x80abc", "中".encode()[:2],
]  # fmt: skip


def sensible(theirs: Outcome, ours: Outcome) -> bool:
    return ours.error is None


@pytest.mark.parametrize("content_type", CONTENT_TYPES, ids=str)
def test_text_is_decoded_alike(content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    for body in TEXTS:
        for default in ("utf-8", "latin-1", "ascii", lambda content: "cp1252", lambda _: None):

            def made(library: Any, body: Any = body, default: Any = default) -> Any:
                return respond(library, headers=headers, content=body, default_encoding=default)

            excuses = None
            if content_type and content_type.endswith(("=hex", "=idna")):
                excuses = {"charset-unusable": sensible}
            elif content_type and "utf-16" in content_type:
                excuses = {"charset-utf-16": sensible}
            same(made, except_for=excuses)
            same(
                lambda library, made=made: [made(library).text, made(library).encoding],
                except_for=excuses,
            )


def test_encoding_can_be_set_until_the_text_was_read() -> None:
    def before(library: Any) -> Any:
        response = respond(library, content="ü".encode("latin-1"))
        response.encoding = "latin-1"
        return [response.text, response.encoding]

    def after(library: Any) -> Any:
        response = respond(library, content=b"u")
        assert response.text
        response.encoding = "latin-1"

    same(before, *both())
    same(after, *both())


JSON_BODIES = [
    b"{}", b"[1, 2]", '{"ü": 1}'.encode(), "[1]".encode("utf-16"), b"\xef\xbb\xbf[1]", b"", b"{",
    b"NaN", b'"\xff"', "[1]".encode("utf-32"),
]  # fmt: skip


@pytest.mark.parametrize("body", JSON_BODIES, ids=repr)
def test_json_is_decoded_alike(body: bytes) -> None:
    for content_type in ("application/json", "application/json; charset=latin-1"):
        headers = {"Content-Type": content_type}
        same(
            lambda library, headers=headers: repr(
                respond(library, headers=headers, content=body).json()
            ),
            *both(),
        )
    same(lambda library: respond(library, content=b"[1.5]").json(parse_float=str), *both())


LINKS = [
    '<http://a/>; rel="next"', '<http://a/>; rel=next; type="x", <b>; rel=prev', "<a>", "<a>;", "",
    "a", "<a>; rel", "<a>; rel=", "<a>;rel=next;x=y=z", "<a,b>; rel=c", "<a>; rel='n', <b>",
    "<a>; title=\"x; y\"; rel=z", "   ", "<a>; rel=x, <b>; rel=x",
]  # fmt: skip


@pytest.mark.parametrize("link", LINKS)
def test_links_are_read_alike(link: str) -> None:
    same(
        lambda library: respond(library, headers={"link": link}).links,
        *both(),
        except_for={"links-equals-sign": lambda theirs, ours: "y=z" in str(ours.value)},
    )


# -- Iterating ------------------------------------------------------------------------------

BODIES: list[list[bytes]] = [
    [], [b""], [b"abc"], [b"a", b"", b"bc"], [b"a\n", b"b\r", b"\nc\r", b"d"], ["ü".encode()[:1],
    "ü".encode()[1:], b"\x85"], [b"\n\n"], [b"\r"], [b"abcdef" * 10, b"gh"],
    [TEXT.encode()[at : at + 5] for at in range(0, 90, 5)],
]  # fmt: skip
KINDS = ["iter_raw", "iter_bytes", "iter_text", "iter_lines"]
SIZES = [None, 1, 2, 3, 10, 1000]


def iterated(library: Any, mode: str, body: list[bytes], kind: str, size: Any) -> Any:
    arguments = [] if kind == "iter_lines" else [size]
    if mode == "sync":
        response = respond(library, content=iter(body))
        pieces = list(getattr(response, kind)(*arguments))
        return [pieces, response.is_closed, response.is_stream_consumed, _state(response)]

    async def produce() -> Any:
        for piece in body:
            yield piece

    async def main() -> Any:
        response = respond(library, content=produce())
        pieces = [piece async for piece in getattr(response, f"a{kind}")(*arguments)]
        return [pieces, response.is_closed, response.is_stream_consumed, _state(response)]

    return asyncio.run(main())


def _state(response: Any) -> Any:
    return [response.num_bytes_downloaded, repr(response)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_streams_are_iterated_alike(kind: str, mode: str) -> None:
    for body in BODIES:
        for size in SIZES:
            same(
                lambda library, body=body, size=size: iterated(library, mode, body, kind, size),
                *both(),
            )


@pytest.mark.parametrize("kind", KINDS)
def test_bodies_that_were_read_are_iterated_alike(kind: str) -> None:
    for body in BODIES:
        for size in SIZES:

            def again(library: Any, body: Any = body, size: Any = size) -> Any:
                response = respond(library, content=b"".join(body))
                arguments = [] if kind == "iter_lines" else [size]
                return list(getattr(response, kind)(*arguments))

            same(again, *both(), except_for={"stream-consumed-text": consumed_text})


def consumed_text(theirs: Outcome, ours: Outcome) -> bool:
    return theirs.raised == ours.raised == "StreamConsumed"


ORDERS: list[tuple[str, ...]] = [
    ("read", "read"), ("read", "iter_bytes"), ("iter_bytes", "read"), ("iter_raw", "iter_raw"),
    ("iter_bytes", "iter_bytes"), ("close", "read"), ("close", "iter_bytes"), ("close", "close"),
    ("read", "close", "read"), ("iter_text", "iter_lines"), ("content",), ("text",), ("json",),
    ("iter_raw", "content"), ("read", "content"), ("close", "content"), ("next", "close", "read"),
    ("next", "iter_bytes"), ("read", "iter_raw"), ("elapsed",), ("read", "elapsed"),
]  # fmt: skip


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_streams_in_the_wrong_state_say_so_alike(order: tuple[str, ...]) -> None:
    def run(library: Any) -> Any:
        response = respond(library, content=iter([b"a", b"b"]))
        result: Any = None
        for step in order:
            if step == "next":
                result = next(response.iter_bytes())
                continue
            result = getattr(response, step)
            if callable(result):
                result = result()
            if step.startswith("iter"):
                result = list(result)
        return [result, response.is_closed, response.is_stream_consumed]

    same(run, *both(), except_for={"stream-consumed-text": consumed_text})


def test_responses_of_the_other_mode_are_refused_alike() -> None:
    async def produce() -> Any:
        yield b"a"

    for step in ("read", "iter_raw", "iter_bytes", "close"):

        def run(library: Any, step: str = step) -> Any:
            result = getattr(respond(library, content=produce()), step)()
            return list(result)

        same(run)

    async def reading(library: Any, step: str) -> Any:
        result = getattr(respond(library, content=iter([b"a"])), step)()
        if step.startswith("aiter"):
            return [piece async for piece in result]
        return await result

    for step in ("aread", "aiter_raw", "aiter_bytes", "aclose"):
        same(lambda library, step=step: asyncio.run(reading(library, step)))


# -- Responses as values ----------------------------------------------------------------------

MADE: list[dict[str, Any]] = [
    {}, {"content": b"abc"}, {"content": "é"}, {"text": "é"}, {"html": "<p>"}, {"json": {"a": 1}},
    {"content": b""}, {"text": ""}, {"json": 0}, {"content": [b"a"]}, {"headers": {"a": "b"}},
    {"content": b"a", "headers": {"Content-Length": "9"}},
    {"text": "x", "headers": {"Content-Type": "a/b"}}, {"content": b"a", "text": "b"},
    {"extensions": {"http_version": b"HTTP/2", "reason_phrase": b"Fine"}},
    {"headers": [("Set-Cookie", "a=b")]},
]  # fmt: skip


@pytest.mark.parametrize("arguments", MADE, ids=str)
def test_responses_are_made_alike(arguments: dict[str, Any]) -> None:
    def made(library: Any) -> Any:
        return respond(library, **arguments)

    def pickled(library: Any) -> Any:
        response = made(library)
        response.read()
        copy = pickle.loads(pickle.dumps(response))
        return [copy, copy.request, copy.extensions, copy.is_closed]

    same(made, *both())
    same(pickled, *both())


def test_history_is_copied_alike() -> None:
    def made(library: Any) -> Any:
        first = respond(library)
        return len(respond(library, history=[first]).history)

    same(made, *both())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "identity"])
def test_bodies_from_a_socket_are_read_alike(mode: str, coding: str, recorder: Recorder) -> None:
    body = CODINGS[coding](TEXT.encode())
    head = b"HTTP/1.1 200 Fine\r\nContent-Type: text/plain\r\nContent-Encoding: " + coding.encode()
    answers = [
        head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
        head
        + b"\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body)
        + body
        + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ]

    def run(library: Any) -> Any:
        with recorder.script(*answers) as transcript:
            results = exchange(library, mode, {}, *[{"url": recorder.url}] * len(answers))
        return [transcript.wire, results]

    same(run, httpx)


# -- What differs -----------------------------------------------------------------------------


def test_further_members_of_gzip_are_read() -> None:
    body = gzip.compress(b"a") + gzip.compress(b"b")
    differs(
        "gzip-members",
        lambda library: (
            respond(library, headers={"Content-Encoding": "gzip"}, content=body).content
        ),
        theirs=b"a",
        ours=b"ab",
    )


def test_there_are_only_so_many_codings() -> None:
    body = b"abc"
    for _ in range(6):
        body = gzip.compress(body)
    differs(
        "many-codings",
        lambda library: (
            respond(
                library, headers={"Content-Encoding": ", ".join(["gzip"] * 6)}, content=body
            ).content
        ),
        theirs=b"abc",
        ours=Raises("DecodingError", "encoded 6 times over"),
    )


def test_brotli_that_was_cut_off_is_an_error() -> None:
    body = brotli.compress(b"abc" * 100)[:-1]
    differs(
        "br-truncated",
        lambda library: (
            respond(library, headers={"Content-Encoding": "br"}, content=body).content
            != b"abc" * 100
        ),
        theirs=True,
        ours=Raises("DecodingError", "Brotli data is incomplete"),
    )


def test_charset_that_decodes_no_text_is_passed_over() -> None:
    headers = {"Content-Type": "text/plain; charset=hex"}
    differs(
        "charset-unusable",
        lambda library: respond(library, headers=headers, content=b"abc").text,
        theirs=Raises("AssertionError"),
        ours="abc",
    )


@pytest.mark.parametrize("size", [0, -1, "2", 1.5])
def test_sizes_that_make_no_sense_are_refused(size: Any) -> None:
    same(
        lambda library: list(respond(library, content=iter([b"abc"])).iter_bytes(size)),
        except_for={"chunk-size-values": lambda theirs, ours: ours.raised == "ValueError"},
    )


def test_zstd_inside_another_coding_is_undone() -> None:
    body = gzip.compress(zstandard.compress(b"abc"))
    differs(
        "zstd-after-its-end",
        lambda library: (
            respond(library, headers={"Content-Encoding": "zstd, gzip"}, content=body).content
        ),
        theirs=Raises("DecodingError", "cannot use a decompressobj multiple times"),
        ours=b"abc",
    )


def test_response_without_a_request_sets_no_cookies() -> None:
    differs(
        "cookies-without-request",
        lambda library: library.Response(200).cookies,
        theirs=Raises("RuntimeError"),
        ours={"repr": "<Cookies[]>", "jar": []},
    )
    same(lambda library: library.Response(200).cookies, httpx2)
    same(lambda library: library.Response(200, headers={"Set-Cookie": "a=b"}).cookies, *both())


@examples(300)
@given(
    st.lists(
        st.sampled_from(
            ["text/plain", ";", " ", "charset", "Charset", "=", "utf-8", '"', "x", "latin-1", "y"]
        ),
        max_size=8,
    ).map("".join)
)
def test_any_content_type_is_read_alike(content_type: str) -> None:
    same(
        lambda library: respond(library, headers={"Content-Type": content_type}).charset_encoding,
        *both(),
    )


def test_equals_sign_in_a_parameter_of_a_link_is_read() -> None:
    differs(
        "links-equals-sign",
        lambda library: respond(library, headers={"link": '<a>; title="x=y"; rel=next'}).links,
        *both(),
        theirs={"a": {"url": "a"}},
        ours={"next": {"url": "a", "title": "x=y", "rel": "next"}},
    )
