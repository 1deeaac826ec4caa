"""What a server says before its response: 1xx responses (RFC 9110 section 15.2), and the wait for
one of them, 100 (Continue), before a body is sent (section 10.1.1).

Knows who wants to hear of them, and what they mean for the body. Reads and sends nothing: a
protocol makes an `Interim` for a request that asks for one, and tells it what came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._callbacks import call_back, checked_callback
from ._expect import ExpectationFailed, expected_wait, may_repeat
from ._headers import Headers, Item

if TYPE_CHECKING:
    from ._models import Request
    from ._streams import BodyReader
    from ._timeout import TimeoutDict
    from .plugins.interfaces import Network


@dataclass(frozen=True, repr=False)
class InformationalResponse:
    """A 1xx response: something that a server says ahead of its response, such as 103 (Early
    Hints).

    - `status_code`: 100 to 199, and never 101, which is a response of its own.
    - `headers`: a `Headers`. They belong to this response alone, not to the one that follows.

    It is what `extensions={"informational": callback}` is called with.
    """

    status_code: int
    headers: Headers

    def __repr__(self) -> str:
        return f"<InformationalResponse [{self.status_code}]>"


class Interim:
    """One request's interest in what comes before its response. For protocols.

    Made where a request has `extensions["informational"]`, or expects a 100 (Continue). The
    protocol awaits `tell` for each 1xx response, in the task or thread that the request is sent in;
    waits up to `patience` seconds for `has_continued` before it sends a body that is expected; and
    calls `check_status` when the response is there. Raises TypeError and ValueError for extensions
    that cannot be used.
    """

    __slots__ = ("_callback", "_can_repeat", "_network", "_wait", "has_continued")

    def __init__(self, request: Request, network: Network) -> None:
        self._network = network
        self._callback: Callable[[InformationalResponse], Any] | None = None
        callback = request.extensions.get("informational")
        if callback is not None:
            self._callback = checked_callback("informational", callback)
        self._wait = expected_wait(request)
        self._can_repeat = may_repeat(request)
        self.has_continued: bool = False

    def patience(self, timeout: TimeoutDict) -> float:
        """How long to wait for 100 (Continue), in seconds; 0 where a body is sent at once.

        Never longer than the `read` timeout among the phases in `timeout`.
        """
        read = timeout.get("read")
        return self._wait if read is None else min(self._wait, read)

    async def tell(self, status_code: int, items: list[Item]) -> None:
        """A 1xx response has come. What the callback raises passes through."""
        if status_code == 100:
            self.has_continued = True
        if self._callback is not None:
            response = InformationalResponse(status_code, Headers._of(items))
            is_async = self._network.is_async
            await call_back("informational", self._callback, response, is_async=is_async)

    def check_status(self, status_code: int, body: bytes | BodyReader) -> None:
        """Raise ExpectationFailed, which is a NotProcessed, where the request is to be sent again
        without its expectation: the pool does that."""
        if status_code == 417 and self._can_repeat and (type(body) is bytes or not body.is_started):  # type: ignore[union-attr]
            raise ExpectationFailed("The server does not know of 'Expect: 100-continue' (417).")
