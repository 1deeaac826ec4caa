"""Build the documentation site with zensical, strictly, and read what was built.

Knows where the site goes, and what must hold of its pages whoever makes them: links and anchors
lead somewhere, and nothing is loaded from another place. Knows nothing of what they say.

The generator checks the links between pages, and the names in the reference. It lets pass a link to
a file that is no page, and an anchor that only exists in its own output; so the pages themselves
are read again here.
"""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "build" / "site"
ZENSICAL = [sys.executable, "-m", "zensical"]
CONFIG = ["--config-file", str(ROOT / "zensical.toml")]

# Elements whose address is loaded with the page. Links may lead anywhere.
LOADED = {"audio", "embed", "iframe", "img", "link", "script", "source", "video"}


def main(arguments: list[str]) -> None:
    os.chdir(ROOT)
    if arguments[:1] == ["--serve"] and len(arguments) <= 2:
        address = ["--dev-addr", arguments[1]] if arguments[1:] else []
        os.execv(sys.executable, [*ZENSICAL, "serve", *CONFIG, *address])
    if arguments:
        sys.exit("usage: ./scripts/docs [--serve [ADDRESS]]")

    shutil.rmtree(SITE, ignore_errors=True)
    # Cleaned: the generator keeps pages whose text is the same, though a docstring is not.
    built = subprocess.run(
        [*ZENSICAL, "build", *CONFIG, "--clean", "--strict"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # Without colours, and without the generator's own frames.
    output = re.sub(r"\x1b\[[0-9;]*m", "", built.stdout)
    output = output.partition("Traceback (most recent call last)")[0].rstrip()
    if built.returncode != 0:
        sys.exit(f"{output}\n\nThe site was not built.")

    pages = {path: read(path) for path in sorted(SITE.rglob("*.html"))}
    if problems := [problem for path in pages for problem in problems_of(path, pages)]:
        sys.exit("\n".join(problems))
    print(f"{len(pages)} pages in {SITE.relative_to(ROOT)}: open index.html")


class Page(HTMLParser):
    """The anchors of a page, and the addresses in it, with the element that has them."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.addresses: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.addresses.append((tag, value))


def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def problems_of(path: Path, pages: dict[Path, Page]) -> list[str]:
    """What is wrong with the addresses of a page, as sentences."""
    name = path.relative_to(SITE)
    if str(name) == "404.html":
        # Its addresses begin at the root of a server.
        return []
    problems = []
    for tag, address in pages[path].addresses:
        parts = urlsplit(address)
        if parts.scheme == "data":
            continue
        if parts.scheme or parts.netloc:
            if tag in LOADED:
                problems.append(f"{name}: <{tag}> loads {address}")
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if target.is_dir():
            target /= "index.html"
        anchor = unquote(parts.fragment)
        if not target.is_file() or not target.is_relative_to(SITE):
            problems.append(f"{name}: {address} leads nowhere")
        elif anchor and target in pages and anchor not in pages[target].anchors | {"__top"}:
            problems.append(f"{name}: {address}: no such anchor")
    return problems


if __name__ == "__main__":
    main(sys.argv[1:])
