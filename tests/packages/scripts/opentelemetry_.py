"""opentelemetry-instrumentation-httpx: spans for both modes, and the context in the headers."""

import asyncio
import sys

import httpx
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

URL = sys.argv[1]
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
HTTPXClientInstrumentor().instrument(tracer_provider=provider)

with httpx.Client() as client:
    assert client.get(f"{URL}/echo").json()["headers"]["traceparent"].startswith("00-")


async def asynchronous() -> None:
    async with httpx.AsyncClient() as client:
        assert "traceparent" in (await client.get(f"{URL}/echo")).json()["headers"]


asyncio.run(asynchronous())
spans = exporter.get_finished_spans()
assert [span.name for span in spans] == ["GET", "GET"]
assert all(span.attributes and 200 in span.attributes.values() for span in spans)

HTTPXClientInstrumentor().uninstrument()
assert "traceparent" not in httpx.get(f"{URL}/echo").json()["headers"]
assert len(exporter.get_finished_spans()) == 2
