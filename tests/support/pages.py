"""The documentation as the tests read it: pages, their blocks of code, and the plugins in them.

A block without a title is a program of its own: it runs as it stands. A block with a title is a
file of that name, as in

    ```python title="hookline_acme.py"

and the programs of its page run where that file is. A module that is called `hookline_...` is
"installed" there as a plugin, under an entry point of its name.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(
    r'^(?P<indent> *)```(?P<language>\w+)(?: title="(?P<title>[^"]+)")? *\n'
    r"(?P<code>.*?)^(?P=indent)```",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block: its language, the file that it is (or None), and its text."""

    language: str
    title: str | None
    code: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = []
    for match in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        code = inspect.cleandoc(match["code"]) + "\n" if match["indent"] else match["code"]
        found.append(Block(match["language"], match["title"], code))
    return found


def name_of(page: Path) -> str:
    """A page as messages and test ids name it."""
    return page.relative_to(ROOT).as_posix()


def files_of(page: Path) -> dict[str, str]:
    """The files that a page consists of, by name."""
    return {block.title: block.code for block in blocks(page) if block.title is not None}


def programs_of(page: Path) -> list[str]:
    """The programs of a page."""
    return [block.code for block in blocks(page) if block == ("python", None, block.code)]


def promised(code: str) -> list[str]:
    """What a program says it prints: `print(...)  # this`."""
    return re.findall(r"^ *print\(.*\)  +# (.*)$", code, re.MULTILINE)


def install_module(site: Path, filename: str, code: str) -> None:
    """Put a plugin of one module into `site`, with the metadata by which it is found."""
    module = filename.removesuffix(".py")
    (site / filename).write_text(code, encoding="utf-8")
    metadata = site / f"{module}-1.0.dist-info"
    metadata.mkdir()
    distribution = module.replace("_", "-")
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", encoding="utf-8"
    )
    entry_point = module.removeprefix("hookline_")
    (metadata / "entry_points.txt").write_text(
        f"[hookline]\n{entry_point} = {module}\n", encoding="utf-8"
    )
