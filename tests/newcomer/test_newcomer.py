"""A newcomer's path: `hookline new-plugin` for every kind, install, test, use by name.

Nothing is written here that a newcomer would not type, but the configuration file. All kinds share
one environment: a directory that `importlib.metadata` reads as any site-packages.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hookline._cli._new_plugin import (
    KINDS,
    OWN,
    NewPluginError,
    checked_name,
    files_of,
    write_plugin,
)
from hookline._cli.new_plugin_command import KINDS as OFFERED
from support.pages import ROOT

HERE = Path(__file__).parent

CONFIG = """
[defaults]
trust_env = false

[clients.middleware]
middleware = [{ name = "try-middleware", options = { value = "mine" } }]

[clients.transport]
transport = { name = "try-transport", options = { text = "from nowhere" } }

[clients.connector]
proxy = { env = "RELAY" }

[clients.protocol]
protocols = [{ name = "try-protocol", options = { limit = 500 } }]

[clients.auth-scheme]
auth = { name = "try-auth-scheme", options = { token = { env = "TOKEN" } } }

[clients.event-hook]
event_hooks = ["try-event-hook"]

[clients.decoder]
decoders = ["try-decoder"]

[clients.tls-context]
verify = { name = "try-tls-context", options = { ca_file = "@ca_file@" } }
"""


def python(*arguments: object, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run the interpreter; warnings are errors."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        **settings,
    )


def pip(*arguments: object) -> None:
    """Run pip offline: what the builds need is in this environment already."""
    options = ["--quiet", "--no-input", "--no-index", "--no-deps", "--no-cache-dir"]
    environment = os.environ | {"PIP_CONFIG_FILE": os.devnull, "PIP_USER": "0"}
    command, *rest = arguments
    done = python(
        *("-m", "pip", command, *options, "--disable-pip-version-check", *rest), env=environment
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The newcomer's folders, one for each kind, as the command has written them."""
    root = tmp_path_factory.mktemp("newcomer")
    # The first as a newcomer types it; the others without the price of a process each.
    first, *others = KINDS
    done = python(
        *("-W", "error", "-m", "hookline", "new-plugin", f"try-{first}", "--kind", first), cwd=root
    )
    assert done.returncode == 0, done.stdout
    assert "hookline-try-middleware/pyproject.toml" in done.stdout.replace(os.sep, "/")
    for kind in others:
        write_plugin(f"try-{kind}", kind, root)
    return {kind: root / f"hookline-try-{kind}" for kind in KINDS}


@pytest.fixture(scope="session")
def site(projects: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where they are all installed."""
    root = tmp_path_factory.mktemp("site")
    pip("wheel", "--no-build-isolation", "--wheel-dir", root / "wheels", *projects.values())
    pip("install", "--no-compile", "--target", root / "site", *(root / "wheels").glob("*.whl"))
    return root / "site"


@pytest.fixture
def environment(site: Path) -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(site),
        "HOOKLINE_PLUGINS_STRICT": "1",
        "TOKEN": "t0ken",
    }


def test_the_tests_of_every_kind_pass(
    projects: dict[str, Path], environment: dict[str, str]
) -> None:
    # One process for all: each has its own settings, which are the same.
    folders = [project / "tests" for project in projects.values()]
    done = python(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--import-mode=importlib"),
        *("--rootdir", projects["middleware"], "-c", projects["middleware"] / "pyproject.toml"),
        *folders,
        env=environment,
        cwd=projects["middleware"],
    )

    assert done.returncode == 0, done.stdout
    [passed] = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) > 200


def test_every_plugin_is_listed(environment: dict[str, str]) -> None:
    done = python("-W", "error", "-m", "hookline", "plugins", "--json", env=environment)

    mine = {
        plugin["name"]: plugin["registers"]
        for plugin in json.loads(done.stdout)
        if plugin["name"].startswith("try_")
    }
    assert mine == {
        f"try_{kind.replace('-', '_')}": {what.slot: [f"try-{kind}"]} if what.slot else {}
        for kind, what in KINDS.items()
    }


@pytest.mark.parametrize("mode_name", ["sync", "asyncio", "trio"])
def test_every_plugin_works_by_its_name_in_a_configuration_file(
    environment: dict[str, str], mode_name: str, tmp_path: Path, tls_server: str, authority: Any
) -> None:
    file = tmp_path / "hookline.toml"
    file.write_text(CONFIG.replace("@ca_file@", authority.ca_file))

    done = python(
        *("-W", "error", HERE / "programs" / "use_all.py", mode_name, file),
        f"{tls_server}/status/204",
        env=environment,
    )

    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout) == {
        "middleware": "mine",
        "transport": "from nowhere",
        "connector": "by way of a relay to origin.test 80",
        "protocol": "from long ago",
        "auth-scheme": "TryAuthScheme t0ken",
        "event-hook": [": 200"],
        "decoder": "Hello",
        "tls-context": 204,
    }


def test_installed_and_not_named_they_change_nothing_but_what_is_accepted(
    environment: dict[str, str], server: str
) -> None:
    code = "import hookline, sys; print(hookline.get(sys.argv[1]).json()['headers'])"
    done = python("-W", "error", "-c", code, f"{server}/echo", env=environment)

    assert done.returncode == 0, done.stdout
    assert "try-decoder" in done.stdout
    assert "x-try" not in done.stdout.lower()
    assert "authorization" not in done.stdout.lower()


# -- What is written ------------------------------------------------------------------------


def test_the_wheel_of_core_has_the_templates(tmp_path: Path) -> None:
    pip("wheel", "--no-build-isolation", "--wheel-dir", tmp_path, ROOT / "core")
    [wheel] = tmp_path.glob("*.whl")
    written = {path.name for path in (ROOT / "core/src/hookline/_cli/templates").iterdir()}

    names = zipfile.ZipFile(wheel).namelist()
    assert written == {
        name.rpartition("/")[2] for name in names if name.startswith("hookline/_cli/templates/")
    }
    assert "hookline/testing/pytest_plugin.py" in names


def test_the_command_offers_every_kind() -> None:
    assert tuple(KINDS) == OFFERED


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_to_be_filled_in(kind: str) -> None:
    files = files_of("once-more", kind)

    for path, text in files.items():
        assert not re.search(r"@\w+@", text), path
        if path.endswith(".py"):
            compile(text, path, "exec")
    settings = tomllib.loads(files["pyproject.toml"])
    assert settings["project"]["name"] == "hookline-once-more"
    assert settings["project"]["entry-points"] == {"hookline": {"once_more": "hookline_once_more"}}
    assert "LICENSE" not in files
    assert "src/hookline_once_more/py.typed" in files
    assert len(files["src/hookline_once_more/__init__.py"].splitlines()) < 30


@pytest.mark.parametrize("name", ["retry", "client", "auth", "middleware", "protocol"])
def test_a_class_is_not_called_like_one_of_ours(name: str) -> None:
    text = files_of(name, "middleware")["src/hookline_" + name + "/_middleware.py"]
    [made] = re.findall(r"^class (\w+)\(Middleware\):", text, re.MULTILINE)

    assert made == ("Retry" if name == "retry" else f"{name.capitalize()}Middleware")


# -- What is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("Once More", "middleware", "Did you mean 'once-more'?"),
        ("once_more", "middleware", "Did you mean 'once-more'?"),
        ("once--more", "middleware", "Did you mean 'once-more'?"),
        ("2fast", "middleware", "Did you mean 'fast'?"),
        ("-", "middleware", "begins with a letter."),
        ("", "middleware", "begins with a letter."),
        ("../up", "middleware", "Did you mean 'up'?"),
        ("http2", "protocol", "is one of hookline's own"),
        ("core", "middleware", "is one of hookline's own"),
        ("gzip", "decoder", "The name 'gzip' is taken by hookline._decoders.GZipDecoder"),
        ("default", "tls-context", "is hookline's own"),
        ("mine", "gadget", "There is no kind 'gadget'. Kinds: middleware, transport,"),
    ],
)
def test_a_name_that_does_not_do_is_refused(name: str, kind: str, message: str) -> None:
    with pytest.raises(NewPluginError) as caught:
        checked_name(name, kind)

    assert message in str(caught.value)


def test_the_names_of_our_own_distributions_are_known() -> None:
    folders = [each.parent.name for each in ROOT.glob("plugins/*/pyproject.toml")]

    assert {each.replace("_", "-") for each in folders} | {"core"} == OWN


def test_hookline_in_front_of_a_name_is_understood() -> None:
    assert checked_name("hookline-once-more", "middleware") == "once-more"


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "hookline-mine").mkdir()
    (tmp_path / "hookline-mine" / "notes.txt").write_text("keep")

    with pytest.raises(NewPluginError, match=r"There is .*hookline-mine.* already"):
        write_plugin("mine", "middleware", tmp_path)
    assert [each.name for each in (tmp_path / "hookline-mine").iterdir()] == ["notes.txt"]


def test_a_place_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NewPluginError, match="There is no folder"):
        write_plugin("mine", "middleware", tmp_path / "nowhere")


def test_the_command_says_what_is_wrong_in_one_line_and_exits_with_2(tmp_path: Path) -> None:
    done = python(
        *("-W", "error", "-m", "hookline", "new-plugin", "Mine", "--kind", "decoder"), cwd=tmp_path
    )

    assert done.returncode == 2
    assert "Did you mean 'mine'?" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
