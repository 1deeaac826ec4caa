"""`Cookies`: the mapping, its jar, and what goes into a Cookie header."""

from __future__ import annotations

import pickle
import sys
from http.cookiejar import CookieJar
from typing import Any

import pytest

from hookline import CookieConflict, Cookies, Request, Response


def jar_of(*cookies: tuple[str, str]) -> CookieJar:
    return Cookies(list(cookies)).jar


@pytest.mark.parametrize(
    "value",
    [
        {"a": "1", "b": "2"},
        [("a", "1"), ("b", "2")],
        Cookies({"a": "1", "b": "2"}),
        jar_of(("a", "1"), ("b", "2")),
    ],
)
def test_cookies_are_taken_in_every_shape(value: Any) -> None:
    assert dict(Cookies(value)) == {"a": "1", "b": "2"}


def test_jar_is_used_as_it_is_and_cookies_are_copied() -> None:
    jar = jar_of(("a", "1"))
    original = Cookies({"a": "1"})
    Cookies(original)["b"] = "2"

    assert Cookies(jar).jar is jar
    assert dict(original) == {"a": "1"}


def test_cookies_are_a_mutable_mapping() -> None:
    cookies = Cookies({"a": "1"})
    cookies["b"] = "2"
    cookies["a"] = "3"
    del cookies["b"]

    assert cookies["a"] == "3"
    assert "b" not in cookies
    assert len(cookies) == 1
    assert list(cookies) == ["a"]
    assert cookies
    with pytest.raises(KeyError):
        cookies["b"]


def test_no_cookies_are_false() -> None:
    cookies = Cookies()

    assert not cookies
    assert len(cookies) == 0
    assert list(cookies) == []
    assert cookies.get("a") is None
    assert cookies.get("a", "default") == "default"
    cookies.delete("a")
    cookies.clear()


def test_cookies_are_told_apart_by_domain_and_path() -> None:
    cookies = Cookies()
    cookies.set("a", "1", domain="example.com")
    cookies.set("a", "2", domain="example.org")
    cookies.set("a", "3", domain="example.org", path="/sub")

    assert cookies.get("a", domain="example.com") == "1"
    assert cookies.get("a", domain="example.org", path="/sub") == "3"
    assert cookies.get("a", domain="example.net") is None
    with pytest.raises(CookieConflict, match="Multiple cookies exist with name=a"):
        cookies["a"]
    with pytest.raises(CookieConflict):
        cookies.get("a", domain="example.org")


def test_cookies_are_deleted_by_name_domain_and_path() -> None:
    cookies = Cookies()
    cookies.set("a", "1", domain="example.com")
    cookies.set("a", "2", domain="example.org")
    cookies.set("a", "3", domain="example.org", path="/sub")
    cookies.delete("a", domain="example.org", path="/sub")
    between = len(cookies)
    cookies.delete("a", domain="example.com")

    assert between == 2
    assert dict(cookies) == {"a": "2"}
    with pytest.raises(KeyError):
        cookies.delete("a", domain="example.com", path="/")


def test_cookies_are_cleared_by_domain_and_path() -> None:
    cookies = Cookies()
    for domain, path in [("a.org", "/"), ("a.org", "/sub"), ("b.org", "/"), ("c.org", "/")]:
        cookies.set("x", "1", domain=domain, path=path)
    lengths = [len(cookies)]
    cookies.clear(domain="a.org", path="/sub")
    lengths.append(len(cookies))
    cookies.clear(domain="b.org")
    lengths.append(len(cookies))
    cookies.clear()
    lengths.append(len(cookies))

    assert lengths == [4, 3, 2, 0]
    with pytest.raises(ValueError, match="path '/' needs the domain"):
        cookies.clear(path="/")


@pytest.mark.parametrize("value", [{"b": "2"}, [("b", "2")], Cookies({"b": "2"}), None])
def test_update_adds_to_what_is_there(value: Any) -> None:
    cookies = Cookies({"a": "1"})
    cookies.update(value)

    assert dict(cookies) == {"a": "1"} | ({"b": "2"} if value else {})


# -- On requests and responses --------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "path", "url", "expected"),
    [
        ("", "/", "http://example.org/", "a=1"),
        ("", "/", "https://other.test/x", "a=1"),
        ("example.org", "/", "http://example.org/", "a=1"),
        ("example.org", "/", "http://other.test/", None),
        (".example.org", "/", "http://www.example.org/", "a=1"),
        ("", "/sub", "http://example.org/sub/x", "a=1"),
        ("", "/sub", "http://example.org/", None),
    ],
)
def test_cookie_header_has_what_belongs_to_the_url(
    domain: str, path: str, url: str, expected: str | None
) -> None:
    cookies = Cookies()
    cookies.set("a", "1", domain=domain, path=path)
    request = Request("GET", url)
    cookies.set_cookie_header(request)

    assert expected == request.headers.get("cookie")


def test_request_takes_cookies_in_every_shape_and_keeps_a_header_of_its_own() -> None:
    several = Request("GET", "http://example.org/", cookies={"a": "1", "b": "2"})
    own = Request("GET", "http://example.org/", cookies={"a": "1"}, headers={"Cookie": "b=2"})

    assert several.headers["cookie"] == "a=1; b=2"
    assert own.headers["cookie"] == "b=2"


def response_with(*set_cookies: str, url: str = "http://example.org/") -> Response:
    headers = [("Set-Cookie", value) for value in set_cookies]
    return Response(200, headers=headers, request=Request("GET", url))


def test_response_has_the_cookies_that_it_sets() -> None:
    response = response_with("a=1; Path=/", 'b="2"; HttpOnly', "c=3; Domain=other.test")

    assert dict(response.cookies) == {"a": "1", "b": '"2"'}
    assert response.cookies is response.cookies


def test_expired_cookie_is_removed() -> None:
    cookies = Cookies()
    cookies.extract_cookies(response_with("a=1"))
    before = dict(cookies)
    cookies.extract_cookies(response_with("a=; Max-Age=0"))

    assert before == {"a": "1"}
    assert dict(cookies) == {}


def test_secure_cookie_stays_on_https() -> None:
    cookies = Cookies()
    cookies.extract_cookies(response_with("a=1; Secure", url="https://example.org/"))
    plain, secure = (Request("GET", f"{scheme}://example.org/") for scheme in ("http", "https"))
    cookies.set_cookie_header(plain)
    cookies.set_cookie_header(secure)

    assert "cookie" not in plain.headers
    assert secure.headers["cookie"] == "a=1"


def test_response_without_a_request_cannot_tell_its_cookies() -> None:
    with pytest.raises(RuntimeError, match="request instance has not been set"):
        _ = Response(200, headers={"Set-Cookie": "a=1"}).cookies


# -- The rest -------------------------------------------------------------------------------


def test_repr_names_cookies_and_domains() -> None:
    cookies = Cookies({"a": "1"})
    cookies.set("b", "2", domain="example.org")

    assert repr(cookies) == "<Cookies[<Cookie a=1 for  />, <Cookie b=2 for example.org />]>"


def test_cookies_survive_pickling() -> None:
    cookies = Cookies({"a": "1"})
    cookies.set("b", "2", domain="example.org", path="/x")
    copy = pickle.loads(pickle.dumps(cookies))

    assert repr(copy) == repr(cookies)
    assert copy.get("b", domain="example.org", path="/x") == "2"


@pytest.mark.parametrize("value", [1, "a=1", b"a=1", object(), ("a", "1")])
def test_cookies_of_the_wrong_type_are_refused_and_named(value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        Cookies(value)

    assert f"not {value!r} ({type(value).__name__})." in str(caught.value)
    with pytest.raises(TypeError):
        Request("GET", "http://example.org/", cookies=value)


def test_jar_is_not_made_before_the_first_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    # None in sys.modules makes an import fail.
    monkeypatch.setitem(sys.modules, "http.cookiejar", None)
    cookies = Cookies()
    cookies.set_cookie_header(Request("GET", "http://example.org/"))

    assert not cookies
    assert len(cookies) == 0
    assert repr(cookies) == "<Cookies[]>"
