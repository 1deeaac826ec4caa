"""What a server says about authentication, taken apart (RFC 9110 section 11).

Knows the grammar of WWW-Authenticate and Authentication-Info, and of their proxy twins. Knows no
scheme: which parameters mean something is for the schemes to say.

The reader is strict. A challenge that can be read in two ways would be answered in the wrong one,
so whatever is not in the grammar is an error, with two exceptions that RFC 9110 itself makes: white
space around "=" (section 5.6.3), and empty elements in lists (section 5.6.1.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ._errors import RemoteProtocolError

# RFC 9110 sections 5.6.2, 5.6.4 and 11.2. Text has been decoded already: what is not ASCII in it
# was obs-text.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_QUOTED = re.compile(r'"((?:[^\x00-\x08\x0a-\x1f\x7f"\\]|\\[^\x00-\x08\x0a-\x1f\x7f])*)"')
_TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|\Z))")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_SPACE = re.compile(r"[ \t]*")
_COMMAS = re.compile(r"[ \t,]*")
_ESCAPE = re.compile(r"\\(.)")

# How much of a header a message shows.
_SHOWN = 60


class Challenge(NamedTuple):
    """One challenge: `Digest realm="here", nonce="abc"`.

    - `scheme`: in lower case, as auth schemes are registered.
    - `params`: the parameters, names in lower case, values without their quotes.
    - `token68`: what stands there in place of parameters, as with `Negotiate`; None otherwise.
    """

    scheme: str
    params: dict[str, str]
    token68: str | None = None


def parse_challenges(values: Iterable[str]) -> list[Challenge]:
    """The challenges in the values of WWW-Authenticate or Proxy-Authenticate, in their order.

        parse_challenges(response.headers.get_list("WWW-Authenticate"))

    Each value holds one challenge, or several with commas between them, as their parameters have.
    Raises RemoteProtocolError for what is no challenge; the message says where.
    """
    return [challenge for value in values for challenge in _Reader(value).challenges()]


def parse_auth_params(value: str) -> dict[str, str]:
    """The parameters in a value of Authentication-Info, names in lower case (RFC 9110 section
    11.6.3). Raises RemoteProtocolError for what is none."""
    reader = _Reader(value)
    params = reader.params()
    if not reader.is_at_end:
        raise reader.error("expected the name of a parameter")
    return params


class _Reader:
    """Reads one header value from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._skip(_COMMAS)

    @property
    def is_at_end(self) -> bool:
        return self._position == len(self._text)

    def challenges(self) -> list[Challenge]:
        found = []
        while not self.is_at_end:
            scheme = self._take(_TOKEN)
            if scheme is None:
                raise self.error("expected the name of a scheme")
            found.append(self._challenge(scheme.lower()))
            self._skip(_COMMAS)
        return found

    def _challenge(self, scheme: str) -> Challenge:
        spaces = self._skip(_SPACE)
        if self.is_at_end or self._text[self._position] == ",":
            return Challenge(scheme, {})
        if not spaces:
            raise self.error("expected a space after the scheme")
        if (token68 := self._take(_TOKEN68)) is not None:
            self._skip(_SPACE)
            return Challenge(scheme, {}, token68)
        params = self.params()
        if not params:
            raise self.error("expected a parameter")
        return Challenge(scheme, params)

    def params(self) -> dict[str, str]:
        """The parameters up to the end, or up to the next scheme."""
        found: dict[str, str] = {}
        while (name := self._param_name()) is not None:
            if name in found:
                raise self.error(f"the parameter {name!r} is there twice")
            found[name] = self._param_value()
            self._skip(_SPACE)
            if self.is_at_end:
                break
            if self._text[self._position] != ",":
                raise self.error("expected a comma")
            self._skip(_COMMAS)
        return found

    def _param_name(self) -> str | None:
        """The name of a parameter and its "="; None, and nothing taken, where there is none."""
        start = self._position
        name = self._take(_TOKEN)
        if name is None or self._take(_EQUALS) is None:
            self._position = start
            return None
        return name.lower()

    def _param_value(self) -> str:
        value = self._take(_TOKEN)
        if value is not None:
            return value
        quoted = _QUOTED.match(self._text, self._position)
        if quoted is None:
            raise self.error("expected a value, or the quotes around it are not closed")
        self._position = quoted.end()
        return _ESCAPE.sub(r"\1", quoted[1])

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self._text, self._position)
        if match is None:
            return None
        self._position = match.end()
        return match[0]

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        return bool(self._take(pattern))

    def error(self, what: str) -> RemoteProtocolError:
        shown = self._text if len(self._text) <= _SHOWN else f"{self._text[:_SHOWN]}..."
        return RemoteProtocolError(
            f"The server's words on authentication cannot be read: {what} at character "
            f"{self._position + 1} of {shown!r}."
        )
