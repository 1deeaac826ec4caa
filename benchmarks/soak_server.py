"""The server of the soak: `python soak_server.py CERTIFICATE KEY`. Path and query say what it does.

HTTP/1.1 on one port; HTTP/1.1 and HTTP/2, as ALPN says, over TLS on another. Prints both ports when
it listens, and ends when its standard input closes. Knows nothing about clients, and checks little
of what they send: it is to be quick.
"""

import asyncio
import ssl
import sys
import threading
import zlib
from typing import Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

CREDENTIALS = b"Basic c29hazpzZWNyZXQ="
_PAUSE = 0.01

Fields = list[tuple[str, str]]


def answer(
    path: str, body: bytes, authorization: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, fields and content for a path."""
    _, what, *rest = path.split("/")
    if what == "bytes":
        return 200, [], bytes([int(rest[1])]) * int(rest[0])
    if what == "upload":
        return 200, [], b"%d %d" % (len(body), zlib.crc32(body))
    if what == "redirect":
        left = int(rest[0])
        return 302, [("location", f"/redirect/{left - 1}" if left else "/bytes/10/65")], b""
    if what == "auth" and authorization != CREDENTIALS:
        return 401, [("www-authenticate", 'Basic realm="soak"')], b"who?"
    return 200, [], b"welcome"


class HTTP1(asyncio.Protocol):
    """One connection of HTTP/1.1, and the choice of HTTP/2."""

    def __init__(self) -> None:
        self._data = b""
        self._is_paused = False
        self._http2: HTTP2 | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        secure = transport.get_extra_info("ssl_object")
        if secure is not None and secure.selected_alpn_protocol() == "h2":
            self._http2 = HTTP2(transport)

    def data_received(self, data: bytes) -> None:
        if self._http2 is not None:
            self._http2.receive(data)
            return
        self._data += data
        while not self._is_paused and self._take():
            pass

    def _take(self) -> bool:
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            return False
        lines = head.split(b"\r\n")
        fields = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in lines[1:])
        }
        body = b""
        if b"transfer-encoding" in fields:
            pieces = []
            while True:
                size, found, after = rest.partition(b"\r\n")
                if not found or len(after) < int(size, 16) + 2:
                    return False
                length = int(size, 16)
                rest = after[length + 2 :]
                if not length:
                    break
                pieces.append(after[:length])
            body = b"".join(pieces)
        elif length := int(fields.get(b"content-length", b"0")):
            if len(rest) < length:
                return False
            body, rest = rest[:length], rest[length:]
        self._data = rest
        self._respond(lines[0].split(b" ")[1].decode(), body, fields.get(b"authorization", b""))
        return True

    def _respond(self, path: str, body: bytes, authorization: bytes) -> None:
        write = self.transport.write
        path, _, fault = path.partition("?")
        status, fields, content = answer(path, body, authorization)
        head = b"HTTP/1.1 %d X\r\n" % status
        for name, value in fields:
            head += f"{name}: {value}\r\n".encode()
        if fault == "chunked":
            half = len(content) // 2
            chunks = [piece for piece in (content[:half], content[half:]) if piece]
            write(head + b"Transfer-Encoding: chunked\r\n\r\n")
            for piece in chunks:
                write(b"%x\r\n%b\r\n" % (len(piece), piece))
            write(b"0\r\n\r\n")
            return
        whole = head + b"Content-Length: %d\r\n\r\n" % len(content) + content
        if fault == "close":
            self.transport.close()
        elif fault == "reset":
            self.transport.abort()
        elif fault == "cut":
            write(whole[: len(whole) // 2])
            self.transport.close()
        elif fault == "garbage":
            write(b"\x00\x16\x03 nothing of HTTP\r\n\r\n")
        elif fault == "last":
            write(whole)
            self.transport.close()
        elif fault == "slow":
            self._is_paused = True
            third = len(whole) // 3
            asyncio.get_running_loop().create_task(
                self._drip([whole[:third], whole[third : 2 * third], whole[2 * third :]])
            )
        elif fault != "hang":
            write(whole)

    async def _drip(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self.transport.write(piece)
            await asyncio.sleep(_PAUSE)
        self._is_paused = False
        self.data_received(b"")


class HTTP2:
    """One connection of HTTP/2."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config)
        self._h2.initiate_connection()
        self._requests: dict[int, dict[str, str]] = {}
        self._bodies: dict[int, bytearray] = {}
        # What windows have no room for yet.
        self._unsent: dict[int, bytes] = {}
        self._flush()

    def receive(self, data: bytes) -> None:
        try:
            for event in self._h2.receive_data(data):
                self._handle(event)
            for number in list(self._unsent):
                self._send(number)
        except h2.exceptions.ProtocolError:
            self._flush()
            self._transport.abort()
            return
        self._flush()

    def _handle(self, event: Any) -> None:
        if isinstance(event, h2.events.RequestReceived):
            fields: Any = event.headers
            self._requests[event.stream_id] = dict(fields)
            self._bodies[event.stream_id] = bytearray()
        elif isinstance(event, h2.events.DataReceived):
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.stream_id in self._bodies:
                self._bodies[event.stream_id] += event.data
        elif isinstance(event, h2.events.StreamEnded):
            if event.stream_id in self._requests:
                self._respond(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            for known in (self._requests, self._bodies, self._unsent):
                known.pop(event.stream_id, None)

    def _respond(self, number: int) -> None:
        headers = self._requests.pop(number)
        body = bytes(self._bodies.pop(number))
        path, _, fault = headers[":path"].partition("?")
        authorization = headers.get("authorization", "").encode()
        status, fields, content = answer(path, body, authorization)
        if fault == "reset":
            self._h2.reset_stream(number, h2.errors.ErrorCodes.INTERNAL_ERROR)
        elif fault == "close":
            self._h2.close_connection()
            self._flush()
            self._transport.close()
        elif fault == "garbage":
            self._transport.write(b"\x00\x00\x08\x00\x00\x00\x00\x00\x00garbages" * 3)
            self._transport.close()
        elif fault not in ("hang", "slow"):
            length = ("content-length", str(len(content)))
            self._h2.send_headers(number, [(":status", str(status)), length, *fields])
            if fault == "cut":
                self._h2.send_data(number, content[: len(content) // 2])
                self._flush()
                self._transport.abort()
                return
            self._unsent[number] = content
            self._send(number)
        elif fault == "slow":
            asyncio.get_running_loop().call_later(_PAUSE, self._later, number, status, content)

    def _later(self, number: int, status: int, content: bytes) -> None:
        try:
            self._h2.send_headers(number, [(":status", str(status))])
            self._unsent[number] = content
            self._send(number)
        except h2.exceptions.ProtocolError:
            # It was reset meanwhile, or the connection is over.
            return
        self._flush()

    def _send(self, number: int) -> None:
        content = self._unsent.pop(number)
        while content:
            room = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)
            if room <= 0:
                self._unsent[number] = content
                return
            self._h2.send_data(number, content[:room])
            content = content[room:]
        self._h2.end_stream(number)

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._transport.write(data)


async def serve(certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    loop = asyncio.get_running_loop()
    # A client that resets a connection is nothing to report here.
    loop.set_exception_handler(lambda loop, context: None)
    plain = await loop.create_server(HTTP1, "127.0.0.1", 0, backlog=1024)
    secure = await loop.create_server(HTTP1, "127.0.0.1", 0, ssl=context, backlog=1024)
    print(*(each.sockets[0].getsockname()[1] for each in (plain, secure)), flush=True)
    stop = asyncio.Event()

    def stop_with_parent() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=stop_with_parent, daemon=True).start()
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:3]))
