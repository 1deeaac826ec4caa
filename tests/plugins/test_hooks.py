"""The hooks and the interfaces: what they are called, what they take, and that each one works.

The two snapshots are a promise to plugin authors. They may grow; a line that changes or goes is a
plugin that breaks.
"""

from __future__ import annotations

import inspect
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import pytest

import hookline.plugins
from hookline.plugins import PluginManager, hookimpl, hookspecs, interfaces
from support.plugins import Echo, Plugin, manager_of

HOOKS = {
    "hookline_create_ssl_context": ["name", "options", "settings"],
    "hookline_register_auth_schemes": [],
    "hookline_register_connectors": [],
    "hookline_register_decoders": [],
    "hookline_register_event_hooks": [],
    "hookline_register_middleware": [],
    "hookline_register_protocols": [],
    "hookline_register_transports": [],
}

INTERFACES = {
    "Auth": {
        "async_auth_flow": ["request"],
        "auth_flow": ["request"],
        "from_credentials": ["username", "password"],
        "needs_request_body": ["request", "response"],
        "sync_auth_flow": ["request"],
    },
    "Connector": {
        "adapt": ["request"],
        "connect": ["origin", "network", "deadline"],
        "route": ["origin"],
    },
    "Decoder": {"decode": ["data"], "flush": [], "last_pieces": [], "pieces": ["data"]},
    "EventHook": {
        "connection_closed": ["connection"],
        "connection_opened": ["connection"],
        "request_failed": ["request", "error"],
        "request_started": ["request"],
        "response_finished": ["response"],
        "response_started": ["response"],
    },
    "Middleware": {"handle": ["request", "send"]},
    "Network": {
        "connect_tcp": ["host", "port", "deadline"],
        "connect_unix": ["path", "deadline"],
        "create_waiter": [],
        "resolve": ["host", "port", "deadline"],
        "sleep": ["seconds"],
    },
    "NetworkStream": {
        "close": [],
        "drain": ["timeout"],
        "get_extra_info": ["name"],
        "has_input": [],
        "receive": ["timeout"],
        "send": ["data", "timeout"],
        "writable": ["timeout"],
        "write": ["data"],
    },
    "Protocol": {
        "after_fork": [],
        "close": [],
        "configure": ["options"],
        "exchange": ["request", "body", "timeout"],
        "is_closed": "property",
        "is_reusable": [],
        "request_count": "property",
    },
    "Waiter": {"set": [], "wait": ["timeout"]},
    "Transport": {
        "aclose": [],
        "close": [],
        "handle": ["request"],
        "handle_async_request": ["request"],
        "handle_request": ["request"],
    },
}


def specs() -> dict[str, Callable[..., Any]]:
    return {name: spec for name, spec in vars(hookspecs).items() if name.startswith("hookline_")}


def members(cls: type[Any]) -> dict[str, Any]:
    """The public methods and properties of a class, and their arguments."""
    found: dict[str, Any] = {}
    for name, member in inspect.getmembers(cls):
        if isinstance(member, property):
            found[name] = "property"
        elif not name.startswith("_") and inspect.isroutine(member):
            found[name] = [p for p in inspect.signature(member).parameters if p != "self"]
    return found


# -- Pinned and documented ------------------------------------------------------------------


def test_the_hooks_and_their_arguments_are_pinned() -> None:
    assert {
        name: list(inspect.signature(spec).parameters) for name, spec in specs().items()
    } == HOOKS


def test_pluggy_knows_the_same_hooks_with_the_same_arguments() -> None:
    relay = PluginManager().hook
    known = {name: caller.spec.argnames for name, caller in vars(relay).items()}

    assert {name: list(arguments) for name, arguments in known.items()} == HOOKS


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_with_its_arguments(name: str) -> None:
    spec = specs()[name]
    text = inspect.getdoc(spec)

    assert text
    assert text.endswith(".")
    for argument, parameter in inspect.signature(spec).parameters.items():
        assert f"`{argument}`" in text
        assert parameter.annotation is not inspect.Parameter.empty
    assert inspect.signature(spec).return_annotation is not inspect.Signature.empty


@pytest.mark.parametrize("name", INTERFACES)
def test_the_interfaces_are_pinned_and_documented(name: str) -> None:
    cls = getattr(hookline.plugins, name)

    assert members(cls) == INTERFACES[name]
    assert inspect.getdoc(cls)
    for member in INTERFACES[name]:
        assert inspect.getdoc(getattr(cls, member)), f"{name}.{member}"


def test_every_class_of_the_interfaces_module_can_be_imported_from_the_package() -> None:
    public = {
        name
        for name, value in vars(interfaces).items()
        if inspect.isclass(value) and value.__module__ == interfaces.__name__
    }

    assert public <= set(hookline.plugins.__all__)
    for name in hookline.plugins.__all__:
        assert getattr(hookline.plugins, name) is not None


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Tranport'"):
        _ = hookline.plugins.Tranport  # type: ignore[attr-defined]


# -- Called, and in which order -------------------------------------------------------------


class Recorder:
    """Implements every hook, and writes down the calls."""

    def __init__(self, name: str, log: list[str]) -> None:
        self._name = name
        self._log = log

    def _called(self, hook: str) -> list[type[Any]]:
        self._log.append(f"{self._name} {hook}")
        return []

    @hookimpl
    def hookline_register_protocols(self) -> list[type[Any]]:
        return self._called("protocols")

    @hookimpl
    def hookline_register_connectors(self) -> list[type[Any]]:
        return self._called("connectors")

    @hookimpl
    def hookline_register_transports(self) -> list[type[Any]]:
        return self._called("transports")

    @hookimpl
    def hookline_register_middleware(self) -> list[type[Any]]:
        return self._called("middleware")

    @hookimpl
    def hookline_register_auth_schemes(self) -> list[type[Any]]:
        return self._called("auth_schemes")

    @hookimpl
    def hookline_register_event_hooks(self) -> list[type[Any]]:
        return self._called("event_hooks")

    @hookimpl
    def hookline_register_decoders(self) -> list[type[Any]]:
        return self._called("decoders")

    @hookimpl
    def hookline_create_ssl_context(
        self, name: str, options: Mapping[str, Any], settings: Any
    ) -> ssl.SSLContext | None:
        self._log.append(f"{self._name} ssl_context {name} {dict(options)}")
        return None


def test_register_hooks_are_called_plugin_by_plugin_in_the_order_of_registration() -> None:
    log: list[str] = []
    manager = PluginManager()
    manager.register(Recorder("first", log), "first")
    manager.register(Recorder("second", log), "second")

    slots = [
        "protocols",
        "connectors",
        "transports",
        "middleware",
        "auth_schemes",
        "event_hooks",
        "decoders",
    ]
    assert log == [f"{plugin} {slot}" for plugin in ("first", "second") for slot in slots]


def test_no_hook_is_called_again_when_clients_are_made_and_used(server: str) -> None:
    log: list[str] = []
    manager = manager_of(Echo)
    manager.register(Recorder("idle", log), "idle")
    log.clear()

    with hookline.Client(plugins=manager) as client:
        client.get(f"{server}/")
    with hookline.Client(plugins=manager, transport="echo") as client:
        client.get("http://example.org/")

    assert log == []


def test_the_ssl_context_hook_asks_the_last_registered_first_and_core_last(tls_server: str) -> None:
    log: list[str] = []
    manager = manager_of()
    manager.register(Recorder("first", log), "first")
    manager.register(Recorder("second", log), "second")
    log.clear()

    # Core's own context: it does not trust the authority of the tests.
    verify = {"name": "default", "options": {"trust_env": False}}
    with hookline.Client(verify=verify, plugins=manager) as client:
        with pytest.raises(hookline.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            client.get(tls_server)

    call = "ssl_context default {'trust_env': False}"
    assert log == [f"second {call}", f"first {call}"]


def test_what_every_register_hook_returns_is_there_by_name() -> None:
    class P(hookline.plugins.Protocol):
        name = "p"
        alpn = "p/1"

    class C(hookline.plugins.Connector):
        name = "c"

    class T(hookline.plugins.Transport):
        name = "t"

    class M(hookline.plugins.Middleware):
        name = "m"

    class A(hookline.Auth):
        scheme = "a"

    class E(hookline.plugins.EventHook):
        name = "e"

    class D(hookline.plugins.Decoder):
        name = "d"

    manager = PluginManager()
    manager.register(Plugin(P, C, T, M, A, E, D), "all", distribution="hookline-core")

    registry = manager.registry
    assert registry.get("protocols", "p") is P
    assert registry.get("connectors", "c") is C
    assert registry.get("transports", "t") is T
    assert registry.get("middleware", "m") is M
    assert registry.get("auth_schemes", "a") is A
    assert registry.get("event_hooks", "e") is E
    assert registry.get("decoders", "d") is D
    assert registry.names("middleware")["m"].plugin == "all"
    [info] = [info for info in manager.plugins() if info.name == "all"]
    assert info.version == hookline.__version__
    assert info.registers == {
        "protocols": ["p"],
        "connectors": ["c"],
        "transports": ["t"],
        "middleware": ["m"],
        "auth_schemes": ["a"],
        "event_hooks": ["e"],
        "decoders": ["d"],
    }


def test_builtins_come_through_the_same_hooks() -> None:
    [builtin] = PluginManager().plugins()

    assert builtin.status == "loaded"
    assert builtin.distribution == "hookline-core"
    assert builtin.registers["connectors"] == ["direct", "unix", "http-proxy"]
    assert "pool" in builtin.registers["transports"]
    assert "basic" in builtin.registers["auth_schemes"]
    assert builtin.registers["decoders"][:2] == ["gzip", "deflate"]
