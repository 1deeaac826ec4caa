"""What a plugin author needs: `hookimpl`, the interfaces, and the manager.

    from hookline.plugins import Auth, hookimpl

    class TokenAuth(Auth): ...

    @hookimpl
    def hookline_register_auth_schemes():
        return [TokenAuth]

pluggy and the manager load on first use: a program that imports hookline and makes no client pays
for neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .interfaces import (
    BodyReader,
    ConnectionInfo,
    Connector,
    Deadline,
    Decoder,
    EventHook,
    Middleware,
    Network,
    NetworkStream,
    NotProcessed,
    Protocol,
    Send,
    TimeoutDict,
    Waiter,
    again,
)

if TYPE_CHECKING:
    from .._auth import Auth as Auth
    from .._challenge import Challenge as Challenge
    from .._challenge import parse_auth_params as parse_auth_params
    from .._challenge import parse_challenges as parse_challenges
    from .._fork import after_fork as after_fork
    from .._interim import Interim as Interim
    from .._masking import masked_headers as masked_headers
    from .._masking import masked_url as masked_url
    from .._read_ahead import ReadAhead as ReadAhead
    from .._retry_after import retry_after as retry_after
    from ..transports.base import Transport as Transport
    from ._manager import PluginManager as PluginManager
    from ._manager import default_manager as default_manager
    from .hookspecs import hookimpl as hookimpl

__all__ = [
    "Auth",
    "BodyReader",
    "Challenge",
    "ConnectionInfo",
    "Connector",
    "Deadline",
    "Decoder",
    "EventHook",
    "Interim",
    "Middleware",
    "Network",
    "NetworkStream",
    "NotProcessed",
    "PluginManager",
    "Protocol",
    "ReadAhead",
    "Send",
    "TimeoutDict",
    "Transport",
    "Waiter",
    "after_fork",
    "again",
    "default_manager",
    "hookimpl",
    "masked_headers",
    "masked_url",
    "parse_auth_params",
    "parse_challenges",
    "retry_after",
]

_LAZY = {
    "Auth": ("hookline._auth", "Auth"),
    "after_fork": ("hookline._fork", "after_fork"),
    "Challenge": ("hookline._challenge", "Challenge"),
    "Interim": ("hookline._interim", "Interim"),
    "PluginManager": ("hookline.plugins._manager", "PluginManager"),
    "ReadAhead": ("hookline._read_ahead", "ReadAhead"),
    "Transport": ("hookline.transports.base", "Transport"),
    "default_manager": ("hookline.plugins._manager", "default_manager"),
    "hookimpl": ("hookline.plugins.hookspecs", "hookimpl"),
    "masked_headers": ("hookline._masking", "masked_headers"),
    "masked_url": ("hookline._masking", "masked_url"),
    "parse_auth_params": ("hookline._challenge", "parse_auth_params"),
    "parse_challenges": ("hookline._challenge", "parse_challenges"),
    "retry_after": ("hookline._retry_after", "retry_after"),
}


def _load(name: str) -> object:
    try:
        module, attribute = _LAZY[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    from importlib import import_module

    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


if not TYPE_CHECKING:
    # Checkers know every name from the imports above, and are to complain about others.
    __getattr__ = _load
