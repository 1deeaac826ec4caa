"""SOCKS5 for tests: messages as bytes, scripts for raw servers, and a network that is a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hookline import Origin
from hookline._drive import drive
from hookline.plugins import Deadline, Network, NetworkStream
from hookline_socks import SOCKS5Connector
from support.fake_stream import FakeStream
from support.raw import Conversation

# A name that the real proxies of the tests look up as 127.0.0.1, and nobody else knows.
ONLY_PROXY = "only-the-proxy.test"

USER, PASSWORD = "jo", "a secret"

HELLO = b"\x05\x01\x00"
HELLO_AUTH = b"\x05\x02\x00\x02"
NO_AUTH = b"\x05\x00"
USE_PASSWORD = b"\x05\x02"
CREDENTIALS = b"\x01\x02jo\x08a secret"
WELCOME = b"\x01\x00"
CONNECT = b"\x05\x01\x00\x03\x0bexample.org\x00\x50"
CONNECTED = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34"


class FakeNetwork(Network):
    """Hands out one stream, or raises; knows the addresses of one name."""

    is_async = False

    def __init__(
        self, stream: FakeStream | Exception, addresses: list[str] | Exception | None = None
    ) -> None:
        self.stream = stream
        self.addresses = addresses
        self.connected_to: list[tuple[str, int]] = []
        self.resolved: list[tuple[str, int]] = []

    async def connect_tcp(self, host: str, port: int, deadline: Deadline) -> NetworkStream:
        self.connected_to.append((host, port))
        if isinstance(self.stream, Exception):
            raise self.stream
        return self.stream

    async def resolve(self, host: str, port: int, deadline: Deadline) -> list[str]:
        self.resolved.append((host, port))
        assert self.addresses is not None, "resolve() was not expected"
        if isinstance(self.addresses, Exception):
            raise self.addresses
        return self.addresses


class Attempt(NamedTuple):
    """One connection attempt over a script: how it ended, and what it did to the stream."""

    result: NetworkStream | BaseException
    stream: FakeStream

    @property
    def error(self) -> BaseException:
        assert isinstance(self.result, BaseException), self.result
        return self.result


def attempt(
    *script: Any,
    proxy: Any = "socks5h://proxy.test",
    host: str = "example.org",
    port: int = 80,
    deadline: Deadline | None = None,
    **options: Any,
) -> Attempt:
    """Connect to an origin over a stream that follows a script."""
    stream = FakeStream(*script, **options)
    connector = SOCKS5Connector(proxy)
    result: Any
    try:
        result = drive(
            connector.connect(
                Origin("http", host, port), FakeNetwork(stream), deadline or Deadline(None)
            )
        )
    except BaseException as exc:
        result = exc
    return Attempt(result, stream)


def socks_script(
    *answers: bytes, then: Callable[[Conversation], None] | None = None
) -> Callable[[Conversation], None]:
    """A script for a raw server: an answer to each of the client's messages, then whatever comes
    `then`; without it, the connection is closed."""

    def script(conversation: Conversation) -> None:
        for number, answer in enumerate(answers):
            if number == 0:
                read_greeting(conversation)
            else:
                read_message(conversation)
            conversation.send(answer)
        if then is not None:
            then(conversation)

    return script


def read_greeting(conversation: Conversation) -> bytes:
    """The first of the client's messages. ConnectionError where the client went away."""
    head = _exactly(conversation, 2)
    return head + _exactly(conversation, head[1])


def read_message(conversation: Conversation) -> bytes:
    """Any later one: user name and password, or where to connect."""
    message = _exactly(conversation, 2)
    if message[0] == 1:
        message += _exactly(conversation, message[1] + 1)
        return message + _exactly(conversation, message[-1])
    message += _exactly(conversation, 2)
    if message[3] == 3:
        message += _exactly(conversation, 1)
        size = message[-1]
    else:
        size = {1: 4, 4: 16}[message[3]]
    return message + _exactly(conversation, size + 2)


def _exactly(conversation: Conversation, count: int) -> bytes:
    data = conversation.receive_exactly(count)
    if len(data) < count:
        raise ConnectionResetError("the client closed the connection")
    return data
