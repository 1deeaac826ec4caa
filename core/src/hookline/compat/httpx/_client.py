"""httpx._client: the clients, and what stands for "as the client has it"."""

from collections.abc import Callable
from typing import Any

from hookline._client import (
    DEFAULT_MAX_REDIRECTS,
    DEFAULT_TIMEOUT_CONFIG,
    USE_CLIENT_DEFAULT,
    USER_AGENT,
    BaseClient,
    ClientState,
    UseClientDefault,
)
from hookline._clients import AsyncClient, Client
from hookline._limits import DEFAULT_LIMITS

EventHook = Callable[..., Any]

__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_MAX_REDIRECTS",
    "DEFAULT_TIMEOUT_CONFIG",
    "USER_AGENT",
    "USE_CLIENT_DEFAULT",
    "AsyncClient",
    "BaseClient",
    "Client",
    "ClientState",
    "EventHook",
    "UseClientDefault",
]
