"""`NetRCAuth`: user names and passwords from a netrc file.

Knows hosts and their entries. Reads the file once; the standard library knows its grammar.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, ClassVar

from ._auth import Auth, basic_credentials

if TYPE_CHECKING:
    from ._models import Request, Response


class NetRCAuth(Auth):
    """Basic authentication with what a netrc file says of the request's host: `NetRCAuth()`.

    `file` is its path; without one it is `~/.netrc`, which nobody else may be allowed to read. The
    file is read here and now. A host without an entry gets the `default` entry, or no credentials
    where there is none. No client reads a netrc file unless it was told so by this.

    Raises FileNotFoundError where there is no such file (other OSErrors where it cannot be read),
    and ValueError where it is no netrc file, or is open to others.
    """

    scheme: ClassVar[str] = "netrc"
    sends_secret: ClassVar[bool] = True

    def __init__(self, file: str | os.PathLike[str] | None = None) -> None:
        import netrc

        shown = "~/.netrc" if file is None else os.fspath(file)
        try:
            self._hosts = netrc.netrc(file).hosts
        except FileNotFoundError as exc:
            raise FileNotFoundError(
                exc.errno, "auth: there is no such netrc file", exc.filename
            ) from None
        except netrc.NetrcParseError as exc:
            # Its words and its cause quote the file, which is full of secrets; those on the file's
            # permissions, which come without a line, do not.
            problem = exc.msg if exc.lineno is None else f"line {exc.lineno} makes no sense"
            raise ValueError(f"auth: the netrc file {shown!r} cannot be used: {problem}.") from None
        except UnicodeDecodeError:
            raise ValueError(f"auth: the netrc file {shown!r} is no text.") from None

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """One request, with an Authorization header where the file has a password for the host."""
        # The name as people write it, and as it goes on the wire: they differ outside ASCII.
        for host in (request.url.host, request.url.origin.host, "default"):
            if host in self._hosts:
                username, _, password = self._hosts[host]
                if password:
                    request.headers["Authorization"] = basic_credentials(username, password)
                break
        yield request
