"""What the comparison needs, and whether all of it ran: tests/conftest.py adds it up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import compare
from support.recorder import Recorder

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def recorder() -> Iterator[Recorder]:
    """A server on a real socket that keeps every byte that it is sent."""
    with Recorder() as recorder:
        yield recorder


@pytest.fixture(scope="session", autouse=True)
def _everything_was_compared(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    session = request.session
    files = {item.path for item in session.items if HERE in item.path.parents}
    is_whole = files == set(HERE.glob("test_*.py")) and not session.config.option.keyword
    compare.TALLY.is_whole = is_whole and not session.testsfailed
