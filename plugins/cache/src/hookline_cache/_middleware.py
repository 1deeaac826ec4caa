"""The middleware: the settings of a cache, checked. `_engine.py` does the work."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from hookline import Request, Response
from hookline.plugins import Middleware, Send, after_fork

if TYPE_CHECKING:
    from ._engine import Engine


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
      way.
    - `methods`: which methods are cached, GET and HEAD by default.
    - `users`: the request headers that tell users apart, Authorization and Cookie by default: what
      was answered to one value is found by requests with the same value alone. Add yours, such as
      X-Api-Key, where a server's answers depend on it and it does not say `Vary`.

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
        users: Sequence[str] = ("Authorization", "Cookie"),
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
        self._options = {
            "allow_stale": bool(allow_stale),
            "shared": bool(shared),
            "supported_methods": [method.upper() for method in methods],
        }
        if isinstance(users, str):
            raise TypeError(f"users: expected a list of header names, not {users!r}.")
        self._users = tuple(name.lower() for name in users)
        self._engine: Engine | None = None
        self._forget()
        after_fork(self, Cache._forget)

    async def handle(self, request: Request, send: Send) -> Response:
        if request.extensions.get("cache") is False:
            return await send(request)
        engine = self._engine
        return await (engine or self._make()).handle(request, send)

    def _make(self) -> Engine:
        from ._engine import Engine

        options: Any = self._options
        with self._lock:
            if self._engine is None:
                self._engine = Engine(
                    self._path,
                    self._ttl,
                    self._max_size,
                    self._max_entry_size,
                    self._users,
                    options,
                )
            return self._engine

    def _forget(self) -> None:
        """Begin anew. A child process must not touch its parent's connection to SQLite, not even to
        close it."""
        self._lock = threading.Lock()
        if self._engine is not None:
            _left_to_the_parent.append(self._engine)
        self._engine = None

    def __getstate__(self) -> dict[str, Any]:
        # What is kept in memory stays here; a file is opened anew.
        return {**vars(self), "_lock": None, "_engine": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._forget()
        after_fork(self, Cache._forget)


_left_to_the_parent: list[Engine] = []
