"""What the pages on reliability and security promise is held by tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ["docs/reliability.md", "SECURITY.md", "docs/security-advisories.md"]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


class Row(NamedTuple):
    """One row of a table of promises."""

    page: str
    line: int
    cells: list[str]

    @property
    def tests(self) -> list[tuple[str, str]]:
        """File and name of each test in the last cell."""
        return _TEST.findall(self.cells[-1])


def rows(page: str) -> list[Row]:
    found = []
    for number, line in enumerate((ROOT / page).read_text("utf-8").splitlines(), 1):
        if line.startswith("|") and not line.startswith("|---"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if cells[-1] not in ("held by", "test"):
                found.append(Row(page, number, cells))
    return found


ALL = [row for page in PAGES for row in rows(page)]


@cache
def names_in(path: str) -> frozenset[str]:
    """The tests that pytest collects from a file, by name."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
    )


@pytest.mark.parametrize("row", ALL, ids=lambda row: f"{row.page}:{row.line}")
def test_promise_is_held_by_tests_that_exist(row: Row) -> None:
    assert row.tests, f"nothing holds it: {row.cells[0]}"
    for path, name in row.tests:
        assert (ROOT / path).is_file(), path
        assert name in names_in(path), f"{path} has no {name}"
    # Nothing but tests stands there: a name that is misspelt would not be looked at.
    assert not _TEST.sub("", row.cells[-1]).strip(" ,"), row.cells[-1]


def test_each_page_has_promises() -> None:
    assert {row.page for row in ALL} == set(PAGES)


def test_no_advisory_is_there_twice() -> None:
    numbers = [row.cells[0] for row in ALL if row.page == PAGES[2]]

    assert all(re.fullmatch(r"CVE-20\d\d-\d{4,}", number) for number in numbers)
    assert len(numbers) == len(set(numbers))
