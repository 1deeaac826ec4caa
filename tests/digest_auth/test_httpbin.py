"""Against httpbin, a server that was written by others, in all modes."""

from __future__ import annotations

import pytest

import hookline
from support.modes import Mode


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512"])
@pytest.mark.parametrize("qop", ["auth", "auth-int", "either"])
async def test_httpbin_takes_our_answers(
    mode: Mode, httpbin: str, qop: str, algorithm: str
) -> None:
    url = f"{httpbin}/digest-auth/{qop}/user/password/{algorithm}/never"
    async with mode.client(auth=hookline.DigestAuth("user", "password")) as client:
        first = await client.get(url)
        second = await client.request("GET", url, content=b"a body")

    assert first.json() == {"authenticated": True, "user": "user"}
    assert [challenge.status_code for challenge in first.history] == [401]
    assert second.json() == {"authenticated": True, "user": "user"}
    assert second.history == []


async def test_httpbin_refuses_a_wrong_password_once(mode: Mode, httpbin: str) -> None:
    async with mode.client() as client:
        response = await client.get(
            f"{httpbin}/digest-auth/auth/user/password/MD5/never",
            auth=hookline.DigestAuth("user", "wrong"),
        )

    assert response.status_code == 401
    assert len(response.history) == 1


async def test_httpbin_gets_its_cookies_back_with_the_answer(mode: Mode, httpbin: str) -> None:
    url = f"{httpbin}/digest-auth/auth/user/password/MD5/never?require-cookie=1"
    async with mode.client(cookies={"mine": "1"}) as client:
        response = await client.get(url, auth=hookline.DigestAuth("user", "password"))

    # Past the challenge that asks for cookies; what httpbin makes of a query string is its own.
    assert len(response.history) == 1
    cookies = response.request.headers["cookie"].split("; ")
    assert {"mine=1", "fake=fake_value", "stale_after=never"} <= set(cookies)


async def test_httpbin_says_stale_and_is_answered_anew(mode: Mode, httpbin: str) -> None:
    url = f"{httpbin}/digest-auth/auth/user/password/MD5/2"
    async with mode.client(auth=hookline.DigestAuth("user", "password")) as client:
        responses = [await client.get(url) for _ in range(4)]

    assert [response.status_code for response in responses] == [200] * 4
    [stale] = responses[2].history
    assert "stale=True" in stale.headers["www-authenticate"]


async def test_httpbin_is_asked_what_it_takes(mode: Mode, httpbin: str) -> None:
    auth = hookline.NegotiatedAuth("user", "password")
    async with mode.client(auth=auth) as client:
        digest = await client.get(f"{httpbin}/digest-auth/auth/user/password/SHA-256/never")
        basic = await client.get(f"{httpbin}/basic-auth/user/password")

    assert digest.status_code == 200
    # Plain http: the password is not handed over.
    assert basic.status_code == 401
    auth = hookline.NegotiatedAuth("user", "password", allow_cleartext=True)
    async with mode.client(auth=auth) as client:
        responses = [await client.get(f"{httpbin}/basic-auth/user/password") for _ in range(2)]
    assert [response.status_code for response in responses] == [200, 200]
    assert [len(response.history) for response in responses] == [1, 0]


async def test_httpbin_takes_basic_without_a_challenge_and_bearer(mode: Mode, httpbin: str) -> None:
    async with mode.client() as client:
        hidden = await client.get(
            f"{httpbin}/hidden-basic-auth/user/password", auth=("user", "password")
        )
        bearer = await client.get(f"{httpbin}/bearer", auth=hookline.BearerAuth("t0ken|a:b"))

    assert hidden.json() == {"authenticated": True, "user": "user"}
    assert bearer.json() == {"authenticated": True, "token": "t0ken|a:b"}
