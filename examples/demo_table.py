"""The demo's table: rows as they come, a summary at the end.

Knows columns, widths and colours. Knows nothing about HTTP. Plain ASCII, within 100 columns; colour
only on a terminal, and not when NO_COLOR is set.
"""

import os
import sys
import textwrap
from dataclasses import dataclass

COLUMNS = [("what", 20), ("result", 38), ("protocol", 8), ("conns", 5), ("reqs", 5), ("time", 8)]
WIDTH = sum(width for _, width in COLUMNS) + 2 * (len(COLUMNS) - 1)
NUMBERS = {"conns", "reqs", "time"}


@dataclass(frozen=True)
class Row:
    what: str
    seconds: float
    result: str = ""
    protocol: str = "-"
    connections: int | None = None
    requests: int | None = None
    error: BaseException | None = None


def print_header(title: str) -> None:
    print(f"\n{paint(title, '1')}\n")
    print(_line([name for name, _ in COLUMNS]))
    print(_line(["-" * width for _, width in COLUMNS]))


def print_row(row: Row) -> None:
    cells = [
        row.what,
        row.result if row.error is None else "FAILED",
        row.protocol,
        "-" if row.connections is None else str(row.connections),
        "-" if row.requests is None else str(row.requests),
        _duration(row.seconds),
    ]
    line = _line(cells)
    if row.error is None:
        print(line, flush=True)
        return
    print(line.replace("FAILED", paint("FAILED", "1;31"), 1))
    reason = f"{type(row.error).__name__}: {row.error}"
    print(textwrap.fill(reason, WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4))
    sys.stdout.flush()


def print_summary(rows: list[Row], seconds: float) -> None:
    failed = sum(row.error is not None for row in rows)
    parts = [f"{len(rows) - failed} of {len(rows)} done"]
    if any(row.connections is not None for row in rows):
        requests = sum(row.requests or 0 for row in rows)
        connections = sum(row.connections or 0 for row in rows)
        parts.append(f"{requests} requests over {connections} connections")
    parts.append(_duration(seconds))
    verdict = paint("FAILED", "1;31") if failed else paint("OK", "1;32")
    print(f"\n{verdict}: {', '.join(parts)}")


def paint(text: str, code: str) -> str:
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return f"\x1b[{code}m{text}\x1b[0m"
    return text


def _line(cells: list[str]) -> str:
    fitted = []
    for (name, width), cell in zip(COLUMNS, cells, strict=True):
        text = cell if len(cell) <= width else cell[: width - 3] + "..."
        fitted.append(text.rjust(width) if name in NUMBERS else text.ljust(width))
    return "  ".join(fitted).rstrip()


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
