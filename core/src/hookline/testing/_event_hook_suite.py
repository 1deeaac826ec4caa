"""The rules of event hooks."""

from __future__ import annotations

import contextlib
import difflib
import inspect
import io
import logging
from collections.abc import Iterator
from time import perf_counter
from typing import Any, ClassVar

import hookline

from .._observers import EVENTS
from ..plugins import ConnectionInfo, EventHook, PluginManager
from ._modes import Interruption, Mode
from ._rules import ContractBroken, require, rule
from ._send import CONTENT
from ._streams import ScriptedBody
from ._suite import Suite

# In a header that every observer sees, and none may write anywhere.
_TOKEN = "t0ken-that-nobody-may-see"


class EventHookSuite(Suite):
    """The contract of `hookline.plugins.EventHook`:

        class TestTally(hookline.testing.EventHookSuite):
            def make(self):
                return Tally()

    The rules call its methods as a client would, and then have a client call them.
    """

    slot: ClassVar[str] = "event_hooks"

    async def use_by_name(self, mode: Mode, plugins: PluginManager) -> None:
        """Requests through a client that names the hook; none of its methods may raise."""
        with _dropped() as messages:
            async with mode.client_from_config(
                {"event_hooks": [self.table()]},
                transport=_transport(),
                plugins=plugins,
                trust_env=False,
            ) as client:
                await client.get("https://example.test/")
                with contextlib.suppress(hookline.ConnectError):
                    await client.get("https://example.test/fails")
        require(not messages, f"The client dropped it: {messages and messages[0]}")

    @rule
    async def test_methods_are_those_of_the_interface(self, mode: Mode) -> None:
        """A hook overrides at least one event, as a plain function with the interface's arguments.
        They are called in line: a coroutine function would never run, and a misspelt one either."""
        subject = self.subject
        overridden = [
            name for name in EVENTS if getattr(subject, name) is not getattr(EventHook, name)
        ]
        for name in dir(subject):
            if name.startswith("_") or name in EVENTS or not callable(getattr(subject, name)):
                continue
            close = difflib.get_close_matches(name, EVENTS, n=1, cutoff=0.75)
            require(
                not close,
                f"{subject.__qualname__}.{name} is no event, and is never called. Did you mean "
                f"{close and close[0]!r}?",
            )
        require(
            overridden,
            f"{subject.__qualname__} overrides no event: {', '.join(EVENTS)}. It would never be "
            "called.",
        )
        for name in overridden:
            method = getattr(self.make(), name)
            require(
                not inspect.iscoroutinefunction(method),
                f"{name} is a coroutine function. Make it a plain one: nobody awaits it.",
            )
            wanted = list(inspect.signature(getattr(EventHook, name)).parameters)[1:]
            try:
                inspect.signature(method).bind(*wanted)
            except TypeError as exc:
                raise ContractBroken(
                    f"{name} does not take its arguments, ({', '.join(wanted)}): {exc}."
                ) from exc

    @rule
    async def test_never_raises(self, mode: Mode) -> None:
        """No event makes a hook raise: not a failure, not a cancellation, not a response without a
        body or with odd headers. One that raises is dropped, and sees nothing any more."""
        hook = self.make()
        for what, event, arguments in _events(mode):
            try:
                getattr(hook, event)(*arguments)
            except Exception as exc:
                raise ContractBroken(
                    f"{event} raised {type(exc).__name__} for {what}: {exc}. Expect whatever a "
                    "server may send and a network may do."
                ) from exc

    @rule
    async def test_changes_nothing(self, mode: Mode) -> None:
        """What a hook is shown, it leaves as it was: requests, responses, their headers, and bodies
        unread. To keep something, put it into `request.extensions`."""
        hook = self.make()
        for what, event, arguments in _events(mode):
            before = [_state(each) for each in arguments]
            with contextlib.suppress(Exception):
                getattr(hook, event)(*arguments)
            after = [_state(each) for each in arguments]
            require(
                before == after,
                f"{event} changed what it was shown ({what}): from {before} to {after}. Only "
                "middleware may do that.",
            )

    @rule
    async def test_tells_nobody_the_secrets(self, mode: Mode) -> None:
        """Credentials in requests are written to no log and to no terminal. Leave out the headers
        Authorization, Proxy-Authorization, Cookie and Set-Cookie, and the user in URLs: the reprs
        of requests and headers do."""
        hook = self.make()
        written = io.StringIO()
        handler = logging.StreamHandler(written)
        handler.setFormatter(_Everything())
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(1)
        try:
            with contextlib.redirect_stdout(written), contextlib.redirect_stderr(written):
                for _, event, arguments in _events(mode):
                    with contextlib.suppress(Exception):
                        getattr(hook, event)(*arguments)
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        require(
            _TOKEN not in written.getvalue(),
            "It wrote the credentials of a request. Log the repr of headers, which hides them, or "
            "leave them out.",
        )

    @rule
    async def test_serves_several_at_once(self, mode: Mode) -> None:
        """One instance sees the events of many requests at once, in any order, from tasks and from
        threads. Keep what belongs to a request in its `extensions`."""
        hook = self.make()
        several = [list(_events(mode)) for _ in range(3)]

        async def run(events: list[Any]) -> None:
            for _, event, arguments in events:
                getattr(hook, event)(*arguments)
                await mode.breathe()

        for result in await mode.together(*((lambda each=each: run(each)) for each in several)):
            if isinstance(result, Exception):
                raise result

    @rule
    async def test_sees_a_whole_call(self, mode: Mode) -> None:
        """With the hook, a client's calls come to the same: streamed, failed, closed early. Whoever
        watches is not noticed."""
        with _dropped() as messages:
            async with mode.client(
                event_hooks=[self.make()], transport=_transport(), trust_env=False
            ) as client:
                response = await client.get("https://example.test/")
                require(response.content == CONTENT, f"The body became {response.content!r}.")
                async with client.stream("GET", "https://example.test/") as streamed:
                    require(not streamed.is_closed, "The body of a streamed response was read.")
                try:
                    await client.get("https://example.test/fails")
                except hookline.ConnectError:
                    pass
                else:
                    raise ContractBroken("An error of the transport did not reach the caller.")
        require(not messages, f"The client dropped it: {messages and messages[0]}")


def _transport() -> hookline.MockTransport:
    def handler(request: hookline.Request) -> hookline.Response:
        if request.url.path == "/fails":
            raise hookline.ConnectError("refused", request=request)
        return hookline.Response(200, stream=ScriptedBody(CONTENT[:5], CONTENT[5:]))

    return hookline.MockTransport(handler)


def _request(method: str = "GET", path: str = "/", **settings: Any) -> hookline.Request:
    headers = [
        (b"Authorization", f"Bearer {_TOKEN}".encode()),
        (b"Cookie", f"session={_TOKEN}".encode()),
        (b"X-Odd", b"\xff\xfe"),
    ]
    url = f"https://user:{_TOKEN}@example.test{path}"
    return hookline.Request(method, url, headers=headers, **settings)


def _events(mode: Mode) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    """What a client may tell of, in an order in which it may happen."""
    connection = ConnectionInfo(hookline.URL("https://example.test").origin, "http11")
    requests = [
        _request(),
        _request("POST", content=mode.body([b"a"])),
        _request("M-SEARCH", "/%FF?q=%00"),
    ]
    for number, request in enumerate(requests):
        yield "a request", "request_started", (request,)
        if not number:
            yield "a connection", "connection_opened", (connection,)
        response = _response(request, (200, 101, 599)[number])
        yield f"a response with {response.status_code}", "response_started", (response,)
        response.close()
        yield "a response that was given up", "response_finished", (response,)
    errors = [
        hookline.ConnectError("refused"),
        hookline.ReadTimeout(""),
        RuntimeError(),
        Interruption(),
    ]
    for error in errors:
        request = _request()
        yield "a request", "request_started", (request,)
        yield f"{type(error).__name__}", "request_failed", (request, error)
    # One that nobody told the beginning of: the hook was added later.
    yield "a request that it has not seen", "request_failed", (_request(), OSError("odd"))
    early = _response(_request(), 204)
    early.close()
    yield "a response that it has not seen", "response_finished", (early,)
    yield "a connection", "connection_closed", (connection,)
    yield "a connection that it has not seen", "connection_closed", (connection,)


def _response(request: hookline.Request, status: int) -> hookline.Response:
    headers = [
        (b"Content-Length", b"nonsense"),
        (b"Set-Cookie", f"session={_TOKEN}".encode()),
        (b"X-Odd", b"\xff\xfe"),
    ]
    body = ScriptedBody(b"body")
    response = hookline.Response(status, headers=headers, stream=body, request=request)
    # As a client does: `elapsed` is there when the body is over.
    response._started = perf_counter()
    return response


def _state(shown: Any) -> Any:
    """What of a thing nobody may change by watching."""
    if isinstance(shown, hookline.Request):
        return shown.method, str(shown.url), list(shown.headers.raw)
    if isinstance(shown, hookline.Response):
        pulled = getattr(shown.stream, "pulled", 0)
        is_over = shown.is_closed, shown.is_stream_consumed
        return shown.status_code, list(shown.headers.raw), pulled, is_over
    return shown if isinstance(shown, tuple) else type(shown)


class _Everything(logging.Formatter):
    """All that a handler could make of a record, what was passed as `extra` included."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} {vars(record)}"


@contextlib.contextmanager
def _dropped() -> Iterator[list[str]]:
    """What the logger "hookline" says of hooks that raised."""
    messages: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info:
                messages.append(f"{record.getMessage()} {record.exc_info[1]!r}")

    handler = Keeping(logging.ERROR)
    logger = logging.getLogger("hookline")
    logger.addHandler(handler)
    try:
        yield messages
    finally:
        logger.removeHandler(handler)
