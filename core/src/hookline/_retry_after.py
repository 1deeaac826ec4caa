"""Retry-After, for the plugins that obey it. Loaded by those."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._models import Response


def retry_after(response: Response) -> float | None:
    """The response's Retry-After in seconds (RFC 9110 section 10.2.3), never below zero; None where
    it has none, or none that can be read. A date counts from this machine's clock.

    It comes from outside, and may be years: bound it before you wait.
    """
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        # More digits than any wait has.
        return float(value[:12])
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (OverflowError, TypeError, ValueError):
        return None
