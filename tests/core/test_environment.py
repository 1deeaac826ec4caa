"""Proxies from the environment: which variables count, and what NO_PROXY leaves out."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
import warnings
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import hookline
from hookline._environment import environment_proxies
from support.ids import plain_id
from support.modes import Mode
from support.plugins import Echo, manager_of
from support.raw import answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PROXY = "http://proxy.test:3128"


def set_environment(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def found(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, str | None]:
    """The patterns and proxies for an environment, as text."""
    set_environment(monkeypatch, variables)
    return {
        pattern.pattern: None if proxy is None else str(proxy.url)
        for pattern, proxy in environment_proxies().items()
    }


def goes_through_proxy(url: str, **settings: Any) -> bool:
    with hookline.Client(**settings) as client:
        return client._transport_for_url(hookline.URL(url)) is not client._transport


# -- The variables --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {}),
        ({"HTTP_PROXY": PROXY}, {"http://": PROXY}),
        ({"http_proxy": PROXY}, {"http://": PROXY}),
        ({"HTTPS_PROXY": PROXY}, {"https://": PROXY}),
        ({"https_proxy": PROXY}, {"https://": PROXY}),
        ({"ALL_PROXY": PROXY}, {"all://": PROXY}),
        ({"all_proxy": PROXY}, {"all://": PROXY}),
        (
            {"HTTP_PROXY": "http://a.test", "https_proxy": "https://b.test", "ALL_PROXY": PROXY},
            {"http://": "http://a.test", "https://": "https://b.test", "all://": PROXY},
        ),
        # Lower case first, even where it is empty.
        (
            {"HTTP_PROXY": "http://a.test", "http_proxy": "http://b.test"},
            {"http://": "http://b.test"},
        ),
        ({"HTTP_PROXY": "http://a.test", "http_proxy": ""}, {}),
        ({"HTTP_PROXY": ""}, {}),
        # Without a scheme.
        ({"HTTP_PROXY": "proxy.test:3128"}, {"http://": PROXY}),
        ({"HTTPS_PROXY": " proxy.test:3128 "}, {"https://": PROXY}),
        ({"HTTP_PROXY": "user:secret@proxy.test:3128"}, {"http://": PROXY}),
        ({"ALL_PROXY": "socks5://proxy.test:1080"}, {"all://": "socks5://proxy.test:1080"}),
        # In a CGI program, HTTP_PROXY is what the request's Proxy header said.
        ({"REQUEST_METHOD": "GET", "HTTP_PROXY": PROXY}, {}),
        ({"REQUEST_METHOD": "GET", "http_proxy": PROXY}, {"http://": PROXY}),
        ({"REQUEST_METHOD": "GET", "HTTPS_PROXY": PROXY}, {"https://": PROXY}),
        ({"NO_PROXY": "example.org"}, {}),
        ({"FTP_PROXY": PROXY, "WS_PROXY": PROXY}, {}),
    ],
)
def test_variables_name_proxies(
    variables: dict[str, str], expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(monkeypatch, **variables) == expected


def test_cgi_on_windows_has_no_lower_case_to_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "name", "nt")

    assert found(monkeypatch, REQUEST_METHOD="GET", http_proxy=PROXY) == {}
    assert found(monkeypatch, https_proxy=PROXY) == {"https://": PROXY}


def test_credentials_of_a_variable_are_the_proxys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://us%40er:pa%3Ass@proxy.test")
    (proxy,) = environment_proxies().values()

    assert proxy is not None
    assert proxy.auth == ("us@er", "pa:ss")
    assert str(proxy.url) == "http://proxy.test"


# -- NO_PROXY -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("no_proxy", "url", "expected"),
    [
        ("", "http://example.org", True),
        ("*", "http://example.org", False),
        ("other.test, *", "http://example.org", False),
        # Names, with their subdomains, and only at a dot.
        ("example.org", "http://example.org", False),
        ("example.org", "https://example.org:8443/path", False),
        ("example.org", "http://www.example.org", False),
        ("example.org", "http://a.b.example.org", False),
        ("example.org", "http://badexample.org", True),
        ("example.org", "http://example.org.evil.test", True),
        ("example.org", "http://example.or", True),
        ("EXAMPLE.org", "http://example.ORG", False),
        ("example.org.", "http://example.org", False),
        ("org", "http://example.org", False),
        (".example.org", "http://www.example.org", False),
        (".example.org", "http://example.org", True),
        (".example.org", "http://badexample.org", True),
        ("*.example.org", "http://www.example.org", False),
        ("*.example.org", "http://example.org", True),
        ("*example.org", "http://www.example.org", False),
        ("*example.org", "http://badexample.org", True),
        ("münchen.de", "http://xn--mnchen-3ya.de", False),
        ("münchen.de", "http://www.münchen.de", False),
        ("xn--mnchen-3ya.de", "http://münchen.de", False),
        # Lists, in every spelling.
        ("a.test,b.test", "http://b.test", False),
        ("a.test, b.test", "http://b.test", False),
        ("a.test b.test", "http://b.test", False),
        (" ,a.test,, b.test,", "http://a.test", False),
        ("a.test,b.test", "http://c.test", True),
        # Ports.
        ("example.org:8080", "http://example.org:8080", False),
        ("example.org:8080", "http://www.example.org:8080", False),
        ("example.org:8080", "http://example.org", True),
        ("example.org:80", "http://example.org", False),
        ("example.org:80", "https://example.org", True),
        ("127.0.0.1:8080", "http://127.0.0.1:8080", False),
        ("127.0.0.1:8080", "http://127.0.0.1:8081", True),
        # Addresses.
        ("127.0.0.1", "http://127.0.0.1:1234", False),
        ("127.0.0.1", "http://127.0.0.2", True),
        ("0.0.1", "http://127.0.0.1", True),
        ("::1", "http://[::1]", False),
        ("[::1]", "http://[::1]:8080", False),
        ("[::1]:8080", "http://[::1]:8080", False),
        ("[::1]:8080", "http://[::1]", True),
        ("0:0:0:0:0:0:0:1", "http://[::1]", False),
        ("::1", "http://[0:0::1]", False),
        ("::1", "http://[::2]", True),
        # Networks.
        ("10.0.0.0/8", "http://10.1.2.3", False),
        ("10.0.0.0/8", "https://10.255.255.255:8443", False),
        ("10.0.0.0/8", "http://11.0.0.0", True),
        ("10.1.2.3/8", "http://10.200.0.1", False),
        ("192.168.1.1/32", "http://192.168.1.1", False),
        ("192.168.1.1/32", "http://192.168.1.2", True),
        ("10.0.0.0/8", "http://10.example.org", True),
        ("10.0.0.0/8", "http://[::1]", True),
        ("fe80::/10", "http://[fe80::1]", False),
        ("[fe80::]/10", "http://[febf::1]", False),
        ("fe80::/10", "http://[fec0::1]", True),
        ("0.0.0.0/0", "http://1.2.3.4", False),
        ("0.0.0.0/0", "http://example.org", True),
        # localhost, and only that.
        ("localhost", "http://localhost:8000", False),
        ("LOCALHOST", "http://localhost", False),
        ("localhost", "http://127.0.0.1", True),
        ("localhost", "http://notlocalhost", True),
        # URLs, as httpx takes them.
        ("http://example.org", "http://example.org", False),
        ("http://example.org", "https://example.org", True),
    ],
)
def test_no_proxy_names_what_goes_direct(
    no_proxy: str, url: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, {"ALL_PROXY": PROXY, "NO_PROXY": no_proxy})

    assert goes_through_proxy(url) is expected


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_proxy_counts_for_every_variable(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(
        monkeypatch, {"http_proxy": PROXY, "https_proxy": PROXY, "no_proxy": "10.0.0.0/8,a.test"}
    )

    assert not goes_through_proxy(f"{scheme}://10.0.0.1")
    assert not goes_through_proxy(f"{scheme}://a.test")
    assert goes_through_proxy(f"{scheme}://b.test")


def test_lower_case_no_proxy_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, {"ALL_PROXY": PROXY, "NO_PROXY": "a.test", "no_proxy": "b.test"})

    assert goes_through_proxy("http://a.test")
    assert not goes_through_proxy("http://b.test")


@pytest.mark.parametrize(
    "entry",
    [
        "[", "[::1", "::1]", "[]", "999.1.1.1", "10.0.0.0/33", "10.0.0/8", "::/129", "host:port",
        "host:99999", "host/path", "a*b.test", "**.test", ".", "*.", "user@host", "http://", "://",
        "host:80:80", "[::1]x", "-\udcff-", "xn--\u2603:1",
    ],
)  # fmt: skip
def test_bad_entry_is_skipped_with_a_warning_and_the_others_count(
    entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", f"a.test,{entry},b.test")

    with pytest.warns(RuntimeWarning, match="NO_PROXY: ignored") as warned:
        assert not goes_through_proxy("http://b.test")

    assert len(warned) == 1
    assert repr(entry) in str(warned[0].message)
    assert warned[0].filename == __file__


# What an environment variable can hold: no NUL, and bytes that are no UTF-8 as surrogates.
entries = st.text(
    st.one_of(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
        st.sampled_from(".*:/[]@?#%,-0123456789abcdefx\udc80\udcff"),
    ),
    max_size=40,
)


@given(entries)
@example("[")
@example("a" * 70_000)
@example(f"h:{'1' * 5000}")
@example("\uff11\uff12\uff17.0.0.1")
def test_no_value_of_no_proxy_raises(value: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        # Set as text: what a real environment cannot hold is none of our business.
        monkeypatch.setattr(os, "environ", {"ALL_PROXY": PROXY, "NO_PROXY": value})
        with hookline.Client() as client:
            client._transport_for_url(hookline.URL("http://example.org"))
            client._transport_for_url(hookline.URL("http://[::1]:80"))


@given(entries)
@example("http://[")
@example("//")
def test_no_value_of_a_proxy_variable_raises(value: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        monkeypatch.setattr(os, "environ", {"HTTP_PROXY": value})
        hookline.Client().close()


# -- What cannot be understood --------------------------------------------------------------


@pytest.mark.parametrize(
    "value", ["http://", "http://[::x]", "http://user:sec#ret@proxy.test", "://", "http://proxy:x"]
)
def test_bad_proxy_url_is_skipped_with_one_warning_that_has_no_secret(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(
        monkeypatch,
        {"HTTP_PROXY": value, "HTTPS_PROXY": PROXY, "NO_PROXY": "[", "ALL_PROXY": "x:y"},
    )

    with pytest.warns(RuntimeWarning) as warned:
        assert not goes_through_proxy("http://example.org")

    assert len(warned) == 1
    text = str(warned[0].message)
    assert text.startswith("HTTP_PROXY is no proxy URL, and is ignored; expected one such as")
    assert "ALL_PROXY is no proxy URL" in text
    assert "NO_PROXY: ignored '['" in text
    assert "sec" not in text
    assert warned[0].filename == __file__


async def test_proxy_that_nothing_speaks_to_fails_its_requests_and_not_the_client(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://user:secret@proxy.test:1080")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with raw_server(answering(OK)) as server:
        async with mode.client(plugins=manager_of()) as client:
            direct = await client.get(server.url)
            with pytest.raises(hookline.UnsupportedProtocol) as caught:
                await client.get("http://example.org/")

    assert direct.text == "ok"
    assert "'socks5://proxy.test:1080'" in str(caught.value)
    assert 'pip install "hookline[socks]"' in str(caught.value)
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value.__cause__, hookline.PluginNotFound)


# -- Whether the environment counts ---------------------------------------------------------


async def test_environment_proxy_is_used(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(answering(OK)) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        async with mode.client() as client:
            response = await client.get("http://example.org/")

    assert response.text == "ok"


@pytest.mark.parametrize(
    "settings",
    [
        {"trust_env": False},
        {"transport": hookline.MockTransport(lambda request: hookline.Response(200))},
        {"proxies": {}},
        {"proxies": {"https://": "http://other.test"}},
        {"proxies": {"http://": None}},
    ],
    ids=plain_id,
)
def test_environment_does_not_count(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", PROXY)

    assert not goes_through_proxy("http://example.org", **settings)


def test_proxy_argument_takes_the_place_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_environment(monkeypatch, {"HTTP_PROXY": PROXY, "NO_PROXY": "example.org"})
    with hookline.Client(proxy="http://other.test") as client:
        assert [pattern.pattern for pattern in client._mounts] == ["all://"]


def test_mounts_stand_before_the_environment_where_they_are_as_specific(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_environment(monkeypatch, {"HTTP_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"})
    echo = Echo()
    with hookline.Client(mounts={"http://": None, "http://10.0.0.1": echo}) as client:
        http = client._transport_for_url(hookline.URL("http://example.org"))
        inside = client._transport_for_url(hookline.URL("http://10.0.0.1"))

        assert http is client._transport
        assert inside is echo


def test_top_level_functions_use_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(answering(OK)) as server:
        monkeypatch.setenv("http_proxy", server.url)

        assert hookline.get("http://example.org/").text == "ok"


# -- The system's own settings --------------------------------------------------------------


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_settings_of_the_system_count_where_no_variable_is_set(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"http": PROXY, "ftp": "ftp://x"})
    assert goes_through_proxy("http://example.org")
    assert not goes_through_proxy("https://example.org")

    monkeypatch.setenv("NO_PROXY", "example.org")
    assert not goes_through_proxy("http://example.org")

    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    assert not goes_through_proxy("http://other.test")


def test_settings_of_the_system_are_not_asked_for_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"http": PROXY})
    monkeypatch.setenv("NO_PROXY", "a.test")

    assert environment_proxies() == {}


# -- What it costs --------------------------------------------------------------------------


def modules_after(program: str, **variables: str) -> set[str]:
    output = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
    ).stdout
    return set(output.split())


def test_without_a_variable_nothing_is_loaded_and_nothing_is_mounted() -> None:
    program = "import hookline; client = hookline.Client(); assert client._mounts == {}"
    loaded = modules_after(program, NO_PROXY="10.0.0.0/8")

    assert loaded & {"hookline._environment", "hookline._tunnel", "h11", "ssl"} == set()


def test_variables_load_no_more_than_they_need() -> None:
    program = "import hookline; hookline.Client()"
    loaded = modules_after(program, ALL_PROXY=PROXY, NO_PROXY=".example.org")

    assert loaded - modules_after(program) == {"hookline._environment", "hookline._mounts"}
