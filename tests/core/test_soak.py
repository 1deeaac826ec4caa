"""`./scripts/soak` for a moment: that it runs, and that it would say if something went wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"


def test_a_short_soak_leaves_nothing_and_draws_its_curve(tmp_path: Path) -> None:
    picture = tmp_path / "soak.svg"
    done = subprocess.run(
        [sys.executable, str(SOAK), "--requests", "1500", "--svg", str(picture)],
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1,500 requests in" in done.stdout
    assert done.stdout.endswith("flat: nothing grew, nothing is left\n")
    assert picture.read_text().count("<polyline") == 6


def test_growth_is_called_growth() -> None:
    code = (
        "import soak\n"
        "steady = [soak.Sample(n, 80 + n % 3, 12, 40_000, 30, 12, 28) for n in range(90)]\n"
        "grow = lambda s: s._replace(allocated=12 + s.calls, descriptors=30 + s.calls)\n"
        "print(soak.growth(steady))\n"
        "print([each.split()[0] for each in soak.growth([grow(s) for s in steady])])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SOAK.parent, capture_output=True, text=True, timeout=60
    )

    assert done.stdout == "[]\n['allocated', 'descriptors']\n", done.stderr
