"""`pytest -p hookline.compat.pytest_plugin`: tests in which httpx means hookline.

A call in conftest.py comes too late where plugins such as respx and pytest-httpx are installed:
they import httpx first. What `-p` names is loaded before them; in pyproject.toml:

    [tool.pytest.ini_options]
    addopts = ["-p", "hookline.compat.pytest_plugin"]
"""

from __future__ import annotations

from typing import Any

from . import alias


def pytest_addoption(parser: Any) -> None:
    """Alias: this hook is called as soon as the plugin is there, and there are no options."""
    alias()
