"""TLS contexts from plugins: by name, and only by name."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import pytest

import hookline
from hookline.plugins import PluginManager, hookimpl
from support.modes import Mode
from support.plugins import manager_of


class Trust:
    """Makes the context "trust", and writes down what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], Any]] = []

    @hookimpl
    def hookline_create_ssl_context(
        self, name: str, options: Mapping[str, Any], settings: Any
    ) -> Any:
        self.asked.append((name, dict(options), settings))
        if name == "nothing":
            return "no context"
        if name != "trust":
            return None
        if "ca_file" not in options:
            raise ValueError("ca_file: is missing.")
        return ssl.create_default_context(cafile=options["ca_file"])


@pytest.fixture
def trust() -> Trust:
    return Trust()


@pytest.fixture
def manager(trust: Trust) -> PluginManager:
    manager = manager_of()
    manager.register(trust, "trust")
    return manager


async def test_a_context_is_made_by_name_at_the_first_connection_and_kept(
    mode: Mode, tls_server: str, authority: Any, trust: Trust, manager: PluginManager
) -> None:
    verify = {"name": "trust", "options": {"ca_file": authority.ca_file}}
    async with mode.client(verify=verify, trust_env=False, plugins=manager) as client:
        assert trust.asked == []
        async with client.stream("GET", f"{tls_server}/stalls"):
            second = await client.get(f"{tls_server}/port")

    assert second.status_code == 200
    [(name, options, settings)] = trust.asked
    assert (name, options) == ("trust", {"ca_file": authority.ca_file})
    assert settings == (True, None, False, ("http/1.1",))
    assert (settings.verify, settings.cert, settings.trust_env) == (True, None, False)


async def test_hookline_offers_its_protocols_whatever_the_plugin_set(
    mode: Mode, tls_server: str, authority: Any, manager: PluginManager
) -> None:
    offered: list[list[str]] = []

    class Watched(ssl.SSLContext):
        def set_alpn_protocols(self, alpn_protocols: Any) -> None:
            offered.append(list(alpn_protocols))
            super().set_alpn_protocols(alpn_protocols)

    class Watching:
        @hookimpl
        def hookline_create_ssl_context(self, name: str) -> ssl.SSLContext | None:
            context = Watched(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(authority.ca_file)
            return context if name == "watched" else None

    manager.register(Watching())
    async with mode.client(verify={"name": "watched"}, plugins=manager) as client:
        await client.get(f"{tls_server}/")

    assert offered == [["http/1.1"]]


async def test_installed_plugins_are_not_asked_for_the_default(
    mode: Mode, tls_server: str, authority: Any, trust: Trust, manager: PluginManager
) -> None:
    context = ssl.create_default_context(cafile=authority.ca_file)
    for verify in (authority.ca_file, context, False):
        async with mode.client(verify=verify, plugins=manager) as client:
            assert (await client.get(f"{tls_server}/")).status_code == 200
    async with mode.client(plugins=manager) as client:
        with pytest.raises(hookline.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(f"{tls_server}/")

    assert trust.asked == []


async def test_core_s_own_context_has_a_name_too(
    mode: Mode, tls_server: str, authority: Any
) -> None:
    verify = {"name": "default", "options": {"verify": authority.ca_file}}
    async with mode.client(verify=verify) as client:
        assert (await client.get(f"{tls_server}/")).status_code == 200


async def test_a_name_that_no_plugin_knows_is_refused(
    mode: Mode, tls_server: str, manager: PluginManager
) -> None:
    async with mode.client(verify={"name": "trsut"}, plugins=manager) as client:
        with pytest.raises(hookline.PluginNotFound) as caught:
            await client.get(f"{tls_server}/")

    assert str(caught.value) == (
        "verify: no plugin makes a TLS context named 'trsut'. Core's own is 'default'."
    )


async def test_options_that_the_plugin_refuses_are_told_with_its_words(
    mode: Mode, tls_server: str, manager: PluginManager
) -> None:
    async with mode.client(verify={"name": "trust"}, plugins=manager) as client:
        with pytest.raises(ValueError) as caught:
            await client.get(f"{tls_server}/")
    assert str(caught.value) == (
        "verify: 'trust' cannot be made with no options: ca_file: is missing."
    )

    verify = {"name": "default", "options": {"chipers": "HIGH"}}
    async with mode.client(verify=verify, plugins=manager) as client:
        with pytest.raises(ValueError, match="'default' cannot be made with the options chipers: "):
            await client.get(f"{tls_server}/")


async def test_what_is_no_context_is_refused(
    mode: Mode, tls_server: str, manager: PluginManager
) -> None:
    async with mode.client(verify={"name": "nothing"}, plugins=manager) as client:
        with pytest.raises(TypeError) as caught:
            await client.get(f"{tls_server}/")

    assert str(caught.value) == (
        "verify: the plugin that makes the TLS context 'nothing' returned 'no context'; "
        "expected an ssl.SSLContext."
    )
