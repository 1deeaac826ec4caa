"""Many threads on one Client while servers misbehave; interpreters that end; Ctrl-C in the middle."""  # noqa: E501

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from textwrap import dedent
from typing import Any

import pytest

import hookline
from support.faults import cut
from support.fresh import python
from support.modes import NAMES
from support.raw import Conversation, raw_server

THREADS = 64
EACH = 12


def fickle(conversation: Conversation) -> None:
    """Answer each path with itself, and break every few requests, in one way or the other."""
    served = 0
    while head := conversation.receive_head():
        path = head.split(b" ")[1]
        served += 1
        number = int(path.rsplit(b"/", 1)[1])
        body = path * (number % 50 + 1)
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        if b"/cut/" in path:
            conversation.send(answer[: len(answer) // 2])
            return
        if b"/reset/" in path or (served % 7 == 0 and served > 1):
            cut(conversation)
            return
        conversation.send(answer)


def test_sixty_four_threads_get_their_own_bodies_over_http11_under_faults() -> None:
    problems: list[object] = []
    outcomes = {"answered": 0, "failed": 0}
    limits = hookline.Limits(max_connections=16)
    start = threading.Barrier(THREADS)
    lock = threading.Lock()

    with (
        raw_server(fickle) as server,
        hookline.Client(limits=limits, timeout=hookline.Timeout(20, pool=60)) as client,
    ):

        def work(number: int) -> None:
            dice = random.Random(number)
            start.wait()
            for index in range(EACH):
                what = dice.choice(["ok"] * 8 + ["cut", "reset"])
                path = f"/{what}/{number * EACH + index}"
                try:
                    content = client.get(server.url + path[1:]).content
                except (hookline.RemoteProtocolError, hookline.ReadError) as exc:
                    # One that was to be answered fails where two kept connections broke on it.
                    twice = getattr(exc, "is_unanswered", False)
                    if what == "ok" and not twice:
                        problems.append((path, exc))
                    outcome = "failed"
                except BaseException as exc:
                    problems.append((path, exc))
                    outcome = "failed"
                else:
                    outcome = "answered"
                    if content != path.encode() * ((number * EACH + index) % 50 + 1):
                        problems.append((path, content[:50]))
                with lock:
                    outcomes[outcome] += 1

        run_threads(work)
        pool: Any = client._transport._pool  # type: ignore[attr-defined]
        assert problems == []
        assert len(pool._waiting) == 0
        assert pool._open == len(pool._connections) == pool._idle_count <= 16

    assert sum(outcomes.values()) == THREADS * EACH
    assert outcomes["answered"] > 400
    assert outcomes["failed"] > 50


def test_sixty_four_threads_get_their_own_bodies_over_http2_under_faults(
    h2_server: str, authority: Any
) -> None:
    problems: list[object] = []
    start = threading.Barrier(THREADS)
    limits = hookline.Limits(max_connections=2)

    with hookline.Client(http2=True, verify=authority.ca_file, limits=limits, timeout=60) as client:

        def work(number: int) -> None:
            dice = random.Random(number)
            start.wait()
            for index in range(4):
                size = dice.randrange(20_000)
                body = b"%d %d " % (number, index) * (size // 8)
                try:
                    what = dice.choice(["echo", "bytes", "left", "late"])
                    if what == "echo":
                        answer = client.post(f"{h2_server}/echo/{number}", content=body).json()
                        if answer["body"].encode() != body or answer["path"] != f"/echo/{number}":
                            problems.append((number, index, "another's body"))
                    elif what == "left":
                        with client.stream("GET", f"{h2_server}/bytes/{size}") as response:
                            if response.status_code != 200:
                                problems.append(response)
                    elif what == "late":
                        with pytest.raises(hookline.ReadTimeout):
                            client.get(
                                f"{h2_server}/never", timeout=hookline.Timeout(60, read=0.01)
                            )
                    elif client.get(f"{h2_server}/bytes/{size}").content != b"x" * size:
                        problems.append((number, index, size))
                except BaseException as exc:
                    problems.append((number, index, exc))

        run_threads(work)
        assert problems == []
        pool = client.connections()
        assert (pool.active, pool.waiting) == (0, 0)
        assert pool.open <= 2
        assert client.get(h2_server + "/bytes/10").content == b"x" * 10


def run_threads(work: Any) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- The end of an interpreter --------------------------------------------------------------


SHUTDOWN = {
    "kept": "client.get(url)",
    "streaming": "response = client.send(client.build_request('GET', url + '/chunks/9000'), "
    "stream=True); next(response.iter_bytes())",
    "in a thread": "threading.Thread(target=swallow, args=(client,), daemon=True).start(); "
    "client.get(url)",
    "in a cycle": "client.get(url); client.itself = client; holder = [client]; "
    "holder.append(holder)",
    "in a module": "client.get(url); hookline.kept_for_ever = client",
    "at exit": "client.get(url); atexit.register(lambda: client.get(url).raise_for_status())",
}


@pytest.mark.parametrize("secure", [False, True], ids=["http11", "http2"])
@pytest.mark.parametrize("how", SHUTDOWN)
def test_an_interpreter_ends_quietly_while_a_synchronous_client_is_open(
    how: str, secure: bool, server: str, h2_server: str, authority: Any
) -> None:
    code = f"""
        import atexit, sys, threading, warnings, hookline

        # An open response and open sockets are what this is about.
        warnings.simplefilter("ignore", ResourceWarning)
        url = sys.argv[1]

        def swallow(client):
            client.get(url + "/never", timeout=None)

        client = hookline.Client(http2={secure}, verify=sys.argv[2])
        {SHUTDOWN[how]}
    """
    done = python("-c", dedent(code), h2_server if secure else server, authority.ca_file)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("kind", NAMES[1:])
@pytest.mark.parametrize("secure", [False, True], ids=["http11", "http2"])
def test_an_interpreter_ends_quietly_while_an_asynchronous_client_is_open(
    kind: str, secure: bool, server: str, h2_server: str, authority: Any
) -> None:
    code = f"""
        import asyncio, sys, trio, warnings, hookline

        warnings.simplefilter("ignore", ResourceWarning)
        url = sys.argv[1]
        client = hookline.AsyncClient(http2={secure}, verify=sys.argv[2])

        async def main():
            await client.get(url)
            request = client.build_request("GET", url + "/chunks/9000")
            global response
            response = await client.send(request, stream=True)

        {"asyncio.run(main())" if kind == "asyncio" else "trio.run(main)"}
    """
    done = python("-c", dedent(code), h2_server if secure else server, authority.ca_file)

    assert (done.returncode, done.stderr) == (0, "")


# -- Ctrl-C ---------------------------------------------------------------------------------


INTERRUPTED = """
    import sys, hookline

    url, ca_file, http2, step = sys.argv[1], sys.argv[2], sys.argv[3] == "True", sys.argv[4]
    limits = hookline.Limits(max_connections=1)
    with hookline.Client(http2=http2, verify=ca_file, limits=limits, timeout=None) as client:
        first = client.get(url + "/port").text
        try:
            if step == "head":
                print("waiting", flush=True)
                client.get(url + "/never")
            else:
                with client.stream("GET", url + "/stalls") as response:
                    for piece in response.iter_bytes():
                        print("waiting", flush=True)
        except KeyboardInterrupt:
            pool = client.connections()
            # HTTP/2 gives up the one exchange, HTTP/1.1 the connection.
            assert (pool.open, pool.active) == (1 if http2 else 0, 0), pool
            second = client.get(url + "/port", timeout=20).text
            print(first == second, flush=True)
        else:
            print("nobody interrupted", flush=True)
"""


@pytest.mark.parametrize("step", ["head", "body"])
@pytest.mark.parametrize("secure", [False, True], ids=["http11", "http2"])
def test_ctrl_c_in_a_blocking_read_gives_up_what_was_read_and_nothing_else(
    step: str, secure: bool, h2_server: str, authority: Any
) -> None:
    asked = threading.Event()

    def script(conversation: Conversation) -> None:
        while head := conversation.receive_head():
            if b"/port" in head:
                port = b"%d" % conversation.socket.getpeername()[1]
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(port)
                conversation.send(head + port)
            elif b"/stalls" in head:
                conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsome of it")
            else:
                asked.set()

    with raw_server(script) as raw:
        arguments = [h2_server if secure else raw.url[:-1], authority.ca_file, str(secure), step]
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", dedent(INTERRUPTED), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "waiting\n"
            if step == "head" and not secure:
                # On HTTP/2 it does not matter whether the request was sent already.
                assert asked.wait(20)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()

    assert (process.returncode, err) == (0, "")
    assert out == f"{secure}\n"
