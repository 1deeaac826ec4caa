"""Proxies as the environment names them: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.

Knows variables and what is written in them. Loaded by the first client that finds one of them set,
and by every first client where the system has settings of its own (Windows, macOS).

There is no standard. The rules are those that curl, urllib and Go have in common:

- Lower case goes before upper case, even where it is empty.
- HTTP_PROXY does not count in a CGI program, which is known by REQUEST_METHOD: there it is what a
  request's `Proxy:` header said (https://httpoxy.org).
- NO_PROXY is a list of hosts, each with a port or without. A name means its subdomains too; one
  that begins with a dot or "*." means them alone. Addresses may be networks (CIDR). "*" alone is
  everything.
- What makes no sense is left out, with a warning: no program is to fail for a setting that another
  program understands.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from ._errors import InvalidURL, UnsupportedProtocol
from ._pattern import URLPattern
from ._proxy import Proxy
from .transports.base import Transport

if TYPE_CHECKING:
    from ._models import Request, Response

_VARIABLES = {"http://": "HTTP_PROXY", "https://": "HTTPS_PROXY", "all://": "ALL_PROXY"}

_SEPARATOR = re.compile(r"[,\s]+")
_NAMED = re.compile(r"(?P<start>\*\.|\*|\.)?(?P<name>[^*:@?#]+)(?P<port>:[0-9]{1,5})?")
_ADDRESS = re.compile(r"[0-9.]+")

_LARGEST_PORT = 65_535


def environment_proxies() -> dict[URLPattern, Proxy | None]:
    """Where requests go by the environment: patterns with proxies, and with None for no proxy.

    Variables are read anew each time. Warns of what cannot be understood (RuntimeWarning, once for
    all of it), and raises nothing.
    """
    values = {pattern: _variable(name) for pattern, name in _VARIABLES.items()}
    if not any(values.values()):
        values = _system_proxies()
    proxies: dict[URLPattern, Proxy | None] = {}
    complaints = []
    for pattern, value in values.items():
        if not value:
            continue
        try:
            proxies[URLPattern(pattern)] = Proxy(value if "://" in value else f"http://{value}")
        except (InvalidURL, ValueError):
            # The value may hold a password.
            complaints.append(
                f"{_VARIABLES[pattern]} is no proxy URL, and is ignored; expected one such as "
                "'http://localhost:3128'."
            )
    if proxies:
        entries = [entry for entry in _SEPARATOR.split(_variable("NO_PROXY")) if entry]
        if "*" in entries:
            proxies = {}
        else:
            patterns = {entry: _exception(entry) for entry in entries}
            proxies.update((found, None) for found in patterns.values() if found)
            if wrong := [repr(entry) for entry, found in patterns.items() if not found]:
                complaints.append(f"NO_PROXY: ignored {', '.join(wrong)}: no host or network.")
    if complaints:
        from .plugins._manager import _warn

        _warn(" ".join(complaints))
    return proxies


def _variable(name: str) -> str:
    is_cgi = name == "HTTP_PROXY" and "REQUEST_METHOD" in os.environ
    # Windows has one variable under both names.
    if not (is_cgi and os.name == "nt"):
        value = os.environ.get(name.lower())
        if value is not None:
            return value.strip()
    return "" if is_cgi else os.environ.get(name, "").strip()


def _system_proxies() -> dict[str, str]:
    """What is set for the whole machine, where there is such a thing."""
    if sys.platform not in ("win32", "darwin"):
        return {}
    from urllib.request import getproxies

    found = getproxies()
    return {f"{scheme}://": found.get(scheme, "") for scheme in ("http", "https")}


def _exception(entry: str) -> URLPattern | None:
    """The pattern for one entry of NO_PROXY; None where it makes no sense."""
    try:
        pattern = URLPattern(_as_pattern(entry))
    except (InvalidURL, ValueError):
        return None
    # What had to be percent-encoded is no name; in an IPv6 address it is the zone.
    if not pattern.host or ("%" in pattern.host and ":" not in pattern.host):
        return None
    if pattern.port is not None and pattern.port > _LARGEST_PORT:
        return None
    return pattern


def _as_pattern(entry: str) -> str:
    if "://" in entry:
        return entry
    if "/" in entry:
        import ipaddress

        network = ipaddress.ip_network(entry.replace("[", "").replace("]", ""), strict=False)
        address = str(network.network_address)
        host = f"[{address}]" if network.version == 6 else address
        return f"all://{host}/{network.prefixlen}"
    if entry.startswith("[") or entry.count(":") > 1:
        return f"all://{entry}" if entry.startswith("[") else f"all://[{entry}]"
    match = _NAMED.fullmatch(entry)
    if match is None:
        raise ValueError(entry)
    start, name, port = match["start"], match["name"].rstrip("."), match["port"] or ""
    # What is no host is refused without the asterisk, which IDNA does not know.
    host = URLPattern(f"all://{name}").host
    if start is None and (_ADDRESS.fullmatch(name) or host == "localhost"):
        return f"all://{host}{port}"
    return f"all://{'*.' if start in ('.', '*.') else '*'}{host}{port}"


class UnusableProxy(Transport):
    """Stands where the environment wants a proxy that cannot be had, and says so when it is asked.

    Going without it would show the world what the proxy was to hide; failing when a client is made
    would break programs that go nowhere near it.
    """

    def __init__(self, proxy: Proxy, reason: Exception) -> None:
        self._proxy = proxy
        self._reason = reason

    async def handle(self, request: Request) -> Response:
        """Raise UnsupportedProtocol."""
        raise UnsupportedProtocol(
            f"The environment wants this request to go through {str(self._proxy.url)!r}, which is "
            f"not possible: {self._reason} To go without, change the variable, or use "
            "trust_env=False."
        ) from self._reason
