"""One client, one workload, one process: the clocks and the loop between them.

This is what runs in a worker process. Knows nothing about which client it drives
or which server answers.

CPU is `time.process_time`: user and system time of this whole process, so that
a client which works in threads of its own is charged for them, and the server,
being another process, is not.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

from clients import Client
from target import AsyncFetch, Fetch, Target
from workloads import Workload


class WrongAnswerError(Exception):
    """A client brought back something else than what the server sends."""


@dataclass(frozen=True)
class Mark:
    """What the two clocks showed at one moment, in nanoseconds."""

    cpu: int
    wall: int


@dataclass(frozen=True)
class Sample:
    """What one request cost on average in one round, in microseconds."""

    cpu_us: float
    wall_us: float


def run(client: Client, workload: Workload, target: Target, requests: int) -> Sample:
    """Warm up, then time `requests` requests (`Workload.counted` may want more).

    Raises what the client raises, and `WrongAnswerError`.
    """
    requests = workload.counted(requests)
    marks: list[Mark] = []
    tickets = _tickets(workload.warm_up, requests, marks)
    if workload.is_async:
        asyncio.run(_run_async(client, target, tickets))
    else:
        _run_sync(client, target, tickets)

    start, end = marks
    return Sample(
        cpu_us=(end.cpu - start.cpu) / requests / 1000,
        wall_us=(end.wall - start.wall) / requests / 1000,
    )


def _tickets(warm_up: int, requests: int, marks: list[Mark]) -> Iterator[None]:
    """A permission for each request; it reads the clocks as it passes its marks.

    Concurrent workers draw from the same iterator. At both marks all but one of them
    have a request in flight, so exactly `requests` of them are finished in
    between, with no filling or draining of the pool inside the measurement.
    """
    yield from repeat(None, warm_up)
    marks.append(Mark(time.process_time_ns(), time.perf_counter_ns()))
    yield from repeat(None, requests)
    marks.append(Mark(time.process_time_ns(), time.perf_counter_ns()))


def _run_sync(client: Client, target: Target, tickets: Iterator[None]) -> None:
    assert client.open_sync is not None
    with client.open_sync(target) as fetch:
        _work_sync(fetch, target.body_length, tickets)


def _work_sync(fetch: Fetch, body_length: int, tickets: Iterator[None]) -> None:
    for _ in tickets:
        status, length = fetch()
        if status != 200 or length != body_length:
            raise WrongAnswerError(f"status {status}, {length} bytes; {body_length} expected")


async def _run_async(client: Client, target: Target, tickets: Iterator[None]) -> None:
    assert client.open_async is not None
    async with client.open_async(target) as fetches, asyncio.TaskGroup() as group:
        for fetch in fetches:
            group.create_task(_work_async(fetch, target.body_length, tickets))


async def _work_async(fetch: AsyncFetch, body_length: int, tickets: Iterator[None]) -> None:
    for _ in tickets:
        status, length = await fetch()
        if status != 200 or length != body_length:
            raise WrongAnswerError(f"status {status}, {length} bytes; {body_length} expected")
