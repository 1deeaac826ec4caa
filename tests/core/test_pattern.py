"""`URLPattern`: which URLs a mount's key means, and which key comes first."""

from __future__ import annotations

from typing import Any

import pytest

from hookline import URL, InvalidURL
from hookline._pattern import URLPattern


@pytest.mark.parametrize(
    ("pattern", "url", "matches"),
    [
        ("", "http://example.com", True),
        ("all://", "http://example.com", True),
        ("all://", "https://example.com", True),
        ("ALL://", "https://example.com", True),
        ("http://", "http://example.com", True),
        ("http://", "https://example.com", False),
        ("http://example.com", "http://example.com/path?query", True),
        ("http://EXAMPLE.com", "http://example.com", True),
        ("http://example.com", "http://example.com:8080", True),
        ("http://example.com", "http://other.com", False),
        ("http://example.com", "http://www.example.com", False),
        ("http://example.com", "http://examplexcom", False),
        ("http://example.com", "http://example.com.evil.test", False),
        ("all://*.example.com", "http://www.example.com.evil.test", False),
        ("http://example.com", "https://example.com", False),
        ("all://example.com", "https://example.com", True),
        ("all://*.example.com", "http://www.example.com", True),
        ("all://*.example.com", "http://a.b.example.com", True),
        ("all://*.example.com", "http://example.com", False),
        ("all://*.example.com", "http://wwwexample.com", False),
        ("all://*example.com", "http://www.example.com", True),
        ("all://*example.com", "http://example.com", True),
        ("all://*example.com", "http://badexample.com", False),
        ("all://*", "https://example.com", True),
        ("http://*", "https://example.com", False),
        ("https://example.com:8443", "https://example.com:8443", True),
        ("https://example.com:8443", "https://example.com", False),
        ("https://example.com:443", "https://example.com", True),
        ("all://*:8080", "http://example.com:8080", True),
        ("all://*:8080", "http://example.com", False),
        ("all://example.com:80", "http://example.com", True),
        ("all://example.com:80", "https://example.com", False),
        ("http://[::1]", "http://[::1]:8080", True),
        ("http://127.0.0.1", "http://127.0.0.1", True),
        ("http://[0:0::1]", "http://[::1]", True),
        ("all://10.0.0.0/8", "https://10.1.2.3:8443", True),
        ("http://10.0.0.0/8", "https://10.1.2.3", False),
        ("all://10.0.0.0/8", "http://11.0.0.0", False),
        ("all://10.0.0.0/8", "http://10.example.com", False),
        ("all://[fe80::]/10", "http://[fe80::1]", True),
        ("all://[fe80::]/10", "http://10.0.0.1", False),
        ("http://münchen.de", "http://xn--mnchen-3ya.de", True),
        ("all://*.xn--mnchen-3ya.de", "http://www.münchen.de", True),
    ],
)
def test_pattern_matches(pattern: str, url: str, matches: bool) -> None:
    assert URLPattern(pattern).matches(URL(url)) is matches


def test_more_specific_patterns_come_first() -> None:
    patterns = [
        "all://",
        "https://",
        "all://example.com",
        "all://*.example.com",
        "https://example.com",
        "http://example.com:8080",
        "all://10.0.0.0/8",
        "all://10.0.0.0/16",
        "http://10.0.0.1",
        "all://:80",
    ]

    assert [pattern.pattern for pattern in sorted(map(URLPattern, patterns))] == [
        "http://example.com:8080",
        "all://:80",
        "all://*.example.com",
        "https://example.com",
        "all://example.com",
        "http://10.0.0.1",
        "all://10.0.0.0/16",
        "all://10.0.0.0/8",
        "https://",
        "all://",
    ]


def test_patterns_are_equal_by_their_text() -> None:
    assert URLPattern("http://") == URLPattern("http://")
    assert hash(URLPattern("http://")) == hash(URLPattern("http://"))
    assert URLPattern("http://") != URLPattern("all://")
    assert URLPattern("http://") != "http://"
    assert repr(URLPattern("http://x")) == "URLPattern('http://x')"


@pytest.mark.parametrize("value", ["http", "example.com", "*", 1, None, b"http://"])
def test_key_that_is_no_pattern_is_refused_and_named(value: Any) -> None:
    with pytest.raises(ValueError) as caught:
        URLPattern(value)

    assert f"not {value!r}. Did you mean" in str(caught.value)


def test_key_that_is_no_url_is_refused() -> None:
    with pytest.raises(InvalidURL, match="Invalid port"):
        URLPattern("http://example.com:x")
