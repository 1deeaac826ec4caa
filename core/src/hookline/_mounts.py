"""Transports by URL pattern, and which of them an origin gets.

Knows patterns and origins. Loaded by clients that have mounts or proxies, and by no others.
"""

from __future__ import annotations

from typing import Any

from ._pattern import URLPattern
from ._url import URL, Origin

# With more distinct origins than this, they are forgotten and found again.
_ORIGINS_KEPT = 1024


class Mounts(dict[URLPattern, Any]):
    """Transports by pattern, the most specific pattern first; None stands for the default.

    What was found for an origin is remembered until the mounts change, so that a request costs the
    same however many of them there are: NO_PROXY alone may bring a hundred.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._found: dict[Origin, Any] = {}

    def choose(self, url: URL) -> Any:
        """The transport for a URL, or None for the default. A pattern looks at the origin alone."""
        # The one of this moment: should the mounts change meanwhile, it is thrown away.
        found = self._found
        origin = url.origin
        try:
            return found[origin]
        except KeyError:
            pass
        transport = next((each for pattern, each in self.items() if pattern.matches(url)), None)
        if len(found) >= _ORIGINS_KEPT:
            found.clear()
        found[origin] = transport
        return transport

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)


def _forgetting(name: str) -> Any:
    change = getattr(dict, name)

    def changed(self: Mounts, *arguments: Any, **named: Any) -> Any:
        try:
            return change(self, *arguments, **named)
        finally:
            self._found = {}

    return changed


# Programs that know httpx put things into a client's `_mounts`, and take them out.
for _name in (
    "__delitem__", "__ior__", "__setitem__", "clear", "pop", "popitem", "setdefault", "update",
):  # fmt: skip
    setattr(Mounts, _name, _forgetting(_name))
