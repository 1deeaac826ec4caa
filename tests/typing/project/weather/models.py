"""The shapes of the JSON that the service speaks."""

from __future__ import annotations

from typing import TypedDict


class Reading(TypedDict):
    station: str
    celsius: float


class Page(TypedDict):
    readings: list[Reading]
    next: str | None
