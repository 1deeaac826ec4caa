"""`DigestAuth`: who asks whom, and what is remembered.

Knows requests, responses and origins. What a challenge says and how it is answered is in
`_digest.py`; the client sends what the flow yields.

The rules it lives by:

- A challenge is answered once. If the server then says that the nonce is stale, it is answered once
  more. Whatever comes after that is returned: no server can keep a client going round.
- What one origin asked is answered to no other, and only within the protection space that it named.
- A nonce is counted in one place, so that threads that share it never send the same count twice.
"""

from __future__ import annotations

from collections.abc import Generator
from threading import Lock
from typing import Any, ClassVar

from hookline import Origin, RemoteProtocolError, Request, RequestNotRead, Response
from hookline.plugins import Auth, after_fork, parse_auth_params

from ._digest import Answer, DigestChallenge, Session, best_challenge

# The first request, the answer to its challenge, and one more where the nonce was stale.
_MOST_REQUESTS = 3

# Origins and nonces that are remembered: more than anybody talks to at a time, and an end to it.
_KEPT = 1000


class DigestAuth(Auth):
    """HTTP Digest authentication (RFC 7616, 2617 and 2069): `DigestAuth("user", "password")`.

    The strongest algorithm on offer is used, of MD5, SHA, SHA-256, SHA-512-256 and SHA-512, each
    with "-sess" too; qop "auth" before "auth-int". The next requests to the same server are signed
    at once. One instance may serve any number of clients, threads and servers.

    A 401 that cannot be answered is returned as it is. Raises RemoteProtocolError where a challenge
    is malformed, and where a server that is to prove that it knows the password (`rspauth`) does
    not; TypeError where user name or password is neither str nor bytes.
    """

    scheme: ClassVar[str] = "digest"

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        for part in (username, password):
            if not isinstance(part, (str, bytes)):
                raise TypeError(
                    "auth: expected user name and password as str or bytes, not a "
                    f"{type(part).__name__}."
                )
        self._username = username
        self._password = password
        self._start()

    def _start(self) -> None:
        self._forget_all()
        after_fork(self, DigestAuth._forget_all)

    def _forget_all(self) -> None:
        """Remember nothing: in a copy, and in a process that was forked, too. Two that count the
        same nonce would send the same count twice."""
        self._lock = Lock()
        self._sessions: dict[Origin, Session] = {}
        self._counts: dict[tuple[Origin, bytes], int] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k not in ("_lock", "_sessions", "_counts")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    def needs_request_body(self, request: Request, response: Response | None) -> bool:
        """Whether the body is to be signed: only where the server takes nothing but auth-int."""
        challenge: DigestChallenge | None = None
        if response is None:
            session = self._sessions.get(request.url.origin)
            if session is not None and session.challenge.covers(request.url):
                challenge = session.challenge
        elif response.status_code == 401:
            challenge = best_challenge(response)
        return challenge is not None and challenge.qop == b"auth-int"

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """The request, and where it meets a challenge the answer to it."""
        # What a redirect brought along was signed for another URL.
        request.headers.pop("Authorization", None)
        origin = request.url.origin
        session = self._remembered(request)
        was_challenged = False
        for _ in range(_MOST_REQUESTS):
            answer = None
            if session is not None:
                answer = session.answer(request, self._count(origin, session.challenge.nonce))
                request.headers.update({b"Authorization": answer.header})
            response = yield request
            if response.status_code != 401:
                if session is not None and answer is not None:
                    self._check_info(origin, session, answer, response)
                return
            challenge = best_challenge(response)
            if challenge is None or (was_challenged and not _renews(challenge, session)):
                break
            session, was_challenged = self._begin(origin, challenge), True
            _carry_cookies(response, request)
        self._forget(origin, session)

    # -- What the server proves and promises ------------------------------------------------

    def _check_info(
        self, origin: Origin, session: Session, answer: Answer, response: Response
    ) -> None:
        """Authentication-Info (RFC 7616 section 3.5): the server's proof, and its next nonce."""
        value = response.headers.get("Authentication-Info")
        if value is None:
            return
        params = parse_auth_params(value)
        covers_no_body = params.get("qop", "auth").lower() == "auth"
        if "rspauth" in params and answer.proof is not None and covers_no_body:
            from secrets import compare_digest

            given = params["rspauth"].lower().encode()
            if not compare_digest(given, answer.proof):
                self._forget(origin, session)
                raise RemoteProtocolError(
                    "The server's proof that it knows the password (rspauth in "
                    "Authentication-Info) is wrong. Something else may be answering in its name, "
                    "or may have changed the request on its way."
                )
        if nonce := params.get("nextnonce"):
            self._renew(origin, session, nonce.encode(response.headers.encoding))

    # -- What is remembered -----------------------------------------------------------------

    def _remembered(self, request: Request) -> Session | None:
        session = self._sessions.get(request.url.origin)
        if session is None or not session.challenge.covers(request.url):
            return None
        if session.challenge.qop == b"auth-int":
            try:
                request.content  # noqa: B018
            except RequestNotRead:
                # Another thread's challenge came in after `needs_request_body` was asked.
                return None
        return session

    def _begin(self, origin: Origin, challenge: DigestChallenge) -> Session:
        """The session of a challenge: the one that is there, where another thread was first."""
        challenge = challenge._replace(is_stale=False)
        with self._lock:
            session = self._sessions.get(origin)
            if session is None or session.challenge != challenge:
                cnonce = self._make_cnonce()
                session = Session.begin(challenge, self._username, self._password, cnonce)
                _keep(self._sessions, origin, session)
            return session

    def _renew(self, origin: Origin, session: Session, nonce: bytes) -> None:
        with self._lock:
            # Unless another thread has got something newer meanwhile.
            if self._sessions.get(origin) is session and nonce != session.challenge.nonce:
                _keep(self._sessions, origin, session.renewed(nonce, self._make_cnonce()))

    def _forget(self, origin: Origin, session: Session | None) -> None:
        with self._lock:
            if self._sessions.get(origin) is session:
                self._sessions.pop(origin, None)

    def _count(self, origin: Origin, nonce: bytes) -> int:
        """How often a nonce was used, this time included."""
        with self._lock:
            count = self._counts.get((origin, nonce), 0) + 1
            _keep(self._counts, (origin, nonce), count)
            return count

    def _make_cnonce(self) -> bytes:
        from secrets import token_hex

        return token_hex(16).encode()


def _renews(challenge: DigestChallenge, session: Session | None) -> bool:
    """Whether a challenge says that the answer was right, but for the age of its nonce."""
    return challenge.is_stale and session is not None and challenge.nonce != session.challenge.nonce


def _carry_cookies(response: Response, request: Request) -> None:
    """Send back what the challenge set, beside the cookies that the request has already: servers
    tie their nonces to it."""
    if "Set-Cookie" not in response.headers:
        return
    probe = Request(request.method, request.url, cookies=response.cookies)
    new = probe.headers.get("Cookie", "")
    names = {pair.partition("=")[0] for pair in new.split("; ")}
    old = request.headers.get("Cookie", "").split("; ")
    pairs = [pair for pair in old if pair and pair.partition("=")[0] not in names]
    if new:
        request.headers["Cookie"] = "; ".join([*pairs, new])


def _keep(memory: dict[Any, Any], key: object, value: object) -> None:
    """Put something into a memory that forgets what was put in first."""
    memory.pop(key, None)
    if len(memory) >= _KEPT:
        del memory[next(iter(memory))]
    memory[key] = value
