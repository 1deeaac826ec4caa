"""Log records of requests, for hookline.

Read in this order: `_hook.py` (when a record is written, and what is in it), `_redaction.py` (what
is not), `_json.py` (a formatter).
"""

from __future__ import annotations

from hookline.plugins import EventHook, hookimpl

from ._hook import Log
from ._json import JSONFormatter

__all__ = ["JSONFormatter", "Log"]
__version__ = "0.1.0"


@hookimpl
def hookline_register_event_hooks() -> list[type[EventHook]]:
    """Records, under the name "log"."""
    return [Log]
