"""A transport is changed in the file, and the next client of a running program uses the other one:
seen from outside, on the wire."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.modes import NAMES
from support.raw import Conversation, raw_server

HERE = Path(__file__).parent
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize("mode_name", NAMES)
def test_a_running_program_uses_what_the_file_says_now(
    write: Any, tmp_path: Path, mode_name: str
) -> None:
    seen: list[tuple[str, bytes]] = []

    def script(where: str) -> Any:
        def converse(conversation: Conversation) -> None:
            start = conversation.receive_exactly(18)
            seen.append((where, start))
            if start.startswith(b"GET "):
                conversation.receive_head()
                conversation.send(ANSWER)
                conversation.receive_to_end()

        return converse

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    listener.listen()
    path = write("")
    environment = {"PYTHONPATH": str(HERE.parent), "HOOKLINE_CONFIG": str(path)}
    with (
        raw_server(script("network")) as network,
        raw_server(script("socket"), listener),
        subprocess.Popen(
            [sys.executable, "-W", "error", str(HERE / "programs/running.py"), mode_name],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None

        def answer(configuration: str) -> Any:
            path.write_text(configuration)
            process.stdin.write(f"{network.url}page\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            return json.loads(process.stdout.readline())  # type: ignore[union-attr]

        application = "wsgi" if mode_name == "sync" else "asgi"
        function = "greet" if mode_name == "sync" else "asgi_greet"
        answers = [
            answer("# nothing"),
            answer('[transport]\nname = "pool"\noptions = { uds = "socket" }'),
            answer('protocols = ["http2"]'),
            answer(
                f'[transport]\nname = "{application}"\noptions = {{ app = "running:{function}" }}'
            ),
            answer("timeot = 3"),
            answer('transport = "pool"'),
        ]
        process.stdin.close()
        assert process.wait(20) == 0

    assert answers == [
        "hello", "hello", "RemoteProtocolError", "in the same process", "ConfigError", "hello",
    ]  # fmt: skip
    assert seen == [
        ("network", b"GET /page HTTP/1.1"),
        ("socket", b"GET /page HTTP/1.1"),
        ("network", b"PRI * HTTP/2.0\r\n\r\n"),
        ("network", b"GET /page HTTP/1.1"),
    ]
