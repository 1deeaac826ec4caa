"""Connecting, waiting and failing, in each mode, on real sockets: every wait ends in time."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import hookline
from hookline._backends import sync
from hookline._backends._dial import _alternate_families
from hookline._drive import drive
from support.modes import Mode, breathe
from support.raw import Conversation, answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT = 0.05

real_getaddrinfo = socket.getaddrinfo


@contextmanager
def deaf_address() -> Iterator[tuple[str, int]]:
    """An address that neither accepts nor refuses: the queue of its listener is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        try:
            for _ in range(8):
                sock = socket.socket()
                waiting.append(sock)
                sock.setblocking(False)
                assert sock.connect_ex(listener.getsockname()) in (0, errno.EINPROGRESS)
            yield listener.getsockname()
        finally:
            for sock in waiting:
                sock.close()


def resolve_to(
    monkeypatch: pytest.MonkeyPatch, name: str, addresses: list[tuple[str, int]] | Exception
) -> None:
    """Make a name resolve to addresses of ours, or not at all."""

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        if host not in (name, name.encode()) or named.get("flags") == socket.AI_NUMERICHOST:
            return real_getaddrinfo(host, port, *arguments, **named)
        if isinstance(addresses, Exception):
            raise addresses
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


# -- Connecting -----------------------------------------------------------------------------


async def test_address_that_never_answers_is_a_connect_timeout(mode: Mode) -> None:
    with deaf_address() as (host, port):
        async with mode.client(timeout=hookline.Timeout(5, connect=SHORT)) as client:
            with pytest.raises(hookline.ConnectTimeout, match="timed out") as caught:
                await client.get(f"http://{host}:{port}/")

    assert str(caught.value.request.url) == f"http://{host}:{port}/"


async def test_second_address_is_tried_while_the_first_does_not_answer(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    with deaf_address() as deaf, raw_server(answering(OK)) as server:
        resolve_to(monkeypatch, "two.test", [deaf, server.address])
        async with mode.client(timeout=10) as client:
            response = await client.get("http://two.test/")

    assert response.text == "ok"


async def test_second_address_is_tried_when_the_first_refuses(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        refusing = closed.getsockname()
    with raw_server(answering(OK)) as server:
        resolve_to(monkeypatch, "two.test", [refusing, server.address])
        async with mode.client() as client:
            response = await client.get("http://two.test/")

    assert response.text == "ok"


def test_address_families_take_turns() -> None:
    addresses: list[Any] = [(6, 1), (6, 2), (6, 3), (4, 1), (4, 2)]

    assert _alternate_families(addresses) == [(6, 1), (4, 1), (6, 2), (4, 2), (6, 3)]
    assert _alternate_families([]) == []


async def test_refusal_names_the_address_and_keeps_its_cause(mode: Mode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with mode.client() as client:
        with pytest.raises(hookline.ConnectError, match=f"connect to 127.0.0.1:{port}") as caught:
            await client.get(f"http://127.0.0.1:{port}/")

    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ECONNREFUSED


async def test_name_that_does_not_resolve_is_a_connect_error(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    resolve_to(monkeypatch, "no.test", failure)
    async with mode.client() as client:
        with pytest.raises(hookline.ConnectError, match=r"resolve the host 'no\.test'") as caught:
            await client.get("http://no.test/")

    assert caught.value.__cause__ is failure


async def test_name_with_an_overlong_label_is_a_connect_error(mode: Mode) -> None:
    async with mode.client() as client:
        with pytest.raises(hookline.ConnectError):
            await client.get(f"http://{'a' * 70}.test/")


async def test_resolver_that_hangs_is_a_connect_timeout(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    asked = threading.Event()

    def getaddrinfo(
        host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        if not flags & socket.AI_NUMERICHOST:
            asked.set()
            over.wait(20)
            host = "127.0.0.1"
        return real_getaddrinfo(host, port, family, type, proto, flags)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    try:
        async with mode.client(timeout=hookline.Timeout(5, connect=SHORT)) as client:
            with pytest.raises(hookline.ConnectTimeout, match=r"Resolving the host 'slow\.test'"):
                await client.get("http://slow.test/")
            over.set()
        assert asked.is_set()
    finally:
        over.set()


async def test_local_address_and_socket_options_are_applied(mode: Mode) -> None:
    peers: list[tuple[str, int]] = []

    def script(conversation: Conversation) -> None:
        peers.append(conversation.socket.getpeername())
        answering(OK)(conversation)

    transport = mode.transport(
        local_address="127.0.0.3", socket_options=[(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    )
    with raw_server(script) as server:
        async with mode.client(transport=transport) as client:
            await client.get(server.url)
            (connection,) = transport._pool._connections
            sock = connection.protocol.stream.get_extra_info("socket")
            keepalive = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            nodelay = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    assert peers[0][0] == "127.0.0.3"
    assert keepalive != 0
    assert nodelay != 0


async def test_unix_domain_socket_is_used_whatever_the_host(mode: Mode, tmp_path: Path) -> None:
    path = str(tmp_path / "server.sock")
    heads: list[bytes] = []

    def script(conversation: Conversation) -> None:
        heads.append(conversation.receive_head())
        conversation.send(OK)
        conversation.receive_to_end()

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    with raw_server(script, listener):
        async with mode.client(transport=mode.transport(uds=path)) as client:
            response = await client.get("http://docker/info")

    assert response.text == "ok"
    assert b"\r\nHost: docker\r\n" in heads[0]


async def test_missing_unix_domain_socket_is_a_connect_error(mode: Mode, tmp_path: Path) -> None:
    path = str(tmp_path / "nothing.sock")
    async with mode.client(transport=mode.transport(uds=path)) as client:
        with pytest.raises(hookline.ConnectError, match=r"nothing\.sock"):
            await client.get("http://docker/info")


async def test_full_queue_of_a_unix_domain_socket_is_a_connect_timeout(
    mode: Mode, tmp_path: Path
) -> None:
    path = str(tmp_path / "full.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(path)
            timeout = hookline.Timeout(5, connect=SHORT)
            async with mode.client(transport=mode.transport(uds=path), timeout=timeout) as client:
                with pytest.raises(hookline.ConnectTimeout, match=r"full\.sock"):
                    await client.get("http://docker/info")


# -- TLS ------------------------------------------------------------------------------------


async def test_connect_timeout_covers_the_tls_handshake(mode: Mode) -> None:
    with raw_server(lambda conversation: conversation.receive_to_end() and None) as server:
        url = server.url.replace("http://", "https://")
        async with mode.client(timeout=hookline.Timeout(5, connect=SHORT)) as client:
            with pytest.raises(hookline.ConnectTimeout, match=r"TLS handshake with 127\.0\.0\.1"):
                await client.get(url)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x15\x03\x01\0\2\2\x28"]
)
async def test_server_without_tls_is_a_connect_error(mode: Mode, answer: bytes) -> None:
    def script(conversation: Conversation) -> None:
        conversation.socket.recv(65536)
        conversation.send(answer)

    with raw_server(script) as server:
        async with mode.client() as client:
            with pytest.raises(hookline.ConnectError, match="TLS handshake") as caught:
                await client.get(server.url.replace("http://", "https://"))

    assert caught.value.__cause__ is not None


async def test_certificates_are_checked_unless_told_otherwise(
    mode: Mode, tls_server: str, authority: Any
) -> None:
    async with mode.client() as client:
        with pytest.raises(hookline.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(tls_server + "/port")
    for verify in (authority.ca_file, hookline.create_ssl_context(authority.ca_file), False):
        async with mode.client(verify=verify) as client:
            response = await client.get(tls_server + "/echo")
            assert response.json()["scheme"] == "https"


async def test_certificate_of_another_host_is_refused(
    mode: Mode, tls_server: str, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(tls_server.rpartition(":")[2])
    resolve_to(monkeypatch, "other.test", [("127.0.0.1", port)])
    async with mode.client(verify=authority.ca_file) as client:
        with pytest.raises(hookline.ConnectError, match=r"other\.test"):
            await client.get(f"https://other.test:{port}/port")


async def test_client_certificate_is_loaded_into_a_given_context(
    mode: Mode, tls_server: str, authority: Any
) -> None:
    context = hookline.create_ssl_context(authority.ca_file)
    loaded: list[str] = []
    context.load_cert_chain = lambda *paths: loaded.append(*paths)  # type: ignore[method-assign]
    async with mode.client(verify=context, cert=authority.server_cert) as client:
        await client.get(tls_server + "/port")

    assert loaded == [authority.server_cert]


async def test_tls_carries_large_bodies_both_ways(
    mode: Mode, tls_server: str, authority: Any
) -> None:
    async with mode.client(verify=authority.ca_file) as client:
        sent = b"0123456789" * 100_000
        echoed = await client.post(tls_server + "/echo", content=sent)
        pieces = [sent[start : start + 50_000] for start in range(0, len(sent), 50_000)]
        streamed = await client.post(tls_server + "/echo", content=mode.body(pieces))
        port = (await client.get(tls_server + "/port")).text

    assert echoed.json()["body"] == streamed.json()["body"] == sent.decode()
    assert {echoed.json()["client_port"], streamed.json()["client_port"]} == {int(port)}


# -- Reading and writing --------------------------------------------------------------------


async def test_silence_is_a_read_timeout_with_the_request(mode: Mode, server: str) -> None:
    async with mode.client(timeout=hookline.Timeout(5, read=SHORT)) as client:
        for path in ("/never", "/stalls"):
            with pytest.raises(hookline.ReadTimeout) as caught:
                await client.get(server + path)
            assert str(caught.value.request.url) == server + path
        async with client.stream("GET", server + "/stalls") as response:
            with pytest.raises(hookline.ReadTimeout) as caught:
                async for _ in response.aiter_bytes():
                    pass
            assert str(caught.value.request.url) == server + "/stalls"


async def test_each_request_has_its_own_timeout_on_a_shared_connection(
    mode: Mode, server: str
) -> None:
    async with mode.client(timeout=None) as client:
        first = (await client.get(server + "/port", timeout=30)).text
        second = (await client.get(server + "/port", timeout=None)).text
        with pytest.raises(hookline.ReadTimeout):
            await client.get(server + "/never", timeout=SHORT)
        third = (await client.get(server + "/port", timeout=hookline.Timeout(30))).text

    assert first == second != third


async def test_slow_pieces_do_not_add_up_to_a_read_timeout(mode: Mode) -> None:
    """The read timeout is for one wait. A body may take many of them."""
    go_on = threading.Semaphore(0)

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")
        for _ in range(50):
            go_on.acquire(timeout=10)
            conversation.send(b"x")

    with raw_server(script) as server:
        async with mode.client(timeout=hookline.Timeout(5, read=2)) as client:
            async with client.stream("GET", server.url) as response:
                go_on.release()
                received = 0
                async for piece in response.aiter_raw():
                    received += len(piece)
                    go_on.release()

    assert received == 50


async def test_server_that_does_not_read_is_a_write_timeout(mode: Mode) -> None:
    over = threading.Event()

    def script(conversation: Conversation) -> None:
        conversation.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        over.wait(20)

    pieces = (b"x" * 1_000_000 for _ in range(1000))
    with raw_server(script) as server:
        try:
            async with mode.client(timeout=hookline.Timeout(5, write=SHORT)) as client:
                with pytest.raises(hookline.WriteTimeout):
                    await client.post(server.url, content=mode.body(pieces))
                with pytest.raises(hookline.WriteTimeout):
                    await client.post(server.url, content=b"x" * 50_000_000)
        finally:
            over.set()


async def test_answer_that_comes_before_the_body_is_sent_is_returned(mode: Mode) -> None:
    """RFC 9112 section 9.5: a server may refuse early, and then close."""
    answer = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig"

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(answer)
        # Take what comes until the client has had enough.
        conversation.receive_to_end()

    pieces = (b"x" * 100_000 for _ in range(10_000))
    with raw_server(script) as server:
        async with mode.client(timeout=20) as client:
            response = await client.post(server.url, content=mode.body(pieces))

    assert (response.status_code, response.text) == (413, "big")


async def test_reset_connection_is_a_read_error_with_its_cause(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        # Closing with a linger of zero resets.
        conversation.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with raw_server(script) as server:
        async with mode.client() as client:
            with pytest.raises((hookline.ReadError, hookline.RemoteProtocolError)) as caught:
                await client.get(server.url)

    assert str(caught.value.request.url) == server.url


async def test_slow_but_steady_server_is_no_write_timeout(mode: Mode) -> None:
    """The write timeout is for one wait without progress, however long the whole takes."""
    size = 8_000_000

    def script(conversation: Conversation) -> None:
        conversation.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        conversation.receive_head()
        received = 0
        while received < size:
            # The pace is the timeout's: a hundredth of it between one piece and the next.
            threading.Event().wait(0.005)
            received += len(conversation.receive_exactly(min(65536, size - received)))
        conversation.send(OK)

    with raw_server(script) as server:
        async with mode.client(timeout=hookline.Timeout(20, write=0.5)) as client:
            response = await client.post(server.url, content=b"x" * size)

    assert response.text == "ok"


async def test_upload_over_tls_goes_on_past_session_tickets(mode: Mode, authority: Any) -> None:
    """A server's first TLS messages after the handshake are input, and bring no data."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert, authority.server_key)

    def script(conversation: Conversation) -> None:
        conversation.socket = context.wrap_socket(conversation.socket, server_side=True)
        conversation.receive_head()
        received = b""
        while not received.endswith(b"0\r\n\r\n"):
            received += conversation.receive_exactly(1)
        conversation.send(OK)
        conversation.close()

    pieces = [b"x" * 10_000] * 20
    with raw_server(script) as server:
        url = server.url.replace("http://", "https://")
        async with mode.client(verify=authority.ca_file, timeout=10) as client:
            response = await client.post(url, content=mode.body(pieces))

    assert response.text == "ok"


def test_read_timeout_holds_in_a_program_that_gets_signals(server: str) -> None:
    """A wait that a signal interrupts goes on with what is left of its time (PEP 475)."""
    previous = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        with hookline.Client(timeout=hookline.Timeout(5, read=0.2)) as client:
            with pytest.raises(hookline.ReadTimeout):
                client.get(server + "/never")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


async def test_closing_during_an_upload_is_one_of_our_errors(mode: Mode) -> None:
    client = mode.client(timeout=10)
    started = threading.Event()
    closed = threading.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        started.set()
        while not closed.is_set():
            await breathe(mode)
            yield b"more"

    def driven() -> Iterator[bytes]:
        iterator = pieces()
        while True:
            yield drive(iterator.__anext__())  # type: ignore[arg-type]

    async def post() -> None:
        await client.post(server.url, content=pieces() if mode.is_async else driven())

    async def close() -> None:
        while not started.is_set():
            await breathe(mode)
        await client.aclose()
        closed.set()

    with raw_server(lambda conversation: conversation.receive_to_end() and None) as server:
        result, _ = await mode.together(post, close)

    assert isinstance(result, hookline.TransportError)


@pytest.mark.parametrize("seconds", [1e12, float("inf")])
async def test_endless_timeouts_are_no_limit(mode: Mode, server: str, seconds: float) -> None:
    async with mode.client(timeout=seconds) as client:
        assert client.timeout == hookline.Timeout(None)
        assert (await client.get(server + "/port")).status_code == 200


@pytest.mark.parametrize("seconds", [3_000_000, 9e8])
async def test_timeouts_of_weeks_are_as_good_as_any(
    mode: Mode, server: str, seconds: float
) -> None:
    async with mode.client(timeout=seconds) as client:
        assert (await client.get(server + "/port")).status_code == 200
        assert (await client.get(server + "/port")).status_code == 200
    async with mode.client(timeout=hookline.Timeout(None, total=seconds)) as client:
        assert (await client.get(server + "/port")).status_code == 200


def test_waits_that_the_system_cannot_count_are_made_of_several(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "_LONGEST_WAIT", 0.01)
    ours, peer = socket.socketpair()
    with ours, peer:
        ours.setblocking(False)
        stream = sync.SyncStream(ours)
        polls: list[float] = []
        now = [100.0]
        monkeypatch.setattr(sync.time, "monotonic", lambda: now[0])

        class Poll:
            def poll(self, milliseconds: float) -> bool:
                polls.append(milliseconds)
                # Each comes back a little late, which is not added up.
                now[0] += milliseconds / 1000 + 0.001
                if len(polls) == 4:
                    peer.send(b"late")
                return len(polls) > 3

        stream._poll = Poll()

        assert drive(stream.receive(1)) == b"late"
        assert polls == [10.0] * 4
        polls.clear()
        with pytest.raises(hookline.ReadTimeout):
            drive(stream.receive(0.025))
        assert polls == pytest.approx([10.0, 10.0, 4.0])
        monkeypatch.undo()
        monkeypatch.setattr(sync, "_LONGEST_WAIT", 0.01)

        # Full, it is not writable; the peer has to read.
        while stream.write(bytes(65_536)):
            pass
        with pytest.raises(hookline.WriteTimeout):
            drive(stream.writable(0.025))


@pytest.mark.parametrize("excess", [65_536, 10**30])
async def test_port_that_there_is_not_is_refused(mode: Mode, server: str, excess: int) -> None:
    port = int(server.rpartition(":")[2]) + excess
    async with mode.client() as client:
        with pytest.raises(hookline.ConnectError, match=f"there is no port {port}, the largest is"):
            await client.get(f"http://127.0.0.1:{port}/")


def test_loop_that_cannot_watch_sockets_connects_all_the_same(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows' proactor loop raises NotImplementedError here."""

    async def main() -> int:
        loop = asyncio.get_running_loop()

        def add_writer(*arguments: Any) -> None:
            raise NotImplementedError

        monkeypatch.setattr(type(loop), "add_writer", add_writer)
        async with hookline.AsyncClient() as client:
            return (await client.get(server + "/port")).status_code

    assert asyncio.run(main()) == 200


# -- Backends -------------------------------------------------------------------------------


async def test_backend_may_be_chosen_by_name(mode: Mode, server: str) -> None:
    if mode.name == "sync":
        with pytest.raises(ValueError, match="expected 'asyncio', 'anyio' or None, not 'twisted'"):
            hookline.AsyncClient(backend="twisted")
        return
    async with mode.client(backend="anyio") as client:
        assert (await client.get(server + "/port")).status_code == 200
        with pytest.raises(hookline.ReadTimeout):
            await client.get(server + "/never", timeout=SHORT)
        assert type(client._transport._pool._backend).__name__ == "AnyioBackend"


def test_asynchronous_client_needs_something_that_runs() -> None:
    async def main() -> None:
        async with hookline.AsyncClient() as client:
            await client.get("http://127.0.0.1:1/")

    with pytest.raises(RuntimeError, match="neither asyncio nor trio is running"):
        main().send(None)


def test_synchronous_client_works_inside_an_event_loop(server: str) -> None:
    async def main() -> int:
        with hookline.Client() as client:
            return client.get(server + "/port").status_code

    assert asyncio.run(main()) == 200
