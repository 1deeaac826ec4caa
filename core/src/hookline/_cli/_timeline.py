"""Where the time of a call goes: a hop for each message on the wire, a phase for each step of it.

Knows the events of `extensions={"trace": ...}` and the client's hooks, and one clock. Draws
nothing: `_waterfall.py` does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .._models import Request, Response

# The steps of a trace, and the phases that they are shown as: several make one.
_PHASES = {
    "resolve_host": "DNS",
    "connect_tcp": "connect",
    "connect_unix_socket": "connect",
    "connect_through_proxy": "proxy",
    "start_tls": "TLS",
    "send_request_headers": "send",
    "send_request_body": "send",
    "receive_response_headers": "first byte",
    "receive_response_body": "body",
}
_CONNECTING = frozenset({"connect", "proxy"})


class Phase:
    """A part of a hop; times are seconds since the call began."""

    __slots__ = ("end", "has_failed", "name", "start")

    def __init__(self, name: str, start: float) -> None:
        self.name = name
        self.start = start
        # Until it is over.
        self.end = start
        self.has_failed = False


class Hop:
    """One message and its answer."""

    def __init__(self, request: Request, start: float) -> None:
        self.method = request.method
        self.url = request.url
        self.start = start
        self.phases: list[Phase] = []
        self.status_code: int | None = None
        self.http_version: str | None = None
        # Whether a connection was made for it, and where that led.
        self.is_new = False
        self.address: str | None = None

    def begin(self, name: str, now: float) -> None:
        """Begin a phase, or go on with the one that was last."""
        if not self.phases or self.phases[-1].name != name:
            self.phases.append(Phase(name, now))

    def last(self, name: str) -> Phase | None:
        """The phase of that name that began last."""
        return next((phase for phase in reversed(self.phases) if phase.name == name), None)


class Timeline:
    """All hops of one call. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        # The moment of the first thing that happens: what was loaded before took time, too, and is
        # no part of the call.
        self._zero: float | None = None
        self.hops: list[Hop] = []
        self.end = 0.0

    def _now(self) -> float:
        now = self._clock()
        if self._zero is None:
            self._zero = now
        self.end = now - self._zero
        return self.end

    def on_request(self, request: Request) -> None:
        """A message is about to be sent."""
        self._close_gap()
        self.hops.append(Hop(request, self._now()))

    def on_response(self, response: Response) -> None:
        """The head of its answer is there."""
        hop = self.hops[-1]
        hop.status_code = response.status_code
        hop.http_version = response.http_version
        if not hop.phases:
            # A transport that tells nothing of what it does.
            hop.begin("first byte", hop.start)
            hop.phases[-1].end = self._now()

    def on_event(self, event: str, info: dict[str, Any]) -> None:
        """An event of the trace."""
        step, _, state = event.rpartition(".")
        name = _PHASES.get(step.rpartition(".")[2])
        if name is None or not self.hops:
            return
        hop = self.hops[-1]
        if len(self.hops) == 1 and not hop.phases:
            self._zero = None
        now = self._now()
        if state == "started":
            hop.begin(name, now)
            return
        phase = hop.last(name)
        if phase is None:
            return
        phase.end = now
        phase.has_failed = state == "failed"
        if name == "DNS":
            # A name is looked up while connecting: that begins now. Where there was no address,
            # it never did.
            self._looked_up(hop, now, has_failed=phase.has_failed)
        elif name in _CONNECTING and state == "complete":
            hop.is_new = True
            hop.address = _address(info["return_value"])

    @staticmethod
    def _looked_up(hop: Hop, now: float, *, has_failed: bool) -> None:
        for connecting in [phase for phase in hop.phases if phase.name in _CONNECTING]:
            hop.phases.remove(connecting)
            if not has_failed:
                connecting.start = connecting.end = now
                hop.phases.append(connecting)

    def _close_gap(self) -> None:
        """The body of a transport that tells nothing was read until now."""
        if self.hops and self.hops[-1].status_code is not None:
            hop = self.hops[-1]
            if hop.last("body") is None:
                hop.begin("body", hop.phases[-1].end)
                hop.phases[-1].end = self._now()

    def finish(self) -> None:
        """The call is over, one way or the other."""
        self._close_gap()

    def as_json(self) -> list[dict[str, Any]]:
        """The hops for scripts; times are milliseconds since the call began."""
        return [
            {
                "method": hop.method,
                "url": hop.url._masked(),
                "status_code": hop.status_code,
                "http_version": hop.http_version,
                "is_new_connection": hop.is_new,
                "address": hop.address,
                "phases": [
                    {
                        "name": phase.name,
                        "start_ms": _milliseconds(phase.start),
                        "duration_ms": _milliseconds(phase.end - phase.start),
                        "has_failed": phase.has_failed,
                    }
                    for phase in hop.phases
                ],
            }
            for hop in self.hops
        ]


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _address(stream: Any) -> str | None:
    """Where a connection leads, as far as it knows: "127.0.0.1:80", "[::1]:80", a path."""
    address = stream.get_extra_info("server_addr")
    if isinstance(address, tuple):
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return address if isinstance(address, str) and address else None
