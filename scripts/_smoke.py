"""Use an installed hookline once, the way a first-time user would.

Run by .ci/run in a clean environment, outside the repository. Knows only what a user can import,
and answers for one question: do the wheels, together, make a client that works?
"""

import asyncio
import importlib.metadata
import importlib.resources
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import hookline


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps({"path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def check_what_is_installed() -> None:
    names = sorted(
        distribution.name
        for distribution in importlib.metadata.distributions()
        if distribution.name.startswith("hookline")
    )
    print("installed:", ", ".join(names))
    assert set(names) == {
        "hookline",
        "hookline-cache",
        "hookline-core",
        "hookline-digest-auth",
        "hookline-http11",
        "hookline-http2",
        "hookline-log",
        "hookline-otel",
        "hookline-ratelimit",
        "hookline-retry",
        "hookline-socks",
    }
    assert hookline.DigestAuth.scheme == "digest"
    assert Path(hookline.__file__).is_relative_to(sys.prefix), hookline.__file__
    assert importlib.resources.files("hookline").joinpath("py.typed").is_file()


def check_requests(url: str) -> None:
    response = hookline.get(f"{url}/one-off")
    assert response.status_code == 200
    assert response.json() == {"path": "/one-off"}

    with hookline.Client() as client:
        paths = [client.get(f"{url}/pooled/{number}").json()["path"] for number in range(3)]
    assert paths == ["/pooled/0", "/pooled/1", "/pooled/2"]

    async def fan_out() -> list[int]:
        async with hookline.AsyncClient() as client:
            responses = await asyncio.gather(*(client.get(f"{url}/async/{n}") for n in range(10)))
            return [response.status_code for response in responses]

    assert asyncio.run(fan_out()) == [200] * 10
    print("requests: one-off, pooled and async are answered")


def check_command_line() -> None:
    listing = run_hookline("plugins")
    print(listing.rstrip())
    assert "http11" in listing
    assert json.loads(run_hookline("plugins", "--json"))
    # The extra is not installed here: the script is there, and says so.
    script = Path(sys.executable).with_name("hookline")
    done = subprocess.run([script, "https://example.org"], stderr=subprocess.PIPE, text=True)
    assert (done.returncode, "hookline[cli]" in done.stderr) == (1, True), done.stderr


def check_plugins() -> None:
    """Each plugin is found through its entry point, by the name that users write."""
    hookline.Client(http2=True, proxy="socks5://localhost:1080").close()
    hookline.DigestAuth("user", "password")
    print("plugins: HTTP/2, SOCKS5 and Digest are there by name")


def run_hookline(*arguments: str) -> str:
    command = [sys.executable, "-I", "-m", "hookline", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    check_what_is_installed()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            check_requests(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
    check_command_line()
    check_plugins()


if __name__ == "__main__":
    main()
