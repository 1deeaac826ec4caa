"""The rules of protocols for what goes well. What goes wrong is in `_protocol_failures.py`."""

from __future__ import annotations

import gc
import time
import warnings
from contextvars import ContextVar
from functools import partial
from typing import Any

import hookline

from .._streams import Body, BodyReader, IteratorByteStream
from ..plugins import NotProcessed
from ..plugins.interfaces import Buffer
from ._modes import Mode
from ._protocol_base import PIECES, Connection, ProtocolBase
from ._rules import ContractBroken, require, rule, skip
from ._server import LIMIT
from ._streams import Item, ScriptedStream
from ._world import World


class ProtocolExchanges(ProtocolBase):
    """The rules for what goes well. See `ProtocolSuite`."""

    @rule
    async def test_exchange_returns_the_response(self, mode: Mode) -> None:
        """`exchange` sends the request and returns its response; its body is whole, and
        `on_release` is called once when it is over. That gives the connection back to the pool."""
        for script in (self.whole(), self.piecewise()):
            connection = self.connection(World(mode), *script)
            response = await connection.exchange(self.request())
            require(response.status_code == 200, f"The status 200 became {response.status_code}.")
            require(connection.stream.wire, "Nothing was written to the stream.")
            content = await connection.read(response)
            require(
                content == b"".join(PIECES),
                f"The body {b''.join(PIECES)!r} became {content!r}.",
            )
            require(
                (connection.released, connection.abandoned) == (1, 0),
                f"The exchange is over; on_release was called {connection.released} times, "
                f"on_abandon {connection.abandoned} times. Call on_release once.",
            )
            connection.protocol.close()

    @rule
    async def test_pieces_are_cut_anywhere(self, mode: Mode) -> None:
        """The same response comes out however the bytes arrive: one by one, too. A `receive` gives
        what is there, which is no unit of anything."""
        whole = b"".join(self.answer(PIECES))
        end = [b""] if self.ends_with_connection else []
        for size in (1, 2, 5):
            cut = [whole[start : start + size] for start in range(0, len(whole), size)]
            connection = self.connection(World(mode), *cut, *end)
            response = await connection.exchange(self.request())
            content = await connection.read(response)
            require(
                (response.status_code, content) == (200, b"".join(PIECES)),
                f"In pieces of {size} bytes, the response became {response.status_code} with "
                f"{content!r}.",
            )
            connection.protocol.close()

    @rule
    async def test_returns_at_the_head(self, mode: Mode) -> None:
        """`exchange` returns as soon as the head is there, and the body reads on from the
        connection. Set `streams = False` in the suite for a protocol that collects all of it."""
        if not self.streams:
            skip("`streams` is False in the suite")
        connection = self.connection(World(mode), *self.answer(PIECES)[:1])
        try:
            response = await connection.exchange(self.request())
        except (hookline.ReadTimeout, ContractBroken) as exc:
            raise ContractBroken("The head was there, and `exchange` waited for the body.") from exc
        require(
            isinstance(response.stream, Body),
            f"The body is still to come, and the response's stream is {response.stream!r}. Make it "
            "a hookline.Body.",
        )
        require(not connection.released, "on_release was called before the body was read.")
        response.stream.close()  # type: ignore[union-attr]
        connection.protocol.close()

    @rule
    async def test_body_can_be_given_up(self, mode: Mode) -> None:
        """Closing a body before its end calls `on_release` once, however often it is closed, and
        never raises. The connection is closed with it, unless others share it."""
        if not self.streams:
            skip("`streams` is False in the suite")
        for count in (1, 2):
            connection = self.connection(World(mode), *self.answer(PIECES)[:count])
            response = await connection.exchange(self.request())
            body = response.stream
            assert isinstance(body, Body)
            if count == 2:
                await body.receive()
            for _ in range(3):
                body.close()
            require(
                (connection.released, connection.abandoned) == (1, 0),
                f"The body was given up; on_release was called {connection.released} times, "
                f"on_abandon {connection.abandoned} times. Call on_release once.",
            )
            self.require_closed(connection, "After a body was given up")
            connection.protocol.close()

    @rule
    async def test_abandoned_body_is_noticed(self, mode: Mode) -> None:
        """A body that is garbage collected, neither read nor closed, calls `on_abandon` once and
        nothing else: any thread may be running then. Give it a `__del__`."""
        if not self.streams:
            skip("`streams` is False in the suite")
        connection = self.connection(World(mode), *self.answer(PIECES)[:1])
        response = await connection.exchange(self.request())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            del response
            gc.collect()
        require(
            (connection.released, connection.abandoned) == (0, 1),
            f"A body was abandoned; on_release was called {connection.released} times, on_abandon "
            f"{connection.abandoned} times. Call on_abandon once, from `__del__`.",
        )
        connection.protocol.close()

    @rule
    async def test_bodies_are_sent(self, mode: Mode) -> None:
        """A request's body is sent whole, be it bytes or pulled from a reader piece by piece. A
        reader is pulled to its end."""
        pulled = []

        def pieces() -> Any:
            for piece in (b"first", b"second", b"third"):
                pulled.append(piece)
                yield piece

        length = {"Content-Length": "16"}
        for what, slow in (("bytes", False), ("a reader", False), ("a reader", True)):
            connection = self.connection(World(mode), *self.whole(), slow=slow)
            body: Any = b"firstsecondthird"
            if what == "a reader":
                body = BodyReader(IteratorByteStream(pieces()), is_async=False)
            request = self.request("POST", headers=length)
            response = await connection.exchange(request, body)
            await connection.read(response)
            wire = connection.stream.wire
            for piece in (b"first", b"second", b"third"):
                require(piece in wire, f"A body was given as {what}, and {piece!r} was not sent.")
            connection.protocol.close()
        require(len(pulled) == 6, "A body's reader was not pulled to its end.")

    @rule
    async def test_connection_is_used_again(self, mode: Mode) -> None:
        """After an exchange that is over, the connection takes another one, and `is_reusable` says
        so. Once the peer has closed it, that says no, or the exchange raises NotProcessed:
        `self.stream.has_input()` tells."""
        script = [*self.whole(0), *([] if self.ends_with_connection else self.whole(1))]
        connection = self.connection(World(mode), *script)
        await connection.read(await connection.exchange(self.request()))
        if not self.keeps_alive:
            require(
                not connection.protocol.is_reusable(),
                "`keeps_alive` is False in the suite, and is_reusable() is True.",
            )
            connection.protocol.close()
            return
        require(
            connection.protocol.is_reusable() and not connection.protocol.is_closed,
            "After an exchange that went well, is_reusable() is False. Set `keeps_alive = False` "
            "in the suite where each connection is used once.",
        )
        content = await connection.read(await connection.exchange(self.request()))
        require(content == b"".join(PIECES), f"The second body became {content!r}.")
        require(
            connection.released == 2,
            f"After two exchanges, on_release was called {connection.released} times.",
        )
        connection.stream.script.append(b"")
        if connection.protocol.is_reusable():
            error: object = None
            try:
                await connection.exchange(self.request())
            except hookline.TransportError as exc:
                error = exc
            require(
                isinstance(error, NotProcessed),
                "The peer has closed the idle connection, is_reusable() is True, and an exchange "
                f"ended with {error!r}. Ask `self.stream.has_input()`.",
            )
        connection.protocol.close()

    @rule
    async def test_closing_is_plain(self, mode: Mode) -> None:
        """`close` may be called at any time and any number of times, and never raises. From then on
        `is_closed` is True, `is_reusable()` False, and the stream is closed."""

        async def nothing(connection: Connection) -> None:
            pass

        async def half(connection: Connection) -> None:
            response = await connection.exchange(self.request())
            keep.append(response)

        async def all_of_it(connection: Connection) -> None:
            await connection.read(await connection.exchange(self.request()))

        keep: list[hookline.Response] = []
        for before in (nothing, half, all_of_it):
            connection = self.connection(World(mode), *self.piecewise())
            await before(connection)
            for _ in range(2):
                try:
                    connection.protocol.close()
                except Exception as exc:
                    raise ContractBroken(
                        f"`close` raised {type(exc).__name__}: {exc}. It never does."
                    ) from exc
            require(connection.protocol.is_closed, "After close(), is_closed is False.")
            require(not connection.protocol.is_reusable(), "After close(), is_reusable() is True.")
            require(connection.stream.is_closed, "After close(), the stream is open.")
        for response in keep:
            if isinstance(response.stream, Body):
                response.stream.close()

    @rule
    async def test_child_process_leaves_it_alone(self, mode: Mode) -> None:
        """After `after_fork`, nothing is written and nothing shut down, since the connection is the
        parent's, and `close` does not raise. Extend it, and call `super().after_fork()`."""
        connection = self.connection(World(mode), *self.whole(), *self.whole(1))
        if self.keeps_alive:
            await connection.read(await connection.exchange(self.request()))
        written, closes = connection.stream.wire, connection.stream.closes
        connection.protocol.after_fork()
        try:
            response = await connection.exchange(self.request())
        except (hookline.TransportError, RuntimeError):
            pass
        else:
            raise ContractBroken(f"In a child process, the parent's connection gave {response!r}.")
        connection.protocol.close()
        require(
            (connection.stream.wire, connection.stream.closes) == (written, closes),
            "In a child process, the parent's connection was written to or closed. Call "
            "`super().after_fork()`.",
        )

    @rule
    async def test_exchanges_share_a_connection(self, mode: Mode) -> None:
        """A protocol with `is_multiplexed` takes several exchanges at once, as many as `capacity`
        says, and gives each its own response, however the answers are mixed. Whoever waits reads
        for all, and wakes whom it concerns."""
        if not self.subject.is_multiplexed:
            skip("`is_multiplexed` is False")
        world = World(mode)
        world.is_shared = True
        stream = _Patient(*self.whole(), world=world)
        connection = Connection(world, self.make(stream), stream)
        await connection.read(await connection.exchange(self.request()))
        if connection.protocol.capacity < 2:
            skip("`capacity` is 1")
        first, second = self.answer([b"one"], 1), self.answer([b"two"], 2)
        stream.script.extend([first[0], *second, *first[1:]])
        stream.wait_for(2)

        async def call(name: str) -> bytes:
            _CALLER.set(name)
            return await connection.read(await connection.exchange(self.request()))

        results = await mode.together(partial(call, "a"), partial(call, "b"))
        for result in results:
            if isinstance(result, Exception):
                raise result
        got = dict(zip("ab", results, strict=True))
        in_order = [got[name] for name in stream.callers]
        require(
            in_order == [b"one", b"two"],
            f"Two exchanges at once, answered with b'one' and b'two', got {in_order}.",
        )
        require(connection.released == 3, f"on_release was called {connection.released} times.")
        connection.protocol.close()


# Which of several calls it is that writes.
_CALLER: ContextVar[str | None] = ContextVar("_CALLER", default=None)


class _Patient(ScriptedStream):
    """One whose peer answers when so many more requests were written. `callers` says by whom, in
    order."""

    def __init__(self, *script: Item, world: World) -> None:
        super().__init__(*script, world=world)
        self.callers: dict[str, None] = {}
        self._mode = world.mode
        self._wanted = 0

    def wait_for(self, callers: int) -> None:
        self._wanted = callers

    def write(self, data: Buffer) -> bool:
        caller = _CALLER.get()
        if data and caller is not None:
            self.callers.setdefault(caller)
        return super().write(data)

    async def receive(self, timeout: float | None) -> bytes:
        limit = time.monotonic() + LIMIT
        while len(self.callers) < self._wanted:
            if time.monotonic() > limit:
                raise ContractBroken("While one exchange waits, the other one sends nothing.")
            await self._mode.breathe()
        return await super().receive(timeout)
