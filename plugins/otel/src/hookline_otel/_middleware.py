"""The middleware: a span and a measurement for each message on the wire."""

from __future__ import annotations

import time
import weakref
from typing import Any, ClassVar, Literal

from opentelemetry import context, metrics, propagate, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from hookline import Request, Response
from hookline.plugins import Middleware, Send

from . import _conventions as conventions

_INSTRUMENTATION = "hookline_otel"
_SCHEMA = "https://opentelemetry.io/schemas/1.37.0"

# OpenTelemetry's own exporters and instrumentations say by this that nothing is to be recorded.
_SUPPRESSED = ("suppress_instrumentation", "suppress_http_instrumentation")


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

        self._propagate = propagate
        self._tracer = trace.get_tracer(
            _INSTRUMENTATION, __version__, tracer_provider, schema_url=_SCHEMA
        )
        meter = metrics.get_meter(_INSTRUMENTATION, __version__, meter_provider, _SCHEMA)
        self._duration = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=conventions.BUCKETS,
        )
        self._size = meter.create_histogram(
            "http.client.response.body.size", "By", "Size of HTTP client response bodies."
        )
        self._active = meter.create_up_down_counter(
            "http.client.active_requests", "{request}", "Number of active HTTP requests."
        )

    async def handle(self, request: Request, send: Send) -> Response:
        if any(context.get_value(key) for key in _SUPPRESSED):
            return await send(request)
        exchange = _Exchange(self, request)
        if self._propagate:
            within = trace.set_span_in_context(exchange.span)
            propagate.inject(request.headers, context=within)
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


class _Exchange:
    """One message and its answer."""

    def __init__(self, owner: OpenTelemetry, request: Request) -> None:
        self._owner = owner
        self._started = time.perf_counter()
        self._measured: conventions.Attributes = conventions.metric_attributes(request)
        self._counted = dict(self._measured)
        owner._active.add(1, self._counted)
        self.span: Span = owner._tracer.start_span(
            conventions.span_name(request),
            kind=SpanKind.CLIENT,
            attributes=_with_resends(request),
        )

    def see(self, response: Response) -> None:
        attributes = conventions.response_attributes(response)
        self._measured |= attributes
        if self.span.is_recording():
            self.span.set_attributes(attributes)
            if response.status_code >= 400:
                self.span.set_status(Status(StatusCode.ERROR))

    def fail(self, error: BaseException) -> None:
        self._blame(type(error), str(error))
        self.end()

    def finish(self, response: Response) -> None:
        """The body is over: how much was it, and did it end well?"""
        kind: Any = response.extensions.get("error")
        if kind is not None:
            self._blame(kind, "")
        size = response.num_bytes_downloaded
        self._owner._size.record(size, self._measured)
        if self.span.is_recording():
            self.span.set_attribute("http.response.body.size", size)

    def end(self) -> None:
        self._owner._active.add(-1, self._counted)
        self._owner._duration.record(time.perf_counter() - self._started, self._measured)
        self.span.end()

    def _blame(self, kind: type[BaseException], text: str) -> None:
        name = conventions.type_name(kind)
        self._measured["error.type"] = name
        if self.span.is_recording():
            self.span.set_attribute("error.type", name)
            self.span.set_status(Status(StatusCode.ERROR, text or None))


def _with_resends(request: Request) -> conventions.Attributes:
    """The span's first attributes. The same request seen again is one that is sent again."""
    attributes = conventions.request_attributes(request)
    count: Any = request.extensions.get(_COUNT)
    if count is not None:
        attributes["http.request.resend_count"] = count
    request.extensions[_COUNT] = 1 if count is None else count + 1
    return attributes


# With the request, so that it counts across hops: redirects take the extensions along.
_COUNT = "hookline_otel.sent"
