"""HPACK with a memory, against `hpack` without one: what is remembered must never show."""

from __future__ import annotations

from collections.abc import Iterable

import hpack
import pytest
from hpack.exceptions import HPACKError
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline_http2 import _header_blocks
from hookline_http2._codec import Fields
from hookline_http2._header_blocks import BlockDecoder, BlockEncoder
from support.http2_frames import OK, block, request, string

NEVER = 0x10


def decoded(blocks: Iterable[bytes], table_size: int = 4096) -> list[Fields]:
    decoder = hpack.Decoder()
    decoder.max_allowed_table_size = table_size
    found = [decoder.decode(coded, raw=True) for coded in blocks]
    return [[(name, value) for name, value in fields] for fields in found]


# -- Encoding ---------------------------------------------------------------------------------


def test_a_request_that_comes_again_takes_a_few_bytes() -> None:
    encoder = BlockEncoder()
    fields = [*request(), (b"user-agent", b"hookline"), (b"x-custom", b"value")]

    blocks = [encoder.encode(fields) for _ in range(5)]

    assert decoded(blocks) == [fields] * 5
    # Literals, then insertions, then indices: the table has come to rest.
    assert b"\x40" in blocks[1]
    assert len(blocks[2]) == len(fields)
    assert blocks[2] is blocks[3] is blocks[4]


def test_a_field_that_always_differs_does_not_enter_the_table() -> None:
    encoder = BlockEncoder()
    requests = [[*request(), (b"x-request-id", b"%032d" % number)] for number in range(1000)]

    blocks = [encoder.encode(fields) for fields in requests]

    assert decoded(blocks) == requests
    assert len(encoder._table) == 1
    assert len({len(coded) for coded in blocks[2:]}) == 1


def test_paths_and_lengths_do_not_enter_the_table() -> None:
    encoder = BlockEncoder()
    fields = [(b":method", b"POST"), (b":path", b"/a"), (b"content-length", b"12")]

    blocks = [encoder.encode(fields) for _ in range(4)]

    assert decoded(blocks) == [fields] * 4
    assert blocks[1] is blocks[3]
    assert not encoder._table


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"authorization", b"Bearer something long enough"),
        (b"proxy-authorization", b"Basic YTpi"),
        (b"cookie", b"short=1"),
    ],
)
def test_secrets_are_never_indexed(name: bytes, value: bytes) -> None:
    encoder = BlockEncoder()
    fields = [(b":method", b"GET"), (name, value)]

    blocks = [encoder.encode(fields) for _ in range(4)]

    assert decoded(blocks) == [fields] * 4
    for coded in blocks:
        (_, secret) = hpack.Decoder().decode(coded, raw=True)
        assert not secret.indexable
    assert not encoder._table


def test_what_was_remembered_is_forgotten_when_the_table_changes() -> None:
    encoder = BlockEncoder()
    first, second = [(b"x-a", b"1")], [(b"x-b", b"2")]
    requests = [first, first, first, second, second, second, first, second]

    assert decoded([encoder.encode(fields) for fields in requests]) == requests


def test_a_long_cookie_is_indexed() -> None:
    encoder = BlockEncoder()
    fields = [(b"cookie", b"session=" + b"x" * 32)]

    assert len([encoder.encode(fields) for _ in range(3)][2]) == 1


def test_a_full_table_stays_as_it_is() -> None:
    encoder = BlockEncoder()
    many = [(b"x-%d" % number, b"v" * 100) for number in range(100)]

    blocks = [encoder.encode(many) for _ in range(4)]

    assert decoded(blocks) == [many] * 4
    assert len(encoder._table) == 4096 // (32 + 4 + 100)
    assert blocks[2] == blocks[3]


def test_a_table_that_shrinks_forgets_the_oldest() -> None:
    encoder = BlockEncoder()
    fields = [(b"x-%d" % number, b"v" * 50) for number in range(10)]
    blocks = [encoder.encode(fields) for _ in range(3)]

    encoder.resize(200)
    blocks += [encoder.encode(fields) for _ in range(3)]
    assert encoder._size <= 200
    encoder.resize(0)
    blocks += [encoder.encode(fields) for _ in range(3)]
    assert encoder._size == 0
    encoder.resize(1_000_000)
    blocks += [encoder.encode(fields) for _ in range(3)]

    assert decoded(blocks) == [fields] * 12
    assert len(blocks[-1]) == len(fields)
    assert encoder._limit == 4096


def test_the_smallest_size_in_between_is_told_and_once() -> None:
    """RFC 7541 section 4.2."""
    encoder = BlockEncoder()
    encoder.resize(100)
    encoder.resize(0)
    encoder.resize(4096)

    first, second = encoder.encode(OK), encoder.encode(OK)

    assert first == b"\x20\x3f\xe1\x1f\x88"
    assert second == b"\x88"


def test_a_larger_table_than_ours_is_not_used() -> None:
    encoder = BlockEncoder()
    encoder.resize(65_536)

    assert encoder.encode(OK) == b"\x88"


# Few names and values, so that they come again.
NAMES = st.sampled_from([b":path", b":method", b"accept", b"cookie", b"authorization", b"a", b"b"])
VALUES = st.one_of(
    st.sampled_from([b"", b"GET", b"/", b"1", b"gzip, deflate", b"x" * 130, b"y" * 400]),
    st.binary(max_size=3),
)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)


SIZES = st.sampled_from([0, 40, 100, 300, 4096, 10_000])


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    pool=st.lists(st.one_of(FIELDS, FIELDS, FIELDS, SIZES), min_size=1, max_size=4),
    order=st.lists(st.integers(0, 3), max_size=40),
)
def test_any_requests_are_understood(pool: list[Fields | int], order: list[int]) -> None:
    encoder, decoder = BlockEncoder(), hpack.Decoder()
    for index in order:
        step = pool[index % len(pool)]
        if isinstance(step, int):
            encoder.resize(step)
            # As strict as a decoder may be: the size has to be told.
            decoder.max_allowed_table_size = min(step, 4096)
            continue
        if not step:
            step = OK
        assert decoder.decode(encoder.encode(step), raw=True) == step
        decoder.max_allowed_table_size = 4096


# -- Decoding ---------------------------------------------------------------------------------


def inserted(*fields: tuple[bytes, bytes]) -> bytes:
    """Fields that enter the table."""
    return b"".join([b"\x40" + string(name) + string(value) for name, value in fields])


def test_a_block_that_comes_again_is_not_decoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = BlockDecoder()
    lasting = block([*OK, (b"a", b"b")]) + inserted((b"c", b"d"))
    passing = b"\x88\xbe"
    found = [decoder.decode(coded) for coded in (lasting, passing)]
    monkeypatch.delattr(BlockDecoder, "_decode")

    assert decoder.decode(passing) is found[1]
    assert decoder.decode(lasting) is found[0]
    assert found[0].fields == [*OK, (b"a", b"b"), (b"c", b"d")]
    assert found[1].fields == [*OK, (b"c", b"d")]


def test_a_block_that_refers_to_the_table_is_forgotten_when_that_changes() -> None:
    decoder = BlockDecoder()
    decoder.decode(inserted((b"a", b"b")))

    assert decoder.decode(b"\xbe").fields == [(b"a", b"b")]
    decoder.decode(inserted((b"c", b"d")))
    assert decoder.decode(b"\xbe").fields == [(b"c", b"d")]
    # And by a block that is known by heart.
    decoder.decode(inserted((b"a", b"b")))
    assert decoder.decode(b"\xbe").fields == [(b"a", b"b")]


def test_insertions_that_were_put_off_push_out_what_is_older() -> None:
    decoder, reference = BlockDecoder(), hpack.Decoder()
    steps = [
        inserted((b"old", b"o" * 2000)),
        inserted((b"large", b"l" * 3000)),
        inserted((b"small", b"s" * 1500)),
        # Only the last of these is left: the one before does not fit beside it.
        b"\xbe",
    ]
    for coded in steps:
        assert decoder.decode(coded).fields == reference.decode(coded, raw=True)
    for coded in (b"\xbf", b"\xc0"):
        with pytest.raises(HPACKError):
            decoder.decode(coded)


def test_insertions_that_were_put_off_push_out_what_was_not() -> None:
    decoder, reference = BlockDecoder(), hpack.Decoder()
    steps = [
        inserted((b"old", b"o" * 10)),
        # Now it is in the table.
        b"\xbe",
        # The first of these does not fit beside the others, so nothing before it is left.
        inserted((b"large", b"a" * 1900)),
        inserted((b"large", b"b" * 1900)),
        inserted((b"small", b"c" * 500)),
        b"\xbe\xbf",
    ]
    for coded in steps:
        assert decoder.decode(coded).fields == reference.decode(coded, raw=True)
    with pytest.raises(HPACKError):
        decoder.decode(b"\xc0")


def test_a_table_that_is_emptied_is_not_remembered() -> None:
    decoder = BlockDecoder()
    decoder.decode(inserted((b"a", b"b")))
    assert decoder.decode(b"\xbe").fields == [(b"a", b"b")]

    decoder.decode(b"\x20\x88")

    with pytest.raises(HPACKError):
        decoder.decode(b"\xbe")


def test_a_table_is_resized_after_what_was_put_off() -> None:
    decoder = BlockDecoder()
    decoder.decode(inserted((b"a", b"b")))

    decoder.decode(b"\x20\x3f\xe1\x1f\x88")

    with pytest.raises(HPACKError):
        decoder.decode(b"\xbe")


def test_a_number_may_have_five_bytes_after_its_prefix() -> None:
    """As many as hpack takes; the largest that has a meaning needs fewer."""
    first, last = b"\x88\x00\x01a\x7f", b"\x00" + b"v" * 127
    decoder = BlockDecoder()

    assert decoder.decode(first + b"\x80" * 4 + last).fields == [*OK, (b"a", b"v" * 127)]
    with pytest.raises(HPACKError):
        decoder.decode(first + b"\x80" * 5 + last)


def test_what_arrives_is_remembered_within_bounds() -> None:
    decoder = BlockDecoder()
    for number in range(3000):
        decoder.decode(block([*OK, (b"a", b"%d" % number)]) + inserted((b"b", b"%d" % number)))
        decoder.decode(b"\x88\xbe" + block([(b"c", b"%d" % number)]))
    decoder.decode(block([*OK, (b"a", b"b" * 5000)]))

    kept = _header_blocks._KEPT
    assert len(decoder._lasting) <= kept
    assert len(decoder._passing) <= kept
    assert len(decoder._strings) <= kept
    assert len(decoder._put_off) <= _header_blocks._PUT_OFF
    assert max(map(len, decoder._lasting)) <= _header_blocks._LARGEST_KEPT


def test_what_is_sent_is_remembered_within_bounds() -> None:
    encoder = BlockEncoder()
    for number in range(3000):
        encoder.encode([(b":path", b"/%d" % number)])
        encoder.encode([(b":path", b"/%d" % number), (b"x-id", b"%d" % number)])
    encoder.encode([(b":path", b"/" * 5000)])

    kept = _header_blocks._KEPT
    assert len(encoder._blocks) <= kept
    assert len(encoder._seen_once) <= kept
    assert max(map(len, encoder._blocks.values())) <= _header_blocks._LARGEST_KEPT


def representation(names: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Pieces of blocks, mostly right."""
    huffman = hpack.huffman.HuffmanEncoder(
        hpack.huffman_constants.REQUEST_CODES, hpack.huffman_constants.REQUEST_CODES_LENGTH
    )

    def coded(value: bytes) -> bytes:
        packed = huffman.encode(value)
        return bytes([0x80 | len(packed)]) + packed if len(packed) < 127 else string(value)

    strings = st.one_of(names.map(string), names.map(coded))
    literals = st.tuples(st.sampled_from([b"\0", b"\x10", b"\x40"]), strings, strings)
    named = st.tuples(
        st.one_of(
            st.integers(1, 14).map(lambda index: bytes([index])),
            st.integers(1, 14).map(lambda index: bytes([NEVER | index])),
            st.integers(0, 55).map(lambda index: bytes([15, index])),
            st.integers(1, 62).map(lambda index: bytes([0x40 | index])),
            st.integers(0, 10).map(lambda index: bytes([0x7F, index])),
        ),
        strings,
    )
    return st.one_of(
        literals.map(b"".join),
        literals.map(b"".join),
        named.map(b"".join),
        st.integers(1, 70).map(lambda index: bytes([0x80 | index])),
        st.integers(0, 200).map(lambda index: b"\xff" + bytes([index])),
        st.integers(0, 30).map(lambda size: bytes([0x20 | size])),
        st.integers(0, 4200).map(lambda size: b"\x3f" + bytes([size & 127 | 128, size >> 7])),
        st.binary(min_size=1, max_size=3),
    )


STRINGS = st.one_of(
    st.sampled_from([b"", b"a", b"b", b"content-type", b"x" * 150, b"z" * 1500]),
    st.binary(max_size=4),
)
BLOCKS = st.lists(representation(STRINGS), max_size=5).map(b"".join)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(
    pool=st.lists(BLOCKS, min_size=1, max_size=5),
    order=st.lists(st.integers(0, 4), max_size=30),
)
def test_any_blocks_mean_what_they_mean_to_hpack(pool: list[bytes], order: list[int]) -> None:
    """In any order, so that some come again: right after another, or after the table changed."""
    decoder, reference = BlockDecoder(), hpack.Decoder(_header_blocks.MAX_HEADER_LIST_SIZE)
    for index in order:
        coded = pool[index % len(pool)]
        expected: object
        try:
            expected = reference.decode(coded, raw=True)
        except HPACKError as exc:
            expected = type(exc)
        found: object
        try:
            found = decoder.decode(coded).fields
        except HPACKError as exc:
            found = type(exc)
        assert found == expected
        if isinstance(expected, type):
            return
    decoder._settle()
    table = decoder._hpack.header_table
    assert table.dynamic_entries == reference.header_table.dynamic_entries
    assert table.maxsize == reference.header_table.maxsize
