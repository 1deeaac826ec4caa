"""Interpreters that end in the middle of something: quietly, with the status that the program gave.

Clients that are merely left open are in `test_threads_under_faults.py`. Here something is still on
its way when the interpreter ends, or the event loop.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from textwrap import dedent
from typing import Any

import pytest

import hookline
from support.fresh import python
from support.modes import NAMES, Mode, breathe
from support.raw import LIMIT, Conversation, raw_server

PREAMBLE = """
    import asyncio, atexit, concurrent.futures, sys, threading, warnings
    import hookline

    url, http2 = sys.argv[1], sys.argv[3] == "True"
    settings = {"verify": sys.argv[2], "http2": http2, "timeout": 30}
    limits = hookline.Limits(max_connections=1)
"""
# What is left open is what this is about.
QUIET = """
    warnings.simplefilter("ignore", ResourceWarning)
"""

IN_THREADS = {
    "an iterator is kept": """
        client = hookline.Client(**settings)
        response = client.send(client.build_request("GET", url + "/chunks/9000"), stream=True)
        pieces = response.iter_bytes()
        next(pieces)
    """,
    "the program exits from a stream": """
        client = hookline.Client(**settings)
        with client.stream("GET", url + "/chunks/9000") as response:
            sys.exit(0)
    """,
    "a daemon reads": """
        client = hookline.Client(**settings)

        def read():
            with client.stream("GET", url + "/stalls", timeout=None) as response:
                for piece in response.iter_bytes():
                    reached.set()

        reached = threading.Event()
        threading.Thread(target=read, daemon=True).start()
        assert reached.wait(20)
    """,
    "a daemon waits for the pool": """
        client = hookline.Client(limits=limits, **settings | {"http2": False})
        response = client.send(client.build_request("GET", url + "/stalls"), stream=True)
        threading.Thread(target=client.get, args=(url,), daemon=True).start()
        while not client.connections().waiting:
            pass
    """,
    "a daemon sends": """
        client = hookline.Client(**settings)

        def pieces():
            while True:
                yield b"x" * 1000
                reached.set()

        reached = threading.Event()
        send = lambda: client.post(url + "/never", content=pieces())
        threading.Thread(target=send, daemon=True).start()
        assert reached.wait(20)
    """,
    "a pool of threads is at work": """
        client = hookline.Client(limits=limits, **settings)
        executor = concurrent.futures.ThreadPoolExecutor(4)
        futures = [executor.submit(client.get, url + "/bytes/1000") for _ in range(20)]
        atexit.register(lambda: [future.result().raise_for_status() for future in futures])
    """,
}


@pytest.mark.parametrize("http2", [False, True], ids=["http11", "http2"])
@pytest.mark.parametrize("how", IN_THREADS)
def test_an_interpreter_ends_quietly_in_the_middle_of_a_call(
    how: str, http2: bool, h2_server: str, authority: Any
) -> None:
    code = dedent(PREAMBLE) + dedent(QUIET) + dedent(IN_THREADS[how])
    done = python("-c", code, h2_server, authority.ca_file, str(http2))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


IN_LOOPS = {
    "tasks are cancelled": """
        async def main():
            global client
            client = hookline.AsyncClient(limits=limits, **settings)
            reading = start(client.get(url + "/never"))
            waiting = start(client.get(url + "/bytes/9"))
            while not client.connections().active:
                await turn()
    """,
    "a stream is left in the middle": """
        async def main():
            global client, pieces
            client = hookline.AsyncClient(**settings)
            request = client.build_request("GET", url + "/chunks/9000")
            pieces = (await client.send(request, stream=True)).aiter_bytes()
            await anext(pieces)
    """,
    "the program exits from a stream": """
        async def main():
            async with hookline.AsyncClient(**settings) as client:
                async with client.stream("GET", url + "/stalls"):
                    sys.exit(0)
    """,
    "the client is closed when the loop is over": """
        async def main():
            global client
            client = hookline.AsyncClient(**settings)
            await client.get(url + "/bytes/9")
            atexit.register(lambda: run(client.aclose))
    """,
}
LOOPS = {
    "asyncio": """
        async def turn():
            await asyncio.sleep(0)

        tasks = []

        def start(call):
            tasks.append(asyncio.create_task(call))

        def run(main):
            asyncio.run(main())
    """,
    "trio": """
        import trio

        turn = trio.lowlevel.checkpoint
        run = trio.run

        def start(call):
            async def started():
                await call

            nursery.start_soon(started)
    """,
}
RUN = {
    "asyncio": "run(main)\n",
    "trio": """
        async def in_nursery():
            global nursery
            async with trio.open_nursery() as nursery:
                await main()
                nursery.cancel_scope.cancel()

        try:
            run(in_nursery)
        except BaseExceptionGroup as group:
            # What the program raised itself, as trio hands it on.
            raise group.exceptions[0] from None
    """,
}


@pytest.mark.parametrize("http2", [False, True], ids=["http11", "http2"])
@pytest.mark.parametrize("name", NAMES[1:])
@pytest.mark.parametrize("how", IN_LOOPS)
def test_an_interpreter_ends_quietly_when_its_loop_ends_in_the_middle_of_a_call(
    how: str, name: str, http2: bool, h2_server: str, authority: Any
) -> None:
    parts = [PREAMBLE, QUIET, LOOPS[name], IN_LOOPS[how], RUN[name]]
    code = "".join(dedent(part) for part in parts)
    done = python("-c", code, h2_server, authority.ca_file, str(http2))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("http2", [False, True], ids=["http11", "http2"])
def test_an_exception_that_ends_the_program_is_all_that_is_told(
    http2: bool, h2_server: str, authority: Any
) -> None:
    code = """
        client = hookline.Client(**settings)
        with client.stream("GET", url + "/chunks/9000") as response:
            raise SystemExit("that is all")
    """
    code = dedent(PREAMBLE) + dedent(QUIET) + dedent(code)
    done = python("-c", code, h2_server, authority.ca_file, str(http2))

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "that is all\n")


@pytest.mark.parametrize("http2", [False, True], ids=["http11", "http2"])
@pytest.mark.parametrize("how", ["an iterator is kept", "a stream is left in the middle"])
def test_resource_warnings_are_all_that_is_told_where_warnings_are_shown(
    how: str, http2: bool, h2_server: str, authority: Any
) -> None:
    if how in IN_THREADS:
        parts = [PREAMBLE, IN_THREADS[how]]
    else:
        parts = [PREAMBLE, LOOPS["asyncio"], IN_LOOPS[how], RUN["asyncio"]]
    code = "".join(dedent(part) for part in parts)
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code, h2_server, authority.ca_file, str(http2)],
        capture_output=True,
        text=True,
        timeout=3 * LIMIT,
    )

    told = re.sub(r"(?m)^.*ResourceWarning: .*\n(  .*\n|ResourceWarning: .*\n)*", "", done.stderr)
    assert "ResourceWarning: A streaming response was neither read" in done.stderr
    assert (done.returncode, done.stdout, told) == (0, "", "")


@pytest.mark.parametrize("name", NAMES[1:])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("who", ["the client", "another loop"])
def test_a_connection_that_was_lost_before_its_loop_ended_is_closed_after_it(
    who: str, times: int, name: str
) -> None:
    """By whoever comes by, and as often as it is."""
    mode = Mode(name)
    closed = threading.Event()

    def script(conversation: Conversation) -> None:
        if conversation.receive_head():
            conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            conversation.close()
            closed.set()

    async def first(url: str) -> Any:
        client = hookline.AsyncClient()
        await client.get(url)
        assert closed.wait(LIMIT)
        for _ in range(5):
            # The loop hears of it.
            await breathe(mode)
        (connection,) = client._transport._pool._connections
        return client, connection.protocol.stream

    async def then(client: Any, url: str) -> None:
        if who == "another loop":
            assert (await client.get(url)).text == "ok"
        await client.aclose()

    with raw_server(script) as server:
        client, stream = mode.run(first, url=server.url)
        mode.run(then, client=client, url=server.url)
        for _ in range(times):
            stream.close()

    assert client.connections() == hookline.PoolSnapshot()
