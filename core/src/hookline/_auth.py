"""Authentication: flows as generators that are handed responses, with no I/O of their own.

Knows requests and responses. Never sends anything: whoever runs the flow does.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, ClassVar

from ._errors import RequestError

if TYPE_CHECKING:
    from ._models import Request, Response
    from ._types import AuthTypes


class Auth:
    """Base class of authentication schemes.

    Subclasses implement `auth_flow`: a generator that yields the requests to make, and is sent the
    response to each. A flow that only sets a header yields once:

        class TokenAuth(hookline.Auth):
            def __init__(self, token):
                self.token = token

            def auth_flow(self, request):
                request.headers["Authorization"] = f"Bearer {self.token}"
                yield request

    With `requires_request_body` or `requires_response_body` set, the body is read before the flow
    sees the message. A flow that has to wait for something else than HTTP overrides
    `sync_auth_flow` and `async_auth_flow`.

    `scheme` is the name under which a plugin registers the class: its name in `WWW-Authenticate`
    (RFC 9110 section 11.1), in lower case. A scheme that `NegotiatedAuth` may choose is made by
    `from_credentials`, takes part with its `auth_flow`, and says by `sends_secret` whether it sends
    the secret itself, so that whoever reads the request can use it: such a scheme answers over
    https alone.
    """

    scheme: ClassVar[str] = ""
    sends_secret: ClassVar[bool] = False
    requires_request_body: bool = False
    requires_response_body: bool = False

    @classmethod
    def from_credentials(cls, username: str | bytes, password: str | bytes) -> Auth:
        """The scheme with a user name and a password, for `NegotiatedAuth`.

        As it stands, the two are the arguments of the constructor. A scheme that takes something
        else overrides this, and raises TypeError or ValueError where it cannot be made like that.
        """
        return cls(username, password)  # type: ignore[call-arg]

    def needs_request_body(self, request: Request, response: Response | None) -> bool:
        """Whether the flow is going to look at `request.content` now; then it is read first.

        Asked when a flow begins (`response` is None), and before each response is handed to it. As
        it stands, `requires_request_body` is the answer. For schemes that rarely sign a body, and
        would otherwise keep every upload in memory.
        """
        return self.requires_request_body

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """Yield the requests to make, one after the other; each yield returns the response to it.

        The first is usually `request` itself, changed; the last response is the answer to the call.
        Responses that are not the last are read and kept in its `history`. The body of a response
        is there only with `requires_response_body`.
        """
        yield request

    def sync_auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """The flow as the synchronous client runs it: `auth_flow`, with bodies read where it needs
        them. Overridden by schemes that wait for something else than HTTP."""
        if self.needs_request_body(request, None):
            request.read()
        flow = self.auth_flow(request)
        request = next(flow)
        while True:
            response = yield request
            if self.requires_response_body:
                response.read()
            if self.needs_request_body(request, response):
                request.read()
            try:
                request = flow.send(response)
            except StopIteration:
                return

    async def async_auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        """The flow as the asynchronous client runs it: `auth_flow`, with bodies read where it needs
        them. Overridden by schemes that wait for something else than HTTP."""
        if self.needs_request_body(request, None):
            await request.aread()
        flow = self.auth_flow(request)
        request = next(flow)
        while True:
            response = yield request
            if self.requires_response_body:
                await response.aread()
            if self.needs_request_body(request, response):
                await request.aread()
            try:
                request = flow.send(response)
            except StopIteration:
                return


class FunctionAuth(Auth):
    """Authentication by a function that takes the request and returns it changed.

    `auth=function` makes one of these. The function is called once for each message to the origin
    that the request was made to, and waits for nothing.
    """

    def __init__(self, func: Callable[[Request], Request]) -> None:
        self._func = func

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """One request, as the function returns it."""
        signed = self._func(request)
        if signed is None:
            raise TypeError(f"auth: the function {self._func!r} returned None, not the request.")
        yield signed


class BasicAuth(Auth):
    """HTTP Basic authentication (RFC 7617). User name and password are sent as UTF-8."""

    scheme: ClassVar[str] = "basic"
    sends_secret: ClassVar[bool] = True

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        self._auth_header = basic_credentials(username, password)

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """One request, with the Authorization header."""
        request.headers["Authorization"] = self._auth_header
        yield request


def basic_credentials(username: str | bytes, password: str | bytes) -> str:
    """The value of an Authorization header for Basic authentication."""
    from binascii import b2a_base64

    check_credentials(username, password)
    joined = b":".join(
        part.encode("utf-8") if isinstance(part, str) else part for part in (username, password)
    )
    return f"Basic {b2a_base64(joined, newline=False).decode('ascii')}"


def check_credentials(username: object, password: object) -> None:
    """Raise TypeError unless both are str or bytes."""
    if not (isinstance(username, (str, bytes)) and isinstance(password, (str, bytes))):
        # The values may be secrets: name their types alone.
        given = f"{type(username).__name__}, {type(password).__name__}"
        raise TypeError(f"auth: expected user name and password as str or bytes, not ({given}).")


class BearerAuth(Auth):
    """A token that whoever holds it may use (RFC 6750): `BearerAuth(token)`.

    It is sent with every request to the origin that it was given for, and never elsewhere. Raises
    TypeError unless it is a str, and ValueError where it holds anything but visible ASCII, such as
    the line end of the file that it was read from.
    """

    scheme: ClassVar[str] = "bearer"
    sends_secret: ClassVar[bool] = True

    def __init__(self, token: str) -> None:
        if not isinstance(token, str):
            raise TypeError(f"auth: expected the token as a str, not a {type(token).__name__}.")
        if not token:
            raise ValueError("auth: the token is empty.")
        if wrong := _INVISIBLE.search(token):
            # It is a secret: say where it is wrong, and only of white space what it is.
            what = repr(wrong[0]) if wrong[0].isspace() else "a character that is not visible ASCII"
            raise ValueError(
                f"auth: the token has {what} at position {wrong.start()}; a bearer token has no "
                "spaces, no line ends and nothing that is not ASCII."
            )
        self._auth_header = f"Bearer {token}"

    @classmethod
    def from_credentials(cls, username: str | bytes, password: str | bytes) -> Auth:
        """There is none: raises TypeError."""
        raise TypeError("a bearer token is neither a user name nor a password")

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """One request, with the Authorization header."""
        request.headers["Authorization"] = self._auth_header
        yield request


# More than RFC 6750 section 2.1 allows, since tokens in use hold more, "|" and ":" among it.
_INVISIBLE = re.compile(r"[^\x21-\x7e]")


def build_auth(auth: AuthTypes | None) -> Auth | None:
    """The Auth that a user's argument means: None, a pair, a function, or an Auth.

    Raises TypeError for anything else.
    """
    if auth is None or isinstance(auth, Auth):
        return auth
    if isinstance(auth, tuple):
        if len(auth) != 2 or not all(isinstance(part, (str, bytes)) for part in auth):
            # The values may be secrets: name their types alone.
            given = ", ".join(type(part).__name__ for part in auth)
            raise TypeError(f"auth: expected (username, password) as text, not ({given}).")
        return BasicAuth(username=auth[0], password=auth[1])
    if callable(auth):
        return FunctionAuth(func=auth)
    # A list or a dict may hold a password; a number hardly does.
    shown = repr(auth) if isinstance(auth, (int, float)) else f"a {type(auth).__name__}"
    raise TypeError(f'Invalid "auth" argument: {shown}')


async def run_auth(
    auth: Auth,
    request: Request,
    send: Callable[[Request], Awaitable[Response]],
    *,
    is_async: bool,
) -> Response:
    """Run a flow to its end and return the last response.

    Every response but the last is read and becomes part of its `history`, so that its connection
    can be used for the next request.
    """
    flow: Any = auth.async_auth_flow(request) if is_async else auth.sync_auth_flow(request)
    history: list[Response] = []
    timeout = request.extensions.get("timeout")
    try:
        try:
            request = await anext(flow) if is_async else next(flow)
        except Exception as exc:
            _blame(exc, auth, request)
            raise
        while True:
            if not hasattr(request, "extensions"):
                from ._blame import wrong_type

                raise wrong_type("auth flow", auth, request, "a hookline.Request")
            if timeout is not None and "timeout" not in request.extensions:
                # A flow may send requests of its own, for a token say.
                request.extensions["timeout"] = timeout
            response = await send(request)
            if history:
                response.history = [*history, *response.history]
            try:
                try:
                    request = await flow.asend(response) if is_async else flow.send(response)
                except (StopIteration, StopAsyncIteration):
                    return response
                except Exception as exc:
                    _blame(exc, auth, request)
                    raise
                await response._read(is_async=is_async)
                history.append(response)
            except BaseException:
                await response._abandon(is_async=is_async)
                raise
    except RequestError as exc:
        # What the flow itself raised, at a challenge that makes no sense for one.
        if exc._request is None:
            exc._request = request
        raise
    finally:
        if is_async:
            await flow.aclose()
        else:
            flow.close()


def _blame(exc: Exception, auth: Auth, request: Request) -> None:
    """A flow has raised."""
    from ._blame import blame
    from ._streams import ByteStream

    if type(request.stream) is ByteStream:
        # Nothing of the program's ran, as its body would have.
        blame(exc, "auth flow", auth)
