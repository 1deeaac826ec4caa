"""What the tests of configurations share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.secret_names import secret_names_are_forgotten as secret_names_are_forgotten


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file, and return its path."""

    def write(text: str, name: str = "hookline.toml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write
