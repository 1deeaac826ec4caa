"""`-v`: the connection, the request and the head, as they happen."""

from __future__ import annotations

from typing import Any

import pytest

import hookline
from hookline._cli._pretty import plain
from hookline._cli._talk import Talk, field
from support.raw import answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_everything_but_the_body_goes_to_the_standard_error(call: Any) -> None:
    with raw_server(answering(OK)) as raw:
        done = call(raw.url, "-v", "-h", "X-Name", "value")
    host = f"127.0.0.1:{raw.address[1]}"

    assert (done.status, done.text) == (0, "ok")
    assert done.err == (
        f"* Connecting to 127.0.0.1, port {raw.address[1]}\n"
        f"* Connected to 127.0.0.1, port {raw.address[1]}\n"
        "GET / HTTP/1.1\n"
        f"Host: {host}\n"
        "Accept: */*\n"
        f"Accept-Encoding: {hookline.Client().headers['accept-encoding']}\n"
        "Connection: keep-alive\n"
        f"User-Agent: python-hookline/{hookline.__version__}\n"
        "X-Name: value\n"
        "\n"
        "HTTP/1.1 200 OK\n"
        "Content-Length: 2\n"
        "\n"
    )


def test_head_is_printed_once_where_it_is_printed_anyway(call: Any) -> None:
    with raw_server(answering(OK)) as raw:
        done = call(raw.url, "-v", "--format", "pretty")

    assert done.text == "HTTP/1.1 200 OK\nContent-Length: 2\n\nok\n"
    assert "200 OK" not in done.err


def test_encryption_and_names_are_described(
    call: Any, h2_server: str, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    lines = call(f"{h2_server}/", "-v", "--http2").err.splitlines()

    assert lines[1].startswith("* Addresses: ")
    assert "127.0.0.1" in lines[1]
    assert lines[3].startswith("* TLSv1.")
    assert lines[3].endswith(", ALPN chose h2")
    assert lines[4] == "* Certificate for localhost, 127.0.0.1"
    assert lines[5].startswith("*   valid until ")
    assert "GET / HTTP/2" in lines


def test_certificate_that_is_not_checked_is_said_not_to_be(call: Any, tls_server: str) -> None:
    done = call(f"{tls_server}/", "-v", "--no-verify")

    assert "* The certificate was not checked\n" in done.err


def test_request_is_shown_as_the_proxy_gets_it(call: Any) -> None:
    with raw_server(answering(OK)) as proxy:
        url = proxy.url.replace("http://", "http://joe:s3cret@")
        done = call("http://no.test/a", "-v", "--proxy", url)

    assert "* Connecting to no.test, port 80 through the proxy\n" in done.err
    assert "GET http://no.test/a HTTP/1.1\n" in done.err
    assert "Proxy-Authorization: Basic [secure]\n" in done.err
    assert "s3cret" not in done.err


def test_credentials_are_masked_unless_asked_for(call: Any, server: str) -> None:
    arguments = ("--auth", "user", "pa55", "--cookies", "sid", "c00kie", "-h", "X-Token", "t0ken")
    hidden = call(f"{server}/status/200", "-v", "--trace", *arguments).err
    shown = call(f"{server}/status/200", "-v", "--reveal", *arguments).err

    assert (
        "Authorization: Basic [secure]\nCookie: [secure]\n"
        in hidden.replace("X-Token: [secure]\n", "")
        or "Cookie: [secure]\n" in hidden
    )
    for secret in ("dXNlcjpwYTU1", "c00kie", "t0ken", "pa55"):
        assert secret not in hidden
    for secret in ("dXNlcjpwYTU1", "c00kie", "t0ken"):
        assert secret in shown


def test_every_hop_shows_its_request(call: Any, server: str) -> None:
    done = call(f"{server}/redirect/302?to=/", "-v", "--follow-redirects")

    assert "GET /redirect/302?to=/ HTTP/1.1\n" in done.err
    assert "HTTP/1.1 302 Found\n" in done.err
    assert "GET / HTTP/1.1\n" in done.err
    assert done.text == "Hello, world!"


def test_transport_that_tells_nothing_shows_its_requests_too() -> None:
    lines: list[str] = []
    talk = Talk(lines.append, plain, reveal=False)
    talk.on_request(hookline.Request("GET", "http://a/b", headers={"Authorization": "x y"}))
    talk.on_response(hookline.Response(200, extensions={"http_version": b"HTTP/1.0"}))

    assert lines == ["GET /b HTTP/1.0", "Host: a", "Authorization: x [secure]", ""]


def test_protocol_of_somebody_else_is_called_by_its_name() -> None:
    lines: list[str] = []
    talk = Talk(lines.append, plain, reveal=False)
    request = hookline.Request("GET", "http://a/b")
    talk.on_event("acme.send_request_headers.started", {"request": request})

    assert lines[0] == "GET /b acme"


def test_fields_are_visible_whoever_made_them() -> None:
    assert field("X\x1b[2J", "a\x1bb", plain) == "X␛[2J: a␛b"
