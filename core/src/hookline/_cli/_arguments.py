"""From options to the arguments of a client and of a request.

Knows what the options mean together. Reads bodies from the standard input; sends nothing.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._query import QueryParams
from .._url import URL
from . import COMMANDS
from ._failures import Refused, refused

if TYPE_CHECKING:
    from .._clients import Client

# RFC 3986 section 3.1, and the slashes that all URLs have that can be requested.
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)

_STANDARD_INPUT = "-"


def client_arguments(options: dict[str, Any]) -> dict[str, Any]:
    """The settings of the client that were given; what was not, is left to the client."""
    given: dict[str, Any] = {}
    if options["timeout"] is not None:
        given["timeout"] = options["timeout"]
    if options["proxy"] is not None:
        given["proxy"] = options["proxy"]
    if options["no_verify"]:
        given["verify"] = False
    if options["http2"]:
        given["http2"] = True
    if options["auth"] is not None or options["auth_scheme"] is not None:
        given["auth"] = _auth(options["auth"], options["auth_scheme"])
    if options["follow_redirects"]:
        given["follow_redirects"] = True
    return given


def _auth(credentials: tuple[str, str] | None, scheme: str | None) -> Any:
    if scheme is None:
        return credentials
    from ..plugins import default_manager

    try:
        cls = default_manager().registry.get("auth_schemes", scheme)
        return cls() if credentials is None else cls.from_credentials(*credentials)
    except TypeError as exc:
        what = "needs more than its name" if credentials is None else "takes no user and password"
        raise Refused(f"--auth-scheme {scheme} {what}: {exc}") from exc
    except (ValueError, LookupError) as exc:
        raise refused(exc) from exc


def request_arguments(options: dict[str, Any], client: Client) -> dict[str, Any]:
    """The arguments of `build_request`. Raises InvalidURL."""
    headers = [*options["headers"], *options["header_lines"]]
    arguments = _body(options, headers)
    method = options["method"] or ("POST" if arguments else "GET")
    url = URL(options["url"])
    pairs = list(options["params"])
    if client.params:
        # A client that has parameters puts them in the place of the URL's.
        arguments["params"] = [*url.params.multi_items(), *pairs]
    elif pairs:
        added = str(QueryParams(pairs)).encode("ascii")
        url = url.copy_with(query=url.query + b"&" + added if url.query else added)
    if headers:
        arguments["headers"] = headers
    if options["cookies"]:
        arguments["cookies"] = dict(options["cookies"])
    return {"method": method, "url": url, **arguments}


def _body(options: dict[str, Any], headers: list[tuple[str, str]]) -> dict[str, Any]:
    kinds = [name for name in ("content", "json") if options[name] is not None]
    if options["data"] or options["files"]:
        kinds.append("data" if options["data"] else "files")
    if len(kinds) > 1:
        raise Refused(f"--{kinds[0]} and --{kinds[1]}: a request has one body.")
    if options["content"] is not None:
        return {"content": _content(options["content"])}
    if options["json"] is not None:
        return _json(options["json"], headers)
    body: dict[str, Any] = {}
    if options["data"]:
        # A name that is repeated is a field that is repeated.
        fields: dict[str, list[str]] = {}
        for name, value in options["data"]:
            fields.setdefault(name, []).append(value)
        body["data"] = fields
    if options["files"]:
        body["files"] = [(name, _named(file)) for name, file in options["files"]]
    return body


def _content(text: str) -> Any:
    if text != _STANDARD_INPUT:
        return text
    stream = sys.stdin.buffer
    # A file is sent from the disk. A pipe is read to its end, so that it has a length and can be
    # sent again: after a redirect, or when the server asks who it is.
    return stream if stream.seekable() else stream.read()


def _json(text: str, headers: list[tuple[str, str]]) -> dict[str, Any]:
    import json

    if text == _STANDARD_INPUT:
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise Refused(f"--json: this is no JSON: {exc}") from exc
    if value is None:
        # For the client, that is no body at all.
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "application/json"))
        return {"content": "null"}
    return {"json": value}


def _named(file: Any) -> Any:
    """A file under its own name; the standard input has none."""
    name = getattr(file, "name", None)
    if isinstance(name, str) and Path(name).is_file():
        return file
    return ("stdin", file)


def check_url(url: str, *, has_base: bool) -> None:
    """Refuse a URL that says neither where nor how, unless there is a base to append it to."""
    if _ABSOLUTE.match(url) or has_base:
        return
    import difflib

    close = difflib.get_close_matches(url, COMMANDS, n=1)
    hint = f" There is the command {close[0]!r}." if close else ""
    # Which of the two decides whether the request can be read by others: not to be guessed.
    rest = url.removeprefix("//")
    raise Refused(
        f"InvalidURL: The URL {url!r} has no scheme: write https://{rest} or http://{rest}.{hint}"
    )


def split_profile(value: str) -> tuple[str | None, str | None]:
    """File and name in the value of --config: FILE, NAME or FILE:NAME."""
    if _is_file(value):
        return value, None
    file, colon, name = value.rpartition(":")
    if colon and name and _is_file(file):
        return file, name
    return None, value


def _is_file(value: str) -> bool:
    return value.endswith(".toml") or Path(value).is_file()
