"""The services that packages are clients of, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def services() -> Iterator[str]:
    """The URL of `serve.py`, without a slash at the end."""
    for needed in ("python_multipart", "starlette", "wsproto"):
        reason = f"{needed} is not installed here: it is in the group `packages`."
        pytest.importorskip(needed, reason=reason)
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(HERE / "serve.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
