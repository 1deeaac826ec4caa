"""OpenTelemetry for hookline.

Read in this order: `_middleware.py` (where it stands), `_exchange.py` (a span from the request to
the end of the body, and what is measured), `_conventions.py` (what things are called).
"""

from __future__ import annotations

from hookline.plugins import Middleware, hookimpl

from ._middleware import OpenTelemetry

__all__ = ["OpenTelemetry"]
__version__ = "0.1.0"


@hookimpl
def hookline_register_middleware() -> list[type[Middleware]]:
    """Spans and metrics, under the name "otel"."""
    return [OpenTelemetry]
