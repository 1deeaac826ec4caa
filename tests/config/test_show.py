"""`hookline.config.show` and `hookline config`: what would be built, in words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import hookline
from hookline import ConfigError
from hookline._cli.config_command import config
from hookline.config import schema, show
from hookline.plugins import EventHook
from support.config_plugins import Cache, Canned, plugins

FULL = """
[defaults]
timeout = { default = 10, total = 60 }
headers = { X-Mine = "1" }

[clients.api]
base_url = "https://api.example/"
follow_redirects = true
auth = { name = "basic", options = { username = "me", password = { env = "API_PASSWORD" } } }
middleware = ["retry", { name = "tag", options = { value = "x" } }, "cache"]
event_hooks = ["journal"]
protocols = [{ name = "http11", options = { parser = "h11" } }]
decoders = ["gzip"]
proxy = { url = "http://me:s3cret@localhost:3128", tunnel = true }
limits = { max_connections = 7 }
mounts = { "all://internal" = false, "http://mock" = { name = "canned", options = { text = "t" } } }
verify = "/dev/null"
cert = ["/dev/null", "/dev/null", "s3cret"]
trust_env = false
"""

OTHER_LIMITS = "max_keepalive_connections 20, keepalive_expiry 5, max_connections_per_host no limit"
NO_LIMITS = ", ".join(f"{name} no limit" for name in ("connect", "read", "write", "pool", "total"))
CORE = f"  [hookline-core {hookline.__version__}]"


def lines(*arguments: Any, **named: Any) -> list[str]:
    return [str(layer) for layer in show(*arguments, **named)]


def test_a_client_is_shown_layer_by_layer(write: Any) -> None:
    path = write(FULL)
    http = "http-proxy"

    assert lines(path, plugins=plugins()) == [
        f"client            the client 'api' of {path}",
        'base URL          "https://api.example/"',
        'headers           X-Mine = "1"',
        'call middleware   tag: value = "x"  [tested]',
        "call middleware   cache  [tested]",
        "redirects         followed, 20 at most",
        'auth              basic: username = "me", password = { env = "API_PASSWORD" }' + CORE,
        "hop middleware    retry  [tested]",
        "event hooks       journal  [tested]",
        "transport         pool: the client's own" + CORE,
        "for URLs          all://internal: the client's own, no proxy",
        'for URLs          http://mock: canned: text = "t"  [tested]',
        'protocol          http11: parser = "h11"  [http11]',
        f'connector         {http}: url = "http://me:[secure]@localhost:3128", tunnel = true'
        + CORE,
        'TLS               "/dev/null"',
        'TLS certificate   ["/dev/null", "/dev/null", ********]',
        f"limits            max_connections 7, {OTHER_LIMITS}",
        "environment       not looked at",
        "timeouts          connect 10, read 10, write 10, pool 10, total 60",
        "decoder           gzip" + CORE,
    ]


def test_an_empty_configuration_is_a_plain_client() -> None:
    layers = {layer.name: layer for layer in show({})}

    assert layers["client"].value == "the client of a mapping"
    assert layers["auth"].value == "none"
    assert layers["protocol"].value == "http11"
    assert layers["protocol"].provider == f"hookline-http11 {hookline.__version__}"
    assert layers["connector"].value == "direct: to the origin itself"
    assert layers["TLS"].value == "certifi's authorities"
    assert layers["timeouts"].value == "connect 5, read 5, write 5, pool 5, total no limit"


def test_a_transport_of_its_own_has_no_pool() -> None:
    for transport in ("canned", Canned(), {"env": "UNSET"}):
        names = [layer.name for layer in show({"transport": transport}, plugins=plugins())]

        assert "connector" not in names
        assert "limits" not in names


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ({"transport": {"name": "pool", "options": {"uds": "/run/x", "retries": 2}}},
         'connector         unix: "/run/x"' + CORE),
        ({"transport": {"name": "pool", "options": {"limits": {"max_connections": 3}}}},
         f"limits            max_connections 3, {OTHER_LIMITS}"),
        ({"proxy": {"env": "UNSET"}}, 'connector         { env = "UNSET" }'),
        ({"proxy": "http://localhost"}, "connector         http-proxy: http://localhost" + CORE),
        ({"proxy": {"name": "elsewhere", "options": {"port": 5}}},
         "connector         elsewhere: port = 5  [tested]"),
        ({"proxies": "http://localhost"}, "proxy             http-proxy: http://localhost" + CORE),
        ({"proxies": {"all://a": "http://b", "all://c": False}},
         "for URLs          all://c: no proxy"),
        ({"http2": True, "http1": False}, "protocol          http2 (not installed)"),
        ({"verify": False}, "TLS               no check at all"),
        ({"verify": {"name": "default", "options": {"trust_env": False}}},
         'TLS               { name = "default", options = { trust_env = false } }'),
        ({"decoders": []}, "decoder           none"),
        ({"auth": "netrc"}, "auth              netrc" + CORE),
        ({"auth": ["me", "s3cret"]}, 'auth              ["me", ********]'),
        ({"auth": {"env": "UNSET"}}, 'auth              { env = "UNSET" }'),
        ({"timeout": False}, f"timeouts          {NO_LIMITS}"),
        ({"max_response_size": 5}, "response bounds   max_response_size 5"),
        ({"default_encoding": "latin-1"}, 'default encoding  "latin-1"'),
        ({"params": {"a": [1, True], "token": "x"}}, "params            token = ********"),
    ],
)  # fmt: skip
def test_lines(source: Any, line: str) -> None:
    if "http2" in source:
        with pytest.raises(ConfigError):
            show(source, plugins=plugins())
        return

    assert line in lines(source, plugins=plugins())


def test_instances_are_shown_by_their_class() -> None:
    class Mine(EventHook):
        def __repr__(self) -> str:
            return "s3cret"

    shown = lines({"middleware": [Cache()], "event_hooks": [Mine()], "auth": print})

    assert "call middleware   an instance of Cache" in shown
    assert any(line.endswith(".Mine") for line in shown)
    assert "s3cret" not in "\n".join(shown)


def test_nothing_is_made_and_no_secret_is_read(write: Any) -> None:
    path = write(FULL.replace('"journal"', '{ name = "token", options = { token = "wrong" } }'))
    path.write_text(path.read_text().replace("event_hooks", "# event_hooks"))

    # Its constructor would refuse this one, and the variable is not set.
    assert show(path, "api", plugins=plugins())


def test_what_cannot_be_used_cannot_be_shown(write: Any) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'timeout'"):
        show(write("timeot = 3"))


# -- The command line -----------------------------------------------------------------------


def run(*arguments: object, environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `hookline config ...`."""
    done = CliRunner().invoke(
        config, list(map(str, arguments)), env=environment, standalone_mode=False
    )
    assert done.exception is None, done.exception
    return done.return_value or 0, done.stdout, done.stderr


def test_a_good_file_is_checked(write: Any) -> None:
    assert run("check", write("timeout = 3")) == (0, "Nothing is wrong with it.\n", "")


def test_the_errors_of_a_file_are_listed_one_per_line(write: Any) -> None:
    path = write("timeot = 3\nhttp2 = 1\nheaders = { A = { env = 'UNSET' } }\n")
    errors = [
        f"{path}:1: timeot: there is no setting 'timeot'. Did you mean 'timeout'?",
        f"{path}:2: http2: expected true or false, not a whole number.",
        f"{path}:3: headers.A: the environment variable UNSET is not set.",
    ]

    assert run("check", path) == (1, "", "\n".join([*errors, ""]))
    assert run("check", "--without-secrets", path) == (1, "", "\n".join([*errors[:2], ""]))


def test_without_a_file_it_is_the_environments(write: Any) -> None:
    path = write("timeout = 3")

    assert run("check", environment={"HOOKLINE_CONFIG": str(path)})[0] == 0
    status, output, errors = run("check", environment={"HOOKLINE_CONFIG": None})  # type: ignore[dict-item]
    assert (status, output) == (1, "")
    assert errors.startswith("no configuration: give a path")


def test_a_client_is_shown_as_text_and_as_json(write: Any) -> None:
    path = write("[clients.a]\ntimeout = 3\n[clients.b]\ntimeout = 4\n")

    status, output, _ = run("show", path, "b")
    assert status == 0
    assert output.splitlines() == lines(path, "b")
    status, output, _ = run("show", path, "b", "--json")
    assert json.loads(output) == [layer._asdict() for layer in show(path, "b")]
    status, output, errors = run("show", path)
    assert (status, output) == (1, "")
    assert errors == (
        f"{path}:1: clients: there are several, and none is called 'default': say which, as in "
        "name='a'. Known: a, b.\n"
    )


def test_the_schema_is_printed() -> None:
    assert json.loads(run("schema")[1]) == schema()
    assert json.loads(run("schema", "--open")[1]) == schema(is_open=True)
    published = Path(__file__).parents[2] / "docs/schema/hookline.schema.json"
    assert json.loads(run("schema", "--core")[1]) == json.loads(published.read_text())


def test_it_is_a_command_of_hookline(write: Any) -> None:
    path = write("timeot = 3")
    done = subprocess.run(
        [sys.executable, "-m", "hookline", "config", "check", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (1, "")
    assert "Did you mean 'timeout'?" in done.stderr


def test_importing_hookline_and_making_clients_imports_none_of_it() -> None:
    code = (
        "import sys, hookline; hookline.Client().close(); "
        "print([name for name in sys.modules if name.startswith('hookline.config')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("[]\n", "")
