"""The command lines: the same arguments send the same bytes and end with the same status."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from support.compare import differs, neutral, same
from support.recorder import OK, Recorder

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
_BOUNDARY = re.compile(rb"[0-9a-f]{32}")

# httpx's progress bar draws itself wherever it is, and needs a word on where that is.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:httpx")


def called(library: Any, recorder: Recorder, answers: list[bytes], *arguments: str) -> Any:
    """The exit status, and what was sent."""
    with recorder.script(*answers) as transcript:
        result = CliRunner().invoke(library.main, list(arguments), input=b"piped")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    sent = [(number, _BOUNDARY.sub(b"B", data)) for number, data in transcript.wire]
    # Where hookline differs from httpx in how requests are written, other files say so.
    return result.exit_code, sent


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-m", "PUT"],
        ["--method", "head"],
        ["-p", "a", "1 2", "-p", "b", "&", "-p", "a", "3"],
        ["-c", "text"],
        ["-d", "a", "1", "-d", "b", "2"],
        ["-j", '{"a": [1, 2.50, null]}'],
        ["-h", "X-Name", "value", "-h", "X-Name", "again", "-h", "User-Agent", "me"],
        ["--cookies", "a", "1", "--cookies", "b", "2"],
        ["--auth", "user", "pass word"],
        ["--timeout", "3"],
        ["-f", "file", __file__, "-d", "a", "1"],
        ["--follow-redirects"],
        ["-m", "DELETE", "-c", "text", "-v"],
    ],
    ids=" ".join,
)
def test_same_arguments_send_the_same(arguments: list[str], recorder: Recorder) -> None:
    status, sent = same(
        lambda library: called(library, recorder, [OK], recorder.url, *arguments)
    ).value

    assert (status, len(sent)) == (0, 1)


@pytest.mark.parametrize(
    ("answers", "arguments", "status"),
    [
        ([OK], [], 0),
        ([NOT_FOUND], [], 1),
        ([MOVED], [], 1),
        ([MOVED, OK], ["--follow-redirects"], 0),
        ([MOVED, NOT_FOUND], ["--follow-redirects", "-j", "1"], 1),
        ([b""], [], 1),
        ([], ["--nonsense"], 2),
        ([], ["--timeout", "soon"], 2),
        ([], ["-j", "{"], 2),
        ([], ["-f", "a", "/no/such/file"], 2),
    ],
)
def test_exit_status_is_the_same(
    answers: list[bytes], arguments: list[str], status: int, recorder: Recorder
) -> None:
    outcome = same(lambda library: called(library, recorder, answers, recorder.url, *arguments))

    assert outcome.value[0] == status


def test_download_writes_the_same(recorder: Recorder, tmp_path: Path) -> None:
    def call(library: Any) -> Any:
        target = tmp_path / library.__name__
        ended = called(library, recorder, [OK], recorder.url, "--download", str(target))
        return ended, target.read_bytes()

    assert same(call).value[1] == b"ok"


# -- What differs ------------------------------------------------------------------------------


def sent(library: Any, recorder: Recorder, *arguments: str) -> list[bytes]:
    """The method, target and body of each request."""
    requests = called(library, recorder, [OK], *arguments)[1]
    return [
        data.partition(b" HTTP/1.1")[0] + b" | " + data.partition(b"\r\n\r\n")[2]
        for _, data in requests
    ]


@pytest.mark.parametrize(
    ("row", "arguments", "theirs", "ours"),
    [
        ("cli-stdin", ["/", "-c", "-"], b"POST / | -", b"POST / | piped"),
        ("cli-params", ["/?a=1", "-p", "b", "2"], b"GET /?b=2 | ", b"GET /?a=1&b=2 | "),
        ("cli-data", ["/", "-d", "a", "1", "-d", "a", "2"], b"POST / | a=2", b"POST / | a=1&a=2"),
        ("cli-empty-bodies", ["/", "-j", "0"], b"GET / | 0", b"POST / | 0"),
        ("cli-empty-bodies", ["/", "-j", "null"], b"GET / | ", b"POST / | null"),
    ],
)
def test_request_is_another(
    row: str, arguments: list[str], theirs: bytes, ours: bytes, recorder: Recorder
) -> None:
    url, *rest = arguments
    differs(
        row,
        lambda library: sent(library, recorder, recorder.url + url, *rest),
        theirs=[theirs],
        ours=[ours],
    )


def printed(library: Any, recorder: Recorder, *arguments: str) -> Any:
    with recorder.script(OK):
        result = CliRunner().invoke(library.main, [recorder.url, *arguments])
    return [result.stdout, neutral(result.stderr).partition("\n")[0]]


def test_pipe_gets_the_body_alone(recorder: Recorder) -> None:
    head = "HTTP/1.1 200 OK"

    differs(
        "cli-streams",
        lambda library: [printed(library, recorder)[0].startswith(head)],
        theirs=[True],
        ours=[False],
    )
    differs(
        "cli-streams",
        lambda library: printed(library, recorder)[0] == "ok",
        theirs=False,
        ours=True,
    )


def test_credentials_are_masked(recorder: Recorder) -> None:
    def call(library: Any) -> Any:
        with recorder.script(OK):
            result = CliRunner().invoke(library.main, [recorder.url, "-v", "--auth", "u", "p"])
        return "dTpw" in result.output

    differs("cli-secrets", call, theirs=True, ours=False)


def test_errors_are_a_line_on_the_standard_error(recorder: Recorder) -> None:
    def refused(library: Any) -> Any:
        result = CliRunner().invoke(library.main, ["http://127.0.0.1:1/"])
        return [result.exit_code, bool(result.stdout), bool(result.stderr)]

    differs("cli-streams", refused, theirs=[1, True, False], ours=[1, False, True])


@pytest.mark.parametrize(
    ("arguments", "theirs"),
    [(["example.org"], 1), (["http://[::1"], 1), (["http://a/", "--proxy", "ssh://a"], 1)],
)
def test_what_cannot_be_sent_is_status_2(arguments: list[str], theirs: int) -> None:
    def call(library: Any) -> Any:
        return CliRunner().invoke(library.main, arguments).exit_code

    differs("cli-usage-errors", call, theirs=theirs, ours=2)


def test_two_bodies_are_refused(recorder: Recorder) -> None:
    def call(library: Any) -> Any:
        return called(library, recorder, [OK], recorder.url, "-c", "a", "-j", "1")[0]

    differs("cli-usage-errors", call, theirs=0, ours=2)


def test_directory_takes_a_download(recorder: Recorder, tmp_path: Path) -> None:
    def call(library: Any) -> Any:
        return called(library, recorder, [OK], recorder.url, "--download", str(tmp_path))[0]

    differs("cli-directory", call, theirs=1, ours=0)


def test_name_that_is_looked_up_is_traced(recorder: Recorder) -> None:
    def call(library: Any) -> Any:
        events: list[str] = []
        url = recorder.url.replace("127.0.0.1", "localhost")
        with recorder.script(OK):
            with library.Client(trust_env=False, verify=False) as client:
                client.get(url, extensions={"trace": lambda name, info: events.append(name)})
        return [name for name in events if "resolve" in name]

    differs(
        "trace-resolve-host",
        call,
        theirs=[],
        ours=["connection.resolve_host.started", "connection.resolve_host.complete"],
    )
