"""Sends requests again, for hookline.

Read in this order: `_policy.py` (whether, and after how long), `_middleware.py` (how).
"""

from __future__ import annotations

from hookline.plugins import Middleware, hookimpl

from ._middleware import Retry

__all__ = ["Retry"]
__version__ = "0.1.0"


@hookimpl
def hookline_register_middleware() -> list[type[Middleware]]:
    """Sending again, under the name "retry"."""
    return [Retry]
