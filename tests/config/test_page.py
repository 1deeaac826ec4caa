"""docs/configuration.md: its table is the definitions' own, and what it shows is what there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hookline.config import check, show
from hookline.config._secrets import KEYS
from hookline.config._settings import SETTINGS
from hookline.config._shapes import Table
from hookline.config._values import LIMITS, TIMEOUT
from support.config_plugins import Cache, Retry
from support.plugins import manager_of

PAGE = (Path(__file__).parents[2] / "docs/configuration.md").read_text()
SAMPLES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_table_has_every_setting_as_it_is_defined() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)

    assert [(key, _plain(kind), doc, default) for key, kind, doc, default in rows] == [
        (key, _plain(setting.kind.words), setting.doc, setting.default)
        for key, setting in SETTINGS.items()
    ]


def _plain(words: str) -> str:
    return re.sub(r"[`\"']", "", words).replace("asyncio, anyio", "asyncio or anyio")


@pytest.mark.parametrize("kind", [TIMEOUT, LIMITS])
def test_the_keys_of_inner_tables_are_named(kind: Any) -> None:
    [table] = [each for each in kind.kinds if isinstance(each, Table)]

    assert [key for key in table._fields if f"`{key}`" not in PAGE] == []
    assert [key for key in KEYS if f"`{key}`" not in PAGE] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_samples_can_be_used(write: Any, sample: str) -> None:
    assert [str(problem) for problem in check(write(sample), secrets=False)] == []


def _console(command: str) -> list[str]:
    block = re.search(rf"^```console\n\$ {command}.*?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert block is not None
    return block[1].splitlines()


def test_what_is_shown_is_what_is_there(
    write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(SAMPLES[0])
    monkeypatch.chdir(tmp_path)
    shown = [str(layer) for layer in show("hookline.toml", "github")]

    promised = _console("hookline config show")
    assert promised.pop() == "..."
    assert shown[: len(promised)] == promised


def test_the_errors_are_those_that_are_told(
    write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = SAMPLES[0].replace('base_url = "https://api', 'base_ulr = "https://api')
    sample = sample.replace('["retry"]', '["retry", "retyr"]').replace("http2 = true", "")
    write(sample.replace("headers = {", 'headers = { X-Api-Key = { env = "API_KEY" },'))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_TOKEN", "t")
    monkeypatch.delenv("API_KEY", raising=False)
    problems = check("hookline.toml", plugins=manager_of(Cache, Retry))

    assert [str(problem) for problem in problems] == _console("hookline config check")


def test_every_sample_is_toml() -> None:
    assert len(SAMPLES) >= 5
    assert all(tomllib.loads(sample) for sample in SAMPLES)
