"""Functions that programs hand over in `extensions`, and how they are called.

Knows that one may be a coroutine function, and that a synchronous client cannot wait for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any


def checked_callback(name: str, callback: Any) -> Callable[..., Any]:
    """The callback of an extension. Raises TypeError for what cannot be called."""
    if not callable(callback):
        raise TypeError(
            f"extensions[{name!r}]: expected a function, not {callback!r} "
            f"({type(callback).__name__})."
        )
    return callback  # type: ignore[no-any-return]


async def call_back(
    name: str, callback: Callable[..., Any], *arguments: Any, is_async: bool
) -> None:
    """Call the callback of an extension, and await what it returns where that is to be awaited.

    What it raises passes through. Raises TypeError where it is a coroutine function and the client
    is synchronous.
    """
    result = callback(*arguments)
    if not isinstance(result, Awaitable):
        return
    if not is_async:
        if isinstance(result, Coroutine):
            # One that nobody awaits would warn about itself later.
            result.close()
        raise TypeError(
            f"extensions[{name!r}]: {callback!r} is asynchronous, and a synchronous client cannot "
            "wait for it. Give a plain function, or use AsyncClient."
        )
    await result
