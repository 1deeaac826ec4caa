"""What people may read of a request: for plugins that log, trace or measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _headers
from ._url import parse_url

if TYPE_CHECKING:
    from ._headers import Headers
    from ._types import URLTypes

HIDDEN = "[secure]"


def masked_url(url: URLTypes) -> str:
    """A URL without its password, and without the parameters that a configuration has by reference
    to a secret: in their place stands `[secure]`. As in `repr(url)`.

    Raises InvalidURL.
    """
    return parse_url(url)._masked()


def masked_headers(headers: Headers) -> dict[str, str]:
    """Headers by name, in lower case, with `[secure]` in the place of credentials: Authorization,
    Proxy-Authorization, and what a configuration has by reference to a secret. As in
    `repr(headers)`."""
    return {
        name: HIDDEN if name in _headers._SENSITIVE else value for name, value in headers.items()
    }
