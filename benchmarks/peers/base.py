"""What every client is measured through.

An adapter opens a client for a target and yields `fetch`: one exchange, its body read, answered
with the status and the body's length, which the caller checks. Knows nothing about clocks.

The settings, where a client has them: default headers, redirects as they come,
cookies on, timeouts on, and a pool that holds as many connections as there are
requests in flight. Clients are imported when they are opened: one that is not
installed costs the others nothing.
"""

from contextlib import AbstractAsyncContextManager, AbstractContextManager

from target import AsyncFetch, Fetch, Fetched, Target
from workloads import Kind, Workload

# Seconds. On, but out of the way: with 1000 requests in flight the slowest client
# keeps a single one waiting for longer than the 5 seconds that are httpx's default.
TIMEOUT = 30.0


class Peer:
    """A name in the table, and what it can do: the methods that its class has of its own.

    `distribution` is None for what is no package. One that is not `by_default` waits to be named.
    """

    by_default: bool = True
    speaks_http2: bool = False

    def __init__(self, name: str, distribution: str | None = None, module: str = "") -> None:
        self.name = name
        self.distribution = distribution
        self.module = module or name

    def can_do(self, workload: Workload) -> bool:
        """Whether the client has what a workload asks for."""
        if workload.is_http2 and not self.speaks_http2:
            return False
        if workload.kind is Kind.IMPORT:
            return self.distribution is not None
        method = {Kind.BUILD: "build", Kind.ONE_OFF: "one_off"}.get(
            workload.kind, "open_async" if workload.is_async else "open_sync"
        )
        return getattr(type(self), method) is not getattr(Peer, method)

    def open_sync(self, target: Target) -> AbstractContextManager[Fetch]:
        """A client whose calls block, and what fetches with it."""
        raise NotImplementedError

    def open_async(self, target: Target) -> AbstractAsyncContextManager[list[AsyncFetch]]:
        """One fetch for each of `target.concurrency` workers; pooled clients give all the same."""
        raise NotImplementedError

    def build(self) -> None:
        """Make a client as a program would, with no settings, and close it."""
        raise NotImplementedError

    def one_off(self, url: str) -> Fetched:
        """One request by the function that the package has for it."""
        raise NotImplementedError
