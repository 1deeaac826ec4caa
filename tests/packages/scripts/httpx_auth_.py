"""httpx-auth: keys in a header and in the query, Basic, both together, OAuth 2, and AWS."""

import sys

import httpx
import httpx_auth

URL = sys.argv[1]


def sent(auth: httpx.Auth, path: str = "/echo") -> dict[str, str]:
    with httpx.Client() as client:
        answer = client.post(f"{URL}{path}", auth=auth, content=b"body").json()
    return {"query": answer["query"], **answer["headers"]}


key = httpx_auth.HeaderApiKey("k3y", "x-key")
basic = httpx_auth.Basic("user", "pass")
assert sent(key)["x-key"] == "k3y"
assert sent(httpx_auth.QueryApiKey("k3y", "key"))["query"] == "key=k3y"
assert sent(basic)["authorization"] == "Basic dXNlcjpwYXNz"
both = sent(key + basic)
assert (both["x-key"], both["authorization"]) == ("k3y", "Basic dXNlcjpwYXNz")

client = httpx.Client(auth=("id", "secret"))
oauth = httpx_auth.OAuth2ClientCredentials(f"{URL}/oauth/token", "id", "secret", client=client)
with client:
    assert sent(oauth)["authorization"].startswith("Bearer client_credentials-")

aws = httpx_auth.AWS4Auth("id", "secret", region="eu-west-1", service="s3")
signed = sent(aws)
assert signed["authorization"].startswith("AWS4-HMAC-SHA256 Credential=id/")
assert "x-amz-content-sha256" in signed
