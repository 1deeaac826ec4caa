"""The middleware: a request's way through hishel's state machine.

hishel decides (RFC 9111) and keeps; it waits for nothing here. What waits is the sending, by
`send`, and the store, which is SQLite's and blocks: for an AsyncClient it is asked in a thread.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import hishel

from hookline import ByteStream, Request, Response
from hookline.plugins import Middleware, Send

from . import _translation as translation
from ._tee import Tee

T = TypeVar("T")


class Cache(Middleware):
    """Keeps responses, and answers with them as long as RFC 9111 allows; asks the server whether
    they still hold where it does not.

    - `path`: a file of SQLite's to keep them in, which processes may share; None, the default, is
      memory.
    - `ttl`: seconds after which an entry is thrown away, however long it would be fresh; None for
      no such limit.
    - `max_size`: bytes that the cache may take, 100 MiB by default; what was used longest ago gives
      way.
    - `max_entry_size`: bytes of the largest body that is kept, 10 MiB by default. It is in memory
      while it is read.
    - `allow_stale`: whether a response that is not fresh any more may be used where the server's
      Cache-Control allows that.
    - `shared`: whether the cache serves several users, as a proxy's does: then responses that are
      `private`, or for a request with Authorization, are not kept. False by default, a browser's
      way. Answers to one user's Authorization are never another's in any case.
    - `methods`: which methods are cached, GET and HEAD by default.

    A body is kept when it was read to its end. `response.extensions["cache"]` says what happened:
    {"from_cache": ..., "revalidated": ..., "stored": ...}; `stored` means that the body will be
    kept once it was read. One request may go past the cache by `extensions={"cache": False}`.

    Raises ValueError and TypeError for options that make no sense.
    """

    name: ClassVar[str] = "cache"
    stage: ClassVar[Literal["call", "hop"]] = "hop"

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        ttl: float | None = None,
        max_size: int = 100 * 1024 * 1024,
        max_entry_size: int = 10 * 1024 * 1024,
        allow_stale: bool = False,
        shared: bool = False,
        methods: Sequence[str] = ("GET", "HEAD"),
    ) -> None:
        if path is not None and not isinstance(path, (str, Path)):
            raise TypeError(f"path: expected a file's path or None, not {path!r}.")
        for option, value in (("max_size", max_size), ("max_entry_size", max_entry_size)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{option}: expected a number of bytes >= 1, not {value!r}.")
        if ttl is not None and (
            isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or not ttl > 0
        ):
            raise ValueError(f"ttl: expected seconds > 0 or None, not {ttl!r}.")
        if isinstance(methods, str):
            raise TypeError(f"methods: expected a list of methods, not {methods!r}.")
        self._path = None if path is None else Path(path)
        self._ttl = ttl
        self._max_size = max_size
        self._max_entry_size = max_entry_size
        self._options: hishel.CacheOptions = {
            "allow_stale": bool(allow_stale),
            "shared": bool(shared),
            "supported_methods": [method.upper() for method in methods],
        }
        self._lock = threading.Lock()
        self._made: hishel.SqliteStorage | None = None

    async def handle(self, request: Request, send: Send) -> Response:
        if request.extensions.get("cache") is False:
            return await send(request)
        run = _in_a_thread if send.is_async else _here
        store = await run(self._store)
        key = translation.key_of(request)
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

    def _store(self) -> hishel.SqliteStorage:
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

    def __getstate__(self) -> dict[str, Any]:
        # What is kept in memory stays here; a file is opened anew.
        return {**vars(self), "_lock": None, "_made": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())


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
