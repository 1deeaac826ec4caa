"""`Cookies`, what clients keep of Set-Cookie, and what they send of it where."""

from __future__ import annotations

import asyncio
import pickle
import re
import urllib.request
from collections.abc import Callable
from email.message import Message
from http.cookiejar import CookieJar
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hookline
from support.compare import (
    MODES,
    Outcome,
    Raises,
    answering,
    both,
    differs,
    examples,
    exchange,
    meet,
    outcome,
    refusal,
    same,
)
from support.recorder import OK, Recorder

VALUES: list[Any] = [
    None, {}, [], {"a": "b"}, {"a": "b", "c": "d"}, [("a", "b"), ("a", "c")], {"a": ""},
    {"a b": "c;d"}, {"é": "ü"}, [["a", "b"]], {"a": '"quoted"'},
]  # fmt: skip

METHODS: dict[str, Callable[[Any], Any]] = {
    "itself": lambda cookies: cookies,
    "dict": dict,
    "list": list,
    "len": len,
    "bool": bool,
    "items": lambda cookies: list(cookies.items()),
    "getitem": lambda cookies: cookies["a"],
    "getitem of none": lambda cookies: cookies["nothing"],
    "get": lambda cookies: cookies.get("a"),
    "get of none": lambda cookies: cookies.get("nothing", "x"),
    "get with domain": lambda cookies: cookies.get("a", domain=""),
    "get with path": lambda cookies: cookies.get("a", path="/"),
    "get with another path": lambda cookies: cookies.get("a", path="/x"),
    "in": lambda cookies: "a" in cookies,
    "set": lambda cookies: [cookies.set("a", "z"), cookies],
    "set with domain": lambda cookies: [cookies.set("a", "z", domain="example.org"), cookies],
    "set with a dot": lambda cookies: [cookies.set("a", "z", domain=".example.org"), cookies],
    "set with path": lambda cookies: [cookies.set("a", "z", path="/p"), cookies],
    "setitem": lambda cookies: [cookies.__setitem__("a", "z"), cookies],
    "delete": lambda cookies: [cookies.delete("a"), cookies],
    "delete of none": lambda cookies: [cookies.delete("nothing"), cookies],
    "delete with all": lambda cookies: [cookies.delete("a", domain="", path="/"), cookies],
    "delitem": lambda cookies: [cookies.__delitem__("a"), cookies],
    "clear": lambda cookies: [cookies.clear(), cookies],
    "clear of a domain": lambda cookies: [cookies.clear(domain=""), cookies],
    "clear of a path": lambda cookies: [cookies.clear(domain="", path="/"), cookies],
    "update": lambda cookies: [cookies.update({"a": "z", "n": "m"}), cookies],
    "update with cookies": lambda cookies: [cookies.update(type(cookies)({"a": "z"})), cookies],
    "update with None": lambda cookies: [cookies.update(None), cookies],
    "pop": lambda cookies: [cookies.pop("a"), cookies],
    "equal to itself": lambda cookies: cookies == cookies,
    "equal to a dict": lambda cookies: cookies == dict(cookies.items()),
    "copy": lambda cookies: type(cookies)(cookies),
    "ambiguous": lambda cookies: [cookies.set("a", "z", path="/p"), cookies.get("a")],
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_the_same_for_every_shape(method: str) -> None:
    for value in VALUES:
        same(lambda library, value=value: METHODS[method](library.Cookies(value)), *both())


def test_jars_are_used_alike() -> None:
    def jar(library: Any) -> Any:
        jar = CookieJar()
        cookies = library.Cookies(jar)
        cookies.set("a", "b")
        return [len(jar), cookies.jar is jar, cookies, library.Cookies(cookies).jar is jar]

    same(jar, *both())


@pytest.mark.parametrize("value", [5, "ab", [("a",)], [("a", "b", "c")]], ids=repr)
def test_what_are_no_cookies_is_refused(value: Any) -> None:
    def used(library: Any) -> Any:
        return list(library.Cookies(value))

    same(used, *both(), except_for={"wrong-types": refusal})


# -- A client's jar ---------------------------------------------------------------------------

SET_COOKIES = [
    "a=b", "a=b; Path=/", "a=b; Path=/p", "a=b; Path=/q", "a=b; Domain=example.org",
    "a=b; Domain=.example.org", "a=b; Domain=org", "a=b; Domain=other.test", "a=b; Secure",
    "a=b; HttpOnly", "a=b; Max-Age=0", "a=b; Max-Age=100", "a=b; Max-Age=x", "a=",  "=b", "a",
    "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=b; Expires=Fri, 31 Dec 2199 23:59:59 GMT",
    "a=b; Expires=nonsense", 'a="b c"', "a=b=c", "a=b,c=d", "é=ü", " a = b ", "a=b; SameSite=Lax",
    "a=b;;; Path=/", "__Host-a=b; Secure; Path=/", "a=b; Version=1", "a=b; Port=80", "a=b\t",
    "a=b; Domain=www.example.org", "a=b; Path=p", "a=b; path=/; domain=example.org; secure",
]  # fmt: skip
VISITS = [
    "http://example.org/p", "http://example.org/", "https://example.org/p/x",
    "http://example.org:8080/p", "http://other.test/p", "http://example.org/pq",
]  # fmt: skip


def visits(*set_cookies: str, start: str = "http://example.org/p", urls: list[str]) -> Any:
    """A call: a first response sets cookies, and the Cookie headers of further requests follow."""

    def handler(library: Any, request: Any) -> Any:
        if "set" in request.extensions:
            return library.Response(200, headers=[("Set-Cookie", item) for item in set_cookies])
        return library.Response(200, text=request.headers.get("cookie", "none"))

    def call(library: Any, mode: str = "sync") -> Any:
        first = {"url": start, "extensions": {"set": True}}
        return exchange(
            library, mode, {"transport": answering(handler)}, first, *[{"url": url} for url in urls]
        )

    return call


def host_only(theirs: Outcome, ours: Outcome) -> bool:
    """httpx sends a host's own cookie to the hosts below it."""
    return theirs.error == ours.error is None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("set_cookie", SET_COOKIES)
def test_cookies_are_kept_and_sent_alike(set_cookie: str, mode: str) -> None:
    call = visits(set_cookie, urls=VISITS)
    same(lambda library: call(library, mode))


@pytest.mark.parametrize("start", ["http://localhost/", "http://127.0.0.1:8080/", "http://[::1]/"])
def test_cookies_of_hosts_without_a_domain_are_kept_alike(start: str) -> None:
    call = visits("a=b", "c=d; Domain=localhost", start=start, urls=[start, start + "p"])
    same(lambda library: call(library))


@examples(150)
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                [
                    "a=b",
                    "c=d",
                    "; Path=/p",
                    "; Path=/",
                    "; Secure",
                    "; Domain=example.org",
                    ";",
                    "=",
                ]
            ),
            min_size=1,
            max_size=3,
        ).map("".join),
        max_size=3,
    )
)
def test_any_cookies_are_kept_and_sent_alike(set_cookies: list[str]) -> None:
    call = visits(*set_cookies, urls=VISITS)
    same(lambda library: call(library))


def cookie_headers(library: Any, mode: str, settings: dict[str, Any], *steps: Any) -> Any:
    """The Cookie header of each request, without the jar that is left."""
    sent: list[Any] = []

    def handler(library: Any, request: Any) -> Any:
        sent.append([str(request.url), request.headers.get("cookie")])
        if request.url.path == "/away":
            return library.Response(302, headers={"Location": "http://other.test/"})
        if request.url.path == "/near":
            return library.Response(302, headers={"Location": "/"})
        return library.Response(200)

    exchange(library, mode, {"transport": answering(handler), **settings}, *steps)
    return sent


ORG = "http://example.org/"


@pytest.mark.parametrize("mode", MODES)
def test_cookies_of_client_and_request_are_merged_alike(mode: str) -> None:
    for client, request in [
        ({"a": "1"}, None),
        (None, {"a": "2"}),
        ({"a": "1"}, {"a": "2"}),
        ({"a": "1", "b": "1"}, {"a": "2", "c": "2"}),
        ([("a", "1")], [("b", "2")]),
        ({}, {}),
    ]:
        call = lambda library, client=client, request=request: cookie_headers(  # noqa: E731
            library, mode, {"cookies": client}, {"url": ORG, "cookies": request}, {"url": ORG}
        )
        same(call, except_for={"cookies-without-warning": without_warning})


def without_warning(theirs: Outcome, ours: Outcome) -> bool:
    told = {name for name, _ in theirs.warnings}
    return told == {"DeprecationWarning"} and theirs[:2] == ours[:2] and not ours.warnings


@pytest.mark.parametrize("mode", MODES)
def test_cookie_header_of_the_request_s_own_takes_the_place_of_the_jar_alike(mode: str) -> None:
    for headers in ({"Cookie": "x=y"}, {"cookie": ""}):
        same(
            lambda library, headers=headers: cookie_headers(
                library, mode, {"cookies": {"a": "1"}}, {"url": ORG, "headers": headers}
            )
        )
    same(
        lambda library: cookie_headers(
            library, mode, {"headers": {"Cookie": "x=y"}}, {"url": ORG}, {"url": ORG + "near"}
        )
    )


@pytest.mark.parametrize("mode", MODES)
def test_cookies_follow_a_redirect_on_their_host_alike(mode: str) -> None:
    settings = {"cookies": {"a": "1"}, "follow_redirects": True}
    same(lambda library: cookie_headers(library, mode, settings, {"url": ORG + "near"}))


@pytest.mark.parametrize("mode", MODES)
def test_cookies_on_the_wire_are_the_same(mode: str, recorder: Recorder) -> None:
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: s=1; Path=/\r\nSet-Cookie: t=2\r\nContent-Length: 0\r\n\r\n"  # noqa: E501

    def run(library: Any) -> Any:
        with recorder.script(answer, answer, answer) as transcript:
            steps = [{"url": recorder.url + path} for path in ("/a", "/b", "/a/c")]
            results = exchange(library, mode, {"cookies": {"u": "3"}}, *steps)
        return [transcript.wire, results[:-1]]

    same(run)


# -- What differs -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_cookies_without_a_domain_belong_to_the_first_host(mode: str) -> None:
    settings = {"cookies": {"a": "1"}, "follow_redirects": True}
    steps = [{"url": ORG}, {"url": ORG + "away"}, {"url": ORG}]
    away = ["http://other.test/", "a=1"]
    expected = [[ORG, "a=1"], [ORG + "away", "a=1"], away, [ORG, "a=1"]]
    differs(
        "cookies-bound-to-host",
        lambda library: cookie_headers(library, mode, settings, *steps),
        theirs=expected,
        ours=[item if item is not away else [away[0], None] for item in expected],
    )


@pytest.mark.parametrize("mode", MODES)
def test_cookies_that_come_between_belong_to_where_a_redirect_leads(mode: str) -> None:
    def sent(library: Any) -> Any:
        jars: list[Any] = []

        def handler(library: Any, request: Any) -> Any:
            if request.url.host == "example.org":
                jars[0]["late"] = "1"
                return library.Response(302, headers={"Location": "http://other.test/"})
            return library.Response(200, text=request.headers.get("cookie", "none"))

        transport = answering(handler).function(library, mode)
        if mode == "sync":
            with library.Client(transport=transport, follow_redirects=True) as client:
                jars.append(client.cookies)
                return [client.get(ORG).text, client.get("http://third.test/").text]

        async def main() -> Any:
            async with library.AsyncClient(transport=transport, follow_redirects=True) as client:
                jars.append(client.cookies)
                responses = [await client.get(ORG), await client.get("http://third.test/")]
                return [response.text for response in responses]

        return asyncio.run(main())

    differs("cookies-bound-to-host", sent, theirs=["late=1", "late=1"], ours=["late=1", "none"])


def test_cookie_of_a_host_alone_is_not_sent_below_it() -> None:
    call = visits("a=b", urls=["http://www.example.org/p"])
    differs(
        "cookies-host-only",
        lambda library: call(library)[1]["text"],
        theirs="a=b",
        ours="none",
    )


@pytest.mark.parametrize("mode", MODES)
def test_cookies_of_a_request_bring_no_warning(mode: str) -> None:
    meet("cookies-without-warning")
    steps = [{"url": ORG, "cookies": {"a": "1"}}]
    call: Any = lambda library: cookie_headers(library, mode, {}, *steps)  # noqa: E731
    assert same(call, except_for={"cookies-without-warning": without_warning}).warnings == ()


def test_cookies_of_a_url_with_a_password_are_those_of_its_host() -> None:
    call = visits("a=b", start="http://user:secret@example.org/p", urls=["http://example.org/p"])
    differs(
        "cookies-userinfo",
        lambda library: call(library)[1]["text"],
        theirs="none",
        ours="a=b",
    )


@pytest.mark.parametrize(
    ("here", "domain", "there"),
    [
        ("shop.co.uk", "co.uk", "bank.co.uk"),
        ("mine.github.io", "github.io", "yours.github.io"),
        ("127.0.0.1", "0.0.1", "10.0.0.1"),
    ],
)
def test_cookies_for_what_belongs_to_nobody_are_refused(here: str, domain: str, there: str) -> None:
    def sent(library: Any) -> Any:
        cookies = library.Cookies()
        request = library.Request("GET", f"https://{here}/")
        headers = {"Set-Cookie": f"a=1; Domain={domain}"}
        cookies.extract_cookies(library.Response(200, headers=headers, request=request))
        later = library.Request("GET", f"https://{there}/", cookies=cookies)
        return later.headers.get("cookie")

    differs("cookies-public-suffix", sent, *both(), theirs="a=1", ours=None)


def headers_after(mode: str, *steps: tuple[str, list[str]]) -> Any:
    """A call: the Cookie header of each request, each of which is answered with cookies."""

    def handler(library: Any, request: Any) -> Any:
        headers = [("Set-Cookie", value) for value in request.extensions["set"]]
        return library.Response(200, headers=headers, text=request.headers.get("cookie", "none"))

    def call(library: Any) -> Any:
        requests = [{"url": url, "extensions": {"set": values}} for url, values in steps]
        results = exchange(library, mode, {"transport": answering(handler)}, *requests)
        return [result["text"] for result in results[:-1]]

    return call


def cookies_in_pythons_jar(*steps: tuple[str, list[str]]) -> list[str]:
    jar = CookieJar()
    for url, values in steps:
        message = Message()
        for value in values:
            message["Set-Cookie"] = value

        class Answer:
            def info(self, message: Message = message) -> Message:
                return message

        jar.extract_cookies(Answer(), urllib.request.Request(url))  # type: ignore[arg-type]
    return [f"{cookie.name}={cookie.value}" for cookie in jar]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("host", "domain"),
    [("evil.test", "bank.test"), ("bank.test.evil.test", "bank.test"), ("test", "bank.test")],
)
@pytest.mark.parametrize("over", ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
def test_who_may_not_set_a_cookie_may_not_remove_it(
    over: str, host: str, domain: str, mode: str
) -> None:
    steps = [
        ("http://bank.test/", [f"a=1; Domain={domain}"]),
        (f"http://{host}/", [f"a=; Domain={domain}; {over}"]),
        ("http://bank.test/", []),
    ]
    # Theirs is Python's jar, and a Python that has it fixed is one in which nothing differs.
    left = cookies_in_pythons_jar(*steps)
    differs(
        "cookies-removal",
        headers_after(mode, *steps),
        *both(),
        theirs=["none", "none", left[0] if left else "none"],
        ours=["none", "none", "a=1"],
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("over", ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
@pytest.mark.parametrize("host", ["bank.test", "www.bank.test"])
def test_who_may_set_a_cookie_removes_it_alike(host: str, over: str, mode: str) -> None:
    call = headers_after(
        mode,
        ("http://bank.test/", ["a=1; Domain=bank.test"]),
        ("http://bank.test/", []),
        (f"http://{host}/", [f"a=; Domain=bank.test; {over}"]),
        ("http://bank.test/", []),
    )

    assert same(call, *both()).value == ["none", "a=1", "a=1", "none"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("there", "value", "theirs"),
    [
        ("a=1; Secure", "a=evil", "a=evil"),
        ("a=1; Secure", "a=evil; Secure", "a=evil"),
        ("a=1; Secure", "a=; Max-Age=0", "none"),
        ("a=1; Secure; Path=/; Domain=example.org", "a=evil; Path=/p", "a=evil; a=1"),
    ],
)
def test_cookie_that_is_for_tls_alone_is_not_replaced_without_it(
    there: str, value: str, theirs: str, mode: str
) -> None:
    call = headers_after(
        mode,
        ("https://example.org/p/", [there]),
        ("http://example.org/p/", [value]),
        ("https://example.org/p/", []),
    )
    differs(
        "cookies-secure-kept",
        call,
        *both(),
        theirs=["none", "none", theirs],
        ours=["none", "none", "a=1"],
    )


@pytest.mark.parametrize("mode", MODES)
def test_cookie_that_is_for_tls_alone_is_replaced_with_it_alike(mode: str) -> None:
    call = headers_after(
        mode,
        ("https://example.org/", ["a=1; Secure"]),
        ("https://example.org/", ["a=2"]),
        ("http://example.org/", []),
    )

    assert same(call, *both()).value == ["none", "a=1", "a=2"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("control", ["\x00", "\x01", "\x1f", "\x7f"])
def test_cookie_with_control_characters_is_refused(control: str, mode: str) -> None:
    value = f"a=x{control}y"
    differs(
        "cookies-control-characters",
        headers_after(mode, ("http://a.test/", [value, "b=2"]), ("http://a.test/", [])),
        *both(),
        theirs=["none", f"{value}; b=2"],
        ours=["none", "b=2"],
    )


@pytest.mark.parametrize("mode", MODES)
def test_response_with_control_characters_in_a_cookie_is_refused(
    mode: str, recorder: Recorder
) -> None:
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=x\x01y\r\nContent-Length: 0\r\n\r\n"

    def run(library: Any) -> Any:
        with recorder.script(answer, OK) as transcript:
            results = exchange(library, mode, {}, *[{"url": recorder.url}] * 2)
        error = results[0][0] if isinstance(results[0], tuple) else None
        return [error, cookie_line(transcript.requests[-1][1])]

    differs(
        "cookies-control-characters",
        run,
        *both(),
        theirs=[None, "a=x\x01y"],
        ours=["RemoteProtocolError", None],
    )


def cookie_line(request: bytes) -> str | None:
    line = re.search(rb"(?i)\r\ncookie: (.*)\r\n", request)
    return None if line is None else line[1].decode("latin-1")


def sent_back(recorder: Recorder, mode: str, *set_cookies: str) -> Any:
    """A call: a server sets cookies, and the names of those that the next request has follow."""
    head = "".join(f"Set-Cookie: {value}\r\n" for value in set_cookies)
    answer = f"HTTP/1.1 200 OK\r\n{head}Content-Length: 0\r\n\r\n".encode("latin-1")

    def run(library: Any) -> Any:
        with recorder.script(answer, OK) as transcript:
            exchange(library, mode, {}, *[{"url": recorder.url}] * 2)
        line = cookie_line(transcript.requests[-1][1])
        return [] if line is None else [item.partition("=")[0] for item in line.split("; ")]

    return run


@pytest.mark.parametrize("mode", MODES)
def test_cookie_of_a_length_that_no_browser_takes_is_refused(mode: str, recorder: Recorder) -> None:
    longest, longer = "a=" + "x" * 8190, "b=" + "x" * 8191
    differs(
        "cookies-bounds",
        sent_back(recorder, mode, longest, longer),
        *both(),
        theirs=["a", "b"],
        ours=["a"],
    )


@pytest.mark.parametrize("mode", MODES)
def test_cookies_of_a_domain_are_bounded(mode: str, recorder: Recorder) -> None:
    names = [f"a{number}" for number in range(181)]
    most = [f"{name}=1" for name in names[:180]]

    assert same(sent_back(recorder, mode, *most), *both()).value == names[:180]
    differs(
        "cookies-bounds",
        sent_back(recorder, mode, *most, "a180=1"),
        *both(),
        theirs=names,
        ours=names[1:],
    )


@pytest.mark.parametrize("mode", MODES)
def test_cookies_of_all_domains_are_bounded(mode: str, recorder: Recorder) -> None:
    head = "".join(f"Set-Cookie: a{number}=1\r\n" for number in range(150))
    answer = f"HTTP/1.1 200 OK\r\n{head}Content-Length: 0\r\n\r\n".encode()

    def kept(library: Any, hosts: int) -> int:
        # The recorder is a proxy here, and so the server of every host.
        with recorder.script(*[answer] * hosts):
            steps = [{"url": f"http://host-{number}.test/"} for number in range(hosts)]
            results = exchange(library, mode, {"proxy": recorder.url}, *steps)
        return len(results[-1]["jar"])

    assert same(lambda library: kept(library, 20), *both()).value == 3000
    differs(
        "cookies-bounds",
        lambda library: kept(library, 21) > 3000,
        *both(),
        theirs=True,
        ours=False,
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("over", ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
def test_cookies_of_one_response_are_taken_in_their_order(
    over: str, mode: str, recorder: Recorder
) -> None:
    first, last = "a=1; Path=/", f"a=; Path=/; {over}"
    call = sent_back(recorder, mode, last, first, "b=2")

    assert same(call, *both()).value == ["a", "b"]
    differs(
        "cookies-in-order",
        sent_back(recorder, mode, first, last, "b=2"),
        *both(),
        theirs=["a", "b"],
        ours=["b"],
    )


@pytest.mark.parametrize("mode", MODES)
def test_cookie_that_makes_no_sense_costs_no_other(mode: str, recorder: Recorder) -> None:
    call = sent_back(recorder, mode, "a=1; Max-Age", "b=2")

    differs("cookies-max-age", call, *both(), theirs=[], ours=["b"])
    assert outcome(call, hookline).warnings == ()


def test_jar_of_a_client_decides_what_is_sent() -> None:
    from http.cookiejar import DefaultCookiePolicy

    def sent(library: Any) -> Any:
        jar = CookieJar(DefaultCookiePolicy(blocked_domains=["example.org"]))
        cookies = library.Cookies(jar)
        cookies.set("a", "1", domain="example.org")
        return cookie_headers(library, "sync", {"cookies": jar}, {"url": ORG})[0][1]

    differs("cookies-jar-policy", sent, theirs="a=1", ours=None)


def test_clearing_a_path_without_a_domain_is_refused() -> None:
    differs(
        "wrong-types",
        lambda library: library.Cookies().clear(path="/"),
        *both(),
        theirs=Raises("AssertionError"),
        ours=Raises("ValueError", "needs the domain"),
    )


def test_pickled_cookies_are_cookies() -> None:
    def unpickled(library: Any) -> Any:
        return list(pickle.loads(pickle.dumps(library.Cookies({"a": "b"}))).items())

    differs("cookies-pickled", unpickled, *both(), theirs=Raises("TypeError"), ours=[("a", "b")])
