"""Which cookies servers have set, and how many of them there may be.

Knows places (domain, path, name) and their age. Never sees a cookie, and nothing of those that a
program put into the jar itself.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Final

# Servers are made for browsers, whose bounds are about these.
MOST_OF_A_DOMAIN: Final = 180
MOST: Final = 3000

Place = tuple[str, str, str]


class Room:
    """The places that servers have filled, oldest first."""

    def __init__(self) -> None:
        # By domain: path and name. A dict of None is a set that keeps its order.
        self._places: dict[str, dict[tuple[str, str], None]] = {}
        self._total = 0

    def fill(self, domain: str, path: str, name: str) -> None:
        """A server set this one, perhaps anew: it is the youngest now."""
        places = self._places.setdefault(domain, {})
        if (path, name) in places:
            del places[path, name]
        else:
            self._total += 1
        places[path, name] = None

    def vacate(self, domain: str | None, path: str | None = None, name: str | None = None) -> None:
        """A place is empty, or a program's; or those of a path, of a domain, or all."""
        if domain is None:
            self._places.clear()
            self._total = 0
            return
        places = self._places.get(domain, {})
        for place in list(places) if path is None or name is None else [(path, name)]:
            if place in places and path in (None, place[0]):
                del places[place]
                self._total -= 1
        if not places:
            self._places.pop(domain, None)

    def of(self, domain: str) -> list[Place]:
        """The places of a domain, oldest first."""
        return [(domain, path, name) for path, name in self._places.get(domain, ())]

    @property
    def is_too_full(self) -> bool:
        """Whether there are more than there may be."""
        return self._total > MOST

    def is_too_full_of(self, domain: str) -> bool:
        """Whether there are more of a domain than there may be."""
        return len(self._places.get(domain, ())) > MOST_OF_A_DOMAIN

    def surplus(self, ranks: Mapping[str, int], youngest: str) -> Iterator[Place]:
        """What has to go, and a tenth of all more, so that not every cookie from here on is one too
        many. `ranks` tells which domain came first; the last cookie of `youngest` stays.

        Who fills a jar fills it from many hosts: the domains that have most lose first, each its
        oldest; and of those that have as many, who came last.
        """
        heap = [
            (-len(places), -ranks.get(domain, 0), domain) for domain, places in self._places.items()
        ]
        heapq.heapify(heap)
        oldest = {domain: iter(self.of(domain)) for domain in self._places}
        left = self._total - MOST + MOST // 10
        while left > 0 and heap:
            count, rank, domain = heap[0]
            if count == -1 and domain == youngest:
                heapq.heappop(heap)
                continue
            yield next(oldest[domain])
            left -= 1
            if count == -1:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (count + 1, rank, domain))
