"""Conversations with bytes that went wrong, to our own engine and h2: both make the same of them.

Short by default. `FUZZ_SECONDS=300` makes each of these tests go on for so long, with other
conversations, beginning with the one of `FUZZ_SEED`. What fails says its seed:
`FUZZ_SEED=1234 FUZZ_SECONDS=0` makes that conversation again, and no other.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random
from typing import Any

import hpack
from hpack.exceptions import HPACKError
from hypothesis import HealthCheck, given, seed, settings

from hookline import LocalProtocolError
from hookline_http2._header_blocks import BlockDecoder
from hookline_http2._messages import Message, read_message
from support.http2_differential import (
    CONNECTION_WINDOW,
    WINDOW,
    Both,
    is_complete,
    merged,
    run,
)
from support.http2_frames import CANCEL, Engine, cut
from support.http2_mutations import converse, mutated_block
from support.http2_scripts import SCRIPTS, Action, Cancelled, Opened, Sent

SECONDS = os.environ.get("FUZZ_SECONDS")
FIRST = int(os.environ.get("FUZZ_SEED", "0"))
# No frame that is longer is ever completed.
LONGEST = 200_000

Turn = Opened | Sent | Cancelled | bytes


def seeds(count: int) -> Iterator[int]:
    """So many, or as many as there is time for."""
    if SECONDS is None:
        yield from range(count)
        return
    end = time.monotonic() + float(SECONDS)
    yield FIRST
    number = FIRST + 1
    while time.monotonic() < end:
        yield number
        number += 1


def at_random(random: Random, size: int) -> list[int]:
    """Where something of that size is cut."""
    if random.random() < 0.5:
        return []
    if size < 40 and random.random() < 0.3:
        return list(range(1, size))
    edge = random.choice((12, 300, size))
    places = {random.randint(0, min(edge, size)) for _ in range(random.randint(1, 4))}
    return sorted(places)


def compare(random: Random, turns: list[Turn]) -> Both:
    """Both, frame by frame, as long as they are together."""
    both = Both()
    rest = b""
    for turn in turns:
        if isinstance(turn, bytes):
            *complete, rest = [*cut(rest + turn), b""]
            if complete and not is_complete(complete[-1]):
                rest = complete.pop()
            for piece in complete:
                if not both.feed(piece, *at_random(random, len(piece))):
                    return both
            agree_on_room(both)
        elif isinstance(turn, Opened):
            both.open(turn.method, end=turn.end)
        elif both.ids:
            stream_id = both.ids[turn.place % len(both.ids)]
            if isinstance(turn, Cancelled):
                both.reset(stream_id)
            else:
                both.send(stream_id, turn.size, end=turn.end)
    if len(rest) >= 9 and int.from_bytes(rest[:3]) <= LONGEST:
        both.feed(rest.ljust(9 + int.from_bytes(rest[:3]), b"\0"))
    return both


def agree_on_room(both: Both) -> None:
    """Both know how much may be sent, wherever something may."""
    for stream_id in both.ids:
        if stream_id not in both.resets | both.finished and stream_id <= both.last_taken:
            theirs, ours = (engine.codec.room(stream_id) for engine in both.engines)
            assert theirs == ours, stream_id


def trace(turns: list[Turn], how: Callable[[bytes], list[bytes]]) -> list[Any]:
    """What ours tells and sends, turn by turn, with its input cut in some way."""
    engine = Engine(window=WINDOW, connection_window=CONNECTION_WINDOW)
    found: list[Any] = []
    ids: list[int] = []
    for turn in turns:
        try:
            if isinstance(turn, bytes):
                found.append(merged(engine.feed(*how(turn))))
            elif isinstance(turn, Opened):
                ids.append(engine.open(turn.method, end=turn.end))
            elif ids:
                stream_id = ids[turn.place % len(ids)]
                if isinstance(turn, Cancelled):
                    engine.codec.reset(stream_id, CANCEL)
                else:
                    size = min(turn.size, engine.codec.room(stream_id))
                    engine.codec.send_data(stream_id, bytes(size), is_end=turn.end)
        except LocalProtocolError as exc:
            found.append(str(exc))
        found.append(engine.codec.take_output())
        if engine.error is not None:
            return [*found, engine.error, engine.codec.flaw]  # type: ignore[attr-defined]
    return found


def joined(turns: list[Turn]) -> list[Turn]:
    """With all in one that the server says without being interrupted."""
    found: list[Turn] = []
    for turn in turns:
        if found and isinstance(turn, bytes) and isinstance(found[-1], bytes):
            found[-1] += turn
        else:
            found.append(turn)
    return found


def test_conversations_mean_the_same() -> None:
    met: Counter[str] = Counter()
    count = 0
    for number in seeds(250):
        random = Random(number)
        try:
            both = compare(random, list(converse(random)))
        except Exception as exc:
            exc.add_note(f"FUZZ_SEED={number}")
            raise
        met.update(set(both.deviations))
        count += 1
    # For whoever runs it with -s.
    print(count, met)


def test_it_does_not_matter_how_conversations_are_cut() -> None:
    for number in seeds(250):
        random = Random(number)
        turns = joined(list(converse(random)))

        def cut_at_random(output: bytes, random: Random = random) -> list[bytes]:
            edges = [0, *at_random(random, len(output)), len(output)]
            return [output[start:end] for start, end in pairwise(edges)]

        whole = trace(turns, lambda output: [output])
        by_frame = trace(turns, lambda output: list(cut(output)))
        anyhow = trace(turns, cut_at_random)

        assert whole == by_frame, f"FUZZ_SEED={number}"
        assert whole == anyhow, f"FUZZ_SEED={number}"


def test_header_blocks_mean_the_same() -> None:
    """A connection's header blocks, most of them again and again."""
    for number in seeds(250):
        random = Random(number)
        encoder, theirs, ours = hpack.Encoder(), hpack.Decoder(), BlockDecoder()
        theirs.max_header_list_size = ours._hpack.max_header_list_size
        names = [b"a", b"content-type", b"x" * random.choice((1, 30, 300)), b"date"]
        pool = [
            [
                (b":status", random.choice((b"200", b"204", b"299"))),
                *((random.choice(names), b"v" * random.choice((0, 1, 9, 500))) for _ in range(4)),
            ]
            for _ in range(3)
        ]
        known: list[bytes] = []
        for _ in range(random.randint(1, 60)):
            if random.random() < 0.05:
                encoder.header_table_size = random.choice((0, 50, 100, 500, 1000, 4096))
            fields = random.choice(pool)
            coded = encoder.encode(fields, huffman=random.random() < 0.5)
            if known and random.random() < 0.2:
                coded = random.choice(known)
            if random.random() < 0.1:
                coded = mutated_block(random, coded)
            known.append(coded)
            expected: Message | type[Exception]
            try:
                expected = read_message([(n, v) for n, v in theirs.decode(coded, raw=True)])
            except HPACKError as exc:
                expected = type(exc)
            found: Message | type[Exception]
            try:
                found = ours.decode(coded)
            except HPACKError as exc:
                found = type(exc)
            assert found == expected, f"FUZZ_SEED={number}"
            if isinstance(expected, type):
                break


def test_scripts_mean_the_same() -> None:
    """The scripts of `test_engines_differential.py`, others of them."""
    for number in seeds(1):

        @seed(number)
        @settings(
            max_examples=100,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(SCRIPTS)
        def check(script: list[Action]) -> None:
            run(script, Both())

        try:
            check()
        except Exception as exc:
            exc.add_note(f"FUZZ_SEED={number}")
            raise
