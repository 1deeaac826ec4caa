"""The floors, as clients."""

from contextlib import AbstractAsyncContextManager, AbstractContextManager

import floor
import floor_h2
from target import AsyncFetch, Fetch, Target
from workloads import Workload

from .base import Peer


class Floor(Peer):
    """A bare loop over the sockets, or over h2."""

    speaks_http2 = True

    def can_do(self, workload: Workload) -> bool:
        return workload.has_floor

    def open_sync(self, target: Target) -> AbstractContextManager[Fetch]:
        if target.is_http2:
            return floor_h2.blocking(target)
        return floor.uploading(target) if target.is_upload else floor.blocking(target)

    def open_async(self, target: Target) -> AbstractAsyncContextManager[list[AsyncFetch]]:
        return floor_h2.awaited(target) if target.is_http2 else floor.plain(target)


class BufferedFloor(Peer):
    """The one with a buffer of its own."""

    def open_async(self, target: Target) -> AbstractAsyncContextManager[list[AsyncFetch]]:
        return floor.buffered(target)
