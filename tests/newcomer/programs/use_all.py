"""Use every plugin that a newcomer has made, by its name in a configuration file, in one mode.

Arguments: the mode, the file, the URL of a server over TLS. Prints what was seen as JSON.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any

from hookline.testing import Conversation, Mode, scripted_server


def page(conversation: Conversation) -> None:
    """An HTTP/1.1 server that says hello, in base64."""
    while head := conversation.receive_head():
        content = b"SGVsbG8="
        fields = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(content)]
        if b"GET /decoded" in head:
            fields.append(b"Content-Encoding: try-decoder")
        conversation.send(b"\r\n".join([*fields, b"", content]))


def old(conversation: Conversation) -> None:
    """An HTTP/1.0 server."""
    conversation.receive_head()
    conversation.send(b"HTTP/1.0 200 OK\r\n\r\nfrom long ago")


def relay(conversation: Conversation) -> None:
    """A relay that is the origin, too."""
    line = b""
    while not line.endswith(b"\n"):
        line += conversation.receive_exactly(1)
    conversation.send(b"ok\n")
    conversation.receive_head()
    content = b"by way of a relay to " + line.strip()
    conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
    conversation.receive_to_end()


def main() -> None:
    mode, file, tls_url = Mode(sys.argv[1]), sys.argv[2], sys.argv[3]
    seen: dict[str, Any] = {}
    logged: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.append(record.getMessage())

    logger = logging.getLogger("hookline_try_event_hook")
    logger.setLevel(logging.INFO)
    logger.addHandler(Keeping())

    async def get(name: str, url: str) -> Any:
        async with mode.client_from_config(file, name=name) as client:
            return await client.get(url)

    async def run() -> None:
        with scripted_server(page) as server:
            response = await get("middleware", server.url)
            seen["middleware"] = response.request.headers["X-Try-Middleware"]
            response = await get("auth-scheme", server.url)
            seen["auth-scheme"] = response.request.headers["Authorization"]
            await get("event-hook", f"{server.url}/watched")
            seen["event-hook"] = [message.partition("/watched")[2] for message in logged]
            seen["decoder"] = (await get("decoder", f"{server.url}/decoded")).text
        seen["transport"] = (await get("transport", "https://nowhere.test/")).text
        with scripted_server(old) as server:
            seen["protocol"] = (await get("protocol", server.url)).text
        with scripted_server(relay) as server:
            # The file takes the relay from the environment: its port is known only now.
            os.environ["RELAY"] = f"try-connector://127.0.0.1:{server.port}"
            seen["connector"] = (await get("connector", "http://origin.test/")).text
        seen["tls-context"] = (await get("tls-context", tls_url)).status_code

    mode.run(run)
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
