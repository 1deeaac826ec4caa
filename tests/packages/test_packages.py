"""Real packages, as they are installed from the index, with hookline under httpx's names.

Each does real work against a server of ours, in a process of its own in which the names are aliased
first. `scripts/` has one program per package, `suites/` the tests of packages that are for pytest.
The programs are right without hookline, too: what they assert is what httpx gives.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SCRIPTS = {
    "anthropic_": "anthropic",
    "authlib_": "authlib",
    "elastic_transport_": "elastic-transport",
    "fastapi_": "fastapi",
    "gql_": "gql",
    "hishel_": "hishel",
    "httpx_auth_": "httpx-auth",
    "httpx_oauth_": "httpx-oauth",
    "httpx_retries_": "httpx-retries",
    "httpx_sse_": "httpx-sse",
    "httpx_ws_": "httpx-ws",
    "huggingface_hub_": "huggingface-hub",
    "openai_": "openai",
    "opentelemetry_": "opentelemetry-instrumentation-httpx",
    "postgrest_": "postgrest",
    "starlette_": "starlette",
    "vcrpy_": "vcrpy",
}
SUITES = {
    "pytest_httpx2_suite": "pytest-httpx2",
    "pytest_httpx_suite": "pytest-httpx",
    "respx_suite": "respx",
}


def need(distribution: str) -> None:
    try:
        version(distribution)
    except PackageNotFoundError:
        pytest.skip(f"{distribution} is not installed here: it is in the group `packages`.")


# What must not reach the packages from the environment of whoever runs the tests.
SETTINGS = ("ANTHROPIC_", "HF_", "HUGGING", "OPENAI_", "OTEL_", "PYTEST_", "XDG_")


def run(*arguments: str, services: str, folder: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env=environment | {"SERVICES": services, "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # Sockets that nobody closed are told of here.
    assert done.stderr == ""


@pytest.mark.parametrize("script", SCRIPTS)
def test_package_works_on_hookline(script: str, services: str, tmp_path: Path) -> None:
    need(SCRIPTS[script])

    program = str(HERE / "scripts" / f"{script}.py")
    run(str(HERE / "run.py"), program, services, services=services, folder=tmp_path)


@pytest.mark.parametrize("suite", SUITES)
def test_package_for_pytest_works_on_hookline(suite: str, services: str, tmp_path: Path) -> None:
    need(SUITES[suite])

    tests = str(HERE / "suites" / f"{suite}.py")
    run("-m", "pytest", "-q", tests, services=services, folder=tmp_path)


def test_every_package_is_in_the_table_with_the_version_that_was_tried() -> None:
    page = (HERE.parents[1] / "docs" / "compatibility.md").read_text()
    rows = dict(re.findall(r"^\| ([a-z][\w-]*)[^|]* \| ([0-9][^ |]*) \|", page, re.MULTILINE))

    for distribution in [*SCRIPTS.values(), *SUITES.values()]:
        assert canonical(distribution) in {canonical(name) for name in rows}, distribution
    for name, tried in rows.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            continue
        # A later one may be installed; what was tried has to fit the range that the tests ask for.
        assert tried.split(".")[0] == installed.split(".")[0], name


def canonical(name: str) -> str:
    return name.replace("_", "-")


def test_every_program_is_run() -> None:
    assert {path.stem for path in (HERE / "scripts").glob("*.py")} == SCRIPTS.keys()
    assert {path.stem for path in (HERE / "suites").glob("*.py")} == SUITES.keys()
