"""`max_response_size` and `max_decompression_ratio`: a body that is too large is given up in time,
and never decoded any further than it has to be."""

from __future__ import annotations

import gzip
import json
import pickle
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import brotli
import pytest
import zstandard

import hookline
from hookline import DecodingError, ResponseTooLarge
from hookline._compression import BrotliDecoder, ZstdDecoder
from hookline._decoders import (
    MOST_AT_ONCE,
    DeflateDecoder,
    GZipDecoder,
    MultiDecoder,
    decoder_for,
)
from hookline.plugins import Decoder
from support.http2 import Peer, http2_server
from support.modes import Mode
from support.raw import Conversation, answering, raw_server

MIB = 1 << 20
ZEROS = 64 * MIB
PLAIN = b"The quick brown fox jumps over the lazy dog. " * 50


def bare_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


COMPRESS: dict[str, tuple[type[Decoder], Callable[[bytes], bytes]]] = {
    "gzip": (GZipDecoder, gzip.compress),
    "deflate": (DeflateDecoder, zlib.compress),
    "bare deflate": (DeflateDecoder, bare_deflate),
    "br": (BrotliDecoder, lambda data: brotli.compress(data, quality=3)),
    "zstd": (ZstdDecoder, zstandard.compress),
}


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    """64 MiB of zeros, in each coding."""
    return {name: compress(bytes(ZEROS)) for name, (_, compress) in COMPRESS.items()}


def head(*fields: str, length: int | None = None) -> bytes:
    lines = ["HTTP/1.1 200 OK", *fields]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


# -- Decoding, piece by piece ---------------------------------------------------------------


@pytest.mark.parametrize("name", COMPRESS)
def test_little_data_that_decodes_to_much_comes_in_pieces(
    name: str, bombs: dict[str, bytes]
) -> None:
    decoder = COMPRESS[name][0]()
    total = largest = 0
    for piece in decoder.pieces(bombs[name]):
        total += len(piece)
        largest = max(largest, len(piece))
    for piece in decoder.last_pieces():
        total += len(piece)

    assert total == ZEROS
    # Of the packages for zstd, zstandard cannot stop: it is fed little at a time.
    assert largest <= (17 * MIB if name == "zstd" else 1.1 * MOST_AT_ONCE)


@pytest.mark.parametrize("size", [1, 3, 1000, 100_000])
@pytest.mark.parametrize("name", COMPRESS)
def test_pieces_are_what_decoding_at_once_gives(name: str, size: int) -> None:
    cls, compress = COMPRESS[name]
    data = compress(PLAIN)
    decoder = cls()
    pieces: list[bytes] = []
    for start in range(0, len(data), size):
        pieces += decoder.pieces(data[start : start + size])
    pieces += decoder.last_pieces()

    assert b"".join(pieces) == PLAIN
    assert b"" not in pieces
    assert list(cls().pieces(b"")) == list(cls().last_pieces()) == []


@pytest.mark.parametrize("name", COMPRESS)
def test_incompressible_data_survives_every_slice(name: str) -> None:
    plain = bytes(range(256)) * 3 + zlib.compress(PLAIN) + PLAIN.swapcase() * 20
    plain = b"".join(bytes([(i * i >> 3) & 255]) for i in range(200_000)) + plain
    cls, compress = COMPRESS[name]
    data = compress(plain)
    one, two = cls(), cls()

    assert b"".join([*one.pieces(data), *one.last_pieces()]) == plain
    assert two.decode(data) + two.flush() == plain


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_members_and_frames_are_joined_over_pieces(name: str, bombs: dict[str, bytes]) -> None:
    cls, compress = COMPRESS[name]
    data = compress(b"one ") + compress(b"") + bombs[name] + compress(b" two")
    decoder = cls()
    pieces = [*decoder.pieces(data), *decoder.last_pieces()]

    assert pieces[0].startswith(b"one ")
    assert pieces[-1].endswith(b" two")
    assert sum(map(len, pieces)) == ZEROS + 8


def test_gzip_passes_over_what_follows_in_pieces_too() -> None:
    decoder = GZipDecoder()
    data = gzip.compress(PLAIN) + b"\0garbage" + b"x" * 100_000

    assert b"".join([*decoder.pieces(data), *decoder.last_pieces()]) == PLAIN


@pytest.mark.parametrize("name", COMPRESS)
def test_what_is_not_in_the_coding_is_an_error_in_pieces_too(name: str) -> None:
    decoder = COMPRESS[name][0]()

    with pytest.raises(DecodingError) as caught:
        list(decoder.pieces(b"\xff this is plain text"))
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("name", ["br", "zstd"])
def test_body_that_was_cut_off_is_an_error_in_pieces_too(name: str) -> None:
    cls, compress = COMPRESS[name]
    decoder = cls()

    assert PLAIN.startswith(b"".join(decoder.pieces(compress(PLAIN)[:-1])))
    with pytest.raises(DecodingError, match="data is incomplete"):
        list(decoder.last_pieces())


def test_other_zstd_packages_stop_by_themselves(
    monkeypatch: pytest.MonkeyPatch, bombs: dict[str, bytes]
) -> None:
    pytest.importorskip("backports.zstd")
    monkeypatch.setattr("hookline._compression._ZSTD", ("backports.zstd",))
    decoder = ZstdDecoder()
    sizes = [len(piece) for piece in decoder.pieces(bombs["zstd"] * 2)]

    assert sum(sizes) == 2 * ZEROS
    assert max(sizes) <= MOST_AT_ONCE
    assert list(decoder.last_pieces()) == []


def test_zstd_blocks_that_explode_are_fed_a_few_at_a_time() -> None:
    """Four bytes for 128 KiB: as dense as zstd gets (RFC 8878 section 3.1.1.2.2)."""
    block = (131_072 << 3 | 1 << 1).to_bytes(3, "little") + b"x"
    last = (131_072 << 3 | 1 << 1 | 1).to_bytes(3, "little") + b"x"
    bomb = b"\x28\xb5\x2f\xfd\x00\x58" + block * 999 + last
    sizes = [len(piece) for piece in ZstdDecoder().pieces(bomb)]

    assert sum(sizes) == 131_072_000
    assert max(sizes) <= 17 * MIB


def test_old_brotli_is_fed_a_few_bytes_at_a_time(bombs: dict[str, bytes]) -> None:
    decoder = BrotliDecoder()
    decoder._can_stop = False
    plain = bytes(range(256)) * 100
    pieces = [*decoder.pieces(brotli.compress(plain)), *decoder.last_pieces()]

    assert b"".join(pieces) == plain
    decoder = BrotliDecoder()
    decoder._can_stop = False
    assert max(len(piece) for piece in decoder.pieces(bombs["br"])) <= 80 * MIB


@pytest.mark.parametrize("layers", [2, 5])
def test_several_codings_pull_each_other(layers: int) -> None:
    data = bytes(ZEROS)
    for _ in range(layers):
        data = gzip.compress(data)
    decoder = MultiDecoder([GZipDecoder() for _ in range(layers)])
    sizes = [len(piece) for piece in decoder.pieces(data)]
    sizes += [len(piece) for piece in decoder.last_pieces()]

    assert sum(sizes) == ZEROS
    assert max(sizes) <= MOST_AT_ONCE


class HoldsBack(Decoder):
    """A coding that gives nothing before its end, and knows nothing of pieces."""

    name: ClassVar[str] = "holds-back"

    def __init__(self) -> None:
        self.held = b""

    def decode(self, data: bytes) -> bytes:
        self.held += data
        return b""

    def flush(self) -> bytes:
        return self.held


def test_what_a_coding_gives_at_its_end_explodes_in_pieces(bombs: dict[str, bytes]) -> None:
    decoder = MultiDecoder([GZipDecoder(), HoldsBack()])
    assert list(decoder.pieces(bombs["gzip"])) == []
    sizes = [len(piece) for piece in decoder.last_pieces()]

    assert sum(sizes) == ZEROS
    assert max(sizes) <= MOST_AT_ONCE


def test_there_are_only_so_many_codings() -> None:
    known: dict[str, type[Decoder]] = {"gzip": GZipDecoder, "deflate": DeflateDecoder}

    assert isinstance(decoder_for(", ".join(["gzip"] * 5), known), MultiDecoder)
    assert isinstance(decoder_for("x, y, z, identity, a, b, gzip", known), GZipDecoder)
    with pytest.raises(DecodingError) as caught:
        decoder_for("gzip, deflate, gzip, deflate, gzip, gzip", known)
    assert str(caught.value) == (
        "The body was encoded 6 times over; at most 5 content codings are undone."
    )


@pytest.mark.parametrize(
    "fields",
    [
        ["Content-Encoding: " + ", ".join(["gzip"] * 6)],
        ["Content-Encoding: gzip"] * 6,
        [
            "Content-Encoding: gzip, deflate",
            "content-encoding: gzip,,deflate,gzip,",
            "CONTENT-ENCODING: x, br",
        ],
    ],
    ids=["one header", "six headers", "both"],
)
async def test_response_with_too_many_codings_is_refused(mode: Mode, fields: list[str]) -> None:
    with raw_server(answering(*[head(*fields, length=3) + b"abc"] * 2)) as server:
        async with mode.client() as client:
            for streamed in (False, True):
                with pytest.raises(DecodingError, match="encoded 6 times over") as caught:
                    if streamed:
                        async with client.stream("GET", server.url) as response:
                            await response.aread()
                    else:
                        await client.get(server.url)
                assert str(caught.value.request.url) == server.url


# -- The size -------------------------------------------------------------------------------

LIMITED = {"max_response_size": 1000}
READERS = ["aread", "aiter_bytes", "aiter_raw", "aiter_text", "aiter_lines"]


async def read_by(response: Any, method: str) -> Any:
    if method == "aread":
        return [await response.aread()]
    return [piece async for piece in getattr(response, method)()]


@pytest.mark.parametrize("method", READERS)
async def test_body_of_the_size_is_read_and_one_byte_more_is_refused(
    mode: Mode, method: str
) -> None:
    chunked = head("Transfer-Encoding: chunked")
    fits = chunked + b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n"
    exceeds = chunked + b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\nx\r\n0\r\n\r\n"

    with raw_server(answering(fits, exceeds)) as server:
        async with mode.client(**LIMITED) as client:
            async with client.stream("GET", server.url) as response:
                assert "".join(map(str, await read_by(response, method))).count("x") == 1000
            async with client.stream("GET", server.url) as response:
                with pytest.raises(ResponseTooLarge) as caught:
                    await read_by(response, method)
                assert response.is_closed

    assert str(caught.value) == (
        "The response's body has more than max_response_size=1000 bytes: 1001 so far. To allow "
        "more, give Client(max_response_size=...) or, for one request, "
        "extensions={'max_response_size': ...}; None is no limit."
    )
    assert str(caught.value.request.url) == server.url
    assert isinstance(caught.value, hookline.RequestError)
    assert not isinstance(caught.value, hookline.TransportError)


async def test_length_that_is_announced_is_refused_unread(mode: Mode) -> None:
    sent: list[bool] = []

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(head(length=1001))
        # Whoever waits for the body waits for ever.
        sent.append(conversation.receive_to_end() == b"")

    with raw_server(script) as server:
        async with mode.client(**LIMITED) as client:
            with pytest.raises(ResponseTooLarge) as caught:
                await client.get(server.url)
            assert client._transport._pool._open == 0

    assert sent == [True]
    assert str(caught.value).startswith(
        "The response announces a body of 1001 bytes (Content-Length), which is more than "
        "max_response_size=1000. To allow more, "
    )


@pytest.mark.parametrize(
    ("method", "response"),
    [
        ("HEAD", head(length=5000)),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n"),
        ("GET", head(length=1000) + b"x" * 1000),
        ("GET", head(length=0)),
    ],
)
async def test_length_of_what_does_not_come_is_no_reason(
    mode: Mode, method: str, response: bytes
) -> None:
    with raw_server(answering(response, response)) as server:
        async with mode.client(**LIMITED) as client:
            await client.request(method, server.url)
            async with client.stream(method, server.url) as streamed:
                assert len(b"".join([piece async for piece in streamed.aiter_bytes()])) <= 1000


async def test_limit_of_zero_takes_empty_bodies_alone(mode: Mode) -> None:
    with raw_server(answering(head(length=0), head(length=1) + b"x")) as server:
        async with mode.client(max_response_size=0) as client:
            assert (await client.get(server.url)).content == b""
            with pytest.raises(ResponseTooLarge, match="max_response_size=0"):
                await client.get(server.url)


async def test_stream_without_an_end_is_given_up(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(head("Transfer-Encoding: chunked"))
        while True:
            conversation.send(b"5\r\nhello\r\n")

    with raw_server(script) as server:
        async with mode.client(max_response_size=100_000) as client:
            with pytest.raises(ResponseTooLarge):
                await client.get(server.url)
            assert client._transport._pool._open == 0


@pytest.mark.parametrize("method", ["aread", "aiter_bytes", "aiter_text", "aiter_lines"])
@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
async def test_size_is_that_of_the_decoded_body(
    mode: Mode, name: str, method: str, bombs: dict[str, bytes]
) -> None:
    response = head(f"Content-Encoding: {name}", length=len(bombs[name])) + bombs[name]
    seen = 0
    with raw_server(answering(response)) as server:
        async with mode.client(max_response_size=3 * MIB) as client:
            async with client.stream("GET", server.url) as streamed:
                with pytest.raises(ResponseTooLarge, match=r"\d+ so far, decoded from \d+\."):
                    if method == "aread":
                        await streamed.aread()
                    else:
                        async for piece in getattr(streamed, method)():
                            seen += len(piece)
                assert streamed.is_closed

    # Whole pieces below the limit were handed out, and nothing above it.
    assert seen <= 3 * MIB
    assert (seen > 0) == (method in ("aiter_bytes", "aiter_text") and name != "zstd")


async def test_what_explodes_at_the_end_is_given_up_in_time(
    mode: Mode, bombs: dict[str, bytes]
) -> None:
    body = bombs["gzip"]
    response = head("Content-Encoding: gzip, holds-back", length=len(body)) + body
    sizes = []
    with raw_server(answering(response)) as server:
        async with mode.client(max_response_size=3 * MIB, decoders=["gzip", HoldsBack]) as client:
            async with client.stream("GET", server.url) as streamed:
                with pytest.raises(ResponseTooLarge):
                    async for piece in streamed.aiter_bytes():
                        sizes += [len(piece)]

    assert sizes == [MOST_AT_ONCE] * 3


async def test_raw_bytes_are_counted_as_they_came(mode: Mode) -> None:
    body = gzip.compress(bytes(MIB))
    assert len(body) > 1000
    response = head("Content-Encoding: gzip", length=len(body)) + body
    with raw_server(answering(response, response)) as server:
        async with mode.client(max_response_size=len(body)) as client:
            async with client.stream("GET", server.url) as streamed:
                assert b"".join([piece async for piece in streamed.aiter_raw()]) == body
            async with client.stream("GET", server.url) as streamed:
                with pytest.raises(ResponseTooLarge):
                    await streamed.aread()


async def test_coded_body_may_be_larger_than_what_it_stands_for(mode: Mode) -> None:
    body = gzip.compress(b"x" * 10)
    assert len(body) > 10
    response = head("Content-Encoding: gzip", length=len(body)) + body
    with raw_server(answering(response)) as server:
        async with mode.client(max_response_size=10) as client:
            assert (await client.get(server.url)).text == "x" * 10


async def test_coded_body_that_decodes_to_nothing_is_given_up_too(mode: Mode) -> None:
    member = gzip.compress(b"") * 1000

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(head("Content-Encoding: gzip", "Transfer-Encoding: chunked"))
        while True:
            conversation.send(b"%x\r\n" % len(member) + member + b"\r\n")

    with raw_server(script) as server:
        async with mode.client(**LIMITED) as client:
            with pytest.raises(ResponseTooLarge, match=r"has sent \d+ bytes, which decode to 0"):
                await client.get(server.url)


async def test_one_request_may_have_a_limit_of_its_own(mode: Mode) -> None:
    response = head(length=2000) + b"x" * 2000
    with raw_server(answering(*[response] * 2)) as server:
        async with mode.client(**LIMITED) as client:
            for limit in (None, 2000):
                extensions = {"max_response_size": limit}
                answer = await client.get(server.url, extensions=extensions)
                assert len(answer.content) == 2000
    with raw_server(answering(response)) as server:
        async with mode.client() as client:
            with pytest.raises(ResponseTooLarge, match="max_response_size=1999"):
                await client.get(server.url, extensions={"max_response_size": 1999})


async def test_response_that_came_in_one_piece_is_held_to_it_and_its_connection_kept(
    mode: Mode,
) -> None:
    response = head(length=2000) + b"x" * 2000
    with raw_server(answering(response, head(length=2) + b"ok")) as server:
        async with mode.client(**LIMITED) as client:
            with pytest.raises(ResponseTooLarge):
                await client.get(server.url)
            assert (await client.get(server.url)).text == "ok"


async def test_bodies_of_redirects_and_challenges_are_bounded_too(mode: Mode) -> None:
    away = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 2000\r\n\r\n"
    with raw_server(answering(away)) as server:
        async with mode.client(**LIMITED, follow_redirects=True) as client:
            with pytest.raises(ResponseTooLarge):
                await client.get(server.url)
            assert client._transport._pool._open == 0


async def test_events_are_bounded_as_a_whole(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(head("Content-Type: text/event-stream"))
        while True:
            conversation.send(b"data: 0123456789\n\n")

    events = []
    with raw_server(script) as server:
        async with mode.client(**LIMITED) as client:
            async with client.stream("GET", server.url) as response:
                inner = getattr(response, "wrapped", response)
                with pytest.raises(ResponseTooLarge):
                    if mode.is_async:
                        async for event in hookline.EventSource(inner):
                            events += [event.data]
                    else:
                        events.extend(event.data for event in hookline.EventSource(inner))

    assert set(events) <= {"0123456789"}
    assert len(events) <= 1000 // 18


async def test_http2_stream_is_reset_and_its_connection_lives_on(mode: Mode) -> None:
    def script(peer: Peer) -> None:
        peer.start()
        asked = peer.request()
        peer.send(peer.head(asked.id))
        peer.data(asked.id, b"x" * 2000)
        peer.reset_of(asked.id)
        peer.respond(peer.request().id, b"beside")

    with http2_server(script) as server:
        async with mode.client(http1=False, http2=True, **LIMITED) as client:
            with pytest.raises(ResponseTooLarge):
                await client.get(server.url)
            assert (await client.get(server.url)).text == "beside"

        assert server.connections == 1


@pytest.mark.parametrize("streamed", [False, True])
async def test_responses_of_other_transports_are_bounded(mode: Mode, streamed: bool) -> None:
    closed: list[bool] = []

    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 400
        finally:
            closed.append(True)

    def answer(request: hookline.Request) -> hookline.Response:
        if streamed:
            return hookline.Response(200, content=mode.body(pieces()))
        return hookline.Response(200, content=b"x" * 1001)

    async with mode.client(transport=hookline.MockTransport(answer), **LIMITED) as client:
        with pytest.raises(ResponseTooLarge) as caught:
            await client.get("http://example.org/")
        async with client.stream("GET", "http://example.org/") as response:
            with pytest.raises(ResponseTooLarge):
                await response.aread()

    assert str(caught.value.request.url) == "http://example.org/"
    if streamed and not mode.is_async:
        assert closed == [True, True]


def test_error_survives_pickling(server: str) -> None:
    with hookline.Client(max_response_size=10) as client:
        with pytest.raises(ResponseTooLarge) as caught:
            client.get(server + "/bytes/11")
    copied = pickle.loads(pickle.dumps(caught.value))

    assert type(copied) is ResponseTooLarge
    assert str(copied) == str(caught.value)
    assert str(copied.request.url) == server + "/bytes/11"


def test_bounded_response_survives_pickling(server: str) -> None:
    with hookline.Client(max_response_size=100) as client:
        response = client.get(server + "/bytes/11")

    assert pickle.loads(pickle.dumps(response)).content == b"x" * 11


async def test_who_reads_on_after_the_error_gets_no_good_end(mode: Mode) -> None:
    chunked = head("Transfer-Encoding: chunked")
    with raw_server(answering(chunked + b"7d0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n")) as server:
        async with mode.client(**LIMITED) as client:
            async with client.stream("GET", server.url) as response:
                pieces = response.aiter_bytes()
                if not mode.is_async:
                    pieces = response.wrapped.iter_bytes()
                for _ in range(3):
                    with pytest.raises((ResponseTooLarge, hookline.StreamClosed)):
                        await anext(pieces) if mode.is_async else next(pieces)


# -- The ratio ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
async def test_ratio_gives_up_what_explodes(mode: Mode, name: str, bombs: dict[str, bytes]) -> None:
    response = head(f"Content-Encoding: {name}", length=len(bombs[name])) + bombs[name]
    with raw_server(answering(response)) as server:
        async with mode.client(max_decompression_ratio=100) as client:
            with pytest.raises(ResponseTooLarge) as caught:
                await client.get(server.url)

    assert "bytes of the response's body decode to" in str(caught.value)
    assert "more than max_decompression_ratio=100 times as many." in str(caught.value)
    assert "Client(max_decompression_ratio=...)" in str(caught.value)


async def test_ratio_says_nothing_about_small_bodies_and_bodies_that_are_not_coded(
    mode: Mode,
) -> None:
    body = gzip.compress(bytes(MIB))
    coded = head("Content-Encoding: gzip", length=len(body)) + body
    plain = head(length=2 * MIB) + bytes(2 * MIB)
    with raw_server(answering(coded, plain)) as server:
        async with mode.client(max_decompression_ratio=1) as client:
            assert len((await client.get(server.url)).content) == MIB
            assert len((await client.get(server.url)).content) == 2 * MIB


async def test_ratio_of_one_request_goes_with_the_clients_size(
    mode: Mode, bombs: dict[str, bytes]
) -> None:
    body = bombs["gzip"]
    response = head("Content-Encoding: gzip", length=len(body)) + body
    extensions = {"max_decompression_ratio": 50.5}
    with raw_server(answering(*[response] * 2)) as server:
        async with mode.client(max_response_size=10 * MIB) as client:
            with pytest.raises(ResponseTooLarge, match=r"max_decompression_ratio=50\.5 times"):
                await client.get(server.url, extensions=extensions)
            with pytest.raises(ResponseTooLarge, match="max_response_size=10485760"):
                await client.get(server.url)


# -- The arguments --------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["1000", 10.5, True, [1]])
def test_size_of_the_wrong_type_is_refused_and_named(value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        hookline.Client(max_response_size=value)
    assert str(caught.value) == (
        f"max_response_size: expected a number of bytes or None, not {value!r}."
    )


def test_sizes_and_ratios_that_make_no_sense_are_refused_and_named() -> None:
    with pytest.raises(ValueError, match="max_response_size: expected a number of bytes >= 0"):
        hookline.Client(max_response_size=-1)
    for ratio in (0.5, -1, float("nan")):
        with pytest.raises(ValueError, match="max_decompression_ratio: expected a number >= 1"):
            hookline.AsyncClient(max_decompression_ratio=ratio)
    with pytest.raises(TypeError, match="max_decompression_ratio: expected a number or None"):
        hookline.Client(max_decompression_ratio="10")  # type: ignore[arg-type]


def test_extension_that_makes_no_sense_is_refused_before_anything_is_sent() -> None:
    def answer(request: hookline.Request) -> hookline.Response:
        raise AssertionError

    with hookline.Client(transport=hookline.MockTransport(answer)) as client:
        with pytest.raises(TypeError, match="max_response_size: expected a number of bytes"):
            client.get("http://example.org/", extensions={"max_response_size": "1"})


def test_without_a_limit_nothing_is_counted_nor_loaded(server: str) -> None:
    program = (
        "import sys, hookline\n"
        "with hookline.Client() as client:\n"
        f"    client.get({server + '/encoded/gzip'!r})\n"
        f"    client.get({server + '/bytes/300000'!r})\n"
        "print('hookline._bounds' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert output.stdout.strip() == b"False"


def test_bomb_does_not_fill_the_memory(bombs: dict[str, bytes], tmp_path: Any) -> None:
    """Two gigabytes behind one small response, streamed and thrown away, in half a gigabyte."""
    if sys.platform != "linux":
        pytest.skip("the memory of a process is limited on Linux")
    bomb = bombs["gzip"] * 32
    twice = gzip.compress(bomb)
    (tmp_path / "bomb").write_bytes(twice)
    program = (
        "import json, resource, sys, hookline\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))\n"
        f"body = open({str(tmp_path / 'bomb')!r}, 'rb').read()\n"
        "headers = {'Content-Encoding': 'gzip, gzip'}\n"
        "def answer(request):\n"
        "    return hookline.Response(200, headers=headers, stream=hookline.ByteStream(body))\n"
        "with hookline.Client(transport=hookline.MockTransport(answer)) as client:\n"
        "    with client.stream('GET', 'http://example.org/') as response:\n"
        "        largest = total = 0\n"
        "        for piece in response.iter_bytes():\n"
        "            total += len(piece)\n"
        "            largest = max(largest, len(piece))\n"
        "            if total > 2**28:\n"
        "                break\n"
        "    try:\n"
        "        client.get('http://example.org/', extensions={'max_response_size': 2**26})\n"
        "    except hookline.ResponseTooLarge:\n"
        "        print(json.dumps([largest, total]))\n"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    largest, total = json.loads(output.stdout)

    assert len(twice) < 100_000
    assert largest <= MOST_AT_ONCE
    assert total > 2**28
