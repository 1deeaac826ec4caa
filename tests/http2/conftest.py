"""Clients that speak HTTP/2 by prior knowledge, with each engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.modes import Mode

ENGINES = ("h2", "jh2", "native")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of an engine; a test that uses `connect` runs with each."""
    return str(request.param)


@pytest.fixture
def connect(mode: Mode, engine: str) -> Callable[..., Any]:
    """Makes a client for a scripted server. `window` is the option of that name."""

    def connect(window: int | None = None, **settings: Any) -> Any:
        options: dict[str, Any] = {"engine": engine}
        if window is not None:
            options["window"] = window
        settings.setdefault("timeout", 10)
        return mode.client(protocols=[{"name": "http2", "options": options}], **settings)

    return connect
