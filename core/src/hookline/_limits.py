"""`Limits`: how many connections a pool may hold."""

from __future__ import annotations


class Limits:
    """How many connections a pool may hold, and for how long it keeps idle ones.

    - `max_connections`: open connections at any time, over all origins. None means no limit.
    - `max_connections_per_host`: open connections to one origin (scheme, host and port) at any
      time. Requests beyond it wait, and hold up none to other origins. A connection that carries
      several requests at once counts as one. None, the default, means no limit.
    - `max_keepalive_connections`: idle connections kept for reuse. None means no limit.
    - `keepalive_expiry`: seconds after which an idle connection is not used again. None means
      never.

    The default client has `Limits(max_connections=100, max_keepalive_connections=20,
    keepalive_expiry=5.0)`. Raises TypeError for a value that is not a number or None, and
    ValueError for a negative one.
    """

    __slots__ = (
        "keepalive_expiry",
        "max_connections",
        "max_connections_per_host",
        "max_keepalive_connections",
    )

    def __init__(
        self,
        *,
        max_connections: int | None = None,
        max_keepalive_connections: int | None = None,
        keepalive_expiry: float | None = 5.0,
        max_connections_per_host: int | None = None,
    ) -> None:
        self.max_connections: int | None = _count("max_connections", max_connections)
        self.max_keepalive_connections: int | None = _count(
            "max_keepalive_connections", max_keepalive_connections
        )
        self.max_connections_per_host: int | None = _count(
            "max_connections_per_host", max_connections_per_host
        )
        if keepalive_expiry is not None and (
            isinstance(keepalive_expiry, bool) or not isinstance(keepalive_expiry, (int, float))
        ):
            raise TypeError(
                f"keepalive_expiry: expected seconds or None, not {keepalive_expiry!r}."
            )
        if keepalive_expiry is not None and not keepalive_expiry >= 0:
            raise ValueError(f"keepalive_expiry: expected seconds >= 0, not {keepalive_expiry!r}.")
        self.keepalive_expiry: float | None = keepalive_expiry

    def _values(self) -> tuple[float | None, ...]:
        return (
            self.max_connections,
            self.max_keepalive_connections,
            self.keepalive_expiry,
            self.max_connections_per_host,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        per_host = self.max_connections_per_host
        return (
            f"Limits(max_connections={self.max_connections}, "
            f"max_keepalive_connections={self.max_keepalive_connections}, "
            f"keepalive_expiry={self.keepalive_expiry}"
            f"{'' if per_host is None else f', max_connections_per_host={per_host}'})"
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
