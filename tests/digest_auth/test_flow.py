"""The flow of DigestAuth by hand: what is answered, how often, and what is remembered."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any
from urllib.request import parse_http_list, parse_keqv_list

import pytest

import hookline
from hookline import DigestAuth, RemoteProtocolError, Request, Response
from support.digest_server import HASHES, DigestServer
from support.flows import Conversation, behind, converse
from support.modes import Mode

HERE = "http://example.org/a/b?c=d"
ALGORITHMS = [name + suffix for name in HASHES for suffix in ("", "-sess")]


def get(auth: DigestAuth, server: DigestServer, url: str = HERE) -> Conversation:
    return converse(auth, Request("GET", url), behind(server))


def challenged(*values: str, then: int = 200) -> Conversation:
    """The conversation with a server that challenges once, with these headers."""
    answers = iter([[("WWW-Authenticate", value) for value in values], Response(then)])
    return converse(DigestAuth("user", "password"), Request("GET", HERE), lambda _: next(answers))


def params(answer: str | None) -> dict[str, str]:
    assert answer is not None
    return dict(parse_keqv_list(parse_http_list(answer.removeprefix("Digest "))))


# -- Answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("qop", ["auth", "auth-int", "auth-int, auth", "auth,,future", None])
@pytest.mark.parametrize("algorithm", [*ALGORITHMS, None])
def test_every_algorithm_and_qop_is_answered_and_answered_at_once_the_next_time(
    algorithm: str | None, qop: str | None
) -> None:
    server = DigestServer(algorithm=algorithm, qop=qop)
    auth = DigestAuth("user", "password")

    for statuses in ([401, 200], [200], [200]):
        request = Request("POST", HERE, content=b"a body")
        conversation = converse(auth, request, behind(server))
        assert statuses == conversation.statuses, conversation.response.text

    if qop is not None:
        assert next(iter(server.counts.values())) == [1, 2, 3]
        assert server.seen[1] is not None
        assert server.seen[1]["qop"] == ("auth-int" if qop == "auth-int" else "auth")


@pytest.mark.parametrize("spelling", ["sha-256", "Sha-256-SESS", "SHA-256-sess"])
def test_algorithm_is_known_in_any_case_and_echoed_as_it_was_written(spelling: str) -> None:
    answer = challenged(f"Digest realm=r, nonce=n, algorithm={spelling}").answers[1]

    assert params(answer)["algorithm"] == spelling


def test_without_credentials_in_the_first_request() -> None:
    conversation = get(DigestAuth("user", "password"), DigestServer())

    assert conversation.answers[0] is None


def test_server_that_asks_for_nothing_gets_nothing() -> None:
    request = Request("GET", HERE)
    conversation = converse(DigestAuth("user", "password"), request, lambda _: Response(200))

    assert conversation.answers == [None]


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("", ""),
        ("user", "£123"),
        ('quo"te', 'quo"te'),
        ("back\\slash", "back\\slash"),
        ("a, b=c", "a:b"),
        ("Jäsøn Doe", "pässword"),
    ],
)
@pytest.mark.parametrize("charset", [False, True])
@pytest.mark.parametrize("userhash", [False, True])
def test_any_user_name_and_password_reaches_the_server_intact(
    username: str, password: str, charset: bool, userhash: bool
) -> None:
    more = "charset=UTF-8" if charset else ""
    server = DigestServer(username, password, userhash=userhash, more=more)

    conversation = get(DigestAuth(username, password), server)
    assert conversation.statuses == [401, 200], conversation.response.text
    conversation = get(DigestAuth(username.encode(), password.encode()), server)
    assert conversation.statuses == [401, 200], conversation.response.text


def test_user_name_outside_ascii_is_encoded_only_where_the_server_says_that_it_knows_how() -> None:
    auth = DigestAuth("Jäsøn Doe", "password")
    knows = get(auth, DigestServer("Jäsøn Doe", more="charset=utf-8")).answers[1]
    hashes = get(
        DigestAuth("Jäsøn Doe", "password"),
        DigestServer("Jäsøn Doe", more="charset=UTF-8", userhash=True),
    ).answers[1]
    silent = get(DigestAuth("Jäsøn Doe", "password"), DigestServer("Jäsøn Doe")).answers[1]

    assert knows is not None
    assert "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, " in knows
    assert "username=" not in knows
    assert "username*" not in params(hashes)
    assert params(silent)["username"].encode("latin-1").decode() == "Jäsøn Doe"


def test_user_name_and_password_are_normalised_where_the_server_takes_utf_8() -> None:
    decomposed = "Ja\u0308son"
    composed = "J\u00e4son"
    server = DigestServer(composed, composed, more="charset=UTF-8")

    assert get(DigestAuth(decomposed, decomposed), server).statuses == [401, 200]
    # The bytes that somebody insists on stay what they are.
    raw = decomposed.encode()
    assert get(DigestAuth(raw, raw), server).statuses == [401, 401]


def test_control_characters_in_a_user_name_do_not_get_into_a_header() -> None:
    user = "x\r\nX-Evil: 1"
    answer = get(DigestAuth(user, "p"), DigestServer(user, "p", more="charset=UTF-8")).answers[1]

    assert answer is not None
    assert "username*=UTF-8''x%0D%0AX-Evil%3A%201, " in answer


@pytest.mark.parametrize("realm", ["café".encode(), "café".encode("latin-1"), b'a "quoted" \\ one'])
def test_realm_goes_back_byte_for_byte_in_whatever_encoding_it_came(realm: bytes) -> None:
    escaped = realm.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    challenge = b'Digest realm="' + escaped + b'", nonce="n"'
    answers = iter([Response(401, headers=[(b"WWW-Authenticate", challenge)]), Response(200)])
    request = Request("GET", HERE)
    converse(DigestAuth("user", "password"), request, lambda _: next(answers))
    [sent] = [value for name, value in request.headers.raw if name == b"Authorization"]

    assert b'realm="' + escaped + b'"' in sent
    md5 = HASHES["MD5"]
    key = md5(b"user:" + realm + b":password").hexdigest()
    what = md5(b"GET:/a/b?c=d").hexdigest()
    expected = md5(f"{key}:n:{what}".encode()).hexdigest()
    assert f'response="{expected}"'.encode() in sent


def test_the_target_as_it_is_sent_is_signed() -> None:
    server = DigestServer()
    request = Request("CONNECT", "http://proxy:3128", extensions={"target": b"example.org:443"})
    conversation = converse(DigestAuth("user", "password"), request, behind(server))

    assert conversation.statuses == [401, 200]
    assert server.seen[1] is not None
    assert server.seen[1]["uri"] == "example.org:443"


async def test_the_target_that_is_really_sent_is_signed(mode: Mode, server: str) -> None:
    extensions = {"target": b"/digest/auth?by=hand"}
    async with mode.client(auth=DigestAuth("user", "password")) as client:
        response = await client.get(f"{server}/elsewhere", extensions=extensions)

    assert response.status_code == 200
    assert 'uri="/digest/auth?by=hand"' in response.request.headers["authorization"]


# -- Which challenge is answered ------------------------------------------------------------


MD5 = 'Digest realm="r", nonce="for md5", qop="auth", algorithm=MD5'
SHA256 = 'Digest realm="r", nonce="for sha256", qop="auth", algorithm=SHA-256'
SHA512_256 = 'Digest realm="r", nonce="for sha512-256", qop="auth", algorithm=SHA-512-256'
UNKNOWN = 'Digest realm="r", nonce="for later", qop="auth", algorithm=SHA3-256'


@pytest.mark.parametrize(
    ("values", "nonce"),
    [
        ([MD5, SHA256], "for sha256"),
        ([SHA256, MD5], "for sha256"),
        ([f"{MD5}, {SHA256}"], "for sha256"),
        (['Basic realm="a, b=c"', f"Negotiate, {MD5}"], "for md5"),
        ([f"Negotiate dG9rZW4=, {SHA256}, Basic realm=r, {SHA512_256}"], "for sha512-256"),
        ([UNKNOWN, MD5], "for md5"),
        (['Digest realm="r", nonce="x", qop="future", algorithm=SHA-256', MD5], "for md5"),
        # The first among equals.
        ([MD5.replace("for md5", "first"), MD5], "first"),
    ],
)
def test_the_strongest_challenge_that_is_known_is_answered(values: list[str], nonce: str) -> None:
    conversation = challenged(*values)

    assert conversation.statuses == [401, 200]
    assert params(conversation.answers[1])["nonce"] == nonce


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["Basic realm=x"],
        ["Negotiate"],
        [UNKNOWN],
        ['Digest realm="r", nonce="n", algorithm=none'],
        ['Digest realm="r", nonce="n", qop="auth-conf"'],
        ['Digest realm="r", nonce="n", algorithm=-sess'],
    ],
)
def test_a_401_that_cannot_be_answered_is_returned(values: list[str]) -> None:
    conversation = challenged(*values)

    assert conversation.statuses == [401]


def test_a_hash_that_this_python_does_not_have_is_one_that_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from hookline_digest_auth import _digest

    monkeypatch.setitem(_digest._HASHES, "SHA-512-256", "sha512_256_of_another_build")

    assert challenged(SHA512_256).statuses == [401]
    assert params(challenged(SHA512_256, MD5).answers[1])["nonce"] == "for md5"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("Digest", "has no 'realm'"),
        ("Digest dG9rZW4=", "has no 'realm'"),
        ('Digest realm="r"', "has no 'nonce'"),
        ("Digest nonce=n, algorithm=unknown", "has no 'realm'"),
        ('Digest realm="r, nonce=n', "cannot be read"),
        ("Digest realm=r nonce=n", "cannot be read"),
    ],
)
async def test_a_malformed_challenge_is_an_error_with_the_request(
    mode: Mode, value: str, what: str
) -> None:
    transport = hookline.MockTransport(
        lambda request: Response(401, headers={"WWW-Authenticate": value})
    )
    async with mode.client(transport=transport) as client:
        with pytest.raises(RemoteProtocolError, match=what) as caught:
            await client.get(HERE, auth=DigestAuth("user", "secret"))

    assert str(caught.value.request.url) == HERE
    assert "secret" not in str(caught.value)


# -- How often ------------------------------------------------------------------------------


def test_wrong_credentials_are_sent_once() -> None:
    conversation = get(DigestAuth("user", "wrong"), DigestServer())

    assert conversation.statuses == [401, 401]


def test_a_stale_nonce_is_replaced_once_without_asking_anybody() -> None:
    server = DigestServer(uses=2)
    auth = DigestAuth("user", "password")

    assert [get(auth, server).statuses for _ in range(5)] == [
        [401, 200],
        [200],
        [401, 200],
        [200],
        [401, 200],
    ]


def test_a_nonce_that_is_stale_at_once_is_replaced_once_more_and_no_more() -> None:
    conversation = get(DigestAuth("user", "password"), DigestServer(uses=0))

    assert conversation.statuses == [401, 401, 401]
    assert conversation.response.text == "a stale nonce"


def test_stale_with_the_same_nonce_is_no_reason_to_try_again() -> None:
    conversation = converse(
        DigestAuth("user", "password"),
        Request("GET", HERE),
        lambda _: [("WWW-Authenticate", "Digest realm=r, nonce=n, stale=true")],
    )

    assert conversation.statuses == [401, 401]


def test_password_that_became_wrong_is_tried_with_a_new_nonce_and_then_forgotten() -> None:
    server = DigestServer()
    auth = DigestAuth("user", "password")
    get(auth, server)
    server.password = "another"

    assert get(auth, server).statuses == [401, 401]
    assert get(auth, server).answers[0] is None
    server.password = "password"
    assert [get(auth, server).statuses for _ in range(2)] == [[401, 200], [200]]


def test_server_that_forgot_its_nonces_is_answered_anew() -> None:
    server = DigestServer()
    auth = DigestAuth("user", "password")
    get(auth, server)
    server.counts.clear()

    assert [get(auth, server).statuses for _ in range(2)] == [[401, 200], [200]]


def test_another_error_than_401_ends_the_flow() -> None:
    assert challenged(MD5, then=403).statuses == [401, 403]


# -- Bodies ---------------------------------------------------------------------------------


class Pieces:
    """A body that can be iterated over any number of times."""

    def __iter__(self) -> Any:
        return iter([b"one ", b"two"])


class AsyncPieces:
    """The same, asynchronously."""

    async def __aiter__(self) -> Any:
        yield b"one "
        yield b"two"


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
async def test_body_that_can_be_read_again_is_sent_again(mode: Mode, server: str, qop: str) -> None:
    auth = DigestAuth("user", "password")
    async with mode.client(auth=auth) as client:
        for tries in (2, 1):
            content = AsyncPieces() if mode.is_async else Pieces()
            response = await client.post(f"{server}/digest/{qop}", content=content)

            assert response.json() == {"body": "one two"}
            assert len(response.history) == tries - 1


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
def test_file_is_sent_again_from_where_it_was(server: str, qop: str, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"header|one two")
    auth = DigestAuth("user", "password")
    with path.open("rb") as file, hookline.Client(auth=auth) as client:
        file.seek(len("header|"))
        response = client.post(f"{server}/digest/{qop}", content=file)

    assert response.json() == {"body": "one two"}


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
async def test_body_that_is_gone_is_a_clear_error(mode: Mode, server: str, qop: str) -> None:
    url = f"{server}/digest/{qop}"
    auth = DigestAuth("user", "password")
    async with mode.client() as client:
        with pytest.raises(hookline.StreamConsumed, match="part of an authentication flow"):
            await client.post(url, content=mode.body([b"one ", b"two"]), auth=auth)

        # Once the server is known, the first attempt is the only one.
        assert (await client.post(url, content=b"", auth=auth)).status_code == 200
        response = await client.post(url, content=mode.body([b"one ", b"two"]), auth=auth)

    assert response.status_code == 200
    assert response.history == []
    assert response.json() == {"body": "one two"}


async def test_body_is_not_kept_in_memory_where_nothing_asks_for_its_hash(
    mode: Mode, server: str
) -> None:
    auth = DigestAuth("user", "password")
    async with mode.client() as client:
        await client.get(f"{server}/digest/auth", auth=auth)
        response = await client.post(
            f"{server}/digest/auth", content=mode.body([b"x"] * 5), auth=auth
        )
        assert response.status_code == 200
        with pytest.raises(hookline.RequestNotRead):
            response.request.content  # noqa: B018


def test_body_for_outside_the_protection_space_is_not_read() -> None:
    auth = DigestAuth("user", "password")
    get(auth, DigestServer(qop="auth-int", more='domain="/a"'))

    for path, is_read in (("/a/c", True), ("/b", False)):
        request = Request("POST", f"http://example.org{path}", content=iter([b"one"]))
        converse(auth, request, lambda _: Response(200))
        assert hasattr(request, "_content") is is_read


def test_another_threads_auth_int_does_not_break_a_request_whose_body_was_not_read() -> None:
    server = DigestServer(qop="auth-int")
    auth = DigestAuth("user", "password")
    late = auth.auth_flow(Request("POST", HERE, content=iter([b"one"])))
    get(auth, server)

    assert "authorization" not in next(late).headers


# -- What is remembered, and for whom -------------------------------------------------------


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.org/a/b?c=d",
        "http://example.org:8080/a/b?c=d",
        "http://www.example.org/a/b?c=d",
        "http://example.com/a/b?c=d",
    ],
)
def test_another_origin_is_told_nothing_before_it_asks(elsewhere: str) -> None:
    auth = DigestAuth("user", "password")
    get(auth, DigestServer())

    assert get(auth, DigestServer(), elsewhere).answers[0] is None
    # And the first one is still known.
    conversation = converse(auth, Request("GET", HERE), lambda _: Response(200))
    assert conversation.answers[0] is not None


@pytest.mark.parametrize(
    ("domain", "path", "is_signed"),
    [
        ("/private", "/private/x", True),
        ("/private", "/public", False),
        ("/one /two", "/two", True),
        ("http://example.org/private", "/private?x", True),
        ("http://example.com/", "/private", False),
        ("https://example.org/", "/private", False),
        ("http://[garbage", "/private", False),
        ("http://[garbage /private", "/private", True),
        ("", "/anything", True),
    ],
)
def test_protection_space_is_where_the_server_says(domain: str, path: str, is_signed: bool) -> None:
    auth = DigestAuth("user", "password")
    server = DigestServer(more=f'domain="{domain}"')
    get(auth, server)
    url = f"http://example.org{path}"
    conversation = converse(auth, Request("GET", url), lambda _: Response(200))

    assert (conversation.answers[0] is not None) is is_signed


def test_what_a_redirect_brought_along_is_not_sent_again() -> None:
    auth = DigestAuth("user", "password")
    request = Request("GET", HERE, headers={"Authorization": "Digest of another URL"})

    assert converse(auth, request, lambda _: Response(200)).answers == [None]


def test_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from hookline_digest_auth import _auth

    monkeypatch.setattr(_auth, "_KEPT", 3)
    auth = DigestAuth("user", "password")
    for number in range(10):
        get(auth, DigestServer(), f"http://host{number}.example/")
        assert len(auth._sessions) <= 3
        assert len(auth._counts) <= 3

    last = converse(auth, Request("GET", "http://host9.example/"), lambda _: Response(200))
    first = converse(auth, Request("GET", "http://host0.example/"), lambda _: Response(200))
    assert last.answers[0] is not None
    assert first.answers[0] is None


def test_a_nonce_that_comes_again_is_counted_on() -> None:
    def ask(auth: DigestAuth) -> str:
        answers = iter([[("WWW-Authenticate", 'Digest realm=r, nonce=n, qop="auth"')], []])
        return params(converse(auth, Request("GET", HERE), lambda _: next(answers)).answers[1])[
            "nc"
        ]

    auth = DigestAuth("user", "password")

    assert [ask(auth) for _ in range(3)] == ["00000001", "00000002", "00000003"]


def test_two_that_meet_the_same_challenge_share_the_session() -> None:
    auth = DigestAuth("user", "password")
    challenge = {"WWW-Authenticate": 'Digest realm=r, nonce=n, qop="auth", algorithm=MD5-sess'}
    flows = [auth.auth_flow(Request("GET", HERE)) for _ in range(2)]
    for flow in flows:
        next(flow)
    answers = [
        params(flow.send(Response(401, headers=challenge)).headers["authorization"])
        for flow in flows
    ]

    # The key of the session is made with its client nonce: there can be only one of both.
    assert answers[0]["cnonce"] == answers[1]["cnonce"]
    assert [answer["nc"] for answer in answers] == ["00000001", "00000002"]


def test_cnonces_are_random_and_long() -> None:
    cnonces = {
        params(get(DigestAuth("user", "password"), DigestServer()).answers[1])["cnonce"]
        for _ in range(5)
    }

    assert len(cnonces) == 5
    assert all(len(cnonce) == 32 for cnonce in cnonces)


# -- Authentication-Info --------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_wrong_proof_is_an_error_and_is_not_remembered(algorithm: str) -> None:
    server = DigestServer(algorithm=algorithm, proof="wrong")
    auth = DigestAuth("user", "password")
    with pytest.raises(RemoteProtocolError, match="rspauth in Authentication-Info"):
        get(auth, server)

    server.proof = "right"
    assert get(auth, server).statuses == [401, 200]


@pytest.mark.parametrize("value", ["", "nonsense", 'rspauth="', "a=1 b=2", "rspauth=é"])
def test_a_malformed_authentication_info_is_an_error(value: str) -> None:
    answers = iter(
        [
            Response(401, headers={"WWW-Authenticate": MD5}),
            Response(200, headers=[(b"Authentication-Info", value.encode())]),
        ]
    )
    conversation = None
    try:
        conversation = converse(
            DigestAuth("user", "password"), Request("GET", HERE), lambda _: next(answers)
        )
    except RemoteProtocolError:
        pass

    # An empty list is a list.
    assert (conversation is not None) is (value == "")


def test_a_proof_that_is_no_ascii_is_a_wrong_one() -> None:
    answers = iter(
        [
            Response(401, headers={"WWW-Authenticate": MD5}),
            Response(200, headers=[(b"Authentication-Info", 'rspauth="é"'.encode())]),
        ]
    )
    with pytest.raises(RemoteProtocolError, match="is wrong"):
        converse(DigestAuth("user", "password"), Request("GET", HERE), lambda _: next(answers))


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
def test_a_proof_over_a_body_that_was_not_read_is_left_alone(qop: str) -> None:
    # Under auth-int the server's proof covers its response's body, which is read after the flow.
    server = DigestServer(qop=qop)
    info = [("Authentication-Info", 'rspauth="0", qop=auth-int')]

    def answer(request: Request) -> Response:
        response = behind(server)(request)
        response.headers.update(info)
        return response

    request = Request("GET", HERE)
    assert converse(DigestAuth("user", "password"), request, answer).statuses == [401, 200]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_the_next_nonce_is_used_and_counted_from_one(algorithm: str) -> None:
    server = DigestServer(algorithm=algorithm, gives_next=True, uses=1)
    auth = DigestAuth("user", "password")

    assert [get(auth, server).statuses for _ in range(4)] == [[401, 200], [200], [200], [200]]
    used = [counts for counts in server.counts.values() if counts]
    assert used == [[1]] * 4


def test_the_key_of_a_session_algorithm_outlives_its_first_nonce() -> None:
    auth = DigestAuth("user", "password")
    md5 = HASHES["MD5"]
    nonces = iter(["two", "three"])

    def answer(request: Request) -> Response:
        if "authorization" not in request.headers:
            return Response(
                401,
                headers={
                    "WWW-Authenticate": 'Digest realm=r, nonce=one, qop="auth", algorithm=MD5-sess'
                },
            )
        return Response(200, headers={"Authentication-Info": f"nextnonce={next(nonces)}"})

    first = params(converse(auth, Request("GET", HERE), answer).answers[1])
    second = params(converse(auth, Request("GET", HERE), answer).answers[0])

    assert (first["nonce"], second["nonce"]) == ("one", "two")
    assert first["cnonce"] != second["cnonce"]
    # RFC 7616 section 3.4.2: from the nonce of the challenge, and the first client nonce.
    secret = md5(b"user:r:password").hexdigest()
    key = md5(f"{secret}:one:{first['cnonce']}".encode()).hexdigest()
    what = md5(b"GET:/a/b?c=d").hexdigest()
    expected = md5(f"{key}:two:00000001:{second['cnonce']}:auth:{what}".encode()).hexdigest()
    assert second["response"] == expected


# -- Cookies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(None, "node=7"), ("mine=1", "mine=1; node=7"), ("node=6; mine=1", "mine=1; node=7")],
)
def test_cookies_of_the_challenge_are_sent_with_the_answer(sent: str | None, expected: str) -> None:
    answers = iter([[("WWW-Authenticate", MD5), ("Set-Cookie", "node=7; Path=/a")], Response(200)])
    headers = {} if sent is None else {"Cookie": sent}
    conversation = converse(
        DigestAuth("user", "password"),
        Request("GET", HERE, headers=headers),
        lambda _: next(answers),
    )

    assert [exchange.header("cookie") for exchange in conversation.exchanges] == [sent, expected]


def test_cookies_for_elsewhere_are_not_sent() -> None:
    answers = iter(
        [[("WWW-Authenticate", MD5), ("Set-Cookie", "node=7; Path=/other")], Response(200)]
    )
    request = Request("GET", HERE)
    converse(DigestAuth("user", "password"), request, lambda _: next(answers))

    assert "cookie" not in request.headers


# -- Threads --------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"gives_next": True}, {"uses": 3}])
def test_threads_that_share_it_never_use_a_nonce_twice_with_the_same_count(
    settings: dict[str, Any],
) -> None:
    server = DigestServer(**settings)
    auth = DigestAuth("user", "password")
    lock = threading.Lock()
    seen: list[tuple[str, str]] = []
    start = threading.Barrier(8)

    def answer(request: Request) -> Response:
        with lock:
            response = behind(server)(request)
            if server.seen[-1] is not None:
                seen.append((server.seen[-1]["nonce"], server.seen[-1]["nc"]))
            return response

    def work() -> None:
        start.wait()
        for _ in range(25):
            converse(auth, Request("GET", HERE), answer)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)

    assert len(seen) >= 8 * 25
    assert len(set(seen)) == len(seen)


# -- The class itself -----------------------------------------------------------------------


@pytest.mark.parametrize("pair", [(None, "secret"), ("user", 1), ("user", ["secret"])])
def test_user_name_and_password_are_text(pair: tuple[Any, Any]) -> None:
    with pytest.raises(
        TypeError, match="expected user name and password as str or bytes"
    ) as caught:
        DigestAuth(*pair)

    assert "secret" not in str(caught.value)


def test_nothing_secret_is_in_the_repr() -> None:
    auth = DigestAuth("user", "secret")
    get(auth, DigestServer("user", "secret"))

    assert "secret" not in repr(auth)
    assert "secret" not in repr(auth._sessions)
    assert "response" not in repr(Request("GET", HERE))
