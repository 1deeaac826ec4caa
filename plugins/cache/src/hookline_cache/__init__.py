"""An HTTP cache for hookline (RFC 9111).

Read in this order: `_middleware.py` (the settings), `_engine.py` (a request's way through hishel's
state machine), `_tee.py` (a body that is stored when it is over), `_translation.py` (hishel's
messages and ours).
"""

from __future__ import annotations

from hookline.plugins import Middleware, hookimpl

from ._middleware import Cache

__all__ = ["Cache"]
__version__ = "0.1.0"


@hookimpl
def hookline_register_middleware() -> list[type[Middleware]]:
    """The cache, under the name "cache"."""
    return [Cache]
