"""SOCKS5 proxies for hookline (RFC 1928, RFC 1929).

Read in this order: `_connector.py` (from an origin to a stream), `_handshake.py` (what is said to
the proxy).
"""

from __future__ import annotations

from hookline.plugins import Connector, hookimpl

from ._connector import SOCKS5Connector

__all__ = ["SOCKS5Connector"]
__version__ = "0.1.0"


@hookimpl
def hookline_register_connectors() -> list[type[Connector]]:
    """SOCKS5, under the name "socks5", for proxy URLs that begin with socks5:// or socks5h://."""
    return [SOCKS5Connector]
