"""A server that keeps every byte it is sent and answers as it is told, for any number of clients.

One thread serves all connections, so that requests are kept in the order in which they came. It is
told its answers by `script`, one for each request, and gives them in that order.
"""

from __future__ import annotations

import re
import selectors
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# No test waits this long: it is what ends a broken one.
LIMIT = 10.0

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)\r\n")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked\r\n")
_AGENT = re.compile(rb"(?i)(\r\nuser-agent: *)python-[a-z0-9]+/[0-9.]+")


class _Connection:
    """One accepted connection, and what came on it that is no whole request yet."""

    def __init__(self, number: int, sock: socket.socket) -> None:
        self.number = number
        self.socket = sock
        self.pending = b""

    def take_request(self) -> bytes:
        """The first whole request, or b""."""
        head, end, rest = self.pending.partition(b"\r\n\r\n")
        if not end:
            return b""
        size = len(head) + 4
        if _CHUNKED.search(head + b"\r\n"):
            last = rest.find(b"0\r\n\r\n") if rest.startswith(b"0") else rest.find(b"\r\n0\r\n\r\n")
            if last < 0:
                return b""
            size += last + (5 if rest.startswith(b"0") else 7)
        elif match := _LENGTH.search(head + b"\r\n"):
            size += int(match[1])
        if len(self.pending) < size:
            return b""
        request, self.pending = self.pending[:size], self.pending[size:]
        return request


class Transcript:
    """What was sent while a script was played: (number of the connection, request) in order, and
    what came on a connection without being a whole request."""

    def __init__(self) -> None:
        self.requests: list[tuple[int, bytes]] = []
        self.fragments: list[tuple[int, bytes]] = []

    @property
    def wire(self) -> list[tuple[int, bytes]]:
        """The same without the name of the library that sent it."""
        return [
            (number, _AGENT.sub(rb"\1python", data))
            for number, data in [*self.requests, *self.fragments]
        ]


class Recorder:
    """Where it listens, and its scripts."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wake, wake = socket.socketpair()
        self._selector.register(wake, selectors.EVENT_READ, "stop")
        self._changed = threading.Condition()
        self._answers: deque[bytes] = deque()
        self._transcript = Transcript()
        self._accepted = 0
        self._open = 0
        self._last: Any = None
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._wake.send(b"x")
        self._thread.join(LIMIT)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()
        self._wake.close()

    @contextmanager
    def script(self, *answers: bytes) -> Iterator[Transcript]:
        """Answer the next requests with these bytes, whole responses or not; b"" closes instead.

        At its end, whoever connected must have gone: what it left behind it is part of what it did.
        """
        with self._changed:
            self._answers = deque(answers)
            self._transcript = transcript = Transcript()
            self._accepted = 0
        try:
            yield transcript
        finally:
            # Connections are accepted in order: after one of our own, all others have been seen.
            with socket.socket() as last:
                last.bind(("127.0.0.1", 0))
                self._last = last.getsockname()
                last.connect(("127.0.0.1", self.port))
                with self._changed:
                    gone = self._changed.wait_for(
                        lambda: self._last is None and self._open == 0, LIMIT
                    )
        assert gone, "a connection was left open"

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data == "stop":
                    return
                if key.data is None:
                    self._accept()
                else:
                    self._receive(key.data)

    def _accept(self) -> None:
        sock, peer = self._listener.accept()
        if peer == self._last:
            sock.close()
            with self._changed:
                self._last = None
                self._changed.notify_all()
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._changed:
            connection = _Connection(self._accepted, sock)
            self._accepted += 1
            self._open += 1
        self._selector.register(sock, selectors.EVENT_READ, connection)

    def _receive(self, connection: _Connection) -> None:
        try:
            data = connection.socket.recv(1 << 20)
        except OSError:
            data = b""
        with self._changed:
            connection.pending += data
            while data and (request := connection.take_request()):
                self._transcript.requests.append((connection.number, request))
                answer = self._answers.popleft() if self._answers else b""
                try:
                    connection.socket.sendall(answer)
                except OSError:
                    answer = b""
                if not answer:
                    data = b""
            if not data:
                self._close(connection)

    def _close(self, connection: Any) -> None:
        if connection.pending:
            self._transcript.fragments.append((connection.number, connection.pending))
        self._selector.unregister(connection.socket)
        connection.socket.close()
        self._open -= 1
        self._changed.notify_all()
