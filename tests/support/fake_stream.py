"""A `NetworkStream` that follows a script and never suspends: what a protocol is tested over.

It counts. It also fails a test where a real connection would hang: when something waits for bytes
that nobody will send, or uses a connection that it has closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hookline.plugins import NetworkStream


class Early(NamedTuple):
    """Input that is there before anybody reads: after so many sends, `has_input()` sees it.

    Everything else in a script only comes when somebody waits for it.
    """

    item: bytes | BaseException
    after: int = 0


class FakeStream(NetworkStream):
    """`script` is what `receive` returns or raises, in order; b"" is the end of the stream.

    `write_errors` says which sends fail, counted from 0.
    """

    def __init__(
        self,
        *script: bytes | BaseException | Early,
        write_errors: Mapping[int, BaseException] | None = None,
    ) -> None:
        self.script = list(script)
        self.write_errors = dict(write_errors or {})
        self.sent: list[bytes] = []
        self.sends = 0
        self.receives = 0
        self.closes = 0
        self.timeouts: list[tuple[str, float | None]] = []

    async def receive(self, timeout: float | None) -> bytes:
        assert not self.is_closed, "receive() on a closed stream"
        assert self.script, "receive() would wait for ever"
        self.receives += 1
        self.timeouts.append(("receive", timeout))
        item = self.script.pop(0)
        if isinstance(item, Early):
            assert item.after <= self.sends, "receive() would wait for ever"
            item = item.item
        if isinstance(item, BaseException):
            raise item
        return item

    async def send(self, data: bytes, timeout: float | None) -> None:
        assert not self.is_closed, "send() on a closed stream"
        assert type(data) is bytes
        assert data, "an empty send is a system call for nothing"
        attempt = self.sends
        self.sends += 1
        self.timeouts.append(("send", timeout))
        if attempt in self.write_errors:
            raise self.write_errors[attempt]
        self.sent.append(data)

    def close(self) -> None:
        self.closes += 1

    def has_input(self) -> bool:
        first = self.script[0] if self.script else None
        return isinstance(first, Early) and first.after <= self.sends

    @property
    def is_closed(self) -> bool:
        return self.closes > 0

    @property
    def wire(self) -> bytes:
        """Everything that was sent."""
        return b"".join(self.sent)
