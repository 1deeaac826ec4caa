"""br and zstd: undone in pieces of any size by whichever package is installed, and asked for only
where one is."""

from __future__ import annotations

import builtins
import importlib.util
from collections.abc import Callable
from typing import Any

import brotli
import pytest
import zstandard

import hookline
from hookline import DecodingError
from hookline._compression import BrotliDecoder, ZstdDecoder, available
from hookline.plugins import Decoder, PluginManager
from support.modes import Mode
from support.raw import answering, raw_server

PLAIN = b"The quick brown fox jumps over the lazy dog. " * 50
COMPRESS: dict[type[Decoder], Callable[[bytes], bytes]] = {
    BrotliDecoder: brotli.compress,
    ZstdDecoder: zstandard.compress,
}
PACKAGES = ["brotli", "brotlicffi", "zstandard", "backports.zstd", "compression.zstd"]


def decoded(decoder: Decoder, data: bytes, size: int) -> bytes:
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join([decoder.decode(piece) for piece in pieces] + [decoder.flush()])


@pytest.fixture(params=[*COMPRESS.items()], ids=lambda item: item[0].name)
def coding(request: pytest.FixtureRequest) -> tuple[type[Decoder], Callable[[bytes], bytes]]:
    cls, compress = request.param
    return cls, compress


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes packages look as if they were not installed."""

    def hide(*names: str) -> None:
        find_spec, load = importlib.util.find_spec, builtins.__import__

        def find(name: str, *arguments: Any) -> Any:
            return None if name in names else find_spec(name, *arguments)

        def import_module(name: str, *arguments: Any) -> Any:
            if name in names:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            return importlib.import_module(name, *arguments)

        assert load is builtins.__import__
        monkeypatch.setattr("hookline._compression.find_spec", find)
        monkeypatch.setattr("hookline._compression.import_module", import_module)

    return hide


@pytest.mark.parametrize("size", [1, 2, 7, 100_000])
def test_coding_is_undone_in_pieces_of_any_size(coding: Any, size: int) -> None:
    cls, compress = coding

    assert decoded(cls(), compress(PLAIN), size) == PLAIN


@pytest.mark.parametrize("package", ["brotlicffi", "backports.zstd"])
def test_other_package_serves_as_well(package: str, hide: Callable[..., None]) -> None:
    pytest.importorskip(package)
    hide(*[name for name in PACKAGES if name != package])
    (cls,) = available()

    assert decoded(cls(), COMPRESS[cls](PLAIN), 10) == PLAIN


@pytest.mark.parametrize("size", [1, 100_000])
def test_zstd_frames_are_joined(size: int) -> None:
    data = zstandard.compress(b"one ") + zstandard.compress(b"") + zstandard.compress(b"two")

    assert decoded(ZstdDecoder(), data, size) == b"one two"


def test_zstd_that_is_over_takes_an_empty_piece() -> None:
    decoder = ZstdDecoder()
    whole = decoder.decode(zstandard.compress(PLAIN))

    assert whole + decoder.decode(b"") + decoder.flush() == PLAIN


@pytest.mark.parametrize("size", [1, 100_000])
def test_body_that_was_cut_off_is_an_error(coding: Any, size: int) -> None:
    cls, compress = coding

    with pytest.raises(DecodingError, match="data is incomplete"):
        decoded(cls(), compress(PLAIN)[:-1], size)


def test_what_is_not_in_the_coding_is_an_error_with_its_cause(coding: Any) -> None:
    cls, _ = coding

    with pytest.raises(DecodingError) as caught:
        decoded(cls(), b"\xff this is plain text", 100)
    assert caught.value.__cause__ is not None


def test_nothing_decodes_to_nothing(coding: Any) -> None:
    cls, _ = coding
    decoder = cls()

    assert decoder.decode(b"") + decoder.flush() == b""
    assert cls().flush() == b""


async def test_response_from_a_server_is_decoded(mode: Mode, coding: Any) -> None:
    cls, compress = coding
    body = compress(PLAIN)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    with raw_server(answering(head % (cls.name.encode(), len(body)) + body)) as server:
        async with mode.client() as client:
            response = await client.get(server.url)

    assert response.content == PLAIN
    assert response.num_bytes_downloaded == len(body)


def test_coding_is_asked_for_where_its_package_is_installed(hide: Callable[..., None]) -> None:
    hide("brotli", "brotlicffi")
    with hookline.Client(plugins=PluginManager()) as client:
        assert client.headers["Accept-Encoding"] == "gzip, deflate, zstd"

    hide(*PACKAGES)
    with hookline.Client(plugins=PluginManager()) as client:
        assert client.headers["Accept-Encoding"] == "gzip, deflate"


def test_codings_take_part_unloaded() -> None:
    import subprocess
    import sys

    program = (
        "import sys, hookline; hookline.Client().close();"
        "print([name for name in sys.modules if name in "
        f"{[*PACKAGES, 'zstandard.backend_c', '_brotli']!r}])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert output.stdout.strip() == b"[]"
