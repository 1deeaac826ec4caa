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
from dataclasses import asdict
from pathlib import Path

import import_time
import nginx
import picture
import report
import server
import worker
from measure import Sample
from payloads import LARGE_SIZE, UPLOAD_PATH
from peers import PEERS
from peers.base import Peer
from placement import PLACEMENTS, Placement
from report import Report, Row
from target import Target
from workloads import WORKLOADS, Kind, Workload

# Seconds for one worker process, beyond any that gets anywhere: it hangs.
_WORKER_TIMEOUT = 300


def main() -> int:
    arguments = _parser().parse_args()
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
    peers = [peer for peer in PEERS.values() if peer.name in names]
    pythons = dict(pair.split("=", 1) for pair in arguments.python)
    versions = {peer.name: _version(peer, pythons) for peer in peers}
    installed = [peer for peer in peers if versions[peer.name] is not None]
    rows: list[Row] = []
    placement.for_server()
    with server.running(name) as running:
        placement.for_clients()
        for workload in (WORKLOADS[only] for only in arguments.only):
            if _needs_nginx(workload) and running.tls_port is None:
                print(f"{workload.name}: needs nginx", file=sys.stderr)
                continue
            able = [peer for peer in installed if peer.can_do(workload)]
            rows += _measure(running, workload, able, arguments.rounds, arguments.requests, pythons)
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
        versions={peer.name: versions[peer.name] or "" for peer in installed},
        not_installed=[peer.name for peer in peers if peer not in installed],
        base=arguments.base,
        rows=rows,
    )
    print(report.table(result))
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report.as_json(result), indent=2) + "\n")
    if arguments.picture is not None:
        arguments.picture.write_text(picture.draw(result))
    return 1 if any(row.error for row in rows) else 0


def _version(peer: Peer, pythons: dict[str, str]) -> str | None:
    """Of what is installed; None where it is not. The floors are always there."""
    if peer.distribution is None:
        return ""
    code = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    done = subprocess.run(
        [pythons.get(peer.name, sys.executable), "-c", code, peer.distribution],
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip() if done.returncode == 0 else None


def _needs_nginx(workload: Workload) -> bool:
    return workload.has_tls or workload.kind in (Kind.DOWNLOAD, Kind.UPLOAD)


def _measure(
    running: server.Server,
    workload: Workload,
    peers: list[Peer],
    rounds: int,
    requests: int,
    pythons: dict[str, str],
) -> list[Row]:
    """All rounds of one workload. A client that fails sits out the rest of them."""
    target = _target(running, workload)
    rows = [Row(workload.name, peer.name) for peer in peers]
    if workload.kind is Kind.IMPORT:
        # pip compiles what it installs, but not what is editable, as hookline is here.
        for peer in peers:
            python = pythons.get(peer.name, sys.executable)
            subprocess.run([python, "-c", f"import {peer.module}"], env=_environment(), check=False)
    for number in range(rounds):
        print(f"{workload.name}: round {number + 1} of {rounds}", file=sys.stderr)
        # Each round starts elsewhere, so that nobody always follows the same client.
        for row in rows[number % len(rows) :] + rows[: number % len(rows)]:
            if row.error is None:
                python = pythons.get(row.client, sys.executable)
                _measure_once(running, row, target, requests, python)
    return rows


def _target(running: server.Server, workload: Workload) -> Target:
    payload = workload.payload
    is_upload = workload.kind is Kind.UPLOAD
    if workload.has_tls:
        assert running.tls_port is not None
    return Target(
        port=running.tls_port if workload.has_tls and running.tls_port else running.port,
        path=UPLOAD_PATH if is_upload else payload.path,
        concurrency=workload.concurrency,
        # By HTTP/2, what a head takes depends on what went before.
        head_length=0 if workload.is_http2 or is_upload else running.head_length(payload),
        body_length=LARGE_SIZE if workload.kind is Kind.DOWNLOAD else len(payload.body),
        authority_file=running.authority_file if workload.has_tls else None,
        is_http2=workload.is_http2,
        is_download=workload.kind is Kind.DOWNLOAD,
        is_upload=is_upload,
    )


def _measure_once(
    running: server.Server, row: Row, target: Target, requests: int, python: str
) -> None:
    """One worker process; what it found goes into the row."""
    before = running.accepted()
    if WORKLOADS[row.workload].kind is Kind.IMPORT:
        command = [python, import_time.__file__, PEERS[row.client].module]
    else:
        command = [
            *(python, worker.__file__, row.client, row.workload, str(requests)),
            json.dumps(asdict(target)),
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


def _environment() -> dict[str, str]:
    """This process's, less the proxies (a request to loopback goes to loopback), and less what
    keeps Python from keeping its bytecode."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and name != "PYTHONDONTWRITEBYTECODE"
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
    by_default = [peer.name for peer in PEERS.values() if peer.by_default]
    add("--clients", nargs="+", choices=PEERS, default=by_default, metavar="CLIENT")
    add("--python", nargs="+", default=[], metavar="CLIENT=PYTHON", help="of another environment")
    add("--rounds", type=_positive, default=5)
    add("--requests", type=_positive, default=3000, help="counted, in each round")
    add("--server", choices=("nginx", "granian"), help="default: nginx, else granian")
    add("--cpus", choices=PLACEMENTS, default="free", help="of server and client")
    add("--base", choices=("floor", "floor-buffered"), default="floor", help="of the ratios")
    add("--json", type=Path, metavar="FILE", help="write the numbers of each round there")
    add("--picture", type=Path, metavar="FILE", help="draw the ratios there, as SVG")
    return parser


if __name__ == "__main__":
    sys.exit(main())
