"""httpcore._sync.http_proxy: the pool behind an HTTP proxy."""

from hookline.compat._core_pools import HTTPProxy

__all__ = ["HTTPProxy"]
