"""Arguments of requests and of clients."""
# pyright: standard

from __future__ import annotations

from typing import assert_type

import hookline

client = hookline.Client()

client.get(5)  #! arg-type | reportArgumentType
client.get("https://a.example", json={"a": 1})  #! call-arg | reportCallIssue
client.get("https://a.example", params=5)  #! arg-type | reportArgumentType
client.get("https://a.example", params={"a": object()})  #! dict-item | reportArgumentType
client.get("https://a.example", headers={"a": 1})  #! arg-type | reportArgumentType
client.get("https://a.example", headers=["a: 1"])  #! arg-type | reportArgumentType
client.get("https://a.example", cookies=("a", "1"))  #! arg-type | reportArgumentType
client.get("https://a.example", timeout="5")  #! arg-type | reportArgumentType
client.get("https://a.example", timeout=(5.0,))  #! arg-type | reportArgumentType
client.get("https://a.example", timeout={"connect": 5.0})  #! arg-type | reportArgumentType
client.get("https://a.example", auth="user")  #! arg-type | reportArgumentType
client.get("https://a.example", auth=("user", "password", "realm"))  #! arg-type | reportArgumentType
client.get("https://a.example", auth=lambda request: None)  #! arg-type | reportArgumentType
client.get("https://a.example", extensions=5)  #! arg-type | reportArgumentType
client.get("https://a.example", extensions={5: "five"})  #! dict-item | reportArgumentType
client.get("https://a.example", folow_redirects=True)  #! call-arg | reportCallIssue
client.post("https://a.example", content=5)  #! arg-type | reportArgumentType
client.post("https://a.example", content=["text"])  #! list-item | reportArgumentType
client.post("https://a.example", files={"file": 5})  #! dict-item | reportArgumentType
client.post("https://a.example", files={"file": ("name", b"", "type", {}, "more")})  #! dict-item | reportArgumentType
client.request("https://a.example")  #! call-arg | reportCallIssue
client.send("https://a.example")  #! arg-type | reportArgumentType

hookline.Client(timeout="5")  #! arg-type | reportArgumentType
hookline.Client(limits=10)  #! arg-type | reportArgumentType
hookline.Client(proxy=5)  #! arg-type | reportArgumentType
hookline.Client(verify=5)  #! arg-type | reportArgumentType
hookline.Client(http2="yes")  #! arg-type | reportArgumentType
hookline.Client(cert=("a", "b", "c", "d"))  #! arg-type | reportArgumentType
hookline.Client(retries=3)  #! call-arg | reportCallIssue
hookline.Client("https://a.example")  #! call-arg | reportCallIssue
hookline.Client(default_encoding=5)  #! arg-type | reportArgumentType
hookline.Client(transport=hookline.AsyncHTTPTransport())  #! arg-type | reportArgumentType
hookline.AsyncClient(transport=hookline.HTTPTransport())  #! arg-type | reportArgumentType
hookline.Client(mounts={"https://": hookline.AsyncHTTPTransport()})  #! dict-item | reportArgumentType
hookline.Timeout("5")  #! arg-type | reportArgumentType
hookline.Timeout(conect=5.0)  #! call-arg | reportCallIssue
hookline.Limits(max_connections="10")  #! arg-type | reportArgumentType
hookline.BasicAuth("user")  #! call-arg | reportCallIssue
hookline.DigestAuth("user", 5)  #! arg-type | reportArgumentType
hookline.HTTPTransport(socket_options=[(1, 2)])  #! list-item | reportArgumentType

client.timeout = "5"  #! assignment | reportAttributeAccessIssue
client.headers = 5  #! assignment | reportAttributeAccessIssue
client.auth = 5  #! assignment | reportAttributeAccessIssue
client.is_closed = True  #! misc | reportAttributeAccessIssue

with hookline.AsyncClient() as wrong:  #! attr-defined | reportGeneralTypeIssues
    pass


async def wrong_mode() -> None:
    async_client = hookline.AsyncClient()
    async_client.get("https://a.example").json()  #! attr-defined | reportAttributeAccessIssue
    await client.get("https://a.example")  #! misc | reportGeneralTypeIssues
    async with client.stream("GET", "https://a.example") as response:  #! attr-defined | reportGeneralTypeIssues
        assert_type(response, hookline.Response)  #! assert-type | reportAssertTypeFailure
    with async_client.stream("GET", "https://a.example") as response:  #! attr-defined | reportGeneralTypeIssues
        pass
