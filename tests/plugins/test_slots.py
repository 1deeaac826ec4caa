"""What the slots of a client accept, and what they say of what they do not."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

import hookline
from hookline.plugins import Auth, EventHook, Middleware, PluginManager
from support.modes import Mode
from support.plugins import Echo, manager_of


class Wait(Middleware):
    name = "wait"

    def __init__(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError(f"seconds: expected a number >= 0, not {seconds!r}.")
        self.seconds = seconds

    async def handle(self, request: hookline.Request, send: Any) -> hookline.Response:
        return await send(request)


class Token(Auth):
    scheme = "token"

    def __init__(self, token: str) -> None:
        self.token = token


class Log(EventHook):
    name = "log"


class Plain(hookline.plugins.Transport):
    name = "plain"


@pytest.fixture
def manager() -> PluginManager:
    return manager_of(Echo, Log, Plain, Token, Wait)


def refused(error: type[Exception], manager: PluginManager, **settings: Any) -> str:
    """The message with which both kinds of client refuse a setting; it is the same."""
    messages = set()
    for cls in (hookline.Client, hookline.AsyncClient):
        with pytest.raises(error) as caught:
            cls(plugins=manager, **settings)
        assert type(caught.value) is error
        messages.add(str(caught.value))
    [message] = messages
    return message


# One good value per slot, and the slot's own way to hold it.
SLOTS: dict[str, tuple[str, Any]] = {
    "transport": ("echo", lambda value: value),
    "mounts": ("echo", lambda value: {"all://": value}),
    "auth": ("token", lambda value: value),
    "middleware": ("wait", lambda value: [value]),
    "event_hooks": ("log", lambda value: [value]),
    "protocols": ("http11", lambda value: [value]),
    "verify": ("default", lambda value: value),
}
# What messages call the slot.
CALLED = {slot: "transport" if slot == "mounts" else slot for slot in SLOTS}

every_slot = pytest.mark.parametrize("slot", SLOTS)


# -- Tables ---------------------------------------------------------------------------------


@every_slot
def test_an_unknown_key_of_a_table_is_refused(slot: str, manager: PluginManager) -> None:
    name, wrap = SLOTS[slot]
    table = {"name": name, "opts": {"token": "s3cret"}}

    assert refused(ValueError, manager, **{slot: wrap(table)}) == (
        f"{CALLED[slot]}: unknown key 'opts'; a table has 'name' and 'options'."
    )


@every_slot
def test_a_table_without_a_name_is_refused(slot: str, manager: PluginManager) -> None:
    _, wrap = SLOTS[slot]

    message = refused(ValueError, manager, **{slot: wrap({"options": {"token": "s3cret"}})})
    assert message == f"{CALLED[slot]}: the table has no 'name'."


@every_slot
def test_a_name_that_is_no_text_is_refused(slot: str, manager: PluginManager) -> None:
    _, wrap = SLOTS[slot]

    assert refused(TypeError, manager, **{slot: wrap({"name": 7})}) == (
        f"{CALLED[slot]}: 'name' is a str, not int."
    )


@every_slot
def test_options_that_are_no_table_are_refused(slot: str, manager: PluginManager) -> None:
    name, wrap = SLOTS[slot]

    message = refused(TypeError, manager, **{slot: wrap({"name": name, "options": ["s3cret"]})})
    assert message == f"{CALLED[slot]}: the 'options' of {name!r} are a table, not list."


@every_slot
def test_options_have_names(slot: str, manager: PluginManager) -> None:
    name, wrap = SLOTS[slot]

    message = refused(TypeError, manager, **{slot: wrap({"name": name, "options": {1: "s3cret"}})})
    assert message == f"{CALLED[slot]}: the options of {name!r} have names, which 1 is not."


def test_an_event_hooks_mapping_without_a_name_is_httpx_s(manager: PluginManager) -> None:
    assert refused(ValueError, manager, event_hooks={"requests": []}) == (
        "event_hooks: no event 'requests'; there are 'request' and 'response'."
    )


# -- Names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("slot", [slot for slot in SLOTS if slot != "verify"])
def test_an_unknown_name_is_refused_where_the_client_is_made(
    slot: str, manager: PluginManager
) -> None:
    name, wrap = SLOTS[slot]
    for spec in (f"{name}x", {"name": f"{name}x"}):
        message = refused(hookline.PluginNotFound, manager, **{slot: wrap(spec)})
        assert f" named '{name}x' is registered. Did you mean {name!r}?" in message


async def test_a_name_a_table_and_an_instance_come_to_the_same(
    mode: Mode, manager: PluginManager
) -> None:
    table = {"name": "wait", "options": {"seconds": 0}}
    for transport in ("echo", {"name": "echo"}, {"name": "echo", "options": {}}, Echo()):
        for middleware in ([table], [Wait(0)], table, Wait(0)):
            settings = {"transport": transport, "middleware": middleware}
            async with mode.client(plugins=manager, **settings) as client:
                response = await client.get("http://example.org/")

            assert response.text == "GET http://example.org/"


async def test_protocols_are_given_by_name_by_table_and_by_class(
    mode: Mode, manager: PluginManager, server: str
) -> None:
    cls = manager.registry.get("protocols", "http11")
    options = {"parser": "h11"}
    for protocols in ("http11", ["http11"], {"name": "http11", "options": options}, [cls], cls):
        async with mode.client(plugins=manager, protocols=protocols) as client:
            response = await client.get(f"{server}/")

        assert response.http_version == "HTTP/1.1"


# -- Options --------------------------------------------------------------------------------


def test_missing_options_are_refused_in_the_words_of_the_class(manager: PluginManager) -> None:
    message = refused(TypeError, manager, middleware=["wait"])

    assert message.startswith("middleware: 'wait' cannot be made with no options: ")
    assert message.endswith("missing 1 required positional argument: 'seconds'")


def test_unknown_options_are_refused_by_their_names_alone(manager: PluginManager) -> None:
    table = {"name": "token", "options": {"token": "s3cret", "user": "me"}}
    message = refused(TypeError, manager, auth=table)

    assert message.startswith("auth: 'token' cannot be made with the options token, user: ")
    assert message.endswith("got an unexpected keyword argument 'user'")
    assert "s3cret" not in message


def test_options_that_make_no_sense_are_refused_in_the_words_of_the_class(
    manager: PluginManager,
) -> None:
    table = {"name": "wait", "options": {"seconds": -1}}

    assert refused(ValueError, manager, middleware=[table]) == (
        "middleware: 'wait' cannot be made with the options seconds: "
        "seconds: expected a number >= 0, not -1."
    )


def test_the_error_of_the_class_itself_is_the_cause(manager: PluginManager) -> None:
    with pytest.raises(ValueError) as caught:
        hookline.Client(plugins=manager, middleware=[{"name": "wait", "options": {"seconds": -1}}])

    assert str(caught.value.__cause__) == "seconds: expected a number >= 0, not -1."


def test_options_of_protocols_are_checked_where_the_client_is_made(manager: PluginManager) -> None:
    unknown = {"name": "http11", "options": {"parsr": "h11"}}
    wrong = {"name": "http11", "options": {"parser": "llhttp"}}

    message = refused(TypeError, manager, protocols=[unknown])
    assert message.startswith("protocols: 'http11' cannot be made with the options parsr: ")
    message = refused(ValueError, manager, protocols=[wrong])
    assert message.startswith("protocols: 'http11' cannot be made with the options parser: ")
    assert "'llhttp'" in message


# -- Instances ------------------------------------------------------------------------------


@pytest.mark.parametrize("slot", ["transport", "mounts", "middleware", "event_hooks"])
@pytest.mark.parametrize("value", [7, object, Wait])
def test_what_is_neither_a_name_nor_a_table_nor_an_instance_is_refused(
    slot: str, value: Any, manager: PluginManager
) -> None:
    _, wrap = SLOTS[slot]
    for cls in (hookline.Client, hookline.AsyncClient):
        with pytest.raises(TypeError) as caught:
            cls(plugins=manager, **{slot: wrap(value)})

        message = str(caught.value)
        assert message.startswith(
            f"{CALLED[slot]}: expected a name, {{'name': ..., 'options': ...}} or an instance of "
        )
        assert f"not {value!r} ({type(value).__name__})." in message


def test_a_transport_for_the_other_kind_of_client_is_refused() -> None:
    with pytest.raises(TypeError, match=r"of BaseTransport, not <.*AsyncHTTPTransport"):
        hookline.Client(transport=hookline.AsyncHTTPTransport())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"of AsyncBaseTransport, not <.*HTTPTransport"):
        hookline.AsyncClient(transport=hookline.HTTPTransport())  # type: ignore[arg-type]


def test_a_middleware_at_a_stage_that_does_not_exist_is_refused() -> None:
    class Nowhere(Wait):
        stage = "body"  # type: ignore[assignment]

    with pytest.raises(
        ValueError, match="the stage of Nowhere is 'body'; expected 'call' or 'hop'"
    ):
        hookline.Client(middleware=[Nowhere(0)])


def test_protocols_of_the_wrong_type_are_refused(manager: PluginManager) -> None:
    for wrong in (7, Wait, Wait(0)):
        message = refused(TypeError, manager, protocols=[wrong])
        assert message.startswith("protocols: expected names, {'name': ..., 'options': ...} or ")
        assert message.endswith(f"not {wrong!r} ({type(wrong).__name__}).")


def test_a_client_without_any_protocol_is_refused(manager: PluginManager) -> None:
    message = refused(ValueError, manager, http1=False)

    assert message == refused(ValueError, manager, protocols=[])
    assert message.startswith("A client needs a protocol")


def test_a_context_is_an_instance_too(manager: PluginManager) -> None:
    hookline.Client(verify=ssl.create_default_context(), plugins=manager).close()
