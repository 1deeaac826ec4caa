"""A scheme's flow against a proxy: what it sees, and what goes out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

import pytest

from hookline import (
    Auth,
    BasicAuth,
    DigestAuth,
    FunctionAuth,
    NegotiatedAuth,
    ProxyError,
    Request,
    Response,
)
from hookline._proxy_auth import proxy_auth_flow
from support.digest_server import DigestServer

PROXY = "http://proxy.example:3128"


def connect(headers: dict[str, str] | None = None) -> Request:
    return Request("CONNECT", PROXY, headers=headers, extensions={"target": b"example.org:443"})


def run(
    auth: Auth, request: Request, answers: Iterable[Response] | Callable[[Request], Response]
) -> tuple[list[Request], Response]:
    """What was sent, and the last response."""
    sent = []
    flow = proxy_auth_flow(auth, request)
    pending = None if callable(answers) else iter(answers)
    try:
        wanted = next(flow)
        while True:
            sent.append(wanted)
            response = answers(wanted) if callable(answers) else next(pending)  # type: ignore[arg-type]
            wanted = flow.send(response)
    except StopIteration:
        return sent, response


def test_authorization_goes_out_as_proxy_authorization() -> None:
    request = connect()
    [sent], _ = run(BasicAuth("user", "password"), request, [Response(200)])

    assert sent.headers["proxy-authorization"] == "Basic dXNlcjpwYXNzd29yZA=="
    assert "authorization" not in sent.headers
    assert (sent.method, sent.url, sent.extensions) == ("CONNECT", PROXY, request.extensions)
    # The request itself is as it was.
    assert list(request.headers) == ["host"]


def test_what_is_meant_for_the_origin_passes_by_the_flow() -> None:
    seen = []

    class Looks(Auth):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            seen.append(dict(request.headers))
            response = yield request
            seen.append(dict(response.headers))

    request = Request("GET", PROXY, headers={"Authorization": "for the origin", "X-Other": "1"})
    response = Response(
        200,
        headers=[
            ("WWW-Authenticate", "Basic"),
            ("Authentication-Info", "a=1"),
            ("Set-Cookie", "a=1"),
            ("Proxy-Authentication-Info", "b=2"),
        ],
    )
    [sent], _ = run(Looks(), request, [response])

    assert seen == [
        {"host": "proxy.example:3128", "x-other": "1"},
        {"authentication-info": "b=2"},
    ]
    assert sent.headers["authorization"] == "for the origin"
    assert len(response.headers) == 4


def test_a_flow_that_says_nothing_leaves_what_the_user_set() -> None:
    request = connect({"Proxy-Authorization": "Custom 1"})
    [silent], _ = run(Auth(), request, [Response(200)])
    [speaks], _ = run(BasicAuth("u", "p"), request, [Response(200)])

    assert silent.headers.get_list("proxy-authorization") == ["Custom 1"]
    assert speaks.headers.get_list("proxy-authorization") == ["Basic dTpw"]


@pytest.mark.parametrize(
    ("status", "seen"), [(407, 401), (401, 407), (200, 200), (403, 403), (502, 502)]
)
def test_407_is_the_proxys_401(status: int, seen: int) -> None:
    statuses = []

    class Looks(Auth):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            statuses.append((yield request).status_code)

    _, response = run(Looks(), connect(), [Response(status)])

    assert statuses == [seen]
    assert response.status_code == status


def test_flow_sees_the_body_where_it_was_read() -> None:
    class Token(Auth):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            response = yield request
            assert response.is_closed
            request.headers["Authorization"] = f"Token {response.text}"
            yield request

    sent, _ = run(Token(), connect(), [Response(407, text="t0ken"), Response(200)])

    assert sent[1].headers["proxy-authorization"] == "Token t0ken"
    assert "proxy-authorization" not in sent[0].headers


def behind_proxy(server: DigestServer) -> Callable[[Request], Response]:
    names = {
        "WWW-Authenticate": "Proxy-Authenticate",
        "Authentication-Info": "Proxy-Authentication-Info",
    }

    def answer(request: Request) -> Response:
        target = request.extensions["target"].decode()
        given = request.headers.get("proxy-authorization")
        verdict = server.check(request.method, target, given, b"")
        headers = [(names[name], value) for name, value in verdict.headers]
        return Response(407 if verdict.status == 401 else verdict.status, headers=headers)

    return answer


@pytest.mark.parametrize("settings", [{}, {"gives_next": True, "uses": 1}])
def test_digest_answers_a_proxy_and_answers_at_once_the_next_time(
    settings: dict[str, bool],
) -> None:
    server = DigestServer(**settings)
    auth = DigestAuth("user", "password")
    first, response = run(auth, connect(), behind_proxy(server))
    second, _ = run(auth, connect(), behind_proxy(server))

    assert response.status_code == 200
    assert [len(first), len(second)] == [2, 1]
    assert 'uri="example.org:443"' in second[0].headers["proxy-authorization"]


def test_negotiation_answers_a_proxy() -> None:
    auth = NegotiatedAuth("user", "password")
    sent, response = run(auth, connect(), behind_proxy(DigestServer()))
    assert (len(sent), response.status_code) == (2, 200)

    # The way to an http:// proxy is plain http.
    refusal = Response(407, headers={"Proxy-Authenticate": "Basic realm=x"})
    sent, response = run(NegotiatedAuth("user", "password"), connect(), [refusal])
    assert (len(sent), response.status_code) == (1, 407)


def test_wrong_proof_of_a_proxy_is_noticed() -> None:
    from hookline import RemoteProtocolError

    with pytest.raises(RemoteProtocolError, match="rspauth"):
        run(DigestAuth("user", "password"), connect(), behind_proxy(DigestServer(proof="wrong")))


@pytest.mark.parametrize("url", ["https://login.example/token", f"{PROXY}/token"])
def test_a_scheme_that_wants_to_ask_elsewhere_first_cannot(url: str) -> None:
    class Token(Auth):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            yield Request("CONNECT", url)

    flow = proxy_auth_flow(Token(), connect())
    with pytest.raises(ProxyError, match="authentication for the proxy, Token, wants to send"):
        next(flow)


def test_a_function_may_return_another_request_for_the_same() -> None:
    def sign(request: Request) -> Request:
        headers = {**request.headers, "Authorization": "Signed"}
        return Request(request.method, request.url, headers=headers, extensions=request.extensions)

    [sent], _ = run(FunctionAuth(sign), connect(), [Response(200)])

    assert sent.headers["proxy-authorization"] == "Signed"


def test_body_of_the_request_stays_with_it() -> None:
    request = Request("POST", PROXY, content=b"a body")
    streamed = Request("POST", PROXY, content=[b"a body"])
    [sent], _ = run(BasicAuth("u", "p"), request, [Response(200)])
    [also], _ = run(BasicAuth("u", "p"), streamed, [Response(200)])

    assert sent.content == b"a body"
    assert sent.stream is request.stream
    assert also.stream is streamed.stream


def test_leaving_early_finishes_the_flow() -> None:
    finished = []

    class Kept(Auth):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            try:
                yield request
            finally:
                finished.append(True)

    class Held(Kept):
        """Holds on to the flow, so that nothing but closing it finishes it."""

        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            self.flow = super().auth_flow(request)
            return self.flow

    auth = Held()
    flow = proxy_auth_flow(auth, connect())
    next(flow)
    flow.close()

    assert finished == [True]
