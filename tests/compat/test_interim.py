"""What is around a request and its response: 1xx responses, `Expect`, trailers, targets."""

from __future__ import annotations

from typing import Any

import pytest

from support.compare import MODES, both, differs, exchange, same
from support.raw import Conversation, raw_server
from support.recorder import OK, Recorder

HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "before", [CONTINUE, HINT, HINT * 3 + CONTINUE, b"HTTP/1.1 199 x\r\n\r\n"], ids=repr
)
def test_informational_responses_are_passed_over_alike(
    before: bytes, mode: str, recorder: Recorder
) -> None:
    def call(library: Any) -> Any:
        step = {"method": "POST", "url": recorder.url, "content": b"abc"}
        with recorder.script(before + OK, OK) as transcript:
            results = exchange(library, mode, {}, step, step)
        return [transcript.wire, results]

    same(call, *both())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("value", ["100-continue", "100-Continue", "x", ""])
def test_expectation_of_the_users_own_is_written_alike(
    value: str, mode: str, recorder: Recorder
) -> None:
    """The server has what it needs to answer, where there is no body."""

    def call(library: Any) -> Any:
        step = {"url": recorder.url, "headers": {"Expect": value}}
        with recorder.script(OK) as transcript:
            results = exchange(library, mode, {}, step)
        return [transcript.wire, results]

    same(call, *both())


@pytest.mark.parametrize("mode", MODES)
def test_body_is_not_sent_to_who_does_not_want_it(mode: str) -> None:
    def call(library: Any) -> Any:
        received: list[bytes] = []

        def script(conversation: Conversation) -> None:
            conversation.receive_head()
            conversation.send(FORBIDDEN)
            received.append(conversation.receive_to_end())

        with raw_server(script) as server:
            step = {
                "method": "POST",
                "url": server.url,
                "content": b"abc",
                "headers": {"Expect": "100-continue"},
            }
            results = exchange(library, mode, {}, step)
        return [results[0]["status_code"], received]

    differs("expect-continue", call, *both(), theirs=[403, [b"abc"]], ours=[403, [b""]])


@pytest.mark.parametrize("mode", MODES)
def test_trailers_are_kept(mode: str, recorder: Recorder) -> None:
    def call(library: Any) -> Any:
        with recorder.script(CHUNKED + b"X-Sum: 1\r\n\r\n", CHUNKED + b"\r\n"):
            results = exchange(library, mode, {}, *[{"url": recorder.url}] * 2)
        assert [result["content"] for result in results[:2]] == [b"ok", b"ok"]
        return ["trailers" in result["extensions"] for result in results[:2]]

    differs("trailers", call, *both(), theirs=[False, False], ours=[True, False])


@pytest.mark.parametrize("mode", MODES)
def test_target_is_for_one_request(mode: str, recorder: Recorder) -> None:
    redirect = b"HTTP/1.1 302 There\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"

    def call(library: Any) -> Any:
        extensions = {"target": b"/first"}
        step = {"url": recorder.url, "extensions": extensions, "follow_redirects": True}
        with recorder.script(redirect, OK) as transcript:
            exchange(library, mode, {}, step)
        return [request.split(b" ")[1] for _, request in transcript.wire]

    theirs, ours = [b"/first", b"/first"], [b"/first", b"/there"]
    differs("redirect-extensions", call, *both(), theirs=theirs, ours=ours)


def test_name_in_the_handshake_is_for_one_host() -> None:
    def call(library: Any) -> Any:
        names = []

        def answer(request: Any) -> Any:
            names.append(request.extensions.get("sni_hostname"))
            location = {"Location": "https://b.test/"}
            return library.Response(302 if len(names) == 1 else 200, headers=location)

        transport = library.MockTransport(answer)
        with library.Client(transport=transport, follow_redirects=True) as client:
            client.get("https://a.test/", extensions={"sni_hostname": "c.test"})
        return names

    theirs, ours = ["c.test", "c.test"], ["c.test", None]
    differs("redirect-extensions", call, *both(), theirs=theirs, ours=ours)
