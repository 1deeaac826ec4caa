"""What hookline is for, one function per job, run against a real server.

    ./scripts/demo        starts a server of its own on loopback
    ./scripts/demo URL    does what makes sense against a server of yours

Each job below is written as a user would write it and returns what the table should say about it.
A job that raises is shown as FAILED with the reason, and the exit code is then 1.
"""

import argparse
import asyncio
import hashlib
import os
import secrets
import ssl
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from demo_server import DemoServer, ServerGoneError
from demo_table import Row, print_header, print_row, print_summary

import hookline

# Phases that are not named (write, pool) take the default, 5 seconds.
TIMEOUT = hookline.Timeout(connect=5.0, read=30.0)


@dataclass(frozen=True)
class Done:
    result: str
    protocol: str = "-"


class UnexpectedError(Exception):
    """A job ran, and what came out of it is wrong."""


def one_off_get(url: str) -> Done:
    response = hookline.get(url, timeout=TIMEOUT)
    return Done(f"{status(response)}, {len(response.content):,} bytes", response.http_version)


def pooled_client(url: str, requests: int = 10) -> Done:
    with hookline.Client(timeout=TIMEOUT) as client:
        responses = [client.get(url) for _ in range(requests)]
    return Done(tally(responses), responses[-1].http_version)


def async_fan_out(url: str, requests: int = 50, connections: int = 10) -> Done:
    async def fan_out() -> list[hookline.Response]:
        limits = hookline.Limits(max_connections=connections)
        async with hookline.AsyncClient(limits=limits, timeout=TIMEOUT) as client:
            return await asyncio.gather(*(client.get(url) for _ in range(requests)))

    responses = asyncio.run(fan_out())
    return Done(f"{tally(responses)}, all at once", responses[-1].http_version)


def streaming_download(url: str, at_most: int = 64 * 2**20) -> Done:
    size, digest = 0, hashlib.sha256()
    with (
        hookline.Client(timeout=TIMEOUT) as client,
        client.stream("GET", url) as response,
    ):
        for chunk in response.iter_bytes():
            size += len(chunk)
            digest.update(chunk)
            if size >= at_most:
                return Done(f"{amount(size)}, then stopped reading", response.http_version)
    expected = response.headers.get("x-sha256")
    if expected is None:
        return Done(f"{amount(size)}, sha256 {digest.hexdigest()[:12]}", response.http_version)
    if expected != digest.hexdigest():
        raise UnexpectedError(f"sha256 is {digest.hexdigest()}, and should be {expected}")
    return Done(f"{amount(size)}, sha256 as announced", response.http_version)


def streaming_upload(url: str) -> Done:
    def lines() -> Iterator[bytes]:
        for number in range(100):
            yield b"line %d " % number * 1000 + b"\n"

    whole = b"".join(lines())
    expected = {"bytes": len(whole), "sha256": hashlib.sha256(whole).hexdigest()}
    with hookline.Client(timeout=TIMEOUT) as client:
        responses = [client.post(url, data=lines()), client.post(url, content=lines())]
    for response in responses:
        if response.json() != expected:
            raise UnexpectedError(f"the server received {response.json()}, not {expected}")
    return Done(f"2 x {amount(len(whole))}, sha256 agrees", responses[-1].http_version)


def tls(url: str, ca_pem: str) -> Done:
    trusting = ssl.create_default_context(cadata=ca_pem)
    with hookline.Client(verify=trusting, timeout=TIMEOUT) as client:
        response = client.get(url)
    try:
        hookline.get(url, timeout=TIMEOUT)
    except hookline.ConnectError:
        return Done(f"{status(response)}; refused without its CA", response.http_version)
    raise UnexpectedError("a certificate from an unknown authority was accepted")


def read_timeout(url: str) -> Done:
    started = time.perf_counter()
    try:
        hookline.get(url, timeout=hookline.Timeout(connect=5.0, read=0.25))
    except hookline.ReadTimeout:
        return Done(f"ReadTimeout after {time.perf_counter() - started:.2f} s of silence")
    raise UnexpectedError("no ReadTimeout: the server answered")


def status_error(url: str) -> Done:
    response = hookline.get(url, timeout=TIMEOUT)
    try:
        response.raise_for_status()
    except hookline.HTTPStatusError as error:
        return Done(f"HTTPStatusError: {status(error.response)}", error.response.http_version)
    raise UnexpectedError(f"no HTTPStatusError for {status(response)}")


# The last two again, for a server that does not play along: it may be fast, and it may have an
# answer for every path.


def any_timeout(url: str) -> Done:
    try:
        response = hookline.get(url, timeout=0.001)
    except hookline.TimeoutException as error:
        return Done(f"{type(error).__name__}, with 1 ms to do it in")
    return Done("none: answered within 1 ms", response.http_version)


def any_status_error(url: hookline.URL) -> Done:
    missing = url.copy_with(raw_path=b"/" + secrets.token_hex(8).encode())
    response = hookline.get(missing, timeout=TIMEOUT)
    if response.is_success:
        return Done(f"none: {status(response)} for any path", response.http_version)
    try:
        response.raise_for_status()
    except hookline.HTTPStatusError as error:
        return Done(f"HTTPStatusError: {status(error.response)}", error.response.http_version)
    raise UnexpectedError(f"no HTTPStatusError for {status(response)}")


def status(response: hookline.Response) -> str:
    return f"{response.status_code} {response.reason_phrase}".rstrip()


def tally(responses: list[hookline.Response]) -> str:
    counts = Counter(response.status_code for response in responses)
    return ", ".join(f"{count} x {code}" for code, count in sorted(counts.items()))


def amount(size: int) -> str:
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size:,} bytes"


# Everything below runs the jobs and shows what they said.

Job = tuple[str, Callable[[], Done]]


def against_own_server() -> list[Row]:
    # A proxy that this machine may be set up with is not to be asked for 127.0.0.1.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    with DemoServer() as server:
        print_header(f"hookline {hookline.__version__} and {server.name} on {server.url}")
        jobs: list[Job] = [
            ("one-off get", lambda: one_off_get(f"{server.url}/hello")),
            ("pooled client", lambda: pooled_client(f"{server.url}/hello")),
            ("async fan-out", lambda: async_fan_out(f"{server.url}/hello")),
            ("streaming download", lambda: streaming_download(f"{server.url}/download")),
            ("streaming upload", lambda: streaming_upload(f"{server.url}/upload")),
            ("TLS", lambda: tls(f"{server.tls_url}/hello", server.ca_pem)),
            ("timeout", lambda: read_timeout(f"{server.url}/delay/5")),
            ("status error", lambda: status_error(f"{server.url}/status/404")),
        ]
        return [run(job, server) for job in jobs]


def against(url: hookline.URL) -> list[Row]:
    print_header(f"hookline {hookline.__version__} and {url}")
    jobs: list[Job] = [
        ("one-off get", lambda: one_off_get(str(url))),
        ("pooled client", lambda: pooled_client(str(url), requests=5)),
        ("async fan-out", lambda: async_fan_out(str(url), requests=5, connections=5)),
        ("streaming download", lambda: streaming_download(str(url))),
        ("timeout", lambda: any_timeout(str(url))),
        ("status error", lambda: any_status_error(url)),
    ]
    return [run(job) for job in jobs]


def run(job: Job, server: DemoServer | None = None) -> Row:
    what, do = job
    done, failure = Done(""), None
    started = time.perf_counter()
    try:
        done = do()
    except Exception as error:
        failure = error
    seconds = time.perf_counter() - started
    counts = server.take_counts() if server else {}
    row = Row(
        what=what,
        seconds=seconds,
        result=done.result,
        protocol=done.protocol,
        connections=counts.get("connections"),
        requests=counts.get("requests"),
        error=failure,
    )
    print_row(row)
    return row


def parse_url(text: str) -> hookline.URL:
    try:
        url = hookline.URL(text)
    except hookline.InvalidURL as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise argparse.ArgumentTypeError(f"{text!r} does not start with http:// or https://")
    return url


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="Show hookline at work, against a server on loopback."
    )
    parser.add_argument("url", nargs="?", type=parse_url, help="a server of yours to use instead")
    url = parser.parse_args().url

    started = time.perf_counter()
    try:
        rows = against(url) if url else against_own_server()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except ServerGoneError as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return 1
    print_summary(rows, time.perf_counter() - started)
    return 1 if any(row.error for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
