"""Authentication: what is sent, in answer to what."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.compare import (
    MODES,
    Make,
    Outcome,
    Raises,
    answering,
    both,
    differs,
    examples,
    exchange,
    in_other_words,
    refusal,
    same,
)
from support.recorder import OK, Recorder

URL = "http://example.org/p?q=1"


def authorization(library: Any, request: Any) -> Any:
    """A handler that answers with the Authorization that it got."""
    return library.Response(200, text=request.headers.get("authorization", "none"))


def sent(library: Any, mode: str, settings: dict[str, Any], *steps: dict[str, Any]) -> Any:
    given = {"transport": answering(authorization), **settings}
    return [
        step["text"] if isinstance(step, dict) and "text" in step else step
        for step in exchange(library, mode, given, *steps)[:-1]
    ]


# -- Basic --------------------------------------------------------------------------------------

CREDENTIALS: list[Any] = [
    ("u", "p"), (b"u", b"p"), ("é", "ü"), ("u:v", "p"), ("", ""), ("u", b"p"), ("u", "p:q"), None,
]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("auth", CREDENTIALS, ids=repr)
def test_credentials_are_sent_alike(auth: Any, mode: str) -> None:
    for url in (URL, "http://x:y@example.org/", "http://x@example.org/", "http://:y@example.org/"):
        for step in ({"url": url}, {"url": url, "auth": None}, {"url": url, "auth": ("a", "b")}):
            same(lambda library, step=step: sent(library, mode, {"auth": auth}, step))


@examples()
@given(st.text(max_size=5) | st.binary(max_size=5), st.text(max_size=5) | st.binary(max_size=5))
def test_any_credentials_are_encoded_alike(username: Any, password: Any) -> None:
    same(
        lambda library: next(
            library.BasicAuth(username, password).auth_flow(library.Request("GET", URL))
        ).headers["authorization"],
        *both(),
    )


@pytest.mark.parametrize("auth", [("a",), ("a", "b", "c"), 5, ["a", "b"], {"a": "b"}, (1, 2)])
def test_what_is_no_authentication_is_refused(auth: Any) -> None:
    def failed(theirs: Outcome, ours: Outcome) -> bool:
        return refusal(theirs, ours) or "TypeError" in str(ours.value)

    same(
        lambda library: sent(library, "sync", {}, {"url": URL, "auth": auth}),
        except_for={"wrong-types": failed},
    )


def test_functions_are_authentication_alike() -> None:
    def sign(request: Any) -> Any:
        request.headers["Authorization"] = f"Signed {request.method}"
        return request

    for mode in MODES:
        same(lambda library, mode=mode: sent(library, mode, {}, {"url": URL, "auth": sign}))
        same(lambda library, mode=mode: sent(library, mode, {"auth": sign}, {"url": URL}))
    same(lambda library: type(library.Client(auth=sign, verify=False).auth).__name__, *both())
    same(
        lambda library: (
            next(library.FunctionAuth(sign).auth_flow(library.Request("GET", URL))).headers
        ),
        httpx2,
    )


# -- Flows ----------------------------------------------------------------------------------------


def flow_of(library: Any, log: list[Any], **attributes: Any) -> Any:
    """A scheme that asks for a token first, and tells what it is handed."""

    class Token(library.Auth):  # type: ignore[misc]
        def auth_flow(self, request: Any) -> Generator[Any, Any, None]:
            response = yield library.Request("POST", "http://example.org/token")
            try:
                log.append(["read", response.content])
            except Exception as exc:
                log.append(type(exc).__name__)
            log.append([response.status_code, str(response.url), response.is_closed])
            try:
                log.append(["body", request.content])
            except Exception as exc:
                log.append(type(exc).__name__)
            request.headers["Authorization"] = "token"
            again = yield request
            log.append([again.status_code, [past.status_code for past in again.history]])

    for name, value in attributes.items():
        setattr(Token, name, value)
    return Token()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "attributes", [{}, {"requires_request_body": True}, {"requires_response_body": True}], ids=str
)
def test_flows_run_alike(attributes: dict[str, bool], mode: str) -> None:
    def call(library: Any) -> Any:
        log: list[Any] = []

        def handler(library: Any, request: Any) -> Any:
            log.append([request.method, str(request.url), request.headers.get("authorization")])
            streamed = Make(
                lambda library, mode: iter([b"a"]) if mode == "sync" else _async([b"a"])
            )
            return library.Response(201, content=streamed.function(library, mode))

        step = {
            "method": "POST",
            "url": URL,
            "auth": Make(lambda library, mode: flow_of(library, log, **attributes)),
            "content": Make(
                lambda library, mode: (iter if mode == "sync" else _async)([b"b", b"c"])
            ),
        }
        results = exchange(library, mode, {"transport": answering(handler)}, step)
        return [log, results]

    async def _async(pieces: list[bytes]) -> Any:
        for piece in pieces:
            yield piece

    # httpx's mock transport has read the request's body before; a real one would not.
    same(call)


def test_flows_by_hand_are_the_same() -> None:
    def call(library: Any) -> Any:
        log: list[Any] = []
        flow = flow_of(library, log).sync_auth_flow(library.Request("GET", URL))
        first = next(flow)
        second = flow.send(library.Response(200, request=first, text="t"))
        with pytest.raises(StopIteration):
            flow.send(library.Response(200, request=second))
        return [str(first.url), second.headers["authorization"], log]

    same(call, *both())
    same(lambda library: [library.Auth.requires_request_body, library.Auth.requires_response_body])
    same(
        lambda library: [str(r.url) for r in library.Auth().auth_flow(library.Request("GET", URL))],
        *both(),
    )


# -- Digest ---------------------------------------------------------------------------------------

CHALLENGES = [
    'Digest realm="r", nonce="n"',
    'Digest realm="r", nonce="n", qop="auth", opaque="o", algorithm=MD5',
    'Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=SHA-256',
    'Digest realm="r", nonce="n", qop="auth", algorithm=SHA',
    'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-512',
    'Digest realm="r", nonce="n", qop="auth", algorithm=MD5-SESS',
    'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256-SESS',
    'Digest realm="", nonce="", qop=auth',
    'digest realm="r", nonce="n", qop="auth"',
    "Basic", 'Basic realm="x"', "",
]  # fmt: skip
_PARAMETER = re.compile(r'([\w-]+)=("(?:[^"\\]|\\.)*"|[^,\s]+)')


def digest(library: Any, mode: str, challenge: str, steps: int = 1, path: str = "/p?q=1") -> Any:
    """The parameters of each Authorization, with a client nonce that is no surprise."""

    class Fixed(library.DigestAuth):  # type: ignore[misc]
        def _get_client_nonce(self, nonce_count: int, nonce: bytes) -> bytes:
            return b"client"

        def _make_cnonce(self) -> bytes:
            return b"client"

    log: list[Any] = []

    def handler(library: Any, request: Any) -> Any:
        value = request.headers.get("authorization", "")
        log.append([value.split(" ")[0], dict(_PARAMETER.findall(value)), request.content])
        if value or not challenge:
            return library.Response(200)
        return library.Response(401, headers={"WWW-Authenticate": challenge})

    given = {
        "transport": answering(handler),
        "auth": Make(lambda library, mode: Fixed("user", "sécret")),
    }
    step = {"method": "POST", "url": f"http://example.org{path}", "content": b"abc"}
    results = exchange(library, mode, given, *[step] * steps)[:-1]
    return [
        log,
        [result if isinstance(result, tuple) else result["status_code"] for result in results],
    ]


def as_challenged(theirs: Outcome, ours: Outcome) -> bool:
    """httpx names an algorithm where the challenge named none."""
    for _, parameters, _ in theirs.value[0]:
        parameters.pop("algorithm", None)
    return theirs.value == ours.value


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("challenge", CHALLENGES)
def test_digest_challenges_are_answered_alike(challenge: str, mode: str) -> None:
    for steps in (1, 3):
        same(
            lambda library, steps=steps: digest(library, mode, challenge, steps),
            except_for={"digest-algorithm": as_challenged},
        )


# -- netrc ----------------------------------------------------------------------------------------


def test_netrc_is_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "netrc"
    path.write_text(
        "machine example.org login user password secret\n"
        "machine other.test login nobody\n"
        "default login any password thing\n"
    )
    for url in (URL, "http://www.example.org/", "http://other.test/", "http://example.org:8080/"):
        for mode in MODES:
            same(
                lambda library, url=url, mode=mode: sent(
                    library,
                    mode,
                    {"auth": Make(lambda library, mode: library.NetRCAuth(str(path)))},
                    {"url": url},
                )
            )
    same(
        lambda library: library.NetRCAuth("/missing"),
        *both(),
        except_for={"message-texts": in_other_words},
    )


# -- On the wire ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_authentication_on_the_wire_is_the_same(mode: str, recorder: Recorder) -> None:
    challenge = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 2\r\n\r\nno"

    def run(library: Any) -> Any:
        with recorder.script(OK, OK, challenge) as transcript:
            results = exchange(
                library,
                mode,
                {"auth": ("user", "secret")},
                {"url": recorder.url},
                {"url": recorder.url.replace("//", "//a:b@"), "auth": None},
                {"url": recorder.url},
            )
        return [transcript.wire, results]

    same(run)


# -- What differs -----------------------------------------------------------------------------------  # noqa: E501


def test_function_that_returns_nothing_is_refused() -> None:
    def sign(request: Any) -> None:
        return None

    differs(
        "wrong-types",
        lambda library: library.Client(
            transport=answering(authorization).function(library, "sync")
        ).get(URL, auth=sign),
        theirs=Raises("AttributeError"),
        ours=Raises("TypeError", "returned None, not the request"),
    )


def redirected(library: Any, mode: str, location: str) -> Any:
    log: list[Any] = []

    def handler(library: Any, request: Any) -> Any:
        log.append([str(request.url), request.headers.get("authorization")])
        if len(log) == 1:
            return library.Response(302, headers={"Location": location})
        if "authorization" not in request.headers:
            return library.Response(
                401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n"'}
            )
        return library.Response(200)

    settings = {
        "transport": answering(handler),
        "follow_redirects": True,
        "auth": Make(lambda library, mode: library.DigestAuth("user", "secret")),
    }
    exchange(library, mode, settings, {"url": "http://example.org/a"})
    return [[url, (value or "none").split(" ")[0]] for url, value in log]


@pytest.mark.parametrize("mode", MODES)
def test_challenge_after_a_redirect_is_answered_where_it_was_made(mode: str) -> None:
    differs(
        "auth-inside-redirects",
        lambda library: redirected(library, mode, "/b"),
        theirs=[
            ["http://example.org/a", "none"],
            ["http://example.org/b", "none"],
            ["http://example.org/a", "Digest"],
        ],
        ours=[
            ["http://example.org/a", "none"],
            ["http://example.org/b", "none"],
            ["http://example.org/b", "Digest"],
        ],
    )


@pytest.mark.parametrize("mode", MODES)
def test_requests_that_a_flow_makes_have_a_timeout(mode: str) -> None:
    def call(library: Any) -> Any:
        seen: list[Any] = []

        class Asking(library.Auth):  # type: ignore[misc, name-defined]
            def auth_flow(self, request: Any) -> Any:
                yield library.Request("GET", "http://example.org/token")
                yield request

        def handler(library: Any, request: Any) -> Any:
            seen.append(request.extensions.get("timeout", {}).get("read", "none at all"))
            return library.Response(200)

        settings = {"transport": answering(handler), "auth": Asking(), "timeout": 3.0}
        exchange(library, mode, settings, {"url": "http://example.org/a"})
        return seen

    differs("auth-requests-timed", call, theirs=["none at all", 3.0], ours=[3.0, 3.0])


def test_digest_that_signs_bodies_is_answered() -> None:
    challenge = 'Digest realm="r", nonce="n", qop="auth-int"'
    differs(
        "digest-auth-int",
        lambda library: digest(library, "sync", challenge)[1],
        theirs=[["NotImplementedError", "Digest auth-int support is not yet implemented"]],
        ours=[200],
    )


@pytest.mark.parametrize(
    ("challenge", "theirs", "ours"),
    [
        (
            'Digest realm="r"',
            ("ProtocolError", "Malformed Digest WWW-Authenticate header"),
            ("RemoteProtocolError", "The server's Digest challenge has no 'nonce'."),
        ),
        ("Digest", 401, ("RemoteProtocolError", "The server's Digest challenge has no 'realm'.")),
        ('Digest realm="r", nonce="n", algorithm=X', ("KeyError", "'X'"), 401),
    ],
)
def test_challenge_that_cannot_be_answered_is_told_by_what_is_wrong(
    challenge: str, theirs: Any, ours: Any
) -> None:
    differs(
        "digest-unanswerable",
        lambda library: digest(library, "sync", challenge)[1],
        theirs=[theirs],
        ours=[ours],
    )


def test_quotes_in_a_challenge_are_understood() -> None:
    challenge = 'Digest realm="a \\" b", nonce="n"'
    differs(
        "digest-quotes",
        lambda library: digest(library, "sync", challenge)[0][1][1]["realm"],
        theirs='"a "',
        ours='"a \\" b"',
    )


def test_flows_of_both_modes_are_generators() -> None:
    async def collected(library: Any) -> Any:
        flow = library.BasicAuth("u", "p").async_auth_flow(library.Request("GET", URL))
        first = await anext(flow)
        await flow.aclose()
        return first.headers["authorization"]

    same(lambda library: asyncio.run(collected(library)), *both())
