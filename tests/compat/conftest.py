"""The sum of what was compared, and that every row of docs/compatibility.md was met.

Both are asked for where the whole folder ran: a part of it meets a part of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import compare
from support.recorder import Recorder

HERE = Path(__file__).parent

# No fewer cases than this, so that a table that fell out of a test is noticed.
EXPECTED_CASES = 100_000


@pytest.fixture(scope="session")
def recorder() -> Iterator[Recorder]:
    """A server on a real socket that keeps every byte that it is sent."""
    with Recorder() as recorder:
        yield recorder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if compare.TALLY.cases:
        unmet = ", ".join(sorted(compare.ROWS - compare.TALLY.rows))
        terminalreporter.write_line(
            f"compat: {compare.TALLY.cases} cases compared, "
            f"{len(compare.TALLY.rows)} of {len(compare.ROWS)} rows of differences met"
        )
        if unmet and compare.TALLY.is_whole:
            terminalreporter.write_line(f"compat: rows that were not met: {unmet}")


@pytest.fixture(scope="session", autouse=True)
def _everything_was_compared(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    files = {item.path for item in request.session.items if HERE in item.path.parents}
    is_whole = files == set(HERE.glob("test_*.py")) and not request.config.option.keyword
    compare.TALLY.is_whole = is_whole
    if is_whole and not request.session.testsfailed:
        assert compare.TALLY.cases >= EXPECTED_CASES
        unmet = compare.ROWS - compare.TALLY.rows
        # Rows of other parts are shown by the tests of those.
        others = [path for path in HERE.parent.rglob("test_*.py") if path.parent != HERE]
        elsewhere = "".join(path.read_text() for path in others)
        assert {row for row in unmet if f'"{row}"' not in elsewhere} == set()
