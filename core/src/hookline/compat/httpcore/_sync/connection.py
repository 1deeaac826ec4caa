"""httpcore._sync.connection: one connection."""

from hookline.compat._core_pools import HTTPConnection

__all__ = ["HTTPConnection"]
