"""Timeouts: what the user sets (`Timeout`), and the clock that one connection attempt runs against
(`Deadline`).

Knows seconds. Never waits: the backends do that, with the number they are given.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypedDict, Union

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
    """The four phases as they travel in `request.extensions["timeout"]`; None waits for ever."""

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None


class Timeout:
    """How long each phase of a request may go without progress, in seconds. None means no limit.

    `Timeout(10.0)` sets all phases; `Timeout(10.0, connect=60.0)` all but one; `Timeout(None)`
    none. Phases that are not given take `timeout` if it is given and the client's default of 5
    seconds if not, so `Timeout(connect=5.0, read=30.0)` is complete as it stands.

    - `connect`: from the start of the attempt until the connection is usable: DNS, TCP, proxy and
      TLS together.
    - `read`: the longest wait for one piece of data from the server.
    - `write`: the longest wait for the server to take one piece of data.
    - `pool`: the wait for a connection to become free.

    Raises TypeError for anything but a number, None, a `(connect, read, write, pool)` tuple or
    another Timeout, and ValueError for a negative number or NaN.
    """

    __slots__ = ("connect", "pool", "read", "write")

    def __init__(
        self,
        timeout: TimeoutTypes | UnsetType = UNSET,
        *,
        connect: _Phase = UNSET,
        read: _Phase = UNSET,
        write: _Phase = UNSET,
        pool: _Phase = UNSET,
    ) -> None:
        self.connect: float | None
        self.read: float | None
        self.write: float | None
        self.pool: float | None
        if isinstance(timeout, Timeout):
            default: tuple[float | None, ...] = timeout._phases()
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

    def as_dict(self) -> TimeoutDict:
        """The phases by name, as transports receive them."""
        return {
            "connect": self.connect,
            "read": self.read,
            "write": self.write,
            "pool": self.pool,
        }

    def _phases(self) -> tuple[float | None, float | None, float | None, float | None]:
        return (self.connect, self.read, self.write, self.pool)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timeout) and self._phases() == other._phases()

    def __hash__(self) -> int:
        return hash(self._phases())

    def __repr__(self) -> str:
        connect, read, write, pool = self._phases()
        if connect == read == write == pool:
            return f"Timeout(timeout={connect})"
        return f"Timeout(connect={connect}, read={read}, write={write}, pool={pool})"


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


class Deadline:
    """A point in time by which several waits together must be over.

    Made from a number of seconds, or from None for no limit. One deadline covers the whole of a
    connection attempt, so that DNS, TCP, a proxy's handshake and TLS cannot each take the full
    timeout.
    """

    __slots__ = ("_at",)

    def __init__(self, seconds: float | None) -> None:
        self._at = None if seconds is None else time.monotonic() + seconds

    def remaining(self) -> float | None:
        """Seconds that are left, never below zero; None where there is no limit."""
        return None if self._at is None else max(0.0, self._at - time.monotonic())

    @property
    def has_expired(self) -> bool:
        """Whether the point in time has passed."""
        return self._at is not None and time.monotonic() >= self._at
