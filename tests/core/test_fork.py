"""`os.fork`: what a child does with its parent's connections, which is nothing at all."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trio

import hookline
from hookline import _fork, _tls
from hookline._backends.asyncio import AsyncioStream
from hookline.plugins import EventHook, after_fork, default_manager
from support.processes import Child, exit_with_status, in_child
from support.raw import LIMIT, Conversation, raw_server

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no os.fork here")

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
STALLS = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf"


def many(conversation: Conversation) -> None:
    """Answer whatever comes."""
    while conversation.receive_head():
        conversation.send(OK)


def addresses(client: Any) -> list[object]:
    """The local ends of a client's connections."""
    return [connection.local_address for connection in client.connections()]


# -- A client that both use -----------------------------------------------------------------


KINDS = ["plain", "TLS", "HTTP/2"]


def settings_of(kind: str, authority: Any) -> dict[str, Any]:
    return {} if kind == "plain" else {"verify": authority.ca_file, "http2": kind == "HTTP/2"}


def server_of(kind: str, server: str, h2_server: str) -> str:
    return server if kind == "plain" else h2_server


@pytest.mark.parametrize("kind", KINDS)
def test_a_child_makes_connections_of_its_own_and_leaves_its_parents_alone(
    kind: str, server: str, h2_server: str, authority: Any
) -> None:
    url = f"{server_of(kind, server, h2_server)}/bytes/5"
    with hookline.Client(**settings_of(kind, authority)) as client:
        client.get(url)
        before = addresses(client)

        def child() -> tuple[list[object], list[object]]:
            assert client.connections() == hookline.PoolSnapshot()
            client.get(url)
            client.get(url)
            used = addresses(client)
            client.close()
            gc.collect()
            return used, addresses(client)

        used, left = in_child(child)
        client.get(url)

        assert len(used) == 1
        assert used != before
        assert left == []
        assert addresses(client) == before


def test_the_peer_notices_nothing_of_a_fork_until_the_parent_closes() -> None:
    received: list[bytes] = []
    ended = threading.Event()

    def script(conversation: Conversation) -> None:
        for _ in range(2):
            conversation.receive_head()
            conversation.send(OK)
        received.append(conversation.receive_to_end())
        ended.set()

    with raw_server(script) as server:
        client = hookline.Client()
        client.get(server.url)
        has_closed, closed = os.pipe()
        may_end, end = os.pipe()

        def child() -> None:
            client.close()
            gc.collect()
            os.write(closed, b"1")
            # The child lives on: the parent's closing is to be the end of the connection.
            os.close(end)
            os.read(may_end, 1)

        running = Child(child)
        os.read(has_closed, 1)
        client.get(server.url)
        # Not by `close`, which shuts down whatever others hold: an event loop does not.
        (connection,) = client._transport._pool._connections  # type: ignore[attr-defined]
        connection.protocol.stream._socket.close()
        assert ended.wait(LIMIT)
        os.close(end)
        running.result()
        for descriptor in (has_closed, closed, may_end):
            os.close(descriptor)
        client.close()

        assert received == [b""]
        assert server.connections == 1


def test_a_child_of_a_child_leaves_both_alone() -> None:
    with raw_server(many) as server, hookline.Client() as client:
        client.get(server.url)

        def child() -> list[object]:
            client.get(server.url)
            before = addresses(client)
            in_child(lambda: client.get(server.url).status_code)
            client.get(server.url)
            assert addresses(client) == before
            client.close()
            return before

        before = addresses(client)
        in_child(child)
        client.get(server.url)

        assert addresses(client) == before
        assert server.connections == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_response_that_was_open_is_the_parents(
    kind: str, server: str, h2_server: str, authority: Any
) -> None:
    url = server_of(kind, server, h2_server)
    with hookline.Client(**settings_of(kind, authority)) as client:
        with client.stream("GET", f"{url}/bytes/3000000") as response:
            pieces = response.iter_bytes()
            first = next(pieces)

            def child() -> str:
                with pytest.raises(hookline.ReadError) as caught:
                    for _ in pieces:
                        pass
                response.close()
                client.get(f"{url}/bytes/5")
                return str(caught.value)

            message = in_child(child)
            rest = b"".join(pieces)

        assert "belongs to the process that" in message
        assert len(first) + len(rest) == 3_000_000


def test_events_of_a_childs_connections_are_its_own() -> None:
    class Journal(EventHook):
        name = "journal"

        def __init__(self) -> None:
            self.events: list[str] = []

        def connection_opened(self, connection: Any) -> None:
            self.events.append("opened")

        def connection_closed(self, connection: Any) -> None:
            self.events.append("closed")

    def script(conversation: Conversation) -> None:
        head = conversation.receive_head()
        conversation.send(STALLS if b"/stalls" in head else OK)
        conversation.receive_to_end()

    journal = Journal()
    with raw_server(script) as server, hookline.Client(event_hooks=[journal]) as client:
        with client.stream("GET", f"{server.url}stalls") as response:

            def child() -> list[str]:
                response.close()
                client.get(server.url)
                client.close()
                return journal.events

            assert in_child(child) == ["opened", "opened", "closed"]

    assert journal.events == ["opened", "closed"]


# -- Threads, and what they held ------------------------------------------------------------


@contextmanager
def held_elsewhere(*locks: Any) -> Iterator[None]:
    """Have another thread hold some locks."""
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        for lock in locks:
            lock.acquire()
        is_held.set()
        may_go.wait(LIMIT)
        for lock in locks:
            lock.release()

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(LIMIT)
    try:
        yield
    finally:
        may_go.set()
        thread.join(LIMIT)


def test_locks_that_other_threads_held_are_free_in_the_child(
    h2_server: str, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two of them are waited for; that is another test's.
    monkeypatch.setattr(_fork, "_PATIENCE", 0.01)
    auth = hookline.DigestAuth("user", "secret")
    negotiated = hookline.NegotiatedAuth("user", "secret")
    url = f"{h2_server}/cookies/set"
    with hookline.Client(
        verify=authority.ca_file, http2=True, auth=auth, cookies={"a": "b"}
    ) as client:
        with client.stream("GET", f"{h2_server}/stalls") as response:
            (connection,) = client._transport._pool._connections  # type: ignore[attr-defined]

            def child() -> int:
                response.close()
                assert default_manager().registry
                assert not auth._lock.locked()
                assert not negotiated._lock.locked()
                client.get(url, auth=negotiated)
                status = client.get(url).status_code
                with hookline.Client(verify=False) as another:
                    another.get(url)
                return status

            with held_elsewhere(
                client._transport._pool._lock,  # type: ignore[attr-defined]
                connection.protocol._lock,
                client.cookies.jar._cookies_lock,  # type: ignore[attr-defined]
                auth._lock,
                negotiated._lock,
                _tls._lock,
                sys.modules["hookline._tls_stream"]._alpn_lock,
                sys.modules["hookline.plugins._manager"]._default_lock,
            ):
                running = Child(child)
            assert running.result() in (200, 404)


class Watched:
    """A lock that tells when somebody comes for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self.is_wanted = threading.Event()

    def acquire(self, timeout: float) -> bool:
        self.is_wanted.set()
        return self._lock.acquire(timeout=LIMIT)

    def release(self) -> None:
        self._lock.release()


def test_a_fork_waits_for_what_is_done_under_a_guarded_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []
    lock = Watched()
    monkeypatch.setattr(_tls, "_lock", lock)

    def work() -> None:
        lock.is_wanted.wait(LIMIT)
        order.append("worked")
        lock.release()

    thread = threading.Thread(target=work)
    thread.start()

    def child() -> list[str]:
        # It is another one, and free.
        with _tls._lock:
            return [*order, "forked"]

    assert in_child(child) == ["worked", "forked"]
    thread.join()
    # The parent has let go of its own.
    assert lock.acquire(0)


def printed_by(program: str, *arguments: str) -> str:
    """What a program prints, in a process of its own that says nothing else."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("name", ["hookline_slow", "colorsys", "idna"])
@pytest.mark.parametrize("phase", ["create_module", "exec_module"])
def test_a_fork_waits_for_what_another_thread_is_importing(name: str, phase: str) -> None:
    """It could never be imported in the child: whoever began is not there to finish."""
    program = """
        import importlib, os, signal, sys, threading, time, types
        import hookline
        from hookline import _fork
        from importlib.abc import Loader, MetaPathFinder
        from importlib.machinery import ModuleSpec

        slow, slow_phase = sys.argv[1:]
        begun, may_go_on = threading.Event(), threading.Event()

        def reach(phase):
            if phase == slow_phase:
                begun.set()
                may_go_on.wait(10)

        class Slow(Loader, MetaPathFinder):
            def find_spec(self, name, path, target=None):
                return ModuleSpec(name, self) if name == slow else None

            def create_module(self, spec):
                # Nobody finds it among the modules yet.
                reach("create_module")

            def exec_module(self, module):
                reach("exec_module")
                module.value = 42

        hookline.Client().close()
        sys.meta_path.insert(0, Slow())
        # The import goes on when the fork waits for it, and not before.
        def sleep(seconds):
            may_go_on.set()
            time.sleep(seconds)

        _fork.time = types.SimpleNamespace(monotonic=time.monotonic, sleep=sleep)
        thread = threading.Thread(target=lambda: importlib.import_module(slow))
        thread.start()
        begun.wait(10)
        child = os.fork()
        if child == 0:
            signal.alarm(5)
            os._exit(importlib.import_module(slow).value)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        may_go_on.set()
        thread.join()
    """

    assert printed_by(program, name, phase) == "42\n"


def test_a_fork_does_not_wait_for_the_imports_of_others() -> None:
    """A program may do everything while its first module is being imported."""
    program = """
        import os, sys, threading
        import hookline
        from importlib.abc import Loader, MetaPathFinder
        from importlib.machinery import ModuleSpec

        class Program(Loader, MetaPathFinder):
            def find_spec(self, name, path, target=None):
                return ModuleSpec(name, self) if name == "program" else None

            def exec_module(self, module):
                thread = threading.Thread(target=fork)
                thread.start()
                thread.join()

        def fork():
            from hookline import _fork

            print(list(_fork._imports_elsewhere()))
            child = os.fork()
            if child == 0:
                os._exit(0)
            print(os.waitpid(child, 0)[1])

        hookline.Client().close()
        sys.meta_path.insert(0, Program())
        import program
    """

    assert printed_by(program) == "[]\n0\n"


def test_what_every_request_needs_is_loaded_before_a_fork_and_for_users_of_clients_alone() -> None:
    program = """
        import os, sys
        import hookline

        if sys.argv[1:]:
            hookline.Client().close()
        before = set(sys.modules)
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        print(*sorted(name for name in set(sys.modules) - before if "idna" in name or "." in name))
    """

    with_client = printed_by(program, "client").split()

    assert {"encodings.idna", "hookline._backends.sync"} <= set(with_client)
    assert "hookline._backends.asyncio" not in with_client
    assert printed_by(program) == "\n"


def test_who_waited_in_the_parent_does_not_wait_in_the_child() -> None:
    def script(conversation: Conversation) -> None:
        while head := conversation.receive_head():
            if b"/stalls" in head:
                conversation.send(STALLS)
            else:
                conversation.send(OK)

    limits = hookline.Limits(max_connections=1)
    with raw_server(script) as server, hookline.Client(limits=limits) as client:
        threads = [
            threading.Thread(target=client.get, args=(server.url,), kwargs={"timeout": LIMIT})
            for _ in range(3)
        ]
        with client.stream("GET", f"{server.url}stalls"):
            for thread in threads:
                thread.start()
            while client.connections().waiting < 3:
                threading.Event().wait(0.001)

            def child() -> tuple[int, int]:
                waiting = client.connections().waiting
                return waiting, client.get(server.url, timeout=LIMIT).status_code

            assert in_child(child) == (0, 200)
            assert client.connections().waiting == 3
        for thread in threads:
            thread.join(LIMIT)


def test_forking_while_eight_threads_make_requests() -> None:
    with raw_server(many) as server, hookline.Client() as client:
        stop = threading.Event()
        failures: list[BaseException] = []
        counts = [0] * 8

        def request(index: int) -> None:
            try:
                while not stop.is_set():
                    assert client.get(server.url).text == "ok"
                    counts[index] += 1
            except BaseException as exc:
                failures.append(exc)

        threads = [threading.Thread(target=request, args=(index,)) for index in range(8)]
        for thread in threads:
            thread.start()
        children = []
        for _ in range(6):
            reached = sum(counts) + 8
            while sum(counts) < reached and not failures:
                threading.Event().wait(0.001)
            children.append(Child(lambda: [client.get(server.url).text for _ in range(3)]))
        results = [child.result() for child in children]
        stop.set()
        for thread in threads:
            thread.join(LIMIT)

    assert failures == []
    assert results == [["ok"] * 3] * 6


# -- multiprocessing ------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_client_goes_to_a_process_of_multiprocessing(method: str) -> None:
    context = multiprocessing.get_context(method)
    with raw_server(many) as server, hookline.Client() as client:
        client.get(server.url)
        process = context.Process(target=exit_with_status, args=(client, server.url))
        with warnings.catch_warnings():
            # There are threads, which is the point.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        process.join(2 * LIMIT)
        client.get(server.url)

        assert process.exitcode == 20
        assert server.connections == 2


# -- Event loops ----------------------------------------------------------------------------


def test_a_child_uses_an_asynchronous_client_in_a_loop_of_its_own(
    h2_server: str, authority: Any
) -> None:
    for http2 in (False, True):
        client = hookline.AsyncClient(verify=authority.ca_file, http2=http2)

        async def get(client: hookline.AsyncClient = client) -> list[object]:
            await client.get(f"{h2_server}/bytes/5")
            return addresses(client)

        def child(client: hookline.AsyncClient = client, get: Any = get) -> list[object]:
            async def main() -> list[object]:
                used: list[object] = await get()
                await client.aclose()
                return used

            return asyncio.run(main())

        async def main(
            client: hookline.AsyncClient = client, get: Any = get, child: Any = child
        ) -> None:
            before = await get()
            used = in_child(child)
            assert await get() == before != used
            await client.aclose()

        asyncio.run(main())


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_a_fork_inside_a_loop_does_not_disturb_it(kind: str) -> None:
    """The loops' selectors are shared by the two processes: a descriptor that the child takes out
    of one is out of the parent's as well."""
    may_go_on = threading.Event()

    def script(conversation: Conversation) -> None:
        if b"/slow" in conversation.receive_head():
            conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
            assert may_go_on.wait(LIMIT)
            conversation.send(b"half")
        else:
            conversation.send(OK)
        conversation.receive_to_end()

    with raw_server(script) as server:

        async def main() -> None:
            async with hookline.AsyncClient() as client:
                async with client.stream("GET", f"{server.url}slow") as response:
                    pieces = response.aiter_bytes()
                    assert await anext(pieces) == b"half"

                    def child() -> tuple[str, str]:
                        async def main() -> tuple[str, str]:
                            with pytest.raises(hookline.ReadError) as caught:
                                await anext(pieces)
                            await response.aclose()
                            text = (await client.get(server.url)).text
                            await client.aclose()
                            return str(caught.value), text

                        if kind == "trio":
                            # trio's thread-local state says that a run is going on.
                            return in_new_thread(lambda: trio.run(main))
                        return asyncio.run(main())

                    message, text = in_child(child)
                    may_go_on.set()

                    assert "belongs to the process that this one was forked from" in message
                    assert text == "ok"
                    assert await anext(pieces) == b"half"

        if kind == "trio":
            trio.run(main)
        else:
            asyncio.run(main())


def test_a_connection_that_was_half_made_is_the_parents_too(authority: Any) -> None:
    """Nobody knows it but the task that makes it. In the child that is finalised: it closes it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert, authority.server_key)
    may_go_on = threading.Event()

    def script(conversation: Conversation) -> None:
        assert conversation.socket.recv(1, socket.MSG_PEEK)
        has_begun.set()
        assert may_go_on.wait(LIMIT)
        with context.wrap_socket(conversation.socket, server_side=True) as sock:
            sock.recv(65536)
            sock.sendall(OK)
            sock.recv(65536)

    with raw_server(script) as server:
        has_begun = threading.Event()

        async def main() -> str:
            async with hookline.AsyncClient(verify=authority.ca_file) as client:
                url = f"https://localhost:{server.address[1]}/"
                task = asyncio.ensure_future(client.get(url, timeout=LIMIT))
                while not has_begun.is_set():
                    await asyncio.sleep(0)
                # The handshake waits for the server, and its reading is registered.
                for _ in range(5):
                    await asyncio.sleep(0)

                def child() -> list[int]:
                    task.get_coro().close()
                    streams = [each for each in gc.get_objects() if isinstance(each, AsyncioStream)]
                    return [stream._socket.fileno() for stream in streams]

                # Closed, without a word to the loop.
                assert set(in_child(child)) == {-1}
                may_go_on.set()
                return (await task).text

        assert asyncio.run(main()) == "ok"


def in_new_thread(function: Any) -> Any:
    results: list[Any] = []

    def target() -> None:
        try:
            results.append((False, function()))
        except BaseException as exc:
            results.append((True, exc))

    thread = threading.Thread(target=target)
    thread.start()
    thread.join(LIMIT)
    has_raised, value = results[0]
    if has_raised:
        raise value
    return value


# -- For plugins ----------------------------------------------------------------------------


class Counter:
    def __init__(self, log: list[str], name: str) -> None:
        self.log = log
        self.name = name
        after_fork(self, Counter.renew)

    def renew(self) -> None:
        self.log.append(self.name)
        if self.name == "raises":
            raise ValueError("This is for Python to report.")


def test_after_fork_calls_a_function_in_the_child_as_long_as_its_owner_lives(
    capfd: pytest.CaptureFixture[str],
) -> None:
    log: list[str] = []
    counters = [Counter(log, name) for name in ("first", "gone", "raises", "last")]
    del counters[1]
    gc.collect()

    with pytest.MonkeyPatch.context() as patch:
        # pytest's own makes an error of it, in the test that comes next.
        patch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
        assert in_child(lambda: log) == ["first", "raises", "last"]

    assert log == []
    assert "ValueError: This is for Python to report." in capfd.readouterr().err
