"""The samples of the handbook keep the contracts that it explains: authors copy them."""

from __future__ import annotations

import codecs
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hookline import testing
from support.pages import ROOT, files_of


def sample(page: str, name: str) -> ModuleType:
    """A module of a page of the handbook."""
    code = files_of(ROOT / "docs/plugins" / f"{page}.md")[f"{name}.py"]
    module = ModuleType(name)
    exec(compile(code, f"{name}.py", "exec"), module.__dict__)
    return module


ONCE_MORE = sample("middleware", "hookline_once_more")
DIRECTORY = sample("transport", "hookline_directory")
HOSTS = sample("connector", "hookline_hosts")
PLAIN_RELAY = sample("connector", "hookline_plain_relay")
HTTP10 = sample("protocol", "hookline_http10")
HMAC = sample("auth-scheme", "hookline_hmac_auth")
TALLY = sample("event-hook", "hookline_tally")
ROT13 = sample("decoder", "hookline_rot13")
PINNED = sample("tls-context", "hookline_pinned")


class TestOnceMore(testing.MiddlewareSuite):
    plugin = ONCE_MORE
    options = {"statuses": [429, 503]}

    def make(self) -> Any:
        return ONCE_MORE.OnceMore((429, 503))


class TestDirectory(testing.TransportSuite):
    plugin = DIRECTORY
    url = "https://site.test/page.html"

    @pytest.fixture(autouse=True)
    def _site(self, tmp_path: Path) -> None:
        (tmp_path / "page.html").write_text("<p>Hello</p>")
        self.options = {"root": str(tmp_path)}

    def make(self) -> Any:
        return DIRECTORY.Directory(**self.options)


class TestHosts(testing.ConnectorSuite):
    plugin = HOSTS
    options = {"hosts": {"origin.test": "192.0.2.1"}}

    def make(self) -> Any:
        return HOSTS.Hosts(**self.options)


class TestPlainRelay(testing.ConnectorSuite):
    plugin = PLAIN_RELAY
    options = {"proxy": "relay://relay.test:1080"}
    replies = [b"ok\n"]
    refusals = [[b"no\n"]]

    def make(self) -> Any:
        return PLAIN_RELAY.PlainRelay(**self.options)


class TestHTTP10(testing.ProtocolSuite):
    plugin = HTTP10
    streams = keeps_alive = False
    ends_with_connection = True

    def make(self, stream: Any) -> Any:
        return HTTP10.HTTP10(stream)

    def answer(self, body: Any, number: int = 0) -> list[bytes]:
        return [b"HTTP/1.0 200 OK\r\n\r\n", *body]


class TestHmacAuth(testing.AuthSuite):
    plugin = HMAC
    options = {"key_id": "k1", "key": "s3cret"}
    secrets = ["s3cret"]

    def make(self) -> Any:
        return HMAC.HmacAuth(**self.options)


class TestTally(testing.EventHookSuite):
    plugin = TALLY
    options = {"prefix": "mine."}

    def make(self) -> Any:
        return TALLY.Tally(**self.options)


class TestRot13(testing.DecoderSuite):
    plugin = ROT13
    ends_itself = False

    def make(self) -> Any:
        return ROT13.Rot13()

    def encode(self, data: bytes) -> bytes:
        return codecs.encode(data.decode("ascii"), "rot13").encode("ascii")


class TestPinned(testing.TLSContextSuite):
    plugin = PINNED
    name = "pinned"

    @pytest.fixture(autouse=True)
    def _authority(self, authority: Any) -> None:
        self.options = {"ca_file": authority.ca_file}
