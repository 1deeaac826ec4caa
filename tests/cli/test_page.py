"""docs/cli.md: what it says is printed is printed."""

from __future__ import annotations

import re
import shlex
import socket
from pathlib import Path
from typing import Any

import click
import pytest

from hookline._cli import _app

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()


def sessions() -> list[tuple[str, str]]:
    """Each command of the page, with what the page says that it prints."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        for session in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = session.partition("\n")
            found.append((command, output))
    return found


def neutral(text: str) -> str:
    """Text without what is another time each time: dates, times, bars, addresses, lengths."""
    text = re.sub(r"^date: .*$", "date: D", text, flags=re.MULTILINE)
    text = re.sub(r" +[\d.]+ m?s(  [ ▏▎▍▌▋▊▉█]*)?", " T ", text)
    text = re.sub(r"^content-length: \d+$", "content-length: N", text, flags=re.MULTILINE)
    text = re.sub(r"new connection to [\d.:]+", "new connection to A", text)
    return "\n".join(line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize(("command", "output"), sessions())
def test_session_is_true(
    call: Any,
    seen: None,
    tls_server: str,
    authority: Any,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    output: str,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    monkeypatch.setenv("NO_COLOR", "1")
    # Host names that are not there: no resolver is to be asked.
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        if host == "no.example.org":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    arguments = shlex.split(command.replace("https://example.org", tls_server))
    assert arguments.pop(0) == "hookline"
    done = call(*arguments)
    shown = neutral(done.text + done.err).replace(tls_server, "https://example.org").splitlines()
    promised = neutral(output).strip().splitlines()
    if promised[-1] == "  ...":
        # For the rest.
        promised.pop()
        shown = shown[: len(promised)]

    assert shown == promised


def test_every_option_is_on_the_page() -> None:
    undocumented = [
        option.opts
        for option in _app.main.params
        if isinstance(option, click.Option)
        and not any(f"`{name}" in PAGE or f" {name}" in PAGE for name in option.opts)
    ]

    assert undocumented == [["--version"], ["--help"]]
