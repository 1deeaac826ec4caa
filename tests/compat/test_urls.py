"""`URL`: parsing, percent-encoding, IDNA, components, and joining."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.compare import Outcome, Raises, both, differs, examples, not_quoted, same

URLS = [
    "", "/", "//", "?", "#", "a", "a:b", "http", "http:", "http:/", "http://", "http:///p",
    "http://h", "http://h/", "HTTP://H/P", "http://h?q", "http://h#f", "http://h/?", "http://h/#",
    "http://h/p?q=a#f", "http://h:80/", "http://h:443/", "https://h:443/", "https://h:80/",
    "http://h:/", "http://h:0/", "http://h:99999/", "http://h:x/", "http://h:-1/", "http://h: 8/",
    "http://u@h/", "http://u:p@h/", "http://u:@h/", "http://:p@h/", "http://:@h/", "http://@h/",
    "http://u:p/q@h/", "http://u:p:q@h/", "http://u@v@h/", "http://u%40:p%3A@h/", "http://é:ü@h/",
    "http://u p@h/",
    "http://[::1]/", "http://[::1]:80/", "http://[::1]:8080/", "http://[::FFFF:1.2.3.4]/",
    "http://[v1.a]/", "http://[::1/", "http://::1/", "http://[]/", "http://[::1%25eth0]/",
    "http://1.2.3.4/", "http://1.2.3.256/", "http://1.2.3/", "http://01.2.3.4/", "http://0x7f.1/",
    "http://EXAMPLE.org/", "http://example.org./", "http://ex ample.org/", "http://a_b/",
    "http://a-.b/", "http://-a/", "http://a..b/", "http://*.example.org/", "http://a%20b/",
    "http://中国.icom.museum:80/", "http://Königsgäßchen.de/", "http://faß.de", "http://βόλος.com",
    "http://ශ්‍රී.com", "http://نامه‌ای.com", "http://xn--fiqs8s.icom.museum/", "http://xn--a",
    "http://İ/", "http://ﬀ.com/", "http://a。b/", "http://☃.net/", "http://\u00ad/", "http://a\u200d/",
    "http://h/a b", "http://h/a%20b", "http://h/%", "http://h/%zz", "http://h/%4", "http://h/%e4",
    "http://h/é", "http://h/%C3%A9", "http://h/[]{}|\\^`\"<>", "http://h/!$&'()*+,;=:@~-._",
    "http://h/a;b=c/d", "http://h//a//b", "http://h/.", "http://h/..", "http://h/./a/../b/.",
    "http://h/a/../../b", "http://h/a/..", "http://h/...", "http://h/%2e%2e/", "http://h/a/./",
    "http://h/?a b", "http://h/?a%20b", "http://h/?é=ü", "http://h/?[]{}|\\^`\"<>'", "http://h/??",
    "http://h/?a=b?c=d", "http://h/?%", "http://h/?a=1&a=2", "http://h/?+", "http://h/#a b",
    "http://h/#é", "http://h/##", "http://h/#[]{}|\\^`\"<>", "http://h/#?",
    "/p", "p/q", "../p", "./p", "?q", "#f", "//h/p", "///p", ":p", "p:q", "/p:q", "//u:p@h:1/p?q#f",
    "mailto:a@b", "data:text/plain,hi", "file:///etc/passwd", "javascript:alert(1)", "ftp://h:21/",
    "ws://h:80/", "wss://h:443/", "ssh://git@h:22/p", "1http://h/", "ht tp://h/", "+a://h",
    "http://h\n/", "http://h/\t", "\x00", "http://h/\x7f", "http://h/\x80", " http://h/", "http://h/ ",  # noqa: E501
    "http:\\\\h\\p", "http://h\\p", "http:h", "http://h@", "http://@", "http://:80", "http://h:80:80",
]  # fmt: skip

# What is between two words of a URL, and what is in them.
PIECES = st.lists(
    st.sampled_from(
        [
            *"abAZ09-._~!$&'()*+,;=:@/?#[]%\"<>`{}|\\^ ", "é", "中", "ß", "٢", "。", "İ", "½", "\u200d",  # noqa: E501
            "\x7f", "\n", "%41", "%zz", "%C3%A9", "..", "./", "//", "xn--", "xn--fiqs8s", "://",
            "http:", "https:", "u:p@", ":80", ":443", ":99999", "::1", "[::1]", "127.0.0.1", "h",
        ]
    ),
    max_size=10,
)  # fmt: skip
TEXT = PIECES.map("".join)
URL_TEXT = st.builds(
    str.__add__, st.sampled_from(["", "http://", "https://", "http://h/", "//", "/"]), TEXT
)


IDNA_ERRORS = {"IDNAError", "IDNABidiError", "InvalidCodepoint", "InvalidCodepointContext"}


def undecodable_host(theirs: Outcome, ours: Outcome) -> bool:
    """httpx raises where `host` is asked for; hookline and httpx2 give the name as it stands."""
    if theirs.raised in IDNA_ERRORS:
        return ours.error is None
    if ours.value is None or theirs.value is None:
        return False
    differing = {name for name in ours.value if theirs.value[name] != ours.value[name]}
    error = theirs.value["host"]
    return differing == {"host"} and isinstance(error, tuple) and error[0] in IDNA_ERRORS


def decoded_by_label(theirs: Outcome, ours: Outcome) -> bool:
    """httpx2 decodes each label of a host; httpx and hookline where the first is encoded."""
    if ours.value is None or theirs.value is None:
        return False
    differing = {name for name in ours.value if theirs.value[name] != ours.value[name]}
    return differing == {"host"} and "xn--" in ours.value["host"]


def at_sign_in_host(theirs: Outcome, ours: Outcome) -> bool:
    return ours.error == ("InvalidURL", "Invalid URL component 'host'")


def scheme_in_capitals(theirs: Outcome, ours: Outcome) -> bool:
    if ours.value is None or theirs.value is None:
        return False
    return theirs.value["port"] == 80 and ours.value["port"] is None


EXCEPTIONS = {
    "url-undecodable-host": undecodable_host,
    "url-host-labels": decoded_by_label,
    "url-host-with-at-sign": at_sign_in_host,
    "url-scheme-in-capitals": scheme_in_capitals,
    "secrets-in-messages": not_quoted,
}


@pytest.mark.parametrize("url", URLS)
def test_url_is_parsed_alike(url: str) -> None:
    same(lambda library: library.URL(url), *both(), except_for=EXCEPTIONS)
    same(lambda library: str(library.URL(url)), *both(), except_for=EXCEPTIONS)
    same(lambda library: library.URL(library.URL(url)), *both(), except_for=EXCEPTIONS)
    same(lambda library: library.Request("GET", url).headers, *both(), except_for=EXCEPTIONS)


@examples(700)
@given(URL_TEXT)
def test_any_text_is_parsed_alike(url: str) -> None:
    same(lambda library: library.URL(url), *both(), except_for=EXCEPTIONS)


@examples(200)
@given(st.text(max_size=12))
def test_any_unicode_is_parsed_alike(text: str) -> None:
    for url in (text, f"http://{text}/", f"http://h/{text}", f"http://h/?{text}"):
        same(lambda library, url=url: library.URL(url), *both(), except_for=EXCEPTIONS)


# -- Components -------------------------------------------------------------------------------

BASES = [
    "", "http://h", "https://h:8443/a/b?c=d#e", "//h/x", "/p/q?r", "http://u:p@h:80/", "x",
    "http://[::1]:8080/a", "http://中国.icom.museum/", "mailto:a@b", "http://h?", "http://h#",
    "https://u@h", "http://h/a%20b?c%20d",
]  # fmt: skip
COMPONENTS: dict[str, st.SearchStrategy[Any]] = {
    "scheme": st.sampled_from(["", "http", "https", "HTTP", "1x", None, "a+b"]),
    "username": TEXT | st.none(),
    "password": TEXT | st.none(),
    "userinfo": TEXT.map(str.encode),
    "host": TEXT | st.sampled_from(["::1", "[::1]", "example.org", "中国", None]),
    "port": st.sampled_from([None, 0, 80, 443, 8080, -1, 99999]),
    "netloc": st.sampled_from([b"h", b"h:80", b"[::1]:80", b"h:x", b"", None]),
    "path": TEXT,
    "query": TEXT.map(str.encode) | st.none(),
    "raw_path": TEXT.map(str.encode),
    "fragment": TEXT | st.none(),
    "params": st.sampled_from(
        [
            None,
            {},
            {"a": "b"},
            "a=b&c=d",
            [("a", "1"), ("a", "2")],
            {"x": [1, None, True]},
            "",
            b"x",
        ]
    ),
}
WRONG_TYPES = [
    {"scheme": 1}, {"port": "80"}, {"host": b"h"}, {"path": b"p"}, {"query": "q"}, {"netloc": "h"},
    {"userinfo": "u"}, {"raw_path": "p"}, {"fragment": 1}, {"username": 1}, {"unknown": 1},
    {"authority": "a"}, {"port": 1.5},
]  # fmt: skip


@examples(300)
@given(st.sampled_from(BASES), st.data())
def test_components_are_replaced_alike(base: str, data: st.DataObject) -> None:
    names = data.draw(
        st.lists(st.sampled_from(sorted(COMPONENTS)), min_size=1, max_size=2, unique=True)
    )
    components = {name: data.draw(COMPONENTS[name]) for name in names}
    for call in (
        lambda library: library.URL(base, **components),
        lambda library: library.URL(base).copy_with(**components),
    ):
        same(call, *both(), except_for=EXCEPTIONS)


@pytest.mark.parametrize("components", WRONG_TYPES, ids=str)
def test_components_of_wrong_types_are_refused_alike(components: dict[str, Any]) -> None:
    same(lambda library: library.URL("http://h/", **components), *both())
    same(lambda library: library.URL("http://h/").copy_with(**components), *both())


@pytest.mark.parametrize("url", [5, None, b"http://h/", "a" * 65_536, "a" * 65_537], ids=str)
def test_what_is_no_url_is_refused_alike(url: Any) -> None:
    same(lambda library: library.URL(url), *both())


def test_component_that_is_too_long_is_refused_alike() -> None:
    same(lambda library: library.URL("http://h/", path="/" * 65_537), *both())


# -- Methods ----------------------------------------------------------------------------------

METHODS: dict[str, Callable[[Any], Any]] = {
    "copy_set_param": lambda url: url.copy_set_param("a", 1),
    "copy_add_param": lambda url: url.copy_add_param("a", [1]),
    "copy_remove_param": lambda url: url.copy_remove_param("a"),
    "copy_merge_params": lambda url: url.copy_merge_params({"a": None, "b": True}),
    "copy_merge_params of none": lambda url: url.copy_merge_params(None),
    "equal to its str": lambda url: url == str(url),
    "equal to another": lambda url: url == "http://h/",
    "equal to a number": lambda url: url == 5,
    "hash": lambda url: hash(url) == hash(str(url)),
    "str": str,
    "repr": repr,
    "joined to itself": lambda url: url.join(url),
    "pickled": lambda url: pickle.loads(pickle.dumps(url)),
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_the_same_for_every_url(method: str) -> None:
    for url in [*BASES, "http://h/?a=b&a=c&d", "http://h/?a b", "http://u:%20p@h/"]:
        same(lambda library, url=url: METHODS[method](library.URL(url)), *both())


def test_deprecated_raw_is_there_with_its_warning() -> None:
    for url in ("http://h:8/b?c", "https://h", ""):
        # `plain` would look for a class of its own in the tuple.
        same(lambda library, url=url: tuple(library.URL(url).raw), httpx)
        same(lambda library, url=url: repr(library.URL(url).raw), httpx)


RFC_3986 = [
    "g:h", "g", "./g", "g/", "/g", "//g", "?y", "g?y", "#s", "g#s", "g?y#s", ";x", "g;x", "", ".",
    "./", "..", "../", "../g", "../..", "../../", "../../g", "../../../g", "/./g", "/../g", "g.",
    ".g", "g..", "..g", "./../g", "./g/.", "g/./h", "g/../h", "g;x=1/./y", "g;x=1/../y", "g?y/./x",
    "g#s/../x", "http:g", "http://other/", "https:", " g", "é", "?é", "g h",
]  # fmt: skip


@pytest.mark.parametrize("base", ["http://a/b/c/d;p?q", "http://a", "https://u:p@a:1/b/", "/a/b"])
@pytest.mark.parametrize("reference", RFC_3986)
def test_references_are_joined_alike(base: str, reference: str) -> None:
    same(lambda library: library.URL(base).join(reference), *both())


@examples(250)
@given(st.sampled_from(BASES), URL_TEXT)
def test_any_reference_is_joined_alike(base: str, reference: str) -> None:
    same(lambda library: library.URL(base).join(reference), *both(), except_for=EXCEPTIONS)


# -- Origins ----------------------------------------------------------------------------------

ORIGINS = [
    "http://a", "https://u:p@h:80/x?y#z", "HTTPS://A:443", "/x", "", "mailto:a", "http://[::1]:8",
    "http://[0:0:0::1]/", "ftp://h", "ws://h", "wss://h:443", "http://h:99999", "://",
]  # fmt: skip


@pytest.mark.parametrize("url", ORIGINS)
def test_origins_are_made_alike(url: str) -> None:
    same(lambda library: list(_parts(library.Origin(url))), httpx2)
    same(lambda library: repr(library.Origin(library.URL(url))), httpx2)
    same(lambda library: library.Origin(url) == library.URL(url).origin, httpx2)
    same(lambda library: {library.Origin(url): 1}[library.Origin(url)], httpx2)


def _parts(origin: Any) -> Any:
    return origin.scheme, origin.host, origin.port


def test_origin_has_the_host_as_it_is_looked_up() -> None:
    for url, theirs, ours in (
        ("http://中国/", ["http", "中国", 80], ["http", "xn--fiqs8s", 80]),
        ("foo://h/", ["foo", "h", None], ["foo", "h", 0]),
    ):
        differs(
            "origin",
            lambda library, url=url: _parts(library.Origin(url)),
            httpx2,
            theirs=theirs,
            ours=ours,
        )


# -- What differs -----------------------------------------------------------------------------


def test_host_that_idna_cannot_decode_is_given_as_it_stands() -> None:
    differs(
        "url-undecodable-host",
        lambda library: library.URL("http://xn--a/").host,
        httpx,
        theirs=Raises("InvalidCodepoint"),
        ours="xn--a",
    )


def test_hosts_are_decoded_where_the_first_label_is_encoded() -> None:
    url = "http://www.xn--fiqs8s/"
    same(lambda library: library.URL(url).host)
    differs(
        "url-host-labels",
        lambda library: library.URL(url).host,
        httpx2,
        theirs="www.中国",
        ours="www.xn--fiqs8s",
    )


def test_at_sign_in_a_host_is_refused() -> None:
    differs(
        "url-host-with-at-sign",
        lambda library: str(library.URL("http://h/", host="user@evil")),
        *both(),
        theirs="http://user%40evil/",
        ours=Raises("InvalidURL", "Invalid URL component 'host'"),
    )


def test_default_port_is_dropped_whatever_the_case_of_the_scheme() -> None:
    differs(
        "url-scheme-in-capitals",
        lambda library: str(library.URL("HTTP://h:80/")),
        *both(),
        theirs="http://h:80/",
        ours="http://h/",
    )


def test_comparing_with_what_is_no_url_is_false() -> None:
    differs(
        "equality",
        lambda library: library.URL("http://h/") == "\n",
        *both(),
        theirs=Raises("InvalidURL"),
        ours=False,
    )
