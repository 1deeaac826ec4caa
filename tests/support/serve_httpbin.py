"""Runs httpbin under waitress: a server that nobody here wrote, with authentication.

Prints its port when it listens, and ends when its standard input closes.
"""

from __future__ import annotations

import os
import sys
import threading

import httpbin
import waitress


def main() -> None:
    server = waitress.create_server(httpbin.app, host="127.0.0.1", port=0, threads=8)

    def stop_with_parent() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=stop_with_parent, daemon=True).start()
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
