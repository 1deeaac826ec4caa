"""`from_config`: where a configuration comes from, which client it makes, and what that does."""

from __future__ import annotations

import inspect
import json
import math
import socket
from pathlib import Path
from typing import Any

import pytest

import hookline
from hookline import Client, ConfigError, Limits, Timeout
from hookline._pattern import URLPattern
from hookline.config._settings import SETTINGS
from hookline.plugins import hookimpl
from support.config_plugins import Canned, Journal, configured, plugins
from support.modes import Mode
from support.plugins import Echo
from support.raw import answering, raw_server

SEVERAL = """
[defaults]
timeout = 7
follow_redirects = true

[clients.default]
base_url = "https://default.example/"

[clients.api]
base_url = "https://api.example/v1"
follow_redirects = false
"""


# -- Where it comes from --------------------------------------------------------------------


@pytest.mark.parametrize("cls", [hookline.Client, hookline.AsyncClient])
def test_a_configuration_is_a_path_or_a_mapping(cls: Any, write: Any) -> None:
    path = write('base_url = "https://example.org/a"\ntimeout = 3\n')
    mapping = {"base_url": "https://example.org/a", "timeout": 3}
    for source in (path, str(path), mapping):
        client = cls.from_config(source)

        assert type(client) is cls
        assert client.base_url == "https://example.org/a/"
        assert client.timeout == Timeout(3)


def test_without_an_argument_it_is_the_file_that_the_environment_names(
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKLINE_CONFIG", str(write(SEVERAL)))

    assert Client.from_config().base_url == "https://default.example/"
    assert Client.from_config(name="api").base_url == "https://api.example/v1/"


@pytest.mark.parametrize("value", [None, ""])
def test_no_file_is_taken_from_the_working_directory(
    write: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None
) -> None:
    for name in ("hookline.toml", ".hookline.toml", "pyproject.toml", "config.toml"):
        write(SEVERAL, name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    if value is not None:
        monkeypatch.setenv("HOOKLINE_CONFIG", value)
    with pytest.raises(ConfigError) as caught:
        Client.from_config()

    assert str(caught.value) == (
        "no configuration: give a path or a mapping, or name a file in the environment variable "
        "HOOKLINE_CONFIG."
    )
    # And no other client looks for one.
    assert Client().timeout == Timeout(5)


def test_a_plain_client_is_not_configured_by_the_environment(
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKLINE_CONFIG", str(write(SEVERAL)))

    assert Client().base_url == ""


def test_the_class_that_was_asked_is_the_class_of_the_client() -> None:
    class Mine(hookline.Client):
        def __init__(self, *, colour: str = "blue", **settings: Any) -> None:
            super().__init__(**settings)
            self.colour = colour

    client = Mine.from_config({"timeout": 3}, colour="red")

    assert (type(client), client.colour, client.timeout) == (Mine, "red", Timeout(3))


# -- Which client ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "url"),
    [
        (SEVERAL, None, "https://default.example/"),
        (SEVERAL, "default", "https://default.example/"),
        (SEVERAL, "api", "https://api.example/v1/"),
        ('[clients.only]\nbase_url = "https://only.example/"', None, "https://only.example/"),
        ('[defaults]\nbase_url = "https://all.example/"', None, "https://all.example/"),
        ('base_url = "https://one.example/"', None, "https://one.example/"),
        ("", None, ""),
    ],
)
def test_the_client_is_the_named_one_the_default_one_or_the_only_one(
    write: Any, text: str, name: str | None, url: str
) -> None:
    assert Client.from_config(write(text), name=name).base_url == url


def test_a_client_has_the_defaults_and_what_it_says_itself(write: Any) -> None:
    client = Client.from_config(write(SEVERAL), name="api")

    assert client.timeout == Timeout(7)
    assert client.follow_redirects is False
    assert Client.from_config(write(SEVERAL)).follow_redirects is True


def test_what_is_wrong_with_another_client_makes_no_difference(write: Any) -> None:
    path = write(SEVERAL + '\n[clients.broken]\ntransport = "missing"\nauth = { env = "NOBODY" }')

    assert Client.from_config(path, name="api").timeout == Timeout(7)
    with pytest.raises(ConfigError):
        Client.from_config(path, name="broken")


# -- How layers lie upon each other ---------------------------------------------------------


def merged(defaults: Any, client: Any, **arguments: Any) -> Client:
    return Client.from_config(
        {"defaults": defaults, "clients": {"default": client}}, plugins=plugins(), **arguments
    )


def test_headers_parameters_and_cookies_are_merged_by_name() -> None:
    client = merged(
        {"headers": {"X-A": "1", "x-b": "1"}, "params": {"a": 1, "b": [1, 2]}}
        | {"cookies": {"c": "1"}},
        {"headers": {"X-B": "2"}, "params": {"b": 3}, "cookies": {"d": "2"}},
        headers={"X-C": "3"},
    )  # fmt: skip

    headers = [pair for pair in client.headers.multi_items() if pair[0].startswith("x-")]
    assert headers == [("x-a", "1"), ("x-b", "2"), ("x-c", "3")]
    assert str(client.params) == "a=1&b=3"
    assert dict(client.cookies) == {"c": "1", "d": "2"}


@pytest.mark.parametrize(
    ("below", "above", "timeout"),
    [
        (7, {"read": 30}, Timeout(7, read=30)),
        ({"connect": 1}, {"read": 30}, Timeout(connect=1, read=30)),
        ({"default": 9, "connect": 1}, {"connect": 2}, Timeout(9, connect=2)),
        ({"connect": 1}, 3, Timeout(3)),
        (False, {"total": 60}, Timeout(None, total=60)),
        ({"connect": 1}, False, Timeout(None)),
        ({"read": False}, {}, Timeout(read=None)),
        (Timeout(9), {"read": 1}, Timeout(read=1)),
        ({"read": 1}, Timeout(9), Timeout(9)),
    ],
)
def test_timeouts_are_merged_phase_by_phase(below: Any, above: Any, timeout: Timeout) -> None:
    assert merged({"timeout": below}, {"timeout": above}).timeout == timeout


def test_limits_are_merged_and_have_the_defaults_of_a_client() -> None:
    client = merged({"limits": {"max_connections": 7}}, {"limits": {"keepalive_expiry": False}})

    pool = client._transport._pool  # type: ignore[attr-defined]
    assert (pool._max_open, pool._max_idle, pool._expiry) == (7, 7, math.inf)
    pool = merged({"limits": {"max_connections_per_host": 2}}, {})._transport._pool  # type: ignore[attr-defined]
    assert (pool._max_open, pool._max_per_host, pool._max_idle) == (100, 2, 20)


def test_mounts_are_merged_by_pattern() -> None:
    client = merged(
        {"mounts": {"all://a.example": "canned", "all://b.example": "canned"}},
        {"mounts": {"all://b.example": False}},
    )

    assert isinstance(client._mounts[URLPattern("all://a.example")], Canned)
    assert client._mounts[URLPattern("all://b.example")] is None


def test_lists_and_choices_are_replaced() -> None:
    tags = [{"name": "tag", "options": {"value": "1"}}, "cache"]
    client = merged(
        {"middleware": tags, "auth": {"name": "token", "options": {"token": "t"}}},
        {"middleware": ["cache"], "auth": False},
    )

    assert [layer.name for layer in client._call_middleware] == ["cache"]
    assert client.auth is None


def test_a_proxy_of_a_clients_own_stands_alone() -> None:
    everywhere = {"all://": "http://localhost:1"}
    client = merged({"proxies": everywhere}, {"proxy": "http://localhost:2"})
    assert client._mounts[URLPattern("all://")]._pool._connector._where == "http://localhost:2"
    client = merged({"proxy": "http://localhost:2"}, {"proxies": everywhere})
    assert client._mounts[URLPattern("all://")]._pool._connector._where == "http://localhost:1"
    assert merged({"proxy": "http://localhost:2"}, {"proxy": False})._mounts == {}


def test_protocols_by_name_and_by_flag_replace_each_other() -> None:
    def names(client: Client) -> list[str]:
        return list(client._transport._pool._protocols.alpn)  # type: ignore[attr-defined]

    both = {"http2": True, "http1": True}
    assert names(Client.from_config({"defaults": both})) == ["h2", "http/1.1"]
    layers = {"defaults": both, "clients": {"a": {"protocols": ["http11"]}}}
    assert names(Client.from_config(layers)) == ["http/1.1"]
    layers = {"defaults": {"protocols": ["http11"]}, "clients": {"a": {"http2": True}}}
    assert names(Client.from_config(layers)) == ["h2", "http/1.1"]
    layers = {"defaults": {"http2": True}, "clients": {"a": {"http1": False}}}
    assert names(Client.from_config(layers)) == ["h2"]


def test_arguments_go_before_the_file(write: Any) -> None:
    client = Client.from_config(write(SEVERAL), name="api", timeout=1, base_url="http://x.example/")

    assert (client.timeout, client.base_url) == (Timeout(1), "http://x.example/")
    assert client.follow_redirects is False


def test_arguments_are_all_that_the_constructor_takes() -> None:
    """None of them is refused in the shape that a program gives it."""
    instances: dict[str, Any] = {
        "auth": ("user", "password"),
        "timeout": (1, 2),
        "headers": hookline.Headers([("A", "1"), ("a", "2")]),
        "params": "a=1",
        "cookies": hookline.Cookies({"a": "1"}),
        "event_hooks": {"request": [print], "response": []},
        "base_url": hookline.URL("http://x.example"),
        "default_encoding": lambda content: "utf-8",
        "limits": Limits(),
        "proxy": None,
        "transport": Echo(),
        "mounts": {"all://": Echo(), "http://": None},
    }
    for source, arguments in (({}, instances), (instances, {})):
        client = Client.from_config(source, **arguments)

        assert isinstance(client._auth, hookline.BasicAuth)
        assert client.timeout == Timeout((1, 2))
        assert client.headers.get_list("a") == ["1", "2"]
        assert (str(client.params), dict(client.cookies)) == ("a=1", {"a": "1"})
        assert client.event_hooks["request"] == [print]
        assert client._transport is instances["transport"]


def test_every_argument_of_a_client_is_a_setting_or_for_programs_alone() -> None:
    program_only = {"plugins", "json_encoder", "json_decoder"}
    for cls in (hookline.Client, hookline.AsyncClient):
        arguments = set(inspect.signature(cls).parameters)

        assert arguments - program_only == set(SETTINGS) - (
            {"backend"} if cls is hookline.Client else set()
        )


def test_what_is_for_programs_alone_is_taken_from_programs() -> None:
    for source, arguments in (({"json_decoder": str}, {}), ({}, {"json_decoder": str})):
        client = Client.from_config(source, **arguments)

        assert client._json_decoder is str


def test_bounds_are_those_of_the_file(write: Any) -> None:
    client = Client.from_config(write("max_response_size = 5\nmax_decompression_ratio = 10"))

    assert client._bounds == (5, 10)


def test_headers_in_pairs_may_repeat_a_name(write: Any) -> None:
    client = Client.from_config(write('headers = [["X-A", "1"], ["X-A", "2"]]'))

    assert client.headers.get_list("x-a") == ["1", "2"]


def test_a_backend_in_a_shared_file_is_for_asynchronous_clients_alone() -> None:
    assert Client.from_config({"backend": "anyio"})
    with pytest.raises(ConfigError, match="backend: expected 'asyncio' or 'anyio', not 'trio'"):
        hookline.AsyncClient.from_config({"backend": "trio"})
    assert hookline.AsyncClient.from_config({"backend": "anyio"})


# -- Every slot, seen from outside ----------------------------------------------------------

EVERYTHING = """
base_url = "{server}"
auth = {{ name = "token", options = {{ token = "t0ken" }} }}
headers = {{ X-Mine = "1" }}
params = {{ a = 1, b = ["x", true] }}
cookies = {{ c = "3" }}
middleware = ["retry", {{ name = "tag", options = {{ value = "1" }} }}, "cache"]
event_hooks = [{{ name = "journal", options = {{ prefix = "> " }} }}]
decoders = ["swap", "gzip"]
protocols = [{{ name = "http11", options = {{ parser = "h11" }} }}]

[mounts]
"all://mounted.example" = {{ name = "canned", options = {{ text = "mounted" }} }}

[transport]
name = "pool"
options = {{ retries = 1 }}
"""


async def test_every_slot_of_a_file_does_what_it_says(mode: Mode, write: Any, server: str) -> None:
    Journal.entries.clear()
    path = write(EVERYTHING.format(server=server))
    async with configured(mode, path, plugins=plugins()) as client:
        sent = (await client.get("/echo")).json()
        mounted = (await client.get("https://mounted.example/")).text

    headers = dict(sent["headers"])
    assert headers["authorization"] == "Token t0ken"
    assert headers["x-mine"] == "1"
    assert headers["x-tag"] == "1"
    assert headers["cookie"] == "c=3"
    assert headers["accept-encoding"] == "swap, gzip"
    assert "a=1&b=x&b=true" in json.dumps(sent)
    assert mounted == "mounted"
    assert Journal.entries == ["> started /echo", "> opened http11", "> started /"]


async def test_middleware_runs_in_the_order_of_the_file(mode: Mode, write: Any) -> None:
    path = write(
        """
        transport = "echoing"
        [[middleware]]
        name = "tag"
        options = { value = "1" }
        [[middleware]]
        name = "tag"
        options = { value = "2", where = ["X-Tag", "X-Other"] }
        """
    )

    class Echoing(Canned):
        name = "echoing"

        async def handle(self, request: hookline.Request) -> hookline.Response:
            return hookline.Response(200, json=dict(request.headers))

    from support.config_plugins import Tag
    from support.plugins import manager_of

    async with configured(mode, path, plugins=manager_of(Tag, Echoing)) as client:
        seen = (await client.get("http://x.example/")).json()

    assert (seen["x-tag"], seen["x-other"]) == ("12", "2")


async def test_a_connector_by_table_is_a_proxy(mode: Mode, write: Any, server: str) -> None:
    port = server.rpartition(":")[2]
    connector = f'{{ name = "elsewhere", options = {{ port = {port} }} }}'
    for text in (f"proxy = {connector}", f'proxies = {{ "all://" = {connector} }}'):
        async with configured(mode, write(text), plugins=plugins()) as client:
            assert (await client.get("http://nowhere.invalid/bytes/5")).text == "xxxxx"


async def test_tls_settings_are_relative_to_the_file(
    mode: Mode, write: Any, tls_server: str, authority: Any, tmp_path: Path
) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "ca.pem").write_bytes(Path(authority.ca_file).read_bytes())
    default = '{ name = "default", options = { verify = "../ca.pem" } }'
    pool = '[transport]\nname = "pool"\noptions = { verify = "../ca.pem" }'
    for text in ('verify = "../ca.pem"', f"verify = {default}", pool):
        path = write(text, "conf/hookline.toml")
        async with configured(mode, path) as client:
            assert (await client.get(f"{tls_server}/bytes/5")).text == "xxxxx"


async def test_a_context_of_a_plugin_is_made_with_the_options_of_the_file(
    mode: Mode, write: Any, tls_server: str, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Trusting:
        @hookimpl
        def hookline_create_ssl_context(self, name: str, options: Any) -> Any:
            if name != "mine":
                return None
            assert options["pin"] == "s3cret"
            return hookline.create_ssl_context(options["ca"])

    manager = plugins()
    manager.register(Trusting(), "trusting")
    monkeypatch.setenv("PIN", "s3cret")
    options = f'{{ ca = "{authority.ca_file}", pin = {{ env = "PIN" }} }}'
    path = write(f'verify = {{ name = "mine", options = {options} }}')
    async with configured(mode, path, plugins=manager) as client:
        assert (await client.get(f"{tls_server}/bytes/5")).text == "xxxxx"


async def test_a_socket_of_the_pool_is_relative_to_the_file(
    mode: Mode, write: Any, tmp_path: Path
) -> None:
    path = write('[transport]\nname = "pool"\noptions = { uds = "./socket" }')
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    listener.listen()
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    with raw_server(answering(response), listener):
        async with configured(mode, path) as client:
            assert (await client.get("http://any.example/")).text == "hello"


def test_a_client_certificate_is_a_path_a_list_or_a_table(
    write: Any, authority: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hookline.config._build import build_settings
    from hookline.config._place import Inspection
    from hookline.config._plans import Builder
    from hookline.config._resolve import resolve
    from hookline.config._sources import read

    monkeypatch.setenv("KEY_PASSWORD", "s3cret")
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("")
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    password = '{ env = "KEY_PASSWORD" }'
    for text, expected in (
        ('"cert.pem"', cert),
        ('["cert.pem", "key.pem"]', (cert, key)),
        (f'["cert.pem", "key.pem", {password}]', (cert, key, "s3cret")),
        ('{ path = "cert.pem" }', cert),
        ('{ path = "cert.pem", key = "key.pem" }', (cert, key)),
        (f'{{ path = "cert.pem", password = {password} }}', (cert, None, "s3cret")),
        ("false", None),
    ):
        inspection = Inspection()
        resolved = resolve(read(write(f"cert = {text}")), None, inspection)

        assert build_settings(resolved, Builder(None)) == {"cert": expected}
        assert inspection.problems == []
