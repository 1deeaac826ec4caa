"""A server's side of Digest authentication, by the book (RFC 7616), with no code of hookline's.

Knows what arrived and what must be answered. Sends nothing: tests put it behind a flow, a transport
or the real server.
"""

from __future__ import annotations

import hashlib
import itertools
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes
from urllib.request import parse_http_list, parse_keqv_list

HASHES = {
    "MD5": hashlib.md5,
    "SHA": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data),
    "SHA-512": hashlib.sha512,
}


class Verdict(NamedTuple):
    """What to answer: a status, and the headers that belong to it."""

    status: int
    headers: list[tuple[str, str]]
    reason: str


class DigestServer:
    """Takes one user's answers to its own challenges, and remembers what it was told.

    - `algorithm`, `qop`: as in the challenge; None leaves them out.
    - `uses`: how often a nonce may be used before it is stale.
    - `gives_next`: whether each answer brings the next nonce.
    - `proof`: "right", "wrong" or None, for the rspauth in Authentication-Info.
    - `more`: further parameters of the challenge, as text.
    """

    def __init__(
        self,
        username: str = "user",
        password: str = "password",
        *,
        realm: str = "a realm",
        algorithm: str | None = "MD5",
        qop: str | None = "auth",
        uses: int | None = None,
        gives_next: bool = False,
        proof: str | None = "right",
        userhash: bool = False,
        more: str = "",
    ) -> None:
        self.username = username
        self.password = password
        self.realm = realm
        self.algorithm = algorithm
        self.qop = qop
        self.uses = uses
        self.gives_next = gives_next
        self.proof = proof
        self.userhash = userhash
        self.more = more
        self.seen: list[dict[str, str] | None] = []
        self.counts: dict[str, list[int]] = {}
        self._numbers = itertools.count(1)
        self._session_keys: dict[str, str] = {}

    def check(self, method: str, target: str, authorization: str | None, body: bytes) -> Verdict:
        """The verdict on one request."""
        params = _params(authorization)
        self.seen.append(params)
        if params is None:
            return self._refuse("no answer yet")
        nonce = params["nonce"]
        if nonce not in self.counts:
            return self._refuse("an unknown nonce")
        wrong = self._what_is_wrong(params, method, target, body)
        if wrong:
            return self._refuse(wrong)
        if self.uses is not None and len(self.counts[nonce]) > self.uses:
            return self._refuse("a stale nonce", stale=True)
        return Verdict(200, self._info(params, target), "welcome")

    def challenge(self, *, stale: bool = False) -> str:
        """A challenge with a new nonce."""
        nonce = f"nonce-{next(self._numbers)}"
        self.counts[nonce] = []
        parts = [f'realm="{self.realm}"', f'nonce="{nonce}"', 'opaque="o p, a"']
        if self.qop is not None:
            parts.append(f'qop="{self.qop}"')
        if self.algorithm is not None:
            parts.append(f"algorithm={self.algorithm}")
        if self.userhash:
            parts.append("userhash=true")
        if stale:
            parts.append("stale=true")
        if self.more:
            parts.append(self.more)
        return "Digest " + ", ".join(parts)

    def _refuse(self, reason: str, *, stale: bool = False) -> Verdict:
        return Verdict(401, [("WWW-Authenticate", self.challenge(stale=stale))], reason)

    def _what_is_wrong(
        self, params: dict[str, str], method: str, target: str, body: bytes
    ) -> str | None:
        for name, expected in {
            "realm": self.realm,
            "uri": target,
            "opaque": "o p, a",
            "algorithm": self.algorithm,
            "userhash": "true" if self.userhash else None,
        }.items():
            if params.get(name) != expected:
                return f"{name} is {params.get(name)!r}"
        if not self._is_user(params):
            return "another user"
        qop = params.get("qop")
        if (qop is None) != (self.qop is None):
            return f"qop is {qop!r}"
        count = params.get("nc")
        if qop is not None:
            assert count is not None
            assert len(count) == 8
            self.counts[params["nonce"]].append(int(count, 16))
        if params["response"] != self._response(params, f"{method}:{target}", body):
            return "a wrong response"
        return None

    def _is_user(self, params: dict[str, str]) -> bool:
        if "username*" in params:
            charset, language, value = params["username*"].split("'")
            return (charset, language, unquote_to_bytes(value)) == (
                "UTF-8",
                "",
                self.username.encode(),
            )
        name = params["username"]
        expected = self._h(f"{self.username}:{self.realm}") if self.userhash else self.username
        # As HTTP servers decode headers.
        return name == expected.encode().decode("latin-1")

    def _response(self, params: dict[str, str], a2: str, body: bytes) -> str:
        key = self._h(f"{self.username}:{self.realm}:{self.password}")
        if (self.algorithm or "").endswith("-sess"):
            key = self._h(f"{key}:{params['nonce']}:{params['cnonce']}")
        if params.get("qop") == "auth-int":
            a2 += ":" + self._h(body)
        if "qop" not in params:
            return self._h(f"{key}:{params['nonce']}:{self._h(a2)}")
        middle = ":".join(params[name] for name in ("nonce", "nc", "cnonce", "qop"))
        return self._h(f"{key}:{middle}:{self._h(a2)}")

    def _info(self, params: dict[str, str], target: str) -> list[tuple[str, str]]:
        parts = []
        if self.proof is not None and params.get("qop") == "auth":
            proof = self._response(params, f":{target}", b"")
            if self.proof == "wrong":
                proof = proof[::-1]
            parts = [
                f'rspauth="{proof}"',
                f'cnonce="{params["cnonce"]}"',
                f"nc={params['nc']}",
                "qop=auth",
            ]
        if self.gives_next:
            nonce = f"next-{next(self._numbers)}"
            self.counts[nonce] = []
            parts.append(f'nextnonce="{nonce}"')
        return [("Authentication-Info", ", ".join(parts))] if parts else []

    def _h(self, data: str | bytes) -> str:
        name = (self.algorithm or "MD5").removesuffix("-sess")
        data = data.encode() if isinstance(data, str) else data
        digest: Any = HASHES[name](data)
        return str(digest.hexdigest())


def _params(authorization: str | None) -> dict[str, str] | None:
    if authorization is None:
        return None
    scheme, _, rest = authorization.partition(" ")
    assert scheme == "Digest"
    return dict(parse_keqv_list(parse_http_list(rest)))
