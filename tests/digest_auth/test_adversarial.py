"""Whatever a server says, the flow ends, and raises nothing but what it says it raises."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hookline import Auth, DigestAuth, NegotiatedAuth, RemoteProtocolError, Request, Response
from support.flows import converse

NAMES = st.sampled_from(
    ["realm", "nonce", "qop", "algorithm", "stale", "opaque", "domain", "charset", "userhash", "x"]
)
VALUES = st.one_of(
    st.sampled_from(
        [
            "MD5",
            "SHA-256",
            "SHA-512-256-sess",
            '"auth"',
            '"auth-int,auth"',
            "auth-int",
            "true",
            "UTF-8",
            '"http://[x /a"',
            '""',
            '"é\\""',
            '"',
            "",
        ]
    ),
    st.text(max_size=8),
    st.text(max_size=8).map(lambda text: f'"{text}"'),
)
PARAMS = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(
    lambda params: ", ".join(f"{name}={value}" for name, value in params)
)
PLAUSIBLE = st.builds(
    'Digest realm="r", nonce="{}", qop="{}", algorithm={}, stale={}'.format,
    st.sampled_from("abc"),
    st.sampled_from(["auth", "auth-int", "auth,auth-int", ""]),
    st.sampled_from(["MD5", "MD5-sess", "SHA-256"]),
    st.sampled_from(["true", "false"]),
)
CHALLENGES = st.one_of(
    PLAUSIBLE,
    PARAMS.map(lambda params: f"Digest {params}"),
    st.builds("Basic realm=a, Digest {}".format, PARAMS),
    st.builds("{}, {}".format, PLAUSIBLE, PLAUSIBLE),
    st.text(max_size=20),
)
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.just("WWW-Authenticate"), CHALLENGES),
        st.tuples(
            st.just("Authentication-Info"),
            st.one_of(
                st.text(max_size=20),
                st.just("nextnonce=a"),
                st.just('nextnonce="b", rspauth="0"'),
            ),
        ),
        st.tuples(st.just("Set-Cookie"), st.text(max_size=10)),
    ),
    max_size=4,
)
RESPONSES = st.lists(
    st.tuples(st.sampled_from([401, 401, 401, 200, 407, 500]), HEADERS), min_size=1, max_size=6
)


def withstand(auth: Auth, scripts: list[list[tuple[int, list[tuple[str, str]]]]]) -> None:
    for script in scripts:
        answers = iter(script * 10)

        def answer(request: Request, answers: object = answers) -> Response:
            status, headers = next(answers)  # type: ignore[call-overload]
            encoded = [(name.encode(), value.encode("utf-8")) for name, value in headers]
            return Response(status, headers=encoded)

        request = Request("POST", "https://example.org/a", content=[b"one ", b"two"])
        try:
            conversation = converse(auth, request, answer)
        except RemoteProtocolError:
            continue
        assert len(conversation.exchanges) <= 4


@settings(max_examples=400, deadline=None)
@given(st.lists(RESPONSES, min_size=1, max_size=3))
def test_digest_never_goes_round_in_circles_and_raises_protocol_errors_alone(
    scripts: list[list[tuple[int, list[tuple[str, str]]]]],
) -> None:
    withstand(DigestAuth("Jäsøn", "pässword"), scripts)


@settings(max_examples=200, deadline=None)
@given(st.lists(RESPONSES, min_size=1, max_size=3))
def test_negotiation_never_goes_round_in_circles_and_raises_protocol_errors_alone(
    scripts: list[list[tuple[int, list[tuple[str, str]]]]],
) -> None:
    withstand(NegotiatedAuth("Jäsøn", "pässword"), scripts)
