"""What servers do wrong, as scripts: each takes a connection that was just made, and spoils it.

A script gets the connection when the way to it is there (a proxy has answered, TLS is done); it
reads requests itself. `serving` puts the way in front.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable

from support.http2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    INTERNAL_ERROR,
    NO_ERROR,
    PING,
    Peer,
    raw_frame,
)
from support.proxies import ESTABLISHED
from support.raw import LIMIT, Conversation
from support.socks import CONNECTED, NO_AUTH, read_greeting, read_message

Script = Callable[[Conversation], None]

# Between two pieces of a drip: what a timeout of one phase never notices.
DRIP = 0.02
# No HTTP of any version, and no TLS. As HTTP/2 it is a frame that is complete: an engine may wait
# for the rest of one that is not.
GARBAGE = b"\x00\x00\x05\x03SSH-2.0-nothing\r\n\r\n" * 4


def make_way(conversation: Conversation, way: str) -> None:
    """What a proxy of this kind says before there is a connection to the origin."""
    if way == "connect":
        conversation.receive_head()
        conversation.send(ESTABLISHED)
    elif way == "socks5":
        read_greeting(conversation)
        conversation.send(NO_AUTH)
        read_message(conversation)
        conversation.send(CONNECTED)


def serving(script: Script, way: str, context: ssl.SSLContext | None = None) -> Script:
    """A script for `raw_server`: the way, TLS with this context, and the script."""

    def serve(conversation: Conversation) -> None:
        try:
            make_way(conversation, way)
            if context is not None:
                # A copy: the server shuts the original down when the test is over.
                copy = conversation.socket.dup()
                copy.settimeout(LIMIT)
                conversation.socket = context.wrap_socket(copy, server_side=True)
            script(conversation)
        except OSError:
            # The client has gone, or will have no TLS with us.
            pass
        finally:
            conversation.close()

    return serve


def cut(conversation: Conversation) -> None:
    """Close with a TCP reset."""
    linger = struct.pack("ii", 1, 0)
    conversation.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    conversation.close()


def half_close(conversation: Conversation) -> None:
    """Say nothing more, and hear the client out."""
    conversation.socket.shutdown(socket.SHUT_WR)
    conversation.receive_to_end()


def drip(conversation: Conversation, piece: bytes) -> None:
    """The same, slowly, for as long as the client takes it."""
    while True:
        conversation.send(piece)
        threading.Event().wait(DRIP)


# -- Whatever the protocol ------------------------------------------------------------------


def closing(conversation: Conversation) -> None:
    """Close at once. What the client is sending may meet a reset."""


def silent(conversation: Conversation) -> None:
    conversation.receive_to_end()


def garbage(conversation: Conversation) -> None:
    conversation.send(GARBAGE)
    conversation.receive_to_end()


def speaking_plainly(conversation: Conversation) -> None:
    """What a server without TLS answers to the beginning of it."""
    conversation.socket.recv(65_536)
    conversation.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    half_close(conversation)


# -- HTTP/1.1 -------------------------------------------------------------------------------


def saying(*pieces: bytes, then: Script = half_close) -> Script:
    """Read a head, send these, and then end it in some way."""

    def script(conversation: Conversation) -> None:
        if conversation.receive_head():
            for piece in pieces:
                conversation.send(piece)
            then(conversation)

    return script


def endless(beginning: bytes, piece: bytes) -> Script:
    """Read a head, and send a beginning and as much more as the client takes."""

    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(beginning)
        while True:
            conversation.send(piece * 64)

    return script


def dripping(beginning: bytes, piece: bytes) -> Script:
    return saying(beginning, then=lambda conversation: drip(conversation, piece))


def deaf(conversation: Conversation) -> None:
    """Read nothing at all, until the client has gone."""
    poll = select.poll()
    poll.register(conversation.socket, select.POLLRDHUP)
    poll.poll(20_000)


# -- HTTP/2 ---------------------------------------------------------------------------------


def speaking(script: Callable[[Peer], None]) -> Script:
    """Greet in HTTP/2, and go on with a script for a `Peer`."""

    def serve(conversation: Conversation) -> None:
        peer = Peer(conversation)
        peer.start()
        script(peer)

    return serve


def replying(*parts: Callable[[Peer, int], None]) -> Script:
    """Take one request, and do these with its stream; then hear the client out."""

    def script(peer: Peer) -> None:
        asked = peer.request()
        for part in parts:
            part(peer, asked.id)
        peer.receive_to_end()

    return speaking(script)


def head(peer: Peer, number: int) -> None:
    peer.send(peer.head(number))


def some_data(peer: Peer, number: int) -> None:
    peer.data(number, b"half a body")


def reset(peer: Peer, number: int) -> None:
    peer.reset(number, INTERNAL_ERROR)


def go_away(peer: Peer, number: int) -> None:
    peer.goaway(number, INTERNAL_ERROR)
    peer.finish()


def leave(peer: Peer, number: int) -> None:
    peer.goaway(number, NO_ERROR)
    peer.finish()


def end(peer: Peer, number: int) -> None:
    peer.finish()


def break_off(peer: Peer, number: int) -> None:
    peer.cut()


def flood(peer: Peer, number: int) -> None:
    while True:
        peer.send(raw_frame(PING, 0, 0, bytes(8)) * 64)


def drip_pings(peer: Peer, number: int) -> None:
    drip(peer.conversation, raw_frame(PING, 0, 0, bytes(8)))


def drip_data(peer: Peer, number: int) -> None:
    drip(peer.conversation, raw_frame(DATA, 0, number, b"x"))


def wrong_fields(peer: Peer, number: int) -> None:
    """A head with a name in capitals (RFC 9113 section 8.2.1)."""
    peer.send(peer.head(number, [(b"Upper", b"case")]))


def two_lengths(peer: Peer, number: int) -> None:
    peer.send(peer.head(number, [(b"content-length", b"1"), (b"content-length", b"2")]))


def wrong_length(peer: Peer, number: int) -> None:
    peer.send(peer.head(number, [(b"content-length", b"100")]))
    peer.data(number, b"short", ends=True)


def broken_compression(peer: Peer, number: int) -> None:
    peer.send(raw_frame(HEADERS, END_HEADERS | END_STREAM, number, b"\xff\xff\xff\xff\xff\x7f"))


def frame_too_large(peer: Peer, number: int) -> None:
    peer.send(raw_frame(DATA, 0, number, bytes(100_000)))


def coded(peer: Peer, number: int) -> None:
    peer.send(peer.head(number, [(b"content-encoding", b"gzip")]))
    peer.data(number, b"this was never compressed", ends=True)


def circular(peer: Peer, number: int) -> None:
    """Send the client to where it came from, until it has enough."""
    while True:
        peer.send(peer.head(number, [(b"location", b"/again")], 302, ends=True))
        number = peer.request().id


def nowhere(peer: Peer, number: int) -> None:
    peer.send(peer.head(number, [(b"location", b"http://[::g]/")], 302, ends=True))


def never_granting(peer: Peer, number: int) -> None:
    peer.grants = False
