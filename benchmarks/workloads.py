"""What is measured: the list that `run.py` walks through.

A workload says what is done, how much of it at once, and whether the calls block or are awaited. It
does not know who makes them.
"""

import enum
from dataclasses import dataclass

from payloads import JSON_10K, LARGE, SMALL, Payload


class Kind(enum.Enum):
    """What one operation is."""

    REQUEST = "a request on an open client"
    DOWNLOAD = "a large response, read piece by piece"
    UPLOAD = "a large request from a generator"
    BUILD = "a client, built and closed"
    ONE_OFF = "a request by a function, without a client"
    IMPORT = "the import, in an interpreter of its own"


@dataclass(frozen=True)
class Workload:
    name: str
    payload: Payload = SMALL
    kind: Kind = Kind.REQUEST
    is_async: bool = False
    # Requests in flight: tasks where calls are awaited, threads where they block.
    concurrency: int = 1
    has_tls: bool = False
    is_http2: bool = False
    # Where an operation takes so long, or so short, that the number asked for would not do.
    fixed: int | None = None

    @property
    def has_floor(self) -> bool:
        """Whether a bare loop does something comparable."""
        return self.kind in (Kind.REQUEST, Kind.DOWNLOAD, Kind.UPLOAD)

    @property
    def warm_up(self) -> int:
        """Operations before counting begins.

        Enough that every connection is open and has been used, and that caches and
        the specialising interpreter have settled.
        """
        if self.fixed is not None:
            return 1
        if self.kind in (Kind.BUILD, Kind.ONE_OFF):
            return 20
        return 200 + 2 * self.concurrency

    def counted(self, requests: int) -> int:
        """Operations to count where `requests` are asked for.

        Answers come in bursts of up to as many as are in flight. Over five of them
        the ends of the measurement, wherever in a burst they fall, matter little.
        """
        if self.fixed is not None:
            return self.fixed
        if self.kind in (Kind.BUILD, Kind.ONE_OFF):
            # A peer takes 30 ms for each.
            return max(20, requests // 20)
        return max(requests, 5 * self.concurrency)


WORKLOADS: dict[str, Workload] = {
    workload.name: workload
    for workload in (
        Workload("sync-small"),
        Workload("sync-json10k", JSON_10K),
        Workload("sync-threads-8", concurrency=8),
        Workload("async-1", is_async=True),
        Workload("async-100", is_async=True, concurrency=100),
        Workload("async-1000", is_async=True, concurrency=1000),
        Workload("async-json10k-100", JSON_10K, is_async=True, concurrency=100),
        Workload("async-tls-100", is_async=True, concurrency=100, has_tls=True),
        Workload("sync-256m", LARGE, Kind.DOWNLOAD, fixed=2),
        Workload("async-256m", LARGE, Kind.DOWNLOAD, is_async=True, fixed=2),
        Workload("sync-upload-128m", kind=Kind.UPLOAD, fixed=2),
        Workload("h2-sync-1", has_tls=True, is_http2=True),
        Workload("h2-async-1", is_async=True, has_tls=True, is_http2=True),
        Workload("h2-async-100", is_async=True, concurrency=100, has_tls=True, is_http2=True),
        Workload("h2-sync-256m", LARGE, Kind.DOWNLOAD, has_tls=True, is_http2=True, fixed=2),
        Workload(
            "h2-async-256m", LARGE, Kind.DOWNLOAD,
            is_async=True, has_tls=True, is_http2=True, fixed=2,
        ),
        Workload("client", kind=Kind.BUILD),
        Workload("one-off", kind=Kind.ONE_OFF),
        Workload("import", kind=Kind.IMPORT, fixed=1),
    )
}  # fmt: skip
