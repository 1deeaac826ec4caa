"""The jar sends what the standard library's jar sends, and looks at nothing that is for others."""

from __future__ import annotations

import copy
import gc
import pickle
import subprocess
import sys
import time
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hookline
from hookline._cookiejar import Jar, JarRequest, JarResponse, plain_cookie

NOW = 1_700_000_000.0

HOSTS = ["example.org", "a.example.org", "b.a.example.org", "localhost", "127.0.0.1", "[::1]"]
URLS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(HOSTS),
    st.sampled_from(["", ":8080", ":80"]),
    st.sampled_from(["", "/", "/p", "/p/", "/p/q", "/pq", "/%7Ep/x", "/p?q=/z", "/é"]),
).filter(
    # The library takes what follows the first colon of an IPv6 address for the port.
    lambda url: "]:" not in url
)
ATTRIBUTES = st.sampled_from(
    [
        "Path=/", "Path=/p", "Path=/p/", "Path=x", "Secure", "HttpOnly", "Domain=example.org",
        "Domain=.a.example.org", "Domain=localhost", "Max-Age=60", "Max-Age=0", "Max-Age=-5",
        "Expires=Thu, 01 Jan 2026 00:00:00 GMT", "Version=1", "Port=80", "Port", "SameSite=Lax",
    ]
)  # fmt: skip
SET_COOKIES = st.builds(
    lambda pair, attributes: "; ".join([pair, *attributes]),
    st.sampled_from(["a=1", "a=2", "b=3", "c", "d=", "e=x y", 'f="q"', "=v", ""]),
    st.lists(ATTRIBUTES, max_size=3),
)
# Made to a cookie that is in the jar, by whoever got hold of it.
CHANGES = st.sampled_from(
    [
        ("value", "changed"), ("value", None), ("name", "other"), ("secure", True),
        ("secure", False), ("expires", None), ("expires", int(NOW) + 60), ("expires", 1),
        ("domain", "example.org"), ("domain", ".a.example.org"), ("domain_specified", True),
        ("domain_specified", False), ("path", "/p/q/r"), ("port", "8080"), ("port", None),
    ]
)  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("get"), URLS),
        st.tuples(st.just("get"), URLS),
        st.tuples(st.just("set"), URLS, st.lists(SET_COOKIES, min_size=1, max_size=3)),
        st.tuples(
            st.just("put"),
            st.sampled_from(["example.org", ".example.org", "a.example.org", "localhost.local"]),
            st.sampled_from(["/", "/p", "p", ""]),
        ),
        st.tuples(st.just("wait"), st.sampled_from([1.0, 59.0, 61.0])),
        st.tuples(st.just("clear"), st.sampled_from([None, "example.org", ".example.org"])),
        st.tuples(st.just("change"), st.integers(0, 5), CHANGES),
    ),
    max_size=12,
)


def sent(jar: CookieJar, url: str) -> str | None:
    request = hookline.Request("GET", url)
    if isinstance(jar, Jar):
        jar.add_header(request)
    else:
        jar.add_cookie_header(JarRequest(request))  # type: ignore[arg-type]
    return request.headers.get("cookie")


class TheirPolicy(DefaultCookiePolicy):
    """The standard library's, and RFC 6265bis section 5.7 on top: without TLS, no cookie is set
    where one of that name is there for TLS alone."""

    def __init__(self) -> None:
        super().__init__(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)
        self.jar: CookieJar | None = None

    def set_ok(self, cookie: Cookie, request: Any) -> bool:
        places = [
            (f".{domain.lstrip('.')}", path)
            for domain, paths in self.jar._cookies.items()  # type: ignore[union-attr]
            for path, cookies in paths.items()
            for there in (cookies.get(cookie.name),)
            if there is not None and there.secure and not there.is_expired()
        ]
        return super().set_ok(cookie, request) and not (
            request.type == "http"
            and any(
                (
                    f".{cookie.domain.lstrip('.')}".endswith(domain)
                    or (
                        cookie.domain_specified and domain.endswith(f".{cookie.domain.lstrip('.')}")
                    )
                )
                and f"{cookie.path}/".startswith(path if path.endswith("/") else f"{path}/")
                for domain, path in places
            )
        )


class Theirs(CookieJar):
    """The standard library's, but for two things. It looks for a cookie that has expired where that
    says that it is, and raises KeyError if somebody has changed it. And it lets everybody remove
    whatever cookie they name."""

    def __init__(self) -> None:
        policy = TheirPolicy()
        super().__init__(policy)
        policy.jar = self
        self._policy = policy

    def clear_expired_cookies(self) -> None:
        for paths in self._cookies.values():  # type: ignore[attr-defined]
            for cookies in paths.values():
                for name in [name for name, cookie in cookies.items() if cookie.is_expired()]:
                    del cookies[name]

    def _cookie_from_cookie_tuple(self, parts: Any, request: Any) -> Cookie | None:
        make = super()._cookie_from_cookie_tuple  # type: ignore[misc]
        lasting = make((*parts[:2], {**parts[2], "expires": 1 << 40}, parts[3]), request)
        if lasting is not None:
            # What becomes of version 1 later.
            lasting.version = 0
            if not self._policy.set_ok(lasting, request):
                # Whoever may not set it may not say that it is over.
                return None
        cookie: Cookie | None = make(parts, request)
        return cookie


def step(jar: CookieJar, kind: str, arguments: tuple[Any, ...]) -> Any:
    if kind == "get":
        return sent(jar, arguments[0])
    if kind == "set":
        request = hookline.Request("GET", arguments[0])
        headers = [("Set-Cookie", value) for value in arguments[1]]
        # One after the other: theirs would remove those that have expired before it sets any.
        for some in [headers] if isinstance(jar, Jar) else [[header] for header in headers]:
            response = hookline.Response(200, headers=some, request=request)
            jar.extract_cookies(JarResponse(response), JarRequest(request))  # type: ignore[arg-type]
    elif kind == "change":
        number, (name, value) = arguments
        # The same of two jars, which remove what has expired at different times.
        alive = (cookie for cookie in jar if not cookie.is_expired())
        cookies = sorted(alive, key=lambda cookie: str(vars(cookie)))
        if number < len(cookies):
            setattr(cookies[number], name, value)
    elif kind == "put":
        jar.set_cookie(plain_cookie("put", "1", *arguments))
    elif kind == "clear":
        try:
            jar.clear(*arguments)
        except KeyError:
            return KeyError
    return None


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_what_is_sent_is_what_the_standard_librarys_jar_sends(steps: list[Any]) -> None:
    ours = Jar()
    theirs = Theirs()
    clock = [NOW]

    with mock.patch("time.time", side_effect=lambda: clock[0]):
        for kind, *arguments in steps:
            if kind == "wait":
                clock[0] += arguments[0]
                continue
            expected = step(theirs, kind, tuple(arguments))

            # Twice: computed, and remembered.
            assert step(ours, kind, tuple(arguments)) == expected
            if kind == "get":
                assert step(ours, kind, tuple(arguments)) == expected


def test_cookie_that_expires_is_not_sent_from_memory() -> None:
    jar = Jar()
    clock = [NOW]

    with mock.patch("time.time", side_effect=lambda: clock[0]):
        step(jar, "set", ("http://example.org/", ["a=1; Max-Age=60"]))
        before = sent(jar, "http://example.org/")
        clock[0] += 61
        after = sent(jar, "http://example.org/")

    assert (before, after, len(jar)) == ("a=1", None, 0)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("value", "2", "a=2"),
        ("name", "b", "b=1"),
        ("secure", True, None),
        ("expires", 1, None),
        ("domain", "elsewhere.test", None),
        ("port", "8080", None),
    ],
)
def test_cookie_that_is_changed_in_place_is_sent_as_it_is(
    name: str, value: Any, expected: str | None
) -> None:
    jar = Jar()
    jar.set_cookie(plain_cookie("a", "1", "example.org", "/"))
    assert sent(jar, "http://example.org/") == "a=1"
    (cookie,) = jar

    setattr(cookie, name, value)

    assert sent(jar, "http://example.org/") == expected


def test_cookie_that_was_not_sent_is_sent_after_a_change_in_place() -> None:
    jar = Jar()
    jar.set_cookie(plain_cookie("a", "1", "example.org", "/"))
    (cookie,) = jar
    cookie.secure = True
    assert sent(jar, "http://example.org/") is None

    cookie.secure = False

    assert sent(jar, "http://example.org/") == "a=1"


def test_policy_of_the_users_own_is_asked_about_every_cookie() -> None:
    jar = Jar()
    jar.set_cookie(plain_cookie("a", "1", "example.org", "/"))
    assert sent(jar, "http://example.org/") == "a=1"

    jar.set_policy(DefaultCookiePolicy(blocked_domains=["example.org"]))

    assert sent(jar, "http://example.org/") is None


def test_cookie_header_of_the_requests_own_stays() -> None:
    jar = Jar()
    jar.set_cookie(plain_cookie("a", "1", "example.org", "/"))
    request = hookline.Request("GET", "http://example.org/", headers={"Cookie": "mine=1"})

    jar.add_header(request)

    assert request.headers.get_list("cookie") == ["mine=1"]


def calls(function: Any, *arguments: Any) -> int:
    """How many functions are entered, C's included."""
    count = 0

    def watch(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    # What others have done at a collection is not the function's.
    gc.disable()
    sys.setprofile(watch)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def test_cookies_of_other_hosts_cost_nothing() -> None:
    def cost(others: int) -> tuple[int, int]:
        jar = Jar()
        jar.set_cookie(plain_cookie("a", "1", "example.org", "/"))
        for number in range(others):
            jar.set_cookie(plain_cookie("a", "1", f"host{number}.test", "/"))
        cookies = hookline.Cookies(jar)
        request = hookline.Request("GET", "http://example.org/")
        again = hookline.Request("GET", "http://example.org/")
        # What has expired is looked for now and then.
        sent(jar, "http://elsewhere.test/")
        first = calls(cookies.set_cookie_header, request)
        assert request.headers["cookie"] == "a=1"
        return first, calls(cookies.set_cookie_header, again)

    cookies = hookline.Cookies({"a": "1"})
    cookies.set_cookie_header(hookline.Request("GET", "http://example.org/"))

    assert cost(0) == cost(5000)


def test_what_is_remembered_is_bounded() -> None:
    jar = Jar()
    jar.set_cookie(plain_cookie("a", "1", "example.org", "/"))

    for number in range(2000):
        sent(jar, f"http://example.org/{number}")

    assert len(jar._headers) <= 256


def test_jar_travels() -> None:
    jar = Jar()
    jar.set_cookie(plain_cookie("a", "1", "example.org", "/"))
    sent(jar, "http://example.org/")

    for twin in (pickle.loads(pickle.dumps(jar)), copy.deepcopy(jar)):
        assert sent(twin, "http://example.org/") == "a=1"
        twin.clear()
        assert sent(twin, "http://example.org/") is None
    assert sent(jar, "http://example.org/") == "a=1"


# -- Whom a cookie may be for ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "domain", "elsewhere"),
    [
        ("shop.co.uk", "co.uk", "bank.co.uk"),
        ("shop.co.uk", ".co.uk", "bank.co.uk"),
        ("SHOP.co.uk", "CO.UK", "bank.co.uk"),
        ("shop.co.uk.", "co.uk.", "bank.co.uk."),
        ("shop.com", "com", "bank.com"),
        ("shop.com.", "com.", "bank.com."),
        ("mine.github.io", "github.io", "yours.github.io"),
        # By a wildcard in the list.
        ("a.b.kawasaki.jp", "b.kawasaki.jp", "c.b.kawasaki.jp"),
        ("mine.xn--55qx5d.cn", "xn--55qx5d.cn", "yours.xn--55qx5d.cn"),
        ("127.0.0.1", "0.0.1", "10.0.0.1"),
        ("127.0.0.1", "0.1", "8.8.0.1"),
        ("shop.test", "bank.test", "bank.test"),
        (".shop.test", "bank.test", "bank.test"),
        (".", "bank.test", "bank.test"),
        ("mybank", "bank", "bank"),
        ("shop.test", "p.test", "p.test"),
        ("shop.test", "a.shop.test", "a.shop.test"),
    ],
)
def test_cookie_for_a_domain_that_is_not_the_hosts_is_refused(
    host: str, domain: str, elsewhere: str
) -> None:
    jar = Jar()

    step(jar, "set", (f"https://{host}/", [f"a=1; Domain={domain}"]))

    assert len(jar) == 0
    assert sent(jar, f"https://{host}/") is sent(jar, f"https://{elsewhere}/") is None


@pytest.mark.parametrize("host", ["github.io", "co.uk", "127.0.0.1", "blogspot.com"])
def test_cookie_whose_domain_is_a_public_host_itself_is_for_that_host_alone(host: str) -> None:
    jar = Jar()

    step(jar, "set", (f"https://{host}/", [f"a=1; Domain={host}"]))

    assert sent(jar, f"https://{host}/") == "a=1"
    assert sent(jar, f"https://below.{host}/") is None


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.shop.co.uk", "shop.co.uk"),
        ("www.example.org", ".example.org"),
        # An exception from a wildcard in the list.
        ("www.city.kawasaki.jp", "city.kawasaki.jp"),
        ("a.inside.test", "inside.test"),
    ],
)
def test_cookie_for_a_domain_of_ones_own_is_kept(host: str, domain: str) -> None:
    jar = Jar()

    step(jar, "set", (f"https://{host}/", [f"a=1; Domain={domain}"]))

    assert sent(jar, f"https://{host}/") == "a=1"
    assert sent(jar, f"https://{domain.lstrip('.')}/") == "a=1"


@pytest.mark.parametrize("attribute", ["Secure", "SECURE", "\tSecure", " \t secure\t", "Secure=no"])
def test_secure_cookie_is_not_sent_without_tls(attribute: str) -> None:
    jar = Jar()
    step(jar, "set", ("https://example.org/", [f"a=1;{attribute}; Path=/"]))

    assert sent(jar, "http://example.org/") is None
    assert sent(jar, "https://example.org/") == "a=1"


def test_cookie_stays_below_its_path() -> None:
    jar = Jar()
    step(jar, "set", ("https://example.org/p/q", ["a=1; Path=/p", "b=2"]))

    assert sent(jar, "https://example.org/p/x") == "a=1; b=2"
    assert sent(jar, "https://example.org/pq") is None
    assert sent(jar, "https://example.org/") is None


def test_list_of_public_suffixes_is_loaded_by_the_first_cookie_that_names_a_domain() -> None:
    code = (
        "import sys, hookline\n"
        "request = hookline.Request('GET', 'https://a.example.org/')\n"
        "def answer(value):\n"
        "    headers = {'Set-Cookie': value}\n"
        "    return hookline.Response(200, headers=headers, request=request).cookies\n"
        "assert dict(answer('a=1; Path=/; Secure')) == {'a': '1'}\n"
        "assert 'publicsuffixlist' not in sys.modules\n"
        "assert dict(answer('a=1; Domain=example.org')) == {'a': '1'}\n"
        "assert 'publicsuffixlist' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_cookie_for_a_host_alone_stays_so_when_its_jar_travels() -> None:
    cookies = hookline.Cookies(Jar())
    step(cookies.jar, "set", ("https://example.org/", ["a=1"]))

    again = pickle.loads(pickle.dumps(cookies))

    assert sent(again.jar, "https://example.org/") == "a=1"
    assert sent(again.jar, "https://www.example.org/") is None


def test_cookie_for_a_host_alone_stays_so_beside_one_of_its_subdomains() -> None:
    jar = Jar()
    step(jar, "set", ("https://example.org/", ["a=1"]))
    step(jar, "set", ("https://evil.example.org/", ["a=2; Domain=example.org"]))

    assert sent(jar, "https://example.org/") == "a=1; a=2"
    assert sent(jar, "https://evil.example.org/") == "a=2"


@pytest.mark.parametrize("host", ["myexample.org", "example.org.test", "example.organic.test"])
def test_cookie_is_for_whole_labels_of_a_name(host: str) -> None:
    jar = Jar()
    step(jar, "set", ("https://example.org/", ["a=1; Domain=example.org"]))

    assert sent(jar, "https://www.example.org/") == "a=1"
    assert sent(jar, f"https://{host}/") is None


def test_cookies_go_by_the_url_and_not_by_the_host_header() -> None:
    jar = Jar()
    step(jar, "set", ("https://example.org/", ["a=1"]))
    request = hookline.Request("GET", "https://evil.test/", headers={"Host": "example.org"})
    response = hookline.Response(200, headers={"Set-Cookie": "b=2"}, request=request)

    jar.add_header(request)
    jar.extract_cookies(JarResponse(response), JarRequest(request))

    assert "cookie" not in request.headers
    assert sent(jar, "https://example.org/") == "a=1"
    assert sent(jar, "https://evil.test/") == "b=2"


# -- Who may change it ----------------------------------------------------------------------

OVER = ["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"]


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("evil.test", "bank.test"),
        ("evil.test", ".bank.test"),
        ("www.bank.test", "www.bank.test"),
        ("bank.test.evil.test", "bank.test"),
    ],
)
def test_cookie_of_others_is_not_removed_by_one_that_is_over(
    host: str, domain: str, over: str
) -> None:
    jar = Jar()
    step(jar, "set", ("https://bank.test/", ["a=1; Domain=bank.test", "b=2"]))

    step(jar, "set", (f"https://{host}/", [f"a=; Domain={domain}; {over}"]))
    step(jar, "set", (f"https://{host}/", [f"b=; Domain={domain}; {over}"]))

    assert sent(jar, "https://bank.test/") == "a=1; b=2"


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize(
    ("host", "attributes"),
    [
        ("bank.test", ""),
        ("bank.test", "Domain=bank.test; "),
        ("www.bank.test", "Domain=bank.test; "),
        ("bank.test", "Version=1; "),
        # Kept for the host alone.
        ("github.io", "Domain=github.io; "),
    ],
)
def test_cookie_of_ones_own_is_removed_by_one_that_is_over(
    host: str, attributes: str, over: str
) -> None:
    jar = Jar()
    step(jar, "set", (f"https://{host}/", [f"a=1; {attributes}Path=/"]))
    assert sent(jar, f"https://{host}/") == "a=1"

    step(jar, "set", (f"https://{host}/", [f"a=; {attributes}Path=/; {over}"]))

    assert sent(jar, f"https://{host}/") is None
    assert len(jar) == 0


@pytest.mark.parametrize(
    "value",
    [
        "a=evil",
        "a=evil; Secure",
        "a=evil; Domain=example.org",
        "a=evil; Path=/p/q",
        "a=; Max-Age=0",
        "a=; Max-Age=0; Domain=example.org",
    ],
)
@pytest.mark.parametrize("there", ["a=1; Secure; Path=/", "a=1; Secure; Domain=example.org"])
def test_secure_cookie_is_not_replaced_nor_removed_without_tls(there: str, value: str) -> None:
    jar = Jar()
    step(jar, "set", ("https://example.org/", [there]))

    step(jar, "set", ("http://example.org/", [value, "b=2"]))

    assert sent(jar, "https://example.org/p/q") in ("a=1; b=2", "b=2; a=1")
    step(jar, "set", ("https://example.org/", [f"{there.replace('1', '3')}"]))
    assert "a=3" in str(sent(jar, "https://example.org/"))


@pytest.mark.parametrize("setter", ["http://example.org/", "http://other.example.org/"])
def test_secure_cookie_of_a_host_is_not_hidden_by_one_for_all_hosts_without_tls(
    setter: str,
) -> None:
    jar = Jar()
    step(jar, "set", ("https://example.org/", ["z=1; Domain=example.org"]))
    step(jar, "set", ("https://www.example.org/", ["a=1; Secure"]))

    step(jar, "set", (setter, ["a=evil; Domain=example.org", "b=2"]))

    assert sent(jar, "https://www.example.org/") == "z=1; a=1"
    assert sent(jar, setter) in ("z=1; b=2", "b=2; z=1")


def test_one_cookie_that_makes_no_sense_does_not_take_the_others_along() -> None:
    jar = Jar()
    forever = "9" * 400

    step(jar, "set", ("https://example.org/", ["a=1; Max-Age", f"b=2; Max-Age={forever}", "c=3"]))

    assert sent(jar, "https://example.org/") == "b=2; c=3"


@pytest.mark.parametrize("control", [*map(chr, range(9)), *map(chr, range(10, 32)), "\x7f"])
@pytest.mark.parametrize("place", ["a={}", "a=x{}y", "{}a=1", "a=1; Path=/{}", "a=1; x={}"])
def test_cookie_with_control_characters_is_none(place: str, control: str) -> None:
    jar = Jar()

    step(jar, "set", ("https://example.org/", [place.format(control), "b=x\ty"]))

    assert [cookie.name for cookie in jar] == ["b"]
    assert sent(jar, "https://example.org/") == "b=x\ty"


# -- How much may be kept -------------------------------------------------------------------


def test_cookie_that_was_just_set_is_never_the_one_that_goes() -> None:
    jar = Jar()
    step(jar, "set", ("https://www.example.org/", ["sid=1; Domain=example.org; Path=/; Secure"]))
    crowd = [f"x{n}=1; Domain=example.org; Path=/x" for n in range(200)]
    step(jar, "set", ("https://evil.example.org/", crowd))

    for number in range(3):
        again = [f"sid={number}; Domain=example.org; Path=/; Secure"]
        step(jar, "set", ("https://www.example.org/login", again))
        assert sent(jar, "https://www.example.org/") == f"sid={number}"


def test_what_has_expired_goes_before_what_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    jar = Jar()
    step(jar, "set", ("https://example.org/", ["session=1; Path=/"]))
    flashes = [f"flash{n}=1; Path=/flash; Max-Age=1" for n in range(180)]
    step(jar, "set", ("https://example.org/", flashes[:179]))
    later = time.time() + 5
    monkeypatch.setattr(time, "time", lambda: later)

    step(jar, "set", ("https://example.org/", [*flashes[179:], "new=1; Path=/"]))

    assert sent(jar, "https://example.org/") == "session=1; new=1"


def test_cookie_that_is_set_anew_is_young_again() -> None:
    jar = Jar()
    for number in range(400):
        fresh = ["session=1; Path=/", f"n{number}=1; Path=/n"]
        step(jar, "set", ("https://example.org/", fresh))

        assert sent(jar, "https://example.org/") == "session=1"
    assert len(jar) == 180


def test_what_a_program_puts_in_is_not_counted_nor_given_up() -> None:
    cookies = hookline.Cookies()
    for number in range(200):
        cookies.set(f"own{number}", "1", domain="example.org")
    for number in range(300):
        # Not counted once it is gone, either.
        cookies.set("passing", str(number), domain="example.org")
        cookies.delete("passing", domain="example.org")
    jar = cookies.jar
    step(jar, "set", ("https://example.org/", [f"x{n}=1" for n in range(400)]))

    names = [cookie.name for cookie in jar]
    assert sum(name.startswith("own") for name in names) == 200
    assert sum(name.startswith("x") for name in names) == 180


def test_bound_for_all_spares_the_cookie_that_was_just_set() -> None:
    jar = Jar()
    for number in range(3000):
        step(jar, "set", (f"https://host{number}.test/", ["a=1"]))

    step(jar, "set", ("https://bank.test/", ["session=1"]))

    assert sent(jar, "https://bank.test/") == "session=1"
    assert len(jar) <= 3000


def test_cookies_of_a_domain_are_bounded_and_the_oldest_go() -> None:
    jar = Jar()
    step(jar, "set", ("https://bank.test/", ["session=1"]))

    for number in range(400):
        paths = f"Path=/{number % 7}" if number % 2 else "Path=/"
        step(jar, "set", ("https://evil.test/", [f"a{number}=1; {paths}"]))

    names = {cookie.name for cookie in jar if cookie.domain == "evil.test"}
    assert len(names) == 180
    assert "a399" in names
    assert "a0" not in names
    assert sent(jar, "https://bank.test/") == "session=1"


def test_cookies_of_all_domains_are_bounded_and_who_has_most_loses_first() -> None:
    jar = Jar()
    for number in range(500):
        jar.set_cookie(plain_cookie("given", "1", f"given-{number}.test", "/"))
    step(jar, "set", ("https://bank.test/", ["session=1", "b=2"]))

    most = 0
    for number in range(30):
        values = [f"a{index}=1" for index in range(150)]
        step(jar, "set", (f"https://evil-{number}.test/", values))
        most = max(most, len(jar))

    assert most == 500 + 3000
    assert sent(jar, "https://bank.test/") == "session=1; b=2"
    # What the program put in is its own affair.
    assert sum(cookie.name == "given" for cookie in jar) == 500
    jar.clear()
    step(jar, "set", ("https://bank.test/", ["session=1"]))
    assert sent(jar, "https://bank.test/") == "session=1"


def test_places_of_cookies_that_are_gone_are_not_kept() -> None:
    jar = Jar()
    for number in range(2000):
        step(jar, "set", ("https://evil.test/", [f"a=1; Path=/{number}"]))
        step(jar, "set", ("https://evil.test/", [f"a=; Path=/{number}; Max-Age=0"]))
        step(jar, "set", (f"https://{number}.evil.test/", ["a=1"]))
        step(jar, "set", (f"https://{number}.evil.test/", ["a=; Max-Age=0"]))
        sent(jar, "https://evil.test/")

    assert len(jar) == 0
    assert sum(1 + len(paths) for paths in jar._cookies.values()) < 1000
    assert len(jar._ranks) < 1000


def test_set_cookie_that_is_too_long_is_none() -> None:
    jar = Jar()
    step(
        jar,
        "set",
        ("https://example.org/", ["a=" + "x" * 8190, "b=" + "x" * 8191, "c=1; x=" + "y" * 8192]),
    )

    assert [cookie.name for cookie in jar] == ["a"]
