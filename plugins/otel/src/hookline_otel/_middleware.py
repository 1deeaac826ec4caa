"""The middleware: a span and a measurement for each message on the wire."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, ClassVar, Literal

from hookline import Request, Response
from hookline.plugins import Middleware, Send

if TYPE_CHECKING:
    from opentelemetry import metrics, trace


class OpenTelemetry(Middleware):
    """Makes a client span for each message, passes the context on to the server, and measures.

    The span lasts until the body of the response is read or closed: reading a large answer is part
    of the request. Redirects, answers to challenges and retries have spans of their own, with
    `http.request.resend_count`. Names and attributes are those of OpenTelemetry's semantic
    conventions for HTTP. Metrics are `http.client.request.duration` (seconds, until the body is
    over), `http.client.active_requests` and `http.client.response.body.size` (bytes as they came).

    - `tracer_provider`, `meter_provider`: others than the global ones.
    - `propagate`: whether the context is passed on in headers (`traceparent` by default).

    Put it last in `middleware`, so that whatever else sends again is seen each time.
    """

    name: ClassVar[str] = "otel"
    stage: ClassVar[Literal["call", "hop"]] = "hop"

    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        propagate: bool = True,
    ) -> None:
        from . import __version__
        from ._exchange import Instruments

        self._propagate = propagate
        self._instruments = Instruments(__version__, tracer_provider, meter_provider)

    async def handle(self, request: Request, send: Send) -> Response:
        exchange = self._instruments.begin(request)
        if exchange is None:
            return await send(request)
        if self._propagate:
            request = exchange.passing_on(request)
        try:
            response = await send(request)
        except BaseException as error:
            exchange.fail(error)
            raise
        exchange.see(response)
        # Whichever comes first: the end of the body, or nobody having the response any more.
        end = weakref.finalize(response, exchange.end)
        end.atexit = False
        response.add_done_callback(exchange.finish)
        response.add_done_callback(lambda _: end())
        return response
