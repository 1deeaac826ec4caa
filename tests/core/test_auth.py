"""Authentication flows, run by hand and by `run_auth`, without a server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any

import pytest

from hookline import (
    Auth,
    BasicAuth,
    BearerAuth,
    FunctionAuth,
    RemoteProtocolError,
    Request,
    RequestNotRead,
    Response,
)
from hookline._auth import build_auth, run_auth
from support.modes import Mode

HERE = "https://example.org/"


def request() -> Request:
    return Request("GET", HERE)


def sending(*responses: Response) -> tuple[list[Request], Callable[[Request], Awaitable[Response]]]:
    """What was sent, and a function that sends: it answers with one response after the other."""
    sent: list[Request] = []
    answers = iter(responses)

    async def send(request: Request) -> Response:
        sent.append(request)
        response = next(answers)
        response.request = request
        return response

    return sent, send


class Repeat(Auth):
    """Asks for a number of challenges, and signs with the last of them."""

    requires_request_body = True
    requires_response_body = True

    def __init__(self, times: int) -> None:
        self.times = times
        self.finished = 0

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        nonces = []
        try:
            for _ in range(self.times):
                response = yield request
                nonces.append(response.text)
            request.headers["Authorization"] = f"Repeat {'.'.join(nonces)} {request.content!r}"
            yield request
        finally:
            self.finished += 1


# -- Flows by hand --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("username", "password", "header"),
    [
        ("user", "password", "Basic dXNlcjpwYXNzd29yZA=="),
        (b"user", b"password", "Basic dXNlcjpwYXNzd29yZA=="),
        ("user", "", "Basic dXNlcjo="),
        ("", "", "Basic Og=="),
        ("tester", "£123", "Basic dGVzdGVyOsKjMTIz"),
    ],
)
def test_basic_auth_sends_credentials_at_once(
    username: str | bytes, password: str | bytes, header: str
) -> None:
    flow = BasicAuth(username=username, password=password).sync_auth_flow(request())
    first = next(flow)

    assert header == first.headers["Authorization"]
    with pytest.raises(StopIteration):
        flow.send(Response(401))


@pytest.mark.parametrize("password", [None, 1, ["secret"]])
def test_basic_auth_refuses_what_is_no_text_without_showing_it(password: Any) -> None:
    with pytest.raises(TypeError) as caught:
        BasicAuth("user", password)

    assert f"as str or bytes, not (str, {type(password).__name__})." in str(caught.value)
    assert "secret" not in str(caught.value)


def test_base_class_sends_the_request_as_it_is() -> None:
    original = request()
    flow = Auth().sync_auth_flow(original)

    assert next(flow) is original
    with pytest.raises(StopIteration):
        flow.send(Response(401))


def test_function_auth_sends_what_the_function_returns() -> None:
    def sign(request: Request) -> Request:
        request.headers["X-Signed"] = "yes"
        return request

    assert next(FunctionAuth(sign).sync_auth_flow(request())).headers["X-Signed"] == "yes"


def test_flow_that_needs_bodies_finds_them_read() -> None:
    original = Request("POST", HERE, content=iter([b"one ", b"two"]))
    flow = Repeat(1).sync_auth_flow(original)
    first = next(flow)
    second = flow.send(Response(401, content=iter([b"nonce"])))

    assert first is second is original
    assert second.headers["Authorization"] == "Repeat nonce b'one two'"


# -- Which Auth an argument means -----------------------------------------------------------


def test_argument_becomes_an_auth() -> None:
    auth = Auth()
    pair = build_auth(("user", b"password"))
    function = build_auth(lambda request: request)

    assert build_auth(None) is None
    assert build_auth(auth) is auth
    assert isinstance(pair, BasicAuth)
    assert isinstance(function, FunctionAuth)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1, "1"), ("user:password", "a str"), (["user", "password"], "a list"), ({}, "a dict")],
)
def test_auth_of_the_wrong_type_is_refused_without_showing_secrets(value: Any, shown: str) -> None:
    with pytest.raises(TypeError) as caught:
        build_auth(value)

    assert f'Invalid "auth" argument: {shown}' == str(caught.value)


@pytest.mark.parametrize(
    ("value", "types"),
    [
        (("secret",), "str"),
        (("user", "secret", "more"), "str, str, str"),
        (("user", None), "str, NoneType"),
        ((1, "secret"), "int, str"),
    ],
)
def test_pair_of_the_wrong_shape_is_refused_without_showing_it(value: Any, types: str) -> None:
    with pytest.raises(TypeError) as caught:
        build_auth(value)

    assert f"auth: expected (username, password) as text, not ({types})." == str(caught.value)


# -- Running a flow -------------------------------------------------------------------------


async def test_flow_of_one_request_has_no_history(mode: Mode) -> None:
    sent, send = sending(Response(401))
    response = await run_auth(BasicAuth("u", "p"), request(), send, is_async=mode.is_async)

    assert response.status_code == 401
    assert response.history == []
    assert [one.headers["authorization"] for one in sent] == ["Basic dTpw"]


async def test_earlier_responses_are_read_and_become_the_history(mode: Mode) -> None:
    challenges = [Response(401, content=mode.body([nonce])) for nonce in (b"1", b"2")]
    final = Response(200, content=mode.body([b"welcome"]))
    sent, send = sending(*challenges, final)
    auth = Repeat(2)
    original = Request("POST", HERE, content=mode.body([b"body"]))
    response = await run_auth(auth, original, send, is_async=mode.is_async)

    assert response is final
    assert response.content == b"welcome"
    assert response.history == challenges
    assert [[], [challenges[0]]] == [challenge.history for challenge in challenges]
    assert all(challenge.is_closed for challenge in challenges)
    assert sent[-1].headers["authorization"] == "Repeat 1.2 b'body'"
    assert auth.finished == 1


async def test_history_of_redirects_comes_after_that_of_the_flow(mode: Mode) -> None:
    redirect, challenge = Response(302), Response(401, content=b"1")
    final = Response(200, history=[redirect])
    _, send = sending(challenge, final)
    response = await run_auth(Repeat(1), request(), send, is_async=mode.is_async)

    assert response.history == [challenge, redirect]


async def test_earlier_responses_are_read_even_where_the_flow_does_not_look(mode: Mode) -> None:
    class Twice(Auth):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            yield request
            yield request

    first = Response(401, content=mode.body([b"unwanted"]))
    _, send = sending(first, Response(200))
    await run_auth(Twice(), request(), send, is_async=mode.is_async)

    assert first.content == b"unwanted"
    assert first.is_closed


async def test_sending_that_fails_finishes_the_flow(mode: Mode) -> None:
    class Kept(Repeat):
        """Holds on to the flow, so that nothing but closing it finishes it."""

        def sync_auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            self.flow = super().sync_auth_flow(request)
            return self.flow

    auth = Kept(1)

    async def send(request: Request) -> Response:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await run_auth(auth, request(), send, is_async=mode.is_async)

    assert auth.finished == 1


async def test_flow_that_raises_closes_its_response(mode: Mode) -> None:
    class Picky(Auth):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            yield request
            raise ZeroDivisionError

    response = Response(200, content=mode.body([b"unread"]))
    _, send = sending(response)

    with pytest.raises(ZeroDivisionError):
        await run_auth(Picky(), request(), send, is_async=mode.is_async)

    assert response.is_closed
    assert not response.is_stream_consumed


async def test_flow_may_be_written_for_each_kind_of_client(mode: Mode) -> None:
    class Both(Auth):
        def sync_auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            request.headers["X-Kind"] = "sync"
            yield request

        async def async_auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
            request.headers["X-Kind"] = "async"
            yield request

    sent, send = sending(Response(200))
    await run_auth(Both(), request(), send, is_async=mode.is_async)

    assert sent[0].headers["X-Kind"] == ("async" if mode.is_async else "sync")


async def test_flow_may_send_another_request_altogether(mode: Mode) -> None:
    class Token(Auth):
        requires_response_body = True

        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            token = yield Request("POST", "https://login.example.org/token")
            request.headers["Authorization"] = f"Bearer {token.json()}"
            yield request

    sent, send = sending(Response(200, json="abc"), Response(200))
    original = request()
    await run_auth(Token(), original, send, is_async=mode.is_async)

    assert [str(one.url) for one in sent] == ["https://login.example.org/token", HERE]
    assert sent[1] is original
    assert original.headers["authorization"] == "Bearer abc"


async def test_error_that_the_flow_raises_carries_the_request(mode: Mode) -> None:
    class Picky(Auth):
        def __init__(self, *, at_once: bool) -> None:
            self.at_once = at_once

        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            if not self.at_once:
                yield request
            raise RemoteProtocolError("nonsense")

    for at_once in (True, False):
        original = request()
        _, send = sending(Response(401))
        with pytest.raises(RemoteProtocolError, match="nonsense") as caught:
            await run_auth(Picky(at_once=at_once), original, send, is_async=mode.is_async)

        assert caught.value.request is original


async def test_body_is_read_when_the_flow_is_going_to_look_at_it_and_not_before(mode: Mode) -> None:
    class OnDemand(Auth):
        """Signs the body where the server asks for that."""

        def needs_request_body(self, request: Request, response: Response | None) -> bool:
            return response is not None and response.status_code == 401

        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            response = yield request
            if response.status_code == 401:
                request.headers["X-Signed"] = request.content.decode()
                yield request

    original = Request("POST", HERE, content=mode.body([b"one ", b"two"]))
    sent, send = sending(Response(401), Response(200))
    await run_auth(OnDemand(), original, send, is_async=mode.is_async)
    assert sent[1].headers["X-Signed"] == "one two"

    original = Request("POST", HERE, content=mode.body([b"one ", b"two"]))
    _, send = sending(Response(200))
    await run_auth(OnDemand(), original, send, is_async=mode.is_async)
    with pytest.raises(RequestNotRead):
        original.content  # noqa: B018


# -- Bearer tokens --------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["abc.DEF-123_~+/==", "1|abc:def", "!"])
def test_bearer_token_is_sent_at_once(token: str) -> None:
    flow = BearerAuth(token).sync_auth_flow(request())
    first = next(flow)

    assert first.headers["Authorization"] == f"Bearer {token}"
    with pytest.raises(StopIteration):
        flow.send(Response(401))


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", "auth: the token is empty."),
        ("secret\n", r"auth: the token has '\n' at position 6;"),
        ("two parts", "auth: the token has ' ' at position 3;"),
        ("a\r\nX-Evil: 1", r"auth: the token has '\r' at position 1;"),
        ("secr\u00e9t", "auth: the token has a character that is not visible ASCII at position 4;"),
        ("secret\x7f", "auth: the token has a character that is not visible ASCII at position 6;"),
    ],
)
def test_token_that_cannot_be_sent_is_refused_without_showing_it(token: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        BearerAuth(token)

    assert str(caught.value).startswith(message)
    assert "secr" not in str(caught.value)


@pytest.mark.parametrize("token", [None, b"secret", 1])
def test_token_is_a_str(token: Any) -> None:
    with pytest.raises(TypeError, match="expected the token as a str, not a ") as caught:
        BearerAuth(token)

    assert "secret" not in str(caught.value)


def test_secrets_are_in_no_repr() -> None:
    sent = next(BearerAuth("secret").auth_flow(request()))

    assert "secret" not in repr(BearerAuth("secret"))
    assert "secret" not in repr(BasicAuth("user", "secret"))
    assert "secret" not in repr(sent.headers)


def test_scheme_of_two_arguments_is_made_from_credentials() -> None:
    auth = BasicAuth.from_credentials("user", "password")

    assert isinstance(auth, BasicAuth)
    assert next(auth.auth_flow(request())).headers["Authorization"].startswith("Basic ")
    with pytest.raises(TypeError, match="a bearer token is neither"):
        BearerAuth.from_credentials("user", "password")
