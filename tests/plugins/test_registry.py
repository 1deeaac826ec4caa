"""What a plugin manager takes in, what it refuses, and what it says of names that are missing."""

from __future__ import annotations

import re
from typing import Any

import pytest

import hookline
from hookline.plugins import (
    Auth,
    Connector,
    Decoder,
    EventHook,
    Middleware,
    PluginManager,
    Protocol,
    Transport,
    hookimpl,
)
from support.plugins import Echo, Plugin, manager_of


class Retry(Middleware):
    name = "retry"


class Returning:
    """A plugin whose hook for middleware returns what it is given."""

    def __init__(self, *returned: Any) -> None:
        self._returned = returned

    @hookimpl
    def hookline_register_middleware(self) -> Any:
        return self._returned[0]


def refusal(plugin: object, manager: PluginManager | None = None) -> str:
    """The message with which a plugin is refused."""
    with pytest.raises(hookline.PluginError) as caught:
        (manager or PluginManager()).register(plugin, "bad", distribution="bad-dist")
    return str(caught.value)


# -- Unfit classes --------------------------------------------------------------------------


@pytest.mark.parametrize("returned", [[object], [str], ["retry"], [None]])
def test_what_is_no_subclass_of_the_interface_is_refused(returned: list[Any]) -> None:
    assert re.fullmatch(
        r"The plugin 'bad' of bad-dist registered .* as a middleware; expected a subclass of "
        r"hookline\.plugins\.Middleware\.",
        refusal(Returning(returned)),
    )


def test_an_instance_is_refused_with_a_hint() -> None:
    assert refusal(Returning([Retry()])).endswith("Return the class, not an instance of it.")


@pytest.mark.parametrize("base", [Protocol, Connector, Transport, Auth, EventHook, Decoder])
def test_every_slot_checks_its_own_base(base: type[Any]) -> None:
    class Wrong:
        @hookimpl
        def hookline_register_protocols(self) -> Any:
            return [] if base is not Protocol else [Retry]

        @hookimpl
        def hookline_register_connectors(self) -> Any:
            return [] if base is not Connector else [Retry]

        @hookimpl
        def hookline_register_transports(self) -> Any:
            return [] if base is not Transport else [Retry]

        @hookimpl
        def hookline_register_auth_schemes(self) -> Any:
            return [] if base is not Auth else [Retry]

        @hookimpl
        def hookline_register_event_hooks(self) -> Any:
            return [] if base is not EventHook else [Retry]

        @hookimpl
        def hookline_register_decoders(self) -> Any:
            return [] if base is not Decoder else [Retry]

    assert f"expected a subclass of hookline.plugins.{base.__name__}." in refusal(Wrong())


@pytest.mark.parametrize(
    "name", ["", "Retry", " retry", "re try", "retry,cache", "-retry", None, 7]
)
def test_a_name_is_lower_case_and_not_empty(name: Any) -> None:
    named = type("Named", (Middleware,), {"name": name})

    assert refusal(Plugin(named)) == (
        f"The plugin 'bad' of bad-dist registered {__name__}.Named as a middleware whose `name` is "
        f"{name!r}; expected lower-case letters, digits, '-', '_' and '.'."
    )


def test_a_class_without_a_name_is_refused() -> None:
    class Nameless(Middleware):
        pass

    assert "whose `name` is None" in refusal(Plugin(Nameless))


def test_an_auth_scheme_is_named_by_its_scheme() -> None:
    class Named(Auth):
        name = "token"

    assert "as an auth scheme whose `scheme` is ''" in refusal(Plugin(Named))


def test_a_protocol_needs_an_alpn_identifier() -> None:
    class Spoken(Protocol):
        name = "spoken"

    assert "whose `alpn` is None; expected its ALPN identifier" in refusal(Plugin(Spoken))


@pytest.mark.parametrize("returned", [Retry, "retry", None, 7])
def test_a_hook_returns_a_list(returned: Any) -> None:
    assert refusal(Returning(returned)) == (
        f"The plugin 'bad' of bad-dist returned {returned!r} from hookline_register_middleware; "
        "expected a list of classes."
    )


def test_any_iterable_will_do() -> None:
    manager = PluginManager()
    manager.register(Returning(cls for cls in [Retry]))

    assert manager.registry.get("middleware", "retry") is Retry


def test_an_exception_of_the_plugin_itself_passes_through() -> None:
    class Raising:
        @hookimpl
        def hookline_register_middleware(self) -> Any:
            raise ZeroDivisionError("mine")

    manager = PluginManager()
    with pytest.raises(ZeroDivisionError, match="mine"):
        manager.register(Raising())
    assert [info.name for info in manager.plugins()] == ["builtin"]


# -- Hooks ----------------------------------------------------------------------------------


def test_a_misspelt_hook_is_refused_with_a_suggestion() -> None:
    class Misspelt:
        @hookimpl
        def hookline_register_transport(self) -> list[type[Transport]]:
            return [Echo]

    assert refusal(Misspelt()).startswith(
        "The plugin 'bad' of bad-dist implements 'hookline_register_transport', which is no hook "
        f"of hookline {hookline.__version__}. Did you mean 'hookline_register_transports'? Hooks: "
        "hookline_create_ssl_context, hookline_register_auth_schemes, "
    )


def test_a_hook_of_a_newer_hookline_can_be_implemented_as_an_optional_one() -> None:
    class Ahead:
        @hookimpl(optionalhook=True)
        def hookline_register_teleporters(self) -> list[type[Any]]:
            return [object]

        @hookimpl
        def hookline_register_transports(self) -> list[type[Transport]]:
            return [Echo]

    manager = PluginManager()
    manager.register(Ahead())

    assert manager.registry.get("transports", "echo") is Echo


def test_a_hook_with_an_argument_that_does_not_exist_is_refused() -> None:
    class Asking:
        @hookimpl
        def hookline_register_transports(self, client: Any) -> list[type[Transport]]:
            return [Echo]

    message = refusal(Asking())
    assert message.startswith("The plugin 'bad' of bad-dist does not fit: ")
    assert "{'client'}" in message
    assert "hookline_register_transports" in message


def test_a_plugin_without_a_single_hook_is_refused() -> None:
    class Unmarked:
        def hookline_register_transports(self) -> list[type[Transport]]:
            return [Echo]

    message = refusal(Unmarked())
    assert message.startswith("The plugin 'bad' of bad-dist implements no hook: nothing in <")
    assert message.endswith("is marked with @hookline.plugins.hookimpl.")


def test_a_plugin_that_was_refused_leaves_nothing_behind() -> None:
    class Good(EventHook):
        name = "good"

    class Bad(Middleware):
        name = "BAD"

    manager = PluginManager()
    refusal(Plugin(Good, Bad), manager)
    manager.register(Plugin(Good), "bad", distribution="bad-dist")

    assert manager.registry.get("event_hooks", "good") is Good
    assert [info.name for info in manager.plugins()] == ["builtin", "bad"]


# -- Names taken ----------------------------------------------------------------------------


class Again(Middleware):
    name = "retry"


def test_a_name_that_is_taken_names_both_classes_and_both_distributions() -> None:
    manager = PluginManager()
    manager.register(Plugin(Retry), "one", distribution="one-dist")
    with pytest.raises(hookline.DuplicateName) as caught:
        manager.register(Plugin(Again), "two", distribution="two-dist")

    assert str(caught.value) == (
        f"Two classes want to be the middleware 'retry': {__name__}.Retry (plugin 'one' of "
        f"one-dist) and {__name__}.Again (plugin 'two' of two-dist). Uninstall one of the "
        "distributions, or block one plugin: HOOKLINE_PLUGINS_BLOCK=one or "
        "HOOKLINE_PLUGINS_BLOCK=two."
    )
    assert manager.registry.get("middleware", "retry") is Retry


def test_plugins_without_a_distribution_are_told_what_they_can_do() -> None:
    manager = PluginManager()
    manager.register(Plugin(Retry), "one")
    with pytest.raises(hookline.DuplicateName) as caught:
        manager.register(Plugin(Again), "two")

    assert str(caught.value) == (
        f"Two classes want to be the middleware 'retry': {__name__}.Retry (plugin 'one') and "
        f"{__name__}.Again (plugin 'two'). Register one of them only, or give one another name."
    )


def test_one_plugin_with_a_name_twice_is_told_so() -> None:
    with pytest.raises(hookline.DuplicateName, match=r"Give one of them another name\.$"):
        PluginManager().register(Plugin(Retry, Again), "one")


def test_the_names_of_core_cannot_be_taken() -> None:
    class Pool(Transport):
        name = "pool"

    with pytest.raises(hookline.DuplicateName) as caught:
        PluginManager().register(Plugin(Pool), "pool-plus", distribution="pool-plus")

    assert str(caught.value).endswith(
        "Core's own names are taken: give the other one a name of its own."
    )


def test_the_same_name_in_another_slot_is_another_name() -> None:
    class Watch(EventHook):
        name = "retry"

    manager = manager_of(Retry, Watch)

    assert manager.registry.get("middleware", "retry") is Retry
    assert manager.registry.get("event_hooks", "retry") is Watch


def test_two_plugins_of_one_name_are_refused() -> None:
    manager = PluginManager()
    manager.register(Plugin(Retry), "same", distribution="one-dist")
    with pytest.raises(hookline.DuplicateName) as caught:
        manager.register(Plugin(), "same", distribution="two-dist")

    assert str(caught.value) == (
        "Two plugins are called 'same': one of one-dist and one of two-dist. Uninstall one of "
        "them, or rename its entry point."
    )
    assert manager.registry.get("middleware", "retry") is Retry


# -- Names missing --------------------------------------------------------------------------


def missing(manager: PluginManager, slot: str, name: str) -> str:
    with pytest.raises(hookline.PluginNotFound) as caught:
        manager.registry.get(slot, name)
    assert isinstance(caught.value, LookupError)
    return str(caught.value)


def test_a_missing_name_says_what_is_known_and_what_may_have_been_meant() -> None:
    class Cache(Middleware):
        name = "cache"

    manager = manager_of(Retry, Cache)

    assert missing(manager, "middleware", "retyr") == (
        "No middleware named 'retyr' is registered. Did you mean 'retry'? Known: cache, retry."
    )
    assert missing(manager, "middleware", "RETRY") == (
        "No middleware named 'RETRY' is registered. Did you mean 'retry'? Known: cache, retry."
    )
    assert missing(manager, "middleware", "tracing") == (
        "No middleware named 'tracing' is registered. Known: cache, retry."
    )


def test_a_missing_name_in_an_empty_slot_says_that_it_is_empty() -> None:
    assert missing(PluginManager(), "event_hooks", "mine") == (
        "No event hook named 'mine' is registered. There is no event hook at all."
    )


def test_a_name_that_is_in_another_slot_is_pointed_out() -> None:
    message = missing(manager_of(Retry), "event_hooks", "retry")

    assert message.endswith("There is something else of that name: the middleware 'retry'.")


@pytest.mark.parametrize(
    ("slot", "name", "advice"),
    [
        ("protocols", "http11", 'hookline-http11: pip install "hookline-http11".'),
        ("protocols", "http2", 'hookline-http2: pip install "hookline[http2]".'),
        ("connectors", "socks5", 'hookline-socks: pip install "hookline[socks]".'),
        ("auth_schemes", "digest", 'hookline-digest-auth: pip install "hookline-digest-auth".'),
    ],
)
def test_a_missing_name_of_ours_says_what_to_install(slot: str, name: str, advice: str) -> None:
    message = missing(PluginManager(), slot, name)

    assert message.endswith(f"It is part of {advice}")
    assert "Did you mean" not in message


# -- Before and after use -------------------------------------------------------------------


def test_a_manager_that_is_in_use_takes_no_further_plugin() -> None:
    manager = manager_of(Echo)
    hookline.Client(plugins=manager).close()
    with pytest.raises(hookline.PluginError) as caught:
        manager.register(Plugin(Retry))

    assert re.fullmatch(
        r"Too late to register <.*Plugin object.*>: this plugin manager is in use\. Make a new "
        r"one, register all plugins, then pass it to the client\.",
        str(caught.value),
    )


def test_listing_the_plugins_does_not_end_registration() -> None:
    manager = PluginManager()
    before = [info.name for info in manager.plugins()]
    manager.register(Plugin(Retry), "late")

    assert [info.name for info in manager.plugins()] == [*before, "late"]


def test_managers_know_nothing_of_each_other() -> None:
    manager_of(Retry)

    assert "No middleware named 'retry'" in missing(PluginManager(), "middleware", "retry")


def test_a_module_is_registered_under_its_own_name() -> None:
    import hookline_http11

    manager = PluginManager()
    manager.register(hookline_http11)

    assert [info.name for info in manager.plugins()] == ["builtin", "hookline_http11"]


@pytest.mark.parametrize("argument", ["allow", "block"])
def test_a_single_name_where_a_list_belongs_is_refused(argument: str) -> None:
    with pytest.raises(
        TypeError, match=f"{argument}: expected a list of names, not the str 'acme'."
    ):
        PluginManager.discover(**{argument: "acme"})  # type: ignore[arg-type]


def test_discovery_takes_its_lists_as_arguments_too() -> None:
    blocked = PluginManager.discover(block=["http11"])
    allowed = PluginManager.discover(allow=[])

    assert "is blocked: it is in the argument `block`." in missing(blocked, "protocols", "http11")
    assert "is blocked: it is not in the argument `allow`." in (
        missing(allowed, "protocols", "http11")
    )
