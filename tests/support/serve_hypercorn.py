"""Runs the application under hypercorn: `python serve_hypercorn.py CERTIFICATE KEY [FOLDER]`.

Speaks HTTP/1.1 and HTTP/2, with TLS on one port and without on another, where HTTP/2 needs prior
knowledge; and the same on two Unix sockets, "tls" and "plain", in FOLDER. Prints the two ports when
it listens, and ends when its standard input closes, so that it cannot outlive the tests.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading

from hypercorn.asyncio import serve
from hypercorn.config import Config

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.app import app


def listener() -> socket.socket:
    # Named as TCP, so that asyncio turns Nagle's algorithm off: head and body come in two writes.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    sock.listen(2048)
    return sock


async def run(certificate: str, key: str, folder: str | None) -> None:
    tls, plain = listener(), listener()
    config = Config()
    config.certfile, config.keyfile = certificate, key
    config.alpn_protocols = ["h2", "http/1.1"]
    config.bind = [f"fd://{tls.fileno()}"]
    config.insecure_bind = [f"fd://{plain.fileno()}"]
    if folder is not None:
        config.bind.append(f"unix:{folder}/tls")
        config.insecure_bind.append(f"unix:{folder}/plain")
    config.loglevel = "CRITICAL"
    config.keep_alive_timeout = 60
    config.graceful_timeout = 1
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop_with_parent() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=stop_with_parent, daemon=True).start()
    print(tls.getsockname()[1], plain.getsockname()[1], flush=True)
    await serve(app, config, shutdown_trigger=stop.wait)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None))
