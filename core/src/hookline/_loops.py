"""One pool for each event loop that an asynchronous transport is used in.

Knows which loop is running here, and which pool is its. Connections, and those who wait for one,
belong to a loop: nothing of one is ever touched from another. So a client may outlive its loop, may
meet asyncio and trio in turn, and may be shared by threads that each run a loop of their own.
`Limits` hold for each of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from ._backends import how_to_look, is_elsewhere, is_over, running_backend

if TYPE_CHECKING:
    from ._models import Request, Response
    from ._pool import ConnectionPool

Send = Callable[["Request"], Coroutine[Any, Any, "Response"]]


class Here:
    """A loop, how to see that it is the one that is running, and what sends requests in it."""

    __slots__ = ("look", "loop", "pool", "send")

    def __init__(
        self, loop: object, look: Callable[[], object], pool: ConnectionPool, send: Send
    ) -> None:
        self.loop = loop
        self.look = look
        self.pool = pool
        self.send = send


class LoopPools:
    """The pools of one transport.

    `make` makes another pool, and `sender` what sends requests through it. `backend` is the name of
    the backend, or None to look what is running.
    """

    def __init__(
        self,
        make: Callable[[], ConnectionPool],
        sender: Callable[[ConnectionPool], Send],
        backend: str | None,
    ) -> None:
        self._make = make
        self._sender = sender
        self._backend = backend
        self._lock = threading.Lock()
        self._by_loop: dict[object, Here] = {}
        self._is_closed = False
        # The first loop finds a pool that is there already.
        self.newest = make()
        self._is_taken = False
        self.here = self._nowhere()
        from ._fork import after_fork

        after_fork(self, LoopPools._after_fork)

    def move(self) -> Here:
        """What belongs to the loop that is running here. Raises RuntimeError where none is."""
        name = self._backend or running_backend()
        look = how_to_look(name)
        loop = look()
        if loop is None:
            raise RuntimeError(
                f"hookline.AsyncClient(backend={name!r}) was used where {name} is not running."
            )
        over: list[Here] = []
        with self._lock:
            here = self._by_loop.get(loop)
            if here is None:
                over = self._pop_over()
                if self._is_taken and not self._is_closed:
                    self.newest = self._make()
                self._is_taken = True
                here = Here(loop, look, self.newest, self._sender(self.newest))
                self._by_loop[loop] = here
            self.here = here
        for each in over:
            each.pool.close()
        return here

    def pools(self) -> list[ConnectionPool]:
        """Those of all loops."""
        with self._lock:
            pools = [here.pool for here in self._by_loop.values()]
        return pools or [self.newest]

    def close(self) -> None:
        """Close them all, each where its loop runs."""
        with self._lock:
            self._is_closed = True
            known = list(self._by_loop.values())
        # One that no loop has taken yet.
        self.newest.refuse()
        for here in known:
            backend = here.pool._backend
            if backend is not None and is_elsewhere(here.loop):
                here.pool.refuse()
                try:
                    backend.call_soon(here.pool.close)
                except RuntimeError:
                    # The loop has ended in the same moment.
                    here.pool.close()
            else:
                here.pool.close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._is_closed

    def _pop_over(self) -> list[Here]:
        """Those whose loop has ended: nobody will ever come back to them."""
        return [self._by_loop.pop(loop) for loop in list(self._by_loop) if is_over(loop)]

    def _nowhere(self) -> Here:
        return Here(object(), object, self.newest, self.newest.handle)

    def _after_fork(self) -> None:
        # The loops are the parent's. The pools have let go of its connections themselves.
        self._lock = threading.Lock()
        self._by_loop = {}
        self._is_taken = False
        self.here = self._nowhere()
