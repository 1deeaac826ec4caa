"""The rules of decoders."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, ClassVar

import hookline

from ..plugins import Decoder, PluginManager
from ._modes import Mode
from ._rules import ContractBroken, lost_cause, require, rule, skip
from ._streams import ScriptedBody
from ._suite import Suite

# "About 1 MiB", with room for what a library takes at a time.
_LARGEST_PIECE = 2 << 20
_BOMB = 16 << 20

_TEXT = b"The quick brown fox jumps over the lazy dog. " * 50


class DecoderSuite(Suite):
    """The contract of `hookline.plugins.Decoder`:

        class TestRot13(hookline.testing.DecoderSuite):
            def make(self):
                return Rot13()

            def encode(self, data):
                return codecs.encode(data.decode(), "rot13").encode()

    - `encode`: what a server does. Where there is none in Python, override `samples`.
    - `is_bounded`: False where the library below cannot stop before a piece is decoded whole.
    - `ends_itself`: False where every beginning of a body is a whole one, or is to be taken for it.
    """

    slot: ClassVar[str] = "decoders"
    is_bounded: bool = True
    ends_itself: bool = True

    def encode(self, data: bytes) -> bytes:
        """Some data in the coding, complete. What a server would send for it."""
        raise NotImplementedError(
            f"{type(self).__name__} needs `def encode(self, data)`, or `def samples(self)`."
        )

    def samples(self) -> Iterator[tuple[bytes, bytes]]:
        """Data as it is sent, and what it stands for: the first pair is a short text."""
        for data in (b"Hello", b"", b"a", _TEXT, bytes(range(32, 127)) * 700):
            yield self.encode(data), data

    def configure(self, options: Mapping[str, Any]) -> object:
        """What a client does with options. Raises TypeError and ValueError."""
        from .._wiring import decoders_by_name

        table = {"name": self.registered_name, "options": options}
        return decoders_by_name([table], self.plugins())[self.registered_name]()

    async def use_by_name(self, mode: Mode, plugins: PluginManager) -> None:
        """A client with the decoder installed offers the coding, and decodes a response in it."""
        encoded, decoded = next(iter(self.samples()))
        name = self.registered_name

        def handler(request: hookline.Request) -> hookline.Response:
            offered = request.headers.get("Accept-Encoding", "")
            require(
                name in [each.strip() for each in offered.split(",")],
                f"The client offers {offered!r}, and not {name!r}.",
            )
            half = len(encoded) // 2
            body = ScriptedBody(encoded[:half] or encoded, *([encoded[half:]] if half else []))
            return hookline.Response(200, headers={"Content-Encoding": name}, stream=body)

        transport = hookline.MockTransport(handler)
        for config in ({}, {"decoders": [self.table()]}):
            async with mode.client_from_config(
                config, transport=transport, plugins=plugins, trust_env=False
            ) as client:
                response = await client.get("https://example.test/")
                require(
                    response.content == decoded,
                    f"A response in {name} was decoded to {response.content[:40]!r}, not to "
                    f"{decoded[:40]!r}.",
                )
                async with client.stream("GET", "https://example.test/") as streamed:
                    pieces = [piece async for piece in streamed.aiter_bytes()]
                require(b"".join(pieces) == decoded, "A streamed response was decoded otherwise.")

    @rule
    async def test_needs_no_arguments(self, mode: Mode) -> None:
        """A decoder is made without arguments, once for each body. Installing it is enough for
        `Accept-Encoding`, and nobody gives it options there."""
        try:
            self.subject()
        except TypeError as exc:
            raise ContractBroken(f"It cannot be made without arguments: {exc}.") from exc

    @rule
    async def test_pieces_are_cut_anywhere(self, mode: Mode) -> None:
        """However the data is cut, byte by byte included, it decodes to the same. `decode` returns
        what is there so far, b"" for nothing, and `flush` the rest."""
        for encoded, decoded in self.samples():
            sizes = [len(encoded) or 1, 1, 2, 3, 7, 1000]
            for size in sizes if len(encoded) < 10_000 else (len(encoded), 1000):
                got = self._decoded(encoded, size)
                require(
                    got == decoded,
                    f"{encoded[:20]!r}..., in pieces of {size}, was decoded to {got[:40]!r}, not "
                    f"to {decoded[:40]!r}.",
                )

    def _decoded(self, encoded: bytes, size: int) -> bytes:
        decoder = self.make()
        pieces = [
            decoder.decode(encoded[start : start + size]) for start in range(0, len(encoded), size)
        ]
        return b"".join([*pieces, decoder.flush()])

    @rule
    async def test_wrong_data_is_a_decoding_error(self, mode: Mode) -> None:
        """Data that is not in the coding, or ends too early, raises DecodingError with the
        library's exception as its cause, or decodes to something. No other exception leaves."""
        chance = random.Random(0)
        encoded, _ = list(self.samples())[3]
        wrong = [chance.randbytes(length) for length in (1, 2, 10, 100, 5000)]
        wrong += [b"\0" * 100, b"\xff" * 100, b"<html>", encoded + b"trailing garbage"]
        wrong += [encoded[:end] for end in {1, 5, len(encoded) // 2, len(encoded) - 1}]
        for position in range(min(len(encoded), 40)):
            changed = bytearray(encoded)
            changed[position] ^= 0x55
            wrong.append(bytes(changed))
        for data in wrong:
            for method in ("decode", "pieces"):
                self._require_decoding_error(data, method)

    def _require_decoding_error(self, data: bytes, method: str) -> None:
        decoder = self.make()
        try:
            if method == "decode":
                decoder.decode(data)
                decoder.flush()
            else:
                for _ in (*decoder.pieces(data), *decoder.last_pieces()):
                    pass
        except hookline.DecodingError as exc:
            require(
                not lost_cause(exc),
                f"The DecodingError for {data[:20]!r} lost what it was raised because of: "
                f"{exc.__context__!r}. Write `raise DecodingError(...) from exc`.",
                exc,
            )
        except Exception as exc:
            raise ContractBroken(
                f"{data[:20]!r} made `{method}` raise {type(exc).__name__}: {exc}. Raise "
                "hookline.DecodingError instead, `from` that."
            ) from exc

    @rule
    async def test_cut_off_data_is_told(self, mode: Mode) -> None:
        """A body that ends too early raises DecodingError, from `flush` at the latest. Half of the
        data would pass for all of it: set `ends_itself = False` in the suite where that cannot be
        known."""
        if not self.ends_itself:
            skip("`ends_itself` is False in the suite")
        encoded, _ = list(self.samples())[3]
        for end in (1, len(encoded) // 2, len(encoded) - 1):
            try:
                got = self._decoded(encoded[:end], end)
            except hookline.DecodingError:
                continue
            raise ContractBroken(
                f"Of {len(encoded)} bytes, the first {end} were decoded to {got[:40]!r}, as if "
                "that were all. Raise DecodingError in `flush`."
            )

    @rule
    async def test_pieces_are_bounded(self, mode: Mode) -> None:
        """`pieces` gives what `decode` would, in pieces of about 1 MiB, each made when it is asked
        for. In a coding in which little may stand for much, one answer could fill the memory."""
        if not self.is_bounded:
            skip("`is_bounded` is False in the suite")
        encoded = b""
        try:
            encoded = self.encode(bytes(_BOMB))
        except NotImplementedError:
            skip("there is no `encode` in the suite")
        if len(encoded) * 20 > _BOMB:
            return
        decoder = self.make()
        total = 0
        for piece in chain(_one_by_one(decoder, encoded), decoder.last_pieces()):
            require(
                len(piece) <= _LARGEST_PIECE,
                f"{len(encoded)} bytes were decoded to a piece of {len(piece)} bytes. Override "
                "`pieces`, and yield about 1 MiB at a time.",
            )
            total += len(piece)
        require(total == _BOMB, f"In pieces, {total} bytes came out, instead of {_BOMB}.")

    @rule
    async def test_bodies_do_not_know_each_other(self, mode: Mode) -> None:
        """One instance decodes one body, and several run side by side. Keep the state of a body on
        the instance, never on the class or in the module."""
        samples = [each for each in self.samples() if len(each[0]) < 10_000]
        decoders = [self.make() for _ in samples]
        outputs = [b"" for _ in samples]
        longest = max(len(encoded) for encoded, _ in samples)
        for start in range(0, longest, 3):
            for index, (encoded, _) in enumerate(samples):
                if piece := encoded[start : start + 3]:
                    outputs[index] += decoders[index].decode(piece)
        for index, (_, decoded) in enumerate(samples):
            got = outputs[index] + decoders[index].flush()
            require(
                got == decoded,
                f"Beside other bodies, one was decoded to {got[:40]!r}, not to {decoded[:40]!r}.",
            )


def _one_by_one(decoder: Decoder, encoded: bytes) -> Iterator[bytes]:
    """As a stream arrives: some of it at a time."""
    for start in range(0, len(encoded), 65_536):
        yield from decoder.pieces(encoded[start : start + 65_536])
