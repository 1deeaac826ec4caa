"""Whatever a mapping says, there is a client in the end, or a ConfigError."""

from __future__ import annotations

import inspect
import traceback
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookline import AsyncClient, Client, ConfigError
from hookline.config import show

SECRET = "s3cr3t-value"

SETTINGS = [name for name in inspect.signature(Client.__init__).parameters if name != "self"]
KEYS = [
    *SETTINGS, "clients", "defaults", "$schema", "name", "options", "env", "file", "default",
    "prefix", "url", "auth", "total", "connect", "path", "key", "password", "max_connections",
    "username", "token", "retries", "http://", "all://x", "http://[", "request", "response", "X-A",
    "tunnel", "uds", "app", "handler", "", "\0", "é", "\ud800",
]  # fmt: skip
NAMES = [
    "basic", "bearer", "digest", "netrc", "retry", "ratelimit", "cache", "log", "pool", "http11",
    "http2", "gzip", "br", "direct", "socks", "default", "wsgi", "asgi", "mock", "nope",
]  # fmt: skip
REFERENCES = st.sampled_from(
    [
        {"env": "SECRET"}, {"env": "SECRET", "prefix": "http://u:"}, {"env": "NOT_SET"},
        {"env": "SECRET", "prefix": "é"}, {"env": ""}, {"env": 1}, {"env": "A=B"},
        {"env": "\ud800"}, {"file": "\ud800"}, {"file": "\0"}, {"file": "/"},
        {"file": "/dev/null"}, {"env": "NOT_SET", "default": "\ud800"},
    ]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(NAMES),
    st.sampled_from(
        [
            "http://a:b@c", "http://[::1", "socks5://x", "://", "http://x:99999999", "http://a b",
            "\ud800", "\0", "é", "utf-8", "rot13", "/etc", 10**400, b"\xff", object(), print, int,
            set(), ("a", "b"), ("a",), Client,
        ]
    ),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES | REFERENCES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=2), inner, max_size=3)
        | st.builds(
            lambda name, options: {"name": name, "options": options},
            st.sampled_from(NAMES),
            st.dictionaries(st.sampled_from(KEYS), inner, max_size=2),
        )
    ),
    max_leaves=5,
)
TABLES = st.dictionaries(st.sampled_from(SETTINGS), VALUES, max_size=3)
MAPPINGS = st.one_of(
    TABLES,
    st.fixed_dictionaries(
        {"clients": st.dictionaries(st.sampled_from(["default", "a", 3, ""]), TABLES, max_size=2)},
        optional={"defaults": TABLES},
    ),
    st.dictionaries(st.one_of(st.none(), st.integers(), st.sampled_from(KEYS)), VALUES, max_size=2),
)


@pytest.fixture(scope="module", autouse=True)
def environment() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET", SECRET)
        yield


def attempt(function: Any, *arguments: Any, **named: Any) -> Any:
    """The result of a function that may raise ConfigError and nothing else, and not tell much."""
    try:
        return function(*arguments, **named)
    except ConfigError as exc:
        told = "".join(traceback.format_exception(exc)) + repr(exc) + repr(exc.errors)
        assert SECRET not in told
        return None


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(MAPPINGS)
def test_any_mapping_is_a_client_or_a_config_error(mapping: Any) -> None:
    if client := attempt(Client.from_config, mapping):
        client.close()
    attempt(AsyncClient.from_config, mapping)
    assert SECRET not in str(attempt(show, mapping))


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"event_hooks": {"request": 3}}, "event_hooks.request: expected a list of functions, not"),
        ({"event_hooks": {"response": print}}, "event_hooks.response: expected a list of funct"),
        ({"headers": {"X": {"env": "\ud800"}}}, "headers.X.env: this can be no name."),
        ({"headers": {"X": {"file": "\ud800"}}}, "headers.X.file: this can be no name."),
        ({"headers": {"X": "é"}}, "headers.X: headers are ASCII, and there is something else"),
        ({"headers": {"é": "x"}}, "headers: headers are ASCII, and there is something else"),
    ],
)
def test_what_no_client_can_be_made_of_is_told_with_its_key(
    configuration: Any, message: str
) -> None:
    for cls in (Client, AsyncClient):
        with pytest.raises(ConfigError) as caught:
            cls.from_config(configuration)

        assert str(caught.value).startswith(message)


def test_name_that_is_no_name_is_an_error_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match="which are strings; a whole number is none"):
        Client.from_config({"clients": {"a": {}}}, name=3)  # type: ignore[arg-type]
