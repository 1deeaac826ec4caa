"""Runs a SOCKS5 proxy that others wrote: `python serve_socks.py SERVER HOST [USER PASSWORD]`.

SERVER is "tiny-proxy" or "pproxy". Prints its port when it listens, and ends when its standard
input closes, so that it cannot outlive the tests. One name, `support.socks.ONLY_PROXY`, resolves
here and nowhere else.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.socks import ONLY_PROXY

real_getaddrinfo = socket.getaddrinfo


def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
    if host in (ONLY_PROXY, ONLY_PROXY.encode()):
        host = "127.0.0.1"
    return real_getaddrinfo(host, *arguments, **named)


async def tiny_proxy(host: str, credentials: list[str], ready: Callable[[int], None]) -> None:
    import anyio
    from tiny_proxy import Socks5ProxyHandler

    listener = await anyio.create_tcp_listener(local_host=host, local_port=0)
    ready(listener.extra(anyio.abc.SocketAttribute.local_port))
    await listener.serve(Socks5ProxyHandler(*credentials).handle)


async def pproxy(host: str, credentials: list[str], ready: Callable[[int], None]) -> None:
    import pproxy

    where = f"[{host}]" if ":" in host else host
    fragment = f"#{':'.join(credentials)}" if credentials else ""
    proxy = pproxy.Server(f"socks5://{where}:0{fragment}")
    # It would otherwise remember who was let in, and let them in again without asking.
    server = await proxy.start_server({"rserver": [pproxy.DIRECT], "authtime": -1})
    ready(server.sockets[0].getsockname()[1])
    await server.serve_forever()


SERVERS: dict[str, Callable[..., Awaitable[None]]] = {"tiny-proxy": tiny_proxy, "pproxy": pproxy}


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    name, host, *credentials = sys.argv[1:]
    socket.getaddrinfo = getaddrinfo
    threading.Thread(target=end_with_parent, daemon=True).start()

    async def run() -> None:
        await SERVERS[name](host, credentials, lambda port: print(port, flush=True))

    asyncio.run(run())


if __name__ == "__main__":
    main()
