"""authlib: a token fetched, refreshed when it is over, and sent, by both clients."""

import asyncio
import sys

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuth1Client, OAuth2Client

URL = sys.argv[1]
TOKEN_URL = f"{URL}/oauth/token"
kept: list[str] = []


def keep(token: dict[str, str], refresh_token: str | None = None) -> None:
    kept.append(token["access_token"])


async def akeep(token: dict[str, str], refresh_token: str | None = None) -> None:
    keep(token, refresh_token)


with OAuth2Client("id", "secret", token_endpoint=TOKEN_URL, update_token=keep) as client:
    assert isinstance(client, httpx2.Client)
    token = client.fetch_token(TOKEN_URL, grant_type="client_credentials")
    assert token["access_token"].startswith("client_credentials-")
    # It was over when it came: the request refreshes it first.
    sent = client.get(f"{URL}/guarded").json()["authorization"]
    assert sent == f"Bearer {kept[0]}"
    assert sent.startswith("Bearer refresh_token-")
    with client.stream("GET", f"{URL}/guarded") as response:
        response.read()
        assert response.json() == {"authorization": sent}
    url, state = client.create_authorization_url(f"{URL}/authorize")
    assert f"state={state}" in url

with OAuth1Client("id", "secret", token="t", token_secret="ts") as signer:
    signed = signer.get(f"{URL}/guarded").json()["authorization"]
    assert signed.startswith("OAuth oauth_nonce=")


async def asynchronous() -> None:
    async with AsyncOAuth2Client(
        "id", "secret", token_endpoint=TOKEN_URL, update_token=akeep
    ) as client:
        await client.fetch_token(TOKEN_URL, grant_type="client_credentials")
        sent = (await client.get(f"{URL}/guarded")).json()["authorization"]
        assert sent == f"Bearer {kept[-1]}"
        assert sent.startswith("Bearer refresh_token-")
        async with client.stream("GET", f"{URL}/guarded") as response:
            await response.aread()
            assert response.json() == {"authorization": sent}


asyncio.run(asynchronous())
assert len(kept) == 2
