"""`extensions={"expect_continue": seconds}`: asking before a body is sent.

Knows which requests ask (RFC 9110 section 10.1.1), how long they wait for an answer, and what
becomes of those that the server refuses to be asked. Who waits is the protocol, with an `Interim`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import NotProcessed
from ._headers import Headers
from ._streams import ByteStream

if TYPE_CHECKING:
    from ._models import Request

# curl's figure: for servers that take no notice, this is what each upload costs.
DEFAULT_WAIT = 1.0

_NAME = b"expect"


class ExpectationFailed(NotProcessed):
    """A 417: the server does not take the expectation. Without it, the request may be sent again.

    Protocols let an `Interim` raise it; the pool does the rest.
    """


def expected_wait(request: Request) -> float:
    """How many seconds a body waits for 100 (Continue): the extension's number, and a second for
    True, and for a header of the user's own. None and False are 0: nothing waits.

    Raises TypeError and ValueError for an extension that is no number of seconds.
    """
    value: Any = request.extensions.get("expect_continue", True)
    if value is True:
        return DEFAULT_WAIT
    if value is None or value is False:
        return 0.0
    if not isinstance(value, (int, float)):
        raise TypeError(
            'extensions["expect_continue"]: expected a number of seconds, or True for '
            f"{DEFAULT_WAIT:g}, not {value!r} ({type(value).__name__})."
        )
    # Thirty years are more than the system's clocks take.
    if not 0 <= value < 1e9:
        raise ValueError(
            'extensions["expect_continue"]: expected a finite number of seconds >= 0, not '
            f"{value!r}."
        )
    return float(value)


def expecting(request: Request) -> Request:
    """The request with `Expect: 100-continue`, where it has a body and asks for that.

    A copy: the request of the user stays as it is. Raises what `expected_wait` raises.
    """
    expected_wait(request)
    headers = request.headers
    if not _asks(request) or headers._has(_NAME) or not _has_body(request):
        return request
    return _with_headers(request, [*headers._list, (b"Expect", _NAME, b"100-continue")])


def may_repeat(request: Request) -> bool:
    """Whether a 417 is ours to answer. To an expectation that is only the user's own header, it is
    the user's."""
    return _asks(request) and request.headers._has(_NAME)


def unexpecting(request: Request, failure: NotProcessed) -> Request:
    """The request as it is sent again after a failure: without what the server does not take."""
    if not isinstance(failure, ExpectationFailed):
        return request
    return _with_headers(request, [item for item in request.headers._list if item[1] != _NAME])


def _asks(request: Request) -> bool:
    # 0 does: nothing waits then, but the server may still say no.
    value = request.extensions.get("expect_continue")
    return value is not None and value is not False


def _has_body(request: Request) -> bool:
    stream = request.stream
    if type(stream) is ByteStream:
        return bool(stream._stream)
    return request.headers._get(b"content-length") != b"0"


def _with_headers(request: Request, items: list[Any]) -> Request:
    from ._models import Request

    return Request(
        request.method,
        request.url,
        headers=Headers._of(items),
        stream=request.stream,
        extensions=request.extensions,
    )
