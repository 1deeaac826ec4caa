"""A synchronous client of a JSON service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import TracebackType
from typing import assert_type

import hookline
from hookline import URL, Client, Headers, Request, Response
from hookline.types import HeaderTypes, QueryParamTypes, TimeoutTypes

from .models import Page, Reading


def log_request(request: Request) -> None:
    print(request.method, request.url)


def raise_on_error(response: Response) -> None:
    if response.is_error:
        response.read()
        response.raise_for_status()


class Weather:
    """Wraps a client, as programs do."""

    def __init__(
        self,
        token: str,
        *,
        headers: HeaderTypes | None = None,
        timeout: TimeoutTypes = 10.0,
        transport: hookline.BaseTransport | None = None,
    ) -> None:
        self._client = Client(
            base_url="https://weather.example/v1",
            headers=headers,
            params={"units": "metric", "stations": ["oslo", "bergen"], "limit": 50},
            cookies={"consent": "yes"},
            auth=hookline.BearerAuth(token),
            timeout=timeout,
            limits=hookline.Limits(max_connections=10, keepalive_expiry=None),
            follow_redirects=True,
            event_hooks={"request": [log_request], "response": [raise_on_error]},
            transport=transport,
        )

    def __enter__(self) -> Weather:
        self._client.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._client.close()

    def page(self, params: QueryParamTypes | None = None) -> Page:
        response = self._client.get("/readings", params=params)
        assert_type(response, Response)
        page: Page = response.json()
        return page

    def readings(self) -> Iterator[Reading]:
        params: dict[str, str] = {}
        while True:
            page = self.page(params)
            yield from page["readings"]
            if page["next"] is None:
                return
            params["after"] = page["next"]

    def report(self, reading: Reading) -> URL | None:
        response = self._client.post(
            "readings", json=reading, headers={"Idempotency-Key": reading["station"]}
        )
        location = response.headers.get("Location")
        assert_type(location, str | None)
        return None if location is None else response.url.join(location)

    def reconfigure(self) -> None:
        client = self._client
        client.headers = {"Accept": "application/json"}
        client.timeout = (5.0, 30.0)
        client.auth = ("user", "password")
        client.params = [("units", "imperial")]
        client.base_url = "https://weather.example/v2"
        assert_type(client.headers, Headers)
        assert_type(client.timeout, hookline.Timeout)
        assert_type(client.auth, hookline.Auth | None)
        assert_type(client.base_url, URL)
        client.event_hooks["request"].append(log_request)
        client.event_hooks = {"request": [], "response": [raise_on_error]}


def look_at(response: Response) -> None:
    assert_type(response.status_code, int)
    assert_type(response.reason_phrase, str)
    assert_type(response.http_version, str)
    assert_type(response.headers["content-type"], str)
    assert_type(response.headers.get("content-type", ""), str)
    assert_type(response.headers.get_list("vary"), list[str])
    assert_type(response.content, bytes)
    assert_type(response.text, str)
    assert_type(response.encoding, str | None)
    assert_type(response.elapsed, timedelta)
    assert_type(response.request, Request)
    assert_type(response.url, URL)
    assert_type(response.history, list[Response])
    assert_type(response.next_request, Request | None)
    assert_type(response.cookies, hookline.Cookies)
    assert_type(response.links, dict[str | None, dict[str, str]])
    assert_type(response.is_closed, bool)
    assert_type(response.is_stream_consumed, bool)
    assert_type(response.num_bytes_downloaded, int)
    assert_type(response.raise_for_status(), Response)
    assert_type(response.read(), bytes)


def one_off(url: str) -> int:
    for response in (
        hookline.get(url, params={"a": 1}, timeout=None),
        hookline.post(url, content=b"...", headers=[("X-A", "1")]),
        hookline.put(url, data={"a": "1", "b": ["2", "3"]}),
        hookline.patch(url, json=[1, None, {"a": True}]),
        hookline.delete(url, auth=("user", b"password")),
        hookline.head(url, follow_redirects=True),
        hookline.options(url, cookies={"a": "b"}),
        hookline.query(url, content="select"),
        hookline.request("PURGE", URL(url), verify=False),
    ):
        assert_type(response, Response)
    with hookline.stream("GET", url) as streamed:
        assert_type(streamed, Response)
        return sum(len(piece) for piece in streamed.iter_bytes())


def by_hand(client: Client) -> Response:
    request = client.build_request("GET", "https://weather.example", extensions={"tenant": 5})
    assert_type(request, Request)
    request.headers["X-Request-ID"] = "1"
    response = client.send(request, auth=None, stream=True)
    try:
        response.read()
    finally:
        response.close()
    assert_type(client.is_closed, bool)
    return response
