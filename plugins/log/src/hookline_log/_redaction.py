"""What a record must not contain. Knows names; knows nothing of logging."""

from __future__ import annotations

from collections.abc import Iterable

from hookline import URL, Headers
from hookline.plugins import masked_headers, masked_url

HIDDEN = "[secure]"

# Headers that hold credentials or sessions, RFC 9110's and those that services made up.
SECRET_HEADERS = frozenset(
    {
        "authorization", "cookie", "proxy-authorization", "set-cookie", "x-amz-security-token",
        "x-api-key", "x-auth-token", "x-csrf-token", "x-goog-api-key", "api-key",
    }
)  # fmt: skip

# Parameters of URLs, likewise.
SECRET_PARAMS = frozenset(
    {
        "access_token", "api_key", "apikey", "auth", "client_secret", "code", "key", "password",
        "refresh_token", "secret", "sig", "signature", "token", "x-amz-credential",
        "x-amz-security-token", "x-amz-signature", "x-goog-signature",
    }
)  # fmt: skip


class Redaction:
    """Hides the values of these headers and parameters, whatever their case, and passwords in
    URLs."""

    def __init__(self, headers: Iterable[str], params: Iterable[str]) -> None:
        self._headers = SECRET_HEADERS | _lower("hide_headers", headers)
        self._params = SECRET_PARAMS | _lower("hide_params", params)

    def url(self, url: URL) -> str:
        """A URL without what is secret in it."""
        if url.userinfo:
            url = url.copy_with(username=None, password=None)
        # What a configuration knows to be a secret is hidden by that.
        text = masked_url(url).partition("#")[0]
        path, mark, query = text.partition("?")
        return path + mark + "&".join(map(self._pair, query.split("&")))

    def _pair(self, pair: str) -> str:
        from urllib.parse import unquote_plus

        name, equals, _ = pair.partition("=")
        is_secret = equals and unquote_plus(name).lower() in self._params
        return f"{name}={HIDDEN}" if is_secret else pair

    def headers(self, headers: Headers) -> dict[str, str]:
        """Headers by name, in lower case, without what is secret in them."""
        return {
            name: HIDDEN if name in self._headers else value
            for name, value in masked_headers(headers).items()
        }


def _lower(option: str, names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise TypeError(f"{option}: expected a list of names, not {names!r}.")
    return frozenset(name.lower() for name in names)
