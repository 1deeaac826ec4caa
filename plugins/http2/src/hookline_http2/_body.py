"""The body of a response that is still arriving, or was not complete when its head was there."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from hookline import Body, Headers, StreamClosed

from ._fields import trailing_items

if TYPE_CHECKING:
    from hookline.plugins import TimeoutDict

    from ._exchange import Exchange
    from ._protocol import HTTP2


class HTTP2Body(Body):
    """Holds its stream until it is drained or closed. Sends what is left of the request, too, where
    the server answered before it had all of it."""

    def __init__(
        self,
        connection: HTTP2,
        exchange: Exchange,
        timeout: TimeoutDict,
        extensions: dict[str, Any],
    ) -> None:
        self._connection = connection
        self._exchange: Exchange | None = exchange
        self._timeout = timeout
        # The response's.
        self._extensions = extensions
        self._was_cut = False

    async def receive(self) -> bytes:
        """The next piece, or b"" at the end."""
        exchange = self._exchange
        if exchange is None:
            if self._was_cut:
                raise StreamClosed()
            return b""
        connection = self._connection
        try:
            while True:
                # Asked first: what comes with the end, in another thread, is there before it.
                is_ended = exchange.is_ended
                if piece := connection.take(exchange):
                    return piece
                if is_ended:
                    if not exchange.upload.is_done:
                        await exchange.upload.stop()
                    self._exchange = None
                    if exchange.trailers:
                        items = trailing_items(exchange.trailers)
                        self._extensions["trailers"] = Headers._of(items)
                    connection.release(exchange)
                    return b""
                if exchange.upload.is_done:
                    await connection.wait(exchange, self._timeout.get("read"), for_room=False)
                else:
                    await connection.advance(exchange, self._timeout)
        except BaseException:
            self.close()
            if not exchange.upload.is_done:
                await exchange.upload.stop()
            raise

    def close(self) -> None:
        """Give up the rest: the stream is reset, the connection goes on."""
        exchange = self._exchange
        if exchange is not None:
            self._exchange = None
            self._was_cut = True
            self._connection.give_up(exchange)
            self._connection.release(exchange)

    def __del__(self) -> None:
        exchange = getattr(self, "_exchange", None)
        if exchange is not None:
            self._exchange = None
            self._connection.abandon(exchange)
            warnings.warn(
                "A streaming response was neither read to its end nor closed. Use `with "
                "client.stream(...)`, or call close().",
                ResourceWarning,
                stacklevel=1,
                source=self,
            )
