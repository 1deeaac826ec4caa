"""Extensions of requests and responses: `trace`, `sni_hostname`, `target`, `network_stream`; and
the line that is logged for each request."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import hookline
from support.compare import MODES, Outcome, differs, exchange, neutral, same
from support.raw import Conversation, raw_server
from support.recorder import OK, Recorder

UPGRADE = {"Connection": "Upgrade", "Upgrade": "echo"}


# -- trace --------------------------------------------------------------------------------------


def traced(library: Any, mode: str, **step: Any) -> Any:
    """The names of the events and of what came with them."""
    events: list[Any] = []

    def note(name: str, info: dict[str, Any]) -> None:
        events.append(name)

    async def note_async(name: str, info: dict[str, Any]) -> None:
        events.append(name)

    step["extensions"] = {"trace": note if mode == "sync" else note_async}
    results = exchange(library, mode, {}, step, {**step, "method": "GET", "content": None})
    return [events, [item[0] if isinstance(item, tuple) else "ok" for item in results[:-1]]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"
        + b"x" * 200_000,
    ],
    ids=["plain", "empty", "chunked", "large"],
)
def test_events_of_a_trace_are_the_same(answer: bytes, mode: str, recorder: Recorder) -> None:
    def call(library: Any) -> Any:
        with recorder.script(answer, answer):
            return traced(library, mode, method="POST", url=recorder.url, content=b"abc")

    same(call)


@pytest.mark.parametrize("mode", MODES)
def test_failures_are_traced_alike(mode: str, recorder: Recorder) -> None:
    def refused(library: Any) -> Any:
        # Bound, and not listening.
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{bound.getsockname()[1]}"
            return traced(library, mode, url=url)

    def no_answer(library: Any) -> Any:
        with recorder.script():
            return traced(library, mode, url=recorder.url)

    same(refused)
    assert same(no_answer).value[1] == ["RemoteProtocolError"] * 2


@pytest.mark.parametrize("mode", MODES)
def test_what_comes_with_the_events_is_the_same(mode: str, recorder: Recorder) -> None:
    def call(library: Any) -> Any:
        seen: dict[str, Any] = {}

        def note(name: str, info: dict[str, Any]) -> None:
            seen[name] = info

        async def note_async(name: str, info: dict[str, Any]) -> None:
            seen[name] = info

        step = {
            "url": recorder.url, "extensions": {"trace": note if mode == "sync" else note_async}
        }  # fmt: skip
        with recorder.script(OK):
            exchange(library, mode, {}, step)
        connecting = seen["connection.connect_tcp.started"]
        stream = seen["connection.connect_tcp.complete"]["return_value"]
        return [
            connecting["host"], connecting["port"], hasattr(stream, "get_extra_info"),
            seen["http11.receive_response_headers.complete"],
            type(seen["http11.send_request_headers.started"]["request"]).__name__,
        ]  # fmt: skip

    same(call)


def left_behind(theirs: Outcome, ours: Outcome) -> bool:
    """httpx warns of the coroutine that it leaves; hookline closes it."""
    told = [name for name, _ in theirs.warnings]
    return told == ["RuntimeWarning"] and theirs[:2] == ours[:2] and not ours.warnings


@pytest.mark.parametrize("mode", MODES)
def test_callback_of_the_other_mode_is_refused_alike(mode: str, recorder: Recorder) -> None:
    def call(library: Any) -> Any:
        async def note_async(name: str, info: dict[str, Any]) -> None:
            raise AssertionError

        def note(name: str, info: dict[str, Any]) -> None:
            pass

        trace = note_async if mode == "sync" else note
        with recorder.script(OK):
            step = {"url": recorder.url, "extensions": {"trace": trace}}
            return exchange(library, mode, {}, step)[0]

    same(call, except_for={"coroutines-closed": left_behind})


# -- network_stream -------------------------------------------------------------------------------


def echoing(conversation: Conversation) -> None:
    """Switches protocols, with some of the new one in the same piece, and echoes in capitals."""
    if not conversation.receive_head():
        return
    conversation.send(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nahead"
    )
    while data := conversation.socket.recv(1000):
        conversation.send(data.upper())


@pytest.mark.parametrize("mode", MODES)
def test_stream_after_an_upgrade_is_used_alike(mode: str) -> None:
    def call(library: Any) -> Any:
        with raw_server(echoing) as server:
            if mode == "sync":
                with library.Client(verify=False) as client:
                    with client.stream("GET", server.url, headers=UPGRADE) as response:
                        stream = response.extensions["network_stream"]
                        read = [stream.read(3), stream.read(100, timeout=5)]
                        stream.write(b"hello", timeout=5)
                        stream.write(b"")
                        read.append(stream.read(100))
                        address = stream.get_extra_info("server_addr")
                        facts = [address[1] == server.address[1], stream.get_extra_info("nothing")]
                        state = [response.status_code, response.is_closed, response.http_version]
                    return [read, facts, state, response.is_closed]

            async def main() -> Any:
                async with library.AsyncClient(verify=False) as client:
                    async with client.stream("GET", server.url, headers=UPGRADE) as response:
                        stream = response.extensions["network_stream"]
                        read = [await stream.read(3), await stream.read(100, timeout=5)]
                        await stream.write(b"hello", timeout=5)
                        await stream.write(b"")
                        read.append(await stream.read(100))
                        address = stream.get_extra_info("server_addr")
                        facts = [address[1] == server.address[1], stream.get_extra_info("nothing")]
                        state = [response.status_code, response.is_closed, response.http_version]
                    return [read, facts, state, response.is_closed]

            return asyncio.run(main())

    same(call)


@pytest.mark.parametrize("mode", MODES)
def test_upgrade_that_nobody_uses_is_an_empty_response_alike(mode: str) -> None:
    def call(library: Any) -> Any:
        with raw_server(echoing) as server:
            step = {"url": server.url, "headers": UPGRADE}
            result = exchange(library, mode, {}, step)[0]
        return [result["status_code"], result["content"], result["is_closed"]]

    same(call)


@pytest.mark.parametrize("mode", MODES)
def test_stream_ends_and_fails_alike(mode: str) -> None:
    def ending(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
        )

    def call(library: Any) -> Any:
        with raw_server(ending) as server:
            with library.Client(verify=False) as client:
                with client.stream("GET", server.url, headers=UPGRADE) as response:
                    stream = response.extensions["network_stream"]
                    return [stream.read(10), stream.read(10), stream.close()]

    same(call)


@pytest.mark.parametrize("mode", MODES)
def test_tunnels_made_by_hand_are_used_alike(mode: str) -> None:
    def tunnel(conversation: Conversation) -> None:
        head = conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 Established\r\n\r\n" + head.split(b"\r\n")[0])

    def call(library: Any) -> Any:
        with raw_server(tunnel) as server:
            extensions = {"target": b"example.org:443"}
            with library.Client(verify=False) as client:
                with client.stream("CONNECT", server.url, extensions=extensions) as response:
                    return response.extensions["network_stream"].read(100)

    same(call)


def test_tls_is_started_on_a_stream_alike(authority: Any) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(authority.server_cert, authority.server_key)
    client_side = ssl.create_default_context(cafile=authority.ca_file)

    def tunnel(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 Established\r\n\r\n")
        with server_side.wrap_socket(conversation.socket, server_side=True) as secure:
            secure.sendall(secure.recv(100).upper())
            secure.recv(1)

    def call(library: Any) -> Any:
        with raw_server(tunnel) as server:
            extensions = {"target": b"localhost:443"}
            with library.Client(verify=False) as client:
                with client.stream("CONNECT", server.url, extensions=extensions) as response:
                    stream = response.extensions["network_stream"]
                    secure = stream.start_tls(client_side, "localhost", 5)
                    secure.write(b"hello")
                    facts = secure.get_extra_info("ssl_object") is not None
                    read = secure.read(100)
                    secure.close()
                    return [read, facts]

    same(call)


# -- sni_hostname -----------------------------------------------------------------------------------  # noqa: E501


@contextmanager
def tls_server(authority: Any) -> Iterator[tuple[str, list[str | None]]]:
    """A server over TLS that keeps the names that it was asked for, one for each connection."""
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_cert, authority.server_key)
    context.sni_callback = lambda _, name, __: asked.append(name)

    def serve(conversation: Conversation) -> None:
        try:
            with context.wrap_socket(conversation.socket, server_side=True) as secure:
                while b"\r\n\r\n" in secure.recv(65536):
                    secure.sendall(OK)
        except ssl.SSLError:
            pass

    with raw_server(serve) as server:
        yield f"https://127.0.0.1:{server.address[1]}/", asked


@pytest.mark.parametrize("mode", MODES)
def test_name_in_the_handshake_can_be_given_alike(mode: str, authority: Any) -> None:
    def call(library: Any) -> Any:
        with tls_server(authority) as (url, asked):
            context = ssl.create_default_context(cafile=authority.ca_file)
            steps = [
                {"url": url, "extensions": {"sni_hostname": name}}
                for name in ("localhost", "other")
            ]
            results = [exchange(library, mode, {"verify": context}, step)[0] for step in steps]
        return [asked, [item[0] if isinstance(item, tuple) else "ok" for item in results]]

    differs(
        "certificate-errors",
        call,
        theirs=[["localhost", "other"], ["ok", "ConnectError"]],
        ours=[["localhost", "other"], ["ok", "CertificateError"]],
    )


def test_connections_with_one_name_are_not_used_for_another(authority: Any) -> None:
    def call(library: Any) -> Any:
        with tls_server(authority) as (url, asked):
            context = ssl.create_default_context(cafile=authority.ca_file)
            with library.Client(verify=context) as client:
                for name in ("localhost", "localhost", None):
                    extensions = {} if name is None else {"sni_hostname": name}
                    client.get(url, extensions=extensions)
        return asked

    differs("sni-connections", call, theirs=["localhost"], ours=["localhost", None])


def test_name_that_is_no_text_is_refused(authority: Any) -> None:
    with tls_server(authority) as (url, _), hookline.Client(verify=False) as client:
        with pytest.raises(TypeError, match="sni_hostname"):
            client.get(url, extensions={"sni_hostname": b"localhost"})


# -- The rest -----------------------------------------------------------------------------------------  # noqa: E501


@pytest.mark.parametrize("mode", MODES)
def test_extensions_of_a_response_are_the_same(mode: str, recorder: Recorder) -> None:
    old = b"HTTP/1.0 200 Fine\r\nContent-Length: 0\r\n\r\n"

    def call(library: Any) -> Any:
        names: list[Any] = []

        def look(response: Any) -> None:
            names.append(sorted(response.extensions))

        async def look_async(response: Any) -> None:
            look(response)

        hooks = {"response": [look if mode == "sync" else look_async]}
        with recorder.script(OK, old):
            results = exchange(
                library, mode, {"event_hooks": hooks}, {"url": recorder.url}, {"url": recorder.url}
            )
        return [names, [result["extensions"] for result in results[:-1]]]

    same(call)


class Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append([record.levelname, neutral(record.name), record.getMessage()])


def logged(library: Any, mode: str, url: str, level: int = logging.INFO) -> Any:
    """What the library's logger was given, by a client that answers by itself."""
    records = Records()
    logger = logging.getLogger(library.__name__)
    before = logger.level
    logger.addHandler(records)
    logger.setLevel(level)

    def handler(request: Any) -> Any:
        if request.url.path == "/redirect":
            return library.Response(302, headers={"Location": "/next"})
        return library.Response(
            404, extensions={"http_version": b"HTTP/2", "reason_phrase": b"Not There"}
        )

    try:
        transport = library.MockTransport(handler)
        exchange(library, mode, {"transport": transport, "follow_redirects": True}, {"url": url})
    finally:
        logger.removeHandler(records)
        logger.setLevel(before)
    return records.lines


@pytest.mark.parametrize("mode", MODES)
def test_requests_are_logged_alike(mode: str) -> None:
    for path in ("", "/redirect", "/é?a=b#c"):
        for level in (logging.INFO, logging.WARNING):
            same(
                lambda library, path=path, level=level: logged(
                    library, mode, f"http://example.org{path}", level
                )
            )


def test_password_is_not_logged() -> None:
    differs(
        "secrets-in-messages",
        lambda library: logged(library, "sync", "http://user:secret@example.org/")[0][2],
        theirs='HTTP Request: GET http://user:secret@example.org/ "HTTP/2 404 Not There"',
        ours='HTTP Request: GET http://user:[secret]@example.org/ "HTTP/2 404 Not There"'.replace(
            "[secret]", "[secure]"
        ),
    )


def test_tracing_leaves_other_threads_alone(recorder: Recorder) -> None:
    # A trace is one request's: what others do at the same time is not in it.
    events: dict[str, list[str]] = {"a": [], "b": []}
    with recorder.script(OK, OK), hookline.Client() as client:

        def run(name: str) -> None:
            client.get(
                recorder.url,
                extensions={"trace": lambda event, _: events[name].append(event)},
            )

        threads = [threading.Thread(target=run, args=(name,)) for name in events]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    for name in events:
        assert events[name].count("http11.response_closed.complete") == 1
