"""A plugin that registers something fit, and something that is no middleware."""

from __future__ import annotations

from typing import Any

from hookline.plugins import EventHook, hookimpl


class Fit(EventHook):
    name = "misfit-watch"


class NotAMiddleware:
    name = "misfit"


@hookimpl
def hookline_register_event_hooks() -> list[type[EventHook]]:
    return [Fit]


@hookimpl
def hookline_register_middleware() -> list[Any]:
    return [NotAMiddleware]


@hookimpl
def hookline_create_ssl_context(name: str) -> None:
    raise AssertionError(f"a plugin that does not fit was asked for the TLS context {name!r}")
