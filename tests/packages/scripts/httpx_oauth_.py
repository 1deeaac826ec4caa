"""httpx-oauth: an authorization URL, a token for a code, and its refreshing."""

import asyncio
import sys

from httpx_oauth.oauth2 import OAuth2

URL = sys.argv[1]


async def main() -> None:
    client = OAuth2(
        "id",
        "secret",
        f"{URL}/authorize",
        f"{URL}/oauth/token",
        refresh_token_endpoint=f"{URL}/oauth/token",
        token_endpoint_auth_method="client_secret_basic",
    )
    url = await client.get_authorization_url("http://localhost/back", state="s")
    assert url.startswith(f"{URL}/authorize?")
    token = await client.get_access_token("code", "http://localhost/back")
    assert token["access_token"].startswith("authorization_code-")
    token = await client.refresh_token(token["refresh_token"])
    assert token["access_token"].startswith("refresh_token-")


asyncio.run(main())
