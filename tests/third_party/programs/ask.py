"""Asks for names, one after the other: ask.py SLOT=NAME ...

Prints a JSON object with what each came to: null, or the error with its class and its cause.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import hookline


def ask(slot: str, name: str) -> dict[str, Any] | None:
    many = slot in ("middleware", "event_hooks", "protocols")
    try:
        hookline.Client(**{slot: [name] if many else name}).close()
    except Exception as exc:
        return {
            "error": type(exc).__name__,
            "message": str(exc),
            "cause": None if exc.__cause__ is None else repr(exc.__cause__),
        }
    return None


print(json.dumps({question: ask(*question.split("=")) for question in sys.argv[1:]}))
