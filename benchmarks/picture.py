"""Numbers to a picture: bars of CPU time, workload by workload, as SVG.

Knows nothing about how they were measured. Follows the reader's light or dark colours; what it is
drawn with is in the file, so that it looks the same everywhere.
"""

from statistics import median
from xml.sax.saxutils import escape

from report import Report

_WIDTH = 760
_LABEL = 110
_BAR = 16
_GAP = 5
_TITLE = 34
# Beyond this many times the best, a bar is cut: the others would be dots.
_CUT = 12

_TITLES = {
    "sync-small": "Client, one request after the other",
    "sync-json10k": "Client, 10 KB of JSON",
    "sync-threads-8": "Client, 8 threads",
    "async-1": "AsyncClient, one request after the other",
    "async-100": "AsyncClient, 100 at once",
    "async-1000": "AsyncClient, 1000 at once",
    "async-json10k-100": "AsyncClient, 10 KB of JSON, 100 at once",
    "async-tls-100": "AsyncClient, TLS, 100 at once",
    "h2-async-100": "AsyncClient, HTTP/2, 100 streams",
}

_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .small { font-size: 11px; fill: #57606a }
  .bar { fill: #b6bec9 }
  .ours { fill: #0a7d5a }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .small { fill: #9198a1 }
    .bar { fill: #4a535e }
    .ours { fill: #2fbf8f }
  }
"""


def draw(report: Report) -> str:
    """One block of bars for each workload, the cheapest client first; the floors are left out."""
    parts: list[str] = []
    y = 0
    for workload in dict.fromkeys(row.workload for row in report.rows):
        costs = sorted(
            (median(sample.cpu_us for sample in row.samples), row.client)
            for row in report.rows
            if row.workload == workload and row.samples and not row.client.startswith("floor")
        )
        if not costs:
            continue
        y += _TITLE
        title = escape(_TITLES.get(workload, workload))
        parts.append(f'<text class="title" x="0" y="{y - 12}">{title}</text>')
        most = min(costs[-1][0], costs[0][0] * _CUT)
        room = _WIDTH - _LABEL - 90
        for cost, client in costs:
            width = max(2.0, room * min(cost, most) / most)
            kind = "bar ours" if client == "hookline" else "bar"
            is_cut = " …" if cost > most else ""
            parts.append(
                f'<text x="{_LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(client)}</text>'
                f'<rect class="{kind}" x="{_LABEL}" y="{y}" width="{width:.0f}" height="{_BAR}" '
                f'rx="2"/><text class="small" x="{_LABEL + width + 6:.0f}" y="{y + 12}">'
                f"{cost:,.0f} µs{is_cut}</text>"
            )
            y += _BAR + _GAP
    y += 22
    about = "CPU time of the client's process per request. Less is better. " + ", ".join(
        str(report.about[key]) for key in ("python", "server")
    )
    parts.append(f'<text class="small" x="0" y="{y - 6}">{escape(about)}</text>')
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img" '
        f'aria-label="CPU time per request, by client">\n<style>{_STYLE}</style>\n{body}\n</svg>\n'
    )
