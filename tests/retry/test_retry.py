"""Sending again: after what, how often, after how long, and never what must not be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest

import hookline
from hookline._backends import load_backend
from hookline._drive import drive
from hookline.plugins import Send, retry_after
from hookline_retry import Retry
from hookline_retry._policy import Policy
from support.modes import Mode
from support.raw import Conversation, RawServer, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Not Now\r\nContent-Length: 4\r\n\r\nbusy"


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """How long was slept, without sleeping."""
    slept: list[float] = []

    async def sleep(self: object, seconds: float) -> None:
        slept.append(seconds)

    for name in ("sync", "asyncio", "anyio"):
        monkeypatch.setattr(load_backend(name), "sleep", sleep)
    return slept


class Answers:
    """A server that gives one answer after the other, the last one for ever; None hangs up."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []

    def __call__(self, conversation: Conversation) -> None:
        while head := conversation.receive_head():
            self.heads.append(head)
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            self.bodies.append(conversation.receive_exactly(length))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if answer is None:
                return
            conversation.send(answer)


async def get(
    mode: Mode, server: RawServer, retry: Any = None, method: str = "GET", **arguments: Any
) -> Any:
    middleware = [retry or Retry(backoff=0)]
    async with mode.client(middleware=middleware) as client:
        return await client.request(method, server.url, **arguments)


async def test_status_that_may_pass_is_followed_by_another_attempt(mode: Mode) -> None:
    answers = Answers(BUSY, BUSY, OK)
    with raw_server(answers) as server:
        response = await get(mode, server)

    assert (response.status_code, response.text) == (200, "ok")
    assert response.extensions["retries"] == 2
    # A short answer is read, so that its connection is kept.
    assert server.connections == 1


async def test_last_answer_is_returned_when_no_retry_is_left(mode: Mode) -> None:
    answers = Answers(BUSY)
    with raw_server(answers) as server:
        response = await get(mode, server, Retry(2, backoff=0))

    assert (response.status_code, response.text) == (503, "busy")
    assert response.extensions["retries"] == 2
    assert len(answers.heads) == 3


class Noting(Send):
    """Answers, and notes what becomes of the answers."""

    is_async = False

    def __init__(self, *responses: hookline.Response) -> None:
        self.responses = list(responses)
        self.log: list[str] = []

    async def __call__(self, request: hookline.Request) -> hookline.Response:
        self.log.append("send")
        return self.responses.pop(0)

    async def read(self, response: hookline.Response) -> bytes:
        self.log.append("read")
        return b""

    async def close(self, response: hookline.Response) -> None:
        self.log.append("close")


@pytest.mark.parametrize(("length", "end"), [(65_536, "read"), (65_537, "close"), (None, "close")])
def test_short_answer_is_read_and_any_other_closed(length: int | None, end: str) -> None:
    headers = {} if length is None else {"Content-Length": str(length)}
    send = Noting(hookline.Response(503, headers=headers), hookline.Response(200))
    request = hookline.Request("GET", "http://example.org/")

    response = drive(Retry(backoff=0).handle(request, send))

    assert response.status_code == 200
    assert send.log == ["send", end, "send"]


async def test_long_answer_is_not_read_for_another_attempt(mode: Mode) -> None:
    long = b"HTTP/1.1 503 Not Now\r\nContent-Length: 1000000\r\n\r\nbusy"
    with raw_server(Answers(long, OK)) as server:
        response = await get(mode, server)

    assert response.status_code == 200
    assert server.connections == 2


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "QUERY"])
async def test_connection_that_breaks_is_followed_by_another_attempt(
    mode: Mode, method: str
) -> None:
    answers = Answers(None, OK if method != "HEAD" else OK.removesuffix(b"ok"))
    with raw_server(answers) as server:
        response = await get(mode, server, method=method)

    assert response.status_code == 200
    assert response.extensions["retries"] == 1


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("answer", [BUSY, None])
async def test_what_is_not_idempotent_is_sent_once(
    mode: Mode, method: str, answer: bytes | None
) -> None:
    answers = Answers(answer, OK)
    with raw_server(answers) as server:
        if answer is None:
            with pytest.raises(hookline.RemoteProtocolError):
                await get(mode, server, method=method, content=b"x")
        else:
            response = await get(mode, server, method=method, content=b"x")
            assert response.status_code == 503

    assert len(answers.heads) == 1


async def test_post_is_sent_again_where_no_server_was_reached(
    mode: Mode, naps: list[float]
) -> None:
    with raw_server(Answers(OK)) as server:
        url = server.url
    async with mode.client(middleware=[Retry(2)]) as client:
        with pytest.raises(hookline.ConnectError):
            await client.post(url, content=b"x")

    assert len(naps) == 2


async def test_methods_that_were_asked_for_are_sent_again(mode: Mode) -> None:
    answers = Answers(BUSY, OK)
    with raw_server(answers) as server:
        retry = Retry(backoff=0, methods=["post"])
        response = await get(mode, server, retry, "POST", content=b"body")

    assert response.status_code == 200
    assert answers.bodies == [b"body", b"body"]


async def test_body_that_cannot_be_read_twice_is_sent_once(mode: Mode) -> None:
    answers = Answers(BUSY, OK)
    with raw_server(answers) as server:
        body = mode.body([b"body"])
        response = await get(
            mode, server, method="PUT", content=body, headers={"Content-Length": "4"}
        )

    assert (response.status_code, response.text) == (503, "busy")
    assert answers.bodies == [b"body"]


async def test_file_is_sent_again(mode: Mode, tmp_path: Any) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"body")
    answers = Answers(BUSY, OK)
    with raw_server(answers) as server, path.open("rb") as file:
        response = await get(mode, server, method="PUT", files={"name": file})

    assert response.status_code == 200
    first, second = answers.bodies
    assert first == second
    assert b"\r\n\r\nbody\r\n" in first


async def test_waits_double_up_to_a_bound(mode: Mode, naps: list[float]) -> None:
    with raw_server(Answers(BUSY)) as server:
        await get(mode, server, Retry(5, backoff=1, max_backoff=5, jitter=0))

    assert naps == [1, 2, 4, 5, 5]


async def test_jitter_leaves_a_part_of_the_wait_to_chance(
    mode: Mode, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 0.5)
    with raw_server(Answers(BUSY)) as server:
        await get(mode, server, Retry(2, backoff=1, jitter=0.5))

    assert naps == [0.75, 1.5]


async def test_server_says_how_long_to_wait(mode: Mode, naps: list[float]) -> None:
    later = b"HTTP/1.1 429 Slower\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    with raw_server(Answers(later, OK)) as server:
        response = await get(mode, server, Retry())

    assert response.status_code == 200
    assert naps == [7.0]


async def test_wait_that_is_too_long_is_not_waited(mode: Mode, naps: list[float]) -> None:
    later = b"HTTP/1.1 429 Slower\r\nRetry-After: 3600\r\nContent-Length: 4\r\n\r\nlate"
    with raw_server(Answers(later, OK)) as server:
        response = await get(mode, server, Retry())

    assert (response.status_code, response.text) == (429, "late")
    assert naps == []


async def test_retry_after_is_not_heard_where_that_was_asked_for(
    mode: Mode, naps: list[float]
) -> None:
    later = b"HTTP/1.1 429 Slower\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
    with raw_server(Answers(later, OK)) as server:
        await get(mode, server, Retry(backoff=1, jitter=0, respect_retry_after=False))

    assert naps == [1.0]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0), ("120", 120.0), (" 3 ", 3.0), ("", None), ("soon", None), ("-1", None),
        ("1.5", None), ("\u0663", None), ("9" * 400, 999999999999.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)  # fmt: skip
def test_retry_after_is_read(value: str, seconds: float | None) -> None:
    response = hookline.Response(503, headers=[("Retry-After", value.encode())])

    assert retry_after(response) == seconds


def test_retry_after_may_be_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_000_000.0)
    response = hookline.Response(503, headers={"Retry-After": formatdate(1_000_060, usegmt=True)})

    assert retry_after(response) == 60.0


async def test_nothing_is_begun_after_the_budget(mode: Mode, naps: list[float]) -> None:
    answers = Answers(BUSY)
    with raw_server(answers) as server:
        retry = Retry(5, backoff=20, max_backoff=100, jitter=0, budget=50)
        response = await get(mode, server, retry)

    # 20 seconds, 40, 80: no clock has moved, so the third wait is the first that is too long.
    assert naps == [20.0, 40.0]
    assert response.extensions["retries"] == 2


async def test_wait_is_not_begun_that_the_calls_total_cuts_short(
    mode: Mode, naps: list[float]
) -> None:
    with raw_server(Answers(BUSY)) as server:
        timeout = hookline.Timeout(5, total=30)
        retry = Retry(5, backoff=20, max_backoff=100, jitter=0)
        response = await get(mode, server, retry, timeout=timeout)

    assert naps == [20.0]
    assert response.status_code == 503


@pytest.mark.parametrize(
    ("asked", "attempts"),
    [(False, 1), (None, 1), (True, 4), (0, 1), (1, 2), ({"retries": 2}, 3), ({"statuses": []}, 1)],
)
async def test_one_request_may_ask_for_something_else(
    mode: Mode, asked: Any, attempts: int
) -> None:
    answers = Answers(BUSY)
    with raw_server(answers) as server:
        await get(mode, server, extensions={"retry": asked})

    assert len(answers.heads) == attempts


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"retires": 1}, "no option 'retires'"),
        ("no", "expected a number of retries"),
        (-1, "retries: expected a whole number >= 0, not -1"),
    ],
)
async def test_what_a_request_asks_for_is_checked(mode: Mode, asked: Any, message: str) -> None:
    with raw_server(Answers(OK)) as server:
        with pytest.raises((TypeError, ValueError), match=message):
            await get(mode, server, extensions={"retry": asked})


@pytest.mark.parametrize(
    "error",
    [
        hookline.PoolTimeout("full"),
        hookline.ProxyError("407"),
        hookline.CertificateError("expired"),
        hookline.UnsupportedProtocol("ftp"),
        hookline.LocalProtocolError("bad"),
    ],
)
def test_what_would_fail_again_is_not_repeated(error: Exception) -> None:
    request = hookline.Request("GET", "http://example.org/")

    assert not Policy().may_follow_error(request, error)


async def test_errors_of_others_pass_through(mode: Mode) -> None:
    attempts = 0

    def handler(request: hookline.Request) -> hookline.Response:
        nonlocal attempts
        attempts += 1
        raise KeyError("mine")

    transport = hookline.MockTransport(handler)
    async with mode.client(transport=transport, middleware=[Retry(backoff=0)]) as client:
        with pytest.raises(KeyError, match="mine"):
            await client.get("http://example.org/")

    assert attempts == 1


async def test_each_hop_of_a_redirect_has_its_own_retries(mode: Mode) -> None:
    there = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
    answers = Answers(BUSY, there, BUSY, OK)
    with raw_server(answers) as server:
        response = await get(mode, server, Retry(1, backoff=0), follow_redirects=True)

    assert response.status_code == 200
    assert [head.split()[1] for head in answers.heads] == [b"/", b"/", b"/there", b"/there"]


async def test_streams_are_retried_and_streamed(mode: Mode) -> None:
    with raw_server(Answers(BUSY, OK)) as server:
        async with mode.client(middleware=[Retry(backoff=0)]) as client:
            async with client.stream("GET", server.url) as response:
                pieces = [piece async for piece in response.aiter_bytes()]

    assert b"".join(pieces) == b"ok"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"retries": -1}, "retries: expected a whole number >= 0, not -1"),
        ({"retries": True}, "retries: expected a whole number >= 0, not True"),
        ({"backoff": -1}, "backoff: expected a number >= 0, not -1"),
        ({"backoff": "1"}, "backoff: expected a number, not '1'"),
        ({"jitter": 2}, "jitter: expected a part of the wait, 0 to 1, not 2"),
        ({"statuses": [42]}, "statuses: expected status codes, not 42"),
        ({"methods": "GET"}, "methods: expected a list of methods, not 'GET'"),
        ({"budget": float("nan")}, "budget: expected a number >= 0, not nan"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message.replace("(", r"\(")):
        Retry(**options)


@pytest.mark.parametrize(
    "spec", ["retry", {"name": "retry", "options": {"retries": 1, "backoff": 0}}]
)
async def test_it_is_there_by_name(mode: Mode, spec: Any, naps: list[float]) -> None:
    with raw_server(Answers(BUSY, OK)) as server:
        async with mode.client(middleware=[spec]) as client:
            response = await client.get(server.url)

    assert response.status_code == 200


async def test_cancelled_wait_leaves_nothing(
    mode: Mode, cancelled_sleep: Callable[..., Any]
) -> None:
    answers = Answers(BUSY, OK)
    with raw_server(answers) as server:
        async with mode.client(middleware=[Retry()]) as client:
            with pytest.raises(cancelled_sleep.error):  # type: ignore[attr-defined]
                await client.get(server.url)
            # Nothing is held: the next request has its connection.
            response = await client.get(server.url)

    assert response.status_code == 200
    assert server.connections == 1


@pytest.fixture
def cancelled_sleep(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Cancelled(BaseException):
        pass

    async def sleep(self: object, seconds: float) -> None:
        raise Cancelled

    for name in ("sync", "asyncio", "anyio"):
        monkeypatch.setattr(load_backend(name), "sleep", sleep)

    class Fixture:
        error = Cancelled

    return Fixture
