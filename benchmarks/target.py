"""What a client is handed and what it hands back: the terms of the comparison.

Every client, the floor included, gets a `Target` and yields a `Fetch`. Whoever
measures sees nothing else of it.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from payloads import UPLOAD_PIECE, UPLOAD_SIZE

# The status, and the length of the body.
Fetched = tuple[int, int]
Fetch = Callable[[], Fetched]
AsyncFetch = Callable[[], Awaitable[Fetched]]


@dataclass(frozen=True)
class Target:
    """Where to send requests, how many at once, and what must come back.

    The lengths are in bytes, of the response's head and of its body.
    """

    port: int
    path: str
    concurrency: int
    head_length: int
    body_length: int
    # The file of the server's certificate authority, where it is spoken to over TLS.
    authority_file: str | None = None
    is_http2: bool = False
    # How the exchange is to be made: see `workloads.Kind`.
    is_download: bool = False
    is_upload: bool = False

    @property
    def authority(self) -> str:
        host = "127.0.0.1" if self.authority_file is None else "localhost"
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        scheme = "http" if self.authority_file is None else "https"
        return f"{scheme}://{self.authority}{self.path}"


def upload() -> Iterator[bytes]:
    """The body of an upload, as a program would generate it: piece by piece, no length known."""
    for _ in range(UPLOAD_SIZE // len(UPLOAD_PIECE)):
        yield UPLOAD_PIECE
