"""Event hooks that break a rule each."""

from __future__ import annotations

import functools
import logging
from typing import Any

from hookline import Request, Response
from hookline.plugins import EventHook
from hookline.testing import EventHookSuite

from .cases import breaks as _breaks

breaks = functools.partial(_breaks, EventHookSuite)

LOGGER = logging.getLogger("conformance")


class Good(EventHook):
    """Breaks nothing: what the others derive from."""

    name = "good"

    def request_started(self, request: Request) -> None:
        LOGGER.debug("%s %s %s", request.method, request.url, request.headers)


@breaks("test_methods_are_those_of_the_interface", "overrides no event")
class SeesNothing(EventHook):
    name = "sees-nothing"


@breaks("test_methods_are_those_of_the_interface", "Did you mean 'response_finished'?")
class Misspelt(Good):
    def response_finish(self, response: Response) -> None:
        pass


@breaks("test_methods_are_those_of_the_interface", "is a coroutine function")
class Asynchronous(Good):
    async def response_finished(self, response: Response) -> None:  # type: ignore[override]
        pass


@breaks("test_methods_are_those_of_the_interface", "does not take its arguments")
class WantsMore(Good):
    def request_failed(self, request: Request) -> None:  # type: ignore[override]
        pass


@breaks("test_never_raises", "request_failed raised IndexError")
class ExpectsAMessage(Good):
    def request_failed(self, request: Request, error: BaseException) -> None:
        str(error).split()[0]


@breaks("test_never_raises", "response_started raised ValueError")
class ExpectsALength(Good):
    def response_started(self, response: Response) -> None:
        int(response.headers["Content-Length"])


@breaks("test_changes_nothing", "request_started changed what it was shown")
class Tags(Good):
    def request_started(self, request: Request) -> None:
        request.headers["X-Tag"] = "1"


@breaks("test_tells_nobody_the_secrets", "It wrote the credentials")
class LogsHeaders(Good):
    def request_started(self, request: Request) -> None:
        LOGGER.info("sent %s", dict(request.headers))


@breaks("test_tells_nobody_the_secrets", "It wrote the credentials")
class PrintsURLs(Good):
    def request_started(self, request: Request) -> None:
        print(request.url.userinfo)


@breaks("test_serves_several_at_once", "The plugin raised AttributeError")
class OneAtATime(Good):
    _current: Any = None

    def request_started(self, request: Request) -> None:
        self._current = request.method

    def response_finished(self, response: Response) -> None:
        self._current.lower()
        self._current = None

    def connection_closed(self, connection: Any) -> None:
        self._current = None


@breaks("test_sees_a_whole_call", "The client dropped it")
class ReadsTheBody(Good):
    def response_started(self, response: Response) -> None:
        response.read()
        assert len(response.text) > 20
