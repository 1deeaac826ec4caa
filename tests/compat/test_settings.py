"""`Timeout`, `Limits` and `Proxy`."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.compare import Raises, both, differs, examples, same

SECONDS = st.none() | st.integers(0, 100) | st.floats(0, 100)


@pytest.mark.parametrize("value", [None, 0, 5, 5.0, (1, 2), (1, 2, 3), (1, 2, 3, 4), (None,) * 4])
def test_timeouts_are_made_alike(value: Any) -> None:
    for call in (
        lambda library: library.Timeout(value),
        lambda library: library.Timeout(value).as_dict(),
        lambda library: library.Timeout(library.Timeout(value)),
        lambda library: library.Timeout(value) == library.Timeout(value),
        lambda library: library.Timeout(value) == value,
        lambda library: library.Timeout(value) != library.Timeout(7),
        lambda library: library.Timeout(timeout=value),
        lambda library: pickle.loads(pickle.dumps(library.Timeout(value))),
        lambda library: library.Client(timeout=value).timeout,
        lambda library: library.Client().build_request("GET", "/", timeout=value).extensions,
    ):
        same(call, *both())


@examples()
@given(SECONDS, st.dictionaries(st.sampled_from(["connect", "read", "write", "pool"]), SECONDS))
def test_phases_take_the_place_of_the_default_alike(default: Any, phases: dict[str, Any]) -> None:
    same(lambda library: library.Timeout(default, **phases), *both())
    same(lambda library: library.Timeout(default, **phases).as_dict(), *both())
    if len(phases) == 4:
        same(lambda library: library.Timeout(**phases), *both())


def test_timeout_of_a_client_is_the_same() -> None:
    same(lambda library: library.Client().timeout, *both())
    same(lambda library: library.Client().build_request("GET", "/").extensions, *both())

    def set_later(library: Any) -> Any:
        client = library.Client(timeout=None)
        client.timeout = 3
        return client.timeout

    same(set_later, *both())


def test_unknown_phase_is_refused_alike() -> None:
    assert same(lambda library: library.Timeout(5, unknown=1), *both()).raised == "TypeError"


@pytest.mark.parametrize("phases", [{}, {"connect": 5.0}, {"connect": 5.0, "read": 30.0}], ids=str)
def test_phases_that_are_not_given_take_the_default(phases: dict[str, float]) -> None:
    differs(
        "timeout-partial",
        lambda library: library.Timeout(**phases).as_dict(),
        *both(),
        theirs=Raises("ValueError", "must either include a default, or set all four"),
        ours={"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0, **phases},
    )


def test_timeout_with_a_phase_replaced_is_made_of_another() -> None:
    differs(
        "timeout-partial",
        lambda library: library.Timeout(library.Timeout(1), read=2).as_dict(),
        *both(),
        theirs=Raises("AssertionError"),
        ours={"connect": 1, "read": 2, "write": 1, "pool": 1},
    )


@pytest.mark.parametrize("value", [-1, True, "5", float("nan")], ids=repr)
def test_timeouts_that_make_no_sense_are_refused(value: Any) -> None:
    differs(
        "timeout-values",
        lambda library: str(library.Timeout(value).read),
        *both(),
        theirs=str(value),
        ours=Raises("ValueError" if value != "5" and value is not True else "TypeError", "Timeout"),
    )


def test_endless_timeout_is_none() -> None:
    differs(
        "timeout-values",
        lambda library: library.Timeout(float("inf")).read,
        *both(),
        theirs=float("inf"),
        ours=None,
    )


def test_settings_are_hashable() -> None:
    for name in ("Timeout", "Limits"):
        differs(
            "settings-hashable",
            lambda library, name=name: (
                hash(library.Timeout(1) if name == "Timeout" else library.Limits()) is not None
            ),
            *both(),
            theirs=Raises("TypeError", "unhashable"),
            ours=True,
        )


# -- Limits -----------------------------------------------------------------------------------

COUNT = st.none() | st.integers(0, 1000)


@examples()
@given(COUNT, COUNT, SECONDS)
def test_limits_are_made_alike(connections: Any, idle: Any, expiry: Any) -> None:
    given = {
        "max_connections": connections,
        "max_keepalive_connections": idle,
        "keepalive_expiry": expiry,
    }
    same(lambda library: library.Limits(**given), *both())
    same(lambda library: library.Limits(**given) == library.Limits(), *both())
    same(lambda library: library.Limits(**given) == library.Limits(**given), *both())


def test_limits_by_default_are_the_same() -> None:
    same(lambda library: library.Limits(), *both())
    same(lambda library: library.Limits() == 5, *both())
    same(lambda library: library.Limits(5), *both())


@pytest.mark.parametrize("value", [-1, "x", True, 1.5], ids=repr)
def test_limits_that_make_no_sense_are_refused(value: Any) -> None:
    differs(
        "limits-values",
        lambda library: library.Limits(max_connections=value).max_connections,
        *both(),
        theirs=value,
        ours=Raises("ValueError" if value == -1 else "TypeError", "max_connections"),
    )


# -- Proxy ------------------------------------------------------------------------------------

PROXIES = [
    "http://h", "http://h:80", "http://h:3128/p?q", "https://u:p@h:8", "socks5://h",
    "socks5h://u@h", "http://u:p%40@h", "http://[::1]:3128",
]  # fmt: skip


@pytest.mark.parametrize("url", PROXIES)
def test_proxies_are_made_alike(url: str) -> None:
    same(lambda library: library.Proxy(url), *both())
    same(lambda library: library.Proxy(library.URL(url)), *both())
    same(lambda library: library.Proxy(url, headers={"X": "y"}).headers, *both())
    if "@" not in url:
        same(lambda library: library.Proxy(url, auth=("é", "p")), *both())
        same(lambda library: library.Proxy(url, auth=("é", "p")).raw_auth, *both())


def test_proxy_s_own_arguments_come_before_what_its_url_says() -> None:
    differs(
        "proxy-auth",
        lambda library: library.Proxy("http://u:p@h", auth=("a", "b")).raw_auth,
        *both(),
        theirs=[b"u", b"p"],
        ours=[b"a", b"b"],
    )


def test_scheme_of_a_proxy_is_for_connectors_to_know() -> None:
    differs(
        "proxy-scheme",
        lambda library: str(library.Proxy("ssh://h").url),
        *both(),
        theirs=Raises("ValueError", "Unknown scheme for proxy URL"),
        ours="ssh://h",
    )
    differs(
        "proxy-scheme",
        lambda library: library.Client(proxy="ssh://h"),
        *both(),
        theirs=Raises("ValueError", "Unknown scheme for proxy URL"),
        ours=Raises("UnknownScheme", "No connector is registered for proxy URLs"),
    )


@pytest.mark.parametrize("url", ["", "h", "h:80", "http://", "http://:80"])
def test_what_is_no_proxy_url_is_refused(url: str) -> None:
    def made(library: Any) -> Any:
        library.Proxy(url)

    def refused(theirs: Any, ours: Any) -> bool:
        return ours.raised in ("ValueError", "InvalidURL")

    same(made, *both(), except_for={"proxy-scheme": refused})


def test_secret_headers_of_a_proxy_are_not_shown() -> None:
    proxy = {"headers": {"Proxy-Authorization": "secret", "X": "y"}}
    differs(
        "proxy-repr",
        lambda library: repr(library.Proxy("http://h", **proxy)),
        *both(),
        theirs="Proxy('http://h', headers={'proxy-authorization': 'secret', 'x': 'y'})",
        ours="Proxy('http://h', headers={'proxy-authorization': '[secure]', 'x': 'y'})",
    )
