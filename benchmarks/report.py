"""Numbers to a table and to JSON. Knows nothing about how they were measured.

A ratio is taken to the floor of the same round, and the median of those ratios is
shown: what slows the machine down for a while slows both.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from measure import Sample


@dataclass
class Row:
    """One client under one workload: its rounds, or why it has none."""

    workload: str
    client: str
    samples: list[Sample] = field(default_factory=list)
    # Opened in each round, as the server counted them; None where it doesn't say.
    connections: list[int | None] = field(default_factory=list)
    error: str | None = None

    def ratios(self, base: "Row | None") -> list[float]:
        """CPU per request as multiples of another row's, round by round; none without another."""
        if base is None:
            return []
        pairs = zip(self.samples, base.samples, strict=False)
        return [mine.cpu_us / other.cpu_us for mine, other in pairs]


@dataclass(frozen=True)
class Report:
    """One run. `about` names the machine, the interpreter, the server, the counts.

    `base` is the client that ratios are taken to, and the floor where it has no part.
    """

    about: dict[str, Any]
    versions: dict[str, str]
    not_installed: list[str]
    base: str
    rows: list[Row]

    def base_of(self, row: Row) -> Row | None:
        rows = {other.client: other for other in self.rows if other.workload == row.workload}
        return rows.get(self.base) or rows.get("floor")


_TITLES = (
    *("workload", "client", "cpu us/request", "min-max", "wall us/request"),
    *("ratio", "min-max", "conns", "MiB"),
)


def table(report: Report) -> str:
    """For people: aligned, a block for each workload."""
    lines = [f"{key}: {value}" for key, value in report.about.items()]
    named = (f"{name} {version}" for name, version in report.versions.items() if version)
    lines.append(f"clients: {', '.join(named)}")
    lines.append("")

    cells = [_cells(report, row) for row in report.rows if row.samples]
    widths = [
        max(len(line[column]) for line in (_TITLES, *cells)) for column in range(len(_TITLES))
    ]
    lines += [_aligned(_TITLES, widths), "  ".join("-" * width for width in widths)]
    previous = ""
    for line in cells:
        if previous and line[0] != previous:
            lines.append("")
        previous = line[0]
        lines.append(_aligned(line, widths))

    failed = [row for row in report.rows if row.error]
    if failed:
        lines.append("")
        lines += [f"FAILED  {row.workload}, {row.client}: {row.error}" for row in failed]
    if report.not_installed:
        lines += ["", f"not installed: {', '.join(report.not_installed)}"]
    return "\n".join(lines)


def as_json(report: Report) -> dict[str, Any]:
    """For programs: what the table shows, and each round behind it."""
    return {
        "about": report.about,
        "versions": report.versions,
        "not_installed": report.not_installed,
        "base": report.base,
        "results": [
            {
                "workload": row.workload,
                "client": row.client,
                "error": row.error,
                "cpu_us": _spread(sample.cpu_us for sample in row.samples),
                "wall_us": _spread(sample.wall_us for sample in row.samples),
                "ratio": _spread(row.ratios(report.base_of(row))),
                "connections": row.connections,
                "memory_mib": _spread(
                    sample.memory_mib for sample in row.samples if sample.memory_mib is not None
                ),
                "rounds": [asdict(sample) for sample in row.samples],
            }
            for row in report.rows
        ],
    }


def _cells(report: Report, row: Row) -> tuple[str, ...]:
    cpu = [sample.cpu_us for sample in row.samples]
    wall = [sample.wall_us for sample in row.samples]
    ratios = row.ratios(report.base_of(row))
    memory = [sample.memory_mib for sample in row.samples if sample.memory_mib is not None]
    known = [count for count in row.connections if count is not None]
    return (
        row.workload,
        row.client,
        f"{median(cpu):.1f}",
        f"{min(cpu):.1f}-{max(cpu):.1f}",
        f"{median(wall):.1f}",
        f"{median(ratios):.2f}" if ratios else "-",
        f"{min(ratios):.2f}-{max(ratios):.2f}" if ratios else "-",
        str(max(known)) if known else "-",
        f"{median(memory):.0f}" if memory else "-",
    )


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    """Names to the left, numbers to the right."""
    cells = (
        cell.ljust(width) if column < 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def _spread(values: Iterable[float]) -> dict[str, float] | None:
    numbers = [round(value, 3) for value in values]
    if not numbers:
        return None
    return {"median": round(median(numbers), 3), "min": min(numbers), "max": max(numbers)}
