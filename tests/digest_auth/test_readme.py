"""The plugin's own page, which newcomers copy from, tells the truth."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import hookline
import hookline_digest_auth
from hookline.plugins import PluginManager

PROJECT = Path(__file__).parents[2] / "plugins" / "digest_auth"


def test_samples_run() -> None:
    page = (PROJECT / "README.md").read_text()
    samples = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)

    assert len(samples) == 2
    for sample in samples:
        namespace = {"hookline": hookline, "DigestAuth": hookline.DigestAuth}
        exec(compile(sample, "README.md", "exec"), namespace)


def test_files_are_the_ones_in_the_table() -> None:
    page = (PROJECT / "README.md").read_text()
    named = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    sources = [path for path in PROJECT.rglob("src/*/*") if path.suffix in (".py", ".typed")]

    assert {str(path.relative_to(PROJECT)) for path in sources} | {"pyproject.toml"} == set(named)


def test_it_stays_small_enough_to_copy() -> None:
    for path in PROJECT.rglob("src/*/*.py"):
        lines = path.read_text().splitlines()
        assert len(lines) < (30 if path.name == "__init__.py" else 250), path
        assert "from hookline._" not in path.read_text()
        assert "from hookline.plugins._" not in path.read_text()


def test_it_depends_on_core_alone_and_is_found_by_its_entry_point() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    [info] = [info for info in PluginManager.discover().plugins() if info.name == "digest_auth"]

    assert project["dependencies"] == [f"hookline-core=={project['version']}"]
    assert hookline_digest_auth.__version__ == project["version"] == info.version
    assert (info.status, info.distribution) == ("loaded", "hookline-digest-auth")
    assert info.registers == {"auth_schemes": ["digest"]}
