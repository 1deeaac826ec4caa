"""Processes that a test makes: by `os.fork`, where the child is to have what the parent has."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any

from .raw import LIMIT


class Child:
    """A process that was forked, runs a function, and ends. Its result is the function's."""

    def __init__(self, function: Callable[[], Any]) -> None:
        reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            # There are threads, which is the point.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            os.close(reading)
            _be_a_child(function, writing)
        os.close(writing)
        self._pipe = reading

    def result(self) -> Any:
        """What the function returned. Raises what it raised."""
        pickled = b""
        try:
            while True:
                ready, _, _ = select.select([self._pipe], [], [], 2 * LIMIT)
                assert ready, "a child does not come to an end"
                data = os.read(self._pipe, 65_536)
                if not data:
                    break
                pickled += data
        finally:
            os.close(self._pipe)
            if not pickled:
                os.kill(self._pid, signal.SIGKILL)
            _, status = os.waitpid(self._pid, 0)
        assert pickled, f"the child died with status {status}"
        has_raised, value = pickle.loads(pickled)
        if has_raised:
            raise value
        return value


def in_child(function: Callable[[], Any]) -> Any:
    """Run a function in a forked process, and return what it returns."""
    return Child(function).result()


def _be_a_child(function: Callable[[], Any], pipe: int) -> None:
    # What ends a child that hangs.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(LIMIT))
    try:
        try:
            outcome = (False, function())
        except BaseException as exc:
            outcome = (True, exc)
        os.write(pipe, pickle.dumps(outcome))
    finally:
        os._exit(0)


def exit_with_status(client: Any, url: str) -> None:
    """Make a request, and end: the exit code is the status without its last digit. For processes
    that find their function by its name."""
    sys.exit(client.get(url).status_code // 10)
