"""The server's application for granian, where there is no nginx.

RSGI is granian's own interface, with less of Python per request than ASGI.
"""

from typing import Any

from payloads import PAYLOADS

# What nginx adds for a file and granian does not.
_FILE_HEADERS = (
    ("last-modified", "Mon, 02 Nov 2026 09:00:00 GMT"),
    ("etag", '"6907254a-2800"'),
    ("accept-ranges", "bytes"),
    ("connection", "keep-alive"),
)

_ANSWERS = {
    payload.path: (
        [
            ("content-type", payload.content_type),
            ("content-length", str(len(payload.body))),
            *((name.lower(), value) for name, value in payload.headers),
            *(_FILE_HEADERS if payload.headers else ()),
        ],
        payload.body,
    )
    for payload in PAYLOADS.values()
}


async def app(scope: Any, protocol: Any) -> None:
    answer = _ANSWERS.get(scope.path)
    if answer is None:
        protocol.response_empty(404, [])
    else:
        protocol.response_bytes(200, *answer)
