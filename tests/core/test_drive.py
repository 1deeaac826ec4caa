"""`drive`: what comes out of a coroutine that runs without an event loop."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Generator
from typing import Any

import pytest

from hookline._drive import drive


class Suspension:
    """Awaiting this suspends, as waiting for an event loop would."""

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield "suspended")


async def returns(value: Any) -> Any:
    return value


async def nested(depth: int) -> int:
    return depth if depth == 0 else 1 + await nested(depth - 1)


async def suspends() -> None:
    await Suspension()


def test_result_is_returned() -> None:
    assert drive(returns(3)) == 3
    assert drive(returns(None)) is None
    assert drive(nested(50)) == 50


def test_tuples_and_exceptions_are_results_like_any_other() -> None:
    # StopIteration treats both of them specially when it is raised with them.
    error = ValueError("a value")

    assert drive(returns((1, 2))) == (1, 2)
    assert drive(returns(error)) is error


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), GeneratorExit()])
def test_what_is_raised_is_raised(error: BaseException) -> None:
    async def raises() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        drive(raises())

    assert caught.value is error


def test_suspending_is_refused_on_the_offenders_own_line() -> None:
    coroutine = suspends()

    with pytest.raises(RuntimeError, match=r"This await suspended.*AsyncClient") as caught:
        drive(coroutine)

    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [frame.name for frame in frames][-2:] == ["suspends", "__await__"]
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED


def test_sleeping_in_asyncio_is_refused_the_same_way() -> None:
    with pytest.raises(RuntimeError, match="This await suspended"):
        drive(asyncio.sleep(0))


def test_cleaning_up_runs_when_suspending_is_refused() -> None:
    done = []

    async def careful() -> None:
        try:
            await suspends()
        finally:
            done.append("finally")

    with pytest.raises(RuntimeError):
        drive(careful())

    assert done == ["finally"]


def test_offender_that_swallows_the_error_returns_its_result() -> None:
    async def swallows() -> str:
        try:
            await suspends()
        except RuntimeError:
            return "recovered"
        return "never"

    assert drive(swallows()) == "recovered"


def test_offender_that_raises_its_own_error_keeps_the_first_as_context() -> None:
    async def translates() -> None:
        try:
            await suspends()
        except RuntimeError as exc:
            raise ValueError("translated") from exc

    with pytest.raises(ValueError, match="translated") as caught:
        drive(translates())

    assert isinstance(caught.value.__cause__, RuntimeError)


def test_offender_that_suspends_again_is_closed_for_good() -> None:
    async def stubborn() -> None:
        try:
            await suspends()
        except RuntimeError:
            await suspends()

    coroutine = stubborn()
    with pytest.raises(RuntimeError, match="This await suspended"):
        drive(coroutine)

    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED
