"""Who waits for a connection: tickets, and the lines that they stand in.

Knows order. Knows nothing of connections or locks: the pool holds its own while it works here.
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._pool import Connection
    from ._url import Origin
    from .plugins.interfaces import Waiter


class Verdict(enum.Enum):
    """What a ticket's turn may bring, other than a connection."""

    PLACE = "room for a connection of one's own"
    AGAIN = "ask again: things have changed"
    ALONE = "connect, and join nobody: the connection that was waited for could not be made"


class Ticket:
    """A place in a line. `verdict` is None until its turn comes."""

    __slots__ = ("line", "route", "verdict", "waiter")

    def __init__(self, route: Origin, waiter: Waiter, line: Joiners) -> None:
        self.route = route
        self.waiter = waiter
        self.line = line
        self.verdict: Connection | Verdict | None = None
        line.add(self)

    def grant(self, verdict: Connection | Verdict) -> None:
        """Its turn has come; it must have left its line."""
        self.verdict = verdict
        self.waiter.set()


class Joiners(OrderedDict[Ticket, None]):
    """Those who wait for one connection that is being made, to share it; first in, first out."""

    def add(self, ticket: Ticket) -> None:
        """Stand at the end."""
        self[ticket] = None

    def remove(self, ticket: Ticket) -> None:
        """Leave."""
        del self[ticket]

    def take(self) -> Ticket:
        """The first."""
        ticket = next(iter(self))
        self.remove(ticket)
        return ticket


class Queue(Joiners):
    """Everybody who waits for the pool, findable by route."""

    def __init__(self) -> None:
        super().__init__()
        self._by_route: dict[Origin, Joiners] = {}

    def add(self, ticket: Ticket) -> None:
        super().add(ticket)
        same_route = self._by_route.get(ticket.route)
        if same_route is None:
            same_route = self._by_route[ticket.route] = Joiners()
        same_route.add(ticket)

    def remove(self, ticket: Ticket) -> None:
        super().remove(ticket)
        same_route = self._by_route[ticket.route]
        same_route.remove(ticket)
        if not same_route:
            del self._by_route[ticket.route]

    def take_of(self, route: Origin) -> Ticket | None:
        """The first of those who wait for one route."""
        same_route = self._by_route.get(route)
        if same_route is None:
            return None
        ticket = next(iter(same_route))
        self.remove(ticket)
        return ticket
