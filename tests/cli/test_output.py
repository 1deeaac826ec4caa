"""What is printed: bytes for programs, something to read for people."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hookline._cli._output import Output
from hookline._cli._pretty import colored, highlighted, kind_of, looks_binary, plain
from hookline._cli._text import duration, masked, size, visible
from support.raw import answering, raw_server

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def response(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(head).encode() + body


def pretty(call: Any, body: bytes, *fields: str, color: str = "never") -> str:
    """The body as `--format pretty` shows it."""
    with raw_server(answering(response(body, *fields))) as raw:
        done = call(raw.url, "--format", "pretty", "--color", color)
    assert (done.status, done.err) == (0, "")
    shown: str = done.text.partition("\n\n")[2]
    return shown


# -- Formats -----------------------------------------------------------------------------------


def test_pipe_gets_the_body_byte_for_byte(call: Any) -> None:
    body = bytes(range(256)) * 300 + b"\r\n\x1b[31m no line end"
    with raw_server(answering(response(body, "Content-Type: text/html"))) as raw:
        done = call(raw.url)

    assert (done.status, done.out, done.err) == (0, body, "")


def test_compressed_body_is_printed_decoded(call: Any, server: str) -> None:
    assert call(f"{server}/encoded/gzip").text == "Hello, world!" * 1000


def test_terminal_gets_the_head_and_a_readable_body(call: Any, seen: None) -> None:
    fields = ("Content-Type: application/json", "X-Name: ä")
    with raw_server(answering(response(b'{"a":1}', *fields))) as raw:
        done = call(raw.url, "--color", "never")

    assert done.text == (
        "HTTP/1.1 200 OK\n"
        "Content-Length: 7\n"
        "Content-Type: application/json\n"
        "X-Name: ä\n"
        "\n"
        '{\n  "a": 1\n}\n'
    )


def test_heads_of_all_hops_are_shown(call: Any, server: str) -> None:
    url = f"{server}/redirect/302?to=/"
    done = call(url, "--follow-redirects", "--format", "pretty")
    heads = [line for line in done.text.splitlines() if line.startswith("HTTP/")]

    assert heads == ["HTTP/1.1 302 Found", "HTTP/1.1 200 OK"]
    assert done.text.endswith("\n\nHello, world!\n")


def test_response_without_a_body_is_a_head(call: Any, server: str) -> None:
    done = call(f"{server}/status/204", "--format", "pretty")

    assert done.text.startswith("HTTP/1.1 204 No Content\n")
    assert done.text.endswith("\n\n")


# -- Colours -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("200 OK", "\x1b[32m\x1b[1m200 OK\x1b[0m"),
        ("301 Moved", "\x1b[33m\x1b[1m301 Moved\x1b[0m"),
        ("404 Not Found", "\x1b[31m\x1b[1m404 Not Found\x1b[0m"),
        ("500 Oh", "\x1b[31m\x1b[1m500 Oh\x1b[0m"),
    ],
)
def test_status_is_coloured_by_its_class(call: Any, status: str, shown: str) -> None:
    with raw_server(answering(response(b"", status=status))) as raw:
        done = call(raw.url, "--format", "pretty", "--color", "always")

    assert done.text.startswith(f"HTTP/1.1 {shown}\n\x1b[36mContent-Length\x1b[0m: 0\n")


def test_json_is_coloured_by_what_it_is(call: Any) -> None:
    body = b'{"a": "b", "c": [1, true]}'
    shown = pretty(call, body, "Content-Type: application/json", color="always")

    assert shown == (
        "{\n"
        '  \x1b[36m"a"\x1b[0m: \x1b[32m"b"\x1b[0m,\n'
        '  \x1b[36m"c"\x1b[0m: [\n'
        "    \x1b[35m1\x1b[0m,\n"
        "    \x1b[35m\x1b[1mtrue\x1b[0m\n"
        "  ]\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("mime", "body", "colored_part"),
    [
        ("text/html", '<p class="x">Hi &amp; bye</p>\n\n', '\x1b[32m"x"\x1b[39;49;00m'),
        ("application/xml", '<?xml version="1.0"?>\n<a b="c"/>', "\x1b[36mb=\x1b[39;49;00m"),
        ("text/css", "p { color: red }", "\x1b[36mp\x1b[39;49;00m"),
    ],
)
def test_source_is_coloured_and_otherwise_as_it_came(
    call: Any, mime: str, body: str, colored_part: str
) -> None:
    shown = pretty(call, body.encode(), f"Content-Type: {mime}", color="always")

    assert colored_part in shown
    assert ESCAPE.sub("", shown) == body if body.endswith("\n") else body + "\n"


def test_text_of_a_type_that_nobody_knows_is_plain(call: Any) -> None:
    shown = pretty(call, b"a,b\n1,2\n", "Content-Type: text/csv", color="always")

    assert shown == "a,b\n1,2\n"


@pytest.mark.parametrize(
    ("color", "environment", "expected"),
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
    ],
)
def test_colours_are_for_terminals_unless_somebody_says_otherwise(
    seen: None,
    monkeypatch: pytest.MonkeyPatch,
    color: str,
    environment: dict[str, str],
    expected: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    output = Output("auto", color)

    assert (output.paint is colored, output.paint_note is colored) == (expected, expected)


def test_pipe_has_no_colours(call: Any, server: str) -> None:
    done = call(f"{server}/echo", "-v", "--trace", "--format", "pretty")

    assert "\x1b" not in done.text + done.err


# -- JSON --------------------------------------------------------------------------------------


def test_json_says_what_it_said_before() -> None:
    text = (
        '{"big":12345678901234567890.10,"same":1,"same":2,"far":1e400,"minus":-0.0,'
        '"text":"\\u00e9 é \\"q\\" {[,:]}","none":[ ],"nothing":{ }, "deep":[[1],[]]}'
    )

    assert highlighted(text, "json", plain).splitlines() == [
        "{",
        '  "big": 12345678901234567890.10,',
        '  "same": 1,',
        '  "same": 2,',
        '  "far": 1e400,',
        '  "minus": -0.0,',
        '  "text": "\\u00e9 é \\"q\\" {[,:]}",',
        '  "none": [],',
        '  "nothing": {},',
        '  "deep": [',
        "    [",
        "      1",
        "    ],",
        "    []",
        "  ]",
        "}",
    ]
    assert highlighted(' "alone" ', "json", plain) == '"alone"'


@pytest.mark.parametrize(
    "text", ["", "{", "<html>", '{"a":1} {"b":2}', "[" * 100_000, '"' + "x" * 1_000_000 + '"']
)
def test_what_is_no_json_or_too_much_is_left_alone(text: str) -> None:
    assert highlighted(text, "json", colored) == text


# -- What a terminal must not be sent ----------------------------------------------------------


def test_control_characters_are_shown_and_not_obeyed(call: Any) -> None:
    body = "\x1b[2J\x1b]0;owned\x07\ttab\x9b31m \u202eevil\x7f\rover\r\nend\n".encode()
    shown = pretty(call, body, "Content-Type: text/plain; charset=utf-8", color="always")

    assert shown == "␛[2J␛]0;owned␇\ttab\\x9b31m \\u202eevil␡␍over\nend\n"


def test_control_characters_of_heads_are_shown_too(call: Any) -> None:
    # What the protocol lets pass.
    with raw_server(answering(response(b"", "X-Name: \u009b31m\u202e"))) as raw:
        done = call(raw.url, "--format", "pretty", "--color", "always")

    assert "\x1b[36mX-Name\x1b[0m: \\x9b31m\\u202e\n" in done.text


@pytest.mark.parametrize(
    ("body", "fields", "summary"),
    [
        (b"\x89PNG\r\n\x1a\n", ["Content-Type: image/png"], "<8 bytes of binary data, image/png"),
        (b"P" * 1500, ["Content-Type: image/png"], "<1.5 kB of binary data, image/png"),
        (b"ab\0cd", [], "<5 bytes of binary data"),
        (b"ab\0cd", ["Content-Type: text/plain"], "<5 bytes of binary data, text/plain"),
        (bytes(range(1, 30)), [], "<29 bytes of binary data"),
        (b"\0", [], "<1 byte of binary data"),
        (b"text, or so it begins, and goes on for long enough\0", [], "<51 bytes of binary data"),
    ],
)
def test_binary_data_is_summarised(call: Any, body: bytes, fields: list[str], summary: str) -> None:
    assert pretty(call, body, *fields) == f"{summary}; --download FILE saves it>\n"


def test_text_without_a_type_is_shown(call: Any) -> None:
    assert pretty(call, "höi".encode()) == "höi\n"
    assert pretty(call, b"h\xf6i", "Content-Type: text/plain; charset=iso-8859-1") == "höi\n"
    assert pretty(call, b"h\xf6i", "Content-Type: text/plain; charset=nonsense") == "h\ufffdi\n"


def test_coloured_log_is_no_binary_data() -> None:
    assert not looks_binary(b"\x1b[31mred\x1b[0m and\x0c so on\r\n")


def test_terminal_without_the_characters_is_no_reason_to_fail(server: str) -> None:
    import os
    import subprocess
    import sys

    arguments = ["--format", "pretty", "--trace", "-c", "ä→"]
    done = subprocess.run(
        [sys.executable, "-m", "hookline", f"{server}/echo", *arguments],
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict"}, capture_output=True, check=False,
    )  # fmt: skip

    assert b"->" in done.stderr
    assert b"#" in done.stderr
    done.stderr.decode("ascii")


def test_characters_that_a_stream_lacks_are_written_as_escapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import io
    import sys

    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    Output("pretty", "never").text("ä→")

    assert stream.buffer.getvalue() == b"\\xe4\\u2192\n"  # type: ignore[attr-defined]


# -- As it comes -------------------------------------------------------------------------------


def test_stream_of_events_is_shown_while_it_lasts(terminal: Any) -> None:
    import signal

    def script(conversation: Any) -> None:
        conversation.receive_head()
        conversation.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n"
        )
        conversation.receive_to_end()

    with raw_server(script) as raw:
        # Nothing more ever comes: what is shown was not waited for.
        done = terminal(raw.url, "--timeout", "60", until=b"data: first\r\n", then=signal.SIGINT)

    assert done.status == 130


def test_characters_in_two_pieces_are_whole(call: Any) -> None:
    def script(conversation: Any) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n")
        conversation.send(b"Transfer-Encoding: chunked\r\n\r\n1\r\n\xc3\r\n")
        conversation.send(b"1\r\n\xa4\r\n0\r\n\r\n")

    with raw_server(script) as raw:
        assert call(raw.url, "--format", "pretty").text.endswith("\n\nä\n")


def test_half_a_character_at_the_end_is_not_lost(call: Any) -> None:
    assert pretty(call, b"a\xc3", "Content-Type: text/plain") == "a\ufffd\n"


# -- Small things ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mime", "kind"),
    [
        ("application/json", "json"),
        ("application/problem+json; charset=utf-8", "json"),
        ("TEXT/HTML", "html"),
        ("application/atom+xml", "xml"),
        ("image/svg+xml", "xml"),
        ("text/event-stream", "lines"),
        ("application/x-ndjson", "lines"),
        ("text/plain", "text"),
        ("text/css", "text/css"),
        ("application/javascript", "application/javascript"),
        ("application/pdf", "binary"),
        ("video/mp4", "binary"),
        ("application/unheard-of", ""),
        ("", ""),
    ],
)
def test_kinds_follow_from_the_type(mime: str, kind: str) -> None:
    assert kind_of(mime) == kind


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (999_949, "999.9 kB"),
     (999_950, "1.0 MB"), (4_000_000_000, "4.0 GB"), (10**16, "10000.0 TB")],
)  # fmt: skip
def test_sizes_are_rounded_to_a_unit(number: int, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.00 ms"), (0.000_02, "0.02 ms"), (0.0123, "12.3 ms"), (0.999_9, "999.9 ms"),
     (1.0, "1.00 s"), (75, "75.00 s")],
)  # fmt: skip
def test_times_are_rounded_to_a_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Basic dTpw", "Basic [secure]"),
        ("Proxy-Authorization", "Digest a=b, c=d", "Digest [secure]"),
        ("authorization", "token", "[secure]"),
        ("Cookie", "sid=1", "[secure]"),
        ("X-Api-Key", "1", "[secure]"),
        ("X-Auth-Token", "1", "[secure]"),
        ("Accept", "*/*", "*/*"),
    ],
)
def test_credentials_are_masked_by_their_header(name: str, value: str, shown: str) -> None:
    assert masked(name, value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("a\u200eb\u200f", "a\\u200eb\\u200f"),
        ("\u061ca", "\\u061ca"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("a\U000e0041\U000e007f", "a\\U000e0041\\U000e007f"),
    ],
)
def test_what_nobody_sees_is_shown_as_what_it_is(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_visible_text_stays_as_it_is() -> None:
    assert visible("ä→\u00a0\n\tz") == "ä→\u00a0\n\tz"
