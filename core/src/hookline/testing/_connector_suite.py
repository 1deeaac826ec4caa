"""The rules of connectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import hookline

from ..plugins import Connector, NetworkStream, PluginManager
from ._modes import Mode
from ._network import ScriptedNetwork
from ._rules import ContractBroken, require, require_translated, rule, skip
from ._streams import SILENCE, Item, ScriptedStream
from ._suite import Suite
from ._world import World

# What `connect` may raise.
_ALLOWED = (hookline.ConnectError, hookline.ConnectTimeout, hookline.ProxyError)

_SECONDS = 5.0
_FROM_ORIGIN = b"from the origin"

# What a peer says that is no part of any handshake.
_GARBAGE = (b"\xff" * 64, b"\0" * 64, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\r\n" * 32)


class ConnectorSuite(Suite):
    """The contract of `hookline.plugins.Connector`:

        class TestPlainRelay(hookline.testing.ConnectorSuite):
            options = {"proxy": "relay://relay.test:1080"}
            replies = [b"ok\\n"]
            refusals = [[b"no\\n"]]

            def make(self):
                return PlainRelay("relay://relay.test:1080")

    - `replies`: what the peer says in a handshake that succeeds, one item for each time that it is
      its turn; nothing where there is no handshake.
    - `refusals`: such replies, each of which is to end in ProxyError.
    - `origin_url`: where to. https by default: TLS is the pool's, and not part of it.
    """

    slot: ClassVar[str] = "connectors"
    replies: Sequence[bytes] = ()
    refusals: Sequence[Sequence[bytes]] = ()
    origin_url: str = "https://origin.test/"

    @property
    def _origin(self) -> hookline.Origin:
        return hookline.URL(self.origin_url).origin

    async def use_by_name(self, mode: Mode, plugins: PluginManager) -> None:
        """A client from a configuration that names the connector as its proxy, and a connection
        over a fake network."""
        async with mode.client_from_config(
            {"proxy": self.table()}, plugins=plugins, trust_env=False
        ):
            made = self.configure(self.options)
        assert isinstance(made, Connector)
        (await self._connected(World(mode), made)).close()

    async def _connected(
        self, world: World, connector: Connector, *script: Item, **settings: Any
    ) -> NetworkStream:
        """Connect over a fake network to a peer that follows a script."""
        script = script or (*self.replies,)
        network = ScriptedNetwork(world, lambda _: ScriptedStream(*script, world=world, **settings))
        stream = await connector.connect(self._origin, network, world.deadline(_SECONDS))
        require(
            isinstance(stream, NetworkStream),
            f"`connect` returned {stream!r}. Return a hookline.plugins.NetworkStream.",
        )
        require(
            world.left_open or not network.streams,
            "The stream that `connect` returned is closed.",
        )
        return stream

    async def _failing(
        self, world: World, where: str, *script: Item, **settings: Any
    ) -> BaseException | None:
        """What `connect` raises, which may be nothing; whatever it is, it has to be allowed."""
        try:
            stream = await self._connected(world, self.make(), *script, **settings)
        except ContractBroken:
            raise
        except Exception as exc:
            require_translated(exc, None, where)
            require(
                isinstance(exc, _ALLOWED),
                f"{where}: `connect` raised {type(exc).__name__}: {exc}. Raise ConnectTimeout, "
                "ConnectError or ProxyError, `from` that: the request was not sent yet.",
                exc,
            )
            self._require_discreet(str(exc), f"{where}: the message")
            require(
                not world.left_open,
                f"{where}: `connect` raised {type(exc).__name__} and left a connection open. Close "
                "what you have opened: `except BaseException: stream.close(); raise`.",
                exc,
            )
            return exc
        stream.close()
        return None

    # -- Success ----------------------------------------------------------------------------

    @rule
    async def test_connects(self, mode: Mode) -> None:
        """`connect` returns an open stream to the origin, made by `network` alone, and bytes flow
        both ways. Nothing else may open connections: `network` is asyncio's, trio's or blocking."""
        world = World(mode)
        stream = await self._connected(world, self.make(), *self.replies, _FROM_ORIGIN)
        require(world.left_open, "`connect` made no connection by way of `network`.")
        await stream.send(b"to the origin", _SECONDS)
        (under,) = (each for each in world.left_open if isinstance(each, ScriptedStream))
        require(under.wire.endswith(b"to the origin"), "What was written did not reach the peer.")
        got = await stream.receive(_SECONDS)
        require(
            got == _FROM_ORIGIN,
            f"The origin said {_FROM_ORIGIN!r}, and {got!r} was received. Take no more of the "
            "stream than the handshake.",
        )
        for _ in range(2):
            stream.close()
        require(not world.left_open, "Closing the stream left the connection open.")

    @rule
    async def test_replies_are_cut_anywhere(self, mode: Mode) -> None:
        """A handshake works however its bytes arrive: one by one, or with the origin's first words
        in the same piece. Collect until you have what you need; `hookline.plugins.ReadAhead` puts
        back what came ahead."""
        if not self.replies:
            skip("there are no `replies`: no handshake")
        whole = b"".join(self.replies)
        singly = [whole[index : index + 1] for index in range(len(whole))]
        for what, script in (
            ("byte by byte", [*singly, _FROM_ORIGIN]),
            ("with what came ahead", [*self.replies[:-1], self.replies[-1] + _FROM_ORIGIN]),
        ):
            try:
                stream = await self._connected(World(mode), self.make(), *script)
                got = await stream.receive(_SECONDS)
            except hookline.TransportError as exc:
                raise ContractBroken(f"The replies came {what}, and it failed: {exc}") from exc
            require(
                got == _FROM_ORIGIN,
                f"The replies came {what}, and then {got!r} was received instead of "
                f"{_FROM_ORIGIN!r}.",
            )
            stream.close()

    @rule
    async def test_serves_several_at_once(self, mode: Mode) -> None:
        """One instance makes many connections at once. Keep what belongs to one in local
        variables."""
        connector = self.make()
        world = World(mode)
        world.is_shared = True

        async def connect() -> None:
            stream = await self._connected(world, connector, *self.replies, _FROM_ORIGIN)
            got = await stream.receive(_SECONDS)
            require(got == _FROM_ORIGIN, f"{got!r} was received instead of {_FROM_ORIGIN!r}.")
            stream.close()

        for result in await mode.together(*[connect] * 4):
            if isinstance(result, Exception):
                raise result
        require(not world.left_open, "A connection was left open.")

    # -- Failure ----------------------------------------------------------------------------

    @rule
    async def test_unreachable_is_a_connect_error(self, mode: Mode) -> None:
        """Where the network fails, `connect` raises ConnectError, ConnectTimeout or ProxyError,
        with what it was made from as its cause. Nothing is left open."""
        for error in (hookline.ConnectError("refused"), hookline.ConnectTimeout("too late")):
            for names in (("192.0.2.1",), error):
                world = World(mode)
                network = ScriptedNetwork(world, lambda _, error=error: error, names=names)  # type: ignore[misc]
                where = f"Where the network raises {type(error).__name__}"
                try:
                    await self.make().connect(self._origin, network, world.deadline(_SECONDS))
                except ContractBroken:
                    raise
                except Exception as exc:
                    require_translated(exc, error, where)
                    require(
                        isinstance(exc, _ALLOWED), f"{where}, it raised {type(exc).__name__}.", exc
                    )
                else:
                    raise ContractBroken(f"{where}, `connect` returned a stream.")

    @rule
    async def test_stream_is_whole_or_not_there(self, mode: Mode) -> None:
        """A handshake that breaks, ends early, or is none, raises ConnectError or ProxyError, and
        what was opened is closed. ReadError and WriteError would mean that the request was sent."""
        if not self.replies:
            skip("there are no `replies`: no handshake")
        for index in range(len(self.replies)):
            begun = self.replies[:index]
            for what, item in (
                ("the peer closes", b""),
                ("the connection breaks", hookline.ReadError("reset")),
            ):
                where = f"Where {what} instead of reply {index}"
                error = await self._failing(World(mode), where, *begun, item, b"")
                require(error is not None, f"{where}, `connect` returned a stream.")
            for garbage in _GARBAGE:
                where = f"At {garbage[:8]!r} instead of reply {index}"
                error = await self._failing(World(mode), where, *begun, garbage, b"")
                require(error is not None, f"{where}, `connect` returned a stream.")
            where = f"Where write number {index} fails"
            await self._failing(World(mode), where, *self.replies, fails_writing_after=index)

    @rule
    async def test_refusal_is_a_proxy_error(self, mode: Mode) -> None:
        """What the suite lists as `refusals` raises ProxyError, without credentials in its message.
        ProxyError says that there is a proxy, and that it does not want to."""
        for refusal in self.refusals:
            where = f"At the refusal {refusal!r}"
            error = await self._failing(World(mode), where, *refusal, b"")
            require(
                isinstance(error, hookline.ProxyError),
                f"{where}, `connect` {'returned' if error is None else f'raised {error!r}'}. Raise "
                "ProxyError.",
            )

    @rule
    async def test_deadline_is_for_everything(self, mode: Mode) -> None:
        """A peer that falls silent ends in ConnectTimeout when the one deadline is over. Give every
        wait `deadline.remaining()`, and translate its ReadTimeout and WriteTimeout."""
        if not self.replies:
            skip("there are no `replies`: no handshake")
        for index in range(len(self.replies)):
            for what, stall in ((f"silent before reply {index}", None), ("deaf", index)):
                world = World(mode)
                began = world.now
                where = f"Where the peer is {what}"
                script = [_after_a_second(world, reply) for reply in self.replies[:index]]
                error = await self._failing(
                    world, where, *script, SILENCE, stalls_writing_after=stall
                )
                require(
                    isinstance(error, hookline.ConnectTimeout),
                    f"{where}, `connect` raised {error!r}. Raise ConnectTimeout.",
                )
                require(
                    world.now - began <= _SECONDS,
                    f"{where}, {world.now - began} s went by, with a deadline of {_SECONDS} s.",
                )

    @rule
    async def test_cancellation_leaves_nothing_open(self, mode: Mode) -> None:
        """Cancelled at any of its waits, `connect` closes what it has opened. Closing never waits:
        `except BaseException: stream.close(); raise`."""
        for at in range(50):
            world = World(mode)
            connector = self.make()

            async def call(world: World = world, connector: Connector = connector) -> None:
                (await self._connected(world, connector, *self.replies, _FROM_ORIGIN)).close()

            if not await world.interrupt(call, at):
                break
            require(
                not world.left_open,
                f"Cancelled at its wait number {at}, `connect` left {world.left_open} open.",
            )

    # -- The rest ---------------------------------------------------------------------------

    @rule
    async def test_proxy_urls_are_taken(self, mode: Mode) -> None:
        """A connector with `schemes` takes `proxy`: a URL of each of them, as str and as
        `hookline.Proxy`. It is found by the scheme: `proxy="scheme://..."`."""
        for scheme in self.subject.schemes:
            url = f"{scheme}://user:passw0rd@proxy.test:1080"
            for proxy in (url, hookline.Proxy(url)):
                try:
                    made = self.subject(proxy=proxy)
                except (TypeError, ValueError) as exc:
                    raise ContractBroken(f"It does not take proxy={proxy!r}: {exc}") from exc
                require("passw0rd" not in repr(made), "Its repr shows the proxy's password.")
                via = str(made.via)
                require("passw0rd" not in via, "`via` shows the proxy's password.")

    @rule
    async def test_requests_are_left_as_they_are(self, mode: Mode) -> None:
        """`adapt` returns a request and leaves the one it was given alone; `route` returns an
        Origin. The request that the program holds may be sent again, another way."""
        connector = self.make()
        for url in ("http://origin.test/a?b", "https://origin.test/"):
            request = hookline.Request("GET", url, headers={"X-A": "1"})
            before = (request.method, str(request.url), list(request.headers.raw))
            extensions = dict(request.extensions)
            adapted = connector.adapt(request)
            after = (request.method, str(request.url), list(request.headers.raw))
            require(isinstance(adapted, hookline.Request), f"`adapt` returned {adapted!r}.")
            require(
                before == after and extensions == request.extensions,
                f"`adapt` changed the request that it was given, from {before} to {after}. Return "
                "another one.",
            )
            route = connector.route(request.url.origin)
            require(isinstance(route, hookline.Origin), f"`route` returned {route!r}.")


def _after_a_second(world: World, reply: bytes) -> Item:
    def come(_: ScriptedStream) -> bytes:
        world.now += 1.0
        return reply

    return come
