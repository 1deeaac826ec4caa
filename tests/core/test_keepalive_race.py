"""A kept connection that the server closes in the moment in which it is used again."""

from __future__ import annotations

import io
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import hookline
from hookline.plugins import (
    Connector,
    EventHook,
    Middleware,
    NetworkStream,
    NotProcessed,
    Protocol,
)
from hookline_http11._protocol import HTTP11
from support.faults import cut
from support.modes import Mode, breathe
from support.raw import Conversation, raw_server
from support.tasks import until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"]


def close(conversation: Conversation) -> None:
    """The end of the stream; over TLS without the alert that belongs there."""
    conversation.close()


def close_politely(conversation: Conversation) -> None:
    """Over TLS, with the alert."""
    if isinstance(conversation.socket, ssl.SSLSocket):
        try:
            conversation.socket.unwrap()
        except OSError:
            pass
    conversation.close()


class Fickle:
    """A server whose connections serve one request, and break when the next has come.

    `heard` has (number of the connection, method, body) of every request.
    """

    def __init__(
        self,
        end: Callable[[Conversation], None] = close,
        tls: Any = None,
        *,
        serves: int = 1,
        greets: bytes = b"",
        dooms: tuple[int, ...] = (),
    ) -> None:
        self._end = end
        self._serves = serves
        # What is said before the end, and which connections break at once.
        self._greets = greets
        self._dooms = dooms
        self._lock = threading.Lock()
        self._count = 0
        self._context: ssl.SSLContext | None = None
        if tls is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(tls.server_cert, tls.server_key)
        self.heard: list[tuple[int, str, bytes]] = []
        self.url = ""
        self.sockets: list[Any] = []

    def __call__(self, conversation: Conversation) -> None:
        if self._context is not None:
            conversation.socket = self._context.wrap_socket(conversation.socket, server_side=True)
        with self._lock:
            # So that it is shut down when the server stops.
            self.sockets.append(conversation.socket)
            self._count += 1
            number = self._count
        try:
            for _ in range(0 if number in self._dooms else self._serves):
                method = self._hear(conversation, number)
                if not method:
                    return
                conversation.send(OK[:-2] if method == "HEAD" else OK)
            if self._hear(conversation, number):
                conversation.send(self._greets)
                self._end(conversation)
        finally:
            conversation.close()

    def _hear(self, conversation: Conversation, number: int) -> str:
        head = conversation.receive_head()
        method = head.partition(b" ")[0].decode()
        body = b""
        if b"chunked" in head:
            while not body.endswith(b"0\r\n\r\n"):
                byte = conversation.receive_exactly(1)
                if not byte:
                    return ""
                body += byte
        elif b"Content-Length: " in head:
            size = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
            body = conversation.receive_exactly(size)
        if method:
            self.heard.append((number, method, body))
        return method


@contextmanager
def fickle(*arguments: Any, **named: Any) -> Iterator[Fickle]:
    script = Fickle(*arguments, **named)
    with raw_server(script) as server:
        script.url = server.url
        if script._context is not None:
            script.url = server.url.replace("http://127.0.0.1", "https://localhost")
        script.sockets = server._sockets
        yield script


# -- What is sent again ---------------------------------------------------------------------


@pytest.mark.parametrize("parser", ["httptools", "h11"])
@pytest.mark.parametrize("end", [close, close_politely, cut])
@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
async def test_idempotent_requests_are_sent_again_and_nobody_notices(
    mode: Mode, is_tls: bool, end: Any, parser: str, authority: Any
) -> None:
    protocols = [{"name": "http11", "options": {"parser": parser}}]
    with fickle(end, authority if is_tls else None) as server:
        async with mode.client(verify=authority.ca_file, protocols=protocols) as client:
            for method in ["GET", *IDEMPOTENT]:
                response = await client.request(method, server.url)
                assert response.status_code == 200
            assert client.connections().open == 1

    expected = [(1, "GET", b"")]
    for number, method in enumerate(IDEMPOTENT, 1):
        expected += [(number, method, b""), (number + 1, method, b"")]
    assert server.heard == expected


@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("kind", ["bytes", "large", "list", "file"])
async def test_bodies_that_can_be_read_again_are_sent_from_their_start(
    mode: Mode, kind: str, is_tls: bool, authority: Any
) -> None:
    def content() -> Any:
        if kind == "list":
            return pieces_for(mode, b"one ", b"two")
        if kind == "file":
            file = io.BytesIO(b"not this; one two")
            file.seek(10)
            return file if not mode.is_async else file.read()
        return b"one two" * (20_000 if kind == "large" else 1)

    with fickle(close, authority if is_tls else None) as server:
        async with mode.client(verify=authority.ca_file) as client:
            await client.get(server.url)
            assert (await client.put(server.url, content=content())).status_code == 200

    bodies = [body for _, method, body in server.heard if method == "PUT"]
    whole = b"one two" * (20_000 if kind == "large" else 1)
    if kind == "list":
        whole = b"4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"
    assert bodies == [whole, whole]


class Pieces:
    """A body that can be read any number of times."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)


class AsyncPieces:
    """The same for AsyncClient."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    async def __aiter__(self) -> Any:
        for piece in self.pieces:
            yield piece


def pieces_for(mode: Mode, *pieces: bytes) -> Any:
    return (AsyncPieces if mode.is_async else Pieces)(list(pieces))


class Deaf(NetworkStream):
    """A stream that never notices, before it is used, that the server has gone: as it is where the
    server's packet is on its way."""

    def __init__(self, stream: NetworkStream) -> None:
        self.inner = stream

    def has_input(self) -> bool:
        return False

    async def receive(self, timeout: float | None) -> bytes:
        return await self.inner.receive(timeout)

    def write(self, data: Any) -> bool:
        return self.inner.write(data)

    async def writable(self, timeout: float | None) -> None:
        await self.inner.writable(timeout)

    def close(self) -> None:
        self.inner.close()


class DeafConnector(Connector):
    name = "deaf"

    def __init__(self) -> None:
        self.streams: list[Deaf] = []

    async def connect(self, origin: Any, network: Any, deadline: Any) -> NetworkStream:
        stream = Deaf(await network.connect_tcp(origin.host, origin.port, deadline))
        self.streams.append(stream)
        return stream


@pytest.mark.parametrize("kind", ["none", "bytes", "large", "pieces"])
async def test_a_request_of_which_nothing_was_sent_is_sent_again_whatever_it_does(
    mode: Mode, kind: str
) -> None:
    connector = DeafConnector()
    cut_now = threading.Event()
    seen: list[bytes] = []

    def script(conversation: Conversation) -> None:
        seen.append(conversation.receive_head())
        if len(seen) == 1:
            conversation.send(OK)
            assert cut_now.wait(20)
            cut(conversation)
            return
        conversation.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        conversation.receive_to_end()

    content: Any = {"none": b"", "bytes": b"x", "large": b"x" * 100_000}.get(kind)
    if kind == "pieces":
        content = pieces_for(mode, b"x", b"y")
    with raw_server(script) as server:
        async with mode.client(proxy=connector) as client:
            await client.get(server.url)
            cut_now.set()
            await until(mode, connector.streams[0].inner.has_input)
            for _ in range(5):
                await breathe(mode)
            assert (await client.post(server.url, content=content)).status_code == 200

    assert [head[:4] for head in seen] == [b"GET ", b"POST"]


async def test_where_nothing_was_sent_a_generator_is_lost_all_the_same(mode: Mode) -> None:
    connector = DeafConnector()
    cut_now = threading.Event()

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(OK)
        assert cut_now.wait(20)
        cut(conversation)

    with raw_server(script) as server:
        async with mode.client(proxy=connector) as client:
            await client.get(server.url)
            cut_now.set()
            await until(mode, connector.streams[0].inner.has_input)
            for _ in range(5):
                await breathe(mode)
            with pytest.raises(NotProcessed) as caught:
                await client.post(server.url, content=mode.body([b"a", b"b"]))

    assert str(caught.value) == (
        "The server had closed the connection before anything was sent. It cannot be sent again: "
        "its body was read in part."
    )


async def test_other_idle_connections_of_the_route_are_not_trusted_any_more(mode: Mode) -> None:
    arrived = threading.Barrier(3, timeout=20)
    lock = threading.Lock()
    heard: list[int] = []

    def script(conversation: Conversation) -> None:
        with lock:
            heard.append(0)
            number = len(heard) - 1
        while conversation.receive_head():
            with lock:
                heard[number] += 1
            if number < 3:
                if heard[number] == 2:
                    return
                arrived.wait()
            conversation.send(OK)

    with raw_server(script) as server:
        async with mode.client() as client:
            await mode.together(*[lambda: client.get(server.url)] * 3)
            assert client.connections().idle == 3
            assert (await client.get(server.url)).status_code == 200
            assert client.connections().open == 1

    assert sorted(heard) == [1, 1, 1, 2]


# -- What is not ----------------------------------------------------------------------------


@pytest.mark.parametrize("end", [close, close_politely, cut])
@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "LOCK"])
async def test_a_request_that_may_do_harm_twice_fails_and_says_why(
    mode: Mode, method: str, is_tls: bool, end: Any, authority: Any
) -> None:
    with fickle(end, authority if is_tls else None) as server:
        async with mode.client(verify=authority.ca_file) as client:
            await client.get(server.url)
            with pytest.raises((hookline.RemoteProtocolError, hookline.ReadError)) as caught:
                await client.request(method, server.url, content=b"pay")
            assert client.connections().open == 0
            assert (await client.get(server.url)).status_code == 200

    assert str(caught.value).endswith(
        f" The connection was kept from an earlier request. {method} is not sent again on its own: "
        "the server may have acted on it. Send it again where that does no harm."
    )
    assert caught.value.is_unanswered
    assert caught.value.request.method == method
    assert [method for _, method, _ in server.heard] == ["GET", method, "GET"]


async def test_a_generator_that_has_begun_is_not_sent_again(mode: Mode) -> None:
    with fickle() as server:
        async with mode.client() as client:
            await client.get(server.url)
            with pytest.raises(hookline.RemoteProtocolError) as caught:
                await client.put(server.url, content=mode.body([b"a", b"b"]))

    assert str(caught.value) == (
        "Server disconnected without sending a response. The connection was kept from an earlier "
        "request. The request cannot be sent again: its body was read in part. Give bytes."
    )
    assert len(server.heard) == 2


def test_a_pipe_that_does_not_go_back_is_not_sent_again() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"once")
    os.close(writing)
    with fickle() as server, hookline.Client() as client, open(reading, "rb") as pipe:
        client.get(server.url)
        with pytest.raises(hookline.RemoteProtocolError) as caught:
            client.put(server.url, content=pipe)

    assert str(caught.value).endswith(
        "The request cannot be sent again: its body does not go back to its start."
    )
    assert len(server.heard) == 2


@pytest.mark.parametrize("end", [close, cut])
async def test_nothing_is_sent_again_over_a_fresh_connection(mode: Mode, end: Any) -> None:
    with fickle(end, dooms=(1,)) as server:
        async with mode.client() as client:
            with pytest.raises((hookline.RemoteProtocolError, hookline.ReadError)) as caught:
                await client.get(server.url)

    assert not caught.value.is_unanswered
    assert "kept" not in str(caught.value)
    assert server.heard == [(1, "GET", b"")]


@pytest.mark.parametrize(
    "greeting",
    [
        b"H",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 200 OK\r\nContent-Length: nothing\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",
        b"garbage\r\n\r\n",
    ],
)
@pytest.mark.parametrize("parser", ["httptools", "h11"])
@pytest.mark.parametrize("end", [close, cut])
async def test_nothing_is_sent_again_after_a_byte_of_the_response(
    mode: Mode, end: Any, parser: str, greeting: bytes
) -> None:
    protocols = [{"name": "http11", "options": {"parser": parser}}]
    read = threading.Event()

    def end_later(conversation: Conversation) -> None:
        # A reset would overtake what was said.
        if end is cut:
            conversation.socket.settimeout(20)
            read.wait(0.05)
        end(conversation)

    with fickle(end_later, greets=greeting) as server:
        async with mode.client(protocols=protocols) as client:
            await client.get(server.url)
            with pytest.raises((hookline.RemoteProtocolError, hookline.ReadError)) as caught:
                await client.get(server.url)

    assert not caught.value.is_unanswered
    assert server.heard == [(1, "GET", b"")] * 2


async def test_a_timeout_is_no_reason_to_send_again(mode: Mode) -> None:
    def wait(conversation: Conversation) -> None:
        conversation.receive_to_end()

    with fickle(wait) as server:
        async with mode.client() as client:
            await client.get(server.url)
            with pytest.raises(hookline.ReadTimeout):
                await client.get(server.url, timeout=hookline.Timeout(5, read=0.05))

    assert len(server.heard) == 2


class Silent(Protocol):
    """Says of every exchange that a kept connection broke."""

    name = "silent"
    alpn = "silent"
    exchanges = 0
    _is_closed = False

    async def exchange(self, request: Any, body: Any, timeout: Any) -> hookline.Response:
        type(self).exchanges += 1
        error = hookline.ReadError(f"It broke, number {self.exchanges}.")
        error.is_unanswered = True
        raise error

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def is_reusable(self) -> bool:
        return not self._is_closed

    def close(self) -> None:
        self._is_closed = True
        self.stream.close()


async def test_a_request_is_sent_twice_at_most(mode: Mode, server: str) -> None:
    Silent.exchanges = 0
    async with mode.client(protocols=[Silent]) as client:
        with pytest.raises(hookline.ReadError) as caught:
            await client.get(server)
        assert client.connections().open == 0

    assert Silent.exchanges == 2
    assert str(caught.value) == (
        "It broke, number 2. The connection was kept from an earlier request. So did the one "
        "before it: the request was sent twice."
    )


async def test_what_becomes_of_the_second_attempt_is_raised_with_a_note(mode: Mode) -> None:
    with fickle(dooms=(2,)) as server:
        async with mode.client() as client:
            await client.get(server.url)
            with pytest.raises(hookline.RemoteProtocolError) as caught:
                await client.get(server.url)

    assert str(caught.value) == "Server disconnected without sending a response."
    assert caught.value.__notes__ == [
        "The request was sent before, over a kept connection that broke without an answer."
    ]
    assert [number for number, _, _ in server.heard] == [1, 1, 2]


async def test_closing_the_client_sends_nothing_again(mode: Mode) -> None:
    def wait(conversation: Conversation) -> None:
        conversation.receive_to_end()

    with fickle(wait) as server:
        client = mode.client()
        await client.get(server.url)

        async def close_client() -> None:
            await until(mode, lambda: len(server.heard) == 2)
            await client.aclose()

        failure, _ = await mode.together(lambda: client.get(server.url), close_client)
        assert isinstance(failure, (hookline.ReadError, RuntimeError)), failure

    assert len(server.heard) == 2


async def test_a_failure_of_the_body_is_the_bodys(mode: Mode) -> None:
    def elsewhere() -> Exception:
        error = hookline.ReadError("elsewhere")
        error.request = hookline.Request("GET", "http://elsewhere")
        return error

    class Torn:
        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            raise elsewhere()

    class AsyncTorn:
        async def __aiter__(self) -> Any:
            yield b"a"
            raise elsewhere()

    content = AsyncTorn() if mode.is_async else Torn()
    with fickle(serves=2) as server:
        async with mode.client() as client:
            await client.get(server.url)
            with pytest.raises(hookline.ReadError, match=r"^elsewhere$") as caught:
                await client.put(server.url, content=content)

    assert not caught.value.is_unanswered
    assert caught.value.request.url.host == "elsewhere"


# -- Who sees it ----------------------------------------------------------------------------


async def test_a_trace_shows_both_attempts(mode: Mode) -> None:
    events: list[str] = []

    def callback(name: str, info: dict[str, Any]) -> None:
        events.append(name)

    with fickle() as server:
        async with mode.client() as client:
            await client.get(server.url)
            extensions = {"trace": mode.function(callback)}
            await client.get(server.url, extensions=extensions)

    names = [event.removeprefix("http11.") for event in events]
    start, end = "receive_response_headers.started", "receive_response_headers.failed"
    assert names.count("send_request_headers.complete") == 2
    assert names.index(start) < names.index(end) < names.index("connection.connect_tcp.started")
    assert names.index("connection.connect_tcp.complete") < len(names) - 1 - names[::-1].index(
        "send_request_headers.started"
    )
    assert names[-1] == "response_closed.complete"


async def test_observers_and_middleware_see_one_request(mode: Mode) -> None:
    events: list[str] = []

    class Watching(EventHook):
        name = "watching"

        def request_started(self, request: Any) -> None:
            events.append("request")

        def connection_opened(self, connection: Any) -> None:
            events.append("opened")

        def connection_closed(self, connection: Any) -> None:
            events.append("closed")

        def response_started(self, response: Any) -> None:
            events.append("response")

        def request_failed(self, request: Any, error: BaseException) -> None:
            events.append("failed")

    class Counting(Middleware):
        name = "counting"
        stage = "hop"

        async def handle(self, request: Any, send: Any) -> Any:
            events.append("hop")
            return await send(request)

    with fickle() as server:
        settings = {"event_hooks": [Watching()], "middleware": [Counting()]}
        async with mode.client(**settings) as client:
            await client.get(server.url)
            events.clear()
            await client.get(server.url)
            assert sorted(events[:2]) == ["hop", "request"]
            assert events[2:] == ["closed", "opened", "response"]


async def test_progress_of_an_upload_starts_over(mode: Mode) -> None:
    told: list[int] = []

    def progress(sent: int, total: int | None) -> None:
        told.append(sent)

    with fickle() as server:
        async with mode.client() as client:
            await client.get(server.url)
            extensions = {"upload_progress": mode.function(progress)}
            await client.put(server.url, content=b"four", extensions=extensions)

    assert told == [0, 4, 0, 4]


def test_a_request_that_goes_well_loads_nothing_for_it() -> None:
    from support.fresh import check

    check(
        """
        import sys, threading, socket, hookline
        sys.path.insert(0, "tests")
        listener = socket.create_server(("127.0.0.1", 0))
        def serve():
            sock, _ = listener.accept()
            for _ in range(2):
                sock.recv(65536)
                sock.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
            sock.recv(1)
            sock.close()
        thread = threading.Thread(target=serve)
        thread.start()
        with hookline.Client() as client:
            for _ in range(2):
                client.get("http://127.0.0.1:%d/" % listener.getsockname()[1])
        thread.join()
        listener.close()
        assert "hookline._replay" not in sys.modules
        """
    )


def test_the_protocol_judges_a_write_that_fails_by_what_was_written_before() -> None:
    """The first of a kept connection has sent nothing; any other may have."""
    from hookline._drive import drive
    from support.fake_stream import FakeStream

    def fail(attempt: int, exchanges: int, size: int) -> Exception:
        stream = FakeStream(
            *[OK] * exchanges, write_errors={attempt: hookline.WriteError("Broken pipe.")}
        )
        protocol = HTTP11(stream)
        protocol.on_release = lambda: None
        for _ in range(exchanges):
            drive(protocol.exchange(hookline.Request("GET", "http://a"), b"", {}))
        request = hookline.Request("POST", "http://a", content=b"x" * size)
        with pytest.raises(hookline.TransportError) as caught:
            drive(protocol.exchange(request, request.content, {}))
        return caught.value

    assert isinstance(fail(1, 1, 10), NotProcessed)
    assert isinstance(fail(1, 1, 100_000), NotProcessed)
    for error in (fail(2, 1, 100_000), fail(0, 0, 10), fail(1, 0, 100_000)):
        assert type(error) is hookline.WriteError
    assert fail(2, 1, 100_000).is_unanswered  # type: ignore[attr-defined]
    assert not fail(1, 0, 100_000).is_unanswered  # type: ignore[attr-defined]
