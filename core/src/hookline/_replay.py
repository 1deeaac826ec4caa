"""Sending a request a second time, after a kept connection broke without an answer.

A server closes a connection that was idle for long, and the next request is on its way already: a
race that nobody can win. Most requests do no harm when they are sent twice (RFC 9110 section
9.2.2), so that nobody has to know.

Knows which requests may be repeated, once, and what to say where one may not. Loaded when a
connection broke, and never before. Sends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._errors import StreamConsumed, TransportError
from ._streams import BodyReader

if TYPE_CHECKING:
    from ._models import Request

# RFC 9110 section 9.2.2, and QUERY, which is safe by its definition.
IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"))


def start_over(
    request: Request,
    body: bytes | BodyReader | None,
    failure: TransportError,
    earlier: TransportError | None,
) -> bytes | BodyReader | None:
    """The body to send a request again with, None for one that is to be read anew.

    `failure` is how the connection broke, `earlier` how one did before, for the same request.
    Raises the failure, with the reason, where the request is not to be sent again.
    """
    if earlier is not None:
        raise _because(failure, "So did the one before it: the request was sent twice.")
    if request.method not in IDEMPOTENT:
        raise _because(
            failure,
            f"{request.method} is not sent again on its own: the server may have acted on it. "
            "Send it again where that does no harm.",
        )
    if isinstance(body, BodyReader) and body.is_started:
        if not request.is_repeatable:
            raise _because(
                failure, "The request cannot be sent again: its body was read in part. Give bytes."
            )
        return None
    return body


def explain(exc: BaseException, first: TransportError) -> None:
    """Say in an exception that the request was sent before. Raises the first failure instead where
    it turns out that the body is gone."""
    if isinstance(exc, StreamConsumed):
        raise _because(
            first, "The request cannot be sent again: its body does not go back to its start."
        )
    if isinstance(exc, TransportError):
        exc.add_note(
            "The request was sent before, over a kept connection that broke without an answer."
        )


def _because(failure: TransportError, reason: str) -> TransportError:
    failure.args = (f"{failure} The connection was kept from an earlier request. {reason}",)
    return failure
