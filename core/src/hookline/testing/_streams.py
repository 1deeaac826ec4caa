"""Streams and bodies that follow a script, and count what is done with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Union

from .._errors import ReadError, ReadTimeout, StreamClosed, WriteError, WriteTimeout
from .._streams import Body
from ..plugins.interfaces import Buffer, NetworkStream
from ._rules import ContractBroken
from ._world import World


class _Silence:
    def __repr__(self) -> str:
        return "SILENCE"


# In a script: nothing comes, however long somebody waits.
SILENCE: Final = _Silence()

# What a script is made of. A function is called with the stream, when it is its turn.
Item = Union[bytes, BaseException, _Silence, Callable[["ScriptedStream"], bytes]]


class ScriptedStream(NetworkStream):
    """A connection to a peer that follows a script.

    Each item is what one `receive` gets: bytes (b"" is the end of the stream), an exception that is
    raised, a function that is called with this stream and returns bytes, or SILENCE, after which
    nothing comes any more. After the last item there is silence, too: a wait that has a timeout
    ends with ReadTimeout at once, one that has none is an error.

    - `world`: what it shares with other fakes; None for a stream that never waits.
    - `slow`: whether each write has to be waited for.
    - `fails_writing_after`: so many writes succeed, further ones raise WriteError; None for all.
    - `stalls_writing_after`: so many writes succeed, and then the peer takes nothing any more.

    What happened is in `wire` (all bytes that were written), `sent` (write by write), `timeouts`
    ("read" or "write", and the seconds that a wait was given) and `closes`.
    """

    def __init__(
        self,
        *script: Item,
        world: World | None = None,
        slow: bool = False,
        fails_writing_after: int | None = None,
        stalls_writing_after: int | None = None,
    ) -> None:
        self.script: deque[Item] = deque(script)
        self.sent: list[bytes] = []
        self.timeouts: list[tuple[str, float | None]] = []
        self.closes: int = 0
        self._world = world
        self._is_slow = slow
        self._fails_after = fails_writing_after
        self._stalls_after = stalls_writing_after
        self._kept: list[bytes] = []
        if world is not None:
            world.opened(self)

    async def receive(self, timeout: float | None) -> bytes:
        """The next item of the script. Raises ReadTimeout where it is silence, and ReadError where
        this side has closed."""
        self.timeouts.append(("read", timeout))
        if self.is_closed:
            raise ReadError("This side has closed the connection.")
        item: Item = self.script[0] if self.script else SILENCE
        if item is SILENCE:
            await self._nothing_comes(timeout, "receive()")
            raise ReadTimeout(f"No data came within {timeout} s.")
        if self._world is not None:
            await self._world.pause()
            if self.is_closed:
                raise ReadError("This side has closed the connection.")
            if not self.script:
                return await self.receive(timeout)
        item = self.script.popleft()
        if isinstance(item, BaseException):
            raise item
        if callable(item):
            item = item(self)
        assert isinstance(item, bytes)
        return item

    async def _nothing_comes(self, timeout: float | None, what: str) -> None:
        if self._world is not None:
            await self._world.nothing_comes(timeout, what)
        elif timeout is None:
            raise ContractBroken(f"{what} waits for ever: it was given no timeout.")

    def write(self, data: Buffer) -> bool:
        """Take some bytes. Raises WriteError where the script says so, or where this side has
        closed."""
        if self.is_closed:
            raise WriteError("This side has closed the connection.")
        if data:
            if self._fails_after is not None and len(self.sent) >= self._fails_after:
                raise WriteError("The peer has closed the connection.") from BrokenPipeError()
            is_stalled = self._stalls_after is not None and len(self.sent) >= self._stalls_after
            if is_stalled or self._is_slow:
                self._kept.append(bytes(data))
            self.sent.append(bytes(data))
        return not self._kept

    async def writable(self, timeout: float | None) -> None:
        """Wait until the peer takes more. Raises WriteTimeout where it does not."""
        self.timeouts.append(("write", timeout))
        if self._stalls_after is not None and len(self.sent) > self._stalls_after:
            await self._nothing_comes(timeout, "writable()")
            raise WriteTimeout(f"The server took no data for {timeout} s.")
        if self._world is not None:
            await self._world.pause()
        if self.is_closed:
            raise WriteError("This side has closed the connection.")
        self._kept.clear()

    def close(self) -> None:
        """Close it. May be called twice: `closes` counts."""
        self.closes += 1

    def has_input(self) -> bool:
        """Whether the next item of the script is the end of the stream, or an error: bytes come
        only when somebody waits for them."""
        if self.is_closed:
            return True
        first = self.script[0] if self.script else SILENCE
        return first == b"" or isinstance(first, BaseException)

    @property
    def is_closed(self) -> bool:
        """Whether this side has closed it."""
        return self.closes > 0

    @property
    def wire(self) -> bytes:
        """Everything that was written."""
        return b"".join(self.sent)

    def __repr__(self) -> str:
        return f"<ScriptedStream, {'closed' if self.is_closed else 'open'}>"


class ScriptedBody(Body):
    """A response's body that comes in pieces, and counts.

    `pieces` are bytes, or an exception that is raised in its turn. `pulled` is how many were
    received, `closes` how often it was closed. With a `world`, each piece is waited for, and the
    body is open until it was read to its end or closed.
    """

    def __init__(self, *pieces: bytes | BaseException, world: World | None = None) -> None:
        self._pieces: deque[bytes | BaseException] = deque(pieces)
        self._world = world
        self._is_drained = False
        self.pulled: int = 0
        self.closes: int = 0
        if world is not None:
            world.opened(self)

    async def receive(self) -> bytes:
        """The next piece. Raises StreamClosed where it was closed before its end."""
        if self._is_drained:
            return b""
        if self.closes:
            raise StreamClosed()
        if self._world is not None:
            await self._world.pause()
        if not self._pieces:
            self._is_drained = True
            return b""
        self.pulled += 1
        piece = self._pieces.popleft()
        if isinstance(piece, BaseException):
            self.close()
            raise piece
        return piece

    def close(self) -> None:
        """Give it up. May be called twice: `closes` counts."""
        self.closes += 1

    @property
    def is_closed(self) -> bool:
        """Whether nothing is held any more: it was read to its end, or closed."""
        return self._is_drained or self.closes > 0

    def __repr__(self) -> str:
        return f"<ScriptedBody, {'closed' if self.is_closed else 'open'}>"
