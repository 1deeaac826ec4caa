"""What the server answers: the same bodies whichever server is found.

Knows three answers: one too small to matter, one the size of an ordinary API's, and a download;
and the pieces of an upload.
Knows nothing about servers or clients.
"""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Payload:
    """One path of the server and the answer behind it.

    `headers` come on top of those that a server writes by itself (Date,
    Content-Length and so on); `header_count` is the number on the wire, or None
    where it is left to the server.
    """

    path: str
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    header_count: int | None = None


def _records(count: int) -> bytes:
    """A JSON document of about 170 bytes per record, the same in each run."""
    items = [
        {
            "id": 100_000 + number,
            "name": f"Example item number {number:04}",
            "price": {"amount": 1_000 + 17 * number, "currency": "EUR"},
            "tags": ["alpha", "beta", "gamma"],
            "in_stock": number % 3 != 0,
            "rating": 3.5,
        }
        for number in range(count)
    ]
    return json.dumps({"items": items, "next": None}).encode()


SMALL = Payload("/small", "text/plain", b"ok\n")

JSON_10K = Payload(
    "/json10k",
    "application/json",
    _records(61),
    # With the eight that nginx writes for a file, 15: what a JSON API behind a
    # reverse proxy ordinarily sends. No Set-Cookie: what cookies cost is a
    # question of its own.
    headers=(
        ("Cache-Control", "private, max-age=0, must-revalidate"),
        ("Vary", "Accept, Accept-Encoding, Authorization"),
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "deny"),
        ("X-Request-Id", "7f3d2c1b-9a8e-4d5c-b6a7-0123456789ab"),
        ("X-RateLimit-Remaining", "4987"),
    ),
    header_count=15,
)

PAYLOADS: dict[str, Payload] = {payload.path: payload for payload in (SMALL, JSON_10K)}

# A download of 256 MiB: of zeroes, a file without blocks on most systems. For nginx alone.
LARGE_SIZE = 256 * 1024 * 1024
LARGE = Payload("/large", "application/octet-stream", b"")

# An upload of 128 MiB, in pieces of the size that programs read files by. It is answered like
# SMALL, once it is there. For nginx alone.
UPLOAD_PATH = "/upload"
UPLOAD_PIECE = bytes(64 * 1024)
UPLOAD_SIZE = 128 * 1024 * 1024
