"""The server on loopback: nginx where there is one, else granian.

Starts it on a free port of 127.0.0.1, waits until it answers, and ends it. All that
it writes goes to a temporary directory. Knows nothing about clients.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import nginx
from floor import request_bytes
from payloads import LARGE, SMALL, Payload


@dataclass(frozen=True)
class Server:
    """A server that answers, and what there is to know about it."""

    name: str
    port: int
    # Over TLS, and by HTTP/2 if asked, and the file of the certificate's authority; None where it
    # has neither.
    tls_port: int | None = None
    authority_file: str | None = None

    def head_length(self, payload: Payload) -> int:
        """Of the response's head in bytes, its empty line included.

        Raises where the answer is not the payload, or lacks headers. Of a download only the head
        is looked at.
        """
        is_large = payload is LARGE
        head, body = _exchange(self.port, payload.path, wants_body=not is_large)
        headers = head.count(b"\r\n") - 2
        if not head.startswith(b"HTTP/1.1 200 ") or not (is_large or body == payload.body):
            raise RuntimeError(f"{self.name} answers {payload.path} with {head!r}")
        if payload.header_count not in (None, headers):
            raise RuntimeError(
                f"{self.name} sends {headers} headers for {payload.path}, "
                f"not {payload.header_count}"
            )
        return len(head)

    def accepted(self) -> int | None:
        """Connections accepted so far, this one included. None: it doesn't say."""
        head, body = _exchange(self.port, nginx.STATUS_PATH)
        if not head.startswith(b"HTTP/1.1 200 "):
            return None
        # The third line, "accepts handled requests" in numbers.
        return int(body.splitlines()[2].split()[0])


def available() -> list[str]:
    """The servers that could be started here, the preferred one first."""
    servers = []
    if nginx.find() is not None:
        servers.append("nginx")
    if find_spec("granian") is not None:
        servers.append("granian")
    return servers


@contextmanager
def running(name: str) -> Iterator[Server]:
    """The server, answering; ended on the way out, whatever happened inside."""
    with TemporaryDirectory(prefix="hookline-benchmarks-") as temporary:
        directory = Path(temporary)
        port = _free_port()
        tls_port: int | None = None
        authority_file: str | None = None
        if name == "nginx":
            tls_port = _free_port()
            authority_file = str(directory / nginx.AUTHORITY)
            command, title = nginx.prepare(directory, port, tls_port)
        else:
            command, title = _granian(port)

        with (directory / "output.log").open("wb") as output:
            # In a session of its own: Ctrl-C is for run.py, which then ends it.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_until_it_answers(process, port, directory)
            yield Server(title, port, tls_port, authority_file)
        finally:
            _end(process)


def _granian(port: int) -> tuple[list[str], str]:
    command = [
        *(sys.executable, "-m", "granian", "granian_app:app"),
        *("--working-dir", str(Path(__file__).parent)),
        *("--interface", "rsgi", "--http", "1", "--no-ws", "--loop", "asyncio"),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--backlog", "2048", "--backpressure", str(nginx.MAX_CONNECTIONS)),
    ]
    return command, f"granian/{version('granian')}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def _wait_until_it_answers(
    process: subprocess.Popen[bytes], port: int, directory: Path, seconds: float = 20.0
) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            _exchange(port, SMALL.path)
        except OSError:
            time.sleep(0.05)
        else:
            return
    logs = (path.read_text(errors="replace") for path in sorted(directory.glob("*.log")))
    raise RuntimeError(f"the server did not come up:\n{''.join(logs)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        # The group is its own (start_new_session), granian's worker included.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _exchange(port: int, path: str, wants_body: bool = True) -> tuple[bytes, bytes]:
    """Head and body of the answer to the request that the floor sends."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(request_bytes(f"127.0.0.1:{port}", path))
        received = b""
        while b"\r\n\r\n" not in received:
            received += _receive(sock)
        head, separator, body = received.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while wants_body and len(body) < length:
            body += _receive(sock)
        return head + separator, body


def _receive(sock: socket.socket) -> bytes:
    data = sock.recv(65536)
    if not data:
        raise ConnectionError("the server closed the connection")
    return data
