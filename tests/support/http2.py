"""An HTTP/2 server that does exactly what a test tells it to, frame by frame, on a real socket.

Nothing happens that a script did not ask for, but for book-keeping: what came is remembered in
`Peer.seen`, and windows are counted, and granted to the client unless a script says otherwise.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import hpack
from hyperframe import frame as frames

from .raw import Conversation, RawServer

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

# RFC 9113 sections 6.5.2 and 7, as far as tests use them.
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_STREAMS, INITIAL_WINDOW, MAX_FRAME, MAX_HEADER_LIST = range(
    1, 7
)
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR = range(4)
STREAM_CLOSED, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 5, 7, 8, 11

# Frame types and flags, for frames that no library makes.
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE = range(9)
CONTINUATION = 9
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8

Fields = list[tuple[bytes, bytes]]


class Gone(ConnectionError):
    """The client closed the connection. Ends a script; no failure of the test as such."""


class Asked(NamedTuple):
    """A request's head as it arrived."""

    id: int
    fields: Fields
    is_ended: bool

    def __getitem__(self, name: Any) -> Any:
        if isinstance(name, bytes):
            return dict(self.fields).get(name)
        return tuple(self)[name]

    @property
    def path(self) -> str:
        return str(self[b":path"].decode())


def raw_frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """A frame of any kind, right or wrong."""
    return (
        struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream_id) + payload
    )


class Peer:
    """One connection, as the server's script sees it."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        # Every frame that came, in order; and what of the requests nobody has asked for yet.
        self.seen: list[Any] = []
        self.asked: deque[Asked] = deque()
        self.bodies: dict[int, bytes] = {}
        self.ended: set[int] = set()
        # The streams that the client has reset, and why it first did.
        self.resets: dict[int, int] = {}
        self._block = b""
        self._block_ends = False
        self.client_settings: dict[int, int] = {}
        # Whether the client gets its windows back as its data comes.
        self.grants = True
        # How much the client takes from us: on the connection (0), and on each stream.
        self.windows: dict[int, int] = {0: 65_535}

    # -- What comes -------------------------------------------------------------------------

    def start(self, settings: dict[int, int] | None = None, ack: bool = True) -> None:
        """Exchange greetings: the client's preface and settings, and ours."""
        self.meet()
        self.settings(settings or {})
        if ack:
            self.send(raw_frame(SETTINGS, ACK, 0))

    def meet(self) -> None:
        """Hear the client's preface and its settings, and say nothing."""
        preface = self.conversation.receive_exactly(len(PREFACE))
        if not preface:
            raise Gone
        assert preface == PREFACE, preface
        first = self.receive()
        assert isinstance(first, frames.SettingsFrame), first
        self.client_settings = dict(first.settings)

    def receive(self) -> Any:
        """The next frame. Raises Gone at the end of the stream."""
        head = self.conversation.receive_exactly(9)
        if len(head) < 9:
            raise Gone
        frame, length = frames.Frame.parse_frame_header(memoryview(head))
        frame.parse_body(memoryview(self.conversation.receive_exactly(length)))
        self.seen.append(frame)
        number = frame.stream_id
        if isinstance(frame, frames.WindowUpdateFrame):
            window = self.windows.get(number, self._initial_window)
            self.windows[number] = window + frame.window_increment
        elif isinstance(frame, frames.RstStreamFrame):
            self.resets.setdefault(number, frame.error_code)
        elif isinstance(frame, (frames.HeadersFrame, frames.ContinuationFrame)):
            self._block += frame.data
            self._block_ends = self._block_ends or "END_STREAM" in frame.flags
            if "END_HEADERS" in frame.flags:
                fields: Any = self.decoder.decode(self._block, raw=True)
                self.asked.append(Asked(number, list(fields), self._block_ends))
                if self._block_ends:
                    self.ended.add(number)
                self._block, self._block_ends = b"", False
        elif isinstance(frame, frames.DataFrame):
            self.bodies[number] = self.bodies.get(number, b"") + frame.data
            if "END_STREAM" in frame.flags:
                self.ended.add(number)
            if self.grants and frame.flow_controlled_length:
                self.window(0, frame.flow_controlled_length)
                if number not in self.ended:
                    self.window(number, frame.flow_controlled_length)
        return frame

    def receive_until(self, wanted: Callable[[Any], bool]) -> Any:
        """The first frame of which `wanted` is true."""
        while not wanted(frame := self.receive()):
            pass
        return frame

    def request(self) -> Asked:
        """The head of the next request."""
        while not self.asked:
            self.receive()
        return self.asked.popleft()

    def requests(self, count: int) -> list[Asked]:
        """The heads of the next requests."""
        return [self.request() for _ in range(count)]

    def body(self, stream_id: int) -> bytes:
        """A request's body to its end."""
        while stream_id not in self.ended:
            assert stream_id not in self.resets, f"stream {stream_id} was reset"
            self.receive()
        return self.bodies.pop(stream_id, b"")

    def reset_of(self, stream_id: int) -> int:
        """Wait for a stream to be reset, and return the error code."""
        while stream_id not in self.resets:
            self.receive()
        return self.resets[stream_id]

    def goodbye(self) -> int:
        """Wait for a GOAWAY, and return its error code."""
        return int(self.receive_until(lambda f: isinstance(f, frames.GoAwayFrame)).error_code)

    def receive_to_end(self) -> None:
        """Everything until the client closes."""
        try:
            while True:
                self.receive()
        except ConnectionError:
            pass

    def finish(self) -> None:
        """Close our side, and hear the client out: closing alone could cut off what we said."""
        try:
            self.conversation.socket.shutdown(socket.SHUT_WR)
        except OSError:
            # The client has heard enough, and was faster.
            return
        self.receive_to_end()

    def cut(self) -> None:
        """Close with a TCP reset."""
        linger = struct.pack("ii", 1, 0)
        self.conversation.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.conversation.close()

    def count(self, kind: type[Any], stream_id: int | None = None) -> int:
        """How many frames of a kind have come."""
        return sum(
            isinstance(frame, kind) and stream_id in (None, frame.stream_id) for frame in self.seen
        )

    # -- What goes --------------------------------------------------------------------------

    def send(self, *data: bytes) -> None:
        """Bytes as they are, in one piece."""
        self.conversation.send(b"".join(data))

    def settings(self, settings: dict[int, int]) -> None:
        payload = b"".join(struct.pack(">HI", *item) for item in settings.items())
        self.send(raw_frame(SETTINGS, 0, 0, payload))

    def window(self, stream_id: int, increment: int) -> None:
        self.send(raw_frame(WINDOW_UPDATE, 0, stream_id, struct.pack(">I", increment)))

    def ping(self, payload: bytes = bytes(8)) -> None:
        self.send(raw_frame(PING, 0, 0, payload))

    def reset(self, stream_id: int, code: int) -> None:
        self.send(raw_frame(RST_STREAM, 0, stream_id, struct.pack(">I", code)))

    def goaway(self, last_stream_id: int, code: int = NO_ERROR) -> None:
        self.send(raw_frame(GOAWAY, 0, 0, struct.pack(">II", last_stream_id, code)))

    def block(self, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Fields, compressed; long values are not worth the time that it takes."""
        listed = list(fields)
        is_short = sum(len(value) for _, value in listed) < 10_000
        return bytes(self.encoder.encode(listed, huffman=is_short))

    def head(
        self, stream_id: int, fields: Iterable[tuple[bytes, bytes]] = (), status: int = 200,
        *, ends: bool = False,
    ) -> bytes:  # fmt: skip
        """The frame of a response's head."""
        block = self.block([(b":status", b"%d" % status), *fields])
        return raw_frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), stream_id, block)

    def respond(
        self, stream_id: int, body: bytes = b"", status: int = 200,
        fields: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:  # fmt: skip
        """A whole response, in one piece; the client's windows must be open for it."""
        self.windows[0] -= len(body)
        self.send(
            self.head(stream_id, fields, status, ends=not body),
            raw_frame(DATA, END_STREAM, stream_id, body) if body else b"",
        )

    def data(self, stream_id: int, data: bytes, *, ends: bool = False) -> None:
        """A piece of a body, whatever the windows are."""
        self.send(raw_frame(DATA, END_STREAM if ends else 0, stream_id, data))

    def send_body(self, stream_id: int, body: bytes, *, ends: bool = True) -> None:
        """A body as far as the client's windows are open; waits for them to open."""
        rest = memoryview(body)
        while rest:
            window = self.windows.setdefault(stream_id, self._initial_window)
            size = min(window, self.windows[0], 16_384, len(rest))
            if size <= 0:
                self.receive()
                continue
            self.windows[stream_id] -= size
            self.windows[0] -= size
            piece, rest = rest[:size], rest[size:]
            self.data(stream_id, bytes(piece), ends=ends and not rest)

    @property
    def _initial_window(self) -> int:
        return self.client_settings.get(INITIAL_WINDOW, 65_535)


class Server:
    """Where the scripted server listens, and the connections that it had, in order."""

    def __init__(self, raw: RawServer, url: str) -> None:
        self._raw = raw
        self.url = url
        self.peers: list[Peer] = []

    @property
    def connections(self) -> int:
        """How many there were."""
        return self._raw.connections

    @property
    def seen(self) -> list[Any]:
        """Every frame that came, on any connection."""
        return [frame for peer in self.peers for frame in peer.seen]


@contextmanager
def http2_server(
    *scripts: Callable[[Peer], None], tls: Any = None, alpn: tuple[str, ...] = ("h2",)
) -> Iterator[Server]:
    """A server that runs a script for each connection: the first for the first, and so on, the last
    for all that follow. `tls` is an `Authority`.

    When the block is left, every script has ended, and what one of them raised is raised.
    """
    context: ssl.SSLContext | None = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.server_cert, tls.server_key)
        if alpn:
            context.set_alpn_protocols(list(alpn))
    lock = threading.Lock()

    def script(conversation: Conversation) -> None:
        # What was sent is on its way at once, small as it may be.
        conversation.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            conversation.socket = context.wrap_socket(conversation.socket, server_side=True)
            with raw._lock:
                # So that it is shut down when the server stops.
                raw._sockets.append(conversation.socket)
        peer = Peer(conversation)
        with lock:
            server.peers.append(peer)
            script = scripts[min(len(server.peers), len(scripts)) - 1]
        try:
            script(peer)
        finally:
            conversation.close()

    listener = socket.create_server(("127.0.0.1", 0))
    raw = RawServer(listener, script)
    url = raw.url if tls is None else raw.url.replace("http://127.0.0.1", "https://localhost")
    server = Server(raw, url)
    try:
        yield server
    finally:
        raw.stop()
    if raw.failures:
        raise raw.failures[0]


def answering(peer: Peer) -> None:
    """A script that answers every request at once, with its path."""
    peer.start()
    keep_answering(peer)


def keep_answering(peer: Peer) -> None:
    """The same, for a connection that was started."""
    uploads: dict[int, Asked] = {}
    while True:
        for number in list(uploads.keys() & peer.ended):
            asked = uploads.pop(number)
            peer.respond(number, asked.path.encode() + b" %d" % len(peer.bodies.pop(number, b"")))
        while peer.asked:
            asked = peer.asked.popleft()
            if asked.is_ended:
                peer.respond(asked.id, asked.path.encode())
            else:
                uploads[asked.id] = asked
        if not uploads.keys() & peer.ended:
            peer.receive()
