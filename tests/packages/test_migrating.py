"""The samples of docs/migrating.md that need an interpreter of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.fresh import python

PAGE = Path(__file__).parents[2] / "docs" / "migrating.md"
SAMPLES = re.findall(r"^```py\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", SAMPLES, ids=range(len(SAMPLES)))
def test_sample_prints_what_it_says(code: str) -> None:
    done = python("-c", code)

    assert (done.returncode, done.stderr) == (0, "")
    promised = re.findall(r"^ *print\(.*\)  +# (.*)$", code, re.MULTILINE)
    assert done.stdout.splitlines() == promised != []


def test_there_are_samples() -> None:
    assert len(SAMPLES) == 2
