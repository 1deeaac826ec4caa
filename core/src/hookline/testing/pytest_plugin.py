"""`pytest_plugins = ["hookline.testing.pytest_plugin"]`: what is handy in the tests of a plugin.

- `hookline_mode`, an argument: the test runs in sync, asyncio and trio. A test that is a coroutine
  function is run by it: `async def test_it(hookline_mode): ...`.
- `hookline_server`, a fixture: `scripted_server`, for servers that end with the test.
- `hookline_plugins`, a fixture: `plugins_of`, for managers with the given plugins alone.

It is asked for, and no entry point: one would import hookline in every test run of every project
that has hookline somewhere below it. The suites need none of this.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever wants a `hookline_mode` in each mode. Suites do it themselves."""
    if "hookline_mode" not in metafunc.fixturenames or hasattr(
        metafunc.cls, "pytest_generate_tests"
    ):
        return
    from hookline.testing import Mode, available_modes

    names = available_modes()
    metafunc.parametrize("hookline_mode", [Mode(name) for name in names], ids=names)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object:
    """Run a coroutine function in its mode. Those without one are other plugins' business."""
    mode: Any = pyfuncitem.funcargs.get("hookline_mode")
    if mode is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    mode.run(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names})
    return True


@pytest.fixture
def hookline_server() -> Iterator[Callable[..., Any]]:
    """`hookline.testing.scripted_server`, for servers that end with the test: what the block of a
    `with` would be given is returned."""
    from hookline.testing import scripted_server

    with contextlib.ExitStack() as stack:
        yield lambda *answers: stack.enter_context(scripted_server(*answers))


@pytest.fixture
def hookline_plugins() -> Callable[..., Any]:
    """`hookline.testing.plugins_of`: a plugin manager with the given plugins, whatever else is
    installed."""
    from hookline.testing import plugins_of

    return plugins_of
