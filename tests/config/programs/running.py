"""A program that runs on: for each URL that it reads, it makes a client as HOOKLINE_CONFIG says,
and a request. It knows nothing of transports.

    running.py MODE

Prints what came of each as a line of JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import hookline
from support.config_plugins import configured
from support.modes import Mode


def greet(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """An application, for a configuration to name."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"in the same process"]


async def asgi_greet(scope: Any, receive: Any, send: Any) -> None:
    """The same for asynchronous clients."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in the same process"})


async def main(mode: Mode) -> None:
    for line in sys.stdin:
        try:
            async with configured(mode) as client:
                answer = (await client.get(line.strip())).text
        except (hookline.ConfigError, hookline.RequestError) as exc:
            answer = type(exc).__name__
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    # Under its own name, too, so that "running:greet" is this one.
    sys.modules["running"] = sys.modules["__main__"]
    mode = Mode(sys.argv[1])
    mode.run(main, mode=mode)
