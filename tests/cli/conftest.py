"""The command line, called in this process and, where that would not show it, in one of its own."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

import hookline
from hookline._cli import _output
from support.raw import LIMIT
from support.secret_names import secret_names_are_forgotten as secret_names_are_forgotten


class Done(NamedTuple):
    """How a call ended: the exit status, and what was printed where."""

    status: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8")

    @property
    def json(self) -> Any:
        """The one JSON document on the standard output."""
        return json.loads(self.out)


Call = Callable[..., Done]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "HOOKLINE_CONFIG", "PYTHONUNBUFFERED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def call() -> Call:
    """Call the command line with arguments, and with `input` on the standard input."""

    def call(*arguments: str, input: bytes | None = None) -> Done:
        result = CliRunner().invoke(hookline.main, list(arguments), input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout_bytes, result.stderr)

    return call


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both streams pass for a terminal."""
    monkeypatch.setattr(_output, "_is_terminal", lambda stream: True)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "hookline", *arguments]


@pytest.fixture
def process() -> Call:
    """The same in a process of its own, whose streams are pipes."""

    def process(*arguments: str, input: bytes | None = None) -> Done:
        done = subprocess.run(
            command(*arguments), input=input, capture_output=True, timeout=LIMIT, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr.decode())

    return process


@pytest.fixture
def terminal(tmp_path: Path) -> Call:
    """The same on a terminal of its own. What is printed on it is `out`."""

    def terminal(*arguments: str, until: bytes | None = None, then: int = 0) -> Done:
        """`then` is a signal for the process, once `until` was printed."""
        ours, theirs = pty.openpty()
        try:
            process = subprocess.Popen(
                command(*arguments),
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                cwd=tmp_path,
                env={**os.environ, "LANG": "C.UTF-8", "PYTHONIOENCODING": "utf-8"},
            )
        finally:
            os.close(theirs)
        printed = b""
        with process:
            try:
                while select.select([ours], [], [], LIMIT)[0]:
                    try:
                        data = os.read(ours, 65536)
                    except OSError:
                        # The other end is closed.
                        break
                    if not data:
                        break
                    printed += data
                    if until is not None and until in printed:
                        process.send_signal(then)
                        until = None
                status = process.wait(LIMIT)
            finally:
                process.kill()
                os.close(ours)
        return Done(status, printed.replace(b"\r\n", b"\n"), "")

    return terminal
