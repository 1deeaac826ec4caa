"""HTTP proxies for tests: real ones in processes of their own, and one that is a script."""

from __future__ import annotations

import contextlib
import hashlib
import re
import select
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.raw import LIMIT, Conversation

HERE = Path(__file__).parent

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@contextmanager
def running_proxy(name: str, credentials: str = "", cert: str = "", key: str = "") -> Iterator[int]:
    """The port of a proxy that others wrote: see `serve_proxy.py` and, for "socks: ...",
    `serve_socks.py`."""
    if name.startswith("socks: "):
        server = name.removeprefix("socks: ")
        command = ["serve_socks.py", server, "127.0.0.1", *credentials.split(":", 1)]
        if not credentials:
            command.pop()
    else:
        command = ["serve_proxy.py", name, credentials, cert, key]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(HERE / command[0]), *command[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


class ScriptedProxy:
    """A script for `raw_server`: makes tunnels and forwards requests, and remembers the heads.

    `before` is called with each head that begins with CONNECT, and may answer it itself: then it
    returns False. `ahead` is sent in one piece with the answer that the tunnel is there.
    """

    def __init__(
        self,
        before: Callable[[Conversation, bytes], bool] | None = None,
        *,
        context: ssl.SSLContext | None = None,
        ahead: bytes = b"",
    ) -> None:
        self._before = before
        self._context = context
        self._ahead = ahead
        self.heads: list[bytes] = []

    def __call__(self, conversation: Conversation) -> None:
        if self._context is not None:
            try:
                # A copy: the server shuts the original down when the test is over.
                copy = conversation.socket.dup()
                wrapped = self._context.wrap_socket(copy, server_side=True)
            except (ssl.SSLError, OSError):
                # Whoever does not trust us says so and goes.
                return
            with contextlib.suppress(ssl.SSLError):
                self._converse(Conversation(wrapped))
            wrapped.close()
        else:
            self._converse(conversation)

    def _converse(self, conversation: Conversation) -> None:
        while head := conversation.receive_head():
            self.heads.append(head)
            connect = re.match(rb"CONNECT (?:\[(.+)\]|([^:]+)):(\d+) HTTP/1.1\r\n", head)
            assert connect, head
            if self._before is None or self._before(conversation, head):
                host = (connect[1] or connect[2]).decode()
                with socket.create_connection((host, int(connect[3])), LIMIT) as there:
                    conversation.send(ESTABLISHED + self._ahead)
                    pump(conversation.socket, there)
                return


def pump(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes between two sockets until either ends."""
    ends = [_SharedTLS(sock) if isinstance(sock, ssl.SSLSocket) else sock for sock in (one, other)]

    def carry(source: socket.socket | _SharedTLS, destination: socket.socket | _SharedTLS) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                destination.sendall(data)
        for sock in (one, other):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=carry, args=ends[::-1])
    back.start()
    carry(*ends)
    back.join(LIMIT)


class _SharedTLS:
    """A TLS socket for one thread that reads and another that writes.

    OpenSSL has no room for two at once on a connection, and before Python 3.13 nothing keeps the
    second one out.
    """

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self._socket = sock
        self._lock = threading.Lock()
        sock.setblocking(False)

    def recv(self, size: int) -> bytes:
        return self._call(self._socket.recv, size)

    def sendall(self, data: bytes) -> None:
        while data:
            data = data[self._call(self._socket.send, data) :]

    def _call(self, call: Callable[[Any], Any], argument: object) -> Any:
        while True:
            try:
                with self._lock:
                    return call(argument)
            except ssl.SSLWantReadError:
                ready = select.select([self._socket], [], [], LIMIT)[0]
            except ssl.SSLWantWriteError:
                ready = select.select([], [self._socket], [], LIMIT)[1]
            if not ready:
                raise TimeoutError("nobody reads or writes")


def header(head: bytes, name: str) -> str | None:
    """The value of a header in a head; None where it is not there."""
    values = re.findall(rb"(?im)^%s:[ \t]*(.*?)\r$" % re.escape(name.encode()), head)
    assert len(values) < 2, f"{name} occurs more than once in {head!r}"
    return values[0].decode() if values else None


DIGEST_CHALLENGE = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n"
    b'Proxy-Authenticate: Digest realm="proxy", nonce="n0nce", algorithm=MD5\r\n\r\n'
)


def has_digest(head: bytes, password: str) -> bool:
    """Whether a head answers that challenge, as `user`, for the target in its request line.

    RFC 2069, which is Digest with nothing to it: worked out here, so that it is not the plugin that
    says so.
    """
    method, target, _ = head.decode().split("\r\n")[0].split(" ")
    value = header(head, "Proxy-Authorization")
    if value is None:
        return False

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    expected = md5(f"{md5(f'user:proxy:{password}')}:n0nce:{md5(f'{method}:{target}')}")
    return f'uri="{target}"' in value and f'response="{expected}"' in value
