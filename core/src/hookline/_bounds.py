"""What the body of a response may cost: how many bytes, how many from how few, and how long.

Knows numbers, and counts what goes by. Never reads anything. Loaded with the first response that
has such a bound.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from ._errors import ResponseTooLarge, TimeoutException

if TYPE_CHECKING:
    from ._models import Response
    from ._timeout import RunningTimeout

_SIZE: Final = "max_response_size"
_RATIO: Final = "max_decompression_ratio"

# A coding makes what cannot be compressed a little larger. More than this is sent to keep us busy.
_OVERHEAD = 65_536
# A ratio says nothing about a small body: a page of spaces is no bomb.
_HARMLESS = 1 << 20


class Bounds(NamedTuple):
    """What a client or a request allows for the body of one response; None for anything.

    - `max_size`: bytes, after decoding.
    - `max_ratio`: how many bytes may be decoded from one, once they are more than a mebibyte.
    """

    max_size: int | None
    max_ratio: float | None


def bounds_of(max_size: object, max_ratio: object) -> Bounds | None:
    """The bounds that a user's values mean. Raises TypeError and ValueError, naming the value."""
    if max_size is not None:
        if isinstance(max_size, bool) or not isinstance(max_size, int):
            raise TypeError(f"{_SIZE}: expected a number of bytes or None, not {max_size!r}.")
        if max_size < 0:
            raise ValueError(f"{_SIZE}: expected a number of bytes >= 0, not {max_size!r}.")
    if max_ratio is not None:
        if isinstance(max_ratio, bool) or not isinstance(max_ratio, (int, float)):
            raise TypeError(f"{_RATIO}: expected a number or None, not {max_ratio!r}.")
        if not max_ratio >= 1:
            raise ValueError(f"{_RATIO}: expected a number >= 1, not {max_ratio!r}.")
    if max_size is None and max_ratio is None:
        return None
    return Bounds(max_size, max_ratio)


def bounds_for(default: Bounds | None, extensions: Mapping[str, object]) -> Bounds | None:
    """The bounds of one request: the client's, where it brings none of its own."""
    if _SIZE not in extensions and _RATIO not in extensions:
        return default
    size, ratio = (None, None) if default is None else default
    return bounds_of(extensions.get(_SIZE, size), extensions.get(_RATIO, ratio))


class Meter:
    """Counts one body against its bounds, and raises ResponseTooLarge as soon as it is too much.

    One whose length is announced, and too much, is refused at once. `is_coded` is whether what is
    received and what is handed out are two things.
    """

    __slots__ = ("_bounds", "_decoded", "_is_coded", "_received")

    def __init__(self, bounds: Bounds, response: Response, *, is_coded: bool) -> None:
        self._bounds = bounds
        self._is_coded = is_coded
        self._received = 0
        self._decoded = 0
        announced = _announced(response)
        if announced is not None and self._is_too_much(announced):
            raise ResponseTooLarge(
                f"The response announces a body of {announced} bytes (Content-Length), which is "
                f"more than {_SIZE}={bounds.max_size}. {_advice(_SIZE)}"
            )

    def receive(self, count: int) -> None:
        """So many bytes have come."""
        self._received += count
        if self._is_coded and self._is_too_much(self._received):
            raise ResponseTooLarge(
                f"The server has sent {self._received} bytes, which decode to {self._decoded} so "
                f"far: that is too much for {_SIZE}={self._bounds.max_size}. {_advice(_SIZE)}"
            )

    def hand_out(self, count: int) -> None:
        """So many are handed out."""
        self._decoded += count
        max_size, max_ratio = self._bounds
        if max_size is not None and self._decoded > max_size:
            source = f", decoded from {self._received}" if self._is_coded else ""
            raise ResponseTooLarge(
                f"The response's body has more than {_SIZE}={max_size} bytes: {self._decoded} so "
                f"far{source}. {_advice(_SIZE)}"
            )
        if (
            max_ratio is not None
            and self._decoded > _HARMLESS
            and self._decoded > max_ratio * self._received
        ):
            raise ResponseTooLarge(
                f"{self._received} bytes of the response's body decode to {self._decoded} so far: "
                f"more than {_RATIO}={max_ratio} times as many. {_advice(_RATIO)}"
            )

    def _is_too_much(self, received: int) -> bool:
        most = self._bounds.max_size
        if most is None:
            return False
        return received > (most + most // 8 + _OVERHEAD if self._is_coded else most)


def _announced(response: Response) -> int | None:
    """The length of the body that is still to come, where it is known."""
    request = response._request
    if (request is not None and request.method == "HEAD") or response.status_code in (204, 304):
        # What there would have been.
        return None
    length = response.headers.get("content-length", "")
    return int(length[:100]) if length.isascii() and length.isdigit() else None


def _advice(name: str) -> str:
    return (
        f"To allow more, give Client({name}=...) or, for one request, "
        f"extensions={{{name!r}: ...}}; None is no limit."
    )


def in_time(
    timeout: RunningTimeout,
    receive: Callable[[], Awaitable[bytes]],
    abandon: Callable[[], Awaitable[None]],
) -> Callable[[], Awaitable[bytes]]:
    """`receive`, within the total of a call: whatever the body is made of, and however fast its
    pieces come. A body that is late is abandoned."""

    async def receive_in_time() -> bytes:
        try:
            timeout.get("read")
            return await receive()
        except TimeoutException as exc:
            if timeout.explain(exc):
                await abandon()
            raise

    return receive_in_time
