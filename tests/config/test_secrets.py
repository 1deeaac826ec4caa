"""Secrets by reference: read where they are, and seen nowhere else."""

from __future__ import annotations

import io
import logging
import os
import traceback
from pathlib import Path
from typing import Any

import pytest

import hookline
from hookline import Client, ConfigError
from hookline.config import check, show
from hookline.plugins import Middleware
from support.config_plugins import Token, configured, plugins
from support.modes import Mode
from support.plugins import manager_of

SECRET = "s3cret-p4ssword"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_SECRET", SECRET)
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("UNSET", raising=False)


# -- Read -----------------------------------------------------------------------------------


async def test_secrets_stand_wherever_a_string_may_stand(
    mode: Mode, write: Any, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER", server)
    monkeypatch.setenv("KIND", "Kind")
    monkeypatch.setenv("SCHEME", "token")
    monkeypatch.setenv("TAG", "X-From-Tag")
    (tmp_path / "token").write_text("from-a-file\n")
    path = write(
        """
        base_url = { env = "SERVER" }
        params = { key = { env = "API_SECRET" } }
        cookies = { session = { env = "API_SECRET" } }
        auth.name = { env = "SCHEME" }
        auth.options = { token = { file = "token" }, kind = { env = "KIND" } }

        [headers]
        X-Key = { env = "API_SECRET", prefix = "Key " }
        X-Default = { env = "UNSET", default = "nothing" }
        X-Both = { env = "EMPTY", default = "none", prefix = "was " }

        [[middleware]]
        name = "tag"
        options = { value = { env = "API_SECRET" }, where = [{ env = "TAG" }] }
        """
    )
    async with configured(mode, path, plugins=plugins()) as client:
        sent = (await client.get("/echo")).json()

    headers = dict(sent["headers"])
    assert headers["x-key"] == f"Key {SECRET}"
    assert headers["x-default"] == "nothing"
    assert headers["x-both"] == "was none"
    assert headers["cookie"] == f"session={SECRET}"
    assert headers["authorization"] == "Kind from-a-file"
    assert headers["x-from-tag"] == SECRET
    assert f"key={SECRET}" in str(sent)


def test_a_secret_is_read_anew_for_each_client(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write('headers = { X-Key = { env = "API_SECRET" } }')

    assert Client.from_config(path).headers["x-key"] == SECRET
    monkeypatch.setenv("API_SECRET", "another")
    assert Client.from_config(path).headers["x-key"] == "another"


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"a", "a"), (b"a\n", "a"), (b"a\r\n", "a"), (b"a b \n", "a b "), (b"\xef\xbb\xbfa", "a")],
)
def test_the_end_of_line_of_a_file_is_no_part_of_the_secret(
    tmp_path: Path, content: bytes, text: str
) -> None:
    (tmp_path / "secret").write_bytes(content)
    reference = {"file": str(tmp_path / "secret")}

    assert Client.from_config({"headers": {"X-Key": reference}}).headers["x-key"] == text


def test_files_are_relative_to_the_configuration_and_a_tilde_is_the_home(
    write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for folder in ("home", "conf"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "secret").write_text(folder)
    text = 'headers = { A = { file = "secret" }, B = { file = "~/secret" } }'
    client = Client.from_config(write(text, "conf/hookline.toml"))

    assert (client.headers["a"], client.headers["b"]) == ("conf", "home")


def test_a_secret_that_is_overridden_is_not_asked_for(write: Any) -> None:
    path = write('[defaults]\nauth = ["me", { env = "UNSET" }]\n[clients.a]\nauth = false\n')

    assert Client.from_config(path).auth is None


def test_a_table_that_is_no_reference_is_left_alone() -> None:
    class Mapped(Middleware):
        name = "mapped"

        def __init__(self, table: dict[str, str], anything: Any) -> None:
            self.given = (table, anything)

    options = {
        "table": {"env": "staging", "file": "x"},
        "anything": [{"env": "staging", "colour": "red"}, {"env": "API_SECRET"}],
    }
    source = {
        "middleware": [{"name": "mapped", "options": options}],
        "params": {"env": "staging"},
        "headers": {"file": "x"},
    }
    client = Client.from_config(source, plugins=manager_of(Mapped))

    [layer] = client._call_middleware
    assert layer.given == (options["table"], [{"env": "staging", "colour": "red"}, SECRET])  # type: ignore[attr-defined]
    assert str(client.params) == "env=staging"
    assert client.headers["file"] == "x"


# -- Missing, and malformed -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ('{ env = "UNSET" }', "the environment variable UNSET is not set."),
        ('{ env = "EMPTY" }', "the environment variable EMPTY is set, but empty."),
        ('{ file = "missing" }', "there is no file '{folder}/missing'."),
        ('{ file = "." }', "the file '{folder}/.' cannot be read: Is a directory."),
        ('{ file = "empty" }', "the file '{folder}/empty' is empty."),
        ('{ file = "binary" }', "the file '{folder}/binary' is no text in UTF-8."),
        ('{ file = "/dev/zero" }', "the file '/dev/zero' is too large for a secret."),
        (
            '{ env = "A", file = "b" }',
            "a secret comes from `env` or from a `file`, not from both.",
        ),
        ('{ env = 5 }', ".env: expected a string, not a whole number."),
        ('{ env = "" }', ".env: this can be no name."),
        ('{ env = "A=B" }', ".env: this can be no name."),
        (
            '{ env = "API_SECRET", prefx = "a" }',
            ".prefx: there is no key 'prefx' here. Did you mean 'prefix'? Known: {keys}.",
        ),
    ],
)  # fmt: skip
def test_a_secret_that_cannot_be_had_is_told_with_its_key(
    write: Any, tmp_path: Path, reference: str, message: str
) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    path = write(f"\n[clients.api.headers]\nX-Key = {reference}\n")
    [problem] = check(path)

    where, _, words = message.partition(": ")
    if not where.startswith("."):
        where, words = "", message
    assert str(problem) == f"{path}:3: clients.api.headers.X-Key{where}: " + words.format(
        folder=tmp_path, keys="default, env, file, prefix"
    )
    with pytest.raises(ConfigError) as caught:
        Client.from_config(path)
    assert caught.value.errors == [problem]


def test_all_that_are_missing_are_told_at_once_with_what_else_is_wrong() -> None:
    source = {
        "headers": {"A": {"env": "UNSET"}, "B": {"file": "/missing"}},
        "auth": ["me", {"env": "UNSET"}],
        "timeot": 3,
    }
    with pytest.raises(ConfigError) as caught:
        Client.from_config(source)

    assert [error.path for error in caught.value.errors] == [
        "timeot", "headers.A", "headers.B", "auth[1]",
    ]  # fmt: skip


def test_a_check_without_secrets_does_not_miss_them(write: Any) -> None:
    path = write('auth.name = { env = "UNSET" }\nheaders = { A = { env = "UNSET" } }\ntimeot = 3')

    assert [problem.path for problem in check(path, secrets=False)] == ["timeot"]


def test_a_name_by_reference_that_leads_nowhere_is_not_told() -> None:
    """What was to be a name may be a password that went to the wrong variable."""
    reference = {"env": "API_SECRET"}
    [problem] = check({"transport": reference}, plugins=plugins())

    assert str(problem) == (
        'transport: what { env = "API_SECRET" } leads to is no transport\'s name. Known: asgi, '
        "canned, pool, wsgi."
    )
    [problem] = check({"backend": reference})
    assert str(problem) == (
        "backend: what the reference leads to does not do: expected 'asyncio' or 'anyio'."
    )
    [problem] = check({"proxy": reference})
    assert SECRET not in str(problem)
    [problem] = check({"verify": reference, "default_encoding": "utf-8"})
    assert SECRET not in str(problem)


# -- Not seen -------------------------------------------------------------------------------


def everything_of(exc: BaseException) -> str:
    return "".join(traceback.format_exception(exc)) + repr(exc)


class Talkative(Middleware):
    """Quotes its options wherever it can."""

    name = "talkative"

    def __init__(self, token: str, how: str) -> None:
        if how == "chained":
            try:
                raise KeyError(token)
            except KeyError as exc:
                raise ValueError("no good") from exc
        if how == "other":
            raise RuntimeError(f"{token!r} is no good")
        raise ValueError(f"{token} is no good")


@pytest.mark.parametrize("how", ["plain", "chained", "other"])
@pytest.mark.parametrize("secret", [SECRET, 'it\'s "quoted" \\ \t', "ünïcode"])
def test_a_plugin_that_quotes_a_secret_is_masked(
    how: str, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_SECRET", secret)
    options = {"token": {"env": "API_SECRET"}, "how": how}
    with pytest.raises(ConfigError) as caught:
        Client.from_config(
            {"middleware": [{"name": "talkative", "options": options}]},
            plugins=manager_of(Talkative),
        )

    told = everything_of(caught.value)
    assert "no good" in told
    for form in (secret, repr(secret)[1:-1], ascii(secret)[1:-1]):
        assert form not in told


def test_with_a_prefix_neither_the_whole_nor_the_secret_alone_is_told() -> None:
    class Splitting(Token):
        scheme = "splitting"

        def __init__(self, token: str) -> None:
            raise ValueError(f"{token.split()[-1]} is no good")

    options = {"token": {"env": "API_SECRET", "prefix": "Bearer "}}
    with pytest.raises(ConfigError, match=r"\*{8} is no good") as caught:
        Client.from_config(
            {"auth": {"name": "splitting", "options": options}}, plugins=manager_of(Splitting)
        )

    assert SECRET not in everything_of(caught.value)


@pytest.mark.parametrize(
    "configuration",
    [
        {"base_url": {"env": "PIECES", "prefix": "http://u:"}},
        {"proxy": {"env": "PIECES"}},
        {"proxy": {"env": "PIECES", "prefix": "http://u:"}},
        {"proxy": {"url": {"env": "PIECES"}}},
        {"proxies": {"http://": {"env": "PIECES"}}},
        {"mounts": {"http://x": {"name": "pool", "options": {"proxy": {"env": "PIECES"}}}}},
        {"default_encoding": {"env": "PIECES"}},
        {"verify": {"env": "PIECES"}},
        {"headers": {"X": {"env": "UNSET", "default": "s3cr3t", "prefix": "é"}}},
        {"headers": {"X": {"env": "PIECES", "prefix": "é"}}},
    ],
)
def test_no_piece_of_what_a_reference_leads_to_is_told(
    configuration: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIECES", "s3cr3t/va lue")
    with pytest.raises(ConfigError) as caught:
        Client.from_config(configuration)

    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.errors)
    assert "what the reference leads to does not do: expected " in told
    assert "s3cr3t" not in told
    assert caught.value.errors[0].path
    assert caught.value.__cause__ is None


def test_a_plugin_that_quotes_a_piece_of_a_secret_is_not_quoted() -> None:
    class Piecemeal(Middleware):
        name = "piecemeal"

        def __init__(self, value: str) -> None:
            raise ValueError(f"there is no {value[:6]!r}")

    settings = {"middleware": [{"name": "piecemeal", "options": {"value": {"env": "API_SECRET"}}}]}
    with pytest.raises(ConfigError) as caught:
        Client.from_config(settings, plugins=manager_of(Piecemeal))

    assert str(caught.value) == (
        "middleware[0]: 'piecemeal' cannot be made: ValueError, whose message may have a part of a "
        "secret in it."
    )
    assert caught.value.__cause__ is None


def test_a_client_that_cannot_be_made_does_not_tell_it_either() -> None:
    class Quoting(Client):
        def __init__(self, *, headers: Any = None, **settings: Any) -> None:
            raise ValueError(f"what are these: {headers}")

    with pytest.raises(ConfigError, match="what are these") as caught:
        Quoting.from_config({"headers": {"X-Key": {"env": "API_SECRET"}}})

    assert SECRET not in everything_of(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        {"base_url": {"env": "URL"}},
        {"proxy": {"env": "URL"}},
        {"proxies": {"all://": {"env": "URL"}}},
        {"verify": {"env": "URL"}},
        {"default_encoding": {"env": "URL"}},
        {"cert": ["/dev/null", False, {"env": "URL"}], "timeot": 1},
    ],
)
def test_no_setting_tells_what_a_reference_leads_to(
    source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("URL", f"http://user:{SECRET}@localhost:port")
    with pytest.raises(ConfigError) as caught:
        Client.from_config(source)

    assert SECRET not in everything_of(caught.value)


async def test_no_repr_and_no_log_has_a_secret(
    mode: Mode, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    reference = {"env": "API_SECRET"}
    source = {
        "headers": {"X-Key": reference, "X-Open": "open"},
        "params": {"key": reference, "other": "open"},
        "cookies": {"session": reference},
        "auth": ["me", reference],
        "proxies": {"all://elsewhere": {"url": "http://p", "headers": {"X-Proxy-Key": reference}}},
    }
    with caplog.at_level(logging.DEBUG):
        async with configured(mode, source) as client:
            response = await client.get(f"{server}/status/404")
            request = response.request
            shown = [
                repr(each)
                for each in (
                    client, client.headers, client.params, client.cookies, client.auth,
                    request, request.headers, request.url, request.url.params, response,
                    hookline.Headers({"x-proxy-key": SECRET}),
                )
            ]  # fmt: skip
            with pytest.raises(hookline.HTTPStatusError) as caught:
                response.raise_for_status()
            shown += [str(caught.value), caplog.text]

    assert SECRET in str(request.url)
    told = "\n".join(shown)
    assert SECRET not in told
    assert "key=[secure]&other=open" in told
    assert "'x-open': 'open'" in told


def test_a_show_has_references_and_no_secrets(write: Any) -> None:
    path = write(
        f"""
        auth = ["me", "{SECRET}"]
        proxy = {{ url = "http://u:{SECRET}@localhost", headers = {{ X-Api-Key = "{SECRET}" }} }}
        base_url = "https://me:{SECRET}@example.org"
        cookies = {{ sid = "{SECRET}" }}
        headers = {{ Authorization = "Basic {SECRET}", X-Key = {{ env = "API_SECRET" }} }}
        params = {{ api_key = "{SECRET}" }}

        [[middleware]]
        name = "tag"
        options = {{ value = {{ env = "UNSET", default = "{SECRET}", prefix = "P" }} }}

        [mounts]
        "all://x" = {{ name = "pool", options = {{ proxy = "http://u:{SECRET}@localhost" }} }}
        """
    )
    layers = show(path, plugins=plugins())

    told = "\n".join(map(str, layers))
    assert SECRET not in told + repr(layers)
    assert '["me", ********]' in told
    assert '"https://me:[secure]@example.org' in told
    assert 'X-Key = { env = "API_SECRET" }' in told
    assert 'value = { env = "UNSET", default = "********", prefix = "P" }' in told
    auth = write(f'auth = {{ name = "token", options = {{ token = "{SECRET}", kind = "x" }} }}')
    told = "\n".join(map(str, show(auth, plugins=plugins())))
    assert "token: token = ********, kind = ********" in told


def test_plans_and_references_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from hookline.config._place import Inspection
    from hookline.config._resolve import resolve
    from hookline.config._sources import read

    inspection = Inspection()
    resolved = resolve(read({"headers": {"A": {"env": "API_SECRET"}}}), None, inspection)

    assert SECRET not in repr(resolved)
    [(_, secret)] = resolved.plans["headers"]
    assert SECRET not in repr(vars(secret))
    assert os.environ["API_SECRET"] == SECRET
    assert io.StringIO(repr(inspection)).read()
