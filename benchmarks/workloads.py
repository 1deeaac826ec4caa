"""What is measured: the list that `run.py` walks through.

A workload says what is asked for, how many requests are in flight at once, and
whether the calls block or are awaited. It does not know who makes them.
"""

from dataclasses import dataclass

from payloads import JSON_10K, LARGE, SMALL, Payload


@dataclass(frozen=True)
class Workload:
    name: str
    payload: Payload
    is_async: bool
    concurrency: int = 1
    # Over TLS, by HTTP/2.
    is_http2: bool = False
    # Where a request takes so long that the numbers asked for would take for ever.
    fixed: int | None = None

    @property
    def warm_up(self) -> int:
        """Requests before counting begins.

        Enough that every connection is open and has been used, and that caches and
        the specialising interpreter have settled.
        """
        if self.fixed is not None:
            return 1
        return 200 + 2 * self.concurrency

    def counted(self, requests: int) -> int:
        """Requests to count where `requests` are asked for.

        Answers come in bursts of up to as many as are in flight. Over five of them
        the ends of the measurement, wherever in a burst they fall, matter little.
        """
        if self.fixed is not None:
            return self.fixed
        return max(requests, 5 * self.concurrency)


WORKLOADS: dict[str, Workload] = {
    workload.name: workload
    for workload in (
        Workload("sync-small", SMALL, is_async=False),
        Workload("sync-json10k", JSON_10K, is_async=False),
        Workload("async-1", SMALL, is_async=True),
        Workload("async-100", SMALL, is_async=True, concurrency=100),
        Workload("async-1000", SMALL, is_async=True, concurrency=1000),
        Workload("async-json10k-100", JSON_10K, is_async=True, concurrency=100),
        Workload("h2-sync-1", SMALL, is_async=False, is_http2=True),
        Workload("h2-async-1", SMALL, is_async=True, is_http2=True),
        Workload("h2-async-100", SMALL, is_async=True, concurrency=100, is_http2=True),
        Workload("h2-sync-256m", LARGE, is_async=False, is_http2=True, fixed=2),
        Workload("h2-async-256m", LARGE, is_async=True, is_http2=True, fixed=2),
    )
}
