"""`--download`: the bytes, and a name that is safe whoever chose it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hookline
from hookline._cli._save import file_name, safe_name
from support.raw import answering, raw_server


def named(disposition: str, body: bytes = b"data") -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n"
        f"Content-Disposition: {disposition}\r\n\r\n"
    ).encode() + body


@pytest.mark.parametrize("option", ["-o", "--output", "--download"])
def test_body_is_saved_as_it_is(call: Any, tmp_path: Path, option: str) -> None:
    body = bytes(range(256)) * 1000
    target = tmp_path / "file.bin"
    target.write_text("what was there before, and is a little longer than nothing")
    with raw_server(answering(named("attachment", body))) as raw:
        done = call(raw.url, option, str(target))

    assert (done.status, done.out, done.err) == (0, b"", "")
    assert target.read_bytes() == body


def test_compressed_body_is_saved_decoded(call: Any, server: str, tmp_path: Path) -> None:
    call(f"{server}/encoded/gzip", "-o", str(tmp_path / "x"))

    assert (tmp_path / "x").read_bytes() == b"Hello, world!" * 1000


def test_head_is_shown_and_body_is_not(call: Any, server: str, tmp_path: Path, seen: None) -> None:
    done = call(f"{server}/", "-o", str(tmp_path / "x"), "--color", "never")

    assert done.text.startswith("HTTP/1.1 200 OK\n")
    assert done.text.endswith("\n\n")
    assert "Hello" not in done.text
    assert done.err.endswith(f"Saved 13 bytes as {tmp_path / 'x'}\n")


def test_body_of_an_error_is_saved_with_status_1(call: Any, server: str, tmp_path: Path) -> None:
    assert call(f"{server}/nowhere", "-o", str(tmp_path / "x")).status == 1
    assert (tmp_path / "x").read_bytes() == b"not found"


def test_nothing_is_overwritten_where_no_answer_comes(call: Any, tmp_path: Path) -> None:
    target = tmp_path / "x"
    target.write_text("precious")

    assert call("http://127.0.0.1:1/", "-o", str(target)).status == 1
    assert target.read_text() == "precious"


def test_standard_output_gets_the_bytes_on_a_terminal_too(
    call: Any, server: str, seen: None
) -> None:
    assert call(f"{server}/bytes/5", "-o", "-").out == b"xxxxx"


def test_directory_takes_the_name_of_the_server(call: Any, tmp_path: Path) -> None:
    with raw_server(answering(named('attachment; filename="report.pdf"'))) as raw:
        done = call(f"{raw.url}download?id=1", "-o", str(tmp_path))

    assert done.err == f"Saved 4 bytes as {tmp_path / 'report.pdf'}\n"
    assert (tmp_path / "report.pdf").read_bytes() == b"data"


def test_dot_stands_for_the_working_directory(
    call: Any, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = call(f"{server}/bytes/3", "-O")
    second = call(f"{server}/bytes/3", "--download", ".")

    # A name that was not asked for never takes another file's place.
    assert (first.err, second.err) == ("Saved 3 bytes as 3\n", "Saved 3 bytes as 3-1\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "3-1"]


def test_link_with_the_name_is_not_followed(call: Any, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x.txt").symlink_to(tmp_path / "outside")
    with raw_server(answering(named("attachment; filename=x.txt"))) as raw:
        call(raw.url, "-o", str(tmp_path / "folder"))

    assert not (tmp_path / "outside").exists()
    assert (tmp_path / "folder" / "x-1.txt").read_bytes() == b"data"


@pytest.mark.parametrize(
    "disposition",
    [
        'attachment; filename="../../evil"',
        'attachment; filename="/etc/evil"',
        "attachment; filename=..\\..\\evil",
        "attachment; filename*=UTF-8''..%2F..%2Fevil",
        "attachment; filename=C:\\evil",
        'attachment; filename="a/../../evil"',
    ],
)
def test_server_cannot_leave_the_directory(call: Any, tmp_path: Path, disposition: str) -> None:
    folder = tmp_path / "one" / "two" / "three"
    folder.mkdir(parents=True)
    with raw_server(answering(named(disposition))) as raw:
        assert call(raw.url, "-o", str(folder)).status == 0

    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["evil"]
    assert (folder / "evil").read_bytes() == b"data"


def test_hint_ahead_of_the_answer_does_not_open_the_way_to_a_file(
    call: Any, tmp_path: Path
) -> None:
    """Neither is the name of a 103 taken, nor is a file that is there by the name of the answer."""
    (tmp_path / "precious").write_text("precious")
    hint = b"HTTP/1.1 103 Early Hints\r\nContent-Disposition: a; filename=hint\r\nETag: 1\r\n\r\n"
    with raw_server(answering(hint + named("attachment; filename=precious"))) as raw:
        assert call(raw.url, "-o", str(tmp_path)).status == 0

    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "precious-1").read_bytes() == b"data"
    assert not (tmp_path / "hint").exists()


def test_file_that_was_there_outlives_a_body_that_breaks_off(call: Any, tmp_path: Path) -> None:
    def script(conversation: Any) -> None:
        conversation.receive_head()
        conversation.send(named("attachment; filename=precious").replace(b": 4", b": 9"))

    (tmp_path / "precious").write_text("precious")
    with raw_server(script) as raw:
        assert call(raw.url, "-o", str(tmp_path)).status == 1

    assert (tmp_path / "precious").read_text() == "precious"


def test_redirect_does_not_choose_the_name(call: Any, server: str, tmp_path: Path) -> None:
    call(f"{server}/redirect/302?to=/bytes/4", "--follow-redirects", "-o", str(tmp_path))

    assert [path.name for path in tmp_path.iterdir()] == ["302"]


def test_body_that_breaks_off_is_said_to_be_incomplete(call: Any, tmp_path: Path) -> None:
    def script(conversation: Any) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")

    target = tmp_path / "x"
    with raw_server(script) as raw:
        done = call(raw.url, "-o", str(target))

    incomplete, reason = done.err.splitlines()
    assert done.status == 1
    assert incomplete == f"{target} is incomplete: it has 2 bytes."
    assert reason.startswith("RemoteProtocolError: ")
    assert target.read_bytes() == b"ab"


@pytest.mark.parametrize(
    ("url", "fields", "name"),
    [
        ("http://a/b/c.tar.gz?x=/y", {}, "c.tar.gz"),
        ("http://a/b/", {"content-type": "text/html; charset=utf-8"}, "download.html"),
        ("http://a", {}, "download"),
        ("http://a/%2e%2e%2fx%20y", {}, "x y"),
        ("http://a/%2e%2e%5c..%5Cx", {}, "x"),
        ("http://a/%2e%2e%2f..%2F", {}, "download"),
        ("http://a/..\\..\\x", {}, "x"),
        ("http://a/%2e%2e", {}, "download"),
        ("http://a/x", {"content-disposition": "inline"}, "x"),
        ("http://a/x", {"content-disposition": 'a; filename=""'}, "x"),
        ("http://a/x", {"content-disposition": "a; filename=y"}, "y"),
        ("http://a/x", {"content-disposition": "a; filename*=UTF-8''%c3%a4.txt"}, "ä.txt"),
        ("http://a/x", {"content-disposition": "a; filename*=nonsense''%ff"}, None),
        ("http://a/x", {"content-disposition": "\x00; ; =; filename"}, "x"),
        ("http://a/x", {"content-disposition": "a; filename*=idna''%ff"}, "x"),
        ("http://a/x", {"content-disposition": "a; filename*=punycode''x%ff"}, "x"),
    ],
)
def test_name_is_the_servers_or_the_urls_or_made_up(
    url: str, fields: dict[str, str], name: str | None
) -> None:
    found = file_name(hookline.Response(200, headers=fields), hookline.URL(url))

    assert name is None or found == name
    assert found == safe_name(found)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.txt", "a.txt"),
        ("", ""),
        (".", ""),
        ("..", ""),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        (" a . ", "a"),
        ("a\x00b\nc\x1b[31m", "a_b_c_[31m"),
        ('a<>:"|?*b', "a_______b"),
        ("nul", "_nul"),
        ("COM1.txt", "_COM1.txt"),
        ("console", "console"),
        ("\u202etxt.exe", "_txt.exe"),
        ("ä" * 300 + ".txt", "ä" * 98 + ".txt"),
        ("x." + "y" * 300, ("x." + "y" * 300)[:200]),
        ("\ud800x", "?x"),
    ],
)
def test_safe_name_is_a_file_here_and_nothing_else(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert len(safe.encode()) <= 200


def test_progress_is_drawn_on_a_terminal(terminal: Any, tmp_path: Path) -> None:
    body = b"x" * 2_000_000
    with raw_server(answering(named("attachment; filename=a[b].bin", body))) as raw:
        done = terminal(raw.url, "-O")

    assert done.status == 0
    assert "━".encode() in done.out
    assert b"2.0/2.0 MB" in done.out
    assert b"a[b].bin" in done.out
    # The bar is gone in the end, the line stays.
    assert done.out.endswith(b"Saved 2.0 MB as a[b].bin\n")
    assert (tmp_path / "a[b].bin").read_bytes() == body
