"""A client as an object: copied, in several event loops and processes, and what it says of
certificates."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import ssl
import warnings
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from support.compare import Raises, both, differs, same
from support.processes import in_child
from support.raw import Conversation, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Copy = Callable[[Any], Any]

COPIES: dict[str, Copy] = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def many(conversation: Conversation) -> None:
    while conversation.receive_head():
        conversation.send(OK)


# -- Copies ---------------------------------------------------------------------------------


def request(library: Any) -> Any:
    return library.Request("POST", "https://example.org/a", content=b"abc", headers={"A": "b"})


VALUES: dict[str, Callable[[Any], Any]] = {
    "URL": lambda library: library.URL("https://user:secret@example.org:8443/a?b=c#d"),
    "QueryParams": lambda library: library.QueryParams([("a", "1"), ("a", "2")]),
    "Headers": lambda library: library.Headers([("A", "1"), ("a", "2")]),
    "Timeout": lambda library: library.Timeout(5, connect=None),
    "Limits": lambda library: library.Limits(max_connections=5),
    "Proxy": lambda library: library.Proxy("http://user:secret@localhost:3128"),
    "Request": request,
    "Response": lambda library: library.Response(200, text="ä", request=request(library)),
    "with cookies": lambda library: library.Response(
        200, headers={"Set-Cookie": "a=b"}, request=request(library)
    ),
    "codes": lambda library: library.codes.NOT_FOUND,
    "ByteStream": lambda library: list(library.ByteStream(b"abc")),
    "BasicAuth": lambda library: next(
        library.BasicAuth("user", "secret").auth_flow(request(library))
    ).headers["Authorization"],
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("name", VALUES)
def test_values_are_copied_alike(name: str, how: str) -> None:
    def copied(library: Any) -> Any:
        value = COPIES[how](VALUES[name](library))
        if isinstance(value, library.Response):
            # `plain` reads it, which a copy's stream does not take.
            return value.status_code, list(value.headers.items()), value.content, value.is_closed
        if isinstance(value, library.Request):
            return value.method, str(value.url), list(value.headers.items()), value.content
        return value

    same(copied, *both())


@pytest.mark.parametrize("how", ["pickle", "deepcopy"])
@pytest.mark.parametrize("kind", ["Client", "AsyncClient", "HTTPTransport", "AsyncHTTPTransport"])
def test_clients_and_transports_travel(kind: str, how: str) -> None:
    def copied(library: Any) -> str:
        return type(COPIES[how](getattr(library, kind)(verify=False))).__name__

    differs("clients-copied", copied, *both(), theirs=Raises("TypeError"), ours=kind)


def test_a_copied_client_has_connections_of_its_own() -> None:
    def both_answer(library: Any) -> int:
        with raw_server(many) as server:
            client = library.Client()
            client.get(server.url)
            again = copy.copy(client)
            again.get(server.url)
            again.close()
            if library is not httpx:
                # A closed pool of httpx's opens another connection.
                client.get(server.url)
            client.close()
            connections: int = server.connections
            return connections

    differs("clients-copied", both_answer, theirs=1, ours=2)


def test_what_cannot_be_pickled_is_named() -> None:
    def pickled(library: Any) -> bytes:
        return pickle.dumps(library.Client(verify=ssl.create_default_context()))

    differs(
        "clients-copied",
        pickled,
        *both(),
        theirs=Raises("TypeError", "cannot pickle"),
        ours=Raises("PicklingError", "verify: an ssl.SSLContext cannot be pickled."),
    )


# -- Event loops and processes --------------------------------------------------------------


def test_a_client_outlives_its_event_loop() -> None:
    def twice(library: Any) -> list[int]:
        with raw_server(many) as server, warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            client = library.AsyncClient()

            async def get() -> int:
                response = await client.get(server.url)
                return int(response.status_code)

            async def last() -> int:
                status = await get()
                await client.aclose()
                return status

            try:
                return [asyncio.run(get()), asyncio.run(last())]
            finally:
                # What the library leaves behind is not this test's to report.
                gc.collect()

    differs("event-loops", twice, *both(), theirs=Raises("RuntimeError"), ours=[200, 200])


def test_a_forked_child_has_connections_of_its_own() -> None:
    def forked(library: Any) -> int:
        with raw_server(many) as server, library.Client() as client:
            client.get(server.url)
            in_child(lambda: client.get(server.url).status_code)
            connections: int = server.connections
            return connections

    differs("forked-processes", forked, *both(), theirs=1, ours=2)


# -- Certificates ---------------------------------------------------------------------------


def test_a_certificate_that_is_refused_has_an_error_of_its_own(tls_server: str) -> None:
    def get(library: Any) -> object:
        try:
            return library.get(tls_server, trust_env=False)
        except library.ConnectError as exc:
            return type(exc).__name__, "CERTIFICATE_VERIFY_FAILED" in str(exc)

    differs(
        "certificate-errors",
        get,
        *both(),
        theirs=("ConnectError", True),
        ours=("CertificateError", True),
    )
