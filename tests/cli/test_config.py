"""`--config`: a client of a configuration file, and what the other options change of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FILE = """
[defaults]
headers = {{ X-From = "file" }}
params = {{ key = {{ env = "TEST_KEY" }} }}

[clients.default]
base_url = "{server}"
timeout = 5

[clients.api]
base_url = "{server}/echo"
headers = {{ X-Kept = {{ env = "TEST_KEY" }} }}
auth = {{ name = "basic", options = {{ username = "u", password = {{ env = "TEST_KEY" }} }} }}
follow_redirects = true
"""


@pytest.fixture
def file(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TEST_KEY", "s3cret")
    path = tmp_path / "clients.toml"
    path.write_text(FILE.format(server=server))
    return str(path)


def headers(echo: Any) -> dict[str, str]:
    return dict(echo["headers"])


def test_file_alone_is_its_default_client(call: Any, file: str) -> None:
    echo = call("--config", file, "echo").json

    assert (echo["path"], echo["query"]) == ("/echo", "key=s3cret")
    assert headers(echo)["x-from"] == "file"


def test_name_is_a_client_of_the_file_or_of_the_environments(
    call: Any, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_both = call("--config", f"{file}:api", "x").json
    monkeypatch.setenv("HOOKLINE_CONFIG", file)
    by_name = call("--config", "api", "x").json

    assert by_both["path"] == by_name["path"] == "/echo/x"
    assert headers(by_name)["authorization"] == "Basic dTpzM2NyZXQ="


def test_file_of_the_environment_is_not_used_unasked(
    call: Any, server: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKLINE_CONFIG", file)

    assert "x-from" not in headers(call(f"{server}/echo").json)


def test_options_take_precedence(call: Any, server: str, file: str) -> None:
    echo = call("--config", f"{file}:api", "x?a=1", "-p", "b", "2", "-h", "X-From", "here",
                "--auth", "me", "too").json  # fmt: skip

    assert echo["query"] == "key=s3cret&a=1&b=2"
    assert headers(echo)["x-from"] == "here"
    assert headers(echo)["x-kept"] == "s3cret"
    assert headers(echo)["authorization"] == "Basic bWU6dG9v"
    assert call("--config", file, "never", "--timeout", "0.05").status == 1


def test_settings_of_the_file_hold(call: Any, file: str, server: str) -> None:
    # It follows redirects.
    assert call("--config", f"{file}:api", f"{server}/redirect/302?to=/").status == 0
    assert call("--config", file, f"{server}/redirect/302?to=/").status == 1


def test_secrets_of_the_file_are_not_shown(call: Any, file: str) -> None:
    done = call("--config", f"{file}:api", "/", "-v", "--trace")
    report = call("--config", f"{file}:api", "/", "--format", "json", "-o", "/dev/null")

    assert "GET /echo/?key=[secure] HTTP/1.1\n" in done.err
    assert "X-Kept: [secure]\n" in done.err
    for secret in ("s3cret", "dTpzM2NyZXQ="):
        assert secret not in done.err
        assert secret not in report.text


def test_url_without_a_scheme_needs_a_base(call: Any, tmp_path: Path) -> None:
    path = tmp_path / "plain.toml"
    path.write_text("timeout = 1\n")
    done = call("--config", str(path), "users/1")

    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith("InvalidURL: The URL 'users/1' has no scheme")


MISSPELT = "{0}:{1}: {2}: there is no setting '{2}'. Did you mean '{3}'?"


def test_what_is_wrong_with_a_file_is_told_in_lines(call: Any, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("timeotu = 1\nheadesr = 2\n")
    done = call("--config", str(path), "http://a/")

    assert (done.status, done.out) == (2, b"")
    assert done.err.splitlines() == [
        "2 errors in the configuration:",
        MISSPELT.format(path, 1, "timeotu", "timeout"),
        MISSPELT.format(path, 2, "headesr", "headers"),
    ]


def test_client_that_is_not_in_the_file_is_told(call: Any, file: str) -> None:
    done = call("--config", f"{file}:nope", "http://a/")

    assert done.status == 2
    assert "no client named 'nope'. Known: api, default." in done.err


def test_file_that_is_not_there_is_told(call: Any) -> None:
    assert call("--config", "no.toml", "http://a/").err == "no.toml: there is no such file.\n"
    assert "HOOKLINE_CONFIG" in call("--config", "name", "http://a/").err


def test_config_is_a_command(call: Any, file: str) -> None:
    assert call("config", "check", file).status == 0
    assert call("config", "show", file, "api").text.startswith("client ")
    assert call("config", "nonsense").status == 2
