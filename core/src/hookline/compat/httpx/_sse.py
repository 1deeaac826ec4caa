"""httpx2._sse: server-sent events."""

from hookline._errors import SSEError
from hookline._sse import EventSource, ServerSentEvent

__all__ = ["EventSource", "SSEError", "ServerSentEvent"]
