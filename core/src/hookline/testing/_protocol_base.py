"""What the rules of protocols are made with: one connection over a scripted stream, and a real pool
over a fake network. The rules are in `_protocol_exchanges.py` and `_protocol_failures.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import hookline

from .. import _wiring
from .._limits import Limits
from .._pool import ConnectionPool
from .._streams import Body, BodyReader
from ..plugins import (
    NetworkStream,
    PluginManager,
    Protocol,
    TimeoutDict,
    Transport,
)
from ._modes import Mode
from ._network import ScriptedNetwork
from ._rules import require
from ._streams import Item, ScriptedStream
from ._suite import Suite
from ._world import World

READ, WRITE = 3.0, 7.0
TIMEOUT: TimeoutDict = {"connect": 1.0, "read": READ, "write": WRITE, "pool": 1.0}

# The body of a response, as it arrives.
PIECES = (b"Hello, ", b"world!")


class Connection:
    """One connection under test: a protocol over a scripted stream, with a pool's three functions,
    which count."""

    def __init__(self, world: World, protocol: Protocol, stream: ScriptedStream) -> None:
        self.world = world
        self.protocol = protocol
        self.stream = stream
        self.released = self.abandoned = self.changed = 0
        protocol.network = ScriptedNetwork(world)
        protocol.on_release = self._released
        protocol.on_abandon = self._abandoned
        protocol.on_capacity = self._changed

    def _released(self) -> None:
        self.released += 1

    def _abandoned(self) -> None:
        self.abandoned += 1

    def _changed(self) -> None:
        self.changed += 1

    async def exchange(
        self, request: hookline.Request, body: bytes | BodyReader = b""
    ) -> hookline.Response:
        """An exchange with the suite's timeouts."""
        response = await self.protocol.exchange(request, body, TIMEOUT)
        require(
            isinstance(response, hookline.Response),
            f"`exchange` returned {response!r}. Return a hookline.Response.",
        )
        return response

    async def read(self, response: hookline.Response) -> bytes:
        """The body of a response, as it is on the wire."""
        if isinstance(response.stream, Body):
            pieces = []
            while piece := await response.stream.receive():
                pieces.append(piece)
            return b"".join(pieces)
        require(
            isinstance(response.stream, hookline.ByteStream),
            f"The response's stream is {response.stream!r}. Make it a hookline.ByteStream, or a "
            "hookline.Body that reads from the connection.",
        )
        return b"".join(cast("hookline.ByteStream", response.stream))


class ProtocolBase(Suite):
    """What the rules of protocols are made with. See `ProtocolSuite`."""

    slot: ClassVar[str] = "protocols"
    streams: bool = True
    keeps_alive: bool = True
    ends_with_connection: bool = False

    def make(self, stream: NetworkStream) -> Protocol:  # type: ignore[override]
        """The protocol over a stream, anew for each call. Options are yours to choose."""
        raise NotImplementedError(f"{type(self).__name__} needs `def make(self, stream)`.")

    def answer(self, body: Sequence[bytes], number: int = 0) -> list[bytes]:
        """What a server sends for a GET, as pieces: the head of a response with status 200, then
        one piece of the wire for each piece of `body`, the last of which ends it.

        `number` is which exchange of the connection it is for, from 0; with the first come whatever
        greetings there are.
        """
        raise NotImplementedError(
            f"{type(self).__name__} needs `def answer(self, body, number=0)`: what a server sends."
        )

    @property
    def subject(self) -> type[Any]:
        """The class that is tested: that of what `make` returns."""
        return type(self.make(ScriptedStream()))

    def everything_made(self) -> list[object]:
        """What is looked at for secrets: a connection."""
        return [self.make(ScriptedStream())]

    def configure(self, options: Mapping[str, Any]) -> object:
        """What a client does with options. Raises TypeError and ValueError."""
        table = {"name": self.registered_name, "options": options}
        return _wiring.Protocols(http1=False, http2=False, named=[table], plugins=self.plugins())

    def request(self, method: str = "GET", **settings: Any) -> hookline.Request:
        """A request to send. `settings` are arguments of `hookline.Request`."""
        return hookline.Request(method, "https://example.test/path?query", **settings)

    def connection(self, world: World, *script: Item, **settings: Any) -> Connection:
        """A connection whose peer follows a script. `settings` are those of ScriptedStream."""
        stream = ScriptedStream(*script, world=world, **settings)
        return Connection(world, self.make(stream), stream)

    def whole(self, number: int = 0) -> list[bytes]:
        """A whole answer in one piece. What ends with the connection has its end, too."""
        end = [b""] if self.ends_with_connection else []
        return [b"".join(self.answer(PIECES, number)), *end]

    def piecewise(self) -> list[bytes]:
        """A whole answer, its head and each piece of its body for themselves."""
        end = [b""] if self.ends_with_connection else []
        return [*self.answer(PIECES), *end]

    def require_closed(self, connection: Connection, where: str) -> None:
        """After something went wrong, nobody knows what is left on a connection. Raises
        ContractBroken where it is open all the same; `where` is what went wrong."""
        if self.subject.is_multiplexed and not connection.protocol.is_closed:
            return
        require(
            connection.protocol.is_closed and connection.stream.is_closed,
            f"{where}, the connection is still open: is_closed is {connection.protocol.is_closed}, "
            f"and the stream is {connection.stream!r}. Close it: `except BaseException: "
            "self.close(); raise`.",
        )

    async def use_by_name(self, mode: Mode, plugins: PluginManager) -> None:
        """A client from a configuration that names the protocol, and a request through a real pool
        over a fake network."""
        async with mode.client_from_config(
            {"protocols": [self.table()]}, plugins=plugins, trust_env=False
        ):
            pass
        world = World(mode)
        transport = _Pooled(self, world)
        async with mode.client(transport=transport, trust_env=False) as client:
            response = await client.get("http://example.test/")
            require(
                response.content == b"".join(PIECES),
                f"Through a pool, the body {b''.join(PIECES)!r} became {response.content!r}.",
            )
        require(not world.left_open, "After the client was closed, a connection is still open.")


class _Pooled(Transport):
    """A real pool over a fake network."""

    name: ClassVar[str] = "pooled"

    def __init__(self, suite: ProtocolBase, world: World) -> None:
        network = ScriptedNetwork(world, lambda _: ScriptedStream(*suite.whole(), world=world))
        self._pool = ConnectionPool(
            make_backend=cast("Any", lambda: network),
            connector=_wiring.build("connectors", "direct", Any, suite.plugins()),
            protocols=cast("Any", suite.configure(suite.options)),
            get_ssl_context=cast("Any", None),
            limits=Limits(),
        )

    async def handle(self, request: hookline.Request) -> hookline.Response:
        return await self._pool.handle(request)

    async def aclose(self) -> None:
        self._pool.close()
