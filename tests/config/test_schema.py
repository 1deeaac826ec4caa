"""The JSON Schema, against the validator: what one refuses, the other refuses, but for a list."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hookline.config import check, schema
from hookline.plugins import PluginManager
from support.config_plugins import plugins

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs/schema/hookline.schema.json"

VALIDATOR = jsonschema.Draft202012Validator

GOOD = """
# nothing

timeout = 5

timeout = false

timeout = { default = 10, connect = 1.5, total = false }

limits = { max_connections = 10, max_connections_per_host = 2, keepalive_expiry = false }

max_response_size = 1000000
max_decompression_ratio = 100

max_response_size = false

base_url = { env = "URL", default = "https://example.org" }

headers = { A = "1", B = { env = "UNSET", default = "x", prefix = "Bearer " } }

headers = [["A", "1"], ["A", { env = "UNSET", default = "x" }]]

params = { a = 1, b = [1, "x", true, 1.5], c = false }

params = "a=1&b=2"

cookies = { a = "1" }

auth = ["me", { env = "UNSET", default = "x" }]

auth = { name = "basic", options = { username = "me", password = "x" } }

auth = "netrc"
# needs: netrc

auth = false

auth = { env = "UNSET", default = "netrc" }

follow_redirects = true
max_redirects = 3

default_encoding = "latin-1"

decoders = ["gzip", { name = "swap" }]

decoders = "gzip"

decoders = []

middleware = "cache"

middleware = ["cache", { name = "tag", options = { value = "x", where = ["A"] } }]

middleware = [{ name = "retry", options = { attempts = 3, backoff = false, statuses = [500] } }]

middleware = [{ name = "retry", options = { jitter = false, is_strict = false, mode = "none" } }]

middleware = [{ name = "retry", options = { pair = ["a", 1], weights = { a = 1.5 } } }]

middleware = [{ name = "retry", options = { inner = "netrc", anything = [{ a = 1 }] } }]

middleware = [{ name = "retry", options = { unknown_type = [1] } }]

middleware = [{ name = "retry", options = { limits = { max_connections = 1 } } }]

event_hooks = ["journal", { name = "journal", options = { prefix = "x" } }]

event_hooks = "journal"

transport = "pool"

transport = { name = "pool", options = { retries = 2, local_address = "127.0.0.1" } }

transport = { name = "pool", options = { socket_options = [[6, 1, 1]], protocols = ["http11"] } }

transport = { name = "canned" }

transport = { name = "asgi", options = { app = "a:b", client = ["::1", 5] } }

mounts = { "all://a" = "pool", "http://" = false, "https://b" = { name = "canned" } }

http1 = true
http2 = false

protocols = ["http11"]

protocols = { name = "http11", options = { parser = "h11" } }

proxy = "http://localhost:3128"

proxy = { url = "http://localhost", auth = ["u", "p"], headers = { A = "1" }, tunnel = true }

proxy = { name = "elsewhere", options = { port = 5 } }

proxy = { name = "http-proxy", options = { proxy = { url = "http://localhost" } } }

proxy = false

proxies = "http://localhost:3128"

proxies = { "all://" = "http://localhost:3128", "all://a" = false }

verify = false

verify = "/dev/null"

verify = { name = "default", options = { trust_env = false, alpn = ["http/1.1"] } }

cert = "/dev/null"

cert = ["/dev/null", "/dev/null", "x"]

cert = ["/dev/null", false, "x"]

cert = { path = "/dev/null", password = { env = "UNSET", default = "x" } }

trust_env = false

backend = "anyio"

"$schema" = "./hookline.schema.json"
timeout = 5

"$schema" = "./hookline.schema.json"
[defaults]
timeout = 5
[clients.a]

[defaults]

[clients.a]
timeout = 5
[clients."b.c"]
"""

# What the two see differently, on purpose, and why.
ONLY_THE_VALIDATOR_REFUSES = """
# Whether something is there is not a matter of form: a file,
verify = "/missing.pem"

# an environment variable,
headers = { A = { env = "UNSET" } }

# an encoding,
default_encoding = "utf-9"

# a module with an application.
# (found when the client is made)
base_url = "http://a:b"

# Neither are the grammars of URLs and patterns,
proxy = "localhost:3128"

# and which connectors there are.
proxy = "gopher://localhost"

mounts = { "http://a:b" = "pool" }

# JSON has no NaN.
timeout = nan

# What several settings come to, over the layers of a file.
http1 = false

# What is in a protocol's own code.
protocols = [{ name = "http11", options = { parser = "llhttp" } }]

# What a flag asks for may not be installed.
http2 = true

# A variable's name may not have an equals sign in it.
headers = { A = { env = "A=B" } }

# What a reference leads to.
transport = { env = "UNSET", default = "nowhere" }
"""


def blocks(text: str) -> list[Any]:
    return [
        pytest.param(tomllib.loads(block), id=block.replace("\n", "; "))
        for block in text.strip().split("\n\n")
    ]


@pytest.fixture(scope="module")
def validator() -> Any:
    document = schema(plugins=plugins())
    VALIDATOR.check_schema(document)
    return VALIDATOR(document)


@pytest.mark.parametrize("content", blocks(GOOD))
def test_both_accept(content: Any, validator: Any) -> None:
    assert [str(problem) for problem in check(content, plugins=plugins())] == []
    assert [error.message for error in validator.iter_errors(content)] == []


MESSAGES = (Path(__file__).parent / "messages.txt").read_text()
BAD = "\n\n".join(
    "\n".join(line for line in block.split("\n") if not line.startswith("! "))
    for block in MESSAGES.strip().split("\n\n")
)

# What is wrong with these is told in messages.txt; the form is right.
OF_THE_RIGHT_FORM = {
    'base_url = "http://a:b"',
    'default_encoding = "utf-9"',
    'verify = "missing.pem"',
    'proxy = "localhost:3128"',
    'proxy = "http://u:s3cret@"',
    'proxy = "ssh://localhost"',
    "timeout = nan",
    "clients = { b = {}, a = {} }",
}


@pytest.mark.parametrize(
    ("block"), [block for block in BAD.split("\n\n") if not block.startswith("# name: ")]
)
def test_both_refuse(block: str, validator: Any) -> None:
    content = tomllib.loads(block)

    assert validator.is_valid(content) is (block in OF_THE_RIGHT_FORM)


@pytest.mark.parametrize("content", blocks(ONLY_THE_VALIDATOR_REFUSES))
def test_differences_are_these(content: Any, validator: Any) -> None:
    assert check(content, plugins=PluginManager() if "http2" in content else plugins()) != []
    assert [error.message for error in validator.iter_errors(content)] == []


def test_a_schema_for_what_is_installed_refuses_other_names_and_an_open_one_does_not() -> None:
    closed = VALIDATOR(schema(plugins=plugins()))
    opened = VALIDATOR(schema(plugins=plugins(), is_open=True))
    for content in (
        {"middleware": ["retyr"]},
        {"transport": {"name": "nowhere", "options": {"a": 1}}},
        {"verify": {"name": "mine", "options": {"a": 1}}},
        {"decoders": ["x"]},
    ):
        assert not closed.is_valid(content)
        assert opened.is_valid(content)
    # What it knows, it checks all the same.
    for content in (
        {"middleware": [{"name": "tag", "options": {"vlue": 1}}]},
        {"middleware": ["tag"]},
        {"transport": {"name": "pool", "options": {"retires": 1}}},
        {"verify": {"name": "default", "options": {"a": 1}}},
    ):
        assert not opened.is_valid(content)


def test_every_setting_and_every_option_is_described() -> None:
    document = schema(plugins=PluginManager(), is_open=True)

    for key in document["properties"]:
        definition = document["$defs"].get(f"setting_{key}", document["properties"][key])
        assert key == "$schema" or definition.get("description"), key


def test_the_published_schema_is_up_to_date() -> None:
    """Written by: python -m hookline config schema --core > docs/schema/hookline.schema.json"""
    document = schema(plugins=PluginManager(), is_open=True)

    assert json.loads(PUBLISHED.read_text()) == document
