"""A timeline as bars in a terminal: one for each phase of each hop, all on one axis.

Knows characters and columns. What happened when is `_timeline.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator

from ._pretty import Paint
from ._text import duration, visible
from ._timeline import Hop, Phase, Timeline

# Bars end on an eighth of a column. They begin on a whole one: there are no blocks for the rest.
_EIGHTHS = " ▏▎▍▌▋▊▉"
_FULL = "█"
# Whether a stream can be drawn on with them.
SPECIMEN = f"{_EIGHTHS}{_FULL}→…"

_NAMES = 10
_TIMES = 9
# Two spaces before the name, one before the time, two before the bars.
_BESIDE_BARS = 2 + _NAMES + 1 + _TIMES + 2
_LEAST = 10
_FAILED = " failed"

_STYLES = {
    "DNS": "name",
    "connect": "other",
    "proxy": "other",
    "TLS": "number",
    "send": "name",
    "first byte": "text",
    "body": "text",
}


def drawn(timeline: Timeline, *, width: int, paint: Paint, is_ascii: bool = False) -> list[str]:
    """The lines of a drawing."""
    return list(_Drawing(timeline, width, paint, is_ascii).lines())


class _Drawing:
    def __init__(self, timeline: Timeline, width: int, paint: Paint, is_ascii: bool) -> None:
        self._timeline = timeline
        self._width = width
        # The last column stays free: a full line would be two on some terminals.
        columns = width - _BESIDE_BARS - 1
        if any(phase.has_failed for hop in timeline.hops for phase in hop.phases):
            columns -= len(_FAILED)
        self._scale = max(_LEAST, columns) / timeline.end if timeline.end > 0 else 0.0
        self._paint = paint
        self._is_ascii = is_ascii

    def lines(self) -> Iterator[str]:
        hops = self._timeline.hops
        for number, hop in enumerate(hops, start=1):
            yield from self._heading(number, hop)
            for phase in hop.phases:
                yield self._row(phase)
        requests = "1 request" if len(hops) == 1 else f"{len(hops)} requests"
        total = duration(self._timeline.end)
        yield f"  {'total':{_NAMES}} {total:>{_TIMES}}  {self._paint(requests, 'faint')}"

    def _heading(self, number: int, hop: Hop) -> Iterator[str]:
        arrow, dots = ("->", "...") if self._is_ascii else ("→", "…")
        outcome = "no response" if hop.status_code is None else str(hop.status_code)
        facts = [hop.http_version] if hop.http_version else []
        if hop.is_new:
            facts.append(f"new connection to {hop.address}" if hop.address else "new connection")
        elif hop.last("send") is not None:
            facts.append("same connection")
        start = f"{number} {hop.method} "
        end = f" {arrow} {outcome}"
        url = visible(hop.url._masked())
        rest = self._paint(f"({', '.join(facts)})", "faint") if facts else ""
        if len(start + url + end) + len(f" ({', '.join(facts)})") <= self._width:
            yield f"{start}{self._paint(url, 'strong')}{end} {rest}".rstrip()
            return
        # Both ends of a URL are worth more than its middle.
        room = max(12, self._width - len(start + end))
        if len(url) > room:
            half = (room - len(dots)) // 2
            url = f"{url[: room - len(dots) - half]}{dots}{url[-half:]}"
        yield f"{start}{self._paint(url, 'strong')}{end}"
        if rest:
            yield f"  {rest}"

    def _row(self, phase: Phase) -> str:
        before, bar = self._bar(phase.start, phase.end)
        time = duration(phase.end - phase.start)
        row = f"  {phase.name:{_NAMES}} {time:>{_TIMES}}  {before}"
        if phase.has_failed:
            return f"{row}{self._paint(bar + _FAILED, 'bad')}"
        return f"{row}{self._paint(bar, _STYLES[phase.name])}"

    def _bar(self, start: float, end: float) -> tuple[str, str]:
        """The space before a bar, and the bar; whatever took no time is still to be seen."""
        first = int(start * self._scale)
        eighths = max(1, round(end * self._scale * 8) - first * 8)
        full, rest = divmod(eighths, 8)
        if self._is_ascii:
            return " " * first, "#" * max(1, full + (rest >= 4))
        return " " * first, _FULL * full + (_EIGHTHS[rest] if rest else "")
