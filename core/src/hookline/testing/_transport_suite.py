"""The rules of transports."""

from __future__ import annotations

import gc
import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import hookline

from .._drive import drive
from ..plugins import PluginManager, Transport
from ._modes import Mode
from ._rules import ContractBroken, require, require_translated, rule, skip
from ._suite import Suite

TIMEOUT = {"connect": 10.0, "read": 10.0, "write": 10.0, "pool": 10.0}


class TransportSuite(Suite):
    """The contract of `hookline.plugins.Transport`:

        class TestDirectory(hookline.testing.TransportSuite):
            options = {"root": "site"}
            url = "https://site.test/page.html"

            def make(self):
                return Directory("site")

    - `url`: something that it answers. Where a server has to run for that, override `serving`.
    - `failing_url`: something that it cannot answer, for want of a server; "" for nothing.
    """

    slot: ClassVar[str] = "transports"
    url: str = "http://example.test/"
    failing_url: str = ""

    @contextmanager
    def serving(self) -> Iterator[str]:
        """A context in which the transport answers the URL that it yields. `scripted_server` may
        run meanwhile."""
        yield self.url

    def request(self, url: str, method: str = "GET", **settings: Any) -> hookline.Request:
        """The request that is sent. `settings` are arguments of `hookline.Request`."""
        settings.setdefault("extensions", {"timeout": dict(TIMEOUT)})
        return hookline.Request(method, url, **settings)

    async def use_by_name(self, mode: Mode, plugins: PluginManager) -> None:
        """A request through a client whose configuration names the transport, and as a mount."""
        with self.serving() as url:
            pattern = f"all://{hookline.URL(url).host}"
            for config in ({"transport": self.table()}, {"mounts": {pattern: self.table()}}):
                async with mode.client_from_config(
                    config, plugins=plugins, trust_env=False
                ) as client:
                    response = await client.get(url)
                    require(
                        isinstance(response.status_code, int), "The response has no status code."
                    )

    async def _send(
        self, mode: Mode, transport: Transport, request: hookline.Request
    ) -> hookline.Response:
        """As a client does."""
        if mode.is_async:
            response = await transport.handle_async_request(request)
        else:
            response = transport.handle_request(request)
        require(
            isinstance(response, hookline.Response),
            f"It returned {response!r}. Return a hookline.Response.",
        )
        return response

    async def _read(self, mode: Mode, response: hookline.Response) -> bytes:
        return await response._read(is_async=mode.is_async)

    async def _close(self, mode: Mode, transport: Transport) -> None:
        if mode.is_async:
            await transport.aclose()
        else:
            transport.close()

    # -- Requests ---------------------------------------------------------------------------

    @rule
    async def test_answers_a_request(self, mode: Mode) -> None:
        """A request gets a response, whose body can be read, in every mode: `handle` is written
        once. Under Client it must not suspend: await what hookline gave you, and nothing that
        belongs to one event loop."""
        with self.serving() as url:
            transport = self.make()
            for method in ("GET", "HEAD"):
                response = await self._send(mode, transport, self.request(url, method))
                await self._read(mode, response)
            await self._close(mode, transport)

    @rule
    async def test_needs_no_timeouts(self, mode: Mode) -> None:
        """A request may come without `extensions["timeout"]`: then there is no limit. Ask with
        `request.extensions.get("timeout", {})`."""
        with self.serving() as url:
            transport = self.make()
            try:
                response = await self._send(mode, transport, self.request(url, extensions={}))
            except (KeyError, AttributeError, TypeError) as exc:
                raise ContractBroken(
                    f"Without timeouts, it raised {type(exc).__name__}: {exc}."
                ) from exc
            await self._read(mode, response)
            await self._close(mode, transport)

    @rule
    async def test_takes_bodies_of_all_kinds(self, mode: Mode) -> None:
        """A request's body is bytes, or a generator of the client's mode. To read it in both, pull
        it by `hookline.plugins.BodyReader(stream, is_async=isinstance(stream,
        hookline.AsyncByteStream))`, where `stream` is `request.stream`; or leave it unread."""
        with self.serving() as url:
            for content in (b"body", mode.body([b"bo", b"dy"])):
                transport = self.make()
                request = self.request(url, "POST", content=content)
                try:
                    response = await self._send(mode, transport, request)
                    await self._read(mode, response)
                except hookline.HTTPError:
                    pass
                except RuntimeError as exc:
                    if mode.is_async:
                        raise
                    raise ContractBroken(
                        f"Under Client, with a body of {type(content).__name__}: {exc}"
                    ) from exc
                await self._close(mode, transport)

    @rule
    async def test_leaves_the_body_to_the_client(self, mode: Mode) -> None:
        """A response comes with its body unread: bytes as `content`, or a stream that reads on. A
        stream is iterated over in the client's way, which a `hookline.Body` does in both."""
        with self.serving() as url:
            transport = self.make()
            response = await self._send(mode, transport, self.request(url))
            stream = response.stream
            wanted = hookline.AsyncByteStream if mode.is_async else hookline.SyncByteStream
            require(
                isinstance(stream, wanted),
                f"The response's stream is {type(stream).__name__}, which is no "
                f"{wanted.__name__}. Use hookline.Body or hookline.ByteStream: they are both.",
            )
            require(
                not response.is_stream_consumed or isinstance(stream, hookline.ByteStream),
                "The body was taken from the stream already.",
            )
            await self._read(mode, response)
            await self._close(mode, transport)

    @rule
    async def test_body_can_be_given_up(self, mode: Mode) -> None:
        """A response may be closed unread, and more than once, and the next request works. What it
        held is free then."""
        with self.serving() as url:
            transport = self.make()
            for _ in range(3):
                response = await self._send(mode, transport, self.request(url))
                for _ in range(2):
                    await response._abandon(is_async=mode.is_async)
            response = await self._send(mode, transport, self.request(url))
            await self._read(mode, response)
            await self._close(mode, transport)

    @rule
    async def test_serves_several_at_once(self, mode: Mode) -> None:
        """One instance serves many requests at once, from tasks and from threads. What it keeps
        must bear that."""
        with self.serving() as url:
            transport = self.make()

            async def call() -> bytes:
                response = await self._send(mode, transport, self.request(url))
                await mode.breathe()
                return await self._read(mode, response)

            results = await mode.together(*[call] * 4)
            for result in results:
                if isinstance(result, Exception):
                    raise result
            await self._close(mode, transport)

    # -- Failures ---------------------------------------------------------------------------

    @rule
    async def test_failures_are_transport_errors(self, mode: Mode) -> None:
        """What cannot be answered raises a TransportError, with what went wrong as its cause.
        Programs catch those: set `failing_url` in the suite to something that fails."""
        if not self.failing_url:
            skip("there is no `failing_url` in the suite")
        transport = self.make()
        where = f"For {self.failing_url}"
        try:
            response = await self._send(mode, transport, self.request(self.failing_url))
            await self._read(mode, response)
        except ContractBroken:
            raise
        except Exception as exc:
            require_translated(exc, None, where)
            require(
                isinstance(exc, hookline.TransportError),
                f"{where}, it raised {type(exc).__name__}. Raise a TransportError.",
                exc,
            )
            self._require_discreet(str(exc), "The message of a failure")
        else:
            raise ContractBroken(f"{where}, it returned {response!r}. It was to fail.")
        await self._close(mode, transport)

    @rule
    async def test_cancellation_leaves_nothing_behind(self, mode: Mode) -> None:
        """Cancelled after any turn of the event loop, a request ends with that, nothing is left
        open, and the next request works. Close what you hold in `finally`."""
        if not mode.is_async:
            skip("nobody cancels a synchronous call")
        # What others have left behind is not to be taken for ours.
        gc.collect()
        with self.serving() as url, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ResourceWarning)
            transport = self.make()
            for turns in range(12):

                async def call() -> None:
                    response = await self._send(mode, transport, self.request(url))
                    await self._read(mode, response)

                await _cancelled_after(mode, turns, call)
            response = await self._send(mode, transport, self.request(url))
            await self._read(mode, response)
            await self._close(mode, transport)
            gc.collect()
        leaks = [str(each.message) for each in caught if each.category is ResourceWarning]
        require(not leaks, f"Something was left open: {leaks and leaks[0]}")

    # -- The end ----------------------------------------------------------------------------

    @rule
    async def test_closing_is_plain(self, mode: Mode) -> None:
        """`aclose` may be called before any request, after some, and twice; under Client it runs
        without suspending. It releases what is held, and never raises."""
        with self.serving() as url:
            for requests in (0, 1):
                transport = self.make()
                for _ in range(requests):
                    response = await self._send(mode, transport, self.request(url))
                    await self._read(mode, response)
                for _ in range(2):
                    try:
                        await self._close(mode, transport)
                    except Exception as exc:
                        raise ContractBroken(
                            f"Closing it raised {type(exc).__name__}: {exc}."
                        ) from exc

    @rule
    async def test_implements_handle_alone(self, mode: Mode) -> None:
        """A transport implements `handle` and, to release something, `aclose`. What overrides
        `handle_request` or `handle_async_request` for itself has two ways that may differ: override
        both then."""
        subject = self.subject
        overridden = [
            name
            for name in ("handle_request", "handle_async_request")
            if getattr(subject, name) is not getattr(Transport, name)
        ]
        require(
            len(overridden) != 1,
            f"It overrides {', '.join(overridden)} alone. Implement `handle` instead.",
        )
        if not overridden:
            require(
                subject.handle is not Transport.handle
                and inspect.iscoroutinefunction(subject.handle),
                "It has no `async def handle(self, request)`.",
            )
        if subject.aclose is not Transport.aclose and subject.close is Transport.close:
            # Under Client, it is driven: it must not need a loop.
            drive(self.make().aclose())


async def _cancelled_after(mode: Mode, turns: int, call: Any) -> None:
    """Run a call beside a loop that turns so many times and then cancels it."""
    if mode.name == "asyncio":
        import asyncio

        task = asyncio.ensure_future(call())
        for _ in range(turns):
            await asyncio.sleep(0)
        is_late = task.done()
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return
        require(is_late, f"Cancelled after {turns} turns, the call came to a result all the same.")
        return
    import trio

    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:

            async def run() -> None:
                await call()
                nursery.cancel_scope.cancel()

            nursery.start_soon(run)
            for _ in range(turns):
                await trio.lowlevel.checkpoint()
            scope.cancel()
