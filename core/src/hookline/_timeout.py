"""Timeouts: what the user sets (`Timeout`), the clock that one connection attempt runs against
(`Deadline`), and the one that a whole call runs against (`RunningTimeout`).

Knows seconds. Never waits: the backends do that, with the number they are given.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypedDict, Union, cast

from ._errors import (
    ConnectTimeout,
    PoolTimeout,
    ReadTimeout,
    RequestError,
    TimeoutException,
    WriteTimeout,
)

if TYPE_CHECKING:
    from ._types import TimeoutTypes


class UnsetType:
    """The type of `UNSET`, which stands for "not given" where None means "no limit"."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = UnsetType()

# Five seconds without any progress is httpx's default for every phase, and users rely on it.
DEFAULT_TIMEOUT_SECONDS: Final = 5.0

_Phase = Union[None, float, UnsetType]


class TimeoutDict(TypedDict, total=False):
    """The four phases as they travel in `request.extensions["timeout"]`; None waits for ever.

    `total` is there where one was set. While a call with a total runs, the dict is a
    `RunningTimeout`: a phase is to be asked for just before each wait, and not to be kept.
    """

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None
    total: float | None


class Timeout:
    """How long each phase of a request may go without progress, and how long all of it may take, in
    seconds. None means no limit.

    `Timeout(10.0)` sets all phases; `Timeout(10.0, connect=60.0)` all but one; `Timeout(None)`
    none. Phases that are not given take `timeout` if it is given and the client's default of 5
    seconds if not, so `Timeout(connect=5.0, read=30.0)` is complete as it stands.

    - `connect`: from the start of the attempt until the connection is usable: DNS, TCP, proxy and
      TLS together.
    - `read`: the longest wait for one piece of data from the server.
    - `write`: the longest wait for the server to take one piece of data.
    - `pool`: the wait for a connection to become free.
    - `total`: one whole call of the client, from the start until the body was read or closed: the
      pool, the connection, redirects, authentication and what middleware sends again included. None
      unless it is given, here or by the Timeout that this one is made from. The phases hold within
      it; `Timeout(None, total=30.0)` is the total alone. When it has run out, the exception is that
      of the phase that was waited in, and ReadTimeout between two.

    Raises TypeError for anything but a number, None, a `(connect, read, write, pool)` tuple or
    another Timeout, and ValueError for a negative number or NaN.
    """

    __slots__ = ("connect", "pool", "read", "total", "write")

    def __init__(
        self,
        timeout: TimeoutTypes | UnsetType = UNSET,
        *,
        connect: _Phase = UNSET,
        read: _Phase = UNSET,
        write: _Phase = UNSET,
        pool: _Phase = UNSET,
        total: _Phase = UNSET,
    ) -> None:
        self.connect: float | None
        self.read: float | None
        self.write: float | None
        self.pool: float | None
        self.total: float | None = None
        if isinstance(timeout, Timeout):
            default: tuple[float | None, ...] = timeout._phases()
            self.total = timeout.total
        elif isinstance(timeout, tuple):
            if not 2 <= len(timeout) <= 4:
                raise ValueError(
                    f"A timeout tuple is (connect, read[, write[, pool]]), not {timeout!r}."
                )
            default = (*timeout, None, None)[:4]
        elif isinstance(timeout, UnsetType):
            default = (DEFAULT_TIMEOUT_SECONDS,) * 4
        else:
            default = (timeout,) * 4
        self.connect = _seconds("connect", default[0] if connect is UNSET else connect)
        self.read = _seconds("read", default[1] if read is UNSET else read)
        self.write = _seconds("write", default[2] if write is UNSET else write)
        self.pool = _seconds("pool", default[3] if pool is UNSET else pool)
        if total is not UNSET:
            self.total = _seconds("total", total)

    def as_dict(self) -> TimeoutDict:
        """The phases by name, as transports receive them; and the total, where there is one."""
        phases: TimeoutDict = {
            "connect": self.connect,
            "read": self.read,
            "write": self.write,
            "pool": self.pool,
        }
        if self.total is not None:
            phases["total"] = self.total
        return phases

    def _phases(self) -> tuple[float | None, float | None, float | None, float | None]:
        return (self.connect, self.read, self.write, self.pool)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Timeout)
            and self._phases() == other._phases()
            and self.total == other.total
        )

    def __hash__(self) -> int:
        return hash((self._phases(), self.total))

    def __repr__(self) -> str:
        connect, read, write, pool = self._phases()
        total = "" if self.total is None else f", total={self.total}"
        if connect == read == write == pool:
            return f"Timeout(timeout={connect}{total})"
        return f"Timeout(connect={connect}, read={read}, write={write}, pool={pool}{total})"


def _seconds(phase: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(
            f"Timeout {phase}: expected seconds as a number, or None for no limit, "
            f"not {value!r} ({type(value).__name__})."
        )
    if not value >= 0:
        raise ValueError(f"Timeout {phase}: expected a number of seconds >= 0, not {value!r}.")
    # Thirty years, and infinity, are more than the system's clocks take: no limit.
    return value if value < 1e9 else None


class Remaining(float):
    """Seconds that a wait may take while a total runs: a number like any other, which knows the
    clock that it was read from."""

    __slots__ = ("_clock", "_phase")

    _clock: RunningTimeout
    _phase: str

    def shortened(self, seconds: float) -> Remaining:
        """Fewer seconds, by the same clock."""
        shortened = Remaining(seconds)
        shortened._clock, shortened._phase = self._clock, self._phase
        return shortened

    def again(self) -> Remaining:
        """The same for a further wait. Raises the phase's exception where the total has run out."""
        return self._clock._within(self._phase, float(self))


def again(seconds: float | None) -> float | None:
    """How long the next wait may take, for whoever waits several times within one timeout.

    The same number, unless a total runs: then no more than what that leaves by now. Raises the
    phase's TimeoutException where that is nothing.
    """
    return seconds.again() if type(seconds) is Remaining else seconds


class Deadline:
    """A point in time by which several waits together must be over.

    Made from a number of seconds, or from None for no limit. One deadline covers the whole of a
    connection attempt, so that DNS, TCP, a proxy's handshake and TLS cannot each take the full
    timeout.
    """

    __slots__ = ("_at", "_given")

    def __init__(self, seconds: float | None) -> None:
        self._at = None if seconds is None else time.monotonic() + seconds
        self._given = seconds if type(seconds) is Remaining else None

    def remaining(self) -> float | None:
        """Seconds that are left, never below zero; None where there is no limit."""
        if self._at is None:
            return None
        left = max(0.0, self._at - time.monotonic())
        return left if self._given is None else self._given.shortened(left)

    @property
    def has_expired(self) -> bool:
        """Whether the point in time has passed."""
        return self._at is not None and time.monotonic() >= self._at


_EXCEPTIONS: Final[dict[str, tuple[type[TimeoutException], str]]] = {
    "connect": (ConnectTimeout, "before a connection was made"),
    "read": (ReadTimeout, "before the response was complete"),
    "write": (WriteTimeout, "before the request was sent"),
    "pool": (PoolTimeout, "before a connection became free"),
}

# A wait that was cut short by the total may end this many seconds before it: clocks are coarse.
_HAIR: Final = 0.01


class RunningTimeout(dict[str, Union[float, None]]):
    """The timeouts of a call that has a total, from its start: what `request.extensions["timeout"]`
    holds while it runs.

    Asked for a phase, by `get` or by its key, it answers how long the next wait may take: the
    phase, or what the total leaves where that is less. When nothing is left, it raises the phase's
    exception instead: to many a transport, a timeout of 0 would mean none at all. Asked for
    "total", it answers what is left, which may be 0.0, and raises nothing. Everything else (what it
    compares and prints as, iterating, copying, pickling) is that of the plain dict that was given.
    """

    __slots__ = ("_deadline", "_total")

    def __init__(self, timeout: Mapping[str, Any], total: float) -> None:
        super().__init__(timeout.items())
        self._total = total
        self._deadline = Deadline(total)

    def __getitem__(self, phase: str) -> float | None:
        return self._answer(phase, super().__getitem__(phase))

    def get(self, phase: str, default: Any = None) -> Any:
        """How long the next wait in a phase may take."""
        return self._answer(phase, super().get(phase, default))

    def explain(self, exc: RequestError) -> bool:
        """Say in an exception that it was the total that ran out, if it was; whether it was."""
        left = self._deadline.remaining()
        if left is None or left > _HAIR or not isinstance(exc, TimeoutException):
            return False
        for cls, when in _EXCEPTIONS.values():
            if isinstance(exc, cls):
                message = self._message(when)
                if not str(exc).startswith(message):
                    # How long the last piece was waited for says nothing any more.
                    detail = "" if cls is ReadTimeout else f" {exc}"
                    exc.args = (message + detail,)
        return True

    def _answer(self, phase: str, seconds: float | None) -> float | None:
        if phase == "total":
            return self._deadline.remaining()
        return self._within(phase, seconds) if phase in _EXCEPTIONS else seconds

    def _within(self, phase: str, seconds: float | None) -> Remaining:
        left = self._deadline.remaining()
        assert left is not None
        if not left:
            cls, when = _EXCEPTIONS[phase]
            raise cls(self._message(when))
        remaining = Remaining(left if seconds is None else min(left, seconds))
        remaining._clock, remaining._phase = self, phase
        return remaining

    def _message(self, when: str) -> str:
        return f"The total timeout of {self._total} s ran out {when}."

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has another clock.
        return dict, (dict(self.items()),)


def start_total(timeout: Mapping[str, Any]) -> TimeoutDict:
    """What to put in a timeout's place at the start of a call: its total, if any, runs from now.

    Raises TypeError and ValueError for a total that makes no sense.
    """
    phases = dict(timeout.items())
    total = _seconds("total", phases["total"])
    return cast("TimeoutDict", phases if total is None else RunningTimeout(phases, total))
