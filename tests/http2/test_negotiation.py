"""Which protocol is spoken: ALPN, prior knowledge, and servers that know neither."""

from __future__ import annotations

from typing import Any

import pytest

import hookline
from support.http2 import Peer, answering, http2_server
from support.modes import Mode
from support.raw import Conversation, raw_server


async def test_server_that_knows_both_is_spoken_to_in_http2(
    mode: Mode, h2_server: str, authority: Any
) -> None:
    async with mode.client(http2=True, verify=authority.ca_file) as client:
        for _ in range(3):
            response = await client.get(h2_server + "/echo")
            assert response.http_version == "HTTP/2"
            assert response.json()["http_version"] == "2"


async def test_engine_is_chosen_by_option(
    mode: Mode, engine: str, h2_server: str, authority: Any
) -> None:
    protocols = [{"name": "http2", "options": {"engine": engine}}, "http11"]
    async with mode.client(protocols=protocols, verify=authority.ca_file) as client:
        response = await client.get(h2_server + "/echo")

    assert response.http_version == "HTTP/2"


async def test_client_that_did_not_ask_for_http2_does_not_get_it(
    mode: Mode, h2_server: str, authority: Any
) -> None:
    async with mode.client(verify=authority.ca_file) as client:
        response = await client.get(h2_server + "/")

    assert response.http_version == "HTTP/1.1"


async def test_server_without_alpn_is_spoken_to_in_http11(
    mode: Mode, tls_server: str, authority: Any
) -> None:
    async with mode.client(http2=True, verify=authority.ca_file) as client:
        response = await client.get(tls_server + "/")

    assert response.http_version == "HTTP/1.1"


async def test_plain_http_stays_http11_where_both_are_allowed(mode: Mode, h2c_server: str) -> None:
    async with mode.client(http2=True) as client:
        response = await client.get(h2c_server + "/echo")

    assert response.http_version == "HTTP/1.1"
    assert response.json()["http_version"] == "1.1"


async def test_prior_knowledge_needs_no_tls(mode: Mode, h2c_server: str) -> None:
    async with mode.client(http1=False, http2=True) as client:
        response = await client.get(h2c_server + "/echo")

    assert response.http_version == "HTTP/2"
    assert response.json()["http_version"] == "2"


async def test_prior_knowledge_holds_where_the_server_knows_no_alpn(
    mode: Mode, authority: Any
) -> None:
    with http2_server(answering, tls=authority, alpn=()) as server:
        async with mode.client(http1=False, http2=True, verify=authority.ca_file) as client:
            assert (await client.get(server.url + "a")).text == "/a"


async def test_only_the_protocols_that_are_allowed_are_offered(mode: Mode, authority: Any) -> None:
    chosen = []

    def script(peer: Peer) -> None:
        chosen.append(peer.conversation.socket.selected_alpn_protocol())
        if chosen[-1] == "h2":
            answering(peer)
        assert peer.conversation.receive_head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with http2_server(script, tls=authority, alpn=("http/1.1", "h2")) as server:
        for http1, http2 in ((True, True), (False, True), (True, False)):
            client = mode.client(http1=http1, http2=http2, verify=authority.ca_file)
            async with client:
                assert (await client.get(server.url)).status_code == 200

    assert chosen == ["http/1.1", "h2", "http/1.1"]


async def test_server_that_speaks_http11_only_is_a_protocol_error(mode: Mode, connect: Any) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with connect() as client:
            with pytest.raises(hookline.RemoteProtocolError, match="answers in HTTP/1.1"):  # noqa: RUF043
                await client.get(server.url)


async def test_response_names_its_stream(mode: Mode, connect: Any) -> None:
    with http2_server(answering) as server:
        async with connect() as client:
            responses = [await client.get(server.url) for _ in range(3)]

    assert [response.extensions["stream_id"] for response in responses] == [1, 3, 5]
    assert responses[0].extensions["http_version"] == b"HTTP/2"
    assert responses[0].reason_phrase == "OK"


def test_engine_that_nobody_knows_is_refused_at_construction() -> None:
    with pytest.raises(ValueError, match="engine: expected 'h2', 'jh2' or 'native', not 'h3'"):
        hookline.Client(protocols=[{"name": "http2", "options": {"engine": "h3"}}])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"window": 65_534}, ValueError, "window: expected 65535 to 2147483647 bytes, not 65534"),
        ({"window": 2**31}, ValueError, "window: expected 65535 to 2147483647"),
        ({"window": "1"}, TypeError, "window: expected a number of bytes, not '1'"),
        ({"window": True}, TypeError, "window: expected a number of bytes, not True"),
        ({"windows": 1}, TypeError, "unknown option 'windows'; there are 'engine' and 'window'"),
    ],
)
def test_bad_options_are_refused_at_construction(
    options: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        hookline.Client(protocols=[{"name": "http2", "options": options}])


def test_engine_that_is_not_installed_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r'pip install "hookline-http2\[jh2\]"'):
        hookline.Client(protocols=[{"name": "http2", "options": {"engine": "jh2"}}])
