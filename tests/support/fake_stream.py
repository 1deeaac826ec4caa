"""A `NetworkStream` that follows a script and never suspends: what a protocol is tested over.

It counts. It also fails a test where a real connection would hang: when something waits for bytes
that nobody will send, or uses a connection that it has closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hookline import WriteTimeout
from hookline.plugins import NetworkStream
from hookline.plugins.interfaces import Buffer


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
        # Whether each write has to be waited for.
        self.is_slow = False
        self._is_keeping = False
        self._failed: BaseException | None = None
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

    def write(self, data: Buffer) -> bool:
        assert not self.is_closed, "write() on a closed stream"
        if not data:
            assert self.is_slow or self._failed, "an empty write is a system call for nothing"
            return not self._is_keeping and self._failed is None
        attempt = self.sends
        self.sends += 1
        error = self.write_errors.get(attempt)
        if isinstance(error, WriteTimeout):
            # It is the wait that times out.
            self._failed = error
            return False
        if error is not None:
            raise error
        self.sent.append(bytes(data))
        self._is_keeping = self.is_slow
        return not self._is_keeping

    async def writable(self, timeout: float | None) -> None:
        self.timeouts.append(("send", timeout))
        if self._failed is not None:
            failed, self._failed = self._failed, None
            raise failed
        assert self._is_keeping, "writable() where nothing was kept"
        self._is_keeping = False

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
