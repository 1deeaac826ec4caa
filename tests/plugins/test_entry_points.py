"""Entry points are found without importlib.metadata, and are those that it finds."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hookline.plugins import _entry_points as entry_points

GROUP = "acme.plugins"

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: not this\nVersion: 9\n"


def install(
    site: Path,
    folder: str,
    written: str | bytes | None,
    metadata: str | None = None,
    filename: str = "METADATA",
) -> None:
    """Put a distribution into a directory, by the name of its own one there."""
    (site / folder).mkdir(parents=True)
    name, _, version = folder.rpartition(".")[0].partition("-")
    if metadata is None:
        metadata = METADATA.format(name=name, version=version)
    if metadata:
        (site / folder / filename).write_text(metadata, encoding="utf-8")
    if written is not None:
        data = written if isinstance(written, bytes) else written.encode()
        (site / folder / "entry_points.txt").write_bytes(data)


def shown(found: Any) -> list[tuple[str, ...]]:
    return sorted((each.name, each.value, each.distribution, each.version) for each in found)


def by_the_library(group: str) -> list[tuple[str, ...]]:
    importlib.invalidate_caches()
    points = importlib.metadata.entry_points(group=group)
    return sorted((each.name, each.value, each.dist.name, each.dist.version) for each in points)


@pytest.fixture
def sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two directories, which are all that is searched, with one between them that is not there."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    # What the library itself imports on first use would be out of reach.
    importlib.metadata.version("pytest")
    monkeypatch.setattr(sys, "path", [str(first), str(tmp_path / "missing"), str(second)])
    return first, second


SECTION = f"[{GROUP}]\none = acme.one\n"


@pytest.mark.parametrize(
    "written",
    [
        SECTION,
        f"[other]\nno = acme.no\n\n{SECTION}\n[more]\nno = acme.no\n",
        f"# [other]\n[{GROUP}]\n# two = acme.two\n  one  =  acme.one:Class.attribute [extra]  \n",
        f"[{GROUP}]\none=acme.one\ntwo = acme.two:two\n\n[{GROUP}]\nthree = acme.three\n",
        f"[{GROUP}.more]\nno = acme.no\n",
        f"[{GROUP}]\n",
        f"{SECTION}[console_scripts]\nacme = acme:main\n",
        SECTION.replace("\n", "\r\n"),
        "",
        None,
    ],
)
def test_section_is_read_as_the_library_reads_it(
    written: str | None, sites: tuple[Path, Path]
) -> None:
    install(sites[0], "acme-1.0.dist-info", written)

    assert shown(entry_points._in_directories(GROUP)) == by_the_library(GROUP)


def test_every_directory_counts_and_the_first_of_two_alike(sites: tuple[Path, Path]) -> None:
    first, second = sites
    install(first, "acme_one-1.0.dist-info", SECTION)
    install(second, "Acme.One-0.9.dist-info", SECTION.replace("acme.one", "acme.old"))
    install(second, "acme_two-2.0.dist-info", SECTION.replace("one", "two"))
    install(second, "acme_three-3.0.egg-info", SECTION.replace("one", "three"), filename="PKG-INFO")
    install(second, "acme_none-4.0.dist-info", None)
    (second / "acme_flat-5.0.egg-info").write_text(METADATA.format(name="flat", version="5.0"))
    (second / "acme_one.py").touch()

    assert shown(entry_points._in_directories(GROUP)) == by_the_library(GROUP)
    assert shown(entry_points._in_directories(GROUP)) == [
        ("one", "acme.one", "acme_one", "1.0"),
        ("three", "acme.three", "acme_three", "3.0"),
        ("two", "acme.two", "acme_two", "2.0"),
    ]


def test_distribution_that_hides_another_one_does_so_without_entry_points_too(
    sites: tuple[Path, Path],
) -> None:
    install(sites[0], "acme-1.0.dist-info", None)
    install(sites[1], "acme-2.0.dist-info", SECTION)

    assert shown(entry_points._in_directories(GROUP)) == by_the_library(GROUP) == []


def test_name_and_version_are_those_of_the_metadata(sites: tuple[Path, Path]) -> None:
    written = "metadata-version: 2.1\nNAME: acme-plugin\nversion:  1.0.0  \n\nName: no\n"
    install(sites[0], "acme_plugin-1.dist-info", SECTION, written)

    expected = [("one", "acme.one", "acme-plugin", "1.0.0")]
    assert shown(entry_points._in_directories(GROUP)) == expected
    assert shown(entry_points.installed(GROUP)) == expected


@pytest.mark.parametrize("metadata", ["", "Metadata-Version: 2.1\n\nName: no\nVersion: 9\n"])
def test_what_metadata_do_not_say_is_a_dash(metadata: str, sites: tuple[Path, Path]) -> None:
    install(sites[0], "acme-1.0.dist-info", SECTION, metadata)

    assert shown(entry_points._in_directories(GROUP)) == [("one", "acme.one", "-", "-")]
    assert shown(entry_points.installed(GROUP)) == [("one", "acme.one", "-", "-")]


def test_bytes_that_are_no_text_disturb_nobody(sites: tuple[Path, Path]) -> None:
    install(sites[0], "acme-1.0.dist-info", SECTION)
    install(sites[0], "other-1.0.dist-info", b"[console_scripts]\n\xff = other\n")

    assert shown(entry_points._in_directories(GROUP)) == [("one", "acme.one", "acme", "1.0")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("json", json),
        ("json:loads", json.loads),
        ("json : JSONDecoder.decode [extra]", json.JSONDecoder.decode),
        ("os.path:join[a,b]", os.path.join),
    ],
)
def test_entry_point_loads_what_the_library_loads(
    value: str, expected: object, sites: tuple[Path, Path]
) -> None:
    install(sites[0], "acme-1.0.dist-info", f"[{GROUP}]\none = {value}\n")
    [found] = entry_points._in_directories(GROUP)
    [point] = importlib.metadata.entry_points(group=GROUP)

    assert found.load() is point.load() is expected


@pytest.mark.parametrize("value", ["", "acme.missing", "json:missing", ".relative"])
def test_entry_point_that_cannot_be_loaded_raises_then(
    value: str, sites: tuple[Path, Path]
) -> None:
    install(sites[0], "acme-1.0.dist-info", f"[{GROUP}]\none = {value}\n")
    [found] = entry_points._in_directories(GROUP)

    with pytest.raises((ImportError, AttributeError, TypeError, ValueError)):
        found.load()


# -- Who is asked ---------------------------------------------------------------------------


class Finder:
    """Has distributions where no directory has."""

    def find_spec(self, *arguments: Any) -> None:
        return None

    def find_distributions(self, context: Any) -> list[Any]:
        return []


def test_library_is_asked_where_a_finder_has_distributions_of_its_own(
    sites: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert entry_points._has_directories_alone()
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])

    assert not entry_points._has_directories_alone()


@pytest.mark.parametrize("name", ["modules.zip", "acme-1.0.egg", "Acme-1.0.EGG"])
def test_library_is_asked_where_there_is_an_archive_or_an_egg(
    name: str, sites: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sites[0] / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("acme-1.0.dist-info/METADATA", METADATA)
            archive.writestr("acme-1.0.dist-info/entry_points.txt", SECTION)
    else:
        path.mkdir()
    monkeypatch.setattr(sys, "path", [str(path)])

    assert not entry_points._has_directories_alone()


# -- In programs ----------------------------------------------------------------------------

PROGRAM = """
import json, sys
from hookline.plugins import PluginManager
found = [info[:4] for info in PluginManager.discover().plugins()]
print(json.dumps([found, "importlib.metadata" in sys.modules]))
"""


def run(code: str, *path: Path) -> tuple[list[list[str]], bool]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found, is_loaded = json.loads(done.stdout)
    return found, is_loaded


def test_programs_find_the_same_plugins_whether_or_not_they_have_the_library(
    tmp_path: Path,
) -> None:
    # Of those that are installed here, some import the library themselves.
    block = "import os; os.environ['HOOKLINE_PLUGINS'] = 'http11,digest_auth'\n"

    without, is_loaded = run(block + PROGRAM)
    with_it, _ = run(f"import importlib.metadata\n{block}{PROGRAM}")

    assert not is_loaded
    assert without == with_it
    assert ["http11", "hookline-http11", "0.1.0", "loaded"] in without


def test_plugin_in_an_archive_is_found(tmp_path: Path) -> None:
    archive = tmp_path / "plugins.zip"
    plugin = (
        "from hookline.plugins import Middleware, hookimpl\n"
        "class Zipped(Middleware):\n"
        "    name = 'zipped'\n"
        "@hookimpl\n"
        "def hookline_register_middleware():\n"
        "    return [Zipped]\n"
    )
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped.py", plugin)
        file.writestr("zipped-1.0.dist-info/METADATA", METADATA.format(name="zipped", version="1"))
        file.writestr("zipped-1.0.dist-info/entry_points.txt", "[hookline]\nzipped = zipped\n")

    found, is_loaded = run(PROGRAM, archive)

    assert ["zipped", "zipped", "1", "loaded"] in found
    assert is_loaded
