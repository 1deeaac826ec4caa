"""Rules: the tests of the suites. What runs one, what it says when it is broken, who runs them all.

Knows nothing of any kind of plugin, and does without pytest: pytest runs the suites as it runs any
class with tests, and `check` runs them where there is no pytest.
"""

from __future__ import annotations

import functools
import inspect
import time
import unittest
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from .. import _timeout
from ._modes import Mode, available_modes

S = TypeVar("S")

PAGE = "docs/plugins/conformance.md"


# What the driver, asyncio and trio say of an await that is none of theirs.
_OF_A_LOOP = (
    "This await suspended",
    "unrecognized yield message",
    "no running event loop",
    "Task got bad yield",
)


class ContractBroken(AssertionError):
    """A rule is broken: what happened, and what to do about it."""


class Outcome(NamedTuple):
    """How a rule ended in one mode. `error` is None where it holds; `skipped` says why it was not
    looked at, and is None where it was."""

    rule: str
    mode: str
    error: BaseException | None = None
    skipped: str | None = None


def rule(
    function: Callable[[S, Mode], Awaitable[None]],
) -> Callable[[S, Mode], None]:
    """A test of a suite, from a coroutine function: it runs in the mode that it is given."""

    def test(self: S, hookline_mode: Mode) -> None:
        # pytest leaves this frame out of its tracebacks.
        __tracebackhide__ = True
        # What was left behind by another rule is none of ours.
        mode = Mode(hookline_mode.name)

        async def run() -> None:
            await function(self, mode)
            for world in mode._worlds:
                if world.broken:
                    raise world.broken[0]

        try:
            with _fake_clock(mode):
                mode.run(run)
        except ContractBroken as exc:
            raise ContractBroken(_told(function, mode, str(exc))) from exc.__cause__
        except unittest.SkipTest:
            raise
        except Exception as exc:
            what = f"The plugin raised {type(exc).__name__}: {exc}"
            if any(words in str(exc) for words in _OF_A_LOOP):
                what += (
                    "\nIt awaits something that one event loop alone can finish. Await nothing but "
                    "what hookline gives you."
                )
            raise ContractBroken(_told(function, mode, what)) from exc

    functools.update_wrapper(test, function)
    # pytest reads the arguments of what was wrapped.
    del test.__wrapped__  # type: ignore[attr-defined]
    test.__annotations__ = {"hookline_mode": "Mode", "return": "None"}
    test._is_rule = True  # type: ignore[attr-defined]
    return test


class _Clock:
    """The time as deadlines see it: what the fakes of a rule have put their clocks forward counts,
    as if somebody had waited."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode

    def monotonic(self) -> float:
        return time.monotonic() + self._elapsed()

    def _elapsed(self) -> float:
        return float(sum(world.elapsed for world in self._mode._worlds))


@contextmanager
def _fake_clock(mode: Mode) -> Iterator[None]:
    # Deadlines look the clock up in their own module, where another can stand in for it.
    module: Any = _timeout
    before = module.time
    module.time = _Clock(mode)
    try:
        yield
    finally:
        module.time = before


def _told(function: Callable[..., Any], mode: Mode, what: str) -> str:
    said = inspect.cleandoc(function.__doc__ or "")
    name = getattr(function, "__name__", "")
    return f"{what}\n\nThe rule {name} [{mode}]: {said}\n(The rules: {PAGE})"


def rules_of(suite: type[Any]) -> list[str]:
    """The names of a suite's rules, in the order in which they are written."""
    found: dict[str, None] = {}
    for base in reversed(suite.__mro__):
        for name, member in vars(base).items():
            if getattr(member, "_is_rule", False):
                found[name] = None
    return list(found)


def check(
    suite: type[Any], *, modes: tuple[str, ...] | None = None, only: tuple[str, ...] | None = None
) -> list[Outcome]:
    """Run the rules of a suite without pytest; one outcome for each rule in each mode.

    `modes` are the names of the modes, all that can run by default; `only` the names of the rules.
    What is broken has an `error`: `[each for each in check(MySuite) if each.error]`.
    """
    outcomes = []
    for name in rules_of(suite):
        if only is not None and name not in only:
            continue
        for mode in modes or available_modes():
            try:
                getattr(suite(), name)(Mode(mode))
            except unittest.SkipTest as exc:
                outcomes.append(Outcome(name, mode, None, str(exc)))
            except Exception as exc:
                outcomes.append(Outcome(name, mode, exc))
            else:
                outcomes.append(Outcome(name, mode))
    return outcomes


def require(condition: object, message: str, cause: BaseException | None = None) -> None:
    """Raise ContractBroken unless something is true."""
    if not condition:
        raise ContractBroken(message) from cause


def skip(reason: str) -> None:
    """End a rule that says nothing about this plugin."""
    raise unittest.SkipTest(reason)


def ours(error: BaseException) -> bool:
    """Whether an exception is one of hookline's own."""
    import hookline

    return isinstance(
        error,
        (hookline.HTTPError, hookline.InvalidURL, hookline.StreamError, hookline.CookieConflict),
    )


def require_translated(error: BaseException, origin: BaseException | None, where: str) -> None:
    """Only hookline's exceptions leave a plugin, and they keep what they were made from."""
    require(
        ours(error),
        f"{where}: {type(error).__name__} left the plugin: {error}. Raise one of hookline's "
        "exceptions instead, `from` the original.",
        error,
    )
    if error is origin:
        return
    require(
        not lost_cause(error),
        f"{where}: {type(error).__name__} has no __cause__, though it was raised because of "
        f"{error.__context__!r}. Write `raise ... from exc`.",
        error,
    )


def lost_cause(error: BaseException) -> bool:
    """Whether an exception was raised while another was handled, and does not say so. `from None`
    does: there are causes that hold secrets."""
    is_silent = error.__cause__ is None and error.__context__ is not None
    return is_silent and not error.__suppress_context__
