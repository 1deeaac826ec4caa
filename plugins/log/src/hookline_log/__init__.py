"""Log records of requests, for hookline.

Read in this order: `_hook.py` (when a record is written, and what is in it), `_redaction.py` (what
is not), `_json.py` (a formatter).
"""

from __future__ import annotations

from hookline.plugins import EventHook, hookimpl

from ._hook import Log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._json import JSONFormatter as JSONFormatter

__all__ = ["JSONFormatter", "Log"]
__version__ = "0.1.0"


@hookimpl
def hookline_register_event_hooks() -> list[type[EventHook]]:
    """Records, under the name "log"."""
    return [Log]


def __getattr__(name: str) -> object:
    if name == "JSONFormatter":
        # `logging` is loaded by those who log.
        from ._json import JSONFormatter

        return JSONFormatter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
