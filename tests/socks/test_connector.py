"""What a SOCKS5 proxy may be told, who looks names up, and how the proxy itself is reached."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import hookline
import hookline_socks
from hookline import Origin, Proxy
from hookline._drive import drive
from hookline.plugins import Deadline, PluginManager
from hookline_socks import SOCKS5Connector
from support.fake_stream import FakeStream
from support.socks import CONNECTED, HELLO, NO_AUTH, PASSWORD, USER, FakeNetwork, attempt

ORIGIN = Origin("http", "example.org", 80)
NAMED = b"\x05\x01\x00\x03\x0bexample.org\x00\x50"
V4 = b"\x05\x01\x00\x01\xc0\x00\x02\x07\x00\x50"
V6 = b"\x05\x01\x00\x04\x20\x01\x0d\xb8" + bytes(11) + b"\x01\x00\x50"


def connect(proxy: Any, network: FakeNetwork, origin: Origin = ORIGIN) -> Any:
    return drive(SOCKS5Connector(proxy).connect(origin, network, Deadline(None)))


# -- Registration ---------------------------------------------------------------------------


def test_plugin_registers_the_connector() -> None:
    manager = PluginManager()
    manager.register(hookline_socks, "socks")

    assert manager.registry.get("connectors", "socks5") is SOCKS5Connector
    assert SOCKS5Connector.schemes == ("socks5", "socks5h")


def test_installed_plugin_is_discovered() -> None:
    manager = PluginManager.discover(allow=["socks"])

    assert manager.registry.get("connectors", "socks5") is SOCKS5Connector


def test_socksio_stays_unloaded_until_a_connection_is_made() -> None:
    code = "import sys, hookline_socks; sys.exit('socksio' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- Settings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxy", "where"),
    [
        ("socks5://proxy.test", ("proxy.test", 1080)),
        ("SOCKS5H://proxy.test:9050/", ("proxy.test", 9050)),
        (hookline.URL("socks5://[::1]:1081"), ("::1", 1081)),
        (Proxy("socks5h://[::1]"), ("::1", 1080)),
        ("socks5h://bücher.test", ("xn--bcher-kva.test", 1080)),
        # 80 is http's default, and nobody else's.
        ("socks5h://proxy.test:80", ("proxy.test", 80)),
    ],
)
def test_proxy_is_connected_to_where_its_url_says(proxy: Any, where: tuple[str, int]) -> None:
    network = FakeNetwork(FakeStream(NO_AUTH, CONNECTED), ["192.0.2.7"])
    connect(proxy, network)

    assert network.connected_to == [where]


@pytest.mark.parametrize("scheme", ["http", "https", "socks4", "socks5x"])
def test_other_schemes_are_refused(scheme: str) -> None:
    with pytest.raises(ValueError, match=rf"'{scheme}://proxy\.test' is not for SOCKS5.*socks5h:"):
        SOCKS5Connector(f"{scheme}://proxy.test")


def test_what_is_no_proxy_is_refused() -> None:
    proxy: Any = 1080
    with pytest.raises(TypeError, match=r"Expected str or hookline\.URL, got <class 'int'>"):
        SOCKS5Connector(proxy)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"headers": {"X-Token": "abc"}}, "headers"),
        ({"ssl_context": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}, "ssl_context"),
        ({"tunnel": True}, "tunnel"),
    ],
)
def test_settings_that_mean_nothing_to_socks_are_refused(
    settings: dict[str, Any], name: str
) -> None:
    with pytest.raises(ValueError, match=f"'{name}' means nothing to a SOCKS5 proxy") as caught:
        SOCKS5Connector(Proxy("socks5://proxy.test", **settings))

    assert "abc" not in str(caught.value)


@pytest.mark.parametrize(
    ("auth", "name"),
    [
        (hookline.BasicAuth("user", "secret"), "BasicAuth"),
        (lambda request: request, "FunctionAuth"),
    ],
)
def test_auth_that_is_no_pair_is_refused(auth: Any, name: str) -> None:
    with pytest.raises(TypeError, match=f"a pair of user name and password, not {name}"):
        SOCKS5Connector(Proxy("socks5://proxy.test", auth=auth))


@pytest.mark.parametrize(
    ("auth", "message"),
    [
        (("", "password"), "the user name for a SOCKS5 proxy has 1 to 255 bytes, not 0"),
        (("user", ""), "the password for a SOCKS5 proxy has 1 to 255 bytes, not 0"),
        (("u" * 256, "password"), "the user name .* not 256"),
        (("user", "é" * 128), "the password .* not 256"),
        ((b"user", b"p" * 1000), "the password .* not 1000"),
    ],
)
def test_credentials_that_do_not_fit_are_refused(auth: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        SOCKS5Connector(Proxy("socks5://proxy.test", auth=auth))

    assert "pp" not in str(caught.value)


def test_credentials_appear_in_no_repr() -> None:
    connector = SOCKS5Connector(f"socks5://{USER}:{PASSWORD}@proxy.test")

    assert PASSWORD not in repr(connector)


# -- Names ----------------------------------------------------------------------------------


def test_socks5h_sends_names() -> None:
    network = FakeNetwork(FakeStream(NO_AUTH, CONNECTED))
    connect("socks5h://proxy.test", network)

    assert isinstance(network.stream, FakeStream)
    assert network.stream.sent == [HELLO, NAMED]
    assert network.resolved == []


@pytest.mark.parametrize(
    ("addresses", "sent"),
    [
        (["192.0.2.7"], V4),
        (["2001:db8::1"], V6),
        (["192.0.2.7", "192.0.2.8"], V4),
        (["2001:db8::1", "192.0.2.7", "192.0.2.8"], V4),
        (["2001:db8::1", "2001:db8::2"], V6),
    ],
)
def test_socks5_looks_names_up_and_sends_an_address(addresses: list[str], sent: bytes) -> None:
    network = FakeNetwork(FakeStream(NO_AUTH, CONNECTED), addresses)
    connect("socks5://proxy.test", network)

    assert isinstance(network.stream, FakeStream)
    assert network.stream.sent == [HELLO, sent]
    assert network.resolved == [("example.org", 80)]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize(("host", "sent"), [("192.0.2.7", V4), ("2001:db8::1", V6)])
def test_addresses_are_looked_up_by_nobody(scheme: str, host: str, sent: bytes) -> None:
    network = FakeNetwork(FakeStream(NO_AUTH, CONNECTED))
    connect(f"{scheme}://proxy.test", network, Origin("https", host, 80))

    assert isinstance(network.stream, FakeStream)
    assert network.stream.sent == [HELLO, sent]


@pytest.mark.parametrize("error", [hookline.ConnectError, hookline.ConnectTimeout])
def test_name_that_is_not_found_here_names_the_other_scheme(
    error: Callable[[str], Exception],
) -> None:
    failure = error("No such host.")
    network = FakeNetwork(FakeStream(), failure)
    with pytest.raises(hookline.TransportError, match=r"No such host\. .*socks5h://") as caught:
        connect("socks5://proxy.test", network)

    assert type(caught.value) is error
    assert caught.value.__cause__ is failure
    assert network.connected_to == []


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        (
            "a" * 256,
            80,
            "the host name 'aaaaaaaaaaaaaaaaaaaa'... has 256 bytes, and SOCKS5 carries",
        ),
        ("example.org", 65_536, "65536 is no port"),
        ("example.org", -1, "-1 is no port"),
        ("fe80::1%eth0", 80, "the address fe80::1%eth0 has a zone"),
    ],
)
def test_what_socks_cannot_say_is_refused_before_the_proxy_is_reached(
    host: str, port: int, reason: str
) -> None:
    network = FakeNetwork(FakeStream())
    with pytest.raises(hookline.ProxyError) as caught:
        connect("socks5h://proxy.test", network, Origin("http", host, port))

    assert str(caught.value).startswith(f"SOCKS5 proxy proxy.test was not asked: {reason}")
    assert network.connected_to == []


# -- Reaching the proxy ---------------------------------------------------------------------


@pytest.mark.parametrize("error", [hookline.ConnectError, hookline.ConnectTimeout])
def test_proxy_that_cannot_be_reached_keeps_the_error_and_is_named(
    error: Callable[[str], Exception],
) -> None:
    failure = error("It was not there.")
    with pytest.raises(hookline.TransportError) as caught:
        connect("socks5h://proxy.test:1081", FakeNetwork(failure))

    assert type(caught.value) is error
    assert str(caught.value) == (
        "SOCKS5 proxy proxy.test:1081 cannot be reached: It was not there."
    )
    assert caught.value.__cause__ is failure


def test_stream_is_closed_whatever_happens() -> None:
    done = attempt(NO_AUTH, KeyboardInterrupt())

    assert isinstance(done.error, KeyboardInterrupt)
    assert done.stream.closes == 1
