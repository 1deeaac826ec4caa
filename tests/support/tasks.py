"""Calls that run beside a test, and are cancelled at a moment of its choice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import trio

from .modes import Mode, breathe
from .raw import LIMIT


async def until(mode: Mode, condition: Callable[[], bool]) -> None:
    """Let others run until something is true."""
    limit = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < limit, "what a test waits for does not come"
        await breathe(mode)


async def cancel_once(
    mode: Mode, call: Callable[[], Awaitable[Any]], condition: Callable[[], bool]
) -> bool:
    """Run a call in a task of its own until a condition is true, then cancel it. Whether that came
    in time; what the call raises itself is raised.

    Only for asyncio and trio: nobody cancels a thread.
    """
    if mode.name == "asyncio":
        task = asyncio.ensure_future(call())
        while not condition() and not task.done():
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return True
        return False
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:

            async def run() -> None:
                await call()
                nursery.cancel_scope.cancel()

            nursery.start_soon(run)
            while not condition():
                await trio.lowlevel.checkpoint()
            scope.cancel()
    return scope.cancelled_caught


async def after_turns(mode: Mode, turns: int, call: Callable[[], Awaitable[Any]]) -> bool:
    """`cancel_once`, after so many turns of the event loop."""
    left = turns

    def is_over() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    return await cancel_once(mode, call, is_over)
