"""What a Digest challenge says, and the arithmetic of the answer (RFC 7616 section 3.4).

Knows names, hashes and bytes. Sends nothing and remembers nothing: `_auth.py` does.

Everything that is hashed is bytes, in the server's own encoding where it was the server who wrote
it. RFC 2617 and RFC 2069 are what older servers speak: they come out of RFC 7616 by leaving out
what the challenge does not ask for.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hookline import URL, InvalidURL, RemoteProtocolError, Request, Response
from hookline.plugins import parse_challenges

# Weakest first. SHA and SHA-512 are in no RFC, but in servers. The names on the right are
# hashlib's; not every build of it has the one of SHA-512-256.
_HASHES = {
    "MD5": "md5",
    "SHA": "sha1",
    "SHA-256": "sha256",
    "SHA-512-256": "sha512_256",
    "SHA-512": "sha512",
}
_STRENGTH = list(_HASHES)

# RFC 8187 section 3.2.1: what stays as it is in an extended value, beside letters and digits.
_ATTR_CHARS = "!#$&+-.^_`|~"


class DigestChallenge(NamedTuple):
    """A challenge of scheme Digest that can be answered.

    - `algorithm`: as the server wrote it; "" where it did not, and means MD5.
    - `hash_name`: the key in `_HASHES`.
    - `qop`: b"auth" or b"auth-int"; b"" where the server knows RFC 2069 alone.
    - `domain`: the URIs that it is for; none for all of the server.
    """

    realm: bytes
    nonce: bytes
    opaque: bytes | None
    algorithm: str
    hash_name: str
    qop: bytes
    domain: tuple[str, ...]
    is_stale: bool
    wants_userhash: bool
    takes_utf8: bool

    @property
    def is_session(self) -> bool:
        """Whether password and nonces are hashed together once, for all requests that follow."""
        return self.algorithm.lower().endswith("-sess")

    def hash(self, *parts: bytes) -> bytes:
        """The hash of the parts with colons between them, as hexadecimal digits."""
        return _hash(_HASHES[self.hash_name], b":".join(parts))

    def covers(self, url: URL) -> bool:
        """Whether a URL of the challenge's own origin is in its protection space (section 3.3)."""
        for uri in self.domain:
            try:
                space = url.join(uri)
            except InvalidURL:
                continue
            if url.origin == space.origin and url.raw_path.startswith(space.raw_path):
                return True
        return not self.domain


def best_challenge(response: Response) -> DigestChallenge | None:
    """The strongest challenge of a response that can be answered; None where there is none.

    Raises RemoteProtocolError where one is malformed.
    """
    encoding = response.headers.encoding
    known = [
        challenge
        for scheme, params, _ in parse_challenges(response.headers.get_list("WWW-Authenticate"))
        if scheme == "digest" and (challenge := _understood(params, encoding))
    ]
    # The first among equals: servers begin with the one that they like best.
    return max(known, key=lambda found: _STRENGTH.index(found.hash_name), default=None)


def _understood(params: dict[str, str], encoding: str) -> DigestChallenge | None:
    for name in ("realm", "nonce"):
        if name not in params:
            raise RemoteProtocolError(f"The server's Digest challenge has no {name!r}.")
    algorithm = params.get("algorithm", "")
    hash_name = (algorithm or "MD5").upper().removesuffix("-SESS")
    qop = _chosen_qop(params.get("qop", ""))
    if qop is None or not _is_available(hash_name):
        return None
    return DigestChallenge(
        realm=params["realm"].encode(encoding),
        nonce=params["nonce"].encode(encoding),
        opaque=params["opaque"].encode(encoding) if "opaque" in params else None,
        algorithm=algorithm,
        hash_name=hash_name,
        qop=qop,
        domain=tuple(params.get("domain", "").split()),
        is_stale=params.get("stale", "").lower() == "true",
        wants_userhash=params.get("userhash", "").lower() == "true",
        takes_utf8=params.get("charset", "").lower() == "utf-8",
    )


def _chosen_qop(offered: str) -> bytes | None:
    """What to use of a qop list; None where nothing of it is known."""
    names = set(re.split(r"[\s,]+", offered.strip().lower())) - {""}
    if not names:
        return b""
    # auth-int hashes the whole body: only where nothing else will do.
    return next((qop.encode() for qop in ("auth", "auth-int") if qop in names), None)


def _is_available(hash_name: str) -> bool:
    try:
        _hash(_HASHES[hash_name], b"")
    except (KeyError, ValueError):
        return False
    return True


def _hash(name: str, data: bytes) -> bytes:
    # OpenSSL takes longer to load than this plugin: not before a server asks.
    import hashlib

    # Said to be for no security, MD5 works in FIPS builds too: it is the server's choice, not ours.
    return hashlib.new(name, data, usedforsecurity=False).hexdigest().encode()


class Answer(NamedTuple):
    """The value of an Authorization header, and what the server can prove by its `rspauth`: None
    where it can prove nothing, or only together with a body that was not read yet."""

    header: bytes
    proof: bytes | None


class Session(NamedTuple):
    """A challenge that was taken up: answers any number of requests, and needs no password more.

    `key` is H(A1) of RFC 7616 section 3.4.2, and `username` the parameter with the user's name.
    """

    challenge: DigestChallenge
    cnonce: bytes
    username: bytes
    key: bytes

    @classmethod
    def begin(
        cls, challenge: DigestChallenge, username: str | bytes, password: str | bytes, cnonce: bytes
    ) -> Session:
        """A session of this user."""
        name, secret = (
            _octets(part, normalised=challenge.takes_utf8) for part in (username, password)
        )
        key = challenge.hash(name, challenge.realm, secret)
        if challenge.is_session:
            key = challenge.hash(key, challenge.nonce, cnonce)
        return cls(challenge, cnonce, _username(challenge, name), key)

    def renewed(self, nonce: bytes, cnonce: bytes) -> Session:
        """The session with the server's next nonce. The key stays: that of a "-sess" algorithm is
        made of the first nonces (section 3.4.2)."""
        return self._replace(challenge=self.challenge._replace(nonce=nonce), cnonce=cnonce)

    def answer(self, request: Request, count: int) -> Answer:
        """Sign a request; `count` is how often the nonce was used, this time included.

        With qop "auth-int" the body must have been read.
        """
        challenge = self.challenge
        uri: bytes = request.extensions.get("target", request.url.raw_path)
        what = [request.method.encode(), uri]
        if challenge.qop == b"auth-int":
            what.append(challenge.hash(request.content))
        nonces = [challenge.nonce]
        if challenge.qop:
            nonces += [b"%08x" % count, self.cnonce, challenge.qop]
        response = challenge.hash(self.key, *nonces, challenge.hash(*what))

        params = [
            self.username,
            b"realm=" + _quoted(challenge.realm),
            b"nonce=" + _quoted(challenge.nonce),
            b"uri=" + _quoted(uri),
            b"response=" + _quoted(response),
        ]
        if challenge.algorithm:
            params.append(b"algorithm=" + challenge.algorithm.encode())
        if challenge.opaque is not None:
            params.append(b"opaque=" + _quoted(challenge.opaque))
        if challenge.qop:
            params += [b"qop=" + challenge.qop, b"nc=%08x" % count]
        if challenge.qop or challenge.is_session:
            params.append(b"cnonce=" + _quoted(self.cnonce))
        if challenge.wants_userhash:
            params.append(b"userhash=true")

        proof = None
        if challenge.qop == b"auth":
            proof = challenge.hash(self.key, *nonces, challenge.hash(b"", uri))
        return Answer(b"Digest " + b", ".join(params), proof)


def _octets(text: str | bytes, *, normalised: bool) -> bytes:
    """User name or password as bytes. A server that does not say its charset gets UTF-8 too, but
    as it was typed (section 4)."""
    if isinstance(text, bytes):
        return text
    from unicodedata import normalize

    return (normalize("NFC", text) if normalised else text).encode()


def _username(challenge: DigestChallenge, name: bytes) -> bytes:
    """The parameter that says who it is: hashed, in plain, or in RFC 8187's encoding."""
    if challenge.wants_userhash:
        return b"username=" + _quoted(challenge.hash(name, challenge.realm))
    if challenge.takes_utf8 and not re.fullmatch(rb"[ -~]*", name):
        from urllib.parse import quote

        return b"username*=UTF-8''" + quote(name, safe=_ATTR_CHARS).encode()
    return b"username=" + _quoted(name)


def _quoted(value: bytes) -> bytes:
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
