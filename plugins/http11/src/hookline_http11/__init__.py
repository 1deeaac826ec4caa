"""HTTP/1.1 for hookline (RFC 9112).

Read in this order: `_protocol.py` (one connection), `_body.py` (the rest of a response),
`_serialise.py` (requests out), `_parser.py` (responses in, the rules), `_httptools.py` and
`_h11.py` (two parsers behind them).
"""

from __future__ import annotations

from hookline.plugins import Protocol, hookimpl

from ._protocol import HTTP11

__all__ = ["HTTP11"]
__version__ = "0.1.0"


@hookimpl
def hookline_register_protocols() -> list[type[Protocol]]:
    """HTTP/1.1, under the name "http11"."""
    return [HTTP11]
