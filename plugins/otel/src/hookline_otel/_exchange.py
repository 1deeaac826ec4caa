"""One message and its answer, as OpenTelemetry sees them. Loaded by the first who uses it."""

from __future__ import annotations

import time
from typing import Any

from opentelemetry import context, metrics, propagate, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from hookline import Headers, Request, Response

from . import _conventions as conventions

_INSTRUMENTATION = "hookline_otel"
_SCHEMA = "https://opentelemetry.io/schemas/1.37.0"

# OpenTelemetry's own exporters and instrumentations say by this that nothing is to be recorded.
_SUPPRESSED = ("suppress_instrumentation", "suppress_http_instrumentation")


class Instruments:
    """A tracer and the meters of one middleware."""

    def __init__(
        self,
        version: str,
        tracer_provider: trace.TracerProvider | None,
        meter_provider: metrics.MeterProvider | None,
    ) -> None:
        self.tracer = trace.get_tracer(
            _INSTRUMENTATION, version, tracer_provider, schema_url=_SCHEMA
        )
        meter = metrics.get_meter(_INSTRUMENTATION, version, meter_provider, _SCHEMA)
        self.duration = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=conventions.BUCKETS,
        )
        self.size = meter.create_histogram(
            "http.client.response.body.size", "By", "Size of HTTP client response bodies."
        )
        self.active = meter.create_up_down_counter(
            "http.client.active_requests", "{request}", "Number of active HTTP requests."
        )

    def begin(self, request: Request) -> Exchange | None:
        """A span for a message; None where nothing is to be recorded."""
        if any(context.get_value(key) for key in _SUPPRESSED):
            return None
        return Exchange(self, request)


class Exchange:
    """One message and its answer."""

    def __init__(self, owner: Instruments, request: Request) -> None:
        self._owner = owner
        self._started = time.perf_counter()
        self._measured: conventions.Attributes = conventions.metric_attributes(request)
        self._counted = dict(self._measured)
        owner.active.add(1, self._counted)
        self.span: Span = owner.tracer.start_span(
            conventions.span_name(request),
            kind=SpanKind.CLIENT,
            attributes=_with_resends(request),
        )

    def passing_on(self, request: Request) -> Request:
        """A request like this one with the context in its headers: the program's own stays."""
        headers = Headers(request.headers)
        propagate.inject(headers, context=trace.set_span_in_context(self.span))
        return Request(
            request.method,
            request.url,
            headers=headers,
            stream=request.stream,
            extensions=request.extensions,
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
        self._owner.size.record(size, self._measured)
        if self.span.is_recording():
            self.span.set_attribute("http.response.body.size", size)

    def end(self) -> None:
        self._owner.active.add(-1, self._counted)
        self._owner.duration.record(time.perf_counter() - self._started, self._measured)
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
