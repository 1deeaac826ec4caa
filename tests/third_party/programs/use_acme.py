"""Uses everything that `hookline-acme` brings, by name and by table, in one mode.

    use_acme.py MODE URL TLS_URL CA_FILE

Prints what came of it as JSON. Imports nothing of the plugin but its journal.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from hookline_acme import JOURNAL

from support.modes import Mode
from support.raw import Conversation, raw_server


def http09(conversation: Conversation) -> None:
    """A server of 1991."""
    received = b""
    while not received.endswith(b"\n"):
        received += conversation.socket.recv(1)
    conversation.send(b"you asked: " + received.strip())


async def main(mode: Mode, url: str, tls_url: str, ca_file: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}

    async with mode.client(transport="acme-canned") as client:
        facts["transport by name"] = (await client.get("https://nowhere.invalid/")).text
    table = {"name": "acme-canned", "options": {"text": "by table"}}
    async with mode.client(transport=table) as client:
        facts["transport by table"] = (await client.get("https://nowhere.invalid/")).text
    async with mode.client(mounts={"all://mounted.invalid": table}) as client:
        facts["transport by mount"] = (await client.get("http://mounted.invalid/")).text

    middleware = ["acme-hop-tag", {"name": "acme-call-tag", "options": {"value": "mine"}}]
    async with mode.client(middleware=middleware, follow_redirects=True) as client:
        response = await client.get(f"{url}/redirect/302?to=/echo")
        sent = dict(response.json()["headers"])
        facts["middleware"] = {
            "sent": [sent["x-acme-call"], sent["x-acme-hop"]],
            "seen": [response.extensions["acme-call"], response.extensions["acme-hop"]],
        }

    auth = {"name": "acme", "options": {"token": "t0ken"}}
    async with mode.client(auth=auth) as client:
        accepted = dict((await client.get(f"{url}/echo")).json()["headers"])
        refused = await client.get(f"{url}/status/401")
        facts["auth"] = [accepted["authorization"], refused.request.headers["authorization"]]

    for hook in ("acme-journal", {"name": "acme-journal", "options": {"prefix": "> "}}):
        async with mode.client(event_hooks=[hook]) as client:
            await client.get(f"{url}/bytes/7")
            await client.get(f"{url}/bytes/8")
        facts["journal by name" if isinstance(hook, str) else "journal by table"] = list(JOURNAL)
        JOURNAL.clear()

    async with mode.client() as client:
        facts["accept-encoding"] = client.headers["accept-encoding"]
    canned = {"name": "acme-canned", "options": {"text": "hELLO", "coding": "acme-swapcase"}}
    async with mode.client(transport=canned) as client:
        facts["decoder"] = (await client.get("https://nowhere.invalid/")).text

    with raw_server(http09) as server:
        options = {"newline": "\n"}
        for protocol in ("acme-http09", {"name": "acme-http09", "options": options}):
            async with mode.client(protocols=[protocol]) as client:
                response = await client.get(server.url + "page")
                facts.setdefault("protocol", []).append([response.text, response.http_version])

    verify = {"name": "acme-trust", "options": {"ca_file": ca_file}}
    async with mode.client(verify=verify) as client:
        facts["tls"] = (await client.get(f"{tls_url}/echo")).json()["scheme"]

    return facts


if __name__ == "__main__":
    mode_name, *addresses = sys.argv[1:]
    mode = Mode(mode_name)
    url, tls_url, ca_file = addresses
    print(json.dumps(mode.run(main, mode=mode, url=url, tls_url=tls_url, ca_file=ca_file)))
