"""hookline with one more feature in use each: what a feature costs, and that it costs no more."""

from collections.abc import Mapping
from typing import Any

from target import Target

from .httpx_like import HTTPXLike


def _cookies(hookline: Any, target: Target) -> Mapping[str, Any]:
    jar = hookline.Cookies()
    for number in range(5):
        jar.set(f"name{number}", f"value{number}", domain="127.0.0.1")
    # For somebody else: these must cost nothing.
    for number in range(50):
        jar.set("session", f"value{number}", domain=f"host{number}.example")
    return {"cookies": jar}


def _auth(hookline: Any, target: Target) -> Mapping[str, Any]:
    return {"auth": ("user", "password")}


def _middleware(hookline: Any, target: Target) -> Mapping[str, Any]:
    from hookline.plugins import Middleware

    class Passing(Middleware):
        name = "passing"
        stage = "hop"

        async def handle(self, request: Any, send: Any) -> Any:
            return await send(request)

    return {"middleware": [Passing()]}


def _hook(hookline: Any, target: Target) -> Mapping[str, Any]:
    from hookline.plugins import EventHook

    class Counting(EventHook):
        name = "counting"
        finished = 0

        def response_finished(self, *_: Any) -> None:
            self.finished += 1

    return {"event_hooks": [Counting()]}


def _total(hookline: Any, target: Target) -> Mapping[str, Any]:
    return {"timeout": hookline.Timeout(30.0, total=60.0)}


def _everything(hookline: Any, target: Target) -> Mapping[str, Any]:
    settings: dict[str, Any] = {}
    for extra in (_cookies, _auth, _middleware, _hook, _total):
        settings |= extra(hookline, target)
    return settings


PRICES = [
    HTTPXLike(f"hookline+{name}", "hookline-core", module="hookline", by_default=False, extra=extra)
    for name, extra in (
        ("cookies", _cookies),
        ("auth", _auth),
        ("middleware", _middleware),
        ("hook", _hook),
        ("total", _total),
        ("all", _everything),
    )
]
