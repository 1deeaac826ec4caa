"""Naming the plugin that broke. Loaded when one did.

Its exception goes on as it is, since programs may catch it; a note says whose it is.
"""

from __future__ import annotations

from ._errors import HTTPError, StreamError


def blame(exc: BaseException, kind: str, plugin: object) -> None:
    """Note in an exception that no request is to blame for, but a plugin. hookline's own say what
    they are about; cancellation is nobody's fault."""
    if isinstance(exc, Exception) and not isinstance(exc, (HTTPError, StreamError)):
        exc.add_note(f"It was raised in the {kind} {_name(plugin)}.")


def wrong_type(kind: str, plugin: object, returned: object, expected: str) -> TypeError:
    """What to raise where a plugin returned something else than it should."""
    return TypeError(f"The {kind} {_name(plugin)} returned {returned!r}; expected {expected}.")


def _name(plugin: object) -> str:
    cls = type(plugin)
    return f"{cls.__module__}.{cls.__qualname__}"
