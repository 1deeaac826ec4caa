"""Text, lines and pieces of a size, out of pieces that break anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline._text import Chunker, LineDecoder, TextDecoder


def lines_of(pieces: list[str]) -> list[str]:
    decoder = LineDecoder()
    return [line for piece in pieces for line in decoder.feed(piece)] + decoder.flush()


def chunks_of(pieces: list[Any], size: int | None) -> list[Any]:
    chunker: Chunker[Any] = Chunker(size)
    return [chunk for piece in pieces for chunk in chunker.feed(piece)] + chunker.flush()


# -- Text -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "shift_jis", "euc-jp", "gb18030"])
def test_characters_may_break_between_any_two_bytes(encoding: str) -> None:
    decoder = TextDecoder(encoding)
    data = "日本語 text".encode(encoding)
    text = "".join(decoder.decode(data[i : i + 1]) for i in range(len(data))) + decoder.flush()

    assert text == "日本語 text"


@pytest.mark.parametrize(
    ("encoding", "pieces", "expected"),
    [
        ("utf-8", [b"a\xff", b"b"], "a\ufffdb"),
        ("utf-8", [b"\xe2\x98"], "\ufffd"),
        ("ascii", [b"caf\xc3\xa9"], "caf\ufffd\ufffd"),
        ("utf-8", [], ""),
    ],
)
def test_what_is_no_text_is_replaced(encoding: str, pieces: list[bytes], expected: str) -> None:
    decoder = TextDecoder(encoding)

    assert expected == "".join(map(decoder.decode, pieces)) + decoder.flush()


# -- Lines ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([], []),
        ([""], []),
        (["a"], ["a"]),
        (["a\n"], ["a"]),
        (["a", "", "b\nc", "\n"], ["ab", "c"]),
        (["\n\n"], ["", ""]),
        (["a\r", "\nb"], ["a", "b"]),
        (["a\r", "b"], ["a", "b"]),
        (["a\r"], ["a"]),
        (["\r"], [""]),
        (["\r", "\r", "\n"], ["", ""]),
        (["a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g"], ["a", "b", "c", "d", "e", "f", "g"]),
        (["a\r\n", "", "\r\n"], ["a", ""]),
    ],
)
def test_lines_end_where_they_end(pieces: list[str], lines: list[str]) -> None:
    assert lines == lines_of(pieces)


@given(st.lists(st.text(alphabet="ab\n\r\x0b\x85\u2028", max_size=6)))
def test_lines_are_those_of_splitlines_however_the_text_breaks(pieces: list[str]) -> None:
    assert "".join(pieces).splitlines() == lines_of(pieces)


def test_lines_come_as_soon_as_they_are_complete() -> None:
    decoder = LineDecoder()
    fed = [decoder.feed(piece) for piece in ("a\nb", "c", "\nd")]

    assert fed == [["a"], [], ["bc"]]
    assert decoder.flush() == ["d"]
    assert decoder.flush() == []


# -- Pieces of a size -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "size", "chunks"),
    [
        ([], 2, []),
        (["", "a", ""], None, ["a"]),
        (["abc", "d"], None, ["abc", "d"]),
        (["abc", "d", "e"], 2, ["ab", "cd", "e"]),
        (["abcd"], 2, ["ab", "cd"]),
        (["abcd", ""], 2, ["ab", "cd"]),
        ([""], 2, []),
        (["a", "b"], 100, ["ab"]),
        ([b"abc", b"", b"d"], 3, [b"abc", b"d"]),
    ],
)
def test_pieces_have_one_size_but_for_the_last(
    pieces: list[Any], size: int | None, chunks: list[Any]
) -> None:
    assert chunks == chunks_of(pieces, size)


@given(st.lists(st.binary(max_size=10)), st.integers(1, 7))
def test_no_piece_is_lost_empty_or_of_another_size(pieces: list[bytes], size: int) -> None:
    chunks = chunks_of(pieces, size)

    assert b"".join(pieces) == b"".join(chunks)
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert all(chunks)


@pytest.mark.parametrize("size", [0, -1, 1.5, "1", True])
def test_size_that_is_none_is_refused_and_named(size: Any) -> None:
    with pytest.raises(ValueError) as caught:
        Chunker(size)

    assert f"chunk_size: expected a whole number >= 1 or None, not {size!r}." == str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_without_a_byte_order_mark_text_is_little_endian(encoding: str, size: int) -> None:
    data = "Grüße".encode(f"{encoding}-le")
    decoder = TextDecoder(encoding)

    pieces = [decoder.decode(data[i : i + size]) for i in range(0, len(data), size)]

    assert "".join(pieces) + decoder.flush() == "Grüße"


@pytest.mark.parametrize(
    ("encoding", "data"),
    [("iso2022_jp_ext", b"\x1b$\xb0|)\x1e\x00\xa2\xf0"), ("utf-16", b"\x00"), ("utf-7", b"+\xff-")],
)
def test_what_is_no_text_never_raises(encoding: str, data: bytes) -> None:
    decoder = TextDecoder(encoding)

    assert "\ufffd" in decoder.decode(data) + decoder.flush()
