"""`NegotiatedAuth`: the server says which schemes it takes, and the strongest of them answers.

Knows challenges, the registry's schemes and their order. How a scheme answers is its own business.

The rules it lives by:

- A scheme takes part by being installed and allowed, in the order of strength that was given.
- The strongest one that is on offer answers, and no weaker one after it: a server, or whoever sits
  in between, must not be able to ask for the password in a worse way by refusing the better one.
  Only a scheme that worked before, and that the server has stopped offering, makes way for others.
- A scheme that sends the secret itself answers over https alone, unless the user said otherwise.
- What worked is remembered for the origin where it did, and for no other.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from ._auth import Auth, check_credentials
from ._wiring import manager_or_default

if TYPE_CHECKING:
    from ._models import Request, Response
    from ._url import Origin
    from .plugins import PluginManager

# The schemes that take part without being asked for, strongest first.
_DEFAULT = ("digest", "basic")

# Origins that are remembered, so that a crawler does not grow for ever.
_ORIGINS_KEPT = 1000


class NegotiatedAuth(Auth):
    """A user name and a password, for whichever scheme the server asks: `NegotiatedAuth("user",
    "password")`.

    - `schemes`: the schemes that may answer, strongest first: names of registered ones, or `Auth`
      instances. By default "digest", where it is installed, and "basic".
    - `allow_cleartext`: whether schemes that send the password itself, such as Basic, may answer
      over plain http. Otherwise the 401 is returned there.
    - `plugins`: where names are looked up; the plugins that are installed, by default. A client
      with a plugin manager of its own passes it on where it makes this by name.

    A 401 that no scheme can answer is returned as it is, and so is the one that refuses an answer.
    Once a scheme has worked, the next request to that origin uses it from the start.

    Raises PluginNotFound for a name in `schemes` that nobody registered, ValueError for schemes
    that cannot take part, and TypeError for arguments of the wrong type.
    """

    scheme: ClassVar[str] = "auto"

    def __init__(
        self,
        username: str | bytes,
        password: str | bytes,
        *,
        schemes: Sequence[str | Auth] | None = None,
        allow_cleartext: bool = False,
        plugins: PluginManager | None = None,
    ) -> None:
        check_credentials(username, password)
        registry = manager_or_default(plugins).registry
        if schemes is None:
            known = registry.names("auth_schemes")
            schemes = [name for name in _DEFAULT if name in known]
        elif isinstance(schemes, (str, Auth)):
            schemes = [schemes]
        self._schemes: list[Auth] = []
        for spec in schemes:
            if isinstance(spec, str):
                spec = _made(registry.get("auth_schemes", spec), username, password)
            elif not isinstance(spec, Auth):
                raise TypeError(
                    "schemes: expected names of auth schemes or hookline.Auth instances, not a "
                    f"{type(spec).__name__}."
                )
            if not spec.scheme:
                raise ValueError(
                    f"schemes: {type(spec).__name__} has no `scheme`, so that no server can ask "
                    "for it."
                )
            self._schemes.append(spec)
        self.requires_response_body: bool = any(
            auth.requires_response_body for auth in self._schemes
        )
        self._allow_cleartext = allow_cleartext
        self._begin()

    def _begin(self) -> None:
        from ._fork import after_fork

        self._forget_all()
        after_fork(self, NegotiatedAuth._forget_all)

    def _forget_all(self) -> None:
        """Remember nothing: in a copy, and in a process that was forked, too."""
        self._worked: dict[Origin, Auth] = {}
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k not in ("_worked", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()

    def needs_request_body(self, request: Request, response: Response | None) -> bool:
        """Whether a scheme that is about to answer looks at the body."""
        if response is None:
            usual = self._worked.get(request.url.origin)
            return usual is not None and usual.needs_request_body(request, None)
        if response.status_code != 401:
            return False
        return any(
            auth.needs_request_body(request, None) or auth.needs_request_body(request, response)
            for auth in self._candidates(request, response)
        )

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """The request, and where it meets a 401 what the strongest scheme makes of that."""
        origin = request.url.origin
        # What a redirect brought along was said by a scheme to another URL.
        request.headers.pop("Authorization", None)
        clean = request.headers.copy()
        usual = self._worked.get(origin)
        if usual is None:
            response = yield request
        else:
            response, _ = yield from _run(usual, request)
        if response.status_code != 401:
            return
        self._forget(origin)
        for auth in self._candidates(request, response):
            if auth is usual:
                return
            request.headers = clean.copy()
            response, has_answered = yield from _run(auth, request, response)
            if has_answered:
                if response.status_code != 401:
                    self._remember(origin, auth)
                return

    def _candidates(self, request: Request, response: Response) -> list[Auth]:
        """The schemes that may answer this 401, strongest first."""
        from ._challenge import parse_challenges

        values = response.headers.get_list("WWW-Authenticate")
        offered = {challenge.scheme for challenge in parse_challenges(values)}
        is_open = request.url.scheme != "https" and not self._allow_cleartext
        return [
            auth
            for auth in self._schemes
            if auth.scheme in offered and not (is_open and auth.sends_secret)
        ]

    def _remember(self, origin: Origin, auth: Auth) -> None:
        with self._lock:
            if len(self._worked) >= _ORIGINS_KEPT:
                del self._worked[next(iter(self._worked))]
            self._worked[origin] = auth

    def _forget(self, origin: Origin) -> None:
        with self._lock:
            self._worked.pop(origin, None)


def _made(cls: type[Auth], username: str | bytes, password: str | bytes) -> Auth:
    try:
        return cls.from_credentials(username, password)
    except (TypeError, ValueError) as exc:
        raise ValueError(
            f"schemes: {cls.scheme!r} cannot be made of a user name and a password: {exc}. "
            f"Give an instance: schemes=[{cls.__name__}(...), ...]."
        ) from exc


def _run(
    auth: Auth, request: Request, response: Response | None = None
) -> Generator[Request, Response, tuple[Response, bool]]:
    """Run a scheme's flow; return the last response, and whether the flow sent anything.

    With a `response`, the request was sent already: a flow that begins by sending just that is
    handed the response at once.
    """
    flow = auth.auth_flow(request)
    has_sent = False
    try:
        sent = _message(request)
        wanted = next(flow)
        if response is not None and _message(wanted) == sent:
            wanted = flow.send(response)
        while True:
            has_sent = True
            response = yield wanted
            wanted = flow.send(response)
    except StopIteration:
        assert response is not None
        return response, has_sent
    except Exception as exc:
        from ._blame import blame

        blame(exc, "auth flow", auth)
        raise
    finally:
        # It may be no generator at all, which is what was raised then.
        if hasattr(flow, "close"):
            flow.close()


def _message(request: Request) -> tuple[object, ...]:
    """What makes two requests the same message to the server."""
    return request.method, request.url, request.headers.raw, request.stream
