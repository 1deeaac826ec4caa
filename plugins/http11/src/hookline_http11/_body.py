"""The body of a response that was not complete when its head was there."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from hookline import Body, Headers, StreamClosed

if TYPE_CHECKING:
    from hookline.plugins.interfaces import TimeoutDict

    from ._protocol import HTTP11


class HTTP11Body(Body):
    """The rest of a response's body. Holds its connection until it is drained or closed."""

    def __init__(
        self, connection: HTTP11, timeout: TimeoutDict, extensions: dict[str, Any]
    ) -> None:
        self._connection: HTTP11 | None = connection
        self._timeout = timeout
        # The response's.
        self._extensions = extensions
        self._was_cut = False

    async def receive(self) -> bytes:
        """The next piece. The connection is given back together with the last one."""
        connection = self._connection
        if connection is None:
            if self._was_cut:
                raise StreamClosed()
            return b""
        parser = connection._parser
        try:
            while True:
                if parser.body:
                    piece = parser.body[0] if len(parser.body) == 1 else b"".join(parser.body)
                    parser.body = []
                    if parser.is_complete:
                        self._end(connection)
                    return piece
                if parser.is_complete:
                    self._end(connection)
                    return b""
                data = await connection.stream.receive(self._timeout.get("read"))
                if data:
                    parser.feed(data)
                else:
                    connection._feed_eof()
        except BaseException:
            self.close()
            raise

    def _end(self, connection: HTTP11) -> None:
        self._connection = None
        if connection._parser.trailers:
            self._extensions["trailers"] = Headers._of(connection._parser.trailers)
        connection._end_exchange()

    def close(self) -> None:
        """Give up the rest, and the connection with it."""
        connection = self._connection
        if connection is not None:
            self._connection = None
            self._was_cut = True
            connection._break_off()

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)
        if connection is not None:
            self._connection = None
            connection.on_abandon()
            warnings.warn(
                "A streaming response was neither read to its end nor closed. Use `with "
                "client.stream(...)`, or call close().",
                ResourceWarning,
                stacklevel=1,
                source=self,
            )
