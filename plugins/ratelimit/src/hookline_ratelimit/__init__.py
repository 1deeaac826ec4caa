"""Keeps to rates and to numbers of requests at once, for hookline.

Read in this order: `_gate.py` (one origin, who waits for what), `_middleware.py` (the settings, and
which gate).
"""

from __future__ import annotations

from hookline.plugins import Middleware, hookimpl

from ._middleware import RateLimit

__all__ = ["RateLimit"]
__version__ = "0.1.0"


@hookimpl
def hookline_register_middleware() -> list[type[Middleware]]:
    """Rates and numbers, under the name "ratelimit"."""
    return [RateLimit]
