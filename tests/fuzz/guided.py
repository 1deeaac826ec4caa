"""Coverage-guided fuzzing of one target, where atheris is installed:

    pip install atheris
    python tests/fuzz/guided.py http11_response -max_total_time=60

Further arguments are libFuzzer's. It begins with the corpus; an input that fails is printed as a
line for it, and written to the working directory by libFuzzer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(
    include=["hookline", "hookline_http11", "hookline_http2", "hookline_socks"]
):
    from fuzz.seeds import seeds, written
    from fuzz.targets import TARGETS


def main() -> None:
    name = sys.argv[1]
    target = TARGETS[name]

    def run(data: bytes) -> None:
        try:
            target(data)
        except BaseException:
            print(f"For corpus/{name}.txt:\n{written(data)}", file=sys.stderr)
            raise

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(name)):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        arguments = [sys.argv[0], "-rss_limit_mb=2048", "-timeout=20", *sys.argv[2:], folder]
        atheris.Setup(arguments, run)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
