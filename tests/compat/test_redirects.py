"""Redirects: every status with every method, body and location; history, and what travels."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.compare import (
    MODES,
    Outcome,
    Raises,
    answering,
    differs,
    examples,
    exchange,
    pieces,
    plain,
    same,
)
from support.recorder import OK, Recorder

STATUSES = [300, 301, 302, 303, 304, 305, 307, 308, 200, 201]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CUSTOM"]
LOCATIONS: list[str | None] = [
    "/next", "next", "", None, "?q", "#f", "/next#f", "//other.test/p", "http://example.org/next",
    "https://example.org/next", "http://example.org:80/next", "http://example.org:8080/next",
    "https://example.org:8443/next", "http://other.test/", "http:///next", "https:///p?q",
    "http://u:p@example.org/", "http://[::1", "http://h:x/", "mailto:a@b", "ftp://example.org/",
    "/ü b", "%", "http://EXAMPLE.org/next", "../x", "/a/../b", "\n", "http:next", " /next ",
    "/next\x00", "http://xn--fiqs8s/", "javascript:alert(1)", "http://example.org", "//", "/" * 50,
]  # fmt: skip
BODIES: list[dict[str, Any]] = [
    {}, {"content": b"abc"}, {"json": {"a": 1}}, {"data": {"a": "b"}}, {"content": ""},
]  # fmt: skip
URL = "http://example.org/start?a=b#top"
SENT_ALONG = {
    "Authorization": "Basic x", "Cookie": "a=b", "X-Custom": "y", "Content-Type": "t/u",
    "Proxy-Authorization": "z", "Referer": "r",
}  # fmt: skip


def redirected(
    status: int, location: str | None, step: dict[str, Any], mode: str = "sync", **settings: Any
) -> Any:
    """A call: the first request is redirected, everything else is answered; what was sent, and
    what came of it."""

    def call(library: Any) -> Any:
        sent: list[Any] = []

        def handler(library: Any, request: Any) -> Any:
            sent.append([request.method, str(request.url), request.headers.raw, request.content])
            if len(sent) > 1:
                return library.Response(200, text="there")
            headers = {} if location is None else {"Location": location}
            return library.Response(status, headers=headers, text="elsewhere")

        given = {"transport": answering(handler), "headers": {"User-Agent": "me"}, **settings}
        results = exchange(library, mode, given, step)
        return [sent, results]

    return call


@pytest.mark.parametrize("follow", [True, False], ids=["followed", "not followed"])
@pytest.mark.parametrize("status", STATUSES)
def test_methods_and_bodies_change_alike(status: int, follow: bool) -> None:
    for method in METHODS:
        for body in BODIES:
            step = {"method": method, "url": URL, "headers": {"X": "y"}, **body}
            same(redirected(status, "/next", step, follow_redirects=follow))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("location", LOCATIONS)
def test_locations_are_understood_alike(location: str | None, mode: str) -> None:
    for status in (301, 303, 307):
        for follow in (True, False):
            step = {"method": "POST", "url": URL, "content": b"abc", "headers": {"X": "y"}}
            same(
                redirected(status, location, step, mode, follow_redirects=follow),
                except_for={"redirect-location": bad_location},
            )


def location_not_quoted(theirs: Outcome, ours: Outcome) -> bool:
    """The URL's fault is told without the URL's parts."""
    return theirs.raised == ours.raised and ", not shown because" in repr(ours)


def bad_location(theirs: Outcome, ours: Outcome) -> bool:
    """What is wrong with the Location reaches httpx's user as if it were wrong with theirs."""
    _, (their_result, *_) = theirs.value
    _, (our_result, *_) = ours.value
    return (
        isinstance(their_result, list)
        and isinstance(our_result, list)
        and their_result[0] in {"InvalidURL", "IDNAError"}
        and our_result[0] == "RemoteProtocolError"
    )


@pytest.mark.parametrize(
    "location",
    ["/next", "https://example.org/", "http://example.org:8080/", "http://other.test/", "//h/",
     "http://EXAMPLE.org/", "http://sub.example.org/"],
)  # fmt: skip
def test_headers_travel_alike(location: str) -> None:
    for status in (302, 307):
        for method in ("GET", "POST"):
            step = {
                "method": method,
                "url": URL,
                "headers": {k: v for k, v in SENT_ALONG.items() if k != "Proxy-Authorization"},
            }
            same(redirected(status, location, step, follow_redirects=True))


@examples(300)
@given(
    st.lists(
        st.sampled_from(
            [*"ab/?#:@.%[]", "..", "//", "http:", "https://", "example.org", "ü", ":80"]
        ),
        max_size=8,
    ).map("".join),
    st.sampled_from([301, 307]),
)
def test_any_location_is_understood_alike(location: str, status: int) -> None:
    same(
        redirected(status, location, {"url": URL}, follow_redirects=True),
        except_for={"redirect-location": bad_location, "secrets-in-messages": location_not_quoted},
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("limit", [0, 1, 3, 20])
def test_chains_end_alike(limit: int, mode: str) -> None:
    def call(library: Any, length: int) -> Any:
        def handler(library: Any, request: Any) -> Any:
            number = int(request.url.path[1:])
            if number < length:
                return library.Response(302, headers={"Location": f"/{number + 1}"})
            return library.Response(200, text="end")

        settings = {
            "transport": answering(handler), "max_redirects": limit, "follow_redirects": True,
        }  # fmt: skip
        return exchange(library, mode, settings, {"url": "http://example.org/0"})

    for length in (0, 1, limit, limit + 1):
        same(lambda library, length=length: call(library, length))


@pytest.mark.parametrize("mode", MODES)
def test_request_decides_whether_to_follow_alike(mode: str) -> None:
    for client in (True, False):
        for request in (True, False):
            step = {"url": URL, "follow_redirects": request}
            same(redirected(302, "/next", step, mode, follow_redirects=client))


def test_next_request_can_be_sent_alike() -> None:
    def call(library: Any) -> Any:
        def handler(request: Any) -> Any:
            if request.url.path == "/start":
                return library.Response(303, headers={"Location": "/next"})
            return library.Response(200, text=request.method)

        with library.Client(transport=library.MockTransport(handler)) as client:
            response = client.post(URL, json={})
            following = client.send(response.next_request)
            return plain([str(response.next_request.url), following.text, following.history])

    same(call)


def test_streams_cannot_be_sent_again_alike() -> None:
    for status in (307, 303):
        step = {"method": "POST", "url": URL, "content": pieces(b"a", b"b")}
        for mode in MODES:
            same(
                redirected(status, "/next", step, mode, follow_redirects=True),
                except_for={"stream-consumed-text": both_consumed},
            )


def both_consumed(theirs: Outcome, ours: Outcome) -> bool:
    return "StreamConsumed" in str(theirs.value) and "StreamConsumed" in str(ours.value)


@pytest.mark.parametrize("mode", MODES)
def test_redirects_on_the_wire_are_the_same(mode: str, recorder: Recorder) -> None:
    def moved(status: int, location: str) -> bytes:
        return (
            f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 4\r\n\r\ngone"
        ).encode()

    def run(library: Any) -> Any:
        answers = [
            moved(301, "/a"), moved(307, "b?c"), OK, moved(302, f"http://localhost:{recorder.port}/x"), OK,  # noqa: E501
        ]  # fmt: skip
        with recorder.script(*answers) as transcript:
            results = exchange(
                library,
                mode,
                {"follow_redirects": True, "auth": ("user", "secret")},
                {"method": "POST", "url": recorder.url + "/1", "content": b"abc"},
                {"method": "PUT", "url": recorder.url + "/2", "content": b"abc"},
            )
        return [transcript.wire, results]

    same(run)


# -- What differs -----------------------------------------------------------------------------


def test_proxy_authorization_does_not_travel() -> None:
    def sent(library: Any) -> Any:
        step = {"url": URL, "headers": SENT_ALONG}
        value = redirected(302, "http://other.test/", step, follow_redirects=True)(library)
        return sorted(name.decode() for name, _ in value[0][1][2])

    differs(
        "redirect-proxy-authorization",
        sent,
        theirs=sorted(
            ["Accept", "Accept-Encoding", "Connection", "Content-Type", "Host",
             "Proxy-Authorization", "Referer", "User-Agent", "X-Custom"]
        ),
        ours=sorted(
            ["Accept", "Accept-Encoding", "Connection", "Content-Type", "Host", "Referer",
             "User-Agent", "X-Custom"]
        ),
    )  # fmt: skip


def test_location_that_is_no_url_is_the_server_s_fault() -> None:
    call = redirected(302, "mailto:a@b", {"url": URL}, follow_redirects=True)
    differs(
        "redirect-location",
        lambda library: call(library)[1][0][0],
        theirs="InvalidURL",
        ours="RemoteProtocolError",
    )


def test_next_request_s_body_can_be_read() -> None:
    def content(library: Any) -> Any:
        def handler(request: Any) -> Any:
            return library.Response(307, headers={"Location": "/next"})

        with library.Client(transport=library.MockTransport(handler)) as client:
            return client.post(URL, content=b"abc").next_request.content

    differs("next-request-content", content, theirs=Raises("RequestNotRead"), ours=b"abc")
