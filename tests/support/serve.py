"""Runs the application under uvicorn: `python serve.py [CERTIFICATE KEY]`.

Prints its port when it listens, and ends when its standard input closes, so that it cannot outlive
the tests.
"""

from __future__ import annotations

import os
import socket
import sys
import threading

import uvicorn

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.app import app


def main() -> None:
    certificate, key = sys.argv[1:3] if len(sys.argv) > 2 else (None, None)
    # Named as TCP, so that asyncio turns Nagle's algorithm off: head and body come in two writes.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    server = uvicorn.Server(config)

    def stop_with_parent() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=stop_with_parent, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
