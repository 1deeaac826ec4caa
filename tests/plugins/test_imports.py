"""What importing hookline costs: everything that is not needed yet loads on first use."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ["anyio", "asyncio", "http.cookiejar", "importlib.metadata", "pluggy", "ssl", "trio"]


def loaded(code: str) -> set[str]:
    """Which of the heavy modules are there after some code has run in a fresh interpreter."""
    script = (
        f"import json, sys\n{code}\nprint(json.dumps([n for n in {HEAVY} if n in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return set(json.loads(done.stdout))


@pytest.fixture(scope="module")
def before() -> set[str]:
    """What the interpreter itself has loaded, for the environment that it is in."""
    return loaded("")


def test_importing_hookline_loads_nothing_heavy(before: set[str]) -> None:
    assert loaded("import hookline") == before


def test_importing_the_interfaces_loads_nothing_heavy(before: set[str]) -> None:
    code = "from hookline.plugins import Decoder, EventHook, Middleware, Protocol, Transport"

    assert loaded(code) == before


def test_a_client_without_https_and_cookies_loads_the_plugins_alone(before: set[str]) -> None:
    code = "import hookline; hookline.Client().close()"

    assert loaded(code) - before <= {"importlib.metadata", "pluggy"}


def test_an_asynchronous_client_loads_no_event_loop_before_it_is_used(before: set[str]) -> None:
    code = "import hookline; hookline.AsyncClient()"

    assert loaded(code) - before <= {"importlib.metadata", "pluggy"}
