"""docs/plugins/first-plugin.md, done as it says: its files, its commands, its programs.

Nothing is written here that a reader would not type. The package is built and installed by pip, in
a directory of its own that `importlib.metadata` reads as any site-packages.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.pages import ROOT, blocks, files_of, promised

PAGE = ROOT / "docs/plugins/first-plugin.md"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader's directory."""
    root = tmp_path_factory.mktemp("first-plugin")
    for filename, text in files_of(PAGE).items():
        path = root / filename
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def site(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the plugin is installed. Offline: what the build needs is here already."""
    target = tmp_path_factory.mktemp("site")
    arguments = ["--no-index", "--no-deps", "--no-build-isolation", "--no-compile", "--quiet"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check"),
            *(*arguments, "--no-cache-dir", "--target", str(target), str(project)),
        ],
        env=os.environ | {"PIP_CONFIG_FILE": os.devnull, "PIP_USER": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return target


@pytest.fixture
def run(project: Path, site: Path) -> Run:
    """Run the interpreter as the reader does: in that directory, with the plugin installed."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=project,
            env=os.environ | {"PYTHONPATH": str(site), "HOOKLINE_PLUGINS_STRICT": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_the_plugin_has_fewer_than_forty_lines() -> None:
    code = files_of(PAGE)["src/hookline_request_id/__init__.py"]

    assert len(code.splitlines()) < 40


def test_it_is_listed_as_the_page_says(run: Run) -> None:
    done = run("-m", "hookline", "plugins")
    [shown] = [block.code for block in blocks(PAGE) if block.language == "text"]

    assert (done.returncode, done.stderr) == (0, "")
    # What else stands there, and how wide the columns are, depends on what is installed.
    listed = [line.split() for line in done.stdout.splitlines()]
    assert [line for line in shown.splitlines() if line.split() not in listed] == []


@pytest.mark.parametrize("program", [name for name in files_of(PAGE) if name.startswith("use")])
def test_its_programs_run(run: Run, project: Path, server: str, program: str) -> None:
    here = {
        name: text.replace("https://example.org", server) for name, text in files_of(PAGE).items()
    }
    (project / "clients.toml").write_text(here["clients.toml"], encoding="utf-8")

    done = run("-c", here[program])

    assert done.stderr == ""
    printed = done.stdout.split()
    expected = promised(here[program])
    if program == "use.py":
        [request_id] = printed
        assert len(request_id) == 32
    elif "trio.run(main)" in here[program]:
        # `main` runs twice, under asyncio and under trio.
        assert printed == [*expected, expected[-1]]
    else:
        assert printed == expected != []


def test_its_tests_pass(run: Run) -> None:
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert "2 passed" in done.stdout, done.stdout


def test_it_changes_nothing_until_it_is_named(run: Run, server: str) -> None:
    code = "import hookline, sys; print(hookline.get(sys.argv[1]).json()['headers'])"

    assert "x-request-id" not in run("-c", code, f"{server}/echo").stdout
