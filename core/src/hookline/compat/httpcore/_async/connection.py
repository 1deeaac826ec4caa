"""httpcore._async.connection: one connection."""

from hookline.compat._core_pools import AsyncHTTPConnection

__all__ = ["AsyncHTTPConnection"]
