"""From a redirect response to the next request: method, URL, headers, body and cookies."""

from __future__ import annotations

from typing import Any

import pytest

from hookline import URL, Cookies, RemoteProtocolError, Request, Response, StreamConsumed
from hookline._redirects import redirect_request, same_origin


def followed(
    request: Request, location: str, status: int = 302, cookies: Cookies | None = None
) -> Request:
    response = Response(status, headers=[(b"Location", location.encode())], request=request)
    return redirect_request(request, response, cookies or Cookies())


@pytest.mark.parametrize(
    ("status", "method", "next_method"),
    [
        (301, "GET", "GET"),
        (301, "HEAD", "HEAD"),
        (301, "POST", "GET"),
        (301, "PUT", "PUT"),
        (301, "DELETE", "DELETE"),
        (302, "GET", "GET"),
        (302, "HEAD", "HEAD"),
        (302, "POST", "GET"),
        (302, "PUT", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (307, "POST", "POST"),
        (307, "PUT", "PUT"),
        (308, "POST", "POST"),
        (308, "GET", "GET"),
    ],
)
def test_methods_change_as_in_browsers(status: int, method: str, next_method: str) -> None:
    request = Request(method, "https://example.org/", content=b"body")
    following = followed(request, "/next", status)
    keeps_body = next_method == method

    assert next_method == following.method
    assert following.content == (b"body" if keeps_body else b"")
    assert following.headers.get("content-length") == ("4" if keeps_body else None)
    assert "transfer-encoding" not in following.headers


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("https://other.org/x", "https://other.org/x#top"),
        ("/x?y=1", "https://example.org:8080/x?y=1#top"),
        ("x", "https://example.org:8080/a/x#top"),
        ("../x", "https://example.org:8080/x#top"),
        ("?q", "https://example.org:8080/a/b?q#top"),
        ("#new", "https://example.org:8080/a/b?c#new"),
        ("", "https://example.org:8080/a/b?c#top"),
        ("//other.org/x", "https://other.org/x#top"),
        ("https:///x", "https://example.org/x#top"),
        ("/snow ☃", "https://example.org:8080/snow%20%E2%98%83#top"),
        ("https://münchen.de", "https://xn--mnchen-3ya.de#top"),
    ],
)
def test_locations_are_resolved(location: str, url: str) -> None:
    request = Request("GET", "https://example.org:8080/a/b?c#top")

    assert url == str(followed(request, location).url)


@pytest.mark.parametrize(
    "location", ["https://example.org:x/", "http://[::zz]/", "https://999.1.1.1/", "mailto:me"]
)
def test_location_that_is_no_url_is_the_servers_fault(location: str) -> None:
    request = Request("GET", "https://example.org/")

    with pytest.raises(RemoteProtocolError, match="Invalid URL in location header") as caught:
        followed(request, location)

    assert caught.value.request is request


def test_location_with_a_name_that_idna_cannot_decode_is_followed() -> None:
    request = Request("GET", "http://example.org/")

    assert str(followed(request, "https://xn--zzzz--/").url) == "https://xn--zzzz--/"


HEADERS = {
    "Authorization": "secret",
    "Proxy-Authorization": "secret",
    "Cookie": "a=1",
    "X-Custom": "kept",
}
BOTH = {"authorization", "proxy-authorization"}


@pytest.mark.parametrize(
    ("url", "location", "kept"),
    [
        ("https://example.org/", "/x", {"authorization", "proxy-authorization"}),
        (
            "https://example.org/",
            "https://example.org:443/x",
            {"authorization", "proxy-authorization"},
        ),
        ("http://example.org/", "https://example.org/", {"authorization"}),
        ("https://example.org/", "http://example.org/", set()),
        ("https://example.org/", "https://example.org:8443/", set()),
        ("http://example.org:8080/", "https://example.org/", set()),
        ("http://example.org/", "https://example.org:8443/", set()),
        ("http://example.org/", "https://www.example.org/", set()),
        ("https://example.org/", "https://evil.test/", set()),
        ("https://example.org/", "https://example.org@evil.test/", set()),
    ],
)
def test_credentials_go_to_their_origin_alone(url: str, location: str, kept: set[str]) -> None:
    following = followed(Request("GET", url, headers=HEADERS), location)

    assert {*kept, "host", "x-custom"} == set(following.headers)
    assert following.headers["host"] == following.url.netloc.decode("ascii")


def test_cookies_of_the_next_url_come_from_the_jar() -> None:
    cookies = Cookies()
    cookies.set("here", "1", domain="example.org")
    cookies.set("there", "2", domain="other.org")
    request = Request("GET", "https://example.org/", cookies=cookies)
    following = followed(request, "https://other.org/", cookies=cookies)

    assert request.headers["cookie"] == "here=1"
    assert following.headers["cookie"] == "there=2"


def test_host_header_of_the_users_own_stays_with_its_origin() -> None:
    request = Request("GET", "https://example.org/", headers={"Host": "virtual"})

    assert followed(request, "/x").headers["host"] == "virtual"
    assert followed(request, "https://other.org/").headers["host"] == "other.org"


def test_extensions_are_passed_on() -> None:
    request = Request("GET", "https://example.org/", extensions={"timeout": {"read": 1.0}})
    following = followed(request, "/x")

    assert following.extensions == {"timeout": {"read": 1.0}}
    assert following.extensions is not request.extensions


def test_form_headers_go_with_the_form() -> None:
    request = Request("POST", "https://example.org/", data={"a": "1"})

    assert followed(request, "/x", 307).headers.raw == request.headers.raw
    assert "content-length" not in followed(request, "/x", 303).headers


@pytest.mark.parametrize("status", [307, 308])
def test_generator_that_was_sent_cannot_be_sent_again(status: int) -> None:
    request = Request("POST", "https://example.org/", content=iter([b"body"]))
    assert b"".join(request.stream) == b"body"  # type: ignore[arg-type]
    following = followed(request, "/x", status)

    assert following.headers["transfer-encoding"] == "chunked"
    with pytest.raises(StreamConsumed):
        following.read()


def test_generator_that_was_read_can_be_sent_again() -> None:
    request = Request("POST", "https://example.org/", content=iter([b"body"]))
    request.read()

    assert followed(request, "/x", 307).content == b"body"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://example.org/a", "HTTPS://EXAMPLE.ORG:443/b", True),
        ("http://example.org", "https://example.org", False),
        ("http://example.org", "http://example.org:8080", False),
        ("http://example.org", "http://www.example.org", False),
        ("http://[::1]/", "http://[::1]:80/", True),
    ],
)
def test_origin_is_scheme_host_and_port(one: str, other: str, same: Any) -> None:
    assert same_origin(URL(one), URL(other)) is same
