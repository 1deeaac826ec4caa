"""How the synchronous client runs asynchronous code: the whole story on one page.

Everything in hookline that waits is written once, as `async def`, over a small backend. The
asynchronous client awaits it. The synchronous client calls `drive()`, which runs the same coroutine
to its end in one go: the synchronous backend's methods are `async def` too, but they block where
an event loop would switch, and so never suspend. A coroutine that never suspends ends at the first
`send(None)`, and its result arrives inside the StopIteration. No event loop is made, no thread is
started, and nothing has to be generated twice.

So `await` in the shared code reads as "this may wait", and in synchronous mode the waiting is a
plain blocking call somewhere below.

A coroutine that does suspend under `drive()` awaits something that only an event loop can finish:
an asyncio or trio primitive in a plugin, mostly. It gets the error thrown into it, so that the
traceback ends on the offender's own `await` line and its `finally` blocks run.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, and return its result.

    Raises whatever the coroutine raises, and RuntimeError where it suspends.
    """
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    return _refuse(coroutine)


def _refuse(coroutine: Coroutine[Any, Any, T]) -> T:
    error = RuntimeError(
        "This await suspended, but it runs under a synchronous hookline.Client, where there is no "
        "event loop to resume it. Use hookline.AsyncClient, or await only what hookline's own "
        "streams and backend offer (they block in synchronous mode)."
    )
    try:
        coroutine.throw(error)
    except StopIteration as stop:
        # The offender swallowed the error and came to a result without waiting.
        return stop.value  # type: ignore[no-any-return]
    finally:
        # A coroutine that suspends again while it cleans up is closed for good.
        coroutine.close()
    raise error
