"""What `hookline URL` sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.proxies import ScriptedProxy, running_proxy
from support.raw import Conversation, answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def header(echo: Any, name: str) -> list[str]:
    return [value for each, value in echo["headers"] if each == name]


def test_url_alone_is_a_get(call: Any, server: str) -> None:
    echo = call(f"{server}/echo").json

    assert (echo["method"], echo["path"], echo["body"]) == ("GET", "/echo", "")


def test_method_is_sent_as_it_is_given(call: Any, server: str) -> None:
    assert call(f"{server}/echo", "-m", "PATCH").json["method"] == "PATCH"
    assert call("--method", "DELETE", f"{server}/echo").json["method"] == "DELETE"


def test_parameters_join_those_of_the_url(call: Any, server: str) -> None:
    pairs = ("-p", "a", "1 2", "--params", "b", "x&y", "-p", "a", "3")

    assert call(f"{server}/echo", *pairs).json["query"] == "a=1+2&a=3&b=x%26y"
    assert call(f"{server}/echo?z=%20", *pairs).json["query"] == "z=%20&a=1+2&a=3&b=x%26y"


def test_headers_are_repeated_as_often_as_they_are_given(call: Any, server: str) -> None:
    arguments = ("-h", "X-One", "1", "--headers", "X-One", "2", "-H", "X-Two: a: b", "-H", "X-No:")
    echo = call(f"{server}/echo", *arguments).json

    assert header(echo, "x-one") == ["1", "2"]
    assert header(echo, "x-two") == ["a: b"]
    assert header(echo, "x-no") == [""]


def test_cookies_are_sent(call: Any, server: str) -> None:
    echo = call(f"{server}/echo", "--cookies", "a", "1", "--cookies", "b", "2").json

    assert header(echo, "cookie") == ["a=1; b=2"]


def test_content_is_a_post_of_the_text(call: Any, server: str) -> None:
    echo = call(f"{server}/echo", "-c", "häppy").json

    assert (echo["method"], echo["body"].encode("latin-1").decode()) == ("POST", "häppy")
    assert call(f"{server}/echo", "-c", "").json["method"] == "POST"


def test_content_is_read_from_the_standard_input(call: Any, server: str) -> None:
    data = bytes(range(256)) * 1000
    echo = call(f"{server}/echo", "-c", "-", "-m", "PUT", input=data).json

    assert (echo["method"], echo["body"].encode("latin-1")) == ("PUT", data)
    assert header(echo, "content-length") == ["256000"]


def test_json_is_checked_and_sent(call: Any, server: str) -> None:
    echo = call(f"{server}/echo", "-j", ' {"a": [1, "ä"]} ').json

    assert echo["body"].encode("latin-1").decode() == '{"a":[1,"ä"]}'
    assert header(echo, "content-type") == ["application/json"]
    assert call(f"{server}/echo", "--json", "-", input=b"[1]").json["body"] == "[1]"


@pytest.mark.parametrize("value", ["null", "false", "0", '""', "{}"])
def test_json_that_is_nothing_is_sent_too(call: Any, server: str, value: str) -> None:
    echo = call(f"{server}/echo", "-j", value, "-h", "X-Kept", "1").json

    assert (echo["method"], echo["body"]) == ("POST", value)
    assert header(echo, "content-type") == ["application/json"]
    assert header(echo, "x-kept") == ["1"]


def test_data_is_a_form_and_keeps_repeated_fields(call: Any, server: str) -> None:
    echo = call(f"{server}/echo", "-d", "a", "1", "-d", "b", "&", "-d", "a", "2").json

    assert echo["body"] == "a=1&a=2&b=%26"
    assert header(echo, "content-type") == ["application/x-www-form-urlencoded"]


def test_files_and_data_are_one_form(call: Any, server: str, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(b"some text")
    echo = call(
        f"{server}/echo", "-f", "doc", str(path), "-d", "a", "1", "-f", "doc", "-", input=b"piped"
    ).json

    assert header(echo, "content-type")[0].startswith("multipart/form-data; boundary=")
    assert 'name="a"\r\n\r\n1\r\n' in echo["body"]
    assert 'name="doc"; filename="note.txt"\r\n' in echo["body"]
    assert 'name="doc"; filename="stdin"\r\n' in echo["body"]
    assert "\r\n\r\nsome text\r\n" in echo["body"]
    assert "\r\n\r\npiped\r\n" in echo["body"]


def test_auth_is_basic(call: Any, server: str) -> None:
    assert call(f"{server}/basic", "--auth", "user", "password").text == "welcome"
    assert call(f"{server}/basic", "--auth", "user", "wrong").status == 1


def test_password_is_asked_for_on_the_standard_error(call: Any, server: str) -> None:
    done = call(f"{server}/basic", "--auth", "user", "-", input=b"password\n")

    assert (done.status, done.text) == (0, "welcome")
    assert done.err.startswith("Password:")
    assert "password\n" not in done.err


@pytest.mark.parametrize("scheme", ["digest", "auto"])
def test_auth_schemes_answer_challenges(call: Any, server: str, scheme: str) -> None:
    arguments = ("--auth", "user", "password", "--auth-scheme", scheme)
    done = call(f"{server}/digest/auth", "-c", "signed", *arguments)

    assert (done.status, done.json) == (0, {"body": "signed"})


def test_scheme_without_credentials_is_made_by_its_name(
    call: Any, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password password\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert call(f"{server}/basic", "--auth-scheme", "netrc").text == "welcome"


def test_redirects_are_followed_when_asked(call: Any, server: str) -> None:
    url = f"{server}/redirect/302?to=/echo"

    assert call(url).status == 1
    assert call(url, "--follow-redirects").json["path"] == "/echo"


def test_piped_body_is_sent_again_after_a_redirect(call: Any, server: str) -> None:
    url = f"{server}/redirect/307?to=/echo"

    assert call(url, "--follow-redirects", "-c", "-", input=b"again").json["body"] == "again"


def test_http2_is_spoken_where_the_server_does(
    call: Any, h2_server: str, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)

    assert call(f"{h2_server}/echo").json["http_version"] == "1.1"
    assert call(f"{h2_server}/echo", "--http2").json["http_version"] == "2"


def test_certificates_are_checked_unless_told_otherwise(call: Any, tls_server: str) -> None:
    refused = call(f"{tls_server}/")

    assert (refused.status, refused.out) == (1, b"")
    assert "certificate" in refused.err
    assert call(f"{tls_server}/", "--no-verify").text == "Hello, world!"


def test_proxy_forwards_and_tunnels(call: Any, tls_server: str) -> None:
    tunnel = ScriptedProxy()
    with raw_server(tunnel) as proxy:
        assert call(f"{tls_server}/", "--proxy", proxy.url, "--no-verify").text == "Hello, world!"
    with raw_server(answering(OK)) as proxy:
        assert call("http://no.test/a", "--proxy", proxy.url).text == "ok"

    assert tunnel.heads[0].startswith(b"CONNECT localhost:")


def test_socks_proxy_is_chosen_by_its_scheme(call: Any, server: str) -> None:
    with running_proxy("socks: pproxy") as port:
        assert call(f"{server}/", "--proxy", f"socks5h://127.0.0.1:{port}").text == "Hello, world!"


def test_timeout_ends_the_wait(call: Any, server: str) -> None:
    done = call(f"{server}/never", "--timeout", "0.05")

    assert (done.status, done.out) == (1, b"")
    assert done.err == "ReadTimeout: No data came within 0.05 s.\n"


def test_large_file_on_the_standard_input_is_sent_from_the_disk(
    tmp_path: Path, server: str
) -> None:
    import json
    import subprocess
    import sys

    path = tmp_path / "large"
    path.write_bytes(b"0123456789" * 100_000)
    with path.open("rb") as file:
        file.seek(10)
        done = subprocess.run(
            [sys.executable, "-m", "hookline", f"{server}/echo", "-c", "-"],
            stdin=file, capture_output=True, check=True,
        )  # fmt: skip
    echo = json.loads(done.stdout)

    assert header(echo, "content-length") == ["999990"]
    assert len(echo["body"]) == 999_990


def test_url_is_sent_as_it_was_written(call: Any) -> None:
    heads: list[bytes] = []

    def script(conversation: Conversation) -> None:
        heads.append(conversation.receive_head())
        conversation.send(OK)

    with raw_server(script) as raw:
        call(f"{raw.url}a%2Fb?x=%20+", "-h", "Host", "other.test")

    assert heads[0].startswith(b"GET /a%2Fb?x=%20+ HTTP/1.1\r\nHost: other.test\r\n")


def test_one_connection_is_closed_when_the_call_is_over(call: Any) -> None:
    with raw_server(answering(OK)) as raw:
        assert call(raw.url).text == "ok"
        # `raw_server` fails a test that leaves its connection open.
        assert raw.connections == 1
