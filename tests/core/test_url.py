"""`URL`: what is parsed, checked and normalised, and how copies and joins come out."""

from __future__ import annotations

import pickle
import sys
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hookline
from hookline import URL, InvalidURL, Origin
from hookline._url import parse_url

# -- The components -------------------------------------------------------------------------


FULL = {
    "scheme": "https",
    "raw_scheme": b"https",
    "userinfo": b"jo%40email.com:a%20secret",
    "username": "jo@email.com",
    "password": "a secret",
    "host": "example.org",
    "raw_host": b"example.org",
    "port": 1234,
    "netloc": b"example.org:1234",
    "path": "/pa th",
    "raw_path": b"/pa%20th?query=ab",
    "query": b"query=ab",
    "params": hookline.QueryParams("query=ab"),
    "fragment": "frag ment",
    "is_absolute_url": True,
    "is_relative_url": False,
    "origin": Origin("https", "example.org", 1234),
}


@pytest.mark.parametrize("component", FULL)
def test_every_component_of_a_full_url(component: str) -> None:
    url = URL("https://jo%40email.com:a%20secret@EXAMPLE.org:1234/pa%20th?query=ab#frag%20ment")

    assert FULL[component] == getattr(url, component)


def test_every_component_of_an_empty_url() -> None:
    url = URL()

    assert (
        url.scheme,
        url.userinfo,
        url.username,
        url.password,
        url.host,
        url.raw_host,
        url.port,
        url.netloc,
        url.path,
        url.raw_path,
        url.query,
        url.fragment,
        url.is_absolute_url,
        url.is_relative_url,
    ) == ("", b"", "", "", "", b"", None, b"", "/", b"/", b"", "", False, True)
    assert str(url) == ""


@pytest.mark.parametrize(
    ("given_url", "normalised"),
    [
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org/"),
        ("HTTPS://EXAMPLE.org", "https://example.org"),
        ("https://example.org:443/", "https://example.org/"),
        ("http://example.org:80/", "http://example.org/"),
        ("http://example.org:/", "http://example.org/"),
        ("HTTP://example.org:80/", "http://example.org/"),
        ("ws://example.org:80", "ws://example.org"),
        ("wss://example.org:443", "wss://example.org"),
        ("ftp://example.org:21", "ftp://example.org"),
        ("https://example.org:80/", "https://example.org:80/"),
        ("http://example.org:0/", "http://example.org:0/"),
        ("http://example.org/a/./b/../c", "http://example.org/a/c"),
        ("http://example.org/../../a", "http://example.org/a"),
        ("http://example.org/a/.", "http://example.org/a"),
        ("../a", "../a"),
        ("http://example.org/a b", "http://example.org/a%20b"),
        ("http://example.org/%61%20b", "http://example.org/%61%20b"),
        ("http://example.org/100%", "http://example.org/100%"),
        ("http://example.org/%zz", "http://example.org/%zz"),
        ("http://example.org/☃", "http://example.org/%E2%98%83"),
        ("http://example.org/`{}`", "http://example.org/%60%7B%7D%60"),
        ("http://example.org/!$&'()*+,;=:@[]|\\^", "http://example.org/!$&'()*+,;=:@[]|\\^"),
        ('http://example.org/?a=" <>#', "http://example.org/?a=%22%20%3C%3E#"),
        ("http://example.org/?a=é&b=[]", "http://example.org/?a=%C3%A9&b=[]"),
        ("http://example.org/?", "http://example.org/?"),
        ("http://example.org/#", "http://example.org/#"),
        ("http://example.org/#`<é>", "http://example.org/#%60%3C%C3%A9%3E"),
        ("http://us er:p@ss@example.org/", "http://us%20er:p%40ss@example.org/"),
        ("http://user@example.org/", "http://user@example.org/"),
        ("http://user:@example.org/", "http://user:@example.org/"),
        ("http://[::1]/", "http://[::1]/"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("http://münchen.de/", "http://xn--mnchen-3ya.de/"),
        ("mailto:someone@example.org", "mailto:someone@example.org"),
        ("//example.org/a", "//example.org/a"),
        ("?a=1", "?a=1"),
    ],
)
def test_urls_are_normalised(given_url: str, normalised: str) -> None:
    url = URL(given_url)

    assert normalised == str(url)
    assert URL(normalised) == url


@pytest.mark.parametrize(
    ("given_url", "host", "raw_host"),
    [
        ("http://中国.icom.museum:80/", "中国.icom.museum", b"xn--fiqs8s.icom.museum"),
        ("http://xn--fiqs8s.icom.museum/", "中国.icom.museum", b"xn--fiqs8s.icom.museum"),
        ("http://Königsgäßchen.de", "königsgäßchen.de", b"xn--knigsgchen-b4a3dun.de"),
        ("http://faß.de", "faß.de", b"xn--fa-hia.de"),
        ("http://βόλος.com:80", "βόλος.com", b"xn--nxasmm1c.com"),
        ("http://127.0.0.1", "127.0.0.1", b"127.0.0.1"),
        ("http://[::FFFF:1]:80", "::FFFF:1", b"::FFFF:1"),
        ("http://my_host", "my_host", b"my_host"),
        ("http://ex%41mple", "ex%41mple", b"ex%41mple"),
        ("http://a b", "a%20b", b"a%20b"),
    ],
)
def test_hosts_are_encoded_for_the_wire_and_decoded_for_people(
    given_url: str, host: str, raw_host: bytes
) -> None:
    url = URL(given_url)

    assert (host, raw_host) == (url.host, url.raw_host)


def test_host_that_idna_cannot_decode_stays_as_it_is() -> None:
    assert URL("http://xn--zzzz--/").host == "xn--zzzz--"


@pytest.mark.parametrize(
    ("given_url", "origin", "text"),
    [
        ("http://example.org/", Origin("http", "example.org", 80), "http://example.org"),
        ("https://example.org/", Origin("https", "example.org", 443), "https://example.org"),
        ("https://example.org:80/", Origin("https", "example.org", 80), "https://example.org:80"),
        ("http://[::1]:8080/", Origin("http", "::1", 8080), "http://[::1]:8080"),
        ("http://[::1]/", Origin("http", "::1", 80), "http://[::1]"),
        ("http://münchen.de/", Origin("http", "xn--mnchen-3ya.de", 80), "http://xn--mnchen-3ya.de"),
    ],
)
def test_origin_fills_in_the_default_port(given_url: str, origin: Origin, text: str) -> None:
    assert origin == URL(given_url).origin
    assert text == str(URL(given_url).origin)


# -- What is no URL -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_url", "component"),
    [
        ("http://bob:hun/ter2@h/", "Invalid port"),
        ("http://bob:hun#ter2@h/", "Invalid port"),
        ("http://bob:hun?ter2@h/", "Invalid port"),
        ("http://bob@h:hun/ter2", "Invalid port"),
        ("http://hunü../ter2@h/", "Invalid IDNA hostname"),
        ("http://[hun]/ter2@h/", "Invalid IPv6 address"),
    ],
)
def test_what_may_be_a_piece_of_a_password_is_not_told(given_url: str, component: str) -> None:
    with pytest.raises(InvalidURL) as caught:
        URL(given_url)

    assert str(caught.value).startswith(f"{component}, not shown because the URL has an '@' in it")
    assert "hun" not in "".join(traceback.format_exception(caught.value)).replace(given_url, "")


def test_port_that_is_given_apart_is_told() -> None:
    with pytest.raises(InvalidURL, match=r"^Invalid port: 'x'$"):
        URL("http://bob:secret@h/", netloc=b"h:x")


@pytest.mark.parametrize(
    ("given_url", "message"),
    [
        ("https://example.org:abc/", "Invalid port: 'abc'"),
        ("https://[::1", "Invalid port: ':1'"),
        ("https://[/", None),
        ("https://999.1.1.1/", "Invalid IPv4 address: '999.1.1.1'"),
        ("https://[::zz]/", r"Invalid IPv6 address: '\[::zz\]'"),
        ("https://[example.org]/", r"Invalid IPv6 address: '\[example.org\]'"),
        ("https://[127.0.0.1]/", r"Invalid IPv6 address: '\[127.0.0.1\]'"),
        ("https://[v1.evil]/", r"Invalid IPv6 address: '\[v1.evil\]'"),
        ("https://[::1].evil.test/", r"Invalid port: '.evil.test'"),
        ("https://☃☃☃.com/", "Invalid IDNA hostname: '☃☃☃.com'"),
        ("https://例え..jp/", "Invalid IDNA hostname"),
        ("https://example.org/\n", r"character in URL, '\\n' at position 20"),
        ("https://example.org/\x7f", r"character in URL, '\\x7f' at position 20"),
        ("ht\x00tp://example.org", r"character in URL, '\\x00' at position 2"),
        ("x" * 65537, "URL too long"),
    ],
)
def test_what_is_no_url_is_refused_with_the_reason(given_url: str, message: str | None) -> None:
    if message is None:
        # A lone bracket is no IPv6 literal; it is encoded as any other character.
        assert URL(given_url).raw_host == b"%5B"
        return
    with pytest.raises(InvalidURL, match=message):
        URL(given_url)


@pytest.mark.parametrize("value", [None, 1, b"https://example.org/", object(), ["https://a"]])
def test_url_of_the_wrong_type_is_refused_and_named(value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        URL(value)

    assert f"Invalid type for url.  Expected str or hookline.URL, got {type(value)}: " in str(
        caught.value
    )
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("component", "value", "message"),
    [
        ("scheme", b"https", "Argument 'scheme' must be str but got bytes"),
        ("username", 1, "Argument 'username' must be str but got int"),
        ("password", b"x", "Argument 'password' must be str but got bytes"),
        ("userinfo", "a:b", "Argument 'userinfo' must be bytes but got str"),
        ("host", 1, "Argument 'host' must be str but got int"),
        ("port", "80", "Argument 'port' must be int but got str"),
        ("netloc", "a:80", "Argument 'netloc' must be bytes but got str"),
        ("path", b"/", "Argument 'path' must be str but got bytes"),
        ("query", "a=1", "Argument 'query' must be bytes but got str"),
        ("raw_path", "/a", "Argument 'raw_path' must be bytes but got str"),
        ("fragment", 3, "Argument 'fragment' must be str but got int"),
        ("frag", "x", "'frag' is an invalid keyword argument for URL()"),
    ],
)
def test_component_of_the_wrong_type_is_refused(component: str, value: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        URL("https://example.org/", **{component: value})

    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ({"scheme": "ht tp"}, "Invalid URL component 'scheme'"),
        ({"host": "a/b"}, None),
        ({"host": "a@b"}, "Invalid URL component 'host'"),
        ({"netloc": b"user@example.org"}, "Invalid URL component 'host'"),
        ({"path": "/a?b"}, "Invalid URL component 'path'"),
        ({"query": b"a#b"}, "Invalid URL component 'query'"),
        ({"path": "a"}, "For absolute URLs, path must be empty or begin with '/'"),
        ({"path": "/\r\nX: y"}, "character in URL path component"),
        ({"host": "a\nb"}, "character in URL host component"),
        ({"path": "/" + "x" * 65536}, "URL component 'path' too long"),
    ],
)
def test_component_that_cannot_stand_there_is_refused(
    components: dict[str, Any], message: str | None
) -> None:
    if message is None:
        assert URL("https://example.org/", **components).raw_host == b"a%2Fb"
        return
    with pytest.raises(InvalidURL, match=message):
        URL("https://example.org/", **components)


@pytest.mark.parametrize("path", ["//a", ":a"])
def test_relative_url_never_begins_like_an_absolute_one(path: str) -> None:
    with pytest.raises(InvalidURL, match="Relative URLs cannot have a path starting with"):
        URL(path=path)


# -- Changed copies -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ({"scheme": "http"}, "http://user:secret@example.org:123/path?a=1#top"),
        (
            {"username": "jo@x", "password": "a b"},
            "https://jo%40x:a%20b@example.org:123/path?a=1#top",
        ),
        ({"username": "jo"}, "https://jo@example.org:123/path?a=1#top"),
        ({"userinfo": b""}, "https://example.org:123/path?a=1#top"),
        ({"host": "Other.org"}, "https://user:secret@other.org:123/path?a=1#top"),
        ({"host": "::1"}, "https://user:secret@[::1]:123/path?a=1#top"),
        ({"host": "[::1]"}, "https://user:secret@[::1]:123/path?a=1#top"),
        ({"port": 443}, "https://user:secret@example.org/path?a=1#top"),
        ({"port": None}, "https://user:secret@example.org/path?a=1#top"),
        ({"netloc": b"other:80"}, "https://user:secret@other:80/path?a=1#top"),
        ({"path": "/a b"}, "https://user:secret@example.org:123/a%20b?a=1#top"),
        ({"query": b"b=2"}, "https://user:secret@example.org:123/path?b=2#top"),
        ({"query": None}, "https://user:secret@example.org:123/path#top"),
        ({"query": b""}, "https://user:secret@example.org:123/path?#top"),
        ({"raw_path": b"/x?y"}, "https://user:secret@example.org:123/x?y#top"),
        ({"raw_path": b"/x"}, "https://user:secret@example.org:123/x#top"),
        ({"fragment": "é"}, "https://user:secret@example.org:123/path?a=1#%C3%A9"),
        ({"fragment": None}, "https://user:secret@example.org:123/path?a=1"),
        ({"params": {"b": "2 3"}}, "https://user:secret@example.org:123/path?b=2+3#top"),
        ({"params": {}}, "https://user:secret@example.org:123/path#top"),
        ({"params": None}, "https://user:secret@example.org:123/path#top"),
    ],
)
def test_copy_with_replaces_components_and_keeps_the_rest(
    components: dict[str, Any], expected: str
) -> None:
    url = URL("https://user:secret@example.org:123/path?a=1#top")

    assert expected == str(url.copy_with(**components))
    assert str(url) == "https://user:secret@example.org:123/path?a=1#top"


def test_url_can_be_made_of_components_alone() -> None:
    url = URL(scheme="https", host="example.org", path="/", params={"a": ["1", "2"]})

    assert str(url) == "https://example.org/?a=1&a=2"


def test_parameters_are_set_added_removed_and_merged_in_copies() -> None:
    url = URL("https://example.org/?a=1&b=2")

    assert [
        str(url.copy_set_param("a", 3)),
        str(url.copy_add_param("a", 3)),
        str(url.copy_remove_param("a")),
        str(url.copy_remove_param("x")),
        str(url.copy_merge_params({"b": 3, "c": 4})),
    ] == [
        "https://example.org/?a=3&b=2",
        "https://example.org/?a=1&a=3&b=2",
        "https://example.org/?b=2",
        "https://example.org/?a=1&b=2",
        "https://example.org/?a=1&b=3&c=4",
    ]
    assert str(url.copy_remove_param("a").copy_remove_param("b")) == "https://example.org/"


# RFC 3986 section 5.4, with the base "http://a/b/c/d;p?q".
@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("g?y#s", "http://a/b/c/g?y#s"),
        (";x", "http://a/b/c/;x"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../../g", "http://a/g"),
        ("https://g/h", "https://g/h"),
    ],
)
def test_references_are_joined_as_the_rfc_says(reference: str, expected: str) -> None:
    base = URL("http://a/b/c/d;p?q")

    assert expected == str(base.join(reference))
    assert expected == str(base.join(URL(reference)))


# -- The rest -------------------------------------------------------------------------------


def test_repr_masks_the_password_and_str_does_not() -> None:
    url = URL("https://user:secret@example.org:8080/?a=1#b")

    assert repr(url) == "URL('https://user:[secure]@example.org:8080/?a=1#b')"
    assert str(url) == "https://user:secret@example.org:8080/?a=1#b"
    assert repr(URL("https://user@example.org/")) == "URL('https://user@example.org/')"


def test_urls_are_equal_when_their_normal_forms_are() -> None:
    url = URL("https://example.org/a")

    assert url == URL("HTTPS://EXAMPLE.org:443/a")
    assert url == "https://example.org:443/a"
    assert hash(url) == hash(URL("https://example.org:443/a"))
    assert url != URL("https://example.org/a/")
    assert url != "https://[::zz]/"
    assert url != 1


def test_url_of_a_url_is_equal_to_it() -> None:
    url = URL("https://user:secret@example.org/a?b#c")

    assert url == URL(url)
    assert url == pickle.loads(pickle.dumps(url))


def test_parsed_urls_are_kept_unless_they_may_hold_a_password() -> None:
    plain, secret = "https://example.org/kept", "https://user:secret@example.org/"

    assert parse_url(plain) is parse_url(plain)
    assert parse_url(secret) is not parse_url(secret)
    assert parse_url(secret) == parse_url(secret)


def test_parse_url_hands_a_url_back_as_it_is() -> None:
    url = URL("https://example.org/")

    assert parse_url(url) is url


@given(st.text(alphabet="abAZ09:/?#[]@!$&'()*+,;= %2é☃.-_~\\\"<>`{}|^", max_size=40))
def test_any_text_is_a_stable_url_or_refused(text: str) -> None:
    for candidate in (text, "http://example.org/" + text, "http://" + text):
        try:
            url = URL(candidate)
        except InvalidURL:
            continue

        if url.is_absolute_url:
            # Escapes in a host are lowered with the rest of it the second time.
            assert str(url).lower() == str(URL(str(url))).lower()
        assert url.raw_path.isascii()
        assert not {b" ", b"\r", b"\n"} & {bytes([byte]) for byte in url.raw_path}


@pytest.mark.parametrize("text", ["http://a/\udc80", "\udc80", "http://u\udc80@a/"])
def test_half_of_a_surrogate_pair_is_no_url(text: str) -> None:
    with pytest.raises(hookline.InvalidURL, match="half of a surrogate pair"):
        hookline.URL(text)


def test_reference_that_cannot_be_joined_is_an_invalid_url() -> None:
    with pytest.raises(hookline.InvalidURL, match="Invalid URL to join"):
        hookline.URL("https://example.org/").join(":j://e[/")


@pytest.mark.parametrize("text", ["http://" + "@" * 60_000, "http://a/" + "%ff%" * 16_000])
def test_reading_a_url_takes_time_by_its_length(text: str) -> None:
    """Counted in function calls, not in seconds: what goes back and forth calls more."""

    def cost(text: str) -> int:
        calls = 0

        def watch(frame: object, event: str, argument: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(watch)
        try:
            hookline.URL(text)
        except hookline.InvalidURL:
            pass
        finally:
            sys.setprofile(None)
        return calls

    assert cost(text) < 20 * len(text)
    with pytest.raises(hookline.InvalidURL, match="too long"):
        hookline.URL("http://a/" + "x" * 70_000)
