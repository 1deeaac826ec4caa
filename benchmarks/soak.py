"""The soak: very many requests of all kinds, with faults, and nothing may grow.

Threads share two Clients (HTTP/1.1, HTTP/2 over TLS), tasks of one event loop two AsyncClients. All
of them get small and large responses, streams, uploads, redirects and challenges, and meet
servers that reset, cut, stall and talk nonsense; calls are cancelled, time out, and are left half
read. Every body is compared with what it should be. While that goes on, memory, descriptors,
threads and tasks of this process are measured. The server is another process (soak_server.py).

Ends with 1, and says why, where something grew, was left over, or went wrong in a way that no fault
explains.
"""

import argparse
import asyncio
import ctypes
import gc
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import trustme

import hookline

HERE = Path(__file__).parent
THREADS = 6
TASKS = 24
CONNECTIONS = 12
# Kinds of calls, and how many of a hundred each is.
KINDS = {
    "small": 46,
    "large": 6,
    "streamed": 8,
    "half read": 4,
    "upload": 8,
    "generator": 4,
    "redirects": 4,
    "challenge": 4,
    "cancelled": 4,
    "fault": 12,
}
FAULTS = ("close", "reset", "cut", "garbage", "slow", "hang", "last")
# A fault may end in any of these, and in nothing else.
EXPECTED = (hookline.NetworkError, hookline.RemoteProtocolError, hookline.ReadTimeout)
# A run that is shorter is still warming up, and only says whether everything was right.
_ENOUGH = 50_000
# What may be more at the end than at the beginning before it is called growth.
SLACK = {
    "memory": 4.0,
    "allocated": 2.0,
    "objects": 4_000.0,
    "descriptors": 8.0,
    "threads": 2.0,
    "tasks": 8.0,
}
SHARE = {"memory": 0.05}


class Sample(NamedTuple):
    """What this process has, at one moment.

    `memory` is what is resident, in MiB: with what the allocator keeps for later, which creeps up
    for a long time where threads allocate and free at random. `allocated` is what of it C code has
    in use, OpenSSL for one (0 where the C library does not say), `objects` what Python has.
    """

    calls: int
    memory: float
    allocated: float
    objects: float
    descriptors: float
    threads: float
    tasks: float


class Soak:
    """The load, and what became of it."""

    def __init__(self, plain: str, secure: str, ca_file: str, calls: int, seed: int) -> None:
        self.plain = plain
        self.secure = secure
        self.ca_file = ca_file
        self.calls = calls
        self.seed = seed
        self._lock = threading.Lock()
        self._begun = 0
        self.counts: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.problems: list[str] = []
        self.tasks = 0

    def next_call(self) -> bool:
        """Whether there is another call to make."""
        with self._lock:
            self._begun += 1
            return self._begun <= self.calls and len(self.problems) < 20

    @property
    def done(self) -> int:
        with self._lock:
            return sum(self.outcomes.values())

    def note(self, kind: str, outcome: str) -> None:
        with self._lock:
            self.counts[kind] += 1
            self.outcomes[outcome] += 1

    def settings(self, *, http2: bool) -> dict[str, Any]:
        return {
            "http2": http2,
            "verify": self.ca_file,
            "trust_env": False,
            "limits": hookline.Limits(max_connections=CONNECTIONS, keepalive_expiry=2),
            "timeout": hookline.Timeout(20, pool=60),
            "follow_redirects": True,
        }

    def base(self, dice: random.Random, *, http2: bool) -> str:
        return self.secure if http2 or dice.random() < 0.3 else self.plain

    # -- In threads -------------------------------------------------------------------------

    def work(self, number: int, clients: dict[bool, hookline.Client]) -> None:
        """What one thread does."""
        dice = random.Random(f"{self.seed} thread {number}")
        while self.next_call():
            call = Call(self, dice)
            self.judge(call, partial(call.send, clients[call.http2]))

    def judge(self, call: "Call", run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as exc:
            self.fail(call, exc)
        else:
            self.note(call.kind, "answered")

    def fail(self, call: "Call", exc: BaseException) -> None:
        """Count a failure: one that a fault explains, or a problem.

        On HTTP/2 a connection that breaks takes everybody's exchanges with it.
        """
        if isinstance(exc, EXPECTED) and (call.kind == "fault" or call.http2):
            self.note(call.kind, type(exc).__name__)
        elif getattr(exc, "is_unanswered", False) and call.method == "POST":
            # The server has closed a kept connection under it; a GET would have been sent again.
            self.note(call.kind, "POST unanswered")
        elif isinstance(exc, asyncio.CancelledError) and call.kind == "cancelled":
            self.note(call.kind, "cancelled")
        else:
            self.note(call.kind, "PROBLEM")
            self.problems.append(f"{call}: {type(exc).__name__}: {exc}")

    # -- In tasks ---------------------------------------------------------------------------

    async def run_tasks(self) -> None:
        """What the event loop does."""
        async with (
            hookline.AsyncClient(**self.settings(http2=False)) as one,
            hookline.AsyncClient(**self.settings(http2=True)) as two,
        ):
            clients = {False: one, True: two}
            counting = asyncio.create_task(self._count_tasks())
            await asyncio.gather(*(self._work(number, clients) for number in range(TASKS)))
            counting.cancel()
        await asyncio.sleep(0.1)
        # This one is the last.
        self.tasks = len(asyncio.all_tasks()) - 1

    async def _count_tasks(self) -> None:
        while True:
            self.tasks = len(asyncio.all_tasks())
            await asyncio.sleep(0.2)

    async def _work(self, number: int, clients: dict[bool, hookline.AsyncClient]) -> None:
        dice = random.Random(f"{self.seed} task {number}")
        while self.next_call():
            call = Call(self, dice)
            try:
                if call.kind == "cancelled":
                    task = asyncio.create_task(call.asend(clients[call.http2]))
                    for _ in range(int(60 ** dice.random())):
                        await asyncio.sleep(0)
                    task.cancel()
                    await task
                else:
                    await call.asend(clients[call.http2])
            except BaseException as exc:
                self.fail(call, exc)
            else:
                self.note(call.kind, "answered")


class Call:
    """One call, and what should come of it."""

    def __init__(self, soak: Soak, dice: random.Random) -> None:
        (self.kind,) = dice.choices(list(KINDS), list(KINDS.values()))
        self.http2 = dice.random() < 0.25
        self._dice = dice
        self._base = soak.base(dice, http2=self.http2)
        size, seed = dice.randrange(2_000), dice.randrange(256)
        if self.kind in ("large", "streamed", "half read"):
            size = dice.randrange(50_000, 400_000)
        path = f"/bytes/{size}/{seed}"
        self.method, self.content, self.auth = "GET", b"", None
        self.timeout: Any = hookline.USE_CLIENT_DEFAULT
        self.expected = bytes([seed]) * size
        if self.kind in ("upload", "generator"):
            self.method, path = "POST", "/upload"
            self.content = bytes([seed]) * dice.choice([10, 5_000, 150_000])
            self.expected = b"%d %d" % (len(self.content), zlib.crc32(self.content))
        elif self.kind == "redirects":
            path, self.expected = f"/redirect/{dice.randrange(4)}", b"A" * 10
        elif self.kind == "challenge":
            path, self.expected = "/auth", b"welcome"
            self.auth = hookline.BasicAuth("soak", "secret")
        elif self.kind == "fault":
            fault = dice.choice(FAULTS)
            self.method = dice.choice(["GET", "PUT", "POST"])
            path += f"?{fault}"
            if fault == "hang":
                self.timeout = hookline.Timeout(20, read=0.02)
        elif dice.random() < 0.3:
            path += "?chunked"
        self.path = path

    def __repr__(self) -> str:
        return f"{self.kind} {self.method} {self._base}{self.path} http2={self.http2}"

    def _arguments(self, content: Any) -> dict[str, Any]:
        return {"content": content, "auth": self.auth, "timeout": self.timeout}

    def _pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self.content), 40_000):
            yield self.content[start : start + 40_000]

    async def _async_pieces(self) -> Any:
        for piece in self._pieces():
            yield piece

    def check(self, content: bytes) -> None:
        if content != self.expected:
            raise AssertionError(f"{len(content)} bytes that differ from {len(self.expected)}")

    def send(self, client: hookline.Client) -> None:
        url = self._base + self.path
        if self.kind in ("streamed", "half read"):
            with client.stream("GET", url) as response:
                pieces = response.iter_bytes()
                received = next(pieces)
                if self.kind == "streamed":
                    self.check(b"".join([received, *pieces]))
            return
        content = self._pieces() if self.kind == "generator" else self.content
        response = client.request(self.method, url, **self._arguments(content or None))
        self.check(response.content)

    async def asend(self, client: hookline.AsyncClient) -> None:
        url = self._base + self.path
        if self.kind in ("streamed", "half read"):
            async with client.stream("GET", url) as response:
                received = b""
                async for piece in response.aiter_bytes():
                    received += piece
                    if self.kind == "half read":
                        return
                self.check(received)
            return
        content = self._async_pieces() if self.kind == "generator" else self.content
        response = await client.request(self.method, url, **self._arguments(content or None))
        self.check(response.content)


# -- Measuring ------------------------------------------------------------------------------


def measure(soak: Soak) -> Sample:
    return Sample(
        soak.done,
        memory(),
        allocated(),
        len(gc.get_objects()),
        descriptors(),
        threading.active_count(),
        soak.tasks,
    )


def memory() -> float:
    """Resident memory in MiB; where there is no /proc, the most that there ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (2**20 if sys.platform == "darwin" else 2**10)
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class _MallInfo(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def allocated() -> float:
    """What malloc has given away and not got back, in MiB; 0 where there is no glibc to ask."""
    try:
        mallinfo = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        return 0.0
    mallinfo.restype = _MallInfo
    return float(mallinfo().uordblks) / 2**20


def descriptors() -> int:
    """How many descriptors are open."""
    return len(os.listdir("/dev/fd"))


def growth(samples: list[Sample]) -> list[str]:
    """What grew: the last third against the second, when everything is warm."""
    complaints = []
    third = len(samples) // 3
    for name in SLACK:
        before, after = (
            statistics.median(getattr(sample, name) for sample in part)
            for part in (samples[third : 2 * third], samples[2 * third :])
        )
        if after > before * (1 + SHARE.get(name, 0.0)) + SLACK[name]:
            complaints.append(f"{name} grew from {before:.1f} to {after:.1f}")
    return complaints


# -- Showing --------------------------------------------------------------------------------


def sparkline(values: list[float]) -> str:
    """A curve of one line, from 0."""
    width = 60
    picked = [values[index * len(values) // width] for index in range(min(width, len(values)))]
    if len(values) < width:
        picked = values
    most = max(values) or 1
    return "".join("▁▂▃▄▅▆▇█"[round(value / most * 7)] for value in picked)


def draw(samples: list[Sample]) -> str:
    """The curves as SVG: one below the other, each from 0."""
    width, height, left = 720, 110, 90
    rows = []
    for row, name in enumerate(SLACK):
        values = [getattr(sample, name) for sample in samples]
        most = max(values) * 1.2 or 1
        top = row * (height + 30) + 40
        points = " ".join(
            f"{left + sample.calls / samples[-1].calls * width:.1f},"
            f"{top + height - value / most * height:.1f}"
            for sample, value in zip(samples, values, strict=True)
        )
        unit = " (MiB)" if name in ("memory", "allocated") else ""
        rows.append(
            f'<text x="{left}" y="{top - 6}">{name}{unit}</text>'
            f'<text x="{left - 8}" y="{top + height}" text-anchor="end">0</text>'
            f'<text x="{left - 8}" y="{top + 12}" text-anchor="end">{most:.0f}</text>'
            f'<path d="M{left} {top}V{top + height}H{left + width}" fill="none" stroke="#999"/>'
            f'<polyline points="{points}" fill="none" stroke="#0b6" stroke-width="2"/>'
        )
    total = len(SLACK) * (height + 30) + 50
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 30}" height="{total}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(rows)}"
        f'<text x="{left + width}" y="{total - 8}" text-anchor="end">'
        f"{samples[-1].calls:,} requests</text></svg>\n"
    )


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, str, str]]:
    """The server in a process of its own: both URLs, and the file of its authority."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    ca, cert, key = (str(folder / name) for name in ("ca.pem", "cert.pem", "key.pem"))
    authority.cert_pem.write_to_path(ca)
    certificate.private_key_pem.write_to_path(key)
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(cert, append=True)
    process = subprocess.Popen(
        [sys.executable, str(HERE / "soak_server.py"), cert, key],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        plain, secure = process.stdout.readline().split()
        yield f"http://127.0.0.1:{int(plain)}", f"https://localhost:{int(secure)}", ca
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def soak_in(soak: Soak, samples: list[Sample], every: float) -> None:
    """Make all calls, and measure meanwhile."""
    with (
        hookline.Client(**soak.settings(http2=False)) as one,
        hookline.Client(**soak.settings(http2=True)) as two,
    ):
        clients = {False: one, True: two}
        workers = [
            threading.Thread(target=soak.work, args=(number, clients)) for number in range(THREADS)
        ]
        workers.append(threading.Thread(target=lambda: asyncio.run(soak.run_tasks())))
        for worker in workers:
            worker.start()
        shown = time.monotonic()
        while any(worker.is_alive() for worker in workers):
            workers[0].join(every)
            if not workers[0].is_alive():
                time.sleep(0.05)
            samples.append(measure(soak))
            if time.monotonic() - shown > 10:
                shown = time.monotonic()
                last = samples[-1]
                print(
                    f"  {last.calls:,} of {soak.calls:,}: {last.memory:.0f} MiB, "
                    f"{last.descriptors:.0f} descriptors",
                    flush=True,
                )
        for client in clients.values():
            pool = client.connections()
            if pool.active or pool.waiting or pool.connecting:
                soak.problems.append(f"left in a pool: {pool}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=200_000, help="calls to make (200000)")
    parser.add_argument("--seed", type=int, default=1, help="what chance depends on (1)")
    parser.add_argument("--svg", type=Path, help="a file to draw the curves into")
    options = parser.parse_args()

    samples: list[Sample] = []
    with TemporaryDirectory() as folder, server(Path(folder)) as (plain, secure, ca_file):
        before = descriptors(), threading.active_count()
        soak = Soak(plain, secure, ca_file, options.requests, options.seed)
        print(f"{options.requests:,} requests, {THREADS} threads and {TASKS} tasks ...", flush=True)
        started = time.monotonic()
        soak_in(soak, samples, every=max(0.05, min(1.0, options.requests / 200_000)))
        took = time.monotonic() - started
        gc.collect()
        after = descriptors(), threading.active_count()

    complaints = [f"PROBLEM {problem}" for problem in soak.problems]
    if options.requests >= _ENOUGH:
        complaints += growth(samples)
    # The selector of the first event loop, and what the interpreter opens once, may stay.
    if after[0] > before[0] + 1 or after[1] > before[1]:
        complaints.append(f"descriptors and threads were {before}, and are {after} in the end")
    if soak.tasks:
        complaints.append(f"{soak.tasks} tasks are left")

    print(f"\n{soak.done:,} requests in {took:.0f} s ({soak.done / took:,.0f} a second)")
    for title, counter in (("kinds", soak.counts), ("outcomes", soak.outcomes)):
        print(f"{title}: " + ", ".join(f"{name} {n:,}" for name, n in counter.most_common()))
    for name in SLACK:
        values = [getattr(sample, name) for sample in samples]
        print(f"{name:>12} {sparkline(values)} {min(values):.0f} to {max(values):.0f}")
    if options.svg:
        options.svg.write_text(draw(samples))
    for complaint in complaints:
        print(complaint)
    print("NOT FLAT, or not right" if complaints else "flat: nothing grew, nothing is left")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
