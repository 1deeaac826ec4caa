"""The whole exchange as one JSON object, for scripts. The schema is in docs/cli.md.

Knows requests and responses. Credentials that were sent are masked unless they are to be revealed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._output import Output
from ._pretty import highlighted, kind_of, looks_binary
from ._text import fields, visible

if TYPE_CHECKING:
    from .._models import Request, Response
    from .._url import URL


def request_part(request: Request, *, reveal: bool) -> dict[str, Any]:
    """A request without its body."""
    return {
        "method": request.method,
        "url": _url(request.url, reveal=reveal),
        "headers": [list(pair) for pair in fields(request.headers.raw, reveal=reveal)],
    }


def response_part(response: Response, *, reveal: bool) -> dict[str, Any]:
    """A response without its body."""
    return {
        "status_code": response.status_code,
        "reason_phrase": response.reason_phrase,
        "http_version": response.http_version,
        "headers": [list(pair) for pair in fields(response.headers.raw)],
        "request": request_part(response.request, reveal=reveal),
    }


def body_part(response: Response) -> dict[str, Any]:
    """A body that was read: its `type` says which member has it."""
    import json

    data = response.content
    if not data:
        return {"type": "none"}
    kind = kind_of(response.headers.get("content-type", ""))
    if kind == "json":
        try:
            return {"type": "json", "json": json.loads(data, parse_constant=_refuse)}
        except (ValueError, RecursionError):
            pass
    if kind != "binary" and not looks_binary(data):
        try:
            return {"type": "text", "text": data.decode(response.encoding or "utf-8")}
        except (UnicodeDecodeError, LookupError):
            pass
    import base64

    return {"type": "base64", "base64": base64.b64encode(data).decode("ascii")}


def file_part(path: Path, size: int) -> dict[str, Any]:
    """A body that was saved."""
    return {"type": "file", "path": str(path), "size": size}


def report(
    response: Response | None,
    *,
    body: dict[str, Any] | None,
    error: BaseException | None,
    trace: list[dict[str, Any]] | None,
    reveal: bool,
) -> dict[str, Any]:
    """The object itself. `error` is a failure that left no response, or only a part of it."""
    document: dict[str, Any] = {"response": None, "history": [], "error": None}
    if response is not None:
        document["response"] = {
            **response_part(response, reveal=reveal),
            "body": body or {"type": "none"},
        }
        document["history"] = [response_part(each, reveal=reveal) for each in response.history]
    if error is not None:
        document["error"] = {"type": type(error).__name__, "message": str(error)}
    if trace is not None:
        document["trace"] = trace
    return document


def print_report(document: dict[str, Any], output: Output) -> None:
    """Print the object: in one line of ASCII for programs, indented for people."""
    import json

    if output.is_terminal:
        text = json.dumps(document, ensure_ascii=False)
        output.text(highlighted(visible(text), "json", output.paint))
    else:
        output.text(json.dumps(document))


def _url(url: URL, *, reveal: bool) -> str:
    return str(url) if reveal else url._masked()


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
