"""How much was compared with httpx, added up. Knows neither library: every test run loads this."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
ROWS = frozenset(re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.read_text(), re.MULTILINE))


class Tally:
    """How many cases were compared, and which rows were met."""

    def __init__(self) -> None:
        self.cases = 0
        self.rows: set[str] = set()
        # Whether all of the folder ran.
        self.is_whole = False


TALLY = Tally()
