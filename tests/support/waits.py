"""The waits of a call, counted, and the call stopped at the one of a given number.

Under asyncio and trio, a wait is a point at which the coroutine of the call really suspends,
whatever it is that it waits for: nobody has to list them. In a synchronous client it is a call of
its backend that blocks; those are wrapped here. Nothing is faked: what is waited for is real. Only
that data which was faster than the reader has to be waited for, too, in every mode.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
import trio

import hookline._backends.anyio as anyio
import hookline._backends.sync as sync
from hookline._drive import drive
from hookline.testing import Mode
from hookline.testing._modes import Interruption

Moment = Literal["before", "after"]

# In synchronous clients: who counts, by the number of the thread that waits.
_counting: dict[int, Waits] = {}


class Waits:
    """Counts the waits of a call that it runs, and stops the call at wait number `at`, from 1.

    Stopping is the mode's own: the task is cancelled, the scope is cancelled, a KeyboardInterrupt
    is raised. It comes while the call waits or, with "after", in the moment in which that wait is
    over, before the call has gone on. trio knows no such moment: there a call that was woken goes
    on to its next wait.

    `at_each` is called with the number of each wait, just before it begins.
    """

    def __init__(
        self,
        mode: Mode,
        at: int | None = None,
        moment: Moment = "before",
        *,
        at_each: Callable[[int], None] | None = None,
    ) -> None:
        self._mode = mode
        self._at = at
        self._moment = moment
        self._at_each = at_each
        self._stop: Callable[[], Any] = _interrupt
        self.count = 0

    @property
    def is_reached(self) -> bool:
        """Whether the call came as far as the wait at which it was to be stopped."""
        return self._at is not None and self.count >= self._at

    async def run(self, call: Callable[[], Awaitable[Any]]) -> bool:
        """Run a call; whether it was stopped. What it raises otherwise is raised."""
        if self._mode.name == "sync":
            return await self._run_blocking(call)
        if self._mode.name == "asyncio":
            task = asyncio.ensure_future(_stepped(call(), self._suspends))
            self._stop = task.cancel
            try:
                await task
            except asyncio.CancelledError:
                return True
            return False
        with trio.CancelScope() as scope:
            self._stop = scope.cancel
            await _stepped(call(), self._suspends)
        return scope.cancelled_caught

    async def _run_blocking(self, call: Callable[[], Awaitable[Any]]) -> bool:
        thread = threading.get_ident()
        _counting[thread] = self
        try:
            await call()
        except Interruption:
            return True
        finally:
            del _counting[thread]
        return False

    def _begins(self) -> bool:
        """A wait begins; whether the call is to be stopped at it."""
        self.count += 1
        if self._at_each is not None:
            self._at_each(self.count)
        return self.count == self._at

    def _suspends(self, trap: Any) -> None:
        if not self._begins():
            return
        if self._moment == "after" and hasattr(trap, "add_done_callback"):
            # Called before that of the task, which has not asked yet.
            trap.add_done_callback(lambda _: self._stop())
        else:
            self._stop()

    def blocks(self, block: Callable[[], Any]) -> Any:
        """A call of the backend that blocks."""
        is_here = self._begins()
        if is_here and self._moment == "before":
            self._stop()
        result = block()
        if is_here:
            self._stop()
        return result


def _interrupt() -> None:
    raise Interruption


async def _stepped(call: Awaitable[Any], suspends: Callable[[Any], None]) -> Any:
    assert isinstance(call, Coroutine)
    return await _steps(call, suspends)


@types.coroutine
def _steps(
    coroutine: Coroutine[Any, Any, Any], suspends: Callable[[Any], None]
) -> Generator[Any, Any, Any]:
    """Run a coroutine as its event loop would, and tell of each wait before it begins."""
    step: Callable[[Any], Any] = coroutine.send
    given: Any = None
    while True:
        try:
            trap = step(given)
        except StopIteration as stop:
            return stop.value
        suspends(trap)
        try:
            given = yield trap
        except BaseException as exc:
            step, given = coroutine.throw, exc
        else:
            step = coroutine.send


# -- What blocks in a synchronous client ----------------------------------------------------


def _blocking(block: Callable[[], Any]) -> Any:
    counting = _counting.get(threading.get_ident())
    return block() if counting is None else counting.blocks(block)


class _Poll:
    """What a synchronous stream asks whether there is input."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def poll(self, milliseconds: float) -> Any:
        if not milliseconds:
            return self._real.poll(0)
        return _blocking(lambda: self._real.poll(milliseconds))


class _Thread(threading.Thread):
    """What a resolver runs in."""

    def join(self, timeout: float | None = None) -> None:
        _blocking(lambda: super(_Thread, self).join(timeout))


class _Reluctant(socket.socket):
    """A socket that says first that nothing has come yet, whatever has: under trio, what is there
    already would not be waited for."""

    _has_said_so = False

    def recv(self, *arguments: int) -> bytes:
        self._has_said_so = not self._has_said_so
        if self._has_said_so and self.fileno() != -1:
            raise BlockingIOError
        return super().recv(*arguments)


@contextmanager
def all_waits() -> Iterator[None]:
    """In the block, `Waits` counts those of synchronous clients, too, and none is left out because
    it would be over at once."""
    dial = anyio.dial

    async def reluctant_dial(*arguments: Any) -> socket.socket:
        return _Reluctant(fileno=(await dial(*arguments)).detach())

    input_poll, writable = sync.input_poll, sync._writable
    wait, sleep = sync._ThreadWaiter.wait, sync.SyncBackend.sleep

    async def counted_wait(self: Any, timeout: float | None) -> bool:
        return bool(_blocking(lambda: drive(wait(self, timeout))))

    async def counted_sleep(self: Any, seconds: float) -> None:
        _blocking(lambda: drive(sleep(self, seconds)))

    threads = types.SimpleNamespace(Thread=_Thread, Lock=threading.Lock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sync, "input_poll", lambda sock: _Poll(input_poll(sock)))
        patch.setattr(sync, "_writable", lambda *args: _blocking(lambda: writable(*args)))
        patch.setattr(sync, "threading", threads)
        patch.setattr(sync._ThreadWaiter, "wait", counted_wait)
        patch.setattr(sync.SyncBackend, "sleep", counted_sleep)
        patch.setattr(anyio, "dial", reluctant_dial)
        yield
    assert not _counting


# -- What is left ---------------------------------------------------------------------------


def tasks_of(mode: Mode) -> int:
    """How many tasks there are in this event loop; without one, how many threads of hookline's."""
    if mode.name == "asyncio":
        return len(asyncio.all_tasks())
    if mode.name == "trio":
        return trio.lowlevel.current_statistics().tasks_living
    return sum(thread.name.startswith("hookline") for thread in threading.enumerate())


@contextmanager
def no_socket_left_over() -> Iterator[None]:
    """No socket object that was made in the block survives it open."""
    # The objects themselves: a number of one that is gone may be another's.
    before = _open_sockets()
    yield
    gc.collect()
    assert [each for each in _open_sockets() if each not in before] == []


def _open_sockets() -> list[socket.socket]:
    return [
        each for each in gc.get_objects() if isinstance(each, socket.socket) and each.fileno() != -1
    ]
