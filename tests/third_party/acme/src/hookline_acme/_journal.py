"""An event hook that keeps a journal: the name of each event, with what tells them apart."""

from __future__ import annotations

import hookline
from hookline.plugins import ConnectionInfo, EventHook

# What happened, in all clients of the process.
JOURNAL: list[str] = []


class Journal(EventHook):
    name = "acme-journal"

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix

    def _write(self, entry: str) -> None:
        JOURNAL.append(self._prefix + entry)

    def request_started(self, request: hookline.Request) -> None:
        self._write(f"request_started {request.url.path}")

    def connection_opened(self, connection: ConnectionInfo) -> None:
        self._write(f"connection_opened {connection.protocol}")

    def connection_closed(self, connection: ConnectionInfo) -> None:
        self._write(f"connection_closed {connection.protocol}")

    def response_started(self, response: hookline.Response) -> None:
        self._write(f"response_started {response.status_code}")

    def response_finished(self, response: hookline.Response) -> None:
        self._write(f"response_finished {response.num_bytes_downloaded}")

    def request_failed(self, request: hookline.Request, error: BaseException) -> None:
        self._write(f"request_failed {type(error).__name__}")
