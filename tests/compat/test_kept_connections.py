"""A kept connection that the server closes when the next request has come."""

from __future__ import annotations

from typing import Any

import pytest

from support.compare import MODES, both, differs, exchange, same
from support.raw import Conversation, raw_server
from support.recorder import OK


def broken_at_the_second(mode: str, method: str) -> Any:
    """A call: how the second request ends, and how many requests the server got."""

    def call(library: Any) -> Any:
        heads: list[bytes] = []

        def script(conversation: Conversation) -> None:
            is_first = not heads
            while head := conversation.receive_head():
                heads.append(head)
                if is_first and len(heads) == 2:
                    return
                conversation.send(OK)

        with raw_server(script) as server:
            steps = [{"url": server.url}, {"url": server.url, "method": method}]
            second = exchange(library, mode, {}, *steps)[1]
        is_answered = isinstance(second, dict)
        return [second["status_code"] if is_answered else second[0], len(heads)]

    return call


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_request_that_may_be_repeated_is_sent_again(mode: str, method: str) -> None:
    call = broken_at_the_second(mode, method)
    differs(
        "kept-connection-breaks", call, *both(), theirs=["RemoteProtocolError", 2], ours=[200, 3]
    )


@pytest.mark.parametrize("mode", MODES)
def test_any_other_fails_alike(mode: str) -> None:
    same(broken_at_the_second(mode, "POST"), *both())
