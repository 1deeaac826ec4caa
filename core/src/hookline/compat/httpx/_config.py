"""httpx._config: settings, and what they are by default."""

import hookline
from hookline._client import DEFAULT_MAX_REDIRECTS, DEFAULT_TIMEOUT_CONFIG
from hookline._limits import DEFAULT_LIMITS, Limits
from hookline._proxy import Proxy
from hookline._timeout import Timeout, UnsetType

__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_MAX_REDIRECTS",
    "DEFAULT_TIMEOUT_CONFIG",
    "Limits",
    "Proxy",
    "Timeout",
    "UnsetType",
]


def __getattr__(name: str) -> object:
    if name == "create_ssl_context":
        # Brings `ssl`, which http needs none of.
        return hookline.create_ssl_context
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
