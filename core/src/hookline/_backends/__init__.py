"""Where waiting happens: blocking sockets, asyncio, or anyio. The only code that differs by mode.

Each backend is a `Network` for connectors, and gives the pool something to wait on. Backends hold
primitives alone; whatever has state worth thinking about is in the shared code.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import Backend

BACKENDS = ("asyncio", "anyio")


def load_backend(name: str) -> type[Backend]:
    """The backend class of a name: "sync", "asyncio" or "anyio".

    Raises ValueError for any other.
    """
    if name == "sync":
        from .sync import SyncBackend

        return SyncBackend
    if name == "asyncio":
        from .asyncio import AsyncioBackend

        return AsyncioBackend
    if name == "anyio":
        from .anyio import AnyioBackend

        return AnyioBackend
    raise ValueError(f"backend: expected 'asyncio' or 'anyio', not {name!r}.")


def running_loop() -> Any:
    """What is running here: asyncio's loop, or trio's token for its run. None where nothing is."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and (loop := asyncio._get_running_loop()) is not None:
        return loop
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        return trio.lowlevel.current_trio_token()
    return None


def how_to_look(backend: str) -> Callable[[], Any]:
    """The quickest function that does what `running_loop` does, for the backend of that name."""
    if backend == "asyncio":
        import asyncio

        # Of C: it is called with every request.
        return asyncio._get_running_loop
    return running_loop


def is_over(loop: Any) -> bool:
    """Whether a loop has ended for good."""
    if hasattr(loop, "is_closed"):
        return bool(loop.is_closed())
    try:
        loop.run_sync_soon(_nothing)
    except RuntimeError:
        # trio's RunFinishedError.
        return True
    return False


def is_elsewhere(loop: Any) -> bool:
    """Whether a loop is running, but not here: in another thread."""
    if running_loop() is loop:
        return False
    return bool(loop.is_running()) if hasattr(loop, "is_running") else not is_over(loop)


def _nothing() -> None:
    pass


def running_backend() -> str:
    """The name of the backend for what is running here: asyncio itself, or anyio for the rest.

    Raises RuntimeError where nothing is running.
    """
    # A library that was never imported runs nothing: look, but do not import.
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        return "asyncio"
    trio = sys.modules.get("trio")
    if trio is not None:
        in_trio_run: Callable[[], bool] = trio.lowlevel.in_trio_run
        if in_trio_run():
            return "anyio"
    raise RuntimeError(
        "hookline.AsyncClient was used where neither asyncio nor trio is running. "
        "Await it in a coroutine that asyncio.run() or trio.run() started, or use hookline.Client."
    )
