"""The grammar of challenges (RFC 9110 section 11): what is read, and what is refused."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline import Headers, RemoteProtocolError
from hookline.plugins import Challenge, parse_auth_params, parse_challenges


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        (" , ,\t", []),
        ("Basic", [Challenge("basic", {})]),
        ("NEGOTIATE", [Challenge("negotiate", {})]),
        ('Basic realm="here"', [Challenge("basic", {"realm": "here"})]),
        ("Basic   realm=here", [Challenge("basic", {"realm": "here"})]),
        ('Basic REALM = "here" ', [Challenge("basic", {"realm": "here"})]),
        ('Basic realm=""', [Challenge("basic", {"realm": ""})]),
        ('Basic realm="a, b=c; d"', [Challenge("basic", {"realm": "a, b=c; d"})]),
        (
            r'Basic realm="say \"hi\" \\ \x"',
            [Challenge("basic", {"realm": r'say "hi" \ x'})],
        ),
        ('Basic realm="café\t"', [Challenge("basic", {"realm": "café\t"})]),
        ("Negotiate dG9rZW4=", [Challenge("negotiate", {}, "dG9rZW4=")]),
        ("Negotiate a-._~+/== ,", [Challenge("negotiate", {}, "a-._~+/==")]),
        # By the grammar that is a token68, odd as it looks.
        ("Scheme name=", [Challenge("scheme", {}, "name=")]),
        ("Basic, Negotiate", [Challenge("basic", {}), Challenge("negotiate", {})]),
        (
            "Negotiate dG9rZW4=, Basic realm=x",
            [Challenge("negotiate", {}, "dG9rZW4="), Challenge("basic", {"realm": "x"})],
        ),
        (
            'Digest realm="a", ,nonce=1 , Bearer, Basic realm="b",',
            [
                Challenge("digest", {"realm": "a", "nonce": "1"}),
                Challenge("bearer", {}),
                Challenge("basic", {"realm": "b"}),
            ],
        ),
        # The example of RFC 9110 section 11.6.1.
        (
            'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
            [
                Challenge("basic", {"realm": "simple"}),
                Challenge("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}),
            ],
        ),
    ],
)
def test_challenges_are_read(value: str, expected: list[Challenge]) -> None:
    assert parse_challenges([value]) == expected


def test_reading_challenges_takes_time_by_their_length() -> None:
    """Of a megabyte each, ten times what a server can send. In a process of its own: who goes back
    and forth does not come back, and lets nobody else run."""
    code = (
        "from hookline import RemoteProtocolError\n"
        "from hookline.plugins import parse_challenges\n"
        "pieces = ['a', 'a ', '=', ',', ' ', '\\t', '\"', 'a a,', 'a=\"', '\\\\\"', 'a=b, ']\n"
        "for start in ('', 'Basic ', 'Basic realm=\"', 'Basic a'):\n"
        "    for piece in pieces:\n"
        "        for end in ('', '\\0'):\n"
        "            try:\n"
        "                parse_challenges([start + piece * (1_000_000 // len(piece)) + end])\n"
        "            except RemoteProtocolError:\n"
        "                pass\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_challenges_of_several_headers_come_one_after_the_other() -> None:
    headers = Headers(
        [
            ("WWW-Authenticate", "Negotiate"),
            ("X-Other", "Basic"),
            ("www-authenticate", 'Digest realm="a", nonce=b, Basic realm="c"'),
        ]
    )
    found = parse_challenges(headers.get_list("WWW-Authenticate"))

    assert [challenge.scheme for challenge in found] == ["negotiate", "digest", "basic"]


@pytest.mark.parametrize(
    ("value", "what", "position"),
    [
        ('"x"', "expected the name of a scheme", 1),
        ("=", "expected the name of a scheme", 1),
        ("Basic realm=x, =", "expected the name of a scheme", 16),
        ('Basic="x"', "expected a space after the scheme", 6),
        ('Basic"x"', "expected a space after the scheme", 6),
        ("Basic (x)", "expected a parameter", 7),
        ('Basic "x"', "expected a parameter", 7),
        ("Basic realm==x", "expected a value", 13),
        ('Basic realm="x', "the quotes around it are not closed", 13),
        ('Basic realm="x\\"', "the quotes around it are not closed", 13),
        ('Basic realm="x\r\ny"', "expected a value", 13),
        ('Basic realm="x\x7fy"', "expected a value", 13),
        ("Basic realm=é", "expected a value", 13),
        ("Basic realm=one two", "expected a comma", 17),
        ('Basic realm="x"nonce=1', "expected a comma", 16),
        ("Basic realm=x; a=b", "expected a comma", 14),
        ("Basic a b", "expected a parameter", 7),
        ("Digest nonce=1, nonce=2", "the parameter 'nonce' is there twice", 23),
        ("Digest nonce=1, NONCE=1", "the parameter 'nonce' is there twice", 23),
    ],
)
def test_what_is_no_challenge_is_an_error_that_says_where(
    value: str, what: str, position: int
) -> None:
    with pytest.raises(RemoteProtocolError, match=re.escape(what)) as caught:
        parse_challenges(["Basic", value])

    assert f"at character {position} of {value!r}." in str(caught.value)


def test_a_long_header_is_not_shown_whole() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse_challenges(["x" * 100_000 + " ("])

    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", {}),
        (
            'rspauth="abc", cnonce="d, e", nc=00000001, QOP=auth',
            {"rspauth": "abc", "cnonce": "d, e", "nc": "00000001", "qop": "auth"},
        ),
    ],
)
def test_auth_params_are_read(value: str, expected: dict[str, str]) -> None:
    assert parse_auth_params(value) == expected


@pytest.mark.parametrize("value", ["Digest", "Digest a=1", "a=1, b", "a=1, a=2", 'a="'])
def test_what_are_no_auth_params_is_an_error(value: str) -> None:
    with pytest.raises(RemoteProtocolError, match="cannot be read"):
        parse_auth_params(value)


# -- Anything at all ------------------------------------------------------------------------

TOKENS = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=8)
TEXT = st.text(
    st.characters(exclude_categories=["Cc", "Cs"]) | st.just("\t"),
    max_size=20,
)
PIECES = st.sampled_from(["Basic", " ", ",", "=", '"', "\\", "a", "realm", "é", "\x00", "\n", "=="])


@given(st.one_of(st.text(), st.lists(PIECES, max_size=20).map("".join)))
def test_any_text_is_read_or_refused(value: str) -> None:
    for parse in (lambda: parse_challenges([value]), lambda: parse_auth_params(value)):
        try:
            parse()
        except RemoteProtocolError:
            pass


@given(
    st.lists(
        st.tuples(
            TOKENS,
            st.dictionaries(TOKENS.map(str.lower), st.tuples(TEXT, st.booleans()), max_size=4),
        ),
        max_size=4,
    )
)
def test_what_was_written_by_the_grammar_is_read_back(
    challenges: list[tuple[str, dict[str, tuple[str, bool]]]],
) -> None:
    written = []
    for scheme, params in challenges:
        parts = []
        for name, (value, is_spaced) in params.items():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'{name} = "{escaped}"' if is_spaced else f'{name}="{escaped}"')
        written.append(f"{scheme} {', '.join(parts)}".strip())

    assert parse_challenges([", ".join(written)]) == [
        Challenge(scheme.lower(), {name: value for name, (value, _) in params.items()})
        for scheme, params in challenges
    ]
