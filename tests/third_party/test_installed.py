"""Plugins of other people, as their users have them: installed, found, and chosen by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import hookline
from support.modes import NAMES

Installed = Callable[..., Any]


# -- Used by name ---------------------------------------------------------------------------


@pytest.mark.parametrize("mode_name", NAMES)
def test_everything_of_a_plugin_is_used_by_name_and_by_table_in_every_mode(
    installed: Installed, mode_name: str, server: str, tls_server: str, authority: Any
) -> None:
    facts = installed("acme").program("use_acme", mode_name, server, tls_server, authority.ca_file)

    assert "acme-swapcase" in facts.pop("accept-encoding").split(", ")
    events = [
        "request_started /bytes/7",
        "connection_opened http11",
        "response_started 200",
        "response_finished 7",
        "request_started /bytes/8",
        "response_started 200",
        "response_finished 8",
        "connection_closed http11",
    ]
    assert facts == {
        "transport by name": "canned",
        "transport by table": "by table",
        "transport by mount": "by table",
        "middleware": {"sent": ["mine", "2"], "seen": ["mine", 2]},
        "auth": ["Acme t0ken", "Acme t0ken, again"],
        "journal by name": events,
        "journal by table": [f"> {event}" for event in events],
        "decoder": "Hello",
        "protocol": [["you asked: GET /page", "HTTP/0.9"]] * 2,
        "tls": "https",
    }


def test_a_plugin_that_is_installed_but_not_named_changes_nothing(
    installed: Installed, server: str
) -> None:
    without = installed().program("get", f"{server}/echo")
    with_acme = installed("acme").program("get", f"{server}/echo")

    # The one exception, on purpose: a coding that is installed is offered.
    [offered] = [field for field in with_acme["sent"]["headers"] if field[0] == "accept-encoding"]
    codings = offered[1].split(", ")
    codings.remove("acme-swapcase")
    offered[1] = ", ".join(codings)
    assert with_acme == without


def test_importing_hookline_imports_no_plugin(installed: Installed) -> None:
    code = "import sys, hookline; print([n for n in sys.modules if n.startswith('hookline_')])"
    done = installed("acme", "broken").run("-c", code)

    assert (done.stdout.strip(), done.stderr) == ("[]", "")


# -- Broken in various ways -----------------------------------------------------------------

BROKEN = (
    "The hookline plugin 'broken' (hookline-broken 0.1, hookline_broken) failed to load: "
    "RuntimeError: the flux capacitor is missing"
)
MISFIT = (
    "The plugin 'misfit' of hookline-misfit registered hookline_misfit.NotAMiddleware as a "
    "middleware; expected a subclass of hookline.plugins.Middleware."
)
MISSPELT = (
    "The plugin 'misspelt' of hookline-misspelt implements 'hookline_register_middlewares', which "
    f"is no hook of hookline {hookline.__version__}. Did you mean 'hookline_register_middleware'?"
)


def test_a_plugin_that_cannot_be_imported_is_warned_of_once_and_the_others_work(
    installed: Installed,
) -> None:
    answers, warnings = installed("acme", "broken").warned(
        "ask", "transport=acme-canned", "auth=nobody", "middleware=acme-call-tag", "transport=pool"
    )

    assert answers["transport=acme-canned"] is None
    assert answers["middleware=acme-call-tag"] is None
    assert answers["transport=pool"] is None
    [warning] = warnings
    assert warning.partition("RuntimeWarning: ")[2] == (
        f"{BROKEN} Whatever does not need it works. To silence this warning, repair it, uninstall "
        "it, or set HOOKLINE_PLUGINS_BLOCK=broken."
    )


def test_the_warning_points_at_the_code_that_made_the_client(installed: Installed) -> None:
    _, [warning] = installed("broken").warned("ask", "transport=pool")

    assert "ask.py:" in warning


def test_the_name_that_a_broken_plugin_would_have_brought_says_why_it_is_missing(
    installed: Installed,
) -> None:
    answers, _ = installed("acme", "broken").warned("ask", "transport=broken")

    answer = answers["transport=broken"]
    assert answer["error"] == "PluginNotFound"
    assert answer["message"].startswith("No transport named 'broken' is registered. Known: acme-")
    assert answer["message"].endswith(
        "The plugin 'broken' of hookline-broken failed to load: "
        "RuntimeError: the flux capacitor is missing."
    )
    assert answer["cause"] == "RuntimeError('the flux capacitor is missing')"


def test_a_plugin_with_one_class_of_the_wrong_base_brings_nothing(installed: Installed) -> None:
    answers, [warning] = installed("acme", "misfit").warned(
        "ask", "middleware=misfit", "event_hooks=misfit-watch", "middleware=acme-call-tag"
    )

    assert MISFIT in warning
    assert "failed to load: " + MISFIT in answers["middleware=misfit"]["message"]
    assert answers["event_hooks=misfit-watch"]["error"] == "PluginNotFound"
    assert answers["middleware=acme-call-tag"] is None


def test_no_hook_of_a_plugin_that_does_not_fit_is_called(
    installed: Installed, tls_server: str, authority: Any
) -> None:
    # It implements hookline_create_ssl_context too, and raises there.
    code = """if True:
        import hookline, sys
        url, ca_file = sys.argv[1:]
        verify = {"name": "default", "options": {"verify": ca_file}}
        with hookline.Client(verify=verify) as client:
            print(client.get(url).status_code)
    """
    done = installed("misfit").run("-c", code, tls_server, authority.ca_file, warnings="ignore")

    assert (done.stdout.strip(), done.stderr) == ("200", "")


def test_a_misspelt_hook_is_refused_by_its_name(installed: Installed) -> None:
    answers, [warning] = installed("misspelt").warned("ask", "middleware=misspelt")

    assert MISSPELT in warning
    assert MISSPELT in answers["middleware=misspelt"]["message"]


def test_several_unfit_plugins_are_each_warned_of(installed: Installed) -> None:
    answers, warnings = installed("acme", "broken", "misfit", "misspelt").warned(
        "ask", "auth=acme", "transport=acme-canned"
    )

    assert len(warnings) == 3
    assert answers["transport=acme-canned"] is None
    # Found, and then refused by its own class: it wants a token.
    assert answers["auth=acme"]["error"] == "TypeError"


# -- Two that want the same name ------------------------------------------------------------

CLASH = (
    "Two classes want to be the transport 'acme-canned': "
    "hookline_acme._transport.Canned (plugin 'acme' of hookline-acme) and "
    "hookline_duplicate.Canned (plugin 'duplicate' of hookline-duplicate). "
    "Uninstall one of the distributions, or block one plugin: "
    "HOOKLINE_PLUGINS_BLOCK=acme or HOOKLINE_PLUGINS_BLOCK=duplicate."
)


def test_a_name_that_two_plugins_claim_is_an_error_that_names_both(installed: Installed) -> None:
    answers, _ = installed("acme", "duplicate").warned("ask", "transport=acme-canned")

    assert answers["transport=acme-canned"] == {
        "error": "DuplicateName",
        "message": CLASH,
        "cause": None,
    }


def test_a_clash_is_warned_of_once_and_leaves_all_other_names_alone(installed: Installed) -> None:
    answers, warnings = installed("acme", "duplicate").warned(
        "ask", "transport=pool", "middleware=duplicate-nothing", "middleware=acme-call-tag"
    )

    assert set(answers.values()) == {None}
    [warning] = warnings
    assert CLASH in warning


@pytest.mark.parametrize("blocked", ["acme", "duplicate"])
def test_a_clash_is_settled_by_blocking_either(installed: Installed, blocked: str) -> None:
    answers = installed("acme", "duplicate").program(
        "ask", "transport=acme-canned", HOOKLINE_PLUGINS_BLOCK=blocked
    )

    assert answers == {"transport=acme-canned": None}


def test_the_names_of_core_cannot_be_taken_by_installing_something(
    installed: Installed, server: str
) -> None:
    code = """if True:
        import hookline, sys
        print(len(hookline.get(sys.argv[1]).content))
    """
    done = installed("usurper").run("-c", code, f"{server}/encoded/gzip", warnings="default")

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "13000"
    assert "'usurper' (hookline-usurper 0.5, hookline_usurper) failed to load" in done.stderr
    assert "Core's own names are taken: give the other one a name of its own." in done.stderr


# -- Blocked, allowed, strict ---------------------------------------------------------------


def test_a_blocked_plugin_is_not_imported_and_its_names_say_so(installed: Installed) -> None:
    answers = installed("acme", "broken").program(
        "ask", "transport=acme-canned", HOOKLINE_PLUGINS_BLOCK="broken, acme"
    )

    answer = answers["transport=acme-canned"]
    assert answer["error"] == "PluginNotFound"
    assert answer["message"].startswith("No transport named 'acme-canned' is registered.")
    assert answer["message"].endswith(
        "The plugin 'acme' of hookline-acme is blocked: it is in HOOKLINE_PLUGINS_BLOCK. "
        "The plugin 'broken' of hookline-broken is blocked: it is in HOOKLINE_PLUGINS_BLOCK."
    )


def test_with_an_allow_list_nothing_else_is_imported(installed: Installed) -> None:
    answers = installed("acme", "broken").program(
        "ask", "transport=acme-canned", "transport=broken", HOOKLINE_PLUGINS="acme,http11"
    )

    assert answers["transport=acme-canned"] is None
    assert (
        "'broken' of hookline-broken is blocked: it is not in HOOKLINE_PLUGINS."
        in (answers["transport=broken"]["message"])
    )


def test_an_empty_allow_list_allows_nothing(installed: Installed) -> None:
    answers = installed("acme", "broken").program(
        "ask", "transport=acme-canned", "transport=pool", HOOKLINE_PLUGINS=""
    )

    assert answers["transport=acme-canned"]["error"] == "PluginNotFound"
    assert answers["transport=pool"] is None


def test_the_block_list_overrules_the_allow_list(installed: Installed) -> None:
    answers = installed("acme").program(
        "ask", "transport=acme-canned", HOOKLINE_PLUGINS="acme", HOOKLINE_PLUGINS_BLOCK="acme"
    )

    assert "it is in HOOKLINE_PLUGINS_BLOCK" in answers["transport=acme-canned"]["message"]


@pytest.mark.parametrize(
    ("plugin", "message", "cause"),
    [
        ("broken", BROKEN, "RuntimeError"),
        ("misfit", MISFIT, "PluginError"),
        ("misspelt", MISSPELT, "PluginError"),
    ],
)
def test_strict_mode_raises_at_the_first_client(
    installed: Installed, plugin: str, message: str, cause: str
) -> None:
    answers = installed("acme", plugin).program(
        "ask", "transport=pool", HOOKLINE_PLUGINS_STRICT="1"
    )

    assert answers["transport=pool"]["error"] == "PluginLoadError"
    assert message in answers["transport=pool"]["message"]
    assert answers["transport=pool"]["cause"].startswith(cause)


def test_strict_mode_raises_for_a_clash_too(installed: Installed) -> None:
    answers = installed("acme", "duplicate").program(
        "ask", "middleware=acme-call-tag", HOOKLINE_PLUGINS_STRICT="1"
    )

    assert answers["middleware=acme-call-tag"]["error"] == "DuplicateName"
    assert answers["middleware=acme-call-tag"]["message"] == CLASH


def test_strict_mode_is_off_for_0(installed: Installed) -> None:
    answers, warnings = installed("broken").warned(
        "ask", "transport=pool", HOOKLINE_PLUGINS_STRICT="0"
    )

    assert answers == {"transport=pool": None}
    assert len(warnings) == 1


# -- The core alone -------------------------------------------------------------------------


def run_code(environment: Any, code: str, *arguments: str, **variables: str) -> str:
    done = environment.run("-c", code, *arguments, **variables)
    assert done.returncode == 0, done.stderr
    output: str = done.stdout.strip()
    return output


# Some of what is installed here is hidden: blocking it would leave a trace in the messages.
ALONE = """if True:
    import importlib.metadata as metadata, sys
    found = metadata.entry_points
    metadata.entry_points = lambda **wanted: [
        point for point in found(**wanted) if point.name not in HIDDEN.split()
    ]
    import hookline
    try:
        ACTION
    except hookline.PluginNotFound as exc:
        print(exc)
"""


def alone(hidden: str, action: str) -> str:
    """A program that runs where some plugins are not installed."""
    return ALONE.replace("HIDDEN", repr(hidden)).replace("ACTION", action)


@pytest.mark.parametrize(
    "action",
    [
        "hookline.get(sys.argv[1])",
        "import asyncio; asyncio.run(hookline.AsyncClient().get(sys.argv[1]))",
        "import trio; trio.run(hookline.AsyncClient().get, sys.argv[1])",
    ],
    ids=NAMES,
)
def test_without_a_protocol_a_request_says_which_distribution_is_missing(
    installed: Installed, server: str, action: str
) -> None:
    assert run_code(installed(), alone("http11 http2", action), f"{server}/") == (
        "No protocol named 'http11' is registered. There is no protocol at all. "
        'It is part of hookline-http11: pip install "hookline-http11".'
    )


def test_with_its_protocol_blocked_a_request_says_so_and_not_what_to_install(
    installed: Installed, server: str
) -> None:
    code = alone("http2", "hookline.get(sys.argv[1])")

    assert run_code(installed(), code, f"{server}/", HOOKLINE_PLUGINS_BLOCK="http11") == (
        "No protocol named 'http11' is registered. There is no protocol at all. The plugin "
        "'http11' of hookline-http11 is blocked: it is in HOOKLINE_PLUGINS_BLOCK."
    )


@pytest.mark.parametrize("client", ["Client", "AsyncClient"])
def test_http2_without_its_plugin_says_what_to_install_where_the_client_is_made(
    installed: Installed, client: str
) -> None:
    assert run_code(installed(), alone("http2", f"hookline.{client}(http2=True)")) == (
        "No protocol named 'http2' is registered. Known: http11. "
        'It is part of hookline-http2: pip install "hookline[http2]".'
    )


# -- python -m hookline plugins -------------------------------------------------------------


def sections(text: str) -> dict[str, list[list[str]]]:
    """The rows of a list of plugins, in words, by its headings."""
    blocks = (block.splitlines() for block in text.split("\n\n"))
    return {lines[0]: [line.split() for line in lines[1:]] for lines in blocks}


def test_the_list_has_what_each_plugin_registers(installed: Installed) -> None:
    done = installed("acme").run("-m", "hookline", "plugins", HOOKLINE_PLUGINS="acme,http11")

    assert (done.returncode, done.stderr) == (0, "")
    listed = sections(done.stdout)
    assert [row[0] for row in listed["protocols"]] == ["acme-http09", "http11"]
    assert [row[0] for row in listed["middleware"]] == ["acme-call-tag", "acme-hop-tag"]
    (hook,) = listed["event hooks"]
    assert (hook[0], hook[2:]) == ("acme-journal", ["hookline-acme", "1.2.3"])
    assert hook[1].startswith("hookline_acme.")
    assert ["direct", "hookline-core", hookline.__version__] in [
        [row[0], *row[2:]] for row in listed["connectors"]
    ]
    # Every column starts where those above and below it do.
    usable = done.stdout.partition("\n\nnot usable\n")[0]
    rows = [line for line in usable.splitlines() if line.startswith("  ")]
    for column in (1, 2):
        assert len({line.index(line.split()[column]) for line in rows}) == 1


def test_the_list_says_what_is_wrong_and_the_exit_status_that_something_is(
    installed: Installed,
) -> None:
    done = installed("acme", "broken", "duplicate").run(
        "-m", "hookline", "plugins", HOOKLINE_PLUGINS_BLOCK="http11"
    )

    assert (done.returncode, done.stderr) == (1, "")
    listed = sections(done.stdout)
    problems = {row[0]: " ".join(row[1:]) for row in listed["not usable"]}
    version = hookline.__version__
    assert problems["broken"] == (
        "(hookline-broken 0.1) failed: RuntimeError: the flux capacitor is missing"
    )
    assert problems["http11"] == (
        f"(hookline-http11 {version}) blocked: it is in HOOKLINE_PLUGINS_BLOCK"
    )
    assert problems["duplicate"].endswith(f" clash: {CLASH}")
    assert " clash: " in problems["acme"]
    assert "http11" not in [row[0] for row in listed["protocols"]]
    # What a plugin brought beside the name that is nobody's can be used.
    assert "duplicate-nothing" in [row[0] for row in listed["middleware"]]


def test_a_clash_alone_is_an_exit_status_of_1_too(installed: Installed) -> None:
    done = installed("acme", "duplicate").run("-m", "hookline", "plugins")

    assert (done.returncode, done.stderr) == (1, "")


def test_the_listing_works_in_strict_mode(installed: Installed) -> None:
    done = installed("broken").run("-m", "hookline", "plugins", HOOKLINE_PLUGINS_STRICT="1")

    assert (done.returncode, done.stderr) == (1, "")
    assert "the flux capacitor is missing" in done.stdout


def test_json_has_the_same_with_tracebacks(installed: Installed) -> None:
    done = installed("acme", "broken").run("-m", "hookline", "plugins", "--json")

    assert (done.returncode, done.stderr) == (1, "")
    listed = {plugin["name"]: plugin for plugin in json.loads(done.stdout)}
    classes: dict[str, str] = {}
    for by_name in listed["acme"]["classes"].values():
        classes.update(by_name)
    assert listed["acme"] == {
        "name": "acme",
        "distribution": "hookline-acme",
        "version": "1.2.3",
        "status": "loaded",
        "registers": {
            "protocols": ["acme-http09"],
            "connectors": ["acme-elsewhere"],
            "transports": ["acme-canned"],
            "middleware": ["acme-call-tag", "acme-hop-tag"],
            "auth_schemes": ["acme"],
            "event_hooks": ["acme-journal"],
            "decoders": ["acme-swapcase"],
        },
        "error": None,
        "traceback": None,
        "classes": {
            slot: {name: classes[name] for name in names}
            for slot, names in listed["acme"]["registers"].items()
        },
    }
    assert all(path.startswith("hookline_acme.") for path in classes.values())
    trace = listed["broken"].pop("traceback")
    assert listed["broken"] == {
        "name": "broken",
        "distribution": "hookline-broken",
        "version": "0.1",
        "status": "failed",
        "registers": {},
        "error": "RuntimeError: the flux capacitor is missing",
        "classes": {},
    }
    assert trace.splitlines()[-2].strip().startswith("raise RuntimeError")


def test_json_of_a_sound_installation_exits_with_0(installed: Installed) -> None:
    done = installed("acme").run("-m", "hookline", "plugins", "--json")

    assert done.returncode == 0


def test_the_command_line_without_arguments_says_how_it_is_used(installed: Installed) -> None:
    done = installed().run("-m", "hookline")

    assert done.returncode == 2
    assert done.stderr.startswith("Usage: python -m hookline [OPTIONS] URL\n")
    assert "plugins" in installed().run("-m", "hookline", "--help").stdout
