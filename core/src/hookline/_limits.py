"""`Limits`: how many connections a pool may hold."""

from __future__ import annotations


class Limits:
    """How many connections a pool may hold, and for how long it keeps idle ones.

    - `max_connections`: open connections at any time, over all origins. None means no limit.
    - `max_keepalive_connections`: idle connections kept for reuse. None means no limit.
    - `keepalive_expiry`: seconds after which an idle connection is not used again. None means
      never.

    The default client has `Limits(max_connections=100, max_keepalive_connections=20,
    keepalive_expiry=5.0)`. Raises TypeError for a value that is not a number or None, and
    ValueError for a negative one.
    """

    __slots__ = ("keepalive_expiry", "max_connections", "max_keepalive_connections")

    def __init__(
        self,
        *,
        max_connections: int | None = None,
        max_keepalive_connections: int | None = None,
        keepalive_expiry: float | None = 5.0,
    ) -> None:
        self.max_connections = _count("max_connections", max_connections)
        self.max_keepalive_connections = _count(
            "max_keepalive_connections", max_keepalive_connections
        )
        if keepalive_expiry is not None and (
            isinstance(keepalive_expiry, bool) or not isinstance(keepalive_expiry, (int, float))
        ):
            raise TypeError(
                f"keepalive_expiry: expected seconds or None, not {keepalive_expiry!r}."
            )
        if keepalive_expiry is not None and not keepalive_expiry >= 0:
            raise ValueError(f"keepalive_expiry: expected seconds >= 0, not {keepalive_expiry!r}.")
        self.keepalive_expiry = keepalive_expiry

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Limits)
            and self.max_connections == other.max_connections
            and self.max_keepalive_connections == other.max_keepalive_connections
            and self.keepalive_expiry == other.keepalive_expiry
        )

    def __hash__(self) -> int:
        return hash((self.max_connections, self.max_keepalive_connections, self.keepalive_expiry))

    def __repr__(self) -> str:
        return (
            f"Limits(max_connections={self.max_connections}, "
            f"max_keepalive_connections={self.max_keepalive_connections}, "
            f"keepalive_expiry={self.keepalive_expiry})"
        )


def _count(name: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: expected a whole number or None, not {value!r}.")
    if value < 0:
        raise ValueError(f"{name}: expected a number >= 0, not {value!r}.")
    return value


DEFAULT_LIMITS = Limits(max_connections=100, max_keepalive_connections=20)
