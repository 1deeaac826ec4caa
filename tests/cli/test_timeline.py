"""`--trace`: what took how long, and how it is drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import hookline
from hookline._cli._pretty import colored, plain
from hookline._cli._timeline import Hop, Phase, Timeline
from hookline._cli._waterfall import SPECIMEN, drawn
from support.raw import answering, raw_server

PHASES = ["DNS", "connect", "TLS", "send", "first byte", "body"]


class Stream:
    def __init__(self, address: Any = ("127.0.0.1", 80)) -> None:
        self.address = address

    def get_extra_info(self, name: str) -> Any:
        assert name == "server_addr"
        return self.address


class Clock:
    """Shows what it was set to, in milliseconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now / 1000


class Told:
    """A timeline, told of events at given times."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.timeline = Timeline(self.clock)

    def request(self, at: float, url: str = "http://a.test/", method: str = "GET") -> None:
        self.clock.now = 1000 + at
        self.timeline.on_request(hookline.Request(method, url))

    def response(self, at: float, status: int = 200) -> None:
        self.clock.now = 1000 + at
        self.timeline.on_response(
            hookline.Response(status, extensions={"http_version": b"HTTP/1.1"})
        )

    def step(self, step: str, start: float, end: float, state: str = "complete") -> None:
        self.clock.now = 1000 + start
        self.timeline.on_event(f"{step}.started", {})
        self.clock.now = 1000 + end
        self.timeline.on_event(f"{step}.{state}", {"return_value": Stream()})

    def started(self, step: str, at: float) -> None:
        self.clock.now = 1000 + at
        self.timeline.on_event(f"{step}.started", {})

    def complete(self, step: str, at: float, result: Any = None) -> None:
        self.clock.now = 1000 + at
        self.timeline.on_event(f"{step}.complete", {"return_value": result or Stream()})

    def phases(self, hop: int = 0) -> list[tuple[str, float, float]]:
        return [
            (phase.name, round(phase.start * 1000), round(phase.end * 1000))
            for phase in self.timeline.hops[hop].phases
        ]


def exchange(told: Told, at: float) -> None:
    """10 ms to send, 20 until the head, 30 for the body."""
    told.step("http11.send_request_headers", at, at + 5)
    told.step("http11.send_request_body", at + 5, at + 10)
    told.step("http11.receive_response_headers", at + 10, at + 30)
    told.response(at + 30)
    told.step("http11.receive_response_body", at + 30, at + 60)


def connection(told: Told) -> None:
    """10 ms for the name, 20 to connect, 30 for TLS."""
    told.started("connection.connect_tcp", 0)
    told.step("connection.resolve_host", 0, 10)
    told.complete("connection.connect_tcp", 30)
    told.step("connection.start_tls", 30, 60)


# -- What took how long ------------------------------------------------------------------------


def test_name_is_looked_up_before_connecting_begins() -> None:
    told = Told()
    told.request(0)
    connection(told)
    exchange(told, 60)
    told.timeline.finish()

    assert told.phases() == [
        ("DNS", 0, 10),
        ("connect", 10, 30),
        ("TLS", 30, 60),
        ("send", 60, 70),
        ("first byte", 70, 90),
        ("body", 90, 120),
    ]
    hop = told.timeline.hops[0]
    assert (hop.is_new, hop.address, hop.http_version) == (True, "127.0.0.1:80", "HTTP/1.1")
    assert round(told.timeline.end * 1000) == 120


def test_time_begins_with_the_first_step() -> None:
    told = Told()
    told.request(0)
    # Modules were loaded meanwhile.
    told.step("connection.connect_tcp", 40, 50)
    exchange(told, 50)

    assert told.phases()[0] == ("connect", 0, 10)
    assert told.phases()[-1] == ("body", 40, 70)


def test_connection_that_is_used_again_has_no_phases_of_its_own() -> None:
    told = Told()
    told.request(0)
    told.step("connection.connect_tcp", 0, 10)
    exchange(told, 10)
    told.request(80)
    exchange(told, 80)

    assert [name for name, _, _ in told.phases(1)] == ["send", "first byte", "body"]
    assert not told.timeline.hops[1].is_new


def test_name_that_is_not_found_is_where_it_ends() -> None:
    told = Told()
    told.request(0)
    told.started("connection.connect_tcp", 0)
    told.step("connection.resolve_host", 0, 50, "failed")
    told.clock.now = 1050
    told.timeline.on_event("connection.connect_tcp.failed", {})
    told.timeline.finish()

    assert told.phases() == [("DNS", 0, 50)]
    assert told.timeline.hops[0].phases[0].has_failed


def test_proxy_is_a_phase_of_its_own() -> None:
    told = Told()
    told.request(0)
    told.step("connection.connect_through_proxy", 0, 25)
    told.step("connection.start_tls", 25, 30)

    assert [name for name, _, _ in told.phases()] == ["proxy", "TLS"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (("127.0.0.1", 80), "127.0.0.1:80"),
        (("::1", 80, 0, 0), "[::1]:80"),
        ("/run/x.sock", "/run/x.sock"),
        ("", None),
        (None, None),
    ],
)
def test_address_is_written_as_in_a_url(address: Any, shown: str | None) -> None:
    told = Told()
    told.request(0)
    told.started("connection.connect_tcp", 0)
    told.complete("connection.connect_tcp", 1, Stream(address))

    assert told.timeline.hops[0].address == shown


def test_transport_that_tells_nothing_has_two_phases() -> None:
    told = Told()
    told.request(0)
    told.response(20, 302)
    told.request(30)
    told.response(40)
    told.clock.now = 1045
    told.timeline.finish()

    assert told.phases(0) == [("first byte", 0, 20), ("body", 20, 30)]
    assert told.phases(1) == [("first byte", 30, 40), ("body", 40, 45)]


# -- How it is drawn ---------------------------------------------------------------------------


def timeline_of(*phases: tuple[str, float, float], end: float, url: str = "http://a/") -> Timeline:
    timeline = Timeline()
    timeline.end = end
    hop = Hop(hookline.Request("GET", url), 0.0)
    hop.status_code, hop.http_version = 200, "HTTP/1.1"
    for name, start, stop in phases:
        phase = Phase(name, start)
        phase.end = stop
        hop.phases.append(phase)
    timeline.hops.append(hop)
    return timeline


def test_bars_are_as_long_as_their_phases() -> None:
    timeline = timeline_of(("connect", 0, 0.2), ("send", 0.2, 0.25), ("body", 0.6, 1), end=1)

    # 24 columns beside the bars, and one that stays free: 20 for the second that it took.
    assert drawn(timeline, width=45, paint=plain) == [
        "1 GET http://a/ → 200",
        "  (HTTP/1.1, same connection)",
        "  connect     200.0 ms  ████",
        "  send         50.0 ms      █",
        "  body        400.0 ms              ████████",
        "  total         1.00 s  1 request",
    ]


@pytest.mark.parametrize(
    ("end", "bar"),
    [(0.0, "▏"), (0.001, "▏"), (0.0125, "▎"), (0.025, "▌"), (0.05, "█"), (0.0875, "█▊")],
)
def test_bars_end_on_an_eighth_of_a_column(end: float, bar: str) -> None:
    row = drawn(timeline_of(("send", 0, end), end=1), width=45, paint=plain)[-2]

    assert row.split()[-1] == bar


def test_ascii_will_do() -> None:
    timeline = timeline_of(("connect", 0, 0.5), ("send", 0.5, 0.5), end=1)
    lines = drawn(timeline, width=80, paint=plain, is_ascii=True)

    assert lines[0] == "1 GET http://a/ -> 200 (HTTP/1.1, same connection)"
    assert lines[1].endswith("  " + "#" * 28)
    assert lines[2].endswith(" " * 27 + "#")
    assert all(line.isascii() for line in lines)


def test_failed_phase_says_so_and_stays_in_the_line() -> None:
    timeline = timeline_of(("connect", 0, 0.2), ("TLS", 0.2, 1), end=1)
    timeline.hops[0].phases[1].has_failed = True
    timeline.hops[0].status_code = timeline.hops[0].http_version = None

    lines = drawn(timeline, width=60, paint=plain)
    assert lines[0] == "1 GET http://a/ → no response"
    assert lines[2].endswith("██ failed")
    assert all(len(line) < 60 for line in lines)
    assert "\x1b[31m\x1b[1m" in drawn(timeline, width=60, paint=colored)[2]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
def test_lines_fit_where_there_is_room_at_all(width: int) -> None:
    url = "https://a.test/" + "long/" * 50 + "end"
    timeline = timeline_of(*((name, 0.1, 1.0) for name in PHASES), end=1, url=url)
    lines = [
        line for text in drawn(timeline, width=width, paint=plain) for line in text.split("\n")
    ]

    if width >= 40:
        assert max(len(line) for line in lines) <= width
    # Both ends of a URL are worth more than its middle.
    assert lines[0].startswith("1 GET https")
    assert lines[0].endswith("end → 200")


def test_password_is_not_drawn() -> None:
    timeline = timeline_of(("body", 0, 1), end=1, url="http://user:secret@a/")

    assert "secret@" not in "\n".join(drawn(timeline, width=80, paint=plain))


def test_nothing_took_any_time() -> None:
    assert drawn(timeline_of(("body", 0, 0), end=0), width=80, paint=plain)[-2].endswith("▏")


# -- The whole of it ---------------------------------------------------------------------------


def bars(text: str) -> Iterator[list[str]]:
    """The names of the phases that have a bar, hop by hop."""
    for hop in re.split(r"^\d+ [A-Z]+ ", text, flags=re.MULTILINE)[1:]:
        yield re.findall(rf"^  (\w[\w ]*?) +[\d.]+ m?s +[{SPECIMEN[1:9]}]+$", hop, re.MULTILINE)


def test_every_phase_of_every_hop_has_a_bar(
    call: Any, tls_server: str, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    done = call(f"{tls_server}/redirect/302?to=/bytes/300000", "--follow-redirects", "--trace")

    assert done.out == b"x" * 300_000
    assert list(bars(done.err)) == [PHASES, PHASES[3:]]
    assert f"1 GET {tls_server}/redirect/302?to=/bytes/300000 → 302" in done.err
    assert f"2 GET {tls_server}/bytes/300000 → 200 (HTTP/1.1, same connection)" in done.err
    assert "2 requests" in done.err


def test_challenge_and_answer_are_two_hops(call: Any, server: str) -> None:
    arguments = ("--auth", "user", "password", "--auth-scheme", "digest", "--trace")
    done = call(f"{server}/digest/auth", *arguments)

    assert list(bars(done.err)) == [["connect", *PHASES[3:]], PHASES[3:]]
    assert re.findall(r"→ (\d+)", done.err) == ["401", "200"]


def test_what_failed_is_drawn_before_the_error(call: Any) -> None:
    done = call("http://127.0.0.1:1/", "--trace")
    lines = done.err.strip().splitlines()

    assert done.status == 1
    assert lines[0] == "1 GET http://127.0.0.1:1/ → no response"
    assert lines[1].startswith("  connect ")
    assert lines[1].endswith(" failed")
    assert lines[-1].startswith("ConnectError: ")


def test_interrupted_call_shows_where_it_was(terminal: Any) -> None:
    import signal

    def script(conversation: Any) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
        conversation.receive_to_end()

    with raw_server(script) as raw:
        done = terminal(raw.url, "--trace", "--timeout", "60", until=b"ab", then=signal.SIGINT)

    assert done.status == 130
    assert b"first byte" in done.out
    assert b"Traceback" not in done.out


def test_two_connections_are_told_apart(call: Any) -> None:
    there = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with raw_server(answering(there)) as second:
        here = f"HTTP/1.1 302 Found\r\nLocation: {second.url}\r\nContent-Length: 0\r\n\r\n"
        with raw_server(answering(here.encode())) as first:
            done = call(first.url, "--follow-redirects", "--trace")

    assert done.err.count("new connection to 127.0.0.1:") == 2
