"""docs/compatibility.md itself: its rows are whole, and each has a name of its own."""

from __future__ import annotations

import re

from support.compare import PAGE, ROWS


def test_every_row_says_what_differs_and_how() -> None:
    rows = re.findall(r"^\| (`.*)\|$", PAGE.read_text(), re.MULTILINE)

    assert len(rows) == len(ROWS)
    for row in rows:
        name, what, theirs, ours, _ = (cell.strip() for cell in row.split("|"))
        assert name.strip("`") in ROWS
        assert what, name
        assert theirs or ours, name
