"""What is said of configurations that cannot be used: each message by its text."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path
from typing import Any

import pytest

import hookline
from hookline import AsyncClient, Client, ConfigError
from hookline.config import ConfigProblem, check
from hookline.plugins import EventHook, Middleware, PluginManager, Transport
from support.config_plugins import plugins
from support.plugins import Plugin, manager_of

MANY_CLIENTS = """
[clients.default]
timeot = 3
middleware = ["cache", "retyr"]

[clients.default.transport]
name = "pool"
options = { retires = 2 }

[clients.api]
http2 = "yes"
auth = { name = "token" }
"""


# -- All at once, with file and line --------------------------------------------------------


def test_everything_is_told_at_once_with_file_line_and_key(write: Any) -> None:
    path = write(MANY_CLIENTS)
    with pytest.raises(ConfigError) as caught:
        Client.from_config(path, plugins=plugins())

    assert str(caught.value) == (
        "3 errors in the configuration:\n"
        f"  {path}:3: clients.default.timeot: there is no setting 'timeot'. Did you mean "
        "'timeout'?\n"
        f"  {path}:4: clients.default.middleware[1]: no middleware named 'retyr'. Known: cache, "
        "retry, tag. Did you mean 'retry'?\n"
        f"  {path}:8: clients.default.transport.options.retires: 'pool' has no option 'retires'. "
        "Did you mean 'retries'?"
    )
    assert caught.value.errors[1] == ConfigProblem(
        "clients.default.middleware[1]",
        "no middleware named 'retyr'. Known: cache, retry, tag. Did you mean 'retry'?",
        str(path),
        4,
    )
    assert isinstance(caught.value, ValueError)


def test_a_check_looks_at_every_client(write: Any) -> None:
    problems = check(write(MANY_CLIENTS), plugins=plugins())

    assert [problem.line for problem in problems] == [3, 4, 8, 11, 12]
    assert [problem.path for problem in problems[3:]] == ["clients.api.http2", "clients.api.auth"]


def test_a_problem_of_the_defaults_is_told_once(write: Any) -> None:
    text = "[defaults]\ntimeout = -1\n[clients.a]\n[clients.b]\n[clients.c]\nhttp2 = 1"

    assert len(check(write(text))) == 2


def test_one_problem_is_one_line(write: Any) -> None:
    path = write("\n\ntimeout = '5'\n")
    with pytest.raises(ConfigError) as caught:
        Client.from_config(path)

    assert str(caught.value) == (
        f"{path}:3: timeout: expected a number of seconds, false for no limit, or a table of "
        "timeouts, not a string."
    )


def test_a_mapping_has_neither_file_nor_line() -> None:
    with pytest.raises(ConfigError) as caught:
        Client.from_config({"clients": {"a.b": {"timeout": {"reed": 3}}}})

    assert str(caught.value) == (
        """clients."a.b".timeout.reed: there is no key 'reed' here. Did you mean 'read'? """
        "Known: connect, default, pool, read, total, write."
    )


def test_an_error_can_be_pickled() -> None:
    error = ConfigError(
        [ConfigProblem("a.b", "wrong.", "file.toml", 3), ConfigProblem("c", "too.")]
    )
    again = pickle.loads(pickle.dumps(error))

    assert (str(again), again.errors) == (str(error), error.errors)


# -- The file -------------------------------------------------------------------------------


def message_of(*arguments: Any, **named: Any) -> str:
    """What both kinds of client say; it is the same."""
    messages = set()
    for cls in (Client, AsyncClient):
        with pytest.raises(ConfigError) as caught:
            cls.from_config(*arguments, **named)
        messages.add(str(caught.value))
    [message] = messages
    return message


def test_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "missing.toml")
    assert message_of(path) == f"{path}: there is no such file."
    monkeypatch.setenv("HOOKLINE_CONFIG", path)
    assert message_of() == f"{path}: there is no such file. It is what HOOKLINE_CONFIG names."
    assert message_of(str(tmp_path)) == f"{tmp_path}: the file cannot be read: Is a directory."


def test_a_file_that_is_no_toml(write: Any) -> None:
    path = write("timeout = 5\npassword = s3cret\n")

    assert message_of(path) == f"{path}:2: this is no TOML: Invalid value (at line 2, column 12)"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "hookline.toml"
    path.write_bytes(b"a = '\xff'")

    assert message_of(path) == f"{path}: the file is no text in UTF-8."


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "hookline.toml"
    path.write_bytes(b"\xef\xbb\xbftimeout = 3\r\nmax_redirects = 4\r\n")

    assert Client.from_config(path).max_redirects == 4


def test_what_is_neither_path_nor_mapping() -> None:
    with pytest.raises(TypeError, match=r"expected a path, a mapping or None .*, not a list"):
        Client.from_config([])  # type: ignore[arg-type]


# -- Layouts, values, tables: what messages.txt says ----------------------------------------

MESSAGES = [
    pytest.param(block, id=block.partition("\n")[0])
    for block in (Path(__file__).parent / "messages.txt").read_text().strip().split("\n\n")
]


@pytest.mark.parametrize("block", MESSAGES)
def test_messages(block: str) -> None:
    """A block of messages.txt: a configuration, perhaps with a name, and what is said of it."""
    lines = block.split("\n")
    content = tomllib.loads("\n".join(line for line in lines if not line.startswith("! ")))
    name = lines[0].partition("# name: ")[2] or None
    with pytest.raises(ConfigError) as caught:
        Client.from_config(content, name=name, plugins=plugins())

    expected = [line[2:] for line in lines if line.startswith("! ")]
    assert [str(error) for error in caught.value.errors] == expected


def test_settings_that_exclude_each_other() -> None:
    assert message_of({"proxy": "http://a", "proxies": {}}) == (
        "proxies: `proxy` is there as well: give one of the two."
    )
    assert message_of({"protocols": ["http11"], "http2": True}) == (
        "http2: `protocols` is there as well: give one of the two."
    )
    assert message_of({"http1": False}) == (
        "http1: no protocol is left: set `http2` to true, or name one in `protocols`."
    )


# -- Names: missing, misspelt, blocked, broken, duplicate, of another kind ------------------

SLOTS = [
    ("transport", "transports", "transport"),
    ("middleware", "middleware", "middleware"),
    ("auth", "auth_schemes", "auth scheme"),
    ("event_hooks", "event_hooks", "event hook"),
    ("protocols", "protocols", "protocol"),
    ("decoders", "decoders", "decoder"),
]


@pytest.mark.parametrize(("key", "slot", "kind"), SLOTS)
def test_a_name_that_nobody_registered(key: str, slot: str, kind: str) -> None:
    manager = plugins()
    known = ", ".join(sorted(manager.registry.names(slot)))
    expected = f"no {kind} named 'zzz'. Known: {known}."

    assert message_of({key: "zzz"}, plugins=manager) == f"{key}: {expected}"
    table = {"name": "zzz", "options": {"a": 1}}
    assert message_of({key: table}, plugins=manager) == f"{key}.name: {expected}"


def test_a_name_that_is_misspelt() -> None:
    assert message_of({"transport": "poool"}, plugins=plugins()) == (
        "transport: no transport named 'poool'. Known: asgi, canned, pool, wsgi. Did you mean "
        "'pool'?"
    )


def test_a_name_that_is_something_else() -> None:
    assert message_of({"middleware": ["canned"]}, plugins=plugins()) == (
        "middleware[0]: no middleware named 'canned'. Known: cache, retry, tag. There is something "
        "else of that name: the transport 'canned'."
    )


def test_a_name_of_ours_that_is_not_installed_says_what_to_install() -> None:
    manager = PluginManager()

    for source, key in (({"protocols": ["http2"]}, "protocols[0]"), ({"http2": True}, "http2")):
        assert message_of(source, plugins=manager) == (
            f"{key}: no protocol named 'http2'. There are none. It is part of hookline-http2: "
            'pip install "hookline[http2]".'
        )


def test_a_name_that_two_plugins_claim() -> None:
    manager = manager_of()
    classes = [type("Canned", (Transport,), {"name": "canned"}) for _ in range(2)]
    for number, cls in enumerate(classes):
        manager._registry.add_plugin(
            f"p{number}", f"dist-{number}", [("transports", cls, Transport)], may_clash=True
        )

    message = message_of({"transport": "canned"}, plugins=manager)
    assert message.startswith("transport: Two classes want to be the transport 'canned': ")
    assert message.endswith("HOOKLINE_PLUGINS_BLOCK=p0 or HOOKLINE_PLUGINS_BLOCK=p1.")


def test_a_name_of_a_plugin_that_is_broken_or_blocked() -> None:
    manager = manager_of()
    manager._registry.add_unavailable("acme", "hookline-acme", "is blocked: it is in X")
    failure = RuntimeError("no flux")
    manager._registry.add_unavailable("bad", "hookline-bad", "failed to load: no flux", failure)
    with pytest.raises(ConfigError) as caught:
        Client.from_config({"transport": "bad"}, plugins=manager)

    assert str(caught.value) == (
        "transport: no transport named 'bad'. Known: asgi, pool, wsgi. The plugin 'acme' of "
        "hookline-acme is blocked: it is in X. The plugin 'bad' of hookline-bad failed to load: "
        "no flux."
    )
    assert caught.value.__cause__ is failure


def test_a_class_of_the_wrong_base_never_gets_a_name() -> None:
    with pytest.raises(hookline.PluginError, match="expected a subclass of"):
        manager_of().register(Plugin2(), "bad")


class Plugin2(Plugin):
    def _of(self, base: type[Any]) -> list[type[Any]]:
        return [int] if base is Middleware else []


def test_an_instance_of_the_wrong_class() -> None:
    hook = EventHook()
    assert message_of({"middleware": [hook]}, plugins=plugins()) == (
        "middleware[0]: expected a middleware by name or by { name, options }, not an EventHook."
    )


def test_a_transport_for_the_other_kind_of_client() -> None:
    transport = hookline.AsyncHTTPTransport()
    with pytest.raises(ConfigError, match=r"expected .* instance of BaseTransport"):
        Client.from_config({"transport": transport})


# -- Tables and options ---------------------------------------------------------------------


def test_what_a_constructor_refuses_is_told_with_its_key_and_all_together() -> None:
    empty = {"name": "tag", "options": {"value": ""}}
    source = {
        "middleware": [empty, "cache", empty],
        "auth": {"name": "token", "options": {"token": "wrong"}},
        "transport": {"name": "pool", "options": {"retries": -1}},
    }
    with pytest.raises(ConfigError) as caught:
        Client.from_config(source, plugins=plugins())

    assert [str(error) for error in caught.value.errors] == [
        "middleware[0]: 'tag' cannot be made: value: a tag is not empty.",
        "middleware[2]: 'tag' cannot be made: value: a tag is not empty.",
        "auth: 'token' cannot be made: the token 'wrong' is of no use.",
        "transport: 'pool' cannot be made: retries: expected a whole number >= 0, not -1.",
    ]


def test_what_a_constructor_raises_is_the_cause() -> None:
    class Bad(Middleware):
        name = "bad"

        def __init__(self) -> None:
            raise ZeroDivisionError("oh")

    with pytest.raises(ConfigError) as caught:
        Client.from_config({"middleware": "bad"}, plugins=manager_of(Bad))

    assert str(caught.value) == "middleware: 'bad' cannot be made: ZeroDivisionError: oh"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_options_of_protocols_are_checked_by_the_protocol_itself() -> None:
    def message(options: Any) -> str:
        return message_of({"protocols": [{"name": "http11", "options": options}]})

    assert message({"parsr": "h11"}) == (
        "protocols[0].options.parsr: 'http11' has no option 'parsr'. Did you mean 'parser'? "
        "Known: max_head_size, max_headers, parser."
    )
    assert message({"parser": 5}) == (
        "protocols[0].options.parser: expected a string, not a whole number."
    )
    assert "'http11' cannot be made: " in message({"parser": "llhttp"})


def test_nothing_is_made_where_anything_is_wrong() -> None:
    made: list[str] = []

    class Noting(Middleware):
        name = "noting"

        def __init__(self) -> None:
            made.append("made")

    source = {"middleware": ["noting"], "timeot": 3}
    with pytest.raises(ConfigError):
        Client.from_config(source, plugins=manager_of(Noting))
    assert check({"middleware": ["noting"]}, plugins=manager_of(Noting)) == []

    assert made == []


# -- Arguments ------------------------------------------------------------------------------


def test_wrong_arguments_are_told_together_with_the_file(write: Any) -> None:
    path = write("timeot = 3")
    with pytest.raises(ConfigError) as caught:
        Client.from_config(path, follow_redirect=True, timeout="5")

    assert [(error.file, error.path) for error in caught.value.errors] == [
        (None, "follow_redirect"), (None, "timeout"), (str(path), "timeot"),
    ]  # fmt: skip
    assert "Did you mean 'follow_redirects'?" in str(caught.value)


def test_what_only_a_program_can_give_is_no_setting_of_a_file(write: Any) -> None:
    message = message_of(write("json_decoder = 'orjson'"))
    assert "json_decoder: there is no setting 'json_decoder'." in message
    message = message_of({"plugins": plugins()})
    assert message.startswith("plugins: there is no setting 'plugins'.")
