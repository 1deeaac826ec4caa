"""What an HTTP client costs per request, beside its peers and a bare loop.

    python benchmarks/run.py
    python benchmarks/run.py --only async-100 --clients hookline aiohttp --rounds 3

Starts a server on loopback and, round by round, one process after the other for
each client, so that no client has a quiet minute to itself. README.md says how to
read the table. Ends with status 1 if a client failed.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict
from pathlib import Path

import measure
import nginx
import report
import server
from clients import CLIENTS, Client
from measure import Sample
from payloads import LARGE, LARGE_SIZE
from placement import PLACEMENTS, Placement
from report import Report, Row
from target import Target
from workloads import WORKLOADS, Workload

# Seconds for one worker process, beyond any that gets anywhere: it hangs.
_WORKER_TIMEOUT = 300


def main() -> int:
    arguments = _parser().parse_args()
    if arguments.worker is not None:
        return _work(arguments)

    # The default for SIGTERM ends the process without its `finally` blocks.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    _raise_file_limit()
    servers = server.available()
    name = arguments.server or (servers[0] if servers else None)
    if name not in servers:
        print(f"{name or 'No server'}: not found. Install nginx or granian.", file=sys.stderr)
        return 2

    try:
        placement = Placement(arguments.cpus)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2

    names = {"floor", arguments.base, *arguments.clients}
    clients = [client for client in CLIENTS.values() if client.name in names]
    installed = [client for client in clients if client.is_installed()]
    rows: list[Row] = []
    placement.for_server()
    with server.running(name) as running:
        placement.for_clients()
        for workload in (WORKLOADS[only] for only in arguments.only):
            if workload.is_http2 and running.tls_port is None:
                print(f"{workload.name}: needs nginx", file=sys.stderr)
                continue
            able = [client for client in installed if client.can_do(workload)]
            rows += _measure(running, workload, able, arguments.rounds, arguments.requests)
        title = running.name

    result = Report(
        about={
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
            "server": title,
            "cpus": f"{arguments.cpus}: {PLACEMENTS[arguments.cpus]}",
            "ratio": f"to {arguments.base}",
            "counted": f"{arguments.requests} requests (at least 5 for each in flight) "
            f"in each of {arguments.rounds} rounds",
        },
        versions={client.name: client.version() for client in installed},
        not_installed=[client.name for client in clients if client not in installed],
        base=arguments.base,
        rows=rows,
    )
    print(report.table(result))
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report.as_json(result), indent=2) + "\n")
    return 1 if any(row.error for row in rows) else 0


def _measure(
    running: server.Server,
    workload: Workload,
    clients: list[Client],
    rounds: int,
    requests: int,
) -> list[Row]:
    """All rounds of one workload. A client that fails sits out the rest of them."""
    target = _target(running, workload)
    rows = [Row(workload.name, client.name) for client in clients]
    for number in range(rounds):
        print(f"{workload.name}: round {number + 1} of {rounds}", file=sys.stderr)
        # Each round starts elsewhere, so that nobody always follows the same client.
        for row in rows[number % len(rows) :] + rows[: number % len(rows)]:
            if row.error is None:
                _measure_once(running, row, target, requests)
    return rows


def _target(running: server.Server, workload: Workload) -> Target:
    payload = workload.payload
    if workload.is_http2:
        assert running.tls_port is not None
        return Target(
            port=running.tls_port,
            path=payload.path,
            concurrency=workload.concurrency,
            # What a head takes depends on what went before.
            head_length=0,
            body_length=LARGE_SIZE if payload is LARGE else len(payload.body),
            authority_file=running.authority_file,
        )
    return Target(
        port=running.port,
        path=payload.path,
        concurrency=workload.concurrency,
        head_length=running.head_length(payload),
        body_length=len(payload.body),
    )


def _measure_once(running: server.Server, row: Row, target: Target, requests: int) -> None:
    """One worker process; what it found goes into the row."""
    before = running.accepted()
    command = [
        *(sys.executable, __file__, "--worker", row.client, "--only", row.workload),
        *("--requests", str(requests), "--target", json.dumps(asdict(target))),
    ]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_environment(),
            text=True,
            timeout=_WORKER_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        row.error = f"no end after {_WORKER_TIMEOUT} seconds"
        return
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {"error": f"the process ended with status {done.returncode}"}
    # A worker that answered is believed, however it ended: pyreqwest's threads can
    # abort an interpreter that is shutting down, long after the counting.
    if "error" in answer:
        print(done.stderr, file=sys.stderr)
        row.error = answer["error"]
        return
    row.samples.append(Sample(**answer))
    after = running.accepted()
    # Less the one that asked.
    row.connections.append(None if before is None or after is None else after - before - 1)


def _work(arguments: argparse.Namespace) -> int:
    """The worker's side: one JSON object on standard output, trouble on the other."""
    target = Target(**json.loads(arguments.target))
    (workload,) = (WORKLOADS[only] for only in arguments.only)
    try:
        sample = measure.run(CLIENTS[arguments.worker], workload, target, arguments.requests)
    except Exception as error:
        traceback.print_exc()
        cause: BaseException = error
        while isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        print(json.dumps({"error": f"{type(cause).__name__}: {cause}"}))
        return 1
    print(json.dumps(asdict(sample)))
    return 0


def _environment() -> dict[str, str]:
    """This process's, less the proxies: a request to loopback goes to loopback."""
    return {
        name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
    }


def _raise_file_limit() -> None:
    """1000 connections are 1000 open files, and 1024 is a common soft limit.

    The processes that are started from here inherit it.
    """
    try:
        import resource
    except ImportError:  # no such limits: Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = nginx.MAX_CONNECTIONS + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="What an HTTP client costs per request, beside its peers and a bare loop."
    )
    add = parser.add_argument
    add("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="WORKLOAD")
    by_default = [client.name for client in CLIENTS.values() if client.by_default]
    add("--clients", nargs="+", choices=CLIENTS, default=by_default, metavar="CLIENT")
    add("--rounds", type=_positive, default=5)
    add("--requests", type=_positive, default=3000, help="counted, in each round")
    add("--server", choices=("nginx", "granian"), help="default: nginx, else granian")
    add("--cpus", choices=PLACEMENTS, default="free", help="of server and client")
    add("--base", choices=("floor", "floor-buffered"), default="floor", help="of the ratios")
    add("--json", type=Path, metavar="FILE", help="write the numbers of each round there")
    # How run.py calls itself, once for each client and round.
    add("--worker", choices=CLIENTS, help=argparse.SUPPRESS)
    add("--target", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
