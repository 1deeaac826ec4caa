"""Values: what they have, and what they are made of."""
# pyright: standard

from __future__ import annotations

import hookline

response = hookline.Response(200)
response.status  #! attr-defined | reportAttributeAccessIssue
response.headers["a"].status_code  #! attr-defined | reportAttributeAccessIssue
response.headers.get("a").lower()  #! union-attr | reportOptionalMemberAccess
response.headers["a"] = 1  #! assignment | reportArgumentType
response.next_request.url  #! union-attr | reportOptionalMemberAccess
response.text = "text"  #! misc | reportAttributeAccessIssue
response.extensions["http_version"].encode()  #! attr-defined | reportAttributeAccessIssue
response.extensions["network_stream"].read(5).decode()  #! union-attr | reportAttributeAccessIssue
response.extensions["custom"].lower()  #! attr-defined | reportAttributeAccessIssue
response.extensions = 5  #! assignment | reportAttributeAccessIssue
for line in response.aiter_lines():  #! attr-defined | reportGeneralTypeIssues
    pass

request = hookline.Request("GET", "https://a.example")
request.extensions["timeout"]["conect"]  #! typeddict-item | reportGeneralTypeIssues
request.extensions["timeout"]["connect"].hex()  #! union-attr | reportOptionalMemberAccess reportTypedDictNotRequiredAccess
request.url = 5  #! assignment | reportAttributeAccessIssue
hookline.Request("GET")  #! call-arg | reportCallIssue
hookline.Response("200")  #! arg-type | reportArgumentType
hookline.Response(200, json={}, body=b"")  #! call-arg | reportCallIssue

url = hookline.URL("https://a.example")
url.port + 1  #! operator | reportOptionalOperand
url.host = "b.example"  #! misc | reportAttributeAccessIssue
url.copy_with(hots="b.example")  #! call-arg | reportCallIssue
url.copy_with(port="80")  #! arg-type | reportArgumentType
url.copy_with(query="a=1")  #! arg-type | reportArgumentType
hookline.URL(5)  #! arg-type | reportArgumentType

params = hookline.QueryParams("a=1")
params.get("a").lower()  #! union-attr | reportOptionalMemberAccess
hookline.QueryParams(5)  #! arg-type | reportArgumentType

hookline.Cookies({"a": 1})  #! dict-item | reportArgumentType
hookline.Headers({"a": None})  #! arg-type | reportArgumentType
hookline.codes.OK + "a"  #! operator | reportOperatorIssue
hookline.HTTPStatusError("no")  #! call-arg | reportCallIssue
hookline.ConnectError("no", request="https://a.example")  #! arg-type | reportArgumentType
