"""HTTP/2 for hookline (RFC 9113).

Read in this order: `_protocol.py` (one connection and who does what on it), `_exchange.py` (one
request on its stream), `_body.py`, `_fields.py` (requests as header fields), `_codec.py` (what an
engine has to offer) and `_native.py`, which is our own engine, with `_streams.py`, `_messages.py`,
`_header_blocks.py` and `_frames.py`; `_h2.py` is h2, and whatever has its interface, as an engine.
"""

from __future__ import annotations

from hookline.plugins import Protocol, hookimpl

from ._protocol import HTTP2

__all__ = ["HTTP2"]
__version__ = "0.1.0"


@hookimpl
def hookline_register_protocols() -> list[type[Protocol]]:
    """HTTP/2, under the name "http2"."""
    return [HTTP2]
