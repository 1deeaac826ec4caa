"""A request's way through hishel's state machine. Loaded by the first client that uses it.

hishel decides (RFC 9111) and keeps; it waits for nothing here. What waits is the sending, by
`send`, and the store, which is SQLite's and blocks: for an AsyncClient it is asked in a thread.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import hishel

from hookline import ByteStream, Request, Response
from hookline.plugins import Send

from . import _translation as translation
from ._tee import Tee

T = TypeVar("T")


class Engine:
    """One cache: its store, and the rules that it keeps to. `Cache` says what the settings mean."""

    def __init__(
        self,
        path: Path | None,
        ttl: float | None,
        max_size: int,
        max_entry_size: int,
        users: Sequence[str],
        options: hishel.CacheOptions,
    ) -> None:
        self._path = path
        self._ttl = ttl
        self._max_size = max_size
        self._max_entry_size = max_entry_size
        self._users = users
        self._options = options
        self._lock = threading.Lock()
        self._made: hishel.SqliteStorage | None = None

    async def handle(self, request: Request, send: Send) -> Response:
        """Answer from the cache, or from what lies within."""
        run = _in_a_thread if send.is_async else _here
        store = await run(self.store)
        key = translation.key_of(request, self._users)
        asked = translation.to_hishel(request)
        state: Any = hishel.IdleClient(options=self._options)
        state = state.next(asked, await run(store.get_entries, key))
        upstream: Response | None = None
        is_revalidated = False
        while True:
            if isinstance(state, (hishel.CacheMiss, hishel.NeedRevalidation)):
                is_revalidated = isinstance(state, hishel.NeedRevalidation)
                if upstream is not None:
                    await send.close(upstream)
                upstream = await send(translation.with_headers(request, state.request.headers))
                state = state.next(translation.response_to_hishel(upstream))
            elif isinstance(state, hishel.NeedToBeUpdated):
                for entry in state.updating_entries:
                    await run(store.update_headers, entry.id, entry.response.headers)
                state = state.next()
            elif isinstance(state, hishel.InvalidateEntries):
                for entry_id in state.entry_ids:
                    await run(store.remove_entry, entry_id)
                state = state.next()
            elif isinstance(state, hishel.FromCache):
                body = await run(_body, state.entry)
                if upstream is not None:
                    # A 304 has no body: this is what gives its connection back.
                    await send.read(upstream)
                response = translation.from_hishel(state.entry.response, body)
                return _told(response, from_cache=True, revalidated=is_revalidated)
            else:
                assert upstream is not None
                is_stored = isinstance(state, hishel.StoreAndUse)
                if is_stored:
                    await self._keep(upstream, store, send, asked, state.response, key)
                return _told(upstream, revalidated=is_revalidated, stored=is_stored)

    async def _keep(
        self,
        upstream: Response,
        store: hishel.SqliteStorage,
        send: Send,
        request: hishel.Request,
        response: hishel.Response,
        key: str,
    ) -> None:
        """Have the response's body stored when it was read."""
        run = _in_a_thread if send.is_async else _here

        async def finish(body: bytes) -> None:
            await run(_create, store, request, response, key, body, self._ttl)

        if upstream.is_closed and isinstance(upstream.stream, ByteStream):
            # Made with its body, by a transport for tests for instance: nobody will pull it.
            body = b"".join(upstream.stream)
            if len(body) <= self._max_entry_size:
                await finish(body)
            return
        upstream.stream = Tee(upstream.stream, self._max_entry_size, finish, is_async=send.is_async)

    def store(self) -> hishel.SqliteStorage:
        with self._lock:
            if self._made is None:
                settings: dict[str, Any] = {"max_size": self._max_size}
                if self._path is None:
                    settings["connection"] = sqlite3.connect(
                        ":memory:", check_same_thread=False, isolation_level=None
                    )
                else:
                    settings["database_path"] = self._path
                self._made = hishel.SqliteStorage(**settings)
            return self._made


def _body(entry: hishel.Entry) -> bytes:
    stream: Any = entry.response.stream
    return b"".join(stream or ())


def _create(
    store: hishel.SqliteStorage,
    request: hishel.Request,
    response: hishel.Response,
    key: str,
    body: bytes,
    ttl: float | None,
) -> None:
    whole = hishel.Response(response.status_code, response.headers, iter([body]))
    # An entry is there once its stream was read.
    _body(store.create_entry(request, whole, key, ttl=ttl))


def _told(
    response: Response, *, from_cache: bool = False, revalidated: bool, stored: bool = False
) -> Response:
    response.extensions["cache"] = {
        "from_cache": from_cache,
        "revalidated": revalidated,
        "stored": stored,
    }
    return response


async def _here(function: Callable[..., T], *arguments: Any) -> T:
    return function(*arguments)


async def _in_a_thread(function: Callable[..., T], *arguments: Any) -> T:
    import anyio.to_thread

    return await anyio.to_thread.run_sync(function, *arguments)
