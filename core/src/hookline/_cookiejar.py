"""The standard library's cookie jar: the faces that it wants to see of requests and responses, and
`Jar`, which finds the cookies of a request without looking at all others.

Imported with the first cookie, and not before.
"""

from __future__ import annotations

import copy
import email.message
import re
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import suppress
from http.cookiejar import Cookie, CookieJar, CookiePolicy, DefaultCookiePolicy, escape_path  # type: ignore[attr-defined]
from ipaddress import ip_address
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from ._cookie_room import Room
from ._fork import after_fork

if TYPE_CHECKING:
    from ._models import Request, Response
    from ._url import URL


# How long a Set-Cookie may be. Servers are made for browsers, whose bound is about this.
_LONGEST = 8192

# RFC 6265bis section 5.6: a Set-Cookie with one of these is none. HTTP/2 lets them through, and a
# request that sends one back is refused.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class JarRequest(urllib.request.Request):
    """A request as `http.cookiejar` knows it; the Cookie header goes to the real one."""

    def __init__(self, request: Request) -> None:
        url = request.url
        if url._parts.userinfo:
            # The jar would take the password for a part of the host.
            url = url.copy_with(userinfo=None)
        super().__init__(url=str(url), headers=dict(request.headers), method=request.method)
        self.request = request

    def add_unredirected_header(self, key: str, val: str) -> None:
        """Called by the jar to set the Cookie header."""
        super().add_unredirected_header(key, val)
        self.request.headers[key] = val


class JarResponse:
    """A response as `http.cookiejar` knows it: something with an `info()`."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def info(self) -> email.message.Message:
        """The headers that are about cookies, as an `email.message.Message`."""
        info = email.message.Message()
        for value in self.response.headers.get_list("set-cookie"):
            if len(value) <= _LONGEST and not _CONTROL.search(value):
                # Item assignment adds: that is this class's way to a second Set-Cookie.
                info["Set-Cookie"] = value
        return info


class Policy(DefaultCookiePolicy):
    """What the standard library accepts, less what RFC 6265 refuses: a `Domain` that belongs to
    nobody, such as "co.uk", and any `Domain` of an address (sections 5.3 and 5.1.3).

    Where it names the host itself, the cookie is for that host alone, as the RFC has it.
    """

    def __init__(self) -> None:
        super().__init__(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)

    def set_ok_domain(self, cookie: Cookie, request: urllib.request.Request) -> bool:
        """Whether a host may set this cookie for its domain."""
        if not super().set_ok_domain(cookie, request):
            return False
        if not cookie.domain_specified:
            return True
        host = request.request.url._parts.host  # type: ignore[attr-defined]
        # The library believes whatever a host says that begins with a dot, and of one without a dot
        # that it is one with a shorter name.
        if not any(_is_within(name, cookie.domain) for name in (host, _effective(host))):
            return False
        domain = cookie.domain.removeprefix(".")
        if not host or _is_address(host) or ("." in domain and _is_public(domain)):
            # The library would take the Host header for the host of a URL that has none.
            if not host or domain != host:
                return False
            cookie.domain = host
            cookie.domain_specified = False
        return True


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_public(domain: str) -> bool:
    from ._public_suffix import is_public_suffix

    return is_public_suffix(domain)


# How many headers a jar remembers, and after how many changes at least everything that has expired
# is swept out, whoever it was for.
_HEADERS_KEPT = 256
_SWEEP_AFTER = 256

_NEVER = float("inf")

# Scheme, host, port and path.
_Key = tuple[str, str, "int | None", str]

# What of a cookie a header depends on.
_state = attrgetter(
    "name", "value", "domain", "domain_specified", "path", "port", "secure", "expires"
)


class _Header(NamedTuple):
    """A header that was made: after how many changes of the jar, until when it holds, and itself,
    None if there is nothing to send. `states` are those of all cookies that were looked at: whoever
    has a cookie may change it, and tells nobody."""

    changes: int
    until: float
    text: str | None
    cookies: list[Cookie]
    states: list[Any]


class Jar(CookieJar):
    """A jar that does what the standard library's does, at a price that does not grow with what is
    in it: cookies are looked up by the domains that a host may have, and the header is remembered
    until one of these cookies changes or expires.

    A cookie that a host set for itself alone stays with it (RFC 6265 section 5.3, the
    host-only-flag); Python's default sends it to the host's subdomains too. Nor is one kept for a
    domain that belongs to nobody: see `Policy`.

    What a server may not set it may not remove either, and without TLS no cookie is replaced that
    is for TLS alone. Where servers set too many, the oldest of a domain, or of the domain that has
    most, make room; what a program puts in by itself is not counted.
    """

    _cookies: dict[str, dict[str, dict[str, Cookie]]]

    def __init__(self) -> None:
        super().__init__(Policy())
        # What was computed before a change is void after it.
        self._changes = 0
        self._sweep_at = _SWEEP_AFTER
        # Domains in the order in which they came: that of their cookies in a header.
        self._ranks: dict[str, int] = {}
        # By what of a URL matters.
        self._headers: dict[_Key, _Header] = {}
        self._has_policy_of_its_own = False
        self._room = Room()
        # Of cookies for TLS alone: what need not be looked for, and is not replaced without it.
        self._secure_names: set[str] = set()
        fork_safe(self)

    def set_policy(self, policy: CookiePolicy) -> None:
        """Take another policy: from then on it is asked about every cookie."""
        super().set_policy(policy)
        self._has_policy_of_its_own = True

    def set_cookie(self, cookie: Cookie) -> None:
        """Store a cookie, whoever it is from."""
        with self._cookies_lock:  # type: ignore[attr-defined]
            self._room.vacate(cookie.domain, cookie.path, cookie.name)
            self._store(cookie)

    def extract_cookies(  # type: ignore[override]
        self, response: JarResponse, request: urllib.request.Request
    ) -> None:
        """Store what a response sets, and remove what it says is over, as far as its server may."""
        with self._cookies_lock:  # type: ignore[attr-defined]
            for cookie in self.make_cookies(response, request):  # type: ignore[arg-type]
                if not self._may_set(cookie, request):
                    continue
                if cookie.is_expired():
                    with suppress(KeyError):
                        self.clear(cookie.domain, cookie.path, cookie.name)
                else:
                    self._store(cookie)
                    self._room.fill(cookie.domain, cookie.path, cookie.name)
                    self._make_room(cookie.domain)

    def _store(self, cookie: Cookie) -> None:
        super().set_cookie(cookie)
        self._changes += 1
        if cookie.secure:
            self._secure_names.add(cookie.name)
        self._ranks.setdefault(cookie.domain, self._changes)

    def _cookies_from_attrs_set(
        self, attributes: Iterable[Any], request: urllib.request.Request
    ) -> list[Cookie]:
        """The cookies of a response. Python drops them all, with a warning, for one like "a=1;
        Max-Age", which is none."""
        found: list[Cookie] = []
        for of_one in attributes:
            with suppress(TypeError):
                found += super()._cookies_from_attrs_set([of_one], request)  # type: ignore[misc]
        return found

    def _cookie_from_cookie_tuple(
        self,
        parts: tuple[str, str, dict[str, Any], dict[str, Any]],
        request: urllib.request.Request,
    ) -> Cookie | None:
        """What one Set-Cookie sets, expired or not. Python removes here what an expired one names,
        and asks nobody whether the server may: be it another's (CVE-2026-124249)."""
        name, value, known, rest = parts
        known = dict(known)
        expires = known.pop("expires", None)
        cookie: Cookie | None = super()._cookie_from_cookie_tuple(  # type: ignore[misc]
            (name, value, known, rest), request
        )
        if cookie is not None and expires is not None:
            cookie.expires = int(expires)
            cookie.discard = known.get("discard", False)
        return cookie

    def _may_set(self, cookie: Cookie, request: urllib.request.Request) -> bool:
        if not self._policy.set_ok(cookie, request):  # type: ignore[attr-defined]
            return False
        return request.type in ("https", "wss") or not self._hides_a_secure_one(cookie)

    def _hides_a_secure_one(self, cookie: Cookie) -> bool:
        """Whether a cookie would come in the place of one that is for TLS alone, or before it: one
        with its name, of its domain or one above or below, and of its path or one above (RFC
        6265bis section 5.7)."""
        if cookie.name not in self._secure_names:
            return False
        host = cookie.domain.removeprefix(".")
        domains = list(self._domains(host))
        if cookie.domain_specified:
            domains += [domain for domain in self._cookies if domain.endswith(f".{host}")]
        for domain in domains:
            for path, cookies in self._cookies[domain].items():
                there = cookies.get(cookie.name)
                if (
                    there is not None
                    and there.secure
                    and _is_below(cookie.path, path)
                    and not there.is_expired()
                ):
                    return True
        return False

    def _make_room(self, domain: str) -> None:
        """Give up what is too much, now that a server set a cookie for a domain: what has expired,
        and then what is oldest."""
        if self._room.is_too_full_of(domain):
            for place in self._room.of(domain):
                if self._is_over(*place):
                    self._give_up(*place)
            while self._room.is_too_full_of(domain):
                self._give_up(*self._room.of(domain)[0])
        if self._room.is_too_full:
            self._sweep()
        if self._room.is_too_full:
            for place in list(self._room.surplus(self._ranks, domain)):
                self._give_up(*place)

    def _is_over(self, domain: str, path: str, name: str) -> bool:
        cookie = self._cookies.get(domain, {}).get(path, {}).get(name)
        return cookie is None or cookie.is_expired()

    def _give_up(self, domain: str, path: str, name: str) -> None:
        """Remove a cookie, and its path where that is empty then."""
        with suppress(KeyError):
            self.clear(domain, path, name)
            if not self._cookies[domain][path]:
                del self._cookies[domain][path]

    def _sweep(self) -> None:
        """Remove what has expired, and the places in which nothing is left."""
        # Python's looks for what is to go where it says that it is, which it may not be.
        with suppress(KeyError):
            self.clear_expired_cookies()
        for domain, paths in list(self._cookies.items()):
            for path in [path for path, cookies in paths.items() if not cookies]:
                del paths[path]
            if not paths:
                del self._cookies[domain]
                self._ranks.pop(domain, None)
        self._secure_names = {cookie.name for cookie in self if cookie.secure}
        # As many changes as there are cookies: each of them pays for one.
        self._sweep_at = self._changes + max(_SWEEP_AFTER, len(self))

    def clear(
        self, domain: str | None = None, path: str | None = None, name: str | None = None
    ) -> None:
        """Remove a cookie, those of a path, those of a domain, or all."""
        with self._cookies_lock:  # type: ignore[attr-defined]
            self._room.vacate(domain, path, name)
            super().clear(domain, path, name)
            self._changes += 1
            if domain is None:
                self._ranks.clear()
                self._secure_names.clear()
            elif path is None:
                self._ranks.pop(domain, None)

    @property
    def has_unbound(self) -> bool:
        """Whether there are cookies without a domain."""
        return "" in self._cookies

    def add_header(self, request: Request) -> None:
        """Set a request's Cookie header, if it has none and there are cookies for it."""
        if self._has_policy_of_its_own:
            self.add_cookie_header(JarRequest(request))
            return
        parts = request.url._parts
        key = (parts.scheme, parts.host, parts.port, parts.path)
        kept = self._headers.get(key)
        if (
            kept is None
            or kept.changes != self._changes
            or time.time() >= kept.until
            or list(map(_state, kept.cookies)) != kept.states
        ):
            kept = self._make_header(*key)
            if len(self._headers) >= _HEADERS_KEPT:
                self._headers = {}
            self._headers[key] = kept
        if kept.text is not None and not request.headers._has(b"cookie"):
            request.headers["Cookie"] = kept.text

    def _make_header(self, scheme: str, host: str, port: int | None, path: str) -> _Header:
        with self._cookies_lock:  # type: ignore[attr-defined]
            if self._changes >= self._sweep_at:
                self._sweep()
            cookies, near = self._matching(_effective(host), str(port or 80), path, scheme)
            changes = self._changes
            states = list(map(_state, near))
        # The longest path first (RFC 6265 section 5.4), and else as they came.
        cookies.sort(key=lambda cookie: -len(cookie.path))
        until = min((cookie.expires for cookie in cookies if cookie.expires), default=_NEVER)
        return _Header(changes, until, "; ".join(map(_pair, cookies)) or None, near, states)

    def _matching(
        self, host: str, port: str, path: str, scheme: str
    ) -> tuple[list[Cookie], list[Cookie]]:
        """The cookies that belong to a URL, with the lock held, and all that do by domain and path
        alone; those that expired are removed."""
        path = escape_path(path)
        if not path.startswith("/"):
            path = f"/{path}"
        now = int(time.time())
        found: list[Cookie] = []
        near: list[Cookie] = []
        expired: list[tuple[str, str, str]] = []
        for domain in sorted(self._domains(host), key=lambda domain: self._ranks.get(domain, 0)):
            for cookie_path, cookies in self._cookies[domain].items():
                if not _is_below(path, cookie_path):
                    continue
                for name, cookie in cookies.items():
                    near.append(cookie)
                    if not cookie.domain_specified and cookie.domain != host:
                        continue
                    if cookie.domain != domain and not _is_within(host, cookie.domain):
                        continue
                    if cookie.port is not None and port not in cookie.port.split(","):
                        # RFC 2965; the jar reads it still.
                        continue
                    if cookie.is_expired(now):
                        expired.append((domain, cookie_path, name))
                    elif not cookie.secure or scheme in ("https", "wss"):
                        found.append(cookie)
        for place in expired:
            self.clear(*place)
        return found, near

    def _domains(self, host: str) -> Iterator[str]:
        """The domains that cookies for a host may have, as far as there are any."""
        while host:
            for domain in (host, f".{host}"):
                if domain in self._cookies:
                    yield domain
            host = host.partition(".")[2]

    def __getstate__(self) -> dict[str, Any]:
        state = dict(vars(self))
        del state["_cookies_lock"]
        return state | {"_headers": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _cookies_lock=threading.RLock())
        fork_safe(self)


def fork_safe(jar: CookieJar) -> CookieJar:
    """A jar that has a new lock in a process that was forked: who held the old one is not there."""
    after_fork(jar, _renew_lock)
    return jar


def _renew_lock(jar: CookieJar) -> None:
    jar._cookies_lock = threading.RLock()  # type: ignore[attr-defined]


def _effective(host: str) -> str:
    """What the jar calls a host: one without a dot is known to be local."""
    if ":" in host:
        host = f"[{host}]"
    return host if "." in host else f"{host}.local"


def _is_within(host: str, domain: str) -> bool:
    return f".{host}".endswith(domain if domain.startswith(".") else f".{domain}")


def _is_below(path: str, cookie_path: str) -> bool:
    """RFC 6265 section 5.1.4."""
    if not path.startswith(cookie_path):
        return False
    rest = path[len(cookie_path) :]
    return not rest or cookie_path.endswith("/") or rest.startswith("/")


def _pair(cookie: Cookie) -> str:
    return cookie.name if cookie.value is None else f"{cookie.name}={cookie.value}"


def bind(jar: CookieJar, url: URL) -> None:
    """Make the cookies without a domain those of a URL's host, as if it had set them."""
    domain = _effective(url._parts.host)
    for cookie in [cookie for cookie in jar if not cookie.domain]:
        jar.clear("", cookie.path, cookie.name)
        # Other jars may hold the same object.
        bound = copy.copy(cookie)
        bound.domain = domain
        jar.set_cookie(bound)


def plain_cookie(name: str, value: str, domain: str, path: str) -> Cookie:
    """A session cookie with nothing but name, value, domain and path."""
    return Cookie(
        version=0,
        name=name,
        value=value,
        port=None,
        port_specified=False,
        domain=domain,
        domain_specified=bool(domain),
        domain_initial_dot=domain.startswith("."),
        path=path,
        path_specified=bool(path),
        secure=False,
        expires=None,
        discard=True,
        comment=None,
        comment_url=None,
        rest={"HttpOnly": ""},
        rfc2109=False,
    )
