"""NegotiatedAuth: which scheme answers, over what, and what is remembered for whom."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from typing import Any, ClassVar

import pytest

import hookline
import hookline_digest_auth
from hookline import (
    Auth,
    BasicAuth,
    BearerAuth,
    DigestAuth,
    NegotiatedAuth,
    PluginNotFound,
    RemoteProtocolError,
    Request,
    Response,
)
from hookline.plugins import PluginManager
from support.digest_server import DigestServer
from support.flows import Conversation, converse
from support.modes import Mode
from support.plugins import manager_of

SECURE = "https://example.org/a"
PLAIN = "http://example.org/a"
BASIC = "Basic dXNlcjpwYXNzd29yZA=="
BASIC_CHALLENGE = ("WWW-Authenticate", 'Basic realm="x"')


class Ticket(Auth):
    """A third party's scheme: a ticket, in two legs, and no need of a password."""

    scheme: ClassVar[str] = "ticket"

    def __init__(self) -> None:
        self.made = 0

    @classmethod
    def from_credentials(cls, username: str | bytes, password: str | bytes) -> Auth:
        return cls()

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        response = yield request
        for leg in (1, 2):
            if response.status_code != 401:
                return
            self.made += 1
            request.headers["Authorization"] = f"Ticket {leg}"
            response = yield request


class Eager(Ticket):
    """The same, without waiting to be asked."""

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        request.headers["Authorization"] = "Ticket 2"
        yield request


class Server:
    """Offers schemes, and takes what it offers."""

    def __init__(self, *offered: str, digest: DigestServer | None = None) -> None:
        self.offered = offered
        self.digest = digest or DigestServer()

    def __call__(self, request: Request) -> Response:
        given = request.headers.get("authorization")
        challenges: list[tuple[str, str]] = []
        for scheme in self.offered:
            if scheme == "digest":
                is_ours = given is not None and given.startswith("Digest ")
                target = request.url.raw_path.decode("ascii")
                body = request.content if is_ours and self.digest.qop == "auth-int" else b""
                verdict = self.digest.check(
                    request.method, target, given if is_ours else None, body
                )
                if verdict.status == 200:
                    return Response(200, headers=verdict.headers, text="digest")
                challenges += verdict.headers
            elif scheme == "basic":
                if given == BASIC:
                    return Response(200, text="basic")
                challenges.append(BASIC_CHALLENGE)
            else:
                if given == f"{scheme.title()} 2":
                    return Response(200, text=scheme)
                challenges.append(("WWW-Authenticate", scheme.title()))
        return Response(401, headers=challenges)


def get(auth: Auth, server: Callable[[Request], Response], url: str = SECURE) -> Conversation:
    return converse(auth, Request("GET", url), server)


def schemes(conversation: Conversation) -> list[str | None]:
    return [answer and answer.partition(" ")[0] for answer in conversation.answers]


def manager_with(*classes: type[Any]) -> PluginManager:
    manager = manager_of(*classes)
    manager.register(hookline_digest_auth, "digest_auth")
    return manager


def negotiated(*classes: type[Any], **settings: Any) -> NegotiatedAuth:
    return NegotiatedAuth("user", "password", plugins=manager_with(*classes), **settings)


# -- Which scheme answers -------------------------------------------------------------------


@pytest.mark.parametrize("offered", [("basic", "digest"), ("digest", "basic")])
def test_digest_is_preferred_to_basic_in_whatever_order_they_are_offered(
    offered: tuple[str, ...],
) -> None:
    auth = negotiated()
    conversation = get(auth, Server(*offered))

    assert conversation.response.text == "digest"
    assert schemes(conversation) == [None, "Digest"]


def test_basic_answers_where_nothing_better_is_offered() -> None:
    assert schemes(get(negotiated(), Server("basic"))) == [None, "Basic"]


def test_challenges_may_share_a_header() -> None:
    server = DigestServer()
    values = [("WWW-Authenticate", f'Basic realm="a, b", Negotiate, {server.challenge()}')]

    assert schemes(converse(negotiated(), Request("GET", SECURE), lambda _: values)) == [
        None,
        "Digest",
    ]


@pytest.mark.parametrize("url", [PLAIN, "http://127.0.0.1/", "http://localhost/", "ws://a/"])
def test_the_password_itself_is_not_sent_over_plain_http(url: str) -> None:
    assert schemes(get(negotiated(), Server("basic"), url)) == [None]
    assert schemes(get(negotiated(), Server("digest", "basic"), url)) == [None, "Digest"]
    allowed = negotiated(allow_cleartext=True)
    assert schemes(get(allowed, Server("basic"), url)) == [None, "Basic"]


def test_refused_digest_is_not_followed_by_basic() -> None:
    auth = NegotiatedAuth("user", "wrong", plugins=manager_with())

    assert schemes(get(auth, Server("digest", "basic"))) == [None, "Digest"]


def test_digest_that_cannot_be_answered_makes_way_for_basic() -> None:
    digest = DigestServer(algorithm="SHA3-256")

    conversation = get(negotiated(), Server("digest", "basic", digest=digest))
    assert schemes(conversation) == [None, "Basic"]
    conversation = get(negotiated(), Server("digest", "basic", digest=digest), PLAIN)
    assert schemes(conversation) == [None]


@pytest.mark.parametrize("offered", [(), ("negotiate",), ("bearer", "auto", "netrc")])
def test_a_401_that_no_scheme_can_answer_is_returned(offered: tuple[str, ...]) -> None:
    conversation = get(negotiated(), Server(*offered))

    assert conversation.statuses == [401]


def test_without_a_challenge_nothing_is_said() -> None:
    conversation = converse(negotiated(), Request("GET", SECURE), lambda _: Response(200))

    assert conversation.answers == [None]


def test_where_digest_is_not_installed_basic_is_what_there_is() -> None:
    auth = NegotiatedAuth("user", "password", plugins=manager_of())

    assert schemes(get(auth, Server("digest", "basic"))) == [None, "Basic"]


def test_malformed_challenge_is_an_error() -> None:
    with pytest.raises(RemoteProtocolError, match="cannot be read"):
        converse(
            negotiated(),
            Request("GET", SECURE),
            lambda _: [("WWW-Authenticate", "Basic"), ("WWW-Authenticate", "Basic =")],
        )


# -- Schemes of third parties ---------------------------------------------------------------


def test_a_scheme_that_is_installed_takes_part_when_it_is_allowed() -> None:
    server = Server("basic", "digest", "ticket")

    assert get(negotiated(Ticket), server).response.text == "digest"
    allowed = negotiated(Ticket, schemes=["ticket", "digest"])
    conversation = get(allowed, server)
    assert conversation.response.text == "ticket"
    # One request less than the scheme alone would make: it is handed the 401 that is there.
    assert conversation.answers == [None, "Ticket 1", "Ticket 2"]


def test_the_order_of_the_schemes_is_their_strength() -> None:
    server = Server("basic", "digest", "ticket")

    assert get(negotiated(Ticket, schemes=["digest", "ticket"]), server).response.text == "digest"
    assert get(negotiated(Ticket, schemes=["basic", "ticket"]), server).response.text == "basic"
    assert get(negotiated(Ticket, schemes="ticket"), server).response.text == "ticket"


def test_a_scheme_that_does_not_wait_to_be_asked_is_asked_all_the_same() -> None:
    auth = negotiated(Eager, schemes=["ticket"])

    assert get(auth, Server("ticket")).answers == [None, "Ticket 2"]
    assert get(auth, Server("ticket")).answers == ["Ticket 2"]


def test_an_instance_takes_part_as_it_is() -> None:
    class Token(BearerAuth):
        scheme = "token"

    def server(request: Request) -> Response:
        if request.headers.get("authorization") == "Bearer abc":
            return Response(200)
        return Response(401, headers={"WWW-Authenticate": "Bearer realm=x, Token"})

    auth = negotiated(schemes=[BearerAuth("abc"), "digest"])
    assert get(auth, server).statuses == [401, 200]
    # It sends its secret, as Basic does.
    assert get(auth, server, PLAIN).statuses == [401]
    assert get(negotiated(schemes=Token("abc")), server).statuses == [401, 200]


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"schemes": ["digets"]}, PluginNotFound, "No auth scheme named 'digets' is registered"),
        ({"schemes": ["bearer"]}, ValueError, "'bearer' cannot be made of a user name and a passw"),
        ({"schemes": ["netrc"]}, ValueError, "Give an instance: schemes=[NetRCAuth(...), ...]."),
        ({"schemes": [Auth()]}, ValueError, "Auth has no `scheme`"),
        ({"schemes": [("user", "secret")]}, TypeError, "instances, not a tuple."),
    ],
)
def test_schemes_that_cannot_take_part_are_refused_at_once(
    settings: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        negotiated(**settings)

    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


def test_digest_asked_for_by_name_and_not_installed_says_what_to_install() -> None:
    with pytest.raises(PluginNotFound, match='pip install "hookline-digest-auth"'):
        NegotiatedAuth("user", "password", schemes=["digest"], plugins=manager_of())


def test_user_name_and_password_are_text() -> None:
    with pytest.raises(TypeError, match="expected user name and password as str or bytes"):
        NegotiatedAuth("user", None)  # type: ignore[arg-type]


# -- What is remembered ---------------------------------------------------------------------


@pytest.mark.parametrize("offered", ["digest", "basic", "ticket"])
def test_what_worked_is_used_from_the_start_the_next_time(offered: str) -> None:
    auth = negotiated(Eager, schemes=["ticket", "digest", "basic"])
    server = Server(offered)

    assert [len(get(auth, server).exchanges) for _ in range(3)] == [2, 1, 1]


@pytest.mark.parametrize(
    "elsewhere",
    [PLAIN, "https://example.org:8443/a", "https://www.example.org/a", "https://example.com/a"],
)
@pytest.mark.parametrize("offered", ["digest", "basic"])
def test_what_worked_is_not_told_to_another_origin(offered: str, elsewhere: str) -> None:
    auth = negotiated()
    get(auth, Server(offered))

    conversation = converse(auth, Request("GET", elsewhere), lambda _: Response(200))
    assert conversation.answers == [None]


def test_what_did_not_work_is_not_remembered() -> None:
    auth = NegotiatedAuth("user", "wrong", plugins=manager_with())

    assert [schemes(get(auth, Server("basic"))) for _ in range(2)] == [[None, "Basic"]] * 2


def test_a_server_that_changes_its_mind_is_followed() -> None:
    auth = negotiated(Eager, schemes=["ticket", "digest", "basic"])
    assert schemes(get(auth, Server("digest"))) == [None, "Digest"]
    assert schemes(get(auth, Server("basic"))) == ["Digest", "Basic"]
    assert schemes(get(auth, Server("basic", "ticket"))) == ["Basic"]
    assert schemes(get(auth, Server("ticket", "digest"))) == ["Basic", "Ticket"]
    assert schemes(get(auth, Server("ticket"))) == ["Ticket"]


def test_what_stops_working_is_forgotten() -> None:
    auth = negotiated()
    get(auth, Server("basic"))
    refusing = [BASIC_CHALLENGE]

    assert schemes(converse(auth, Request("GET", SECURE), lambda _: refusing)) == ["Basic"]
    assert schemes(get(auth, Server("basic"))) == [None, "Basic"]


def test_what_one_scheme_wrote_is_not_left_for_the_next() -> None:
    class Verbose(Ticket):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            request.headers["Authorization"] = "Ticket 2"
            request.headers["X-Ticket"] = "2"
            yield request

    auth = negotiated(Verbose, schemes=["ticket", "basic"])
    get(auth, Server("ticket"))
    conversation = get(auth, Server("basic"))

    assert schemes(conversation) == ["Ticket", "Basic"]
    assert [exchange.header("x-ticket") for exchange in conversation.exchanges] == ["2", None]


def test_password_that_became_wrong_is_not_tried_in_another_way() -> None:
    auth = negotiated()
    server = Server("digest", "basic")
    get(auth, server)
    server.digest.password = "another"

    # Once with the nonce that is known, and once with a new one.
    assert schemes(get(auth, server)) == ["Digest", "Digest"]


def test_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from hookline import _negotiate

    monkeypatch.setattr(_negotiate, "_ORIGINS_KEPT", 3)
    auth = negotiated()
    for number in range(10):
        get(auth, Server("basic"), f"https://host{number}.example/")
        assert len(auth._worked) <= 3

    assert schemes(get(auth, Server("basic"), "https://host9.example/")) == ["Basic"]
    assert schemes(get(auth, Server("basic"), "https://host0.example/")) == [None, "Basic"]


def test_what_a_redirect_brought_along_is_not_sent_again() -> None:
    request = Request("GET", SECURE, headers={"Authorization": "Digest of another URL"})

    assert converse(negotiated(), request, Server("digest")).answers[0] is None


# -- Bodies ---------------------------------------------------------------------------------


def test_body_is_read_for_the_scheme_that_signs_it_and_for_no_other() -> None:
    class Signs(Ticket):
        requires_request_body = True

        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            request.headers["X-Body"] = request.content.decode()
            request.headers["Authorization"] = "Ticket 2"
            yield request

    def ask(offered: str, qop: str = "auth") -> Request:
        auth = negotiated(Signs, schemes=["ticket", "digest"])
        request = Request("POST", SECURE, content=[b"one ", b"two"])
        server = Server(offered, digest=DigestServer(qop=qop))
        assert converse(auth, request, server).response.text == offered
        request = Request("POST", SECURE, content=[b"one ", b"two"])
        assert converse(auth, request, server).statuses == [200]
        return request

    assert ask("ticket").headers["X-Body"] == "one two"
    assert ask("digest", "auth-int").content == b"one two"
    assert not hasattr(ask("digest"), "_content")


def test_body_of_the_response_is_read_where_a_scheme_asks_for_it() -> None:
    class Reads(Ticket):
        requires_response_body = True

    assert negotiated(Reads, schemes=["ticket"]).requires_response_body
    assert not negotiated(Reads).requires_response_body


# -- With a client --------------------------------------------------------------------------


async def test_redirect_elsewhere_leaks_nothing_and_back_home_is_answered_again(
    mode: Mode,
) -> None:
    seen: list[tuple[str, str | None]] = []
    home, away = Server("digest"), Server("digest", "basic")

    def answer(request: Request) -> Response:
        seen.append((str(request.url), request.headers.get("authorization")))
        if request.url.host == "evil.example":
            # It asks, and gets no answer; or sends the client back to where it came from.
            if request.url.path == "/ask":
                return away(request)
            return Response(302, headers={"Location": "https://example.org/back"})
        response = home(request)
        if response.status_code == 200 and "to" in request.url.params:
            return Response(302, headers={"Location": request.url.params["to"]})
        return response

    transport = hookline.MockTransport(mode.function(answer))
    auth = negotiated()
    async with mode.client(transport=transport, auth=auth, follow_redirects=True) as client:
        asked = await client.get("https://example.org/a?to=https://evil.example/ask")
        back = await client.get("https://example.org/a?to=https://evil.example/")

    assert asked.status_code == 401
    assert back.status_code == 200
    elsewhere = [given for url, given in seen if "evil" in url and "to=" not in url]
    assert elsewhere == [None, None]
    assert seen[-1][0] == "https://example.org/back"
    assert (seen[-1][1] or "").startswith("Digest ")


@pytest.mark.parametrize("make", [DigestAuth, NegotiatedAuth])
async def test_redirect_from_http_to_https_on_the_same_host_is_answered(
    mode: Mode, make: type[Any]
) -> None:
    server = Server("digest", "basic")

    def answer(request: Request) -> Response:
        if request.url.scheme == "http":
            return Response(301, headers={"Location": "https://example.org/a"})
        return server(request)

    transport = hookline.MockTransport(mode.function(answer))
    async with mode.client(transport=transport, follow_redirects=True) as client:
        response = await client.get("http://example.org/a", auth=make("user", "password"))

    assert response.text == "digest"
    assert [earlier.status_code for earlier in response.history] == [301, 401]


@pytest.mark.parametrize(
    "location",
    ["https://example.org:8443/a", "https://www.example.org/a", "http://example.org:81/a"],
)
async def test_redirect_to_another_origin_is_not_answered(mode: Mode, location: str) -> None:
    def answer(request: Request) -> Response:
        if str(request.url) == "http://example.org/":
            return Response(301, headers={"Location": location})
        return Server("digest")(request)

    transport = hookline.MockTransport(mode.function(answer))
    auth = DigestAuth("user", "password")
    async with mode.client(transport=transport, follow_redirects=True, auth=auth) as client:
        response = await client.get("http://example.org/")

    assert response.status_code == 401


async def test_real_server_is_asked_and_answered_in_every_mode(mode: Mode, server: str) -> None:
    auth = NegotiatedAuth("user", "password", allow_cleartext=True)
    async with mode.client(auth=auth) as client:
        responses = [
            await client.get(f"{server}/{path}")
            for path in ("digest/auth", "digest/auth", "basic", "basic")
        ]

    assert [response.status_code for response in responses] == [200] * 4
    # The server is one origin: what worked last is tried first.
    assert [len(response.history) for response in responses] == [1, 0, 1, 0]


async def test_it_is_had_by_name_too(mode: Mode, server: str) -> None:
    auth = {"name": "auto", "options": {"username": "user", "password": "password"}}
    async with mode.client(auth=auth) as client:
        response = await client.get(f"{server}/digest/auth")

    assert response.status_code == 200


def test_threads_share_what_it_remembers(server: str) -> None:
    mode = Mode("sync")

    async def run() -> None:
        auth = NegotiatedAuth("user", "password")
        async with mode.client(auth=auth) as client:

            async def work() -> list[int]:
                return [(await client.get(f"{server}/digest/auth")).status_code for _ in range(10)]

            assert await mode.together(*[work] * 4) == [[200] * 10] * 4

    mode.run(run)


# -- The names ------------------------------------------------------------------------------


def test_digest_auth_comes_from_its_plugin() -> None:
    assert hookline.DigestAuth is hookline_digest_auth.DigestAuth


def test_missing_digest_plugin_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hookline_digest_auth", None)
    with pytest.raises(PluginNotFound, match='pip install "hookline-digest-auth"'):
        _ = hookline.DigestAuth


def test_digest_auth_can_be_had_while_plugins_are_loaded() -> None:
    from hookline.plugins import _manager

    # As it is in a plugin's module that is imported for the manager that all clients share.
    with _manager._default_lock:
        assert hookline.DigestAuth.scheme == "digest"


def test_core_brings_its_schemes_through_the_public_hook() -> None:
    known = PluginManager().registry.names("auth_schemes")

    assert list(known) == ["basic", "bearer", "auto", "netrc"]
    assert known["basic"].cls is BasicAuth
    assert {entry.distribution for entry in known.values()} == {"hookline-core"}
