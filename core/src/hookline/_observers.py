"""Event hooks that plugins bring, compiled so that what nobody watches costs nothing.

An observer that raises is reported once and dropped: watching must not break what is watched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .plugins.interfaces import EventHook

EVENTS = (
    "request_started",
    "connection_opened",
    "connection_closed",
    "response_started",
    "response_finished",
    "request_failed",
)


class Observers:
    """For each event, the methods that some hook overrides: a tuple per event, empty for most."""

    __slots__ = EVENTS

    request_started: tuple[Callable[..., None], ...]
    connection_opened: tuple[Callable[..., None], ...]
    connection_closed: tuple[Callable[..., None], ...]
    response_started: tuple[Callable[..., None], ...]
    response_finished: tuple[Callable[..., None], ...]
    request_failed: tuple[Callable[..., None], ...]

    def __init__(self, hooks: Sequence[EventHook]) -> None:
        for event in EVENTS:
            methods = tuple(
                _Observer(hook, event)
                for hook in hooks
                if getattr(type(hook), event) is not getattr(EventHook, event)
            )
            setattr(self, event, methods)

    def emit(self, event: str, *arguments: Any) -> None:
        """Call everybody who watches for an event."""
        for observe in getattr(self, event):
            observe(*arguments)


class _Observer:
    """One method of one hook, until it raises."""

    __slots__ = ("_event", "_hook", "_method")

    def __init__(self, hook: EventHook, event: str) -> None:
        self._hook = hook
        self._event = event
        self._method: Callable[..., None] | None = getattr(hook, event)

    def __call__(self, *arguments: Any) -> None:
        if self._method is None:
            return
        try:
            self._method(*arguments)
        except Exception:
            self._method = None
            import logging

            logging.getLogger("hookline").exception(
                "The event hook %r (%s) raised in %s() and is not called for it again.",
                getattr(self._hook, "name", None),
                type(self._hook).__qualname__,
                self._event,
            )
