"""The examples of the RFCs, to the last digit."""

from __future__ import annotations

from urllib.request import parse_http_list, parse_keqv_list

import pytest

from hookline import DigestAuth, Request, Response
from support.flows import converse


class Fixed(DigestAuth):
    """With the client nonce of an example, where everybody else's are random."""

    cnonce = b""

    def _make_cnonce(self) -> bytes:
        return self.cnonce


def answer_to(
    challenge: str, username: str, password: str, cnonce: str, url: str, method: str = "GET"
) -> dict[str, str]:
    """The parameters with which a challenge is answered."""
    auth = Fixed(username, password)
    auth.cnonce = cnonce.encode()
    answers = iter([Response(401, headers={"WWW-Authenticate": challenge}), Response(200)])
    conversation = converse(auth, Request(method, url), lambda _: next(answers))
    sent = conversation.answers[1]
    assert sent is not None
    scheme, _, params = sent.partition(" ")
    assert scheme == "Digest"
    return dict(parse_keqv_list(parse_http_list(params)))


def test_rfc_2617_section_3_5() -> None:
    params = answer_to(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
        "Mufasa",
        "Circle Of Life",
        "0a4f113b",
        "http://www.nowhere.org/dir/index.html",
    )

    assert params == {
        "username": "Mufasa",
        "realm": "testrealm@host.com",
        "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "uri": "/dir/index.html",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "0a4f113b",
        "response": "6629fae49393a05397450978507c4ef1",
        "opaque": "5ccc069c403ebaf9f0171e9517f40e41",
    }


def test_rfc_2069_section_2_4_as_its_erratum_has_it() -> None:
    params = answer_to(
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"',
        "Mufasa",
        "CircleOfLife",
        "not used",
        "http://www.nowhere.org/dir/index.html",
    )

    assert params == {
        "username": "Mufasa",
        "realm": "testrealm@host.com",
        "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "uri": "/dir/index.html",
        "response": "1949323746fe6a43ef61f9606e7febea",
        "opaque": "5ccc069c403ebaf9f0171e9517f40e41",
    }


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_section_3_9_1(algorithm: str, response: str) -> None:
    params = answer_to(
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
        "Mufasa",
        "Circle of Life",
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "http://www.example.org/dir/index.html",
    )

    assert params == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "algorithm": algorithm,
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "qop": "auth",
        "response": response,
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }


def test_rfc_7616_section_3_9_2_with_the_hash_that_it_names() -> None:
    params = answer_to(
        'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, '
        'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", '
        'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true',
        "J\u00e4s\u00f8n Doe",
        "Secret, or not?",
        "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        "http://api.example.org/doe.json",
    )

    # The RFC's own figures are those of a SHA-512 that was cut short (erratum 4897); SHA-512/256
    # starts from other values (FIPS 180-4).
    assert params == {
        "username": "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",
        "realm": "api@example.org",
        "uri": "/doe.json",
        "algorithm": "SHA-512-256",
        "nonce": "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        "nc": "00000001",
        "cnonce": "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        "qop": "auth",
        "response": "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
        "opaque": "HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS",
        "userhash": "true",
    }
