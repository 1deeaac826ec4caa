"""Event hooks that plugins bring, compiled so that what nobody watches costs nothing.

An observer that raises is reported once and dropped, with all its methods: watching must not break
what is watched, and one that missed an event would only misread those that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._wiring import build, is_named
from .plugins.interfaces import EventHook

if TYPE_CHECKING:
    from .plugins import PluginManager

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

    __slots__ = (*EVENTS, "_hooks")

    request_started: tuple[Callable[..., None], ...]
    connection_opened: tuple[Callable[..., None], ...]
    connection_closed: tuple[Callable[..., None], ...]
    response_started: tuple[Callable[..., None], ...]
    response_finished: tuple[Callable[..., None], ...]
    request_failed: tuple[Callable[..., None], ...]

    def __init__(self, hooks: Sequence[EventHook]) -> None:
        self._hooks = list(hooks)
        watches: list[tuple[EventHook, _Watch]] = [(hook, _Watch(hook)) for hook in hooks]
        for event in EVENTS:
            methods = tuple(
                _Observer(hook, event, watch)
                for hook, watch in watches
                if getattr(type(hook), event) is not getattr(EventHook, event)
            )
            setattr(self, event, methods)

    def emit(self, event: str, *arguments: Any) -> None:
        """Call everybody who watches for an event."""
        for observe in getattr(self, event):
            observe(*arguments)

    def __reduce__(self) -> tuple[object, ...]:
        # In a copy, they watch anew.
        return type(self), (self._hooks,)


def split_event_hooks(
    event_hooks: Any,
) -> tuple[list[Any], list[Mapping[str, Sequence[Callable[..., Any]]]]]:
    """What a client's `event_hooks` has of observers, and of functions by event."""
    if isinstance(event_hooks, Mapping) and not is_named(event_hooks):
        return [], [event_hooks]
    if isinstance(event_hooks, (str, Mapping, EventHook, Observers)):
        event_hooks = [event_hooks]
    observers: list[Any] = []
    functions: list[Mapping[str, Sequence[Callable[..., Any]]]] = []
    for each in event_hooks:
        if isinstance(each, Mapping) and ("request" in each or "response" in each):
            functions.append(each)
        else:
            observers.append(each)
    return observers, functions


def build_observers(specs: Sequence[Any], plugins: PluginManager | None) -> Observers | None:
    """What a client calls for its observers, by instance, name or table; None for none at all."""
    if len(specs) == 1 and isinstance(specs[0], Observers):
        # Made already, with the transport that calls them too.
        return specs[0]
    hooks = [build("event_hooks", spec, EventHook, plugins) for spec in specs]
    return Observers(hooks) if hooks else None


class _Watch:
    """One hook, until one of its methods raises."""

    __slots__ = ("_hook", "is_over")

    def __init__(self, hook: EventHook) -> None:
        self._hook = hook
        self.is_over = False

    def end(self, event: str) -> None:
        """Drop the hook, and say so; called while its exception is handled."""
        self.is_over = True
        import logging

        logging.getLogger("hookline").exception(
            "The event hook %r (%s.%s) raised in %s() and is not called any more.",
            getattr(self._hook, "name", None),
            type(self._hook).__module__,
            type(self._hook).__qualname__,
            event,
        )


class _Observer:
    """One method of one hook."""

    __slots__ = ("_event", "_method", "_watch")

    def __init__(self, hook: EventHook, event: str, watch: _Watch) -> None:
        self._event = event
        self._watch = watch
        self._method: Callable[..., None] = getattr(hook, event)
        import inspect

        if inspect.iscoroutinefunction(self._method):
            raise TypeError(
                f"event_hooks: {type(hook).__qualname__}.{event} is a coroutine function; the "
                "methods of an event hook are plain functions, for both kinds of client."
            )

    def __call__(self, *arguments: Any) -> None:
        if self._watch.is_over:
            return
        try:
            self._method(*arguments)
        except Exception:
            self._watch.end(self._event)
