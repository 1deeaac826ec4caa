"""What goes wrong: one line, and the exit status."""

from __future__ import annotations

import signal
import socket
import warnings
from pathlib import Path
from typing import Any

import pytest

import hookline
from hookline._cli import _failures
from support.raw import answering, raw_server


@pytest.mark.parametrize(
    ("code", "status"), [(200, 0), (204, 0), (302, 1), (304, 1), (404, 1), (500, 1)]
)
def test_status_is_0_for_2xx_alone(call: Any, server: str, code: int, status: int) -> None:
    assert call(f"{server}/status/{code}").status == status


def broken(conversation: Any) -> None:
    conversation.receive_head()
    conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")


def nonsense(conversation: Any) -> None:
    conversation.receive_head()
    conversation.send(b"\x15\x03\x01 this is not HTTP\r\n\r\n")


def undecodable(conversation: Any) -> None:
    conversation.receive_head()
    conversation.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\noops")


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (broken, "RemoteProtocolError"),
        (nonsense, "RemoteProtocolError"),
        (undecodable, "DecodingError"),
    ],
)
def test_answer_that_cannot_be_used_is_a_line_and_status_1(
    call: Any, script: Any, kind: str
) -> None:
    with raw_server(script) as raw:
        done = call(raw.url)

    assert done.status == 1
    assert done.err.startswith(f"{kind}: ")
    assert done.err.count("\n") == 1


def test_no_connection_is_a_line_and_status_1(call: Any) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        done = call(f"http://127.0.0.1:{bound.getsockname()[1]}/")

    assert (done.status, done.out) == (1, b"")
    assert done.err.startswith("ConnectError: Could not connect to 127.0.0.1:")
    assert done.err.count("\n") == 1


def test_too_many_redirects_say_where_they_led(call: Any, server: str) -> None:
    done = call(f"{server}/redirect/302?to=/redirect/302?to=%252F", "--follow-redirects")
    again = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    with raw_server(answering(*[again] * 30)) as raw:
        done = call(raw.url, "--follow-redirects")

    assert done.status == 1
    assert done.err == (
        "TooManyRedirects: Exceeded maximum allowed redirects. "
        f"The last one led to {raw.url}again.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["example.org"], ("InvalidURL: The URL 'example.org' has no scheme: write "
         "https://example.org or http://example.org.")),
        (["localhost:8000/a"], ("InvalidURL: The URL 'localhost:8000/a' has no scheme: write "
         "https://localhost:8000/a or http://localhost:8000/a.")),
        (["plugin"], ("InvalidURL: The URL 'plugin' has no scheme: write https://plugin or "
         "http://plugin. There is the command 'plugins'.")),
        (["http://[::1"], "InvalidURL: Invalid port: ':1'"),
        (["http://a/", "--proxy", "nonsense"], None),
        (["http://a/", "-j", "{"], ("--json: this is no JSON: Expecting property name enclosed in "
         "double quotes: line 1 column 2 (char 1)")),
        (["http://a/", "-j", "1", "-c", "a"], "--content and --json: a request has one body."),
        (["http://a/", "-c", "1", "-d", "a", "b"],
         "--content and --data: a request has one body."),
        (["http://a/", "-j", "1", "-f", "a", "-"],
         "--json and --files: a request has one body."),
        (["http://a/", "--auth", "a", "b", "--auth-scheme", "digets"],
         ("PluginNotFound: No auth scheme named 'digets' is registered. Did you mean 'digest'? "
         "Known: auto, basic, bearer, digest, netrc.")),
        (["http://a/", "--auth", "a", "b", "--auth-scheme", "bearer"],
         ("--auth-scheme bearer takes no user and password: a bearer token is neither a user name "
         "nor a password")),
        (["http://a/", "--auth-scheme", "basic"], None),
        (["http://a/", "--timeout", "-1"], None),
        (["http://a/", "-o", "/no/such/place"],
         "There is no directory /no/such to save place in."),
        (["http://a/", "-o", "/no/such/"], "There is no directory /no/such/."),
        (["http://a/", "-O", "-o", "x"], "-O and --download: the body is saved once."),
        (["http://a/", "-o", "-", "--format", "json"],
         "--download - and --format json both want the standard output."),
        (["http://a/", "--zzz"], "No such option '--zzz'. See 'hookline --help'."),
        (["http://a/", "-H", "secret"],
         "Invalid value for '-H' / '--header': expected \"NAME: VALUE\". See 'hookline --help'."),
        (["http://a/", "-f", "a", "/no/such"], None),
        (["http://a/", "b"], None),
    ],
)  # fmt: skip
def test_command_line_that_makes_no_sense_is_a_line_and_status_2(
    call: Any, arguments: list[str], message: str | None
) -> None:
    done = call(*arguments)

    assert (done.status, done.out) == (2, b"")
    assert done.err.count("\n") == 1
    if message is not None:
        assert done.err == f"{message}\n"


def test_nothing_at_all_is_answered_with_the_help(call: Any) -> None:
    done = call()

    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith("Usage: ")
    assert "--follow-redirects" in done.err


def test_file_that_cannot_be_written_is_a_line_and_status_1(
    call: Any, server: str, tmp_path: Path
) -> None:
    # Not even for the superuser.
    target = tmp_path / "link"
    target.symlink_to(tmp_path / "missing" / "file")
    done = call(f"{server}/", "-o", str(target))

    assert done.status == 1
    assert done.err == f"FileNotFoundError: {target}: No such file or directory\n"


def test_what_nobody_planned_for_says_how_to_find_it(
    call: Any, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("a plugin's\nmistake")

    monkeypatch.setattr(hookline.Client, "send", fail)
    plain = call(f"{server}/")
    traced = call(f"{server}/", "--traceback")

    assert (plain.status, traced.status) == (1, 1)
    line = (
        "Unexpected ZeroDivisionError: a plugin's mistake (--traceback shows where)\n"
    )  # fmt: skip
    assert plain.err == line
    assert traced.err.startswith(f"{line}Traceback (most recent call last):\n")
    assert traced.err.endswith("ZeroDivisionError: a plugin's\nmistake\n")


def test_traceback_is_there_for_the_command_line_too(call: Any) -> None:
    done = call("http://a/", "--timeout", "-1", "--traceback")

    assert done.status == 2
    assert done.err.startswith("Traceback (most recent call last):\n")


def test_missing_package_of_the_extra_says_what_to_install() -> None:
    missing = ModuleNotFoundError("No module named 'rich'", name="rich")

    assert _failures.sentence(missing) == (
        "The package 'rich' is missing: pip install \"hookline[cli]\""
    )


def test_warning_is_a_line(call: Any, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    original = hookline.Client.send

    def send(self: Any, *arguments: Any, **options: Any) -> Any:
        warnings.warn("the plugin 'x'\nfailed", RuntimeWarning, stacklevel=1)
        return original(self, *arguments, **options)

    monkeypatch.setattr(hookline.Client, "send", send)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        done = call(f"{server}/")

    assert (done.status, done.text) == (0, "Hello, world!")
    assert done.err == "Warning: the plugin 'x' failed\n"


def test_messages_are_no_way_to_the_terminal(call: Any) -> None:
    done = call("http://a/\x1b[31m", "--color", "always", "--proxy", "\x1b]0;x")

    assert "\x1b]" not in done.err
    assert "\x1b[31mre" not in done.err


def test_interruption_is_quiet_and_status_130(process: Any, server: str) -> None:
    import os
    import subprocess
    import sys

    process_ = subprocess.Popen(
        [sys.executable, "-m", "hookline", f"{server}/stalls", "--timeout", "60"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with process_:
        assert process_.stdout is not None
        assert process_.stderr is not None
        assert os.read(process_.stdout.fileno(), 100) == b"something"
        process_.send_signal(signal.SIGINT)
        status = process_.wait(20)

        assert (status, process_.stderr.read().strip()) == (130, b"")


def test_reader_that_goes_away_is_no_error(server: str) -> None:
    import subprocess
    import sys

    with subprocess.Popen(
        [sys.executable, "-m", "hookline", f"{server}/bytes/10000000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()

        assert process.stderr.read() == b""
        assert process.wait(20) == 1
