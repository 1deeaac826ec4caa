"""What things are called: OpenTelemetry's semantic conventions for HTTP clients, 1.23 and later.

Knows requests and responses; knows nothing of spans.
"""

from __future__ import annotations

from hookline import URL, Request, Response
from hookline.plugins import masked_url

# Others are _OTHER, so that a metric has few values.
METHODS = frozenset(
    {
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE",
    }
)  # fmt: skip

# In seconds: what the conventions advise.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)

# Parameters whose values the conventions want hidden: of signed URLs.
_SIGNED = frozenset({"AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature", "X-Amz-Signature"})

Attributes = dict[str, "str | int"]


def span_name(request: Request) -> str:
    """A method alone: targets are too many."""
    return request.method if request.method in METHODS else "HTTP"


def metric_attributes(request: Request) -> Attributes:
    """What a request is, in few values."""
    origin = request.url.origin
    return {
        "http.request.method": request.method if request.method in METHODS else "_OTHER",
        "server.address": origin.host,
        "server.port": origin.port,
        "url.scheme": origin.scheme,
    }


def request_attributes(request: Request) -> Attributes:
    """What a span says of a request."""
    attributes = metric_attributes(request) | {"url.full": full_url(request.url)}
    if request.method not in METHODS:
        attributes["http.request.method_original"] = request.method
    return attributes


def response_attributes(response: Response) -> Attributes:
    """What is known of a response by its head."""
    attributes: Attributes = {"http.response.status_code": response.status_code}
    name, _, version = response.http_version.partition("/")
    if name == "HTTP" and version:
        attributes["network.protocol.version"] = version
    if response.status_code >= 400:
        attributes["error.type"] = str(response.status_code)
    return attributes


def full_url(url: URL) -> str:
    """A URL without credentials."""
    if url.userinfo:
        url = url.copy_with(username="REDACTED", password="")
    text = masked_url(url)
    path, mark, query = text.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    if not any(name in _SIGNED for name, _, _ in pairs):
        return text
    return (
        path
        + mark
        + "&".join(
            f"{name}=REDACTED" if name in _SIGNED else name + equals + value
            for name, equals, value in pairs
        )
    )


def type_name(kind: type[BaseException]) -> str:
    """An exception's class as `error.type` has it."""
    module = kind.__module__
    if module == "builtins":
        return kind.__qualname__
    # Where users import ours from.
    module = "hookline" if module.startswith("hookline.") else module
    return f"{module}.{kind.__qualname__}"
