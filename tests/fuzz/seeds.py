"""The corpus: for each target a text file, one input a line, written as Python writes bytes.

Inputs that once failed are kept there; so are those that reach far. A line that begins with "#"
says what the next one is.
"""

from __future__ import annotations

import ast
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def seeds(target: str) -> list[bytes]:
    """The kept inputs of a target."""
    path = CORPUS / f"{target}.txt"
    if not path.exists():
        return []
    lines = path.read_text("ascii").splitlines()
    return [ast.literal_eval(f'b"{line}"') for line in lines if line and not line.startswith("# ")]


def written(data: bytes) -> str:
    """An input as a line of a corpus."""
    return repr(b'"' + data)[3:-1].replace('"', '\\"').replace("\\'", "'")
