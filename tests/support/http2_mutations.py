"""Conversations on one HTTP/2 connection, made by a seeded generator, with bytes that went wrong.

A conversation is a list of turns. Most of what the server says in it is right, so that what is not
finds a connection and its tables in some state worth breaking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from support.http2_frames import (
    ACK,
    ALTSVC,
    PING,
    cut,
    frame,
    goaway,
    priority,
    rst_stream,
    settings,
    window_update,
)
from support.http2_scripts import Action, Answered, Cancelled, Field, Opened, Sent, Server

_METHODS: Final = (b"GET", b"GET", b"GET", b"POST", b"HEAD", b"CONNECT")
_SIZES: Final = (0, 0, 1, 5, 300, 300, 10_000, 30_000, 60_000)
_PADDINGS: Final = (None, None, None, None, 0, 1, 255)
_NAMES: Final = (b"content-type", b"date", b"server", b"etag", b"x-one", b"x-two", b"set-cookie")
_TABLE_SIZES: Final = (0, 40, 100, 300, 4096, 4096)
_LARGEST: Final = 2**31 - 1
# Bytes that are something: flags, kinds, the beginnings of representations and of long integers.
_TELLING: Final = (
    *(0, 1, 2, 3, 4, 5, 8, 9, 0x0A, 0x0D, 0x0F, 0x10, 0x1F, 0x20, 0x25, 0x2C, 0x3A, 0x3F, 0x40),
    *(0x41, 0x5C, 0x7F, 0x80, 0x88, 0xBE, 0xBF, 0xC0, 0xFF),
)
_TELLING_WORDS: Final = (0, 1, 2, 16_383, 16_384, 65_535, 2**24, _LARGEST, 2**31, 2**32 - 1)


def converse(random: Random) -> Iterator[Opened | Sent | Cancelled | bytes]:
    """The turns of one conversation: the client's actions, and what the server says."""
    server = Server()
    pool = [_fields(random) for _ in range(3)]
    misery = random.choice((0.0, 0.02, 0.05, 0.1, 0.3))
    ids: list[int] = []
    methods: dict[int, bytes] = {}
    yield settings(*_values(random, misery))
    for number in range(random.randint(4, 40)):
        if not ids or random.random() < (0.8 if number < 3 else 0.2):
            method = random.choice(_METHODS)
            ids.append(2 * len(ids) + 1)
            methods[ids[-1]] = method
            yield Opened(method, random.random() < 0.7)
            continue
        if random.random() < 0.06:
            place = random.randrange(len(ids))
            sent = Sent(place, random.choice(_SIZES), random.random() < 0.5)
            yield Cancelled(place) if random.random() < 0.2 else sent
            continue
        if random.random() < 0.03:
            server.encoder.header_table_size = random.choice(_TABLE_SIZES)
        output = _utterance(random, server, pool, ids, methods)
        while random.random() < misery:
            output = random.choice(_MUTATIONS)(random, output)
        yield output


def _utterance(
    random: Random,
    server: Server,
    pool: list[list[Field]],
    ids: list[int],
    methods: dict[int, bytes],
) -> bytes:
    """Something that a server may say, mostly."""
    if random.random() < 0.2:
        place = random.choice(ids)
        return random.choice(
            [
                settings(*_values(random, 0.0)),
                settings(flags=ACK),
                frame(PING, random.choice((0, ACK)), 0, random.randbytes(8)),
                window_update(0, random.randint(1, 100_000)),
                window_update(place, random.choice((1, 1000, 100_000))),
                priority(place, 0),
                frame(ALTSVC, 0, 0, b"\0\1ah2"),
                frame(0xFA, random.randrange(256), place, random.randbytes(5)),
                rst_stream(place, random.choice((0, 2, 7, 8, 99))),
                # Rare: the last thing that is said.
                goaway(place) if random.random() < 0.1 else b"",
            ]
        )
    # Those opened last have most to say.
    place = max(random.randrange(len(ids)), random.randrange(len(ids)))
    fields = random.choice(pool)
    if random.random() < 0.1:
        fields = [*fields, (b"x-number", b"%d" % random.randrange(1000))]
    answered = Answered(
        place,
        random.randrange(9),
        random.choice(_SIZES),
        fields,
        random.choice(_PADDINGS),
        random.choice((0, 0, 0, 0, 1, 3)),
        random.random() < 0.9,
        None,
    )
    return server.output_of(answered, ids, methods)


def _fields(random: Random) -> list[Field]:
    return [
        (random.choice(_NAMES), random.choice((b"", b"a", b"text/html", b"v" * 60, b"w" * 900)))
        for _ in range(random.randrange(6))
    ]


def _values(random: Random, misery: float) -> list[tuple[int, int]]:
    values = []
    while random.random() < 0.5:
        name = random.randint(1, 9)
        value = random.choice((0, 1, 100, 4096, 20_000, 65_535, 100_000))
        if random.random() >= misery:
            if name == 2:
                value = 0
            elif name == 8:
                value %= 2
            elif name == 5:
                value = max(value, 16_384)
        values.append((name, value))
    return values


# -- Mutations --------------------------------------------------------------------------------

_Mutation = Callable[[Random, bytes], bytes]


def _on_frame(change: Callable[[Random, bytearray], bytes | bytearray]) -> _Mutation:
    """A change of one of the frames."""

    def mutate(random: Random, output: bytes) -> bytes:
        frames = list(cut(output))
        places = [place for place, this in enumerate(frames) if len(this) >= 9]
        if not places:
            return output
        place = random.choice(places)
        frames[place] = bytes(change(random, bytearray(frames[place])))
        return b"".join(frames)

    return mutate


def _measured(changed: bytearray) -> bytearray:
    """With the length that it has."""
    changed[:3] = (len(changed) - 9).to_bytes(3)
    return changed


def _header(random: Random, changed: bytearray) -> bytearray:
    place = random.choice((3, 4, 4, 5, 8, 8, 8))
    changed[place] = random.choice((0, 1, 2, 3, 4, 5, 8, 9, 0x0C, 0x20, 0x24, 0x2C, 0x80, 0xFF))
    return changed


def _bit(random: Random, changed: bytearray) -> bytearray:
    changed[random.randrange(min(3, len(changed) - 1), len(changed))] ^= 1 << random.randrange(8)
    return changed


def _byte(random: Random, changed: bytearray) -> bytearray:
    """Near the beginning of the payload, mostly."""
    if len(changed) > 9:
        end = len(changed) if random.random() < 0.4 else min(len(changed), 20)
        changed[random.randrange(9, end)] = random.choice(_TELLING)
    return changed


def _word(random: Random, changed: bytearray) -> bytearray:
    if len(changed) >= 13:
        place = random.choice((9, len(changed) - 4))
        changed[place : place + 4] = random.choice(_TELLING_WORDS).to_bytes(4)
    return changed


def _less(random: Random, changed: bytearray) -> bytearray:
    if len(changed) > 9:
        start = random.randrange(9, len(changed))
        del changed[start : start + random.randint(1, 8)]
    return _measured(changed)


def _more(random: Random, changed: bytearray) -> bytearray:
    start = random.randint(9, len(changed))
    changed[start:start] = bytes(random.choice(_TELLING) for _ in range(random.randint(1, 6)))
    return _measured(changed)


def _again(random: Random, changed: bytearray) -> bytearray:
    """A part of the payload twice."""
    start = random.randint(9, len(changed))
    end = random.randint(start, min(len(changed), start + 40))
    changed[end:end] = changed[start:end]
    return _measured(changed)


def _length(random: Random, changed: bytearray) -> bytearray:
    """The length is another, and so is everything after it."""
    changed[random.choice((1, 2, 2, 2))] ^= 1 << random.randrange(8)
    return changed


def _twice(random: Random, changed: bytearray) -> bytearray:
    return changed * 2


def _never(random: Random, changed: bytearray) -> bytes:
    return b""


def _in_another_order(random: Random, output: bytes) -> bytes:
    frames = list(cut(output))
    random.shuffle(frames)
    return b"".join(frames)


def _with_others(random: Random, output: bytes) -> bytes:
    """With any frame before, after or in between."""
    frames = list(cut(output))
    kind, stream_id = random.randrange(12), random.choice((0, 0, 1, 1, 2, 3, 5, 99))
    payload = random.randbytes(random.choice((0, 1, 4, 5, 6, 8, 20)))
    frames.insert(
        random.randint(0, len(frames)), frame(kind, random.randrange(256), stream_id, payload)
    )
    return b"".join(frames)


_MUTATIONS: Final[list[_Mutation]] = [
    *map(_on_frame, (_header, _bit, _byte, _byte, _word, _less, _more, _again, _length, _twice)),
    _on_frame(_never),
    _in_another_order,
    _with_others,
]


def mutated_block(random: Random, coded: bytes) -> bytes:
    """A header block with a few other bytes in it."""
    changed = bytearray(9) + coded
    for _ in range(random.randint(1, 3)):
        random.choice((_byte, _bit, _less, _more, _again))(random, changed)
    return bytes(changed[9:])


__all__ = ["Action", "converse", "mutated_block"]
