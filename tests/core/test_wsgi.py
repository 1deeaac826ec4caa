"""`WSGITransport`: an application instead of a network, for the synchronous client."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import httpx2
import pytest
from flask import Flask, request
from httpbin import app as httpbin

import hookline
from hookline import RemoteProtocolError, WSGITransport

HERE = "http://example.org"
PEERS = {"httpx": httpx, "httpx2": httpx2}

Environ = dict[str, Any]


def client(app: Any, **settings: Any) -> hookline.Client:
    return hookline.Client(transport=WSGITransport(app, **settings))


class Pieces:
    """A body that counts how often it was closed."""

    def __init__(self, *pieces: Any, error: BaseException | None = None) -> None:
        self.pieces = iter(pieces)
        self.error = error
        self.taken = 0
        self.closed = 0

    def __iter__(self) -> Pieces:
        return self

    def __next__(self) -> Any:
        for piece in self.pieces:
            self.taken += 1
            return piece
        if self.error is not None:
            raise self.error
        raise StopIteration

    def close(self) -> None:
        self.closed += 1


def answering(
    result: Any,
    status: str = "200 OK",
    headers: list[tuple[str, str]] | None = None,
    error: BaseException | None = None,
) -> Any:
    def app(environ: Environ, start_response: Any) -> Any:
        start_response(status, headers or [])
        if error is not None:
            raise error
        return result

    return app


def echo(environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


flask_echo = Flask("echo")


@flask_echo.route("/", methods=["POST"])
def flask_answer() -> bytes:
    return request.get_data()


# -- The environment ------------------------------------------------------------------------


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "http://example.org/a%20b/c%2Fx;y?q=1&z=%20#top",
        "https://user:password@exämple.org:8443/",
        "https://example.org/?",
    ],
)
def test_environment_is_that_of_httpx(url: str, peer: str) -> None:
    environs = []

    def app(environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", [])
        environs.append({**environ, "wsgi.input": environ["wsgi.input"].read()})
        return []

    for library in (hookline, PEERS[peer]):
        transport = library.WSGITransport(app, script_name="/root", remote_addr="10.0.0.1")
        headers = [("X-A", "1"), ("User-Agent", "test"), ("Accept-Encoding", "x")]
        with library.Client(transport=transport) as session:
            session.post(url, headers=headers, json={"a": 1})
    ours, theirs = environs

    assert ours.pop("wsgi.input_terminated") is True
    assert ours == theirs


@pytest.mark.parametrize(
    ("path", "info"),
    [
        ("", "/"),
        ("/é", "/Ã©"),
        ("/%E2%98%83", "/â\x98\x83"),
        ("/%ff", "/ÿ"),
        ("/a%2Fb", "/a/b"),
    ],
)
def test_path_is_bytes_in_the_form_of_text(path: str, info: str) -> None:
    """PEP 3333. httpx writes text, which such applications cannot turn back into bytes."""
    seen = []

    def app(environ: Environ, start_response: Any) -> Any:
        seen.append(environ["PATH_INFO"])
        start_response("200 OK", [])
        return []

    with client(app) as session:
        session.get(HERE + path)

    assert seen == [info]


def test_headers_of_one_name_are_joined() -> None:
    """httpx passes on the last one alone."""
    seen: Environ = {}

    def app(environ: Environ, start_response: Any) -> Any:
        seen.update(environ)
        start_response("200 OK", [])
        return []

    headers = [("X-A", "1"), ("x-a", "2"), ("Cookie", "a=1"), ("cookie", "b=2")]
    with client(app) as session:
        session.get(HERE, headers=headers)

    assert seen["HTTP_X_A"] == "1, 2"
    assert seen["HTTP_COOKIE"] == "a=1; b=2"


def test_errors_of_the_application_go_where_they_are_sent() -> None:
    def app(environ: Environ, start_response: Any) -> Any:
        environ["wsgi.errors"].write("noted")
        start_response("200 OK", [])
        return []

    errors = io.StringIO()
    with client(app, wsgi_errors=errors) as session:
        session.get(HERE)

    assert errors.getvalue() == "noted"


# -- What comes back ------------------------------------------------------------------------


def test_real_application_answers() -> None:
    with client(httpbin) as session:
        posted = session.post(f"{HERE}/post?a=1", data={"b": "2"}, files={"f": ("n", b"content")})
        redirected = session.get(f"{HERE}/redirect/2", follow_redirects=True)
        streamed = session.get(f"{HERE}/stream/3")
        refused = session.get(f"{HERE}/basic-auth/user/password")
        allowed = session.get(
            f"{HERE}/digest-auth/auth/user/password",
            auth=hookline.DigestAuth("user", "password"),
        )

    assert posted.json()["files"] == {"f": "content"}
    assert posted.json()["form"] == {"b": "2"}
    assert posted.json()["args"] == {"a": "1"}
    assert len(redirected.history) == 2
    assert len(streamed.text.splitlines()) == 3
    assert [refused.status_code, allowed.status_code] == [401, 200]


def excusing(environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", [])
    try:
        raise ZeroDivisionError("z")
    except ZeroDivisionError:
        start_response("500 Oh", [("X-A", "1")], sys.exc_info())
    return [b"sorry"]


def late(environ: Environ, start_response: Any) -> Any:
    def pieces() -> Iterator[bytes]:
        yield b""
        start_response("201 Created", [("X-A", "1")])
        yield b"late"

    return pieces()


OUTCOMES: dict[str, Any] = {
    "plain": answering([b"one", b"two"], "201 Created", [("X-A", "1"), ("x-a", "2")]),
    "empty": answering([]),
    "empty pieces": answering([b"", b"a", b"", b"b", b""]),
    "status alone": answering([b""], "204"),
    "reason of its own": answering([b""], "404 Nope"),
    "late": late,
    "error at once": answering(None, error=ZeroDivisionError("z")),
    "error with the first piece": answering(Pieces(error=ZeroDivisionError("z"))),
    "error after a piece": answering(Pieces(b"x", error=ZeroDivisionError("z"))),
    "exc_info": excusing,
}


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("name", OUTCOMES)
def test_outcome_is_that_of_httpx(name: str, peer: str) -> None:
    outcomes = []
    for library in (hookline, PEERS[peer]):
        with library.Client(transport=library.WSGITransport(OUTCOMES[name])) as session:
            try:
                response = session.get(HERE)
            except Exception as exc:
                outcomes.append((type(exc), str(exc)))
            else:
                head = (response.status_code, response.reason_phrase, response.headers.raw)
                outcomes.append((*head, response.content, response.extensions))

    # An iterator that was used up raises again.
    assert outcomes[0] == outcomes[1]


def test_response_is_there_before_the_application_ends() -> None:
    pieces = Pieces(b"", b"0", b"1", b"2")
    with client(answering(pieces)) as session:
        with session.stream("GET", HERE) as response:
            taken = [pieces.taken]
            for piece in response.iter_bytes():
                taken.append(pieces.taken)
                assert piece == b"%d" % (pieces.taken - 2)

    # Up to the first that is not empty: until then, there may be no head.
    assert taken == [2, 2, 3, 4]
    assert pieces.closed == 1


def test_closing_the_response_closes_the_body() -> None:
    pieces = Pieces(b"0", b"1", b"2")
    with client(answering(pieces)) as session:
        with session.stream("GET", HERE) as response:
            for _ in response.iter_bytes():
                break
            assert pieces.closed == 0
        assert (pieces.taken, pieces.closed) == (1, 1)
        response.close()

    assert pieces.closed == 1


@pytest.mark.parametrize("error", [None, ZeroDivisionError("z")])
def test_body_is_closed_however_it_ends(error: Exception | None) -> None:
    for start in (answering, lambda pieces: lambda environ, start_response: pieces):
        pieces = Pieces(b"0", error=error)
        with client(start(pieces)) as session:
            try:
                session.get(HERE)
            except (ZeroDivisionError, RemoteProtocolError):
                pass

        assert pieces.closed == 1


def test_head_has_no_body() -> None:
    pieces = Pieces(b"0", b"1")
    with client(answering(pieces, headers=[("Content-Length", "2")])) as session:
        response = session.head(HERE)

    assert response.content == b""
    assert response.headers["content-length"] == "2"
    assert (pieces.taken, pieces.closed) == (1, 1)


def test_what_is_written_comes_before_what_is_returned() -> None:
    def app(environ: Environ, start_response: Any) -> Any:
        write = start_response("200 OK", [])
        write(b"one ")
        write(b"")

        def pieces() -> Iterator[bytes]:
            write(b"two ")
            yield b"three "
            write(b"four")

        return pieces()

    with client(app) as session:
        assert session.get(HERE).content == b"one two three four"


def test_headers_are_latin_1() -> None:
    with client(answering([b""], headers=[("X-A", "\xe9")])) as session:
        assert session.get(HERE).headers.raw == [(b"X-A", b"\xe9")]


# -- What the application reads -------------------------------------------------------------


def test_body_is_pulled_while_the_application_reads() -> None:
    pulled: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            pulled.append(number)
            yield b"%d" % number * 10_000

    seen = []

    def app(environ: Environ, start_response: Any) -> Any:
        file = environ["wsgi.input"]
        seen.append(list(pulled))
        assert file.read(5) == b"00000"
        seen.append(list(pulled))
        assert len(file.read()) == 29_995
        assert file.read() == b""
        start_response("200 OK", [])
        return [b""]

    with client(app) as session:
        session.post(HERE, content=pieces())

    assert seen == [[], [0]]


def test_body_is_a_file_with_lines() -> None:
    seen = []

    def app(environ: Environ, start_response: Any) -> Any:
        file = environ["wsgi.input"]
        seen.append((file.readline(), file.readline(3), file.readlines(), list(file)))
        start_response("200 OK", [])
        return [b""]

    text = b"one\ntwo\nthree\nfour"
    with client(app) as session:
        session.post(HERE, content=text)
        session.post(HERE, content=iter([text[:2], text[2:9], text[9:]]))

    assert seen == [(b"one\n", b"two", [b"\n", b"three\n", b"four"], [])] * 2


def test_body_may_be_read_while_the_response_is() -> None:
    def app(environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", [])
        while piece := environ["wsgi.input"].read1():
            yield piece.upper()

    pulled = []

    def pieces() -> Iterator[bytes]:
        for piece in (b"one", b"two"):
            pulled.append(piece)
            yield piece

    with client(app) as session:
        with session.stream("POST", HERE, content=pieces()) as response:
            assert pulled == [b"one"]
            assert list(response.iter_bytes()) == [b"ONE", b"TWO"]


def test_real_application_reads_a_body_without_a_length() -> None:
    with client(flask_echo) as session:
        response = session.post(HERE, content=iter([b"one ", b"two"]))

    assert response.text == "one two"


@pytest.mark.parametrize("app", [echo, flask_echo])
def test_what_the_body_raises_is_the_callers(app: Any) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"one"
        raise ZeroDivisionError("the body's")

    for raising in (True, False):
        with client(app, raise_app_exceptions=raising) as session:
            with pytest.raises(ZeroDivisionError, match="the body's"):
                with session.stream("POST", HERE, content=pieces()):
                    raise AssertionError("There is no response to half a request.")


def test_generator_of_a_body_finishes_when_nobody_reads_it() -> None:
    finished = []

    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            finished.append(True)

    def app(environ: Environ, start_response: Any) -> Any:
        environ["wsgi.input"].read(1)
        start_response("200 OK", [])
        return [b"enough"]

    with client(app) as session:
        assert session.post(HERE, content=pieces()).content == b"enough"

    assert finished == [True]


# -- Errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "app",
    [
        answering(None, error=ZeroDivisionError("z")),
        answering(Pieces(error=ZeroDivisionError("z"))),
        lambda environ, start_response: 1 / 0,
    ],
)
def test_error_before_the_head_is_a_response_where_it_is_not_raised(app: Any) -> None:
    with client(app, raise_app_exceptions=False) as session:
        response = session.get(HERE)

    assert (response.status_code, response.content) == (500, b"")


def test_error_that_the_application_has_excused_is_a_response_where_it_is_not_raised() -> None:
    with client(excusing, raise_app_exceptions=False) as session:
        response = session.get(HERE)

    assert (response.status_code, response.content) == (500, b"sorry")
    assert response.headers["x-a"] == "1"


def test_half_a_response_is_not_taken_for_a_whole_one() -> None:
    app = answering(Pieces(b"one", error=ZeroDivisionError("z")))
    with client(app, raise_app_exceptions=False) as session:
        with pytest.raises(RemoteProtocolError, match="failed before its response was") as caught:
            session.get(HERE)

    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert caught.value.request.url == HERE


def test_error_that_comes_too_late_to_be_excused_is_raised_in_the_application() -> None:
    seen = []

    def app(environ: Environ, start_response: Any) -> Any:
        start_response("200 OK", [])
        yield b"one"
        try:
            raise ZeroDivisionError("z")
        except ZeroDivisionError:
            try:
                start_response("500 Oh", [], sys.exc_info())
            except ZeroDivisionError as exc:
                seen.append(exc)
                raise

    with client(app) as session:
        with session.stream("GET", HERE) as response:
            with pytest.raises(ZeroDivisionError):
                response.read()

    assert len(seen) == 1


def test_application_that_starts_no_response_is_named() -> None:
    for raising in (True, False):
        with client(lambda environ, start: [b"x"], raise_app_exceptions=raising) as session:
            with pytest.raises(RemoteProtocolError, match="ended without calling start_response"):
                session.get(HERE)


def test_keyboard_interrupt_is_never_a_response() -> None:
    class Interrupt(KeyboardInterrupt):
        pass

    for app in (
        answering(None, error=Interrupt()),
        answering(Pieces(b"x", error=Interrupt())),
    ):
        with client(app, raise_app_exceptions=False) as session:
            with pytest.raises(Interrupt):
                session.get(HERE)


def twice(environ: Environ, start_response: Any) -> Any:
    start_response("200 OK", [])
    start_response("200 OK", [])


@pytest.mark.parametrize(
    ("app", "error", "message"),
    [
        (twice, RuntimeError, "start_response was called twice without exc_info"),
        (answering([b""], "OK"), ValueError, "a str such as '200 OK', not 'OK'"),
        (answering([b""], "2000 OK"), ValueError, "not '2000 OK'"),
        (answering([b""], 200), ValueError, "not 200"),  # type: ignore[arg-type]
        (answering(["text"]), TypeError, r"yielded 'text' \(str\), not bytes"),
        (answering([b"x", "text"]), TypeError, r"yielded 'text' \(str\), not bytes"),
        (answering(b"bytes"), TypeError, r"yielded 98 \(int\), not bytes"),
        (answering(None), TypeError, "'NoneType' object is not iterable"),
    ],
)
def test_what_is_against_the_rules_is_the_applications_error(
    app: Any, error: type[Exception], message: str
) -> None:
    with client(app) as session:
        with pytest.raises(error, match=message):
            session.get(HERE)


# -- By name --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: {"name": "wsgi", "options": {"app": "httpbin:app", "script_name": ""}},
        lambda: {"name": "wsgi", "options": {"app": httpbin}},
        lambda: WSGITransport("httpbin:app"),
        lambda: WSGITransport("httpbin:app.wsgi_app"),
    ],
)
def test_application_is_named_by_an_import_string(make: Callable[[], Any]) -> None:
    with hookline.Client(transport=make()) as session:
        assert session.get(f"{HERE}/status/418").status_code == 418


def test_transport_by_name_is_refused_by_the_asynchronous_client() -> None:
    async def call() -> None:
        options = {"app": httpbin}
        async with hookline.AsyncClient(transport={"name": "wsgi", "options": options}) as session:
            await session.get(HERE)

    with pytest.raises(RuntimeError, match=r"block the event loop .* Use hookline\.Client"):
        asyncio.run(call())


def test_what_is_no_application_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match="has no attribute 'nothing'"):
        WSGITransport("httpbin:nothing")
    with pytest.raises(TypeError, match="transport: 'wsgi' cannot be made with the options app"):
        hookline.Client(transport={"name": "wsgi", "options": {"app": 1}})
