"""httpcore._async.http_proxy: the pool behind an HTTP proxy."""

from hookline.compat._core_pools import AsyncHTTPProxy

__all__ = ["AsyncHTTPProxy"]
