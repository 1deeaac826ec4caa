"""Spans, measurements and the context that is passed on, as OpenTelemetry's own SDK sees them."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import hookline
from hookline_otel import OpenTelemetry
from support.modes import Mode
from support.raw import Conversation, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Telemetry:
    """The SDK, with everything kept in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])
        self.middleware = OpenTelemetry(tracer_provider=self.tracers, meter_provider=self.meters)

    @property
    def spans(self) -> list[Any]:
        return list(self.exporter.get_finished_spans())

    def points(self, name: str) -> list[Any]:
        data = self.reader.get_metrics_data()
        return [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


@pytest.fixture
def telemetry() -> Any:
    telemetry = Telemetry()
    yield telemetry
    telemetry.meters.shutdown()
    telemetry.tracers.shutdown()


class Answers:
    """A server that gives one answer after the other, the last one for ever."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.heads: list[bytes] = []

    def __call__(self, conversation: Conversation) -> None:
        while head := conversation.receive_head():
            self.heads.append(head)
            conversation.send(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


def client(mode: Mode, telemetry: Telemetry, **settings: Any) -> Any:
    return mode.client(middleware=[telemetry.middleware], **settings)


async def test_request_is_a_client_span_with_the_conventions_attributes(
    mode: Mode, telemetry: Telemetry
) -> None:
    with raw_server(Answers(OK)) as server:
        port = int(server.address[1])
        async with client(mode, telemetry) as c:
            await c.get(f"{server.url}a?b=c")

    (span,) = telemetry.spans
    assert (span.name, span.kind) == ("GET", SpanKind.CLIENT)
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": port,
        "url.scheme": "http",
        "url.full": f"http://127.0.0.1:{port}/a?b=c",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "http.response.body.size": 2,
    }
    assert span.status.status_code is StatusCode.UNSET


async def test_context_is_passed_on(mode: Mode, telemetry: Telemetry) -> None:
    answers = Answers(OK)
    tracer = telemetry.tracers.get_tracer("test")
    with raw_server(answers) as server:
        async with client(mode, telemetry) as c:
            with tracer.start_as_current_span("around"):
                await c.get(server.url)

    inner, outer = telemetry.spans
    assert inner.parent.span_id == outer.context.span_id
    expected = f"traceparent: 00-{inner.context.trace_id:032x}-{inner.context.span_id:016x}-"
    assert expected.encode() in answers.heads[0]


async def test_programs_own_request_stays_as_it_is(mode: Mode, telemetry: Telemetry) -> None:
    with raw_server(Answers(OK)) as server:
        async with client(mode, telemetry) as c:
            request = c.build_request("GET", server.url)
            await c.send(request)

    assert "traceparent" not in request.headers


async def test_span_ends_with_the_body(mode: Mode, telemetry: Telemetry) -> None:
    with raw_server(Answers(OK)) as server:
        async with client(mode, telemetry) as c:
            async with c.stream("GET", server.url) as response:
                assert telemetry.spans == []
                await response.aread()
                assert len(telemetry.spans) == 1

    assert len(telemetry.spans) == 1


async def test_body_that_breaks_off_is_an_error(mode: Mode, telemetry: Telemetry) -> None:
    def script(conversation: Conversation) -> None:
        conversation.receive_head()
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")

    with raw_server(script) as server:
        async with client(mode, telemetry) as c:
            with pytest.raises(hookline.RemoteProtocolError):
                await c.get(server.url)

    (span,) = telemetry.spans
    assert span.attributes["http.response.status_code"] == 200
    assert span.attributes["error.type"] == "hookline.RemoteProtocolError"
    assert span.status.status_code is StatusCode.ERROR


async def test_request_that_fails_is_an_error(mode: Mode, telemetry: Telemetry) -> None:
    with raw_server(Answers(OK)) as server:
        url = server.url
    async with client(mode, telemetry) as c:
        with pytest.raises(hookline.ConnectError):
            await c.get(url)

    (span,) = telemetry.spans
    assert span.attributes["error.type"] == "hookline.ConnectError"
    assert span.status.status_code is StatusCode.ERROR
    assert "http.response.status_code" not in span.attributes
    (point,) = telemetry.points("http.client.active_requests")
    assert point.value == 0


@pytest.mark.parametrize("status", [404, 503])
async def test_status_that_says_error_is_one(mode: Mode, telemetry: Telemetry, status: int) -> None:
    with raw_server(Answers(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)) as server:
        async with client(mode, telemetry) as c:
            await c.get(server.url)

    (span,) = telemetry.spans
    assert span.attributes["error.type"] == str(status)
    assert span.status.status_code is StatusCode.ERROR


async def test_each_message_has_its_span_and_its_count(mode: Mode, telemetry: Telemetry) -> None:
    there = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
    with raw_server(Answers(there, OK)) as server:
        async with client(mode, telemetry, follow_redirects=True) as c:
            await c.get(server.url)

    assert [span.attributes.get("http.request.resend_count") for span in telemetry.spans] == [
        None,
        1,
    ]


async def test_retries_have_spans_of_their_own(mode: Mode, telemetry: Telemetry) -> None:
    busy = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
    retry = {"name": "retry", "options": {"backoff": 0}}
    with raw_server(Answers(busy, OK)) as server:
        async with mode.client(middleware=[retry, telemetry.middleware]) as c:
            await c.get(server.url)

    seen = [
        (s.attributes["http.response.status_code"], s.attributes.get("http.request.resend_count"))
        for s in telemetry.spans
    ]
    assert seen == [(503, None), (200, 1)]


async def test_measurements_are_taken(mode: Mode, telemetry: Telemetry) -> None:
    with raw_server(Answers(OK)) as server:
        async with client(mode, telemetry) as c:
            for _ in range(3):
                await c.get(server.url)

    (duration,) = telemetry.points("http.client.request.duration")
    assert duration.count == 3
    assert duration.attributes["http.response.status_code"] == 200
    assert "url.full" not in duration.attributes
    assert duration.explicit_bounds[0] == 0.005
    (size,) = telemetry.points("http.client.response.body.size")
    assert (size.count, size.sum) == (3, 6)
    (active,) = telemetry.points("http.client.active_requests")
    assert active.value == 0


async def test_nothing_secret_is_recorded(mode: Mode, telemetry: Telemetry) -> None:
    with raw_server(Answers(OK)) as server:
        url = server.url.replace("//", "//user:sesame@")
        async with client(mode, telemetry) as c:
            await c.get(f"{url}?x=1&Signature=sesame&sig=sesame&y")

    (span,) = telemetry.spans
    assert "sesame" not in span.to_json()
    assert span.attributes["url.full"].endswith("/?x=1&Signature=REDACTED&sig=REDACTED&y")


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_span_of_a_response_that_nobody_closed_ends(mode: Mode, telemetry: Telemetry) -> None:
    with raw_server(Answers(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")) as server:
        async with client(mode, telemetry) as c:
            response = await c.send(c.build_request("GET", server.url), stream=True)
            del response
            gc.collect()

            assert len(telemetry.spans) == 1


async def test_unknown_methods_do_not_multiply(mode: Mode, telemetry: Telemetry) -> None:
    with raw_server(Answers(OK)) as server:
        async with client(mode, telemetry) as c:
            await c.request("FROB", server.url)

    (span,) = telemetry.spans
    assert span.name == "HTTP"
    assert span.attributes["http.request.method"] == "_OTHER"
    assert span.attributes["http.request.method_original"] == "FROB"


async def test_nothing_is_recorded_where_that_is_suppressed(
    mode: Mode, telemetry: Telemetry
) -> None:
    answers = Answers(OK)
    with raw_server(answers) as server:
        async with client(mode, telemetry) as c:
            token = context.attach(context.set_value("suppress_instrumentation", True))
            try:
                await c.get(server.url)
            finally:
                context.detach(token)

    assert telemetry.spans == []
    assert b"traceparent" not in answers.heads[0]


async def test_it_is_there_by_name_and_costs_no_sdk(mode: Mode) -> None:
    """Without an SDK the API does nothing, and says nothing."""
    answers = Answers(OK)
    with raw_server(answers) as server:
        async with mode.client(middleware=["otel"]) as c:
            response = await c.get(server.url)

    assert response.status_code == 200
    assert not trace.get_current_span().is_recording()
