"""Auth schemes that break a rule each."""

from __future__ import annotations

import functools
from base64 import b64encode
from collections.abc import Generator
from typing import Any

import hookline
from hookline import Request, Response
from hookline.testing import AuthSuite

from .cases import breaks as _breaks

breaks = functools.partial(_breaks, AuthSuite)

Flow = Generator[Request, Response, None]


class Good(hookline.Auth):
    """Breaks nothing: what the others derive from."""

    scheme = "good"
    sends_secret = True

    def auth_flow(self, request: Request) -> Flow:
        request.headers["Authorization"] = "Good s3cret"
        yield request

    @classmethod
    def from_credentials(cls, username: Any, password: Any) -> hookline.Auth:
        return cls()


@breaks("test_flow_yields_requests_and_ends", "the flow yields another one")
class NeverGivesUp(Good):
    def auth_flow(self, request: Request) -> Flow:
        while (yield request).status_code == 401:
            request.headers["Authorization"] = "Good s3cret"


@breaks("test_flow_yields_requests_and_ends", "returned 'request'; expected")
class YieldsSomethingElse(Good):
    def auth_flow(self, request: Request) -> Any:
        yield "request"


@breaks("test_challenges_that_make_no_sense_are_survived", "IndexError left the plugin")
class TrustsTheServer(Good):
    def auth_flow(self, request: Request) -> Flow:
        response = yield request
        if response.status_code == 401:
            response.headers["WWW-Authenticate"].split('"')[1]


@breaks("test_bodies_are_asked_for", "RequestNotRead")
class SignsWhatIsNotThere(Good):
    def auth_flow(self, request: Request) -> Flow:
        request.headers["Digest"] = str(len(request.content))
        yield request


@breaks("test_bodies_are_asked_for", "ResponseNotRead")
class ReadsWhatIsNotThere(Good):
    def auth_flow(self, request: Request) -> Flow:
        response = yield request
        assert "error" not in response.text


@breaks(
    "test_does_not_say_more_than_it_admits",
    "`sends_secret` is False, and a request has a secret in it",
    secrets=["s3cret"],
)
class SaysThatItHides(Good):
    sends_secret = False

    def auth_flow(self, request: Request) -> Flow:
        request.headers["Authorization"] = "Good " + b64encode(b"user:s3cret").decode()
        yield request


@breaks("test_flow_can_be_broken_off", "ValueError: busy")
class IsBusyForEver(Good):
    def __init__(self) -> None:
        self._is_busy = False

    def auth_flow(self, request: Request) -> Flow:
        if self._is_busy:
            raise ValueError("busy")
        self._is_busy = True
        yield request
        self._is_busy = False


@breaks("test_serves_several_at_once", "yielded requests to")
class KeepsTheRequest(Good):
    def auth_flow(self, request: Request) -> Flow:
        self._request = request
        yield request
        yield self._request


@breaks("test_from_credentials_makes_a_scheme_or_refuses", "`from_credentials` returned NoneType")
class MakesNothing(Good):
    @classmethod
    def from_credentials(cls, username: Any, password: Any) -> Any:
        return None


@breaks("test_from_credentials_makes_a_scheme_or_refuses", "shows the password")
class ShowsThePassword(Good):
    _password: Any = None

    @classmethod
    def from_credentials(cls, username: Any, password: Any) -> hookline.Auth:
        made = cls()
        made._password = password
        return made

    def __repr__(self) -> str:
        return f"ShowsThePassword({self._password!r})"
