"""One test, three modes: the shared tests are written once, in `AsyncClient`'s shape.

What runs them is what we give to the authors of plugins: `hookline.testing.Mode`.
"""

from __future__ import annotations

from hookline.testing import AsAsync as AsAsync
from hookline.testing import Mode as Mode

NAMES = ("sync", "asyncio", "trio")


async def breathe(mode: Mode) -> None:
    """Let somebody else run."""
    await mode.breathe()
