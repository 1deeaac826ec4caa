"""The rules of middleware."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import hookline

from ..plugins import Middleware, PluginManager
from ._modes import Mode
from ._rules import ContractBroken, require, require_translated, rule
from ._send import CONTENT, Answers, ScriptedSend
from ._suite import Suite
from ._world import World

# One of each kind of answer that middleware look at: success, redirect, challenge, and not now.
_STATUSES = (200, 204, 302, 401, 404, 429, 500, 503)

# Longer than anybody's total.
_FOR_EVER = "86400"
_TOTAL = 5.0


class MiddlewareSuite(Suite):
    """The contract of `hookline.plugins.Middleware`:

        class TestOnceMore(hookline.testing.MiddlewareSuite):
            def make(self):
                return OnceMore()

    What lies within is a `ScriptedSend`. `reads_bodies` is to be True for a middleware that has to
    read the bodies of responses, such as a cache; `request` may be overridden where it acts on
    certain requests alone.
    """

    slot: ClassVar[str] = "middleware"
    reads_bodies: bool = False

    def request(self, path: str = "/", **settings: Any) -> hookline.Request:
        """The request that is sent through the middleware: a GET. `settings` are arguments of
        `hookline.Request`; a `method` takes the place of GET."""
        settings.setdefault("extensions", {"timeout": {"connect": 5.0, "read": 5.0}})
        method = settings.pop("method", "GET")
        return hookline.Request(method, f"https://example.test{path}", **settings)

    def _sends(self, mode: Mode) -> Iterator[tuple[str, ScriptedSend]]:
        """What a middleware may meet: one status for ever, and one that is followed by another."""
        scripts: list[tuple[str, Answers]] = [(f"the status {each}", each) for each in _STATUSES]
        scripts += [(f"the status {each}, then 200", (each, 200)) for each in _STATUSES[1:]]
        scripts += [
            ("ConnectError, then 200", (hookline.ConnectError("refused"), 200)),
            ("503, then ReadTimeout", (503, hookline.ReadTimeout("too late"))),
        ]
        for what, answers in scripts:
            yield f"Where it gets {what}", ScriptedSend(World(mode), answers)

    async def use_by_name(self, mode: Mode, plugins: PluginManager) -> None:
        """A request through a client that names the middleware. Nothing leaves the process."""
        transport = hookline.MockTransport(lambda request: hookline.Response(200))
        config = {"middleware": [self.table()]}
        async with mode.client_from_config(
            config, transport=transport, plugins=plugins, trust_env=False
        ) as client:
            await client.get("https://example.test/")

    @rule
    async def test_stage_is_call_or_hop(self, mode: Mode) -> None:
        """`stage` says where a middleware stands: "call", or "hop". There is nothing else."""
        stage = self.make().stage
        require(stage in ("call", "hop"), f"`stage` is {stage!r}. Set it to 'call' or 'hop'.")

    @rule
    async def test_returns_a_response(self, mode: Mode) -> None:
        """`handle` returns a Response, or raises one of hookline's exceptions, without suspending
        under Client. Return what `send` gave you, or a `hookline.Response` of your own."""
        for what, send in self._sends(mode):
            try:
                response = await send.through(self.make(), self.request())
            except hookline.HTTPError:
                continue
            require(
                isinstance(response, hookline.Response),
                f"{what}, `handle` returned {response!r}. Return a hookline.Response.",
            )
            await send.close(response)

    @rule
    async def test_closes_what_it_does_not_return(self, mode: Mode) -> None:
        """Of the responses that `send` gave, all but the one that is returned are closed or read.
        Otherwise each keeps a connection: `await send.close(response)`, or `send.read` it."""
        for what, send in self._sends(mode):
            try:
                returned = await send.through(self.make(), self.request())
            except hookline.HTTPError:
                continue
            left = [each for each in send.received if each is not returned and not each.is_closed]
            require(
                not left,
                f"{what}, {len(left)} of {len(send.received)} responses were neither returned nor "
                "closed. Await `send.close(response)` before you send again.",
            )
            await send.close(returned)
            require(
                all(each.is_closed for each in send.received),
                f"{what}, closing the response that it returned left {send.received} open.",
            )

    @rule
    async def test_leaves_bodies_unread(self, mode: Mode) -> None:
        """The response is returned as soon as its head is there, and its body is whole for whoever
        reads it. Programs stream: set `reads_bodies = True` if yours has to read."""
        send = ScriptedSend(World(mode))
        response = await send.through(self.make(), self.request())
        body = response.stream
        if response in send.received and not self.reads_bodies:
            pulled = getattr(body, "pulled", 0) or hasattr(response, "_content")
            require(not pulled, "The body was read before `handle` returned. Leave that to others.")
        if response in send.received:
            require(
                not response.is_closed or hasattr(response, "_content"),
                "The response that it "
                "returned is closed: nobody can read it. Close what you do not return.",
            )
            content = await send.read(response)
            require(content == CONTENT, f"Of the body {CONTENT!r}, {content!r} was left to read.")
        await send.close(response)

    @rule
    async def test_errors_pass_or_are_translated(self, mode: Mode) -> None:
        """What `send` raises passes through, or becomes another of hookline's exceptions with the
        first as its `__cause__`. Programs catch those, and read the cause."""
        for error in (
            hookline.ConnectError("refused"),
            hookline.ConnectTimeout("too late"),
            hookline.ReadError("broken"),
            hookline.ReadTimeout("too late"),
            hookline.RemoteProtocolError("garbage"),
            hookline.LocalProtocolError("not sent"),
        ):
            where = f"Where `send` raises {type(error).__name__}"
            send = ScriptedSend(World(mode), error)
            try:
                response = await send.through(self.make(), self.request())
            except ContractBroken:
                raise
            except Exception as exc:
                require_translated(exc, error, where)
            else:
                require(
                    isinstance(response, hookline.Response), f"{where}, it returned {response!r}."
                )

    @rule
    async def test_cancellation_passes(self, mode: Mode) -> None:
        """Whatever it waits for, a cancellation comes through, leaves nothing open, and the next
        request works. Catch Exception, not BaseException; give back in `finally` what you took."""
        for answers in ((200,), (503, 200), (401, 200)):
            middleware = self.make()
            for at in range(50):
                world = World(mode)
                send = ScriptedSend(world, answers)
                if not await world.interrupt(partial(self._whole, middleware, send), at):
                    break
                require(
                    not world.left_open,
                    f"Cancelled at its wait number {at}, it left {world.left_open} open.",
                )
                await self._still_works(mode, middleware, f"Cancelled at its wait number {at}")

    async def _whole(self, middleware: Middleware, send: ScriptedSend) -> None:
        response = await send.through(middleware, self.request())
        await send.close(response)

    async def _still_works(self, mode: Mode, middleware: Middleware, after: str) -> None:
        send = ScriptedSend(World(mode))
        try:
            await self._whole(middleware, send)
        except (hookline.HTTPError, ContractBroken) as exc:
            raise ContractBroken(
                f"{after}, it did not take the next request: {exc}. What a request takes, it has "
                "to give back."
            ) from exc

    @rule
    async def test_body_that_cannot_be_sent_twice_is_not(self, mode: Mode) -> None:
        """A request whose body is a generator is sent once: there is nothing left for a second
        time. Look at `request.is_repeatable` before you send again."""
        for answers in ((503, 200), (401, 200), (429, 200), (hookline.ConnectError("no"), 200)):
            send = ScriptedSend(World(mode), answers, headers={"Retry-After": "0"})
            for method in ("PUT", "POST"):
                request = self.request(method=method, content=mode.body([b"once"]))
                try:
                    response = await send.through(self.make(), request)
                except hookline.StreamConsumed as exc:
                    raise ContractBroken(
                        f"After {send.requests!r}, the body of the request was wanted again, and "
                        "it is gone. Look at `request.is_repeatable` before you send again."
                    ) from exc
                except hookline.HTTPError:
                    continue
                await send.close(response)

    @rule
    async def test_waits_no_longer_than_the_total(self, mode: Mode) -> None:
        """A request with a `total` timeout is not kept waiting longer than that, whatever a server
        asks for. Look at `request.extensions["timeout"]` before you `send.sleep`."""
        headers = {"Retry-After": _FOR_EVER}
        for status in (429, 503):
            middleware = self.make()
            for _ in range(2):
                send = ScriptedSend(World(mode), status, headers=headers)
                timeout = {"connect": 5.0, "read": 5.0, "total": _TOTAL}
                request = self.request(extensions={"timeout": timeout})
                try:
                    response = await send.through(middleware, request)
                except hookline.HTTPError:
                    pass
                else:
                    await send.close(response)
                require(
                    sum(send.slept) <= _TOTAL,
                    f"With a total of {_TOTAL} s, it slept for {sum(send.slept)} s because the "
                    "server asked for it. Give up when the wait is longer than what is left.",
                )

    @rule
    async def test_serves_several_at_once(self, mode: Mode) -> None:
        """One instance serves many requests at once, from tasks and from threads, and mixes none of
        them up. Keep what belongs to a request in `request.extensions` or in a local variable."""
        middleware = self.make()
        world = World(mode)
        world.is_shared = True
        paths = [f"/{number}" for number in range(5)]

        async def call(path: str) -> str:
            send = ScriptedSend(world)
            response = await send.through(middleware, self.request(path))
            await mode.breathe()
            seen = response.headers.get("X-Path", path)
            await send.close(response)
            return seen

        seen = await mode.together(*((lambda path=path: call(path)) for path in paths))
        require(
            seen == paths,
            f"Five requests at once, to {paths}, were answered with the responses to {seen}.",
        )
