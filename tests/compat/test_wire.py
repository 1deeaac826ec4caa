"""Bytes: what requests look like on a socket, and what becomes of what comes back."""

from __future__ import annotations

import asyncio
import gzip
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.compare import (
    MODES,
    Outcome,
    Raises,
    differs,
    examples,
    exchange,
    meet,
    plain,
    same,
)
from support.recorder import OK, Recorder


def played(
    recorder: Recorder, mode: str, answers: list[bytes], *steps: dict[str, Any], **settings: Any
) -> Any:
    """A call: what was sent in these steps, and what came of each."""

    def call(library: Any) -> Any:
        with recorder.script(*answers) as transcript:
            results = exchange(library, mode, settings, *steps)
        return [transcript.wire, results]

    return call


# -- Requests -----------------------------------------------------------------------------------

TARGETS = [
    "", "/", "/a b", "/é", "/%20%zz", "/a/../b", "/a//b", "/?a=b&c=d e", "/?é", "/#f", "/a;b=c?d#e",
    "/?", "/" + "a" * 3000, "/{}|\\^`[]\"<>", "/?{}|\\^`[]\"<>'", "/*",
]  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "X-Custom"]
HEADERS: list[Any] = [
    {}, {"X-One": "1", "x-two": "2"}, [("A", "1"), ("B", "2"), ("a", "3")], {"X": ""},
    {"Accept": "a"}, {"accept-encoding": "identity"}, {"Host": "example.org"}, {"host": "h"},
    {"Connection": "close"}, {"X": b"\xe9"}, {"X": "a\tb"}, {"User-Agent": "me"},
    {"x-Weird_Name.1~": "v"}, [("Cookie", "a=b"), ("Cookie", "c=d")], {"TE": "trailers"},
]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_targets_are_written_alike(mode: str, recorder: Recorder) -> None:
    steps = [{"url": recorder.url + target} for target in TARGETS]
    same(played(recorder, mode, [OK] * len(steps), *steps))


@pytest.mark.parametrize("mode", MODES)
def test_methods_are_written_alike(mode: str, recorder: Recorder) -> None:
    empty = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    steps = [{"method": method, "url": recorder.url} for method in METHODS]
    same(played(recorder, mode, [empty] * len(steps), *steps))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("headers", HEADERS, ids=str)
def test_headers_are_written_alike(headers: Any, mode: str, recorder: Recorder) -> None:
    step = {"url": recorder.url, "headers": headers}
    same(played(recorder, mode, [OK, OK], step, step))
    same(played(recorder, mode, [OK], {"url": recorder.url}, headers=headers))


REFUSED: list[dict[str, Any]] = [
    {"headers": {"X": "a\r\nb"}}, {"headers": {"X": "a\x00"}}, {"headers": {"a b": "c"}},
    {"headers": {"X": " a"}}, {"headers": {"X": "a "}}, {"headers": {"": "a"}},
    {"method": "GET /"}, {"method": "G\r\n"}, {"extensions": {"target": b"/a b"}},
    {"headers": {"Content-Length": "5"}, "content": b"abc", "method": "POST"},
    {"headers": {"Content-Length": "1"}, "content": b"abc", "method": "POST"},
    {"headers": {"Transfer-Encoding": "gzip"}, "content": b"abc", "method": "POST"},
]  # fmt: skip


def both_refuse(theirs: Outcome, ours: Outcome) -> bool:
    """LocalProtocolError in other words. httpx may have sent the beginning by then."""
    (_, their_results), (_, our_results) = theirs.value, ours.value
    return our_results[0][0] == "LocalProtocolError" and (
        their_results[0][0] == "LocalProtocolError" or isinstance(their_results[0], dict)
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("step", REFUSED, ids=str)
def test_what_must_not_be_sent_is_refused(
    step: dict[str, Any], mode: str, recorder: Recorder
) -> None:
    same(
        played(recorder, mode, [], {"url": recorder.url, **step}),
        except_for={"local-protocol-errors": both_refuse},
    )


@examples(100)
@given(
    target=st.text(st.sampled_from("ab/?#%é &=+\"'<>[]{}|\\^`"), max_size=8),
    headers=st.dictionaries(
        st.sampled_from(["A", "b", "X-C"]),
        st.text(st.sampled_from("ab,; é"), max_size=5),
        max_size=2,
    ),
    body=st.none() | st.binary(max_size=10),
)
def test_any_request_is_written_alike(
    recorder: Recorder, target: str, headers: dict[str, str], body: bytes | None
) -> None:
    step = {
        "method": "POST",
        "url": f"{recorder.url}/{target}",
        "headers": {name: value.strip().encode() for name, value in headers.items()},
        "content": body,
    }
    same(played(recorder, "sync", [OK], step))


@pytest.mark.parametrize("mode", MODES)
def test_target_of_the_user_s_own_is_written_alike(mode: str, recorder: Recorder) -> None:
    for target in (b"*", b"http://other.test/x", b"/%20%2f", b"/\xc3"):
        step = {"method": "OPTIONS", "url": recorder.url, "extensions": {"target": target}}
        same(
            played(recorder, mode, [OK], step),
            except_for={"local-protocol-errors": both_refuse},
        )


@pytest.mark.parametrize("mode", MODES)
def test_connections_are_used_again_alike(mode: str, recorder: Recorder) -> None:
    last = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    old = b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"
    step = {"url": recorder.url}
    closing = {"url": recorder.url, "headers": {"Connection": "close"}}
    for answers, steps in (
        ([OK, OK, OK], [step] * 3),
        ([last, OK, OK], [step] * 3),
        ([old, OK], [step] * 2),
        ([OK, OK], [closing, step]),
    ):
        same(played(recorder, mode, answers, *steps))


# -- The functions --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["get", "head", "options", "delete", "post", "put", "patch"])
def test_functions_send_alike(name: str, recorder: Recorder) -> None:
    arguments: dict[str, Any] = {
        "params": {"a": "b"}, "headers": {"X": "y"}, "cookies": {"c": "d"}, "auth": ("u", "p"),
        "follow_redirects": True, "timeout": 3, "trust_env": False, "verify": False,
    }  # fmt: skip
    if name in ("post", "put", "patch"):
        arguments["json"] = {"a": 1}
    empty = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def call(library: Any) -> Any:
        with recorder.script(empty) as transcript:
            response = getattr(library, name)(recorder.url + "/p", **arguments)
        return [transcript.wire, plain(response)]

    same(call)


def test_request_and_stream_send_alike(recorder: Recorder) -> None:
    def request(library: Any) -> Any:
        with recorder.script(OK) as transcript:
            response = library.request("PROPFIND", recorder.url, verify=False, content=b"abc")
        return [transcript.wire, plain(response)]

    def stream(library: Any) -> Any:
        with recorder.script(OK) as transcript:
            with library.stream("POST", recorder.url, verify=False, data={"a": "b"}) as response:
                state = [response.is_closed, response.num_bytes_downloaded]
                pieces = list(response.iter_bytes())
            state += [response.is_closed, response.num_bytes_downloaded]
        return [transcript.wire, state, pieces]

    same(request)
    same(stream)


def clock(response: Any) -> Any:
    try:
        return type(response.elapsed).__name__, response.elapsed.total_seconds() >= 0
    except RuntimeError as exc:
        return str(exc)


@pytest.mark.parametrize("mode", MODES)
def test_time_is_taken_alike(mode: str, recorder: Recorder) -> None:
    def call(library: Any) -> Any:
        if mode == "async":
            return asyncio.run(awaited(library))
        with recorder.script(OK, OK, OK), library.Client(verify=False) as client:
            told = [clock(client.get(recorder.url))]
            with client.stream("GET", recorder.url) as response:
                told.append(clock(response))
                response.read()
                told.append(clock(response))
            with client.stream("GET", recorder.url) as response:
                pass
            return [*told, clock(response)]

    async def awaited(library: Any) -> Any:
        async with library.AsyncClient(verify=False) as client:
            with recorder.script(OK, OK, OK):
                told = [clock(await client.get(recorder.url))]
                async with client.stream("GET", recorder.url) as response:
                    told.append(clock(response))
                    await response.aread()
                    told.append(clock(response))
                async with client.stream("GET", recorder.url) as response:
                    pass
                told.append(clock(response))
                await client.aclose()
                await asyncio.sleep(0)
            return told

    same(call)


@pytest.mark.parametrize("mode", MODES)
def test_progress_of_a_download_is_counted_alike(mode: str, recorder: Recorder) -> None:
    body = gzip.compress(b"x" * 5000)
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    ) + body

    def call(library: Any) -> Any:
        with recorder.script(answer, answer), library.Client(verify=False) as client:
            with client.stream("GET", recorder.url) as response:
                counts = [response.num_bytes_downloaded]
                counts += [response.num_bytes_downloaded for _ in response.iter_bytes(1000)]
            return [counts, client.get(recorder.url).num_bytes_downloaded]

    same(call)


# -- Responses ------------------------------------------------------------------------------------

BODY = b"Content-Length: 2\r\n\r\nok"
ANSWERS: dict[str, bytes] = {
    "plain": b"HTTP/1.1 200 OK\r\n" + BODY,
    "no reason": b"HTTP/1.1 200 \r\n" + BODY,
    "odd reason": b"HTTP/1.1 200 So-so!\r\n" + BODY,
    "reason beyond ASCII": b"HTTP/1.1 200 Gr\xfc\xdfe\r\n" + BODY,
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n" + BODY,
    "odd status": b"HTTP/1.1 799 Odd\r\n" + BODY,
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",  # noqa: E501
    "chunk extensions": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\n\r\n",  # noqa: E501
    "informational": b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\n" + BODY,
    "continue": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + BODY,
    "repeated headers": b"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\na: 3\r\n" + BODY,
    "header beyond ASCII": b"HTTP/1.1 200 OK\r\nX: \xe9\r\n" + BODY,
    "header in UTF-8": "HTTP/1.1 200 OK\r\nX: é\r\n".encode() + BODY,
    "empty header": b"HTTP/1.1 200 OK\r\nX:\r\nY:   \r\n" + BODY,
    "white space": b"HTTP/1.1 200 OK\r\nX:  a b \t\r\n" + BODY,
    "no content": b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "empty": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "large": b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000,
    "charset": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=latin-1\r\n"
    b"Content-Length: 1\r\n\r\n\xe9",
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("answer", ANSWERS)
def test_responses_are_read_alike(answer: str, mode: str, recorder: Recorder) -> None:
    step = {"url": recorder.url}
    same(played(recorder, mode, [ANSWERS[answer], OK], step, step))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [200, 204, 304, 404])
def test_head_has_no_body_alike(status: int, mode: str, recorder: Recorder) -> None:
    answer = b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\n" % status
    step = {"method": "HEAD", "url": recorder.url}
    same(played(recorder, mode, [answer, answer], step, step))


# What ends the connection, in that many bytes.
BROKEN: dict[str, bytes] = {
    "garbage": b"garbage\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nab\r\n",
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nab",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "bad header": b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
    "bad status": b"HTTP/1.1 2x0 OK\r\n\r\n",
}
# After these bytes the server closes.
CLOSING = {"until the end": b"HTTP/1.1 200 OK\r\n\r\nto the end"}


class OneShot:
    """A server for one connection: reads a request, sends bytes, and closes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> OneShot:
        import threading

        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        sock, _ = self._listener.accept()
        with sock:
            received = b""
            while b"\r\n\r\n" not in received:
                received += sock.recv(65536)
            if self._answer:
                sock.sendall(self._answer)


def one_shot(answer: bytes, mode: str) -> Any:
    def call(library: Any) -> Any:
        with OneShot(answer) as server:
            (result, _) = exchange(library, mode, {}, {"url": server.url})
        if isinstance(result, dict):
            del result["url"]
        return result

    return call


def in_other_words(theirs: Outcome, ours: Outcome) -> bool:
    return bool(theirs.value[0] == ours.value[0])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("answer", [*BROKEN, *CLOSING])
def test_broken_responses_are_refused_with_the_same_exception(answer: str, mode: str) -> None:
    same(
        one_shot({**BROKEN, **CLOSING}[answer], mode),
        except_for={"network-error-texts": in_other_words},
    )


@pytest.mark.parametrize("mode", MODES)
def test_connection_closed_without_a_response_is_the_same_error(mode: str) -> None:
    same(one_shot(b"", mode))


@pytest.mark.parametrize("mode", MODES)
def test_refused_connection_is_the_same_exception(mode: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    call: Any = lambda library: exchange(library, mode, {}, {"url": url})[0]  # noqa: E731
    ours = same(call, except_for={"network-error-texts": in_other_words})

    assert ours.value[0] == "ConnectError"


@pytest.mark.parametrize("mode", MODES)
def test_unknown_host_is_the_same_exception(mode: str) -> None:
    call: Any = lambda library: exchange(  # noqa: E731
        library, mode, {}, {"url": "http://unknown.invalid/"}
    )[0]
    same(call, except_for={"network-error-texts": in_other_words})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "url", ["example.org", "", "/p", "http://", "ftp://h/", "mailto:a@b", "://"]
)
def test_urls_that_cannot_be_requested_are_the_same_error(url: str, mode: str) -> None:
    same(
        lambda library: exchange(library, mode, {}, {"url": url})[0],
        except_for={"relative-urls": in_other_words},
    )


@pytest.mark.parametrize("mode", MODES)
def test_read_timeout_is_the_same_exception(mode: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        step = {"url": url, "timeout": {"read": 0.001}}

        def call(library: Any) -> Any:
            timeout = library.Timeout(5, read=0.001)
            return exchange(library, mode, {}, {**step, "timeout": timeout})[0]

        ours = same(call, except_for={"network-error-texts": in_other_words})

    assert ours.value[0] == "ReadTimeout"


# -- What differs -----------------------------------------------------------------------------------  # noqa: E501


def test_texts_of_network_errors_say_to_whom() -> None:
    meet("network-error-texts")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    differs(
        "network-error-texts",
        lambda library: library.get(f"http://127.0.0.1:{port}", verify=False),
        theirs=Raises("ConnectError", "[Errno 111] Connection refused"),
        ours=Raises("ConnectError", f"Could not connect to 127.0.0.1:{port}: [Errno 111]"),
    )


STRICTER: dict[str, bytes] = {
    "another version": b"HTTP/3.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "folded header": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
    "equal lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
    "length and chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked"
    b"\r\n\r\n2\r\nok\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("answer", STRICTER)
def test_messages_whose_end_is_in_doubt_are_refused(answer: str) -> None:
    call = one_shot(STRICTER[answer], "sync")
    differs(
        "strict-http",
        lambda library: call(library)[0] if isinstance(call(library), tuple) else "read",
        theirs="read",
        ours="RemoteProtocolError",
    )


def test_switch_that_nobody_asked_for_is_refused() -> None:
    call = one_shot(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "sync")
    same(call, except_for={"network-error-texts": in_other_words})


@pytest.mark.parametrize("mode", MODES)
def test_credentials_for_a_proxy_are_not_sent_to_an_origin(mode: str, recorder: Recorder) -> None:
    step = {"url": recorder.url, "headers": {"Proxy-Authorization": "secret", "X": "y"}}
    call = played(recorder, mode, [OK], step)
    differs(
        "proxy-authorization",
        lambda library: b"Proxy-Authorization: secret" in call(library)[0][0][1],
        theirs=True,
        ours=False,
    )
