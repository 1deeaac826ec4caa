"""Who waits for a connection: tickets, and the lines that they stand in.

Knows order, and whom a place may serve. Knows nothing of connections or locks: the pool holds its
own while it works here.
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from heapq import heapify, heappop, heappush
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

    __slots__ = ("line", "number", "route", "verdict", "waiter")

    def __init__(self, route: Origin, waiter: Waiter, line: Joiners) -> None:
        # For lines that number those who come.
        self.number = 0
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
    """Everybody who waits for the pool, findable by route. A free place may serve anybody."""

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

    def take_for_place(self) -> Ticket | None:
        """The first whom a free place may serve."""
        return self.take() if self else None

    def take_for_connection(self, route: Origin) -> Ticket | None:
        """The first whom an idle connection of a route may serve: as it is, or by its place."""
        return self.take() if self else None

    def waiting_for(self, route: Origin) -> int:
        """How many wait for one route."""
        return len(self._by_route.get(route, ()))

    # Places by route. They count where their number is limited, and nowhere else.

    def occupy(self, route: Origin) -> None:
        """A place of the pool is now for this route."""

    def vacate(self, route: Origin) -> None:
        """It no longer is."""

    def has_room(self, route: Origin) -> bool:
        """Whether one more place may be for this route."""
        return True


class LimitedQueue(Queue):
    """A queue that knows how many places each route has, and lets it have `most` at a time.

    Those who wait for a route that has them all step aside until it has one less, without losing
    their turn: they keep their number, and the lowest number that may be served is served first.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._places: dict[Origin, int] = {}
        self._last_number = 0
        # A heap of the first number of each route with room, so that nothing has to be searched.
        # Whatever makes such a number known adds an entry; one that is not true any more is passed
        # over when it comes up.
        self._fronts: list[tuple[int, Origin]] = []

    def add(self, ticket: Ticket) -> None:
        self._last_number += 1
        ticket.number = self._last_number
        super().add(ticket)
        if len(self._by_route[ticket.route]) == 1:
            self._note_front(ticket.route)

    def remove(self, ticket: Ticket) -> None:
        was_first = self._first(ticket.route) is ticket
        super().remove(ticket)
        if was_first:
            self._note_front(ticket.route)

    def take_for_place(self) -> Ticket | None:
        ticket = self._front()
        if ticket is not None:
            self.remove(ticket)
        return ticket

    def take_for_connection(self, route: Origin) -> Ticket | None:
        # For those of its own route, an idle connection is no further place.
        ticket, front = self._first(route), self._front()
        if ticket is None or (front is not None and front.number < ticket.number):
            ticket = front
        if ticket is not None:
            self.remove(ticket)
        return ticket

    def occupy(self, route: Origin) -> None:
        self._places[route] = self._places.get(route, 0) + 1

    def vacate(self, route: Origin) -> None:
        left = self._places[route] - 1
        if left:
            self._places[route] = left
        else:
            del self._places[route]
        if left == self._most - 1:
            self._note_front(route)

    def has_room(self, route: Origin) -> bool:
        return self._places.get(route, 0) < self._most

    def _first(self, route: Origin) -> Ticket | None:
        line = self._by_route.get(route)
        return None if line is None else next(iter(line))

    def _front(self) -> Ticket | None:
        """The first of those whose route has room."""
        fronts = self._fronts
        while fronts:
            number, route = fronts[0]
            ticket = self._first(route)
            if ticket is not None and ticket.number == number and self.has_room(route):
                return ticket
            heappop(fronts)
        return None

    def _note_front(self, route: Origin) -> None:
        ticket = self._first(route)
        if ticket is None or not self.has_room(route):
            return
        fronts = self._fronts
        if len(fronts) > 2 * len(self._by_route) + 16:
            # Mostly those who have left.
            self._fronts = [
                (first.number, other)
                for other in self._by_route
                if self.has_room(other) and (first := self._first(other)) is not None
            ]
            heapify(self._fronts)
        else:
            heappush(fronts, (ticket.number, route))
