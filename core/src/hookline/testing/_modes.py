"""The three ways in which hookline runs, and how a test runs something in each of them.

Knows how to start asyncio and trio, and how to stop what runs there. trio is only touched where a
test runs in it. Knows nothing of plugins.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import hookline

from .._drive import drive


class Interruption(KeyboardInterrupt):
    """What stops a synchronous call in the middle, as Ctrl-C would."""


def available_modes() -> tuple[str, ...]:
    """The names of the modes that can run here: "sync", "asyncio", and "trio" where there is
    trio."""
    from importlib.util import find_spec

    return ("sync", "asyncio", "trio") if find_spec("trio") else ("sync", "asyncio")


class Mode:
    """One of the ways in which hookline runs: `Mode("sync")`, `Mode("asyncio")`, `Mode("trio")`.

    A test is written once, as a coroutine function in AsyncClient's shape, and `run` runs it: under
    "sync" with the real synchronous client, and without an event loop. `name` is the mode's name,
    `is_async` whether there is an event loop. Raises ValueError for another name.
    """

    def __init__(self, name: str) -> None:
        if name not in ("sync", "asyncio", "trio"):
            raise ValueError(f"mode: expected 'sync', 'asyncio' or 'trio', not {name!r}.")
        self.name = name
        self.is_async: bool = name != "sync"
        # What a rule looks at when it is over: see `World`.
        self._worlds: list[Any] = []

    def __repr__(self) -> str:
        return self.name

    def run(self, function: Callable[..., Coroutine[Any, Any, Any]], **arguments: Any) -> Any:
        """Run a coroutine function to its end, and return its result. What it raises is raised."""
        if self.name == "sync":
            return drive(function(**arguments))
        if self.name == "asyncio":
            import asyncio

            return asyncio.run(function(**arguments))
        import trio

        return trio.run(lambda: function(**arguments))

    # -- What runs in it --------------------------------------------------------------------

    def client(self, **settings: Any) -> Any:
        """A client of this mode, in AsyncClient's shape: `await client.get(url)` in all three.

        `settings` are the arguments of `Client`.
        """
        return self._shaped(self._client_class(**settings))

    def client_from_config(
        self, source: Mapping[str, Any] | str, *, name: str | None = None, **settings: Any
    ) -> Any:
        """The same from a configuration. The arguments are those of `Client.from_config`."""
        return self._shaped(self._client_class.from_config(source, name=name, **settings))

    @property
    def _client_class(self) -> Any:
        return hookline.AsyncClient if self.is_async else hookline.Client

    def _shaped(self, client: Any) -> Any:
        return client if self.is_async else AsAsync(client)

    def transport(self, **settings: Any) -> Any:
        """The default transport of this mode: a pool. `settings` are its arguments."""
        if self.is_async:
            return hookline.AsyncHTTPTransport(**settings)
        return hookline.HTTPTransport(**settings)

    def body(self, pieces: Iterable[Any]) -> Any:
        """A generator of the kind that this mode's client sends: it can be read once."""
        return _async_pieces(pieces) if self.is_async else (piece for piece in pieces)

    def function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of the kind that this mode's client calls back: a coroutine function where
        there is an event loop. It does the same."""
        if not self.is_async:
            return function

        async def asynchronous(*arguments: Any) -> Any:
            return function(*arguments)

        return asynchronous

    async def breathe(self) -> None:
        """Let somebody else run. Under "sync", other threads."""
        if self.name == "asyncio":
            import asyncio

            await asyncio.sleep(0)
        elif self.name == "trio":
            import trio

            await trio.lowlevel.checkpoint()
        else:
            threading.Event().wait(0.001)

    async def together(self, *calls: Callable[[], Awaitable[Any]]) -> list[Any]:
        """Run several calls at once, in threads or in tasks; return their results in order.

        A call that raises gives its exception as its result.
        """
        results: list[Any] = [None] * len(calls)

        async def run(index: int) -> None:
            try:
                results[index] = await calls[index]()
            except Exception as exc:
                results[index] = exc

        if self.name == "sync":
            threads = [
                threading.Thread(target=lambda index=index: drive(run(index)))
                for index in range(len(calls))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        elif self.name == "asyncio":
            import asyncio

            await asyncio.gather(*(run(index) for index in range(len(calls))))
        else:
            import trio

            async with trio.open_nursery() as nursery:
                for index in range(len(calls)):
                    nursery.start_soon(run, index)
        return results

    # -- Stopping it ------------------------------------------------------------------------

    async def interruptible(
        self, call: Callable[[Callable[[], Awaitable[None]]], Awaitable[Any]]
    ) -> tuple[bool, Any]:
        """Run `call(interrupt)`; whether it was interrupted, and otherwise its result.

        `await interrupt()`, anywhere within, stops it as this mode does: a cancellation under
        asyncio and trio, a KeyboardInterrupt under "sync". A call that swallows that comes to a
        result.
        """
        if self.name == "sync":
            try:
                return False, await call(_raise_interruption)
            except Interruption:
                return True, None
        if self.name == "asyncio":
            return await self._cancellable_in_asyncio(call)
        import trio

        result: Any = None
        with trio.CancelScope() as scope:

            async def cancel() -> None:
                scope.cancel()
                await trio.lowlevel.checkpoint()

            result = await call(cancel)
        return scope.cancelled_caught, result

    async def _cancellable_in_asyncio(
        self, call: Callable[..., Awaitable[Any]]
    ) -> tuple[bool, Any]:
        import asyncio

        async def run() -> Any:
            async def cancel() -> None:
                task.cancel()
                await asyncio.sleep(0)

            return await call(cancel)

        task = asyncio.ensure_future(run())
        try:
            return False, await task
        except asyncio.CancelledError:
            return True, None


async def _raise_interruption() -> None:
    raise Interruption()


class AsAsync:
    """A synchronous client or response in the shape of its asynchronous twin.

    `await client.get(url)` calls `Client.get`, `await response.aread()` calls `Response.read`, and
    so on. Nothing is done again: what runs is the real synchronous client.
    """

    _RENAMED = {"aread": "read", "aclose": "close"}
    _VERBS = frozenset(
        {"request", "send", "get", "options", "head", "post", "put", "patch", "query", "delete"}
    )

    def __init__(self, wrapped: Any) -> None:
        self.__dict__["wrapped"] = wrapped

    def __getattr__(self, name: str) -> Any:
        if name.startswith("aiter_"):
            return lambda *a, **k: _as_async(getattr(self.wrapped, name[1:])(*a, **k))
        is_verb = name in self._VERBS and isinstance(self.wrapped, hookline.Client)
        if is_verb or name in self._RENAMED:
            method = getattr(self.wrapped, self._RENAMED.get(name, name))

            async def call(*arguments: Any, **named: Any) -> Any:
                result = method(*arguments, **named)
                return AsAsync(result) if isinstance(result, hookline.Response) else result

            return call
        return getattr(self.wrapped, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.wrapped, name, value)

    @asynccontextmanager
    async def stream(self, *arguments: Any, **named: Any) -> AsyncIterator[Any]:
        """`Client.stream`, for `async with`. The arguments are the same."""
        with self.wrapped.stream(*arguments, **named) as response:
            yield AsAsync(response)

    async def __aenter__(self) -> AsAsync:
        self.wrapped.__enter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.wrapped.__exit__(*exc_info)

    def __repr__(self) -> str:
        return f"AsAsync({self.wrapped!r})"


async def _as_async(iterable: Iterable[Any]) -> AsyncIterator[Any]:
    for item in iterable:
        yield item


async def _async_pieces(pieces: Iterable[Any]) -> AsyncIterator[Any]:
    for piece in pieces:
        yield piece
