"""Third-party plugins, installed for real.

Each distribution under this directory is built and installed by pip into a directory of its own. A
test puts those that it wants on the path of a new interpreter: `importlib.metadata` finds them
there as in any site-packages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NAMES = ("acme", "broken", "duplicate", "misfit", "misspelt", "usurper")


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where each distribution was installed."""
    root = tmp_path_factory.mktemp("third_party")
    wheels = root / "wheels"
    pip("wheel", "--wheel-dir", wheels, *(HERE / name for name in NAMES))
    for name in NAMES:
        (wheel,) = wheels.glob(f"hookline_{name}-*.whl")
        pip("install", "--no-compile", "--target", root / name, wheel)
    return {name: root / name for name in NAMES}


def pip(command: str, *arguments: str | Path) -> None:
    """Run pip offline: what the builds need is in this environment already."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", command, "--quiet", "--no-input", "--no-index"),
            *("--no-deps", "--disable-pip-version-check", "--no-cache-dir"),
            *(["--no-build-isolation"] if command == "wheel" else []),
            *map(str, arguments),
        ],
        env=os.environ | {"PIP_CONFIG_FILE": os.devnull, "PIP_USER": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout


class Environment:
    """An interpreter with some of the third-party plugins installed."""

    def __init__(self, sites: Mapping[str, Path], installed: Sequence[str]) -> None:
        paths = [*(sites[name] for name in installed), HERE.parent]
        self._path = os.pathsep.join(map(str, paths))

    def run(
        self, *arguments: str, warnings: str = "error", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `python arguments...` with these environment variables."""
        return subprocess.run(
            [sys.executable, "-W", warnings, *arguments],
            env=os.environ | {"PYTHONPATH": self._path, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def program(self, name: str, *arguments: str, **settings: Any) -> Any:
        """Run one of the programs, and return what it printed as JSON. Its warnings are errors."""
        done = self.run(str(HERE / "programs" / f"{name}.py"), *arguments, **settings)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout)

    def warned(self, name: str, *arguments: str, **variables: str) -> tuple[Any, list[str]]:
        """As `program`, with the warnings that were shown."""
        script = str(HERE / "programs" / f"{name}.py")
        done = self.run(script, *arguments, warnings="default", **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), [
            line for line in done.stderr.splitlines() if "Warning: " in line
        ]


@pytest.fixture
def installed(sites: dict[str, Path]) -> Callable[..., Environment]:
    """`installed("acme", "broken")`: an environment with these plugins."""
    return lambda *names: Environment(sites, names)
