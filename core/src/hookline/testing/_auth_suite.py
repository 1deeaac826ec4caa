"""The rules of auth schemes."""

from __future__ import annotations

import base64
import re
from typing import Any, ClassVar

import hookline

from .._auth import run_auth
from ..plugins import PluginManager
from ._modes import Mode
from ._rules import ContractBroken, require, require_translated, rule, skip
from ._send import Answers, ScriptedSend
from ._suite import Suite
from ._world import World

# More requests than any scheme needs: what sends more goes round in circles.
_MOST = 10

# What servers send that nobody should be surprised by.
_GARBAGE = (
    "",
    "\x00",
    ",",
    "=",
    '"',
    "{scheme}",
    "{scheme} ",
    '{scheme} realm="unfinished',
    "{scheme} ====",
    "{scheme} nonce=, realm=, qop=",
    '{scheme} realm="a", realm="b", {scheme}',
    '{scheme} realm="\xff\xfe"',
    "{scheme} " + "a" * 10_000,
)


class AuthSuite(Suite):
    """The contract of `hookline.Auth`:

        class TestTokenAuth(hookline.testing.AuthSuite):
            options = {"token": "s3cret"}
            secrets = ["s3cret"]

            def make(self):
                return TokenAuth("s3cret")

    `challenge` is what a server says in WWW-Authenticate to ask for this scheme; without it, the
    scheme's name and a realm.
    """

    slot: ClassVar[str] = "auth_schemes"
    challenge: str = ""

    @property
    def registered_name(self) -> str:
        """The name that users write: the `scheme`."""
        return str(getattr(self.subject, "scheme", None))

    def _asking(self) -> str:
        return self.challenge or f'{self.registered_name.title()} realm="test"'

    def request(self, path: str = "/", **settings: Any) -> hookline.Request:
        """The request that is authenticated: a GET over https. `settings` are arguments of
        `hookline.Request`; a `method` takes the place of GET."""
        method = settings.pop("method", "GET")
        return hookline.Request(method, f"https://example.test{path}", **settings)

    async def use_by_name(self, mode: Mode, plugins: PluginManager) -> None:
        """A request through a client that names the scheme. Nothing leaves the process."""
        transport = hookline.MockTransport(lambda request: hookline.Response(200))
        async with mode.client_from_config(
            {"auth": self.table()}, transport=transport, plugins=plugins, trust_env=False
        ) as client:
            await client.get("https://example.test/")

    def everything_made(self) -> list[object]:
        """What `make` returns, and what `from_credentials` makes of the secrets."""
        made = super().everything_made()
        for secret in self.secrets:
            try:
                made.append(self.subject.from_credentials("user", secret))
            except (TypeError, ValueError):
                continue
        return made

    async def _run(
        self, mode: Mode, auth: Any, request: hookline.Request, send: ScriptedSend
    ) -> hookline.Response:
        async def bounded(request: hookline.Request) -> hookline.Response:
            require(
                len(send.requests) < _MOST,
                f"After {_MOST} requests, the flow yields another one. Give up where an answer was "
                "refused: return, and the refusal is the response.",
            )
            require(
                isinstance(request, hookline.Request),
                f"The flow yielded {request!r}. Yield a hookline.Request.",
            )
            return await send(request)

        response = await run_auth(auth, request, bounded, is_async=mode.is_async)
        await send.close(response)
        return response

    def _challenged(self, mode: Mode, answers: Answers, challenge: str) -> ScriptedSend:
        return ScriptedSend(World(mode), answers, headers={"WWW-Authenticate": challenge})

    @rule
    async def test_flow_yields_requests_and_ends(self, mode: Mode) -> None:
        """A flow yields at least one request, and ends: at once where the answer is good, and in
        the end where it never is. Whoever asks for credentials again and again is not answered
        again and again."""
        for answers in (200, 401, (401, 200), 403, 500):
            send = self._challenged(mode, answers, self._asking())
            try:
                await self._run(mode, self.make(), self.request(), send)
            except hookline.RequestError:
                pass
            require(send.requests, "The flow yielded no request, so that nothing was sent.")
            if answers == 200:
                require(
                    len(send.requests) <= 2,
                    f"The answer was 200, and {len(send.requests)} requests were sent.",
                )

    @rule
    async def test_challenges_that_make_no_sense_are_survived(self, mode: Mode) -> None:
        """Whatever a server writes into WWW-Authenticate, the flow ends, or raises one of
        hookline's exceptions. `hookline.plugins.parse_challenges` takes challenges apart."""
        for garbage in _GARBAGE:
            challenge = garbage.replace("{scheme}", self.registered_name)
            send = ScriptedSend(
                World(mode),
                lambda request, value=challenge: _refusal(value),  # type: ignore[misc]
            )
            try:
                await self._run(mode, self.make(), self.request(), send)
            except ContractBroken:
                raise
            except Exception as exc:
                require_translated(exc, None, f"At the challenge {challenge[:60]!r}")

    @rule
    async def test_bodies_are_asked_for(self, mode: Mode) -> None:
        """A flow that looks at bodies says so: `requires_request_body`, `needs_request_body` or
        `requires_response_body`. Otherwise they are not there, and are not looked at."""
        for answers in ((200,), (401, 200)):
            send = self._challenged(mode, answers, self._asking())
            request = self.request(method="POST", content=mode.body([b"a", b"b"]))
            try:
                await self._run(mode, self.make(), request, send)
            except (hookline.RequestNotRead, hookline.ResponseNotRead) as exc:
                raise ContractBroken(
                    f"The flow looked at a body that had not been read: {type(exc).__name__}. Set "
                    "`requires_request_body` or `requires_response_body`."
                ) from exc
            except (hookline.StreamConsumed, hookline.RequestError):
                # It was sent, and cannot be sent again: that is the client's to tell.
                pass

    @rule
    async def test_does_not_say_more_than_it_admits(self, mode: Mode) -> None:
        """`sends_secret` is True for a scheme that sends the secret itself. It is used over http
        where it says False: whoever listens must find nothing then."""
        if not self.secrets:
            skip("no `secrets` are declared in the suite")
        if self.subject.sends_secret:
            return
        for answers in ((200,), (401, 200)):
            send = self._challenged(mode, answers, self._asking())
            try:
                await self._run(mode, self.make(), self.request(), send)
            except hookline.RequestError:
                pass
            for request in send.requests:
                for secret in self.secrets:
                    require(
                        not _holds(request, secret),
                        "`sends_secret` is False, and a request has a secret in it. Set it to "
                        "True.",
                    )

    @rule
    async def test_flow_can_be_broken_off(self, mode: Mode) -> None:
        """A flow may end at any of its yields, when a request fails or is cancelled, and the next
        flow works. What it keeps from one yield to the next is its own."""
        for answers in ((200,), (401, 200)):
            auth = self.make()
            for at in range(_MOST):
                world = World(mode)
                headers = {"WWW-Authenticate": self._asking()}
                send = ScriptedSend(world, answers, headers=headers)

                async def call(send: ScriptedSend = send, auth: Any = auth) -> None:
                    await self._run(mode, auth, self.request(), send)

                try:
                    if not await world.interrupt(call, at):
                        break
                except hookline.RequestError:
                    break
                require(not world.left_open, f"Broken off at {at}, it left something open.")
            send = self._challenged(mode, answers, self._asking())
            try:
                await self._run(mode, auth, self.request(), send)
            except hookline.RequestError:
                pass

    @rule
    async def test_serves_several_at_once(self, mode: Mode) -> None:
        """One instance serves many requests at once, from tasks and from threads: each flow yields
        its own request. Keep what belongs to one in local variables, not on `self`."""
        auth = self.make()
        world = World(mode)
        world.is_shared = True
        paths = [f"/{number}" for number in range(5)]

        async def call(path: str) -> set[str]:
            answered: list[None] = []

            def answer(request: hookline.Request) -> hookline.Response:
                answered.append(None)
                return _refusal(self._asking()) if len(answered) == 1 else hookline.Response(200)

            send = ScriptedSend(world, answer)
            await self._run(mode, auth, self.request(path), send)
            same_host = [each for each in send.requests if each.url.host == "example.test"]
            return {each.url.path for each in same_host}

        results = await mode.together(*((lambda path=path: call(path)) for path in paths))
        for path, seen in zip(paths, results, strict=True):
            if isinstance(seen, hookline.RequestError):
                continue
            if isinstance(seen, Exception):
                raise seen
            require(
                path in seen and not seen & (set(paths) - {path}),
                f"The flow for {path} yielded requests to {sorted(seen)}.",
            )

    @rule
    async def test_from_credentials_makes_a_scheme_or_refuses(self, mode: Mode) -> None:
        """`from_credentials(username, password)` makes an Auth, or raises TypeError or ValueError.
        NegotiatedAuth calls it with what the user gave: str or bytes."""
        for pair in (("user", "passw0rd"), (b"user", b"passw0rd")):
            try:
                made = self.subject.from_credentials(*pair)
            except (TypeError, ValueError) as exc:
                require(
                    "passw0rd" not in str(exc), "The message of the refusal has the password.", exc
                )
                continue
            require(
                isinstance(made, hookline.Auth),
                f"`from_credentials` returned {type(made).__name__}. Return a hookline.Auth.",
            )
            require("passw0rd" not in repr(made), "What it makes shows the password in its repr.")


def _refusal(challenge: str) -> hookline.Response:
    raw = challenge.encode("latin-1", "replace")
    return hookline.Response(401, headers=[(b"WWW-Authenticate", raw)])


def _holds(request: hookline.Request, secret: str) -> bool:
    """Whether a request has a secret in its head, as it is or in base64."""
    values = [str(request.url), *(value.decode("latin-1") for _, value in request.headers.raw)]
    for value in list(values):
        for word in re.findall(r"[A-Za-z0-9+/=_-]{4,}", value):
            padded = word.replace("-", "+").replace("_", "/") + "=="
            try:
                values.append(base64.b64decode(padded).decode("latin-1"))
            except ValueError:
                continue
    return any(secret in value for value in values)
