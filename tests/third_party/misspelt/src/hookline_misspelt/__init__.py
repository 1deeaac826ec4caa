"""A plugin with a hook that does not exist: "middlewares"."""

from __future__ import annotations

from hookline.plugins import Middleware, hookimpl


class Lost(Middleware):
    name = "misspelt"


@hookimpl
def hookline_register_middlewares() -> list[type[Middleware]]:
    return [Lost]
