"""Naming the plugin that broke. Loaded when one did.

Its exception goes on as it is, since programs may catch it; a note says whose it is.
"""

from __future__ import annotations

from ._errors import HTTPError, StreamError

_RAISED = "It was raised in the "


def blame(exc: BaseException, kind: str, plugin: object) -> None:
    """Note in an exception that no request is to blame for, but a plugin. hookline's own say what
    they are about; cancellation is nobody's fault."""
    if isinstance(exc, Exception) and not isinstance(exc, (HTTPError, StreamError)):
        blame_even(exc, kind, plugin)


def blame_even(exc: Exception, kind: str, plugin: object, what: str = "") -> None:
    """The same for any exception. Who is named first stands innermost, and is the one; core's own
    parts are not to blame for what passes through them."""
    name = name_of(plugin)
    notes = getattr(exc, "__notes__", ())
    if not name.startswith("hookline.") and not any(note.startswith(_RAISED) for note in notes):
        exc.add_note(f"{_RAISED}{kind} {name}{what}.")


def wrong_type(kind: str, plugin: object, returned: object, expected: str) -> TypeError:
    """What to raise where a plugin returned something else than it should."""
    return TypeError(
        f"The {kind} {name_of(plugin)} returned {shown(returned)}; expected {expected}."
    )


def shown(returned: object) -> str:
    """What a plugin returned, for a message. It is mostly an `await` that was forgotten, where it
    can be awaited: then it is closed, or would warn about itself later."""
    if not hasattr(returned, "__await__"):
        return repr(returned)
    close = getattr(returned, "close", None)
    if close is not None:
        close()
    return f"{returned!r}, which was not awaited"


def name_of(plugin: object) -> str:
    """A plugin's class, or the class itself, as it can be found."""
    cls = plugin if isinstance(plugin, type) else type(plugin)
    return f"{cls.__module__}.{cls.__qualname__}"
