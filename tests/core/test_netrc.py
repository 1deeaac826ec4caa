"""NetRCAuth: which entry is used for which host, and what is said of a file that will not do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import hookline
from hookline import NetRCAuth, Request
from support.modes import Mode

FILE = """\
# a comment
machine example.org
  login user
  password passw0rd
machine empty.example login user
machine anonymous.example password only
machine xn--bcher-kva.example login wire password 1
machine bücher.example login typed password 2
machine xn--nxasmq6b.example login wire password 3
machine ::1 login six password 6

macdef init
cd /pub
mget *

"""


@pytest.fixture
def netrc(tmp_path: Path) -> Path:
    path = tmp_path / "netrc"
    path.write_text(FILE, encoding="utf-8")
    return path


def credentials(auth: NetRCAuth, url: str) -> str | None:
    flow = auth.sync_auth_flow(Request("GET", url))
    header = next(flow).headers.get("Authorization")
    return None if header is None else str(header)


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("http://example.org/", "Basic dXNlcjpwYXNzdzByZA=="),
        ("https://EXAMPLE.org:8443/a", "Basic dXNlcjpwYXNzdzByZA=="),
        ("http://www.example.org/", None),
        ("http://empty.example/", None),
        ("http://anonymous.example/", "Basic Om9ubHk="),
        # As it was typed before as it goes on the wire.
        ("http://bücher.example/", "Basic dHlwZWQ6Mg=="),
        ("http://xn--nxasmq6b.example/", "Basic d2lyZToz"),
        ("http://[::1]:8080/", "Basic c2l4OjY="),
    ],
)
def test_entry_of_the_host_is_used(netrc: Path, url: str, header: str | None) -> None:
    assert credentials(NetRCAuth(netrc), url) == header
    assert credentials(NetRCAuth(str(netrc)), url) == header


@pytest.mark.parametrize("end", ["", " " * 10_000, "\n" + " " * 10_000, "\n#" + "x" * 10_000])
def test_file_needs_no_end_of_its_last_line(netrc: Path, end: str) -> None:
    netrc.write_text(f"machine example.org login user password passw0rd{end}")

    assert credentials(NetRCAuth(netrc), "http://example.org/") == "Basic dXNlcjpwYXNzdzByZA=="


def test_entry_is_used_whole_or_not_at_all(netrc: Path) -> None:
    """No password for whomever a URL names: it is another's."""
    netrc.write_text(
        "machine example.org login user password passw0rd\nmachine a.example login a\n"
    )
    auth = NetRCAuth(netrc)

    with hookline.Client(
        auth=auth, transport=hookline.MockTransport(lambda request: hookline.Response(200))
    ) as client:
        sent = [
            client.get(url).request.headers.get("authorization")
            for url in ("http://example.org/", "http://other@example.org/", "http://b@a.example/")
        ]

    assert sent == ["Basic dXNlcjpwYXNzdzByZA==", "Basic dXNlcjpwYXNzdzByZA==", None]


def test_default_entry_is_for_hosts_without_one(netrc: Path) -> None:
    netrc.write_text("machine a.example login a password a\ndefault login d password d\n")
    auth = NetRCAuth(netrc)

    assert credentials(auth, "http://a.example/") == "Basic YTph"
    assert credentials(auth, "http://b.example/") == "Basic ZDpk"


def test_file_is_read_once(netrc: Path) -> None:
    auth = NetRCAuth(netrc)
    netrc.unlink()

    assert credentials(auth, "http://example.org/") is not None


def test_without_a_path_it_is_the_one_in_the_home_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    path = tmp_path / ".netrc"
    with pytest.raises(FileNotFoundError, match="there is no such netrc file") as caught:
        NetRCAuth()
    assert caught.value.filename == str(path)

    path.write_text("machine example.org login user password secret\n")
    path.chmod(0o600)
    assert credentials(NetRCAuth(), "http://example.org/") is not None


@pytest.mark.skipif(os.name != "posix", reason="file permissions are POSIX's")
def test_home_file_that_others_may_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".netrc"
    path.write_text("machine example.org login user password secret\n")
    path.chmod(0o644)
    with pytest.raises(ValueError, match=r"'~/\.netrc' cannot be used: .*permissi") as caught:
        NetRCAuth()

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "machine example.org login user passwort secret\n",
        "\nsecret\n",
        "machine a login b password c\nmacdef init\nsecret without an end",
    ],
)
def test_file_that_makes_no_sense_is_an_error_that_quotes_nothing(netrc: Path, text: str) -> None:
    netrc.write_text(text)
    with pytest.raises(ValueError, match=r"cannot be used: line \d+ makes no sense\.") as caught:
        NetRCAuth(netrc)

    assert repr(str(netrc)) in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_file_that_is_not_there_or_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no such netrc file"):
        NetRCAuth(tmp_path / "nothing")
    with pytest.raises(IsADirectoryError):
        NetRCAuth(tmp_path)


async def test_file_is_used_only_by_those_who_ask_for_it(
    mode: Mode, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    path = tmp_path / ".netrc"
    path.write_text("machine 127.0.0.1 login user password password\n")
    path.chmod(0o600)
    async with mode.client(trust_env=True) as client:
        without = await client.get(f"{server}/basic")
        given = await client.get(f"{server}/basic", auth=NetRCAuth())
    async with mode.client(auth={"name": "netrc", "options": {"file": str(path)}}) as client:
        by_name = await client.get(f"{server}/basic")

    statuses = [response.status_code for response in (without, given, by_name)]
    assert statuses == [401, 200, 200]


def test_passwords_are_in_no_repr(netrc: Path) -> None:
    assert "passw0rd" not in repr(hookline.NetRCAuth(netrc))
