"""One test, three modes: the shared tests are written once, in `AsyncClient`'s shape.

In synchronous mode a thin facade gives `Client` that shape: `await client.get(url)` calls
`Client.get`, `response.aread()` calls `Response.read()`, and so on. Nothing is re-implemented, so
that what runs is the real synchronous client.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

import trio

import hookline
from hookline._drive import drive

NAMES = ("sync", "asyncio", "trio")


class Mode:
    """How a shared test runs, and what it builds its clients and bodies with."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_async = name != "sync"

    def __repr__(self) -> str:
        return self.name

    def run(self, function: Callable[..., Coroutine[Any, Any, Any]], **arguments: Any) -> Any:
        """Run a coroutine function to its end."""
        if self.name == "sync":
            return drive(function(**arguments))
        if self.name == "asyncio":
            return asyncio.run(function(**arguments))
        return trio.run(lambda: function(**arguments))

    def client(self, **settings: Any) -> Any:
        """A client of this mode, in AsyncClient's shape."""
        if self.is_async:
            return hookline.AsyncClient(**settings)
        return AsAsync(hookline.Client(**settings))

    def transport(self, **settings: Any) -> Any:
        """The default transport of this mode."""
        if self.is_async:
            return hookline.AsyncHTTPTransport(**settings)
        return hookline.HTTPTransport(**settings)

    def body(self, pieces: Iterable[Any]) -> Any:
        """A generator of the kind that this mode's client sends."""
        if self.is_async:
            return _async_pieces(pieces)
        return (piece for piece in pieces)

    def function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of the kind that this mode's client calls back."""
        if not self.is_async:
            return function

        async def asynchronous(*arguments: Any) -> Any:
            return function(*arguments)

        return asynchronous

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
            await asyncio.gather(*(run(index) for index in range(len(calls))))
        else:
            async with trio.open_nursery() as nursery:
                for index in range(len(calls)):
                    nursery.start_soon(run, index)
        return results


class AsAsync:
    """A synchronous client or response in the shape of its asynchronous twin."""

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


async def breathe(mode: Mode) -> None:
    """Let somebody else run."""
    if mode.name == "asyncio":
        await asyncio.sleep(0)
    elif mode.name == "trio":
        await trio.lowlevel.checkpoint()
    else:
        threading.Event().wait(0.001)
