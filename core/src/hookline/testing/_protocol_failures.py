"""The rules of protocols for what goes wrong, and the suite with all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hookline

from .._streams import BodyReader, IteratorByteStream
from ._modes import Mode
from ._protocol_base import PIECES, READ, WRITE, Connection
from ._protocol_exchanges import ProtocolExchanges
from ._rules import ContractBroken, require, require_translated, rule
from ._streams import SILENCE
from ._world import World

_GARBAGE = (
    b"\x00\xff" * 100,
    b"<html>this is no protocol</html>\r\n\r\n",
    b"220 mail.example.test ESMTP\r\n",
    b"HTTP/1.1 2OO OK\r\n\r\n",
)


class ProtocolSuite(ProtocolExchanges):
    """The contract of `hookline.plugins.Protocol`:

        class TestHTTP10(hookline.testing.ProtocolSuite):
            streams = keeps_alive = False
            ends_with_connection = True

            def make(self, stream):
                return HTTP10(stream)

            def answer(self, body, number=0):
                return [b"HTTP/1.0 200 OK\\r\\n\\r\\n", *body]

    - `make(stream)` and `answer(body, number)`: the protocol, and what a server says.
    - `streams`: whether `exchange` returns before the body is there.
    - `keeps_alive`: whether a connection takes one exchange after another.
    - `ends_with_connection`: whether the end of the stream is what ends a body.
    """

    async def _survived(
        self, connection: Connection, where: str, body: bytes | BodyReader = b""
    ) -> BaseException | None:
        """What an exchange raised, the reading of its body included. It has to be translated, and
        the connection closed."""
        request = self.request("POST", headers={"Content-Length": "4"}) if body else self.request()
        try:
            response = await connection.exchange(request, body)
            content = await connection.read(response)
        except ContractBroken:
            raise
        except Exception as exc:
            require_translated(exc, None, where)
            self.require_closed(connection, where)
            connection.protocol.close()
            return exc
        require(
            content == b"".join(PIECES),
            f"{where}, the body {content!r} passed for a whole one. Raise RemoteProtocolError.",
        )
        connection.protocol.close()
        return None

    @rule
    async def test_broken_connections_are_told(self, mode: Mode) -> None:
        """A connection that ends or breaks in the middle raises ReadError, RemoteProtocolError or
        NotProcessed, and is closed. Half a response never passes for a whole one."""
        pieces = self.answer(PIECES)
        for index in range(len(pieces)):
            for what, item in (
                ("ends", b""),
                ("breaks", hookline.ReadError("reset by peer")),
            ):
                where = f"Where the connection {what} before piece {index} of the response"
                if what == "ends" and index and self.ends_with_connection:
                    continue
                connection = self.connection(World(mode), *pieces[:index], item, b"")
                error = await self._survived(connection, where)
                require(
                    isinstance(
                        error,
                        (hookline.NetworkError, hookline.RemoteProtocolError),
                    ),
                    f"{where}, it raised {error!r}. Raise ReadError or RemoteProtocolError.",
                )

    @rule
    async def test_failing_writes_are_told(self, mode: Mode) -> None:
        """Where the peer takes nothing any more, `exchange` raises WriteError and the connection is
        closed. Where it has answered all the same, that may be returned instead."""
        for body in (b"", b"body"):
            for after in range(3):
                connection = self.connection(World(mode), b"", b"", fails_writing_after=after)
                await self._survived(connection, f"Where write number {after} fails", body)

    @rule
    async def test_every_wait_has_a_timeout(self, mode: Mode) -> None:
        """A silent peer ends in ReadTimeout, a deaf one in WriteTimeout, each after the seconds
        that `timeout` has for it, and the connection is closed. Pass them to every wait."""
        pieces = self.answer(PIECES)
        for index in range(len(pieces)):
            connection = self.connection(World(mode), *pieces[:index], SILENCE)
            where = f"Where the peer falls silent before piece {index} of the response"
            error = await self._survived(connection, where)
            self._require_timeout(error, hookline.ReadTimeout, where)
            self._require_bounded(connection, where)
        connection = self.connection(World(mode), SILENCE, stalls_writing_after=0)
        where = "Where the peer takes nothing"
        error = await self._survived(connection, where, b"body")
        self._require_timeout(error, hookline.WriteTimeout, where)
        self._require_bounded(connection, where)

    def _require_timeout(
        self, error: BaseException | None, expected: type[BaseException], where: str
    ) -> None:
        require(
            isinstance(error, expected),
            f"{where}, it raised {error!r}. Let {expected.__name__} through.",
        )

    def _require_bounded(self, connection: Connection, where: str) -> None:
        limits = {"read": max(READ, WRITE), "write": WRITE}
        for kind, seconds in connection.stream.timeouts:
            require(
                seconds is not None and seconds <= limits[kind],
                f"{where}, it waited to {kind} with a timeout of {seconds} s. `timeout` said "
                f"{READ} s for reading and {WRITE} s for writing.",
            )
        waited = [seconds for kind, seconds in connection.stream.timeouts if kind == "read"]
        require(
            not waited or waited[-1] is None or waited[-1] <= READ or not connection.stream.wire,
            f"{where}, it waited {waited and waited[-1]} s for the response; `timeout` said "
            f"{READ} s.",
        )

    @rule
    async def test_garbage_is_refused(self, mode: Mode) -> None:
        """What is not the protocol raises RemoteProtocolError, and the connection is closed. Guess
        nothing: what follows would be taken for the next response."""
        for garbage in _GARBAGE:
            connection = self.connection(World(mode), garbage, b"")
            where = f"At the answer {garbage[:20]!r}"
            error = await self._survived(connection, where)
            require(
                isinstance(error, (hookline.RemoteProtocolError, hookline.NetworkError)),
                f"{where}, it raised {error!r}. Raise RemoteProtocolError.",
            )

    @rule
    async def test_cancellation_closes_the_connection(self, mode: Mode) -> None:
        """Cancelled at any wait, an exchange leaves a closed connection, and one that returned no
        response calls neither `on_release` nor `on_abandon`: the pool sees to it. Only a connection
        that others share may live on."""
        for at in range(50):
            connection = self.connection(World(mode), *self.piecewise(), slow=True)
            has_returned: list[hookline.Response] = []

            async def call(
                connection: Connection = connection, returned: list[Any] = has_returned
            ) -> None:
                response = await connection.exchange(self.request())
                returned.append(response)
                await connection.read(response)

            if not await connection.world.interrupt(call, at):
                connection.protocol.close()
                break
            where = f"Cancelled at its wait number {at}"
            for response in has_returned:
                response.stream.close()  # type: ignore[union-attr]
            self.require_closed(connection, where)
            calls = (connection.released, connection.abandoned)
            require(
                calls == ((1, 0) if has_returned else (0, 0)),
                f"{where}, on_release was called {calls[0]} times and on_abandon {calls[1]} times.",
            )
            connection.protocol.close()
            require(connection.stream.is_closed, f"{where}, close() left the stream open.")

    @rule
    async def test_requests_that_could_be_misread_are_refused(self, mode: Mode) -> None:
        """A line end in a method, a path or a header raises LocalProtocolError, and nothing of it
        is sent. What comes after it would be another header, or another request."""
        made: list[Callable[[], hookline.Request]] = [
            lambda: self.request(headers={"X-A": "a\r\nInjected: yes"}),
            lambda: self.request(headers={"X-A\r\nInjected": "yes"}),
            lambda: self.request(headers={"X-A": "a\nInjected: yes"}),
            lambda: self.request("GET /\r\nInjected: yes\r\n\r\n"),
            lambda: self.request(extensions={"target": b"/\r\nInjected: yes"}),
        ]
        for make in made:
            try:
                request = make()
            except (ValueError, TypeError, hookline.LocalProtocolError):
                # It does not even come here.
                continue
            connection = self.connection(World(mode), *self.whole())
            try:
                await connection.exchange(request)
            except hookline.LocalProtocolError:
                pass
            except (TypeError, ValueError) as exc:
                raise ContractBroken(
                    f"It was refused with {type(exc).__name__}. Raise LocalProtocolError."
                ) from exc
            else:
                require(
                    b"\nInjected" not in connection.stream.wire.replace(b" ", b""),
                    f"It sent {connection.stream.wire[:80]!r}.",
                )
            connection.protocol.close()

    @rule
    async def test_failing_body_passes_through(self, mode: Mode) -> None:
        """What a request's body raises reaches the caller as it is, and the connection is closed,
        unless others share it. The server has seen half a message then."""

        def failing() -> Any:
            yield b"ab"
            raise LookupError("the program's own")

        request = self.request("POST", headers={"Content-Length": "4"})
        connection = self.connection(World(mode), *self.whole())
        reader = BodyReader(IteratorByteStream(failing()), is_async=False)
        try:
            await connection.exchange(request, reader)
        except LookupError:
            pass
        except Exception as exc:
            raise ContractBroken(
                f"The body raised LookupError, and `exchange` {type(exc).__name__}: {exc}."
            ) from exc
        else:
            raise ContractBroken("The body raised, and `exchange` returned a response.")
        self.require_closed(connection, "After its body had raised")
        connection.protocol.close()
