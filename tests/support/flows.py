"""Runs flows of authentication by hand, without a client and without a socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hookline import Auth, Request, Response
from support.digest_server import DigestServer

# No flow is allowed to go round more often: a test that gets here has found a loop.
MOST = 10


class Exchange(NamedTuple):
    """One message of a flow, as it was when it was sent, and the answer to it."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    response: Response

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key == name.lower()]
        return values[0] if values else None


class Conversation(NamedTuple):
    """All messages of a flow."""

    exchanges: list[Exchange]

    @property
    def response(self) -> Response:
        return self.exchanges[-1].response

    @property
    def statuses(self) -> list[int]:
        return [exchange.response.status_code for exchange in self.exchanges]

    @property
    def answers(self) -> list[str | None]:
        """The Authorization headers that were sent."""
        return [exchange.header("authorization") for exchange in self.exchanges]


def converse(
    auth: Auth, request: Request, answer: Callable[[Request], Response | list[tuple[str, str]]]
) -> Conversation:
    """Run a flow to its end; `answer` gives a response, or the headers of a 401, for each request.

    The flow is the one that the synchronous client runs.
    """
    exchanges: list[Exchange] = []
    flow = auth.sync_auth_flow(request)
    try:
        wanted = next(flow)
        while True:
            assert len(exchanges) < MOST, "the flow goes round in circles"
            response = answer(wanted)
            if not isinstance(response, Response):
                response = Response(401, headers=response)
            response.request = wanted
            # Header values are bytes: as text, they are what a server makes of them.
            headers = [
                (name.decode("ascii").lower(), value.decode("latin-1"))
                for name, value in wanted.headers.raw
            ]
            exchanges.append(Exchange(wanted.method, str(wanted.url), headers, response))
            wanted = flow.send(response)
    except StopIteration:
        return Conversation(exchanges)
    finally:
        flow.close()


def behind(server: DigestServer) -> Callable[[Request], Response]:
    """The server's verdicts as responses; the reason is the body."""

    def answer(request: Request) -> Response:
        raw = {name.lower(): value for name, value in request.headers.raw}
        authorization = raw.get(b"authorization")
        verdict = server.check(
            request.method,
            request.extensions.get("target", request.url.raw_path).decode("ascii"),
            None if authorization is None else authorization.decode("latin-1"),
            request.content if server.qop and "auth-int" in server.qop else b"",
        )
        return Response(verdict.status, headers=verdict.headers, text=verdict.reason)

    return answer
