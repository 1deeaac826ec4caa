"""The documentation is held true: every sample runs, every hook and link is real."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import hookline
from hookline.plugins import hookspecs

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SAMPLE = re.compile(r"^( *)```python\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def samples() -> list[Any]:
    found = []
    for page in PAGES:
        for number, match in enumerate(SAMPLE.finditer(page.read_text())):
            code = inspect.cleandoc(match[2]) if match[1] else match[2]
            name = f"{page.relative_to(ROOT)}-{number}"
            found.append(pytest.param(code, id=name))
    return found


@pytest.mark.parametrize("code", samples())
def test_sample_runs(
    code: str, server: str, h2_server: str, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The hosts of the samples are servers of ours.
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    code = code.replace("https://example.org", server)
    code = code.replace("https://h2.example.org", h2_server)
    namespace: dict[str, Any] = {"__name__": "sample"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "sample", "exec"), namespace)

    # What a sample says it prints, it prints.
    promised = re.findall(r"^ *print\(.*\)  +# (.*)$", code, re.MULTILINE)
    if promised:
        assert printed.getvalue().splitlines() == promised


def test_every_hook_is_documented_with_its_exact_arguments() -> None:
    page = (ROOT / "docs/plugins/hooks.md").read_text()
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    local = [link for link in links if "://" not in link]

    assert [link for link in local if not (page.parent / link).exists()] == []


def test_every_public_name_has_a_docstring() -> None:
    undocumented = [
        name
        for name in hookline.__all__
        if not name.startswith("__")
        and name != "USE_CLIENT_DEFAULT"
        and not inspect.getdoc(getattr(hookline, name))
    ]

    assert undocumented == []


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
