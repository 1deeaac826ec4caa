"""One client, one workload, one process: the clocks and the loop between them.

This is what runs in a worker process. Knows nothing about which client it drives
or which server answers.

CPU is `time.process_time`: user and system time of this whole process, so that
a client which works in threads of its own is charged for them, and the server,
being another process, is not.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from peers.base import Peer
from target import AsyncFetch, Fetch, Fetched, Target
from workloads import Kind, Workload


class WrongAnswerError(Exception):
    """A client brought back something else than what the server sends."""


@dataclass(frozen=True)
class Mark:
    """What the two clocks showed at one moment, in nanoseconds."""

    cpu: int
    wall: int

    @classmethod
    def now(cls) -> "Mark":
        return cls(time.process_time_ns(), time.perf_counter_ns())


@dataclass(frozen=True)
class Sample:
    """What one operation cost on average in one round, in microseconds, and what the process held
    in memory at the end of it, in MiB (resident; None where the system does not say)."""

    cpu_us: float
    wall_us: float
    memory_mib: float | None


def run(peer: Peer, workload: Workload, target: Target, requests: int) -> Sample:
    """Warm up, then time `requests` operations (`Workload.counted` may want another number).

    Imports are not measured here: by now too much is imported.

    Raises what the client raises, and `WrongAnswerError`.
    """
    requests = workload.counted(requests)
    if workload.kind is Kind.BUILD:
        marks, memory = _repeat(peer.build, workload.warm_up, requests)
    elif workload.kind is Kind.ONE_OFF:
        check = _checked(lambda: peer.one_off(target.url), target.body_length)
        marks, memory = _repeat(check, workload.warm_up, requests)
    elif workload.is_async:
        marks, memory = asyncio.run(_run_async(peer, target, workload.warm_up, requests))
    else:
        with peer.open_sync(target) as fetch:
            check = _checked(fetch, target.body_length)
            marks, memory = (_repeat if workload.concurrency == 1 else _run_threads)(
                check, workload.warm_up, requests, workload.concurrency
            )
    start, end = marks
    return Sample(
        cpu_us=(end.cpu - start.cpu) / requests / 1000,
        wall_us=(end.wall - start.wall) / requests / 1000,
        memory_mib=memory,
    )


_Result = tuple[list[Mark], float | None]


def _repeat(operation: Callable[[], None], warm_up: int, requests: int, _: int = 1) -> _Result:
    for _ in range(warm_up):
        operation()
    marks = [Mark.now()]
    for _ in range(requests):
        operation()
    marks.append(Mark.now())
    return marks, _resident()


def _run_threads(
    operation: Callable[[], None], warm_up: int, requests: int, threads: int
) -> _Result:
    """Each thread makes its share; the clocks are read while all of them stand still."""
    gate = threading.Barrier(threads + 1)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for count in (warm_up // threads + 1, requests // threads):
                gate.wait()
                for _ in range(count):
                    operation()
                gate.wait()
        except BaseException as error:
            failures.append(error)
            gate.abort()

    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        gate.wait()
        gate.wait()
        marks = [Mark.now()]
        gate.wait()
        gate.wait()
        marks.append(Mark.now())
    except threading.BrokenBarrierError:
        raise failures[0] from None
    for worker in workers:
        worker.join()
    return marks, _resident()


async def _run_async(peer: Peer, target: Target, warm_up: int, requests: int) -> _Result:
    marks: list[Mark] = []
    tickets = _tickets(warm_up, requests, marks)
    async with peer.open_async(target) as fetches:
        async with asyncio.TaskGroup() as group:
            for fetch in fetches:
                group.create_task(_work_async(fetch, target.body_length, tickets))
        # All connections are open still.
        memory = _resident()
    return marks, memory


def _tickets(warm_up: int, requests: int, marks: list[Mark]) -> Iterator[None]:
    """A permission for each request; it reads the clocks as it passes its marks.

    Concurrent workers draw from the same iterator. At both marks all but one of them
    have a request in flight, so exactly `requests` of them are finished in
    between, with no filling or draining of the pool inside the measurement.
    """
    yield from repeat(None, warm_up)
    marks.append(Mark.now())
    yield from repeat(None, requests)
    marks.append(Mark.now())


def _checked(fetch: Fetch, body_length: int) -> Callable[[], None]:
    def operation() -> None:
        _check(fetch(), body_length)

    return operation


async def _work_async(fetch: AsyncFetch, body_length: int, tickets: Iterator[None]) -> None:
    for _ in tickets:
        _check(await fetch(), body_length)


def _check(fetched: Fetched, body_length: int) -> None:
    status, length = fetched
    if status != 200 or length != body_length:
        raise WrongAnswerError(f"status {status}, {length} bytes; {body_length} expected")


def _resident() -> float | None:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024
