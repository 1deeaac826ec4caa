"""`--format json`: one object, as docs/cli.md describes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.raw import answering, raw_server

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_whole_exchange_is_one_object_in_one_line(call: Any, server: str) -> None:
    done = call(f"{server}/redirect/303?to=/echo", "--follow-redirects", "--format", "json",
                "-j", '{"ä": 1}')  # fmt: skip
    report = done.json

    assert (done.status, done.err) == (0, "")
    assert done.out.count(b"\n") == 1
    assert done.out.isascii()
    assert list(report) == ["response", "history", "error"]
    response = report["response"]
    assert response["status_code"] == 200
    assert response["reason_phrase"] == "OK"
    assert response["http_version"] == "HTTP/1.1"
    assert ["content-type", "application/json"] in response["headers"]
    assert response["request"]["method"] == "GET"
    assert response["request"]["url"] == f"{server}/echo"
    assert ["Accept", "*/*"] in response["request"]["headers"]
    assert response["body"]["type"] == "json"
    assert response["body"]["json"]["path"] == "/echo"
    (first,) = report["history"]
    assert (first["status_code"], first["request"]["method"]) == (303, "POST")
    assert "body" not in first
    assert report["error"] is None


@pytest.mark.parametrize(
    ("body", "mime", "expected"),
    [
        (b"", "text/plain", {"type": "none"}),
        (b"[1, 2.5]", "application/json", {"type": "json", "json": [1, 2.5]}),
        (b"NaN", "application/json", {"type": "text", "text": "NaN"}),
        (b"oops", "application/json", {"type": "text", "text": "oops"}),
        (b"\xe4", "text/plain; charset=latin-1", {"type": "text", "text": "ä"}),
        (b"\xe4", "text/plain", {"type": "base64", "base64": "5A=="}),
        (b"abc", "image/png", {"type": "base64", "base64": "YWJj"}),
        (b"a\0c", "text/plain", {"type": "base64", "base64": "YQBj"}),
    ],
)
def test_body_says_in_which_member_it_is(
    call: Any, body: bytes, mime: str, expected: dict[str, Any]
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nContent-Type: {mime}\r\n\r\n"
    with raw_server(answering(head.encode() + body)) as raw:
        assert call(raw.url, "--format", "json").json["response"]["body"] == expected


def test_saved_body_is_a_path_and_a_size(call: Any, server: str, tmp_path: Path) -> None:
    target = tmp_path / "x"
    report = call(f"{server}/bytes/10", "--format", "json", "-o", str(target)).json

    assert report["response"]["body"] == {"type": "file", "path": str(target), "size": 10}


def test_failure_is_part_of_the_object_and_a_line_for_people(call: Any) -> None:
    done = call("http://127.0.0.1:1/", "--format", "json")

    assert done.status == 1
    assert done.json["response"] is None
    assert done.json["history"] == []
    assert done.json["error"]["type"] == "ConnectError"
    assert done.err == f"ConnectError: {done.json['error']['message']}\n"


def test_response_that_breaks_off_is_there_with_the_error(call: Any) -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"

    def script(conversation: Any) -> None:
        conversation.receive_head()
        conversation.send(cut)

    with raw_server(script) as raw:
        done = call(raw.url, "--format", "json")

    assert done.status == 1
    assert done.json["response"]["status_code"] == 200
    assert done.json["response"]["body"] == {"type": "none"}
    assert done.json["error"]["type"] == "RemoteProtocolError"


def test_times_are_in_it_when_they_are_traced(call: Any, server: str) -> None:
    trace = call(f"{server}/", "--format", "json", "--trace").json["trace"]

    (hop,) = trace
    assert hop["method"] == "GET"
    assert hop["url"] == f"{server}/"
    assert hop["status_code"] == 200
    assert hop["http_version"] == "HTTP/1.1"
    assert hop["is_new_connection"] is True
    assert hop["address"] == server.removeprefix("http://")
    assert [phase["name"] for phase in hop["phases"]] == ["connect", "send", "first byte", "body"]
    for phase in hop["phases"]:
        assert phase["has_failed"] is False
        assert phase["start_ms"] >= 0
        assert phase["duration_ms"] >= 0


def test_credentials_are_masked_unless_asked_for(call: Any, server: str) -> None:
    host = server.removeprefix("http://")
    arguments = (
        f"http://user:pa55@{host}/redirect/307?to=/status/200", "--follow-redirects",
        "--cookies", "sid", "c00kie", "-h", "X-Api-Key", "k3y", "--format", "json", "--trace",
    )  # fmt: skip
    hidden = call(*arguments).text
    shown = call(*arguments, "--reveal").text

    for secret in ("pa55", "c00kie", "k3y", "dXNlcjpwYTU1"):
        assert secret not in hidden
        assert secret in shown
    assert f"http://user:[secure]@{host}/" in hidden


def test_terminal_gets_it_indented(call: Any, server: str, seen: None) -> None:
    done = call(f"{server}/", "--format", "json", "--color", "never")

    assert done.text.startswith('{\n  "response": {\n    "status_code": 200,\n')


def test_documented_schema_has_every_member(call: Any, server: str) -> None:
    """What docs/cli.md promises is what there is, and nothing else."""

    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: shape(member) for name, member in value.items()}
        return [shape(member) for member in value[:1]] if isinstance(value, list) else None

    (sample,) = re.findall(r"<!-- schema -->\n```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    documented = json.loads(sample)
    report = call(
        f"{server}/redirect/302?to=/", "--follow-redirects", "--format", "json", "--trace"
    ).json

    assert shape(report) == shape(documented)
