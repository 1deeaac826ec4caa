"""HTTP/0.9, as of 1991: a line is asked for, and what comes until the end is the answer."""

from __future__ import annotations

from hookline import ByteStream, Request, Response
from hookline.plugins import BodyReader, NetworkStream, Protocol, TimeoutDict


class HTTP09(Protocol):
    name = "acme-http09"
    alpn = "http/0.9"

    def __init__(self, stream: NetworkStream, *, newline: str = "\r\n") -> None:
        super().__init__(stream)
        self._newline = newline.encode("ascii")
        self._is_closed = False

    async def exchange(
        self, request: Request, body: bytes | BodyReader, timeout: TimeoutDict
    ) -> Response:
        try:
            line = b"GET " + request.url.raw_path + self._newline
            await self.stream.send(line, timeout.get("write"))
            answer = b""
            while data := await self.stream.receive(timeout.get("read")):
                answer += data
        finally:
            self.close()
        self.on_release()
        return Response(200, stream=ByteStream(answer), extensions={"http_version": b"HTTP/0.9"})

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def is_reusable(self) -> bool:
        return False

    def close(self) -> None:
        self._is_closed = True
        self.stream.close()
