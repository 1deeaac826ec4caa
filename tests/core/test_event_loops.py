"""One AsyncClient and several event loops: one after the other, of two kinds, at the same time.

Whatever was made in one loop stays there. So these tests hang, or fail deep inside asyncio, where
anything crosses over: each runs against a limit of its own.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import trio

import hookline
from support.raw import LIMIT, Conversation, RawServer, answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
STALLS = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf"

Main = Callable[[], Awaitable[Any]]


@pytest.fixture(autouse=True)
def what_loops_leave_behind() -> Iterator[None]:
    """asyncio remarks on connections that a loop left open when it was closed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


def run(kind: str, main: Main) -> Any:
    """Run a coroutine function in a new event loop."""

    async def limited() -> Any:
        if kind == "asyncio":
            return await asyncio.wait_for(main(), LIMIT)
        with trio.fail_after(LIMIT):
            return await main()

    return asyncio.run(limited()) if kind == "asyncio" else trio.run(limited)


def run_together(*mains: tuple[str, Main]) -> list[Any]:
    """Run several, each in an event loop and a thread of its own, at the same time."""
    results: list[Any] = [None] * len(mains)

    def target(index: int) -> None:
        try:
            results[index] = run(*mains[index])
        except BaseException as exc:
            results[index] = exc

    threads = [threading.Thread(target=target, args=(index,)) for index in range(len(mains))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * LIMIT)
        assert not thread.is_alive()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def many(conversation: Conversation) -> None:
    """Answer whatever comes."""
    while conversation.receive_head():
        conversation.send(OK)


# -- One after the other --------------------------------------------------------------------


PAIRS = [(a, b) for a in ("asyncio", "trio") for b in ("asyncio", "trio")]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_client_goes_on_in_another_loop_with_connections_of_its_own(
    first: str, second: str
) -> None:
    ended = threading.Event()

    def script(conversation: Conversation) -> None:
        many(conversation)
        ended.set()

    with raw_server(script) as server:
        client = hookline.AsyncClient()

        async def twice() -> list[int]:
            return [(await client.get(server.url)).status_code for _ in range(2)]

        async def last() -> list[int]:
            statuses = await twice()
            # What the first loop left open was closed when the second came.
            assert ended.wait(LIMIT)
            await client.aclose()
            return statuses

        assert run(first, twice) == [200, 200]
        assert run(second, last) == [200, 200]
        assert server.connections == 2
    assert client.connections() == hookline.PoolSnapshot()


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_so_it_does_with_tls_and_http2(
    first: str, second: str, version: str, h2_server: str, authority: Any
) -> None:
    client = hookline.AsyncClient(verify=authority.ca_file, http2=version == "HTTP/2")

    async def some() -> set[str]:
        return {(await client.get(f"{h2_server}/bytes/5")).http_version for _ in range(2)}

    async def last() -> set[str]:
        versions = await some()
        await client.aclose()
        return versions

    assert run(first, some) == {version}
    assert run(second, some) == {version}
    assert run(first, last) == {version}


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_loops_that_have_ended_are_forgotten(kind: str) -> None:
    with raw_server(many) as server:
        client = hookline.AsyncClient()

        async def get() -> None:
            await client.get(server.url)

        for _ in range(5):
            run(kind, get)
        transport: Any = client._transport

        assert len(transport._loops._by_loop) == 1
        assert client.connections().open == 1
        run(kind, client.aclose)


@pytest.mark.parametrize("closed", ["response", "client"])
def test_what_is_closed_after_its_loop_is_closed_for_good(closed: str) -> None:
    """asyncio would remark on it: these are the client's to close, and it does."""
    with raw_server(answering(STALLS)) as server, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client = hookline.AsyncClient()

        async def begin() -> hookline.Response:
            return await client.send(client.build_request("GET", server.url), stream=True)

        response = run("asyncio", begin)
        if closed == "response":
            run("asyncio", response.aclose)
        run("asyncio", client.aclose)
        del response
        gc.collect()

    assert [each for each in caught if "unclosed transport" in str(each.message)] == []


def test_those_who_still_waited_in_a_loop_that_was_closed_are_gone_with_it() -> None:
    """Neither cancelled nor woken: `asyncio.run` would have cancelled them."""
    with raw_server(answering(STALLS)) as server:
        client = hookline.AsyncClient(limits=hookline.Limits(max_connections=1))
        loop = asyncio.new_event_loop()

        async def occupy_and_wait() -> None:
            request = client.build_request("GET", server.url)
            kept.append(await client.send(request, stream=True))
            tasks.extend(loop.create_task(client.get(server.url)) for _ in range(3))
            while client.connections().waiting < 3:
                await asyncio.sleep(0)

        kept: list[hookline.Response] = []
        tasks: list[asyncio.Task[Any]] = []
        loop.run_until_complete(occupy_and_wait())
        loop.close()

        async def another() -> int:
            response = await client.send(client.build_request("GET", server.url), stream=True)
            await response.aclose()
            return response.status_code

        assert run("asyncio", another) == 200
        assert client.connections().waiting == 0
        run("asyncio", client.aclose)
        # Nobody can finish them: asyncio says so, to its own logger.
        for task in tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("http2", [False, True])
def test_a_response_is_read_where_its_request_was_made(
    http2: bool, h2_server: str, authority: Any
) -> None:
    client = hookline.AsyncClient(verify=authority.ca_file, http2=http2)
    loop = asyncio.new_event_loop()

    async def begin() -> hookline.Response:
        return await client.send(client.build_request("GET", f"{h2_server}/stalls"), stream=True)

    response = loop.run_until_complete(asyncio.wait_for(begin(), LIMIT))

    async def read() -> None:
        with pytest.raises(hookline.ReadError) as caught:
            await response.aread()
        assert str(caught.value) == (
            "The connection belongs to another event loop. Read a streaming response where its "
            "request was made."
        )
        assert caught.value.request.url.path == "/stalls"
        await client.aclose()

    run("asyncio", read)
    loop.close()


# -- At the same time -----------------------------------------------------------------------


KINDS = [("asyncio", "asyncio"), ("trio", "trio"), ("asyncio", "trio")]


async def gather(kind: str, *calls: Main) -> None:
    if kind == "asyncio":
        await asyncio.gather(*(call() for call in calls))
    else:
        async with trio.open_nursery() as nursery:
            for call in calls:
                nursery.start_soon(call)


@pytest.mark.parametrize("kinds", KINDS)
def test_two_threads_with_a_loop_each_share_a_client(kinds: tuple[str, str]) -> None:
    """Few connections and many requests: connections change hands, and who waits is woken."""
    limits = hookline.Limits(max_connections=2)
    with raw_server(many) as server:
        client = hookline.AsyncClient(limits=limits)
        together = threading.Barrier(2)

        def main(kind: str) -> tuple[str, Main]:
            statuses: list[int] = []

            async def get() -> None:
                statuses.extend([(await client.get(server.url)).status_code for _ in range(5)])

            async def all_of_them() -> list[int]:
                together.wait(LIMIT)
                await gather(kind, *[get] * 10)
                # Limits hold for each loop.
                assert len(client.connections()) <= 4
                return statuses

            return kind, all_of_them

        results = run_together(*(main(kind) for kind in kinds))

        assert results == [[200] * 50] * 2
        assert server.connections <= 4
        run("asyncio", client.aclose)


@pytest.mark.parametrize("kinds", KINDS)
def test_two_loops_share_a_client_that_speaks_http2(
    kinds: tuple[str, str], h2_server: str, authority: Any
) -> None:
    client = hookline.AsyncClient(verify=authority.ca_file, http2=True)
    together = threading.Barrier(2)

    def main(kind: str) -> tuple[str, Main]:
        versions: list[str] = []

        async def get() -> None:
            url = f"{h2_server}/bytes/5"
            versions.extend([(await client.get(url)).http_version for _ in range(3)])

        async def all_of_them() -> list[str]:
            together.wait(LIMIT)
            await gather(kind, *[get] * 5)
            return versions

        return kind, all_of_them

    assert run_together(*(main(kind) for kind in kinds)) == [["HTTP/2"] * 15] * 2
    run("asyncio", client.aclose)


@pytest.mark.parametrize("kinds", [*KINDS, ("trio", "asyncio")])
def test_closing_a_client_closes_the_connections_of_other_loops_where_they_are(
    kinds: tuple[str, str],
) -> None:
    """The other loop waits for data on one connection, for another, and has an idle one."""
    server: RawServer

    def script(conversation: Conversation) -> None:
        head = conversation.receive_head()
        conversation.send(OK if b"/idle" in head else STALLS)
        conversation.receive_to_end()

    with raw_server(script) as server:
        client = hookline.AsyncClient(limits=hookline.Limits(max_connections=2))
        is_waiting = threading.Event()
        errors: list[Exception] = []

        async def fail(call: Main) -> None:
            try:
                await call()
            except Exception as exc:
                errors.append(exc)

        async def stall() -> None:
            async with client.stream("GET", server.url) as response:
                await response.aread()

        async def wait_in_line() -> None:
            await client.get(server.url)

        async def look() -> None:
            while (seen := client.connections()).active < 2 or seen.waiting < 1:
                await (asyncio.sleep(0) if kinds[0] == "asyncio" else trio.lowlevel.checkpoint())
            is_waiting.set()

        async def busy() -> None:
            await client.get(f"{server.url}idle")
            calls = [lambda: fail(stall), lambda: fail(stall), lambda: fail(wait_in_line), look]
            await gather(kinds[0], *calls)

        async def close() -> None:
            assert is_waiting.wait(LIMIT)
            await client.aclose()

        run_together((kinds[0], busy), (kinds[1], close))

        assert len(errors) == 3
        assert {type(error) for error in errors} == {hookline.ReadError, RuntimeError}
        assert client.connections().open == 0

        async def after() -> None:
            with pytest.raises(RuntimeError, match="the client has been closed"):
                await client.get(server.url)

        run("asyncio", after)


# -- Where nothing fits ---------------------------------------------------------------------


def test_where_no_loop_runs_the_error_says_so() -> None:
    client = hookline.AsyncClient()
    coroutine = client.get("http://localhost/")

    with pytest.raises(RuntimeError, match="neither asyncio nor trio is running"):
        coroutine.send(None)


def test_where_another_loop_than_the_one_asked_for_runs_the_error_says_so() -> None:
    client = hookline.AsyncClient(backend="asyncio")

    async def get() -> None:
        with pytest.raises(RuntimeError) as caught:
            await client.get("http://localhost/")
        assert str(caught.value) == (
            "hookline.AsyncClient(backend='asyncio') was used where asyncio is not running."
        )

    run("trio", get)


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_the_backend_anyio_runs_on_either(kind: str) -> None:
    with raw_server(many) as server:
        client = hookline.AsyncClient(backend="anyio")

        async def get() -> int:
            return (await client.get(server.url)).status_code

        assert [run(kind, get), run(kind, get)] == [200, 200]
        run(kind, client.aclose)


def test_a_closed_transport_stays_closed_in_every_loop() -> None:
    transport = hookline.AsyncHTTPTransport()
    request = hookline.Request("GET", "http://localhost/")

    async def close() -> None:
        await transport.aclose()

    async def send() -> None:
        with pytest.raises(RuntimeError, match="The connection pool is closed"):
            await transport.handle_async_request(request)

    run("asyncio", close)
    run("asyncio", send)
    run("trio", send)
