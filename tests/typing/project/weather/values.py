"""The values: URLs, headers, parameters, cookies, timeouts, limits, codes."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from http.cookiejar import CookieJar
from typing import assert_type

import hookline
from hookline import URL, Cookies, Headers, Limits, Origin, QueryParams, Timeout, codes
from hookline.types import TimeoutDict, URLComponents


def urls() -> None:
    url = URL("https://user:password@example.org/a", params={"b": "c"}, fragment="d")
    assert_type(url.scheme, str)
    assert_type(url.host, str)
    assert_type(url.port, int | None)
    assert_type(url.path, str)
    assert_type(url.raw_path, bytes)
    assert_type(url.query, bytes)
    assert_type(url.params, QueryParams)
    assert_type(url.origin, Origin)
    assert_type(url.userinfo, bytes)
    assert_type(url.is_absolute_url, bool)
    assert_type(url.copy_with(port=8080, query=None, username="other"), URL)
    assert_type(url.copy_set_param("a", 1), URL)
    assert_type(url.copy_add_param("a", "1"), URL)
    assert_type(url.copy_remove_param("a"), URL)
    assert_type(url.copy_merge_params({"a": 1.5}), URL)
    assert_type(url.join("/b"), URL)
    components: URLComponents = {"scheme": "http", "port": None}
    assert_type(URL(url, **components), URL)
    host, port = Origin(url).host, Origin("https", "example.org", 443).port
    assert_type((host, port), tuple[str, int])


def headers() -> None:
    fields = Headers([("Accept", "text/html"), ("Accept", "text/plain")])
    assert_type(fields["accept"], str)
    assert_type(fields.get("accept"), str | None)
    assert_type(fields.get("accept", "*/*"), str)
    assert_type(fields.get("accept", 0), str | int)
    assert_type(fields.get_list("accept", split_commas=True), list[str])
    assert_type(fields.multi_items(), list[tuple[str, str]])
    assert_type(fields.raw, list[tuple[bytes, bytes]])
    assert_type(fields.keys(), KeysView[str])
    assert_type(fields.values(), ValuesView[str])
    assert_type(fields.items(), ItemsView[str, str])
    assert_type(fields.pop("accept"), str)
    assert_type(fields | {"Host": "example.org"}, Headers)
    assert_type([name.upper() for name in fields], list[str])
    fields.update({b"X-A": b"1"})
    fields.setdefault("X-B", "2")
    Headers(fields)
    Headers(dict(fields.items()))


def params() -> None:
    query = QueryParams("a=1&a=2")
    pairs: list[tuple[str, str]] = [("a", "1")]
    assert_type(query["a"], str)
    assert_type(query.get("a"), str | None)
    assert_type(query.get("a", ""), str)
    assert_type(query.get_list("a"), list[str])
    assert_type(query.multi_items(), list[tuple[str, str]])
    assert_type(query.items(), ItemsView[str, str])
    assert_type(iter(query), Iterator[str])
    assert_type(query.set("a", 1).add("b", None).remove("c"), QueryParams)
    assert_type(query.merge(pairs), QueryParams)
    assert_type(QueryParams(a=1, b=["2", "3"]), QueryParams)
    QueryParams({"a": [1, 2.5, None], "b": True})
    QueryParams((("a", "1"), ("b", 2)))


def cookies(response: hookline.Response) -> None:
    jar = Cookies({"a": "1"})
    jar.set("b", "2", domain="example.org", path="/")
    assert_type(jar["a"], str)
    assert_type(jar.get("a"), str | None)
    assert_type(jar.get("a", domain="example.org"), str | None)
    assert_type(jar.jar, CookieJar)
    assert_type(list(jar), list[str])
    assert_type(dict(jar), dict[str, str])
    jar.update(response.cookies)
    Cookies(CookieJar())
    jar.delete("a")
    jar.clear(domain="example.org")


def settings() -> None:
    timeout = Timeout(5.0, connect=10, read=None)
    assert_type(timeout.read, float | None)
    assert_type(timeout.as_dict(), TimeoutDict)
    Timeout((1.0, 2.0, None, 4.0))
    Timeout(timeout, pool=1)
    Timeout(connect=5.0, read=30.0)
    limits = Limits(max_connections=None, max_keepalive_connections=5)
    assert_type(limits.max_connections, int | None)
    assert_type(limits.keepalive_expiry, float | None)


def statuses(response: hookline.Response) -> str:
    if response.status_code in (codes.OK, codes.CREATED):
        return codes(response.status_code).phrase
    assert_type(codes.get_reason_phrase(404), str)
    assert_type(codes.is_error(404), bool)
    return codes.NOT_FOUND.phrase
