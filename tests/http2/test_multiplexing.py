"""Many exchanges over one connection, at once."""

from __future__ import annotations

import gc
import random
import threading
from typing import Any

import pytest

import hookline
from hookline._drive import drive
from support.http2 import DATA, END_STREAM, MAX_STREAMS, Peer, answering, http2_server, raw_frame
from support.modes import Mode


def together(count: int) -> Any:
    """A script that answers so many requests when all of them are there, in reverse order."""

    def script(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 250})
        for asked in reversed(peer.requests(count)):
            peer.respond(asked.id, asked.path.encode())
        peer.receive_to_end()

    return script


async def test_requests_share_a_connection_and_are_answered_in_any_order(
    mode: Mode, connect: Any
) -> None:
    with http2_server(together(20)) as server:
        async with connect() as client:
            calls = [lambda n=n: client.get(f"{server.url}{n}") for n in range(20)]
            results = await mode.together(*calls)

        assert [result.text for result in results] == [f"/{n}" for n in range(20)]
        assert server.connections == 1


async def test_a_hundred_at_once_share_a_connection_over_tls(
    mode: Mode, h2_server: str, authority: Any
) -> None:
    async with mode.client(http2=True, verify=authority.ca_file, timeout=30) as client:
        calls = [lambda: client.get(h2_server + "/barrier/100")] * 100
        results = await mode.together(*calls)

        # The barrier answers when all of them have come, with the port that each came from.
        assert len({result.text for result in results}) == 1
        assert [result.status_code for result in results] == [200] * 100
        assert {result.http_version for result in results} == {"HTTP/2"}


async def test_bodies_that_arrive_in_turns_stay_apart(mode: Mode, connect: Any) -> None:
    def script(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 100})
        asked = peer.requests(8)
        peer.send(*(peer.head(one.id) for one in asked))
        order = [one for one in asked for _ in range(50)]
        random.Random(1).shuffle(order)
        for one in order:
            peer.data(one.id, one.path.encode())
        peer.send(*(raw_frame(DATA, END_STREAM, one.id) for one in asked))
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            calls = [lambda n=n: client.get(f"{server.url}{n}") for n in range(8)]
            results = await mode.together(*calls)

    assert [result.text for result in results] == [f"/{n}" * 50 for n in range(8)]


async def test_uploads_and_downloads_run_side_by_side(mode: Mode, connect: Any) -> None:
    with http2_server(answering) as server:
        async with connect() as client:
            body = bytes(100_000)
            uploads = [
                lambda n=n: client.post(f"{server.url}{n}", content=body[n:]) for n in range(5)
            ]
            streamed = [
                lambda n=n: client.post(f"{server.url}{n}", content=mode.body([body[n:]] * 3))
                for n in range(5)
            ]
            downloads = [lambda n=n: client.get(f"{server.url}{n}") for n in range(5)]
            results = await mode.together(*uploads, *streamed, *downloads)

        assert [result.text for result in results] == [
            *(f"/{n} {100_000 - n}" for n in range(5)),
            *(f"/{n} {3 * (100_000 - n)}" for n in range(5)),
            *(f"/{n}" for n in range(5)),
        ]
        assert server.connections == 1


async def test_a_hundred_real_downloads_at_once_are_whole(
    mode: Mode, h2_server: str, authority: Any
) -> None:
    async with mode.client(http2=True, verify=authority.ca_file, timeout=60) as client:
        sizes = [n * 997 for n in range(100)]
        calls = [lambda size=size: client.get(f"{h2_server}/bytes/{size}") for size in sizes]
        results = await mode.together(*calls)

    assert [len(result.content) for result in results] == sizes


@pytest.mark.parametrize("secure", [False, True], ids=["h2c", "tls"])
def test_eight_threads_share_a_client_and_its_connection(
    secure: bool, engine: str, h2_server: str, h2c_server: str, authority: Any
) -> None:
    base = h2_server if secure else h2c_server
    protocols = [{"name": "http2", "options": {"engine": engine}}]
    failures: list[object] = []
    ports: set[int] = set()

    with hookline.Client(protocols=protocols, verify=authority.ca_file, timeout=30) as client:

        def work(number: int) -> None:
            try:
                for index in range(40):
                    body = bytes([number]) * (index * 500)
                    seen = client.post(f"{base}/echo/{number}/{index}", content=body).json()
                    ports.add(seen["client_port"])
                    if (seen["path"], seen["body"].encode("latin-1")) != (
                        f"/echo/{number}/{index}",
                        body,
                    ):
                        failures.append(seen)
            except BaseException as exc:
                failures.append(exc)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert failures == []
    assert len(ports) == 1


async def test_connection_says_what_it_does(mode: Mode, connect: Any) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.start({MAX_STREAMS: 7})
        (asked,) = peer.requests(1)
        peer.send(peer.head(asked.id))
        assert go_on.wait(10)
        peer.data(asked.id, b"x", ends=True)
        peer.receive_to_end()

    with http2_server(script) as server:
        async with connect() as client:
            async with client.stream("GET", server.url) as response:
                (connection,) = client._transport._pool._connections
                busy = repr(connection.protocol)
                go_on.set()
                await response.aread()
            idle = repr(connection.protocol)
        closed = repr(connection.protocol)

    assert busy == "<HTTP/2, ACTIVE, 1 of 7 streams, Request Count: 1>"
    assert idle == "<HTTP/2, IDLE, Request Count: 1>"
    assert closed == "<HTTP/2, CLOSED, Request Count: 1>"


def test_input_is_looked_for_by_one_at_a_time(engine: str) -> None:
    """Two threads that poll one socket at the same time are an error of Python's: who looks has the
    role of the reader, or keeps it from others by the lock."""
    with http2_server(answering) as server:
        protocols = [{"name": "http2", "options": {"engine": engine}}]
        with hookline.Client(protocols=protocols) as client:
            assert client.get(server.url).text == "/"
            (connection,) = client._transport._pool._connections
            protocol = connection.protocol
            stream = protocol.stream
            looks = []

            class Watched:
                def __getattr__(self, name: str) -> Any:
                    if name in ("has_input", "receive"):
                        looks.append(protocol._is_reading or protocol._lock.locked())
                    return getattr(stream, name)

            protocol.stream = Watched()
            client.post(server.url, content=(bytes(1000) for _ in range(20)))

    assert len(looks) > 20
    assert all(looks)


# asyncio's own: the transport of a loop that has ended cannot be closed any more, its socket can.
@pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning")
@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_a_client_may_outlive_its_event_loop(name: str, h2c_server: str) -> None:
    mode = Mode(name)
    client = mode.client(http1=False, http2=True)

    async def get() -> str:
        return str((await client.get(h2c_server + "/")).text)  # noqa: F821

    assert [mode.run(get) for _ in range(3)] == ["Hello, world!"] * 3
    mode.run(client.aclose)
    del client, get
    gc.collect()


def test_one_request_does_not_suspend_under_the_synchronous_client(h2c_server: str) -> None:
    """The rule of `_drive.py`, for a connection that has everything to itself."""
    transport = hookline.HTTPTransport(http1=False, http2=True)
    request = hookline.Request("GET", h2c_server + "/bytes/1000000")
    response = drive(transport._pool.handle(request))
    assert len(response.read()) == 1_000_000
    transport.close()
