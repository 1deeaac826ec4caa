"""Runs an HTTP proxy that others wrote: `python serve_proxy.py SERVER [CREDENTIALS [CERT KEY]]`.

SERVER is "proxy.py", "pproxy" or "tiny-proxy" (which has no TLS); CREDENTIALS is "user:password",
or "" for none. Prints its port when it listens, and ends when its standard input closes, so that it
cannot outlive the tests.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading


def serve_proxy_py(credentials: str, tls: list[str]) -> None:
    import proxy

    arguments = ["--hostname", "127.0.0.1", "--port", "0", "--log-level", "CRITICAL"]
    # One process with one thread for all connections: ending it ends everything.
    arguments += ["--num-workers", "1", "--num-acceptors", "1"]
    if credentials:
        arguments += ["--basic-auth", credentials]
    if tls:
        arguments += ["--cert-file", tls[0], "--key-file", tls[1]]
    with proxy.Proxy(arguments) as running:
        ready(running.flags.port)
        sys.stdin.buffer.read()


def serve_pproxy(credentials: str, tls: list[str]) -> None:
    import pproxy
    import pproxy.server

    async def serve() -> None:
        scheme = "http+ssl" if tls else "http"
        server = pproxy.Server(f"{scheme}://127.0.0.1:0#{credentials}")
        for context in pproxy.server.sslcontexts:
            context.load_cert_chain(*tls)
        # It would otherwise remember who was let in, and let them in again without asking.
        options = {"rserver": [pproxy.DIRECT], "authtime": -1}
        listening = await server.start_server(options)
        ready(listening.sockets[0].getsockname()[1])
        await listening.serve_forever()

    threading.Thread(target=end_with_parent, daemon=True).start()
    asyncio.run(serve())


def serve_tiny_proxy(credentials: str, tls: list[str]) -> None:
    import anyio
    from tiny_proxy import HttpProxyHandler

    async def serve() -> None:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
        ready(listener.extra(anyio.abc.SocketAttribute.local_port))
        handler = HttpProxyHandler(*credentials.split(":", 1) if credentials else ())
        await listener.serve(handler.handle)

    threading.Thread(target=end_with_parent, daemon=True).start()
    asyncio.run(serve())


SERVERS = {"proxy.py": serve_proxy_py, "pproxy": serve_pproxy, "tiny-proxy": serve_tiny_proxy}


def ready(port: int) -> None:
    print(port, flush=True)


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    name, credentials, *tls = [*sys.argv[1:], ""]
    SERVERS[name](credentials, [part for part in tls if part])
    # Threads of the server's own may still be waiting for something.
    os._exit(0)
