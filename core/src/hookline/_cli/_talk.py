"""Heads and connections, as they are shown: what `-v` adds, and the heads of the answers.

Knows the events of a trace and how HTTP/1.1 writes a head, which is how all versions are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._query import masked_query
from ._pretty import Paint
from ._text import fields, visible

if TYPE_CHECKING:
    from .._models import Request, Response

# How protocols are called in a request line; others by their own name.
_VERSIONS = {"http11": "HTTP/1.1", "http2": "HTTP/2"}


class Talk:
    """Prints what `-v` adds, by `print_line`, while it happens."""

    def __init__(self, print_line: Callable[[str], None], paint: Paint, *, reveal: bool) -> None:
        self._print = print_line
        self._paint = paint
        self._reveal = reveal
        self._unshown: Request | None = None

    def on_request(self, request: Request) -> None:
        """A message is about to be sent: the protocol will tell, or nobody."""
        self._unshown = request

    def on_response(self, response: Response) -> None:
        """The head of an answer is there."""
        if self._unshown is not None:
            # A transport that tells nothing of what it does.
            self._show(self._unshown, response.http_version)

    def on_event(self, event: str, info: dict[str, Any]) -> None:
        """An event of the trace."""
        step, _, state = event.rpartition(".")
        prefix, _, step = step.rpartition(".")
        if step == "send_request_headers" and state == "started":
            self._show(info["request"], _VERSIONS.get(prefix, prefix))
        elif step == "resolve_host" and state == "complete":
            self._fact(f"Addresses: {', '.join(info['return_value'])}")
        elif prefix != "connection":
            return
        elif step == "start_tls" and state == "complete":
            for fact in _secured(info["return_value"].get_extra_info("ssl_object")):
                self._fact(fact)
        elif state == "started" and step != "resolve_host" and step != "start_tls":
            way = " through the proxy" if step == "connect_through_proxy" else ""
            self._fact(f"Connecting to {info['host']}, port {info['port']}{way}")
        elif state == "complete":
            address = info["return_value"].get_extra_info("server_addr")
            if isinstance(address, tuple):
                self._fact(f"Connected to {address[0]}, port {address[1]}")

    def _fact(self, text: str) -> None:
        self._print(self._paint(f"* {visible(text)}", "faint"))

    def _show(self, request: Request, version: str) -> None:
        self._unshown = None
        raw: bytes = request.extensions.get("target") or request.url.raw_path
        target, mark, query = raw.decode("ascii", "replace").partition("?")
        if not self._reveal:
            query = masked_query(query)
        line = f"{request.method} {target}{mark}{query} {version}"
        self._print(self._paint(visible(line), "strong"))
        for name, value in fields(request.headers.raw, reveal=self._reveal):
            self._print(field(name, value, self._paint))
        self._print("")


def head(response: Response, paint: Paint) -> list[str]:
    """The lines of an answer's head."""
    style = {2: "good", 4: "bad", 5: "bad"}.get(response.status_code // 100, "other")
    status = visible(f"{response.status_code} {response.reason_phrase}".rstrip())
    line = f"{response.http_version} {paint(status, style)}"
    return [line, *(field(name, value, paint) for name, value in fields(response.headers.raw))]


def field(name: str, value: str, paint: Paint) -> str:
    """A line of a head."""
    return f"{paint(visible(name), 'name')}: {visible(value)}"


def _secured(ssl_object: Any) -> list[str]:
    """What there is to know of a TLS connection."""
    if ssl_object is None:
        return []
    cipher = ssl_object.cipher()
    facts = [f"{ssl_object.version()}, {cipher[0]}" if cipher else f"{ssl_object.version()}"]
    if alpn := ssl_object.selected_alpn_protocol():
        facts[0] += f", ALPN chose {alpn}"
    # Empty where it was not checked.
    if certificate := ssl_object.getpeercert():
        names = [value for _, value in certificate.get("subjectAltName", ())]
        facts.append(f"Certificate for {', '.join(names) or 'nobody'}")
        facts.append(f"  valid until {certificate['notAfter']}, issued by {_issuer(certificate)}")
    else:
        facts.append("The certificate was not checked")
    return facts


def _issuer(certificate: dict[str, Any]) -> str:
    parts = dict(pair for group in certificate.get("issuer", ()) for pair in group)
    return parts.get("organizationName") or parts.get("commonName") or "somebody without a name"
