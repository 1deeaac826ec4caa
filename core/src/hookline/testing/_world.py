"""What the fakes of one test share: a clock that nobody waits for, the wait points, what is open.

Knows when something would wait, and what happens then. Knows nothing of bytes or requests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from ..plugins.interfaces import Deadline
from ._modes import Mode
from ._rules import ContractBroken


class Closable(Protocol):
    """What a world counts: it is open until it says otherwise."""

    @property
    def is_closed(self) -> bool:
        """Whether it was let go of."""


# When every world begins, in seconds.
_BEGINNING = 1000.0


class World:
    """A fake world, in one mode. Its fakes share `now`, the clock, in seconds.

    Every wait of a fake is a wait point: others may run there, and `interrupt` can stop a call at
    each of them. A wait for something that never comes takes no time: the clock is put forward, and
    the timeout is over. One without a timeout would last for ever: that is kept in `broken`, and
    fails the rule.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.now: float = _BEGINNING
        self.broken: list[ContractBroken] = []
        # Whether several calls run at once: then a wait may be ended by another of them.
        self.is_shared: bool = False
        self._opened: list[Closable] = []
        self._pauses = 0
        self._interrupt_at: int | None = None
        self._interrupt: Callable[[], Awaitable[None]] | None = None
        mode._worlds.append(self)

    @property
    def elapsed(self) -> float:
        """How far the clock was put forward, in seconds."""
        return self.now - _BEGINNING

    @property
    def left_open(self) -> list[Closable]:
        """What was opened and not closed."""
        return [each for each in self._opened if not each.is_closed]

    def opened(self, thing: Closable) -> None:
        """Count something that has to be closed. Whatever has an `is_closed` will do."""
        self._opened.append(thing)

    def deadline(self, seconds: float | None) -> Deadline:
        """A deadline by this world's clock. None is no limit."""
        return _Deadline(seconds, self)

    async def pause(self) -> None:
        """A wait point: others run, and an interruption comes here."""
        number = self._pauses
        self._pauses += 1
        if number == self._interrupt_at and self._interrupt is not None:
            await self._interrupt()
        if self.mode.is_async:
            await self.mode.breathe()

    async def sleep(self, seconds: float) -> None:
        """A wait point after which the clock is later. Nobody waits."""
        await self.pause()
        self.now += seconds

    async def nothing_comes(self, timeout: float | None, what: str) -> None:
        """A wait for something that does not come, until its timeout. `what` is for the message."""
        await self.pause()
        if timeout is None:
            broken = ContractBroken(f"{what} waits for ever: it was given no timeout.")
            self.broken.append(broken)
            raise broken
        self.now += timeout

    async def interrupt(self, call: Callable[[], Awaitable[Any]], at: int) -> bool:
        """Run a call and stop it at the wait point of that number, counted from 0. False where it
        was over before.

        Raises ContractBroken where the call goes on as if nothing had happened.
        """

        async def run(interrupt: Callable[[], Awaitable[None]]) -> Any:
            self._interrupt = interrupt
            return await call()

        self._pauses = 0
        self._interrupt_at = at
        try:
            was_interrupted, result = await self.mode.interruptible(run)
        finally:
            self._interrupt_at = self._interrupt = None
        if not was_interrupted and self._pauses > at:
            raise ContractBroken(
                f"The call was cancelled at its wait number {at}, and came to a result all the "
                f"same: {result!r}. Let cancellation pass: catch Exception, never BaseException "
                "without raising it again."
            )
        return was_interrupted


class _Deadline(Deadline):
    """A deadline by a world's clock."""

    __slots__ = ("_ends", "_world")

    def __init__(self, seconds: float | None, world: World) -> None:
        super().__init__(None)
        self._world = world
        self._ends = None if seconds is None else world.now + seconds

    def remaining(self) -> float | None:
        return None if self._ends is None else max(0.0, self._ends - self._world.now)

    @property
    def has_expired(self) -> bool:
        return self._ends is not None and self._world.now >= self._ends
