"""A server on a real socket that does what a test tells it to, byte by byte, and keeps what it was
asked.

For all modes at once: it runs in threads of its own, and needs no event loop.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Union

from .._models import Response
from ._rules import ContractBroken

# No test waits this long, in seconds: it is what ends a broken one.
LIMIT = 20.0


class Conversation:
    """One accepted connection, as a script sees it. Reads wait for 20 seconds at most.

    `socket` is the connection itself.
    """

    def __init__(self, sock: socket.socket, heads: list[bytes]) -> None:
        self.socket = sock
        self._heads = heads
        self._unread = b""

    def receive_head(self) -> bytes:
        """The bytes of a request up to and including the empty line; b"" at the end of stream."""
        while b"\r\n\r\n" not in self._unread:
            data = self.socket.recv(65536)
            if not data:
                return b""
            self._unread += data
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        self._heads.append(head + b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def receive_request(self) -> tuple[bytes, bytes]:
        """Head and body of a request that says how long its body is; (b"", b"") at the end of
        stream. Chunked bodies are taken to their last chunk, as they are on the wire."""
        head = self.receive_head()
        fields = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
        }
        if fields.get(b"transfer-encoding") == b"chunked":
            body = b""
            while not body.endswith(b"0\r\n\r\n"):
                piece = self.receive_exactly(1)
                if not piece:
                    break
                body += piece
            return head, body
        return head, self.receive_exactly(int(fields.get(b"content-length", b"0")))

    def receive_exactly(self, count: int) -> bytes:
        """That many bytes of a body. Fewer at the end of stream."""
        while len(self._unread) < count:
            data = self.socket.recv(65536)
            if not data:
                break
            self._unread += data
        wanted, self._unread = self._unread[:count], self._unread[count:]
        return wanted

    def receive_to_end(self) -> bytes:
        """Everything until the client closes, or breaks the connection."""
        received, self._unread = self._unread, b""
        try:
            while data := self.socket.recv(65536):
                received += data
        except ConnectionResetError:
            pass
        return received

    def send(self, data: bytes) -> None:
        """Send some bytes. Raises OSError where the client has gone."""
        self.socket.sendall(data)

    def close(self) -> None:
        """Close the connection. The client sees the end of the stream."""
        self.socket.close()


Script = Callable[[Conversation], None]


class ScriptedServer:
    """Where a scripted server listens, and what it saw: made by `scripted_server`.

    `url` has no slash at the end; `host` and `port` are what to connect to. `heads` has the head of
    each request that was received, `connections` how many there were.
    """

    def __init__(self, listener: socket.socket, script: Script) -> None:
        self._listener = listener
        self._script = script
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._last: Any = None
        self._failures: list[BaseException] = []
        self.heads: list[bytes] = []
        self.connections: int = 0
        self.host: str
        self.port: int
        self.host, self.port = listener.getsockname()[:2]
        self.url: str = f"http://{self.host}:{self.port}"
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            sock, peer = self._listener.accept()
            if peer == self._last:
                sock.close()
                return
            sock.settimeout(LIMIT)
            thread = threading.Thread(target=self._serve, args=(sock,))
            with self._lock:
                self.connections += 1
                self._sockets.append(sock)
                self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            self._script(Conversation(sock, self.heads))
        except ConnectionError:
            # The client went away first: what it made of that is what the test looks at.
            pass
        except BaseException as exc:
            self._failures.append(exc)
        finally:
            sock.close()

    def _stop(self) -> None:
        # One last connection, by which the accepting thread knows that it has seen all others.
        with socket.socket() as last:
            last.bind((self.host, 0))
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
            if thread.is_alive():
                raise ContractBroken("The script of a scripted server does not come to its end.")
        if self._failures:
            raise self._failures[0]


@contextmanager
def scripted_server(*answers: Union[bytes, Response, Script]) -> Iterator[ScriptedServer]:
    """A server that listens on 127.0.0.1 while the block runs.

    On each connection it reads a request and gives the first answer, reads the next and gives the
    next answer, then reads until the client closes. An answer is bytes, as they are sent, or a
    `hookline.Response` with its content. Instead, one function may be given: it is called with the
    `Conversation` of each connection, in a thread; what it raises, the block raises at its end.
    """
    script = answers[0] if len(answers) == 1 and callable(answers[0]) else _answering(answers)
    server = ScriptedServer(socket.create_server(("127.0.0.1", 0)), script)
    try:
        yield server
    finally:
        server._stop()


def _answering(answers: tuple[Any, ...]) -> Script:
    lines = [each if isinstance(each, bytes) else wire(each) for each in answers]

    def script(conversation: Conversation) -> None:
        for line in lines:
            if not conversation.receive_request()[0]:
                return
            conversation.send(line)
        conversation.receive_to_end()

    return script


def wire(response: Response) -> bytes:
    """A response as HTTP/1.1 writes it."""
    content = response.content
    lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}".encode()]
    fields = [(name, value) for name, value in response.headers.raw]
    if not any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in fields):
        fields.append((b"Content-Length", str(len(content)).encode()))
    lines += [name + b": " + value for name, value in fields]
    return b"\r\n".join([*lines, b"", b""]) + content
