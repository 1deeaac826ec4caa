"""The middleware: the settings of a cache, checked. `_engine.py` does the work."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from hookline import Request, Response
from hookline.plugins import Middleware, Send

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
        self._options = {
            "allow_stale": bool(allow_stale),
            "shared": bool(shared),
            "supported_methods": [method.upper() for method in methods],
        }
        self._lock = threading.Lock()
        self._engine: Engine | None = None

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
                    self._path, self._ttl, self._max_size, self._max_entry_size, options
                )
            return self._engine

    def __getstate__(self) -> dict[str, Any]:
        # What is kept in memory stays here; a file is opened anew.
        return {**vars(self), "_lock": None, "_engine": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())
