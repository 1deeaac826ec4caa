"""A server that does exactly what a test tells it to, byte by byte, on a real socket.

For what no decent server can be made to do: garbage, half answers, closing at a bad moment.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# No test waits this long: it is what ends a broken one.
LIMIT = 20.0


class Conversation:
    """One accepted connection, as the test's script sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._unread = b""

    def receive_head(self) -> bytes:
        """The bytes of a request up to and including the empty line; b"" at the end of stream."""
        while b"\r\n\r\n" not in self._unread:
            data = self.socket.recv(65536)
            if not data:
                return b""
            self._unread += data
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def receive_exactly(self, count: int) -> bytes:
        """That many bytes of a body, or fewer at the end of stream."""
        while len(self._unread) < count:
            data = self.socket.recv(65536)
            if not data:
                break
            self._unread += data
        wanted, self._unread = self._unread[:count], self._unread[count:]
        return wanted

    def receive_to_end(self) -> bytes:
        """Everything until the client closes."""
        received = self._unread
        self._unread = b""
        try:
            while data := self.socket.recv(65536):
                received += data
        except ConnectionResetError:
            pass
        return received

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def close(self) -> None:
        self.socket.close()


class RawServer:
    """Where the scripted server listens, and what it saw."""

    def __init__(self, listener: socket.socket, script: Callable[[Conversation], None]) -> None:
        self._listener = listener
        self._script = script
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._last: Any = None
        self.connections = 0
        self.failures: list[BaseException] = []
        self.address: Any = listener.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}/"
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            sock, peer = self._listener.accept()
            if peer == self._last:
                sock.close()
                return
            sock.settimeout(LIMIT)
            with self._lock:
                self.connections += 1
                self._sockets.append(sock)
                thread = threading.Thread(target=self._serve, args=(sock,))
                self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            self._script(Conversation(sock))
        except (ConnectionError, BrokenPipeError):
            # The client went away first: what it made of that is what the test looks at.
            pass
        except BaseException as exc:
            self.failures.append(exc)
        finally:
            sock.close()

    def stop(self) -> None:
        # One last connection, by which the accepting thread knows that it has seen all others.
        with socket.socket(self._listener.family) as last:
            where: Any = (self._listener.getsockname()[0], 0)
            if self._listener.family == socket.AF_UNIX:
                where = f"{self._listener.getsockname()}-last"
            last.bind(where)
            self._last = last.getsockname()
            last.connect(self._listener.getsockname())
            self._accepting.join(LIMIT)
        self._listener.close()
        with self._lock:
            for sock in self._sockets:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        for thread in self._threads:
            thread.join(LIMIT)
            assert not thread.is_alive(), "the script of a raw server is stuck"


@contextmanager
def raw_server(
    script: Callable[[Conversation], None], listener: socket.socket | None = None
) -> Iterator[RawServer]:
    """A server that runs `script` for each connection, in a thread; the script's failures are the
    test's."""
    if listener is None:
        listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(listener, script)
    try:
        yield server
    finally:
        server.stop()
    if server.failures:
        raise server.failures[0]


def answering(*responses: bytes) -> Callable[[Conversation], None]:
    """A script that reads a head and sends a response, once for each; then reads to the end."""

    def script(conversation: Conversation) -> None:
        for response in responses:
            if not conversation.receive_head():
                return
            conversation.send(response)
        conversation.receive_to_end()

    return script
