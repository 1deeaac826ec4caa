"""The documentation is held true: every sample runs, and every hook, page and link is real."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hookline
from hookline.plugins import hookspecs
from support.pages import PAGES, ROOT, files_of, install_module, name_of, programs_of, promised

DOCS = ROOT / "docs"

# The page whose distribution is built and installed by pip: tests/test_tutorial.py.
TUTORIAL = DOCS / "plugins/first-plugin.md"
HANDBOOK = [
    page for page in PAGES if page.parent == TUTORIAL.parent and files_of(page) and page != TUTORIAL
]


def programs(pages: list[Path]) -> list[Any]:
    return [
        pytest.param(code, id=f"{name_of(page)}-{number}")
        for page in pages
        for number, code in enumerate(programs_of(page))
    ]


# -- Samples --------------------------------------------------------------------------------


@pytest.fixture
def localised(
    server: str, h2_server: str, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The hosts of the samples, and the servers of ours that stand in for them."""
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    return {"https://example.org": server, "https://h2.example.org": h2_server}


def replaced(code: str, hosts: dict[str, str]) -> str:
    for host, stand_in in hosts.items():
        code = code.replace(host, stand_in)
    return code


@pytest.mark.parametrize(
    "code", programs([page for page in PAGES if page not in HANDBOOK and page != TUTORIAL])
)
def test_sample_runs(code: str, localised: dict[str, str]) -> None:
    code = replaced(code, localised)
    namespace: dict[str, Any] = {"__name__": "sample"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "sample", "exec"), namespace)

    if promised(code):
        assert printed.getvalue().splitlines() == promised(code)


@pytest.fixture(scope="session")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all plugins of the handbook are installed."""
    site = tmp_path_factory.mktemp("handbook")
    for page in HANDBOOK:
        for filename, code in files_of(page).items():
            if filename.startswith("hookline_"):
                install_module(site, filename, code)
            else:
                (site / filename).write_text(code, encoding="utf-8")
    return site


@pytest.mark.parametrize("code", programs(HANDBOOK))
def test_program_of_the_handbook_runs_where_its_plugin_is_installed(
    code: str, handbook: Path, localised: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", replaced(code, localised)],
        cwd=handbook,
        env=os.environ | {"PYTHONPATH": str(handbook), "HOOKLINE_PLUGINS_STRICT": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.stderr == ""
    assert done.returncode == 0
    # Here is nothing that is only run: each program shows that its plugin does something.
    assert done.stdout.splitlines() == promised(code) != []


# -- Hooks ----------------------------------------------------------------------------------


def test_every_hook_is_documented_with_its_exact_arguments() -> None:
    page = (DOCS / "plugins/hooks.md").read_text()
    rows = re.findall(r"^\| `(hookline_\w+)` \|([^|]*)\|", page, re.MULTILINE)
    documented = {
        name: [argument.strip("` ") for argument in arguments.split(",") if argument.strip()]
        for name, arguments in rows
    }
    actual = {
        name: list(inspect.signature(function).parameters)
        for name, function in vars(hookspecs).items()
        if name.startswith("hookline_")
    }

    assert documented == actual


def test_every_hook_has_a_page_of_the_handbook_with_a_plugin_that_implements_it() -> None:
    implemented = {
        name
        for page in HANDBOOK
        for code in files_of(page).values()
        for name in re.findall(r"^@hookimpl\ndef (\w+)\(", code, re.MULTILINE)
    }

    assert implemented == {name for name in vars(hookspecs) if name.startswith("hookline_")}


# -- Pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    local = [link for link in links if "://" not in link]

    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES[1:], ids=name_of)
def test_pages_link_to_pages_alone(page: Path) -> None:
    # The site holds docs/ and nothing else.
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    local = [page.parent / link for link in links if "://" not in link]

    assert [str(link) for link in local if not link.resolve().is_relative_to(DOCS)] == []


def entries(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, list):
        for each in nav:
            yield from entries(each)
    else:
        for each in nav.values():
            yield from entries(each)


def test_every_page_is_in_the_navigation_once() -> None:
    project = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]
    pages = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")]

    assert sorted(entries(project["nav"])) == sorted(pages)


# -- Distributions --------------------------------------------------------------------------


def test_all_distributions_carry_the_same_version() -> None:
    versions = {
        str(path.relative_to(ROOT)): tomllib.loads(path.read_text())["project"]["version"]
        for path in [
            ROOT / "pyproject.toml",
            *ROOT.glob("core/pyproject.toml"),
            *ROOT.glob("plugins/*/pyproject.toml"),
        ]
    }

    assert set(versions.values()) == {hookline.__version__}, versions


def test_the_reference_reads_the_sources_of_every_distribution() -> None:
    project = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]
    paths = project["plugins"]["mkdocstrings"]["handlers"]["python"]["paths"]
    sources = [ROOT / "core/src", *ROOT.glob("plugins/*/src")]

    assert sorted(paths) == sorted(path.relative_to(ROOT).as_posix() for path in sources)
