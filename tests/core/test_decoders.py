"""Content codings: gzip, deflate, and several at once, in pieces of every size."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import ClassVar

import pytest

from hookline import DecodingError
from hookline._decoders import DeflateDecoder, GZipDecoder, MultiDecoder, decoder_for
from hookline.plugins.interfaces import Decoder

PLAIN = b"The quick brown fox jumps over the lazy dog. " * 20
KNOWN: dict[str, type[Decoder]] = {"gzip": GZipDecoder, "deflate": DeflateDecoder}


def bare_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def decoded(decoder: Decoder, data: bytes, size: int) -> bytes:
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join([decoder.decode(piece) for piece in pieces] + [decoder.flush()])


@pytest.mark.parametrize("size", [1, 2, 3, 10, 100_000])
@pytest.mark.parametrize(
    ("cls", "compress"),
    [(GZipDecoder, gzip.compress), (DeflateDecoder, zlib.compress), (DeflateDecoder, bare_deflate)],
)
def test_codings_are_undone_in_pieces_of_any_size(
    cls: type[Decoder], compress: Callable[[bytes], bytes], size: int
) -> None:
    assert decoded(cls(), compress(PLAIN), size) == PLAIN


@pytest.mark.parametrize("size", [1, 5, 100_000])
@pytest.mark.parametrize("padding", [b"", b"\0", b"\0" * 50])
def test_gzip_members_are_joined_over_padding(padding: bytes, size: int) -> None:
    data = gzip.compress(b"one ") + padding + gzip.compress(b"") + gzip.compress(b"two") + padding

    assert decoded(GZipDecoder(), data, size) == b"one two"


@pytest.mark.parametrize("size", [1, 5, 100_000])
def test_gzip_passes_over_what_follows_and_is_no_member(size: int) -> None:
    data = gzip.compress(PLAIN) + b"\0garbage" + b"x" * 100

    assert decoded(GZipDecoder(), data, size) == PLAIN


def test_gzip_member_that_breaks_off_in_garbage_is_an_error() -> None:
    second = bytearray(gzip.compress(bytes(range(256)) * 1000))
    second[-6] ^= 0xFF

    with pytest.raises(DecodingError, match="incorrect data check"):
        decoded(GZipDecoder(), gzip.compress(b"one") + bytes(second), 1000)


@pytest.mark.parametrize("cls", [GZipDecoder, DeflateDecoder])
@pytest.mark.parametrize("size", [1, 100])
def test_what_is_not_in_the_coding_is_an_error_with_its_cause(
    cls: type[Decoder], size: int
) -> None:
    with pytest.raises(DecodingError) as caught:
        decoded(cls(), b"\xff this is plain text", size)

    assert isinstance(caught.value.__cause__, zlib.error)
    assert str(caught.value.__cause__) == str(caught.value)


def test_deflate_finds_its_form_after_empty_pieces() -> None:
    decoder = DeflateDecoder()

    assert decoder.decode(b"") + decoder.decode(bare_deflate(PLAIN)) + decoder.flush() == PLAIN


@pytest.mark.parametrize("cls", [GZipDecoder, DeflateDecoder])
def test_nothing_decodes_to_nothing(cls: type[Decoder]) -> None:
    decoder = cls()

    assert decoder.decode(b"") + decoder.flush() == b""
    assert cls().flush() == b""


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("inner", [zlib.compress, bare_deflate])
def test_several_codings_are_undone_last_applied_first(
    inner: Callable[[bytes], bytes], size: int
) -> None:
    decoder = MultiDecoder([DeflateDecoder(), GZipDecoder()])

    assert decoded(decoder, gzip.compress(inner(PLAIN)), size) == PLAIN


class HoldsBack(Decoder):
    """A coding that gives nothing before its end."""

    name: ClassVar[str] = "holds-back"

    def __init__(self) -> None:
        self.held = b""

    def decode(self, data: bytes) -> bytes:
        self.held += data
        return b""

    def flush(self) -> bytes:
        return self.held


def test_what_a_coding_gives_at_its_end_goes_through_the_next() -> None:
    decoder = MultiDecoder([GZipDecoder(), HoldsBack()])

    assert decoded(decoder, gzip.compress(PLAIN), 10) == PLAIN


@pytest.mark.parametrize(
    ("content_encoding", "expected"),
    [
        ("gzip", GZipDecoder),
        ("GZip", GZipDecoder),
        (" deflate ", DeflateDecoder),
        ("gzip, deflate", MultiDecoder),
        ("identity, gzip", GZipDecoder),
        ("identity", None),
        ("unheard-of", None),
        ("gzip, unheard-of", GZipDecoder),
        ("", None),
        (",", None),
    ],
)
def test_decoder_is_chosen_by_the_header(
    content_encoding: str, expected: type[Decoder] | None
) -> None:
    decoder = decoder_for(content_encoding, KNOWN)

    assert (None if decoder is None else type(decoder)) is expected
