"""`Cookies`: a mapping in front of the standard library's cookie jar.

The jar, and the modules that it drags in, are loaded when the first cookie appears: a client that
never sees one pays nothing for them.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from ._errors import CookieConflict

if TYPE_CHECKING:
    from http.cookiejar import Cookie, CookieJar

    from ._models import Request, Response
    from ._types import CookieTypes
    from ._url import URL


# Names whose values `repr` leaves out: a configuration adds those that it has as references.
_SENSITIVE: set[str] = set()


class Cookies(MutableMapping[str, str]):
    """Cookies by name, each with a domain and a path: `Cookies({"session": "1"})`.

    Made from a dict, a list of pairs, other Cookies, or a `http.cookiejar.CookieJar`, which is then
    used as it is. Look-ups by a name that several domains or paths share raise CookieConflict:
    `get(name, domain=, path=)` says which one is meant.

    A client's cookies without a domain belong to the first host that a request with them is made
    for, and are sent to no other from then on.
    """

    # Whether there may be cookies without a domain.
    _may_be_unbound = False
    # Whether the jar is a `_cookiejar.Jar`.
    _is_ours = False

    def __init__(self, cookies: CookieTypes | None = None) -> None:
        self._jar: CookieJar | None = None
        if cookies is None:
            return
        if isinstance(cookies, dict):
            for name, value in cookies.items():
                self.set(name, value)
        elif isinstance(cookies, list):
            for name, value in cookies:
                self.set(name, value)
        elif isinstance(cookies, Cookies):
            self._may_be_unbound = cookies._may_be_unbound
            for cookie in cookies._cookies():
                self.jar.set_cookie(cookie)
        else:
            from http.cookiejar import CookieJar

            if not isinstance(cookies, CookieJar):
                raise TypeError(
                    "Cookies are a dict, a list of pairs, Cookies or a CookieJar, "
                    f"not {cookies!r} ({type(cookies).__name__})."
                )
            from ._cookiejar import Jar, fork_safe

            self._jar = cookies
            if isinstance(cookies, Jar):
                self._is_ours = True
                self._may_be_unbound = cookies.has_unbound
            else:
                self._may_be_unbound = True
                fork_safe(cookies)

    @property
    def jar(self) -> CookieJar:
        """The `http.cookiejar.CookieJar` behind the mapping."""
        if self._jar is None:
            from ._cookiejar import Jar

            self._jar = Jar()
            self._is_ours = True
        return self._jar

    def extract_cookies(self, response: Response) -> None:
        """Store what the response's Set-Cookie headers ask for, as far as the jar's policy allows.

        Raises RuntimeError where the response has no request: a cookie belongs to a host. Where the
        URL has none, nothing is stored.
        """
        if not response.request.url._parts.host:
            return
        from ._cookiejar import JarRequest, JarResponse

        self.jar.extract_cookies(
            JarResponse(response),  # type: ignore[arg-type]
            JarRequest(response.request),
        )

    def set_cookie_header(self, request: Request) -> None:
        """Set the request's Cookie header from the cookies that belong to its URL (RFC 6265 section
        5.4). A request that has such a header already keeps it."""
        if self._may_be_unbound:
            # These go wherever the request goes, and are not bound by it: that is for clients.
            here = Cookies(self)
            here._bind(request.url)
            here.jar.add_header(request)  # type: ignore[attr-defined]
        elif self._is_ours:
            self._jar.add_header(request)  # type: ignore[union-attr]
        elif self:
            from ._cookiejar import JarRequest

            self.jar.add_cookie_header(JarRequest(request))

    def set(self, name: str, value: str, domain: str = "", path: str = "/") -> None:
        """Store a cookie. Without a domain it is sent to wherever these cookies are used first."""
        from ._cookiejar import plain_cookie

        if not domain:
            self._may_be_unbound = True
        self.jar.set_cookie(plain_cookie(name, value, domain, path))

    def get(  # type: ignore[override]
        self,
        name: str,
        default: str | None = None,
        domain: str | None = None,
        path: str | None = None,
    ) -> str | None:
        """The value of a cookie, or `default`. Raises CookieConflict where several fit."""
        found: str | None = None
        for cookie in self._cookies():
            if (
                cookie.name == name
                and (domain is None or cookie.domain == domain)
                and (path is None or cookie.path == path)
            ):
                if found is not None:
                    raise CookieConflict(f"Multiple cookies exist with name={name}")
                found = cookie.value
        return default if found is None else found

    def delete(self, name: str, domain: str | None = None, path: str | None = None) -> None:
        """Remove a cookie. Raises KeyError where domain and path are given and nothing fits."""
        if domain is not None and path is not None:
            self.jar.clear(domain, path, name)
            return
        doomed = [
            cookie
            for cookie in self._cookies()
            if cookie.name == name
            and (domain is None or cookie.domain == domain)
            and (path is None or cookie.path == path)
        ]
        for cookie in doomed:
            self.jar.clear(cookie.domain, cookie.path, cookie.name)

    def clear(self, domain: str | None = None, path: str | None = None) -> None:
        """Remove all cookies, or those of a domain, or those of a domain's path.

        Raises KeyError where that domain or path has none.
        """
        if path is not None and domain is None:
            raise ValueError(f"Cookies.clear: path {path!r} needs the domain that it belongs to.")
        if self._jar is not None or domain is not None:
            self.jar.clear(*(part for part in (domain, path) if part is not None))

    def update(self, cookies: CookieTypes | None = None) -> None:  # type: ignore[override]
        """Store all of `cookies` here too. Those with the same name, domain and path are
        replaced."""
        new = Cookies(cookies)
        self._may_be_unbound = self._may_be_unbound or new._may_be_unbound
        for cookie in new._cookies():
            self.jar.set_cookie(cookie)

    def __setitem__(self, name: str, value: str) -> None:
        self.set(name, value)

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __delitem__(self, name: str) -> None:
        self.delete(name)

    def __len__(self) -> int:
        return 0 if self._jar is None else len(self._jar)

    def __iter__(self) -> Iterator[str]:
        return (cookie.name for cookie in self._cookies())

    def __bool__(self) -> bool:
        if self._jar is not None:
            for _ in self._jar:
                return True
        return False

    def __repr__(self) -> str:
        shown = ", ".join(
            f"<Cookie {cookie.name}={self._shown(cookie)} for {cookie.domain} />"
            for cookie in self._cookies()
        )
        return f"<Cookies[{shown}]>"

    @staticmethod
    def _shown(cookie: Cookie) -> str | None:
        return "[secure]" if cookie.name in _SENSITIVE else cookie.value

    def __getstate__(self) -> dict[str, Any]:
        policy = None
        if getattr(self._jar, "_has_policy_of_its_own", True):
            # Given for good reasons, with a jar that cannot be copied itself: it has a lock.
            policy = getattr(self._jar, "_policy", None)
        return {"cookies": list(self._cookies()), "policy": policy}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._jar = None
        if state.get("policy") is not None:
            self.jar.set_policy(state["policy"])
        for cookie in state["cookies"]:
            self._may_be_unbound = self._may_be_unbound or not cookie.domain
            self.jar.set_cookie(cookie)

    def _bind(self, url: URL) -> None:
        """Give the cookies that came without a domain to the host of a URL.

        They were meant for one host. Sent to all, they would follow redirects wherever they lead.
        """
        if self._may_be_unbound and url._parts.host:
            from ._cookiejar import bind

            self._may_be_unbound = False
            bind(self.jar, url)

    def _cookies(self) -> Iterator[Cookie]:
        return iter(()) if self._jar is None else iter(self._jar)
