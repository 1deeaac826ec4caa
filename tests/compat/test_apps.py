"""Applications instead of a network: ASGI and WSGI, whatever they do.

Most applications here break the rules in some way, one thing after the other: that is where
libraries differ.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Sequence
from typing import Any

import pytest

import hookline
from support.compare import Call, Excuse, Outcome, Raises, both, differs, outcome, same

HERE = "http://h/"
RULES = {
    "AssertionError", "AttributeError", "KeyError", "RuntimeError", "TypeError",
    "UnicodeEncodeError", "ValueError",
}  # fmt: skip


def answer_of(response: Any) -> Any:
    return [
        response.status_code,
        response.headers.raw,
        response.content,
        dict(response.extensions),
    ]


def is_refused(ours: Outcome, *, raising: bool) -> bool:
    """What an application gets that breaks the rules, and the client that called it."""
    if raising:
        return ours.raised in RULES
    return ours.raised == "RemoteProtocolError" or (ours.error is None and ours.value[0] == 500)


def incomplete(theirs: Outcome, ours: Outcome) -> bool:
    return ours.raised == "RemoteProtocolError" and (
        theirs.raised == "AssertionError" or theirs.error is None
    )


# -- ASGI ---------------------------------------------------------------------------------------


def start(status: Any = 200, headers: Any = (), **more: Any) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers, **more}


def body(content: Any = b"", more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}


MESSAGES: dict[str, Any] = {
    "200": start(200, [(b"A", b"b"), (b"a", b"\xe9")]),
    "204": start(204),
    "999": start(999),
    "103": start(103, [(b"link", b"</a>")]),
    "status of text": start("200"),
    "status of a flag": start(True),
    "no status": {"type": "http.response.start"},
    "headers of text": start(200, [("A", "b")]),
    "headers as lists": start(200, [[b"A", b"b"]]),
    "headers as a mapping": start(200, {b"A": b"b"}),
    "headers of numbers": start(200, [(1, 2)]),
    "no headers": {"type": "http.response.start", "status": 200},
    "trailers to come": start(200, trailers=True),
    "end": body(b"x"),
    "piece": body(b"x", True),
    "nothing": body(),
    "no body": {"type": "http.response.body"},
    "bytearray": body(bytearray(b"x")),
    "text": body("x"),
    "None": body(None),
    "trailers": {"type": "http.response.trailers", "headers": [(b"t", b"1")]},
    "unknown": {"type": "http.response.push", "path": "/"},
    "no type": {},
    "error": ZeroDivisionError("z"),
}
BAD_START = {"status of text", "status of a flag", "no status", "headers of numbers"}
BAD_BODY = {"text", "None"}
STARTS = {name for name, message in MESSAGES.items() if "start" in str(message)} - {"103"}
BODIES = {name for name, message in MESSAGES.items() if "response.body" in str(message)}


def asgi(names: Sequence[str], method: str = "GET", *, raising: bool = True) -> Call:
    """A call of an application that sends these messages."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for name in names:
            if isinstance(MESSAGES[name], Exception):
                raise MESSAGES[name]
            await send(dict(MESSAGES[name]))

    def call(library: Any) -> Any:
        async def run() -> Any:
            transport = library.ASGITransport(app, raise_app_exceptions=raising)
            async with library.AsyncClient(transport=transport) as client:
                return answer_of(await client.request(method, HERE))

        return asyncio.run(run())

    return call


def breaks_rules(names: Sequence[str]) -> bool:
    """Whether an application sends what it must not, before it raises anything."""
    is_started = body_is_over = has_trailers = False
    for name in names:
        if name == "error":
            return False
        if name == "no type" or (name in STARTS and (is_started or name in BAD_START)):
            return True
        if name in BODIES and (not is_started or body_is_over or name in BAD_BODY):
            return True
        if name == "trailers" and has_trailers and not body_is_over:
            return True
        is_started = is_started or name in STARTS
        has_trailers = has_trailers or name == "trailers to come"
        body_is_over = body_is_over or (name in BODIES and name != "piece")
    return False


def asgi_rows(names: Sequence[str], method: str, raising: bool) -> dict[str, Excuse]:
    def passed_over(theirs: Outcome, ours: Outcome) -> bool:
        rest = [name for name in names if name != "103"]
        return "103" in names and ours == outcome(asgi(rest, method, raising=raising), hookline)

    def trailing(theirs: Outcome, ours: Outcome) -> bool:
        """They are read, and an application that announces them has to send them."""
        if "trailers to come" not in names or breaks_rules(names):
            return False
        if "trailers" not in names[names.index("trailers to come") :]:
            return incomplete(theirs, ours)
        return ours.error is None and [*ours.value[3]] == ["trailers"]

    def refused(theirs: Outcome, ours: Outcome) -> bool:
        return breaks_rules(names) and is_refused(ours, raising=raising)

    return {
        "apps-rules": refused,
        "asgi-informational": passed_over,
        "asgi-trailers": trailing,
        "apps-incomplete": incomplete,
    }


SOME = ["200", "103", "piece", "end", "trailers to come", "trailers", "error"]
SEQUENCES = [
    *itertools.chain.from_iterable(itertools.product(MESSAGES, repeat=count) for count in (0, 1)),
    *((first, second) for first in ("200", "103", "no headers", "end") for second in MESSAGES),
    *((first, second) for first in MESSAGES for second in ("end", "piece", "200")),
    *itertools.product(SOME, repeat=3),
    ("200", "piece", "piece", "end"),
    ("trailers to come", "end", "trailers"),
    ("trailers to come", "piece", "end", "trailers", "error"),
]


@pytest.mark.parametrize("raising", [True, False])
def test_asgi_applications_are_answered_for_alike(raising: bool) -> None:
    for names in dict.fromkeys(SEQUENCES):
        for method in ("GET", "HEAD") if raising and len(names) < 3 else ("GET",):
            same(
                asgi(names, method, raising=raising),
                except_for=asgi_rows(names, method, raising),
            )


def test_asgi_applications_are_answered_for_as_by_httpx2() -> None:
    """Whose transport is httpx's."""
    for names in dict.fromkeys(SEQUENCES[:60]):
        same(asgi(names), *both(), except_for=asgi_rows(names, "GET", True))


def scope_of(library: Any, url: str, **settings: Any) -> Any:
    scopes = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(dict(scope))
        await send(start())
        await send(body())

    async def run() -> None:
        transport = library.ASGITransport(app, **settings)
        headers = [("X-A", "1"), ("x-a", "2"), ("User-Agent", "test"), ("Accept-Encoding", "x")]
        async with library.AsyncClient(transport=transport) as client:
            await client.post(url, headers=headers, content=b"body")

    asyncio.run(run())
    return scopes[0]


URLS = [
    "http://example.org",
    "http://example.org/a%20b/c%2Fx;y?q=1&z=%20#top",
    "https://user:password@exämple.org:8443/",
    "https://example.org:443/?",
    "http://[::1]:80/%41?%ff",
]


@pytest.mark.parametrize("url", [*URLS, "http://example.org/é/%ff"])
def test_asgi_scopes_are_alike(url: str) -> None:
    def call(library: Any) -> Any:
        scope = scope_of(library, url, root_path="/root", client=("10.0.0.1", 5))
        scope.pop("extensions", None)
        scope["asgi"].pop("spec_version", None)
        return {**scope, "headers": sorted(scope["headers"])}

    same(call, *both())


def test_asgi_scope_says_what_there_is() -> None:
    def call(library: Any) -> Any:
        scope = scope_of(library, HERE)
        return [scope["asgi"], scope.get("extensions")]

    theirs = [{"version": "3.0"}, None]
    ours = [{"version": "3.0", "spec_version": "2.4"}, {"http.response.trailers": {}}]
    differs("asgi-scope", call, *both(), theirs=theirs, ours=ours)


def test_asgi_rows_are_true() -> None:
    cut_off = "The ASGI application failed before its response was complete."
    half = ["200", "piece", "error"]
    differs(
        "apps-incomplete",
        lambda library: asgi(half, raising=False)(library)[2],
        *both(),
        theirs=b"x",
        ours=Raises("RemoteProtocolError", cut_off),
    )
    never = Raises("RemoteProtocolError", "ended before there was a response")
    differs("apps-incomplete", asgi([]), *both(), theirs=Raises("AssertionError"), ours=never)
    twice = Raises("RuntimeError", "http.response.start was sent twice")
    differs(
        "apps-rules", asgi(["200", "200"]), *both(), theirs=Raises("AssertionError"), ours=twice
    )
    hint = ["103", "200", "end"]
    differs(
        "asgi-informational",
        lambda library: asgi(hint, raising=False)(library)[0],
        *both(),
        theirs=103,
        ours=200,
    )
    trailing = ["trailers to come", "end", "trailers"]
    differs(
        "asgi-trailers",
        lambda library: "trailers" in asgi(trailing)(library)[3],
        *both(),
        theirs=False,
        ours=True,
    )


def test_asgi_responses_stream() -> None:
    def call(library: Any) -> Any:
        sent = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send(start())
            for number in range(3):
                await send(body(b"x" * 100_000, True))
                sent.append(number)
            await send(body())

        async def run() -> Any:
            async with library.AsyncClient(transport=library.ASGITransport(app)) as client:
                async with client.stream("GET", HERE):
                    return len(sent) < 3

        return asyncio.run(run())

    differs("apps-streaming", call, *both(), theirs=False, ours=True)


# -- WSGI ---------------------------------------------------------------------------------------


def failed() -> Any:
    try:
        raise ZeroDivisionError("x")
    except ZeroDivisionError:
        return sys.exc_info()


STEPS: dict[str, Any] = {
    "200": lambda start, write: start("200 OK", [("A", "b"), ("a", "c")]),
    "404": lambda start, write: start("404 Nope", []),
    "204": lambda start, write: start("204", []),
    "999": lambda start, write: start("999 Odd", []),
    "no status": lambda start, write: start("OK", []),
    "long status": lambda start, write: start("2000 OK", []),
    "status as a number": lambda start, write: start(200, []),
    "latin-1": lambda start, write: start("200 OK", [("A", "\xe9")]),
    "beyond latin-1": lambda start, write: start("200 OK", [("A", "☃")]),
    "headers of bytes": lambda start, write: start("200 OK", [(b"A", b"b")]),
    "headers in a tuple": lambda start, write: start("200 OK", (("A", "b"),)),
    "no headers": lambda start, write: start("200 OK", None),
    "excused": lambda start, write: start("500 Oh", [("E", "x")], failed()),
    "write": lambda start, write: write(b"w"),
    "piece": b"a",
    "empty": b"",
    "bytearray": bytearray(b"a"),
    "text": "a",
    "number": 5,
    "error": ZeroDivisionError("z"),
}
BAD_STEPS = {
    "no status", "long status", "status as a number", "beyond latin-1", "headers of bytes",
    "no headers", "text", "number",
}  # fmt: skip
CALLS = {
    name for name, step in STEPS.items() if callable(step) and name not in ("write", "excused")
}


def wsgi(names: Sequence[str], method: str = "GET", *, lazy: bool, raising: bool = True) -> Call:
    """A call of an application that takes these steps: all of them before it returns, or while what
    it returned is read."""

    def app(environ: Any, start_response: Any) -> Any:
        def steps() -> Any:
            write: list[Any] = [None]
            for name in names:
                step = STEPS[name]
                if isinstance(step, Exception):
                    raise step
                if callable(step):
                    returned = step(start_response, lambda data: write[0](data))
                    write[0] = write[0] if name == "write" else returned
                else:
                    yield step

        return steps() if lazy else list(steps())

    def call(library: Any) -> Any:
        transport = library.WSGITransport(app, raise_app_exceptions=raising)
        with library.Client(transport=transport) as client:
            return answer_of(client.request(method, HERE))

    return call


def wsgi_rows(names: Sequence[str], method: str, raising: bool) -> dict[str, Excuse]:
    starts = [name for name in names if name in CALLS or name == "excused"]
    is_wrong = (
        not CALLS.isdisjoint(starts[1:])
        or not BAD_STEPS.isdisjoint(names)
        or names[:1] == ("write",)
    )

    def refused(theirs: Outcome, ours: Outcome) -> bool:
        return is_wrong and is_refused(ours, raising=raising)

    def not_raised(theirs: Outcome, ours: Outcome) -> bool:
        return not raising and theirs.error is not None and is_refused(ours, raising=False)

    def written(theirs: Outcome, ours: Outcome) -> bool:
        return "write" in names and ours.error is None and b"w" in ours.value[2]

    def without_body(theirs: Outcome, ours: Outcome) -> bool:
        if method != "HEAD" or ours.error is not None or ours.value[2]:
            return False
        return theirs.error is not None or theirs.value[:2] == ours.value[:2]

    def excused_late(theirs: Outcome, ours: Outcome) -> bool:
        """What cannot be excused any more is the application's own error."""
        if "excused" not in names[names.index("piece") if "piece" in names else 0 :]:
            return False
        failure = "ZeroDivisionError" if raising else "RemoteProtocolError"
        return theirs.error is None and ours.raised == failure

    def encoded(theirs: Outcome, ours: Outcome) -> bool:
        return "latin-1" in names and theirs.raised == "UnicodeEncodeError" and ours.error is None

    return {
        "apps-rules": refused,
        "wsgi-write": written,
        "wsgi-latin-1": encoded,
        "wsgi-errors": not_raised,
        "wsgi-exc-info": excused_late,
        "wsgi-head": without_body,
        "apps-incomplete": incomplete,
    }


FEW = ["200", "404", "excused", "write", "piece", "empty", "error"]
WALKS: list[tuple[str, ...]] = [
    (),
    *itertools.product(STEPS, repeat=1),
    *(("200", second) for second in STEPS),
    *((first, "piece") for first in STEPS),
    *itertools.product(FEW, repeat=2),
    *itertools.product(FEW, repeat=3),
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("raising", [True, False])
@pytest.mark.parametrize("lazy", [True, False])
def test_wsgi_applications_are_answered_for_alike(lazy: bool, raising: bool, method: str) -> None:
    for names in dict.fromkeys(WALKS):
        same(
            wsgi(names, method, lazy=lazy, raising=raising),
            *both(),
            except_for=wsgi_rows(names, method, raising),
        )


def environ_of(library: Any, url: str, **arguments: Any) -> Any:
    environs = []

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        environs.append({**environ, "wsgi.input": environ["wsgi.input"].read()})
        return []

    transport = library.WSGITransport(app, script_name="/root", remote_addr="10.0.0.1")
    with library.Client(transport=transport) as client:
        client.post(url, **arguments)
    return environs[0]


@pytest.mark.parametrize("url", URLS)
def test_wsgi_environments_are_alike(url: str) -> None:
    def call(library: Any) -> Any:
        headers = [("X-A", "1"), ("User-Agent", "test"), ("Accept-Encoding", "x")]
        environ = environ_of(library, url, headers=headers, json={"a": 1})
        environ.pop("wsgi.input_terminated", None)
        return {**environ, "wsgi.errors": environ["wsgi.errors"] is sys.stderr}

    same(call, *both())


def test_wsgi_environment_holds_bytes_as_latin_1() -> None:
    """PEP 3333."""
    for path, theirs, ours in (
        ("é", "/é", "/Ã©"),
        ("%E2%98%83", "/☃", "/â\x98\x83"),
        ("%ff", "/\ufffd", "/ÿ"),
    ):
        differs(
            "wsgi-environ",
            lambda library, path=path: environ_of(library, HERE + path)["PATH_INFO"],
            *both(),
            theirs=theirs,
            ours=ours,
        )
    headers = {"X-A": b"\xe9"}
    differs(
        "wsgi-latin-1",
        lambda library: environ_of(library, HERE, headers=headers)["HTTP_X_A"],
        *both(),
        theirs=Raises("UnicodeDecodeError"),
        ours="\xe9",
    )


def test_wsgi_environment_holds_every_header() -> None:
    headers = [("X-A", "1"), ("x-a", "2"), ("Cookie", "a=1"), ("cookie", "b=2")]

    def call(library: Any) -> Any:
        environ = environ_of(library, HERE, headers=headers)
        return [environ["HTTP_X_A"], environ["HTTP_COOKIE"]]

    differs("wsgi-environ", call, *both(), theirs=["2", "b=2"], ours=["1, 2", "a=1; b=2"])


def test_wsgi_bodies_are_read_by_the_application() -> None:
    def pulled(library: Any) -> Any:
        pieces = []

        def body() -> Any:
            for number in range(3):
                pieces.append(number)
                yield b"x"

        seen = []

        def app(environ: Any, start_response: Any) -> Any:
            seen.append((len(pieces), environ.get("wsgi.input_terminated", False)))
            start_response("200 OK", [])
            return [b""]

        with library.Client(transport=library.WSGITransport(app)) as client:
            client.post(HERE, content=body())
        return seen[0]

    differs("wsgi-input", pulled, *both(), theirs=[3, False], ours=[0, True])


def test_wsgi_rows_are_true() -> None:
    differs(
        "wsgi-errors",
        lambda library: wsgi(["error"], lazy=False, raising=False)(library)[0],
        *both(),
        theirs=Raises("ZeroDivisionError"),
        ours=500,
    )
    differs(
        "wsgi-errors",
        wsgi(["200", "piece", "error"], lazy=True, raising=False),
        *both(),
        theirs=Raises("ZeroDivisionError"),
        ours=Raises("RemoteProtocolError", "failed before its response was complete"),
    )
    late = wsgi(["200", "piece", "excused"], lazy=True)
    differs(
        "wsgi-exc-info",
        lambda library: late(library)[0],
        *both(),
        theirs=200,
        ours=Raises("ZeroDivisionError", "x"),
    )
    differs(
        "wsgi-write",
        lambda library: wsgi(["200", "write", "piece"], lazy=False)(library)[2],
        *both(),
        theirs=b"a",
        ours=b"wa",
    )
    differs(
        "wsgi-head",
        lambda library: wsgi(["200", "piece"], "HEAD", lazy=False)(library)[2],
        *both(),
        theirs=b"a",
        ours=b"",
    )
    differs(
        "apps-rules",
        lambda library: wsgi(["200", "404"], lazy=False)(library)[0],
        *both(),
        theirs=404,
        ours=Raises("RuntimeError", "start_response was called twice"),
    )
    differs(
        "apps-incomplete",
        wsgi(["piece"], lazy=False),
        *both(),
        theirs=Raises("AssertionError"),
        ours=Raises("RemoteProtocolError", "ended without calling start_response"),
    )
