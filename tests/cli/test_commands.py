"""Commands: which there are, when they load, and `hookline plugins`."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete

import hookline
from hookline import _cli
from hookline._cli import _app, _listing
from hookline.plugins import PluginManager

ROOT = Path(__file__).parents[2]


def test_version_is_told(call: Any) -> None:
    assert call("--version").text == f"hookline {hookline.__version__}\n"


def test_help_has_every_option_in_a_section_and_every_command(call: Any) -> None:
    done = call("--help")

    assert (done.status, done.err) == (0, "")
    for parameter in _app.main.params:
        if isinstance(parameter, click.Option):
            for name in parameter.opts:
                assert name in done.text
    for name in _app.known_commands():
        assert f"\n  {name} " in done.text
    assert max(len(line) for line in done.text.splitlines()) <= 80


def test_help_fits_a_narrow_terminal() -> None:
    text = _app.main.get_help(click.Context(_app.main, info_name="hookline", terminal_width=60))

    assert max(len(line) for line in text.splitlines()) <= 60


def test_main_is_a_click_command_as_in_httpx() -> None:
    import httpx

    assert isinstance(hookline.main, click.Command)
    assert isinstance(httpx.main, click.Command)
    theirs = {option for each in httpx.main.params for option in each.opts}
    ours = {option for each in hookline.main.params for option in each.opts}
    assert theirs <= ours


def test_console_script_is_the_public_name() -> None:
    core = tomllib.loads((ROOT / "core" / "pyproject.toml").read_text())

    assert core["project"]["scripts"] == {"hookline": "hookline:main"}


def test_commands_are_found_where_the_table_says(call: Any) -> None:
    for name in _app.known_commands():
        command = _app.load_command(name)
        assert isinstance(command, click.Command)
        done = call(name, "--help")
        assert done.status == 0
        assert done.text.startswith(f"Usage: hookline {name} ")


def test_command_without_its_module_is_a_url_and_not_in_the_help(
    call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = _cli.Place("no_such_module", "it", "Do something.")
    monkeypatch.setitem(_cli.COMMANDS, "something", place)

    assert "something" not in call("--help").text
    assert call("something").err.startswith("InvalidURL: ")


def test_name_of_a_command_is_a_url_behind_options(call: Any) -> None:
    assert call("-m", "GET", "plugins").err.startswith("InvalidURL: The URL 'plugins'")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["pl"], {"plugins"}),
        (["--form"], {"--format"}),
        (["http://a/", "pl"], set()),
        (["config", "sh"], {"show"}),
    ],
)
def test_shells_complete_options_and_commands(words: list[str], offered: set[str]) -> None:
    completion = ShellComplete(_app.main, {}, "hookline", "_HOOKLINE_COMPLETE")

    assert {item.value for item in completion.get_completions(words[:-1], words[-1])} == offered


# -- What loads when ---------------------------------------------------------------------------


def loaded(*arguments: str, names: list[str]) -> set[str]:
    """Which modules are there after a call in a fresh interpreter."""
    code = (
        "import sys, json, atexit\n"
        f"atexit.register(lambda: print(json.dumps([n for n in {names} if n in sys.modules]),"
        " file=sys.__stderr__))\n"
        f"sys.argv = ['hookline', *{list(arguments)}]\n"
        "from hookline import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr))


EVERYTHING = [
    "rich", "pygments", "ssl", "asyncio", "anyio", "pluggy", "hookline._trace", "hookline.config",
    "hookline._cli._request", "hookline._cli._waterfall", "hookline._cli._save",
    "hookline._cli.config_command", "hookline._cli.plugins_command",
]  # fmt: skip


def test_help_loads_no_more_than_the_options() -> None:
    assert loaded("--help", names=EVERYTHING) == set()


def test_simple_request_loads_the_client_alone(server: str) -> None:
    assert loaded(f"{server}/echo", names=EVERYTHING) == {"pluggy", "hookline._cli._request"}


def test_json_is_coloured_without_pygments(server: str) -> None:
    arguments = (f"{server}/echo", "--format", "pretty", "--color", "always")

    assert loaded(*arguments, names=EVERYTHING) == {"pluggy", "hookline._cli._request"}


def test_importing_hookline_loads_nothing_of_the_command_line() -> None:
    code = (
        "import sys, hookline; print([n for n in sys.modules if n in ('click', 'hookline._cli')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


# -- Without the extra -------------------------------------------------------------------------

WITHOUT = """
import sys
sys.modules["click"] = None
sys.argv = ["hookline", *{arguments!r}]
from hookline import main
main()
"""


def without_extra(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = WITHOUT.format(arguments=list(arguments))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [[], ["https://example.org/"], ["plugins", "--help"]])
def test_without_the_extra_it_says_what_to_install(arguments: list[str]) -> None:
    done = without_extra(*arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "The command line of hookline needs packages that are not installed. Install them with:\n"
        '  pip install "hookline[cli]"\n'
    )


def test_without_the_extra_plugins_are_listed() -> None:
    assert without_extra("plugins").stdout.startswith("protocols\n  http11 ")
    assert json.loads(without_extra("plugins", "--json").stdout)[0]["name"] == "builtin"


# -- hookline plugins --------------------------------------------------------------------------


def test_plugins_are_listed_by_kind_and_name(call: Any) -> None:
    done = call("plugins")
    version = hookline.__version__

    assert (done.status, done.err) == (0, "")
    kinds = {
        lines[0]: [line.split() for line in lines[1:]]
        for lines in (section.splitlines() for section in done.text.split("\n\n"))
    }
    assert list(kinds) == ["protocols", "connectors", "transports", *list(kinds)[3:]]
    assert [
        "http11", "hookline_http11._protocol.HTTP11", "hookline-http11", version
    ] in kinds["protocols"]  # fmt: skip
    assert [
        "direct", "hookline._connectors.DirectConnector", "hookline-core", version
    ] in kinds["connectors"]  # fmt: skip
    assert [row[0] for row in kinds["auth schemes"]][:3] == ["auto", "basic", "bearer"]
    assert [row[0] for row in kinds["decoders"]] == sorted(row[0] for row in kinds["decoders"])


def test_everything_that_is_registered_is_listed(call: Any) -> None:
    registry = PluginManager.discover().registry
    listed = call("plugins").text

    for slot in ("protocols", "connectors", "transports", "auth_schemes", "decoders"):
        for name, entry in registry.names(slot).items():
            assert f"\n  {name} " in listed
            assert f" {entry.cls.__module__}.{entry.cls.__qualname__} " in listed


def test_narrow_terminal_gets_two_lines_for_a_name() -> None:
    manager = PluginManager()
    lines = _listing._lines(manager.plugins(), _listing._classes(manager), 60)

    assert lines[1:3] == [
        f"  direct      hookline-core {hookline.__version__}",
        "              hookline._connectors.DirectConnector",
    ]
    assert max(map(len, lines)) <= 60


def test_json_has_names_classes_and_distributions(call: Any) -> None:
    listed = {plugin["name"]: plugin for plugin in call("plugins", "--json").json}

    http11 = listed["http11"]
    assert http11["distribution"] == "hookline-http11"
    assert http11["version"] == hookline.__version__
    assert http11["status"] == "loaded"
    assert http11["registers"] == {"protocols": ["http11"]}
    assert http11["classes"] == {"protocols": {"http11": "hookline_http11._protocol.HTTP11"}}
    assert (http11["error"], http11["traceback"]) == (None, None)


def test_blocked_plugin_is_listed_with_the_reason(
    call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKLINE_PLUGINS_BLOCK", "http2")
    done = call("plugins")

    assert done.status == 0
    assert "\n  http2 " not in done.text.partition("not usable")[0]
    assert done.text.endswith(
        f"\n\nnot usable\n  http2 (hookline-http2 {hookline.__version__})  "
        "blocked: it is in HOOKLINE_PLUGINS_BLOCK\n"
    )
