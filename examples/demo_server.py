"""The server behind the demo: what it answers, and how to run it as a child process.

Knows ASGI, uvicorn and processes; knows nothing about hookline. The application counts what
reaches it, so that the number of connections in the demo's table is the server's word and not the
client's.

As a program it listens on two ports of 127.0.0.1 that the system picks, one plain and one TLS
with a certificate from a certificate authority made for the occasion, says on stdout where that is
(one line of JSON), answers each line on stdin with the counts since the last one, and ends when
stdin closes. Since the system closes a dead parent's pipes, the server cannot outlive the demo,
however the demo ends.
"""

import asyncio
import hashlib
import json
import select
import socket
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any, Self

CHUNK = bytes(range(256)) * 256
DOWNLOAD = [CHUNK] * 128  # 8 MiB


class App:
    """Five paths, and a count of the requests and connections that they were reached by."""

    def __init__(self) -> None:
        self._requests = 0
        self._connections: set[tuple[Any, ...]] = set()
        self._download_digest = hashlib.sha256(b"".join(DOWNLOAD)).hexdigest()

    def take_counts(self) -> dict[str, int]:
        counts = {"requests": self._requests, "connections": len(self._connections)}
        self._requests, self._connections = 0, set()
        return counts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._requests += 1
        # A connection is known by its two ends: the client's port is its own while it is open.
        self._connections.add((*scope["client"], *scope["server"]))

        match scope["path"].split("/")[1:]:
            case ["hello"]:
                await reply_json(send, {"hello": "world"})
            case ["download"]:
                headers = [(b"x-sha256", self._download_digest.encode())]
                await reply(send, 200, DOWNLOAD, headers)
            case ["upload"]:
                await reply_json(send, await measure(receive))
            case ["delay", seconds]:
                await sleep_while_connected(receive, float(seconds))
                await reply_json(send, {"slept": float(seconds)})
            case ["status", code]:
                await reply(send, int(code), [])
            case _:
                await reply(send, 404, [])


async def reply(
    send: Any, status: int, chunks: list[bytes], headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers or []})
    for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def reply_json(send: Any, value: object) -> None:
    await reply(send, 200, [json.dumps(value).encode()], [(b"content-type", b"application/json")])


async def measure(receive: Any) -> dict[str, object]:
    size, digest = 0, hashlib.sha256()
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        digest.update(chunk)
        if not message.get("more_body", False):
            return {"bytes": size, "sha256": digest.hexdigest()}


async def sleep_while_connected(receive: Any, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        pass


def _listener() -> socket.socket:
    # Named as TCP, so that asyncio turns Nagle's algorithm off: a response comes in two writes, and
    # the second would wait for the first to be acknowledged.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    return listener


async def serve() -> None:
    # Imported here, by the child alone: the parent needs neither.
    import trustme
    import uvicorn

    def server(certificate: str | None = None) -> uvicorn.Server:
        config = uvicorn.Config(app, log_level="critical", lifespan="off", ssl_certfile=certificate)
        config.load()
        return uvicorn.Server(config)

    app = App()
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    with certificate.private_key_and_cert_chain_pem.tempfile() as path:
        servers = [server(), server(path)]
    # Listening sockets queue connections from now on, so that the address can be given out before
    # uvicorn has taken them over.
    sockets = [_listener() for _ in servers]
    plain, tls = (listener.getsockname()[1] for listener in sockets)
    tell(
        {
            "name": f"uvicorn {uvicorn.__version__}",
            "url": f"http://127.0.0.1:{plain}",
            "tls_url": f"https://127.0.0.1:{tls}",
            "ca_pem": authority.cert_pem.bytes().decode(),
        }
    )

    def stop() -> None:
        for one in servers:
            one.should_exit = one.force_exit = True

    def obey() -> None:
        try:
            for _ in sys.stdin:
                tell(app.take_counts())
        finally:
            stop()

    threading.Thread(target=obey, daemon=True).start()
    tasks = [
        asyncio.create_task(one.serve(sockets=[listener]))
        for one, listener in zip(servers, sockets, strict=True)
    ]
    # A signal reaches only one of the two; the other goes with it.
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    stop()
    await asyncio.gather(*tasks)


def tell(message: object) -> None:
    print(json.dumps(message), flush=True)


class ServerGoneError(Exception):
    """The child does not answer. Why, it has said on stderr, which is the demo's own."""


class DemoServer:
    """The parent's end: start the server, ask for its counts, and end it whatever happens."""

    def __init__(self) -> None:
        # A process group of its own: a ctrl-C in the terminal is for the demo, which then ends the
        # server, and not for both at once.
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
        )

    def __enter__(self) -> Self:
        try:
            where = self._read()
        except BaseException:
            self._stop()
            raise
        self.name: str = where["name"]
        self.url: str = where["url"]
        self.tls_url: str = where["tls_url"]
        self.ca_pem: str = where["ca_pem"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def take_counts(self) -> dict[str, int]:
        """Requests and connections that reached the server since the last call."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise ServerGoneError("the demo's server has ended") from error
        counts: dict[str, int] = self._read()
        return counts

    def _read(self, seconds: float = 30.0) -> Any:
        # One line answers one question, so nothing is ever left in the buffer for select to miss.
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], seconds)
        line = self._process.stdout.readline() if readable else b""
        if not line:
            state = "has ended" if readable else f"said nothing for {seconds:g} s"
            raise ServerGoneError(f"the demo's server {state}")
        return json.loads(line)

    def _stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # It has ended already.
        try:
            self._process.wait(timeout=5.0)
        except BaseException:
            # Too slow, or a second ctrl-C while waiting.
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process.stdout.close()


if __name__ == "__main__":
    try:
        asyncio.run(serve())
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # Nobody is listening any more, or somebody ran it in a terminal and has seen enough.
