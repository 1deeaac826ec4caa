"""Code in an interpreter of its own: what a name means there is decided anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent


def python(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python, warnings being errors, in a folder whose modules can be imported."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder or "")},
        capture_output=True,
        text=True,
        timeout=60,
    )


def check(code: str, *arguments: str, folder: Path | None = None) -> None:
    """Run some code that asserts things, and leaves nothing open."""
    done = python("-c", dedent(code), *arguments, folder=folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
